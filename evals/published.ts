/**
 * Figures that somebody published, as runs that stand beside ours in a comparison: a study brings its own, and a file adds
 * more. Knows their shape; knows no figures.
 */
import { z } from 'zod'
import { parseJsonFile } from './json_file.ts'

const mean = z.strictObject({
  mean: z.number().describe('mean over rollouts'),
  sd: z.number().min(0).optional().describe('standard deviation over rollouts'),
})
const means = (what: string) => z.record(z.string(), mean).optional().describe(what)

const run = z.strictObject({
  player: z.string().min(1).describe('whose play it is, such as GPT-4.1-mini'),
  env: z.string().min(1).describe('id of the economy'),
  preset: z.string().min(1).describe('its preset'),
  set: z.record(z.string(), z.unknown()).default({}).describe('fields of the configuration set beside the preset'),
  n: z.int().min(1).describe('rollouts'),
  scores: means('reward and the parts of the score'),
  metrics: means('metrics, by the names they have here'),
  calls: means('calls a rollout by tool; (turns) and (calls) for those'),
  stops: z.record(z.string(), z.number().min(0).max(1)).optional().describe('share of rollouts by stop reason'),
})

const publication = z.strictObject({
  source: z.string().min(1).describe('where the figures stand'),
  runs: z.array(run).min(1),
})

export type PublishedRun = z.output<typeof run>

/** Runs from one source. */
export type Publication = z.output<typeof publication>

/** Reads a file of published runs; a UserError names what is wrong where. */
export function parsePublication(text: string, shown: string): Publication {
  return parseJsonFile(publication, text, shown)
}
