/**
 * A server in this process for the tests of sessions: puts asks to each seat as a test lays down, on a clock that jumps to whatever
 * comes next. Knows no protocol.
 */
import { mkdtempSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { anyBots } from '../../bots.ts'
import {
  type Adapter,
  type Ask,
  type ConnectedRunOptions,
  connectedRun,
  type LinkEvent,
  readDecisions,
  readSeatResults,
  readTurns,
  type Server,
} from '../../connect.ts'
import { type Call, type CallResult, type Turn, z } from '../../index.ts'
import type { Clock } from '../../rollouts/models/retry.ts'
import type { Player } from '../../rollouts.ts'

/** Time that goes on only when everybody waits for it: then it is at once what the next one waits for. */
export function jumpingClock(): Clock {
  let now = 1_000_000
  let timers: { readonly at: number; readonly callback: () => void }[] = []
  let idle = 0
  let running = false
  const pump = (): void => {
    // Several turns of the loop without a new timer: whoever could go on has done so.
    if (idle++ < 20) {
      setImmediate(pump)
      return
    }
    const next = timers.reduce<(typeof timers)[number] | undefined>(
      (least, each) => (least === undefined || each.at < least.at ? each : least),
      undefined,
    )
    if (next === undefined) {
      running = false
      return
    }
    timers = timers.filter(each => each !== next)
    now = Math.max(now, next.at)
    idle = 0
    next.callback()
    setImmediate(pump)
  }
  return {
    now: () => now,
    random: () => 0.5,
    after(ms, callback) {
      const timer = { at: now + ms, callback }
      timers.push(timer)
      idle = 0
      if (!running) {
        running = true
        setImmediate(pump)
      }
      return () => {
        timers = timers.filter(each => each !== timer)
      }
    },
  }
}

/** One ask of a seat. Milliseconds are counted from when it is put. */
export interface Put {
  readonly id?: string
  readonly deadline?: number
  readonly repeatable?: boolean
  /** When the server says that it is over, and why. */
  readonly closed?: { readonly at: number; readonly why: 'timeout' | 'superseded' }
  /** What each sending is answered, in order; taken by default. */
  readonly answers?: readonly (CallResult | 'unknown')[]
  readonly reconciled?: 'taken' | 'open' | 'closed'
  /** Whether the state has moved on by the time of sending. */
  readonly stale?: boolean
}

const bid = {
  kind: 'act' as const,
  description: 'Bids.',
  args: z.strictObject({ amount: z.int().min(0).max(10).describe('points') }),
  candidates: () => [{ amount: 1 }, { amount: 2 }],
}
const env: Server['economy']['env'] = {
  id: 'booth',
  summary: 'Bid whenever asked.',
  seats: () => [{ agent: 'bidder', role: 'bidder', learner: true }],
  tools: () => ({ bid }),
  turn: () => ({ maxCalls: 2, repairs: 1, onSilence: 'pass' }),
  rules: () => 'Bid whenever you are asked.',
  render: ({ ask }) => `Ask ${ask}.`,
}

/** What the server saw: by seat, what was sent and which asks it had to end itself. */
export interface Seen {
  readonly sent: [seat: string, ask: string, call: Call][]
  readonly lapsed: string[]
  /** The link's seats that were taken again. */
  readonly retaken: string[]
}

export function booth(
  puts: Readonly<Record<string, readonly Put[]>>,
  clock: Clock,
  seen: Seen,
  done: Record<string, number> = {},
): Adapter {
  return {
    id: 'booth',
    async open({ seat, resume }, wire) {
      wire.secret(`code-of-${seat}`, `(seat ${seat})`)
      if (resume !== undefined) seen.retaken.push(seat)
      let ended = (): void => {}
      let sendings = 0
      const put = (): Put => puts[seat]![done[seat]!]!
      done[seat] ??= 0
      return {
        env,
        config: {},
        seat: { agent: `bidder_${seat}`, role: 'bidder' },
        identity: `bidder ${seat}`,
        resume: { code: `code-of-${seat}` },
        async *events(signal): AsyncGenerator<LinkEvent> {
          while (done[seat]! < puts[seat]!.length) {
            signal.throwIfAborted()
            const { id = `${done[seat]}`, deadline, repeatable = false, closed, stale = false } = put()
            const check: Ask['check'] = call => {
              const { tool, args } = call as Call
              const parsed = bid.args.safeParse(args)
              return parsed.success
                ? { ok: true, action: { tool, args: parsed.data } }
                : { ok: false, tool, refusal: { code: 'bad_arguments', message: 'bad' } }
            }
            const ask: Ask = {
              id,
              t: done[seat]!,
              observation: { ask: id },
              offered: ['bid'],
              check,
              recheck: call => (stale ? { ok: false, tool: 'bid', refusal: { code: 'gone', message: 'gone' } } : check(call)),
              deadline: deadline === undefined ? null : clock.now() + deadline,
              repeatable,
              fallback: 'no bid',
            }
            sendings = 0
            const isOver = new Promise<'ended'>(resolve => {
              ended = () => resolve('ended')
            })
            yield { kind: 'due', ask }
            const stopped = new Promise<'stopped'>(resolve =>
              signal.addEventListener('abort', () => resolve('stopped'), { once: true }),
            )
            if (closed !== undefined) {
              const early = await Promise.race([
                isOver,
                stopped,
                new Promise<'due'>(resolve => clock.after(closed.at, () => resolve('due'))),
              ])
              if (early === 'due') yield { kind: 'closed', id, why: closed.why, text: 'It is over.' }
            }
            await Promise.race([isOver, stopped])
            signal.throwIfAborted()
            done[seat]!++
          }
          yield {
            kind: 'over',
            result: { reward: done[seat]!, stop: 'finished', metrics: {}, info: {}, report: [`${seat} is over.`] },
          }
        },
        async send(ask, call) {
          wire('out', { call, as: `code-of-${seat}` })
          seen.sent.push([seat, ask.id, call])
          return put().answers?.[sendings++] ?? { ok: true, text: 'Taken.' }
        },
        reconcile: async () => put().reconciled ?? 'closed',
        lapse: async ask => void seen.lapsed.push(ask.id),
        ended: () => ended(),
        close: () => {},
      }
    },
  }
}

/** Bids 1 after so many milliseconds of thinking at each of its turns, in order; then at once. */
export function thinker(clock: Clock, ...thinks: readonly number[]): Player & { readonly heard: string[][] } {
  const heard: string[][] = []
  return {
    name: 'thinker',
    kind: 'bot',
    details: {},
    heard,
    policies: () => () => {
      let turn = 0
      return {
        act({ results }: Turn<never>) {
          heard.push(results.map(({ text }) => text))
          const ms = thinks[turn++] ?? 0
          return new Promise(resolve => clock.after(ms, () => resolve({ calls: [{ tool: 'bid', args: { amount: 1 } }] })))
        },
      }
    },
  }
}

export async function atBooth(
  puts: Readonly<Record<string, readonly Put[]>>,
  players: (clock: Clock) => Readonly<Record<string, Player>>,
  {
    folder = mkdtempSync(join(tmpdir(), 'agoragym-booth-')),
    done = {},
    settle,
    ...more
  }: Partial<ConnectedRunOptions> & { readonly done?: Record<string, number>; readonly settle?: Adapter['settle'] } = {},
) {
  const clock = jumpingClock()
  const seen: Seen = { sent: [], lapsed: [], retaken: [] }
  const hosted = ({ repeat }: { readonly repeat: number }) => ({
    id: `hall-${repeat}`,
    adapter: { ...booth(puts, clock, seen, repeat === 0 ? done : {}), ...(settle !== undefined && { settle }) },
  })
  const run = await connectedRun({
    server: {
      protocol: 'booth',
      address: 'memory',
      economy: { env, bots: anyBots },
      facts: {},
      begin: async repeat => hosted({ repeat }),
      again: async known => hosted(known),
    },
    seats: players(clock),
    folder,
    repeats: 1,
    concurrency: 1,
    resume: false,
    signal: new AbortController().signal,
    clock,
    ...more,
  })
  return {
    run,
    folder,
    seen,
    decisions: [...readDecisions(folder)],
    turns: [...readTurns(folder)],
    results: [...readSeatResults(folder)],
  }
}
