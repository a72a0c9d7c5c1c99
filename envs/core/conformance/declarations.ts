/** Checks of what an economy says before anything is played: its configuration, presets, seats, rules and tools. */
import { z } from 'zod'
import type { AnyEnvironment } from '../environment.ts'
import { deepFreeze, difference, short } from '../plain.ts'
import { checkSchema } from '../schema.ts'
import { type Fail, TELLTALE } from './checks.ts'

export function checkConfig(env: AnyEnvironment, fail: Fail): void {
  checkSchema(env.config, `${env.id}.config`)
  if (Object.keys(env.presets).length === 0) fail('config', 'no preset')
  for (const [name, preset] of Object.entries(env.presets)) {
    const parsed = env.config.safeParse(preset)
    if (!parsed.success) fail('config', `preset ${name}: ${z.prettifyError(parsed.error)}`)
    if (env.config.safeParse({ ...preset, unheard_of: 1 }).success)
      fail('config', `preset ${name}: accepts the unknown field unheard_of; use z.strictObject`)
  }
  const parsed = (input: unknown): unknown => env.config.safeParse(input).data ?? null
  const [name] = Object.keys(env.presets)
  const found = name === undefined ? undefined : difference(parsed(env.presets[name]), parsed({}))
  if (found !== undefined) fail('default_preset', `{} is not ${name}: ${found}`)
  const schema = z.toJSONSchema(env.config, { io: 'input' }) as { properties?: Record<string, { description?: string }> }
  for (const [field, { description }] of Object.entries(schema.properties ?? {}))
    if (!description) fail('config', `field ${field} has no description`)
}

export function checkDeclarations(env: AnyEnvironment, input: unknown, fail: Fail): void {
  const config = deepFreeze(env.config.parse(input))
  const seats = env.seats(config)
  if (difference(seats, env.seats(config)) !== undefined) fail('seats', 'two calls gave two lists')
  if (seats.length === 0) fail('seats', 'no seat')
  if (new Set(seats.map(seat => seat.agent)).size !== seats.length) fail('seats', 'an id occurs twice')
  if (seats.filter(seat => seat.learner).length > 1) fail('seats', 'more than one learner')
  for (const { agent, role } of seats) {
    if (!/^[a-z][a-z_]*(_\d+)?$/.test(agent)) fail('seats', `id ${short(agent)}`)
    if (!role) fail('seats', `${agent} has no role`)
    if (env.rules(config, agent).trim() === '') fail('text', `no rules for ${agent}`)
    if (env.rules(config, agent).includes(String(TELLTALE))) fail('secret_seed', 'rules name the seed')
  }
  const tools = env.tools(config)
  if (tools !== env.tools(config)) fail('tools', 'built anew at every call')
  for (const [name, tool] of Object.entries(tools)) {
    if (!/^[a-z][a-z0-9_]{0,63}$/.test(name)) fail('tools', `name ${short(name)}`)
    if (!tool.description) fail('tools', `${name} has no description`)
    checkSchema(tool.args, `${name}.args`)
    // As it is declared: models are told of some bounds in words.
    const { properties = {}, additionalProperties } = z.toJSONSchema(tool.args, { io: 'input' }) as {
      properties?: Record<string, object>
      additionalProperties?: unknown
    }
    if (additionalProperties !== false) fail('tools', `${name} accepts unknown arguments; use z.strictObject`)
    for (const [field, schema] of Object.entries(properties))
      checkArgument(`${name}.${field}`, schema as Record<string, unknown>, fail)
  }
}

function checkArgument(at: string, schema: Record<string, unknown>, fail: Fail): void {
  if (!schema.description) fail('tools', `argument ${at} is not described`)
  const limit = Number.MAX_SAFE_INTEGER
  for (const part of (schema.anyOf as Record<string, unknown>[] | undefined) ?? [schema]) {
    if (part.type === 'integer' || part.type === 'number') {
      const low = part.minimum ?? part.exclusiveMinimum
      const high = part.maximum ?? part.exclusiveMaximum
      if (low === undefined || high === undefined || low === -limit || high === limit)
        fail('tools', `argument ${at} is a number without real bounds`)
    }
    if (part.type === 'string' && part.maxLength === undefined && part.enum === undefined && part.const === undefined)
      fail('tools', `argument ${at} is a string without a maximal length`)
  }
}
