/**
 * Exports: runs in, a folder of training files out, task by task, so that what is held does not grow with the runs. Knows
 * filters, splits and counts; the formats know the rows.
 */
import { writeFileSync } from 'node:fs'
import { setImmediate } from 'node:timers/promises'
import type { AnyEnvironment } from '../../envs/core/environment.ts'
import { UserError } from '../../envs/core/errors.ts'
import type { Lookup } from '../../envs/core/registry.ts'
import { refused } from '../disk.ts'
import { RunError } from '../errors.ts'
import type { Pars } from '../par.ts'
import { PASS_THRESHOLD } from '../pass_rates.ts'
import { DATA_CARD } from '../store.ts'
import { otherBuild, packageVersion, playedBy } from '../versions.ts'
import { type Estimator, estimatorNamed } from './advantage.ts'
import type { Columns } from './columns.ts'
import { type CardFile, type CardRun, type DataCard, GROUP_RULE, readme } from './datacard.ts'
import { type ExportFacts, type Format, type FormatWriter, REASONS, type Reason, type TaskPlays } from './format.ts'
import { Pay, type RewardChoice } from './pay.ts'
import { Plays } from './play.ts'
import { RunFiles } from './reader.ts'
import { RolloutIndex, type TaskRollouts } from './rollout_index.ts'
import { SPLIT_RULE, type Split, splitOf } from './split.ts'
import { fingerprint, README, Target } from './target.ts'
import { openRowFile, type RowFile } from './writers.ts'

export interface ExportOptions {
  /** Run folders. */
  readonly runs: readonly string[]
  readonly format: Format
  readonly out: string
  /** By default there is one part and no folder for it. */
  readonly splits?: readonly Split[]
  readonly includeTruncated?: boolean
  readonly includeFailed?: boolean
  /** Group-relative advantages; GRPO's by default. */
  readonly estimator?: Estimator
  /** What is written as rewards: the score, and of steps its change, by default. */
  readonly reward?: RewardChoice
  /** What rewards mean in the presets of an economy; needed where they are scaled or relative. */
  readonly pars?: (env: string) => Pars | undefined
  /** The reward from which a rollout counts as good; 0.5 by default. */
  readonly threshold?: number
  /** How much better the better rollout of a pair is at least; 0.1 by default. */
  readonly margin?: number
  /** Where the economies are found whose logs are played again. */
  readonly environments: Lookup<AnyEnvironment>
  readonly signal?: AbortSignal
  /** Called once, with the number of finished rollouts; what it gives is called with how many have been exported. */
  readonly onStart?: (rollouts: number) => (done: number) => void
}

/** How much better the better rollout of a pair is at least, where nobody says. */
export const MARGIN = 0.1

/** Writes the export and gives its data card. A UserError where `out` is taken, a RunError where it was interrupted. */
export async function exportRuns(options: ExportOptions): Promise<DataCard> {
  const { format } = options
  if (options.includeFailed && format.failed === undefined)
    throw new UserError(
      `--include-failed: rollouts that failed have no messages, so ${format.id} has no rows for them; leave it out.`,
    )
  const { form, unit = false, relative = false } = options.reward ?? {}
  if (form !== undefined && format.pays !== 'step')
    throw new UserError(`--reward: ${format.id} has no rewards of single steps; leave it out.`)
  if ((unit || relative) && format.pays === 'none')
    throw new UserError(`--reward-scale, --reward-relative: ${format.id} writes no rewards of its own; leave them out.`)
  const pay = new Pay(options.reward, options.pars)
  const runs = RunFiles.of(options.runs)
  const broken = runs.find(({ metadata }) => metadata === undefined)
  if (broken !== undefined) throw new UserError(`${broken.folder} has no metadata.json; expected a run folder.`)
  for (const { folder, metadata } of format.reads?.includes('steps') ? runs : []) {
    const other = otherBuild(metadata!, options.environments)
    if (other !== undefined) throw new UserError(`${folder}: ${format.id} plays logs again, and ${other}; leave this run out.`)
  }
  const target = new Target(options.out)
  const pause = pauses(options.signal)
  const index = new RolloutIndex(runs, target.scratch, format.reads)
  try {
    for (const _ of index.scan()) if (pause.due()) await pause.take()
    const { estimator = estimatorNamed(), threshold = PASS_THRESHOLD, margin = MARGIN } = options
    const work = new Export({ ...options, estimator, threshold, margin, pay }, index, target)
    const tell = options.onStart?.(index.size)
    for (const task of index.tasks()) {
      work.add(task)
      tell?.(work.rollouts)
      if (pause.due()) await pause.take()
    }
    if (work.rollouts === 0 && index.unread.lines > 0)
      throw new RunError(`No rollout could be read, and nothing was exported. ${index.unread.notes.join(' ')}`)
    return work.finish()
  } catch (error) {
    target.abandon()
    const { code } = ((error as Error).cause ?? {}) as NodeJS.ErrnoException
    if (code === 'ENOSPC' || code === 'EDQUOT')
      throw new RunError(`No room for the export in ${options.out}: free some space or choose another folder with --out.`)
    throw error
  } finally {
    index.close()
  }
}

/** Milliseconds of work before signals and timers have their turn. */
const SLICE = 20

function pauses(signal: AbortSignal | undefined) {
  let last = performance.now()
  return {
    due: (): boolean => performance.now() - last > SLICE,
    async take(): Promise<void> {
      await setImmediate()
      if (signal?.aborted) throw new RunError('Stopped; nothing was exported.')
      last = performance.now()
    },
  }
}

/** One part of the export: its files and what had no row. */
interface Part {
  readonly split: string | null
  readonly writer: FormatWriter
  readonly files: ReadonlyMap<string, { readonly columns: Columns; readonly file: RowFile; rows: number }>
  readonly leftOut: Map<Reason, number>
  tasks: number
}

type Chosen = ExportOptions & Required<Pick<ExportOptions, 'estimator' | 'threshold' | 'margin'>> & { readonly pay: Pay }

class Export {
  readonly #options: Chosen
  readonly #index: RolloutIndex
  readonly #target: Target
  readonly #plays: Plays
  readonly #parts: ReadonlyMap<string | null, Part>
  #seeds: { least: number; greatest: number } | null = null
  rollouts = 0
  #seatRollouts = 0
  #truncated = 0
  #failed = 0

  constructor(options: Chosen, index: RolloutIndex, target: Target) {
    const { format, estimator, pay, threshold, margin, environments, splits } = options
    this.#options = options
    this.#index = index
    this.#target = target
    this.#plays = new Plays(estimator, pay)
    const facts: ExportFacts = { runs: index.runs, metrics: index.metrics, estimator, pay, threshold, margin, environments }
    const names = splits?.map(({ name }) => name) ?? [null]
    this.#parts = new Map(names.map(split => [split, this.#open(split, format, facts)]))
  }

  #open(split: string | null, format: Format, facts: ExportFacts): Part {
    const files = format.files(facts).map(({ path, columns }) => {
      const place = this.#target.place(below(split, path))
      return [path, { columns, file: openRowFile(place, columns), rows: 0 }] as const
    })
    return { split, writer: format.open(facts), files: new Map(files), leftOut: new Map(), tasks: 0 }
  }

  add(task: TaskRollouts): void {
    const { splits, includeTruncated = false, includeFailed = false, format } = this.#options
    const { plays: all, unscaled } = this.#plays.of(task)
    const { seed } = task
    const part = this.#parts.get(splits === undefined ? null : splitOf(seed, splits))!
    const leaveOut = (reason: Reason, count = 1): void => {
      if (count > 0) part.leftOut.set(reason, (part.leftOut.get(reason) ?? 0) + count)
    }
    const whole = all.filter(({ figures }) => !figures.is_truncated)
    const plays = includeTruncated ? all : whole
    part.tasks++
    this.#seeds = {
      least: Math.min(seed, this.#seeds?.least ?? seed),
      greatest: Math.max(seed, this.#seeds?.greatest ?? seed),
    }
    this.rollouts += task.finished.length
    this.#seatRollouts += all.length + unscaled
    this.#truncated += new Set(all.filter(({ figures }) => figures.is_truncated).map(({ rollout }) => rollout)).size
    this.#failed += task.failed.length
    leaveOut('unfinished', task.unfinished)
    leaveOut('no_par', unscaled)
    if (format.anyEnd === undefined) leaveOut('truncated', all.length - plays.length)
    if (!includeFailed) leaveOut('failed', task.failed.length)

    const view: TaskPlays = { plays, all, failed: includeFailed ? task.failed : [] }
    part.writer.task(view, {
      row(path, row) {
        const file = part.files.get(path)!
        file.file.write(row)
        file.rows++
      },
      leaveOut,
    })
  }

  finish(): DataCard {
    const files = [...this.#parts.values()].flatMap(part => this.#close(part))
    const card = this.#card(files)
    this.#write(DATA_CARD, `${JSON.stringify(card, null, 2)}\n`)
    this.#write(README, readme(card))
    this.#target.publish([...files.map(({ path }) => path), README, DATA_CARD])
    return card
  }

  #close({ split, writer, files, leftOut, tasks }: Part): CardFile[] {
    const tables = [...files].map(([name, { columns, file, rows }]): CardFile => {
      file.close()
      const path = below(split, name)
      const empty = rows === 0 ? { empty: whyEmpty(tasks, leftOut, this.rollouts) } : {}
      return { path, split, rows, ...fingerprint(this.#target.place(path)), columns, ...empty }
    })
    const documents = Object.entries(writer.documents?.() ?? {}).map(([name, document]): CardFile => {
      const path = below(split, name)
      this.#write(path, `${JSON.stringify(document, null, 2)}\n`)
      return { path, split, ...fingerprint(this.#target.place(path)) }
    })
    return [...tables, ...documents]
  }

  #write(path: string, text: string): void {
    const place = this.#target.place(path)
    try {
      writeFileSync(place, text)
    } catch (error) {
      throw refused(place, error)
    }
  }

  #card(files: readonly CardFile[]): DataCard {
    const { format, splits, includeTruncated = false, includeFailed = false, estimator, threshold, margin } = this.#options
    const runs = this.#index.runs.map(cardRun)
    const leftOut = new Map<Reason, number>()
    for (const part of this.#parts.values())
      for (const [reason, count] of part.leftOut) leftOut.set(reason, (leftOut.get(reason) ?? 0) + count)
    const envs = new Map(runs.map(({ env, env_version }) => [`${env} ${env_version}`, { id: env, version: env_version }]))
    const models = this.#index.runs.flatMap(({ metadata }) => (metadata?.player_kind === 'model' ? [metadata.model] : []))
    return {
      format: format.id,
      agoragym_version: packageVersion(),
      envs: [...envs.values()],
      seeds: this.#seeds,
      players: [...new Set(runs.map(({ player }) => player))],
      models: [...new Set(models)],
      runs,
      filters: {
        include_truncated: includeTruncated,
        include_failed: includeFailed,
        ...(format.uses === 'threshold' && { threshold }),
        ...(format.uses === 'margin' && { margin }),
      },
      ...(format.pays !== 'none' && { reward: this.#options.pay.described }),
      advantage: { id: estimator.id, formula: estimator.formula, group: GROUP_RULE },
      split:
        splits === undefined
          ? null
          : { rule: SPLIT_RULE, shares: Object.fromEntries(splits.map(({ name, share }) => [name, share])) },
      counts: {
        rollouts: this.rollouts,
        seat_rollouts: this.#seatRollouts,
        truncated: this.#truncated,
        failed: this.#failed,
        rows: files.reduce((sum, { rows = 0 }) => sum + rows, 0),
      },
      left_out: Object.fromEntries([...leftOut].map(([reason, count]) => [reason, { count, why: REASONS[reason] }])),
      unread: this.#index.unread.notes,
      files,
    }
  }
}

const below = (split: string | null, path: string): string => (split === null ? path : `${split}/${path}`)

function whyEmpty(tasks: number, leftOut: ReadonlyMap<Reason, number>, rollouts: number): string {
  if (rollouts === 0 && leftOut.size === 0) return 'the runs hold no finished rollout (go on with them: --resume)'
  if (tasks === 0) return 'no seed of the runs falls into this part (play more seeds, or give it a larger share in --split)'
  if (leftOut.size === 0) return 'nothing that was read belongs into this file'
  return [...leftOut].map(([reason, count]) => `${count} ${reason}: ${REASONS[reason]}`).join('; ')
}

function cardRun({ name, metadata }: RunFiles): CardRun {
  const { env_id, version_info, player, model, lineup, evaluated, config_digest, prompt_digest, examples, complete } = metadata!
  return {
    name,
    env: env_id,
    env_version: version_info.env_version,
    player,
    model,
    lineup,
    evaluated,
    config_digest,
    prompt_digest,
    examples,
    complete,
    agoragym_version: playedBy(metadata!).version,
  }
}
