/** The published study comes out: its golden runs, how many runs are equal, and the files it leaves. */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { simEconomyPaper } from '../../../economies/sim_economy/paper.ts'
import { claimed, publishedRows } from '../../../economies/sim_economy/paper_claims.ts'
import { aggregate, COLUMNS, playRun, readPublished, runRow } from '../../../economies/sim_economy/paper_runs.ts'
import type { EpisodeLog } from '../../../envs/core/log.ts'
import { verify } from '../../../envs/core/replay.ts'
import { simEconomy } from '../../../envs/sim_economy/index.ts'
import { row, type StudyResult } from '../../../evals/study.ts'

const folder = mkdtempSync(join(tmpdir(), 'sim-economy-paper-'))
afterAll(() => rmSync(folder, { recursive: true }))

const study = (runs: string, out: string, signal = new AbortController().signal): Promise<StudyResult> =>
  simEconomyPaper.run({ options: { runs }, out: join(folder, out), signal, progress: () => {} })

const text = (...path: string[]): string => readFileSync(join(folder, ...path), 'utf8')

let whole: StudyResult
beforeAll(async () => {
  whole = await study('1:25', 'whole')
}, 60_000)

/** Worked out apart from this package, from the documented and reconstructed rules. */
test.each([
  [1, { fees_total: 24753, block_count_db: 55, actions_stake: 9, actions_burn: 1, actions_study: 2, actions_unstake: 11 }],
  [6, { fees_total: 25615, block_count_db: 56, actions_mine: 278, actions_job: 174 }],
  [22, { fees_total: 23124, block_count_db: 56, actions_mine: 269, actions_job: 174 }],
])('run %d', (id, figures) => {
  expect(runRow(id, playRun(id))).toMatchObject(figures)
})

test('as many runs as required equal the published ones, and the study passes', () => {
  const equal = whole.rows.filter(({ group }) => group === 'Runs equal to the published ones')
  expect(Object.fromEntries(equal.map(({ figure, ours }) => [figure, ours]))).toEqual({
    fees_total: 17,
    block_count_db: 21,
    actions_stake: 24,
    actions_burn: 24,
    actions_study: 24,
    actions_mine: 15,
    actions_job: 15,
    actions_unstake: 18,
    min_balance_final: 10,
    max_balance_final: 12,
  })
  expect(whole.ok && whole.rows.every(({ ok }) => ok !== false)).toBe(true)
})

test('every metric stands beside the published one, with spread and n', () => {
  const means = whole.rows.filter(({ group }) => group.startsWith('Mean over the runs'))
  expect(means.map(({ figure }) => figure)).toEqual(COLUMNS.slice(2))
  const of = (name: string) => means.find(({ figure }) => figure === name)!
  expect([of('fees_total').ours.toFixed(1), of('fees_total').published!.toFixed(1)]).toEqual(['24319.7', '24314.0'])
  expect([of('actions_job').ours.toFixed(2), of('actions_job').published!.toFixed(2)]).toEqual(['187.71', '187.83'])
  expect(of('token_supply_final').ours).toBe(-890.5)
  expect(of('fees_total').publishedSd).toBeCloseTo(693.735, 3)
})

test('runs that the drift moves are counted within it, and a count below what is required fails the study', () => {
  const near = whole.rows.filter(({ group }) => group.startsWith('Runs nearly equal'))
  expect(near.map(({ figure, ours, least }) => [figure, ours, least])).toEqual([
    ['fees_total, ± 3', 19, 19],
    ['min_balance_final, ± 3', 22, 22],
    ['max_balance_final, ± 3', 23, 23],
    ['token_supply_final, ± 24', 21, 21],
    ['gini_wealth_shifted, ± 0.02', 22, 22],
    ['top1_wealth_shifted_share_final, ± 0.02', 21, 21],
  ])
  const { ok: _ok, ...fields } = near[0]!
  expect([row({ ...fields, ours: 19 }).ok, row({ ...fields, ours: 18 }).ok]).toEqual([true, false])
})

test('the claims of the text follow from the published rows to the last printed digit', () => {
  const published = readPublished()
  for (const { claim, value, digits } of published.claims)
    expect([claim, Math.abs(claimed(claim, publishedRows(published), published) - value)]).toEqual([
      claim,
      expect.toSatisfy((off: number) => off <= 0.51 * 10 ** -digits),
    ])
  expect(published.claims).toHaveLength(11)
})

test('of the five interventions all but the debt rail change the runs of the paper with its numbers', async () => {
  const { tables, notes } = await simEconomyPaper.run({
    options: { runs: '1:4', interventions: true },
    signal: new AbortController().signal,
    progress: () => {},
  })
  const changed = Object.fromEntries(tables![0]!.rows.map(([name, acts, runs]) => [name, Number(acts) > 0 && Number(runs) > 0]))
  expect(changed).toEqual({
    none: false,
    fee_cap: true,
    'fee_cap, block pays 100': true,
    'fee_cap, wages count too': false,
    reinvestment_rebate: true,
    debt_rail: false,
    'debt_rail, cap 200': true,
    contract_scaffold: true,
    concentration_monitor: true,
  })
  // What does nothing says why, with the figure.
  const lowest = Math.min(
    ...[1, 2, 3].flatMap(id =>
      playRun(id).log.steps.flatMap(({ events }) => (events.at(-1) as unknown as { balance: number[] }).balance),
    ),
  )
  expect(notes.filter(note => note.includes('does nothing'))).toEqual([
    expect.stringMatching(/^fee_cap, wages count too does nothing in these runs: /),
    `debt_rail does nothing in these runs: it freezes debt above 500 tokens, and the largest of any turn is ${-lowest}.`,
  ])
})

test('our aggregate of the published rows is the published aggregate', () => {
  const { columns, runs, aggregate: published } = readPublished()
  const ours = aggregate(runs.map(values => Object.fromEntries(columns.map((column, i) => [column, values[i]!]))))
  expect(Object.keys(ours)).toEqual(Object.keys(published))
  for (const [column, figures] of Object.entries(published))
    for (const part of ['mean', 'std', 'ci95', 'min', 'max'] as const) expect(ours[column]![part]).toBeCloseTo(figures[part], 9)
})

test('the files have the published header, order and shape', () => {
  const { columns, world_config, aggregate: published } = readPublished()
  const [header, ...lines] = text('whole', 'run_metrics.csv').trimEnd().split('\n')
  expect(header).toBe(columns.join(','))
  expect(lines.map(line => Number(line.split(',')[0]))).toEqual(Array.from({ length: 24 }, (_, i) => i + 1))
  expect(lines.every(line => line.split(',').every(cell => Number.isFinite(Number(cell))))).toBe(true)
  const summary = JSON.parse(text('whole', 'summary.json'))
  expect(Object.keys(summary)).toEqual(['runs', 'turns', 'world_config', 'aggregate'])
  expect([summary.runs, summary.turns]).toEqual([24, 60])
  expect(summary.world_config).toEqual(world_config)
  expect(Object.keys(summary.aggregate)).toEqual(Object.keys(published))
  expect(Object.keys(summary.aggregate.fees_total)).toEqual(['mean', 'std', 'ci95', 'min', 'max'])
})

test('steps.jsonl holds one episode a line, which replays', () => {
  const lines = text('whole', 'steps.jsonl').trimEnd().split('\n')
  expect(lines).toHaveLength(24)
  const { key, ...log } = JSON.parse(lines[5]!) as EpisodeLog<never> & { key: string }
  expect(key).toContain('sim_economy')
  expect([log.header.seed, log.steps.length, log.stop]).toEqual([1006, 60, 'horizon'])
  expect(new Set(Object.values(log.header.seats))).toEqual(new Set(['bot:paper_harness']))
  expect(verify(simEconomy as never, log)).toBeUndefined()
})

test('run ids that were never published are played and not judged; the same ids give the same bytes', async () => {
  const { rows, ok } = await study('101:104', 'new')
  expect(rows.map(({ published, ok }) => [published, ok])).toEqual(rows.map(() => [null, null]))
  expect([rows.length, rows[0]!.n, ok]).toEqual([COLUMNS.length - 2, 3, true])
  await study('101:104', 'again')
  for (const file of ['run_metrics.csv', 'summary.json', 'steps.jsonl']) expect(text('again', file)).toBe(text('new', file))
})

test('a part of the published runs is compared with the same runs, and its counts are not judged', async () => {
  const { rows } = await study('6:8', 'part')
  const fees = rows.find(({ figure }) => figure === 'fees_total')!
  expect([fees.published, fees.publishedN]).toEqual([(25615 + Number(readPublished().runs[6]![3])) / 2, 2])
  expect(rows.every(({ ok }) => ok === null)).toBe(true)
})

test.each(['5', '5:5', '9:3', 'a:b', '1:999999999', ''])(
  '--runs %j is refused in one line that says how it is written',
  async runs => {
    await expect(study(runs, 'none')).rejects.toThrow(/^--runs: expected/)
  },
)

test('an interrupted study fails and says so', async () => {
  const interrupt = new AbortController()
  interrupt.abort()
  const { ok, notes } = await study('1:4', 'interrupted', interrupt.signal)
  expect(ok).toBe(false)
  expect(notes.join()).toContain('Interrupted after 1 of 3 runs')
})
