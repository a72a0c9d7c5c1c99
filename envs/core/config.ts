/** Reading a configuration that a person wrote: presets, fields, and errors that name what would work. */
import { z } from 'zod'
import type { AnyEnvironment } from './environment.ts'
import { nearest, UserError } from './errors.ts'
import { deepFreeze, short } from './plain.ts'

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

/** Parses a configuration; a UserError names the first wrong field, what came and, for an unknown field, the nearest. */
export function parseConfig(env: AnyEnvironment, input: unknown): object {
  const parsed = env.config.safeParse(input)
  if (parsed.success) return deepFreeze(parsed.data)
  const issue = parsed.error.issues[0]!
  const at = issue.path.map(String).join('.')
  if (issue.code === 'unrecognized_keys') {
    const key = issue.keys[0]!
    throw new UserError(
      `Configuration of ${env.id}: no field '${at === '' ? key : `${at}.${key}`}'.${nearest(
        key,
        configFields(env).map(field => field.name),
      )}`,
    )
  }
  const given = issue.path.reduce<unknown>(
    (value, key) => (typeof value === 'object' && value !== null ? (value as Record<PropertyKey, unknown>)[key] : undefined),
    input,
  )
  throw new UserError(`Configuration of ${env.id}: ${at === '' ? '' : `${at}: `}${issue.message} (got ${short(given)})`)
}

export interface ConfigField {
  readonly name: string
  readonly schema: Readonly<Record<string, unknown>>
  readonly description: string
  readonly default: unknown
}

/** The fields of an economy's configuration with their defaults, read off its schema. */
export function configFields(env: AnyEnvironment): ConfigField[] {
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
