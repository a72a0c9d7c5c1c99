// The thread that plays rollouts, run from the sources as they lie here.
await import('../typescript.mjs')
await import('../../economies/play_worker.ts')
