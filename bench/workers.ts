/**
 * What worker threads gain: the first scripted player of each economy in its default setting, played into a run folder by this
 * thread alone and by two beside it, in turns. Rates are those between the first and the last rollout that ended, without the start
 * of threads, which has a row of its own. Two threads gain what idle cores there are: the load of the machine stands beside.
 */
import { mkdtempSync, rmSync } from 'node:fs'
import { availableParallelism, loadavg, tmpdir } from 'node:os'
import { join } from 'node:path'
import type { EventLoopUtilization } from 'node:perf_hooks'
import type { Bench, BenchRow } from '../economies/bench.ts'
import type { Economy } from '../economies/economy.ts'
import { economies } from '../economies/registry.ts'
import { median } from '../envs/core/sums.ts'
import { experiment } from '../evals/experiment.ts'
import { runExperiment } from '../evals/run_experiment.ts'

/** Rollouts of a timing: a new thread is slow until its code is compiled, which a run of any length soon has behind it. */
const ROLLOUTS = 300

/** Timings of each way, in turns. */
const ROUNDS = 2

export const workers: Bench = {
  id: 'workers',
  title: 'rollouts of scripted players by this thread alone and by two worker threads',
  run: () => measure(economies.list().filter(({ bench }) => bench !== undefined)),
}

async function measure(list: readonly Economy[]): Promise<BenchRow[]> {
  const rows: BenchRow[] = [
    { what: 'cores', value: availableParallelism(), unit: '' },
    { what: 'load before', value: loadavg()[0]!, unit: 'processes (1 min)' },
  ]
  for (const { env, players } of list) {
    const [player] = players as readonly [string]
    await timed(env.id, player, ROLLOUTS / 10, 1)
    const alone: Timing[] = []
    const two: Timing[] = []
    for (let round = 0; round < ROUNDS; round++) {
      alone.push(await timed(env.id, player, ROLLOUTS, 1))
      two.push(await timed(env.id, player, ROLLOUTS, 2))
    }
    const of = (timings: readonly Timing[], figure: keyof Timing): number => median(timings.map(timing => timing[figure]))!
    const before = of(alone, 'rate')
    rows.push(
      { what: `${env.id}, one thread`, value: before, unit: 'rollouts/s' },
      { what: '  two workers', value: of(two, 'rate'), unit: 'rollouts/s', ratio: of(two, 'rate') / before, of: 'one thread' },
      {
        what: '  of all threads together',
        value: of(two, 'cpu'),
        unit: 'CPU ms/rollout',
        ratio: of(two, 'cpu') / of(alone, 'cpu'),
        of: 'one thread',
      },
      {
        what: '  main thread meanwhile',
        value: of(two, 'busy'),
        unit: 'ms/rollout',
        ratio: (of(two, 'busy') * before) / 1000,
        of: 'a rollout',
      },
      { what: '  until the first rollout ends', value: of(two, 'start'), unit: 's' },
    )
  }
  return [...rows, { what: 'load after', value: loadavg()[0]!, unit: 'processes (1 min)' }]
}

interface Timing {
  /** Rollouts a second. */
  readonly rate: number
  /** Milliseconds of this thread for each of them. */
  readonly busy: number
  /** Milliseconds of processor time of all threads for each: what other programs on the machine do not disturb much. */
  readonly cpu: number
  /** Seconds until the first had ended. */
  readonly start: number
}

async function timed(env: string, player: string, seeds: number, count: number): Promise<Timing> {
  const out = mkdtempSync(join(tmpdir(), 'agoragym-bench-'))
  const begun = performance.now()
  let first: { readonly at: number; readonly loop: EventLoopUtilization; readonly cpu: NodeJS.CpuUsage } | undefined
  let last = 0
  let busy = 0
  let cpu = { user: 0, system: 0 }
  let ended = 0
  try {
    await runExperiment(experiment({ entries: [{ env, players: [player], seeds: `${seeds}` }] }), {
      economies,
      out,
      workers: count,
      onEvent: ({ type }) => {
        if (type === 'rollout') {
          ended++
          last = performance.now()
          first ??= { at: last, loop: performance.eventLoopUtilization(), cpu: process.cpuUsage() }
          if (ended === seeds) {
            busy = performance.eventLoopUtilization(performance.eventLoopUtilization(), first.loop).active
            cpu = process.cpuUsage(first.cpu)
          }
        }
      },
    })
    const [after, start] = [ended - 1, first?.at ?? begun]
    return {
      rate: (1000 * after) / (last - start),
      busy: busy / after,
      cpu: (cpu.user + cpu.system) / 1000 / after,
      start: (start - begun) / 1000,
    }
  } finally {
    rmSync(out, { recursive: true, force: true })
  }
}
