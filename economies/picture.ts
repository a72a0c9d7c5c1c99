/**
 * Pictures of a game: what a person is shown of its situation after so many steps. An economy says in the terms below what there is
 * to see, as a pure function of log and step; one component (`view/draw.ts`) draws it, and `view/words.ts` says it without a
 * picture. Knows the terms and how a log is walked through; draws nothing and knows no economy.
 *
 * A picture is for who looks at a game from outside: it shows what seats hide from each other, and never belongs before a player.
 */
import type { AnyEnvironment, AnyTypes, EnvTypes } from '../envs/core/environment.ts'
import { Episode } from '../envs/core/episode.ts'
import { UserError } from '../envs/core/errors.ts'
import type { EpisodeLog } from '../envs/core/log.ts'
import type { AgentId } from '../envs/core/tool.ts'

/** How something is meant; a reader who sees no colours finds it in the words beside it. */
export type Tone = 'plain' | 'accent' | 'good' | 'bad' | 'quiet'

/** What every panel has. */
interface Titled {
  readonly title: string
  /** What the reader should know to read it: units, what a colour means. */
  readonly note?: string
}

/** A bar a row; its parts stand one after the other, those below zero to the left of it. */
export interface Bars extends Titled {
  readonly kind: 'bars'
  /** The parts that a row can have, in order: what they are called, and how each is meant. */
  readonly parts: readonly { readonly name: string; readonly tone: Tone }[]
  readonly rows: readonly {
    readonly label: string
    /** A number a part; finite. */
    readonly values: readonly number[]
    /** Beside the bar, such as the value in words. */
    readonly text: string
  }[]
  /** The ends of the scale; by default what the rows need, zero included. */
  readonly low?: number
  readonly high?: number
  /** Lines across the bars, such as a threshold. */
  readonly marks?: readonly { readonly at: number; readonly name: string }[]
}

export interface NetworkNode {
  readonly id: string
  readonly label: string
  /** Under the label; empty for nothing. */
  readonly text: string
  /** How large, in [0, 1]. */
  readonly size: number
  readonly tone: Tone
}

export interface NetworkLink {
  readonly from: string
  readonly to: string
  /** How strong, in [0, 1]. */
  readonly weight: number
  readonly tone: Tone
  readonly label?: string
  /** Not concluded yet. */
  readonly dashed?: boolean
  /** Has no direction. */
  readonly mutual?: boolean
}

/** Who has to do with whom. Links between nodes that are not there are a programmer's mistake. */
export interface Network extends Titled {
  readonly kind: 'network'
  readonly nodes: readonly NetworkNode[]
  readonly links: readonly NetworkLink[]
}

/** Places on the ground and who is at them; x and y in [0, 1], from the upper left. */
export interface Ground extends Titled {
  readonly kind: 'ground'
  readonly places: readonly {
    readonly id: string
    readonly label: string
    readonly text: string
    readonly x: number
    readonly y: number
    /** How much of it is done, in [0, 1]; absent where nothing is made there. */
    readonly done?: number
    readonly tone: Tone
  }[]
  readonly people: readonly {
    readonly id: string
    readonly label: string
    /** The place it is at. */
    readonly at: string
    readonly tone: Tone
    /** What it just said. */
    readonly says?: string
  }[]
}

/** Things side by side, such as plots, tasks, cores. */
export interface Cells extends Titled {
  readonly kind: 'cells'
  readonly cells: readonly { readonly title: string; readonly lines: readonly string[]; readonly tone: Tone }[]
}

/** How quantities went over the steps so far. */
export interface Lines extends Titled {
  readonly kind: 'lines'
  readonly x: string
  readonly series: readonly {
    readonly name: string
    readonly points: readonly (readonly [x: number, y: number])[]
    /** Stands out among the others. */
    readonly strong?: boolean
  }[]
  /** Where the scale begins and ends; by default at what there is. */
  readonly from?: number
  readonly to?: number
}

/** What was said and done, in order. */
export interface Feed extends Titled {
  readonly kind: 'feed'
  readonly items: readonly { readonly who: string; readonly text: string; readonly tone: Tone }[]
}

export type Panel = Bars | Network | Ground | Cells | Lines | Feed

export interface Picture {
  /** Where the game stands, such as `Turn 3 of 60`. */
  readonly title: string
  readonly panels: readonly Panel[]
}

/** A game after `t` of its steps. */
export interface Moment<T extends EnvTypes = AnyTypes> {
  /** The whole log. A picture looks at its header and its first `t` steps alone. */
  readonly log: EpisodeLog<T>
  readonly t: number
  readonly config: T['Config']
  readonly state: T['State']
  /** The events of the last step; none before the first. */
  readonly events: readonly T['Event'][]
}

/** What there is to see. A pure function: equal logs and steps give equal pictures. */
export type Picturer<T extends EnvTypes = AnyTypes> = (moment: Moment<T>) => Picture

/**
 * Goes along with a log, moment by moment, from before its first step; the log may still be growing. A UserError where it is of another
 * economy or version, or where a decision of it cannot be played.
 */
export class Following<T extends EnvTypes = AnyTypes> {
  readonly #log: EpisodeLog<T>
  readonly #episode: Episode<AnyTypes>

  constructor(env: AnyEnvironment, log: EpisodeLog<T>) {
    const { header } = log
    if (header.env !== env.id) throw new UserError(`expected a log of ${env.id}, got one of ${header.env}`)
    if (header.version !== env.version)
      throw new UserError(
        `the log is of version ${header.version} of ${env.id}, and this is version ${env.version}: what it looked like cannot be told`,
      )
    this.#log = log
    this.#episode = new Episode<AnyTypes>(env, header.config, header.seed, { repeat: header.repeat, seats: header.seats })
  }

  /** The game where it stands. */
  get moment(): Moment<T> {
    const { t, config, state } = this.#episode
    return { log: this.#log, t, config, state, events: t === 0 ? [] : this.#log.steps[t - 1]!.events }
  }

  /** One step on; undefined where the log has no more. */
  next(): Moment<T> | undefined {
    const { t, over } = this.#episode
    const record = this.#log.steps[t]
    if (record === undefined) return undefined
    if (over) throw new UserError(`step ${t + 1} of the log comes after the end of its own game`)
    this.#episode.step(record.decisions)
    return this.moment
  }
}

/** A game step by step, from before its first to after its last. A UserError as `Following`. */
export function* moments<T extends EnvTypes>(env: AnyEnvironment, log: EpisodeLog<T>): Generator<Moment<T>> {
  const following = new Following(env, log)
  for (let moment: Moment<T> | undefined = following.moment; moment !== undefined; moment = following.next()) yield moment
}

/** A game after `t` steps, 0 … as many as the log has; a negative one counts from the end. A UserError beyond, and as `moments`. */
export function momentAt<T extends EnvTypes>(env: AnyEnvironment, log: EpisodeLog<T>, t: number): Moment<T> {
  const { length } = log.steps
  const wanted = t < 0 ? length + 1 + t : t
  if (!Number.isInteger(t) || wanted < 0 || wanted > length)
    throw new UserError(`step: expected a whole number from ${-length - 1} to ${length}, got ${t}`)
  for (const moment of moments(env, log)) if (moment.t === wanted) return moment
  throw new Error('unreachable: every step up to the last was walked')
}

/** What an event is told as, by type; a type that is not in the table stands in another panel, or nowhere. */
export type Told<Event extends { readonly type: string }> = {
  readonly [K in Event['type']]?: (event: Extract<Event, { type: K }>) => readonly [who: string, text: string, tone: Tone]
}

/** The events of a step as a feed. */
export function feedOf<Event extends { readonly type: string }>(
  title: string,
  events: readonly Event[],
  told: Told<Event>,
): Feed {
  return {
    kind: 'feed',
    title,
    items: events.flatMap(event => {
      const tell = told[event.type as Event['type']] as ((event: Event) => readonly [string, string, Tone]) | undefined
      if (tell === undefined) return []
      const [who, text, tone] = tell(event)
      return [{ who, text, tone }]
    }),
  }
}

/** An agent's player string, or that the economy moves it; a log names every seat. */
export function playerOf({ header }: Pick<EpisodeLog<AnyTypes>, 'header'>, agent: AgentId): string {
  return header.seats[agent] ?? 'nobody'
}
