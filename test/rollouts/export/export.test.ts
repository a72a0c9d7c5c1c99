/** The folder of an export: what is filtered, split, counted and kept safe. */
import { createHash } from 'node:crypto'
import { appendFileSync, existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { UserError } from '../../../envs/core/errors.ts'
import { estimatorNamed } from '../../../rollouts/export/advantage.ts'
import { type GroupRow, writeGroups } from '../../../rollouts/export/groups.ts'
import { parseSplits, splitOf } from '../../../rollouts/export/split.ts'
import { findRuns, readFigures } from '../../../rollouts/store.ts'
import { asOlder } from '../older.ts'
import { scratch } from '../table.ts'
import { play, playModel, rowsOf, toExport } from './toy_runs.ts'

const seeds = (rows: ReturnType<typeof rowsOf>): number[] => rows.map(({ info }) => info.seed)

describe('truncated and failed rollouts', () => {
  test('a rollout that reached its horizon is an end like any other', async () => {
    const out = scratch()
    const run = await play(join(out, 'runs'), { seeds: [6], repeats: 2 })
    const rows = [...readFigures(run)]
    expect(rows.map(row => [row.stop_condition, row.is_truncated])).toEqual(Array(2).fill(['horizon', false]))
    const card = await toExport([run], 'sft-trl', join(out, 'sft'))
    expect(card).toMatchObject({ counts: { rollouts: 2, truncated: 0, rows: 2 }, left_out: {} })
    // A learner still bootstraps from where it ended.
    await toExport([run], 'steps', join(out, 'steps'))
    expect(
      rowsOf(out, 'steps', 'steps.jsonl')
        .map(row => [row.terminated, row.truncated])
        .at(-1),
    ).toEqual([false, true])
  })

  test('truncated ones are left out and counted, or exported with a flag where they are asked for', async () => {
    const out = scratch()
    const run = await play(join(out, 'runs'), { seeds: [4, 5], repeats: 2 })
    const without = await toExport([run], 'sft-trl', join(out, 'without'))
    expect(seeds(rowsOf(out, 'without', 'sft.trl.jsonl'))).toEqual([4, 4])
    expect(without.left_out.truncated?.count).toBe(2)
    expect(without.counts).toMatchObject({ rollouts: 4, truncated: 2, rows: 2 })

    const all = await toExport([run], 'sft-trl', join(out, 'with'), { includeTruncated: true })
    const rows = rowsOf(out, 'with', 'sft.trl.jsonl')
    expect(rows.map(({ info }) => [info.seed, info.is_truncated])).toEqual([
      [4, false],
      [4, false],
      [5, true],
      [5, true],
    ])
    expect(all.left_out).toEqual({})
    expect(all.filters.include_truncated).toBe(true)
  })

  test('an export of nothing but truncated rollouts is an empty file and the reason', async () => {
    const out = scratch()
    const run = await play(join(out, 'runs'), { seeds: [5] })
    const card = await toExport([run], 'kto', join(out, 'kto'))
    expect(readFileSync(join(out, 'kto', 'kto.jsonl'), 'utf8')).toBe('')
    expect(card.files[0]?.empty).toMatch(/^4 truncated: cut short .* \(--include-truncated/)
  })

  test('the advantage counts all rollouts of the group, also where some are not exported', async () => {
    const out = scratch()
    const run = asOlder(await play(join(out, 'runs'), { seeds: [0] }))
    // Repeat 3 ends by a limit: its row is altered as a longer horizon would have.
    const results = join(run, 'results.jsonl')
    const lines = readFileSync(results, 'utf8').trimEnd().split('\n')
    writeFileSync(
      results,
      lines
        .map(line => `${line.includes('-r3"') ? line.replace('"is_truncated":false', '"is_truncated":true') : line}\n`)
        .join(''),
    )
    await toExport([run], 'sft-trl', join(out, 'sft'), { estimator: estimatorNamed('dr-grpo') })
    const infos = rowsOf(out, 'sft', 'sft.trl.jsonl').map(({ info }) => info)
    expect(infos.map(({ advantage }) => Number(advantage.toFixed(12)))).toEqual([-0.15, -0.05, 0.05])
    expect(infos.map(({ group_size }) => group_size)).toEqual([4, 4, 4])
  })

  test('failed ones are rows with an error and no reward where they are asked for', async () => {
    const out = scratch()
    // Of the two rollouts of the seed the provider serves one: it knows a rollout by its session.
    let served: string | undefined
    const failing = ({ session }: { readonly session: string }): boolean => {
      served ??= session
      return session !== served
    }
    const run = await playModel(join(out, 'runs'), { seeds: [0], repeats: 2, failing })
    const without = await toExport([run], 'verifiers', join(out, 'without'))
    expect(without.left_out.failed?.count).toBe(1)
    const [played] = rowsOf(out, 'without', 'results.jsonl')
    expect(rowsOf(out, 'without', 'results.jsonl')).toHaveLength(1)
    // It was tried again and failed otherwise.
    const errors = join(run, 'errors.jsonl')
    const [error] = rowsOf(errors)
    appendFileSync(errors, `${JSON.stringify({ ...error, attempt: 2, code: 'timeout', status: null })}\n`)

    await toExport([run], 'verifiers', join(out, 'with'), { includeFailed: true })
    const [, failed] = rowsOf(out, 'with', 'results.jsonl')
    expect(failed).toMatchObject({ reward: null, is_completed: false, stop_condition: 'has_error', prompt: [], completion: [] })
    expect(failed.error).toMatchObject({ error: 'timeout', status_code: null })
    const { avg_error, avg_reward } = JSON.parse(readFileSync(join(out, 'with', 'metadata.json'), 'utf8'))
    // A provider's failure is not play: it is in no mean of rewards.
    expect([avg_error, avg_reward]).toEqual([0.5, played!.reward])

    await toExport([run], 'traces', join(out, 'traces'), { includeFailed: true })
    const [, episode] = rowsOf(out, 'traces', 'traces.jsonl')
    expect(episode).toMatchObject({ ok: false, traces: [], errors: [{ type: 'timeout' }] })
    // Both say of which game it was.
    expect(failed.info).toMatchObject({ env: 'toy_market', seed: 0, seat: 'trader_0', repeat: expect.any(Number), tags: [] })
    expect(failed.info.group_id).toBe(rowsOf(out, 'with', 'results.jsonl')[0].info.group_id)
    expect(episode).toMatchObject({
      id: failed.key,
      env: { id: 'toy_market' },
      task: { type: 'toy_market', data: { idx: 0, env: 'toy_market', seed: 0 } },
      run: { id: failed.info.run },
    })
    expect(failed.info.group_id).toBe(`${episode.group.id}/trader_0`)
    expect(episode.id.startsWith(episode.task.key)).toBe(true)
  })

  test('formats that have no row for failed rollouts refuse to include them', async () => {
    const out = scratch()
    const run = await play(join(out, 'runs'))
    await expect(toExport([run], 'sft-trl', join(out, 'x'), { includeFailed: true })).rejects.toThrow(UserError)
  })

  test('what a kill left half-written is no rollout', async () => {
    const out = scratch()
    const whole = await play(join(out, 'runs'), { seeds: [0], repeats: 2 })
    const data = join(whole, 'rollouts.jsonl')
    const bytes = readFileSync(data)
    writeFileSync(data, bytes.subarray(0, bytes.length - 9))
    expect((await toExport([whole], 'kto', join(out, 'torn'))).counts).toMatchObject({ rollouts: 1, rows: 1 })
    writeFileSync(data, bytes)
    const run = asOlder(whole)
    const traces = join(run, 'traces.jsonl')
    const lines = readFileSync(traces, 'utf8').trimEnd().split('\n')
    // The kill came while the second trace was written: its line end is missing.
    writeFileSync(traces, `${lines[0]}\n${lines[1]!.slice(0, 500)}`)
    const card = await toExport([run], 'kto', join(out, 'kto'))
    expect(card.counts).toMatchObject({ rollouts: 1, rows: 1 })
    expect(card.left_out.unfinished?.count).toBe(1)
  })
})

describe('splits', () => {
  const splits = parseSplits('train=0.5,test=0.5')

  test('all rollouts of a seed are in one part, a folder each', async () => {
    const out = scratch()
    const run = await play(join(out, 'runs'), { seeds: [0, 1, 2, 3, 4] })
    const card = await toExport([run], 'sft-trl', join(out, 'sft'), { splits })
    for (const { name } of splits) {
      const expected = [0, 1, 2, 3, 4].filter(seed => splitOf(seed, splits) === name).flatMap(seed => Array(4).fill(seed))
      expect(seeds(rowsOf(out, 'sft', name, 'sft.trl.jsonl'))).toEqual(expected)
      expect(expected.length).toBeGreaterThan(0)
    }
    expect(card.split).toMatchObject({ shares: { train: 0.5, test: 0.5 }, rule: expect.stringContaining('SHA-256') })
  })

  test('more seeds move no row to another part', async () => {
    const out = scratch()
    const run = await play(join(out, 'runs'), { seeds: [0, 1, 2] })
    await toExport([run], 'sft-trl', join(out, 'few'), { splits })
    await play(join(out, 'runs'), { seeds: [0, 1, 2, 3, 4, 6, 7], resume: true })
    await toExport([run], 'sft-trl', join(out, 'many'), { splits })
    for (const { name } of splits) {
      const few = rowsOf(out, 'few', name, 'sft.trl.jsonl')
      const many = rowsOf(out, 'many', name, 'sft.trl.jsonl')
      expect(many.filter(({ info }) => info.seed <= 2)).toEqual(few)
    }
  })

  test('a part that no seed falls into is empty and says so', async () => {
    const out = scratch()
    const run = await play(join(out, 'runs'), { seeds: [1] })
    const card = await toExport([run], 'sft-trl', join(out, 'sft'), { splits: parseSplits('train=0.9,test=0.1') })
    expect(card.files.map(({ split, rows, empty }) => [split, rows, empty])).toEqual([
      ['train', 4, undefined],
      ['test', 0, expect.stringContaining('no seed of the runs falls into this part')],
    ])
  })
})

describe('the data card', () => {
  test('names every file with its rows, bytes and SHA-256', async () => {
    const out = scratch()
    const run = await play(join(out, 'runs'))
    const card = await toExport([run], 'verifiers', join(out, 'v'), { splits: parseSplits('a=0.5,b=0.5') })
    expect(JSON.parse(readFileSync(join(out, 'v', 'datacard.json'), 'utf8'))).toEqual(card)
    for (const { path, rows, bytes, sha256 } of card.files) {
      const content = readFileSync(join(out, 'v', path))
      expect(content.length).toBe(bytes)
      expect(createHash('sha256').update(content).digest('hex')).toBe(sha256)
      if (rows !== undefined) expect(content.toString().split('\n')).toHaveLength(rows + 1)
    }
    const there = readdirSync(join(out, 'v'), { recursive: true, withFileTypes: true }).filter(entry => entry.isFile())
    expect(there).toHaveLength(card.files.length + 2)
  })

  test('says what was read: economy, seeds, players, models and the formula of the advantage', async () => {
    const out = scratch()
    const run = await playModel(join(out, 'runs'), { seeds: [2, 17], repeats: 1 })
    const card = await toExport([run], 'sft-trl', join(out, 'sft'))
    expect(card).toMatchObject({
      envs: [{ id: 'toy_market', version: 1 }],
      seeds: { least: 2, greatest: 17 },
      models: ['m'],
      counts: { rollouts: 2, seat_rollouts: 2, failed: 0, rows: 2 },
    })
    expect(card.players).toEqual([expect.stringMatching(/^openai:m@/)])
    expect(card.advantage.formula).toContain('(r - mean(group)) / (sd(group) + 1e-4)')
    expect(card.runs[0]).toMatchObject({ complete: true, evaluated: ['trader_0'], examples: 'seeds 2,17' })
  })

  test('an empty run is an export of empty files', async () => {
    const out = scratch()
    const run = await play(join(out, 'runs'), { seeds: [] })
    const card = await toExport([run], 'parquet', join(out, 'none'))
    expect(card.files[0]).toMatchObject({ rows: 0, empty: expect.stringContaining('--resume') })
    expect(card.seeds).toBeNull()
  })
})

test('rows are in the order of their rollouts’ keys, in whatever order the rollouts ended', async () => {
  const out = scratch()
  const run = await play(join(out, 'runs'), { seeds: [0, 1, 2, 11] })
  await toExport([run], 'sft-trl', join(out, 'before'))
  asOlder(run)
  for (const file of ['results.jsonl', 'traces.jsonl', 'steps.jsonl']) {
    const lines = readFileSync(join(run, file), 'utf8').trimEnd().split('\n')
    writeFileSync(join(run, file), `${file === 'traces.jsonl' ? lines.reverse().join('\n') : lines.sort().join('\n')}\n`)
  }
  await toExport([run], 'sft-trl', join(out, 'after'))
  const read = (name: string): string => readFileSync(join(out, name, 'sft.trl.jsonl'), 'utf8')
  expect(read('after')).toBe(read('before'))
})

test('two runs of the same name are told apart', async () => {
  const out = scratch()
  const runs = [await play(join(out, 'a'), { seeds: [0] }), await play(join(out, 'b'), { seeds: [0] })]
  const card = await toExport(runs, 'sft-trl', join(out, 'sft'))
  const names = card.runs.map(({ name }) => name)
  expect(names[1]).toBe(`${names[0]}-2`)
  // Each is a group of its own: they may have been sampled differently.
  expect(rowsOf(out, 'sft', 'sft.trl.jsonl').map(({ info }) => info.group_size)).toEqual(Array(8).fill(4))
})

describe('the folder', () => {
  test('is no run, though it may have a metadata.json', async () => {
    const out = scratch()
    const run = await play(join(out, 'runs'))
    await toExport([run], 'verifiers', join(out, 'runs', 'exported'))
    expect(findRuns(out)).toEqual([run])
  })

  test('is refused in one line where it holds anything but an export', async () => {
    const out = scratch()
    const run = await play(join(out, 'runs'))
    for (const taken of [join(out, 'runs'), run]) {
      await expect(toExport([run], 'kto', taken)).rejects.toThrow(/is not empty .* choose another folder with --out\.$/)
    }
    writeFileSync(join(out, 'file'), '')
    await expect(toExport([run], 'kto', join(out, 'file'))).rejects.toThrow(/is a file; choose another folder/)
    expect(existsSync(join(run, '.partial'))).toBe(false)
  })

  test('of an earlier export is used again, and nothing of it stays', async () => {
    const out = scratch()
    const run = await play(join(out, 'runs'))
    await toExport([run], 'verifiers', join(out, 'x'), { splits: parseSplits('a=0.5,b=0.5') })
    await toExport([run], 'kto', join(out, 'x'))
    expect(readdirSync(join(out, 'x')).sort()).toEqual(['README.md', 'datacard.json', 'kto.jsonl'])
  })

  test('of an earlier export to which somebody added a file is refused', async () => {
    const out = scratch()
    const run = await play(join(out, 'runs'))
    await toExport([run], 'kto', join(out, 'x'))
    writeFileSync(join(out, 'x', 'notes.txt'), 'mine')
    await expect(toExport([run], 'kto', join(out, 'x'))).rejects.toThrow('(notes.txt)')
  })

  test('keeps an earlier export where the new one fails, and nothing of the new one', async () => {
    const out = scratch()
    const run = asOlder(await play(join(out, 'runs')))
    await toExport([run], 'kto', join(out, 'x'))
    const before = readFileSync(join(out, 'x', 'kto.jsonl'), 'utf8')
    const traces = join(run, 'traces.jsonl')
    writeFileSync(traces, readFileSync(traces, 'utf8').replaceAll('{"id"', '{id'))
    await expect(toExport([run], 'kto', join(out, 'x'))).rejects.toThrow(
      /^No rollout could be read, and nothing was exported\. \S+\/traces\.jsonl: 8 lines could not be read \(first: line 1 is not JSON/,
    )
    expect(readFileSync(join(out, 'x', 'kto.jsonl'), 'utf8')).toBe(before)
    expect(readdirSync(join(out, 'x')).sort()).toEqual(['README.md', 'datacard.json', 'kto.jsonl'])
  })

  test('with what a killed export left is used', async () => {
    const out = scratch()
    const run = await play(join(out, 'runs'))
    mkdirSync(join(out, 'x', '.partial', 'files'), { recursive: true })
    writeFileSync(join(out, 'x', '.partial', 'files', 'kto.jsonl'), 'half')
    await toExport([run], 'kto', join(out, 'x'))
    expect(rowsOf(out, 'x', 'kto.jsonl')).toHaveLength(8)
    expect(existsSync(join(out, 'x', '.partial'))).toBe(false)
  })
})

test('a stopped export leaves nothing', async () => {
  const out = scratch()
  const run = await play(join(out, 'runs'), { seeds: Array.from({ length: 60 }, (_, seed) => seed) })
  const stop = new AbortController()
  const stopped = toExport([run], 'steps', join(out, 'x'), { signal: stop.signal, onStart: () => () => stop.abort() })
  await expect(stopped).rejects.toThrow('Stopped; nothing was exported.')
  expect(readdirSync(join(out, 'x'))).toEqual([])
})

test('a log of another version cannot be played again and is left out', async () => {
  const out = scratch()
  const run = asOlder(await play(join(out, 'runs'), { seeds: [0], repeats: 2 }))
  const steps = join(run, 'steps.jsonl')
  writeFileSync(steps, readFileSync(steps, 'utf8').replaceAll('"version":1', '"version":99'))
  const card = await toExport([run], 'steps', join(out, 'steps'))
  expect(card.left_out.other_build?.count).toBe(2)
  expect(card.files[0]?.empty).toContain('this build does not have')
})

describe('groups.jsonl', () => {
  test('has a row a seed and seat with rewards and advantages by hand', async () => {
    const run = await play(scratch(), { seeds: [0, 5] })
    const summary = writeGroups(run, 4, estimatorNamed('dr-grpo'))
    const rows = rowsOf(run, 'groups.jsonl') as GroupRow[]
    expect(rows.map(({ seed, seat, size }) => [seed, seat, size])).toEqual([
      [0, 'trader_0', 4],
      [5, 'trader_0', 4],
    ])
    expect(rows[0]?.mean).toBeCloseTo(0.15, 12)
    // √(0.05 ÷ 3) of the rewards 0, 0.1, 0.2, 0.3.
    expect(rows[0]?.sd).toBeCloseTo(0.1290994449, 9)
    expect(rows[0]?.rollouts.map(({ repeat, reward, advantage }) => [repeat, reward, Number(advantage.toFixed(12))])).toEqual([
      [0, 0, -0.15],
      [1, 0.1, -0.05],
      [2, 0.2, 0.05],
      [3, 0.3, 0.15],
    ])
    expect(rows.map(({ rollouts }) => rollouts[0]?.is_truncated)).toEqual([false, true])
    expect(rows[0]?.advantage.formula).toContain('Dr. GRPO')
    expect(summary).toMatchObject({ groups: 2, small: 0, even: 0 })
    // More than were asked for are not too few.
    expect(writeGroups(run, 3, estimatorNamed('grpo')).small).toBe(0)
  })

  test('tells of groups with too few rollouts and of groups of equal rewards', async () => {
    const run = await play(scratch(), { seeds: [0], repeats: 1 })
    expect(writeGroups(run, 4, estimatorNamed('grpo'))).toMatchObject({ groups: 1, small: 1, even: 1, sd: 0 })
    expect(writeGroups(run, 1, estimatorNamed('grpo'))).toMatchObject({ groups: 1, small: 0 })
    const none = await play(scratch(), { seeds: [] })
    expect(writeGroups(none, 4, estimatorNamed('grpo'))).toMatchObject({ groups: 0, sd: null })
    // The mean of the deviations is over all groups, those without any included.
    await play(dirname(run), { seeds: [0, 1], repeats: 1, resume: true })
    await play(dirname(run), { seeds: [0], repeats: 4, resume: true })
    const { even, sd } = writeGroups(run, 4, estimatorNamed('grpo'))
    expect(even).toBe(1)
    expect(sd).toBeCloseTo(0.1290994449 / 2, 9)
  })
})
