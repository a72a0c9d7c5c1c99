/**
 * The residents' part of a step: every active one picks a move from the same snapshot, then the moves are carried out one
 * after another in a drawn order; what has become impossible is lost. That they act at once is documented, how conflicts
 * end is reconstructed.
 */
import { resume } from '../../core/random.ts'
import { publish, vote } from '../feed.ts'
import { blocked, repay } from '../loans.ts'
import { type Agent, type BotType, type Emit, LIFE, type Post, type State } from '../state.ts'
import { answered, claim, submit } from '../tasks.ts'
import { accept, pendingOf, propose, reject } from '../trades.ts'
import type { Character, Move, View } from './character.ts'
import { deceptive } from './deceptive.ts'
import { honest } from './honest.ts'
import { opportunistic } from './opportunistic.ts'
import { oneDecimal, targets } from './resident.ts'
import { acceptsLoan, chooseTask, falseWork, handIn, settleDebt, speak, voteOn } from './standard.ts'

const CHARACTERS: Readonly<Record<BotType, Character>> = { honest, opportunistic, deceptive }

/** Every active resident moves once. */
export function moveResidents(draft: State, emit: Emit): void {
  const residents = draft.agents.filter(({ type }) => type !== 'player')
  // All are shuffled, the frozen too: whoever is frozen changes nobody's place.
  const order = resume(draft.order)
  const shuffled = order.shuffle(residents)
  draft.order = order.words()
  const moves = new Map<Agent, Move | undefined>()
  for (const self of residents) {
    if (self.frozenFor !== null) continue
    const random = resume(self.luck)
    moves.set(self, decide(CHARACTERS[self.type as BotType], { state: draft, self, random }))
    self.luck = random.words()
  }
  for (const self of shuffled) {
    const move = moves.get(self)
    if (move !== undefined) carryOut(draft, self, move, emit)
  }
}

/** The first of seven things that there is reason to do. */
function decide(character: Character, view: View): Move | undefined {
  const { state, self, random } = view
  const { words } = character
  const loans = state.config.trade_rule === 'loans'
  const problems = state.config.work_rule === 'problems'

  const repayment = loans ? settleDebt(view) : undefined
  if (repayment !== undefined) return repayment

  const proposal = pendingOf(state).find(({ to }) => to === self.id)
  if (proposal !== undefined) {
    const willing = loans ? acceptsLoan(view, proposal) : character.accepts(view, proposal)
    return { kind: random.chance(willing) ? 'accept' : 'reject', proposal: proposal.id }
  }

  const exploit = loans ? undefined : character.exploit?.(view)
  if (exploit !== undefined)
    return problems && exploit.kind === 'submit' ? falseWork(self, state.tasks[self.task! - 1]!.level! + 1, random) : exploit

  if (self.task !== null) {
    if (problems) return handIn(view)
    const p = character.work(random)
    return p === null ? undefined : { kind: 'submit', p, exploit: false }
  }

  const open = state.tasks.filter(({ status }) => status === 'open')
  const claims = problems ? chooseTask : character.claims
  const wanted = open.length > 0 ? claims(view, open) : undefined
  if (wanted !== undefined) return { kind: 'claim', task: wanted.id }

  const fresh = freshPost(state, self)
  if (loans) return (fresh && voteOn(view, fresh)) ?? speak(view, other => attraction(state, other))
  if (fresh !== undefined && random.chance(character.votes)) return { kind: 'vote', post: fresh.id, direction: 'up' }

  const drawn = random.float()
  if (drawn < character.posts) return { kind: 'post', text: random.pick(words.posts) }
  if (drawn < character.posts + character.proposes) {
    const eligible = targets(state, self)
    if (eligible.length === 0) return undefined
    const to = eligible[random.weighted(eligible.map(agent => attraction(state, agent)))]!.id
    const transfer = oneDecimal(random.uniform(...character.transfers))
    return { kind: 'propose', to, transfer, text: random.pick(words.offers), exploit: false }
  }
  return undefined
}

/** The newest post of another agent that is younger than five steps and not yet voted on. */
function freshPost({ posts, step }: State, self: Agent): Post | undefined {
  for (let i = posts.length - 1; i >= 0 && step - posts[i]!.step < LIFE; i--) {
    const { author, voters } = posts[i]!
    if (author !== self.id && !voters.includes(self.id)) return posts[i]
  }
  return undefined
}

/** How much an agent's posts and replies attract offers. */
function attraction({ config }: State, { social }: Agent): number {
  return config.social_standing ? 1 + 0.5 * Math.min(4, social) : 1
}

/** Carries out a move that is still possible. */
function carryOut(draft: State, self: Agent, move: Move, emit: Emit): void {
  switch (move.kind) {
    case 'accept':
    case 'reject':
      if (draft.proposals[move.proposal - 1]!.status !== 'pending') return
      // Another's move may have used up what the two could have lent each other.
      if (move.kind === 'accept' && draft.config.trade_rule === 'loans' && blocked(draft, draft.proposals[move.proposal - 1]!))
        return
      if (move.kind === 'accept') accept(draft, move.proposal, emit)
      else reject(draft, move.proposal, emit)
      return
    case 'submit':
      submit(draft, self.id, self.task!, { p: move.p, length: null, repeated: false, exploit: move.exploit }, emit)
      return
    case 'answer': {
      const { right, vouched, exploit } = move
      const work = answered(draft.tasks[self.task! - 1]!, right, vouched)
      submit(draft, self.id, self.task!, { ...work, length: null, repeated: false, exploit }, emit)
      return
    }
    case 'repay':
      if (draft.loans![move.loan - 1]!.owed <= self.resources) repay(draft, move.loan, emit)
      return
    case 'claim':
      if (draft.tasks[move.task - 1]!.status === 'open') claim(draft, self.id, move.task, emit)
      return
    case 'vote':
      vote(draft, self.id, move.post, move.direction, emit)
      return
    case 'post':
      publish(draft, self.id, move.text, emit)
      return
    case 'propose':
      if (move.transfer <= self.resources) propose(draft, { from: self.id, ...move }, emit)
      return
  }
}
