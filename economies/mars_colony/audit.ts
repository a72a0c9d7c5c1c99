/**
 * What an audit of mars_colony is told: its presets and institutions, whom one can sit among, the family of attentive play with
 * every dose of lies, and what playing without words and without others means.
 */
import { attentive } from '../../bots/mars_colony/attentive.ts'
import type { MarsObservation, MarsTypes } from '../../envs/mars_colony/observe.ts'
import { COLONISTS, SOCIETY } from '../../envs/mars_colony/parameters.ts'
import { type AuditSpec, family } from '../../evals/audit/spec.ts'
import { mate, PAIR } from './mates.ts'

/** Nine residents of the types in this proportion; the learner's own seat is a bare one. */
const among = (...types: readonly string[]): object => ({
  residents: ['rule', ...Array.from({ length: COLONISTS - 1 }, (_, i) => types[i % types.length]!)],
})

export const audit: AuditSpec = {
  standard: ['agentic', 'easy', 'hard', 'short'],
  short: 'short',
  levels: ['easy', 'agentic', 'hard'],
  ungoverned: { governance: { pay: false, trust: false, memory: false, suspension: false }, weights: { reputation: 0 } },
  lineups: {
    honest: { fields: among('honest') },
    mixed: { fields: among('honest', 'opportunistic', 'deceptive') },
    deceptive: { fields: among('deceptive') },
  },
  families: {
    attentive: family<MarsTypes>({
      description: 'play as the shipped kinds play, with other measures and any dose of lies',
      parameters: [
        'need',
        'calm',
        'relief',
        'shelter',
        'building',
        'reliance',
        'faith',
        'firmness',
        'never_builds',
        'lies_from',
        'lies_above',
      ],
      start: [0.54, 0.28, 0.36, 0.44, 0.5, 0.475, 0.58, 0.141, 0, 1, 1],
      make: ([need, calm, relief, shelter, building, reliance, faith, firmness, idle, from, above]) =>
        attentive({
          builds: () => idle! < 0.5,
          falsePromise: ({ elapsed, reputation }) => elapsed >= from! && reputation >= 100 * above!,
          taste: {
            need: 100 * need!,
            calm: 50 * calm!,
            relief: 100 * relief!,
            shelter: 50 * shelter!,
            building: 4 * (building! - 0.5),
            reliance: 2 * reliance! - 0.5,
            faith: 2 * faith! - 1,
            // Nobody is judged by nothing at all.
            firmness: 0.1 + 9.9 * firmness!,
          },
        }),
    }),
    mates: family<MarsTypes>({
      description: 'honest colonists who ask each other alone for help, give it, and may befriend each other first',
      parameters: ['bond', 'builds', 'storms'],
      start: [0, 0.7, 0],
      paired: true,
      make: ([bond, builds, storms]) =>
        mate({ bond: 60 * bond!, builds: builds!, storms: storms! > 0.5 }, { builds: () => true, falsePromise: () => false }),
    }),
  },
  blindfolds: {
    words: {
      description: 'hears no message and asks no question',
      observation: (seen: MarsObservation) => ({ ...seen, messages: [] }),
      call: call => (call.tool === 'talk' ? undefined : call),
    },
    others: {
      description: 'sees nothing by which others differ: no word, request, promise, record, repute or bond; speaks to nobody',
      observation: (seen: MarsObservation) => ({
        ...seen,
        messages: [],
        asks: [],
        bonds: seen.bonds.map(({ agent }) => ({ agent, bond: 0, change: 0 })),
        shared: {
          ...seen.shared,
          ...(seen.shared.declined && { declined: [] }),
          settled: [],
          colonists: seen.shared.colonists.map(other =>
            other.agent === seen.agent ? other : { ...other, reputation: SOCIETY.reputation.start, kept: 0, broken: 0 },
          ),
        },
      }),
      call: call => (call.tool === 'choose_action' ? call : undefined),
    },
  },
  pair: {
    seats: PAIR,
    policies: [
      { kind: 'family', family: 'mates', parameters: [0, 0.7, 0] },
      { kind: 'family', family: 'mates', parameters: [0.3, 0.7, 0] },
    ],
  },
}
