/** Recorded pages of oTree 6.0.15 as text, fields and tools; what no tool can answer; what is sent for a call. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { renderPage } from '../../../connect/otree/env.ts'
import { parsePage } from '../../../connect/otree/page.ts'
import { checkSchemas, messageOf, shownMessage } from '../../../connect/otree/schema.ts'
import { formBody, toolsOf } from '../../../connect/otree/tools.ts'
import { admit, candidates, toolSchema } from '../../../envs/core/tool.ts'

const recorded = (name: string): string => readFileSync(join(import.meta.dirname, `../../fixtures/otree/${name}.html`), 'utf8')
const page = (name: string) => parsePage(recorded(name), '/p/abcd1234/app/Page/1')
/** A page of oTree around this content of its form. */
const around = (content: string, form = '') =>
  parsePage(
    `<h2 id="_otree-title">T</h2><form id="form" method="post" ${form}><div class="otree-content">${content}</div></form>`,
    '/p/x/a/P/1',
  )
const button = '<button class="otree-btn-next">Next</button>'
const answerable = { submits: true, live: null, chats: [] }

describe('a page as text', () => {
  test('tables, lists and images are read, scripts and styles are not', () => {
    const { title, text, refusal } = page('introduction')
    expect(title).toBe('The dilemma')
    expect(text).toBe(
      [
        'You and another participant decide at once: cooperate or defect.',
        '',
        'You         The other   You get',
        'cooperate   cooperate   200 points',
        'cooperate   defect      0 points',
        'defect      cooperate   300 points',
        'defect      defect      100 points',
        '',
        '[image: two people at a table]',
        ' * You decide once.',
        ' * Nobody talks.',
      ].join('\n'),
    )
    expect(refusal).toBeUndefined()
  })

  test('fields stand in it by their names, choices by what is sent for them', () => {
    expect(page('refused').text).toContain('What do you do?\n[choice=cooperate] I cooperate\n[choice=defect] I defect\n')
    expect(page('timed').text).toBe('How much do you give?\n[amount] points')
  })

  test('what is hidden is not shown', () => {
    expect(around(`<p>a</p><p style="display: none">b</p><p hidden>c</p><template>d</template>${button}`).text).toBe('a')
  })

  test('what the server found wrong is told, and stands in no text', () => {
    const { errors, text } = page('refused')
    expect(errors).toEqual(['How sure and how unsure you are must not add up to more than 100.'])
    expect(text).not.toContain('add up')
  })

  test('a wait page, a time limit, a live page and its chat bring their sockets', () => {
    const wait = page('wait')
    expect([wait.kind, wait.text]).toEqual(['wait', 'Waiting for the other participant.'])
    expect(wait.wait_socket).toBe('/wait_page?session_pk=1&page_index=3&participant_id=1&group_id=1')
    expect(page('timed').timeout).toBe(5)
    expect(page('introduction').timeout).toBeNull()
    const live = page('live')
    expect(live.live_socket).toMatch(/^\/live\?participant_code=abcd1234&page_name=Bid/)
    expect(live.chats.map(({ channel, nickname }) => [channel, nickname])).toEqual([['3-auction-1', 'Participant 1']])
    expect(parsePage('<p>No more pages left</p>', '/OutOfRangeNotification/abcd1234').kind).toBe('over')
    expect(parsePage('<meta http-equiv="refresh" content="2"><form id="form"></form>', '/p/x/a/P/1').refresh).toBe(2)
  })

  test('what is left of its time is told to the second', () => {
    const seen = {
      page: 'a/P',
      index: 1,
      title: 'T',
      text: '',
      fields: [],
      chat: [],
      heard: ['x'],
      notices: ['n'],
      ...answerable,
    }
    expect(renderPage({ ...seen, time_left_s: 12 })).toBe(
      'n\n\n# T\n\n## Messages of the page\nx\n\nTime left for this page: 12 seconds.',
    )
  })
})

describe('a form as a tool', () => {
  test('labels, bounds, choices and what is required are in the schema', () => {
    const { fields } = page('refused')
    const { parameters } = toolSchema(
      'submit',
      toolsOf({ fields: fields.map(({ value: _, ...field }) => field), ...answerable }).submit!,
    )
    expect(parameters).toMatchObject({
      required: ['choice', 'sure', 'unsure'],
      properties: {
        choice: {
          enum: ['cooperate', 'defect'],
          description: 'What do you do? – "cooperate" = I cooperate; "defect" = I defect',
        },
        sure: { type: 'integer', minimum: 0, maximum: 100, description: 'How sure are you (0 to 100)?' },
        note: { type: 'string', description: expect.stringContaining('Anything to add?') },
      },
    })
  })

  const cases: readonly (readonly [what: string, html: string, good: object, body: string, bad: object])[] = [
    [
      'yes and no',
      '<input type=radio name=a value=True><input type=radio name=a value=False>',
      { a: false },
      'a=False',
      { a: 'no' },
    ],
    [
      'numbered options',
      '<select name=a required><option value="">–<option value=1>one<option value=2>two</select>',
      { a: 2 },
      'a=2',
      { a: 3 },
    ],
    [
      'several of a list',
      '<input type=checkbox name=a value=x><input type=checkbox name=a value=y>',
      { a: ['x', 'y'] },
      'a=x&a=y',
      { a: 'x' },
    ],
    ['a box that is ticked', '<input type=checkbox name=a value=y>', { a: true }, 'a=y', { a: 'y' }],
    ['a box that is not', '<input type=checkbox name=a value=y>', { a: false }, '', { a: 0 }],
    ['a decimal number', '<input type=text inputmode=decimal name=a min=0 max=1 required>', { a: 0.25 }, 'a=0.25', { a: 1.5 }],
    ['a number in steps of a tenth', '<input type=number step=0.1 name=a required>', { a: 0.1 }, 'a=0.1', { a: '0.1' }],
    ['a whole number', '<input type=number name=a min=1 required>', { a: 7 }, 'a=7', { a: 7.5 }],
    ['a text', '<textarea name=a maxlength=5 required></textarea>', { a: 'a&b' }, 'a=a%26b', { a: 'longer' }],
    ['a text that need not be', '<input type=text name=a>', {}, 'a=', { a: 1 }],
    ['buttons that answer', '<button name=a value=L>Left</button><button name=a value=R>Right</button>', { a: 'R' }, 'a=R', {}],
  ]
  test.each(cases)(
    '%s: what fits is sent as a browser would, what does not is refused before',
    (_what, html, good, body, bad) => {
      const { fields, refusal } = around(html + button)
      expect(refusal).toBeUndefined()
      const tools = toolsOf({ fields, ...answerable })
      const checked = admit(tools, ['submit'], { tool: 'submit', args: good })
      expect(checked.ok).toBe(true)
      if (checked.ok) expect(formBody(fields, checked.action.args as Record<string, unknown>).toString()).toBe(body)
      expect(admit(tools, ['submit'], { tool: 'submit', args: bad }).ok).toBe(false)
      const possible = candidates(tools.submit!, {})
      expect(possible.length).toBeGreaterThan(0)
      for (const args of possible) expect(admit(tools, ['submit'], { tool: 'submit', args }).ok, JSON.stringify(args)).toBe(true)
    },
  )

  test('equal pages have the same tools, and candidates reach every value of every field', () => {
    const { fields } = page('refused')
    expect(toolsOf({ fields, ...answerable })).toBe(toolsOf({ fields: structuredClone(fields), ...answerable }))
    const possible = candidates(toolsOf({ fields, ...answerable }).submit!, {}) as {
      choice: string
      sure: number
      unsure: number
    }[]
    expect(new Set(possible.map(({ choice }) => choice)).size).toBe(2)
    expect(new Set(possible.map(({ sure }) => sure)).size).toBe(11)
    expect(new Set(possible.map(({ unsure }) => unsure)).size).toBe(11)
    expect(new Set(possible.map(args => JSON.stringify(args))).size).toBe(possible.length)
  })
})

describe('what no client without a browser can answer is refused, with the element named', () => {
  const cases: readonly (readonly [what: string, refusal: RegExp, got: ReturnType<typeof around>])[] = [
    [
      'a field that a script fills',
      /^input#drawing\[type=hidden\]\[name=drawing\]: a field that only a script fills/,
      page('canvas'),
    ],
    ['a file', /^input\[type=file\]\[name=cv\]/, around(`<input type=file name=cv>${button}`)],
    [
      'a select without options',
      /^select#s\[name=s\]: only a script gives it options/,
      around(`<select id=s name=s required></select>${button}`),
    ],
    ['trials', /^form#form.*\(trials\)/, around(button, 'action="javascript:void(0);"')],
    ['a game on a canvas', /^canvas#board: .*only a script goes on/, around('<canvas id=board></canvas><script>go()</script>')],
    ['a button that only a script hears', /^button#go\[type=button\]/, around('<button type=button id=go>Go</button>')],
  ]
  test.each(cases)('%s', (_what, refusal, got) => expect(got.refusal).toMatch(refusal))

  test('a field that a schema file describes is no reason', () => {
    const declared = { drawing: { kind: 'text' as const, label: 'a drawing', required: true } }
    const { refusal, fields } = parsePage(recorded('canvas'), '/p/x/odd/Draw/1', declared)
    expect(refusal).toBeUndefined()
    expect(fields.map(({ name, kind }) => [name, kind])).toEqual([
      ['plan', 'choice'],
      ['drawing', 'text'],
    ])
  })

  test('hidden fields with a value, controls of other forms and of the browser are none of a player’s', () => {
    const got = around(
      `<input type=hidden name=k value=v><input name=off disabled>${button}<button name=back_button value=1>Back</button>`,
    )
    expect([got.fields, got.fixed, got.refusal]).toEqual([[], { k: 'v' }, undefined])
  })
})

describe('a schema file of live pages', () => {
  const schemas = checkSchemas(
    {
      'auction/Bid': {
        send: {
          bid: {
            description: 'Bids.',
            args: { amount: { type: 'integer', minimum: 1, description: 'points' } },
            message: { kind: 'bid', of: ['$amount'] },
          },
        },
        show: [
          { when: { type: 'bid' }, text: 'Bidder {who.number} bids {bid}.' },
          { when: { type: 'noise' }, text: '' },
          { when: { type: 'done' }, text: 'Over.', submits: true },
        ],
      },
    },
    'bids.json',
  )
  const schema = schemas['auction/Bid']!

  test('makes tools, and messages of their arguments', () => {
    const tools = toolsOf({ fields: [], submits: false, live: schema.send!, chats: ['c'] })
    expect(Object.keys(tools)).toEqual(['bid', 'chat'])
    expect(admit(tools, ['bid'], { tool: 'bid', args: { amount: 0 } }).ok).toBe(false)
    expect(messageOf(schema.send!.bid!, { amount: 7 })).toEqual({ kind: 'bid', of: [7] })
  })

  test('says how messages read; what it does not know is shown as it came', () => {
    expect(shownMessage(schema, { type: 'bid', bid: 9, who: { number: 2 } }).text).toBe('Bidder 2 bids 9.')
    expect(shownMessage(schema, { type: 'noise' }).text).toBeUndefined()
    expect(shownMessage(schema, { type: 'done' })).toEqual({ text: 'Over.', submits: true })
    expect(shownMessage(schema, { type: 'else' }).text).toBe('{"type":"else"}')
    expect(shownMessage(undefined, [1]).text).toBe('[1]')
  })

  test.each([
    [{ 'auction/Bid': { send: { Bid: { description: 'x' } } } }, /bids\.json: .*snake_case/],
    [{ auction: {} }, /app\/Page/],
    [
      { 'a/B': { send: { bid: { description: 'x', message: { bid: '$amount' } } } } },
      /the message speaks of \$amount; arguments: none/,
    ],
  ])('one that is wrong is refused with what is wrong in it', (value, why) => {
    expect(() => checkSchemas(value, 'bids.json')).toThrow(why)
  })
})
