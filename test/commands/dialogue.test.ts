/** `--dialogue`: a model speaks what two-layer sessions granted, under the ceiling, in `eval`, `play` and `replicate`. */
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { type FakeProvider, startFakeProvider } from '../../rollouts/models/fake/index.ts'
import { readSteps } from '../../rollouts/store.ts'
import { agoragym } from './console.ts'

let cwd = ''
let provider: FakeProvider
beforeAll(async () => {
  cwd = mkdtempSync(join(tmpdir(), 'dialogue-'))
  provider = await startFakeProvider({ script: () => ({ content: 'Still here, still standing.' }) })
  writeFileSync(join(cwd, 'prices.json'), JSON.stringify({ models: { m: { input: 0.1, output: 0.4 } } }))
})
afterAll(async () => {
  await provider.close()
  rmSync(cwd, { recursive: true })
})

const lines = (path: string) =>
  readFileSync(path, 'utf8')
    .split('\n')
    .filter(Boolean)
    .map(line => JSON.parse(line))
const short = '--preset two-layer --set max_steps=10'

test('eval writes the lines of every rollout, asks for each granted event once, and leaves the play as it was', async () => {
  const line = `eval mars_colony ${short} --players bot:passive --seeds 2 --prices prices.json --out`
  expect((await agoragym(`${line} silent`, { cwd })).code).toBe(0)
  const { code, err } = await agoragym(`${line} runs --dialogue openai:m@${provider.url}`, { cwd })
  expect([code, err]).toEqual([
    0,
    expect.stringMatching(/granted events spoken\s+by openai:m@.*micro-dollars charged, at most 7000/s),
  ])
  const run = (out: string) => join(cwd, out, readdirSync(join(cwd, out))[0]!)
  // biome-ignore lint/suspicious/noExplicitAny: events of this economy alone.
  const steps = [...readSteps(run('runs'))] as any[]
  expect(steps).toEqual([...readSteps(run('silent'))])
  const granted = steps.map(
    ({ steps: of }) =>
      of.flatMap(({ events }: never) => events).filter(({ type }: { type: string }) => type === 'dialogue_granted').length,
  )
  const files = steps.map(({ key }) => lines(join(run('runs'), 'dialogue', `${key}.jsonl`)))
  expect(files.map(file => file.length)).toEqual(granted)
  expect(
    files
      .flat()
      .every(({ status, text, micro_usd }) => status === 'spoken' && text === 'Still here, still standing.' && micro_usd === 70),
  ).toBe(true)
  const asked = provider.requests.length
  expect(asked).toBe(granted[0] + granted[1])
  // What was spoken is not asked again.
  await agoragym(`${line} runs --resume --dialogue openai:m@${provider.url}`, { cwd })
  expect(provider.requests).toHaveLength(asked)
})

test('play tells the lines below the game', async () => {
  const { code, out } = await agoragym(`play mars_colony ${short} --dialogue template`, { cwd })
  expect([code, out]).toEqual([
    0,
    expect.stringMatching(/^tick \d+: colonist_\d to colonist_\d: .*granted events spoken by template/ms),
  ])
})

test('replicate speaks the ten sessions that it shows', async () => {
  const before = provider.requests.length
  const { code, out } = await agoragym(
    `replicate mars-colony --sessions 10 --dialogue openai:m@${provider.url} --prices ${join(cwd, 'prices.json')} --json --out study`,
    { cwd },
  )
  expect(code).toBe(0)
  const { sessions } = JSON.parse(readFileSync(join(cwd, 'study', 'mars_colony.json'), 'utf8'))
  const spoken = sessions.flatMap(({ dialogue = [] }: { dialogue?: { text: string }[] }) => dialogue)
  expect(spoken.length).toBe(provider.requests.length - before)
  expect(JSON.parse(out).notes.join()).toContain(`spoke ${spoken.length} of ${spoken.length} granted events`)
})

test.each([
  [`eval mars_colony ${short} --dialogue openai:other@http://127.0.0.1:9/v1`, 'its price is not known'],
  ['eval sim_economy --dialogue template', '--dialogue: only mars_colony grants talk'],
  ['replicate mars-colony --dialogue nobody:m', 'A model player is PROVIDER:MODEL'],
])('%s: one line, exit code 2, and nothing played', async (line, expected) => {
  expect(await agoragym(`${line}${line.startsWith('eval') ? ' --out none' : ''}`, { cwd })).toMatchObject({
    code: 2,
    err: expect.stringContaining(expected),
  })
  expect(readdirSync(cwd)).not.toContain('none')
})
