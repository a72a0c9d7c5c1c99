/** What `replay` finds beside the logs: whatever in a run's rows and figures is not what the log says. */
import { appendFileSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { environments } from '../../economies/registry.ts'
import { extentOf } from '../../rollouts/store.ts'
import { logFiles, verifyLogs } from '../../rollouts/verify.ts'
import { playPair, playToy, seller } from '../evals/toy_runs.ts'
import { asOlder } from './older.ts'
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

const played = async () => asOlder((await playToy([seller], { out: scratch(), seeds: [0, 1, 2] }))[0]!)

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
    const run = asOlder(await playPair([seller, { ...seller, name: 'other' }], scratch(), [0, 1, 2]))
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

describe('in the files of now', () => {
  const run = async () => (await playToy([seller], { out: scratch(), seeds: [0, 1, 2] }))[0]!
  const found = (folder: string) => verifyLogs(logFiles(folder), environments).findings
  /** Edits the second rollout of a file of lines as somebody would who writes it out. */
  const replaced = (folder: string, file: string, from: RegExp, to: string): void => {
    const lines = readFileSync(join(folder, file), 'utf8').split('\n')
    expect(lines[1]).toMatch(from)
    lines[1] = lines[1]!.replace(from, to)
    writeFileSync(join(folder, file), lines.join('\n'))
  }

  test('nothing, where nobody edited them', async () => {
    const folder = await run()
    expect(verifyLogs(logFiles(folder), environments)).toMatchObject({ episodes: 3, rows: 3, findings: [], torn: [] })
  })

  test('a row that is not what the log says, named by its line and field', async () => {
    const folder = await run()
    replaced(folder, 'rollouts.jsonl', /"silent":0/, '"silent":7')
    expect(found(folder)).toContainEqual(
      expect.objectContaining({
        line: 2,
        seed: 1,
        file: join(folder, 'rollouts.jsonl'),
        difference: expect.stringMatching(/^row of trader_0: info\.silent: expected 0, got 7/),
      }),
    )
  })

  test('figures that are not the rollout’s', async () => {
    const folder = await run()
    replaced(folder, 'figures.jsonl', /"silent":0/, '"silent":7')
    writeFileSync(
      join(folder, 'checkpoint.json'),
      JSON.stringify({
        ...JSON.parse(readFileSync(join(folder, 'checkpoint.json'), 'utf8')),
        figures: extentOf(join(folder, 'figures.jsonl')),
      }),
    )
    expect(found(folder)).toEqual([
      expect.objectContaining({ line: 2, difference: expect.stringMatching(/^figures of the rollout: rows\.0\.info\.silent/) }),
    ])
  })
})
