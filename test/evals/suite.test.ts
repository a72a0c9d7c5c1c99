import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { type Cell, cellsOf, parseSuite, suiteJsonSchema } from '../../evals/suite.ts'
import { environments, parseConfig, resolveConfig } from '../../index.ts'
import { findRuns } from '../../rollouts/store.ts'
import { agoragym } from '../commands/console.ts'
import { scratch } from '../rollouts/table.ts'
import { toyMarket } from '../toy_market/index.ts'
import './toy_runs.ts'

const suite = (value: unknown): Cell[] => cellsOf(parseSuite(JSON.stringify(value), 'suite.json'))
const toy = (fields: object) => ({ name: 'toys', entries: [{ env: 'toy_market', ...fields }] })

describe('what a suite comes to', () => {
  test('presets × ablations × line-ups, each with the players and repeats of its entry or of the suite', () => {
    const cells = suite({
      name: 'toys',
      players: ['bot:miser'],
      repeats: 2,
      entries: [
        {
          env: 'toy_market',
          presets: ['default', 'crowded'],
          set: { horizon: 5 },
          ablations: [{ name: 'short', set: { horizon: 2 } }],
          lineups: [{ name: 'alone' }, { name: 'beside', opponents: 'seller:1', seats: { trader_1: 'random' } }],
          seeds: '3:6',
        },
        { env: 'sim_economy', scenarios: 4, players: ['random'], repeats: 1 },
      ],
    })
    expect(cells.map(({ label }) => label)).toEqual([
      ...['default', 'crowded'].flatMap(preset =>
        ['alone', 'beside', 'short-alone', 'short-beside'].map(rest => `toy_market-${preset}-${rest}`),
      ),
      'sim_economy',
    ])
    expect(cells[3]).toEqual({
      label: 'toy_market-default-short-beside',
      env: 'toy_market',
      preset: 'default',
      set: { horizon: 2 },
      seeds: '3:6',
      repeats: 2,
      players: ['bot:miser'],
      opponents: 'seller:1',
      seats: { trader_1: 'random' },
      tournament: false,
    })
    expect(cells.at(-1)).toMatchObject({ scenarios: 4, players: ['random'], repeats: 1, set: {} })
  })

  test('a tournament seats everybody with everybody, each way round', () => {
    const cells = suite(toy({ tournament: { players: ['a', 'b', 'c'], seats: ['trader_0', 'trader_1'] } }))
    const tables = cells.map(({ seats }) => `${seats.trader_0}${seats.trader_1}`)
    expect(tables).toEqual(['ab', 'ac', 'ba', 'bc', 'ca', 'cb'])
    expect(cells.every(({ players, tournament }) => tournament && players === undefined)).toBe(true)
  })

  test.each([
    [{ name: 'a b', entries: [] }, 'suite.json: name: expected letters, digits, . _ + -'],
    [toy({ players: [] }), 'entries.0.players'],
    [toy({ seeds: '3', seed: 4 }), 'Unrecognized key: "seed"'],
    [toy({ seeds: '3', scenarios: 4 }), 'entries.0: seeds and scenarios exclude each other'],
    [
      toy({ tournament: { players: ['a'], seats: ['trader_0', 'trader_1'] } }),
      '2 seats need as many different players, got ["a"]',
    ],
    [toy({ tournament: { players: ['a', 'b'], seats: ['x', 'x'] } }), 'a seat is named twice'],
    [toy({ players: ['a'], tournament: { players: ['a', 'b'], seats: ['x', 'y'] } }), 'leave out players and lineups'],
    [
      { name: 'toys', entries: [{ env: 'toy_market' }, { env: 'toy_market', seeds: '9' }] },
      'Two cells of the suite are called toy_market',
    ],
  ])('%j is refused: %s', (value, message) => {
    expect(() => suite(value)).toThrow(message)
  })

  test('what is no JSON is refused with its name', () => {
    expect(() => parseSuite('{', 'mine.json')).toThrow('mine.json is not JSON')
  })

  test('the printed schema names every field of a suite with a description', () => {
    const { properties } = suiteJsonSchema() as { properties: Record<string, { description?: string }> }
    expect(Object.keys(properties)).toEqual(['$schema', 'name', 'players', 'repeats', 'entries'])
    for (const { description } of Object.values(properties)) expect(description).toBeTruthy()
  })

  const examples = join(import.meta.dirname, '../../evals/suites')
  test.each(readdirSync(examples))('the example %s is a suite whose economies, presets, fields and seats exist', file => {
    const cells = cellsOf(parseSuite(readFileSync(join(examples, file), 'utf8'), file))
    expect(cells.length).toBeGreaterThan(1)
    for (const { env: id, preset, set, seats } of cells) {
      const env = environments.get(id)
      const config = resolveConfig(env, preset, set)
      const known = env.seats(config).map(({ agent }) => agent)
      for (const agent of Object.keys(seats)) expect(known).toContain(agent)
    }
  })
})

describe('eval --suite', () => {
  const file = (cwd: string, value: object): void => writeFileSync(join(cwd, 'suite.json'), JSON.stringify(value))
  /** Steps of every rollout of every run, by run. */
  const played = (cwd: string): Record<string, string> =>
    Object.fromEntries(
      findRuns(join(cwd, 'runs')).map(folder => [
        folder.slice(cwd.length + 1),
        readFileSync(join(folder, 'steps.jsonl'), 'utf8'),
      ]),
    )
  const lines = (text: string): number => text.trim().split('\n').length

  test('plays every cell into a folder of its own, and a comparison of the suite holds them all', async () => {
    const cwd = scratch()
    file(cwd, toy({ seeds: '3', ablations: [{ name: 'short', set: { horizon: 2 } }] }))
    const { code, out } = await agoragym('eval --suite suite.json', { cwd })
    expect(code).toBe(0)
    expect(out).toContain('agoragym compare runs/toys')
    expect(Object.keys(played(cwd)).map(folder => folder.replace(/-[0-9a-f]{8}$/, ''))).toEqual([
      'runs/toys/toy_market/toy_market--bot-miser-',
      'runs/toys/toy_market/toy_market--bot-seller-',
      'runs/toys/toy_market-short/toy_market--bot-miser-',
      'runs/toys/toy_market-short/toy_market--bot-seller-',
    ])
    const compared = await agoragym('compare runs/toys --json', { cwd })
    expect(JSON.parse(compared.out).settings).toEqual(['toy_market default', 'toy_market default, horizon=2'])
  })

  test('interrupted, amended by a player and by seeds, and run again, it plays the new rollouts only', async () => {
    const cwd = scratch()
    file(cwd, toy({ seeds: '30', players: ['bot:miser'], repeats: 2 }))
    const interrupted = new AbortController()
    interrupted.abort()
    const first = await agoragym('eval --suite suite.json', { cwd, signal: interrupted.signal })
    expect(first.code).toBe(1)
    expect(first.err).toContain('Go on with: agoragym eval --suite suite.json')
    await agoragym('eval --suite suite.json', { cwd })
    const [[run, before]] = Object.entries(played(cwd)) as [[string, string]]
    expect(lines(before)).toBe(60)

    file(cwd, toy({ seeds: '32', players: ['bot:miser', 'bot:seller'], repeats: 2 }))
    const { err, code } = await agoragym('eval --suite suite.json', { cwd })
    expect(code).toBe(0)
    // Two new seeds of the one player, all of the other.
    expect(err).toContain('68/68 rollouts')
    const after = played(cwd)
    expect(Object.keys(after)).toHaveLength(2)
    expect(after[run]!.startsWith(before)).toBe(true)
    expect(Object.values(after).map(lines)).toEqual([64, 64])

    const again = await agoragym('eval --suite suite.json', { cwd })
    expect(again.code).toBe(0)
    expect(played(cwd)).toEqual(after)
  })

  test('--players puts others in the place of the suite’s', async () => {
    const cwd = scratch()
    file(cwd, toy({ seeds: '2', players: ['bot:miser'] }))
    expect((await agoragym('eval --suite suite.json --players bot:seller', { cwd })).code).toBe(0)
    expect(Object.keys(played(cwd)).join()).toContain('bot-seller')
    expect(Object.keys(played(cwd))).toHaveLength(1)
  })

  test('a shipped suite goes by its name; a name that is none is told the nearest', async () => {
    const cwd = scratch()
    expect((await agoragym('eval --suite swarm_published --dry-run', { cwd })).code).toBe(0)
    const { code, err } = await agoragym('eval --suite swarm_publishe', { cwd })
    expect(code).toBe(2)
    expect(err).toContain("Did you mean 'swarm_published'?")
  })

  test('a tournament evaluates every seat, and its players meet in the comparison', async () => {
    const cwd = scratch()
    file(cwd, toy({ seeds: '4', tournament: { players: ['bot:miser', 'bot:seller'], seats: ['trader_0', 'trader_1'] } }))
    expect((await agoragym('eval --suite suite.json', { cwd })).code).toBe(0)
    const { out } = await agoragym('compare --json', { cwd })
    const wins = (JSON.parse(out).figures as { table: string; player: string; item: string; value: number; n: number }[]).filter(
      ({ item }) => item === 'points a shared rollout',
    )
    expect(wins.map(({ player, value, n }) => [player, value, n])).toEqual([
      ['bot:miser', 0, 8],
      ['bot:seller', 1, 8],
    ])
  })

  test('what the suite decides cannot be said beside it, and one of both must be said', async () => {
    const cwd = scratch()
    file(cwd, toy({}))
    for (const [line, message] of [
      ['eval toy_market --suite suite.json', 'ENV and --suite exclude each other'],
      ['eval --suite suite.json --seeds 3', '--seeds and --suite exclude each other'],
      ['eval', 'agoragym eval needs ENV: id of an economy'],
      ['eval --suite other.json', '--suite: cannot read other.json: ENOENT'],
    ] as const) {
      const { code, err } = await agoragym(line, { cwd })
      expect(code, line).toBe(2)
      expect(err, line).toContain(message)
    }
  })

  test('the schema is printed, and a scenario file is looked for beside the suite', async () => {
    const cwd = scratch()
    expect(JSON.parse((await agoragym('eval --print-schema', { cwd })).out)).toEqual(
      JSON.parse(JSON.stringify(suiteJsonSchema())),
    )
    writeFileSync(join(cwd, 'rows.jsonl'), `${JSON.stringify({ id: 'one', seed: 7, config: { horizon: 3 } })}\n`)
    file(cwd, toy({ scenario_file: 'rows.jsonl', players: ['bot:seller'] }))
    expect((await agoragym('eval --suite suite.json', { cwd })).code).toBe(0)
    const [steps] = Object.values(played(cwd))
    expect(JSON.parse(steps!).header).toMatchObject({
      seed: 7,
      config: parseConfig(environments.get('toy_market'), { horizon: 3 }),
    })
  })
})

test('the toy market of these tests is the one that is registered', () => {
  expect(environments.get('toy_market')).toBe(toyMarket)
})
