import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { difference, digest } from '../../envs/core/plain.ts'
import { compare, runsIn } from '../../evals/compare.ts'
import { type Cell, cellsOf, experiment, parseSuite, suiteJsonSchema } from '../../evals/experiment.ts'
import type { PlannedCell } from '../../evals/plan.ts'
import { type ExperimentEvent, planExperiment, rolloutsOf, runExperiment } from '../../evals/run_experiment.ts'
import { economies, environments, parseConfig, resolveConfig } from '../../index.ts'
import { Models } from '../../rollouts/models/index.ts'
import { type Lineup, lineupNames, type Rollout } from '../../rollouts/rollout.ts'
import { runRollout } from '../../rollouts/run_rollout.ts'
import { findRuns, readSteps } from '../../rollouts/store.ts'
import { agoragym } from '../commands/console.ts'
import { scratch } from '../rollouts/table.ts'
import { toyMarket } from '../toy_market/index.ts'
import { seller } from './toy_runs.ts'

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
      factors: {},
      sweep: [],
      examples: { seeds: '3:6' },
      repeats: 2,
      players: ['bot:miser'],
      seats: { kind: 'turns', named: { trader_1: 'random' }, opponents: 'seller:1' },
    })
    expect(cells.at(-1)).toMatchObject({ examples: { scenarios: 4 }, players: ['random'], repeats: 1, set: {} })
  })

  test('a tournament seats everybody with everybody, each way round', () => {
    const cells = suite(toy({ tournament: { players: ['a', 'b', 'c'], seats: ['trader_0', 'trader_1'] } }))
    const tables = cells.map(({ seats }) => seats.kind === 'table' && `${seats.named.trader_0}${seats.named.trader_1}`)
    expect(tables).toEqual(['ab', 'ac', 'ba', 'bc', 'ca', 'cb'])
    expect(cells.every(({ players }) => players === undefined)).toBe(true)
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
    expect(Object.keys(properties)).toEqual(['$schema', 'name', 'imports', 'players', 'baseline', 'repeats', 'entries'])
    for (const { description } of Object.values(properties)) expect(description).toBeTruthy()
  })
})

const plan = (value: Parameters<typeof experiment>[0]) => planExperiment(experiment(value), { economies })
const labels = (value: Parameters<typeof experiment>[0]) => plan(value).map(({ cell }) => cell.label)

describe('a sweep', () => {
  const sweep = { horizon: [2, 4, 8], traders: [2, 3] }

  test('changes one field at a time beside the plain configuration, which is played once', () => {
    // 8 and 2 are the plain values.
    expect(labels({ entries: [{ env: 'toy_market', sweep }] })).toEqual([
      'toy_market',
      'toy_market-horizon=2',
      'toy_market-horizon=4',
      'toy_market-traders=3',
    ])
  })

  test('is a grid on request', () => {
    expect(labels({ entries: [{ env: 'toy_market', sweep, grid: true }] })).toEqual([
      'toy_market',
      ...['2,traders=2', '2,traders=3', '4,traders=2', '4,traders=3', '8,traders=3'].map(rest => `toy_market-horizon=${rest}`),
    ])
  })

  test('says in every cell what it has changed, and every rollout has that configuration', () => {
    const planned = plan({
      entries: [{ env: 'toy_market', sweep: { horizon: [2] }, seeds: '3', repeats: 2, players: ['bot:miser'] }],
    })
    expect(planned.map(({ cell }) => cell.factors)).toEqual([{}, { horizon: 2 }])
    const rollouts = [...rolloutsOf(planned)]
    expect(rollouts.map(({ config }) => (config as { horizon: number }).horizon)).toEqual([8, 8, 8, 8, 8, 8, 2, 2, 2, 2, 2, 2])
    expect(new Set(rollouts.map(({ key }) => key)).size).toBe(12)
  })

  const compared = async (more: object) => {
    const entries = [
      { env: 'toy_market', players: ['bot:seller', 'bot:miser'], seeds: '3', sweep: { horizon: [2, 16], traders: [3] }, ...more },
    ]
    const out = scratch()
    await runExperiment(experiment({ entries }), { economies, out })
    return compare(runsIn(out), { environments })
  }

  test('is compared along each of its fields, the plain configuration at its place on every axis', async () => {
    const { sweeps, figures, settings } = await compared({})
    expect(settings[0]).toBe('toy_market default')
    expect(sweeps.map(({ section, factor, values }) => [section, factor, values])).toEqual([
      ['Sweeps in toy_market default', 'horizon', [2, 8, 16]],
      ['Sweeps in toy_market default', 'traders', [2, 3]],
    ])
    const plain = figures.filter(({ table, setting, item }) => table === 'scores' && setting === settings[0] && item === 'reward')
    const swept = figures.filter(({ table }) => table === 'sweep')
    expect(swept).toHaveLength(2 * 5)
    for (const { player, value, n, low, high } of plain)
      for (const [factor, at] of [
        ['horizon', 8],
        ['traders', 2],
      ] as const)
        expect(swept.find(each => each.player === player && each.factor === factor && each.at === at)).toMatchObject({
          value,
          n,
          low,
          high,
        })
    // Every metric has its own, in files and charts.
    expect(new Set(figures.filter(({ table }) => table === 'sweep_metrics').map(({ metric }) => metric))).toContain('earned')
  })

  test('of a grid is compared along each line of it', async () => {
    const { sweeps } = await compared({ grid: true, sweep: { horizon: [2, 16], traders: [2, 3] } })
    expect(sweeps.map(({ section, factor, values }) => [section, factor, values])).toEqual([
      ['Sweeps in toy_market default', 'horizon', [2, 8, 16]],
      ['Sweeps in toy_market default, horizon=2', 'traders', [2, 3]],
      ['Sweeps in toy_market default, traders=3', 'horizon', [2, 16]],
      ['Sweeps in toy_market default, horizon=16', 'traders', [2, 3]],
    ])
  })

  test('of a field or a value that there is not is refused with the field', () => {
    expect(() => labels({ entries: [{ env: 'toy_market', sweep: { horizons: [2] } }] })).toThrow("Did you mean 'horizon'?")
    expect(() => labels({ entries: [{ env: 'toy_market', sweep: { horizon: [0] } }] })).toThrow('horizon')
    expect(() => labels({ entries: [{ env: 'toy_market', grid: true }] })).toThrow('entries.0: a grid is of a sweep')
  })
})

test('an ablation that changes nothing is refused', () => {
  const ablations = [{ name: 'same', set: { horizon: 8 } }]
  expect(() => labels({ entries: [{ env: 'toy_market', ablations }] })).toThrow(
    'The cell toy_market-same changes nothing: its configuration is that of toy_market.',
  )
})

describe('players', () => {
  const of = (value: Parameters<typeof experiment>[0]) =>
    planExperiment(experiment(value), { economies, models: new Models({ env: {} }) })[0]!
  const names = (value: Parameters<typeof experiment>[0]) =>
    of(value).plans.map(({ seat, config }) => seat(config).lineup.trader_0!.name)

  test('come of every combination of the factors of a treatment', () => {
    const players = [{ player: 'openai:m', persona: [null, 'naive'], temperature: [0, 1] }, 'bot:miser']
    expect(names({ entries: [{ env: 'toy_market', players }] })).toEqual([
      'openai:m[temperature=0]',
      'openai:m[temperature=1]',
      'openai:m[persona=naive,temperature=0]',
      'openai:m[persona=naive,temperature=1]',
      'bot:miser',
    ])
  })

  test('are each one, however often and however they are written', () => {
    const players = ['openai:m[temperature=1]', { player: 'openai:m', temperature: 1 }, 'openai:m[temperature=1.0]']
    expect(names({ entries: [{ env: 'toy_market', players }] })).toEqual(['openai:m[temperature=1]'])
  })

  test('are refused where a treatment is none, and where one label would name several', () => {
    const wrong = (player: object) => () => experiment({ entries: [{ env: 'toy_market', players: [player as never] }] })
    expect(wrong({ player: 'openai:m', temprature: 1 })).toThrow()
    expect(wrong({ player: 'openai:m', temperature: -1 })).toThrow()
    expect(wrong({ player: 'openai:m', label: 'x', seed: [1, 2] })).toThrow('the label x would name several players')
  })

  test.each([
    [undefined, 'bot:miser'],
    ['rich', 'bot:seller'],
    ['bot:seller', 'bot:seller'],
    ['openai:m', 'openai:m[temperature=1]'],
    ['openai:m[temperature=1]', 'openai:m[temperature=1]'],
  ])('the baseline %s is %s', (baseline, name) => {
    const players = ['bot:miser', { player: 'bot:seller', label: 'rich' }, { player: 'openai:m', temperature: 1 }]
    const { plans } = of({ ...(baseline && { baseline }), entries: [{ env: 'toy_market', players }] })
    expect(plans.map(({ experiment: facts }) => facts)).toEqual(
      [0, 1, 2].map(order => ({ name: null, cell: 'toy_market', order, baseline: name })),
    )
  })

  test('a baseline that nobody is is refused with those there are', () => {
    expect(() =>
      of({ baseline: 'rch', entries: [{ env: 'toy_market', players: [{ player: 'bot:seller', label: 'rich' }] }] }),
    ).toThrow("baseline: no player 'rch'. Players: rich. Did you mean 'rich'?")
  })
})

describe('the shipped suites', () => {
  const folder = join(import.meta.dirname, '../../evals/suites')
  const read = (file: string) => parseSuite(readFileSync(join(folder, file), 'utf8'), file)
  /** How the bots play a cell: the steps of its first examples, once each. */
  const played = (cell: PlannedCell): string => {
    const logs = [...rolloutsOf([cell])].flatMap(({ cell: _cell, key: _key, ...spec }) => {
      const first = cell.plans[0]!.examples.rows.slice(0, 2).some(({ index }) => index === spec.example)
      const rollout = first && spec.repeat === 0 ? (runRollout(spec) as Rollout) : undefined
      return rollout === undefined ? [] : [rollout.log.steps]
    })
    return digest(logs)
  }

  test.each(readdirSync(folder))(
    '%s has no cell that changes nothing: no two have one configuration, or are played alike',
    file => {
      const planned = planExperiment(read(file), { economies })
      expect(planned.length).toBeGreaterThan(1)
      const seated = planned.map(({ cell, plans }) => [cell.config, plans.map(({ seat, config }) => seat(config).lineup)])
      const settings = seated.map(([config, lineups]) => digest([config, (lineups as Lineup[]).map(lineupNames)]))
      expect(new Set(settings).size).toBe(planned.length)
      expect(new Set(planned.map(played)).size).toBe(planned.length)
    },
  )

  test('the study’s four sweeps are one suite of its published runs: five values of each field, the plain one shared', () => {
    const suite = read('sim_economy_paper_sweeps.json')
    const planned = planExperiment(suite, { economies })
    expect(planned.map(({ cell }) => Object.keys(cell.factors)[0])).toEqual([
      undefined,
      ...['base_inference_rate', 'commons_threshold_per_turn', 'interest_rate_per_turn', 'signing_bonus'].flatMap(field =>
        Array<string>(4).fill(field),
      ),
    ])
    const { config, env, seat, examples } = planned[0]!.plans[0]!
    expect(config).toEqual(resolveConfig(env, 'paper'))
    expect(new Set(Object.values(lineupNames(seat(config).lineup)))).toEqual(new Set(['bot:paper_harness']))
    expect([examples.rows[0]!.seed, examples.rows.length]).toEqual([1001, 24])
    for (const { plans } of planned.slice(1)) expect(difference(config, plans[0]!.config)).toBeDefined()
  })
})

describe('a program runs an experiment', () => {
  const asked = experiment({ entries: [{ env: 'toy_market', seeds: '3', repeats: 2, sweep: { horizon: [2] } }] })

  test('and is told of every cell and rollout as it happens', async () => {
    const events: ExperimentEvent[] = []
    const { cells, left, played } = await runExperiment(asked, {
      economies,
      out: scratch(),
      onEvent: event => void events.push(event),
    })
    expect([cells.length, left, played]).toEqual([2, 0, 24])
    const cellEvents = events.filter(({ type }) => type === 'cell_start' || type === 'cell_end')
    expect(cellEvents.map(event => [event.type, 'cell' in event ? event.cell : undefined])).toEqual([
      ['cell_start', 'toy_market'],
      ['cell_end', 'toy_market'],
      ['cell_start', 'toy_market-horizon=2'],
      ['cell_end', 'toy_market-horizon=2'],
    ])
    const rollouts = events.filter(event => event.type === 'rollout')
    expect(new Set(rollouts.map(({ key, players }) => `${key} ${players.trader_0}`)).size).toBe(24)
    expect(rollouts.at(-1)).toMatchObject({ ok: true, done: 12, due: 12 })
    // Each begins once, before it ends.
    const begun = events.flatMap(event => (event.type === 'rollout_start' ? [`${event.cell} ${event.key}`] : []))
    expect(begun.sort()).toEqual(rollouts.map(({ cell, key }) => `${cell} ${key}`).sort())
    expect(new Set(rollouts.map(({ key }) => key))).toEqual(
      new Set([...rolloutsOf(planExperiment(asked, { economies }))].map(({ key }) => key)),
    )
  })

  test('stops it by a signal, and goes on where it was', async () => {
    const out = scratch()
    const stop = new AbortController()
    const first = await runExperiment(asked, {
      economies,
      out,
      concurrency: 1,
      signal: stop.signal,
      onEvent: event => event.type === 'rollout' && event.done === 5 && stop.abort(),
    })
    expect([first.played, first.left, first.cells.length]).toEqual([5, 7, 1])
    const second = await runExperiment(asked, { economies, out, resume: true })
    expect([second.played, second.left]).toEqual([19, 0])
  })

  test('with players of its own', async () => {
    const mine = experiment({ entries: [{ env: 'toy_market', players: ['mine', 'bot:miser'], seeds: '2' }] })
    const { cells } = await runExperiment(mine, {
      economies,
      out: scratch(),
      own: name => (name === 'mine' ? { ...seller, name: 'mine' } : undefined),
    })
    expect(cells[0]!.runs.map(({ metadata }) => metadata.player)).toEqual(['mine', 'bot:miser'])
  })
})

describe('eval --suite', () => {
  const file = (cwd: string, value: object): void => writeFileSync(join(cwd, 'suite.json'), JSON.stringify(value))
  /** Steps of every rollout of every run, by run. */
  const played = (cwd: string): Record<string, string> =>
    Object.fromEntries(
      findRuns(join(cwd, 'runs')).map(folder => [
        folder.slice(cwd.length + 1),
        [...readSteps(folder)].map(log => `${JSON.stringify(log)}\n`).join(''),
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
