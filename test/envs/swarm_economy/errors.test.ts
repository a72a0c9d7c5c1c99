/** Every mistake has its line, costs the step and changes nothing else. */
import { describe, expect, test } from 'vitest'
import { agent, events, type Game, type Line, players, say, told, work } from './world.ts'

/** A game in which agent_0 has posted #1 and made trade #1 to the learner, and the learner has posted #2 and made trade #2. */
function busy(config: object = {}): Game {
  const game = players(2, config)
  const call = (tool: string, args: object) => ({ calls: [{ tool, args }] })
  const offer = (to: string) => ({ counterparty_id: to, content: 'fair?', offered_transfer: 5 })
  game.step({
    learner: call('pass_turn', {}),
    agent_0: call('post', { content: 'first' }),
    agent_1: call('claim_task', { task_id: 1 }),
  })
  game.step({
    learner: call('post', { content: 'second' }),
    agent_0: call('propose_trade', offer('learner')),
    agent_1: call('pass_turn', {}),
  })
  game.step({
    learner: call('propose_trade', offer('agent_0')),
    agent_0: call('pass_turn', {}),
    agent_1: call('submit_work', { task_id: 1, content: work(80) }),
  })
  return game
}

const MISTAKES: readonly (readonly [line: Line, code: string, message: string, config?: object])[] = [
  [['sing'], 'unknown_tool', 'No tool "sing". Tools: '],
  [['post'], 'bad_arguments', 'post: content: Invalid input: expected string'],
  [
    ['reply', { post_id: 'one', content: 'x' }],
    'bad_arguments',
    'reply: post_id: Invalid input: expected number, received string',
  ],
  [['claim_task', { task_id: 1.5 }], 'bad_arguments', 'claim_task: task_id: Invalid input: expected int'],
  [['pass_turn', { now: true }], 'bad_arguments', 'pass_turn: Unrecognized key: "now"'],
  [['post', { content: ' \n' }], 'empty_content', 'content must not be empty'],
  [['reply', { post_id: 1, content: '' }], 'empty_content', 'content must not be empty'],
  [['reply', { post_id: 9, content: 'x' }], 'no_post', 'post #9 does not exist'],
  [['vote', { post_id: 0, direction: 'up' }], 'no_post', 'post #0 does not exist'],
  [['vote', { post_id: 1, direction: 'sideways' }], 'bad_direction', 'direction must be "up" or "down"'],
  [['vote', { post_id: 2, direction: 'up' }], 'own_post', 'you cannot vote on your own post'],
  [['propose_trade', offer('agent_9')], 'unknown_agent', 'unknown agent "agent_9"'],
  [['propose_trade', offer('learner')], 'own_trade', 'you cannot trade with yourself'],
  [['propose_trade', offer('agent_1', 100.5)], 'bad_transfer', 'offered_transfer must be a finite number between -100 and 100'],
  [
    ['propose_trade', offer('agent_1', Number.NaN)],
    'bad_arguments',
    'propose_trade: offered_transfer: Invalid input: expected number',
  ],
  [['propose_trade', offer('agent_1', 50)], 'no_resources', 'you hold only 40.0 resources', { resources: 40 }],
  [['propose_trade', offer('agent_0')], 'pending', 'you already have a pending proposal to agent_0 (#2)'],
  [['accept_proposal', { proposal_id: 7 }], 'no_proposal', 'proposal #7 does not exist'],
  [
    ['accept_proposal', { proposal_id: 2 }],
    'own_proposal',
    'proposal #2 is your own, only agent_0 can answer it; cancel_proposal withdraws it',
  ],
  [['reject_proposal', { proposal_id: 2 }], 'own_proposal', 'proposal #2 is not addressed to you', { explain_trades: false }],
  [['cancel_proposal', { proposal_id: 1 }], 'not_yours', 'you can cancel only proposals you made'],
  [['cancel_proposal', { proposal_id: 7 }], 'no_proposal', 'proposal #7 does not exist'],
  [['cancel_proposal', { proposal_id: 2 }], 'unknown_tool', 'No tool "cancel_proposal".', { cancel_tool: false }],
  [['claim_task', { task_id: 99 }], 'no_task', 'task #99 does not exist'],
  [['claim_task', { task_id: 1 }], 'task_completed', 'task #1 is already completed'],
  [['submit_work', { task_id: 99, content: 'x' }], 'no_task', 'task #99 does not exist'],
  [['submit_work', { task_id: 2, content: 'x' }], 'not_claimed', 'you have not claimed task #2'],
  [['submit_work', { task_id: 1, content: 'x' }], 'task_completed', 'task #1 is already completed'],
]

function offer(to: string, transfer = 5): object {
  return { counterparty_id: to, content: 'x', offered_transfer: transfer }
}

describe('a call that cannot be carried out', () => {
  test.each(MISTAKES.map(([[tool, args = {}], code, message, config = {}]) => ({ tool, args, code, message, config })))(
    '$tool is refused as $code: $message',
    ({ tool, args, code, message, config }) => {
      const game = busy(config)
      const before = agent(game, 'learner')
      const step = game.state.step
      const text = told(game, 'learner', tool, args)
      expect(text).toContain('Error: ')
      expect(text).toContain(message)
      expect(game.log.steps.at(-1)!.refused).toMatchObject([{ agent: 'learner', tool, code }])
      expect(game.state.step).toBe(step + 1)
      const after = agent(game, 'learner')
      expect({ ...after, outcome: '', tally: 0 }).toEqual({ ...before, outcome: '', tally: 0 })
      expect(after.tally.interactions).toBe(before.tally.interactions + 1)
      expect(after.tally.successes).toBe(before.tally.successes)
    },
  )
})

test('an answer to what one neither made nor received is refused', () => {
  const game = busy()
  expect(told(game, 'agent_1', 'accept_proposal', { proposal_id: 2 })).toBe('Error: proposal #2 is not addressed to you')
  expect(game.log.steps.at(-1)!.refused).toMatchObject([{ agent: 'agent_1', code: 'not_addressed' }])
})

test('a second vote on a post is refused', () => {
  const game = busy()
  expect(told(game, 'learner', 'vote', { post_id: 1, direction: 'down' })).toBe('voted post #1 down')
  expect(told(game, 'learner', 'vote', { post_id: 1, direction: 'up' })).toBe('Error: you already voted on post #1')
})

test('a task that somebody holds, and a second task, cannot be claimed', () => {
  const game = players(1)
  told(game, 'agent_0', 'claim_task', { task_id: 1 })
  expect(told(game, 'learner', 'claim_task', { task_id: 1 })).toBe('Error: task #1 was already claimed by agent_0')
  told(game, 'learner', 'claim_task', { task_id: 2 })
  expect(told(game, 'learner', 'claim_task', { task_id: 2 })).toBe('Error: task #2 was already claimed by you')
  const third = players(1, {}, 2)
  expect(third.state.tasks.length).toBe(3)
  told(third, 'learner', 'claim_task', { task_id: 3 })
  expect(told(third, 'learner', 'claim_task', { task_id: 1 })).toBe('Error: finish task #3 before claiming another')
})

test('a claim lapses after five steps, and the task is open again', () => {
  const game = players(0)
  say(game, 'learner', ['claim_task', { task_id: 1 }])
  for (let i = 0; i < 3; i++) say(game, 'learner', ['pass_turn'])
  expect(agent(game, 'learner').task).toBe(1)
  say(game, 'learner', ['pass_turn'])
  expect(agent(game, 'learner').task).toBeNull()
  expect(told(game, 'learner', 'submit_work', { task_id: 1, content: 'late' })).toBe('Error: your claim on task #1 lapsed')
  expect(told(game, 'learner', 'claim_task', { task_id: 1 })).toContain('claimed task #1')
})

describe('a proposal that is settled stays so', () => {
  test.each([
    ['accepted', 'accept_proposal'],
    ['rejected', 'reject_proposal'],
  ])('%s', (status, tool) => {
    const game = busy()
    say(game, 'learner', [tool, { proposal_id: 1 }])
    expect(told(game, 'learner', 'accept_proposal', { proposal_id: 1 })).toBe(`Error: proposal #1 is already ${status}`)
  })

  test('cancelled', () => {
    const game = busy()
    say(game, 'learner', ['cancel_proposal', { proposal_id: 2 }])
    expect(told(game, 'agent_0', 'accept_proposal', { proposal_id: 2 })).toBe('Error: proposal #2 is already cancelled')
    expect(told(game, 'learner', 'cancel_proposal', { proposal_id: 2 })).toBe('Error: proposal #2 is already cancelled')
  })

  test('expired after five steps', () => {
    const game = busy()
    for (let i = 0; i < 2; i++) say(game, 'learner', ['pass_turn'])
    expect(game.state.proposals[0]!.status).toBe('pending')
    say(game, 'learner', ['pass_turn'])
    expect(events(game, 'trade_expired')).toMatchObject([{ agent: 'agent_0', to: 'learner', proposal: 1 }])
    expect(told(game, 'learner', 'accept_proposal', { proposal_id: 1 })).toBe('Error: proposal #1 is already expired')
  })
})

describe('a frozen player', () => {
  const frozen = (config: object = {}): Game => {
    const game = players(1, { freeze_below: 49, decay: 0.97, idle_decay_factor: 1, ...config })
    say(game, 'learner', ['pass_turn'])
    expect(agent(game, 'learner').frozenFor).toBe(0)
    return game
  }

  test('is told so whatever it calls, and passes', () => {
    const game = frozen()
    expect(told(game, 'learner', 'post', { content: 'hear me' })).toBe(
      'Error: you are frozen (reputation 48.5 below threshold 49); this turn was passed; appeal in 3 steps',
    )
    expect(events(game, 'passed').at(-2)).toMatchObject({ agent: 'learner', reason: 'frozen', tool: 'post' })
    expect(agent(game, 'learner').tally.interactions).toBe(0)
    expect(agent(game, 'learner').tally.calls[0]).toBe(1)
  })

  test('hears of no appeal where there is none', () => {
    expect(told(frozen({ appeals: false }), 'learner', 'post', { content: 'hear me' })).toBe(
      'Error: you are frozen (reputation 48.5 below threshold 49); this turn was passed',
    )
  })

  test('can be offered nothing', () => {
    const game = players(1, { freeze_below: 49, decay: 0.97, idle_decay_factor: 1 })
    say(game, 'agent_0', ['post', { content: 'still here' }])
    expect(told(game, 'agent_0', 'propose_trade', offer('learner'))).toBe('Error: learner is frozen')
  })
})

test('after the last step there are no further actions', () => {
  const game = players(0, { execute_final_turn: true })
  const results = say(game, 'learner', ...Array.from({ length: 27 }, (): Line => ['pass_turn']))
  expect(results.filter(({ ok }) => ok).length).toBe(25)
  expect(results.slice(25).map(({ text }) => text)).toEqual(Array(2).fill('Error: the simulation has ended; no further actions'))
  expect(game.log.stop).toBe('simulation_complete')
})
