/**
 * A finished rollout as one line of `rollouts.jsonl`, and what of it the tables read as one line of `figures.jsonl`. Everything is
 * written once: results have no messages (the seat's trace has them), and what rollouts of a run have in common — the
 * configuration, the tools, the rules — is kept once for all of them. Knows rows and how they are told apart; knows no files.
 */
import { createHash } from 'node:crypto'
import type { AnyTypes } from '../envs/core/environment.ts'
import type { EpisodeLog } from '../envs/core/log.ts'
import type { AgentId } from '../envs/core/tool.ts'
import type { Conduct } from './conduct.ts'
import type { Message } from './messages.ts'
import { pack, Shared, unpack } from './packed.ts'
import type { CallRow } from './player.ts'
import { isKey } from './read_rows.ts'
import { savedMessage } from './result_rows.ts'
import type { FinishedLines, ResultFigures, ResultRow, StepsRow, Trace, TracedEpisode } from './rows.ts'
import { Spending, type SpendingSums } from './tally.ts'

/** The version of the files of a run, told in its metadata.json: 2 is the one that this package writes. */
export const FORMAT = 2

/** Everything that the files of a run hold of a finished rollout. */
export interface RolloutRows {
  /** A row an evaluated seat, in seat order. */
  readonly figures: readonly ResultFigures[]
  readonly trace: TracedEpisode
  readonly log: EpisodeLog<AnyTypes>
  /** Its model calls in the order they were answered, those that were made again included. */
  readonly calls: readonly CallRow[]
  /** What the evaluated seats did; absent where the economy was not at hand to say so. */
  readonly conduct?: Readonly<Record<AgentId, Conduct>>
}

/** What the tables read of a finished rollout. */
export interface RolloutFigures {
  readonly key: string
  readonly example: number
  /** A row an evaluated seat, without the metrics once more at its top level: see `whole`. */
  readonly rows: readonly ResultFigures[]
  readonly conduct?: Readonly<Record<AgentId, Conduct>>
  /** What the model calls of each seat came to. */
  readonly spending: Readonly<Record<AgentId, SpendingSums>>
}

/** A row without its key, and without the metrics once more at its top level. */
type SlimRow = Omit<ResultFigures, 'key'>

/** What a line of rollouts.jsonl unpacks to. */
interface Stored {
  readonly key: string
  readonly example: number
  readonly rows: readonly SlimRow[]
  readonly trace: TracedEpisode
  readonly log: EpisodeLog<AnyTypes>
  readonly calls: readonly Omit<CallRow, 'key'>[]
}

/** What a line of figures.jsonl unpacks to. */
interface StoredFigures extends Omit<RolloutFigures, 'rows'> {
  readonly rows: readonly SlimRow[]
}

/** What has fewer bytes than this as JSON is not worth being kept elsewhere. */
const SMALL = 200

/** What rollouts have in common, by the first 16 hex digits of the SHA-256 of its JSON. */
class Common {
  readonly texts = new Map<string, string>()

  /** The same value, or what stands for it. */
  of<T>(value: T): T {
    const text = JSON.stringify(value)
    if (text === undefined || text.length < SMALL) return value
    const id = createHash('sha256').update(text).digest('hex').slice(0, 16)
    this.texts.set(id, text)
    return new Shared(id) as T
  }
}

/** The lines of a finished rollout: pure, and the same wherever it was played. */
export function linesOf(rows: RolloutRows): FinishedLines {
  const { figures, log, calls } = rows
  const common = new Common()
  const { id: key } = rows.trace
  const example = figures[0]!.example_id
  const config = common.of(log.header.config)
  const stored: Stored = {
    key,
    example,
    rows: figures.map(slim),
    trace: thinned(rows.trace, common),
    log: { ...log, header: { ...log.header, config } },
    calls: calls.map(({ key: _, ...call }) => call),
  }
  return {
    ok: true,
    key,
    example,
    shared: [...common.texts],
    rollout: pack(stored),
    figures: figuresLine({
      key,
      example,
      rows: figures,
      ...(rows.conduct !== undefined && { conduct: rows.conduct }),
      spending: spendingOf(calls),
    }),
  }
}

/** A line of figures.jsonl, without where the rollout lies. Nothing in it occurs twice, so it is JSON as it is. */
export function figuresLine({ rows, ...rest }: RolloutFigures): string {
  const { key, example, ...figures } = rest
  return JSON.stringify({ key, example, rows: rows.map(slim), ...figures } satisfies StoredFigures)
}

/** What the calls of each seat came to. */
export function spendingOf(calls: readonly CallRow[]): Readonly<Record<AgentId, SpendingSums>> {
  const spending = new Map<AgentId, Spending>()
  for (const call of calls) {
    if (!spending.has(call.agent)) spending.set(call.agent, new Spending())
    spending.get(call.agent)!.add(call)
  }
  return Object.fromEntries([...spending].map(([agent, { sums }]) => [agent, sums!]))
}

function slim({ key: _, ...row }: ResultFigures): SlimRow {
  const { metrics } = row
  return Object.fromEntries(
    Object.entries(row).filter(([name, value]) => !(Object.hasOwn(metrics, name) && metrics[name] === value)),
  ) as unknown as SlimRow
}

/** A row with the metrics once more at its top level, as results have them. */
export function whole(row: ResultFigures): ResultFigures {
  return Object.assign({ key: row.key, example_id: row.example_id }, row.metrics, row)
}

/** An episode with what rollouts have in common taken out, and not told which run it is of. */
function thinned(trace: TracedEpisode, common: Common): TracedEpisode {
  const { type } = trace.run
  const task = { ...trace.task, data: { ...trace.task.data, config: common.of(trace.task.data.config) } }
  const traces = trace.traces.map((own): Trace => {
    const { agent, tools, nodes } = own
    return {
      ...own,
      task: { ...own.task, data: { ...own.task.data, config: common.of(own.task.data.config) } },
      agent: { ...agent, config: common.of(agent.config) },
      tools: common.of(tools),
      nodes: nodes.map(node =>
        node.message.role === 'system'
          ? { ...node, message: { ...node.message, content: common.of(node.message.content) } satisfies Message }
          : node,
      ),
    }
  })
  return { ...trace, task, run: { type } as TracedEpisode['run'], traces }
}

function isStored(value: unknown): value is Stored {
  const { key, example, rows, trace, log, calls } = (value ?? {}) as Partial<Stored>
  return (
    isKey(key) &&
    typeof example === 'number' &&
    Array.isArray(rows) &&
    Array.isArray(trace?.traces) &&
    typeof log?.header === 'object' &&
    Array.isArray(log.steps) &&
    Array.isArray(calls)
  )
}

/** What begins a line of ours: whose it is can be told without unpacking it. */
const HEAD = /^\{"key":"([^"\\]+)","example":(-?\d+),/

/** The key and the example in a line of rollouts.jsonl or what is left of one of figures.jsonl; undefined where it is none. */
export function headOf(line: string): { readonly key: string; readonly example: number } | undefined {
  const [, key, example] = HEAD.exec(line) ?? []
  return key === undefined ? undefined : { key, example: Number(example) }
}

/** The figures in a line of figures.jsonl. Throws where it is none. */
export function figuresIn(line: string): RolloutFigures {
  const { rows, ...rest } = JSON.parse(line) as StoredFigures
  return { ...rest, rows: rows.map(row => ({ key: rest.key, ...row })) }
}

/** A rollout as it lies in a line of rollouts.jsonl; its parts are made when they are asked for. Throws where the line is none. */
export class StoredRows implements RolloutRows {
  readonly key: string
  readonly example: number
  readonly #stored: Stored
  readonly #run: string

  /** `run` is the name of the run that it is read from. */
  constructor(line: string, run: string, kept: (id: string) => unknown) {
    const stored = unpack(line, kept)
    if (!isStored(stored)) throw new SyntaxError('expected {key, example, rows, trace, log, calls}')
    this.#stored = stored
    this.#run = run
    this.key = this.#stored.key
    this.example = this.#stored.example
  }

  get figures(): readonly ResultFigures[] {
    return this.#stored.rows.map(row => whole({ key: this.key, ...row }))
  }

  get trace(): TracedEpisode {
    const { trace } = this.#stored
    return { ...trace, run: { ...trace.run, id: this.#run, name: this.#run } }
  }

  get log(): StepsRow {
    return { key: this.key, ...this.#stored.log }
  }

  get calls(): readonly CallRow[] {
    return this.#stored.calls.map(call => ({ key: this.key, ...call }))
  }

  get results(): readonly ResultRow[] {
    return this.figures.map(row => ({ ...row, ...this.longFields(row.info.seat) }))
  }

  /** What is long in the row of a seat: its messages as Verifiers saves them, and its tools. */
  longFields(seat: AgentId): Pick<ResultRow, 'prompt' | 'completion' | 'tool_defs'> {
    const trace = this.#stored.trace.traces.find(({ agent }) => agent.name === seat)
    const nodes = trace?.nodes ?? []
    const start = nodes.findIndex(({ sampled }) => sampled)
    const messages = nodes.map(({ message }) => savedMessage(message))
    return {
      prompt: start < 0 ? messages : messages.slice(0, start),
      completion: start < 0 ? [] : messages.slice(start),
      tool_defs: trace?.tools ?? [],
    }
  }
}
