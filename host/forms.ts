/** A turn as forms: the tools that may be called now, with values worth proposing. Knows tools; knows no page. */
import type { AnyTypes } from '../envs/core/environment.ts'
import type { Turn } from '../envs/core/policy.ts'
import { candidates, type PlayerTools, toolSchema } from '../envs/core/tool.ts'
import type { FormTool } from './messages.ts'

/** Proposals of one tool at most. */
const MOST = 20

/** The tools of a turn. A proposal is a candidate that the economy accepts now. */
export function formsOf(tools: PlayerTools<AnyTypes>, { offered, observation, check }: Turn<AnyTypes>): FormTool[] {
  return offered.map(name => {
    const tool = tools[name]!
    const { description, parameters } = toolSchema(name, tool)
    const proposals = new Map<string, unknown>()
    for (const args of candidates(tool, observation)) {
      if (proposals.size === MOST) break
      const text = argsText(args)
      if (!proposals.has(text) && check({ tool: name, args }).ok) proposals.set(text, args)
    }
    return {
      name,
      description,
      parameters,
      is_ask: tool.kind === 'ask',
      proposals: [...proposals].map(([text, args]) => ({ text, args })),
    }
  })
}

/** The arguments of a call in words, such as `amount 80, to agent_1`. */
function argsText(args: unknown): string {
  if (typeof args !== 'object' || args === null) return JSON.stringify(args) ?? ''
  return Object.entries(args)
    .map(([name, value]) => `${name.replaceAll('_', ' ')} ${typeof value === 'string' ? value : JSON.stringify(value)}`)
    .join(', ')
}
