/** What people are paid for what they earned, by hand. */
import { expect, test } from 'vitest'
import type { Scores } from '../../envs/core/environment.ts'
import { finishUrl, type PaymentRule, paymentOf } from '../../host/payment.ts'

const rule = (fields: Partial<PaymentRule> = {}): PaymentRule => ({ rate: 2, part: 'reward', fee: 5, currency: 'EUR', ...fields })
const of = (parts: Partial<Scores>): Scores => ({
  reward: 0,
  payoff: null,
  reputation: null,
  survival: null,
  quality: null,
  ...parts,
})
const scores = of({ reward: 1.234, payoff: 10 })

test.each([
  ['the part that pays, at its rate, beside the fee', rule(), scores, 7.47],
  ['another part where that one pays', rule({ part: 'payoff' }), scores, 25],
  ['the fee alone where the part is not defined', rule({ part: 'reputation' }), scores, 5],
  ['the fee alone without scores', rule(), undefined, 5],
  ['never less than the fee', rule(), of({ reward: -3 }), 5],
  ['to the nearest cent', rule({ rate: 1, fee: 0 }), of({ reward: 0.006 }), 0.01],
] as const)('people are paid %s', (_what, by, earned, amount) => {
  expect(paymentOf(by, earned)).toBe(amount)
})

test('an address has the code, the seat and the game in it, whatever they hold', () => {
  const of = { code: 'A&B', seat: 'seat 1', game: 3 }
  expect(finishUrl('https://pay.example/{game}?c={code}&s={seat}&again={code}', of)).toBe(
    'https://pay.example/3?c=A%26B&s=seat%201&again=A%26B',
  )
})
