/** How numbers, lists and other people's words are written for a reader. Knows no rule. */
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

/**
 * Another player's words on one line between quotes: line breaks, control and direction marks are written as escapes, so that a
 * message cannot look like a section of the text around it.
 */
export function quote(text: string): string {
  return JSON.stringify(text).replace(
    /[\u007f-\u009f\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff]/g,
    mark => `\\u${mark.charCodeAt(0).toString(16).padStart(4, '0')}`,
  )
}
