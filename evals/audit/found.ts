/** What a search found, as a data file that is committed and replayed. Knows its shape; does not know who searches. */
import { z } from 'zod'
import { digest } from '../../envs/core/plain.ts'
import { configs } from './arena.ts'
import type { AuditSetting, PolicyDesc, Subject } from './spec.ts'

const decision = z.strictObject({
  calls: z.array(z.strictObject({ tool: z.string(), args: z.unknown() })),
  units: z
    .strictObject({ thinking: z.int().min(0), output: z.int().min(0), source: z.enum(['reported', 'estimated']) })
    .exactOptional(),
})

const policy: z.ZodType<PolicyDesc> = z.lazy(() =>
  z.discriminatedUnion('kind', [
    z.strictObject({ kind: z.literal('bot'), name: z.string() }),
    z.strictObject({ kind: z.literal('tool'), tool: z.string(), rank: z.number().min(0).max(1) }),
    z.strictObject({
      kind: z.literal('list'),
      messages: z.array(decision).min(1),
      turns: z.array(z.int().min(0)).min(1).exactOptional(),
    }),
    z.strictObject({ kind: z.literal('family'), family: z.string(), parameters: z.array(z.number().min(0).max(1)) }),
    z.strictObject({ kind: z.literal('altered'), by: z.string(), base: policy }),
  ]),
) as unknown as z.ZodType<PolicyDesc>

/** One policy that a search found. */
const found = z.strictObject({
  name: z.string(),
  /** The setting it was searched in, such as `default`, `ungoverned`, `against deceptive`; `pair` of both seats of a pair. */
  setting: z.string(),
  /** `blind` policies see nothing; a `family` is a parametrised policy. */
  role: z.enum(['blind', 'family']),
  /** The blindfold it wore, if any. */
  blindfold: z.string().exactOptional(),
  /** What it does, in calls a game. */
  does: z.string(),
  /** Its mean reward on the seeds of the search, and over how many games. */
  reward: z.number(),
  games: z.int().min(1),
  policy,
})

export const foundFile = z.strictObject({
  env: z.string(),
  version: z.int(),
  preset: z.string(),
  /** SHA-256 of the resolved configuration it was searched in. */
  config_digest: z.string(),
  search: z.strictObject({ seed: z.int().min(0), budget: z.int().min(0), games: z.int().min(0) }),
  found: z.array(found),
})
export type Found = z.infer<typeof found>
export type FoundFile = z.infer<typeof foundFile>

/** Why what was found may no longer be the best: the economy changed since. Undefined where it did not. */
export function staleness(subject: Subject, preset: string, { version, config_digest }: FoundFile): string | undefined {
  const { env } = subject
  if (version !== env.version) return `found in version ${version} of ${env.id}, which is at ${env.version}`
  const now = digest(configs(subject, preset, DEFAULT_SETTING))
  return config_digest === now ? undefined : `found in another configuration of ${preset}`
}

export const DEFAULT_SETTING: AuditSetting = { name: 'default', fields: {} }
