/** Taking a run out of Redis. Knows keys; knows nothing of what they hold. */
import { keysOf, NEWS, PREFIX, RUNS } from './keys.ts'
import type { Connection } from './redis.ts'

/** Removes all that Redis holds of a run, answers that were paid for included. */
export async function clearRun(connection: Connection, id: string): Promise<void> {
  const { redis } = connection
  await redis.hdel(RUNS, id)
  await redis.xadd(NEWS, 'MAXLEN', '~', '1000', '*', 'over', id)
  await connection.queue(id).obliterate({ force: true })
  await removeKeys(redis, keysOf(id).base)
}

/** Removes what a worker has still written of a run that is over. */
export async function sweepRun(connection: Connection, id: string): Promise<void> {
  const { manifest, base } = keysOf(id)
  await connection.script('agoragymSweep', [manifest], [base, `${PREFIX}:${id}:`])
}

async function removeKeys(redis: Connection['redis'], base: string): Promise<void> {
  for await (const keys of redis.scanStream({ match: `${base}*`, count: 1000 }))
    if ((keys as string[]).length > 0) await redis.unlink(...(keys as string[]))
}
