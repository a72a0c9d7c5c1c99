/** A server that has served 10,000 sessions is no larger than one that has served 2,000; in every protocol. */
import { fork } from 'node:child_process'
import { join } from 'node:path'
import { expect, test } from 'vitest'

const SESSIONS = 10_000

test('memory is flat over 10,000 sessions', async () => {
  const child = fork(join(import.meta.dirname, 'serve_process.mjs'), { execArgv: ['--expose-gc'] })
  const told = await new Promise<readonly { sessions: number; heap: number; rss: number }[]>(resolve =>
    child.once('message', message => resolve(message as never)),
  )
  child.kill()
  for (const { sessions, heap, rss } of told)
    console.log(`${sessions} sessions: heap ${(heap / 1e6).toFixed(1)} MB, resident ${(rss / 1e6).toFixed(0)} MB`)
  expect(told.at(-1)!.sessions).toBe(SESSIONS)
  const [early, late] = [told[1]!, told.at(-1)!]
  // A session that was kept would be 10 kB at the least.
  expect(late.heap - early.heap).toBeLessThan((late.sessions - early.sessions) * 1000)
})
