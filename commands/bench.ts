/** `bench`: how fast the parts are on this machine, each in a process of its own. */
import { runApart } from '../bench/apart.ts'
import { benches } from '../bench/index.ts'
import { nearest, UserError } from '../envs/core/errors.ts'
import type { Command } from './command.ts'
import { columns, number } from './text.ts'

export const bench: Command = {
  options: {},
  examples: [['agoragym bench ENV', 'one benchmark']],
  async run(args, io) {
    const all = await benches()
    const ids = all.map(({ id }) => id)
    const wanted = args.list('ID')
    const unknown = wanted.find(id => !ids.includes(id))
    if (unknown !== undefined)
      throw new UserError(`No benchmark '${unknown.slice(0, 64)}'. Benchmarks: ${ids.join(', ')}.${nearest(unknown, ids)}`)
    const results = []
    for (const { id, title, run } of all) {
      if (wanted.length > 0 && !wanted.includes(id)) continue
      if (io.signal.aborted) return 1
      const rows = wanted.length === 1 ? await run() : await runApart(id, io.signal)
      results.push({ id, title, rows })
      if (args.flag('json')) continue
      const lines = rows.map(({ what, value, unit, ratio, of }) => {
        const beside = ratio === undefined ? '' : `, ${number(ratio)} × ${of ?? 'the first'}`
        return [`  ${what}`, `${number(value)} ${unit}${beside}`]
      })
      io.out(`${id}: ${title}\n${columns(lines, io.columns())}\n\n`)
    }
    if (args.flag('json')) io.out(`${JSON.stringify(results, null, 2)}\n`)
    return 0
  },
}
