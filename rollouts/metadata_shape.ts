/** What a reader of runs counts on in a metadata.json. Knows no run. */
import { z } from 'zod'

const texts = z.record(z.string(), z.string())

/** The least that a run's metadata.json says, whichever version wrote it. */
export const runMetadata = z.looseObject({
  env_id: z.string(),
  env_args: z.looseObject({ preset: z.string(), set: z.record(z.string(), z.unknown()) }),
  model: z.string(),
  rollouts_per_example: z.number(),
  avg_reward: z.number().nullable(),
  avg_metrics: z.record(z.string(), z.number()),
  version_info: z.looseObject({ env_version: z.number() }),
  player: z.string(),
  player_details: z.record(z.string(), z.unknown()),
  player_labels: texts.optional(),
  lineup: texts,
  evaluated: z.array(z.string()).min(1),
  config: z.record(z.string(), z.unknown()),
  config_digest: z.string(),
  prompt_digest: z.string(),
  shard: z
    .looseObject({ index: z.number(), of: z.number(), starts: z.number(), examples: z.string(), num_examples: z.number() })
    .optional(),
  examples: z.string(),
  planned: z.number(),
  ok: z.number(),
  failed: z.number(),
  complete: z.boolean(),
  started: z.string(),
  updated: z.string(),
})
