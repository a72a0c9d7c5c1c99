/** Games that people play at pages: they are ordinary rollouts, whatever people do and however often they leave. */
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setImmediate } from 'node:timers/promises'
import { afterEach, expect, test } from 'vitest'
import { digest } from '../../envs/core/plain.ts'
import type { DecisionRow, SittingRow } from '../../host/files.ts'
import { formsOf } from '../../host/forms.ts'
import type { SeatView } from '../../host/messages.ts'
import { type AnyTypes, type Call, economies, replay, type Turn } from '../../index.ts'
import type { Player } from '../../rollouts/player.ts'
import { readFigures, readSteps } from '../../rollouts/store.ts'
import { agoragym } from '../commands/console.ts'
import { toyTools } from '../toy_market/index.ts'
import { endHosting, type Hosting, hosting } from './hosting.ts'
import { type Choose, firstProposal } from './person.ts'

afterEach(endHosting)

const SHORT = { env: 'sim_economy', presets: ['short'], seeds: '1' }
/** Two people of eight. */
const TWO = { ...SHORT, table: true, seats: { agent_0: 'human', agent_1: 'human' } }

const rowsOf = <Row>(path: string): Row[] =>
  existsSync(path)
    ? readFileSync(path, 'utf8')
        .split('\n')
        .filter(Boolean)
        .map(line => JSON.parse(line) as Row)
    : []
const decisions = (game: Hosting, agent: string): DecisionRow[] =>
  rowsOf<DecisionRow>(join(game.folder(), 'decisions.jsonl')).filter(row => row.agent === agent)

/** The log that a run has of its only game, which is what its decisions give. */
function logOf(game: Hosting) {
  const [log] = [...readSteps(game.folder())]
  const again = replay(economies.get(log!.header.env).env, log!)
  expect(JSON.parse(JSON.stringify(again.steps))).toEqual(log!.steps)
  return log!
}

/** What the log says that a seat decided, turn by turn. */
const logged = (game: Hosting, agent: string) =>
  logOf(game).steps.flatMap(({ decisions: all }) => (all[agent] ? [all[agent].calls] : []))

const silent: Choose = () => undefined
const isPlaying = ({ stage }: SeatView): boolean => stage === 'playing'

test('a session of twelve seats ends, though three people leave and come back and one never answers', async () => {
  const seats = economies.get('spatial_planning').env.seats(economies.get('spatial_planning').env.config.parse({}))
  const people = ['owner_1', 'developer', 'speculator_1', 'speculator_2']
  const mute = 'speculator_2'
  const game = await hosting(
    {
      env: 'spatial_planning',
      presets: ['harberger_quick'],
      seeds: '1',
      table: true,
      seats: Object.fromEntries(people.map(id => [id, 'human'])),
    },
    { rules: { turnMs: 60_000 } },
  )
  expect(seats).toHaveLength(12)
  const pages = await Promise.all(people.map(id => game.person(id, id === mute ? silent : firstProposal).come()))
  const ends = pages.map((page, i) => page.play({ leaves: people[i] === mute ? 1000 : 3 + i }))
  let isOver = false
  void Promise.all(ends).then(() => {
    isOver = true
  })
  while (!isOver) {
    const waited = game.games.view(null).games[0]!.seats.filter(({ waiting_ms }) => waiting_ms !== null)
    if (waited.length === 1 && waited[0]!.agent === mute) game.clock.pass(60_000)
    await setImmediate()
  }
  const last = await Promise.all(ends)
  expect((await game.played).left).toBe(0)

  // Every decision is the one that the person made, and the payoffs are those of the same decisions.
  const log = logOf(game)
  const scores = economies.get('spatial_planning').env.score(log)
  for (const [i, agent] of people.entries()) {
    expect(decisions(game, agent).map(({ calls }) => calls)).toEqual(logged(game, agent))
    expect(last[i]!.result!.scores).toEqual(scores[agent])
  }
  const rows = [...readFigures(game.folder())]
  expect(rows.map(({ info, metrics }) => [info.seat, metrics.human_bot_turns])).toEqual(people.map(id => [id, 0]))
  const muted = rows.find(({ info }) => info.seat === mute)!.metrics
  expect(muted).toMatchObject({ human_turns: 0, human_timeouts: muted.num_turns })
  expect(muted.num_turns).toBeGreaterThan(3)

  const lab = mkdtempSync(join(tmpdir(), 'agoragym-lab-'))
  try {
    const { code, err } = await agoragym(`lab-export ${game.folder()} --out ${lab}`, { cwd: lab })
    expect([code, err]).toEqual([0, ''])
    expect(readdirSync(lab, { recursive: true }).length).toBeGreaterThan(3)
  } finally {
    rmSync(lab, { recursive: true, force: true })
  }
})

test('a game waits until everybody is there and has agreed, and nobody is asked before', async () => {
  const consent = {
    text: 'You may stop at any time.',
    fields: [{ name: 'age', label: 'Your age', type: 'number', required: true }],
  } as const
  const questions = [{ name: 'fun', label: 'Was it fun?', type: 'choice', choices: ['yes', 'no'], required: true }] as const
  const payment = { rate: 2, part: 'reward', fee: 5, currency: 'EUR' }
  const game = await hosting(TWO, {
    rules: { consent, questions, payment, codes: true, finishUrl: 'https://pay.example/?c={code}&s={seat}', absentMs: 60_000 },
  })
  const one = await game.person('agent_0').come()
  expect(one.view).toMatchObject({ stage: 'consent', consent, rules: '', turn: null, room: null })
  expect(await one.ask({ type: 'consent', fields: { age: 'old' } })).toMatchObject({
    ok: false,
    code: 'bad_fields',
    texts: ['Your age: expected a number.'],
  })
  expect(await one.ask({ type: 'consent', fields: { age: 30, name: 'x' } })).toMatchObject({
    ok: false,
    texts: ['name: is not asked.'],
  })
  expect(await one.ask({ type: 'consent', fields: { age: 30 } })).toMatchObject({ ok: true })
  await one.until(({ stage }) => stage === 'waiting')
  expect(one.view!.room).toEqual({ here: 1, needed: 2 })
  // Who has agreed and is gone is not there, and is waited for: no game goes on without them yet.
  await one.leave()
  game.clock.pass(60_000)
  const other = await game.person('agent_1').come()
  expect(await other.ask({ type: 'consent', fields: { age: 40 } })).toMatchObject({ ok: true })
  expect((await other.until(({ stage }) => stage === 'waiting')).room).toEqual({ here: 1, needed: 2 })
  expect(await other.ask({ type: 'decide', turn: 0, calls: [] })).toMatchObject({ ok: false, code: 'not_your_turn' })
  await one.come()
  const ends = await Promise.all([one, other].map((page, i) => page.play({ fields: { fun: i === 0 ? 'yes' : 'no' } })))
  await game.played
  const people = join(game.folder(), 'people.jsonl')
  const told = rowsOf<{ agent: string; asked: string; fields: object }>(people).map(({ agent, asked, fields }) => [
    agent,
    asked,
    fields,
  ])
  expect(told.slice(0, 2)).toEqual([
    ['agent_0', 'consent', { age: 30 }],
    ['agent_1', 'consent', { age: 40 }],
  ])
  expect(told.slice(2).sort()).toEqual([
    ['agent_0', 'questions', { fun: 'yes' }],
    ['agent_1', 'questions', { fun: 'no' }],
  ])
  const [log] = [...readSteps(game.folder())]
  const { reward } = economies.get('sim_economy').env.score(log!).agent_0!
  const { payoff, payment_code: code, finish_url: url } = ends[0]!.result!
  expect(payoff).toBe(`EUR ${(5 + Math.max(0, 2 * reward)).toFixed(2)}`)
  expect(code).toMatch(/^[A-Z2-9]{4}-[A-Z2-9]{4}-[A-Z2-9]{4}$/)
  expect(url).toBe(`https://pay.example/?c=${code}&s=agent_0`)
  const payments = join(game.folder(), 'payments.csv')
  expect(readFileSync(payments, 'utf8')).toContain(`,agent_0,${code},${payoff!.slice(4).replace(/0$/, '')}`.replace(/\.$/, ''))
  if (process.platform !== 'win32')
    for (const path of [people, payments, join(game.folder(), 'links.json')]) expect(statSync(path).mode & 0o777).toBe(0o600)
})

test('time takes a turn, stands still while the game is paused, and takes no turn that is decided', async () => {
  const game = await hosting(TWO, { rules: { turnMs: 30_000 } })
  const [one, other] = await Promise.all(['agent_0', 'agent_1'].map(id => game.person(id).come()))
  const monitor = await game.monitor().come()
  await one!.until(isPlaying)
  await other!.until(isPlaying)
  game.clock.pass(20_000)
  expect(await monitor.ask({ type: 'pause', game: 0 })).toMatchObject({ ok: true })
  await one!.until(({ stage }) => stage === 'paused')
  expect(one!.view!.turn!.left_ms).toBe(10_000)
  game.clock.pass(100_000)
  expect(await one!.ask({ type: 'decide', turn: 0, calls: [] })).toMatchObject({ ok: false, code: 'paused' })
  expect(await monitor.ask({ type: 'go_on', game: 0 })).toMatchObject({ ok: true })
  await one!.until(isPlaying)
  expect(one!.view!.turn).toMatchObject({ turn: 0, left_ms: 10_000 })
  // One decides, and time takes the turn of the other alone.
  const mine = firstProposal(one!.view!)
  expect(await one!.ask({ type: 'decide', turn: 0, calls: mine })).toMatchObject({ ok: true })
  expect(await one!.ask({ type: 'decide', turn: 0, calls: [] })).toMatchObject({ ok: false, code: 'late' })
  game.clock.pass(10_000)
  const late = await other!.ask({ type: 'decide', turn: 0, calls: firstProposal(other!.view!) })
  expect(late).toMatchObject({ ok: false, code: 'late' })
  await other!.until(({ turn }) => turn?.turn === 1)
  expect(other!.view!.told[0]).toMatchObject({ ok: false, code: 'timeout' })
  await one!.until(({ turn }) => turn?.turn === 1)
  expect(one!.view!.told.some(({ code }) => code === 'timeout')).toBe(false)
  expect(one!.view!.history.map(({ turn, sent }) => [turn, sent.length])).toEqual([[0, mine.length]])
  expect(decisions(game, 'agent_0').map(({ disposition, calls }) => [disposition, calls])).toEqual([['sent', mine]])
  expect(decisions(game, 'agent_1').map(({ disposition, calls }) => [disposition, calls])).toEqual([['timeout', []]])
  await monitor.until(({ games }) => games[0]!.seats[1]!.timeouts === 1)
  expect(await monitor.ask({ type: 'end', game: 0 })).toMatchObject({ ok: true })
  await one!.until(({ stage }) => stage === 'over')
  await game.played
  expect(logOf(game).stop).toBe('ended_by_experimenter')
})

test('a clock that fires late takes the turn all the same', async () => {
  const game = await hosting({ ...SHORT, players: ['human'] }, { rules: { turnMs: 30_000 } })
  const person = await game.person('agent_0').come()
  await person.until(isPlaying)
  const [seat] = [game.games.seat(person.link.split('/').at(-1)!)!]
  // The loop was blocked: the message is read before the timer has its turn.
  const stuck = Object.assign(game.clock, { now: () => 1_030_000 })
  expect(seat.receive({ type: 'decide', id: 1, turn: 0, calls: firstProposal(person.view!) })).toMatchObject({
    ok: false,
    code: 'late',
  })
  expect(decisions(game, 'agent_0')[0]).toMatchObject({ disposition: 'timeout', answered_at: stuck.now() })
})

test.each([
  ['stop', [{ tool: 'pass_turn', args: {} }]],
  ['pass', []],
])('where silence is to %s, time only passes', async (text_only_turn, calls) => {
  const game = await hosting(
    { env: 'swarm_economy', presets: ['short'], set: { text_only_turn }, seeds: '1', players: ['human'] },
    { rules: { turnMs: 1000 } },
  )
  // Other times would make them other players.
  expect(game.games.people.details).toMatchObject({ turn_seconds: 1, absent_seconds: null })
  const person = await game.person('learner', silent).come()
  await person.until(isPlaying)
  expect(person.view!.turn!.on_silence).toBe(text_only_turn)
  game.clock.pass(1000)
  await person.until(({ turn }) => turn?.turn === 1)
  expect(decisions(game, 'learner')[0]).toMatchObject({ disposition: 'timeout', calls })
})

test('a form proposes what the economy would take now, and nothing else', () => {
  const { value: _, ...tools } = toyTools
  const observation = { shared: { t: 0, price: 10, cash: [0] }, agent: 'trader_0', grain: 5 }
  const check = ({ args }: Call) => ({ ok: (args as { quantity?: number }).quantity !== 5 })
  const forms = formsOf(tools as never, { offered: ['sell', 'wait'], observation, check } as never)
  expect(forms.map(({ name, proposals }) => [name, proposals.map(({ args }) => args)])).toEqual([
    ['sell', [{ quantity: 1 }]],
    ['wait', [{}]],
  ])
})

test('a game that is gone on with asks nobody twice, pays each their own, and its bots have seen all there was', async () => {
  const consent = { text: 'Yes?', fields: [{ name: 'city', label: 'City', type: 'text', required: true }] } as const
  const questions = [{ name: 'fun', label: 'Fun?', type: 'text', required: true }] as const
  const payment = { rate: 2, part: 'reward', fee: 5, currency: 'EUR' }
  const seen: number[] = []
  const seeds: number[] = []
  const playing: Player = {
    name: 'bot:counting',
    kind: 'bot',
    details: {},
    policies: () =>
      Object.assign((): never => expect.unreachable(), {
        episode(seed: number) {
          seeds.push(seed)
          return () => ({
            act({ t }: Turn<AnyTypes>) {
              seen.push(t)
              return { calls: [], units: { thinking: 1, output: t, source: 'reported' as const } }
            },
          })
        },
      }),
  }
  const rules = { consent, questions, payment, botOf: () => playing }
  const entry = { ...TWO, seats: { ...TWO.seats, agent_2: 'human' }, seeds: '7:8' }
  const host = (out?: string) => hosting(entry, { rules, ...(out !== undefined && { out, resume: true }) })
  const first = await host()
  const [one, other, gone] = await Promise.all(['agent_0', 'agent_1', 'agent_2'].map(id => first.person(id).come()))
  for (const page of [one!, other!]) await page.ask({ type: 'consent', fields: { city: 'Here' } })
  expect((await one!.until(({ room }) => room?.here === 2)).room).toEqual({ here: 2, needed: 3 })
  // Who leaves for good before it begins is not waited for.
  await gone!.ask({ type: 'stop', erase: false })
  for (const page of [one!, other!]) {
    await page.until(isPlaying)
    await page.ask({ type: 'decide', turn: 0, calls: firstProposal(page.view!) })
  }
  await one!.until(({ turn }) => turn?.turn === 1)
  await first.stop()
  seen.splice(0)
  const second = await host(first.out)
  const pages = await Promise.all(['agent_0', 'agent_1'].map(id => second.person(id).come()))
  await Promise.all(pages.map(page => page.play({ until: ({ stage }) => stage === 'questions' })))
  await second.played
  expect(second.games.unfinished).toBe(2)
  expect(seeds).toEqual([7, 7])
  const steps = logOf(second).steps
  expect(seen).toEqual(steps.map(({ t }) => t))
  expect(steps.map(({ decisions: all }) => all.agent_2!.units)).toEqual(
    seen.map(t => ({ thinking: 1, output: t, source: 'reported' })),
  )
  await pages[0]!.play({ fields: { fun: 'yes' } })
  const { payoff } = pages[0]!.view!.result!
  await second.stop()
  const third = await host(first.out)
  const [paid, asked] = await Promise.all(['agent_0', 'agent_1'].map(id => third.person(id).come()))
  expect([paid!.view!.stage, paid!.view!.result!.payoff, asked!.view!.stage]).toEqual(['over', payoff, 'questions'])
  const { scores } = (await asked!.play({ fields: { fun: 'no' } })).result!
  expect(scores.reward).toBe(economies.get('sim_economy').env.score(logOf(third)).agent_1!.reward)
})

test('a bot plays on for who is missing, has left or is replaced, and no table takes its turns for theirs', async () => {
  const three = { ...SHORT, table: true, seats: { agent_0: 'human', agent_1: 'human', agent_2: 'human', agent_3: 'human' } }
  const payment = { rate: 2, part: 'reward', fee: 5, currency: 'EUR' }
  const game = await hosting(three, { rules: { absentMs: 60_000, payment } })
  const [gone, stops, replaced] = await Promise.all(['agent_0', 'agent_1', 'agent_2'].map(id => game.person(id).come()))
  const monitor = await game.monitor().come()
  // The fourth never came: the experimenter begins all the same.
  expect(gone!.view).toMatchObject({ stage: 'waiting', room: { here: 3, needed: 4 } })
  expect(await monitor.ask({ type: 'start', game: 0 })).toMatchObject({ ok: true })
  expect(await monitor.ask({ type: 'start', game: 0 })).toMatchObject({ ok: false, texts: ['Game 0 is playing.'] })
  for (const page of [gone!, stops!, replaced!]) {
    await page.until(isPlaying)
    await page.ask({ type: 'decide', turn: 0, calls: firstProposal(page.view!) })
  }
  for (const page of [gone!, stops!, replaced!]) await page.until(({ turn }) => turn?.turn === 1)
  // Who comes back in time keeps the seat.
  await gone!.leave()
  game.clock.pass(59_000)
  await gone!.come()
  game.clock.pass(59_000)
  expect(gone!.view!.stage).toBe('playing')
  await gone!.leave()
  const { games } = await monitor.until(view => view.games[0]!.seats[0]!.connected === false)
  // Counted from when the last page was closed.
  expect(games[0]!.seats[0]!.absent_ms).toBe(0)
  game.clock.pass(60_000)
  expect(await stops!.ask({ type: 'stop', erase: false })).toMatchObject({ ok: true })
  expect(await monitor.ask({ type: 'replace', game: 0, agent: 'agent_2', player: 'bot:nobody' })).toMatchObject({ ok: false })
  expect(await monitor.ask({ type: 'replace', game: 0, agent: 'agent_4', player: 'bot:honest' })).toMatchObject({ ok: false })
  expect(await monitor.ask({ type: 'replace', game: 0, agent: 'agent_2', player: 'bot:deceptive' })).toMatchObject({ ok: true })
  await game.played
  await gone!.come()
  expect([gone, stops, replaced].map(page => page!.view!.stage)).toEqual(['replaced', 'left', 'replaced'])
  // Whose game a bot has ended is paid the fee alone.
  expect([gone, stops].map(page => page!.view!.result)).toMatchObject(Array(2).fill({ scores: {}, payoff: 'EUR 5.00' }))
  const [, paid] = readFileSync(join(game.folder(), 'payments.csv'), 'utf8').split('\n')
  expect(await stops!.ask({ type: 'decide', turn: 1, calls: [] })).toMatchObject({ ok: false, code: 'late' })
  const metrics = Object.fromEntries([...readFigures(game.folder())].map(({ info, metrics: all }) => [info.seat, all]))
  expect(paid!.split(',').slice(-5)).toEqual(['5', 'EUR', 'replaced', '1', String(metrics.agent_0!.human_bot_turns)])
  for (const agent of ['agent_0', 'agent_1', 'agent_2']) {
    expect(metrics[agent]).toMatchObject({ human_turns: 1, human_bot_from: 1, human_bot_turns: metrics[agent]!.num_turns! - 1 })
  }
  expect(metrics.agent_3).toMatchObject({ human_turns: 0, human_bot_from: 0, human_bot_turns: metrics.agent_3!.num_turns })
  const { out } = await agoragym(`compare ${game.folder()}`, { cwd: game.out, columns: 400 })
  expect(out).toMatch(/human: bots played \d+\.\d % of the turns, for people who were missing/)
  const players = ['agent_0', 'agent_2'].map(agent => [...new Set(decisions(game, agent).map(({ player }) => player))])
  expect(players).toEqual([
    ['human', 'bot:honest'],
    ['human', 'bot:deceptive'],
  ])
  for (const agent of ['agent_0', 'agent_1', 'agent_2', 'agent_3'])
    expect(decisions(game, agent).map(({ calls }) => calls)).toEqual(logged(game, agent))
})

test('a game that is ended before it begins is over at once, and so is its run', async () => {
  const game = await hosting(TWO)
  const person = await game.person('agent_0').come()
  const monitor = await game.monitor().come()
  expect(await monitor.ask({ type: 'pause', game: 0 })).toMatchObject({ ok: false, texts: ['Game 0 is waiting.'] })
  expect(await monitor.ask({ type: 'end', game: 7 })).toMatchObject({
    ok: false,
    texts: ['There is no game 7; there are 1, from 0.'],
  })
  expect(await monitor.ask({ type: 'end', game: 0 })).toMatchObject({ ok: true })
  expect((await game.played).left).toBe(0)
  expect((await person.until(({ stage }) => stage === 'over')).history).toEqual([])
  expect(logOf(game)).toMatchObject({ steps: [], stop: 'ended_by_experimenter' })
})

test('who has their data deleted leaves the game’s log and nothing that was asked', async () => {
  const consent = { text: 'Yes?', fields: [{ name: 'city', label: 'City', type: 'text', required: true }] } as const
  const game = await hosting(TWO, { rules: { consent, codes: true } })
  const [one, other] = await Promise.all(['agent_0', 'agent_1'].map(id => game.person(id).come()))
  await one!.ask({ type: 'consent', fields: { city: 'Smalltown' } })
  await other!.ask({ type: 'consent', fields: { city: 'Bigtown' } })
  for (const page of [one!, other!]) {
    await page.until(isPlaying)
    await page.ask({ type: 'decide', turn: 0, calls: firstProposal(page.view!) })
  }
  await one!.until(({ turn }) => turn?.turn === 1)
  const before = decisions(game, 'agent_0')
  expect(before[0]!.asked_at).not.toBeNull()
  expect(await one!.ask({ type: 'stop', erase: true })).toMatchObject({ ok: true })
  // The other one's payment is not known yet.
  expect(readFileSync(join(game.folder(), 'payments.csv'), 'utf8').match(/agent_\d,/g)).toEqual(['agent_0,'])
  const people = join(game.folder(), 'people.jsonl')
  expect(readFileSync(people, 'utf8')).not.toContain('Smalltown')
  expect(readFileSync(people, 'utf8')).toContain('Bigtown')
  // While the game goes on, what a restart needs is kept without when it was.
  expect(decisions(game, 'agent_0')[0]).toEqual({ ...before[0], asked_at: null, answered_at: null })
  await one!.until(({ stage }) => stage === 'left')
  // Nor is it told when the bot decided that plays on.
  await expect.poll(() => decisions(game, 'agent_0').length).toBeGreaterThan(1)
  for (const { asked_at, answered_at } of decisions(game, 'agent_0')) expect([asked_at, answered_at]).toEqual([null, null])
  expect(one!.view).toMatchObject({ history: [], told: [] })
  await other!.play()
  await game.played
  expect(decisions(game, 'agent_0')).toEqual([])
  expect(decisions(game, 'agent_1').length).toBeGreaterThan(3)
  expect(logged(game, 'agent_0')[0]).toEqual(before[0]!.calls)
  if (process.platform !== 'win32') expect(statSync(people).mode & 0o777).toBe(0o600)
  // The other one, when all is over.
  expect(await other!.ask({ type: 'stop', erase: true })).toMatchObject({ ok: true })
  expect([readFileSync(people, 'utf8'), decisions(game, 'agent_1')]).toEqual(['', []])
  expect(rowsOf<SittingRow>(join(game.folder(), 'sittings.jsonl')).map(({ event }) => event)).toContain('erased')
})

test('a game is not gone on with where a turn was decided on something else than is seen now', async () => {
  const alone = { ...SHORT, seats: { agent_0: 'human' } }
  const first = await hosting(alone)
  const page = await first.person('agent_0').come()
  await page.play({ until: ({ turn, stage }) => stage === 'playing' && turn!.turn === 1 })
  await page.leave()
  await first.stop()
  const path = join(first.folder(), 'decisions.jsonl')
  const [row] = rowsOf<DecisionRow>(path)
  writeFileSync(path, `${JSON.stringify({ ...row, observation: digest('another world') })}\n`)
  const second = await hosting(alone, { out: first.out, resume: true })
  const back = await second.person('agent_0').come()
  expect(await Promise.race([second.played, back.until(isPlaying)])).toMatchObject({
    stopped: [expect.stringContaining('turn 0 of agent_0 was decided on something else than is seen now')],
  })
  // Nothing was played of it, and what was decided stays.
  expect([...readFigures(second.folder())]).toEqual([])
  expect(rowsOf<DecisionRow>(path)).toHaveLength(1)
})

test('what is decided is checked first: a refused call plays nothing unless it is meant, and questions are no decisions', async () => {
  const game = await hosting({ env: 'spatial_planning', presets: ['harberger_quick'], seeds: '1', players: ['human'] })
  const person = await game.person('developer').come()
  const { turn } = await person.until(isPlaying)
  const wrong = [{ tool: turn!.tools[0]!.name, args: { nonsense: '<b>x</b>' } }]
  const checked = await person.ask({ type: 'check', turn: 0, calls: wrong })
  expect(checked).toMatchObject({ ok: false, code: 'refused', texts: [expect.stringContaining(turn!.tools[0]!.name)] })
  expect(await person.ask({ type: 'decide', turn: 0, calls: wrong })).toMatchObject({
    ok: false,
    code: 'refused',
    texts: checked.texts,
  })
  const many = Array.from({ length: turn!.max_calls! + 1 }, () => wrong[0]!)
  expect(await person.ask({ type: 'decide', turn: 0, calls: many, anyway: true })).toMatchObject({ ok: false, code: 'refused' })
  expect(decisions(game, 'developer')).toEqual([])
  expect(await person.ask({ type: 'decide', turn: 0, calls: wrong, anyway: true })).toMatchObject({ ok: true })
  await person.until(({ turn: next }) => (next?.turn ?? 0) > 0)
  expect(person.view!.history[0]!.results[0]).toContain(turn!.tools[0]!.name)
})
