/**
 * Contracts of three parties, with what they lock up in escrow: a proposer who pays, a counterparty who delivers, an
 * arbitrator who says whether it was delivered. Nobody is forced to keep one.
 */
import { payArbitrator } from './governance.ts'
import { earn, lock } from './ledger.ts'
import { adjust, POINTS } from './reputation.ts'
import { type Contract, type Event, now, rowOf, type State } from './state.ts'

type Emit = (event: Event) => void

/** What names a contract in its events. */
export function parties({ id, proposer, counterparty, arbitrator }: Contract) {
  return { contract: id, proposer, counterparty, arbitrator }
}

export type Terms = Pick<
  Contract,
  'proposer' | 'counterparty' | 'arbitrator' | 'payment' | 'deposit' | 'deliverable' | 'dueTurns'
>

/** Opens a contract and locks the proposer's payment and deposit. */
export function propose(draft: State, terms: Terms, emit: Emit): Contract {
  const contract: Contract = {
    id: `contract_${draft.proposed}`,
    ...terms,
    status: 'proposed',
    deadline: now(draft) + draft.config.attested_confirmation_window,
    content: null,
  }
  draft.proposed++
  lock(draft, rowOf(draft, contract.proposer), contract.payment + contract.deposit)
  draft.contracts[contract.id] = contract
  const { payment, deposit, deliverable, dueTurns } = contract
  emit({ type: 'contract_proposed', ...parties(contract), payment, deposit, deliverable, dueTurns })
  return contract
}

/** Binds the counterparty and locks its deposit; gives the last turn to deliver in. */
export function accept(draft: State, contract: Contract, emit: Emit): number {
  const deadline = now(draft) + contract.dueTurns
  lock(draft, rowOf(draft, contract.counterparty), contract.deposit)
  draft.contracts[contract.id] = { ...contract, status: 'accepted', deadline }
  emit({ type: 'contract_accepted', ...parties(contract) })
  return deadline
}

/** Hands over the content; gives the last turn to attest in. */
export function deliver(draft: State, contract: Contract, content: string, emit: Emit): number {
  const deadline = now(draft) + draft.config.attested_confirmation_window
  draft.contracts[contract.id] = { ...contract, status: 'delivered', deadline, content }
  emit({ type: 'contract_delivered', ...parties(contract), content })
  return deadline
}

/** Concludes a delivered contract as its arbitrator says, and judges the arbitrator by what was delivered. */
export function attest(draft: State, contract: Contract, fulfilled: boolean, emit: Emit): void {
  const truthful = fulfilled === isKept(contract)
  emit({ type: 'contract_attested', ...parties(contract), fulfilled, truthful })
  if (!truthful) adjust(draft, contract.arbitrator, POINTS.falseAttestation)
  payArbitrator(draft, rowOf(draft, contract.arbitrator), emit)
  if (fulfilled) settle(draft, contract, emit)
  else endInDefault(draft, contract, 'not_fulfilled', emit)
}

/** Takes an offer back. */
export function cancel(draft: State, contract: Contract, emit: Emit): void {
  withdraw(draft, contract)
  emit({ type: 'contract_cancelled', ...parties(contract) })
}

/** Ends every contract whose next move did not come in time: an offer lapses, an accepted contract is in default. */
export function timeOut(draft: State, emit: Emit): void {
  for (const id in draft.contracts) {
    const contract = draft.contracts[id]!
    if (contract.deadline > now(draft)) continue
    if (contract.status === 'proposed') {
      withdraw(draft, contract)
      emit({ type: 'contract_lapsed', ...parties(contract) })
    } else if (contract.status === 'accepted') {
      endInDefault(draft, contract, 'not_delivered', emit)
    } else {
      adjust(draft, contract.arbitrator, POINTS.failed)
      endInDefault(draft, contract, 'not_attested', emit)
    }
  }
}

/** The ground truth: what was delivered is, but for outer white space, what was agreed. */
export function isKept({ content, deliverable }: Readonly<Contract>): boolean {
  return content !== null && content.trim() === deliverable.trim()
}

/** An offer that nobody accepted: everything returns. */
function withdraw(draft: State, contract: Contract): void {
  release(draft, contract.proposer, contract.payment + contract.deposit)
  delete draft.contracts[contract.id]
}

function settle(draft: State, contract: Contract, emit: Emit): void {
  const { proposer, counterparty, payment, deposit } = contract
  const kept = isKept(contract)
  forfeit(draft, proposer, payment)
  release(draft, proposer, deposit)
  release(draft, counterparty, deposit)
  earn(draft, rowOf(draft, counterparty), payment, emit)
  if (kept) {
    adjust(draft, proposer, POINTS.settled)
    adjust(draft, counterparty, POINTS.settled)
  } else adjust(draft, counterparty, POINTS.failed)
  delete draft.contracts[contract.id]
  emit({ type: 'contract_settled', ...parties(contract), payment, kept })
}

/** The payment returns to the proposer; what becomes of the deposits depends on the cause. */
function endInDefault(
  draft: State,
  contract: Contract,
  cause: Extract<Event, { type: 'contract_defaulted' }>['cause'],
  emit: Emit,
): void {
  const { proposer, counterparty, payment, deposit } = contract
  const kept = isKept(contract)
  const slashes = cause !== 'not_fulfilled' && draft.config.slash_both_on_timeout
  const forfeits = cause === 'not_fulfilled'
  release(draft, proposer, payment)
  for (const party of [proposer, counterparty]) {
    if (slashes || (forfeits && party === counterparty)) forfeit(draft, party, deposit)
    else release(draft, party, deposit)
  }
  if (forfeits) earn(draft, rowOf(draft, proposer), deposit, emit)
  if (!kept) adjust(draft, counterparty, POINTS.failed)
  delete draft.contracts[contract.id]
  emit({
    type: 'contract_defaulted',
    ...parties(contract),
    cause,
    kept,
    forfeited: forfeits ? deposit : 0,
    slashed: slashes ? 2 * deposit : 0,
  })
}

/** Escrow goes back to the balance it came from. */
function release(draft: State, agent: string, amount: number): void {
  const row = rowOf(draft, agent)
  draft.escrow[row]! -= amount
  draft.balance[row]! += amount
}

/** Escrow leaves its agent: to another, or out of the economy. */
function forfeit(draft: State, agent: string, amount: number): void {
  draft.escrow[rowOf(draft, agent)]! -= amount
}
