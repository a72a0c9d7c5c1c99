/** Whole runs of model players into files: faults, kills, ceilings, interruptions, secrets, the cache. */
import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, truncateSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { stream } from '../../../index.ts'
import type { Message } from '../../../rollouts/messages.ts'
import {
  type FakeProvider,
  type FakeProviderOptions,
  type FakeRequest,
  startFakeProvider,
} from '../../../rollouts/models/fake/index.ts'
import { Models, type ModelsOptions } from '../../../rollouts/models/index.ts'
import type { Player } from '../../../rollouts/player.ts'
import { playRuns, type RunPlan } from '../../../rollouts/run.ts'
import { RunStore, readCalls, readErrors, readMetadata, readResults, readSteps, readTraces } from '../../../rollouts/store.ts'
import { toyMarket } from '../../toy_market/index.ts'
import { contentsOf } from '../contents.ts'

let folder: string
let provider: FakeProvider | undefined
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'agoragym-'))
})
afterEach(async () => {
  await provider?.close()
  provider = undefined
  rmSync(folder, { recursive: true, force: true })
})

/** A model that sells by what it was told, differently in every rollout: its session is part of its dice. */
function sells({ session, turn }: FakeRequest) {
  const random = stream(1, 'trader', session, turn)
  if (random.chance(0.1)) return { content: 'I wait and see.' }
  return { content: `turn ${turn}`, calls: [{ name: 'sell', arguments: { quantity: random.int(1, 3) } }] }
}

/** Malformed calls are play: they belong to a rollout and a turn, whatever else fails. */
const slips = ({ session, turn }: FakeRequest) =>
  stream(2, 'slip', session, turn).chance(0.1) ? ('malformed_arguments' as const) : undefined

async function serve(options: Partial<FakeProviderOptions> = {}): Promise<string> {
  await provider?.close()
  provider = await startFakeProvider({ script: sells, fault: slips, ...options })
  return provider.url
}

function plan(player: Player, { seeds = 5, repeats = 2, horizon = 4 } = {}): RunPlan {
  const config = toyMarket.config.parse({ traders: 2, horizon })
  return {
    env: toyMarket as never,
    preset: 'default',
    set: {},
    config,
    // Both seats are the model's, so that seats share a provider and a file.
    seat: () => ({ lineup: { trader_0: player, trader_1: player }, evaluated: ['trader_0', 'trader_1'] }),
    examples: { name: 'seeds', rows: Array.from({ length: seeds }, (_, seed) => ({ index: seed, config, seed })) },
    repeats,
  }
}

interface RunOptions extends ModelsOptions {
  readonly out?: string
  readonly resume?: boolean
  readonly retryErrors?: boolean
  readonly size?: Parameters<typeof plan>[1]
  readonly dialect?: 'openai' | 'anthropic'
  /** Rollouts at once. */
  readonly atOnce?: number
}

async function run(
  url: string,
  { out = folder, resume = false, retryErrors = false, size, dialect = 'openai', atOnce = 16, ...options }: RunOptions = {},
) {
  // A fixed port would collide; a fixed name makes the runs of two providers comparable.
  const models = new Models(options)
  const made = models.player(`${dialect}:m@${url}`)
  const player = { ...made, name: `${dialect}:m`, details: {} }
  const { runs, batch } = await playRuns([plan(player, size)], {
    out,
    concurrency: atOnce,
    resume,
    retryErrors,
    ...(options.stop !== undefined && { signal: options.stop }),
  })
  return { ...runs[0]!, batch, models }
}

/** What a run holds; players are called by their provider's port, which is another in every run. */
function contents(run: string) {
  const { calls, ...rest } = contentsOf([run])
  return { ...rest, calls: calls.map(({ player: _, ...row }) => row) }
}

function lines(path: string): string[] {
  return readFileSync(path, 'utf8').split('\n').filter(Boolean)
}

const fast = { retry: { timeoutMs: 1500, backoffMs: 1, backoffCapMs: 5 } }

describe('a provider that fails', () => {
  const rates = { rate_limit: 0.1, server_error: 0.05, cut_off: 0.02, empty_choice: 0.02 }

  test.each(['openai', 'anthropic'] as const)('leaves no trace in what is played and scored (%s)', async dialect => {
    const size = { seeds: 5, repeats: 2 }
    const sound = await run(await serve(), { out: join(folder, 'sound'), dialect, size })
    // One call hangs until it is given up: the time box is what it costs.
    let hung = false
    const fault = (request: FakeRequest) => {
      if (hung || request.turn < 2) return slips(request)
      hung = true
      return 'hung' as const
    }
    const failing = await run(await serve({ rates, fault, retryAfterMs: 1 }), {
      out: join(folder, 'failing'),
      dialect,
      size,
      ...fast,
    })
    expect(provider!.counts.rate_limit).toBeGreaterThan(5)
    expect(provider!.counts.hung).toBe(1)
    expect(failing.summary).toMatchObject({ ok: 10, failed: 0 })
    expect(failing.summary.traffic!.retries).toBeGreaterThan(10)
    expect(contents(failing.folder)).toEqual(contents(sound.folder))
    expect(failing.summary.metrics).toEqual(sound.summary.metrics)
    // Slips of the model are play, and happened in both.
    expect(Math.max(...sound.summary.metrics.model_malformed_arguments!.sums)).toBeGreaterThan(0)
  })

  test('for good is listed, not scored, and made up for later without paying twice', async () => {
    const down = ({ session, turn }: FakeRequest) =>
      turn === 2 && session.charCodeAt(0) % 2 === 0 ? ('server_error' as const) : slips({ session, turn } as FakeRequest)
    const first = await run(await serve({ fault: down }), { retry: { ...fast.retry, maxRetries: 1 } })
    const { ok, failed } = first.summary
    expect(failed).toBeGreaterThan(0)
    expect(ok + failed).toBe(10)
    const errors = [...readErrors(first.folder)]
    expect(new Set(errors.map(({ key }) => key)).size).toBe(failed)
    expect(errors[0]).toMatchObject({ code: 'server_error', status: 500, attempts: 2, attempt: 1 })
    expect(new Set(contents(first.folder).results.map(({ key }) => key)).size).toBe(ok)

    const paid = [...readCalls(first.folder)].length
    const second = await run(await serve(), { resume: true, retryErrors: true })
    expect(second.summary).toMatchObject({ ok: 10, failed: 0 })
    const whole = await run(await serve(), { out: join(folder, 'whole') })
    expect(contents(second.folder)).toEqual(contents(whole.folder))
    expect([...readCalls(second.folder)].length - paid).toBe(contents(whole.folder).calls.length - paid)
  })
})

test('finished rollouts lie in the order of their examples and repeats, whichever ended first and were asked for later', async () => {
  // Those that are asked first are answered last.
  let waits = 60
  const url = await serve({ latencyMs: () => Math.max(0, waits--) })
  const out = { out: join(folder, 'runs') }
  await run(url, { ...out, size: { seeds: 11, repeats: 1 } })
  const { folder: at } = await run(url, { ...out, resume: true, size: { seeds: 11, repeats: 3 } })
  const rows = [...readResults(at)]
  const wanted = Array.from({ length: 11 }, (_, example) =>
    [0, 1, 2].flatMap(repeat => ['trader_0', 'trader_1'].map(seat => `${example} ${repeat} ${seat}`)),
  )
  expect(rows.map(({ example_id, info }) => `${example_id} ${info.repeat} ${info.seat}`)).toEqual(wanted.flat())
  const keys = [...new Set(rows.map(({ key }) => key))]
  expect([...readTraces(at)].map(({ id }) => id)).toEqual(keys)
  expect([...readSteps(at)].map(({ key }) => key)).toEqual(keys)
})

describe('a kill at any moment', () => {
  test('costs no call whose answer was recorded, and the rest comes out the same', async () => {
    const size = { seeds: 3, repeats: 2, horizon: 3 }
    const sound = await run(await serve(), { out: join(folder, 'whole'), size })
    const total = contents(sound.folder).calls.length
    // What a kill leaves is the files as they are: they are copied while a run goes on, the last line of each torn.
    const random = stream(7, 'kills')
    const moments = new Set(Array.from({ length: 16 }, () => random.int(1, total - 1)))
    const left: string[] = []
    let requests = 0
    let out = ''
    const url = await serve({
      script(request) {
        if (moments.has(requests++)) {
          const copy = join(folder, `killed-${left.length}`)
          cpSync(out, copy, { recursive: true })
          left.push(copy)
        }
        return sells(request)
      },
    })
    out = join(folder, 'running')
    await run(url, { out, size })
    expect(left.length).toBeGreaterThan(8)

    const again = await serve()
    for (const copy of left) {
      const [inside] = readdirSync(copy)
      for (const file of readdirSync(join(copy, inside!)).filter(name => name.endsWith('.jsonl')))
        tear(join(copy, inside!, file), random.int(0, 40))
      const whole = readFileSync(join(copy, inside!, 'calls.jsonl'), 'utf8').split('\n').length - 1
      new RunStore(join(copy, inside!), { resume: true }).close()
      const recorded = [...readCalls(join(copy, inside!))].length
      expect(recorded).toBeGreaterThanOrEqual(whole)
      const before = provider!.requests.length
      const resumed = await run(again, { out: copy, resume: true, size })
      expect(provider!.requests.length - before).toBe(total - recorded)
      expect(contents(resumed.folder)).toEqual(contents(sound.folder))
    }
  })

  function tear(path: string, bytes: number): void {
    const { size } = statSync(path)
    // A tear inside the last line: a line that was written whole stays.
    const last = size - (lines(path).at(-1)?.length ?? 0) - 1
    truncateSync(path, Math.max(last, size - bytes))
  }
})

describe('a ceiling', () => {
  test.each([
    ['tokens', { maxTokens: 9000 }],
    ['cost', { maxCost: 0.009, prices: () => ({ m: { input: 1, output: 1 } }) }],
  ])('on %s is kept, leaves a run that is whole, and can be raised', async (_name, ceiling) => {
    const sampling = { max_tokens: 200 }
    const first = await run(await serve(), { ...ceiling, sampling, atOnce: 2 })
    expect(first.batch.stopped[0]).toMatch(/^Stopped at --max-/)
    expect(first.summary.ok).toBeGreaterThan(0)
    expect(first.batch.left).toBeGreaterThan(0)
    const used = [...readCalls(first.folder)].reduce((sum, row) => sum + row.prompt_tokens + row.completion_tokens, 0)
    expect(used).toBeLessThanOrEqual(9000)
    // It went near: what is left is less than what a call could have used at worst.
    expect(used).toBeGreaterThan(6000)
    expect(readMetadata(first.folder)).toMatchObject({ complete: false, ok: first.summary.ok })

    const second = await run(await serve(), { resume: true, sampling })
    expect(second.metadata.complete).toBe(true)
    const whole = await run(await serve(), { out: join(folder, 'whole'), sampling })
    const without = ({ results, steps }: ReturnType<typeof contents>) => ({
      results: results.map(({ info: { cost: _, ...info }, ...row }) => ({ ...row, info })),
      steps,
    })
    expect(without(contents(second.folder))).toEqual(without(contents(whole.folder)))
  })

  test('counts what was answered, not what was refused', async () => {
    const { models, folder: at } = await run(await serve({ rates: { rate_limit: 0.3 }, retryAfterMs: 1 }), {
      maxTokens: 1_000_000,
      ...fast,
    })
    const used = [...readCalls(at)].reduce((sum, row) => sum + row.prompt_tokens + row.completion_tokens, 0)
    expect(provider!.counts.rate_limit).toBeGreaterThan(10)
    expect(models.spent.tokens).toBe(used)
  })

  test('counts at its worst an answer that cannot be read: it may have been billed', async () => {
    let spoiled = 0
    const fault = () => (spoiled++ === 0 ? ('empty_choice' as const) : undefined)
    const { models, folder: at } = await run(await serve({ fault }), {
      maxTokens: 1_000_000,
      sampling: { max_tokens: 200 },
      size: { seeds: 1, repeats: 1, horizon: 2 },
      ...fast,
    })
    const used = [...readCalls(at)].reduce((sum, row) => sum + row.prompt_tokens + row.completion_tokens, 0)
    // All that was asked for, at the least.
    expect(models.spent.tokens - used).toBeGreaterThan(200)
  })

  test('on cost without a price is refused before anything is called', async () => {
    await expect(run(await serve(), { maxCost: 1 })).rejects.toThrow('--max-cost: no price of openai:m@')
    expect(provider!.requests).toHaveLength(0)
  })
})

test('an interrupted run finishes the calls in flight, keeps them, and goes on without asking them again', async () => {
  const stop = new AbortController()
  let requests = 0
  const url = await serve({
    script(request) {
      if (++requests === 30) stop.abort()
      return sells(request)
    },
    latencyMs: 2,
  })
  const first = await run(url, { stop: stop.signal })
  expect(first.batch.stopped[0]).toBe('Interrupted: calls in flight were finished and kept.')
  const asked = provider!.requests.length
  expect(asked).toBeLessThan(30 + 16 * 2)
  expect([...readCalls(first.folder)]).toHaveLength(asked)
  const second = await run(await serve(), { resume: true })
  expect(second.metadata.complete).toBe(true)
  expect(provider!.requests.length + asked).toBe([...readCalls(second.folder)].length)
})

test('where one seat is refused its next call, the call of another that is under way is still waited for and kept', async () => {
  const stop = new AbortController()
  let hasty: string | undefined
  const url = await serve({
    fault: () => undefined,
    // Whoever is first asks for too much, is given it back, and may not ask again; the other takes its time.
    latencyMs({ session }) {
      hasty ??= session
      return session === hasty ? 0 : 100
    },
    script({ session }) {
      if (session === hasty) stop.abort()
      return { calls: [{ name: 'sell', arguments: { quantity: 99 } }] }
    },
  })
  const { folder: at } = await run(url, { stop: stop.signal, size: { seeds: 1, repeats: 1 } })
  expect(provider!.requests).toHaveLength(2)
  expect([...readCalls(at)]).toHaveLength(2)
})

test('what every rollout would meet stops the run with one line', async () => {
  const url = await serve({ models: ['other'] })
  const { batch, summary } = await run(url)
  expect(batch.stopped[0]).toMatch(
    /^openai:m@http:\S+ 404 not_found \(The model 'm' does not exist\)\. Check that the server knows the model 'm'/,
  )
  expect(summary).toMatchObject({ ok: 0, failed: 0 })
})

describe('secrets', () => {
  const KEY = 'sk-planted-0123456789'
  const PASSWORD = 'pass-planted-42'

  test('are in no file of a run and in no message, even where the server sends them back', async () => {
    // Knows the key, and says it in every second answer and in every error.
    const url = await serve({
      key: KEY,
      script: request => ({ ...sells(request), content: `you are ${KEY}`, reasoning: `the key is ${KEY}` }),
      fault: request => (request.session.charCodeAt(0) % 3 === 0 && request.turn === 1 ? 'server_error' : undefined),
    })
    const told: string[] = []
    const options = { env: { MY_KEY: KEY, OPENAI_API_KEY: KEY }, keyVariables: ['MY_KEY'], cache: join(folder, 'cache'), ...fast }
    const first = await run(url, { ...options, retry: { ...fast.retry, maxRetries: 1 } })
    expect(first.summary.failed).toBeGreaterThan(0)
    expect(first.summary.ok).toBeGreaterThan(0)
    told.push(JSON.stringify(first.models.player(`openai:m@${url}`)), first.models.status())

    const wrong = await run(url, { env: { MY_KEY: `${KEY}-wrong` }, keyVariables: ['MY_KEY'], out: join(folder, 'wrong') })
    expect(wrong.batch.stopped[0]).toMatch(/401 auth \(wrong key: \*\*\*/)
    told.push(wrong.batch.stopped[0]!)

    const withPassword = url.replace('http://', `http://joe:${PASSWORD}@`)
    const basic = await run(withPassword, { out: join(folder, 'basic') })
    told.push(basic.batch.stopped[0]!)

    for (const text of [...told, ...everyFile(folder)]) {
      expect(text).not.toContain(KEY)
      expect(text).not.toContain(PASSWORD)
      expect(text).not.toContain(Buffer.from(`joe:${PASSWORD}`).toString('base64'))
    }
    const replies = [...readCalls(first.folder)].map(({ reply }) => reply.content)
    expect(new Set(replies)).toEqual(new Set(['you are ***']))
  })

  function everyFile(root: string): string[] {
    const found = readdirSync(root, { recursive: true, withFileTypes: true }).filter(entry => entry.isFile())
    expect(found.length).toBeGreaterThan(10)
    return found.flatMap(({ parentPath, name }) => [name, readFileSync(join(parentPath, name), 'utf8')])
  }
})

test('the response cache answers the same evaluation again, and never one repeat with another’s answer', async () => {
  const cache = join(folder, 'cache')
  const first = await run(await serve(), { cache, out: join(folder, 'a') })
  const asked = provider!.requests.length
  const url = await serve()
  // The same provider by name: the cache goes by who was asked.
  const second = await run(url, { cache, out: join(folder, 'b') })
  expect(provider!.requests).toHaveLength(asked)
  const third = await run(url, { cache, out: join(folder, 'c') })
  expect(provider!.requests).toHaveLength(asked)
  expect(third.summary.traffic).toMatchObject({ calls: asked, cached: asked })
  expect(third.summary.metrics).toEqual(second.summary.metrics)
  expect(contents(third.folder).steps).toEqual(contents(first.folder).steps)
  const opening = (repeat: string) =>
    [...readCalls(third.folder)]
      .filter(({ key, call }) => key.endsWith(repeat) && call === 0)
      .map(({ reply }) => reply.content + JSON.stringify(reply.tool_calls))
  expect(opening('-r0')).not.toEqual(opening('-r1'))
})

test('the traces say what each seat was told and said', async () => {
  const { folder: at } = await run(await serve(), { size: { seeds: 1, repeats: 1, horizon: 2 } })
  const [{ prompt, completion, metrics, token_usage }] = [...readResults(at)] as never as [
    { prompt: Message[]; completion: Message[]; metrics: Record<string, number>; token_usage: object },
  ]
  expect(prompt.map(({ role }) => role)).toEqual(['system', 'user'])
  expect(completion[0]!.role).toBe('assistant')
  expect(metrics).toMatchObject({ model_calls: 2 })
  expect(token_usage).toMatchObject({ input_tokens: expect.any(Number), output_tokens: expect.any(Number) })
})
