/** Seats of a game at the fake server, played by a whole session of `connect`. */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { onTestFinished } from 'vitest'
import { type DecisionRow, Evidence } from '../../../connect/evidence.ts'
import { type IbexOptions, ibexServer } from '../../../connect/ibex/index.ts'
import { playSession, type SessionOptions, type SessionResult } from '../../../connect/session.ts'
import { economies } from '../../../economies/registry.ts'
import { systemClock } from '../../../rollouts/models/retry.ts'
import type { Player } from '../../../rollouts/player.ts'
import { botPlayer } from '../../../rollouts/players/bot.ts'
import { FakeIbex, type FakeOptions } from './fake_server.ts'

export const economy = economies.get('spatial_planning')
export const bot = (name: string): Player => botPlayer(name, economy)

/** The same player, who takes so many milliseconds where all decide at once. */
export function slow(player: Player, ms: number): Player {
  return {
    ...player,
    policies: context => seat => {
      const policy = player.policies(context)(seat)
      return {
        async act(turn) {
          if (turn.observation.shared.turns === null) await new Promise(resolve => setTimeout(resolve, ms))
          return policy.act(turn)
        },
      }
    },
  }
}

/** A server of its own for the test that asks for it, with its address. */
export async function server(options: FakeOptions): Promise<{ readonly fake: FakeIbex; readonly url: string }> {
  const fake = new FakeIbex(options)
  const url = await fake.open()
  onTestFinished(() => fake.close())
  return { fake, url }
}

/** A folder of its own for the test that asks for it. */
export function folder(): string {
  const made = mkdtempSync(join(tmpdir(), 'connect-ibex-'))
  onTestFinished(() => rmSync(made, { recursive: true, force: true }))
  return made
}

export interface PlayOptions extends Partial<Pick<SessionOptions, 'signal' | 'seed' | 'known'>> {
  readonly url: string
  readonly seats: Readonly<Record<string, Player>>
  /** Milliseconds between two turns of a market. */
  readonly actEveryMs?: number | null
  readonly identities?: IbexOptions['view']['identities']
  readonly codec?: IbexOptions['codec']
  readonly disclose?: string
  readonly folder?: string
  readonly resume?: boolean
}

export interface Played {
  readonly result: SessionResult
  readonly decisions: readonly DecisionRow[]
  readonly folder: string
  /** What is said at the end. */
  readonly report: readonly string[]
}

export async function play(options: PlayOptions): Promise<Played> {
  const { url, seats, actEveryMs = 15, identities = 'screen', codec = 'flat', folder: out = folder(), resume = false } = options
  const signal = options.signal ?? new AbortController().signal
  const { disclose } = options
  const game = { url, game: 7, codec, view: { identities, actEveryMs }, economies, ...(disclose !== undefined && { disclose }) }
  const hosts = await ibexServer(game, signal)
  const { adapter, finish } = await hosts.begin(0, signal)
  const evidence = new Evidence(out, { protocol: 'ibex', server: url }, { resume, now: systemClock.now })
  try {
    const known = options.known ?? evidence.sessions[0]
    const result = await playSession({
      id: '7',
      adapter,
      seats,
      evidence,
      marginMs: 100,
      ...(options.seed !== undefined && { seed: options.seed }),
      ...(options.signal !== undefined && { signal: options.signal }),
      ...(known !== undefined && { known }),
    })
    const report = await finish!(out, result, signal)
    return { result, decisions: lines(out, 'decisions'), folder: out, report }
  } finally {
    evidence.close()
  }
}

/** The rows of a file of a connected run. */
export function lines<T = DecisionRow>(out: string, file: string): T[] {
  const text = readFileSync(join(out, `${file}.jsonl`), 'utf8')
  return text
    .split('\n')
    .filter(Boolean)
    .map(line => JSON.parse(line) as T)
}

/** A player of every seat from 1. */
export const everybody = (count: number, player: (seat: number) => Player): Record<string, Player> =>
  Object.fromEntries(Array.from({ length: count }, (_, i) => [String(i + 1), player(i + 1)]))
