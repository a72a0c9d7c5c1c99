/** Rollouts in worker threads: the files of one thread, whatever dies, throws or stops. */
import { join } from 'node:path'
import { beforeAll, describe, expect, test } from 'vitest'
import { call } from '../../envs/core/policy.ts'
import { experiment } from '../../evals/experiment.ts'
import { type RunExperimentOptions, runExperiment } from '../../evals/run_experiment.ts'
import { economies, importPlugins } from '../../index.ts'
import type { Player } from '../../rollouts/player.ts'
import { findRuns, readMetadata, readSteps, readTraces } from '../../rollouts/store.ts'
import { contentsOf } from '../rollouts/contents.ts'
import { scratch } from '../rollouts/table.ts'

beforeAll(() => importPlugins([join(import.meta.dirname, 'toy_threads.ts')], '.'))

/** The registered economies, found by threads that run the sources. */
const found = () => ({
  get: (id: string) => economies.get(id),
  has: (id: string) => economies.has(id),
  ids: () => economies.ids(),
  list: () => economies.list(),
  thread: { module: new URL('./play_thread.mjs', import.meta.url), imports: economies.thread.imports },
})

const asked = (players: string[], seeds = 30) =>
  experiment({ repeats: 2, entries: [{ env: 'toy_threads', set: { horizon: 4 }, players, seeds: `${seeds}` }] })

const run = (out: string, players: string[], options: Partial<RunExperimentOptions> = {}) =>
  runExperiment(asked(players), { economies: found(), out, ...options })

/** All that the folders say but for times, in the order in which it stands there. */
function told(out: string) {
  const runs = findRuns(out)
  return {
    ...contentsOf(runs),
    logs: runs.map(folder => [...readSteps(folder)].map(({ key }) => key)),
    traces: runs.flatMap(folder =>
      [...readTraces(folder)].map(trace => JSON.stringify(trace, (name, value) => (TIMES.has(name) ? 0 : value))),
    ),
    metadata: runs.map(folder => ({ ...readMetadata(folder), time: 0, started: '', updated: '' })),
  }
}
const TIMES = new Set(['start', 'end', 'duration', 'timing', 'time'])

/** A player of the program's own, which no thread knows. */
const own: Player = {
  name: 'mine',
  kind: 'bot',
  details: { of: 'the program' },
  policies: () => () => ({ act: async () => call('wait') }),
}

describe('threads', () => {
  test('give the files of one thread, beside players that only the program itself can seat', async () => {
    const [alone, together] = [scratch(), scratch()]
    const players = ['bot:seller', 'mine', 'random']
    const options = { own: (name: string) => (name === 'mine' ? own : undefined) }
    await run(alone, players, options)
    const facts: number[] = []
    const { left } = await run(together, players, { ...options, workers: 2, onWorkers: (...of) => facts.push(...of) })
    expect([left, facts]).toEqual([0, [2, 3]])
    expect(told(together)).toEqual(told(alone))
    expect(told(alone).results).toHaveLength(180)
  })

  test('that die are one clear error, and what they leave is played at the next command', async () => {
    const [whole, died] = [scratch(), scratch()]
    await run(whole, ['bot:deadly'])
    const { left, played, stopped } = await run(died, ['bot:deadly'], { workers: 2 })
    expect(stopped).toEqual(['A worker thread has ended: it left with code 3. What was finished is kept; go on with --resume.'])
    expect(played).toBeGreaterThan(0)
    expect(played + left).toBe(60)
    expect(told(died).results).toHaveLength(played)
    expect((await run(died, ['bot:deadly'], { resume: true })).left).toBe(0)
    expect(told(died)).toEqual(told(whole))
  })

  test('in which a bot throws: the error names the rollout, and the others stay', async () => {
    const out = scratch()
    await expect(run(out, ['bot:broken'], { workers: 2 })).rejects.toThrow(/^rollout toy_threads\.v\S+-r[01]: out of grain$/)
    expect(told(out).results.length).toBeGreaterThan(0)
  })

  test('really play, and the main one beside them', async () => {
    let here = 0
    const { cells, played } = await run(scratch(), ['bot:telltale'], {
      workers: 2,
      onEvent: ({ type }) => type === 'rollout_start' && here++,
    })
    expect([played, here > 0, here < 60]).toEqual([60, true, true])
    // Each of its four calls is refused in a thread.
    expect(cells[0]!.runs[0]!.summary.refused).toEqual({ unknown_tool: (4 * (60 - here)) / 60 })
  })

  test('stop when they are told to: what is left is counted', async () => {
    const [out, stop] = [scratch(), new AbortController()]
    const { left, played } = await run(out, ['bot:seller'], {
      workers: 2,
      signal: stop.signal,
      onEvent: ({ type }) => type === 'rollout' && stop.abort(),
    })
    expect(played + left).toBe(60)
    expect(left).toBeGreaterThan(0)
    expect(told(out).results).toHaveLength(played)
  })

  test('are refused where they could not find what is played, or are no number of threads', async () => {
    const { thread: _, ...unknown } = found()
    await expect(run(scratch(), ['random'], { economies: unknown, workers: 2 })).rejects.toThrow(
      'threads cannot find these economies',
    )
    for (const workers of [0, 1.5, 1e6])
      await expect(run(scratch(), ['random'], { workers })).rejects.toThrow(/^workers: expected an integer from 1 to \d+, .* got/)
    const forgetful = { ...found(), thread: { ...found().thread, imports: [] } }
    const { message } = (await run(scratch(), ['random'], { economies: forgetful, workers: 2 }).catch(
      error => error as Error,
    )) as Error
    expect(message).toMatch(/^A worker thread cannot play the experiment\. No environment 'toy_threads'/)
  })
})
