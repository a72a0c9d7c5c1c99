/** What tools take, whom they can address, and the refusals that several of them give. */
import { z } from 'zod'
import { type Refusal, toolsFor } from '../core/tool.ts'
import { APPEAL } from './governance.ts'
import { quote } from './quote.ts'
import { agentOf, indexOf, type Observation, type State, type SwarmTypes } from './state.ts'
import { pendingOf } from './trades.ts'

export const { act } = toolsFor<SwarmTypes>()

/** The greatest transfer of a trade, either way, in resources. */
const MAX_TRANSFER = 100

const id = (what: string) => z.int().min(0).max(1_000_000).describe(`number of the ${what}`)
const content = (what: string) => z.string().max(20_000).describe(what)

export const ARGS = {
  post: z.strictObject({ content: content('what you publish') }),
  reply: z.strictObject({ post_id: id('post'), content: content('what you answer') }),
  vote: z.strictObject({ post_id: id('post'), direction: z.string().max(100).describe('"up" or "down"') }),
  propose_trade: z.strictObject({
    counterparty_id: z.string().max(100).describe('id of the agent you address, such as agent_0'),
    content: content('what you say to the counterparty'),
    offered_transfer: z
      .number()
      .min(-1_000_000)
      .max(1_000_000)
      .describe('between -100 and 100; positive: you give that much, negative: you receive it'),
  }),
  proposal: z.strictObject({ proposal_id: id('proposal') }),
  claim_task: z.strictObject({ task_id: id('task') }),
  submit_work: z.strictObject({ task_id: id('task you have claimed'), content: content('the work itself') }),
  submit_answers: z.strictObject({
    task_id: id('task you have claimed'),
    answers: z
      .array(z.string().max(500).describe('a number, a name, or names separated by commas; "" leaves the question out'))
      .max(8)
      .describe('one short answer a question, in order'),
    vouched: z.int().min(0).max(8).describe('for how many of the answers you give your word that they are right'),
  }),
  repay: z.strictObject({ loan_id: id('loan that you owe') }),
  nothing: z.strictObject({}),
}

/** The active others to which no proposal of its own is pending. */
export function addressable({ shared, agent, outgoing }: Observation): string[] {
  return shared.agents.flatMap(other =>
    other.agent !== agent && other.status === 'active' && !outgoing.some(offer => offer.agent === other.agent)
      ? [other.agent]
      : [],
  )
}

export function refusal(code: string, message: string): Refusal {
  return { code, message }
}

/** Why an agent may not answer a proposal. */
export function unanswerable(state: State, agent: string, number: number): Refusal | undefined {
  const proposal = state.proposals[number - 1]
  if (proposal === undefined) return refusal('no_proposal', `proposal #${number} does not exist`)
  if (proposal.to !== agent) {
    const own = proposal.from === agent
    const withdraw = state.config.cancel_tool ? '; cancel_proposal withdraws it' : ''
    const message =
      own && state.config.explain_trades
        ? `proposal #${number} is your own, only ${proposal.to} can answer it${withdraw}`
        : `proposal #${number} is not addressed to you`
    return refusal(own ? 'own_proposal' : 'not_addressed', message)
  }
  return settled(proposal)
}

export function settled({ id: number, status }: State['proposals'][number]): Refusal | undefined {
  return status === 'pending' ? undefined : refusal('settled', `proposal #${number} is already ${status}`)
}

/** Why an agent may not propose a transfer to another. */
export function unproposable(state: State, agent: string, counterparty: string, transfer: number): Refusal | undefined {
  const to = state.agents[indexOf(state, counterparty)]
  if (to === undefined) return refusal('unknown_agent', `unknown agent ${quote(counterparty)}`)
  if (to.id === agent) return refusal('own_trade', 'you cannot trade with yourself')
  if (to.frozenFor !== null) return refusal('frozen_counterparty', `${to.id} is frozen`)
  if (Math.abs(transfer) > MAX_TRANSFER)
    return refusal('bad_transfer', 'offered_transfer must be a finite number between -100 and 100')
  const { resources } = agentOf(state, agent)
  if (transfer > resources) return refusal('no_resources', `you hold only ${resources.toFixed(1)} resources`)
  const pending = pendingOf(state).find(proposal => proposal.from === agent && proposal.to === to.id)
  return pending && refusal('pending', `you already have a pending proposal to ${to.id} (#${pending.id})`)
}

/** Why an agent may not hand in work for a task. */
export function unsubmittable(state: State, agent: string, number: number): Refusal | undefined {
  const task = state.tasks[number - 1]
  if (task === undefined) return refusal('no_task', `task #${number} does not exist`)
  if (task.status === 'completed') return refusal('task_completed', `task #${number} is already completed`)
  if (task.by === agent) return undefined
  return task.lapsed === agent
    ? refusal('claim_lapsed', `your claim on task #${number} lapsed`)
    : refusal('not_claimed', `you have not claimed task #${number}`)
}

/** What a frozen agent is told. */
export function frozenWords(state: State, agent: string): string {
  const { reputation, frozenFor } = agentOf(state, agent)
  const { freeze_below, appeals } = state.config
  const back = appeals ? `; appeal in ${APPEAL.after - (frozenFor ?? 0)} steps` : ''
  return `you are frozen (reputation ${reputation.toFixed(1)} below threshold ${freeze_below}); this turn was passed${back}`
}
