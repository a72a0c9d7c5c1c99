/** `audit`: what the cheapest policies earn in an economy, and whether it shows what it is for. */
import { subjectOf } from '../economies/economy.ts'
import { economies } from '../economies/registry.ts'
import { nearest, UserError } from '../envs/core/errors.ts'
import { auditPreset, missed, type PresetAudit, standardPresets } from '../evals/audit/audit.ts'
import type { Subject } from '../evals/audit/spec.ts'
import { auditMarkdown, auditText } from './audit_text.ts'
import type { Args, Command } from './command.ts'

const SEEDS = 200
const FORMATS = ['text', 'markdown'] as const

export const audit: Command = {
  name: 'audit',
  positionals: { '[ENV]': 'id of an economy; all of them where none is named' },
  describe: 'Attack an economy with cheap policies and judge it by what an economy worth playing must show.',
  options: {
    preset: { type: 'list', alias: 'profile', describe: 'preset to audit; may be given several times (the standard ones)' },
    seeds: { type: 'string', describe: `held-out seeds (${SEEDS})` },
    format: { type: 'string', describe: `${FORMATS.join(' or ')}` },
  },
  examples: [
    ['agoragym audit sim_economy', 'bots, constant and blind policies, tricks, with and without governance'],
    ['agoragym audit mars_colony --preset hard --seeds 20', 'a quick look at one preset'],
  ],
  async run(args, io) {
    const format = formatOf(args)
    const audits: PresetAudit[] = []
    for (const [subject, presets] of await subjectsOf(args)) {
      for (const preset of presets) {
        const result = await auditPreset(subject, preset, { seeds: args.integer('seeds', SEEDS, 2) })
        audits.push(result)
        if (!args.flag('json') && format === 'text') io.out(`${audits.length > 1 ? '\n' : ''}${auditText(result, io.columns())}`)
      }
    }
    if (args.flag('json')) io.out(`${JSON.stringify(audits, null, 2)}\n`)
    else if (format === 'markdown') io.out(`${auditMarkdown(audits)}\n`)
    const failures = audits.flatMap(result => missed(result).map(row => ({ ...row, where: `${result.env} ${result.preset}` })))
    for (const { where, title, target } of failures) io.err(`MISSED: ${where}: ${title}, ${target}\n`)
    return failures.length > 0 ? 1 : 0
  },
}

function formatOf(args: Args): (typeof FORMATS)[number] {
  const text = args.text('format') ?? 'text'
  const format = FORMATS.find(known => known === text)
  if (format === undefined) throw new UserError(`--format: expected ${FORMATS.join(' or ')}, got '${text.slice(0, 64)}'.`)
  return format
}

/** What to audit: the named economy's named presets, or all standard ones. */
async function subjectsOf(args: Args): Promise<(readonly [Subject, readonly string[]])[]> {
  const id = args.text('ENV')
  const presets = args.list('preset')
  if (id === undefined && presets.length > 0) throw new UserError('--preset needs ENV: the economy whose preset it is.')
  const subjects = await Promise.all((id === undefined ? economies.list() : [economies.get(id)]).map(subjectOf))
  return subjects.map(subject => {
    const { env } = subject
    const names = Object.keys(env.presets)
    for (const preset of presets)
      if (!names.includes(preset))
        throw new UserError(`No preset '${preset}' of ${env.id}. Presets: ${names.join(', ')}.${nearest(preset, names)}`)
    return [subject, presets.length > 0 ? presets : standardPresets(subject)] as const
  })
}
