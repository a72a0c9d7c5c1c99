/** One player's rollouts in one setting: what was added up of them, what its models took, and what its logs say of its play. */
import { Spending, Tally } from '../rollouts/tally.ts'
import { Habits } from './habits.ts'

export class PlayerTally extends Tally {
  /** What the tables call the player. */
  readonly label: string
  /** The player string. */
  readonly player: string
  readonly spending = new Spending()
  readonly habits = new Habits()
  failed = 0
  missing = 0

  constructor(label: string, player = label) {
    super()
    this.label = label
    this.player = player
  }

  /** Where the units of its messages come from; undefined for a player that called no model, whose units the economy draws. */
  get units(): 'reported' | 'estimated' | undefined {
    const { usage } = this.spending
    if (usage === null) return undefined
    return usage.output_reasoning === null ? 'estimated' : 'reported'
  }
}
