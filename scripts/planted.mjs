// A bug planted in memory: what replaces the text of one file as vite reads it, and studies run with it. Used by `mutants.mjs` and
// `alternatives.mjs`; nothing is written.
import { readFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { createViteServer } from 'vitest/node'

export const root = resolve(import.meta.dirname, '..')

/** How often the text to change stands in its file: a plant is good where it is once. */
export const found = ({ file, from }) => readFileSync(join(root, file), 'utf8').split(from).length - 1

/** The plugin that changes the text. */
export const planting = ({ file, from, to }) => ({
  name: 'planted-bug',
  enforce: 'pre',
  transform: (code, id) => (id.split('?')[0] === join(root, file) ? code.replace(from, () => to) : undefined),
})

/** What a study gives, with a bug or without: `[module, export]`, and options beside its own. */
export async function studied([module, name], options = {}, plugins = []) {
  const server = await createViteServer({
    root,
    configFile: false,
    logLevel: 'silent',
    server: { middlewareMode: true, hmr: false, ws: false, watch: null },
    appType: 'custom',
    optimizeDeps: { noDiscovery: true, include: [] },
    plugins,
  })
  try {
    const { [name]: study } = await server.ssrLoadModule(`/${module}`)
    const defaults = Object.fromEntries(Object.entries(study.options).map(([key, { default: value }]) => [key, value]))
    return await study.run({
      options: { ...defaults, ...options },
      env: {},
      signal: new AbortController().signal,
      progress() {},
    })
  } finally {
    await server.close()
  }
}
