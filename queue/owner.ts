/** Who collects a run: one process at a time, which says again and again that it is there. Knows Redis; knows nothing of what is collected. */
import { hostname } from 'node:os'
import { setTimeout as delay } from 'node:timers/promises'
import { RunError } from '../rollouts/errors.ts'
import { keysOf } from './keys.ts'
import type { Connection } from './redis.ts'

/** Seconds after which a collector that has not said so is taken to be gone. */
export const LEASE = 30
/** A process that collects. */
export interface Owner {
  readonly host: string
  readonly pid: number
}

/**
 * Becomes the one who collects the run: two would tear the results between them. Gives what is called to stop saying so. A RunError
 * where somebody else goes on saying it.
 */
export async function ownRun({ redis }: Connection, id: string, tell: (line: string) => void): Promise<() => void> {
  const { collector } = keysOf(id)
  const me = JSON.stringify({ host: hostname(), pid: process.pid } satisfies Owner)
  const deadline = Date.now() + (LEASE + 5) * 1000
  for (let told = false; (await redis.set(collector, me, 'EX', LEASE, 'NX')) === null; ) {
    const other = await redis.get(collector)
    if (other === null) continue
    const owner = JSON.parse(other) as Owner
    const { host, pid } = owner
    if (other === me || isGone(owner)) {
      await redis.del(collector)
      continue
    }
    if (Date.now() > deadline)
      throw new RunError(`Process ${pid} on ${host} collects this run; stop it first, or choose another folder with --out.`)
    if (!told) tell(`Process ${pid} on ${host} has collected this run; waiting whether it still does.`)
    told = true
    await delay(1000)
  }
  const renewal = setInterval(() => void redis.set(collector, me, 'EX', LEASE).catch(() => {}), (LEASE * 1000) / 3).unref()
  return () => {
    clearInterval(renewal)
    redis.del(collector).catch(() => {})
  }
}

/** Who collects a run; undefined where nobody does, as far as can be seen from here. */
export async function ownerOf({ redis }: Connection, id: string): Promise<Owner | undefined> {
  const said = await redis.get(keysOf(id).collector)
  const owner = said === null ? undefined : (JSON.parse(said) as Owner)
  return owner !== undefined && isGone(owner) ? undefined : owner
}

/** Whether it was a process of this machine, and is there no more. */
const isGone = ({ host, pid }: Owner): boolean => host === hostname() && !isAlive(pid)

/** Whether a process of this machine is there. */
function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM'
  }
}
