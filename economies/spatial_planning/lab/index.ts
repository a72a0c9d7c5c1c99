/** The laboratory's files of sessions: of our own, with what each turn was and cost, and of the laboratory's records. */
import type { SpatialTypes } from '../../../envs/spatial_planning/types.ts'
import type { CallSummary, RunExport } from '../../run_export.ts'
import { differences } from './differences.ts'
import { costKey, episodeFiles, labFiles, type TurnCost } from './files.ts'
import { readRecord } from './import_record.ts'

export const lab: RunExport<SpatialTypes> = {
  files: ({ key, log, metadata: { evaluated, player_details: details }, calls }) =>
    episodeFiles(log, key, { costs: costsOf(calls), evaluated, details }),
  reads: {
    suffix: '.log.json',
    read(document, id) {
      const { session, told } = readRecord(document)
      return {
        files: labFiles(session, id, { session: id, dataset: session.config.session }),
        differences: differences(session, told),
      }
    },
  },
}

/** What the model calls of each turn came to. */
function costsOf(calls: readonly CallSummary[]): Map<string, TurnCost> {
  const turns = new Map<string, TurnCost>()
  for (const { agent, t, latency_ms, prompt_tokens, completion_tokens, cost } of calls) {
    const at = costKey(agent, t)
    const before = turns.get(at)
    turns.set(at, {
      model_calls: (before?.model_calls ?? 0) + 1,
      latency_ms: (before?.latency_ms ?? 0) + latency_ms,
      prompt_tokens: (before?.prompt_tokens ?? 0) + prompt_tokens,
      completion_tokens: (before?.completion_tokens ?? 0) + completion_tokens,
      cost: cost === null || before?.cost === null ? null : (before?.cost ?? 0) + cost,
    })
  }
  return turns
}
