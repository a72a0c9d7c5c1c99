/** What the tests of `connect otree` share: a run in a folder of its own, its rows, oTree's tables. */
import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll } from 'vitest'
import {
  type ConnectedRunOptions,
  type ConnectResultRow,
  connectedRun,
  type DecisionRow,
  type OTreeOptions,
  otreeServer,
  type TurnRow,
  type Way,
} from '../../connect.ts'
import { Models, type Player, playersFor } from '../../rollouts.ts'
import { REST_KEY, type Restartable, otreeServer as startOTree } from './servers.ts'

/** The address of the project of the tests, which is served while the tests of the file that imports this run. */
export let URL_OF_OTREE = ''
export const KEY = REST_KEY

const project = mkdtempSync(join(tmpdir(), 'agoragym-otree-'))
let running: Restartable | undefined
// In a hook: where all tests of a file are left out, none runs, and nothing is to be stopped.
beforeAll(async () => {
  cpSync(join(import.meta.dirname, 'project'), project, { recursive: true })
  for (const name of ['_static', '_templates']) mkdirSync(join(project, name))
  running = await startOTree(project, { OTREE_AUTH_LEVEL: 'STUDY' })
  URL_OF_OTREE = running.url
})
afterAll(async () => {
  await running?.stop()
  rmSync(project, { recursive: true, force: true })
})

export const newFolder = (): string => mkdtempSync(join(tmpdir(), 'agoragym-connected-'))

export const create = (config: string, participants: number, fields: Record<string, unknown> = {}): Way => ({
  kind: 'create',
  config,
  participants,
  fields,
})

const never = new AbortController().signal

export const serverOf = (way: Way, more: Partial<OTreeOptions> = {}) =>
  otreeServer({ origin: URL_OF_OTREE, way, restKey: KEY, schemas: {}, repairs: 2, actEveryS: 15, ...more }, never)

/** Plays sessions with players given as strings or objects. */
export async function played(
  way: Way,
  seats: Readonly<Record<string, string | Player>>,
  { otree = {}, folder = newFolder(), ...more }: Partial<ConnectedRunOptions> & { readonly otree?: Partial<OTreeOptions> } = {},
) {
  const server = await serverOf(way, otree)
  const playerOf = playersFor({ economy: server.economy, models: new Models() })
  const run = await connectedRun({
    server,
    folder,
    repeats: 1,
    concurrency: 1,
    resume: false,
    signal: never,
    ...more,
    seats: Object.fromEntries(
      Object.entries(seats).map(([seat, player]) => [seat, typeof player === 'string' ? playerOf(player) : player]),
    ),
  })
  return { run, folder, ...rowsOf(folder) }
}

export function rowsOf(folder: string) {
  const of = <T>(name: string): T[] => {
    const path = join(folder, `${name}.jsonl`)
    const text = existsSync(path) ? readFileSync(path, 'utf8').trim() : ''
    return text === '' ? [] : text.split('\n').map(line => JSON.parse(line) as T)
  }
  return {
    results: of<ConnectResultRow>('results'),
    decisions: of<DecisionRow>('decisions'),
    turns: of<TurnRow>('turns'),
    wire: of<Record<string, unknown>>('wire'),
  }
}

/** oTree's table of all apps: the row of each participant, by its number. */
export function tableOf(folder: string, session: string): Map<string, Readonly<Record<string, string>>> {
  const [head, ...lines] = readFileSync(join(folder, 'otree', session, 'all_apps_wide.csv'), 'utf8')
    .trim()
    .split(/\r?\n/)
  const names = head!.split(',')
  return new Map(
    lines.map(line => {
      const cells = line.split(',')
      const row = Object.fromEntries(names.map((name, i) => [name, cells[i] ?? '']))
      return [row['participant.id_in_session']!, row]
    }),
  )
}

/** What each seat was paid by our rows, and by oTree's own table, in the currency of the laboratory. */
export function payoffs(folder: string): { readonly ours: number[]; readonly theirs: number[] } {
  const { results } = rowsOf(folder)
  const ordered = results.toSorted((a, b) => `${a.session} ${a.seat}`.localeCompare(`${b.session} ${b.seat}`))
  return {
    ours: ordered.map(({ reward }) => reward!),
    theirs: ordered.map(({ session, seat }) => Number(tableOf(folder, session).get(seat)!['participant.payoff']) / 100),
  }
}
