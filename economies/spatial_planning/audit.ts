/**
 * What an audit of spatial_planning is told: the training presets, the seats they are for, the institution that each of them has,
 * and the family of all shadings of the truth.
 */
import { character, declaredAt, lossOf, preferred, shownValue } from '../../bots/spatial_planning/common.ts'
import { honestHabits } from '../../bots/spatial_planning/honest.ts'
import { percentile, rangeOf } from '../../envs/spatial_planning/roster.ts'
import type { SpatialTypes } from '../../envs/spatial_planning/state.ts'
import { type AuditSpec, family } from '../../evals/audit/spec.ts'

/** Calls that are about one's own land. */
const OWN = new Set(['declare', 'declare_final', 'request_compensation', 'offer_compensation', 'vote'])

const SPECULATOR = { seat: 'speculator_1', lineups: { honest: { opponents: { honest: 11 } }, mixed: {} } } as const

export const audit: AuditSpec = {
  standard: ['harberger_train', 'futarchy_train', 'voting_train', 'harberger_speculator_train', 'futarchy_speculator_train'],
  short: 'voting_train',
  bots: { honest: ['honest'], opportunistic: ['opportunistic'], deceptive: ['brazen', 'deceptive'] },
  families: {
    shading: family<SpatialTypes>({
      description: 'declares, asks, offers and buys at any distance from the truth',
      parameters: ['wanted', 'unwanted', 'final', 'request', 'offer', 'bargain'],
      start: [0.5, 0.5, 0.5, 0.25, 0.5, 0],
      make: ([wanted, unwanted, final, request, offer, bargain]) =>
        character(context => {
          const habits = honestHabits(context)
          return {
            ...habits,
            declare(seen) {
              const { values, cap } = seen.land!
              const liked = preferred(seen.role)
              const shade = (condition: 0 | 1): number =>
                Math.min(cap[condition], Math.round(2 * (condition === liked ? wanted! : unwanted!) * values[condition]))
              return [shade(0), shade(1)]
            },
            declareFinal(seen) {
              const chosen = seen.shared.chosen === 'project' ? 1 : 0
              return Math.min(seen.land!.cap[chosen], Math.round(2 * final! * seen.land!.values[chosen]))
            },
            request: seen => Math.round(4 * request! * lossOf(seen)),
            offer: seen => Math.round(2 * offer! * habits.offer(seen)),
            select: (seen, condition, stage) =>
              seen.shared.plots.filter(plot => {
                const declared = declaredAt(seen, plot, condition, stage)
                const shown = shownValue(seen, plot, condition)
                return shown === undefined ? percentile(declared, rangeOf(plot, condition)) / 100 < bargain! : declared < shown
              }),
          }
        }),
    }),
  },
  // None of these treatments has words to ignore.
  blindfolds: {
    others: {
      description: 'decides about its own land alone: buys nothing, trades nothing, and heeds nobody who bought',
      observation: (seen: SpatialTypes['Observation']) => ({
        ...seen,
        boughtPlot: seen.boughtPlot === null ? null : { buyers: 0, result: 0 },
        history: [],
        messages: [],
      }),
      call: call => (OWN.has(call.tool) ? call : undefined),
    },
  },
  presets: {
    // The tax on the first declaration is what makes a false one dear.
    harberger_train: { ungoverned: { initial_tax: 0 } },
    harberger_speculator_train: SPECULATOR,
    // Prices decide; without them the sum of untaxed declarations does.
    futarchy_train: { ungoverned: { treatment: 'harberger', initial_tax: 0 } },
    futarchy_speculator_train: SPECULATOR,
  },
}
