/**
 * An audit's games over threads. A thread is a module that calls `serveJobs` with the economy it made of `workerData`; which
 * module that is, the caller says. The results are those of one thread, whatever their number.
 */
import { answerInThread, ThreadPool } from '../../rollouts/threads.ts'
import { type Job, type JobResult, type Runner, runJob } from './arena.ts'
import type { Subject } from './spec.ts'

/** Games of one message to a thread: enough to be worth it, few enough that no thread waits long for the last. */
const CHUNK = 12

export interface Threads {
  readonly run: Runner
  close(): Promise<void>
}

/** At most `count` threads of the module at `url`. Close them, or the process does not end. */
export function startThreads(url: URL, workerData: unknown, count: number): Threads {
  const pool = new ThreadPool<Job, JobResult>(url, workerData, count)
  return { run: jobs => playAll(pool, jobs), close: () => pool.close() }
}

async function playAll(pool: ThreadPool<Job, JobResult>, jobs: readonly Job[]): Promise<readonly JobResult[]> {
  const parts = jobs.map((): Promise<JobResult>[] => [])
  for (const [of, job] of jobs.entries()) {
    const size = Math.max(1, Math.floor(CHUNK / (job.repeats ?? 1)))
    for (let from = 0; from < job.seeds.length; from += size) {
      await pool.room()
      const asked = pool.ask({ ...job, seeds: job.seeds.slice(from, from + size) })
      // It is waited for below; that it fails meanwhile is nobody's surprise.
      asked.catch(() => {})
      parts[of]!.push(asked)
    }
  }
  return Promise.all(parts.map(async part => (await Promise.all(part)).flat()))
}

/** Plays what the parent thread asks for. */
export function serveJobs(subject: Subject): void {
  answerInThread((job: Job) => runJob(subject, job))
}
