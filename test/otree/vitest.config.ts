/** What is claimed of `connect otree`, against a real oTree server on this machine: `npm run test:otree`, with the compiled program. */
import { defineConfig } from 'vitest/config'

declare module 'vitest' {
  interface ProvidedContext {
    /** Address and key of the oTree server that all tests share. */
    otree: { readonly url: string; readonly key: string }
  }
}

export default defineConfig({
  test: {
    include: ['test/otree/**/*.otree.ts'],
    globalSetup: ['test/otree/setup.ts'],
    typecheck: { enabled: false },
    testTimeout: 120_000,
    fileParallelism: false,
  },
})
