/**
 * The engine that jumps: a colony in which everybody follows the selector, from decision to decision instead of tick by tick.
 * Knows the rules of `substrate.ts` and adds none.
 */
import { BREACH, BUILDING, COLONISTS, DECAY, GAIN, LABOUR, NEED_CAP, NEEDS, SITES, SOCIALIZING } from './parameters.ts'
import { bondWith, type Colony, type Draw, openSites, select } from './substrate.ts'

/**
 * Told of every decision, in the order of ticks and colonists. `since[j]` is the tick up to which colonist j's bout has had
 * its effect on the colony; the decider's has had all of it.
 */
export type Decided = (i: number, tick: number, since: Int32Array) => void

/** What a tick of each action does to each need, decay and gain together, by `3 · action + kind`. */
const NET = Int32Array.from(GAIN.flatMap(gains => gains.map((gain, kind) => gain - DECAY[kind]!)))
/** The least a need can count as before a bout: decay stops at 0, so the first tick of a gain begins at the decay at least. */
const FLOOR = Int32Array.from(GAIN.flatMap(gains => gains.map((gain, kind) => (gain > 0 ? DECAY[kind]! : 0))))

/** A need after `ticks` of an action, in one step. */
export function needAfter(need: number, action: number, kind: number, ticks: number): number {
  if (ticks === 0) return need
  const before = Math.max(need, FLOOR[3 * action + kind]!)
  return Math.max(0, Math.min(NEED_CAP, before + ticks * NET[3 * action + kind]!))
}

/**
 * `ticks` ticks in which everybody follows the selector, in time proportional to the decisions made.
 *
 * Exact, because inside a bout a need moves by a constant a tick, so that one product and one clamp do for all of it; a
 * pair's bond always moves in one direction, so that the clamped sums of its two members commute; and colonists are coupled
 * by sites alone, which close on a tick that a ceiling division gives.
 */
export function advance(colony: Colony, draws: readonly Draw[], ticks: number, decided: Decided): void {
  const { need, act, target, left, count } = colony
  const end = colony.tick + ticks
  const since = new Int32Array(COLONISTS).fill(colony.tick)
  /** On which tick each colonist decides again. */
  const free = left.map(ticks => colony.tick + ticks)
  const crews = new Crews(colony)
  const breaches: Span[] = []
  let open = openSites(colony)

  for (let running = COLONISTS; running > 0; ) {
    let i = 0
    let now = free[0]!
    for (let j = 1; j < COLONISTS; j++)
      if (free[j]! < now) {
        now = free[j]!
        i = j
      }
    // A site closes at the end of its tick: after that tick's decisions, before the next one's.
    if (crews.closing < now && crews.closing < end) {
      crews.close(free)
      open = openSites(colony)
      continue
    }
    now = Math.min(now, end)
    const n = now - since[i]!
    if (n > 0) {
      const action = act[i]!
      count[action]! += n
      for (let kind = 0; kind < NEEDS.length; kind++) {
        const before = need[3 * i + kind]!
        const after = needAfter(before, action, kind, n)
        need[3 * i + kind] = after
        if (before < BREACH || after < BREACH) breaches.push(breach(before, action, kind, since[i]!, now))
      }
      if (action === SOCIALIZING) bondWith(colony, i, n)
      since[i] = now
    }
    if (now === end) {
      left[i] = free[i]! - end
      free[i] = NEVER
      running--
      continue
    }
    const energy = Math.max(0, need[3 * i]! - DECAY[0])
    const social = Math.max(0, need[3 * i + 1]! - DECAY[1])
    const purpose = Math.max(0, need[3 * i + 2]! - DECAY[2])
    select(colony, i, draws[i]!, energy, social, purpose, open)
    crews.move(i, act[i] === BUILDING ? target[i]! : -1, now)
    free[i] = now + left[i]!
    decided(i, now, since)
  }

  crews.count(end)
  if (breaches.length > 0) colony.breach_ticks += covered(breaches)
  colony.tick = end
}

/** Later than any tick. */
const NEVER = 2 ** 31 - 1

/** Who builds where, while `advance` jumps. */
class Crews {
  /** At the end of which tick the next site closes, with the crews there are. */
  closing = NEVER
  readonly #colony: Colony
  /** Where each colonist builds, or −1. */
  readonly #at = new Int32Array(COLONISTS).fill(-1)
  readonly #builders = new Int32Array(SITES)
  /** Up to which tick the labour at each site is in its progress. */
  readonly #counted: Int32Array
  readonly #closes = new Int32Array(SITES).fill(NEVER)

  constructor(colony: Colony) {
    this.#colony = colony
    this.#counted = new Int32Array(SITES).fill(colony.tick)
    for (let i = 0; i < COLONISTS; i++)
      if (colony.act[i] === BUILDING && colony.left[i]! > 0) this.move(i, colony.target[i]!, colony.tick)
  }

  /** From tick `now` on colonist i builds at `site`, or nowhere (−1). */
  move(i: number, site: number, now: number): void {
    const before = this.#at[i]!
    if (before === site) return
    this.#at[i] = site
    if (before >= 0) this.#muster(before, now, -1)
    if (site >= 0) this.#muster(site, now, 1)
  }

  /** Closes the sites that are due at `closing`; their builders decide on the next tick. */
  close(free: Int32Array): void {
    const last = this.closing
    for (let site = 0; site < SITES; site++) {
      if (this.#closes[site] !== last) continue
      this.#muster(site, last + 1, -this.#builders[site]!)
      this.#colony.done_at[site] = last
      for (let i = 0; i < COLONISTS; i++)
        if (this.#at[i] === site) {
          this.#at[i] = -1
          free[i] = last + 1
        }
    }
  }

  /** Brings the progress of every site up to tick `end`. */
  count(end: number): void {
    for (let site = 0; site < SITES; site++) this.#muster(site, end, 0)
  }

  #muster(site: number, now: number, change: number): void {
    const { progress } = this.#colony
    progress[site]! += this.#builders[site]! * (now - this.#counted[site]!)
    this.#counted[site] = now
    const crew = this.#builders[site]! + change
    this.#builders[site] = crew
    this.#closes[site] = crew > 0 ? now + Math.ceil((LABOUR - progress[site]!) / crew) - 1 : NEVER
    this.closing = Math.min(this.#closes[0]!, this.#closes[1]!, this.#closes[2]!)
  }
}

/** A half-open span of ticks. */
type Span = readonly [from: number, to: number]

/** On which ticks of a bout in [since, now) a need, `before` it, ended under the breach threshold. */
function breach(before: number, action: number, kind: number, since: number, now: number): Span {
  const net = NET[3 * action + kind]!
  // After j ticks a falling need is at before + j · net, a rising one at max(before, FLOOR) + j · net.
  if (net < 0) return [since + Math.max(0, Math.floor((BREACH - before) / net)), now]
  const start = Math.max(before, FLOOR[3 * action + kind]!)
  return [since, Math.min(now, since + Math.ceil((BREACH - start) / net) - 1)]
}

/** How many ticks lie in at least one of the spans. */
function covered(spans: Span[]): number {
  let total = 0
  let reached = 0
  for (const [from, to] of spans.sort(([a], [b]) => a - b)) {
    if (to <= reached) continue
    total += to - Math.max(from, reached)
    reached = to
  }
  return total
}
