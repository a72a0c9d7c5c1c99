/**
 * Keeps the jobs of a worker its own while it plays: a thread of its own, because an episode of scripted players holds the
 * worker's thread for as long as it takes. Where that thread has not moved for too long, the process is ended: its jobs go to
 * others, and what hangs everywhere is given up after a few attempts. Knows jobs; plays nothing.
 */
import { parentPort, workerData } from 'node:worker_threads'
import type { Job, Queue } from 'bullmq'
import { Connection } from './redis.ts'

/** What the thread is given. */
export interface LeaseData {
  readonly url: string
  /** Milliseconds that a job is a worker's own without a word. */
  readonly lease: number
  /** Milliseconds after which a thread that has not moved is taken to hang. */
  readonly stuck: number
  /** Counts up as long as the worker's thread moves. */
  readonly moves: Int32Array
}

/** What it is told: a job is taken, or is over. */
export interface LeaseMessage {
  readonly run: string
  readonly job: string
  /** Absent where it is over. */
  readonly token?: string
}

interface Held extends Required<LeaseMessage> {
  handle?: Job | undefined
}

const { url, lease, stuck, moves } = workerData as LeaseData
const connection = await Connection.open(url, { tell: () => {}, name: 'agoragym-lease' })
const queues = new Map<string, Queue>()
const held = new Map<string, Held>()

parentPort!.on('message', ({ run, job, token }: LeaseMessage) => {
  const id = `${run} ${job}`
  if (token === undefined) held.delete(id)
  else held.set(id, { run, job, token })
})

let moved = Atomics.load(moves, 0)
let since = performance.now()

setInterval(() => {
  const now = Atomics.load(moves, 0)
  if (now !== moved || held.size === 0) {
    moved = now
    since = performance.now()
  } else if (performance.now() - since > stuck) {
    const jobs = [...held.values()].map(({ run, job }) => `${run} ${job}`).join(', ')
    process.stderr.write(`No step of ${jobs} for ${Math.round(stuck / 1000)} s: this worker ends, and the job goes to others.\n`)
    process.kill(process.pid, 'SIGKILL')
  }
  for (const each of held.values()) void renew(each).catch(() => {})
}, lease / 3)

parentPort!.postMessage('ready')

async function renew(each: Held): Promise<void> {
  let queue = queues.get(each.run)
  if (queue === undefined) {
    queue = connection.queue(each.run)
    queues.set(each.run, queue)
  }
  // Most jobs are over before this is asked once.
  each.handle ??= await queue.getJob(each.job)
  await each.handle?.extendLock(each.token, lease)
}
