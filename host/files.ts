/**
 * What hosted games leave in the folder of their run beside its rollouts: the links, what happened at the seats, what was decided
 * there, what people were asked. With the links and the decisions a server that was killed goes on where it was. Knows files; knows
 * no game and no page.
 */
import { chmodSync, closeSync, existsSync, openSync } from 'node:fs'
import { join } from 'node:path'
import type { Units } from '../envs/core/environment.ts'
import { UserError } from '../envs/core/errors.ts'
import { csvCell } from '../envs/core/text.ts'
import type { AgentId, Call } from '../envs/core/tool.ts'
import { refused, replaceFile } from '../rollouts/disk.ts'
import { Appender, keepLines, type Line, objectIn, rows } from '../rollouts/jsonl.ts'
import { FolderLock } from '../rollouts/lock.ts'
import { LOCK } from '../rollouts/store.ts'
import { parseJson, readText } from '../rollouts/text_file.ts'
import type { Filled } from './asked.ts'
import { newPaymentCode, newToken } from './payment.ts'

/** The files by what they hold. */
export const HOSTED_FILES = {
  /** Mode 0600: who has it may take the seats. */
  links: 'links.json',
  sittings: 'sittings.jsonl',
  decisions: 'decisions.jsonl',
  /** Mode 0600: what people were asked. */
  people: 'people.jsonl',
  /** Mode 0600. */
  payments: 'payments.csv',
} as const

/** A seat that a person was seated in. */
export interface SeatId {
  /** The rollout's key. */
  readonly key: string
  readonly agent: AgentId
}

/** A line of decisions.jsonl: one turn of a person's seat. Times are milliseconds since 1970. */
export interface DecisionRow extends SeatId {
  /** Who decided: `human`, or the bot that plays on. */
  readonly player: string
  /** Counts the seat's turns from 0. */
  readonly turn: number
  readonly t: number
  /** SHA-256 of the observation's canonical JSON. */
  readonly observation: string
  readonly calls: readonly Call[]
  readonly units?: Units
  /** `silent`: no call was sent; `timeout`: time was up. */
  readonly disposition: 'sent' | 'silent' | 'timeout'
  /** Null of a person who had their data deleted while the game went on. */
  readonly asked_at: number | null
  readonly answered_at: number | null
}

/** A line of sittings.jsonl: what happened at a seat, or to the whole game where `agent` is null. */
export interface SittingRow {
  readonly key: string
  readonly agent: AgentId | null
  readonly event: 'agreed' | 'started' | 'replaced' | 'left' | 'erased' | 'ended'
  /** The bot that plays on. */
  readonly player?: string
  /** The first turn that it plays. */
  readonly turn?: number
  readonly at: number
}

/** A line of people.jsonl: what a person filled in. */
export interface PersonRow extends SeatId {
  readonly asked: 'consent' | 'questions'
  readonly fields: Filled
  readonly at: number
}

export interface SeatLink extends SeatId {
  readonly token: string
  readonly payment_code: string
}

interface Links {
  readonly monitor: string
  readonly seats: readonly SeatLink[]
}

/** Only the owner may read it. */
const PRIVATE = 0o600

/** The files of hosted games in the folder of a run, owned by this process until they are closed. */
export class HostedFiles {
  readonly folder: string
  readonly #lock: FolderLock
  readonly #files: Readonly<Record<'sittings' | 'decisions' | 'people', Appender>>
  #links: Links

  /** A RunError where another process hosts the run. */
  constructor(folder: string, seats: readonly SeatId[]) {
    this.folder = folder
    this.#lock = new FolderLock(join(folder, `${LOCK}.host`), {
      held: `${folder} is being hosted`,
      advice: 'stop that server first, then --resume',
    })
    try {
      // What a kill tore is nothing.
      for (const name of ['sittings', 'decisions', 'people'] as const) keepLines(this.path(name), () => true)
      this.#files = {
        sittings: new Appender(this.path('sittings')),
        decisions: new Appender(this.path('decisions')),
        people: new Appender(this.path('people')),
      }
      this.#links = readLinks(this.path('links')) ?? { monitor: newToken(), seats: [] }
      const missing = seats.filter(seat => this.#linkOf(seat) === undefined)
      const made = missing.map(({ key, agent }) => ({ key, agent, token: newToken(), payment_code: newPaymentCode() }))
      this.#links = { ...this.#links, seats: [...this.#links.seats, ...made] }
      writePrivate(this.path('links'), `${JSON.stringify(this.#links, null, 2)}\n`)
    } catch (error) {
      this.#lock.release()
      throw error
    }
  }

  path(file: keyof typeof HOSTED_FILES): string {
    return join(this.folder, HOSTED_FILES[file])
  }

  get monitor(): string {
    return this.#links.monitor
  }

  /** The link of a seat. */
  link(seat: SeatId): SeatLink {
    return this.#linkOf(seat)!
  }

  #linkOf({ key, agent }: SeatId): SeatLink | undefined {
    return this.#links.seats.find(seat => seat.key === key && seat.agent === agent)
  }

  sitting(row: SittingRow): void {
    this.#files.sittings.append(JSON.stringify(row))
  }

  decision(row: DecisionRow): void {
    this.#files.decisions.append(JSON.stringify(row))
  }

  person(row: PersonRow): void {
    makePrivate(this.path('people'))
    this.#files.people.append(JSON.stringify(row))
  }

  /** What earlier processes wrote, in order. */
  earlier(): {
    readonly sittings: readonly SittingRow[]
    readonly decisions: readonly DecisionRow[]
    readonly people: readonly PersonRow[]
  } {
    return {
      sittings: [...rows(this.path('sittings'), objectIn<SittingRow>)],
      decisions: [...rows(this.path('decisions'), objectIn<DecisionRow>)],
      people: [...rows(this.path('people'), objectIn<PersonRow>)],
    }
  }

  /**
   * Deletes what a person filled in, and what they decided. While the game goes on, what it needs to be gone on with is kept of the
   * decisions: which calls, without when.
   */
  erase({ key, agent }: SeatId, over: boolean): void {
    const isTheirs = (row: Partial<SeatId> | undefined): boolean => row?.key === key && row.agent === agent
    const others = (line: Line): boolean => !isTheirs(objectIn<SeatId>(line))
    this.#files.people.close()
    keepLines(this.path('people'), others)
    this.#files.decisions.close()
    if (over) keepLines(this.path('decisions'), others)
    else {
      const kept = [...rows(this.path('decisions'), objectIn<DecisionRow>)]
      replaceFile(this.path('decisions'), write => {
        for (const row of kept) {
          const told = isTheirs(row) ? { ...row, asked_at: null, answered_at: null } : row
          write(Buffer.from(`${JSON.stringify(told)}\n`))
        }
      })
    }
  }

  /** Writes the list of payments anew. */
  payments(lines: readonly (readonly (string | number)[])[]): void {
    writePrivate(this.path('payments'), lines.map(cells => `${cells.map(csvCell).join(',')}\n`).join(''))
  }

  close(): void {
    for (const file of Object.values(this.#files)) file.close()
    this.#lock.release()
  }
}

/** Writes a file that only its owner may read; one that is there is replaced. A RunError where the file system refuses. */
export function writePrivate(path: string, text: string): void {
  makePrivate(path)
  replaceFile(path, write => write(Buffer.from(text)))
}

/** A file that only its owner may read, whoever might before; empty where there was none. */
function makePrivate(path: string): void {
  try {
    closeSync(openSync(path, 'a', PRIVATE))
    chmodSync(path, PRIVATE)
  } catch (error) {
    throw refused(path, error)
  }
}

/** What links.json says; undefined where there is none, or nothing in it. */
function readLinks(path: string): Links | undefined {
  if (!existsSync(path)) return undefined
  const tell = (why: string): string =>
    `${path} is not understood: ${why}. Without it the links that were handed out lead nowhere.`
  const text = readText(path, tell)
  if (text === '') return undefined
  const read = parseJson(text, tell) as Links
  if (typeof read?.monitor !== 'string' || !Array.isArray(read.seats))
    throw new UserError(tell('expected an object with monitor and seats'))
  return read
}
