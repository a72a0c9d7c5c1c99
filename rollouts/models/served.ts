/**
 * `policy:URL`: a policy that a server plays, such as one that was trained. It is asked turn by turn over HTTP under the limits, time
 * boxes and retries of models (docs/extend/player.md). Knows no economy and no learner.
 */
import { z } from 'zod'
import type { AnyEnvironment, AnyTypes, Decision } from '../../envs/core/environment.ts'
import { UserError } from '../../envs/core/errors.ts'
import type { SeatContext, Turn } from '../../envs/core/policy.ts'
import { explain } from '../../envs/core/tool.ts'
import type { Player, RolloutContext } from '../player.ts'
import type { CallerContext } from './caller.ts'
import type { Failure } from './failure.ts'
import { callFailed, outOfTime } from './give_up.ts'
import { MalformedReply } from './model.ts'
import { proxiesOf } from './proxies.ts'
import { redactUrl, withoutCredentials } from './redact.ts'
import { withRetries } from './retry.ts'
import { send } from './transport.ts'

/** Bumped whenever a server written for the one before would break. */
const PROTOCOL = 1
/** The variable that holds the token which such servers ask for, where they do. */
const TOKEN = 'AGORAGYM_POLICY_TOKEN'

const ACCEPTS = ['text', 'observation', 'encoded'] as const

/** What a server says of itself to `GET URL`. */
const hello = z.looseObject({
  protocol: z.literal(PROTOCOL),
  name: z.string().max(200).optional(),
  accepts: z.array(z.enum(ACCEPTS)).max(ACCEPTS.length),
})
type Hello = z.output<typeof hello>

/** What it answers to a turn. */
const answer = z.union([
  z.strictObject({ slot: z.int().min(0) }),
  z.strictObject({
    calls: z.array(z.unknown()).max(1000),
    units: z
      .strictObject({ thinking: z.int().min(0), output: z.int().min(0), source: z.enum(['reported', 'estimated']) })
      .optional(),
  }),
])

export interface Serving {
  readonly context: CallerContext
  /** Once aborted, nothing further is asked. */
  readonly stop: AbortSignal
  /** Model time of one seat in one episode, in milliseconds. */
  readonly timeoutMs: number
}

/** The player of `policy:URL`. A UserError where there is no such URL. */
export function servedPlayer(text: string, serving: Serving): Player {
  const written = text.slice('policy:'.length)
  if (!/^https?:\/\/[^@?#]+$/.test(written) || !URL.canParse(written))
    throw new UserError(
      `Player '${withoutCredentials(text).slice(0, 64)}': a served policy is written policy:http://HOST:PORT/PATH; a token goes into ${TOKEN}.`,
    )
  const url = new URL(written)
  const shown = redactUrl(url)
  const server = new PolicyServer(url, shown, serving)
  return {
    name: `policy:${shown}`,
    kind: 'policy',
    details: { base_url: shown, protocol: PROTOCOL },
    policies: context => seat => servedPolicy(seat, context, server, serving),
  }
}

function servedPolicy(
  { env, config, seat }: SeatContext<AnyTypes>,
  context: RolloutContext,
  server: PolicyServer,
  { stop, timeoutMs }: Serving,
) {
  const { encode, version } = env as Partial<AnyEnvironment>
  const encoding = encode?.(config)
  const signals = { abandon: AbortSignal.any([context.signal]), stop: AbortSignal.any([context.signal, stop]) }
  /** Those signals, and where a turn may be given up alone, its own. */
  const within = (turn: AbortSignal | undefined): typeof signals =>
    turn === undefined || turn === context.signal
      ? signals
      : { abandon: AbortSignal.any([signals.abandon, turn]), stop: AbortSignal.any([signals.stop, turn]) }
  let leftMs = timeoutMs
  /** What of a turn the server wants to see. */
  const shown = ({ accepts }: Hello, { observation, offered }: Turn<AnyTypes>): object => {
    const encoded = (): object => {
      if (encoding === undefined) return {}
      const features = new Float32Array(encoding.features.length)
      const mask = new Uint8Array(encoding.slots.length)
      encoding.observe(observation, features)
      encoding.mask(observation, offered, mask)
      return { features: [...features], mask: [...mask] }
    }
    return {
      ...(accepts.includes('text') && { text: env.render(observation) }),
      ...(accepts.includes('observation') && { observation }),
      ...(accepts.includes('encoded') && encoded()),
    }
  }
  return {
    async act(turn: Turn<AnyTypes>): Promise<Decision> {
      const { t, repeat, offered, results, observation, random } = turn
      const { value: said, workedMs: greeted } = await server.hello(signals, leftMs)
      leftMs -= greeted
      const body = {
        protocol: PROTOCOL,
        rollout: context.key,
        env: env.id,
        ...(version !== undefined && { version }),
        config,
        seat: seat.agent,
        role: seat.role,
        t,
        repeat,
        // A draw of the seat's own stream: a policy that samples by it plays a run again alike.
        random: random.int(0, 2 ** 32 - 1),
        offered,
        results,
        ...shown(said, turn),
      }
      const read = (value: unknown): Decision => {
        const given = checked(answer, value)
        if ('calls' in given) return { calls: given.calls as Decision['calls'], ...(given.units && { units: given.units }) }
        if (encoding === undefined)
          throw new MalformedReply(`it answered a slot, and ${env.id} has no encoding; expected { calls: [{ tool, args }] }`)
        if (given.slot >= encoding.slots.length)
          throw new MalformedReply(`expected a slot from 0 to ${encoding.slots.length - 1}, got ${given.slot}`)
        return encoding.decode(observation, given.slot)
      }
      const { value, workedMs } = await server.ask({ method: 'POST', body, read, ...within(turn.signal), leftMs })
      leftMs -= workedMs
      return value
    },
  }
}

interface Asked<R> {
  readonly method: 'GET' | 'POST'
  readonly body?: object
  /** Throws a MalformedReply where the answer is none. */
  readonly read: (value: unknown) => R
  readonly abandon: AbortSignal
  readonly stop: AbortSignal
  readonly leftMs: number
}

/** One server of policies, as a run asks it. */
class PolicyServer {
  readonly #url: URL
  readonly #shown: string
  readonly #context: CallerContext
  readonly #timeoutMs: number
  #hello: Hello | undefined
  #answeredBefore = false

  constructor(url: URL, shown: string, { context, timeoutMs }: Serving) {
    this.#url = url
    this.#shown = shown
    this.#context = context
    this.#timeoutMs = timeoutMs
  }

  /** What it says of itself, asked until it was answered once. */
  async hello(
    signals: Pick<Asked<Hello>, 'abandon' | 'stop'>,
    leftMs: number,
  ): Promise<{ readonly value: Hello; readonly workedMs: number }> {
    if (this.#hello !== undefined) return { value: this.#hello, workedMs: 0 }
    const said = await this.ask({ method: 'GET', read: value => checked(hello, value), ...signals, leftMs })
    this.#hello = said.value
    return said
  }

  /** Asks, as often as it takes. Rejects with a ProviderError, or a signal's reason. */
  async ask<R>({ method, body, read, abandon, stop, leftMs }: Asked<R>): Promise<{ value: R; workedMs: number }> {
    const { clock, limiters, pace, retry, keys, secrets, traffic } = this.#context
    if (leftMs <= 0) throw outOfTime(this.#shown, this.#timeoutMs)
    const token = keys.env[TOKEN] ?? ''
    if (token !== '') secrets.add(token)
    const headers = {
      'content-type': 'application/json',
      accept: 'application/json',
      ...(token !== '' && { authorization: `Bearer ${token}` }),
    }
    const proxies = proxiesOf(keys.env)
    const payload = body === undefined ? {} : { body: JSON.stringify(body) }
    const { value, workedMs } = await withRetries(
      async signal => read(json(await (await send(this.#url, { method, headers, signal, ...payload }, proxies)).text())),
      {
        policy: retry,
        clock,
        limiter: limiters.of(this.#shown),
        pace: () => pace.wait(this.#shown, stop),
        abandon,
        stop,
        leftMs,
        answeredBefore: () => this.#answeredBefore,
        enter: async () => () => {},
        told: (failure, waitMs) => traffic.failed(failure, waitMs, clock.now()),
        fail: (failure, attempts, fatal) =>
          callFailed(`policy:${this.#shown}`, failure, { attempts, fatal, secrets, advice: this.#advice(failure) }),
      },
    )
    this.#answeredBefore = true
    return { value, workedMs }
  }

  #advice({ code }: Failure): string {
    return (
      {
        connection: `Check that the policy server runs and can be reached at ${this.#shown}, then --resume.`,
        timeout: `Raise --timeout-call (${this.#context.retry.timeoutMs / 1000} s a turn), then --resume --retry-errors.`,
        auth: `Check the token in ${TOKEN}.`,
        malformed_reply: `Check that what answers is a policy server of protocol ${PROTOCOL}.`,
      }[code] ?? 'Check what the server was started with, then --resume --retry-errors.'
    )
  }
}

function json(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch (error) {
    throw new MalformedReply(`no JSON: ${(error as Error).message}`)
  }
}

function checked<T>(schema: z.ZodType<T>, value: unknown): T {
  const parsed = schema.safeParse(value)
  if (parsed.success) return parsed.data
  throw new MalformedReply(explain(parsed.error))
}
