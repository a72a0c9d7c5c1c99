/** What the bots do, each type as it is described. */
import { describe, expect, test } from 'vitest'
import { swarmEconomy } from '../../../envs/swarm_economy/index.ts'
import { moveResidents } from '../../../envs/swarm_economy/residents/index.ts'
import type { BotType, Post, Proposal, State, SwarmEvent, Task } from '../../../envs/swarm_economy/state.ts'
import { Episode, stream } from '../../../index.ts'
import { players, STILL } from './world.ts'

/** The events of passive games among four bots, with who is what; learners that offer `transfer` to agent_0 where given. */
function games(config: object, count: number, transfer?: number): { events: SwarmEvent[]; type: (id: string) => string }[] {
  return Array.from({ length: count }, (_, seed) => {
    const episode = new Episode(swarmEconomy, { ...STILL, ...config }, seed)
    while (!episode.over) {
      const offer = { tool: 'propose_trade', args: { counterparty_id: 'agent_0', content: 'x', offered_transfer: transfer ?? 0 } }
      episode.step({ learner: { calls: [transfer === undefined ? { tool: 'pass_turn', args: {} } : offer] } })
    }
    const types = new Map(episode.state.agents.map(({ id, type }) => [id, type]))
    return { events: episode.log.steps.flatMap(step => [...step.events]), type: id => types.get(id)! }
  })
}

const only = <Type extends SwarmEvent['type']>(events: readonly SwarmEvent[], type: Type) =>
  events.filter((event): event is Extract<SwarmEvent, { type: Type }> => event.type === type)

/** Share of the learner's offers to agent_0 that it accepts. */
function acceptance(mix: string, transfer: number, config: object = {}): number {
  const answers = games({ profile: 'v0.1', mix, resources: 10_000, ...config }, 12, transfer).flatMap(({ events }) => [
    ...only(events, 'trade_accepted').map(({ from }) => ({ from, accepted: 1 })),
    ...only(events, 'trade_rejected').map(({ from }) => ({ from, accepted: 0 })),
  ])
  const mine = answers.filter(({ from }) => from === 'learner')
  expect(mine.length).toBeGreaterThan(200)
  return mine.reduce((sum, { accepted }) => sum + accepted, 0) / mine.length
}

describe('offers', () => {
  test('an honest bot accepts three fair ones in five and no bad one', () => {
    expect(acceptance('1/0/0', 5)).toBeCloseTo(0.6, 1)
    expect(acceptance('1/0/0', -15)).toBe(0)
  })
  test('fair to an honest bot is what is more likely good than not: at reputation 50 what asks for less than 5', () => {
    expect(acceptance('1/0/0', -4)).toBeCloseTo(0.6, 1)
    expect(acceptance('1/0/0', -6)).toBe(0)
  })
  test('an opportunistic one accepts a third of what gives it something and nothing else', () => {
    expect(acceptance('0/1/0', 5)).toBeCloseTo(0.35, 1)
    expect(acceptance('0/1/0', 0)).toBe(0)
  })
  test('a deceptive one accepts half of what costs it nothing', () => {
    expect(acceptance('0/0/1', 0)).toBeCloseTo(0.5, 1)
    expect(acceptance('0/0/1', -1)).toBe(0)
  })
})

describe('a deceptive bot', () => {
  test.each([
    ['v0.1', 5, 5],
    ['v0.1-fixed', 3, 8],
  ])('of %s exploits only after its trust phase', (profile, low, high) => {
    const trusts = new Set<number>()
    for (const { events, type } of games({ profile, mix: '1/1/1' }, 40)) {
      const id = only(events, 'opened')[0]!.agents.find(({ agent }) => type(agent) === 'deceptive')!.agent
      let dealt = 0
      for (const event of events) {
        if (event.type === 'trade_accepted' && (event.agent === id || event.from === id)) dealt++
        if (!('agent' in event) || event.agent !== id) continue
        if ((event.type === 'work_submitted' || event.type === 'trade_proposed') && event.exploit) {
          expect(dealt).toBeGreaterThanOrEqual(low)
          trusts.add(dealt)
          break
        }
        if (event.type === 'posted' || event.type === 'work_submitted' || event.type === 'trade_proposed') dealt++
      }
    }
    expect(Math.min(...trusts)).toBe(low)
    expect(Math.max(...trusts)).toBeGreaterThanOrEqual(high)
  })

  test('asks 15 of reputable agents in the first versions, 5 to 20 of anyone later', () => {
    const asked = (profile: string) =>
      games({ profile, mix: '1/1/2', decay: 0.97, freeze_below: 0 }, 40).flatMap(({ events }) => {
        let reputation: readonly number[] = [50, 50, 50, 50, 50]
        return events.flatMap(event => {
          if (event.type === 'step_ended') reputation = event.reputation
          if (event.type !== 'trade_proposed' || !event.exploit) return []
          return [
            { transfer: event.transfer, reputation: reputation[event.to === 'learner' ? 0 : Number(event.to.slice(6)) + 1]! },
          ]
        })
      })
    const early = asked('v0.1-fixed')
    expect(early.length).toBeGreaterThan(20)
    expect(new Set(early.map(({ transfer }) => transfer))).toEqual(new Set([-15]))
    // What an agent earned in the same step before the snapshot can lift it above 40.
    expect(Math.min(...early.map(({ reputation }) => reputation))).toBeGreaterThan(39)
    const late = asked('v0.2')
    const transfers = late.map(({ transfer }) => transfer)
    expect([Math.min(...transfers) >= -20, Math.max(...transfers) <= -5, new Set(transfers).size > 20]).toEqual([
      true,
      true,
      true,
    ])
    expect(late.some(({ reputation }) => reputation < 39)).toBe(true)
  })

  test('does poor work when it exploits and fair work before', () => {
    const works = games({ profile: 'v0.1', mix: '0/0/4' }, 20).flatMap(({ events }) => only(events, 'work_submitted'))
    const p = (exploit: boolean) => works.filter(work => work.exploit === exploit).map(work => work.p)
    expect([Math.min(...p(true)) >= 0.2, Math.max(...p(true)) <= 0.45]).toEqual([true, true])
    expect([Math.min(...p(false)) >= 0.7, Math.max(...p(false)) <= 0.85]).toEqual([true, true])
  })
})

test('a deceptive bot that exploits where work is checked answers hardly anything and vouches for all', () => {
  const works = games({ profile: 'v0.2', work_rule: 'problems', mix: '0/0/4' }, 12).flatMap(({ events }) =>
    only(events, 'work_submitted'),
  )
  const exploits = works.filter(({ exploit }) => exploit)
  expect(exploits.length).toBeGreaterThan(10)
  for (const { questions, right, vouched } of exploits) {
    expect(vouched).toBe(questions)
    expect(right).toBeLessThanOrEqual(1)
  }
  expect(works.every(({ questions }) => questions !== undefined)).toBe(true)
})

describe('work', () => {
  const qualities = (mix: string) =>
    games({ profile: 'v0.1', mix }, 30).flatMap(({ events }) => only(events, 'work_submitted').map(({ p }) => p))
  test('of honest bots is thorough', () => {
    const p = qualities('4/0/0')
    expect([Math.min(...p) >= 0.75, Math.max(...p) <= 0.88]).toEqual([true, true])
  })
  test('of opportunistic ones is fair at best', () => {
    const p = qualities('0/4/0')
    expect([Math.min(...p) >= 0.45, Math.max(...p) <= 0.75]).toEqual([true, true])
  })
  test('an opportunistic bot leaves poorly paid tasks', () => {
    for (const { events } of games({ profile: 'v0.1', mix: '0/4/0' }, 30)) {
      const bounty = new Map(only(events, 'epoch_started').flatMap(({ tasks }) => tasks.map(task => [task.task, task.bounty])))
      for (const { task } of only(events, 'task_claimed')) expect(bounty.get(task)).toBeGreaterThanOrEqual(15)
    }
  })
  test('who moves first in a step is drawn: of four that want the same task each gets it about as often', () => {
    const won = [0, 0, 0, 0]
    for (const { events } of games({ profile: 'v0.1', mix: '4/0/0', epochs: 1, steps_per_epoch: 2 }, 200)) {
      const first = only(events, 'task_claimed')[0]
      if (first !== undefined) won[Number(first.agent.at(-1))]!++
    }
    for (const count of won) expect(count).toBeGreaterThan(25)
  })
  test('no task is claimed by two at once', () => {
    for (const { events } of games({ profile: 'v0.1', mix: '4/0/0' }, 20)) {
      const held = new Set<number>()
      for (const event of events) {
        if (event.type === 'task_claimed') {
          expect(held.has(event.task)).toBe(false)
          held.add(event.task)
        }
        if (event.type === 'claim_lapsed') held.delete(event.task)
      }
    }
  })
})

describe('in one situation, over many draws,', () => {
  const SELF = 'agent_0'
  const DRAWS = 1500
  /** Nothing to do, beside the learner and agent_1. */
  const calm = (profile: string) => players(2, { profile, tasks_low: 0, tasks_high: 0 }).state as State
  const EARLY = calm('v0.1')

  /** What a bot does of which the others see something; undefined where it does nothing. */
  function over(type: BotType, edit: (state: State) => void = () => {}, from = EARLY): (SwarmEvent | undefined)[] {
    const situation = structuredClone(from)
    Object.assign(situation.agents[1]!, { type })
    edit(situation)
    return Array.from({ length: DRAWS }, (_, draw) => {
      const state: State = {
        ...situation,
        agents: situation.agents.map(agent => ({ ...agent, luck: stream(draw, 'bot', agent.id).words() })),
        tasks: [...situation.tasks],
        posts: [...situation.posts],
        proposals: [...situation.proposals],
      }
      const events: SwarmEvent[] = []
      moveResidents(state, event => events.push(event))
      return events[0]
    })
  }
  const share = (events: readonly (SwarmEvent | undefined)[], holds: (event: SwarmEvent) => boolean): number =>
    events.filter(event => event !== undefined && holds(event)).length / events.length
  const near = (value: number, expected: number, by = 0.025) =>
    expect(Math.abs(value - expected), `${value}, not ${expected}`).toBeLessThan(by)
  const is =
    (type: SwarmEvent['type']) =>
    (event: SwarmEvent): boolean =>
      event.type === type
  const offersOf = (events: readonly (SwarmEvent | undefined)[]) =>
    events.filter(event => event?.type === 'trade_proposed') as Extract<SwarmEvent, { type: 'trade_proposed' }>[]

  const task = (id: number, bounty: number, template: number): Task => ({
    id,
    template,
    bounty,
    status: 'open',
    by: null,
    since: 0,
    lapsed: null,
  })
  /** Two open tasks: one that pays more, of difficulty 0.8, and one that pays more for its difficulty, 0.2. */
  const open = (state: State): void => void state.tasks.push(task(1, 20, 3), task(2, 18, 7))
  const holding = (state: State): void => {
    state.tasks.push({ ...task(1, 20, 3), status: 'claimed', by: SELF })
    state.agents[1]!.task = 1
  }
  const offer = (id: number, from: string, transfer: number, state: State): void => {
    const proposal: Proposal = { id, from, to: SELF, transfer, text: '', step: 0, status: 'pending', exploit: false }
    state.proposals.push(proposal)
    state.pending = [...state.pending, id]
  }
  const post = (state: State): void => {
    const written: Post = { id: 1, author: 'learner', step: 0, text: '', votes: 0, voters: [], popular: false, reply: null }
    state.posts.push(written)
  }

  test.each<[BotType, number, number[]]>([
    ['honest', 0.75, [2]],
    ['opportunistic', 0.7, [1]],
    ['deceptive', 0.6, [1, 2]],
  ])(
    '%s bots claim a task with probability %d: the best for its difficulty, the richest, or any of them',
    (type, claims, which) => {
      const moves = over(type, open)
      near(share(moves, is('task_claimed')), claims)
      expect([...new Set(moves.flatMap(move => (move?.type === 'task_claimed' ? move.task : [])))].sort()).toEqual(which)
    },
  )

  test.each<[BotType, number]>([
    ['honest', 0.5],
    ['opportunistic', 0.15],
    ['deceptive', 0.2],
  ])('%s bots vote with probability %d on a post that is fresh', (type, votes) => {
    near(share(over(type, post), is('voted')), votes)
    const later = (step: number) =>
      share(
        over(type, state => {
          post(state)
          state.step = step
        }),
        is('voted'),
      )
    near(later(4), votes)
    expect(later(5)).toBe(0)
  })

  test.each<[BotType, posts: number, proposes: number, low: number, high: number]>([
    ['honest', 0.12, 0.15, 2, 10],
    ['opportunistic', 0.05, 0.08, -6, 0],
    ['deceptive', 0.1, 0.1, 0, 3],
  ])(
    '%s bots that are idle post with probability %d and make offers with %d, offers of %d to %d',
    (type, posts, proposes, low, high) => {
      const moves = over(type)
      near(share(moves, is('posted')), posts, 0.02)
      near(share(moves, is('trade_proposed')), proposes, 0.02)
      const transfers = offersOf(moves).map(({ transfer }) => transfer)
      expect(Math.min(...transfers)).toBeGreaterThanOrEqual(low)
      expect(Math.max(...transfers)).toBeLessThanOrEqual(high)
      near(Math.max(...transfers) - Math.min(...transfers), high - low, 0.5)
    },
  )

  test('an offer goes to any other agent alike, whatever its reputation', () => {
    const moves = offersOf(over('honest', state => void Object.assign(state.agents[0]!, { reputation: 90 })))
    near(moves.filter(({ to }) => to === 'learner').length / moves.length, 0.5, 0.1)
  })

  test('what it was offered first is answered, the oldest, before it hands in its work', () => {
    const moves = over('honest', state => {
      holding(state)
      offer(1, 'learner', 5, state)
      offer(2, 'agent_1', 5, state)
    })
    const answers = moves.map(move => (move?.type === 'trade_accepted' || move?.type === 'trade_rejected' ? move.proposal : null))
    expect(new Set(answers)).toEqual(new Set([1]))
  })

  test('an opportunistic bot puts off its work in a quarter of the steps, and three in ten of its works are sloppy', () => {
    const moves = over('opportunistic', holding)
    const p = moves.flatMap(move => (move?.type === 'work_submitted' ? move.p : []))
    near(p.length / DRAWS, 0.75)
    near(p.filter(value => value < 0.6).length / p.length, 0.3)
  })

  test('a deceptive bot that exploits in turn hands in poor work and asks for payment', () => {
    const trusted = (state: State): void => void Object.assign(state.agents[1]!, { interactions: 9 })
    const asks = (move: SwarmEvent): boolean => move.type === 'trade_proposed' && move.exploit
    near(share(over('deceptive', trusted), asks), 0.5)
    const busy = over('deceptive', state => {
      trusted(state)
      holding(state)
    })
    near(share(busy, asks), 0.25)
    near(
      share(busy, move => move.type === 'work_submitted' && move.exploit),
      0.75,
    )
  })

  describe('in the later versions, standing', () => {
    const LATE = calm('v0.2')
    test.each([
      [0, 0.35],
      [2, 0.45],
      [6, 0.65],
      [9, 0.65],
    ])('of %d posts makes opportunistic bots accept with probability %d', (social, accepts) => {
      const moves = over(
        'opportunistic',
        state => {
          state.agents[0]!.social = social
          offer(1, 'learner', 5, state)
        },
        LATE,
      )
      near(share(moves, is('trade_accepted')), accepts)
    })

    test.each([
      [2, 2 / 3],
      [4, 3 / 4],
      [9, 3 / 4],
    ])('of %d posts does attract offers: a share of %d beside who never posts', (social, expected) => {
      const moves = offersOf(over('honest', state => void Object.assign(state.agents[0]!, { social }), LATE))
      near(moves.filter(({ to }) => to === 'learner').length / moves.length, expected, 0.05)
    })

    test('does neither in the first', () => {
      const famous = (state: State): void => void Object.assign(state.agents[0]!, { social: 9 })
      const moves = offersOf(over('honest', famous))
      near(moves.filter(({ to }) => to === 'learner').length / moves.length, 0.5, 0.1)
      const answers = over('opportunistic', state => {
        famous(state)
        offer(1, 'learner', 5, state)
      })
      near(share(answers, is('trade_accepted')), 0.35)
    })
  })
})
