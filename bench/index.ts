/** The benchmarks: of every economy that has one, and of the parts of the runner. */
import type { Bench } from '../economies/bench.ts'
import { economies } from '../economies/registry.ts'
import { evals } from './evals.ts'
import { exporting } from './export.ts'
import { files } from './files.ts'
import { models } from './models.ts'
import { rollouts } from './rollouts.ts'
import { scale } from './scale.ts'
import { serving } from './serve.ts'
import { viewing } from './view.ts'
import { workers } from './workers.ts'

export async function benches(): Promise<Bench[]> {
  const own = await Promise.all(economies.list().flatMap(({ bench }) => (bench === undefined ? [] : [bench()])))
  return [...own, rollouts, workers, models, exporting, evals, files, serving, viewing, scale]
}
