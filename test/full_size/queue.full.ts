/**
 * A run through a queue at full size, each part a process of its own: three workers that are killed at random every few seconds, a
 * collector that is killed twice, a Redis that is restarted once. What is claimed is read from the run's files and from the
 * provider's own log, not from what any of them counted.
 */
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { stream } from '../../index.ts'
import { type FakeProvider, randomCalls, startFakeProvider } from '../../rollouts/models/fake/index.ts'
import { findRuns, readErrors, readMetadata, readResults } from '../../rollouts/store.ts'
import { startNode } from '../commands/program.ts'
import { judge, most } from '../queue/judge.ts'
import { HAS_REDIS, startRedis, type TestRedis } from '../queue/redis.ts'
import { contentsOf } from '../rollouts/contents.ts'

const CLI = join(import.meta.dirname, '..', '..', 'dist', 'bin', 'agoragym.js')
const WORKERS = 3
const PLACES = 4
/** Milliseconds between two kills. */
const KILLS = 4000
const RPM = 2400

let folder: string
let redis: TestRedis
let provider: FakeProvider
/** When each request came, and the tokens of each answer as the provider counts them. */
const log: { readonly at: number; readonly tokens: number }[] = []

const agoragym = (line: string) => startNode([CLI, ...line.split(' ')], { cwd: folder })
const pause = (ms: number) => new Promise(resolve => setTimeout(resolve, ms))

/** Workers that are killed one after the other and begun again, until they are told to end. */
function restless() {
  const chance = stream(3, 'kills')
  let over = false
  let kills = 0
  const running: ReturnType<typeof agoragym>[] = []
  const keep = async (at: number): Promise<void> => {
    while (!over) {
      running[at] = agoragym(`worker --queue ${redis.url} -c ${PLACES} --lease 3`)
      await running[at].ended
    }
  }
  const kept = Array.from({ length: WORKERS }, (_, at) => keep(at))
  const killer = (async () => {
    while (!over) {
      await pause(KILLS)
      if (over) break
      running[chance.int(0, WORKERS - 1)]!.child.kill('SIGKILL')
      kills++
    }
  })()
  return {
    end: async (): Promise<number> => {
      over = true
      for (const { child } of running) child.kill('SIGTERM')
      await Promise.all([...kept, killer])
      return kills
    },
  }
}

describe.skipIf(!HAS_REDIS)('a run through a queue', () => {
  beforeAll(async () => {
    if (!existsSync(CLI)) throw new Error('nothing is compiled; npm run build')
    folder = mkdtempSync(join(tmpdir(), 'agoragym-full-queue-'))
    redis = await startRedis()
    provider = await startFakeProvider({
      script: request => randomCalls({ ...request, random: stream(1, 'player', request.session, request.turn) }),
      latencyMs: 30,
      respond: (_request, usual) => {
        const { prompt_tokens, completion_tokens } = usual.usage as { prompt_tokens: number; completion_tokens: number }
        log.push({ at: performance.now(), tokens: prompt_tokens + completion_tokens })
        return undefined
      },
    })
    const player = `openai:m@${provider.url}`
    writeFileSync(
      join(folder, 'suite.json'),
      JSON.stringify({
        name: 'two',
        players: [player, 'random'],
        entries: [
          { env: 'sim_economy', seeds: '20', set: { horizon_turns: 24 } },
          { env: 'swarm_economy', scenarios: 12, repeats: 2 },
        ],
      }),
    )
  })
  afterEach(() => redis.client.flushall())
  afterAll(async () => {
    await provider.close()
    await redis.stop()
    rmSync(folder, { recursive: true, force: true })
  })

  const SUITE = 'eval --suite suite.json --max-completion-tokens 300'

  test.each([
    ['queued', ''],
    ['gathered', ' --results shared'],
  ])(
    'killed, restarted and gone on with, it is whole: each rollout once, no kept answer asked for again, the pace held (%s)',
    async (out, more) => {
      const line = `${SUITE} --queue ${redis.url} --out ${out}${more} --max-rpm ${RPM}`
      const [from, before] = [provider.requests.length, log.length]
      const workers = restless()
      for (const at of [1, 2]) {
        const collector = agoragym(at === 1 ? line : `${line} --resume`)
        const asked = provider.requests.length
        while (provider.requests.length < asked + 150) await pause(100)
        collector.child.kill('SIGKILL')
        await collector.ended
        await pause(1000 * at)
      }
      const last = agoragym(`${line} --resume`)
      await pause(5000)
      await redis.restart('SIGTERM', 2000)
      const ended = await last.ended
      const kills = await workers.end()
      console.log(`${kills} workers killed; ${JSON.stringify(ended.err.split('\n').slice(-6))}`)
      expect({ code: ended.code, err: ended.code === 0 ? '' : ended.err }).toEqual({ code: 0, err: '' })

      const runs = findRuns(join(folder, out))
      expect(runs.map(run => readMetadata(run)!.complete)).toEqual([true, true, true, true])
      for (const run of runs) {
        const keys = [...readResults(run)].map(({ key }) => key)
        expect(new Set(keys).size).toBe(keys.length)
        expect([...readErrors(run)]).toEqual([])
      }
      const judged = judge(provider.requests.slice(from))
      const minute = most(
        log.slice(before).map(({ at }) => at),
        10_000,
      )
      console.log(
        `${provider.requests.length - from} requests, ${judged.questions} questions, ${judged.repeated} asked again; at most ${minute} requests in 10 s`,
      )
      expect(judged.paidTwice).toEqual([])
      // What the killed had in flight.
      expect(judged.repeated).toBeLessThanOrEqual(kills * PLACES)
      // Those that were let go at once and came a moment later.
      expect(minute).toBeLessThanOrEqual(RPM / 6 + WORKERS * PLACES)
      expect(await redis.client.keys('agoragym-run:*')).toEqual([])

      const plain = await agoragym(`${SUITE} --out plain --resume`).ended
      expect(plain.code).toBe(0)
      expect(contentsOf(runs)).toEqual(contentsOf(findRuns(join(folder, 'plain'))))
    },
  )

  test('a ceiling on tokens holds over workers that are killed, and the rest is played without one', async () => {
    const before = log.length
    const from = provider.requests.length
    const ceiling = 400_000
    const line = `${SUITE} --queue ${redis.url} --out limited`
    const workers = restless()
    const stopped = await agoragym(`${line} --max-tokens ${ceiling}`).ended
    const used = log.slice(before).reduce((sum, { tokens }) => sum + tokens, 0)
    console.log(`${used} of ${ceiling} tokens used; ${JSON.stringify(stopped.err.split('\n').slice(-3))}`)
    expect(stopped.code).toBe(1)
    expect(stopped.err).toContain(`Stopped at --max-tokens ${ceiling}`)
    expect(used).toBeLessThanOrEqual(ceiling)
    expect(used).toBeGreaterThan(ceiling / 4)
    const ended = await agoragym(line).ended
    const kills = await workers.end()
    expect({ code: ended.code, err: ended.code === 0 ? '' : ended.err }).toEqual({ code: 0, err: '' })
    // What was answered before the ceiling is not asked for after it.
    const { paidTwice, repeated } = judge(provider.requests.slice(from))
    expect(paidTwice).toEqual([])
    expect(repeated).toBeLessThanOrEqual(kills * PLACES)
    expect(findRuns(join(folder, 'limited')).every(run => readMetadata(run)!.complete)).toBe(true)
  })
})
