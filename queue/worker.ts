/**
 * The playing end of a queue: hears of runs, plays what it can of them, and hands on what came of it. Knows Redis and how a
 * rollout is played; writes no file of a run.
 *
 * A job is delivered at least once. What makes a rollout count once: its answers are kept in Redis as they arrive and given to
 * whoever plays it next, its result is handed on together with the mark that it is played, and a worker whose job went to another
 * is told so at its next call.
 */
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { hostname, tmpdir } from 'node:os'
import { join } from 'node:path'
import { setImmediate } from 'node:timers/promises'
import { Worker as Thread } from 'node:worker_threads'
import type { Job, Worker } from 'bullmq'
import pLimit, { type LimitFunction } from 'p-limit'
import { UserError } from '../envs/core/errors.ts'
import type { Lookup } from '../envs/core/registry.ts'
import type { Playable } from '../evals/opponents.ts'
import { planExperiment, type RunExperimentOptions } from '../evals/run_experiment.ts'
import { RunError, RunStopped } from '../rollouts/errors.ts'
import { failedLines } from '../rollouts/lines.ts'
import { Models } from '../rollouts/models/models.ts'
import { spacing } from '../rollouts/models/pace.ts'
import { type PlayedHere, playRollout } from '../rollouts/played.ts'
import { type CallRow, ProviderError } from '../rollouts/player.ts'
import type { FailedRollout } from '../rollouts/rollout.ts'
import { sweepRun } from './clear.ts'
import { type JobData, NEW, newCalls, recordedCalls } from './collector.ts'
import { keysOf, NEWS, PREFIX, RUNS, WORKER } from './keys.ts'
import type { LeaseData, LeaseMessage } from './lease_thread.ts'
import { type Holding, HoldingLost, losing, nano, SharedLedger, SharedPace } from './limits.ts'
import { codeDiffers, type Manifest, planDiffers, runWords, unpacked, workerModels } from './manifest.ts'
import { WrittenParts } from './parts.ts'
import { Connection } from './redis.ts'
import { type Played, packedResults, type Told } from './results.ts'
import { isScripted, keysDigest, type Numbered, Tasks } from './tasks.ts'

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

/** How often a rollout may be begun without coming on: a call that was recorded is coming on. */
const TRIES = 3
/** Milliseconds after which what was played of a job is handed on before the rest. */
const HAND_ON = 2000
/** How long scripted play may go on before signals and timers have their turn, in milliseconds. */
const SLICE = 20

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
  readonly #runs = new Map<string, Run>()
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

  async #prepared(id: string, manifest: Manifest): Promise<Run> {
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
      return new Run({
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

interface RunParts {
  readonly id: string
  /** What the worker is called where it says why it does not play. */
  readonly name: string
  readonly folder: string
  readonly tasks: Tasks
  /** Where finished rollouts are kept that do not travel through Redis. */
  readonly written: WrittenParts | undefined
  /** The job in which a rollout is played, by the rollout's key. */
  readonly holding: Map<string, Holding>
  readonly stop: AbortController
  readonly connection: Connection
  readonly slots: LimitFunction
  readonly lease: number
  readonly concurrency: number
  readonly signal: AbortSignal
  readonly held: (message: LeaseMessage) => void
  readonly ended: (count: number) => void
  readonly tell: (line: string) => void
}

/** One run as a worker plays it. */
class Run {
  readonly #parts: RunParts
  readonly #keys: ReturnType<typeof keysOf>
  readonly #worker: Worker<JobData>
  #yielded = performance.now()
  /** Whether what is played here cannot be kept. */
  #refused = false

  constructor(parts: RunParts) {
    this.#parts = parts
    this.#keys = keysOf(parts.id)
    const { bullmq, redis } = parts.connection
    this.#worker = new bullmq.Worker<JobData>(parts.id, (job, token) => parts.slots(() => this.#take(job, token!)), {
      prefix: PREFIX,
      connection: redis,
      concurrency: parts.concurrency,
      lockDuration: parts.lease,
      // A thread of its own renews them: this one may be held by an episode.
      skipLockRenewal: true,
      stalledInterval: parts.lease,
      // Attempts are counted by rollout, not by job.
      maxStalledCount: Number.MAX_SAFE_INTEGER,
      // Seconds that an idle worker blocks between two looks.
      drainDelay: 60,
    })
    // A connection that is gone is told of by the connection; a job that is another's is said below.
    this.#worker.on('error', () => {})
  }

  /** Whether the run was stopped, and may be begun again by another collector. */
  get stopped(): boolean {
    return this.#parts.stop.signal.aborted
  }

  /** Begins no further rollout; calls in flight are finished and kept. */
  stop(): void {
    this.#parts.stop.abort(new RunStopped('Stopped.'))
  }

  async close(): Promise<void> {
    this.stop()
    await this.#worker.close()
    try {
      this.#parts.written?.close()
    } catch (error) {
      // What was handed on is in the files; nothing else is lost.
      if (!(error instanceof RunError)) throw error
      this.#parts.tell(error.message)
    }
    rmSync(this.#parts.folder, { recursive: true, force: true })
  }

  async #take(job: Job<JobData>, token: string): Promise<void> {
    const { id, connection, held, signal, tell } = this.#parts
    const jobId = job.id!
    held({ run: id, job: jobId, token })
    const holding: Holding = { job: jobId, token }
    try {
      if (!signal.aborted && (await this.#play(job.data, holding))) return
    } catch (error) {
      if (error instanceof HoldingLost)
        tell(`A job of ${id} went to another worker: this one was not heard of for longer than its lease.`)
      if (!(error instanceof RunError)) throw error
      await this.#refuse(error)
    } finally {
      held({ run: id, job: jobId })
    }
    // Given back as it was: nobody is to blame, and no attempt is counted.
    await connection.script('agoragymRelease', [this.#keys.holders], [jobId, token])
    await job.moveToWait(token)
    throw new connection.bullmq.WaitingError()
  }

  /** Takes no further job: what is played here cannot be kept. */
  async #refuse(error: RunError): Promise<void> {
    const { connection, tell, name, id } = this.#parts
    tell(`Not playing ${id} any more: ${error.message}`)
    this.#refused = true
    this.stop()
    void this.#worker.pause(true)
    await connection.redis.hset(this.#keys.refusals, name, error.message)
  }

  /** Plays the rollouts of a job and hands them on; false where some were given back unplayed. */
  async #play({ run, rollouts, digest }: JobData, holding: Holding): Promise<boolean> {
    const { connection, tasks, written, stop, signal, ended, id } = this.#parts
    const keys = this.#keys
    const [again, stops, bits] = (await connection.script(
      'agoragymTake',
      [keys.holders, keys.stop, keys.done(run)],
      [holding.job, holding.token, ...rollouts],
    )) as [number, string[], number[]]
    const all = rollouts.map(n => tasks.task(run, n))
    if (keysDigest(all) !== digest)
      throw new Error(`job ${holding.job} of ${id} means other rollouts here than where it was made`)
    // After a worker was lost with the job, each rollout is counted and handed on by itself: one of them may be to blame.
    const careful = again === 1 || rollouts.length === 1
    const played: { readonly n: number; readonly outcome: Played }[] = []
    let since = performance.now()
    const handOn = async (): Promise<void> => {
      if (played.length === 0) return
      const some = played.splice(0)
      written?.write(
        run,
        some.flatMap(({ outcome: { lines } }) => (lines.ok ? [lines] : [])),
      )
      const told = written === undefined ? some : some.map(({ n, outcome }) => ({ n, outcome: keptOf(outcome) }))
      const words = some.flatMap(({ n, outcome }) => [n, outcome.lines.ok ? 'ok' : 'failed'])
      await connection.script(
        'agoragymPublish',
        [keys.done(run), keys.results, keys.state, keys.open, keys.tries],
        [keys.base, run, packedResults({ run, played: told }), ...words],
      )
      ended(some.length)
      since = performance.now()
    }
    const isStopped = stops.some((what, i) => i % 2 === 0 && (what === '*' || what === String(run)))
    let whole = true
    for (const [i, task] of all.entries()) {
      if (isStopped) break
      if (bits[i] === 1) continue
      const outcome = signal.aborted || stop.signal.aborted ? 'stopped' : await this.#rollout(run, task, holding, careful)
      if (outcome === 'left') break
      if (outcome === 'stopped') {
        // A run that stops wants none of it back; a worker that stops gives it to others.
        whole = stop.signal.aborted && !this.#refused
        break
      }
      played.push({ n: task.n, outcome })
      if (careful || performance.now() - since > HAND_ON) await handOn()
      if (performance.now() - this.#yielded > SLICE) {
        await setImmediate()
        this.#yielded = performance.now()
      }
    }
    await handOn()
    if (whole) await connection.script('agoragymRelease', [keys.holders], [holding.job, holding.token])
    else if (careful) await connection.redis.hdel(keys.tries, ...rollouts.map(n => `${run}:${n}`))
    return whole
  }

  /** One rollout. `stopped`: the run or this worker stops; `left`: its player can never answer, which the collector is told. */
  async #rollout(run: number, task: Numbered, holding: Holding, careful: boolean): Promise<Played | 'stopped' | 'left'> {
    const { connection, holding: holdings, stop, signal, tell } = this.#parts
    const { n, spec, key } = task
    const keys = this.#keys
    const rollout = `${run}:${n}`
    const callsKey = keys.calls(run, n)
    const kept = isScripted(spec) ? [] : await connection.redis.hvals(callsKey)
    const calls = newCalls(kept)
    const given = (why: GivenUp): Played => ({ kind: 'played', lines: failedLines(failedRollout(task, why), calls) })
    if (careful && (await connection.redis.hincrby(keys.tries, rollout, 1)) > TRIES) return given(LOST)
    // Who waits for an answer is not to blame for what becomes of its worker.
    const onWait = (waiting: boolean): void => {
      if (careful) connection.redis.hincrby(keys.tries, rollout, waiting ? -1 : 1).catch(() => {})
    }
    const record = async (row: CallRow): Promise<void> => {
      calls.push(row)
      const words = [`${row.agent} ${row.call}`, `${NEW}${JSON.stringify(row)}`, nano(row.cost ?? 0)]
      const still = await connection.script(
        'agoragymRecord',
        [keys.holders, callsKey, keys.open, keys.state, keys.tries],
        [holding.job, holding.token, rollout, ...words, row.prompt_tokens + row.completion_tokens],
      )
      if (still === 0) throw losing(holding, key)
    }
    holdings.set(key, holding)
    let outcome: PlayedHere
    try {
      const playing = playRollout(spec, { recorded: recordedCalls(kept), record, calls, onWait })
      outcome = playing instanceof Promise ? await playing : playing
    } finally {
      holdings.delete(key)
    }
    if (holding.lost !== undefined) throw holding.lost
    switch (outcome.kind) {
      case 'played':
        return outcome
      case 'fatal':
        await this.#stop(String(run), outcome.message)
        return 'left'
      case 'bug':
        tell(`Rollout ${key}: ${outcome.stack || outcome.message}`)
        return given({ ...BUG, message: `${BUG.message}: ${outcome.message}` })
      case 'stopped':
        // A ceiling is everybody's; that this worker or the run stops, the others know.
        if (!stop.signal.aborted && !signal.aborted) await this.#stop('*', outcome.message)
        return 'stopped'
      case 'unplayed':
        return 'stopped'
    }
  }

  async #stop(what: string, reason: string): Promise<void> {
    const { connection, id } = this.#parts
    await connection.script('agoragymStop', [this.#keys.stop, this.#keys.results, NEWS], [what, reason, id])
  }
}

/** What the collector is told of a rollout that lies in a part; of one that failed, all. */
function keptOf({ lines, figures, ...outcome }: Played): Told {
  return lines.ok ? { kind: 'kept', ...(figures !== undefined && { figures }) } : { ...outcome, lines }
}

/** Why a rollout is given up that no provider has failed. */
interface GivenUp {
  readonly code: string
  readonly message: string
  readonly attempts: number
}
/** A rollout that every worker was lost with. */
const LOST: GivenUp = {
  code: 'worker_lost',
  message: `The worker was lost with it ${TRIES} times: play it alone with agoragym play, or give its machine more memory`,
  attempts: TRIES,
}
/** A rollout that broke on a programmer's mistake. */
const BUG: GivenUp = { code: 'rollout_error', message: 'The economy or a player broke', attempts: 1 }

function failedRollout({ spec, key }: Numbered, { code, message, attempts }: GivenUp): FailedRollout {
  return {
    ok: false,
    key,
    spec,
    agent: spec.evaluated[0]!,
    t: 0,
    error: new ProviderError(message, { code, status: null, attempts }),
    timing: { start_time: Date.now() / 1000, total: 0 },
  }
}
