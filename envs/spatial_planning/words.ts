/** How numbers and lists are written for a reader. Knows no rule. */
import { CONDITIONS, type Cond } from './roster.ts'

/** `1234567.5` → `1,234,567.5`; at most two decimals. */
export function points(amount: number): string {
  const rounded = Math.round(amount * 100) / 100
  const [whole, fraction] = String(Math.abs(rounded)).split('.')
  const grouped = whole!.replace(/\B(?=(\d{3})+$)/g, ',')
  return `${rounded < 0 ? '-' : ''}${grouped}${fraction === undefined ? '' : `.${fraction}`}`
}

/** `a, b, c`, or what stands for nothing. */
export function list(items: readonly string[], none = 'none'): string {
  return items.length === 0 ? none : items.join(', ')
}

/** `no project` or `project`. */
export function conditionWords(condition: Cond): string {
  return CONDITIONS[condition].replace('_', ' ')
}

/** What a player is told of an order that rests, of a share that changed hands, and of an order that was taken back. */
export function restsWords(side: 'bid' | 'ask', price: number, id: number): string {
  return `Your ${side} at ${points(price)} rests as order ${id}.`
}
export function tradedWords(bought: boolean, price: number): string {
  return `You ${bought ? 'bought' : 'sold'} a share at ${points(price)}.`
}
export function cancelledWords(side: 'bid' | 'ask', price: number): string {
  return `Your ${side} at ${points(price)} is cancelled.`
}
