/**
 * How much several rollouts of one scenario disagree: the SWARM framework's incoherence (`swarm/metrics/incoherence.py`,
 * `docs/incoherence_metric_contract.md`). Compares logs, so it is no metric of one.
 */
import type { EpisodeLog } from '../core/log.ts'
import { canonical } from '../core/plain.ts'
import type { AgentId, Call } from '../core/tool.ts'
import { accountsOf } from './accounts.ts'
import type { SwarmTypes } from './state.ts'

export interface Incoherence {
  /** D: one less the share of the commonest decision, averaged over decisions. In [0, 1). */
  readonly disagreement: number
  /** E: share of decisions that differ from the benchmark's; 0 without one. */
  readonly error: number
  /** D / (E + 10⁻⁸), averaged over decisions, each cut to [0, 1]. */
  readonly incoherence: number
  /** Mean p of accepted interactions less (1 − D): how much better the rollouts look than they agree. Null without any. */
  readonly illusion: number | null
}

/**
 * Of an agent's decisions in rollouts of the same scenario, message by message as far as all of them go. Two decisions are
 * the same where they call the same tools on the same objects, whatever they say.
 */
export function incoherence(
  logs: readonly EpisodeLog<SwarmTypes>[],
  agent: AgentId,
  benchmark?: EpisodeLog<SwarmTypes>,
): Incoherence {
  const moves = logs.map(log => movesOf(log, agent))
  const expected = benchmark && movesOf(benchmark, agent)
  const length = Math.min(...moves.map(({ length }) => length), expected?.length ?? Number.POSITIVE_INFINITY)
  let [disagreement, error, ratio] = [0, 0, 0]
  for (let t = 0; t < length; t++) {
    const counts = new Map<string, number>()
    for (const made of moves) counts.set(made[t]!, (counts.get(made[t]!) ?? 0) + 1)
    const d = 1 - Math.max(...counts.values()) / logs.length
    const e = expected === undefined ? 0 : 1 - (counts.get(expected[t]!) ?? 0) / logs.length
    disagreement += d / length
    error += e / length
    ratio += Math.min(1, d / (e + 1e-8)) / length
  }
  const accepted = logs.flatMap(log => accountsOf(log).interactions.filter(interaction => interaction.accepted))
  const p = accepted.reduce((sum, interaction) => sum + interaction.p, 0) / accepted.length
  return { disagreement, error, incoherence: ratio, illusion: accepted.length === 0 ? null : p - (1 - disagreement) }
}

function movesOf(log: EpisodeLog<SwarmTypes>, agent: AgentId): string[] {
  return log.steps.map(({ decisions }) => canonical((decisions[agent]?.calls ?? []).map(wordless)))
}

/** A call without what it says. */
function wordless(call: Call | null): unknown {
  const { content: _words, ...rest } = (call?.args ?? {}) as Record<string, unknown>
  return [call?.tool, rest]
}
