/**
 * The wire (`docs/wire.md`): games for programs in other languages. A connection takes requests as text and gives frames back; it
 * knows no pipe and no socket. Text frames are JSON; a binary frame holds the buffers that the one before it lists.
 */
import type { z } from 'zod'
import { TableError } from '../envs/core/table.ts'
import { type AgentId, explain } from '../envs/core/tool.ts'
import type { SeatMessage } from '../rollouts/talk.ts'
import { packageVersion } from '../rollouts/versions.ts'
import { after, type Later } from './after.ts'
import { ServeError } from './errors.ts'
import type { Payment } from './game.ts'
import type { Host } from './host.ts'
import type { Session } from './sessions.ts'
import { Vector } from './vector.ts'
import { encodingOf, SessionGame, whatIs } from './wire_game.ts'
import { OPS, type Op, type Request, type reward, SCHEMAS } from './wire_requests.ts'

/** Bumped whenever a client written for the one before would break. */
export const PROTOCOL = 1

/** A text frame, or the buffers behind it. */
export type Frame = string | Uint8Array

/** An answer's fields, and the buffers that follow it. */
interface Answer {
  readonly body: object
  readonly buffers?: readonly Uint8Array[]
}

/** Something held for the client under a number. */
interface Held {
  readonly session: Session
  readonly game?: SessionGame
  readonly vector?: Vector
}

export class Connection {
  readonly #host: Host
  readonly #fault: (error: unknown) => void
  readonly #held = new Map<number, Held>()
  /** Sessions that were closed because nothing was asked of them. */
  readonly #idle = new Set<number>()
  #last = 0
  readonly #ops: { readonly [K in Op]: (request: Request<K>) => Later<Answer> }

  /** `fault` is told what was a bug of ours; the client is told `internal`. */
  constructor(host: Host, fault: (error: unknown) => void = () => {}) {
    this.#host = host
    this.#fault = fault
    this.#ops = {
      hello: ({ protocol = PROTOCOL }) => this.#hello(protocol),
      make: request => this.#make(request),
      reset: ({ s, seed, repeat }) => this.#run(s, game => game.reset(seed, repeat)),
      step: ({ s, decisions }) => this.#run(s, game => game.step(decisions)),
      say: ({ s, messages }) => this.#run(s, game => game.say(messages as Record<AgentId, SeatMessage>)),
      call: ({ s, seat, call }) => this.#run(s, game => game.call(seat, call)),
      check: ({ s, seat, call }) => this.#run(s, game => game.check(seat, call)),
      stop: ({ s, reason = 'stopped' }) => this.#run(s, game => game.stop(reason)),
      log: ({ s }) => this.#run(s, game => ({ log: game.log })),
      close: ({ s }) => this.#close(s, 'game'),
      vmake: request => this.#vmake(request),
      vreset: ({ v, seeds }) => this.#runVector(v, vector => vector.reset(seeds)),
      vstep: ({ v, actions }) => this.#runVector(v, vector => vector.step(actions)),
      vclose: ({ v }) => this.#close(v, 'vector'),
    }
  }

  /** Answers a request, with a promise where a player that answers later is waited for. Never throws. */
  receive(text: string): Later<readonly Frame[]> {
    let request: unknown
    try {
      request = JSON.parse(text)
    } catch (error) {
      return refused(null, new ServeError('bad_json', `Expected one JSON object a request: ${(error as Error).message}.`))
    }
    if (typeof request !== 'object' || request === null || Array.isArray(request))
      return refused(null, new ServeError('bad_json', 'Expected one JSON object a request.'))
    const { id: given, op } = request as { readonly id?: unknown; readonly op?: unknown }
    const own = typeof given === 'number' || (typeof given === 'string' && given.length <= 256) ? given : null
    try {
      const answer = this.#answer(op, request)
      return answer instanceof Promise
        ? answer.then(
            later => written(own, later),
            error => refused(own, this.#error(error, request)),
          )
        : written(own, answer)
    } catch (error) {
      return refused(own, this.#error(error, request))
    }
  }

  /** What a carrier answers to a request that is longer than it takes. */
  tooLarge(bytes: number): readonly Frame[] {
    return refused(null, new ServeError('too_large', `A request is at most ${bytes} bytes long.`))
  }

  /** The client has gone: everything it held is given up. */
  closed(): void {
    for (const { session } of [...this.#held.values()]) session.end()
  }

  #answer(op: unknown, request: object): Later<Answer> {
    if (typeof op !== 'string' || !Object.hasOwn(SCHEMAS, op))
      throw new ServeError(
        'unknown_op',
        `No operation ${JSON.stringify(String(op).slice(0, 64))}. Operations: ${OPS.join(', ')}.`,
      )
    const parsed = SCHEMAS[op as Op].safeParse(request)
    if (!parsed.success) throw new ServeError('bad_request', `${op}: ${explain(parsed.error)}.`)
    return (this.#ops[op as Op] as (request: unknown) => Later<Answer>)(parsed.data)
  }

  /** What the client is told of a failure. A fault of ours ends the session it happened in. */
  #error(error: unknown, request: object): ServeError {
    if (error instanceof ServeError) return error
    if (error instanceof TableError)
      return new ServeError(error.code === 'closed' || error.code === 'busy' ? 'unknown_session' : error.code, error.message)
    this.#fault(error)
    const { s, v } = request as { readonly s?: number; readonly v?: number }
    this.#held.get(s ?? v ?? 0)?.session.end()
    return new ServeError(
      'internal',
      `A fault of the server: ${error instanceof Error ? error.message : String(error)}`.slice(0, 400),
    )
  }

  #hello(protocol: number): Answer {
    if (protocol !== PROTOCOL)
      throw new ServeError('unknown_protocol', `This server speaks protocol ${PROTOCOL}, not ${protocol}.`, {
        protocol: PROTOCOL,
      })
    const { economies } = this.#host
    const envs = economies.list().map(({ env }) => ({
      id: env.id,
      version: env.version,
      summary: env.summary,
      presets: Object.keys(env.presets),
      encoded: env.encode !== undefined,
    }))
    return { body: { protocol, version: packageVersion(), envs } }
  }

  #make({ want = ['text'], tools_id, log = true, reward, ...request }: Request<'make'>): Answer {
    const made = this.#host.game('agora', request, this.#payment(reward))
    const held = new SessionGame(made, new Set(want), log, this.#host)
    const s = this.#hold({ game: held }, () => held.close())
    return { body: { s, ...held.describe(tools_id) } }
  }

  #vmake({ n, reward, ...request }: Request<'vmake'>): Answer {
    const payment = this.#payment(reward)
    const vector = new Vector(like => this.#host.game('agora', request, payment, like), n)
    const v = this.#hold({ vector }, () => vector.close(), n)
    return { body: { v, n, ...whatIs(vector.game), encoding: encodingOf(vector.encoding) } }
  }

  /** What a client asked to be paid, over what the server pays. */
  #payment({ form, scale, relative }: z.output<typeof reward> = {}): Payment {
    const usual = this.#host.payment('agora')
    if (relative !== undefined && (form ?? usual.form) === 'delta')
      throw new ServeError(
        'bad_request',
        "make: reward: relative needs the form 'score' or 'total': a change is the same either way.",
      )
    return {
      ...usual,
      ...(form !== undefined && { form }),
      ...(scale !== undefined && { unit: 'par' as const }),
      ...(relative !== undefined && { honest: relative === 'par' ? ('par' as const) : true }),
    }
  }

  #hold(what: Omit<Held, 'session'>, close: () => void, games = 1): number {
    const s = ++this.#last
    const open = this.#host.sessions.open(
      'agora',
      why => {
        this.#held.delete(s)
        if (why === 'idle') this.#idle.add(s)
        close()
      },
      undefined,
      games,
    )
    this.#held.set(s, { ...what, session: open })
    return s
  }

  #find(s: number, kind: 'game' | 'vector'): Held {
    const held = this.#held.get(s)
    if (held?.[kind] !== undefined) return held
    if (this.#idle.has(s))
      throw new ServeError('idle_closed', `Session ${s} was closed because nothing was asked of it for too long; make another.`)
    throw new ServeError('unknown_session', `There is no ${kind === 'game' ? 'session' : 'vector'} ${s} on this connection.`)
  }

  #run(s: number, work: (game: SessionGame) => Later<object>): Later<Answer> {
    const { session, game } = this.#find(s, 'game')
    return after<object, Answer>(
      session.run(() => work(game!)),
      body => ({ body }),
    )
  }

  #runVector(v: number, work: (vector: Vector) => Later<Answer>): Later<Answer> {
    const { session, vector } = this.#find(v, 'vector')
    return session.run(() => work(vector!))
  }

  #close(s: number, kind: 'game' | 'vector'): Answer {
    this.#find(s, kind).session.end()
    return { body: {} }
  }
}

function written(id: string | number | null, { body, buffers }: Answer): readonly Frame[] {
  const header = JSON.stringify({ id, ok: true, ...body })
  return buffers === undefined ? [header] : [header, Buffer.concat(buffers)]
}

function refused(id: string | number | null, { code, message, data }: ServeError): readonly Frame[] {
  return [JSON.stringify({ id, ok: false, error: { code, message, ...data } })]
}
