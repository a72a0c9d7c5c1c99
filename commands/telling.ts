/**
 * Who tells what happens while an experiment is played: the line of progress for people, or JSON lines for programs. Knows events and
 * standard error; neither keys nor texts of players are in what is written.
 */
import { oneLine } from '../envs/core/text.ts'
import type { ExperimentEvent } from '../evals/run_experiment.ts'
import type { Models } from '../rollouts/models/index.ts'
import { PROGRESS_WORDS, Progress, type ProgressOptions } from '../rollouts/progress.ts'
import { Running } from '../rollouts/running.ts'
import { withoutTexts } from '../rollouts/watch.ts'
import type { Args, OptionSpecs } from './command.ts'
import type { Io } from './io.ts'
import { number, plural } from './text.ts'

export const LOG_OPTION: OptionSpecs = {
  'log-format': { type: 'string', describe: 'what standard error is told: text, or json, an object a line (text)' },
}

/** What the line of progress says, for help. */
export const PROGRESS_HELP = { title: 'The line of progress on standard error', words: PROGRESS_WORDS }

/** Standard error while an experiment is played. */
export interface Telling {
  /** Hears everything that happens. */
  event(event: ExperimentEvent): void
  /** A line beside what happens. */
  note(text: string): void
  /** Nothing more happens: what was drawn is removed. */
  end(): void
}

export interface TellingOptions {
  readonly models?: Models
  /** Whether text tells how far play is; by default it does, unless a person plays. */
  readonly drawn?: boolean
  /** Whether people who play sit at this terminal, as they do by default. */
  readonly here?: boolean
  /** Whether lines say which cell they are of. */
  readonly named: boolean
}

export function tellingOf(args: Args, io: Io, options: TellingOptions): Telling {
  const format = args.choice('log-format', ['text', 'json'] as const) ?? 'text'
  return format === 'json' ? new JsonLines(io) : new Line(io, options)
}

/** A line of progress on the standard error of a command. */
export function progressOf(io: Io, more: Omit<ProgressOptions, 'write' | 'terminal' | 'columns'>): Progress {
  return new Progress({ write: io.err, terminal: io.isTTY.err, columns: io.columns, ...more })
}

/** Tells the operator of a server of a bug behind it, with the place where it was thrown. */
export function bugsTo(io: Io, format: string = 'text'): (error: unknown) => void {
  return error => {
    const text = error instanceof Error ? (error.stack ?? error.message) : String(error)
    if (format === 'json') writeLine(io, 'bug', { message: text })
    else io.err(`${text}\n`)
  }
}

/** Counts what events say of a cell. */
function count(running: Running | undefined, event: ExperimentEvent): void {
  if (event.type === 'rollout_start') running?.began(event.key)
  else if (event.type === 'call') running?.called(event.row)
  else if (event.type === 'retry') running?.retried(event.row)
  else if (event.type === 'rollout') running?.ended(event.key, event.players, event)
}

class Line implements Telling {
  readonly #io: Io
  readonly #options: TellingOptions
  #progress: Progress | undefined
  #running: Running | undefined
  /** What is told in lines of its own where a person plays. */
  #games: { begun: number; readonly due: number } | undefined

  constructor(io: Io, options: TellingOptions) {
    this.#io = io
    this.#options = options
  }

  event(event: ExperimentEvent): void {
    count(this.#running, event)
    if (event.type === 'cell_start') this.#begin(event)
    else if (this.#games !== undefined) this.#tell(this.#games, event)
    else if (event.type === 'rollout') this.#progress?.tick(event.ok)
    else if (event.type === 'cell_end') this.end()
  }

  #begin({ due, cell, cells, players }: Extract<ExperimentEvent, { type: 'cell_start' }>): void {
    const { models, named, drawn = true, here = true } = this.#options
    // A line that is rewritten would run through what a person types.
    this.#games = drawn && here && players.some(({ kind }) => kind === 'human') ? { begun: 0, due } : undefined
    if (!drawn || this.#games !== undefined) return
    const running = new Running(due)
    this.#running = running
    this.#progress = progressOf(this.#io, {
      total: due,
      figures: () => running.figures,
      ...((named || cells > 1) && { unit: `rollouts of ${cell}` }),
      ...(models !== undefined && { status: () => models.status() }),
    })
  }

  #tell(games: { begun: number; readonly due: number }, event: ExperimentEvent): void {
    if (event.type === 'rollout_start')
      this.note(`Game ${++games.begun} of ${games.due}: seed ${event.seed}; ${seatsText(event.players)}.`)
    else if (event.type === 'rollout' && event.ok && event.figures !== undefined) {
      const { steps, scores } = event.figures
      const earned = Object.entries(scores).map(([agent, { reward }]) => `${agent} ${number(reward)}`)
      this.note(`Over after ${plural(steps, 'step')}: reward ${earned.join(', ')}.\n`)
    }
  }

  note(text: string): void {
    this.#io.err(`${text}\n`)
  }

  end(): void {
    this.#progress?.end()
    this.#progress = undefined
  }
}

function seatsText(players: Readonly<Record<string, string>>): string {
  return oneLine(
    Object.entries(players)
      .map(([agent, player]) => `${player} in ${agent}`)
      .join(', '),
  )
}

/** Milliseconds between two lines of progress. */
const EVERY = 5000

/** What is worth knowing of a number that is measured. */
const rounded = (_: string, value: unknown): unknown =>
  typeof value === 'number' && !Number.isInteger(value) ? Number(value.toPrecision(6)) : value

function writeLine(io: Io, event: string, fields: object): void {
  io.err(`${JSON.stringify({ time: new Date().toISOString(), event, ...fields }, rounded)}\n`)
}

class JsonLines implements Telling {
  readonly #io: Io
  #running: Running | undefined
  #cell = ''
  #timer: NodeJS.Timeout | undefined

  constructor(io: Io) {
    this.#io = io
  }

  event(event: ExperimentEvent): void {
    count(this.#running, event)
    switch (event.type) {
      case 'cell_start': {
        const { type: _, players, folders: __, ...facts } = event
        this.#running = new Running(event.due)
        this.#cell = event.cell
        this.#write('start', { ...facts, players: players.map(player => ({ ...player, name: withoutTexts(player.name) })) })
        this.#timer = setInterval(() => this.#progress('progress'), EVERY).unref()
        return
      }
      case 'retry':
        this.#write('retry', { cell: event.cell, ...event.row, player: withoutTexts(event.row.player) })
        return
      case 'rollout': {
        if (event.ok) return
        const { cell, key, seed, repeat, players, failure } = event
        const { player } = failure
        this.#write('failure', { cell, key, seed, repeat, players: seated(players), ...failure, player: withoutTexts(player) })
        return
      }
      case 'cell_end':
        this.#progress('end', { left: event.left })
        this.end()
    }
  }

  #progress(event: 'progress' | 'end', more: object = {}): void {
    const { mean_reward, ...figures } = this.#running!.figures
    const means = Object.entries(mean_reward).map(([player, mean]) => [withoutTexts(player), mean])
    this.#write(event, { cell: this.#cell, ...figures, mean_reward: Object.fromEntries(means), ...more })
  }

  note(text: string): void {
    this.#write('note', { message: oneLine(text) })
  }

  end(): void {
    clearInterval(this.#timer)
  }

  #write(event: string, fields: object): void {
    writeLine(this.#io, event, fields)
  }
}

/** The players by seat, as they are told. */
const seated = (players: Readonly<Record<string, string>>): Record<string, string> =>
  Object.fromEntries(Object.entries(players).map(([agent, player]) => [agent, withoutTexts(player)]))
