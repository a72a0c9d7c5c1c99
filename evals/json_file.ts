/** Files that people write: JSON by a schema, and one line that says what is wrong where. Knows no schema. */
import type { z } from 'zod'
import { UserError } from '../envs/core/errors.ts'

/** The parsed content of a file called `shown`; a UserError where it is no JSON or not of that shape. */
export function parseJsonFile<Output>(schema: z.ZodType<Output>, text: string, shown: string, hint = ''): Output {
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch (error) {
    throw new UserError(`${shown} is not JSON: ${(error as Error).message}.`)
  }
  const parsed = schema.safeParse(value)
  if (parsed.success) return parsed.data
  const { path, message } = parsed.error.issues[0]!
  throw new UserError(`${shown}: ${path.length === 0 ? '' : `${path.map(String).join('.')}: `}${message}.${hint}`)
}
