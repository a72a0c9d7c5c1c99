/** A policy that a server plays: what it is asked, what becomes of what it answers, and how it fails. */
import http from 'node:http'
import type { AddressInfo } from 'node:net'
import { describe, expect, onTestFinished, test } from 'vitest'
import { economies } from '../../../index.ts'
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
async function serving(play: (asked: Asked) => Answer, accepts: readonly string[] = ['text', 'observation', 'encoded']) {
  const asked: Asked[] = []
  const tokens: (string | undefined)[] = []
  const server = http.createServer((request, response) => {
    let text = ''
    request.on('data', chunk => (text += chunk))
    request.on('end', () => {
      tokens.push(request.headers.authorization)
      let answer: Answer = { body: { protocol: 1, name: 'toy-ppo', accepts } }
      if (request.method === 'POST') {
        asked.push(JSON.parse(text))
        answer = play(asked.at(-1))
      }
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

  test.each(['policy:ftp://x', 'policy:http://u:p@host/', 'policy:http://host/?step=3', 'policy:'])('%s is no server', text => {
    expect(() => playersFor({ economy, models: new Models() })(text)).toThrow('policy:http://HOST:PORT/PATH')
  })
})
