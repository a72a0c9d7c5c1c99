/** `report`: one HTML file that shows runs side by side and holds their transcripts. */
import { resolve } from 'node:path'
import { environments } from '../economies/registry.ts'
import { compare } from '../evals/compare.ts'
import { writeReport } from '../evals/report/report.ts'
import type { Command } from './command.ts'
import { COMPARE_OPTIONS, readCompare, runFolders } from './compare.ts'
import type { ExitCode } from './io.ts'
import { plural, shownPath } from './text.ts'

export const report: Command = {
  options: {
    ...COMPARE_OPTIONS,
    html: { type: 'string', describe: 'file to write (./report.html)' },
    title: { type: 'string', describe: 'what stands at its head (agoragym report)' },
    transcripts: { type: 'string', describe: 'transcripts it holds at most, chosen evenly over the rollouts (1000)' },
  },
  examples: [['agoragym report runs --html report.html', 'everything in ./runs']],
  async run(args, io): Promise<ExitCode> {
    const path = resolve(io.cwd, args.text('html') ?? 'report.html')
    const title = args.text('title')
    const facts = writeReport(compare(runFolders(args, io), await readCompare(args, io)), path, {
      environments,
      transcripts: args.integer('transcripts', 1000, 0),
      ...(title !== undefined && { title }),
    })
    if (args.flag('json')) io.out(`${JSON.stringify({ path, ...facts }, null, 2)}\n`)
    else {
      const { rows, transcripts, bytes } = facts
      io.out(
        `${shownPath(path, io.cwd)}: ${plural(rows, 'rollout')}, ${plural(transcripts, 'transcript')}, ${(bytes / 1e6).toFixed(1)} MB\n`,
      )
    }
    return 0
  },
}
