/** What others see of a run while it is played: JSON lines, and traces and metrics as a real receiver takes them. */
import http from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterEach, beforeAll, describe, expect, onTestFinished, test, vi } from 'vitest'
import { economies } from '../../index.ts'
import { type FakeProvider, randomCalls, startFakeProvider } from '../../testing.ts'
import { scratch } from '../rollouts/table.ts'
import { toyMarket } from '../toy_market/index.ts'
import { agoragym } from './console.ts'

const KEY = 'sk-kept-to-itself-0123456789'
const WORDS = 'the quick brown fox'

beforeAll(() => {
  economies.register({ env: toyMarket })
})

let provider: FakeProvider | undefined
afterEach(async () => {
  await provider?.close()
  provider = undefined
})

/** A model that says the words; the first attempt at every third turn is refused, and one game's answers never come. */
async function serve(): Promise<string> {
  let games = 0
  const known = new Map<string, number>()
  provider = await startFakeProvider({
    key: KEY,
    retryAfterMs: 1,
    script: request => ({ ...randomCalls(request), content: WORDS }),
    fault: ({ session, turn, attempt }) => {
      if (!known.has(session)) known.set(session, games++)
      return known.get(session) === 3 || (turn === 2 && attempt === 0) ? 'rate_limit' : undefined
    },
  })
  return provider.url
}

const line = (url: string, more = ''): string =>
  `eval toy_market --set horizon=4 --seeds 5 -c 1 --players openai:m@${url} --api-key-var KEY --max-retries 1 ${more}`.trim()

const told = (text: string): Record<string, unknown>[] =>
  text
    .trim()
    .split('\n')
    .map(each => JSON.parse(each))

describe('--log-format json', () => {
  test('standard error is JSON alone: what began, failed, was tried again, and what it came to', async () => {
    const cwd = scratch()
    const url = await serve()
    const { code, err } = await agoragym(line(url, '--log-format json'), { cwd, env: { KEY } })
    expect(code).toBe(1)
    const lines = told(err)
    const of = (event: string) => lines.filter(each => each.event === event)
    expect(lines.every(({ time }) => !Number.isNaN(Date.parse(String(time))))).toBe(true)
    expect(lines[0]).toMatchObject({ event: 'start', due: 5, env: 'toy_market', index: 0, cells: 1 })
    expect(lines[0]!.players).toContainEqual({ name: `openai:m@${url}`, kind: 'model', model: 'm', base_url: url })
    expect(of('failure')).toMatchObject([{ seed: 3, repeat: 0, code: 'rate_limited', status: 429, attempts: 2 }])
    expect(of('retry')).toHaveLength(4 + 2)
    expect(of('retry')[0]).toMatchObject({ status: 429, player: `openai:m@${url}`, wait_ms: 1 })
    expect(of('retry').filter(each => each.wait_ms === null)).toMatchObject([{ key: of('failure')[0]!.key }])
    expect(of('end')).toMatchObject([
      { done: 5, due: 5, failed: 1, left: 0, calls: provider!.counts.ok, retries: 5, seconds_left: 0 },
    ])
    expect(Object.keys(of('end')[0]!.mean_reward as object)).toEqual([`openai:m@${url}`])
    expect(of('note')).toMatchObject([{ message: expect.stringContaining('1 rollout failed') }])
    expect(err).not.toContain(KEY)
    expect(err).not.toContain(WORDS)
  })

  test('instructions of a treatment are no words for a log', async () => {
    const cwd = scratch()
    const url = await serve()
    const player = `openai:m@${url}[instructions=hoard]`
    const { err } = await agoragym(
      `eval toy_market --set horizon=1 --seeds 1 --api-key-var KEY --log-format json --players ${player}`,
      {
        cwd,
        env: { KEY },
      },
    )
    expect(err).not.toContain('hoard')
    expect(told(err)[0]!.players).toContainEqual(expect.objectContaining({ name: expect.stringMatching(/\[#[0-9a-f]{8}\]$/) }))
  })

  test('another format is refused with those there are', async () => {
    const { code, err } = await agoragym('eval toy_market --seeds 1 --log-format jsn', { cwd: scratch() })
    expect([code, err]).toEqual([
      2,
      expect.stringContaining("--log-format: expected text, json; got 'jsn'. Did you mean 'json'?"),
    ])
  })
})

interface OtlpSpan {
  readonly name: string
  readonly traceId: string
  readonly spanId: string
  readonly parentSpanId?: string
  readonly kind: number
  readonly attributes: { readonly key: string; readonly value: Record<string, unknown> }[]
  readonly events?: { readonly name: string }[]
  readonly links?: { readonly spanId: string }[]
  readonly status?: { readonly code?: number }
}

/** A receiver of OTLP over HTTP: what came, as it came. */
async function receiver() {
  const bodies: { readonly path: string; readonly text: string }[] = []
  const server = http.createServer((request, response) => {
    let text = ''
    request.on('data', chunk => (text += chunk))
    request.on('end', () => {
      bodies.push({ path: request.url!, text })
      response.setHeader('content-type', 'application/json').end('{}')
    })
  })
  await new Promise<void>(ready => server.listen(0, '127.0.0.1', ready))
  onTestFinished(() => void server.close())
  vi.stubEnv('OTEL_EXPORTER_OTLP_ENDPOINT', `http://127.0.0.1:${(server.address() as AddressInfo).port}`)
  vi.stubEnv('OTEL_EXPORTER_OTLP_PROTOCOL', 'http/json')
  onTestFinished(() => void vi.unstubAllEnvs())
  const of = (path: string, list: string, scopes: string, items: string) =>
    bodies
      .filter(body => body.path === path)
      .flatMap(body => JSON.parse(body.text)[list])
      .flatMap(each => each[scopes])
      .flatMap(each => each[items])
  return {
    spans: (): OtlpSpan[] => of('/v1/traces', 'resourceSpans', 'scopeSpans', 'spans'),
    metrics: (): {
      name: string
      histogram?: { dataPoints: { sum: number }[] }
      sum?: { dataPoints: { asDouble: number }[] }
    }[] => of('/v1/metrics', 'resourceMetrics', 'scopeMetrics', 'metrics'),
    all: () => bodies.map(({ text }) => text).join('\n'),
  }
}

const attributes = ({ attributes: list }: OtlpSpan): Record<string, unknown> =>
  Object.fromEntries(list.map(({ key, value }) => [key, Object.values(value)[0]]))

describe('--otel', () => {
  test('a receiver sees the run, its rollouts, their calls and what failed, and neither key nor text', async () => {
    const cwd = scratch()
    const url = await serve()
    const seen = await receiver()
    const { code, err } = await agoragym(line(url, '--otel'), { cwd, env: { KEY } })
    expect([code, err]).toEqual([1, expect.not.stringContaining('not all traces')])
    const spans = seen.spans()
    const [run] = spans.filter(({ name }) => name.startsWith('run '))
    const rollouts = spans.filter(({ name }) => name === 'rollout toy_market')
    const calls = spans.filter(({ name }) => name === 'chat m')
    const made = provider!.counts.ok! + 1
    expect([spans.length, rollouts.length, calls.length]).toEqual([1 + 5 + made, 5, made])
    // A trace a rollout, linked to the run; its calls are its children.
    expect(new Set(rollouts.map(({ traceId }) => traceId)).size).toBe(5)
    for (const { links } of rollouts) expect(links).toMatchObject([{ spanId: run!.spanId }])
    for (const { parentSpanId, traceId } of calls)
      expect(rollouts.find(({ spanId }) => spanId === parentSpanId)!.traceId).toBe(traceId)
    expect(attributes(calls[0]!)).toMatchObject({
      'gen_ai.operation.name': 'chat',
      'gen_ai.provider.name': 'openai',
      'gen_ai.request.model': 'm',
      'gen_ai.agent.name': 'trader_0',
      'server.address': '127.0.0.1',
      'gen_ai.usage.input_tokens': expect.any(Number),
      'gen_ai.usage.output_tokens': expect.any(Number),
    })
    expect(calls[0]!.kind).toBe(3)
    expect(calls.flatMap(({ events = [] }) => events).map(({ name }) => name)).toEqual(
      Array(4 + 2).fill('agoragym.call.attempt_failed'),
    )
    expect(rollouts.filter(({ status }) => status?.code === 2).map(attributes)).toMatchObject([
      { 'error.type': 'rate_limited', 'agoragym.rollout.seed': 3 },
    ])
    expect(rollouts.map(attributes).filter(each => typeof each['agoragym.rollout.reward'] === 'number')).toHaveLength(4)
    const metrics = new Map(seen.metrics().map(metric => [metric.name, metric]))
    expect([...metrics.keys()].sort()).toEqual([
      'agoragym.call.retries',
      'agoragym.rollout.duration',
      'agoragym.rollout.reward',
      'agoragym.rollouts',
      'gen_ai.client.operation.duration',
      'gen_ai.client.token.usage',
    ])
    const counted = spans.reduce((sum, span) => {
      const { 'gen_ai.usage.input_tokens': input = 0, 'gen_ai.usage.output_tokens': output = 0 } = attributes(span)
      return sum + Number(input) + Number(output)
    }, 0)
    const measured = metrics.get('gen_ai.client.token.usage')!.histogram!.dataPoints
    expect(measured.reduce((total, { sum }) => total + sum, 0)).toBe(counted)
    expect(seen.all()).not.toContain(KEY)
    expect(seen.all()).not.toContain(WORDS)
    expect(seen.all()).not.toMatch(/host\.name|process\.command/)
  })

  test('what models answered is told where it is asked for, and the key not even then', async () => {
    const cwd = scratch()
    const url = await serve()
    const seen = await receiver()
    await agoragym(line(url, '--otel --otel-content'), { cwd, env: { KEY } })
    expect(seen.all()).toContain(WORDS)
    expect(seen.all()).not.toContain(KEY)
  })

  test('a receiver that is not there is told once, and the run is whole', async () => {
    vi.stubEnv('OTEL_EXPORTER_OTLP_ENDPOINT', 'http://127.0.0.1:9')
    vi.stubEnv('OTEL_EXPORTER_OTLP_TIMEOUT', '200')
    onTestFinished(() => void vi.unstubAllEnvs())
    const { code, err, out } = await agoragym('eval toy_market --players random --seeds 3 --otel', { cwd: scratch() })
    expect([code, out]).toEqual([0, expect.stringMatching(/rollouts +3/)])
    expect(err.match(/--otel: not all traces and metrics were taken/g)).toHaveLength(1)
  })
})
