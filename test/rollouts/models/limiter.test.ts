/** How many calls may be in flight and how fast they may follow: how the limit grows, what halves it, and what the models of a run share. */
import { describe, expect, test } from 'vitest'
import { Limiters, type Permit } from '../../../rollouts/models/limiter.ts'
import { NO_PACE, Pacer, spacing } from '../../../rollouts/models/pace.ts'

const never = (): AbortSignal => new AbortController().signal

/** Takes as many places as the limiter gives now. */
async function fill(limiters: Limiters, name: string, most = 1000): Promise<Permit[]> {
  const permits: Permit[] = []
  const limiter = limiters.of(name)
  const pending = Array.from({ length: most }, () => limiter.acquire(never()).then(permit => permits.push(permit)))
  await new Promise(resolve => setImmediate(resolve))
  // Those still waiting are granted later, when places are given back.
  void Promise.allSettled(pending)
  return permits
}

test('it starts at twenty calls and doubles with every full round of answers until the first rate limit', async () => {
  const limiters = new Limiters(1000)
  const first = await fill(limiters, 'm')
  expect(first).toHaveLength(20)
  for (const permit of first.splice(0)) permit.release('answered')
  await new Promise(resolve => setImmediate(resolve))
  expect(limiters.of('m').state).toMatchObject({ limit: 40, inFlight: 40 })
})

test('rate limits of calls that were in flight together halve it once, later ones again, down to one', async () => {
  const limiters = new Limiters(20)
  const permits = await fill(limiters, 'm', 20)
  for (const permit of permits) permit.release('limited')
  expect(limiters.of('m').state).toMatchObject({ limit: 10, limited: 20 })
  for (const expected of [5, 2, 1, 1]) {
    const [permit] = await fill(limiters, 'm', 1)
    permit!.release('limited')
    expect(limiters.of('m').state.limit).toBe(expected)
  }
})

test('after a rate limit it grows by one per round of answers, and only when it is used to the full', async () => {
  const limiters = new Limiters(20)
  const all = await fill(limiters, 'm', 20)
  for (const [i, permit] of all.entries()) permit.release(i === 0 ? 'limited' : 'failed')
  expect(limiters.of('m').state.limit).toBe(10)
  // One call at a time never fills ten places.
  for (let i = 0; i < 50; i++) (await fill(limiters, 'm', 1))[0]!.release('answered')
  expect(limiters.of('m').state.limit).toBe(10)
  const permits = await fill(limiters, 'm', 1000)
  expect(permits).toHaveLength(10)
  for (let i = 0; i < 11; i++) {
    permits.shift()!.release('answered')
    await new Promise(resolve => setImmediate(resolve))
  }
  expect(limiters.of('m').state.limit).toBe(11)
})

test('all models together stay under the ceiling and take turns at it', async () => {
  const limiters = new Limiters(10)
  const a = await fill(limiters, 'a')
  const b = await fill(limiters, 'b')
  expect([a.length, b.length]).toEqual([10, 0])
  for (const permit of a.splice(0, 4)) permit.release('answered')
  await new Promise(resolve => setImmediate(resolve))
  expect(limiters.of('a').state.inFlight + limiters.of('b').state.inFlight).toBe(10)
  expect(limiters.of('b').state.inFlight).toBe(2)
})

test('whoever stops waiting leaves the queue, and the next is served', async () => {
  const limiters = new Limiters(1)
  const [held] = await fill(limiters, 'm', 1)
  const stop = new AbortController()
  const quitter = limiters.of('m').acquire(stop.signal)
  const patient = limiters.of('m').acquire(never())
  stop.abort(new Error('no more'))
  await expect(quitter).rejects.toThrow('no more')
  expect(limiters.of('m').state.waiting).toBe(1)
  held!.release('answered')
  ;(await patient).release('answered')
  expect(limiters.of('m').state).toMatchObject({ inFlight: 0, waiting: 0 })
})

describe('a refusal', () => {
  /** So many calls end one after the other while more are waiting than ever fit; gives the limit after each. */
  async function ended(
    limiters: Limiters,
    many: number,
    refused: (n: number, inFlight: number) => boolean,
    exhausted?: boolean,
  ): Promise<number[]> {
    const permits = await fill(limiters, 'm', many + 1000)
    const limits: number[] = []
    for (let n = 0; n < many; n++) {
      const { inFlight } = limiters.of('m').state
      permits.shift()!.release(refused(n, inFlight) ? 'limited' : 'answered', exhausted)
      await Promise.resolve()
      await Promise.resolve()
      limits.push(limiters.of('m').state.limit)
    }
    return limits
  }

  test('now and then between answers is no load: the limit keeps growing', async () => {
    const limiters = new Limiters(64)
    const limits = await ended(limiters, 1000, n => n % 25 === 20)
    expect(limits.at(-1)).toBe(64)
    expect(limits.every((limit, i) => i === 0 || limit >= limits[i - 1]!)).toBe(true)
    expect(limiters.of('m').state.limited).toBe(40)
  })

  test('among more than a fifth of the answers is load', async () => {
    expect((await ended(new Limiters(64), 600, n => n % 3 === 2)).at(-1)).toBeLessThan(5)
  })

  test('that says nothing is left is load at once, one that says something is left never', async () => {
    const left = new Limiters(20)
    expect((await ended(left, 31, n => n === 30, true)).at(-1)).toBe(10)
    expect((await ended(new Limiters(20), 100, () => true, false)).at(-1)).toBe(20)
  })

  test('before anything was answered halves the limit, which is restored once where no load follows', async () => {
    const limits = await ended(new Limiters(20), 60, n => n === 0)
    expect([limits[0], limits.at(-1)]).toEqual([10, 20])
  })

  test('of a server with ten places finds about as many', async () => {
    const limits = await ended(new Limiters(100), 2000, (n, inFlight) => n % inFlight >= 10)
    const late = limits.slice(500)
    expect(Math.max(...late)).toBeLessThanOrEqual(14)
    expect(late.reduce((sum, limit) => sum + limit, 0) / late.length).toBeGreaterThan(7)
  })

  test('is taken for a mistake after two rounds of answers, and the limit doubles on from where it was', async () => {
    const limits = await ended(new Limiters(64), 60, n => n === 0)
    // Ten places, ten answers a round, and a place more each round.
    expect(limits.slice(0, 20).every(limit => limit <= 12)).toBe(true)
    expect(limits[25]).toBeGreaterThanOrEqual(20)
    expect(limits.at(-1)! - limits[30]!).toBe(29)
  })

  test('that comes again after that is believed, until a calm', async () => {
    const load = (from: number) => (n: number) => n === 0 || (n >= from && n < from + 12)
    const soon = await ended(new Limiters(20), 200, load(40))
    expect([soon[39], soon[52]! < 20, soon.at(-1)! < 20]).toEqual([20, true, true])
    const later = await ended(new Limiters(20), 600, load(450))
    expect([later[449], later[462]! < 20, later.at(-1)]).toEqual([20, true, 20])
  })

  test('of exactly a fifth is no load, and what was long ago counts less', async () => {
    expect((await ended(new Limiters(20), 20, n => n === 4 || n === 9)).at(-1)).toBe(20)
    expect((await ended(new Limiters(20), 20, n => n === 3))[3]).toBe(10)
    // After two hundred answers, refusals of every second of forty are load all the same.
    const late = await ended(new Limiters(20), 240, n => n >= 200 && n % 2 === 0)
    expect([late[199], late.at(-1)! < 20]).toEqual([20, true])
  })

  test('of a call that was under way before the limit was halved says nothing new, nor does its answer', async () => {
    const limiters = new Limiters(20)
    const permits = await fill(limiters, 'm', 20)
    permits.shift()!.release('limited')
    for (const permit of permits.splice(0, 10)) permit.release('answered')
    for (const permit of permits) permit.release('limited')
    expect(limiters.of('m').state).toMatchObject({ limit: 10, limited: 10, inFlight: 0 })
    // The next is the first outcome at the new limit.
    const [next] = await fill(limiters, 'm', 1)
    next!.release('limited')
    expect(limiters.of('m').state.limit).toBe(5)
  })

  test('that says nothing is left is not doubted', async () => {
    const limits = await ended(new Limiters(20), 1, () => true, true)
    expect(limits).toEqual([10])
    const after = await ended(new Limiters(20), 60, n => n === 0, true)
    expect(after.at(-1)).toBeLessThan(20)
  })
})

test('a limit never passes the ceiling, and one that is not used to the full does not grow', async () => {
  const few = new Limiters(3)
  expect(few.of('m').state.limit).toBe(3)
  for (const permit of await fill(few, 'm', 3)) permit.release('answered')
  expect(few.of('m').state.limit).toBe(3)
  const many = new Limiters(100)
  for (const permit of await fill(many, 'm', 18)) permit.release('answered')
  expect(many.of('m').state.limit).toBe(20)
  const [permit, ...others] = await fill(many, 'm', 20)
  permit!.release('answered')
  expect(many.of('m').state.limit).toBe(21)
  for (const each of others) each.release('failed')
  expect(many.of('m').state).toEqual({ limit: 21, inFlight: 0, waiting: 0, limited: 0 })
  expect([...many.states]).toEqual([['m', { limit: 21, inFlight: 0, waiting: 0, limited: 0 }]])
  expect(many.of('m')).toBe(many.of('m'))
})

test('who asks after it was stopped never waits', async () => {
  const limiters = new Limiters(5)
  await expect(limiters.of('m').acquire(AbortSignal.abort(new Error('over')))).rejects.toThrow('over')
  expect(limiters.of('m').state).toMatchObject({ inFlight: 0, waiting: 0 })
  // Nor is a place lost that was granted before.
  const stop = new AbortController()
  const permit = await limiters.of('m').acquire(stop.signal)
  stop.abort()
  expect(limiters.of('m').state).toMatchObject({ inFlight: 1, waiting: 0 })
  permit.release('failed')
  expect(limiters.of('m').state.inFlight).toBe(0)
})

describe('the pace', () => {
  test('spaces the requests to one endpoint evenly, from the first on, and those to another apart', async () => {
    let now = 5000
    const waits: number[] = []
    const clock = {
      now: () => now,
      random: () => 0,
      after(ms: number, callback: () => void) {
        waits.push(ms)
        callback()
        return () => {}
      },
    }
    expect(spacing(60)).toBe(1000)
    const pacer = new Pacer(60, clock)
    const { signal } = new AbortController()
    for (let i = 0; i < 3; i++) await pacer.wait('a', signal)
    await pacer.wait('b', signal)
    expect(waits).toEqual([1000, 2000])
    now = 7500
    await pacer.wait('a', signal)
    expect(waits).toEqual([1000, 2000, 500])
    // Nothing is saved up for later.
    now = 60_000
    await pacer.wait('a', signal)
    await pacer.wait('a', signal)
    expect(waits).toEqual([1000, 2000, 500, 1000])
    await expect(pacer.wait('a', AbortSignal.abort(new Error('over')))).rejects.toThrow('over')
    await NO_PACE.wait('a', AbortSignal.abort())
  })
})
