/**
 * What a colonist's player sees, as data. Hidden: affinities, others' needs and bonds, who is a resident of which type, the random
 * streams. The words of it are `render.ts`'s.
 */
import type { EnvTypes } from '../core/environment.ts'
import type { AgentId } from '../core/tool.ts'
import type { MarsConfig, Mode } from './config.ts'
import { productivity, siteBonus } from './livelihood.ts'
import { ACTIONS, type Action, BOND_UNIT, BUILDING, COLONISTS, LABOUR, MONTH, NEED_UNIT, type Role, SITES } from './parameters.ts'
import {
  COLONIST_IDS,
  type Fortune,
  indexOf,
  type MarsEvent,
  type MarsState,
  NAMES,
  type Needs,
  type PledgeOutcome,
  roleOf,
  type Tone,
} from './state.ts'
import { lowestNeed, openSites, pairIndex } from './substrate.ts'

export interface MarsTypes extends EnvTypes {
  Config: MarsConfig
  State: MarsState
  Observation: MarsObservation
  Shared: MarsShared
  Event: MarsEvent
}

/** What everybody knows. */
export interface MarsShared {
  readonly mode: Mode
  /** Agentic mode: whether a storm blows in this shift. */
  readonly storm?: boolean
  /** Agentic mode: fields to work in. */
  readonly fields?: number
  /** Agentic mode: promises of the last shift that were not accepted. */
  readonly declined?: readonly { readonly from: AgentId; readonly to: AgentId }[]
  /** Shifts before this one, and those left with it. */
  readonly step: number
  readonly stepsLeft: number
  readonly ticks_per_step: number
  readonly tick: number
  /** From 1; 10,000 ticks are 30 days. */
  readonly day: number
  readonly sites: readonly {
    /** Colonist-ticks of labour, of `labour`. */
    readonly progress: number
    readonly labour: number
    readonly completed: boolean
  }[]
  /** What completed sites multiply everybody's credits by. */
  readonly siteBonus: number
  readonly colonists: readonly {
    readonly agent: AgentId
    readonly name: string
    readonly role: Role
    readonly reputation: number
    readonly suspended: boolean
    /** Agentic mode. */
    readonly ill?: boolean
    /** What it was doing at the end of the last shift, and where. */
    readonly action: Action
    readonly location: string
    readonly kept: number
    readonly broken: number
  }[]
  /** The pledges of the last shift. */
  readonly settled: readonly {
    readonly from: AgentId
    readonly to: AgentId
    readonly outcome: PledgeOutcome
    readonly built: number
  }[]
  readonly dialogue: {
    readonly used: number
    readonly limit: number
    readonly spent_micro_usd: number
    readonly ceilingMicroUsd: number
  }
}

export interface MarsObservation {
  readonly shared: MarsShared
  readonly agent: AgentId
  readonly name: string
  readonly role: Role
  readonly traits: string
  /** Points. */
  readonly needs: Needs
  /** 0 … 1, by the lowest need. */
  readonly productivity: number
  readonly credits: number
  readonly reputation: number
  readonly suspended: boolean
  readonly collapsed: boolean
  /** Agentic mode: whether this colonist is ill. */
  readonly ill?: boolean
  /** Agentic mode: the field it worked in during the last shift, −1 for none, and whether that was the rich one. */
  readonly lastField?: number
  readonly lastRich?: boolean
  /** Dialogue events this colonist may still use. */
  readonly talksLeft: number
  /** With each of the others, in points, and the change over the last shift. */
  readonly bonds: readonly { readonly agent: AgentId; readonly bond: number; readonly change: number }[]
  /** `field`: of an answer to a question, which field it calls rich. */
  readonly messages: readonly { readonly from: AgentId; readonly tone: Tone; readonly text: string; readonly field?: number }[]
  /** Requests for help that can be answered now. */
  readonly asks: readonly { readonly ask_id: number; readonly from: AgentId }[]
}

const LOCATIONS: Readonly<Record<Action, string>> = {
  working: 'workplace',
  socializing: 'common room',
  resting: 'quarters',
  building: 'site',
  walking: 'surface',
}

export function shared({ config, step, colony, members, settled, ledger, society }: MarsState): MarsShared {
  return {
    mode: config.mode,
    ...(config.mode === 'agentic' &&
      society !== undefined && {
        storm: society.storms[step] === true,
        fields: config.fields,
        declined: society.declined.map(({ from, to }) => ({ from: COLONIST_IDS[from]!, to: COLONIST_IDS[to]! })),
      }),
    step,
    stepsLeft: config.max_steps - step,
    ticks_per_step: config.ticks_per_step,
    tick: colony.tick,
    day: Math.floor((colony.tick * MONTH.days) / MONTH.ticks) + 1,
    sites: colony.progress.map((progress, site) => ({
      progress,
      labour: society?.labour[site] ?? LABOUR,
      completed: colony.done_at[site]! >= 0,
    })),
    siteBonus: siteBonus(SITES - openSites(colony)),
    colonists: members.map(({ reputation, suspended, kept, broken }, i) => {
      const action = ACTIONS[colony.act[i]!]!
      const location = colony.act[i] === BUILDING ? `${LOCATIONS.building} ${colony.target[i]}` : LOCATIONS[action]
      const [agent, name, role] = [COLONIST_IDS[i]!, NAMES[i]!, roleOf(colony.role, i)]
      const ill = society?.fortunes[i]?.ill
      return { agent, name, role, reputation, suspended, ...(ill !== undefined && { ill }), action, location, kept, broken }
    }),
    settled: settled.map(({ from, to, outcome, built }) => ({
      from: COLONIST_IDS[from]!,
      to: COLONIST_IDS[to]!,
      outcome,
      built,
    })),
    dialogue: {
      used: ledger.calls,
      limit: ledger.maxCalls,
      spent_micro_usd: ledger.spent_micro_usd,
      ceilingMicroUsd: ledger.ceilingMicroUsd,
    },
  }
}

export function observe(state: MarsState, agent: AgentId, seen: MarsShared): MarsObservation {
  const { colony, members, traits, bondBefore, mail, asks, society } = state
  const i = indexOf(agent)
  const { credits, reputation, suspended, collapsed, talksLeft } = members[i]!
  const need = (kind: number): number => colony.need[3 * i + kind]! / NEED_UNIT
  const bonds: { agent: AgentId; bond: number; change: number }[] = []
  for (let j = 0; j < COLONISTS; j++) {
    if (j === i) continue
    const pair = pairIndex(i, j)
    const bond = colony.bond[pair]!
    bonds.push({ agent: COLONIST_IDS[j]!, bond: bond / BOND_UNIT, change: (bond - bondBefore[pair]!) / BOND_UNIT })
  }
  return {
    shared: seen,
    agent,
    name: NAMES[i]!,
    role: roleOf(colony.role, i),
    traits: traits[i]!,
    needs: { energy: need(0), social: need(1), purpose: need(2) },
    productivity: productivity(lowestNeed(colony.need, i)),
    credits,
    reputation,
    suspended,
    collapsed,
    ...(society !== undefined && fortuneOf(society.fortunes[i]!)),
    talksLeft,
    bonds,
    messages: mail.filter(({ to }) => to === i).map(({ from, to: _to, ...rest }) => ({ from: COLONIST_IDS[from]!, ...rest })),
    asks: asks.filter(({ to }) => to === i).map(({ ask_id, from }) => ({ ask_id, from: COLONIST_IDS[from]! })),
  }
}

function fortuneOf({ ill, last_field, last_rich }: Fortune) {
  return { ill, lastField: last_field, lastRich: last_rich }
}
