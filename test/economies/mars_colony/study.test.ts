/** The published tables come out, and the study says so where they do not. */
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { marsColonyStudy } from '../../../economies/mars_colony/study.ts'
import { UserError } from '../../../envs/core/errors.ts'
import type { StudyContext } from '../../../evals/study.ts'

function context(options: StudyContext['options'] = {}, out?: string): StudyContext {
  return {
    options: { sessions: 100, ...options },
    ...(out === undefined ? {} : { out }),
    signal: new AbortController().signal,
    progress() {},
  }
}

test('a hundred sessions and their ten groups are within the stated tolerances', async () => {
  const { rows, ok } = await marsColonyStudy.run(context())
  expect(ok).toBe(true)
  expect(rows.filter(row => row.ok === false)).toEqual([])
  const judged = rows.filter(row => row.ok === true).map(({ group, figure }) => `${group}: ${figure}`)
  // Twelve figures of the mean, eleven of the furthest group, three bounds of the cost envelope.
  expect(judged).toHaveLength(12 + 11 + 3)
  const shown = rows.filter(({ group }) => group.startsWith('seeds 0 to 9'))
  expect(shown).toHaveLength(12)
  expect(shown.every(row => row.ok === null && row.n === 10)).toBe(true)
  const grand = rows.find(({ group, figure }) => group.startsWith('mean of 100') && figure.startsWith('strong'))
  expect(grand).toMatchObject({ published: 3.5, publishedSd: 2.8, publishedN: 10, tolerance: 1.4, n: 100 })
  const group = rows.find(({ group, figure }) => group.startsWith('furthest of 10') && figure.startsWith('strong'))
  expect(group).toMatchObject({ tolerance: expect.closeTo(4.2, 9), n: 10 })
})

test('the result file holds the rows, every session and, where asked for, what was said in the first ten', async () => {
  const out = mkdtempSync(join(tmpdir(), 'mars-'))
  try {
    const { rows } = await marsColonyStudy.run(context({ sessions: 10, dialogue: 'template' }, join(out, 'study')))
    const file = join(out, 'study', 'mars_colony.json')
    expect(existsSync(file)).toBe(true)
    const written = JSON.parse(readFileSync(file, 'utf8'))
    expect(written.rows).toEqual(rows)
    expect(written.sessions.map(({ seed }: { seed: number }) => seed)).toEqual([
      0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 2000, 2001, 2002, 2003, 2004, 2005, 2006, 2007, 2008, 2009,
    ])
    for (const [k, session] of written.sessions.entries()) {
      const { strong_friendships, working_relationships, neutral_pairs, tensions, trajectory, dialogue, dialogue_events } =
        session
      expect(strong_friendships + working_relationships + neutral_pairs + tensions).toBe(45)
      expect(trajectory).toMatch(/^[0-9a-f]{64}$/)
      expect(dialogue?.length).toBe(k < 10 ? dialogue_events : undefined)
    }
  } finally {
    rmSync(out, { recursive: true })
  }
})

test.each([0, 7, 15, Number.NaN])('%d sessions are refused in one line', async sessions => {
  await expect(marsColonyStudy.run(context({ sessions }))).rejects.toThrow(UserError)
})

test('an interrupted study stops', async () => {
  const stopped = new AbortController()
  stopped.abort(new Error('stopped'))
  await expect(marsColonyStudy.run({ ...context(), signal: stopped.signal })).rejects.toThrow('stopped')
})
