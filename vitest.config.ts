/** How tests are run: which files share a process and which have their own. What is checked is theirs. */
import { defineConfig } from 'vitest/config'

declare module 'vitest' {
  interface ProvidedContext {
    /** Whether golden files are being rewritten. */
    updating: boolean
  }
}

/**
 * Test files that get a process of their own, because they add to the registries or change the process for good. All others share
 * two, where the package is loaded once for all of them; test/shared.ts fails a file that belongs here.
 */
const ALONE = [
  'test/commands/{cli,imports,models,observe,people,process,score,training}.test.ts',
  'test/evals/workers.test.ts',
  'test/rollouts/players.test.ts',
  'test/rollouts/models/served.test.ts',
  'test/serve/server.test.ts',
]

/** Files that share two others, where the toy market is registered as test/evals/toy_runs.ts does it. */
const TOYS = [
  'test/commands/{foreign_files,treatments}.test.ts',
  'test/evals/{compare,experiment,overview,score,shards,tally}.test.ts',
  'test/report/report.test.ts',
  'test/rollouts/{notes,verify}.test.ts',
  'test/rollouts/export/{export,formats,readers}.test.ts',
  'test/view/view.test.ts',
]

const SHARED = { isolate: false, setupFiles: ['test/setup.ts', 'test/shared.ts'] }

export default defineConfig({
  test: {
    typecheck: { enabled: false },
    testTimeout: 60_000,
    // What is transformed for one project serves the others, and the next run: entries go by the content of files.
    experimental: { fsModuleCache: true },
    // One file a core: by default one core would be left idle.
    maxWorkers: '100%',
    provide: { updating: process.argv.includes('--update') },
    globalSetup: ['test/temporary.ts'],
    // Begun in the order of their names, without a pause between them.
    projects: [
      { extends: true, test: { name: 'alone', include: ALONE, setupFiles: ['test/setup.ts'] } },
      {
        extends: true,
        test: { name: 'shared', include: ['test/**/*.test.ts'], exclude: [...ALONE, ...TOYS, '**/node_modules/**'], ...SHARED },
      },
      { extends: true, test: { name: 'toys', include: TOYS, ...SHARED } },
    ],
  },
})
