/** What travels from a worker to the collector: the lines of some rollouts of a cell, compressed. Knows no Redis. */
import { gunzipSync, gzipSync } from 'node:zlib'
import type { FailedLines, FinishedLines } from '../rollouts/rows.ts'

export interface Played {
  /** The number of the rollout in its cell. */
  readonly n: number
  /** Which of the cell's runs it belongs to. */
  readonly plan: number
  readonly lines: FinishedLines | FailedLines
}

export interface Results {
  readonly cell: number
  readonly played: readonly Played[]
}

/** Traces repeat themselves: the fastest level leaves a tenth of them. */
export const packedResults = (results: Results): Buffer => gzipSync(JSON.stringify(results), { level: 1 })

export const unpackedResults = (data: Buffer): Results => JSON.parse(gunzipSync(data).toString('utf8')) as Results
