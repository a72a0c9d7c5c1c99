/** A run through a queue as processes: workers that are killed, hang and crash, a collector that is killed, and what is left. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, describe, expect, onTestFailed, test } from 'vitest'
import { stream } from '../../index.ts'
import { type FakeProvider, randomCalls, startFakeProvider } from '../../rollouts/models/fake/index.ts'
import { findRuns, readErrors, readMetadata } from '../../rollouts/store.ts'
import { type Built, build } from '../built.ts'
import { agoragym } from '../commands/console.ts'
import { startNode } from '../commands/program.ts'
import { contentsOf } from '../rollouts/contents.ts'
import { judge } from './judge.ts'
import { HAS_REDIS, startRedis, type TestRedis } from './redis.ts'

let built: Built
let folder: string
let redis: TestRedis
let provider: FakeProvider | undefined
const running = new Set<ReturnType<typeof startNode>>()

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
      if (key.includes('-s1-')) { const until = Date.now() + 2500; while (Date.now() < until); }
      if (key.includes('-s3-')) process.kill(process.pid, 'SIGKILL')
    }
    return policy.act(turn)
  } }
} }))
export default []
`

function start(line: string, env: Readonly<Record<string, string>> = {}) {
  const started = startNode([built.program, ...line.split(' ')], { cwd: folder, env: { ...process.env, ...env } })
  running.add(started)
  onTestFailed(() => console.log(`${line}\n${started.told()}`))
  void started.ended.then(() => running.delete(started))
  return started
}

/** Waits until it holds; fails where the process ends first. */
async function until(condition: () => boolean, { child, told }: ReturnType<typeof startNode>): Promise<void> {
  while (!condition()) {
    if (child.exitCode !== null) throw new Error(told())
    await new Promise(resolve => setTimeout(resolve, 20))
  }
}

// A dozen processes begin and end here.
describe.skipIf(!HAS_REDIS)('a run through a queue', { timeout: 180_000 }, () => {
  beforeAll(async () => {
    built = await build()
    folder = mkdtempSync(join(tmpdir(), 'agoragym-queue-test-'))
    redis = await startRedis()
  })
  afterEach(async () => {
    for (const { child } of running) child.kill('SIGKILL')
    await provider?.close()
    provider = undefined
    await redis.client.flushall()
  })
  afterAll(async () => {
    await redis.stop()
    built.remove()
    rmSync(folder, { recursive: true, force: true })
  })

  test('a killed worker and a killed collector cost nothing that was recorded, and the files are those of one process', async () => {
    provider = await startFakeProvider({
      script: request => randomCalls({ ...request, random: stream(1, request.session, request.turn) }),
      latencyMs: 15,
    })
    const player = `openai:m@${provider.url}`
    const line = `eval sim_economy --players ${player},bot:honest --seeds 6 --set horizon_turns=8`
    const queued = `${line} --queue ${redis.url} --out queued`
    const worker = `worker --queue ${redis.url} -c 3 --lease 2`
    const [first, second] = [start(worker), start(worker)]
    const killed = start(queued)
    await until(() => provider!.requests.length > 30, killed)
    first.child.kill('SIGKILL')
    killed.child.kill('SIGKILL')
    await killed.ended
    const asked = provider.requests.length
    // Somebody plays on while nobody collects.
    await until(() => provider!.requests.length > asked + 5, second)
    const ended = await start(`${queued} --resume`).ended
    expect({ code: ended.code, err: ended.code === 0 ? '' : ended.err }).toEqual({ code: 0, err: '' })
    const { paidTwice, repeated } = judge(provider.requests)
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

  test('an episode longer than the lease is played once, and one that ends every worker ends among the errors', async () => {
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
