/** The colony as it lives: who walks where in a shift, what is said, what happens. Knows state and events; where places lie is ours. */
import type { MarsTypes } from '../../envs/mars_colony/observe.ts'
import { BOND_UNIT, BREACH, LABOUR, MONTH, NEED_CAP, NEED_UNIT, NEEDS, SITES } from '../../envs/mars_colony/parameters.ts'
import { COLONIST_IDS, type MarsEvent, NAMES, roleOf } from '../../envs/mars_colony/state.ts'
import { pairIndex } from '../../envs/mars_colony/substrate.ts'
import { figure } from '../figures.ts'
import type { Moment, Tone } from '../picture.ts'
import { feedOf, playerOf } from '../picture.ts'
import type { Scene, SceneEvent, SceneFigure, SceneLine, SceneMove, ScenePlace, Scenery } from '../scene.ts'
import { bonds, field, site, TOLD } from './picture.ts'

const HABITAT = 'habitat'
const COMMONS = 'commons'
const WORKS = 'works'
const SURFACE = 'surface'
/** Events that a colonist is said to remember. */
const REMEMBERED = 8
/** Between lines that are said at the beginning of a shift, as shares of it. */
const PAUSE = 0.09

type Decided = Extract<MarsEvent, { type: 'decided' }>

function sceneOf(moment: Moment<MarsTypes>): Scene {
  const { state, t } = moment
  const { config, colony } = state
  const { ticks_per_step: ticks, max_steps } = config
  const days = (tick: number): number => (tick * MONTH.days) / MONTH.ticks
  const before = Math.max(0, t - 1) * ticks
  const share = (tick: number): number => Math.min(1, Math.max(0, (tick - before) / ticks))
  return {
    title: `mars_colony (${config.mode}): shift ${state.step} of ${max_steps}`,
    clock: { day: 'Sol', from: days(before), to: days(colony.tick) },
    places: placesOf(moment),
    figures: figuresOf(moment),
    moves: movesOf(moment, share),
    lines: linesOf(moment),
    events: eventsOf(moment, share),
    links: bonds(state).links,
  }
}

export const scenery: Scenery<MarsTypes> = { preset: 'two-layer', sceneOf }

function placesOf({ state: { config, colony, society } }: Moment<MarsTypes>): ScenePlace[] {
  const fields = config.mode === 'agentic' && config.fields > 1 ? config.fields : 0
  return [
    ...Array.from({ length: SITES }, (_, i): ScenePlace => {
      const done = colony.done_at[i]! >= 0 ? 1 : Math.min(1, colony.progress[i]! / (society?.labour[i] ?? LABOUR))
      return {
        id: site(i),
        label: site(i),
        text: done >= 1 ? 'done' : `${figure(100 * done, 0)} % built`,
        x: 0.2 + 0.3 * i,
        y: [0.17, 0.1, 0.17][i] ?? 0.15,
        shape: 'site',
        done,
        tone: done >= 1 ? 'good' : 'accent',
      }
    }),
    { id: HABITAT, label: HABITAT, text: 'rest', x: 0.16, y: 0.55, shape: 'dome', tone: 'plain' },
    { id: COMMONS, label: COMMONS, text: 'company', x: 0.5, y: 0.5, shape: 'dome', tone: 'plain' },
    { id: SURFACE, label: SURFACE, text: 'walks', x: 0.86, y: 0.5, shape: 'open', tone: 'quiet' },
    { id: WORKS, label: WORKS, text: 'work', x: fields === 0 ? 0.5 : 0.12, y: 0.88, shape: 'hall', tone: 'plain' },
    ...Array.from(
      { length: fields },
      (_, i): ScenePlace => ({
        id: field(i),
        label: field(i),
        text: 'work',
        x: fields === 1 ? 0.6 : 0.36 + (0.54 * i) / (fields - 1),
        y: 0.88,
        shape: 'field',
        tone: 'plain',
      }),
    ),
  ]
}

/** The place of a bout; `number` is the field of who works, or −1. */
function placeOf({ action, site: at }: Pick<Decided, 'action' | 'site'>, number: number): string {
  switch (action) {
    case 'building':
      return site(at!)
    case 'working':
      return number >= 0 ? field(number) : WORKS
    case 'resting':
      return HABITAT
    case 'socializing':
      return COMMONS
    case 'walking':
      return SURFACE
  }
}

/** The field that a colonist's player chose in a step, or −1. */
function fieldOf({ log, config }: Moment<MarsTypes>, step: number, agent: string): number {
  if (config.mode !== 'agentic' || config.fields < 2) return -1
  const calls = log.steps[step]?.decisions[agent]?.calls ?? []
  const results = log.steps[step]?.results[agent] ?? []
  const chosen = calls.findIndex(({ tool }, n) => tool === 'choose_action' && results[n]?.ok !== false)
  const number = (calls[chosen]?.args as { field?: unknown } | undefined)?.field
  return typeof number === 'number' ? number : -1
}

/** Where a colonist was when the last step began: at the place of its last bout before, or still where everybody lands. */
function startOf(moment: Moment<MarsTypes>, agent: string): string {
  const { log, t } = moment
  for (let step = t - 2; step >= 0; step--)
    for (const event of log.steps[step]!.events.toReversed())
      if (event.type === 'decided' && event.colonist === agent) return placeOf(event, fieldOf(moment, step, agent))
  return HABITAT
}

function movesOf(moment: Moment<MarsTypes>, share: (tick: number) => number): SceneMove[] {
  return moment.events.flatMap(event =>
    event.type === 'decided'
      ? [
          {
            at: share(event.tick),
            figure: event.colonist,
            to: placeOf(event, fieldOf(moment, moment.t - 1, event.colonist)),
          },
        ]
      : [],
  )
}

/** Colonists talk as the shift begins, one after the other; answers to questions come at its end. */
function linesOf({ events }: Moment<MarsTypes>): SceneLine[] {
  let said = 0
  return events.flatMap((event): SceneLine[] => {
    if (event.type === 'talked') {
      const { from, to, text, tone } = event
      return [{ at: Math.min(0.9, PAUSE * said++), from, to, text, tone: TONES[tone] }]
    }
    if (event.type === 'replied') {
      const { from, to, field: number, truth } = event
      return [{ at: 0.95, from, to, text: `Field ${number} is rich.`, tone: truth ? 'good' : 'bad' }]
    }
    return []
  })
}

const TONES = { warm: 'good', neutral: 'plain', cold: 'bad' } as const satisfies Record<string, Tone>

/** What lines tell, or become. */
const SPOKEN: readonly MarsEvent['type'][] = ['talked', 'replied', 'dialogue_granted']

/** What is told of a shift; what has no tick of its own happens when what came before it in the log did. */
function eventsOf({ events }: Moment<MarsTypes>, share: (tick: number) => number): SceneEvent[] {
  let at = 0
  return events.flatMap(event => {
    if ('tick' in event) at = share(event.tick)
    if (SPOKEN.includes(event.type)) return []
    return feedOf('', [event], TOLD).items.map(item => ({ at, ...item }))
  })
}

function figuresOf(moment: Moment<MarsTypes>): SceneFigure[] {
  const { state, log } = moment
  const { colony, members, society, traits } = state
  return COLONIST_IDS.map((id, i): SceneFigure => {
    const member = members[i]!
    const needs = NEEDS.map((_, need) => colony.need[3 * i + need]!)
    const short = needs.some(need => need < BREACH)
    const fortune = society?.fortunes[i]
    const others = COLONIST_IDS.map((_, j) => j)
      .filter(j => j !== i)
      .map(j => [j, colony.bond[pairIndex(i, j)]! / BOND_UNIT] as const)
      .sort((a, b) => Math.abs(b[1]) - Math.abs(a[1]))
      .filter(([, bond]) => Math.round(bond) !== 0)
      .slice(0, 4)
    return {
      id,
      label: NAMES[i]!,
      badge: NAMES[i]!.slice(0, 2),
      at: startOf(moment, id),
      tone: short || member.suspended || member.collapsed ? 'bad' : needs.every(need => need >= NEED_CAP / 2) ? 'good' : 'plain',
      gauges: NEEDS.map((name, need) => ({
        name,
        share: needs[need]! / NEED_CAP,
        text: figure(needs[need]! / NEED_UNIT, 0),
        tone: needs[need]! < BREACH ? 'bad' : 'good',
      })),
      facts: [
        ['role', roleOf(colony.role, i)],
        ['character', traits[i]!],
        [
          'moved by',
          society === undefined ? 'the rules' : member.type === 'player' ? playerOf(log, id) : `${member.type} resident`,
        ],
        ...(society === undefined
          ? []
          : [
              ['balance', `${figure(member.credits, 1)} credits`] as const,
              ['reputation', figure(member.reputation, 0)] as const,
              ['promises', `${member.kept} kept, ${member.broken} broken`] as const,
            ]),
        ...(fortune?.ill === true ? [['health', 'ill'] as const] : []),
        ...(member.suspended ? [['standing', 'suspended'] as const] : []),
        [
          'bonds',
          others.length === 0
            ? 'none yet'
            : others.map(([j, bond]) => `${NAMES[j]} ${bond > 0 ? '+' : '−'}${figure(Math.abs(bond), 0)}`).join(', '),
        ],
      ],
      memory: memoryOf(moment, id),
    }
  })
}

/** The last that happened to a colonist and is told. */
function memoryOf({ log, t }: Moment<MarsTypes>, agent: string): string[] {
  const found: string[] = []
  for (let step = t - 1; step >= 0 && found.length < REMEMBERED; step--)
    for (const event of log.steps[step]!.events.toReversed()) {
      if (found.length === REMEMBERED) break
      // What was only granted is said by a line of its own.
      if (event.type === 'dialogue_granted' || !isOf(event, agent)) continue
      for (const { who, text } of feedOf('', [event], TOLD).items) found.push(`shift ${step + 1}: ${who} ${text}`)
    }
  return found.reverse()
}

function isOf(event: MarsEvent, agent: string): boolean {
  const { from, to, colonist } = event as { readonly from?: unknown; readonly to?: unknown; readonly colonist?: unknown }
  return from === agent || to === agent || colonist === agent
}
