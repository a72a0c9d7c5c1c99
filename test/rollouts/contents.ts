/** What run folders hold, for comparing runs: without times, retries and the order in which things ended. */
import { readCalls, readResults, readSteps } from '../../rollouts/store.ts'

export function contentsOf(folders: readonly string[]) {
  const sorted = <T>(rows: readonly T[], name: (row: T) => string): T[] => rows.toSorted((a, b) => (name(a) < name(b) ? -1 : 1))
  return {
    results: sorted(
      folders.flatMap(run => [...readResults(run)].map(({ timing: _, ...row }) => row)),
      ({ key }) => key,
    ),
    steps: folders.flatMap(run => [...readSteps(run)].map(log => JSON.stringify(log))).sort(),
    calls: sorted(
      folders.flatMap(run => [...readCalls(run)].map(({ latency_ms: _l, retries: _r, ...row }) => row)),
      ({ key, agent, call }) => `${key} ${agent} ${call}`,
    ),
  }
}
