/**
 * Whole sessions of a real oTree server through `connect otree`: bots, models of the fake provider, a person at a terminal. What the
 * seats are paid is what oTree's own tables say.
 */
import { readdirSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { randomLegal } from '../../bots/any/random_legal.ts'
import { readSchemas } from '../../connect.ts'
import { atTerminal, humanPlayer, Models, openTerminal, type Player, playersFor, runRollout } from '../../rollouts.ts'
import { type FakeProvider, type FakeReply, type FakeRequest, startFakeProvider } from '../../testing.ts'
import { startNode } from '../commands/program.ts'
import { create, KEY, newFolder, payoffs, played, rowsOf, serverOf, tableOf, URL_OF_OTREE } from './play.ts'
import { twinGame } from './twin.ts'

/** A model on this machine that answers as it is told. */
async function model(
  script: (request: FakeRequest) => FakeReply,
  more: Partial<Parameters<typeof startFakeProvider>[0]> = {},
): Promise<FakeProvider & { readonly player: string }> {
  const provider = await startFakeProvider({ script, ...more })
  providers.push(provider)
  return Object.assign(provider, { player: `openai:fake@${provider.url}` })
}
const providers: FakeProvider[] = []
afterAll(() => Promise.all(providers.map(provider => provider.close())))

const submit = (args: object): FakeReply => ({ content: '', calls: [{ name: 'submit', arguments: args }] })
const lastOf = ({ messages }: FakeRequest): string => messages.at(-1)!.content
const programOf = (words: readonly string[], cwd: string) =>
  startNode([join(process.cwd(), 'dist/bin/agoragym.js'), ...words], { cwd, env: { ...process.env, OTREE_REST_KEY: KEY } })

describe('a simultaneous game of two', () => {
  test('a bot and a model play, and are paid what oTree pays', async () => {
    const { player } = await model(request =>
      /Your decision/.test(lastOf(request)) ? submit({ choice: 'defect', sure: 60, unsure: 20 }) : submit({}),
    )
    const { folder, turns, decisions } = await played(create('dilemma', 2, { temptation: 450 }), { 1: player, 2: 'bot:passive' })
    const { ours, theirs } = payoffs(folder)
    expect(ours).toEqual([4.5, 0])
    expect(theirs).toEqual(ours)
    expect(decisions.every(({ disposition }) => disposition === 'sent')).toBe(true)
    const [first] = turns
    expect((first!.observation as { text: string }).text).toContain('defect      cooperate   450 points')
    expect((first!.observation as { text: string }).text).toContain('[image: two people at a table]')
    expect(JSON.stringify(first)).not.toMatch(/console\.log|color: red/)
  })

  test('the gate refuses before anything is sent; what the server refuses is told and repaired in the same turn', async () => {
    const tries = [
      { choice: 'defect', sure: 800, unsure: 0 },
      { choice: 'defect', sure: 80, unsure: 80 },
      { choice: 'defect', sure: 80, unsure: 20 },
    ]
    const asked: string[] = []
    const { player } = await model(request => {
      if (!/Your decision/.test(request.messages.map(({ content }) => content).join())) return submit({})
      if (/Results/.test(lastOf(request))) return submit({})
      asked.push(request.messages.map(({ role, content }) => `${role}: ${content}`).join('\n'))
      return submit(tries[asked.length - 1]!)
    })
    const { folder, wire, decisions } = await played(create('dilemma', 2), { 1: player, 2: 'bot:passive' })
    expect(asked).toHaveLength(3)
    expect(asked[1]).toMatch(/Refused \(bad_arguments\): submit: sure: .*100/)
    expect(asked[2]).toContain('How sure and how unsure you are must not add up to more than 100.')
    const posts = wire.filter(row => row.seat === '1' && row.http === 'POST' && /Decide/.test(String(row.path)))
    expect(posts.map(({ body }) => body)).toEqual([
      'choice=defect&sure=80&unsure=80&note=',
      'choice=defect&sure=80&unsure=20&note=',
    ])
    const own = decisions.filter(row => row.seat === '1' && /Decide/.test(row.ask))
    expect(own.map(({ disposition, attempt }) => [disposition, attempt])).toEqual([
      ['refused', 0],
      ['sent', 1],
    ])
    expect(payoffs(folder).ours).toEqual(payoffs(folder).theirs)
  })

  test('a person at a terminal plays in it, by a menu and by calls written down', async () => {
    const lines = [
      '1',
      'submit {"choice": "cooperate", "sure": 101, "unsure": 0}',
      'submit {"choice": "cooperate", "sure": 100, "unsure": 0}',
      '1',
    ]
    let shown = ''
    const { terminal, close } = openTerminal({
      input: () => Readable.from(lines.map(line => `${line}\n`)),
      write: text => {
        shown += text
      },
      echoes: false,
    })
    const { folder, results } = await played(create('dilemma', 2), { 1: humanPlayer(atTerminal(terminal)), 2: 'bot:passive' })
    close()
    expect(payoffs(folder)).toEqual({ ours: [2, 2], theirs: [2, 2] })
    expect(shown).toContain('What do you do?')
    expect(shown).toContain('You chose cooperate, the other chose cooperate.')
    expect(results.find(({ player }) => player === 'human')!.transcript.source).toBe('human')
  })
})

describe('a game of three over rounds with wait pages', () => {
  test('bots, drawn and still, are paid what oTree pays', async () => {
    const late: Player = {
      name: 'late',
      kind: 'bot',
      details: {},
      policies: () => context => {
        const policy = randomLegal(context)
        return { act: turn => new Promise(resolve => setTimeout(() => resolve(policy.act(turn)), 300)) }
      },
    }
    const { folder, wire } = await played(create('guess', 3), { 1: 'random', 2: 'bot:passive', 3: late }, { seed: 5 })
    const { ours, theirs } = payoffs(folder)
    expect(ours).toEqual(theirs)
    expect(ours.reduce((a, b) => a + b, 0)).toBeCloseTo(3, 1)
    // Those who are there first wait, by a socket for each wait page, and ask for it once and once more.
    const waits = wire.filter(({ socket, opened }) => opened === true && /^\/wait_page/.test(String(socket)))
    expect(waits.length).toBeGreaterThanOrEqual(3)
  })

  test('twenty sessions at once, in one folder', async () => {
    const { run, folder, results } = await played(
      create('dilemma', 2, { brief: true }),
      { 1: 'random', 2: 'bot:passive' },
      { repeats: 20, concurrency: 20, otree: { repairs: 5 } },
    )
    expect(run.left).toBe(0)
    expect(new Set(results.map(({ session }) => session)).size).toBe(20)
    expect(results).toHaveLength(40)
    const { ours, theirs } = payoffs(folder)
    expect(ours).toEqual(theirs)
  })

  test('a client that was killed takes its seats again, and its model remembers without being asked again', async () => {
    const cwd = newFolder()
    let rounds = 0
    let killed = false
    let kill = (): void => {}
    const provider = await model(
      request => {
        const round = /# Round (\d)/.exec(lastOf(request))?.[1]
        if (round === undefined) return submit({})
        rounds++
        if (round === '2' && !killed) {
          killed = true
          kill()
        }
        return submit({ guess: 10 * Number(round) })
      },
      // Long enough for the kill to come before the answer.
      { latencyMs: request => (/# Round 2/.test(lastOf(request)) && !killed ? 500 : 0) },
    )
    const words = [
      ...['connect', 'otree', URL_OF_OTREE, '--create', 'guess', '--out', 'run'],
      ...['--seat', `1=${provider.player}`, '--seat', '2=bot:passive', '--seat', '3=random'],
    ]
    const first = programOf(words, cwd)
    kill = () => first.child.kill('SIGKILL')
    expect((await first.ended).signal).toBe('SIGKILL')
    const before = rowsOf(join(cwd, 'run'))
    const second = await programOf([...words, '--resume'], cwd).ended
    expect(second.code, second.err).toBe(0)
    const { results, decisions } = rowsOf(join(cwd, 'run'))
    expect(new Set(decisions.map(({ session }) => session)).size).toBe(1)
    expect(before.decisions.length).toBeGreaterThan(0)
    expect(results).toHaveLength(3)
    expect(payoffs(join(cwd, 'run')).ours).toEqual(payoffs(join(cwd, 'run')).theirs)
    // Round 1 was asked about once; round 2 twice, since its first answer was never heard; and the memory of round 1 is there.
    expect(rounds).toBe(4)
    const last = provider.requests.at(-1)!.messages.map(({ content }) => content)
    expect(last.filter(text => /# Round 1 of 3/.test(text))).toHaveLength(1)
    const sent = decisions.filter(row => row.seat === '1' && /Guess/.test(row.ask) && row.disposition === 'sent')
    expect(sent.map(({ call }) => (call!.args as { guess: number }).guess)).toEqual([10, 20, 30])
  })
})

describe('a live auction', () => {
  /** Bids ten above the highest bid that was shown, up to its value. */
  const bidder: Player = {
    name: 'bidder',
    kind: 'bot',
    details: {},
    policies: () => () => ({
      act({ observation, offered }) {
        const { text, heard } = observation as unknown as { text: string; heard: readonly string[] }
        if (!offered.includes('bid')) return { calls: [{ tool: 'submit', args: {} }] }
        const value = Number(/worth (\d+)/.exec(text)![1])
        const own = /bidder (\d)/.exec(text)![1]
        const [, leader] = /Bidder (\d)/.exec(heard.findLast(line => /bids/.test(line)) ?? '') ?? ['', '']
        const shown = [...[text, ...heard].join('\n').matchAll(/(?:bids|bid:|bid is) (\d+)/g)].map(([, bid]) => Number(bid))
        const amount = Math.max(0, ...shown) + 10
        return leader === own || amount > value ? { calls: [] } : { calls: [{ tool: 'bid', args: { amount } }] }
      },
    }),
  }
  const schemas = readSchemas(join(import.meta.dirname, 'auction.schema.json'))

  test('bids go over the socket, what others bid is shown, the page ends with its time, and who bid most is paid', async () => {
    const { folder, decisions, turns } = await played(
      create('auction', 2),
      { 1: bidder, 2: bidder },
      { otree: { schemas, actEveryS: 1, disclose: 'Programs bid here.' } },
    )
    const { ours, theirs } = payoffs(folder)
    expect(ours).toEqual(theirs)
    const table = [...tableOf(folder, decisions[0]!.session).values()]
    const highest = Number(table[0]!['auction.1.group.highest_bid'])
    expect(highest).toBeGreaterThanOrEqual(30)
    const bids = decisions.filter(({ call, disposition }) => call?.tool === 'bid' && disposition === 'sent')
    expect(bids.map(({ call }) => (call!.args as { amount: number }).amount)).toContain(highest)
    expect(turns.some(({ observation }) => JSON.stringify(observation).includes('Bidder 2 bids'))).toBe(true)
    expect(
      turns.some(({ observation }) => (observation as { chat: string[] }).chat.some(line => line.includes('Programs bid here.'))),
    ).toBe(true)
  })

  test('without a schema file the page’s messages are free JSON, shown as they come', async () => {
    let tries = 0
    const { player } = await model(request => {
      if (!request.tools.some(({ name }) => name === 'live_send')) return submit({})
      return tries++ === 0
        ? { content: '', calls: [{ name: 'live_send', arguments: { message: { bid: 7 } } }] }
        : { content: 'I wait.' }
    })
    const { folder, turns } = await played(create('auction', 2), { 1: player, 2: 'bot:passive' })
    expect(payoffs(folder)).toEqual({ ours: [0.73, 0], theirs: [0.73, 0] })
    expect(turns.some(({ observation }) => JSON.stringify(observation).includes('\\"bid\\":7'))).toBe(true)
  })
})

describe('the clock of a page', () => {
  test('who has not answered in time sends nothing: the page takes its defaults, and the player is told', async () => {
    const { player, requests } = await model(request => (/How much/.test(lastOf(request)) ? submit({ amount: 9 }) : submit({})), {
      latencyMs: request => (/How much/.test(lastOf(request)) ? 20_000 : 0),
    })
    const { folder, decisions, wire } = await played(create('slow', 2), { 1: player, 2: 'random' })
    const table = [...tableOf(folder, decisions[0]!.session).values()]
    expect(table[0]!['slow.1.player.late']).toBe('1')
    expect(table[0]!['slow.1.player.amount']).toBe('3.0')
    expect(table[1]!['slow.1.player.late']).toBe('0')
    expect(payoffs(folder).ours).toEqual(payoffs(folder).theirs)
    const own = decisions.filter(({ seat }) => seat === '1')
    expect(own.map(({ disposition }) => disposition)).toEqual(['timeout', 'sent'])
    expect(own[0]!.sent_at).toBeNull()
    const posts = wire.filter(row => row.seat === '1' && row.http === 'POST')
    expect(posts[0]!.body).toBe('amount=&timeout_happened=1')
    expect(requests.at(-1)!.messages.at(-1)!.content).toContain('The time for the page “Give” was up before you sent it')
  })

  test('every decision is sent as late as the pace says, whoever makes it', async () => {
    const { decisions } = await played(create('dilemma', 2), { 1: 'random', 2: 'bot:passive' }, { paceMs: 300 })
    expect(decisions.length).toBeGreaterThan(0)
    for (const { asked_at, sent_at } of decisions) expect(sent_at! - asked_at).toBeGreaterThanOrEqual(300)
  })
})

describe('ways in', () => {
  test.each([
    ['without the key', {}],
    // The code of the link is none of a session, which the server is asked first.
    ['with it', { restKey: KEY }],
  ])('a session-wide link seats one after the other %s', async (_, key) => {
    const server = await serverOf(create('dilemma', 2))
    const { id } = await server.begin(0, new AbortController().signal)
    const said = await fetch(`${URL_OF_OTREE}/api/get_session/${id}`, {
      method: 'POST',
      body: '{}',
      headers: { 'otree-rest-key': KEY },
    })
    const { session_wide_url } = (await said.json()) as { session_wide_url: string }
    const code = session_wide_url.split('/').at(-1)!
    const folder = newFolder()
    const way = { kind: 'session', code } as const
    const { otreeServer, connectedRun } = await import('../../connect.ts')
    const there = await otreeServer(
      { origin: URL_OF_OTREE, way, ...key, schemas: {}, repairs: 2, actEveryS: 15 },
      new AbortController().signal,
    )
    const playerOf = playersFor({ economy: there.economy })
    const run = await connectedRun({
      server: there,
      folder,
      repeats: 1,
      concurrency: 1,
      resume: false,
      signal: new AbortController().signal,
      seats: { 1: playerOf('bot:passive'), 2: playerOf('random') },
    })
    expect(run.left).toBe(0)
    expect(run.sessions[0]!.outcomes.map(({ result }) => result!.stop)).toEqual(['finished', 'finished'])
    expect(readFileSync(join(folder, 'results.jsonl'), 'utf8')).not.toContain(code)
  })

  test('a room waits for its session, and a seat is called by its label', async () => {
    const waiting = played({ kind: 'room', name: 'lab' }, { ann: 'bot:passive', bob: 'random' })
    const made = await fetch(`${URL_OF_OTREE}/api/sessions`, {
      method: 'POST',
      headers: { 'otree-rest-key': KEY },
      body: JSON.stringify({ session_config_name: 'dilemma', num_participants: 2, room_name: 'lab' }),
    })
    const { code } = (await made.json()) as { code: string }
    const { results, folder } = await waiting
    expect(results.map(({ seat }) => seat).sort()).toEqual(['ann', 'bob'])
    const table = tableOf(folder, code)
    expect([...table.values()].map(row => row['participant.label']).sort()).toEqual(['ann', 'bob'])
  })
})

describe('what is refused, and what is never written', () => {
  test('a field that only a script fills is refused with the element named', async () => {
    await expect(played(create('odd', 1), { 1: 'random' })).rejects.toThrow(
      'odd/Draw cannot be answered without a browser: input#drawing[type=hidden][name=drawing]',
    )
  })

  test('a schema file that describes it makes it playable', async () => {
    const schemas = {
      'odd/Draw': {
        fields: { drawing: { kind: 'text' as const, label: 'The drawing as comma-separated x', required: true, max_length: 80 } },
        show: [],
      },
    }
    const { decisions } = await played(create('odd', 1), { 1: 'random' }, { otree: { schemas } })
    expect(decisions.map(({ disposition }) => disposition)).toEqual(['sent'])
  })

  test('no code of a participant and no key stands in any file but connection.json, which is its owner’s alone', async () => {
    const { folder } = await played(create('dilemma', 2), { 1: 'random', 2: 'bot:passive' })
    const connection = readFileSync(join(folder, 'connection.json'), 'utf8')
    const codes = [...connection.matchAll(/"code": "(\w+)"/g)].map(([, code]) => code!).slice(1)
    expect(codes).toHaveLength(2)
    expect(statSync(join(folder, 'connection.json')).mode & 0o777).toBe(0o600)
    for (const name of readdirSync(folder).filter(each => /\.jsonl?$/.test(each) && each !== 'connection.json'))
      for (const secret of [...codes, KEY]) expect(readFileSync(join(folder, name), 'utf8'), name).not.toContain(secret)
  })
})

describe('a dry run', () => {
  test('shows what the first page becomes and what a session would cost, and leaves the session that was named alone', async () => {
    const cwd = newFolder()
    const server = await serverOf(create('dilemma', 2))
    const { id } = await server.begin(0, new AbortController().signal)
    const words = [
      'connect',
      'otree',
      URL_OF_OTREE,
      '--session',
      id,
      '--seat',
      '1=openai:gpt-5-mini',
      '--seat',
      '2=bot:passive',
      '--dry-run',
    ]
    const { code, out, err } = await programOf([...words, '--json'], cwd).ended
    expect(code, err).toBe(0)
    const { pages, estimates, trial_session } = JSON.parse(out) as {
      trial_session: string
      pages: { text: string; tools: { name: string }[] }[]
      estimates: { player: string; calls: number; prompt_tokens: number }[]
    }
    expect(trial_session).not.toBe(id)
    expect(pages[0]!.text).toContain('You and another participant decide at once')
    expect(pages[0]!.tools.map(({ name }) => name)).toEqual(['submit'])
    expect(estimates.map(({ calls }) => calls)).toEqual([3])
    expect(estimates[0]!.prompt_tokens).toBeGreaterThan(500)
    expect(readdirSync(cwd)).toEqual([])
    const table = await fetch(`${URL_OF_OTREE}/api/export_wide?session_code=${id}`, { headers: { 'otree-rest-key': KEY } })
    const [head, ...lines] = (await table.text()).trim().split(/\r?\n/)
    const visited = head!.split(',').indexOf('participant.visited')
    expect(lines.map(line => line.split(',')[visited])).toEqual(['0', '0'])
    const told = await programOf(words, cwd).ended
    expect(told.out).toContain('submit: Leaves this page')
    expect(told.out).toMatch(/openai:gpt-5-mini/)
  })
})

describe('the twin', () => {
  let rows: {
    readonly where: string
    readonly seat: number
    readonly messages: string
    readonly tools: string
    readonly calls: string
  }[]
  beforeAll(async () => {
    // A fixed script of replies, by seat and round; which seat asks stands in its instructions.
    const script = [
      [30, 20, 10],
      [45, 25, 15],
      [70, 50, 5],
    ]
    const seatIn = ({ messages }: FakeRequest): number => Number(/You sit in seat (\d)/.exec(messages[0]!.content)![1])
    const reply = (request: FakeRequest): FakeReply => submit({ guess: script[seatIn(request)]![request.turn]! })
    const choice = (url: string, seat: number) => `openai:fake@${url}[instructions="You sit in seat ${seat}."]`
    const there = await model(reply)
    const server = await serverOf(create('guess', 3, { brief: true }))
    const rules = server.economy.env.rules({}, 'participant')
    const { decisions } = await played(create('guess', 3, { brief: true }), {
      1: choice(there.url, 0),
      2: choice(there.url, 1),
      3: choice(there.url, 2),
    })
    const here = await model(reply)
    const env = twinGame(rules)
    const models = new Models()
    const playerOf = playersFor({ economy: { env, bots: { random_legal: { description: '', factory: randomLegal } } }, models })
    const agents = ['guesser_0', 'guesser_1', 'guesser_2']
    const rollout = await runRollout({
      env,
      config: { rounds: 3 },
      seed: 0,
      repeat: 0,
      lineup: Object.fromEntries(agents.map((agent, seat) => [agent, playerOf(choice(here.url, seat))])),
      evaluated: agents,
      example: 0,
    })
    if (!rollout.ok) throw rollout.error
    const asked = (provider: FakeProvider, where: string) =>
      provider.requests.map(request => ({
        where,
        seat: seatIn(request),
        turn: request.turn,
        messages: JSON.stringify(request.messages.map(({ role, content }) => [role, content])),
        tools: JSON.stringify(request.tools),
      }))
    const decided = new Map<string, string>()
    for (const { seat, t, call } of decisions) decided.set(`connect ${Number(seat) - 1} ${t / 3}`, JSON.stringify([call]))
    for (const { t, decisions: made } of rollout.log.steps)
      for (const [seat, agent] of agents.entries()) decided.set(`eval ${seat} ${t}`, JSON.stringify(made[agent]!.calls))
    rows = [...asked(there, 'connect'), ...asked(here, 'eval')]
      .map(({ turn, ...row }) => ({ ...row, turn, calls: decided.get(`${row.where} ${row.seat} ${turn}`)! }))
      .toSorted((a, b) => a.where.localeCompare(b.where) || a.seat - b.seat || a.turn - b.turn)
  })

  test('a fixed script of replies leaves the same prompts and decisions at the server and in an economy of ours, in one table', () => {
    const table = (where: string) => rows.filter(row => row.where === where).map(({ where: _, ...row }) => row)
    expect(table('connect')).toHaveLength(9)
    expect(table('connect')).toEqual(table('eval'))
    expect(rows[0]!.calls).toBe('[{"tool":"submit","args":{"guess":30}}]')
    expect(rows[2]!.messages).toContain('Targets so far: 32.22 21.11')
  })
})
