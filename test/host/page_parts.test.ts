/** What the pages of hosted games are made of: forms from schemas, texts laid out, sentences to translate. */
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import { afterAll, describe, expect, test } from 'vitest'
import { pageFiles } from '../../host/page/assets.ts'
import { readTexts } from '../../host/page/texts.ts'
import { Episode, economies, resolveConfig, toolSchema } from '../../index.ts'

const PAGE = join(import.meta.dirname, '..', '..', 'host', 'page')
// The pages' own modules have no types: what they give is read as a page reads it.
// biome-ignore lint/suspicious/noExplicitAny: as said.
const load = (file: string): Promise<any> => import(join(file))
const forms = await load(join(PAGE, 'forms.js'))
const { layout, pieces } = await load(join(PAGE, 'layout.js'))
const { EVERY_KIND, EVERY_VALUE } = await load(join(import.meta.dirname, 'stages.mjs'))

const read = (schema: object, draft: unknown, lang = 'en') => forms.read(schema, draft, lang)
const keys = (problems: readonly { path: string; key: string }[]) => problems.map(({ path, key }) => `${path} ${key}`)

describe('forms of schemas', () => {
  test('a value that fills a form is what the form says, for every kind of field', () => {
    const draft = forms.filled(EVERY_KIND.parameters, EVERY_VALUE)
    expect(read(EVERY_KIND.parameters, draft)).toEqual({ value: EVERY_VALUE, problems: [] })
  })

  test('a form that nobody has touched says what is missing, and nothing of what may stay empty', () => {
    const { value, problems } = read(EVERY_KIND.parameters, forms.blank(EVERY_KIND.parameters))
    expect(keys(problems)).toEqual([
      'amount form.required',
      'side form.choose',
      'parcel form.choose',
      'is_open form.choose',
      'title form.required',
    ])
    expect(value).toEqual({ title: '', plots: [], answers: [''], legs: [], version: 'v1' })
  })

  test.each([
    [{ type: 'integer', minimum: 1, maximum: 10 }, '11', 'form.too_big'],
    [{ type: 'integer', minimum: 1, maximum: 10 }, '0', 'form.too_small'],
    [{ type: 'integer' }, '1.5', 'form.whole'],
    [{ type: 'number', exclusiveMinimum: 0 }, '0', 'form.not_above'],
    [{ type: 'number', exclusiveMaximum: 1 }, '1', 'form.not_below'],
    [{ type: 'number', multipleOf: 0.05 }, '0.36', 'form.step'],
    [{ type: 'number' }, 'many', 'form.number'],
    [{ type: 'string', maxLength: 3 }, 'four', 'form.too_long'],
    [{ type: 'string', minLength: 3 }, 'a', 'form.too_short'],
    [{ type: 'string', pattern: '^[A-Z]$' }, 'ab', 'form.pattern'],
    [{ type: 'array', items: { type: 'string' }, maxItems: 1 }, ['a', 'b'], 'form.too_many'],
    [{ type: 'array', items: { type: 'string' }, minItems: 2 }, ['a'], 'form.too_few'],
    [{ type: 'array', items: { type: 'string' }, uniqueItems: true }, ['a', 'a'], 'form.twice'],
    [{ type: 'boolean', must: true }, 'false', 'form.must'],
    [{}, '{', 'form.json'],
  ])('%j does not take %j: %s', (schema, draft, key) => {
    expect(keys(read(schema, draft).problems)).toEqual([` ${key}`])
  })

  test('a schema that holds itself opens as far as it is filled in', () => {
    const tree = {
      type: 'object',
      properties: { name: { type: 'string' }, child: { $ref: '#' } },
      required: ['name'],
    }
    const value = { name: 'a', child: { name: 'b' } }
    expect(read(tree, forms.filled(tree, value)).value).toEqual(value)
    expect(read(tree, forms.blank(tree)).value).toEqual({ name: '' })
  })

  test.each([
    ['536,000', 'en', 536_000],
    ['1,200,000.5', 'en', 1_200_000.5],
    ['12,34', 'en', undefined],
    ['536.000,5', 'de', 536_000.5],
    ['0,5', 'de', 0.5],
    ['0.5', 'de', 0.5],
    ['536,000', 'de', 'either'],
    ['1 250', 'fr', 1250],
    ['−3', 'en', -3],
    ['.5', 'en', 0.5],
    ['1e3', 'en', 1000],
    ['', 'en', undefined],
    ['0x10', 'en', undefined],
  ])('%j in %s is %j', (typed, lang, value) => {
    expect(forms.readNumber(typed, lang)).toBe(value)
  })

  test('every number is read as it was written', () => {
    fc.assert(
      fc.property(fc.double({ noNaN: true, noDefaultInfinity: true }), value => {
        expect(forms.readNumber(String(value), 'en')).toBe(value === 0 ? 0 : value)
      }),
    )
  })
})

describe('the tools of every economy', () => {
  const tools = economies.list().flatMap(({ env }) =>
    Object.keys(env.presets).flatMap(preset => {
      const config = resolveConfig(env, preset)
      return Object.entries(env.tools(config)).map(
        ([name, tool]) => [`${env.id} ${preset} ${name}`, toolSchema(name, tool)] as const,
      )
    }),
  )

  test('have no field that has to be written as JSON', () => {
    const kinds = (schema: object, root: object): string[] => {
      const settled = forms.settled(schema, root)
      const kind = forms.kindOf(settled) as string
      if (kind === 'object') return forms.fieldsOf(settled, root).flatMap(([, inner]: [string, object]) => kinds(inner, root))
      if (kind === 'array') return kinds(settled.items, root)
      return [kind]
    }
    expect(tools.length).toBeGreaterThan(100)
    const written = tools.filter(([, { parameters }]) => kinds(parameters, parameters).includes('json')).map(([name]) => name)
    expect(written).toEqual([])
  })
})

describe('texts laid out', () => {
  /** The letters and figures of a text, in order; a numbered line's number is the list's. */
  const essence = (text: string) => text.replace(/^(\d{1,3})\. /gm, '').replace(/[^\p{L}\p{N}]/gu, '')
  // biome-ignore lint/suspicious/noExplicitAny: blocks are plain data.
  const words = (blocks: any[]): string =>
    blocks
      .flatMap(({ text, lines, items, head, rows }) => [
        text ?? '',
        ...(lines ?? []),
        ...(items ?? []).flat(),
        ...(head ?? []),
        ...(rows ?? []).flat(),
      ])
      .join(' ')

  test('every word and figure is there, in order', () => {
    const line = fc.stringMatching(/^[-#a-z0-9.:;,|"<& ]{0,30}$/)
    fc.assert(
      fc.property(fc.array(line), lines => {
        const text = lines.join('\n')
        expect(essence(words(layout(text)))).toBe(essence(text))
      }),
    )
  })

  test('so it is with what the economies say', () => {
    for (const { env } of economies.list())
      for (const preset of Object.keys(env.presets)) {
        const config = resolveConfig(env, preset)
        const episode = new Episode(env, config, 1)
        for (const agent of episode.actors().slice(0, 2))
          for (const text of [env.rules(config, agent), env.render(episode.observe(agent))])
            expect(essence(words(layout(text)))).toBe(essence(text))
      }
  })

  test('rows of one shape are a table, a quotation is none', () => {
    const kinds = (text: string) => layout(text).map(({ kind }: { kind: string }) => kind)
    expect(layout('agent: balance, staked\nagent_0: 1, 2\nagent_1: 3, 4')).toEqual([
      {
        kind: 'table',
        head: ['agent', 'balance', 'staked'],
        rows: [
          ['agent_0', '1', '2'],
          ['agent_1', '3', '4'],
        ],
      },
    ])
    expect(kinds('a: "x, y"\nb: "x, y"\nc: "x, y"')).toEqual(['lines'])
    expect(kinds('# One\n\ntext\n- a\n- b\n1. c\n   more')).toEqual(['heading', 'lines', 'list', 'steps'])
    expect(pieces('call `bid_core` now')).toEqual(['call ', 'bid_core', ' now'])
  })
})

describe('sentences', () => {
  const folder = mkdtempSync(join(tmpdir(), 'agoragym-texts-'))
  afterAll(() => rmSync(folder, { recursive: true, force: true }))
  const english = JSON.parse(readFileSync(join(PAGE, 'texts.json'), 'utf8'))
  const written = (change: (texts: typeof english) => void): string => {
    const texts = structuredClone(english)
    change(texts)
    const file = join(folder, 'texts.json')
    writeFileSync(file, JSON.stringify(texts))
    return file
  }
  const scripts = readdirSync(PAGE).filter(file => file.endsWith('.js'))
  const code = scripts.map(file => readFileSync(join(PAGE, file), 'utf8')).join('\n')

  test('every one that the pages ask for is there, and every one is asked for', () => {
    const all = Object.keys(readTexts().sentences)
    // Written whole, or begun: `stage.${stage}`.
    const whole = [...code.matchAll(/'([a-z]+\.[a-z_]+)'/g)].map(([, key]) => key!).filter(key => !key.endsWith('.js'))
    const begun = [...code.matchAll(/t\(`([a-z]+\.[a-z_]*)\$\{/g)].map(([, start]) => start!)
    const ended = [...code.matchAll(/t\(`\$\{dialog\}(\.[a-z]+)`/g)].map(([, end]) => end!)
    expect(whole.filter(key => !all.includes(key))).toEqual([])
    const isAsked = (key: string) =>
      whole.includes(key) ||
      begun.some(start => key.startsWith(start)) ||
      ended.some(end => key.endsWith(end)) ||
      key === 'page.no_script'
    expect(all.filter(key => !isAsked(key))).toEqual([])
    expect(begun.filter(start => !all.some(key => key.startsWith(start)))).toEqual([])
  })

  test('every word of the messages has a sentence', () => {
    const messages = readFileSync(join(PAGE, '..', 'messages.ts'), 'utf8')
    const wordsOf = (start: string): string[] => {
      const from = messages.indexOf(start)
      expect(from, start).toBeGreaterThan(0)
      return [...messages.slice(from, messages.indexOf('\n\n', from)).matchAll(/'([a-z_]+)'/g)].map(([, word]) => word!)
    }
    const stages = wordsOf('export type SeatStage')
    const own = wordsOf('export type AnswerCode').filter(code => !['refused', 'bad_fields'].includes(code))
    expect(stages).toContain('replaced')
    expect(own).toContain('late')
    const keys = [
      ...stages.flatMap(stage => [`stage.${stage}`, `say.${stage}`, `seat.${stage}`]),
      ...own.map(code => `answer.${code}`),
      'told.timeout',
      'seat.bot',
    ]
    expect(keys.filter(key => english.sentences[key] === undefined)).toEqual([])
  })

  test('no sentence stands in the pages’ code', () => {
    const html = [...code.matchAll(/>\s*([A-Z][a-z]+[^<>$`{}()]*)</g)].map(([, text]) => text!.trim())
    expect(html).toEqual([])
  })

  test('a whole translation is taken, with the plural forms of its language', () => {
    const forms = { one: 'jedno', few: '{n} dwa', many: '{n} pięć', other: '{n} pół' }
    const file = written(texts => {
      texts.lang = 'pl'
      for (const [key, sentence] of Object.entries(texts.sentences))
        if (typeof sentence === 'object') {
          const rest = [...(sentence as { other: string }).other.matchAll(/\{(?!n\})\w+\}/g)].join(' ')
          texts.sentences[key] = Object.fromEntries(Object.entries(forms).map(([form, text]) => [form, `${text} ${rest}`]))
        }
    })
    expect(readTexts(file).lang).toBe('pl')
  })

  test.each<[string, Record<string, string | undefined>, string?]>([
    ['page.skip: missing; in English: "Skip to the content"', { 'page.skip': undefined }],
    ["page.skop: no such sentence. Did you mean 'page.skip'?", { 'page.skop': 'x' }],
    ['page.seat: expected {seat} in it', { 'page.seat': 'You' }],
    ['page.skip: nothing is put in for {x}', { 'page.skip': '{x}' }],
    ['turn.more.few: expected a sentence', {}, 'pl'],
    ['expected lang', {}, 'not a language'],
  ])('%s', (message, sentences, lang) => {
    const file = written(texts => {
      Object.assign(texts.sentences, sentences)
      texts.lang = lang ?? 'en'
    })
    expect(() => readTexts(file)).toThrow(message)
  })
})

test('the pages’ files need nothing from elsewhere', () => {
  const files = pageFiles()
  for (const [name, { text }] of files) {
    expect(text, name).not.toMatch(/https?:\/\/(?!www\.w3\.org)/)
    for (const [, target] of text.matchAll(/^import [^'"]*['"]([^'"]+)['"]/gm))
      expect(files.has(target!.replace('./', '')), `${name} imports ${target}`).toBe(true)
  }
})
