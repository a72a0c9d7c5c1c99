/** Which tools are offered to whom in which phase, and why the others are not. What each does is `tools.ts`'s business. */
import type { AgentId, Refusal, ToolName } from '../core/tool.ts'
import type { SpatialConfig } from './config.ts'
import { phaseRule } from './phases.ts'
import { rosterOf, type Treatment } from './roster.ts'
import type { Phase, SpatialState } from './state.ts'
import { ANYTIME, LATER_TURNS } from './tools.ts'

// The same list at every call, as `offered` is called for every seat and step.
const ANYTIME_NAMES: readonly ToolName[] = Object.freeze(Object.keys(ANYTIME))
const NO_NAMES: readonly ToolName[] = Object.freeze([])
const MARKET_NAMES = ['place_limit_order', 'trade_now', 'cancel_order', 'end_turn']
const anytimeNames = ({ aids = true }: SpatialConfig): readonly ToolName[] => (aids ? ANYTIME_NAMES : NO_NAMES)

/** The moves of each phase; who may make them says the phase itself. */
const MOVES: Readonly<Record<Exclude<Phase, 'over'>, (treatment: Treatment) => readonly ToolName[]>> = {
  appraisal: () => ['publish_appraisals'],
  declaration: () => ['declare'],
  speculation: treatment => [treatment === 'futarchy' ? 'buy_plots_conditional' : 'buy_plots'],
  market: () => MARKET_NAMES,
  final_declaration: () => ['declare_final'],
  final_speculation: () => ['buy_plots'],
  deliberation: () => ['send_message'],
  request: () => ['request_compensation'],
  offer: () => ['offer_compensation'],
  reply: () => ['send_message'],
  vote: () => ['vote'],
  payment: () => ['pay_compensation'],
}

const offeredLists = new Map<string, readonly ToolName[]>()

/** The moves of the phase for those whose turn it is, and what anybody may ask at any time. */
export function offered(state: SpatialState, agent: AgentId): readonly ToolName[] {
  const rule = phaseRule(state)
  if (rule === undefined || !mayAct(state, agent)) return anytimeNames(state.config)
  const { treatment, aids = true, brief = false } = state.config
  const key = `${treatment}/${aids}/${brief}/${rule.phase}`
  let known = offeredLists.get(key)
  if (known === undefined) {
    const moves = MOVES[rule.phase](treatment).filter(name => !brief || !LATER_TURNS.includes(name))
    known = Object.freeze([...moves, ...anytimeNames(state.config)])
    offeredLists.set(key, known)
  }
  return known
}

function mayAct(state: SpatialState, agent: AgentId): boolean {
  const player = rosterOf(state.config).index[agent]!
  return phaseRule(state)?.play === 'turns' ? state.queue[state.turn] === player : state.queue.includes(player)
}

/** Why a tool that exists cannot be called now, and what can. */
export function withheld(state: SpatialState, agent: AgentId, tool: ToolName): Refusal {
  const rule = phaseRule(state)
  const may = `You may call: ${offered(state, agent).join(', ') || 'nothing now'}.`
  if (rule === undefined) return { code: 'wrong_phase', message: `The session is over. ${may}` }
  if (!MOVES[rule.phase](state.config.treatment).includes(tool)) {
    return { code: 'wrong_phase', message: `${tool} cannot be called in the phase ${rule.phase}. ${may}` }
  }
  const { roles, index } = rosterOf(state.config)
  const role = roles[index[agent]!]!
  return rule.roles.includes(role)
    ? { code: 'not_your_turn', message: `It is another player's turn. ${may}` }
    : { code: 'wrong_role', message: `${tool} is for ${rule.roles.join(' and ')}; you are ${role}. ${may}` }
}
