/** Collects what one step tells its agents. Used by every economy's `step`; knows no rules. */
import type { CallResult, EnvTypes, Refused } from './environment.ts'
import type { AgentId, Refusal, ToolName } from './tool.ts'

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

/** The refusal of a call beyond the limit of a message. */
export function tooManyCalls(maxCalls: number): Refusal {
  return {
    code: 'too_many_calls',
    message: `One message carries out ${maxCalls} call${maxCalls === 1 ? '' : 's'}; this one was beyond it and was not carried out.`,
  }
}
