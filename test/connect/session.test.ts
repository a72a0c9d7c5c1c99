/** Deadlines, sending at most once, the newest state, pace, evidence and going on: whatever the protocol. On a clock of their own. */
import { readdirSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { listRuns, type Player, ProviderError } from '../../rollouts.ts'
import { atBooth, thinker } from './booth.ts'

const dispositions = (rows: readonly { readonly disposition: string }[]): string[] => rows.map(({ disposition }) => disposition)

describe('a deadline', () => {
  test('what comes in time is sent, with when it was asked, answered and sent', async () => {
    const { decisions, seen, results } = await atBooth({ a: [{ deadline: 10_000 }] }, clock => ({ a: thinker(clock, 1500) }))
    expect(seen.sent).toHaveLength(1)
    const [row] = decisions
    expect(row).toMatchObject({ disposition: 'sent', text: 'Taken.', attempt: 0 })
    expect(row!.answered_at! - row!.asked_at).toBe(1500)
    expect(row!.deadline! - row!.asked_at).toBe(10_000)
    expect(results[0]).toMatchObject({ seat: 'a', reward: 1, dispositions: { sent: 1 }, latency_ms: { median: 1500, p95: 1500 } })
  })

  test('what does not is never sent: the server is told at the deadline, and the player hears nothing came of it', async () => {
    let heard: readonly (readonly string[])[] = []
    const { decisions, seen } = await atBooth({ a: [{ deadline: 10_000 }, {}] }, clock => {
      const player = thinker(clock, 60_000)
      heard = player.heard
      return { a: player }
    })
    expect(dispositions(decisions)).toEqual(['timeout', 'sent'])
    expect(decisions[0]).toMatchObject({ call: null, text: 'no bid', sent_at: null })
    expect(decisions[1]!.asked_at - decisions[0]!.asked_at).toBe(10_000)
    expect(seen.lapsed).toEqual(['0'])
    expect(seen.sent.map(([, ask]) => ask)).toEqual(['1'])
    expect(heard).toEqual([[], []])
  })

  test('thinking ends two seconds and the seat’s own latency before it', async () => {
    const at = (ms: number) => atBooth({ a: [{}, { deadline: 20_000 }] }, clock => ({ a: thinker(clock, 3000, ms) }))
    expect(dispositions((await at(14_900)).decisions)).toEqual(['sent', 'sent'])
    expect(dispositions((await at(15_100)).decisions)).toEqual(['sent', 'timeout'])
  })

  test('but half of the time is the player’s', async () => {
    const at = (ms: number) => atBooth({ a: [{}, { deadline: 6000 }] }, clock => ({ a: thinker(clock, 30_000, ms) }))
    expect(dispositions((await at(2900)).decisions)).toEqual(['sent', 'sent'])
    expect(dispositions((await at(3100)).decisions)).toEqual(['sent', 'timeout'])
  })

  test('silence where a clock decides is an answer; where none does, the seat is asked again and then left', async () => {
    const silent = (): Player => ({
      name: 'silent',
      kind: 'bot',
      details: {},
      policies: () => () => ({ act: () => ({ calls: [] }) }),
    })
    const timed = await atBooth({ a: [{ deadline: 5000 }] }, () => ({ a: silent() }))
    expect(dispositions(timed.decisions)).toEqual(['silent'])
    expect(timed.seen.lapsed).toEqual(['0'])
    const open = await atBooth({ a: [{}] }, () => ({ a: silent() }))
    expect(dispositions(open.decisions)).toEqual(Array(6).fill('silent'))
    expect(open.run.sessions[0]!.outcomes[0]!.error!.code).toBe('stuck')
    expect(open.run.left).toBe(1)
    const market = await atBooth({ a: [{ repeatable: true }, { repeatable: true }] }, () => ({ a: silent() }))
    expect(dispositions(market.decisions)).toEqual(['silent', 'silent'])
  })
})

describe('the newest state', () => {
  test('a decision about a state that is gone is not sent', async () => {
    const { decisions, seen } = await atBooth({ a: [{ stale: true, repeatable: true }] }, clock => ({ a: thinker(clock) }))
    expect(dispositions(decisions)).toEqual(['superseded'])
    expect(seen.sent).toEqual([])
  })

  test.each(['superseded', 'timeout'] as const)('an ask that the server ends is %s, whatever is being thought', async why => {
    const { decisions, seen } = await atBooth({ a: [{ closed: { at: 1000, why } }, {}] }, clock => ({ a: thinker(clock, 5000) }))
    expect(dispositions(decisions)).toEqual([why, 'sent'])
    // The server has ended it itself.
    expect(seen.lapsed).toEqual([])
    expect(decisions[1]!.asked_at - decisions[0]!.asked_at).toBe(1000)
  })
})

describe('sending', () => {
  const sent = async (answers: readonly 'unknown'[], reconciled: 'taken' | 'open' | 'closed') =>
    atBooth({ a: [{ answers, reconciled, repeatable: true }] }, clock => ({ a: thinker(clock) }))

  test('what was lost on the way back is not sent again', async () => {
    const { decisions, seen } = await sent(['unknown'], 'taken')
    expect(seen.sent).toHaveLength(1)
    expect(decisions[0]).toMatchObject({ disposition: 'unknown', reconciled: 'taken', acknowledged_at: null })
  })

  test('nor where nobody knows', async () => {
    expect((await sent(['unknown'], 'closed')).seen.sent).toHaveLength(1)
  })

  test('only on the server’s word that nothing has come is it, three times at most', async () => {
    expect(dispositions((await sent(['unknown'], 'open')).decisions)).toEqual(['sent'])
    const { seen, decisions } = await sent(['unknown', 'unknown', 'unknown'], 'open')
    expect(seen.sent).toHaveLength(3)
    expect(dispositions(decisions)).toEqual(['unknown'])
  })

  test('what the server refuses is told at the next attempt; further calls of the message are not sent', async () => {
    const heard: string[][] = []
    const two: Player = {
      name: 'two',
      kind: 'bot',
      details: {},
      policies: () => () => ({
        act({ results }) {
          heard.push(results.map(({ text }) => text))
          return { calls: [1, 2].map(amount => ({ tool: 'bid', args: { amount } })) }
        },
      }),
    }
    const { decisions, seen } = await atBooth({ a: [{ answers: [{ ok: false, text: 'Too low.' }] }] }, () => ({ a: two }))
    expect(heard[1]).toEqual(['Too low.', 'Not carried out: an earlier call of the message was not.'])
    expect(decisions.map(({ attempt, disposition }) => [attempt, disposition])).toEqual([
      [0, 'refused'],
      [1, 'sent'],
      [1, 'sent'],
    ])
    expect(seen.sent).toHaveLength(3)
  })

  test('what the gate refuses never reaches the server', async () => {
    const wild: Player = {
      name: 'wild',
      kind: 'bot',
      details: {},
      policies: () => () => ({ act: () => ({ calls: [{ tool: 'bid', args: { amount: 99 } }] }) }),
    }
    const { decisions, seen } = await atBooth({ a: [{ deadline: 5000 }] }, () => ({ a: wild }))
    expect(dispositions(decisions)).toEqual(['refused', 'refused'])
    expect(seen.sent).toEqual([])
    expect(seen.lapsed).toEqual(['0'])
  })

  test('with a pace, quick and slow players send at the same time', async () => {
    const { decisions } = await atBooth({ a: [{}], b: [{}] }, clock => ({ a: thinker(clock, 0), b: thinker(clock, 3000) }), {
      paceMs: 5000,
    })
    expect(decisions.map(({ asked_at, sent_at }) => sent_at! - asked_at)).toEqual([5000, 5000])
  })
})

describe('a seat that fails', () => {
  const failing = (): Player => ({
    name: 'failing',
    kind: 'model',
    details: {},
    policies: () => () => ({
      act() {
        throw new ProviderError('no answer', { code: 'timeout', status: null, attempts: 1 })
      },
    }),
  })

  test('is left where nothing goes on without it, and the others play on', async () => {
    const { run, results, folder } = await atBooth({ a: [{}], b: [{}, {}] }, clock => ({
      a: failing(),
      b: thinker(clock, 100, 100),
    }))
    expect(run.sessions[0]!.outcomes.map(({ seat, error, result }) => [seat, error?.code ?? result!.stop])).toEqual([
      ['a', 'timeout'],
      ['b', 'finished'],
    ])
    expect(run.left).toBe(1)
    expect(results.map(({ seat }) => seat)).toEqual(['b'])
    expect(readFileSync(join(folder, 'errors.jsonl'), 'utf8')).toContain('"message":"no answer"')
  })

  test('loses one decision where a clock goes on', async () => {
    const { run, decisions } = await atBooth({ a: [{ deadline: 5000 }, { deadline: 5000 }] }, () => ({ a: failing() }))
    expect(dispositions(decisions)).toEqual(['timeout', 'timeout'])
    expect(run.left).toBe(0)
  })
})

describe('the folder', () => {
  test('is gone on with by the same players: they are put before what they were asked, and nothing is sent twice', async () => {
    const counting = (): Player => ({
      name: 'counting',
      kind: 'bot',
      details: {},
      policies: () => () => {
        let turns = 0
        return { act: () => ({ calls: [{ tool: 'bid', args: { amount: ++turns } }] }) }
      },
    })
    const done = {}
    const stopping = new AbortController()
    const puts = { a: [{}, {}, {}, {}] }
    const first = await atBooth(puts, () => ({ a: counting() }), {
      done,
      signal: stopping.signal,
      onEvent: (_session, event) => {
        if (event.kind === 'decided' && event.row.t === 1) stopping.abort(new Error('stopped'))
      },
    })
    expect(first.run.left).toBe(1)
    const { folder } = first
    await expect(atBooth(puts, () => ({ a: counting() }), { folder })).rejects.toThrow('go on with it with --resume')
    await expect(atBooth(puts, clock => ({ a: thinker(clock) }), { folder, resume: true })).rejects.toThrow(
      "seat a is counting's",
    )
    const { run, seen, results, decisions } = await atBooth(puts, () => ({ a: counting() }), { folder, resume: true, done })
    expect(run.left).toBe(0)
    expect(seen.retaken).toEqual(['a'])
    const amounts = decisions.map(({ call }) => (call!.args as { amount: number }).amount)
    expect(amounts).toEqual([...new Set(amounts)])
    expect(amounts.at(-1)).toBe(amounts.length)
    expect(results).toHaveLength(1)
    expect((await atBooth(puts, () => ({ a: counting() }), { folder, resume: true, done })).seen.sent).toEqual([])
  })

  test('holds no secret but in connection.json, and is no run of ours to those who list runs', async () => {
    const { folder } = await atBooth({ a: [{}] }, clock => ({ a: thinker(clock) }))
    expect(statSync(join(folder, 'connection.json')).mode & 0o777).toBe(0o600)
    const holding = readdirSync(folder).filter(
      name => name !== 'lock' && readFileSync(join(folder, name), 'utf8').includes('code-of-a'),
    )
    expect(holding).toEqual(['connection.json'])
    expect(readFileSync(join(folder, 'wire.jsonl'), 'utf8')).toContain('"as":"(seat a)"')
    expect(listRuns(folder)).toEqual([])
  })
})
