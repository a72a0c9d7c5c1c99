/** Stake on its way back, and burns on their way to weigh. */
import { ratesOf } from './config.ts'
import { type Event, now, roster, type State } from './state.ts'

type Emit = (event: Event) => void

export function stake(draft: State, row: number, amount: number): void {
  if (draft.staked[row] === 0) draft.stakedSince[row] = now(draft)
  draft.balance[row]! -= amount
  draft.staked[row]! += amount
}

/** Starts the way back of staked tokens; gives the turn at whose end they return. */
export function unstake(draft: State, row: number, amount: number): number {
  const dueTurn = now(draft) + draft.config.unstake_delay_turns
  draft.staked[row]! -= amount
  draft.unstaking[row]! += amount
  if (draft.staked[row] === 0) draft.stakedSince[row] = 0
  draft.maturing.push({ agent: row, amount, dueTurn })
  return dueTurn
}

/** Returns to the balances what is due by the end of this turn. The delay is one for all, so what is due stands first. */
export function returnStakes(draft: State, emit: Emit): void {
  const { maturing } = draft
  let due = 0
  while (due < maturing.length && maturing[due]!.dueTurn <= now(draft)) {
    const { agent: row, amount } = maturing[due++]!
    draft.unstaking[row]! -= amount
    draft.balance[row]! += amount
    emit({ type: 'unstaked', agent: roster(draft.balance.length)[row]!, amount })
  }
  if (due > 0) draft.maturing = maturing.slice(due)
}

/** Destroys tokens for lottery weight; gives the turn from which they weigh. */
export function burn(draft: State, row: number, amount: number): number {
  const dueTurn = now(draft) + draft.config.burn_maturity_turns
  draft.balance[row]! -= amount
  draft.pendingBurns.push({ agent: row, weight: ratesOf(draft.config).burnWeight * amount, dueTurn })
  return dueTurn
}

/** Lets matured burn weight decay by a turn and adds what matures in this one, at full weight. Before the lottery. */
export function ageBurns(draft: State): void {
  const { burnWeight, pendingBurns } = draft
  const { burnKept } = ratesOf(draft.config)
  for (let row = 0; row < burnWeight.length; row++) if (burnWeight[row] !== 0) burnWeight[row]! *= burnKept
  let due = 0
  while (due < pendingBurns.length && pendingBurns[due]!.dueTurn <= now(draft)) {
    const { agent: row, weight } = pendingBurns[due++]!
    burnWeight[row]! += weight
  }
  if (due > 0) draft.pendingBurns = pendingBurns.slice(due)
}
