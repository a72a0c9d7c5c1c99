/**
 * One model as a run calls it: the adapter with everything around it — cache, budget, limiter, retries, price, redaction. Knows
 * no economy and no conversation.
 */
import { digest } from '../../envs/core/plain.ts'
import type { CallRow, RetryRow } from '../player.ts'
import { anthropic, DEFAULT_MAX_TOKENS } from './anthropic.ts'
import type { Ledger, Spending } from './budget.ts'
import type { ResponseCache } from './cache.ts'
import { anthropicClient, openAiClient } from './clients.ts'
import { type Endpoint, type KeySource, keyFor } from './endpoint.ts'
import { type Failure, isUntrusted } from './failure.ts'
import { type Form, Forms, OTHER_API } from './forms.ts'
import { callFailed } from './give_up.ts'
import type { Limiters } from './limiter.ts'
import type { Model, ModelAnswer, ModelRequest, Sampling } from './model.ts'
import { TOOL_PARSERS } from './notes.ts'
import { openAiChat } from './openai_chat.ts'
import { openAiResponses } from './openai_responses.ts'
import type { Pace } from './pace.ts'
import { costOf, type Price, worstCost } from './prices.ts'
import { proxiesOf } from './proxies.ts'
import type { Secrets } from './redact.ts'
import { type Clock, type RetryPolicy, withRetries } from './retry.ts'
import { oneLine } from './server_errors.ts'
import { promptTokens } from './usage.ts'

/** What all models of a run share. */
export interface CallerContext {
  readonly keys: KeySource
  readonly secrets: Secrets
  readonly limiters: Limiters
  readonly budget: Ledger
  readonly pace: Pace
  readonly cache: ResponseCache | null
  readonly retry: RetryPolicy
  readonly clock: Clock
  readonly traffic: Traffic
  /** What the endpoints turned out to want otherwise, by endpoint: players with other treatments learn it once. */
  readonly forms: Map<string, Forms>
}

/** How a model is asked, besides what is said. */
export interface CallerSettings {
  readonly api: 'chat' | 'responses'
  readonly sampling: Sampling
  readonly extraBody: Readonly<Record<string, unknown>>
  /** Second forms to send requests in from the beginning, where they are known to be wanted. */
  readonly adaptations: readonly Form[]
}

export interface Ask extends Omit<ModelRequest, 'sampling' | 'signal'> {
  /** Ends the call at once. */
  readonly abandon: AbortSignal
  /** Lets a call in flight be finished and begins none. Aborted whenever `abandon` is. */
  readonly stop: AbortSignal
  /** The key of the rollout that it is about. */
  readonly rollout: string
  /** Names this call of this rollout in the response cache. */
  readonly cacheName: string
  /** The most tokens that the prompt can be; asked only under a ceiling. */
  readonly worstPrompt: () => number
  /** Milliseconds of model time the episode has left. */
  readonly leftMs: number
  /** Hears of every failed attempt. */
  readonly retried?: (attempt: Pick<RetryRow, 'code' | 'status' | 'latency_ms' | 'wait_ms'>) => void
}

export interface Answered extends ModelAnswer {
  readonly retries: number
  readonly latencyMs: number
  /** Milliseconds spent in attempts, failed ones included, waiting not. */
  readonly workedMs: number
  /** USD; null where no price is known. */
  readonly cost: number | null
  readonly cached: boolean
  /** Options that the endpoint has refused as such and that were not sent. */
  readonly dropped: readonly string[]
  /** Second forms that the request was sent in. */
  readonly adaptations: readonly string[]
}

/** The row of an answered call: `place` says whose it is and what was asked. */
export function callRow(
  place: Pick<CallRow, 'key' | 'agent' | 't' | 'call' | 'player' | 'request'>,
  { model, usage, latencyMs, retries, cost, cached, dropped, adaptations, reply }: Answered,
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
    ...(adaptations.length > 0 && { adaptations }),
    reply,
  }
}

/** What goes on between a run and its providers, for the progress line. */
export class Traffic {
  retries = 0
  /** The last failed attempt, in a few words. */
  last = ''
  #resting: number[] = []

  /** An attempt has failed; the call goes on in `waitMs` milliseconds, or not at all (null). `now` as in `resting`. */
  failed({ code, status }: Failure, waitMs: number | null, now: number): void {
    this.last = status === null ? code : `${status} ${code}`
    if (waitMs === null) return
    this.retries++
    this.#resting = [...this.resting(now), now + waitMs]
  }

  /** When the calls that wait after a failure go on, in milliseconds since 1970. */
  resting(now: number): readonly number[] {
    return this.#resting.filter(until => until > now)
  }
}

/** What servers say that were started without a parser of tool calls, or whose model takes no tools. */
const NO_TOOLS =
  /enable-auto-tool-choice|tool-call-parser|requires? --jinja|not support (tools|tool use|tool calling|function calling)|support tool use|tools? (is|are) not supported/i

/** What the server said of itself in a reply is shown in one line, and cut only now that no secret is in it. */
function withoutLength(answer: ModelAnswer): ModelAnswer {
  const { told_as_error, finish_word } = answer.reply
  const model = oneLine(answer.model, 200)
  if (told_as_error === undefined && finish_word === undefined) return { ...answer, model }
  return {
    ...answer,
    model,
    reply: {
      ...answer.reply,
      ...(told_as_error !== undefined && { told_as_error: oneLine(told_as_error) }),
      ...(finish_word !== undefined && { finish_word: oneLine(finish_word, 64) }),
    },
  }
}

const NOTHING: Spending = { tokens: 0, cost: 0 }

export class Caller {
  readonly endpoint: Endpoint
  readonly settings: CallerSettings
  readonly price: Price | null
  readonly #context: CallerContext
  readonly #forms: Forms
  #model: Model | undefined
  #answeredBefore = false

  constructor(endpoint: Endpoint, settings: CallerSettings, price: Price | null, context: CallerContext) {
    this.endpoint = endpoint
    // Under a ceiling every call needs a worst case.
    const { max_tokens = context.budget.limited ? DEFAULT_MAX_TOKENS : undefined, ...sampling } = settings.sampling
    this.settings = { ...settings, sampling: { ...sampling, ...(max_tokens !== undefined && { max_tokens }) } }
    const name = `${endpoint.name} ${settings.api} ${settings.adaptations.join()}`
    let forms = context.forms.get(name)
    if (forms === undefined) {
      forms = new Forms(settings.adaptations)
      context.forms.set(name, forms)
    }
    this.#forms = forms
    this.price = price
    this.#context = context
  }

  /** Finds the key. Throws a RunError where one is needed and missing. */
  prepare(): void {
    const { keys, secrets } = this.#context
    for (const password of proxiesOf(keys.env).passwords) secrets.add(password)
    this.#model ??= this.#adapter(keyFor(this.endpoint, keys, secrets))
  }

  #adapter(key: string): Model {
    const { protocol, model, own } = this.endpoint
    const { api, extraBody } = this.settings
    const rest = { model, extraBody, forms: this.#forms }
    const { env } = this.#context.keys
    if (protocol === 'anthropic') return anthropic({ ...rest, client: anthropicClient(this.endpoint, key, env) })
    const options = { ...rest, own, client: openAiClient(this.endpoint, key, env) }
    return api === 'responses' ? openAiResponses(options) : openAiChat(options)
  }

  /** Asks, as often as it takes. Throws ProviderError, RunStopped at a ceiling, or a signal's reason. */
  async ask(ask: Ask): Promise<Answered> {
    const { cache, clock, limiters, pace, retry, secrets, traffic } = this.#context
    const cacheKey = cache === null ? '' : digest([this.endpoint.name, ask.cacheName])
    const known = await cache?.get(cacheKey)
    if (known !== undefined)
      return { ...known, retries: 0, latencyMs: 0, workedMs: 0, cost: 0, cached: true, dropped: [], adaptations: [] }

    this.prepare()
    const { value, retries, latencyMs, workedMs } = await withRetries(
      async signal => this.#model!.complete({ ...ask, sampling: this.settings.sampling, signal }),
      {
        policy: retry,
        clock,
        limiter: limiters.of(this.endpoint.name),
        pace: () => pace.wait(this.endpoint.name, ask.stop),
        abandon: ask.abandon,
        stop: ask.stop,
        leftMs: ask.leftMs,
        answeredBefore: () => this.#answeredBefore,
        enter: () => this.#reserve(ask),
        told: (failure, waitMs, ms) => {
          traffic.failed(failure, waitMs, clock.now())
          const { code, status } = failure
          ask.retried?.({ code, status, latency_ms: Math.round(ms), wait_ms: waitMs === null ? null : Math.round(waitMs) })
        },
        fail: (failure, attempts, fatal) =>
          callFailed(this.endpoint.name, failure, { attempts, fatal, secrets, advice: this.#advice(failure) }),
      },
    )
    this.#answeredBefore = true
    const answer = withoutLength(secrets.data(value))
    await cache?.put(cacheKey, answer)
    const cost = costOf(answer.usage, this.price)
    const { dropped, adaptations } = this.#forms
    return { ...answer, retries, latencyMs, workedMs, cost, cached: false, dropped, adaptations }
  }

  async #reserve(ask: Ask) {
    const { budget } = this.#context
    if (!budget.limited) return () => {}
    const prompt = ask.worstPrompt()
    const output = this.settings.sampling.max_tokens!
    const worst = { tokens: prompt + output, cost: this.price === null ? 0 : worstCost(prompt, output, this.price) }
    const reservation = await budget.reserve(worst, ask.rollout)
    return (tried: { readonly value?: ModelAnswer; readonly failure?: Failure | undefined }) => {
      if (tried.failure !== undefined) return reservation.settle(tried.failure.billed ? worst : NOTHING)
      const { usage } = tried.value!
      reservation.settle({ tokens: promptTokens(usage) + usage.output, cost: costOf(usage, this.price) ?? 0 })
    }
  }

  #advice({ code, message }: Failure): string {
    const { endpoint } = this
    if (this.settings.api === 'chat' && OTHER_API.test(message))
      return 'This model takes tools by another protocol: --api responses.'
    if (NO_TOOLS.test(message)) return TOOL_PARSERS
    if (isUntrusted({ code, message }))
      return 'Name a file with the certificate of its authority in NODE_EXTRA_CA_CERTS, then --resume.'
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
        redirect: 'Name the URL that it redirects to behind the @ of the player.',
        context_length: 'Shorten what is sent with --history last:N, or give the server a longer context.',
      }[code] ?? 'Change what is sent (--extra-body, --temperature …), then --resume.'
    )
  }
}
