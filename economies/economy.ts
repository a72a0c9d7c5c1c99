/**
 * What an economy is to the package: one object that composes its environment with everything else that belongs to it.
 * The commands and the report ask it; nothing that asks knows which economy it is.
 */
import { anyBots, type BotSet, type EnvironmentWithBots } from '../bots/index.ts'
import type { AnyEnvironment, Environment, EnvTypes } from '../envs/core/environment.ts'
import { checkSchema } from '../envs/core/schema.ts'
import type { AuditSpec, Subject } from '../evals/audit/spec.ts'
import type { Study } from '../evals/study.ts'
import type { Pars } from '../rollouts/par.ts'
import type { Bench } from './bench.ts'
import type { Dialogue } from './dialogue.ts'
import type { Picturer } from './picture.ts'
import type { RemoteTwin } from './remote.ts'
import type { RunExport } from './run_export.ts'
import type { Scenery } from './scene.ts'

/** What is loaded when it is asked for: an economy is often wanted for its rules alone. */
export type Loader<R> = () => Promise<R>

/** What belongs to an economy beside its environment and its bots. */
export interface Belongings {
  /** Published studies that `replicate` runs again, by id. */
  readonly studies: Readonly<Record<string, Loader<Study>>>
  /**
   * Files of its own kind that are made from a run's: `lab`, those of its laboratory (`lab-export`), and `artifacts`, those
   * that its published runs came with (`eval --artifacts`).
   */
  readonly exports: Readonly<Partial<Record<'lab' | 'artifacts', Loader<RunExport>>>>
  /** How it is played at somebody else's server, by the server's protocol. */
  readonly remotes: Readonly<Partial<Record<'ibex', Loader<RemoteTwin>>>>
  /** Words for the talk that its episodes grant, found afterwards (`--dialogue`). */
  readonly dialogue?: Loader<Dialogue>
  /** Fields that make a game of two seats and a few steps: what is played by the thousand to time the rest. */
  readonly brief?: Readonly<Record<string, unknown>>
  /** What there is to see of a game after so many steps; without it standings and dealings are shown. */
  readonly picture?: Loader<Picturer>
  /** How it lives within a step (`view --live`); without it each step's picture is shown. */
  readonly scenery?: Loader<Scenery>
  /** How fast it is, for `bench`. */
  readonly bench?: Loader<Bench>
  /** What rewards mean in its presets, as `audit --pars` derived it. */
  readonly pars?: Pars
  /** What `audit` is told of it; without it the contract alone speaks. */
  readonly audit?: Loader<AuditSpec>
}

/** An economy as its author writes it: all but the environment may be left out. */
export interface EconomyParts<T extends EnvTypes> extends Partial<BotSet>, Partial<Belongings> {
  readonly env: Environment<T>
}

/** An economy as it is registered; its bots are those for any and its own. */
export interface Economy extends EnvironmentWithBots, BotSet, Belongings {}

/** An economy of its parts. Where they name nobody, `random` plays, and `random` sits opposite. */
export function defineEconomy<T extends EnvTypes>({ env, bots, ...parts }: EconomyParts<T>): Economy {
  checkSchema(env.config, `${env.id}.config`)
  const unknown = parts.shuffled?.find(preset => !Object.hasOwn(env.presets, preset))
  if (unknown !== undefined)
    throw new RangeError(`${env.id}: shuffled: no preset '${unknown}'; presets: ${Object.keys(env.presets).join(', ')}`)
  return Object.freeze({
    opponents: {},
    players: ['random'],
    studies: {},
    exports: {},
    remotes: {},
    ...parts,
    env: env as unknown as AnyEnvironment,
    bots: { ...anyBots, ...bots },
  })
}

/** How games of an economy are shown: its own picture, or what the contract alone tells. */
export async function picturerOf({ env, picture }: Pick<Economy, 'env' | 'picture'>): Promise<Picturer> {
  return picture === undefined ? (await import('./standings_picture.ts')).standingsPicture(env) : picture()
}

/** An economy with what an audit is told of it. */
export async function subjectOf(economy: Economy): Promise<Subject> {
  return { ...economy, spec: (await economy.audit?.()) ?? {} }
}
