/**
 * How far a server's clock is ahead of this machine's, from the `Date` of its answers. Each answer bounds it: the server's second
 * began no later than the answer came, and ended no earlier than the question left.
 */
export class ServerClock {
  #least = Number.NEGATIVE_INFINITY
  #most = Number.POSITIVE_INFINITY

  /** Milliseconds: when the question left and the answer came by this machine's clock, and the date that the answer bears. */
  note(asked: number, came: number, date: number): void {
    const [least, most] = [date - came, date + 1000 - asked]
    // A clock that was set meanwhile contradicts what was known; what it says now counts.
    const fits = least <= this.#most && most >= this.#least
    this.#least = fits ? Math.max(this.#least, least) : least
    this.#most = fits ? Math.min(this.#most, most) : most
  }

  /** Milliseconds that the server is ahead at most; 0 where nothing is known. */
  get ahead(): number {
    return Number.isFinite(this.#most) ? this.#most : 0
  }

  /** Both bounds, for whoever reads what was recorded; null where nothing is known. */
  get bounds(): readonly [least: number, most: number] | null {
    return Number.isFinite(this.#most) ? [this.#least, this.#most] : null
  }

  /** A moment of the server by this machine's clock: never later than it is. */
  local(moment: number): number {
    return moment - this.ahead
  }
}
