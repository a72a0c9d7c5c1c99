/**
 * What happens while an experiment is played, as OpenTelemetry traces and metrics. Knows events and the names that the semantic
 * conventions give to generative AI; knows no exporter and loads nothing: the API is handed in. Neither keys nor texts are in it, but
 * for what models answered where that is asked for.
 *
 * A rollout is a trace of its own, so that a run of any size stays within what stores take for one trace; it is linked to the span of
 * its cell. Its model calls are its children, failed attempts are events of the call.
 * Names: https://github.com/open-telemetry/semantic-conventions-genai (`gen_ai.*`); what these have no name for is `agoragym.*`.
 */
import { mean } from '../envs/core/sums.ts'
import type { CallRow, RetryRow } from '../rollouts/player.ts'
import { withoutTexts } from '../rollouts/watch.ts'
import type { ExperimentEvent, PlayerFacts } from './run_experiment.ts'

type Attribute = string | number | boolean | string[]
type Attributes = Record<string, Attribute>

/** Of `@opentelemetry/api`, what is used. */
export interface TelemetryApi {
  readonly ROOT_CONTEXT: unknown
  readonly trace: {
    getTracer(name: string, version?: string): TelemetryTracer
    setSpan(context: never, span: never): unknown
  }
  readonly metrics: { getMeter(name: string, version?: string): TelemetryMeter }
}
interface TelemetrySpan {
  spanContext(): object
  setAttributes(attributes: Attributes): unknown
  setStatus(status: { code: number }): unknown
  addEvent(name: string, attributes: Attributes, time: number): unknown
  end(time?: number): void
}
interface TelemetryTracer {
  startSpan(name: string, options: never, context: never): TelemetrySpan
}
interface Instrument {
  readonly description: string
  readonly unit: string
  readonly advice?: { readonly explicitBucketBoundaries: number[] }
}
interface TelemetryMeter {
  createHistogram(name: string, options: Instrument): { record(value: number, attributes: Attributes): void }
  createCounter(name: string, options: Instrument): { add(value: number, attributes: Attributes): void }
}

/** SpanKind.CLIENT and SpanStatusCode.ERROR. */
const CLIENT = 2
const ERROR = 2

const INSTRUMENTATION = 'agoragym'

/** The buckets that the conventions recommend: tokens, and seconds. */
const TOKENS = Array.from({ length: 14 }, (_, i) => 4 ** i)
const SECONDS = Array.from({ length: 14 }, (_, i) => 0.01 * 2 ** i)

export interface TelemetryOptions {
  /** The version that spans and metrics say they are of. */
  readonly version: string
  /** Whether spans hold what models answered (`gen_ai.output.messages`); false by default. */
  readonly content?: boolean
}

/** What hears the events of `runExperiment`. */
export class Telemetry {
  readonly #api: TelemetryApi
  readonly #tracer: TelemetryTracer
  readonly #content: boolean
  readonly #tokens
  readonly #duration
  readonly #cost
  readonly #retries
  readonly #rollouts
  readonly #rewards
  readonly #lengths
  readonly #players = new Map<string, Attributes>()
  readonly #playing = new Map<string, TelemetrySpan>()
  /** Failed attempts at calls that are still being made, by rollout and seat. */
  readonly #attempts = new Map<string, { readonly row: RetryRow; readonly at: number }[]>()
  #cell: { readonly span: TelemetrySpan; readonly attributes: Attributes } | undefined

  constructor(api: TelemetryApi, { version, content = false }: TelemetryOptions) {
    this.#api = api
    this.#content = content
    this.#tracer = api.trace.getTracer(INSTRUMENTATION, version)
    const meter = api.metrics.getMeter(INSTRUMENTATION, version)
    const buckets = (explicitBucketBoundaries: number[]) => ({ advice: { explicitBucketBoundaries } })
    this.#tokens = meter.createHistogram('gen_ai.client.token.usage', {
      description: 'Tokens of a model call, by gen_ai.token.type.',
      unit: '{token}',
      ...buckets(TOKENS),
    })
    this.#duration = meter.createHistogram('gen_ai.client.operation.duration', {
      description: 'Duration of a model call.',
      unit: 's',
      ...buckets(SECONDS),
    })
    this.#cost = meter.createCounter('agoragym.call.cost', { description: 'Cost of model calls.', unit: '{USD}' })
    this.#retries = meter.createCounter('agoragym.call.retries', {
      description: 'Failed attempts at model calls, by error.type.',
      unit: '{attempt}',
    })
    this.#rollouts = meter.createCounter('agoragym.rollouts', { description: 'Rollouts that have ended.', unit: '{rollout}' })
    this.#rewards = meter.createHistogram('agoragym.rollout.reward', { description: 'Reward of an evaluated seat.', unit: '1' })
    this.#lengths = meter.createHistogram('agoragym.rollout.duration', {
      description: 'Duration of a rollout.',
      unit: 's',
      ...buckets(SECONDS),
    })
  }

  readonly event = (event: ExperimentEvent): void => {
    switch (event.type) {
      case 'cell_start':
        this.#begin(event)
        return
      case 'rollout_start':
        this.#playing.set(event.key, this.#rollout(event))
        return
      case 'retry':
        this.#retried(event.row)
        return
      case 'call':
        this.#called(event.row)
        return
      case 'rollout':
        this.#ended(event)
        return
      case 'cell_end':
        this.#cell?.span.setAttributes({ 'agoragym.rollouts.left': event.left })
        this.end()
    }
  }

  /** Ends what is open: play has been broken off, or is over. */
  end(): void {
    for (const span of this.#playing.values()) span.end()
    this.#playing.clear()
    this.#attempts.clear()
    this.#cell?.span.end()
    this.#cell = undefined
  }

  #span(name: string, options: object, parent?: TelemetrySpan): TelemetrySpan {
    const { ROOT_CONTEXT: root, trace } = this.#api
    const context = parent === undefined ? root : trace.setSpan(root as never, parent as never)
    return this.#tracer.startSpan(name, options as never, context as never)
  }

  #begin({ cell, env, due, players }: Extract<ExperimentEvent, { type: 'cell_start' }>): void {
    const attributes = { 'agoragym.env.id': env, 'agoragym.cell': cell }
    const names = players.map(({ name }) => withoutTexts(name))
    const span = this.#span(`run ${cell}`, {
      attributes: { ...attributes, 'agoragym.rollouts.due': due, 'agoragym.players': names },
    })
    this.#cell = { span, attributes }
    for (const player of players) this.#players.set(player.name, modelAttributes(player))
  }

  #rollout({ key, seed, repeat, players }: Extract<ExperimentEvent, { key: string }>, startTime?: number): TelemetrySpan {
    const { span, attributes } = this.#cell!
    return this.#span(`rollout ${attributes['agoragym.env.id']}`, {
      root: true,
      links: [{ context: span.spanContext() }],
      ...(startTime !== undefined && { startTime }),
      attributes: {
        ...attributes,
        'agoragym.rollout.key': key,
        'agoragym.rollout.seed': seed,
        'agoragym.rollout.repeat': repeat,
        'agoragym.players': Object.values(players).map(withoutTexts),
        'gen_ai.conversation.id': key,
      },
    })
  }

  #retried(row: RetryRow): void {
    const { key, agent, player, code, wait_ms } = row
    this.#retries.add(1, { ...this.#modelOf(player), 'error.type': code })
    const id = `${key} ${agent}`
    const attempts = this.#attempts.get(id) ?? []
    attempts.push({ row, at: Date.now() })
    this.#attempts.set(id, attempts)
    if (wait_ms !== null) return
    const { span } = this.#call(row, row.latency_ms)
    span.setAttributes({ 'error.type': code })
    span.setStatus({ code: ERROR })
    span.end()
  }

  /** The span of a call that has ended now, whose last attempt took so long, with those that failed before as its events. */
  #call({ key, agent, player }: Pick<CallRow, 'key' | 'agent' | 'player'>, latencyMs: number) {
    const id = `${key} ${agent}`
    const attempts = this.#attempts.get(id) ?? []
    this.#attempts.delete(id)
    const first = attempts[0]
    const start = first === undefined ? Date.now() - latencyMs : first.at - first.row.latency_ms
    const model = this.#modelOf(player)
    const parent = this.#playing.get(key)
    const attributes = { ...model, 'gen_ai.agent.name': agent, 'gen_ai.conversation.id': key }
    const span = this.#span(`chat ${model['gen_ai.request.model'] ?? ''}`, { kind: CLIENT, startTime: start, attributes }, parent)
    for (const { row, at } of attempts)
      span.addEvent(
        'agoragym.call.attempt_failed',
        { 'error.type': row.code, ...(row.status !== null && { 'http.response.status_code': row.status }) },
        at,
      )
    return { span, seconds: (Date.now() - start) / 1000, model }
  }

  #called(row: CallRow): void {
    const { span, seconds, model } = this.#call(row, row.latency_ms)
    const { usage, reply, retries, cost } = row
    const response = { ...model, 'gen_ai.response.model': row.model }
    span.setAttributes({
      'gen_ai.response.model': row.model,
      'gen_ai.response.finish_reasons': [reply.finish_reason],
      'gen_ai.usage.input_tokens': row.prompt_tokens,
      'gen_ai.usage.output_tokens': row.completion_tokens,
      'gen_ai.usage.cache_read.input_tokens': usage.input_cached_read,
      'gen_ai.usage.cache_creation.input_tokens': usage.input_cache_write,
      ...(usage.output_reasoning !== null && { 'gen_ai.usage.reasoning.output_tokens': usage.output_reasoning }),
      'agoragym.call.step': row.t,
      'agoragym.call.retries': retries,
      'agoragym.call.tool_calls': reply.tool_calls.length,
      ...(cost !== null && { 'agoragym.call.cost': cost }),
      ...(row.cached === true && { 'agoragym.call.cached': true }),
      ...(this.#content && { 'gen_ai.output.messages': outputMessages(row) }),
    })
    span.end()
    this.#tokens.record(row.prompt_tokens, { ...response, 'gen_ai.token.type': 'input' })
    this.#tokens.record(row.completion_tokens, { ...response, 'gen_ai.token.type': 'output' })
    this.#duration.record(seconds, response)
    if (cost !== null) this.#cost.add(cost, response)
  }

  #ended(event: Extract<ExperimentEvent, { type: 'rollout' }>): void {
    const { key, players } = event
    // One that was played elsewhere is heard of only now.
    const figures = event.ok ? event.figures : undefined
    const span = this.#playing.get(key) ?? this.#rollout(event, figures && figures.start_time * 1000)
    const here = this.#playing.delete(key)
    const { attributes } = this.#cell!
    if (event.ok) {
      this.#rollouts.add(1, { ...attributes, 'agoragym.rollout.ok': true })
      for (const [agent, { reward }] of Object.entries(figures?.scores ?? {}))
        this.#rewards.record(reward, { ...attributes, 'agoragym.player': withoutTexts(players[agent] ?? agent) })
      if (figures !== undefined) {
        this.#lengths.record(figures.total, attributes)
        const rewards = Object.values(figures.scores).map(({ reward }) => reward)
        span.setAttributes({
          'agoragym.rollout.reward': mean(rewards),
          'agoragym.rollout.steps': figures.steps,
          'agoragym.rollout.truncated': figures.truncated,
          'agoragym.rollout.calls': figures.calls,
        })
      }
    } else {
      const { code, agent, player } = event.failure
      this.#rollouts.add(1, { ...attributes, 'agoragym.rollout.ok': false, 'error.type': code })
      span.setAttributes({ 'error.type': code, 'gen_ai.agent.name': agent, 'agoragym.player': withoutTexts(player) })
      span.setStatus({ code: ERROR })
    }
    span.end(here || figures === undefined ? undefined : (figures.start_time + figures.total) * 1000)
  }

  #modelOf(player: string): Attributes {
    return this.#players.get(player) ?? {}
  }
}

/** What the conventions call a model and where it is asked. */
function modelAttributes({ name, kind, model, base_url }: PlayerFacts): Attributes {
  if (kind !== 'model' || model === undefined || base_url === undefined) return { 'agoragym.player': withoutTexts(name) }
  const { hostname, port, protocol } = new URL(base_url)
  return {
    'gen_ai.operation.name': 'chat',
    'gen_ai.provider.name': name.slice(0, name.indexOf(':')),
    'gen_ai.request.model': model,
    'server.address': hostname,
    'server.port': Number(port || (protocol === 'https:' ? 443 : 80)),
    'agoragym.player': withoutTexts(name),
  }
}

/** The answer as the conventions' JSON: one message of parts. */
function outputMessages({ reply }: CallRow): string {
  const { content, reasoning_content, tool_calls, finish_reason } = reply
  const parts = [
    ...(reasoning_content === undefined ? [] : [{ type: 'reasoning', content: reasoning_content }]),
    ...(content === '' ? [] : [{ type: 'text', content }]),
    ...tool_calls.map(({ id, name, arguments: given }) => ({ type: 'tool_call', id, name, arguments: given })),
  ]
  return JSON.stringify([{ role: 'assistant', parts, finish_reason }])
}
