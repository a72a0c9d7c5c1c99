/**
 * How submitted text is judged. Each published version has its heuristic: the signals are documented, the weights of the
 * first two pinned down by the published p values, those of the third chosen. `own_words` is ours. Knows texts and tasks.
 */
import type { SwarmConfig } from './config.ts'
import { label, sigmoid } from './label.ts'
import type { Template } from './templates.ts'

/** What v0.1 looks for, as lower-case substrings. */
export const KEYWORDS = ['thorough', 'analysis', 'detailed', 'quality', 'comprehensive', 'review'] as const

const STOP_WORDS = new Set(
  `that with from this each into their them they what when which while whether have has for and how two any its new next`.split(
    ' ',
  ),
)

/** Maximal runs of a–z after lower-casing; a final `s` is cut from tokens longer than four letters. */
export function tokens(text: string): string[] {
  return (text.toLowerCase().match(/[a-z]+/g) ?? []).map(token =>
    token.length > 4 && token.endsWith('s') ? token.slice(0, -1) : token,
  )
}

/** What a task says. */
type Text = Pick<Template, 'title' | 'description'>

/** By what the task says: there are few. */
const termsOf = new Map<string, ReadonlySet<string>>()

/** The distinct terms of a task's title and description. */
export function taskTerms(task: Text): ReadonlySet<string> {
  const key = `${task.title} ${task.description}`
  let terms = termsOf.get(key)
  if (terms === undefined) {
    terms = new Set(tokens(key).filter(token => token.length >= 4 && !STOP_WORDS.has(token)))
    termsOf.set(key, terms)
  }
  return terms
}

/** How many of a task's terms a text needs for full relevance. */
export function termsNeeded(task: Text): number {
  return Math.ceil(0.5 * taskTerms(task).size)
}

/** Share of the needed terms that the text holds, in [0, 1]. */
export function relevance(text: string, task: Text): number {
  const terms = taskTerms(task)
  const hits = new Set(tokens(text).filter(token => terms.has(token))).size
  return Math.min(1, hits / termsNeeded(task))
}

/** Keywords of v0.1 in a text, 0 to 6. */
export function keywordCount(text: string): number {
  const lower = text.toLowerCase()
  return KEYWORDS.filter(keyword => lower.includes(keyword)).length
}

/** v of v0.1 from a length in characters and a number of keywords. */
export function keywordScore(length: number, keywords: number): number {
  return 0.4 * Math.min(length / 80, 1) + 0.3 * (keywords / KEYWORDS.length) + 0.3 * (length > 30 ? 0.8 : 0.3)
}

/** v of v0.1-fixed from a length in characters. */
export function lengthScore(length: number): number {
  return 0.45 * Math.min(length / 80, 1) + 0.55 * (length > 30 ? 0.8 : 0.3)
}

/** v of v0.2 from a length, the task's difficulty and a relevance. */
export function relevanceScore(length: number, difficulty: number, relevant: number): number {
  const long = 1 - Math.exp(-length / (80 + 120 * difficulty))
  const effort = sigmoid((length - 30) / 20)
  return 2 * (0.35 * long + 0.25 * effort + 0.4 * relevant) - 1
}

/**
 * v of ours: distinct words of four letters and more that the task does not hold itself, saturating at a scale that grows
 * with difficulty, times 0.3 + 0.7 · relevance. Padding, repeated words and a copy of the task earn nothing, and text whose
 * words the agent has submitted before is the worst there is.
 */
export function ownWordsScore(text: string, task: Template, repeated: boolean): number {
  if (repeated) return -1
  const terms = taskTerms(task)
  const own = new Set(tokens(text).filter(token => token.length >= 4 && !terms.has(token) && !STOP_WORDS.has(token))).size
  return 2 * (1 - Math.exp(-own / (15 + 20 * task.difficulty))) * (0.3 + 0.7 * relevance(text, task)) - 1
}

/** p of a submission under the configuration's heuristic; `noise` is added to v. */
export function workLabel(config: SwarmConfig, text: string, task: Template, repeated: boolean, noise = 0): number {
  return label(SCORES[config.submission_score](text, task, repeated) + noise)
}

const SCORES: Readonly<Record<SwarmConfig['submission_score'], (text: string, task: Template, repeated: boolean) => number>> = {
  keywords: text => keywordScore(text.length, keywordCount(text)),
  length: text => lengthScore(text.length),
  relevance: (text, task) => relevanceScore(text.length, task.difficulty, relevance(text, task)),
  own_words: ownWordsScore,
}

/** A short name of the set of words in a text (32-bit FNV-1a): equal where the words are, whatever their order and number. */
export function wordsDigest(text: string): string {
  const words = [...new Set(tokens(text))].sort().join(' ')
  let hash = 0x811c9dc5
  for (let i = 0; i < words.length; i++) hash = Math.imul(hash ^ words.charCodeAt(i), 0x01000193)
  return (hash >>> 0).toString(16).padStart(8, '0')
}
