/** What travels from a worker to the collector: what some rollouts of a run came to, compressed. Knows no Redis. */
import { gunzipSync, gzipSync } from 'node:zlib'
import type { Outcome } from '../rollouts/played.ts'

export type Played = Extract<Outcome, { readonly kind: 'played' }>

/** What a collector is told of a rollout: all of it, or that it lies in a part. */
export type Told = Extract<Outcome, { readonly kind: 'played' | 'kept' }>

export interface Results {
  /** The number of the run in its experiment. */
  readonly run: number
  readonly played: readonly { readonly n: number; readonly outcome: Told }[]
}

/** Traces repeat themselves: the fastest level leaves a tenth of them. */
export const packedResults = (results: Results): Buffer => gzipSync(JSON.stringify(results), { level: 1 })

export const unpackedResults = (data: Buffer): Results => JSON.parse(gunzipSync(data).toString('utf8')) as Results
