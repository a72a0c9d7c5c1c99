/** `replicate`: published figures beside ours. */
import { resolve } from 'node:path'
import { economies } from '../economies/registry.ts'
import type { FigureKind, Study, StudyOption, StudyResult, StudyRow } from '../evals/study.ts'
import type { Progress } from '../rollouts/progress.ts'
import type { Args, Command, OptionSpecs } from './command.ts'
import { progressOf } from './telling.ts'
import { block, columns } from './text.ts'

const COMMON_OPTIONS: OptionSpecs = {
  out: { type: 'string', describe: 'folder for the files that the study writes, if it writes any' },
}

export const replicate: Command = {
  get positionals() {
    return { STUDY: `one of: ${economies.studies().join(', ') || 'none yet'}` }
  },
  options: async words => ({ ...COMMON_OPTIONS, ...(await studyOptions(words)) }),
  get examples() {
    return [
      [`agoragym replicate ${economies.studies()[0] ?? 'STUDY'} --out study`, 'a study, with its files in ./study'],
    ] as const
  },
  async run(args, io) {
    const study = await economies.study(args.text('STUDY')!)
    const out = args.text('out')
    let progress: Progress | undefined
    const result = await study
      .run({
        options: Object.fromEntries(
          Object.entries(study.options).map(([name, option]) => [name, optionValue(args, name, option)]),
        ),
        ...(out !== undefined && { out: resolve(io.cwd, out) }),
        env: io.env,
        signal: io.signal,
        progress(done, total) {
          progress ??= progressOf(io, { total, unit: 'runs' })
          progress.set(done)
        },
      })
      .finally(() => progress?.end())
    const failed = result.rows.filter(({ ok }) => ok === false)
    const ok = result.ok && failed.length === 0
    if (args.flag('json')) {
      const { id, title, source } = study
      io.out(`${JSON.stringify({ id, title, source, ...result, ok }, null, 2)}\n`)
    } else io.out(studyText(study, result, io.columns()))
    for (const line of failed)
      io.err(`outside its tolerance: ${line.group}, ${line.figure}: ${line.ours} instead of ${wanted(line)}\n`)
    if (!result.ok && failed.length === 0) io.err(`the study failed; the notes say why\n`)
    return ok ? 0 : 1
  },
}

/** The options of the study that is named among the words. */
async function studyOptions(words: readonly string[]): Promise<OptionSpecs> {
  const named = economies.studies().find(id => words.includes(id))
  const study = named === undefined ? undefined : await economies.study(named)
  return Object.fromEntries(
    Object.entries(study?.options ?? {}).map(([name, { type, description, default: fallback }]) => [
      name,
      {
        type: type === 'boolean' ? 'boolean' : 'string',
        describe: fallback === undefined || fallback === false ? description : `${description} (${fallback})`,
      },
    ]),
  )
}

function optionValue(args: Args, name: string, { type, default: fallback }: StudyOption): string | number | boolean | undefined {
  if (type === 'boolean') return args.flag(name) || fallback
  return (type === 'string' ? args.text(name) : args.number(name)) ?? fallback
}

function studyText({ title, source }: Study, { rows, tables: further = [], notes }: StudyResult, width: number): string {
  const groups = [...new Set(rows.map(({ group }) => group))]
  const tables = groups.map(
    group =>
      `${block(group, width)}\n${groupTable(
        rows.filter(row => row.group === group),
        width,
      )}`,
  )
  const others = further.map(({ title, head, rows }) => `${block(title, width)}\n${columns([head, ...rows], width)}`)
  return `${[block(`${title}\n${source}`, width), ...tables, ...others, ...notes.map(note => block(note, width))].join('\n\n')}\n`
}

/** The rows of a group. What is the same in every row stands in the head, and a column that says nothing is left out. */
function groupTable(rows: readonly StudyRow[], width: number): string {
  const published = common(rows.filter(row => row.published !== null).map(row => row.publishedN))
  const ours = common(rows.map(row => row.n))
  const kind = rows.every(row => row.kind === 'prototype') ? 'prototype' : 'published'
  const head = ['figure', `${kind}${size(published)}`, `ours${size(ours)}`, 'allowed', '']
  const cells = rows.map(row => [
    row.figure,
    theirs(row, kind, published === undefined ? row.publishedN : undefined),
    figure(row.ours, row, row.oursSd, ours === undefined ? row.n : undefined),
    allowed(row),
    MARKS[String(row.ok)]!,
  ])
  const told = head.map((_, column) => column < 3 || cells.some(row => row[column] !== ''))
  return columns(
    [head, ...cells].map(row => row.filter((_, column) => told[column])),
    width,
  )
}

/** What all values are; undefined where they differ. */
function common(values: readonly (number | undefined)[]): number | undefined {
  return new Set(values).size === 1 ? values[0] : undefined
}

function size(n: number | undefined): string {
  return n === undefined ? '' : ` (n ${n})`
}

/** Inside its tolerance, outside, printed for information. */
const MARKS: Readonly<Record<string, string>> = { true: 'ok', false: 'FAILED', null: '' }

/** The figure to compare with, marked where it is of another kind than the column says. */
function theirs(row: StudyRow, kind: FigureKind, n: number | undefined): string {
  if (row.published === null) return '–'
  return `${figure(row.published, row, row.publishedSd, n)}${row.kind === kind ? '' : ` (${row.kind})`}`
}

function figure(value: number, { digits = 3 }: StudyRow, sd: number | undefined, n: number | undefined): string {
  return `${value.toFixed(digits)}${sd === undefined ? '' : ` ± ${sd.toFixed(digits)}`}${size(n)}`
}

function allowed({ tolerance, published, least, most, digits = 3 }: StudyRow): string {
  return [
    ...(tolerance === undefined || published === null ? [] : [`± ${tolerance.toFixed(digits)}`]),
    ...(least === undefined ? [] : [`at least ${least.toFixed(digits)}`]),
    ...(most === undefined ? [] : [`at most ${most.toFixed(digits)}`]),
  ].join(', ')
}

/** What a row that failed should have been. */
function wanted(line: StudyRow): string {
  const { published, tolerance } = line
  return tolerance === undefined || published === null ? allowed(line) : `${published} ${allowed(line)}`
}
