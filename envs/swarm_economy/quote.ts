/** What is kept of other agents' words; an observation quotes it. */
import { shorten } from '../core/text.ts'
import { QUOTED } from './state.ts'

export { quote } from '../core/text.ts'

/** The first characters of a text. */
export function quoted(text: string): string {
  return shorten(text, QUOTED)
}
