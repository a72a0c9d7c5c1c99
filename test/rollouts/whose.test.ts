/** Whose the figures of a row and of a trace are: each seat's own, though all seats of a rollout share its calls and its log. */
import { expect, test } from 'vitest'
import type { Seat } from '../../index.ts'
import { spendingOf } from '../../rollouts/record.ts'
import { playsOf, resultFigures } from '../../rollouts/result_rows.ts'
import type { CallFigures, Rollout } from '../../rollouts/rollout.ts'
import { runRollout } from '../../rollouts/run_rollout.ts'
import { tracedEpisode } from '../../rollouts/trace_rows.ts'
import { random, toySpec } from './table.ts'

const SEATS: readonly Seat[] = ['trader_0', 'trader_1'].map(agent => ({ agent, role: 'trader' }))
const call = (agent: string, tokens: number, cost: number | null): CallFigures => ({
  key: 'k',
  agent,
  t: 0,
  call: 0,
  player: agent,
  model: 'm',
  request: '',
  prompt_tokens: tokens,
  completion_tokens: tokens / 10,
  // Half of the prompt is new, a third of it read from a cache, the rest written to one.
  usage: {
    input_uncached: tokens / 2,
    input_cached_read: tokens / 3,
    input_cache_write: tokens / 6,
    output: tokens / 10,
    output_reasoning: null,
  },
  latency_ms: 1,
  retries: 0,
  cost,
  finish_reason: 'stop',
})

/** A game of two evaluated traders who earn differently, the first refused twice and the second once. */
function played(): Rollout {
  const rollout = runRollout(toySpec({ evaluated: ['trader_0', 'trader_1'] }, random, random)) as Rollout
  const refused = ['trader_0', 'trader_1', 'trader_0'].map(agent => ({ agent, tool: 'sell', code: 'no', message: '' }))
  const [first, ...rest] = rollout.log.steps
  const calls = [call('trader_0', 60, 0.5), call('trader_1', 600, null), call('trader_0', 60, 0.25), call('trader_1', 600, 2)]
  return {
    ...rollout,
    calls,
    log: { ...rollout.log, steps: [{ ...first!, refused }, ...rest.map(step => ({ ...step, refused: [] }))] },
  }
}

test('rewards, refusals, tokens, cost and calls are those of the seat, and an unpriced call makes its own cost unknown alone', () => {
  const rollout = played()
  const plays = playsOf(rollout.log, ['sell', 'wait'])
  const rows = SEATS.map(seat => resultFigures(rollout, seat, plays.get(seat.agent)!, 'scripted'))
  const { traces } = tracedEpisode(rollout, SEATS, plays, {})
  const rewards = SEATS.map(({ agent }) => rollout.scores[agent]!.reward)
  expect(rewards[0]).not.toBe(rewards[1])
  expect(rows.map(({ reward }) => reward)).toEqual(rewards)
  expect(traces.map(({ rewards: { reward } }) => reward!.score)).toEqual(rewards)
  expect(rows.map(({ info, metrics }) => [info.refused, metrics.num_refused])).toEqual([
    [{ no: 2 }, 2],
    [{ no: 1 }, 1],
  ])
  expect(rows.map(({ info, token_usage }) => [info.cost, token_usage!.input_tokens, token_usage!.output_tokens])).toEqual([
    [0.75, 120, 12],
    [null, 1200, 120],
  ])
  const told = traces.map(({ calls }) =>
    calls.map(({ usage: { prompt_tokens, cached_input_tokens } }) => [prompt_tokens, cached_input_tokens]),
  )
  // A trace's prompt tokens are without those that were read from a cache.
  expect(told).toEqual([
    [
      [40, 20],
      [40, 20],
    ],
    [
      [400, 200],
      [400, 200],
    ],
  ])
  const spent = spendingOf(
    rollout.calls.map(made => ({ ...made, reply: { content: '', tool_calls: [], finish_reason: 'stop' } })),
  )
  expect(SEATS.map(({ agent }) => [spent[agent]!.calls, spent[agent]!.usage.output, spent[agent]!.cost])).toEqual([
    [2, 12, 0.75],
    [2, 120, null],
  ])
})

test('a seat that is not evaluated is in the trace, and is not to be trained', () => {
  const rollout = runRollout(toySpec()) as Rollout
  const { traces } = tracedEpisode(rollout, SEATS, playsOf(rollout.log, []), {})
  expect(traces.map(({ agent }) => [agent.name, agent.trainable])).toEqual([
    ['trader_0', true],
    ['trader_1', false],
  ])
})
