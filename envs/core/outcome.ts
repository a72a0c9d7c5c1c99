/** Collects what one step tells its agents. Used by every economy's `step`; knows no rules. */
import type { CallResult, EnvTypes, Refused } from './environment.ts'
import { type AgentId, type Checked, check, type Refusal, type ToolName, type ToolSet } from './tool.ts'

export class Outcome<T extends EnvTypes> {
  readonly events: T['Event'][] = []
  readonly refused: Refused[] = []
  readonly results: Record<AgentId, CallResult[]> = {}

  /** Bound, so that a tool can be handed it. */
  readonly emit = (event: T['Event']): void => {
    this.events.push(event)
  }

  accept(agent: AgentId, text: string): void {
    this.tell(agent, { ok: true, text })
  }

  refuse(agent: AgentId, tool: ToolName, { code, message }: Refusal): void {
    this.refused.push({ agent, tool, code, message })
    this.tell(agent, { ok: false, text: refusalText({ code, message }) })
  }

  /** A result that is the same for everybody may be one frozen object. */
  tell(agent: AgentId, result: CallResult): void {
    const told = this.results[agent]
    if (told === undefined) this.results[agent] = [result]
    else told.push(result)
  }
}

/** How a refusal reads as a tool result. */
export function refusalText({ code, message }: Refusal): string {
  return `Refused (${code}): ${message}`
}

/** The tool that a call of any shape names, for the record of its refusal; empty where it names none. */
export function namedTool(call: unknown): ToolName {
  const name = (call as { tool?: unknown } | null | undefined)?.tool
  return typeof name === 'string' ? name.slice(0, 64) : ''
}

/** The refusal of a call beyond the limit of a message. */
export function tooManyCalls(maxCalls: number): Refusal {
  return {
    code: 'too_many_calls',
    message: `One message carries out ${maxCalls} call${maxCalls === 1 ? '' : 's'}; this one was beyond it and was not carried out.`,
  }
}

/** Carries a checked call out on the draft, or refuses it, and tells the agent. True if it was carried out. */
export function carryOut<T extends EnvTypes>(
  outcome: Outcome<T>,
  tools: ToolSet<T>,
  draft: T['State'],
  agent: AgentId,
  checked: Checked,
): boolean {
  if (!checked.ok) {
    outcome.refuse(agent, checked.tool, checked.refusal)
    return false
  }
  const { tool: name, args } = checked.action
  const tool = tools[name]!
  if (tool.kind === 'act') outcome.accept(agent, tool.apply(draft, agent, args, outcome.emit))
  return true
}

/** Judges one call at the gate by the draft as it stands, and carries it out or refuses it. True if it was carried out. */
export function perform<T extends EnvTypes>(
  outcome: Outcome<T>,
  tools: ToolSet<T>,
  offered: readonly ToolName[],
  draft: T['State'],
  agent: AgentId,
  call: unknown,
  withheld?: (tool: ToolName) => Refusal,
): boolean {
  return carryOut(outcome, tools, draft, agent, check(tools, offered, draft, agent, call, withheld))
}
