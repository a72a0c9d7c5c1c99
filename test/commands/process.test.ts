/**
 * The program as a process of its own: signals, pipes, kills, and what it loads. Compiled from the sources, with the toy economy registered.
 * What holds in one process as well (what a killed run becomes, what a file says) is asked in this one.
 */
import { execFileSync, spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { economies } from '../../economies/registry.ts'
import { countFinished, readSteps } from '../../rollouts/store.ts'
import { type Built, build } from '../built.ts'
import { toyMarket } from '../toy_market/index.ts'
import { agoragym } from './console.ts'
import { startNode } from './program.ts'

let compiled: Built
let built = ''

beforeAll(async () => {
  economies.register({ env: toyMarket })
  compiled = await build(['test/toy_market'])
  built = compiled.folder
  writeFileSync(
    join(built, 'toy.js'),
    "import { environments } from './economies/registry.js'\nimport { toyMarket } from './test/toy_market/index.js'\nenvironments.register(toyMarket)\n",
  )
})
afterAll(() => compiled.remove())

/** The command line as the words of a process. */
const words = (line: string): string[] => [
  '--import',
  join(built, 'toy.js'),
  join(built, 'bin', 'agoragym.js'),
  ...line.split(' '),
]

const start = (line: string, cwd: string) => startNode(words(line), { cwd })
/** The same in this process. */
const here = (line: string, cwd: string) => agoragym(line, { cwd })

async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await new Promise(resolve => setTimeout(resolve, 10))
}

function scratch(name: string): string {
  const folder = join(built, 'scratch', name)
  mkdirSync(folder, { recursive: true })
  return folder
}

const EVAL = 'eval toy_market --players random --seeds 150'

/** The logs of the only run, sorted by key. */
function logs(cwd: string): string[] {
  const [run] = readdirSync(join(cwd, 'runs'))
  return [...readSteps(join(cwd, 'runs', run!))].map(log => JSON.stringify(log)).sort()
}

/** The finished rollouts of a run that is being played. */
function finished(cwd: string): number {
  const runs = join(cwd, 'runs')
  if (!existsSync(runs)) return 0
  return readdirSync(runs).reduce((sum, run) => sum + countFinished(join(runs, run)), 0)
}

test('killed at several moments and resumed, a run is the one that was not interrupted', async () => {
  const [whole, killed] = [scratch('whole'), scratch('killed')]
  expect((await here(EVAL, whole)).code).toBe(0)
  let line = EVAL
  for (const after of [1, 60]) {
    const { child, ended } = start(line, killed)
    await until(() => finished(killed) >= after || child.exitCode !== null)
    child.kill('SIGKILL')
    await ended
    line = `${EVAL} --resume`
  }
  expect((await here(line, killed)).code).toBe(0)
  expect(logs(killed)).toEqual(logs(whole))
  expect((await here('replay runs', killed)).out).toMatch(/^150 episodes, 1200 steps: all equal to their replay\n$/)
})

test('the same with worker threads', async () => {
  const [whole, killed] = [scratch('whole'), scratch('killed_threads')]
  const { child, ended } = start(`${EVAL} --workers 2`, killed)
  await until(() => finished(killed) > 0 || child.exitCode !== null)
  child.kill('SIGKILL')
  await ended
  const { code, err } = await start(`${EVAL} --workers 2 --resume`, killed).ended
  expect([code, err.includes('Warning')]).toEqual([0, false])
  expect(logs(killed)).toEqual(logs(whole))
})

test('a run that is being played is not gone on with by another process', async () => {
  const cwd = scratch('twice')
  const line = 'eval toy_market --players random --seeds 20000 --resume'
  const first = start(line, cwd)
  await until(() => finished(cwd) > 0)
  const { code, err } = await here(line, cwd)
  expect(code).toBe(1)
  expect(err).toMatch(
    new RegExp(
      `^\\S+ is being played by process ${first.child.pid}: wait until it ends, or stop it, then --resume \\(\\S+/lock\\)\\.\n$`,
    ),
  )
  first.child.kill('SIGINT')
  await first.ended
  const [run] = readdirSync(join(cwd, 'runs'))
  expect(readdirSync(join(cwd, 'runs', run!))).not.toContain('lock')
})

test('of several processes that take a folder at one moment, one has it, whatever a killed one left there', async () => {
  const cwd = scratch('race')
  const [rounds, racers] = [25, 4]
  // All begin a round together; whoever has the folder gives it back when all have tried.
  const racer = `
    import { existsSync, writeFileSync } from 'node:fs'
    import { RunStore } from '${join(built, 'rollouts', 'store.js')}'
    const [me, rounds, racers] = process.argv.slice(1).map(Number)
    const sleep = ms => Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, ms)
    const all = what => {
      writeFileSync(what + '-' + me, '')
      while (!Array.from({ length: racers }, (_, i) => what + '-' + i).every(existsSync)) sleep(1)
    }
    const won = []
    for (let round = 0; round < rounds; round++) {
      all('ready-' + round)
      let store
      try {
        store = new RunStore(String(round), { resume: true })
        won.push(round)
      } catch (error) {
        if (error.name !== 'RunError' || !/is being played by/.test(error.message)) throw error
      }
      all('tried-' + round)
      store?.close()
    }
    console.log(JSON.stringify(won))
  `
  for (let round = 0; round < rounds; round++) mkdirSync(join(cwd, String(round)))
  // Every other folder was left by a process that is gone.
  const left = `
    import { RunStore } from '${join(built, 'rollouts', 'store.js')}'
    for (let round = 1; round < ${rounds}; round += 2) new RunStore(String(round))
    process.kill(process.pid, 'SIGKILL')
  `
  const run = (program: string, ...given: number[]) =>
    startNode(['--input-type=module', '-e', program, ...given.map(String)], { cwd }).ended
  expect((await run(left)).signal).toBe('SIGKILL')
  expect(existsSync(join(cwd, '1', 'lock'))).toBe(true)
  const ended = await Promise.all(Array.from({ length: racers }, (_, i) => run(racer, i, rounds, racers)))
  expect(ended.map(({ err }) => err).join('')).toBe('')
  const winners = ended.flatMap(({ out }) => JSON.parse(out) as number[]).sort((a, b) => a - b)
  expect(winners).toEqual(Array.from({ length: rounds }, (_, round) => round))
})

test.each(['', ' --workers 2'])('Ctrl-C finishes what is in flight, says how to go on, and the code is 1 (%s)', async more => {
  const cwd = scratch(`interrupted${more.trim()}`)
  const line = `eval toy_market --players random --seeds 20000${more}`
  const { child, ended } = start(line, cwd)
  await until(() => finished(cwd) > 0)
  child.kill('SIGINT')
  const { code, err, out } = await ended
  const played = finished(cwd)
  expect(code).toBe(1)
  expect(err).toContain('Stopping: what is in flight is finished first. Again to quit at once.')
  expect(err).toContain(`Stopped after ${played} of 20000 rollouts. Go on with: agoragym ${line} --resume\n`)
  expect(out).toMatch(new RegExp(`\nrollouts +${played}\n`))
})

test('a person who presses Ctrl-C at the prompt is let go', async () => {
  const { child, ended, told } = start('play toy_market --seat trader_0=human', scratch('person'))
  await until(() => told().includes('trader_0 (?'))
  child.kill('SIGINT')
  expect(await ended).toMatchObject({ code: 1, signal: null, err: expect.stringMatching(/Stopped\.\n$/) })
})

test('a reader that leaves early is no failure', async () => {
  const command = [process.execPath, ...words('play toy_market --set horizon=1000')].map(word => `'${word}'`).join(' ')
  const out = execFileSync('bash', ['-c', `set -o pipefail; ${command} | head -n 1`], { cwd: scratch('piped'), encoding: 'utf8' })
  expect(out).toBe('step 0\n')
})

test('where a file cannot grow, the run stops with what to do, and what was finished stays', async () => {
  const cwd = scratch('limited')
  const command = [process.execPath, ...words(EVAL)].map(word => `'${word}'`).join(' ')
  // In kilobytes; the logs of the whole run are about three times as much.
  const limited = spawnSync('bash', ['-c', `ulimit -f 128; ${command}`], { cwd, encoding: 'utf8' })
  expect(limited.status).toBe(1)
  expect(limited.stderr).toMatch(/^Cannot use .*\.jsonl: the file is as large as a file may be; raise the limit .*--resume\.$/m)
  expect(finished(cwd)).toBeGreaterThan(0)
  expect(finished(cwd)).toBeLessThan(150)
  const [run] = readdirSync(join(cwd, 'runs'))
  expect(readFileSync(join(cwd, 'runs', run!, 'rollouts.jsonl'), 'utf8').endsWith('}\n')).toBe(true)
  expect((await here(`${EVAL} --resume`, cwd)).code).toBe(0)
  expect(finished(cwd)).toBe(150)
})

/** What a process has loaded: our files, and packages. */
async function loaded(line: string, name: string): Promise<{ readonly own: string[]; readonly packages: string[] }> {
  const cwd = scratch(name)
  const hook = `import { appendFileSync } from 'node:fs'
    export const load = (url, context, next) => (appendFileSync('loaded', url + '\\n'), next(url, context))`
  writeFileSync(
    join(cwd, 'hook.mjs'),
    `import { register } from 'node:module'\nregister('data:text/javascript,' + encodeURIComponent(${JSON.stringify(hook)}))\n`,
  )
  const program = ['--import', './hook.mjs', join(built, 'bin', 'agoragym.js'), ...line.split(' ')]
  const { code, err } = await startNode(program, { cwd }).ended
  expect(code, err).toBe(0)
  const urls = readFileSync(join(cwd, 'loaded'), 'utf8').split('\n')
  const own = urls.flatMap(url => url.split(`${built}/`)[1] ?? [])
  const packages = urls.flatMap(url => /.*\/node_modules\/((?:@[^/]+\/)?[^/]+)/.exec(url)?.[1] ?? [])
  return { own, packages: [...new Set(packages)] }
}

test('help loads no economy and no library but that of the command line', async () => {
  const { own, packages } = await loaded('--help', 'help')
  expect(own).toContain('commands/index.js')
  expect(own.filter(path => /^(bots|evals|serve|bench|envs\/(?!core\/))|\/registry\.js$/.test(path))).toEqual([])
  expect(packages).toContain('yargs')
  for (const heavy of ['zod', 'arquero', 'openai', '@anthropic-ai/sdk', 'hono', 'ws', 'd3', 'libsql', 'hyparquet-writer'])
    expect(packages).not.toContain(heavy)
})

test('a command loads what it needs: no tables to play, no server over pipes, no SDK to tell what there is', async () => {
  expect((await loaded('eval --help', 'eval')).packages).not.toContain('arquero')
  const { own, packages } = await loaded('envs', 'envs')
  expect(own.filter(path => path.startsWith('serve/'))).toEqual([])
  expect(packages).toContain('zod')
  expect(packages.filter(name => ['arquero', 'openai', '@anthropic-ai/sdk', 'hono', 'p-limit'].includes(name))).toEqual([])
  const pipes = (await loaded('serve --help', 'served')).packages
  expect(pipes.filter(name => ['hono', '@hono/node-server', 'ws'].includes(name))).toEqual([])
})

test('play that nobody watches with --otel loads nothing of telemetry: neither its packages nor what makes spans of events', async () => {
  const { own, packages } = await loaded('eval swarm_economy --seeds 1 --players random', 'unwatched')
  expect(own).toContain('commands/otel.js')
  expect(own.filter(path => path.includes('telemetry'))).toEqual([])
  expect(packages.filter(name => name.startsWith('@opentelemetry/'))).toEqual([])
})

test('wrong usage is one line and code 2', async () => {
  const { code, out, err } = await start('eval toy_markt', scratch('wrong')).ended
  expect({ code, out }).toEqual({ code: 2, out: '' })
  expect(err).toMatch(/^No environment 'toy_markt'.*Did you mean 'toy_market'\?\n$/)
})

test('an audit played by threads is the audit played by one, and what it wrote is checked by its first games', async () => {
  const cwd = scratch('audit')
  const audit = (line: string) => here(`audit toy_market ${line}`, cwd)
  const alone = await audit('--seeds 26 --json --threads 1')
  const together = await start('audit toy_market --seeds 26 --json --threads 2 --write', cwd).ended
  expect([alone.code, together.code]).toEqual([1, 1])
  expect(JSON.parse(together.out)).toEqual(JSON.parse(alone.out))
  expect(together.err).not.toContain('Warning')
  expect(together.err).toContain('written: audit/toy_market/default.results.json')
  expect(await audit('--check')).toMatchObject({ code: 0, out: expect.stringContaining('24 seeds each: as written') })
  const path = join(cwd, 'audit', 'toy_market', 'default.results.json')
  writeFileSync(path, readFileSync(path, 'utf8').replace(/"first":0\.\d+/, '"first":0.999'))
  expect(await audit('--check')).toMatchObject({ code: 1, err: expect.stringContaining('earned 0.999 on the first seeds') })
})

test('games over pipes end without a word when their client has died or reads no more, and not before', async () => {
  const ask = (request: object): string => `${JSON.stringify(request)}\n`
  const left = start('serve --stdio', scratch('pipes'))
  left.child.stdin!.write(ask({ op: 'make', env: 'toy_market', live: 'all' }) + ask({ op: 'reset', s: 1, seed: 3 }))
  await until(() => left.told().split('\n').length > 2)
  left.child.stdin!.end()
  const { code, out, err } = await left.ended
  expect([code, err]).toEqual([0, ''])
  expect(JSON.parse(out.split('\n')[1]!)).toMatchObject({ ok: true, t: 0, acting: ['trader_0', 'trader_1'] })

  const deaf = start('serve --stdio', scratch('pipes'))
  deaf.child.stdout!.destroy()
  deaf.child.stdin!.on('error', () => {})
  for (let i = 0; i < 20; i++) deaf.child.stdin!.write(ask({ op: 'hello' }))
  expect(await deaf.ended).toMatchObject({ code: 0, err: '' })
})
