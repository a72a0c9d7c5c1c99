/** `runs`: the run folders there are. */
import { resolve } from 'node:path'
import { listRuns } from '../rollouts/listing.ts'
import type { Command } from './command.ts'
import { columns, number, shownPath } from './text.ts'

export const runs: Command = {
  name: 'runs',
  positionals: { '[DIR]': 'folder to look in (./runs)' },
  describe: 'List the runs in a folder.',
  options: {},
  examples: [['agoragym runs', 'what is in ./runs']],
  run(args, io) {
    const given = args.text('DIR') ?? 'runs'
    const dir = resolve(io.cwd, given)
    const found = listRuns(dir, given)
    if (args.flag('json')) {
      io.out(`${JSON.stringify(found, null, 2)}\n`)
      return 0
    }
    if (found.length === 0) {
      io.out(`No run under ${shownPath(dir, io.cwd)}\n`)
      return 0
    }
    const rows = found.map(({ folder, ...metadata }) => [
      `${metadata.ok}/${metadata.planned}${metadata.failed > 0 ? `, ${metadata.failed} failed` : ''}`,
      metadata.avg_reward === null ? '–' : number(metadata.avg_reward),
      metadata.updated.slice(0, 16).replace('T', ' '),
      shownPath(folder, io.cwd),
    ])
    io.out(`${columns([['rollouts', 'reward', 'updated (UTC)', 'folder'], ...rows], io.columns())}\n`)
    return 0
  },
}
