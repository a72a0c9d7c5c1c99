/** People at the terminal: their games are runs like any other, are left without loss, and nobody who plays is shown a picture. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { beforeAll, describe, expect, test } from 'vitest'
import { passive } from '../../bots/any/passive.ts'
import { number } from '../../evals/text.ts'
import { economies } from '../../index.ts'
import { EpisodeStopped, RunStopped } from '../../rollouts/errors.ts'
import { atTerminal, humanPlayer } from '../../rollouts/players/human.ts'
import { runRollout } from '../../rollouts/run_rollout.ts'
import { findRuns, readFigures, readMetadata, readSteps } from '../../rollouts/store.ts'
import { scratch, toySpec } from '../rollouts/table.ts'
import { toyMarket } from '../toy_market/index.ts'
import { agoragym, type ConsoleOptions } from './console.ts'

beforeAll(() => {
  economies.register({
    env: toyMarket,
    bots: { miser: { description: 'Sells nothing.', factory: passive } },
    opponents: { miser: 1 },
    players: ['bot:miser', 'random'],
  })
})

const at = (options: Partial<ConsoleOptions> = {}): ConsoleOptions => ({ cwd: scratch(), ...options })
/** What is typed in a whole game of as many turns. */
const turns = (count: number, typed = '1'): string[] => Array<string>(count).fill(typed)
const oneRun = (cwd: string): string => {
  const runs = findRuns(join(cwd, 'runs'))
  expect(runs).toHaveLength(1)
  return runs[0]!
}
const logs = (run: string) =>
  [...readSteps(run)].map(({ header, steps, stop }) => ({ seed: header.seed, steps: steps.length, stop }))

describe('play --out', () => {
  const line = 'play toy_market --seed 4 --set horizon=3 --out runs'

  test('saves a bot’s game as what eval plays: the same key, log and figures', async () => {
    const options = at()
    expect(await agoragym(line, options)).toMatchObject({
      code: 0,
      out: expect.stringMatching(/^step 0\n[\s\S]*\nruns\/toy_market--/),
    })
    const other = at()
    await agoragym('eval toy_market --players bot:miser --seeds 4:5 --set horizon=3', other)
    const told = (cwd: string) => [...readSteps(oneRun(cwd))].map(log => JSON.stringify(log))
    expect(told(options.cwd)).toEqual(told(other.cwd))
    const facts = (cwd: string) => {
      const { planned, ok, examples, player, complete, avg_reward } = readMetadata(oneRun(cwd))!
      return { planned, ok, examples, player, complete, avg_reward }
    }
    expect(facts(options.cwd)).toEqual(facts(other.cwd))
    expect(facts(options.cwd)).toMatchObject({ planned: 1, ok: 1, complete: true })
  })

  test('saves a person’s game, which every reader of runs takes, and refuses to play into its folder again', async () => {
    const options = at({ input: ['2', 'p', 'wait'] })
    const { code, out, err } = await agoragym(`${line} --player human`, options)
    expect({ code, err }).toEqual({ code: 0, err: '' })
    expect(out).not.toContain('trader_1:')
    const run = oneRun(options.cwd)
    expect(logs(run)).toEqual([{ seed: 4, steps: 3, stop: 'horizon' }])
    expect(readMetadata(run)).toMatchObject({ player: 'human', player_kind: 'human' })
    expect(out).toMatch(new RegExp(`^reward +${number([...readFigures(run)][0]!.reward)} `, 'm'))
    for (const reader of ['compare runs', 'replay runs', 'runs', 'render runs --words', 'export runs --format steps --out data'])
      expect(await agoragym(reader, options), reader).toMatchObject({ code: 0, err: expect.any(String) })
    expect(await agoragym(`${line} --player human`, options)).toMatchObject({
      code: 2,
      err: expect.stringContaining('exists already: add --resume'),
    })
    const again = await agoragym(`${line} --player human --resume`, { ...options, input: [] })
    expect(again.code).toBe(0)
    expect(again.out).toContain('The game is over after 3 steps: horizon.')
    expect(again.out).not.toContain('(? for help)')
  })

  test.each([
    ['q', ['2', 'q']],
    ['the end of the input', ['2']],
  ])('%s leaves a game that is then not kept, and says how to go on; that begins it anew', async (_how, input) => {
    const options = at()
    const left = await agoragym(`${line} --player human`, { ...options, input })
    expect(left.code).toBe(1)
    expect(left.err).toContain('the game that was on is not kept')
    expect(left.err).toContain('Go on with: agoragym play toy_market --seed 4 --set horizon=3 --out runs --player human --resume')
    expect(logs(oneRun(options.cwd))).toEqual([])
    const again = await agoragym(`${line} --player human --resume`, { ...options, input: turns(3) })
    expect(again.code).toBe(0)
    expect(logs(oneRun(options.cwd))).toEqual([{ seed: 4, steps: 3, stop: 'horizon' }])
  })

  test.each([
    ['play toy_market --resume', '--resume goes on with a saved game'],
    ['play toy_market --player random,bot:miser', '--player: expected one player, got 2'],
  ])('%s is a mistake', async (typed, why) => {
    expect(await agoragym(typed, at())).toMatchObject({ code: 2, err: expect.stringContaining(why) })
  })
})

describe('eval with people', () => {
  const line = 'eval toy_market --players human,bot:miser --seeds 3 --set horizon=2'

  test('plays one game after the other, tells each, and saves them beside the others', async () => {
    const options = at({ input: turns(6) })
    const { code, out, err } = await agoragym(line, options)
    expect(code).toBe(0)
    const begun = err.split('\n').filter(text => text.startsWith('Game'))
    expect(begun).toEqual(
      [0, 1, 2].flatMap(seed => [
        `Game ${2 * seed + 1} of 6: seed ${seed}; human in trader_0.`,
        `Game ${2 * seed + 2} of 6: seed ${seed}; bot:miser in trader_0.`,
      ]),
    )
    // The rules are read once a game, and no game begins before the one before it is over.
    const prompts = out.split('\n').filter(text => text.includes('(? for help)'))
    expect(prompts).toHaveLength(6)
    const compared = await agoragym('compare runs', options)
    expect(compared.out).toMatch(/human/)
    expect(
      findRuns(join(options.cwd, 'runs'))
        .map(run => readMetadata(run)!.player_kind)
        .sort(),
    ).toEqual(['bot', 'human'])
  })

  test.each(['q', undefined])(
    'leaving with %s keeps what is finished, asks nothing more, and the rest is played later',
    async word => {
      const options = at()
      const typed = 'eval toy_market --players human --seeds 3 --set horizon=2'
      const input = [...turns(3), ...(word === undefined ? [] : [word, ...turns(9)])]
      const { code, out, err } = await agoragym(typed, { ...options, input })
      expect(code).toBe(1)
      expect(err).toContain(`Stopped after 1 of 3 rollouts. Go on with: agoragym ${typed} --resume`)
      expect(out.split('(? for help)')).toHaveLength(5)
      const run = oneRun(options.cwd)
      expect(logs(run)).toEqual([{ seed: 0, steps: 2, stop: 'horizon' }])
      const first = readFileSync(join(run, 'rollouts.jsonl'), 'utf8')
      expect((await agoragym(`${typed} --resume`, { ...options, input: turns(4) })).code).toBe(0)
      expect(logs(run).map(({ seed, steps }) => [seed, steps])).toEqual([
        [0, 2],
        [1, 2],
        [2, 2],
      ])
      expect(readFileSync(join(run, 'rollouts.jsonl'), 'utf8').startsWith(first)).toBe(true)
    },
  )

  test('an interruption in the middle of a game does the same', async () => {
    const stop = new AbortController()
    const options = at({ signal: stop.signal })
    const { capture } = await import('./console.ts')
    const { io, written } = capture(options)
    const { PassThrough } = await import('node:stream')
    const input = new PassThrough()
    const { run } = await import('../../cli.ts')
    const ended = run('eval toy_market --players human --seeds 2 --set horizon=2'.split(' '), { ...io, stdin: input })
    input.write('1\n1\n1\n')
    await expect.poll(() => written().out.split('(? for help)').length).toBe(5)
    stop.abort()
    expect(await ended).toBe(1)
    expect(written().err).toContain('Stopped after 1 of 2 rollouts.')
    expect(logs(oneRun(options.cwd))).toEqual([{ seed: 0, steps: 2, stop: 'horizon' }])
  })

  test('a person may sit opposite, and the document for programs is whole', async () => {
    const options = at({ input: turns(2) })
    const { code, out, err } = await agoragym(
      'eval toy_market --players bot:miser --seat trader_1=human --seeds 1 --set horizon=2 --json',
      options,
    )
    expect(code).toBe(0)
    expect(JSON.parse(out).runs).toHaveLength(1)
    expect(err).toContain('trader_1 (? for help)')
    expect(readMetadata(oneRun(options.cwd))!.lineup).toEqual({ trader_0: 'bot:miser', trader_1: 'human' })
  })

  test('a person plays in a tournament, too', async () => {
    const options = at({ input: turns(2) })
    const { code, out } = await agoragym('tournament toy_market --players human,bot:miser --seeds 1 --set horizon=1', options)
    expect(code).toBe(0)
    expect(out.split('(? for help)')).toHaveLength(3)
    expect(out).toMatch(/^games +won +tied +reward/m)
  })

  test('whoever leaves a run is asked nothing more in the other seats', async () => {
    const asked: string[] = []
    const terminal = { show: () => {}, ask: async (prompt: string) => void asked.push(prompt) }
    const game = (left?: () => Error) => {
      const human = humanPlayer(atTerminal(left === undefined ? terminal : { ...terminal, left }))
      return runRollout(toySpec({ lineup: { trader_0: human, trader_1: human } }))
    }
    await expect(game(() => new RunStopped('left'))).rejects.toThrow('left')
    expect(asked).toHaveLength(1)
    expect(await game()).toMatchObject({ ok: true, log: { stop: new EpisodeStopped('player_quit').reason } })
  })
})

describe('pictures in play', () => {
  test('one before the first step and one after each, in lines of the terminal', async () => {
    const { code, out } = await agoragym('play toy_market --picture --set horizon=2', at({ columns: 60 }))
    expect(code).toBe(0)
    expect(out.match(/^toy_market: step \d$/gm)).toEqual(['toy_market: step 0', 'toy_market: step 1', 'toy_market: step 2'])
    expect(out.indexOf('toy_market: step 1')).toBeGreaterThan(out.indexOf('\nstep 0\n'))
    for (const line of out.split('\n')) expect(line.length).toBeLessThanOrEqual(60)
    expect((await agoragym('play toy_market --set horizon=2', at())).out).not.toContain('Rewards so far')
  })

  test.each([
    ['play toy_market --picture --player human', 'a person plays trader_0'],
    ['play toy_market --picture --seat trader_1=human', 'a person plays trader_1'],
    ['play toy_market --picture --json', 'exclude each other'],
  ])('%s is refused: who plays must not see what seats hide', async (line, why) => {
    const { code, out, err } = await agoragym(line, at({ input: turns(40) }))
    expect(code).toBe(2)
    expect(err).toContain(why)
    expect(out).toBe('')
  })
})
