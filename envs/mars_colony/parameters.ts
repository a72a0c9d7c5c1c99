/**
 * The numbers of the colony, each with where it comes from. Knows no rule: `substrate.ts`, `talk.ts`, `pledges.ts` and
 * `livelihood.ts` do.
 *
 * The publication is "Emergent Social Collaboration in Multi-Agent LLM Systems: A Mars Colony Simulation Study" (Y. Chuba,
 * research report, 2026). Its program is not public. Every number below is marked
 *   documented     stated in the publication;
 *   derived        forced, up to rounding, by its tables;
 *   reconstructed  chosen here as the simplest rule or roundest number whose statistics meet its tables;
 *   ours           of the agentic mode, which the publication does not have.
 *
 * Needs and affinities are integers of 0.001, bonds of 0.0001 points, so that sums never depend on an order of floats.
 */

/** Documented. */
export const COLONISTS = 10
/** Unordered pairs of colonists. */
export const PAIRS = (COLONISTS * (COLONISTS - 1)) / 2
/** Documented. */
export const SITES = 3

/** Documented: the six roles; a role's number is its place here. */
export const ROLES = ['commander', 'scientist', 'builder', 'engineer', 'miner', 'medic'] as const
export type Role = (typeof ROLES)[number]

/** Documented: the five actions; an action's number is its place here. */
export const ACTIONS = ['working', 'socializing', 'resting', 'building', 'walking'] as const
export type Action = (typeof ACTIONS)[number]
export const WORKING = 0
export const SOCIALIZING = 1
export const RESTING = 2
export const BUILDING = 3
export const WALKING = 4

/** Documented: the three needs, in the order in which they lie in `Colony.need`. */
export const NEEDS = ['energy', 'social', 'purpose'] as const

/** 0.001 points in a point of need, and 1 in an affinity of 1. */
export const NEED_UNIT = 1000
/** 0.0001 points in a point of bond. */
export const BOND_UNIT = 10_000
/** Documented: needs lie in [0, 100]. */
export const NEED_CAP = 100 * NEED_UNIT
/** Documented: 0.020, 0.015 and 0.010 points a tick. */
export const DECAY = [20, 15, 10] as const
/** Reconstructed: a need under 20 points is a breach. */
export const BREACH = 20 * NEED_UNIT

const REST_GAIN = 120 // derived: 0.020 / 0.120 = 16.7 %, the published share of resting
const SOCIAL_GAIN = 75 // derived: 0.015 / 0.075 = 20.0 %, the published share of socializing
const PURPOSE_GAIN = 20 // derived: 0.010 / (0.492 + 0.035) = 0.019, rounded
/** What a tick of each action gives to each need (energy, social, purpose). */
export const GAIN = [
  [0, 0, PURPOSE_GAIN],
  [0, SOCIAL_GAIN, 0],
  [REST_GAIN, 0, 0],
  [0, 0, PURPOSE_GAIN],
  [0, 0, 0],
] as const

/** Reconstructed: how strongly each action is wanted when no need is urgent. */
const BASE_WEIGHT = [1, 0.2, 0.2, 0.3, 0.75] as const
/** Reconstructed: one doubled speciality a role; builders 4 and engineers 2 for building, offices ½. */
const ROLE_WEIGHT: Readonly<Record<Role, readonly number[]>> = {
  commander: [1, 2, 1, 0.5, 1],
  scientist: [2, 1, 1, 0.5, 1],
  builder: [1, 1, 1, 4, 1],
  engineer: [1, 1, 1, 2, 1],
  miner: [1, 1, 1, 1, 2],
  medic: [1, 2, 1, 0.5, 1],
}
/** Base × role weight, by role and action number. */
export const WEIGHT: readonly (readonly number[])[] = ROLES.map(role =>
  BASE_WEIGHT.map((base, action) => base * ROLE_WEIGHT[role][action]!),
)

/** Reconstructed: a bout lasts a uniform whole number of ticks in this range (about 3 to 7 hours). */
export const BOUT_MIN = 40
export const BOUT_MAX = 100
/** Derived: 3 sites × 1,170 colonist-ticks are 3.5 % of 100,000. */
export const LABOUR = 1170

/** Documented: affinity above 0.9 gains bond, below it loses. */
export const PIVOT = 900
/** Reconstructed: role pairs that work well together. */
export const COMPLEMENTARY: readonly (readonly [Role, Role])[] = [
  ['scientist', 'medic'],
  ['builder', 'engineer'],
  ['engineer', 'miner'],
]
/** Reconstructed: affinity of complementary roles, of all others, and the range of the uniform jitter. */
export const AFFINITY = { complementary: 1300, other: 950, jitter: 200 } as const
/** Reconstructed: 0.30 × (affinity − pivot) points of bond a socializing tick. */
export const BOND_GAIN = 3
/** Reconstructed: bonds lie in [−100, 100]. */
export const BOND_CAP = 100 * BOND_UNIT
/** Documented: the lower edges of working relationships and of strong friendships; tensions mirror the first. */
export const BOND_EDGES = { working: 15 * BOND_UNIT, strong: 50 * BOND_UNIT } as const

/** Documented: 10,000 ticks are about 30 days. */
export const MONTH = { days: 30, ticks: 10_000 } as const

/** Documented: at most 100 events a session at 7 × 10⁻⁵ USD, so never more than 0.007 USD. Integer micro-dollars. */
export const DIALOGUE = { maxCalls: 100, callMicroUsd: 70, ceilingMicroUsd: 7000 } as const
/** Ours: a message is at most this many UTF-16 units. */
export const MESSAGE_LENGTH = 280

/** Ours: the agentic mode's economy of credits, reputation and promises. */
export const SOCIETY = {
  reputation: { start: 50, max: 100, drift: 0.02, perBuiltTick: 2 / 100, kept: 3, cold: -1 },
  /** Reputation under which residents trust nobody, where that is an institution. */
  trustedFrom: 40,
  /** Ticks of rest in a shift that cure; the company of a medic at its end does, too. */
  cureTicks: 40,
  suspension: { below: 10, until: 20 },
  /** Points of need: all above `recovered` ends a collapse. */
  collapse: { recovered: 30 * NEED_UNIT, bout: 40 },
  /** Productivity is 0 at a lowest need of `floor` and 1 at `floor + span`. */
  productivity: { floor: 20 * NEED_UNIT, span: 40 * NEED_UNIT },
  credits: { perTick: 0.01, building: 0.5, siteBonus: 0.1 },
  /** Building ticks of a shift that keep a pledge. */
  pledgeTicks: 50,
  /** Effects on one pair's bond; what talk and pledges do to it together is limited to a net ± `limit` a session. */
  bond: { warmTicks: 10, cold: -1 * BOND_UNIT, kept: 2 * BOND_UNIT, broken: -4 * BOND_UNIT, limit: 10 * BOND_UNIT },
  /** Dialogue events each resident may use; players share the rest. */
  residentTalks: 5,
} as const
