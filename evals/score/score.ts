/**
 * Adds metrics and judgements of one's own to finished runs, without playing them again. What was computed is kept beside the
 * results (rollouts/scores.ts), a judge's answers in judgements.jsonl, as they come: whoever is stopped pays for none twice.
 */

import { join } from 'node:path'
import pLimit from 'p-limit'
import type { AnyEnvironment } from '../../envs/core/environment.ts'
import { nearest, UserError } from '../../envs/core/errors.ts'
import type { Lookup } from '../../envs/core/registry.ts'
import { RunStopped } from '../../rollouts/errors.ts'
import { Appender, isBlank, keepLines, objectIn, rows } from '../../rollouts/jsonl.ts'
import { FolderLock } from '../../rollouts/lock.ts'
import type { Message } from '../../rollouts/messages.ts'
import type { Metadata } from '../../rollouts/metadata.ts'
import { ASSUMED_COMPLETION, costRange } from '../../rollouts/models/estimate.ts'
import type { Asker, Models } from '../../rollouts/models/models.ts'
import { plusKnown, tokensOf } from '../../rollouts/models/usage.ts'
import { type CallRow, ProviderError } from '../../rollouts/player.ts'
import {
  JUDGED,
  readScoreFacts,
  readScores,
  type ScoreFacts,
  type ScoreRow,
  type ScoreValue,
  seatId,
  writeScores,
} from '../../rollouts/scores.ts'
import { countFinished, FILES, LOCK, readMetadata } from '../../rollouts/store.ts'
import { playedBy } from '../../rollouts/versions.ts'
import { type Judge, judgeDigest, judgeMessages, judgePrompt, parseScore } from './judge.ts'
import { type Metric, metricDigest, scoreOf } from './metric.ts'
import { type PlayedSeat, playedSeats } from './seats.ts'

/** A row of judgements.jsonl: a call of calls.jsonl, and which judge made it. */
export interface JudgementRow extends CallRow {
  readonly judge: string
}

export interface ScoreOptions {
  /** Run folders. */
  readonly runs: readonly string[]
  readonly metrics?: Readonly<Record<string, Metric>>
  readonly judges?: Readonly<Record<string, Judge>>
  /** The player string of the model that judges; a judge's own by default. */
  readonly judgePlayer?: string
  /** Whom judges ask. */
  readonly models?: Models
  /** Judgements at once. */
  readonly concurrency?: number
  /** Where the runs' economies are found. */
  readonly environments: Lookup<AnyEnvironment>
  /** Called once, with the number of seats; what it gives is called with how many have been scored or asked about. */
  readonly onStart?: (seats: number) => (done: number) => void
}

/** What came of one score in one run. */
export interface AddedScore extends Omit<ScoreFacts, 'judge'> {
  readonly folder: string
  /** `judged_…` where a model gave it. */
  readonly name: string
  readonly mean: number | null
  /** Of a judge: who; calls made now, answers that were there already, and what the calls cost (USD; null where a price is not known). */
  readonly player?: string
  readonly calls?: number
  readonly kept?: number
  readonly cost?: number | null
}

export interface Scored {
  readonly scores: readonly AddedScore[]
  /** Why it ended before everything was judged; empty where it did not. */
  readonly stopped: readonly string[]
  /** What a judge was not told because its provider failed, a line each. */
  readonly failed: readonly string[]
}

/** A judge with the model behind it. */
interface Bench {
  readonly name: string
  readonly judge: Judge
  readonly asker: Asker
  readonly digest: string
}

/**
 * Scores every evaluated seat of the runs and files the values. Metrics are computed anew, a judge is asked only what it has not
 * answered. A UserError where a name is taken, an economy is not registered, or a judge has no model; a metric's own error is one too.
 */
export async function scoreRuns(options: ScoreOptions): Promise<Scored> {
  const { runs, metrics = {} } = options
  const benches = benchesOf(options)
  const jobs = runs.map(folder => ({ folder, env: environmentOf(folder, options, Object.keys(metrics), benches) }))
  options.models?.prepare()
  const tell = options.onStart?.(runs.reduce((sum, folder) => sum + seatsOf(folder), 0))
  let done = 0
  const scores: AddedScore[] = []
  const stopped = new Set<string>()
  const failed: string[] = []
  for (const { folder, env } of jobs) {
    const lock = new FolderLock(join(folder, LOCK))
    try {
      const run = new ScoredRun(folder, env, metrics, benches)
      try {
        await run.play(options.concurrency ?? 32, () => tell?.(++done))
      } finally {
        run.close()
      }
      scores.push(...run.write())
      failed.push(...run.failed)
      for (const reason of run.stopped) stopped.add(reason)
    } finally {
      lock.release()
    }
    if (stopped.size > 0) break
  }
  return { scores, stopped: [...stopped], failed }
}

function seatsOf(folder: string): number {
  return countFinished(folder) * readMetadata(folder)!.evaluated.length
}

/** What judging would take, before anything is sent. */
export interface JudgeEstimate {
  readonly folder: string
  readonly name: string
  readonly player: string
  /** Seats that have an answer already, and calls that would be made. */
  readonly kept: number
  readonly calls: number
  readonly prompt_tokens: number
  readonly completion_tokens: number
  /** USD; null where no price is known. */
  readonly cost: number | null
}

/** Counts the calls of the judges, a quarter of the characters as tokens. Asks nobody, writes nothing. */
export function estimateJudges(options: ScoreOptions): JudgeEstimate[] {
  const { runs, metrics = {} } = options
  const benches = benchesOf(options)
  return runs.flatMap(folder => {
    const env = environmentOf(folder, options, Object.keys(metrics), benches)
    const known = new Set([...answers(folder)].map(([id]) => id))
    const sums = benches.map(() => ({ kept: 0, calls: 0, prompt: 0 }))
    for (const seat of playedSeats(folder, env)) {
      for (const [i, { name, judge, asker }] of benches.entries()) {
        const messages = judgeMessages(judge, seat)
        const sum = sums[i]!
        if (known.has(answerId(name, seat, asker.request(messages)))) {
          sum.kept++
          continue
        }
        sum.calls++
        sum.prompt += tokensOf(JSON.stringify(messages).length)
      }
    }
    return benches.map(({ name, asker }, i): JudgeEstimate => {
      const { kept, calls, prompt } = sums[i]!
      const completion = calls * ASSUMED_COMPLETION
      const measured = { calls, prompt, repeated: 0, completion }
      const cost = asker.price === null ? null : costRange(measured, asker.price)[1]
      return { folder, name, player: asker.name, kept, calls, prompt_tokens: prompt, completion_tokens: completion, cost }
    })
  })
}

function benchesOf({ judges = {}, judgePlayer, models }: ScoreOptions): Bench[] {
  return Object.entries(judges).map(([own, judge]) => {
    const player = judgePlayer ?? judge.player
    if (player === undefined) throw new UserError(`Judge ${own} names no model; name one with --judge openai:MODEL.`)
    if (models === undefined) throw new UserError(`Judge ${own} needs models to ask.`)
    const asker = models.asker(player)
    const name = `${JUDGED}${own}`
    return { name, judge, asker, digest: judgeDigest(name, judge, asker.name, asker.details) }
  })
}

/** The run's economy, after everything that must hold was checked. */
function environmentOf(
  folder: string,
  { environments }: ScoreOptions,
  metrics: readonly string[],
  benches: readonly Bench[],
): AnyEnvironment {
  const metadata = readMetadata(folder)
  if (metadata === undefined) throw new UserError(`${folder} is no run: it has no metadata.json that can be read.`)
  const { env_id, version_info } = metadata
  if (!environments.has(env_id))
    throw new UserError(`${folder} was played in ${env_id}, which is not registered: name its module with --import.`)
  const env = environments.get(env_id)
  const { name, version } = playedBy(metadata)
  if (name === 'econgym' || env.version !== version_info.env_version)
    throw new UserError(
      `${folder} was played in version ${version_info.env_version} of ${env_id}, this is version ${env.version}: score it with ${name} ${version}.`,
    )
  for (const name of [...metrics, ...benches.map(bench => bench.name)]) checkName(name, metadata, env)
  const judged = metrics.find(name => name.startsWith(JUDGED))
  if (judged !== undefined) throw new UserError(`Metric ${judged}: ${JUDGED}… is what a judge gives; choose another name.`)
  return env
}

/** Names of the runner's own figures, of fields that rows have beside them, and of what a judge gives. */
const TAKEN =
  /^(reward|key|example_id|error|is_completed|is_truncated|stop_condition|metrics|info|timing|token_usage|prompt|completion|tool_defs|num_.*|model_.*|human_.*)$/

function checkName(name: string, { avg_metrics }: Metadata, env: AnyEnvironment): void {
  if (!/^[a-z][a-z0-9_]{0,63}$/.test(name))
    throw new UserError(`Metric '${name.slice(0, 64)}': expected a name in snake_case of at most 64 characters.`)
  if (TAKEN.test(name) || Object.hasOwn(env.metrics.docs, name) || Object.hasOwn(avg_metrics, name))
    throw new UserError(`Metric ${name}: ${env.id} has one of that name already; choose another.`)
}

/** Chooses what was named; everything where nothing was. A UserError names what there is. */
export function chosenScores<M, J>(
  names: readonly string[],
  metrics: Readonly<Record<string, M>>,
  judges: Readonly<Record<string, J>>,
): { readonly metrics: Record<string, M>; readonly judges: Record<string, J> } {
  const known = [...Object.keys(metrics), ...Object.keys(judges)]
  if (known.length === 0)
    throw new UserError(
      'No metric and no judge of your own: name a module that has some with --import, or a rubric with --rubric.',
    )
  const wanted = names.map(name => (known.includes(name) || !name.startsWith(JUDGED) ? name : name.slice(JUDGED.length)))
  const unknown = wanted.find(name => !known.includes(name))
  if (unknown !== undefined)
    throw new UserError(
      `--metric: no metric or judge '${unknown.slice(0, 64)}' of your own. There are: ${known.join(', ')}.${nearest(unknown, known)}`,
    )
  const pick = <T>(from: Readonly<Record<string, T>>): Record<string, T> =>
    Object.fromEntries(Object.entries(from).filter(([name]) => wanted.length === 0 || wanted.includes(name)))
  return { metrics: pick(metrics), judges: pick(judges) }
}

/** One run at work. Holds its scores, never its rollouts. */
class ScoredRun {
  readonly failed: string[] = []
  readonly stopped = new Set<string>()
  readonly #folder: string
  readonly #env: AnyEnvironment
  readonly #metrics: readonly { readonly name: string; readonly metric: Metric; readonly digest: string }[]
  readonly #benches: readonly Bench[]
  readonly #rows: { readonly key: string; readonly seat: string; readonly scores: Record<string, ScoreValue> }[] = []
  readonly #judgements: Appender
  readonly #recorded: Map<string, string | null>
  readonly #spent: Map<string, { calls: number; kept: number; cost: number | null }>

  constructor(folder: string, env: AnyEnvironment, metrics: Readonly<Record<string, Metric>>, benches: readonly Bench[]) {
    this.#folder = folder
    this.#env = env
    this.#metrics = Object.entries(metrics).map(([name, metric]) => ({ name, metric, digest: metricDigest(name, metric) }))
    this.#benches = benches
    const path = join(folder, FILES.judgements)
    keepLines(path, line => !isBlank(line))
    this.#judgements = new Appender(path)
    this.#recorded = answers(folder)
    this.#spent = new Map(benches.map(({ name }) => [name, { calls: 0, kept: 0, cost: 0 }]))
  }

  close(): void {
    this.#judgements.close()
  }

  async play(concurrency: number, tell: () => void): Promise<void> {
    const before = new Map([...readScores(this.#folder)].map(row => [seatId(row.key, row.seat), row.scores]))
    const limit = pLimit(concurrency)
    const waiting = new Set<Promise<void>>()
    let bug: { readonly error: unknown } | undefined
    for (const seat of playedSeats(this.#folder, this.#env)) {
      const scores: Record<string, ScoreValue> = { ...before.get(seatId(seat.key, seat.agent)) }
      this.#rows.push({ key: seat.key, seat: seat.agent, scores })
      for (const { name, metric, digest } of this.#metrics) scores[name] = { value: scoreOf(name, metric, seat), digest }
      for (const bench of this.#benches) {
        if (this.stopped.size > 0) break
        const messages = judgeMessages(bench.judge, seat)
        const judged = limit(() => this.#judge(bench, seat, messages, scores)).catch(error => {
          bug ??= { error }
        })
        waiting.add(judged)
        void judged.then(() => waiting.delete(judged))
        // What is asked about is held: no more of it than can be under way.
        if (waiting.size >= 2 * concurrency) await Promise.race(waiting)
      }
      tell()
      if (bug !== undefined) break
    }
    await Promise.all(waiting)
    if (bug !== undefined) throw bug.error
  }

  async #judge(
    { name, judge, asker, digest }: Bench,
    seat: PlayedSeat,
    messages: readonly Message[],
    scores: Record<string, ScoreValue>,
  ): Promise<void> {
    const spent = this.#spent.get(name)!
    const id = answerId(name, seat, asker.request(messages))
    let answer = this.#recorded.get(id)
    if (answer === undefined) {
      if (this.stopped.size > 0) return
      try {
        const row = await asker.ask(messages, { key: seat.key, agent: seat.agent })
        const { key, reply, ...rest } = row
        this.#judgements.append(JSON.stringify({ key, judge: name, ...rest, reply } satisfies JudgementRow))
        answer = reply.content
        spent.calls++
        spent.cost = plusKnown(spent.cost, row.cost)
      } catch (error) {
        if (error instanceof RunStopped) this.stopped.add(error.message)
        else if (error instanceof ProviderError) {
          this.failed.push(error.message)
          // Every other call would fail the same way.
          if (error.fatal) this.stopped.add(error.message)
        } else throw error
        return
      }
    } else spent.kept++
    const value = parseScore(judge, answer ?? '')
    scores[name] = value === undefined ? { value: null, digest, missing: 'malformed_answer' } : { value, digest }
  }

  /** Files the scores, and says what came of those that were asked for. */
  write(): AddedScore[] {
    const facts: Record<string, ScoreFacts> = { ...readScoreFacts(this.#folder) }
    const added = new Map<string, AddedScore>()
    for (const { name, metric, digest } of this.#metrics) {
      const { description, formula, range, source, version = 1 } = metric
      const { mean, ...counts } = this.#counts(name, digest)
      facts[name] = {
        kind: 'metric',
        description,
        formula,
        range,
        source,
        version,
        digest,
        scored: counts.scored,
        undefined: counts.undefined,
      }
      added.set(name, { folder: this.#folder, name, ...facts[name], mean })
    }
    for (const { name, judge, asker, digest } of this.#benches) {
      const { mean, ...counts } = this.#counts(name, digest)
      const { description, least, greatest, step, source, version } = judge
      const own: Omit<ScoreFacts, 'judge'> = {
        kind: 'judge',
        description,
        formula: 'the number that the judge gives by the rubric',
        range: `[${least}, ${greatest}] in steps of ${step}`,
        source,
        version,
        digest,
        ...counts,
      }
      facts[name] = { ...own, judge: { player: asker.name, details: asker.details, prompt: judgePrompt(judge) } }
      added.set(name, { folder: this.#folder, name, ...own, mean, player: asker.name, ...this.#spent.get(name)! })
    }
    writeScores(this.#folder, facts, this.#rows as readonly ScoreRow[])
    return [...added.values()]
  }

  #counts(name: string, digest: string) {
    let sum = 0
    const counts = { scored: 0, undefined: 0, malformed: 0, unanswered: 0 }
    for (const { scores } of this.#rows) {
      const score = scores[name]
      if (score?.digest !== digest) counts.unanswered++
      else if (score.missing !== undefined) counts.malformed++
      else if (score.value === null) counts.undefined++
      else {
        counts.scored++
        sum += score.value
      }
    }
    return { ...counts, mean: counts.scored === 0 ? null : sum / counts.scored }
  }
}

/** Names a judge's question about a seat. */
function answerId(name: string, { key, agent }: { readonly key: string; readonly agent: string }, request: string): string {
  return `${name} ${seatId(key, agent)} ${request}`
}

/** What the judges of a run have answered, by question. */
function answers(folder: string): Map<string, string> {
  const known = new Map<string, string>()
  for (const row of rows(join(folder, FILES.judgements), objectIn<JudgementRow>))
    known.set(answerId(row.judge, row, row.request), row.reply.content)
  return known
}
