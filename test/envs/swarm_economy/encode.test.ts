/** What the numbers of an agent's observation say, and what its slots call, on observations made by hand. */
import { describe, expect, test } from 'vitest'
import { swarmEconomy } from '../../../envs/swarm_economy/index.ts'
import { problemOf } from '../../../envs/swarm_economy/problems.ts'
import type { AnyEnvironment } from '../../../index.ts'
import { reading } from '../../economies/meanings.ts'

type Fields = Readonly<Record<string, unknown>>

const env = swarmEconomy as unknown as AnyEnvironment
const ME = 'learner'
const loans = reading(env, 'standard', ME)
const trades = reading(env, 'v0.2', ME)

/** An agent as all see it; the best reputed come first among others. */
const agent = (id: string, reputation: number, more: object = {}) => ({
  agent: id,
  reputation,
  resources: 100,
  status: 'active',
  canTake: 1,
  record: { repaid: 0, broken: 0 },
  ...more,
})
/** The learner, and two others: agent_1 ranks before agent_0. */
const agents = (first: object = {}, second: object = {}, self: object = {}) => [
  agent(ME, 10, self),
  agent('agent_0', 40, second),
  agent('agent_1', 60, first),
]
const shared = (more: object) => ({ shared: { agents: agents(), lending: { possible: true, limit: 40 }, ...more } })
const task = (id: number, bounty: number, more: object = {}) => ({
  task: id,
  title: 'Review',
  description: 'trade dispute evidence',
  bounty,
  difficulty: 0.5,
  ...more,
})
const post = (id: number, author: string) => ({ post: id, author, votes: 0, text: 'x', reply: null })
const offer = (proposal: number, id: string, transfer: number) => ({ proposal, agent: id, transfer, text: 'x' })
const debt = (loan: number, id: string, owed: number, due = 9) => ({ loan, agent: id, owed, due, overdue: false })
const credit = (more: object) => ({ owes: [], owed: [], given: [], ...more })
const rules = { tax_rate: 0.04, audit_risk: 0.3, decay: 0.98, bounty_multiplier: 1, freeze_below: 12 }

/** A held problem of two pages of which so many are seen. */
const held = (seen: number) => {
  const { family, questions, pages } = problemOf(3, 1, 1, 'large')
  return task(5, 20, { level: 1, problem: { family, questions, pages: pages.slice(0, seen), pageCount: 2 } })
}

describe('a feature', () => {
  test.each([
    ['steps_left', shared({ step: 5, steps: 25 }), 0.8],
    ['epoch_left', shared({ step: 6, steps: 25, epochs: 5 }), 0.8],
    ['reputation', { reputation: 40 }, 0.4],
    ['resources', { resources: 250 }, 2.5],
    ['payoff', { payoff: -50 }, -0.5],
    ['frozen', { status: 'frozen' }, 1],
    ['frozen', { status: 'active' }, 0],
    ['tax_rate', shared({ rules }), 0.04],
    ['audit_risk', shared({ rules }), 0.3],
    ['decay', shared({ rules }), 0.2],
    ['freeze_below', shared({ rules }), 0.12],
    ['held_bounty', { task: task(1, 20) }, 0.2],
    ['held_bounty', { task: null }, 0],
    ['pages_left', { task: held(1) }, 0.25],
    ['pages_left', { task: held(2) }, 0],
    ['pages_left', { task: null }, 0],
    ['questions', { task: held(1) }, 0.5],
    ['questions', { task: null }, 0],
    ['answerable', { task: held(1) }, 0.25],
    ['answerable', { task: held(2) }, 0.5],
    ['answerable', { task: null }, 0],
    ['own_posts', shared({ feed: [post(3, ME), post(2, 'agent_0'), post(1, 'agent_1')] }), 1 / 3],
    ['own_posts', shared({ feed: [] }), 0],
    ['lending_possible', shared({ lending: { possible: true, limit: 40 } }), 1],
    ['lending_possible', shared({ lending: { possible: false, limit: 40 } }), 0],
    ['can_take', shared({ agents: agents({}, {}, { canTake: 2 }) }), 2],
    ['repaid', shared({ agents: agents({}, {}, { record: { repaid: 3, broken: 1 } }) }), 3],
    ['broken', shared({ agents: agents({}, {}, { record: { repaid: 3, broken: 1 } }) }), 1],
    ['owes', { credit: credit({ owes: [debt(1, 'agent_0', 30), debt(2, 'agent_1', 15)] }) }, 0.45],
    ['is_owed', { credit: credit({ owed: [debt(1, 'agent_0', 30)] }) }, 0.3],
    ['task_1_bounty', shared({ tasks: [task(1, 10, { level: 1 }), task(2, 30, { level: 2 })] }), 0.3],
    ['task_2_bounty', shared({ tasks: [task(1, 10, { level: 1 }), task(2, 30, { level: 2 })] }), 0.1],
    ['task_3_bounty', shared({ tasks: [task(1, 10, { level: 1 })] }), 0],
    // Bounties count by the steps a task takes.
    ['task_1_level', shared({ tasks: [task(1, 20, { level: 1 }), task(2, 24, { level: 3 })] }), 1],
    ['other_1_reputation', shared({}), 0.6],
    ['other_2_reputation', shared({}), 0.4],
    ['other_3_reputation', shared({}), 0],
    ['other_1_resources', shared({ agents: agents({ resources: 70 }) }), 0.7],
    ['other_1_active', shared({}), 1],
    ['other_1_active', shared({ agents: agents({ status: 'frozen' }) }), 0],
    ['other_1_offers', { ...shared({}), incoming: [offer(1, 'agent_1', -15)] }, -0.15],
    ['other_1_offers', { ...shared({}), incoming: [offer(1, 'agent_0', -15)] }, 0],
    ['other_1_offered', { ...shared({}), outgoing: [offer(1, 'agent_1', 15)] }, 0.15],
    ['other_1_accepted', { ...shared({}), answers: [{ agent: 'agent_1', made: 5, accepted: 2 }] }, 2],
    ['other_1_declined', { ...shared({}), answers: [{ agent: 'agent_1', made: 5, accepted: 2 }] }, 3],
    ['other_1_asked', { ...shared({}), offers: [{ agent: 'agent_1', received: 5, asking: 4 }] }, 4],
    ['other_1_can_take', shared({ agents: agents({ canTake: 3 }) }), 3],
    ['other_1_repaid', shared({ agents: agents({ record: { repaid: 3, broken: 1 } }) }), 3],
    ['other_1_broken', shared({ agents: agents({ record: { repaid: 3, broken: 1 } }) }), 1],
    ['other_1_repaid_you', { ...shared({}), credit: credit({ given: [{ agent: 'agent_1', repaid: 2, broken: 1 }] }) }, 2],
    ['other_1_broke_yours', { ...shared({}), credit: credit({ given: [{ agent: 'agent_1', repaid: 2, broken: 1 }] }) }, 1],
    ['other_1_is_owed', { ...shared({}), credit: credit({ owes: [debt(1, 'agent_1', 30)] }) }, 0.3],
    ['other_1_owes', { ...shared({}), credit: credit({ owed: [debt(1, 'agent_1', 30)] }) }, 0.3],
    ['other_1_due', { ...shared({ step: 4 }), credit: credit({ owes: [debt(1, 'agent_1', 30, 9)] }) }, 0.5],
    ['other_1_due', { ...shared({ step: 4 }), credit: credit({ owed: [debt(1, 'agent_1', 30, 9)] }) }, 0],
  ])('%s of %j is %f', (name, fields, expected) => {
    expect(loans.feature(name, fields)).toBeCloseTo(expected, 6)
  })

  test.each([
    ['held_difficulty', { task: task(1, 20) }, 0.5],
    ['held_difficulty', { task: null }, 0],
    ['task_1_difficulty', shared({ tasks: [task(1, 20)] }), 0.5],
    ['task_1_difficulty', shared({ tasks: [] }), 0],
  ])('where work is judged by its words, %s of %j is %f', (name, fields, expected) => {
    expect(trades.feature(name, fields)).toBeCloseTo(expected, 6)
  })
})

test('without a public record nobody is known to have repaid or broken anything', () => {
  const { plain, feature } = reading(env, 'standard', ME, { public_record: false })
  expect(JSON.stringify(plain)).not.toContain('record')
  for (const name of ['repaid', 'broken', 'other_1_repaid', 'other_1_broken']) expect(feature(name, {}), name).toBe(0)
})

describe('a slot', () => {
  const tasks = [task(1, 10, { level: 1 }), task(2, 30, { level: 2 })]
  const claim = (id: number) => [{ tool: 'claim_task', args: { task_id: id } }]
  const propose = (id: string, transfer: number) => [
    {
      tool: 'propose_trade',
      args: {
        counterparty_id: id,
        content: transfer > 0 ? 'I offer this.' : 'Can you let me have this?',
        offered_transfer: transfer,
      },
    },
  ]
  const answer = (tool: string, proposal: number) => [{ tool, args: { proposal_id: proposal } }]
  const vote = (id: number, direction: string) => [{ tool: 'vote', args: { post_id: id, direction } }]
  const feed = [post(3, ME), post(2, 'agent_0'), post(1, 'agent_1')]
  const repay = [{ tool: 'repay', args: { loan_id: 7 } }]

  test.each<[string, Fields, boolean, readonly object[]]>([
    ['claim_task_1', { ...shared({ tasks }), task: null }, true, claim(2)],
    ['claim_task_2', { ...shared({ tasks }), task: null }, true, claim(1)],
    ['claim_task_3', { ...shared({ tasks }), task: null }, false, []],
    ['claim_task_1', { ...shared({ tasks }), task: held(1) }, false, claim(2)],
    ['work_on', { task: held(1) }, true, [{ tool: 'work_on', args: {} }]],
    ['work_on', { task: held(2) }, false, [{ tool: 'work_on', args: {} }]],
    ['work_on', { task: null }, false, [{ tool: 'work_on', args: {} }]],
    ['submit_known', { task: null }, false, []],
    ['submit_overstated', { task: null }, false, []],
    ['vote_up', { ...shared({ feed }), voted: [] }, true, vote(2, 'up')],
    ['vote_down', { ...shared({ feed }), voted: [2] }, true, vote(1, 'down')],
    ['vote_up', { ...shared({ feed }), voted: [2, 1] }, false, []],
    ['reply', shared({ feed: [post(3, ME)] }), false, []],
    ['lend_small_to_other_1', { ...shared({}), resources: 16 }, true, propose('agent_1', 16)],
    ['lend_small_to_other_1', { ...shared({}), resources: 15 }, false, propose('agent_1', 16)],
    ['lend_medium_to_other_2', shared({}), true, propose('agent_0', 28)],
    ['lend_large_to_other_1', shared({}), true, propose('agent_1', 40)],
    ['lend_large_to_other_1', shared({ agents: agents({ canTake: 0 }) }), false, propose('agent_1', 40)],
    ['lend_large_to_other_1', shared({ agents: agents({ status: 'frozen' }) }), false, propose('agent_1', 40)],
    ['lend_large_to_other_1', shared({ lending: { possible: false, limit: 40 } }), false, propose('agent_1', 40)],
    ['lend_large_to_other_1', { ...shared({}), outgoing: [offer(1, 'agent_1', 5)] }, false, propose('agent_1', 40)],
    [
      'lend_large_to_other_1',
      { ...shared({}), credit: credit({ owed: [debt(7, 'agent_1', 5)] }) },
      false,
      propose('agent_1', 40),
    ],
    ['lend_large_to_other_3', shared({}), false, []],
    ['borrow_large_from_other_1', { ...shared({}), resources: 0 }, true, propose('agent_1', -40)],
    ['borrow_large_from_other_1', shared({ agents: agents({ canTake: 0 }) }), true, propose('agent_1', -40)],
    ['borrow_large_from_other_1', shared({ agents: agents({}, {}, { canTake: 0 }) }), false, propose('agent_1', -40)],
    [
      'borrow_large_from_other_1',
      { ...shared({}), credit: credit({ owes: [debt(7, 'agent_1', 5)] }) },
      false,
      propose('agent_1', -40),
    ],
    ['accept_other_1', { ...shared({}), incoming: [offer(4, 'agent_1', 20)] }, true, answer('accept_proposal', 4)],
    // Who accepts a loan that is offered is its taker; who grants one that is asked for is not.
    [
      'accept_other_1',
      { ...shared({ agents: agents({}, {}, { canTake: 0 }) }), incoming: [offer(4, 'agent_1', 20)] },
      false,
      answer('accept_proposal', 4),
    ],
    [
      'accept_other_1',
      { ...shared({ agents: agents({}, {}, { canTake: 0 }) }), incoming: [offer(4, 'agent_1', -20)] },
      true,
      answer('accept_proposal', 4),
    ],
    ['accept_other_1', { ...shared({}), incoming: [] }, false, []],
    ['reject_other_1', { ...shared({}), incoming: [offer(4, 'agent_1', 20)] }, true, answer('reject_proposal', 4)],
    ['reject_other_1', { ...shared({}), incoming: [] }, false, []],
    ['repay_other_1', { ...shared({}), resources: 30, credit: credit({ owes: [debt(7, 'agent_1', 30)] }) }, true, repay],
    ['repay_other_1', { ...shared({}), resources: 29, credit: credit({ owes: [debt(7, 'agent_1', 30)] }) }, false, repay],
    ['repay_other_1', { ...shared({}), credit: credit({ owed: [debt(7, 'agent_1', 30)] }) }, false, []],
  ])('%s of %j is legal: %s', (name, fields, legal, calls) => {
    expect(loans.slot(name, fields)).toEqual({ legal, calls })
  })

  test.each<[string, Fields, boolean, readonly object[]]>([
    ['give_20_to_other_1', { ...shared({}), resources: 20 }, true, propose('agent_1', 20)],
    ['give_20_to_other_1', { ...shared({}), resources: 19 }, false, propose('agent_1', 20)],
    ['give_5_to_other_2', shared({}), true, propose('agent_0', 5)],
    ['ask_5_from_other_1', { ...shared({}), resources: 0 }, true, propose('agent_1', -5)],
    ['ask_15_from_other_1', shared({}), true, propose('agent_1', -15)],
    ['ask_15_from_other_1', { ...shared({}), outgoing: [offer(1, 'agent_1', 5)] }, false, propose('agent_1', -15)],
    ['accept_other_1', { ...shared({}), incoming: [offer(4, 'agent_1', -20)] }, true, answer('accept_proposal', 4)],
    ['cancel_other_1', { ...shared({}), outgoing: [offer(4, 'agent_1', -20)] }, true, answer('cancel_proposal', 4)],
    ['cancel_other_1', { ...shared({}), outgoing: [offer(4, 'agent_0', -20)] }, false, []],
    ['submit_good', { task: null }, false, []],
    ['submit_careless', { task: task(3, 20) }, true, [{ tool: 'submit_work', args: { task_id: 3, content: '.' } }]],
  ])('where trades are no loans, %s of %j is legal: %s', (name, fields, legal, calls) => {
    expect(trades.slot(name, fields)).toEqual({ legal, calls })
  })

  test('that answers a problem gives what the pages seen suffice for, and its word for that or for all', () => {
    const { answers, ...known } = loans.slot('submit_known', { task: held(1) }).calls[0]!.args as { answers: string[] }
    const all = loans.slot('submit_known', { task: held(2) }).calls[0]!.args as { answers: string[] }
    expect(known).toEqual({ task_id: 5, vouched: 1 })
    expect(all).toMatchObject({ task_id: 5, vouched: 2 })
    expect(answers).toEqual([all.answers[0], ''])
    expect(all.answers.every(answer => answer !== '')).toBe(true)
    expect(loans.slot('submit_overstated', { task: held(1) })).toEqual({
      legal: true,
      calls: [{ tool: 'submit_work', args: { task_id: 5, vouched: 2, answers } }],
    })
  })

  test('that hands in good words hands in other words for another task', () => {
    const content = (title: string) =>
      (trades.slot('submit_good', { task: { ...task(3, 20), title } }).calls[0]!.args as { content: string }).content
    expect(content('Review')).toHaveLength(400)
    expect(content('Review')).toContain('review')
    expect(content('Review')).not.toBe(content('Forecast'))
  })

  test('that speaks says other words in each of 25 steps, and answers the newest post of another', () => {
    const said = (step: number) => (loans.slot('post', shared({ step })).calls[0]!.args as { content: string }).content
    expect(new Set(Array.from({ length: 25 }, (_, step) => said(step))).size).toBe(25)
    const { legal, calls } = loans.slot('reply', shared({ feed, step: 2 }))
    expect(legal).toBe(true)
    expect(calls).toEqual([{ tool: 'reply', args: { post_id: 2, content: `Thank you. ${said(2)}` } }])
  })
})

test('there are as many others as bots, at most five, and tools that a version lacks have no slot', () => {
  const ranksOf = (slots: readonly string[]) => slots.filter(name => name.startsWith('reject_other_')).length
  expect([ranksOf(loans.slots), ranksOf(trades.slots)]).toEqual([4, 3])
  expect(ranksOf(reading(env, 'v0.2', ME, { mix: '3/3/3' }).slots)).toBe(5)
  expect(loans.slots.filter(name => /cancel|give|submit_good/.test(name))).toEqual([])
  expect(trades.slots.filter(name => /repay|lend|work_on/.test(name))).toEqual([])
  expect(reading(env, 'v0.1', ME).slots.filter(name => name.startsWith('cancel'))).toEqual([])
  expect(loans.slot('pass', {})).toEqual({ legal: true, calls: [{ tool: 'pass_turn', args: {} }] })
})

test('a configuration has one encoding, and one of another shape another', () => {
  const encode = (config: object) => swarmEconomy.encode!(swarmEconomy.config.parse(config))
  expect(encode({})).toBe(encode({}))
  for (const other of [
    { loan_limit: 20 },
    { mix: '1/1/1' },
    { cancel_tool: true },
    { trade_rule: 'labelled' },
    { work_rule: 'words' },
  ])
    expect(encode(other), JSON.stringify(other)).not.toBe(encode({}))
})
