/**
 * What the laboratory's server says of each phase of a round: what was decided and what came of it, with its own quirks where
 * readers of its files meet them (the slot of a project B, lists of two for silent players, markets that nobody opened).
 */
import { isLand, MARKET_SECONDS, RANGES, sharePerPoint } from '../../../envs/spatial_planning/roster.ts'
import type { Finished, LandRecord, Session, VoteRecord } from '../../../envs/spatial_planning/session.ts'
import { type Deal, taxOn } from '../../../envs/spatial_planning/settlement.ts'
import type { Selection } from '../../../envs/spatial_planning/state.ts'
import { total } from '../../../envs/spatial_planning/stimuli.ts'
import { bookText, clock, MARKET_PHASE, type MarketLine, marketLines } from './market_log.ts'
import { CASH_FOR_SNIPING, PROJECT_B } from './parameters.ts'
import { BOTH, LAB_CONDITIONS, type Participant } from './participants.ts'

/** Lists have a third slot for a project B that is not played. */
export const three = <V>([noProject, project]: readonly [V, V], none: V): [V, V, V] => [noProject, project, none]

export function phases(session: Session, round: Finished, participants: readonly Participant[]): object[] {
  return round.play.kind === 'vote'
    ? votePhases(round, round.play, participants)
    : landPhases(session, round, round.play, participants)
}

/** The real values of a land holder, with what project B would be worth. */
export function realValues({ values }: Finished, { player, role }: Participant): [number, number, number] {
  return three(values[player]!, role === 'speculator' ? 0 : PROJECT_B[role])
}

/** What a holder has after the market of either condition; the market of project B leaves what it began with. */
export function wallets({ config }: Session, play: LandRecord, { player, role }: Participant) {
  const [balance, shares] = [config.cash[role], config.shares[role]]
  const of = (condition: 0 | 1) => ({
    balance: play.markets[condition]?.cash[player] ?? balance,
    shares: play.markets[condition]?.shares[player] ?? shares,
    cashForSniping: CASH_FOR_SNIPING,
  })
  return three([of(0), of(1)], { balance, shares, cashForSniping: CASH_FOR_SNIPING })
}

/** What a holder declared in the second phase: under the chosen condition, or both bottoms of its range where it was silent. */
export function finalDeclaration(play: LandRecord, { player, role }: Participant): number[] {
  const { value, declared } = play.final[player]!
  if (declared) return play.chosen === 0 ? [value, 0, 0] : [0, value, 0]
  return BOTH.map(condition => RANGES[role === 'developer' ? 'developer' : 'owner'][condition].low)
}

function landPhases(session: Session, round: Finished, play: LandRecord, participants: readonly Participant[]): object[] {
  const { treatment, initial_tax, final_tax } = session.config
  const harberger = treatment === 'harberger'
  const holders = participants.filter(({ role }) => isLand(role))
  const declarations = (of: (who: Participant) => { declaration: readonly number[]; declared: boolean }, rate: number) =>
    spokenFirst(holders, who => of(who).declared).map(who => {
      const { declaration, declared } = of(who)
      return {
        player: who.number,
        role: who.code,
        value: realValues(round, who),
        declaration,
        taxes: declaration.map(value => taxOn(value, rate)),
        declared,
      }
    })
  const settled = {
    snipes: attempts(play, play.selected, play.deals, participants),
    snipeOutcomes: outcomes(play.deals, participants),
  }
  const signals = BOTH.map(condition => play.markets[condition]?.publicSignal ?? 0) as [number, number]
  return [
    {},
    {},
    {
      declarations: declarations(({ player }) => {
        const { value, declared } = play.initial[player]!
        return { declaration: declared ? three(value, 0) : value, declared }
      }, initial_tax),
      expectations: BOTH.map(condition => {
        const share = sharePerPoint(final_tax) * total(round.values, condition)
        return {
          condition,
          expectedShareValue: share,
          players: participants.map(({ player, number, role }) => ({
            number,
            profit: (round.values[player]?.[condition] ?? 0) + session.config.shares[role] * share,
          })),
        }
      }),
    },
    { winningCondition: harberger ? play.chosen : null, snipes: selections(play.selected, participants) },
    harberger ? settled : { snipes: [], snipeOutcomes: [] },
    {
      signals: {
        publicSignal: three(signals, 0),
        privateSignals: round.signals.map(signal => three(signal, 0)),
      },
    },
    {
      log: [...BOTH.map(condition => marketEntries(session, round, condition, participants)), emptyMarket(round)],
      wallets: participants.map(who => ({ number: who.number, wallet: wallets(session, play, who) })),
      finalPrices: play.markets.map(market => market?.median ?? null),
      ...(harberger ? { snipes: [], snipeOutcomes: [] } : { winningCondition: play.chosen, ...settled }),
    },
    {
      declarations: declarations(
        who => ({ declaration: finalDeclaration(play, who), declared: play.final[who.player]!.declared }),
        final_tax,
      ),
    },
    {
      snipes: attempts(play, play.finalSelected, play.finalDeals, participants),
      snipeOutcomes: outcomes(play.finalDeals, participants),
      finalPrice: play.sharePrice,
      cashForSniping: participants.map(({ number }) => ({ number, cashForSniping: CASH_FOR_SNIPING })),
    },
    {},
  ]
}

/** Those who spoke in their order, and after them the silent, whose defaults the server adds when the time is over. */
function spokenFirst(who: readonly Participant[], spoke: (who: Participant) => boolean): Participant[] {
  return [...who.filter(spoke), ...who.filter(one => !spoke(one))]
}

export const labelled = ({ number, code }: Participant) => ({ number, role: code })

/** What each speculator sent in: plots by the number of their holders, per condition. */
function selections(selected: readonly (Selection | undefined)[], participants: readonly Participant[]): object[] {
  return participants.flatMap(({ player, number }) => {
    const made = selected[player]
    return made?.declared
      ? [{ player: number, snipe: made.plots.map(plots => plots.map(plot => participants[plot]!.number)) }]
      : []
  })
}

/** Every plot that a speculator wanted under the chosen condition, and whether he came to own it. */
function attempts(
  { chosen }: LandRecord,
  selected: readonly (Selection | undefined)[],
  deals: readonly Deal[],
  participants: readonly Participant[],
): object[] {
  return participants.flatMap(who => {
    const [noProject, project] = selected[who.player]?.plots ?? [[], []]
    const wanted = chosen === 0 ? noProject : project
    return [...wanted]
      .sort((a, b) => a - b)
      .map(plot => ({
        player: labelled(who),
        target: labelled(participants[plot]!),
        snipes: three([noProject.includes(plot), project.includes(plot)], false),
        executed: deals.some(deal => deal.speculator === who.player && deal.plot === plot),
      }))
  })
}

function outcomes(deals: readonly Deal[], participants: readonly Participant[]): object[] {
  return deals.map(({ speculator, plot, profit }) => ({
    player: labelled(participants[speculator]!),
    target: labelled(participants[plot]!),
    profit,
  }))
}

/** A market as the server writes it; one that did not open has its two ends alone. */
function marketEntries(session: Session, round: Finished, condition: 0 | 1, participants: readonly Participant[]): object[] {
  const lines = marketLines(session, round, condition)
  if (lines.length === 0) return emptyMarket(round)
  const who = (player: number | null) => (player === null ? NOBODY : labelled(participants[player]!))
  let rested = 0
  return lines.map(line => {
    const { buyer, seller, before } = line
    const id = idOf(line, rested)
    if (line.action.startsWith('added') && line.id !== null) rested++
    return {
      ...(id !== undefined && { id }),
      time: clock(line.seconds),
      round: round.round,
      phase: MARKET_PHASE,
      actor: who(line.actor),
      ...(buyer !== null && seller !== null && { buyer: who(buyer), seller: who(seller) }),
      action: line.action,
      quantity: line.quantity,
      price: line.price,
      bestBid: before?.bid ?? null,
      bestAsk: before?.ask ?? null,
      book: before === null ? null : bookText(before),
    }
  })
}

const NOBODY = { number: null, role: null }

/** The server numbers what is added by the order after next, a bell by the next one, a cancellation by its order; a trade has none. */
function idOf({ id, action, buyer }: MarketLine, rested: number): number | undefined {
  if (action === 'market-started') return 0
  if (action === 'market-ended') return rested + 1
  if (buyer !== null) return undefined
  return action.startsWith('added') ? rested + 2 : id!
}

function emptyMarket({ round }: Finished): object[] {
  const bell = {
    round,
    phase: MARKET_PHASE,
    actor: NOBODY,
    quantity: null,
    price: null,
    bestBid: null,
    bestAsk: null,
    book: null,
  }
  return [
    { ...bell, id: 0, time: clock(0), action: 'market-started' },
    { ...bell, id: 1, time: clock(MARKET_SECONDS), action: 'market-ended' },
  ]
}

/** Owners who sent nothing are left out, as on the server. */
function votePhases(round: Finished, play: VoteRecord, participants: readonly Participant[]): object[] {
  const owners = participants.filter(({ role }) => role === 'owner')
  const developer = participants.find(({ role }) => role === 'developer')!.player
  const chats = (phase: 'deliberation' | 'reply') =>
    play.messages
      .filter(message => message.phase === phase)
      .map(({ from, to, text }) => ({
        time: null,
        sender: participants[from]!.number,
        to: to.map(player => participants[player]!.number),
        text,
      }))
  const votes = BOTH.map(
    condition => play.votes.filter(vote => vote?.value === (condition === 0 ? 'no_project' : 'project')).length,
  )
  return [
    {},
    { players: participants.map(who => ({ number: who.number, values: realValues(round, who) })) },
    { chatLog: chats('deliberation') },
    {
      compensationRequests: owners.flatMap(({ player, number }) => {
        const { value, declared } = play.requests[player]!
        return declared ? [{ number, compensationRequests: [null, value] }] : []
      }),
    },
    { compensationOffers: play.offer!.declared ? [null, play.offer!.value] : null },
    { chatLog: chats('reply') },
    {
      compensationDecisions: owners.flatMap(({ player, number }) => {
        const { value } = play.votes[player]!
        return value === 'abstain' ? [] : [{ number, compensationDecisions: [value === 'project' ? 1 : 0] }]
      }),
    },
    {
      standings: LAB_CONDITIONS.map(({ id }) => ({
        id,
        counter: votes[id]!,
        winner: play.chosen === id,
        // The developer's own value, whatever the owners'.
        value: round.values[developer]![id],
        compensation: id === 1 ? play.offer!.value : null,
      })),
      winningCondition: play.chosen,
    },
  ]
}
