/**
 * One run as a worker plays it: takes its jobs, plays their rollouts and hands on what came of them. Knows Redis and how a rollout is played;
 * knows no other run.
 *
 * A job is delivered at least once. What makes a rollout count once: its answers are kept in Redis as they arrive and given to
 * whoever plays it next, its result is handed on together with the mark that it is played, and a worker whose job went to another
 * is told so at its next call.
 */
import { rmSync } from 'node:fs'
import { setImmediate } from 'node:timers/promises'
import type { Job, Worker } from 'bullmq'
import type { LimitFunction } from 'p-limit'
import { RunError, RunStopped } from '../rollouts/errors.ts'
import { failedLines } from '../rollouts/lines.ts'
import { type PlayedHere, playRollout } from '../rollouts/played.ts'
import { type CallRow, ProviderError } from '../rollouts/player.ts'
import type { FailedRollout } from '../rollouts/rollout.ts'
import { keysOf, NEWS, PREFIX } from './keys.ts'
import type { LeaseMessage } from './lease_thread.ts'
import { type Holding, HoldingLost, losing, nano } from './limits.ts'
import type { WrittenParts } from './parts.ts'
import { NEW, newCalls, recordedCalls } from './recorded.ts'
import type { Connection } from './redis.ts'
import { type Played, packedResults, type Told } from './results.ts'
import { isScripted, type JobData, keysDigest, type Numbered, type Tasks } from './tasks.ts'

/** How often a rollout may be begun without coming on: a call that was recorded is coming on. */
const TRIES = 3
/** Milliseconds after which what was played of a job is handed on before the rest. */
const HAND_ON = 2000
/** How long scripted play may go on before signals and timers have their turn, in milliseconds. */
const SLICE = 20

export interface WorkedRunOptions {
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

export class WorkedRun {
  readonly #options: WorkedRunOptions
  readonly #keys: ReturnType<typeof keysOf>
  readonly #worker: Worker<JobData>
  #yielded = performance.now()
  /** Whether what is played here cannot be kept. */
  #refused = false

  constructor(options: WorkedRunOptions) {
    this.#options = options
    this.#keys = keysOf(options.id)
    const { bullmq, redis } = options.connection
    this.#worker = new bullmq.Worker<JobData>(options.id, (job, token) => options.slots(() => this.#take(job, token!)), {
      prefix: PREFIX,
      connection: redis,
      concurrency: options.concurrency,
      lockDuration: options.lease,
      // A thread of its own renews them: this one may be held by an episode.
      skipLockRenewal: true,
      stalledInterval: options.lease,
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
    return this.#options.stop.signal.aborted
  }

  /** Begins no further rollout; calls in flight are finished and kept. */
  stop(): void {
    this.#options.stop.abort(new RunStopped('Stopped.'))
  }

  async close(): Promise<void> {
    this.stop()
    await this.#worker.close()
    try {
      this.#options.written?.close()
    } catch (error) {
      // What was handed on is in the files; nothing else is lost.
      if (!(error instanceof RunError)) throw error
      this.#options.tell(error.message)
    }
    rmSync(this.#options.folder, { recursive: true, force: true })
  }

  async #take(job: Job<JobData>, token: string): Promise<void> {
    const { id, connection, held, signal, tell } = this.#options
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
    const { connection, tell, name, id } = this.#options
    tell(`Not playing ${id} any more: ${error.message}`)
    this.#refused = true
    this.stop()
    void this.#worker.pause(true)
    await connection.redis.hset(this.#keys.refusals, name, error.message)
  }

  /** Plays the rollouts of a job and hands them on; false where some were given back unplayed. */
  async #play({ run, rollouts, digest }: JobData, holding: Holding): Promise<boolean> {
    const { connection, tasks, written, stop, signal, ended, id } = this.#options
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
    const { connection, holding: holdings, stop, signal, tell } = this.#options
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
    const { connection, id } = this.#options
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
