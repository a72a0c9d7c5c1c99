/** `merge`: one run of the parts that it was played in. */
import { existsSync } from 'node:fs'
import { resolve } from 'node:path'
import { UserError } from '../envs/core/errors.ts'
import { runsIn } from '../evals/compare.ts'
import { type MergedRun, mergeRuns } from '../evals/merge.ts'
import type { Command } from './command.ts'
import { COMPRESS_OPTION, readCompression } from './evaluate.ts'
import { block, plural, shownPath } from './text.ts'

export const merge: Command = {
  options: {
    resume: { type: 'boolean', describe: 'add to runs that are in OUT already' },
    ...COMPRESS_OPTION,
  },
  examples: [
    ['agoragym merge runs/whole runs/shard-*', 'the shards of a SLURM array, made one run a player'],
    ['agoragym merge runs/whole runs/shard-* --resume', 'again, when shards that were missing have been played'],
  ],
  run(args, io) {
    const out = resolve(io.cwd, args.text('OUT')!)
    const named = args.list('RUN').map(name => ({ name, runs: partsIn(resolve(io.cwd, name)) }))
    const none = named.find(({ runs }) => runs.length === 0)
    if (none !== undefined)
      throw new UserError(
        `No run in ${none.name}. A part is a folder that \`agoragym eval --shard\` made, or one that holds such.`,
      )
    const parts = named.flatMap(({ runs }) => runs)
    const single = parts.length === named.length && named.every(({ name, runs }) => runs[0] === resolve(io.cwd, name))
    const merged = mergeRuns(out, parts, { single, resume: args.flag('resume'), compress: readCompression(args) })
    if (args.flag('json')) io.out(`${JSON.stringify({ out, runs: merged }, null, 2)}\n`)
    else
      for (const run of merged)
        io.out(
          `${told(run, io.cwd)
            .map(line => block(line, io.columns()))
            .join('\n')}\n`,
        )
    return merged.every(({ metadata, differing }) => metadata.complete && differing.length === 0) ? 0 : 1
  },
}

const partsIn = (folder: string): string[] => (existsSync(folder) ? runsIn(folder) : [])

/** What a person is told of a run that was made: what it holds, what is missing, what was double. */
function told({ folder, parts, metadata, absent, unfinished, double, differing, scored }: MergedRun, cwd: string): string[] {
  const { ok, planned, failed } = metadata
  const left = planned - ok - failed
  const [first] = differing
  return [
    `${shownPath(folder, cwd)}: ${ok} of ${plural(planned, 'rollout')} from ${plural(parts.length, 'part')}`,
    ...(failed > 0
      ? [`${failed} failed: play them again in their parts with --resume --retry-errors, or in the run itself.`]
      : []),
    ...(left > 0
      ? [
          `${left} are missing${absent.length > 0 ? `; shards that are not there: ${absent.join(', ')}` : ''}${unfinished.length > 0 ? `; shards that are not finished: ${unfinished.join(', ')}` : ''}. The run can be gone on with like any other, or merged again with --resume.`,
        ]
      : []),
    ...(double > 0 ? [`${plural(double, 'rollout')} stood in several parts, alike but for times: kept once.`] : []),
    ...(first !== undefined
      ? [
          `${plural(differing.length, 'rollout')} came out otherwise in another part; kept is the first. Such as ${first.key}: kept of ${shownPath(first.kept, cwd)}, not of ${shownPath(first.other, cwd)}.`,
        ]
      : []),
    ...(scored.length > 0
      ? [`Scores that were added to ${plural(scored.length, 'part')} were left behind: agoragym score adds them to the run.`]
      : []),
  ]
}
