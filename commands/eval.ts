/** `eval`: plays each player in the evaluated seat and prints a table. */
import { resolve } from 'node:path'
import type { Command } from './command.ts'
import { evalTable, evaluate, evaluationFacts, heading, TABLE_NOTE } from './evaluate.ts'
import { CONFIG_OPTIONS, EXAMPLE_OPTIONS, readExamples, readSetting, readTable, SEAT_OPTIONS } from './setup.ts'
import { block, shownPath } from './text.ts'

export const evalCommand: Command = {
  name: 'eval',
  positionals: { ENV: 'id of an economy; `econgym envs` lists them' },
  describe: 'Evaluate players in an economy: one folder of files a player, and a table.',
  options: {
    players: { type: 'string', describe: "players, separated by commas, each in the evaluated seat in turn (the economy's own)" },
    ...SEAT_OPTIONS,
    ...EXAMPLE_OPTIONS,
    repeats: { type: 'string', describe: 'rollouts of each seed or scenario (1)' },
    ...CONFIG_OPTIONS,
    concurrency: { type: 'string', alias: 'c', describe: 'rollouts at once (32)' },
    out: { type: 'string', describe: "folder for the runs' folders (./runs)" },
    resume: { type: 'boolean', describe: 'go on with runs that exist; what is finished is not played again' },
    'retry-errors': { type: 'boolean', describe: 'with --resume: also play again what failed' },
  },
  examples: [
    ['econgym eval sim_economy --players bot:honest,random --seeds 20', 'two players on the same twenty seeds'],
    ['econgym eval sim_economy --seeds 100:200 --set num_agents=4 --resume', 'go on with an interrupted run'],
  ],
  async run(args, io) {
    const setting = readSetting(args)
    const table = readTable(args, setting)
    const examples = readExamples(args, setting, io.cwd)
    const repeats = args.integer('repeats', 1, 1)
    const plans = table.players.map(player => ({
      ...setting,
      seat: (config: object) => table.seat(player, config),
      examples,
      repeats,
    }))
    const { runs, code } = await evaluate(
      plans,
      {
        out: resolve(io.cwd, args.text('out') ?? 'runs'),
        concurrency: args.integer('concurrency', 32, 1),
        resume: args.flag('resume'),
        retryErrors: args.flag('retry-errors'),
      },
      args,
      io,
    )
    if (args.flag('json')) io.out(`${JSON.stringify({ runs: evaluationFacts(runs) }, null, 2)}\n`)
    else {
      const width = io.columns()
      io.out(`${block(heading(runs[0]!), width)}\n\n${evalTable(runs, width)}\n\n${block(TABLE_NOTE, width)}\n`)
      for (const { folder } of runs) io.out(`${shownPath(folder, io.cwd)}\n`)
    }
    return code
  },
}
