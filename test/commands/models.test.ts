/** Model players on the command line: what is said when something is wrong, estimates, tournaments, the files of a published run. */
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import http from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { afterEach, beforeAll, describe, expect, test } from 'vitest'
import { randomLegal } from '../../bots/any/random_legal.ts'
import { cacheNote } from '../../commands/models.ts'
import { economies } from '../../index.ts'
import { type FakeProvider, type FakeProviderOptions, randomCalls, startFakeProvider } from '../../testing.ts'
import { scratch } from '../rollouts/table.ts'
import { toyMarket } from '../toy_market/index.ts'
import { agoragym } from './console.ts'

beforeAll(() => {
  economies.register({
    env: toyMarket,
    bots: { gambler: { description: 'Sells.', factory: randomLegal } },
    opponents: { gambler: 1 },
    players: [],
  })
})

let provider: FakeProvider | undefined
afterEach(async () => {
  await provider?.close()
  provider = undefined
})

async function serve(options: Partial<FakeProviderOptions> = {}): Promise<string> {
  provider = await startFakeProvider({ script: randomCalls, ...options })
  return provider.url
}

const toy = 'eval toy_market --set horizon=2 --seeds 2'

describe('what is true of a run and not in its figures is said', () => {
  test('an option that was left out: on standard error, in the metadata, and in the notes of compare, which the report shows too', async () => {
    const cwd = scratch()
    const url = await serve({ quirks: ['openai_temperature'] })
    const { code, err } = await agoragym(`${toy} --players openai:m@${url} --temperature 0.5`, { cwd })
    expect(code).toBe(0)
    const note = /does not support temperature; \d+ calls were made without it\./
    expect(err).toMatch(note)
    const [folder] = readdirSync(join(cwd, 'runs'))
    const { sampling_args, dropped_options } = JSON.parse(readFileSync(join(cwd, 'runs', folder!, 'metadata.json'), 'utf8'))
    expect({ sampling_args, dropped_options }).toEqual({
      sampling_args: {},
      dropped_options: { temperature: expect.any(Number) },
    })
    expect((await agoragym('compare', { cwd })).out.replace(/\s+/g, ' ')).toMatch(note)
  })

  test('a server without a parser of calls: how such servers are started, once', async () => {
    const cwd = scratch()
    const url = await serve({ quirks: ['lm_studio_text'] })
    const { err } = await agoragym(`${toy} --players openai:m@${url}`, { cwd })
    expect(err.match(/no message held a tool call.*vllm serve --enable-auto-tool-choice/g)).toHaveLength(1)
  })

  test('a second form: which, and how it is chosen beforehand', async () => {
    const cwd = scratch()
    const url = await serve({ quirks: ['mistral_roles'] })
    const { err } = await agoragym(`${toy} --players openai:m@${url}`, { cwd })
    expect(err).toMatch(/wants requests in another form \(user_in_result\); --adapt user_in_result chooses that beforehand\./)
    const refused = provider!.counts[400]
    const again = await agoragym(`${toy} --players openai:m@${url} --adapt user_in_result --out again`, { cwd })
    expect([again.code, provider!.counts[400]]).toEqual([0, refused])
    const wrong = await agoragym(`${toy} --players openai:m@${url} --adapt user_in_results`, { cwd })
    expect([wrong.code, wrong.err]).toEqual([
      2,
      expect.stringMatching(/--adapt: no adaptation 'user_in_results'.* Did you mean 'user_in_result'\?/),
    ])
  })
})

describe('what is wrong is said in one line with what to do, and the code is 1', () => {
  const told = async (line: string, env = {}) => {
    const cwd = scratch()
    const { code, err, out } = await agoragym(line, { cwd, env })
    expect(code).toBe(1)
    expect(out).not.toContain('reward')
    return { cwd, err, first: err.split('\n').find(text => !text.includes('rollouts  '))! }
  }

  test('a missing key, before anything is written', async () => {
    const { cwd, err } = await told(`${toy} --players openai:gpt-5`)
    expect(err).toBe(
      'openai:gpt-5 needs a key: set OPENAI_API_KEY in the environment (a server of your own needs none: write MODEL@http://host:port/v1).\n',
    )
    expect(existsSync(join(cwd, 'runs'))).toBe(false)
  })

  test('a wrong key', async () => {
    const url = await serve({ key: 'sk-right-key' })
    const { first } = await told(`${toy} --players openai:m@${url} --api-key-var MY_KEY`, { MY_KEY: 'sk-wrong-key' })
    expect(first).toMatch(/: 401 auth \(wrong key: \*\*\*.*\)\. Name the variable that holds its key with --api-key-var\.$/)
  })

  test('a model that the server does not know', async () => {
    const url = await serve({ models: ['other'] })
    const { first, err } = await told(`${toy} --players anthropic:m@${url}`)
    expect(first).toMatch(
      /^anthropic:m@\S+: 404 not_found \(The model 'm' does not exist\S*\)\. Check that the server knows the model 'm'/,
    )
    expect(err).toContain('Stopped after 0 of 2 rollouts. Go on with: agoragym eval')
  })

  test('a URL where nobody listens', async () => {
    const { first } = await told(`${toy} --players openai:m@http://127.0.0.1:9/v1`)
    expect(first).toMatch(
      /^openai:m@\S+: connection \(ECONNREFUSED: .*\)\. Check that the server runs and can be reached at http:\/\/127\.0\.0\.1:9\/v1, then --resume\.$/,
    )
  })

  test('a URL that speaks something else', async () => {
    const url = (await serve()).replace('/v1', '')
    const { first } = await told(`${toy} --players openai:m@${url}`)
    expect(first).toMatch(/404 not_found .*that the URL is right \(OpenAI's protocol: it ends in \/v1\)\.$/)
  })

  test('a server that closes in the middle of every answer', async () => {
    const server = http.createServer((_request, response) => {
      response.writeHead(200, { 'content-type': 'application/json', 'content-length': 1000 })
      response.write('{"choices": [', () => response.destroy())
    })
    await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/v1`
    const { first } = await told(`${toy} --players openai:m@${url} --max-retries 1`)
    expect(first).toMatch(/^openai:m@\S+: connection after 2 attempts \(ECONNRESET: aborted\)\. Check that the server runs/)
    server.closeAllConnections()
    server.close()
  })

  test('failed rollouts are counted, and what plays them again is named', async () => {
    let fails = true
    const url = await serve({ fault: ({ turn }) => (fails && turn === 1 ? 'server_error' : undefined) })
    const line = `${toy} --players openai:m@${url} --max-retries 0`
    const { err, cwd } = await told(line)
    expect(err).toMatch(
      /2 rollouts failed \(runs\/\S+\/errors\.jsonl\)\. Play them again with: agoragym eval .* --resume --retry-errors\n$/,
    )
    fails = false
    // Only where that is asked for: each try may cost something.
    expect((await agoragym(`${line} --resume`, { cwd })).code).toBe(1)
    expect((await agoragym(`${line} --resume --retry-errors`, { cwd })).code).toBe(0)
  })

  test('credentials of a URL are not repeated', async () => {
    const { err } = await told(`${toy} --players openai:m@http://joe:secret-word@127.0.0.1:9/v1`)
    expect(err).toContain('openai:m@http://***@127.0.0.1:9/v1')
    expect(err).not.toContain('secret-word')
  })
})

describe('a wrong option is told before anything is called', () => {
  test.each([
    ['--history lots', "--history: expected full, last:N (N ≥ 1) or none, got 'lots'."],
    ['--no-tool-call nug', "--no-tool-call: expected pass, nudge, stop; got 'nug'. Did you mean 'nudge'?"],
    ['--api chats', "--api: expected chat, responses; got 'chats'. Did you mean 'chat'?"],
    ['--extra-body [1]', '--extra-body: expected a JSON object, got [1].'],
    ['--temperature hot', "--temperature: expected a number, got 'hot'."],
    ['--max-cost=-1', "--max-cost: expected a number above 0, got '-1'."],
    ['--persona greedy', "No persona 'greedy'."],
    ['--persona trader_0=./none.md', 'ENOENT'],
    ['--prices none.json', 'Price file'],
    ['--max-cost 1', '--max-cost: no price of openai:m@http://127.0.0.1:9/v1 is known.'],
    ['--artifacts', '--artifacts: only sim_economy has these files, not toy_market.'],
  ])('%s', async (option, message) => {
    const { code, err } = await agoragym(`${toy} --players openai:m@http://127.0.0.1:9/v1 ${option}`, { cwd: scratch() })
    expect(code).toBe(2)
    expect(err).toContain(message)
  })
})

test('the settings of a model reach its requests and the metadata', async () => {
  const cwd = scratch()
  writeFileSync(join(cwd, 'shy.md'), 'You are shy.')
  const url = await serve()
  const options =
    '--temperature 0.5 --top-p 0.9 --max-completion-tokens 99 --reasoning-effort low --extra-body {"seed":4} --history last:1 --no-tool-call nudge --persona ./shy.md'
  const { code } = await agoragym(`${toy} --players openai:m@${url} ${options}`, { cwd })
  expect(code).toBe(0)
  const [request] = provider!.requests
  expect(request!.body).toMatchObject({ temperature: 0.5, top_p: 0.9, max_tokens: 99, reasoning_effort: 'low', seed: 4 })
  // What only the provider's own URL understands is not sent elsewhere.
  expect(request!.body).not.toHaveProperty('prompt_cache_key')
  expect(request!.messages[0]!.content).toMatch(/You are shy\.$/)
  const [run] = readdirSync(join(cwd, 'runs'))
  expect(JSON.parse(readFileSync(join(cwd, 'runs', run!, 'metadata.json'), 'utf8'))).toMatchObject({
    model: 'm',
    base_url: url,
    sampling_args: { temperature: 0.5, top_p: 0.9, max_tokens: 99, reasoning_effort: 'low' },
    player_details: {
      protocol: 'chat',
      history: 'last:1',
      no_tool_call: 'nudge',
      extra_body: { seed: 4 },
      personas: { '*': { name: expect.stringContaining('shy.md'), digest: expect.stringMatching(/^[0-9a-f]{64}$/) } },
    },
  })
  // Under other settings it is another player, in a folder of its own.
  const other = await agoragym(`${toy} --players openai:m@${url} --resume`, { cwd })
  expect(other.code).toBe(0)
  expect(readdirSync(join(cwd, 'runs'))).toHaveLength(2)
})

test('--api responses speaks the other protocol', async () => {
  const { code } = await agoragym(`${toy} --players openai:m@${await serve()} --api responses`, { cwd: scratch() })
  expect(code).toBe(0)
  expect(new Set(provider!.requests.map(({ dialect }) => dialect))).toEqual(new Set(['responses']))
})

test('--dry-run counts calls and tokens, says which price is not known, and calls nobody', async () => {
  const cwd = scratch()
  const line = 'eval toy_market --players openai:gpt-4.1-mini,openai:m@http://127.0.0.1:9/v1 --seeds 10 --repeats 2 --dry-run'
  const { code, out } = await agoragym(`${line} --json`, { cwd })
  expect(code).toBe(0)
  const { estimates } = JSON.parse(out)
  // Eight turns of one seat.
  expect(estimates).toMatchObject([
    { player: 'openai:gpt-4.1-mini', rollouts: 20, calls: 160 },
    { player: 'openai:m@http://127.0.0.1:9/v1', rollouts: 20, calls: 160, cost: null },
  ])
  const [{ prompt_tokens, repeated_tokens, completion_tokens, cost }] = estimates
  expect(completion_tokens).toBe(160 * 300)
  expect(repeated_tokens).toBeGreaterThan(prompt_tokens / 2)
  // At 0.4, 0.1 from the cache and 1.6 USD a million.
  expect(cost[1]).toBeCloseTo((prompt_tokens * 0.4 + completion_tokens * 1.6) / 1e6, 6)
  expect(cost[0]).toBeCloseTo(
    ((prompt_tokens - repeated_tokens) * 0.4 + repeated_tokens * 0.1 + completion_tokens * 1.6) / 1e6,
    6,
  )
  expect(existsSync(join(cwd, 'runs'))).toBe(false)
  expect((await agoragym(line, { cwd, columns: 120 })).out).toContain('price unknown')
})

test('models and bots share a table, each seat its own', async () => {
  const url = await serve()
  const { code, out } = await agoragym(
    `eval toy_market --set horizon=2 --seeds 2 --seat trader_0=openai:a@${url} --seat trader_1=anthropic:b@${url}`,
    { cwd: scratch() },
  )
  expect(code).toBe(0)
  expect(out).toContain('trader_0, trader_1')
  expect(new Set(provider!.requests.map(({ dialect, model }) => `${dialect} ${model}`))).toEqual(
    new Set(['chat a', 'messages b']),
  )
})

describe('a tournament', () => {
  test('plays every two players in both orders and ranks them', async () => {
    const cwd = scratch()
    const url = await serve({ script: () => ({ calls: [{ name: 'sell', arguments: { quantity: 5 } }] }) })
    const { code, out } = await agoragym(`tournament toy_market --players openai:m@${url},random,bot:passive --seeds 3 --json`, {
      cwd,
    })
    expect(code).toBe(0)
    const { standings, runs } = JSON.parse(out)
    expect(runs).toHaveLength(6)
    expect(standings.map(({ player, games }: { player: string; games: number }) => [player.split('@')[0], games])).toEqual([
      ['openai:m', 12],
      ['random', 12],
      ['bot:passive', 12],
    ])
    expect(standings[2]).toMatchObject({ wins: 0, reward: 0 })
    // Finished, it is told again without a call.
    const asked = provider!.requests.length
    expect(
      (await agoragym(`tournament toy_market --players openai:m@${url},random,bot:passive --seeds 3 --resume`, { cwd })).code,
    ).toBe(0)
    expect(provider!.requests).toHaveLength(asked)
    // Each of two plays in both seats, as often as was asked for.
    const { out: again } = await agoragym(
      'tournament toy_market --players random,bot:passive --seeds 1 --repeats 2 --set horizon=1 --out again --json',
      { cwd },
    )
    expect(JSON.parse(again).standings.map(({ games }: { games: number }) => games)).toEqual([4, 4])
  })

  test.each([
    ['--players random', 'expected two or more different players'],
    ['--players random,bot:passive --among trader_0', 'toy_market has one seat for players'],
    ['--players random,bot:passive --among trader_0,trader_9', "--among: no seat 'trader_9' in toy_market."],
  ])('%s is told what is missing', async (options, message) => {
    const { code, err } = await agoragym(`tournament toy_market ${options}`, { cwd: scratch() })
    expect([code, err]).toMatchObject([2, expect.stringContaining(message)])
  })
})

describe('the files of an LLM-driven run', () => {
  const lines = (path: string) => readFileSync(path, 'utf8').split('\n').filter(Boolean)

  test('of the published setting, and its figures beside the published ones', async () => {
    const cwd = scratch()
    // All mine, but for agent_1, who begins with a gift.
    const url = await serve({
      script: ({ messages }) =>
        /^Turn 1 of 10\. You are agent_1\./.test(messages.at(-1)!.content)
          ? { calls: [{ name: 'transfer', arguments: { to: 'agent_0', amount: 10, fee: 0 } }] }
          : { content: 'I mine.', calls: [{ name: 'mine', arguments: {} }] },
    })
    const { code, out } = await agoragym(`replicate llm-run-01 --player openai:m@${url} --out study --json`, { cwd })
    expect(code).toBe(0)
    const { rows } = JSON.parse(out)
    const ours = Object.fromEntries(rows.map(({ figure, ours: value }: { figure: string; ours: number }) => [figure, value]))
    // Ten turns of four agents of whom three mine at least: a block every turn.
    expect(ours).toMatchObject({ 'model calls': 40, blocks: 10, 'fees in tokens': 0, 'highest core price': 0 })
    expect(rows.find(({ figure }: { figure: string }) => figure === 'blocks')).toMatchObject({ published: 8, ok: null })

    const study = join(cwd, 'study')
    expect(readdirSync(study).sort()).toEqual(['action_trace.jsonl', 'llm_calls.jsonl', 'metrics.json', 'run.log'])
    expect(lines(join(study, 'action_trace.jsonl')).map(line => JSON.parse(line))[5]).toEqual({
      turn: 2,
      agent_id: 'agent_1',
      action: { action: 'mine' },
      balance: 990,
      prompt_tokens: expect.any(Number),
      completion_tokens: expect.any(Number),
      model: 'm',
    })
    const calls = lines(join(study, 'llm_calls.jsonl')).map(line => JSON.parse(line))
    expect(calls).toHaveLength(40)
    expect(calls[0]).toMatchObject({ turn: 1, agent_id: 'agent_0', model: 'm', raw_output_preview: 'I mine. mine {}' })
    const metrics = JSON.parse(readFileSync(join(study, 'metrics.json'), 'utf8'))
    expect(metrics.totals).toEqual({
      llm_calls: 40,
      prompt_tokens: ours['prompt tokens'],
      completion_tokens: ours['completion tokens'],
      fees: 0,
      blocks: 10,
    })
    expect(metrics.turns).toHaveLength(10)
    expect(metrics.final_wealth).toHaveLength(4)
    expect(lines(join(study, 'run.log'))[0]!.replace(url, 'URL')).toMatch(
      /^turn 1 model agent_0 m at URL: \d+ \+ \d+ tokens, \d+ ms: I mine\. mine {}$/,
    )
  })

  test('of every rollout of an evaluation with --artifacts', async () => {
    const cwd = scratch()
    const url = await serve()
    const line = `eval sim_economy --preset llm-run-01 --set horizon_turns=2 --players openai:m@${url} --opponents random:3 --seeds 2 --artifacts`
    expect((await agoragym(line, { cwd })).code).toBe(0)
    const [run] = readdirSync(join(cwd, 'runs'))
    const folders = readdirSync(join(cwd, 'runs', run!, 'artifacts'))
    expect(folders).toHaveLength(2)
    const trace = lines(join(cwd, 'runs', run!, 'artifacts', folders[0]!, 'action_trace.jsonl')).map(text => JSON.parse(text))
    expect(trace.map(({ agent_id, model }) => `${agent_id} ${model}`).slice(0, 2)).toEqual(['agent_0 m', 'agent_1 random'])
  })

  test('a study whose provider fails says so and ends with code 1', async () => {
    const url = await serve({ models: ['other'] })
    const { code, out } = await agoragym(`replicate llm-run-01 --player openai:m@${url}`, { cwd: scratch(), columns: 400 })
    expect(code).toBe(1)
    expect(out).toContain("The model 'm' does not exist")
  })
})

test('a provider’s own cache that was never hit is remarked upon; a server of one’s own may not report it', () => {
  const own = 'https://api.openai.com/v1'
  const run = (base_url: string, history: string, read: number) =>
    ({
      metadata: { player: base_url === own ? 'openai:m' : `openai:m@${base_url}`, base_url, player_details: { history } },
      summary: {
        usage: {
          input_uncached: 300_000 - read,
          input_cached_read: read,
          input_cache_write: 0,
          output: 1,
          output_reasoning: null,
        },
        traffic: { calls: 100 },
      },
    }) as never
  expect(cacheNote(run(own, 'full', 0)).join()).toMatch(
    /^openai:m: hardly any prompt token was read from the provider's cache.*lower -c/,
  )
  expect(cacheNote(run(own, 'full', 200_000))).toEqual([])
  expect(cacheNote(run(own, 'last:2', 0))).toEqual([])
  expect(cacheNote(run('http://localhost:8000/v1', 'full', 0))).toEqual([])
})
