/**
 * A run through a queue, opened for `runExperiment({elsewhere})`. Knows what a manifest and a collector need; plays nothing.
 */
import { UserError } from '../envs/core/errors.ts'
import type { Elsewhere } from '../rollouts/batch.ts'
import { Collector } from './collector.ts'
import { limitsOf, type ManifestOptions, manifestOf } from './manifest.ts'
import { Connection, checkedUrl, settingsNotes } from './redis.ts'

/** Rollouts of scripted play in one job by default. */
const BATCH = 32

export interface QueueOptions extends Omit<ManifestOptions, 'batch'> {
  /** `redis://` or `rediss://`, with a password where Redis wants one. */
  readonly url: string
  /** Rollouts of scripted play in one job; 32 by default. A rollout of a model is a job of its own. */
  readonly batch?: number
  /** Whether parts of the run that lie in the folder of `results` are gone on with; a UserError otherwise. */
  readonly resume?: boolean
  /** Rollouts that are queued ahead, or played and not filed, at most; 4096 by default. */
  readonly ahead?: number
  /** Hears, in a line, what goes on with Redis. */
  readonly tell: (line: string) => void
  readonly signal?: AbortSignal
}

/** A run whose rollouts workers play. */
export interface QueuedRun {
  readonly elsewhere: Elsewhere
  /** What the run is called in the queue. */
  readonly id: string
  /** Results that came twice and were dropped. */
  readonly doubles: number
  /** Removes the run from Redis: what came of it lies in its folders. */
  close(): Promise<void>
  /** Leaves the run in Redis for a later collector. */
  leave(): void
}

/** Opens a run. A UserError where it cannot be played by others, a RunError where Redis refuses or somebody else collects it. */
export async function openQueue({
  url,
  batch = BATCH,
  ahead,
  resume = false,
  tell,
  signal,
  ...options
}: QueueOptions): Promise<QueuedRun> {
  const manifest = manifestOf({ ...options, batch })
  const connection = await Connection.open(checkedUrl(url, '--queue'), {
    tell,
    name: 'agoragym-collector',
    ...(signal !== undefined && { signal }),
  })
  const collector = new Collector({
    connection,
    manifest,
    limits: limitsOf(options.models),
    planned: options.planned,
    resume,
    tell,
    ...(ahead !== undefined && { ahead }),
  })
  try {
    for (const note of await settingsNotes(connection)) tell(note)
    await collector.open()
  } catch (error) {
    connection.close()
    throw error
  }
  return {
    elsewhere: collector,
    id: collector.id,
    get doubles() {
      return collector.doubles
    },
    close: async () => {
      await collector.close()
      connection.close()
    },
    leave: () => {
      collector.leave()
      setTimeout(() => connection.close(), 100).unref()
    },
  }
}

/** The URL of a queue: as it was given, or from the environment. A UserError where there is none. */
export function queueUrl(given: string | undefined, env: Readonly<Record<string, string | undefined>>): string {
  const url = given === undefined || given === 'env' ? env[VARIABLE] : given
  if (url === undefined || url === '')
    throw new UserError(`No queue is named: give --queue redis://HOST:PORT, or set ${VARIABLE} and give --queue env.`)
  return checkedUrl(url, given === undefined || given === 'env' ? VARIABLE : '--queue')
}

/** The variable that names a queue where a command line should not. */
const VARIABLE = 'AGORAGYM_QUEUE'
