/**
 * What a run through a queue is, as plain data: the experiment, how its models are asked, the files that these name, and what
 * must be the same on every machine that plays it. Keys are never in it. Knows no Redis.
 */
import { createHash } from 'node:crypto'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { dirname, join, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { gunzipSync, gzipSync } from 'node:zlib'
import { UserError } from '../envs/core/errors.ts'
import { difference, digest } from '../envs/core/plain.ts'
import { toolSchema } from '../envs/core/tool.ts'
import type { Experiment } from '../evals/experiment.ts'
import type { PlannedCell } from '../evals/plan.ts'
import type { ModelsOptions, Prices } from '../rollouts/models/index.ts'
import { configDigest, lineupNames } from '../rollouts/rollout.ts'
import { packageVersion } from '../rollouts/versions.ts'
import { carriedExperiment, writeCarried } from './carried.ts'
import type { SharedResults } from './parts.ts'

/** Options of models that are the same on every machine; keys, time and chance are each machine's own. */
const MODEL_FIELDS = [
  'api',
  'sampling',
  'extraBody',
  'adaptations',
  'keyVariables',
  'history',
  'noToolCall',
  'personas',
  'retry',
  'timeoutEpisodeMs',
] as const satisfies readonly (keyof ModelsOptions)[]

export type SharedModels = Pick<ModelsOptions, (typeof MODEL_FIELDS)[number]> & { readonly prices: Prices }

/** Ceilings over all workers. */
export interface Limits {
  readonly maxCost?: number
  readonly maxTokens?: number
  readonly maxRpm?: number
}

/** The code that plays. */
export interface Code {
  readonly agoragym: string
  /** SHA-256 of the package's own files that take part in play, 16 hex digits. */
  readonly code: string
}

export interface Manifest {
  readonly code: Code
  /** Of each module of somebody's own that the collector imported: the digest of its file. */
  readonly imports: readonly string[]
  readonly experiment: Experiment
  readonly models: SharedModels
  /** Whether there is a ceiling on cost or tokens, and one on requests a minute. */
  readonly limited: boolean
  readonly paced: boolean
  /** The files that the experiment names, by the names that it has for them here. */
  readonly files: Readonly<Record<string, string>>
  /** A line a run: what it is once it is planned. */
  readonly plans: readonly PlanFacts[]
  /** Rollouts of scripted play in one job. */
  readonly batch: number
  /** The folder of the runs, where they are collected. */
  readonly out: string
  /** Where finished rollouts are kept, unless they travel through Redis. */
  readonly results?: SharedResults
}

/** What a planned run is, as far as machines could disagree. */
interface PlanFacts {
  readonly cell: string
  readonly env: string
  readonly version: number
  readonly config: string
  /** Of the rules and tools that the evaluated seat is told. */
  readonly prompt: string
  readonly lineup: Readonly<Record<string, string>>
  readonly details: string
  /** Of the examples with their configurations and seeds. */
  readonly examples: string
  readonly repeats: number
}

export interface ManifestOptions {
  readonly experiment: Experiment
  /** Where the experiment's files are looked for. */
  readonly folder: string
  readonly models: ModelsOptions
  /** As the collector itself has planned it. */
  readonly planned: readonly PlannedCell[]
  readonly out: string
  readonly batch: number
  readonly results?: SharedResults
  /** URLs of the modules that were imported. */
  readonly imported: readonly string[]
}

/** The parts of the package that decide how a rollout is played. */
const PLAYING = ['envs', 'bots', 'rollouts', 'evals', 'economies', 'queue']

let ownCode: Code | undefined

/** The code of this process. */
export function codeHere(): Code {
  if (ownCode !== undefined) return ownCode
  const root = join(dirname(fileURLToPath(import.meta.url)), '..')
  const own = import.meta.url.endsWith('.ts') ? /\.(ts|json|md)$/ : /\.(js|json|md)$/
  const hash = createHash('sha256')
  // A bundle has no folders of code: it is alike to the same bundle.
  for (const part of PLAYING.filter(each => existsSync(join(root, each))))
    for (const path of readdirSync(join(root, part), { recursive: true, encoding: 'utf8' }).sort())
      if (own.test(path)) hash.update(`${part}/${path}\0`).update(readFileSync(join(root, part, path)))
  ownCode = { agoragym: packageVersion(), code: hash.digest('hex').slice(0, 16) }
  return ownCode
}

/** The digests of modules by their URLs. */
export function importDigests(urls: readonly string[]): string[] {
  return urls
    .map(url =>
      createHash('sha256')
        .update(readFileSync(fileURLToPath(url)))
        .digest('hex')
        .slice(0, 16),
    )
    .sort()
}

/** Makes the manifest of an experiment. A UserError where something of it cannot be played by others. */
export function manifestOf(options: ManifestOptions): Manifest {
  const { experiment, folder, models, planned, out, batch, results, imported } = options
  for (const { plans } of planned)
    for (const { seat, config } of plans)
      for (const [agent, { kind }] of Object.entries(seat(config).lineup))
        if (kind === 'human') throw new UserError(`A human cannot play through a queue (${agent}); leave out --queue.`)
  if (models.cache !== undefined)
    throw new UserError('--cache and --queue exclude each other: a folder of answers is on one machine.')
  const files: Record<string, string> = {}
  const carried = carriedExperiment(experiment, folder, models.cwd ?? folder, files)
  const shared = Object.fromEntries(MODEL_FIELDS.flatMap(name => (models[name] === undefined ? [] : [[name, models[name]]])))
  return {
    code: codeHere(),
    imports: importDigests(imported),
    experiment: carried,
    models: { ...shared, prices: models.prices?.() ?? {} },
    limited: models.maxCost !== undefined || models.maxTokens !== undefined,
    paced: models.maxRpm !== undefined,
    files,
    plans: plansOf(planned),
    batch,
    out: resolve(out),
    ...(results !== undefined && { results: { ...results, folder: resolve(results.folder) } }),
  }
}

export function limitsOf({ maxCost, maxTokens, maxRpm }: ModelsOptions): Limits {
  return {
    ...(maxCost !== undefined && { maxCost }),
    ...(maxTokens !== undefined && { maxTokens }),
    ...(maxRpm !== undefined && { maxRpm }),
  }
}

/** What a run is called in Redis: the same whenever the same is asked for, so that a collector finds what it left. */
export function runId(manifest: Manifest): string {
  return `r${digest(JSON.parse(JSON.stringify(manifest))).slice(0, 16)}`
}

/** Options of models as a worker has them: what all share, and its own environment. */
export function workerModels({ models, files }: Manifest, folder: string): ModelsOptions {
  writeCarried(files, folder)
  const { prices, ...shared } = models
  return { ...shared, cwd: folder, prices: () => prices }
}

export function packed(manifest: Manifest): Buffer {
  return gzipSync(JSON.stringify(manifest))
}

export function unpacked(data: Buffer): Manifest {
  return JSON.parse(gunzipSync(data).toString('utf8')) as Manifest
}

/** Why this process cannot play the run, in words that say what differs; undefined where nothing does. */
export function codeDiffers({ code, imports }: Manifest, imported: readonly string[]): string | undefined {
  const here = codeHere()
  if (code.agoragym !== here.agoragym) return `it needs agoragym ${code.agoragym}, and this worker runs ${here.agoragym}`
  if (code.code !== here.code)
    return `the files of agoragym ${here.agoragym} differ (${code.code} there, ${here.code} here); install the same build on both`
  const missing = imports.filter(each => !importDigests(imported).includes(each))
  if (missing.length > 0)
    return `it needs ${missing.length === 1 ? 'a module' : `${missing.length} modules`} of its own that this worker has not imported, or another version; start it with the same --import`
  return undefined
}

/** Why what was planned here is not what is meant; undefined where it is. */
export function planDiffers(manifest: Manifest, planned: readonly PlannedCell[]): string | undefined {
  const found = difference(JSON.parse(JSON.stringify(manifest.plans)), JSON.parse(JSON.stringify(plansOf(planned))))
  return found === undefined ? undefined : `what it plays comes out differently here (${found})`
}

/** A run in a few words, for people. */
export function runWords({ experiment, plans }: Manifest): string {
  const envs = [...new Set(plans.map(({ env }) => env))]
  const what = experiment.name === undefined ? envs.join(', ') : `${experiment.name} (${envs.join(', ')})`
  return `${what}, ${plans.length} ${plans.length === 1 ? 'run' : 'runs'}`
}

function plansOf(planned: readonly PlannedCell[]): PlanFacts[] {
  return planned.flatMap(({ cell, plans }) =>
    plans.map(({ env, config, seat, examples, repeats }) => {
      const { lineup, evaluated } = seat(config)
      const tools = Object.entries(env.tools(config)).map(([name, tool]) => toolSchema(name, tool))
      return {
        cell: cell.label,
        env: env.id,
        version: env.version,
        config: configDigest(config),
        prompt: digest([env.rules(config, evaluated[0]!), JSON.parse(JSON.stringify(tools))]),
        lineup: lineupNames(lineup),
        details: digest(JSON.parse(JSON.stringify(Object.entries(lineup).map(([agent, { details }]) => [agent, details])))),
        examples: digest(examples.rows.map(row => [row.index, row.seed, row.scenario ?? null, configDigest(row.config)])),
        repeats,
      }
    }),
  )
}
