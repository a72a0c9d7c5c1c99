/** The laboratory's recorded games come out as they did: through the formulas alone, and played in an episode. */
import { describe, expect, test } from 'vitest'
import { config as schema } from '../../../envs/spatial_planning/config.ts'
import { spatialPlanning } from '../../../envs/spatial_planning/index.ts'
import { type Book, median7, post, refusePost, refuseTake, take } from '../../../envs/spatial_planning/market.ts'
import { PAYMENT, rosterOf } from '../../../envs/spatial_planning/roster.ts'
import { finishedRounds, sessionOf } from '../../../envs/spatial_planning/session.ts'
import {
  decideByMedian,
  decideBySum,
  decideByVote,
  dividendOf,
  eurosOf,
  publicSignal,
  settle,
  settleVote,
  speculate,
} from '../../../envs/spatial_planning/settlement.ts'
import { endowedBook } from '../../../envs/spatial_planning/state.ts'
import { total } from '../../../envs/spatial_planning/stimuli.ts'
import type { SpatialTypes } from '../../../envs/spatial_planning/types.ts'
import { type Call, type Decision, Episode } from '../../../index.ts'
import { futarchyGame, harbergerGame, type RecordedMarketGame, votingGame } from './recorded_games.ts'

const games = [
  ['harberger', harbergerGame],
  ['futarchy', futarchyGame],
] as const

/** Runs the recorded orders through fresh books; gives the books and the medians after each trade. */
function trade(game: RecordedMarketGame): { books: [Book, Book]; medians: [number[], number[]] } {
  const config = schema.parse(game.config)
  const books: [Book, Book] = [endowedBook(config), endowedBook(config)]
  const medians: [number[], number[]] = [[], []]
  for (const { player, side, condition, price } of game.orders) {
    const book = books[condition]
    const before = book.traded
    const refused = price === undefined ? refuseTake(book, player, side, undefined) : refusePost(book, player, side, price)
    expect(refused).toBeUndefined()
    if (price === undefined) take(book, player, side, 1)
    else post(book, player, side, price, 1)
    if (book.traded > before) medians[condition].push(median7(book)!)
  }
  return { books, medians }
}

const buyers = (plots: number, selected: Readonly<Record<number, readonly number[]>>): number[][] =>
  Array.from({ length: plots }, (_, plot) =>
    Object.keys(selected)
      .map(Number)
      .filter(player => selected[player]!.includes(plot)),
  )

const sorted = (deals: readonly (readonly [number, number, number])[]) =>
  [...deals].sort((a, b) => a[1] - b[1] || a[0] - b[0]).map(([speculator, plot, profit]) => ({ speculator, plot, profit }))

describe.each(games)('the recorded %s game, by the formulas', (treatment, game) => {
  const config = schema.parse(game.config)
  const { books, medians } = trade(game)
  const { chosen } = game
  const declared = game.initial.map(pair => pair[chosen])
  const values = game.values.map(pair => pair[chosen])
  const selected = Object.fromEntries(Object.entries(game.selected).map(([player, plots]) => [player, plots[chosen]]))
  const deals = speculate(values, declared, buyers(3, selected))
  const finalDeals = speculate(values, game.final, buyers(3, game.finalSelected))

  test('the medians are those that were told after each trade', () => expect(medians).toEqual(game.medians))
  test('the condition is chosen that was chosen', () => {
    const sums = [total(game.initial, 0), total(game.initial, 1)] as const
    expect(
      treatment === 'harberger'
        ? decideBySum(sums, 'laboratory')
        : decideByMedian([median7(books[0]), median7(books[1])], 'laboratory'),
    ).toBe(chosen)
  })
  test('the public signals are exact', () => {
    for (const condition of [0, 1] as const) {
      const told = game.publicSignal[condition]
      if (told !== null)
        expect(
          publicSignal(
            game.initial.map(pair => pair[condition]),
            33,
          ),
        ).toBe(told)
    }
  })
  test('speculators gain what they gained', () => {
    expect(deals).toEqual(sorted(game.deals))
    expect(finalDeals).toEqual(sorted(game.finalDeals))
  })
  test('the dividend is exact', () => expect(dividendOf(game.final, 33)).toBe(game.dividend))
  test('payoffs and euros are equal', () => {
    const { cash, shares } = books[chosen]
    const accounts = settle({
      values,
      initial: declared,
      final: game.final,
      initialDeals: deals,
      finalDeals,
      cash,
      shares,
      initial_tax: 1,
      final_tax: 33,
    })
    const payoffs = accounts.map(({ payoff }) => Math.round(payoff * 1e6) / 1e6)
    expect(payoffs).toEqual(game.payoffs)
    const { roles } = rosterOf(config)
    expect(payoffs.map((payoff, player) => eurosOf(payoff, PAYMENT[treatment][roles[player]!]))).toEqual(game.euros)
  })
})

describe('the recorded vote, by the formulas', () => {
  test.each(votingGame.rounds)('round $round comes out as it did', ({ values, offer, votes, chosen, payoffs }) => {
    const yes = votes.filter(Boolean).length
    expect(decideByVote(votes.length - yes, yes, 'laboratory')).toBe(chosen)
    expect(
      settleVote(
        values.map(pair => pair[chosen]),
        1,
        chosen,
        offer,
      ),
    ).toEqual(payoffs)
  })
  test('the euros of the paid round are equal', () => {
    const payoffs: readonly number[] = votingGame.rounds.find(({ round }) => round === 1)!.payoffs
    const roles = ['owner', 'developer', 'owner'] as const
    expect(payoffs.map((payoff, player) => eurosOf(payoff, PAYMENT.voting[roles[player]!]))).toEqual(votingGame.euros)
  })
})

/** Plays an episode in which `move` says what each actor does. */
function play(
  config: object,
  move: (episode: Episode<SpatialTypes>, agent: string, player: number) => Call[],
): Episode<SpatialTypes> {
  const episode = new Episode<SpatialTypes>(spatialPlanning, config, 0)
  const { index } = rosterOf(episode.config)
  while (!episode.over) {
    const decisions: Record<string, Decision> = {}
    for (const agent of episode.actors()) decisions[agent] = { calls: move(episode, agent, index[agent]!) }
    expect(episode.step(decisions).refused).toEqual([])
  }
  return episode
}

describe.each(games)('the recorded %s game, played in an episode', (treatment, game) => {
  const plots = ['owner_1', 'developer', 'owner_2'] as const
  const named = (indices: readonly number[]) => indices.map(plot => plots[plot]!)
  const waiting = [...game.orders]
  const episode = play(game.config, (current, _agent, player): Call[] => {
    const { phase } = current.state
    switch (phase) {
      case 'declaration': {
        const [no_project, project] = game.initial[player]!
        return [{ tool: 'declare', args: { no_project, project } }]
      }
      case 'speculation': {
        const [if_no_project, if_project] = game.selected[player]!.map(named)
        return treatment === 'futarchy'
          ? [{ tool: 'buy_plots_conditional', args: { if_no_project, if_project } }]
          : [{ tool: 'buy_plots', args: { plots: if_project } }]
      }
      case 'market': {
        // Everybody waits for his place in the recorded order.
        const next = waiting[0]
        if (next?.player !== player) return []
        waiting.shift()
        const market = treatment === 'futarchy' ? { market: next.condition === 0 ? 'no_project' : 'project' } : {}
        return next.price === undefined
          ? [{ tool: 'trade_now', args: { side: next.side === 'bid' ? 'buy' : 'sell', ...market } }]
          : [{ tool: 'place_limit_order', args: { side: next.side, price: next.price, ...market } }]
      }
      case 'final_declaration':
        return [{ tool: 'declare_final', args: { value: game.final[player]! } }]
      default:
        return [{ tool: 'buy_plots', args: { plots: named(game.finalSelected[player]!) } }]
    }
  })
  const session = sessionOf(episode.log)
  const [round] = finishedRounds(session)

  test('all orders found their turn', () => expect(waiting).toEqual([]))
  test('the laboratory’s file deals the recorded values', () => expect(round!.values).toEqual(game.values))
  test('payoffs and euros are equal', () => {
    expect(round!.payoffs.map(payoff => Math.round(payoff * 1e6) / 1e6)).toEqual(game.payoffs)
    expect(session.paid).toEqual({ round: 1, euros: game.euros })
  })
})

test('the recorded vote, played in an episode, comes out as it did', () => {
  const owners = [0, 2]
  const episode = play(votingGame.config, (current, _agent, player): Call[] => {
    const { phase, round } = current.state
    const recorded = votingGame.rounds[round]!
    const owner = owners.indexOf(player)
    switch (phase) {
      case 'request':
        return [{ tool: 'request_compensation', args: { amount: recorded.requests[owner] } }]
      case 'offer':
        return [{ tool: 'offer_compensation', args: { amount: recorded.offer } }]
      case 'vote':
        return [{ tool: 'vote', args: { choice: recorded.votes[owner] ? 'project' : 'no_project' } }]
      default:
        return []
    }
  })
  const session = sessionOf(episode.log)
  expect(session.rounds.map(({ values, payoffs, play: { chosen } }) => ({ values, payoffs, chosen }))).toEqual(
    votingGame.rounds.map(({ values, payoffs, chosen }) => ({ values, payoffs, chosen })),
  )
  expect(session.paid).toEqual({ round: 1, euros: votingGame.euros })
})
