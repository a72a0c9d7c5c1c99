/**
 * What a scripted colonist is. All choose their actions through the substrate's selector and their own stream; a type says
 * how one treats others. Ours.
 */
import type { Member } from '../state.ts'

/** A colonist's dealings with others so far. */
export type Dealings = Pick<Member, 'talks' | 'kept' | 'broken'>

/** What a resident is asked, and what it goes by. */
export interface Request {
  /** Whether it takes who asks at its word. */
  readonly trusts: boolean
  readonly ill: boolean
  /** The bond above which it does a favour, in 0.0001 points. */
  readonly favour: number
  /** With who asks, in 0.0001 points. */
  readonly bond: number
  /** The lowest of its own needs, in 0.001 points. */
  readonly lowestNeed: number
}

/** What a resident goes by when it is asked for the next shift's field. */
export interface Question {
  readonly trusts: boolean
  /** With who asks, in 0.0001 points, and the bond above which it does a favour. */
  readonly bond: number
  readonly favour: number
  /** Of who asks, 0 … 100. */
  readonly reputation: number
  /** Questions it answered before. */
  readonly replies: number
}
export type Tip = 'truth' | 'lie' | 'nothing'

/** What a resident goes by when it takes the initiative; colonists are numbers. */
export interface Situation {
  readonly self: number
  readonly dealings: Dealings
  /** Steps before this one. */
  readonly step: number
  /** Another colonist, drawn from the resident's own stream of this step. */
  anyone(): number
  /** The colonist it has the strongest bond with, the first of equals. */
  bestBonded(): number
  /** The other colonist of the highest reputation, the first of equals. */
  mostReputable(): number
}

/** Whom it promises to build, talks to warmly and asks for help, if any. */
export interface Initiative {
  readonly pledge?: number
  readonly talk?: number
  readonly ask?: number
}

export interface Resident {
  /** Whether it builds when nothing was promised. */
  builds(dealings: Dealings): boolean
  accepts(request: Request): boolean
  /** Whether it means to keep its pledges, in such weather. */
  keeps(dealings: Dealings, storm: boolean): boolean
  tells(question: Question): Tip
  initiative(situation: Situation): Initiative
}

export const NOTHING: Initiative = {}
