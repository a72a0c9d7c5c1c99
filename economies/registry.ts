/**
 * The registry: every economy of the package, one line each, and those that users add. Whatever belongs to an economy is
 * reached through here.
 */
import type { Bot } from '../bots/index.ts'
import type { AnyEnvironment, Environment, EnvTypes } from '../envs/core/environment.ts'
import { nearest, UserError } from '../envs/core/errors.ts'
import { type Lookup, Registry } from '../envs/core/registry.ts'
import type { Study } from '../evals/study.ts'
import { defineEconomy, type Economy, type EconomyParts } from './economy.ts'
import { economy as marsColony } from './mars_colony/index.ts'
import { economy as simEconomy } from './sim_economy/index.ts'
import { economy as spatialPlanning } from './spatial_planning/index.ts'
import { economy as swarmEconomy } from './swarm_economy/index.ts'

export class Economies extends Registry<Economy> {
  readonly #modules = new Set<string>()

  constructor() {
    super('environment')
  }

  /** How a thread finds the same economies: a module that plays rollouts, and the URLs of what was imported since, which it imports too. */
  get thread(): { readonly module: URL; readonly imports: readonly string[] } {
    const own = import.meta.url.endsWith('.ts') ? './play_worker.ts' : './play_worker.js'
    return { module: new URL(own, import.meta.url), imports: [...this.#modules] }
  }

  /** Notes that a module of that URL may have added something. */
  imported(url: string): void {
    this.#modules.add(url)
  }

  /** Adds an economy. Throws where its id is taken. */
  register<T extends EnvTypes>(parts: EconomyParts<T>): Economy {
    const economy = defineEconomy(parts)
    this.add(economy.env.id, economy)
    return economy
  }

  /** Adds bots to an economy that is registered. Throws where it has one of that name. */
  addBots(id: string, bots: Readonly<Record<string, Bot>>): void {
    const economy = this.get(id)
    const taken = Object.keys(bots).find(name => Object.hasOwn(economy.bots, name))
    if (taken !== undefined) throw new Error(`register: ${id} has a bot '${taken}' already`)
    this.replace(id, Object.freeze({ ...economy, bots: { ...economy.bots, ...bots } }))
  }

  /** Those that have such files. */
  exporting(kind: keyof Economy['exports']): Economy[] {
    return this.list().filter(({ exports }) => exports[kind] !== undefined)
  }

  /** The ids of all studies. */
  studies(): string[] {
    return this.list().flatMap(({ studies }) => Object.keys(studies))
  }

  /** The study of that id; a UserError that names the nearest where there is none. */
  study(id: string): Promise<Study> {
    const load = this.list().find(({ studies }) => Object.hasOwn(studies, id))?.studies[id]
    if (load !== undefined) return load()
    const known = this.studies()
    throw new UserError(`No study '${id.slice(0, 64)}'. Studies: ${known.join(', ') || 'none'}.${nearest(id, known)}`)
  }
}

/** The economies by their environments alone. */
export class Environments implements Lookup<AnyEnvironment> {
  readonly #economies: Economies

  constructor(economies: Economies) {
    this.#economies = economies
  }

  /** Adds an economy that is nothing but an environment. Throws where its id is taken. */
  register<T extends EnvTypes>(env: Environment<T>): void {
    this.#economies.register({ env })
  }

  get(id: string): AnyEnvironment {
    return this.#economies.get(id).env
  }

  has(id: string): boolean {
    return this.#economies.has(id)
  }

  ids(): string[] {
    return this.#economies.ids()
  }

  list(): AnyEnvironment[] {
    return this.#economies.list().map(({ env }) => env)
  }
}

export const economies = new Economies()

economies.register(simEconomy)
economies.register(swarmEconomy)
economies.register(spatialPlanning)
economies.register(marsColony)

export const environments = new Environments(economies)
