/**
 * An economy at somebody else's server: how what that server tells a seat becomes an observation of ours, and how a call of ours
 * becomes a message of its. Knows no socket, no clock and no player; `connect/` has those.
 */
import type { AnyTypes, Playable, PlayTypes } from '../envs/core/environment.ts'
import type { AgentId, Call, Checked, Refusal, ToolName } from '../envs/core/tool.ts'

/** What a server told a seat. */
export interface RemoteEvent {
  readonly type: string
  readonly data: unknown
}

/** When something happened and how long the phase still lasts, in milliseconds since the epoch by one clock, whichever it is. */
export interface PhaseClock {
  readonly now: number
  /** When the phase began and when it will end; null where nobody said. */
  readonly began: number | null
  readonly ends: number | null
}

/** What the phase wants of a seat. */
export interface Wanted {
  /** The economy's name of the phase. */
  readonly phase: string
  /** `once`: a single decision, never sent twice; `turns`: as many as the seat likes while the phase lasts. */
  readonly play: 'once' | 'turns'
  /** How many turns there are at most; null where only time ends them. */
  readonly turns: number | null
  /** What the server does where the seat stays silent. */
  readonly silence: string
}

/** A call as the server takes it. */
export interface Sending {
  /** What is sent; undefined where silence says the same, and nothing is. */
  readonly message: Readonly<Record<string, unknown>> | undefined
  /** True where the server answers nothing to it, so that whoever sends it must ask whether it was taken. */
  readonly unanswered?: true
  /** What an event that follows says of it; undefined where it says nothing. Called before `hear` takes the event in. */
  answer(event: RemoteEvent): RemoteAnswer | undefined
  /** What the server's snapshot says of it; undefined where it does not say. */
  taken(snapshot: unknown): boolean | undefined
  /** Takes note that it was carried out; the text is what the player is told. */
  done(): string
}

/** `text` is for the player; absent where `Sending.done` words it. */
export type RemoteAnswer = { readonly ok: true; readonly text?: string } | { readonly ok: false; readonly refusal: Refusal }

/** One seat's view of the game, folded from what the server told it. */
export interface RemoteSeat<T extends PlayTypes = AnyTypes> {
  /** The server's round and phase, as far as it told them. */
  readonly at: { readonly round: number; readonly phase: number } | undefined
  /** Whether the game is over, and what the seat was paid: the server's own words. */
  readonly over: boolean
  readonly reward: Readonly<Record<string, unknown>> | undefined
  /** Whether something is missing without which nobody can decide: ask for a snapshot. */
  readonly lacking: boolean
  hear(event: RemoteEvent, clock: PhaseClock): void
  /** Takes in the server's account of how things stand, after events were missed; `since` are those that came while it was asked for. */
  restore(snapshot: unknown, since: readonly RemoteEvent[], clock: PhaseClock): void
  /** What is wanted of this seat now, and not given yet. */
  wanted(): Wanted | undefined
  observe(clock: PhaseClock): T['Observation']
  offered(): readonly ToolName[]
  /**
   * The single gate, on how things stand now: the economy's own rules and what the server takes. With what was seen when the call
   * was decided, also whether it still is what was decided; `nth` counts the calls of that turn that went before.
   */
  check(call: unknown, decided?: { readonly seen: T['Observation']; readonly nth: number }): Checked
  /** The message of a call that `check` accepted. */
  send(call: Call): Sending
  /** What tells everybody else something, where the phase is a conversation; undefined elsewhere. */
  saying(text: string): Readonly<Record<string, unknown>> | undefined
  /** Takes note that a turn is over, in a phase of turns. */
  passed(): void
}

/** How a seat is shown things. */
export interface RemoteView {
  /** `screen`: as the laboratory's participants see it; `wire`: with the names that the server sends and its screens hide. */
  readonly identities: 'screen' | 'wire'
  /** Milliseconds between two turns of a phase of turns; null where every change is one. */
  readonly actEveryMs: number | null
}

/** An economy with a twin at somebody else's server. */
export interface RemoteTwin<T extends PlayTypes = AnyTypes> {
  /** What players need: the economy's own, with what is different at a server said in the rules. */
  readonly env: Playable<T>
  /** What the server calls the games it can play. */
  readonly rulesets: readonly string[]
  /** Whether players of such a game can write to each other. */
  talks(ruleset: string): boolean
  /** The configuration of a game by the server's own parameters. A UserError where the economy cannot play it. */
  config(parameters: Readonly<Record<string, unknown>>, view: RemoteView): T['Config']
  /** Who sits at the server's number, from 1. A UserError where nobody does. */
  agent(config: T['Config'], number: number): AgentId
  seat(config: T['Config'], agent: AgentId, view: RemoteView): RemoteSeat<T>
  /** Where the server's account of a finished game and the economy's own rules differ, line by line, and the files of that game. */
  compare(
    document: unknown,
    id: string,
  ): { readonly differences: readonly string[]; readonly files: Readonly<Record<string, string>> }
}
