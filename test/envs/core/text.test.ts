import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { csvCell, markdownText, oneLine, printable, quote, shorten } from '../../../envs/core/text.ts'

/** What hides, moves or imitates, by what it is. */
const HOSTILE = {
  'a line end': 'x\n## You',
  'a carriage return': 'x\rYou win',
  'a quotation mark': '"',
  'a backslash at the end': '\\',
  'a line separator': 'x\u2028y',
  'a paragraph separator': 'x\u2029y',
  'a next line': 'x\u0085y',
  'a terminal escape': '\u001b[2Jcleared',
  'a terminal escape of one byte': '\u009b2Jcleared',
  'an operating system command': '\u001b]0;title\u0007',
  'a hyperlink of a terminal': '\u001b]8;;http://x\u001b\\y',
  'a backspace': 'no\b\byes',
  'a delete': 'x\u007f',
  'a nul': '\0',
  'a direction mark': 'left\u202eto right\u2066',
  'an arabic letter mark': '\u061c',
  'a zero-width space': 'a\u200bb',
  'a zero-width joiner': 'a\u200db',
  'a word joiner': 'a\u2060b',
  'a byte order mark': '\ufeff',
  'a soft hyphen': 'a\u00adb',
  'a mongolian vowel separator': '\u180e',
  'a hangul filler': '\u3164',
  'a combining grapheme joiner': 'a\u034fb',
  'tag characters': '\u{e0041}\u{e0042}',
  'a language tag': '\u{e0001}',
  'supplementary variation selectors': 'a\u{e0100}\u{e01ef}',
  'variation selectors': 'a\ufe00',
  'a run of emoji selectors': 'a\ufe0f\ufe0e\ufe0f',
  'an interlinear annotation': '\ufff9x\ufffa',
  'half of a pair': '\ud800',
  'the other half': '\udc00x',
}

/** Any text, often of the characters above. */
const text = fc.oneof(
  fc.string({ unit: 'binary' }),
  fc.array(fc.constantFrom(...Object.values(HOSTILE), 'word', ' ', '😀', 'é')).map(parts => parts.join('')),
)

/** Whatever shows nothing by itself. */
const HIDDEN = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}]/u

describe('a quotation', () => {
  test.each(Object.entries(HOSTILE))('of %s is one line that shows all there is', (_what, words) => {
    const quotation = quote(words)
    expect(quotation).toMatch(/^"(?:[^"\\]|\\.)*"$/)
    expect(quotation).not.toMatch(HIDDEN)
    expect(quotation).not.toMatch(/[\u115f\u3164]|[\u{e0100}-\u{e01ef}]|\u034f|[\ufe00-\ufe0d]|[\ufe0e\ufe0f]{2}/u)
    expect(JSON.parse(quotation)).toBe(words)
  })

  test('gives back whatever was quoted', () => {
    fc.assert(
      fc.property(text, words => {
        expect(JSON.parse(quote(words))).toBe(words)
        expect(quote(words).slice(1, -1)).not.toMatch(/(?<!\\)(?:\\\\)*"|\n/)
      }),
    )
  })

  test('leaves what is ordinary as it is', () => {
    for (const words of ['Hello, Grüße, 你好, नमस्ते, שלום', 'a ⚠️ sign', 'naïve café', '3 < 4 & `code` # not a heading'])
      expect(quote(words)).toBe(`"${words}"`)
  })
})

describe('what is written to a terminal', () => {
  test.each(Object.entries(HOSTILE))('holds no %s', (_what, words) => {
    expect(printable(words).replace(/[\n\t]/g, '')).not.toMatch(HIDDEN)
  })

  test('keeps lines and tabs', () => {
    expect(printable('a\tb\n\nc\n')).toBe('a\tb\n\nc\n')
    expect(printable('\u001b[31mred\u001b[0m \u{e0041}')).toBe('\\u001b[31mred\\u001b[0m \\udb40\\udc41')
  })

  test('stays the same JSON document', () => {
    fc.assert(
      fc.property(text, fc.nat(2), (words, space) => {
        const value = { [words]: [words, { words }] }
        expect(JSON.parse(printable(JSON.stringify(value, null, space)))).toEqual(value)
      }),
    )
  })
})

describe('a shortened text', () => {
  test('is its beginning, never longer than was asked and never half of a character', () => {
    expect(shorten('x'.repeat(160), 160)).toBe('x'.repeat(160))
    expect(shorten('x'.repeat(161), 160)).toBe(`${'x'.repeat(159)}…`)
    expect(shorten(`${'x'.repeat(158)}😀😀`, 160)).toBe(`${'x'.repeat(158)}…`)
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme' }), fc.integer({ min: 1, max: 20 }), (words, most) => {
        const short = shorten(words, most)
        expect(short.length).toBeLessThanOrEqual(most)
        expect(Buffer.from(short).toString()).toBe(short)
        expect(words.startsWith(short.replace(/…$/, ''))).toBe(true)
      }),
    )
  })
})

describe('a line', () => {
  test('has no second one', () => {
    expect(oneLine('a\nb\r\n  c\td\u2028e\u0085f\n')).toBe('a b c d e f ')
    expect(oneLine('bot\n\nreward 1.0\u001b[1A')).toBe('bot reward 1.0\\u001b[1A')
  })
})

describe('a cell of a spreadsheet', () => {
  test.each([
    ['=HYPERLINK("http://x","y")', '"\'=HYPERLINK(""http://x"",""y"")"'],
    ['+1', "'+1"],
    ['-1', "'-1"],
    ['@SUM(A1)', "'@SUM(A1)"],
    ['\t=1', "'\t=1"],
    ['\r=1', '"\'\r=1"'],
    ['\n=1', '"\'\n=1"'],
    ['＝1', "'＝1"],
    ['a=1', 'a=1'],
    ['a,"b"\nc', '"a,""b""\nc"'],
    ['', ''],
  ])('the text %j is text', (value, cell) => {
    expect(csvCell(value)).toBe(cell)
  })

  test.each([
    [-1.5, '-1.5'],
    [0, '0'],
    [1e21, '1e+21'],
    [null, ''],
  ])('the number %j is a number', (value, cell) => {
    expect(csvCell(value)).toBe(cell)
  })
})

describe('a text in Markdown', () => {
  test.each([
    ['a|b', 'a\\|b'],
    ['a\n| 9 | 9 |', 'a \\| 9 \\| 9 \\|'],
    ['`rm`', '\\`rm\\`'],
    ['<img src=x onerror=y>', '&lt;img src=x onerror=y>'],
    ['</td><!-- -->', '&lt;/td>&lt;!-- -->'],
    ['&lt;b>', '&amp;lt;b>'],
    ['![x](http://y)', '![x\\](http://y)'],
    ['[x]: http://y', '[x\\]: http://y'],
    ['a\\', 'a\\\\'],
    ['0.5 [0.1, 0.9]* p < 0.001 & more_words', '0.5 [0.1, 0.9]* p < 0.001 & more_words'],
    ['left\u202e', 'left\\\\u202e'],
  ])('%j stays words', (words, cell) => {
    expect(markdownText(words)).toBe(cell)
  })
})
