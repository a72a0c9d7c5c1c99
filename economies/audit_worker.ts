/** A thread that plays an audit's games: finds the economy by its id, after loading the modules that register more. */
import { workerData } from 'node:worker_threads'
import { serveJobs } from '../evals/audit/threads.ts'
import { subjectOf } from './economy.ts'
import { importPlugins } from './imports.ts'
import { economies } from './registry.ts'

const { id, modules } = workerData as { readonly id: string; readonly modules: readonly string[] }
await importPlugins(modules, '.')
serveJobs(await subjectOf(economies.get(id)))
