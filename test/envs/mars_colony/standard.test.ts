/** What the standard colony has besides: fields and tips, weather, illness, promises that are paid for, institutions. */
import { describe, expect, test } from 'vitest'
import { type MarsConfig, type ResidentType, WITHOUT } from '../../../envs/mars_colony/config.ts'
import { marsColony } from '../../../envs/mars_colony/index.ts'
import type { MarsTypes } from '../../../envs/mars_colony/observe.ts'
import { SOCIETY } from '../../../envs/mars_colony/parameters.ts'
import type { MarsEvent, MarsState } from '../../../envs/mars_colony/state.ts'
import { pairIndex } from '../../../envs/mars_colony/substrate.ts'
import { falseField, richField } from '../../../envs/mars_colony/world.ts'
import { type Call, Episode, type Step, toolSchema } from '../../../index.ts'

const ME = 'colonist_0'
/** Everybody of one type, no weather, no illness, everybody fit: what remains is the rule under test. */
const CALM = { storms: 0, illness: 0, need_spread: 0, initial_needs: 100 }
const everybody = (type: string) => Array(10).fill(type) as ResidentType[]

function open(config: object = {}, type = 'honest', seed = 1, played: readonly string[] = [ME]): MarsState {
  return marsColony.reset(marsColony.config.parse({ ...CALM, residents: everybody(type), ...config }), seed, played)
}
function act(state: MarsState, ...calls: Call[]): Step<MarsTypes> {
  return marsColony.step(
    state,
    Object.fromEntries(marsColony.actors(state).map(agent => [agent, { calls: agent === ME ? calls : [] }])),
  )
}
const choose = (action: string, target: object = {}): Call => ({ tool: 'choose_action', args: { action, ...target } })
const pledge = (to = 'colonist_1'): Call => ({ tool: 'pledge', args: { to } })
const question = (to = 'colonist_1', tone = 'neutral'): Call => ({
  tool: 'talk',
  args: { to, message: 'Which field?', tone, question: true },
})
const of = <Type extends MarsEvent['type']>({ events }: { events: readonly MarsEvent[] }, type: Type) =>
  events.filter(event => event.type === type) as Extract<MarsEvent, { type: Type }>[]
const credits = (state: MarsState, i = 0): number => state.members[i]!.credits
const society = (state: MarsState) => state.society!
const agentic = (state: MarsState) => state.config as Extract<MarsConfig, { mode: 'agentic' }>

describe('fields', () => {
  const earned = (config: object, target: object): number => credits(act(open(config), choose('working', target)).state) - 2

  test('the rich one pays 1.8 times, the others 0.6, all in turn their mean', () => {
    const rich = richField(agentic(open()), 1, 0)
    const plain = earned({ fields: 1, rich_pay: 1, poor_pay: 1 }, {})
    expect(earned({}, { field: rich }) / plain).toBeCloseTo(1.8, 10)
    expect(earned({}, { field: (rich + 1) % 3 }) / plain).toBeCloseTo(0.6, 10)
    expect(earned({}, {}) / plain).toBeCloseTo(1, 10)
  })

  test('each is rich about as often, and none follows from the one before', () => {
    const config = agentic(open())
    const counts = [0, 0, 0]
    const pairs = new Set<string>()
    for (let shift = 0; shift < 300; shift++) {
      counts[richField(config, 5, shift)]!++
      pairs.add(`${richField(config, 5, shift)} ${richField(config, 5, shift + 1)}`)
    }
    for (const count of counts) expect(Math.abs(count - 100)).toBeLessThan(40)
    expect(pairs.size).toBe(9)
  })

  test('the next shift tells whether the one worked in was rich', () => {
    const rich = richField(agentic(open()), 1, 0)
    const { state } = act(open(), choose('working', { field: rich }))
    const seen = marsColony.observe(state, ME, marsColony.shared(state))
    expect(seen).toMatchObject({ lastField: rich, lastRich: true })
    expect(marsColony.render(seen)).toContain(`Field ${rich}, where you worked last shift, was rich.`)
  })

  test('go with working alone, and only those there are', () => {
    expect(act(open(), choose('resting', { field: 0 })).refused).toMatchObject([{ code: 'misplaced_target' }])
    expect(act(open(), choose('working', { field: 3 })).refused).toHaveLength(1)
  })
})

describe('tips', () => {
  /** Whose second shift has another rich field than the first. */
  const SEED = 2
  const reply = (type: string, edit: (state: MarsState) => void = () => {}, tone = 'neutral') => {
    const state = open({}, type, SEED)
    edit(state)
    const step = act(state, question('colonist_1', tone))
    return { replied: of(step, 'replied')[0], state: step.state }
  }
  const bond = (points: number) => (state: MarsState) => {
    state.colony.bond[pairIndex(0, 1)] = points * 10_000
  }

  test('the honest tell the next shift’s field, and the message says it as a field of its own', () => {
    const { replied, state } = reply('honest')
    const [now, rich] = [0, 1].map(shift => richField(agentic(state), SEED, shift))
    expect(rich).not.toBe(now)
    expect(replied).toMatchObject({ field: rich, truth: true })
    const { messages } = marsColony.observe(state, ME, marsColony.shared(state))
    expect(messages).toEqual([{ from: 'colonist_1', tone: 'neutral', text: `Field ${rich} is rich this shift.`, field: rich }])
  })

  test('the deceptive tell the truth once, then only fields that are not rich', () => {
    let state = open({}, 'deceptive')
    const truths: boolean[] = []
    for (let shift = 0; shift < 6; shift++) {
      const step = act(state, question())
      truths.push(of(step, 'replied')[0]!.truth)
      state = step.state
    }
    expect(truths).toEqual([true, false, false, false, false, false])
  })

  test('the opportunistic lie to strangers and tell friends and the well reputed the truth', () => {
    expect(reply('opportunistic').replied?.truth).toBe(false)
    expect(reply('opportunistic', bond(6)).replied?.truth).toBe(true)
    expect(reply('opportunistic', ({ members }) => (members[0]!.reputation = 70)).replied?.truth).toBe(true)
  })

  test('what a friend is, and whom nobody trusts, is the configuration’s', () => {
    const tip = (config: object, points: number) => {
      const state = open(config, 'opportunistic')
      bond(points)(state)
      return of(act(state, question()), 'replied')[0]?.truth
    }
    expect([tip({}, 6), tip({ favour_bond: WITHOUT.favour_bond }, 6)]).toEqual([true, false])
    expect([tip({}, -11), tip({ trust_bond: WITHOUT.trust_bond }, -11)]).toEqual([undefined, false])
  })

  test('the honest and the opportunistic say nothing to whom they do not trust', () => {
    for (const type of ['honest', 'opportunistic'])
      for (const edit of [({ members }: MarsState) => (members[0]!.reputation = 30), bond(-11)])
        expect(reply(type, edit).replied).toBeUndefined()
  })

  test('a question is a dialogue event with its tone, and without one left nothing is asked', () => {
    const step = act(open(), question('colonist_1', 'cold'))
    expect(step.state.members[0]).toMatchObject({ talks: 1, good_talks: 0 })
    const silent = open()
    silent.members[0]!.talksLeft = 0
    expect(act(silent, question()).refused).toMatchObject([{ code: 'quota_used' }])
  })

  test('no false field is ever the rich one', () => {
    const config = agentic(open())
    for (let shift = 0; shift < 100; shift++)
      expect(falseField(config, 3, shift, 2, richField(config, 3, shift))).not.toBe(richField(config, 3, shift))
  })

  test('no player reads whether a tip was true', () => {
    const { state } = reply('deceptive')
    expect(JSON.stringify(marsColony.observe(state, ME, marsColony.shared(state)))).not.toContain('truth')
  })
})

describe('weather and illness', () => {
  test.each([
    [25, 0.24, 6],
    [10, 0.24, 2],
    [25, 0, 0],
    [25, 1, 25],
  ])('of %i shifts a share of %d are storms: %i', (max_steps, storms, expected) => {
    for (const seed of [1, 2, 3])
      expect(society(open({ max_steps, storms }, 'honest', seed)).storms.filter(Boolean)).toHaveLength(expected)
  })

  test('which shifts they are differs by seed, and everybody sees one as it begins', () => {
    const of10 = [1, 2, 3, 4].map(seed => JSON.stringify(society(open({ storms: 0.24 }, 'honest', seed)).storms))
    expect(new Set(of10).size).toBe(4)
    const state = open({ storms: 1 })
    expect(marsColony.shared(state).storm).toBe(true)
    expect(marsColony.render(marsColony.observe(state, ME, marsColony.shared(state)))).toContain('A STORM blows this shift.')
  })

  test('a storm halves pay and takes 0.06 points of energy a tick from who is outside', () => {
    const [clear, stormy] = [0, 1].map(storms => act(open({ storms }), choose('working')).state)
    expect((credits(stormy!) - 2) / (credits(clear!) - 2)).toBeCloseTo(0.5, 6)
    expect(clear!.colony.need[0]! - stormy!.colony.need[0]!).toBe(60 * 100)
    const [resting, inside] = [0, 1].map(storms => act(open({ storms, initial_needs: 50 }), choose('resting')).state)
    expect(inside!.colony.need[0]).toBe(resting!.colony.need[0])
  })

  test('illness takes about two thirds of pay until forty ticks of rest or the company of a medic', () => {
    const ill = () => {
      const state = open()
      society(state).fortunes[0]!.ill = true
      return state
    }
    const sound = act(open(), choose('working')).state
    expect((credits(act(ill(), choose('working')).state) - 2) / (credits(sound) - 2)).toBeCloseTo(0.35, 10)
    expect(of(act(ill(), choose('resting')), 'cured')).toMatchObject([{ colonist: ME }])
    const state = ill()
    const medic = state.colony.role.findIndex((role, i) => i > 0 && role === 5)
    const other = state.colony.role.findIndex((role, i) => i > 0 && role !== 5)
    expect(of(act(state, choose('socializing', { partner: `colonist_${medic}` })), 'cured')).toHaveLength(1)
    expect(of(act(ill(), choose('socializing', { partner: `colonist_${other}` })), 'cured')).toHaveLength(0)
  })

  test('each colonist falls ill in the shifts of its own calendar', () => {
    let state = open({ illness: 0.12 })
    const expected = society(state)
      .illness[0]!.map((ill, shift) => (ill && shift > 0 ? shift : -1))
      .filter(shift => shift >= 0)
    const fell: number[] = []
    for (let shift = 0; shift < 25; shift++) {
      const step = act(state, choose('resting'))
      if (of(step, 'fell_ill').some(({ colonist }) => colonist === ME)) fell.push(shift + 1)
      state = step.state
    }
    expect(fell).toEqual(expected)
  })

  test('nobody falls ill who is ill, and rest before an illness cures nothing', () => {
    let state = act(open(), choose('resting')).state
    ;(society(state).illness as boolean[][])[0] = Array(25).fill(true)
    const fell: number[] = []
    for (let shift = 1; shift < 4; shift++) {
      const step = act(state, choose('working'))
      expect(of(step, 'cured').filter(({ colonist }) => colonist === ME)).toEqual([])
      fell.push(of(step, 'fell_ill').filter(({ colonist }) => colonist === ME).length)
      state = step.state
    }
    expect(fell).toEqual([1, 0, 0])
  })
})

describe('promises that are paid for', () => {
  test('a resident that trusts pays half a credit at once; kept, it has the harvest', () => {
    const { state } = act(open({ fields: 1 }), choose('building'), pledge())
    const without = act(open({ fields: 1, advance: 0, harvest: 0 }), choose('building'), pledge()).state
    expect(credits(state) - credits(without)).toBeCloseTo(0.5, 10)
    // What the bond brings is that of the end of the shift, before the promise moves it.
    expect(credits(state, 1) - credits(without, 1)).toBeCloseTo(0.8 * (1 + (2 * bondAtSettlement(state)) / 100) - 0.5, 10)
  })
  const bondAtSettlement = (state: MarsState): number => state.colony.bond[pairIndex(0, 1)]! / 10_000 - 2

  test.each([
    [-100, 0.5],
    [-25, 0.5],
    [25, 1.5],
    [100, 2],
  ])('at a bond of %i a kept promise is worth %d harvests', (bond, factor) => {
    const end = (harvest: number) => {
      // Nobody's bond keeps a promise from being taken here.
      const state = open({ fields: 1, trust_bond: -100, harvest })
      state.colony.bond[pairIndex(0, 1)] = bond * 10_000
      return credits(act(state, choose('building'), pledge()).state, 1)
    }
    expect(end(1) - end(0)).toBeCloseTo(factor, 10)
  })

  test.each([
    [0, 0],
    [0.5, 0.4],
    [1, 0.8],
  ])('where two promise each other in one shift, a harvest counts %d times', (mutual_harvest, expected) => {
    const end = (harvest: number) => {
      const state = open({ fields: 1, bond_yield: 0, harvest, mutual_harvest })
      // The other has promised this colonist labour already, for nothing.
      state.members[1]!.pledge = 0
      return credits(act(state, choose('building'), pledge()).state, 1)
    }
    expect(end(0.8) - end(0)).toBeCloseTo(expected, 10)
  })

  test('broken, the advance stays with its author, and reputation falls by ten', () => {
    const { state } = act(open(), choose('resting'), pledge())
    expect(credits(state)).toBeCloseTo(2.5, 10)
    expect(state.members[0]).toMatchObject({ broken: 1, reputation: 40 })
  })

  test('who is not trusted, or promises somebody without the means, is declined: nothing is owed', () => {
    const cases: ((state: MarsState) => void)[] = [
      ({ members }) => (members[0]!.reputation = 39),
      state => (state.colony.bond[pairIndex(0, 1)] = -11 * 10_000),
      state => (society(state).fortunes[1]!.wronged = 1),
      ({ members }) => (members[1]!.credits = 0.4),
    ]
    for (const edit of cases) {
      const state = open()
      edit(state)
      const step = act(state, choose('resting'), pledge())
      expect(of(step, 'pledge_declined')).toEqual([{ type: 'pledge_declined', from: ME, to: 'colonist_1' }])
      expect(step.state.members[0]).toMatchObject({ broken: 0, kept: 0 })
      const seen = marsColony.observe(step.state, ME, marsColony.shared(step.state))
      expect(seen.shared.declined).toEqual([{ from: ME, to: 'colonist_1' }])
      expect(marsColony.render(seen)).toContain(
        '## Pledges declined in the last shift\n- colonist_0 (Amara) to colonist_1 (Bruno)',
      )
    }
  })

  test('a resident remembers who broke a promise to it, and nobody else does', () => {
    let { state } = act(open(), choose('resting'), pledge())
    state.members[0]!.reputation = 50
    expect(of(act(state, pledge('colonist_1')), 'pledge_declined')).toHaveLength(1)
    expect(of(act(state, pledge('colonist_2')), 'pledge_declined')).toHaveLength(0)
    // It forgets nobody over it.
    const wronged = open()
    society(wronged).fortunes[1]!.wronged = 1 << 5
    expect(society(act(wronged, choose('resting'), pledge()).state).fortunes[1]!.wronged).toBe((1 << 5) | 1)
    ;({ state } = act(
      open({ governance: { pay: true, trust: true, memory: false, suspension: true } }),
      choose('resting'),
      pledge(),
    ))
    state.members[0]!.reputation = 50
    expect(of(act(state, pledge('colonist_1')), 'pledge_declined')).toHaveLength(0)
  })

  test('who asked for help pays whoever accepts', () => {
    const asked = act(open(), choose('resting'), { tool: 'ask', args: { to: 'colonist_1' } }).state
    const before = [credits(asked), credits(asked, 1)]
    const step = act(asked, choose('resting'))
    expect(of(step, 'pledged')).toMatchObject([{ from: 'colonist_1', to: ME }])
    const kept = of(step, 'pledge_settled').find(({ from }) => from === 'colonist_1')!
    expect(kept.outcome).toBe('kept')
    expect(credits(step.state)).toBeGreaterThan(before[0]! - 0.5)
    expect(credits(step.state, 1)).toBeGreaterThan(before[1]!)
  })

  test('void, the advance is returned', () => {
    const state = open({ fields: 1 })
    state.colony.done_at = [0, 0, 0]
    // Nothing can be promised of one's own accord where nothing is to be built.
    state.asks.push({ ask_id: 0, from: 1, to: 0 })
    const step = act(state, choose('resting'), { tool: 'answer', args: { ask_id: 0, accept: true } })
    expect(of(step, 'pledge_settled')).toMatchObject([{ from: ME, outcome: 'void' }])
    expect(credits(step.state)).toBe(2)
    const declined = act(state, choose('resting'), { tool: 'answer', args: { ask_id: 0, accept: false } }).state
    expect(credits(step.state, 1)).toBeCloseTo(credits(declined, 1), 10)
  })

  test('no pair gains by promising each other labour that nobody does', () => {
    const played = [ME, 'colonist_1']
    let state = open({}, 'honest', 1, played)
    const lie = (other: string, { asks }: { asks: readonly { ask_id: number }[] }): Call[] => [
      choose('resting'),
      { tool: 'ask', args: { to: other } },
      ...asks.map(({ ask_id }): Call => ({ tool: 'answer', args: { ask_id, accept: true } })),
    ]
    for (let shift = 0; shift < 5; shift++) {
      const calls = Object.fromEntries(
        played.map((agent, i) => [
          agent,
          { calls: lie(played[1 - i]!, marsColony.observe(state, agent, marsColony.shared(state))) },
        ]),
      )
      state = marsColony.step(state, calls).state
    }
    expect(credits(state) + credits(state, 1)).toBeCloseTo(4, 10)
    expect(state.members[0]!.reputation).toBeLessThan(50)
  })
})

describe('institutions, each alone', () => {
  const ON = { pay: true, trust: true, memory: true, suspension: true }
  const reputed = (value: number, governance: object): MarsState => {
    const state = open({ governance: { ...ON, ...governance } })
    state.members[0]!.reputation = value
    return state
  }

  test('pay: reputation multiplies pay, or does not', () => {
    const [with_, without] = [true, false].map(pay => credits(act(reputed(90, { pay }), choose('working')).state) - 2)
    // Reputation is earned and drifts after the shift's last tick.
    expect(with_! / without!).toBeCloseTo(1.4, 10)
  })

  test('trust: the disreputable are declined, or are not', () => {
    expect(of(act(reputed(30, { trust: true }), pledge()), 'pledge_declined')).toHaveLength(1)
    expect(of(act(reputed(30, { trust: false }), pledge()), 'pledge_declined')).toHaveLength(0)
  })

  test('suspension: under ten one is suspended, or is not', () => {
    expect(of(act(reputed(5, { suspension: true }), choose('resting')), 'suspended')).toMatchObject([{ colonist: ME }])
    expect(of(act(reputed(5, { suspension: false }), choose('resting')), 'suspended')).toEqual([])
  })
})

describe('scores', () => {
  test('payoff is what was added to the first credits, per shift and par, cut at −1 and at the cap', () => {
    const payoff = (credits: number) => {
      const state = open()
      state.members[0]!.credits = credits
      const { events } = act(state, choose('resting'))
      const log = { header: { config: state.config, seed: 1 }, steps: [{ t: 0, events }], stop: null }
      return marsColony.score(log as never)[ME]!.payoff
    }
    expect(payoff(2)).toBe(0)
    expect(payoff(2 + 0.7 * 25)).toBeCloseTo(0.5, 10)
    expect(payoff(1000)).toBe(1.2)
    expect(payoff(-1000)).toBe(-1)
  })

  test('one good talk is a tenth of the quality of ten', () => {
    const episode = new Episode(marsColony, { ...CALM, max_steps: 1, residents: everybody('rule') }, 1)
    episode.step({ [ME]: { calls: [choose('resting'), question()] } })
    expect(marsColony.score(episode.log)[ME]!.quality).toBeCloseTo(0.1, 10)
  })

  test('silence walks', () => {
    expect(credits(act(open()).state)).toBe(2)
    expect(of(act(open()), 'decided').find(({ colonist }) => colonist === ME)?.action).toBe('walking')
  })
})

describe('configurations', () => {
  test('a two-layer session has none of the agentic options, and says so of one that is given', () => {
    expect(Object.keys(marsColony.config.parse({ mode: 'two-layer' })).sort()).toEqual(
      ['dialogue_events', 'initial_needs', 'max_steps', 'mode', 'residents', 'ticks_per_step', 'weights'].sort(),
    )
    expect(() => marsColony.config.parse({ mode: 'two-layer', storms: 0.1 })).toThrow(/storms[\s\S]*belongs to the agentic mode/)
  })

  test('the tools of a two-layer session are those of the publication’s replication', () => {
    const properties = (config: object, tool: string) => {
      const all = marsColony.tools(marsColony.config.parse(config))
      return Object.keys((toolSchema(tool, all[tool]!).parameters as { properties: object }).properties)
    }
    expect(properties({ mode: 'two-layer' }, 'choose_action')).toEqual(['action', 'partner', 'site'])
    expect(properties({ mode: 'two-layer' }, 'talk')).toEqual(['to', 'message', 'tone'])
    expect(properties({}, 'choose_action')).toContain('field')
    expect(properties({}, 'talk')).toContain('question')
    expect(properties({ fields: 1 }, 'talk')).not.toContain('question')
  })

  test('a configuration has the same tools each time', () => {
    const config = marsColony.config.parse({})
    expect(marsColony.tools(config)).toBe(marsColony.tools(marsColony.config.parse({})))
  })

  // Those that need a bond or a fortune of their own are claimed beside the rule that they are of.
  const elsewhere = ['payoff_cap', 'trust_bond', 'favour_bond', 'mutual_harvest']
  test.each(Object.keys(WITHOUT).filter(name => !elsewhere.includes(name)))('without %s alone the game is another', option => {
    // A player that touches every rule: asks about fields, promises falsely, says nothing every fourth shift.
    const play = (config: object): string => {
      const episode = new Episode(marsColony, config, 3)
      const friend = 'colonist_4'
      while (!episode.over) {
        const observation = episode.observe(ME) as { shared: { step: number } }
        const { step } = observation.shared
        const calls =
          step % 4 === 3
            ? []
            : [
                choose(step % 4 === 0 ? 'working' : step % 4 === 1 ? 'building' : 'resting'),
                pledge(friend),
                question(friend, 'warm'),
              ]
        episode.step({ [ME]: { calls } })
      }
      const { steps } = episode.log
      return JSON.stringify([steps.map(({ events, rewards }) => [events, rewards]), marsColony.score(episode.log)])
    }
    const value = WITHOUT[option as keyof typeof WITHOUT]
    const apart = option === 'fields' ? { fields: 1, rich_pay: 1 } : { [option]: value }
    expect(play(apart)).not.toBe(play({}))
  })

  test('needs start within the spread, sites within their range, each by the seed', () => {
    const state = open({ need_spread: 25, initial_needs: 60 })
    expect(Math.min(...state.colony.need)).toBeGreaterThanOrEqual(35_000)
    expect(Math.max(...state.colony.need)).toBeLessThanOrEqual(85_000)
    expect(new Set(state.colony.need).size).toBeGreaterThan(25)
    const sizes = [1, 2, 3, 4].flatMap(seed => society(open({}, 'honest', seed)).labour)
    expect(Math.min(...sizes)).toBeGreaterThanOrEqual(1200)
    expect(Math.max(...sizes)).toBeLessThanOrEqual(2400)
    expect(new Set(sizes).size).toBeGreaterThan(8)
    expect(() => marsColony.config.parse({ site_labour: { low: 5, high: 4 } })).toThrow(/low ≤ high/)
  })

  test('reputation below which nobody is trusted is told', () => {
    expect(marsColony.rules(marsColony.config.parse({}), ME)).toContain(`under a reputation of ${SOCIETY.trustedFrom}`)
    expect(marsColony.rules(marsColony.config.parse({ ...WITHOUT }), ME)).not.toMatch(/storm|field|advance/i)
  })
})
