/** What a player is told: the rules by what a configuration has, the text of a step, what a call is answered, and what may be called. */
import { describe, expect, test } from 'vitest'
import { swarmEconomy } from '../../../envs/swarm_economy/index.ts'
import type { Observation } from '../../../envs/swarm_economy/state.ts'
import { agent, type Game, players, say, text, told } from './world.ts'

const ME = 'learner'
const offer = (to: string, transfer: number) => ({ counterparty_id: to, content: 'x', offered_transfer: transfer })

describe('the rules', () => {
  const rules = (config: object) => swarmEconomy.rules(swarmEconomy.config.parse(config), ME)
  const early = { profile: 'v0.1' }
  const late = { profile: 'v0.2' }
  test.each<[what: string, words: RegExp, has: object, lacks: object]>([
    ['problems', /A task of level L has L \+ 1 pages/, {}, late],
    ['words', /Work is judged: p is the probability/, late, {}],
    ['one task an epoch', /one new task appears/, { ...late, extreme: 'sparse' }, late],
    ['two tasks an epoch', /2 or 3 new tasks appear/, late, { ...late, extreme: 'sparse' }],
    ['work that costs', /Work with p below 0\.5 costs you/, late, early],
    ['own words', /Work with p below 0\.5 costs you/, { ...early, submission_score: 'own_words' }, early],
    ['the word', /bounty × \(0\.25 × \(2p − 1\) \+ 0\.75 × the share of answers you vouch for/, {}, { word_share: 0.5 }],
    ['trusted words', /× your reputation \/ 50 \(at most 1\.25\)/, {}, { word_trust: false }],
    ['loans', /offers to lend that much.*\(1 to 40\)/, {}, late],
    ['trades', /you can propose a trade to another agent/, late, {}],
    ['terms of a loan', /has 2x of it at once and owes the lender 1\.5x, to be repaid within 3 steps/, {}, { loan_yield: 3 }],
    ['the record', /all see how many loans each agent has repaid/, {}, { public_record: false }],
    ['one loan', /take 1 loan in an epoch/, {}, { loans_per_epoch: 2 }],
    ['two loans', /take 2 loans in an epoch/, { loans_per_epoch: 2 }, {}],
    ['a tax', /you lose 4\.0% of your resources/, { tax_rate: 0.04 }, {}],
    ['a drawn tax', /lose the share of your resources that the observation states/, {}, { tax_rate: 0.04 }],
    ['a progressive tax', /times one plus your resources over the mean/, late, {}],
    ['an audit', /audited with probability 30\.0%/, { audit_risk: 0.3 }, {}],
    ['a drawn audit', /audited with the probability that the observation states/, {}, { audit_risk: 0.3 }],
    ['what an audit passes', /work with p of 0\.5 or more then gains 1/, late, {}],
    ['what an audit of a word takes', /costs 10 reputation and 3\.25 × bounty/, {}, late],
    [
      'audits of debts',
      /Overdue loans of x are audited alike.*fine of 1x and 10 reputation; the lender gets 0\.25x back/,
      {},
      { audit_debts: false },
    ],
    ['decay', /falls by 2\.0%/, { decay: 0.98 }, {}],
    ['drawn decay', /falls by the share that the observation states/, late, early],
    ['idle decay', /2 times as much in a step that you pass/, late, { ...late, idle_decay_factor: 1 }],
    ['refused calls', /or in which your call is refused/, {}, late],
    ['the threshold', /Below reputation 10 you are frozen/, early, late],
    ['a drawn threshold', /Below the reputation that the observation states you are frozen/, late, early],
    ['appeals', /for 3 steps; then you return with 5 above the threshold/, late, early],
    ['no appeals', /can do nothing, for good/, early, late],
    ['fading posts', /divided by k for your k-th/, {}, late],
    ['popular posts', /3 votes more up than down earns its author/, late, {}],
    ['standing', /Agents that post and reply are offered more trades/, late, early],
    ['transfers', /the proposer gives, a negative one that the proposer receives/, late, early],
    ['withdrawing', /cancel_proposal withdraws a proposal/, late, { ...late, cancel_tool: false }],
    ['what counts', /What is paid in a trade counts in your payoff/, { ...late, payoff_includes_transfers: true }, late],
    ['the end by silence', /ends your part/, early, late],
    ['passing by silence', /passes the step/, late, early],
  ])('say of %s what there is, and nothing where there is none', (_what, words, has, lacks) => {
    expect(rules(has)).toMatch(words)
    expect(rules(lacks)).not.toMatch(words)
  })

  test('are eight paragraphs of whole sentences in every profile', () => {
    for (const profile of ['standard', 'v0.1', 'v0.1-fixed', 'v0.2', 'v0.2.3', 'short']) {
      const paragraphs = rules({ profile }).split('\n\n')
      expect(paragraphs).toHaveLength(8)
      for (const paragraph of paragraphs) expect(paragraph).toMatch(/^[A-Z].*\.$/)
      expect(rules({ profile })).not.toMatch(/undefined|null|NaN/)
    }
  })
})

describe('the tools', () => {
  const tools = (config: object) => swarmEconomy.tools(swarmEconomy.config.parse(config))
  test('are those of a configuration, once', () => {
    expect(tools({})).toBe(tools({}))
    expect(Object.keys(tools({})).sort()).toEqual(
      [
        'post',
        'reply',
        'vote',
        'propose_trade',
        'accept_proposal',
        'reject_proposal',
        'claim_task',
        'submit_work',
        'pass_turn',
        'work_on',
        'repay',
      ].sort(),
    )
    for (const [name, other] of Object.entries({
      popular_bonus: true,
      explain_trades: false,
      submission_score: 'length',
      cancel_tool: true,
      work_rule: 'words',
      trade_rule: 'labelled',
    }))
      expect(tools({ [name]: other }), name).not.toBe(tools({}))
  })

  test('say what their call comes to where that differs', () => {
    expect(tools({ profile: 'v0.2' }).post!.description).toContain('three votes more up than down')
    expect(tools({}).post!.description).not.toContain('three votes')
    expect(tools({ profile: 'v0.2' }).propose_trade!.description).toContain(
      'A positive offered_transfer moves resources from you',
    )
    expect(tools({ profile: 'v0.1' }).propose_trade!.description).not.toContain('positive')
    for (const score of ['keywords', 'length', 'relevance', 'own_words'])
      expect(tools({ profile: 'v0.1', submission_score: score }).submit_work!.description).toMatch(/Work is scored/)
  })
})

describe('what may be called', () => {
  const candidates = (game: Game, tool: string, fields: object = {}) => {
    const declared = swarmEconomy.tools(game.config)[tool] as unknown as { candidates(observation: Observation): object[] }
    return declared.candidates({ ...(game.observe(ME) as Observation), ...fields })
  }
  const loans = () => players(2, { profile: 'standard' })

  test('of the feed: others’ posts, once voted on no more', () => {
    const game = players(1)
    told(game, 'agent_0', 'post', { content: 'a' })
    told(game, ME, 'post', { content: 'b' })
    expect(candidates(game, 'reply')).toMatchObject([{ post_id: 1 }])
    expect(candidates(game, 'vote')).toEqual([
      { post_id: 1, direction: 'up' },
      { post_id: 1, direction: 'down' },
    ])
    told(game, ME, 'vote', { post_id: 1, direction: 'up' })
    expect(candidates(game, 'vote')).toEqual([])
    expect(candidates(game, 'reply')).toHaveLength(1)
  })

  test('of trades: active others without a proposal, what is held at most, and what was received', () => {
    const game = players(2)
    const to = () =>
      candidates(game, 'propose_trade').map(each => Object.values(each as object).filter(value => value !== 'A fair exchange?'))
    expect(to()).toEqual([
      ['agent_0', 5],
      ['agent_0', -5],
      ['agent_1', 5],
      ['agent_1', -5],
    ])
    expect(candidates(game, 'propose_trade', { resources: 3.7 })[0]).toMatchObject({ offered_transfer: 3 })
    told(game, ME, 'propose_trade', offer('agent_0', 5))
    expect(to()).toEqual([
      ['agent_1', 5],
      ['agent_1', -5],
    ])
    expect(candidates(game, 'cancel_proposal')).toEqual([{ proposal_id: 1 }])
    expect(candidates(game, 'accept_proposal')).toEqual([])
    told(game, 'agent_1', 'propose_trade', offer(ME, 5))
    for (const tool of ['accept_proposal', 'reject_proposal']) expect(candidates(game, tool)).toEqual([{ proposal_id: 2 }])
  })

  test('of tasks: open ones while none is held, then the one that is', () => {
    const game = players(1)
    expect(candidates(game, 'claim_task').map(each => (each as { task_id: number }).task_id)).toEqual(
      game.state.tasks.map(({ id }) => id),
    )
    expect(candidates(game, 'submit_work')).toEqual([])
    told(game, ME, 'claim_task', { task_id: 1 })
    expect(candidates(game, 'claim_task')).toEqual([])
    expect(candidates(game, 'submit_work')).toMatchObject([{ task_id: 1 }])
  })

  test('of problems: a page while there is one more, and answers to the one that is held', () => {
    const game = players(1, { profile: 'standard', level_low: 1, level_high: 1 })
    for (const tool of ['work_on', 'submit_work']) expect(candidates(game, tool)).toEqual([])
    told(game, ME, 'claim_task', { task_id: 1 })
    expect(candidates(game, 'work_on')).toEqual([{}])
    expect(candidates(game, 'submit_work')).toMatchObject([
      { task_id: 1, vouched: 0, answers: [expect.any(String), expect.any(String)] },
    ])
    told(game, ME, 'work_on')
    expect(candidates(game, 'work_on')).toEqual([])
  })

  test('of loans: what can be lent and borrowed, granted and repaid', () => {
    const game = loans()
    const transfers = (fields: object = {}) =>
      candidates(game, 'propose_trade', fields).map(each => Object.values(each as object).filter(value => value !== 'A loan?'))
    expect(transfers()).toEqual([
      ['agent_0', 10],
      ['agent_0', -10],
      ['agent_1', 10],
      ['agent_1', -10],
    ])
    expect(transfers({ resources: 0.5 })).toEqual([
      ['agent_0', -10],
      ['agent_1', -10],
    ])
    expect(transfers({ resources: 7.5 })[0]).toEqual(['agent_0', 7])
    expect(candidates(players(1, { profile: 'standard', loan_limit: 9 }), 'propose_trade')).toEqual([])
    told(game, ME, 'propose_trade', offer('agent_0', 20))
    expect(transfers()).toEqual([
      ['agent_1', 10],
      ['agent_1', -10],
    ])
    told(game, 'agent_0', 'accept_proposal', { proposal_id: 1 })
    // What is not settled between two stands in the way of another loan.
    expect(transfers()).toEqual([
      ['agent_1', 10],
      ['agent_1', -10],
    ])
    told(game, 'agent_1', 'propose_trade', offer(ME, 10))
    expect(candidates(game, 'accept_proposal')).toEqual([{ proposal_id: 2 }])
    expect(candidates(game, 'repay')).toEqual([])
    told(game, ME, 'accept_proposal', { proposal_id: 2 })
    expect(candidates(game, 'accept_proposal')).toEqual([])
    expect(candidates(game, 'repay')).toEqual([{ loan_id: 1 + 1 }])
    expect(candidates(game, 'repay', { resources: 14 })).toEqual([])
    expect(transfers()).toEqual([])
  })
})

describe('a call is answered', () => {
  test('by what came of it, where trades are loans', () => {
    const game = players(2, { profile: 'standard' })
    expect(told(game, ME, 'propose_trade', offer('agent_0', 20))).toBe(
      'proposed #1 to agent_0, to lend 20.0, waiting for an answer',
    )
    expect(told(game, ME, 'propose_trade', offer('agent_1', -5))).toBe(
      'proposed #2 to agent_1, to borrow 5.0, waiting for an answer',
    )
    expect(told(game, 'agent_0', 'accept_proposal', { proposal_id: 1 })).toBe(
      'accepted proposal #1 of learner, borrowed 20.0, payoff +40.0',
    )
    expect(told(game, 'agent_1', 'reject_proposal', { proposal_id: 2 })).toBe('rejected proposal #2 from learner')
    expect(told(game, ME, 'repay', { loan_id: 9 })).toBe('Error: you owe no loan #9')
  })

  test('by what came of it, where they are not', () => {
    const game = players(1)
    expect(told(game, ME, 'post', { content: 'a' })).toBe('posted as #1, reputation +2.0')
    expect(told(game, ME, 'propose_trade', offer('agent_0', 5))).toBe(
      'proposed trade #1 to agent_0, offered_transfer 5.0 (p=0.70), waiting for an answer',
    )
    expect(told(game, ME, 'cancel_proposal', { proposal_id: 1 })).toBe('cancelled proposal #1 to agent_0')
    expect(told(game, ME, 'pass_turn')).toBe('no action')
    const early = players(1, { profile: 'v0.1' })
    told(early, 'agent_0', 'propose_trade', offer(ME, -5))
    expect(told(early, ME, 'accept_proposal', { proposal_id: 1 })).toMatch(
      /^accepted proposal #1 from agent_0 \(p=0\.50\), offered_transfer -5\.0, payoff/,
    )
    const explained = players(1)
    told(explained, 'agent_0', 'propose_trade', offer(ME, -5))
    expect(told(explained, ME, 'accept_proposal', { proposal_id: 1 })).toContain(', you paid 5.0, payoff')
  })

  test('by what is right of it, where work is checked', () => {
    const game = players(1, { profile: 'standard', level_low: 1, level_high: 1 })
    told(game, ME, 'claim_task', { task_id: 1 })
    expect(told(game, ME, 'submit_work', { task_id: 2, answers: [], vouched: 0 })).toBe('Error: you have not claimed task #2')
    expect(told(game, ME, 'submit_work', { task_id: 1, answers: [], vouched: 2 })).toMatch(
      /^submitted task #1: 0 of 2 right, 2 vouched for, payoff \+/,
    )
  })
})

describe('the text of a step', () => {
  test('with loans leaves out what is empty and tells each debt, record and credit', () => {
    const game = players(2, { profile: 'standard', audit_debts: false })
    expect(text(game)).not.toMatch(/^ {2}none|Loans|Incoming|Feed|outgoing/m)
    expect(text(game)).toContain('  agent_0  reputation 50.0  resources 100.0  active  can borrow 1x  repaid 0, broke 0')
    told(game, 'agent_1', 'propose_trade', offer(ME, -7))
    expect(text(game)).toContain('#1 from agent_1: "x" offered_transfer -7.0 (you would lend 7.0)')
    told(game, ME, 'accept_proposal', { proposal_id: 1 })
    told(game, 'agent_0', 'propose_trade', offer(ME, 6))
    expect(text(game)).toContain('#2 from agent_0: "x" offered_transfer 6.0 (you would borrow 6.0)')
    told(game, ME, 'accept_proposal', { proposal_id: 2 })
    expect(text(game)).toContain(
      'Loans:\n  loan #2: you owe agent_0 9.0, due by step 7\n  loan #1: owed to you by agent_1 10.5, due by step 5',
    )
    expect(text(game)).not.toContain('Loans you gave')
    told(game, 'agent_1', 'repay', { loan_id: 1 })
    expect(text(game)).toContain('Loans you gave:\n  agent_1 repaid 1, broke 0')
    for (let i = 0; i < 3; i++) say(game, ME, ['pass_turn'])
    expect(text(game)).toContain('loan #2: you owe agent_0 9.0, OVERDUE')
    expect(text(game)).toContain('Recent events (5):')
    expect(text(game, 'agent_0')).toContain('Loans you gave:\n  learner repaid 0, broke 1')
  })

  test('shows a held problem page by page', () => {
    const game = players(1, { profile: 'standard', level_low: 2, level_high: 2 })
    expect(text(game)).toMatch(/#1 .* \| bounty \d+\.\d \| level 2/)
    told(game, ME, 'claim_task', { task_id: 1 })
    expect(text(game)).toContain('  2 more pages: work_on shows the next')
    told(game, ME, 'work_on')
    expect(text(game)).toContain('  1 more page: work_on shows the next')
    told(game, ME, 'work_on')
    expect(text(game)).not.toContain('work_on shows')
    const { title, columns, rows } = (game.observe(ME) as Observation).task!.problem!.pages[0]!
    expect(text(game)).toContain(`  ${title} (${columns.join(' ')}): ${rows.map(row => row.join(' ')).join('; ')}`)
    expect(text(game)).toMatch(/\n {2}Q1: .*\n {2}Q2: .*\n {2}Q3: /)
  })

  test('shows the newest posts with their votes, and says when one is frozen', () => {
    const game = players(2, { decay: 0.97, freeze_below: 45, appeals: true })
    for (const content of ['a', 'b', 'c', 'd', 'e', 'f']) told(game, 'agent_0', 'post', { content })
    told(game, 'agent_1', 'vote', { post_id: 6, direction: 'down' })
    const feed = text(game)
      .split('\n')
      .filter(line => /^ {2}#\d agent_0 \(/.test(line))
    expect(feed).toEqual([
      '  #6 agent_0 (-1): "f"',
      ...['e', 'd', 'c', 'b'].map((word, i) => `  #${5 - i} agent_0 (0): "${word}"`),
    ])
    expect(agent(game, ME).frozenFor).not.toBeNull()
    expect(text(game)).toContain('status frozen')
    expect(swarmEconomy.offered(game.state, ME)).toEqual(['pass_turn'])
    expect(told(game, ME, 'pass_turn')).toMatch(/^you are frozen/)
  })

  test('counts no step beyond the last, and no epoch', () => {
    const game = players(0, { execute_final_turn: true, epochs: 1, steps_per_epoch: 2 })
    say(game, ME, ['pass_turn'])
    expect(text(game)).toContain('Step 2 of 2 (epoch 1 of 1)')
    say(game, ME, ['pass_turn'])
    expect(text(game)).toContain('Step 2 of 2 (epoch 1 of 1)')
  })
})

describe('arguments', () => {
  const wellFormed = (config: object, tool: string, args: object) =>
    (
      swarmEconomy.tools(swarmEconomy.config.parse(config))[tool] as unknown as {
        args: { safeParse(given: object): { success: boolean } }
      }
    ).args.safeParse(args).success
  const late = { profile: 'v0.2' }
  const long = 'x'.repeat(20_000)
  const number = (name: string): [readonly object[], readonly object[]] => [
    [{ [name]: 0 }, { [name]: 1_000_000 }],
    [{ [name]: -1 }, { [name]: 1_000_001 }, { [name]: 0.5 }, {}],
  ]
  const trade = (transfer: number, id = 'agent_0') => ({ counterparty_id: id, content: '', offered_transfer: transfer })
  const work = (answers: readonly string[], vouched = 0) => ({ task_id: 1, answers, vouched })
  test.each<[tool: string, config: object, right: readonly object[], wrong: readonly object[]]>([
    ['post', late, [{ content: long }], [{ content: `${long}x` }, {}, { content: 'x', to: 'all' }]],
    [
      'reply',
      late,
      [{ post_id: 0, content: '' }],
      [
        { post_id: -1, content: '' },
        { post_id: 1, content: `${long}x` },
      ],
    ],
    [
      'vote',
      late,
      [
        { post_id: 1, direction: 'up' },
        { post_id: 1, direction: 'x'.repeat(100) },
      ],
      [{ post_id: 1, direction: 'x'.repeat(101) }, { post_id: 1 }],
    ],
    [
      'propose_trade',
      late,
      [trade(-1_000_000), trade(1_000_000), trade(0, 'x'.repeat(100))],
      [trade(-1_000_001), trade(1_000_001), trade(0, 'x'.repeat(101))],
    ],
    ['accept_proposal', late, ...number('proposal_id')],
    ['reject_proposal', late, ...number('proposal_id')],
    ['cancel_proposal', late, ...number('proposal_id')],
    ['claim_task', late, ...number('task_id')],
    ['repay', {}, ...number('loan_id')],
    [
      'submit_work',
      late,
      [{ task_id: 1, content: long }],
      [
        { task_id: 1, content: `${long}x` },
        { task_id: -1, content: '' },
      ],
    ],
    [
      'submit_work',
      {},
      [work([]), work(Array(8).fill('x'.repeat(500)), 8)],
      [work(Array(9).fill('')), work(['x'.repeat(501)]), work([], -1), work([], 9), work([], 0.5)],
    ],
    ['work_on', {}, [{}], [{ page: 1 }]],
    ['pass_turn', {}, [{}], [{ now: true }]],
  ])('of %s', (tool, config, right, wrong) => {
    for (const args of right) expect(wellFormed(config, tool, args), JSON.stringify(args).slice(0, 80)).toBe(true)
    for (const args of wrong) expect(wellFormed(config, tool, args), JSON.stringify(args).slice(0, 80)).toBe(false)
  })
})
