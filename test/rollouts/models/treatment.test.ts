/** Treatments: how they are written, what a name tells of them, and what is refused. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import { describe, expect, onTestFinished, test } from 'vitest'
import { Models } from '../../../rollouts/models/models.ts'
import { providers } from '../../../rollouts/models/providers.ts'
import {
  choiceText,
  playerSpecSchema,
  readPlayer,
  splitPlayers,
  type Treatment,
  treatmentText,
  untreated,
} from '../../../rollouts/models/treatment.ts'

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
    ['openai:m[a]b', 'openai:m[a]b', {}],
    ['openai:m[persona="none"]', 'openai:m', { persona: 'none' }],
    ['openai:m[instructions="#0a1b2c3d"]', 'openai:m', { instructions: '#0a1b2c3d' }],
    ['openai:m[instructions=#0a1b2c3]', 'openai:m', { instructions: '#0a1b2c3' }],
    ['openai:m[instructions=a=b]', 'openai:m', { instructions: 'a=b' }],
    ['openai:m[extra_body={"a":{"b":{}},"c":"}"} , seed = -3 ]', 'openai:m', { extra_body: { a: { b: {} }, c: '}' }, seed: -3 }],
    ['openai:m[extra_body={}]', 'openai:m', { extra_body: {} }],
    ['openai:m[temperature=0,top_p=1,top_k=1,max_tokens=1]', 'openai:m', { temperature: 0, top_p: 1, top_k: 1, max_tokens: 1 }],
    [
      'openai:m[history=none,reasoning_effort=low,no_tool_call=nudge]',
      'openai:m',
      { history: 'none', reasoning_effort: 'low', no_tool_call: 'nudge' },
    ],
    ['openai:m@http://u@[::1]/v1[seed=1]', 'openai:m@http://u@[::1]/v1', { seed: 1 }],
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
    ['openai:m[ ]', "got ''"],
    ['openai:m[top_k=0]', 'top_k'],
    ['openai:m[top_k=1.5]', 'top_k'],
    ['openai:m[top_p=-1]', 'top_p'],
    ['openai:m[seed=0.5]', 'seed'],
    ['openai:m[max_tokens=0]', 'max_tokens'],
    ['openai:m[history=last:01]', 'expected full, none or last:N'],
    ['openai:m[history=xlast:1]', 'expected full, none or last:N'],
    ['openai:m[history=last:1x]', 'expected full, none or last:N'],
    ['openai:m[persona=]', 'persona'],
    ['openai:m[instructions=""]', 'instructions'],
    ['openai:m[reasoning_effort=]', 'reasoning_effort'],
    ['openai:m[api=grpc]', 'api'],
    ['openai:m[extra_body={"a":]', 'cannot be read'],
    ['openai:m[extra_body={"a":}]', 'extra_body: expected a JSON object'],
    ['openai:m[instructions="\\x"]', 'is no JSON string'],
    ['openai:m[instructions=x.#0a1b2c3d]', "instructions=x.#0a1b2c3d stands for a text that a run's name has no room for"],
    ['openai:m[temperature=1,]', 'expected KEY=VALUE'],
    ['openai:m[=1]', 'expected KEY=VALUE'],
    ['openai:m[temperature=1;top_p=1]', "expected a number, got '1;top_p=1'"],
    ['openai:m[label=a=b]', 'one line of at most 80 characters without ='],
    [`openai:m[label=${'x'.repeat(81)}]`, 'one line of at most 80 characters without ='],
    ['[seed=1]', 'player'],
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

  test('an object says what it is of, and what stands in the brackets beside it', () => {
    expect(readPlayer({ player: 'openai:m[label=a]' })).toEqual({ player: 'openai:m', label: 'a', treatment: {} })
    expect(() => readPlayer({ player: 'openai:m[label=a]', label: 'b' })).toThrow('label stands in the brackets and beside them')
    expect(() => readPlayer({ player: 'openai:m', seed: 'x' } as never)).toThrow(/^Player 'openai:m': .*seed/)
    expect(() => readPlayer(null as never)).toThrow("Player 'undefined'")
    expect(() => readPlayer({ player: 'openai:m', personna: 'x' } as never)).toThrow("Did you mean 'persona'?")
    expect([choiceText('openai:m'), choiceText({ player: 'openai:m', seed: 1 })]).toEqual([
      'openai:m',
      expect.stringContaining('openai:m'),
    ])
  })

  test('a name without its brackets is the player, also where they hold digests', () => {
    expect(untreated('openai:m[persona=x,instructions=#0a1b2c3d]')).toBe('openai:m')
    expect(untreated('openai:m@http://[::1]')).toBe('openai:m@http://[::1]')
    expect(untreated('bot:x')).toBe('bot:x')
  })

  test.each<[Treatment, string]>([
    [{}, ''],
    [{ persona: null }, ''],
    [{ temperature: 0 }, '[temperature=0]'],
    [{ seed: 1, persona: 'x', api: 'chat' }, '[persona=x,seed=1,api=chat]'],
    [{ instructions: 'Be brief.' }, '[instructions=Be brief.]'],
    [{ instructions: ' x' }, '[instructions=" x"]'],
    [{ instructions: '#x' }, '[instructions="#x"]'],
    [{ instructions: 'x#' }, '[instructions=x#]'],
    [{ instructions: 'a,b' }, '[instructions="a,b"]'],
    [{ instructions: 'a]b' }, '[instructions="a]b"]'],
    [{ instructions: 'a[' }, '[instructions="a["]'],
    [{ instructions: 'a=b' }, '[instructions="a=b"]'],
    [{ instructions: '{a' }, '[instructions="{a"]'],
    [{ instructions: 'a}' }, '[instructions="a}"]'],
    [{ instructions: 'a"b' }, '[instructions="a\\"b"]'],
    [{ instructions: 'x'.repeat(40) }, `[instructions=${'x'.repeat(40)}]`],
    [{ extra_body: { b: 1, a: 'x' } }, '[extra_body={"a":"x","b":1}]'],
  ])('%j is told as %s', (treatment, told) => {
    expect(treatmentText(treatment)).toBe(told)
  })

  test('a text of more than forty characters, or a long body, is told by its digest, each by its own', () => {
    const texts = ['x'.repeat(41), 'y'.repeat(41)].map(instructions => treatmentText({ instructions }))
    for (const text of texts) expect(text).toMatch(/^\[instructions=#[0-9a-f]{8}\]$/)
    expect(new Set(texts).size).toBe(2)
    expect(treatmentText({ extra_body: { a: 'x'.repeat(40) } })).toMatch(/^\[extra_body=#[0-9a-f]{8}\]$/)
  })

  test.each([
    ['a', ['a']],
    ['a,b , c', ['a', 'b', 'c']],
    ['a[b,c],d', ['a[b,c]', 'd']],
    ['a{b,c},d', ['a{b,c}', 'd']],
    ['a[{b,c},d],e', ['a[{b,c},d]', 'e']],
    ['a],b', ['a]', 'b']],
    ['a",b",c', ['a",b"', 'c']],
    ['a"\\",b",c', ['a"\\",b"', 'c']],
    ['a[x,b', ['a[x,b']],
    ['', ['']],
    [',', ['', '']],
  ])('the list %s is %j', (list, parts) => {
    expect(splitPlayers(list)).toEqual(parts)
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

  test('what it says goes before what its run says, field by field', () => {
    const options = {
      sampling: { temperature: 0.2, top_p: 0.5 },
      extraBody: { a: 1, b: 2 },
      history: 3,
      api: 'responses',
      adaptations: ['streaming'],
      personas: {
        all: { name: 'p', text: 'Be kind.', digest: 'd' },
        seats: { trader_0: { name: 'q', text: 'Be quick.', digest: 'e' } },
      },
    } as const
    const of = (treatment: object) => new Models(options).player({ player: 'openai:m@http://h/v1', ...treatment })
    expect(of({}).name).toBe(
      'openai:m@http://h/v1[persona=p,history=last:3,temperature=0.2,top_p=0.5,api=responses,extra_body={"a":1,"b":2}]',
    )
    expect(of({}).details).toEqual({
      model: 'm',
      base_url: 'http://h/v1',
      protocol: 'responses',
      sampling: { temperature: 0.2, top_p: 0.5 },
      extra_body: { a: 1, b: 2 },
      adaptations: ['streaming'],
      history: 'last:3',
      no_tool_call: 'economy',
      personas: { '*': { name: 'p', digest: 'd' }, trader_0: { name: 'q', digest: 'e' } },
    })
    const own = of({ temperature: 0, extra_body: { b: 3 }, history: 'none', api: 'chat', persona: 'naive', no_tool_call: 'stop' })
    expect(own.details).toEqual({
      model: 'm',
      base_url: 'http://h/v1',
      protocol: 'chat',
      sampling: { temperature: 0, top_p: 0.5 },
      extra_body: { a: 1, b: 3 },
      adaptations: ['streaming'],
      history: 'none',
      no_tool_call: 'stop',
      personas: { '*': { name: 'naive', digest: expect.any(String) } },
    })
    expect(of({ persona: null }).details.personas).toEqual({})
    expect(of({ instructions: 'Hm.' }).details.instructions).toBe('Hm.')
    expect(new Models().player('openai:m').details).not.toHaveProperty('adaptations')
    expect(new Models().player('openai:m[label=x]')).toMatchObject({ label: 'x', kind: 'model' })
    expect(new Models().player('openai:m')).not.toHaveProperty('label')
    // What is as usual there is not told.
    const names = ['openai:m[api=responses]', 'openai:m[api=chat]', 'openai:m@http://h[api=chat]', 'anthropic:m[api=chat]']
    expect(names.map(name => new Models().player(name).name)).toEqual([
      'openai:m',
      'openai:m[api=chat]',
      'openai:m@http://h',
      'anthropic:m',
    ])
    expect(new Models().player('anthropic:m').details.protocol).toBe('messages')
  })

  test('a persona is looked for in the folder of its run, where it is a file', () => {
    const cwd = mkdtempSync(join(tmpdir(), 'agoragym-'))
    onTestFinished(() => rmSync(cwd, { recursive: true, force: true }))
    writeFileSync(join(cwd, 'mine.md'), 'Be odd.')
    const { name, details } = new Models({ cwd }).player('openai:m[persona=./mine.md]')
    expect(name).toMatch(/^openai:m\[persona="?mine\.md#[0-9a-f]{8}"?\]$/)
    expect(details.personas).toEqual({ '*': { name: expect.stringMatching(/^mine\.md#/), digest: expect.any(String) } })
    expect(() => new Models({ cwd }).player('openai:m[persona=other.md]')).toThrow(join(cwd, 'other.md'))
    expect(new Models({ cwd }).player('openai:m[persona=naive]').name).toBe('openai:m[persona=naive]')
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
