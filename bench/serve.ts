/**
 * What the wire adds to play: the same games with the same decisions in the core alone and through a connection, one session and many,
 * by calls and as vectors. Processor time of the serving side; what the pipe and the client take is theirs.
 */
import type { Bench, BenchRow } from '../economies/bench.ts'
import type { Economy } from '../economies/economy.ts'
import { economies } from '../economies/registry.ts'
import { seatPolicies } from '../envs/core/ask.ts'
import { resolveConfig } from '../envs/core/config.ts'
import type { AnyTypes, Decision } from '../envs/core/environment.ts'
import { defaultPlayed, learnerOf } from '../envs/core/environment.ts'
import { Episode } from '../envs/core/episode.ts'
import type { Policy } from '../envs/core/policy.ts'
import { median } from '../envs/core/sums.ts'
import type { AgentId } from '../envs/core/tool.ts'
import { Host } from '../serve/host.ts'
import { Connection } from '../serve/wire.ts'
import { cpuMs } from './measured.ts'

/** Games of a timing by calls, whatever number of them is played side by side. */
const GAMES = 64
const SESSIONS = [1, 16, 64]
/** Games of a vector. */
const VECTORS = [64, 1024]
/** Turns of each game that are timed. */
const TURNS = 6
/** Timings of each way to play, the first of which only warms up. */
const ROUNDS = 4

export const serving: Bench = {
  id: 'serve',
  title: 'the wire: processor time of a turn in the core, through sessions, and in vectors of games',
  run: async () => (await Promise.all(economies.list().map(economy => measure(economy)))).flat(),
}

/** A game of the learner against `random`, as the core plays it. */
interface CoreGame {
  readonly episode: Episode<AnyTypes>
  readonly others: ReadonlyMap<AgentId, Policy<AnyTypes>>
}

/** The figures of one economy. */
export async function measure(
  economy: Economy,
  { games = GAMES, sessions = SESSIONS, vectors = VECTORS, turns = TURNS, rounds = ROUNDS } = {},
): Promise<BenchRow[]> {
  const { env, bots } = economy
  const config = resolveConfig(env, undefined)
  const seats = env.seats(config)
  const agent = learnerOf(seats)
  const rest = defaultPlayed(seats).filter(seat => seat !== agent)
  const { factory } = bots.random_legal!
  const begin = (seed: number): CoreGame => {
    const episode = new Episode(env, config, seed, { seats: Object.fromEntries([agent, ...rest].map(seat => [seat, 'player'])) })
    const others = new Map(seatPolicies(factory, rest, { env, config, seats, seed, repeatOf: () => 0 }))
    return { episode, others }
  }
  /** Plays up to the learner's next turn; false where there is none. */
  const advance = ({ episode, others }: CoreGame, own?: Decision): boolean => {
    let pending = own
    while (!episode.over) {
      const actors = episode.actors()
      if (pending === undefined && actors.includes(agent)) return true
      const decisions: Record<AgentId, Decision> = {}
      for (const seat of actors) {
        if (seat === agent) decisions[seat] = pending!
        else decisions[seat] = others.get(seat)!.act(episode.turn(seat)) as Decision
      }
      pending = undefined
      episode.step(decisions)
    }
    return false
  }
  /** What the learner does, game by game, where it plays at random: the same in every way to play. */
  const script = (seed: number): Decision[] => {
    const game = begin(seed)
    const [[, policy]] = seatPolicies(factory, [agent], { env, config, seats, seed, repeatOf: () => 0 }) as [
      readonly [AgentId, Policy<AnyTypes>],
    ]
    const decisions: Decision[] = []
    for (let goes = advance(game); goes && decisions.length < turns; goes = advance(game, decisions.at(-1)!))
      decisions.push(policy.act(game.episode.turn(agent)) as Decision)
    return decisions
  }
  const scripts = Array.from({ length: games }, (_, seed) => script(seed))
  const opponents = rest.length > 0 ? { opponents: { '*': 'random' } } : {}
  const game = { env: env.id, live: [agent], ...opponents }
  const host = new Host({ maxSessions: 2 ** 16, idleTimeout: 3600 })

  let read = 0
  const core = (looks: boolean) => (): Timing => {
    const begun = scripts.map((_, seed) => begin(seed))
    for (const each of begun) advance(each)
    return timed(() => {
      let steps = 0
      for (const [seed, each] of begun.entries()) {
        for (const decision of scripts[seed]!) {
          const goes = advance(each, decision)
          steps++
          if (looks && goes) read += env.render(each.episode.observe(agent)).length
        }
      }
      return steps
    })
  }
  const wire = (n: number) => (): Timing => {
    const connection = new Connection(host)
    const ask = (request: object) => connection.receive(JSON.stringify(request)) as readonly string[]
    const numbers = scripts.map((_, seed) => {
      const { s } = JSON.parse(ask({ op: 'make', ...game })[0]!) as { s: number }
      ask({ op: 'reset', s, seed })
      return s
    })
    const timing = timed(() => {
      let steps = 0
      for (let from = 0; from < numbers.length; from += n) {
        for (let turn = 0; turn < turns; turn++) {
          for (const [i, s] of numbers.slice(from, from + n).entries()) {
            const decision = scripts[from + i]![turn]
            if (decision === undefined) continue
            read += ask({ id: steps, op: 'step', s, decisions: { [agent]: decision } })[0]!.length
            steps++
          }
        }
      }
      return steps
    })
    connection.closed()
    return timing
  }
  const text = await compare(
    [
      [`${env.id}: the core's own step`, core(false)],
      ['  the same with the text of the turn', core(true)],
      ...sessions.map(n => [`  over the wire, ${n} session${n === 1 ? '' : 's'}`, wire(n)] as const),
    ],
    1,
    rounds,
  )
  if (read === 0) throw new Error('bench: there was nothing to read')
  const encoding = env.encode?.(config)
  if (encoding === undefined) {
    host.close()
    return text
  }

  const [features, slots] = [encoding.features.length, encoding.slots.length]
  /** The same legal slot for the same game and turn, whoever asks. */
  const choose = (mask: Uint8Array, at: number, seed: number, turn: number): number => {
    let legal = 0
    for (let i = 0; i < slots; i++) legal += mask[at + i]!
    let k = (seed * 7919 + turn * 104729) % Math.max(1, legal)
    for (let i = 0; i < slots; i++) if (mask[at + i] === 1 && k-- === 0) return i
    return 0
  }
  const size = Math.min(...vectors)
  const encoded = (): Timing => {
    const begun = Array.from({ length: size }, (_, seed) => begin(seed))
    const [observation, mask] = [new Float32Array(size * features), new Uint8Array(size * slots)]
    const seen = begun.map((each, i) => {
      advance(each)
      const sees = each.episode.observe(agent)
      encoding.mask(sees, each.episode.offered(agent), mask, i * slots)
      return sees
    })
    return timed(() => {
      let steps = 0
      for (let turn = 0; turn < turns; turn++) {
        for (const [i, each] of begun.entries()) {
          if (each.episode.over) continue
          const goes = advance(each, encoding.decode(seen[i], choose(mask, i * slots, i, turn)))
          steps++
          seen[i] = each.episode.observe(agent)
          encoding.observe(seen[i], observation, i * features)
          if (goes) encoding.mask(seen[i], each.episode.offered(agent), mask, i * slots)
        }
      }
      return steps
    })
  }
  const vector = (n: number) => (): Timing => {
    const connection = new Connection(host)
    const ask = (request: object) => connection.receive(JSON.stringify(request)) as readonly [string, Uint8Array]
    const { v } = JSON.parse(ask({ op: 'vmake', ...game, n })[0]) as { v: number }
    const maskOf = ([header, bytes]: readonly [string, Uint8Array]): Uint8Array => {
      const { bytes: lengths } = JSON.parse(header) as { bytes: number[] }
      return bytes.subarray(lengths[0]!, lengths[0]! + lengths[1]!)
    }
    let mask = maskOf(ask({ op: 'vreset', v }))
    const timing = timed(() => {
      let steps = 0
      for (let turn = 0; turn < turns; turn++) {
        const actions = Array.from({ length: n }, (_, i) => choose(mask, i * slots, i, turn))
        mask = maskOf(ask({ op: 'vstep', v, actions }))
        steps += n
      }
      return steps
    })
    connection.closed()
    return timing
  }
  const numeric = await compare(
    [
      [`  the core's own step, encoded`, encoded],
      ...vectors.map(n => [`  a vector of ${n.toLocaleString('en')}`, vector(n)] as const),
    ],
    0,
    rounds,
  )
  host.close()
  return [...text, ...numeric]
}

interface Timing {
  readonly steps: number
  /** Microseconds of processor time. */
  readonly took: number
}

function timed(work: () => number): Timing {
  const before = process.cpuUsage()
  const steps = work()
  return { steps, took: 1000 * cpuMs(before) }
}

/** A row for each way, its ratio to the way at `base`. They are timed in turns, so that whatever else goes on falls on all of them. */
async function compare(
  ways: readonly (readonly [what: string, play: () => Timing])[],
  base: number,
  rounds: number,
): Promise<BenchRow[]> {
  const timings: number[][] = []
  for (let round = 0; round < rounds; round++)
    timings.push(
      ways.map(([, play]) => {
        const { steps, took } = play()
        return took / Math.max(1, steps)
      }),
    )
  const values = ways.map((_, way) => median(timings.slice(1).map(round => round[way]!))!)
  return ways.map(([what], i) => ({
    what,
    value: values[i]!,
    unit: 'CPU µs/step',
    ...(i !== base && { ratio: values[i]! / values[base]!, of: ways[base]![0].trim() }),
  }))
}
