/**
 * What can be set about the economy, the named settings, and the integers that the rules work with. Field names are those
 * of the published runs where these have the field. Knows no rule.
 */
import { z } from 'zod'

/** Rates are integers over this; a rate with more decimals is refused, so that no floor depends on a rounding. */
export const SCALE = 10_000

/** No balance is pushed past ± this by a fee, a wage, a reward or interest: every sum of the ledger stays an exact integer. */
export const LEDGER_LIMIT = 100_000_000_000

/** The most inference units of either kind that one turn is billed for. */
export const MAX_UNITS = 1_000_000

/** The most tokens one action may name. */
export const MAX_TOKENS = 1_000_000_000

const rate = (max = 1) =>
  z
    .number()
    .min(0)
    .max(max)
    .refine(value => Math.abs(value * SCALE - Math.round(value * SCALE)) < 1e-6, 'expected at most four decimals')
    .overwrite(unsigned)
const integer = (min: number, max: number) => z.int().min(min).max(max).overwrite(unsigned)
const tokens = (min = 0) => integer(min, MAX_TOKENS)
const turns = integer

/** -0 becomes 0: a log is read back with 0. */
function unsigned(value: number): number {
  return value + 0
}

const template = z.strictObject({
  payment: tokens(1).describe('tokens the counterparty is paid'),
  deposit: tokens().describe('tokens each party deposits'),
  due_turns: turns(1, 50).describe('turns from acceptance to delivery'),
})

const shock = z.discriminatedUnion('shock', [
  z.strictObject({
    shock: z.literal('fee_rate').describe('fees are multiplied from this turn on; wages are not'),
    turn: turns(1, 1_000_000).describe('the turn it strikes'),
    factor: rate(100).describe('times the configured rate, cut to four decimals; 1 ends an earlier one'),
  }),
  z.strictObject({
    shock: z.literal('confiscate').describe('every positive balance loses a share, which is destroyed'),
    turn: turns(1, 1_000_000).describe('the turn it strikes'),
    share: rate().describe('share of the balance'),
  }),
  z.strictObject({
    shock: z.literal('wage_stop').describe('jobs pay neither wage nor bonus'),
    turn: turns(1, 1_000_000).describe('the first turn without pay'),
    length: turns(1, 1_000_000).describe('turns without pay'),
  }),
])

/** A governance module: off where null; its description names the numbers that `{}` stands for. */
function governance<Shape extends z.ZodRawShape>(shape: Shape, words: string) {
  const schema = z.strictObject(shape)
  const numbers = JSON.stringify(schema.parse({}))
  return schema.nullable().default(null).describe(`governance module, off where null; {} is ${numbers}: ${words}`)
}

/** The fields of the published rules. Their defaults are those of `standard`; a published preset says its own in full. */
const published = {
  num_agents: integer(1, 10_000).default(8).describe('agents agent_0 to agent_{n-1}'),
  num_cores: integer(1, 1000).default(8).describe('compute cores core_0 to core_{m-1}; each earns an equal part of the fees'),
  genesis_tokens_per_agent: tokens(1).default(1000).describe('starting balance in tokens'),
  commons_threshold_per_turn: integer(0, MAX_UNITS).default(100).describe('inference units per agent and turn that are free'),
  base_inference_rate: rate(100).default(0.004).describe('tokens per billed unit'),
  thinking_layer_discount: rate().default(0.1).describe('weight of a thinking unit; an output unit weighs 1'),
  mine_base_weight: rate(1_000_000).default(10).describe('lottery weight of a mining agent'),
  stake_weight_per_token: rate(1000).default(0.1).describe('further lottery weight per staked token'),
  burn_weight_per_token: rate(1000).default(1).describe('further lottery weight per burned token, once matured'),
  burn_decay_rate: rate().default(0.02).describe('decay of matured burn weight per turn'),
  burn_maturity_turns: turns(0, 1000).default(3).describe('turns before a burn counts'),
  unstake_delay_turns: turns(0, 1000).default(5).describe('turns before unstaked tokens return'),
  interest_rate_per_turn: rate().default(0.01).describe('interest on a negative balance, per turn'),
  signing_bonus: tokens().default(50).describe('tokens paid with the first job an agent ever takes'),
  block_threshold: rate(1_000_000_000).default(20).describe('least sum of miners’ base weights for a block'),
  attested_confirmation_window: turns(1, 1000)
    .default(3)
    .describe('turns for the acceptance and for the attestation of a contract'),
  slash_both_on_timeout: z
    .boolean()
    .default(true)
    .describe('whether both deposits are destroyed when an accepted contract times out'),
  study_cost: tokens().default(20).describe('price of a study in tokens'),
  study_discount: rate().default(0.06).describe('permanent cut of billed inference and of effort per study'),
  core_auction: z.boolean().default(true).describe('whether the cores are sold by sealed bid on turn 1'),
  horizon_turns: turns(1, 100_000).default(60).describe('turns of an episode'),
  block_reward: tokens().default(100).describe('tokens minted to the winner of a block'),
  job_wage_cap: tokens()
    .nullable()
    .default(null)
    .describe('most tokens one job pays as its wage, the bonus apart; null for no cap'),
  fee_cap: governance(
    {
      window: turns(1, 1000).default(10).describe('turns looked at'),
      ratio: rate(1000).default(1.5).describe('most fees per token of that income'),
      income: z
        .enum(['blocks', 'blocks_and_wages'])
        .default('blocks')
        .describe('what is counted: what blocks could have paid, or what jobs could have paid everybody besides'),
    },
    'the fees of the last turns may not exceed a multiple of what blocks, or blocks and jobs, could have paid',
  ),
  reinvestment_rebate: governance(
    {
      share: rate().default(0.5).describe('share of the fee given back'),
      hold: turns(1, 1000).default(5).describe('turns that a stake must have been held'),
    },
    'who studied, settled a contract or holds a stake gets back a share of its fee',
  ),
  debt_rail: governance(
    {
      cap: tokens().default(500).describe('debt in tokens above which it is frozen'),
      service: rate().default(0.5).describe('share of every later income that repays frozen debt'),
    },
    'debt above a cap is frozen without interest and repaid out of income',
  ),
  contract_scaffold: governance(
    {
      share: rate().default(0.05).describe('share of the fees that feeds the fund'),
      arbitrator_fee: tokens().default(5).describe('tokens the fund pays for an attestation, as far as it holds them'),
      templates: z
        .array(template)
        .min(1)
        .max(16)
        .default([
          { payment: 40, deposit: 20, due_turns: 2 },
          { payment: 120, deposit: 60, due_turns: 4 },
        ])
        .describe('the only terms a contract may have'),
    },
    'contracts have template terms, and arbitrators are paid from a fund fed by fees',
  ),
  concentration_monitor: governance(
    { limit: rate().default(0.4).describe('shifted Gini of wealth above which it acts') },
    'while wealth is concentrated, the poorest half pays half its fees',
  ),
  shocks: z
    .array(shock)
    .max(64)
    .default([])
    .describe(
      '{shock: "fee_rate", turn, factor}, {shock: "confiscate", turn, share} or {shock: "wage_stop", turn, length}, each off unless listed',
    ),
} as const

/** A field that the published rules do not have: what `standard` sets it to is documented as its default. */
function ours<Schema extends z.ZodType>(schema: Schema, standard: z.input<Schema>, words: string) {
  return schema.optional().meta({ default: standard, description: words })
}

/** Fields that the published rules do not have. Absent stands for off, so that a published configuration stays as it was. */
const additional = {
  job_wage: ours(
    tokens().nullable(),
    20,
    'flat pay of a job in tokens, whose worker then pays its bill like anybody; null: a job turns the bill round',
  ),
  fee_ceiling: ours(tokens().nullable(), 12, 'most tokens that one turn of inference costs; null for no ceiling'),
  contract_value: ours(
    tokens(),
    500,
    'tokens minted to the proposer when a contract whose agreed text was really delivered is concluded; 0: none',
  ),
  delivery_effort: ours(
    tokens(),
    200,
    'tokens of inference that delivering the agreed text costs on average, charged when the contract is concluded; any other text costs none',
  ),
  effort_swing: ours(
    z
      .strictObject({
        spread: rate().default(0.75).describe('how far the effort of an agent may lie from the average, as a share of it'),
        turns: turns(1, 100_000).default(10).describe('turns for which it stays what it is'),
      })
      .nullable(),
    {},
    'each agent’s effort is drawn anew every few turns and known to that agent alone; null: it is the same for all',
  ),
  disguise_rate: ours(rate(), 0.9, 'chance that another text looks like the agreed one to everybody but its author'),
  attestation_fee: ours(tokens(), 20, 'tokens minted to the arbitrator for an attestation'),
  reputation_basis: ours(
    z.enum(['truth', 'ruling']),
    'ruling',
    'what reputation follows where nobody audits: what was delivered, or what the arbitrator said of it',
  ),
  contract_limit: ours(
    integer(1, 1000).nullable(),
    1,
    'most contracts that an agent may have open as proposer; null for any number',
  ),
  payoff_scale: ours(
    tokens(1).nullable(),
    5000,
    'payoff is x/√(1 + x²), x the gain over so many tokens; null: the gain over the starting balance',
  ),
  audit: ours(
    z
      .strictObject({
        share: rate().default(0.7).describe('chance that an attestation is audited'),
        fine: tokens().default(200).describe('tokens paid by whom an audit convicts'),
      })
      .nullable(),
    {},
    'governance module, off where null; {} is {"share":0.7,"fine":200}: attestations are audited at random; then the truth decides, and who delivered something else, ruled against what it saw or was favoured by such a ruling pays a fine',
  ),
} as const

const fields = z.strictObject({ ...published, ...additional })

/** What the additional fields are in `standard`. */
const standard = Object.fromEntries(
  Object.entries(additional).map(([name, schema]) => [name, schema.meta()!.default]),
) as z.input<typeof fields>

/**
 * Anything a configuration leaves open is as in `standard`, so `{}` is that preset. Only one that gives every field of the
 * published rules is complete as it stands, and has none of the additional fields but those it names: the published
 * presets, and every configuration in a log.
 */
export const configSchema = z.preprocess(input => {
  if (typeof input !== 'object' || input === null || Array.isArray(input)) return input
  return Object.keys(published).every(name => Object.hasOwn(input, name)) ? input : { ...standard, ...input }
}, fields)

export type Config = z.infer<typeof fields>
/** A configuration as a user would write it. */
export type ConfigInput = z.input<typeof fields>
export type Shock = Config['shocks'][number]
export type Template = z.infer<typeof template>

const paper = {
  num_agents: 8,
  num_cores: 4,
  genesis_tokens_per_agent: 1000,
  commons_threshold_per_turn: 100,
  base_inference_rate: 1,
  thinking_layer_discount: 0.1,
  mine_base_weight: 10,
  stake_weight_per_token: 0.01,
  burn_weight_per_token: 0.05,
  burn_decay_rate: 0.02,
  burn_maturity_turns: 3,
  unstake_delay_turns: 5,
  interest_rate_per_turn: 0.01,
  signing_bonus: 50,
  block_threshold: 20,
  attested_confirmation_window: 3,
  slash_both_on_timeout: true,
  study_cost: 50,
  study_discount: 0.05,
  core_auction: false,
  horizon_turns: 60,
  block_reward: 0,
  job_wage_cap: null,
  fee_cap: null,
  reinvestment_rebate: null,
  debt_rail: null,
  contract_scaffold: null,
  concentration_monitor: null,
  shocks: [],
} satisfies Required<Pick<ConfigInput, keyof typeof published>>

/**
 * The first is for new evaluations and for training, `easy`, `hard` and `short` are variants of it; the last two reproduce
 * published runs and say every field of theirs.
 */
export const presets = {
  standard: {},
  easy: { contract_value: 650, delivery_effort: 180, audit: { share: 0.85 } },
  hard: { contract_value: 470, delivery_effort: 220, audit: { share: 0.4 } },
  short: {
    horizon_turns: 13,
    contract_value: 680,
    effort_swing: { spread: 1, turns: 13 },
    payoff_scale: 1200,
    block_reward: 50,
    audit: { share: 0.85 },
  },
  paper,
  'llm-run-01': { ...paper, num_agents: 4, num_cores: 2, block_threshold: 10, core_auction: true, horizon_turns: 10 },
} satisfies Record<string, ConfigInput>

/** The additional fields as the rules use them, with what their absence stands for. */
export interface Market {
  /** Whether the configuration has none of them: the rules as they were published. */
  readonly published: boolean
  readonly wage: number | null
  readonly ceiling: number
  readonly value: number
  readonly effort: number
  /** `spread` over `SCALE`. */
  readonly swing: { readonly spread: number; readonly turns: number } | null
  readonly disguise: number
  readonly attestationFee: number
  readonly byRuling: boolean
  readonly limit: number
  readonly payoffScale: number | null
  readonly audit: { readonly share: number; readonly fine: number } | null
}

const markets = new WeakMap<Config, Market>()

export function marketOf(config: Config): Market {
  let market = markets.get(config)
  if (market === undefined) {
    const swing = config.effort_swing ?? null
    market = {
      published: Object.keys(additional).every(name => config[name as keyof typeof additional] === undefined),
      wage: config.job_wage ?? null,
      ceiling: config.fee_ceiling ?? Number.POSITIVE_INFINITY,
      value: config.contract_value ?? 0,
      effort: config.delivery_effort ?? 0,
      swing: swing && { spread: scaled(swing.spread), turns: swing.turns },
      disguise: config.disguise_rate ?? 0,
      attestationFee: config.attestation_fee ?? 0,
      byRuling: config.reputation_basis === 'ruling',
      limit: config.contract_limit ?? Number.POSITIVE_INFINITY,
      payoffScale: config.payoff_scale ?? null,
      audit: config.audit ?? null,
    }
    markets.set(config, market)
  }
  return market
}

/** The configuration's rates as integers over `SCALE`. */
export interface Rates {
  readonly inference: number
  readonly thinking: number
  readonly study: number
  readonly interest: number
  readonly mineWeight: number
  readonly stakeWeight: number
  readonly burnWeight: number
  readonly blockThreshold: number
  /** What is left of matured burn weight after a turn, in [0, 1]. */
  readonly burnKept: number
}

/** A rate as an integer over `SCALE`. */
export function scaled(value: number): number {
  return Math.round(value * SCALE)
}

/** ⌊amount · rate⌋, exactly, for an amount ≥ 0 and a rate in integers over `SCALE`. */
export function portion(amount: number, rateScaled: number): number {
  const rest = amount % SCALE
  return ((amount - rest) / SCALE) * rateScaled + Math.floor((rest * rateScaled) / SCALE)
}

const known = new WeakMap<Config, Rates>()

export function ratesOf(config: Config): Rates {
  let rates = known.get(config)
  if (rates === undefined) {
    rates = {
      inference: scaled(config.base_inference_rate),
      thinking: scaled(config.thinking_layer_discount),
      study: scaled(config.study_discount),
      interest: scaled(config.interest_rate_per_turn),
      mineWeight: scaled(config.mine_base_weight),
      stakeWeight: scaled(config.stake_weight_per_token),
      burnWeight: scaled(config.burn_weight_per_token),
      blockThreshold: scaled(config.block_threshold),
      burnKept: (SCALE - scaled(config.burn_decay_rate)) / SCALE,
    }
    known.set(config, rates)
  }
  return rates
}
