/**
 * Scores that were given to a run after it was played: scores.jsonl has a row per rollout and evaluated seat, scores.json says
 * what each score is. Knows the two files and who is joined to what; computes no score.
 *
 * A value counts where its digest is that of its description in scores.json: the two files are written one after the other,
 * and what a kill leaves between them is never shown under the wrong description.
 */
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import type { MetricDoc } from '../envs/core/environment.ts'
import { UserError } from '../envs/core/errors.ts'
import type { AgentId } from '../envs/core/tool.ts'
import { replaceFile } from './disk.ts'
import { objectIn, rows, type Unread } from './jsonl.ts'
import { type RolloutFigures, whole } from './record.ts'
import type { ResultFigures } from './rows.ts'
import { FILES, readRolloutFigures } from './store.ts'
import { parseJson, readText } from './text_file.ts'

/** What stands before the name of a score that a model gave. */
export const JUDGED = 'judged_'

/** What a score is, and what came of it in this run. */
export interface ScoreFacts extends MetricDoc {
  /** `judge`: a model gave it, by a rubric. */
  readonly kind: 'metric' | 'judge'
  readonly version: number
  /** SHA-256, in hex, of all that decides a value besides the rollout. */
  readonly digest: string
  /** Evaluated seats with a number. */
  readonly scored: number
  /** Seats where it is not defined. */
  readonly undefined: number
  /** Of a judge only: seats whose answer could not be read (missing values), and seats that have no answer yet. */
  readonly malformed?: number
  readonly unanswered?: number
  readonly judge?: JudgeFacts
}

/** Who judged, and what it was told. */
export interface JudgeFacts {
  /** The player string, credentials redacted. */
  readonly player: string
  /** As a run's `player_details`. */
  readonly details: Readonly<Record<string, unknown>>
  /** The instructions, the rubric among them; the seat's messages follow. */
  readonly prompt: string
}

/** One score of one seat. */
export interface ScoreValue {
  /** Null where it is not defined, or is missing. */
  readonly value: number | null
  readonly digest: string
  /** Why a judge's value is missing. */
  readonly missing?: 'malformed_answer'
}

/** A row of scores.jsonl: what was added to one row of the results. */
export interface ScoreRow {
  readonly key: string
  readonly seat: AgentId
  readonly scores: Readonly<Record<string, ScoreValue>>
}

/** What scores.json says, by name; empty where nothing was added. */
export function readScoreFacts(folder: string): Readonly<Record<string, ScoreFacts>> {
  const path = join(folder, FILES.scoreFacts)
  if (!existsSync(path)) return {}
  const tell = (why: string): string => `${path}: ${why}; score the run again.`
  const facts = parseJson(readText(path, tell), tell)
  if (typeof facts !== 'object' || facts === null || Array.isArray(facts)) throw new UserError(tell('expected an object'))
  return facts as Record<string, ScoreFacts>
}

/** The rows of scores.jsonl. */
export function readScores(folder: string): Generator<ScoreRow> {
  return rows(join(folder, FILES.scores), objectIn<ScoreRow>)
}

export function writeScores(folder: string, facts: Readonly<Record<string, ScoreFacts>>, scores: Iterable<ScoreRow>): void {
  replaceFile(join(folder, FILES.scores), write => {
    for (const row of scores) write(Buffer.from(`${JSON.stringify(row)}\n`))
  })
  const text = `${JSON.stringify(facts, null, 2)}\n`
  replaceFile(join(folder, FILES.scoreFacts), write => write(Buffer.from(text)))
}

/** The defined values of a row, by name. */
export function definedScores({ scores }: ScoreRow, facts: Readonly<Record<string, ScoreFacts>>): Record<string, number> {
  return Object.fromEntries(
    Object.entries(scores).flatMap(([name, { value, digest }]) =>
      value !== null && facts[name]?.digest === digest ? [[name, value]] : [],
    ),
  )
}

/** A row with what was added to it among its metrics, and like every metric at its top level. */
export function withScores(row: ResultFigures, added: Readonly<Record<string, number>>): ResultFigures {
  return { ...added, ...row, metrics: { ...row.metrics, ...added } }
}

/**
 * What tables read of each finished rollout, with the scores that were added since among its rows' metrics. The files are read side
 * by side; only where their order differs are scores held.
 */
export function* readScoredRollouts(folder: string, unread?: Unread): Generator<RolloutFigures> {
  const facts = readScoreFacts(folder)
  if (Object.keys(facts).length === 0) return yield* readRolloutFigures(folder, unread)
  const scores = readScores(folder)
  const ahead = new Map<string, ScoreRow>()
  const find = (id: string): ScoreRow | undefined => {
    const held = ahead.get(id)
    if (held !== undefined) {
      ahead.delete(id)
      return held
    }
    for (let next = scores.next(); !next.done; next = scores.next()) {
      const at = seatId(next.value.key, next.value.seat)
      if (at === id) return next.value
      ahead.set(at, next.value)
    }
    return undefined
  }
  for (const { rows, ...rollout } of readRolloutFigures(folder, unread)) {
    const scored = rows.map(row => {
      const found = find(seatId(row.key, row.info.seat))
      return found === undefined ? row : withScores(row, definedScores(found, facts))
    })
    yield { ...rollout, rows: scored }
  }
}

/** Names a seat of a rollout. */
export const seatId = (key: string, seat: AgentId): string => `${key}/${seat}`

/** The rows of finished rollouts without their messages, those of a rollout at a time, with the scores that were added since. */
export function* readRollouts(folder: string, unread?: Unread): Generator<readonly ResultFigures[]> {
  for (const { rows } of readScoredRollouts(folder, unread)) yield rows.map(whole)
}

/** The same, a row at a time. */
export function* readScoredFigures(folder: string, unread?: Unread): Generator<ResultFigures> {
  for (const { rows } of readScoredRollouts(folder, unread)) for (const row of rows) yield whole(row)
}
