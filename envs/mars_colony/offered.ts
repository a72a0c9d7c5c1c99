/** Which tools a colonist may call now, and why not the others. */
import { type AgentId, notOffered, type Refusal, type ToolName } from '../core/tool.ts'
import { COLONIST_IDS, indexOf, type MarsState, type Member } from './state.ts'
import { refusal, TOOL_NAMES, withheldPledge } from './tools.ts'

/** Why a tool cannot be called now in agentic mode; absent where it can. */
const WITHHELD: Readonly<Record<ToolName, (state: MarsState, member: Member, self: AgentId) => Refusal | undefined>> = {
  talk: (_state, { talksLeft }) =>
    talksLeft > 0 ? undefined : refusal('quota_used', 'Your dialogue events are used up; nothing more can be said this session.'),
  ask: withheldPledge,
  pledge: withheldPledge,
  answer: ({ asks }, _member, self) =>
    asks.some(({ to }) => COLONIST_IDS[to] === self) ? undefined : refusal('no_ask', 'No request for help is addressed to you.'),
}

function reasonWithheld(state: MarsState, agent: AgentId, tool: ToolName): Refusal | undefined {
  if (state.config.mode === 'two-layer') return undefined
  return WITHHELD[tool]?.(state, state.members[indexOf(agent)]!, agent)
}

export function offered(state: MarsState, agent: AgentId): readonly ToolName[] {
  return TOOL_NAMES.filter(tool => reasonWithheld(state, agent, tool) === undefined)
}

export function withheld(state: MarsState, agent: AgentId, tool: ToolName): Refusal {
  return reasonWithheld(state, agent, tool) ?? notOffered(tool, offered(state, agent))
}
