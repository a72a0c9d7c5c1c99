/** The page that says what is in a run names every file and every field that a run really has. */
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { estimatorNamed, writeGroups } from '../../export.ts'
import { economies } from '../../index.ts'
import { experiment, Models, readCalls, readErrors, readResults, readSteps, readTraces, runExperiment } from '../../rollouts.ts'
import { randomCalls, startFakeProvider } from '../../testing.ts'

const page = readFileSync(join(import.meta.dirname, '..', '..', 'docs', 'runs.md'), 'utf8')
let folder: string
let run: string

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'agoragym-docs-'))
  // The second rollout's provider fails for good, so that there is an error to read.
  let asked = 0
  const provider = await startFakeProvider({ script: randomCalls, fault: () => (asked++ > 2 ? 'server_error' : undefined) })
  const { cells } = await runExperiment(
    experiment({
      repeats: 2,
      entries: [{ env: 'sim_economy', set: { horizon_turns: 2 }, seeds: '1', players: [`openai:fake@${provider.url}`] }],
    }),
    { economies, models: new Models({ retry: { maxRetries: 0 } }), out: folder, concurrency: 1 },
  )
  await provider.close()
  run = cells[0]!.runs[0]!.folder
  writeGroups(run, 1, estimatorNamed('grpo'))
}, 60_000)
afterAll(() => rmSync(folder, { recursive: true, force: true }))

test('every file of a run is told of', () => {
  const names = readdirSync(run)
  expect(names).toEqual(
    expect.arrayContaining(['metadata.json', 'rollouts.jsonl', 'figures.jsonl', 'calls.jsonl', 'errors.jsonl', 'groups.jsonl']),
  )
  for (const name of names) expect(page, name).toContain(`\`${name}`)
})

const text = (name: string): string => readFileSync(join(run, name), 'utf8')
const first = (rows: Iterable<object>): object => [...rows][0]!

test.each<[string, () => object]>([
  ['metadata.json', () => JSON.parse(text('metadata.json'))],
  ['Results', () => first(readResults(run))],
  ['Traces', () => first(readTraces(run))],
  ['Steps', () => first(readSteps(run))],
  ['Calls', () => first(readCalls(run))],
  ['errors.jsonl', () => first(readErrors(run))],
  ['groups.jsonl', () => JSON.parse(text('groups.jsonl').split('\n')[0]!)],
])('every field of %s is told of in its section', (name, read) => {
  const section = page.slice(page.indexOf(`## ${name}`)).split('\n## ')[0]!
  const row = read() as Record<string, unknown>
  // Metrics stand at the top level of a result as well.
  const repeated = name === 'Results' ? Object.keys(row.metrics as object) : []
  const untold = Object.keys(row).filter(field => !repeated.includes(field) && !section.includes(`\`${field}\``))
  expect(untold).toEqual([])
})
