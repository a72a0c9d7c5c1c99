/**
 * Games of the laboratory's public server, played there by scripts: what it gives out afterwards is what our files say of the same
 * decisions, field by field. Recorded on a local copy of `IBEX-TUDelft/IBEX-game_server`, commit 92735655.
 */
import { readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { differences } from '../../../economies/spatial_planning/lab/differences.ts'
import { gameData } from '../../../economies/spatial_planning/lab/game_data.ts'
import { readRecord } from '../../../economies/spatial_planning/lab/import_record.ts'

type Json = null | boolean | number | string | readonly Json[] | { readonly [key: string]: Json }

const recorded = (name: string) => JSON.parse(readFileSync(new URL(`../../fixtures/ibex/${name}.json`, import.meta.url), 'utf8'))

/** What only a running server knows: numbers of its tables, dates, names that it makes up, a clock. */
const OF_THE_SERVER = /(^|\.)(id|game_id|gameId|name|recovery|createdAt|title|startTime|time)$/

/** Every place where two documents differ, as `path: theirs | ours`; lists are compared by place. */
function unlike(theirs: Json | undefined, ours: Json | undefined, path = ''): string[] {
  const told = [`${path}: ${JSON.stringify(theirs)} | ${JSON.stringify(ours)}`]
  if (OF_THE_SERVER.test(path) && theirs !== undefined && ours !== undefined && !/log\.\d+\.\d+\.id$/.test(path)) return []
  if (typeof theirs === 'number' && typeof ours === 'number') return Math.abs(theirs - ours) < 1e-6 ? [] : told
  if (typeof theirs !== 'object' || typeof ours !== 'object' || theirs === null || ours === null)
    return theirs === ours ? [] : told
  if (Array.isArray(theirs) !== Array.isArray(ours)) return told
  const at = (value: object, key: string): Json | undefined => (value as Record<string, Json>)[key]
  return [...new Set([...Object.keys(theirs), ...Object.keys(ours)])].flatMap(key =>
    unlike(at(theirs, key), at(ours, key), path === '' ? key : `${path}.${key}`),
  )
}

/** The differences of a game that are not excepted. */
function against(theirs: Json, record: string, dataset: number, ...except: readonly RegExp[]): string[] {
  const { session } = readRecord(recorded(record))
  const ours = JSON.parse(JSON.stringify(gameData(session, { session: 'x', dataset })))
  return unlike(theirs, ours).filter(line => !except.some(pattern => pattern.test(line)))
}

/** The phases last as long as whoever set the game up said; they are the laboratory's in our files. */
const TIMERS = /^parameters\.timer_/

describe('the game data', () => {
  test('of a Harberger game is what the server gives out', () => {
    const game = recorded('hp.server')
    // The server logs an order at any price before it refuses it; a refused call leaves no event here.
    const [refused] = game.results[1].phase[6].log[0].splice(-2, 1)
    expect(refused).toMatchObject({ action: 'added Sell', actor: { number: 8 }, price: 'any' })
    // A script sent both halves of its second declarations; the chosen one is kept.
    const halves = /^(results\.1\.phase\.7\.declarations\.\d+\.\w+\.1|properties\.\d+\.d\.1|D\.1|players\.\d+\.property\.d\.1):/
    expect(against(game, 'hp.log', 1, TIMERS, halves)).toEqual([])
  })
  // The server drew another round to pay, and other letters for the cash desk.
  const drawn = /^(rewardRound|rewards\.\d+\.\w+|players\.\d+\.paymentToken):/
  test('of a futarchy game', () => {
    // The server loses a lot's profit where somebody wanted it under the other condition.
    expect(against(recorded('live-f.server'), 'played-f.log', 5, TIMERS, drawn)).toEqual([
      'players.0.profit.6.amount: null | 163500',
    ])
  })
  test('of a vote: owners who sent nothing are left out', () => {
    expect(against(recorded('live-v.server'), 'played-v.log', 4, TIMERS, drawn)).toEqual([])
  })
})

describe('a record of the server', () => {
  const record = recorded('hp.log')
  const read = (document: unknown) => {
    const { session, told } = readRecord(document)
    return { session, differences: differences(session, told) }
  }

  test('is played by the rule of the server: a purchase at any price while own bids rest, and what that leaves uncovered', () => {
    const { session, differences } = read(record)
    expect(differences).toEqual([])
    const speculator = session.roster.agents.indexOf('speculator_1')
    expect([session.rounds[0]!.payoffs![speculator], session.paid!.euros[speculator]]).toEqual([93_600, 29.68])
    expect(session.conduct.map(({ refused }) => refused)).toEqual([0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0])
  })
  test('keeps its payment tokens, in the files too', () => {
    const { session } = read(record)
    const { rewards } = gameData(session, { session: 'x', dataset: 1 }) as { rewards: { paymentToken: string }[] }
    expect(rewards.slice(0, 3).map(({ paymentToken }) => paymentToken)).toEqual(['DK', 'IT', 'AW'])
  })
  test('our own record of a session agrees with itself', () => {
    for (const name of ['played-f.log', 'played-v.log']) expect(read(recorded(name)).differences).toEqual([])
  })

  type Sent = { sent: { type: string; data: Record<string, unknown> }; meta: { recipient: unknown } }
  /** The record with other data in the first message of a type. */
  const tampered = (type: string, change: Record<string, unknown>) => {
    const copy = structuredClone(record)
    Object.assign((copy['server-log'] as Sent[]).find(({ sent }) => sent.type === type)!.sent.data, change)
    return copy
  }
  test.each([
    [
      'contract-fulfilled',
      { price: 9400 },
      [
        'round 1, market No Project, trade 1: player 9 to player 7 at 9400 in the record, player 9 to player 7 at 9500 by the rules',
      ],
    ],
    ['final-price', { winningCondition: 1 }, ['round 1, winningCondition: 1 in the record, 0 by the rules']],
    [
      'reward',
      { reward: 1, profit: 2 },
      [
        'payment of Owner 1, reward: 1 in the record, 42.32 by the rules',
        'payment of Owner 1, profit: 2 in the record, 546460 by the rules',
      ],
    ],
    [
      'round-summary',
      { firstDeclaration: 7, market: { balance: 1, shares: 6, price: 8910 } },
      [
        'round 1, Owner 1, firstDeclaration: 7 in the record, 450000 by the rules',
        'round 1, Owner 1, market, balance: 1 in the record, 60000 by the rules',
      ],
    ],
  ])('%s: whatever it says otherwise is told, one line each', (type, change, expected) => {
    expect(read(tampered(type, change)).differences).toEqual(expected)
  })
  test('a decision that is missing from the messages shows in everything that came of it', () => {
    const without = {
      ...record,
      log: record.log.filter((item: { number?: number; phase: number }) => !(item.phase === 6 && item.number === 9)),
    }
    const told = read(without).differences
    expect(told[0]).toBe(
      'round 1, market No Project, trade 1: player 9 to player 7 at 9500 in the record, player 8 to player 7 at 9000 by the rules',
    )
    expect(told.some(line => line.startsWith('payment of Speculator 3, reward:'))).toBe(true)
  })
})
