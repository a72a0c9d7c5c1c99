/** `audit`: what the cheapest policies earn in an economy, and whether it shows what it is for. */
import { existsSync } from 'node:fs'
import { availableParallelism } from 'node:os'
import { join, resolve } from 'node:path'
import { type Economy, subjectOf } from '../economies/economy.ts'
import { importedModules } from '../economies/imports.ts'
import { economies } from '../economies/registry.ts'
import { resolveConfig } from '../envs/core/config.ts'
import { nearest, UserError } from '../envs/core/errors.ts'
import type { Runner } from '../evals/audit/arena.ts'
import { auditPreset, differences, missed, type PresetAudit, standardPresets } from '../evals/audit/audit.ts'
import { readFound, readResults, writeFound, writePars, writeResults } from '../evals/audit/files.ts'
import { readPars } from '../evals/audit/par_file.ts'
import { derivePar } from '../evals/audit/pars.ts'
import { FIRST_SEEDS } from '../evals/audit/race.ts'
import { search } from '../evals/audit/search.ts'
import type { Subject } from '../evals/audit/spec.ts'
import { startThreads } from '../evals/audit/threads.ts'
import { isCurrent, type Par } from '../rollouts/par.ts'
import { auditMarkdown, auditText, parsText } from './audit_text.ts'
import type { Args, Command } from './command.ts'
import type { Io } from './io.ts'
import { shownPath } from './text.ts'

const SEEDS = 200
const BUDGET = 3000
/** Differences that a check tells of one preset. */
const SHOWN = 3
const FORMATS = ['text', 'markdown'] as const

export const audit: Command = {
  options: {
    preset: { type: 'list', alias: 'profile', describe: 'preset to audit; may be given several times (the standard ones)' },
    seeds: { type: 'string', describe: `held-out seeds (${SEEDS})` },
    full: { type: 'boolean', describe: 'search for better policies first, and write those it finds (minutes)' },
    budget: { type: 'string', describe: `games of each search of --full (${BUDGET})` },
    'search-seed': { type: 'string', describe: 'seed of the searches of --full (0)' },
    threads: { type: 'string', describe: 'threads that play (one a core)' },
    data: { type: 'string', describe: "folder of the policies found and of the results (the economy's own)" },
    pars: {
      type: 'boolean',
      describe: 'play the bots alone, and write what rewards mean in each preset: means, sd, honest par, pass threshold',
    },
    write: { type: 'boolean', describe: 'write the results beside the policies' },
    check: {
      type: 'boolean',
      describe: 'play the first seeds again, and exit 1 where the results differ from those written',
    },
    format: { type: 'string', describe: `${FORMATS.join(' or ')} (text)` },
  },
  examples: [
    ['agoragym audit ENV', 'bots, constant and blind policies, tricks, and what a search found before'],
    ['agoragym audit ENV --seeds 20', 'a quick look'],
    ['agoragym audit ENV --full --budget 2000', 'a short search, its policies written and replayed'],
  ],
  async run(args, io) {
    const format = args.choice('format', FORMATS) ?? 'text'
    const audits: PresetAudit[] = []
    const stale: string[] = []
    for (const { economy, subject, presets } of await chosen(args)) {
      const threads = threadsFor(economy, args)
      try {
        if (args.flag('pars')) {
          stale.push(...(await pars(subject, presets, args, io, threads?.run)))
          continue
        }
        for (const preset of presets) {
          if (args.flag('check')) {
            stale.push(...(await check(subject, preset, args, io, threads?.run)))
            continue
          }
          const result = await auditOne(subject, preset, args, io, threads?.run)
          audits.push(result)
          if (!args.flag('json') && format === 'text')
            io.out(`${audits.length > 1 ? '\n' : ''}${auditText(result, io.columns())}`)
          if (args.flag('write'))
            io.err(`written: ${shownPath(writeResults(foldersOf(args, io, result.env)[0]!, result), io.cwd)}\n`)
        }
      } finally {
        await threads?.close()
      }
    }
    if (args.flag('pars') || args.flag('check')) return ended(stale, io)
    if (args.flag('json')) io.out(`${JSON.stringify(audits, null, 2)}\n`)
    else if (format === 'markdown') io.out(`${auditMarkdown(audits)}\n`)
    for (const result of audits)
      for (const { title, target } of missed(result)) io.err(`MISSED: ${result.env} ${result.preset}: ${title}, ${target}\n`)
    return audits.some(result => missed(result).length > 0) ? 1 : 0
  },
}

function ended(stale: readonly string[], io: Io): 0 | 1 {
  for (const line of stale) io.err(`${line}\n`)
  return stale.length > 0 ? 1 : 0
}

/** Derives what rewards mean, tells it and writes it; to check, says which of what is written is of other rules. */
async function pars(
  subject: Subject,
  presets: readonly string[],
  args: Args,
  io: Io,
  run: Runner | undefined,
): Promise<readonly string[]> {
  const { id } = subject.env
  const [folder] = foldersOf(args, io, id)
  const written = readFrom(args, io, id, from => (existsSync(join(from, 'pars.json')) ? readPars(from) : undefined)) ?? {}
  if (args.flag('check'))
    return Object.entries(written).flatMap(([preset, par]) =>
      Object.hasOwn(subject.env.presets, preset) && isCurrent(par, subject.env, resolveConfig(subject.env, preset))
        ? []
        : [`${id} ${preset}: the pars are of other rules; agoragym audit ${id} --preset ${preset} --pars derives them`],
    )
  const derived: Record<string, Par> = {}
  for (const preset of presets) {
    const par = await derivePar(subject, preset, { seeds: args.integer('seeds', SEEDS, 2), ...(run !== undefined && { run }) })
    if (par !== undefined) derived[preset] = par
  }
  if (args.flag('json')) io.out(`${JSON.stringify({ env: id, pars: derived }, null, 2)}\n`)
  else io.out(parsText(id, derived, io.columns()))
  const known = Object.entries(written).filter(([preset]) => Object.hasOwn(subject.env.presets, preset))
  if (Object.keys(derived).length > 0)
    io.err(`written: ${shownPath(writePars(folder!, { ...Object.fromEntries(known), ...derived }), io.cwd)}\n`)
  return []
}

async function auditOne(subject: Subject, preset: string, args: Args, io: Io, run: Runner | undefined): Promise<PresetAudit> {
  const { id } = subject.env
  let found = readFrom(args, io, id, readFound, preset)
  if (args.flag('full')) {
    let told = ''
    found = await search(subject, preset, {
      budget: args.integer('budget', BUDGET, 1),
      seed: args.integer('search-seed', 0, 0),
      ...(run !== undefined && { run }),
      progress(what, games) {
        if (what === told) return
        told = what
        io.err(`${id} ${preset}: ${games.toLocaleString('en')} games; searching: ${what}\n`)
      },
    })
    io.err(`written: ${shownPath(writeFound(foldersOf(args, io, id)[0]!, found), io.cwd)}\n`)
  }
  return auditPreset(subject, preset, {
    seeds: args.integer('seeds', SEEDS, 2),
    ...(found !== undefined && { found }),
    ...(run !== undefined && { run }),
  })
}

/** Threads that play an economy's games; none where one is enough, or where the code is not compiled and no thread could load it. */
function threadsFor({ env }: Economy, args: Args): ReturnType<typeof startThreads> | undefined {
  const count = args.integer('threads', availableParallelism(), 1)
  if (count === 1 || import.meta.url.endsWith('.ts')) return undefined
  return startThreads(new URL('../economies/audit_worker.js', import.meta.url), { id: env.id, modules: importedModules() }, count)
}

/**
 * Where the files of an economy lie, the folder to write first: `--data`; else the folder of the economy's source, if it is
 * here, or one of its own; and to read, what the package brings.
 */
function foldersOf(args: Args, { cwd }: Io, id: string): string[] {
  const data = args.text('data')
  if (data !== undefined) return [resolve(cwd, data)]
  const source = join(cwd, 'economies', id)
  const shipped = new URL(`../economies/${id}/audit`, import.meta.url).pathname
  return [existsSync(source) ? join(source, 'audit') : join(cwd, 'audit', id), shipped]
}

function readFrom<Content>(
  args: Args,
  io: Io,
  id: string,
  read: (folder: string, preset: string) => Content | undefined,
  preset = '',
): Content | undefined {
  for (const folder of foldersOf(args, io, id)) {
    const content = read(folder, preset)
    if (content !== undefined) return content
  }
  return undefined
}

/** Plays the first seeds of everybody in the results again, and says what differs; the first few of it. */
async function check(subject: Subject, preset: string, args: Args, io: Io, run: Runner | undefined): Promise<string[]> {
  const where = `${subject.env.id} ${preset}`
  const written = readFrom(args, io, subject.env.id, readResults, preset)
  if (written === undefined)
    return [`${where}: no results were written; agoragym audit ${subject.env.id} --preset ${preset} --write does`]
  const found = readFrom(args, io, subject.env.id, readFound, preset)
  const now = await auditPreset(subject, preset, {
    seeds: Math.min(written.seeds, FIRST_SEEDS),
    ...(found !== undefined && { found }),
    ...(run !== undefined && { run }),
  })
  const differ = differences(written, now)
  const more = differ.length > SHOWN ? [`${where}: and ${differ.length - SHOWN} more`] : []
  if (differ.length > 0)
    return [...differ.slice(0, SHOWN).map(line => `${where}: the results are not those written: ${line}`), ...more]
  io.out(`${where}: ${written.players.length} players, ${now.seeds} seeds each: as written\n`)
  return []
}

interface Chosen {
  readonly economy: Economy
  readonly subject: Subject
  readonly presets: readonly string[]
}

/** What to audit: the named economy's named presets, or all standard ones. */
async function chosen(args: Args): Promise<Chosen[]> {
  const id = args.text('ENV')
  const presets = args.list('preset')
  if (id === undefined && presets.length > 0) throw new UserError('--preset needs ENV: the economy whose preset it is.')
  const list = id === undefined ? economies.list() : [economies.get(id)]
  return Promise.all(
    list.map(async economy => {
      const names = Object.keys(economy.env.presets)
      for (const preset of presets)
        if (!names.includes(preset))
          throw new UserError(
            `No preset '${preset}' of ${economy.env.id}. Presets: ${names.join(', ')}.${nearest(preset, names)}`,
          )
      const subject = await subjectOf(economy)
      return { economy, subject, presets: presets.length > 0 ? presets : standardPresets(subject) }
    }),
  )
}
