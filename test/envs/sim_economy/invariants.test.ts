/** What each invariant notices: a world that keeps them all, and what breaks one. */
import { describe, expect, test } from 'vitest'
import { simEconomy } from '../../../envs/sim_economy/index.ts'
import type { Contract, Event, State } from '../../../envs/sim_economy/state.ts'
import { type Fields, play, world } from './worlds.ts'

describe('an invariant notices', () => {
  const OPEN: Contract = {
    id: 'contract_0',
    proposer: 'agent_0',
    counterparty: 'agent_1',
    arbitrator: 'agent_2',
    payment: 40,
    deposit: 20,
    deliverable: 'a report',
    dueTurns: 2,
    status: 'accepted',
    deadline: 3,
    content: null,
  }
  const fields: Fields = {
    delivery_effort: 10,
    contract_limit: 1,
    fee_ceiling: 12,
    debt_rail: { cap: 100 },
    fee_cap: { ratio: 1 },
  }
  const before = world(fields, {
    contracts: { contract_0: OPEN },
    escrow: [60, 20, 0],
    work: { contract_0: { effort: 10, disguised: false } },
  })
  const { state: after, events } = play(before, [{ moves: { 0: ['stake', { amount: 30 }], 2: ['unstake', { amount: 1 }] } }])
  const [window] = after.governance.window
  const governance = (change: Partial<State['governance']>) => ({ governance: { ...after.governance, ...change } })

  test.each<[what: string, name: string, changes: Partial<State>]>([
    ['a token that nobody minted', 'supply', { balance: after.balance.with(0, after.balance[0]! + 1) }],
    ['half a token', 'accounts', { balance: [0.5, 0, 0] }],
    ['a negative stake', 'accounts', { staked: [0, -1, 0] }],
    ['a negative number of unstaking tokens', 'accounts', { unstaking: [0, 0, -1] }],
    ['negative escrow', 'accounts', { escrow: [-1, 0, 0] }],
    ['negative frozen debt', 'accounts', { frozen: [-1, 0, 0] }],
    ['a negative number of studies', 'accounts', { studies: [-1, 0, 0] }],
    ['a fund in debt', 'accounts', governance({ fund: -1 })],
    ['a fund of half a token', 'accounts', governance({ fund: 0.5 })],
    ['a reputation below 0', 'accounts', { reputation: [50, -0.1, 50] }],
    ['a reputation above 100', 'accounts', { reputation: [50, 50, 100.1] }],
    ['a reputation that is no number', 'accounts', { reputation: [Number.NaN, 50, 50] }],
    ['unstaking tokens that are not queued', 'backing', { unstaking: [0, 0, 5] }],
    ['a queue of tokens that are not unstaking', 'backing', { maturing: [{ agent: 2, amount: 5, dueTurn: 9 }] }],
    ['escrow without a contract', 'backing', { contracts: {} }],
    ['a proposer’s deposit that is not in escrow', 'backing', { escrow: [40, 20, 0] }],
    ['a counterparty’s deposit that is not in escrow', 'backing', { escrow: [60, 0, 0] }],
    ['a deposit in escrow before the acceptance', 'backing', { contracts: { contract_0: { ...OPEN, status: 'proposed' } } }],
    ['work on no contract', 'work', { work: { ...after.work, contract_9: { effort: 1, disguised: false } } }],
    ['a contract under way without work', 'work', { work: {} }],
    ['work on an offer', 'work', { contracts: { contract_0: { ...OPEN, status: 'proposed' } } }],
    ['more contracts than the limit', 'limit', { contracts: { contract_0: OPEN, contract_1: { ...OPEN, id: 'contract_1' } } }],
    ['a fee above the ceiling', 'ceiling', { last: { ...after.last!, fees: [0, 13, 0] } }],
    ['a balance below the rail', 'rail', { balance: [0, -101, 0] }],
    ['fees above the cap', 'fee_cap', governance({ window: [{ ...window!, fees: 1 }] })],
    ['a turn that was left out', 'time', { turn: after.turn + 1 }],
  ])('%s', (_what, name, changes) => {
    const broken = (state: State) => simEconomy.invariants![name]!(before, state, events)
    expect(broken(after)).toBeUndefined()
    expect(broken({ ...after, ...changes })).toMatch(/./)
  })

  test('nothing in what lies on a bound', () => {
    const on: readonly (readonly [name: string, changes: Partial<State>])[] = [
      ['accounts', { reputation: [0, 100, 50], staked: [0, 0, 0], ...governance({ fund: 0 }) }],
      ['limit', { contracts: { contract_0: OPEN, contract_1: { ...OPEN, id: 'contract_1', proposer: 'agent_2' } } }],
      ['ceiling', { last: { ...after.last!, fees: [0, 12, 0] } }],
      ['rail', { balance: [0, -100, 0], frozen: [0, 5, 0] }],
      ['fee_cap', governance({ window: [{ fees: 9, potential: 9 }] })],
      // A window whose richest turn has left it, and whose last turn was free.
      [
        'fee_cap',
        governance({
          window: [
            { fees: 9, potential: 0 },
            { fees: 0, potential: 0 },
          ],
        }),
      ],
    ]
    for (const [name, changes] of on)
      expect([name, simEconomy.invariants![name]!(before, { ...after, ...changes }, events)]).toEqual([name, undefined])
  })

  test('frozen debt where nothing freezes it', () => {
    const plain = world()
    expect(simEconomy.invariants!.rail!(plain, { ...plain, frozen: [0, 0, 1] }, [])).toMatch(/./)
  })

  test('every flow of tokens that an event names', () => {
    // One of each kind that mints or destroys, by what it does to the supply.
    const EACH: readonly (readonly [flow: number, event: object])[] = [
      [7 - 5 - 3, { type: 'turn_closed', wages: [7, 0], fees: [2, 3], interest: 3 }],
      [-20, { type: 'studied', cost: 20 }],
      [-4, { type: 'burned', amount: 4 }],
      [-9, { type: 'core_sold', price: 9 }],
      [6, { type: 'dividends_paid', per_core: 3, owners: ['agent_0', null, 'agent_1'] }],
      [-1, { type: 'transferred', amount: 50, fee: 1 }],
      [12, { type: 'block_produced', block: { reward: 10, tips: 2 } }],
      [-40, { type: 'contract_defaulted', slashed: 40, forfeited: 20 }],
      [-30, { type: 'effort_charged', amount: 30 }],
      [500, { type: 'value_created', amount: 500 }],
      [7, { type: 'attestation_paid', amount: 7 }],
      [-18, { type: 'audited', fines: [9, 9] }],
      [5, { type: 'fee_rebated', amount: 5 }],
      [8, { type: 'fund_fed', amount: 8 }],
      [-11, { type: 'confiscated', amount: 11 }],
      [0, { type: 'staked', amount: 3 }],
    ]
    for (const [flow, event] of EACH) {
      const moved = { ...after, balance: after.balance.with(0, after.balance[0]! + flow) }
      const named = (state: State) => simEconomy.invariants!.supply!(after, state, [event as Event])
      expect([event, named(moved)]).toEqual([event, undefined])
      expect(named({ ...moved, balance: moved.balance.with(0, moved.balance[0]! + 1) })).toMatch(/./)
    }
  })
})
