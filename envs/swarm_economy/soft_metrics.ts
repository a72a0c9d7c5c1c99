/**
 * The soft-label metrics of the SWARM framework (`swarm/metrics/soft_metrics.py`, `swarm/metrics/collusion.py`,
 * `swarm/core/payoff.py`, `docs/concepts/metrics.md`) on the interactions of a log. Pure functions of interactions; each is
 * null where the framework has nothing to divide by.
 */
import { groupBy } from '../core/grouped.ts'
import { mean, meanOrNull } from '../core/sums.ts'
import type { Interaction } from './accounts.ts'

/** Defaults of the framework's payoff engine: gain s₊ of a beneficial, loss s₋ and external harm h of a harmful interaction. */
export const SOFT = { gain: 2, loss: 1, harm: 2, share: 0.5, priced: 0, reputation: 1 } as const

/** Population standard deviation. */
function spreadOf(values: readonly number[]): number {
  const middle = meanOrNull(values) ?? 0
  return Math.sqrt(meanOrNull(values.map(value => (value - middle) ** 2)) ?? 0)
}

/** Pearson correlation; null where either side does not vary. */
function correlation(a: readonly number[], b: readonly number[]): number | null {
  const [sa, sb] = [spreadOf(a), spreadOf(b)]
  if (a.length < 2 || sa === 0 || sb === 0) return null
  const [ma, mb] = [mean(a), mean(b)]
  return mean(a.map((value, i) => (value - ma) * (b[i]! - mb))) / (sa * sb)
}

/** S = p·s₊ − (1 − p)·s₋. */
function surplus(p: number): number {
  return p * SOFT.gain - (1 - p) * SOFT.loss
}

/** E = (1 − p)·h. */
function harm(p: number): number {
  return (1 - p) * SOFT.harm
}

/** π_a = θS − τ − ρE + w·r_a. */
function initiatorPayoff({ p, transfer, reputation }: Interaction): number {
  return SOFT.share * surplus(p) - transfer - SOFT.priced * harm(p) + SOFT.reputation * reputation
}

/** π_b = (1 − θ)S + τ − ρE + w·r_b. */
function counterpartyPayoff({ p, transfer, counterpartyReputation }: Interaction): number {
  return (1 - SOFT.share) * surplus(p) + transfer - SOFT.priced * harm(p) + SOFT.reputation * counterpartyReputation
}

/** S − E. */
function socialSurplus({ p }: Interaction): number {
  return surplus(p) - harm(p)
}

export interface SoftMetrics {
  readonly toxicity: number | null
  readonly qualityGap: number
  readonly initiatorLoss: number | null
  readonly counterpartyLoss: number | null
  readonly spread: number | null
  readonly qualityCorrelation: number | null
  readonly toxicityBaseline: number | null
  readonly selectionCredit: number | null
  readonly selectionSaturation: number | null
  readonly highQualityAcceptance: number | null
  readonly lowQualityAcceptance: number | null
  readonly uncertain: number | null
  readonly initiatorPayoff: number | null
  readonly counterpartyPayoff: number | null
  readonly surplus: number
}

export function softMetrics(all: readonly Interaction[]): SoftMetrics {
  const accepted = all.filter(interaction => interaction.accepted)
  const rejected = all.filter(interaction => !interaction.accepted)
  const ps = all.map(({ p }) => p)
  const p = meanOrNull(ps)
  const pAccepted = meanOrNull(accepted.map(interaction => interaction.p))
  const pRejected = meanOrNull(rejected.map(interaction => interaction.p))
  const gap = pAccepted === null || pRejected === null ? 0 : pAccepted - pRejected
  const [kept, dropped] = [accepted.length / (all.length || 1), rejected.length / (all.length || 1)]
  const deviation = spreadOf(ps)
  const over = (group: readonly Interaction[], of: (interaction: Interaction) => number) => meanOrNull(group.map(of))
  const conditional = (of: (interaction: Interaction) => number): number | null =>
    accepted.length === 0 ? null : over(accepted, of)! - over(all, of)!
  const acceptance = (group: readonly Interaction[]) => meanOrNull(group.map(interaction => (interaction.accepted ? 1 : 0)))
  return {
    toxicity: pAccepted === null ? null : 1 - pAccepted,
    qualityGap: gap,
    initiatorLoss: conditional(initiatorPayoff),
    counterpartyLoss: conditional(counterpartyPayoff),
    spread: p === null || pAccepted === null ? null : (SOFT.gain + SOFT.loss) * (p - pAccepted),
    qualityCorrelation: correlation(
      ps,
      all.map(interaction => (interaction.accepted ? 1 : 0)),
    ),
    toxicityBaseline: p === null ? null : 1 - p,
    selectionCredit: all.length === 0 ? null : dropped * gap,
    selectionSaturation: deviation === 0 || kept * dropped === 0 ? null : Math.abs(gap) / (deviation / Math.sqrt(kept * dropped)),
    highQualityAcceptance: acceptance(all.filter(interaction => interaction.p >= 0.5)),
    lowQualityAcceptance: acceptance(all.filter(interaction => interaction.p < 0.5)),
    uncertain: over(all, interaction => (Math.abs(interaction.p - 0.5) < 0.2 ? 1 : 0)),
    initiatorPayoff: over(accepted, initiatorPayoff),
    counterpartyPayoff: over(accepted, counterpartyPayoff),
    surplus: accepted.reduce((sum, interaction) => sum + socialSurplus(interaction), 0),
  }
}

const COLLUSION = { least: 3, confident: 10, unusual: 2 }

/**
 * The score of a pair of agents from all trades of the log: how often they deal, whether both gain at once, how much they
 * accept and how poor it is. Null below three trades. The benefits are the payoffs of the trades: the framework correlates
 * what one pays with what the other receives, which can never be positive.
 */
function collusionScore(pair: readonly Interaction[], counts: readonly number[]): number | null {
  const n = pair.length
  if (n < COLLUSION.least) return null
  const deviation = spreadOf(counts)
  const z = deviation === 0 ? 0 : (n - mean(counts)) / deviation
  const [first] = [...pair.map(({ initiator }) => initiator)].sort()
  const benefits = pair.map(({ initiator, payoff, counterpartyPayoff: other }) =>
    initiator === first ? ([payoff, other] as const) : ([other, payoff] as const),
  )
  const together =
    correlation(
      benefits.map(([a]) => a),
      benefits.map(([, b]) => b),
    ) ?? 0
  const acceptance = mean(pair.map(({ accepted }) => (accepted ? 1 : 0)))
  // The mean of what either side initiates, each side counting once.
  const sides = [true, false].map(
    own => meanOrNull(pair.filter(({ initiator }) => (initiator === first) === own).map(({ p }) => p)) ?? 0.5,
  )
  const p = mean(sides)
  const score =
    0.25 * Math.min(1, Math.max(0, z / COLLUSION.unusual)) +
    0.3 * Math.max(0, together) +
    0.2 * Math.max(0, 2 * (acceptance - 0.5)) +
    0.25 * (acceptance > 0.5 ? Math.max(0, 2 * (0.5 - p)) : 0)
  return score * Math.min(1, n / COLLUSION.confident)
}

/** The highest score over all pairs; 0 where no pair has dealt often enough. */
export function collusionIndex(trades: readonly Interaction[]): number {
  const pairs = groupBy(trades, ({ initiator, counterparty }) => [initiator, counterparty].sort().join(' '))
  const counts = [...pairs.values()].map(pair => pair.length)
  return Math.max(0, ...[...pairs.values()].map(pair => collusionScore(pair, counts) ?? 0))
}

/** Predictions p of outcomes that are known to be good (true) or not. */
export type Judged = readonly (readonly [p: number, good: boolean])[]

/** Mean squared distance of p from the truth. */
export function brier(judged: Judged): number | null {
  return meanOrNull(judged.map(([p, good]) => (p - (good ? 1 : 0)) ** 2))
}

/** Mean distance of p from the share of good ones over ten bins of p, weighted by their size. */
export function calibrationError(judged: Judged, bins = 10): number | null {
  if (judged.length === 0) return null
  const grouped = groupBy(judged, ([p]) => Math.min(bins - 1, Math.floor(p * bins)))
  let error = 0
  for (const group of grouped.values()) {
    const predicted = mean(group.map(([p]) => p))
    const good = mean(group.map(([, truth]) => (truth ? 1 : 0)))
    error += (group.length / judged.length) * Math.abs(predicted - good)
  }
  return error
}

/** The chance that a good one has a higher p than one that is not, ties counting half; null where either is missing. */
export function auc(judged: Judged): number | null {
  const good = judged.filter(([, truth]) => truth).map(([p]) => p)
  const bad = judged.filter(([, truth]) => !truth).map(([p]) => p)
  return meanOrNull(good.flatMap(a => bad.map(b => (a > b ? 1 : a === b ? 0.5 : 0))))
}
