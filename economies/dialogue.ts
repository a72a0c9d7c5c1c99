/**
 * Words for the talk that a finished episode granted, found after it was played, so that they can move nothing in it. Knows what an
 * economy gives for that; who talks of what is the economy's.
 */
import type { AnyTypes, EnvTypes } from '../envs/core/environment.ts'
import type { EpisodeLog, LogHeader, LogRecord } from '../envs/core/log.ts'
import type { AgentId } from '../envs/core/tool.ts'
import type { ModelsOptions } from '../rollouts/models/index.ts'

/** What was said in one episode. */
export interface Spoken {
  /** One line of JSON each, in order. */
  readonly lines: readonly object[]
  /** The same for people. */
  readonly told: readonly string[]
  /** What it came to: lines, and what was charged under which ceiling. */
  readonly summary: string
}

/** A line in a game that is still being played. */
export interface SpokenLine {
  /** When, as a share of its step. */
  readonly at: number
  readonly from: AgentId
  readonly to: AgentId
  readonly text: string
}

export interface Speaker<T extends EnvTypes = AnyTypes> {
  speak(log: EpisodeLog<T>, signal: AbortSignal): Promise<Spoken>
  /**
   * The same while the game is played: gives, step by step, the lines that are granted in it, each when it is found. What is asked,
   * charged and said is what `speak` would. They reject only where `signal` is aborted.
   */
  follow(header: LogHeader, signal: AbortSignal): (record: LogRecord<T>) => readonly Promise<SpokenLine>[]
}

/** Who speaks in a program: gets what is known of the moment, its own copy, and gives one line. */
export type LineSource = (snapshot: Readonly<Record<string, unknown>>, signal: AbortSignal) => string | Promise<string>

/** Where keys and prices of a model that speaks come from. */
export type SpeakerOptions = Pick<ModelsOptions, 'env' | 'keyVariables' | 'prices' | 'stop'>

export interface Dialogue<T extends EnvTypes = AnyTypes> {
  /**
   * `template`, a model player, or a source of one's own. A UserError where there is no such model, its price is unknown, or a line
   * of it could cost more than is charged.
   */
  speaker(who: string | LineSource, options?: SpeakerOptions): Speaker<T>
}
