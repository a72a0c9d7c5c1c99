/** `--queue`: the same experiment, played by workers on other machines. Knows options; plays nothing. */
import { resolve } from 'node:path'
import { importedModules } from '../economies/imports.ts'
import { economies } from '../economies/registry.ts'
import { UserError } from '../envs/core/errors.ts'
import { oneLine } from '../envs/core/text.ts'
import type { Experiment } from '../evals/experiment.ts'
import { planExperiment } from '../evals/run_experiment.ts'
import type { QueuedRun } from '../queue/open.ts'
import type { Compression } from '../rollouts/blocks.ts'
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
  results: {
    type: 'string',
    describe: 'with --queue: a folder on all machines where workers put finished rollouts, instead of through Redis',
  },
  'queue-ahead': { type: 'string', describe: 'rollouts that are queued ahead at most (4096)' },
}

export interface QueueRunOptions {
  readonly folder: string
  readonly out: string
  readonly concurrency: number
  readonly compress: Compression
}

/** Opens the queue that was named; undefined where none was. */
export async function openNamedQueue(
  asked: Experiment,
  { folder, out, concurrency, compress }: QueueRunOptions,
  args: Args,
  io: Io,
  /** Hears, in a line, what is to be said beside the progress. */
  tell: (line: string) => void,
): Promise<QueuedRun | undefined> {
  const [named, results] = [args.text('queue'), args.text('results')]
  if (named === undefined) {
    if (results !== undefined)
      throw new UserError('--results goes with --queue: it is where the workers of a queue put what they play.')
    return undefined
  }
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
    resume: args.flag('resume'),
    ...(results !== undefined && { results: { folder: resolve(io.cwd, results), compress } }),
    batch: args.integer('queue-batch', 32, 1),
    ahead: args.integer('queue-ahead', 4096, 1),
    tell: line => tell(oneLine(line)),
    signal: io.signal,
  })
}
