/**
 * What a protocol is to the package: an adapter that takes seats at somebody's server, tells when a seat is to decide, and hands
 * decisions on. What plays a seat is `seat_play.ts`. Knows no protocol and no player.
 */
import type { AnyTypes, CallResult, Playable, Seat } from '../envs/core/environment.ts'
import type { Call, Checked, PlayerTools, ToolName } from '../envs/core/tool.ts'

/** A protocol, bound to one session of one server. */
export interface Adapter {
  /** The protocol's name, as it is typed. */
  readonly id: string
  /**
   * Takes a seat, or takes it again, and says who the server takes us for. Throws a UserError where that is another seat than was
   * asked for, or where there is none left.
   */
  open(seat: SeatRequest, wire: Wire, signal: AbortSignal): Promise<Link>
  /** The tools that go with an observation, where they are not the economy's: the same object for equal ones. */
  tools?(observation: object): PlayerTools<AnyTypes>
  /** Once all seats are over or left: what the server pays each, where it says so only then. By what `--seat` calls them. */
  settle?(signal: AbortSignal): Promise<Readonly<Record<string, Pick<SeatResult, 'reward' | 'metrics'>>>>
}

export interface SeatRequest {
  /** What `--seat` calls it. */
  readonly seat: string
  /** What the link of an earlier process gave as `resume`: the same seat is to be taken. */
  readonly resume?: unknown
}

/** Where a link leaves what went over the wire. Plain data; `dir` as seen from here. */
export interface Wire {
  (dir: 'in' | 'out', frame: Readonly<Record<string, unknown>>): void
  /** Knows a text that must never be written down; `shown` stands for it from now on, in every file. */
  secret(text: string, shown: string): void
}

/** A seat that was taken. */
export interface Link {
  /** What is played there, as players know it: rules, tools, texts. */
  readonly env: Playable<AnyTypes>
  readonly config: object
  /** The seat in that economy; no two links of a session have the same agent. */
  readonly seat: Seat
  /** Who the server says sits here, in its own words; no secret. */
  readonly identity: string
  /** What takes this seat again: plain JSON, kept in `connection.json` and nowhere else. */
  readonly resume: unknown
  /**
   * What the server wants and tells, from now on. At most one ask is open: the next comes once that has `ended`. Reconnects by itself. Ends after `over`, or once the signal is aborted.
   */
  events(signal: AbortSignal): AsyncIterable<LinkEvent>
  /**
   * Sends one accepted call, at most once. The server's word on it, or `unknown` where none came: then `reconcile` is asked, and
   * nothing is sent again unless the server says that nothing arrived.
   */
  send(ask: Ask, call: Call, signal: AbortSignal): Promise<CallResult | 'unknown'>
  /** What became of an ask whose answer was lost; `open`: the server has nothing, and a second sending cannot count twice. */
  reconcile(ask: Ask): Promise<'taken' | 'open' | 'closed'>
  /** The time is up and nothing was taken: does what silence comes to, where that is the client's to do. */
  lapse?(ask: Ask): Promise<void>
  /** That ask is over, whatever became of it; nothing further of it is sent. The next may come. */
  ended?(ask: Ask): void
  close(): void
}

export type LinkEvent =
  | { readonly kind: 'due'; readonly ask: Ask }
  /** That ask is over, whatever is being thought: its time was up, or the world moved on. */
  | { readonly kind: 'closed'; readonly id: string; readonly why: 'timeout' | 'superseded'; readonly text: string }
  | { readonly kind: 'told' | 'lost'; readonly text: string }
  | { readonly kind: 'over'; readonly result: SeatResult }

/** A decision that is due. */
export interface Ask {
  /** Unique in this seat, such as `round:phase[:n]`. */
  readonly id: string
  /** Counts from 0 whatever the economy counts by; never falls. */
  readonly t: number
  readonly observation: object
  readonly offered: readonly ToolName[]
  /** The gate, by what the observation shows. An `ask` tool is answered here. */
  check(call: unknown): Checked
  /** The gate by what is known at the moment of sending, where that moves on. */
  recheck?(call: unknown): Checked
  /** Milliseconds since 1970 by this machine's clock; null for none. */
  readonly deadline: number | null
  /**
   * True where another ask follows by itself (a market): a refused or silent turn is over. False where the server waits for this
   * very decision (a page, a sealed bid): it is asked for again.
   */
  readonly repeatable: boolean
  /** What silence comes to, in words. */
  readonly fallback: string
}

/** What the server says of a seat at the end. */
export interface SeatResult {
  /** What it paid, in the unit that `metrics` name; null where it says nothing. */
  readonly reward: number | null
  /** Why it is over, in snake_case. */
  readonly stop: string
  readonly metrics: Readonly<Record<string, number | null>>
  readonly info: Readonly<Record<string, unknown>>
  /** Lines for the person at the terminal. */
  readonly report?: readonly string[]
}
