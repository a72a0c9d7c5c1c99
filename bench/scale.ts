/**
 * What a queue costs: rollouts and jobs a second through it beside the same rollouts in this process, memory of both ends over
 * many rollouts, and what idle workers ask of Redis. The rollouts are empty but for one row, so that the queue is all there is to
 * see. Everything runs on this machine, so the figures are those of all parts together on its cores.
 */
import { type ChildProcess, spawn } from 'node:child_process'
import { setMaxListeners } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { extname, join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import type { Bench, BenchRow } from '../economies/bench.ts'
import { importedModules, importPlugins } from '../economies/imports.ts'
import { economies } from '../economies/registry.ts'
import { experiment } from '../evals/experiment.ts'
import { type ExperimentEvent, planExperiment, runExperiment } from '../evals/run_experiment.ts'
import { openQueue } from '../queue/open.ts'
import { runWorker } from '../queue/worker.ts'
import { cpuMs, residentMb } from './measured.ts'
import { hasRedis, type OwnRedis, startRedis } from './redis_server.ts'

const WORKERS = 2
const IDLE = 100
/** Seconds over which idle workers are watched. */
const WATCHED = 20
/** Rollouts by how they are batched, and whether workers keep them in a shared folder. */
const ROUNDS: readonly (readonly [batch: number, rollouts: number, shared: boolean])[] = [
  [1, 1000, false],
  [32, 4000, false],
  [32, 4000, true],
  [128, 4000, false],
]
const REAL = 100
const LONG = 30_000

const extension = extname(fileURLToPath(import.meta.url))
const beside = (path: string): string => fileURLToPath(new URL(`${path}${extension}`, import.meta.url))

export const scale: Bench = {
  id: 'scale',
  title: `a queue on Redis with ${WORKERS} workers on this machine, beside the same rollouts in this process`,
  async run() {
    if (!hasRedis()) return [{ what: 'skipped: no redis-server in the PATH', value: 0, unit: 'rollouts/s' }]
    if (importedModules().length === 0) await importPlugins([beside('./quitter')], '.')
    const redis = await startRedis()
    const out = mkdtempSync(join(tmpdir(), 'agoragym-bench-'))
    try {
      const idle = await idleRows(redis)
      const workers = Array.from({ length: WORKERS }, () => startWorker(redis.url))
      const [empty, real] = [emptyEconomy(), economies.list()[0]!.env.id]
      const play = (rollouts: number, batch?: number, env = empty, player = 'quitter', shared = false, onDone = () => {}) =>
        measured({ env, player, rollouts, out, shared, onDone, ...(batch !== undefined && { batch, url: redis.url }) })
      await play(200, 32)
      const here = await play(4000)
      const rows: BenchRow[] = [{ what: HERE, value: here, unit: 'rollouts/s' }]
      for (const [batch, rollouts, shared] of ROUNDS) {
        const before = await redis.commands()
        const perSecond = await play(rollouts, batch, empty, 'quitter', shared)
        const commands = (await redis.commands()) - before - 1
        rows.push(
          {
            what: `through the queue, ${batch} in a job${shared ? ', results in a shared folder' : ''}`,
            value: perSecond,
            unit: 'rollouts/s',
            ratio: perSecond / here,
            of: HERE,
          },
          { what: '  jobs', value: perSecond / batch, unit: 'jobs/s' },
          { what: '  commands to Redis', value: commands / rollouts, unit: 'a rollout' },
        )
      }
      const realHere = await play(REAL, undefined, real, economies.get(real).players[0])
      const realQueue = await play(REAL, 8, real, economies.get(real).players[0])
      const whole = `${real}, in this process`
      rows.push(
        { what: whole, value: realHere, unit: 'rollouts/s' },
        { what: '  through the queue, 8 in a job', value: realQueue, unit: 'rollouts/s', ratio: realQueue / realHere, of: whole },
      )
      rows.push(...(await memoryRows(onDone => play(LONG, 32, empty, 'quitter', false, onDone), workers, redis)))
      for (const worker of workers) worker.kill()
      return [...rows, ...idle]
    } finally {
      await redis.stop()
      rmSync(out, { recursive: true, force: true })
    }
  },
}

const HERE = 'in this process'

/** The economy that is set up fastest, as far as a first look tells. */
function emptyEconomy(): string {
  const times = economies.list().map(({ env }) => {
    const config = env.config.parse({})
    const start = performance.now()
    for (let seed = 0; seed < 20; seed++) env.reset(config, seed)
    return { id: env.id, ms: performance.now() - start }
  })
  return times.toSorted((a, b) => a.ms - b.ms)[0]!.id
}

function startWorker(url: string): ChildProcess {
  const program = fileURLToPath(new URL(`../bin/agoragym${extension}`, import.meta.url))
  return spawn(process.execPath, [program, 'worker', '--queue', url, '-c', '4', '--import', beside('./quitter')], {
    stdio: 'ignore',
  })
}

interface Measured {
  readonly env: string
  readonly player: string | undefined
  readonly rollouts: number
  readonly out: string
  readonly shared: boolean
  /** Told when a rollout has come back. */
  readonly onDone: () => void
  readonly batch?: number
  readonly url?: string
}

let runs = 0

/** Rollouts a second, from the first that is asked for to the last that is filed; opening a queue is not in it. */
async function measured({ env, player, rollouts, out, shared, onDone, batch, url }: Measured): Promise<number> {
  const asked = experiment({ entries: [{ env, seeds: String(rollouts), players: [player ?? 'random'] }] })
  const own = join(out, String(runs++))
  const planned = planExperiment(asked, { economies })
  const queue =
    url === undefined
      ? undefined
      : await openQueue({
          url,
          experiment: asked,
          planned,
          folder: '.',
          out: own,
          models: {},
          imported: importedModules(),
          tell: () => {},
          ...(batch !== undefined && { batch }),
          ...(shared && { results: { folder: join(out, 'shared'), compress: 'none' as const } }),
        })
  const start = performance.now()
  const onEvent = ({ type }: ExperimentEvent): void => void (type === 'rollout' && onDone())
  await runExperiment(asked, { economies, out: own, onEvent, ...(queue !== undefined && { elsewhere: queue.elsewhere }) })
  const seconds = (performance.now() - start) / 1000
  await queue?.close()
  rmSync(own, { recursive: true, force: true })
  return rollouts / seconds
}

/** Bytes that this process keeps on its heap: what is left after what nobody needs has been collected. */
function kept(): number {
  setFlagsFromString('--expose-gc')
  const collect = runInNewContext('gc') as () => void
  collect()
  collect()
  return process.memoryUsage().heapUsed
}

/**
 * Memory in the midst of many rollouts of one run, a third of them done, and when the last is done. What the collector keeps is told
 * apart from what the system has given its process, which is as much as garbage and buffers ever took at once.
 */
async function memoryRows(
  play: (onDone: () => void) => Promise<number>,
  workers: readonly ChildProcess[],
  redis: OwnRedis,
): Promise<BenchRow[]> {
  const looks: { kept: number; collector: number; worker: number; redis: Promise<number> }[] = []
  let done = 0
  await play(() => {
    if (++done !== LONG / 3 && done !== LONG) return
    const collector = process.memoryUsage().rss
    const worker = Math.max(...workers.map(({ pid }) => 1e6 * residentMb(pid!)))
    const used = redis.client.info('memory').then(told => Number(/used_memory:(\d+)/.exec(told)![1]))
    looks.push({ kept: kept(), collector, worker, redis: used })
  })
  const [third, all] = (await Promise.all(looks.map(async look => ({ ...look, redis: await look.redis })))) as [Look, Look]
  const row = (what: string, who: keyof Look): BenchRow => ({
    what: `${what} after ${LONG} rollouts`,
    value: all[who] / 1e6,
    unit: 'MB',
    ratio: all[who] / third[who],
    of: 'after a third of them',
  })
  return [
    row("collector's heap, garbage apart,", 'kept'),
    { what: '  kept for each rollout done', value: (all.kept - third.kept) / ((2 * LONG) / 3), unit: 'bytes' },
    row('collector, resident,', 'collector'),
    row('worker, resident,', 'worker'),
    row('redis', 'redis'),
  ]
}

type Look = Readonly<Record<'kept' | 'collector' | 'worker' | 'redis', number>>

/** What workers cost that have nothing to do: all of them in this process, so that its processor time is theirs. */
async function idleRows(redis: OwnRedis): Promise<BenchRow[]> {
  const end = new AbortController()
  setMaxListeners(0, end.signal)
  const idle = Array.from({ length: IDLE }, () =>
    runWorker({ url: redis.url, economies, imported: [], env: {}, signal: end.signal, tell: () => {} }),
  )
  while (Number(/blocked_clients:(\d+)/.exec(await redis.client.info('clients'))![1]) < IDLE) await delay(100)
  const [commands, cpu] = [await redis.commands(), process.cpuUsage()]
  await delay(WATCHED * 1000)
  const busy = cpuMs(cpu)
  const asked = (await redis.commands()) - commands - 1
  end.abort()
  await Promise.all(idle)
  return [
    { what: `${IDLE} idle workers: commands to Redis`, value: asked / WATCHED, unit: 'commands/s' },
    { what: '  their processor time', value: busy / WATCHED, unit: 'ms/s' },
  ]
}
