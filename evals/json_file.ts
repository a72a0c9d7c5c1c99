/** Files that people write: JSON by a schema, and one line that says what is wrong where. Knows no schema. */
import type { z } from 'zod'
import { UserError } from '../envs/core/errors.ts'
import { parseJson } from '../rollouts/text_file.ts'

/** The parsed content of a file called `shown`; a UserError where it is no JSON or not of that shape. */
export function parseJsonFile<Output>(schema: z.ZodType<Output>, text: string, shown: string, hint = ''): Output {
  const parsed = schema.safeParse(parseJson(text, why => `${shown} is not JSON: ${why}.`))
  if (parsed.success) return parsed.data
  const { path, message } = parsed.error.issues[0]!
  throw new UserError(`${shown}: ${path.length === 0 ? '' : `${path.map(String).join('.')}: `}${message}.${hint}`)
}
