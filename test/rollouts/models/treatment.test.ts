/** Treatments: how they are written, what a name tells of them, and what is refused. */
import { readFileSync } from 'node:fs'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { Models } from '../../../rollouts/models/models.ts'
import { providers } from '../../../rollouts/models/providers.ts'
import { playerSpecSchema, readPlayer, splitPlayers, type Treatment, treatmentText } from '../../../rollouts/models/treatment.ts'

describe('a treatment in brackets', () => {
  test.each<[string, string, Treatment]>([
    ['openai:m', 'openai:m', {}],
    ['openai:m[]', 'openai:m', {}],
    ['openai:m[persona=exploiter,temperature=1]', 'openai:m', { persona: 'exploiter', temperature: 1 }],
    [' openai:m[ top_p = .9 , persona = none ] ', 'openai:m', { top_p: 0.9, persona: null }],
    ['ollama:qwen3:8b@http://h:1/v1[seed=7]', 'ollama:qwen3:8b@http://h:1/v1', { seed: 7 }],
    // The brackets of an address are none of a treatment's.
    ['openai:m@http://[::1]', 'openai:m@http://[::1]', {}],
    ['openai:m@http://[::1]:8000/v1[max_tokens=9]', 'openai:m@http://[::1]:8000/v1', { max_tokens: 9 }],
    // Nor those of a model's own name, where an empty pair follows.
    ['openai:m[1m][]', 'openai:m[1m]', {}],
    ['openai:m[1m][history=last:3]', 'openai:m[1m]', { history: 'last:3' }],
    ['openai:m[instructions="Say \\"hi\\", then ] mine."]', 'openai:m', { instructions: 'Say "hi", then ] mine.' }],
    ['openai:m[instructions=Be brief.,no_tool_call=stop]', 'openai:m', { instructions: 'Be brief.', no_tool_call: 'stop' }],
    [
      'openai:m[extra_body={"a":[1,{"b":"}]"}]},api=responses]',
      'openai:m',
      { extra_body: { a: [1, { b: '}]' }] }, api: 'responses' },
    ],
  ])('%s', (text, player, treatment) => {
    expect(readPlayer(text)).toEqual({ player, treatment })
  })

  test('a label is none of the treatment, and an object says the same', () => {
    expect(readPlayer('openai:m[label=small one,temperature=0]')).toEqual({
      player: 'openai:m',
      label: 'small one',
      treatment: { temperature: 0 },
    })
    expect(readPlayer({ player: 'openai:m', label: 'small one', temperature: 0 })).toEqual(
      readPlayer('openai:m[label=small one,temperature=0]'),
    )
    expect(readPlayer({ player: 'openai:m[top_p=1]', temperature: 0 }).treatment).toEqual({ top_p: 1, temperature: 0 })
  })

  test.each([
    ['openai:m[1m]', "expected KEY=VALUE in the brackets, got '1m'. Keys: persona, instructions,"],
    ['openai:m[1m]', 'is followed by an empty pair: openai:m[1m][]'],
    ['openai:m[temprature=1]', "no key 'temprature'. Keys: persona,"],
    ['openai:m[temprature=1]', "Did you mean 'temperature'?"],
    ['openai:m[temperature=1,temperature=2]', 'temperature is given twice.'],
    ['openai:m[temperature=hot]', "temperature: expected a number, got 'hot'."],
    ['openai:m[temperature=]', "temperature: expected a number, got ''."],
    ['openai:m[temperature=-1]', 'temperature'],
    ['openai:m[top_p=2]', 'top_p'],
    ['openai:m[max_tokens=1.5]', 'max_tokens'],
    ['openai:m[history=last:0]', 'expected full, none or last:N with N ≥ 1'],
    ['openai:m[no_tool_call=shout]', 'no_tool_call'],
    ['openai:m[extra_body=[1]]', 'is written as a JSON string'],
    ['openai:m[temperature=1', 'the brackets cannot be read'],
    ['openai:m[temperature=1]@http://h/v1', 'the brackets cannot be read'],
    ['openai:m[extra_body=7]', 'extra_body'],
    ['openai:m[instructions=#0a1b2c3d]', 'stands for a text that a run’s name'.replace('’', "'")],
    ['openai:m[label=]', 'label'],
  ])('%s is refused: %s', (text, message) => {
    expect(() => readPlayer(text)).toThrow(message)
  })

  test('an object is refused for what it does not know, and for what stands in both places', () => {
    expect(() => readPlayer({ player: 'openai:m', temprature: 1 } as never)).toThrow(
      "no field 'temprature'. Fields: player, persona,",
    )
    expect(() => readPlayer({ player: 'openai:m[seed=1]', seed: 2 })).toThrow(
      'seed stands in the brackets and beside them; give it once.',
    )
    expect(() => readPlayer({} as never)).toThrow('player')
  })

  test('lists are split at the commas between players', () => {
    expect(splitPlayers('bot:a, openai:m[a="x,]",b={"c":[1,2]}],random')).toEqual([
      'bot:a',
      'openai:m[a="x,]",b={"c":[1,2]}]',
      'random',
    ])
  })

  test('what a name tells is read back as the same treatment', () => {
    const words = fc.string({ minLength: 1, maxLength: 30, unit: 'grapheme' }).filter(text => text.trim() !== '')
    const treatments = fc.record(
      {
        persona: fc.constantFrom('exploiter', 'naive'),
        instructions: words,
        temperature: fc.double({ min: 0, max: 2, noNaN: true }),
        seed: fc.integer(),
        max_tokens: fc.integer({ min: 1 }),
        reasoning_effort: fc.constantFrom('low', 'high'),
        extra_body: fc.dictionary(fc.string({ maxLength: 5 }), fc.string({ maxLength: 5 }), { maxKeys: 1 }),
      },
      { requiredKeys: [] },
    ) as fc.Arbitrary<Treatment>
    fc.assert(
      fc.property(treatments, treatment => {
        const { player, treatment: read } = readPlayer(`openai:m@http://h/v1${treatmentText(treatment)}`)
        expect(player).toBe('openai:m@http://h/v1')
        expect(read).toEqual(treatment)
      }),
      { numRuns: 200 },
    )
  })
})

describe('a player of a treatment', () => {
  test('is named by all that was asked for, the run’s options included; what is as usual is not said', () => {
    const models = new Models({ sampling: { temperature: 0.2 }, noToolCall: 'nudge' })
    expect(models.player('openai:m').name).toBe('openai:m[temperature=0.2,no_tool_call=nudge]')
    const other = models.player({
      player: 'openai:m@http://h/v1',
      temperature: 1,
      persona: 'naive',
      no_tool_call: 'economy',
      history: 'full',
    })
    expect(other.name).toBe('openai:m@http://h/v1[persona=naive,temperature=1]')
    expect(other.details).toMatchObject({
      sampling: { temperature: 1 },
      no_tool_call: 'economy',
      personas: { '*': { name: 'naive' } },
    })
  })

  test('a long text stands in the name by its digest, and whole in the facts', () => {
    const instructions = 'Never accept a contract that pays less than it costs.'
    const { name, details } = new Models().player({ player: 'openai:m', instructions })
    expect(name).toMatch(/^openai:m\[instructions=#[0-9a-f]{8}\]$/)
    expect(details.instructions).toBe(instructions)
  })

  test('null takes a persona away that all others have', () => {
    const persona = { name: 'p', text: 'Be kind.', digest: '' }
    const models = new Models({ personas: { all: persona, seats: {} } })
    expect(models.player('openai:m').name).toBe('openai:m[persona=p]')
    expect(models.player('openai:m[persona=none]').name).toBe('openai:m')
  })

  test('a seed is refused where the protocol has none', () => {
    expect(() => new Models().player('anthropic:m[seed=1]')).toThrow('only Chat Completions takes one')
    expect(() => new Models({ api: 'responses' }).player('openai:m[seed=1]')).toThrow('only Chat Completions takes one')
  })
})

test('the documentation names every provider as it is, and every field of a treatment', () => {
  const text = readFileSync(new URL('../../../docs/experiments.md', import.meta.url), 'utf8')
  for (const [name, { url, key }] of Object.entries(providers()))
    expect(text).toContain(`| \`${name}\` | \`${url}\` | ${key === null ? 'none' : `\`${key}\``} |`)
  for (const field of Object.keys(playerSpecSchema.shape)) expect(text).toContain(`\`${field}\``)
})
