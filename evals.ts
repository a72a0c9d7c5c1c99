/**
 * `agoragym/evals`: what was played, judged. Comparison of any number of players with intervals, the report, statistics,
 * suites and studies, metrics and judges of one's own, and the audit of a preset.
 */
/** Whether a preset can be won by something that is not play. */
export type { Runner } from './evals/audit/arena.ts'
export { type AuditOptions, auditPreset, differences, missed, type PresetAudit, standardPresets } from './evals/audit/audit.ts'
export { readFound, readResults, writeFound, writePars, writeResults } from './evals/audit/files.ts'
export { readPars } from './evals/audit/par_file.ts'
export { derivePar } from './evals/audit/pars.ts'
export type { PlayerRow } from './evals/audit/player_rows.ts'
export { FIRST_SEEDS } from './evals/audit/race.ts'
export { search } from './evals/audit/search.ts'
export type { AuditSpec, Subject } from './evals/audit/spec.ts'
export type { TargetRow } from './evals/audit/targets.ts'
export { startThreads, type Threads } from './evals/audit/threads.ts'
/** Every figure of any number of runs as one list, and how people and programs read it. */
export { type ComparedRun, type CompareOptions, type Comparison, compare, runsIn } from './evals/compare.ts'
export { comparisonMarkdown, comparisonText, overviewMarkdown, overviewText, SCREEN } from './evals/comparison_text.ts'
/** A suite is an experiment in a file. */
export { parseSuite, suiteJsonSchema } from './evals/experiment.ts'
export {
  CORRECTIONS,
  type Correction,
  csv,
  type Figure,
  type TableId,
  tableFacts,
  type Unit,
} from './evals/figures.ts'
export { type Lack, type Overview, type OverviewRow, overviewOf, SETTLED, type Verdict } from './evals/overview.ts'
export { type Publication, type PublishedRun, parsePublication } from './evals/published.ts'
export { type ReportFacts, type ReportOptions, writeReport } from './evals/report/report.ts'
/** The runs of one setting right after they were played. */
export { evaluationFacts, runsText } from './evals/run_table.ts'
/** Metrics and judges of one's own, added to finished runs. */
export { type Judge, type JudgeInput, parseJudge, readRubric } from './evals/score/judge.ts'
export type { Metric } from './evals/score/metric.ts'
export {
  type AddedScore,
  chosenScores,
  estimateJudges,
  type JudgeEstimate,
  type JudgementRow,
  type Scored,
  type ScoreOptions,
  scoreRuns,
} from './evals/score/score.ts'
export { type PlayedSeat, playedSeats, type SeatMessage } from './evals/score/seats.ts'
export { markdown, type Sheet, sheet } from './evals/sheet.ts'
export { type Standing, standingsOf } from './evals/standings.ts'
/** Means, differences and strengths with their intervals; scenarios are the clusters. */
export {
  benjaminiHochberg,
  cluster,
  clusteredMean,
  clusteredShare,
  type Difference,
  type Estimate,
  holm,
  type IntervalMethod,
  type IntervalOptions,
  pairedDifference,
} from './evals/stats.ts'
export { stepText } from './evals/step_text.ts'
export { bradleyTerry, type PairPoints, type StrengthEstimate, strengths } from './evals/strengths.ts'
/** Published studies run again; `economies.study(ID)` gives one. */
export type { FigureKind, Study, StudyContext, StudyOption, StudyResult, StudyRow } from './evals/study.ts'
export { readSuiteFile, shippedSuites } from './evals/suite_file.ts'
export type { Sweep } from './evals/sweeps.ts'
/** What happens while an experiment is played, as OpenTelemetry traces and metrics. */
export { Telemetry, type TelemetryApi, type TelemetryOptions } from './evals/telemetry.ts'
/** Plain-text tables for terminals. */
export { block, columns, definitions, type FigureRow, figureTable, number, plural, shownPath, wrap } from './evals/text.ts'
/** Values added up by scenario. */
export { type Clustered, Column } from './rollouts/column.ts'
/** Results with what was added to them since. */
export {
  type JudgeFacts,
  readRollouts,
  readScoredFigures,
  readScoreFacts,
  readScores,
  type ScoreFacts,
  type ScoreRow,
  type ScoreValue,
} from './rollouts/scores.ts'
