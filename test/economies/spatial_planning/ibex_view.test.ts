/**
 * What a seat sees at the laboratory's server is what it sees here of the same game: every frame that the server sent it, against
 * the rules of this economy playing the record. Frames of `IBEX-TUDelft/IBEX-game_server` at 92735655, of three seats each.
 */
import { readFileSync } from 'node:fs'
import { gunzipSync } from 'node:zlib'
import { describe, expect, test } from 'vitest'
import { ibex } from '../../../economies/spatial_planning/ibex/index.ts'
import type { SeatView } from '../../../economies/spatial_planning/ibex/view.ts'
import { recordOfData } from '../../../economies/spatial_planning/lab/data_record.ts'
import { differences } from '../../../economies/spatial_planning/lab/differences.ts'
import { readRecord } from '../../../economies/spatial_planning/lab/import_record.ts'
import { type Observation, observe, shared } from '../../../envs/spatial_planning/observe.ts'
import { rosterOf } from '../../../envs/spatial_planning/roster.ts'

const read = (name: string) => readFileSync(new URL(`../../fixtures/ibex/${name}`, import.meta.url))
const json = (name: string) => JSON.parse(read(`${name}.json`).toString())
type Frame = readonly [ms: number, to: number, frame: { type: string; eventType?: string; data?: unknown }]
const frames = (name: string): Frame[] => JSON.parse(gunzipSync(read(`${name}.frames.json.gz`)).toString())

const CLOCK = { now: 0, began: null, ends: null }
const VIEW = { identities: 'screen', actEveryMs: null } as const

/** Without what only turns have and what a seat itself said; the server's own arithmetic differs in the last digits. */
function comparable(seen: Observation): unknown {
  const { turn: _, turns: __, secondsLeft: ___, ...common } = seen.shared
  const messages = seen.messages.filter(({ from }) => from !== seen.agent)
  return JSON.parse(
    JSON.stringify({ ...seen, shared: common, messages }, (key, value) => {
      if (key === 'turn' || key === 'vote') return undefined
      if (typeof value === 'number') return Math.round(value * 1e6) / 1e6
      return value?.kind === 'vote' ? winningVotes(value) : value
    }),
  )
}

/** The server tells the votes of the winning side alone. */
function winningVotes({ yes, no, ...account }: { yes: number | null; no: number | null }): object {
  return { ...account, won: Math.max(yes ?? 0, no ?? 0) }
}

/** What a seat of the server sees, as every phase begins that wants somebody's decision, and after every change of a book. */
function atServer(name: string, seat: number, parameters: Record<string, unknown>): unknown[] {
  const config = ibex.config(parameters, VIEW)
  const view = ibex.seat(config, ibex.agent(config, seat), VIEW) as SeatView
  const seen: unknown[] = []
  for (const [, to, { eventType, data }] of frames(name)) {
    if (to !== seat || eventType === undefined) continue
    view.hear({ type: eventType, data }, CLOCK)
    const isBook = eventType === 'add-order' || eventType === 'delete-order'
    if (isBook || (eventType === 'phase-transition' && view.rule !== undefined)) seen.push(comparable(view.observe(CLOCK)))
  }
  return seen
}

function byRules(record: object, seat: number): unknown[] {
  const seen: unknown[] = []
  readRecord(record, state => {
    seen.push(comparable(observe(state, rosterOf(state.config).agents[seat - 1]!, shared(state))))
  })
  return seen
}

const parametersOf = (record: { parameters: { key: string; value: string }[] }) =>
  Object.fromEntries(record.parameters.map(({ key, value }) => [key, value]))

describe.each([
  ['h', [1, 2, 8]],
  ['f', [1, 2, 8]],
  ['v', [1, 2, 4]],
] as const)('in the recorded game live-%s', (game, seats) => {
  const record = json(`played-${game}.log`)
  test.each(seats)('seat %i sees at every phase, and after every change of a book, what it would see here', seat => {
    const server = atServer(`live-${game}`, seat, parametersOf(record))
    const here = byRules(record, seat)
    expect(server.length).toBe(here.length)
    for (const [i, seen] of server.entries()) expect(seen).toEqual(here[i])
  })
})

test.each(['live-h', 'live-f', 'live-v'])(
  'the data that the server gives out of %s say what came of the decisions in them',
  name => {
    const { session, told } = readRecord(recordOfData(json(`${name}.server`)))
    expect(session.rounds.map(({ payoffs }) => payoffs === null)).toEqual([false, false, false])
    expect(told.filter(({ sent }) => sent.type === 'round-summary').length).toBe(3 * session.roster.agents.length)
    expect(differences(session, told)).toEqual([])
  },
)
