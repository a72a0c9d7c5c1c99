/** Rollouts of scripted learners for the study, and the figures of many of them added up. */
import { swarmBots } from '../../bots/swarm_economy/index.ts'
import { resolveConfig } from '../../envs/core/config.ts'
import type { AnyEnvironment, Decision, Scenario } from '../../envs/core/environment.ts'
import { Episode } from '../../envs/core/episode.ts'
import type { EpisodeLog } from '../../envs/core/log.ts'
import { accountsOf } from '../../envs/swarm_economy/accounts.ts'
import { swarmEconomy } from '../../envs/swarm_economy/index.ts'
import { BOT_TYPES, type BotType, LEARNER, type SwarmTypes, TOOL_NAMES } from '../../envs/swarm_economy/state.ts'

/**
 * Played in scenarios whose first bot is of the mix's first type: the prototype listed bots by type, so that among equals,
 * as at the start, the first offers went to an honest one. Ids here are shuffled and tell nothing.
 */
export const FIRST_BY_TYPE = 'offers_only'

/** What is played: one learner in one profile and difficulty. */
export interface Cell {
  readonly bot: string
  readonly profile: string
  readonly difficulty: string
}

/** Figures of many rollouts, added up. */
export class Sample {
  n = 0
  readonly #sums = new Map<string, { sum: number; squares: number; count: number }>()

  add(name: string, value: number | null): void {
    if (value === null) return
    const known = this.#sums.get(name)
    if (known === undefined) this.#sums.set(name, { sum: value, squares: value * value, count: 1 })
    else {
      known.sum += value
      known.squares += value * value
      known.count++
    }
  }

  /** The mean over those that have the figure; 0 where none has. */
  mean(name: string): number {
    const { sum, count } = this.#sums.get(name) ?? { sum: 0, count: 1 }
    return sum / count
  }

  /** The standard deviation over those. */
  sd(name: string): number {
    const { sum, squares, count } = this.#sums.get(name) ?? { sum: 0, squares: 0, count: 1 }
    return Math.sqrt(Math.max(0, squares / count - (sum / count) ** 2))
  }
}

/** One rollout of a scripted learner. */
export function rollout(bot: string, { config, seed }: Pick<Scenario, 'config' | 'seed'>, repeat = 0): EpisodeLog<SwarmTypes> {
  const env = swarmEconomy as unknown as AnyEnvironment
  const episode = new Episode(swarmEconomy, config, seed, { repeat, seats: { [LEARNER]: `bot:${bot}` } })
  const seat = env.seats(episode.config).find(({ agent }) => agent === LEARNER)!
  const policy = swarmBots.bots[bot]!.factory({ env, config: episode.config, seat, repeat })
  // Scripted learners answer at once.
  while (!episode.over) episode.step({ [LEARNER]: policy.act(episode.turn(LEARNER)) as Decision })
  return episode.log
}

/** Scenarios of a cell, in the order of the data set, which goes on as far as is asked. */
export function scenarios({ bot, profile, difficulty }: Cell, count: number): readonly Scenario[] {
  const config = resolveConfig(swarmEconomy as unknown as AnyEnvironment, profile, { difficulty }) as SwarmTypes['Config']
  if (bot !== FIRST_BY_TYPE) return swarmEconomy.scenarios!(config, count)
  const begins = ({ config: scenario, seed }: Scenario): boolean => {
    const [first, ...others] = swarmEconomy
      .reset(swarmEconomy.config.parse(scenario), seed)
      .agents.slice(1)
      .map(({ type }) => type as BotType)
    return others.every(type => BOT_TYPES.indexOf(first!) <= BOT_TYPES.indexOf(type))
  }
  return swarmEconomy.scenarios!(config, 4 * count)
    .filter(begins)
    .slice(0, count)
}

export function gather(sample: Sample, log: EpisodeLog<SwarmTypes>): void {
  sample.n++
  for (const [part, value] of Object.entries(swarmEconomy.score(log)[LEARNER]!)) sample.add(part, value)
  sample.add('turns', log.steps.length)
  for (const stop of STOPS) sample.add(stop, log.stop === stop ? 1 : 0)
  const { ids, types, tallies, reputation, offers, submissions } = accountsOf(log)
  const { calls } = tallies.get(LEARNER)!
  for (const [i, tool] of TOOL_NAMES.entries()) sample.add(tool, calls[i]!)
  for (const [i, id] of ids.entries()) {
    const type = types.get(id)!
    if (type === 'player') continue
    const answered = (status: string): number => offers.filter(offer => offer.to === id && offer.status === status).length
    sample.add(`${type} reputation`, reputation[i]!)
    sample.add(`${type} submissions`, tallies.get(id)!.submissions)
    sample.add(`${type} accepts`, answered('accepted'))
    sample.add(`${type} rejects`, answered('rejected'))
    sample.add(`${type} extractions`, offers.filter(({ from, exploit }) => from === id && exploit).length)
    sample.add(`${type} poor work`, submissions.filter(({ agent, exploit }) => agent === id && exploit).length)
  }
}

const STOPS = ['no_tools_called', 'max_turns_reached', 'simulation_complete']
