/** Reading a configuration that a person wrote: presets, fields, and errors that name what would work. */
import { z } from 'zod'
import type { AnyEnvironment } from './environment.ts'
import { nearest, UserError } from './errors.ts'
import { deepFreeze, short } from './plain.ts'
import { checkSchema } from './schema.ts'

/** The preset's fields overlaid with `fields`, parsed, defaults filled, frozen. A UserError names the wrong preset or field. */
export function resolveConfig(
  env: AnyEnvironment,
  preset: string | undefined,
  fields: Readonly<Record<string, unknown>> = {},
): object {
  const names = Object.keys(env.presets)
  const name = preset ?? names[0]!
  if (!Object.hasOwn(env.presets, name))
    throw new UserError(`No preset '${name}' of ${env.id}. Presets: ${names.join(', ')}.${nearest(name, names)}`)
  return parseConfig(env, { ...env.presets[name], ...fields })
}

/** By what was parsed, the schema that it came from: it is frozen, and need not be parsed again. */
const known = new WeakMap<object, unknown>()

/** Parses a configuration, unless this has given it; a UserError names the first wrong field, what came and, for an unknown field, the nearest. */
export function parseConfig(env: AnyEnvironment, input: unknown): object {
  if (typeof input === 'object' && input !== null && known.get(input) === env.config) return input
  checkSchema(env.config, `${env.id}.config`)
  const parsed = env.config.safeParse(input)
  if (parsed.success) {
    const config = deepFreeze(parsed.data as object)
    known.set(config, env.config)
    return config
  }
  const issue = parsed.error.issues[0]!
  const at = issue.path.map(String).join('.')
  if (issue.code === 'unrecognized_keys') {
    const key = issue.keys[0]!
    const name = at === '' ? key : `${at}.${key}`
    const fields = configFields(env).map(field => field.name)
    const meant = renamed(name, fields)
    throw new UserError(
      `Configuration of ${env.id}: no field '${name}'${meant === undefined ? `.${nearest(key, fields)}` : `; it is called '${meant}' since 0.2.`}`,
    )
  }
  const given = issue.path.reduce<unknown>(
    (value, key) => (typeof value === 'object' && value !== null ? (value as Record<PropertyKey, unknown>)[key] : undefined),
    input,
  )
  throw new UserError(`Configuration of ${env.id}: ${at === '' ? '' : `${at}: `}${issue.message} (got ${short(given)})`)
}

/** What a field of 0.1, such as `taxRate`, is called since all are spelled in snake_case; undefined where it never was a field. */
function renamed(name: string, known: readonly string[]): string | undefined {
  const spelled = name.replace(/(?<=[a-z0-9])[A-Z]/g, capital => `_${capital.toLowerCase()}`)
  return spelled !== name && known.includes(spelled) ? spelled : undefined
}

export interface ConfigField {
  readonly name: string
  readonly schema: Readonly<Record<string, unknown>>
  readonly description: string
  readonly default: unknown
}

/** The fields of an economy's configuration with their defaults, read off its schema. */
export function configFields(env: AnyEnvironment): ConfigField[] {
  checkSchema(env.config, `${env.id}.config`)
  const { properties = {} } = z.toJSONSchema(env.config, { io: 'input' }) as {
    properties?: Record<string, Record<string, unknown>>
  }
  return Object.entries(properties).map(([name, schema]) => ({
    name,
    schema,
    description: String(schema.description ?? ''),
    default: schema.default,
  }))
}
