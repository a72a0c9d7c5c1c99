/**
 * Who sits where and what the land is worth: the laboratory's constants and the seats that follow from a configuration.
 * Knows no phase and no rule of play.
 *
 * Constants: `IBEX-TUDelft/IBEX-game_server`, `api/resources/game.json` and `my-app/src/assets/{harberger,futarchy,voting}.json`.
 */
import { deepFreeze } from '../core/plain.ts'
import type { AgentId } from '../core/tool.ts'

/** The two conditions, in the laboratory's order: index 0 and 1 everywhere in this economy. */
export const CONDITIONS = ['no_project', 'project'] as const
export type Condition = (typeof CONDITIONS)[number]
/** An index into CONDITIONS. */
export type Cond = 0 | 1
export function indexOf(condition: Condition): Cond {
  return condition === 'project' ? 1 : 0
}
/** A number per condition. */
export type Pair = readonly [noProject: number, project: number]

export const TREATMENTS = ['harberger', 'futarchy', 'voting'] as const
export type Treatment = (typeof TREATMENTS)[number]

export const ROLES = ['owner', 'developer', 'speculator'] as const
export type Role = (typeof ROLES)[number]
export type LandRole = Exclude<Role, 'speculator'>

export interface Range {
  readonly low: number
  readonly high: number
}

/** Points a land holder's plot is worth: uniform, independent, public. */
export const RANGES: Readonly<Record<LandRole, readonly [noProject: Range, project: Range]>> = deepFreeze({
  owner: [
    { low: 350_000, high: 600_000 },
    { low: 150_000, high: 350_000 },
  ],
  developer: [
    { low: 200_000, high: 500_000 },
    { low: 500_000, high: 2_750_000 },
  ],
})

export interface Payment {
  /** Points added to the payoff of the paid round. */
  readonly basePoints: number
  readonly pointsPerEuro: number
}

const MARKET_PAYMENT: Readonly<Record<Role, Payment>> = {
  owner: { basePoints: 200_000, pointsPerEuro: 20_000 },
  developer: { basePoints: 0, pointsPerEuro: 50_000 },
  speculator: { basePoints: 400_000, pointsPerEuro: 20_000 },
}

/** How points become euros. Speculators do not sit in the voting treatment. */
export const PAYMENT: Readonly<Record<Treatment, Readonly<Record<Role, Payment>>>> = deepFreeze({
  harberger: MARKET_PAYMENT,
  futarchy: MARKET_PAYMENT,
  voting: {
    owner: { basePoints: 0, pointsPerEuro: 20_000 },
    developer: { basePoints: 500_000, pointsPerEuro: 50_000 },
    speculator: { basePoints: 0, pointsPerEuro: 20_000 },
  },
})

/** Euros for coming, whatever happens. */
export const SHOW_UP_FEE = 5

/** Tax shares there are; those that nobody holds earn nobody anything. */
export const SHARES = 100

/** Points one share pays per point of total declared land value: the final rate, in percent, of a hundredth. */
export function sharePerPoint(final_tax: number): number {
  return final_tax / 10_000
}

/** Seconds the laboratory's market is open. */
export const MARKET_SECONDS = 270

export const MAX_OWNERS = 5
export const MAX_SPECULATORS = 6

/** Every plot of the full roster, by its holder, in the laboratory's order on the map. */
export const PLOTS = ['owner_1', 'developer', 'owner_2', 'owner_3', 'owner_4', 'owner_5'] as const
export type Plot = (typeof PLOTS)[number]

/** The seats of one session. A player's index is the laboratory's player number less one; land holders come first, so a plot's index is its holder's. */
export interface Roster {
  readonly agents: readonly AgentId[]
  readonly roles: readonly Role[]
  /** The laboratory's names: `Owner 1`, `Developer`, `Speculator 1`. */
  readonly tags: readonly string[]
  readonly index: Readonly<Record<AgentId, number>>
  readonly plots: readonly Plot[]
}

const rosters = new Map<string, Roster>()

/** The seats of a treatment; the same frozen object for the same counts. */
export function rosterOf({
  treatment,
  owners,
  speculators,
}: {
  readonly treatment: Treatment
  readonly owners: number
  readonly speculators: number
}): Roster {
  const traders = treatment === 'voting' ? 0 : speculators
  const key = `${owners}+${traders}`
  let known = rosters.get(key)
  if (known === undefined) {
    const plots = PLOTS.slice(0, owners + 1)
    const agents = [...plots, ...Array.from({ length: traders }, (_, i) => `speculator_${i + 1}`)]
    known = deepFreeze({
      agents,
      roles: agents.map(roleOf),
      tags: agents.map(tagOf),
      index: Object.fromEntries(agents.map((agent, i) => [agent, i])),
      plots,
    })
    rosters.set(key, known)
  }
  return known
}

function roleOf(agent: AgentId): Role {
  return ROLES.find(role => agent.startsWith(role))!
}

/** `owner_1` → `Owner 1`. */
function tagOf(agent: AgentId): string {
  return `${agent.charAt(0).toUpperCase()}${agent.slice(1).replace('_', ' ')}`
}

/** The range of a plot's value under a condition. */
export function rangeOf(plot: AgentId, condition: Cond): Range {
  return RANGES[roleOf(plot) as LandRole][condition]
}

/** Both lower or both upper ends of a plot's ranges. */
export function endsOf(plot: AgentId, end: keyof Range): Pair {
  return [rangeOf(plot, 0)[end], rangeOf(plot, 1)[end]]
}

/** The value that lies a part of 0 to 1 into a range, in whole thousands as the laboratory deals them. Points. */
export function valueAt({ low, high }: Range, part: number): number {
  return 1000 * Math.round((low + part * (high - low)) / 1000)
}

/** The largest value that may be declared: twice the upper end of the range. */
export function capOf(plot: AgentId, condition: Cond): number {
  return 2 * rangeOf(plot, condition).high
}

/** Where a declaration lies in its range: 0 at or below the lower end, 100 at or above the upper, two decimals. */
export function percentile(declaration: number, { low, high }: Range): number {
  const share = Math.min(1, Math.max(0, (declaration - low) / (high - low)))
  return Math.round(share * 10_000) / 100
}

export function isLand(role: Role): role is LandRole {
  return role !== 'speculator'
}
