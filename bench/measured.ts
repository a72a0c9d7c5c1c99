/** What benchmarks measure of processes. Knows no benchmark. */
import { readFileSync } from 'node:fs'

/** Milliseconds of this process's processor time, in all threads, since an earlier `process.cpuUsage()`. */
export function cpuMs(since: NodeJS.CpuUsage): number {
  const { user, system } = process.cpuUsage(since)
  return (user + system) / 1000
}

/** MB that a process holds; NaN where the system does not tell. */
export function residentMb(pid: number): number {
  try {
    return Number(/VmRSS:\s+(\d+) kB/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))![1]) / 1000
  } catch {
    return Number.NaN
  }
}
