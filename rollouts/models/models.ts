/**
 * The models of a run: makes a player of each player string, and holds what they share — keys, limits, budget, cache, prices.
 * Knows no economy and no file of a run.
 */
import { UserError } from '../../envs/core/errors.ts'
import { RunStopped } from '../errors.ts'
import type { Player, RolloutContext } from '../player.ts'
import { Budget, type Spending } from './budget.ts'
import { ResponseCache } from './cache.ts'
import { Caller, type CallerContext, type CallerSettings, Traffic } from './caller.ts'
import { type History, historyName } from './conversation.ts'
import { type Endpoint, parseEndpoint } from './endpoint.ts'
import { ASSUMED_COMPLETION, type Measured, measuringPolicy } from './estimate.ts'
import { Limiters } from './limiter.ts'
import { modelPolicy, type NoToolCall } from './model_policy.ts'
import type { Personas } from './personas.ts'
import { type Price, type Prices, priceOf } from './prices.ts'
import { Secrets } from './redact.ts'
import { type Clock, RETRY, type RetryPolicy, systemClock } from './retry.ts'

export interface ModelsOptions extends Partial<CallerSettings> {
  /** Where keys are looked up: the environment of the process. */
  readonly env?: Readonly<Record<string, string | undefined>>
  /** `VARIABLE` or `host=VARIABLE`: which variables hold the keys of other URLs than the providers' own. */
  readonly keyVariables?: readonly string[]
  /** Calls in flight at most, over all models. */
  readonly concurrency?: number
  readonly history?: History
  readonly noToolCall?: NoToolCall
  readonly personas?: Personas
  /** USD and tokens that the calls of this run may use at most. */
  readonly maxCost?: number
  readonly maxTokens?: number
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

export class Models {
  readonly #options: ModelsOptions
  readonly #context: CallerContext
  readonly #callers = new Map<string, Caller>()
  readonly #stop = new AbortController()
  #prices: Prices | undefined
  readonly #measured = new Map<string, Measured>()

  constructor(options: ModelsOptions = {}) {
    this.#options = options
    const { env = {}, keyVariables = [], concurrency = 64, maxCost, maxTokens, cache, retry, clock = systemClock } = options
    this.#context = {
      keys: { env, variables: keyVariables },
      secrets: new Secrets(),
      limiters: new Limiters(concurrency),
      budget: new Budget({ ...(maxCost !== undefined && { maxCost }), ...(maxTokens !== undefined && { maxTokens }) }),
      cache: cache === undefined ? null : new ResponseCache(cache),
      retry: { ...RETRY, ...retry },
      clock,
      traffic: new Traffic(),
    }
    const stop = (): void => this.#stop.abort(new RunStopped('Interrupted: calls in flight were finished and kept.'))
    if (options.stop?.aborted) stop()
    else options.stop?.addEventListener('abort', stop, { once: true })
  }

  /**
   * The player of `openai:MODEL[@URL]` or `anthropic:MODEL[@URL]`. Throws a UserError for a string that names none, and where a
   * ceiling on cost was set and no price is known.
   */
  player(spec: string): Player {
    const caller = this.#caller(parseEndpoint(spec))
    const options = this.#options
    const style = { history: options.history ?? 'full', noToolCall: options.noToolCall ?? 'economy' } as const
    const { personas } = options
    const { endpoint } = caller
    const { sampling, extraBody, api, adaptations } = this.#asked(endpoint)
    // What was asked for, not what a ceiling adds to it: a resume under another ceiling must find its recorded answers.
    const settings = { model: endpoint.model, api, sampling, extraBody, ...(adaptations.length > 0 && { adaptations }) }
    return {
      name: endpoint.name,
      kind: 'model',
      details: {
        model: endpoint.model,
        base_url: endpoint.baseUrl,
        protocol: endpoint.provider === 'anthropic' ? 'messages' : api,
        sampling,
        extra_body: extraBody,
        ...(adaptations.length > 0 && { adaptations }),
        history: historyName(style.history),
        no_tool_call: style.noToolCall,
        personas: personaNames(personas),
      },
      policies: context => seatContext =>
        modelPolicy(seatContext, {
          key: context.key,
          player: endpoint.name,
          style: { ...style, persona: personaFor(personas, seatContext.seat.agent) },
          settings,
          // A signal of its own for every seat: each has its listeners.
          abandon: AbortSignal.any([context.signal]),
          stop: AbortSignal.any([context.signal, this.#stop.signal]),
          timeoutMs: options.timeoutEpisodeMs ?? Number.POSITIVE_INFINITY,
          recorded: recordedOf(context, seatContext.seat.agent),
          record: context.record,
          ask: ask => caller.ask(ask),
        }),
    }
  }

  /** A player that sits where this one would, plays at random, asks nobody, and measures what the model would be sent. */
  measuring({ name, kind, details }: Player): Player {
    const { history = 'full', sampling, personas } = this.#options
    const completion = Math.min(ASSUMED_COMPLETION, sampling?.max_tokens ?? ASSUMED_COMPLETION)
    const into = this.#measured.get(name) ?? { calls: 0, prompt: 0, repeated: 0, completion: 0 }
    this.#measured.set(name, into)
    return {
      name,
      kind,
      details,
      policies: () => context =>
        measuringPolicy(context, { history, persona: personaFor(personas, context.seat.agent), completion }, into),
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

  /** How the models of an endpoint are asked. OpenAI's own take tools of all by Responses; other servers speak Chat Completions. */
  #asked({ own }: Endpoint): CallerSettings {
    const { api = own ? 'responses' : 'chat', sampling = {}, extraBody = {}, adaptations = [] } = this.#options
    return { api, sampling, extraBody, adaptations }
  }

  #caller(endpoint: Endpoint): Caller {
    let caller = this.#callers.get(endpoint.name)
    if (caller === undefined) {
      const { maxCost } = this.#options
      this.#prices ??= this.#options.prices?.() ?? {}
      const price = priceOf(endpoint, this.#prices)
      if (price === null && maxCost !== undefined)
        throw new UserError(
          `--max-cost: no price of ${endpoint.name} is known. Name one in a price file (--prices), or set --max-tokens instead.`,
        )
      caller = new Caller(endpoint, this.#asked(endpoint), price, this.#context)
      this.#callers.set(endpoint.name, caller)
    }
    return caller
  }
}

function recordedOf({ recorded }: RolloutContext, agent: string) {
  return new Map(recorded.filter(row => row.agent === agent).map(row => [row.call, row]))
}

function personaFor(personas: Personas | undefined, agent: string): string {
  return (personas?.seats[agent] ?? personas?.all)?.text ?? ''
}

function personaNames(personas: Personas | undefined): Readonly<Record<string, unknown>> {
  const all = personas?.all === undefined ? [] : [['*', personas.all] as const]
  return Object.fromEntries(
    [...all, ...Object.entries(personas?.seats ?? {})].map(([seat, { name, digest }]) => [seat, { name, digest }]),
  )
}
