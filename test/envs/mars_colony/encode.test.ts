/** What the numbers of a colonist's observation say, and what its slots call, on observations made by hand. */
import { describe, expect, test } from 'vitest'
import { marsColony } from '../../../envs/mars_colony/index.ts'
import type { AnyEnvironment } from '../../../index.ts'
import { reading } from '../../economies/meanings.ts'

const env = marsColony as unknown as AnyEnvironment
const { plain, feature, slot } = reading(env, 'agentic', 'colonist_0')
type Colonist = { readonly agent: string; readonly role: string }
const colonists = plain.shared.colonists as readonly Colonist[]
/** Everybody's entry, with other fields for some. */
const people = (changes: Readonly<Record<string, object>>) => ({
  colonists: colonists.map(each => ({ ...each, reputation: 50, ...changes[each.agent] })),
})
/** Nobody is a medic. */
const strangers = Object.fromEntries(colonists.map(({ agent }) => [agent, { role: 'miner' }]))
const bond = (agent: string, points: number, change = 0) => ({ agent, bond: points, change })
/** Bonds so large that they rank whatever roles fit. */
const bonds = [bond('colonist_3', -80), bond('colonist_4', 90, -4), bond('colonist_5', 10)]
const site = (progress: number, completed = false) => ({ progress, labour: 1000, completed })
const ask = (ask_id: number, from: string) => ({ ask_id, from })
const settled = (to: string, outcome: string) => ({ from: 'colonist_7', to, outcome })
const tip = (from: string, field: number) => ({ from, field, tone: 'warm', text: '' })

describe('a feature', () => {
  test.each([
    ['shifts_left', { shared: { step: 3, stepsLeft: 1 } }, 0.25],
    ['energy', { needs: { energy: 40, social: 1, purpose: 2 } }, 0.4],
    ['social', { needs: { energy: 1, social: 40, purpose: 2 } }, 0.4],
    ['purpose', { needs: { energy: 1, social: 2, purpose: 40 } }, 0.4],
    ['productivity', { productivity: 0.7 }, 0.7],
    ['credits', { credits: 12 }, 1.2],
    ['reputation', { reputation: 40 }, 0.4],
    ['suspended', { suspended: true }, 1],
    ['suspended', { suspended: false }, 0],
    ['collapsed', { collapsed: true }, 1],
    ['collapsed', { collapsed: false }, 0],
    ['ill', { ill: true }, 1],
    ['ill', { ill: false }, 0],
    ['storm', { shared: { storm: true } }, 1],
    ['storm', { shared: { storm: false } }, 0],
    ['worked_rich', { lastRich: true }, 1],
    ['worked_rich', { lastRich: false }, 0],
    ['talks_left', { talksLeft: 50 }, 0.5],
    ['requests', { asks: [ask(1, 'colonist_4'), ask(2, 'colonist_5')] }, 0.5],
    ['labour_left', { shared: { sites: [site(1000, true), site(500), site(0)] } }, 0.5],
    ['site_bonus', { shared: { siteBonus: 1.3 } }, 1.3],
    ['broken_to_you', { shared: { settled: [settled('colonist_0', 'broken'), settled('colonist_0', 'kept')] } }, 0.5],
    ['broken_to_you', { shared: { settled: [settled('colonist_1', 'broken')] } }, 0],
    ['declined', { shared: { declined: [{ from: 'colonist_0', to: 'colonist_1' }] } }, 1],
    ['declined', { shared: { declined: [{ from: 'colonist_1', to: 'colonist_0' }] } }, 0],
    ['is_miner', { role: 'miner' }, 1],
    ['is_miner', { role: 'medic' }, 0],
    ['friend_1_bond', { bonds }, 0.9],
    ['friend_1_change', { bonds }, -0.4],
    ['friend_3_bond', { bonds }, -0.8],
    ['friend_1_reputation', { bonds, shared: people({ colonist_4: { reputation: 30 } }) }, 0.3],
    ['friend_1_kept', { bonds, shared: people({ colonist_4: { kept: 3, broken: 1 } }) }, 0.75],
    ['friend_1_kept', { bonds, shared: people({ colonist_4: { kept: 0, broken: 0 } }) }, 0],
    ['friend_1_pledges', { bonds, shared: people({ colonist_4: { kept: 3, broken: 1 } }) }, 0.4],
    ['friend_1_fits', { bonds, role: 'scientist', shared: people({ colonist_4: { role: 'medic' } }) }, 1],
    ['friend_1_fits', { bonds, role: 'scientist', shared: people({ colonist_4: { role: 'scientist' } }) }, 0],
    ['friend_1_unwell', { bonds, shared: people({ colonist_4: { ill: true, suspended: false } }) }, 1],
    ['friend_1_unwell', { bonds, shared: people({ colonist_4: { ill: false, suspended: true } }) }, 1],
    ['friend_1_unwell', { bonds, shared: people({ colonist_4: { ill: false, suspended: false } }) }, 0],
    ['friend_1_asks', { bonds, asks: [ask(1, 'colonist_4')] }, 1],
    ['friend_1_asks', { bonds, asks: [ask(1, 'colonist_5')] }, 0],
    ['source_1_reputation', { bonds, shared: people({ colonist_5: { reputation: 80 } }) }, 0.8],
    ['source_1_bond', { bonds, shared: people({ colonist_5: { reputation: 80 } }) }, 0.1],
  ])('%s of %j is %f', (name, fields, expected) => {
    expect(feature(name, fields)).toBeCloseTo(expected, 6)
  })

  test('a role that fits counts as a bond of some points among friends, and no more', () => {
    const roles = people({ colonist_4: { role: 'scientist' }, colonist_5: { role: 'medic' } })
    const first = (other: number) =>
      feature('friend_1_fits', { bonds: [bond('colonist_4', other), bond('colonist_5', 0)], role: 'scientist', shared: roles })
    expect(first(1)).toBe(1)
    expect(first(90)).toBe(0)
  })
})

describe('where there are fields', () => {
  const { feature, slot } = reading(env, 'easy', 'colonist_0')
  const told = (messages: readonly object[]) =>
    feature('tip_field_1', { messages, shared: people({ colonist_4: { reputation: 30 }, colonist_5: { reputation: 70 } }) })
  test('a tip weighs what the most reputed of those who name the field does', () => {
    expect(told([tip('colonist_4', 1), tip('colonist_5', 1)])).toBeCloseTo(0.7, 6)
    expect(told([tip('colonist_4', 1), tip('colonist_5', 0)])).toBeCloseTo(0.3, 6)
    expect(told([])).toBe(0)
  })
  test('one can be chosen, and the most reputed asked for it', () => {
    const fields = { bonds, shared: people({ colonist_5: { reputation: 70 } }) }
    const { legal, calls } = slot('work_field_1_and_question_source_1', fields)
    expect(legal).toBe(true)
    expect(calls).toMatchObject([
      { tool: 'choose_action', args: { action: 'working', field: 1 } },
      { tool: 'talk', args: { to: 'colonist_5', tone: 'warm', question: true } },
    ])
  })
})

test('where there is one field there is none to choose or ask about, and a friendly word instead', () => {
  const one = reading(env, 'two-layer', 'colonist_0')
  expect(one.slots).toEqual(['pass'])
  const { slots, slot } = reading(env, 'agentic', 'colonist_0', { fields: 1 })
  expect(slots.filter(name => /field|question/.test(name))).toEqual([])
  const greeted = (points: number, role: string) =>
    slot('rest_and_greet_friend_1', {
      bonds: [bond('colonist_4', points)],
      role: 'scientist',
      shared: people({ colonist_4: { role } }),
    })
  const call = (tone: string) => [
    { tool: 'choose_action', args: { action: 'resting' } },
    { tool: 'talk', args: { to: 'colonist_4', message: 'Good to have you here.', tone } },
  ]
  // Warmth does harm where there is no bond and roles do not fit.
  expect(greeted(1, 'miner')).toEqual({ legal: true, calls: call('warm') })
  expect(greeted(0, 'medic')).toEqual({ legal: true, calls: call('warm') })
  expect(greeted(0, 'miner')).toEqual({ legal: true, calls: call('neutral') })
})

describe('a slot', () => {
  const sites = [site(1000, true), site(200), site(900)]
  test.each([
    ['rest', {}, true, [{ tool: 'choose_action', args: { action: 'resting' } }]],
    ['build', { shared: { sites } }, true, [{ tool: 'choose_action', args: { action: 'building', site: 2 } }]],
    ['build', { shared: { sites: [site(1000, true)] } }, false, []],
    ['build', { suspended: true, shared: { sites } }, false, [{ tool: 'choose_action', args: { action: 'building', site: 2 } }]],
    ['work', {}, true, [{ tool: 'choose_action', args: { action: 'working' } }]],
    ['work', { suspended: true }, false, [{ tool: 'choose_action', args: { action: 'working' } }]],
    ['socialize_friend_1', { bonds }, true, [{ tool: 'choose_action', args: { action: 'socializing', partner: 'colonist_4' } }]],
    [
      'rest_and_pledge_friend_2',
      { bonds },
      true,
      [
        { tool: 'choose_action', args: { action: 'resting' } },
        { tool: 'pledge', args: { to: 'colonist_5' } },
      ],
    ],
    [
      'rest_and_accept',
      { asks: [ask(7, 'colonist_5'), ask(8, 'colonist_4')] },
      true,
      [
        { tool: 'choose_action', args: { action: 'resting' } },
        { tool: 'answer', args: { ask_id: 7, accept: true } },
      ],
    ],
    ['rest_and_accept', { asks: [] }, false, []],
    [
      'rest_and_accept',
      { suspended: true, asks: [ask(7, 'colonist_5')] },
      false,
      [
        { tool: 'choose_action', args: { action: 'resting' } },
        { tool: 'answer', args: { ask_id: 7, accept: true } },
      ],
    ],
    [
      'rest_and_ask_friend_1',
      { bonds },
      true,
      [
        { tool: 'choose_action', args: { action: 'resting' } },
        { tool: 'ask', args: { to: 'colonist_4' } },
      ],
    ],
    [
      'socialize_medic',
      { bonds, shared: people({ ...strangers, colonist_3: { role: 'medic' } }) },
      true,
      [{ tool: 'choose_action', args: { action: 'socializing', partner: 'colonist_3' } }],
    ],
    ['socialize_medic', { bonds, shared: people(strangers) }, false, []],
    ['socialize_friend_2', { bonds: [bond('colonist_4', 9)] }, false, []],
  ])('%s of %j is legal: %s', (name, fields, legal, calls) => {
    expect(slot(name, fields)).toEqual({ legal, calls })
  })
})
