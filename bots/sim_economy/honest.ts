/** Keeps a reserve and its word: works when the reserve is gone, mines otherwise, and does its part in fair contracts. */
import type { Decision } from '../../envs/core/environment.ts'
import { call, type PolicyFactory, type Turn } from '../../envs/core/policy.ts'
import type { Random } from '../../envs/core/random.ts'
import type { AgentId } from '../../envs/core/tool.ts'
import { marketOf } from '../../envs/sim_economy/config.ts'
import { looksKept } from '../../envs/sim_economy/contracts.ts'
import { waiting } from '../../envs/sim_economy/observe.ts'
import { type Contract, type Observation, rowIn, type Shared, type SimEconomy } from '../../envs/sim_economy/state.ts'
import { type Habits, HONEST, trader, WARY } from './market.ts'

/** Tokens below which it works, and which it never puts into a contract: more than an ordinary turn of thinking can cost. */
export const RESERVE = 220

/** It deals with agents of at least this reputation: a broken word is not forgotten for some thirty turns. */
const TRUSTED = 47

/** The terms it offers where it may choose. */
const TERMS = { payment: 40, deposit: 20, due_turns: 2 }

/** Turns that an offer needs to be accepted, delivered and attested, with some to spare. */
const ROOM = 8

/** Every agent offers at most one contract in so many turns. */
const PERIOD = 6

const keepingItsWord =
  (habits: Habits): PolicyFactory<SimEconomy> =>
  ({ config }) =>
    marketOf(config).value > 0 ? trader(config, habits) : { act: honestly }

export const honest = keepingItsWord(HONEST)
export const wary = keepingItsWord(WARY)

/** The honest decision of a turn; also what the deceptive bot plays until it turns. */
export function honestly(turn: Turn<SimEconomy>): Decision {
  const { observation } = turn
  const duty = [...waiting(observation, 'arbitrator', 'delivered'), ...waiting(observation, 'counterparty', 'accepted')]
    .sort((a, b) => a.deadline - b.deadline)
    .at(0)
  if (duty?.status === 'delivered') return call('attest_contract', { contract_id: duty.id, fulfilled: looksKept(duty) })
  if (duty !== undefined) return call('deliver_contract', { contract_id: duty.id, content: duty.deliverable })
  if (balanceOf(observation) < RESERVE) return call('job')
  const offer = waiting(observation, 'counterparty', 'proposed').find(contract => isFair(observation, contract))
  if (offer !== undefined) return call('accept_contract', { contract_id: offer.id })
  return propose(turn) ?? call('mine')
}

/** Pays at least what it puts at risk, leaves the reserve, and is judged and paid by agents of good repute. */
function isFair({ shared, index }: Observation, { payment, deposit, proposer, arbitrator }: Readonly<Contract>): boolean {
  return (
    payment >= deposit &&
    shared.balances[index]! - deposit >= RESERVE &&
    [proposer, arbitrator].every(agent => reputationOf(shared, agent) >= TRUSTED)
  )
}

/** An offer to two trusted agents, now and then; undefined where it is not the time, the means are not there or nobody is. */
function propose(turn: Turn<SimEconomy>): Decision | undefined {
  const { observation } = turn
  const { shared, agent, index } = observation
  if ((shared.turn + index) % PERIOD !== 0 || shared.horizon - shared.turn < ROOM) return undefined
  if (observation.contracts.some(id => shared.openContracts[id]!.proposer === agent)) return undefined
  const { payment, deposit, due_turns } = shared.templates?.[0] ?? TERMS
  if (balanceOf(observation) < RESERVE + payment + deposit) return undefined
  const [counterparty, arbitrator] = drawOthers(observation, turn.random, 2, row => shared.reputations[row]! >= TRUSTED)
  if (counterparty === undefined || arbitrator === undefined) return undefined
  const deliverable = `report of turn ${shared.turn} for ${agent}`
  return call('propose_contract', { counterparty, arbitrator, payment, deposit, due_turns, deliverable })
}

/** Some agents that are eligible, drawn at random; fewer where the draws find no more. Looks at a few only, however many there are. */
export function drawOthers(
  { shared: { agents }, index }: Observation,
  random: Random,
  count: number,
  eligible: (row: number) => boolean,
): AgentId[] {
  const found = new Set<AgentId>()
  for (let draw = 0; draw < 8 * count && found.size < count; draw++) {
    const row = random.int(0, agents.length - 1)
    if (row !== index && eligible(row)) found.add(agents[row]!)
  }
  return [...found]
}

export function balanceOf({ shared, index }: Observation): number {
  return shared.balances[index]!
}

function reputationOf({ agents, reputations }: Shared, agent: AgentId): number {
  return reputations[rowIn(agents, agent)]!
}
