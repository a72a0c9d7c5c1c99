/** What a colonist decides by what it sees and remembers, one decision at a time, on observations made by hand. */
import { describe, expect, test } from 'vitest'
import { attentive, type Kind, type Moment } from '../../../bots/mars_colony/attentive.ts'
import { marsColonyBots } from '../../../bots/mars_colony/index.ts'
import { worthOfBuilding, worthOfWorking } from '../../../bots/mars_colony/worth.ts'
import type { AgenticConfig } from '../../../envs/mars_colony/config.ts'
import { marsColony } from '../../../envs/mars_colony/index.ts'
import type { MarsObservation, MarsShared, MarsTypes } from '../../../envs/mars_colony/observe.ts'
import { type Decision, Episode, type Policy, type PolicyFactory, stream, type Turn } from '../../../index.ts'

const SELF = 'colonist_0'
const start = (config: object = {}) => new Episode(marsColony, { max_steps: 100, ...config }, 1, { seats: { [SELF]: 'bot' } })
const first = start()
const calm: Turn<MarsTypes> = first.turn(SELF)

type Colonist = MarsShared['colonists'][number]
interface Seen extends Partial<Omit<MarsObservation, 'bonds' | 'messages'>> {
  readonly step?: number
  readonly storm?: boolean
  readonly sites?: MarsShared['sites']
  readonly settled?: MarsShared['settled']
  readonly declined?: MarsShared['declined']
  readonly others?: Readonly<Record<number, Partial<Colonist>>>
  readonly bonds?: Readonly<Record<number, number>>
  /** Which field who called rich; null for a word that names none. */
  readonly said?: readonly (readonly [from: number, field: number | null])[]
}
const name = (colonist: number): string => `colonist_${colonist}`

/** A turn of a scientist that lacks nothing among nine miners of a name like its own, with that difference. */
function seeing({
  step = 3,
  storm = false,
  sites,
  settled = [],
  declined = [],
  others = {},
  bonds = {},
  said = [],
  ...own
}: Seen) {
  const { observation } = calm
  const usual = { role: 'miner', reputation: 50, suspended: false, ill: false, kept: 0, broken: 0 } as const
  return {
    ...calm,
    offered: [...calm.offered, 'answer'],
    observation: {
      ...observation,
      role: 'scientist' as const,
      needs: { energy: 100, social: 100, purpose: 100 },
      productivity: 1,
      credits: 2,
      ill: false,
      lastField: -1,
      lastRich: false,
      bonds: observation.bonds.map(({ agent }) => ({ agent, bond: bonds[Number(agent.slice(9))] ?? 0, change: 0 })),
      messages: said.map(([from, field]) => ({
        from: name(from),
        tone: 'warm' as const,
        text: '',
        ...(field !== null && { field }),
      })),
      ...own,
      shared: {
        ...observation.shared,
        ...{ step, stepsLeft: 100 - step, storm, settled, declined },
        sites: sites ?? observation.shared.sites,
        colonists: observation.shared.colonists.map((other, i) => ({ ...other, ...usual, ...others[i] })),
      },
    },
  } satisfies Turn<MarsTypes>
}
const BUILT = { progress: 1200, labour: 1200, completed: true }

const seat = (factory: PolicyFactory<MarsTypes>, config = first.config): Policy<MarsTypes> =>
  factory({ env: marsColony, config, seat: { agent: SELF, role: 'colonist' }, repeat: 0 } as never)
/** An attentive colonist that builds wherever it is worth it and promises nothing else, unless said otherwise. */
const colonist = (kind: Partial<Kind> = {}, config: object = {}) =>
  seat(attentive({ builds: () => true, falsePromise: () => false, ...kind }), start(config).config)

type Args = Record<string, unknown>
/** What the last of these sights makes it do, tool by tool. */
function last(policy: Policy<MarsTypes>, ...sights: readonly Seen[]): Readonly<Record<string, Args>> {
  const decisions = sights.map(sight => policy.act(seeing(sight)) as Decision)
  return Object.fromEntries((decisions.at(-1)!.calls as { tool: string; args: Args }[]).map(({ tool, args }) => [tool, args]))
}
const action = (...played: Parameters<typeof last>) => last(...played).choose_action!
const WORKS: Partial<Kind> = { builds: () => false }

describe('whose word about the fields it goes by', () => {
  /** Whether colonist 3 is then believed more than colonist 4, less, or as much: each is heard for either field. */
  function believed(others: Seen['others'], ...lesson: readonly Seen[]): 'more' | 'less' | 'alike' {
    const [field, swapped] = [1, 2].map(of => {
      const sights = lesson.map(sight => ({ ...sight, others: others ?? {} }))
      const said = [
        [3, of],
        [4, 3 - of],
      ] as const
      return action(colonist(WORKS), ...sights.slice(0, -1), { ...sights.at(-1)!, said }).field
    })
    if (field === swapped) return 'alike'
    return field === 1 ? 'more' : 'less'
  }
  const told: Seen = { said: [[3, 0]] }

  test.each<[what: string, belief: 'more' | 'less' | 'alike', Seen]>([
    ['it was where it was told, and that was rich', 'more', { lastField: 0, lastRich: true }],
    ['it was where it was told, and that was not', 'less', { lastField: 0, lastRich: false }],
    ['it was elsewhere, and that was rich', 'less', { lastField: 1, lastRich: true }],
    ['it was elsewhere, and that was not: the other may have been', 'alike', { lastField: 1, lastRich: false }],
    ['it was in no field', 'alike', { lastField: -1, lastRich: false }],
  ])('where %s, who told it is believed: %s', (_what, belief, sight) => {
    expect(believed({}, told, sight)).toBe(belief)
  })

  test('a word counts once, and not in the shifts after', () => {
    const wrong: Seen = { lastField: 0, lastRich: false }
    // Wrong once and right once is 2.32 of 3.5, wrong twice 1.32 of 3.5.
    const middling = { 4: { reputation: 13 } }
    expect(believed(middling, told, wrong)).toBe('more')
    expect(believed(middling, told, wrong, wrong)).toBe('more')
    expect(believed(middling, told, { ...told, ...wrong }, wrong)).toBe('less')
  })

  test.each([
    ['a reputation under 15 is worth less than a good one after one untruth', { 4: { reputation: 14 } }, 'more'],
    ['one of 15 more', { 4: { reputation: 15 } }, 'less'],
    ['so is a public record of nothing but broken promises', { 4: { broken: 40, reputation: 51 } }, 'more'],
    ['with a name that makes up for it, not', { 4: { broken: 40, reputation: 52 } }, 'less'],
  ] as const)('%s', (_what, others, belief) => {
    expect(believed(others, told, { lastField: 0, lastRich: false })).toBe(belief)
  })

  test('who is known to say what is not so is a reason to look elsewhere', () => {
    // By chance a word about three fields is true in a third of cases.
    const heard = (reputation: number) =>
      action(colonist(WORKS), { others: { 3: { broken: 40, reputation } }, said: [[3, 0]] }).field
    expect([heard(31), heard(32)]).toEqual([1, 0])
  })

  test('two of the same word are believed above one, none names no field, and deaf ears neither', () => {
    const two: Seen = {
      said: [
        [1, 0],
        [3, 2],
        [4, 2],
      ],
    }
    expect(action(colonist(WORKS), two).field).toBe(2)
    expect(action(colonist(WORKS), { said: [[1, null]] })).toEqual({ action: 'working' })
    expect(action(colonist({ ...WORKS, heedsTips: false }), two)).toEqual({ action: 'working' })
  })
})

describe('whom it asks about the fields', () => {
  const asks = (...sights: readonly Seen[]) => last(colonist(WORKS), ...sights).talk!.to
  const friend = (bond: number, sight: Seen = {}): Seen => ({ bonds: { 3: bond }, ...sight })

  test('a friend, and the same again while there are answers', () => {
    expect(asks(friend(50))).toBe('colonist_3')
    expect(asks(friend(50), friend(50, { said: [[3, 1]] }))).toBe('colonist_3')
  })
  test('another after silence, after an answer without a field, and after one of somebody else', () => {
    for (const said of [[], [[3, null]], [[4, 1]]] as const) expect(asks(friend(50), friend(50, { said }))).toBe('colonist_1')
  })
  test('another whom it never asked, where the friend is no closer than 26', () => {
    expect(asks(friend(26), friend(26, { said: [[3, 1]] }))).toBe('colonist_1')
    expect(asks(friend(27), friend(27, { said: [[3, 1]] }))).toBe('colonist_3')
  })
  test('whoever is reliably untrue, where nobody else is worth more', () => {
    const among = (reputation: number): Seen => ({
      others: Object.fromEntries(Array.from({ length: 10 }, (_, i) => [i, { broken: 1000, ...(i === 3 && { reputation }) }])),
    })
    expect(asks(among(0))).toBe('colonist_3')
    expect(asks(among(15))).toBe('colonist_1')
  })
  test('warmly where roles fit or the bond is one already', () => {
    const tone = (sight: Seen) => last(colonist(WORKS), sight).talk!.tone
    expect([tone({}), tone(friend(1)), tone(friend(1.1))]).toEqual(['neutral', 'neutral', 'warm'])
    expect(tone({ others: { 1: { role: 'medic' } } })).toBe('warm')
    expect(last(colonist(WORKS), {}).talk).toMatchObject({ question: true })
  })
  test('nobody where there is one field, or it is not its way', () => {
    expect(last(colonist(WORKS, { fields: 1 }), {}).talk).toBeUndefined()
    expect(last(colonist({ ...WORKS, asksFields: false }), {}).talk).toBeUndefined()
  })
})

describe('whom it asks for help', () => {
  const helper = (...sights: readonly Seen[]) => last(colonist(WORKS), ...sights).ask?.to
  const only = (sight: Seen = {}, able: Partial<Colonist> = {}): Seen => ({
    others: Object.fromEntries(Array.from({ length: 10 }, (_, i) => [i, i === 3 ? able : { ill: true }])),
    ...sight,
  })
  const settled = (outcome: 'kept' | 'broken' | 'void', to = SELF): Seen => ({
    settled: [{ from: 'colonist_3', to, outcome, built: 0 }],
  })

  test('who kept a promise to it before the others; a void one says nothing, nor does one to somebody else', () => {
    expect(helper({})).toBe('colonist_1')
    expect(helper(settled('kept'))).toBe('colonist_3')
    expect(helper({ ...settled('void'), bonds: { 3: 1 } })).toBe('colonist_3')
    expect(helper({ ...settled('broken'), bonds: { 3: 1 } })).toBe('colonist_1')
    expect(helper(settled('kept', 'colonist_2'))).toBe('colonist_1')
    expect(helper({ ...settled('broken', 'colonist_2'), bonds: { 3: 1 } })).toBe('colonist_3')
  })
  test('nobody whose word is not worth the advance: one broken promise to it is too many, one kept makes up for it', () => {
    expect(helper(only())).toBe('colonist_3')
    expect(helper(only(settled('void')))).toBe('colonist_3')
    expect(helper(only(settled('broken')))).toBeUndefined()
    expect(helper(only(settled('broken')), only(settled('kept')))).toBe('colonist_3')
  })
  test('nor who broke two of two to others, nor the ill and the suspended', () => {
    expect(helper(only({}, { broken: 1 }))).toBe('colonist_3')
    expect(helper(only({}, { broken: 2 }))).toBeUndefined()
    expect(helper(only({}, { ill: true }))).toBeUndefined()
    expect(helper(only({}, { suspended: true }))).toBeUndefined()
  })
  test('a point of reputation is worth more than one of bond, and less than two', () => {
    const against = (bond: number) => helper({ others: { 1: { reputation: 40 }, 2: { reputation: 55 } }, bonds: { 3: bond } })
    expect([against(6), against(8)]).toEqual(['colonist_2', 'colonist_3'])
  })
  test('with the advance in hand, while there is a site to build', () => {
    expect(helper({ credits: 0.5 })).toBe('colonist_1')
    expect(helper({ credits: 0.49 })).toBeUndefined()
    expect(helper({ sites: [BUILT, BUILT, BUILT] })).toBeUndefined()
    expect(last(colonist({ ...WORKS, asksHelp: false }), {}).ask).toBeUndefined()
  })
})

describe('what it promises', () => {
  const declined = (step: number, from = SELF, to = 'colonist_3'): Seen => ({ step, declined: [{ from, to }], bonds: { 3: 5 } })
  const promised = (...sights: readonly Seen[]) => last(colonist({ asksHelp: false }), ...sights).pledge?.to

  test('what it builds, to its best friend; nothing where it does not, unless it means to deceive', () => {
    expect(promised({ bonds: { 2: 4, 3: 5 } })).toBe('colonist_3')
    expect(Object.keys(last(colonist(WORKS), {}))).not.toContain('pledge')
    expect(last(colonist({ ...WORKS, falsePromise: () => true }), { bonds: { 3: 5 } }).pledge).toEqual({ to: 'colonist_3' })
  })
  test('who declined is left alone for three shifts more; what others declined is no matter', () => {
    const later = (step: number) => promised(declined(10), { step, bonds: { 3: 5 } })
    expect([promised(declined(10)), later(13), later(14)]).toEqual(['colonist_1', 'colonist_1', 'colonist_3'])
    expect(promised(declined(10, 'colonist_2'))).toBe('colonist_3')
    expect(promised(declined(10), declined(13), { step: 16, bonds: { 3: 5 } })).toBe('colonist_1')
  })
  test('to whoever asks for it, but not to whom it asked itself', () => {
    const request = (ask_id: number, from: number) => ({ ask_id, from: name(from) })
    expect(last(colonist(), { asks: [request(7, 1)] })).toMatchObject({ answer: { ask_id: 7, accept: true } })
    // It asked colonist 1, its friend, in the shift before.
    const friend = { bonds: { 1: 5 } }
    const once = last(colonist(), friend, { ...friend, asks: [request(7, 1)] })
    expect([once.answer, once.pledge]).toEqual([undefined, { to: 'colonist_2' }])
    const either = last(colonist(), friend, { ...friend, asks: [request(7, 1), request(8, 2)] })
    expect([either.answer, either.pledge]).toEqual([{ ask_id: 8, accept: true }, undefined])
    expect(last(colonist(WORKS), { asks: [request(7, 1)] }).answer).toBeUndefined()
  })
  test('by how much is over, its name, and how many declined, each counted once and others not', () => {
    const moments: Moment[] = []
    const policy = colonist({ builds: moment => moments.push(moment) > 0 })
    last(policy, declined(10), declined(11), declined(12, SELF, 'colonist_4'), declined(13, 'colonist_5', 'colonist_6'))
    expect(moments).toEqual([
      { elapsed: 0.1, reputation: 50, decliners: 1 },
      { elapsed: 0.11, reputation: 50, decliners: 1 },
      { elapsed: 0.12, reputation: 50, decliners: 2 },
      { elapsed: 0.13, reputation: 50, decliners: 2 },
    ])
  })
})

describe('how it looks after itself', () => {
  const at = (needs: Partial<MarsObservation['needs']>, sight: Seen = {}, config = {}) =>
    action(colonist({}, config), { step: 0, ...sight, needs: { energy: 100, social: 100, purpose: 100, ...needs } }).action
  test.each([
    ['energy', 54, 'resting'],
    ['social', 52, 'socializing'],
  ] as const)('%s under %d', (need, enough, remedy) => {
    expect([at({ [need]: enough - 0.1 }), at({ [need]: enough })]).toEqual([remedy, 'building'])
  })
  test.each([
    ['half through the session', 45, { step: 50 }, {}],
    ['in a storm', 76, { storm: true }, {}],
    ['where none come', 68, {}, { storms: 0 }],
    ['where half as many come', 61, {}, { storms: 0.12 }],
    ['where more come', 54, {}, { storms: 0.36 }],
  ] as const)('energy counts as enough, %s, from %d on', (_when, enough, sight, config) => {
    expect(at({ energy: enough - 0.1 }, sight, config)).toBe('resting')
    expect(at({ energy: enough + 0.1 }, sight, config)).not.toBe('resting')
  })
  test('what it lacks most comes first, work too', () => {
    expect([at({ energy: 50, purpose: 36.9 }), at({ energy: 50, purpose: 37.1 })]).toEqual(['building', 'resting'])
    expect([at({ energy: 40, social: 37 }), at({ energy: 40, social: 39 })]).toEqual(['socializing', 'resting'])
  })
  test('suspended it rests; ill it rests, or sees a medic where it lacks company more', () => {
    expect(action(colonist(), { suspended: true })).toEqual({ action: 'resting' })
    const ill = (social: number, role: Colonist['role'] = 'medic') =>
      action(colonist(), { ill: true, needs: { energy: 80, social, purpose: 0 }, others: { 4: { role } } })
    expect(ill(79)).toEqual({ action: 'socializing', partner: 'colonist_4' })
    expect([ill(80), ill(10, 'miner')]).toEqual([{ action: 'resting' }, { action: 'resting' }])
  })
  test('company is a role that fits until that bond is tended, then the best friend', () => {
    const partner = (bond: number) =>
      action(colonist(), {
        needs: { energy: 100, social: 0, purpose: 100 },
        others: { 4: { role: 'medic' } },
        bonds: { 2: 60, 4: bond },
      }).partner
    expect([partner(39), partner(40)]).toEqual(['colonist_4', 'colonist_2'])
  })
})

describe('what it does with a free shift', () => {
  const site = (progress: number, labour: number) => ({ progress, labour, completed: false })
  test('builds where the least is left to do, the first of equals, never where all is done', () => {
    const at = (...sites: MarsShared['sites']) => action(colonist(), { sites }).site
    expect(at(site(0, 1500), site(100, 1500), site(0, 1450))).toBe(1)
    expect(at(site(0, 1500), site(0, 1500), site(0, 1500))).toBe(0)
    expect(at(BUILT, site(0, 1500), site(900, 2000))).toBe(2)
    expect(action(colonist(), { sites: [BUILT, BUILT, BUILT] }).action).toBe('working')
  })
  test('works instead where that is worth more, as in a good field late in the session', () => {
    const late: Seen = { step: 99, reputation: 99 }
    expect(action(colonist(), late).action).toBe('building')
    expect(action(colonist(), { ...late, said: [[1, 0]] })).toEqual({ action: 'working', field: 0 })
    const fond = { need: 0, calm: 0, relief: 0, shelter: 0, building: 2, reliance: 0.45, faith: 0.16, firmness: 1.5 }
    expect(action(colonist({ taste: fond }), { ...late, said: [[1, 0]] }).action).toBe('building')
  })
  test('a shift’s worth is the arithmetic of the rules', () => {
    const config = start().config as AgenticConfig
    const at = (sight: Seen) => seeing(sight).observation
    // A hundred ticks of 0.01, in the rich field 1.8 times that; at reputation 100 half as much again, in a storm half.
    expect(worthOfWorking(config, at({}), 1)).toBeCloseTo(1.8, 12)
    expect(worthOfWorking(config, at({}), 0.25)).toBeCloseTo(0.9, 12)
    expect(worthOfWorking(config, at({ reputation: 100, storm: true, productivity: 0.5 }), 0)).toBeCloseTo(0.225, 12)
    const plain = { ...config, governance: { ...config.governance, pay: false } }
    expect(worthOfWorking(plain, at({ reputation: 100 }), 0)).toBeCloseTo(0.6, 12)
    // Half the pay and the advance; of a full name nothing is gained.
    expect(worthOfBuilding(config, at({ reputation: 100 }))).toBeCloseTo(0.75 + 0.5, 12)
    // Five points of name, as good as new in the last shift: in the score, at 1.4 credits a shift of payoff 1.
    const { reputation, payoff } = config.weights
    expect(worthOfBuilding({ ...config, advance: 0 }, { ...at({ step: 100 }) })).toBeCloseTo(
      0.5 + (5 * (reputation * 1.4 * 100)) / (100 * payoff),
      12,
    )
    // With 97 shifts left, 0.98 to that power of it, and the pay of the shifts between.
    const remains = 0.98 ** 97
    expect(worthOfBuilding(config, at({ step: 3 }))).toBeCloseTo(
      1 + 5 * ((reputation * remains * 1.4) / payoff + (1 - remains) / (0.02 * 100)),
      12,
    )
  })
})

describe('the kinds', () => {
  const bot = (name: string, ...sights: readonly Seen[]) => {
    const { choose_action, pledge } = last(seat(marsColonyBots.bots[name]!.factory as never), ...sights)
    return `${choose_action!.action}${pledge === undefined ? '' : ', promised'}`
  }
  const TRUE = 'building, promised'
  const FALSE = 'working, promised'
  test('the honest promise what they do, the deceptive what they do not', () => {
    for (const step of [0, 50]) {
      expect(bot('honest', { step })).toBe(TRUE)
      expect(bot('deceptive', { step })).toBe(FALSE)
    }
  })
  test('the opportunistic lie from a third of the session on, until three have declined', () => {
    const warned = (count: number): Seen[] =>
      Array.from({ length: count }, (_, i) => ({ step: 40, declined: [{ from: SELF, to: name(i + 1) }] }))
    expect([bot('opportunistic', { step: 33 }), bot('opportunistic', { step: 34 })]).toEqual([TRUE, FALSE])
    expect([bot('opportunistic', ...warned(2)), bot('opportunistic', ...warned(3))]).toEqual([FALSE, TRUE])
  })
})

describe('the simple ones', () => {
  const needing = (energy: number, social: number): Seen => ({ needs: { energy, social, purpose: 0 } })
  const calls = (name: string, sight: Seen) => last(seat(marsColonyBots.bots[name]!.factory as never), sight)
  const done = (name: string, sight: Seen) => calls(name, sight).choose_action!.action

  test('rest under 55 energy, then seek company under 55, then work, or build while there is something to build', () => {
    for (const name of ['balanced', 'builder', 'friendly', 'hostile', 'deceiver']) {
      expect([done(name, needing(54, 0)), done(name, needing(55, 54))]).toEqual(['resting', 'socializing'])
      expect(done(name, needing(55, 55))).toBe(name === 'builder' ? 'building' : 'working')
      expect(done(name, { ...needing(55, 55), sites: [BUILT, BUILT, BUILT] })).toBe('working')
      expect(done(name, { ...needing(90, 0), suspended: true })).toBe('resting')
    }
    expect([done('worker', needing(0, 0)), done('worker', { suspended: true })]).toEqual(['working', 'resting'])
    expect([done('idle', needing(0, 0)), done('idle', { suspended: true })]).toEqual(['walking', 'resting'])
  })
  test('talk to their best friend, warmly or coldly, and promise it what they do or do not build', () => {
    const friend = { bonds: { 3: 5 }, step: 3 }
    for (const [name, tone] of [
      ['friendly', 'warm'],
      ['hostile', 'cold'],
      ['deceiver', 'warm'],
      ['pledger', 'warm'],
    ] as const)
      expect(calls(name, friend).talk).toMatchObject({ to: 'colonist_3', tone })
    expect(calls('friendly', {}).talk).toMatchObject({ to: 'colonist_1' })
    expect(calls('deceiver', friend)).toMatchObject({ choose_action: { action: 'working' }, pledge: { to: 'colonist_3' } })
    for (const name of ['pledger', 'cooperator']) {
      expect(calls(name, friend)).toMatchObject({ choose_action: { action: 'building' }, pledge: { to: 'colonist_3' } })
      for (const other of [
        { ...friend, step: 4 },
        { ...friend, ...needing(54, 100) },
      ])
        expect(Object.keys(calls(name, other))).not.toContain('pledge')
    }
  })
  test('the cooperator asks the most reputable for help, every third shift', () => {
    const sight = { others: { 0: { reputation: 90 }, 5: { reputation: 60 }, 6: { reputation: 60 } } }
    expect(calls('cooperator', sight).ask).toEqual({ to: 'colonist_5' })
    expect(calls('cooperator', { ...sight, step: 4 }).ask).toBeUndefined()
    expect(calls('pledger', sight).ask).toBeUndefined()
  })
  test('the erratic draws one of five actions alike, by its own chance', () => {
    const policy = seat(marsColonyBots.bots.erratic!.factory as never)
    const drawn = Array.from({ length: 500 }, (_, draw) => {
      const { calls } = policy.act({ ...seeing({}), random: stream(draw, 'erratic') }) as Decision
      return (calls[0]!.args as { action: string }).action
    })
    for (const action of ['working', 'socializing', 'resting', 'building', 'walking'])
      expect(drawn.filter(one => one === action).length / 500).toBeCloseTo(1 / 5, 1)
  })
})
