/** Any play of any configuration keeps the invariants; any nonsense is refused with a message; nothing is thrown or lost. */
import fc from 'fast-check'
import { expect, test } from 'vitest'
import type { Decision } from '../../../envs/core/environment.ts'
import { Episode } from '../../../envs/core/episode.ts'
import { plain } from '../../../envs/core/plain.ts'
import { type Random, stream } from '../../../envs/core/random.ts'
import { candidates } from '../../../envs/core/tool.ts'
import { configSchema } from '../../../envs/sim_economy/config.ts'
import { simEconomy } from '../../../envs/sim_economy/index.ts'
import type { Event, SimEconomy } from '../../../envs/sim_economy/state.ts'
import { tools } from '../../../envs/sim_economy/tools.ts'
import type { Fields } from './worlds.ts'

/** Steps an episode and checks every invariant. */
function stepLawfully(game: Episode<SimEconomy>, decisions: Record<string, Decision>): readonly Event[] {
  const before = game.state
  const { events } = game.step(decisions)
  for (const [name, invariant] of Object.entries(simEconomy.invariants!)) {
    const broken = invariant(before, game.state, events)
    if (broken !== undefined) throw new Error(`turn ${game.t}: ${name}: ${broken}`)
  }
  // No event tells of nothing: what moved no token, and concerned nobody, left none.
  for (const event of events as readonly (Event & Readonly<Record<string, unknown>>)[])
    for (const name of ['amount', 'excess', 'per_core', 'agents'])
      if (name in event && !(Number((event[name] as unknown[]).length ?? event[name]) > 0))
        throw new Error(`turn ${game.t}: ${JSON.stringify(event)} tells of nothing`)
  return events
}

const rate = fc.integer({ min: 0, max: 10_000 }).map(n => n / 10_000)
const tokens = fc.integer({ min: 0, max: 300 })
const off = <T>(module: fc.Arbitrary<T>) => fc.option(module, { freq: 2 })
const shocks = fc.array(
  fc.oneof(
    fc.record({
      shock: fc.constant('fee_rate' as const),
      turn: fc.integer({ min: 1, max: 20 }),
      factor: rate.map(x => Math.round(x * 40_000) / 10_000),
    }),
    fc.record({ shock: fc.constant('confiscate' as const), turn: fc.integer({ min: 1, max: 20 }), share: rate }),
    fc.record({
      shock: fc.constant('wage_stop' as const),
      turn: fc.integer({ min: 1, max: 20 }),
      length: fc.integer({ min: 1, max: 5 }),
    }),
  ),
  { maxLength: 4 },
)
/** Configurations in which everything happens soon. */
const anyConfig: fc.Arbitrary<Fields> = fc.record({
  num_agents: fc.integer({ min: 1, max: 7 }),
  num_cores: fc.integer({ min: 1, max: 4 }),
  base_inference_rate: rate.map(x => x * 2),
  thinking_layer_discount: rate,
  interest_rate_per_turn: rate,
  burn_maturity_turns: fc.integer({ min: 0, max: 3 }),
  unstake_delay_turns: fc.integer({ min: 0, max: 3 }),
  attested_confirmation_window: fc.integer({ min: 1, max: 3 }),
  slash_both_on_timeout: fc.boolean(),
  study_cost: tokens,
  study_discount: rate,
  core_auction: fc.boolean(),
  block_reward: tokens,
  block_threshold: fc.constantFrom(0, 10, 20),
  job_wage_cap: fc.option(tokens),
  fee_cap: off(
    fc.record({ window: fc.integer({ min: 1, max: 4 }), ratio: rate, income: fc.constantFrom('blocks', 'blocks_and_wages') }),
  ),
  reinvestment_rebate: off(fc.record({ share: rate, hold: fc.integer({ min: 1, max: 4 }) })),
  debt_rail: off(fc.record({ cap: tokens, service: rate })),
  contract_scaffold: off(fc.record({ share: rate, arbitrator_fee: tokens })),
  concentration_monitor: off(fc.record({ limit: rate })),
  job_wage: off(tokens),
  fee_ceiling: off(tokens),
  contract_value: tokens,
  delivery_effort: tokens,
  effort_swing: off(fc.record({ spread: rate, turns: fc.integer({ min: 1, max: 5 }) })),
  disguise_rate: rate,
  attestation_fee: tokens,
  reputation_basis: fc.constantFrom('truth' as const, 'ruling' as const),
  contract_limit: fc.constantFrom(null, 1, 2),
  payoff_scale: fc.option(tokens.map(n => n + 1)),
  audit: off(fc.record({ share: rate, fine: tokens })),
  shocks,
  horizon_turns: fc.constant(30),
})

/** Contract moves are rare unless they are sought. */
const CONTRACT_MOVES = ['attest_contract', 'deliver_contract', 'accept_contract'] as const

/** A legal, an illegal or a nonsensical call; now and then silence, several calls, units. */
function decide(game: Episode<SimEconomy>, agent: string, random: Random): Decision {
  const observation = game.observe(agent)
  const offered = game.offered(agent) as (keyof typeof tools)[]
  const pending = CONTRACT_MOVES.find(name => candidates<SimEconomy>(tools[name], observation).length > 0)
  const name = pending !== undefined && random.chance(0.5) ? pending : random.pick(offered)
  const proposed = candidates<SimEconomy>(tools[name], observation)
  const call = () => {
    if (random.chance(0.1)) return random.pick([null, 'mine', { tool: 'no_tool' }, { tool: name, args: { amount: -1 } }]) as never
    if (proposed.length === 0 || random.chance(0.1))
      return { tool: name, args: { amount: random.int(1, 2000), to: 'agent_0', fee: 3 } }
    const args = random.pick(proposed) as object
    return { tool: name, args: random.chance(0.1) ? { ...args, speech: 'hear, hear' } : args }
  }
  const calls = random.chance(0.05) ? [] : Array.from({ length: random.chance(0.05) ? 3 : 1 }, call)
  if (random.chance(0.5)) return { calls }
  return { calls, units: { thinking: random.int(0, 5000), output: random.int(0, 1500), source: 'reported' } }
}

test('the invariants hold under random play of random configurations, every module and shock on and off, and every event occurs', () => {
  const seen = new Set<string>()
  fc.assert(
    fc.property(anyConfig, fc.nat(1_000_000), (config, seed) => {
      const game = new Episode(simEconomy, config, seed)
      const random = stream(seed, 'play')
      while (!game.over) {
        const decisions = Object.fromEntries(game.actors().map(agent => [agent, decide(game, agent, random)]))
        for (const { type } of stepLawfully(game, decisions)) seen.add(type)
      }
    }),
    { numRuns: 100, seed: 1 },
  )
  expect([...seen].sort()).toEqual(EVERY_EVENT)
})

const EVERY_EVENT: Event['type'][] = [
  'arbitrator_paid',
  'attestation_paid',
  'audited',
  'bid_placed',
  'block_produced',
  'burned',
  'concentration_flagged',
  'confiscated',
  'contract_accepted',
  'contract_attested',
  'contract_cancelled',
  'contract_defaulted',
  'contract_delivered',
  'contract_lapsed',
  'contract_proposed',
  'contract_settled',
  'core_sold',
  'debt_frozen',
  'debt_serviced',
  'delivery_disguised',
  'dividends_paid',
  'effort_charged',
  'fee_rebated',
  'fees_capped',
  'fees_halved',
  'fund_fed',
  'shock_struck',
  'spoke',
  'staked',
  'studied',
  'transferred',
  'turn_closed',
  'unstaked',
  'unstaking_started',
  'value_created',
]

/** Values of every shape that a file, a model or an attacker may send. */
const odd = fc.oneof(
  fc.anything(),
  fc.constantFrom<unknown>(
    Number.NaN,
    Number.POSITIVE_INFINITY,
    1e308,
    -1,
    -0,
    0.5,
    2 ** 53,
    '1',
    '',
    'x'.repeat(5000),
    null,
    undefined,
    true,
    [],
    {},
    '__proto__',
    'toString',
    'agent_7',
    'agent_99',
    'agent_-1',
    'agent_01',
    'core_0',
    'contract_0',
    10n,
    () => 1,
    Symbol('s'),
    new Map(),
    new Date(0),
  ),
)
const field = fc.oneof(
  fc.constantFrom(
    'amount',
    'to',
    'fee',
    'speech',
    'core_id',
    'counterparty',
    'arbitrator',
    'payment',
    'deposit',
    'deliverable',
    'due_turns',
    'contract_id',
    'content',
    'fulfilled',
    '__proto__',
    'constructor',
  ),
  fc.string(),
)
const toolName = fc.oneof(
  fc.constantFrom(...Object.keys(tools)),
  fc.constantFrom('toString', '__proto__', 'hasOwnProperty', ''),
  fc.string(),
)
const fields = fc.array(fc.tuple(field, odd), { maxLength: 7 }).map(entries => {
  const args: Record<string, unknown> = {}
  for (const [key, value] of entries)
    Object.defineProperty(args, key, { value, enumerable: true, configurable: true, writable: true })
  return args
})
const anyCall = fc.oneof(
  { weight: 1, arbitrary: odd },
  { weight: 9, arbitrary: fc.record({ tool: toolName, args: fc.oneof({ weight: 8, arbitrary: fields }, odd) }) },
)

test('10,000 calls of every shape: refused with a code and a message or carried out, and the invariants hold', () => {
  let judged = 0
  let refused = 0
  fc.assert(
    fc.property(fc.array(anyCall, { minLength: 8, maxLength: 8 }), fc.nat(100), (calls, seed) => {
      const game = new Episode(simEconomy, { core_auction: true, horizon_turns: 2 }, seed)
      // On turn 2 the same calls meet another world, which has contracts and debts.
      for (const turn of [0, 1]) {
        const decisions = Object.fromEntries(
          game.actors().map((agent, row) => [agent, { calls: [calls[(row + turn) % 8] as never] }]),
        )
        stepLawfully(game, decisions)
        const record = game.log.steps.at(-1)!
        for (const { code, message } of record.refused) {
          refused++
          expect(code).toMatch(/^[a-z_]+$/)
          expect(message.length).toBeGreaterThan(10)
          expect(message.length).toBeLessThan(1000)
        }
        judged += 8
        expect(Object.values(record.results).every(results => results.length === 1)).toBe(true)
      }
      expect(JSON.parse(JSON.stringify(game.log))).toEqual(game.log)
    }),
    { numRuns: 625, seed: 2 },
  )
  expect(judged).toBe(10_000)
  expect(refused).toBeGreaterThan(5000)
})

const configField = fc.oneof(fc.constantFrom(...Object.keys(configSchema.parse({})), '__proto__', 'constructor'), fc.string())

test('10,000 configurations of every shape: parsed to a world that can be played, or refused with a message', () => {
  let accepted = 0
  fc.assert(
    fc.property(
      fc.oneof(
        { weight: 1, arbitrary: odd },
        {
          weight: 9,
          arbitrary: fc
            .array(fc.tuple(configField, fc.oneof(odd, fc.integer({ min: 0, max: 30 }), rate)), { maxLength: 3 })
            .map(entries => {
              const config: Record<string, unknown> = {}
              for (const [key, value] of entries)
                Object.defineProperty(config, key, { value, enumerable: true, configurable: true, writable: true })
              return config
            }),
        },
      ),
      given => {
        const parsed = configSchema.safeParse(given)
        if (!parsed.success) {
          expect(parsed.error.issues[0]!.message.length).toBeGreaterThan(5)
          return
        }
        accepted++
        expect(configSchema.parse(plain(parsed.data))).toEqual(parsed.data)
        if (parsed.data.num_agents > 100) return
        const game = new Episode(simEconomy, parsed.data, 1)
        stepLawfully(game, {})
      },
    ),
    { numRuns: 10_000, seed: 3 },
  )
  expect(accepted).toBeGreaterThan(500)
})

test.each([
  ['num_agents', 0],
  ['num_agents', 8.5],
  ['genesis_tokens_per_agent', -1],
  ['interest_rate_per_turn', 1.01],
  ['interest_rate_per_turn', -0.01],
  ['burn_decay_rate', Number.NaN],
  ['thinking_layer_discount', Number.POSITIVE_INFINITY],
  ['thinking_layer_discount', 0.00001],
  ['signing_bonus', 1e308],
  ['block_threshold', '20'],
  ['debt_rail', { cap: -5 }],
  ['shocks', [{ shock: 'flood', turn: 1 }]],
  ['shocks', [{ shock: 'confiscate', turn: 0, share: 2 }]],
])('a configuration with %s = %j is refused, and the field is named', (name, value) => {
  const { error } = configSchema.safeParse({ [name]: value })
  expect(error!.issues[0]!.path[0]).toBe(name)
})
