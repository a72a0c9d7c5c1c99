/** `eval`: plays each player in the evaluated seat and prints a table. */
import { join, resolve } from 'node:path'
import { economies } from '../economies/registry.ts'
import { finishedRollouts, type RunExport, writeFiles } from '../economies/run_export.ts'
import { UserError } from '../envs/core/errors.ts'
import { suiteJsonSchema } from '../evals/suite.ts'
import type { Models } from '../rollouts/models/index.ts'
import type { Args, Command, OptionSpecs } from './command.ts'
import { estimate, estimateText } from './estimate.ts'
import { type Evaluation, evalTable, evaluate, evaluationFacts, heading, TABLE_NOTE } from './evaluate.ts'
import type { ExitCode, Io } from './io.ts'
import { CACHE_OPTION, LIMIT_OPTIONS, MODEL_OPTIONS, readModels } from './models.ts'
import { CONFIG_OPTIONS, EXAMPLE_OPTIONS, readExamples, readSetting, readTable, SEAT_OPTIONS } from './setup.ts'
import { readSuite, SUITE_OPTIONS } from './suite.ts'
import { block, shownPath } from './text.ts'

/** What the commands that play runs have in common, but for who plays and how often. */
export const PLAY_OPTIONS: OptionSpecs = {
  ...SEAT_OPTIONS,
  ...EXAMPLE_OPTIONS,
  ...CONFIG_OPTIONS,
  concurrency: { type: 'string', alias: 'c', describe: 'rollouts at once, and model calls in flight (32)' },
  out: { type: 'string', describe: "folder for the runs' folders (./runs)" },
  resume: { type: 'boolean', describe: 'go on with runs that exist; what is finished is not played again' },
  'retry-errors': { type: 'boolean', describe: 'with --resume: also play again what failed' },
  'dry-run': { type: 'boolean', describe: 'estimate calls, tokens and cost; nothing is called or written' },
  ...MODEL_OPTIONS,
  ...LIMIT_OPTIONS,
}

/**
 * Plays every player on every example `repeats` times; `models` are those of a command that plays more than this. After a dry
 * run there is nothing to tell any more.
 */
export async function playRepeats(
  args: Args,
  io: Io,
  repeats: number,
  models: Models = modelsOf(args, io),
): Promise<Evaluation | undefined> {
  const setting = readSetting(args)
  const concurrency = concurrencyOf(args)
  const table = readTable(args, setting, { models })
  const examples = readExamples(args, setting, io.cwd)
  const plans = table.players.map(player => ({
    ...setting,
    seat: (config: object) => table.seat(player, config),
    examples,
    repeats,
  }))
  if (args.flag('dry-run')) {
    const estimates = await estimate(plans, models)
    io.out(args.flag('json') ? `${JSON.stringify({ estimates }, null, 2)}\n` : estimateText(estimates, io.columns()))
    return undefined
  }
  return evaluate(
    plans,
    {
      out: resolve(io.cwd, args.text('out') ?? 'runs'),
      concurrency,
      models,
      resume: args.flag('resume'),
      retryErrors: args.flag('retry-errors'),
    },
    args,
    io,
  )
}

const concurrencyOf = (args: Args): number => args.integer('concurrency', 32, 1)
const modelsOf = (args: Args, io: Io): Models => readModels(args, io, concurrencyOf(args))

/** The table of an evaluation and what was played, for a person. */
export function told({ runs }: Evaluation, width: number): string {
  const head = block(heading(runs[0]!), width)
  if (runs.every(({ summary }) => summary.ok === 0)) return `${head}\n\nNo rollout was played to its end.\n`
  return `${head}\n\n${evalTable(runs, width)}\n\n${block(TABLE_NOTE, width)}\n`
}

export const evalCommand: Command = {
  name: 'eval',
  positionals: { '[ENV]': 'id of an economy; `agoragym envs` lists them' },
  describe: 'Evaluate players in an economy, or a suite of evaluations: one folder of files a player, and a table.',
  options: {
    ...SUITE_OPTIONS,
    players: { type: 'string', describe: "players, separated by commas, each in the evaluated seat in turn (the economy's own)" },
    repeats: { type: 'string', describe: 'rollouts of each seed or scenario (1)' },
    ...PLAY_OPTIONS,
    ...CACHE_OPTION,
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
    ['agoragym eval --suite suite.json', 'what a file says; again, after more was added to it, plays what is new'],
  ],
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
    const played = await playRepeats(args, io, args.integer('repeats', 1, 1))
    if (played === undefined) return 0
    const { runs, code } = played
    if (artifacts !== undefined) for (const { folder } of runs) writeArtifacts(folder, artifacts)
    if (args.flag('json')) io.out(`${JSON.stringify({ runs: evaluationFacts(runs) }, null, 2)}\n`)
    else {
      io.out(told(played, io.columns()))
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
function writeArtifacts(run: string, artifacts: RunExport): void {
  for (const rollout of finishedRollouts(run)) writeFiles(join(run, 'artifacts', rollout.key), artifacts.files(rollout))
}

/** Plays the cells of a suite one after the other, under one budget; what is finished is not played again. */
async function playSuite(args: Args, io: Io): Promise<ExitCode> {
  const { out, cells } = readSuite(args, io)
  const models = modelsOf(args, io)
  const facts: object[] = []
  let worst: ExitCode = 0
  for (const cell of cells) {
    const played = await playRepeats(cell.args, io, cell.repeats, models)
    if (played === undefined) continue
    facts.push({ cell: cell.label, runs: evaluationFacts(played.runs) })
    if (!args.flag('json')) io.out(`${told(played, io.columns())}\n`)
    if (played.code !== 0) worst = played.code
    if (played.left > 0) break
  }
  if (args.flag('dry-run')) return worst
  const shown = shownPath(out, io.cwd)
  if (args.flag('json')) io.out(`${JSON.stringify({ out, cells: facts }, null, 2)}\n`)
  else io.out(`${shown}\n${block(`Side by side, with behaviour: agoragym compare ${shown}`, io.columns())}\n`)
  return worst
}
