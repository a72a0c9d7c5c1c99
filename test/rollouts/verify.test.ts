/** What `replay` finds in the rows of results.jsonl: whatever in them is not what the log says. */
import { appendFileSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { environments } from '../../economies/registry.ts'
import { verifyLogs } from '../../rollouts/verify.ts'
import { playPair, playToy, seller } from '../evals/toy_runs.ts'
import { scratch } from './table.ts'

const verified = (run: string) => verifyLogs([join(run, 'steps.jsonl')], environments)

// biome-ignore lint/suspicious/noExplicitAny: rows are edited as somebody would.
type Row = any

/** Edits the rows of a run's results. */
function edit(run: string, change: (rows: Row[]) => Row[]): void {
  const path = join(run, 'results.jsonl')
  const rows = readFileSync(path, 'utf8')
    .trimEnd()
    .split('\n')
    .map(line => JSON.parse(line))
  writeFileSync(
    path,
    change(rows)
      .map(row => `${JSON.stringify(row)}\n`)
      .join(''),
  )
}

const played = async () => (await playToy([seller], { out: scratch(), seeds: [0, 1, 2] }))[0]!

const second =
  (change: (row: Row) => void) =>
  (rows: Row[]): Row[] => {
    change(rows[1])
    return rows
  }

describe('of a run that nobody edited', () => {
  test('every log and every row is right', async () => {
    expect(verified(await played())).toMatchObject({ episodes: 3, rows: 3, findings: [] })
  })

  test('also where two seats have rows, the rows are in another order, or spaced and ordered otherwise', async () => {
    const run = await playPair([seller, { ...seller, name: 'other' }], scratch(), [0, 1, 2])
    expect(verified(run)).toMatchObject({ episodes: 3, rows: 6, findings: [] })
    edit(run, rows => [...rows.slice(4), ...rows.slice(0, 4)])
    expect(verified(run)).toMatchObject({ rows: 6, findings: [] })
    edit(run, rows => rows.map(row => Object.fromEntries(Object.entries(row).sort(([a], [b]) => (a < b ? -1 : 1)))))
    expect(verified(run)).toMatchObject({ rows: 6, findings: [] })
  })
})

describe('an edited row is named by its line, seed and field:', () => {
  test.each<[string, (rows: Row[]) => Row[], RegExp]>([
    ['the reward', second(row => (row.reward += 0.25)), /^reward: expected \S+, got \S+$/],
    ['a metric', second(row => (row.metrics.earned += 1)), /^metrics\.earned: expected/],
    ['a metric’s twin at the top level', second(row => (row.earned += 1)), /^earned: expected \S+ as among the metrics/],
    ['a metric that there is not', second(row => (row.metrics.luck = 1)), /^metrics\.luck: expected nothing/],
    ['a part of the score', second(row => (row.info.scores.reward = 1)), /^info\.scores\.reward: expected/],
    ['how it ended', second(row => (row.stop_condition = 'won')), /^stop_condition: expected/],
    ['a count of calls', second(row => (row.info.calls.sell = 99)), /^info\.calls\.sell: expected/],
    ['the player', second(row => (row.info.player = 'somebody')), /^info\.player: expected/],
    ['the seat', second(row => (row.info.seat = 'trader_9')), /^no row of trader_0 of|^info\.seat: no trader_9 in the log/],
  ])('%s', async (_what, change, difference) => {
    const run = await played()
    edit(run, change)
    const { findings } = verified(run)
    expect(findings.length).toBeGreaterThan(0)
    expect(
      findings.some(found => difference.test(found.difference)),
      JSON.stringify(findings),
    ).toBe(true)
    for (const { file, step } of findings) expect([file, step]).toEqual([join(run, 'results.jsonl'), null])
  })

  test('a row that is gone, one that stands twice, one without a log', async () => {
    const gone = await played()
    edit(gone, rows => rows.slice(1))
    expect(verified(gone).findings).toMatchObject([{ difference: expect.stringMatching(/^no row of the rollout of .*-s0-/) }])
    const twice = await played()
    edit(twice, rows => [rows[0], rows[0], ...rows.slice(1)])
    expect(verified(twice).findings).toMatchObject([{ line: 2, seed: 0, difference: 'a second row of trader_0' }])
    const forged = await played()
    edit(forged, rows => [...rows, { ...rows[0], key: rows[0].key.replace('-s0-', '-s77-') }])
    expect(verified(forged).findings).toMatchObject([{ line: 4, difference: 'a row of a rollout that is not in steps.jsonl' }])
  })

  test('a line that is no row', async () => {
    const run = await played()
    appendFileSync(join(run, 'results.jsonl'), 'garbage\n')
    expect(verified(run).findings).toMatchObject([
      { line: 4, difference: expect.stringMatching(/^no row of results \(is not JSON/) },
    ])
  })
})
