/** Whole games at a fake server: what comes of our players' decisions there is what comes of the same decisions here. */
import { describe, expect, test } from 'vitest'
import type { RoundRecord } from '../../../envs/spatial_planning/session.ts'
import { sessionOf } from '../../../envs/spatial_planning/session.ts'
import { conducted, playedHere } from './conductor.ts'
import { economy, everybody, play, server } from './play.ts'

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

describe('decisions of bots in a game that was played here', () => {
  const cast = (bots: readonly string[]) => (agent: string, i: number) =>
    [agent, economy.bots[bots[i % bots.length]!]!.factory] as const
  test.each([
    ['harberger', ['honest', 'opportunistic', 'deceptive']],
    ['futarchy', ['opportunistic', 'deceptive', 'honest']],
    ['voting', ['honest', 'deceptive', 'opportunistic']],
  ] as const)('come to the same at the server: %s', async (treatment, bots) => {
    const game = { treatment, session: 5, rounds: 1, practice: true }
    const config = { ...game, ticks: 2, chat_before: 1, chat_after: 1 }
    const seats = treatment === 'voting' ? 6 : 12
    const agents = economy.env.seats(economy.env.config.parse(config)).map(({ agent }) => agent)
    const here = playedHere(config, Object.fromEntries(agents.map(cast(bots))), 1)
    const { fake, url } = await server({ game })
    const player = conducted(here.parts, fake)
    const { result, decisions, report } = await play({ url, seats: everybody(seats, () => player), actEveryMs: 1 })

    const rounds = sessionOf(here.log).rounds
    expect(fake.session.rounds.map(comeTo)).toEqual(rounds.map(comeTo))
    // And the server paid each seat what the payoffs are worth.
    const paid = fake.session.paid!
    expect(result.outcomes.map(({ result }) => result!.reward)).toEqual(paid.euros)
    // Whoever was asked for one more turn when the bell rang had nothing to say.
    expect(decisions.filter(({ call, disposition }) => call !== null && disposition !== 'sent')).toEqual([])
    expect(report).toEqual(["Game 7: the server's results are those of our own rules for the same decisions."])
  })
})
