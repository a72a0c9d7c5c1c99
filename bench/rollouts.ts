/**
 * What the runner adds to play: the first scripted player of each economy in its default setting, as a bare episode, as a
 * scored rollout, with its rows made, and into a run folder. The same episodes each way;
 * a repeat of them each round, because a run keeps one of each.
 */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Bench, BenchRow } from '../economies/bench.ts'
import type { Economy } from '../economies/economy.ts'
import { economies } from '../economies/registry.ts'
import { resolveConfig } from '../envs/core/config.ts'
import type { Decision } from '../envs/core/environment.ts'
import { Episode } from '../envs/core/episode.ts'
import { median } from '../envs/core/sums.ts'
import { rolloutLines } from '../rollouts/lines.ts'
import { type Seated, seat } from '../rollouts/lineup.ts'
import { playersFor } from '../rollouts/players/index.ts'
import { lineupNames, type Rollout, type RolloutSpec } from '../rollouts/rollout.ts'
import { runRollout } from '../rollouts/run_rollout.ts'
import { RunStore } from '../rollouts/store.ts'
import { cpuMs } from './measured.ts'

/** Episodes of a timing. */
const EPISODES = 20

/** Timings of each way to play, the first of which only warms up. */
const ROUNDS = 6

export const rollouts: Bench = {
  id: 'rollouts',
  title: 'rollouts of scripted players: what scoring, rows and files add to the bare episode',
  run: () => economies.list().flatMap(economy => measure(economy)),
}

/** The figures of one economy: processor time, which other programs on the machine do not disturb much. */
export function measure(economy: Economy, episodes = EPISODES): BenchRow[] {
  const { env } = economy
  const config = resolveConfig(env, undefined)
  const seated = defaultTable(economy, config)
  const specs = Array.from(
    { length: episodes },
    (_, seed): RolloutSpec => ({ env, config, seed, repeat: 0, example: seed, ...seated }),
  )
  return inFolder(store => {
    const ways: readonly (readonly [what: string, play: (spec: RolloutSpec) => void])[] = [
      [`${env.id}, bare`, playBare],
      ['  scored', spec => void played(spec)],
      ['  with rows', spec => void rolloutLines(played(spec, true))],
      ['  in a run folder', spec => store.file(rolloutLines(played(spec, true)))],
    ]
    // In turns, so that whatever else goes on falls on all of them.
    const timings = Array.from({ length: ROUNDS }, (_, repeat) =>
      ways.map(
        ([, play]) =>
          processorTime(() => {
            for (const spec of specs) play({ ...spec, repeat })
          }) / episodes,
      ),
    )
    const [bare = 0, ...rest] = ways.map((_, way) => median(timings.slice(1).map(round => round[way]!))!)
    return [
      { what: ways[0]![0], value: bare, unit: 'CPU ms/rollout' },
      ...rest.map((value, i) => ({ what: ways[i + 1]![0], value, unit: 'CPU ms/rollout', ratio: value / bare, of: 'bare' })),
    ]
  })
}

/** Milliseconds. */
function processorTime(work: () => void): number {
  const before = process.cpuUsage()
  work()
  return cpuMs(before)
}

function defaultTable(economy: Economy, config: object): Seated {
  const player = playersFor({ economy })
  const { env, players, opponents } = economy
  const crowd = Object.entries(opponents).map(([bot, count]) => ({ player: player(`bot:${bot}`), count }))
  const anybody = [{ player: player('random'), count: 1 }]
  return seat(env, config, {
    learner: player(players[0]!),
    fixed: {},
    opponents: crowd.length > 0 ? crowd : anybody,
    exact: false,
  })
}

/** An episode by hand: nothing but turns, policies and steps. */
function playBare({ env, config, seed, lineup }: RolloutSpec): void {
  const episode = new Episode(env, config, seed, { seats: lineupNames(lineup) })
  const context = { key: '', signal: new AbortController().signal, recorded: [], record: () => {} }
  const policies = new Map(
    env.seats(episode.config).flatMap(one => {
      const factory = lineup[one.agent]?.policies(context)
      return factory === undefined ? [] : [[one.agent, factory({ env, config: episode.config, seat: one, repeat: 0 })] as const]
    }),
  )
  while (!episode.over) {
    const decisions: Record<string, Decision> = {}
    for (const agent of episode.actors()) decisions[agent] = policies.get(agent)!.act(episode.turn(agent)) as Decision
    episode.step(decisions)
  }
}

function played(spec: RolloutSpec, transcripts = false): Rollout {
  const rollout = runRollout(spec, { transcripts })
  if (rollout instanceof Promise || !rollout.ok)
    throw new Error(`bench: a scripted player of ${spec.env.id} did not answer at once`)
  return rollout
}

function inFolder<R>(work: (store: RunStore) => R): R {
  const folder = mkdtempSync(join(tmpdir(), 'agoragym-bench-'))
  const store = new RunStore(join(folder, 'run'))
  try {
    return work(store)
  } finally {
    store.close()
    rmSync(folder, { recursive: true, force: true })
  }
}
