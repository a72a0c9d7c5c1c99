/** `compare`: the runs of any number of players side by side. */
import { existsSync } from 'node:fs'
import { resolve } from 'node:path'
import { economies, environments } from '../economies/registry.ts'
import { nearest, UserError } from '../envs/core/errors.ts'
import { type CompareOptions, type Comparison, compare as compareRuns, runsIn } from '../evals/compare.ts'
import { CORRECTIONS, type Correction, csv } from '../evals/figures.ts'
import { type Publication, parsePublication } from '../evals/published.ts'
import { readText } from '../rollouts/text_file.ts'
import type { Args, Command, OptionSpecs } from './command.ts'
import type { ExitCode, Io } from './io.ts'
import { readLabel } from './setup.ts'

/** What a comparison takes, in the terminal and as a report. */
export const COMPARE_OPTIONS: OptionSpecs = {
  baseline: { type: 'string', describe: "player that the others are compared with (the runs' own, or the first of a setting)" },
  label: { type: 'list', describe: 'player=name: what the tables call a player (its short name); may be given several times' },
  threshold: { type: 'string', describe: "reward that counts as a pass (the preset's own, or 0.5)" },
  published: {
    type: 'string',
    describe: 'published runs to stand beside: those of a study that has some, or of a JSON file',
  },
  'bootstrap-seed': { type: 'string', describe: 'seed of the bootstrap intervals (0)' },
}

const FORMATS = ['text', 'markdown', 'csv', 'json'] as const

export const compare: Command = {
  options: {
    ...COMPARE_OPTIONS,
    'no-logs': { type: 'boolean', describe: 'leave out what the logs say: no sequences, first use, dealings and texts' },
    all: { type: 'boolean', describe: 'every table, not the first one alone (text and markdown; the others hold all)' },
    correction: {
      type: 'string',
      describe: 'of p-values: holm, over the players of a row; bh (Benjamini–Hochberg), over the whole table (holm)',
    },
    format: { type: 'string', describe: `${FORMATS.join(', ')} (text)` },
  },
  examples: [
    ['agoragym compare', 'everything in ./runs: who earned what, and what differs'],
    ['agoragym compare --all', 'every table: parts of the score, passing, wins, calls, dealings, metrics'],
    ['agoragym compare runs/a runs/b --baseline bot:worker --format markdown', 'two runs against a named player'],
  ],
  async run(args, io): Promise<ExitCode> {
    const format = args.flag('json') ? 'json' : (args.choice('format', FORMATS) ?? 'text')
    const correction = args.choice('correction', Object.keys(CORRECTIONS) as Correction[]) ?? 'holm'
    const comparison = compareRuns(runFolders(args, io), { ...(await readCompare(args, io)), logs: !args.flag('no-logs') })
    const shown = { all: args.flag('all'), correction, width: io.columns() }
    io.out(await FORMATTED[format](comparison, shown))
    return 0
  },
}

/** The words in the place RUN…; ./runs where there are none. */
export function namedRuns(args: Args): readonly string[] {
  const named = args.list('RUN')
  return named.length > 0 ? named : ['runs']
}

/** The run folders that were named, in that order, or those in ./runs; those in a folder of runs as they were asked for. */
export function runFolders(args: Args, { cwd }: Io): string[] {
  const folders = namedRuns(args).flatMap(name => {
    const folder = resolve(cwd, name)
    const found = existsSync(folder) ? runsIn(folder) : []
    if (found.length === 0)
      throw new UserError(`No run in ${name}. A run is a folder that \`agoragym eval\` made; \`agoragym runs DIR\` lists them.`)
    return found
  })
  return [...new Set(folders)]
}

export async function readCompare(args: Args, { cwd }: Io): Promise<CompareOptions> {
  const baseline = args.text('baseline')
  const threshold = args.number('threshold')
  const study = args.text('published')
  return {
    environments,
    seed: args.integer('bootstrap-seed', 0, 0),
    ...(baseline !== undefined && { baseline }),
    labels: Object.fromEntries(args.list('label').map(readLabel)),
    ...(threshold !== undefined && { threshold }),
    ...(study !== undefined && { published: await readPublished(study, cwd) }),
  }
}

/** The studies with published runs. */
async function publishing(): Promise<string[]> {
  const studies = await Promise.all(economies.studies().map(id => economies.study(id)))
  return studies.filter(({ published }) => published !== undefined).map(({ id }) => id)
}

/** Of a study, or of a file. */
async function readPublished(named: string, cwd: string): Promise<Publication> {
  const study = economies.studies().includes(named) ? await economies.study(named) : undefined
  if (study?.published !== undefined) return { source: study.source, runs: [...study.published] }
  const path = resolve(cwd, named)
  if (existsSync(path))
    return parsePublication(
      readText(path, why => `--published: cannot read ${named}: ${why}.`),
      named,
    )
  const known = await publishing()
  throw new UserError(
    `--published: expected a file or a study with published runs (${known.join(', ') || 'none'}), got '${named.slice(0, 64)}'.${nearest(named, known)}`,
  )
}

interface Shown {
  readonly all: boolean
  readonly correction: Correction
  readonly width: number
}

const FORMATTED: Readonly<Record<(typeof FORMATS)[number], (comparison: Comparison, shown: Shown) => string | Promise<string>>> =
  {
    text: async (comparison, { all, correction, width }) => {
      const { comparisonText, overviewText } = await import('../evals/comparison_text.ts')
      return [
        overviewText(comparison, width, correction, all ? Number.POSITIVE_INFINITY : undefined),
        ...(all ? [comparisonText({ ...comparison, notes: [] }, width, undefined, correction)] : []),
      ].join('\n')
    },
    markdown: async (comparison, { all, correction }) => {
      const { comparisonMarkdown, overviewMarkdown } = await import('../evals/comparison_text.ts')
      return [
        overviewMarkdown(comparison, correction),
        ...(all ? [comparisonMarkdown({ ...comparison, notes: [] }, correction)] : []),
      ].join('\n')
    },
    csv: ({ figures }) => csv(figures).trimStart(),
    json: comparison => `${JSON.stringify(comparison, null, 2)}\n`,
  }
