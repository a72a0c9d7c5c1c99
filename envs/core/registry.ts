/** Things by id, and what is said where there is none of that id. Knows names, not what they stand for. */
import { nearest, UserError } from './errors.ts'

/** What those who look something up are given: reading, not adding. */
export interface Lookup<E> {
  /** The one of that id; a UserError that names the nearest where there is none. */
  get(id: string): E
  has(id: string): boolean
  /** In the order of their registration. */
  ids(): string[]
  list(): E[]
}

export class Registry<E> implements Lookup<E> {
  readonly #known = new Map<string, E>()
  readonly #what: string

  /** `what` is what one of them is called in messages, such as `environment`. */
  constructor(what: string) {
    this.#what = what
  }

  /** Adds one. Throws where its id is taken. */
  add(id: string, one: E): void {
    if (this.#known.has(id)) throw new Error(`register: the ${this.#what} '${id}' is registered already`)
    this.#known.set(id, one)
  }

  /** Puts another in the place of one that is there, for those that add to it. */
  protected replace(id: string, one: E): void {
    this.#known.set(id, one)
  }

  get(id: string): E {
    const one = this.#known.get(id)
    if (one !== undefined) return one
    const what = `${this.#what[0]!.toUpperCase()}${this.#what.slice(1)}`
    const known = this.ids()
    throw new UserError(`No ${this.#what} '${id.slice(0, 64)}'. ${what}s: ${known.join(', ') || 'none'}.${nearest(id, known)}`)
  }

  has(id: string): boolean {
    return this.#known.has(id)
  }

  ids(): string[] {
    return [...this.#known.keys()]
  }

  list(): E[] {
    return [...this.#known.values()]
  }
}
