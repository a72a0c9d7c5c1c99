/** The page that says what is in a run names every file and every field that a run really has. */
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { estimatorNamed, writeGroups } from '../../export.ts'
import { economies } from '../../index.ts'
import { experiment, Models, runExperiment } from '../../rollouts.ts'
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
  expect(names).toEqual(expect.arrayContaining(['metadata.json', 'results.jsonl', 'calls.jsonl', 'errors.jsonl', 'groups.jsonl']))
  for (const name of names) expect(page, name).toContain(`\`${name}`)
})

test.each(['metadata.json', 'results.jsonl', 'traces.jsonl', 'steps.jsonl', 'calls.jsonl', 'errors.jsonl', 'groups.jsonl'])(
  'every field of %s is told of in its section',
  name => {
    const section = page.slice(page.indexOf(`## ${name}`)).split('\n## ')[0]!
    const text = readFileSync(join(run, name), 'utf8')
    const row = JSON.parse(name.endsWith('.json') ? text : text.split('\n')[0]!) as Record<string, unknown>
    // Metrics stand at the top level of a result as well.
    const repeated = name === 'results.jsonl' ? Object.keys(row.metrics as object) : []
    const untold = Object.keys(row).filter(field => !repeated.includes(field) && !section.includes(`\`${field}\``))
    expect(untold).toEqual([])
  },
)
