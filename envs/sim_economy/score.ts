/** What a seat's play is worth, from the log alone. */
import type { Scores } from '../core/environment.ts'
import type { EpisodeLog } from '../core/log.ts'
import type { AgentId } from '../core/tool.ts'
import { type Config, marketOf } from './config.ts'
import { START } from './reputation.ts'
import { roster, type SimEconomy, type State, type TurnClosed, worthOf } from './state.ts'

/** A full reputation is worth this much payoff. */
const REPUTATION_WEIGHT = 0.3

/** What each part of a score counts in the reward. */
export const WEIGHTS = { payoff: 1, reputation: REPUTATION_WEIGHT / 100 } as const

/** A debt beyond this is flagged. */
const DEEP_DEBT = 500

/** The change of net worth over the starting balance or, where the configuration has a scale, a figure within ±1 that it bends. */
function payoffOf(worth: number, genesis: number, scale: number | null): number {
  if (scale === null) return (worth - genesis) / genesis
  // √ is exact to the last bit on every machine; tanh is not.
  const gain = (worth - genesis) / scale
  return gain / Math.sqrt(1 + gain * gain)
}

/** The composite: payoff + 0.3 · reputation / 100. */
function composite(payoff: number, reputation: number): number {
  return payoff + (REPUTATION_WEIGHT * reputation) / 100
}

/** How much each seat's composite changed from one state to the next. */
export function rewardsOf(before: State, after: State): Record<AgentId, number> {
  const { config } = after
  const genesis = config.genesis_tokens_per_agent
  const { payoffScale: scale } = marketOf(config)
  const agents = roster(after.balance.length)
  const { reputation: was } = before
  const { reputation: is } = after
  const rewards: Record<AgentId, number> = {}
  for (let row = 0; row < agents.length; row++) {
    const earned =
      scale === null
        ? (worthOf(after, row) - worthOf(before, row)) / genesis
        : payoffOf(worthOf(after, row), genesis, scale) - payoffOf(worthOf(before, row), genesis, scale)
    rewards[agents[row]!] = is[row] === was[row] ? earned : earned + (REPUTATION_WEIGHT * (is[row]! - was[row]!)) / 100
  }
  return rewards
}

/** The closing event of every turn of a log. */
export function closedTurns(log: EpisodeLog<SimEconomy>): TurnClosed[] {
  return log.steps.map(({ events }) => events.at(-1) as TurnClosed)
}

interface Tally {
  submitted: number
  refused: number
  solventTurns: number
  deepDebt: boolean
  settled: number
  concluded: number
}

export function score(log: EpisodeLog<SimEconomy>): Record<AgentId, Scores> {
  const config = log.header.config as Config
  const genesis = config.genesis_tokens_per_agent
  const { payoffScale: scale } = marketOf(config)
  const agents = roster(config.num_agents)
  const tallies = new Map<AgentId, Tally>(
    agents.map(agent => [agent, { submitted: 0, refused: 0, solventTurns: 0, deepDebt: false, settled: 0, concluded: 0 }]),
  )
  for (const { decisions, refused, events } of log.steps) {
    // Silence is one action, `mine`.
    for (const agent of agents) tallies.get(agent)!.submitted += Math.max(1, decisions[agent]?.calls.length ?? 0)
    for (const { agent } of refused) tallies.get(agent)!.refused++
    for (const event of events) {
      if (event.type === 'contract_settled' || event.type === 'contract_defaulted') {
        for (const party of [event.proposer, event.counterparty]) {
          tallies.get(party)!.concluded++
          if (event.type === 'contract_settled') tallies.get(party)!.settled++
        }
      } else if (event.type === 'turn_closed') {
        for (const [row, agent] of agents.entries()) {
          const tally = tallies.get(agent)!
          if (event.balance[row]! >= 0) tally.solventTurns++
          if (event.balance[row]! - event.frozen[row]! < -DEEP_DEBT) tally.deepDebt = true
        }
      }
    }
  }
  const turns = log.steps.length
  const last = closedTurns(log).at(-1)
  return Object.fromEntries(
    agents.map((agent, row) => {
      const { submitted, refused, solventTurns, deepDebt, settled, concluded } = tallies.get(agent)!
      const worth = last === undefined ? genesis : worthOf(last, row)
      const reputation = last?.reputation[row] ?? START
      const payoff = payoffOf(worth, genesis, scale)
      return [
        agent,
        {
          reward: composite(payoff, reputation),
          payoff,
          reputation,
          survival: turns === 0 ? null : solventTurns / turns,
          quality: submitted === 0 ? null : (submitted - refused) / submitted,
          deep_debt: deepDebt ? 1 : 0,
          contracts_settled: concluded === 0 ? null : settled / concluded,
        },
      ]
    }),
  )
}
