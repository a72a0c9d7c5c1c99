// Lets a thread of Node run the package's TypeScript as it lies here, also where Node itself runs none: types are removed as modules
// are loaded. `await import('./typescript.mjs')` first.
import { readFileSync } from 'node:fs'
import { register } from 'node:module'
import { fileURLToPath } from 'node:url'
import { transform } from 'esbuild'

/** A hook of Node's loader: see `node:module`. */
export async function load(url, context, next) {
  if (!url.endsWith('.ts')) return next(url, context)
  const { code } = await transform(readFileSync(fileURLToPath(url), 'utf8'), { loader: 'ts', format: 'esm' })
  return { format: 'module', source: code, shortCircuit: true }
}

if (!process.features.typescript && import.meta.url.endsWith('.mjs')) register(import.meta.url)
