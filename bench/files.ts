/**
 * What the files of a run take, and what it costs to compare from them: real rollouts of each economy in its default setting, of a
 * scripted player and of a model that says as much as models do, beside the same rollouts as they were written before the format had
 * a version.
 */
import { mkdtempSync, readdirSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Bench, BenchRow } from '../economies/bench.ts'
import type { Economy } from '../economies/economy.ts'
import { economies, environments } from '../economies/registry.ts'
import { resolveConfig } from '../envs/core/config.ts'
import { compare } from '../evals/compare.ts'
import type { Compression } from '../rollouts/blocks.ts'
import { seat } from '../rollouts/lineup.ts'
import { type FakeRequest, randomCalls, startFakeProvider } from '../rollouts/models/fake/index.ts'
import { Models } from '../rollouts/models/index.ts'
import type { Player } from '../rollouts/player.ts'
import { playersFor } from '../rollouts/players/index.ts'
import { playRuns } from '../rollouts/run.ts'
import { RunStore, readLines, readMetadata } from '../rollouts/store.ts'
import { cpuMs } from './measured.ts'
import { writeOlder } from './older_files.ts'

/** Rollouts that are played of each; comparisons are of those of scripted players. */
const PLAYED = { bots: 40, models: 10 } as const

/** What an answer is made of: words of everyday English and of the games, drawn evenly, which is harder to compress than what models write. */
const WORDS =
  'the of to and a in is it you that for on are with as this be at have from or had by but some what there we can out other were all your when use word how said each which do their time if will way about many then them would write like so these her long make thing see him two has look more day could go come did my no most number who over know water than call first people may down side been now find market price offer trade agent contract deliver quality reputation balance turn accept propose'.split(
    ' ',
  )

/** A model that reasons in about a hundred words, says forty and calls a tool. */
function talkative(request: FakeRequest) {
  const { random } = request
  const words = (count: number): string => `${Array.from({ length: count }, () => random.pick(WORDS)).join(' ')}.`
  return { ...randomCalls(request), reasoning: words(random.int(60, 140)), content: words(random.int(20, 60)) }
}

export const files: Bench = {
  id: 'files',
  title: 'the files of runs, and CPU time of comparing from them, beside the same rollouts as they were written before',
  async run() {
    const provider = await startFakeProvider({ script: talkative, keep: false })
    const out = mkdtempSync(join(tmpdir(), 'agoragym-bench-'))
    try {
      const rows: BenchRow[] = []
      for (const economy of economies.list()) {
        const model = new Models({ concurrency: 16 }).player(`openai:m@${provider.url}`)
        rows.push(
          ...(await measured(economy, playersFor({ economy })(economy.players[0]!), PLAYED.bots, out, true)),
          ...(await measured(economy, model, PLAYED.models, out, false)),
        )
      }
      return rows
    } finally {
      await provider.close()
      rmSync(out, { recursive: true, force: true })
    }
  },
}

async function measured(economy: Economy, player: Player, count: number, out: string, compared: boolean): Promise<BenchRow[]> {
  const { env } = economy
  const run = await play(economy, player, count, out)
  const older = join(out, `older-${env.id}-${player.kind}`)
  const before = writeOlder(run, older)
  const bytes = (folder: string, how: Compression): BenchRow => ({
    what: `  ${how === 'none' ? 'plain' : how}`,
    value: sizeOf(folder) / count / 1000,
    unit: 'kB a rollout',
    ratio: sizeOf(folder) / before,
    of: 'before',
  })
  const rows = [
    { what: `${env.id}, ${player.kind}, before`, value: before / count / 1000, unit: 'kB a rollout' },
    bytes(run, 'none'),
    ...(['gzip', 'brotli'] as const).map(how => bytes(copied(run, join(out, `${how}-${env.id}-${player.kind}`), how), how)),
  ]
  if (!compared) return rows
  const ms = cpuOf(run, count)
  const msBefore = cpuOf(older, count)
  return [...rows, { what: '  compared', value: ms, unit: 'CPU ms a rollout', ratio: ms / msBefore, of: 'before' }]
}

/** Bytes of a run's files but for metadata.json. */
function sizeOf(folder: string): number {
  return readdirSync(folder)
    .filter(name => name !== 'metadata.json')
    .reduce((sum, name) => sum + statSync(join(folder, name)).size, 0)
}

/** The same run compressed, in batches as long runs have them. */
function copied(run: string, folder: string, compress: Compression): string {
  const store = new RunStore(folder, { compress })
  for (const lines of readLines(run)) store.file(lines)
  store.writeMetadata(readMetadata(run)!)
  store.order()
  store.close()
  return folder
}

/** CPU time of comparing a run, of the best of some times: what the tables take at the end is the same for both. */
function cpuOf(run: string, count: number): number {
  const timings = Array.from({ length: 7 }, () => {
    const start = process.cpuUsage()
    compare([run], { environments })
    return cpuMs(start)
  })
  return Math.min(...timings) / count
}

async function play({ env, opponents, ...economy }: Economy, learner: Player, count: number, out: string): Promise<string> {
  const config = resolveConfig(env, undefined)
  const player = playersFor({ economy: { env, opponents, ...economy } as Economy })
  const crowd = Object.entries(opponents).map(([bot, count]) => ({ player: player(`bot:${bot}`), count }))
  const others = crowd.length > 0 ? crowd : [{ player: player('random'), count: 1 }]
  const { runs } = await playRuns(
    [
      {
        env,
        preset: 'default',
        set: {},
        config,
        seat: config => seat(env, config, { learner, fixed: {}, opponents: others, exact: false }),
        examples: { name: 'seeds', rows: Array.from({ length: count / 2 }, (_, seed) => ({ index: seed, config, seed })) },
        repeats: 2,
      },
    ],
    { out, concurrency: 8 },
  )
  return runs[0]!.folder
}
