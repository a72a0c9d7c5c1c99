/**
 * How trainers write messages and tools: TRL's dialect (arguments are an object, results carry the tool's name) and
 * OpenAI's (arguments are a JSON string, results carry the call's id). Knows shapes, not rows.
 */
import type { ToolSchema } from '../../envs/core/tool.ts'
import type { Message } from '../messages.ts'

export interface FunctionTool {
  readonly type: 'function'
  readonly function: ToolSchema
}

export type TrlMessage =
  | { readonly role: 'system' | 'user'; readonly content: string }
  | {
      readonly role: 'assistant'
      readonly content: string
      readonly reasoning_content?: string
      readonly tool_calls?: readonly { readonly type: 'function'; readonly function: { name: string; arguments: unknown } }[]
    }
  | { readonly role: 'tool'; readonly name: string; readonly content: string }

export type OpenAiMessage =
  | { readonly role: 'system' | 'user'; readonly content: string }
  | {
      readonly role: 'assistant'
      readonly content: string
      readonly tool_calls?: readonly {
        readonly id: string
        readonly type: 'function'
        readonly function: { readonly name: string; readonly arguments: string }
      }[]
    }
  | { readonly role: 'tool'; readonly tool_call_id: string; readonly content: string }

export function functionTools(tools: readonly ToolSchema[]): FunctionTool[] {
  return tools.map(({ name, description, parameters }) => ({ type: 'function', function: { name, description, parameters } }))
}

/** Reasoning stays, under the name that chat templates read. */
export function trlMessage(message: Message): TrlMessage {
  switch (message.role) {
    case 'assistant': {
      const { role, content, reasoning_content, tool_calls } = message
      return {
        role,
        content,
        ...(reasoning_content !== undefined && { reasoning_content }),
        ...(tool_calls !== undefined && {
          tool_calls: tool_calls.map(call => ({
            type: 'function' as const,
            function: { name: call.name, arguments: parsedArguments(call.arguments) },
          })),
        }),
      }
    }
    case 'tool':
      return { role: 'tool', name: message.name, content: message.content }
    default:
      return { role: message.role, content: message.content }
  }
}

/** Reasoning is left out: the dialect has no field for it. */
export function openAiMessage(message: Message): OpenAiMessage {
  switch (message.role) {
    case 'assistant': {
      const { role, content, tool_calls } = message
      return {
        role,
        content,
        ...(tool_calls !== undefined && {
          tool_calls: tool_calls.map(call => ({
            id: call.id,
            type: 'function' as const,
            function: { name: call.name, arguments: call.arguments },
          })),
        }),
      }
    }
    case 'tool':
      return { role: 'tool', tool_call_id: message.tool_call_id, content: message.content }
    default:
      return { role: message.role, content: message.content }
  }
}

/** The arguments as an object; as the text that was written where that is no JSON object. No text is no arguments. */
function parsedArguments(text: string): unknown {
  if (text.trim() === '') return {}
  try {
    const value: unknown = JSON.parse(text)
    return typeof value === 'object' && value !== null && !Array.isArray(value) ? value : text
  } catch {
    return text
  }
}

/** Calls whose arguments are no JSON object: TRL's dialect has them as text. */
export function malformedCalls(messages: readonly Message[]): number {
  return messages
    .flatMap(message => (message.role === 'assistant' ? (message.tool_calls ?? []) : []))
    .filter(call => typeof parsedArguments(call.arguments) === 'string').length
}

/** Whether some answer makes several calls at once. */
export function callsInParallel(messages: readonly Message[]): boolean {
  return messages.some(message => message.role === 'assistant' && (message.tool_calls?.length ?? 0) > 1)
}
