/**
 * All hosted games of a server: whose link leads where, who plays the people's seats of the rollouts, and what the experimenter sees
 * and does. Knows no socket.
 */
import type { AnyPolicyFactory } from '../envs/core/policy.ts'
import type { AgentId } from '../envs/core/tool.ts'
import type { ExperimentEvent } from '../evals/run_experiment.ts'
import { RunStopped } from '../rollouts/errors.ts'
import { systemClock } from '../rollouts/models/retry.ts'
import type { People } from '../rollouts/player.ts'
import type { RolloutSpec } from '../rollouts/rollout.ts'
import { rolloutKey } from '../rollouts/rollout.ts'
import { readRolloutFigures } from '../rollouts/store.ts'
import { HostedFiles } from './files.ts'
import { type GameEnd, HostedGame } from './game.ts'
import type { Answer, MonitorMessage, MonitorView } from './messages.ts'
import type { HostedSeat, HostRules } from './seat.ts'

/** The link of a person's seat. */
export interface HandedOut {
  readonly game: number
  readonly seat: AgentId
  /** Relative to the server. */
  readonly path: string
}

/** Who may play on must be said. Without the rest people are asked nothing, have all the time they want and are not paid. */
export type HostOptions = Pick<HostRules, 'bots' | 'botOf'> & Partial<HostRules>

const USUAL: Omit<HostRules, 'bots' | 'botOf'> = {
  title: 'agoragym',
  consent: null,
  questions: null,
  turnMs: null,
  absentMs: null,
  payment: null,
  codes: false,
  finishUrl: null,
  clock: systemClock,
}

export class HostedGames {
  readonly rules: HostRules
  /** Who plays the seats of `human`. */
  readonly people: People
  #files: HostedFiles | undefined
  #games: readonly HostedGame[] = []
  readonly #byKey = new Map<string, HostedGame>()
  readonly #byToken = new Map<string, HostedSeat>()
  readonly #monitors = new Set<() => void>()
  #stopped: unknown
  /** Seats whose payment has been written, and games that were over then. */
  #paid = 0
  #settled: () => void = () => {}

  constructor(options: HostOptions) {
    this.rules = { ...USUAL, ...options }
    const { turnMs, absentMs, bots } = this.rules
    this.people = {
      // What makes people in front of pages another player than people elsewhere, or with other times.
      details: {
        seated: 'page',
        turn_seconds: turnMs === null ? null : turnMs / 1000,
        absent_seconds: absentMs === null ? null : absentMs / 1000,
        replaced_by: bots[0]!,
      },
      arrive: ({ key }) => this.#game(key).arrive(),
      policies: context => {
        const seats = new Map(this.#game(context.key).seats.map(seat => [seat.agent, seat]))
        let given = 0
        const factory: AnyPolicyFactory = at => seats.get(at.seat.agent)!.policy(context, at, given)
        return Object.assign(factory, {
          episode: (seed: number) => {
            given = seed
            return factory
          },
        }) satisfies AnyPolicyFactory
      },
    }
  }

  #game(key: string): HostedGame {
    const game = this.#byKey.get(key)
    if (game === undefined) throw new Error(`host: no game ${key}; open the run first`)
    return game
  }

  /**
   * The games of a run, in the folder that it has made, as far as they were played there before. A RunError where another process
   * hosts it.
   */
  open(folder: string, specs: readonly RolloutSpec[]): void {
    const seats = specs.flatMap(spec =>
      Object.entries(spec.lineup).flatMap(([agent, { kind }]) => (kind === 'human' ? [{ key: rolloutKey(spec), agent }] : [])),
    )
    const files = new HostedFiles(folder, seats)
    this.#files = files
    const earlier = files.earlier()
    const ends = endsOf(folder)
    this.#games = specs.map((spec, number) => {
      const end = ends.get(rolloutKey(spec))
      const changed = (): void => this.#changed(number)
      return new HostedGame({ number, spec, rules: this.rules, files, earlier, end, changed, fail: error => this.stop(error) })
    })
    for (const game of this.#games) {
      this.#byKey.set(game.key, game)
      for (const seat of game.seats) this.#byToken.set(seat.link.token, seat)
    }
    this.#pay()
  }

  /** Hears what happens to the rollouts. */
  event(event: ExperimentEvent): void {
    if (event.type !== 'rollout') return
    const game = this.#byKey.get(event.key)
    if (game === undefined) return
    const figures = event.ok ? event.figures : undefined
    game.over(figures && { stop: figures.stop ?? 'running', steps: figures.steps, scores: figures.scores })
  }

  /** The person's seat that a token leads to. */
  seat(token: string): HostedSeat | undefined {
    return this.#byToken.get(token)
  }

  isMonitor(token: string): boolean {
    return this.#files !== undefined && token === this.#files.monitor
  }

  get monitorPath(): string {
    return `/monitor/${this.#files!.monitor}`
  }

  /** The links of all people's seats. */
  get links(): readonly HandedOut[] {
    return this.#games.flatMap(({ number, seats }) =>
      seats.map(({ agent, link }) => ({ game: number, seat: agent, path: `/seat/${link.token}` })),
    )
  }

  /** A monitor's page was opened; `show` is called when something has changed. What it returns is to be called when the page is closed. */
  watch(show: () => void): () => void {
    this.#monitors.add(show)
    return () => this.#monitors.delete(show)
  }

  #changed(number: number): void {
    // A game may tell of itself before all are there.
    this.#games[number]?.show()
    for (const show of this.#monitors) show()
    this.#pay()
    this.#settled()
  }

  /** Whether nothing more is to come from anybody. */
  get finished(): boolean {
    return this.#games.every(({ finished, stage }) => finished && (stage === 'over' || stage === 'failed'))
  }

  /** People who still have something to do in games that are over. */
  get unfinished(): number {
    return this.#seats.filter(({ finished }) => !finished).length
  }

  get #seats(): readonly HostedSeat[] {
    return this.#games.flatMap(({ seats }) => seats)
  }

  /** Resolves once nothing more is to come from anybody and their pages have been closed for `ms` milliseconds. */
  settled(ms: number): Promise<void> {
    return new Promise(resolve => {
      let cancel = (): void => {}
      const look = (): void => {
        cancel()
        const isQuiet = this.finished && this.#games.every(({ seats }) => seats.every(({ connected }) => !connected))
        cancel = isQuiet ? this.rules.clock.after(ms, resolve) : () => {}
      }
      this.#settled = look
      look()
    })
  }

  /** Nobody is waited for any longer: the games that go on can be gone on with later. */
  stop(reason: unknown = new RunStopped('People were still playing: what they have decided is kept.')): void {
    this.#stopped ??= reason
    for (const game of this.#games) game.stop(this.#stopped)
  }

  close(): void {
    this.#files?.close()
  }

  view(out: string | null): MonitorView {
    return {
      type: 'monitor',
      title: this.rules.title,
      out,
      bots: this.rules.bots,
      games: this.#games.map(game => game.monitor()),
    }
  }

  /** What the experimenter does. */
  command(message: MonitorMessage): Answer {
    const { id, type } = message
    const no = (text: string): Answer => ({ type: 'answer', id, ok: false, code: 'not_now', texts: [text] })
    const game = this.#games[message.game]
    if (game === undefined) return no(`There is no game ${message.game}; there are ${this.#games.length}, from 0.`)
    const done = (isDone: boolean): Answer =>
      isDone ? { type: 'answer', id, ok: true, texts: [] } : no(`Game ${game.number} is ${game.stage}.`)
    switch (type) {
      case 'start':
        return done(game.start())
      case 'pause':
        return done(game.pause())
      case 'go_on':
        return done(game.goOn())
      case 'end':
        return done(game.end())
      case 'replace': {
        const seat = game.seats.find(({ agent }) => agent === message.agent)
        if (seat === undefined) return no(`No person was seated in ${message.agent.slice(0, 64)}.`)
        if (!this.rules.bots.includes(message.player))
          return no(`No bot ${message.player.slice(0, 64)}; expected ${this.rules.bots.join(', ')}.`)
        return done(seat.replace(message.player))
      }
    }
  }

  /** Writes what everybody is paid, as far as it is known. */
  #pay(): void {
    const { payment, codes } = this.rules
    if (payment === null && !codes) return
    // A seat that a bot has taken is finished before its turns are.
    const known = [...this.#games.filter(({ stage }) => stage === 'over'), ...this.#seats.filter(({ finished }) => finished)]
    if (known.length === this.#paid) return
    this.#paid = known.length
    const rows = this.#games.flatMap(({ number, key, seats }) =>
      seats
        .filter(({ finished }) => finished)
        .map(seat => {
          const { human_turns, bot_turns, stage } = seat.monitor()
          return [
            number,
            key,
            seat.agent,
            seat.link.payment_code,
            seat.payment ?? '',
            payment?.currency ?? '',
            stage,
            human_turns,
            bot_turns,
          ]
        }),
    )
    const head = ['game', 'key', 'seat', 'payment_code', 'payment', 'currency', 'stage', 'human_turns', 'bot_turns']
    this.#files!.payments([head, ...rows])
  }
}

/** How the games ended that a run has finished, by key. */
function endsOf(folder: string): Map<string, GameEnd> {
  return new Map(
    [...readRolloutFigures(folder)].map(({ key, rows }) => [
      key,
      {
        stop: rows[0]!.stop_condition,
        steps: rows[0]!.info.steps,
        scores: Object.fromEntries(rows.map(({ info }) => [info.seat, info.scores])),
      },
    ]),
  )
}
