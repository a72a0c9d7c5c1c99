/** What the colony's scripted players have in common: looking after oneself, and finding somebody to turn to. */
import type { PolicyFactory, Turn } from '../../envs/core/policy.ts'
import type { ActionOf, AgentId } from '../../envs/core/tool.ts'
import type { MarsObservation, MarsTypes } from '../../envs/mars_colony/observe.ts'
import type { Action } from '../../envs/mars_colony/parameters.ts'
import type { Tone } from '../../envs/mars_colony/state.ts'
import type { MarsTools } from '../../envs/mars_colony/tools.ts'

export type MarsCall = ActionOf<MarsTools>
export type MarsTurn = Turn<MarsTypes>

/** A player whose calls follow from its turn alone; what is not offered is left out. */
export function habitual(habit: (turn: MarsTurn) => readonly MarsCall[]): PolicyFactory<MarsTypes> {
  return () => ({ act: turn => ({ calls: habit(turn).filter(({ tool }) => turn.offered.includes(tool)) }) })
}

export function choose(action: Action): MarsCall {
  return { tool: 'choose_action', args: { action } }
}

/** Rests under 55 energy, socializes under 55 social, works otherwise; only rests while suspended. */
export function lookAfterOneself({ needs, suspended }: MarsObservation): Action {
  if (suspended || needs.energy < 55) return 'resting'
  return needs.social < 55 ? 'socializing' : 'working'
}

export function canBuild({ shared, suspended }: MarsObservation): boolean {
  return !suspended && shared.sites.some(site => !site.completed)
}

/** Whom the colonist has the strongest bond with, the first of equals. */
export function bestBonded({ bonds }: MarsObservation): AgentId {
  return bonds.reduce((best, other) => (other.bond > best.bond ? other : best)).agent
}

/** The other colonist of the highest reputation, the first of equals. */
export function mostReputable({ agent, shared }: MarsObservation): AgentId {
  return shared.colonists
    .filter(other => other.agent !== agent)
    .reduce((best, other) => (other.reputation > best.reputation ? other : best)).agent
}

export function say(to: AgentId, tone: Tone, message: string): MarsCall {
  return { tool: 'talk', args: { to, message, tone } }
}

/** Every third shift, if nothing is urgent: builds and promises it to its best friend. */
export function buildAndPledge(observation: MarsObservation): readonly MarsCall[] {
  const action = lookAfterOneself(observation)
  const builds = observation.shared.step % 3 === 0 && action === 'working' && canBuild(observation)
  return builds ? [choose('building'), { tool: 'pledge', args: { to: bestBonded(observation) } }] : [choose(action)]
}
