/** What an evaluation would take of its models: a few rollouts are played at random and measured. Calls nobody, writes nothing. */
import { lineupOf } from './lineup.ts'
import { costRange, type Models } from './models/index.ts'
import type { Player } from './player.ts'
import type { RunPlan } from './run.ts'
import { runRollout } from './run_rollout.ts'

/** Rollouts of a plan that are played to measure one. */
export const ESTIMATE_SAMPLE = 3

/** The kinds of players that somebody else runs. */
const ASKED: readonly Player['kind'][] = ['model', 'policy']

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

/** Plays the first rollouts of each plan with its models' seats at random, and scales up what models would have been sent. */
export async function estimate(plans: readonly RunPlan[], models: Models): Promise<PlayerEstimate[]> {
  const totals = new Map<string, PlayerEstimate>()
  for (const { env, config, seat, examples, repeats } of plans) {
    const before = models.measured
    const sampled = examples.rows.slice(0, ESTIMATE_SAMPLE)
    for (const row of sampled) {
      const seated = seat(row.config)
      const { evaluated } = seated
      const lineup = lineupOf(seated, row.seed)
      const measured = Object.fromEntries(
        Object.entries(lineup).map(([agent, player]) => [agent, ASKED.includes(player.kind) ? models.measuring(player) : player]),
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
