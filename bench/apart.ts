/** Runs a part of the benchmarks in a process of its own. */
import { fork } from 'node:child_process'
import { extname } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { BenchRow } from '../economies/bench.ts'
import { importedModules } from '../economies/imports.ts'
import type { AskedPart } from './part.ts'

/** The rows of a part. Rejects where its process fails; what went wrong stands on standard error. */
export function runApart(id: string, stop?: AbortSignal): Promise<readonly BenchRow[]> {
  const here = fileURLToPath(import.meta.url)
  const child = fork(here.replace(`apart${extname(here)}`, `part${extname(here)}`), {
    ...(stop !== undefined && { signal: stop }),
  })
  child.send({ id, imports: importedModules() } satisfies AskedPart)
  return new Promise((resolve, reject) => {
    child.once('message', rows => resolve(rows as BenchRow[]))
    child.once('error', reject)
    child.once('exit', code => reject(new Error(`bench: the process of ${id} ended with code ${code}`)))
  })
}
