/** The command line, run in process on the toy economy: what it prints, what it leaves, how it ends. */
import fs, { readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { syncBuiltinESMExports } from 'node:module'
import { join } from 'node:path'
import { beforeAll, describe, expect, onTestFinished, test, vi } from 'vitest'
import { passive } from '../../bots/any/passive.ts'
import { randomLegal } from '../../bots/any/random_legal.ts'
import type { BotSet } from '../../bots/index.ts'
import { Args } from '../../commands/command.ts'
import { evaluate } from '../../commands/evaluate.ts'
import { commands } from '../../commands/index.ts'
import { experiment } from '../../evals/experiment.ts'
import { economies, type Scenario } from '../../index.ts'
import { type Player, ProviderError } from '../../rollouts/player.ts'
import { readFigures, readMetadata, readSteps } from '../../rollouts/store.ts'
import { asOlder } from '../rollouts/older.ts'
import { later, random, scratch } from '../rollouts/table.ts'
import { toyMarket } from '../toy_market/index.ts'
import { agoragym, type ConsoleOptions, capture } from './console.ts'

const TOY_BOTS: BotSet = {
  bots: {
    miser: { description: 'Sells nothing.', factory: passive },
    gambler: { description: 'Sells at random.', factory: randomLegal },
  },
  opponents: { gambler: 1, miser: 1 },
  players: ['bot:miser', 'bot:gambler'],
}

beforeAll(() => {
  economies.register({
    env: {
      ...toyMarket,
      scenarios: (config, count = 30): Scenario[] =>
        Array.from({ length: Math.min(count, 30) }, (_, i) => ({
          id: `row-${i}`,
          config: { ...config, horizon: 3 + (i % 2) },
          seed: 100 + i,
        })),
    },
    ...TOY_BOTS,
  })
})

const at = (options: Partial<ConsoleOptions> = {}): ConsoleOptions => ({ cwd: scratch(), ...options })
const widest = (text: string): number => Math.max(...text.split('\n').map(line => line.length))
const stepsOf = (cwd: string, run: string): string =>
  [...readSteps(join(cwd, 'runs', run))].map(log => `${JSON.stringify(log)}\n`).join('')
const runsIn = (cwd: string): string[] => readdirSync(join(cwd, 'runs')).sort()

describe('help', () => {
  test('without a command the commands are listed on standard error, and the code is 2', async () => {
    const { code, out, err } = await agoragym('', at())
    expect(code).toBe(2)
    expect(out).toBe('')
    for (const { name } of commands) expect(err).toContain(`agoragym ${name}`)
  })

  test.each(['', ...commands.map(({ name }) => `${name} `)])('%s--help fits 80 columns', async command => {
    const { code, out } = await agoragym(`${command}--help`, at({ columns: 200 }))
    expect(code).toBe(0)
    expect(widest(out)).toBeLessThanOrEqual(80)
    if (command !== '') expect(out).toMatch(/Examples?:\n {2}agoragym/)
  })

  test('an example of every command is one that works as far as its words go', async () => {
    for (const { load } of commands) {
      for (const [line] of (await load()).examples) {
        // Help is asked for instead of running it; a word that the command does not take would be told first.
        const { code, err } = await agoragym(`${line.replace('agoragym ', '')} --help`, at())
        expect({ line, code, err }).toEqual({ line, code: 0, err: '' })
      }
    }
  })

  test('--version is the package’s', async () => {
    const { version } = JSON.parse(readFileSync(join(import.meta.dirname, '..', '..', 'package.json'), 'utf8'))
    expect(await agoragym('--version', at())).toEqual({ code: 0, out: `${version}\n`, err: '' })
  })
})

describe('a mistake is told in one line that names what was expected and the nearest', () => {
  test.each([
    ['evl', "No command 'evl'. Commands: start, envs,", "Did you mean 'eval'?"],
    ['--foo', "No command '--foo'."],
    ['eval', 'agoragym eval needs ENV: id of an economy'],
    ['eval toy_markt', "No environment 'toy_markt'.", "Did you mean 'toy_market'?"],
    ['eval toy_market more', "agoragym eval takes [ENV]; got 'more' as well."],
    ['eval toy_market --seads 3', "No option '--seads' of agoragym eval.", "Did you mean '--seeds'?"],
    ['eval --jsn toy_market', "Did you mean '--json'?"],
    ['eval toy_market -x', "No option '-x'"],
    ['eval toy_market --version', "No option '--version' of agoragym eval."],
    ['eval toy_market --seeds', '--seeds needs a value.'],
    ['eval toy_market --seeds 1 --seeds 2', '--seeds is given 2 times'],
    ['eval toy_market --seeds 5:5', "--seeds: expected N for 0…N-1 or A:B with A < B, got '5:5'."],
    ['eval toy_market --seeds 0', '--seeds: expected N'],
    ['eval toy_market --seeds 99999999999', '--seeds: expected at most'],
    ['eval toy_market --seeds 3 --scenarios 3', '--seeds and --scenarios exclude each other'],
    ['eval toy_market --repeats 0', "--repeats: expected an integer from 1, got '0'."],
    ['eval toy_market -c many', "--concurrency: expected an integer from 1, got 'many'."],
    ['eval toy_market --players misr', "No player 'misr'.", "Did you mean 'bot:miser'?"],
    ['eval toy_market --players bot:misr', "No bot 'misr' plays toy_market.", "Did you mean 'bot:miser'?"],
    ['eval toy_market --players bot:miser,', '--players: expected players separated by commas'],
    ['eval toy_market --preset crowd', "No preset 'crowd' of toy_market. Presets: default, crowded.", "Did you mean 'crowded'?"],
    ['eval toy_market --set horizn=4', "no field 'horizn'.", "Did you mean 'horizon'?"],
    ['eval toy_market --set horizon=0', 'Configuration of toy_market: horizon:'],
    ['eval toy_market --set horizon', "--set: expected field=value, got 'horizon'."],
    ['eval toy_market --set __proto__=1', 'Configuration of toy_market'],
    ['eval toy_market --seat trader_1', '--seat: expected id=player'],
    ['eval toy_market --seat trader_2=random', "No seat 'trader_2' in toy_market.", "Did you mean 'trader_0'?"],
    ['eval toy_market --seat trader_1=random --seat trader_1=bot:miser', '--seat: trader_1 is given twice'],
    ['eval toy_market --seat trader_0=random --players random', 'Seat trader_0 is where --players sit'],
    ['eval toy_market --opponents miser', "--opponents: expected NAME:COUNT separated by commas, got 'miser'."],
    ['eval toy_market --opponents miser:3', 'Expected as many opponents as toy_market has seats left (1: trader_1), got 3.'],
    ['eval toy_market --scenario-file no.json', '--scenario-file: cannot read no.json: ENOENT.'],
    ['describe toy_market --set a', '--set: expected field=value'],
    ['play toy_market --seed -1', "No option '-1'"],
    ['play toy_market --seed x', "--seed: expected an integer from 0, got 'x'."],
    ['replay nowhere', 'No file or folder nowhere: expected a run folder'],
    ['runs nowhere', 'No folder nowhere'],
    ['replicate nothing', "No study 'nothing'. Studies:"],
    ['bench nothing', "No benchmark 'nothing'. Benchmarks:"],
  ])('%s', async (line, ...parts) => {
    const { code, out, err } = await agoragym(line, at())
    expect(code).toBe(2)
    expect(out).toBe('')
    expect(err.trimEnd().split('\n')).toHaveLength(1)
    for (const part of parts) expect(err).toContain(part)
  })

  test('a folder that cannot be written is no wrong usage: code 1', async () => {
    const options = at()
    writeFileSync(join(options.cwd, 'file'), '')
    const { code, err } = await agoragym('eval toy_market --seeds 2 --out file', options)
    expect(code).toBe(1)
    expect(err).toMatch(/^Cannot use .*file.*: a part of the path is a file; choose another folder with --out\.\n$/)
  })
})

describe('envs and describe', () => {
  test('envs lists the economies', async () => {
    expect((await agoragym('envs', at())).out).toContain('toy_market')
    const list = JSON.parse((await agoragym('envs --json', at())).out)
    expect(list).toContainEqual({
      id: 'toy_market',
      version: 1,
      summary: toyMarket.summary,
      presets: ['default', 'crowded'],
      scenarios: true,
    })
  })

  test('describe tells rules, tools, configuration, presets, players and metrics', async () => {
    const { out } = await agoragym('describe toy_market --set horizon=4', at())
    for (const part of [
      'You trade grain for 4 turns',
      'sell         Sells grain at the price of this turn.',
      'quantity  integer 1…100: units of grain to sell',
      'value (ask)',
      'horizon  4  turns of an episode (integer 1…1000)',
      'crowded  {"traders":5}',
      'bot:gambler',
      'earned  cash from sales: Σ quantity · price; ≥ 0 (agoragym)',
    ])
      expect(out.replace(/ +/g, ' ')).toContain(part.replace(/ +/g, ' '))
    const facts = JSON.parse((await agoragym('describe toy_market --json', at())).out)
    expect(facts).toMatchObject({
      id: 'toy_market',
      config: { horizon: 8 },
      turn: { maxCalls: 2 },
      players: ['bot:miser', 'bot:gambler'],
    })
  })

  test('describe --encoding tells features and slots alone, as a machine reads them too', async () => {
    const { out } = await agoragym('describe toy_market --encoding', at())
    for (const part of [
      '2 features',
      'grain  units of grain it has (0 … 30)',
      '3 slots',
      'sell_all  sells 1 of the grain (sell)',
    ])
      expect(out.replace(/ +/g, ' ')).toContain(part.replace(/ +/g, ' '))
    const encoding = JSON.parse((await agoragym('describe toy_market --encoding --json', at())).out)
    expect(encoding.slots.map((slot: { name: string }) => slot.name)).toEqual(['pass', 'sell_half', 'sell_all'])
    expect(JSON.parse((await agoragym('describe toy_market --json', at())).out).encoding).toEqual(encoding)
  })

  test.each([80, 40])('nothing runs over on %i columns', async columns => {
    // A path is left whole, to be copied.
    for (const line of [
      'envs',
      'describe toy_market',
      'describe toy_market --encoding',
      'play toy_market --set horizon=2',
      'eval toy_market --seeds 3 --repeats 2',
    ])
      expect(widest((await agoragym(line, at({ columns }))).out.replace(/^runs\/.*$/gm, ''))).toBeLessThanOrEqual(columns)
  })
})

describe('eval', () => {
  test('writes a folder a player, prints a table, and its files replay', async () => {
    const options = at()
    const { code, out, err } = await agoragym('eval toy_market --seeds 5 --repeats 2', options)
    expect(code).toBe(0)
    expect(out).toContain('toy_market (default), seeds 0:5, 2 repeats, trader_0 against 1 bot:gambler')
    expect(out.split('\n').find(line => line.startsWith('reward'))).toMatch(
      /^reward +0\.000 \[0\.000, 0\.000\] +0\.\d{3} \[0\.\d{3}, \d\.\d{3}\]\*?$/,
    )
    expect(out).toMatch(/\n {2}sell +– +\d\.\d+\n/)
    expect(err).toMatch(/^20\/20 rollouts/)
    expect(runsIn(options.cwd)).toEqual([
      expect.stringMatching(/^toy_market--bot-gambler--[0-9a-f]{8}$/),
      expect.stringMatching(/^toy_market--bot-miser--[0-9a-f]{8}$/),
    ])
    expect(readdirSync(join(options.cwd, 'runs', runsIn(options.cwd)[0]!)).sort()).toEqual([
      'checkpoint.json',
      'figures.jsonl',
      'metadata.json',
      'rollouts.jsonl',
      'shared.jsonl',
    ])
    expect(await agoragym('replay runs', options)).toMatchObject({
      code: 0,
      out: '20 episodes, 160 steps: all equal to their replay\n',
    })
  })

  test('a folder of seeds and of rows of a file is headed by how many games it holds, one that is both of them counted once', async () => {
    const cwd = scratch()
    const played = (line: string) => agoragym(`eval toy_market --players random ${line}`, { cwd })
    await played('--seeds 2')
    writeFileSync(join(cwd, 'rows.json'), JSON.stringify([{ seed: 0 }, { seed: 7 }, { seed: 1, config: { horizon: 2 } }]))
    for (const line of ['--scenario-file rows.json --resume', '--seeds 1 --resume']) {
      const { out } = await played(line)
      expect(out).toMatch(/^toy_market \(default\), 4 examples, /)
      expect(out).toMatch(/^rollouts +4$/m)
    }
  })

  test('a run that is gone on with for fewer seeds is headed by what its folder holds', async () => {
    const options = at()
    await agoragym('eval toy_market --players random,bot:miser --seeds 6 --repeats 2', options)
    const { out } = await agoragym('eval toy_market --players random,bot:miser --seeds 2 --resume', options)
    expect(out).toContain('toy_market (default), seeds 0:6, 2 repeats, trader_0 against')
    expect(out).toMatch(/\nrollouts +12 +12\n/)
    await agoragym('eval toy_market --players random --seeds 8:9 --resume', options)
    const apart = await agoragym('eval toy_market --players random,bot:miser --seeds 2 --resume', options)
    expect(apart.out).toContain('toy_market (default), trader_0 against')
    expect(apart.out).toMatch(/\nplayed +seeds 0:6, 8:9, 2 repeats +seeds 0:6, 2 repeats\n/)
    const [, random] = runsIn(options.cwd)
    expect(JSON.parse(readFileSync(join(options.cwd, 'runs', random!, 'metadata.json'), 'utf8'))).toMatchObject({
      examples: 'seeds 0:6, 8:9',
      num_examples: 7,
      rollouts_per_example: 2,
    })
  })

  test('--json gives the same figures to machines', async () => {
    const { out } = await agoragym('eval toy_market --players random --seeds 4 --json', at())
    const { runs } = JSON.parse(out)
    expect(runs).toMatchObject([
      {
        env: 'toy_market',
        player: 'random',
        evaluated: ['trader_0'],
        ok: 4,
        failed: 0,
        truncated: 0,
        reward: { n: 4 },
        stops: { horizon: 4 },
      },
    ])
    const { mean, low, high } = runs[0].reward
    expect(low < mean && mean < high).toBe(true)
  })

  test('metadata.json says what was run and what came of it', async () => {
    const options = at()
    await agoragym('eval toy_market --players random --seeds 2:6 --set horizon=3', options)
    const metadata = JSON.parse(readFileSync(join(options.cwd, 'runs', runsIn(options.cwd)[0]!, 'metadata.json'), 'utf8'))
    expect(metadata).toMatchObject({
      env_id: 'toy_market',
      env_args: { preset: 'default', set: { horizon: 3 } },
      model: 'random',
      num_examples: 4,
      rollouts_per_example: 1,
      avg_error: 0,
      version_info: { env_version: 1 },
      lineup: { trader_0: 'random', trader_1: 'bot:gambler' },
      config: { traders: 2, horizon: 3 },
      examples: 'seeds 2:6',
      planned: 4,
      ok: 4,
      complete: true,
    })
    expect(metadata.avg_reward).toBeCloseTo(metadata.avg_metrics.earned / 100)
  })

  test('two runs with the same seeds leave the same logs, byte for byte', async () => {
    const [one, two] = [at(), at()]
    await agoragym('eval toy_market --players random --seeds 5 -c 3', one)
    await agoragym('eval toy_market --players=random --seeds=5 -c64', two)
    const [run] = runsIn(one.cwd)
    expect(stepsOf(one.cwd, run!)).toBe(stepsOf(two.cwd, run!))
  })

  test('goes on with a run on request only, and may be given more seeds and repeats', async () => {
    const options = at()
    await agoragym('eval toy_market --players random --seeds 3', options)
    const told = () => readMetadata(join(options.cwd, 'runs', runsIn(options.cwd)[0]!))!
    const first = told()
    const refused = await agoragym('eval toy_market --players random --seeds 3', options)
    expect(refused.code).toBe(2)
    expect(refused.err).toContain('exists already: add --resume')
    const more = await agoragym('eval toy_market --players random --seeds 5 --repeats 2 --resume', options)
    expect(more.err).toMatch(/^7\/7 rollouts/)
    // A run has the time of all commands that played it, and began with the first.
    expect(told().started).toBe(first.started)
    expect(told().time).toBeGreaterThan(first.time)
    const whole = at()
    await agoragym('eval toy_market --players random --seeds 5 --repeats 2', whole)
    const [run] = runsIn(whole.cwd)
    const sorted = (cwd: string): string[] => stepsOf(cwd, run!).split('\n').sort()
    expect(sorted(options.cwd)).toEqual(sorted(whole.cwd))
    expect((await agoragym('eval toy_market --players random --seeds 5 --repeats 2 --resume', options)).err).toBe('')
    // Asking for less takes nothing away: what was finished stays a part of the run.
    await agoragym('eval toy_market --players random --seeds 1 --resume', options)
    expect((await agoragym('runs', options)).out).toMatch(/\n10\/10 /)
  })

  test('a rollout that a provider failed is told with how to play it again, and the code is 1', async () => {
    const options = at()
    const player = later({
      onAsk: asked => {
        if (asked === 20) throw new ProviderError('no answer', { code: 'timeout', status: null, attempts: 6 })
      },
    })
    const asked = experiment({
      entries: [{ env: 'toy_market', players: ['later'], seats: { trader_1: 'bot:passive' }, seeds: '4' }],
    })
    const { io, written } = capture(options)
    const { runs, left, code } = await evaluate(
      asked,
      { out: join(options.cwd, 'runs'), concurrency: 1, own: name => (name === 'later' ? player : undefined) },
      new Args({}, ['eval', 'toy_market', '--players', 'a b']),
      io,
    )
    expect({ code, left }).toEqual({ code: 1, left: 0 })
    expect(runs[0]!.summary).toMatchObject({ ok: 2, failed: 2 })
    expect(written().err).toMatch(
      /^2 rollouts failed \(runs\/toy_market--openai-later--[0-9a-f]+\/errors\.jsonl\)\. Play them again with: agoragym eval toy_market --players 'a b' --resume --retry-errors\n$/m,
    )
  })

  test('where the disk refuses what was played last, the code is 1, and it is told how to go on', async () => {
    const options = at()
    const out = join(options.cwd, 'runs')
    // Between two rollouts no time passes, so that the second waits for the end to be written.
    vi.useFakeTimers({ toFake: ['performance'] })
    onTestFinished(() => void vi.useRealTimers())
    const { writeSync } = fs
    onTestFinished(() => {
      Object.assign(fs, { writeSync })
      syncBuiltinESMExports()
    })
    let begun = 0
    const spoiler: Player = {
      ...random,
      name: 'spoiler',
      policies: context => {
        // From the second game on the disk is full.
        if (++begun === 2) {
          const full = () => {
            throw Object.assign(new Error('no space left'), { code: 'ENOSPC' })
          }
          Object.assign(fs, { writeSync: full })
          syncBuiltinESMExports()
        }
        return random.policies(context)
      },
    }
    const asked = experiment({ entries: [{ env: 'toy_market', players: ['spoiler'], seeds: '2' }] })
    const { io, written } = capture(options)
    const own = (name: string) => (name === 'spoiler' ? spoiler : undefined)
    const { left, code } = await evaluate(asked, { out, concurrency: 1, own }, new Args({}, ['eval', 'toy_market']), io)
    expect({ code, left }).toEqual({ code: 1, left: 0 })
    expect(written().err).toMatch(/^Cannot use \S+\.jsonl: .*\nGo on with: agoragym eval toy_market --resume\n$/m)
  })

  test('whatever makes a run another one gives it a folder of its own, and a folder that holds another is not gone on with', async () => {
    const options = at()
    const folders = () => readdirSync(join(options.cwd, 'runs'))
    const line = 'eval toy_market --players random --seeds 2 --resume'
    await agoragym(line, options)
    const [first] = folders()
    for (const more of ['--opponents miser:1', '--set horizon=3', '--seat trader_1=bot:passive'])
      expect((await agoragym(`${line} ${more}`, options)).code).toBe(0)
    expect(folders()).toHaveLength(4)
    // Seeds and repeats are what a run may grow by.
    await agoragym(`${line} --seeds 3 --repeats 2`.replace('--seeds 2 ', ''), options)
    expect(folders()).toHaveLength(4)
    const moved = folders().find(name => name !== first)!
    rmSync(join(options.cwd, 'runs', first!), { recursive: true })
    renameSync(join(options.cwd, 'runs', moved), join(options.cwd, 'runs', first!))
    const { code, err } = await agoragym(line, options)
    expect(code).toBe(2)
    expect(err).toMatch(/holds another run \(.+\); choose another folder with --out/)
  })

  test('plays scenarios of the economy, or rows of a file', async () => {
    const options = at()
    expect((await agoragym('eval toy_market --scenarios 4 --players random --out a', options)).out).toContain('scenarios 4')
    const folder = join(options.cwd, 'a', readdirSync(join(options.cwd, 'a'))[0]!)
    const rows = [...readFigures(folder)]
    expect(rows.map(({ example_id, info, metrics }) => [example_id, info.scenario, info.seed, metrics.num_turns])).toEqual([
      [0, 'row-0', 100, 3],
      [1, 'row-1', 101, 4],
      [2, 'row-2', 102, 3],
      [3, 'row-3', 103, 4],
    ])
    writeFileSync(join(options.cwd, 'rows.jsonl'), '{"id": "first", "seed": 7, "config": {"horizon": 2}}\n{}\n')
    const { out } = await agoragym(
      'eval toy_market --scenario-file rows.jsonl --set traders=3 --players random --json --out b',
      options,
    )
    expect(JSON.parse(out).runs[0]).toMatchObject({
      ok: 2,
      lineup: { trader_2: 'bot:miser' },
      metrics: { num_turns: { mean: 5 } },
    })
    writeFileSync(join(options.cwd, 'rows.jsonl'), '{"seed": -1}')
    expect((await agoragym('eval toy_market --scenario-file rows.jsonl', options)).err).toContain('rows.jsonl, row 0: expected')
  })

  test('--opponents says which residents there are, where the others are residents', async () => {
    const line = 'eval swarm_economy --players bot:worker --scenarios 2 --json --out runs'
    const options = at()
    const { out } = await agoragym(`${line} --opponents opportunistic:2,deceptive:2`, options)
    const { folder } = JSON.parse(out).runs[0]
    expect(JSON.parse(readFileSync(join(folder, 'metadata.json'), 'utf8')).config.mix).toBe('0/2/2')
    const { code, err } = await agoragym(`${line} --opponents deceptiv:2`, options)
    expect(code).toBe(2)
    expect(err).toMatch(/^--opponents: no 'deceptiv' lives in swarm_economy\..*Did you mean 'deceptive'\?\n$/)
  })

  test('without --players a fixed learner’s seat is evaluated', async () => {
    const { out } = await agoragym('eval toy_market --seat trader_0=bot:miser --seat trader_1=random --seeds 2 --json', at())
    expect(JSON.parse(out).runs).toMatchObject([
      { player: 'bot:miser + random', evaluated: ['trader_0', 'trader_1'], reward: { n: 4 } },
    ])
  })

  test('interrupted, it says how to go on, and going on gives the whole run', async () => {
    const options = at()
    const interrupt = new AbortController()
    interrupt.abort()
    const stopped = await agoragym('eval toy_market --players random --seeds 3', { ...options, signal: interrupt.signal })
    expect(stopped.code).toBe(1)
    expect(stopped.err).toContain(
      'Stopped after 0 of 3 rollouts. Go on with: agoragym eval toy_market --players random --seeds 3 --resume\n',
    )
    expect((await agoragym('eval toy_market --players random --seeds 3 --resume', options)).code).toBe(0)
  })

  test('on a terminal the bar is removed before anything else is said', async () => {
    const { err } = await agoragym('eval toy_market --players random --seeds 60', at({ terminal: true }))
    expect(err === '' || /\r +\r$/.test(err)).toBe(true)
  })
})

describe('replay', () => {
  async function tampered(
    change: (row: { header: { seed: number }; steps: { events: unknown[]; rewards: Record<string, number> }[] }) => void,
  ) {
    const options = at()
    await agoragym('eval toy_market --players random --seeds 3', options)
    const path = join(asOlder(join(options.cwd, 'runs', runsIn(options.cwd)[0]!)), 'steps.jsonl')
    const lines = readFileSync(path, 'utf8').trim().split('\n')
    const row = JSON.parse(lines[1]!)
    change(row)
    lines[1] = JSON.stringify(row)
    writeFileSync(path, `${lines.join('\n')}\n`)
    return agoragym('replay runs', options)
  }

  test('names the first step that was altered', async () => {
    const { code, out } = await tampered(({ steps }) => {
      steps[4]!.rewards.trader_0! += 1
      steps[6]!.events = []
    })
    expect(code).toBe(1)
    expect(out.replace(/\s+/g, ' ')).toMatch(/steps\.jsonl:2 \(seed 1\): step 4: rewards\.trader_0: expected .*, got/)
    expect(out).toMatch(/3 episodes, 24 steps: 1 not equal to their replay\n$/)
  })

  test('notices another seed', async () => {
    expect((await tampered(({ header }) => (header.seed = 2))).code).toBe(1)
  })

  test('skips a torn last line and says so; what is no log is a difference', async () => {
    const options = at()
    await agoragym('eval toy_market --players random --seeds 2', options)
    const path = join(asOlder(join(options.cwd, 'runs', runsIn(options.cwd)[0]!)), 'steps.jsonl')
    const text = readFileSync(path, 'utf8')
    writeFileSync(path, `${text}{"key":"x","head`)
    const torn = await agoragym('replay runs', options)
    expect(torn).toMatchObject({ code: 0, out: expect.stringMatching(/^2 episodes/) })
    expect(torn.err).toContain('the last line is torn and was skipped')
    writeFileSync(path, text.trimEnd())
    expect(await agoragym(`replay ${path}`, options)).toMatchObject({ code: 0, out: expect.stringMatching(/^2 episodes/) })
    writeFileSync(path, `7\n${text}`)
    expect(await agoragym(`replay ${path} --json`, options)).toMatchObject({
      code: 1,
      out: expect.stringContaining('no episode log'),
    })
  })
})

describe('play', () => {
  test('shows every turn and the scores', async () => {
    const { code, out } = await agoragym('play toy_market --player random --set horizon=2', at())
    expect(code).toBe(0)
    expect(out).toMatch(/^step 0\n {2}trader_0: /)
    expect(out).toContain('* rained grain=[')
    expect(out).toContain('The game is over after 2 steps: horizon.')
    expect(out).toMatch(/player +random +bot:gambler/)
  })

  test('--json prints a log that replay accepts, the same every time', async () => {
    const options = at()
    const { out } = await agoragym('play toy_market --seed 7 --json', options)
    expect((await agoragym('play toy_market --seed 7 --json', options)).out).toBe(out)
    writeFileSync(join(options.cwd, 'log.jsonl'), out)
    expect((await agoragym('replay log.jsonl', options)).code).toBe(0)
  })

  test('a person plays from a menu, is not shown what others decided, and may leave', async () => {
    const { code, out } = await agoragym('play toy_market --seat trader_0=human', at({ input: ['2', '1', 'q'] }))
    expect(code).toBe(0)
    expect(out).toContain('  2  sell { "quantity": 5 }\n')
    expect(out).toContain('(? for help): 2\n> Sold 5 for 50.')
    expect(out).not.toContain('trader_1:')
    expect(out).toContain('The game is over after 2 steps: player_quit.')
  })

  test('a person who closes the terminal has left', async () => {
    expect(await agoragym('play toy_market --player human', at())).toMatchObject({ code: 0, err: '' })
  })
})

describe('runs', () => {
  test('lists what there is', async () => {
    const options = at()
    await agoragym('eval toy_market --seeds 2', options)
    const { out } = await agoragym('runs', options)
    expect(out).toMatch(/^rollouts +reward +updated \(UTC\) +folder\n2\/2 +0\.\d{3} .*runs\/toy_market--bot-gambler--/)
    const list = JSON.parse((await agoragym('runs --json', options)).out)
    expect(list.map(({ player }: { player: string }) => player)).toEqual(['bot:gambler', 'bot:miser'])
  })

  test('counts what a killed run has finished', async () => {
    const options = at()
    await agoragym('eval toy_market --players random --seeds 3', options)
    const path = join(options.cwd, 'runs', runsIn(options.cwd)[0]!, 'metadata.json')
    // As the command leaves it before the first rollout ends.
    writeFileSync(
      path,
      JSON.stringify({ ...JSON.parse(readFileSync(path, 'utf8')), ok: 0, complete: false, planned: 9, avg_reward: null }),
    )
    expect((await agoragym('runs', options)).out).toMatch(/\n3\/9 +– /)
  })
})

describe('start', () => {
  test('plays the scripted players of every economy once, and tells it again at once', async () => {
    const options = at()
    const { code, out } = await agoragym('start toy_market', options)
    expect(code).toBe(0)
    expect(out).toMatch(/^ +reward +against the baseline +settled, p\ntoy_market default, 20 scenarios\n/)
    const titles = ['Scores', 'Stopped by', 'Calls a rollout']
    for (const title of titles) expect(out).not.toContain(`\n${title}\n`)
    const { out: all } = await agoragym('compare runs/start --all', options)
    expect(all.startsWith(out.split('\n\n')[0]!)).toBe(true)
    for (const title of titles) expect(all).toContain(`\n${title}\n`)
    expect(out).toContain('runs/start/report.html')
    expect(readFileSync(join(options.cwd, 'runs', 'start', 'report.html'), 'utf8')).toContain('<title>agoragym report</title>')
    const again = await agoragym('start toy_market', options)
    expect(again.out).toBe(out)
    expect(again.err).toBe('')
  })
})
