/**
 * Writes the report: one HTML file that holds everything it shows and asks no network. The page's own files and the charting
 * library are put into it as they are; data is compressed and unpacked by the browser when it is wanted. Knows how the file
 * is put together; what it shows is gathered and drawn elsewhere.
 */
import { gzipSync } from 'node:zlib'
import type { AnyEnvironment } from '../../envs/core/environment.ts'
import type { Lookup } from '../../envs/core/registry.ts'
import { replaceOwnFile } from '../../rollouts/disk.ts'
import { Unread } from '../../rollouts/jsonl.ts'
import { type RolloutNotes, readNotes } from '../../rollouts/notes.ts'
import { readScoreFacts } from '../../rollouts/scores.ts'
import { readMetadata } from '../../rollouts/store.ts'
import { packageVersion } from '../../rollouts/versions.ts'
import type { Comparison } from '../compare.ts'
import { type TableId, tableFacts, tableNote } from '../figures.ts'
import { overviewOf } from '../overview.ts'
import { asset, escaped, libraries, SCRIPTS, styleSheet } from './assets.ts'
import { episodes, type ReportTranscript, reportRows, SeriesSum, transcriptOf } from './gather.ts'
import { RowColumns } from './row_columns.ts'

export interface ReportOptions {
  /** Where the runs' economies are looked up. */
  readonly environments: Lookup<AnyEnvironment>
  readonly title?: string
  /** Transcripts at most, chosen evenly over the rollouts; 1,000 by default. */
  readonly transcripts?: number
}

export interface ReportFacts {
  readonly rows: number
  readonly transcripts: number
  readonly bytes: number
}

/** Characters of transcripts that are compressed together: much alike, and quickly unpacked. */
const CHUNK = 1 << 19

/** What stands in the head of a report, and by which one is known. */
const MARK = '<meta name="generator" content="agoragym report">'

/**
 * Writes the report of these runs to a file. A UserError where something else stands there, a RunError where the file cannot be
 * written; what stood there is whole until the new one is.
 */
export function writeReport(comparison: Comparison, path: string, options: ReportOptions): ReportFacts {
  let facts: ReportFacts | undefined
  replaceOwnFile(
    path,
    'a report',
    head => head.includes(MARK),
    write => {
      facts = writePage(new PageFile(write), comparison, options)
    },
  )
  return facts!
}

function writePage(page: PageFile, comparison: Comparison, options: ReportOptions): ReportFacts {
  const { environments, title = 'agoragym report', transcripts: most = 1000 } = options
  const [head, foot] = asset('page.html').split('<!-- content -->') as [string, string]
  page.write(
    head.replaceAll('{{title}}', () => escaped(title)).replace('<!-- styles -->', () => `<style>${styleSheet()}</style>`),
  )
  const columns = new RowColumns(reportRows(comparison))
  const rows = columns.length
  const unread = new Unread()
  const { series, index } = writeEpisodes(page, comparison, environments, unread, rows === 0 ? 0 : Math.min(1, most / rows))
  const { figures } = comparison
  const notes = [...comparison.notes, ...unread.notes]
  page.data('facts', pageFacts(comparison, { title, environments, notes }))
  page.data('overview', overviewOf(comparison))
  page.data('figures', figures)
  page.data('rows', { ...columns.packed(), ...metricsOf(columns) })
  page.data('series', series)
  page.data('index', index)
  page.data('notes', notesOf(comparison))
  for (const { text } of libraries()) page.write(`<script>${text.replaceAll('</script', '<\\/script')}</script>\n`)
  page.write(`<script type="module">${SCRIPTS.map(joinable).join('\n')}</script>${foot}`)
  return { rows, transcripts: index.length, bytes: page.bytes }
}

/** What the page must know before it shows anything. */
export function pageFacts(
  comparison: Comparison,
  {
    title,
    environments,
    notes,
  }: { readonly title: string; readonly environments: Lookup<AnyEnvironment>; readonly notes: readonly string[] },
): object {
  const { settings, sweeps } = comparison
  return {
    title,
    version: packageVersion(),
    settings,
    sweeps,
    notes,
    tables: Object.fromEntries(
      (Object.keys(tableFacts) as TableId[]).map(table => [table, { ...tableFacts[table], note: tableNote(table) }]),
    ),
    docs: docsOf(comparison, environments),
  }
}

/** The file, written piece by piece. */
class PageFile {
  bytes = 0
  readonly #write: (bytes: Buffer) => void

  constructor(write: (bytes: Buffer) => void) {
    this.#write = write
  }

  write(text: string): void {
    const bytes = Buffer.from(text)
    this.#write(bytes)
    this.bytes += bytes.length
  }

  /** Data by name, as the page's `unpack` reads it. */
  data(name: string, value: unknown): void {
    const packed = gzipSync(JSON.stringify(value)).toString('base64')
    this.write(`<script type="application/gzip" id="data-${name}">${packed}</script>\n`)
  }
}

/** Where a transcript lies: of which row, in which chunk, at which place. */
type IndexEntry = readonly [key: string, seat: string, chunk: number, place: number]

/** Sums up the lines over time, and writes the transcripts of that share of the rows, evenly chosen. */
function writeEpisodes(
  page: PageFile,
  { runs }: Comparison,
  environments: Lookup<AnyEnvironment>,
  unread: Unread,
  share: number,
) {
  const sum = new SeriesSum()
  const index: IndexEntry[] = []
  let chunk: ReportTranscript[] = []
  let size = 0
  let chunks = 0
  let seen = 0
  const flush = (): void => {
    if (chunk.length === 0) return
    page.data(`chunk-${chunks++}`, chunk)
    chunk = []
    size = 0
  }
  for (const run of runs) {
    for (const { log, traces, env } of episodes(run, environments, unread)) {
      for (const { agent } of traces.traces) {
        const player = run.players[log.header.seats[agent.name]!]
        if (player === undefined || !agent.trainable) continue
        sum.add(env, log, agent.name, run.setting, player)
        if (Math.floor(++seen * share) === Math.floor((seen - 1) * share)) continue
        const transcript = transcriptOf(traces, log, env, agent.name)
        if (transcript === undefined) continue
        index.push([log.key, agent.name, chunks, chunk.length])
        chunk.push(transcript)
        size += transcript.messages.reduce((length, { text }) => length + text.length, 0)
        if (size > CHUNK) flush()
      }
    }
  }
  flush()
  return { series: sum.lines(), index }
}

/** Every metric of the rows, named `metrics.x`. */
function metricsOf(columns: RowColumns): Record<string, readonly number[]> {
  return Object.fromEntries(columns.metrics.map(name => [`metrics.${name}`, columns.metric(name)!]))
}

/** What people have said of the rollouts of the runs, each with the number of its run. */
export function notesOf({ runs }: Comparison): (RolloutNotes & { readonly run: number })[] {
  return runs.flatMap(({ folder }, run) => [...readNotes(folder, new Unread()).values()].map(notes => ({ run, ...notes })))
}

/** What each metric is, by setting. */
function docsOf({ runs }: Comparison, environments: Lookup<AnyEnvironment>): Record<string, unknown> {
  const docs: Record<string, object> = {}
  for (const { folder, setting } of runs) {
    const id = readMetadata(folder)!.env_id
    const own = environments.has(id) ? environments.get(id).metrics.docs : {}
    const added = Object.entries(readScoreFacts(folder)).map(([name, { description, formula, range, source }]) => [
      name,
      { description, formula, range, source },
    ])
    docs[setting] = { ...own, ...docs[setting], ...Object.fromEntries(added) }
  }
  return docs
}

/** A module's text without its imports and exports. */
function joinable(name: (typeof SCRIPTS)[number]): string {
  return asset(name)
    .replace(/^import [^']* from '[^']*'$/gm, '')
    .replace(/^export /gm, '')
}
