/**
 * Which episodes are played: seeds, an economy's scenarios, or the rows of a file. Knows how each is asked for; knows no player.
 */
import { resolve } from 'node:path'
import { z } from 'zod'
import { parseConfig, resolveConfig } from '../envs/core/config.ts'
import type { AnyEnvironment } from '../envs/core/environment.ts'
import { UserError } from '../envs/core/errors.ts'
import { canonical } from '../envs/core/plain.ts'
import { shorten } from '../envs/core/text.ts'
import { explain } from '../envs/core/tool.ts'
import type { Example, ExampleSet } from '../rollouts/run.ts'
import { parseJson, readText } from '../rollouts/text_file.ts'

/** Which episodes a cell plays; at most one of them is given, and none stands for twenty of what the economy has. */
export interface ExamplesSpec {
  readonly seeds?: string
  readonly scenarios?: number
  readonly scenario_file?: string
}

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
    name: `${SEEDS} ${from}:${to}`,
    rows: Array.from({ length: to - from }, (_, i): Example => ({ index: from + i, config, seed: from + i })),
    nameOf: seedsName,
    kind: SEEDS,
  }
}

/** What a set of seeds is called, given in order: `seeds 0:5, 20:40`. */
export function seedsName(sorted: readonly number[]): string {
  return `${SEEDS} ${rangesOf(sorted)}`
}

/** Sorted integers as ranges with their ends left out: `0:5, 20:40`. */
function rangesOf(sorted: readonly number[]): string {
  const ranges: [from: number, to: number][] = []
  for (const n of sorted) {
    const last = ranges.at(-1)
    if (last?.[1] === n) last[1]++
    else ranges.push([n, n + 1])
  }
  return ranges.map(range => range.join(':')).join(', ')
}

function scenarioExamples({ env, config }: Configured, count: number): ExampleSet {
  if (env.scenarios === undefined) throw new UserError(`${env.id} has no scenarios; give --seeds N.`)
  const rows = env.scenarios(config, count)
  return {
    name: `${SCENARIOS} ${rows.length}`,
    nameOf: indices => `${SCENARIOS} ${indices.length}`,
    kind: SCENARIOS,
    rows: rows.map(({ id, seed, config: row }, index) => ({ index, config: parseConfig(env, row), seed, scenario: id })),
  }
}

/** Bytes of a file of scenarios at most: a data set with its first messages is large. */
const MOST_BYTES = 256 << 20

const ROW = '{"config": {…}, "seed": integer from 0, "id": text}'

/** A row of such a file; the messages that `agoragym scenarios` writes beside it are for other programs. */
const rowSchema = z.strictObject({
  config: z.record(z.string(), z.unknown()).default({}),
  seed: z.int().min(0).optional(),
  id: z.union([z.string(), z.number()]).optional(),
  prompt: z.array(z.unknown()).optional(),
})

/** What the names of examples begin with, by where they are from. */
const SEEDS = 'seeds'
const SCENARIOS = 'scenarios'
const FILE = 'scenario-file'

/**
 * Whether a run's examples, by their name, are seeds or the economy's own scenarios: rows of a file may set any field of the
 * configuration.
 */
export function areOfConfiguration(examples: string): boolean {
  return new RegExp(`^(\\d+ of )?(${SEEDS}|${SCENARIOS}) `).test(examples)
}

/** Rows from a file: each a seed (its place where it names none), and fields set beside the command line's. */
function fileExamples({ env, preset, set }: Configured, path: string, shown: string): ExampleSet {
  const text = readText(path, why => `--scenario-file: cannot read ${shown}: ${why}.`, MOST_BYTES)
  const places = new Map<string, string>()
  const rows = parseRows(text, shown).map(({ value, at }, index): Example => {
    const parsed = rowSchema.safeParse(value)
    if (!parsed.success) throw new UserError(`--scenario-file: ${shown}, ${at}: expected ${ROW}, got ${explain(parsed.error)}.`)
    const { config: fields, seed = index, id = index } = parsed.data
    const config = resolveConfig(env, preset, { ...set, ...fields })
    const scenario = canonical([seed, config])
    const before = places.get(scenario)
    if (before !== undefined)
      throw new UserError(
        `--scenario-file: ${shown}, ${at}: the scenario of ${before} once more (seed ${seed}, the same configuration); play it again with --repeats.`,
      )
    places.set(scenario, at)
    return { index, config, seed, scenario: String(id) }
  })
  if (rows.length === 0) throw new UserError(`--scenario-file: ${shown} holds no row.`)
  return {
    name: `${FILE} ${shown}`,
    rows,
    nameOf: indices => `${FILE} ${shown} and others, ${indices.length} scenarios`,
    kind: `${FILE} ${shown}`,
  }
}

interface Row {
  readonly value: unknown
  /** Which it is, such as `row 0`. */
  readonly at: string
}

/** The rows of a JSON list, or of JSON Lines. */
function parseRows(text: string, shown: string): Row[] {
  const wrong = (why: string): string => `--scenario-file: ${shown} is neither a JSON list nor JSON Lines: ${why}.`
  const listed = (value: unknown): Row[] | undefined =>
    Array.isArray(value) ? value.map((row, i) => ({ value: row, at: `row ${i}` })) : undefined
  if (text.trimStart().startsWith('[')) return listed(parseJson(text, wrong))!
  const lines = text.split('\n').filter(line => line.trim() !== '')
  const rows = lines.map((line, i): Row => ({ value: parseJson(line, why => wrong(`row ${i}: ${why}`)), at: `row ${i}` }))
  const [only] = rows
  if (rows.length === 1 && isObject(only!.value)) {
    const list = Object.entries(only!.value).find(([name, value]) => !(name in rowSchema.shape) && Array.isArray(value))
    if (list !== undefined)
      throw new UserError(wrong(`it holds an object; the list in its field '${shorten(list[0], 40)}' is to be the file itself`))
  }
  return rows
}

const isObject = (value: unknown): value is object => typeof value === 'object' && value !== null
