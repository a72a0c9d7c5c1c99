/** The rules of the substrate: golden digests of another generator, two engines and the readable listing, hand-made cases. */
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { Listing } from '../../../economies/mars_colony/listing.ts'
import { advance } from '../../../envs/mars_colony/advance.ts'
import {
  BOND_CAP,
  BUILDING,
  COLONISTS,
  LABOUR,
  NEED_CAP,
  RESTING,
  SITES,
  SOCIALIZING,
  WALKING,
  WORKING,
} from '../../../envs/mars_colony/parameters.ts'
import { playSession, runColony, runSession, type Trajectory, trajectoryHash } from '../../../envs/mars_colony/session.ts'
import {
  begin,
  type Colony,
  found,
  keep,
  type Open,
  openColonists,
  openSites,
  pairIndex,
  pickPartner,
  pickSite,
  select,
  thaw,
  tick,
} from '../../../envs/mars_colony/substrate.ts'
import { stream } from '../../../index.ts'
import { Sfc32, sfc32 } from './sfc32.ts'

const own =
  (seed: number): Open =>
  (...names) =>
    stream(seed, ...names)

/** A session on the tick engine, everybody following the selector. */
function ticked(open: Open, ticks: number, needs: number): Trajectory {
  const colony = found(open, needs)
  const draws = openColonists(open)
  const decisions: number[] = []
  while (colony.tick < ticks)
    tick(colony, i => {
      const [energy, social, purpose] = colony.need.subarray(3 * i, 3 * i + 3)
      select(colony, i, draws[i]!, energy!, social!, purpose!, openSites(colony))
      decisions.push(colony.tick, i, colony.act[i]!, colony.target[i]!, colony.left[i]!)
    })
  return { colony, decisions }
}

function listed(open: Open, ticks: number, needs: number): Trajectory {
  const listing = new Listing(open, needs)
  while (listing.tick < ticks) listing.step()
  return { colony: listing, decisions: listing.decisions }
}

describe('the generator of the reconstruction', () => {
  test.each([
    ['0/roles', [1271345378, 1062646686, 2929488029, 2107497537]],
    ['0/affinity', [531896562, 3069883164, 2852246784, 1654624823]],
    ['0/colonist/0', [2324559102, 2521977029, 332295590, 4032427782]],
    ['1/roles', [4287649644, 2295587760, 3481284697, 2204182182]],
    ['9/colonist/9', [1778494846, 1469270729, 2050589778, 2206299676]],
  ])('opens stream %s as published with it', (name, expected) => {
    const random = new Sfc32(`mars_colony/${name}`)
    expect(expected.map(() => random.u32())).toEqual(expected)
  })
})

/** Digests of 10,000 ticks on that generator, made by two implementations in other languages. */
const GOLDEN: readonly (readonly [roles: string, done_at: readonly number[], digest: string])[] = [
  ['1142322242', [1658, 1604, 974], '289048dfe3d85b57fcf005a3a58047c13943a47cf1608f470b5e8dbe4436ab46'],
  ['5343055110', [3468, 3798, 2810], 'e115ca3feda2aa0f13e0fa6bb2e3c49398733ece89cf1f3600d28d346d9fcbbb'],
  ['4100213015', [3167, 2825, 2467], '9538e253ff31154a68b8ec0c708930e557e1368b4a981b5feedbcf79fb6f28b8'],
  ['1254520005', [2290, 2617, 2103], 'f1c9355e230d12df8029c63854e7d07acccef4dd670aa6d81623ceeb9c3df30b'],
  ['3441453340', [2041, 2626, 2515], '3f1eb2bcfdb2f9234b0fbaa1f457e6223fa1837795a43cdacba131e439606fb8'],
  ['4122330555', [1898, 2033, 1368], '4894c39f6be1f2601a43ad5303e1e12d8224fe7b45fe1e243e6974b564e1aa04'],
  ['2313143222', [1204, 1414, 1266], '57dbb5415ad02911bc81a57db58a92b37015ed48591a15d698b48320b42de094'],
  ['4513325024', [2024, 1306, 2147], 'a0e7757d28a7739a1139c707362bf696e1f36df871b9d6c731e18a5ebaeee16a'],
  ['5222243132', [1441, 1408, 1282], '23e2a81ab12ed63e3ed8f81c89ffd614257a16a6040956bfe4a8494ea0560cd8'],
  ['0230521413', [1705, 2155, 1903], 'dde9eddea1fcdf3cc1e921e41cd841fa8c2670ba029585739544b745cf4cc7bd'],
]

describe('the golden sessions', () => {
  test.each(GOLDEN.map((golden, seed) => [seed, ...golden] as const))('seed %i', (seed, roles, done_at, digest) => {
    const jumped = playSession(sfc32(seed), { ticks: 10_000, initial_needs: 80 })
    expect(Array.from(jumped.colony.role).join('')).toBe(roles)
    expect(Array.from(jumped.colony.done_at)).toEqual(done_at)
    expect(trajectoryHash(jumped)).toBe(digest)
    expect(trajectoryHash(ticked(sfc32(seed), 10_000, 80))).toBe(digest)
    expect(trajectoryHash(listed(sfc32(seed), 10_000, 80))).toBe(digest)
  })

  test('seed 0 in detail', () => {
    const { colony, decisions } = playSession(sfc32(0), { ticks: 10_000, initial_needs: 80 })
    const first = [799, 1036, 1016, 904, 1105, 1144, 1062, 924, 1049, 776]
    expect(Array.from(colony.affinity).slice(0, 10)).toEqual(first)
    expect(Array.from(decisions).slice(0, 15)).toEqual([0, 0, 0, -1, 75, 0, 1, 0, -1, 88, 0, 2, 3, 1, 60])
    expect(decisions.length / 5).toBe(1428)
    expect(Array.from(colony.progress)).toEqual([1171, 1170, 1170])
    expect(Array.from(colony.count)).toEqual([49_492, 19_649, 16_487, 3_511, 10_861])
    expect(Array.from(colony.bond).slice(0, 5)).toEqual([-152_106, 155_448, 194_184, 6_156, 282_285])
    const one = playSession(sfc32(0), { ticks: 1, initial_needs: 80 })
    expect(Array.from(one.colony.need).slice(0, 3)).toEqual([79_980, 79_985, 80_010])
  })
})

describe('the engines agree with the listing on the package’s own streams', () => {
  test('over whole sessions', () => {
    for (let seed = 100; seed < 106; seed++) {
      const digest = trajectoryHash(listed(own(seed), 10_000, 80))
      expect(trajectoryHash(runSession({ ticks: 10_000, initial_needs: 80 }, seed))).toBe(digest)
      expect(trajectoryHash(ticked(own(seed), 10_000, 80))).toBe(digest)
    }
  })

  test('without its decisions a session comes to the same colony', () => {
    const options = { ticks: 10_000, initial_needs: 80 }
    expect(runColony(options, 7)).toEqual(runSession(options, 7).colony)
  })

  test('from any level of needs, cut into any pieces, breaches counted', () => {
    fc.assert(
      fc.property(
        fc.nat(1_000_000),
        fc.integer({ min: 0, max: 100 }),
        fc.array(fc.integer({ min: 1, max: 700 }), { minLength: 1, maxLength: 8 }),
        (seed, needs, pieces) => {
          const whole = listed(own(seed), sum(pieces), needs)
          let colony = found(own(seed), needs)
          const draws = openColonists(own(seed))
          const decisions: number[] = []
          for (const ticks of pieces) {
            advance(colony, draws, ticks, (i, now) => {
              decisions.push(now, i, colony.act[i]!, colony.target[i]!, colony.left[i]!)
            })
            colony = thaw(JSON.parse(JSON.stringify(keep(colony))))
          }
          expect(trajectoryHash({ colony, decisions })).toBe(trajectoryHash(whole))
          expect(colony.breach_ticks).toBe(whole.colony.breach_ticks)
          expect(Array.from(colony.left)).toEqual(Array.from(whole.colony.left))
        },
      ),
      { numRuns: 80 },
    )
  })
})

const sum = (numbers: readonly number[]): number => numbers.reduce((a, b) => a + b, 0)

/** A colony in which everybody walks until told otherwise, with plain affinities. */
function walking(needs: number): Colony {
  const colony = found(sfc32(0), needs)
  colony.affinity.fill(1000)
  for (let i = 0; i < COLONISTS; i++) begin(colony, i, WALKING, -1, 1000)
  return colony
}
const nobody = (): never => {
  throw new Error('nobody decides here')
}

describe('one tick', () => {
  test.each([
    ['working', WORKING, -1, [-20, -15, 10]],
    ['socializing', SOCIALIZING, 1, [-20, 60, -10]],
    ['resting', RESTING, -1, [100, -15, -10]],
    ['building', BUILDING, 2, [-20, -15, 10]],
    ['walking', WALKING, -1, [-20, -15, -10]],
  ] as const)('of %s changes energy, social and purpose by the table', (_name, action, target, change) => {
    const colony = walking(50)
    begin(colony, 0, action, target, 10)
    tick(colony, nobody)
    expect(Array.from(colony.need.subarray(0, 3))).toEqual(change.map(net => 50_000 + net))
  })

  test('socializing moves the pair’s bond by 3 × (affinity − 900), for the initiator’s bout alone', () => {
    const colony = walking(50)
    begin(colony, 4, SOCIALIZING, 2, 10)
    tick(colony, nobody)
    expect(colony.bond[pairIndex(2, 4)]).toBe(300)
    expect(colony.need[3 * 2 + 1]).toBe(50_000 - 15)
  })

  test('needs stay in their range and bonds in theirs', () => {
    const colony = walking(0)
    begin(colony, 0, RESTING, -1, 10)
    begin(colony, 1, SOCIALIZING, 0, 10)
    colony.need[0] = NEED_CAP - 10
    colony.bond[pairIndex(0, 1)] = BOND_CAP - 1
    tick(colony, nobody)
    expect(colony.need[0]).toBe(NEED_CAP)
    expect(colony.need[3]).toBe(0)
    expect(colony.bond[pairIndex(0, 1)]).toBe(BOND_CAP)
    expect(colony.breach_ticks).toBe(1)
  })

  test.each([
    [20, 0],
    [19.999, 1],
  ])('on either engine a need of %f after a tick is so many breaches: %i', (level, breached) => {
    for (const play of [tick, (colony: Colony) => advance(colony, openColonists(own(1)), 1, nobody)]) {
      const colony = walking(80)
      for (let i = 0; i < COLONISTS; i++) begin(colony, i, RESTING, -1, 10)
      // Resting costs 0.015 of company a tick.
      colony.need[1] = Math.round(1000 * level) + 15
      play(colony, nobody)
      expect(colony.breach_ticks).toBe(breached)
    }
  })

  test('a site closes at the tick its labour is done, and frees who builds there', () => {
    const colony = walking(80)
    colony.progress[1] = LABOUR - 2
    for (const i of [3, 5, 6]) begin(colony, i, BUILDING, i === 6 ? 0 : 1, 40)
    tick(colony, nobody)
    expect(colony.progress[1]).toBe(LABOUR)
    expect(Array.from(colony.done_at)).toEqual([-1, 0, -1])
    expect([3, 5, 6].map(i => colony.left[i])).toEqual([0, 0, 39])
    expect(colony.workers[1]).toBe((1 << 3) | (1 << 5))
  })
})

describe('choices', () => {
  test('a partner is never oneself and every other is possible', () => {
    for (let i = 0; i < COLONISTS; i++) {
      const partners = Array.from({ length: 9 }, (_, k) => pickPartner(i, (k + 0.5) / 9))
      expect(partners).toEqual(Array.from({ length: COLONISTS }, (_, j) => j).filter(j => j !== i))
    }
  })

  test('a site is drawn among the unfinished ones', () => {
    const colony = walking(80)
    colony.done_at[1] = 5
    expect(openSites(colony)).toBe(SITES - 1)
    expect([0, 0.49, 0.5, 0.99].map(u => pickSite(colony, 2, u))).toEqual([0, 0, 2, 2])
  })

  test('three draws make a decision, and building has no weight where there is nothing to build', () => {
    const colony = walking(80)
    let draws = 0
    for (let k = 0; k < 2000; k++) {
      select(colony, k % COLONISTS, { float: () => (draws++ * 0.618034) % 1 }, 20_000, 20_000, 20_000, 0)
      expect(colony.act[k % COLONISTS]).not.toBe(BUILDING)
    }
    expect(draws).toBe(6000)
  })

  test('each action has the share of its weight: base × role × urgency', () => {
    const colony = walking(80)
    colony.role[0] = 0
    const counts = [0, 0, 0, 0, 0]
    for (let k = 0; k < 1000; k++) {
      const draws = [(k + 0.5) / 1000, 0, 0]
      select(colony, 0, { float: () => draws.shift()! }, 5_000, 80_000, 80_000, 3)
      counts[colony.act[0]!]!++
      expect(colony.left[0]).toBe(40)
    }
    // A commander with energy 5, social 80, purpose 80: 1·5, 0.4·5, 0.2·91.25, 0.15·5, 0.75.
    const weights = [5, 2, 18.25, 0.75, 0.75]
    for (const [action, weight] of weights.entries()) expect(Math.abs(counts[action]! - (1000 * weight) / 26.75)).toBeLessThan(1)
  })
})
