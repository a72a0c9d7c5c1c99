/** What a log says: metrics, facts and scores of sessions written by hand, and what the invariants call broken. */
import { describe, expect, test } from 'vitest'
import { resolveConfig } from '../../../envs/core/config.ts'
import type { AnyEnvironment } from '../../../envs/core/environment.ts'
import { rangeOf } from '../../../envs/core/range.ts'
import { marsColony } from '../../../envs/mars_colony/index.ts'
import type { MarsEvent, MarsState, Standing } from '../../../envs/mars_colony/state.ts'
import { COLONIST_IDS } from '../../../envs/mars_colony/state.ts'

const ME = 'colonist_0'
const PLAIN: Standing = {
  credits: 0,
  reputation: 50,
  bad_ticks: 0,
  talks: 0,
  good_talks: 0,
  visits: 0,
  good_visits: 0,
  kept: 0,
  broken: 0,
}
type Ended = Extract<MarsEvent, { type: 'shift_ended' }>

/** A shift's last event; `first` are the bonds of the first pairs, the others have none. */
function ended(colony: Partial<Ended['colony']> = {}, standing: Partial<Standing> = {}, first: readonly number[] = []): Ended {
  return {
    type: 'shift_ended',
    colony: {
      tick: 200,
      need: Array(30).fill(50_000),
      bond: [...first, ...Array(45 - first.length).fill(0)],
      progress: [0, 0, 0],
      done_at: [-1, -1, -1],
      workers: [0, 0, 0],
      count: [1000, 400, 300, 200, 100],
      breach_ticks: 0,
      ...colony,
    },
    dialogue: { calls: 3, spent_micro_usd: 210, refused: 1 },
    standings: COLONIST_IDS.map((_, i) => (i === 0 ? { ...PLAIN, ...standing } : { ...PLAIN, credits: -i, reputation: i })),
  }
}

/** A session of these shifts. `config` may be of any mode. */
function logOf(
  shifts: readonly (readonly MarsEvent[])[],
  config: object = {},
  seats: object = {},
  refused: readonly object[] = [],
) {
  const header = { env: 'mars_colony', version: 2, config: marsColony.config.parse(config), seed: 1, repeat: 0, seats }
  const steps = shifts.map((events, t) => ({
    t,
    events,
    refused: t === 0 ? refused : [],
    decisions: {},
    rewards: {},
    results: {},
  }))
  return { header, steps, stop: null } as never
}
const metricsOf = (shifts: readonly (readonly MarsEvent[])[], refused: readonly object[] = []) =>
  marsColony.metrics.of(logOf(shifts, {}, {}, refused), ME)

describe('metrics', () => {
  test('sort every pair by its bond, the edges belonging to the milder side', () => {
    const points = [50.0001, 50, 15.0001, 15, -15, -15.0001, -100]
    expect(
      metricsOf([
        [
          ended(
            {},
            {},
            points.map(point => Math.round(point * 10_000)),
          ),
        ],
      ]),
    ).toMatchObject({
      strong_friendships: 1,
      working_relationships: 2,
      neutral_pairs: 2 + 38,
      tensions: 2,
    })
  })

  test('count sites, crews, time and breaches of the whole session', () => {
    // Crews of three, one and nobody.
    const colony = { done_at: [0, -1, 7], workers: [0b1011, 0b1000000000, 0], breach_ticks: 50 }
    expect(metricsOf([[ended({ breach_ticks: 1 })], [ended(colony)]])).toMatchObject({
      sites_completed: 2,
      unique_workers: 4 / 3,
      stable_needs: 0.75,
      working_share: 0.5,
      socializing_share: 0.2,
      resting_share: 0.15,
      building_share: 0.1,
      walking_share: 0.05,
      dialogue_events: 3,
      dialogue_micro_usd: 210,
    })
  })

  test('say of a colonist what stands beside its own name', () => {
    const standing = { credits: 4.5, talks: 3, kept: 2, broken: 1 }
    expect(metricsOf([[ended({}, standing)]])).toMatchObject({ credits: 4.5, talks: 3, pledges_kept: 2, pledges_broken: 1 })
    expect(marsColony.metrics.of(logOf([[ended({}, standing)]]), 'colonist_7')).toMatchObject({ credits: -7, talks: 0 })
  })

  const other = 'colonist_1'
  const said = (from: string, to: string, truth: boolean): MarsEvent => ({ type: 'replied', from, to, field: 1, truth })
  const answered = (from: string, accepted: boolean): MarsEvent => ({
    type: 'ask_answered',
    ask_id: 0,
    from,
    to: 'colonist_2',
    accepted,
  })
  const declined = (from: string): MarsEvent => ({ type: 'pledge_declined', from, to: 'colonist_2' })
  const refusal = (agent: string) => ({ agent, tool: 'talk', code: 'self', message: '' })
  test('count what became of its promises, questions and requests, and of nobody else’s', () => {
    const mine = [
      said(other, ME, true),
      said(other, ME, false),
      said(other, ME, true),
      answered(ME, true),
      answered(ME, false),
      declined(ME),
    ]
    const theirs = [said(ME, other, false), answered(other, true), declined(other), declined(other)]
    expect(metricsOf([[...mine, ...theirs, ended()]], [refusal(ME), refusal(ME), refusal(other)])).toMatchObject({
      tips: 3,
      tips_true: 2 / 3,
      asks_accepted: 0.5,
      pledges_declined: 1,
      refusals: 2,
    })
  })

  test('have no share of nothing', () => {
    expect(metricsOf([[answered(other, true), said(ME, other, true), ended()]])).toMatchObject({
      tips: 0,
      tips_true: null,
      asks_accepted: null,
    })
  })

  test('of a session that has not begun are those of its beginning', () => {
    expect(metricsOf([])).toEqual({
      strong_friendships: 0,
      working_relationships: 0,
      neutral_pairs: 45,
      tensions: 0,
      sites_completed: 0,
      unique_workers: 0,
      stable_needs: null,
      working_share: null,
      socializing_share: null,
      resting_share: null,
      building_share: null,
      walking_share: null,
      dialogue_events: 0,
      dialogue_micro_usd: 0,
      credits: null,
      talks: null,
      pledges_kept: null,
      pledges_broken: null,
      pledges_declined: 0,
      tips: 0,
      tips_true: null,
      asks_accepted: null,
      refusals: 0,
    })
  })

  test('are all documented', () => {
    expect(Object.keys(metricsOf([])).sort()).toEqual(Object.keys(marsColony.metrics.docs).sort())
    for (const { description, formula, range, source } of Object.values(marsColony.metrics.docs))
      for (const words of [description, formula, range, source]) expect(words).not.toBe('')
  })
})

describe('facts', () => {
  test('say what shares lie within, the payoff up to its cap, and the reward with them; of a two-layer session nothing', () => {
    const env = marsColony as unknown as AnyEnvironment
    const of = (part: string, config?: object) => rangeOf(env, part, config)
    const config = resolveConfig(env, 'agentic', {
      payoff_cap: 3,
      weights: { payoff: 2, reputation: 0, survival: 1, quality: 0.5 },
    })
    for (const part of ['reputation', 'survival', 'quality', 'social_quality', 'pledge_quality'])
      expect(of(part, config)).toEqual({ low: 0, high: 1 })
    expect(of('payoff', config)).toEqual({ low: -1, high: 3 })
    expect(of('payoff')).toEqual({ low: -1, high: null })
    expect(of('reward', config)).toEqual({ low: -2, high: 7.5 })
    expect(of('reward', resolveConfig(env, 'two-layer'))).toEqual({ low: null, high: null })
  })

  const { kinds, dealings, standings } = marsColony.facts!

  test('name the kind of each seat where no player sits, and of none in a two-layer session', () => {
    const residents = ['rule', 'honest', 'deceptive', ...Array(7).fill('opportunistic')]
    const seats = { [ME]: 'bot:honest', colonist_1: 'resident', colonist_2: 'resident' }
    expect(kinds!(logOf([], { residents }, seats))).toEqual({ colonist_1: 'honest', colonist_2: 'deceptive' })
    expect(kinds!(logOf([], { mode: 'two-layer' }, seats))).toEqual({})
  })

  test('tell each offer and what became of it, with its step', () => {
    const pair = { from: 'colonist_1', to: 'colonist_2' }
    const shifts: MarsEvent[][] = [
      [{ type: 'asked', ask_id: 0, ...pair }, { type: 'cured', colonist: ME }, ended()],
      [
        { type: 'ask_answered', ask_id: 0, ...pair, accepted: true },
        { type: 'ask_answered', ask_id: 1, ...pair, accepted: false },
        { type: 'pledged', ...pair, answering: 0 },
        { type: 'pledge_declined', ...pair },
        { type: 'pledge_settled', ...pair, outcome: 'broken', built: 0 },
        ended(),
      ],
    ]
    expect(dealings!(logOf(shifts))).toEqual([
      { t: 0, kind: 'ask', ...pair, outcome: 'offered' },
      { t: 1, kind: 'ask', ...pair, outcome: 'accepted' },
      { t: 1, kind: 'ask', ...pair, outcome: 'declined' },
      { t: 1, kind: 'pledge', ...pair, outcome: 'offered' },
      { t: 1, kind: 'pledge', ...pair, outcome: 'declined' },
      { t: 1, kind: 'pledge', ...pair, outcome: 'broken' },
    ])
  })

  test('follow credits and reputation shift by shift, where there are any', () => {
    const log = logOf([[ended({}, { credits: 1, reputation: 51 })], [ended({}, { credits: 3, reputation: 49 })]])
    expect(standings!(log)).toMatchObject({
      credits: { [ME]: [1, 3], colonist_9: [-9, -9] },
      reputation: { [ME]: [51, 49], colonist_9: [9, 9] },
    })
    expect(standings!(logOf([[ended()]], { mode: 'two-layer' }))).toEqual({})
  })
})

describe('scores', () => {
  const weights = { payoff: 1, reputation: 2, survival: 4, quality: 8 }
  const config = { max_steps: 10, weights, start_credits: 2, par: 1, payoff_cap: 5, quality_floor: 1 }
  const mine = (standing: Partial<Standing>, more: object = {}) =>
    marsColony.score(logOf([[ended({}, standing)]], { ...config, ...more }))[ME]!

  test('each part from what it is made of, and the composite from all by weight', () => {
    const scores = mine({
      credits: 7,
      reputation: 80,
      bad_ticks: 100,
      talks: 4,
      good_talks: 3,
      visits: 2,
      good_visits: 1,
      kept: 3,
      broken: 1,
    })
    expect(scores).toMatchObject({ payoff: 0.5, reputation: 0.8, survival: 0.9, quality: 0.7, pledge_quality: 0.75 })
    expect(scores.social_quality).toBeCloseTo(4 / 6, 12)
    expect(scores.reward).toBeCloseTo(0.5 + 2 * 0.8 + 4 * 0.9 + 8 * 0.7, 12)
  })

  test('few interactions count as a share of the floor, and none is no quality', () => {
    expect(mine({ kept: 1 }, { quality_floor: 4 })).toMatchObject({ quality: 0.25, pledge_quality: 1, social_quality: null })
    expect(mine({})).toMatchObject({ quality: 0, pledge_quality: null, social_quality: null })
  })

  test('before the first shift everybody stands where it starts', () => {
    expect(marsColony.score(logOf([], config))[ME]).toMatchObject({ payoff: 0, reputation: 0.5, survival: 1, quality: 0 })
  })

  test('a two-layer session has survival alone, of the whole colony', () => {
    const score = (shifts: MarsEvent[][]) => marsColony.score(logOf(shifts, { mode: 'two-layer' }))[ME]
    expect(score([[ended({ breach_ticks: 2_500 })]])).toEqual({
      reward: 0,
      payoff: null,
      reputation: null,
      survival: 0.75,
      quality: null,
      social_quality: null,
      pledge_quality: null,
    })
    expect(score([])!.survival).toBe(1)
  })
})

describe('an invariant', () => {
  const before: MarsState = marsColony.reset(marsColony.config.parse({}), 1, [ME])
  const { state: after, events } = marsColony.step(before, {})
  /** Which invariants a state after one shift breaks, edited. */
  const broken = (edit: (state: MarsState) => void): string[] => {
    const edited = structuredClone(after) as MarsState
    edit(edited)
    return Object.entries(marsColony.invariants!).flatMap(([name, holds]) =>
      holds(before, edited, events) === undefined ? [] : [name],
    )
  }

  test('holds after a shift as it was', () => expect(broken(() => {})).toEqual([]))

  test.each<[string, (state: MarsState) => void]>([
    ['needs', ({ colony }) => (colony.need[29] = 100_001)],
    ['needs', ({ colony }) => (colony.need[0] = -1)],
    ['needs', ({ colony }) => (colony.need[0] = Number.NaN)],
    ['bonds', ({ colony }) => (colony.bond[44] = 1_000_001)],
    ['bonds', ({ colony }) => (colony.bond[0] = -1_000_001)],
    ['talk', ({ swayed }) => (swayed[3] = 100_001)],
    ['talk', ({ swayed }) => (swayed[3] = -100_001)],
    ['reputation', ({ members }) => (members[9]!.reputation = 100.1)],
    ['reputation', ({ members }) => (members[0]!.reputation = -0.1)],
    ['ledger', ({ ledger }) => Object.assign(ledger, { calls: 101, spent_micro_usd: 7070 })],
    ['ledger', ({ ledger }) => (ledger.spent_micro_usd += 1)],
    ['ledger', ({ ledger }) => Object.assign(ledger, { calls: 2, callMicroUsd: 7000, spent_micro_usd: 14_000 })],
    ['clock', state => (state.step += 1)],
    ['labour_stays', ({ colony }) => (colony.progress[2] = -1)],
    ['pledges_are_settled', ({ members }) => (members[4]!.pledge = 0)],
    [
      'pledges_are_settled',
      ({ members }) => (members[4]!.plan = { action: null, talk: null, ask: null, pledge: null, answers: [] }),
    ],
    ['time_is_spent', ({ colony }) => (colony.count[1]! += 1)],
  ])('%s says what is broken', (name, edit) => expect(broken(edit)).toEqual([name]))

  test('clock says that ticks went missing', () => expect(broken(({ colony }) => (colony.tick -= 1))).toContain('clock'))
})
