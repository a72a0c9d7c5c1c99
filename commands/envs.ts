/** `envs`: the economies there are. */
import { environments } from '../economies/registry.ts'
import type { Command } from './command.ts'
import { definitions } from './text.ts'

export const envs: Command = {
  options: {},
  examples: [['agoragym envs --json', 'ids, versions and presets for a script']],
  run(args, io) {
    const list = environments.list()
    if (args.flag('json')) {
      const facts = list.map(({ id, version, summary, presets, scenarios }) => ({
        id,
        version,
        summary,
        presets: Object.keys(presets),
        scenarios: scenarios !== undefined,
      }))
      io.out(`${JSON.stringify(facts, null, 2)}\n`)
      return 0
    }
    io.out(
      `${definitions(
        list.map(({ id, summary }) => [id, summary] as const),
        io.columns(),
        0,
      )}\n`,
    )
    return 0
  },
}
