/** `rollouts` and `export` as typed: what they print, what they leave, how they end. */
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { beforeAll, describe, expect, test } from 'vitest'
import { passive } from '../../bots/any/passive.ts'
import { economies } from '../../index.ts'
import { formats } from '../../rollouts/export/formats.ts'
import { readFigures } from '../../rollouts/store.ts'
import { leaving, market, rowsOf } from '../rollouts/export/toy_runs.ts'
import { scratch } from '../rollouts/table.ts'
import { agoragym, type Ran } from './console.ts'

beforeAll(() => {
  const leaver = { description: 'Waits, and leaves at the third turn of seed 5.', factory: leaving(passive) }
  economies.register({ env: market, bots: { leaver } })
})

const GROUP = 'rollouts toy_market --player random --group-size 3 --seeds 4:7 --opponents leaver:1 --set horizon=3'

/** A folder with three seeds of three rollouts, of which seed 5 is cut short. */
async function played(): Promise<{ cwd: string; ran: Ran; run: string }> {
  const cwd = scratch()
  const ran = await agoragym(GROUP, { cwd })
  return { cwd, ran, run: join(cwd, 'runs', readdirSync(join(cwd, 'runs'))[0]!) }
}

describe('rollouts', () => {
  test('plays a group a seed, says what the groups come to and names the formula', async () => {
    const { ran, run } = await played()
    expect(ran.code).toBe(0)
    expect(ran.out).toContain('Advantage: (r - mean(group)) / (sd(group) + 1e-4)')
    expect(ran.out).toMatch(/3 groups of 3,.* sd within a group 0\.\d+/)
    const groups = rowsOf(run, 'groups.jsonl')
    expect(groups.map(({ seed, size }) => [seed, size])).toEqual([
      [4, 3],
      [5, 3],
      [6, 3],
    ])
    const results = [...readFigures(run)]
    for (const { rollouts, mean, sd } of groups) {
      for (const { key, reward, advantage } of rollouts) {
        expect(reward).toBe(results.find(row => row.key === key)!.reward)
        expect(advantage).toBeCloseTo((reward - mean) / (sd + 1e-4), 12)
      }
    }
  })

  test('go on with --resume, and the groups are made anew', async () => {
    const { cwd, run } = await played()
    const again = await agoragym(`${GROUP.replace('--group-size 3', '--group-size 4')} --resume --advantage dr-grpo --json`, {
      cwd,
    })
    expect(again.code).toBe(0)
    expect(JSON.parse(again.out)).toMatchObject({ group_size: 4, advantage: { id: 'dr-grpo' } })
    expect(rowsOf(run, 'groups.jsonl').map(({ size, advantage }) => [size, advantage.id])).toEqual(Array(3).fill([4, 'dr-grpo']))
    // Who asks for fewer is told of the groups that there are.
    const fewer = await agoragym(`${GROUP.replace('--group-size 3 --seeds 4:7', '--group-size 2 --seeds 4:5')} --resume`, { cwd })
    expect(fewer.out).toContain('3 groups of 4,')
  })

  test('have no cache to ask for', async () => {
    const { code, err } = await agoragym(`${GROUP} --cache answers`, { cwd: scratch() })
    expect(code).toBe(2)
    expect(err).toContain("No option '--cache' of agoragym rollouts.")
  })
})

describe('export', () => {
  test('writes every format from ./runs and ends well, also where there is nothing to write', async () => {
    const { cwd } = await played()
    for (const { id } of formats) {
      const { code, out, err } = await agoragym(`export --format ${id} --out data/${id}`, { cwd })
      // Bots have no token ids: an export without a row is a failure that says why.
      expect([id, code, err.replace(/^.*\r?\n?.*No row/, 'No row')]).toEqual([id, id === 'tokens' ? 1 : 0, expect.anything()])
      expect(out).toContain('9 rollouts, 9 evaluated seats.')
      expect(out.trimEnd().endsWith(`data/${id}/datacard.json`)).toBe(true)
      const card = JSON.parse(readFileSync(join(cwd, 'data', id, 'datacard.json'), 'utf8'))
      expect(card.format).toBe(id)
    }
    const tokens = JSON.parse(readFileSync(join(cwd, 'data/tokens/datacard.json'), 'utf8'))
    expect(tokens.files[0].empty).toContain('no token ids')
  })

  test('tells what was left out and how to have it', async () => {
    const { cwd } = await played()
    const { out } = await agoragym('export --format sft-trl --out data', { cwd, columns: 200 })
    expect(out).toContain('6 rows')
    expect(out).toContain('3 left out: cut short before the economy ended it (--include-truncated exports them, flagged).')
    const { out: all } = await agoragym('export runs --format sft-trl --out data --include-truncated --json', { cwd })
    expect(JSON.parse(all)).toMatchObject({ out: join(cwd, 'data'), counts: { rows: 9 }, left_out: {} })
    const { code, out: relative } = await agoragym('export --format kto --out kto --reward-relative par --json', { cwd })
    // Nobody derived what honest play gets in it.
    expect([code, JSON.parse(relative)]).toMatchObject([1, { reward: { relative: 'par' }, counts: { rows: 0 } }])
  })

  test.each([
    ['export --out x', /^--format is missing; expected verifiers, traces/],
    ['export --format kto', /^--out is missing; expected a folder to write\.$/],
    ['export --format sft-trll --out x', /Did you mean 'sft-trl'\?$/],
    ['export --format kto --out x --threshold high', /^--threshold: expected a number, got 'high'\.$/],
    ['export --format kto --out x --margin 1', /^--margin says nothing to kto; it is for preference\.$/],
    ['export --format preference --out x --margin 0', /^--margin: expected a number above 0, got '0'\.$/],
    ['export --format kto --out x --split train=1.5', /they sum to 1\.5\)\.$/],
    ['export --format kto --out x --advantage gae', /no estimator 'gae'\. Estimators: grpo, dr-grpo\.$/],
    [
      'export --format kto --out runs',
      /^.*runs is not empty \(.*\) and not an earlier export; choose another folder with --out\.$/,
    ],
    ['export nowhere --format kto --out x', /^No run in nowhere\./],
  ])('%s is refused in one line', async (line, expected) => {
    const { cwd } = await played()
    const { code, out, err } = await agoragym(line, { cwd })
    expect(code).toBe(2)
    expect(out).toBe('')
    expect(err.trimEnd()).toMatch(expected)
    expect(existsSync(join(cwd, 'x'))).toBe(false)
  })
})
