/** `lab-export`: sessions in the files of their laboratory, and the laboratory's records in the same. */
import { existsSync, statSync } from 'node:fs'
import { basename, resolve } from 'node:path'
import { economies } from '../economies/registry.ts'
import { finishedRollouts, type ReadRecord, type RunExport } from '../economies/run_export.ts'
import { UserError } from '../envs/core/errors.ts'
import { oneLine } from '../envs/core/text.ts'
import { writeFiles } from '../rollouts/disk.ts'
import { findRuns, readMetadata } from '../rollouts/store.ts'
import { parseJson, readText } from '../rollouts/text_file.ts'
import type { Command } from './command.ts'
import { namedRuns } from './compare.ts'
import type { ExitCode } from './io.ts'
import { block, plural, shownPath } from './text.ts'

export const labExport: Command = {
  options: {
    out: { type: 'string', describe: 'folder to write' },
    lenient: { type: 'boolean', describe: 'write records too that say otherwise than the rules, and exit 0' },
  },
  examples: [
    ['agoragym lab-export runs --out lab', 'every session of the runs in ./runs'],
    ['agoragym lab-export 14.log.json --out lab', 'a session of people, with our measures of it'],
  ],
  async run(args, io): Promise<ExitCode> {
    const out = args.text('out')
    if (out === undefined) throw new UserError('--out is missing; expected a folder to write.')
    const folder = resolve(io.cwd, out)
    const named = namedRuns(args)
    const laboratories = await loaded()
    const lenient = args.flag('lenient')
    const written: { readonly id: string; readonly files: readonly string[]; readonly differences: readonly string[] }[] = []
    const refused: { readonly id: string; readonly differences: readonly string[] }[] = []
    for (const { id, files, differences } of sessions(named, io.cwd, laboratories)) {
      io.signal.throwIfAborted()
      for (const difference of differences) io.err(`${id}: ${oneLine(difference)}\n`)
      if (differences.length > 0 && !lenient) {
        refused.push({ id, differences })
        continue
      }
      writeFiles(folder, files)
      written.push({ id, files: Object.keys(files), differences })
    }
    if (written.length + refused.length === 0)
      throw new UserError(`No session of ${[...laboratories.keys()].join(', ') || 'any laboratory'} in ${named.join(', ')}.`)
    const count = written.reduce((sum, { files }) => sum + files.length, 0)
    io.out(
      args.flag('json')
        ? `${JSON.stringify({ out: folder, sessions: written, refused }, null, 2)}\n`
        : `${block(`${plural(written.length, 'session')}, ${plural(count, 'file')} in ${shownPath(folder, io.cwd)}`, io.columns())}\n`,
    )
    for (const { id, differences } of refused)
      io.err(
        `${id}: not written, since the record says otherwise than the rules in ${plural(differences.length, 'place')}; --lenient writes what the rules make of it.\n`,
      )
    return refused.length === 0 ? 0 : 1
  },
}

/** What writes a laboratory's files, by economy. */
type Laboratories = ReadonlyMap<string, RunExport>

async function loaded(): Promise<Laboratories> {
  const having = economies.exporting('lab').map(async ({ env, exports }) => [env.id, await exports.lab!()] as const)
  return new Map(await Promise.all(having))
}

interface Exported extends ReadRecord {
  readonly id: string
}

/** The files of every session that the paths name, session by session. */
function* sessions(named: readonly string[], cwd: string, laboratories: Laboratories): Generator<Exported> {
  for (const name of named) {
    const path = resolve(cwd, name)
    if (!existsSync(path)) throw new UserError(`No file or folder ${name}: expected a run folder, or a record (*.log.json).`)
    if (!statSync(path).isDirectory()) {
      yield imported(path, name, laboratories)
      continue
    }
    for (const run of findRuns(path)) {
      const lab = laboratories.get(readMetadata(run)?.env_id ?? '')
      if (lab !== undefined)
        for (const rollout of finishedRollouts(run)) yield { id: rollout.key, files: lab.files(rollout), differences: [] }
    }
  }
}

/** A record, read by the laboratory whose ending its name has, or by the only one that reads any. */
function imported(path: string, name: string, laboratories: Laboratories): Exported {
  const document = parseJson(
    readText(path, why => `Cannot read ${name}: ${why}.`),
    why => `${name} is no JSON: ${why}`,
  )
  const file = basename(path)
  const readers = [...laboratories.values()].flatMap(({ reads }) => reads ?? [])
  const reader = readers.find(({ suffix }) => file.endsWith(suffix)) ?? readers[0]
  if (reader === undefined) throw new UserError(`${name}: no economy reads records of a laboratory.`)
  const id = file.endsWith(reader.suffix) ? file.slice(0, -reader.suffix.length) : file.replace(/\.json$/, '')
  return { id, ...reader.read(document, id) }
}
