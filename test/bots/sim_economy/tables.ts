/** Episodes of sim_economy played by bots, one name a seat. */

import { anyBots } from '../../../bots/index.ts'
import { simEconomyBots } from '../../../bots/sim_economy/index.ts'
import { parseConfig } from '../../../envs/core/config.ts'
import type { AnyEnvironment } from '../../../envs/core/environment.ts'
import type { EpisodeLog } from '../../../envs/core/log.ts'
import { presets } from '../../../envs/sim_economy/config.ts'
import { simEconomy } from '../../../envs/sim_economy/index.ts'
import type { SimEconomy } from '../../../envs/sim_economy/state.ts'
import type { Player } from '../../../rollouts/player.ts'
import { botPlayer } from '../../../rollouts/players/bot.ts'
import type { Rollout } from '../../../rollouts/rollout.ts'
import { runRollout } from '../../../rollouts/run_rollout.ts'

const env = simEconomy as unknown as AnyEnvironment

/** The published rules with cores for sale and a cap on wages, which keeps the length of an answer from deciding the game. */
const PUBLISHED = { ...presets.paper, core_auction: true, job_wage_cap: 235 }

/** Plays the line-up by these rules, `names[i]` in the seat of `agent_i`. */
export function playTable(
  names: readonly string[],
  seed: number,
  {
    evaluated,
    rules = PUBLISHED,
    ...fields
  }: { readonly evaluated?: readonly string[]; readonly rules?: object; readonly [field: string]: unknown } = {},
): Rollout & { log: EpisodeLog<SimEconomy> } {
  const config = parseConfig(env, { ...rules, num_agents: names.length, ...fields })
  const seats = env.seats(config).map(({ agent }) => agent)
  const players = new Map<string, Player>(
    names.map(name => [name, botPlayer(name, { env, bots: { ...anyBots, ...simEconomyBots.bots } })]),
  )
  const rollout = runRollout({
    env,
    config,
    seed,
    repeat: 0,
    lineup: Object.fromEntries(seats.map((agent, row) => [agent, players.get(names[row]!)!])),
    evaluated: evaluated ?? seats,
    example: seed,
  })
  if (rollout instanceof Promise || !rollout.ok) throw new Error('expected bots to answer at once')
  return rollout as Rollout & { log: EpisodeLog<SimEconomy> }
}

export function times(count: number, name: string): string[] {
  return Array<string>(count).fill(name)
}
