import { defineConfig } from 'vitest/config'

declare module 'vitest' {
  interface ProvidedContext {
    /** Whether golden files are being rewritten. */
    updating: boolean
  }
}

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    setupFiles: ['test/setup.ts'],
    typecheck: { enabled: false },
    testTimeout: 60_000,
    // One file a core: by default one core would be left idle.
    maxWorkers: '100%',
    provide: { updating: process.argv.includes('--update') },
  },
})
