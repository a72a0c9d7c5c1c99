/** What scripted colonists decide: each answer by what it goes by, and whom they turn to of their own accord in which shift. */
import { describe, expect, test } from 'vitest'
import type { ResidentType } from '../../../envs/mars_colony/config.ts'
import { marsColony } from '../../../envs/mars_colony/index.ts'
import { deceptive } from '../../../envs/mars_colony/residents/deceptive.ts'
import { honest } from '../../../envs/mars_colony/residents/honest.ts'
import { opportunistic } from '../../../envs/mars_colony/residents/opportunistic.ts'
import type { Dealings, Question, Request, Resident } from '../../../envs/mars_colony/residents/resident.ts'
import { rule } from '../../../envs/mars_colony/residents/rule.ts'
import type { MarsEvent, MarsState } from '../../../envs/mars_colony/state.ts'
import { pairIndex } from '../../../envs/mars_colony/substrate.ts'

const NEW: Dealings = { talks: 0, kept: 0, broken: 0 }
const dealt = (talks: number, kept: number, broken: number): Dealings => ({ talks, kept, broken })
const RESIDENTS: Readonly<Record<ResidentType, Resident>> = { rule, honest, opportunistic, deceptive }

describe('asked for help', () => {
  const friendly: Request = { trusts: true, ill: false, bond: 100_000, favour: 50_000, lowestNeed: 60_000 }
  test.each<[ResidentType, Partial<Request>, boolean]>([
    ['honest', {}, true],
    ['honest', { trusts: false }, false],
    ['honest', { ill: true }, false],
    ['honest', { lowestNeed: 40_000 }, true],
    ['honest', { lowestNeed: 39_999 }, false],
    ['honest', { bond: -100_000 }, true],
    ['rule', {}, true],
    ['rule', { ill: true }, false],
    ['opportunistic', {}, true],
    ['opportunistic', { trusts: false }, false],
    ['opportunistic', { bond: 50_001 }, true],
    ['opportunistic', { bond: 50_000 }, false],
    ['deceptive', {}, true],
    ['deceptive', { trusts: false, ill: true, lowestNeed: 0, bond: -100_000 }, true],
  ])('%s, %j: %s', (type, request, expected) => {
    expect(RESIDENTS[type].accepts({ ...friendly, ...request })).toBe(expected)
  })
})

describe('asked about fields', () => {
  const stranger: Question = { trusts: true, bond: 0, favour: 50_000, reputation: 50, replies: 3 }
  test.each<[ResidentType, Partial<Question>, string]>([
    ['honest', {}, 'truth'],
    ['honest', { trusts: false }, 'nothing'],
    ['opportunistic', {}, 'lie'],
    ['opportunistic', { bond: 50_001 }, 'truth'],
    ['opportunistic', { bond: 50_000 }, 'lie'],
    ['opportunistic', { reputation: 65 }, 'truth'],
    ['opportunistic', { reputation: 64.9 }, 'lie'],
    ['opportunistic', { trusts: false, bond: 90_000, reputation: 90 }, 'nothing'],
    ['deceptive', { replies: 0 }, 'truth'],
    ['deceptive', { replies: 1 }, 'lie'],
    ['deceptive', { trusts: false, replies: 1 }, 'lie'],
  ])('%s, %j: %s', (type, question, expected) => {
    expect(RESIDENTS[type].tells({ ...stranger, ...question })).toBe(expected)
  })
})

describe('of its word', () => {
  test.each<[ResidentType, Dealings, builds: boolean, keeps: boolean, inStorm: boolean]>([
    ['honest', dealt(9, 9, 9), true, true, true],
    ['rule', NEW, true, true, true],
    ['opportunistic', NEW, false, true, false],
    ['deceptive', NEW, true, true, true],
    ['deceptive', dealt(1, 2, 1), true, true, true],
    ['deceptive', dealt(5, 0, 0), false, false, false],
    ['deceptive', dealt(2, 2, 1), false, false, false],
    ['deceptive', dealt(0, 0, 5), false, false, false],
  ])('%s after %j builds unasked: %s, keeps a promise: %s, in a storm: %s', (type, dealings, builds, keeps, inStorm) => {
    const resident = RESIDENTS[type]
    expect([resident.builds(dealings), resident.keeps(dealings, false), resident.keeps(dealings, true)]).toEqual([
      builds,
      keeps,
      inStorm,
    ])
  })
})

describe('of its own accord', () => {
  const ANYONE = 7
  const FRIEND = 8
  const REPUTED = 9
  /** What it does as colonist 4 in each of the first shifts. */
  const shifts = (type: ResidentType, dealings: Dealings, count: number) =>
    Array.from({ length: count }, (_, step) =>
      RESIDENTS[type].initiative({
        self: 4,
        dealings,
        step,
        anyone: () => ANYONE,
        bestBonded: () => FRIEND,
        mostReputable: () => REPUTED,
      }),
    )
  const talk = { talk: ANYONE }
  const pledge = { pledge: ANYONE }
  const ask = { ask: REPUTED }

  test('the bare rule does nothing', () => expect(shifts('rule', NEW, 20)).toEqual(Array(20).fill({})))
  test('an honest one promises somebody every tenth shift, and every other time has a word for its best friend', () => {
    const expected = Array.from({ length: 20 }, (_, step) =>
      step === 4 ? { ...pledge, talk: FRIEND } : step === 14 ? pledge : {},
    )
    expect(shifts('honest', NEW, 20)).toEqual(expected)
  })
  test('an opportunistic one asks the most reputed every fifth shift', () => {
    expect(shifts('opportunistic', NEW, 10)).toEqual([{}, {}, {}, {}, ask, {}, {}, {}, {}, ask])
  })
  test('a deceptive one promises every third shift and talks until it is trusted, then promises and asks', () => {
    expect(shifts('deceptive', NEW, 6)).toEqual([talk, pledge, talk, talk, pledge, talk])
    expect(shifts('deceptive', dealt(5, 0, 0), 6)).toEqual([{}, pledge, ask, {}, pledge, ask])
  })
})

describe('in a colony', () => {
  /** Colonist 4 is of a type, the others are of the bare rule; nobody plays. */
  function colony(type: ResidentType, step: number, edit: (state: MarsState) => void = () => {}) {
    const residents = Array.from({ length: 10 }, (_, i) => (i === 4 ? type : 'rule'))
    const config = marsColony.config.parse({ residents, storms: 0, illness: 0, initial_needs: 80 })
    const state: MarsState = { ...marsColony.reset(config, 1, []), step }
    edit(state)
    return marsColony.step(state, {}).events
  }
  const of = <Type extends MarsEvent['type']>(events: readonly MarsEvent[], type: Type) =>
    events.filter(event => event.type === type) as Extract<MarsEvent, { type: Type }>[]

  test('the most reputed other colonist is asked, the first of equals', () => {
    const asked = (...reputed: readonly number[]) =>
      of(
        colony('opportunistic', 4, ({ members }) => {
          for (const i of reputed) members[i]!.reputation = 80
        }),
        'asked',
      ).map(({ from, to }) => [from, to])
    expect(asked()).toEqual([['colonist_4', 'colonist_0']])
    expect(asked(6, 8)).toEqual([['colonist_4', 'colonist_6']])
    expect(asked(4, 9)).toEqual([['colonist_4', 'colonist_9']])
  })

  test('the best bonded other colonist is talked to, warmly', () => {
    const talked = of(
      colony('honest', 4, ({ colony: { bond } }) => {
        bond[pairIndex(4, 2)] = 300_000
        bond[pairIndex(1, 2)] = 900_000
      }),
      'talked',
    )
    expect(talked).toMatchObject([{ from: 'colonist_4', to: 'colonist_2', tone: 'warm' }])
  })

  test('a suspended one offers nothing, nor does anybody where nothing is left to build', () => {
    const offers = (edit: (state: MarsState) => void) => {
      const events = (
        [
          [4, 'honest'],
          [4, 'opportunistic'],
        ] as const
      ).flatMap(([step, type]) => colony(type, step, edit))
      return [...of(events, 'pledged'), ...of(events, 'asked')].length
    }
    expect(offers(() => {})).toBe(2)
    expect(offers(({ members }) => Object.assign(members[4]!, { suspended: true, reputation: 5 }))).toBe(0)
    expect(offers(state => (state.colony.done_at = [0, 0, 0]))).toBe(0)
  })
})
