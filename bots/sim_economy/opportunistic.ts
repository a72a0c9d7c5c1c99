/**
 * Does what pays best next turn. Writes little when it pays for its words, takes jobs while they pay, signs only contracts
 * that favour it, and bids for a core no more than the fees it should bring.
 */
import type { Decision } from '../../envs/core/environment.ts'
import { call, type PolicyFactory } from '../../envs/core/policy.ts'
import { type Config, marketOf, ratesOf, SCALE } from '../../envs/sim_economy/config.ts'
import { waiting } from '../../envs/sim_economy/observe.ts'
import { coreName, type Observation, type SimEconomy } from '../../envs/sim_economy/state.ts'
import { balanceOf } from './honest.ts'
import { OPPORTUNISTIC, trader } from './market.ts'

/** What it thinks at least, in units. */
const THINKING = 50

/** The mean of units that nobody reports. */
const ORDINARY = { thinking: 200, output: 160 }

/** The part of its balance it would pay for a core. */
const CORE_BUDGET = 0.6

/** After a job without pay it does not expect pay for so many turns. */
const PATIENCE = 3

export const opportunistic: PolicyFactory<SimEconomy> = ({ config }) => {
  if (marketOf(config).value > 0) return trader(config, OPPORTUNISTIC)
  /** The last turn in which a job did not pay. */
  let unpaid = Number.NEGATIVE_INFINITY

  return {
    act(turn) {
      const { observation } = turn
      const { shared } = observation
      const { billed, index, studies } = observation
      if (shared.did[index] === 'job' && billed.wage === 0 && cost(config, billed, studies) >= 1) unpaid = shared.turn - 1
      const wage = shared.turn - unpaid > PATIENCE ? expectedWage(config, observation) : 0
      if (shared.auction) {
        const bid = coreBid(config, observation)
        if (bid >= 1)
          return call('bid_core', { core_id: coreName(turn.random.int(0, shared.coreOwners.length - 1)), amount: bid })
      }
      return contractMove(observation, wage) ?? (wage > expectedBlock(config, observation) ? call('job') : mine(config))
    },
  }
}

/** Mines in as few words as are free. */
function mine(config: Config): Decision {
  const counted = Math.floor((THINKING * ratesOf(config).thinking) / SCALE)
  const output = Math.max(0, config.commons_threshold_per_turn - counted)
  return { ...call('mine'), units: { thinking: THINKING, output, source: 'reported' } }
}

/** What so many units cost, and so what a job pays for them; fractions of a token included. */
function cost(config: Config, units: { readonly thinking: number; readonly output: number }, studies: number): number {
  const weighed = units.thinking * config.thinking_layer_discount + units.output
  const left = Math.max(0, 1 - config.study_discount * studies)
  return Math.max(0, weighed - config.commons_threshold_per_turn) * config.base_inference_rate * left
}

function expectedWage(config: Config, { signed, studies }: Observation): number {
  const wage = Math.min(cost(config, ORDINARY, studies), config.job_wage_cap ?? Number.POSITIVE_INFINITY)
  return wage + (signed ? 0 : config.signing_bonus)
}

/** What a block brings, times the chance among last turn's miners. */
function expectedBlock(config: Config, { shared }: Observation): number {
  const miners = shared.did.filter(did => did === 'mine').length
  return (config.block_reward + (shared.block?.tips ?? 0)) / (miners + 1)
}

/**
 * The discounted fees that a core should bring over the rest of the episode if every second agent pays an ordinary bill;
 * never more than a part of the balance.
 */
function coreBid(config: Config, observation: Observation): number {
  const perTurn = (cost(config, ORDINARY, 0) * config.num_agents) / 2 / config.num_cores
  const discount = 1 / (1 + config.interest_rate_per_turn)
  let worth = 0
  for (let turn = observation.shared.horizon; turn >= observation.shared.turn; turn--) worth = (worth + perTurn) * discount
  return Math.floor(Math.min(worth, CORE_BUDGET * balanceOf(observation)))
}

/** A move in a contract where it beats a turn's wage; undefined where none does. */
function contractMove(observation: Observation, wage: number): Decision | undefined {
  // What it put in is lost unless it delivers.
  const due = waiting(observation, 'counterparty', 'accepted').find(({ payment, deposit }) => payment + deposit > wage)
  if (due !== undefined) return call('deliver_contract', { contract_id: due.id, content: due.deliverable })
  // Acceptance and delivery take a turn each.
  const offer = waiting(observation, 'counterparty', 'proposed').find(
    ({ payment, deposit }) => payment > 2 * wage && payment >= 2 * deposit && balanceOf(observation) >= deposit,
  )
  return offer && call('accept_contract', { contract_id: offer.id })
}
