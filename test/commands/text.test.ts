/** Text for terminals stays within its width and loses nothing. */
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { block, columns, definitions, figureTable, number, wrap } from '../../commands/text.ts'

const words = (text: string): string => text.replace(/\s+/g, '')
const widest = (text: string): number => Math.max(...text.split('\n').map(line => line.length))

describe('wrap', () => {
  test('breaks between words, keeps line ends and indents', () => {
    expect(wrap('one two three\n  four five', 9)).toEqual(['one two', 'three', '  four', '  five'])
  })

  test('indents what goes on with a line', () => {
    expect(wrap('a: one two three', 9, 2)).toEqual(['a: one', '  two', '  three'])
  })

  test('breaks a word that no line can hold, from where the line stands', () => {
    expect(wrap('call {"quantity":100000}', 16)).toEqual(['call {"quantity"', ':100000}'])
  })

  test('never exceeds its width and never loses a character, whatever the text', () => {
    const text = fc.stringMatching(/^[ a-z{}"\n]{0,200}$/)
    fc.assert(
      fc.property(text, fc.integer({ min: 8, max: 60 }), fc.nat(6), (given, width, hang) => {
        const lines = wrap(given, width, hang)
        expect(Math.max(...lines.map(line => line.length))).toBeLessThanOrEqual(width)
        expect(words(lines.join(''))).toBe(words(given))
      }),
      { numRuns: 500, seed: 1 },
    )
  })
})

test('definitions stand side by side where there is room, else below each other', () => {
  const entries = [
    ['seeds', 'which worlds are played'],
    ['c', 'how many at once'],
  ] as const
  expect(definitions(entries, 60)).toBe('  seeds  which worlds are played\n  c      how many at once')
  expect(definitions(entries, 20)).toBe('  seeds\n      which worlds\n      are played\n  c\n      how many at\n      once')
})

describe('a table of figures', () => {
  const rows = [
    { label: 'reward', cells: ['0.5 ±0.1', '0.25', '–'] },
    { label: 'calls' },
    { label: '  sell', cells: ['1', '2', '3'] },
  ]
  const heads = ['bot:honest', 'openai:m@http://localhost:8000/v1', 'random']

  test('has a column a subject, long names broken over lines', () => {
    expect(figureTable(heads, rows, 60)).toBe(
      [
        '        bot:honest  openai:m@http://lo  random',
        '                    calhost:8000/v1',
        'reward  0.5 ±0.1    0.25                –',
        'calls',
        '  sell  1           2                   3',
      ].join('\n'),
    )
  })

  test('goes on below where the columns do not fit', () => {
    const narrow = figureTable(heads, rows, 30)
    expect(widest(narrow)).toBeLessThanOrEqual(30)
    expect(narrow.split('\n\n')).toHaveLength(3)
    expect(narrow.match(/sell/g)).toHaveLength(3)
  })
})

test('columns wrap the last cell, and give way to one cell a line', () => {
  const rows = [['20/20', '0.5', 'runs/a run with a long name of its own that must be wrapped']]
  expect(columns(rows, 50)).toBe('20/20  0.5  runs/a run with a long name of its own\n            that must be wrapped')
  expect(columns(rows, 20).split('\n').slice(0, 2)).toEqual(['20/20', '  0.5'])
})

test('block indents all but empty lines', () => {
  expect(block('a\n\nb', 20, 2)).toBe('  a\n\n  b')
})

test('numbers have about four digits', () => {
  expect([0, 0.12345, -1.5, 12.345, 123.45, 12345.6, 1e12, Number.NaN].map(number)).toEqual([
    '0.000',
    '0.123',
    '-1.500',
    '12.35',
    '123.5',
    '12346',
    '1.000e+12',
    'NaN',
  ])
})
