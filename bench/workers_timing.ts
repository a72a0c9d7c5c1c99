/** One timing of `workers` in a process of its own, so that no code of it is compiled before: told what to play by a message. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { importPlugins } from '../economies/imports.ts'
import { economies } from '../economies/registry.ts'
import { experiment } from '../evals/experiment.ts'
import { runExperiment } from '../evals/run_experiment.ts'
import { cpuMs } from './measured.ts'

export interface AskedTiming {
  readonly env: string
  readonly player: string
  readonly rollouts: number
  readonly workers: number
  /** After how many rollouts a mark is set. */
  readonly marks: readonly number[]
  readonly imports: readonly string[]
}

/** Where a run was after so many rollouts, since it began: milliseconds of the clock, and of all threads' processor time. */
export interface Mark {
  readonly clock: number
  readonly cpu: number
}

process.once('message', async ({ env, player, rollouts, workers, marks, imports }: AskedTiming) => {
  await importPlugins(imports, '.')
  const out = mkdtempSync(join(tmpdir(), 'agoragym-bench-'))
  const [begun, cpu] = [performance.now(), process.cpuUsage()]
  const set: Mark[] = []
  let ended = 0
  try {
    await runExperiment(experiment({ entries: [{ env, players: [player], seeds: `${rollouts}` }] }), {
      economies,
      out,
      workers,
      onEvent: ({ type }) => {
        if (type !== 'rollout' || !marks.includes(++ended)) return
        set.push({ clock: performance.now() - begun, cpu: cpuMs(cpu) })
      },
    })
  } finally {
    rmSync(out, { recursive: true, force: true })
  }
  process.send!(set, () => process.exit(0))
})
