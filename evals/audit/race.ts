/**
 * Who plays on: everybody plays the first seeds, and who can still decide something the others; constant policies are screened in
 * rounds. Knows entries and samples, no target.
 */
import { mean } from '../../envs/core/sums.ts'
import type { Arena } from './arena.ts'
import { policyName } from './pool.ts'
import { joined, type Sample, sampleOf } from './sample.ts'
import type { AuditSetting, PolicyDesc } from './spec.ts'

/** Searches play on this seed and the ones after it. */
export const SEARCH_SEED = 6_000_000
/** Search seeds that choose among constant policies, and how many go on to the held-out ones. */
export const SCREEN = [{ seeds: 3, keep: 12 }] as const
const SCREEN_FINAL = 24
const FINALISTS = 2
/** Held-out seeds that everybody plays; the others are for those who can still decide a target. */
export const FIRST_SEEDS = 24
/** Where a policy comes from. `trick` and `blindfolded` are others' policies, altered. */
export const ROLES = ['bot', 'constant', 'blind', 'family', 'trick', 'blindfolded'] as const
export type Role = (typeof ROLES)[number]

export interface Entry {
  readonly name: string
  readonly role: Role
  readonly policy: PolicyDesc
  /** The setting it was found in, where a search found it. */
  readonly setting?: string
  /** What it does, where a search says so. */
  readonly does?: string
  /** What was done to it, and to which entry. */
  readonly by?: string
  readonly base?: string
}

export interface Played extends Entry {
  readonly sample: Sample
}

/** Everybody plays the first seeds; who can still decide something plays the others too. */
export class Race {
  readonly #arena: Arena
  readonly #first: readonly number[]
  readonly #rest: readonly number[]

  constructor(arena: Arena, seeds: readonly number[]) {
    this.#arena = arena
    this.#first = seeds.slice(0, FIRST_SEEDS)
    this.#rest = seeds.slice(FIRST_SEEDS)
  }

  async start(setting: AuditSetting, entries: readonly Entry[]): Promise<Played[]> {
    const samples = await this.#play(setting, entries, this.#first)
    return entries.map((entry, i) => ({ ...entry, sample: samples[i]! }))
  }

  async finish(setting: AuditSetting, players: readonly Played[], goOn: ReadonlySet<Played>): Promise<Played[]> {
    const further = players.filter(player => goOn.has(player))
    const samples = await this.#play(setting, further, this.#rest)
    return players.map(player => {
      const more = samples[further.indexOf(player)]
      return more === undefined ? player : { ...player, sample: joined(player.sample, more) }
    })
  }

  async #play(setting: AuditSetting, entries: readonly Entry[], seeds: readonly number[]): Promise<Sample[]> {
    const results = await this.#arena.alone(
      setting,
      entries.map(({ policy }) => policy),
      seeds,
    )
    return results.map(sampleOf)
  }
}

export function range(from: number, count: number): number[] {
  return Array.from({ length: count }, (_, i) => from + i)
}

/** The constant policies that did best on search seeds, after a round that drops most of them. */
export async function screened(
  arena: Arena,
  setting: AuditSetting,
  policies: readonly PolicyDesc[],
  finalists: number = FINALISTS,
): Promise<Entry[]> {
  let left = [...policies]
  for (const { seeds, keep } of [...SCREEN, { seeds: SCREEN_FINAL, keep: finalists }]) {
    const results = await arena.alone(setting, left, range(SEARCH_SEED, seeds))
    // What earns the same in every game is the same play under another name.
    const told = new Set<string>()
    left = left
      .flatMap((policy, i) => {
        const { rewards } = sampleOf(results[i]!)
        const play = JSON.stringify(rewards)
        if (told.has(play)) return []
        told.add(play)
        return [{ policy, reward: mean(rewards) }]
      })
      .sort((a, b) => b.reward - a.reward)
      .slice(0, keep)
      .map(({ policy }) => policy)
  }
  return left.map((policy, i) => {
    const name = policyName(policy)
    // Long arguments are cut in names, so two may read alike.
    const before = left.slice(0, i).filter(other => policyName(other) === name).length
    return { name: before === 0 ? name : `${name} (${before + 1})`, role: 'constant', policy }
  })
}
