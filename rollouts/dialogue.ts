/**
 * What is said between one seat of an economy and whoever speaks for it in messages: one state machine for every economy, the same
 * for a model that the package asks and for one that a trainer asks through a bridge. The rules are the system prompt, the
 * observation is the last message, the tool calls are the decision, and what came of them is told at the next turn. Whatever is said
 * wrong is data — a refused call, a pass — and counted. Knows no provider, no protocol and no economy.
 */
import type { AnyTypes, CallResult, Decision, TurnRule } from '../envs/core/environment.ts'
import { refusalText } from '../envs/core/outcome.ts'
import type { SeatContext, Turn } from '../envs/core/policy.ts'
import { type Call, type PlayerTools, type ToolSchema, toolSchema } from '../envs/core/tool.ts'
import type { Message, ToolCall, Transcript, TranscriptMessage } from './messages.ts'
import { Conversation, type History } from './models/conversation.ts'
import { isDeep, MAX_DEPTH, parsed, wellFormed } from './models/json.ts'
import { unitsOf } from './models/usage.ts'
import { argumentsOf } from './models/wire.ts'
import type { Reply, Usage } from './player.ts'

/** What a message without a tool call is. `economy`: what the economy says it is. */
export type NoToolCall = 'economy' | 'pass' | 'nudge' | 'stop'

export interface PlayStyle {
  readonly history: History
  readonly noToolCall: NoToolCall
  /** Added to the rules; empty for none. */
  readonly persona: string
}

/** How a model plays where nobody says otherwise. */
export const PLAIN_STYLE: PlayStyle = { history: 'full', noToolCall: 'economy', persona: '' }

/** How often a model is asked to call a tool before its silence counts, where nudging was chosen. */
const NUDGES = 2
/** Messages of a turn that may consist of questions alone (calculators, notes) before the turn is taken for silence. */
const QUESTIONS = 8

/** What a call is told that stood beside a refused one, while there is still a repair left. */
const NOT_YET = 'Not carried out, because another call of the message was refused. Send it again.'

/** What is told of a turn whose decision nobody waited for any longer. */
const TOO_LATE = 'You had not decided when the time was up: your turn was passed.'

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

/** What comes of a message. */
export interface Heard {
  /** What it is answered with: questions answered, refused calls given back, a nudge. In this order they follow it. */
  readonly told: readonly Message[]
  /** The seat's decision of this turn; absent where another message is wanted. */
  readonly decision?: Decision
}

/** A message with what its server counted. */
interface Said {
  readonly reply: Reply
  readonly usage: Usage
}

export class Dialogue {
  readonly rule: TurnRule
  readonly #noToolCall: Exclude<NoToolCall, 'economy'>
  readonly #render: (observation: object) => string
  readonly #usualTools: PlayerTools<AnyTypes>
  #toolSet: PlayerTools<AnyTypes>
  #tools: readonly ToolSchema[]
  readonly #conversation: Conversation
  readonly #transcript: TranscriptMessage[]
  readonly #counters = Object.fromEntries(COUNTERS.map(name => [name, 0])) as Record<Counter, number>
  #turn: Turn<AnyTypes> | undefined
  #left = { repairs: 0, nudges: 0, questions: 0 }
  #said: Said[] = []
  #told: Message[] = []
  /** The calls of the last decision, whose results the next turn brings. */
  #pending: readonly ToolCall[] = []
  /** A call of the last decision that its server could not read: it stands in no message, and is answered in words. */
  #unreadable: Call | undefined
  /** Why the last decision held no call; undefined where it held one. */
  #silence: string | undefined
  #stopped = false

  constructor({ env, config, seat }: SeatContext<AnyTypes>, style: PlayStyle = PLAIN_STYLE) {
    this.#render = observation => env.render(observation)
    this.#usualTools = env.tools(config)
    this.#toolSet = this.#usualTools
    this.#tools = schemasOf(this.#toolSet)
    this.rule = env.turn(config, seat.agent)
    this.#noToolCall = style.noToolCall === 'economy' ? this.rule.onSilence : style.noToolCall
    const rules = env.rules(config, seat.agent)
    this.#conversation = new Conversation(style.persona === '' ? rules : `${rules}\n\n${style.persona}`, style.history)
    this.#transcript = [{ message: this.#conversation.system, t: 0, sampled: false }]
  }

  /** The first message: the rules. */
  get system(): Message {
    return this.#conversation.system
  }

  /** The tools of the turn that is open, or was last. */
  get tools(): readonly ToolSchema[] {
    return this.#tools
  }

  /** Whether several tool calls of one message can be carried out. */
  get parallel(): boolean {
    return this.rule.maxCalls > 1
  }

  /** Whether the seat has had its last word: every further turn of it is a pass, and nobody is asked. */
  get stopped(): boolean {
    return this.#stopped
  }

  /** What is sent to the model for its next message. */
  messages(): readonly Message[] {
    return this.#conversation.messages()
  }

  transcript(): Transcript {
    return { source: 'model', tools: this.tools, messages: this.#transcript }
  }

  /** What happened in the dialogue, counted; `calls` are the messages heard. */
  get counters(): Readonly<Record<Counter, number>> {
    return { ...this.#counters }
  }

  /** Begins a turn: tells what came of the last one and what is seen now. */
  open(turn: Turn<AnyTypes>): readonly Message[] {
    const { observation, offered, results, t, tools = this.#usualTools } = turn
    if (this.#turn?.signal?.aborted) this.#silence = TOO_LATE
    this.#turn = turn
    if (tools !== this.#toolSet) {
      this.#toolSet = tools
      this.#tools = schemasOf(tools)
    }
    this.#told = []
    this.#said = []
    this.#left = { repairs: this.rule.repairs, nudges: this.#noToolCall === 'nudge' ? NUDGES : 0, questions: QUESTIONS }
    const answers = answersOf(this.#pending, results)
    if (this.#conversation.remembers) for (const message of answers) this.#tell(message)
    const parts = [
      ...(this.#silence === undefined ? [] : [this.#silence]),
      ...(this.#unreadable === undefined ? [] : [`Your tool call could not be read. ${results[0]?.text ?? ''}`.trim()]),
      ...(this.#conversation.remembers ? [] : answers.map(({ name, content }) => `Result of ${name}: ${content}`)),
      this.#render(observation),
      ...(offered.length < this.tools.length ? [`You may call now: ${offered.join(', ') || 'nothing'}.`] : []),
    ]
    const message: Message = { role: 'user', content: parts.join('\n\n') }
    this.#conversation.open(message)
    this.#told.push(message)
    this.#transcript.push({ message, t, sampled: false })
    this.#pending = []
    this.#unreadable = undefined
    this.#silence = undefined
    return this.#told
  }

  /** One message of the seat. `usage` is what its server counted: its tokens are billed where an economy bills thinking. */
  hear(reply: Reply, usage: Usage): Heard {
    const turn = this.#turn
    if (turn === undefined) throw new Error('Dialogue: open a turn first')
    this.#told = []
    this.#said.push({ reply, usage })
    this.#note(reply, turn.t)
    const isQuestion = ({ name }: ToolCall): boolean => turn.offered.includes(name) && this.#toolSet[name]?.kind === 'ask'
    const moves = reply.tool_calls.filter(call => !isQuestion(call))
    for (const call of reply.tool_calls) {
      if (moves.includes(call)) continue
      this.#counters.questions++
      const checked = turn.check(toCall(call))
      this.#answer(call, checked.ok ? (checked.answer ?? '') : refusalText(checked.refusal))
    }
    const calls = this.#judge(reply, moves, turn)
    if (calls === undefined) return { told: this.#told }
    this.#turn = undefined
    return { told: this.#told, decision: { calls, units: unitsOf(this.#said) } }
  }

  /** The tool results of the last decision, once the game is over and no turn will bring them; nobody is asked after them. */
  close(results: readonly CallResult[]): readonly Message[] {
    const answers = answersOf(this.#pending, results)
    this.#pending = []
    this.#turn = undefined
    return answers
  }

  /** The calls that a message decides on; undefined where another message is wanted. */
  #judge(reply: Reply, moves: readonly ToolCall[], turn: Turn<AnyTypes>): readonly Call[] | undefined {
    const { maxCalls, onSilence, passTool } = this.rule
    const left = this.#left
    if (moves.length > 0) {
      const calls = moves.map(toCall)
      const checks = left.repairs > 0 ? calls.slice(0, maxCalls).map(call => turn.check(call)) : []
      if (checks.every(checked => checked.ok)) {
        this.#pending = moves
        return calls
      }
      left.repairs--
      this.#counters.repairs++
      for (const [i, call] of moves.entries()) {
        const checked = checks[i]
        this.#answer(call, checked?.ok === false ? refusalText(checked.refusal) : NOT_YET)
      }
      return undefined
    }
    if (reply.unreadable_call !== undefined) {
      const call = toCall({ id: '', ...reply.unreadable_call })
      if (left.repairs === 0) {
        this.#unreadable = call
        return [call]
      }
      left.repairs--
      this.#counters.repairs++
      const checked = turn.check(call)
      const why = checked.ok ? '' : ` ${refusalText(checked.refusal)}`
      this.#tell({ role: 'user', content: `Your tool call could not be read. Send it again.${why}` })
      return undefined
    }
    if (reply.tool_calls.length > 0 && left.questions > 1) {
      left.questions--
      return undefined
    }
    if (left.nudges > 0) {
      left.nudges--
      this.#counters.nudges++
      this.#tell({ role: 'user', content: `You called no tool. Call one of: ${turn.offered.join(', ')}.` })
      return undefined
    }
    this.#counters.no_tool_call++
    this.#silence =
      reply.finish_reason === 'length'
        ? 'Your answer was cut off by its length before it called a tool: your turn was passed.'
        : 'You called no tool: your turn was passed.'
    this.#stopped = this.#noToolCall === 'stop'
    // Where silence ends the game and was not to: the move that does nothing is played for it.
    const passes = !this.#stopped && onSilence === 'stop' && passTool !== undefined
    return passes ? [{ tool: passTool, args: {} }] : []
  }

  /** Puts a message of the seat into the conversation and counts what is odd about it. */
  #note(reply: Reply, t: number): void {
    const { content, reasoning_content, tool_calls, provider_state, prompt_token_ids, token_ids, logprobs } = reply
    const counters = this.#counters
    const message: Message = {
      role: 'assistant',
      content,
      ...(reasoning_content !== undefined && { reasoning_content }),
      ...(tool_calls.length > 0 && { tool_calls }),
      ...(provider_state !== undefined && { provider_state }),
    }
    this.#conversation.append(message)
    this.#transcript.push({
      message,
      t,
      sampled: true,
      call: counters.calls++,
      ...(prompt_token_ids !== undefined && { prompt_token_ids }),
      ...(token_ids !== undefined && { token_ids }),
      ...(logprobs !== undefined && { logprobs }),
    })
    if (reply.finish_reason === 'length') counters.length_stops++
    if (reply.finish_reason === 'refusal') counters.refusals++
    counters.unknown_tools += tool_calls.filter(({ name }) => !Object.hasOwn(this.#toolSet, name)).length
    counters.malformed_arguments += tool_calls.filter(call => typeof toCall(call).args === 'string').length
    if (reply.unreadable_call !== undefined) counters.malformed_arguments++
    if (reply.finish_word !== undefined) counters.unknown_finish_reasons++
    if (tool_calls.length === 0 && looksLikeCall(`${content}\n${reasoning_content ?? ''}`, Object.keys(this.#toolSet)))
      counters.calls_in_text++
  }

  #answer({ id, name }: ToolCall, content: string): void {
    this.#tell({ role: 'tool', tool_call_id: id, name, content })
  }

  #tell(message: Message): void {
    this.#conversation.append(message)
    this.#told.push(message)
    this.#transcript.push({ message, t: this.#turn!.t, sampled: false })
  }
}

function schemasOf(tools: PlayerTools<AnyTypes>): ToolSchema[] {
  return Object.entries(tools).map(([name, tool]) => toolSchema(name, tool))
}

/** What the calls of a decision are told. */
function answersOf(calls: readonly ToolCall[], results: readonly CallResult[]): (Message & { role: 'tool' })[] {
  return calls.map(({ id, name }, i) => ({
    role: 'tool',
    tool_call_id: id,
    name,
    content: results[i]?.text ?? 'Not carried out: the game moved on.',
  }))
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
