/** The Redis of the tests, and whether there is one. */
import { hasRedis } from '../../bench/redis_server.ts'

export { type OwnRedis as TestRedis, startRedis } from '../../bench/redis_server.ts'

export const HAS_REDIS = hasRedis()
if (!HAS_REDIS)
  console.warn('skipped: no redis-server in the PATH, so nothing of the queue is tried (Debian: apt-get install redis-server)')
