/** The benchmark of the wire measures what it says: the same turns in every way to play, on every economy. */
import { expect, test } from 'vitest'
import { measure } from '../../bench/serve.ts'
import { economies } from '../../index.ts'

test.each(economies.list().map(economy => [economy.env.id, economy] as const))(
  '%s: every way to play has a row',
  async (_id, economy) => {
    const rows = await measure(economy, { games: 2, sessions: [1, 2], vectors: [2], turns: 2, rounds: 2 })
    expect(rows.map(({ what }) => what.trim())).toEqual([
      `${economy.env.id}: the core's own step`,
      'the same with the text of the turn',
      'over the wire, 1 session',
      'over the wire, 2 sessions',
      "the core's own step, encoded",
      'a vector of 2',
    ])
    for (const { value } of rows) expect(value).toBeGreaterThan(0)
  },
)
