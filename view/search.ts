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

/**
 * What a line of rollouts.jsonl, as one character a byte, has at least where a term stands in its transcript: the term's runs of
 * letters and digits, one of which begins a word, or what stands for a text that has the term and is kept elsewhere.
 */
function rawPatterns({ terms, patterns }: Sought, shared: Iterable<readonly [id: string, text: string]>): RegExp[] {
  const kept = [...shared]
  return terms.flatMap((term, i) => {
    const ids = kept.flatMap(([id, text]) => (patterns[i]!.test(text) ? [id] : []))
    const runs = [...term.matchAll(/[0-9a-z_]+/gi)].map(({ 0: run, index }) => (index === 0 ? `(?:\\b|\\\\[bfnrt])${run}` : run))
    return runs.map(run => new RegExp([run, ...ids].join('|'), 'i'))
  })
}

/** The keys of the rollouts of a run whose transcripts have all the words; undefined for each rollout that has not. */
export function* searchRun(folder: string, sought: Sought): Generator<string | undefined> {
  if (isOlder(folder)) return yield* searchOlder(folder, sought)
  const reader = new RunReader(folder)
  const raw = rawPatterns(sought, reader.sharedTexts())
  for (const { bytes, rows } of reader.unread()) {
    const line = bytes.toString('latin1')
    const key = headOf(line)?.key
    yield key !== undefined && raw.every(pattern => pattern.test(line)) && stands(sought, rows) ? key : undefined
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
