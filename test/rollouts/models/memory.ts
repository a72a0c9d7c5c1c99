/** Models that are asked without a socket. */
import type { Message } from '../../../rollouts/messages.ts'
import { anthropic } from '../../../rollouts/models/anthropic.ts'
import { type ReadRequest, read, type Written, write } from '../../../rollouts/models/fake/dialects.ts'
import type { Dialect } from '../../../rollouts/models/fake/index.ts'
import { Forms } from '../../../rollouts/models/forms.ts'
import type { ModelAnswer } from '../../../rollouts/models/model.ts'
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

/** What the package makes of an answer of that dialect. */
export function heard(
  dialect: Dialect,
  answer: unknown,
  messages: readonly Message[] = [{ role: 'user', content: 'Turn 0.' }],
  sent: (body: object) => void = () => {},
): Promise<ModelAnswer> {
  const post = async (body: object) => {
    sent(body)
    return answer
  }
  const rest = { model: 'm', extraBody: {}, forms: new Forms() }
  const model =
    dialect === 'messages'
      ? anthropic({ ...rest, client: { messages: post } })
      : (dialect === 'chat' ? openAiChat : openAiResponses)({ ...rest, own: false, client: { chat: post, responses: post } })
  const signal = new AbortController().signal
  return model.complete({ messages, tools: [], sampling: {}, parallel: true, session: 's', signal })
}
