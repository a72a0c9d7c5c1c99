/**
 * What people say of the rollouts of a run: notes and tags, beside the run in notes.jsonl. A line is one thing that one person did, and
 * lines are only added: two people who write at once both have theirs, and what was there before can be read. Knows the file and
 * what its lines come to; knows no page.
 */
import { randomBytes } from 'node:crypto'
import { closeSync, fstatSync, openSync, readSync, writeSync } from 'node:fs'
import { join } from 'node:path'
import { z } from 'zod'
import { UserError } from '../envs/core/errors.ts'
import { explain } from '../envs/core/tool.ts'
import { refused } from './disk.ts'
import { FILES } from './files.ts'
import { NEWLINE, objectIn, rows, type Unread } from './jsonl.ts'

/** Characters of a note, of a tag and of a name, at most. */
export const NOTE_LIMITS = { text: 10_000, tag: 60, by: 80 } as const

const line = (most: number) =>
  z
    .string()
    .trim()
    .min(1)
    .max(most)
    .regex(/^\P{Cc}*$/u, 'expected one line')

/** What somebody does: says something of a rollout, puts a tag on it or takes one off. */
export const noteAct = z
  .union([
    z.strictObject({
      key: z.string().min(1),
      /** Which note is written anew; absent of a new one. */
      id: z
        .string()
        .regex(/^[0-9a-f]{16}$/)
        .optional(),
      by: line(NOTE_LIMITS.by).optional(),
      /** Empty: the note is withdrawn. */
      text: z.string().trim().max(NOTE_LIMITS.text),
    }),
    z.strictObject({
      key: z.string().min(1),
      by: line(NOTE_LIMITS.by).optional(),
      tag: line(NOTE_LIMITS.tag),
      /** Whether the rollout has the tag from now on. */
      set: z.boolean(),
    }),
  ])
  .refine(act => !('text' in act) || act.text !== '' || act.id !== undefined, 'a note without a text')
export type NoteAct = z.infer<typeof noteAct>

/** A line of notes.jsonl: an act, when it was (ISO 8601), and of a note which it is. */
export type NoteRow = NoteAct & { readonly time: string }

/** A note as it is now. */
export interface Note {
  readonly id: string
  readonly by?: string
  /** When it was last written, ISO 8601. */
  readonly time: string
  readonly text: string
}

/** What people have said of a rollout: tags in the order they were put, notes in the order they were begun. */
export interface RolloutNotes {
  readonly key: string
  readonly tags: readonly string[]
  readonly notes: readonly Note[]
}

/** Adds what somebody did to the run's notes, and gives the line. A UserError where it is nothing that can be done, a RunError where the disk refuses. */
export function addNote(folder: string, act: unknown, now = new Date()): NoteRow {
  const parsed = noteAct.safeParse(act)
  if (!parsed.success)
    throw new UserError(`A note: expected {key, text} or {key, tag, set}, with by if you like: ${explain(parsed.error)}.`)
  const { data } = parsed
  const time = now.toISOString()
  const row: NoteRow = 'text' in data ? { ...data, id: data.id ?? randomBytes(8).toString('hex'), time } : { ...data, time }
  appendLine(join(folder, FILES.notes), JSON.stringify(row))
  return row
}

/** One write a line, at the end wherever that is by then; what a kill left without its end gets it first. */
function appendLine(path: string, text: string): void {
  try {
    const file = openSync(path, 'a+')
    try {
      const { size } = fstatSync(file)
      const last = Buffer.alloc(1)
      const isTorn = size > 0 && readSync(file, last, 0, 1, size - 1) === 1 && last[0] !== NEWLINE
      writeSync(file, Buffer.from(`${isTorn ? '\n' : ''}${text}\n`))
    } finally {
      closeSync(file)
    }
  } catch (error) {
    throw refused(path, error)
  }
}

/** The lines of notes.jsonl as they were written. One that is none is counted in `unread`; without that it throws a RunError. */
export function readNoteRows(folder: string, unread?: Unread): Generator<NoteRow> {
  return rows(
    join(folder, FILES.notes),
    line => {
      const { time, ...act } = objectIn<Record<string, unknown>>(line) ?? {}
      const parsed = noteAct.safeParse(act)
      return parsed.success && typeof time === 'string' ? { ...parsed.data, time } : undefined
    },
    unread,
  )
}

/** What the lines come to, by key. Of what was said twice of one thing the later line counts. */
export function readNotes(folder: string, unread?: Unread): Map<string, RolloutNotes> {
  const found = new Map<string, { key: string; tags: Set<string>; notes: Map<string, Note> }>()
  for (const row of readNoteRows(folder, unread)) {
    const { key } = row
    const own = found.get(key) ?? { key, tags: new Set(), notes: new Map() }
    found.set(key, own)
    if ('tag' in row) {
      if (row.set) own.tags.add(row.tag)
      else own.tags.delete(row.tag)
    } else if (row.text === '') own.notes.delete(row.id!)
    else own.notes.set(row.id!, { id: row.id!, ...(row.by !== undefined && { by: row.by }), time: row.time, text: row.text })
  }
  return new Map(
    [...found.values()]
      .filter(({ tags, notes }) => tags.size + notes.size > 0)
      .map(({ key, tags, notes }) => [key, { key, tags: [...tags], notes: [...notes.values()] }]),
  )
}

/** Copies into one run's notes what the others' have and it has not. */
export function mergeNotes(folder: string, parts: readonly string[]): void {
  const known = new Set([...readNoteRows(folder)].map(row => JSON.stringify(row)))
  for (const part of parts)
    for (const row of readNoteRows(part)) {
      const text = JSON.stringify(row)
      if (known.has(text)) continue
      known.add(text)
      appendLine(join(folder, FILES.notes), text)
    }
}
