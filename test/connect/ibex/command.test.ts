/** `agoragym connect ibex`: what it says of a whole game, and what it refuses before anything joins. */
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { agoragym } from '../../commands/console.ts'
import { folder, server } from './play.ts'

const SMALL = { treatment: 'harberger', session: 3, rounds: 1, owners: 1, speculators: 1 }
const BELL = { bellMs: 60, bellAfter: 20 }

test('plays a game with bots and a person, says what each was paid and compares the results; a trial joins nothing', async () => {
  const { fake, url } = await server({ game: SMALL, ...BELL })
  const cwd = folder()
  const line = `connect ibex ${url} --game 7 --seat 2=random --seat 1=bot:honest --seat 3=human --margin 0.1`
  const trial = await agoragym(`${line} --dry-run --act-every 90`, { cwd, columns: 200 })
  expect(trial.err).toBe('')
  expect(trial.out).toContain('Declare what your land is worth without and with the project.')
  expect(fake.log).toEqual([])

  const { code, out, err } = await agoragym(`${line} --act-every 1`, {
    cwd,
    columns: 200,
    input: Array(60).fill('1'),
  })
  expect({ code, err: err.split('\n').filter(told => told.includes('left')) }).toEqual({ code: 0, err: [] })
  expect(err).toContain('seat 1: bot:honest is player 1\nseat 2: random is player 2\nseat 3: human is player 3\n')
  expect(out).toContain("Game 7: the server's results are those of our own rules for the same decisions.")
  const run = join(cwd, 'runs', 'connect-ibex-7')
  expect(JSON.parse(readFileSync(join(run, 'metadata.json'), 'utf8'))).toMatchObject({
    kind: 'connected',
    protocol: 'ibex',
    codec: 'flat',
    act_every_s: 1,
  })
  for (const name of ['game-7.server.json', 'game-7.analysis.csv', 'game-7.log.json'])
    expect(existsSync(join(run, 'server', name))).toBe(true)
})

test('makes games where it is told how; with --json a person reads beside the document', async () => {
  const { url } = await server({ game: SMALL, ...BELL })
  const cwd = folder()
  writeFileSync(join(cwd, 'game.json'), JSON.stringify({ game_type: 'harberger' }))
  const seats = '--seat 1=bot:honest --seat 2=bot:honest --seat 3=human --act-every 1 --json'
  const env = { IBEX_USERNAME: 'admin', IBEX_PASSWORD: 'a-secret-word' }
  const { code, out, err } = await agoragym(`connect ibex ${url} --create game.json ${seats} --margin 0.1 --out run`, {
    cwd,
    env,
    columns: 200,
    input: Array(60).fill('1'),
  })
  expect(code).toBe(0)
  expect(JSON.parse(out)).toMatchObject({ report: [expect.stringContaining("the server's results are those of our own rules")] })
  expect(err).toContain('declare')
  for (const file of ['wire.jsonl', 'metadata.json', 'connection.json'])
    expect(readFileSync(join(cwd, 'run', file), 'utf8')).not.toContain('a-secret-word')
})

test.each([
  ['', 'Say which game is meant, once: --game NUMBER of one that was started, or --create FILE to make one.'],
  ['--game 7 --create game.json', 'Say which game is meant, once'],
  ['--create game.json', '--create needs a login: IBEX_USERNAME and IBEX_PASSWORD in the environment.'],
  ['--game 8', 'The server has no running game 8. Running: 7 (harberger).'],
  ['--game 7 --codec round', "--codec: expected flat, suite; got 'round'."],
  ['--game 7 --act-every never', "--act-every: expected seconds above 0, such as 15, or change; got 'never'."],
  ['--game 7 --repeats 2', '--repeats is of games that are made: --create FILE.'],
  ['--game 7 --socket ws://example.org/wss', 'example.org is not this machine'],
])('refuses, in one line: %s', async (words, why) => {
  const { fake, url } = await server({ game: SMALL, ...BELL })
  const { code, err } = await agoragym(`connect ibex ${url} --seat 1=bot:honest ${words}`.trim(), {
    cwd: folder(),
    columns: 300,
  })
  expect(err).toContain(why)
  expect(code).toBe(2)
  expect(fake.log).toEqual([])
})
