/** Playing runs and telling what came of them: shared by the commands that do so. */

import { economies } from '../economies/registry.ts'
import { oneLine } from '../envs/core/text.ts'
import type { Experiment } from '../evals/experiment.ts'
import { type CellResult, type ExperimentEvent, type RunExperimentOptions, runExperiment } from '../evals/run_experiment.ts'
import { modelNotes } from '../rollouts/models/notes.ts'
import { withoutCredentials } from '../rollouts/models/redact.ts'
import type { RunResult } from '../rollouts/run.ts'
import type { Args } from './command.ts'
import type { ExitCode, Io } from './io.ts'
import { cacheNote } from './models.ts'
import { exportingOf } from './otel.ts'
import { tellingOf } from './telling.ts'
import { plural, shownPath } from './text.ts'

/** What was played, and how the command ends. */
export interface Evaluation {
  readonly cells: readonly CellResult[]
  readonly runs: readonly RunResult[]
  /** Rollouts that were due and have not been played: it was interrupted, or a budget or a disk ran out. */
  readonly left: number
  readonly code: ExitCode
}

export interface EvaluateOptions extends Omit<RunExperimentOptions, 'economies' | 'signal' | 'onEvent'> {
  /** Called as the runs of a cell are over. */
  readonly onCell?: (runs: readonly RunResult[]) => void
}

/** Plays with progress on standard error, and says there what failed or stopped it and how to go on. */
export async function evaluate(asked: Experiment, options: EvaluateOptions, args: Args, io: Io): Promise<Evaluation> {
  const { models, onCell = () => {}, ...rest } = options
  const telling = tellingOf(args, io, { named: asked.name !== undefined, ...(models !== undefined && { models }) })
  const note = (text: string): void => telling.note(text)
  const exporting = await exportingOf(args, io, note)
  let failed = 0
  const again = (...more: string[]): string => commandLine(args.typed, more)
  const onEvent = (event: ExperimentEvent): void => {
    telling.event(event)
    exporting?.event(event)
    if (event.type !== 'cell_end') return
    failed += tellCell(event.runs, again, args, io, note)
    if (event.left === 0) onCell(event.runs)
  }
  const { cells, left, played, stopped } = await runExperiment(asked, {
    ...rest,
    ...(models !== undefined && { models }),
    economies,
    signal: io.signal,
    onEvent,
  }).finally(async () => {
    telling.end()
    await exporting?.stop()
  })
  for (const reason of stopped) note(oneLine(reason))
  if (left > 0) {
    note(`Stopped after ${played} of ${plural(played + left, 'rollout')}. Go on with: ${again('--resume')}`)
    const last = cells.at(-1)
    if (last !== undefined) onCell(last.runs)
  }
  return { cells, runs: cells.flatMap(({ runs }) => runs), left, code: left > 0 || failed > 0 ? 1 : 0 }
}

/** Says what of a cell failed, and what began anew though it was to be gone on with; gives how many rollouts failed. */
function tellCell(
  runs: readonly RunResult[],
  again: (...more: string[]) => string,
  args: Args,
  io: Io,
  tell: (text: string) => void,
): number {
  for (const run of runs) {
    for (const note of [...cacheNote(run), ...modelNotes(run.metadata)]) tell(note)
  }
  const fresh = args.flag('resume') ? runs.filter(({ resumed }) => !resumed) : []
  for (const { folder } of fresh) tell(`--resume found no such run and began it: ${shownPath(folder, io.cwd)}`)
  const failed = runs.reduce((sum, { summary }) => sum + summary.failed, 0)
  if (failed > 0) {
    const where = runs
      .filter(({ summary }) => summary.failed > 0)
      .map(({ folder }) => `${shownPath(folder, io.cwd)}/errors.jsonl`)
    tell(
      `${plural(failed, 'rollout')} failed (${where.join(', ')}). Play them again with: ${again('--resume', '--retry-errors')}`,
    )
  }
  return failed
}

/** The command as it was typed, with options added that were not. */
function commandLine(typed: readonly string[], more: readonly string[]): string {
  const words = [...typed, ...more.filter(word => !typed.includes(word))]
  return ['agoragym', ...words.map(withoutCredentials).map(quoted)].join(' ')
}

/** A word as a shell reads it back. */
function quoted(word: string): string {
  return /^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`
}
