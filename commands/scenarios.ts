/** `scenarios`: writes an economy's scenario data set, one row a line, for `--scenario-file` and for other programs. */
import { resolve } from 'node:path'
import { environments } from '../economies/registry.ts'
import { UserError } from '../envs/core/errors.ts'
import { replaceOwnFile } from '../rollouts/disk.ts'
import { scenarioRow } from '../rollouts/scenarios.ts'
import type { Command } from './command.ts'
import { CONFIG_OPTIONS, readSetting } from './setup.ts'
import { plural } from './text.ts'

const having = () => environments.list().filter(env => env.scenarios !== undefined)

export const scenarios: Command = {
  options: {
    ...CONFIG_OPTIONS,
    count: { type: 'string', describe: 'rows; the data set goes on as far as is asked (all of it)' },
    out: { type: 'string', describe: 'file to write (standard output)' },
  },
  get examples() {
    const id = having()[0]?.id ?? 'ENV'
    return [
      [`agoragym scenarios ${id} --out rows.jsonl`, 'the data set of an economy'],
      [`agoragym eval ${id} --scenario-file rows.jsonl`, 'and an evaluation on it'],
    ] as const
  },
  run(args, io) {
    const { env, config } = readSetting(args)
    if (env.scenarios === undefined) {
      const ids = having().map(({ id }) => id)
      throw new UserError(`${env.id} has no scenarios. Economies that have: ${ids.join(', ') || 'none'}.`)
    }
    const rows = env
      .scenarios(config, args.text('count') === undefined ? undefined : args.integer('count', 0, 1))
      .map(row => scenarioRow(env, row))
    const lines = rows.map(row => `${JSON.stringify(row)}\n`)
    const out = args.text('out')
    if (out === undefined) {
      if (args.flag('json')) io.out(`${JSON.stringify(rows, null, 2)}\n`)
      else for (const line of lines) io.out(line)
      return 0
    }
    try {
      replaceOwnFile(
        resolve(io.cwd, out),
        'a scenario data set',
        head => OURS.test(head),
        write => write(Buffer.from(lines.join(''))),
      )
    } catch (error) {
      throw new UserError(`--out: cannot write ${out}: ${(error as Error).message}`)
    }
    io.out(
      args.flag('json') ? `${JSON.stringify({ file: out, rows: rows.length })}\n` : `${out}: ${plural(rows.length, 'row')}\n`,
    )
    return 0
  },
}

/** How a row begins, which is what tells a data set that this command wrote. */
const OURS = /^\{"id":"[^\n]*,"seed":\d+,"config":\{/
