/** `agoragym/bench`: how fast the economies and the runner are on this machine, as `agoragym bench` prints it. */
export { benches } from './bench/index.ts'
export type { Bench, BenchRow } from './economies/bench.ts'
