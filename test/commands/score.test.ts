/** `score` at the command line: what it asks, what it says, what it leaves for the other commands. */
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, beforeAll, describe, expect, test } from 'vitest'
import { environments } from '../../index.ts'
import { type FakeProvider, startFakeProvider } from '../../testing.ts'
import { scratch } from '../rollouts/table.ts'
import { toyMarket } from '../toy_market/index.ts'
import { agoragym } from './console.ts'

beforeAll(() => {
  if (!environments.has('toy_market')) environments.register(toyMarket)
})

let provider: FakeProvider | undefined
afterEach(async () => {
  await provider?.close()
  provider = undefined
})

const RUBRIC = '---\nname: calm\ndescription: how calm\nleast: 0\ngreatest: 10\nsource: agoragym\n---\n10 is calm.\n'

/** A folder with a run of three seeds, a rubric, and a judge that says what it is told to. */
async function played(answer = 'SCORE: 7') {
  const cwd = scratch()
  writeFileSync(join(cwd, 'calm.md'), RUBRIC)
  await agoragym('eval toy_market --players random --seeds 3', { cwd })
  provider = await startFakeProvider({ script: () => ({ content: answer }) })
  return { cwd, judge: `--rubric calm.md --judge openai:j@${provider.url}` }
}

describe('score', () => {
  test('asks a model by a rubric, and the tables, the report and the exports have its score', async () => {
    const { cwd, judge } = await played()
    const first = await agoragym(`score runs ${judge}`, { cwd })
    expect(first.code).toBe(0)
    expect(first.out).toMatch(/judged_calm +7\.000 +3 scored +3 calls/)
    expect((await agoragym('compare --all', { cwd })).out).toMatch(/judged_calm +7\.000/)
    await agoragym('report', { cwd })
    expect(existsSync(join(cwd, 'report.html'))).toBe(true)
    await agoragym('export --format parquet --out data --include-truncated', { cwd })
    expect(readFileSync(join(cwd, 'data', 'datacard.json'), 'utf8')).toContain('judged_calm')
    const again = await agoragym(`score runs ${judge}`, { cwd })
    expect(again.out).toContain('0 calls (3 kept)')
    expect(provider!.counts.ok).toBe(3)
  })

  test('tells with --dry-run what it would ask, and asks nobody', async () => {
    const { cwd, judge } = await played()
    const { code, out } = await agoragym(`score ${judge} --dry-run`, { cwd, columns: 200 })
    expect(code).toBe(0)
    expect(out).toMatch(/judged_calm +3 calls +\S+ \+ 900.0 tokens +price unknown/)
    const { estimates } = JSON.parse((await agoragym(`score ${judge} --dry-run --json`, { cwd })).out)
    expect(estimates).toMatchObject([{ name: 'judged_calm', calls: 3, kept: 0, cost: null }])
    expect(provider!.requests).toEqual([])
  })

  test('counts answers that it cannot read, and takes none for a score', async () => {
    const { cwd, judge } = await played('Quite calm.')
    const { out, code } = await agoragym(`score ${judge}`, { cwd, columns: 200 })
    expect(code).toBe(0)
    expect(out).toMatch(/judged_calm +– +0 scored, 3 with an answer that could not be read/)
  })

  test('says where a judge could not be asked, and ends with code 1', async () => {
    const { cwd, judge } = await played()
    await provider!.close()
    const { code, err } = await agoragym(`score ${judge} --max-retries 0`, { cwd })
    expect(code).toBe(1)
    expect(err).toContain('ECONNREFUSED')
    expect(err).toContain('Go on with the same command')
  })

  test.each([
    ['', /^No metric and no judge of your own: name a module/],
    ['--rubric gone.md', /^Rubric \S+gone\.md: cannot be read: ENOENT\.$/],
    ['--rubric calm.md', /^Judge calm names no model; name one with --judge openai:MODEL\.$/],
    [
      '--rubric calm.md --metric clam --judge openai:m',
      /no metric or judge 'clam' of your own\. There are: .*calm\. Did you mean 'calm'\?$/,
    ],
    ['--rubric calm.md --rubric calm.md --judge openai:m', /there are two judges called calm/],
    ['--rubric calm.md --judge openai:m[history=none]', /history means nothing outside a game/],
    ['--rubric calm.md --judge bot:honest', /bot/],
    ['gone --rubric calm.md', /^No run in gone\./],
  ])('%j is a mistake that is told in one line', async (words, line) => {
    const { cwd } = await played()
    const { code, err } = await agoragym(`score ${words}`.trim(), { cwd })
    expect(code).toBe(2)
    expect(err.trimEnd()).toMatch(line)
    expect(err.trimEnd().split('\n')).toHaveLength(1)
  })
})
