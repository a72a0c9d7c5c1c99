/**
 * What worker threads gain: the first scripted player of each economy in its default setting, played into a run folder by one thread
 * and by two, each timing in a process of its own and in turns. A thread compiles what it plays for itself, so that short runs gain
 * less than long ones: told are the first rollouts with the start of threads, whole runs, and what comes after the first third. Two
 * threads gain what idle cores there are: the load of the machine stands beside.
 */
import { fork } from 'node:child_process'
import { availableParallelism, loadavg } from 'node:os'
import { extname } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { Bench, BenchRow } from '../economies/bench.ts'
import type { Economy } from '../economies/economy.ts'
import { importedModules } from '../economies/imports.ts'
import { economies } from '../economies/registry.ts'
import { median } from '../envs/core/sums.ts'
import type { AskedTiming, Mark } from './workers_timing.ts'

/** Rollouts of a timing, and of its beginning. */
const [ROLLOUTS, FIRST] = [900, 100]

/** Timings of each way, in turns. */
const ROUNDS = 2

export const workers: Bench = {
  id: 'workers',
  title: `${ROLLOUTS} rollouts of scripted players by one thread and by two (--workers 2)`,
  run: () => measure(economies.list().filter(({ bench }) => bench !== undefined)),
}

async function measure(list: readonly Economy[]): Promise<BenchRow[]> {
  const rows: BenchRow[] = [
    { what: 'cores', value: availableParallelism(), unit: '' },
    { what: 'load before', value: loadavg()[0]!, unit: 'processes (1 min)' },
  ]
  for (const { env, players } of list) {
    const [player] = players as readonly [string]
    const alone: Timing[] = []
    const two: Timing[] = []
    for (let round = 0; round < ROUNDS; round++) {
      alone.push(await timed(env.id, player, 1))
      two.push(await timed(env.id, player, 2))
    }
    const of = (timings: readonly Timing[], figure: keyof Timing): number => median(timings.map(timing => timing[figure]))!
    const beside = (what: string, figure: keyof Timing, unit: string): BenchRow => ({
      what: `  ${what}`,
      value: of(two, figure),
      unit,
      ratio: of(two, figure) / of(alone, figure),
      of: 'one thread',
    })
    rows.push(
      { what: `${env.id}, one thread, warm`, value: of(alone, 'warm'), unit: 'rollouts/s' },
      beside('two threads, warm', 'warm', 'rollouts/s'),
      beside(`  the first ${FIRST}, start included`, 'first', 'rollouts/s'),
      beside(`  all ${ROLLOUTS}, start included`, 'whole', 'rollouts/s'),
      beside('  of all threads together, warm', 'cpu', 'CPU ms/rollout'),
      beside('  of all threads together, start included', 'cpuWhole', 'CPU ms/rollout'),
      beside('  until the first rollout ends', 'start', 's'),
    )
  }
  return [...rows, { what: 'load after', value: loadavg()[0]!, unit: 'processes (1 min)' }]
}

interface Timing {
  /** Rollouts a second: after the first third, of the first ones, of all. */
  readonly warm: number
  readonly first: number
  readonly whole: number
  /** Milliseconds of processor time for each: what other programs on the machine do not disturb much. */
  readonly cpu: number
  readonly cpuWhole: number
  /** Seconds until the first had ended. */
  readonly start: number
}

async function timed(env: string, player: string, count: number): Promise<Timing> {
  const third = ROLLOUTS / 3
  const [one, first, begun, all] = await marksOf({
    env,
    player,
    rollouts: ROLLOUTS,
    workers: count,
    marks: [1, FIRST, third, ROLLOUTS],
    imports: importedModules(),
  })
  const warm = ROLLOUTS - third
  return {
    warm: (1000 * warm) / (all.clock - begun.clock),
    first: (1000 * FIRST) / first.clock,
    whole: (1000 * ROLLOUTS) / all.clock,
    cpu: (all.cpu - begun.cpu) / warm,
    cpuWhole: all.cpu / ROLLOUTS,
    start: one.clock / 1000,
  }
}

type Marks = readonly [one: Mark, first: Mark, begun: Mark, all: Mark]

function marksOf(asked: AskedTiming): Promise<Marks> {
  const child = fork(fileURLToPath(new URL(`./workers_timing${extname(import.meta.url)}`, import.meta.url)))
  child.send(asked)
  return new Promise((resolve, reject) => {
    child.once('message', marks => resolve(marks as unknown as Marks))
    child.once('error', reject)
    child.once('exit', code => reject(new Error(`bench: a timing of workers ended with code ${code}`)))
  })
}
