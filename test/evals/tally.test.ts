import { appendFileSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, onTestFinished, test } from 'vitest'
import type { Figure, TableId } from '../../evals/figures.ts'
import { environments } from '../../index.ts'
import type { CallRow } from '../../rollouts/player.ts'
import { Spending } from '../../rollouts/tally.ts'
import { asOlder } from '../rollouts/older.ts'
import { compare, playToy, scripted, seller, sleeper, withFolder } from './toy_runs.ts'

const call = (fields: { latency?: number; reasoning?: number | null; retries?: number } = {}): Omit<CallRow, 'reply'> => ({
  key: 'k',
  agent: 'trader_0',
  t: 0,
  call: 0,
  player: 'model',
  model: 'm',
  request: '',
  prompt_tokens: 100,
  completion_tokens: 20,
  usage: {
    input_uncached: 60,
    input_cached_read: 30,
    input_cache_write: 10,
    output: 20,
    output_reasoning: fields.reasoning ?? null,
  },
  latency_ms: fields.latency ?? 100,
  retries: fields.retries ?? 0,
  cost: 0.5,
})

describe('spending', () => {
  test('tokens and retries add up, and the split holds as long as every call has one', () => {
    const spending = new Spending()
    expect(spending).toMatchObject({ usage: null, cost: null })
    spending.add(call({ reasoning: 5, retries: 2 }))
    spending.add(call({ reasoning: 0 }))
    expect(spending).toMatchObject({ calls: 2, retries: 2, cost: 1 })
    expect(spending.usage).toEqual({
      input_uncached: 120,
      input_cached_read: 60,
      input_cache_write: 20,
      output: 40,
      output_reasoning: 5,
    })
    spending.add(call())
    expect(spending.usage!.output_reasoning).toBeNull()
  })

  test('one unknown price makes the cost unknown', () => {
    const spending = new Spending()
    for (const cost of [0.5, null, 0.5]) spending.add({ ...call(), cost })
    expect(spending.cost).toBeNull()
  })

  /** Of every kind that a sum must not lose: answered from the cache, retried, without a split or a price, sent otherwise. */
  const kinds: readonly Parameters<Spending['add']>[0][] = [
    { ...call({ reasoning: 5, retries: 2 }), dropped: ['temperature'] },
    { ...call({ latency: 900, reasoning: 3 }), cost: null, adaptations: ['max_completion_tokens'] },
    { ...call({ latency: 0, reasoning: 1, retries: 1 }), cost: 0, cached: true },
    { ...call({ latency: 20 }), dropped: ['temperature', 'seed'] },
  ]
  const added = (calls: typeof kinds): Spending => {
    const spending = new Spending()
    for (const each of calls) spending.add(each)
    return spending
  }

  test.each([0, 1, 2, 3, 4])('comes to the same call by call and as sums of calls, of which %i stand in the first', first => {
    for (const calls of [kinds, kinds.toReversed(), [...kinds.slice(2), ...kinds.slice(0, 2)]]) {
      const [whole, parts] = [added(calls), new Spending()]
      for (const part of [calls.slice(0, first), calls.slice(first)]) {
        const { sums } = added(part)
        if (sums !== undefined) parts.addSums(JSON.parse(JSON.stringify(sums)))
      }
      expect(parts.sums).toEqual(whole.sums)
      expect([parts.cost, parts.latency(0.5), parts.latency(0.95)]).toEqual([null, whole.latency(0.5), whole.latency(0.95)])
    }
  })

  test('quantiles of the latency are right to one per cent, in any order, and of calls that were sent', () => {
    const spending = new Spending()
    for (let i = 1000; i > 0; i--) spending.add(call({ latency: 10 * i }))
    for (let i = 0; i < 500; i++) spending.add({ ...call({ latency: 0 }), cached: true })
    expect(Math.abs(spending.latency(0.5)! / 5000 - 1)).toBeLessThan(0.011)
    expect(Math.abs(spending.latency(0.95)! / 9500 - 1)).toBeLessThan(0.011)
    expect(new Spending().latency(0.5)).toBeNull()
  })
})

describe('players whose thinking is known in different ways', () => {
  /** Two runs with a model call each: the split of the first is reported, that of the second is not. */
  async function played(out: string): Promise<string[]> {
    const folders = await playToy([seller, scripted('other', sleeper.policies(undefined as never)), sleeper], { out })
    for (const folder of folders) asOlder(folder)
    const write = (folder: string, fields: object): void => {
      const { key } = JSON.parse(readFileSync(join(folder, 'results.jsonl'), 'utf8').split('\n')[0]!) as { key: string }
      appendFileSync(join(folder, 'calls.jsonl'), `${JSON.stringify({ ...call(fields), key, reply: {} })}\n`)
    }
    write(folders[0]!, { reasoning: 5 })
    write(folders[1]!, {})
    return folders
  }
  const players = (figures: readonly Figure[], table: TableId): string[] => [
    ...new Set(figures.filter(figure => figure.table === table).map(({ player }) => player)),
  ]

  test('are ranked where thinking costs nothing', () =>
    withFolder(async out => {
      const { figures, notes } = compare(await played(out))
      expect(players(figures, 'differences')).toEqual(['other − seller', 'sleeper − seller'])
      expect(players(figures, 'wins')).toHaveLength(3)
      expect(notes).toEqual([])
      expect(players(figures, 'spending')).toEqual(['seller', 'other'])
    }))

  test('are not ranked where it is billed, and a note says so; scripted players are ranked with either', () =>
    withFolder(async out => {
      const env = environments.get('toy_market') as { facts?: object }
      const facts = env.facts
      env.facts = { ...facts, billed: true }
      onTestFinished(() => {
        env.facts = facts!
      })
      const { figures, notes } = compare(await played(out))
      expect(players(figures, 'differences')).toEqual(['sleeper − seller'])
      expect(players(figures, 'wins')).toEqual([])
      expect(notes).toEqual([
        'toy_market default: thinking is billed here; it was reported for seller and estimated for other, so they are not ranked.',
      ])
    }))
})
