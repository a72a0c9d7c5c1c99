/**
 * Exports read by the libraries they are for. Needs a Python with datasets, trl and transformers, named by AGORAGYM_PYTHON
 * (python3 by default); says so and is skipped where there is none.
 */
import { execFileSync, spawnSync } from 'node:child_process'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { formats } from '../../../rollouts/export/formats.ts'
import { parseSplits } from '../../../rollouts/export/split.ts'
import { scratch } from '../table.ts'
import { play, playModel, toExport } from './toy_runs.ts'

const python = process.env.AGORAGYM_PYTHON ?? 'python3'
const CHECK = join(import.meta.dirname, '../../python/check_exports.py')

/** Why the readers cannot be used; undefined where they can. */
function missing(): string | undefined {
  const { status, stderr, error } = spawnSync(python, ['-c', 'import datasets, trl, transformers, jinja2'], { encoding: 'utf8' })
  if (error !== undefined) return error.message
  return status === 0 ? undefined : (stderr.trim().split('\n').at(-1) ?? '')
}

const why = missing()
if (why !== undefined)
  console.log(
    `Skipped: exports read by datasets and TRL (${python}: ${why}). Install them and name the Python in AGORAGYM_PYTHON.`,
  )

test.skipIf(why !== undefined)(
  'datasets, TRL and Verifiers read every format as it was written',
  async () => {
    const out = scratch()
    const bots = await play(join(out, 'runs'), { seeds: [0, 1, 5], repeats: 3 })
    const model = await playModel(join(out, 'runs'), {
      seeds: [0, 1],
      repeats: 3,
      extraBody: { return_token_ids: true, logprobs: true },
    })
    const places: string[] = []
    for (const format of formats) {
      const place = join(out, format.id)
      const splits = format.id === 'preference' ? { splits: parseSplits('train=0.6,test=0.4') } : {}
      await toExport([bots, model], format.id, place, { includeTruncated: true, margin: 0.01, ...splits })
      places.push(place)
    }
    const told = execFileSync(python, [CHECK, ...places], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] })
    expect(told).toMatch(/\n\d+ passed, 0 failed/)
  },
  240_000,
)
