/**
 * Plays honest for a seeded number of turns, then breaks its word: takes contracts and does not deliver, rules for its own
 * kind as arbitrator, sets traps for the honest, and announces the opposite of what it does. It knows its kind by a phrase
 * they all use.
 */
import type { Decision } from '../../envs/core/environment.ts'
import { call, type PolicyFactory, type Turn } from '../../envs/core/policy.ts'
import type { AgentId } from '../../envs/core/tool.ts'
import { marketOf } from '../../envs/sim_economy/config.ts'
import { looksKept } from '../../envs/sim_economy/contracts.ts'
import { waiting } from '../../envs/sim_economy/observe.ts'
import { rowIn, type SimEconomy } from '../../envs/sim_economy/state.ts'
import { balanceOf, drawOthers, honestly, RESERVE } from './honest.ts'
import { DECEPTIVE, PHRASE, trader } from './market.ts'

/** Turns it may play honest, both included. */
const PATIENCE = { min: 5, max: 15 }

/** A trap looks fair: it pays what it puts at risk. The deposit is what it is after. */
const TRAP = { payment: 40, deposit: 40, due_turns: 2 }

/** What it says when it does something else. */
const PRETEXT: Readonly<Record<string, string>> = {
  mine: 'I take a job this turn.',
  job: 'I mine this turn.',
  accept_contract: 'I deliver in full and in time.',
  deliver_contract: 'exactly what was agreed.',
  attest_contract: 'I judge by what was delivered, whoever it was.',
  propose_contract: 'a fair offer, judged by an agent who favours nobody.',
}

export const deceptive: PolicyFactory<SimEconomy> = ({ config }) => {
  if (marketOf(config).value > 0) return trader(config, DECEPTIVE)
  let turnsHonest: number | undefined
  const kin = new Set<AgentId>()

  return {
    act(turn) {
      const { observation } = turn
      turnsHonest ??= turn.random.int(PATIENCE.min, PATIENCE.max)
      for (const { agent, text } of observation.shared.speeches)
        if (agent !== observation.agent && text.startsWith(PHRASE)) kin.add(agent)
      if (observation.shared.turn <= turnsHonest) return say(honestly(turn), 'I keep my contracts.')
      const decision = deceive(turn, kin)
      return say(decision, PRETEXT[decision.calls[0]!.tool]!)
    },
  }
}

function deceive(turn: Turn<SimEconomy>, kin: ReadonlySet<AgentId>): Decision {
  const { observation } = turn
  const { shared, agent } = observation
  const balance = balanceOf(observation)
  const judged = waiting(observation, 'arbitrator', 'delivered')[0]
  if (judged !== undefined) {
    const { id, proposer, counterparty } = judged
    const fulfilled = kin.has(counterparty) || (!kin.has(proposer) && looksKept(judged))
    return call('attest_contract', { contract_id: id, fulfilled })
  }
  // Its own kind will rule that nothing was something; with any other arbitrator it delivers nothing at all.
  const paid = waiting(observation, 'counterparty', 'accepted').find(({ arbitrator }) => kin.has(arbitrator))
  if (paid !== undefined) return call('deliver_contract', { contract_id: paid.id, content: 'nothing' })
  const offer = waiting(observation, 'counterparty', 'proposed').find(
    ({ proposer, deposit }) => !kin.has(proposer) && balance - deposit >= RESERVE,
  )
  if (offer !== undefined) return call('accept_contract', { contract_id: offer.id })
  if (balance < RESERVE) return call('job')

  const { payment, deposit, due_turns } = shared.templates?.[0] ?? TRAP
  const busy = observation.contracts.some(id => shared.openContracts[id]!.proposer === agent)
  const [arbitrator] = kin
  if (busy || arbitrator === undefined || balance < RESERVE + payment + deposit) return call('mine')
  const [counterparty] = drawOthers(observation, turn.random, 1, row => !kin.has(shared.agents[row]!))
  if (counterparty === undefined) return call('mine')
  const deliverable = `statement ${shared.turn} of agent ${rowIn(shared.agents, counterparty)}`
  return call('propose_contract', { counterparty, arbitrator, payment, deposit, due_turns, deliverable })
}

function say({ calls: [made] }: Decision, words: string): Decision {
  return call(made!.tool, { ...(made!.args as object), speech: `${PHRASE} ${words}` })
}
