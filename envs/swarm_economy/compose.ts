/**
 * Writes work of a wanted length and kind: real text, judged like anybody's. What a scripted learner asks for is what the
 * heuristics of the published versions then find in the text. Knows texts, no strategy.
 */
import type { Random } from '../core/random.ts'
import { KEYWORDS, taskTerms, termsNeeded } from './work.ts'

export interface Wanted {
  /** Characters. */
  readonly length: number
  /** How many of the keywords of v0.1 it holds, 0 to 6. */
  readonly keywords?: number
  /** Relevance in [0, 1]; a text can have multiples of one over the number of needed terms, and the nearest is written. */
  readonly relevance?: number
}

/** Words that are neither keywords nor terms of any task. */
export const FILLER = `above adapt advise allow almost along already amend among annual apply arrange attach avoid balance basis
 become begin behind below beside better between beyond blend bring broad build careful carry cause centre certain choose
 clarify close combine common compare confirm consider contain correct cover current daily decide deeper depend differ
 discuss divide double early enable ensure enough entire equal exact extend final finish first follow formal found future
 gather general given gradual ground group handle happen hidden hold honest ideal imply improve include inform inside
 instead issue joint judge keep kept known large later latest layer lead learn least leave level limit linked little local
 lower main major manage match matter measure medium merge method middle minor missing model modest monthly month nearly
 needed normal notice number object observe obtain offset older option order origin other outside overall partial perhaps
 period phase place plain point possible prefer prepare present prevent prior promise proper protect prove public purpose
 quickly rapid rather reach reason receive record reduce refine regular relate remain repeat require respond result return
 rough safe sample scale second select separate serve settle several shape shift short simple single small smooth solid
 source special split stable stage start state steady still strict strong sudden supply support sure table target tend
 thing third though through timely total toward trend twice typical under unit until upper urgent useful usual valid value
 vary verified visible watch weekly whole wider within without worth yearly`
  .split(/\s+/)
  .filter(word => word.length > 0)

/** The text: the wanted words first, then filler, full stops at the end; exactly of the wanted length. */
export function compose(wanted: Wanted, task: { readonly title: string; readonly description: string }, random: Random): string {
  const { length, keywords = 0, relevance = 0 } = wanted
  // The shortest terms, so that they find room in short texts too.
  const terms = [...taskTerms(task)].sort((a, b) => a.length - b.length).slice(0, Math.round(relevance * termsNeeded(task)))
  let text = ''
  const add = (word: string): boolean => {
    const longer = text === '' ? word : `${text} ${word}`
    if (longer.length > length) return false
    text = longer
    return true
  }
  for (const keyword of KEYWORDS.slice(0, keywords)) add(keyword)
  // A term that still ends in s has lost one already ("assess") and would lose another.
  for (const term of terms) add(term.endsWith('s') ? `${term}s` : term)
  while (add(random.pick(FILLER)));
  return text.padEnd(length, '.')
}
