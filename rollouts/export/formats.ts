/** The export formats by name. */
import { nearest, UserError } from '../../envs/core/errors.ts'
import type { Format } from './format.ts'
import { kto } from './kto.ts'
import { parquet } from './parquet.ts'
import { preference } from './preference.ts'
import { prompts } from './prompts.ts'
import { sftOpenAi, sftTrl } from './sft.ts'
import { steps } from './steps.ts'
import { tokens } from './tokens.ts'
import { traces } from './traces.ts'
import { verifiers } from './verifiers.ts'

export const formats: readonly Format[] = [verifiers, traces, sftTrl, sftOpenAi, preference, kto, prompts, tokens, steps, parquet]

/** The format of that name. A UserError names the nearest. */
export function formatNamed(name: string): Format {
  const format = formats.find(({ id }) => id === name)
  if (format !== undefined) return format
  const known = formats.map(({ id }) => id)
  throw new UserError(`--format: no format '${name.slice(0, 64)}'. Formats: ${known.join(', ')}.${nearest(name, known)}`)
}
