/**
 * A game that is played while it is looked at: paced by whoever looks, played by the same rollout as everywhere, so that pace and pauses
 * change nothing of it. Knows rollouts, scenes and pictures; knows no page and no protocol (`live_routes.ts`).
 */
import type { Speaker } from '../economies/dialogue.ts'
import { Following, type Moment, type Picture, type Picturer } from '../economies/picture.ts'
import type { Scene, SceneEvent, SceneLine, Scenery } from '../economies/scene.ts'
import type { AnyTypes } from '../envs/core/environment.ts'
import { Episode } from '../envs/core/episode.ts'
import { UserError } from '../envs/core/errors.ts'
import type { EpisodeLog, LogRecord } from '../envs/core/log.ts'
import { oneLine } from '../envs/core/text.ts'
import { RunError } from '../rollouts/errors.ts'
import { lineupNames, type RolloutSpec } from '../rollouts/rollout.ts'
import { runRollout } from '../rollouts/run_rollout.ts'

export interface LiveOptions {
  /** The game of a seed. */
  readonly specOf: (seed: number) => RolloutSpec
  readonly picturer: Picturer
  /** How it lives within a step; pictures alone are shown without. */
  readonly scenery?: Scenery
  /** Who speaks the talk that the game grants. */
  readonly speaker?: Speaker
  /** 0 by default. */
  readonly seed?: number
  /** Seconds of a step at speed 1; 8 where there is a scenery, else 2. */
  readonly seconds?: number
  /** Whether it plays as soon as somebody looks; it does by default. */
  readonly playing?: boolean
  /** Hears of a bug that ended a game or a line; pages are told its message alone. */
  readonly onBug?: (error: unknown) => void
}

/** Speeds that a page offers; any from the first to the last can be asked for. */
export const SPEEDS = [0.25, 0.5, 1, 2, 4, 8, 16, 32] as const

/** Where a game stands. */
export interface LiveState {
  readonly env: string
  /** Counts the games of this server: what is told of an earlier one is out of date. */
  readonly game: number
  readonly seed: number
  /** Steps played. */
  readonly t: number
  readonly playing: boolean
  readonly speed: number
  /** Seconds that a step takes at this speed. */
  readonly seconds: number
  /** Why the game is over; null while it goes on. */
  readonly stop: string | null
  /** Whether players are being waited for. */
  readonly waiting: boolean
  /** What stopped play, in a line. */
  readonly error: string | null
  /** Who sits where, by seat. */
  readonly seats: Readonly<Record<string, string>>
}

/** One step as pages get it; without a scenery its scene has events alone. */
export interface LiveStep {
  readonly game: number
  readonly t: number
  /** Whether somebody moves and speaks in it. */
  readonly living: boolean
  readonly scene: Scene
}

/** What is told to who looks. */
export type LiveEvent =
  | { readonly event: 'state'; readonly data: LiveState }
  | { readonly event: 'step'; readonly data: LiveStep }
  | { readonly event: 'line'; readonly data: { readonly game: number; readonly t: number } & SceneLine }

/** What a page may ask for. */
export type LiveAction =
  | { readonly do: 'play' }
  | { readonly do: 'pause' }
  /** One step, playing or not. */
  | { readonly do: 'step' }
  | { readonly do: 'speed'; readonly speed: number }
  /** The game of that seed from its beginning; the same again without one. */
  | { readonly do: 'restart'; readonly seed?: number }

/** Lines that a page which comes later is told. */
const KEPT_LINES = 200

export class Live {
  readonly #options: LiveOptions
  readonly #listeners = new Set<(event: LiveEvent) => void>()
  #game = 0
  #seed: number
  #spec: RolloutSpec
  #following: Following
  #ending = new AbortController()
  #playing: boolean
  #speed = 1
  #stop: string | null = null
  #isWaiting = false
  #error: string | null = null
  #lines: ({ readonly game: number; readonly t: number } & SceneLine)[] = []
  /** Lets the next step begin, where play waits for that. */
  #release: (() => void) | undefined
  /** Steps that were asked for one by one. */
  #asked = 0
  /** Milliseconds of looking until the next step may begin. */
  #left = 0
  #timer: { readonly id: NodeJS.Timeout; readonly since: number } | undefined
  #over: Promise<void> = Promise.resolve()

  /** The game begins, and waits for somebody who looks. A UserError where the seed is none. */
  constructor(options: LiveOptions) {
    this.#options = options
    this.#playing = options.playing ?? true
    this.#seed = options.seed ?? 0
    this.#spec = options.specOf(this.#seed)
    this.#following = beginning(this.#spec)
    this.#begin()
  }

  get state(): LiveState {
    const { env, lineup } = this.#spec
    return {
      env: env.id,
      game: this.#game,
      seed: this.#seed,
      t: this.#following.moment.t,
      playing: this.#playing,
      speed: this.#speed,
      seconds: this.#stepMs() / 1000,
      stop: this.#stop,
      waiting: this.#isWaiting,
      error: this.#error,
      seats: Object.fromEntries(Object.entries(lineup).map(([agent, { name, label }]) => [agent, label ?? name])),
    }
  }

  /** The last step that was played. */
  get step(): LiveStep {
    return stepOf(this.#game, this.#following.moment, this.#options.scenery)
  }

  /** What was said so far, the last of it. */
  get lines(): readonly ({ readonly game: number; readonly t: number } & SceneLine)[] {
    return this.#lines
  }

  /** The log as far as it goes, with the reason once the game is over. */
  get log(): EpisodeLog<AnyTypes> {
    const { header, steps } = this.#following.moment.log
    return { header, steps: [...steps], stop: this.#stop }
  }

  picture(): Picture {
    return this.#options.picturer(this.#following.moment)
  }

  /** Hears of everything from now on, until what is given back is called. Nothing is played while nobody looks. */
  look(listener: (event: LiveEvent) => void): () => void {
    this.#listeners.add(listener)
    this.#pace()
    return () => {
      this.#listeners.delete(listener)
      this.#pace()
    }
  }

  /** Does what was asked. A UserError where it means nothing. */
  do(action: LiveAction): void {
    switch (action.do) {
      case 'play':
      case 'pause':
        this.#playing = action.do === 'play' && this.#stop === null && this.#error === null
        break
      case 'step':
        if (this.#stop === null && this.#error === null) this.#asked++
        break
      case 'speed': {
        const { speed } = action
        if (!(speed >= SPEEDS[0] && speed <= SPEEDS.at(-1)!))
          throw new UserError(`speed: expected a number from ${SPEEDS[0]} to ${SPEEDS.at(-1)}, got ${speed}`)
        this.#count()
        this.#left *= this.#speed / speed
        this.#speed = speed
        break
      }
      case 'restart': {
        const { seed = this.#seed } = action
        if (!Number.isSafeInteger(seed) || seed < 0) throw new UserError(`seed: expected an integer from 0, got ${seed}`)
        this.#spec = this.#options.specOf(seed)
        this.#seed = seed
        if (this.#stop !== null || this.#error !== null) this.#playing = true
        this.#end()
        this.#begin()
        this.#tell({ event: 'state', data: this.state })
        this.#tell({ event: 'step', data: this.step })
        break
      }
      default:
        throw new UserError('do: expected play, pause, step, speed or restart')
    }
    this.#pace()
    this.#tell({ event: 'state', data: this.state })
  }

  /** Ends play; resolves when nothing of it is left. */
  async close(): Promise<void> {
    this.#listeners.clear()
    this.#end()
    await this.#over
  }

  /** Gives up the game that is on. */
  #end(): void {
    this.#ending.abort()
    this.#count()
    this.#release?.()
    this.#release = undefined
  }

  #begin(): void {
    this.#ending = new AbortController()
    this.#game++
    this.#following = beginning(this.#spec)
    this.#stop = null
    this.#error = null
    this.#isWaiting = false
    this.#asked = 0
    this.#left = 0
    this.#lines = []
    this.#release = undefined
    this.#over = this.#play(this.#game, this.#ending.signal)
  }

  async #play(game: number, signal: AbortSignal): Promise<void> {
    const { speaker } = this.#options
    const { log } = this.#following.moment
    const say = speaker?.follow(log.header, signal)
    const isCurrent = (): boolean => game === this.#game && !signal.aborted
    try {
      const result = await runRollout(this.#spec, {
        signal,
        pace: () => this.#turn(signal),
        onWait: waiting => {
          if (!isCurrent()) return
          this.#isWaiting = waiting
          this.#tell({ event: 'state', data: this.state })
        },
        onStep: (_log, record) => {
          if (!isCurrent()) return
          ;(log.steps as LogRecord<AnyTypes>[]).push(record)
          this.#following.next()
          this.#tell({ event: 'step', data: this.step })
          for (const line of say?.(record) ?? []) this.#speak(game, record.t + 1, line, signal)
        },
      })
      if (!isCurrent()) return
      if (result.ok) this.#stop = result.log.stop
      else this.#error = oneLine(`${result.agent} failed in step ${result.t}: ${result.error.message}`)
    } catch (error) {
      if (!isCurrent()) return
      // What a page can do nothing about is told there, and thrown nowhere: the server goes on.
      const told = error instanceof RunError || error instanceof UserError
      if (!told) this.#options.onBug?.(error)
      this.#error = oneLine(told ? error.message : `The game failed: ${(error as Error).message}`)
    }
    this.#playing = false
    this.#isWaiting = false
    this.#tell({ event: 'state', data: this.state })
  }

  #speak(game: number, t: number, line: Promise<Pick<SceneLine, 'at' | 'from' | 'to' | 'text'>>, signal: AbortSignal): void {
    line.then(
      said => {
        if (game !== this.#game || signal.aborted) return
        const data = { game, t, ...said, tone: 'plain' as const }
        this.#lines = [...this.#lines, data].slice(-KEPT_LINES)
        this.#tell({ event: 'line', data })
      },
      (error: unknown) => {
        // One that was given up together with its game is nobody's fault.
        if (!signal.aborted) this.#options.onBug?.(error)
      },
    )
  }

  /** Resolves when the next step may begin. */
  #turn(signal: AbortSignal): Promise<void> {
    return new Promise(resolve => {
      if (signal.aborted) return resolve()
      this.#release = resolve
      this.#pace()
    })
  }

  /** Lets a step begin, now or when its time has come; time goes on only while somebody looks and it plays. */
  #pace(): void {
    this.#count()
    if (this.#release === undefined || this.#ending.signal.aborted) return
    const isDue = this.#asked > 0 || (this.#goes() && this.#left <= 0)
    if (isDue) {
      const release = this.#release
      this.#release = undefined
      if (this.#asked > 0) this.#asked--
      this.#left = this.#stepMs()
      release()
    } else if (this.#goes()) {
      this.#timer = { id: setTimeout(() => this.#pace(), Math.max(1, this.#left)), since: performance.now() }
    }
  }

  #goes(): boolean {
    return this.#playing && this.#listeners.size > 0
  }

  /** Takes the time that has gone by off what is left. */
  #count(): void {
    if (this.#timer === undefined) return
    clearTimeout(this.#timer.id)
    this.#left -= performance.now() - this.#timer.since
    // A timer may fire a little early.
    if (this.#left < 1) this.#left = 0
    this.#timer = undefined
  }

  #stepMs(): number {
    const { seconds = this.#options.scenery === undefined ? 2 : 8 } = this.#options
    return (seconds * 1000) / this.#speed
  }

  #tell(event: LiveEvent): void {
    for (const listener of this.#listeners) listener(event)
  }
}

/** A game before its first step, whose log grows as it is played. */
function beginning({ env, config, seed, repeat, lineup }: RolloutSpec): Following {
  const { header } = new Episode<AnyTypes>(env, config, seed, { repeat, seats: lineupNames(lineup) })
  return new Following(env, { header, steps: [], stop: null })
}

function stepOf(game: number, moment: Moment, scenery: Scenery | undefined): LiveStep {
  const { t } = moment
  if (scenery !== undefined) return { game, t, living: true, scene: scenery.sceneOf(moment) }
  return { game, t, living: false, scene: plainScene(moment) }
}

/** What is told of a step where the economy says nothing of how it lives: who did what. */
function plainScene({ log, t }: Moment): Scene {
  const record = t === 0 ? undefined : log.steps[t - 1]
  const events = Object.entries(record?.decisions ?? {}).map(
    ([who, { calls }]): SceneEvent => ({
      at: 1,
      who,
      text:
        calls.length === 0
          ? 'says nothing'
          : calls.map(call => String((call as { tool?: unknown })?.tool ?? 'no tool')).join(', '),
      tone: (record?.results[who] ?? []).some(({ ok }) => !ok) ? 'bad' : 'plain',
    }),
  )
  return { title: `${log.header.env}: step ${t}`, places: [], figures: [], moves: [], lines: [], events, links: [] }
}
