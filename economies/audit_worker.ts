/** A thread that plays an audit's games: finds the economy by its id, after loading what users add. */
import { workerData } from 'node:worker_threads'
import { serveJobs } from '../evals/audit/threads.ts'
import { subjectOf } from './economy.ts'
import { findConfig, importPlugins } from './imports.ts'
import { economies } from './registry.ts'

/** What the command line was told: where, and what `--import` named. */
export interface AuditWorkerData {
  readonly id: string
  readonly cwd: string
  readonly imports: readonly string[]
}

const { id, cwd, imports } = workerData as AuditWorkerData
const config = findConfig(cwd)
if (config !== undefined) await importPlugins([config], cwd, 'config file')
await importPlugins(imports, cwd)
serveJobs(await subjectOf(economies.get(id)))
