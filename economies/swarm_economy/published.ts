/** What was published about the SWARM Economy, and figures of an earlier prototype of its rules, as data with their sources. Plays nothing. */
import { readFileSync } from 'node:fs'
import { resolveConfig } from '../../envs/core/config.ts'
import type { AnyEnvironment } from '../../envs/core/environment.ts'
import { swarmEconomy } from '../../envs/swarm_economy/index.ts'
import type { BotType } from '../../envs/swarm_economy/state.ts'
import type { PublishedRun } from '../../evals/published.ts'

export const PARTS = ['reward', 'payoff', 'reputation', 'quality'] as const
export type Part = (typeof PARTS)[number]

export interface Figure {
  readonly mean: number
  readonly sd?: number
}

/** A published row: what a model scored, on how many rollouts, by whom. */
export interface PublishedRow {
  readonly model: string
  readonly profile: string
  readonly difficulty: string | null
  readonly n: number
  readonly source: readonly string[]
  /** `reward`, `payoff`, `reputation`, `quality`, `diversity`, `survival`, `turns`. */
  readonly scores: Readonly<Record<string, Figure & { readonly min?: number; readonly max?: number }>>
  readonly calls?: Readonly<Record<string, Figure>>
  /** Shares of rollouts by stop reason. */
  readonly stops?: Readonly<Record<string, number>>
  /** The scripted learner that stands for the model. */
  readonly like?: string
  readonly note?: string
}

/** A published training run: one row of `fields` a step. */
export interface PublishedCurve {
  readonly model: string
  readonly profile: string
  readonly difficulty: string
  readonly n: number
  readonly source: readonly string[]
  readonly reputation_weight?: number
  readonly fields: readonly string[]
  readonly steps: readonly (readonly (number | null)[])[]
}

export interface Data {
  readonly sources: Readonly<Record<string, string>>
  readonly published: readonly PublishedRow[]
  readonly curves: readonly PublishedCurve[]
  /** Single published rollouts of a training run. */
  readonly rollouts: unknown
  readonly reference: {
    readonly n: number
    readonly policies: Readonly<
      Record<string, Readonly<Record<string, Readonly<Record<Part, number>> & { readonly survival?: number }>>>
    >
  }
  readonly calibrated: readonly {
    readonly bot: string
    readonly profile: string
    readonly difficulty: string
    readonly n: number
    readonly scores: Readonly<Record<string, readonly [mean: number, sd: number]>>
    readonly calls?: Readonly<Record<string, number>>
    readonly turns?: number
  }[]
  readonly residents: {
    readonly n: number
    readonly bot: string
    readonly profile: string
    readonly difficulty: string
  } & Readonly<Record<BotType, { readonly reputation: number; readonly submissions: number }>>
  readonly hard_less_medium: {
    readonly bot: string
    readonly profile: string
    readonly prototype: Readonly<Record<string, number>>
    readonly published: { readonly model: string; readonly payoff: number; readonly reputation: number }
  }
}

/** Published figures of the SWARM Economy, and an earlier prototype's, as a data file with sources and numbers of rollouts. */
export const data: Data = JSON.parse(readFileSync(new URL('./study.json', import.meta.url), 'utf8'))

/** A published row as a run of ours would be told. What no configuration says (an unknown difficulty) is in the name. */
function publishedRun(
  { model, profile, difficulty, n, scores, calls = {}, stops = {} }: Omit<PublishedRow, 'source'>,
  set: PublishedRun['set'] = {},
): PublishedRun {
  const usual = (resolveConfig(swarmEconomy as unknown as AnyEnvironment, profile) as { difficulty: string }).difficulty
  const { turns, ...parts } = scores
  const { total, ...tools } = calls
  const means = (of: Readonly<Record<string, Figure | undefined>>) =>
    Object.fromEntries(
      Object.entries(of).flatMap(([item, figure]) =>
        figure === undefined ? [] : [[item, { mean: figure.mean, ...(figure.sd !== undefined && { sd: figure.sd }) }]],
      ),
    )
  return {
    player: difficulty === null ? `${model}, difficulty not told` : model,
    env: swarmEconomy.id,
    preset: profile,
    set: difficulty === null || difficulty === usual ? set : { ...set, difficulty },
    n,
    scores: means(parts),
    calls: means({ '(turns)': turns, '(calls)': total, ...tools }),
    stops,
  }
}

/** What a curve's fields are scores of; the others say how the training went. */
const CURVE_SCORES = [...PARTS, 'diversity', 'turns']

/** Where a training run began and where it ended. */
function curveRuns({ model, profile, difficulty, n, fields, steps, reputation_weight }: PublishedCurve): PublishedRun[] {
  return [steps[0]!, steps.at(-1)!].map(values => {
    const told = fields.flatMap((field, i) => {
      const mean = values[i]
      return typeof mean === 'number' && CURVE_SCORES.includes(field) ? [[field, { mean }] as const] : []
    })
    const row = {
      model: `${model} step ${values[fields.indexOf('step')]}`,
      profile,
      difficulty,
      n,
      scores: Object.fromEntries(told),
    }
    return publishedRun(row, reputation_weight === undefined ? {} : { reputation_weight })
  })
}

/** Every published evaluation, and the ends of the training runs, which some evaluations are already. */
export function publishedRuns(): PublishedRun[] {
  const evaluations = data.published.map(row => publishedRun(row))
  const known = new Set(evaluations.map(({ player, preset }) => `${preset} ${player}`))
  return [...evaluations, ...data.curves.flatMap(curveRuns).filter(({ player, preset }) => !known.has(`${preset} ${player}`))]
}
