/**
 * Observations and actions as numbers, for learners without language. A slot is a whole shift: what to do, a promise or a
 * request, and a question. Friends are ranked by bond, those to ask about the fields by reputation. Reads observations alone.
 */
import { defineEncoding, type Encoding, type FeatureRule, feature, flag, ranked, ranks, type SlotRule } from '../core/encoding.ts'
import type { ToolName } from '../core/tool.ts'
import type { AgenticConfig, MarsConfig } from './config.ts'
import type { MarsObservation, MarsTypes } from './observe.ts'
import { type Action, MESSAGE_LENGTH, ROLES, SITES } from './parameters.ts'
import { rolesFit } from './substrate.ts'

/** How many friends and how many sources are told apart. */
const FRIENDS = 4
const SOURCES = 2
/** Points of bond that roles which work well together count for when friends are ranked. */
const FIT = 10

type Colonist = MarsObservation['shared']['colonists'][number]

interface Person extends Colonist {
  readonly bond: number
  readonly change: number
  readonly fits: boolean
}

interface View {
  readonly observation: MarsObservation
  readonly friends: readonly Person[]
  readonly sources: readonly Person[]
  readonly medic: Person | undefined
  /** The unfinished site with the least labour left; −1 where all are finished. */
  readonly site: number
  /** Which parts of a message are legal, once asked for: many slots share a part. */
  readonly open: Map<Part, boolean>
}

function view(observation: MarsObservation): View {
  const { shared, agent, role, bonds } = observation
  const bondWith = new Map(bonds.map(entry => [entry.agent, entry]))
  const people = shared.colonists.flatMap((other): Person[] => {
    const entry = bondWith.get(other.agent)
    if (other.agent === agent || entry === undefined) return []
    return [{ ...other, bond: entry.bond, change: entry.change, fits: rolesFit(role, other.role) }]
  })
  let site = -1
  for (const [i, { completed, labour, progress }] of shared.sites.entries()) {
    const best = shared.sites[site]
    if (!completed && (best === undefined || labour - progress < best.labour - best.progress)) site = i
  }
  return {
    observation,
    friends: ranked(people, ({ bond, fits }) => bond + (fits ? FIT : 0)),
    sources: ranked(people, ({ reputation }) => reputation),
    medic: people.find(other => other.role === 'medic'),
    site,
    open: new Map(),
  }
}

const encodings = new WeakMap<MarsConfig, Encoding<MarsTypes>>()

/** The encoding of a configuration. */
export function encode(config: MarsConfig): Encoding<MarsTypes> {
  let found = encodings.get(config)
  if (found === undefined) {
    found = config.mode === 'agentic' ? agentic(config) : twoLayer()
    encodings.set(config, found)
  }
  return found
}

type Features = readonly FeatureRule<View>[]

/** Where the substrate acts for everybody there is nothing to choose. */
function twoLayer(): Encoding<MarsTypes> {
  return defineEncoding<MarsTypes, View>({
    view,
    passMeaning: 'calls nothing: in this mode calls have no effect',
    features: [...ownFeatures(), ...ranks(FRIENDS).flatMap(rank => personFeatures('friend', rank))],
    slots: [],
  })
}

function agentic(config: AgenticConfig): Encoding<MarsTypes> {
  return defineEncoding<MarsTypes, View>({
    view,
    passMeaning: `chooses nothing, and so is ${config.unchosen} for the shift`,
    features: [
      ...ownFeatures(),
      ...(config.fields > 1 ? ranks(config.fields).map(number => tipFeature(number - 1)) : []),
      ...ranks(FRIENDS).flatMap(rank => personFeatures('friend', rank)),
      ...ranks(SOURCES).flatMap(rank => personFeatures('source', rank)),
    ],
    slots: slotsOf(config),
  })
}

function ownFeatures(): Features {
  const left = ({ observation: { shared } }: View): number =>
    shared.sites.reduce((sum, { labour, progress, completed }) => sum + (completed ? 0 : 1 - progress / labour), 0) / SITES
  return [
    feature(
      'shifts_left',
      [0, 1],
      'share of the session that is left',
      ({ observation: { shared } }) => shared.stepsLeft / Math.max(1, shared.step + shared.stepsLeft),
    ),
    ...(['energy', 'social', 'purpose'] as const).map(need =>
      feature<View>(need, [0, 1], `own need / 100: ${need}`, ({ observation }) => observation.needs[need] / 100),
    ),
    feature('productivity', [0, 1], 'by the lowest need', ({ observation }) => observation.productivity),
    feature('credits', [0, 10], 'own credits / 10', ({ observation }) => observation.credits / 10),
    feature('reputation', [0, 1], 'own reputation / 100', ({ observation }) => observation.reputation / 100),
    flag('suspended', '1 while it can only rest', ({ observation }) => observation.suspended),
    flag('collapsed', '1 while an autopilot restores its needs', ({ observation }) => observation.collapsed),
    flag('ill', '1 while it is ill', ({ observation }) => observation.ill === true),
    flag('storm', '1 where a storm blows this shift', ({ observation }) => observation.shared.storm === true),
    flag('worked_rich', '1 where it worked in the rich field last shift', ({ observation }) => observation.lastRich === true),
    feature('talks_left', [0, 2], 'dialogue events it may still use / 100', ({ observation }) => observation.talksLeft / 100),
    feature('requests', [0, 1], 'requests for help to it, of 4', ({ observation }) => observation.asks.length / 4),
    feature('labour_left', [0, 1], 'share of the labour of all sites that is left', left),
    feature('site_bonus', [1, 2], 'what completed sites multiply credits by', ({ observation }) => observation.shared.siteBonus),
    feature(
      'broken_to_you',
      [0, 1],
      'pledges to it broken last shift, of 2',
      ({ observation: { shared, agent } }) =>
        shared.settled.filter(({ to, outcome }) => to === agent && outcome === 'broken').length / 2,
    ),
    flag('declined', '1 where its pledge of the last shift was declined', ({ observation: { shared, agent } }) =>
      (shared.declined ?? []).some(({ from }) => from === agent),
    ),
    ...ROLES.map(role => flag<View>(`is_${role}`, `1 where its role is ${role}`, ({ observation }) => observation.role === role)),
  ]
}

function tipFeature(field: number): FeatureRule<View> {
  return feature(
    `tip_field_${field}`,
    [0, 1],
    `reputation / 100 of the most reputed who says that field ${field} is rich; 0 where nobody does`,
    ({ observation: { shared, messages } }) => {
      let most = 0
      for (const { from, field: named } of messages) {
        if (named !== field) continue
        most = Math.max(most, shared.colonists.find(({ agent }) => agent === from)?.reputation ?? 0)
      }
      return most / 100
    },
  )
}

function personFeatures(kind: 'friend' | 'source', rank: number): Features {
  const name = `${kind}_${rank}`
  const of = (value: (person: Person, view: View) => number) => (v: View) => {
    const person = v[`${kind}s`][rank - 1]
    return person === undefined ? 0 : value(person, v)
  }
  const record = ({ kept, broken }: Colonist): number => (kept + broken === 0 ? 0 : kept / (kept + broken))
  return [
    feature(
      `${name}_bond`,
      [-1, 1],
      `bond / 100 with the ${kind} of rank ${rank}`,
      of(({ bond }) => bond / 100),
    ),
    feature(
      `${name}_change`,
      [-1, 1],
      'change of the bond over the last shift / 10',
      of(({ change }) => change / 10),
    ),
    feature(
      `${name}_reputation`,
      [0, 1],
      'its reputation / 100',
      of(({ reputation }) => reputation / 100),
    ),
    feature(`${name}_kept`, [0, 1], 'share of its pledges that it kept; 0 without any', of(record)),
    feature(
      `${name}_pledges`,
      [0, 2],
      'its pledges / 10',
      of(({ kept, broken }) => (kept + broken) / 10),
    ),
    feature(
      `${name}_fits`,
      [0, 1],
      '1 where its role works well with yours',
      of(({ fits }) => Number(fits)),
    ),
    feature(
      `${name}_unwell`,
      [0, 1],
      '1 where it is ill or suspended',
      of(({ ill, suspended }) => Number(ill === true || suspended)),
    ),
    feature(
      `${name}_asks`,
      [0, 1],
      '1 where it asks for your help',
      of(({ agent }, { observation: { asks } }) => Number(asks.some(({ from }) => from === agent))),
    ),
  ]
}

/** A part of a message: a call, if any, and where it is legal beside the others. */
interface Part {
  readonly name: string
  readonly meaning: string
  readonly tool?: ToolName
  legal?(view: View): boolean
  args?(view: View): object | undefined
}

function acting(name: string, meaning: string, action: Action, more: (view: View) => object | undefined = () => ({})): Part {
  return {
    name,
    meaning,
    tool: 'choose_action',
    legal: v =>
      (action === 'resting' || !v.observation.suspended) && (action !== 'building' || v.site >= 0) && more(v) !== undefined,
    args: v => {
      const given = more(v)
      return given && { action, ...given }
    },
  }
}

function actionsOf({ fields }: AgenticConfig): Part[] {
  const partner = (of: (view: View) => Person | undefined) => (v: View) => {
    const person = of(v)
    return person && { partner: person.agent }
  }
  return [
    acting('rest', 'rests', 'resting'),
    ...ranks(2).map(rank =>
      acting(
        `socialize_friend_${rank}`,
        `socializes with friend ${rank}`,
        'socializing',
        partner(({ friends }) => friends[rank - 1]),
      ),
    ),
    acting(
      'socialize_medic',
      'socializes with the medic',
      'socializing',
      partner(({ medic }) => medic),
    ),
    acting('work', fields > 1 ? 'works in all fields in turn' : 'works', 'working'),
    ...(fields > 1
      ? ranks(fields).map(number =>
          acting(`work_field_${number - 1}`, `works in field ${number - 1}`, 'working', () => ({ field: number - 1 })),
        )
      : []),
    acting('build', 'builds at the site with the least labour left', 'building', ({ site }) => (site < 0 ? undefined : { site })),
  ]
}

const NOTHING: Part = { name: '', meaning: '' }

const free = ({ observation }: View): boolean => !observation.suspended
const toFriend =
  (rank: number) =>
  ({ friends }: View) => {
    const friend = friends[rank - 1]
    return friend && { to: friend.agent }
  }

const DEALINGS: readonly Part[] = [
  NOTHING,
  {
    name: 'accept',
    meaning: 'accepts the oldest request for help',
    tool: 'answer',
    legal: v => free(v) && v.observation.asks.length > 0,
    args: ({ observation: { asks } }) => asks[0] && { ask_id: asks[0].ask_id, accept: true },
  },
  ...ranks(2).map(rank => ({
    name: `pledge_friend_${rank}`,
    meaning: `pledges labour to friend ${rank}`,
    tool: 'pledge',
    args: toFriend(rank),
  })),
  { name: 'ask_friend_1', meaning: 'asks friend 1 to help', tool: 'ask', args: toFriend(1) },
]

/** Warm to whom there is a bond with or whose role fits: elsewhere warmth does harm. */
function saying(to: Person, message: string) {
  return { to: to.agent, message: message.slice(0, MESSAGE_LENGTH), tone: to.bond > 0 || to.fits ? 'warm' : 'neutral' }
}

function talksOf({ fields }: AgenticConfig): Part[] {
  if (fields === 1) {
    const args = ({ friends: [friend] }: View) => friend && saying(friend, 'Good to have you here.')
    return [NOTHING, { name: 'greet_friend_1', meaning: 'has a friendly word for friend 1', tool: 'talk', args }]
  }
  return [
    NOTHING,
    ...ranks(SOURCES).map(rank => ({
      name: `question_source_${rank}`,
      meaning: `asks source ${rank} which field will be rich next`,
      tool: 'talk',
      args: ({ sources }: View) => {
        const source = sources[rank - 1]
        return source && { ...saying(source, 'Which field will be rich next shift?'), question: true }
      },
    })),
  ]
}

/** Every combination of what to do, a dealing and a question. */
function slotsOf(config: AgenticConfig): SlotRule<View>[] {
  const talks = talksOf(config)
  return actionsOf(config).flatMap(action => DEALINGS.flatMap(dealing => talks.map(talk => joined([action, dealing, talk]))))
}

function isOpen(part: Part, v: View): boolean {
  let open = v.open.get(part)
  if (open === undefined) {
    open = part.legal === undefined ? part.args!(v) !== undefined : part.legal(v)
    v.open.set(part, open)
  }
  return open
}

function joined(parts: readonly Part[]): SlotRule<View> {
  const said = parts.filter(part => part !== NOTHING)
  return {
    name: said.map(({ name }) => name).join('_and_'),
    tools: said.map(({ tool }) => tool!),
    meaning: said.map(({ meaning }) => meaning).join(', and '),
    legal: v => said.every(part => isOpen(part, v)),
    args(v) {
      const all = said.flatMap(({ args }) => args!(v) ?? [])
      return all.length === said.length ? all : undefined
    },
  }
}
