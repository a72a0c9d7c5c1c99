/**
 * The soft label: how a score of an action becomes the probability p that it is beneficial, and p a payoff. Documented
 * ("GPT-4.1 Mini Plays the SWARM Economy"; SWARM framework, `docs/concepts/soft-labels.md`). Knows no action.
 */

/** Steepness of the sigmoid: the framework's default, and what the published p values need. p lies in [0.119, 0.881]. */
export const K = 2

export function clamp(value: number, low: number, high: number): number {
  return Math.min(high, Math.max(low, value))
}

/** σ(x) = 1 / (1 + e⁻ˣ). */
export function sigmoid(x: number): number {
  return 1 / (1 + Math.exp(-x))
}

/** p of a score v, which is cut to [−1, 1]. */
export function label(v: number): number {
  return sigmoid(K * clamp(v, -1, 1))
}

/** What a stake pays in expectation at p: stake · (2p − 1). */
export function payoffOf(stake: number, p: number): number {
  return stake * (2 * p - 1)
}

/** Reputation that an action of p earns: 5 · (p − 0.5). */
export function reputationOf(p: number): number {
  return (p - 0.5) * 5
}
