/**
 * Contracts of three parties, with what they lock up in escrow: a proposer who pays, a counterparty who delivers, an
 * arbitrator who says whether it was delivered. Nobody is forced to keep one.
 */
import { stream } from '../core/random.ts'
import { marketOf, portion, ratesOf, SCALE } from './config.ts'
import { payArbitrator } from './governance.ts'
import { charge, earn, lock, mint } from './ledger.ts'
import { adjust, POINTS } from './reputation.ts'
import { type Concluded, type Contract, type Event, now, rowOf, type State } from './state.ts'

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
  emit({ type: 'contract_proposed', ...parties(contract), payment, deposit, deliverable, due_turns: dueTurns })
  return contract
}

/** Binds the counterparty and locks its deposit; gives the last turn to deliver in. */
export function accept(draft: State, contract: Contract, emit: Emit): number {
  const deadline = now(draft) + contract.dueTurns
  const row = rowOf(draft, contract.counterparty)
  lock(draft, row, contract.deposit)
  draft.contracts[contract.id] = { ...contract, status: 'accepted', deadline }
  if (draft.work !== undefined) draft.work[contract.id] = { effort: effortOf(draft, row), disguised: false }
  emit({ type: 'contract_accepted', ...parties(contract) })
  return deadline
}

/** What delivering the agreed text of a contract costs who accepts it now, in tokens. */
export function effortOf({ config, studies, effortFactors }: State, row: number): number {
  const { effort } = marketOf(config)
  const swung = effortFactors === undefined ? effort : portion(effort, effortFactors[row]!)
  return portion(swung, Math.max(0, SCALE - ratesOf(config).study * studies[row]!))
}

/** Hands over the content; gives the last turn to attest in. What is not the agreed text may come to look like it. */
export function deliver(draft: State, contract: Contract, content: string, emit: Emit): number {
  const deadline = now(draft) + draft.config.attested_confirmation_window
  const { id, counterparty: agent, deliverable } = contract
  const { disguise } = marketOf(draft.config)
  const delivered: Contract = { ...contract, status: 'delivered', deadline, content }
  emit({ type: 'contract_delivered', ...parties(contract), content })
  if (disguise > 0 && !looksKept(delivered) && stream(draft.seed, 'disguise', id).float() < disguise) {
    delivered.content = deliverable
    draft.work![id] = { ...draft.work![id]!, disguised: true }
    emit({ type: 'delivery_disguised', agent, contract: id })
  }
  draft.contracts[id] = delivered
  return deadline
}

/**
 * Concludes a delivered contract as its arbitrator says, and judges the arbitrator by what it could see. Where the
 * attestation is audited the truth decides instead, and pays for it who deceived.
 */
export function attest(draft: State, contract: Contract, fulfilled: boolean, emit: Emit): void {
  const { attestationFee, byRuling, audit } = marketOf(draft.config)
  const { id, proposer, counterparty, arbitrator } = contract
  const truthful = fulfilled === looksKept(contract)
  emit({ type: 'contract_attested', ...parties(contract), fulfilled, truthful })
  const audited = audit !== null && stream(draft.seed, 'audit', id).float() < audit.share
  if (!truthful && (audited || !byRuling)) adjust(draft, arbitrator, POINTS.falseAttestation)
  if (truthful || !audited) {
    if (attestationFee > 0) {
      const amount = mint(draft, rowOf(draft, arbitrator), attestationFee, emit)
      emit({ type: 'attestation_paid', agent: arbitrator, contract: id, amount })
    }
    payArbitrator(draft, rowOf(draft, arbitrator), emit)
  }
  const kept = isKept(draft, contract)
  if (audited) {
    const favoured = kept && !fulfilled
    const convicted = [...(truthful ? [] : [arbitrator]), ...(kept ? [] : [counterparty]), ...(favoured ? [proposer] : [])]
    const fines = convicted.map(agent => charge(draft, rowOf(draft, agent), audit.fine))
    emit({ type: 'audited', contract: id, ruling: fulfilled, kept, convicted, fines })
    if (favoured) adjust(draft, proposer, POINTS.failed)
    if (kept) settle(draft, contract, { audited, amends: favoured }, emit)
    else endInDefault(draft, contract, 'not_fulfilled', audited, emit)
  } else if (fulfilled) settle(draft, contract, { audited, amends: false }, emit)
  else endInDefault(draft, contract, 'not_fulfilled', audited, emit)
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
      endInDefault(draft, contract, 'not_delivered', false, emit)
    } else {
      adjust(draft, contract.arbitrator, POINTS.failed)
      endInDefault(draft, contract, 'not_attested', false, emit)
    }
  }
}

/** Whether what everybody can see of a delivery is, but for outer white space, what was agreed. */
export function looksKept({ content, deliverable }: Readonly<Contract>): boolean {
  return content !== null && content.trim() === deliverable.trim()
}

/** The ground truth: whether what was delivered is what was agreed, whatever it looks like. */
function isKept({ work }: State, contract: Contract): boolean {
  return looksKept(contract) && !work?.[contract.id]?.disguised
}

/** An offer that nobody accepted: everything returns. */
function withdraw(draft: State, contract: Contract): void {
  release(draft, contract.proposer, contract.payment + contract.deposit)
  delete draft.contracts[contract.id]
}

/** `amends`: the proposer, whom an audit convicted, loses its deposit to the counterparty. */
function settle(
  draft: State,
  contract: Contract,
  { audited, amends }: { readonly audited: boolean; readonly amends: boolean },
  emit: Emit,
): void {
  const { proposer, counterparty, payment, deposit } = contract
  const kept = isKept(draft, contract)
  forfeit(draft, proposer, payment)
  if (amends) forfeit(draft, proposer, deposit)
  else release(draft, proposer, deposit)
  release(draft, counterparty, deposit)
  earn(draft, rowOf(draft, counterparty), amends ? payment + deposit : payment, emit)
  // What an audit settles was kept.
  if (kept || marketOf(draft.config).byRuling) {
    if (!amends) adjust(draft, proposer, POINTS.settled)
    adjust(draft, counterparty, POINTS.settled)
  } else adjust(draft, counterparty, POINTS.failed)
  conclude(draft, contract, 'settled', audited, emit)
  emit({ type: 'contract_settled', ...parties(contract), payment, kept })
}

/** The payment returns to the proposer; what becomes of the deposits depends on the cause. */
function endInDefault(
  draft: State,
  contract: Contract,
  cause: Extract<Event, { type: 'contract_defaulted' }>['cause'],
  audited: boolean,
  emit: Emit,
): void {
  const { proposer, counterparty, payment, deposit } = contract
  const kept = isKept(draft, contract)
  const slashes = cause !== 'not_fulfilled' && draft.config.slash_both_on_timeout
  const forfeits = cause === 'not_fulfilled'
  release(draft, proposer, payment)
  for (const party of [proposer, counterparty]) {
    if (slashes || (forfeits && party === counterparty)) forfeit(draft, party, deposit)
    else release(draft, party, deposit)
  }
  if (forfeits) earn(draft, rowOf(draft, proposer), deposit, emit)
  // What an audit finds in default was not kept.
  if (!kept || (forfeits && marketOf(draft.config).byRuling)) adjust(draft, counterparty, POINTS.failed)
  conclude(draft, contract, 'defaulted', audited, emit)
  emit({
    type: 'contract_defaulted',
    ...parties(contract),
    cause,
    kept,
    forfeited: forfeits ? deposit : 0,
    slashed: slashes ? 2 * deposit : 0,
  })
}

/**
 * Takes a contract off the list. What was really delivered has cost its effort, which shows only now, and is worth something
 * to its proposer, whatever was attested; the parties learn of it.
 */
function conclude(draft: State, contract: Contract, outcome: Concluded['outcome'], audited: boolean, emit: Emit): void {
  const { id, proposer, counterparty, arbitrator } = contract
  const kept = isKept(draft, contract)
  delete draft.contracts[id]
  if (draft.work !== undefined) {
    const { effort } = draft.work[id]!
    delete draft.work[id]
    if (kept && effort > 0) {
      const amount = charge(draft, rowOf(draft, counterparty), effort)
      emit({ type: 'effort_charged', agent: counterparty, contract: id, amount })
    }
  }
  if (draft.concluded === undefined) return
  const worth = kept ? mint(draft, rowOf(draft, proposer), marketOf(draft.config).value, emit) : 0
  if (kept) emit({ type: 'value_created', agent: proposer, contract: id, amount: worth })
  for (const party of [proposer, counterparty, arbitrator]) {
    draft.concluded[party] ??= []
    draft.concluded[party].push({ ...parties(contract), outcome, audited, value: party === proposer ? worth : null })
  }
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
