/** One hosted game: its seats of people, the waiting room, pausing and ending. Knows no socket and no rules of an economy. */
import type { AnyEnvironment, Scores } from '../envs/core/environment.ts'
import type { AgentId } from '../envs/core/tool.ts'
import { EpisodeStopped } from '../rollouts/errors.ts'
import { type RolloutSpec, rolloutKey } from '../rollouts/rollout.ts'
import { openRollout } from '../rollouts/store.ts'
import type { HostedFiles } from './files.ts'
import type { MonitorGame } from './messages.ts'
import { HostedSeat, type HostRules, type Table } from './seat.ts'

/** Why a game is over that the experimenter ended. */
const ENDED = 'ended_by_experimenter'

/** How a game ended. */
export interface GameEnd {
  readonly stop: string
  readonly steps: number
  readonly scores: Readonly<Record<AgentId, Scores>>
}

export interface GameOptions {
  readonly number: number
  readonly spec: RolloutSpec
  readonly rules: HostRules
  readonly files: HostedFiles
  readonly earlier: ReturnType<HostedFiles['earlier']>
  /** How it ended in an earlier process. */
  readonly end: GameEnd | undefined
  readonly changed: () => void
  readonly fail: (error: unknown) => void
}

/** Somebody who waits for something of the game. */
interface Waiting {
  readonly resolve: () => void
  readonly reject: (error: unknown) => void
}

export class HostedGame {
  readonly number: number
  readonly key: string
  /** In seat order. */
  readonly seats: readonly HostedSeat[]
  readonly #env: AnyEnvironment
  readonly #spec: RolloutSpec
  readonly #files: HostedFiles
  readonly #rules: HostRules
  readonly #changed: () => void
  /** Of the start, and of the end of a pause. */
  readonly #waiting = new Set<Waiting>()
  #started = false
  #paused = false
  #ended = false
  #failed = false
  #stopped: unknown
  #end: GameEnd | undefined
  #t = 0

  constructor({ number, spec, rules, files, earlier, end, changed, fail }: GameOptions) {
    const { env, config, lineup } = spec
    this.number = number
    this.key = rolloutKey(spec)
    this.#env = env
    this.#spec = spec
    this.#files = files
    this.#rules = rules
    this.#changed = changed
    const mine = <Row extends { readonly key: string }>(all: readonly Row[]): Row[] => all.filter(({ key }) => key === this.key)
    const sittings = mine(earlier.sittings)
    const events = sittings.filter(({ agent }) => agent === null).map(({ event }) => event)
    this.#started = events.includes('started')
    this.#ended = events.includes('ended')
    this.#end = end
    this.#t = end?.steps ?? 0
    const table = this.#table(fail)
    this.seats = env
      .seats(config)
      .filter(({ agent }) => lineup[agent]?.kind === 'human')
      .map(seat => {
        const own = <Row extends { readonly agent: AgentId | null }>(all: readonly Row[]): Row[] =>
          all.filter(({ agent }) => agent === seat.agent)
        const before = { sittings: own(sittings), decisions: own(mine(earlier.decisions)), people: own(mine(earlier.people)) }
        return new HostedSeat({ rules, table, files, env, config, seat }, before)
      })
    const log = end && openRollout(files.folder, this.key)?.log()
    if (log !== undefined) for (const seat of this.seats) seat.recall(log)
  }

  #table(fail: (error: unknown) => void): Table {
    const game = this
    return {
      number: this.number,
      key: this.key,
      get stage() {
        return game.stage
      },
      get room() {
        return { here: game.seats.filter(({ here }) => here).length, needed: game.seats.filter(isAwaited).length }
      },
      get scores() {
        return game.#end?.scores
      },
      going: () => this.#going(),
      at: t => {
        this.#t = t
      },
      changed: () => this.#look(),
      fail,
    }
  }

  get stage(): MonitorGame['stage'] {
    if (this.#end !== undefined) return 'over'
    if (this.#failed) return 'failed'
    if (!this.#started) return 'waiting'
    return this.#paused ? 'paused' : 'playing'
  }

  /** Whether nothing more is to come from anybody. */
  get finished(): boolean {
    return this.seats.every(({ finished }) => finished)
  }

  /** Resolves once the game begins. */
  arrive(): Promise<void> {
    if (this.#stopped !== undefined) return Promise.reject(this.#stopped)
    if (this.#ended && !this.#started) return Promise.reject(new EpisodeStopped(ENDED))
    // What an earlier attempt failed at is tried again.
    this.#failed = false
    if (this.#started) {
      for (const seat of this.seats) seat.watchAbsence()
      return Promise.resolve()
    }
    return this.#wait()
  }

  #going(): Promise<void> {
    if (this.#stopped !== undefined) return Promise.reject(this.#stopped)
    if (this.#ended) return Promise.reject(new EpisodeStopped(ENDED))
    return this.#paused ? this.#wait() : Promise.resolve()
  }

  #wait(): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#waiting.add({ resolve, reject })
    })
  }

  /** Begins once everybody is there, and tells what changed. */
  #look(): void {
    if (this.stage === 'waiting' && this.seats.every(seat => seat.here || !isAwaited(seat)) && this.seats.some(isAwaited))
      this.start()
    this.#changed()
  }

  /** Begins; a bot takes the seats of people who are missing. False where it has begun. */
  start(): boolean {
    if (this.stage !== 'waiting' || this.#ended) return false
    this.#started = true
    this.#sit('started')
    for (const seat of this.seats) {
      if (!seat.here) seat.replace(this.#rules.bots[0]!)
      seat.watchAbsence()
    }
    this.#release(({ resolve }) => resolve())
    this.#changed()
    return true
  }

  pause(): boolean {
    if (this.stage !== 'playing') return false
    for (const seat of this.seats) seat.pause()
    this.#paused = true
    for (const seat of this.seats) seat.watchAbsence()
    this.#changed()
    return true
  }

  goOn(): boolean {
    if (this.stage !== 'paused') return false
    this.#paused = false
    for (const seat of this.seats) {
      seat.goOn()
      seat.watchAbsence()
    }
    this.#release(({ resolve }) => resolve())
    this.#changed()
    return true
  }

  /** Ends the game early: what was played is scored. */
  end(): boolean {
    if (this.stage === 'over' || this.stage === 'failed' || this.#ended) return false
    this.#ended = true
    this.#sit('ended')
    this.#giveUp(new EpisodeStopped(ENDED))
    this.#changed()
    return true
  }

  /** The server stops: nobody is waited for any longer, and what was decided is kept. */
  stop(reason: unknown): void {
    this.#stopped ??= reason
    this.#giveUp(reason)
  }

  /** The rollout has ended. */
  over(end: GameEnd | undefined): void {
    this.#end = end
    this.#failed = end === undefined
    this.#t = end?.steps ?? this.#t
    for (const seat of this.seats) seat.over()
    this.#changed()
  }

  #giveUp(reason: unknown): void {
    for (const seat of this.seats) seat.fail(reason)
    this.#release(({ reject }) => reject(reason))
  }

  #release(tell: (waiting: Waiting) => void): void {
    const all = [...this.#waiting]
    this.#waiting.clear()
    all.forEach(tell)
  }

  #sit(event: 'started' | 'ended'): void {
    this.#files.sitting({ key: this.key, agent: null, event, at: Math.round(this.#rules.clock.now()) })
  }

  /** Shows every page of a seat what is new. */
  show(): void {
    for (const seat of this.seats) seat.show()
  }

  monitor(): MonitorGame {
    const { config, lineup, seed } = this.#spec
    const people = new Map(this.seats.map(seat => [seat.agent, seat]))
    return {
      game: this.number,
      key: this.key,
      seed,
      stage: this.stage,
      t: this.#t,
      stop: this.#end?.stop ?? null,
      seats: this.#env
        .seats(config)
        .filter(({ agent }) => lineup[agent] !== undefined)
        .map(({ agent }) => people.get(agent)?.monitor() ?? { ...NOBODY, agent, player: lineup[agent]!.name }),
    }
  }
}

/** Whether a person is still expected in a seat. */
function isAwaited({ stage }: HostedSeat): boolean {
  return stage !== 'left' && stage !== 'replaced'
}

/** What the monitor says of a seat that no person was seated in. */
const NOBODY = {
  is_human: false,
  link: null,
  stage: 'bot',
  connected: false,
  absent_ms: null,
  human_turns: 0,
  timeouts: 0,
  bot_turns: 0,
  waiting_ms: null,
  left_ms: null,
  payment_code: null,
} as const
