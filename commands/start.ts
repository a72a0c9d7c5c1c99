/** `start`: the scripted players of every economy that has some, compared, and the report of it. */
import { join, resolve } from 'node:path'
import { anyBots } from '../bots/index.ts'
import type { Economy } from '../economies/economy.ts'
import { economies, environments } from '../economies/registry.ts'
import { UserError } from '../envs/core/errors.ts'
import { compare, runsIn } from '../evals/compare.ts'
import { overviewText, SCREEN } from '../evals/comparison_text.ts'
import type { Experiment } from '../evals/experiment.ts'
import { writeReport } from '../evals/report/report.ts'
import { evaluationFacts } from '../evals/run_table.ts'
import type { Command } from './command.ts'
import { evaluate, outOptions } from './evaluate.ts'
import { block, shownPath } from './text.ts'

/** Where its runs lie. */
const USUAL = 'runs/start'

/** Whether an economy has bots of its own. */
const scripted = ({ bots }: Economy): boolean => Object.keys(bots).some(bot => !Object.hasOwn(anyBots, bot))

export const start: Command = {
  options: outOptions(USUAL),
  examples: [['agoragym start', 'needs no key and no server']],
  async run(args, io) {
    const named = args.list('ENV')
    const played = named.length > 0 ? [...new Set(named)].map(id => economies.get(id)) : economies.list().filter(scripted)
    if (played.length === 0) throw new UserError('No economy has scripted players; `agoragym envs` lists the economies.')
    const out = resolve(io.cwd, args.text('out') ?? USUAL)
    const asked: Experiment = { repeats: 1, entries: played.map(({ env }) => ({ env: env.id })) }
    const { runs, code } = await evaluate(asked, { out, resume: true }, args, io)
    const comparison = compare(runsIn(out), { environments })
    const html = join(out, 'report.html')
    writeReport(comparison, html, { environments })
    if (args.flag('json')) io.out(`${JSON.stringify({ runs: evaluationFacts(runs), report: html }, null, 2)}\n`)
    else {
      const width = io.columns()
      const told = [
        `The report, to open in a browser: ${shownPath(html, io.cwd)}`,
        `All tables: npx agoragym compare ${shownPath(out, io.cwd)} --all`,
      ]
      const last = told.map(line => block(line, width)).join('\n')
      // The table, an empty line and what is told last fit one screen.
      io.out(`${overviewText(comparison, width, 'holm', SCREEN - 1 - last.split('\n').length)}\n${last}\n`)
    }
    return code
  },
}
