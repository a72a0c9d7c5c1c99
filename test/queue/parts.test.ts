/** Results in a shared folder: what workers write into their parts is all in the run, once, and what is lost of it is never taken for written. */
import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, truncateSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { basename, join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { experiment } from '../../evals/experiment.ts'
import { planExperiment, runExperiment } from '../../evals/run_experiment.ts'
import { economies } from '../../index.ts'
import { GatheredParts, WrittenParts } from '../../queue/parts.ts'
import type { Elsewhere } from '../../rollouts/batch.ts'
import { RunError } from '../../rollouts/errors.ts'
import { playRollout } from '../../rollouts/played.ts'
import type { RolloutSpec } from '../../rollouts/rollout.ts'
import type { FinishedLines } from '../../rollouts/rows.ts'
import { PlanSpecs } from '../../rollouts/run.ts'
import { countFinished, FILES, findRuns, readMetadata } from '../../rollouts/store.ts'
import { contentsOf } from '../rollouts/contents.ts'
import { scratch } from '../rollouts/table.ts'

const ID = 'r0123456789abcdef'
const asked = experiment({
  entries: [{ env: 'sim_economy', set: { horizon_turns: 2 }, players: ['bot:honest', 'bot:wary'], seeds: '3' }],
})
const planned = () => planExperiment(asked, { economies })

interface Play {
  readonly shared: string
  readonly resume?: boolean
  /** Which workers write the nth rollout of the command: several where it was delivered twice. */
  readonly by?: (n: number) => readonly number[]
  /** What befalls the parts when the workers have left, and before they are gathered. */
  readonly befalls?: (parts: string) => void
}

/** The first worker has two rollouts of the six, one of each run; the second has four. */
const UNEVEN = (n: number): number[] => [n % 3 === 0 ? 0 : 1]

/** Plays the experiment with two workers of this process, which keep what they play in parts of `shared`. Gives how many they played. */
async function play(out: string, { shared, resume = false, by = UNEVEN, befalls = () => {} }: Play): Promise<number> {
  const gathered = new GatheredParts(shared, ID, out, resume)
  const workers = [0, 1].map(() => new WrittenParts({ folder: shared, compress: 'none' }, ID, planned()))
  let count = 0
  const elsewhere: Elsewhere = {
    takes: () => true,
    async play(jobs, tell) {
      for (let next = jobs.next(); !next.done; next = jobs.next()) {
        const job = next.value
        for (const worker of by(count)) workers[worker]!.write(job.run!, [await finished(job.spec)])
        count++
        gathered.note(job.store)
        tell(job, { kind: 'kept' })
      }
      for (const worker of workers) worker.close()
      befalls(join(shared, ID))
    },
    gather: store => gathered.gather(store),
  }
  await runExperiment(asked, { economies, out, elsewhere, resume })
  return count
}

async function finished(spec: RolloutSpec): Promise<FinishedLines> {
  const outcome = await playRollout(spec)
  if (outcome.kind !== 'played' || !outcome.lines.ok) throw new Error('expected a finished rollout')
  return outcome.lines
}

/** What the runs are where one process plays them without parts. */
let alone: ReturnType<typeof contentsOf>
let folder: string
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'agoragym-parts-'))
  await runExperiment(asked, { economies, out: folder })
  alone = contentsOf(findRuns(folder))
})
afterAll(() => remove(folder))

const remove = (path: string): void => rmSync(path, { recursive: true })
/** The part of the first worker. */
const fewer = (parts: string): string =>
  readdirSync(parts)
    .map(part => join(parts, part))
    .find(part => findRuns(part).length === 2 && findRuns(part).every(run => countFinished(run) === 1))!

describe('parts of a run', () => {
  test('are run folders of their own, and together the run, where a rollout that stands in two counts once', async () => {
    const [out, shared] = [scratch(), scratch()]
    expect(await play(out, { shared, by: n => (n === 2 ? [0, 1] : UNEVEN(n)) })).toBe(6)
    expect(contentsOf(findRuns(out))).toEqual(alone)
    const parts = findRuns(shared).map(part => ({ finished: countFinished(part), ...readMetadata(part) }))
    expect(parts.map(({ finished, complete, ok }) => [finished, complete, ok])).toEqual(
      expect.arrayContaining([
        [1, true, 1],
        [2, true, 2],
        [2, true, 2],
        [2, true, 2],
      ]),
    )
  })

  test.each<[string, number, (parts: string) => void]>([
    ['the part of a worker is gone', 2, parts => remove(fewer(parts))],
    ['a part has lost what it had of a run', 1, parts => truncateSync(join(findRuns(fewer(parts))[0]!, FILES.rollouts))],
    ['the folder of the parts is gone', 6, remove],
  ])('where %s, that is the end of the command, and the %d lost rollouts are played by the next', async (_, lost, befalls) => {
    const [out, shared] = [scratch(), scratch()]
    const error = await play(out, { shared, befalls }).catch(error => error)
    expect(error).toBeInstanceOf(RunError)
    expect(error.message).toMatch(/ lacks [123] of the rollouts that workers have written\. .* --resume\.$/)
    expect(findRuns(out).map(run => readMetadata(run)!.complete)).toEqual([false, false])
    // Whatever was there before.
    await expect(play(out, { shared, resume: true, befalls: remove })).rejects.toThrow(/ lacks [123] of the rollouts/)
    expect(await play(out, { shared, resume: true })).toBe(lost)
    expect(contentsOf(findRuns(out))).toEqual(alone)
  })

  test('of an earlier command are gone on with where that is asked for, and refused otherwise', async () => {
    const shared = scratch()
    await play(scratch(), { shared })
    const out = scratch()
    await expect(play(out, { shared })).rejects.toThrow(/has parts of this run already: add --resume/)
    expect(await play(out, { shared, resume: true })).toBe(0)
    expect(contentsOf(findRuns(out))).toEqual(alone)
  })

  test('need a folder that can be made, and that the worker sees under a name that leads nowhere else', async () => {
    const shared = scratch()
    const worker = (id: string) => new WrittenParts({ folder: shared, compress: 'none' }, id, planned())
    expect(() => worker(ID)).toThrow(/where this worker does not see what the collector made there/)
    mkdirSync(join(shared, 'elsewhere'))
    for (const id of ['elsewhere', `../${basename(shared)}/elsewhere`, `${ID}/..`]) expect(() => worker(id)).toThrow(RunError)
    // Nor may what an experiment is called.
    new GatheredParts(shared, ID, scratch(), false)
    const [cell] = planned()
    const away = { order: 0, name: '../../away', cell: '', label: '' }
    const astray = [{ ...cell!, plans: cell!.plans.map(plan => ({ ...plan, experiment: { ...plan.experiment!, ...away } })) }]
    const lines = await finished([...new PlanSpecs(cell!.plans[0]!).all()][0]!)
    expect(() => new WrittenParts({ folder: shared, compress: 'none' }, ID, astray).write(0, [lines])).toThrow(/ is not in /)
    expect(existsSync(join(shared, 'away'))).toBe(false)
    writeFileSync(join(shared, 'file'), '')
    expect(() => new GatheredParts(join(shared, 'file'), ID, scratch(), false)).toThrow(RunError)
  })

  test('whose folder is gone take nothing more: a rollout that could not be kept is never said to be', async () => {
    const shared = scratch()
    new GatheredParts(shared, ID, scratch(), false)
    const worker = new WrittenParts({ folder: shared, compress: 'none' }, ID, planned())
    const [first, second] = [...new PlanSpecs(planned()[0]!.plans[0]!).all()]
    worker.write(0, [await finished(first!)])
    remove(join(shared, ID))
    const next = await finished(second!)
    expect(() => worker.write(0, [next])).toThrow(RunError)
    expect(() => worker.close()).toThrow(RunError)
  })
})
