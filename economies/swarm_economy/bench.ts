/** How fast the swarm economy is: bare, played by a scripted learner, and through the text a model reads and writes. */
import { anyBots } from '../../bots/index.ts'
import { swarmBots } from '../../bots/swarm_economy/index.ts'
import { type AnyEnvironment, type Decision, Episode, type Scenario } from '../../envs/core/index.ts'
import { swarmEconomy } from '../../envs/swarm_economy/index.ts'
import { LEARNER } from '../../envs/swarm_economy/state.ts'
import { type Bench, type BenchRow, seconds } from '../bench.ts'

const env = swarmEconomy as unknown as AnyEnvironment
const bots = { ...anyBots, ...swarmBots.bots }
const PASS: Decision = { calls: [{ tool: 'pass_turn', args: {} }] }
const SCENARIOS = 20
const REPEATS = 4

/** Plays a scenario with a bot; gives its steps. `reading` also makes the text and takes the call from JSON. */
function play({ config, seed }: Scenario, bot: string, repeat: number, reading: boolean): number {
  const episode = new Episode(env, config, seed, { repeat })
  const seat = env.seats(episode.config)[0]!
  const policy = bots[bot]!.factory({ env, config: episode.config, seat, repeat })
  let read = reading ? env.rules(episode.config, LEARNER).length : 0
  while (!episode.over) {
    const turn = episode.turn(LEARNER)
    if (reading) read += env.render(turn.observation).length
    const decision = policy.act(turn) as Decision
    episode.step({ [LEARNER]: reading ? JSON.parse(JSON.stringify(decision)) : decision })
  }
  env.score(episode.log)
  if (reading && read === 0) throw new Error('bench: there was nothing to read')
  return episode.t
}

export const swarmEconomyBench: Bench = {
  id: 'swarm_economy',
  title: 'v0.2, 20 scenarios × 4: steps of the world with a learner and three residents',
  run(): readonly BenchRow[] {
    const rows = env.scenarios!(env.config.parse({ profile: 'v0.2' }), SCENARIOS)
    const all = (bot: string, reading: boolean): number =>
      rows.reduce((sum, row) => {
        for (let repeat = 0; repeat < REPEATS; repeat++) sum += play(row, bot, repeat, reading)
        return sum
      }, 0)
    const bare = (): number => {
      let steps = 0
      for (const { config, seed } of rows) {
        const parsed = env.config.parse(config)
        for (let repeat = 0; repeat < REPEATS; repeat++) {
          let state = env.reset(parsed, seed)
          for (let done: unknown = false; !done; steps++) ({ state, done } = env.step(state, { [LEARNER]: PASS }))
        }
      }
      return steps
    }
    const rate = (work: () => number): { value: number; took: number } => {
      const took = seconds(work)
      return { value: work() / took, took }
    }
    const [first, worker, reader, random] = [
      bare,
      () => all('worker', false),
      () => all('worker', true),
      () => all('random_legal', false),
    ].map(rate)
    const of = 'env.step, nobody looking'
    const row = (what: string, { value }: { value: number }): BenchRow => ({
      what,
      value,
      unit: 'steps/s',
      ratio: value / first!.value,
      of,
    })
    return [
      { what: of, value: first!.value, unit: 'steps/s' },
      row('Episode with bot:worker', worker!),
      row('the same, with the text a model reads and JSON calls', reader!),
      row('Episode with random legal calls', random!),
      { what: `${SCENARIOS * REPEATS} rollouts of bot:worker, scored`, value: worker!.took, unit: 's' },
      { what: `${SCENARIOS * REPEATS} rollouts through the text interface, scored`, value: reader!.took, unit: 's' },
    ]
  },
}
