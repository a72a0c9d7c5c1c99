/**
 * `agoragym/rollouts`: playing. An experiment into run folders, or one rollout for its own sake; the players, among them models
 * with their providers, limits, prices and budget; and the files of a run, read back.
 */
/** An experiment is settings × players × examples × repeats; while it is played it tells what happens as events. */
export type { ExamplesSpec } from './evals/examples.ts'
export {
  type Cell,
  cellsOf,
  type Experiment,
  type ExperimentInput,
  experiment,
  type ResolvedCell,
  resolveCells,
  type Seats,
} from './evals/experiment.ts'
/** A part of an experiment for one of several machines, and the run that is made of the parts. */
export { type MergedRun, type MergeOptions, mergeRuns } from './evals/merge.ts'
export { type Playable, residentFields } from './evals/opponents.ts'
export type { PlannedCell } from './evals/plan.ts'
export {
  type CellResult,
  type ExperimentEvent,
  type ExperimentResult,
  type PlannedRollout,
  type PlayerFacts,
  planExperiment,
  type RolloutFacts,
  type RunExperimentOptions,
  rolloutsOf,
  runExperiment,
} from './evals/run_experiment.ts'
export { absentShards, checkShard, type Shard, shardFolder, shardOf } from './evals/shards.ts'
/** Who plays rollouts in other threads or on other machines. */
export type { BatchResult, Elsewhere, Job } from './rollouts/batch.ts'
export { COMPRESSIONS, type Compression } from './rollouts/blocks.ts'
/** A seat spoken to in messages: one state machine for models that are asked here and for those that trainers ask. */
export { Dialogue, type Heard, PLAIN_STYLE, type PlayStyle } from './rollouts/dialogue.ts'
/** Files that a user names: read with a bound, written as wholes, and refusals of the file system in one line. */
export { refused, replaceOwnFile } from './rollouts/disk.ts'
/** What ends a run before its time. A user's mistake is a `UserError` of `agoragym`. */
export { EpisodeStopped, RunError, RunStopped } from './rollouts/errors.ts'
/** What an experiment would be asked of its models, before anything is sent. */
export { ESTIMATE_SAMPLE, estimate, type PlayerEstimate } from './rollouts/estimate.ts'
export { columnNames, evaluatedOf, type Named, shortName } from './rollouts/labels.ts'
export { lineupOf, type Seated, type Seating, type Share, seat } from './rollouts/lineup.ts'
export { type ListedRun, listRuns } from './rollouts/listing.ts'
export type { Message, ToolCall, Transcript, TranscriptMessage } from './rollouts/messages.ts'
export type { ExperimentFacts, Metadata, Summary, Traffic } from './rollouts/metadata.ts'
/** Models: who is asked how, and within which limits. `Models.spent` is the budget so far. */
export {
  ASSUMED_COMPLETION,
  type Asker,
  costRange,
  FORMS,
  type Form,
  type History,
  historyName,
  isHome,
  labelSchema,
  type Model,
  type ModelAnswer,
  type ModelRequest,
  Models,
  type ModelsOptions,
  type NoToolCall,
  type Personas,
  type PlayerChoice,
  type PlayerSpec,
  type Price,
  type Prices,
  type Protocol,
  type ProviderFacts,
  parseForms,
  parseHistory,
  parsePersonas,
  priceOf,
  providers,
  readPrices,
  registerProvider,
  type Sampling,
  shippedPersonas,
  shippedPrices,
  splitPlayers,
  type Treatment,
} from './rollouts/models/index.ts'
export { modelNotes } from './rollouts/models/notes.ts'
export { withoutCredentials } from './rollouts/models/redact.ts'
export { promptTokens } from './rollouts/models/usage.ts'
export { boundsOf, currentPar, isCurrent, type Par, type Pars } from './rollouts/par.ts'
export { PASS_THRESHOLD } from './rollouts/pass_rates.ts'
export type { Outcome } from './rollouts/played.ts'
export {
  type CallRow,
  type People,
  type Player,
  ProviderError,
  type Reply,
  type RetryRow,
  type RolloutContext,
  type TranscribedPolicy,
  type Usage,
} from './rollouts/player.ts'
export { atTerminal, callText, humanPlayer, type Terminal } from './rollouts/players/human.ts'
export { type PlayerContext, playersFor } from './rollouts/players/index.ts'
export { peopleNotes } from './rollouts/players/notes.ts'
export { type PlayerMaker, registerPlayer } from './rollouts/players/own.ts'
export { openTerminal, type TerminalOptions } from './rollouts/players/terminal.ts'
export { PROGRESS_WORDS, Progress, type ProgressOptions } from './rollouts/progress.ts'
/** What a rollout is, and the keys by which it, its repeats and its task are known. */
export {
  configDigest,
  type FailedRollout,
  groupKey,
  keyParts,
  type Lineup,
  lineupNames,
  type Rollout,
  type RolloutSpec,
  rolloutKey,
  taskKey,
} from './rollouts/rollout.ts'
export type { ErrorRow, ResultFigures, ResultRow, RolloutInfo, StepsRow, Trace, TracedEpisode } from './rollouts/rows.ts'
export {
  type Example,
  type ExampleSet,
  playRuns,
  type RunOptions,
  type RunPlan,
  type RunResult,
  runFolder,
} from './rollouts/run.ts'
/** One episode: seats its players and plays to the end. */
export { type RolloutOptions, runRollout } from './rollouts/run_rollout.ts'
/** What a run has come to so far. */
export { Running, type RunningFigures } from './rollouts/running.ts'
export { type ScenarioRow, scenarioRow } from './rollouts/scenarios.ts'
/** The files of a run, row by row: a run of any size is never held. */
export {
  countFinished,
  FILES,
  findRuns,
  type OpenedRollout,
  openRollout,
  RunReader,
  readCallFigures,
  readCalls,
  readErrors,
  readFigures,
  readMetadata,
  readResults,
  readSteps,
  readTraces,
} from './rollouts/store.ts'
export { summarize } from './rollouts/summary.ts'
export { type SeatMessage, Talk, type TalkView } from './rollouts/talk.ts'
export { parseJson, readText } from './rollouts/text_file.ts'
export { transcribe, transcriptOf } from './rollouts/transcript.ts'
export { type Buffered, END_TURN, TurnBuffer } from './rollouts/turn_buffer.ts'
export { countLogs, type Finding, logFiles, type Verified, verifyLogs } from './rollouts/verify.ts'
export { type Ended, type FailureFigures, type PlayFigures, withoutTexts } from './rollouts/watch.ts'
