/**
 * Files of an economy's own kind, made from the files of a run: what its laboratory or its publication wrote. Knows how a
 * run is read for them and where they go; what is in them is the economy's.
 */
import type { AnyTypes, EnvTypes } from '../envs/core/environment.ts'
import { addTo } from '../envs/core/grouped.ts'
import type { EpisodeLog } from '../envs/core/log.ts'
import type { Metadata } from '../rollouts/metadata.ts'
import type { CallRow } from '../rollouts/player.ts'
import { readCalls, readMetadata, readSteps } from '../rollouts/store.ts'

/** Text by file name. */
export type Files = Readonly<Record<string, string>>

/** A model call without what is too long to hold of many. */
export type CallSummary = Omit<CallRow, 'reply'> & {
  /** The beginning of the answer. */
  readonly preview: string
}

/** What is left of a rollout that was played to its end. */
export interface FinishedRollout<T extends EnvTypes = AnyTypes> {
  readonly key: string
  readonly log: EpisodeLog<T>
  readonly metadata: Metadata
  /** Its model calls in the order of the steps. */
  readonly calls: readonly CallSummary[]
}

export interface RunExport<T extends EnvTypes = AnyTypes> {
  files(rollout: FinishedRollout<T>): Files
  /** What others write of the same kind, where it can be read: a JSON document in a file whose name ends so. */
  readonly reads?: {
    readonly suffix: string
    /** `id` is the file's name without its ending. A UserError where the document is none. */
    read(document: unknown, id: string): ReadRecord
  }
}

/** Others' record as files of ours. */
export interface ReadRecord {
  readonly files: Files
  /** One line for each thing that the record says came of its decisions and that our rules make otherwise. */
  readonly differences: readonly string[]
}

/** Characters of an answer that are shown. */
const PREVIEW = 200

export function callSummary({ reply, ...row }: CallRow): CallSummary {
  const said = [reply.content, ...reply.tool_calls.map(({ name, arguments: written }) => `${name} ${written}`)]
  return { ...row, preview: said.filter(Boolean).join(' ').slice(0, PREVIEW) }
}

/** The finished rollouts of a run; none where the folder is no run. */
export function* finishedRollouts(run: string): Generator<FinishedRollout> {
  const metadata = readMetadata(run)
  if (metadata === undefined) return
  const calls = new Map<string, CallSummary[]>()
  for (const row of readCalls(run)) addTo(calls, row.key, callSummary(row))
  for (const { key, ...log } of readSteps(run)) {
    const own = (calls.get(key) ?? []).sort((a, b) => a.t - b.t || a.call - b.call)
    yield { key, log, metadata, calls: own }
  }
}
