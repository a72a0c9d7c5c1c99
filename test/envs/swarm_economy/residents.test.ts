/** What the bots do, each type as it is described. */
import { describe, expect, test } from 'vitest'
import { swarmEconomy } from '../../../envs/swarm_economy/index.ts'
import type { SwarmEvent } from '../../../envs/swarm_economy/state.ts'
import { Episode } from '../../../index.ts'
import { STILL } from './world.ts'

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

test('posts and replies attract offers where standing counts', () => {
  const received = (social_standing: boolean) =>
    Array.from({ length: 80 }, (_, seed) => {
      const config = { ...STILL, profile: 'v0.2', mix: '4/0/0', social_standing }
      const episode = new Episode(swarmEconomy, config, seed)
      while (!episode.over) episode.step({ learner: { calls: [{ tool: 'post', args: { content: 'hello' } }] } })
      return episode.log.steps
        .flatMap(step => step.events)
        .filter(event => event.type === 'trade_proposed' && event.to === 'learner').length
    }).reduce((sum, count) => sum + count, 0)
  expect(received(true)).toBeGreaterThan(1.2 * received(false))
})
