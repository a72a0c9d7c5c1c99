/** Whole laboratory games of twelve seats at a server with all its faults at once: a practice round and five that count. */
import { expect, test } from 'vitest'
import { bot, everybody, play, server } from '../connect/ibex/play.ts'

test.each([
  ['harberger', 12],
  ['futarchy', 12],
  ['voting', 6],
] as const)('%s is played to its end, and comes to what our rules say', async (treatment, count) => {
  let frames = 0
  const { fake, url } = await server({
    game: { treatment, session: 2, rounds: 5, practice: true },
    bellMs: 200,
    bellAfter: 150,
    holeMs: 300,
    enteringMs: 10,
    doubleMs: 20,
    savingMs: 30,
    fault: ({ type }) => (type === 'status' ? 3 : ++frames % (count === 12 ? 400 : 60) === 0 ? 'cut' : 3),
  })
  const names = ['honest', 'opportunistic', 'deceptive']
  const { result, decisions, report } = await play({
    url,
    seats: everybody(count, seat => bot(names[seat % 3]!)),
    actEveryMs: 100,
  })
  expect(result.outcomes.filter(({ result }) => result === undefined)).toEqual([])
  expect(fake.log.filter(({ fate }) => fate === 'second')).toEqual([])
  expect(fake.skipped).toEqual([])
  expect(report).toEqual(["Game 7: the server's results are those of our own rules for the same decisions."])
  const sealed = decisions.filter(({ ask, call }) => call !== null && /^\d+:[2378]$/.test(ask))
  const cut = fake.log.filter(({ type }) => type === 'rejoin').length
  console.log(
    `${treatment}: ${fake.frames.length} frames, ${cut} connections lost, ${decisions.length} decisions, ${sealed.length} sealed`,
  )
  expect(cut).toBeGreaterThan(10)
})
