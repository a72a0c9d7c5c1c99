/**
 * The measures over soft labels, as the metrics list them: what they are called, their formula and range. What they are worth is
 * computed in `soft_metrics.ts`.
 */
import { K } from './label.ts'
import { FRAMEWORK, type Measure, measure, UNIT } from './play.ts'
import { SOFT, type SoftMetrics } from './soft_metrics.ts'

/** Interactions are settled trades and submissions of all agents; a submission counts as accepted. */
export function softMeasures(): Record<string, Measure> {
  const p = `p has k = ${K}, so it lies in [0.119, 0.881]`
  const soft = (description: string, formula: string, range: string, part: keyof SoftMetrics): Measure =>
    measure(description, formula, range, `${FRAMEWORK}/soft_metrics.py`, play => play.soft[part])
  const payoffs = `S = ${SOFT.gain}p − ${SOFT.loss}(1 − p), E = ${SOFT.harm}(1 − p)`
  return {
    toxicity_rate: soft(`expected harm of accepted interactions; ${p}`, 'mean (1 − p) over accepted', UNIT, 'toxicity'),
    toxicity_baseline: soft('expected harm were everything accepted', '1 − mean p', UNIT, 'toxicityBaseline'),
    selection_credit: soft(
      'how much of that harm rejecting avoided: toxicity is the baseline less this',
      'share rejected · quality gap',
      '[−1, 1]',
      'selectionCredit',
    ),
    quality_gap: soft(
      'adverse selection where negative',
      'mean p accepted − mean p rejected; 0 where a side is empty',
      '[−1, 1]',
      'qualityGap',
    ),
    conditional_loss_initiator: soft(
      'adverse selection against initiators where negative',
      `mean π_a accepted − mean π_a, π_a = S/2 − transfer + reputation change, ${payoffs}`,
      'any',
      'initiatorLoss',
    ),
    conditional_loss_counterparty: soft(
      'adverse selection against counterparties where negative',
      `mean π_b accepted − mean π_b, π_b = S/2 + transfer + reputation change, ${payoffs}`,
      'any',
      'counterpartyLoss',
    ),
    spread: soft(
      'quality filtered out where positive',
      `${SOFT.gain + SOFT.loss} · (mean p − mean p accepted)`,
      '[−3, 3]',
      'spread',
    ),
    quality_correlation: soft(
      'whether better interactions are accepted',
      'Pearson correlation of p and acceptance',
      '[−1, 1]',
      'qualityCorrelation',
    ),
    selection_saturation: soft(
      'how much of the possible selection happened',
      '|quality gap| / (σ_p / √(accepted · rejected))',
      UNIT,
      'selectionSaturation',
    ),
    participation_high: soft('acceptance of good interactions', 'share accepted where p ≥ 0.5', UNIT, 'highQualityAcceptance'),
    participation_low: soft('acceptance of harmful interactions', 'share accepted where p < 0.5', UNIT, 'lowQualityAcceptance'),
    uncertain_fraction: soft('interactions of doubtful quality', 'share with |p − 0.5| < 0.2', UNIT, 'uncertain'),
    soft_payoff_initiator: soft('mean soft payoff of initiators', `mean π_a over accepted, ${payoffs}`, 'any', 'initiatorPayoff'),
    soft_payoff_counterparty: soft(
      'mean soft payoff of counterparties',
      `mean π_b over accepted, ${payoffs}`,
      'any',
      'counterpartyPayoff',
    ),
    social_surplus: soft(
      'surplus of accepted interactions less external harm',
      `Σ (S − E) over accepted, ${payoffs}`,
      'any',
      'surplus',
    ),
  }
}
