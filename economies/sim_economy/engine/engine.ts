/**
 * One world behind the protocol: the current state of sim_economy and its ledger. It drives the same step function as every
 * episode, without an episode's horizon. Knows no HTTP.
 */

import type { Decision, Decisions } from '../../../envs/core/environment.ts'
import { deepFreeze, plain } from '../../../envs/core/plain.ts'
import { sum } from '../../../envs/core/sums.ts'
import { type Config, configSchema, presets } from '../../../envs/sim_economy/config.ts'
import { simEconomy } from '../../../envs/sim_economy/index.ts'
import { coreName, type Event, type Observation, roster, type State, supplyOf } from '../../../envs/sim_economy/state.ts'
import type { BlockRow, Ledger, TransactionRow } from './ledger.ts'
import { type Names, ProtocolError, readInit, readTurn } from './protocol.ts'

interface World {
  readonly state: State
  readonly names: Names
}

export class Engine {
  readonly #ledger: Ledger
  readonly #seed: number
  #config: Config = configSchema.parse(presets.paper)
  #world: World | undefined

  constructor(ledger: Ledger, seed: number) {
    this.#ledger = ledger
    this.#seed = seed
  }

  /** The configuration of the world; the defaults before there is one. */
  config(): Config {
    return this.#config
  }

  /** Starts a world, or starts anew. */
  init(body: unknown): object {
    const { config, names } = readInit(body)
    const state = simEconomy.reset(deepFreeze(config), this.#seed)
    this.#ledger.clear()
    this.#config = config
    this.#world = { state, names }
    return { ok: true, data: this.state() }
  }

  state(): object {
    const { state, names } = this.#started()
    const seen = simEconomy.shared(state)
    return {
      turn: state.turn,
      token_supply: supplyOf(state),
      agents: roster(state.balance.length).map((agent, row) => ({
        agent_id: names.name(agent),
        balance: state.balance[row],
        staked: state.staked[row],
        unstaking: state.unstaking[row],
        escrow: state.escrow[row],
        frozen_debt: state.frozen[row],
        studies: state.studies[row],
        reputation: state.reputation[row],
        signed: state.signed[row],
        ...ownOf(simEconomy.observe(state, agent, seen), names),
      })),
      cores: state.coreOwners.map((owner, core) => ({
        core_id: coreName(core),
        owner: owner === null ? null : names.name(owner),
      })),
      contracts: Object.values(state.contracts).map(
        ({ id, proposer, counterparty, arbitrator, payment, deposit, deliverable, status, deadline, content }) => ({
          contract_id: id,
          proposer: names.name(proposer),
          counterparty: names.name(counterparty),
          arbitrator: names.name(arbitrator),
          payment,
          deposit,
          deliverable,
          status,
          deadline,
          content,
        }),
      ),
      speeches: state.speeches.map(({ agent, text }) => ({ agent_id: names.name(agent), speech: text })),
    }
  }

  /** Resolves a turn. What it finalised is on disk when this returns; where it cannot be, the turn has not happened. */
  turn(body: unknown): object {
    const { state, names } = this.#started()
    const decisions = this.#decisions(body)
    const { state: after, events, refused } = simEconomy.step(state, decisions)
    const block = after.block !== null && after.block.turn === after.turn ? after.block : null
    const fees = sum(after.last!.fees)
    const transactions = events.flatMap(event => transactionOf(event, after.turn, names, block?.validator_type ?? null))
    this.#ledger.record(
      block && {
        turn: block.turn,
        winner: names.name(block.winner),
        validator_type: block.validator_type,
        reward: block.reward,
        transaction_fees: block.tips,
        inference_fees: fees,
      },
      transactions,
    )
    this.#world = { state: after, names }
    return {
      ok: true,
      data: {
        turn: after.turn,
        inference_fees_collected: fees,
        block_winner: block === null ? null : names.name(block.winner),
        token_supply: supplyOf(after),
        contracts_settled: contractsIn(events, 'contract_settled', names),
        contracts_defaulted: contractsIn(events, 'contract_defaulted', names),
        rejected: refused.map(({ agent, tool, code, message }) => ({
          agent_id: names.name(agent),
          action: tool,
          code,
          message: names.spell(message),
        })),
        transactions,
      },
    }
  }

  #started(): World {
    if (this.#world === undefined) throw new ProtocolError(409, 'world', 'There is no world yet: POST /init first.')
    return this.#world
  }

  /** Everybody's decision; who is not among the inputs mines and thinks nothing. */
  #decisions(body: unknown): Decisions {
    const { state, names } = this.#started()
    const decisions: Record<string, Decision> = {}
    for (const agent of roster(state.balance.length)) decisions[agent] = ABSENT
    for (const { agent, action, args, speech, thinking, output } of readTurn(body, names)) {
      const call = { tool: action, args: speech === undefined ? args : { ...args, speech } }
      decisions[agent] = { calls: [plain(call) as unknown as typeof call], units: { thinking, output, source: 'reported' } }
    }
    return decisions
  }
}

/** What only this agent is to be told, under options that the original engine does not have; nothing without them. */
function ownOf({ effort, efforts, concluded }: Observation, names: Names): object {
  return {
    ...(effort !== undefined && { effort, efforts }),
    ...(concluded !== undefined && {
      concluded: concluded.map(({ contract, proposer, counterparty, arbitrator, ...row }) => ({
        contract_id: contract,
        proposer: names.name(proposer),
        counterparty: names.name(counterparty),
        arbitrator: names.name(arbitrator),
        ...row,
      })),
    }),
  }
}

const ABSENT: Decision = deepFreeze({ calls: [], units: { thinking: 0, output: 0, source: 'reported' } })

/** The transaction that an event finalised, if it is one. */
function transactionOf(
  event: Event,
  turn: number,
  names: Names,
  validator_type: BlockRow['validator_type'] | null,
): TransactionRow[] {
  switch (event.type) {
    case 'transferred':
      return [
        {
          tx_type: 'transfer',
          turn,
          agent_id: names.name(event.agent),
          to: names.name(event.to),
          amount: event.amount,
          fee: event.fee,
          validator_type,
        },
      ]
    case 'staked':
      return [{ tx_type: 'stake', turn, agent_id: names.name(event.agent), amount: event.amount, validator_type }]
    case 'unstaked':
      return [{ tx_type: 'unstake', turn, agent_id: names.name(event.agent), amount: event.amount, validator_type }]
    case 'burned':
      return [{ tx_type: 'burn', turn, agent_id: names.name(event.agent), amount: event.amount, validator_type }]
    default:
      return []
  }
}

function contractsIn(events: readonly Event[], type: 'contract_settled' | 'contract_defaulted', names: Names): object[] {
  return events.flatMap(event =>
    event.type === type
      ? [
          {
            contract_id: event.contract,
            proposer: names.name(event.proposer),
            counterparty: names.name(event.counterparty),
            arbitrator: names.name(event.arbitrator),
          },
        ]
      : [],
  )
}
