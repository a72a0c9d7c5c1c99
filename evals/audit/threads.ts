/**
 * Jobs over threads. A worker is a module that calls `serveJobs` with the economy it made of `workerData`; which module that
 * is, the caller says. The results are those of one thread, whatever their number.
 */
import { parentPort, Worker } from 'node:worker_threads'
import { type Job, type JobResult, type Runner, runJob } from './arena.ts'
import type { Subject } from './spec.ts'

/** Games of one message to a thread: enough to be worth it, few enough that no thread waits long for the last. */
const CHUNK = 12

interface Asked {
  readonly index: number
  readonly job: Job
}
type Answered = { readonly index: number } & ({ readonly result: JobResult } | { readonly error: string })

export interface Threads {
  readonly run: Runner
  close(): Promise<void>
}

/** Starts `count` workers of the module at `url`. Close them, or the process does not end. */
export function startThreads(url: URL, workerData: unknown, count: number): Threads {
  const workers = Array.from({ length: count }, () => new Worker(url, { workerData }))
  return {
    run: jobs => playAll(workers, jobs),
    close: async () => {
      await Promise.all(workers.map(worker => worker.terminate()))
    },
  }
}

function playAll(workers: readonly Worker[], jobs: readonly Job[]): Promise<readonly JobResult[]> {
  const chunks = jobs.flatMap((job, of) => {
    const size = Math.max(1, Math.floor(CHUNK / (job.repeats ?? 1)))
    return Array.from({ length: Math.ceil(job.seeds.length / size) }, (_, i) => ({
      of,
      job: { ...job, seeds: job.seeds.slice(i * size, (i + 1) * size) },
    }))
  })
  // Jobs without seeds have nothing to be asked for.
  if (chunks.length === 0) return Promise.resolve(jobs.map(() => []))
  const results: JobResult[] = chunks.map(() => [])
  let asked = 0
  let answered = 0
  return new Promise((resolve, reject) => {
    const joined = (): readonly JobResult[] => {
      const parts: JobResult[][] = jobs.map(() => [])
      for (const [i, { of }] of chunks.entries()) parts[of]!.push(results[i]!)
      return parts.map(part => part.flat())
    }
    const stop = (error?: unknown): void => {
      for (const [worker, listener] of listeners) {
        worker.off('message', listener)
        worker.off('error', stop)
      }
      if (error === undefined) resolve(joined())
      else reject(error)
    }
    const ask = (worker: Worker): void => {
      if (asked === chunks.length) return
      const index = asked++
      worker.postMessage({ index, job: chunks[index]!.job } satisfies Asked)
    }
    const listeners = workers.map(worker => {
      const listener = (answer: Answered): void => {
        if ('error' in answer) stop(new Error(answer.error))
        else {
          results[answer.index] = answer.result
          if (++answered === chunks.length) stop()
          else ask(worker)
        }
      }
      return [worker, listener] as const
    })
    for (const [worker, listener] of listeners) {
      worker.on('message', listener)
      worker.on('error', stop)
      ask(worker)
    }
  })
}

/** Plays what the parent thread asks for. */
export function serveJobs(subject: Subject): void {
  parentPort!.on('message', ({ index, job }: Asked) => {
    let answer: Answered
    try {
      answer = { index, result: runJob(subject, job) }
    } catch (error) {
      answer = { index, error: (error as Error).stack ?? String(error) }
    }
    parentPort!.postMessage(answer)
  })
}
