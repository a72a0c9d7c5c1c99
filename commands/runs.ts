/** `runs`: the run folders there are. */
import { resolve } from 'node:path'
import { oneLine } from '../envs/core/text.ts'
import { absentShards, shardFolder } from '../evals/shards.ts'
import { type ListedRun, listRuns } from '../rollouts/listing.ts'
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
    const rows = wholes(found).map(parts => {
      const sum = (figure: (part: ListedRun) => number): number => parts.reduce((all, part) => all + figure(part), 0)
      const [ok, planned, failed] = [sum(part => part.ok), sum(part => part.planned), sum(part => part.failed)]
      const scored = parts.filter(({ avg_reward }) => avg_reward !== null)
      const weight = scored.reduce((all, part) => all + part.ok, 0)
      const [{ folder, shard }] = parts as [ListedRun]
      const absent = absentShards(parts.flatMap(part => part.shard ?? []))
      return [
        [
          `${ok}/${planned}`,
          ...(failed > 0 ? [`${failed} failed`] : []),
          ...(absent.length > 0 ? [`shards missing: ${absent.join(' ')}`] : []),
        ].join(', '),
        weight === 0 ? '–' : number(scored.reduce((all, part) => all + part.avg_reward! * part.ok, 0) / weight),
        parts
          .map(({ updated }) => updated)
          .sort()
          .at(-1)!
          .slice(0, 16)
          .replace('T', ' '),
        shownPath(shard === undefined ? folder : folder.replace(shardFolder(shard), `shard-*-of-${shard.of}`), io.cwd),
      ]
    })
    io.out(`${columns([['rollouts', 'reward', 'updated (UTC)', 'folder'], ...rows], io.columns())}\n`)
    return 0
  },
}

/** The runs, those that were played in parts as one each, where their first part stands. */
function wholes(found: readonly ListedRun[]): ListedRun[][] {
  const runs = new Map<string, ListedRun[]>()
  for (const run of found) {
    const { folder, shard } = run
    // A part lies where the whole would, but for the folder that is the part's.
    const place = shard === undefined ? folder : `${folder.replace(shardFolder(shard), '')} ${shard.of}`
    runs.set(place, [...(runs.get(place) ?? []), run])
  }
  return [...runs.values()]
}
