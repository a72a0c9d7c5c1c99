/** The data sets as files: written once, read back by every command. */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { swarmEconomy } from '../../envs/swarm_economy/index.ts'
import { Episode } from '../../index.ts'
import { readFigures } from '../../rollouts/store.ts'
import { type Ran, agoragym as run } from './console.ts'

let folder: string
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'agoragym-scenarios-'))
})
afterAll(() => rmSync(folder, { recursive: true, force: true }))

const agoragym = (line: string): Promise<Ran> => run(line, { cwd: folder })

test('a row holds its id, seed and configuration, and what a model is told first', async () => {
  const { code, out } = await agoragym('scenarios swarm_economy --profile v0.1 --count 3')
  expect(code).toBe(0)
  const rows = out
    .trimEnd()
    .split('\n')
    .map(line => JSON.parse(line))
  expect(rows.length).toBe(3)
  const [{ id, seed, config, prompt }] = rows
  expect(id).toBe('v0.1-medium-000')
  const episode = new Episode(swarmEconomy, config, seed)
  expect(prompt).toEqual([
    { role: 'system', content: swarmEconomy.rules(episode.config, 'learner') },
    { role: 'user', content: swarmEconomy.render(episode.observe('learner')) },
  ])
})

test('a file that was written is read back, and gives the same games as the data set itself', async () => {
  expect(
    (await agoragym('scenarios swarm_economy --profile v0.2 --set mix=0/2/2 --count 4 --out sets/adversarial.jsonl')).out,
  ).toBe('sets/adversarial.jsonl: 4 rows\n')
  const results = async (examples: string, out: string) => {
    const { code } = await agoragym(`eval swarm_economy --players bot:worker --profile v0.2 --out ${out} ${examples}`)
    expect(code).toBe(0)
    const { out: listed } = await agoragym(`runs ${out} --json`)
    const [found] = JSON.parse(listed) as { folder: string }[]
    return [...readFigures(join(folder, out, found!.folder.split('/').at(-1)!))].map(({ reward }) => reward).sort()
  }
  expect(await results('--scenario-file sets/adversarial.jsonl', 'a')).toEqual(
    await results('--scenarios 4 --set mix=0/2/2', 'b'),
  )
})

test('the whole data set is written where no number is given', async () => {
  await agoragym('scenarios swarm_economy --profile v0.1 --out v01.jsonl')
  expect(readFileSync(join(folder, 'v01.jsonl'), 'utf8').trimEnd().split('\n').length).toBe(200)
})

test('an economy without scenarios, and a file that cannot be written, are told in one line', async () => {
  const none = await agoragym('scenarios sim_economy')
  expect(none).toMatchObject({ code: 2, out: '' })
  expect(none.err).toMatch(/^sim_economy has no scenarios\. Economies that have: swarm_economy.*\.\n$/)
  const unwritten = await agoragym(`scenarios swarm_economy --count 1 --out ${folder}`)
  expect(unwritten).toMatchObject({ code: 2, err: expect.stringContaining('--out: cannot write') })
})
