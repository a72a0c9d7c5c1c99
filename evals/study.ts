/**
 * What a replication study is: published figures beside ours, each with its tolerance. The figures of a study are a data
 * file beside it, with n and source; the study says how ours are made. Knows no economy.
 */
import type { PublishedRun } from './published.ts'

/** Where a figure stands: published by others, or made by an earlier prototype (a regression, not a replication). */
export type FigureKind = 'published' | 'prototype'

export interface StudyRow {
  /** The table or group it belongs to. */
  readonly group: string
  readonly figure: string
  readonly kind: FigureKind
  /** The figure to compare with; null where none exists for this row. */
  readonly published: number | null
  readonly publishedSd?: number
  /** How many runs the published figure stands on. */
  readonly publishedN?: number
  readonly ours: number
  readonly oursSd?: number
  /** How many runs ours stands on. */
  readonly n: number
  /** The largest |ours − published| that passes; absent where the row is printed for information. */
  readonly tolerance?: number
  /** The smallest and the largest of ours that pass, where the figure is a bound or a count. */
  readonly least?: number
  readonly most?: number
  /** Whether it passes all of these; null where it has none. */
  readonly ok: boolean | null
  /** Digits after the point when printed. */
  readonly digits?: number
}

/** A table of another shape than published beside ours, printed below those. */
export interface StudyTable {
  readonly title: string
  readonly head: readonly string[]
  readonly rows: readonly (readonly string[])[]
}

export interface StudyResult {
  readonly rows: readonly StudyRow[]
  readonly tables?: readonly StudyTable[]
  /** Lines printed below the tables: what is documented, what is reconstructed, what was skipped. */
  readonly notes: readonly string[]
  /** False where the study failed for a reason that no row shows. */
  readonly ok: boolean
}

export interface StudyOption {
  readonly description: string
  readonly type: 'string' | 'number' | 'boolean'
  readonly default?: string | number | boolean
}

export interface StudyContext {
  /** The study's own options, as given on the command line. */
  readonly options: Readonly<Record<string, string | number | boolean | undefined>>
  /** Where files go, if the study writes any; absent when `--out` was not given and the study needs none. */
  readonly out?: string
  /** The environment of the process, for the keys of models; none by default. */
  readonly env?: Readonly<Record<string, string | undefined>>
  readonly signal: AbortSignal
  /** A line about progress. */
  progress(done: number, total: number): void
}

export interface Study {
  /** kebab-case: what is typed after `replicate`. */
  readonly id: string
  readonly title: string
  /** Where the figures come from, in full. */
  readonly source: string
  readonly options: Readonly<Record<string, StudyOption>>
  run(context: StudyContext): Promise<StudyResult>
  /** The published runs of the study, for `compare --published`. */
  readonly published?: readonly PublishedRun[]
}

/** A row judged by its tolerance and its bounds (1e-9 of slack for sums of floats). */
export function row(fields: Omit<StudyRow, 'ok'>): StudyRow {
  const { published, ours, tolerance, least, most } = fields
  const passes = [
    ...(published === null || tolerance === undefined ? [] : [Math.abs(ours - published) <= tolerance + SLACK]),
    ...(least === undefined ? [] : [ours >= least - SLACK]),
    ...(most === undefined ? [] : [ours <= most + SLACK]),
  ]
  return { ...fields, ok: passes.length === 0 ? null : passes.every(Boolean) }
}

const SLACK = 1e-9
