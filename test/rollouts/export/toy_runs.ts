/**
 * Small real runs to export: a toy market in which one seat sells as many units as its repeat says, so that every reward
 * is known, beside one that waits; and a model, served by the fake provider, that writes all sorts of things.
 */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll } from 'vitest'
import { passive } from '../../../bots/any/passive.ts'
import { type AgentId, type AnyEnvironment, call, type Environment, PASS, type PolicyFactory, Registry } from '../../../index.ts'
import { EpisodeStopped } from '../../../rollouts/errors.ts'
import { estimatorNamed } from '../../../rollouts/export/advantage.ts'
import type { DataCard } from '../../../rollouts/export/datacard.ts'
import { type ExportOptions, exportRuns } from '../../../rollouts/export/export.ts'
import { formatNamed } from '../../../rollouts/export/formats.ts'
import { type FakeRequest, type Script, startFakeProvider } from '../../../rollouts/models/fake/index.ts'
import { Models } from '../../../rollouts/models/index.ts'
import type { Player } from '../../../rollouts/player.ts'
import { playRuns } from '../../../rollouts/run.ts'
import { type ToyTypes, toyMarket } from '../../toy_market/index.ts'

/** The toy market, which ends by its own rules, but for seeds 6, 16, 26 …, which end at its horizon. */
export const market: Environment<ToyTypes> = {
  ...toyMarket,
  step(state, decisions) {
    const step = toyMarket.step(state, decisions)
    return step.done !== false && state.seed % 10 !== 6 ? { ...step, done: 'terminated', stop: 'market_closed' } : step
  },
}

/** The same player, who leaves at the third turn of seeds 5, 15, 25 …: those rollouts are cut short. */
export function leaving(factory: PolicyFactory<ToyTypes>): PolicyFactory<ToyTypes> {
  const episode: PolicyFactory<ToyTypes>['episode'] = seed => context => {
    const policy = factory(context)
    return {
      act(turn) {
        if (seed % 10 === 5 && turn.t === 2) throw new EpisodeStopped('player_quit')
        return policy.act(turn)
      },
    }
  }
  return Object.assign((context: Parameters<PolicyFactory<ToyTypes>>[0]) => factory(context), { episode })
}

/** The market in which each trader is told its name and takes its turn, and trader_0 is paid half a point after each turn of the other. */
const turns: Environment<ToyTypes> = {
  ...toyMarket,
  id: 'toy_turns',
  rules: (_, agent) => `You are ${agent}.`,
  actors: ({ t }) => [t % 2 === 0 ? 'trader_0' : 'trader_1'],
  step(state, decisions) {
    const step = toyMarket.step(state, decisions)
    return { ...step, rewards: { trader_0: state.t % 2 === 0 ? 0 : 0.5, trader_1: 0 } }
  },
  score: log =>
    Object.fromEntries(
      Object.entries(toyMarket.score(log)).map(([agent, score]) => [
        agent,
        { ...score, reward: agent === 'trader_0' ? 0.5 * Math.floor(log.steps.length / 2) : 0 },
      ]),
    ),
}

export const registry = new Registry<AnyEnvironment>('environment')
registry.add(market.id, market)
registry.add(turns.id, turns)

/** Sells as many units as the repeat says at the first turn, at a price of 10: its reward is a tenth of the repeat. */
const sellsRepeat: PolicyFactory<ToyTypes> = ({ repeat }) => ({
  act: ({ t }) => (t === 0 && repeat > 0 ? call('sell', { quantity: repeat }) : t === 0 ? call('wait') : PASS),
})

export const bot = (name: string, factory: PolicyFactory<ToyTypes>): Player => ({
  name,
  kind: 'bot',
  details: {},
  policies: () => factory as never,
})

export const seller = bot('bot:seller', leaving(sellsRepeat))
/** Sells as many units as the repeat says, and in the second seat one more: rewards of a tenth of that, told apart by seat. */
export const lopsided = bot('bot:lopsided', ({ repeat, seat }) => {
  const quantity = repeat + (seat.agent === 'trader_1' ? 1 : 0)
  return { act: ({ t }) => (t === 0 && quantity > 0 ? call('sell', { quantity }) : PASS) }
})
/** Waits as the idler does, under another name. */
export const sleeper = bot('bot:sleeper', passive)
export const idler = bot('bot:idler', leaving(passive))

export interface PlayOptions {
  /** The market by default. */
  readonly env?: Environment<ToyTypes>
  readonly player?: Player
  readonly seeds?: readonly number[]
  readonly repeats?: number
  readonly horizon?: number
  /** Who sits in the other seats; the idler by default. */
  readonly others?: Player
  /** Seats that are evaluated. */
  readonly seats?: readonly AgentId[]
  readonly resume?: boolean
}

/**
 * The market with scores that begin at 0.25, and earnings that are not defined where there are none.
 */
export const endowed: Environment<ToyTypes> = {
  ...market,
  score: log =>
    Object.fromEntries(Object.entries(market.score(log)).map(([agent, all]) => [agent, { ...all, reward: all.reward! + 0.25 }])),
  metrics: { ...market.metrics, of: (log, agent) => ({ earned: market.metrics.of(log, agent).earned || null }) },
}

/** Plays a run of the market in which traders take turns. */
export const playTurns = (out: string, options: PlayOptions = {}): Promise<string> => play(out, { ...options, env: turns })

/** Plays a run into `out` and gives its folder. */
export async function play(out: string, options: PlayOptions = {}): Promise<string> {
  const {
    env = market,
    player = seller,
    seeds = [0, 1],
    repeats = 4,
    horizon = 3,
    seats = ['trader_0'],
    others = idler,
    resume = false,
  } = options
  const config = market.config.parse({ traders: 2, horizon })
  const lineup = { trader_0: others, trader_1: others, ...Object.fromEntries(seats.map(agent => [agent, player])) }
  const { runs } = await playRuns(
    [
      {
        env: env as never,
        preset: 'default',
        set: {},
        config,
        seat: () => ({ lineup, evaluated: seats }),
        examples: { name: `seeds ${seeds}`, rows: seeds.map(seed => ({ index: seed, config, seed })) },
        repeats,
      },
    ],
    { out, concurrency: 4, resume },
  )
  return runs[0]!.folder
}

/** Words that a file format may stumble over. */
export const STRANGE = 'Ich “biete” 3 €\n\t"nichts"\\ 😀 \u2028 <|im_end|> {"tool": 1}'

/** What the model writes: it sells, twice at once at turn 1, and its JSON is broken at turn 2. */
function writes({ turn, session }: FakeRequest) {
  const quantity = 1 + (session.charCodeAt(session.length - 1) % 3)
  if (turn === 0) return { content: STRANGE, reasoning: 'It is dear now.', calls: [{ name: 'sell', arguments: { quantity } }] }
  if (turn === 1)
    return {
      content: '',
      calls: [
        { name: 'sell', arguments: { quantity: 1 } },
        { name: 'wait', arguments: {} },
      ],
    }
  return { content: 'I sell.', calls: [{ name: 'sell', arguments: '{"quantity": 1' }] }
}

/** Plays a run of a model; `extraBody` asks the server for token ids. */
export async function playModel(
  out: string,
  {
    extraBody = {},
    failing = () => false,
    script = writes,
    ...options
  }: PlayOptions & { extraBody?: object; failing?: (request: FakeRequest) => boolean; script?: Script } = {},
): Promise<string> {
  const provider = await startFakeProvider({ script, fault: request => (failing(request) ? 'server_error' : undefined) })
  try {
    const models = new Models({ extraBody: { ...extraBody }, sampling: { temperature: 0.7 }, retry: { maxRetries: 0 } })
    return await play(out, { ...options, player: models.player(`openai:m@${provider.url}`) })
  } finally {
    await provider.close()
  }
}

/** Exports with the toy's registry and the defaults of the command line. */
export function toExport(
  runs: readonly string[],
  format: string,
  out: string,
  more: Partial<ExportOptions> = {},
): Promise<DataCard> {
  return exportRuns({
    runs,
    format: formatNamed(format),
    out,
    estimator: estimatorNamed('grpo'),
    threshold: 0.5,
    margin: 0.1,
    environments: registry,
    ...more,
  })
}

// biome-ignore lint/suspicious/noExplicitAny: rows of any format, whose shapes are what the tests are about.
export type AnyRow = any

/** The rows of a JSON Lines file. */
export function rowsOf(...path: readonly string[]): AnyRow[] {
  return readFileSync(join(...path), 'utf8')
    .split('\n')
    .filter(line => line !== '')
    .map(line => JSON.parse(line))
}

/** A maker of folders that all tests of a file share, removed after the last. */
export function sharedFolder(): () => string {
  const root = mkdtempSync(join(tmpdir(), 'agoragym-'))
  afterAll(() => rmSync(root, { recursive: true, force: true }))
  return () => mkdtempSync(join(root, 'f-'))
}
