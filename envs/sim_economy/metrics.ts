/** Numbers about an episode, from its log alone: those of the published runs under their published names, and ours. */

import type { MetricDoc, Metrics } from '../core/environment.ts'
import type { EpisodeLog } from '../core/log.ts'
import { median, sum } from '../core/sums.ts'
import type { AgentId } from '../core/tool.ts'
import type { Config } from './config.ts'
import { gini, shiftedGini, shiftOf, topShare } from './inequality.ts'
import { closedTurns } from './score.ts'
import { type Event, roster, type SimEconomy, type TurnClosed, worthOf } from './state.ts'

type Log = EpisodeLog<SimEconomy>

const PAPER = 'Sim-Economy Under Compute Pricing Pressure'
const doc =
  (source: string) =>
  (description: string, formula: string, range: string): MetricDoc => ({
    description,
    formula,
    range,
    source,
  })
const published = doc(PAPER)
const ours = doc('agoragym')

const counted = (what: string) => published(`${what} in the episode`, 'count', '≥ 0')

/** Metrics under the names of the published table, in its order. */
const PUBLISHED = {
  token_supply_final: published(
    'all tokens at the end',
    'Σ(balance + staked + unstaking + escrow − frozen debt) + fund',
    'tokens',
  ),
  fees_total: published('inference fees charged', 'Σ fees', '≥ 0 tokens'),
  turns_with_block: counted('turns with a block'),
  block_count_db: counted('blocks'),
  settled_contracts: counted('contracts settled'),
  defaulted_contracts: counted('contracts in default'),
  mean_balance_final: published('mean balance at the end', 'Σ balance / n', 'tokens'),
  median_balance_final: published('median balance at the end', 'median of balances', 'tokens'),
  min_balance_final: published('smallest balance at the end', 'min of balances', 'tokens'),
  max_balance_final: published('largest balance at the end', 'max of balances', 'tokens'),
  negative_balance_agents: published('agents in debt at the end', 'count of balance < 0', '[0, n]'),
  gini_wealth_final: published(
    'Gini of wealth (balance + staked) at the end, signs as they are; 0 where wealth adds up to 0',
    '2·Σ i·xᵢ / (n·Σx) − (n+1)/n over sorted x',
    'any number; [0, 1) where all wealth is ≥ 0',
  ),
  top1_wealth_share_final: published('share of the richest; 0 where Σ ≤ 0', 'max x / Σx', '≥ 0'),
  wealth_shift_used: published(
    'what is added to every wealth before the shifted figures',
    '1 − min x where min x ≤ 0, else 0',
    '≥ 0 tokens',
  ),
  gini_wealth_shifted: published('Gini of shifted wealth', 'as gini_wealth_final on x + shift', '[0, 1)'),
  top1_wealth_shifted_share_final: published('share of the richest in shifted wealth', 'max / Σ of x + shift', '[1/n, 1]'),
  validator_mine: counted('blocks won by base weight above all'),
  validator_stake: counted('blocks won by stake weight above all'),
  validator_burn: counted('blocks won by burn weight above all'),
  tx_transfer: counted('transfers carried out'),
  tx_stake: counted('stakes carried out'),
  tx_unstake: counted('unstakings that matured'),
  tx_burn: counted('burns carried out'),
  tx_study: published('study transactions: a study leaves none', '0', '0'),
  tx_job: published('job transactions: a job leaves none', '0', '0'),
  actions_mine: counted('mine actions submitted, silence included'),
  actions_stake: counted('stake actions submitted'),
  actions_unstake: counted('unstake actions submitted'),
  actions_burn: counted('burn actions submitted'),
  actions_study: counted('study actions submitted'),
  actions_job: counted('job actions submitted'),
  actions_transfer: counted('transfer actions submitted'),
} as const

const OURS = {
  gini_deviation_final: ours(
    'inequality that does not depend on signs: Gini of how far each wealth is from the mean',
    'gini of |xᵢ − mean x|',
    '[0, 1)',
  ),
  gini_shifted_mean: ours(
    'shifted Gini of wealth, mean over turns; null without a turn',
    'Σ gini_wealth_shifted(t) / turns',
    '[0, 1)',
  ),
  gini_first_turn_above: ours('first turn whose shifted Gini is above 0.4; null where none is', 'min t', '≥ 1'),
  fee_load_max: ours(
    'heaviest effective fee load of a window of 10 turns; null where no window has an income',
    'max over windows of Σ fees / Σ(wages + dividends + block income)',
    '≥ 0',
  ),
  debt_share: ours('share of agent-turns that end in debt; null without a turn', 'count of balance < 0 / (n · turns)', '[0, 1]'),
  minted_total: ours('tokens minted as wages, block rewards, value of contracts and pay of arbitrators', 'Σ', '≥ 0 tokens'),
  agent_fees: ours('fees charged to the agent', 'Σ', '≥ 0 tokens'),
  agent_wages: ours('wages and bonus of the agent', 'Σ', '≥ 0 tokens'),
  agent_thinking_units: ours('thinking units billed to the agent', 'Σ', '≥ 0'),
  agent_output_units: ours('output units billed to the agent', 'Σ', '≥ 0'),
  agent_debt_share: ours('share of turns the agent ends in debt; null without a turn', 'count of balance < 0 / turns', '[0, 1]'),
  agent_contract_tokens: ours(
    'what concluded contracts brought the agent as a party, apart from what they created and the effort they cost',
    'Σ payments in − payments out ± deposits that changed hands or were destroyed',
    'tokens',
  ),
  value_created: ours('tokens that contracts created', 'Σ', '≥ 0 tokens'),
  contracts_kept_share: ours(
    'share of concluded contracts whose agreed text was really delivered; null where none was concluded',
    'kept / (settled + defaulted)',
    '[0, 1]',
  ),
  attestations_audited: ours('attestations audited', 'count', '≥ 0'),
  agent_value_created: ours('tokens that contracts created for the agent as proposer', 'Σ', '≥ 0 tokens'),
  agent_effort: ours('tokens that delivering cost the agent', 'Σ', '≥ 0 tokens'),
  agent_false_deliveries: ours('deliveries of something else than the agreed text by the agent', 'count', '≥ 0'),
  agent_false_attestations: ours('rulings of the agent against what it saw', 'count', '≥ 0'),
  agent_convictions: ours('audits that convicted the agent', 'count', '≥ 0'),
} as const

type Name = keyof typeof PUBLISHED | keyof typeof OURS

/** The names of the published table's columns after `run_id` and `turns`, in its order. */
export const PUBLISHED_METRICS = Object.keys(PUBLISHED) as (keyof typeof PUBLISHED)[]

/** Above this shifted Gini wealth counts as concentrated. */
const CONCENTRATED = 0.4

/** Turns of one fee-load window. */
const WINDOW = 10

export const metrics: Metrics<SimEconomy> = {
  docs: { ...PUBLISHED, ...OURS },
  of(log, agent) {
    const config = log.header.config as Config
    const row = roster(config.num_agents).indexOf(agent)
    const turns = closedTurns(log)
    const balances = turns.at(-1)?.balance ?? roster(config.num_agents).map(() => config.genesis_tokens_per_agent)
    const wealth = turns.length === 0 ? balances : wealthIn(turns.at(-1)!)
    const shift = shiftOf(wealth)
    const shifted = wealth.map(x => x + shift)
    const mean = sum(wealth) / wealth.length
    const ginis = giniByTurn(log)
    const loads = feeLoadByWindow(log).filter(load => load !== null)
    const submitted = actionsOf(log)
    const events = log.steps.flatMap(step => step.events)
    const blocks = events.filter(event => event.type === 'block_produced').map(event => event.block)
    const count = (type: Event['type']): number => events.filter(event => event.type === type).length
    const won = (by: string): number => blocks.filter(block => block.validator_type === by).length
    const ended = events.filter(event => event.type === 'contract_settled' || event.type === 'contract_defaulted')
    const amounts = (type: 'value_created' | 'effort_charged' | 'attestation_paid', of?: AgentId): number =>
      events.reduce((sum, event) => sum + (event.type === type && (of ?? event.agent) === event.agent ? event.amount : 0), 0)
    const over = (list: readonly TurnClosed[], of: (turn: TurnClosed) => number): number =>
      list.reduce((sum, turn) => sum + of(turn), 0)
    const debtTurns = over(turns, turn => turn.balance.filter(balance => balance < 0).length)

    return {
      token_supply_final: supplyIn(turns.at(-1), config) + fundIn(events),
      fees_total: over(turns, turn => sum(turn.fees)),
      turns_with_block: log.steps.filter(step => step.events.some(event => event.type === 'block_produced')).length,
      block_count_db: blocks.length,
      settled_contracts: count('contract_settled'),
      defaulted_contracts: count('contract_defaulted'),
      mean_balance_final: sum(balances) / balances.length,
      median_balance_final: median(balances),
      min_balance_final: balances.reduce((a, b) => Math.min(a, b)),
      max_balance_final: balances.reduce((a, b) => Math.max(a, b)),
      negative_balance_agents: balances.filter(balance => balance < 0).length,
      gini_wealth_final: gini(wealth),
      top1_wealth_share_final: topShare(wealth),
      wealth_shift_used: shift,
      gini_wealth_shifted: gini(shifted),
      top1_wealth_shifted_share_final: topShare(shifted),
      validator_mine: won('mine'),
      validator_stake: won('stake'),
      validator_burn: won('burn'),
      tx_transfer: count('transferred'),
      tx_stake: count('staked'),
      tx_unstake: count('unstaked'),
      tx_burn: count('burned'),
      tx_study: 0,
      tx_job: 0,
      actions_mine: submitted.mine ?? 0,
      actions_stake: submitted.stake ?? 0,
      actions_unstake: submitted.unstake ?? 0,
      actions_burn: submitted.burn ?? 0,
      actions_study: submitted.study ?? 0,
      actions_job: submitted.job ?? 0,
      actions_transfer: submitted.transfer ?? 0,

      gini_deviation_final: gini(wealth.map(x => Math.abs(x - mean))),
      gini_shifted_mean: ginis.length === 0 ? null : sum(ginis) / ginis.length,
      gini_first_turn_above: ginis.findIndex(value => value > CONCENTRATED) + 1 || null,
      fee_load_max: loads.length === 0 ? null : loads.reduce((a, b) => Math.max(a, b)),
      debt_share: turns.length === 0 ? null : debtTurns / (turns.length * config.num_agents),
      minted_total:
        over(turns, turn => sum(turn.wages)) +
        sum(blocks.map(block => block.reward)) +
        amounts('value_created') +
        amounts('attestation_paid'),
      agent_fees: over(turns, turn => turn.fees[row]!),
      agent_wages: over(turns, turn => turn.wages[row]!),
      agent_thinking_units: over(turns, turn => turn.thinking[row]!),
      agent_output_units: over(turns, turn => turn.output[row]!),
      agent_debt_share: turns.length === 0 ? null : over(turns, turn => (turn.balance[row]! < 0 ? 1 : 0)) / turns.length,
      agent_contract_tokens: contractTokens(log, agent),
      value_created: amounts('value_created'),
      contracts_kept_share: ended.length === 0 ? null : ended.filter(({ kept }) => kept).length / ended.length,
      attestations_audited: count('audited'),
      agent_value_created: amounts('value_created', agent),
      agent_effort: amounts('effort_charged', agent),
      agent_false_deliveries: ended.filter(event => event.counterparty === agent && isFalse(event)).length,
      agent_false_attestations: events.filter(
        event => event.type === 'contract_attested' && event.arbitrator === agent && !event.truthful,
      ).length,
      agent_convictions: events.filter(event => event.type === 'audited' && event.convicted.includes(agent)).length,
    } satisfies Record<Name, number | null>
  },
}

/** The shifted Gini of wealth at the end of each turn. */
export function giniByTurn(log: Log): number[] {
  return closedTurns(log).map(turn => shiftedGini(wealthIn(turn)))
}

/** Fees over gross income (wages, dividends, block income) of each window of 10 turns; null where nobody had an income. */
export function feeLoadByWindow(log: Log): (number | null)[] {
  const loads: (number | null)[] = []
  for (let start = 0; start < log.steps.length; start += WINDOW) {
    let fees = 0
    let income = 0
    for (const { events } of log.steps.slice(start, start + WINDOW)) {
      for (const event of events) {
        if (event.type === 'turn_closed') {
          fees += sum(event.fees)
          income += sum(event.wages)
        } else if (event.type === 'dividends_paid') {
          income += event.per_core * event.owners.filter(owner => owner !== null).length
        } else if (event.type === 'block_produced') income += event.block.reward + event.block.tips
      }
    }
    loads.push(income === 0 ? null : fees / income)
  }
  return loads
}

/** What the contracts an agent was a party of brought it in tokens; escrow of open ones apart. */
export function contractTokens(log: Log, agent: AgentId): number {
  let tokens = 0
  const deposits = new Map<string, number>()
  /** Contracts whose proposer an audit found favoured by a false ruling: its deposit goes to the counterparty. */
  const amended = new Set<string>()
  for (const { events } of log.steps) {
    for (const event of events) {
      if (event.type === 'contract_proposed') deposits.set(event.contract, event.deposit)
      else if (event.type === 'audited' && event.kept && !event.ruling) amended.add(event.contract)
      else if (event.type === 'contract_settled') {
        const paid = event.payment + (amended.has(event.contract) ? deposits.get(event.contract)! : 0)
        if (event.counterparty === agent) tokens += paid
        if (event.proposer === agent) tokens -= paid
      } else if (event.type === 'contract_defaulted') {
        if (event.proposer === agent) tokens += event.forfeited - event.slashed / 2
        if (event.counterparty === agent) tokens -= event.forfeited + event.slashed / 2
      }
    }
  }
  return tokens
}

/** Whether a contract ended with something else delivered than was agreed. */
function isFalse(event: Extract<Event, { type: 'contract_settled' | 'contract_defaulted' }>): boolean {
  return !event.kept && !(event.type === 'contract_defaulted' && event.cause === 'not_delivered')
}

/** How often each tool was asked for, allowed or not; silence is `mine`. */
function actionsOf(log: Log): Partial<Record<string, number>> {
  const submitted: Partial<Record<string, number>> = Object.create(null)
  for (const { decisions } of log.steps) {
    for (const agent in decisions) {
      const { calls } = decisions[agent]!
      const name = calls.length === 0 ? 'mine' : (calls[0] as { tool?: unknown } | null)?.tool
      if (typeof name === 'string') submitted[name] = (submitted[name] ?? 0) + 1
    }
  }
  return submitted
}

function wealthIn({ balance, staked }: TurnClosed): number[] {
  return balance.map((tokens, row) => tokens + staked[row]!)
}

function supplyIn(closed: TurnClosed | undefined, { num_agents, genesis_tokens_per_agent }: Config): number {
  if (closed === undefined) return num_agents * genesis_tokens_per_agent
  return sum(closed.balance.map((_, row) => worthOf(closed, row)))
}

/** What the arbitrators' fund holds. */
function fundIn(events: readonly Event[]): number {
  let fund = 0
  for (const event of events) {
    if (event.type === 'fund_fed') fund += event.amount
    if (event.type === 'arbitrator_paid') fund -= event.amount
  }
  return fund
}
