/**
 * The collecting of rollouts that are played side by side: keeps some of them queued ahead, files what comes back, and queues again what was
 * lost. Knows jobs and results in Redis; plays nothing.
 *
 * A job's id is its place in the experiment, so that one which is queued already cannot be queued twice; a result is dropped from
 * Redis once it is filed, and a store files each rollout once.
 */
import { setTimeout as delay } from 'node:timers/promises'
import type { Queue } from 'bullmq'
import type { Redis } from 'ioredis'
import { groupBy } from '../envs/core/grouped.ts'
import type { Job } from '../rollouts/batch.ts'
import type { Outcome } from '../rollouts/played.ts'
import { rolloutKey } from '../rollouts/rollout.ts'
import type { RunStore } from '../rollouts/store.ts'
import { type keysOf, NEWS } from './keys.ts'
import { FILED, newCalls } from './recorded.ts'
import type { Connection } from './redis.ts'
import { type Results, unpackedResults } from './results.ts'
import { isScripted, type JobData, keysDigest, type Numbered, type Tasks } from './tasks.ts'

/** Milliseconds that a look at the results waits for one. */
const BLOCK = 5000
/** Results that are read at once. */
const READ = 64
/** Jobs that are queued at once. */
const CHUNK = 100
/** Looks without a result after which it is asked whether something was lost; doubles up to the second. */
const SUSPICIOUS = [6, 60] as const
/** Milliseconds that rollouts in flight are waited for when a run is stopped and no worker answers. */
const PATIENCE = 60_000

/** A rollout that was asked for and has not come back. */
interface Waiting extends Numbered {
  readonly run: number
  readonly job: Job
  /** What it is queued in. */
  readonly batch: string
}

/** The run whose rollouts are collected. */
export interface CollectedRun {
  readonly id: string
  readonly connection: Connection
  readonly keys: ReturnType<typeof keysOf>
  readonly queue: Queue
  /** A connection of its own, for reading that blocks. */
  readonly blocking: Redis
  readonly tasks: Tasks
  /** Rollouts of scripted play in one job. */
  readonly batch: number
  /** Rollouts that are queued ahead, or played and not filed, at most. */
  readonly ahead: number
  /** Hears of a result that came twice. */
  doubled(): void
  /** Hears that a worker has put a rollout of that run into its part. */
  kept(store: RunStore): void
}

const UNPLAYED: Outcome = { kind: 'unplayed' }

export class Collection {
  readonly #run: CollectedRun
  readonly #jobs: Iterator<Job>
  readonly #tell: (job: Job, outcome: Outcome) => void
  readonly #stop: AbortSignal
  /** Asked for, and not come back yet, by run and number. */
  readonly #waiting = new Map<string, Waiting>()
  /** Scripted rollouts that wait for others to fill their job, by run. */
  readonly #filling = new Map<number, Waiting[]>()
  /** How many of them there are. */
  #partial = 0
  /** Jobs that are to be queued. */
  readonly #ready: (readonly Waiting[])[] = []
  /** The runs whose rollouts are collected here. */
  readonly #runs = new Set<number>()
  readonly #stores = new Set<RunStore>()
  /** Results of rollouts that have not been asked for yet: an earlier collector was further than this one is. */
  #early: string[] = []
  readonly #stoppedRuns = new Set<number>()
  #halted = false
  #more = true
  #last = '0'

  constructor(run: CollectedRun, jobs: Iterator<Job>, tell: (job: Job, outcome: Outcome) => void, stop: AbortSignal) {
    this.#run = run
    this.#jobs = jobs
    this.#tell = tell
    this.#stop = stop
  }

  /** Collects until nothing is waited for, or the run is stopped; every job is told of then. */
  async run(): Promise<void> {
    const onAbort = (): void => void this.#sayStop('*', INTERRUPTED).catch(() => {})
    if (this.#stop.aborted) onAbort()
    this.#stop.addEventListener('abort', onAbort, { once: true })
    let lost = false
    this.#run.connection.onBack(() => (lost = true))
    let quiet = 0
    let suspicious: number = SUSPICIOUS[0]
    try {
      for (;;) {
        await this.#topUp()
        if (this.#halted || (!this.#more && this.#waiting.size === 0)) break
        quiet = (await this.#read(BLOCK)) ? 0 : quiet + 1
        if (quiet === 0) suspicious = SUSPICIOUS[0]
        if (lost || quiet >= suspicious) {
          if (quiet >= suspicious) suspicious = Math.min(2 * suspicious, SUSPICIOUS[1])
          lost = false
          quiet = 0
          await this.#queueAgain()
        }
      }
      if (this.#halted || this.#stoppedRuns.size > 0) await this.#windDown()
    } finally {
      this.#stop.removeEventListener('abort', onAbort)
    }
    for (const { job } of this.#waiting.values()) this.#tell(job, UNPLAYED)
    for (let next = this.#jobs.next(); !next.done; next = this.#jobs.next()) this.#tell(next.value, UNPLAYED)
  }

  /**
   * Asks for rollouts as long as there is room for them, and queues what fills a job. A job is queued whole: what comes later under
   * its name would be taken for the same.
   */
  async #topUp(): Promise<void> {
    while (this.#more && !this.#halted && this.#hasRoom()) {
      while (this.#more && this.#ready.length < CHUNK && this.#hasRoom()) this.#pull()
      if (!this.#more) for (const run of [...this.#filling.keys()]) this.#fill(run)
      await this.#retryEarly()
      await this.#enqueue(this.#ready.splice(0))
    }
  }

  /** Whether more may be queued; what waits for its job to fill is not queued. */
  #hasRoom(): boolean {
    return this.#waiting.size - this.#partial < this.#run.ahead
  }

  #pull(): void {
    const { value: job, done } = this.#jobs.next()
    if (done) {
      this.#more = false
      return
    }
    const { tasks, batch: size } = this.#run
    const run = job.run
    if (run === undefined) throw new Error('collector: the job is of no experiment')
    this.#runs.add(run)
    this.#stores.add(job.store)
    const n = tasks.numberOf(run, job.spec)
    // Which job a rollout belongs to does not depend on what else is due, so that a job that is queued already has the same name.
    const first = isScripted(job.spec) ? n - (n % size) : n
    const waiting: Waiting = { run, n, spec: job.spec, key: rolloutKey(job.spec), job, batch: `${run}-${first}` }
    this.#waiting.set(`${run}:${n}`, waiting)
    if (!isScripted(job.spec)) {
      this.#ready.push([waiting])
      return
    }
    const filling = this.#filling.get(run)
    if (filling !== undefined && filling[0]!.batch !== waiting.batch) this.#fill(run)
    const batch = this.#filling.get(run) ?? []
    batch.push(waiting)
    this.#partial++
    this.#filling.set(run, batch)
    if (n === first + size - 1) this.#fill(run)
  }

  #fill(run: number): void {
    const batch = this.#filling.get(run)
    this.#filling.delete(run)
    if (batch === undefined) return
    this.#partial -= batch.length
    this.#ready.push(batch)
  }

  async #enqueue(batches: readonly (readonly Waiting[])[]): Promise<void> {
    if (batches.length === 0) return
    const all = batches.flat()
    const bits = await this.#bits(all)
    // What is marked as played lies among the results, has failed before, or was lost with Redis's memory.
    if (bits.some(Boolean)) while (await this.#read(0));
    await this.#clear(all.filter((each, i) => bits[i] && this.#isWaiting(each)))
    const left = batches.map(batch => batch.filter(each => this.#isWaiting(each))).filter(batch => batch.length > 0)
    await this.#seed(left.flat())
    await this.#add(left)
  }

  #isWaiting({ run, n }: Waiting): boolean {
    return this.#waiting.has(`${run}:${n}`)
  }

  async #bits(rollouts: readonly Waiting[]): Promise<boolean[]> {
    const { connection, keys } = this.#run
    const asked = connection.redis.pipeline()
    for (const { run, n } of rollouts) asked.getbit(keys.done(run), n)
    return (await whole(asked)).map(bit => bit === 1)
  }

  /** Takes back that rollouts were played whose results are nowhere. */
  async #clear(rollouts: readonly Waiting[]): Promise<void> {
    if (rollouts.length === 0) return
    const { connection, keys } = this.#run
    const cleared = connection.redis.pipeline()
    for (const { run, n } of rollouts) cleared.setbit(keys.done(run), n, 0)
    await connection.patient(() => whole(cleared))
  }

  /** Gives the answers that an earlier run has recorded to whoever plays next. */
  async #seed(rollouts: readonly Waiting[]): Promise<void> {
    const { connection, keys } = this.#run
    const seeds = connection.redis.pipeline()
    for (const { run, n, key, job } of rollouts)
      for (const row of job.store.recorded(key))
        seeds.hsetnx(keys.calls(run, n), `${row.agent} ${row.call}`, `${FILED}${JSON.stringify(row)}`)
    if (seeds.length > 0) await connection.patient(() => whole(seeds))
  }

  /** Queues jobs; one that is queued already stays as it is. */
  async #add(batches: readonly (readonly Waiting[])[]): Promise<void> {
    const { connection, queue } = this.#run
    for (let from = 0; from < batches.length; from += CHUNK)
      await connection.patient(() =>
        queue.addBulk(
          batches.slice(from, from + CHUNK).map(batch => ({
            name: 'play',
            data: { run: batch[0]!.run, rollouts: batch.map(({ n }) => n), digest: keysDigest(batch) } satisfies JobData,
            opts: { jobId: batch[0]!.batch },
          })),
        ),
      )
  }

  /** Queues again whatever is waited for: what is queued stays as it is, what was lost is there again. */
  async #queueAgain(): Promise<void> {
    const asked = [...this.#waiting.values()]
    const bits = await this.#bits(asked)
    // Whatever was marked before this reading and has not come with it is lost.
    while (await this.#read(0));
    await this.#clear(asked.filter((each, i) => bits[i] && this.#isWaiting(each)))
    const byBatch = groupBy(this.#waiting.values(), ({ batch }) => batch)
    for (const batch of this.#filling.values()) byBatch.delete(batch[0]!.batch)
    await this.#seed([...byBatch.values()].flat())
    await this.#add([...byBatch.values()])
  }

  /** Files what is there; waits for up to so many milliseconds where nothing is. Says whether something was. */
  async #read(block: number): Promise<boolean> {
    const { blocking, connection, keys } = this.#run
    const from = ['STREAMS', keys.results, this.#last] as const
    const answer = (
      block > 0
        ? await blocking.xreadBuffer('COUNT', READ, 'BLOCK', block, ...from)
        : await connection.redis.xreadBuffer('COUNT', READ, ...from)
    ) as [Buffer, Entry[]][] | null
    const entries = answer?.[0]?.[1] ?? []
    await this.#heed(entries)
    if (entries.length > 0) this.#last = entries.at(-1)![0].toString()
    return entries.length > 0
  }

  async #retryEarly(): Promise<void> {
    const early = this.#early
    this.#early = []
    const { connection, keys } = this.#run
    for (const id of early) await this.#heed((await connection.redis.xrangeBuffer(keys.results, id, id)) as Entry[])
  }

  async #heed(entries: readonly Entry[]): Promise<void> {
    const { connection, keys } = this.#run
    const filed: string[] = []
    let woken = false
    for (const [id, fields] of entries) {
      if (fields[0]!.toString() === 'w') woken = true
      else if (!this.#file(unpackedResults(fields[1]!), id.toString())) continue
      filed.push(id.toString())
    }
    // Only now that it stands in the files.
    for (const store of this.#stores) store.flush()
    if (filed.length > 0) await connection.redis.xdel(keys.results, ...filed)
    if (woken) await this.#hearStops()
  }

  /** Files what was played; false where it stays for later. */
  #file({ run, played }: Results, id: string): boolean {
    const known = played.map(({ n }) => this.#waiting.get(`${run}:${n}`))
    if (known.every(each => each === undefined)) {
      // Another collection's, or of what is not asked for yet; else it came twice.
      if (this.#more) this.#early.push(id)
      if (this.#more || !this.#runs.has(run)) return false
    }
    for (const [i, waiting] of known.entries()) {
      if (waiting === undefined) {
        this.#run.doubled()
        continue
      }
      this.#waiting.delete(`${run}:${waiting.n}`)
      const { outcome } = played[i]!
      if (outcome.kind === 'kept') this.#run.kept(waiting.job.store)
      this.#tell(waiting.job, outcome)
    }
    return true
  }

  async #sayStop(what: string, reason: string): Promise<void> {
    const { connection, keys } = this.#run
    await connection.script('agoragymStop', [keys.stop, keys.results, NEWS], [what, reason, this.#run.id])
  }

  async #hearStops(): Promise<void> {
    const { connection, keys } = this.#run
    for (const [what, reason] of Object.entries(await connection.redis.hgetall(keys.stop))) {
      const run = Number(what)
      if (what === '*') {
        if (!this.#halted && reason !== INTERRUPTED)
          this.#tellOne(() => true, { kind: 'stopped', message: reason, abandon: false, calls: [] })
        this.#halted = true
      } else if (this.#runs.has(run) && !this.#stoppedRuns.has(run)) {
        this.#stoppedRuns.add(run)
        const mine = (each: Waiting): boolean => each.run === run
        this.#tellOne(mine, { kind: 'fatal', message: reason, calls: [] })
        for (const each of [...this.#waiting.values()].filter(mine)) this.#tellOne(other => other === each, UNPLAYED)
      }
    }
  }

  /** Tells of one of the rollouts that are waited for. */
  #tellOne(which: (each: Waiting) => boolean, outcome: Outcome): void {
    for (const [id, each] of this.#waiting) {
      if (!which(each)) continue
      this.#waiting.delete(id)
      this.#given.set(id, each)
      this.#tell(each.job, outcome)
      return
    }
  }

  /** Given up, by run and number: their answers are kept. */
  readonly #given = new Map<string, Waiting>()

  /** Waits for what is in flight, files it, and keeps the answers of what was given up. */
  async #windDown(): Promise<void> {
    const { queue, connection, keys } = this.#run
    if (this.#halted) await queue.drain()
    const deadline = Date.now() + PATIENCE
    while (Date.now() < deadline) {
      while (await this.#read(0));
      const { active = 0, waiting = 0 } = await queue.getJobCounts('active', 'waiting')
      if (active + (this.#halted ? 0 : waiting) === 0) break
      await delay(200)
    }
    while (await this.#read(0));
    for (const rollout of await connection.redis.smembers(keys.open)) {
      const each = this.#waiting.get(rollout) ?? this.#given.get(rollout)
      if (each === undefined) continue
      const calls = keys.calls(each.run, each.n)
      for (const row of newCalls(await connection.redis.hvals(calls))) each.job.store.record(row)
      await connection.redis.multi().del(calls).srem(keys.open, rollout).exec()
    }
  }
}

/** What a pipeline answers, where none of it was refused. It may be sent again. */
async function whole(pipeline: { exec(): Promise<[Error | null, unknown][] | null> }): Promise<unknown[]> {
  return (await pipeline.exec())!.map(([error, answer]) => {
    if (error !== null) throw error
    return answer
  })
}

/** Why a run is stopped whose collector was. */
const INTERRUPTED = 'interrupted'

/** One entry of the results: its id, and names and values. */
type Entry = [id: Buffer, fields: Buffer[]]
