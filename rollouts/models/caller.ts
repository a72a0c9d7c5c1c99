/**
 * One model as a run calls it: the adapter with everything around it — cache, budget, limiter, retries, price, redaction. Knows
 * no economy and no conversation.
 */
import { digest } from '../../envs/core/plain.ts'
import { type CallRow, ProviderError } from '../player.ts'
import { anthropic, DEFAULT_MAX_TOKENS } from './anthropic.ts'
import type { Budget, Spending } from './budget.ts'
import type { ResponseCache } from './cache.ts'
import { anthropicClient, openAiClient } from './clients.ts'
import { Optional } from './dialect.ts'
import { type Endpoint, type KeySource, keyFor } from './endpoint.ts'
import type { Failure } from './failure.ts'
import type { Limiters } from './limiter.ts'
import type { Model, ModelAnswer, ModelRequest, Sampling } from './model.ts'
import { openAiChat } from './openai_chat.ts'
import { openAiResponses } from './openai_responses.ts'
import { costOf, type Price, worstCost } from './prices.ts'
import type { Secrets } from './redact.ts'
import { type Clock, type RetryPolicy, withRetries } from './retry.ts'
import { promptTokens } from './usage.ts'

/** What all models of a run share. */
export interface CallerContext {
  readonly keys: KeySource
  readonly secrets: Secrets
  readonly limiters: Limiters
  readonly budget: Budget
  readonly cache: ResponseCache | null
  readonly retry: RetryPolicy
  readonly clock: Clock
  readonly traffic: Traffic
}

/** How a model is asked, besides what is said. */
export interface CallerSettings {
  readonly api: 'chat' | 'responses'
  readonly sampling: Sampling
  readonly extraBody: Readonly<Record<string, unknown>>
}

export interface Ask extends Omit<ModelRequest, 'sampling' | 'signal'> {
  /** Ends the call at once. */
  readonly abandon: AbortSignal
  /** Lets a call in flight be finished and begins none. Aborted whenever `abandon` is. */
  readonly stop: AbortSignal
  /** Names this call of this rollout in the response cache. */
  readonly cacheName: string
  /** The most tokens that the prompt can be; asked only under a ceiling. */
  readonly worstPrompt: () => number
  /** Milliseconds of model time the episode has left. */
  readonly leftMs: number
}

export interface Answered extends ModelAnswer {
  readonly retries: number
  readonly latencyMs: number
  /** Milliseconds spent in attempts, failed ones included, waiting not. */
  readonly workedMs: number
  /** USD; null where no price is known. */
  readonly cost: number | null
  readonly cached: boolean
  /** Options that the model has refused and that were not sent. */
  readonly dropped: readonly string[]
}

/** The row of an answered call: `place` says whose it is and what was asked. */
export function callRow(
  place: Pick<CallRow, 'key' | 'agent' | 't' | 'call' | 'player' | 'request'>,
  { model, usage, latencyMs, retries, cost, cached, dropped, reply }: Answered,
): CallRow {
  const { key, agent, t, call, player, request } = place
  return {
    key,
    agent,
    t,
    call,
    player,
    model,
    request,
    prompt_tokens: promptTokens(usage),
    completion_tokens: usage.output,
    usage,
    latency_ms: Math.round(latencyMs),
    retries,
    cost,
    ...(cached && { cached: true }),
    ...(dropped.length > 0 && { dropped }),
    reply,
  }
}

/** What goes on between a run and its providers, for the progress line. */
export class Traffic {
  retries = 0
  /** The last failed attempt, in a few words. */
  last = ''
  #resting: number[] = []

  /** A call goes on at `until` after a failure. */
  rest(until: number, now: number): void {
    this.#resting = [...this.resting(now), until]
  }

  /** When the calls that wait after a failure go on, in milliseconds since 1970. */
  resting(now: number): readonly number[] {
    return this.#resting.filter(until => until > now)
  }
}

const NOTHING: Spending = { tokens: 0, cost: 0 }

export class Caller {
  readonly endpoint: Endpoint
  readonly settings: CallerSettings
  readonly price: Price | null
  readonly #context: CallerContext
  readonly #optional = new Optional()
  #model: Model | undefined
  #answeredBefore = false

  constructor(endpoint: Endpoint, settings: CallerSettings, price: Price | null, context: CallerContext) {
    this.endpoint = endpoint
    // Under a ceiling every call needs a worst case.
    const { max_tokens = context.budget.limited ? DEFAULT_MAX_TOKENS : undefined, ...sampling } = settings.sampling
    this.settings = { ...settings, sampling: { ...sampling, ...(max_tokens !== undefined && { max_tokens }) } }
    this.price = price
    this.#context = context
  }

  /** Finds the key. Throws a RunError where one is needed and missing. */
  prepare(): void {
    this.#model ??= this.#adapter(keyFor(this.endpoint, this.#context.keys, this.#context.secrets))
  }

  #adapter(key: string): Model {
    const { protocol, model, own } = this.endpoint
    const { api, extraBody } = this.settings
    const rest = { model, extraBody, optional: this.#optional }
    const { env } = this.#context.keys
    if (protocol === 'anthropic') return anthropic({ ...rest, client: anthropicClient(this.endpoint, key, env) })
    const options = { ...rest, own, client: openAiClient(this.endpoint, key, env) }
    return api === 'responses' ? openAiResponses(options) : openAiChat(options)
  }

  /** Asks, as often as it takes. Throws ProviderError, RunStopped at a ceiling, or a signal's reason. */
  async ask(ask: Ask): Promise<Answered> {
    const { cache, clock, limiters, retry, secrets } = this.#context
    const cacheKey = cache === null ? '' : digest([this.endpoint.name, ask.cacheName])
    const known = await cache?.get(cacheKey)
    if (known !== undefined) return { ...known, retries: 0, latencyMs: 0, workedMs: 0, cost: 0, cached: true, dropped: [] }

    this.prepare()
    const { value, retries, latencyMs, workedMs } = await withRetries(
      async signal => this.#model!.complete({ ...ask, sampling: this.settings.sampling, signal }),
      {
        policy: retry,
        clock,
        limiter: limiters.of(this.endpoint.name),
        abandon: ask.abandon,
        stop: ask.stop,
        leftMs: ask.leftMs,
        answeredBefore: () => this.#answeredBefore,
        enter: () => this.#reserve(ask),
        told: (failure, waitMs) => this.#note(failure, waitMs),
        fail: (failure, attempts, fatal) => this.#error(failure, attempts, fatal),
      },
    )
    this.#answeredBefore = true
    const answer: ModelAnswer = { ...value, reply: secrets.data(value.reply) }
    await cache?.put(cacheKey, answer)
    const cost = costOf(answer.usage, this.price)
    return { ...answer, retries, latencyMs, workedMs, cost, cached: false, dropped: this.#optional.refused }
  }

  async #reserve(ask: Ask) {
    const { budget } = this.#context
    if (!budget.limited) return () => {}
    const prompt = ask.worstPrompt()
    const output = this.settings.sampling.max_tokens!
    const worst = { tokens: prompt + output, cost: this.price === null ? 0 : worstCost(prompt, output, this.price) }
    const reservation = await budget.reserve(worst)
    return (tried: { readonly value?: ModelAnswer; readonly failure?: Failure | undefined }) => {
      if (tried.failure !== undefined) return reservation.settle(tried.failure.billed ? worst : NOTHING)
      const { usage } = tried.value!
      reservation.settle({ tokens: promptTokens(usage) + usage.output, cost: costOf(usage, this.price) ?? 0 })
    }
  }

  #note({ code, status }: Failure, waitMs: number | null): void {
    const { clock, traffic } = this.#context
    traffic.last = status === null ? code : `${status} ${code}`
    if (waitMs === null) return
    traffic.retries++
    const now = clock.now()
    traffic.rest(now + waitMs, now)
  }

  #error(failure: Failure, attempts: number, fatal: boolean): ProviderError {
    const { code, status, message } = failure
    const tries = attempts === 1 ? '' : ` after ${attempts} attempts`
    const what = this.#context.secrets.text(
      `${this.endpoint.name}: ${status === null ? '' : `${status} `}${code}${tries} (${message}). ${this.#advice(code)}`,
    )
    return new ProviderError(what, { code, status, attempts, fatal })
  }

  #advice(code: string): string {
    const { endpoint } = this
    return (
      {
        auth:
          endpoint.key !== null
            ? `Check the key in ${endpoint.key}.`
            : 'Name the variable that holds its key with --api-key-var.',
        quota: 'Top up the account, then --resume.',
        not_found: `Check that the server knows the model '${endpoint.model}' and that the URL is right (OpenAI's protocol: it ends in /v1).`,
        connection: `Check that the server runs and can be reached at ${endpoint.baseUrl}, then --resume.`,
        timeout: `Raise --timeout-call (${this.#context.retry.timeoutMs / 1000} s a call) or lower -c, then --resume --retry-errors.`,
        rate_limited: 'Lower -c, or go on later with --resume --retry-errors.',
        server_error: 'Go on later with --resume --retry-errors.',
        malformed_reply: 'Check that the URL speaks this protocol (--api chat or responses; openai: or anthropic:).',
        context_length: 'Shorten what is sent with --history last:N, or give the server a longer context.',
      }[code] ?? 'Change what is sent (--extra-body, --temperature …), then --resume.'
    )
  }
}
