/** The claims that take minutes: `npm run test:full`, against the compiled program. */
import { defineConfig } from 'vitest/config'

export default defineConfig({
  test: {
    include: ['test/full_size/**/*.full.ts'],
    globalSetup: ['test/temporary.ts'],
    typecheck: { enabled: false },
    testTimeout: 1_200_000,
    fileParallelism: false,
  },
})
