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
import { type BatchOptions, type BatchResult, isDue, type Job } from '../rollouts/batch.ts'
import { RunError } from '../rollouts/errors.ts'
import type { CallRow } from '../rollouts/player.ts'
import type { RolloutSpec } from '../rollouts/rollout.ts'
import type { RunStore } from '../rollouts/store.ts'
import { keysOf, NEWS, PREFIX, RUNS } from './keys.ts'
import { nano } from './limits.ts'
import { type Limits, type Manifest, packed, runId, runWords } from './manifest.ts'
import type { Connection } from './redis.ts'
import { unpackedResults } from './results.ts'
import { isScripted, keysDigest, type Task, Tasks } from './tasks.ts'

/** What a job says: a cell, numbers of rollouts, and what tells whether both ends mean the same by them. */
export interface JobData {
  readonly c: number
  readonly n: readonly number[]
  readonly d: string
}

export interface CollectorOptions {
  readonly connection: Connection
  readonly manifest: Manifest
  readonly limits: Limits
  readonly planned: readonly PlannedCell[]
  readonly tell: (line: string) => void
  /** Rollouts that are queued ahead, or played and not filed, at most; 4096 by default. */
  readonly ahead?: number
}

/** Seconds after which a collector that has not said so is taken to be gone. */
const LEASE = 30
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

interface Waiting {
  readonly task: Task
  readonly job: string
}

/** The rollouts of a job that are due. */
interface Batch {
  /** Names the job: the same whatever of it is due. */
  readonly id: string
  readonly tasks: readonly Task[]
}

export class Collector {
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
  #renewal: NodeJS.Timeout | undefined
  /** Results that came twice. */
  doubles = 0

  constructor({ connection, manifest, limits, planned, tell, ahead = 4096 }: CollectorOptions) {
    this.id = runId(manifest)
    this.#connection = connection
    this.#manifest = manifest
    this.#limits = limits
    this.#tasks = new Tasks(planned)
    this.#tell = tell
    this.#ahead = ahead
    this.#keys = keysOf(this.id)
    this.#queue = new connection.bullmq.Queue(this.id, {
      prefix: PREFIX,
      connection: connection.redis,
      streams: { events: { maxLen: 100 } },
      defaultJobOptions: { removeOnComplete: true, removeOnFail: true },
    })
    this.#queue.on('error', () => {})
    this.#blocking = connection.duplicate()
  }

  /** Makes the run known to workers. A RunError where somebody else collects it. */
  async open(): Promise<void> {
    await this.#own()
    // What stopped an earlier collector is asked anew.
    await this.#connection.redis.del(this.#keys.stop)
    await this.#announce()
    this.#connection.onBack(() => void this.#announce().catch(() => {}))
  }

  /** Plays the jobs of a cell elsewhere: in the place of `runBatch`. */
  async batch(jobs: Iterable<Job>, options: BatchOptions, cell: number): Promise<BatchResult> {
    const cellRun = new CellRun(this, jobs, options, cell)
    return cellRun.run()
  }

  /** Removes the run from Redis: its folders hold all that came of it. */
  async close(): Promise<void> {
    const { redis } = this.#connection
    await redis.hdel(RUNS, this.id)
    await redis.xadd(NEWS, 'MAXLEN', '~', '1000', '*', 'over', this.id)
    await this.#queue.obliterate({ force: true })
    await removeKeys(redis, this.#keys.base)
    this.leave()
  }

  /** Leaves the run in Redis, for a collector that goes on with it. */
  leave(): void {
    clearInterval(this.#renewal)
    this.#connection.redis.del(this.#keys.collector).catch(() => {})
  }

  /** What `CellRun` works with. */
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
    const what = { what: runWords(this.#manifest), out: this.#manifest.out, host: hostname(), since: new Date().toISOString() }
    const told = redis.multi().setnx(manifest, packed(this.#manifest)).hdel(state, 'reached', 'max_cost', 'max_tokens', 'max_rpm')
    if (Object.keys(ceilings).length > 0) told.hset(state, ceilings)
    await told.hsetnx(RUNS, this.id, JSON.stringify(what)).xadd(NEWS, 'MAXLEN', '~', '1000', '*', 'open', this.id).exec()
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
      const { host, pid } = JSON.parse(other) as { host: string; pid: number }
      if (other === me || (host === hostname() && !isAlive(pid))) {
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

/** The collecting of one cell. */
class CellRun {
  readonly #parts: Collector['parts']
  readonly #collector: Collector
  readonly #options: BatchOptions
  readonly #cell: number
  readonly #batches: Iterator<Batch>
  readonly #stores: RunStore[] = []
  /** Queued, and not come back yet, by number. */
  readonly #waiting = new Map<number, Waiting>()
  /** Came back in this session: what fails is not played again at once. */
  readonly #settled = new Set<number>()
  readonly #stopped = new Set<string>()
  readonly #stoppedPlans = new Set<number>()
  #halted = false
  #more = true
  #last = '0'
  #finished = 0
  #failed = 0
  #due = 0

  constructor(collector: Collector, jobs: Iterable<Job>, options: BatchOptions, cell: number) {
    this.#parts = collector.parts
    this.#collector = collector
    this.#options = options
    this.#cell = cell
    this.#batches = this.#enumerate(jobs)
  }

  async run(): Promise<BatchResult> {
    const { signal } = this.#options
    const onAbort = (): void => void this.#stop('*', 'interrupted').catch(() => {})
    if (signal?.aborted) onAbort()
    signal?.addEventListener('abort', onAbort, { once: true })
    let lost = false
    this.#parts.connection.onBack(() => (lost = true))
    let quiet = 0
    let suspicious: number = SUSPICIOUS[0]
    try {
      await this.#begin()
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
      if (this.#halted || this.#stoppedPlans.size > 0) await this.#windDown()
    } finally {
      signal?.removeEventListener('abort', onAbort)
    }
    const left = Math.max(0, this.#due - this.#finished - this.#failed)
    return { finished: this.#finished, failed: this.#failed, left, stopped: [...this.#stopped] }
  }

  /** The due rollouts of each job, in order. What makes a job does not depend on what is due. */
  *#enumerate(jobs: Iterable<Job>): Generator<Batch> {
    const seen = new Map<RunStore, Set<string>>()
    let scripted: Task[] = []
    let due: Task[] = []
    let n = 0
    const flush = function* (cell: number): Generator<Batch> {
      if (due.length > 0) yield { id: `${cell}-${scripted[0]!.n}`, tasks: due }
      scripted = []
      due = []
    }
    for (const job of this.#withStores(jobs)) {
      const task = this.#parts.tasks.task(this.#cell, n++)
      let keys = seen.get(job.store)
      if (keys === undefined) {
        keys = new Set()
        seen.set(job.store, keys)
      }
      const wanted = !keys.has(task.key) && isDue(job, this.#options.retryErrors)
      keys.add(task.key)
      if (wanted) this.#due++
      if (!isScripted(job.spec)) {
        if (wanted) yield { id: `${this.#cell}-${task.n}`, tasks: [task] }
        continue
      }
      scripted.push(task)
      if (wanted) due.push(task)
      if (scripted.length === this.#parts.batch) yield* flush(this.#cell)
    }
    yield* flush(this.#cell)
  }

  /** The jobs; before the first is given, the store of every run is known: one after the other they begin the row. */
  *#withStores(jobs: Iterable<Job>): Generator<Job> {
    const rest = jobs[Symbol.iterator]()
    const first: Job[] = []
    while (first.length < this.#parts.tasks.runs(this.#cell)) {
      const { value, done } = rest.next()
      if (done) break
      first.push(value)
    }
    this.#stores.push(...first.map(({ store }) => store))
    yield* first
    for (let next = rest.next(); !next.done; next = rest.next()) yield next.value
  }

  /** Learns the stores, and files what an earlier collector has left in Redis. */
  async #begin(): Promise<void> {
    this.#next = this.#batches.next()
    while (await this.#read(0));
  }

  #next: IteratorResult<Batch> | undefined

  async #topUp(): Promise<void> {
    while (this.#more && !this.#halted && this.#waiting.size < this.#parts.ahead) {
      const batches: Batch[] = []
      let rollouts = 0
      while (batches.length < CHUNK && this.#waiting.size + rollouts < this.#parts.ahead) {
        const { value, done } = this.#next ?? this.#batches.next()
        this.#next = undefined
        if (done) {
          this.#more = false
          break
        }
        batches.push(value)
        rollouts += value.tasks.length
      }
      if (batches.length > 0) await this.#enqueue(batches)
    }
  }

  async #enqueue(batches: readonly Batch[]): Promise<void> {
    const all = batches.flatMap(({ tasks }) => tasks)
    const bits = await this.#bits(all)
    // What is marked as played and is not filed lies among the results, has failed before, or was lost with Redis's memory.
    if (bits.some(Boolean)) while (await this.#read(0));
    const again = all.filter((task, i) => bits[i] && this.#isLeft(task))
    await this.#clear(again)
    const due = batches.flatMap(({ id, tasks }) => {
      const left = tasks.filter(task => this.#isLeft(task))
      return left.length > 0 ? [{ id, tasks: left }] : []
    })
    await this.#seed(due.flatMap(({ tasks }) => tasks))
    for (const { id, tasks } of due) for (const task of tasks) this.#waiting.set(task.n, { task, job: id })
    await this.#add(due)
  }

  /** Whether a rollout is still to be played as far as the files say. */
  #isLeft(task: Task): boolean {
    if (this.#settled.has(task.n) || this.#stoppedPlans.has(task.plan)) return false
    return isDue({ spec: task.spec, store: this.#stores[task.plan]! } as Job, this.#options.retryErrors)
  }

  async #bits(tasks: readonly Task[]): Promise<boolean[]> {
    const { connection, keys } = this.#parts
    const asked = connection.redis.pipeline()
    for (const { n } of tasks) asked.getbit(keys.done(this.#cell), n)
    return (await asked.exec())!.map(([error, bit]) => {
      if (error !== null) throw error
      return bit === 1
    })
  }

  /** Gives the answers that an earlier run has recorded to whoever plays next. */
  async #seed(tasks: readonly Task[]): Promise<void> {
    const { connection, keys } = this.#parts
    const seeds = connection.redis.pipeline()
    for (const { n, plan, key } of tasks)
      for (const row of this.#stores[plan]!.recorded(key))
        seeds.hsetnx(keys.calls(this.#cell, n), `${row.agent} ${row.call}`, `${FILED}${JSON.stringify(row)}`)
    if (seeds.length > 0) await seeds.exec()
  }

  /** Queues jobs; one that is queued or played already stays as it is. */
  async #add(batches: readonly Batch[]): Promise<void> {
    for (let from = 0; from < batches.length; from += CHUNK)
      await this.#parts.queue.addBulk(
        batches.slice(from, from + CHUNK).map(({ id, tasks }) => ({
          name: 'play',
          data: { c: this.#cell, n: tasks.map(({ n }) => n), d: keysDigest(tasks) } satisfies JobData,
          opts: { jobId: id },
        })),
      )
  }

  /** Queues again whatever is waited for: what is queued stays as it is, what was lost is there again. */
  async #queueAgain(): Promise<void> {
    const asked = [...this.#waiting.values()].map(({ task }) => task)
    const bits = await this.#bits(asked)
    // Whatever was marked before this reading and is not filed after it is lost.
    while (await this.#read(0));
    await this.#clear(asked.filter(({ n }, i) => bits[i] && this.#waiting.has(n)))
    const byJob = new Map<string, Task[]>()
    for (const { task, job } of this.#waiting.values()) {
      const tasks = byJob.get(job)
      if (tasks === undefined) byJob.set(job, [task])
      else tasks.push(task)
    }
    await this.#add([...byJob].map(([id, tasks]) => ({ id, tasks })))
  }

  /** Takes back that rollouts were played whose results are nowhere. */
  async #clear(tasks: readonly Task[]): Promise<void> {
    if (tasks.length === 0) return
    const { connection, keys } = this.#parts
    const cleared = connection.redis.pipeline()
    for (const { n } of tasks) cleared.setbit(keys.done(this.#cell), n, 0)
    await cleared.exec()
  }

  /** Files what is there; waits for up to so many milliseconds where nothing is. Says whether something was. */
  async #read(block: number): Promise<boolean> {
    const { blocking, connection, keys } = this.#parts
    const from = ['STREAMS', keys.results, this.#last] as const
    const answer = (
      block > 0
        ? await blocking.xreadBuffer('COUNT', READ, 'BLOCK', block, ...from)
        : await connection.redis.xreadBuffer('COUNT', READ, ...from)
    ) as [Buffer, [Buffer, Buffer[]][]][] | null
    const entries = answer?.[0]?.[1] ?? []
    const filed: string[] = []
    let woken = false
    for (const [id, fields] of entries) {
      this.#last = id.toString()
      if (fields[0]?.toString() === 'w') {
        woken = true
        filed.push(this.#last)
      } else if (this.#file(fields[1]!)) filed.push(this.#last)
    }
    if (filed.length > 0) await connection.redis.xdel(keys.results, ...filed)
    if (woken) await this.#hearStops()
    return entries.length > 0
  }

  /** Files what was played, all or nothing; false where it is another cell's. */
  #file(data: Buffer): boolean {
    const { cell, played } = unpackedResults(data)
    if (cell !== this.#cell) return false
    for (const { n, plan, lines } of played) {
      const fresh = this.#stores[plan]!.file(lines)
      const waiting = this.#waiting.get(n)
      this.#waiting.delete(n)
      if (!fresh) {
        this.#collector.doubles++
        continue
      }
      if (this.#settled.has(n)) continue
      this.#settled.add(n)
      if (lines.ok) this.#finished++
      else this.#failed++
      const spec: RolloutSpec = (waiting?.task ?? this.#parts.tasks.task(this.#cell, n)).spec
      this.#options.onEnd?.(lines.ok, spec)
    }
    return true
  }

  async #stop(what: string, reason: string): Promise<void> {
    const { connection, keys } = this.#parts
    await connection.script('agoragymStop', [keys.stop, keys.results, NEWS], [what, reason, this.#collector.id])
  }

  async #hearStops(): Promise<void> {
    const { connection, keys } = this.#parts
    for (const [what, reason] of Object.entries(await connection.redis.hgetall(keys.stop))) {
      if (what === '*') {
        this.#halted = true
        if (reason !== 'interrupted') this.#stopped.add(reason)
        continue
      }
      const [cell, plan] = what.split(':').map(Number)
      if (cell !== this.#cell) continue
      this.#stopped.add(reason)
      this.#stoppedPlans.add(plan!)
      for (const [n, { task }] of this.#waiting) if (task.plan === plan) this.#waiting.delete(n)
    }
  }

  /** Waits for what is in flight, files it, and keeps the answers of what was given up. */
  async #windDown(): Promise<void> {
    const { queue, connection, keys } = this.#parts
    if (this.#halted) await queue.drain()
    const deadline = Date.now() + PATIENCE
    while ((this.#halted || this.#stoppedPlans.size > 0) && Date.now() < deadline) {
      while (await this.#read(0));
      const { active = 0, waiting = 0 } = await queue.getJobCounts('active', 'waiting')
      if (active + (this.#halted ? 0 : waiting) === 0) break
      await delay(200)
    }
    while (await this.#read(0));
    for (const rollout of await connection.redis.smembers(keys.open)) {
      const [cell, n] = rollout.split(':').map(Number)
      if (cell !== this.#cell) continue
      const { plan } = this.#parts.tasks.task(cell, n!)
      for (const row of newCalls(await connection.redis.hvals(keys.calls(cell, n!)))) this.#stores[plan]!.record(row)
      await connection.redis.multi().del(keys.calls(cell, n!)).srem(keys.open, rollout).exec()
    }
  }
}

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

/** Whether a process of this machine is there. */
function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM'
  }
}

/** Removes all keys that begin so. */
export async function removeKeys(redis: Redis, base: string): Promise<void> {
  for await (const keys of redis.scanStream({ match: `${base}*`, count: 1000 }))
    if ((keys as string[]).length > 0) await redis.unlink(...(keys as string[]))
}
