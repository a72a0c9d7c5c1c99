/**
 * Runs of model players at full size, each command a process of its own: a provider that fails in every way, twenty kills, a
 * disk that is full, an interruption. What is compared are the files that the runs leave. The tests of every commit claim the
 * same on small runs; here are the sizes that people use.
 */
import { execFileSync } from 'node:child_process'
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest'
import { stream } from '../../index.ts'
import {
  type FakeProvider,
  type FakeProviderOptions,
  QUIRKS,
  type QuirkName,
  randomCalls,
  type Script,
  startFakeProvider,
} from '../../rollouts/models/fake/index.ts'
import { countFinished, findRuns, readErrors, readMetadata } from '../../rollouts/store.ts'
import { type Ended, startNode } from '../commands/program.ts'
import { contentsOf } from '../rollouts/contents.ts'

const CLI = join(import.meta.dirname, '..', '..', 'dist', 'bin', 'agoragym.js')
let folder: string
let provider: FakeProvider | undefined

beforeAll(() => {
  if (!existsSync(CLI)) throw new Error('nothing is compiled; npm run build')
  folder = mkdtempSync(join(tmpdir(), 'agoragym-full-'))
})
afterEach(async () => {
  await provider?.close()
  provider = undefined
})
afterAll(() => rmSync(folder, { recursive: true, force: true }))

const agoragym = (line: string, cwd = folder) => startNode([CLI, ...line.split(' ')], { cwd })

/** Plays at random, by what it was told and by its rollout: repeats differ. */
const script: Script = request => randomCalls({ ...request, random: stream(1, 'player', request.session, request.turn) })

/** The model's own faults are play: drawn from what was said, they are the same whatever the provider does. */
const SLIPS = { malformed_arguments: 0.05, wrong_arguments: 0.05, empty_reply: 0.05 }
const FAULTS = { rate_limit: 0.1, server_error: 0.05, cut_off: 0.02, hung: 0.01 }

/** Always the same port, so that players have the same names in the runs that are compared. */
let port = 0
async function serve(options: Partial<FakeProviderOptions> = {}): Promise<string> {
  await provider?.close()
  provider = await startFakeProvider({ script, rates: SLIPS, keep: false, port, ...options })
  port = Number(new URL(provider.url).port)
  return provider.url
}

const contents = (out: string) => contentsOf(findRuns(out))

/** Requests that the provider was sent. */
const asked = (): number => Object.values(provider!.counts).reduce((sum, n) => sum + n, 0)

/** The table without what depends on time and luck. */
function rows(out: string): unknown[] {
  const { runs } = JSON.parse(out) as { runs: Record<string, unknown>[] }
  return runs.map(({ folder: _f, seconds: _s, traffic: _t, ...row }) => row)
}

function wellEnded({ code, err }: Ended): void {
  expect({ code, err: code === 0 ? '' : err }).toEqual({ code: 0, err: '' })
}

test('a provider that fails in every way leaves no trace in what is played, scored and printed', async () => {
  const url = await serve()
  const players = `openai:m@${url},anthropic:m@${url},bot:worker`
  const line = `eval swarm_economy --players ${players} --scenarios 20 --repeats 4 -c 64 --timeout-call 5 --max-retries 12 --json`
  const sound = await agoragym(`${line} --out sound`).ended
  wellEnded(sound)
  const counts = { ...provider!.counts }
  await serve({ rates: { ...SLIPS, ...FAULTS }, retryAfterMs: 50 })
  const failing = await agoragym(`${line} --out failing`).ended
  wellEnded(failing)

  for (const run of findRuns(join(folder, 'failing'))) {
    const { ok, failed, complete } = readMetadata(run)!
    expect({ total: ok + failed, listed: [...readErrors(run)].length, complete }).toEqual({
      total: 80,
      listed: failed,
      complete: true,
    })
  }
  const [without, having] = [contents(join(folder, 'sound')), contents(join(folder, 'failing'))]
  console.log(`without faults: ${JSON.stringify(counts)}\nwith faults: ${JSON.stringify(provider!.counts)}`)
  for (const fault of Object.keys(FAULTS)) expect(provider!.counts[fault]).toBeGreaterThan(0)
  expect(having.results).toHaveLength(240)
  expect(having).toEqual(without)
  expect(rows(failing.out)).toEqual(rows(sound.out))
  console.log((await agoragym(`${line.replace(' --json', '')} --out failing --resume`).ended).out)
})

/** Quirks that happen to answers and ask nothing of requests; `play`: also those that are a model's doing. */
const quirks = (play: boolean): QuirkName[] =>
  (Object.keys(QUIRKS) as QuirkName[]).filter(name => {
    const quirk = QUIRKS[name]
    return quirk.spoils !== undefined && quirk.refuses === undefined && (play || !quirk.play)
  })

/** The model's own faults by rollout and turn alone: what was said comes back in other words here. */
const slips: NonNullable<FakeProviderOptions['fault']> = ({ session, turn }) =>
  stream(2, 'slip', session, turn).chance(0.1) ? 'malformed_arguments' : undefined

interface Step {
  readonly decisions: Readonly<Record<string, { readonly calls: unknown }>>
}
/** What was played, without what a server counts of it. */
const played = (out: string) =>
  contents(out).steps.map(line =>
    (JSON.parse(line) as { steps: Step[] }).steps.map(({ decisions, ...step }) => [
      step,
      Object.entries(decisions).map(([agent, { calls }]) => [agent, calls]),
    ]),
  )

test('a provider that draws a quirk on a fifth of its answers ends no run, distorts no score, and writes no key', async () => {
  const key = 'sk-planted-0123456789'
  const env = { ...process.env, QUIRKY_KEY: key }
  const url = await serve({ key, rates: {}, fault: slips })
  const players = `openai:m@${url},anthropic:m@${url}`
  const line = `eval swarm_economy --players ${players} --scenarios 20 --repeats 2 -c 32 --max-retries 12 --api-key-var QUIRKY_KEY --json`
  const run = (out: string) => startNode([CLI, ...`${line} --out ${out}`.split(' ')], { cwd: folder, env }).ended
  const sound = await run('plain')
  wellEnded(sound)
  await serve({ key, rates: {}, fault: slips, quirks: quirks(false), quirkRate: 0.2 })
  const quirky = await run('quirky')
  expect(quirky.code).toBe(0)
  console.log(`answers with a quirk: ${JSON.stringify(provider!.counts)}`)
  expect(played(join(folder, 'quirky'))).toEqual(played(join(folder, 'plain')))

  await serve({ key, rates: {}, fault: slips, quirks: quirks(true), quirkRate: 0.2 })
  const wild = await run('wild')
  expect(wild.code).toBe(0)
  for (const at of findRuns(join(folder, 'wild'))) {
    const { ok, failed } = readMetadata(at)!
    expect(ok + failed).toBe(40)
    expect([...readErrors(at)]).toHaveLength(failed)
  }
  for (const { parentPath, name } of readdirSync(folder, { recursive: true, withFileTypes: true }).filter(entry =>
    entry.isFile(),
  ))
    expect(readFileSync(join(parentPath, name), 'utf8')).not.toContain(key)
})

test('refusals now and then cost less than a third of the throughput', async () => {
  const play = async (out: string, options: Partial<FakeProviderOptions>): Promise<number> => {
    const own = await startFakeProvider({ script, rates: SLIPS, keep: false, latencyMs: 150, ...options })
    try {
      const line = `eval swarm_economy --players openai:m@${own.url} --scenarios 20 --repeats 4 -c 32 --json --out ${out}`
      wellEnded(await agoragym(line).ended)
      return readMetadata(findRuns(join(folder, out))[0]!)!.time
    } finally {
      await own.close()
    }
  }
  // At once, so that whatever else the machine does slows both.
  const refusals = { rates: { ...SLIPS, rate_limit: 0.03, server_error: 0.01 }, retryAfterMs: 500 }
  const [without, having] = await Promise.all([play('steady', {}), play('refused', refusals)])
  const share = Math.round((100 * without) / having)
  console.log(`${without.toFixed(1)} s without refusals, ${having.toFixed(1)} s with: ${share} % of the throughput`)
  expect(share).toBeGreaterThanOrEqual(70)
})

test('killed at twenty random moments and resumed, a run is the one that was not interrupted', async () => {
  const concurrency = 16
  const latencyMs = 50
  const url = await serve({ latencyMs })
  const line = `eval swarm_economy --players openai:m@${url} --scenarios 20 --repeats 4 -c ${concurrency} --json`
  const start = performance.now()
  wellEnded(await agoragym(`${line} --out whole`).ended)
  const took = performance.now() - start
  const total = asked()

  await serve({ latencyMs })
  const random = stream(3, 'kills')
  const moments: string[] = []
  for (let kill = 0; kill < 20; kill++) {
    const { child, ended } = agoragym(`${line} --out killed --resume`)
    // The first half second goes into starting; what is left is spread over the run.
    const after = 500 + random.uniform(0, took / 10)
    const timer = setTimeout(() => child.kill('SIGKILL'), after)
    const { signal } = await ended
    clearTimeout(timer)
    const done = findRuns(join(folder, 'killed')).reduce((sum, run) => sum + countFinished(run), 0)
    moments.push(`${Math.round(after)} ms: ${signal === null ? 'had ended' : `${done} rollouts done`}`)
  }
  wellEnded(await agoragym(`${line} --out killed --resume`).ended)
  const inFlight = asked() - total
  console.log(
    `${moments.join('; ')}\n${total} calls uninterrupted, ${total + inFlight} with kills: ${inFlight} were in flight at a kill`,
  )
  expect(moments.filter(moment => !moment.endsWith('had ended')).length).toBeGreaterThanOrEqual(15)
  // No answer that was recorded is paid again.
  expect(inFlight).toBeLessThanOrEqual(20 * concurrency)
  expect(contents(join(folder, 'killed'))).toEqual(contents(join(folder, 'whole')))
})

test('on a disk that fills up, the run stops with one line, and goes on when there is room', async context => {
  const disk = join(folder, 'disk')
  mkdirSync(disk)
  const mount = (...words: string[]) => execFileSync('mount', [...words, disk], { stdio: 'pipe' })
  try {
    mount('-t', 'tmpfs', '-o', 'size=2m', 'tmpfs')
  } catch {
    context.skip('no file system can be mounted here')
  }
  try {
    const url = await serve()
    const line = `eval swarm_economy --players openai:m@${url} --scenarios 20 --repeats 4 -c 16 --json`
    wellEnded(await agoragym(`${line} --out roomy`).ended)
    const needed = asked()

    const { code, err } = await agoragym(`${line} --out ${disk}`).ended
    console.log(err.trim())
    expect(code).toBe(1)
    expect(err).toMatch(/^Cannot use .*: the disk is full; free some space, then run the same command with --resume\.$/m)
    const [run] = findRuns(disk)
    for (const name of readdirSync(run!).filter(name => name.endsWith('.jsonl')))
      for (const row of readFileSync(join(run!, name), 'utf8').split('\n').filter(Boolean)) JSON.parse(row)
    mount('-o', 'remount,size=200m')
    wellEnded(await agoragym(`${line} --out ${disk} --resume`).ended)
    // An answer that could not be written down has to be asked for again.
    expect(asked() - 2 * needed).toBeLessThanOrEqual(16)
    expect(contents(disk)).toEqual(contents(join(folder, 'roomy')))
  } finally {
    execFileSync('umount', [disk])
  }
})

test('Ctrl-C finishes the calls in flight, and the resumed run asks for nothing twice', async () => {
  const url = await serve({ latencyMs: 100 })
  const line = `eval swarm_economy --players openai:m@${url} --scenarios 20 -c 16 --json`
  const { child, ended } = agoragym(`${line} --out stopped`)
  while ((provider!.counts.ok ?? 0) < 50) await new Promise(resolve => setTimeout(resolve, 10))
  child.kill('SIGINT')
  const { code, err } = await ended
  console.log(err.trim())
  expect(code).toBe(1)
  expect(err).toMatch(/Go on with: agoragym eval .* --resume$/m)
  wellEnded(await agoragym(`${line} --out stopped --resume`).ended)
  const { calls } = contents(join(folder, 'stopped'))
  expect(calls).toHaveLength(asked())
})
