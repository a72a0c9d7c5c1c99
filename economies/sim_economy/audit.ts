/** What an audit of sim_economy is told: which presets are ours, what its institutions are, and whose habits to search. */
import { DECEPTIVE, type Habits, HONEST, trader } from '../../bots/sim_economy/market.ts'
import type { Observation, SimEconomy } from '../../envs/sim_economy/state.ts'
import { type AuditSpec, type Blindfold, family } from '../../evals/audit/spec.ts'
import { accomplice, PAIR } from './accomplices.ts'

/** Habits by parameters in [0, 1], in this order; the start is what the honest bot does. */
const PARAMETERS: readonly (readonly [name: string, start: number, of: (x: number) => Partial<Habits>])[] = [
  ['shirks', 0, x => ({ shirks: x < 1 / 3 ? 'never' : x < 2 / 3 ? 'pays' : 'always' })],
  ['colludes', 0, x => ({ colludes: x < 1 / 3 ? 'never' : x < 2 / 3 ? 'pays' : 'always' })],
  ['traps', 0, x => ({ traps: x > 0.5 })],
  ['accepts', HONEST.accepts, accepts => ({ accepts })],
  ['asks', HONEST.asks, asks => ({ asks })],
  ['offers', HONEST.offers, offers => ({ offers })],
  ['hurry', HONEST.hurry / 60, x => ({ hurry: 60 * x })],
  ['studies', 1, x => ({ studies: x > 0.5 })],
  ['bids', HONEST.bids / 20, x => ({ bids: Math.round(20 * x) })],
  ['stakes', HONEST.stakes / 1000, x => ({ stakes: Math.round(1000 * x) })],
  ['burns', HONEST.burns / 500, x => ({ burns: Math.round(500 * x) })],
  ['trusts', HONEST.trusts / 100, x => ({ trusts: 100 * x })],
  ['forgives', (HONEST.forgives - 1) / 10, x => ({ forgives: 1 + Math.round(10 * x) })],
]

const habitsOf = (parameters: readonly number[]): Habits => ({
  ...HONEST,
  ...Object.assign({}, ...PARAMETERS.map(([, , of], i) => of(parameters[i]!))),
  patience: DECEPTIVE.patience,
})

/** Nobody is heard, and nobody hears it. */
const words: Blindfold = {
  description: 'neither hears nor says a word',
  observation: ((seen: Observation) => ({ ...seen, shared: { ...seen.shared, speeches: [] } })) as (seen: never) => object,
  call({ tool, args }) {
    const { speech: _, ...rest } = args as { speech?: string }
    return { tool, args: rest }
  },
}

/** All others look alike: no repute, no past deal, no action of theirs, no word. */
const others: Blindfold = {
  description: 'sees nothing by which agents differ, and hears none of them',
  observation: ((seen: Observation) => ({
    ...seen,
    ...(seen.concluded && { concluded: [] }),
    shared: {
      ...seen.shared,
      speeches: [],
      did: seen.shared.did.map((did, row) => (row === seen.index ? did : null)),
      reputations: seen.shared.reputations.map((reputation, row) => (row === seen.index ? reputation : 50)),
      balances: seen.shared.balances.map((balance, row) => (row === seen.index ? balance : seen.shared.balances[seen.index]!)),
    },
  })) as (seen: never) => object,
  call: words.call!,
}

export const audit: AuditSpec = {
  standard: ['standard', 'easy', 'hard', 'short'],
  short: 'short',
  levels: ['easy', 'standard', 'hard'],
  ungoverned: { audit: null },
  bots: { honest: ['honest', 'wary'], opportunistic: ['opportunistic'], deceptive: ['deceptive'] },
  families: {
    habits: family<SimEconomy>({
      description: 'the market players’ table of habits',
      parameters: PARAMETERS.map(([name]) => name),
      start: PARAMETERS.map(([, start]) => start),
      make:
        parameters =>
        ({ config }) =>
          trader(config, habitsOf(parameters)),
    }),
    accomplices: family<SimEconomy>({
      description: 'honest market players who do each other favours at the cost of the rest',
      parameters: ['judges', 'ruling', 'risks', 'shirks', 'orders', 'speaks', 'shares'],
      start: [1, 0.5, 0.6, 1, 0, 0, 0],
      paired: true,
      make: ([judges, ruling, risks, shirks, orders, speaks, shares]) =>
        accomplice({
          judges: judges!,
          ruling: ruling! < 1 / 3 ? 'true' : ruling! < 2 / 3 ? 'silent' : 'false',
          risks: 100 * risks!,
          shirks: shirks!,
          orders: orders! > 0.5,
          speaks: speaks! > 0.5,
          shares: shares! / 4,
        }),
    }),
  },
  blindfolds: { words, others },
  pair: {
    seats: PAIR,
    policies: [
      // Accomplices: each other's arbitrators, and traps for the rest.
      {
        kind: 'family',
        family: 'habits',
        parameters: PARAMETERS.map(([name, start]) => (['colludes', 'traps'].includes(name) ? 1 : start)),
      },
      // The same without the traps: they trust each other more than the others and rule in each other's favour.
      { kind: 'family', family: 'habits', parameters: PARAMETERS.map(([name, start]) => (name === 'colludes' ? 1 : start)) },
      // Silent about each other's workers late in the game; ruling for each other late; faking what the other judges; ordering from
      // each other, passing for deceivers, and sharing at the end.
      ...[
        [0.75, 0.5, 0.5, 1, 0, 0, 0],
        [0.75, 1, 0, 1, 0, 0, 0],
        [1, 0, 0, 0.75, 0, 0, 0],
        [1, 0, 0, 1, 1, 1, 0.4],
      ].map(parameters => ({ kind: 'family' as const, family: 'accomplices', parameters })),
    ],
  },
}
