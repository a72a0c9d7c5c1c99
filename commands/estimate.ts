/** What an evaluation would take of its models: a few rollouts are played at random and measured. Calls nobody, writes nothing. */
import { lineupOf } from '../rollouts/lineup.ts'
import { ASSUMED_COMPLETION, costRange, type Models } from '../rollouts/models/index.ts'
import { runRollout } from '../rollouts/rollout.ts'
import type { RunPlan } from '../rollouts/run.ts'
import { block, columns, number, plural } from './text.ts'

/** Rollouts of a plan that are played to measure one. */
const SAMPLE = 3

/** What one model would be asked over all plans. */
export interface PlayerEstimate {
  readonly player: string
  readonly rollouts: number
  readonly calls: number
  readonly prompt_tokens: number
  /** The part of the prompt that was sent before, and may be read from a cache. */
  readonly repeated_tokens: number
  readonly completion_tokens: number
  /** USD, with every repeated token read from a cache and with none; null where no price is known. */
  readonly cost: readonly [least: number, most: number] | null
}

export async function estimate(plans: readonly RunPlan[], models: Models): Promise<PlayerEstimate[]> {
  const totals = new Map<string, PlayerEstimate>()
  for (const { env, config, seat, examples, repeats } of plans) {
    const before = models.measured
    const sampled = examples.rows.slice(0, SAMPLE)
    for (const row of sampled) {
      const seated = seat(row.config)
      const { evaluated } = seated
      const lineup = lineupOf(seated, row.seed)
      const measured = Object.fromEntries(
        Object.entries(lineup).map(([agent, player]) => [agent, player.kind === 'model' ? models.measuring(player) : player]),
      )
      await runRollout({
        env,
        config: row.config ?? config,
        seed: row.seed,
        repeat: 0,
        lineup: measured,
        evaluated,
        example: row.index,
      })
    }
    const rollouts = examples.rows.length * repeats
    const scale = rollouts / sampled.length
    for (const [player, { calls, prompt, repeated, completion, price }] of models.measured) {
      const earlier = before.get(player)
      const more = (now: number, then = 0): number => Math.round((now - then) * scale)
      const sums = {
        calls: more(calls, earlier?.calls),
        prompt: more(prompt, earlier?.prompt),
        repeated: more(repeated, earlier?.repeated),
        completion: more(completion, earlier?.completion),
      }
      if (sums.calls === 0) continue
      const [least, most] = price === null ? [Number.NaN, Number.NaN] : costRange(sums, price)
      const known = totals.get(player)
      totals.set(player, {
        player,
        rollouts: rollouts + (known?.rollouts ?? 0),
        calls: sums.calls + (known?.calls ?? 0),
        prompt_tokens: sums.prompt + (known?.prompt_tokens ?? 0),
        repeated_tokens: sums.repeated + (known?.repeated_tokens ?? 0),
        completion_tokens: sums.completion + (known?.completion_tokens ?? 0),
        cost: price === null ? null : [least + (known?.cost?.[0] ?? 0), most + (known?.cost?.[1] ?? 0)],
      })
    }
  }
  return [...totals.values()]
}

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
    `Measured on ${SAMPLE} rollouts a player with random legal play; tokens are a quarter of the characters, and ${ASSUMED_COMPLETION} completion tokens a call are assumed (a model that reasons uses more). The lower cost reads every repeated token from a cache, the higher none.`,
    ...(unknown ? ['No price is known of some of these; name them in a price file (--prices).'] : []),
  ]
  return `${columns(rows, width)}\n\n${notes.map(note => block(note, width)).join('\n')}\n`
}
