/** Models that are asked without a socket. */
import type { Message } from '../../../rollouts/messages.ts'
import { anthropic } from '../../../rollouts/models/anthropic.ts'
import { type ReadRequest, read, type Written, write } from '../../../rollouts/models/fake/dialects.ts'
import type { Dialect } from '../../../rollouts/models/fake/index.ts'
import { Forms } from '../../../rollouts/models/forms.ts'
import type { Model, ModelAnswer, ModelRequest } from '../../../rollouts/models/model.ts'
import { openAiChat } from '../../../rollouts/models/openai_chat.ts'
import { openAiResponses } from '../../../rollouts/models/openai_responses.ts'

/** An answer that sells one unit, as the fake provider writes it, and the request that it answers. */
export function usual(dialect: Dialect): { readonly written: Written; readonly request: ReadRequest } {
  const asked =
    dialect === 'responses'
      ? { model: 'm', input: [{ role: 'user', content: 'x' }], include: ['reasoning.encrypted_content'] }
      : { model: 'm', max_tokens: 9, messages: [{ role: 'user', content: 'x' }], stream_options: { include_usage: true } }
  const reply = { content: 'I sell.', reasoning: 'Grain is dear.', calls: [{ name: 'sell', arguments: { quantity: 1 } }] }
  const request = read(dialect, asked)
  return { written: write(dialect, reply, request), request }
}

type Json = Readonly<Record<string, unknown>>

/** How a model is asked besides what is said. */
export interface Settings {
  readonly forms?: Forms
  readonly extraBody?: Json
  /** Whether it is at OpenAI's own URL. */
  readonly own?: boolean
}

function modelOf(dialect: Dialect, post: (body: Json) => Promise<unknown>, settings: Settings = {}): Model {
  const { forms = new Forms(), extraBody = {}, own = false } = settings
  const rest = { model: 'm', extraBody, forms }
  return dialect === 'messages'
    ? anthropic({ ...rest, client: { messages: post } })
    : (dialect === 'chat' ? openAiChat : openAiResponses)({ ...rest, own, client: { chat: post, responses: post } })
}

const asking = (request: Partial<ModelRequest>): ModelRequest => ({
  messages: [{ role: 'user', content: 'Turn 0.' }],
  tools: [],
  sampling: {},
  parallel: true,
  session: 's',
  signal: new AbortController().signal,
  ...request,
})

/** What the package makes of an answer of that dialect. */
export function heard(
  dialect: Dialect,
  answer: unknown,
  messages?: readonly Message[],
  sent: (body: object) => void = () => {},
): Promise<ModelAnswer> {
  const post = async (body: object) => {
    sent(body)
    return answer
  }
  return modelOf(dialect, post).complete(asking(messages === undefined ? {} : { messages }))
}

/** The body that is sent for a request in that dialect, as its JSON reads. */
export async function sentFor(dialect: Dialect, request: Partial<ModelRequest> = {}, settings: Settings = {}): Promise<Json> {
  let sent: unknown
  const post = async (body: Json) => {
    sent = body
    return usual(dialect).written.body
  }
  await modelOf(dialect, post, settings).complete(asking(request))
  return JSON.parse(JSON.stringify(sent)) as Json
}
