/** How far a run is: one line that is rewritten on a terminal, a plain line every few seconds elsewhere. */
import { oneLine } from '../envs/core/text.ts'

export interface ProgressOptions {
  /** Rollouts to be played. */
  readonly total: number
  readonly write: (text: string) => void
  /** Whether `write` goes to a terminal. */
  readonly terminal: boolean
  readonly columns: () => number
  /** What is counted; `rollouts` by default. */
  readonly unit?: string
  /** What else goes on, shown where there is room; empty for nothing. */
  readonly status?: () => string
  /** Milliseconds, from anywhere. */
  readonly now?: () => number
}

/** Milliseconds between two lines. */
const REDRAW = 100
const PLAIN = 5000

export class Progress {
  readonly #options: ProgressOptions
  readonly #now: () => number
  readonly #start: number
  readonly #every: number
  readonly #timer: NodeJS.Timeout | undefined
  #last: number
  #done = 0
  #failed = 0
  #shown = 0
  /** How many had ended when the last plain line was written. */
  #told = -1

  constructor(options: ProgressOptions) {
    this.#options = options
    this.#now = options.now ?? (() => performance.now())
    this.#start = this.#now()
    this.#last = this.#start
    this.#every = options.terminal ? REDRAW : PLAIN
    // A slow model must not look like a stuck one: the line is redrawn while nothing ends.
    if (options.total > 0) this.#timer = setInterval(() => this.#draw(), options.terminal ? 1000 : PLAIN).unref()
  }

  /** One more has ended. */
  tick(ok = true): void {
    this.#done++
    if (!ok) this.#failed++
    if (this.#now() - this.#last >= this.#every) this.#draw()
  }

  /** Sets how many have ended. */
  set(done: number): void {
    this.#done = done - 1
    this.tick()
  }

  /** The last line: removed from a terminal, written elsewhere. */
  end(): void {
    clearInterval(this.#timer)
    const { terminal, write, total } = this.#options
    if (terminal) {
      if (this.#shown > 0) write(`\r${' '.repeat(this.#shown)}\r`)
    } else if (total > 0 && this.#told < this.#done) write(`${this.line(Number.POSITIVE_INFINITY)}\n`)
    this.#shown = 0
  }

  /** The line as it stands now, at most `width` characters. */
  line(width: number): string {
    const { total, unit = 'rollouts', status = () => '' } = this.#options
    const seconds = (this.#now() - this.#start) / 1000
    const rate = seconds > 0 ? this.#done / seconds : 0
    const counted = `${this.#done}/${total}`
    const failed = this.#failed > 0 ? [`${this.#failed} failed`] : []
    const speed = this.#done > 0 ? [`${rateText(rate)}`] : []
    const left =
      this.#done === total ? [`in ${clock(seconds)}`] : this.#done > 0 ? [`${clock((total - this.#done) / rate)} left`] : []
    // From the most telling to the shortest: the first that fits.
    const bar = Number.isFinite(width) ? [gauge(total === 0 ? 1 : this.#done / total, 20)] : []
    const more = oneLine(status())
    const forms = [
      ...(more === ''
        ? []
        : [
            [...bar, `${counted} ${unit}`, ...failed, ...speed, ...left, more],
            // Its beginning tells most: what is in flight, and what was refused.
            [counted, ...failed, ...left, cut(more, width - [counted, ...failed, ...left, ''].join('  ').length)],
          ]),
      [...bar, `${counted} ${unit}`, ...failed, ...speed, ...left],
      [...bar, counted, ...failed, ...left],
      [counted, ...failed, ...left],
      [counted, ...failed],
    ].map(parts => parts.join('  '))
    return forms.find(form => form.length <= width) ?? counted.slice(0, Math.max(0, width))
  }

  #draw(): void {
    const { terminal, write, columns } = this.#options
    this.#last = this.#now()
    if (!terminal) {
      this.#told = this.#done
      write(`${this.line(Number.POSITIVE_INFINITY)}\n`)
      return
    }
    // The last column stays free: many terminals wrap when it is written.
    const line = this.line(columns() - 1)
    write(`\r${line.padEnd(Math.min(this.#shown, columns() - 1))}`)
    this.#shown = line.length
  }
}

/** The beginning of a text, as much as fits; whole where that would be too little to read. */
function cut(text: string, room: number): string {
  return text.length <= room || room < 16 ? text : `${text.slice(0, room - 1)}…`
}

function gauge(share: number, width: number): string {
  const full = Math.floor(share * width)
  return `[${'#'.repeat(full)}${'.'.repeat(width - full)}]`
}

function rateText(rate: number): string {
  return rate >= 1 ? `${rate >= 10 ? Math.round(rate) : rate.toFixed(1)}/s` : `${(rate * 60).toFixed(1)}/min`
}

/** Seconds as `0:07`, `12:30` or `3:05:00`. */
export function clock(seconds: number): string {
  const whole = Math.max(0, Math.round(seconds))
  const two = (n: number): string => String(n).padStart(2, '0')
  const minutes = Math.floor(whole / 60)
  return minutes < 60 ? `${minutes}:${two(whole % 60)}` : `${Math.floor(minutes / 60)}:${two(minutes % 60)}:${two(whole % 60)}`
}
