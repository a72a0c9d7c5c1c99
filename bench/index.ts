/** The benchmarks, one line each. */
import type { Bench } from './bench.ts'
import { simEconomyBench } from './sim_economy.ts'

export const benches: readonly Bench[] = [simEconomyBench]
