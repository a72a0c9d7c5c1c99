/**
 * The single-agent view: one seat for the caller, every other seat played by policies or left to residents. What
 * Gymnasium calls an environment.
 */

import { parseConfig } from './config.ts'
import type { AnyEnvironment, Decision, Done, Environment, EnvTypes } from './environment.ts'
import { defaultPlayed, learnerOf } from './environment.ts'
import { Episode } from './episode.ts'
import type { EpisodeLog } from './log.ts'
import type { Policy, PolicyFactory } from './policy.ts'
import type { AgentId, ToolName } from './tool.ts'

export interface SoloOptions<T extends EnvTypes> {
  /** The caller's seat; the learner's by default. */
  readonly seat?: AgentId
  readonly config?: unknown
  /** A policy factory per other seat. A seat that is no resident's needs one. */
  readonly opponents?: Readonly<Record<AgentId, PolicyFactory<T>>>
}

export interface SoloInfo {
  /** The tools the caller may call now: the action mask. */
  readonly legal: readonly ToolName[]
  readonly results: readonly { readonly ok: boolean; readonly text: string }[]
  readonly t: number
}

export interface SoloStep<T extends EnvTypes> {
  readonly observation: T['Observation']
  /** The change of the caller's score since its last observation. */
  readonly reward: number
  readonly terminated: boolean
  readonly truncated: boolean
  readonly info: SoloInfo
}

export interface Solo<T extends EnvTypes> {
  /** Starts a new episode; without a seed the one after the last. Answers with a promise when an opponent does. */
  reset(seed?: number): SoloReset<T> | Promise<SoloReset<T>>
  observe(): T['Observation']
  /** Plays the caller's decision and everybody else's up to the caller's next turn. Answers with a promise when an opponent does. */
  step(decision: Decision): SoloStep<T> | Promise<SoloStep<T>>
  readonly log: EpisodeLog<T>
}

export interface SoloReset<T extends EnvTypes> {
  readonly observation: T['Observation']
  readonly info: SoloInfo
}

export function solo<T extends EnvTypes>(
  env: Environment<T>,
  { seat, config = {}, opponents = {} }: SoloOptions<T> = {},
): Solo<T> {
  const parsed: T['Config'] = parseConfig(env as unknown as AnyEnvironment, config)
  const seats = env.seats(parsed)
  const mine = seat ?? learnerOf(seats)
  if (!seats.some(({ agent }) => agent === mine))
    throw new RangeError(`solo: no seat '${mine}' in ${env.id}; seats: ${seats.map(({ agent }) => agent).join(', ')}`)
  const missing = defaultPlayed(seats).find(agent => agent !== mine && opponents[agent] === undefined)
  if (missing !== undefined)
    throw new RangeError(`solo: seat '${missing}' of ${env.id} needs an opponent; pass opponents: { ${missing}: policyFactory }`)

  let lastSeed = -1
  let episode: Episode<T> | undefined
  let policies = new Map<AgentId, Policy<T>>()

  const current = (): Episode<T> => {
    if (episode === undefined) throw new Error('solo: call reset(seed) first')
    return episode
  }
  const info = (): SoloInfo => ({
    legal: current().over ? [] : current().offered(mine),
    results: current().results(mine),
    t: current().t,
  })

  /** Plays on until the caller may act or the game is over; the caller's decision, if any, goes into the first step. */
  function advance(own: Decision | undefined, reward: number): number | Promise<number> {
    const game = current()
    let pending = own
    let earned = reward
    while (!game.over) {
      const actors = game.actors()
      if (actors.includes(mine) && pending === undefined) break
      const decisions: Record<AgentId, Decision> = {}
      const waits: Promise<void>[] = []
      for (const agent of actors) {
        if (agent === mine) {
          decisions[agent] = pending!
          pending = undefined
          continue
        }
        const answer = policies.get(agent)!.act(game.turn(agent))
        if (answer instanceof Promise) {
          const settled = answer.then(decision => {
            decisions[agent] = decision
          })
          waits.push(settled)
        } else decisions[agent] = answer
      }
      if (waits.length > 0) {
        return Promise.all(waits).then(() => advance(undefined, earned + (game.step(decisions).rewards[mine] ?? 0)))
      }
      earned += game.step(decisions).rewards[mine] ?? 0
    }
    return earned
  }

  return {
    reset(seed = lastSeed + 1) {
      lastSeed = seed
      const factories = new Map<PolicyFactory<T>, AgentId[]>()
      for (const [agent, factory] of Object.entries(opponents)) factories.set(factory, [...(factories.get(factory) ?? []), agent])
      episode = new Episode(env, parsed, seed, {
        seats: Object.fromEntries(
          [mine, ...Object.keys(opponents)].map(agent => [agent, agent === mine ? 'caller' : 'opponent']),
        ),
      })
      policies = new Map()
      for (const [factory, agents] of factories) {
        const make = factory.episode?.(seed, agents) ?? factory
        for (const agent of agents)
          policies.set(agent, make({ env, config: episode.config, seat: seats.find(s => s.agent === agent)!, repeat: 0 }))
      }
      const started = advance(undefined, 0)
      const answer = () => ({ observation: current().observe(mine), info: info() })
      return started instanceof Promise ? started.then(answer) : answer()
    },
    observe: () => current().observe(mine),
    step(decision) {
      const game = current()
      if (game.over) throw new Error(`solo: the episode is over (${game.log.stop}); call reset(seed)`)
      const earned = advance(decision, 0)
      const answer = (reward: number): SoloStep<T> => {
        const done: Done = game.done
        return {
          observation: game.observe(mine),
          reward,
          terminated: done === 'terminated',
          truncated: done === 'truncated',
          info: info(),
        }
      }
      return earned instanceof Promise ? earned.then(answer) : answer(earned)
    },
    get log() {
      return current().log
    },
  }
}
