/** Words in transcripts: what is found by passing over bytes is what reading every transcript finds. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { playShort, repeated } from '../../bench/short_runs.ts'
import { allStand, patternOf, termsOf } from '../../evals/report/terms.js'
import { RunReader } from '../../rollouts/store.ts'
import { searchRun, soughtIn, textsOf } from '../../view/search.ts'

const folder = mkdtempSync(join(tmpdir(), 'agoragym-search-'))
let run: string
beforeAll(async () => {
  run = await playShort(join(folder, 'played'))
}, 30_000)
afterAll(() => rmSync(folder, { recursive: true, force: true }))

test('a query is words and phrases, found from the beginning of a word on, in any case and across line ends', () => {
  expect(termsOf(' pays  "not at\n all" x"')).toEqual(['pays', 'not at all', 'x"'])
  for (const [term, text, stands] of [
    ['sell', 'they SELL it', true],
    ['ell', 'they sell it', false],
    ['not at all', 'not\n  at all', true],
    ['pfel', 'Äpfel', false],
    ['ÄPFEL', 'drei äpfel', true],
    ['core_3', '{"core_id":"core_3"}', true],
    ['3', 'core_3', false],
    ['(a|b)', 'what (a|b) is', true],
    ['"', 'say "no"', true],
  ] as const)
    expect([term, text, patternOf(term).test(text)]).toEqual([term, text, stands])
  expect(allStand([patternOf('one'), patternOf('two')], ['one', 'two'])).toBe(true)
  expect(allStand([patternOf('one'), patternOf('two')], ['one'])).toBe(false)
})

test('what a scan over the bytes finds is what reading every transcript finds', () => {
  const reader = new RunReader(run)
  const texts = new Map([...reader.rollouts()].map(rows => [rows.key, [...textsOf(rows)]]))
  reader.close()
  const words = new Set([...texts.values()].slice(0, 20).flatMap(own => own.join('\n').match(/[\p{L}\p{N}_]+/gu)!))
  const some = [...words].filter((_, i) => i % 7 === 0)
  // Of rules that all share, of fields that are no transcript, of two words, of a phrase over a line end, of nothing.
  const queries = [
    ...some,
    'inference thinking',
    'reward',
    'episode_id',
    'payoff',
    'job mine',
    '"You are agent_0. ## You"',
    'unobtainium',
  ]
  let found = 0
  for (const query of queries) {
    const sought = soughtIn(query)!
    const read = [...texts].flatMap(([key, own]) => (allStand(sought.patterns, own) ? [key] : []))
    expect(
      [...searchRun(run, sought)].filter(key => key !== undefined),
      query,
    ).toEqual(read)
    found += read.length
  }
  expect(found).toBeGreaterThan(0)
})

test('the rollouts of a bench differ in their keys and in nothing that is read', () => {
  const many = repeated(run, join(folder, 'many'), 300)
  const keys = [...new RunReader(many).placed()].map(({ key }) => key)
  expect(new Set(keys).size).toBe(300)
  expect([...searchRun(many, soughtIn('unobtainium')!)].filter(key => key !== undefined)).toEqual([])
  expect([...searchRun(many, soughtIn('balance')!)].filter(key => key !== undefined)).toEqual(keys)
})

test('a transcript is what was said, thought, done and told, of seats that kept no messages too', () => {
  const said = {
    role: 'assistant',
    content: 'said',
    reasoning_content: 'thought',
    tool_calls: [{ name: 'sell', arguments: '{}' }],
  }
  const seat = (name: string, ...messages: object[]) => ({ agent: { name }, nodes: messages.map(message => ({ message })) })
  const calls = (tool: string) => ({ calls: [{ tool, args: { n: 1 } }] })
  const step = { decisions: { a: calls('sell'), b: calls('wait') }, results: { a: [{ text: 'sold' }], b: [{ text: 'waited' }] } }
  const rows = { trace: { traces: [seat('a', said), seat('b')] }, log: { steps: [step] } }
  expect([...textsOf(rows as never)]).toEqual(['said', 'thought', 'sell {}', 'wait {"n":1}', 'waited'])
})
