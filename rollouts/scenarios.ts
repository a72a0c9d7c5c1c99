/** The rows of an economy's scenario data set, with what a player is told first. Knows no economy and no file. */
import { parseConfig } from '../envs/core/config.ts'
import { type AnyEnvironment, learnerOf, type Scenario } from '../envs/core/environment.ts'
import { Episode } from '../envs/core/episode.ts'
import type { Message } from './messages.ts'

/** A row with what the evaluated seat is told before its first move. */
export interface ScenarioRow extends Scenario {
  readonly prompt: readonly Message[]
}

export function scenarioRow(env: AnyEnvironment, { id, seed, config: given }: Scenario): ScenarioRow {
  const config = parseConfig(env, given)
  const learner = learnerOf(env.seats(config))
  const prompt: Message[] = [
    { role: 'system', content: env.rules(config, learner) },
    { role: 'user', content: env.render(new Episode(env, config, seed).observe(learner)) },
  ]
  return { id, seed, config: given, prompt }
}
