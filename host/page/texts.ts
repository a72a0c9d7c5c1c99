/**
 * Every sentence that the two pages show, in one file that a laboratory can translate. Knows keys, plural forms and the names in
 * braces that a sentence must keep; knows no page.
 */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { nearest, UserError } from '../../envs/core/errors.ts'
import { short } from '../../envs/core/plain.ts'

/** A sentence, or one for each plural form of its `{n}` that the language has (`one`, `few`, `other`, …). */
export type Sentence = string | Readonly<Record<string, string>>

export interface Texts {
  /** Language of the sentences, such as `en` or `pt-BR` (BCP 47): numbers, times and plural forms follow it. */
  readonly lang: string
  /** `ltr`, or `rtl` for a language that is written from right to left. */
  readonly dir: 'ltr' | 'rtl'
  readonly sentences: Readonly<Record<string, Sentence>>
}

const OWN = join(import.meta.dirname, 'texts.json')

/**
 * The sentences of a translation, by default the English ones. A UserError names what a translation lacks, has too much, or says
 * without a figure that belongs in it.
 */
export function readTexts(file: string = OWN): Texts {
  const english = parsed(OWN)
  if (file === OWN) return english
  const texts = parsed(file)
  const wrong = problems(texts, english)
  if (wrong.length > 0) {
    const more = wrong.length > 10 ? `\n  and ${wrong.length - 10} more` : ''
    throw new UserError(`${file} is no whole translation:\n  ${wrong.slice(0, 10).join('\n  ')}${more}`)
  }
  return texts
}

function parsed(file: string): Texts {
  let value: Partial<Texts>
  try {
    value = JSON.parse(readFileSync(file, 'utf8')) as Partial<Texts>
  } catch (error) {
    throw new UserError(`${file}: expected JSON such as host/page/texts.json: ${(error as Error).message}`)
  }
  const { lang, dir = 'ltr', sentences } = value ?? {}
  if (typeof lang !== 'string' || !isLanguage(lang))
    throw new UserError(`${file}: expected lang, a language such as "en" or "pt-BR", got ${short(lang)}`)
  if (dir !== 'ltr' && dir !== 'rtl') throw new UserError(`${file}: expected dir "ltr" or "rtl", got ${short(dir)}`)
  if (typeof sentences !== 'object' || sentences === null)
    throw new UserError(`${file}: expected sentences, an object of key and sentence, got ${short(sentences)}`)
  return { lang, dir, sentences }
}

function isLanguage(lang: string): boolean {
  try {
    return Intl.getCanonicalLocales(lang).length === 1
  } catch {
    return false
  }
}

/** What is wrong with a translation, a line each. */
function problems(texts: Texts, english: Texts): string[] {
  const keys = Object.keys(english.sentences)
  const forms = new Intl.PluralRules(texts.lang).resolvedOptions().pluralCategories
  const unknown = Object.keys(texts.sentences).filter(key => !keys.includes(key))
  return [
    ...keys.flatMap(key => wrongWith(key, texts.sentences[key], english.sentences[key]!, forms)),
    ...unknown.map(key => `${key}: no such sentence.${nearest(key, keys)}`),
  ]
}

function wrongWith(key: string, sentence: unknown, original: Sentence, forms: readonly string[]): string[] {
  if (sentence === undefined) return [`${key}: missing; in English: ${short(original)}`]
  if (typeof original === 'string')
    return typeof sentence === 'string' && sentence.trim() !== ''
      ? differing(key, sentence, namesIn(original))
      : [`${key}: expected a sentence, got ${short(sentence)}`]
  if (typeof sentence !== 'object' || sentence === null)
    return [`${key}: expected an object with the forms ${forms.join(', ')}, got ${short(sentence)}`]
  // The figure itself may be a word: "one call".
  const optional = ['n']
  return forms.flatMap(form => {
    const text = (sentence as Record<string, unknown>)[form]
    if (typeof text !== 'string' || text.trim() === '') return [`${key}.${form}: expected a sentence, got ${short(text)}`]
    return differing(`${key}.${form}`, text, namesIn(original.other!), optional)
  })
}

const namesIn = (text: string): string[] => [...text.matchAll(/\{(\w+)\}/g)].map(([, name]) => name!)

function differing(key: string, text: string, expected: readonly string[], optional: readonly string[] = []): string[] {
  const found = namesIn(text)
  const lost = expected.filter(name => !found.includes(name) && !optional.includes(name))
  const strange = found.filter(name => !expected.includes(name))
  return [
    ...lost.map(name => `${key}: expected {${name}} in it, got ${short(text)}`),
    ...strange.map(
      name => `${key}: nothing is put in for {${name}}; names: ${expected.map(each => `{${each}}`).join(', ') || 'none'}`,
    ),
  ]
}
