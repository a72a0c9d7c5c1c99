/** What a log says in terms that economies share: who dealt with whom, and how everybody stood. Knows events only. */
import type { Dealing, Facts } from '../core/environment.ts'
import { eventsOf } from '../core/log.ts'
import { marketOf } from './config.ts'
import { WEIGHTS } from './score.ts'
import { type Event, roster, type SimEconomy, type TurnClosed } from './state.ts'

/** What becomes of a contract, by event. */
const OUTCOMES = {
  contract_proposed: 'offered',
  contract_accepted: 'accepted',
  contract_delivered: 'delivered',
  contract_cancelled: 'cancelled',
  contract_lapsed: 'lapsed',
  contract_settled: 'settled',
  contract_defaulted: 'defaulted',
} as const
type ContractStep = Extract<Event, { type: keyof typeof OUTCOMES }>
const isContractStep = (event: Event): event is ContractStep => Object.hasOwn(OUTCOMES, event.type)

/** What is told of every agent at each turn's end. */
const QUANTITIES = ['balance', 'reputation', 'staked'] as const satisfies readonly (keyof TurnClosed)[]

export const facts: Facts<SimEconomy> = {
  ranges: config => ({
    reputation: '[0, 100]',
    deep_debt: '{0, 1}',
    contracts_settled: '[0, 1]',
    negative_balance_agents: config === undefined ? '≥ 0' : `[0, ${config.num_agents}]`,
    top1_wealth_shifted_share_final: config === undefined ? '[0, 1]' : `[${1 / config.num_agents}, 1]`,
    ...(config !== undefined && marketOf(config).payoffScale !== null && { payoff: '[−1, 1]' }),
  }),
  weights: () => WEIGHTS,
  billed: true,
  dealings(log) {
    const dealings: Dealing[] = []
    for (const [t, event] of eventsOf(log)) {
      if (event.type === 'transferred') dealings.push({ t, kind: 'transfer', from: event.agent, to: event.to, outcome: 'sent' })
      if (isContractStep(event)) {
        const { proposer, counterparty } = event
        dealings.push({ t, kind: 'contract', from: proposer, to: counterparty, outcome: OUTCOMES[event.type] })
      }
    }
    return dealings
  },
  standings(log) {
    const turns = [...eventsOf(log)].flatMap(([, event]) => (event.type === 'turn_closed' ? [event] : []))
    const agents = roster(Object.keys(log.header.seats).length)
    return Object.fromEntries(
      QUANTITIES.map(name => [
        name,
        Object.fromEntries(agents.map((agent, row) => [agent, turns.map(turn => turn[name][row]!)])),
      ]),
    )
  },
}
