/** What an agent may do in its turn, one action a turn, each declared once. The mechanisms stand in files of their own. */
import { z } from 'zod'
import { short } from '../core/plain.ts'
import { type ActionOf, type AgentId, type Refusal, toolsFor } from '../core/tool.ts'
import { MAX_TOKENS, marketOf } from './config.ts'
import { accept, attest, cancel, deliver, propose } from './contracts.ts'
import { coreOf } from './cores.ts'
import { earn } from './ledger.ts'
import { type Part, waiting } from './observe.ts'
import { burn, stake, unstake } from './staking.ts'
import { type Contract, coreName, type Observation, roster, rowOf, type SimEconomy, type State } from './state.ts'

const { act } = toolsFor<SimEconomy>()

const speech = {
  speech: z.string().max(280).optional().describe('words that everybody hears next turn'),
}
export const amount = (description: string) => z.int().min(1).max(MAX_TOKENS).describe(description)
export const agentId = (description: string) => z.string().min(1).max(64).describe(description)
export const text = (description: string) => z.string().min(1).max(500).describe(description)
const contractId = z.string().min(1).max(64).describe('the contract’s id, such as contract_3')

const noArgs = z.strictObject(speech)

export function refusal(code: string, message: string): Refusal {
  return { code, message }
}

function unknownAgent(state: State, agent: AgentId): Refusal | undefined {
  if (rowOf(state, agent) >= 0) return undefined
  const ids = roster(state.balance.length)
  return refusal('unknown_agent', `No agent ${short(agent)}; agents are ${ids[0]} to ${ids.at(-1)}.`)
}

/** Refuses what the agent's balance does not cover. */
function unaffordable(state: State, agent: AgentId, needed: number, what: string): Refusal | undefined {
  const balance = state.balance[rowOf(state, agent)]!
  if (balance >= needed) return undefined
  const most = Math.max(0, balance)
  return refusal('low_balance', `${what} needs a balance of ${needed}; yours is ${balance}, which covers at most ${most}.`)
}

/** Refuses a contract that is not open, in which the agent has another part, or which is at another stage. */
function misplaced(state: State, agent: AgentId, id: string, part: Part, status: Contract['status']): Refusal | undefined {
  if (!Object.hasOwn(state.contracts, id))
    return refusal('unknown_contract', `No open contract ${short(id)}; your observation lists those you have a part in.`)
  const contract = state.contracts[id]!
  if (contract[part] !== agent) return refusal('wrong_role', `Only the ${part} of ${id}, ${contract[part]}, may do this.`)
  if (contract.status !== status) return refusal('wrong_status', `${id} is ${contract.status}; this needs one that is ${status}.`)
  return undefined
}

/** The next agents after this one, in row order. */
function others({ shared, index }: Observation, count: number): AgentId[] {
  const { agents } = shared
  return Array.from({ length: Math.min(count, agents.length - 1) }, (_, i) => agents[(index + 1 + i) % agents.length]!)
}

/** How many open contracts the agent has as proposer. */
function ownOffers({ shared: { openContracts }, agent, contracts }: Observation): number {
  return contracts.filter(id => openContracts[id]!.proposer === agent).length
}

/** Terms that leave a third of what is created to who delivers, and two thirds to who proposes. */
function thirdOf({ value, effort }: { readonly value: number; readonly effort: number }) {
  const payment = Math.max(1, effort + Math.floor(Math.max(0, value - effort) / 3))
  return { payment, deposit: Math.floor(payment / 3), due_turns: 2 }
}

const balanceOf = ({ shared, index }: Observation): number => shared.balances[index]!

/** A small and a large share of what there is, both at least 1; none where there is nothing. */
function someOf(available: number): { amount: number }[] {
  return [...new Set([80, Math.floor(available / 2)])].filter(n => n >= 1 && n <= available).map(n => ({ amount: n }))
}

const stakeArgs = z.strictObject({ amount: amount('tokens to stake'), ...speech })
const unstakeArgs = z.strictObject({ amount: amount('staked tokens to take back'), ...speech })
const burnArgs = z.strictObject({ amount: amount('tokens to destroy'), ...speech })
const transferArgs = z.strictObject({
  to: agentId('the agent that gets the amount'),
  amount: amount('tokens it gets'),
  fee: z.int().min(0).max(MAX_TOKENS).describe('tokens for the winner of this turn’s block'),
  ...speech,
})
const bidArgs = z.strictObject({
  core_id: z.string().min(1).max(64).describe('the core, such as core_0'),
  amount: amount('tokens you pay if you win'),
  ...speech,
})
const proposeArgs = z.strictObject({
  counterparty: agentId('the agent that is to deliver'),
  arbitrator: agentId('the agent that says whether it was delivered'),
  payment: amount('tokens the counterparty gets on settlement'),
  deposit: z.int().min(0).max(MAX_TOKENS).describe('tokens each party deposits'),
  deliverable: text('the text that is to be delivered, word for word'),
  due_turns: z.int().min(1).max(50).describe('turns from acceptance to delivery'),
  ...speech,
})
const acceptArgs = z.strictObject({ contract_id: contractId, ...speech })
const deliverArgs = z.strictObject({ contract_id: contractId, content: text('what you deliver'), ...speech })
const attestArgs = z.strictObject({
  contract_id: contractId,
  fulfilled: z.boolean().describe('whether what was delivered is what was agreed'),
  ...speech,
})

/** What the most frequent actions tell: the same words for everybody. */
export const MINED = 'You mine: you are in this turn’s lottery.'
export const WORKED = 'You take a job: no fee this turn; your next observation says what it paid.'
/** Where a job has a wage of its own and its worker pays its bill. */
export const PAID = 'You take a job; your next observation says what it paid.'

/** The tools in the words of the published rules. */
export const tools = {
  mine: act({
    description: 'Enters the lottery for this turn’s block. What an agent does that says nothing.',
    args: noArgs,
    apply: () => MINED,
  }),
  job: act({
    description:
      'Takes a job: you pay no inference fee this turn and are paid the same amount instead, with a signing bonus the first time.',
    args: noArgs,
    apply: () => WORKED,
  }),
  stake: act({
    description: 'Moves tokens from your balance to your stake, which adds to your lottery weight. Needs balance ≥ amount.',
    args: stakeArgs,
    candidates: observation => someOf(balanceOf(observation)),
    refuse: (state, agent, { amount }) => unaffordable(state, agent, amount, `stake ${amount}`),
    apply(draft, agent, { amount }, emit) {
      stake(draft, rowOf(draft, agent), amount)
      emit({ type: 'staked', agent, amount })
      return `Staked ${amount}.`
    },
  }),
  unstake: act({
    description: 'Takes staked tokens back; they return to your balance after the delay. Needs stake ≥ amount.',
    args: unstakeArgs,
    candidates: ({ shared, index }) => someOf(shared.staked[index]!),
    refuse(state, agent, { amount }) {
      const staked = state.staked[rowOf(state, agent)]!
      return staked >= amount
        ? undefined
        : refusal('low_stake', `unstake ${amount} needs a stake of ${amount}; yours is ${staked}, so at most ${staked}.`)
    },
    apply(draft, agent, { amount }, emit) {
      const dueTurn = unstake(draft, rowOf(draft, agent), amount)
      emit({ type: 'unstaking_started', agent, amount, due_turn: dueTurn })
      return `Unstaking ${amount}; it returns at the end of turn ${dueTurn}.`
    },
  }),
  burn: act({
    description: 'Destroys tokens for lottery weight that counts after some turns and then decays. Needs balance ≥ amount.',
    args: burnArgs,
    candidates: observation => someOf(balanceOf(observation)),
    refuse: (state, agent, { amount }) => unaffordable(state, agent, amount, `burn ${amount}`),
    apply(draft, agent, { amount }, emit) {
      const dueTurn = burn(draft, rowOf(draft, agent), amount)
      emit({ type: 'burned', agent, amount, due_turn: dueTurn })
      return `Burned ${amount}; it weighs from turn ${dueTurn}.`
    },
  }),
  study: act({
    description:
      'Pays the study cost for a permanent cut of your billed inference, from this turn on. Needs it at the start of the turn.',
    args: noArgs,
    candidates: observation => (balanceOf(observation) >= observation.shared.studyCost ? [{}] : []),
    refuse: (state, agent) => unaffordable(state, agent, state.config.study_cost, 'study'),
    apply(draft, agent, _args, emit) {
      const row = rowOf(draft, agent)
      const cost = draft.config.study_cost
      draft.balance[row]! -= cost
      draft.studies[row]! += 1
      emit({ type: 'studied', agent, cost })
      return `Studied for ${cost}; you have studied ${draft.studies[row]} times.`
    },
  }),
  transfer: act({
    description: 'Gives tokens to another agent; the fee goes to the winner of this turn’s block. Needs balance ≥ amount + fee.',
    args: transferArgs,
    candidates: observation =>
      balanceOf(observation) >= 21 ? others(observation, 3).map(to => ({ to, amount: 20, fee: 1 })) : [],
    refuse(state, agent, { to, amount, fee }) {
      if (to === agent) return refusal('self_transfer', 'transfer goes to another agent; name one.')
      return unknownAgent(state, to) ?? unaffordable(state, agent, amount + fee, `transfer ${amount} with fee ${fee}`)
    },
    apply(draft, agent, { to, amount, fee }, emit) {
      draft.balance[rowOf(draft, agent)]! -= amount + fee
      emit({ type: 'transferred', agent, to, amount, fee })
      earn(draft, rowOf(draft, to), amount, emit)
      return `Transferred ${amount} to ${to}, fee ${fee}.`
    },
  }),
  bid_core: act({
    description:
      'Sealed bid for one core, turn 1 only: the highest wins, pays its bid and earns a part of all fees from then on. Needs balance ≥ amount.',
    args: bidArgs,
    candidates: observation =>
      observation.shared.auction
        ? observation.shared.coreOwners.flatMap((_, core) =>
            someOf(balanceOf(observation)).map(bid => ({ core_id: coreName(core), ...bid })),
          )
        : [],
    refuse(state, agent, { core_id, amount }) {
      if (coreOf(state, core_id) < 0) {
        const last = coreName(state.coreOwners.length - 1)
        return refusal('unknown_core', `No core ${short(core_id)}; cores are ${coreName(0)} to ${last}.`)
      }
      return unaffordable(state, agent, amount, `bid_core ${amount}`)
    },
    apply(draft, agent, { core_id, amount }, emit) {
      emit({ type: 'bid_placed', agent, core: coreOf(draft, core_id), amount })
      return `Bid ${amount} for ${core_id}; you pay it if you win.`
    },
  }),
  propose_contract: act({
    description:
      'Offers another agent payment for a text it is to deliver, with a third agent as arbitrator. Locks your payment and deposit. Needs balance ≥ payment + deposit.',
    args: proposeArgs,
    candidates(observation) {
      const [counterparty, arbitrator] = others(observation, 2)
      if (counterparty === undefined || arbitrator === undefined) return []
      const { market, templates } = observation.shared
      if (ownOffers(observation) >= (market?.limit ?? Number.POSITIVE_INFINITY)) return []
      const terms = templates ?? [market === undefined ? { payment: 40, deposit: 20, due_turns: 2 } : thirdOf(market)]
      const deliverable = `report ${observation.shared.turn}`
      return terms
        .filter(({ payment, deposit }) => balanceOf(observation) >= payment + deposit)
        .map(term => ({ counterparty, arbitrator, deliverable, ...term }))
    },
    refuse(state, agent, { counterparty, arbitrator, payment, deposit, due_turns }) {
      const unknown = unknownAgent(state, counterparty) ?? unknownAgent(state, arbitrator)
      if (unknown !== undefined) return unknown
      if (new Set([agent, counterparty, arbitrator]).size < 3)
        return refusal('same_agent', 'propose_contract needs three different agents: you, a counterparty and an arbitrator.')
      const { limit } = marketOf(state.config)
      if (Number.isFinite(limit)) {
        let open = 0
        for (const id in state.contracts) if (state.contracts[id]!.proposer === agent) open++
        if (open >= limit)
          return refusal(
            'too_many_contracts',
            `You have ${open} open as proposer, and the most is ${limit}; wait until one is concluded, or cancel an offer.`,
          )
      }
      const templates = state.config.contract_scaffold?.templates
      const fits = templates?.some(
        template => template.payment === payment && template.deposit === deposit && template.due_turns === due_turns,
      )
      if (fits === false) {
        const listed = templates!.map(template => `${template.payment}/${template.deposit}/${template.due_turns}`)
        return refusal(
          'no_template',
          `Contracts have fixed terms here; payment/deposit/due_turns is one of ${listed.join(', ')}.`,
        )
      }
      return unaffordable(state, agent, payment + deposit, `a contract of payment ${payment} and deposit ${deposit}`)
    },
    apply(draft, agent, { counterparty, arbitrator, payment, deposit, deliverable, due_turns }, emit) {
      const { id, deadline } = propose(
        draft,
        { proposer: agent, counterparty, arbitrator, payment, deposit, deliverable, dueTurns: due_turns },
        emit,
      )
      return `Proposed ${id}; ${counterparty} may accept it up to turn ${deadline}.`
    },
  }),
  accept_contract: act({
    description: 'Accepts a contract offered to you as counterparty and locks your deposit. Needs balance ≥ deposit.',
    args: acceptArgs,
    candidates: observation =>
      waiting(observation, 'counterparty', 'proposed')
        .filter(({ deposit }) => balanceOf(observation) >= deposit)
        .map(({ id }) => ({ contract_id: id })),
    refuse: (state, agent, { contract_id }) =>
      misplaced(state, agent, contract_id, 'counterparty', 'proposed') ??
      unaffordable(state, agent, state.contracts[contract_id]!.deposit, `accepting ${contract_id}`),
    apply(draft, _agent, { contract_id }, emit) {
      const due = accept(draft, draft.contracts[contract_id]!, emit)
      return `Accepted ${contract_id}; deliver up to turn ${due}.`
    },
  }),
  deliver_contract: act({
    description: 'Delivers what an accepted contract asks of you as counterparty, before it is due.',
    args: deliverArgs,
    candidates: observation =>
      waiting(observation, 'counterparty', 'accepted').flatMap(({ id, deliverable }) => [
        { contract_id: id, content: deliverable },
        { contract_id: id, content: 'nothing' },
      ]),
    refuse: (state, agent, { contract_id }) => misplaced(state, agent, contract_id, 'counterparty', 'accepted'),
    apply(draft, _agent, { contract_id, content }, emit) {
      const due = deliver(draft, draft.contracts[contract_id]!, content, emit)
      return `Delivered on ${contract_id}; the arbitrator may attest up to turn ${due}.`
    },
  }),
  attest_contract: act({
    description:
      'As arbitrator, says whether a delivered contract was fulfilled: then the counterparty is paid, otherwise it is in default.',
    args: attestArgs,
    candidates: observation =>
      waiting(observation, 'arbitrator', 'delivered').flatMap(({ id }) => [
        { contract_id: id, fulfilled: true },
        { contract_id: id, fulfilled: false },
      ]),
    refuse: (state, agent, { contract_id }) => misplaced(state, agent, contract_id, 'arbitrator', 'delivered'),
    apply(draft, _agent, { contract_id, fulfilled }, emit) {
      attest(draft, draft.contracts[contract_id]!, fulfilled, emit)
      return `Attested that ${contract_id} was ${fulfilled ? '' : 'not '}fulfilled.`
    },
  }),
  cancel_contract: act({
    description: 'Takes back an offer of yours that nobody has accepted; everything locked returns.',
    args: acceptArgs,
    candidates: observation => waiting(observation, 'proposer', 'proposed').map(({ id }) => ({ contract_id: id })),
    refuse: (state, agent, { contract_id }) => misplaced(state, agent, contract_id, 'proposer', 'proposed'),
    apply(draft, _agent, { contract_id }, emit) {
      cancel(draft, draft.contracts[contract_id]!, emit)
      return `Cancelled ${contract_id}.`
    },
  }),
}

export type Action = ActionOf<typeof tools>
