/**
 * Runs of any size, made fast: rollouts of a short game, really played once and then repeated in the files under other
 * seeds. What the benchmarks of everything that reads runs stand on.
 */
import { statSync } from 'node:fs'
import { join } from 'node:path'
import { passive } from '../bots/any/passive.ts'
import { randomLegal } from '../bots/any/random_legal.ts'
import type { BenchRow } from '../economies/bench.ts'
import { economies } from '../economies/registry.ts'
import { resolveConfig } from '../envs/core/config.ts'
import { defaultPlayed, learnerOf } from '../envs/core/environment.ts'
import type { AnyPolicyFactory } from '../envs/core/policy.ts'
import type { Player } from '../rollouts/player.ts'
import { playRuns } from '../rollouts/run.ts'
import { RunStore, readLines, readMetadata } from '../rollouts/store.ts'

/** What is really played: so many seeds, so many repeats. */
export const SEEDS = 25
export const REPEATS = 4

/** A run of two agents over two turns; the evaluated one plays at random, so that repeats differ. */
export async function playShort(out: string): Promise<string> {
  const short = economies.list().find(({ brief }) => brief !== undefined)
  if (short === undefined) throw new Error('bench: no economy says what a brief game of it is')
  const { env } = short
  const config = resolveConfig(env, undefined, short.brief)
  const seats = env.seats(config)
  const own = learnerOf(seats)
  const bot = (name: string, factory: AnyPolicyFactory): Player => ({ name, kind: 'bot', details: {}, policies: () => factory })
  const lineup = Object.fromEntries(
    defaultPlayed(seats).map(agent => [agent, agent === own ? bot('random', randomLegal) : bot('bot:passive', passive)]),
  )
  const { runs } = await playRuns(
    [
      {
        env,
        preset: 'bench',
        set: {},
        config,
        seat: () => ({ lineup, evaluated: [own] }),
        examples: { name: 'seeds', rows: Array.from({ length: SEEDS }, (_, seed) => ({ index: seed, config, seed })) },
        repeats: REPEATS,
      },
    ],
    { out, concurrency: 1 },
  )
  return runs[0]!.folder
}

/** A run of `count` rollouts: the lines of `run` over and over, each time under seeds of their own. */
export function repeated(run: string, folder: string, count: number): string {
  const store = new RunStore(folder)
  const all = [...readLines(run)]
  for (let done = 0; done < count; done += all.length) {
    const shift = (digits: string | number): number => Number(digits) + (done / all.length) * SEEDS
    const shifted = (text: string): string =>
      text
        .replace(/-s(\d+)(?=[-"])/g, (_, seed: string) => `-s${shift(seed)}`)
        .replace(/"(seed|example|example_id|idx)":(\d+)/g, (_, name: string, seed: string) => `"${name}":${shift(seed)}`)
    for (const { key, example, rollout, figures, ...lines } of all) {
      const moved = { example: shift(example), rollout: shifted(rollout), figures: shifted(figures) }
      store.file({ ...lines, key: JSON.parse(shifted(JSON.stringify(key))), ...moved })
    }
  }
  store.writeMetadata(readMetadata(run)!)
  store.close()
  return folder
}

/** The size of these files of a run. */
export function megabytes(run: string, files: readonly string[]): number {
  return files.reduce((sum, file) => sum + statSync(join(run, file)).size, 0) / 1e6
}

/** What it took to read a run. */
export interface Cost {
  /** Microseconds of processor time per rollout. */
  readonly cpu: number
  /** The most memory that the process had meanwhile, in MB. */
  readonly peak: number
}

/** The rows of what many rollouts took beside so many `few`: where both are read as a stream the ratios are about 1. */
export function costRows(after: Cost, before: Cost, few: number): BenchRow[] {
  const of = `that of ${few}`
  return [
    { what: '  CPU time', value: after.cpu, unit: 'µs/rollout', ratio: after.cpu / before.cpu, of },
    { what: '  peak memory', value: after.peak, unit: 'MB', ratio: after.peak / before.peak, of },
  ]
}
