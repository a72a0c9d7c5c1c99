/** The requests of the wire as schemas, one object an operation: what a client may send. Answers nothing. */
import { z } from 'zod'
import { REWARD_FORMS, type RewardForm } from '../envs/core/reward.ts'
import { gameSchema } from './game.ts'

const WANTS = ['text', 'observation', 'encoded', 'standings', 'messages'] as const
export type Want = (typeof WANTS)[number]

const id = z
  .union([z.string().max(256), z.number()])
  .nullable()
  .optional()
const session = z.int().min(1)
const name = z.string().max(64)
const units = z.strictObject({
  thinking: z.int().min(0),
  output: z.int().min(0),
  source: z.enum(['reported', 'estimated']),
})
export const decision = z.union([
  z.strictObject({ calls: z.array(z.unknown()).max(1000), units: units.optional() }),
  z.strictObject({ slot: z.int().min(0) }),
])
const message = z.strictObject({
  role: z.literal('assistant').optional(),
  content: z.string().nullable().optional(),
  reasoning_content: z.string().nullable().optional(),
  tool_calls: z
    .array(z.strictObject({ id: z.string().default(''), name: z.string(), arguments: z.string() }))
    .max(1000)
    .nullable()
    .optional(),
  finish_reason: z.enum(['stop', 'tool_calls', 'length', 'refusal']).nullable().optional(),
  units: units.nullable().optional(),
})
export const reward = z.strictObject({
  form: z.enum(REWARD_FORMS as [RewardForm, ...RewardForm[]]).optional(),
  scale: z.literal('unit').optional(),
  relative: z.enum(['par', 'game']).optional(),
})
const game = { ...gameSchema.shape, env: name, reward: reward.optional() }

/** What each operation takes, `id` and `op` apart. */
const REQUESTS = {
  hello: { protocol: z.int().optional() },
  make: {
    ...game,
    want: z.array(z.enum(WANTS)).max(WANTS.length).optional(),
    tools_id: name.optional(),
    log: z.boolean().optional(),
  },
  reset: { s: session, seed: z.number().optional(), repeat: z.int().min(0).optional() },
  step: { s: session, decisions: z.record(name, decision) },
  say: { s: session, messages: z.record(name, message) },
  call: { s: session, seat: name, call: z.unknown() },
  check: { s: session, seat: name, call: z.unknown() },
  stop: {
    s: session,
    reason: z
      .string()
      .regex(/^[a-z][a-z0-9_]{0,63}$/, 'expected snake_case')
      .optional(),
  },
  log: { s: session },
  close: { s: session },
  vmake: { ...game, n: z.int().min(1).max(65_536) },
  vreset: { v: session, seeds: z.array(z.number()).optional() },
  vstep: { v: session, actions: z.array(z.number()) },
  vclose: { v: session },
} as const
export type Op = keyof typeof REQUESTS
export const OPS = Object.keys(REQUESTS) as Op[]

export const SCHEMAS = Object.fromEntries(
  Object.entries(REQUESTS).map(([op, fields]) => [op, z.strictObject({ id, op: z.literal(op), ...fields })]),
) as unknown as { readonly [K in Op]: z.ZodObject<(typeof REQUESTS)[K]> }
export type Request<K extends Op> = z.output<(typeof SCHEMAS)[K]>
