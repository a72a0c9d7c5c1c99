/**
 * Which episodes are played: seeds, an economy's scenarios, or the rows of a file. Knows how each is asked for; knows no player.
 */
import { readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { parseConfig, resolveConfig } from '../envs/core/config.ts'
import type { AnyEnvironment } from '../envs/core/environment.ts'
import { UserError } from '../envs/core/errors.ts'
import type { Example, ExampleSet } from '../rollouts/run.ts'
import type { ExamplesSpec } from './experiment.ts'

/** A configuration of an economy, and how it came about. */
export interface Configured {
  readonly env: AnyEnvironment
  readonly preset: string
  readonly set: Readonly<Record<string, unknown>>
  readonly config: object
}

/** Rollouts of one run at most: more is a slip of the keyboard. */
const MOST = 10_000_000

/** Examples where nobody says how many. */
const USUAL = 20

/**
 * The episodes that are asked for; without a word, twenty of the economy's scenarios, or seeds where it has none. A file is looked
 * for in `folder`. A UserError names what is wrong.
 */
export function examplesOf({ seeds, scenarios, scenario_file }: ExamplesSpec, setting: Configured, folder: string): ExampleSet {
  if (scenario_file !== undefined) return fileExamples(setting, resolve(folder, scenario_file), scenario_file)
  if (seeds !== undefined) return seedExamples(setting, ...seedRange(seeds))
  if (scenarios !== undefined || setting.env.scenarios !== undefined) return scenarioExamples(setting, scenarios ?? USUAL)
  return seedExamples(setting, 0, USUAL)
}

function seedRange(text: string): [from: number, to: number] {
  const [, first, last] = /^(\d+)(?::(\d+))?$/.exec(text) ?? []
  const from = last === undefined ? 0 : Number(first)
  const to = Number(last ?? first)
  if (!(Number.isSafeInteger(to) && from < to))
    throw new UserError(`--seeds: expected N for 0…N-1 or A:B with A < B, got '${text.slice(0, 64)}'.`)
  if (to - from > MOST) throw new UserError(`--seeds: expected at most ${MOST} seeds, got ${to - from}.`)
  return [from, to]
}

function seedExamples({ config }: Configured, from: number, to: number): ExampleSet {
  return {
    name: `seeds ${from}:${to}`,
    rows: Array.from({ length: to - from }, (_, i): Example => ({ index: from + i, config, seed: from + i })),
  }
}

function scenarioExamples({ env, config }: Configured, count: number): ExampleSet {
  if (env.scenarios === undefined) throw new UserError(`${env.id} has no scenarios; give --seeds N.`)
  const rows = env.scenarios(config, count)
  return {
    name: `scenarios ${rows.length}`,
    rows: rows.map(({ id, seed, config: row }, index) => ({ index, config: parseConfig(env, row), seed, scenario: id })),
  }
}

/** Rows from a file: each a seed, and fields set beside the command line's. */
function fileExamples({ env, preset, set }: Configured, path: string, shown: string): ExampleSet {
  let text: string
  try {
    text = readFileSync(path, 'utf8')
  } catch (error) {
    throw new UserError(
      `--scenario-file: cannot read ${shown}: ${(error as NodeJS.ErrnoException).code ?? (error as Error).message}.`,
    )
  }
  const rows = parseRows(text, shown).map((row, index): Example => {
    const { config = {}, seed = index, id } = (row ?? {}) as { config?: object; seed?: unknown; id?: unknown }
    if (typeof config !== 'object' || config === null || !Number.isSafeInteger(seed) || (seed as number) < 0)
      throw new UserError(`--scenario-file: ${shown}, row ${index}: expected {"config": {…}, "seed": integer from 0}.`)
    return {
      index,
      config: resolveConfig(env, preset, { ...set, ...config }),
      seed: seed as number,
      scenario: id === undefined ? String(index) : String(id),
    }
  })
  if (rows.length === 0) throw new UserError(`--scenario-file: ${shown} holds no row.`)
  return { name: `scenario-file ${shown}`, rows }
}

function parseRows(text: string, shown: string): unknown[] {
  try {
    if (text.trimStart().startsWith('[')) return JSON.parse(text) as unknown[]
    return text.split('\n').flatMap(line => (line.trim() === '' ? [] : [JSON.parse(line)]))
  } catch (error) {
    throw new UserError(`--scenario-file: ${shown} is neither a JSON list nor JSON Lines: ${(error as Error).message}.`)
  }
}
