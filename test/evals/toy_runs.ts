/** Runs of the toy market on disk, played by small scripted players: the real files that comparisons and reports read. */
import { passive } from '../../bots/any/passive.ts'
import { type AnyPolicyFactory, call, PASS } from '../../envs/core/policy.ts'
import { type CompareOptions, type Comparison, compare as compareRuns } from '../../evals/compare.ts'
import { economies, environments } from '../../index.ts'
import { seat } from '../../rollouts/lineup.ts'
import { type Player, ProviderError } from '../../rollouts/player.ts'
import { playRuns } from '../../rollouts/run.ts'
import { scratch } from '../rollouts/table.ts'
import { type ToyTypes, toyMarket } from '../toy_market/index.ts'

export function scripted(name: string, factory: AnyPolicyFactory, details: Player['details'] = {}): Player {
  return { name, kind: 'bot', details, policies: () => factory }
}

/** Sells all it has every turn. */
export const seller = scripted('seller', () => ({
  act: ({ observation }) => {
    const { grain } = observation as ToyTypes['Observation']
    return grain > 0 ? call('sell', { quantity: grain }) : call('wait')
  },
}))

economies.register({
  env: toyMarket,
  bots: {
    miser: { description: 'Sells nothing.', factory: passive },
    seller: { description: 'Sells all.', factory: seller.policies(undefined as never) },
  },
  opponents: { miser: 1 },
  players: ['bot:miser', 'bot:seller'],
})

/** Compares runs of the registered economies. */
export const compare = (folders: readonly string[], options: Partial<CompareOptions> = {}): Comparison =>
  compareRuns(folders, { environments, ...options })

/** Sells one unit, then waits, in turns; asks for more than it has at first. */
export const dabbler = scripted('dabbler', () => ({
  act: ({ t }) => (t === 0 ? call('sell', { quantity: 99 }) : t % 2 === 1 ? call('sell', { quantity: 1 }) : call('wait')),
}))

export const sleeper = scripted('sleeper', () => ({ act: () => PASS }))

/** A player whose provider fails at some seeds for good. */
export const failing = (name: string, seeds: readonly number[]): Player => {
  const factory: AnyPolicyFactory = () => {
    throw new Error('made by episode')
  }
  return scripted(
    name,
    Object.assign(factory, {
      episode: (seed: number) => () => ({
        act: () => {
          if (seeds.includes(seed)) throw new ProviderError('no answer', { code: 'server_error', status: 500, attempts: 3 })
          return call('wait')
        },
      }),
    }),
  )
}

export interface ToyRuns {
  readonly out: string
  readonly seeds?: readonly number[]
  readonly repeats?: number
  readonly set?: Readonly<Record<string, unknown>>
  readonly resume?: boolean
  /** Who sits in trader_1; where absent both seats are the players', in pairs. */
  readonly opponent?: Player
}

/** Plays each player in trader_0. */
export async function playToy(players: readonly Player[], { out, seeds = [0, 1, 2], repeats = 1, set = {}, ...rest }: ToyRuns) {
  const config = toyMarket.config.parse(set)
  const rows = seeds.map(seed => ({ index: seed, config, seed }))
  const opponents = [{ player: rest.opponent ?? sleeper, count: 1 }]
  const plans = players.map(player => ({
    env: environments.get('toy_market'),
    preset: 'default',
    set,
    config,
    seat: (each: object) => seat(environments.get('toy_market'), each, { learner: player, fixed: {}, opponents, exact: false }),
    examples: { name: `seeds ${seeds.join()}`, rows },
    repeats,
  }))
  const { runs } = await playRuns(plans, { out, concurrency: 1, resume: rest.resume ?? false })
  return runs.map(({ folder }) => folder)
}

/** Plays two players in one economy, or more, all of them evaluated. */
export async function playPair(players: readonly Player[], out: string, seeds: readonly number[]) {
  const config = toyMarket.config.parse({ traders: players.length })
  const env = environments.get('toy_market')
  const fixed = Object.fromEntries(players.map((player, i) => [`trader_${i}`, player]))
  const examples = { name: 'pair', rows: seeds.map(seed => ({ index: seed, config, seed })) }
  const plan = {
    env,
    preset: 'default',
    set: {},
    config,
    seat: (each: object) => seat(env, each, { fixed, opponents: [], exact: false }),
  }
  const { runs } = await playRuns([{ ...plan, examples, repeats: 1 }], { out, concurrency: 1 })
  return runs[0]!.folder
}

/** A folder to use, gone after the test. */
export function withFolder(use: (folder: string) => Promise<void>): Promise<void> {
  return use(scratch())
}
