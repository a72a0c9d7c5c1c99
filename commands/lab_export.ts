/** `lab-export`: sessions of the spatial planning economy in the laboratory's own files, and the laboratory's records in ours. */
import { existsSync, mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { basename, join, resolve } from 'node:path'
import {
  costKey,
  episodeFiles,
  type LabFiles,
  labFiles,
  type RunEvidence,
  type TurnCost,
} from '../economies/spatial_planning/lab/files.ts'
import { sessionOfRecord } from '../economies/spatial_planning/lab/import_record.ts'
import { UserError } from '../envs/core/errors.ts'
import type { EpisodeLog } from '../envs/core/log.ts'
import { spatialPlanning } from '../envs/spatial_planning/index.ts'
import type { SpatialTypes } from '../envs/spatial_planning/state.ts'
import { refused } from '../rollouts/jsonl.ts'
import { findRuns, readCallFigures, readMetadata, readSteps } from '../rollouts/store.ts'
import type { Command } from './command.ts'
import { block, plural, shownPath } from './text.ts'

const RECORD = '.log.json'

export const labExport: Command = {
  name: 'lab-export',
  positionals: { '[RUN…]': `run folders, folders of them (./runs), or records of the laboratory (*${RECORD})` },
  describe: "Write spatial planning sessions as the laboratory's files: wide sheet, market log, game data, record.",
  options: { out: { type: 'string', describe: 'folder to write' } },
  examples: [
    ['agoragym lab-export runs --out lab', 'every session of the runs in ./runs'],
    ['agoragym lab-export 14.log.json --out lab', 'a session of people, with our measures of it'],
  ],
  run(args, io) {
    const out = args.text('out')
    if (out === undefined) throw new UserError('--out is missing; expected a folder to write.')
    const folder = resolve(io.cwd, out)
    const named = args.list('RUN')
    const written: { readonly id: string; readonly files: readonly string[] }[] = []
    for (const { id, files } of sessions(named.length > 0 ? named : ['runs'], io.cwd)) {
      io.signal.throwIfAborted()
      write(folder, files)
      written.push({ id, files: Object.keys(files) })
    }
    if (written.length === 0) throw new UserError(`No session of ${spatialPlanning.id} in ${list(named)}.`)
    const count = written.reduce((sum, { files }) => sum + files.length, 0)
    io.out(
      args.flag('json')
        ? `${JSON.stringify({ out: folder, sessions: written }, null, 2)}\n`
        : `${block(`${plural(written.length, 'session')}, ${plural(count, 'file')} in ${shownPath(folder, io.cwd)}`, io.columns())}\n`,
    )
    return 0
  },
}

const list = (named: readonly string[]): string => (named.length === 0 ? 'runs' : named.join(', '))

interface Exported {
  readonly id: string
  readonly files: LabFiles
}

/** The files of every session that the paths name, session by session. */
function* sessions(named: readonly string[], cwd: string): Generator<Exported> {
  for (const name of named) {
    const path = resolve(cwd, name)
    if (!existsSync(path)) throw new UserError(`No file or folder ${name}: expected a run folder, or a record (*${RECORD}).`)
    if (statSync(path).isDirectory()) for (const run of findRuns(path)) yield* episodesOf(run)
    else yield imported(path, name)
  }
}

function* episodesOf(run: string): Generator<Exported> {
  const metadata = readMetadata(run)
  if (metadata?.env_id !== spatialPlanning.id) return
  const costs = costsOf(run)
  for (const { key, ...log } of readSteps(run)) {
    const evidence: RunEvidence = {
      costs: costs.get(key) ?? new Map(),
      evaluated: metadata.evaluated,
      details: metadata.player_details,
    }
    yield { id: key, files: episodeFiles(log as EpisodeLog<SpatialTypes>, key, evidence) }
  }
}

/** What the model calls of each turn came to, by rollout. */
function costsOf(run: string): Map<string, Map<string, TurnCost>> {
  const rollouts = new Map<string, Map<string, TurnCost>>()
  for (const { key, agent, t, latency_ms, prompt_tokens, completion_tokens, cost } of readCallFigures(run)) {
    const turns = rollouts.get(key) ?? new Map<string, TurnCost>()
    rollouts.set(key, turns)
    const at = costKey(agent, t)
    const before = turns.get(at)
    turns.set(at, {
      model_calls: (before?.model_calls ?? 0) + 1,
      latency_ms: (before?.latency_ms ?? 0) + latency_ms,
      prompt_tokens: (before?.prompt_tokens ?? 0) + prompt_tokens,
      completion_tokens: (before?.completion_tokens ?? 0) + completion_tokens,
      cost: cost === null || before?.cost === null ? null : (before?.cost ?? 0) + cost,
    })
  }
  return rollouts
}

function imported(path: string, name: string): Exported {
  let document: unknown
  try {
    document = JSON.parse(readFileSync(path, 'utf8'))
  } catch (error) {
    throw new UserError(`${name} is no JSON: ${(error as Error).message}`)
  }
  const session = sessionOfRecord(document)
  const file = basename(path)
  const id = file.endsWith(RECORD) ? file.slice(0, -RECORD.length) : file.replace(/\.json$/, '')
  return { id, files: labFiles(session, id, { session: id, dataset: session.config.session }) }
}

function write(folder: string, files: LabFiles): void {
  try {
    mkdirSync(folder, { recursive: true })
    for (const [name, text] of Object.entries(files)) writeFileSync(join(folder, name), text)
  } catch (error) {
    throw refused(folder, error)
  }
}
