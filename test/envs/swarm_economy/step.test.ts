/** The order of events, what a message is, and what is counted. */
import { describe, expect, test } from 'vitest'
import { swarmEconomy } from '../../../envs/swarm_economy/index.ts'
import { score } from '../../../envs/swarm_economy/score.ts'
import { Episode } from '../../../index.ts'
import { agent, among, events, type Game, players, say, told, work } from './world.ts'

const scores = (game: Game) => score(game.log).learner!

describe('the turn limit', () => {
  const play = (config: object) => {
    const game = players(0, config)
    while (!game.over) say(game, 'learner', ['post', { content: 'hello' }])
    return game
  }

  test('counts the last message and leaves it out, as in the published runs', () => {
    const game = play({})
    expect(game.log.stop).toBe('max_turns_reached')
    expect(game.done).toBe('truncated')
    expect([game.t, game.state.step, game.state.posts.length]).toEqual([25, 24, 24])
    expect(agent(game, 'learner').tally.calls[0]).toBe(25)
    expect(agent(game, 'learner').tally.interactions).toBe(24)
    expect(events(game, 'call_unexecuted')).toEqual([{ type: 'call_unexecuted', agent: 'learner', tool: 'post' }])
    expect(game.log.steps.at(-1)!.results.learner).toEqual([
      { ok: false, text: 'Error: the turn limit was reached; this call counts and was not carried out' },
    ])
  })

  test('is out of reach where the last message is carried out', () => {
    const game = play({ execute_final_turn: true })
    expect(game.log.stop).toBe('simulation_complete')
    expect(game.done).toBe('terminated')
    expect([game.t, game.state.step, game.state.posts.length]).toEqual([25, 25, 25])
  })

  test('several calls of a message are a step each, so that the simulation can end before it', () => {
    const game = players(0)
    while (!game.over) say(game, 'learner', ['pass_turn'], ['pass_turn'])
    expect([game.t, game.state.step, game.log.stop]).toEqual([13, 25, 'simulation_complete'])
    expect(events(game, 'call_unexecuted').length).toBe(1)
  })
})

describe('silence', () => {
  test('ends the play in the first version, without a step', () => {
    const game = players(0, { text_only_turn: 'stop' })
    say(game, 'learner', ['pass_turn'])
    say(game, 'learner')
    expect([game.t, game.state.step, game.log.stop, game.done]).toEqual([2, 1, 'no_tools_called', 'terminated'])
  })

  test('is an automatic pass in the later ones, told in the next observation', () => {
    const game = players(0, { decay: 0.99 })
    say(game, 'learner')
    expect(events(game, 'passed')).toEqual([{ type: 'passed', agent: 'learner', reason: 'automatic', tool: null }])
    expect(agent(game, 'learner').reputation).toBeCloseTo(50 * 0.98, 9)
    expect(swarmEconomy.render(game.observe('learner'))).toContain(
      'Result: no tool was called; this turn was passed automatically',
    )
    expect(swarmEconomy.metrics.of(game.log, 'learner')).toMatchObject({ total_tool_calls: 0, idle_automatic: 1, num_turns: 1 })
  })
})

describe('several players', () => {
  test('act in the same steps, the learner first', () => {
    const game = players(1)
    const claim = { calls: [{ tool: 'claim_task', args: { task_id: 1 } }] }
    game.step({ agent_0: claim, learner: claim })
    expect(game.state.step).toBe(1)
    expect(game.state.tasks[0]!.by).toBe('learner')
    expect(game.results('agent_0')[0]!.text).toBe('Error: task #1 was already claimed by learner')
  })

  test('wait while another has more calls in its message', () => {
    const game = players(1)
    const results = say(game, 'agent_0', ['post', { content: 'a' }], ['post', { content: 'b' }], ['post', { content: 'c' }])
    expect(results.length).toBe(3)
    expect(game.state.step).toBe(3)
    expect(events(game, 'passed').map(({ agent: id, reason }) => `${id} ${reason}`)).toEqual([
      'learner chosen',
      'learner waiting',
      'learner waiting',
    ])
  })

  test('leave one by one where silence ends the play', () => {
    const game = players(1, { text_only_turn: 'stop' })
    say(game, 'learner')
    expect(game.actors()).toEqual(['agent_0'])
    expect(game.state.step).toBe(1)
    say(game, 'agent_0')
    expect([game.over, game.log.stop]).toEqual([true, 'no_tools_called'])
  })

  test('a seat that a player takes is no resident’s any more', () => {
    const episode = new Episode(swarmEconomy, { profile: 'v0.2', mix: '1/1/1' }, 3, { seats: { learner: 'a', agent_1: 'b' } })
    expect(episode.actors()).toEqual(['learner', 'agent_1'])
    expect(episode.state.agents.map(({ type }) => type === 'player')).toEqual([true, false, true, false])
  })
})

describe('work', () => {
  test('pays bounty · (2p − 1) and 5 · (p − 0.5) reputation, and settles the task', () => {
    const game = players(0, { submission_score: 'length' })
    told(game, 'learner', 'claim_task', { task_id: 1 })
    const { bounty } = game.state.tasks[0]!
    const result = told(game, 'learner', 'submit_work', { task_id: 1, content: work(80) })
    const p = 1 / (1 + Math.exp(-2 * 0.89))
    const payoff = bounty * (2 * p - 1)
    expect(result).toBe(`submitted task #1: good (p=0.86), payoff +${payoff.toFixed(1)}`)
    expect(agent(game, 'learner').tally.payoff).toBeCloseTo(payoff, 9)
    expect(agent(game, 'learner').resources).toBeCloseTo(100 + payoff, 9)
    expect(agent(game, 'learner').reputation).toBeCloseTo(50 + 5 * (p - 0.5), 9)
    expect(game.state.tasks[0]!.status).toBe('completed')
  })

  test.each([
    ['passes', 80, 'good', 1],
    ['fails', 1, 'poor', -5],
  ] as const)('an audit that %s is told with the result', (_outcome, length, word, reputation) => {
    const game = players(0, { audit_risk: 1 })
    told(game, 'learner', 'claim_task', { task_id: 1 })
    const { bounty } = game.state.tasks[0]!
    // The observation quotes the task's description, so its text is relevant.
    const content = length === 1 ? 'x' : swarmEconomy.render(game.observe('learner'))
    const result = told(game, 'learner', 'submit_work', { task_id: 1, content })
    const [audited] = events(game, 'audited')
    expect(audited).toMatchObject({ passed: reputation > 0, reputation, payoff: reputation > 0 ? 0 : -0.25 * bounty })
    expect(result).toContain(`: ${word} (p=`)
    expect(result).toContain(reputation > 0 ? ' | audit passed, reputation +1.0' : ' | audit failed, reputation -5.0, payoff -')
    const [submitted] = events(game, 'work_submitted')
    expect(agent(game, 'learner').tally.payoff).toBeCloseTo(submitted!.payoff + audited!.payoff, 9)
  })

  test('that nobody claims stays open in later epochs', () => {
    const game = players(0)
    for (let step = 0; step < 6; step++) say(game, 'learner', ['pass_turn'])
    expect(game.state.tasks.length).toBeGreaterThan(3)
    expect(game.state.tasks.every(({ status }) => status === 'open')).toBe(true)
  })

  test('an audit passes what is more likely good than not, however slightly', () => {
    // A submission of one character stands at 0.547 in the first version, hardly above the least that one can.
    const game = players(0, { profile: 'v0.1', audit_risk: 1 })
    told(game, 'learner', 'claim_task', { task_id: 1 })
    told(game, 'learner', 'submit_work', { task_id: 1, content: '.' })
    const [audited] = events(game, 'audited')
    expect(audited!.p).toBeCloseTo(0.547, 3)
    expect(audited!.passed).toBe(true)
  })
})

describe('trades', () => {
  const trade = (transfer: number, config: object = {}) => {
    const game = players(1, config)
    told(game, 'agent_0', 'propose_trade', { counterparty_id: 'learner', content: 'deal', offered_transfer: transfer })
    return { game, result: told(game, 'learner', 'accept_proposal', { proposal_id: 1 }) }
  }

  test('a gift pays both sides, moves resources and no payoff', () => {
    const { game, result } = trade(15)
    expect(result).toBe('accepted proposal #1 from agent_0 (p=0.83), you received 15.0, payoff +10.0, reputation +1.7')
    expect(agent(game, 'learner').tally.payoff).toBeCloseTo(9.96, 2)
    expect(agent(game, 'agent_0').tally.payoff).toBeCloseTo(9.96, 2)
    expect([agent(game, 'learner').resources, agent(game, 'agent_0').resources]).toEqual([115, 85])
  })

  test('an extraction costs the acceptor what its proposer gains', () => {
    const { game } = trade(-15)
    expect(agent(game, 'learner').tally.payoff).toBeCloseTo(-5.7, 2)
    expect(agent(game, 'agent_0').tally.payoff).toBeCloseTo(5.7, 2)
    expect(agent(game, 'agent_0').reputation).toBeLessThan(50)
  })

  test('transfers count in payoffs where that is set', () => {
    const { game } = trade(15, { payoff_includes_transfers: true })
    expect(agent(game, 'learner').tally.payoff).toBeCloseTo(9.96 + 15, 2)
    expect(agent(game, 'agent_0').tally.payoff).toBeCloseTo(9.96 - 15, 2)
  })

  test('who has too little pays what it has', () => {
    const { game } = trade(-60, { resources: 20 })
    expect([agent(game, 'learner').resources, agent(game, 'agent_0').resources]).toEqual([0, 40])
  })

  test('posts, offers, trades of either side and work are what counts for the trust phase', () => {
    const game = players(1)
    const counts = () => ['agent_0', 'learner'].map(id => agent(game, id).interactions)
    say(game, 'agent_0', ['post', { content: 'news' }])
    expect(counts()).toEqual([1, 0])
    say(game, 'agent_0', ['propose_trade', { counterparty_id: 'learner', content: 'deal', offered_transfer: 5 }])
    expect(counts()).toEqual([2, 0])
    say(game, 'learner', ['accept_proposal', { proposal_id: 1 }])
    expect(counts()).toEqual([3, 1])
    say(game, 'learner', ['claim_task', { task_id: 1 }])
    say(game, 'learner', ['submit_work', { task_id: 1, content: 'x' }])
    expect(counts()).toEqual([3, 2])
  })

  test('p counts at the reputation of the moment it is accepted', () => {
    const game = players(1)
    told(game, 'agent_0', 'propose_trade', { counterparty_id: 'learner', content: 'deal', offered_transfer: 0 })
    told(game, 'agent_0', 'post', { content: 'vote for me' })
    told(game, 'learner', 'accept_proposal', { proposal_id: 1 })
    expect(events(game, 'trade_proposed')[0]!.p).toBeCloseTo(0.5987, 4)
    expect(events(game, 'trade_accepted')[0]!.p).toBeCloseTo(1 / (1 + Math.exp(-2 * (0.2 + 0.3 * (2 / 50)))), 9)
  })
})

describe('governance', () => {
  test('a flat tax takes its share of every balance and destroys it', () => {
    const game = players(1, { tax_rate: 0.05, progressive_tax: false })
    say(game, 'learner', ['pass_turn'])
    expect(game.state.agents.map(({ resources }) => resources)).toEqual([95, 95])
    expect(events(game, 'step_ended')[0]!.tax).toEqual([5, 5])
    expect(agent(game, 'learner').tally.payoff).toBe(0)
  })

  test('a progressive one rises with resources over the mean, up to a half', () => {
    const game = players(1, { tax_rate: 0.05 })
    told(game, 'agent_0', 'propose_trade', { counterparty_id: 'learner', content: 'take it', offered_transfer: 50 })
    const before = game.state.agents.map(({ resources }) => resources)
    told(game, 'learner', 'accept_proposal', { proposal_id: 1 })
    const [high, low] = [before[0]! + 50, before[1]! - 50]
    const mean = (high + low) / 2
    const { tax } = events(game, 'step_ended')[1]!
    expect(tax[0]).toBeCloseTo(high * 0.05 * (1 + high / mean), 9)
    expect(tax[1]).toBeCloseTo(low * 0.05 * (1 + low / mean), 9)
    const rich = players(0, { tax_rate: 0.4 })
    say(rich, 'learner', ['pass_turn'])
    expect(agent(rich, 'learner').resources).toBe(50)
  })

  test.each([
    [50, false],
    [50.01, true],
  ])('a reputation of 50 is frozen below %d: %s', (freeze_below, isFrozen) => {
    const game = players(0, { freeze_below, appeals: false })
    say(game, 'learner', ['pass_turn'])
    expect(events(game, 'frozen')).toHaveLength(isFrozen ? 1 : 0)
  })

  test('a proposal expires with the fifth step, its own included', () => {
    const game = players(1)
    told(game, 'learner', 'propose_trade', { counterparty_id: 'agent_0', content: 'x', offered_transfer: 1 })
    let steps = 1
    while (events(game, 'trade_expired').length === 0) {
      expect(game.observe('agent_0').incoming).toHaveLength(1)
      say(game, 'learner', ['pass_turn'])
      steps++
    }
    expect(steps).toBe(5)
    expect(game.observe('agent_0').incoming).toEqual([])
  })

  test('the frozen pay none, and decay goes on', () => {
    const game = players(0, { tax_rate: 0.1, freeze_below: 60, progressive_tax: false, decay: 0.9, appeals: false })
    say(game, 'learner', ['pass_turn'])
    say(game, 'learner', ['pass_turn'])
    expect(events(game, 'step_ended').map(({ tax }) => tax[0])).toEqual([10, 0])
    // As fast as of one that passes.
    expect(events(game, 'step_ended')[1]!.decay[0]).toBeCloseTo(-0.2 * 40, 9)
    expect(scores(game).survival).toBe(0)
  })

  test('audits, decay and the breaker come in this order', () => {
    const audited = players(0, { profile: 'v0.1', audit_risk: 1, decay: 0.9 })
    say(audited, 'learner', ['claim_task', { task_id: 1 }])
    say(audited, 'learner', ['submit_work', { task_id: 1, content: work(80) }])
    const { p } = events(audited, 'work_submitted')[0]!
    expect(agent(audited, 'learner').reputation).toBeCloseTo((45 + 5 * (p - 0.5) + 1) * 0.9, 9)
    const frozen = players(0, { decay: 0.9, freeze_below: 49 })
    say(frozen, 'learner', ['pass_turn'])
    expect(events(frozen, 'frozen')).toHaveLength(1)
  })

  test('reputation ends at 100 and resources at 0', () => {
    const famous = players(0, { post_reward: 40 })
    for (let i = 0; i < 2; i++) say(famous, 'learner', ['post', { content: 'news' }])
    expect(agent(famous, 'learner').reputation).toBe(100)
    const poor = players(0, { resources: 0, audit_risk: 1 })
    say(poor, 'learner', ['claim_task', { task_id: 1 }])
    say(poor, 'learner', ['submit_work', { task_id: 1, content: 'x' }])
    expect(events(poor, 'audited')[0]!.payoff).toBeLessThan(0)
    expect(agent(poor, 'learner').resources).toBe(0)
  })

  test.each([
    ['tax', { tax_rate: 0.04 }, 'tax_rate', 0.08],
    ['audit', { audit_risk: 0.1 }, 'audit_risk', 0.2],
    ['decay', { decay: 0.99 }, 'decay', 0.98],
    ['bounty', { bounty_multiplier: 1 }, 'bounty_multiplier', 0.5],
  ] as const)('a phase shift of %s takes effect with epoch 3', (phase_shift, config, lever, expected) => {
    const game = players(0, { ...config, phase_shift })
    for (let step = 0; step < 9; step++) say(game, 'learner', ['pass_turn'])
    expect(game.state.levers[lever]).toBe(config[lever as keyof typeof config])
    say(game, 'learner', ['pass_turn'])
    expect(game.state.levers[lever]).toBeCloseTo(expected, 12)
    expect(events(game, 'epoch_started').map(({ shift }) => shift)).toEqual(['none', 'none', phase_shift])
  })
})

describe('the feed', () => {
  test('a post that reaches three net votes pays its author once', () => {
    const game = players(4)
    told(game, 'learner', 'post', { content: 'news' })
    for (const id of ['agent_0', 'agent_1', 'agent_2', 'agent_3']) told(game, id, 'vote', { post_id: 1, direction: 'up' })
    expect(events(game, 'post_rewarded')).toEqual([{ type: 'post_rewarded', agent: 'learner', post: 1, resources: 4.5 }])
    expect(agent(game, 'learner').resources).toBe(104.5)
    expect(agent(game, 'learner').reputation).toBe(50 + 2 + 4 * 0.5)
    expect(agent(game, 'agent_0').reputation).toBe(50)
  })

  test('and not again where votes fall below that and reach it once more', () => {
    const game = players(5)
    told(game, 'learner', 'post', { content: 'news' })
    for (const [i, direction] of ['up', 'up', 'up', 'down', 'up'].entries())
      told(game, `agent_${i}`, 'vote', { post_id: 1, direction })
    expect(events(game, 'post_rewarded')).toHaveLength(1)
  })

  test('where posts fade, the first of each epoch earns in full, the learner’s too', () => {
    const game = players(1, { post_decay: true })
    const [first, second] = ['news', 'more of it'].map(content => told(game, 'learner', 'post', { content }))
    while (game.state.step < game.config.steps_per_epoch) told(game, 'learner', 'pass_turn')
    const again = told(game, 'learner', 'post', { content: 'another epoch' })
    const earned = [first, second, again].map(said => Number(/reputation \+([\d.]+)/.exec(said!)![1]))
    expect(earned).toEqual([2, 1, 2])
  })

  test('a reply to oneself earns nothing', () => {
    const game = players(1)
    told(game, 'learner', 'post', { content: 'news' })
    expect(told(game, 'learner', 'reply', { post_id: 1, content: 'indeed' })).toBe('replied to post #1, reputation +0.0')
    expect(told(game, 'agent_0', 'reply', { post_id: 1, content: 'indeed' })).toBe('replied to post #1, reputation +1.5')
  })
})

describe('quality', () => {
  test('counts submissions, offers and acceptances with p above 0.5 among all calls but votes and passes', () => {
    const game = players(1, { submission_score: 'length' })
    told(game, 'agent_0', 'post', { content: 'hello' })
    told(game, 'agent_0', 'propose_trade', { counterparty_id: 'learner', content: 'gift', offered_transfer: 9 })
    for (const line of [
      ['claim_task', { task_id: 1 }],
      ['submit_work', { task_id: 1, content: work(80) }],
      ['vote', { post_id: 1, direction: 'up' }],
      ['accept_proposal', { proposal_id: 1 }],
      ['propose_trade', { counterparty_id: 'agent_0', content: 'pay me', offered_transfer: -15 }],
      ['reply', { post_id: 1, content: 'hello' }],
      ['claim_task', { task_id: 99 }],
      ['pass_turn', {}],
    ] as const)
      say(game, 'learner', line)
    expect(scores(game).quality).toBe(2 / 6)
    expect(scores(game).activity_quality).toBe(6 / 7)
    expect(scores(game).task_quality).toBe(1)
  })

  test('is that of tasks alone where that is set', () => {
    const game = players(0, { quality_score: 'tasks' })
    say(game, 'learner', ['claim_task', { task_id: 99 }])
    expect(scores(game).quality).toBe(0)
    say(game, 'learner', ['claim_task', { task_id: 1 }])
    say(game, 'learner', ['submit_work', { task_id: 1, content: swarmEconomy.render(game.observe('learner')) }])
    expect(scores(game).quality).toBe(1)
  })
})

test('the reward is the weighted sum of its parts', () => {
  const game = players(0, {
    payoff_weight: 1,
    reputation_weight: 2,
    quality_weight: 3,
    activity_weight: 5,
    diversity_weight: 7,
    survival_weight: 9,
    reputation_score: 'change',
    decay: 0.9,
  })
  say(game, 'learner', ['pass_turn'])
  say(game, 'learner', ['post', { content: 'hello' }])
  const { reward, payoff, reputation, quality, activity_quality, diversity, survival } = scores(game)
  expect(reputation).toBeCloseTo(((50 * 0.8 + 2) * 0.9 - 50) / 50, 9)
  expect(reward).toBeCloseTo(payoff + 2 * reputation + 3 * quality + 5 * activity_quality + 7 * diversity + 9 * survival, 12)
})

test('residents move in a game without a player', () => {
  const episode = new Episode(swarmEconomy, { profile: 'v0.1', mix: '2/1/0' }, 1, { seats: { learner: 'resident' } })
  while (!episode.over) episode.step({})
  expect(episode.state.step).toBe(24)
  expect(episode.log.steps.flatMap(step => step.events).some(({ type }) => type === 'work_submitted')).toBe(true)
  expect(among('2/1/0').actors()).toEqual(['learner'])
})
