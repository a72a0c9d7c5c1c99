/** What an operator asks of a queue: what is due, runs and has failed, who plays, what it has cost; and how it is emptied. */
import { UserError } from '../envs/core/errors.ts'
import { sum } from '../envs/core/sums.ts'
import { clearRun } from './clear.ts'
import { keysOf, NEWS, RUNS, WORKER } from './keys.ts'
import { LEASE, type Owner, ownerOf } from './owner.ts'
import { Connection, checkedUrl } from './redis.ts'

export interface WorkerStatus {
  readonly host: string
  readonly pid: number
  readonly concurrency: number
}

export interface RunStatus {
  readonly id: string
  /** Economies and runs in a few words. */
  readonly what: string
  /** The folder of the runs, where they are collected. */
  readonly out: string
  /** ISO 8601. */
  readonly since: string
  /** Host and process that collect; null while nobody does. */
  readonly collector: string | null
  /** Rollouts of the whole experiment, those included that were finished before. */
  readonly total: number
  readonly jobs: { readonly waiting: number; readonly running: number }
  /** Of rollouts, since the run was queued. */
  readonly ok: number
  readonly failed: number
  /** Results that came twice and were dropped. */
  readonly doubles: number
  /** Rollouts that ended within the last minute. */
  readonly per_minute: number
  /** Batches of results that wait for the collector. */
  readonly unfiled: number
  /** Answered calls, their tokens and USD. */
  readonly calls: number
  readonly tokens: number
  readonly cost: number
  /** Why nothing of it is begun any more; null while it goes on. */
  readonly stopping: string | null
  /** Why workers do not play it, by worker. */
  readonly refusals: Readonly<Record<string, string>>
}

export interface QueueStatus {
  /** Null where Redis does not let anybody list its clients. */
  readonly workers: readonly WorkerStatus[] | null
  /** Bytes that Redis uses for everything in it; null where it does not say. */
  readonly memory_bytes: number | null
  readonly runs: readonly RunStatus[]
}

/** A queue as an operator has it before them. */
export interface QueueDesk {
  status(): Promise<QueueStatus>
  /** Stops a run: rollouts in flight come to a stop that loses nothing, and its collector ends as after Ctrl-C. */
  drain(run: string): Promise<void>
  /** Removes all that Redis holds of a run, answers that were paid for and are not filed included. */
  clear(run: string): Promise<void>
  close(): void
}

/** Opens a queue for looking at it. Rejects with a RunError where Redis refuses. */
export async function openDesk(
  url: string,
  options: { readonly tell: (line: string) => void; readonly signal?: AbortSignal },
): Promise<QueueDesk> {
  const connection = await Connection.open(checkedUrl(url, 'queue'), { ...options, name: 'agoragym-desk' })
  return {
    status: () => queueStatus(connection),
    drain: run => drainRun(connection, run),
    clear: run => clearDead(connection, run),
    close: () => connection.close(),
  }
}

async function queueStatus(connection: Connection): Promise<QueueStatus> {
  const { redis } = connection
  const ids = Object.entries(await redis.hgetall(RUNS))
  const info = await redis.info('memory').catch(() => '')
  const memory = /^used_memory:(\d+)/m.exec(info)?.[1]
  return {
    workers: await workersOf(connection),
    memory_bytes: memory === undefined ? null : Number(memory),
    runs: await Promise.all(ids.map(([id, said]) => runStatus(connection, id, said))),
  }
}

async function workersOf({ redis }: Connection): Promise<readonly WorkerStatus[] | null> {
  const list = (await redis.client('LIST').catch(() => null)) as string | null
  if (list === null) return null
  const name = new RegExp(`\\bname=${WORKER}:([^:\\s]+):(\\d+):(\\d+)(?=\\s)`, 'g')
  const found = new Map<string, WorkerStatus>()
  // A worker has several connections of one name.
  for (const [id, host, pid, concurrency] of list.matchAll(name))
    found.set(id, { host: host!, pid: Number(pid), concurrency: Number(concurrency) })
  return [...found.values()]
}

async function runStatus(connection: Connection, id: string, said: string): Promise<RunStatus> {
  const { redis } = connection
  const keys = keysOf(id)
  const { what, out, since, total } = JSON.parse(said) as Pick<RunStatus, 'what' | 'out' | 'since' | 'total'>
  const [seconds] = await redis.time()
  const tens = Math.floor(Number(seconds) / 10)
  const [counts, state, stops, refusals, collector, unfiled, rates] = await Promise.all([
    connection.queue(id).getJobCounts('waiting', 'active', 'delayed', 'prioritized'),
    redis.hgetall(keys.state),
    redis.hgetall(keys.stop),
    redis.hgetall(keys.refusals),
    redis.get(keys.collector),
    redis.xlen(keys.results),
    redis.mget(...Array.from({ length: 6 }, (_, i) => keys.rate(tens - 1 - i))),
  ])
  const number = (field: string): number => Number(state[field] ?? 0)
  const who = collector === null ? null : (JSON.parse(collector) as Owner)
  return {
    id,
    what,
    out,
    since,
    collector: who === null ? null : `${who.host}:${who.pid}`,
    total,
    jobs: { waiting: (counts.waiting ?? 0) + (counts.delayed ?? 0) + (counts.prioritized ?? 0), running: counts.active ?? 0 },
    ok: number('ok'),
    failed: number('failed'),
    doubles: number('doubles'),
    per_minute: sum(rates.map(rate => Number(rate ?? 0))),
    unfiled,
    calls: number('calls'),
    tokens: number('tokens'),
    cost: number('cost') / 1e9,
    stopping: stops['*'] ?? null,
    refusals,
  }
}

/** Two would pull the run out of each other's hands. */
async function clearDead(connection: Connection, id: string): Promise<void> {
  const found = await ownerOf(connection, id)
  if (found !== undefined)
    throw new UserError(
      `Process ${found.pid} on ${found.host} collects ${id}: stop it with agoragym queue drain, which loses nothing. One that is gone is known to be after ${LEASE} seconds.`,
    )
  await clearRun(connection, id)
}

/** Why a run stops that an operator has drained. */
const DRAINED = 'Drained: nothing more of it is begun.'

async function drainRun(connection: Connection, id: string): Promise<void> {
  const { stop, results } = keysOf(id)
  await connection.script('agoragymStop', [stop, results, NEWS], ['*', DRAINED, id])
}
