/** `eval`: plays each player in the evaluated seat and prints a table. */
import { join, resolve } from 'node:path'
import { economies, environments } from '../economies/registry.ts'
import type { RunExport } from '../economies/run_export.ts'
import { UserError } from '../envs/core/errors.ts'
import { type Experiment, suiteJsonSchema } from '../evals/experiment.ts'
import { planExperiment } from '../evals/run_experiment.ts'
import { evaluationFacts, runsText } from '../evals/run_table.ts'
import { shardOf } from '../evals/shards.ts'
import type { RunResult } from '../rollouts/run.ts'
import type { Args, Command, OptionSpecs } from './command.ts'
import { DIALOGUE_OPTION, readSpeaker, speakRun } from './dialogue.ts'
import {
  COMPRESS_OPTION,
  type EvaluateOptions,
  type Evaluation,
  evaluate,
  outFolder,
  outOptions,
  PART_OPTIONS,
  RETRY_OPTION,
  readShard,
} from './evaluate.ts'
import type { ExitCode, Io } from './io.ts'
import { CACHE_OPTION, LIMIT_OPTIONS, MODEL_OPTIONS, readModels } from './models.ts'
import { OTEL_OPTIONS } from './otel.ts'
import { openPerson } from './person.ts'
import { QUEUE_OPTIONS } from './queue_run.ts'
import { COLUMN_OPTIONS, CONFIG_OPTIONS, EXAMPLE_OPTIONS, readExperiment, SEAT_OPTIONS, SWEEP_OPTIONS } from './setup.ts'
import { readSuite, SUITE_OPTIONS } from './suite.ts'
import { LOG_OPTION, PROGRESS_HELP } from './telling.ts'
import { block, shownPath } from './text.ts'

/** What the commands that play runs have in common, but for who plays and how often. */
export const PLAY_OPTIONS: OptionSpecs = {
  ...SEAT_OPTIONS,
  ...EXAMPLE_OPTIONS,
  ...CONFIG_OPTIONS,
  ...SWEEP_OPTIONS,
  ...COLUMN_OPTIONS,
  concurrency: { type: 'string', alias: 'c', describe: 'rollouts at once, and model calls in flight (32)' },
  ...PART_OPTIONS,
  ...QUEUE_OPTIONS,
  ...outOptions(),
  ...COMPRESS_OPTION,
  resume: { type: 'boolean', describe: 'go on with runs that exist; what is finished is not played again' },
  ...RETRY_OPTION,
  'dry-run': { type: 'boolean', describe: 'estimate calls, tokens and cost; nothing is called or written' },
  ...MODEL_OPTIONS,
  ...LIMIT_OPTIONS,
  ...LOG_OPTION,
  ...OTEL_OPTIONS,
}

/**
 * Plays an experiment with the options that all such commands have; its files are looked for in `folder`. After a dry run there is
 * nothing to tell any more.
 */
export async function playExperiment(
  args: Args,
  io: Io,
  asked: Experiment,
  more: Pick<EvaluateOptions, 'onCell'> & { readonly folder?: string } = {},
): Promise<Evaluation | undefined> {
  const { folder = io.cwd, onCell } = more
  const concurrency = args.integer('concurrency', 32, 1)
  const models = readModels(args, io, concurrency, folder)
  const { people, close } = openPerson(args, io, { saved: true })
  if (args.flag('dry-run')) {
    const whole = planExperiment(asked, { economies, folder, models, people })
    const shard = readShard(args, io)
    const planned = shard === undefined ? whole : shardOf(whole, shard)
    const [{ estimate }, { estimateText }] = await Promise.all([import('../rollouts/estimate.ts'), import('./estimate.ts')])
    const estimates = await estimate(
      planned.flatMap(({ plans }) => plans),
      models,
    )
    io.out(args.flag('json') ? `${JSON.stringify({ estimates }, null, 2)}\n` : estimateText(estimates, io.columns()))
    return undefined
  }
  return evaluate(
    asked,
    {
      out: resolve(io.cwd, args.text('out') ?? 'runs'),
      folder,
      concurrency,
      models,
      people,
      // A suite is gone on with as a matter of course.
      resume: asked.name !== undefined || args.flag('resume'),
      retryErrors: args.flag('retry-errors'),
      ...(onCell !== undefined && { onCell }),
    },
    args,
    io,
  ).finally(close)
}

/** Tells what came of an experiment whose cells were told already, but for its sweeps: their tables, and the report with a chart. */
async function tellSweeps(args: Args, io: Io, runs: readonly RunResult[], out: string): Promise<{ readonly report?: string }> {
  if (!runs.some(isSwept)) return {}
  const [{ compare }, { comparisonText }, { writeReport }] = await Promise.all([
    import('../evals/compare.ts'),
    import('../evals/comparison_text.ts'),
    import('../evals/report/report.ts'),
  ])
  const comparison = compare(
    runs.map(({ folder }) => folder),
    { environments },
  )
  const report = join(out, 'report.html')
  writeReport(comparison, report, { environments })
  if (!args.flag('json')) {
    io.out(`${comparisonText(comparison, io.columns(), ['sweep'])}\n`)
    io.out(`${block(`Charts, every metric and transcripts: ${shownPath(report, io.cwd)}`, io.columns())}\n`)
  }
  return { report }
}

const isSwept = ({ metadata }: RunResult): boolean => metadata.experiment?.sweep !== undefined

export const evalCommand: Command = {
  options: {
    ...SUITE_OPTIONS,
    players: { type: 'string', describe: "players, separated by commas, each in the evaluated seat in turn (the economy's own)" },
    repeats: { type: 'string', describe: 'rollouts of each seed or scenario (1)' },
    ...PLAY_OPTIONS,
    ...CACHE_OPTION,
    ...DIALOGUE_OPTION,
    artifacts: {
      type: 'boolean',
      describe: 'also write, for every rollout, the files that a published run of the economy came with',
    },
  },
  examples: [
    ['agoragym eval ENV --players bot:honest,random --seeds 20', 'two players on the same twenty seeds'],
    [
      'agoragym eval ENV --players openai:qwen3@http://localhost:8000/v1,bot:honest --scenarios 20 --repeats 4 -c 64',
      'a model on a server of your own beside a bot',
    ],
    ['agoragym eval ENV --seeds 100:200 --set num_agents=4 --resume', 'go on with an interrupted run'],
    ['agoragym eval ENV --sweep horizon=10,20,40 --players bot:honest,random', 'a field of the configuration as the axis'],
    [
      "agoragym eval ENV --players 'openai:m,openai:m[persona=exploiter,temperature=1]' --baseline openai:m",
      'two treatments of a model, compared with one of them',
    ],
    ['agoragym eval ENV --players human,bot:honest --seeds 3', 'play three games yourself at this terminal, beside a bot'],
    ['agoragym eval --suite suite.json', 'what a file says; again, after more was added to it, plays what is new'],
  ],
  help: PROGRESS_HELP,
  async run(args, io) {
    if (args.flag('print-schema')) {
      io.out(`${JSON.stringify(suiteJsonSchema(), null, 2)}\n`)
      return 0
    }
    if (args.text('suite') !== undefined) return playSuite(args, io)
    const id = args.text('ENV')
    if (id === undefined)
      throw new UserError('agoragym eval needs ENV: id of an economy (`agoragym envs` lists them), or --suite FILE.')
    const artifacts = args.flag('artifacts') ? await artifactsOf(id) : undefined
    const speaker = await readSpeaker(args, io, id)
    const asked = readExperiment(args, { repeats: args.integer('repeats', 1, 1) })
    const played = await playExperiment(args, io, asked)
    if (played === undefined) return 0
    const { runs, code } = played
    if (artifacts !== undefined) for (const { folder } of runs) await writeArtifacts(folder, artifacts)
    if (speaker !== undefined) for (const { folder } of runs) await speakRun(folder, speaker, io)
    const swept = await tellSweeps(args, io, runs, outFolder(args, io))
    if (args.flag('json')) io.out(`${JSON.stringify({ runs: evaluationFacts(runs), ...swept }, null, 2)}\n`)
    else {
      if (runs.length > 0 && !runs.some(isSwept)) io.out(runsText(runs, io.columns()))
      for (const { folder } of runs) io.out(`${shownPath(folder, io.cwd)}\n`)
    }
    return code
  },
}

/** What writes the files that published runs of the economy came with; a UserError where there are none. */
function artifactsOf(id: string): Promise<RunExport> {
  const { artifacts } = economies.get(id).exports
  if (artifacts !== undefined) return artifacts()
  const having = economies.exporting('artifacts').map(({ env }) => env.id)
  throw new UserError(`--artifacts: only ${having.join(', ') || 'no economy'} has these files, not ${id}.`)
}

/** Writes them for every finished rollout of a run, each into a folder named by its key. */
async function writeArtifacts(run: string, artifacts: RunExport): Promise<void> {
  const { finishedRollouts } = await import('../economies/run_export.ts')
  const { writeFiles } = await import('../rollouts/disk.ts')
  for (const rollout of finishedRollouts(run)) writeFiles(join(run, 'artifacts', rollout.key), artifacts.files(rollout))
}

/** Plays the cells of a suite one after the other, under one budget; what is finished is not played again. */
async function playSuite(args: Args, io: Io): Promise<ExitCode> {
  const { suite, folder } = readSuite(args, io)
  const { importPlugins } = await import('../economies/imports.ts')
  await importPlugins(suite.imports ?? [], folder, `imports of ${args.text('suite')}:`)
  const tell = (runs: readonly RunResult[]): void => {
    if (!runs.some(isSwept)) io.out(`${runsText(runs, io.columns())}\n`)
  }
  const played = await playExperiment(args, io, suite, { folder, ...(!args.flag('json') && { onCell: tell }) })
  if (played === undefined) return 0
  const out = join(outFolder(args, io), suite.name!)
  const shown = shownPath(out, io.cwd)
  const swept = await tellSweeps(args, io, played.runs, out)
  if (args.flag('json')) {
    const cells = played.cells.map(({ cell, runs }) => ({ cell: cell.label, runs: evaluationFacts(runs) }))
    io.out(`${JSON.stringify({ out, cells, ...swept }, null, 2)}\n`)
  } else io.out(`${shown}\n${block(`Side by side, with behaviour: agoragym compare ${shown}`, io.columns())}\n`)
  return played.code
}
