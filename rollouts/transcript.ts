/**
 * The messages of a seat whose player kept none: what a model in that seat would have been told and would have sent. Knows
 * messages; knows no provider and no file.
 */
import type { AnyEnvironment, AnyTypes, CallResult, Decision } from '../envs/core/environment.ts'
import { Episode } from '../envs/core/episode.ts'
import type { EpisodeLog } from '../envs/core/log.ts'
import { short } from '../envs/core/plain.ts'
import { type AgentId, toolSchema } from '../envs/core/tool.ts'
import type { Message, ToolCall, Transcript, TranscriptMessage } from './messages.ts'

/** The messages of seats whose players kept none, made by playing the log again. It must be sound and of this version. */
export function transcribe(
  env: AnyEnvironment,
  log: EpisodeLog<AnyTypes>,
  agents: readonly AgentId[],
  source: (agent: AgentId) => Transcript['source'] = () => 'scripted',
): Record<AgentId, Transcript> {
  const { header } = log
  const episode = new Episode(env, header.config, header.seed, { repeat: header.repeat, seats: header.seats })
  const seen = new Map(agents.map(agent => [agent, [] as string[]]))
  for (const { decisions } of log.steps) {
    for (const [agent, texts] of seen) if (decisions[agent] !== undefined) texts.push(env.render(episode.observe(agent)))
    episode.step(decisions)
  }
  return Object.fromEntries(agents.map(agent => [agent, transcriptOf(env, log, agent, seen.get(agent)!, source(agent))]))
}

/**
 * A seat's messages from what it saw, turn by turn, as text: the rules as system message, each observation as user message,
 * each decision as assistant message, each result as tool message.
 */
export function transcriptOf(
  env: AnyEnvironment,
  { header, steps }: EpisodeLog<AnyTypes>,
  agent: AgentId,
  seen: readonly string[],
  source: Transcript['source'],
): Transcript {
  const messages: TranscriptMessage[] = [
    { message: { role: 'system', content: env.rules(header.config, agent) }, t: 0, sampled: false },
  ]
  let turn = 0
  for (const { t, decisions, results } of steps) {
    const decision = decisions[agent]
    if (decision === undefined) continue
    const calls = toolCalls(decision, t)
    messages.push(
      { message: { role: 'user', content: seen[turn++]! }, t, sampled: false },
      { message: answer(calls), t, sampled: true },
      ...toolMessages(calls, results[agent] ?? []).map(message => ({ message, t, sampled: false })),
    )
  }
  const tools = Object.entries(env.tools(header.config)).map(([name, tool]) => toolSchema(name, tool))
  return { source, tools, messages }
}

/** A decision's calls as a model would have written them; ids count from `call_<t>_0`. */
function toolCalls({ calls }: Decision, t: number): ToolCall[] {
  return calls.map((call, i) => {
    // What an agent sent need not be a call at all.
    const { tool, args } = (call ?? {}) as Partial<Decision['calls'][number]>
    return { id: `call_${t}_${i}`, name: typeof tool === 'string' ? tool : short(call), arguments: JSON.stringify(args ?? {}) }
  })
}

function answer(calls: readonly ToolCall[]): Message {
  return calls.length === 0 ? { role: 'assistant', content: '' } : { role: 'assistant', content: '', tool_calls: calls }
}

function toolMessages(calls: readonly ToolCall[], results: readonly CallResult[]): Message[] {
  return calls.map(({ id, name }, i) => ({ role: 'tool', tool_call_id: id, name, content: results[i]?.text ?? '' }))
}
