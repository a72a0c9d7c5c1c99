/** `runs`: the run folders there are. */
import { resolve } from 'node:path'
import { oneLine } from '../envs/core/text.ts'
import { listRuns } from '../rollouts/listing.ts'
import type { Command } from './command.ts'
import { columns, number, shownPath } from './text.ts'

export const runs: Command = {
  options: {},
  examples: [['agoragym runs', 'what is in ./runs']],
  run(args, io) {
    const given = args.text('DIR') ?? 'runs'
    const dir = resolve(io.cwd, given)
    let broken = 0
    const found = listRuns(dir, given, why => {
      broken++
      io.err(`${oneLine(why)}\n`)
    })
    const code = found.length === 0 && broken > 0 ? 1 : 0
    if (args.flag('json')) {
      io.out(`${JSON.stringify(found, null, 2)}\n`)
      return code
    }
    if (found.length === 0) {
      io.out(`No run under ${shownPath(dir, io.cwd)}\n`)
      return code
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
