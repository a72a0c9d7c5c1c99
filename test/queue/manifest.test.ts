/** What a worker is told of a run, and what must be the same on both ends. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { experiment } from '../../evals/experiment.ts'
import { planExperiment } from '../../evals/run_experiment.ts'
import { economies } from '../../index.ts'
import { carriedExperiment } from '../../queue/carried.ts'
import { nano } from '../../queue/limits.ts'
import {
  codeDiffers,
  type Manifest,
  manifestOf,
  packed,
  planDiffers,
  runId,
  unpacked,
  workerModels,
} from '../../queue/manifest.ts'
import { Models, type ModelsOptions } from '../../rollouts/models/index.ts'
import { atTerminal } from '../../rollouts/players/human.ts'

let folder: string
let elsewhere: string
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'agoragym-manifest-'))
  elsewhere = mkdtempSync(join(tmpdir(), 'agoragym-elsewhere-'))
  writeFileSync(join(folder, 'sly.md'), 'Be sly.')
  writeFileSync(join(folder, 'rows.jsonl'), '{"config": {"horizon_turns": 3}, "seed": 7, "id": "short"}\n')
})
afterAll(() => {
  for (const each of [folder, elsewhere]) rmSync(each, { recursive: true, force: true })
})

function manifest(players: string[], models: ModelsOptions = {}): Manifest {
  const asked = experiment({ entries: [{ env: 'sim_economy', scenario_file: 'rows.jsonl', players }] })
  const options = { cwd: folder, env: { OPENAI_API_KEY: 'sk-never-told-12345' }, ...models }
  const planned = planExperiment(asked, { economies, folder, models: new Models(options) })
  return manifestOf({ experiment: asked, folder, models: options, planned, out: 'runs', batch: 8, imported: [] })
}

const planned = (at: Manifest) =>
  planExperiment(at.experiment, { economies, folder: elsewhere, models: new Models(workerModels(at, elsewhere)) })

test('what crosses to a worker plans the same runs there, with the files that are named, and holds no key', () => {
  const made = manifest(['openai:m[persona=./sly.md]', 'bot:honest'])
  const told = unpacked(packed(made))
  expect(JSON.stringify(told)).not.toContain('never-told')
  expect(codeDiffers(told, [])).toBeUndefined()
  expect(planDiffers(told, planned(told))).toBeUndefined()
  expect(runId(told)).toBe(runId(manifest(['openai:m[persona=./sly.md]', 'bot:honest'])))
  expect(runId(told)).not.toBe(runId(manifest(['openai:m[persona=./sly.md]', 'bot:wary'])))
})

test('another build, another configuration and a missing module are told by what differs', () => {
  const made = manifest(['bot:honest'])
  expect(codeDiffers({ ...made, code: { ...made.code, agoragym: '9.9.9' } }, [])).toMatch(
    /^it needs agoragym 9\.9\.9, and this worker/,
  )
  expect(codeDiffers({ ...made, code: { ...made.code, code: 'f00' } }, [])).toMatch(/files of agoragym .* differ/)
  expect(codeDiffers({ ...made, imports: ['f00'] }, [])).toMatch(/needs a module of its own/)
  const other = { ...made, plans: made.plans.map(plan => ({ ...plan, prompt: 'other words' })) }
  expect(planDiffers(other, planned(made))).toMatch(/comes out differently here \(.*prompt/)
})

test('what others cannot play is refused: a person, credentials in a URL, a folder of answers', () => {
  expect(() => manifest(['openai:m@http://user:secret-word@host/v1'])).toThrow(/^(?!.*secret-word).*--api-key-var/)
  expect(() => manifest(['openai:m'], { cache: 'answers' })).toThrow('--cache and --queue exclude each other')
  const seated = atTerminal({ show: () => {}, ask: async () => undefined })
  const asked = experiment({ entries: [{ env: 'sim_economy', seeds: '1', players: ['human'] }] })
  const people = planExperiment(asked, { economies, people: seated })
  const options = { experiment: asked, folder, models: {}, planned: people, out: 'runs', batch: 8, imported: [] }
  expect(() => manifestOf(options)).toThrow('A human cannot play through a queue')
})

test('a name of a file that would lead out of the folder is not written', () => {
  expect(() => workerModels({ ...manifest(['bot:honest']), files: { '../../x': 'x' } }, elsewhere)).toThrow('no name of one')
})

test('every player that an experiment names takes its files along, and keeps its name and how it is asked', () => {
  const sly = { player: 'openai:m', label: 'fox', temperature: 0.5, persona: './sly.md' }
  const files: Record<string, string> = {}
  const carried = (fields: object, cwd = folder) => {
    const asked = experiment({ entries: [{ env: 'sim_economy', seeds: '1', ...fields }] } as never)
    return carriedExperiment(asked, folder, cwd, files).entries[0]!
  }
  const seats = { agent_1: sly }
  const found = [
    carried({ players: [sly] }).players![0],
    carried({ players: ['bot:honest'], seats }).seats!.agent_1,
    carried({ players: ['bot:honest'], lineups: [{ name: 'mixed', seats }] }).lineups![0]!.seats!.agent_1,
    carried({ tournament: { players: [sly, 'bot:honest'], seats: ['agent_0', 'agent_1'] } }).tournament!.players[0],
  ]
  const [name, ...others] = Object.keys(files)
  expect([others, files[name!]]).toEqual([[], 'Be sly.'])
  expect(found).toEqual(Array(4).fill({ ...sly, persona: `./${name}` }))
  // Another text under the same name is another file.
  writeFileSync(join(elsewhere, 'sly.md'), 'Be slyer.')
  carried({ players: [sly] }, elsewhere)
  expect(Object.values(files)).toEqual(['Be sly.', 'Be slyer.'])
})

test('prices are counted upwards in whole 1e-9 USD, so that no ceiling is passed by what was cut off', () => {
  expect([0.1, 1.5e-9, 1e-10].map(nano)).toEqual([1e8, 2, 1])
})
