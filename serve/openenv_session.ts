/**
 * One environment of an OpenEnv client: reset, step and state in OpenEnv's words, and those that are held for a client between
 * its requests. Knows no HTTP, no WebSocket and no JSON-RPC.
 */
import { randomUUID } from 'node:crypto'
import { z } from 'zod'
import { TableError } from '../envs/core/table.ts'
import type { ToolSchema } from '../envs/core/tool.ts'
import { after } from './after.ts'
import { gameSchema } from './game.ts'
import type { Host } from './host.ts'
import { checked } from './routes.ts'
import { type SeatPlay, type Told, toolsOf, withoutNulls } from './seat.ts'
import type { Session } from './sessions.ts'
import { drawSeed } from './tasks.ts'

/** The version of what an observation holds beyond OpenEnv. */
const OBSERVATION_VERSION = 1

/** What `reset` takes: OpenEnv's fields, and which game. */
const resetSchema = gameSchema.omit({ live: true }).extend({
  seed: z.int().min(0).nullish(),
  episode_id: z.string().max(255).nullish(),
  seat: z.string().max(64).optional(),
})

const callSchema = z.strictObject({ tool: z.string(), args: z.unknown().optional() })
const metadata = z.record(z.string(), z.unknown()).optional()
/** One message, in OpenEnv's three forms: the tools are asked for, one is called by itself, or calls are decided on. */
const actionSchema = z.union([
  z.strictObject({ type: z.literal('list_tools'), metadata }),
  z.strictObject({ type: z.literal('call_tool'), tool_name: z.string(), arguments: z.unknown().optional(), metadata }),
  z.strictObject({
    tool: z.string().optional(),
    args: z.unknown().optional(),
    calls: z.array(callSchema).max(256).optional(),
    units: z.strictObject({ thinking: z.int().min(0), output: z.int().min(0) }).optional(),
    metadata,
  }),
])
type Action = z.infer<typeof actionSchema>

/** What a step or a reset answers. */
export interface StepResult {
  readonly observation: object
  readonly reward: number | null
  readonly done: boolean
  readonly metadata: object
}

/** One environment of a client. */
export class OpenEnvSession {
  readonly #host: Host
  readonly #env: string
  #play: SeatPlay | undefined
  #steps = 0
  #episode: string | null = null

  constructor(host: Host, env: string) {
    this.#host = host
    this.#env = env
  }

  reset(data: unknown): StepResult | Promise<StepResult> {
    const { seed, episode_id, seat, ...game } = checked(resetSchema, data ?? {})
    const play = this.#host.seat('openenv', { env: this.#env, ...game, ...(seat !== undefined && { live: [seat] }) })
    this.#play?.close()
    this.#play = play
    this.#steps = 0
    this.#episode = episode_id ?? randomUUID()
    return after(play.reset(seed ?? drawSeed()), told => ({
      ...result(play, told, null),
      observation: { ...observation(play, told), rules: told.messages[0]!.content, tools: tools(toolsOf(play.game, 'messages')) },
    }))
  }

  step(data: unknown): StepResult | Promise<StepResult> {
    const action = checked(actionSchema, data)
    if ('type' in action && action.type === 'list_tools')
      return { observation: { tools: tools(this.tools), done: false }, reward: null, done: false, metadata: {} }
    const play = this.play
    this.#steps++
    if ('type' in action) {
      const { tool_name, arguments: args } = action
      return after(this.call(tool_name, args), told => {
        const { ok, text } = summary(told)
        const isKnown = this.tools.some(({ name }) => name === tool_name)
        const error = ok ? null : { error_type: isKnown ? 'invalid_args' : 'tool_not_found', message: text }
        return {
          ...result(play, told, told.reward),
          observation: { ...observation(play, told), tool_name, result: ok ? text : null, error },
        }
      })
    }
    return after(play.say(message(play, action)), told => result(play, told, told.reward))
  }

  /** One call of a tool by itself. */
  call(name: string, args: unknown): Told | Promise<Told> {
    const tool = this.tools.find(tool => tool.name === name)
    return this.play.call({ tool: name, args: withoutNulls(tool, args ?? {}) })
  }

  state(): object {
    const play = this.#play
    return {
      episode_id: this.#episode,
      step_count: this.#steps,
      env: this.#env,
      preset: play?.game.preset ?? null,
      seed: play?.game.seed ?? null,
      t: play?.table.view.t ?? 0,
    }
  }

  get isReset(): boolean {
    return this.#play !== undefined
  }

  /** Before a reset those of the game that would be played. */
  get tools(): readonly ToolSchema[] {
    return toolsOf(this.#play?.game ?? this.#host.game('openenv', { env: this.#env }), 'calls')
  }

  get play(): SeatPlay {
    if (this.#play === undefined) throw new TableError('not_reset', 'There is no game yet; reset first.')
    return this.#play
  }

  close(): void {
    this.#play?.close()
    this.#play = undefined
  }
}

/** A call as OpenEnv tells one: every result of the turn that it ended, or its own. */
export function summary({ results }: Told): { readonly ok: boolean; readonly text: string } {
  return { ok: results.at(-1)?.ok ?? true, text: results.map(({ text }) => text).join('\n') }
}

/** An action of calls as the message of a model that would have sent them. */
function message(play: SeatPlay, action: Exclude<Action, { type: unknown }>) {
  const { tool, args, calls = [], units } = action
  const all = [...(tool === undefined ? [] : [{ tool, args }]), ...calls]
  return {
    tool_calls: all.map(call => play.toolCall(call.tool, call.args)),
    ...(units !== undefined && { units: { ...units, source: 'reported' as const } }),
  }
}

function result(play: SeatPlay, told: Told, reward: number | null): StepResult {
  const { terminated, truncated, stop } = told.view
  return {
    observation: observation(play, told),
    reward,
    done: stop !== null,
    metadata: { agoragym: { version: OBSERVATION_VERSION, seed: play.game.seed, terminated, truncated } },
  }
}

export function observation(play: SeatPlay, { text, results, view }: Told): object {
  return {
    seat: play.agent,
    t: view.t,
    text,
    offered: play.table.offered(play.agent),
    results,
    terminated: view.terminated,
    truncated: view.truncated,
    ...play.final,
  }
}

const tools = (schemas: readonly ToolSchema[]): object[] =>
  schemas.map(({ name, description, parameters }) => ({ name, description, input_schema: parameters }))

/** An environment that is held for a client between its requests. */
export interface Held {
  readonly session: Session
  readonly env: OpenEnvSession
  /** Whether a socket speaks for it; `closing`: whether it ends with that socket. */
  attached: boolean
  closing: boolean
}

/** The environments that were made by `openenv/session/create`, by id. */
export class HeldSessions {
  readonly #host: Host
  readonly #held = new Map<string, Held>()

  constructor(host: Host) {
    this.#host = host
  }

  open(economy: string): Held {
    const env = new OpenEnvSession(this.#host, economy)
    const session = this.#host.sessions.open('openenv', () => {
      this.#held.delete(session.id)
      env.close()
    })
    const held: Held = { session, env, attached: false, closing: false }
    this.#held.set(session.id, held)
    return held
  }

  get(id: string): Held | undefined {
    return this.#held.get(id)
  }
}
