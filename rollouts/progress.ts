/** How far a run is: one line that is rewritten on a terminal, a plain line every few seconds elsewhere. */
import { oneLine } from '../envs/core/text.ts'
import { shortName } from './labels.ts'
import type { RunningFigures } from './running.ts'

export interface ProgressOptions {
  /** Rollouts to be played. */
  readonly total: number
  readonly write: (text: string) => void
  /** Whether `write` goes to a terminal. */
  readonly terminal: boolean
  readonly columns: () => number
  /** What is counted; `rollouts` by default. */
  readonly unit?: string
  /** What a run has come to so far; its rewards, cost and calls are told beside the count. */
  readonly figures?: () => RunningFigures
  /** What else goes on, shown where there is room; empty for nothing. */
  readonly status?: () => string
  /** Milliseconds, from anywhere. */
  readonly now?: () => number
}

/** Milliseconds between two lines. */
const REDRAW = 100
const PLAIN = 5000

type Part = 'bar' | 'counted' | 'failed' | 'rate' | 'left' | 'reward' | 'cost' | 'calls' | 'tokens' | 'status'
/** What is shown first where not all fits; the unit of the count comes after them, then what is shown last. */
const RANKED: readonly Part[] = ['counted', 'failed', 'left', 'reward', 'cost', 'calls', 'tokens', 'status']
const LAST: readonly Part[] = ['rate', 'bar']

/** What each part of the line means, for help. */
export const PROGRESS_WORDS = {
  '12/400 rollouts': 'rollouts that have ended, of those to be played; failed ones beside them',
  '3.1/s': 'rollouts a second since the start; 2:05 left at that rate',
  'reward 0.61': 'mean reward of those that have ended, by player where there are several',
  '$1.20 of ~$4.70': 'cost so far, and what it comes to if the rest costs as much',
  '120 calls/s': 'model calls that were answered; their tokens, prompts included',
  'm 16/20 (+44)': 'calls to model m in flight, allowed at once, and waiting for their turn',
  '429×7': 'times that its server refused for its rate limit',
} as const

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

  /** The line as it stands now, at most `width` characters: what tells most stays longest as it gets narrower. */
  line(width: number): string {
    const { total, unit = 'rollouts', status = () => '', figures } = this.#options
    const seconds = (this.#now() - this.#start) / 1000
    const rate = seconds > 0 ? this.#done / seconds : 0
    const counted = `${this.#done}/${total}`
    if (counted.length > width) return counted.slice(0, Math.max(0, width))
    const told = figures?.()
    const parts = {
      bar: Number.isFinite(width) ? gauge(total === 0 ? 1 : this.#done / total, 20) : '',
      counted,
      failed: this.#failed > 0 ? `${this.#failed} failed` : '',
      rate: this.#done > 0 ? rateText(rate) : '',
      left: this.#done === total ? `in ${clock(seconds)}` : this.#done > 0 ? `${clock((total - this.#done) / rate)} left` : '',
      reward: told === undefined ? '' : rewardText(told.mean_reward),
      cost: told === undefined ? '' : costText(told),
      calls: told === undefined || told.calls === 0 ? '' : rateText(told.calls_per_s, ' calls'),
      tokens: told === undefined || told.calls === 0 ? '' : `${countText(told.input_tokens + told.output_tokens)} tokens`,
      status: oneLine(status()),
    }
    const shown = new Map<Part, string>()
    const room = (part: Part): number =>
      width - [...shown].reduce((sum, [other, { length }]) => (other === part ? sum : sum + length + 2), 0)
    const show = (part: Part, text: string): void => {
      if (text !== '' && text.length <= room(part)) shown.set(part, text)
    }
    for (const part of RANKED) show(part, part === 'status' ? cut(parts.status, room(part)) : parts[part])
    if (room('counted') >= `${counted} ${unit}`.length) shown.set('counted', `${counted} ${unit}`)
    for (const part of LAST) show(part, parts[part])
    return (Object.keys(parts) as Part[]).flatMap(part => shown.get(part) ?? []).join('  ')
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

function rateText(rate: number, what = ''): string {
  return rate >= 1 ? `${rate >= 10 ? Math.round(rate) : rate.toFixed(1)}${what}/s` : `${(rate * 60).toFixed(1)}${what}/min`
}

/** The mean of one player, or of each by name. */
function rewardText(means: RunningFigures['mean_reward']): string {
  const players = Object.entries(means).map(([player, mean]) => [shortName(player), mean.toFixed(2)] as const)
  if (players.length <= 1) return players.map(([, mean]) => `reward ${mean}`).join()
  return `reward ${players.map(([player, mean]) => `${player} ${mean}`).join(', ')}`
}

/** So far, and what it will come to. */
function costText({ cost, expected_cost, done, due }: RunningFigures): string {
  if (cost === null || cost === 0) return ''
  return expected_cost === null || done === due ? usd(cost) : `${usd(cost)} of ~${usd(Math.max(cost, expected_cost))}`
}

/** USD with two digits that say something. */
function usd(amount: number): string {
  return `$${amount >= 0.1 ? amount.toFixed(2) : Number(amount.toPrecision(2)).toFixed(Math.min(8, 1 - Math.floor(Math.log10(amount))))}`
}

/** `950`, `12.3k`, `4.56M`. */
function countText(count: number): string {
  const [unit, size] = count >= 1e9 ? ['G', 1e9] : count >= 1e6 ? ['M', 1e6] : count >= 1e4 ? ['k', 1e3] : ['', 1]
  return size === 1 ? `${count}` : `${Number((count / size).toPrecision(3))}${unit}`
}

/** Seconds as `0:07`, `12:30` or `3:05:00`. */
export function clock(seconds: number): string {
  const whole = Math.max(0, Math.round(seconds))
  const two = (n: number): string => String(n).padStart(2, '0')
  const minutes = Math.floor(whole / 60)
  return minutes < 60 ? `${minutes}:${two(whole % 60)}` : `${Math.floor(minutes / 60)}:${two(minutes % 60)}:${two(whole % 60)}`
}
