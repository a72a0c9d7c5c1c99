/**
 * Whole games at a fake server: what comes of our players' decisions there is what comes of the same decisions here, and what the fake
 * says is shaped as what `IBEX-TUDelft/IBEX-game_server` at 92735655 was recorded to say.
 */
import { readFileSync } from 'node:fs'
import { gunzipSync } from 'node:zlib'
import { expect, test } from 'vitest'
import type { RoundRecord } from '../../../envs/spatial_planning/session.ts'
import { sessionOf } from '../../../envs/spatial_planning/session.ts'
import { conducted, playedHere } from './conductor.ts'
import { economy, everybody, play, server } from './play.ts'

type Frame = { readonly type: string; readonly eventType?: string; readonly data?: unknown; readonly message?: unknown }

const recorded = (game: string): Frame[] =>
  JSON.parse(
    gunzipSync(readFileSync(new URL(`../../fixtures/ibex/live-${game}.frames.json.gz`, import.meta.url))).toString(),
  ).map(([, , frame]: [number, number, Frame]) => frame)

const kind = ({ type, eventType }: Frame): string => eventType ?? type

/** Whether a value has the fields and types of one that was recorded; of a list every member is as one of the recorded list's. */
function isLike(ours: unknown, recorded: unknown): boolean {
  if (Array.isArray(ours) && Array.isArray(recorded)) return ours.every(inner => recorded.some(other => isLike(inner, other)))
  if (ours === null || recorded === null || typeof ours !== 'object' || typeof recorded !== 'object')
    return ours === null || recorded === null ? ours === recorded : typeof ours === typeof recorded
  const keys = Object.keys(ours).sort()
  return (
    keys.join() === Object.keys(recorded).sort().join() && keys.every(key => isLike(ours[key as never], recorded[key as never]))
  )
}

/** What a round came to: decisions, trades in order, the choice, payoffs. */
function comeTo({ round, play, payoffs }: RoundRecord): unknown {
  const trades = (condition: 0 | 1) =>
    play.kind === 'land'
      ? play.markets[condition]?.events.flatMap(event =>
          event.kind === 'traded' ? [[event.buyer, event.seller, event.price]] : [],
        )
      : []
  return {
    round,
    chosen: play.chosen,
    trades: [trades(0), trades(1)],
    said:
      play.kind === 'land'
        ? [play.initial, play.final, play.selected, play.finalSelected]
        : [play.requests, play.offer, play.votes, play.messages],
    payoffs: payoffs!.map(payoff => Math.round(payoff * 1e6)),
  }
}

const cast = (bots: readonly string[]) => (agent: string, i: number) =>
  [agent, economy.bots[bots[i % bots.length]!]!.factory] as const

test.each([
  ['h', 'harberger', ['honest', 'opportunistic', 'deceptive']],
  ['f', 'futarchy', ['opportunistic', 'deceptive', 'honest']],
  ['v', 'voting', ['honest', 'deceptive', 'opportunistic']],
] as const)(
  'decisions of bots come to the same at the server as here, and it speaks as it was recorded: live-%s, %s',
  async (recording, treatment, bots) => {
    const game = { treatment, session: 5, rounds: 1, practice: treatment !== 'futarchy' }
    const config = { ...game, ticks: 2, chat_before: 1, chat_after: 1 }
    const seats = treatment === 'voting' ? 6 : 12
    const agents = economy.env.seats(economy.env.config.parse(config)).map(({ agent }) => agent)
    const here = playedHere(config, Object.fromEntries(agents.map(cast(bots))), 1)
    const { fake, url } = await server({ game })
    const player = conducted(here.parts, fake)
    const { result, decisions, report } = await play({ url, seats: everybody(seats, () => player), actEveryMs: 1 })

    expect(fake.session.rounds.map(comeTo)).toEqual(sessionOf(here.log).rounds.map(comeTo))
    // And the server paid each seat what the payoffs are worth.
    expect(result.outcomes.map(({ result }) => result!.reward)).toEqual(fake.session.paid!.euros)
    // Whoever was asked for one more turn when the bell rang had nothing to say.
    expect(decisions.filter(({ call, disposition }) => call !== null && disposition !== 'sent')).toEqual([])
    expect(report).toEqual(["Game 7: the server's results are those of our own rules for the same decisions."])

    const known = new Map<string, Frame[]>()
    for (const frame of recorded(recording)) known.set(kind(frame), [...(known.get(kind(frame)) ?? []), frame])
    const told = fake.frames.map(({ frame }) => frame as Frame)
    expect(told.filter(frame => !known.get(kind(frame))?.some(other => isLike(frame, other)))).toEqual([])
    // What it leaves out says its first comment.
    const left = ['profit', 'tax-income', 'total-profit']
    const kinds = new Set(told.map(kind))
    expect([...known.keys()].filter(type => !kinds.has(type) && !left.includes(type))).toEqual([])
  },
)
