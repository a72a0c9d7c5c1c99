/**
 * What a player does, added up over rollouts: when it first uses a tool, what follows what, with whom it deals and how it treats
 * each kind of agent, how much it writes. Knows what is told of a seat's conduct; reads no log.
 */
import { Moments } from '../rollouts/column.ts'
import { type Conduct, type Dealings, dealingId } from '../rollouts/conduct.ts'

/** Stands before the first call, after the last, and for a message without a call. */
export const START = '(start)'
export const END = '(end)'
export const SILENCE = '(silence)'

export interface DealingCounts extends Omit<Dealings, 'count'> {
  /** Per rollout. */
  readonly moments: Moments
}

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
  add({ turns, texts, dealings, partners, favourite }: Conduct): void {
    this.rollouts++
    this.#addCalls(turns)
    for (const argument in texts) for (const length of texts[argument]!) momentsOf(this.texts, argument).add(length)
    if (dealings === undefined) return
    for (const { count, ...facts } of dealings) {
      const id = dealingId(facts)
      if (!this.dealings.has(id)) this.dealings.set(id, { ...facts, moments: new Moments() })
      this.dealings.get(id)!.moments.add(count)
    }
    this.partners.add(partners ?? 0)
    if (typeof favourite === 'number') this.favourite.add(favourite)
  }

  #addCalls(turns: Conduct['turns']): void {
    const met = new Set<string>()
    let last = START
    for (const [turn, tools] of turns.entries()) {
      if (tools.length === 0) {
        this.#follow(last, SILENCE)
        last = SILENCE
      }
      for (const tool of tools) {
        this.#follow(last, tool)
        last = tool
        if (met.has(tool)) continue
        met.add(tool)
        momentsOf(this.firstUse, tool).add(turn + 1)
      }
    }
    if (turns.length > 0) this.#follow(last, END)
  }

  #follow(from: string, to: string): void {
    let next = this.follows.get(from)
    if (next === undefined) {
      next = new Map()
      this.follows.set(from, next)
    }
    next.set(to, (next.get(to) ?? 0) + 1)
  }
}

function momentsOf<Key>(all: Map<Key, Moments>, key: Key): Moments {
  let moments = all.get(key)
  if (moments === undefined) {
    moments = new Moments()
    all.set(key, moments)
  }
  return moments
}
