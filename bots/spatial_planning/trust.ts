/**
 * Whom to believe. Appraisals are compared with what one knows oneself, and who was wrong once is not believed again; pledges are
 * believed as far as those before were kept. Reads observations alone.
 */
import { meanOrNull } from '../../envs/core/sums.ts'
import type { AgentId } from '../../envs/core/tool.ts'
import type { AppraisalView, Observation } from '../../envs/spatial_planning/observe.ts'
import { type Cond, MAX_OWNERS, type Pair, type Plot, RANGES } from '../../envs/spatial_planning/roster.ts'

/** Parts of the truth by which an appraisal may miss it and still be believed. */
const CLOSE = 0.02

const isClose = (said: Pair, real: Pair): boolean =>
  said.every((value, condition) => Math.abs(value - real[condition]!) <= CLOSE * real[condition]!)

/** What one knows of a plot: of one's own, and of those one was shown. */
function knownValues({ agent, land, inspected = [] }: Observation, plot: Plot): Pair | undefined {
  return land !== null && plot === agent ? land.values : inspected.find(view => view.plot === plot)?.values
}

const appraisalsOf = ({ appraisals = [] }: Observation, plot: Plot): AppraisalView[] =>
  appraisals.filter(view => view.plot === plot)

/** Whether somebody published the truth, or nearly, about one's own plot. */
export function isExposed(seen: Observation): boolean {
  const own = seen.land!.values
  return appraisalsOf(seen, seen.agent as Plot).some(({ values }) => isClose(values, own))
}

export class Trust {
  readonly #caught = new Set<AgentId>()
  readonly #understating = new Set<Plot>()

  notice(seen: Observation): void {
    for (const { speculator, plot, values } of seen.appraisals ?? []) {
      const real = knownValues(seen, plot)
      if (real !== undefined && !isClose(values, real)) this.#caught.add(speculator)
    }
    const chosen = seen.shared.chosen === 'project' ? 1 : 0
    for (const { plot, declared } of seen.finals ?? []) {
      const believed = this.believed(seen, plot, chosen)
      if (believed === undefined) continue
      if (declared < (1 - CLOSE) * believed) this.#understating.add(plot)
      else this.#understating.delete(plot)
    }
  }

  /** Whether the holder's last final declaration that could be judged lay below what his plot was worth. */
  understates(plot: Plot): boolean {
    return this.#understating.has(plot)
  }

  /** What a plot is worth as far as one knows or believes: the mean of the appraisals of those who were never caught. */
  believed(seen: Observation, plot: Plot, condition: Cond): number | undefined {
    const known = knownValues(seen, plot)
    if (known !== undefined) return known[condition]
    const said = appraisalsOf(seen, plot).filter(({ speculator }) => !this.#caught.has(speculator))
    return meanOrNull(said.map(({ values }) => values[condition])) ?? undefined
  }
}

/** The part of what a developer promised that he paid of his own accord, one kept promise given in advance; 1 where offers are simply paid. */
export function credibility({ history }: Observation): number {
  let kept = 1
  let pledges = 1
  for (const { chosen, account } of history) {
    if (account.kind !== 'vote' || account.paid === undefined || chosen !== 'project' || account.offer === 0) continue
    pledges++
    kept += Math.min(1, account.paid / account.offer)
  }
  return kept / pledges
}

/** The most that any project could pay each of the owners: promises above it are worth no more. Points. */
export const PLAUSIBLE = RANGES.developer[1].high / MAX_OWNERS

/** What an owner expects of an offer. */
export function expectedOf(seen: Observation, offer: number): number {
  return seen.shared.pledged === true ? credibility(seen) * Math.min(offer, PLAUSIBLE) : offer
}
