/** `start`: the scripted players of every economy that has some, side by side. */
import { resolve } from 'node:path'
import { botSets } from '../bots/index.ts'
import { resolveConfig } from '../envs/core/config.ts'
import { UserError } from '../envs/core/errors.ts'
import { environments } from '../envs/index.ts'
import type { RunResult } from '../rollouts/run.ts'
import type { Command } from './command.ts'
import { evalTable, evaluate, evaluationFacts, heading, TABLE_NOTE } from './evaluate.ts'
import type { ExitCode } from './io.ts'
import { defaultExamples, readTable, type Setting } from './setup.ts'
import { block, shownPath } from './text.ts'

export const start: Command = {
  name: 'start',
  positionals: {},
  describe: 'Evaluate the scripted players of every economy; what is finished is not played again.',
  options: { out: { type: 'string', describe: "folder for the runs' folders (./runs/start)" } },
  examples: [['econgym start', 'needs no key and no server']],
  async run(args, io) {
    const settings = environments.list().flatMap((env): Setting[] => {
      if (botSets[env.id] === undefined) return []
      const preset = Object.keys(env.presets)[0]!
      return [{ env, preset, set: {}, config: resolveConfig(env, preset) }]
    })
    if (settings.length === 0) throw new UserError('No economy has scripted players; `econgym envs` lists the economies.')
    const out = resolve(io.cwd, args.text('out') ?? 'runs/start')
    const all: RunResult[] = []
    let worst: ExitCode = 0
    for (const setting of settings) {
      const table = readTable(args, setting)
      const plans = table.players.map(player => ({
        ...setting,
        seat: (config: object) => table.seat(player, config),
        examples: defaultExamples(setting),
        repeats: 1,
      }))
      const { runs, code } = await evaluate(plans, { out, concurrency: 32, resume: true }, args, io)
      all.push(...runs)
      if (code !== 0) worst = code
      const width = io.columns()
      if (!args.flag('json')) io.out(`${block(heading(runs[0]!), width)}\n\n${evalTable(runs, width)}\n\n`)
      if (io.signal.aborted) break
    }
    if (args.flag('json')) io.out(`${JSON.stringify({ runs: evaluationFacts(all) }, null, 2)}\n`)
    else io.out(`${block(TABLE_NOTE, io.columns())}\nFiles: ${shownPath(out, io.cwd)}\n`)
    return worst
  },
}
