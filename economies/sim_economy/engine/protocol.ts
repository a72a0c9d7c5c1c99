/**
 * What the HTTP protocol of the original engine says and understands: bodies, their mistakes, and the agents' own names.
 * Knows the shapes; knows neither sockets nor files.
 */
import { z } from 'zod'
import { plain, short } from '../../../envs/core/plain.ts'
import type { AgentId } from '../../../envs/core/tool.ts'
import { type Config, configSchema, MAX_UNITS, presets } from '../../../envs/sim_economy/config.ts'
import { roster, rowIn } from '../../../envs/sim_economy/state.ts'

/** A request that cannot be carried out: its status, what is wrong, and the field where it is. */
export class ProtocolError extends Error {
  override readonly name = 'ProtocolError'
  readonly status: number
  readonly field: string
  constructor(status: number, field: string, message: string) {
    super(message)
    this.status = status
    this.field = field
  }
}

const agentId = z.string().min(1).max(64)
const words = z.string().nullish()
const units = z.int().min(0).max(MAX_UNITS).default(0)

/** What else an input brings is the client's own; what else an action brings goes to the action, which refuses it. */
const inputSchema = z.looseObject({
  agent_id: agentId,
  thinking: words,
  action: z.looseObject({ action: z.string() }),
  speech: words,
  thinking_units: units,
  output_units: units,
})
const turnSchema = z.strictObject({ inputs: z.array(inputSchema) })
const initSchema = z.strictObject({ config: z.record(z.string(), z.unknown()).nullish(), agent_ids: z.array(agentId).min(1) })

/** One agent's input of a turn. */
export interface TurnInput {
  readonly agent: AgentId
  readonly action: string
  /** The action's other fields, as they came; a null counts as absent. */
  readonly args: Readonly<Record<string, unknown>>
  readonly speech: string | undefined
  readonly thinking: number
  readonly output: number
}

/** The agents by the names the client gave them; the engine itself counts them. */
export class Names {
  readonly #external: readonly string[]
  readonly #internal: readonly AgentId[]
  readonly #rows: ReadonlyMap<string, number>

  constructor(external: readonly string[]) {
    this.#external = external
    this.#internal = roster(external.length)
    this.#rows = new Map(external.map((name, row) => [name, row]))
  }

  /** The engine's agent of that name, if there is one. */
  agent(name: string): AgentId | undefined {
    const row = this.#rows.get(name)
    return row === undefined ? undefined : this.#internal[row]
  }

  /** What the engine is to make of a name in an action: an agent, or a name that is none of its own either. */
  resolve(name: string): string {
    return this.agent(name) ?? (rowIn(this.#internal, name) >= 0 ? `unknown ${name}` : name)
  }

  name(agent: AgentId): string {
    return this.#external[rowIn(this.#internal, agent)]!
  }

  /** A message of the engine with the client's names. */
  spell(message: string): string {
    return message.replace(/\bagent_\d+\b/g, word => (rowIn(this.#internal, word) >= 0 ? this.name(word) : word))
  }
}

/** The world that a body of `POST /init` asks for. */
export function readInit(body: unknown): { config: Config; names: Names } {
  const { agent_ids } = parse(initSchema, body)
  const names = new Set<string>()
  for (const [i, name] of agent_ids.entries()) {
    if (names.has(name)) throw new ProtocolError(400, `agent_ids.${i}`, `${short(name)} occurs twice.`)
    names.add(name)
  }
  // From the body itself: a record's schema loses fields such as `__proto__`, which are to be refused like any other.
  const { config } = body as { config?: object | null }
  const resolved = parse(configSchema, { ...presets.paper, num_agents: agent_ids.length, ...config }, 'config')
  if (resolved.num_agents !== agent_ids.length)
    throw new ProtocolError(400, 'config.num_agents', `${resolved.num_agents} agents, but agent_ids names ${agent_ids.length}.`)
  return { config: resolved, names: new Names(agent_ids) }
}

/** The fields of an action that name an agent. */
const NAMING = ['to', 'counterparty', 'arbitrator']

/** The inputs of a body of `POST /turn`, by the engine's agents. */
export function readTurn(body: unknown, names: Names): TurnInput[] {
  const { inputs } = parse(turnSchema, body)
  const seen = new Set<AgentId>()
  return inputs.map((input, i) => {
    const agent = names.agent(input.agent_id)
    const field = `inputs.${i}.agent_id`
    if (agent === undefined) throw new ProtocolError(400, field, `No agent ${short(input.agent_id)} in this world.`)
    if (seen.has(agent))
      throw new ProtocolError(400, field, `${short(input.agent_id)} occurs twice; one input an agent and turn.`)
    seen.add(agent)
    // From the body itself: what the schema gives back has lost fields such as `__proto__`.
    const { action: _, ...given } = (body as { inputs: { action: Record<string, unknown> }[] }).inputs[i]!.action
    const args = Object.fromEntries(
      Object.entries(given)
        .filter(([, value]) => value !== null)
        .map(([key, value]) => [key, NAMING.includes(key) && typeof value === 'string' ? names.resolve(value) : plain(value)]),
    )
    return {
      agent,
      action: input.action.action,
      args,
      speech: input.speech ?? undefined,
      thinking: input.thinking_units,
      output: input.output_units,
    }
  })
}

/** Parses a part of a body; the first mistake is named by its field. */
function parse<T>(schema: z.ZodType<T>, value: unknown, within = ''): T {
  const parsed = schema.safeParse(value)
  if (parsed.success) return parsed.data
  const issue = parsed.error.issues[0]!
  const key = issue.code === 'unrecognized_keys' ? [issue.keys[0]!] : []
  const field = [...(within === '' ? [] : [within]), ...issue.path, ...key].map(String).join('.') || 'body'
  throw new ProtocolError(
    400,
    field.slice(0, 200),
    issue.code === 'unrecognized_keys' ? 'There is no such field.' : issue.message,
  )
}
