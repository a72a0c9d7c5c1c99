/** Work that is written to measure is judged as what was asked for. */
import { expect, test } from 'vitest'
import { compose, FILLER } from '../../../envs/swarm_economy/compose.ts'
import { TEMPLATES } from '../../../envs/swarm_economy/templates.ts'
import { KEYWORDS, keywordCount, relevance, taskTerms, termsNeeded, tokens } from '../../../envs/swarm_economy/work.ts'
import { stream } from '../../../index.ts'

const text = (wanted: Parameters<typeof compose>[0], task = TEMPLATES[1]!, draw = 1) =>
  compose(wanted, task, stream(draw, 'compose'))

test('it has the wanted length, keywords and relevance, for every task', () => {
  for (const task of TEMPLATES)
    for (const keywords of [0, 3, 6])
      for (const share of [0, 0.5, 1]) {
        const written = text({ length: 400, keywords, relevance: share }, task)
        expect(written).toHaveLength(400)
        // A task's own terms may be keywords as well.
        const own = [...taskTerms(task)].filter(term => KEYWORDS.some(keyword => term.includes(keyword))).length
        expect(keywordCount(written)).toBeGreaterThanOrEqual(keywords)
        expect(keywordCount(written)).toBeLessThanOrEqual(keywords + own)
        expect(Math.abs(relevance(written, task) - share)).toBeLessThanOrEqual((1 + own) / termsNeeded(task))
      }
})

test('short text holds what finds room, and is filled up with stops', () => {
  expect(text({ length: 1 })).toBe('.')
  expect(text({ length: 0 })).toBe('')
  expect(text({ length: 9, keywords: 6 })).toMatch(/^thorough\.$/)
  expect(text({ length: 17, keywords: 6 })).toBe('thorough analysis')
  expect(text({ length: 12, keywords: 1, relevance: 1 })).toMatch(/^thorough\.*$/)
})

test('words are parted by one space, and other draws give other words', () => {
  expect(text({ length: 300 })).toMatch(/^[a-z]+( [a-z]+)*\.*$/)
  expect(text({ length: 300 }, TEMPLATES[1], 2)).not.toBe(text({ length: 300 }))
  expect(text({ length: 300 })).toBe(text({ length: 300 }))
})

test('filler says nothing of any task and no keyword', () => {
  const terms = new Set(TEMPLATES.flatMap(task => [...taskTerms(task)]))
  expect(FILLER.length).toBeGreaterThan(100)
  expect(FILLER.filter(word => tokens(word).some(token => terms.has(token)))).toEqual([])
  expect(keywordCount(FILLER.join(' '))).toBe(0)
})
