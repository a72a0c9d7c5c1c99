/** What a session can be told: a value that makes sense is kept, one that does not is refused by name, and options that need each other. */
import { describe, expect, test } from 'vitest'
import { spatialPlanning } from '../../../envs/spatial_planning/index.ts'
import { labRound } from '../../../envs/spatial_planning/lab_sessions.ts'
import { capOf, percentile, rangeOf, rosterOf } from '../../../envs/spatial_planning/roster.ts'
import { inspectedPlots, signalWidth } from '../../../envs/spatial_planning/stimuli.ts'
import { environments, parseConfig } from '../../../index.ts'

const parse = (config: object) => parseConfig(environments.get('spatial_planning'), config) as Record<string, unknown>
const role = (owner: number, developer: number, speculator: number) => ({ owner, developer, speculator })
const watch = { readers: 'all', fee: 1, checked: 0.5, fine: 1 }

describe('an option', () => {
  test.each<[name: string, kept: readonly unknown[], refused: readonly unknown[], more?: object]>([
    ['treatment', ['harberger', 'futarchy', 'voting'], ['lottery']],
    ['session', [0, 11], [-1, 12]],
    ['rounds', [1, 5], [0, 6]],
    ['practice', [true, false], [1]],
    ['owners', [1, 5], [0, 6]],
    ['speculators', [1, 6], [0, 7]],
    ['ticks', [1, 60], [0, 61]],
    ['chat_before', [0, 10], [-1, 11]],
    ['chat_after', [0, 10], [-1, 11]],
    ['declarations', ['all', 'speculators'], ['owners']],
    ['tie', ['laboratory', 'no_project', 'project'], ['coin']],
    ['initial_tax', [0, 100], [-1, 101]],
    ['final_tax', [1, 100], [0, 101]],
    ['cash', [role(0, 0, 0), role(10_000_000, 1, 1)], [role(-1, 0, 0), role(0, 10_000_001, 0), { owner: 1 }]],
    ['shares', [role(0, 0, 0), role(6, 40, 5)], [role(-1, 0, 0), role(6, 41, 5), role(0, 0, 101)]],
    ['signals', ['additive', 'multiplicative'], ['none']],
    ['values', ['independent', 'stratified', 'matched'], ['best']],
    ['inspect', [0, 6], [-1, 7]],
    ['signal_width', [0, 100], [-1, 101]],
    ['purchase_fee', [0, 1_000_000], [-1, 1_000_001]],
    [
      'appraisals',
      [watch, { ...watch, readers: 'speculators', checked: 0, fee: 0, fine: 0 }],
      [
        { ...watch, readers: 'nobody' },
        { ...watch, fee: -1 },
        { ...watch, fee: 1_000_001 },
        { ...watch, checked: 1.1 },
        { ...watch, checked: -0.1 },
        { ...watch, fine: -1 },
        { ...watch, fine: 1_000_001 },
      ],
      { inspect: 1 },
    ],
    [
      'pledges',
      [
        { audited: 0, fine: 0 },
        { audited: 1, fine: 10 },
      ],
      [
        { audited: -0.1, fine: 0 },
        { audited: 1.1, fine: 0 },
        { audited: 0, fine: -1 },
        { audited: 0, fine: 11 },
      ],
      { treatment: 'voting' },
    ],
    ['reward_scale', [role(0.01, 1000, 1)], [role(0, 1, 1), role(1, 1001, 1), role(1, 1, 0)]],
    ['reward_cap', [0.01, 1000], [0, 1001]],
    ['brief', [true, false], ['yes'], { ticks: 1 }],
    ['aids', [true, false], ['yes']],
  ])('%s', (name, kept, refused, more = {}) => {
    for (const value of kept) expect(parse({ ...more, [name]: value })[name]).toEqual(value)
    for (const value of refused) expect(() => parse({ ...more, [name]: value }), JSON.stringify(value)).toThrow(name)
  })

  test.each<[what: string, wrong: object, right: object, words: RegExp]>([
    ['appraisals of no plots', { appraisals: watch }, { appraisals: watch, inspect: 2 }, /appraisals: .*inspect of 1 or more/],
    [
      'appraisals without speculators',
      { appraisals: watch, inspect: 2, treatment: 'voting' },
      { appraisals: watch, inspect: 2, treatment: 'futarchy' },
      /appraisals: .*a treatment with speculators/,
    ],
    ['brief markets of many turns', { brief: true, ticks: 2 }, { brief: true, ticks: 1 }, /brief: .*markets of one turn/],
    [
      'pledges without offers',
      { pledges: { audited: 1, fine: 0 } },
      { pledges: { audited: 1, fine: 0 }, treatment: 'voting' },
      /pledges: .*voting treatment/,
    ],
    // With six speculators 5 · 6 + 30 + 6 · 7 shares are 102.
    [
      'more shares than there are',
      { shares: role(6, 30, 7) },
      { shares: role(6, 30, 7), speculators: 5 },
      /shares: .*at most 100 shares/,
    ],
  ])('%s are refused, and what would do is not', (_what, wrong, right, words) => {
    expect(() => parse(wrong)).toThrow(words)
    expect(() => parse(right)).not.toThrow()
  })

  test('of a market counts speculators’ shares in a vote as well, though none sit there', () => {
    expect(() => parse({ treatment: 'voting', shares: role(6, 30, 7) })).toThrow('shares')
  })
})

test('presets of training have what their names say beside their treatment', () => {
  const preset = (name: keyof typeof spatialPlanning.presets) => spatialPlanning.config.parse(spatialPlanning.presets[name])
  for (const name of Object.keys(spatialPlanning.presets) as (keyof typeof spatialPlanning.presets)[]) {
    const config = preset(name)
    expect(name.startsWith(config.treatment)).toBe(true)
    if (!name.endsWith('_train')) continue
    expect(config).toMatchObject({ brief: true, aids: false, values: 'matched', ticks: 1, reward_cap: 2 })
  }
  expect([preset('harberger_quick').ticks, preset('harberger').ticks, preset('harberger_lab').ticks]).toEqual([4, 9, 18])
  expect([preset('harberger_lab').practice, preset('futarchy_lab').practice, preset('harberger').practice]).toEqual([
    true,
    true,
    false,
  ])
  expect([preset('harberger_speculator_train').appraisals?.readers, preset('harberger_train').appraisals?.readers]).toEqual([
    'speculators',
    'all',
  ])
})

describe('seats', () => {
  const seats = (config: object) => spatialPlanning.seats(spatialPlanning.config.parse(config))
  test('are land holders in the order of the map, then speculators where there are any', () => {
    expect(seats({ owners: 2, speculators: 1 }).map(({ agent, role: of }) => [agent, of])).toEqual([
      ['owner_1', 'owner'],
      ['developer', 'developer'],
      ['owner_2', 'owner'],
      ['speculator_1', 'speculator'],
    ])
    expect(seats({ treatment: 'voting', owners: 1 }).map(({ agent }) => agent)).toEqual(['owner_1', 'developer'])
    expect(
      seats({})
        .filter(({ learner }) => learner)
        .map(({ agent }) => agent),
    ).toEqual(['developer'])
  })
  test('are called as the laboratory calls them, and are the same object for the same counts', () => {
    const roster = rosterOf({ treatment: 'harberger', owners: 2, speculators: 1 })
    expect(roster.tags).toEqual(['Owner 1', 'Developer', 'Owner 2', 'Speculator 1'])
    expect(roster.index).toEqual({ owner_1: 0, developer: 1, owner_2: 2, speculator_1: 3 })
    expect(rosterOf({ treatment: 'futarchy', owners: 2, speculators: 1 })).toBe(roster)
    expect(rosterOf({ treatment: 'futarchy', owners: 2, speculators: 2 })).not.toBe(roster)
  })
})

test('a declaration lies in its range by percent of two decimals, and its ends are the least and the most', () => {
  const range = rangeOf('owner_3', 0)
  expect(range).toEqual({ low: 350_000, high: 600_000 })
  expect([0, 350_000, 350_010, 433_333, 600_000, 900_000].map(value => percentile(value, range))).toEqual([
    0, 0, 0, 33.33, 100, 100,
  ])
  expect([capOf('owner_3', 0), capOf('owner_3', 1), capOf('developer', 0), capOf('developer', 1)]).toEqual([
    1_200_000, 700_000, 1_000_000, 5_500_000,
  ])
})

test('rows of the laboratory’s sessions: each session once for each seed', () => {
  const config = spatialPlanning.config.parse({})
  const rows = spatialPlanning.scenarios!(config, 23)
  expect(spatialPlanning.scenarios!(config)).toHaveLength(11)
  expect(rows.map(({ id }) => id).slice(9, 13)).toEqual([
    'session_10_seed_0',
    'session_11_seed_0',
    'session_1_seed_1',
    'session_2_seed_1',
  ])
  expect(rows[22]).toEqual({ id: 'session_1_seed_2', config: { ...config, session: 1 }, seed: 2 })
})

test('a session or round that the laboratory has not is refused', () => {
  for (const [session, round] of [
    [0, 1],
    [1, 6],
    [12, 0],
  ] as const)
    expect(() => labRound(session, round)).toThrow(`got ${session} and ${round}`)
  expect(labRound(1, 0).values[0]).toEqual([206, 468, 598, 478, 416, 451])
  expect(labRound(11, 5).signals[1]).toHaveLength(12)
})

test('noise is a part of the average worth of a share, by rate, width and number of plots', () => {
  const width = (more: object) => signalWidth({ final_tax: 33, owners: 5, ...more })
  expect(width({ signal_width: 10 })).toBeCloseTo(2 * width({}), 9)
  expect(width({ final_tax: 66 })).toBeCloseTo(2 * width({}), 9)
  // Owners’ ranges average 725,000 together, the developer’s 1,975,000.
  expect(width({ owners: 1 }) / width({})).toBeCloseTo((725 + 1975) / (5 * 725 + 1975), 9)
  expect(width({ signal_width: 0 })).toBe(0)
})

test('plots that are shown are as many as there are to be, each once, in the order of the map', () => {
  const shownTo = (options: object, seed: number, player: number) =>
    inspectedPlots(spatialPlanning.config.parse(options), seed, 2, player)
  for (let player = 6; player < 12; player++) {
    const shown = shownTo({ inspect: 3 }, 1, player)
    expect(new Set(shown).size).toBe(3)
    expect(shown).toEqual([...shown].sort((a, b) => a - b))
    expect(Math.max(...shown)).toBeLessThan(6)
    expect(shownTo({ inspect: 6, owners: 2 }, 1, player)).toEqual([0, 1, 2])
    expect(shownTo({}, 1, player)).toEqual([])
  }
  const all = new Set(Array.from({ length: 40 }, (_, seed) => shownTo({ inspect: 1 }, seed, 7)[0]))
  expect(all.size).toBe(6)
})
