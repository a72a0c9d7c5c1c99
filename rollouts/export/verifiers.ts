/**
 * Verifiers' saved evaluations: results.jsonl with a row a seat's rollout, and metadata.json with what they average to. One
 * folder a run where there are several.
 */
import type { Metadata } from '../metadata.ts'
import { PASS_THRESHOLD, passRates } from '../pass_rates.ts'
import { keyParts } from '../rollout.ts'
import type { ErrorRow } from '../rows.ts'
import type { Estimator } from './advantage.ts'
import type { Columns } from './columns.ts'
import type { ExportFacts, Format, FormatWriter, Sink, TaskPlays } from './format.ts'
import type { SeatPlay } from './play.ts'
import type { RunFiles, StoredRollout } from './reader.ts'

/** The columns that every row has; each metric has one more of its own. */
const FIXED: Columns = {
  key: 'string',
  example_id: 'int64',
  prompt: 'list<json>',
  completion: 'list<json>',
  reward: 'float64',
  error: 'json',
  timing: 'json',
  is_completed: 'bool',
  is_truncated: 'bool',
  stop_condition: 'string',
  metrics: 'json',
  info: 'json',
  token_usage: 'json',
  tool_defs: 'list<json>',
}

export const verifiers: Format = {
  id: 'verifiers',
  describe: "a row a seat's rollout in the fields of Verifiers' saved evaluations, with metadata.json",
  reads: ['metrics'],
  failed: true,
  files: facts => {
    const columns = { ...Object.fromEntries(facts.metrics.map(name => [name, 'float64' as const])), ...FIXED }
    return facts.runs.map(run => ({ path: within(facts, run, 'results.jsonl'), columns }))
  },
  open: facts => new VerifiersWriter(facts),
}

function within({ runs }: ExportFacts, run: RunFiles, file: string): string {
  return runs.length === 1 ? file : `${run.name}/${file}`
}

class VerifiersWriter implements FormatWriter {
  readonly #facts: ExportFacts
  readonly #averages = new Map<RunFiles, Averages>()

  constructor(facts: ExportFacts) {
    this.#facts = facts
    for (const run of facts.runs) this.#averages.set(run, new Averages())
  }

  task({ plays, failed }: TaskPlays, sink: Sink): void {
    for (const play of plays) {
      const { run } = play.rollout
      sink.row(within(this.#facts, run, 'results.jsonl'), resultRow(play, this.#facts.estimator))
      this.#averages.get(run)!.add(play)
    }
    for (const rollout of failed) {
      sink.row(within(this.#facts, rollout.run, 'results.jsonl'), errorResult(rollout))
      this.#averages.get(rollout.run)!.failed++
    }
    for (const averages of this.#averages.values()) averages.endTask()
  }

  documents(): Record<string, object> {
    return Object.fromEntries(
      [...this.#averages].map(([run, averages]) => [within(this.#facts, run, 'metadata.json'), averages.metadata(run.metadata)]),
    )
  }
}

/** The row of results.jsonl, what the export knows added to its `info`. */
export function resultRow({ rollout, row, figures, reward, group, advantage }: SeatPlay, estimator: Estimator) {
  const info = {
    ...figures.info,
    run: rollout.run.name,
    group_id: group.id,
    group_size: group.size,
    source: figures.info.transcript,
    advantage,
    advantage_formula: estimator.id,
    ...rollout.noted,
  }
  return { ...figures, reward, info, ...rollout.longFields(row) }
}

/** Verifiers' error of a rollout that was given up. */
function errorFields({ code, message, status }: ErrorRow): Record<string, unknown> {
  const text = `${code}: ${message}`
  return { error: code, message, status_code: status, error_chain_repr: text, error_chain_str: text }
}

/** A rollout that was given up has neither messages nor a reward: a provider's failure is not play. */
export function errorResult(rollout: StoredRollout) {
  const error = rollout.error()
  const { metadata, name } = rollout.run
  return {
    key: rollout.key,
    example_id: error.example_id,
    prompt: [],
    completion: [],
    reward: null,
    error: errorFields(error),
    timing: { start_time: error.start_time, total: error.total },
    is_completed: false,
    is_truncated: false,
    stop_condition: 'has_error',
    metrics: {},
    info: {
      run: name,
      episode_id: rollout.key,
      group_id: `${keyParts(rollout.key).group}/${error.agent}`,
      env: metadata?.env_id,
      seed: error.seed,
      repeat: error.repeat,
      seat: error.agent,
      player: error.player,
      ...rollout.noted,
    },
    tool_defs: [],
  }
}

/** What the rows of a run come to. */
class Averages {
  failed = 0
  #rows = 0
  #examples = 0
  #repeats = 0
  #reward = 0
  #usage: { readonly input_tokens: number; readonly output_tokens: number } | null = null
  #cost: number | null = null
  readonly #metrics = new Map<string, { n: number; sum: number }>()
  /** Rows and passes by example, of the task at hand. */
  readonly #counts = new Map<number, { n: number; passed: number }>()
  readonly #passes = new Map<string, { n: number; passed: number; times: number }>()

  add({ figures, reward, rollout }: SeatPlay): void {
    const threshold = rollout.run.metadata?.pass_threshold ?? PASS_THRESHOLD
    const { metrics, example_id, token_usage, info } = figures
    this.#rows++
    this.#reward += reward
    for (const [name, value] of Object.entries(metrics)) {
      const { n, sum } = this.#metrics.get(name) ?? { n: 0, sum: 0 }
      this.#metrics.set(name, { n: n + 1, sum: sum + value })
    }
    if (token_usage) {
      const { input_tokens = 0, output_tokens = 0 } = this.#usage ?? {}
      this.#usage = {
        input_tokens: input_tokens + token_usage.input_tokens,
        output_tokens: output_tokens + token_usage.output_tokens,
      }
    }
    if (typeof info.cost === 'number') this.#cost = (this.#cost ?? 0) + info.cost
    const { n, passed } = this.#counts.get(example_id) ?? { n: 0, passed: 0 }
    this.#counts.set(example_id, { n: n + 1, passed: passed + (reward >= threshold ? 1 : 0) })
  }

  endTask(): void {
    for (const { n, passed } of this.#counts.values()) {
      const name = `${n} ${passed}`
      const { times } = this.#passes.get(name) ?? { times: 0 }
      this.#passes.set(name, { n, passed, times: times + 1 })
      this.#examples++
      this.#repeats = Math.max(this.#repeats, n)
    }
    this.#counts.clear()
  }

  /** The run's metadata.json, the figures those of the rows that were exported. */
  metadata(run: Metadata | undefined): object {
    const { passAtK, passAllK } = passRates([...this.#passes.values()])
    const rows = this.#rows + this.failed
    return {
      ...run,
      num_examples: this.#examples,
      rollouts_per_example: this.#repeats,
      avg_reward: this.#rows === 0 ? null : this.#reward / this.#rows,
      avg_metrics: Object.fromEntries([...this.#metrics].map(([name, { n, sum }]) => [name, sum / n])),
      avg_error: rows === 0 ? 0 : this.failed / rows,
      pass_at_k: passAtK,
      pass_all_k: passAllK,
      usage: this.#usage,
      cost: this.#cost === null ? null : { total_usd: this.#cost },
      ok: this.#rows,
      failed: this.failed,
    }
  }
}
