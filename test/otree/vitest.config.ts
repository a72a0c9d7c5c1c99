/** Claims with a real oTree: `OTREE=/path/to/otree npm run test:otree`, against the compiled program. Skipped where there is none. */
import { defineConfig } from 'vitest/config'

export default defineConfig({
  test: {
    include: ['test/otree/**/*.otree.ts'],
    typecheck: { enabled: false },
    testTimeout: 600_000,
    hookTimeout: 120_000,
    fileParallelism: false,
  },
})
