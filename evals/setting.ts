/**
 * A setting: an economy, a configuration and the same opponents, within which players are compared. Knows whose rollouts are
 * added up together; adds up nothing.
 */
import { resolveConfig } from '../envs/core/config.ts'
import type { AnyEnvironment, MetricDoc } from '../envs/core/environment.ts'
import { parseRange, type ValueRange } from '../envs/core/range.ts'
import type { Moments } from '../rollouts/column.ts'
import { shortName } from '../rollouts/labels.ts'
import type { Metadata } from '../rollouts/metadata.ts'
import { configDigest } from '../rollouts/rollout.ts'
import type { ResultFigures } from '../rollouts/rows.ts'
import { Games } from './games.ts'
import { PlayerTally } from './player_tally.ts'
import type { PublishedRun } from './published.ts'
import { declaredRange, hull, sharedConfig, valueRange } from './ranges.ts'

/** A column of the tables. */
export interface ColumnFacts {
  /** Equal for what is added up together. */
  readonly id: string
  readonly label: string
  /** The player string. */
  readonly player: string
}

/** The runs of one economy, configuration and opponents. */
export class Setting {
  readonly metadata: Metadata
  /** Undefined where it is not registered. */
  readonly env: AnyEnvironment | undefined
  readonly tallies: PlayerTally[] = []
  readonly games = new Games()
  /** Undefined where its rollouts share none, as far as ranges go. */
  #config: object | undefined
  /** The ranges that runs state of each score that was added to them. */
  readonly #added = new Map<string, Set<string>>()
  readonly #scenarios: Map<string, number>
  readonly #byColumn = new Map<string, PlayerTally>()

  /** `scenarios` numbers the economy's scenarios by example and seed; its settings share it, so that they can be paired. */
  constructor(metadata: Metadata, scenarios: Map<string, number>, env?: AnyEnvironment) {
    this.metadata = metadata
    this.env = env
    this.#config = sharedConfig(env, metadata)
    this.#scenarios = scenarios
  }

  /** One of its runs, with the scores that were added to it. */
  addRun(metadata: Metadata, added: Readonly<Record<string, Pick<MetricDoc, 'range'>>>): void {
    if (sharedConfig(this.env, metadata) === undefined) this.#config = undefined
    for (const [name, { range }] of Object.entries(added))
      this.#added.set(name, (this.#added.get(name) ?? new Set<string>()).add(range))
  }

  /** What values a player's column of that name can have: by the scores that were added, or by the economy. */
  range(name: string, column: Moments): ValueRange {
    const added = this.#added.get(name)
    return valueRange(
      added === undefined ? declaredRange(this.env, name, this.#config) : hull([...added].map(parseRange)),
      column,
      this.tallies.flatMap(({ reward, metrics }) => (name === 'reward' ? reward : metrics.get(name)) ?? []),
    )
  }

  /** Whether a published run is of this economy and configuration. */
  isOf({ env, preset, set }: PublishedRun): boolean {
    if (this.env?.id !== env) return false
    return this.metadata.config_digest === configDigest(resolveConfig(this.env, preset, set))
  }

  /** Whether thinking costs something here. */
  get billed(): boolean {
    return this.env?.facts?.billed === true
  }

  /** Whether two players may be ranked: not where thinking is billed and only one of them had it reported. */
  comparable(a: PlayerTally, b: PlayerTally): boolean {
    return !this.billed || a.units === undefined || b.units === undefined || a.units === b.units
  }

  /** The number of a row's scenario. */
  scenario({ example_id, info }: ResultFigures): number {
    const id = `${example_id} ${info.seed}`
    let known = this.#scenarios.get(id)
    if (known === undefined) {
      known = this.#scenarios.size
      this.#scenarios.set(id, known)
    }
    return known
  }

  /** The tally of a column; made where there is none yet. */
  tally({ id, label, player }: ColumnFacts): PlayerTally {
    let tally = this.#byColumn.get(id)
    if (tally === undefined) {
      tally = new PlayerTally(label, player)
      this.tallies.push(tally)
      this.#byColumn.set(id, tally)
    }
    return tally
  }

  /** Whom the others are compared with: the one called so, or whom the experiment named, or the first. */
  baseline(named: string | undefined): PlayerTally | undefined {
    return (
      this.tallies.find(tally => named !== undefined && isCalled(tally, named)) ??
      this.tallies.find(({ player }) => player === this.metadata.experiment?.baseline) ??
      this.tallies[0]
    )
  }
}

/** Whether a player is the one that somebody calls so: by its label, its name, or its name without a URL. */
export function isCalled({ label, player }: Pick<PlayerTally, 'label' | 'player'>, called: string): boolean {
  return label === called || player === called || shortName(player) === called
}

/** Who sat beside the evaluated seats. */
export function othersOf({ lineup, evaluated, opponents_shuffled }: Metadata): string {
  const counts = new Map<string, number>()
  for (const [agent, player] of Object.entries(lineup))
    if (!evaluated.includes(agent)) counts.set(player, (counts.get(player) ?? 0) + 1)
  const others = [...counts].sort(([a], [b]) => (a < b ? -1 : 1)).map(([player, n]) => `${n} ${player}`)
  return [...others, ...(opponents_shuffled ? ['shuffled by the seed'] : [])].join(', ')
}

/** Equal for runs whose players are compared. */
export function settingId(metadata: Metadata): string {
  const { env_id, version_info, config_digest } = metadata
  return JSON.stringify([env_id, version_info.env_version, config_digest, othersOf(metadata)])
}

/** Such as `toy_market crowded, horizon=3`; a field may be left out. */
export function settingLabel({ env_id, env_args }: Metadata, without?: string): string {
  const fields = Object.entries(env_args.set).filter(([field]) => field !== without)
  const set = fields.map(([field, value]) => `, ${field}=${JSON.stringify(value)}`)
  return `${env_id} ${env_args.preset}${set.join('')}`
}

/** A label each; what tells two apart is said where they would read the same. */
export function settingLabels(settings: readonly Setting[]): string[] {
  const sayMore: ((metadata: Metadata) => string)[] = [
    () => '',
    metadata => ` against ${othersOf(metadata) || 'nobody'}`,
    ({ version_info, config_digest }) => ` (version ${version_info.env_version}, ${config_digest.slice(0, 8)})`,
  ]
  const labels = settings.map(({ metadata }) => settingLabel(metadata))
  for (const more of sayMore) {
    const twice = labels.map(label => labels.filter(other => other === label).length > 1)
    for (const [i, { metadata }] of settings.entries()) if (twice[i]) labels[i] += more(metadata)
  }
  return labels
}
