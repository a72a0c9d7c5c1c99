/**
 * The way to Redis: which libraries it takes, what a URL says, one connection that waits and comes back, and the scripts that
 * change several keys at once. Knows no run.
 */
import { setTimeout as delay } from 'node:timers/promises'
import type { Queue, QueueOptions } from 'bullmq'
import type { Redis } from 'ioredis'
import { UserError } from '../envs/core/errors.ts'
import { RunError } from '../rollouts/errors.ts'
import { withoutCredentials } from '../rollouts/models/redact.ts'
import { PREFIX } from './keys.ts'
import { SCRIPTS, type ScriptName } from './scripts.ts'

const INSTALL = 'npm install bullmq ioredis'

/** The two libraries, loaded only when a queue is asked for. A UserError says how to install what is missing. */
async function libraries(): Promise<{ readonly bullmq: typeof import('bullmq'); readonly Redis: typeof Redis }> {
  try {
    const [bullmq, { Redis }] = await Promise.all([import('bullmq'), import('ioredis')])
    return { bullmq, Redis }
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ERR_MODULE_NOT_FOUND') throw error
    throw new UserError(`A queue needs two more packages beside agoragym; install them with: ${INSTALL}`)
  }
}

/** A URL as it may be shown: without what stands before the @. */
export const shownUrl = (url: string): string => withoutCredentials(url).slice(0, 200)

/** Checks a URL of Redis. A UserError says what is wrong with it, without its password. */
export function checkedUrl(text: string, named: string): string {
  let url: URL
  try {
    url = new URL(text)
  } catch {
    throw new UserError(`${named}: expected redis://HOST:PORT, got '${shownUrl(text)}'.`)
  }
  if ((url.protocol !== 'redis:' && url.protocol !== 'rediss:') || url.hostname === '')
    throw new UserError(`${named}: expected redis://HOST:PORT or rediss://HOST:PORT, got '${shownUrl(text)}'.`)
  if (!/^\/?\d*$/.test(url.pathname))
    throw new UserError(`${named}: what follows the port is the number of a database, got '${shownUrl(text)}'.`)
  return text
}

/** What Redis says where waiting helps: it is full, loads, or cannot write to its disk. */
const NOT_NOW = /^(?:\w+Error: )?(?:OOM|LOADING|MISCONF|BUSY|TRYAGAIN|READONLY|MASTERDOWN)\b|used memory > 'maxmemory'/

/** What Redis says at the first word where waiting does not help. */
const REFUSED = /WRONGPASS|NOAUTH|NOPERM|invalid password|invalid DB index|DB index is out of range/i

export interface ConnectOptions {
  /** Hears, in a line, that Redis has gone and that it is back. */
  readonly tell: (line: string) => void
  /** Ends waiting for a Redis that does not answer. */
  readonly signal?: AbortSignal
  /** What `CLIENT LIST` calls the connection: letters, digits and `-_.:`. */
  readonly name?: string
}

/** A connection. Commands given while Redis is gone wait until it is back, and are sent again where no answer came. */
export class Connection {
  readonly url: string
  readonly bullmq: typeof import('bullmq')
  readonly redis: Redis
  readonly #onBack: (() => void)[] = []
  readonly #tell: (line: string) => void
  readonly #others: Redis[] = []

  private constructor(url: string, bullmq: Connection['bullmq'], redis: Redis, tell: (line: string) => void) {
    this.url = url
    this.bullmq = bullmq
    this.redis = redis
    this.#tell = tell
    this.#watch(tell)
    for (const [name, lua] of Object.entries(SCRIPTS)) redis.defineCommand(name, { lua })
  }

  /** Connects, and waits as long as nobody is there. Rejects with a RunError where Redis refuses, and when the signal is aborted. */
  static async open(url: string, { tell, signal, name }: ConnectOptions): Promise<Connection> {
    const { bullmq, Redis } = await libraries()
    const redis = new Redis(url, {
      // Commands wait, however long it takes.
      maxRetriesPerRequest: null,
      retryStrategy: times => Math.min(100 * 2 ** Math.min(times, 10), 2000),
      reconnectOnError: error => /READONLY/.test(error.message),
      keepAlive: 10_000,
      ...(name !== undefined && { connectionName: name }),
    })
    const connection = new Connection(url, bullmq, redis, tell)
    let give = (): void => {}
    try {
      await new Promise<void>((resolve, reject) => {
        redis.once('ready', resolve)
        redis.on('error', error => {
          if (REFUSED.test(error.message))
            reject(new RunError(`Redis at ${shownUrl(url)} refuses: ${error.message.replace(/\.+$/, '')}.`))
        })
        give = () => reject(new RunError(`Redis at ${shownUrl(url)} was not reached.`))
        if (signal?.aborted) give()
        signal?.addEventListener('abort', give, { once: true })
      })
    } catch (error) {
      connection.close()
      throw error
    } finally {
      signal?.removeEventListener('abort', give)
    }
    return connection
  }

  /** The queue of that name. What goes wrong with it is told of by the connection. */
  queue(name: string, options: Omit<QueueOptions, 'connection' | 'prefix'> = {}): Queue {
    const queue = new this.bullmq.Queue(name, { ...options, prefix: PREFIX, connection: this.redis })
    queue.on('error', () => {})
    return queue
  }

  /** Another connection to the same place, for commands that block. Closed with this one. */
  duplicate(): Redis {
    const redis = this.redis.duplicate()
    redis.on('error', () => {})
    this.#others.push(redis)
    return redis
  }

  /** Calls back whenever Redis is back after it was gone. */
  onBack(callback: () => void): void {
    this.#onBack.push(callback)
  }

  /** Runs one of the scripts. */
  script(name: ScriptName, keys: readonly string[], args: readonly (string | number | Buffer)[]): Promise<unknown> {
    const run = (this.redis as unknown as Record<string, (...args: readonly unknown[]) => Promise<unknown>>)[name]!
    return this.patient(() => run.call(this.redis, keys.length, ...keys, ...args))
  }

  /** Does it, again and again while Redis has no room or is not ready; so it must do no harm done twice. */
  async patient<T>(write: () => Promise<T>): Promise<T> {
    for (let told = false; ; told = true) {
      try {
        return await write()
      } catch (error) {
        if (!NOT_NOW.test((error as Error).message)) throw error
        if (!told) this.#tell(`Redis at ${shownUrl(this.url)} takes nothing (${(error as Error).message}); waiting for it.`)
        await delay(1000)
      }
    }
  }

  /** Ends without waiting for anything. */
  close(): void {
    for (const redis of [this.redis, ...this.#others]) redis.disconnect()
  }

  #watch(tell: (line: string) => void): void {
    const shown = shownUrl(this.url)
    let gone = false
    let closed = false
    let why = ''
    this.redis.on('error', error => {
      why = (error as NodeJS.ErrnoException).code ?? error.message
    })
    this.redis.on('end', () => {
      closed = true
    })
    // Told as it tries again, not as it ends: an end of our own is nothing to tell.
    this.redis.on('reconnecting', () => {
      if (gone || closed) return
      gone = true
      tell(`Redis at ${shown} cannot be reached${why === '' ? '' : ` (${withoutCredentials(why)})`}; waiting for it.`)
    })
    this.redis.on('ready', () => {
      if (!gone) return
      gone = false
      why = ''
      tell(`Redis at ${shown} is back.`)
      for (const callback of this.#onBack) callback()
    })
  }
}

/** What of Redis's settings does not suit a queue, a line each that says what to set; empty where it cannot be asked. */
export async function settingsNotes({ redis }: Connection): Promise<string[]> {
  const info = await redis.info().catch(() => '')
  const value = (name: string): string | undefined => new RegExp(`^${name}:(.*)$`, 'm').exec(info)?.[1]?.trim()
  const policy = value('maxmemory_policy')
  return [
    ...(policy !== undefined && policy !== 'noeviction'
      ? [`Redis may drop jobs when its memory is full (maxmemory-policy ${policy}); set: maxmemory-policy noeviction`]
      : []),
    ...(value('aof_enabled') === '0'
      ? ['Redis forgets answers that were paid for when it restarts (appendonly no); set: appendonly yes']
      : []),
  ]
}
