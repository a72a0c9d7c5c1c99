/** `--queue`: the same experiment, played by workers on other machines. Knows options; plays nothing. */
import { importedModules } from '../economies/imports.ts'
import { economies } from '../economies/registry.ts'
import { oneLine } from '../envs/core/text.ts'
import type { Experiment } from '../evals/experiment.ts'
import { planExperiment } from '../evals/run_experiment.ts'
import type { QueuedRun } from '../queue/open.ts'
import { Models } from '../rollouts/models/models.ts'
import type { Args, OptionSpecs } from './command.ts'
import type { Io } from './io.ts'
import { readModelsOptions } from './models.ts'

export const QUEUE_OPTIONS: OptionSpecs = {
  queue: {
    type: 'string',
    describe: 'redis://HOST:PORT of a queue whose workers play (agoragym worker); env for the one in AGORAGYM_QUEUE',
  },
  'queue-batch': { type: 'string', describe: 'rollouts of scripted play in one job (32)' },
  'queue-ahead': { type: 'string', describe: 'rollouts that are queued ahead at most (4096)' },
}

export interface QueueRunOptions {
  readonly folder: string
  readonly out: string
  readonly concurrency: number
}

/** Opens the queue that was named; undefined where none was. */
export async function openNamedQueue(
  asked: Experiment,
  { folder, out, concurrency }: QueueRunOptions,
  args: Args,
  io: Io,
): Promise<QueuedRun | undefined> {
  const named = args.text('queue')
  if (named === undefined) return undefined
  const { openQueue, queueUrl } = await import('../queue/open.ts')
  const models = readModelsOptions(args, io, concurrency, folder)
  return openQueue({
    url: queueUrl(named, io.env),
    experiment: asked,
    folder,
    models,
    planned: planExperiment(asked, { economies, folder, models: new Models(models) }),
    out,
    imported: importedModules(),
    batch: args.integer('queue-batch', 32, 1),
    ahead: args.integer('queue-ahead', 4096, 1),
    tell: line => io.err(`${oneLine(line)}\n`),
    signal: io.signal,
  })
}
