/**
 * A client of our own for the original engine's HTTP protocol, written after its description: the published policy as a
 * script would drive it, one turn a request, its figures read from the answers and from the SQLite file.
 */
import Database from 'libsql'
import { MersenneTwister } from '../../../../bots/sim_economy/mersenne.ts'

export type Json = Record<string, unknown>

export async function request(base: string, path: string, body?: unknown): Promise<{ status: number; body: Json }> {
  const response = await fetch(`${base}${path}`, {
    ...(body !== undefined && { method: 'POST', body: typeof body === 'string' ? body : JSON.stringify(body) }),
    headers: { 'content-type': 'application/json' },
  })
  return { status: response.status, body: (await response.json()) as Json }
}

interface AgentRow {
  agent_id: string
  balance: number
  staked: number
}

interface TurnData {
  turn: number
  inference_fees_collected: number
  block_winner: string | null
  contracts_settled: unknown[]
  contracts_defaulted: unknown[]
  rejected: { agent_id: string; action: string; code: string; message: string }[]
}

/** What a row of the file says in its JSON. */
export function ledgerRows(path: string, table: 'blocks' | 'transactions'): { turn: number; data: Json }[] {
  const db = new Database(path, { readonly: true })
  const rows = db.prepare(`SELECT turn, data FROM ${table} ORDER BY rowid`).all() as { turn: number; data: string }[]
  db.close()
  return rows.map(({ turn, data }) => ({ turn, data: JSON.parse(data) as Json }))
}

const IDS = Array.from({ length: 8 }, (_, i) => `agent_${i}`)

/** The published configuration, as the study sends it. */
const CONFIG = {
  num_agents: 8,
  num_cores: 4,
  genesis_tokens_per_agent: 1000,
  commons_threshold_per_turn: 100,
  base_inference_rate: 1,
  thinking_layer_discount: 0.1,
  mine_base_weight: 10.0,
  stake_weight_per_token: 0.01,
  burn_weight_per_token: 0.05,
  burn_decay_rate: 0.02,
  burn_maturity_turns: 3,
  unstake_delay_turns: 5,
  interest_rate_per_turn: 0.01,
  signing_bonus: 50,
  block_threshold: 20.0,
  attested_confirmation_window: 3,
  slash_both_on_timeout: true,
}

function choose(t: number, i: number, agents: readonly AgentRow[]): Json {
  const { balance, staked } = agents[i]!
  const least = Math.min(...agents.map(agent => agent.balance))
  const poorest = agents.findIndex(agent => agent.balance === least)
  if (balance < -180) return { action: 'job' }
  if (staked > 0 && t % 15 === 0) return { action: 'unstake' }
  if (balance > 360 && staked < 220 && (t + i) % 7 === 0) return { action: 'stake', amount: 80 }
  if (balance > 600 && (t + i) % 11 === 0) return { action: 'burn', amount: 50 }
  if (balance > 450 && t % 13 === 0 && poorest !== i) return { action: 'transfer', to: IDS[poorest], amount: 20, fee: 1 }
  if (balance > 250 && t % 10 === 0) return { action: 'study' }
  return { action: 'mine' }
}

/** Plays one run of the study against a server; gives the figures that the published table has. */
export async function driveRun(base: string, dbPath: string, run: number, turns = 60): Promise<Record<string, number>> {
  const random = new MersenneTwister(1000 + run)
  await request(base, '/init', { config: CONFIG, agent_ids: IDS })
  const actions: Record<string, number> = {}
  let fees = 0
  let blocks = 0
  let settled = 0
  let defaulted = 0
  for (let t = 1; t <= turns; t++) {
    const { agents } = (await request(base, '/state')).body as unknown as { agents: AgentRow[] }
    const inputs = IDS.map((agent_id, i) => {
      const thinking_units = random.randint(50, 350)
      const output_units = random.randint(40, 280)
      const action = choose(t, i, agents)
      actions[String(action.action)] = (actions[String(action.action)] ?? 0) + 1
      return { agent_id, thinking: `turn ${t}`, action, speech: null, thinking_units, output_units }
    })
    const { ok, data } = (await request(base, '/turn', { inputs })).body as unknown as { ok: boolean; data: TurnData }
    if (!ok || data.turn !== t) throw new Error(`turn ${t}: ${JSON.stringify(data)}`)
    fees += data.inference_fees_collected
    if (data.block_winner !== null) blocks++
    settled += data.contracts_settled.length
    defaulted += data.contracts_defaulted.length
  }
  const state = (await request(base, '/state')).body as unknown as { token_supply: number; agents: AgentRow[] }
  const balances = state.agents.map(({ balance }) => balance)
  const blockRows = ledgerRows(dbPath, 'blocks')
  const count = (rows: { data: Json }[], field: string, value: string) => rows.filter(({ data }) => data[field] === value).length
  const transactions = ledgerRows(dbPath, 'transactions')
  return {
    run_id: run,
    turns,
    token_supply_final: state.token_supply,
    fees_total: fees,
    turns_with_block: blocks,
    block_count_db: blockRows.length,
    settled_contracts: settled,
    defaulted_contracts: defaulted,
    mean_balance_final: balances.reduce((a, b) => a + b) / balances.length,
    min_balance_final: Math.min(...balances),
    max_balance_final: Math.max(...balances),
    negative_balance_agents: balances.filter(balance => balance < 0).length,
    validator_mine: count(blockRows, 'validator_type', 'mine'),
    validator_stake: count(blockRows, 'validator_type', 'stake'),
    validator_burn: count(blockRows, 'validator_type', 'burn'),
    ...Object.fromEntries(
      ['transfer', 'stake', 'unstake', 'burn', 'study', 'job'].map(type => [`tx_${type}`, count(transactions, 'tx_type', type)]),
    ),
    ...Object.fromEntries(
      ['mine', 'stake', 'unstake', 'burn', 'study', 'job', 'transfer'].map(action => [`actions_${action}`, actions[action] ?? 0]),
    ),
  }
}
