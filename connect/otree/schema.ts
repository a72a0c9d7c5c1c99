/**
 * What an app's author knows and no page says: the messages of live pages, how to show what arrives, and fields that only a script
 * fills. One JSON file an app or several, by `app/Page` as it stands in a page's address. Knows no server.
 */
import { z } from 'zod'
import { UserError } from '../../envs/core/errors.ts'
import { type Json, short } from '../../envs/core/plain.ts'
import { explain } from '../../envs/core/tool.ts'
import { parseJson, readText } from '../../rollouts/text_file.ts'

const TOOL = /^[a-z][a-z0-9_]*$/
const PAGE = /^[\w.-]+\/[\w.-]+$/

const sendShape = z.strictObject({
  description: z.string().min(1),
  /** JSON Schemas of the arguments, by name. */
  args: z.record(z.string(), z.looseObject({ description: z.string().min(1) })).default({}),
  /** What is sent: `"$name"` stands for an argument. The arguments themselves by default. */
  message: z.json().optional(),
})

const showShape = z.strictObject({
  /** Fields and their values; a message that has them all is shown so. Any message where it is absent. */
  when: z.record(z.string(), z.union([z.string(), z.number(), z.boolean(), z.null()])).optional(),
  /** `{field}` or `{field.inner}` stands for what the message says there; empty to show nothing. */
  text: z.string(),
  /** Whether the page's script then sends the form. */
  submits: z.boolean().optional(),
})

const fieldShape = z.strictObject({
  kind: z.enum(['integer', 'number', 'text', 'choice', 'choices', 'flag']),
  label: z.string().min(1),
  required: z.boolean().default(true),
  min: z.number().optional(),
  max: z.number().optional(),
  max_length: z.int().min(1).optional(),
  options: z.array(z.strictObject({ value: z.string(), label: z.string() })).optional(),
})

const pageShape = z.strictObject({
  /** Fields that only a script fills. */
  fields: z.record(z.string(), fieldShape).default({}),
  /** Tools of a live page, by name. */
  send: z.record(z.string(), sendShape).optional(),
  /** The first that fits counts. */
  show: z.array(showShape).default([]),
})

const fileShape = z.record(z.string(), pageShape)

export type PageSchema = z.output<typeof pageShape>
export type SendTool = z.output<typeof sendShape>
/** By `app/Page`. */
export type Schemas = Readonly<Record<string, PageSchema>>

/** Reads a schema file. A UserError that names the file and what is wrong. */
export function readSchemas(path: string): Schemas {
  const tell = (why: string): string => `${path}: ${why}`
  return checkSchemas(parseJson(readText(path, tell), tell), path)
}

/** The same from plain data; `what` is how an error calls it. */
export function checkSchemas(value: unknown, what: string): Schemas {
  const parsed = fileShape.safeParse(value)
  if (!parsed.success) throw new UserError(`${what}: ${explain(parsed.error)}`)
  for (const [page, { send = {} }] of Object.entries(parsed.data)) {
    if (!PAGE.test(page)) throw new UserError(`${what}: expected app/Page as in a page's address, got '${page.slice(0, 64)}'.`)
    for (const [tool, { args, message }] of Object.entries(send)) {
      if (!TOOL.test(tool))
        throw new UserError(`${what}: ${page}: expected the name of a tool in snake_case, got '${tool.slice(0, 64)}'.`)
      const unknown = [...argumentsIn(message ?? null)].find(name => !Object.hasOwn(args, name))
      if (unknown !== undefined)
        throw new UserError(
          `${what}: ${page}: ${tool}: the message speaks of $${unknown}; arguments: ${Object.keys(args).join(', ') || 'none'}.`,
        )
    }
  }
  return parsed.data
}

function* argumentsIn(template: Json): Generator<string> {
  if (typeof template === 'string' && template.startsWith('$')) yield template.slice(1)
  else if (typeof template === 'object' && template !== null)
    for (const inner of Object.values(template)) yield* argumentsIn(inner)
}

/** The message of a call. */
export function messageOf({ message }: SendTool, args: Readonly<Record<string, unknown>>): unknown {
  const filled = (template: Json): unknown => {
    if (typeof template === 'string' && template.startsWith('$')) return args[template.slice(1)] ?? null
    if (Array.isArray(template)) return template.map(filled)
    if (typeof template === 'object' && template !== null)
      return Object.fromEntries(Object.entries(template).map(([name, inner]) => [name, filled(inner)]))
    return template
  }
  return message === undefined ? args : filled(message)
}

/** How a message is shown: as the schema says, or else as JSON; undefined for not at all. */
export function shownMessage(
  schema: PageSchema | undefined,
  message: unknown,
): { readonly text: string | undefined; readonly submits: boolean } {
  const rule = schema?.show.find(({ when = {} }) =>
    Object.entries(when).every(([field, value]) => (message as Record<string, unknown> | null)?.[field] === value),
  )
  if (rule === undefined) return { text: short(message, 2000), submits: false }
  const text = rule.text.replace(/\{([\w.]+)\}/g, (_, path: string) => {
    const value = path
      .split('.')
      .reduce<unknown>((at, name) => (at as Record<string, unknown> | null | undefined)?.[name], message)
    return typeof value === 'string' ? value : JSON.stringify(value ?? null)
  })
  return { text: text === '' ? undefined : text, submits: rule.submits === true }
}
