/**
 * What the runner costs beside the models: CPU time of this process per model call and peak memory, against a local provider
 * that answers at once. The real path: command-line settings apart, everything an evaluation does, files included. Beside it
 * the same requests through the SDK alone, which is what any client would cost.
 */
import { fork } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { extname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { Bench, BenchRow } from '../economies/bench.ts'
import { economies } from '../economies/registry.ts'
import { resolveConfig } from '../envs/core/config.ts'
import { defaultPlayed } from '../envs/core/environment.ts'
import { openAiClient } from '../rollouts/models/clients.ts'
import { Forms } from '../rollouts/models/forms.ts'
import { Models, parseEndpoint } from '../rollouts/models/index.ts'
import { openAiChat } from '../rollouts/models/openai_chat.ts'
import { playRuns } from '../rollouts/run.ts'
import { readTraces } from '../rollouts/store.ts'

/** Rollouts at once, and how many are played. */
const ROUNDS: readonly (readonly [concurrency: number, rollouts: number])[] = [
  [1, 40],
  [64, 320],
  [1000, 1000],
]
const SDK = 'the SDK alone, 64 at once'

export const models: Bench = {
  id: 'models',
  title: 'model calls: CPU time of this process for each, and peak memory, at 1, 64 and 1,000 rollouts at once',
  async run() {
    const here = fileURLToPath(import.meta.url)
    const provider = fork(here.replace(`models${extname(here)}`, `provider_process${extname(here)}`))
    const url = await new Promise<string>(resolve => provider.once('message', resolve))
    const out = mkdtempSync(join(tmpdir(), 'agoragym-bench-'))
    try {
      // Imports, connections and the compiler settle first; what was played is asked again without us.
      const { folder } = await play(url, join(out, 'warm'), 64, 128)
      const alone = await sdkAlone(url, folder)
      const rows: BenchRow[] = [{ what: SDK, value: alone, unit: 'ms a call' }]
      for (const [concurrency, rollouts] of ROUNDS) {
        const { ms, perSecond } = await play(url, join(out, String(concurrency)), concurrency, rollouts)
        rows.push(
          { what: `${concurrency} at once`, value: ms, unit: 'ms a call', ratio: ms / alone, of: SDK },
          { what: `  throughput`, value: perSecond, unit: 'calls/s' },
          { what: '  peak memory so far', value: process.resourceUsage().maxRSS / 1024, unit: 'MB' },
        )
      }
      return rows
    } finally {
      provider.kill()
      rmSync(out, { recursive: true, force: true })
    }
  },
}

/** The first economy in which one seat is played and residents take the rest: every call is the model's. */
function lonely() {
  for (const { env } of economies.list()) {
    const config = resolveConfig(env, undefined)
    const [agent, ...others] = defaultPlayed(env.seats(config))
    if (agent !== undefined && others.length === 0) return { env, config, agent }
  }
  throw new Error('bench: no economy has a single seat to play')
}

async function play(url: string, out: string, concurrency: number, rollouts: number) {
  const player = new Models({ concurrency }).player(`openai:m@${url}`)
  const { env, config, agent } = lonely()
  const start = performance.now()
  const before = process.cpuUsage()
  const { runs } = await playRuns(
    [
      {
        env,
        preset: 'default',
        set: {},
        config,
        seat: () => ({ lineup: { [agent]: player }, evaluated: [agent] }),
        examples: { name: 'bench', rows: Array.from({ length: rollouts }, (_, seed) => ({ index: seed, config, seed })) },
        repeats: 1,
      },
    ],
    { out, concurrency },
  )
  const { calls } = runs[0]!.summary.traffic!
  return { folder: runs[0]!.folder, ms: cpuMs(before) / calls, perSecond: calls / ((performance.now() - start) / 1000) }
}

/** CPU time a call of the requests of a run, sent again with nothing around them. */
async function sdkAlone(url: string, folder: string): Promise<number> {
  const endpoint = parseEndpoint(`openai:m@${url}`)
  const client = openAiClient(endpoint, 'none', {})
  const model = openAiChat({ model: 'm', client, own: false, extraBody: {}, forms: new Forms() })
  const requests = [...readTraces(folder)].flatMap(({ traces }) =>
    traces.flatMap(({ nodes, tools }) =>
      nodes.flatMap(({ sampled }, i) => (sampled ? [{ messages: nodes.slice(0, i).map(({ message }) => message), tools }] : [])),
    ),
  )
  const ask = async (): Promise<void> => {
    for (let next = requests.pop(); next !== undefined; next = requests.pop())
      await model.complete({ ...next, sampling: {}, parallel: true, session: 's', signal: new AbortController().signal })
  }
  const { length } = requests
  const before = process.cpuUsage()
  await Promise.all(Array.from({ length: 64 }, ask))
  return cpuMs(before) / length
}

function cpuMs(since: NodeJS.CpuUsage): number {
  const { user, system } = process.cpuUsage(since)
  return (user + system) / 1000
}
