/**
 * `agoragym/export`: run folders into files that trainers read, with a data card, and the files that an economy's own laboratory
 * or publication came with.
 */
export {
  type Files,
  type FinishedRollout,
  finishedRollouts,
  type ReadRecord,
  type RunExport,
} from './economies/run_export.ts'
export { writeFiles } from './rollouts/disk.ts'
export { type Estimator, estimatorNamed, estimators } from './rollouts/export/advantage.ts'
export type { Columns, ColumnType, Row } from './rollouts/export/columns.ts'
export type { CardFile, CardRun, DataCard } from './rollouts/export/datacard.ts'
export { type ExportOptions, exportRuns, MARGIN } from './rollouts/export/export.ts'
export {
  type ExportFacts,
  type FileSpec,
  type Format,
  type FormatWriter,
  REASONS,
  type Reason,
  type Sink,
  type TaskPlays,
} from './rollouts/export/format.ts'
export { formatNamed, formats } from './rollouts/export/formats.ts'
export { type GroupRow, type GroupsSummary, writeGroups } from './rollouts/export/groups.ts'
export { parseSplits, type Split, splitOf } from './rollouts/export/split.ts'
