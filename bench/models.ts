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
import { median } from '../envs/core/sums.ts'
import { openAiSdk, plain } from '../rollouts/models/clients.ts'
import type { Post } from '../rollouts/models/dialect.ts'
import { Forms } from '../rollouts/models/forms.ts'
import { Models, parseEndpoint } from '../rollouts/models/index.ts'
import type { ModelRequest } from '../rollouts/models/model.ts'
import { openAiChat } from '../rollouts/models/openai_chat.ts'
import { playRuns } from '../rollouts/run.ts'
import { readTraces } from '../rollouts/store.ts'
import { cpuMs } from './measured.ts'

/** Rollouts at once, and how many are played. */
const ROUNDS: readonly (readonly [concurrency: number, rollouts: number])[] = [
  [1, 40],
  [64, 320],
  [1000, 1000],
]
const SDK = 'the SDK alone, 64 at once'
const PLAIN = 'the same requests without the SDK'

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
      const asked = requestsOf(folder)
      const endpoint = parseEndpoint(`openai:m@${url}`)
      // In turns, so that whatever else goes on falls on both.
      const [sdk, without] = [[], []] as number[][]
      for (let round = 0; round < 3; round++) {
        sdk!.push(await through(openAiSdk(endpoint, 'none', {})('/chat/completions'), asked))
        without!.push(await through(plain(endpoint, 'none', {})('/chat/completions'), asked))
      }
      const alone = median(sdk!)!
      const rows: BenchRow[] = [
        { what: SDK, value: alone, unit: 'ms a call' },
        { what: PLAIN, value: median(without!)!, unit: 'ms a call', ratio: median(without!)! / alone, of: SDK },
      ]
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

type Asked = Pick<ModelRequest, 'messages' | 'tools'>

/** What was asked in a run. */
function requestsOf(folder: string): Asked[] {
  return [...readTraces(folder)].flatMap(({ traces }) =>
    traces.flatMap(({ nodes, tools }) =>
      nodes.flatMap(({ sampled }, i) => (sampled ? [{ messages: nodes.slice(0, i).map(({ message }) => message), tools }] : [])),
    ),
  )
}

/** CPU time a call of requests with nothing around them but what sends them. */
async function through(chat: Post, asked: readonly Asked[]): Promise<number> {
  const model = openAiChat({ model: 'm', client: { chat, responses: chat }, own: false, extraBody: {}, forms: new Forms() })
  const left = [...asked]
  const ask = async (): Promise<void> => {
    for (let next = left.pop(); next !== undefined; next = left.pop())
      await model.complete({ ...next, sampling: {}, parallel: true, session: 's', signal: new AbortController().signal })
  }
  const before = process.cpuUsage()
  await Promise.all(Array.from({ length: 64 }, ask))
  return cpuMs(before) / asked.length
}
