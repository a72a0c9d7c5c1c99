/**
 * The ways to play one seat of an economy. Every route is given the same game and the same decisions and must give the same rewards,
 * scores and texts: `routes.test.ts`. A new bridge adds a row.
 */
import { PassThrough } from 'node:stream'
import { type AnyTypes, type Decision, type Economy, Episode, economies, solo, Table } from '../../index.ts'
import { Host } from '../../serve/host.ts'
import { serveStdio } from '../../serve/stdio.ts'
import { Connection, type Frame } from '../../serve/wire.ts'
import { nemoRoute, openEnvRoute, webSocketClient } from './http.ts'
import type { Played, RouteGame } from './route_game.ts'

export type Route = (game: RouteGame, decisions: readonly Decision[]) => Played | Promise<Played>

const opponentsOf = ({ economy, others }: RouteGame) => {
  const { factory } = economy.bots.random_legal!
  return Object.fromEntries(others.map(agent => [agent, factory]))
}

/** What a client of the wire does: asks, and reads the answer. */
export interface WireClient {
  ask(request: object): Promise<WireAnswer>
  end(): void
}
// biome-ignore lint/suspicious/noExplicitAny: an answer is read field by field.
export type WireAnswer = any

/** A client on a connection in this process. */
export function wireClient(host = new Host({ maxSessions: 64, idleTimeout: 900 })): WireClient {
  const connection = new Connection(host)
  return {
    ask: async request => answerOf(await connection.receive(JSON.stringify(request))),
    end: () => {
      connection.closed()
      host.close()
    },
  }
}

export function answerOf([header, bytes]: readonly Frame[]): WireAnswer {
  const answer = JSON.parse(header as string)
  return bytes === undefined ? answer : { ...answer, data: bytes }
}

/** A client over pipes. */
export function stdioClient(
  host = new Host({ maxSessions: 64, idleTimeout: 900 }),
): WireClient & { readonly served: Promise<void> } {
  const [input, output] = [new PassThrough(), new PassThrough()]
  const served = serveStdio(host, { input, output })
  const waiting: ((answer: WireAnswer) => void)[] = []
  let rest = Buffer.alloc(0)
  output.on('data', (chunk: Buffer) => {
    rest = Buffer.concat([rest, chunk])
    for (let at = rest.indexOf(10); at !== -1; at = rest.indexOf(10)) {
      const header = JSON.parse(rest.subarray(0, at).toString())
      const size = ((header.bytes ?? []) as number[]).reduce((sum, n) => sum + n, 0)
      if (rest.length < at + 1 + size) return
      const data = rest.subarray(at + 1, at + 1 + size)
      rest = rest.subarray(at + 1 + size)
      waiting.shift()!(size > 0 ? { ...header, data } : header)
    }
  })
  return {
    ask: request =>
      new Promise(resolve => {
        waiting.push(resolve)
        input.write(`${JSON.stringify(request)}\n`)
      }),
    end: () => {
      input.end()
      host.close()
    },
    served,
  }
}

/** Plays by `step`. */
async function stepping(client: WireClient, game: RouteGame, decisions: readonly Decision[]): Promise<Played> {
  const { s } = await made(client, game, ['text'])
  const { agent } = game
  const rewards: number[] = []
  const texts: string[] = []
  let view = await client.ask({ op: 'reset', s, seed: game.seed })
  for (const decision of decisions) {
    texts.push(view.turns[agent].text)
    view = await client.ask({ op: 'step', s, decisions: { [agent]: decision } })
    rewards.push(view.rewards[agent])
  }
  client.end()
  return { rewards, texts, scores: view.scores[agent], stop: view.stop }
}

/** Plays by `say`: the text is the part of what is told that the economy renders. */
async function saying(client: WireClient, game: RouteGame, decisions: readonly Decision[]): Promise<Played> {
  const { s } = await made(client, game, ['messages', 'text'])
  const { agent } = game
  const rewards: number[] = []
  const texts: string[] = []
  let view = await client.ask({ op: 'reset', s, seed: game.seed })
  for (const [i, { calls, units }] of decisions.entries()) {
    const { text } = view.turns[agent]
    const told = view.told[agent].at(-1).content as string
    if (!told.includes(text)) throw new Error(`expected the text in what is told, got ${told.slice(0, 200)}`)
    texts.push(text)
    const tool_calls = calls.map((made, k) => ({ id: `call_${i}_${k}`, name: made.tool, arguments: JSON.stringify(made.args) }))
    view = await client.ask({ op: 'say', s, messages: { [agent]: { content: 'So be it.', tool_calls, units } } })
    rewards.push(view.rewards[agent])
  }
  client.end()
  return { rewards, texts, scores: view.scores[agent], stop: view.stop }
}

async function made(
  client: WireClient,
  { economy, preset, agent, others }: RouteGame,
  want: readonly string[],
): Promise<WireAnswer> {
  const opponents = others.length > 0 ? { opponents: { '*': 'random' } } : {}
  return client.ask({ op: 'make', env: economy.env.id, preset, live: [agent], want, ...opponents })
}

/** A game of every economy with the decisions of its first scripted player, played once by hand. */
export function gameOf(economy: Economy): { readonly game: RouteGame; readonly decisions: readonly Decision[] } {
  const { env, players, bots } = economy
  const presets = Object.keys(env.presets)
  const preset = presets.find(name => /short|quick/.test(name)) ?? presets[0]!
  const config = env.config.parse(env.presets[preset])
  const seats = env.seats(config)
  const learner = seats.find(seat => seat.learner) ?? seats[0]!
  const others = seats.filter(seat => !seat.resident && seat !== learner).map(seat => seat.agent)
  const game = { economy, preset, config, agent: learner.agent, others, seed: 5 }
  const table = new Table<AnyTypes>(env, { config, opponents: opponentsOf(game) })
  const bot = bots[players[0]!.replace('bot:', '')]!.factory
  const made = bot.episode?.(5, [learner.agent]) ?? bot
  const policy = made({ env, config, seat: learner, repeat: 0 })
  const decisions: Decision[] = []
  for (table.reset(5); table.view.stop === null; ) {
    const { calls } = policy.act(table.turn(learner.agent)) as Decision
    const units = { thinking: 3, output: 20, source: 'reported' as const }
    decisions.push({ calls, units })
    table.step({ [learner.agent]: decisions.at(-1)! })
  }
  return { game, decisions }
}

/** The core alone: what every other route is held to. */
export const episodeRoute: Route = (game, decisions) => {
  const { economy, config, agent, others, seed } = game
  const { env, bots } = economy
  const seats = Object.fromEntries([agent, ...others].map(seat => [seat, 'player']))
  const episode = new Episode(env, config, seed, { seats })
  const { factory } = bots.random_legal!
  const make = factory.episode?.(seed, others) ?? factory
  const all = env.seats(episode.config)
  const policies = new Map(
    others.map(seat => [seat, make({ env, config: episode.config, seat: all.find(each => each.agent === seat)!, repeat: 0 })]),
  )
  const rewards: number[] = []
  const texts: string[] = []
  const left = [...decisions]
  while (!episode.over) {
    const actors = episode.actors()
    const taken: Record<string, Decision> = {}
    for (const seat of actors) {
      if (seat === agent) {
        texts.push(env.render(episode.observe(agent)))
        taken[seat] = left.shift()!
        rewards.push(0)
      } else taken[seat] = policies.get(seat)!.act(episode.turn(seat)) as Decision
    }
    const { rewards: paid } = episode.step(taken)
    rewards[rewards.length - 1]! += paid[agent]!
  }
  return { rewards, texts, scores: env.score(episode.log)[agent]!, stop: episode.log.stop! }
}

export const routes: Readonly<Record<string, Route>> = {
  Table: async (game, decisions) => {
    const { economy, config, agent, seed } = game
    const table = new Table<AnyTypes>(economy.env, { config, live: [agent], opponents: opponentsOf(game) })
    const rewards: number[] = []
    const texts: string[] = []
    await table.reset(seed)
    for (const decision of decisions) {
      texts.push(economy.env.render(table.observe(agent)))
      const view = await table.step({ [agent]: decision })
      rewards.push(view.rewards[agent]!)
    }
    return { rewards, texts, scores: table.view.scores![agent]!, stop: table.view.stop! }
  },
  solo: async (game, decisions) => {
    const { economy, config, agent, seed } = game
    const alone = solo<AnyTypes>(economy.env, { config, seat: agent, opponents: opponentsOf(game) })
    const rewards: number[] = []
    const texts: string[] = []
    await alone.reset(seed)
    for (const decision of decisions) {
      texts.push(economy.env.render(alone.observe()))
      rewards.push((await alone.step(decision)).reward)
    }
    return { rewards, texts, scores: economy.env.score(alone.log)[agent]!, stop: alone.log.stop! }
  },
  'the wire, by steps': (game, decisions) => stepping(wireClient(), game, decisions),
  'the wire, by messages': (game, decisions) => saying(wireClient(), game, decisions),
  'the wire over pipes, by steps': (game, decisions) => stepping(stdioClient(), game, decisions),
  'the wire over WebSocket, by steps': (game, decisions) => stepping(webSocketClient(), game, decisions),
  'OpenEnv over WebSocket': openEnvRoute,
  'NeMo Gym over HTTP': nemoRoute,
  'the wire over pipes, by messages': (game, decisions) => saying(stdioClient(), game, decisions),
}

export { economies }
