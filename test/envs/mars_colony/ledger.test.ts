/** The ledger: no sequence of requests, failures and retries passes its limits. */
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { charge, openLedger, paced } from '../../../envs/mars_colony/ledger.ts'

test('the hundred-and-first request is refused and counted', () => {
  const ledger = openLedger()
  expect(Array.from({ length: 100 }, () => charge(ledger)).every(Boolean)).toBe(true)
  expect(charge(ledger)).toBe(false)
  expect(ledger).toMatchObject({ calls: 100, spent_micro_usd: 7000, refused: 1 })
})

test('whatever is asked for, calls and spending stay inside the limits, and every request is accounted for', () => {
  const limits = fc
    .record({ maxCalls: fc.nat(120), callMicroUsd: fc.nat(100), ceilingMicroUsd: fc.nat(9000) })
    .filter(({ maxCalls, callMicroUsd, ceilingMicroUsd }) => maxCalls * callMicroUsd <= ceilingMicroUsd)
  // Each request is an event, tried again so many times: every try needs a charge of its own, and a failed one keeps it.
  const tries = fc.array(fc.integer({ min: 1, max: 4 }), { maxLength: 80 })
  fc.assert(
    fc.property(limits, tries, (given, requests) => {
      const ledger = openLedger(given)
      let asked = 0
      let granted = 0
      for (const retries of requests)
        for (let k = 0; k < retries; k++) {
          asked++
          if (charge(ledger)) granted++
          expect(ledger.calls).toBeLessThanOrEqual(given.maxCalls)
          expect(ledger.spent_micro_usd).toBeLessThanOrEqual(given.ceilingMicroUsd)
        }
      expect(ledger.calls).toBe(granted)
      expect(ledger.calls + ledger.refused).toBe(asked)
      expect(ledger.spent_micro_usd).toBe(granted * given.callMicroUsd)
    }),
    { numRuns: 200 },
  )
})

test('limits that could exceed their ceiling, and limits that are no integers, are rejected at the start', () => {
  expect(() => openLedger({ maxCalls: 101, callMicroUsd: 70, ceilingMicroUsd: 7000 })).toThrow(RangeError)
  expect(() => openLedger({ maxCalls: 100, callMicroUsd: 71, ceilingMicroUsd: 7000 })).toThrow(/lower one of them/)
  for (const bad of [-1, 0.5, Number.NaN, Number.POSITIVE_INFINITY])
    expect(() => openLedger({ maxCalls: bad, callMicroUsd: 1, ceilingMicroUsd: 7000 })).toThrow(/expected an integer/)
})

test('pacing spreads the events: one at once, one more for each hundredth of the session, never more than there are', () => {
  const ledger = openLedger()
  expect(paced(ledger, 0, 10_000)).toBe(true)
  charge(ledger)
  expect(paced(ledger, 99, 10_000)).toBe(false)
  expect(paced(ledger, 100, 10_000)).toBe(true)
  for (let k = 1; k < 100; k++) charge(ledger)
  expect(paced(ledger, 10_000, 10_000)).toBe(false)
})
