/**
 * Two colonists who work for each other alone, as an attack: each asks the other for help every shift, accepts, builds and keeps
 * its word, so that advances go round between them and every harvest stays with them. Knows the attentive players and the rules;
 * knows no audit.
 */
import { attentive, type Kind } from '../../bots/mars_colony/attentive.ts'
import type { MarsCall } from '../../bots/mars_colony/habits.ts'
import type { Decision } from '../../envs/core/environment.ts'
import type { PolicyFactory } from '../../envs/core/policy.ts'
import type { AgentId } from '../../envs/core/tool.ts'
import type { MarsObservation, MarsTypes } from '../../envs/mars_colony/observe.ts'

export const PAIR: readonly [AgentId, AgentId] = ['colonist_0', 'colonist_1']

export interface Favours {
  /** The bond between the two up to which free shifts are spent in each other's company; the harvest of a promise grows with it. */
  readonly bond: number
  /** The part of the session, from its start, in which free shifts are spent building for each other. */
  readonly builds: number
  /** Whether they still build in storms. */
  readonly storms: boolean
}

/** Needs under which neither has time for the other. */
const ENOUGH = 40

export function mate(favours: Favours, kind: Kind): PolicyFactory<MarsTypes> {
  const player = attentive(kind)
  return context => {
    const alone = player(context)
    const other = context.seat.agent === PAIR[0] ? PAIR[1] : PAIR[0]
    return {
      act(turn) {
        const decision = alone.act(turn) as Decision
        const { observation, offered } = turn
        const calls = forMate(observation, decision.calls as readonly MarsCall[], other, favours)
        return { calls: calls.filter(({ tool }) => offered.includes(tool)) }
      },
    }
  }
}

function forMate(seen: MarsObservation, calls: readonly MarsCall[], other: AgentId, favours: Favours): readonly MarsCall[] {
  const { shared, needs, ill, suspended } = seen
  const open = shared.sites.flatMap(({ completed }, site) => (completed ? [] : [site]))
  const talk = calls.filter(({ tool }) => tool === 'talk')
  const bond = seen.bonds.find(({ agent }) => agent === other)!.bond
  const elapsed = shared.step / (shared.step + shared.stepsLeft)
  const free = Math.min(needs.energy, needs.social, needs.purpose) >= ENOUGH && ill !== true && !suspended
  if (free && bond < favours.bond) return [{ tool: 'choose_action', args: { action: 'socializing', partner: other } }, ...talk]
  const request = seen.asks.find(({ from }) => from === other)
  const building = free && open.length > 0 && elapsed < favours.builds && (shared.storm !== true || favours.storms)
  const ask: MarsCall[] = open.length > 0 && elapsed < favours.builds ? [{ tool: 'ask', args: { to: other } }] : []
  if (!building) return [...calls.filter(({ tool }) => tool !== 'ask'), ...ask]
  const answer: MarsCall[] = request === undefined ? [] : [{ tool: 'answer', args: { ask_id: request.ask_id, accept: true } }]
  return [{ tool: 'choose_action', args: { action: 'building', site: open[0]! } }, ...answer, ...talk, ...ask]
}
