/** What a player is told: the rules by what a configuration has, the text of a shift, what each call is answered, and what may be called. */
import { describe, expect, test } from 'vitest'
import { WITHOUT } from '../../../envs/mars_colony/config.ts'
import { marsColony } from '../../../envs/mars_colony/index.ts'
import type { MarsObservation } from '../../../envs/mars_colony/observe.ts'
import type { MarsState } from '../../../envs/mars_colony/state.ts'
import { pairIndex } from '../../../envs/mars_colony/substrate.ts'
import type { Call } from '../../../index.ts'

const ME = 'colonist_0'
const open = (config: object = {}, edit: (state: MarsState) => void = () => {}): MarsState => {
  const state: MarsState = marsColony.reset(marsColony.config.parse(config), 1, [ME])
  edit(state)
  return state
}
const seen = (state: MarsState): MarsObservation => marsColony.observe(state, ME, marsColony.shared(state))

describe('the rules', () => {
  const rules = (config: object = {}) => marsColony.rules(marsColony.config.parse(config), ME)
  const governance = { pay: true, trust: true, memory: true, suspension: true }
  // What is said with an option, and what is not said without it.
  test.each<[what: string, words: RegExp, has: object, lacks: object]>([
    ['storms', /In a storm \(6 of the 25 shifts/, {}, { storms: 0 }],
    ['illness', /Illness makes pay 0\.35 times/, {}, { illness: 0 }],
    ['fields', /There are 3 fields, 0 to 2/, {}, { fields: 1 }],
    ['payment', /pays its author 0\.5 credits/, {}, { advance: 0 }],
    ['mutual promises', /times 0 where two promise each other/, {}, { mutual_harvest: 1 }],
    ['pay by reputation', /× \(0\.5 \+ reputation \/ 100\)/, {}, { governance: { ...governance, pay: false } }],
    ['trust', /Residents trust nobody under a reputation of 40/, {}, { governance: { ...governance, trust: false } }],
    ['memory', /never again trust who broke/, {}, { governance: { ...governance, memory: false } }],
    ['suspension', /you are suspended until 20/, {}, { governance: { ...governance, suspension: false } }],
    [
      'survival while suspended',
      /, or suspended, counts against survival/,
      {},
      { governance: { ...governance, suspension: false } },
    ],
    ['silence', /without one you walk about/, {}, { unchosen: 'working' }],
    ['silence that works', /without one you keep working/, { unchosen: 'working' }, {}],
    ['sites alike', /of 1,170 ticks of labour each/, { site_labour: WITHOUT.site_labour }, {}],
    ['sites of many sizes', /of 1,200 to 2,400 ticks of labour;/, {}, { site_labour: WITHOUT.site_labour }],
    ['sites of the publication', /of 1,170 ticks of labour each/, { mode: 'two-layer' }, {}],
    [
      'who fits',
      /a scientist with a medic, a builder with an engineer and an engineer with a miner fit best/,
      {},
      { mode: 'two-layer' },
    ],
    ['first credits', /the credits added to your first 2, per shift/, {}, { start_credits: 0 }],
    ['par', /per shift \/ 1\.4, at most 1\.2/, {}, { par: 1 }],
    ['the floor of quality', /of at least 10\./, {}, { quality_floor: 1 }],
    ['pay before the field', /earns 1\.00 before the field/, {}, { fields: 1 }],
    ['a weight', /3 × survival/, { weights: { survival: 3 } }, {}],
    ['a weight of one', /score is payoff \+/, {}, { weights: { payoff: 0 } }],
    ['advice', /is recorded as advice/, { mode: 'two-layer' }, {}],
  ])('say of %s what there is, and nothing where there is none', (_what, words, has, lacks) => {
    expect(rules(has)).toMatch(words)
    expect(rules(lacks)).not.toMatch(words)
  })

  test('name the player and the four parts of its score, and 0 where none counts', () => {
    expect(rules()).toContain('You are colonist_0 (Amara)')
    expect(rules()).toContain('payoff + 0.3 × reputation / 100 + 0.2 × survival + 0.1 × interaction quality')
    expect(rules({ weights: { payoff: 0, reputation: 0, survival: 0, quality: 0 } })).toContain('Your score is 0,')
  })

  test('have no empty paragraph and no sentence that begins small, whatever there is', () => {
    for (const config of [
      {},
      WITHOUT,
      { governance: { ...governance, trust: false } },
      { governance: { ...governance, trust: false, memory: false } },
    ])
      for (const paragraph of rules(config).split('\n\n')) {
        expect(paragraph).toMatch(/^[A-Z]/)
        expect(paragraph).not.toMatch(/; ?\.|\. ;|undefined|NaN/)
      }
  })
})

describe('the text of a shift', () => {
  const text = (state: MarsState): string => marsColony.render(seen(state))
  const fortune = (fields: object) => (state: MarsState) => Object.assign(state.society!.fortunes[0]!, fields)

  test.each<[what: string, words: string, has: (state: MarsState) => void, lacks: (state: MarsState) => void]>([
    ['illness', 'You are ILL.', fortune({ ill: true }), () => {}],
    ['suspension', 'You are SUSPENDED', ({ members }) => (members[0]!.suspended = true), () => {}],
    ['collapse', 'You have COLLAPSED', ({ members }) => (members[0]!.collapsed = true), () => {}],
    ['a poor field', 'Field 2, where you worked last shift, was poor.', fortune({ last_field: 2 }), () => {}],
    ['field 0', 'Field 0, where you worked last shift, was rich.', fortune({ last_field: 0, last_rich: true }), () => {}],
    ['others’ illness', ', ill, pledges kept', ({ society }) => (society!.fortunes[3]!.ill = true), () => {}],
    ['others’ suspension', ', suspended, pledges kept', ({ members }) => (members[3]!.suspended = true), () => {}],
    ['a completed site', '- site 1: completed', ({ colony }) => (colony.done_at[1] = 3), () => {}],
    [
      'a storm',
      'A STORM blows',
      ({ society }) => ((society!.storms as boolean[])[0] = true),
      ({ society }) => ((society!.storms as boolean[])[0] = false),
    ],
    [
      'clear weather',
      'The weather is clear',
      ({ society }) => ((society!.storms as boolean[])[0] = false),
      ({ society }) => ((society!.storms as boolean[])[0] = true),
    ],
    [
      'a request',
      '- ask 4 from colonist_2 (Chidi)',
      ({ asks }) => asks.push({ ask_id: 4, from: 2, to: 0 }),
      ({ asks }) => asks.push({ ask_id: 4, from: 2, to: 1 }),
    ],
    [
      'a message',
      '- colonist_2 (Chidi), cold: "no"',
      ({ mail }) => mail.push({ from: 2, to: 0, tone: 'cold', text: 'no' }),
      ({ mail }) => mail.push({ from: 2, to: 1, tone: 'cold', text: 'no' }),
    ],
    [
      'a settled pledge',
      '- colonist_2 (Chidi) to colonist_1 (Bruno): kept, built 60 ticks',
      ({ settled }) => settled.push({ from: 2, to: 1, outcome: 'kept', built: 60 }),
      () => {},
    ],
  ])('tells of %s, and only then', (_what, words, has, lacks) => {
    expect(text(open({}, has))).toContain(words)
    expect(text(open({}, lacks))).not.toContain(words)
  })

  test('says of each colonist what there is between the two, and of oneself nothing', () => {
    const state = open({ initial_needs: 50, need_spread: 0 }, ({ colony, bondBefore }) => {
      colony.bond[pairIndex(0, 1)] = 123_000
      bondBefore[pairIndex(0, 1)] = 100_000
      colony.bond[pairIndex(0, 2)] = -5_000
      colony.act[1] = 3
      colony.target[1] = 2
    })
    const lines = text(state).split('\n')
    expect(lines.find(line => line.startsWith('- colonist_1'))).toContain(
      'bond 12.3 (+2.3); reputation 50.0, pledges kept 0, broken 0; building (site 2)',
    )
    expect(lines.find(line => line.startsWith('- colonist_2'))).toContain('bond -0.5 (-0.5)')
    expect(lines.find(line => line.startsWith('- colonist_3'))).toContain('bond 0.0 (+0.0)')
    expect(lines.find(line => line.startsWith('- colonist_0'))).toContain(': you; reputation')
    expect(text(state)).toContain('energy 50.0, social 50.0, purpose 50.0 (of 100); productivity 0.75')
    expect(text(state)).not.toContain('\n\n\n')
  })

  test('lists nothing as none, and has no line for what the mode does not have', () => {
    const plain = text(open())
    for (const heading of [
      'Requests for help you can answer',
      'Messages of the last shift',
      'Pledges of the last shift',
      'Pledges declined in the last shift',
    ])
      expect(plain).toContain(`## ${heading}\n- none`)
    const twoLayer = text(open({ mode: 'two-layer' }))
    expect(twoLayer).toContain('The colony runs by itself')
    expect(plain).not.toContain('The colony runs by itself')
    expect(twoLayer).not.toMatch(/weather|STORM|declined|Field|undefined|\n\n\n/)
  })

  test('is made of sections with a blank line between them', () => {
    for (const config of [{}, { mode: 'two-layer' }]) {
      const sections = text(open(config)).split('\n\n')
      expect(sections.filter(section => !/^(#|Dialogue:)/.test(section))).toEqual([])
      expect(sections.every(section => section.split('\n').filter(line => /^#/.test(line)).length <= 1)).toBe(true)
    }
  })

  test('counts shifts from one and days by ten thousand ticks a month, and says when it is over', () => {
    const at = (step: number, tick: number) =>
      text(open({}, state => Object.assign(state, { step }, { colony: { ...state.colony, tick } }))).split('\n')[0]
    expect(at(0, 0)).toBe('# Shift 1 of 25 (day 1, tick 0)')
    expect(at(24, 334)).toBe('# Shift 25 of 25 (day 2, tick 334)')
    expect(at(25, 333)).toBe('# The session is over after 25 shifts (day 1, tick 333)')
  })
})

describe('an observation', () => {
  test('says what everybody was doing, where, and what the sites and dialogue came to', () => {
    const { shared } = seen(
      open({}, ({ colony, ledger, society }) => {
        colony.act.splice(0, 5, 0, 1, 2, 3, 4)
        colony.target[3] = 1
        colony.progress = [5, 6, 7]
        colony.done_at = [-1, 9, 0]
        ;(society!.labour as number[])[0] = 1500
        Object.assign(ledger, { calls: 2, spent_micro_usd: 140 })
      }),
    )
    expect(shared.colonists.slice(0, 5).map(({ action, location }) => [action, location])).toEqual([
      ['working', 'workplace'],
      ['socializing', 'common room'],
      ['resting', 'quarters'],
      ['building', 'site 1'],
      ['walking', 'surface'],
    ])
    expect(shared.sites.map(({ progress, completed }) => [progress, completed])).toEqual([
      [5, false],
      [6, true],
      [7, true],
    ])
    expect(shared.sites[0]!.labour).toBe(1500)
    expect(shared.siteBonus).toBeCloseTo(1.2, 12)
    expect(shared.dialogue).toEqual({ used: 2, limit: 100, spent_micro_usd: 140, ceilingMicroUsd: 7000 })
    expect(seen(open({ mode: 'two-layer' })).shared.sites.map(({ labour }) => labour)).toEqual([1170, 1170, 1170])
  })

  test('has one’s own needs and productivity, and bonds with the nine others', () => {
    const observation = seen(
      open({}, ({ colony }) => {
        colony.need.splice(0, 3, 30_000, 40_000, 100_000)
        colony.bond[pairIndex(0, 9)] = 20_000
      }),
    )
    expect(observation).toMatchObject({ needs: { energy: 30, social: 40, purpose: 100 }, productivity: 0.25, name: 'Amara' })
    expect(observation.bonds.map(({ agent }) => agent)).toEqual(Array.from({ length: 9 }, (_, i) => `colonist_${i + 1}`))
    expect(observation.bonds[8]).toEqual({ agent: 'colonist_9', bond: 2, change: 2 })
  })

  test('has nothing of the agentic mode in a two-layer session', () => {
    const observation = seen(open({ mode: 'two-layer' }))
    for (const name of ['ill', 'lastField', 'lastRich']) expect(observation).not.toHaveProperty(name)
    for (const name of ['storm', 'fields', 'declined']) expect(observation.shared).not.toHaveProperty(name)
    expect(observation.shared.colonists[0]).not.toHaveProperty('ill')
  })
})

describe('calls', () => {
  const said = (state: MarsState, ...calls: Call[]) =>
    marsColony.step(state, { [ME]: { calls } }).results[ME]!.map(({ text }) => text)
  const choose = (action: string, target: object = {}): Call => ({ tool: 'choose_action', args: { action, ...target } })
  const to = { to: 'colonist_2' }
  const asked = ({ asks }: MarsState) => {
    asks.push({ ask_id: 4, from: 2, to: 0 })
  }

  test.each<[Call, string]>([
    [choose('resting'), 'You will be resting this shift.'],
    [choose('walking'), 'You will be walking this shift.'],
    [choose('working'), 'You will be working this shift.'],
    [choose('working', { field: 0 }), 'You will be working this shift in field 0.'],
    [choose('socializing'), 'You will be socializing this shift with somebody.'],
    [choose('socializing', { partner: 'colonist_3' }), 'You will be socializing this shift with colonist_3.'],
    [choose('building'), 'You will be building this shift at an unfinished site.'],
    [choose('building', { site: 0 }), 'You will be building this shift at site 0.'],
    [{ tool: 'talk', args: { ...to, tone: 'cold', message: '' } }, 'You talk to colonist_2, cold.'],
    [
      { tool: 'talk', args: { ...to, tone: 'warm', message: '', question: true } },
      'You talk to colonist_2, warm, and ask about the next field.',
    ],
    [{ tool: 'ask', args: to }, 'You ask colonist_2 for help; the answer comes in the next shift.'],
    [{ tool: 'pledge', args: to }, 'You pledge to colonist_2 to build at least 50 ticks this shift.'],
    [
      { tool: 'answer', args: { ask_id: 4, accept: true } },
      'You accept request 4: you pledge to build at least 50 ticks this shift.',
    ],
    [{ tool: 'answer', args: { ask_id: 4, accept: false } }, 'You decline request 4.'],
  ])('%j is answered by what will be done', (call, answer) => expect(said(open({}, asked), call)).toEqual([answer]))

  test('that are refused are told what would do', () => {
    const refused = (edit: (state: MarsState) => void, call: Call) =>
      marsColony.step(open({}, edit), { [ME]: { calls: [call] } }).refused
    expect(refused(({ colony }) => (colony.done_at[1] = 0), choose('building', { site: 1 }))).toMatchObject([
      { message: expect.stringContaining('Unfinished: 0, 2.') },
    ])
    expect(refused(asked, { tool: 'answer', args: { ask_id: 3, accept: true } })).toMatchObject([
      { message: expect.stringContaining('Yours: 4.') },
    ])
    expect(refused(() => {}, { tool: 'answer', args: { ask_id: 3, accept: true } })).toMatchObject([
      { message: 'No request for help is addressed to you.' },
    ])
  })

  test('of a suspended player can only be to rest, and to decline', () => {
    const suspended = open({}, state => {
      asked(state)
      state.members[0]!.suspended = true
    })
    expect(marsColony.offered(suspended, ME)).toEqual(['choose_action', 'talk', 'answer'])
    const step = marsColony.step(suspended, {
      [ME]: { calls: [{ tool: 'answer', args: { ask_id: 4, accept: false } }, choose('resting')] },
    })
    expect(step.refused).toEqual([])
  })

  test('are all recorded as advice in a two-layer session', () => {
    const state = open({ mode: 'two-layer' }, ({ colony }) => (colony.done_at = [0, 0, 0]))
    expect(marsColony.offered(state, ME)).toEqual(['choose_action', 'talk', 'ask', 'answer', 'pledge'])
  })
})

test('a tool says what its call costs and what silence is, where that is so', () => {
  const description = (config: object, tool: string) => marsColony.tools(marsColony.config.parse(config))[tool]!.description
  expect(description({}, 'ask')).toContain('You pay its advance.')
  expect(description({ advance: 0 }, 'ask')).not.toContain('advance')
  expect(description({}, 'pledge')).toContain('pays you 0.5 credits at once')
  expect(description({ advance: 0 }, 'pledge')).not.toContain('credits')
  expect(description({}, 'pledge')).toContain('broken: reputation -10, bond -4')
  expect(description({}, 'talk')).toContain('With question')
  expect(description({ fields: 1 }, 'talk')).not.toContain('question')
  expect(description({}, 'choose_action')).toContain('without it you walk about')
  for (const config of [{ unchosen: 'working' }, { mode: 'two-layer' }])
    expect(description(config, 'choose_action')).toContain('without it you keep working')
  expect(description({ mode: 'two-layer' }, 'pledge')).toContain('broken: reputation -6')
})

describe('what may be called', () => {
  const candidates = (state: MarsState, tool: string) => {
    const declared = marsColony.tools(state.config)[tool] as unknown as { candidates(observation: MarsObservation): object[] }
    return declared.candidates(seen(state))
  }
  const others = Array.from({ length: 9 }, (_, i) => `colonist_${i + 1}`)

  test('of actions: all, working in each field, and building while a site is unfinished', () => {
    const fields = [0, 1, 2].map(field => ({ action: 'working', field }))
    const rest = ['socializing', 'resting', 'building', 'walking'].map(action => ({ action }))
    expect(candidates(open(), 'choose_action')).toEqual([{ action: 'working' }, ...fields, ...rest])
    expect(candidates(open({ fields: 1 }), 'choose_action')).toEqual([{ action: 'working' }, ...rest])
    expect(
      candidates(
        open({}, ({ colony }) => (colony.done_at = [1, 1, 1])),
        'choose_action',
      ),
    ).not.toContainEqual({ action: 'building' })
    expect(
      candidates(
        open({}, ({ members }) => (members[0]!.suspended = true)),
        'choose_action',
      ),
    ).toEqual([{ action: 'resting' }])
  })

  test('to others: each of the nine, in every tone, and as a question where there are fields', () => {
    for (const tool of ['ask', 'pledge']) expect(candidates(open(), tool)).toEqual(others.map(to => ({ to })))
    const talks = candidates(open(), 'talk') as { to: string; tone: string; question?: boolean }[]
    for (const to of others) {
      expect(talks.filter(talk => talk.to === to && talk.question === undefined).map(({ tone }) => tone)).toEqual([
        'warm',
        'neutral',
        'cold',
      ])
      expect(talks.filter(talk => talk.to === to && talk.question === true)).toHaveLength(1)
    }
    expect(talks).toHaveLength(36)
    expect(candidates(open({ fields: 1 }), 'talk')).toHaveLength(27)
  })

  test('of answers: yes and no to each request to oneself', () => {
    const state = open({}, ({ asks }) => asks.push({ ask_id: 4, from: 2, to: 0 }, { ask_id: 5, from: 2, to: 3 }))
    expect(candidates(state, 'answer')).toEqual([
      { ask_id: 4, accept: true },
      { ask_id: 4, accept: false },
    ])
  })
})

describe('arguments', () => {
  const wellFormed = (tool: string, args: object) =>
    (
      marsColony.tools(marsColony.config.parse({}))[tool] as unknown as {
        args: { safeParse(given: object): { success: boolean } }
      }
    ).args.safeParse(args).success
  const talk = (message: string, tone = 'warm', to = 'colonist_1') => ({ to, message, tone })
  test.each<[tool: string, right: readonly object[], wrong: readonly object[]]>([
    [
      'choose_action',
      [
        { action: 'working', field: 0 },
        { action: 'working', field: 2 },
        { action: 'building', site: 2 },
        { action: 'socializing', partner: 'colonist_9' },
      ],
      [
        { action: 'flying' },
        { action: 'working', field: -1 },
        { action: 'working', field: 3 },
        { action: 'building', site: -1 },
        { action: 'building', site: 3 },
        { action: 'socializing', partner: 'colonist_10' },
        {},
      ],
    ],
    [
      'talk',
      [talk('x'.repeat(280)), talk(''), { ...talk('x'), question: true }],
      [talk('x'.repeat(281)), talk('x', 'loud'), talk('x', 'warm', 'nobody'), { ...talk('x'), question: 'yes' }],
    ],
    ['ask', [{ to: 'colonist_0' }], [{ to: 'nobody' }, {}]],
    ['pledge', [{ to: 'colonist_0' }], [{ to: 'nobody' }, {}]],
    [
      'answer',
      [
        { ask_id: 0, accept: true },
        { ask_id: 1_000_000_000, accept: false },
      ],
      [{ ask_id: -1, accept: true }, { ask_id: 1_000_000_001, accept: true }, { ask_id: 0.5, accept: true }, { ask_id: 0 }],
    ],
  ])('of %s', (tool, right, wrong) => {
    for (const args of right) expect(wellFormed(tool, args), JSON.stringify(args)).toBe(true)
    for (const args of wrong) expect(wellFormed(tool, args), JSON.stringify(args)).toBe(false)
  })
})
