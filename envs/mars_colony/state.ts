/**
 * What a session is between two steps, what happens in it, and how its colonists are called. Nothing executable but ids,
 * labels, and how a state begins and is copied.
 */
import { type RandomWords, stream } from '../core/random.ts'
import type { AgentId } from '../core/tool.ts'
import { type AgenticConfig, type MarsConfig, MIXES, type ResidentType } from './config.ts'
import { type Ledger, openLedger } from './ledger.ts'
import { type Action, COLONISTS, DIALOGUE, PAIRS, ROLES, type Role, SOCIETY } from './parameters.ts'
import { type Colony, found, keep, type PlainColony } from './substrate.ts'
import { openNeeds, openWorld, type World } from './world.ts'

export const COLONIST_IDS: readonly AgentId[] = Array.from({ length: COLONISTS }, (_, i) => `colonist_${i}`)
const INDEX: Readonly<Record<AgentId, number>> = Object.fromEntries(COLONIST_IDS.map((id, i) => [id, i]))
export const NAMES = ['Amara', 'Bruno', 'Chidi', 'Dagny', 'Emeka', 'Farah', 'Goran', 'Hana', 'Ines', 'Jonas'] as const

/** Ours: personality, which only the language layer and the observations read. */
const TEMPERS = ['calm', 'restless', 'cheerful', 'dry', 'blunt', 'gentle'] as const
const HABITS = ['curious', 'orderly', 'inventive', 'stubborn', 'cautious', 'generous'] as const

export const TONES = ['warm', 'neutral', 'cold'] as const
export type Tone = (typeof TONES)[number]

/** The number of a colonist that exists. */
export function indexOf(agent: AgentId): number {
  return INDEX[agent]!
}

/** Everything about one colonist that the agentic mode keeps beside the substrate. */
export interface Member {
  /** Who decides: a player, or a resident of a type. */
  type: 'player' | ResidentType
  credits: number
  /** 0 … 100, public. */
  reputation: number
  /** Only resting, no pledges, no asks. */
  suspended: boolean
  /** A need reached 0 and an autopilot restores the needs. */
  collapsed: boolean
  /** Ticks with a need under the breach threshold, or suspended. */
  bad_ticks: number
  /** Dialogue events it may still use. */
  talksLeft: number
  talks: number
  /** Talks that were not cold and cost no bond. */
  good_talks: number
  /** Socializing bouts begun, and how many of them with a partner whose affinity makes the bond grow. */
  visits: number
  good_visits: number
  kept: number
  broken: number
  /** To whom it promised to build in this shift, or −1. Pledges are settled at the end of the shift they are made in. */
  pledge: number
  /** Ticks it built in this shift. */
  built: number
  /** What its player wants for this shift; null between steps. */
  plan: Plan | null
}

/** What luck and others' promises brought one colonist. */
export interface Fortune {
  ill: boolean
  /** Ticks it rested in this shift. */
  rested: number
  /** The field its player chose for this shift, or −1. */
  field: number
  /** The field it worked in during the last shift, or −1, and whether that was the rich one. */
  last_field: number
  last_rich: boolean
  /** Bit j: colonist j broke a promise to this one. */
  wronged: number
  /** The advance it was paid on its pledge of this shift. */
  paid: number
  /** Questions it answered. */
  replies: number
}

/** What the agentic mode keeps beside its members. */
export interface Society extends World {
  fortunes: Fortune[]
  /** Who asked whom for the next shift's field in this shift. */
  questions: Pair[]
  /** Promises of the last shift that were not accepted. */
  declined: Pair[]
}
/** Two colonists by number. */
export interface Pair {
  readonly from: number
  readonly to: number
}

/** The calls of one message, once each of them has passed the gate. */
export interface Plan {
  action: { readonly action: Action; readonly partner: number; readonly site: number; readonly field: number } | null
  talk: { readonly to: number; readonly tone: Tone; readonly text: string; readonly question: boolean } | null
  ask: number | null
  pledge: number | null
  answers: { readonly ask_id: number; readonly accept: boolean }[]
}

/** A request for help with construction, answered in the next step. */
export interface Ask {
  readonly ask_id: number
  readonly from: number
  readonly to: number
}
export interface Mail {
  readonly from: number
  readonly to: number
  readonly tone: Tone
  readonly text: string
  /** The field that an answer to a question calls rich. */
  readonly field?: number
}
export type PledgeOutcome = 'kept' | 'broken' | 'void'
/** A pledge that was settled at the end of the last step. */
export interface Settled {
  readonly from: number
  readonly to: number
  readonly outcome: PledgeOutcome
  readonly built: number
}

export interface MarsState {
  readonly config: MarsConfig
  readonly seed: number
  /** Steps, which are shifts, before this one. */
  step: number
  colony: PlainColony
  /** Where each colonist's decision stream stands. */
  words: RandomWords[]
  readonly traits: readonly string[]
  ledger: Ledger
  members: Member[]
  /** Net effect of talk and pledges per pair, in 0.0001 points of bond. */
  swayed: number[]
  /** Bonds before the last step. */
  bondBefore: number[]
  asks: Ask[]
  nextAsk: number
  mail: Mail[]
  settled: Settled[]
  /** Of the agentic mode. */
  society?: Society
}

/** Copies what a step changes piece by piece; the colony is replaced as a whole, and only the agentic mode has a society. */
export function draftOf(state: MarsState): MarsState {
  const draft = { ...state, ledger: { ...state.ledger } }
  if (state.society === undefined) return draft
  const society = { ...state.society, fortunes: state.society.fortunes.map(fortune => ({ ...fortune })) }
  return { ...draft, members: state.members.map(member => ({ ...member })), swayed: state.swayed.slice(), society }
}

function openSociety(config: AgenticConfig, seed: number): Society {
  return {
    ...openWorld(config, seed),
    fortunes: COLONIST_IDS.map(() => ({
      ill: false,
      rested: 0,
      field: -1,
      last_field: -1,
      last_rich: false,
      wronged: 0,
      paid: 0,
      replies: 0,
    })),
    questions: [],
    declined: [],
  }
}

/** The session before its first step. `played` are the seats that players take. */
export function openSession(config: MarsConfig, seed: number, played: readonly AgentId[]): MarsState {
  const colony = keep(found((...names) => stream(seed, ...names), config.initial_needs))
  if (config.mode === 'agentic') colony.need = openNeeds(config, seed)
  const traits = stream(seed, 'traits')
  const types = residentTypes(config, seed)
  const quotas = talkQuotas(config, played.length)
  return {
    config,
    seed,
    step: 0,
    colony,
    words: COLONIST_IDS.map((_, i) => stream(seed, 'colonist', i).words()),
    traits: COLONIST_IDS.map(() => `${traits.pick(TEMPERS)} and ${traits.pick(HABITS)}`),
    ledger: openLedger({ ...DIALOGUE, maxCalls: config.dialogue_events }),
    members: COLONIST_IDS.map((id, i) => ({
      type: played.includes(id) ? 'player' : types[i]!,
      credits: config.mode === 'agentic' ? config.start_credits : 0,
      reputation: SOCIETY.reputation.start,
      suspended: false,
      collapsed: false,
      bad_ticks: 0,
      talksLeft: played.includes(id) ? quotas.player : quotas.resident,
      talks: 0,
      good_talks: 0,
      visits: 0,
      good_visits: 0,
      kept: 0,
      broken: 0,
      pledge: -1,
      built: 0,
      plan: null,
    })),
    swayed: Array<number>(PAIRS).fill(0),
    bondBefore: colony.bond.slice(),
    asks: [],
    nextAsk: 0,
    mail: [],
    settled: [],
    ...(config.mode === 'agentic' && { society: openSociety(config, seed) }),
  }
}

/** Who each colonist is where no player sits. A mix is for the nine beside the learner, whose own seat is a `rule` without one. */
export function residentTypes({ residents }: MarsConfig, seed: number): readonly ResidentType[] {
  if (typeof residents !== 'string') return residents
  const types = Object.entries(MIXES[residents]).flatMap(([type, count]) => Array<ResidentType>(count).fill(type as ResidentType))
  return ['rule', ...stream(seed, 'bots').shuffle(types)]
}

/** Residents may use a few events each; players share the rest equally. */
function talkQuotas({ dialogue_events }: MarsConfig, players: number): { player: number; resident: number } {
  const resident = SOCIETY.residentTalks
  const rest = Math.max(0, dialogue_events - resident * (COLONISTS - players))
  return { player: players === 0 ? 0 : Math.floor(rest / players), resident }
}

export function roleOf(roles: ArrayLike<number>, i: number): Role {
  return ROLES[roles[i]!]!
}

/** What a colonist who speaks or listens was like when a dialogue event was granted. */
export interface Party {
  readonly agent: AgentId
  readonly name: string
  readonly role: Role
  readonly traits: string
  readonly action: Action
  /** Points, as at the beginning of the tick. */
  readonly needs: Needs
}
export interface Needs {
  readonly energy: number
  readonly social: number
  readonly purpose: number
}

/** How one colonist stands after a step of the agentic mode: what scores and metrics are made of. */
export type Standing = Pick<
  Member,
  'credits' | 'reputation' | 'bad_ticks' | 'talks' | 'good_talks' | 'visits' | 'good_visits' | 'kept' | 'broken'
>

export type MarsEvent =
  /** A colonist began a bout. */
  | {
      readonly type: 'decided'
      readonly tick: number
      readonly colonist: AgentId
      readonly action: Action
      readonly partner?: AgentId
      readonly site?: number
      readonly ticks: number
    }
  /** Two-layer mode: a dialogue event was granted and charged; what is said is rendered afterwards and changes nothing. */
  | {
      readonly type: 'dialogue_granted'
      readonly tick: number
      readonly speaker: Party
      readonly listener: Party
      /** Points. */
      readonly bond: number
      readonly micro_usd: number
    }
  /** Two-layer mode: a player's call was recorded and had no effect. */
  | { readonly type: 'advised'; readonly colonist: AgentId; readonly tool: string }
  | { readonly type: 'asked'; readonly ask_id: number; readonly from: AgentId; readonly to: AgentId }
  | {
      readonly type: 'ask_answered'
      readonly ask_id: number
      /** Who had asked, and who answered. */
      readonly from: AgentId
      readonly to: AgentId
      readonly accepted: boolean
    }
  /** `answering` is the ask that the pledge was the answer to; −1 for a pledge of one's own accord. */
  | { readonly type: 'pledged'; readonly from: AgentId; readonly to: AgentId; readonly answering: number }
  /** A promise that was not accepted: nothing is owed. */
  | { readonly type: 'pledge_declined'; readonly from: AgentId; readonly to: AgentId }
  /** A resident's answer to a question; `truth` is for readers of the log, no player is told. */
  | { readonly type: 'replied'; readonly from: AgentId; readonly to: AgentId; readonly field: number; readonly truth: boolean }
  | { readonly type: 'fell_ill'; readonly colonist: AgentId }
  | { readonly type: 'cured'; readonly colonist: AgentId }
  | {
      readonly type: 'talked'
      readonly from: AgentId
      readonly to: AgentId
      readonly tone: Tone
      readonly text: string
      /** Change of the bond, in points. */
      readonly bond: number
      readonly micro_usd: number
    }
  | {
      readonly type: 'pledge_settled'
      readonly from: AgentId
      readonly to: AgentId
      readonly outcome: PledgeOutcome
      /** Ticks the pledger built in the shift. */
      readonly built: number
    }
  | { readonly type: 'site_completed'; readonly tick: number; readonly site: number }
  | { readonly type: 'collapsed'; readonly tick: number; readonly colonist: AgentId }
  | { readonly type: 'recovered'; readonly tick: number; readonly colonist: AgentId }
  | { readonly type: 'suspended'; readonly colonist: AgentId }
  | { readonly type: 'reinstated'; readonly colonist: AgentId }
  /** The last event of every step: where the colony stands, in the substrate's own integers. */
  | {
      readonly type: 'shift_ended'
      readonly colony: Omit<PlainColony, 'role' | 'affinity' | 'act' | 'target' | 'left'>
      readonly dialogue: { readonly calls: number; readonly spent_micro_usd: number; readonly refused: number }
      /** In colonist order; empty in two-layer mode, where nobody is scored. */
      readonly standings: readonly Standing[]
    }

/** A shift of the agentic mode while it runs: the draft with its colony taken out to be worked on. */
export interface Shift {
  readonly draft: MarsState
  readonly config: AgenticConfig
  readonly society: Society
  readonly colony: Colony
  /** Whether this shift is a storm, and its rich field. */
  readonly storm: boolean
  readonly rich: number
  readonly emit: (event: MarsEvent) => void
}
