// A bug planted in memory: what replaces the text of one file as vite reads it, and studies and tests run with it. Used by `mutants.mjs` and
// `alternatives.mjs`; nothing is written.
import { readFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { createViteServer, startVitest } from 'vitest/node'

export const root = resolve(import.meta.dirname, '..')

/** How often the text to change stands in its file: a plant is good where it is once. */
export const found = ({ file, from }) => readFileSync(join(root, file), 'utf8').split(from).length - 1

/** The plugin that changes the text. */
export const planting = ({ file, from, to }) => ({
  name: 'planted-bug',
  enforce: 'pre',
  transform: (code, id) => (id.split('?')[0] === join(root, file) ? code.replace(from, () => to) : undefined),
})

/** A study as it is with a bug or without, `[module, export]`: `run` plays it with options beside its own, `close` ends it. */
export async function opened([module, name], plugins = []) {
  const server = await createViteServer({
    root,
    configFile: false,
    logLevel: 'silent',
    server: { middlewareMode: true, hmr: false, ws: false, watch: null },
    appType: 'custom',
    optimizeDeps: { noDiscovery: true, include: [] },
    plugins,
  })
  return {
    close: () => server.close(),
    async run(options = {}) {
      const { [name]: study } = await server.ssrLoadModule(`/${module}`)
      const defaults = Object.fromEntries(Object.entries(study.options).map(([key, { default: value }]) => [key, value]))
      return study.run({
        options: { ...defaults, ...options },
        env: {},
        signal: new AbortController().signal,
        progress() {},
      })
    },
  }
}

/** What a study gives, with a bug or without. */
export async function studied(study, options = {}, plugins = []) {
  const { run, close } = await opened(study, plugins)
  try {
    return await run(options)
  } finally {
    await close()
  }
}

/** Whether the tests of a file with these words in their names fail. */
export async function testFails({ test, named }, plugins) {
  const silent = { write: () => true }
  const streams = [process.stdout, process.stderr]
  const writes = streams.map(stream => stream.write)
  for (const stream of streams) stream.write = silent.write
  const status = process.exitCode
  try {
    const vitest = await startVitest(
      'test',
      [join(root, test)],
      {
        root,
        config: false,
        watch: false,
        reporters: [{}],
        maxWorkers: 1,
        globalSetup: [join(root, 'test/temporary.ts')],
        setupFiles: [join(root, 'test/setup.ts')],
        testTimeout: 60_000,
        provide: { updating: false },
        include: ['test/**/*.test.ts'],
        ...(named && { testNamePattern: named }),
      },
      { plugins },
    )
    const tests = vitest.state.getTestModules().flatMap(module => [...module.children.allTests()])
    await vitest.close()
    const run = tests.filter(one => one.result().state !== 'skipped')
    if (run.length === 0) throw new Error(`${test}: no test runs whose name has '${named}'`)
    return run.some(one => one.result().state === 'failed')
  } finally {
    process.exitCode = status
    streams.forEach((stream, i) => {
      stream.write = writes[i]
    })
  }
}
