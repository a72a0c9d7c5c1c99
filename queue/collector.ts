/**
 * The collecting end of a run through a queue: says in Redis what is to be played, keeps some of it queued ahead, and files what
 * comes back. It can be killed and begun again: what Redis holds and what the run's folders hold is all it goes by. Knows Redis
 * and run folders; plays nothing.
 *
 * A job's id is its place in the experiment, so that one which is queued already cannot be queued twice; a result is dropped from
 * Redis once it is filed, and a store files each rollout once.
 */
import { hostname } from 'node:os'
import { setTimeout as delay } from 'node:timers/promises'
import type { Queue } from 'bullmq'
import type { Redis } from 'ioredis'
import type { PlannedCell } from '../evals/plan.ts'
import type { Elsewhere, Job } from '../rollouts/batch.ts'
import { RunError } from '../rollouts/errors.ts'
import type { Outcome } from '../rollouts/played.ts'
import type { CallRow } from '../rollouts/player.ts'
import { rolloutKey } from '../rollouts/rollout.ts'
import type { RunStore } from '../rollouts/store.ts'
import { clearRun } from './clear.ts'
import { keysOf, NEWS, PREFIX, RUNS } from './keys.ts'
import { nano } from './limits.ts'
import { type Limits, type Manifest, packed, runId, runWords } from './manifest.ts'
import { GatheredParts } from './parts.ts'
import type { Connection } from './redis.ts'
import { type Results, unpackedResults } from './results.ts'
import { isScripted, keysDigest, type Numbered, Tasks } from './tasks.ts'

/** What a job says: numbers of rollouts of a run, and what tells whether both ends mean the same by them. */
export interface JobData {
  readonly run: number
  readonly rollouts: readonly number[]
  readonly digest: string
}

export interface CollectorOptions {
  readonly connection: Connection
  readonly manifest: Manifest
  readonly limits: Limits
  readonly planned: readonly PlannedCell[]
  /** Whether parts of the run that are there are gone on with. */
  readonly resume: boolean
  readonly tell: (line: string) => void
  /** Rollouts that are queued ahead, or played and not filed, at most; 4096 by default. */
  readonly ahead?: number
}

/** Seconds after which a collector that has not said so is taken to be gone. */
export const LEASE = 30
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

export class Collector implements Elsewhere {
  readonly id: string
  readonly #connection: Connection
  readonly #manifest: Manifest
  readonly #limits: Limits
  readonly #tasks: Tasks
  readonly #tell: (line: string) => void
  readonly #ahead: number
  readonly #queue: Queue
  readonly #blocking: Redis
  readonly #keys: ReturnType<typeof keysOf>
  readonly #resume: boolean
  #parts: GatheredParts | undefined
  #renewal: NodeJS.Timeout | undefined
  /** Results that came twice. */
  doubles = 0

  constructor({ connection, manifest, limits, planned, resume, tell, ahead = 4096 }: CollectorOptions) {
    this.id = runId(manifest)
    this.#connection = connection
    this.#manifest = manifest
    this.#limits = limits
    this.#tasks = new Tasks(planned)
    this.#resume = resume
    this.#tell = tell
    this.#ahead = ahead
    this.#keys = keysOf(this.id)
    this.#queue = new connection.bullmq.Queue(this.id, {
      prefix: PREFIX,
      connection: connection.redis,
      streams: { events: { maxLen: 100 } },
      // It would write to the console what settingsNotes tells, amid lines of JSON.
      skipVersionCheck: true,
      defaultJobOptions: { removeOnComplete: true, removeOnFail: true },
    })
    this.#queue.on('error', () => {})
    this.#blocking = connection.duplicate()
  }

  /** Makes the run known to workers. A RunError where somebody else collects it. */
  async open(): Promise<void> {
    await this.#own()
    const { results, out } = this.#manifest
    if (results !== undefined) this.#parts = new GatheredParts(results.folder, this.id, out, this.#resume)
    // What stopped an earlier collector is asked anew.
    await this.#connection.redis.del(this.#keys.stop)
    await this.#announce()
    this.#connection.onBack(() => void this.#announce().catch(() => {}))
  }

  takes(): boolean {
    return true
  }

  async play(jobs: Iterator<Job>, tell: (job: Job, outcome: Outcome) => void, stop: AbortSignal): Promise<void> {
    await new Collection(this, jobs, tell, stop).run()
  }

  gather(store: RunStore): void {
    this.#parts?.gather(store)
  }

  /** A worker has put a rollout of that run into its part. */
  note(store: RunStore): void {
    this.#parts?.note(store)
  }

  /** Removes the run from Redis: its folders hold all that came of it. */
  async close(): Promise<void> {
    await clearRun(this.#connection, this.id)
    this.leave()
  }

  /** Leaves the run in Redis, for a collector that goes on with it. */
  leave(): void {
    clearInterval(this.#renewal)
    this.#connection.redis.del(this.#keys.collector).catch(() => {})
  }

  /** What `Collection` works with. */
  get parts() {
    return {
      connection: this.#connection,
      keys: this.#keys,
      queue: this.#queue,
      blocking: this.#blocking,
      tasks: this.#tasks,
      batch: this.#manifest.batch,
      ahead: this.#ahead,
      tell: this.#tell,
    }
  }

  async #announce(): Promise<void> {
    const { redis } = this.#connection
    const { maxCost, maxTokens, maxRpm } = this.#limits
    const ceilings = {
      ...(maxCost !== undefined && { max_cost: nano(maxCost) }),
      ...(maxTokens !== undefined && { max_tokens: maxTokens }),
      ...(maxRpm !== undefined && { max_rpm: maxRpm }),
    }
    const { manifest, state } = this.#keys
    const { out } = this.#manifest
    const said = { what: runWords(this.#manifest), out, since: new Date().toISOString(), total: this.#tasks.total }
    const told = redis.multi().setnx(manifest, packed(this.#manifest)).hdel(state, 'reached', 'max_cost', 'max_tokens', 'max_rpm')
    if (Object.keys(ceilings).length > 0) told.hset(state, ceilings)
    await told.hsetnx(RUNS, this.id, JSON.stringify(said)).xadd(NEWS, 'MAXLEN', '~', '1000', '*', 'open', this.id).exec()
  }

  /** Becomes the one who collects: two would tear the results between them. */
  async #own(): Promise<void> {
    const { redis } = this.#connection
    const { collector } = this.#keys
    const me = JSON.stringify({ host: hostname(), pid: process.pid })
    const deadline = Date.now() + (LEASE + 5) * 1000
    for (let told = false; (await redis.set(collector, me, 'EX', LEASE, 'NX')) === null; ) {
      const other = await redis.get(collector)
      if (other === null) continue
      const who = JSON.parse(other) as Who
      const { host, pid } = who
      if (other === me || isGone(who)) {
        await redis.del(collector)
        continue
      }
      if (Date.now() > deadline)
        throw new RunError(`Process ${pid} on ${host} collects this run; stop it first, or choose another folder with --out.`)
      if (!told) this.#tell(`Process ${pid} on ${host} has collected this run; waiting whether it still does.`)
      told = true
      await delay(1000)
    }
    this.#renewal = setInterval(() => void redis.set(collector, me, 'EX', LEASE).catch(() => {}), (LEASE * 1000) / 3).unref()
  }
}

const UNPLAYED: Outcome = { kind: 'unplayed' }

/** The collecting of some runs: those that are played side by side. */
class Collection {
  readonly #parts: Collector['parts']
  readonly #collector: Collector
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

  constructor(collector: Collector, jobs: Iterator<Job>, tell: (job: Job, outcome: Outcome) => void, stop: AbortSignal) {
    this.#parts = collector.parts
    this.#collector = collector
    this.#jobs = jobs
    this.#tell = tell
    this.#stop = stop
  }

  async run(): Promise<void> {
    const onAbort = (): void => void this.#sayStop('*', INTERRUPTED).catch(() => {})
    if (this.#stop.aborted) onAbort()
    this.#stop.addEventListener('abort', onAbort, { once: true })
    let lost = false
    this.#parts.connection.onBack(() => (lost = true))
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
    return this.#waiting.size - this.#partial < this.#parts.ahead
  }

  #pull(): void {
    const { value: job, done } = this.#jobs.next()
    if (done) {
      this.#more = false
      return
    }
    const { tasks, batch: size } = this.#parts
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
    const { connection, keys } = this.#parts
    const asked = connection.redis.pipeline()
    for (const { run, n } of rollouts) asked.getbit(keys.done(run), n)
    return (await whole(asked)).map(bit => bit === 1)
  }

  /** Takes back that rollouts were played whose results are nowhere. */
  async #clear(rollouts: readonly Waiting[]): Promise<void> {
    if (rollouts.length === 0) return
    const { connection, keys } = this.#parts
    const cleared = connection.redis.pipeline()
    for (const { run, n } of rollouts) cleared.setbit(keys.done(run), n, 0)
    await connection.patient(() => whole(cleared))
  }

  /** Gives the answers that an earlier run has recorded to whoever plays next. */
  async #seed(rollouts: readonly Waiting[]): Promise<void> {
    const { connection, keys } = this.#parts
    const seeds = connection.redis.pipeline()
    for (const { run, n, key, job } of rollouts)
      for (const row of job.store.recorded(key))
        seeds.hsetnx(keys.calls(run, n), `${row.agent} ${row.call}`, `${FILED}${JSON.stringify(row)}`)
    if (seeds.length > 0) await connection.patient(() => whole(seeds))
  }

  /** Queues jobs; one that is queued already stays as it is. */
  async #add(batches: readonly (readonly Waiting[])[]): Promise<void> {
    const { connection, queue } = this.#parts
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
    const byBatch = new Map<string, Waiting[]>()
    for (const waiting of this.#waiting.values()) {
      const batch = byBatch.get(waiting.batch)
      if (batch === undefined) byBatch.set(waiting.batch, [waiting])
      else batch.push(waiting)
    }
    for (const batch of this.#filling.values()) byBatch.delete(batch[0]!.batch)
    await this.#seed([...byBatch.values()].flat())
    await this.#add([...byBatch.values()])
  }

  /** Files what is there; waits for up to so many milliseconds where nothing is. Says whether something was. */
  async #read(block: number): Promise<boolean> {
    const { blocking, connection, keys } = this.#parts
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
    const { connection, keys } = this.#parts
    for (const id of early) await this.#heed((await connection.redis.xrangeBuffer(keys.results, id, id)) as Entry[])
  }

  async #heed(entries: readonly Entry[]): Promise<void> {
    const { connection, keys } = this.#parts
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
        this.#collector.doubles++
        continue
      }
      this.#waiting.delete(`${run}:${waiting.n}`)
      const { outcome } = played[i]!
      if (outcome.kind === 'kept') this.#collector.note(waiting.job.store)
      this.#tell(waiting.job, outcome)
    }
    return true
  }

  async #sayStop(what: string, reason: string): Promise<void> {
    const { connection, keys } = this.#parts
    await connection.script('agoragymStop', [keys.stop, keys.results, NEWS], [what, reason, this.#collector.id])
  }

  async #hearStops(): Promise<void> {
    const { connection, keys } = this.#parts
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
    const { queue, connection, keys } = this.#parts
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

/** How a recorded call begins in Redis that lies in the run's folder already, and one that does not. */
export const FILED = 'f'
export const NEW = 'n'

/** The recorded calls that the run's folder does not have, in order. */
export function newCalls(values: readonly string[]): CallRow[] {
  return recordedCalls(values.filter(value => value.startsWith(NEW)))
}

/** Recorded calls as they lie in Redis, in order. */
export function recordedCalls(values: readonly string[]): CallRow[] {
  return values.map(value => JSON.parse(value.slice(1)) as CallRow).sort((a, b) => a.call - b.call)
}

/** Who collects a run; undefined where nobody does. */
export async function collectorOf({ redis }: Connection, id: string): Promise<Who | undefined> {
  const said = await redis.get(keysOf(id).collector)
  const who = said === null ? undefined : (JSON.parse(said) as Who)
  return who !== undefined && isGone(who) ? undefined : who
}

interface Who {
  readonly host: string
  readonly pid: number
}

/** Whether it was a process of this machine, and is there no more. */
const isGone = ({ host, pid }: Who): boolean => host === hostname() && !isAlive(pid)

/** Whether a process of this machine is there. */
function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM'
  }
}
