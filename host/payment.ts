/** What a person is paid: a sum in money from the seat's score, and a code that says whose it is. Knows scores; pays nobody. */
import { randomBytes } from 'node:crypto'
import type { Scores } from '../envs/core/environment.ts'

export interface PaymentRule {
  /** What a point pays, in the currency. */
  readonly rate: number
  /** The part of the score that pays: `reward`, or another. */
  readonly part: string
  /** What everybody is paid for coming. */
  readonly fee: number
  /** ISO 4217. */
  readonly currency: string
}

/** The payment, at least the fee, rounded to cents; where a bot has played on, the fee alone. */
export function paymentOf({ rate, part, fee }: PaymentRule, scores: Scores | undefined): number {
  const points = scores?.[part] ?? 0
  return Math.round(100 * (fee + Math.max(0, rate * points))) / 100
}

export function moneyText({ currency }: PaymentRule, amount: number): string {
  return `${currency} ${amount.toFixed(2)}`
}

/** A link's token: 192 bits as 32 characters that may stand in an address. */
export function newToken(): string {
  return randomBytes(24).toString('base64url')
}

/** Without those that are taken for each other when a code is read out. */
const LETTERS = 'ABCDEFGHJKLMNPQRSTUVWXYZ23456789'

/** A payment code of 60 bits, such as `K7PQ-2MXR-9DWA`. */
export function newPaymentCode(): string {
  const letters = [...randomBytes(12)].map(byte => LETTERS[byte % LETTERS.length]!)
  return [0, 4, 8].map(at => letters.slice(at, at + 4).join('')).join('-')
}

/** Where a person goes in the end: the template with the code and the seat in it. */
export function finishUrl(template: string, of: { readonly code: string; readonly seat: string; readonly game: number }): string {
  return template
    .replaceAll('{code}', encodeURIComponent(of.code))
    .replaceAll('{seat}', encodeURIComponent(of.seat))
    .replaceAll('{game}', String(of.game))
}
