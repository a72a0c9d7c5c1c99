/** A run through a queue as processes: workers that are killed, hang and crash, a collector that is killed, and what is left. */
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterAll, beforeAll, describe, expect, type TestContext, test } from 'vitest'
import { stream } from '../../index.ts'
import { type FakeProvider, randomCalls, startFakeProvider } from '../../rollouts/models/fake/index.ts'
import { countFinished, findRuns, readErrors, readMetadata } from '../../rollouts/store.ts'
import { type Built, build } from '../built.ts'
import { agoragym } from '../commands/console.ts'
import { startNode } from '../commands/program.ts'
import { contentsOf } from '../rollouts/contents.ts'
import { judge } from './judge.ts'
import { HAS_REDIS, startRedis } from './redis.ts'

let built: Built

/**
 * A player that moves at random, but for what its episode's seed says: it holds its thread for longer than a lease, or ends the
 * process. Each time it begins is noted.
 */
const OWN = `
import { appendFileSync } from 'node:fs'
const { randomLegal } = await import(process.env.BUILT + '/bots/any/random_legal.js')
const { registerPlayer } = await import(process.env.BUILT + '/rollouts/players/own.js')
registerPlayer('moody', text => ({ name: text, kind: 'bot', details: {}, policies: ({ key }) => context => {
  const policy = randomLegal(context)
  let begun = false
  return { ...policy, act: turn => {
    if (!begun) {
      begun = true
      appendFileSync(process.env.NOTES, key + '\\n')
      if (key.includes('-s1-')) Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 2500)
      if (key.includes('-s3-')) process.kill(process.pid, 'SIGKILL')
    }
    return policy.act(turn)
  } }
} }))
export default []
`

/** Waits until it holds; fails where the process ends first. */
async function until(condition: () => boolean, { child, told }: ReturnType<typeof startNode>): Promise<void> {
  while (!condition()) {
    if (child.exitCode !== null) throw new Error(told())
    await new Promise(resolve => setTimeout(resolve, 20))
  }
}

/** A Redis and a folder of one test, which goes on beside the others; what it started ends with it. */
async function begin({ onTestFailed, onTestFinished }: TestContext) {
  const folder = mkdtempSync(join(tmpdir(), 'agoragym-queue-test-'))
  const redis = await startRedis()
  const running = new Set<ReturnType<typeof startNode>>()
  const providers: FakeProvider[] = []
  onTestFinished(async () => {
    for (const { child } of running) child.kill('SIGKILL')
    for (const provider of providers) await provider.close()
    await redis.stop()
    rmSync(folder, { recursive: true, force: true })
  })
  return {
    folder,
    redis,
    running,
    start(line: string, env: Readonly<Record<string, string>> = {}) {
      const started = startNode([built.program, ...line.split(' ')], { cwd: folder, env: { ...process.env, ...env } })
      running.add(started)
      onTestFailed(() => console.log(`${line}\n${started.told()}`))
      void started.ended.then(() => running.delete(started))
      return started
    },
    /** A provider that answers after so many milliseconds, and the player that asks it. */
    async talkative(latencyMs: number) {
      const provider = await startFakeProvider({
        script: request => randomCalls({ ...request, random: stream(1, request.session, request.turn) }),
        latencyMs,
      })
      providers.push(provider)
      return { player: `openai:m@${provider.url}`, requests: provider.requests }
    },
    /** Waits until Redis holds nothing of any run: workers leave a run that is over when what they have in flight is done. */
    async emptied(): Promise<void> {
      while ((await redis.client.keys('agoragym*')).join() !== 'agoragym-news')
        await new Promise(resolve => setTimeout(resolve, 50))
    },
    /** The parts that workers have written. */
    parts: (): string[] => (existsSync(join(folder, 'shared')) ? findRuns(join(folder, 'shared')) : []),
  }
}

// Mostly they wait for leases that end and processes that begin: all at once take little longer than one.
describe.skipIf(!HAS_REDIS).concurrent('a run through a queue', { timeout: 180_000 }, () => {
  beforeAll(async () => {
    built = await build()
  })
  afterAll(() => built.remove())

  test('a killed worker and a killed collector cost nothing that was recorded, and the files are those of one process', async context => {
    const { folder, redis, start, talkative } = await begin(context)
    const { player, requests } = await talkative(15)
    const line = `eval sim_economy --players ${player},bot:honest --seeds 6 --set horizon_turns=8`
    const queued = `${line} --queue ${redis.url} --out queued`
    const worker = `worker --queue ${redis.url} -c 3 --lease 2`
    const [first, second] = [start(worker), start(worker)]
    // A setting that does not suit is told, and in the form of all that is told.
    await redis.client.config('SET', 'maxmemory-policy', 'allkeys-lru')
    const killed = start(`${queued} --log-format json`)
    await until(() => requests.length > 30, killed)
    first.child.kill('SIGKILL')
    killed.child.kill('SIGKILL')
    const told = (await killed.ended).err
      .trim()
      .split('\n')
      .map(each => JSON.parse(each) as object)
    expect(told).toContainEqual(
      expect.objectContaining({ event: 'note', message: expect.stringContaining('set: maxmemory-policy noeviction') }),
    )
    await redis.client.config('SET', 'maxmemory-policy', 'noeviction')
    const asked = requests.length
    // Somebody plays on while nobody collects.
    await until(() => requests.length > asked + 5, second)
    const ended = await start(`${queued} --resume`).ended
    expect({ code: ended.code, err: ended.code === 0 ? '' : ended.err }).toEqual({ code: 0, err: '' })
    const { paidTwice, repeated } = judge(requests)
    expect(paidTwice).toEqual([])
    // What the killed worker had asked and not kept.
    expect(repeated).toBeLessThanOrEqual(3)
    const runs = findRuns(join(folder, 'queued'))
    expect(runs.map(run => readMetadata(run)!.complete)).toEqual([true, true])
    expect(await redis.client.keys('agoragym-run:*')).toEqual([])

    second.child.kill('SIGTERM')
    expect(await second.ended).toMatchObject({ code: 0, out: expect.stringMatching(/^Played \d+ rollouts\.\n$/) })
    expect((await agoragym(`${line} --out plain`, { cwd: folder })).code).toBe(0)
    expect(contentsOf(runs)).toEqual(contentsOf(findRuns(join(folder, 'plain'))))
  })

  test('results in a shared folder: a killed worker and a killed collector cost nothing, and the files are those of one process', async context => {
    const { folder, redis, start, talkative, emptied, parts } = await begin(context)
    const { player, requests } = await talkative(10)
    const line = `eval sim_economy --players ${player},bot:honest --seeds 6 --set horizon_turns=6`
    const queued = `${line} --queue ${redis.url} --queue-batch 1 --out gathered --results shared`
    const worker = `worker --queue ${redis.url} -c 2 --lease 2`
    const [first, second] = [start(worker), start(worker)]
    const killed = start(queued)
    // Until both have written something.
    await until(
      () =>
        new Set(
          parts()
            .filter(part => countFinished(part) > 0)
            .map(dirname),
        ).size === 2,
      killed,
    )
    first.child.kill('SIGKILL')
    killed.child.kill('SIGKILL')
    await killed.ended
    expect(await start(queued).ended).toMatchObject({ code: 2, err: expect.stringContaining('has parts of this run already') })
    const ended = await start(`${queued} --resume`).ended
    expect({ code: ended.code, err: ended.code === 0 ? '' : ended.err }).toEqual({ code: 0, err: '' })
    expect(judge(requests).paidTwice).toEqual([])
    const runs = findRuns(join(folder, 'gathered'))
    expect(runs.map(run => readMetadata(run)!.complete)).toEqual([true, true])
    second.child.kill('SIGTERM')
    await second.ended
    // What the workers wrote is all there is, and was not sent besides.
    expect(parts().reduce((sum, part) => sum + countFinished(part), 0)).toBeGreaterThanOrEqual(8)
    await emptied()
    expect((await agoragym(`${line} --out alone`, { cwd: folder })).code).toBe(0)
    expect(contentsOf(runs)).toEqual(contentsOf(findRuns(join(folder, 'alone'))))
  })

  test('where a worker keeps results in another folder than the collector sees, the run ends with that, and nothing of it counts', async context => {
    const { folder, redis, start } = await begin(context)
    const line = `eval sim_economy --players bot:honest --seeds 4 --set horizon_turns=4 --out apart --results seen --queue ${redis.url}`
    const collector = start(line)
    const [seen, unseen] = ['seen', 'unseen'].map(each => join(folder, each)) as [string, string]
    await until(() => existsSync(seen) && readdirSync(seen).length > 0, collector)
    mkdirSync(join(unseen, readdirSync(seen)[0]!), { recursive: true })
    const worker = start(`worker --queue ${redis.url} --results unseen`)
    expect(await collector.ended).toMatchObject({
      code: 1,
      err: expect.stringMatching(/ lacks 4 of the rollouts that workers have/),
    })
    worker.child.kill('SIGTERM')
    await worker.ended
    expect(findRuns(unseen).map(countFinished)).toEqual([4])
    expect(findRuns(join(folder, 'apart')).map(countFinished)).toEqual([0])

    start(`worker --queue ${redis.url}`)
    expect(await start(`${line} --resume`).ended).toMatchObject({ code: 0 })
    expect(findRuns(seen).map(countFinished)).toEqual([4])
    expect(findRuns(join(folder, 'apart')).map(countFinished)).toEqual([4])
  })

  test('Ctrl-C, drain and clear in the middle of play: what was answered is kept, or gone with all that Redis held', async context => {
    const { folder, redis, start, talkative, emptied } = await begin(context)
    const { player, requests } = await talkative(20)
    const line = `eval sim_economy --players ${player} --seeds 60 --set horizon_turns=8 --queue ${redis.url} --out stopped`
    const worker = start(`worker --queue ${redis.url} -c 3`)
    const operator = (words: string) => agoragym(`queue ${words} ${redis.url} --yes`, { cwd: folder })
    const begun = async (words: string) => {
      const collector = start(words)
      const asked = requests.length
      await until(() => requests.length > asked + 6, collector)
      return collector
    }
    const STOPPED = /Stopped after \d+ of \d+ rollouts\. Go on with: agoragym eval .* --resume\n$/

    const interrupted = await begun(line)
    interrupted.child.kill('SIGINT')
    expect(await interrupted.ended).toMatchObject({ code: 1, err: expect.stringMatching(STOPPED) })
    await emptied()

    const drained = await begun(`${line} --resume`)
    const told = await operator('clear --run all')
    expect(told).toMatchObject({
      code: 2,
      err: expect.stringMatching(/^Process \d+ on \S+ collects r[0-9a-f]{16}: stop it with/),
    })
    expect(await operator('drain --run all')).toMatchObject({ code: 0, out: expect.stringMatching(/^r[0-9a-f]{16} stops\.\n$/) })
    const { code, err } = await drained.ended
    expect([code, err]).toEqual([1, expect.stringMatching(STOPPED)])
    expect(err).toContain('Drained: nothing more of it is begun.')
    // Every answer of both is kept: nothing that was answered was asked for again.
    expect(judge(requests)).toMatchObject({ repeated: 0, paidTwice: [] })

    const gone = await begun(`${line} --resume`)
    gone.child.kill('SIGKILL')
    await gone.ended
    expect(await operator('clear --run all')).toMatchObject({ code: 0, out: expect.stringMatching(/ is removed\.\n$/) })
    // The worker was in the middle of it.
    worker.child.kill('SIGTERM')
    expect(await worker.ended).toMatchObject({ code: 0 })
    await emptied()
    for (const words of ['drain --run all', 'clear --run all', 'status'])
      expect([words, await operator(words)]).toMatchObject([
        words,
        { code: 0, out: expect.stringMatching(/^No run is open\.$/m) },
      ])
    expect(await operator('drain --run all --json')).toMatchObject({ code: 0, out: '{\n  "drain": []\n}\n' })
  })

  test('an episode longer than the lease is played once, and one that ends every worker ends among the errors', async context => {
    const { folder, redis, start, running } = await begin(context)
    writeFileSync(join(folder, 'own.mjs'), OWN)
    const notes = join(folder, 'notes')
    writeFileSync(notes, '')
    const env = { BUILT: built.folder, NOTES: notes }
    const own = `--import ${join(folder, 'own.mjs')}`
    let stopped = false
    // As whoever runs workers does: one that is lost is started again.
    const keep = async (): Promise<void> => {
      while (!stopped) await start(`worker --queue ${redis.url} --lease 1 -c 2 ${own}`, env).ended
    }
    const kept = [keep(), keep()]
    const ended = await start(
      `eval sim_economy --players moody --seeds 8 --set horizon_turns=4 --queue ${redis.url} --queue-batch 4 --queue-ahead 2 --out moody ${own}`,
      env,
    ).ended
    stopped = true
    for (const { child } of running) child.kill('SIGTERM')
    await Promise.all(kept)
    expect(ended.code).toBe(1)
    const [run] = findRuns(join(folder, 'moody'))
    expect(readMetadata(run!)).toMatchObject({ ok: 7, failed: 1 })
    expect([...readErrors(run!)]).toMatchObject([{ seed: 3, code: 'worker_lost', attempts: 3 }])
    const begun = readFileSync(notes, 'utf8')
      .split('\n')
      .map(key => /-s(\d)-/.exec(key)?.[1])
    expect(begun.filter(seed => seed === '1')).toHaveLength(1)
  })
})
