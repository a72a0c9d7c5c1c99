/**
 * Players that decide what was decided in a game that was played here, in its order: in a market or a conversation each waits until
 * the turns before its own have been taken at the server. Knows the fake server, to see what it has taken.
 */

import type { AnyTypes, Decision, Decisions } from '../../../envs/core/environment.ts'
import { Episode } from '../../../envs/core/episode.ts'
import type { EpisodeLog } from '../../../envs/core/log.ts'
import { type AnyPolicyFactory, PASS, type Turn } from '../../../envs/core/policy.ts'
import { spatialPlanning } from '../../../envs/spatial_planning/index.ts'
import type { SpatialTypes } from '../../../envs/spatial_planning/types.ts'
import type { Player } from '../../../rollouts/player.ts'
import type { FakeIbex } from './fake_server.ts'

interface Part {
  readonly agent: string
  readonly decision: Decision
}

/** A game played by bots, and its decisions by round and phase in their order. */
export function playedHere(config: object, bots: Readonly<Record<string, AnyPolicyFactory>>, seed: number) {
  const episode = new Episode<SpatialTypes>(spatialPlanning, config, seed)
  const seats = spatialPlanning.seats(episode.config)
  const policies = new Map(
    seats.map(seat => [
      seat.agent,
      bots[seat.agent]!({ env: spatialPlanning as never, config: episode.config, seat, repeat: 0 }),
    ]),
  )
  const parts = new Map<string, Part[]>()
  while (!episode.over) {
    const { round, phase } = episode.state
    const decisions: Record<string, Decision> = {}
    for (const agent of episode.actors()) {
      decisions[agent] = policies.get(agent)!.act(episode.turn(agent) as never) as Decision
      parts.set(`${round} ${phase}`, [...(parts.get(`${round} ${phase}`) ?? []), { agent, decision: decisions[agent] }])
    }
    episode.step(decisions satisfies Decisions)
  }
  return { log: episode.log as EpisodeLog<SpatialTypes>, parts }
}

/** A player that plays those parts. */
export function conducted(parts: ReadonlyMap<string, readonly Part[]>, fake: FakeIbex): Player {
  const at = new Map<string, number>()
  const wake: (() => void)[] = []
  const moved = (): void => {
    for (const resolve of wake.splice(0)) resolve()
  }
  /** Takes note that a part has been played, and rings the bell after the last. */
  const played = (key: string): void => {
    at.set(key, (at.get(key) ?? 0) + 1)
    if (at.get(key) === parts.get(key)!.length) fake.endPhase()
    moved()
  }
  const taken = (agent: string): number => {
    const seat = spatialPlanning.seats(fake.config).findIndex(other => other.agent === agent) + 1
    return fake.log.filter(entry => entry.seat === seat && entry.fate === 'taken' && entry.type !== 'rejoin').length
  }
  const act = async ({ agent, observation, check, signal }: Turn<AnyTypes>): Promise<Decision> => {
    const { round, phase, turns } = observation.shared
    const key = `${round} ${phase}`
    if (turns === null) return parts.get(key)!.find(part => part.agent === agent)!.decision
    signal?.addEventListener('abort', moved, { once: true })
    for (;;) {
      signal?.throwIfAborted()
      const part = parts.get(key)?.[at.get(key) ?? 0]
      if (part?.agent === agent) break
      await new Promise<void>(resolve => wake.push(resolve))
    }
    const { decision } = parts.get(key)![at.get(key) ?? 0]!
    const calls = decision.calls.filter(({ tool }) => tool !== 'end_turn').map(anyPrice)
    if (calls.length === 0) {
      played(key)
      return PASS
    }
    // The others' orders are at the server; they must have reached this seat as well.
    while (!check(calls[0]).ok) {
      signal?.throwIfAborted()
      await new Promise(resolve => setImmediate(resolve))
    }
    const before = taken(agent)
    void fake.when(() => taken(agent) >= before + calls.length).then(() => played(key))
    return { calls }
  }
  return { name: 'conducted', kind: 'bot', details: {}, policies: () => () => ({ act }) }
}

/** What was seen when the seat was asked is older than the turns it waited for; the price is the one that was paid here. */
function anyPrice({ tool, args }: Decision['calls'][number]): Decision['calls'][number] {
  if (tool !== 'trade_now') return { tool, args }
  const side = (args as { side: string }).side
  return { tool, args: { limit: side === 'buy' ? 10_000_000 : 0, ...(args as object) } }
}
