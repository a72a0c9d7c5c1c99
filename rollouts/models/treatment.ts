/**
 * What a player is made to be: persona, instructions, history, sampling, what its silence means. Written as
 * `openai:m[persona=exploiter,temperature=1]` or as an object with the player beside the fields. Knows how both are read and
 * how a treatment is told in a player's name; knows no provider.
 */
import { z } from 'zod'
import { nearest, UserError } from '../../envs/core/errors.ts'
import { canonical, digest, short } from '../../envs/core/plain.ts'
import { explain } from '../../envs/core/tool.ts'

const treatmentFields = {
  persona: z
    .string()
    .min(1)
    .nullable()
    .describe('a shipped persona or a text file of added instructions; null (in a string: none) for none'),
  instructions: z.string().min(1).describe('a text added to the rules, after the persona'),
  history: z
    .string()
    .regex(/^(full|none|last:[1-9]\d*)$/, 'expected full, none or last:N with N ≥ 1')
    .describe('what the model is shown again: full, last:N turns, or none'),
  temperature: z.number().min(0).describe("sampling temperature (the provider's default)"),
  top_p: z.number().min(0).max(1).describe("nucleus sampling (the provider's default)"),
  top_k: z.int().min(1).describe('sampling among so many tokens, where a server knows it'),
  seed: z.int().describe('seed of the sampling, the same in every call, where a server knows it'),
  max_tokens: z.int().min(1).describe('tokens of one answer at most, reasoning included'),
  reasoning_effort: z.string().min(1).describe("in the provider's own words: low, medium, high …"),
  no_tool_call: z
    .enum(['economy', 'pass', 'nudge', 'stop'])
    .describe("what a message without a tool call is: pass, nudge, stop, or the economy's way"),
  api: z.enum(['chat', 'responses']).describe("OpenAI's protocol"),
  extra_body: z.record(z.string(), z.unknown()).describe('further fields of the request, sent as they are'),
} as const
const FIELDS = Object.keys(treatmentFields) as (keyof Treatment)[]
/** What may stand in a player's brackets. */
const KEYS: readonly string[] = [...FIELDS, 'label']

const treatmentSchema = z.strictObject(treatmentFields).partial()

/** What differs from how every model is asked; absent fields are the run's defaults. */
export type Treatment = Readonly<z.output<typeof treatmentSchema>>

/** What the tables call a player; short, and on one line. */
export const labelSchema = z
  .string()
  .regex(/^[^\p{Cc}=]{1,80}$/u, 'expected one line of at most 80 characters without =')
  .describe('what the tables call the player (its own short name)')

/** A player with its treatment, as a suite or a program writes it. */
export const playerSpecSchema = z
  .strictObject({
    player: z.string().min(1).max(2000).describe('player string, such as openai:MODEL'),
    label: labelSchema,
    ...treatmentFields,
  })
  .partial()
  .required({ player: true })

/** A player string, and what its player is made to be. */
export type PlayerSpec = Readonly<z.output<typeof playerSpecSchema>>

/** A player as anybody may name one. */
export type PlayerChoice = string | PlayerSpec

/** A player in three parts. */
export interface ReadPlayer {
  /** The player string without brackets. */
  readonly player: string
  readonly label?: string
  readonly treatment: Treatment
}

/** Fields that are written as they are; the others are JSON. */
const TEXTS: readonly string[] = ['persona', 'instructions', 'history', 'reasoning_effort', 'no_tool_call', 'api', 'label']

/** A player's name without its brackets, also where these hold digests of what was given. */
export function untreated(name: string): string {
  return bracketsOf(name)?.player ?? name
}

/** Takes a choice apart. A UserError names the keys there are, and the nearest to one that is none. */
export function readPlayer(choice: PlayerChoice): ReadPlayer {
  if (typeof choice !== 'string') {
    const { player, ...fields } = checkedSpec(choice)
    const read = readPlayer(player)
    const twice = Object.keys(fields).find(name => Object.hasOwn(read.treatment, name) || (name === 'label' && read.label))
    if (twice !== undefined)
      throw new UserError(`Player '${player}': ${twice} stands in the brackets and beside them; give it once.`)
    const { label = read.label, ...treatment } = fields
    return { player: read.player, ...(label !== undefined && { label }), treatment: { ...read.treatment, ...treatment } }
  }
  const text = choice.trim()
  const found = bracketsOf(text)
  if (found === undefined) return { player: text, treatment: {} }
  const fields: Record<string, unknown> = {}
  const wrong = (what: string): UserError => new UserError(`Player '${text.slice(0, 200)}': ${what}`)
  for (const { source, key, value, quoted } of found.items) {
    if (key === undefined)
      throw wrong(
        `expected KEY=VALUE in the brackets, got '${source}'. Keys: ${KEYS.join(', ')}. A model whose own name ends in brackets is followed by an empty pair: ${found.player}[${source}][]`,
      )
    if (!KEYS.includes(key)) throw wrong(`no key '${key}'. Keys: ${KEYS.join(', ')}.${nearest(key, KEYS)}`)
    if (Object.hasOwn(fields, key)) throw wrong(`${key} is given twice.`)
    fields[key] = readValue(key, value, quoted, wrong)
  }
  const { label, ...treatment } = checkedSpec({ player: found.player, ...fields }, text)
  const { player, ...rest } = treatment
  return { player, ...(label !== undefined && { label }), treatment: rest }
}

function readValue(key: string, value: string, quoted: boolean, wrong: (what: string) => UserError): unknown {
  if (!quoted && /(^|.)#[0-9a-f]{8}$/.test(value))
    throw wrong(`${key}=${value} stands for a text that a run's name has no room for; give the text itself.`)
  if (TEXTS.includes(key)) return key === 'persona' && value === 'none' && !quoted ? null : value
  if (key !== 'extra_body') {
    if (value === '' || Number.isNaN(Number(value))) throw wrong(`${key}: expected a number, got '${value.slice(0, 64)}'.`)
    return Number(value)
  }
  try {
    return JSON.parse(value)
  } catch (error) {
    throw wrong(`${key}: expected a JSON object: ${(error as Error).message}.`)
  }
}

function checkedSpec(value: unknown, shown?: string): PlayerSpec {
  const parsed = playerSpecSchema.safeParse(value)
  if (parsed.success) return parsed.data
  const { player } = (value ?? {}) as { player?: unknown }
  const known = ['player', ...KEYS]
  const unknown = Object.keys((value ?? {}) as object).find(key => !known.includes(key))
  throw new UserError(
    `Player '${String(shown ?? player).slice(0, 200)}': ${
      unknown === undefined
        ? `${explain(parsed.error)}.`
        : `no field '${unknown}'. Fields: ${known.join(', ')}.${nearest(unknown, known)}`
    }`,
  )
}

interface Item {
  /** As it was written. */
  readonly source: string
  /** Undefined where there is no equals sign. */
  readonly key: string | undefined
  readonly value: string
  readonly quoted: boolean
}

/**
 * The brackets that end a player string: the first pair whose content reaches to the end. A value is bare up to a comma or a
 * bracket, a JSON string, or a JSON object. The brackets of an IPv6 address in a URL are none.
 */
function bracketsOf(text: string): { readonly player: string; readonly items: readonly Item[] } | undefined {
  if (!text.endsWith(']') && !/\[\s*[a-z_]+\s*=/.test(text)) return undefined
  for (let at = text.indexOf('['); at !== -1; at = text.indexOf('[', at + 1)) {
    if (/[/@]$/.test(text.slice(0, at))) continue
    const items = itemsOf(text, at + 1)
    if (items !== undefined) return { player: text.slice(0, at), items }
  }
  if (/\[\s*[a-z_]+\s*=/.test(text))
    throw new UserError(
      `Player '${text.slice(0, 200)}': the brackets cannot be read; a value that holds a comma, a bracket or a quote is written as a JSON string, "…".`,
    )
  return undefined
}

/** The items from `start` to the bracket that ends the text; undefined where they end before it. */
function itemsOf(text: string, start: number): Item[] | undefined {
  const items: Item[] = []
  let at = start
  if (text[at] === ']') return at + 1 === text.length ? items : undefined
  for (;;) {
    const from = at
    const [head, key] = /^\s*([^\s=,\]["{]+)\s*=\s*/.exec(text.slice(at)) ?? ['', undefined]
    at += head.length
    const value = /^(?:"(?:[^"\\]|\\.)*"|\{)/s.exec(text.slice(at))?.[0]
    let end: number
    if (value === '{') end = objectEnd(text, at)
    else if (value !== undefined) end = at + value.length
    else end = at + /^[^,\][]*/.exec(text.slice(at))![0].length
    const written = text.slice(at, end).trim()
    const quoted = written.startsWith('"')
    items.push({ source: text.slice(from, end).trim(), key, value: quoted ? unquoted(written) : written, quoted })
    at = end + /^\s*/.exec(text.slice(end))![0].length
    if (text[at] === ']') return at + 1 === text.length ? items : undefined
    if (text[at] !== ',') return undefined
    at++
  }
}

function unquoted(written: string): string {
  try {
    return JSON.parse(written) as string
  } catch {
    throw new UserError(`${written.slice(0, 64)} is no JSON string: inside quotes, " and \\ are written \\" and \\\\.`)
  }
}

/** Where the JSON object that begins at `at` ends; the end of the text where it does not. */
function objectEnd(text: string, at: number): number {
  let depth = 0
  for (const { 0: token, index } of text.slice(at).matchAll(/"(?:[^"\\]|\\.)*"|[{}]/gs)) {
    if (token === '{') depth++
    if (token === '}' && --depth === 0) return at + index + 1
  }
  return text.length
}

/** Splits a list of player strings at its commas, not at those inside brackets or quotes. */
export function splitPlayers(list: string): string[] {
  const parts: string[] = []
  let depth = 0
  let from = 0
  for (const { 0: token, index } of list.matchAll(/"(?:[^"\\]|\\.)*"|[[\]{},]/gs)) {
    if (token === '[' || token === '{') depth++
    else if (token === ']' || token === '}') depth = Math.max(0, depth - 1)
    else if (token === ',' && depth === 0) {
      parts.push(list.slice(from, index))
      from = index + 1
    }
  }
  return [...parts, list.slice(from)].map(part => part.trim())
}

/** Values longer than this stand in a name by their digest. */
const LONGEST = 40

/** The treatment as a player's name tells it, such as `[persona=exploiter,temperature=1]`; empty where nothing is set. */
export function treatmentText(treatment: Treatment): string {
  const items = FIELDS.flatMap(name => {
    const value = treatment[name]
    return value === undefined || value === null ? [] : [`${name}=${valueText(value)}`]
  })
  return items.length === 0 ? '' : `[${items.join(',')}]`
}

function valueText(value: string | number | object): string {
  const text = typeof value === 'string' ? value : canonical(value)
  if (text.length > LONGEST) return `#${digest(value).slice(0, 8)}`
  return typeof value !== 'string' || /^[^\s,\][="{}#][^,\][="{}]*$/.test(text) ? text : JSON.stringify(text)
}

/** A choice as it may be shown in a message. */
export function choiceText(choice: PlayerChoice): string {
  return typeof choice === 'string' ? choice : short(choice)
}
