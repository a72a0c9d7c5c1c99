/** Parts of an experiment, and the run that is made of them. */
import { cpSync, existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { experiment } from '../../evals/experiment.ts'
import { mergeRuns } from '../../evals/merge.ts'
import { planExperiment, rolloutsOf } from '../../evals/run_experiment.ts'
import { byExample, shardOf } from '../../evals/shards.ts'
import { TaskSpecs, taskOf } from '../../evals/tasks.ts'
import { call, economies, PASS, type PolicyFactory } from '../../index.ts'
import { ProviderError } from '../../rollouts/player.ts'
import { rolloutKey } from '../../rollouts/rollout.ts'
import { RunStore, readCalls, readErrors, readMetadata, readSteps } from '../../rollouts/store.ts'
import { agoragym } from '../commands/console.ts'
import { contentsOf } from '../rollouts/contents.ts'
import { later, scratch } from '../rollouts/table.ts'
import type { ToyTypes } from '../toy_market/index.ts'
import { failing, playToy } from './toy_runs.ts'

/** What a bot does that plays today as it did not yesterday. */
let mood = 'wait'
const fickle: PolicyFactory<ToyTypes> = () => ({ act: () => (mood === 'wait' ? call('wait') : PASS) })
economies.addBots('toy_market', { fickle: { description: 'Follows its mood.', factory: fickle } })

const PLAY = 'rollouts toy_market --player bot:seller,random --seeds 10 --group-size 2 --set horizon=3'

/** Plays the parts of a run. */
async function play(cwd: string, parts: readonly string[], more = ''): Promise<void> {
  for (const part of parts) expect((await agoragym(`${PLAY} --shard ${part}${more}`, { cwd })).code).toBe(0)
}

/** The run folders below a folder, by name. */
const runsOf = (folder: string): string[] =>
  readdirSync(folder)
    .filter(name => existsSync(join(folder, name, 'metadata.json')))
    .sort()
    .map(name => join(folder, name))

/** All that a folder of runs says but for times, in the order in which it stands there. */
function told(folder: string) {
  const runs = runsOf(folder)
  return {
    ...contentsOf(runs),
    names: runs.map(run => readdirSync(run)),
    order: runs.map(run => [...readSteps(run)].map(({ key }) => key)),
    groups: runs.map(run => readFileSync(join(run, 'groups.jsonl'), 'utf8')),
    metadata: runs.map(run => ({ ...readMetadata(run), time: 0, started: '', updated: '' })),
  }
}

test('sixteen parts made one are the run that was not divided, and the tables of all three are equal', async () => {
  const cwd = scratch()
  expect((await agoragym(`${PLAY} --out plain`, { cwd })).code).toBe(0)
  const parts = Array.from({ length: 16 }, (_, i) => `${i + 1}/16`)
  await play(cwd, parts)
  const { code, out } = await agoragym('merge whole runs', { cwd })
  expect([code, out]).toEqual([
    0,
    expect.stringMatching(/^whole\/\S+: 20 of 20 rollouts from 10 parts\nwhole\/\S+: 20 of 20 rollouts from 10 parts\n$/),
  ])
  expect(told(join(cwd, 'whole'))).toEqual(told(join(cwd, 'plain')))
  const table = async (folder: string) => (await agoragym(`compare ${folder} --all`, { cwd })).out
  expect(await table('whole')).toBe(await table('plain'))
  expect(await table('runs')).toBe(await table('plain'))
  // The parts are read as one: a row a run, and nothing missing.
  const listed = (await agoragym('runs runs', { cwd, columns: 200 })).out
  expect(listed.split('\n')).toHaveLength(4)
  expect(listed).toMatch(/^20\/20 .* runs\/shard-\*-of-16\/toy_market--bot-seller--\w+$/m)
  expect((await agoragym('replay whole', { cwd })).code).toBe(0)
  // A run like any other: gone on with, it has nothing left, and with more seeds plays those alone.
  expect((await agoragym(`${PLAY} --out whole --resume`, { cwd })).err).not.toContain('/')
  expect((await agoragym(`${PLAY.replace('10', '11')} --out whole --resume`, { cwd })).code).toBe(0)
  expect(readMetadata(runsOf(join(cwd, 'whole'))[0]!)).toMatchObject({
    ok: 22,
    planned: 22,
    examples: 'seeds 0:11',
    complete: true,
  })
})

test('every group is in one part, whole, and no part has more than one more than another, in all and of a player', () => {
  const asked = experiment({
    repeats: 3,
    entries: [
      {
        env: 'toy_market',
        ablations: [1, 2, 3].map(n => ({ name: `steps_${n}`, set: { horizon: n } })),
        seeds: '7',
        players: ['random', 'bot:seller', 'bot:miser'],
      },
    ],
  })
  const planned = planExperiment(asked, { economies })
  const groupsIn = (cells: typeof planned) =>
    cells.flatMap(({ plans }) =>
      plans.flatMap(({ examples, experiment: of }) => examples.rows.map(row => `${of!.order} ${row.index}`)),
    )
  for (const of of [1, 2, 3, 4, 7, 10, 21, 30]) {
    const parts = Array.from({ length: of }, (_, i) => groupsIn(shardOf(planned, { index: i + 1, of })))
    expect(parts.flat().sort()).toEqual(groupsIn(planned).sort())
    const spread = (counts: readonly number[]): number => Math.max(...counts) - Math.min(...counts)
    expect(spread(parts.map(groups => groups.length))).toBeLessThan(2)
    for (let run = 0; run < 12; run++)
      expect(spread(parts.map(groups => groups.filter(group => group.startsWith(`${run} `)).length))).toBeLessThan(2)
  }
})

test('a task is found by whoever has planned the same experiment, and refused by whoever has planned another', () => {
  const plan = (horizon: number) =>
    planExperiment(
      experiment({
        repeats: 2,
        entries: [{ env: 'toy_market', set: { horizon }, seeds: '3:6', players: ['random', 'bot:seller'] }],
      }),
      { economies },
    )
  const rollouts = [...rolloutsOf(plan(3))]
  const tasks = rollouts.map((spec, i) => taskOf({ spec, run: i < 6 ? 0 : 1 }))
  const [same, other] = [new TaskSpecs(plan(3)), new TaskSpecs(plan(4))]
  expect(tasks.map(task => rolloutKey(same.of(task)))).toEqual(rollouts.map(({ key }) => key))
  expect(() => other.of(tasks[0]!)).toThrow(/^The rollout \S+ is another, \S+, where it was to be played/)
  expect(() => same.of({ ...tasks[0]!, example: 6 })).toThrow('is not part of the experiment')
})

test('rows of parts are read in the order of their examples, each with its part', () => {
  const parts = [[0, 3, 3, 9], [1, 1, 4], [], [2, 5]]
  const read = [...byExample(parts, row => row)]
  expect(read.map(([, row]) => row)).toEqual(parts.flat().sort((a, b) => a - b))
  expect(parts.map((_, part) => read.filter(([of]) => of === part).map(([, row]) => row))).toEqual(parts)
})

test('what is missing is told, and comes in when it has been played, by its part or by the run itself', async () => {
  const cwd = scratch()
  await play(cwd, ['1/3', '3/3'])
  expect((await agoragym('compare runs', { cwd })).out).toContain('bot:seller: of 3 shards 1 are not here: 2.')
  const missing = await agoragym('merge whole runs', { cwd })
  expect(missing.code).toBe(1)
  expect(missing.out.replaceAll(/\s+/g, ' ')).toContain(
    '14 of 20 rollouts from 2 parts 6 are missing; shards that are not there: 2.',
  )
  const itself = join(cwd, 'itself')
  cpSync(join(cwd, 'whole'), itself, { recursive: true })
  expect((await agoragym(`${PLAY} --out itself --resume`, { cwd })).code).toBe(0)
  await play(cwd, ['2/3'], ' --compress gzip')
  const again = await agoragym('merge whole runs --resume', { cwd })
  expect(again.code).toBe(0)
  expect(told(join(cwd, 'whole'))).toEqual(told(itself))
})

describe('what cannot be made one run', () => {
  const merge = async (cwd: string, line: string) => {
    const { code, err } = await agoragym(`merge ${line}`, { cwd })
    return { code, err: err.replaceAll(cwd, '.') }
  }

  test('is told in one line: another configuration, a part named twice, itself, what is there, nothing, a part that is being played', async () => {
    const cwd = scratch()
    await play(cwd, ['1/2'])
    await play(cwd, ['2/2'], ' --set traders=3')
    const [one, other] = ['shard-1-of-2', 'shard-2-of-2'].map(part =>
      runsOf(join(cwd, 'runs', part))[0]!.slice(cwd.length + 1),
    ) as [string, string]
    expect(await merge(cwd, `whole ${one} ${other}`)).toEqual({
      code: 2,
      err: `./${other} is another run than ./${one} (config.traders: expected 2, got 3); only parts of one run are made one.\n`,
    })
    // A part of more seeds: what is missing of them would not be told.
    await agoragym(`${PLAY.replace('--seeds 10', '--seeds 9')} --shard 1/2 --out more`, { cwd })
    const [more] = runsOf(join(cwd, 'more', 'shard-1-of-2'))
    expect(await merge(cwd, `whole ${one} ${more!.slice(cwd.length + 1)}`)).toMatchObject({
      code: 2,
      err: expect.stringMatching(
        /^\.\/runs.* is part 1 of 2 of seeds 0:\d+, and \.\/more.* belongs to seeds 0:9; .*missing here: 2\)/,
      ),
    })
    expect(await merge(cwd, `whole ${one} runs`)).toEqual({ code: 2, err: `./${one} is named twice; name each part once.\n` })
    expect(await merge(cwd, `runs/shard-1-of-2 ${one}`)).toMatchObject({
      code: 2,
      err: expect.stringContaining('is a part, and where'),
    })
    expect(await merge(cwd, 'whole nowhere')).toMatchObject({ code: 2, err: expect.stringMatching(/^No run in nowhere\./) })
    expect((await merge(cwd, `whole ${one}`)).code).toBe(1)
    expect(await merge(cwd, `whole ${one}`)).toMatchObject({
      code: 2,
      err: expect.stringContaining('exists already: add --resume'),
    })
    // Then none is made, the others neither.
    const last = runsOf(join(cwd, 'runs', 'shard-1-of-2')).at(-1)!
    await merge(cwd, `some ${last}`)
    expect((await merge(cwd, 'some runs/shard-1-of-2')).code).toBe(2)
    expect(runsOf(join(cwd, 'some'))).toHaveLength(1)
    const store = new RunStore(join(cwd, one), { resume: true })
    expect(await merge(cwd, `again ${one}`)).toMatchObject({
      code: 1,
      err: expect.stringContaining('is being played by this process'),
    })
    store.close()
  })

  test('rollouts that are double are kept once, and told where they came out otherwise', async () => {
    const cwd = scratch()
    await play(cwd, ['1/2', '2/2'])
    for (const run of runsOf(join(cwd, 'runs', 'shard-1-of-2')))
      cpSync(run, join(cwd, 'runs', 'copy', run.split('/').at(-1)!), { recursive: true })
    const alike = await agoragym('merge alike runs --compress gzip', { cwd })
    expect([alike.code, alike.out]).toEqual([
      0,
      expect.stringContaining('10 rollouts stood in several parts, alike but for times'),
    ])
    // Another game under the same keys, for the same reward: code has changed, and nobody has counted the version up.
    const fickle = `${PLAY.replace('bot:seller,random', 'bot:fickle')} --shard 1/2`
    expect((await agoragym(`${fickle} --out first`, { cwd })).code).toBe(0)
    mood = 'pass'
    expect((await agoragym(`${fickle} --out second`, { cwd })).code).toBe(0)
    const otherwise = await agoragym('merge one first second', { cwd, columns: 1000 })
    expect(otherwise.code).toBe(1)
    expect(otherwise.out).not.toContain('alike but for times')
    expect(otherwise.out).toMatch(/\n10 rollouts came out otherwise .* Such as (\S+-s0-\S+): kept of first\/\S+, not of second\//)
    expect(contentsOf(runsOf(join(cwd, 'one')))).toEqual(contentsOf(runsOf(join(cwd, 'first', 'shard-1-of-2'))))
  })
})

test('a failure that another part made up for is none, whichever comes first; one that nobody did is listed once a part', async () => {
  const played = (...seeds: number[]) => playToy([failing('flaky', seeds)], { out: scratch() })
  const [[once], [never], [again]] = [await played(1), await played(), await played(1, 2)]
  for (const parts of [
    [once!, never!],
    [never!, once!],
  ]) {
    const [merged] = mergeRuns(scratch(), parts)
    expect(merged!.metadata).toMatchObject({ ok: 3, failed: 0, complete: true })
    expect(merged!.metadata.time).toBeCloseTo(
      parts.reduce((sum, part) => sum + readMetadata(part)!.time, 0),
      9,
    )
    expect([...readErrors(merged!.folder)]).toEqual([])
  }
  const [merged] = mergeRuns(scratch(), [once!, again!])
  expect(merged!.metadata).toMatchObject({ ok: 2, failed: 1 })
  expect([...readErrors(merged!.folder)].map(({ seed, attempt }) => [seed, attempt])).toEqual([
    [1, 1],
    [1, 2],
  ])
})

test('what a model answered before it failed is there once, to be gone on with', async () => {
  const player = later({
    onAsk: asked => {
      if (asked === 1) throw new ProviderError('no answer', { code: 'server_error', status: 500, attempts: 3 })
    },
  })
  const [part] = await playToy([player], { out: scratch(), seeds: [0] })
  const [merged] = mergeRuns(scratch(), [part!])
  const calls = (folder: string) => [...readCalls(folder)].map(({ key, agent, call }) => `${key} ${agent} ${call}`)
  expect(calls(part!)).toHaveLength(1)
  expect(calls(merged!.folder)).toEqual(calls(part!))
  expect([...readErrors(merged!.folder)]).toHaveLength(1)
})

test('a part that is none is refused in one line', async () => {
  const cwd = scratch()
  const refused = async (part: string, env: Record<string, string> = {}) => {
    const { code, err } = await agoragym(`${PLAY} --shard ${part}`, { cwd, env })
    expect([code, err.split('\n').length]).toEqual([2, 2])
    return err
  }
  for (const part of ['0/4', '5/4', '1/0']) expect(await refused(part)).toContain(`got ${part}`)
  for (const part of ['a/b', '3', '1/2/3', '1.5/4']) expect(await refused(part)).toContain('expected i/n')
  expect(await refused('env/4')).toContain('got neither')
  expect(await refused('env/4', { SLURM_ARRAY_TASK_ID: '0' })).toContain('SLURM_ARRAY_TASK_ID: expected an integer from 1')
  expect(await refused('env/4', { JOB_COMPLETION_INDEX: '4' })).toContain('got 5/4')
})

test('the part is read from a SLURM array or a Kubernetes job, and one to which nothing falls says so', async () => {
  const cwd = scratch()
  await agoragym(`${PLAY} --shard env/30`, { cwd, env: { SLURM_ARRAY_TASK_ID: '2' } })
  await agoragym(`${PLAY} --shard env/30`, { cwd, env: { JOB_COMPLETION_INDEX: '2' } })
  expect(readdirSync(join(cwd, 'runs'))).toEqual(['shard-02-of-30', 'shard-03-of-30'])
  const { code, err } = await agoragym(`${PLAY} --shard 21/30`, { cwd })
  expect([code, err]).toEqual([0, expect.stringContaining('--shard 21/30: nothing falls to this part')])
})
