/**
 * `agoragym/queue`: an experiment played on many machines through Redis: opened for `runExperiment({elsewhere})`, played by
 * workers, looked at by an operator. Needs the packages bullmq and ioredis.
 */
export { openQueue, type QueuedRun, type QueueOptions, queueUrl } from './queue/open.ts'
export type { SharedResults } from './queue/parts.ts'
export { openDesk, type QueueDesk, type QueueStatus, type RunStatus, type WorkerStatus } from './queue/status.ts'
export { runWorker, type WorkerOptions, type WorkerResult } from './queue/worker.ts'
