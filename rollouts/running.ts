/**
 * What a run has come to so far, counted as it is played: how many rollouts and calls, how fast, for how much. Knows figures; prints
 * nothing. Money and tokens are those of this command, in its calls that were answered.
 */
import { plusKnown } from './models/usage.ts'
import type { CallRow } from './player.ts'
import type { Ended } from './watch.ts'

/** Figures of a run that is being played. Rates are means since its start. */
export interface RunningFigures {
  /** Rollouts that have ended, failed ones included, of those to be played. */
  readonly done: number
  readonly due: number
  readonly failed: number
  /** Seconds since the start, and until the end at this rate; null where nothing has ended yet. */
  readonly seconds: number
  readonly seconds_left: number | null
  readonly rollouts_per_s: number
  /** Model calls that were answered. */
  readonly calls: number
  readonly calls_per_s: number
  /** Failed attempts at model calls that were made again. */
  readonly retries: number
  readonly input_tokens: number
  readonly output_tokens: number
  /** USD; null where the price of a call is not known. */
  readonly cost: number | null
  /** What it comes to if the rest costs as much as what has ended, in USD; null where that is not known. */
  readonly expected_cost: number | null
  /** Of the rollouts that have ended, by player; over all its evaluated seats. */
  readonly mean_reward: Readonly<Record<string, number>>
}

export class Running {
  readonly #due: number
  readonly #now: () => number
  readonly #start: number
  /** What the calls of rollouts in flight have cost. */
  readonly #inFlight = new Map<string, number | null>()
  readonly #rewards = new Map<string, { sum: number; n: number }>()
  #done = 0
  #failed = 0
  #calls = 0
  #retries = 0
  #input = 0
  #output = 0
  #cost: number | null = 0
  /** Of the rollouts that have ended. */
  #ended: number | null = 0

  /** `now` gives milliseconds, from anywhere. */
  constructor(due: number, now: () => number = () => performance.now()) {
    this.#due = due
    this.#now = now
    this.#start = now()
  }

  /** A rollout is begun here: its calls are heard of one by one. */
  began(key: string): void {
    this.#inFlight.set(key, 0)
  }

  called({
    key,
    prompt_tokens,
    completion_tokens,
    cost,
  }: Pick<CallRow, 'key' | 'prompt_tokens' | 'completion_tokens' | 'cost'>): void {
    this.#calls++
    this.#input += prompt_tokens
    this.#output += completion_tokens
    this.#cost = plusKnown(this.#cost, cost)
    const before = this.#inFlight.get(key)
    this.#inFlight.set(key, plusKnown(before === undefined ? 0 : before, cost))
  }

  retried({ wait_ms }: { readonly wait_ms: number | null }): void {
    if (wait_ms !== null) this.#retries++
  }

  ended(key: string, players: Readonly<Record<string, string>>, ended: Ended): void {
    this.#done++
    const here = this.#inFlight.get(key)
    this.#inFlight.delete(key)
    if (here !== undefined) this.#ended = plusKnown(this.#ended, here)
    if (!ended.ok) {
      this.#failed++
      return
    }
    const { figures } = ended
    if (figures === undefined) return
    for (const [agent, { reward }] of Object.entries(figures.scores)) {
      const player = players[agent] ?? agent
      const known = this.#rewards.get(player) ?? { sum: 0, n: 0 }
      this.#rewards.set(player, { sum: known.sum + reward, n: known.n + 1 })
    }
    // A rollout that was played elsewhere is heard of only now.
    if (here !== undefined) return
    this.#calls += figures.calls
    this.#input += figures.input_tokens
    this.#output += figures.output_tokens
    this.#cost = plusKnown(this.#cost, figures.cost)
    this.#ended = plusKnown(this.#ended, figures.cost)
  }

  get figures(): RunningFigures {
    const seconds = (this.#now() - this.#start) / 1000
    const rate = (count: number): number => (seconds > 0 ? count / seconds : 0)
    const done = this.#done
    return {
      done,
      due: this.#due,
      failed: this.#failed,
      seconds,
      seconds_left: done === 0 ? null : (seconds / done) * (this.#due - done),
      rollouts_per_s: rate(done),
      calls: this.#calls,
      calls_per_s: rate(this.#calls),
      retries: this.#retries,
      input_tokens: this.#input,
      output_tokens: this.#output,
      cost: this.#cost,
      expected_cost: this.#cost === null || this.#ended === null || done === 0 ? null : (this.#ended / done) * this.#due,
      mean_reward: Object.fromEntries([...this.#rewards].map(([player, { sum, n }]) => [player, sum / n])),
    }
  }
}
