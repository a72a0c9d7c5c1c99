/**
 * How fast runs become training files, and what is held meanwhile: rollouts of a short game, really played once and then
 * repeated in the files under other seeds, exported at two sizes.
 */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type Bench, type BenchRow, clocked } from '../economies/bench.ts'
import { environments } from '../economies/registry.ts'
import { estimatorNamed } from '../rollouts/export/advantage.ts'
import { exportRuns } from '../rollouts/export/export.ts'
import { formatNamed } from '../rollouts/export/formats.ts'
import { fingerprint } from '../rollouts/export/target.ts'
import { FILES } from '../rollouts/store.ts'
import { cpuMs } from './measured.ts'
import { type Cost, costRows, megabytes, playShort, REPEATS, repeated } from './short_runs.ts'

/** Rollouts exported: multiples of what is played. */
const SMALL = 1_000
const LARGE = 10_000

/** One that copies, one that turns messages around, one that pairs rollouts, one that is not text. */
const FORMATS = ['verifiers', 'sft-trl', 'preference', 'parquet'] as const

/** The files that exports are made from. */
const READ = [FILES.rollouts, FILES.figures]

export const exporting: Bench = {
  id: 'export',
  title: 'runs to training files, bytes read a second beside those of reading alone',
  run: () => measure(SMALL, LARGE),
}

/** The figures at two numbers of rollouts. */
export async function measure(small: number, large: number): Promise<BenchRow[]> {
  const folder = mkdtempSync(join(tmpdir(), 'agoragym-bench-'))
  try {
    const played = await playShort(join(folder, 'played'))
    const few = repeated(played, join(folder, 'few'), small)
    const many = repeated(played, join(folder, 'many'), large)
    const disk = megabytes(many, READ) / clocked(() => READ.map(file => fingerprint(join(many, file))))
    const rows: BenchRow[] = [{ what: `reading and hashing ${large} rollouts`, value: disk, unit: 'MB/s' }]
    for (const format of FORMATS) {
      const before = await timed(few, format, small, join(folder, 'out'))
      const after = await timed(many, format, large, join(folder, 'out'))
      const read = megabytes(many, READ) / after.seconds
      rows.push(
        { what: `${format}, ${large} rollouts`, value: large / after.seconds, unit: 'rollouts/s' },
        { what: '  bytes read', value: read, unit: 'MB/s', ratio: read / disk, of: 'reading' },
        ...costRows(after, before, small),
      )
    }
    return rows
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

interface Timed extends Cost {
  readonly seconds: number
}

async function timed(run: string, format: string, rollouts: number, out: string): Promise<Timed> {
  rmSync(out, { recursive: true, force: true })
  let peak = 0
  const look = (): void => {
    peak = Math.max(peak, process.memoryUsage.rss() / 1e6)
  }
  const start = process.hrtime.bigint()
  const busy = process.cpuUsage()
  const card = await exportRuns({
    runs: [run],
    format: formatNamed(format),
    out,
    includeTruncated: true,
    estimator: estimatorNamed('grpo'),
    threshold: 0.5,
    margin: 0.001,
    environments,
    onStart: () => {
      look()
      return done => {
        if (done % 500 < REPEATS) look()
      }
    },
  })
  const seconds = Number(process.hrtime.bigint() - start) / 1e9
  if (card.counts.rollouts !== rollouts) throw new Error(`bench: expected ${rollouts} rollouts, exported ${card.counts.rollouts}`)
  return { seconds, cpu: (1000 * cpuMs(busy)) / rollouts, peak }
}
