/**
 * Living games: what happens within a step, in its order, for a page that shows it as it goes. An economy says where things are, who goes
 * where when, and who says what, as a pure function of log and step; pages know no economy. Knows the terms; draws nothing.
 *
 * Like a picture, a scene is for who looks at a game from outside.
 */
import type { AnyTypes, EnvTypes } from '../envs/core/environment.ts'
import type { Moment, NetworkLink, Tone } from './picture.ts'

/** How a place is built: something to live in, something to work in, something under construction, tilled land, or open ground. */
export type PlaceShape = 'dome' | 'hall' | 'site' | 'field' | 'open'

/** Where something can happen; x and y in [0, 1], from the far left corner of the land. */
export interface ScenePlace {
  readonly id: string
  readonly label: string
  readonly text: string
  readonly x: number
  readonly y: number
  readonly shape: PlaceShape
  /** How much of it is done, in [0, 1]; absent where nothing is made there. */
  readonly done?: number
  readonly tone: Tone
}

/** A quantity of somebody, as a share of what it can be. */
export interface Gauge {
  readonly name: string
  /** In [0, 1]. */
  readonly share: number
  readonly text: string
  readonly tone: Tone
}

export interface SceneFigure {
  readonly id: string
  readonly label: string
  /** One or two characters that stand for it where there is no room. */
  readonly badge: string
  /** The place it is at when the step begins. */
  readonly at: string
  /** How it stands when the step has ended. */
  readonly tone: Tone
  readonly gauges: readonly Gauge[]
  readonly facts: readonly (readonly [name: string, text: string])[]
  /** What happened to it before the step ended, oldest first. */
  readonly memory: readonly string[]
}

/** `at`: when, as a share of the step. */
export interface SceneMove {
  readonly at: number
  readonly figure: string
  /** The place it goes to. */
  readonly to: string
}

export interface SceneLine {
  readonly at: number
  readonly from: string
  readonly to: string
  readonly text: string
  readonly tone: Tone
}

export interface SceneEvent {
  readonly at: number
  readonly who: string
  readonly text: string
  readonly tone: Tone
}

/** Days since the beginning, before and after the step; half a day is noon. */
export interface SceneClock {
  /** What a day is called there. */
  readonly day: string
  readonly from: number
  readonly to: number
}

/** One step as it happens; the one before the first has nobody move or speak. */
export interface Scene {
  readonly title: string
  readonly clock?: SceneClock
  readonly places: readonly ScenePlace[]
  readonly figures: readonly SceneFigure[]
  /** In their order. */
  readonly moves: readonly SceneMove[]
  readonly lines: readonly SceneLine[]
  readonly events: readonly SceneEvent[]
  /** Who has to do with whom when the step has ended. */
  readonly links: readonly NetworkLink[]
}

/** How an economy lives. */
export interface Scenery<T extends EnvTypes = AnyTypes> {
  /** The preset that is shown where nobody says which; the first by default. */
  readonly preset?: string
  /** A pure function of the log's header and its first `t` steps. */
  readonly sceneOf: (moment: Moment<T>) => Scene
}
