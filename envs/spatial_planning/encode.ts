/**
 * Observations and actions as numbers, for learners without language, of every role in one. Plots are ranked by how low in their
 * range they are declared, requests by their size. Values and declarations are places in the range of the own plot: 0 is its lower
 * and 1 its upper end. Reads observations alone.
 */
import { defineEncoding, type Encoding, feature, flag, ranks } from '../core/encoding.ts'
import type { SpatialConfig } from './config.ts'
import { deskFeatures, deskSlots } from './encode_desk.ts'
import { appraisalFeatures, landFeatures, landSlots, saleFeatures } from './encode_land.ts'
import { CASH, type Features, place, type Slots, type View, view } from './encode_view.ts'
import { ofVotes } from './encode_vote.ts'
import { phasesOf } from './phases.ts'
import { CONDITIONS, type Cond, type Condition, ROLES, rosterOf } from './roster.ts'
import type { SpatialTypes } from './types.ts'

const encodings = new WeakMap<SpatialConfig, Encoding<SpatialTypes>>()

/** The encoding of a configuration. */
export function encode(config: SpatialConfig): Encoding<SpatialTypes> {
  let found = encodings.get(config)
  if (found === undefined) {
    const plots = rosterOf(config).plots.length
    const [features, slots] = config.treatment === 'voting' ? ofVotes(config, plots - 1) : ofMarkets(config, plots)
    found = defineEncoding<SpatialTypes, View>({ view, features: [...ownFeatures(config), ...features], slots })
    encodings.set(config, found)
  }
  return found
}

function ownFeatures(config: SpatialConfig): Features {
  const turn = ({ observation: { shared } }: View): number => (shared.turn === null ? 0 : (shared.turn - 1) / shared.turns!)
  return [
    feature(
      'round',
      [0, 1],
      'rounds before this one, as a share of all',
      ({ observation: { shared } }) => Math.max(0, shared.round - 1) / shared.rounds,
    ),
    flag('practice', '1 in the practice round', ({ observation: { shared } }) => shared.practice),
    feature('turn', [0, 1], 'share of the turns of a market or conversation that is over', turn),
    ...phasesOf(config).map(({ phase }) =>
      flag<View>(`phase_${phase}`, `1 in the phase ${phase}`, ({ observation: { shared } }) => shared.phase === phase),
    ),
    ...ROLES.map(role => flag<View>(`is_${role}`, `1 where its role is ${role}`, ({ observation }) => observation.role === role)),
    ...CONDITIONS.map((condition, cond) =>
      feature<View>(
        `value_${condition}`,
        [0, 1],
        `place of the real value of its land under ${condition}; 0 without land`,
        ({ land }) => (land === null ? 0 : place(land[cond as Cond], land[cond as Cond].value)),
      ),
    ),
    feature(
      'stake',
      [0, 3],
      'what the project costs an owner or brings the developer / 1,000,000',
      ({ stake }) => stake / (10 * CASH),
    ),
  ]
}

function ofMarkets(config: SpatialConfig, plots: number): [Features, Slots] {
  const desks: readonly (Condition | null)[] = config.treatment === 'futarchy' ? CONDITIONS : [null]
  return [
    [
      ...landFeatures(),
      ...(config.appraisals === undefined ? [] : appraisalFeatures()),
      ...desks.flatMap(deskFeatures),
      ...CONDITIONS.flatMap(condition => ranks(plots).flatMap(rank => saleFeatures(condition, rank, config))),
    ],
    [...landSlots(config, plots), ...desks.flatMap(desk => deskSlots(desk, config))],
  ]
}
