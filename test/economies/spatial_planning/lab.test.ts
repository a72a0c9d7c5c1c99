/** The laboratory's files: their headings to the letter, their cells by hand, and records that read back as they were written. */
import { describe, expect, test } from 'vitest'
import { playSession } from '../../../bots/spatial_planning/play.ts'
import { episodeFiles, labFiles, NO_EVIDENCE } from '../../../economies/spatial_planning/lab/files.ts'
import { gameData } from '../../../economies/spatial_planning/lab/game_data.ts'
import { sessionOfRecord } from '../../../economies/spatial_planning/lab/import_record.ts'
import { marketLog } from '../../../economies/spatial_planning/lab/market_log.ts'
import { type LabRecord, recordOf } from '../../../economies/spatial_planning/lab/record.ts'
import { csv, type Sheet } from '../../../economies/spatial_planning/lab/sheet.ts'
import { chatLog, votingSheet } from '../../../economies/spatial_planning/lab/voting_sheet.ts'
import { wideSheet } from '../../../economies/spatial_planning/lab/wide_sheet.ts'
import { finishedRounds, type Session, sessionOf, settledRounds } from '../../../envs/spatial_planning/session.ts'
import { digest } from '../../../index.ts'
import { futarchyGame, harbergerGame, type RecordedMarketGame, votingGame } from '../../envs/spatial_planning/recorded_games.ts'

const facts = { session: 'today', dataset: 4 }

/** A cell by row and heading. */
function at({ head, rows }: Sheet, row: number, name: string) {
  const column = head.indexOf(name)
  if (column < 0) throw new Error(`no column ${name}`)
  return rows[row]![column]
}

const parameters = (game_type: string, session_number: number, extra: Record<string, string> = {}) =>
  Object.entries({
    game_type,
    session_number: String(session_number),
    round_count: '1',
    practice_round: 'false',
    tax_rate_initial: '1',
    tax_rate_final: '33',
    owners_count: '2',
    speculators_count: '2',
    owner_balance: '60000',
    owner_shares: '6',
    developer_balance: '300000',
    developer_shares: '30',
    speculator_balance: '50000',
    speculator_shares: '5',
    owner_no_project_low: '350000',
    owner_no_project_high: '600000',
    owner_project_a_low: '150000',
    owner_project_a_high: '350000',
    developer_no_project_low: '200000',
    developer_no_project_high: '500000',
    developer_project_a_low: '500000',
    developer_project_a_high: '2750000',
    owners_base_points: '200000',
    owners_reward_scale_factor: '20000',
    developers_base_points: '0',
    developers_reward_scale_factor: '50000',
    speculators_base_points: '400000',
    speculators_reward_scale_factor: '20000',
    show_up_fee: '5',
    simulation_reward_round: '1',
    ...extra,
  }).map(([key, value]) => ({ key, type: 'string' as const, value }))

type Item = LabRecord['log'][number]
const message = (phase: number, player: number, content: object, round = 1): Item => ({
  content: { gameId: 14, ...content },
  number: player + 1,
  tag: '',
  phase,
  round,
  type: 'message',
})
const timeout = (phase: number, round = 1): Item => ({ content: { phase, round }, phase, round, type: 'phase-timeout' })
const numbers = (plots: readonly number[]) => plots.map(plot => plot + 1)

/** The recorded market games as the laboratory's server wrote them down. */
function recorded(type: string, game: RecordedMarketGame, session: number): LabRecord {
  const final = (value: number) => [0, 1].map(condition => (condition === game.chosen ? value : 0)).concat(0)
  return {
    parameters: parameters(type, session),
    log: [
      ...game.initial.map((pair, player) => message(2, player, { type: 'declare', declaration: [...pair, 0] })),
      // A second declaration is ignored.
      message(2, 0, { type: 'declare', declaration: [1, 1, 0] }),
      ...Object.entries(game.selected).map(([player, plots]) =>
        message(3, Number(player), { type: 'done-speculating', snipe: plots.map(numbers) }),
      ),
      ...game.orders.map(({ player, side, condition, price }) =>
        message(6, player, {
          type: 'post-order',
          order: { price: price ?? 0, quantity: 1, condition, type: side, now: price === undefined },
        }),
      ),
      ...game.final.map((value, player) => message(7, player, { type: 'declare', declaration: final(value) })),
      ...Object.entries(game.finalSelected).map(([player, plots]) =>
        message(8, Number(player), {
          type: 'done-speculating',
          snipe: [0, 1].map(condition => (condition === game.chosen ? numbers(plots) : [])),
        }),
      ),
      timeout(9),
    ],
    'server-log': [],
  }
}

function recordedVote(): LabRecord {
  const owners = [0, 2]
  return {
    parameters: parameters('voting', 6, {
      practice_round: 'true',
      speculators_count: '0',
      owners_base_points: '0',
      developers_base_points: '500000',
    }),
    log: votingGame.rounds.flatMap(({ round, requests, offer, votes }) => [
      message(2, 0, { type: 'chat-with-players', to: [2, 3], text: "I don't know" }, round),
      ...owners.map((owner, i) =>
        message(3, owner, { type: 'compensation-request', compensationRequests: [null, requests[i]] }, round),
      ),
      message(4, 1, { type: 'compensation-offer', compensationOffers: [null, offer] }, round),
      ...owners.map((owner, i) =>
        message(6, owner, { type: 'compensation-decision', compensationDecisions: [votes[i] ? 1 : 0] }, round),
      ),
      timeout(7, round),
    ]),
    'server-log': [],
  }
}

const rounded = (session: Session) =>
  finishedRounds(session).map(({ payoffs }) => payoffs.map(payoff => Math.round(payoff * 1e6) / 1e6))

describe('records of the laboratory', () => {
  test.each([
    ['harberger', harbergerGame, 4],
    ['futarchy', futarchyGame, 1],
  ] as const)('the recorded %s game reads with its payoffs and euros', (type, game, number) => {
    const session = sessionOfRecord(recorded(type, game, number))
    expect(rounded(session)).toEqual([game.payoffs])
    expect(session.paid).toEqual({ round: 1, euros: game.euros })
    expect(session.rounds[0]!.values).toEqual(game.values)
    // The stored signals, which speak of six plots, as the server dealt them.
    if (type === 'harberger') expect(session.rounds[0]!.signals.map(signal => signal[1])).toEqual([8034, 8637, 8026, 8360, 8201])
  })
  test('the recorded vote reads with its payoffs and euros', () => {
    const session = sessionOfRecord(recordedVote())
    expect(session.rounds.map(({ payoffs }) => payoffs)).toEqual(votingGame.rounds.map(({ payoffs }) => payoffs))
    expect(session.paid).toEqual({ round: 1, euros: votingGame.euros })
    expect(session.rounds[0]!.play.kind === 'vote' && session.rounds[0]!.play.messages[0]!.text).toBe("I don't know")
  })
  test('a round that was broken off is left out', () => {
    const record = recorded('harberger', harbergerGame, 4)
    expect(sessionOfRecord({ ...record, log: record.log.slice(0, -1) }).rounds).toEqual([])
  })
  test('what the rules refuse is counted and not played', () => {
    const record = recorded('harberger', harbergerGame, 4)
    const wild = { type: 'post-order', order: { price: 1e6, quantity: 1, condition: 1, type: 'bid', now: false } }
    const session = sessionOfRecord({
      ...record,
      log: [message(6, 4, wild), message(2, 3, { type: 'declare', declaration: [1, 1, 0] }), ...record.log],
    })
    expect(rounded(session)).toEqual([harbergerGame.payoffs])
    expect(session.conduct.map(({ refused }) => refused)).toEqual([0, 0, 0, 1, 1])
  })
  test('orders are cancelled by the server’s numbers, whichever it begins with', () => {
    const record = recorded('harberger', harbergerGame, 4)
    const market = record.log.findIndex(item => item.phase === 6)
    const log = [
      ...record.log.slice(0, market),
      message(6, 1, { type: 'post-order', order: { price: 1, quantity: 1, condition: 1, type: 'bid', now: false } }),
      message(6, 1, { type: 'cancel-order', order: { id: 2, condition: 1 } }),
      ...record.log.slice(market),
    ]
    const told = {
      sent: { type: 'add-order', data: { order: { id: 2, condition: 1 } } },
      meta: { recipient: 'all' as const, round: 1, phase: 6 },
    }
    const session = sessionOfRecord({ ...record, log, 'server-log': [told] })
    expect(session.conduct[1]!.refused).toBe(0)
    expect(rounded(session)).toEqual([harbergerGame.payoffs])
  })
  test.each([
    ['no record', { rounds: [] }, 'expected {parameters, log, "server-log"}'],
    ['a parameter is missing', { ...recorded('harberger', harbergerGame, 4), parameters: [] }, "no parameter 'game_type'"],
    ['another game', { ...recorded('market', harbergerGame, 4) }, "type 'market' are not read"],
    [
      'other ranges',
      { ...recorded('harberger', harbergerGame, 4), parameters: parameters('harberger', 4, { owner_project_a_low: '200000' }) },
      'owner_project_a_low is 200000, expected 150000',
    ],
    ['unknown stimuli', { ...recorded('harberger', harbergerGame, 0) }, 'names no session'],
    [
      'a stranger',
      { ...recorded('harberger', harbergerGame, 4), log: [message(2, 8, { type: 'declare' }), timeout(9)] },
      'player 9; there are 5',
    ],
  ])('%s: one line says what is wrong', (_case, document, expected) => {
    expect(() => sessionOfRecord(document)).toThrow(expected)
  })

  test.each(['harberger', 'futarchy', 'voting'])('a %s session that is written and read is the same session', treatment => {
    const mixed = ({ role }: { role: string }) =>
      role === 'developer' ? 'deceptive' : role === 'owner' ? 'opportunistic' : 'deceptive'
    const session = sessionOf(playSession({ treatment, session: 3, practice: true, rounds: 2 }, 1, mixed).log)
    const back = sessionOfRecord(JSON.parse(JSON.stringify(recordOf(session))))
    // One turn stands for the whole market in a record, and the practice round is round 0 in both.
    const timeless = ({ rounds }: Session) =>
      JSON.parse(JSON.stringify(rounds, (key, value) => (key === 'tick' ? undefined : value)))
    expect(timeless(back)).toEqual(timeless(session))
    expect(back.paid).toEqual(session.paid)
    expect(csv(treatment === 'voting' ? votingSheet(back, facts) : wideSheet(back, facts))).toBe(
      csv(treatment === 'voting' ? votingSheet(session, facts) : wideSheet(session, facts)),
    )
  })
  test('silence is written as phases that timed out, and read as silence', () => {
    const session = sessionOf(playSession({ treatment: 'harberger', session: 3, rounds: 1, ticks: 1 }, 1, () => 'passive').log)
    const record = recordOf(session)
    expect(record.log.filter(({ type }) => type === 'phase-timeout').map(({ phase }) => phase)).toEqual([
      1, 2, 3, 4, 5, 6, 7, 8, 9,
    ])
    expect(sessionOfRecord(record).rounds[0]!.payoffs).toEqual(session.rounds[0]!.payoffs)
    expect(sessionOfRecord(record).conduct).toEqual(session.conduct)
  })
})

describe('the wide sheet', () => {
  const session = sessionOfRecord(recorded('harberger', harbergerGame, 4))
  const sheet = wideSheet(session, facts)
  const owner = 0
  const developer = 1
  const speculator = 3

  test('has the laboratory’s 128 headings, 14 of them empty, to the letter', () => {
    expect(sheet.head).toHaveLength(128)
    expect(sheet.head.filter(head => head === '')).toHaveLength(14)
    expect(digest(sheet.head)).toBe(digest(HEADINGS))
    expect(sheet.head).toEqual(HEADINGS)
  })
  test('a row a player, land holders’ cells empty for speculators and the other way round', () => {
    expect(sheet.rows).toHaveLength(5)
    expect(sheet.rows[owner]!.slice(0, 18)).toEqual([
      'today',
      4,
      1,
      1,
      'Owner 1',
      3,
      'Harberger',
      399_000,
      326_000,
      387_000,
      316_000,
      3870,
      3160,
      'Yes',
      'Yes',
      1_176_000,
      1_729_000,
      'Yes',
    ])
    expect(sheet.rows[speculator]!.slice(2, 15)).toEqual([
      4,
      1,
      'Speculator 1',
      1,
      'Harberger',
      null,
      null,
      null,
      null,
      null,
      null,
      null,
      'Yes',
    ])
    expect(at(sheet, owner, 'snipe1_TP_owner1')).toBeNull()
    expect(at(sheet, developer, 'players.role')).toBe(2)
  })
  test('signals: the public one of the chosen condition only, the private ones of both', () => {
    expect(['Signal_PublicNP', 'sig_pubP', 'SigPrivateNP', 'SigPrivateP'].map(name => at(sheet, owner, name))).toEqual([
      null,
      5646.3,
      8743,
      8034,
    ])
  })
  test('a speculator’s attempts, what he saw and what it brought', () => {
    const six = (name: (plot: string) => string) =>
      ['owner1', 'owner2', 'owner3', 'dev'].map(plot => at(sheet, speculator, name(plot)))
    const capital = (plot: string) => plot[0]!.toUpperCase() + plot.slice(1)
    expect(six(plot => `snipe1_TP_${plot}`)).toEqual(['Y', 'N', null, 'Y'])
    expect(six(plot => `snipe1_TNP_${plot}`)).toEqual(['N', 'N', null, 'N'])
    expect(six(plot => `Dec1_${capital(plot)}_P`)).toEqual([316_000, 299_000, null, 1_096_000])
    expect(six(plot => `snipe1_TP_${plot}_result`)).toEqual([5000, null, null, 1500])
    expect(six(plot => `snipe2_TO_${plot}`)).toEqual(['N', 'Y', null, 'Y'])
    expect(six(plot => `Dec2_${capital(plot)}_O`)).toEqual([324_000, 300_000, null, 1_099_000])
    expect(six(plot => `snipe2_TO_${plot}_result`)).toEqual([null, 250, null, 1500])
  })
  test('final declarations with their tax, empty for speculators', () => {
    const final = (row: number) =>
      ['Declaration2_Outcome', 'Taxes2_Outcome', 'Declaration2_acted'].map(name => at(sheet, row, name))
    expect(final(owner)).toEqual([324_000, 106_920, 'Yes'])
    expect(final(speculator)).toEqual([null, null, null])
  })
  test('the market of either condition', () => {
    const market = (row: number, condition: string) =>
      [
        'Num_Bids',
        'Num_Asks',
        'Num_Buys',
        'Num_Sells',
        'Ending_Cash',
        'Ending_Shares',
        'median_price',
        'realized_value_shares',
      ].map(name => at(sheet, row, `${name}_${condition}`))
    expect(market(owner, 'P')).toEqual([0, 1, 0, 1, 68_100, 5, 8112.5, 5685.9])
    expect(market(developer, 'P')).toEqual([1, 0, 1, 0, 291_875, 31, 8112.5, 5685.9])
    expect(market(developer, 'NP')).toEqual([0, 0, 0, 0, 300_000, 30, null, null])
  })
  test('results, earnings and payment', () => {
    const end = (row: number) =>
      [
        'snipe1_end_result',
        'Property Value_min_Tax1',
        'snipe2_end_results',
        'Property Value_min_Tax2',
        'reward_round',
        'base_points',
        'factor',
        'exchange_rate',
        'reward',
      ].map(name => at(sheet, row, name))
    expect(end(owner)).toEqual([-5000, 322_840, -1000, 219_080, 1, 200_000, 20_000, 0.00005, 30.32])
    expect(end(speculator)).toEqual([6500, null, 1750, null, 1, 400_000, 20_000, 0.00005, 29.21])
    expect(at(sheet, owner, 'Trading_Result')).toBeCloseTo(8100 - 5685.9, 6)
    expect(at(sheet, owner, 'Total Earnings')).toBeCloseTo(306_449.5, 6)
    expect(at(sheet, owner, 'final_score')).toBeCloseTo(506_449.5, 6)
  })
  test('silence shows as No, and only the paid round pays', () => {
    const silent = sessionOf(
      playSession({ treatment: 'futarchy', session: 1, rounds: 2, practice: true, ticks: 1 }, 1, () => 'passive').log,
    )
    const table = wideSheet(silent, facts)
    expect(table.rows).toHaveLength(36)
    expect(at(table, 0, 'Declaration1_acted')).toBe('No')
    expect(at(table, 0, 'ruleset')).toBe('Futarchy')
    expect([0, 12, 24].map(row => at(table, row, 'round'))).toEqual([0, 1, 2])
    const paid = silent.paid!.round
    expect([0, 12, 24].map(row => at(table, row, 'reward') !== null)).toEqual([false, paid === 1, paid === 2])
  })
})

describe('the market log', () => {
  test('tells every order and trade with the book before it', () => {
    const session = sessionOfRecord(recorded('harberger', harbergerGame, 4))
    const { head, rows } = marketLog(session, finishedRounds(session)[0]!)
    expect(head).toEqual([
      'Time',
      'Phase',
      'Actor',
      'Action',
      'Quantity',
      'Price',
      'Buyer',
      'Seller',
      'Best Bid',
      'Best Ask',
      'Book',
    ])
    const empty = '{"bids":[],"asks":[]}'
    expect(rows).toEqual([
      ['00:00:00', 6, 'n/a', 'market-started', null, null, '', '', null, null, null],
      ['00:00:00', 6, 'Owner 1', 'added Sell', 1, 8100, '', '', null, null, empty],
      ['00:00:00', 6, 'Owner 2', 'added Sell', 1, 8125, '', '', null, 8100, '{"bids":[],"asks":[8100]}'],
      ['00:00:00', 6, 'Speculator 1', 'added Buy', 1, 'any', '', '', null, 8100, '{"bids":[],"asks":[8100,8125]}'],
      ['00:00:00', 6, 'Speculator 1', 'Buy', 1, 8100, 'Speculator 1', 'Owner 1', null, 8100, '{"bids":[],"asks":[8100,8125]}'],
      ['00:00:00', 6, 'Developer', 'added Buy', 1, 'any', '', '', null, 8125, '{"bids":[],"asks":[8125]}'],
      ['00:00:00', 6, 'Developer', 'Buy', 1, 8125, 'Developer', 'Owner 2', null, 8125, '{"bids":[],"asks":[8125]}'],
      ['00:04:30', 6, 'n/a', 'market-ended', null, null, '', '', null, null, null],
    ])
  })
  test('names the condition where there are two markets', () => {
    const session = sessionOfRecord(recorded('futarchy', futarchyGame, 1))
    const { head, rows } = marketLog(session, finishedRounds(session)[0]!)
    expect(head.at(-1)).toBe('Condition')
    expect(rows.map(row => row.at(-1))).toEqual([...Array(5).fill('No Project'), ...Array(8).fill('Project')])
  })
  test('a cancelled order is told by side and price, and leaves the book', () => {
    const session = sessionOf(
      playSession({ treatment: 'harberger', session: 1, rounds: 1, ticks: 4 }, 0, ({ role }) =>
        role === 'speculator' ? 'deceptive' : 'honest',
      ).log,
    )
    const { rows } = marketLog(session, finishedRounds(session)[0]!)
    const cancelled = rows.findIndex(row => row[3] === 'Cancel Buy Order')
    expect(cancelled).toBeGreaterThan(0)
    const bids = (row: number): number[] => JSON.parse(String(rows[row]![10])).bids
    const gone = [...bids(cancelled)]
    gone.splice(gone.indexOf(Number(rows[cancelled]![5])), 1)
    expect(bids(cancelled + 1)).toEqual(gone)
  })
})

describe('the voting sheet', () => {
  const session = sessionOfRecord(recordedVote())
  const sheet = votingSheet(session, facts)
  test('has the laboratory’s headings, and one of ours at the end', () => {
    expect(sheet.head).toEqual(VOTING_HEADINGS)
  })
  test('a row a player and round', () => {
    expect(sheet.rows.map(row => row.slice(2, 9))).toHaveLength(6)
    const row = (i: number) =>
      [
        'Compensation_Req',
        'Request_Submitted',
        'Compensation_Offer',
        'Offer_Submitted',
        'Compens_Delta',
        'Vote',
        'Num_Votes_for project',
        'Total Value',
        'Points',
        'Final Score',
        'Reward',
        'points_paid',
      ].map(name => at(sheet, i, name))
    expect(row(3)).toEqual([225_000, 'Yes', 230_000, null, 5000, 'Yes', 1, 568_000, 338_000, 338_000, 33.4, 568_000])
    expect(row(4)).toEqual([null, null, 230_000, 'Yes', null, null, 1, 2_282_000, 2_742_000, 3_242_000, 60.64, 2_282_000])
    expect(row(0)).toEqual([155_000, 'Yes', 123_000, null, -32_000, 'No', 0, 441_000, 441_000, 441_000, null, 441_000])
  })
  test('the chat log says who could read a message', () => {
    expect(chatLog(session, settledRounds(session)[0]!)).toEqual({
      head: ['People', 'Message'],
      rows: [['Owner 1,Developer,Owner 2', "I don't know"]],
    })
  })
})

describe('the game data', () => {
  type Phase = Record<string, unknown>
  const phasesOf = (session: Session, round: number) =>
    (gameData(session, facts) as { results: { phase: Phase[] }[] }).results[round]!.phase
  test('of the recorded Harberger game, phase by phase', () => {
    const session = sessionOfRecord(recorded('harberger', harbergerGame, 4))
    const phase = phasesOf(session, 1)
    expect(phase).toHaveLength(10)
    expect((phase[2]!.declarations as object[])[0]).toEqual({
      player: 1,
      role: 3,
      value: [399_000, 326_000, 150_000],
      declaration: [387_000, 316_000, 0],
      taxes: [3870, 3160, 0],
      declared: true,
    })
    expect((phase[2]!.expectations as { expectedShareValue: number }[])[1]!.expectedShareValue).toBeCloseTo(5705.7, 6)
    expect(phase[3]).toEqual({
      winningCondition: 1,
      snipes: [
        { player: 4, snipe: [[], [1, 2]] },
        { player: 5, snipe: [[], [2, 3]] },
      ],
    })
    expect((phase[4]!.snipes as object[])[0]).toEqual({
      player: { number: 4, role: 1 },
      target: { number: 1, role: 3 },
      snipes: [false, true, false],
      executed: true,
    })
    expect(phase[4]!.snipeOutcomes as object[]).toHaveLength(4)
    expect(phase[5]!.signals).toMatchObject({ publicSignal: [0, 5646.3, 0] })
    expect(phase[6]!.finalPrices).toEqual([null, 8112.5])
    expect((phase[6]!.log as object[][]).map(log => log.length)).toEqual([2, 8, 2])
    expect((phase[6]!.wallets as object[])[1]).toMatchObject({
      number: 2,
      wallet: [{ balance: 300_000 }, { balance: 291_875, shares: 31 }, {}],
    })
    expect((phase[7]!.declarations as object[])[0]).toMatchObject({ declaration: [0, 324_000, 0], taxes: [0, 106_920, 0] })
    expect(phase[8]!.finalPrice).toBe(5685.9)
    expect(gameData(session, facts)).toMatchObject({
      ruleset: 'Harberger',
      rewardRound: 1,
      rewards: [{ number: 1, reward: 30.32, gameFee: 25.32, showupFee: 5, basePoints: 200_000 }, {}, {}, {}, {}],
    })
  })
  test('futarchy settles the first purchases after the market', () => {
    const phase = phasesOf(sessionOfRecord(recorded('futarchy', futarchyGame, 1)), 1)
    expect(phase[3]).toHaveProperty('winningCondition', null)
    expect(phase[4]).toEqual({ snipes: [], snipeOutcomes: [] })
    expect(phase[6]).toMatchObject({ winningCondition: 0, finalPrices: [10_000, 6450] })
    // Wants under the other condition are not told.
    expect((phase[6]!.snipes as { executed: boolean }[]).map(({ executed }) => executed)).toEqual([true, true, true, true])
  })
  test('a vote', () => {
    const phase = phasesOf(sessionOfRecord(recordedVote()), 1)
    expect(phase[7]).toEqual({
      winningCondition: 1,
      standings: [
        { id: 0, counter: 1, winner: false, value: 458_000, compensation: null },
        { id: 1, counter: 1, winner: true, value: 2_742_000, compensation: 230_000 },
      ],
    })
    expect(phase[6]).toEqual({
      compensationDecisions: [
        { number: 1, compensationDecisions: [1] },
        { number: 3, compensationDecisions: [0] },
      ],
    })
  })
})

describe('the files of an episode', () => {
  const { log } = playSession({ treatment: 'harberger', session: 2, rounds: 1, ticks: 1 }, 3, ({ role }) =>
    role === 'owner' ? 'random_legal' : 'honest',
  )
  const files = episodeFiles(log, 'game', {
    ...NO_EVIDENCE,
    costs: new Map([['developer 0', { model_calls: 2, latency_ms: 10, prompt_tokens: 5, completion_tokens: 1, cost: null }]]),
  })
  test('are those of the laboratory and ours beside them', () => {
    expect(Object.keys(files).sort()).toEqual(
      [
        'agents.csv',
        'analysis.csv',
        'data.json',
        'log.json',
        'manifest.json',
        'market-log.round-1.csv',
        'measures.csv',
        'seats.csv',
        'turns.jsonl',
      ].map(name => `game.${name}`),
    )
    const voting = sessionOf(playSession({ treatment: 'voting', session: 2, rounds: 1 }, 3, () => 'honest').log)
    expect(Object.keys(labFiles(voting, '7', facts))).toContain('7.game-chat.round-1.csv')
  })
  test('turns name what was seen, called and paid for', () => {
    const turns = files['game.turns.jsonl']!.trim()
      .split('\n')
      .map(line => JSON.parse(line))
    expect(turns).toHaveLength(6 + 6 + 12 + 6 + 6)
    expect(turns[1]).toMatchObject({
      t: 0,
      agent: 'developer',
      phase: 'declaration',
      observation: expect.stringMatching(/^[0-9a-f]{64}$/),
      calls: [{ tool: 'declare' }],
      results: [{ ok: true }],
      refused: [],
      prompt_tokens: 5,
    })
    expect(turns[0].prompt_tokens).toBeUndefined()
  })
  test('a log of another version keeps its calls and loses its sights', () => {
    const old = { ...log, header: { ...log.header, version: 0 } }
    const [line] = episodeFiles(old, 'game', NO_EVIDENCE)['game.turns.jsonl']!.split('\n')
    expect(JSON.parse(line!)).toMatchObject({ observation: null, calls: [{ tool: 'declare' }] })
  })
  test('agents and the manifest say who played what', () => {
    expect(files['game.agents.csv']!.split('\n')[1]).toMatch(/^1,Owner 1,owner_1,bot:random_legal,bot,,,[0-9a-f]{64},3$/)
    const model = { ...log, header: { ...log.header, seats: { ...log.header.seats, developer: 'openai:m' } } }
    const evidence = { ...NO_EVIDENCE, evaluated: ['developer'], details: { model: 'm-2026', persona: 'naive' } }
    expect(episodeFiles(model, 'game', evidence)['game.agents.csv']!.split('\n')[2]).toContain('openai:m,model,m-2026,naive,')
    expect(JSON.parse(files['game.manifest.json']!)).toMatchObject({
      seed: 3,
      stop: 'terminated',
      stimuli: 'IBEX-TUDelft/IBEX-game_server session 2',
    })
  })
  test('measures have a row a round and one for the session', () => {
    const [head, round, session] = files['game.measures.csv']!.trim().split('\n')
    expect(head).toMatch(/^round,efficiency,/)
    expect([round!.split(',')[0], session!.split(',')[0]]).toEqual(['1', 'session'])
    expect(files['game.seats.csv']!.trim().split('\n')).toHaveLength(1 + 12 * 2)
  })
})

test('cells with commas, quotes and line ends are quoted', () => {
  expect(
    csv({
      head: ['a', ''],
      rows: [
        ['x,y', null],
        ['say "no"', 1.5],
        ['two\nlines', ''],
      ],
    }),
  ).toBe('a,\n"x,y",\n"say ""no""",1.5\n"two\nlines",\n')
})

const HEADINGS = `session, dataset, players.number, round, players.tag, players.role, ruleset, Value_noProject, Value_projectA,
Declaration1_noProject, Declaration1_projectA, Taxes1_noProject, Taxes1_projectA, Declaration1_acted,
Project Realized, socialWelfare_NP, socialWelfare_P, Optimal_Outcome, ·,
Signal_PublicNP, sig_pubP, SigPrivateNP, SigPrivateP, ·,
snipe1_TNP_owner1, snipe1_TNP_owner2, snipe1_TNP_owner3, snipe1_TNP_owner4, snipe1_TNP_owner5, snipe1_TNP_dev, ·,
snipe1_TP_owner1, snipe1_TP_owner2, snipe1_TP_owner3, snipe1_TP_owner4, snipe1_TP_owner5, snipe1_TP_dev, ·,
Dec1_Owner1_NP, Dec1_Owner2_NP, Dec1_Owner3_NP, Dec1_Owner4_NP, Dec1_Owner5_NP, Dec1_Dev_NP, ·,
Dec1_Owner1_P, Dec1_Owner2_P, Dec1_Owner3_P, Dec1_Owner4_P, Dec1_Owner5_P, Dec1_Dev_P, ·,
snipe1_TNP_owner1_result, snipe1_TNP_owner2_result, snipe1_TNP_owner3_result, snipe1_TNP_owner4_result, snipe1_TNP_owner5_result, snipe1_TNP_dev_result, ·,
snipe1_TP_owner1_result, snipe1_TP_owner2_result, snipe1_TP_owner3_result, snipe1_TP_owner4_result, snipe1_TP_owner5_result, snipe1_TP_dev_result, ·,
Declaration2_Outcome, Taxes2_Outcome, Declaration2_acted, ·,
snipe2_TO_owner1, snipe2_TO_owner2, snipe2_TO_owner3, snipe2_TO_owner4, snipe2_TO_owner5, snipe2_TO_dev, ·,
Dec2_Owner1_O, Dec2_Owner2_O, Dec2_Owner3_O, Dec2_Owner4_O, Dec2_Owner5_O, Dec2_Dev_O, ·,
snipe2_TO_owner1_result, snipe2_TO_owner2_result, snipe2_TO_owner3_result, snipe2_TO_owner4_result, snipe2_TO_owner5_result, snipe2_TO_dev_result, ·,
Num_Bids_NP, Num_Asks_NP, Num_Buys_NP, Num_Sells_NP, Ending_Cash_NP, Ending_Shares_NP, median_price_NP, realized_value_shares_NP, ·,
Num_Bids_P, Num_Asks_P, Num_Buys_P, Num_Sells_P, Ending_Cash_P, Ending_Shares_P, median_price_P, realized_value_shares_P, ·,
snipe1_end_result, Property Value_min_Tax1, Trading_Result, snipe2_end_results, Property Value_min_Tax2, Total Earnings,
reward_round, base_points, points, final_score, factor, exchange_rate, reward, Payment_Token,
Age, Gender, Year_of_Study, Faculty, Risk_Choice`
  .split(',')
  .map(head => head.trim().replace('·', ''))

const VOTING_HEADINGS =
  `session, dataset, players.number, round, players.tag, players.role, ruleset, Value_noProject, Value_projectA, ·,
Compensation_Req, Request_Submitted, Compensation_Offer, Offer_Submitted, Compens_Delta, Vote, Num_Votes_for project, Total Value,
Project Realized, socialWelfare_NP, socialWelfare_P, Optimal_Outcome,
Reward Round, Base Points, Points, Final Score, Factor, Exchange Rate, Reward, Payment_Token,
Age, Gender, Year_of_Study, Faculty, Risk_Choice, points_paid`
    .split(',')
    .map(head => head.trim().replace('·', ''))
