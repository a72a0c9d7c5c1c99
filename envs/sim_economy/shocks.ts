/** What strikes the economy from outside on a turn named in the configuration. */
import { type Config, portion, SCALE, type Shock, scaled } from './config.ts'
import { charge } from './ledger.ts'
import { type Event, now, roster, type State } from './state.ts'

/** Announces the shocks of this turn and confiscates. Before the turn's bills. */
export function strike(draft: State, emit: (event: Event) => void): void {
  for (const shock of draft.config.shocks) {
    if (shock.turn !== now(draft)) continue
    emit({ type: 'shock_struck', ...shock })
    if (shock.shock === 'confiscate') confiscate(draft, scaled(shock.share), emit)
  }
}

function confiscate(draft: State, share: number, emit: (event: Event) => void): void {
  for (const [row, agent] of roster(draft.balance.length).entries()) {
    const amount = charge(draft, row, portion(Math.max(0, draft.balance[row]!), share))
    if (amount > 0) emit({ type: 'confiscated', agent, amount })
  }
}

/** What fees are multiplied by this turn, over `SCALE`: the factor of the last `fee_rate` shock that has struck. */
export function feeFactor({ shocks }: Config, turn: number): number {
  let last: Extract<Shock, { shock: 'fee_rate' }> | undefined
  for (const shock of shocks)
    if (shock.shock === 'fee_rate' && shock.turn <= turn && (last === undefined || shock.turn >= last.turn)) last = shock
  return last === undefined ? SCALE : scaled(last.factor)
}

/** Whether jobs pay this turn. */
export function jobsPay({ shocks }: Config, turn: number): boolean {
  for (const shock of shocks)
    if (shock.shock === 'wage_stop' && shock.turn <= turn && turn < shock.turn + shock.length) return false
  return true
}
