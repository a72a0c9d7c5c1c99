/**
 * What a player does, read off the logs of its play: when it first uses a tool, what follows what, with whom it deals and
 * how it treats each kind of agent, how much it writes. Knows the shape of a log and an economy's declared facts; knows no
 * economy's events.
 */
import type { AnyEnvironment, AnyTypes } from '../envs/core/environment.ts'
import { type EpisodeLog, RESIDENT } from '../envs/core/log.ts'
import { type AgentId, toolSchema } from '../envs/core/tool.ts'
import { Moments } from '../rollouts/column.ts'

/** Stands before the first call, after the last, and for a message without a call. */
export const START = '(start)'
export const END = '(end)'
export const SILENCE = '(silence)'

/** How an offer came about, from the player's side. */
export type Side = 'made' | 'received'

export interface DealingCounts {
  readonly kind: string
  readonly side: Side
  /** The kind of the other agent: its declared kind, or the player in its seat. */
  readonly partner: string
  readonly outcome: string
  /** Per rollout. */
  readonly moments: Moments
}

/** An argument that is free text holds at least this many characters; ids and names hold fewer. */
const TEXT = 100

/** The habits of one player over any number of rollouts. */
export class Habits {
  rollouts = 0
  /** By tool: the message of the first call, from 1, over the rollouts that have one. */
  readonly firstUse = new Map<string, Moments>()
  /** `follows.get(a).get(b)`: how often b came next after a. */
  readonly follows = new Map<string, Map<string, number>>()
  /** By `tool.argument`: characters of a text. */
  readonly texts = new Map<string, Moments>()
  readonly dealings = new Map<string, DealingCounts>()
  /** Distinct agents dealt with in a rollout. */
  readonly partners = new Moments()
  /** Share of a rollout's dealings that were with the most frequent partner. */
  readonly favourite = new Moments()

  /** Adds one seat's play of one rollout. */
  add(env: AnyEnvironment, log: EpisodeLog<AnyTypes>, agent: AgentId): void {
    this.rollouts++
    this.#addCalls(log, agent, textArguments(env, log.header.config as object))
    if (env.facts?.dealings !== undefined) this.#addDealings(env, log, agent)
  }

  #addCalls(log: EpisodeLog<AnyTypes>, agent: AgentId, texts: TextArguments): void {
    const met = new Set<string>()
    let turn = 0
    let last = START
    for (const { decisions } of log.steps) {
      const decision = decisions[agent]
      if (decision === undefined) continue
      turn++
      if (decision.calls.length === 0) {
        this.#follow(last, SILENCE)
        last = SILENCE
      }
      for (const call of decision.calls) {
        const tool = Object.hasOwn(texts, call?.tool ?? '') ? call.tool : 'unknown_tool'
        this.#follow(last, tool)
        last = tool
        if (!met.has(tool)) {
          met.add(tool)
          momentsOf(this.firstUse, tool).add(turn)
        }
        for (const argument of texts[tool] ?? []) {
          const text = (call.args as Readonly<Record<string, unknown>> | null | undefined)?.[argument]
          if (typeof text === 'string') momentsOf(this.texts, `${tool}.${argument}`).add(text.length)
        }
      }
    }
    if (turn > 0) this.#follow(last, END)
  }

  #follow(from: string, to: string): void {
    let next = this.follows.get(from)
    if (next === undefined) {
      next = new Map()
      this.follows.set(from, next)
    }
    next.set(to, (next.get(to) ?? 0) + 1)
  }

  #addDealings(env: AnyEnvironment, log: EpisodeLog<AnyTypes>, agent: AgentId): void {
    const { seats } = log.header
    const kinds = env.facts!.kinds?.(log) ?? {}
    const kindOf = (other: AgentId): string => kinds[other] ?? (seats[other] === RESIDENT ? other : seats[other]!)
    const counts = new Map<string, number>()
    const byPartner = new Map<AgentId, number>()
    for (const { kind, from, to, outcome } of env.facts!.dealings!(log)) {
      if (from !== agent && to !== agent) continue
      const side: Side = from === agent ? 'made' : 'received'
      const other = from === agent ? to : from
      byPartner.set(other, (byPartner.get(other) ?? 0) + 1)
      const partner = kindOf(other)
      const id = dealingId({ kind, side, partner, outcome })
      counts.set(id, (counts.get(id) ?? 0) + 1)
      if (!this.dealings.has(id)) this.dealings.set(id, { kind, side, partner, outcome, moments: new Moments() })
    }
    for (const [id, count] of counts) this.dealings.get(id)!.moments.add(count)
    this.partners.add(byPartner.size)
    const most = Math.max(0, ...byPartner.values())
    if (most > 0) this.favourite.add(most / [...byPartner.values()].reduce((sum, count) => sum + count, 0))
  }
}

/** What tells one row of dealings from another. */
export function dealingId({ kind, side, partner, outcome }: Omit<DealingCounts, 'moments'>): string {
  return JSON.stringify([kind, side, partner, outcome])
}

function momentsOf<Key>(all: Map<Key, Moments>, key: Key): Moments {
  let moments = all.get(key)
  if (moments === undefined) {
    moments = new Moments()
    all.set(key, moments)
  }
  return moments
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
