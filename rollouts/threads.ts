/**
 * Threads that are asked and answer in turn. A thread is a module that calls `answerInThread`; which module that is, the caller
 * says. Knows messages, not what they mean.
 */
import { parentPort, Worker } from 'node:worker_threads'
import { UserError } from '../envs/core/errors.ts'
import { RunStopped } from './errors.ts'

/** Messages that a thread has at once: while it answers one, the next is there. */
const DEPTH = 2

type Answered<Answer> = { readonly answer: Answer } | { readonly error: string }

interface Waiting<Answer> {
  readonly resolve: (answer: Answer) => void
  readonly reject: (error: Error) => void
}

interface Thread<Answer> {
  readonly worker: Worker
  /** In the order they were asked, which is that of the answers. */
  readonly waiting: Waiting<Answer>[]
}

export class ThreadPool<Ask, Answer> {
  readonly #module: URL
  readonly #data: unknown
  readonly #count: number
  readonly #threads = new Set<Thread<Answer>>()
  #roomy: (() => void)[] = []

  /**
   * At most `count` threads of the module at that URL, which find `data` as their `workerData`; each is started when it is needed.
   * Close the pool, or the process does not end. A UserError where Node cannot run the module.
   */
  constructor(module: URL, data: unknown, count: number) {
    if (module.href.endsWith('.ts') && !runsTypeScript())
      throw new UserError(
        `Node ${process.versions.node} runs no TypeScript in threads: use Node 22.18 or later, or the compiled package; or play in one thread.`,
      )
    this.#module = module
    this.#data = data
    this.#count = count
  }

  /** Whether every thread has enough to answer. */
  get full(): boolean {
    return this.#threads.size === this.#count && this.#freest()!.waiting.length >= DEPTH
  }

  /** Waits until there is a thread that can be asked. */
  async room(): Promise<void> {
    while (this.full) await new Promise<void>(resolve => this.#roomy.push(resolve))
  }

  /** Asks the thread that has least to answer. Rejects with what went wrong there; with a RunStopped where the thread has ended. */
  ask(message: Ask): Promise<Answer> {
    const freest = this.#freest()
    const busy = freest === undefined || freest.waiting.length > 0
    const thread = busy && this.#threads.size < this.#count ? this.#start() : freest!
    return new Promise((resolve, reject) => {
      thread.waiting.push({ resolve, reject })
      thread.worker.postMessage(message)
    })
  }

  /** Ends all threads, whatever they do. */
  async close(): Promise<void> {
    const workers = [...this.#threads].map(({ worker }) => worker)
    this.#threads.clear()
    await Promise.all(workers.map(worker => worker.terminate()))
  }

  #freest(): Thread<Answer> | undefined {
    let freest: Thread<Answer> | undefined
    for (const thread of this.#threads) if (freest === undefined || thread.waiting.length < freest.waiting.length) freest = thread
    return freest
  }

  #start(): Thread<Answer> {
    const thread: Thread<Answer> = { worker: new Worker(this.#module, { workerData: this.#data }), waiting: [] }
    this.#threads.add(thread)
    thread.worker.on('message', (message: Answered<Answer>) => {
      const { resolve, reject } = thread.waiting.shift()!
      if ('error' in message) reject(new Error(message.error))
      else resolve(message.answer)
      this.#tellRoom()
    })
    thread.worker.on('error', error => this.#ended(thread, error instanceof Error ? error.message : String(error)))
    thread.worker.on('exit', code => this.#ended(thread, `it left with code ${code}`))
    return thread
  }

  #ended(thread: Thread<Answer>, why: string): void {
    this.#threads.delete(thread)
    for (const { reject } of thread.waiting.splice(0))
      reject(new RunStopped(`A worker thread has ended: ${why}. What was finished is kept; go on with --resume.`))
    this.#tellRoom()
  }

  #tellRoom(): void {
    const waiting = this.#roomy
    this.#roomy = []
    for (const resolve of waiting) resolve()
  }
}

/** Whether Node removes types by itself. */
function runsTypeScript(): boolean {
  return Boolean((process.features as { readonly typescript?: unknown }).typescript)
}

/** In a thread: answers what its pool asks, one message after the other. */
export function answerInThread<Ask, Answer>(answer: (message: Ask) => Answer | Promise<Answer>): void {
  let last: Promise<void> = Promise.resolve()
  const answered = async (message: Ask): Promise<void> => {
    let told: Answered<Answer>
    try {
      told = { answer: await answer(message) }
    } catch (error) {
      told = { error: (error as Error).stack ?? String(error) }
    }
    parentPort!.postMessage(told)
  }
  parentPort!.on('message', (message: Ask) => {
    last = last.then(() => answered(message))
  })
}
