/** `rollouts`: plays groups of rollouts for reinforcement learning. */
import { evaluationFacts, runsText } from '../evals/run_table.ts'
import { estimatorNamed } from '../rollouts/export/advantage.ts'
import { type GroupsSummary, writeGroups } from '../rollouts/export/groups.ts'
import type { Command } from './command.ts'
import { PLAY_OPTIONS, playExperiment } from './eval.ts'
import { ADVANTAGE_OPTION } from './export.ts'
import { readExperiment } from './setup.ts'
import { PROGRESS_HELP } from './telling.ts'
import { block, number, plural, shownPath } from './text.ts'

export const rollouts: Command = {
  options: {
    player: {
      type: 'string',
      describe: "who plays the evaluated seat; several, separated by commas, in turn (the economy's own)",
    },
    'group-size': { type: 'string', describe: 'rollouts of each seed or scenario (8)' },
    ...ADVANTAGE_OPTION,
    // Rollouts to learn from are sampled anew each time: there is no cache of answers to ask for.
    ...PLAY_OPTIONS,
  },
  examples: [
    [
      'agoragym rollouts ENV --player openai:qwen3@http://localhost:8000/v1 --group-size 8 --seeds 0:64',
      'eight rollouts of each of 64 seeds',
    ],
    ['agoragym export runs --format tokens --out data/tokens --include-truncated', 'what was played, as token rows'],
  ],
  help: PROGRESS_HELP,
  async run(args, io) {
    const estimator = estimatorNamed(args.text('advantage'))
    const size = args.integer('group-size', 8, 1)
    const played = await playExperiment(args, io, readExperiment(args, { repeats: size }))
    if (played === undefined) return 0
    const summaries = played.runs.map(({ folder, metadata }) => writeGroups(folder, metadata.rollouts_per_example, estimator))
    if (args.flag('json')) {
      const facts = evaluationFacts(played.runs).map((run, i) => ({ ...run, groups: summaries[i] }))
      io.out(
        `${JSON.stringify({ runs: facts, group_size: size, advantage: { id: estimator.id, formula: estimator.formula } }, null, 2)}\n`,
      )
      return played.code
    }
    const width = io.columns()
    if (played.runs.length === 0) return played.code
    io.out(`${runsText(played.runs, width)}\n${block(`Advantage: ${estimator.formula}.`, width)}\n`)
    for (const summary of summaries) io.out(`${block(groupsLine(summary), width)}\n${shownPath(summary.path, io.cwd)}\n`)
    return played.code
  },
}

function groupsLine({ groups, size, small, even, sd }: GroupsSummary): string {
  return [
    `${plural(groups, 'group')} of ${size}`,
    ...(small > 0 ? [`${small} with fewer`] : []),
    ...(even > 0 ? [`${even} of equal rewards`] : []),
    ...(sd === null ? [] : [`sd within a group ${number(sd)}`]),
  ].join(', ')
}
