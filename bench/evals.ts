/**
 * How fast runs are compared, and what is held meanwhile: the same at a tenth of the rollouts. Each comparison runs in a
 * process of its own, so that its peak is its own.
 */
import { spawnSync } from 'node:child_process'
import { closeSync, mkdtempSync, openSync, readSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type Bench, type BenchRow, clocked } from '../economies/bench.ts'
import { FILES } from '../rollouts/store.ts'
import { type Cost, costRows, megabytes, playShort, repeated } from './short_runs.ts'

const SMALL = 10_000
const LARGE = 100_000

/** What is compared: scores and calls alone, and what the logs say of habits as well. Both are read from one file. */
const WAYS = ['figures', 'figures and habits'] as const
/** What comparisons read. */
const READ = [FILES.figures]

export const evals: Bench = {
  id: 'evals',
  title: `comparing ${LARGE} rollouts of ${LARGE / 4} scenarios, bytes read a second beside those of reading alone`,
  run: measure,
}

async function measure(): Promise<BenchRow[]> {
  const folder = mkdtempSync(join(tmpdir(), 'agoragym-bench-'))
  try {
    const played = await playShort(join(folder, 'played'))
    const few = repeated(played, join(folder, 'few'), SMALL)
    const many = repeated(played, join(folder, 'many'), LARGE)
    const disk = megabytes(many, READ) / clocked(() => readThrough(join(many, FILES.figures)))
    return [
      { what: 'reading figures.jsonl', value: disk, unit: 'MB/s' },
      ...WAYS.flatMap((what, logs) => {
        const before = compared(few, logs === 1, SMALL)
        const after = compared(many, logs === 1, LARGE)
        const rate = megabytes(many, READ) / after.seconds
        return [
          { what, value: LARGE / after.seconds, unit: 'rollouts/s' },
          { what: '  bytes read', value: rate, unit: 'MB/s', ratio: rate / disk, of: 'reading' },
          ...costRows(after, before, SMALL),
        ]
      }),
    ]
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

/** Reads a file a chunk at a time: a process that held it whole would hand its peak on to those it starts. */
function readThrough(path: string): void {
  const chunk = Buffer.allocUnsafe(1 << 20)
  const file = openSync(path, 'r')
  while (readSync(file, chunk, 0, chunk.length, null) > 0);
  closeSync(file)
}

/** With the start of its process, but for the seconds. */
interface Compared extends Cost {
  readonly seconds: number
}

/** Compares a run in a process of its own. */
function compared(run: string, logs: boolean, rollouts: number): Compared {
  const module = (path: string): string => JSON.stringify(new URL(path, import.meta.url).href)
  const script = `
    import { environments } from ${module('../economies/registry.js')}
    import { compare } from ${module('../evals/compare.js')}
    const start = performance.now()
    compare([${JSON.stringify(run)}], { environments, logs: ${logs} })
    const seconds = (performance.now() - start) / 1000
    const { user, system } = process.cpuUsage()
    console.log(JSON.stringify({ seconds, cpu: (user + system) / ${rollouts}, peak: process.resourceUsage().maxRSS / 1000 }))`
  const { stdout, stderr, status } = spawnSync(process.execPath, ['--input-type=module', '-e', script], { encoding: 'utf8' })
  if (status !== 0) throw new Error(`bench: the comparison failed: ${stderr}`)
  return JSON.parse(stdout) as Compared
}
