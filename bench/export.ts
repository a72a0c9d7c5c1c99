/**
 * How fast runs become training files, and what is held meanwhile: rollouts of a short game, really played once and then
 * repeated in the files under other seeds, exported at two sizes.
 */
import { mkdirSync, mkdtempSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { passive } from '../bots/any/passive.ts'
import { randomLegal } from '../bots/any/random_legal.ts'
import { resolveConfig } from '../envs/core/config.ts'
import { defaultPlayed, learnerOf } from '../envs/core/environment.ts'
import type { AnyPolicyFactory } from '../envs/core/policy.ts'
import { environments } from '../envs/index.ts'
import { estimatorNamed } from '../rollouts/export/advantage.ts'
import { exportRuns } from '../rollouts/export/export.ts'
import { formatNamed } from '../rollouts/export/formats.ts'
import { fingerprint } from '../rollouts/export/target.ts'
import { Appender, lines } from '../rollouts/jsonl.ts'
import type { Player } from '../rollouts/player.ts'
import { playRuns } from '../rollouts/run.ts'
import { FILES, RunStore, readMetadata } from '../rollouts/store.ts'
import type { Bench, BenchRow } from './bench.ts'

/** What is really played: so many seeds, so many repeats. */
const SEEDS = 25
const REPEATS = 4

/** Rollouts exported: multiples of what is played. */
const SMALL = 1_000
const LARGE = 10_000

/** One that copies, one that turns messages around, one that pairs rollouts, one that is not text. */
const FORMATS = ['verifiers', 'sft-trl', 'preference', 'parquet'] as const

export const exporting: Bench = {
  id: 'export',
  title: 'runs to training files, bytes read a second beside those of reading alone',
  run: () => measure(SMALL, LARGE),
}

/** The figures at two numbers of rollouts. */
export async function measure(small: number, large: number): Promise<BenchRow[]> {
  const folder = mkdtempSync(join(tmpdir(), 'econgym-bench-'))
  try {
    const played = await playShort(join(folder, 'played'))
    const few = repeated(played, join(folder, `few`), small)
    const many = repeated(played, join(folder, `many`), large)
    const disk = megabytes(many) / clocked(() => [FILES.results, FILES.traces].map(file => fingerprint(join(many, file))))
    const rows: BenchRow[] = [{ what: `reading and hashing ${large} rollouts`, value: disk, unit: 'MB/s' }]
    for (const format of FORMATS) {
      const before = await timed(few, format, small, join(folder, 'out'))
      const after = await timed(many, format, large, join(folder, 'out'))
      const read = megabytes(many) / after.seconds
      rows.push(
        { what: `${format}, ${large} rollouts`, value: large / after.seconds, unit: 'rollouts/s' },
        { what: '  bytes read', value: read, unit: 'MB/s', ratio: read / disk, of: 'reading' },
        { what: '  CPU time', value: after.cpu, unit: 'µs/rollout', ratio: after.cpu / before.cpu, of: `that of ${small}` },
        { what: '  peak memory', value: after.peak, unit: 'MB', ratio: after.peak / before.peak, of: `that of ${small}` },
      )
    }
    return rows
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

/** A run of two agents over two turns; the evaluated one plays at random, so that repeats differ. */
async function playShort(out: string): Promise<string> {
  const env = environments.get('sim_economy')
  const config = resolveConfig(env, undefined, { num_agents: 2, horizon_turns: 2 })
  const seats = env.seats(config)
  const own = learnerOf(seats)
  const bot = (name: string, factory: AnyPolicyFactory): Player => ({ name, kind: 'bot', details: {}, policies: () => factory })
  const lineup = Object.fromEntries(
    defaultPlayed(seats).map(agent => [agent, agent === own ? bot('random', randomLegal) : bot('bot:passive', passive)]),
  )
  const { runs } = await playRuns(
    [
      {
        env,
        preset: 'bench',
        set: {},
        config,
        seat: () => ({ lineup, evaluated: [own] }),
        examples: { name: 'seeds', rows: Array.from({ length: SEEDS }, (_, seed) => ({ index: seed, config, seed })) },
        repeats: REPEATS,
      },
    ],
    { out, concurrency: 1 },
  )
  return runs[0]!.folder
}

/** A run of `count` rollouts: the lines of `run` over and over, each time under seeds of their own. */
function repeated(run: string, folder: string, count: number): string {
  mkdirSync(folder)
  const store = new RunStore(folder, { resume: true })
  store.writeMetadata(readMetadata(run)!)
  store.close()
  for (const file of [FILES.results, FILES.traces]) {
    const texts = [...lines(join(run, file))].map(({ bytes }) => bytes.toString())
    const to = new Appender(join(folder, file))
    for (let done = 0; done < count; done += texts.length) {
      const shift = (digits: string): string => String(Number(digits) + (done / texts.length) * SEEDS)
      to.append(
        ...texts.map(text =>
          text
            .replace(/-s(\d+)(?=[-"])/g, (_, seed: string) => `-s${shift(seed)}`)
            .replace(/"(seed|example_id|idx)":(\d+)/g, (_, name: string, seed: string) => `"${name}":${shift(seed)}`),
        ),
      )
    }
    to.close()
  }
  return folder
}

const megabytes = (run: string): number =>
  [FILES.results, FILES.traces].reduce((sum, file) => sum + statSync(join(run, file)).size, 0) / 1e6

function clocked(work: () => unknown): number {
  const start = process.hrtime.bigint()
  work()
  return Number(process.hrtime.bigint() - start) / 1e9
}

interface Timed {
  readonly seconds: number
  /** Microseconds of processor time per rollout. */
  readonly cpu: number
  /** The most memory that the process had meanwhile, in MB. */
  readonly peak: number
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
  const { user, system } = process.cpuUsage(busy)
  return { seconds, cpu: (user + system) / rollouts, peak }
}
