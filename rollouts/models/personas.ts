/**
 * Personas: instructions of behaviour that are added to a seat's rules. A few are shipped, a file may hold any other. Knows no
 * economy.
 */
import { readdirSync } from 'node:fs'
import { basename } from 'node:path'
import { nearest, UserError } from '../../envs/core/errors.ts'
import { digest } from '../../envs/core/plain.ts'
import { readText } from '../text_file.ts'

export interface Persona {
  /** The shipped persona's name, or the file's own name and which text it held: `mine.md#1a2b3c4d`. */
  readonly name: string
  readonly text: string
  /** SHA-256 of the text, in hex. */
  readonly digest: string
}

/** Bytes of a persona's file at most: it is sent with every call. */
const MOST = 1 << 20

const FOLDER = new URL('./personas/', import.meta.url)

export function shippedPersonas(): string[] {
  return readdirSync(FOLDER)
    .filter(file => file.endsWith('.md'))
    .map(file => file.slice(0, -'.md'.length))
    .sort()
}

/** A shipped persona by its name, or the text of a file. A name is a word; whatever has a dot or a slash is a path. */
export function readPersona(nameOrPath: string): Persona {
  const shipped = shippedPersonas()
  const isName = /^[\w-]+$/.test(nameOrPath)
  if (isName && !shipped.includes(nameOrPath))
    throw new UserError(
      `No persona '${nameOrPath}'. Personas: ${shipped.join(', ')}; or the path of a text file.${nearest(nameOrPath, shipped)}`,
    )
  const path = isName ? new URL(`${nameOrPath}.md`, FOLDER) : nameOrPath
  const text = readText(path, why => `Persona ${nameOrPath}: ${why}.`, MOST).trim()
  if (text === '') throw new UserError(`Persona ${nameOrPath}: the file is empty.`)
  const textDigest = digest(text)
  return {
    name: isName ? nameOrPath : `${basename(nameOrPath).slice(0, 24)}#${textDigest.slice(0, 8)}`,
    text,
    digest: textDigest,
  }
}

/** The personas of a run: by seat, and for every model seat that has none of its own. */
export interface Personas {
  readonly all?: Persona
  readonly seats: Readonly<Record<string, Persona>>
}

/** Reads `NAME|FILE` (every model seat) and `seat=NAME|FILE`. */
export function parsePersonas(given: readonly string[]): Personas {
  let all: Persona | undefined
  const seats: Record<string, Persona> = {}
  for (const text of given) {
    const [, seat, persona] = /^(?:(\w+)=)?(.*)$/s.exec(text)!
    if (seat === undefined) all = readPersona(persona!)
    else seats[seat] = readPersona(persona!)
  }
  return { ...(all !== undefined && { all }), seats }
}
