/** Options of training that let players say what others rely on: appraisals, and promises of compensation. */
import { describe, expect, test } from 'vitest'
import { presets } from '../../../envs/spatial_planning/config.ts'
import { spatialPlanning } from '../../../envs/spatial_planning/index.ts'
import { stimulusOf } from '../../../envs/spatial_planning/stimuli.ts'
import type { SpatialTypes } from '../../../envs/spatial_planning/types.ts'
import { type Decision, Episode, verify } from '../../../index.ts'

const call = (tool: string, args: object): Decision => ({ calls: [{ tool, args }] })
type Act = (agent: string, seen: SpatialTypes['Observation']) => Decision | undefined

/** One round in which everybody is silent, but for what `act` does. */
function round(config: object, act: Act, seed = 3): Episode<SpatialTypes> {
  const episode = new Episode<SpatialTypes>(spatialPlanning, config, seed)
  while (!episode.over) {
    const decisions = episode.actors().map(agent => [agent, act(agent, episode.observe(agent)) ?? { calls: [] }] as const)
    episode.step(Object.fromEntries(decisions))
  }
  expect(verify(spatialPlanning, episode.log)).toBeUndefined()
  return episode
}

const pointsOf = (episode: Episode<SpatialTypes>, agent: string): number => spatialPlanning.score(episode.log)[agent]!.points!

describe('appraisals', () => {
  const base = { treatment: 'harberger', rounds: 1, ticks: 1, inspect: 2 } as const
  const appraisals = { readers: 'all', fee: 500, checked: 0, fine: 0 } as const
  const truth: Act = (agent, { shared, inspected = [] }) =>
    shared.phase === 'appraisal' && agent === 'speculator_1'
      ? call('publish_appraisals', {
          appraisals: inspected.map(({ plot, values }) => ({ plot, no_project: values[0], project: values[1] })),
        })
      : undefined
  const lie: Act = (agent, seen) => {
    const said = truth(agent, seen)
    if (said === undefined) return undefined
    const { appraisals: told } = said.calls[0]!.args as { appraisals: { plot: string; no_project: number; project: number }[] }
    return call('publish_appraisals', { appraisals: told.map(each => ({ ...each, project: 0 })) })
  }
  const earned = (config: object, act: Act): number =>
    pointsOf(round(config, act), 'speculator_1') -
    pointsOf(
      round(config, () => undefined),
      'speculator_1',
    )

  test('bring their fee, and a fine for each that was wrong and checked', () => {
    expect(earned({ ...base, appraisals }, truth)).toBe(1000)
    expect(earned({ ...base, appraisals }, lie)).toBe(1000)
    expect(earned({ ...base, appraisals: { ...appraisals, checked: 1, fine: 700 } }, truth)).toBe(1000)
    expect(earned({ ...base, appraisals: { ...appraisals, checked: 1, fine: 700 } }, lie)).toBe(-400)
  })

  test('are refused of plots that were not shown, and of the same plot twice', () => {
    const episode = new Episode<SpatialTypes>(spatialPlanning, { ...base, appraisals }, 3)
    const shown = episode.observe('speculator_1').inspected!.map(({ plot }) => plot)
    const other = episode.observe('speculator_1').shared.plots.find(plot => !shown.includes(plot))!
    const say = (...plots: string[]) => ({
      tool: 'publish_appraisals',
      args: { appraisals: plots.map(plot => ({ plot, no_project: 1, project: 1 })) },
    })
    const { check } = episode.turn('speculator_1')
    expect(check(say(other))).toMatchObject({ ok: false })
    expect(check(say(shown[0]!, shown[0]!))).toMatchObject({ ok: false })
    expect(check(say(shown[0]!))).toMatchObject({ ok: true })
  })

  test('are read by those whom the rules name, and by nobody before all are in', () => {
    for (const readers of ['all', 'speculators'] as const) {
      const read: Record<string, number> = {}
      round({ ...base, appraisals: { ...appraisals, readers } }, (agent, seen) => {
        if (seen.shared.phase === 'appraisal') expect(seen.appraisals).toEqual([])
        read[agent] = Math.max(read[agent] ?? 0, seen.appraisals!.length)
        return truth(agent, seen)
      })
      expect(read.developer).toBe(readers === 'all' ? 2 : 0)
      expect(read.speculator_2).toBe(2)
    }
  })

  test('are what the reputation of a speculator is made of', () => {
    const reputation = (act: Act) => spatialPlanning.score(round({ ...base, appraisals }, act).log).speculator_1!.reputation
    expect(reputation(() => undefined)).toBeNull()
    expect(reputation(truth)).toBe(1)
    expect(reputation(lie)).toBe(0.5)
  })

  test('a purchase costs its fee', () => {
    const buyer: Act = (agent, { shared }) =>
      shared.phase === 'speculation' && agent === 'speculator_1' ? call('buy_plots', { plots: ['owner_1'] }) : undefined
    const [free, dear] = [0, 900].map(purchase_fee => pointsOf(round({ ...base, purchase_fee }, buyer), 'speculator_1'))
    expect(free! - dear!).toBe(900)
  })
})

describe('pledges', () => {
  const play = (pledges: object | undefined, paid: number | undefined) =>
    round({ treatment: 'voting', rounds: 1, chat_before: 0, chat_after: 0, ...(pledges && { pledges }) }, (agent, { shared }) => {
      if (shared.phase === 'offer') return call('offer_compensation', { amount: 100_000 })
      if (shared.phase === 'vote' && agent !== 'owner_1') return call('vote', { choice: 'project' })
      return shared.phase === 'payment' && paid !== undefined ? call('pay_compensation', { amount: paid }) : undefined
    })
  const unlooked = { audited: 0, fine: 2 }
  const kept = pointsOf(play(undefined, undefined), 'developer')

  test('are paid as offered by a silent developer', () => {
    expect(pointsOf(play(unlooked, undefined), 'developer')).toBe(kept)
  })

  test('can be broken where nobody looks: what is not paid is kept', () => {
    expect(pointsOf(play(unlooked, 40_000), 'developer') - kept).toBe(5 * 60_000)
    expect(pointsOf(play(undefined, undefined), 'owner_1') - pointsOf(play(unlooked, 40_000), 'owner_1')).toBe(60_000)
  })

  test('are made good with a fine where somebody looks', () => {
    const found = play({ audited: 1, fine: 2 }, 40_000)
    expect(kept - pointsOf(found, 'developer')).toBe(2 * 5 * 60_000)
    expect(pointsOf(found, 'owner_1')).toBe(pointsOf(play(undefined, undefined), 'owner_1'))
    expect(spatialPlanning.score(found.log).developer!.reputation).toBe(0.4)
    // Who pays more than it offered has broken no promise.
    expect(spatialPlanning.score(play(unlooked, 150_000).log).developer!.reputation).toBe(1)
  })

  test('nothing is to be paid for a project that was not carried', () => {
    const { log } = round({ ...presets.voting_train, rounds: 1 }, (_agent, { shared }) =>
      shared.phase === 'vote' ? call('vote', { choice: 'no_project' }) : undefined,
    )
    expect(log.steps.flatMap(({ events }) => events.map(({ type }) => type))).not.toContain('compensation_paid')
  })
})

test('matched sessions are worth much the same to a developer among truthful owners, stratified ones are not', () => {
  const spread = (values: 'matched' | 'stratified'): number => {
    const config = spatialPlanning.config.parse({ ...presets.voting_train, values })
    const worths = Array.from({ length: 40 }, (_, seed) => {
      let worth = 0
      for (let at = 1; at <= config.rounds; at++) {
        const { values: drawn } = stimulusOf(config, seed, at)
        const losses = drawn.flatMap(([without, withProject], plot) => (plot === 1 ? [] : [without - withProject]))
        const needed = losses.sort((a, b) => a - b)[2]!
        worth += Math.max(drawn[1]![0], drawn[1]![1] - 5 * needed)
      }
      return worth
    })
    const mean = worths.reduce((a, b) => a + b) / worths.length
    return Math.sqrt(worths.reduce((sum, worth) => sum + (worth - mean) ** 2, 0) / worths.length)
  }
  expect(spread('matched')).toBeLessThan(spread('stratified') / 2)
})

test('in brief there is no tool for a later turn of a market, and the same is not told twice', () => {
  const [brief, full] = [true, false].map(told => spatialPlanning.config.parse({ ...presets.futarchy_train, brief: told }))
  expect(Object.keys(spatialPlanning.tools(full!)).filter(name => !Object.hasOwn(spatialPlanning.tools(brief!), name))).toEqual([
    'cancel_order',
    'end_turn',
  ])
  const read = (config: SpatialTypes['Config']): string => {
    const state = spatialPlanning.reset(config, 0)
    return spatialPlanning.render(spatialPlanning.observe(state, 'developer', spatialPlanning.shared(state)))
  }
  expect(read(brief!).length).toBeLessThan(read(full!).length)
  expect(spatialPlanning.config.safeParse({ ticks: 4, brief: true }).success).toBe(false)
})
