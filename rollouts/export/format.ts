/** What an export format is, and what it is given. Knows no format. */
import type { AnyEnvironment } from '../../envs/core/environment.ts'
import type { Lookup } from '../../envs/core/registry.ts'
import type { Estimator } from './advantage.ts'
import type { Columns, Row } from './columns.ts'
import type { Pay } from './pay.ts'
import type { SeatPlay } from './play.ts'
import type { RunFiles, StoredRollout } from './reader.ts'

/** Why something has no row, by what is counted in the data card. */
export const REASONS = {
  truncated: 'cut short before the economy ended it (--include-truncated exports them, flagged)',
  failed:
    'given up because a provider failed; they have no messages (traces, verifiers and parquet list them with --include-failed)',
  unfinished: 'left half-written by a kill (resume the run)',
  silent: 'the player said nothing',
  unpaired: 'no second rollout of the same seed, seat and opponents to pair with (play with --repeats 2 or more)',
  small_margin: 'the rewards of the pair differ by less than the margin (--margin)',
  no_shared_prompt: 'the two rollouts of the pair share no messages to start from',
  same_answer: 'the two answers of the pair are alike where they part',
  no_token_ids: 'the server returned no token ids (vLLM does with --extra-body \'{"return_token_ids": true, "logprobs": true}\')',
  no_par:
    'nobody derived what rewards mean in their configuration, so they cannot be scaled or compared (--reward-scale, --reward-relative)',
  other_build: 'played by an economy or a version of it that this build does not have, so it cannot be played again',
} as const
export type Reason = keyof typeof REASONS

/** What is known before any row is written. */
export interface ExportFacts {
  readonly runs: readonly RunFiles[]
  /** The names of all metrics in the runs, sorted; empty for a format that does not ask for them. */
  readonly metrics: readonly string[]
  readonly estimator: Estimator
  /** What is written as rewards. */
  readonly pay: Pay
  /** The reward from which a rollout counts as good. */
  readonly threshold: number
  /** How much better the better rollout of a pair is at least. */
  readonly margin: number
  readonly environments: Lookup<AnyEnvironment>
}

export interface FileSpec {
  /** Below the folder of the split. */
  readonly path: string
  readonly columns: Columns
}

/** The rollouts of one economy, version, configuration and seed, as a format gets them. */
export interface TaskPlays {
  /** Truncated ones only where they were asked for. */
  readonly plays: readonly SeatPlay[]
  /** Truncated ones in any case. */
  readonly all: readonly SeatPlay[]
  /** Only where they were asked for. */
  readonly failed: readonly StoredRollout[]
}

/** Where a format's rows go. */
export interface Sink {
  /** `path` is that of one of the format's files. */
  row(path: string, row: Row): void
  leaveOut(reason: Reason, count?: number): void
}

/** A format at work on one split. */
export interface FormatWriter {
  task(task: TaskPlays, sink: Sink): void
  /** Further files, by path, that are known at the end. */
  documents?(): Readonly<Record<string, object>>
}

export interface Format {
  readonly id: string
  /** What its rows are and who reads them, in one line. */
  readonly describe: string
  /** Which further files of a run it reads, and whether it has to know the names of the metrics. */
  readonly reads?: readonly ('steps' | 'calls' | 'metrics')[]
  /** Whether it has rows for failed rollouts. */
  readonly failed?: true
  /** Which of the numbers a user may set it looks at. */
  readonly uses?: 'threshold' | 'margin'
  /** Whether it holds rewards of steps (`step`), or none but what the run's own files hold (`none`); those of whole episodes by default. */
  readonly pays?: 'step' | 'none'
  /** Whether its rows are no outcomes, so that truncated rollouts serve as well. */
  readonly anyEnd?: true
  files(facts: ExportFacts): readonly FileSpec[]
  open(facts: ExportFacts): FormatWriter
}

/** A format that makes rows of each play by itself. */
export function playWriter(work: (play: SeatPlay, sink: Sink) => void): FormatWriter {
  return {
    task({ plays }, sink) {
      for (const play of plays) work(play, sink)
    },
  }
}
