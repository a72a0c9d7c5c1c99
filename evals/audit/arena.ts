/**
 * Plays policies over seeds and remembers what each was worth, so that every game is played once. Knows settings, seats and
 * policies as data; knows no target.
 */
import { resolveConfig } from '../../envs/core/config.ts'
import { learnerOf } from '../../envs/core/environment.ts'
import { digest } from '../../envs/core/plain.ts'
import type { AgentId } from '../../envs/core/tool.ts'
import { type GameSpec, type Outcome, outcomes, playGame } from './game.ts'
import { policyOf } from './policies.ts'
import { type AuditSetting, type PolicyDesc, type Subject, specOf } from './spec.ts'

/** One policy (or one a seat) in one setting, over seeds. */
export interface Job {
  readonly preset: string
  readonly setting: AuditSetting
  /** Who sits in the evaluated seats. */
  readonly seats: readonly (readonly [seat: AgentId, policy: PolicyDesc])[]
  readonly seeds: readonly number[]
  /** Games a seed; 1 by default. */
  readonly repeats?: number
}

/** By game (seed by seed, its repeats together) and evaluated seat. */
export type JobResult = readonly (readonly Outcome[])[]

/** Plays jobs, here or elsewhere; results in the order of the jobs. */
export type Runner = (jobs: readonly Job[]) => Promise<readonly JobResult[]>

/** Plays one job in this thread. */
export function runJob(subject: Subject, { preset, setting, seats, seeds, repeats = 1 }: Job): JobResult {
  const { env } = subject
  const config = configs(subject, preset, setting)
  const evaluated = Object.fromEntries(seats.map(([agent, desc]) => [agent, policyOf(subject, preset, desc)]))
  const others = othersOf(subject, preset, setting)
  const agents = seats.map(([agent]) => agent)
  return seeds.flatMap(seed =>
    Array.from({ length: repeats }, (_, repeat) =>
      outcomes(env, playGame({ env, config, seed, repeat, evaluated, ...others }), agents),
    ),
  )
}

/** Who takes the seats beside the evaluated ones: the setting's opponents, or the economy's own; random players where it has none. */
export function othersOf(
  { env, bots, opponents, shuffled = [] }: Subject,
  preset: string,
  setting: AuditSetting,
): Pick<GameSpec, 'crowd' | 'seating'> {
  const shares = setting.drawn?.map(bot => [bot, 1] as const) ?? Object.entries(setting.opponents ?? opponents)
  const crowd = (shares.length === 0 ? [['random_legal', 1] as const] : shares).flatMap(([bot, count]) => {
    if (!Object.hasOwn(bots, bot))
      throw new RangeError(`no bot '${bot}' plays ${env.id}; there are: ${Object.keys(bots).join(', ')}`)
    return Array.from({ length: count }, () => bots[bot]!.factory)
  })
  return { crowd, seating: setting.drawn !== undefined ? 'drawn' : shuffled.includes(preset) ? 'shuffled' : 'in_turn' }
}

const resolved = new WeakMap<Subject, Map<string, object>>()

/** The configuration of a setting, resolved once: policies and tools are kept by configuration. */
export function configs(subject: Subject, preset: string, { fields }: AuditSetting): object {
  let known = resolved.get(subject)
  if (known === undefined) {
    known = new Map()
    resolved.set(subject, known)
  }
  const id = JSON.stringify([preset, fields])
  let config = known.get(id)
  if (config === undefined) {
    config = resolveConfig(subject.env, preset, fields as Record<string, unknown>)
    known.set(id, config)
  }
  return config
}

/** Everything played so far in one preset. */
export class Arena {
  readonly subject: Subject
  readonly preset: string
  readonly seat: AgentId
  readonly #run: Runner
  readonly #known = new Map<string, JobResult>()
  #games = 0
  #least = Number.POSITIVE_INFINITY
  #most = Number.NEGATIVE_INFINITY

  constructor(subject: Subject, preset: string, run: Runner = async jobs => jobs.map(job => runJob(subject, job))) {
    this.subject = subject
    this.preset = preset
    this.#run = run
    const config = resolveConfig(subject.env, preset)
    this.seat = specOf(subject, preset).seat ?? learnerOf(subject.env.seats(config))
  }

  /** Games played. */
  get games(): number {
    return this.#games
  }

  /** The least and the greatest reward of an evaluated seat in any game. */
  get range(): readonly [least: number, most: number] {
    return [this.#least, this.#most]
  }

  /** Plays what was not played before; results in the order of the jobs. */
  async play(jobs: readonly Omit<Job, 'preset'>[]): Promise<readonly JobResult[]> {
    const { preset } = this
    const ids = jobs.map(job => digest(job))
    const fresh = new Map(jobs.flatMap((job, i) => (this.#known.has(ids[i]!) ? [] : [[ids[i]!, { preset, ...job }] as const])))
    const results = await this.#run([...fresh.values()])
    for (const [i, id] of [...fresh.keys()].entries()) {
      const result = results[i]!
      this.#known.set(id, result)
      this.#games += result.length
      for (const game of result) {
        for (const { reward } of game) {
          this.#least = Math.min(this.#least, reward)
          this.#most = Math.max(this.#most, reward)
        }
      }
    }
    return ids.map(id => this.#known.get(id)!)
  }

  /** Each policy alone in the evaluated seat. */
  alone(setting: AuditSetting, policies: readonly PolicyDesc[], seeds: readonly number[]): Promise<readonly JobResult[]> {
    return this.play(policies.map(policy => ({ setting, seats: [[this.seat, policy]], seeds })))
  }
}
