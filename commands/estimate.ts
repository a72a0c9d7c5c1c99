/** What `--dry-run` tells. */
import { ESTIMATE_SAMPLE, type PlayerEstimate } from '../rollouts/estimate.ts'
import { ASSUMED_COMPLETION } from '../rollouts/models/index.ts'
import { block, columns, number, plural } from './text.ts'

export function estimateText(estimates: readonly PlayerEstimate[], width: number): string {
  if (estimates.length === 0) return `${block('No model plays here: nothing would be called.', width)}\n`
  const rows = estimates.map(({ player, rollouts, calls, prompt_tokens, repeated_tokens, completion_tokens, cost }) => [
    plural(rollouts, 'rollout'),
    plural(calls, 'call'),
    `${number(prompt_tokens)} + ${number(completion_tokens)} tokens`,
    `${Math.round((100 * repeated_tokens) / prompt_tokens)} % repeated`,
    cost === null ? 'price unknown' : `${cost[0].toFixed(2)}–${cost[1].toFixed(2)} USD`,
    player,
  ])
  const unknown = estimates.some(({ cost }) => cost === null)
  const notes = [
    `Measured on ${ESTIMATE_SAMPLE} rollouts a player with random legal play; tokens are a quarter of the characters, and ${ASSUMED_COMPLETION} completion tokens a call are assumed (a model that reasons uses more). The lower cost reads every repeated token from a cache, the higher none.`,
    ...(unknown ? ['No price is known of some of these; name them in a price file (--prices).'] : []),
  ]
  return `${columns(rows, width)}\n\n${notes.map(note => block(note, width)).join('\n')}\n`
}
