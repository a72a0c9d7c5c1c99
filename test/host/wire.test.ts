/** What goes over the wire: no seat is told more than it may know, and no page gets in that has no business there. */
import { readdirSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, expect, test } from 'vitest'
import { WebSocket } from 'ws'
import { formsOf } from '../../host/forms.ts'
import { Limits } from '../../host/limits.ts'
import type { Answer, SeatView } from '../../host/messages.ts'
import { Episode, economies } from '../../index.ts'
import { botPlayer } from '../../rollouts/players/bot.ts'
import { callText } from '../../rollouts/players/human.ts'
import { readSteps } from '../../rollouts/store.ts'
import { endHosting, HandClock, type Hosting, hosting } from './hosting.ts'
import { firstProposal } from './person.ts'

afterEach(endHosting)

/** Not to be met by chance. */
const [SEED, SPY] = [918_273_645, 'spy_of_the_test']

/** Two people of each economy, others by a player whose name nobody may hear. */
const TABLES = [
  ['sim_economy', 'short', ['agent_0', 'agent_3']],
  ['swarm_economy', 'short', ['learner', 'agent_1']],
  ['spatial_planning', 'harberger_quick', ['developer', 'speculator_1']],
  ['mars_colony', 'short', ['colonist_0', 'colonist_1']],
] as const

test.each(TABLES)('in %s every byte that a seat gets is its own to know', async (env, preset, people) => {
  const economy = economies.get(env)
  const others = economy.env
    .seats(economy.env.config.parse(economy.env.presets[preset]))
    .filter(({ agent, resident }) => !resident && !people.includes(agent as never))
  const game = await hosting(
    {
      env,
      presets: [preset],
      seeds: `${SEED}:${SEED + 1}`,
      table: true,
      seats: Object.fromEntries(people.map(agent => [agent, 'human'])),
      ...(others.length > 0 && { opponents: `${SPY}:${others.length}` }),
    },
    { own: name => (name === SPY ? { ...botPlayer('honest', economy), name: SPY } : undefined) },
  )
  const pages = await Promise.all(people.map(agent => game.person(agent).come()))
  await Promise.all(pages.map(page => page.play()))
  await game.played
  const [log] = [...readSteps(game.folder())]
  const { header } = log!
  const tokens = [...game.games.links.map(({ path }) => path.split('/')[2]!), game.games.monitorPath.split('/')[2]!]
  for (const [i, agent] of people.entries()) {
    // What the seat sees, turn by turn, and what it is told, from the log alone.
    const episode = new Episode(economy.env, header.config, header.seed, { seats: header.seats })
    const tools = economy.env.tools(episode.config)
    const rules = economy.env.rules(header.config, agent)
    const seen: string[] = []
    const forms: (readonly object[])[] = []
    const told: string[] = []
    const sent: string[][] = []
    for (const { decisions, results } of log!.steps) {
      if (decisions[agent] !== undefined) {
        seen.push(economy.env.render(episode.observe(agent)))
        forms.push(formsOf(tools, episode.turn(agent)))
        sent.push(decisions[agent].calls.map(callText))
        told.push(...(results[agent] ?? []).map(({ text }) => text))
      }
      episode.step(decisions)
    }
    const heard = pages[i]!.heard.map(text => JSON.parse(text) as SeatView | Answer)
    expect(heard.length).toBeGreaterThan(2 * seen.length)
    for (const message of heard) {
      if (message.type === 'answer') {
        expect(message).toEqual({ type: 'answer', id: expect.any(Number), ok: true, texts: [] })
        continue
      }
      const { turn, told: heardNow, history, result, ...rest } = message
      expect(Object.keys(rest).sort()).toEqual(['consent', 'questions', 'room', 'rules', 'seat', 'stage', 'title', 'type'])
      expect(rest).toMatchObject({ title: 'A session', seat: agent, rules, consent: null, questions: null })
      if (turn !== null) {
        const { text, tools: shown, turn: number, ...more } = turn
        expect(text).toBe(seen[number])
        expect(shown).toEqual(JSON.parse(JSON.stringify(forms[number])))
        expect(Object.keys(more).sort()).toEqual(['left_ms', 'max_calls', 'on_silence', 't'])
      }
      for (const { text } of heardNow) expect(told).toContain(text)
      for (const { turn: number, sent: mine, results } of history) {
        expect(mine).toEqual(sent[number])
        for (const text of results) expect(told).toContain(text)
      }
      if (result !== null)
        expect(result).toEqual({ scores: economy.env.score(log!)[agent], payoff: null, payment_code: null, finish_url: null })
    }
    // And in plain words.
    const bytes = pages[i]!.heard.join('\n')
    for (const secret of [...tokens, SPY, String(SEED), 'bot:', header.seats[agent] === 'human' ? '"human"' : SPY])
      expect(bytes.includes(secret), secret).toBe(false)
  }
})

const SHORT = { env: 'sim_economy', presets: ['short'], seeds: '1' }

/** How a socket is refused: the status of the answer, or the code that it is closed with. */
function refusal(url: string, headers: Readonly<Record<string, string>> = {}): Promise<number> {
  const socket = new WebSocket(url.replace(/^http/, 'ws'), { headers })
  return new Promise(resolve => {
    socket.on('unexpected-response', (_request, { statusCode }) => resolve(statusCode!))
    socket.on('close', code => resolve(code))
    socket.on('error', () => {})
  })
}

test('a link leads to its own seat alone; wrong ones are told so, and after a while to wait', async () => {
  const game = await hosting({ ...SHORT, table: true, seats: { agent_0: 'human', agent_1: 'human' } })
  const { url } = game.server
  const [one, other] = await Promise.all(['agent_0', 'agent_1'].map(id => game.person(id).come()))
  expect([one!.view!.seat, other!.view!.seat]).toEqual(['agent_0', 'agent_1'])
  const page = await fetch(one!.link)
  expect(page.status).toBe(200)
  expect(page.headers.get('content-security-policy')).toContain("default-src 'none'")
  expect(page.headers.get('content-security-policy')).not.toContain('unsafe')
  expect([page.headers.get('referrer-policy'), page.headers.get('cache-control')]).toEqual(['no-referrer', 'no-store'])
  // A seat's token is none of the monitor, and none of another page.
  const token = one!.link.split('/').at(-1)!
  expect(token).toMatch(/^[\w-]{32}$/)
  expect((await fetch(`${url}/monitor/${token}`)).status).toBe(404)
  expect(await refusal(`${url}/monitor/${token}/socket`)).toBe(4404)
  expect((await fetch(`${url}/seat/${game.games.monitorPath.split('/')[2]}`)).status).toBe(404)
  expect(await refusal(`${url}/seat/${token.slice(1)}x/socket`)).toBe(4404)
  const statuses: number[] = []
  let wait: string | null = null
  for (let i = 0; i < 20; i++) {
    const answer = await fetch(`${url}/seat/guess${i}`)
    statuses.push(answer.status)
    wait = answer.headers.get('retry-after')
  }
  expect(new Set(statuses)).toEqual(new Set([404, 429]))
  expect([statuses.at(-1), Number(wait) > 0]).toEqual([429, true])
  expect(await refusal(`${url}/seat/guess/socket`)).toBe(429)
  // Whoever has a link comes in all the same, and later wrong ones are told again.
  expect((await fetch(one!.link)).status).toBe(200)
  game.clock.pass(60_000)
  expect((await fetch(`${url}/seat/guess`)).status).toBe(404)
})

test('pages of other origins and names, floods, giants and nonsense are refused', async () => {
  const game = await hosting({ ...SHORT, players: ['human'] })
  const { url } = game.server
  const person = await game.person('agent_0').come({ origin: url })
  const socket = `${person.link}/socket`
  expect(await refusal(socket, { origin: 'http://evil.example' })).toBe(403)
  expect(await refusal(socket, { origin: 'null' })).toBe(403)
  expect(await refusal(socket, { host: 'evil.example' })).toBe(403)
  for (const [text, id] of [
    ['no JSON', null],
    ['{"type":"decide","id":7,"turn":0,"calls":[{"tool":"x"}],"more":1}', 7],
    ['{"type":"monitor","id":8}', 8],
    [`${'['.repeat(100)}${']'.repeat(100)}`, null],
  ] as const) {
    const before = person.heard.length
    person.say(text)
    await person.until(() => person.heard.length > before)
    expect(JSON.parse(person.heard.at(-1)!)).toMatchObject({ type: 'answer', id, ok: false, code: 'bad_message' })
  }
  const answers = await Promise.all(Array.from({ length: 80 }, () => person.ask({ type: 'check', turn: 0, calls: [] })))
  const tooFast = answers.filter(({ code }) => code === 'too_fast')
  expect(tooFast.length).toBeGreaterThan(10)
  expect(tooFast[0]!.texts[0]).toMatch(/try again in 1 s/)
  game.clock.pass(10_000)
  expect(await person.ask({ type: 'check', turn: 0, calls: [] })).toMatchObject({ ok: true })
  const closed = person.closed()
  person.say('x'.repeat(300_000))
  expect(await closed).toBe(1009)
  // What was typed is data: it is in no page but as JSON.
  await person.come()
  const hostile = '<img src=x onerror=alert(1)></script>'
  await person.ask({ type: 'decide', turn: 0, calls: [{ tool: 'say', args: hostile }], anyway: true })
  await person.until(({ turn }) => turn?.turn === 1)
  expect(person.view!.history[0]!.sent[0]).toContain(hostile)
  expect(await (await fetch(person.link)).text()).not.toContain('onerror')
})

test('several pages of a seat see the same; the fifth closes the oldest', async () => {
  const game = await hosting({ ...SHORT, players: ['human'] })
  const pages = await Promise.all([0, 1, 2, 3].map(() => game.person('agent_0').come()))
  await Promise.all(pages.map(page => page.until(({ stage }) => stage === 'playing')))
  await pages[0]!.ask({ type: 'decide', turn: 0, calls: firstProposal(pages[0]!.view!) })
  await Promise.all(pages.map(page => page.until(({ turn }) => turn?.turn === 1)))
  expect(pages[3]!.view).toEqual(pages[0]!.view)
  const closed = pages[0]!.closed()
  await game.person('agent_0').come()
  expect(await closed).toBe(4409)
})

/** Every text that a run has left, by the name of its file. */
function texts(game: Hosting): Map<string, string> {
  const paths = readdirSync(game.out, { recursive: true, encoding: 'utf8' }).map(name => join(game.out, name))
  return new Map(
    paths.filter(path => statSync(path).isFile()).map(path => [path.slice(game.folder().length + 1), readFileSync(path, 'utf8')]),
  )
}

test('tokens are in the file of links alone, and no address of anybody is in any', async () => {
  const game = await hosting({ ...SHORT, players: ['human'] }, { rules: { codes: true } })
  const person = await game.person('agent_0').come()
  await person.play()
  await game.played
  const token = person.link.split('/').at(-1)!
  const monitor = game.games.monitorPath.split('/')[2]!
  const files = texts(game)
  expect([...files.keys()]).toEqual(
    expect.arrayContaining([
      'links.json',
      'decisions.jsonl',
      'sittings.jsonl',
      'payments.csv',
      'rollouts.jsonl',
      'metadata.json',
    ]),
  )
  const having = (secret: string) => [...files].filter(([, text]) => text.includes(secret)).map(([name]) => name)
  expect([having(token), having(monitor)]).toEqual([['links.json'], ['links.json']])
  expect(having('127.0.0.1')).toEqual([])
})

test('other machines are let in by choice alone', async () => {
  const start = (server: object) => hosting({ ...SHORT, players: ['human'] }, { server })
  await expect(start({ host: '0.0.0.0' })).rejects.toThrow('say with --public-url what people open')
  await expect(start({ host: '0.0.0.0', publicUrl: 'http://lab.example' })).rejects.toThrow('use https://, or --insecure')
  await expect(start({ publicUrl: 'lab.example' })).rejects.toThrow('--public-url: expected an address')
  const game = await start({ publicUrl: 'https://lab.example/games/' })
  expect(game.server.url).toBe('https://lab.example/games')
  const path = `http://127.0.0.1:${game.server.port}/seat/${game.games.links[0]!.path.split('/')[2]}/socket`
  expect(await refusal(path, { host: 'lab.example', origin: 'https://other.example' })).toBe(403)
  const socket = new WebSocket(path.replace('http', 'ws'), { headers: { host: 'lab.example', origin: 'https://lab.example' } })
  expect(await new Promise(resolve => socket.once('message', data => resolve(JSON.parse(data.toString()).type)))).toBe('view')
  socket.terminate()
})

/** A clock of the caller's that fails, as any part of a server may. */
class BrokenClock extends HandClock {
  broken = false

  override now(): number {
    if (this.broken) throw new Error('the clock has stopped')
    return super.now()
  }
}

test('a bug of the server is told to who runs it, closes the page that met it, and no game ends of it', async () => {
  const bugs: unknown[] = []
  const clock = new BrokenClock()
  const server = { onBug: (error: unknown) => bugs.push(error) }
  const game = await hosting({ ...SHORT, seats: { agent_0: 'human' } }, { clock, server })
  const person = await game.person('agent_0').come()
  clock.broken = true
  const page = await fetch(person.link)
  expect([page.status, await page.text()]).toEqual([500, expect.not.stringContaining('clock')])
  const closed = person.closed()
  person.say(JSON.stringify({ type: 'stop', id: 1, erase: false }))
  expect(await closed).toBe(1011)
  expect(bugs).toEqual([new Error('the clock has stopped'), new Error('the clock has stopped')])
  clock.broken = false
  await person.come()
  await person.play()
  expect((await game.played).left).toBe(0)
  expect([...readSteps(game.folder())]).toHaveLength(1)
})

test('a bucket gives what it has and fills up with time', () => {
  let now = 0
  const limits = new Limits({ burst: 2, perSecond: 0.5 }, () => now)
  expect([limits.take('a'), limits.take('a'), limits.take('a'), limits.take('b')]).toEqual([0, 0, 2, 0])
  now = 2000
  expect([limits.take('a'), limits.take('a')]).toEqual([0, 2])
  // However long nobody came, it holds no more.
  now = 1_000_000
  expect([limits.take('a'), limits.take('a'), limits.take('a')]).toEqual([0, 0, 2])
})
