/** What a run came to, from rows whose figures can be added up by hand. */
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { summarize } from '../../rollouts/summary.ts'
import { scratch } from './table.ts'

interface Row {
  readonly key: string
  readonly example: number
  readonly reward: number
  readonly truncated?: boolean
  readonly calls?: Record<string, number>
}

/** A rollout's key that says which is which. */
const keyed = (key: string): string => `${key}-s0-0-r0`

function folderOf(rows: readonly Row[], errors: readonly string[] = [], calls: readonly object[] = []): string {
  const folder = join(scratch(), 'run')
  mkdirSync(folder)
  const write = (file: string, lines: readonly object[]): void =>
    writeFileSync(join(folder, file), lines.map(line => `${JSON.stringify(line)}\n`).join(''))
  write(
    'results.jsonl',
    rows.map(({ key, example, reward, truncated = false, calls: made = {} }) => ({
      key: keyed(key),
      example_id: example,
      reward,
      is_truncated: truncated,
      stop_condition: truncated ? 'max_turns_reached' : 'terminated',
      metrics: { payoff: reward * 10 },
      info: {
        calls: made,
        refused: {},
        seat: 'trader_0',
        player: 'random',
        seed: example,
        repeat: 0,
        steps: 1,
        silent: 0,
        scores: {},
        evaluated: ['trader_0'],
      },
      timing: {},
      prompt: [],
      completion: [],
      tool_defs: [],
    })),
  )
  write(
    'errors.jsonl',
    errors.map(key => ({
      key: keyed(key),
      attempt: 1,
      example_id: 0,
      agent: 'trader_0',
      player: 'random',
      code: 'server_error',
      message: 'no answer',
    })),
  )
  write('calls.jsonl', calls)
  return folder
}

test('figures are added up by example', () => {
  const folder = folderOf([
    { key: 'a0', example: 7, reward: 1, calls: { sell: 2 } },
    { key: 'b0', example: 3, reward: 0, truncated: true },
    { key: 'a1', example: 7, reward: 0.5, calls: { sell: 1, wait: 1 } },
    { key: 'b1', example: 3, reward: 0 },
  ])
  const summary = summarize(folder)
  expect(summary).toMatchObject({
    ok: 4,
    failed: 0,
    truncated: 1,
    stops: { terminated: 3, max_turns_reached: 1 },
    calls: { sell: 0.75, wait: 0.25 },
    usage: null,
    cost: null,
  })
  const { sums, counts, mean } = summary.reward
  expect([[...sums.slice(0, 3)], [...counts.slice(0, 3)], mean]).toEqual([[1.5, 0, 0], [2, 2, 0], 0.375])
  expect(summary.metrics.payoff!.mean).toBe(3.75)
})

test('pass@k and pass^k are those of k repeats drawn without replacement', () => {
  // One example passes in 1 of 3 repeats, the other in all.
  const rows = [0.9, 0.1, 0.2].map((reward, i) => ({ key: `a${i}`, example: 0, reward }))
  const sure = [0.5, 0.5, 0.5].map((reward, i) => ({ key: `b${i}`, example: 1, reward }))
  const { passAtK, passAllK } = summarize(folderOf([...rows, ...sure]))
  expect(Object.values(passAtK).map(share => Number(share.toFixed(9)))).toEqual([0.666666667, 0.833333333, 1])
  expect(passAllK[1]).toBeCloseTo((1 / 3 + 1) / 2)
  expect(passAllK[2]).toBe(0.5)
})

test('a rollout with two evaluated seats is one rollout and two values', () => {
  const rows = ['x', 'x'].map(key => ({ key, example: 0, reward: 1 }))
  expect(summarize(folderOf(rows))).toMatchObject({ ok: 1, reward: { n: 2 }, stops: { terminated: 1 } })
})

test('failures that were made up for are not counted, others once', () => {
  const folder = folderOf([{ key: 'a', example: 0, reward: 1 }], ['a', 'b', 'b', 'c'])
  expect(summarize(folder).failed).toBe(2)
})

test('tokens and cost are those of all calls; one unknown price makes the cost unknown', () => {
  const usage = { input_uncached: 5, input_cached_read: 1, input_cache_write: 0, output: 2, output_reasoning: null }
  const call = { key: keyed('a'), agent: 'trader_0', t: 0, call: 0, model: 'm', prompt_tokens: 3, completion_tokens: 2 }
  const calls = [0.25, 0.5].map(cost => ({ ...call, usage, latency_ms: 1, retries: 0, cost, reply: { content: '' } }))
  expect(summarize(folderOf([], [], calls))).toMatchObject({
    usage: { ...usage, input_uncached: 10, input_cached_read: 2, output: 4 },
    cost: 0.75,
  })
  expect(summarize(folderOf([], [], [...calls, { ...calls[0], cost: null }])).cost).toBeNull()
})

test('an empty run has no mean', () => {
  const summary = summarize(folderOf([]))
  expect(summary.reward.n).toBe(0)
  expect(summary).toMatchObject({ ok: 0, passAtK: {} })
})
