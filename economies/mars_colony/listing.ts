/**
 * The colony's substrate as it would be explained on a blackboard: five phases a tick, nothing merged, nothing skipped. It
 * is what the shipped engines are proven against and timed against, and shares only their parameters.
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
  PAIRS,
  PIVOT,
  RESTING,
  ROLES,
  SITES,
  SOCIALIZING,
  WALKING,
  WEIGHT,
  WORKING,
} from '../../envs/mars_colony/parameters.ts'
import { type Colony, type Draw, type Open, pairIndex } from '../../envs/mars_colony/substrate.ts'

export class Listing implements Colony<number[]> {
  tick = 0
  role: number[] = []
  need: number[]
  affinity: number[] = []
  bond: number[] = Array(PAIRS).fill(0)
  act: number[] = Array(COLONISTS).fill(WALKING)
  target: number[] = Array(COLONISTS).fill(-1)
  left: number[] = Array(COLONISTS).fill(0)
  progress: number[] = Array(SITES).fill(0)
  done_at: number[] = Array(SITES).fill(-1)
  workers: number[] = Array(SITES).fill(0)
  count: number[] = Array(ACTIONS.length).fill(0)
  breach_ticks = 0
  /** Five numbers a decision: tick, colonist, action, target, ticks. */
  readonly decisions: number[] = []
  readonly #draws: Draw[]

  constructor(open: Open, needs: number) {
    const roles = open('roles')
    for (let i = 0; i < COLONISTS; i++) this.role.push(Math.floor(roles.float() * 6))
    const jitter = open('affinity')
    for (let i = 0; i < COLONISTS; i++)
      for (let j = i + 1; j < COLONISTS; j++) {
        const [x, y] = [ROLES[this.role[i]!]!, ROLES[this.role[j]!]!]
        const fits = COMPLEMENTARY.some(([a, b]) => (x === a && y === b) || (x === b && y === a))
        this.affinity.push((fits ? AFFINITY.complementary : AFFINITY.other) + Math.floor(jitter.float() * 401) - AFFINITY.jitter)
      }
    this.need = Array(3 * COLONISTS).fill(needs * NEED_UNIT)
    this.#draws = Array.from({ length: COLONISTS }, (_, i) => open('colonist', i))
  }

  decide(i: number): void {
    const { need, done_at } = this
    const draw = this.#draws[i]!
    const [u1, u2, u3] = [draw.float(), draw.float(), draw.float()]
    const [energy, social, purpose] = [0, 1, 2].map(kind => 1 + ((NEED_CAP - need[3 * i + kind]!) / 10_000) ** 2)
    const open = done_at.filter(done => done < 0).length
    const weight = WEIGHT[this.role[i]!]!
    const weights = [
      weight[WORKING]! * purpose!,
      weight[SOCIALIZING]! * social!,
      weight[RESTING]! * energy!,
      open > 0 ? weight[BUILDING]! * purpose! : 0,
      weight[WALKING]!,
    ]
    let x = u1 * weights.reduce((sum, w) => sum + w)
    let action = 0
    while (action < WALKING && x >= weights[action]!) x -= weights[action++]!
    let target = -1
    if (action === SOCIALIZING) {
      target = Math.floor(u3 * 9)
      if (target >= i) target++
    }
    if (action === BUILDING) {
      target = [0, 1, 2].filter(site => done_at[site]! < 0)[Math.floor(u3 * open)]!
      this.workers[target]! |= 1 << i
    }
    this.act[i] = action
    this.target[i] = target
    this.left[i] = BOUT_MIN + Math.floor(u2 * (BOUT_MAX - BOUT_MIN + 1))
    this.decisions.push(this.tick, i, action, target, this.left[i]!)
  }

  step(): void {
    const { need, act, left, target } = this
    // 1. Decay.
    for (let k = 0; k < need.length; k++) need[k] = Math.max(0, need[k]! - DECAY[k % 3]!)
    // 2. Decisions.
    for (let i = 0; i < COLONISTS; i++) if (left[i] === 0) this.decide(i)
    // 3. Effects.
    for (let i = 0; i < COLONISTS; i++) {
      const action = act[i]!
      this.count[action]!++
      left[i]!--
      GAIN[action]!.forEach((gain, kind) => {
        need[3 * i + kind] = Math.min(NEED_CAP, need[3 * i + kind]! + gain)
      })
      if (action === BUILDING) this.progress[target[i]!]!++
      if (action === SOCIALIZING) {
        const pair = pairIndex(i, target[i]!)
        const bond = this.bond[pair]! + BOND_GAIN * (this.affinity[pair]! - PIVOT)
        this.bond[pair] = Math.max(-BOND_CAP, Math.min(BOND_CAP, bond))
      }
    }
    // 4. Completion.
    for (let site = 0; site < SITES; site++) {
      if (this.done_at[site]! >= 0 || this.progress[site]! < LABOUR) continue
      this.done_at[site] = this.tick
      for (let i = 0; i < COLONISTS; i++) if (act[i] === BUILDING && target[i] === site) left[i] = 0
    }
    // 5. Metrics.
    if (need.some(value => value < BREACH)) this.breach_ticks++
    this.tick++
  }
}
