/**
 * Group-relative advantages: how a rollout did compared with the other rollouts of the same seed, seat and line-up.
 * Numbers in, numbers out.
 */
import { nearest, UserError } from '../../envs/core/errors.ts'
import { mean, sd } from '../../envs/core/sums.ts'

export interface Estimator {
  readonly id: string
  /** The formula in words and symbols, for the files that hold its values. */
  readonly formula: string
  /** One advantage a reward, in order. */
  of(rewards: readonly number[]): number[]
}

/** Mean and standard deviation (n − 1 in the denominator; 0 for a group of one) of a group's rewards. */
export function groupMoments(rewards: readonly number[]): { readonly mean: number; readonly sd: number } {
  // Rounding must not make a difference where there is none.
  if (rewards.every(reward => reward === rewards[0])) return { mean: rewards[0]!, sd: 0 }
  return { mean: mean(rewards), sd: sd(rewards) }
}

/** Keeps a group of equal rewards from dividing by zero. TRL's value. */
const EPSILON = 1e-4

/** The estimators by name, the default first. */
export const estimators: Readonly<Record<string, Estimator>> = {
  grpo: {
    id: 'grpo',
    formula: '(r - mean(group)) / (sd(group) + 1e-4), sd with n - 1; GRPO, Shao et al. 2024, "DeepSeekMath"',
    of(rewards) {
      const { mean, sd } = groupMoments(rewards)
      return rewards.map(reward => (reward - mean) / (sd + EPSILON))
    },
  },
  'dr-grpo': {
    id: 'dr-grpo',
    formula: 'r - mean(group); Dr. GRPO, Liu et al. 2025, "Understanding R1-Zero-Like Training"',
    of(rewards) {
      const { mean } = groupMoments(rewards)
      return rewards.map(reward => reward - mean)
    },
  },
}

/** The estimator of that name, the first by default. A UserError names the nearest. */
export function estimatorNamed(name = 'grpo'): Estimator {
  const known = Object.keys(estimators)
  if (!Object.hasOwn(estimators, name))
    throw new UserError(
      `--advantage: no estimator '${name.slice(0, 64)}'. Estimators: ${known.join(', ')}.${nearest(name, known)}`,
    )
  return estimators[name]!
}
