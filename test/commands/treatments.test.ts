/** Treatments and sweeps from the command line to the tables: columns, folders, requests, the baseline, the axis. */
import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import type { Metadata } from '../../rollouts/metadata.ts'
import { readPersona } from '../../rollouts/models/personas.ts'
import { type FakeProvider, randomCalls, startFakeProvider } from '../../testing.ts'
import { scratch } from '../rollouts/table.ts'
import '../evals/toy_runs.ts'
import { agoragym } from './console.ts'

let provider: FakeProvider
beforeEach(async () => {
  provider = await startFakeProvider({ script: randomCalls })
})
afterEach(() => provider.close())

const metadataOf = (folder: string): Metadata => JSON.parse(readFileSync(join(folder, 'metadata.json'), 'utf8'))
interface Compared {
  readonly figures: { table: string; player: string; item: string; setting: string; value: number; n: number; at?: unknown }[]
  readonly notes: string[]
}
const heads = ({ figures }: Compared, table: string): string[] => [
  ...new Set(figures.filter(figure => figure.table === table).map(({ player }) => player)),
]

test('one model with three personas and two temperatures in a suite: six columns, six folders, one baseline that was named', async () => {
  const cwd = scratch()
  const player = { player: `openai:m@${provider.url}`, persona: ['cautious', 'exploiter', 'naive'], temperature: [0, 1] }
  const entries = [{ env: 'toy_market', set: { horizon: 2 }, seeds: '2', players: [player] }]
  const baseline = `openai:m@${provider.url}[persona=naive,temperature=0]`
  writeFileSync(join(cwd, 'suite.json'), JSON.stringify({ name: 'personas', baseline, entries }))
  const { code, out, err } = await agoragym('eval --suite suite.json', { cwd, columns: 200 })
  expect([code, err]).toEqual([0, expect.stringContaining('12/12 rollouts')])
  expect(out).toContain('The baseline of comparisons is openai:m[persona=naive,temperature=0].')

  const names = ['cautious', 'exploiter', 'naive'].flatMap(persona =>
    [0, 1].map(temperature => `openai:m[persona=${persona},temperature=${temperature}]`),
  )
  const cell = join(cwd, 'runs/personas/toy_market')
  const folders = readdirSync(cell)
  expect(folders).toHaveLength(6)
  const played = folders.map(folder => metadataOf(join(cell, folder)))
  expect(new Set(played.map(({ experiment }) => experiment!.baseline))).toEqual(new Set([baseline]))

  const comparison = JSON.parse((await agoragym('compare --json', { cwd })).out) as Compared
  expect(heads(comparison, 'scores')).toEqual(names)
  expect(new Set(heads(comparison, 'differences').map(head => head.split(' − ')[1]))).toEqual(new Set([names[4]]))
  expect(comparison.notes).toEqual([])

  const personas = ['cautious', 'exploiter', 'naive'].map(readPersona)
  // What was asked for is what was sent: the persona after the rules, and its temperature.
  const sent = provider.requests.map(({ body, messages }) => [
    personas.findIndex(({ text }) => (messages[0]!.content as string).endsWith(text)),
    (body as { temperature: number }).temperature,
  ])
  const pairs = [0, 1, 2].flatMap(persona => [0, 1].map(temperature => `${persona},${temperature}`))
  expect([...new Set(sent.map(String))].sort()).toEqual(pairs)

  // Gone on with, it plays nothing again and asks nobody.
  const asked = provider.requests.length
  expect((await agoragym('eval --suite suite.json', { cwd })).code).toBe(0)
  expect(provider.requests).toHaveLength(asked)
})

test('brackets on the command line are a treatment; options are for the players that do not say otherwise', async () => {
  const cwd = scratch()
  const m = `openai:m@${provider.url}`
  const line = `eval toy_market --set horizon=2 --seeds 1 --temperature 0.5 --players ${m},${m}[temperature=1,max_tokens=7] --label ${m}=plain`
  const { code, out } = await agoragym(line, { cwd, columns: 200 })
  expect(code).toBe(0)
  expect(out).toMatch(/ plain +openai:m\n +\[temperature=1,\n +max_tokens=7\]\n/)
  const bodies = provider.requests.map(({ body }) => body as { temperature: number; max_tokens?: number })
  expect(new Set(bodies.map(({ temperature, max_tokens }) => `${temperature} ${max_tokens}`))).toEqual(
    new Set(['0.5 undefined', '1 7']),
  )
  expect(readdirSync(join(cwd, 'runs'))).toHaveLength(2)
})

test.each([
  ['org/model', 'org-model'],
  ['qwen3:8b', 'qwen3-8b'],
  [`${'m'.repeat(130)}a`, `${'m'.repeat(130)}b`],
])('%s and %s never share a folder', async (one, other) => {
  const cwd = scratch()
  const players = [one, other].map(model => `openai:${model}@${provider.url}`).join(',')
  expect((await agoragym(`eval toy_market --set horizon=1 --seeds 1 --players ${players}`, { cwd })).code).toBe(0)
  expect(readdirSync(join(cwd, 'runs'))).toHaveLength(2)
})

test.each([
  ['openai:x@localhost:8801', 'a URL begins with http:// or https://; write openai:x@http://localhost:8801/v1.'],
  ['openai:x@HTTP://localhost:8801/v1', 'HTTP is written in lower case'],
  ['openai:x@http://localhost:8801/v1/chat/completions', 'a base URL ends before /chat/completions'],
  ['openai:x[temprature=1]', "Did you mean 'temperature'?"],
  ['bot:miser[temperature=1]', 'is no model, so temperature means nothing to it'],
  ['groqq:x', "Did you mean 'groq:MODEL'?"],
])('%s is told in one line before anything is sent', async (player, message) => {
  const cwd = scratch()
  const { code, err, out } = await agoragym(`eval toy_market --seeds 1 --players ${player}`, { cwd })
  expect([code, out]).toEqual([2, ''])
  expect(err).toContain(message)
  expect(err.trim()).not.toContain('\n')
  expect(readdirSync(cwd)).toEqual([])
})

test('--sweep lays the reward along the field, the plain configuration in its place, and writes a chart', async () => {
  const cwd = scratch()
  const line = 'eval toy_market --seeds 4 --players bot:seller,bot:miser --sweep horizon=2,4,16'
  const { code, out } = await agoragym(line, { cwd })
  expect(code).toBe(0)
  const rows = out.split('\n').filter(text => text.startsWith('horizon '))
  expect(out).toContain('Sweeps in toy_market default\n====')
  expect(rows.map(text => text.split(/ {2,}/)[0])).toEqual(['horizon 2', 'horizon 4', 'horizon 8', 'horizon 16'])
  const rewards = rows.map(text => Number(/ ([\d.]+) /.exec(text.slice('horizon 16'.length))![1]))
  expect(rewards).toEqual([...rewards].sort((a, b) => a - b))
  expect(readFileSync(join(cwd, 'runs/report.html'), 'utf8')).toContain('id="sweep-chart"')
  const { out: table } = await agoragym('compare --format csv', { cwd })
  expect(table.split('\n')[0]).toMatch(/,metric,factor,at$/)
})

test('a sweep that cannot be read is told how it is written', async () => {
  for (const [options, message] of [
    ['--sweep horizon', '--sweep: expected field=a,b,c such as base_inference_rate=0.5,1,2'],
    ['--sweep horizon=2 --sweep horizon=3', '--sweep: horizon is given twice'],
    ['--sweep horizn=2', "Did you mean 'horizon'?"],
    ['--grid', '--grid is of --sweep'],
  ] as const) {
    const { code, err } = await agoragym(`eval toy_market --seeds 1 ${options}`, { cwd: scratch() })
    expect([code, err], options).toEqual([2, expect.stringContaining(message)])
  }
})

test('progress lines of a suite name their cell; a single setting needs no name', async () => {
  const cwd = scratch()
  const entries = [{ env: 'toy_market', seeds: '1', ablations: [{ name: 'short', set: { horizon: 2 } }] }]
  writeFileSync(join(cwd, 'suite.json'), JSON.stringify({ name: 'cells', players: ['random'], entries }))
  const { code, err } = await agoragym('eval --suite suite.json', { cwd })
  expect(code).toBe(0)
  expect(err.match(/1\/1 rollouts of \S+/g)).toEqual(
    readdirSync(join(cwd, 'runs', 'cells')).map(cell => `1/1 rollouts of ${cell}`),
  )
  const single = await agoragym('eval toy_market --players random --seeds 1', { cwd })
  expect(single.err).toContain('1/1 rollouts  ')
})

test('--label beside --suite is for --players: without them one line says where labels of the suite stand', async () => {
  const cwd = scratch()
  writeFileSync(
    join(cwd, 'suite.json'),
    JSON.stringify({ name: 'labels', players: ['random'], entries: [{ env: 'toy_market', seeds: '1' }] }),
  )
  for (const label of ['random=dice', 'dice']) {
    const { code, err } = await agoragym(`eval --suite suite.json --label ${label}`, { cwd })
    expect([code, err]).toEqual([2, expect.stringMatching(/^.*--label names a player of --players.*\n$/)])
  }
  const { code, out } = await agoragym('eval --suite suite.json --players random --label random=dice', { cwd })
  expect(code).toBe(0)
  expect(out).toContain('dice')
})
