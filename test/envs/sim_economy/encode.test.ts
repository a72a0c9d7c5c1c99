/** What the numbers of an agent's observation say, and what its slots call, on observations made by hand. */
import { describe, expect, test } from 'vitest'
import { simEconomy } from '../../../envs/sim_economy/index.ts'
import type { AnyEnvironment } from '../../../index.ts'
import { reading } from '../../economies/meanings.ts'

const { plain, feature, slot } = reading(simEconomy as unknown as AnyEnvironment, 'standard', 'agent_0')
const agents = plain.shared.agents as readonly string[]
/** A list with a number for some agents and another for everybody else. */
const row = (values: Readonly<Record<string, unknown>>, usual: unknown = 0) => agents.map(agent => values[agent] ?? usual)
/** Agent 3 is of the best repute, then agent 2; agent 1 has none. */
const reputations = row({ agent_0: 60, agent_1: 0, agent_2: 80, agent_3: 90 }, 50)
const CONTRACT = {
  status: 'proposed',
  proposer: 'agent_2',
  counterparty: 'agent_0',
  arbitrator: 'agent_3',
  payment: 100,
  deposit: 30,
  deliverable: 'two pages',
  content: null,
  deadline: 9,
}
/** Open contracts in which agent 0 has a part, called c1, c2, … */
const open = (...changes: readonly object[]) => {
  const list = changes.map((change, i) => ({ ...CONTRACT, id: `c${i + 1}`, ...change }))
  return {
    contracts: list.map(({ id }) => id),
    shared: { reputations, openContracts: Object.fromEntries(list.map(each => [each.id, each])) },
  }
}
const offers = open({ payment: 100 }, { payment: 400, proposer: 'agent_1', arbitrator: 'agent_2', deposit: 90 })
const accepted = open(
  { status: 'accepted', deadline: 9 },
  { status: 'accepted', deadline: 7, payment: 250, arbitrator: 'agent_2' },
)
const judged = open(
  { status: 'delivered', counterparty: 'agent_1', arbitrator: 'agent_0', content: 'two pages' },
  { status: 'delivered', counterparty: 'agent_1', arbitrator: 'agent_0', content: 'nothing', deadline: 20 },
)
const own = open(
  { proposer: 'agent_0', counterparty: 'agent_1' },
  { proposer: 'agent_0', counterparty: 'agent_1', status: 'accepted' },
)
const concluded = (proposer: string, counterparty: string, outcome: string, value: number) => ({
  proposer,
  counterparty,
  outcome,
  value,
})

describe('a feature', () => {
  test.each([
    ['turns_left', { shared: { turn: 1, horizon: 20 } }, 1],
    ['turns_left', { shared: { turn: 11, horizon: 20 } }, 0.5],
    ['balance', { shared: { balances: row({ agent_0: -700 }) } }, -0.7],
    ['staked', { shared: { staked: row({ agent_0: 300 }) } }, 0.3],
    ['unstaking', { unstaking: 250 }, 0.25],
    ['escrow', { escrow: 130 }, 0.13],
    ['reputation', { shared: { reputations } }, 0.6],
    ['studies', { studies: 3 }, 0.3],
    ['signed', { signed: true }, 1],
    ['signed', { signed: false }, 0],
    ['fee', { billed: { thinking: 1, output: 2, fee: 7, wage: 9 } }, 0.07],
    ['wage', { billed: { thinking: 1, output: 2, fee: 7, wage: 9 } }, 0.09],
    ['miners', { shared: { did: row({ agent_0: 'mine', agent_1: 'mine' }, 'job') } }, 2 / agents.length],
    ['won_block', { shared: { block: { winner: 'agent_0' } } }, 1],
    ['won_block', { shared: { block: { winner: 'agent_1' } } }, 0],
    ['won_block', { shared: { block: null } }, 0],
    ['cores', { shared: { coreOwners: ['agent_0', 'agent_1', null, 'agent_0'] } }, 0.5],
    ['auction', { shared: { auction: true } }, 1],
    ['auction', { shared: { auction: false } }, 0],
    ['open_offers', own, 0.5],
    [
      'served',
      { concluded: [concluded('agent_0', 'agent_1', 'settled', 50), concluded('agent_2', 'agent_0', 'settled', 0)] },
      0.5,
    ],
    ['served', { concluded: [concluded('agent_0', 'agent_1', 'settled', 0)] }, -0.5],
    [
      'paid',
      { concluded: [concluded('agent_2', 'agent_0', 'settled', 0), concluded('agent_0', 'agent_1', 'defaulted', 0)] },
      0.5,
    ],
    ['paid', { concluded: [concluded('agent_2', 'agent_0', 'defaulted', 0)] }, -0.5],
    ['other_1_reputation', { shared: { reputations } }, 0.9],
    ['other_2_reputation', { shared: { reputations } }, 0.8],
    ['other_1_balance', { shared: { reputations, balances: row({ agent_3: 1500 }) } }, 1.5],
    ['other_1_contracts', { shared: { reputations, contractsOf: { agent_3: ['a', 'b'] } } }, 0.2],
    ['other_1_said', { shared: { reputations, speeches: [{ agent: 'agent_3', text: 'I deliver for 250, not 300.' }] } }, 0.25],
    ['other_1_said', { shared: { reputations, speeches: [{ agent: 'agent_2', text: 'I deliver for 250.' }] } }, 0],
    ['other_1_worked', { shared: { reputations, did: row({ agent_3: 'job' }, 'mine') } }, 1],
    ['other_1_worked', { shared: { reputations, did: row({ agent_3: 'mine' }, 'job') } }, 0],
    ['other_1_with_you', offers, 0.25],
    ['other_2_with_you', offers, 0.5],
    ['offer_1_payment', offers, 0.4],
    ['offer_1_deposit', offers, 0.09],
    ['offer_1_proposer', offers, 0],
    ['offer_1_arbitrator', offers, 0.8],
    ['offer_2_payment', offers, 0.1],
    ['offer_3_payment', offers, 0],
    ['offer_1_payment', accepted, 0],
    ['delivery_1_payment', accepted, 0.25],
    ['delivery_1_effort', { ...accepted, efforts: { c2: 40 } }, 0.04],
    ['delivery_1_turns', { ...accepted, shared: { ...accepted.shared, turn: 4 } }, 3],
    ['delivery_1_arbitrator', accepted, 0.8],
    ['delivery_1_payment', offers, 0],
    // A kept contract creates 500; delivering costs 200 on average, which is what counts where it is told nothing else.
    ['effort', { effort: 250 }, 0.5],
    ['effort', { effort: undefined }, 0.4],
    ['delivery_1_effort', { ...accepted, efforts: undefined }, 0],
    ['delivery_2_turns', { ...accepted, shared: { ...accepted.shared, turn: 4 } }, 5],
    ['ruling_2_proposer', judged, 0.8],
    ['ruling_2_waits', judged, 1],
    ['ruling_1_looks_kept', offers, 0],
    ['ruling_1_proposer', offers, 0],
    ['ruling_1_counterparty', offers, 0],
    ['other_2_worked', { shared: { reputations, did: [] } }, 0],
    ['miners', { shared: { did: [] } }, 0],
    ['open_offers', offers, 0],
    ['cores', { shared: { coreOwners: ['agent_1', null] } }, 0],
    ['other_1_contracts', { shared: { reputations, contractsOf: {} } }, 0],
    ['ruling_1_waits', judged, 1],
    ['ruling_1_looks_kept', judged, 1],
    ['ruling_2_looks_kept', judged, 0],
    ['ruling_1_proposer', judged, 0.8],
    ['ruling_1_counterparty', judged, 0],
    ['ruling_1_waits', offers, 0],
  ])('%s of %j is %f', (name, fields, expected) => {
    expect(feature(name, fields)).toBeCloseTo(expected, 6)
  })
})

describe('a slot', () => {
  const rich = (fields: { readonly shared?: object } = {}) => ({
    ...fields,
    shared: { reputations, ...fields.shared, balances: row({ agent_0: 1000 }), staked: row({ agent_0: 120 }) },
  })
  const poor = (fields: { readonly shared?: object } = {}) => ({
    ...fields,
    shared: { ...rich(fields).shared, balances: row({}) },
  })
  test.each([
    ['job', rich(), true, [{ tool: 'job', args: {} }]],
    ['study', poor(), false, [{ tool: 'study', args: {} }]],
    ['burn_tenth', rich(), true, [{ tool: 'burn', args: { amount: 100 } }]],
    ['burn_tenth', poor(), false, []],
    ['unstake_all', rich(), true, [{ tool: 'unstake', args: { amount: 120 } }]],
    ['give_other_2', rich(), true, [{ tool: 'transfer', args: { to: 'agent_2', amount: 50, fee: 0 } }]],
    ['give_other_2', poor(), false, [{ tool: 'transfer', args: { to: 'agent_2', amount: 50, fee: 0 } }]],
    ['accept_offer_1', rich(offers), true, [{ tool: 'accept_contract', args: { contract_id: 'c2' } }]],
    ['accept_offer_1', poor(offers), false, [{ tool: 'accept_contract', args: { contract_id: 'c2' } }]],
    ['accept_offer_1', rich(accepted), false, []],
    ['deliver_1', rich(accepted), true, [{ tool: 'deliver_contract', args: { contract_id: 'c2', content: 'two pages' } }]],
    ['deliver_1_nothing', rich(accepted), true, [{ tool: 'deliver_contract', args: { contract_id: 'c2', content: 'nothing' } }]],
    ['deliver_1', rich(offers), false, []],
    ['rule_1_fulfilled', rich(judged), true, [{ tool: 'attest_contract', args: { contract_id: 'c1', fulfilled: true } }]],
    ['rule_2_unfulfilled', rich(judged), true, [{ tool: 'attest_contract', args: { contract_id: 'c2', fulfilled: false } }]],
    ['rule_1_fulfilled', rich(offers), false, []],
    ['cancel_offer', rich(own), true, [{ tool: 'cancel_contract', args: { contract_id: 'c1' } }]],
    ['cancel_offer', rich(offers), false, []],
    ['stake_tenth', rich(), true, [{ tool: 'stake', args: { amount: 100 } }]],
    ['stake_third', rich(), true, [{ tool: 'stake', args: { amount: 333 } }]],
    ['stake_third', poor(), false, []],
    ['bid_tenth_core_1', rich(), true, [{ tool: 'bid_core', args: { core_id: 'core_0', amount: 100 } }]],
    ['bid_third_core_2', rich(), true, [{ tool: 'bid_core', args: { core_id: 'core_1', amount: 333 } }]],
    ['bid_third_core_2', poor(), false, []],
    // 250 of effort and 0.2, 0.45 or 0.7 of the 300 that a contract creates beyond the average effort.
    ['mine_asking_low', { effort: 250 }, true, [{ tool: 'mine', args: { speech: 'I deliver for 310.' } }]],
    ['job_asking_fair', { effort: 250 }, true, [{ tool: 'job', args: { speech: 'I deliver for 385.' } }]],
    ['job_asking_high', { effort: undefined }, true, [{ tool: 'job', args: { speech: 'I deliver for 410.' } }]],
    ['deliver_2', rich(accepted), true, [{ tool: 'deliver_contract', args: { contract_id: 'c1', content: 'two pages' } }]],
    ['rule_1_unfulfilled', rich(judged), true, [{ tool: 'attest_contract', args: { contract_id: 'c1', fulfilled: false } }]],
    ['accept_offer_2', rich(offers), true, [{ tool: 'accept_contract', args: { contract_id: 'c1' } }]],
    ['accept_offer_3', rich(offers), false, []],
  ])('%s of %j is legal: %s', (name, fields, legal, calls) => {
    expect(slot(name, fields)).toEqual({ legal, calls })
  })

  test('an offer names the best or the least reputed of the others told apart as judge, never its own counterparty', () => {
    const { legal, calls } = slot('propose_fair_other_1_judged_well', rich())
    expect(legal).toBe(true)
    expect(calls).toMatchObject([{ tool: 'propose_contract', args: { counterparty: 'agent_3', arbitrator: 'agent_2' } }])
    expect(slot('propose_fair_other_2_judged_well', rich()).calls).toMatchObject([
      { tool: 'propose_contract', args: { counterparty: 'agent_2', arbitrator: 'agent_3' } },
    ])
    expect(slot('propose_fair_other_1_judged_well', poor()).legal).toBe(false)
    // Agents 4 to 7 are of middling repute, agent 1 of the least is not told apart.
    expect(slot('propose_low_other_1_judged_ill', rich()).calls).toMatchObject([{ args: { arbitrator: 'agent_7' } }])
    expect(slot('propose_low_other_6_judged_ill', rich()).calls).toMatchObject([
      { args: { counterparty: 'agent_7', arbitrator: 'agent_6' } },
    ])
  })

  test.each([
    ['low', 260, 86],
    ['fair', 335, 111],
    ['high', 410, 136],
  ])(
    'a %s offer is the effort and its share of what is created beyond, %d, with a third of it as deposit',
    (size, payment, deposit) => {
      const name = `propose_${size}_other_1_judged_well`
      const having = (balance: number) => ({ shared: { reputations, balances: row({ agent_0: balance }) } })
      expect(slot(name, having(payment + deposit))).toMatchObject({
        legal: true,
        calls: [{ args: { payment, deposit, due_turns: 3, deliverable: 'report of turn 1' } }],
      })
      expect(slot(name, having(payment + deposit - 1)).legal).toBe(false)
      // Who has an offer open may not make another.
      expect(slot(name, rich(own)).legal).toBe(false)
    },
  )

  test('a gift and a deposit may be the last that there is', () => {
    const having = (balance: number) => ({ ...offers, shared: { ...offers.shared, balances: row({ agent_0: balance }) } })
    expect([50, 49].map(balance => slot('give_other_1', having(balance)).legal)).toEqual([true, false])
    expect([90, 89].map(balance => slot('accept_offer_1', having(balance)).legal)).toEqual([true, false])
    const cost = plain.shared.studyCost as number
    expect([cost, cost - 1].map(balance => slot('study', having(balance)).legal)).toEqual([true, false])
  })
})

describe('an economy', () => {
  const of = (preset: string, options = {}) => reading(simEconomy as unknown as AnyEnvironment, preset, 'agent_0', options)

  test('of three agents and two cores has no slots for more', () => {
    const { slots } = of('standard', { num_agents: 3, num_cores: 2 })
    expect(slots.filter(name => name.startsWith('give'))).toEqual(['give_other_1', 'give_other_2'])
    expect(slots.filter(name => name.startsWith('bid_tenth'))).toEqual(['bid_tenth_core_1', 'bid_tenth_core_2'])
    expect(slots).not.toContain('propose_low_other_3_judged_well')
    // Nobody is left to judge between two.
    const two = of('standard', { num_agents: 2 })
    expect(two.slot('propose_low_other_1_judged_well', {})).toEqual({ legal: false, calls: [] })
    const large = of('standard', { num_agents: 20, num_cores: 20 }).slots
    expect(large.filter(name => name.startsWith('give'))).toHaveLength(3)
    expect(large.filter(name => name.startsWith('bid_tenth'))).toHaveLength(4)
    expect(large.filter(name => /^propose_low_other_\d+_judged_well$/.test(name))).toHaveLength(6)
  })

  test('that sells no cores and in which contracts create nothing has no slots for either, and plain prices', () => {
    const paper = of('paper')
    expect(paper.slots.filter(name => /^bid_|_asking_/.test(name))).toEqual([])
    const terms = (size: string, options = {}) =>
      (of('paper', options).slot(`propose_${size}_other_1_judged_well`, {}).calls[0] as { args: object }).args
    expect(['low', 'fair', 'high'].map(size => terms(size))).toMatchObject([
      { payment: 20, deposit: 6 },
      { payment: 40, deposit: 13 },
      { payment: 80, deposit: 26 },
    ])
    const templates = [
      { payment: 5, deposit: 1, due_turns: 9 },
      { payment: 7, deposit: 2, due_turns: 8 },
    ]
    expect(['low', 'fair', 'high'].map(size => terms(size, { contract_scaffold: { templates } }))).toMatchObject([
      templates[0],
      templates[1],
      templates[1],
    ])
  })
})
