/** What an export writes as rewards: the score itself, or what it is on another scale. Knows pars; knows no format. */
import { UserError } from '../../envs/core/errors.ts'
import { Purse, type RewardForm, type ScoreBounds } from '../../envs/core/reward.ts'
import { boundsOf, type Par, type Pars } from '../par.ts'
import type { RolloutInfo } from '../rows.ts'

/** As a user chooses it; a score that is not scaled by default. */
export interface RewardChoice {
  /** Of the rewards of single steps: `delta` by default. */
  readonly form?: RewardForm
  /** Maps scores to the unit interval by the bounds of their preset's par, and clips them there. */
  readonly unit?: boolean
  /** Takes off what honest play of the seat gets on average in that preset. */
  readonly relative?: boolean
}

export class Pay {
  readonly choice: RewardChoice
  readonly #parsOf: (env: string) => Pars | undefined
  readonly #pars = new Map<string, Par | undefined>()
  /** How many scores lay outside the bounds. */
  clipped = 0

  constructor(choice: RewardChoice = {}, parsOf: (env: string) => Pars | undefined = () => undefined) {
    if (choice.relative === true && choice.form === 'delta')
      throw new UserError('--reward-relative: a change is the same either way; use --reward score or total.')
    this.choice = choice
    this.#parsOf = parsOf
  }

  /** The reward of a play that ended with a score; undefined where nobody derived what rewards mean in its configuration. */
  of(info: RolloutInfo, score: number): number | undefined {
    const purse = this.purse(info, () => score)
    if (purse === undefined) return undefined
    const worth = purse.worth(score)
    this.clipped += purse.clipped
    return worth
  }

  /** Pays the steps of a play; undefined as above. */
  purse(info: RolloutInfo, initial: () => number): Purse | undefined {
    const { unit = false, relative = false, form = relative ? 'score' : 'delta' } = this.choice
    if (!unit && !relative) return new Purse({ form }, initial)
    const par = this.#parOf(info)
    if (par === undefined) return undefined
    const bounds: ScoreBounds | undefined = unit ? boundsOf(par) : undefined
    return new Purse({ form, ...(bounds !== undefined && { unit: bounds }) }, initial, relative ? par.honest : undefined)
  }

  #parOf({ env, version, config_digest, seat }: RolloutInfo): Par | undefined {
    const name = `${env} ${version} ${config_digest} ${seat}`
    if (!this.#pars.has(name))
      this.#pars.set(
        name,
        Object.values(this.#parsOf(env) ?? {}).find(
          par => par.version === version && par.config_digest === config_digest && par.seat === seat,
        ),
      )
    return this.#pars.get(name)
  }

  /** As a data card tells it. */
  get described(): object {
    const { unit = false, relative = false, form } = this.choice
    return {
      ...(form !== undefined && { form }),
      scale: unit ? 'unit' : null,
      relative: relative ? 'par' : null,
      ...(unit && { clipped: this.clipped }),
    }
  }
}
