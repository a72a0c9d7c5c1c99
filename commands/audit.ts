/** `audit`: what the cheapest policies earn in an economy, and whether it shows what it is for. */
import { botSets, botsFor } from '../bots/index.ts'
import { audit as marsColony } from '../economies/mars_colony/audit.ts'
import { audit as simEconomy } from '../economies/sim_economy/audit.ts'
import { audit as spatialPlanning } from '../economies/spatial_planning/audit.ts'
import { audit as swarmEconomy } from '../economies/swarm_economy/audit.ts'
import { nearest, UserError } from '../envs/core/errors.ts'
import { environments } from '../envs/index.ts'
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
    for (const [subject, presets] of subjectsOf(args)) {
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

const SPECS = {
  sim_economy: simEconomy,
  swarm_economy: swarmEconomy,
  spatial_planning: spatialPlanning,
  mars_colony: marsColony,
} as Readonly<Record<string, Subject['spec']>>

function subjectOf(id: string): Subject {
  const residents = botSets[id]?.residents?.fields
  return {
    env: environments.get(id),
    bots: botsFor(id),
    opponents: botSets[id]?.opponents ?? {},
    ...(residents !== undefined && { residents }),
    spec: SPECS[id] ?? {},
  }
}

/** What to audit: the named economy's named presets, or all standard ones. */
function subjectsOf(args: Args): (readonly [Subject, readonly string[]])[] {
  const id = args.text('ENV')
  const presets = args.list('preset')
  if (id === undefined && presets.length > 0) throw new UserError('--preset needs ENV: the economy whose preset it is.')
  return (id === undefined ? environments.list().map(env => env.id) : [id]).map(each => {
    const subject = subjectOf(each)
    const names = Object.keys(subject.env.presets)
    for (const preset of presets)
      if (!names.includes(preset))
        throw new UserError(`No preset '${preset}' of ${each}. Presets: ${names.join(', ')}.${nearest(preset, names)}`)
    return [subject, presets.length > 0 ? presets : standardPresets(subject)] as const
  })
}
