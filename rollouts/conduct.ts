/**
 * What a seat did in one rollout, as far as its habits are read off it: which tools it called in which order, how much it wrote,
 * with whom it dealt. Read off the log once, when the rollout is finished. Knows the shape of a log and an economy's declared facts;
 * knows no economy's events.
 */
import type { AnyEnvironment, AnyTypes } from '../envs/core/environment.ts'
import { type EpisodeLog, RESIDENT } from '../envs/core/log.ts'
import { sum } from '../envs/core/sums.ts'
import { type AgentId, toolSchema } from '../envs/core/tool.ts'

/** How an offer came about, from the seat's side. */
export type Side = 'made' | 'received'

/** Dealings of one kind with one kind of agent. */
export interface Dealings {
  readonly kind: string
  readonly side: Side
  /** The kind of the other agent: its declared kind, or the player in its seat. */
  readonly partner: string
  readonly outcome: string
  readonly count: number
}

export interface Conduct {
  /** By message, the tools it called in order; names that are no tool count as `unknown_tool`. */
  readonly turns: readonly (readonly string[])[]
  /** By `tool.argument`: characters of each text. */
  readonly texts: Readonly<Record<string, readonly number[]>>
  /** Absent where the economy declares no dealings. */
  readonly dealings?: readonly Dealings[]
  /** Distinct agents dealt with, and the share of the dealings that was with the most frequent; null where there were none. */
  readonly partners?: number
  readonly favourite?: number | null
}

/** An argument that is free text holds at least this many characters; ids and names hold fewer. */
const TEXT = 100

/** What each of the seats did, by seat. */
export function conductOf(
  env: AnyEnvironment,
  log: EpisodeLog<AnyTypes>,
  agents: readonly AgentId[],
): Readonly<Record<AgentId, Conduct>> {
  const texts = textArguments(env, log.header.config as object)
  const dealt = env.facts?.dealings?.(log)
  const kinds = (dealt && env.facts?.kinds?.(log)) ?? {}
  return Object.fromEntries(
    agents.map(agent => [agent, { ...callsOf(log, agent, texts), ...(dealt && dealingsOf(log, agent, dealt, kinds)) }]),
  )
}

function callsOf({ steps }: EpisodeLog<AnyTypes>, agent: AgentId, texts: TextArguments): Pick<Conduct, 'turns' | 'texts'> {
  const lengths: Record<string, number[]> = {}
  const turns: string[][] = []
  for (const { decisions } of steps) {
    const decision = decisions[agent]
    if (decision === undefined) continue
    turns.push(
      decision.calls.map(call => {
        const tool = Object.hasOwn(texts, call?.tool ?? '') ? call.tool : 'unknown_tool'
        for (const argument of texts[tool] ?? []) {
          const text = (call.args as Readonly<Record<string, unknown>> | null | undefined)?.[argument]
          if (typeof text !== 'string') continue
          const name = `${tool}.${argument}`
          if (lengths[name] === undefined) lengths[name] = [text.length]
          else lengths[name].push(text.length)
        }
        return tool
      }),
    )
  }
  return { turns, texts: lengths }
}

/** What an agent is counted under: the kind that the economy tells of it, else its player, and a resident by itself. */
export function kindOf(
  agent: AgentId,
  kinds: Readonly<Record<AgentId, string>>,
  seats: EpisodeLog<AnyTypes>['header']['seats'],
): string {
  return kinds[agent] ?? (seats[agent] === RESIDENT ? agent : seats[agent]!)
}

type Dealt = ReturnType<NonNullable<NonNullable<AnyEnvironment['facts']>['dealings']>>

function dealingsOf(
  { header: { seats } }: EpisodeLog<AnyTypes>,
  agent: AgentId,
  dealt: Dealt,
  kinds: Readonly<Record<AgentId, string>>,
): Pick<Conduct, 'dealings' | 'partners' | 'favourite'> {
  const counts = new Map<string, Dealings>()
  const byPartner = new Map<AgentId, number>()
  for (const { kind, from, to, outcome } of dealt) {
    if (from !== agent && to !== agent) continue
    const side: Side = from === agent ? 'made' : 'received'
    const other = from === agent ? to : from
    byPartner.set(other, (byPartner.get(other) ?? 0) + 1)
    const facts = { kind, side, partner: kindOf(other, kinds, seats), outcome }
    const id = dealingId(facts)
    counts.set(id, { ...facts, count: (counts.get(id)?.count ?? 0) + 1 })
  }
  const most = Math.max(0, ...byPartner.values())
  const all = sum([...byPartner.values()])
  return { dealings: [...counts.values()], partners: byPartner.size, favourite: most > 0 ? most / all : null }
}

/** What tells one row of dealings from another. */
export function dealingId({ kind, side, partner, outcome }: Omit<Dealings, 'count'>): string {
  return JSON.stringify([kind, side, partner, outcome])
}

/** By tool: the arguments that are free text. */
type TextArguments = Readonly<Record<string, readonly string[]>>

const textArgumentsOf = new WeakMap<object, TextArguments>()

function textArguments(env: AnyEnvironment, config: object): TextArguments {
  const tools = env.tools(config)
  let known = textArgumentsOf.get(tools)
  if (known === undefined) {
    known = Object.fromEntries(
      Object.entries(tools).map(([name, tool]) => {
        const { properties = {} } = toolSchema(name, tool).parameters as { properties?: Record<string, object> }
        return [name, Object.keys(properties).filter(argument => isText(properties[argument]!))]
      }),
    )
    textArgumentsOf.set(tools, known)
  }
  return known
}

function isText(schema: { type?: unknown; enum?: unknown; pattern?: unknown; maxLength?: number }): boolean {
  const { type, maxLength = Number.POSITIVE_INFINITY } = schema
  return type === 'string' && schema.enum === undefined && schema.pattern === undefined && maxLength >= TEXT
}
