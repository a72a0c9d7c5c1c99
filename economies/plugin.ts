/**
 * What users add to the package: one object of economies, bots, players, providers, metrics and judges. Knows where each is
 * registered; loads nothing.
 */
import type { Bot } from '../bots/index.ts'
import { nearest, UserError } from '../envs/core/errors.ts'
import { Registry } from '../envs/core/registry.ts'
import { type Judge, type JudgeInput, parseJudge } from '../evals/score/judge.ts'
import type { Metric } from '../evals/score/metric.ts'
import { type ProviderFacts, registerProvider } from '../rollouts/models/providers.ts'
import { type PlayerMaker, registerPlayer } from '../rollouts/players/own.ts'
import type { Economy } from './economy.ts'
import { economies } from './registry.ts'

/** What a module adds; a field that it does not have adds nothing. */
export interface Plugin {
  /** Each made by `defineEconomy`. */
  readonly economies?: readonly Economy[]
  /** Bots of economies that are there, this plugin's included: by economy and name. */
  readonly bots?: Readonly<Record<string, Readonly<Record<string, Bot>>>>
  /** Players by what begins their player strings: `NAME`, or `NAME:` and whatever the maker makes of the rest. */
  readonly players?: Readonly<Record<string, PlayerMaker>>
  /** Model providers by what begins their player strings. */
  readonly providers?: Readonly<Record<string, ProviderFacts>>
  /** Metrics that `agoragym score` adds to finished runs, by name. */
  readonly metrics?: Readonly<Record<string, Metric>>
  /** The same of judges; their scores are called `judged_NAME`. */
  readonly judges?: Readonly<Record<string, JudgeInput>>
}

/** The metrics and judges that were registered. */
export const metrics = new Registry<Metric>('metric')
export const judges = new Registry<Judge>('judge')

/** How each field is registered. */
const FIELDS: { readonly [Field in keyof Required<Plugin>]: (value: NonNullable<Plugin[Field]>) => void } = {
  economies: list => {
    for (const economy of list) economies.register(economy)
  },
  bots: sets => {
    for (const [economy, bots] of Object.entries(sets)) economies.addBots(economy, bots)
  },
  players: makers => each(makers, registerPlayer),
  providers: facts => each(facts, registerProvider),
  metrics: own => each(own, (name, metric) => metrics.add(name, metric)),
  judges: own => each(own, (name, judge) => judges.add(name, parseJudge(name, judge))),
}

function each<T>(values: Readonly<Record<string, T>>, add: (name: string, value: T) => void): void {
  for (const [name, value] of Object.entries(values)) add(name, value)
}

const registered = new WeakSet<object>()

/**
 * Registers everything that a plugin has; the same object again adds nothing. Throws where a name is taken, a UserError where
 * it is no plugin.
 */
export function register(plugin: Plugin): void {
  if (registered.has(plugin)) return
  const fields = Object.keys(FIELDS) as (keyof Plugin)[]
  for (const [field, value] of Object.entries(plugin)) {
    if (!fields.includes(field as keyof Plugin))
      throw new UserError(`A plugin has no field '${field.slice(0, 64)}'. Fields: ${fields.join(', ')}.${nearest(field, fields)}`)
    const expected = field === 'economies' ? 'a list of what defineEconomy gives' : 'an object of things by name'
    if (typeof value !== 'object' || value === null || Array.isArray(value) !== (field === 'economies'))
      throw new UserError(`A plugin's ${field}: expected ${expected}.`)
  }
  registered.add(plugin)
  for (const field of fields) add(field, plugin)
}

function add<Field extends keyof Plugin>(field: Field, plugin: Plugin): void {
  const value = plugin[field]
  if (value !== undefined) FIELDS[field](value as NonNullable<Plugin[Field]>)
}
