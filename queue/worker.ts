/**
 * The playing end of a queue: hears of runs, plays those that it can play as they are meant (`worked_run.ts`), and says why not of the others.
 * Knows Redis; writes no file of a run.
 */
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { hostname, tmpdir } from 'node:os'
import { join } from 'node:path'
import { Worker as Thread } from 'node:worker_threads'
import pLimit, { type LimitFunction } from 'p-limit'
import { UserError } from '../envs/core/errors.ts'
import type { Lookup } from '../envs/core/registry.ts'
import type { Playable } from '../evals/opponents.ts'
import { planExperiment, type RunExperimentOptions } from '../evals/run_experiment.ts'
import { RunError } from '../rollouts/errors.ts'
import { Models } from '../rollouts/models/models.ts'
import { spacing } from '../rollouts/models/pace.ts'
import { sweepRun } from './clear.ts'
import { keysOf, NEWS, RUNS, WORKER } from './keys.ts'
import type { LeaseData, LeaseMessage } from './lease_thread.ts'
import { type Holding, SharedLedger, SharedPace } from './limits.ts'
import { codeDiffers, type Manifest, planDiffers, runWords, unpacked, workerModels } from './manifest.ts'
import { WrittenParts } from './parts.ts'
import { Connection } from './redis.ts'
import { Tasks } from './tasks.ts'
import { WorkedRun } from './worked_run.ts'

export interface WorkerOptions extends Pick<RunExperimentOptions, 'own'> {
  readonly url: string
  readonly economies: Lookup<Playable>
  /** URLs of the modules that were imported. */
  readonly imported: readonly string[]
  /** Where keys are looked up. */
  readonly env: Readonly<Record<string, string | undefined>>
  /** Jobs at once; 16 by default. Scripted play takes one core however many there are. */
  readonly concurrency?: number
  /** Once aborted no rollout is begun, calls in flight are finished and kept, and jobs go back to others. */
  readonly signal: AbortSignal
  readonly tell: (line: string) => void
  /** Milliseconds after which the jobs of a worker that is gone are given to others; 30 s by default. */
  readonly lease?: number
  /** Where the folder that finished rollouts are kept in lies on this machine; where the collector says by default. */
  readonly results?: string
  /** Milliseconds after which an episode that does not come on is taken to hang; an hour by default. */
  readonly stuck?: number
}

export interface WorkerResult {
  /** Rollouts that were played to an end here, failed ones included. */
  readonly played: number
}

/** Plays until the signal is aborted. */
export async function runWorker(options: WorkerOptions): Promise<WorkerResult> {
  const worker = await QueueWorker.open(options)
  return worker.work()
}

class QueueWorker {
  readonly #options: WorkerOptions
  readonly #connection: Connection
  readonly #slots: LimitFunction
  readonly #lease: number
  /** Keeps jobs; begun with the first run, so that a worker without one costs nothing. */
  #thread: Promise<Thread> | undefined
  readonly #runs = new Map<string, WorkedRun>()
  readonly #leaving = new Set<Promise<void>>()
  readonly #told = new Set<string>()
  readonly #name = `${hostname()}:${process.pid}`
  #played = 0
  #over = false

  static async open(options: WorkerOptions): Promise<QueueWorker> {
    const { url, signal, tell } = options
    // The name is read by `queue status`, which takes its parts apart.
    const name = `${WORKER}:${hostname().replace(/[^\w.-]/g, '_')}:${process.pid}:${options.concurrency ?? 16}`
    return new QueueWorker(options, await Connection.open(url, { tell, signal, name }))
  }

  private constructor(options: WorkerOptions, connection: Connection) {
    this.#options = options
    this.#connection = connection
    this.#slots = pLimit(options.concurrency ?? 16)
    this.#lease = options.lease ?? 30_000
  }

  async #startThread(): Promise<Thread> {
    const { url, stuck = 3_600_000 } = this.#options
    const moves = new Int32Array(new SharedArrayBuffer(4))
    setInterval(() => Atomics.add(moves, 0, 1), Math.min(this.#lease / 3, 1000)).unref()
    const extension = import.meta.url.endsWith('.ts') ? 'ts' : 'js'
    const thread = new Thread(new URL(`./lease_thread.${extension}`, import.meta.url), {
      workerData: { url, lease: this.#lease, stuck, moves } satisfies LeaseData,
    })
    // Without it jobs would be lost one after the other.
    thread.on('error', error => {
      throw error
    })
    // No job may be taken before it can be kept.
    await once(thread, 'message')
    return thread
  }

  async work(): Promise<WorkerResult> {
    const { signal } = this.#options
    const news = this.#connection.duplicate()
    const given = new Promise<void>(resolve => {
      if (signal.aborted) resolve()
      signal.addEventListener('abort', () => resolve(), { once: true })
    })
    const listening = (async () => {
      let last = await this.#latest()
      await this.#lookAround()
      this.#connection.onBack(() => void this.#lookAround().catch(() => {}))
      while (!this.#over) {
        const heard = await news.xread('BLOCK', 0, 'STREAMS', NEWS, last).catch(() => null)
        for (const [id, [what, run]] of heard?.[0]?.[1] ?? []) {
          last = id
          if (!this.#over) await this.#hear(what!, run!)
        }
      }
    })()
    await Promise.race([given, listening])
    this.#over = true
    // What it was about to join is nobody's business any more.
    listening.catch(() => {})
    news.disconnect()
    await Promise.all([...[...this.#runs.keys()].map(run => this.#leave(run)), ...this.#leaving])
    await (await this.#thread)?.terminate()
    this.#connection.close()
    return { played: this.#played }
  }

  async #latest(): Promise<string> {
    const [entry] = await this.#connection.redis.xrevrange(NEWS, '+', '-', 'COUNT', 1)
    return entry?.[0] ?? '0'
  }

  /** Learns which runs there are. */
  async #lookAround(): Promise<void> {
    const known = await this.#connection.redis.hkeys(RUNS)
    for (const run of this.#runs.keys()) if (!known.includes(run)) await this.#leave(run)
    for (const run of known) await this.#join(run)
  }

  async #hear(what: string, run: string): Promise<void> {
    if (what === 'open') {
      if (this.#runs.get(run)?.stopped) await this.#leave(run)
      await this.#join(run)
    } else if (what === 'stop') this.#runs.get(run)?.stop()
    else await this.#leave(run)
  }

  async #leave(run: string): Promise<void> {
    const joined = this.#runs.get(run)
    if (joined === undefined) return
    this.#runs.delete(run)
    // What was in flight may have written to a run that is over.
    const leaving = joined.close().then(() => sweepRun(this.#connection, run))
    this.#leaving.add(leaving)
    await leaving.finally(() => this.#leaving.delete(leaving))
  }

  /** Plays a run from now on, or says why not. */
  async #join(id: string): Promise<void> {
    if (this.#runs.has(id)) return
    const { redis } = this.#connection
    const { manifest, refusals } = keysOf(id)
    const data = await redis.getBuffer(manifest)
    if (data === null || this.#runs.has(id)) return
    const said = unpacked(data)
    try {
      const run = await this.#prepared(id, said)
      if (this.#over) return await run.close()
      this.#runs.set(id, run)
      await redis.hdel(refusals, this.#name)
      this.#say(`Playing ${id}: ${runWords(said)}.`)
    } catch (error) {
      if (!(error instanceof UserError || error instanceof RunError)) throw error
      await redis.hset(refusals, this.#name, error.message)
      this.#say(`Not playing ${id} (${runWords(said)}): ${error.message}`)
    }
  }

  async #prepared(id: string, manifest: Manifest): Promise<WorkedRun> {
    const { economies, imported, env, own } = this.#options
    const wrong = codeDiffers(manifest, imported)
    if (wrong !== undefined) throw new RunError(`${wrong}.`)
    this.#thread ??= this.#startThread()
    const thread = await this.#thread
    const folder = mkdtempSync(join(tmpdir(), 'agoragym-queue-'))
    try {
      const limits = await this.#connection.redis.hmget(keysOf(id).state, 'max_cost', 'max_tokens', 'max_rpm')
      const [cost, tokens, rpm] = limits.map(each => (each === null ? undefined : Number(each)))
      const holding = new Map<string, Holding>()
      const stop = new AbortController()
      const models = new Models({
        ...workerModels(manifest, folder),
        env,
        concurrency: this.#options.concurrency ?? 16,
        stop: AbortSignal.any([stop.signal, this.#options.signal]),
        budget: new SharedLedger(
          this.#connection,
          id,
          manifest.limited,
          { ...(cost !== undefined && { maxCost: cost / 1e9 }), ...(tokens !== undefined && { maxTokens: tokens }) },
          rollout => holding.get(rollout),
        ),
        ...(rpm !== undefined && { pace: new SharedPace(this.#connection, spacing(rpm)) }),
      })
      const planned = planExperiment(manifest.experiment, { economies, folder, models, ...(own !== undefined && { own }) })
      const differs = planDiffers(manifest, planned)
      if (differs !== undefined) throw new RunError(`${differs}.`)
      models.prepare()
      const tasks = new Tasks(planned)
      const { results } = manifest
      const written = results && new WrittenParts({ ...results, folder: this.#options.results ?? results.folder }, id, planned)
      return new WorkedRun({
        id,
        name: this.#name,
        folder,
        tasks,
        written,
        holding,
        stop,
        connection: this.#connection,
        slots: this.#slots,
        lease: this.#lease,
        concurrency: this.#options.concurrency ?? 16,
        signal: this.#options.signal,
        held: message => thread.postMessage(message satisfies LeaseMessage),
        ended: count => (this.#played += count),
        tell: line => this.#say(line),
      })
    } catch (error) {
      rmSync(folder, { recursive: true, force: true })
      throw error
    }
  }

  /** Says a line once. */
  #say(line: string): void {
    if (this.#told.has(line)) return
    this.#told.add(line)
    this.#options.tell(line)
  }
}
