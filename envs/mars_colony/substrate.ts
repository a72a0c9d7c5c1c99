/**
 * The lower layer: needs, bonds, what colonists choose to do and what they build. Deterministic, integer state, no language
 * and no players. Two engines over the same rules: `tick` goes one tick at a time and asks who decides what (the agentic
 * mode); `advance` (`advance.ts`) jumps from decision to decision (the two-layer mode and long runs). That they agree is tested
 * over whole sessions.
 *
 * One tick: all needs decay; colonists whose bout is over decide, in index order; every action has its effect; sites with
 * enough labour close and free their builders; a tick on which some need is under the breach threshold is counted.
 */
import {
  ACTIONS,
  AFFINITY,
  BOND_CAP,
  BOND_GAIN,
  BOUT_MAX,
  BOUT_MIN,
  BREACH,
  BUILDING,
  COLONISTS,
  COMPLEMENTARY,
  DECAY,
  GAIN,
  LABOUR,
  NEED_CAP,
  NEED_UNIT,
  NEEDS,
  PAIRS,
  PIVOT,
  RESTING,
  ROLES,
  type Role,
  SITES,
  SOCIALIZING,
  WALKING,
  WEIGHT,
  WORKING,
} from './parameters.ts'

/** What the substrate needs of a random stream: uniform numbers in [0, 1). */
export interface Draw {
  float(): number
}
/** Opens a named stream of a session. */
export type Open = (...names: readonly (string | number)[]) => Draw

/** The substrate's state, every number an integer: typed arrays while it runs, plain ones where it is kept. */
export interface Colony<Ints extends ArrayLike<number> = Int32Array> {
  /** Ticks completed. */
  tick: number
  /** Role number per colonist. */
  role: Ints
  /** `3i + {0 energy, 1 social, 2 purpose}`, in 0.001 points, 0 … 100,000. */
  need: Ints
  /** Affinity per pair in 0.001; constant during a session. */
  affinity: Ints
  /** Bond per pair in 0.0001 points, ±1,000,000. */
  bond: Ints
  /** Action number per colonist. */
  act: Ints
  /** Partner when socializing, site when building, else −1. */
  target: Ints
  /** Ticks left of the current bout; 0 = decides next. */
  left: Ints
  /** Colonist-ticks of labour per site. */
  progress: Ints
  /** Tick of completion per site, or −1. */
  done_at: Ints
  /** Bit i of a site: colonist i ever started building there. */
  workers: Ints
  /** Colonist-ticks per action. */
  count: Ints
  /** Ticks on which some need was under the breach threshold. */
  breach_ticks: number
}
export type PlainColony = Colony<number[]>

function mapColony<A extends ArrayLike<number>, B extends ArrayLike<number>>(colony: Colony<A>, map: (ints: A) => B): Colony<B> {
  return {
    tick: colony.tick,
    role: map(colony.role),
    need: map(colony.need),
    affinity: map(colony.affinity),
    bond: map(colony.bond),
    act: map(colony.act),
    target: map(colony.target),
    left: map(colony.left),
    progress: map(colony.progress),
    done_at: map(colony.done_at),
    workers: map(colony.workers),
    count: map(colony.count),
    breach_ticks: colony.breach_ticks,
  }
}

/** A colony that can be run, and shares nothing with the one that was kept. */
export function thaw(colony: PlainColony): Colony {
  return mapColony(colony, ints => new Int32Array(ints))
}

/** The colony as it is kept in a state. */
export function keep(colony: Colony): PlainColony {
  return mapColony(colony, toArray)
}

/** `Array.from` goes through an iterator and is eight times as slow. */
function toArray(ints: Int32Array): number[] {
  const numbers = new Array<number>(ints.length)
  for (let k = 0; k < ints.length; k++) numbers[k] = ints[k]!
  return numbers
}

/** The place of a pair in (0,1), (0,2), … (8,9). */
export function pairIndex(i: number, j: number): number {
  return i < j ? (i * (2 * COLONISTS - i - 1)) / 2 + (j - i - 1) : pairIndex(j, i)
}

/** `pairIndex` as a table, by `COLONISTS · i + j`; −1 for oneself. */
const PAIR = Int32Array.from({ length: COLONISTS * COLONISTS }, (_, k) => {
  const i = Math.floor(k / COLONISTS)
  const j = k % COLONISTS
  return i === j ? -1 : pairIndex(i, j)
})

/** A colony before its first tick. `needs` in points, for all three needs of everybody. */
export function found(open: Open, needs: number): Colony {
  const roles = open('roles')
  const role = new Int32Array(COLONISTS)
  for (let i = 0; i < COLONISTS; i++) role[i] = Math.floor(roles.float() * ROLES.length)
  const jitter = open('affinity')
  const affinity = new Int32Array(PAIRS)
  for (let i = 0, pair = 0; i < COLONISTS; i++)
    for (let j = i + 1; j < COLONISTS; j++, pair++) {
      const base = rolesFit(ROLES[role[i]!]!, ROLES[role[j]!]!) ? AFFINITY.complementary : AFFINITY.other
      affinity[pair] = base + Math.floor(jitter.float() * (2 * AFFINITY.jitter + 1)) - AFFINITY.jitter
    }
  return {
    tick: 0,
    role,
    need: new Int32Array(COLONISTS * NEEDS.length).fill(needs * NEED_UNIT),
    affinity,
    bond: new Int32Array(PAIRS),
    act: new Int32Array(COLONISTS).fill(WALKING),
    target: new Int32Array(COLONISTS).fill(-1),
    left: new Int32Array(COLONISTS),
    progress: new Int32Array(SITES),
    done_at: new Int32Array(SITES).fill(-1),
    workers: new Int32Array(SITES),
    count: new Int32Array(ACTIONS.length),
    breach_ticks: 0,
  }
}

/** Whether two roles work well together. */
export function rolesFit(one: Role, other: Role): boolean {
  return COMPLEMENTARY.some(([x, y]) => (one === x && other === y) || (one === y && other === x))
}

/** Opens the stream of every colonist's decisions. */
export function openColonists(open: Open): Draw[] {
  return Array.from({ length: COLONISTS }, (_, i) => open('colonist', i))
}

/** How many sites are unfinished. */
export function openSites({ done_at }: Pick<Colony<ArrayLike<number>>, 'done_at'>): number {
  let open = 0
  for (let site = 0; site < done_at.length; site++) if (done_at[site]! < 0) open++
  return open
}

/** The ⌊open · u⌋-th of the `open` unfinished sites. */
export function pickSite({ done_at }: Colony, open: number, u: number): number {
  let nth = Math.floor(u * open)
  let site = 0
  while (done_at[site]! >= 0 || nth-- > 0) site++
  return site
}

/** The ⌊9u⌋-th of the other colonists. */
export function pickPartner(i: number, u: number): number {
  const other = Math.floor(u * (COLONISTS - 1))
  return other >= i ? other + 1 : other
}

/** The lowest of a colonist's needs, in 0.001 points. */
export function lowestNeed(need: ArrayLike<number>, i: number): number {
  return Math.min(need[3 * i]!, need[3 * i + 1]!, need[3 * i + 2]!)
}

/** Colonist i begins a bout. */
export function begin(colony: Colony, i: number, action: number, target: number, ticks: number): void {
  colony.act[i] = action
  colony.target[i] = target
  colony.left[i] = ticks
  if (action === BUILDING) colony.workers[target]! |= 1 << i
}

/** How long a bout is, from a draw. */
export function boutTicks(u: number): number {
  return BOUT_MIN + Math.floor(u * (BOUT_MAX - BOUT_MIN + 1))
}

/** How urgent a need is: 1 + (deficit / 10 points)². */
function urgency(need: number): number {
  const tens = (NEED_CAP - need) / (10 * NEED_UNIT)
  return 1 + tens * tens
}

/** `WEIGHT` by `ACTIONS.length · role + action`. */
const WEIGHTS = Float64Array.from(WEIGHT.flat())

/**
 * The selector: colonist i begins the bout that its next three draws (action, duration, target) give. The needs are those
 * after this tick's decay; `open` is how many sites it may choose from, 0 if it does not build of its own accord.
 */
export function select(
  colony: Colony,
  i: number,
  draw: Draw,
  energy: number,
  social: number,
  purpose: number,
  open: number,
): void {
  const u1 = draw.float()
  const u2 = draw.float()
  const u3 = draw.float()
  const row = ACTIONS.length * colony.role[i]!
  const drive = urgency(purpose)
  const working = WEIGHTS[row + WORKING]! * drive
  const socializing = WEIGHTS[row + SOCIALIZING]! * urgency(social)
  const resting = WEIGHTS[row + RESTING]! * urgency(energy)
  const building = open > 0 ? WEIGHTS[row + BUILDING]! * drive : 0
  const x = u1 * (working + socializing + resting + building + WEIGHTS[row + WALKING]!)
  let action = WALKING
  let target = -1
  // One subtraction after another: sums in another order could round another way.
  if (x < working) action = WORKING
  else if (x - working < socializing) {
    action = SOCIALIZING
    target = pickPartner(i, u3)
  } else if (x - working - socializing < resting) action = RESTING
  else if (x - working - socializing - resting < building) {
    action = BUILDING
    target = pickSite(colony, open, u3)
  }
  begin(colony, i, action, target, boutTicks(u2))
}

/** How much `ticks` of socializing change a bond, before the clamp. */
export function bondChange(affinity: number, ticks: number): number {
  return BOND_GAIN * (affinity - PIVOT) * ticks
}

export function clampBond(bond: number): number {
  return Math.max(-BOND_CAP, Math.min(BOND_CAP, bond))
}

/** Colonist i socializes with its partner for `ticks`. */
export function bondWith({ bond, affinity, target }: Colony, i: number, ticks: number): void {
  const pair = PAIR[COLONISTS * i + target[i]!]!
  bond[pair] = clampBond(bond[pair]! + bondChange(affinity[pair]!, ticks))
}

/** What a tick takes from each need, and what each action gives to it, by `3 · action + kind`. */
const DECAYS = Int32Array.from(DECAY)
const GAINS = Int32Array.from(GAIN.flat())

const PUBLISHED_LABOUR: readonly number[] = Array<number>(SITES).fill(LABOUR)

/**
 * One tick. `decide(i)` must begin a bout for colonist i, whose needs have decayed already. `labour` is what each site takes.
 */
export function tick(colony: Colony, decide: (i: number) => void, labour: readonly number[] = PUBLISHED_LABOUR): void {
  const { need, act, target, left, progress, done_at, count } = colony
  for (let k = 0, kind = 0; k < need.length; k++) {
    need[k] = Math.max(0, need[k]! - DECAYS[kind]!)
    kind = kind === 2 ? 0 : kind + 1
  }
  for (let i = 0; i < left.length; i++) if (left[i] === 0) decide(i)
  let lowest = NEED_CAP
  for (let i = 0; i < act.length; i++) {
    const action = act[i]!
    count[action]!++
    left[i]!--
    for (let kind = 0; kind < 3; kind++) {
      const gain = GAINS[3 * action + kind]!
      if (gain > 0) need[3 * i + kind] = Math.min(NEED_CAP, need[3 * i + kind]! + gain)
    }
    if (action === BUILDING) progress[target[i]!]!++
    else if (action === SOCIALIZING) bondWith(colony, i, 1)
    lowest = Math.min(lowest, lowestNeed(need, i))
  }
  for (let site = 0; site < done_at.length; site++)
    if (done_at[site]! < 0 && progress[site]! >= labour[site]!) {
      done_at[site] = colony.tick
      for (let i = 0; i < act.length; i++) if (act[i] === BUILDING && target[i] === site) left[i] = 0
    }
  if (lowest < BREACH) colony.breach_ticks++
  colony.tick++
}
