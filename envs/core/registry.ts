/** The registry of economies by id. Knows names, not rules. */
import type { AnyEnvironment, Environment, EnvTypes } from './environment.ts'
import { nearest, UserError } from './errors.ts'

export class Registry {
  readonly #environments = new Map<string, AnyEnvironment>()

  /** Adds an economy. Throws where its id is taken. */
  register<T extends EnvTypes>(env: Environment<T>): void {
    if (this.#environments.has(env.id)) throw new Error(`register: an environment '${env.id}' is registered already`)
    this.#environments.set(env.id, env as unknown as AnyEnvironment)
  }

  /** The economy of that id; a UserError that names the nearest where there is none. */
  get(id: string): AnyEnvironment {
    const env = this.#environments.get(id)
    if (env !== undefined) return env
    const known = this.ids()
    throw new UserError(`No environment '${id.slice(0, 64)}'. Environments: ${known.join(', ')}.${nearest(id, known)}`)
  }

  has(id: string): boolean {
    return this.#environments.has(id)
  }

  ids(): string[] {
    return [...this.#environments.keys()]
  }

  list(): AnyEnvironment[] {
    return [...this.#environments.values()]
  }
}
