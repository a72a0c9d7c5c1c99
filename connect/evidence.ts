/**
 * The files of a connected run: what went over the wire, what each seat saw and decided, what became of it. Secrets are taken out
 * of every line before it is written. Knows no protocol.
 */
import { closeSync, existsSync, openSync, renameSync, writeSync } from 'node:fs'
import { join } from 'node:path'
import type { CallResult } from '../envs/core/environment.ts'
import { UserError } from '../envs/core/errors.ts'
import type { Call, Checked, ToolName } from '../envs/core/tool.ts'
import { makeFolder, NEW_FILE, replaceFile } from '../rollouts/disk.ts'
import { Appender, keepLines, rows } from '../rollouts/jsonl.ts'
import { FolderLock } from '../rollouts/lock.ts'
import type { Transcript } from '../rollouts/messages.ts'
import type { CallRow } from '../rollouts/player.ts'
import { CONNECTION, FILES as RUN_FILES } from '../rollouts/store.ts'
import { parseJson, readText } from '../rollouts/text_file.ts'
import type { Wire } from './adapter.ts'

/** What lies in the folder of a connected run. */
export const CONNECTED_FILES = {
  metadata: RUN_FILES.metadata,
  connection: CONNECTION,
  wire: 'wire.jsonl',
  turns: 'turns.jsonl',
  decisions: 'decisions.jsonl',
  calls: 'calls.jsonl',
  results: 'results.jsonl',
  errors: 'errors.jsonl',
} as const

/** What became of a decision. `silent`: it held no call. */
export type Disposition = 'sent' | 'refused' | 'timeout' | 'superseded' | 'unknown' | 'silent'

/** A line of decisions.jsonl: one call, or the lack of one. Times are milliseconds since 1970, null where it did not come to that. */
export interface DecisionRow {
  readonly key: string
  readonly session: string
  readonly seat: string
  readonly agent: string
  readonly player: string
  readonly ask: string
  readonly t: number
  /** Counts how often this ask was put to the player, from 0. */
  readonly attempt: number
  /** SHA-256 of the observation's canonical JSON; the observation itself is in turns.jsonl. */
  readonly observation: string
  readonly call: Call | null
  readonly disposition: Disposition
  /** What the player is told of it. */
  readonly text: string
  /** After an answer was lost: what the server said of it. */
  readonly reconciled?: 'taken' | 'open' | 'closed'
  readonly deadline: number | null
  readonly asked_at: number
  readonly answered_at: number | null
  readonly sent_at: number | null
  readonly acknowledged_at: number | null
}

/** A line of turns.jsonl: what a player was asked and said; enough to put the same to it again. */
export interface TurnRow {
  readonly key: string
  readonly session: string
  readonly agent: string
  readonly ask: string
  readonly t: number
  readonly attempt: number
  readonly observation: object
  readonly offered: readonly ToolName[]
  readonly results: readonly CallResult[]
  /** What the gate said while the player thought, in order. */
  readonly checks: readonly Checked[]
  /** Null where nobody waited for it any longer. */
  readonly calls: readonly Call[] | null
}

/** A line of errors.jsonl. */
export interface ConnectErrorRow {
  readonly key: string
  readonly session: string
  readonly seat: string
  readonly player: string
  readonly t: number
  readonly code: string
  readonly message: string
  readonly at: number
}

/** A line of results.jsonl: one seat that was played to its end. */
export interface ConnectResultRow {
  readonly key: string
  readonly session: string
  readonly repeat: number
  readonly seat: string
  readonly agent: string
  readonly role: string
  readonly player: string
  /** What the server paid; null where it says nothing. */
  readonly reward: number | null
  readonly stop_condition: string
  readonly metrics: Readonly<Record<string, number | null>>
  readonly info: Readonly<Record<string, unknown>>
  /** How many decisions ended how. */
  readonly dispositions: Readonly<Partial<Record<Disposition, number>>>
  /** From the asking to the answer. */
  readonly latency_ms: { readonly median: number; readonly p95: number }
  /** What a model player counted of its own affairs. */
  readonly counters?: Readonly<Record<string, number>>
  readonly transcript: Transcript
}

/** A session in connection.json, which has mode 0600: who has it may take the seats. */
export interface KnownSession {
  readonly id: string
  /** Which of the treatment's sessions it is, from 0. */
  readonly repeat: number
  readonly over: boolean
  /** What the protocol needs to find the session again. */
  readonly resume?: unknown
  readonly seats: Readonly<Record<string, { readonly player: string; readonly resume: unknown }>>
}

interface Connection {
  readonly protocol: string
  readonly server: string
  readonly sessions: readonly KnownSession[]
}

type Stream = 'wire' | 'turns' | 'decisions' | 'calls' | 'results' | 'errors'

/** The folder of one connected run, owned by this process until it is closed. */
export class Evidence {
  readonly folder: string
  readonly #files: Readonly<Record<Stream, Appender>>
  readonly #lock: FolderLock
  readonly #secrets = new Map<string, string>()
  readonly #sessions = new Map<string, KnownSession>()
  readonly #facts: Omit<Connection, 'sessions'>
  readonly #now: () => number

  /**
   * A UserError where the folder holds a run and is not to be gone on with, holds something else, or holds a run at another server;
   * a RunError where another process writes there.
   */
  constructor(
    folder: string,
    facts: { readonly protocol: string; readonly server: string },
    { resume, now }: { readonly resume: boolean; readonly now: () => number },
  ) {
    this.folder = folder
    this.#facts = facts
    this.#now = now
    makeFolder(folder)
    this.#lock = new FolderLock(join(folder, 'lock'))
    try {
      const known = readConnection(folder)
      if (known === undefined && existsSync(this.path('metadata')))
        throw new UserError(`${folder} holds a run of another kind; give another folder with --out.`)
      if (known !== undefined && !resume)
        throw new UserError(`${folder} holds a connected run; go on with it with --resume, or give another folder with --out.`)
      if (known !== undefined && (known.protocol !== facts.protocol || known.server !== facts.server))
        throw new UserError(
          `${folder} holds a run at ${known.server} (${known.protocol}), not at ${facts.server}; give another folder with --out.`,
        )
      for (const session of known?.sessions ?? []) this.#sessions.set(session.id, session)
      const streams: readonly Stream[] = ['wire', 'turns', 'decisions', 'calls', 'results', 'errors']
      // What a kill tore is nothing.
      for (const name of streams) keepLines(this.path(name), () => true)
      this.#files = Object.fromEntries(streams.map(name => [name, new Appender(this.path(name))])) as Record<Stream, Appender>
    } catch (error) {
      this.#lock.release()
      throw error
    }
  }

  path(file: keyof typeof CONNECTED_FILES): string {
    return join(this.folder, CONNECTED_FILES[file])
  }

  /** The sessions that connection.json tells of, in the order they were begun. */
  get sessions(): readonly KnownSession[] {
    return [...this.#sessions.values()]
  }

  /** Writes down how to take a session's seats again. */
  keep(session: KnownSession): void {
    this.#sessions.set(session.id, session)
    const path = this.path('connection')
    const temporary = `${path}.${process.pid}.tmp`
    const file = openSync(temporary, NEW_FILE, 0o600)
    try {
      writeSync(file, `${JSON.stringify({ ...this.#facts, sessions: this.sessions } satisfies Connection, null, 2)}\n`)
    } finally {
      closeSync(file)
    }
    renameSync(temporary, path)
  }

  secret(text: string, shown: string): void {
    if (text !== '') for (const spelling of new Set([text, encodeURIComponent(text)])) this.#secrets.set(spelling, shown)
  }

  /** The wire of one seat. */
  wire(session: string, seat: string): Wire {
    const begun = this.#now()
    const wire = (dir: 'in' | 'out', frame: object): void => {
      const at = this.#now()
      this.#append('wire', { session, seat, dir, at: Math.round(at), ms: Math.round(at - begun), ...frame })
    }
    return Object.assign(wire, { secret: (text: string, shown: string) => this.secret(text, shown) })
  }

  turn(row: TurnRow): void {
    this.#append('turns', row)
  }

  decision(row: DecisionRow): void {
    this.#append('decisions', row)
  }

  call(row: CallRow): void {
    this.#append('calls', row)
  }

  result(row: ConnectResultRow): void {
    this.#append('results', row)
  }

  error(row: ConnectErrorRow): void {
    this.#append('errors', row)
  }

  metadata(data: object): void {
    const text = this.clean(JSON.stringify(data, null, 2))
    replaceFile(this.path('metadata'), write => write(Buffer.from(`${text}\n`)))
  }

  /** What an earlier process left of a session. */
  earlier(key: string): {
    readonly turns: readonly TurnRow[]
    readonly decisions: readonly DecisionRow[]
    readonly calls: readonly CallRow[]
    readonly results: readonly ConnectResultRow[]
  } {
    const of = <T extends { readonly key: string }>(file: Stream): T[] =>
      [...linesOf<T>(this.folder, file)].filter(row => row.key === key)
    return { turns: of('turns'), decisions: of('decisions'), calls: of('calls'), results: of('results') }
  }

  close(): void {
    for (const file of Object.values(this.#files)) file.close()
    this.#lock.release()
  }

  /** A text without any secret. */
  clean(text: string): string {
    let clean = text
    for (const [secret, shown] of this.#secrets) if (clean.includes(secret)) clean = clean.replaceAll(secret, shown)
    return clean
  }

  #append(file: Stream, row: object): void {
    this.#lock.check()
    this.#files[file].append(this.clean(JSON.stringify(row)))
  }
}

function* linesOf<T>(folder: string, file: Stream): Generator<T> {
  const path = join(folder, CONNECTED_FILES[file])
  if (existsSync(path)) yield* rows(path, line => JSON.parse(line.bytes.toString()) as T)
}

/** What the players of a run were asked, in order; none where there is no such file. */
export function readTurns(folder: string): Generator<TurnRow> {
  return linesOf(folder, 'turns')
}

/** What became of the decisions of a run, in order. */
export function readDecisions(folder: string): Generator<DecisionRow> {
  return linesOf(folder, 'decisions')
}

/** The seats of a run that were played to their end. */
export function readSeatResults(folder: string): Generator<ConnectResultRow> {
  return linesOf(folder, 'results')
}

/** What connection.json says; undefined where there is none. */
export function readConnection(folder: string): Connection | undefined {
  const path = join(folder, CONNECTED_FILES.connection)
  if (!existsSync(path)) return undefined
  const tell = (why: string): string => `${path} is not understood: ${why}. Without it nobody can take the seats again.`
  const read = parseJson(readText(path, tell), tell) as Connection
  if (!Array.isArray(read?.sessions)) throw new UserError(tell('expected an object with sessions'))
  return read
}
