/**
 * The models of a run: makes a player of each player string and treatment, and holds what they share: keys, limits, budget, cache,
 * prices. Knows no economy and no file of a run.
 */
import { randomLegal } from '../../bots/any/random_legal.ts'
import { UserError } from '../../envs/core/errors.ts'
import { RunStopped } from '../errors.ts'
import type { Message } from '../messages.ts'
import type { CallRow, Player, RolloutContext } from '../player.ts'
import { type Asked, type Asking, addedRules, askedAs, askedOf, playerDetails, requestSettings } from './asked.ts'
import { Budget, type Ledger, type Spending } from './budget.ts'
import { ResponseCache } from './cache.ts'
import { Caller, type CallerContext, callRow, Traffic } from './caller.ts'
import { requestDigest } from './conversation.ts'
import { type Endpoint, parseEndpoint } from './endpoint.ts'
import { ASSUMED_COMPLETION, type Measured, measuringPolicy } from './estimate.ts'
import { Limiters } from './limiter.ts'
import { modelPolicy } from './model_policy.ts'
import { NO_PACE, type Pace, Pacer } from './pace.ts'
import { type Price, type Prices, priceOf } from './prices.ts'
import { Secrets } from './redact.ts'
import { type Clock, RETRY, type RetryPolicy, systemClock } from './retry.ts'
import { servedPlayer } from './served.ts'
import { type PlayerChoice, readPlayer } from './treatment.ts'

export interface ModelsOptions extends Asking {
  /** Where keys are looked up: the environment of the process. */
  readonly env?: Readonly<Record<string, string | undefined>>
  /** `VARIABLE` or `host=VARIABLE`: which variables hold the keys of other URLs than the providers' own. */
  readonly keyVariables?: readonly string[]
  /** Calls in flight at most, over all models. */
  readonly concurrency?: number
  /** USD and tokens that the calls of this run may use at most. */
  readonly maxCost?: number
  readonly maxTokens?: number
  /** Where several processes share these ceilings; a budget of this process's own otherwise. */
  readonly budget?: Ledger
  /** Requests a minute at most to each endpoint, evenly spaced, retries included; no limit by default. */
  readonly maxRpm?: number
  /** Where several processes share that limit; this process alone otherwise. */
  readonly pace?: Pace
  /** Read when the first model is seated; none by default. */
  readonly prices?: () => Prices
  /** The folder of the response cache; absent for none. */
  readonly cache?: string
  readonly retry?: Partial<RetryPolicy>
  /** Model time of one seat in one episode, in milliseconds. */
  readonly timeoutEpisodeMs?: number
  /** Once aborted, calls in flight are finished and none is begun: policies reject with a RunStopped. */
  readonly stop?: AbortSignal
  readonly clock?: Clock
}

/** The fields of a treatment that speak of play. */
const IN_GAMES: readonly string[] = ['persona', 'instructions', 'history', 'no_tool_call']

/** A model outside a game. */
export interface Asker {
  /** The canonical player string, credentials redacted. */
  readonly name: string
  /** As a player's. */
  readonly details: Readonly<Record<string, unknown>>
  readonly price: Price | null
  /** The digest that a row of these messages has: what tells whether they were answered before. */
  request(messages: readonly Message[]): string
  /** Asks without tools; `place` names the rollout and seat that it is about. Rejects as a player's call does. */
  ask(messages: readonly Message[], place: Pick<CallRow, 'key' | 'agent'>): Promise<CallRow>
}

export class Models {
  readonly #options: ModelsOptions
  readonly #context: CallerContext
  readonly #callers = new Map<string, Caller>()
  readonly #players = new Map<string, Asked>()
  readonly #stop = new AbortController()
  #prices: Prices | undefined
  readonly #measured = new Map<string, Measured>()

  constructor(options: ModelsOptions = {}) {
    this.#options = options
    const {
      env = {},
      keyVariables = [],
      concurrency = 64,
      maxCost,
      maxTokens,
      maxRpm,
      cache,
      retry,
      clock = systemClock,
    } = options
    this.#context = {
      keys: { env, variables: keyVariables },
      secrets: new Secrets(),
      limiters: new Limiters(concurrency),
      budget:
        options.budget ??
        new Budget({ ...(maxCost !== undefined && { maxCost }), ...(maxTokens !== undefined && { maxTokens }) }),
      pace: options.pace ?? (maxRpm === undefined ? NO_PACE : new Pacer(maxRpm, clock)),
      cache: cache === undefined ? null : new ResponseCache(cache),
      retry: { ...RETRY, ...retry },
      clock,
      traffic: new Traffic(),
      forms: new Map(),
    }
    const stop = (): void => this.#stop.abort(new RunStopped('Interrupted: calls in flight were finished and kept.'))
    if (options.stop?.aborted) stop()
    else options.stop?.addEventListener('abort', stop, { once: true })
  }

  /**
   * The player of `PROVIDER:MODEL[@URL]`, with its treatment in brackets or as an object; what it says nothing of is as in the
   * options. Two treatments of one model are two players. Throws a UserError for what names none, and where a ceiling on cost was
   * set and no price is known.
   */
  player(choice: PlayerChoice): Player {
    const { player: text, label, treatment } = readPlayer(choice)
    const endpoint = parseEndpoint(text)
    const asked = askedAs(endpoint, treatment, this.#options)
    const { name, settings, style } = asked
    const { personas } = this.#options
    const caller = this.#caller(endpoint, asked)
    this.#players.set(name, asked)
    return {
      name,
      ...(label !== undefined && { label }),
      kind: 'model',
      details: playerDetails(endpoint, asked, personas),
      policies: context => seatContext =>
        modelPolicy(seatContext, {
          key: context.key,
          player: name,
          style: { ...style, persona: addedRules(asked, seatContext.seat.agent, personas) },
          // What was asked for, not what a ceiling adds to it: a resume under another ceiling must find its recorded answers.
          settings: requestSettings(endpoint, settings),
          // A signal of its own for every seat: each has its listeners.
          signal: context.signal,
          abandon: AbortSignal.any([context.signal]),
          stop: AbortSignal.any([context.signal, this.#stop.signal]),
          timeoutMs: this.#options.timeoutEpisodeMs ?? Number.POSITIVE_INFINITY,
          recorded: recordedOf(context, seatContext.seat.agent),
          record: context.record,
          ...(context.retried !== undefined && { retried: context.retried }),
          ask: ask => caller.ask(ask),
        }),
    }
  }

  /**
   * A model that is asked outside a game, such as a judge: under the same keys, limits, ceilings, cache and retries as those that
   * play. Throws as `player` does.
   */
  asker(choice: PlayerChoice): Asker {
    const { player, treatment } = readPlayer(choice)
    const idle = Object.keys(treatment).find(field => IN_GAMES.includes(field))
    if (idle !== undefined) throw new UserError(`Player '${player}': ${idle} means nothing outside a game; leave it out.`)
    const endpoint = parseEndpoint(player)
    const asked = askedAs(endpoint, { ...treatment, persona: null, history: 'full', no_tool_call: 'economy' }, this.#options)
    const caller = this.#caller(endpoint, asked)
    const { name } = asked
    const settings = asked.settings
    const digested = requestSettings(endpoint, settings)
    const { timeoutEpisodeMs: leftMs = Number.POSITIVE_INFINITY } = this.#options
    return {
      name,
      details: askedOf(endpoint, settings),
      price: caller.price,
      request: messages => requestDigest(messages, [], digested),
      ask: async (messages, place) => {
        const request = requestDigest(messages, [], digested)
        const answered = await caller.ask({
          messages,
          tools: [],
          parallel: false,
          session: requestDigest([], [], place).slice(0, 32),
          abandon: new AbortController().signal,
          stop: AbortSignal.any([this.#stop.signal]),
          rollout: place.key,
          cacheName: `${place.key}|${place.agent}|${request}`,
          worstPrompt: () => Buffer.byteLength(JSON.stringify(messages)),
          leftMs,
        })
        return callRow({ ...place, t: 0, call: 0, player: name, request }, answered)
      },
    }
  }

  /** The player of `policy:URL`, asked under the limits, time boxes and retries of models. A UserError where there is no such URL. */
  served(text: string): Player {
    return servedPlayer(text, {
      context: this.#context,
      stop: this.#stop.signal,
      timeoutMs: this.#options.timeoutEpisodeMs ?? Number.POSITIVE_INFINITY,
    })
  }

  /** A player that sits where this one would, plays at random, asks nobody, and measures what a model would be sent. */
  measuring({ name, kind, details }: Player): Player {
    const asked = this.#players.get(name)
    if (asked === undefined) return { name, kind, details, policies: () => randomLegal }
    const { history } = asked.style
    const completion = Math.min(ASSUMED_COMPLETION, asked.settings.sampling.max_tokens ?? ASSUMED_COMPLETION)
    const into = this.#measured.get(name) ?? { calls: 0, prompt: 0, repeated: 0, completion: 0 }
    this.#measured.set(name, into)
    return {
      name,
      kind,
      details,
      policies: () => context =>
        measuringPolicy(
          context,
          { history, persona: addedRules(asked, context.seat.agent, this.#options.personas), completion },
          into,
        ),
    }
  }

  /** What was measured of each player, and its price; null where none is known. */
  get measured(): ReadonlyMap<string, Measured & { readonly price: Price | null }> {
    return new Map([...this.#measured].map(([name, sum]) => [name, { ...sum, price: this.#callers.get(name)?.price ?? null }]))
  }

  /** Looks up the keys of all players made so far. Throws a RunError where one is missing. */
  prepare(): void {
    for (const caller of this.#callers.values()) caller.prepare()
  }

  /** Tokens and USD spent so far, as the ceilings count them. */
  get spent(): Spending {
    return this.#context.budget.spent
  }

  /** One line about what goes on: calls in flight of how many allowed, retries, waits. Empty before the first call. */
  status(): string {
    const { traffic, clock, limiters } = this.#context
    const models = [...limiters.states].map(
      ([name, { limit, inFlight, waiting, limited }]) =>
        `${name.replace(/@.*/, '')} ${inFlight}/${limit}${waiting > 0 ? ` (+${waiting})` : ''}${limited > 0 ? ` 429×${limited}` : ''}`,
    )
    const now = clock.now()
    const resting = traffic.resting(now)
    const next = Math.ceil((Math.min(...resting) - now) / 1000)
    const retries = traffic.retries > 0 ? [`${traffic.retries} retries, last ${traffic.last}`] : []
    const waits = resting.length > 0 ? [`${resting.length} waiting to retry, next in ${next} s`] : []
    return [...models, ...retries, ...waits].join(' · ')
  }

  #caller(endpoint: Endpoint, { name, settings }: Asked): Caller {
    let caller = this.#callers.get(name)
    if (caller === undefined) {
      this.#prices ??= this.#options.prices?.() ?? {}
      const price = priceOf(endpoint, this.#prices)
      if (price === null && this.#options.maxCost !== undefined)
        throw new UserError(
          `--max-cost: no price of ${endpoint.name} is known. Name one in a price file (--prices), or set --max-tokens instead.`,
        )
      caller = new Caller(endpoint, settings, price, this.#context)
      this.#callers.set(name, caller)
    }
    return caller
  }
}

function recordedOf({ recorded }: RolloutContext, agent: string) {
  return new Map(recorded.filter(row => row.agent === agent).map(row => [row.call, row]))
}
