/** A policy that a server plays: what it is asked, what becomes of what it answers, and how it fails. */
import http from 'node:http'
import type { AddressInfo } from 'node:net'
import { describe, expect, onTestFinished, test } from 'vitest'
import { Episode, economies } from '../../../index.ts'
import { Models } from '../../../rollouts/models/index.ts'
import { playersFor } from '../../../rollouts/players/index.ts'
import { runRollout } from '../../../rollouts/run_rollout.ts'
import { toyMarket } from '../../toy_market/index.ts'
import { toySpec } from '../table.ts'

if (!economies.has('toy_market')) economies.register({ env: toyMarket })
const economy = economies.get('toy_market')

// biome-ignore lint/suspicious/noExplicitAny: what was asked is read field by field.
type Asked = any
type Answer = { readonly status?: number; readonly body: unknown }

/** A policy server that answers each turn as `play` says. */
async function serving(
  play: (asked: Asked) => Answer,
  accepts: readonly string[] = ['text', 'observation', 'encoded'],
  greeting: unknown = { protocol: 1, name: 'toy-ppo', accepts },
) {
  const asked: Asked[] = []
  const tokens: (string | undefined)[] = []
  const server = http.createServer((request, response) => {
    let text = ''
    request.on('data', chunk => (text += chunk))
    request.on('end', () => {
      tokens.push(request.headers.authorization)
      let answer: Answer = { body: greeting }
      if (request.method === 'POST') {
        asked.push(JSON.parse(text))
        answer = play(asked.at(-1))
      }
      // Nothing is ever said.
      if (answer.status === 0) return
      response.writeHead(answer.status ?? 200, { 'content-type': 'application/json' })
      response.end(typeof answer.body === 'string' ? answer.body : JSON.stringify(answer.body))
    })
  })
  await new Promise<void>(listening => server.listen(0, '127.0.0.1', listening))
  const close = () => new Promise<void>(closed => server.close(() => closed()).closeAllConnections())
  onTestFinished(close)
  return { player: `policy:http://127.0.0.1:${(server.address() as AddressInfo).port}/act`, asked, tokens, close }
}

const quick = { maxRetries: 1, backoffMs: 1, backoffCapMs: 1 }
async function played(player: string, options: ConstructorParameters<typeof Models>[0] = {}) {
  const seat = playersFor({ economy, models: new Models({ retry: quick, ...options }) })(player)
  return runRollout(toySpec({ seed: 4 }, seat))
}
const decisions = (rollout: Awaited<ReturnType<typeof played>>) => {
  if (!rollout.ok) throw rollout.error
  return rollout.log.steps.map(({ decisions }) => decisions.trader_0!)
}

describe('a served policy', () => {
  test('is not asked for an estimate of what a run costs', async () => {
    const { player, asked } = await serving(() => ({ body: { calls: [] } }))
    const models = new Models({ retry: quick })
    const { lineup } = toySpec({}, playersFor({ economy, models })(player))
    const measured = models.measuring(lineup.trader_0!)
    expect(await runRollout(toySpec({}, measured))).toMatchObject({ ok: true })
    expect(asked).toEqual([])
  })

  test('is asked every turn of its seat, and plays what it answers', async () => {
    const { player, asked } = await serving(() => ({ body: { calls: [{ tool: 'wait', args: {} }] } }))
    const rollout = await played(player)
    expect(decisions(rollout)).toEqual(new Array(8).fill({ calls: [{ tool: 'wait', args: {} }] }))
    expect(rollout).toMatchObject({ ok: true, log: { header: { seats: { trader_0: player } } } })
    expect(asked.map(({ t }) => t)).toEqual([0, 1, 2, 3, 4, 5, 6, 7])
    expect(asked[1]).toMatchObject({
      protocol: 1,
      rollout: rollout.key,
      env: 'toy_market',
      version: toyMarket.version,
      seat: 'trader_0',
      role: 'trader',
      repeat: 0,
      offered: ['sell', 'wait', 'value'],
      results: [{ ok: true, text: 'You wait.' }],
      text: expect.stringContaining('Turn 1.'),
      observation: { agent: 'trader_0' },
    })
    const { features, slots } = toyMarket.encode!(asked[0].config)
    expect([asked[0].features.length, asked[0].mask.length]).toEqual([features.length, slots.length])
    // A policy that samples by what it is given plays a run again alike.
    expect((await played(player)).ok && asked.slice(8).map(({ random }) => random)).toEqual(
      asked.slice(0, 8).map(({ random }) => random),
    )
  })

  test('may answer a slot, is shown what it accepts alone, and is told the token of the environment', async () => {
    const { player, asked, tokens } = await serving(({ mask }) => ({ body: { slot: mask.lastIndexOf(1) } }), ['encoded'])
    const [first] = decisions(await played(player, { env: { AGORAGYM_POLICY_TOKEN: 'secret' } }))
    const { slots } = toyMarket.encode!(asked[0].config)
    expect(first!.calls.map(({ tool }) => tool)).toEqual(slots[asked[0].mask.lastIndexOf(1)]!.tools)
    expect([asked[0].text, asked[0].observation]).toEqual([undefined, undefined])
    expect(new Set(tokens)).toEqual(new Set(['Bearer secret']))
  })

  test.each<[string, Answer, string, RegExp]>([
    ['no JSON', { body: '<html>' }, 'malformed_reply', /no JSON.*policy server of protocol 1/],
    ['no decision', { body: { move: 1 } }, 'malformed_reply', /after 2 attempts/],
    ['no slot', { body: { slot: 4000 } }, 'malformed_reply', /expected a slot from 0 to \d+, got 4000/],
    [
      'an error of its own',
      { status: 500, body: { error: { code: 'cuda', message: 'out of memory' } } },
      'server_error',
      /out of memory/,
    ],
    ['a refusal', { status: 401, body: { error: { code: 'auth', message: 'who are you' } } }, 'auth', /AGORAGYM_POLICY_TOKEN/],
  ])('that answers %s fails its rollout in one line that says what to do', async (_name, answer, code, words) => {
    const { player } = await serving(() => answer)
    const rollout = await played(player)
    if (rollout.ok) throw new Error('expected a failed rollout')
    expect(rollout.error).toMatchObject({ name: 'ProviderError', code })
    expect(rollout.error.message).toMatch(words)
    expect(rollout.error.message).not.toContain('\n')
  })

  test('that is not there is named, for every rollout', async () => {
    const { player, close } = await serving(() => ({ body: {} }))
    await close()
    const rollout = await played(player)
    expect(rollout).toMatchObject({ ok: false, error: { code: 'connection', fatal: true } })
  })

  test.each([
    'policy:ftp://x',
    'policy:http://u:p@host/',
    'policy:http://host/?step=3',
    'policy:http://host/#a',
    'policy:x http://host',
    'policy:http://:x',
    'policy:',
  ])('%s is no server', text => {
    expect(() => playersFor({ economy, models: new Models() })(text)).toThrow('policy:http://HOST:PORT/PATH')
  })

  const wait = { body: { calls: [{ tool: 'wait', args: {} }] } }
  /** A policy in its seat, of a game that has begun. */
  async function seated(player: string, options: ConstructorParameters<typeof Models>[0] = {}) {
    const models = new Models({ retry: quick, ...options })
    const rollout = new AbortController()
    const episode = new Episode(toyMarket, { traders: 1, horizon: 2 }, 3)
    const make = models.served(player).policies({ key: 'k', signal: rollout.signal, recorded: [], record: () => {} })
    const seat = { agent: 'trader_0', role: 'trader' }
    return { policy: make({ env: toyMarket as never, config: episode.config, seat, repeat: 0 }), episode, rollout, models }
  }

  test('says of itself what files record, and nothing of a token that there is none of', async () => {
    const { player, asked, tokens } = await serving(() => wait, ['text'])
    const { name, kind, details } = new Models().served(`${player}/`)
    expect({ name, kind, details }).toEqual({
      name: player,
      kind: 'policy',
      details: { base_url: player.slice('policy:'.length), protocol: 1 },
    })
    await played(player)
    expect(new Set(tokens)).toEqual(new Set([undefined]))
    // Greeted once, then asked every turn.
    expect(tokens.length).toBe(asked.length + 1)
    expect(Object.keys(asked[0]).sort()).toEqual(
      'config env offered protocol random repeat results role rollout seat t text version'.split(' '),
    )
  })

  test('may say what its decisions took', async () => {
    const units = { thinking: 3, output: 4, source: 'reported' } as const
    const { player } = await serving(() => ({ body: { ...wait.body, units } }))
    expect(decisions(await played(player))[0]).toEqual({ ...wait.body, units })
  })

  test.each<[string, unknown]>([
    ['units that are no counts', { calls: [], units: { thinking: -1, output: 0, source: 'reported' } }],
    ['units of another source', { calls: [], units: { thinking: 0, output: 0, source: 'guessed' } }],
    ['both a slot and calls', { slot: 0, calls: [] }],
    ['a slot below zero', { slot: -1 }],
    ['half a slot', { slot: 0.5 }],
    ['more calls than anybody means', { calls: new Array(1001).fill({ tool: 'wait', args: {} }) }],
    ['a field besides', { calls: [], note: 'x' }],
  ])('that answers %s is no policy server', async (_what, body) => {
    const { player } = await serving(() => ({ body }))
    const { policy, episode, rollout } = await seated(player, { retry: { maxRetries: 0 } })
    await expect(policy.act(episode.turn('trader_0', rollout.signal))).rejects.toMatchObject({ code: 'malformed_reply' })
  })

  test.each<[string, unknown]>([
    ['another protocol', { protocol: 2, accepts: ['text'] }],
    ['nothing of what it accepts', { protocol: 1 }],
    ['that it accepts what there is not', { protocol: 1, accepts: ['pictures'] }],
    ['that it accepts too much', { protocol: 1, accepts: ['text', 'text', 'text', 'text'] }],
    ['a name at length', { protocol: 1, accepts: [], name: 'x'.repeat(201) }],
  ])('that says %s is none either', async (_what, greeting) => {
    const { player, asked } = await serving(() => wait, [], greeting)
    const { policy, episode, rollout } = await seated(player, { retry: { maxRetries: 0 } })
    await expect(policy.act(episode.turn('trader_0', rollout.signal))).rejects.toMatchObject({ code: 'malformed_reply' })
    expect(asked).toEqual([])
  })

  test('that is asked for a slot where the economy has none says calls', async () => {
    const { player } = await serving(() => ({ body: { slot: 0 } }))
    const { encode: _, ...plain } = toyMarket
    const models = new Models({ retry: { maxRetries: 0 } })
    const episode = new Episode(plain, { traders: 1, horizon: 2 }, 3)
    const { signal } = new AbortController()
    const make = models.served(player).policies({ key: 'k', signal, recorded: [], record: () => {} })
    const seat = { agent: 'trader_0', role: 'trader' }
    const policy = make({ env: plain as never, config: episode.config, seat, repeat: 0 })
    await expect(policy.act(episode.turn('trader_0', signal))).rejects.toThrow('toy_market has no encoding')
  })

  test.each(['rollout', 'turn', 'run'])('that hangs is given up with its %s', async whose => {
    let hung = 0
    const { player } = await serving(() => {
      hung++
      return { status: 0, body: '' }
    })
    const run = new AbortController()
    const { policy, episode, rollout } = await seated(player, { stop: run.signal })
    const turn = new AbortController()
    const acting = policy.act(episode.turn('trader_0', turn.signal)) as Promise<unknown>
    acting.catch(() => {})
    while (hung === 0) await new Promise(setImmediate)
    if (whose === 'run') run.abort()
    else (whose === 'turn' ? turn : rollout).abort(new Error('enough'))
    // An end of the run lets what is under way be finished: only then is its turn given up.
    if (whose === 'run') turn.abort(new Error('enough'))
    await expect(acting).rejects.toThrow('enough')
    await expect(policy.act(episode.turn('trader_0', turn.signal))).rejects.toThrow(whose === 'run' ? 'Interrupted' : 'enough')
    expect(hung).toBe(1)
  })

  test('that is slow uses up the time of its seat, and what went wrong is on the line about what goes on', async () => {
    const answers: Answer[] = [{ status: 503, body: 'busy' }, wait, wait]
    const { player } = await serving(() => answers.shift() ?? wait)
    let now = 0
    const clock = {
      now: () => (now += 1000),
      random: () => 0,
      after(ms: number, callback: () => void) {
        // Waits pass at once, time boxes never.
        if (ms <= 1) setImmediate(callback)
        return () => {}
      },
    }
    const { policy, episode, rollout, models } = await seated(player, {
      timeoutEpisodeMs: 60_000,
      clock,
      retry: { ...quick, timeoutMs: 1e6 },
    })
    await policy.act(episode.turn('trader_0', rollout.signal))
    expect(models.status()).toMatch(/ · 1 retries, last 503 server_error$/)
    const tight = await seated(player, { timeoutEpisodeMs: 1500, clock, retry: { ...quick, timeoutMs: 1e6 } })
    await expect(
      (async () => {
        for (let i = 0; i < 3; i++) await tight.policy.act(tight.episode.turn('trader_0', tight.rollout.signal))
      })(),
    ).rejects.toThrow(/the episode's time box of 1\.5 s is used up\. Raise --timeout-episode/)
  })

  test.each<[Answer, RegExp]>([
    [{ status: 401, body: 'no' }, /^policy:http:\S+: 401 auth \(no\)\. Check the token in AGORAGYM_POLICY_TOKEN\.$/],
    [{ status: 400, body: 'no' }, /bad_request \(no\)\. Check what the server was started with, then --resume --retry-errors\.$/],
    [{ status: 408, body: 'no' }, /Raise --timeout-call \(300 s a turn\), then --resume --retry-errors\.$/],
    [{ body: 'no' }, /: malformed_reply \(.*\)\. Check that what answers is a policy server of protocol 1\.$/],
  ])('that answers %j is told so', async (answer, message) => {
    const { player } = await serving(() => answer)
    const { policy, episode, rollout } = await seated(player, { retry: { maxRetries: 0 } })
    await expect(policy.act(episode.turn('trader_0', rollout.signal))).rejects.toThrow(message)
  })
})
