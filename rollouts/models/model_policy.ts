/**
 * How a model plays: one policy for every economy. The rules are the system prompt, the observation is the last message, the
 * model's tool calls are the decision, and what came of them is told at the next turn. Whatever a model does wrong is data —
 * a refused call, a pass — and counted. Knows no provider and no economy.
 */
import type { AnyTypes, Decision } from '../../envs/core/environment.ts'
import { refusalText } from '../../envs/core/outcome.ts'
import { PASS, type SeatContext, type Turn } from '../../envs/core/policy.ts'
import { type Call, toolSchema } from '../../envs/core/tool.ts'
import type { Message, ToolCall, Transcript, TranscriptMessage } from '../messages.ts'
import { type CallRow, ProviderError, type Reply, type TranscribedPolicy, type Usage } from '../player.ts'
import { type Answered, type Ask, callRow } from './caller.ts'
import { Conversation, type History, requestDigest } from './conversation.ts'
import { isDeep, MAX_DEPTH, parsed, wellFormed } from './json.ts'
import { promptTokens, recordedUsage, unitsOf } from './usage.ts'
import { argumentsOf } from './wire.ts'

/** What a message without a tool call is. `economy`: what the economy says it is. */
export type NoToolCall = 'economy' | 'pass' | 'nudge' | 'stop'

export interface PlayStyle {
  readonly history: History
  readonly noToolCall: NoToolCall
  /** Added to the rules; empty for none. */
  readonly persona: string
}

/** Where a policy leaves evidence, and whom it asks. */
export interface Seating {
  readonly key: string
  readonly player: string
  readonly style: PlayStyle
  /** Whatever of the settings changes what a request says, for its digest. */
  readonly settings: object
  /** See `Ask`. */
  readonly abandon: AbortSignal
  readonly stop: AbortSignal
  /** Model time of the seat's episode, in milliseconds; Infinity for no limit. */
  readonly timeoutMs: number
  /** What an interrupted run of this rollout recorded for this seat, by call. */
  readonly recorded: ReadonlyMap<number, CallRow>
  readonly record: (row: CallRow) => void
  readonly ask: (ask: Ask) => Promise<Answered>
}

/** How often a model is asked to call a tool before its silence counts, where nudging was chosen. */
const NUDGES = 2
/** Messages of a turn that may consist of questions alone (calculators, notes) before the turn is taken for silence. */
const QUESTIONS = 8

/** What a call is told that stood beside a refused one, while there is still a repair left. */
const NOT_YET = 'Not carried out, because another call of the message was refused. Send it again.'

/** The counters of a seat, all from 0. */
const COUNTERS = [
  'calls',
  'no_tool_call',
  'nudges',
  'repairs',
  'questions',
  'malformed_arguments',
  'unknown_tools',
  'calls_in_text',
  'unknown_finish_reasons',
  'length_stops',
  'refusals',
] as const
type Counter = (typeof COUNTERS)[number]

/** A message of the model, sorted: what it asks, what it does. */
interface Said {
  readonly reply: Reply
  readonly usage: Usage
  /** The calls that are moves, or that no tool answers. */
  readonly moves: readonly ToolCall[]
}

export function modelPolicy({ env, config, seat }: SeatContext<AnyTypes>, seating: Seating): TranscribedPolicy {
  const { style, abandon, stop } = seating
  const toolSet = env.tools(config)
  const tools = Object.entries(toolSet).map(([name, tool]) => toolSchema(name, tool))
  const { maxCalls, repairs, onSilence, passTool } = env.turn(config, seat.agent)
  const noToolCall = style.noToolCall === 'economy' ? onSilence : style.noToolCall
  const rules = env.rules(config, seat.agent)
  const conversation = new Conversation(style.persona === '' ? rules : `${rules}\n\n${style.persona}`, style.history)

  const session = requestDigest([], [], { key: seating.key, agent: seat.agent }).slice(0, 32)

  const transcript: TranscriptMessage[] = [{ message: conversation.system, t: 0, sampled: false }]
  const counters = Object.fromEntries(COUNTERS.map(name => [name, 0])) as Record<Counter, number>
  /** The calls of the last decision, whose results the next turn brings. */
  let pending: readonly ToolCall[] = []
  /** A call of the last decision that its server could not read: it stands in no message, and is answered in words. */
  let unreadable: Call | undefined
  /** Why the last decision held no call; undefined where it held one. */
  let silence: string | undefined
  let stopped = false
  let replaying = true
  let workedMs = 0
  /** What the last prompt was found to be, and how many messages it had: from there the worst case of the next is counted. */
  let measured = { tokens: 0, messages: 0 }

  function tell(message: Message, t: number): void {
    conversation.append(message)
    transcript.push({ message, t, sampled: false })
  }

  /** Ends the last turn with its results and begins this one with the observation. */
  function open({ observation, offered, results, t }: Turn<AnyTypes>): void {
    const told = pending.map((call, i) => ({ call, text: results[i]?.text ?? 'Not carried out: the game moved on.' }))
    if (conversation.remembers) {
      for (const { call, text } of told) tell({ role: 'tool', tool_call_id: call.id, name: call.name, content: text }, t)
    }
    const parts = [
      ...(silence === undefined ? [] : [silence]),
      ...(unreadable === undefined ? [] : [`Your tool call could not be read. ${results[0]?.text ?? ''}`.trim()]),
      ...(conversation.remembers ? [] : told.map(({ call, text }) => `Result of ${call.name}: ${text}`)),
      env.render(observation),
      ...(offered.length < tools.length ? [`You may call now: ${offered.join(', ') || 'nothing'}.`] : []),
    ]
    const message: Message = { role: 'user', content: parts.join('\n\n') }
    conversation.open(message)
    transcript.push({ message, t, sampled: false })
    pending = []
    unreadable = undefined
    silence = undefined
  }

  /** One message of the model, recorded, and put into the conversation. */
  async function answer({ t, offered }: Turn<AnyTypes>): Promise<Said> {
    const messages = conversation.messages()
    const request = requestDigest(messages, tools, seating.settings)
    const call = counters.calls++
    const row = replayed(call, request) ?? (await asked(messages, request, call, t))
    const { reply, usage } = row
    measured = { tokens: promptTokens(usage), messages: messages.length }
    const { content, reasoning_content, tool_calls, provider_state } = reply
    const message: Message = {
      role: 'assistant',
      content,
      ...(reasoning_content !== undefined && { reasoning_content }),
      ...(tool_calls.length > 0 && { tool_calls }),
      ...(provider_state !== undefined && { provider_state }),
    }
    conversation.append(message)
    const { prompt_token_ids, token_ids, logprobs } = reply
    transcript.push({
      message,
      t,
      sampled: true,
      call,
      ...(prompt_token_ids !== undefined && { prompt_token_ids }),
      ...(token_ids !== undefined && { token_ids }),
      ...(logprobs !== undefined && { logprobs }),
    })
    if (reply.finish_reason === 'length') counters.length_stops++
    if (reply.finish_reason === 'refusal') counters.refusals++
    counters.unknown_tools += tool_calls.filter(({ name }) => !Object.hasOwn(toolSet, name)).length
    counters.malformed_arguments += tool_calls.filter(call => typeof toCall(call).args === 'string').length
    if (reply.unreadable_call !== undefined) counters.malformed_arguments++
    if (reply.finish_word !== undefined) counters.unknown_finish_reasons++
    if (tool_calls.length === 0 && looksLikeCall(`${content}\n${reasoning_content ?? ''}`, Object.keys(toolSet)))
      counters.calls_in_text++
    const isQuestion = ({ name }: ToolCall): boolean => offered.includes(name) && toolSet[name]?.kind === 'ask'
    return { reply, usage, moves: tool_calls.filter(call => !isQuestion(call)) }
  }

  /** The recorded answer to this very request; from the first that does not fit on, everything is asked anew. */
  function replayed(call: number, request: string): CallRow | undefined {
    const row = replaying ? seating.recorded.get(call) : undefined
    if (row?.request !== request) replaying = false
    // Another version may have recorded counts that cannot be.
    return replaying && row !== undefined ? { ...row, usage: recordedUsage(row.usage, row.reply) } : undefined
  }

  async function asked(messages: readonly Message[], request: string, call: number, t: number): Promise<CallRow> {
    const leftMs = seating.timeoutMs - workedMs
    if (leftMs <= 0)
      throw new ProviderError(
        `${seating.player}: the episode's time box of ${seating.timeoutMs / 1000} s is used up. Raise --timeout-episode, then --resume --retry-errors.`,
        { code: 'timeout', status: null, attempts: 0 },
      )
    const answered = await seating.ask({
      messages,
      tools,
      parallel: maxCalls > 1,
      session,
      abandon,
      stop,
      cacheName: `${seating.key}|${seat.agent}|${call}|${request}`,
      worstPrompt: () => {
        const bytes = sizeOf(messages) + sizeOf(tools)
        if (style.history !== 'full' || measured.tokens === 0) return bytes
        return Math.min(bytes, measured.tokens + sizeOf(messages.slice(measured.messages)))
      },
      leftMs,
    })
    workedMs += answered.workedMs
    const row = callRow({ key: seating.key, agent: seat.agent, t, call, player: seating.player, request }, answered)
    seating.record(row)
    return row
  }

  return {
    async act(turn): Promise<Decision> {
      if (stopped) return PASS
      open(turn)
      const said: Said[] = []
      const decide = (calls: readonly Call[]): Decision => ({ calls, units: unitsOf(said) })
      const answerQuestions = ({ reply, moves }: Said): void => {
        for (const call of reply.tool_calls) {
          if (moves.includes(call)) continue
          counters.questions++
          const checked = turn.check(toCall(call))
          const content = checked.ok ? (checked.answer ?? '') : refusalText(checked.refusal)
          tell({ role: 'tool', tool_call_id: call.id, name: call.name, content }, turn.t)
        }
      }
      let left = { repairs, nudges: noToolCall === 'nudge' ? NUDGES : 0, questions: QUESTIONS }
      for (;;) {
        const message = await answer(turn)
        said.push(message)
        const { reply, moves } = message
        answerQuestions(message)
        if (moves.length > 0) {
          const calls = moves.map(toCall)
          const checks = left.repairs > 0 ? calls.slice(0, maxCalls).map(call => turn.check(call)) : []
          if (checks.every(checked => checked.ok)) {
            pending = moves
            return decide(calls)
          }
          left = { ...left, repairs: left.repairs - 1 }
          counters.repairs++
          for (const [i, { id, name }] of moves.entries()) {
            const checked = checks[i]
            const content = checked?.ok === false ? refusalText(checked.refusal) : NOT_YET
            tell({ role: 'tool', tool_call_id: id, name, content }, turn.t)
          }
          continue
        }
        if (reply.unreadable_call !== undefined) {
          const call = toCall({ id: '', ...reply.unreadable_call })
          if (left.repairs === 0) {
            unreadable = call
            return decide([call])
          }
          left = { ...left, repairs: left.repairs - 1 }
          counters.repairs++
          const checked = turn.check(call)
          const why = checked.ok ? '' : ` ${refusalText(checked.refusal)}`
          tell({ role: 'user', content: `Your tool call could not be read. Send it again.${why}` }, turn.t)
          continue
        }
        if (reply.tool_calls.length > 0 && left.questions > 1) {
          left = { ...left, questions: left.questions - 1 }
          continue
        }
        if (left.nudges > 0) {
          left = { ...left, nudges: left.nudges - 1 }
          counters.nudges++
          tell({ role: 'user', content: `You called no tool. Call one of: ${turn.offered.join(', ')}.` }, turn.t)
          continue
        }
        counters.no_tool_call++
        silence =
          reply.finish_reason === 'length'
            ? 'Your answer was cut off by its length before it called a tool: your turn was passed.'
            : 'You called no tool: your turn was passed.'
        stopped = noToolCall === 'stop'
        // Where silence ends the game and was not to: the move that does nothing is played for it.
        const passes = !stopped && onSilence === 'stop' && passTool !== undefined
        return decide(passes ? [{ tool: passTool, args: {} }] : [])
      }
    },
    transcript: (): Transcript => ({ source: 'model', tools, messages: transcript }),
    counters: () => ({ ...counters }),
  }
}

/** A model's call as the gate judges it: what is no JSON object of a readable depth goes there as the text it is. */
export function toCall({ name, arguments: written }: ToolCall): Call {
  const object = argumentsOf(written)
  if (object !== undefined) return { tool: name, args: wellFormed(object) }
  const value = parsed(written)
  if (value === undefined || isDeep(value)) return { tool: name, args: value === undefined ? written : TOO_DEEP }
  return { tool: name, args: wellFormed(value) }
}

const TOO_DEEP = `(arguments nested more than ${MAX_DEPTH} levels deep)`

/** Signs of a tool call in the templates of models, as they show where a server has no parser for them. */
const CALL_MARKS =
  /<tool_call>|<\|?tool_calls?|<function(?:_call)?[=>\s]|<invoke name=|\[TOOL_CALLS\]|<\|python_tag\|>|functools\[|<｜tool▁calls|to=functions\.|<action>\s*\{/i

/** Whether a text reads like a call of one of these tools. */
function looksLikeCall(text: string, tools: readonly string[]): boolean {
  const head = text.slice(0, 20_000)
  if (CALL_MARKS.test(head)) return true
  const names = tools.map(name => name.replace(/\W/g, '')).join('|')
  return new RegExp(
    `"(?:name|tool|function|action|tool_name)"\\s*:\\s*"(?:${names})"|(?:^|\\n)\\W{0,4}(?:${names})\\s*[({]`,
  ).test(head)
}

const sizes = new WeakMap<object, number>()

/** Bytes of messages or tools as JSON: no tokeniser makes more tokens of a text than it has bytes. */
function sizeOf(items: readonly object[]): number {
  let sum = 0
  for (const item of items) {
    let known = sizes.get(item)
    if (known === undefined) {
      known = Buffer.byteLength(JSON.stringify(item))
      sizes.set(item, known)
    }
    sum += known
  }
  return sum
}
