/**
 * What an experimenter asks of people, with the consent and at the end: fields from a JSON file, and whether what was filled in fits
 * them. Knows fields; knows no page and no file of a run.
 */
import { z } from 'zod'
import { parseJsonFile } from '../evals/json_file.ts'
import type { AskedField } from './messages.ts'

/** Characters of a text at most. */
const LONGEST = 4000
/** Fields of a form at most. */
const MOST = 200

const field = z
  .strictObject({
    name: z.string().regex(/^[a-z][a-z0-9_]{0,63}$/, 'expected a name in snake_case of at most 64 characters'),
    label: z.string().min(1).max(LONGEST),
    type: z.enum(['text', 'number', 'choice', 'checkbox']),
    choices: z.array(z.string().min(1).max(400)).min(2).optional(),
    required: z.boolean().default(false),
  })
  .refine(({ type, choices }) => (type === 'choice') === (choices !== undefined), {
    message: 'expected choices with the type choice, and with no other',
  })

const fields = z
  .array(field)
  .min(1)
  .max(MOST)
  .refine(all => new Set(all.map(({ name }) => name)).size === all.length, { message: 'two fields have one name' })

/** The fields in a JSON list of `{"name", "label", "type", "choices", "required"}`; a UserError names what is wrong in `shown`. */
export function parseAsked(text: string, shown: string): readonly AskedField[] {
  return parseJsonFile(fields, text, shown) as readonly AskedField[]
}

/** What a person filled in. What was left empty is left out. */
export type Filled = Readonly<Record<string, string | number | boolean>>

/** The values of a form, or a line a field that is wrong. */
export function readFilled(
  asked: readonly AskedField[],
  given: Readonly<Record<string, unknown>>,
): { readonly values: Filled } | { readonly wrong: readonly string[] } {
  const values: Record<string, string | number | boolean> = {}
  const wrong = Object.keys(given)
    .filter(name => !asked.some(each => each.name === name))
    .map(name => `${name.slice(0, 64)}: is not asked.`)
  for (const each of asked) {
    const { name, label, required } = each
    const value = Object.hasOwn(given, name) ? given[name] : undefined
    if (value === undefined || value === null || value === '' || (required && value === false)) {
      if (required) wrong.push(`${label}: is needed.`)
      else if (value === false) values[name] = false
      continue
    }
    const why = unfit(each, value)
    if (why === undefined) values[name] = value as string | number | boolean
    else wrong.push(`${label}: ${why}`)
  }
  return wrong.length > 0 ? { wrong } : { values }
}

/** Why a value does not fit its field. */
function unfit({ type, choices }: AskedField, value: unknown): string | undefined {
  switch (type) {
    case 'text':
      if (typeof value !== 'string') return 'expected a text.'
      return value.length <= LONGEST ? undefined : `expected at most ${LONGEST} characters.`
    case 'number':
      return typeof value === 'number' && Number.isFinite(value) ? undefined : 'expected a number.'
    case 'choice':
      return choices!.includes(value as string) ? undefined : `expected one of ${choices!.join(', ')}.`
    case 'checkbox':
      return typeof value === 'boolean' ? undefined : 'expected a tick or none.'
  }
}
