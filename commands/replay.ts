/** `replay`: plays logs again and says where one is not what its own decisions give. */
import { dirname, resolve } from 'node:path'
import { environments } from '../economies/registry.ts'
import { oneLine } from '../envs/core/text.ts'
import { countLogs, type Finding, logFiles, verifyLogs } from '../rollouts/verify.ts'
import type { Command } from './command.ts'
import { progressOf } from './telling.ts'
import { block, plural, shownPath } from './text.ts'

/** Differences told one by one; the rest are counted. */
const TOLD = 20

export const replay: Command = {
  options: {},
  examples: [['agoragym replay runs', 'verifies every episode of every run in ./runs']],
  run(args, io) {
    const files = logFiles(resolve(io.cwd, args.text('FILE')!), args.text('FILE')!)
    const progress = progressOf(io, { total: countLogs(files), unit: 'episodes' })
    const { episodes, steps, rows, findings: found, torn, other } = verifyLogs(files, environments, () => progress.tick())
    progress.end()
    for (const file of torn)
      io.err(`${shownPath(file, io.cwd)}: the last line is torn and was skipped; --resume plays that rollout again\n`)
    const findings = found.map(finding => ({ ...finding, file: shownPath(finding.file, io.cwd) }))
    const ok = findings.length === 0 && other.length === 0
    for (const { file, why } of other) io.err(`${shownPath(dirname(file), io.cwd)}: ${oneLine(why)}\n`)
    if (args.flag('json')) {
      const names = files.map(path => shownPath(path, io.cwd))
      io.out(`${JSON.stringify({ ok, files: names, episodes, steps, rows, findings, other }, null, 2)}\n`)
      return ok ? 0 : 1
    }
    for (const finding of findings.slice(0, TOLD)) io.out(`${block(told(finding), io.columns())}\n`)
    if (findings.length > TOLD) io.out(`and ${findings.length - TOLD} more\n`)
    const played = `${plural(episodes, 'episode')}, ${plural(steps, 'step')}`
    const notPlayed = other.length > 0 ? `, ${plural(other.length, 'run')} not played again` : ''
    io.out(
      `${played}: ${findings.length === 0 ? 'all equal to their replay' : `${findings.length} not equal to their replay`}${notPlayed}\n`,
    )
    return ok ? 0 : 1
  },
}

function told({ file, line, seed, step, difference }: Finding): string {
  const which = seed === undefined ? '' : ` (seed ${seed})`
  return `${file}:${line}${which}: ${step === null ? '' : `step ${step}: `}${oneLine(difference)}`
}
