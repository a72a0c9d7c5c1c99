/** What the rollouts of a run added to its files, read back to be filed in another run. Knows files of runs; writes none. */
import { join } from 'node:path'
import type { AnyTypes } from '../envs/core/environment.ts'
import { addTo, groupBy } from '../envs/core/grouped.ts'
import type { EpisodeLog } from '../envs/core/log.ts'
import { FILES } from './files.ts'
import { lines, textOf } from './jsonl.ts'
import { KeyMap } from './keys.ts'
import { isOlder } from './layout.ts'
import { keyOf } from './read_rows.ts'
import { linesOf } from './record.ts'
import type { FailedLines, FinishedLines, StepsRow, TracedEpisode } from './rows.ts'
import { readCalls, readErrors, reading, readRolloutFigures, readSteps, readTraces } from './stored.ts'

/** What each finished rollout of a run added to its files, to be filed in another: all of them, or those whose keys are wanted. */
export function* readLines(folder: string, wanted: (key: string) => boolean = () => true): Generator<FinishedLines> {
  if (isOlder(folder)) {
    for (const lines of olderLines(folder)) if (wanted(lines.key)) yield lines
    return
  }
  yield* reading(folder, function* (reader) {
    for (const { key, example, place, text } of reader.placed()) {
      if (!wanted(key)) continue
      const rollout = reader.lineAt(place)
      yield { ok: true, key, example, shared: reader.sharedIn(rollout), rollout, figures: text() } satisfies FinishedLines
    }
  })
}

/** The files of before side by side: what stands in one only is not finished. */
function* olderLines(folder: string): Generator<FinishedLines> {
  const calls = groupBy(readCalls(folder), ({ key }) => key)
  const traces = new Map<string, TracedEpisode>()
  const logs = new Map<string, StepsRow>()
  const [nextTrace, nextLog] = [readTraces(folder), readSteps(folder)]
  for (const { key, rows: figures } of readRolloutFigures(folder)) {
    for (let next = nextTrace.next(); !next.done; next = nextTrace.next()) {
      traces.set(next.value.id, next.value)
      if (next.value.id === key) break
    }
    for (let next = nextLog.next(); !next.done; next = nextLog.next()) {
      logs.set(next.value.key, next.value)
      if (next.value.key === key) break
    }
    const [trace, log] = [traces.get(key), logs.get(key)]
    traces.delete(key)
    logs.delete(key)
    if (trace === undefined || log === undefined) continue
    const { key: _, ...episode } = log
    yield linesOf({ figures, trace, log: episode as EpisodeLog<AnyTypes>, calls: calls.get(key) ?? [] })
  }
}

/** The same of every failure of a rollout that no later attempt made up for, with the calls of the rollout at its first. */
export function* readFailedLines(folder: string): Generator<FailedLines> {
  const done = new KeyMap()
  for (const { key } of readRolloutFigures(folder)) done.set(key, 0)
  const calls = new Map<string, string[]>()
  for (const line of lines(join(folder, FILES.calls))) {
    const key = keyOf('calls', line)
    if (key === '' || done.has(key)) continue
    addTo(calls, key, textOf(line.bytes))
  }
  for (const { attempt: _, ...error } of readErrors(folder)) {
    const { key } = error
    if (done.has(key)) continue
    yield { ok: false, key, error, calls: calls.get(key) ?? [] }
    calls.delete(key)
  }
}
