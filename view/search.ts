/**
 * Finds the rollouts of a run by words of their transcripts: what seats said, did and were told. A scan over the run's file, line by
 * line, so that nothing is built, kept or out of date: a line that cannot have the words is passed over as bytes, the others are
 * read. Knows run folders; knows no page.
 */
import { allStand, patternOf, termsOf } from '../evals/report/terms.js'
import { headOf, type RolloutRows } from '../rollouts/record.ts'
import { isOlder, RunReader, readSteps, readTraces } from '../rollouts/store.ts'

/** What stands in a transcript: messages as they were kept, and of seats that kept none what they did and were told. */
export function* textsOf({ trace, log }: Pick<RolloutRows, 'trace' | 'log'>): Generator<string> {
  const kept = new Set<string>()
  for (const { agent, nodes } of trace.traces) {
    if (nodes.length > 0) kept.add(agent.name)
    for (const { message } of nodes) {
      yield message.content
      if (message.role !== 'assistant') continue
      if (message.reasoning_content !== undefined) yield message.reasoning_content
      for (const { name, arguments: written } of message.tool_calls ?? []) yield `${name} ${written}`
    }
  }
  for (const { decisions, results } of log.steps) {
    for (const [agent, { calls }] of Object.entries(decisions))
      if (!kept.has(agent)) for (const { tool, args } of calls) yield `${tool} ${JSON.stringify(args)}`
    for (const [agent, told] of Object.entries(results)) if (!kept.has(agent)) for (const { text } of told) yield text
  }
}

/** A way to look for words. */
export interface Sought {
  readonly terms: readonly string[]
  readonly patterns: readonly RegExp[]
}

/** What is looked for; undefined where the query has no word. */
export function soughtIn(query: string): Sought | undefined {
  const terms = termsOf(query)
  return terms.length === 0 ? undefined : { terms, patterns: terms.map(term => patternOf(term)) }
}

/** What is looked for in a line of rollouts.jsonl as it lies there, one character a byte, before it is read. */
interface RawTerm {
  /** What the line has at least: a run of letters and digits, one that begins a word where the term begins, or the id of a kept text. */
  readonly runs: readonly RegExp[]
  /** Ids of texts with the term that rollouts have in common. */
  readonly ids: readonly string[]
  /** Whether the only run is the whole term. */
  readonly isWord: boolean
}

function rawTerms({ terms, patterns }: Sought, shared: Iterable<readonly [id: string, text: string]>): RawTerm[] {
  const kept = [...shared]
  return terms.map((term, i) => {
    const ids = kept.flatMap(([id, text]) => (patterns[i]!.test(text) ? [id] : []))
    const found = [...term.matchAll(/[0-9a-z_]+/gi)]
    const runs = found.map(({ 0: run, index }) => {
      const begins = index === 0 ? `(?:\\b|\\\\[bfnrt])${run}` : run
      return new RegExp([begins, ...ids].join('|'), 'i')
    })
    return { runs, ids, isWord: found.length === 1 && found[0]![0] === term }
  })
}

/** What begins a text of several lines in a packed line, and all of one: such are what was said and told, and nothing else. */
const LINES = '["~","'
const WHOLE = /\["~"(?:,"[^"\\]*(?:\\.[^"\\]*)*")*\]/y

/** Whether a term stands in the transcript for sure: in a text that rollouts have in common, or in one of several lines. */
function surely(line: string, { runs, ids, isWord }: RawTerm): boolean {
  if (ids.some(id => line.includes(`["~$","${id}"]`))) return true
  const at = isWord ? runs[0]!.exec(line)?.index : undefined
  // A byte of a letter beyond ASCII before it may make it the middle of a word.
  if (at === undefined || (at > 0 && line.charCodeAt(at - 1) > 0x7f)) return false
  const start = line.lastIndexOf(LINES, at)
  if (start < 0) return false
  WHOLE.lastIndex = start
  return WHOLE.test(line) && at < WHOLE.lastIndex
}

/** The keys of the rollouts of a run whose transcripts have all the words; undefined for each rollout that has not. */
export function* searchRun(folder: string, sought: Sought): Generator<string | undefined> {
  if (isOlder(folder)) return yield* searchOlder(folder, sought)
  const reader = new RunReader(folder)
  const terms = rawTerms(sought, reader.sharedTexts())
  for (const { bytes, rows } of reader.unread()) {
    const line = bytes.toString('latin1')
    const key = headOf(line)?.key
    const can = key !== undefined && terms.every(({ runs }) => runs.every(run => run.test(line)))
    yield can && (terms.every(term => surely(line, term)) || stands(sought, rows)) ? key : undefined
  }
}

function stands({ patterns }: Sought, rows: () => RolloutRows): boolean {
  try {
    return allStand(patterns, textsOf(rows()))
  } catch (error) {
    // The comparison has told of the lines that cannot be read.
    if (error instanceof SyntaxError) return false
    throw error
  }
}

function* searchOlder(folder: string, { patterns }: Sought): Generator<string | undefined> {
  const logs = readSteps(folder)
  for (const trace of readTraces(folder)) {
    const { value: log } = logs.next()
    const rows = {
      trace,
      log: log?.key === trace.id ? log : { header: { seats: {} }, steps: [], stop: null },
    } as unknown as RolloutRows
    yield allStand(patterns, textsOf(rows)) ? trace.id : undefined
  }
}
