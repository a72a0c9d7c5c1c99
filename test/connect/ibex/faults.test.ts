/** What a session at the laboratory's server must survive, at a fake with the faults as switches; and models and resumed seats in it. */
import { readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, onTestFinished, test } from 'vitest'
import { Evidence } from '../../../connect/evidence.ts'
import { CODECS } from '../../../connect/ibex/codec.ts'
import { ibexServer } from '../../../connect/ibex/index.ts'
import { playSession } from '../../../connect/session.ts'
import { economies } from '../../../economies/registry.ts'
import { randomCalls, startFakeProvider } from '../../../rollouts/models/fake/index.ts'
import { Models } from '../../../rollouts/models/index.ts'
import type { FakeIbex, FakeOptions } from './fake_server.ts'
import { bot, everybody, folder, lines, play, server } from './play.ts'

const SMALL = { treatment: 'harberger', session: 3, rounds: 1, owners: 1, speculators: 1 }
const BELL = { bellMs: 60, bellAfter: 20 }
const honest = everybody(3, () => bot('honest'))
const SAME = ["Game 7: the server's results are those of our own rules for the same decisions."]

/** Decisions that a phase takes once and that came a second time. */
const second = (fake: FakeIbex) => fake.log.filter(({ fate }) => fate === 'second')

describe('a session goes on to its end', () => {
  const cut = (every: number): Pick<FakeOptions, 'fault'> => {
    let count = 0
    return { fault: ({ type }) => (type !== 'status' && ++count % every === 0 ? 'cut' : undefined) }
  }
  test.each([
    ['harberger, whose connections are cut every 25 frames', 'harberger', cut(25)],
    ['futarchy, whose connections are cut every 40 frames', 'futarchy', cut(40)],
    ['voting, whose connections are cut every 12 frames', 'voting', cut(12)],
    ['whose every frame comes late', 'harberger', { fault: () => 4 }],
    ['whose server cannot say how things stand while it saves', 'harberger', { ...cut(30), savingMs: 40 }],
    // What somebody else's second message does.
    ['in which the server skips phases', 'harberger', { skip: ['1:1', '1:3', '1:8'] }],
    ['of votes in which the server skips phases', 'voting', { skip: ['1:3', '1:4'] }],
  ] satisfies [string, string, Partial<FakeOptions>][])('%s', async (_name, treatment, faults: Partial<FakeOptions>) => {
    const { fake, url } = await server({ game: { ...SMALL, treatment }, ...BELL, doubleMs: 20, ...faults })
    const seats = everybody(treatment === 'voting' ? 2 : 3, () => bot('opportunistic'))
    const { result, report } = await play({ url, seats })
    expect(fake.over).toBe(true)
    expect(result.outcomes.map(({ error }) => error)).toEqual(result.outcomes.map(() => undefined))
    expect([second(fake), fake.skipped]).toEqual([[], faults.skip ?? []])
    expect(report).toEqual(SAME)
  })

  test('though nobody gets through to the server for a while in the market', async () => {
    const { fake, url } = await server({ game: SMALL, bellMs: 500 })
    const market = fake.when(() => fake.phase === 6 && fake.log.some(({ type }) => type === 'post-order'))
    const [{ decisions, report }] = await Promise.all([
      play({ url, seats: honest, actEveryMs: 60 }),
      market.then(() => fake.restart(250)),
    ])
    expect(
      fake.log
        .filter(({ type }) => type === 'rejoin')
        .map(({ seat }) => seat)
        .sort(),
    ).toEqual([1, 2, 3])
    expect(decisions.some(({ ask, disposition }) => ask === '1:8' && disposition === 'sent')).toBe(true)
    expect(report).toEqual(SAME)
  })

  test('and not where the server has forgotten the game: that is said', async () => {
    const { fake, url } = await server({ game: SMALL, ...BELL })
    const begun = fake.when(() => fake.phase === 2)
    void begun.then(() => fake.forget())
    await expect(play({ url, seats: honest })).rejects.toThrow('The server takes us no longer in game 7: Game 7 not found.')
  })
})

describe('a seat', () => {
  test('that somebody else has taken is not joined', async () => {
    const { fake, url } = await server({ game: SMALL })
    fake.players[0]!.recovery = 'somebody'
    await expect(play({ url, seats: { 1: bot('honest') } })).rejects.toThrow(
      'Seat 1 of game 7 is taken: 1 players have joined, and the next is given seat 2.',
    )
    expect(fake.log).toEqual([])
  })
  test('that the server binds to another number is refused', async () => {
    const { url } = await server({ game: SMALL, rush: 1 })
    await expect(play({ url, seats: { 1: bot('honest') } })).rejects.toThrow(
      'The server gave us seat 2, not 1, which was asked for',
    )
  })
  test('tells the others what plays there, before it says anything else, and is refused where nobody can speak', async () => {
    const disclose = 'A language model plays here.'
    const { fake, url } = await server({ game: { ...SMALL, treatment: 'voting' }, ...BELL })
    await play({ url, seats: everybody(2, () => bot('honest')), disclose })
    const { play: votes } = fake.session.rounds[0]!
    expect(votes.kind === 'vote' && [0, 1].map(seat => votes.messages.find(({ from }) => from === seat)!.text)).toEqual([
      disclose,
      disclose,
    ])
    const silent = await server({ game: SMALL })
    await expect(play({ url: silent.url, seats: honest, disclose })).rejects.toThrow(
      "nobody can say anything in a game of the kind 'harberger'",
    )
    expect(silent.fake.log).toEqual([])
  })
  test('that is not there is refused before anything joins', async () => {
    const { fake, url } = await server({ game: SMALL })
    await expect(play({ url, seats: { 9: bot('honest') } })).rejects.toThrow(
      'The game has no seat 9. Seats: 1 (owner_1), 2 (developer), 3 (speculator_1).',
    )
    expect(fake.log).toEqual([])
  })

  test('of a model plays a whole game, and what it was told is the economy’s own text', async () => {
    const provider = await startFakeProvider({ script: randomCalls })
    onTestFinished(() => provider.close())
    const model = new Models({ retry: { maxRetries: 0 } }).player(`openai:m@${provider.url}`)
    const { fake, url } = await server({ game: SMALL, bellMs: 300, bellAfter: 12 })
    const { result, folder } = await play({ url, seats: { ...honest, 3: model }, actEveryMs: 50 })
    expect(result.outcomes[2]!.result!.reward).toBe(fake.session.paid!.euros[2])
    expect(fake.log.filter(({ seat, type, fate }) => seat === 3 && type === 'done-speculating' && fate === 'taken').length).toBe(
      2,
    )
    const calls = lines<{ agent: string }>(folder, 'calls')
    expect(calls.length).toBeGreaterThan(2)
    expect(calls.every(({ agent }) => agent === 'speculator_1')).toBe(true)
    const told = lines<{ agent: string; transcript: { messages: { message: { role: string; content: string } }[] } }>(
      folder,
      'results',
    )
    const [rules, first] = told.find(({ agent }) => agent === 'speculator_1')!.transcript.messages.map(({ message }) => message)
    expect(rules!.content).toContain('# A planning game')
    expect(rules!.content).toContain('## At this server')
    expect(first!.content).toMatch(/^Round 1 of 1, phase speculation\. You are speculator_1 \(speculator\)\./)
  })

  test('of a client that was stopped is taken again, and what it has given is not asked for again', async () => {
    const { fake, url } = await server({ game: { ...SMALL, rounds: 2 }, ...BELL })
    const out = folder()
    const stop = new AbortController()
    // The developer and the speculator have gone home, so the phase is on when the owner comes back.
    const declared = fake.when(() => fake.log.some(({ seat, type }) => seat === 1 && type === 'declare'))
    const never = {
      name: 'never',
      kind: 'bot' as const,
      details: {},
      policies: () => () => ({ act: () => new Promise<never>(() => {}) }),
    }
    void declared.then(() => setTimeout(() => stop.abort(new Error('stopped')), 50))
    await expect(
      play({ url, folder: out, seats: { 1: bot('honest'), 2: never, 3: never }, signal: stop.signal }),
    ).rejects.toThrow('stopped')
    const connection = join(out, 'connection.json')
    expect(statSync(connection).mode & 0o777).toBe(0o600)
    const [recovery] = fake.players.map(player => player.recovery!)
    expect(readFileSync(connection, 'utf8')).toContain(recovery)
    expect(readFileSync(join(out, 'wire.jsonl'), 'utf8')).not.toContain(recovery)

    const { decisions, report } = await play({ url, folder: out, resume: true, seats: honest })
    expect(fake.log.filter(({ type }) => type === 'join').length).toBe(3)
    expect(fake.log.filter(({ type }) => type === 'rejoin').map(({ seat }) => seat)).toEqual([1, 2, 3])
    expect(decisions.filter(({ seat, ask }) => seat === '1' && ask === '1:2').length).toBe(1)
    expect(second(fake)).toEqual([])
    expect(report).toEqual(SAME)
  })
})

test('a trial plays the game here, under the server’s parameters, and joins nothing', async () => {
  const { fake, url } = await server({ game: { ...SMALL, rounds: 2 } })
  const signal = new AbortController().signal
  const view = { identities: 'screen', actEveryMs: 90_000 } as const
  const hosts = await ibexServer({ url, game: 7, view, economies }, signal)
  const hosted = await hosts.trial!(signal)
  if (typeof hosted === 'string') throw new Error(hosted)
  expect(hosted.seats).toEqual(['1', '2', '3'])
  const out = folder()
  const evidence = new Evidence(out, { protocol: 'ibex', server: url }, { resume: false, now: Date.now })
  const { outcomes } = await playSession({ id: hosted.id, adapter: hosted.adapter, seats: honest, evidence })
  evidence.close()
  expect(outcomes.map(({ result }) => result?.stop)).toEqual(['terminated', 'terminated', 'terminated'])
  const turns = lines<{ agent: string; observation: { shared: { round: number; phase: string; turns: number } } }>(out, 'turns')
  // Two rounds, each with a declaration, three turns in a market of 270 seconds, and a final declaration.
  expect(turns.filter(({ agent }) => agent === 'owner_1').length).toBe(2 * 5)
  expect(fake.log).toEqual([])
})

test('the other envelope says the same as the flat one', () => {
  const speaker = { game: 7, recovery: 'abc' }
  const { suite, flat } = CODECS
  expect(suite.join(speaker)).toEqual({ meta: { type: 'join' }, payload: { recovery: 'abc' } })
  expect(suite.ready(speaker)).toEqual({ meta: { type: 'ready', component: { type: 'standard:ready' } }, payload: {} })
  const message = { type: 'declare', declaration: [1, 2, 0] }
  expect(suite.message(speaker, message)).toEqual({ meta: { type: 'declare' }, payload: { declaration: [1, 2, 0] } })
  expect(flat.message(speaker, message)).toEqual({ gameId: 7, ...message })
  const data = { round: 1, phase: 2 }
  expect(suite.events({ meta: { type: 'phase-transition' }, payload: data })).toEqual([{ type: 'phase-transition', data }])
  expect(flat.events({ type: 'event', eventType: 'phase-transition', data })).toEqual([{ type: 'phase-transition', data }])
  expect(suite.identity({ type: 'snapshot', data: { playerNumber: 4, role: 1 } })).toEqual({ number: 4 })
  expect(flat.events({ error: 'Game 9 not found' })).toEqual([{ type: 'fatal', data: { message: 'Game 9 not found' } }])
  expect([flat.events('x'), suite.events({ type: 'x' })]).toEqual([[], []])
})
