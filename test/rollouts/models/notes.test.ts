/** What is said of a run's models beside its figures, and when nothing is. */
import { expect, test } from 'vitest'
import { modelNotes } from '../../../rollouts/models/notes.ts'

const run = { player: 'openai:m', usage: null, avg_metrics: { model_calls: 10, model_no_tool_call: 2 } }
const notes = (more: object) => modelNotes({ ...run, ...more })

test('nothing is said where all is as it seems, nor of a run of an older version', () => {
  expect(notes({ dropped_options: {}, adaptations: {} })).toEqual([])
  expect(modelNotes(run)).toEqual([])
})

test.each<[string, object, RegExp]>([
  ['an option that was left out', { dropped_options: { top_p: 10 } }, /does not support top_p; 10 calls were made without it/],
  [
    'a second form, and how to choose it',
    { adaptations: { streaming: 3, 'without:reasoning': 2 } },
    /\(streaming, without:reasoning\); --adapt streaming chooses/,
  ],
  [
    'reasons that nobody knows',
    { avg_metrics: { model_calls: 10, model_unknown_finish_reasons: 0.5 } },
    /finish_word in the rows of calls/,
  ],
  ['counts that were made up for', { usage: { repaired: true } }, /usage\.repaired in the rows of calls/],
  ['a run of refusals', { avg_metrics: { model_calls: 10, model_refusals: 6 } }, /most answers were refusals/],
  [
    'calls as text, and nothing else',
    { avg_metrics: { model_calls: 10, model_no_tool_call: 7, model_nudges: 3, model_calls_in_text: 1 } },
    /no message held a tool call.*--tool-call-parser/,
  ],
])('%s', (_name, more, expected) => {
  const said = notes(more)
  expect(said).toHaveLength(1)
  expect(said[0]).toMatch(expected)
})

test('a server that parsed one call has a parser', () => {
  expect(notes({ avg_metrics: { model_calls: 10, model_no_tool_call: 9, model_calls_in_text: 9 } })).toEqual([])
})

test('each is said from where it holds, and of all that it holds of', () => {
  const metrics = (more: object) => notes({ avg_metrics: { model_calls: 10, ...more } })
  expect(metrics({ model_refusals: 5 })).toEqual([])
  expect(metrics({ model_unknown_finish_reasons: 0 })).toEqual([])
  expect(notes({ usage: { repaired: false } })).toEqual([])
  expect(metrics({ model_no_tool_call: 10 })).toEqual([])
  expect(metrics({ model_no_tool_call: 10, model_calls_in_text: 1 })).toHaveLength(1)
  expect(metrics({ model_no_tool_call: 9.5, model_nudges: 0.5, model_calls_in_text: 1 })).toHaveLength(1)
  expect(notes({ avg_metrics: { model_calls: 0, model_calls_in_text: 1 } })).toEqual([])
  expect(notes({ dropped_options: { top_p: 1, seed: 2 } })).toHaveLength(2)
  expect(notes({ adaptations: { 'without:reasoning': 2 } })[0]).toMatch(/\(without:reasoning\)\.$/)
  expect(notes({ adaptations: { streaming: 1, short_ids: 1 } })[0]).toMatch(/; --adapt streaming --adapt short_ids chooses/)
  for (const said of notes({ dropped_options: { top_p: 1 }, usage: { repaired: true } })) expect(said).toMatch(/^openai:m: /)
})
