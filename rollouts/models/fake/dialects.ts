/**
 * The server's side of the three protocols: reads a request into the package's own messages, complains as a strict provider
 * would about what is not well-formed, and writes a reply. Knows no socket, no script and no fault.
 */
import { sum } from '../../../envs/core/sums.ts'
import type { ToolSchema } from '../../../envs/core/tool.ts'
import type { Message, ToolCall } from '../../messages.ts'
import { argumentsText } from '../dialect.ts'
import { type Json, list, object, parsedOrText, text } from '../json.ts'
import { tokensOf } from '../usage.ts'

export type Dialect = 'chat' | 'responses' | 'messages'

/** What a scripted model says. */
export interface FakeReply {
  readonly content?: string
  readonly reasoning?: string
  /** Arguments as an object, or as the text that is to stand there. */
  readonly calls?: readonly { readonly name: string; readonly arguments: object | string }[]
  /** Why it stopped, where it is not by itself. */
  readonly finish?: 'length' | 'refusal'
}

/** A request in any dialect. */
export interface ReadRequest {
  readonly model: string
  readonly messages: readonly Message[]
  readonly tools: readonly ToolSchema[]
  readonly stream: boolean
  readonly body: Readonly<Record<string, unknown>>
}

/** What the server sends back: a reply in its dialect, with token counts that follow from the texts. */
export interface Written {
  readonly body: Readonly<Record<string, unknown>>
  /** The same as server-sent events, where the request asked for a stream. */
  readonly events?: readonly { readonly type?: string; readonly [field: string]: unknown }[]
}

/** The path of each dialect. */
export const PATHS: Readonly<Record<string, Dialect>> = {
  '/v1/chat/completions': 'chat',
  '/v1/responses': 'responses',
  '/v1/messages': 'messages',
}

/** What a strict provider answers 400 to. */
export class NotWellFormed extends Error {
  override readonly name = 'NotWellFormed'
}

interface DialectRules {
  messages(body: Json): Message[]
  tools(body: Json): ToolSchema[]
  write(reply: FakeReply, request: ReadRequest, ids: readonly string[]): Written
  error(status: number, message: string): Json
}

/** Reads a request. Throws NotWellFormed. */
export function read(dialect: Dialect, body: Json): ReadRequest {
  const { messages, tools } = RULES[dialect]
  const said = messages(body)
  checkAnswered(said)
  return { model: text(body.model), messages: said, tools: tools(body), stream: body.stream === true, body }
}

/** The reply in that dialect; ids of calls follow from the turn. */
export function write(dialect: Dialect, reply: FakeReply, request: ReadRequest): Written {
  const turn = request.messages.filter(({ role }) => role === 'assistant').length
  const ids = (reply.calls ?? []).map((_call, i) => `call_${turn}_${i}`)
  return RULES[dialect].write(reply, request, ids)
}

export function writeError(dialect: Dialect, status: number, message: string): Json {
  return RULES[dialect].error(status, message)
}

/** Somebody has spoken, and every call is answered once, before anybody speaks again, and nothing else is. */
function checkAnswered(messages: readonly Message[]): void {
  if (messages.length === 0) throw new NotWellFormed('there is no message')
  let open = new Set<string>()
  const used = new Set<string>()
  for (const message of messages) {
    if (message.role === 'tool') {
      if (!open.delete(message.tool_call_id))
        throw new NotWellFormed(`no open tool call '${message.tool_call_id}' is answered here`)
      continue
    }
    if (open.size > 0) throw new NotWellFormed(`tool calls without an answer: ${[...open].join(', ')}`)
    if (message.role === 'assistant') {
      for (const { id, name, arguments: written } of message.tool_calls ?? []) {
        checkArguments(written)
        if (!/^[a-zA-Z0-9_-]{1,64}$/.test(name))
          throw new NotWellFormed(`name of a call does not match ^[a-zA-Z0-9_-]{1,64}$: '${name}'`)
        if (!/^[a-zA-Z0-9_-]{1,64}$/.test(id))
          throw new NotWellFormed(`id of a tool call does not match ^[a-zA-Z0-9_-]{1,64}$: '${id}'`)
        if (used.has(id)) throw new NotWellFormed(`ids of tool calls must be unique, found '${id}' twice`)
        used.add(id)
      }
      open = new Set(message.tool_calls?.map(({ id }) => id))
    }
  }
  if (messages.at(-1)!.role === 'assistant') throw new NotWellFormed('the last message is the assistant’s own')
}

function checkArguments(written: string): void {
  try {
    const parsed: unknown = JSON.parse(written)
    if (typeof parsed === 'object' && parsed !== null && !Array.isArray(parsed)) return
  } catch {
    // Said below.
  }
  throw new NotWellFormed(`arguments are no JSON object: ${written}`)
}

/** Token counts of a reply: the prompt up to the last assistant message counts as read from the cache. */
function counts(request: ReadRequest, reply: FakeReply) {
  const sizes = request.messages.map(message => tokensOf(JSON.stringify(message).length))
  const answered = request.messages.findLastIndex(({ role }) => role === 'assistant')
  const cached = sum(sizes.slice(0, Math.max(0, answered)))
  const reasoning = tokensOf((reply.reasoning ?? '').length)
  const said =
    (reply.calls ?? []).map(({ name, arguments: given }) => name + argumentsText(given)).join('') + (reply.content ?? '')
  return { prompt: sum(sizes), cached, reasoning, completion: reasoning + tokensOf(said.length) }
}

function toolCall(id: unknown, name: unknown, written: unknown): ToolCall {
  return { id: text(id), name: text(name), arguments: argumentsText(written) }
}

function assistant(content: string, calls: readonly ToolCall[]): Message {
  return { role: 'assistant', content, ...(calls.length > 0 && { tool_calls: calls }) }
}

const RULES: Readonly<Record<Dialect, DialectRules>> = {
  chat: {
    messages: body =>
      list(body.messages).map((message): Message => {
        const content = text(message.content)
        switch (message.role) {
          case 'system':
          case 'user':
            return { role: message.role, content }
          case 'tool':
            return { role: 'tool', tool_call_id: text(message.tool_call_id), name: '', content }
          case 'assistant':
            return assistant(
              content,
              list(message.tool_calls).map(({ id, function: called }) =>
                toolCall(id, object(called).name, object(called).arguments),
              ),
            )
          default:
            throw new NotWellFormed(`unknown role '${text(message.role)}'`)
        }
      }),
    tools: body => list(body.tools).map(({ function: tool }) => schema(object(tool), 'parameters')),
    write(reply, request, ids) {
      const { prompt, cached, reasoning, completion } = counts(request, reply)
      const calls = (reply.calls ?? []).map(({ name, arguments: given }, i) => ({
        id: ids[i],
        type: 'function',
        function: { name, arguments: argumentsText(given) },
      }))
      const refused = reply.finish === 'refusal'
      const finish = refused ? 'content_filter' : (reply.finish ?? (calls.length > 0 ? 'tool_calls' : 'stop'))
      const head = { id: 'chatcmpl-fake', object: 'chat.completion.chunk', created: 0, model: request.model }
      const chunk = (delta: Json, finish_reason: string | null = null) => ({
        ...head,
        choices: [{ index: 0, delta, finish_reason }],
      })
      const counted = {
        prompt_tokens: prompt,
        completion_tokens: completion,
        total_tokens: prompt + completion,
        prompt_tokens_details: { cached_tokens: cached },
        completion_tokens_details: { reasoning_tokens: reasoning },
      }
      const ids_ = [...(reply.content ?? '')].map(character => character.codePointAt(0)!)
      return {
        body: {
          id: 'chatcmpl-fake',
          object: 'chat.completion',
          created: 0,
          model: request.model,
          choices: [
            {
              index: 0,
              finish_reason: finish,
              message: {
                role: 'assistant',
                content: refused || reply.content === undefined ? null : reply.content,
                refusal: refused ? (reply.content ?? 'No.') : null,
                ...(reply.reasoning !== undefined && { reasoning_content: reply.reasoning }),
                ...(calls.length > 0 && { tool_calls: calls }),
              },
              ...(request.body.return_token_ids === true && { token_ids: ids_ }),
              ...(request.body.logprobs === true && {
                logprobs: { content: ids_.map(id => ({ token: String.fromCodePoint(id), logprob: -id / 1000 })) },
              }),
            },
          ],
          ...(request.body.return_token_ids === true && { prompt_token_ids: [1, 2, 3] }),
          usage: counted,
        },
        // In pieces, as a stream is: a text in two halves, arguments after their names.
        events: [
          chunk({ role: 'assistant' }),
          ...(reply.reasoning === undefined ? [] : [chunk({ reasoning_content: reply.reasoning })]),
          ...halves(reply.content ?? '').map(content => chunk(refused ? { refusal: content } : { content })),
          ...calls.flatMap(({ id, type, function: { name, arguments: written } }, index) => [
            chunk({ tool_calls: [{ index, id, type, function: { name, arguments: '' } }] }),
            ...halves(written).map(piece => chunk({ tool_calls: [{ index, function: { arguments: piece } }] })),
          ]),
          chunk({}, finish),
          ...(object(request.body.stream_options).include_usage === true ? [{ ...head, choices: [], usage: counted }] : []),
        ],
      }
    },
    error: (status, message) => ({ error: { message, type: 'fake_error', code: status } }),
  },

  responses: {
    messages(body) {
      const said: Message[] = body.instructions === undefined ? [] : [{ role: 'system', content: text(body.instructions) }]
      for (const item of list(body.input)) {
        if (item.type === 'function_call_output') {
          said.push({ role: 'tool', tool_call_id: text(item.call_id), name: '', content: text(item.output) })
        } else if (item.type === 'function_call') {
          const call = toolCall(item.call_id, item.name, item.arguments)
          const last = said.at(-1)
          // The items of one answer follow each other: together they are one message.
          if (last?.role === 'assistant') said[said.length - 1] = assistant(last.content, [...(last.tool_calls ?? []), call])
          else said.push(assistant('', [call]))
        } else if (item.type === 'reasoning') {
          if (typeof item.encrypted_content !== 'string')
            throw new NotWellFormed(`no reasoning item '${text(item.id)}' is stored`)
        } else if (item.role === 'assistant') said.push(assistant(text(item.content), []))
        else if (item.role === 'user') said.push({ role: 'user', content: text(item.content) })
        else throw new NotWellFormed(`unknown input item '${text(item.type) || text(item.role)}'`)
      }
      return said
    },
    tools: body => list(body.tools).map(tool => schema(tool, 'parameters')),
    write(reply, request, ids) {
      const { prompt, cached, reasoning, completion } = counts(request, reply)
      const words = reply.content ?? (reply.finish === 'refusal' ? 'No.' : undefined)
      const part =
        reply.finish === 'refusal' ? { type: 'refusal', refusal: words } : { type: 'output_text', text: words, annotations: [] }
      return {
        body: {
          id: 'resp_fake',
          object: 'response',
          created_at: 0,
          model: request.model,
          status: reply.finish === 'length' ? 'incomplete' : 'completed',
          error: null,
          incomplete_details: reply.finish === 'length' ? { reason: 'max_output_tokens' } : null,
          output: [
            ...(reply.reasoning === undefined
              ? []
              : [
                  {
                    type: 'reasoning',
                    id: 'rs_fake',
                    summary: [{ type: 'summary_text', text: reply.reasoning }],
                    // Only for those who asked to be given it back.
                    ...(Array.isArray(request.body.include) && {
                      encrypted_content: Buffer.from(reply.reasoning).toString('base64'),
                    }),
                  },
                ]),
            ...(words === undefined
              ? []
              : [{ type: 'message', id: 'msg_fake', role: 'assistant', status: 'completed', content: [part] }]),
            ...(reply.calls ?? []).map(({ name, arguments: given }, i) => ({
              type: 'function_call',
              id: `fc_${ids[i]}`,
              call_id: ids[i],
              name,
              arguments: argumentsText(given),
            })),
          ],
          usage: {
            input_tokens: prompt,
            output_tokens: completion,
            total_tokens: prompt + completion,
            input_tokens_details: { cached_tokens: cached },
            output_tokens_details: { reasoning_tokens: reasoning },
          },
        },
      }
    },
    error: (status, message) => ({ error: { message, type: 'fake_error', code: status } }),
  },

  messages: {
    messages(body) {
      if (typeof body.max_tokens !== 'number') throw new NotWellFormed('max_tokens: Field required')
      const said: Message[] = body.system === undefined ? [] : [{ role: 'system', content: text(body.system) }]
      let before = 'assistant'
      for (const { role, content } of list(body.messages)) {
        if (role === before) throw new NotWellFormed(`messages: roles must alternate, found ${text(role)} twice`)
        before = text(role)
        const blocks = typeof content === 'string' ? [{ type: 'text', text: content }] : list(content)
        if (blocks.some(({ type, text: words }) => type === 'text' && text(words).trim() === ''))
          throw new NotWellFormed('messages: text content blocks must contain non-whitespace text')
        if (role === 'assistant') {
          if (blocks.length === 0 || blocks.at(-1)!.type === 'thinking')
            throw new NotWellFormed('messages: the final block in an assistant message cannot be thinking')
          if (blocks.some(({ type, signature, thinking }) => type === 'thinking' && signature !== sign(text(thinking))))
            throw new NotWellFormed('messages: invalid signature in thinking block')
          said.push(
            assistant(
              blocks.map(block => text(block.text)).join(''),
              blocks.filter(({ type }) => type === 'tool_use').map(({ id, name, input }) => toolCall(id, name, input)),
            ),
          )
          continue
        }
        const results = blocks.filter(({ type }) => type === 'tool_result')
        if (results.some((block, i) => block !== blocks[i]))
          throw new NotWellFormed('messages: tool_result blocks must come first')
        for (const block of results)
          said.push({ role: 'tool', tool_call_id: text(block.tool_use_id), name: '', content: text(block.content) })
        const words = blocks.filter(({ type }) => type === 'text').map(block => text(block.text))
        if (words.length > 0) said.push({ role: 'user', content: words.join('\n') })
      }
      return said
    },
    tools: body => list(body.tools).map(tool => schema(tool, 'input_schema')),
    write(reply, request, ids) {
      const { prompt, cached, reasoning, completion } = counts(request, reply)
      const { content: words, reasoning: thinking, calls = [], finish } = reply
      const content = [
        ...(thinking === undefined ? [] : [{ type: 'thinking', thinking, signature: sign(thinking) }]),
        ...(words === undefined ? [] : [{ type: 'text', text: words }]),
        ...calls.map(({ name, arguments: given }, i) => ({
          type: 'tool_use',
          id: ids[i],
          name,
          // This protocol sends parsed arguments; what is no JSON can only be a string in their place.
          input: typeof given === 'string' ? parsedOrText(given) : given,
        })),
      ]
      const stop = finish === 'length' ? 'max_tokens' : (finish ?? (calls.length > 0 ? 'tool_use' : 'end_turn'))
      const usage = {
        input_tokens: prompt - cached,
        cache_read_input_tokens: cached,
        cache_creation_input_tokens: 0,
        output_tokens: completion,
        output_tokens_details: { thinking_tokens: reasoning },
      }
      const head = { id: 'msg_fake', type: 'message', role: 'assistant', model: request.model, stop_sequence: null }
      return {
        body: { ...head, content, stop_reason: stop, usage },
        events: [
          { type: 'message_start', message: { ...head, content: [], stop_reason: null, usage: { ...usage, output_tokens: 0 } } },
          ...content.flatMap((block, index) => [
            { type: 'content_block_start', index, content_block: { ...block, ...EMPTY[block.type] } },
            ...deltas(block).map(delta => ({ type: 'content_block_delta', index, delta })),
            { type: 'content_block_stop', index },
          ]),
          { type: 'message_delta', delta: { stop_reason: stop, stop_sequence: null }, usage },
          { type: 'message_stop' },
        ],
      }
    },
    error: (_status, message) => ({ type: 'error', error: { type: 'fake_error', message } }),
  },
}

function halves(text: string): string[] {
  return [text.slice(0, text.length / 2), text.slice(text.length / 2)].filter(half => half !== '')
}

function schema(tool: Json, parameters: string): ToolSchema {
  return { name: text(tool.name), description: text(tool.description), parameters: object(tool[parameters]) }
}

/** What a signature of thinking is worth here: it changes with the text. */
function sign(thinking: string): string {
  return `signed:${thinking.length}`
}

/** How a block of each type begins in a stream. */
const EMPTY: Readonly<Record<string, Json>> = {
  text: { text: '' },
  thinking: { thinking: '', signature: '' },
  tool_use: { input: {} },
}

function deltas(block: Json): Json[] {
  switch (block.type) {
    case 'text':
      return [{ type: 'text_delta', text: block.text }]
    case 'thinking':
      return [
        { type: 'thinking_delta', thinking: block.thinking },
        { type: 'signature_delta', signature: block.signature },
      ]
    default:
      return [{ type: 'input_json_delta', partial_json: JSON.stringify(block.input) }]
  }
}
