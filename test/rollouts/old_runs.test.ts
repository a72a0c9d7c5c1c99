/**
 * Run folders that versions of before left, when the package was called econgym and when the format of its files had no version: what
 * of them can be used, and what says that it cannot.
 */
import { cpSync, existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest'
import { environments } from '../../economies/registry.ts'
import type { Metric } from '../../evals/score/metric.ts'
import { scoreRuns } from '../../evals/score/score.ts'
import { formats } from '../../rollouts/export/formats.ts'
import { findRuns, RunReader, RunStore, readFigures, readLines } from '../../rollouts/store.ts'
import { agoragym } from '../commands/console.ts'

const FIXTURES = join(import.meta.dirname, '..', 'fixtures', 'runs_0.1')
const RUNS = readdirSync(FIXTURES).sort()
const reward = (run: string): number => JSON.parse(readFileSync(join(FIXTURES, run, 'metadata.json'), 'utf8')).avg_reward

let cwd: string
beforeAll(() => {
  cwd = mkdtempSync(join(tmpdir(), 'agoragym-old-'))
  cpSync(FIXTURES, join(cwd, 'runs'), { recursive: true })
})
afterAll(() => rmSync(cwd, { recursive: true, force: true }))
const at = (line: string) => agoragym(line, { cwd, columns: 200 })

test('runs lists them with their scores', async () => {
  expect(RUNS).toHaveLength(4)
  const { code, out } = await at('runs --json')
  expect(code).toBe(0)
  const listed = JSON.parse(out) as { folder: string; avg_reward: number; ok: number }[]
  expect(listed.map(({ avg_reward, ok }) => [avg_reward, ok])).toEqual(RUNS.map(run => [reward(run), 2]))
})

test('compare shows their scores, and says whose logs it cannot read', async () => {
  const { code, out } = await at('compare --json')
  expect(code).toBe(0)
  const { figures, notes } = JSON.parse(out) as { figures: { table: string; item: string; value: number }[]; notes: string[] }
  const rewards = figures.filter(({ table, item }) => table === 'scores' && item === 'reward').map(({ value }) => value)
  expect(rewards).toHaveLength(4)
  for (const run of RUNS)
    expect(
      rewards.some(value => Math.abs(value - reward(run)) < 1e-9),
      run,
    ).toBe(true)
  expect(notes.filter(note => note.includes('played by econgym 0.1.0, which alone can play it again'))).toHaveLength(4)
})

test('the report has a row for each of their rollouts', async () => {
  const { code, out } = await at('report --html old.html --json')
  expect(code).toBe(0)
  expect(JSON.parse(out)).toMatchObject({ rows: 8, transcripts: 0 })
})

test('replay says in one line a run which version is needed', async () => {
  const { code, out, err } = await at('replay runs')
  expect(code).toBe(1)
  expect(err.split('\n').filter(line => line.startsWith('runs/'))).toEqual(
    RUNS.map(run => `runs/${run}: it was played by econgym 0.1.0, which alone can play it again`),
  )
  expect(out).toBe('0 episodes, 0 steps: all equal to their replay, 4 runs not played again\n')
})

test('an export of steps says in one line which version is needed, and others are made', async () => {
  const steps = await at(`export runs/${RUNS[0]} --format steps --out steps`)
  expect(steps).toMatchObject({ code: 2, out: '' })
  expect(steps.err).toMatch(
    /^\S+: steps plays logs again, and it was played by econgym 0\.1\.0, which alone can play it again; leave this run out\.\n$/,
  )
  expect(existsSync(join(cwd, 'steps'))).toBe(false)
  const rows = await at(`export runs/${RUNS[1]} --format verifiers --include-truncated --out rows`)
  expect(rows.code).toBe(0)
  expect(JSON.parse(readFileSync(join(cwd, 'rows', 'datacard.json'), 'utf8'))).toMatchObject({
    counts: { rollouts: 2 },
    runs: [{ agoragym_version: '0.1.0' }],
  })
})

test('a resume beside one of them says in one line which version is needed', async () => {
  const { code, out, err } = await at(
    'eval sim_economy --players bot:honest --seeds 2 --set horizon_turns=4 --set num_agents=4 --resume',
  )
  expect(code).toBe(2)
  expect(out).toBe('')
  expect(err).toMatch(
    /^\S+sim_economy--bot-honest--18338075 was made by econgym 0\.1\.0, which alone can go on with it; [^\n]*\n$/,
  )
})

describe('runs of 0.2 of before the format of their files had a version', () => {
  let base: string
  const here = (line: string) => agoragym(line, { cwd: base, columns: 200 })
  beforeAll(() => {
    base = mkdtempSync(join(tmpdir(), 'agoragym-older-'))
    cpSync(join(import.meta.dirname, '..', 'fixtures', 'runs_0.2'), join(base, 'runs'), { recursive: true })
  })
  afterAll(() => rmSync(base, { recursive: true, force: true }))

  test('are listed, compared with their logs, reported and replayed', async () => {
    expect((JSON.parse((await here('runs --json')).out) as { ok: number }[]).map(({ ok }) => ok)).toEqual([2, 2])
    const { figures, notes } = JSON.parse((await here('compare --json')).out) as { figures: { table: string }[]; notes: string[] }
    expect(notes.filter(note => note.includes('not read'))).toEqual([])
    expect(new Set(figures.map(({ table }) => table))).toContain('sequences')
    expect(JSON.parse((await here('report --html old.html --json')).out)).toMatchObject({ rows: 4 })
    expect(await here('replay runs')).toMatchObject({ code: 0, out: expect.stringContaining('all equal to their replay') })
  })

  test('are exported byte for byte as when their rollouts are filed in the present format', async () => {
    for (const folder of readdirSync(join(base, 'runs'))) {
      const store = new RunStore(join(base, 'filed', folder), { compress: 'gzip' })
      for (const lines of readLines(join(base, 'runs', folder))) store.file(lines)
      store.order()
      store.close()
      cpSync(join(base, 'runs', folder, 'metadata.json'), join(base, 'filed', folder, 'metadata.json'))
    }
    for (const { id } of formats) {
      const [old, now] = await Promise.all(
        ['runs', 'filed'].map(of => here(`export ${of} --format ${id} --out ${of}-${id} --include-truncated`)),
      )
      expect(now!.code, id).toBe(old!.code)
      for (const file of readdirSync(join(base, `runs-${id}`), { recursive: true, withFileTypes: true }))
        if (file.isFile() && file.name !== 'datacard.json' && file.name !== 'README.md') {
          const [a, b] = [file.parentPath, file.parentPath.replace(`runs-${id}`, `filed-${id}`)].map(path =>
            readFileSync(join(path, file.name)),
          )
          expect(a!.equals(b!), `${id} ${file.name}`).toBe(true)
        }
    }
  })

  test('can be scored, and not gone on with', async () => {
    const [bot] = readdirSync(join(base, 'runs')).filter(name => name.includes('honest'))
    const folder = join(base, 'runs', bot!)
    expect(() => new RunStore(folder, { resume: true })).toThrow(/was written in an older format, .* not gone on with/)
    const words: Metric = {
      description: 'messages',
      range: '≥ 0',
      formula: 'number of messages',
      source: 'agoragym',
      of: ({ messages }) => messages.length,
    }
    const { scores } = await scoreRuns({ runs: [folder], metrics: { words }, environments })
    expect(scores).toMatchObject([{ scored: 2 }])
  })
})

test('a run of a later version is one line and code 2 for whoever reads it or goes on with it', async () => {
  const base = mkdtempSync(join(tmpdir(), 'agoragym-later-'))
  onTestFinished(() => rmSync(base, { recursive: true, force: true }))
  const there = (line: string) => agoragym(line, { cwd: base, columns: 200 })
  await there('eval sim_economy --players random --seeds 1 --set horizon_turns=2')
  const [folder] = findRuns(join(base, 'runs'))
  const path = join(folder!, 'metadata.json')
  writeFileSync(path, readFileSync(path, 'utf8').replace('"format": 2', '"format": 3'))
  const says =
    /metadata\.json: its files are of format 3, and this version of agoragym reads format 2 and those of before; read it with/
  for (const line of ['compare', 'report', 'export --format traces --out e', 'score', 'replay runs', 'merge all runs']) {
    const { code, err } = await there(line)
    expect([line, code, err.trim().split('\n').length], err).toEqual([line, 2, 1])
    expect(err).toMatch(says)
  }
  expect(await there('eval sim_economy --players random --seeds 1 --set horizon_turns=2 --resume')).toMatchObject({
    code: 2,
    err: expect.stringMatching(says),
  })
  // A list of runs tells it beside those that it can list.
  expect(await there('runs')).toMatchObject({ code: 1, err: expect.stringMatching(says) })
  expect(() => readFigures(folder!).next()).toThrow(says)
  expect(() => new RunReader(folder!)).toThrow(says)
  expect(() => new RunStore(folder!, { resume: true })).toThrow(says)
})
