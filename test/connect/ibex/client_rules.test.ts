/**
 * The rules that a client of the laboratory's server must keep, each from a failure that was measured there; and what a client must
 * survive. Small games at a fake server with the faults as switches: what counts is what the server was sent, and when.
 */
import { describe, expect, test } from 'vitest'
import { fault } from '../../../connect/ibex/codec.ts'
import { ServerClock } from '../../../connect/ibex/server_clock.ts'
import { ibex } from '../../../economies/spatial_planning/ibex/index.ts'
import type { Call } from '../../../envs/core/tool.ts'
import type { FakeIbex } from './fake_server.ts'
import { bot, everybody, lines, play, server, slow } from './play.ts'

/** An owner, the developer and a speculator. */
const SMALL = { treatment: 'harberger', session: 3, rounds: 1, owners: 1, speculators: 1 }
const honest = everybody(3, () => bot('honest'))
const BELL = { bellMs: 60, bellAfter: 20 }

/** The messages of a type that came from a seat in a phase, by what became of them. */
const fates = (fake: FakeIbex, type: string, where: { seat?: number; round?: number; phase?: number } = {}): string[] =>
  fake.log
    .filter(
      entry =>
        entry.type === type &&
        (where.seat ?? entry.seat) === entry.seat &&
        (where.round ?? entry.round) === entry.round &&
        (where.phase ?? entry.phase) === entry.phase,
    )
    .map(({ fate }) => fate)

describe('a client', () => {
  test('sends a sealed decision once: where the answer is lost it asks what the server has', async () => {
    const lost = new Set<number>()
    const { fake, url } = await server({
      game: SMALL,
      ...BELL,
      fault: ({ seat, type }) => {
        if (seat !== 1 || (type !== 'declaration-received' && type !== 'speculation-received')) return undefined
        lost.add(fake.phase)
        return 'lost'
      },
    })
    // The developer takes his time, so that the phase is still on when the owner asks.
    const { decisions } = await play({ url, seats: { ...honest, 2: slow(bot('honest'), 150) } })
    expect([...lost]).toEqual([2, 7])
    expect([fates(fake, 'declare', { seat: 1, phase: 2 }), fates(fake, 'declare', { seat: 1, phase: 7 })]).toEqual([
      ['taken'],
      ['taken'],
    ])
    const own = decisions.filter(({ seat, ask }) => seat === '1' && (ask === '1:2' || ask === '1:7'))
    expect(own.map(({ disposition, reconciled }) => [disposition, reconciled])).toEqual([
      ['unknown', 'taken'],
      ['unknown', 'taken'],
    ])
  })

  test('sends it again where the server read past it and has nothing', async () => {
    let swallowed = 0
    const { fake, url } = await server({
      game: SMALL,
      ...BELL,
      mishap: ({ seat, type }) => (seat === 2 && type === 'declare' && swallowed++ === 0 ? 'lost' : undefined),
    })
    await play({ url, seats: honest })
    expect(fates(fake, 'declare', { seat: 2, phase: 2 })).toEqual(['lost', 'taken'])
  })

  test('acts when a phase has begun, not on what is told before it does', async () => {
    const { fake, url } = await server({ game: SMALL, ...BELL, enteringMs: 30 })
    await play({ url, seats: honest })
    expect(fates(fake, 'declare')).toEqual(['taken', 'taken', 'taken', 'taken'])
    expect(fates(fake, 'done-speculating')).toEqual(['taken', 'taken'])
  })

  test('says that it is ready until it is heard, and never after, while the server saves the game', async () => {
    const { fake, url } = await server({ game: { ...SMALL, rounds: 2 }, ...BELL, holeMs: 200, doubleMs: 30 })
    await play({ url, seats: honest })
    for (const seat of [1, 2, 3]) {
      expect(fates(fake, 'player-is-ready', { seat, round: 1 })).toEqual(['taken'])
      expect(fates(fake, 'player-is-ready', { seat, round: 2 })).toEqual(['lost', 'taken'])
    }
    expect(fake.skipped).toEqual([])
  })

  test.each(['ready-received', 'status'])('is not ready twice while another is not, though every %s is lost', async lost => {
    const heard = new Set<number>()
    const { fake, url } = await server({
      game: SMALL,
      ...BELL,
      // The first status says who one is; the last player's first word is lost, so that the others wait.
      fault: ({ seat, type }) =>
        type === lost && (lost !== 'status' || heard.size === heard.add(seat).size) ? 'lost' : undefined,
      mishap: ({ seat, type, nth }) => (seat === 3 && type === 'player-is-ready' && nth < 2 ? 'lost' : undefined),
    })
    await play({ url, seats: honest })
    expect([1, 2, 3].map(seat => fates(fake, 'player-is-ready', { seat }))).toEqual([['taken'], ['taken'], ['lost', 'taken']])
  })

  test('binds a new connection to its seat without joining again, and is not asked again for what it has given', async () => {
    const cut = new Set(['declaration-received', 'declarations-published', 'value-signals', 'contract-fulfilled', 'final-price'])
    const { fake, url } = await server({
      game: SMALL,
      ...BELL,
      doubleMs: 40,
      fault: ({ seat, type }) => (seat === 1 && cut.delete(type) ? 'cut' : undefined),
    })
    const { folder, decisions } = await play({ url, seats: honest })
    expect(cut).toEqual(new Set())
    expect(fates(fake, 'join')).toEqual(['taken', 'taken', 'taken'])
    expect(fates(fake, 'rejoin').length).toBeGreaterThanOrEqual(5)
    expect(fates(fake, 'declare', { seat: 1 })).toEqual(['taken', 'taken'])
    expect(decisions.filter(({ seat, ask }) => seat === '1' && ask === '1:2').length).toBe(1)
    expect(
      lines<{ agent: string; ask: string }>(folder, 'turns').filter(({ agent, ask }) => agent === 'owner_1' && ask === '1:7')
        .length,
    ).toBe(1)
    expect(fake.skipped).toEqual([])
  })

  test.each([
    [{ type: 'declare', declaration: [1, 2, 0] }, undefined],
    [{ type: 'done-speculating', snipe: [[], [1, 3]] }, undefined],
    [{ type: 'compensation-request', compensationRequests: [null, 5] }, undefined],
    [{ type: 'declare', declaration: [1.5, 2, 0] }, 'message.declaration.0 is 1.5; expected a whole number from 0'],
    [{ type: 'declare', declaration: [1, -2, 0] }, 'message.declaration.1 is -2; expected a whole number from 0'],
    [{ type: 'declare', declaration: [1, null, 0] }, 'message.declaration.1 is null'],
    [
      { type: 'post-order', order: { price: Number.NaN, quantity: 1 } },
      'message.order.price is NaN; expected a whole number from 0',
    ],
    [{ type: 'done-speculating', snipe: [[1]] }, 'message.snipe has 1 lists; expected one for each condition'],
    [{ type: 'done-speculating', snipe: [[1, 1], []] }, 'message.snipe.0 names somebody twice: 1, 1'],
    [{ type: 'compensation-request', compensationRequests: [null, null] }, 'message.compensationRequests.1 is null'],
  ])('never sends what the server cannot take: %j', (message, why) => {
    expect(fault(message)).toBe(why)
  })

  test('keeps the server’s deadline by the server’s clock', async () => {
    const ahead = 60_000
    const { url } = await server({ game: SMALL, ...BELL, skewMs: ahead, lasts: { 2: 5000, 3: 5000, 6: 5000, 7: 5000, 8: 5000 } })
    const { decisions } = await play({ url, seats: honest })
    const left = decisions.map(({ deadline, asked_at }) => deadline! - asked_at)
    // A date on an answer is a whole second, so it is known to a second at best, and too early is the safe side.
    expect(Math.max(...left)).toBeLessThanOrEqual(5000)
    expect(Math.min(...left)).toBeGreaterThan(5000 - 2000)
  })

  test('knows two bounds of the server’s clock, and takes the one that is too early', () => {
    const clock = new ServerClock()
    clock.note(1000, 1100, 5000)
    expect([clock.bounds, clock.ahead]).toEqual([[3900, 5000], 5000])
    clock.note(2050, 2060, 6000)
    expect([clock.bounds, clock.local(10_000)]).toEqual([[3940, 4950], 5050])
    // Set back by an hour meanwhile.
    clock.note(3000, 3010, 7000 - 3_600_000)
    expect(clock.bounds).toEqual([-3_596_010, -3_595_000])
  })
})

describe('a seat in a market', () => {
  const CLOCK = { now: 0, began: null, ends: null }
  const VIEW = { identities: 'screen', actEveryMs: null } as const
  const PARAMETERS = {
    game_type: 'harberger',
    session_number: 3,
    round_count: 1,
    practice_round: false,
    owners_count: 1,
    speculators_count: 1,
    tax_rate_initial: 1,
    tax_rate_final: 33,
    owner_balance: 60_000,
    owner_shares: 6,
    developer_balance: 300_000,
    developer_shares: 30,
    speculator_balance: 50_000,
    speculator_shares: 5,
    owner_no_project_low: 350_000,
    owner_no_project_high: 600_000,
    owner_project_a_low: 150_000,
    owner_project_a_high: 350_000,
    developer_no_project_low: 200_000,
    developer_no_project_high: 500_000,
    developer_project_a_low: 500_000,
    developer_project_a_high: 2_750_000,
  }
  /** Speculator 1, whose own bid holds 47,000 of its 50,000 points, and an ask of the developer's at 5,000. */
  function seated() {
    const config = ibex.config(PARAMETERS, VIEW)
    const view = ibex.seat(config, ibex.agent(config, 3), VIEW)
    const hear = (type: string, data: object): void => view.hear({ type, data }, CLOCK)
    const order = (id: number, sender: number, type: string, price: number) =>
      hear('add-order', { order: { id, sender, price, quantity: 1, type, condition: 0 } })
    hear('phase-transition', { round: 1, phase: 3 })
    const d = [400_000, 200_000, 0]
    hear('declarations-published', {
      declarations: [
        { number: 1, d },
        { number: 2, d },
      ],
      winningCondition: 0,
    })
    hear('value-signals', { signals: [9000, 0, 0], publicSignal: [9000, 0, 0] })
    hear('phase-transition', { round: 1, phase: 6 })
    order(1, 3, 'bid', 4700)
    for (let id = 2; id < 11; id++) order(id, 3, 'bid', 4700)
    order(11, 2, 'ask', 5000)
    const code = (call: Call, seen?: never): string => {
      const checked = view.check(call, seen && { seen, nth: 0 })
      return checked.ok ? 'ok' : checked.refusal.code
    }
    return { view, hear, order, code }
  }
  const buy = { tool: 'trade_now', args: { side: 'buy' } }

  test('buys at any price with free cash alone, though the server would take what its own bids hold', () => {
    const { hear, code } = seated()
    expect(code(buy)).toBe('no_balance_available')
    hear('delete-order', { order: { id: 1, type: 'bid', condition: 0 } })
    expect(code(buy)).toBe('ok')
  })
  test('does not buy where the price has moved since it was asked', () => {
    const { view, hear, order, code } = seated()
    hear('delete-order', { order: { id: 1, type: 'bid', condition: 0 } })
    const seen = view.observe(CLOCK) as never
    hear('delete-order', { order: { id: 11, type: 'ask', condition: 0 } })
    order(12, 2, 'ask', 5001)
    expect([code(buy, seen), code({ tool: 'trade_now', args: { side: 'buy', limit: 6000 } }, seen)]).toEqual([
      'price_moved',
      'ok',
    ])
  })
  test('that missed everything sees from a snapshot what it would have seen, and counts no trade twice', () => {
    const { view, hear } = seated()
    const trade = (price: number) => ({
      type: 'contract-fulfilled',
      data: { from: 2, to: 1, price, condition: 0, median: price },
    })
    const [first, second, third] = [trade(5000), trade(5000), trade(5100)]
    for (const { type, data } of [first, second, third]) hear(type, data)
    const config = ibex.config(PARAMETERS, VIEW)
    const late = ibex.seat(config, ibex.agent(config, 3), VIEW)
    const d = [400_000, 200_000, 0]
    const order = (id: number, sender: number, type: string, price: number) => ({
      id,
      sender,
      price,
      quantity: 1,
      type,
      condition: 0,
    })
    const snapshot = {
      game: {
        round: 1,
        phase: 6,
        winningCondition: 0,
        declarations: [
          { number: 1, d },
          { number: 2, d },
        ],
        publicSignal: [9000, 0, 0],
        orders: [[...Array.from({ length: 10 }, (_, i) => order(i + 1, 3, 'bid', 4700)), order(11, 2, 'ask', 5000)], [], []],
        movementList: [[first, second].map(({ data }) => data), [], []],
      },
      player: { number: 3, signals: [9000, 0, 0], wallet: [0, 1, 2].map(() => ({ balance: 50_000, shares: 5 })), summaries: [] },
    }
    // The second trade was heard while the snapshot that has it was on its way; the third is in none.
    late.restore(snapshot, [second, third], CLOCK)
    expect(late.observe(CLOCK)).toEqual({ ...(view.observe(CLOCK) as object), deals: null })
  })
  test('offers whole points', () => {
    const { code } = seated()
    expect(code({ tool: 'place_limit_order', args: { side: 'bid', price: 100.5 } })).toBe('not_whole')
  })
  test('tells its own purchase from a bid of its own that somebody met meanwhile', () => {
    const { view, hear } = seated()
    hear('delete-order', { order: { id: 1, type: 'bid', condition: 0 } })
    const sending = view.send(buy)
    const met = (id: number, price: number) => [
      sending.answer({ type: 'contract-fulfilled', data: { from: 2, to: 3, price, condition: 0, median: price } }),
      sending.answer({ type: 'delete-order', data: { order: { id, type: 'bid', condition: 0 } } }),
    ]
    expect(met(2, 4700)).toEqual([undefined, undefined])
    expect(met(11, 5000)).toEqual([undefined, { ok: true, text: 'You bought a share at 5,000.' }])
  })
  test('is told who trades only where the server’s own names are asked for', () => {
    const config = ibex.config(PARAMETERS, VIEW)
    const named = ibex.seat(config, ibex.agent(config, 3), { ...VIEW, identities: 'wire' })
    const { view } = seated()
    named.hear({ type: 'phase-transition', data: { round: 1, phase: 3 } }, CLOCK)
    named.hear({ type: 'declarations-published', data: { declarations: [], winningCondition: 0 } }, CLOCK)
    named.hear({ type: 'phase-transition', data: { round: 1, phase: 6 } }, CLOCK)
    const trade = { from: 2, to: 1, price: 9000, condition: 0, median: 9000 }
    for (const seat of [view, named]) {
      seat.hear({ type: 'add-order', data: { order: { id: 20, sender: 2, price: 9100, type: 'ask', condition: 0 } } }, CLOCK)
      seat.hear({ type: 'contract-fulfilled', data: trade }, CLOCK)
    }
    const text = (seat: typeof view) => ibex.env.render(seat.observe(CLOCK) as never)
    expect(text(view)).not.toMatch(/9,100 \(|9,000 \(/)
    expect(text(named)).toContain('9,100 (developer)')
    expect(text(named)).toContain('9,000 (developer to owner_1)')
  })
})
