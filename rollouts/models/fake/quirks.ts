/**
 * What real servers do that a protocol does not say, by name, as their users reported it: the fake provider can do each of them, and
 * the table in the documentation is made from here. Knows no socket.
 */
import { type Json, list, object, parsedOrText, string, text } from '../json.ts'
import type { Dialect } from './dialects.ts'
import type { FakeRequest } from './request.ts'

/** An answer as it goes out, whatever the protocol says. */
export interface RawAnswer {
  /** 200 by default. */
  readonly status?: number
  readonly headers?: Readonly<Record<string, string>>
  /** Sent as JSON, a text as it is. */
  readonly body: unknown
}

export interface Quirk {
  readonly server: string
  /** What was met, as a sentence. */
  readonly met: string
  /** What the package does about it. */
  readonly answer: string
  /** Public reports, as `repository#number`. */
  readonly reports: readonly string[]
  /** Whether it changes what a model's message is: the rest leaves no trace in what is played. */
  readonly play: boolean
  readonly dialects: readonly Dialect[]
  /** What a request is refused with; nothing where it is to the server's liking. Holds for every request. */
  readonly refuses?: (request: FakeRequest) => RawAnswer | undefined
  /** What becomes of an answer. Happens now and then. */
  readonly spoils?: (body: Json, request: FakeRequest) => RawAnswer
}

const messagesOf = ({ body }: FakeRequest): readonly Json[] => list(body.messages)
const callsOf = (request: FakeRequest): readonly Json[] => messagesOf(request).flatMap(({ tool_calls }) => list(tool_calls))
const refusal = (message: string, more: Json = {}, status = 400): RawAnswer => ({ status, body: { error: { message, ...more } } })

/** The first choice of an answer, changed. */
function choice(body: Json, change: (choice: Json) => Json): RawAnswer {
  return { body: { ...body, choices: list(body.choices).map((one, i) => (i === 0 ? change(one) : one)) } }
}
const message = (body: Json, change: (message: Json) => Json): RawAnswer =>
  choice(body, one => ({ ...one, message: change(object(one.message)) }))
/** Each of its calls, where it has some, changed. */
const calls = (body: Json, change: (call: Json) => Json): RawAnswer =>
  message(body, one => ({ ...one, ...(list(one.tool_calls).length > 0 && { tool_calls: list(one.tool_calls).map(change) }) }))
/** What each of its calls calls, changed. */
const called = (body: Json, change: (called: Json) => Json): RawAnswer =>
  calls(body, call => ({ ...call, function: change(object(call.function)) }))
const usage = (body: Json, change: (usage: Json) => Json): RawAnswer => ({ body: { ...body, usage: change(object(body.usage)) } })
const callIn = (body: Json): Json => object(object(list(object(object(list(body.choices)[0]).message).tool_calls)[0]).function)

/** Whether a message with calls came back without this field of the server's own. */
const lacks = (request: FakeRequest, field: string): boolean =>
  messagesOf(request).some(one => list(one.tool_calls).length > 0 && !(field in one))

type Made = Omit<Quirk, 'dialects' | 'play'> & Partial<Pick<Quirk, 'dialects' | 'play'>>
const made = (quirk: Made): Quirk => ({ dialects: ['chat'], play: false, ...quirk })

const ALL = {
  mistral_ids: {
    server: 'Mistral',
    met: 'ids of tool calls must be nine letters and digits',
    answer: 'form `short_ids`',
    reports: ['vllm#5649', 'vllm#47734'],
    refuses: request => {
      const wrong = callsOf(request).find(({ id }) => !/^[a-zA-Z0-9]{9}$/.test(string(id)))
      return (
        wrong && {
          status: 400,
          body: {
            object: 'error',
            message: `Tool call id was ${string(wrong.id)} but must be a-z, A-Z, 0-9, with a length of 9.`,
            type: 'invalid_function_call',
            code: '3280',
          },
        }
      )
    },
  },
  mistral_roles: {
    server: 'Mistral',
    met: 'a user may not speak right after a tool',
    answer: 'form `user_in_result`',
    reports: ['goose#5998', 'zed#37021', 'hermes-agent#20154'],
    refuses: request =>
      messagesOf(request).some(({ role }, i, all) => role === 'tool' && all[i + 1]?.role === 'user')
        ? {
            status: 400,
            body: {
              object: 'error',
              message: "Unexpected role 'user' after role 'tool'",
              type: 'invalid_request_message_order',
              code: '3230',
            },
          }
        : undefined,
  },
  mistral_thinking: {
    server: 'Mistral',
    met: 'thinking comes as a part of the content',
    answer: 'told apart from what is said',
    reports: ['inspect_ai#2000', 'vercel/ai#8072'],
    spoils: body =>
      message(body, one => ({
        ...one,
        content: [
          { type: 'thinking', thinking: [{ type: 'text', text: 'hm' }] },
          { type: 'text', text: text(one.content) },
        ],
      })),
  },
  mistral_error: {
    server: 'Mistral',
    met: 'errors are `{"object": "error", "message"}`',
    answer: 'read and classed like any other',
    reports: ['chat-ui#1343'],
    spoils: () => ({
      status: 429,
      headers: { 'retry-after-ms': '5' },
      body: { object: 'error', message: 'Requests rate limit exceeded', type: 'rate_limited', code: '1300' },
    }),
  },
  gemini_signatures: {
    server: 'Gemini',
    met: 'a call must come back with its thought signature (`extra_content`)',
    answer: 'unknown fields of messages and calls are sent back to who gave them',
    reports: ['openclaude#67', 'OpenChatCut#6', 'obsidian-gemini#228', 'GitNexus#43'],
    refuses: request =>
      callsOf(request).some(call => string(object(object(call.extra_content).google).thought_signature) === '')
        ? {
            status: 400,
            body: [
              {
                error: {
                  code: 400,
                  message: 'Function call is missing a thought_signature in functionCall parts.',
                  status: 'INVALID_ARGUMENT',
                },
              },
            ],
          }
        : undefined,
    spoils: body => calls(body, call => ({ ...call, extra_content: { google: { thought_signature: 'c2ln' } } })),
  },
  gemini_quota: {
    server: 'Gemini',
    met: 'a limit of the minute is called a quota, with a retry delay in the body, which is a list',
    answer: 'a rate limit, waited for as long as it says',
    reports: ['OmniRoute#9504', 'pi-go#177', 'mcp-server-browserbase#129'],
    spoils: () => ({
      status: 429,
      body: [
        {
          error: {
            code: 429,
            message: 'You exceeded your current quota, please check your plan and billing details. Please retry in 0.005s.',
            status: 'RESOURCE_EXHAUSTED',
            details: [{ '@type': 'type.googleapis.com/google.rpc.RetryInfo', retryDelay: '0.005s' }],
          },
        },
      ],
    }),
  },
  gemini_malformed: {
    server: 'Gemini',
    met: 'a call that cannot be read is an empty message with finish reason `malformed_function_call`',
    answer: 'a malformed call of the model, told and counted',
    reports: ['nodetool#5755'],
    play: true,
    spoils: body =>
      choice(body, one => ({ ...one, finish_reason: 'malformed_function_call', message: { role: 'assistant', content: null } })),
  },
  gemini_usage: {
    server: 'Gemini',
    met: 'completion tokens leave thinking out, which only the total tells',
    answer: 'the larger reading counts, marked `repaired`',
    reports: ['vercel/ai#6082', 'any-llm#1290'],
    spoils: body =>
      usage(body, counts => ({
        prompt_tokens: counts.prompt_tokens,
        completion_tokens: counts.completion_tokens,
        total_tokens: Number(counts.total_tokens) + 500,
      })),
  },
  groq_fields: {
    server: 'Groq',
    met: 'fields of its own in the history are refused',
    answer: 'left out from then on (`without:…`)',
    reports: [],
    refuses: request => {
      const field = messagesOf(request)
        .flatMap(one => (one.role === 'assistant' ? Object.keys(one) : []))
        .find(name => !['role', 'content', 'tool_calls'].includes(name))
      return field === undefined
        ? undefined
        : refusal(
            `'messages.2' : for 'role:assistant' the following must be satisfied[('messages.2' : property '${field}' is unsupported)]`,
            { type: 'invalid_request_error' },
          )
    },
    spoils: body => message(body, one => ({ ...one, reasoning: 'hm' })),
  },
  groq_tool_use: {
    server: 'Groq',
    met: 'a call that cannot be read is a 400 `tool_use_failed`',
    answer: 'a malformed call of the model, told and counted',
    reports: ['smolagents#1119', 'agno#4090'],
    play: true,
    spoils: body => {
      const { name, arguments: written } = callIn(body)
      return refusal("Failed to call a function. Please adjust your prompt. See 'failed_generation' for more details.", {
        type: 'invalid_request_error',
        code: 'tool_use_failed',
        failed_generation: `<function=${string(name)}>${string(written).slice(0, -1)}</function>`,
      })
    },
  },
  deepseek_resource: {
    server: 'DeepSeek',
    met: 'finish reason `insufficient_system_resource`',
    answer: 'a failure of the server, tried again',
    reports: ['nodetool#5755'],
    spoils: body =>
      choice(body, one => ({
        ...one,
        finish_reason: 'insufficient_system_resource',
        message: { role: 'assistant', content: '' },
      })),
  },
  deepseek_reasoning: {
    server: 'DeepSeek, Kimi',
    met: '`reasoning_content` must come back beside calls',
    answer: 'unknown fields of messages and calls are sent back to who gave them',
    reports: ['hermes-agent#15353', 'openai-agents-js#791'],
    refuses: request =>
      lacks(request, 'reasoning_content')
        ? refusal('thinking is enabled but reasoning_content is missing in assistant tool call message at index 2', {
            type: 'invalid_request_error',
          })
        : undefined,
    spoils: body => message(body, one => ({ ...one, reasoning_content: 'hm' })),
  },
  openrouter_choice: {
    server: 'OpenRouter',
    met: 'a choice with an error and finish reason `error`, with status 200',
    answer: 'that error with its status, tried again where that helps',
    reports: ['hermes-agent#83886', 'langchainjs#11417'],
    spoils: body =>
      choice(body, one => ({
        ...one,
        finish_reason: 'error',
        error: { code: 502, message: 'Upstream error' },
        message: { role: 'assistant', content: '' },
      })),
  },
  openrouter_error: {
    server: 'OpenRouter',
    met: 'an error in the place of the answer, with status 200',
    answer: 'that error with its status, tried again where that helps',
    reports: ['inspect_ai#1534', 'aider#3550', 'mini-swe-agent#902'],
    spoils: () => ({
      body: {
        error: { code: 502, message: 'Provider returned error', metadata: { provider_name: 'x', raw: 'upstream connect error' } },
      },
    }),
  },
  openrouter_moderation: {
    server: 'OpenRouter',
    met: 'a flagged prompt is a 403',
    answer: "that message's refusal, never the run's end",
    reports: ['compl-ai#20', 'helm#3327'],
    play: true,
    spoils: () =>
      refusal(
        'Your chosen model requires moderation and your input was flagged for "violence".',
        { code: 403, metadata: { reasons: ['violence'] } },
        403,
      ),
  },
  azure_filter: {
    server: 'Azure',
    met: 'a flagged prompt is a 400 `content_filter`',
    answer: "that message's refusal, never the run's end",
    reports: ['alpaca_eval#162'],
    play: true,
    spoils: () =>
      refusal("The response was filtered due to the prompt triggering Azure OpenAI's content management policy.", {
        code: 'content_filter',
        param: 'prompt',
      }),
  },
  ollama_parse: {
    server: 'Ollama',
    met: 'a call that cannot be read is a 500',
    answer: 'a malformed call of the model, told and counted',
    reports: ['ollama#11800', 'ollama#12064', 'ollama#17638'],
    play: true,
    spoils: body => ({
      status: 500,
      body: {
        error: `error parsing tool call: raw='${string(callIn(body).arguments)}]', err=invalid character ']' after top-level value`,
      },
    }),
  },
  ollama_shape: {
    server: 'Ollama',
    met: 'arguments as an object, no id, no usage',
    answer: 'read, given an id, estimated',
    reports: ['Qwen-Agent#640'],
    spoils: ({ usage: _, ...body }) =>
      calls(body, ({ function: inner }) => ({
        function: { ...object(inner), arguments: parsedOrText(string(object(inner).arguments)) },
      })),
  },
  llama_cpp_parse: {
    server: 'llama.cpp',
    met: 'a call that cannot be read is a 500',
    answer: 'a malformed call of the model, told and counted',
    reports: ['club-3090#1195', 'llama.cpp#12279'],
    play: true,
    spoils: () => ({
      status: 500,
      body: {
        error: {
          code: 500,
          message:
            'Failed to parse tool call arguments as JSON: [json.exception.parse_error.101] parse error at line 1, column 12: syntax error while parsing value - unexpected end of input',
          type: 'server_error',
        },
      },
    }),
  },
  llama_cpp_ids: {
    server: 'llama.cpp',
    met: 'the same id for every call of a conversation',
    answer: 'ids are made unique in what is sent',
    reports: ['agno#2640'],
    spoils: body => calls(body, call => ({ ...call, id: 'call_0' })),
  },
  vllm_abort: {
    server: 'vLLM',
    met: 'finish reason `abort`',
    answer: 'a failure of the server, tried again',
    reports: ['nodetool#5755'],
    spoils: body => choice(body, one => ({ ...one, finish_reason: 'abort' })),
  },
  vllm_names: {
    server: 'vLLM',
    met: 'a made-up tool name goes back and the conversation is refused',
    answer: 'names are spelled as every server takes them; the original stays in the records',
    reports: ['vllm#32587', 'hermes-agent#55922', 'nao#1715', 'sqlrooms#678'],
    play: true,
    spoils: body => called(body, inner => ({ ...inner, name: `${string(inner.name)}<|channel|>commentary` })),
  },
  lm_studio_text: {
    server: 'LM Studio',
    met: 'without a parser, calls are text',
    answer: 'a message without a call; where no message of a run holds one, a warning says how such servers are started',
    reports: ['lmstudio-bug-tracker#1794', 'llama-cpp-python#1784', 'xLAM#27'],
    play: true,
    spoils: body => {
      const { name, arguments: written } = callIn(body)
      return choice(body, one => ({
        ...one,
        finish_reason: 'stop',
        message: {
          role: 'assistant',
          content: `<tool_call>{"name": "${string(name)}", "arguments": ${string(written)}}</tool_call>`,
        },
      }))
    },
  },
  qwen_streaming: {
    server: 'Qwen (DashScope)',
    met: 'answers as a stream only',
    answer: 'form `streaming`',
    reports: ['ragflow#5912', 'OpenManus#330', 'new-api#905'],
    refuses: ({ stream }) =>
      stream
        ? undefined
        : refusal('This model only support stream mode, please enable the stream parameter to access the model.', {
            code: 'invalid_parameter_error',
          }),
  },
  qwen_thinking: {
    server: 'Qwen',
    met: '`<think>` in the content, also without its beginning',
    answer: 'told apart from what is said',
    reports: ['vllm#25729', 'openclaw#72628'],
    spoils: body => message(body, one => ({ ...one, content: `hm</think>${text(one.content)}` })),
  },
  gemma_system: {
    server: 'Gemma',
    met: 'no system role',
    answer: 'form `system_as_user`',
    reports: ['guidellm#67', 'lmstudio#261'],
    refuses: request =>
      messagesOf(request).some(({ role }) => role === 'system') ? refusal('System role not supported') : undefined,
  },
  openai_max_tokens: {
    server: 'OpenAI',
    met: '`max_tokens` was renamed',
    answer: 'form `max_completion_tokens`',
    reports: ['promptfoo#6153', 'opencode#5421', 'OpenHands#11662'],
    refuses: ({ body }) =>
      'max_tokens' in body
        ? refusal("Unsupported parameter: 'max_tokens' is not supported with this model. Use 'max_completion_tokens' instead.", {
            code: 'unsupported_parameter',
            param: 'max_tokens',
            type: 'invalid_request_error',
          })
        : undefined,
  },
  openai_temperature: {
    server: 'OpenAI',
    met: 'a reasoning model takes no temperature',
    answer: 'left out, told, and not claimed in the metadata',
    reports: ['openai-openapi#541', 'pipecat#4043'],
    refuses: ({ body }) =>
      'temperature' in body
        ? refusal(
            "Unsupported value: 'temperature' does not support 0.5 with this model. Only the default (1) value is supported.",
            { code: 'unsupported_value', param: 'temperature' },
          )
        : undefined,
  },
  null_content: {
    server: 'LM Studio, templates',
    met: 'null as the content beside calls is refused',
    answer: 'form `content_empty`',
    reports: ['guidellm#67', 'mistral-common#324'],
    refuses: request =>
      messagesOf(request).some(({ content }) => content === null)
        ? refusal("Invalid 'content': expected a string, got null.", {}, 422)
        : undefined,
  },
  fastapi_error: {
    server: 'FastAPI servers',
    met: 'errors are `{"detail"}`',
    answer: 'read and classed like any other',
    reports: ['cline#396', 'LibreChat#1540'],
    spoils: () => ({ status: 503, body: { detail: 'The model is loading' } }),
  },
  html_error: {
    server: 'Gateways',
    met: 'errors are a page of HTML, with statuses of their own',
    answer: 'its title is told; tried again',
    reports: ['appstrate#138', 'anything-llm#5601'],
    spoils: () => ({
      status: 520,
      headers: { 'content-type': 'text/html' },
      body: '<html><head><title>Web server is returning an unknown error</title></head></html>',
    }),
  },
  legacy_call: {
    server: 'Older servers',
    met: 'a call as `function_call`',
    answer: 'read as a call',
    reports: [],
    spoils: body =>
      choice(body, one => ({
        ...one,
        finish_reason: 'function_call',
        message: {
          ...object(one.message),
          tool_calls: undefined,
          ...(list(object(one.message).tool_calls).length > 0 && { function_call: callIn(body) }),
        },
      })),
  },
  second_choice: {
    server: 'Copilot',
    met: 'the call stands in a second choice',
    answer: 'both are one message',
    reports: [],
    spoils: body => {
      const [one = {}] = list(body.choices)
      const { tool_calls, ...said } = object(one.message)
      return {
        body: {
          ...body,
          choices: [
            { ...one, finish_reason: 'stop', message: said },
            { ...one, index: 1, message: { role: 'assistant', content: null, tool_calls } },
          ],
        },
      }
    },
  },
  double_encoded: {
    server: 'TGI',
    met: 'arguments are encoded twice',
    answer: 'decoded twice',
    reports: [],
    spoils: body => called(body, inner => ({ ...inner, arguments: JSON.stringify(inner.arguments) })),
  },
  upper_case_finish: {
    server: 'Cohere, Vertex',
    met: 'finish reasons in capitals',
    answer: 'read like the others',
    reports: [],
    spoils: body => choice(body, one => ({ ...one, finish_reason: string(one.finish_reason).toUpperCase() })),
  },
  negative_usage: {
    server: 'Proxies',
    met: 'token counts are negative or fractional',
    answer: 'estimated or rounded up, marked `repaired`',
    reports: ['async-openai#404', 'CLIProxyAPI#5743', 'pi#2048', 'claudexor#173'],
    spoils: body => usage(body, counts => ({ ...counts, prompt_tokens: -1, completion_tokens: 12.5, total_tokens: 11.5 })),
  },
  half_surrogate: {
    server: 'Any',
    met: 'half of a surrogate pair in what a model says',
    answer: 'replaced before it is stored or sent',
    reports: ['claude-code#3277', 'eliza#18079'],
    spoils: body => message(body, one => ({ ...one, content: `${text(one.content)}\ud83d` })),
  },
  strange_status: {
    server: 'Any',
    met: 'a status that no protocol has',
    answer: 'a failure of the server, tried again',
    reports: [],
    spoils: () => ({ status: 600, body: 'what?' }),
    dialects: ['chat', 'responses', 'messages'],
  },
  text_type: {
    server: 'Any',
    met: 'JSON that is sent as text, with a byte order mark',
    answer: 'read as the JSON it is',
    reports: ['ic-reactor#665'],
    dialects: ['chat', 'responses', 'messages'],
    spoils: body => ({ headers: { 'content-type': 'text/plain' }, body: `\ufeff${JSON.stringify(body)}` }),
  },
  deep_arguments: {
    server: 'Any',
    met: 'arguments nested 20,000 deep',
    answer: 'one malformed call',
    reports: [],
    play: true,
    spoils: body => called(body, inner => ({ ...inner, arguments: `{"quantity":${'['.repeat(20_000)}${']'.repeat(20_000)}}` })),
  },
  anthropic_overloaded: {
    server: 'Anthropic',
    met: 'an overloaded error with status 200, as a stream begins',
    answer: 'a rate limit, tried again',
    reports: [],
    dialects: ['messages'],
    spoils: () => ({ body: { type: 'error', error: { type: 'overloaded_error', message: 'Overloaded' } } }),
  },
  null_output: {
    server: 'Responses gateways',
    met: '`output: null`',
    answer: 'no answer in the protocol, tried again',
    reports: [],
    dialects: ['responses'],
    spoils: body => ({ body: { ...body, output: null } }),
  },
} satisfies Record<string, Made>

export type QuirkName = keyof typeof ALL

/** The quirks by name. */
export const QUIRKS = Object.fromEntries(Object.entries(ALL).map(([name, quirk]) => [name, made(quirk)])) as Readonly<
  Record<QuirkName, Quirk>
>

/** Servers with more than one quirk, for those who want all of one. */
export const QUIRKY_SERVERS = [
  'mistral',
  'gemini',
  'groq',
  'deepseek',
  'openrouter',
  'ollama',
  'llama_cpp',
  'vllm',
  'qwen',
  'openai',
] as const

/** Quirks by their names or by a server's. Throws for a name that is neither. */
export function quirksOf(names: readonly (QuirkName | (typeof QUIRKY_SERVERS)[number])[]): readonly Quirk[] {
  return names.flatMap(name => {
    const own = Object.entries(QUIRKS).filter(([quirk]) => quirk === name || quirk.startsWith(`${name}_`))
    if (own.length === 0)
      throw new Error(
        `no quirk '${name}'; there are ${Object.keys(QUIRKS).join(', ')}, and the servers ${QUIRKY_SERVERS.join(', ')}`,
      )
    return own.map(([, quirk]) => quirk)
  })
}
