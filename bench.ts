/** `agoragym/bench`: how fast the economies and the runner are on this machine, as `agoragym bench` prints it. */
export { runApart } from './bench/apart.ts'
export { benches } from './bench/index.ts'
export type { Bench, BenchRow } from './economies/bench.ts'
