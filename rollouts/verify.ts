/**
 * Plays the logs of runs again and says where one is not what its own decisions give, and where the rows of results beside it
 * are not what the log says. Knows files of logs and results; knows no economy.
 */
import { existsSync, readdirSync, statSync } from 'node:fs'
import { basename, dirname, join } from 'node:path'
import type { AnyEnvironment } from '../envs/core/environment.ts'
import { UserError } from '../envs/core/errors.ts'
import { difference } from '../envs/core/plain.ts'
import type { Lookup } from '../envs/core/registry.ts'
import { verify } from '../envs/core/replay.ts'
import { blockNames, type Place, placedLines } from './blocks.ts'
import { conductOf } from './conduct.ts'
import { refused } from './disk.ts'
import { countLines, isBlank, type Line, lines, textOf, whyNot } from './jsonl.ts'
import { KeyMap } from './keys.ts'
import { figuresIn, rowIn } from './read_rows.ts'
import { figuresLine, figuresIn as figuresOfLine, type RolloutFigures, StoredRows } from './record.ts'
import { COUNTED, playedRow } from './result_rows.ts'
import type { ResultFigures, StepsRow } from './rows.ts'
import {
  countFinished,
  FILES,
  figuresOf,
  type PlacedRollout,
  RunReader,
  readMetadata,
  rolloutPaths,
  SharedValues,
} from './store.ts'
import { otherBuild } from './versions.ts'

/** What was found in one line of a file. */
export interface Finding {
  readonly file: string
  /** From 1. */
  readonly line: number
  readonly key?: string
  readonly seed?: number
  /** The first step that differs; null for the header, the footer, a row of results, and a line that is no log. */
  readonly step: number | null
  readonly difference: string
}

export interface Verified {
  readonly episodes: number
  readonly steps: number
  /** Rows of results that were compared. */
  readonly rows: number
  /** Empty where every log is what its decisions give, and every row what its log says. */
  readonly findings: readonly Finding[]
  /** Files whose last line is torn; it was skipped. */
  readonly torn: readonly string[]
  /** Files that another build of the package wrote, and why this one cannot play them. */
  readonly other: readonly { readonly file: string; readonly why: string }[]
}

/** The names of files that hold logs. */
const LOGS: ReadonlySet<string> = new Set([...blockNames(FILES.rollouts), FILES.steps])
/** Whether a file holds whole rollouts, and not logs alone. */
const holdsRollouts = (path: string): boolean => basename(path) !== FILES.steps && LOGS.has(basename(path))

/** The files of logs that a path names: itself, or those below it. A UserError where it names none. */
export function logFiles(path: string, shown = path): string[] {
  if (!existsSync(path)) throw new UserError(`No file or folder ${shown}: expected a run folder, or a folder that holds one.`)
  if (!statSync(path).isDirectory()) return [path]
  let names: string[]
  try {
    names = readdirSync(path, { recursive: true }) as string[]
  } catch (error) {
    throw refused(path, error)
  }
  const files = names.filter(name => LOGS.has(basename(name)))
  if (files.length === 0)
    throw new UserError(`No ${FILES.rollouts} in ${shown}: expected a run folder, as \`agoragym eval\` writes it.`)
  return files.sort().map(name => join(path, name))
}

/** How many logs files hold. */
export function countLogs(files: readonly string[]): number {
  return files.reduce((sum, path) => sum + (holdsRollouts(path) ? countFinished(dirname(path)) : countLines(path)), 0)
}

/** Plays every log of the files again. `onEpisode` is called after each. A UserError where an economy is not registered. */
export function verifyLogs(files: readonly string[], environments: Lookup<AnyEnvironment>, onEpisode?: () => void): Verified {
  const findings: Finding[] = []
  const torn: string[] = []
  const other: { file: string; why: string }[] = []
  let episodes = 0
  let steps = 0
  let rows = 0
  for (const file of files) {
    const metadata = readMetadata(dirname(file))
    const why = metadata && otherBuild(metadata, environments)
    if (why !== undefined) {
      other.push({ file, why })
      continue
    }
    if (holdsRollouts(file)) {
      const found = verifyRollouts(file, environments, onEpisode)
      findings.push(...found.findings)
      torn.push(...found.torn)
      episodes += found.episodes
      steps += found.steps
      rows += found.rows
      continue
    }
    const results = new Results(join(dirname(file), FILES.results))
    let number = 0
    for (const line of lines(file, true)) {
      number++
      const row = rowIn('steps', line)
      if (row === undefined && line.torn) {
        torn.push(file)
        continue
      }
      if (row === undefined && isBlank(line)) continue
      if (row === undefined) findings.push({ file, line: number, step: null, difference: `${NO_LOG} (${whyNot(line)})` })
      else {
        const env = environments.get(row.header.env)
        const found = verify(env, row)
        const { key } = row
        if (found !== undefined)
          findings.push({ file, line: number, key, seed: row.header.seed, step: found.t, difference: found.difference })
        findings.push(...results.of(key, found === undefined ? { env, log: row } : undefined))
        steps += row.steps.length
      }
      episodes++
      onEpisode?.()
    }
    findings.push(...results.rest(metadata?.complete === true))
    rows += results.compared
  }
  return { episodes, steps, rows, findings, torn, other }
}

/** Plays every log of a rollouts.jsonl again, and looks at what stands beside each: its rows, and its line of figures.jsonl. */
function verifyRollouts(
  file: string,
  environments: Lookup<AnyEnvironment>,
  onEpisode?: () => void,
): Pick<Verified, 'episodes' | 'steps' | 'rows' | 'findings' | 'torn'> {
  const folder = dirname(file)
  const { figures: path, shared } = rolloutPaths(folder)
  const kept = new SharedValues(shared)
  const figures = new Figures(folder)
  const met = new KeyMap()
  const findings: Finding[] = []
  let [episodes, steps, rows, line, end] = [0, 0, 0, 0, 0]
  for (const { bytes, place } of placedLines(file)) {
    line++
    end = place[0] + place[1]
    episodes++
    onEpisode?.()
    const at = { file, line, step: null }
    let found: StoredRows
    try {
      found = new StoredRows(textOf(bytes), basename(folder), kept.value)
    } catch (error) {
      findings.push({ ...at, difference: `no rollout (${(error as Error).message.slice(0, 80)})` })
      continue
    }
    const { key, log } = found
    const { seed } = log.header
    if (met.has(key)) {
      findings.push({ ...at, key, seed, difference: 'a second time the same rollout' })
      continue
    }
    met.set(key, found.example)
    const env = environments.get(log.header.env)
    const wrong = verify(env, log)
    if (wrong !== undefined) findings.push({ ...at, key, seed, step: wrong.t, difference: wrong.difference })
    else {
      for (const row of found.figures) {
        rows++
        const difference = differs(row, { env, log })
        if (difference !== undefined) findings.push({ ...at, key, seed, difference: `row of ${row.info.seat}: ${difference}` })
      }
      const conduct = conductOf(
        env,
        log,
        found.figures.map(({ info }) => info.seat),
      )
      const told = figures.differs({ ...figuresOf(found), conduct }, place)
      if (told !== undefined) findings.push({ file: path, line: told.line, key, seed, step: null, difference: told.difference })
    }
    steps += log.steps.length
  }
  for (const { key, line } of figures.rest())
    findings.push({ file: path, line, key, step: null, difference: `a rollout that is not in ${basename(file)}` })
  return { episodes, steps, rows, findings, torn: end < statSync(file).size ? [file] : [] }
}

/** Figures as far as others tell them: where the file had to be made anew, what the seats did is not in it. */
function withoutUnknown({ conduct, ...rest }: RolloutFigures, told: RolloutFigures): RolloutFigures {
  return told.conduct === undefined || conduct === undefined ? rest : { ...rest, conduct }
}

/** The lines of figures.jsonl that the checkpoint vouches for, read along; what the order of the rollouts leaves behind is held. */
class Figures {
  readonly #lines: Iterator<PlacedRollout>
  readonly #held = new Map<string, { readonly line: number; readonly placed: PlacedRollout }>()
  #line = 0

  constructor(folder: string) {
    this.#lines = new RunReader(folder).figures()
  }

  /** Where the line of a rollout says something else than the rollout. */
  differs(expected: RolloutFigures, place: Place): { readonly line: number; readonly difference: string } | undefined {
    const { key } = expected
    while (!this.#held.has(key) && this.#next());
    const found = this.#held.get(key)
    this.#held.delete(key)
    if (found === undefined) return undefined
    const { line, placed } = found
    const told = placed.figures()
    const why = difference(place, placed.place) ?? difference(figuresOfLine(figuresLine(withoutUnknown(expected, told))), told)
    return why === undefined ? undefined : { line, difference: `figures of the rollout: ${why}` }
  }

  /** What no rollout has asked for. */
  rest(): { readonly line: number; readonly key: string }[] {
    while (this.#next());
    return [...this.#held].map(([key, { line }]) => ({ key, line }))
  }

  #next(): boolean {
    const { value: placed, done } = this.#lines.next()
    if (done) return false
    this.#held.set(placed.key, { line: ++this.#line, placed })
    return true
  }
}

const NO_LOG = 'no episode log: expected {"key", "header", "steps", "stop"}'

/** A row of results and where it stands. */
interface Placed {
  readonly row: ResultFigures
  readonly line: number
}

/** The rows of results beside a file of logs, of a run of before, read along with it; what the order of the logs leaves behind is held. */
class Results {
  readonly #path: string
  readonly #there: boolean
  readonly #lines: Generator<Line>
  readonly #held = new Map<string, Placed[]>()
  readonly #unread: Finding[] = []
  #line = 0
  /** The key of the row that was read last: more of that rollout may follow. */
  #last: string | undefined
  compared = 0

  constructor(path: string) {
    this.#path = path
    this.#there = existsSync(path)
    this.#lines = lines(path)
  }

  /** What is wrong with the rows of a rollout; only that they are there is looked at where there is no log to go by. */
  of(key: string, played?: { readonly env: AnyEnvironment; readonly log: StepsRow }): Finding[] {
    if (!this.#there) return []
    const rows = this.#rowsOf(key)
    const seats = rows.map(({ row }) => row.info.seat)
    const missing = rows[0]?.row.info.evaluated.filter(seat => !seats.includes(seat)) ?? ['the rollout']
    const findings = missing.map(seat =>
      this.#finding(this.#line, key, `no row of ${seat} of ${key}, which is in ${FILES.steps}`),
    )
    for (const [i, { row, line }] of rows.entries()) {
      this.compared++
      const wrong = seats.indexOf(row.info.seat) < i ? `a second row of ${row.info.seat}` : played && differs(row, played)
      if (wrong !== undefined) findings.push(this.#finding(line, key, wrong, row.info.seed))
    }
    return findings
  }

  /** What is left at the end: rows without a log, where the run is complete, and lines that cannot be read. */
  rest(complete: boolean): Finding[] {
    while (this.#next() !== undefined);
    const left = complete ? [...this.#held.values()].flat() : []
    return [
      ...this.#unread,
      ...left.map(({ row, line }) =>
        this.#finding(line, row.key, `a row of a rollout that is not in ${FILES.steps}`, row.info.seed),
      ),
    ]
  }

  /** The rows of a rollout stand together. */
  #rowsOf(key: string): readonly Placed[] {
    while ((!this.#held.has(key) || this.#last === key) && this.#next() !== undefined);
    const rows = this.#held.get(key) ?? []
    this.#held.delete(key)
    return rows
  }

  /** Reads one more row and gives its key; undefined at the end. */
  #next(): string | undefined {
    for (let { value: line, done } = this.#lines.next(); !done; { value: line, done } = this.#lines.next()) {
      this.#line++
      const row = figuresIn(line)
      if (row === undefined) {
        if (!isBlank(line)) this.#unread.push(this.#finding(this.#line, undefined, `no row of results (${whyNot(line)})`))
        continue
      }
      const rows = this.#held.get(row.key)
      if (rows === undefined) this.#held.set(row.key, [{ row, line: this.#line }])
      else rows.push({ row, line: this.#line })
      this.#last = row.key
      return row.key
    }
    this.#last = undefined
    return undefined
  }

  #finding(line: number, key: string | undefined, what: string, seed?: number): Finding {
    return {
      file: this.#path,
      line,
      ...(key !== undefined && { key }),
      ...(seed !== undefined && { seed }),
      step: null,
      difference: what,
    }
  }
}

/** Where a row first says something else than its log. */
function differs(row: ResultFigures, { env, log }: { readonly env: AnyEnvironment; readonly log: StepsRow }): string | undefined {
  const { seat } = row.info
  if (log.header.seats[seat] === undefined) return `info.seat: no ${seat} in the log`
  // A trip through JSON: what is compared is what a file holds.
  const expected = JSON.parse(JSON.stringify(playedRow(env, log, seat))) as ReturnType<typeof playedRow>
  const told = {
    reward: row.reward,
    stop_condition: row.stop_condition,
    metrics: Object.fromEntries(Object.entries(row.metrics).filter(([name]) => !COUNTED.test(name))),
    info: Object.fromEntries(Object.keys(expected.info).map(field => [field, row.info[field as keyof typeof row.info]])),
  }
  const found = difference(expected, told)
  if (found !== undefined) return found
  // Every metric stands at the top level too, where nothing else has its name.
  const flat = row as unknown as Readonly<Record<string, unknown>>
  const twin = Object.entries(row.metrics).find(([name, value]) => !(name in told) && flat[name] !== value)
  return twin && `${twin[0]}: expected ${twin[1]} as among the metrics, got ${JSON.stringify(flat[twin[0]])}`
}
