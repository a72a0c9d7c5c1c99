/** A thread that plays rollouts: loads the modules that register more, then plans the experiment as its parent did. */
import { workerData } from 'node:worker_threads'
import { serveRollouts, type WorkerData } from '../evals/workers.ts'
import { importPlugins } from './imports.ts'
import { economies } from './registry.ts'

const data = workerData as WorkerData
serveRollouts(data, async () => {
  await importPlugins(data.imports, '.')
  return economies
})
