/**
 * What an audit of spatial_planning is told: the training presets, the seats they are for, the institution that each of them has,
 * and the policies that a search looks among.
 */
import {
  character,
  declaredAt,
  isSureGain,
  lossOf,
  neededOffer,
  preferred,
  purchaseCost,
} from '../../bots/spatial_planning/common.ts'
import { decidingDeclaration, Forecast } from '../../bots/spatial_planning/forecast.ts'
import { honestHabits } from '../../bots/spatial_planning/honest.ts'
import { press } from '../../bots/spatial_planning/opportunistic.ts'
import { credibility, expectedOf, isExposed, PLAUSIBLE, Trust } from '../../bots/spatial_planning/trust.ts'
import { presets } from '../../envs/spatial_planning/config.ts'
import type { Observation } from '../../envs/spatial_planning/observe.ts'
import { endsOf, MAX_OWNERS, percentile, RANGES, rangeOf } from '../../envs/spatial_planning/roster.ts'
import type { SpatialTypes } from '../../envs/spatial_planning/types.ts'
import { type AuditSpec, family } from '../../evals/audit/spec.ts'

/** Calls that are about one's own land, or one's own words. */
const OWN = new Set([
  'publish_appraisals',
  'declare',
  'declare_final',
  'request_compensation',
  'offer_compensation',
  'pay_compensation',
  'vote',
])

/** What the project costs an owner on average, in points: what somebody reckons with who reads no request. */
const [WITHOUT, WITH] = RANGES.owner
const USUAL_LOSS = (WITHOUT.low + WITHOUT.high - WITH.low - WITH.high) / 2

/** Without a word of anybody: no message, no appraisal, and of requests what they are on average. */
const unsaid = (seen: Observation): Observation => ({
  ...seen,
  ...(seen.appraisals !== undefined && { appraisals: [] }),
  requests: seen.requests === null ? null : Array.from({ length: MAX_OWNERS }, () => USUAL_LOSS),
  messages: [],
})

/** A parameter in [0, 1] as parts of the truth: a half is all of it. */
const parts = (parameter: number): number => 2 * parameter

const declaring = family<SpatialTypes>({
  description: 'declares any part of the truth, or what its forecast of the others says is needed, and pushes prices',
  parameters: ['liked', 'other', 'safety', 'most', 'exposed', 'hidden', 'push'],
  start: [0.4, 0.4, 0.5, 0.25, 0.5, 0.45, 0.6],
  make: ([liked = 0, other = 0, safety = 0, most = 0, exposed = 0, hidden = 0, push = 0]) =>
    character(context => {
      const habits = honestHabits(context)
      const trust = new Trust()
      const forecast = new Forecast(trust, context.config)
      return {
        ...habits,
        notice(seen) {
          trust.notice(seen)
          forecast.notice(seen)
        },
        declare(seen) {
          const wanted = preferred(seen.role)
          // Below a tenth it forecasts nothing.
          if (safety >= 0.1)
            return decidingDeclaration(seen, wanted, forecast, {
              liked: parts(liked),
              other: parts(other),
              safety: 5 * (safety - 0.1),
              most: 1 + 4 * most,
            })
          const { values, cap } = seen.land!
          const shade = (condition: 0 | 1): number =>
            Math.min(cap[condition], Math.round(parts(condition === wanted ? liked : other) * values[condition]))
          return [shade(0), shade(1)]
        },
        declareFinal(seen) {
          const chosen = seen.shared.chosen === 'project' ? 1 : 0
          const part = parts(isExposed(seen) ? exposed : hidden)
          return Math.min(seen.land!.cap[chosen], Math.round(part * seen.land!.values[chosen]))
        },
        // Below a tenth it does not trade at all; above a half it pushes.
        trade(desk) {
          if (push >= 0.5) press(desk, desk.index === preferred(context.seat.role), 1 + 2 * (push - 0.5))
          else if (push >= 0.1) habits.trade(desk)
        },
      }
    }),
})

const buying = family<SpatialTypes>({
  description: 'appraises truly, not at all or falsely, buys with any margin, guesses what it does not know',
  parameters: ['say', 'margin', 'early', 'late', 'grudge', 'trade'],
  start: [0.2, 0.3, 0.2, 0.3, 0.9, 0.2],
  make: ([say = 0, margin = 0, early = 0, late = 0, grudge = 0, trade = 0]) =>
    character(context => {
      const habits = honestHabits(context)
      const trust = new Trust()
      return {
        ...habits,
        notice: seen => trust.notice(seen),
        appraise(seen) {
          const { inspected = [] } = seen
          if (say < 0.4) return inspected
          return say < 0.6 ? [] : inspected.map(({ plot }) => ({ plot, values: endsOf(plot, 'low') }))
        },
        select: (seen, condition, stage) =>
          seen.shared.plots.filter(plot => {
            const believed = trust.believed(seen, plot, condition)
            const cost = purchaseCost(context.config, 2 * context.config.speculators * margin)
            if (believed !== undefined) return isSureGain(seen, plot, condition, stage, { believed, cost })
            const declared = declaredAt(seen, plot, condition, stage)
            return (
              percentile(declared, rangeOf(plot, condition)) / 100 <
              (stage === 'initial' ? early : trust.understates(plot) ? grudge : late)
            )
          }),
        trade(desk) {
          if (trade < 0.5) habits.trade(desk)
        },
      }
    }),
})

const promising = family<SpatialTypes>({
  description:
    'offers any part of what carries, keeps any part of the promise, asks for any part of its loss, votes with any patience',
  parameters: ['offer', 'daring', 'keep', 'last', 'request', 'patience'],
  start: [0.5, 0.5, 0.5, 0.5, 0.25, 0],
  make: ([offer = 0, daring = 0, keep = 0, last = 0, request = 0, patience = 0]) =>
    character(context => ({
      ...honestHabits(context),
      request: seen => Math.round(4 * request * lossOf(seen)),
      offer(seen) {
        const promised = Math.min(PLAUSIBLE, (parts(offer) * neededOffer(seen)) / credibility(seen))
        const gain = seen.land!.values[1] - seen.land!.values[0]
        return parts(daring) * gain > seen.requests!.length * promised ? Math.round(promised) : 0
      },
      vote(seen) {
        const { land, shared } = seen
        const missing = land!.values[0] - land!.values[1] - expectedOf(seen, shared.offer ?? 0)
        return missing <= patience * lossOf(seen) ? 'project' : 'no_project'
      },
      pay: ({ shared }) => Math.round(parts(shared.round < shared.rounds ? keep : last) * (shared.offer ?? 0)),
    })),
})

const unchecked = { checked: 0, fine: 0 } as const
const speculator = (preset: 'harberger_speculator_train' | 'futarchy_speculator_train') => ({
  seat: 'speculator_1',
  families: { buying },
  ungoverned: { appraisals: { ...presets[preset].appraisals, ...unchecked } },
})

export const audit: AuditSpec = {
  standard: ['harberger_train', 'futarchy_train', 'voting_train', 'harberger_speculator_train', 'futarchy_speculator_train'],
  short: 'voting_train',
  bots: { honest: ['honest'], opportunistic: ['opportunistic'], deceptive: ['brazen', 'deceptive'] },
  families: { declaring },
  blindfolds: {
    words: {
      description: 'reads no appraisal and no message, and takes every request for what requests are on average',
      observation: unsaid,
    },
    others: {
      description:
        'decides about its own land and words alone: reads nothing, buys nothing, trades nothing, and heeds nobody who bought',
      observation: (seen: SpatialTypes['Observation']) => ({
        ...unsaid(seen),
        boughtPlot: seen.boughtPlot === null ? null : { buyers: 0, result: 0 },
        history: [],
      }),
      call: call => (OWN.has(call.tool) ? call : undefined),
    },
  },
  presets: {
    // The tax on the first declaration is what makes a false one dear.
    harberger_train: { ungoverned: { initial_tax: 0 } },
    // Prices decide; without them the sum of untaxed declarations does.
    futarchy_train: { ungoverned: { treatment: 'harberger', initial_tax: 0 } },
    // Whether a promise is looked into.
    voting_train: { families: { promising }, ungoverned: { pledges: { audited: 0, fine: 0 } } },
    // Whether an appraisal is checked.
    harberger_speculator_train: speculator('harberger_speculator_train'),
    futarchy_speculator_train: speculator('futarchy_speculator_train'),
  },
}
