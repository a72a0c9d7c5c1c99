/**
 * How fast sim_economy is with the published study's policy: a bare step, an episode with its log, and the log on disk; and
 * whether time and memory per agent-step stay the same as agents and turns grow.
 */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { paperHarness } from '../../bots/sim_economy/paper_harness.ts'
import type { Decision, Decisions } from '../../envs/core/environment.ts'
import { Episode } from '../../envs/core/episode.ts'
import { deepFreeze } from '../../envs/core/plain.ts'
import type { Policy, Turn } from '../../envs/core/policy.ts'
import { type Config, configSchema, presets } from '../../envs/sim_economy/config.ts'
import { simEconomy } from '../../envs/sim_economy/index.ts'
import type { SimEconomy } from '../../envs/sim_economy/state.ts'
import { Appender } from '../../rollouts/jsonl.ts'
import { type Bench, type BenchRow, seconds } from '../bench.ts'

const SEED = 1001

/** Agent-steps that each size is measured over, so that sizes are compared over the same work. */
const WORK = 4096 * 60

function sized(agents: number, turns: number): Config {
  return deepFreeze(configSchema.parse({ ...presets.paper, num_agents: agents, horizon_turns: turns }))
}

function seat(config: Config): Map<string, Policy<SimEconomy>> {
  const seats = simEconomy.seats(config)
  const make = paperHarness.episode!(
    SEED,
    seats.map(({ agent }) => agent),
  )
  return new Map(seats.map(one => [one.agent, make({ env: simEconomy, config, seat: one, repeat: 0 })]))
}

/** The policy's decisions of one episode, taken down without keeping a log. */
function decisionsOf(config: Config): Decisions[] {
  const policies = seat(config)
  let state = simEconomy.reset(config, SEED)
  return Array.from({ length: config.horizon_turns }, (_, t) => {
    const shared = simEconomy.shared(state)
    const decisions: Record<string, Decision> = {}
    for (const [agent, policy] of policies) {
      // The rest of a turn is not asked for by this policy.
      const turn = { agent, t, observation: simEconomy.observe(state, agent, shared) } as Turn<SimEconomy>
      decisions[agent] = policy.act(turn) as Decision
    }
    state = simEconomy.step(state, decisions).state
    return decisions
  })
}

function stepAll(config: Config, turns: readonly Decisions[]): void {
  let state = simEconomy.reset(config, SEED)
  for (const decisions of turns) state = simEconomy.step(state, decisions).state
}

/** A whole episode: observations, policy, gate, step, log. */
function playAll(config: Config): Episode<SimEconomy> {
  const game = new Episode(simEconomy, config, SEED)
  const policies = seat(config)
  while (!game.over) {
    const decisions: Record<string, Decision> = {}
    for (const agent of game.actors()) decisions[agent] = policies.get(agent)!.act(game.turn(agent)) as Decision
    game.step(decisions)
  }
  return game
}

const repeat = (times: number, work: () => void): void => {
  for (let i = 0; i < times; i++) work()
}

const episodesOf = ({ num_agents, horizon_turns }: Config): number => Math.max(1, Math.round(WORK / (num_agents * horizon_turns)))
const agentSteps = (config: Config): number => config.num_agents * config.horizon_turns * episodesOf(config)

/** Collects garbage; what is left is what is held. */
function heapUsed(): number {
  setFlagsFromString('--expose-gc')
  const collect = runInNewContext('gc') as () => void
  collect()
  return process.memoryUsage().heapUsed
}

/** Bytes of heap that the logs of `WORK` agent-steps hold, per agent-step. */
function heldBytes(config: Config): number {
  const before = heapUsed()
  const logs = Array.from({ length: episodesOf(config) }, () => playAll(config).log)
  const held = heapUsed() - before
  return held / (logs.length * config.num_agents * config.horizon_turns)
}

/** Rows of one figure at growing sizes, each with its ratio to the first. */
function growth(
  what: string,
  unit: string,
  sizes: readonly [name: string, config: Config][],
  of: (config: Config) => number,
): BenchRow[] {
  const rows: BenchRow[] = []
  for (const [name, config] of sizes) {
    const value = of(config)
    const first = rows[0]
    rows.push({
      what: `${what}, ${name}`,
      value,
      unit,
      ...(first !== undefined && { ratio: value / first.value, of: first.what }),
    })
  }
  return rows
}

const byAgents: readonly [string, Config][] = [8, 64, 512, 4096].map(agents => [`${agents} agents`, sized(agents, 60)])
const byTurns: readonly [string, Config][] = [60, 600, 6000].map(turns => [`${turns} turns`, sized(8, turns)])

const nanoseconds = (config: Config, work: () => void): number => (seconds(work, 3) / agentSteps(config)) * 1e9

export const simEconomyBench: Bench = {
  id: 'sim_economy',
  title: 'paper_harness in all seats; agent-steps are agents × turns',
  run() {
    const paper = sized(8, 60)
    // Bare steps first: once logs have been kept, the engine allocates for long lives, and a bare step pays for it.
    const bareBy = ([name, config]: readonly [string, Config]): [string, number] => {
      const turns = decisionsOf(config)
      return [name, nanoseconds(config, () => repeat(episodesOf(config), () => stepAll(config, turns)))]
    }
    const bareAgents = new Map(byAgents.map(bareBy))
    const bareTurns = new Map(byTurns.map(bareBy))

    const rate = (work: () => void): number => agentSteps(paper) / seconds(work)
    const bare = 1e9 / bareAgents.get('8 agents')!
    const episode = rate(() => repeat(episodesOf(paper), () => playAll(paper)))
    const folder = mkdtempSync(join(tmpdir(), 'agoragym-bench-'))
    const steps = new Appender(join(folder, 'steps.jsonl'))
    const written = rate(() => repeat(episodesOf(paper), () => steps.append(JSON.stringify(playAll(paper).log))))
    steps.close()
    rmSync(folder, { recursive: true })

    const first = 'bare step, 8 agents, 60 turns'
    // All logs of a size are held while it is timed: what is kept costs more than what is dropped.
    const played = (config: Config): number =>
      nanoseconds(config, () => void Array.from({ length: episodesOf(config) }, () => playAll(config).log))
    const ns = 'ns/agent-step'
    return [
      { what: first, value: bare, unit: 'agent-steps/s' },
      { what: 'episode with log in memory', value: episode, unit: 'agent-steps/s', ratio: episode / bare, of: first },
      { what: 'episode with log on disk', value: written, unit: 'agent-steps/s', ratio: written / bare, of: first },
      ...growth('bare step', ns, byAgents, config => bareAgents.get(`${config.num_agents} agents`)!),
      ...growth('bare step', ns, byTurns, config => bareTurns.get(`${config.horizon_turns} turns`)!),
      ...growth('episode with log', ns, byAgents, played),
      ...growth('episode with log', ns, byTurns, played),
      ...growth('log in memory', 'bytes/agent-step', byAgents, heldBytes),
      ...growth('log in memory', 'bytes/agent-step', byTurns, heldBytes),
      ...growth('state', 'bytes as JSON', byTurns, config => JSON.stringify(playAll(config).state).length),
    ]
  },
}
