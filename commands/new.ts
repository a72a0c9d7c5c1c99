/** `new`: writes the recipe of an economy and says how to go on. */
import { join } from 'node:path'
import { newEconomy } from '../economies/recipe.ts'
import { nearest, UserError } from '../envs/core/errors.ts'
import type { Command } from './command.ts'
import { shownPath } from './text.ts'

export const newCommand: Command = {
  options: {},
  examples: [['agoragym new economy tide_pool', 'a folder tide_pool; in a clone of this repository, folders of it']],
  run(args, io) {
    const what = args.text('WHAT')!
    if (what !== 'economy') throw new UserError(`new: expected economy, got '${what.slice(0, 64)}'.${nearest(what, ['economy'])}`)
    const made = newEconomy(args.text('NAME')!, io.cwd)
    if (args.flag('json')) {
      io.out(`${JSON.stringify(made, null, 2)}\n`)
      return 0
    }
    const { folder, files, steps } = made
    for (const path of files) io.out(`${shownPath(join(folder, path), io.cwd)}\n`)
    io.out(`\nNext:\n${steps.map(step => `  ${step}\n`).join('')}`)
    return 0
  },
}
