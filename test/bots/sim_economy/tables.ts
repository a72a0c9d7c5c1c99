/** Episodes of sim_economy played by bots, one name a seat, and single turns made by hand. */

import { anyBots } from '../../../bots/index.ts'
import { simEconomyBots } from '../../../bots/sim_economy/index.ts'
import { parseConfig } from '../../../envs/core/config.ts'
import type { AnyEnvironment, Decision } from '../../../envs/core/environment.ts'
import { Episode } from '../../../envs/core/episode.ts'
import type { EpisodeLog } from '../../../envs/core/log.ts'
import type { Policy, Turn } from '../../../envs/core/policy.ts'
import { stream } from '../../../envs/core/random.ts'
import { presets } from '../../../envs/sim_economy/config.ts'
import { simEconomy } from '../../../envs/sim_economy/index.ts'
import type { Contract, Observation, Shared, SimEconomy } from '../../../envs/sim_economy/state.ts'
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

/** A contract in which agent_1 delivers for agent_0 and agent_2 judges, unless said otherwise. */
export const contract = (status: Contract['status'], fields: Partial<Contract> = {}): Contract => ({
  ...{ id: 'contract_0', proposer: 'agent_0', counterparty: 'agent_1', arbitrator: 'agent_2', payment: 40, deposit: 40 },
  ...{ deliverable: 'x', dueTurns: 3, status, deadline: 5, content: status === 'delivered' ? 'x' : null, ...fields },
})

/** What agent_1 sees in a turn; 400 tokens and a reputation of 50 each, unless said otherwise. */
export interface Seen {
  readonly contracts?: readonly Contract[]
  readonly turn?: number
  readonly balances?: Readonly<Record<number, number>>
  readonly reputations?: Readonly<Record<number, number>>
  readonly said?: readonly (readonly [agent: string, text: string])[]
  /** Further fields of its own view and of what everybody sees. */
  readonly own?: Partial<Omit<Observation, 'shared'>>
  readonly all?: Partial<Shared>
}

/** The seat of agent_1 by these rules: turns in which it sees what is said, and what a bot does there. */
export function seatedBy(rules: object) {
  const first = new Episode(simEconomy, rules, 0)
  const { config } = first
  const context = { env: simEconomy, config, seat: simEconomy.seats(config)[1]!, repeat: 0 }
  const seeing = ({ contracts = [], turn = 2, balances = {}, reputations = {}, said = [], own, all }: Seen): Turn<SimEconomy> => {
    const real = first.turn('agent_1')
    const { shared } = real.observation
    const each = (usual: number, others: Readonly<Record<number, number>>) => shared.agents.map((_, row) => others[row] ?? usual)
    return {
      ...{ ...real, t: turn - 1, random: stream(0, 'test', turn) },
      observation: {
        ...{ ...real.observation, ...own },
        contracts: contracts.map(({ id }) => id),
        shared: {
          ...{ ...shared, turn, balances: each(400, balances), reputations: each(50, reputations) },
          openContracts: Object.fromEntries(contracts.map(each => [each.id, each])),
          speeches: said.map(([agent, text]) => ({ agent, text })),
          ...all,
        },
      },
    }
  }
  const bot = (name: string) => simEconomyBots.bots[name]!.factory(context as never) as unknown as Policy<SimEconomy>
  /** What the last of these sights makes the bot call. */
  const made = (name: string, ...sights: readonly Seen[]) => {
    const policy = bot(name)
    const decisions = sights.map(sight => policy.act(seeing(sight)) as Decision)
    return decisions.at(-1)!.calls[0] as { readonly tool: string; readonly args: Record<string, unknown> }
  }
  return { config, seeing, bot, made }
}
