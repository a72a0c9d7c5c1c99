/**
 * What a player may do, one object a tool. Names, arguments and the facts in the descriptions are documented (the tool
 * schemas in the metadata of the published Qwen3-30B evaluation); the wording, here and in the refusals, is ours.
 */
import { type Random, stream } from '../core/random.ts'
import type { Refusal, ToolSet } from '../core/tool.ts'
import type { SwarmConfig } from './config.ts'
import { answer, publish, vote } from './feed.ts'
import { goodness, signed, transferWords } from './format.ts'
import { LOAN_TOOLS } from './loan_tools.ts'
import { PROBLEM_TOOLS } from './problem_tools.ts'
import { type Agent, agentOf, type Observation, type State, type SwarmTool, type SwarmTypes } from './state.ts'
import { claim, described, submit } from './tasks.ts'
import { TEMPLATES } from './templates.ts'
import { ARGS, act, addressable, frozenWords, refusal, settled, unanswerable, unproposable, unsubmittable } from './tool_args.ts'
import { accept, cancel, propose, reject } from './trades.ts'
import { wordsDigest, workLabel } from './work.ts'

function emptyContent(text: string): Refusal | undefined {
  return text.trim() === '' ? refusal('empty_content', 'content must not be empty') : undefined
}

function unknownPost(state: State, post: number): Refusal | undefined {
  return state.posts[post - 1] === undefined ? refusal('no_post', `post #${post} does not exist`) : undefined
}

/** Standard normal, by Box–Muller. */
function normal(random: Random): number {
  return Math.sqrt(-2 * Math.log(1 - random.float())) * Math.cos(2 * Math.PI * random.float())
}

/** What accepting and rejecting a proposal have in common. */
const ANSWER = {
  args: ARGS.proposal,
  candidates: ({ incoming }: Observation) => incoming.map(({ proposal }) => ({ proposal_id: proposal })),
  refuse: (state: State, agent: string, { proposal_id }: { readonly proposal_id: number }) =>
    unanswerable(state, agent, proposal_id),
}

/** What the descriptions depend on. */
type Wording = Pick<
  SwarmConfig,
  'popular_bonus' | 'explain_trades' | 'submission_score' | 'cancel_tool' | 'work_rule' | 'trade_rule'
>

const SCORED_ON: Readonly<Record<SwarmConfig['submission_score'], string>> = {
  keywords: 'Work is scored; better work pays more.',
  length: 'Work is scored; better work pays more.',
  relevance: 'Work is scored on relevance, length and effort; detail that is specific to the task helps.',
  own_words:
    'Work is scored on relevance and on how much it says in words of its own; padding, copies of the task and repeats of earlier work earn nothing.',
}

/** All tools of a wording. */
export function build(wording: Wording): ToolSet<SwarmTypes> {
  const tools: Record<SwarmTool, ToolSet<SwarmTypes>[string]> = {
    post: act({
      description: `Publishes a post in the feed, which raises your reputation.${wording.popular_bonus ? ' A post with three votes more up than down also earns you resources.' : ''}`,
      args: ARGS.post,
      candidates: () => [{ content: 'I hand in what I claim. Fair offers are welcome.' }],
      refuse: (_state, _agent, { content: text }) => emptyContent(text),
      apply(draft, agent, { content: text }, emit) {
        const reputation = publish(draft, agent, text, emit)
        return `posted as #${draft.posts.length}, reputation ${signed(reputation)}`
      },
    }),
    reply: act({
      description: "Replies to a post in the feed. A reply to another agent's post raises your reputation.",
      args: ARGS.reply,
      candidates: ({ shared, agent }) =>
        shared.feed
          .filter(({ author }) => author !== agent)
          .map(({ post }) => ({ post_id: post, content: 'Thank you, that helps.' })),
      refuse: (state, _agent, { post_id, content: text }) => unknownPost(state, post_id) ?? emptyContent(text),
      apply(draft, agent, { post_id, content: text }, emit) {
        return `replied to post #${post_id}, reputation ${signed(answer(draft, agent, post_id, text, emit))}`
      },
    }),
    vote: act({
      description: 'Votes a post of another agent up or down, once.',
      args: ARGS.vote,
      candidates: ({ shared, agent, voted }) =>
        shared.feed
          .filter(({ author, post }) => author !== agent && !voted.includes(post))
          .flatMap(({ post }) => ['up', 'down'].map(direction => ({ post_id: post, direction }))),
      refuse(state, agent, { post_id, direction }) {
        const missing = unknownPost(state, post_id)
        if (missing !== undefined) return missing
        if (direction !== 'up' && direction !== 'down') return refusal('bad_direction', 'direction must be "up" or "down"')
        const { author, voters } = state.posts[post_id - 1]!
        if (author === agent) return refusal('own_post', 'you cannot vote on your own post')
        return voters.includes(agent) ? refusal('voted', `you already voted on post #${post_id}`) : undefined
      },
      apply(draft, agent, { post_id, direction }, emit) {
        vote(draft, agent, post_id, direction as 'up' | 'down', emit)
        return `voted post #${post_id} ${direction}`
      },
    }),
    propose_trade: act({
      description: `Proposes a trade to another agent, which answers by itself in a later step; you cannot accept your own proposal.${wording.explain_trades ? ' A positive offered_transfer moves resources from you to the counterparty, a negative one from the counterparty to you.' : ''}`,
      args: ARGS.propose_trade,
      candidates: observation =>
        addressable(observation).flatMap(other =>
          [Math.min(5, Math.floor(observation.resources)), -5].map(offered_transfer => ({
            counterparty_id: other,
            content: 'A fair exchange?',
            offered_transfer,
          })),
        ),
      refuse: (state, agent, { counterparty_id, offered_transfer }) =>
        unproposable(state, agent, counterparty_id, offered_transfer),
      apply(draft, agent, { counterparty_id, content: text, offered_transfer }, emit) {
        const offer = { from: agent, to: counterparty_id, transfer: offered_transfer, text, exploit: false }
        const { proposal, p } = propose(draft, offer, emit)
        return `proposed trade #${proposal} to ${counterparty_id}, offered_transfer ${offered_transfer.toFixed(1)} (p=${p.toFixed(2)}), waiting for an answer`
      },
    }),
    accept_proposal: act({
      description: 'Accepts a pending proposal that is addressed to you.',
      ...ANSWER,
      apply(draft, _agent, { proposal_id }, emit) {
        const { from, transfer, paid, p, payoff, reputation } = accept(draft, proposal_id, emit)
        const moved = draft.config.explain_trades
          ? transferWords(transfer >= 0 ? 'received' : 'paid', paid)
          : `offered_transfer ${transfer.toFixed(1)}`
        return `accepted proposal #${proposal_id} from ${from} (p=${p.toFixed(2)}), ${moved}, payoff ${signed(payoff)}, reputation ${signed(reputation)}`
      },
    }),
    reject_proposal: act({
      description: 'Rejects a pending proposal that is addressed to you.',
      ...ANSWER,
      apply(draft, _agent, { proposal_id }, emit) {
        reject(draft, proposal_id, emit)
        return `rejected proposal #${proposal_id} from ${draft.proposals[proposal_id - 1]!.from}`
      },
    }),
    cancel_proposal: act({
      description: 'Withdraws a proposal of your own that has not been answered.',
      args: ARGS.proposal,
      candidates: ({ outgoing }) => outgoing.map(({ proposal }) => ({ proposal_id: proposal })),
      refuse(state, agent, { proposal_id }) {
        const proposal = state.proposals[proposal_id - 1]
        if (proposal === undefined) return refusal('no_proposal', `proposal #${proposal_id} does not exist`)
        if (proposal.from !== agent) return refusal('not_yours', 'you can cancel only proposals you made')
        return settled(proposal)
      },
      apply(draft, _agent, { proposal_id }, emit) {
        cancel(draft, proposal_id, emit)
        return `cancelled proposal #${proposal_id} to ${draft.proposals[proposal_id - 1]!.to}`
      },
    }),
    claim_task: act({
      description: 'Claims an open task, so that you alone can submit work for it. You can hold one unfinished task at a time.',
      args: ARGS.claim_task,
      candidates: ({ shared, task }) => (task === null ? shared.tasks.map(open => ({ task_id: open.task })) : []),
      refuse(state, agent, { task_id }) {
        const task = state.tasks[task_id - 1]
        if (task === undefined) return refusal('no_task', `task #${task_id} does not exist`)
        if (task.status === 'claimed')
          return refusal('task_taken', `task #${task_id} was already claimed by ${task.by === agent ? 'you' : task.by}`)
        if (task.status === 'completed') return refusal('task_completed', `task #${task_id} is already completed`)
        const held = agentOf(state, agent).task
        return held === null ? undefined : refusal('holding_task', `finish task #${held} before claiming another`)
      },
      apply(draft, agent, { task_id }, emit) {
        claim(draft, agent, task_id, emit)
        return `claimed task #${task_id} ${described(draft, draft.tasks[task_id - 1]!).title}`
      },
    }),
    submit_work: act({
      description: `Submits your work for the task you have claimed, which settles it. ${SCORED_ON[wording.submission_score]}`,
      args: ARGS.submit_work,
      candidates: ({ task }) =>
        task === null ? [] : [{ task_id: task.task, content: `${task.title}. ${task.description} Done as described.` }],
      refuse: (state, agent, { task_id, content: text }) => unsubmittable(state, agent, task_id) ?? emptyContent(text),
      apply(draft, agent, { task_id, content: text }, emit) {
        const { config } = draft
        const author: Agent = agentOf(draft, agent)
        const template = TEMPLATES[draft.tasks[task_id - 1]!.template]!
        const words = wordsDigest(text)
        const repeated = author.works.includes(words)
        const noise =
          config.submission_noise > 0 ? config.submission_noise * normal(stream(draft.seed, 'noise', draft.step, agent)) : 0
        const p = workLabel(config, text, template, repeated, noise)
        if (!repeated) author.works = [...author.works, words]
        const { payoff } = submit(draft, agent, task_id, { p, length: text.length, repeated, exploit: false }, emit)
        return `submitted task #${task_id}: ${goodness(p)} (p=${p.toFixed(2)}), payoff ${signed(payoff)}`
      },
    }),
    pass_turn: act({
      description: 'Does nothing in this step.',
      args: ARGS.nothing,
      apply(draft, agent, _args, emit) {
        const { frozenFor } = agentOf(draft, agent)
        emit({ type: 'passed', agent, reason: frozenFor === null ? 'chosen' : 'frozen', tool: 'pass_turn' })
        return frozenFor === null ? 'no action' : frozenWords(draft, agent)
      },
    }),
  }
  const { cancel_proposal: withdraw, ...rest } = tools
  return {
    ...(wording.cancel_tool ? tools : rest),
    ...(wording.work_rule === 'problems' ? PROBLEM_TOOLS : {}),
    ...(wording.trade_rule === 'loans' ? LOAN_TOOLS : {}),
  }
}
