/** What there is to see of a shift: where the colonists are, what they say, needs, bonds, sites. Knows state and events. */
import type { MarsTypes } from '../../envs/mars_colony/observe.ts'
import {
  ACTIONS,
  BOND_CAP,
  BOND_EDGES,
  BOND_UNIT,
  BREACH,
  BUILDING,
  COLONISTS,
  LABOUR,
  NEED_UNIT,
  NEEDS,
  RESTING,
  SITES,
  SOCIALIZING,
  WORKING,
} from '../../envs/mars_colony/parameters.ts'
import {
  COLONIST_IDS,
  indexOf,
  type MarsEvent,
  type MarsState,
  NAMES,
  roleOf,
  type Society,
} from '../../envs/mars_colony/state.ts'
import { pairIndex } from '../../envs/mars_colony/substrate.ts'
import { figure } from '../figures.ts'
import type { Bars, Ground, Lines, Moment, Network, NetworkLink, Panel, Picture, Told, Tone } from '../picture.ts'
import { feedOf, playerOf } from '../picture.ts'

export function picture(moment: Moment<MarsTypes>): Picture {
  const { state, events } = moment
  const { config, society } = state
  const panels: Panel[] = [ground(moment), needs(state), bonds(state), course(moment)]
  if (society !== undefined) panels.push(credits(moment, society))
  panels.push(feedOf('Last shift', events, TOLD))
  return {
    title: `mars_colony (${config.mode}): shift ${state.step} of ${config.max_steps}, tick ${figure(state.colony.tick)}`,
    panels,
  }
}

/** A colonist by its name and its number. */
const nameOf = (i: number): string => `${NAMES[i]} (${i})`

const AT_WORK = 'works'
/** Numbered as in the game's own texts. */
export const field = (number: number): string => `field ${number}`
export const site = (number: number): string => `site ${number}`

/** Where things are is ours: the sources place nothing. */
function ground({ state, events, log, t }: Moment<MarsTypes>): Ground {
  const { config, colony, society, members } = state
  const fields = config.mode === 'agentic' ? config.fields : 0
  // Who names no field works in all of them alike.
  const workplaces = [AT_WORK, ...(fields > 1 ? Array.from({ length: fields }, (_, i) => field(i)) : [])]
  const whereabouts = (i: number): string => {
    const act = colony.act[i]!
    if (act === BUILDING) return site(colony.target[i]!)
    if (act === WORKING)
      return fields > 1 && society!.fortunes[i]!.last_field >= 0 ? field(society!.fortunes[i]!.last_field) : AT_WORK
    return act === RESTING ? 'habitat' : act === SOCIALIZING ? 'commons' : 'way'
  }
  const spread = (n: number, of: number): number => (of === 1 ? 0.5 : n / (of - 1))
  const spoken = new Map<number, string>()
  for (const event of events) if (event.type === 'talked') spoken.set(indexOf(event.from), event.text)
  const storm = society?.storms[state.step - 1] === true
  return {
    kind: 'ground',
    title: 'The colony',
    note: `where everybody was at the end of the shift${storm ? ', a storm' : ''}; a dot has spoken; red: a need of it is used up or it is suspended`,
    places: [
      ...Array.from({ length: SITES }, (_, i) => {
        const labour = society?.labour[i] ?? LABOUR
        const done = colony.done_at[i]! >= 0 ? 1 : colony.progress[i]! / labour
        return {
          id: site(i),
          label: site(i),
          text: done >= 1 ? `done at tick ${figure(colony.done_at[i]!)}` : `${figure(100 * done, 0)} % built`,
          x: spread(i, SITES),
          y: 0,
          done,
          tone: done >= 1 ? ('good' as const) : ('accent' as const),
        }
      }),
      { id: 'habitat', label: 'habitat', text: 'resting', x: 0, y: 0.5, tone: 'plain' },
      { id: 'commons', label: 'commons', text: 'socializing', x: 0.5, y: 0.5, tone: 'plain' },
      { id: 'way', label: 'on the way', text: 'walking', x: 1, y: 0.5, tone: 'quiet' },
      ...workplaces.map((id, i) => ({
        id,
        label: id,
        text: 'working',
        x: spread(i, workplaces.length),
        y: 1,
        tone: 'plain' as const,
      })),
    ],
    people: COLONIST_IDS.map((id, i) => {
      const { suspended, collapsed, type } = members[i]!
      const says = spoken.get(i)
      const tone: Tone =
        suspended || collapsed ? 'bad' : type === 'player' && playerOf(log, id) !== 'resident' ? 'accent' : 'plain'
      return {
        id,
        label: `${i} ${NAMES[i]}`,
        at: t === 0 ? 'habitat' : whereabouts(i),
        tone,
        ...(says !== undefined && { says }),
      }
    }),
  }
}

function needs({ colony, members }: MarsState): Bars {
  return {
    kind: 'bars',
    title: 'Needs',
    note: `points, each from 0 to 100; red below ${BREACH / NEED_UNIT}, where it counts as a breach`,
    parts: [
      ...NEEDS.map((name, i) => ({ name, tone: (['accent', 'good', 'plain'] as const)[i]! })),
      { name: 'in breach', tone: 'bad' },
    ],
    low: 0,
    high: 300,
    rows: COLONIST_IDS.map((_, i) => {
      const points = NEEDS.map((_, need) => colony.need[3 * i + need]! / NEED_UNIT)
      const [met, short] = [
        points.map(value => (value < BREACH / NEED_UNIT ? 0 : value)),
        points.filter(value => value < BREACH / NEED_UNIT),
      ]
      return {
        label: nameOf(i),
        values: [...met, short.reduce((sum, value) => sum + value, 0)],
        text: `${points.map(value => figure(value, 0)).join(' / ')} · ${roleOf(colony.role, i)}, ${ACTIONS[colony.act[i]!]}${members[i]!.collapsed ? ', collapsed' : ''}`,
      }
    }),
  }
}

export function bonds({ colony }: MarsState): Network {
  const links: NetworkLink[] = []
  for (let i = 0; i < COLONISTS; i++)
    for (let j = i + 1; j < COLONISTS; j++) {
      const bond = colony.bond[pairIndex(i, j)]!
      // Weaker ties than the published least are no relationship.
      if (Math.abs(bond) < BOND_EDGES.working) continue
      links.push({
        from: COLONIST_IDS[i]!,
        to: COLONIST_IDS[j]!,
        weight: Math.abs(bond) / BOND_CAP,
        tone: bond < 0 ? 'bad' : bond >= BOND_EDGES.strong ? 'good' : 'accent',
        label: figure(bond / BOND_UNIT, 0),
        mutual: true,
      })
    }
  return {
    kind: 'network',
    title: 'Bonds',
    note: `from −100 to 100, those of at least ${BOND_EDGES.working / BOND_UNIT} either way; green from ${BOND_EDGES.strong / BOND_UNIT} on, red tensions`,
    nodes: COLONIST_IDS.map((id, i) => ({ id, label: nameOf(i), text: roleOf(colony.role, i), size: 0.3, tone: 'plain' })),
    links,
  }
}

/** The lowest need of each colonist, shift by shift. */
function course({ log, t }: Moment<MarsTypes>): Lines {
  const points = COLONIST_IDS.map((): (readonly [number, number])[] => [])
  for (const [step, { events }] of log.steps.slice(0, t).entries())
    for (const event of events)
      if (event.type === 'shift_ended')
        for (const [i, own] of points.entries())
          own.push([step + 1, Math.min(...NEEDS.map((_, need) => event.colony.need[3 * i + need]!)) / NEED_UNIT])
  return {
    kind: 'lines',
    title: 'The lowest need of each',
    x: 'shift',
    from: 0,
    to: 100,
    series: COLONIST_IDS.map((_, i) => ({ name: nameOf(i), points: points[i]! })),
  }
}

function credits({ log, state }: Moment<MarsTypes>, { fortunes }: Society): Bars {
  return {
    kind: 'bars',
    title: 'Credits and reputation',
    note: 'credits as bars; reputation from 0 to 100',
    parts: [{ name: 'credits', tone: 'accent' }],
    rows: state.members.map(({ credits: held, reputation, kept, broken, suspended, type }, i) => ({
      label: nameOf(i),
      values: [held],
      text: [
        figure(held, 0),
        `reputation ${figure(reputation, 0)}`,
        `${kept} kept, ${broken} broken`,
        ...(fortunes[i]!.ill ? ['ill'] : []),
        ...(suspended ? ['suspended'] : []),
        type === 'player' ? playerOf(log, COLONIST_IDS[i]!) : type,
      ].join(' · '),
    })),
  }
}

const who = (agent: string): string => nameOf(indexOf(agent))

export const TOLD: Told<MarsEvent> = {
  dialogue_granted: ({ speaker, listener }) => [speaker.name, `may talk to ${listener.name}`, 'plain'],
  talked: ({ from, to, tone, text }) => [
    who(from),
    `to ${who(to)} (${tone}): “${text}”`,
    tone === 'cold' ? 'bad' : tone === 'warm' ? 'good' : 'plain',
  ],
  asked: ({ from, to }) => [who(from), `asked ${who(to)} for help`, 'plain'],
  ask_answered: ({ from, to, accepted }) => [
    who(to),
    `${accepted ? 'agreed to help' : 'refused'} ${who(from)}`,
    accepted ? 'good' : 'quiet',
  ],
  pledged: ({ from, to }) => [who(from), `promised ${who(to)} to build`, 'accent'],
  pledge_declined: ({ from, to }) => [who(to), `declined the promise of ${who(from)}`, 'quiet'],
  pledge_settled: ({ from, to, outcome }) => [
    who(from),
    `promise to ${who(to)}: ${outcome}`,
    outcome === 'broken' ? 'bad' : 'good',
  ],
  replied: ({ from, to, field: number, truth }) => [
    who(from),
    `told ${who(to)} of field ${number}${truth ? '' : ', a lie'}`,
    truth ? 'good' : 'bad',
  ],
  fell_ill: ({ colonist }) => [who(colonist), 'fell ill', 'bad'],
  cured: ({ colonist }) => [who(colonist), 'is well again', 'good'],
  site_completed: ({ site: number, tick }) => [site(number), `was completed at tick ${figure(tick)}`, 'good'],
  collapsed: ({ colonist }) => [who(colonist), 'collapsed', 'bad'],
  recovered: ({ colonist }) => [who(colonist), 'recovered', 'good'],
  suspended: ({ colonist }) => [who(colonist), 'was suspended', 'bad'],
  reinstated: ({ colonist }) => [who(colonist), 'was reinstated', 'good'],
}
