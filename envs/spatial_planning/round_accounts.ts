/**
 * What a round earned: speculations settled, the accounts of land and vote, and the paid round in euros. When a round ends is
 * step.ts's business.
 */
import type { Outcome } from '../core/outcome.ts'
import { stream } from '../core/random.ts'
import type { AgentId } from '../core/tool.ts'
import { CONDITIONS, type Cond, PAYMENT, type Pair, rosterOf } from './roster.ts'
import { type Account, type Deal, decideByVote, dividendOf, eurosOf, settle, settleVote, speculate } from './settlement.ts'
import {
  type LandPlay,
  landOf,
  type MarketAccount,
  type RoundAccount,
  type Selection,
  type SpatialState,
  voteOf,
  votesOf,
} from './state.ts'
import type { SpatialTypes } from './types.ts'

export type Emit = Outcome<SpatialTypes>['emit']

export function byAgent<V>(agents: readonly AgentId[], of: (player: number) => V): Record<AgentId, V> {
  return Object.fromEntries(agents.map((agent, player) => [agent, of(player)]))
}

/** Who bought each plot under the chosen condition. */
function buyersOf(play: LandPlay, selections: readonly (Selection | null)[]): number[][] {
  return play.initial.map((_, plot) =>
    selections.flatMap((selection, player) => (selection?.plots[play.chosen!].includes(plot) ? [player] : [])),
  )
}

/** Settles one speculation on the declarations it was made at. */
export function deal(
  draft: SpatialState,
  stage: 'initial' | 'final',
  declarations: readonly number[],
  selections: readonly (Selection | null)[],
  emit: Emit,
): readonly Deal[] {
  const play = landOf(draft)
  const { agents } = rosterOf(draft.config)
  const deals = speculate(valuesUnder(draft, play.chosen!), declarations, buyersOf(play, selections))
  emit({
    type: 'speculation_settled',
    stage,
    deals: deals.map(({ speculator, plot, profit }) => ({ speculator: agents[speculator]!, plot: agents[plot]!, profit })),
  })
  return deals
}

function valuesUnder({ stimulus }: SpatialState, condition: Cond): number[] {
  return stimulus.values.map(value => value[condition])
}

/** Writes the round's accounts into the history; every player's payoff in points. */
export function settleRound(draft: SpatialState, emit: Emit): number[] {
  const { agents } = rosterOf(draft.config)
  const { chosen, accounts, sharePrice } = draft.play.kind === 'land' ? landAccounts(draft, emit) : voteAccounts(draft, emit)
  const { round } = draft
  const payoffs = accounts.map(account => account.payoff)
  draft.history = [...draft.history, { round, practice: round === 0, chosen, accounts }]
  emit({
    type: 'round_settled',
    round,
    practice: round === 0,
    share_price: sharePrice,
    payoffs: byAgent(agents, player => payoffs[player]!),
  })
  return payoffs
}

interface Settled {
  readonly chosen: Cond
  readonly accounts: readonly RoundAccount[]
  readonly sharePrice: number | null
}

function landAccounts(draft: SpatialState, emit: Emit): Settled {
  const play = landOf(draft)
  const chosen = play.chosen!
  const book = play.books[chosen]!
  const initial = play.initial.map(made => made!.value[chosen])
  const final = play.final.map(made => made!.value)
  const initialDeals = play.deals!
  const finalDeals = deal(draft, 'final', final, play.finalSelected, emit)
  const fees = feesOf(draft, [...initialDeals, ...finalDeals], emit)
  const { initial_tax, final_tax } = draft.config
  const sharePrice = dividendOf(final, final_tax)
  const accounts = settle({
    values: valuesUnder(draft, chosen),
    initial,
    final,
    initialDeals,
    finalDeals,
    cash: book.cash,
    shares: book.shares,
    initial_tax,
    final_tax,
    ...(fees !== undefined && { fees }),
  }).map((account: Account, player): MarketAccount => {
    const buyers = (deals: readonly Deal[]) =>
      player < initial.length ? deals.filter(({ plot }) => plot === player).length : null
    return {
      kind: 'land',
      ...account,
      initial: initial[player] ?? null,
      final: final[player] ?? null,
      initialBuyers: buyers(initialDeals),
      finalBuyers: buyers(finalDeals),
      sharePrice,
    }
  })
  return { chosen, accounts, sharePrice }
}

/** Parts of the real value by which an appraisal may miss it. */
export const TOLERANCE = 0.05

/** What appraisals brought each player and purchases cost him, in points; undefined where the rules know neither. */
function feesOf({ config, seed, round, stimulus, play }: SpatialState, deals: readonly Deal[], emit: Emit): number[] | undefined {
  const { appraisals, purchase_fee } = config
  if (appraisals === undefined && purchase_fee === undefined) return undefined
  const fees = rosterOf(config).agents.map(() => 0)
  for (const { speculator } of deals) fees[speculator]! -= purchase_fee ?? 0
  for (const [player, published] of (landOf({ play }).appraisals ?? []).entries()) {
    if (appraisals === undefined || !published?.declared) continue
    fees[player]! += appraisals.fee * published.value.length
    if (!stream(seed, 'check', round, player).chance(appraisals.checked)) continue
    const wrong = published.value.filter(({ plot, values }) => isWrong(values, stimulus.values[plot]!)).length
    const fine = appraisals.fine * wrong
    fees[player]! -= fine
    emit({ type: 'appraisals_checked', agent: rosterOf(config).agents[player]!, wrong, fine })
  }
  return fees
}

const isWrong = (said: Pair, real: Pair): boolean =>
  said.some((value, condition) => Math.abs(value - real[condition]!) > TOLERANCE * real[condition]!)

function voteAccounts(draft: SpatialState, emit: Emit): Settled {
  const play = voteOf(draft)
  const { roles } = rosterOf(draft.config)
  const [no, yes] = votesOf(play)
  const chosen = decideByVote(no, yes, draft.config.tie)
  emit({ type: 'condition_chosen', condition: CONDITIONS[chosen], no_project: no, project: yes })
  const values = valuesUnder(draft, chosen)
  const offer = play.offer!.value
  const developer = roles.indexOf('developer')
  const { received, fine } = paymentOf(draft, emit)
  const payoffs = settleVote(values, developer, chosen, received).map((payoff, player) =>
    player === developer ? payoff - fine : payoff,
  )
  const accounts = values.map((value, player) => ({
    kind: 'vote' as const,
    value,
    request: play.requests[player]?.value ?? null,
    vote: play.votes[player]?.value ?? null,
    offer,
    yes,
    no,
    compensation: payoffs[player]! - value + (player === developer ? fine : 0),
    ...(draft.config.pledges !== undefined && {
      paid: play.payment?.value ?? 0,
      ...(player === developer && { fine }),
    }),
    payoff: payoffs[player]!,
  }))
  return { chosen, accounts, sharePrice: null }
}

/**
 * What each owner receives where the project is built, and the developer's fine for what was found missing. Points. There is a payment
 * only where an offer is a promise and the project is carried.
 */
function paymentOf(draft: SpatialState, emit: Emit): { received: number; fine: number } {
  const { config, seed, round } = draft
  const { offer, payment } = voteOf(draft)
  if (payment == null) return { received: offer!.value, fine: 0 }
  const pledges = config.pledges!
  const missing = Math.max(0, offer!.value - payment.value)
  if (missing === 0 || !stream(seed, 'payment_audit', round).chance(pledges.audited)) return { received: payment.value, fine: 0 }
  const { plots } = rosterOf(config)
  const fine = pledges.fine * missing * (plots.length - 1)
  emit({ type: 'shortfall_found', agent: 'developer', missing, fine })
  return { received: offer!.value, fine }
}

/** Draws the paid round and turns its payoffs into euros. */
export function pay(draft: SpatialState, emit: Emit): void {
  const { agents, roles } = rosterOf(draft.config)
  const round = stream(draft.seed, 'paid_round').int(1, draft.config.rounds)
  const { accounts } = draft.history.find(finished => finished.round === round)!
  const payment = PAYMENT[draft.config.treatment]
  emit({
    type: 'session_paid',
    round,
    euros: byAgent(agents, player => eurosOf(accounts[player]!.payoff, payment[roles[player]!])),
  })
}
