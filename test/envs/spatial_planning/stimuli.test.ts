/** What nature deals: the laboratory's stimuli have the properties they are known by, and fresh draws follow the same rules. */
import { describe, expect, test } from 'vitest'
import { config as schema } from '../../../envs/spatial_planning/config.ts'
import { LAB_SESSIONS, labRound } from '../../../envs/spatial_planning/lab_sessions.ts'
import { rangeOf, rosterOf, sharePerPoint } from '../../../envs/spatial_planning/roster.ts'
import { signalWidth, stimulusOf, total } from '../../../envs/spatial_planning/stimuli.ts'

const lab = (session: number, fields = {}) => schema.parse({ session, ...fields })
const sessions = Array.from({ length: LAB_SESSIONS }, (_, i) => i + 1)
const rounds = sessions.flatMap(session => [0, 1, 2, 3, 4, 5].map(round => stimulusOf(lab(session), 0, round)))
const mean = (values: readonly number[]) => values.reduce((a, b) => a + b, 0) / values.length

describe('the 66 rounds of the laboratory', () => {
  test('hold six plots and twelve players each, in the order of the seats', () => {
    expect(rounds).toHaveLength(66)
    expect(rosterOf(lab(1)).plots[1]).toBe('developer')
    expect(stimulusOf(lab(1), 0, 1)).toMatchObject({
      values: [
        [586_000, 216_000],
        [386_000, 820_000],
        [482_000, 195_000],
        [560_000, 328_000],
        [580_000, 191_000],
        [465_000, 217_000],
      ],
    })
    expect(stimulusOf(lab(1), 0, 1).signals.map(([noProject]) => noProject)).toEqual([
      10_425, 9745, 9995, 10_283, 10_239, 9835, 10_225, 9899, 10_471, 10_170, 10_270, 9887,
    ])
  })
  test('no owner ever gains from the project, the developer nearly always does', () => {
    for (const { values } of rounds)
      for (const [plot, [noProject, project]] of values.entries()) if (plot !== 1) expect(project).toBeLessThanOrEqual(noProject)
    expect(mean(rounds.map(({ values }) => values[1]![1] - values[1]![0]))).toBeCloseTo(1_282_000, -4)
  })
  test('the project is better in 35 rounds, worse in 30, and once it is all the same', () => {
    const signs = rounds.map(({ values }) => Math.sign(total(values, 1) - total(values, 0)))
    expect([1, -1, 0].map(sign => signs.filter(found => found === sign).length)).toEqual([35, 30, 1])
    const { values } = stimulusOf(lab(6), 0, 4)
    expect(total(values, 0)).toBe(total(values, 1))
  })
  test('total values average as they are known to', () => {
    expect(mean(rounds.map(({ values }) => total(values, 0)))).toBeCloseTo(2_754_700, -3)
    expect(mean(rounds.map(({ values }) => total(values, 1)))).toBeCloseTo(2_849_500, -3)
  })
  test('private signals are the share’s worth within a constant width, whatever the round', () => {
    const gaps = rounds.flatMap(({ values, signals }) =>
      signals.flatMap(pair => [0, 1].map(i => pair[i]! - sharePerPoint(33) * total(values, i as 0 | 1))),
    )
    expect(gaps).toHaveLength(1584)
    expect(signalWidth(lab(1))).toBeCloseTo(454.4, 1)
    expect(Math.max(...gaps.map(Math.abs))).toBeLessThanOrEqual(signalWidth(lab(1)) + 0.5)
    expect(Math.sqrt(mean(gaps.map(gap => gap ** 2)))).toBeCloseTo(254, -1)
  })
  test('there is no twelfth session', () => expect(() => labRound(12, 1)).toThrow('session 1 to 11'))
  test('are the same for every seed', () => expect(stimulusOf(lab(3), 5, 2)).toEqual(stimulusOf(lab(3), 6, 2)))
  test('a smaller roster keeps its values and draws its own signals, which speak of fewer plots', () => {
    const config = lab(4, { owners: 2, speculators: 2 })
    const { values, signals } = stimulusOf(config, 0, 1)
    expect(values).toEqual([
      [399_000, 326_000],
      [205_000, 1_102_000],
      [572_000, 301_000],
    ])
    for (const [, project] of signals)
      expect(Math.abs(project - sharePerPoint(33) * total(values, 1))).toBeLessThanOrEqual(signalWidth(config) + 0.5)
  })
  test('the noise shrinks as what fewer plots are expected to be worth', () => {
    const [few, all] = [lab(4, { owners: 2 }), lab(4)]
    const expected = (config: typeof all): number => {
      const ranges = rosterOf(config).plots.flatMap(plot => [rangeOf(plot, 0), rangeOf(plot, 1)])
      return ranges.reduce((sum, { low, high }) => sum + low + high, 0)
    }
    expect(signalWidth(few) / signalWidth(all)).toBeCloseTo(expected(few) / expected(all), 9)
    expect(signalWidth(few)).toBeLessThan(0.8 * signalWidth(all))
  })
})

describe('fresh draws', () => {
  const config = schema.parse({})
  const drawn = Array.from({ length: 400 }, (_, seed) => stimulusOf(config, seed, 1))
  test('lie in the public ranges, in whole thousands, and fill them', () => {
    for (const [i, plot] of rosterOf(config).plots.entries()) {
      for (const condition of [0, 1] as const) {
        const { low, high } = rangeOf(plot, condition)
        const values = drawn.map(({ values: dealt }) => dealt[i]![condition])
        expect(values.every(value => value >= low && value <= high && value % 1000 === 0)).toBe(true)
        expect(Math.abs(mean(values) - (low + high) / 2)).toBeLessThan(0.06 * (high - low))
        expect(Math.max(...values) - Math.min(...values)).toBeGreaterThan(0.95 * (high - low))
      }
    }
  })
  test('differ from round to round and from seed to seed, and not from call to call', () => {
    expect(stimulusOf(config, 1, 1)).toEqual(stimulusOf(config, 1, 1))
    expect(stimulusOf(config, 1, 1)).not.toEqual(stimulusOf(config, 1, 2))
    expect(stimulusOf(config, 1, 1)).not.toEqual(stimulusOf(config, 2, 1))
  })
  test('signals are additive by default and proportional on request', () => {
    const times = schema.parse({ signals: 'multiplicative' })
    for (let seed = 0; seed < 50; seed++) {
      const { values, signals } = stimulusOf(times, seed, 1)
      for (const pair of signals) {
        for (const i of [0, 1] as const) {
          const factor = pair[i] / (sharePerPoint(33) * total(values, i))
          expect(factor).toBeGreaterThan(0.9499)
          expect(factor).toBeLessThan(1.0501)
        }
      }
    }
  })
  test('the treatment changes nothing of the values: sessions can be paired', () => {
    const voting = schema.parse({ treatment: 'voting' })
    expect(stimulusOf(voting, 3, 2).values).toEqual(stimulusOf(config, 3, 2).values)
    expect(stimulusOf(voting, 3, 2).signals).toEqual([])
  })
})
