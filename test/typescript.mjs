// Lets a thread of Node run the package's TypeScript as it lies here, also where Node itself runs none: types are removed as modules
// are loaded, once for all threads of a run of the tests. `await import('./typescript.mjs')` first.
import { createHash } from 'node:crypto'
import { mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import { register } from 'node:module'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { threadId } from 'node:worker_threads'
import { transform } from 'esbuild'

const FOLDER = join(tmpdir(), 'agoragym-typescript')

/** A hook of Node's loader: see `node:module`. */
export async function load(url, context, next) {
  if (!url.endsWith('.ts')) return next(url, context)
  const text = readFileSync(fileURLToPath(url), 'utf8')
  const kept = join(FOLDER, createHash('sha1').update(text).digest('hex'))
  try {
    return { format: 'module', source: readFileSync(kept, 'utf8'), shortCircuit: true }
  } catch {
    const { code } = await transform(text, { loader: 'ts', format: 'esm' })
    mkdirSync(FOLDER, { recursive: true })
    const own = `${kept}-${process.pid}-${threadId}`
    writeFileSync(own, code)
    // Whole or not there, whoever else is at it.
    renameSync(own, kept)
    return { format: 'module', source: code, shortCircuit: true }
  }
}

if (!process.features.typescript && import.meta.url.endsWith('.mjs')) register(import.meta.url)
