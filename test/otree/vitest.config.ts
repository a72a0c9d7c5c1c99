/** Claims with a real oTree on this machine, against the compiled program: `npm run test:otree`. */
import { defineConfig } from 'vitest/config'

export default defineConfig({
  test: {
    include: ['test/otree/**/*.otree.ts'],
    globalSetup: ['test/temporary.ts', 'test/otree/setup.ts'],
    typecheck: { enabled: false },
    testTimeout: 600_000,
    hookTimeout: 120_000,
    fileParallelism: false,
  },
})
