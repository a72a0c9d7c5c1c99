/**
 * The official SDKs as the adapters use them: made at the first call, because importing them costs more than most commands
 * take; retries off, because there is one retry layer; everything they would read from the environment handed in or off.
 */
import { basic, type Endpoint, silencedHeaders } from './endpoint.ts'
import { LONGEST } from './retry.ts'
import { send } from './transport.ts'

type Body = Readonly<Record<string, unknown>>
type Post = (body: Body, session: string, signal: AbortSignal) => Promise<unknown>

export interface OpenAiClient {
  readonly chat: Post
  readonly responses: Post
}

export interface AnthropicClient {
  readonly messages: Post
  /** The same over a stream, for answers that may take longer than a silent connection is left open. */
  readonly streamed: Post
}

/** What both SDKs are told alike. */
function common(endpoint: Endpoint, key: string, env: Readonly<Record<string, string | undefined>>) {
  const { own, credentials } = endpoint
  return {
    fetch: send,
    maxRetries: 0,
    // None: attempts are boxed in time by the retry layer, from the first byte to the last.
    timeout: LONGEST,
    logLevel: 'off' as const,
    // Elsewhere than at home, what the environment says about headers is not said, and who calls is said last.
    defaultHeaders: own
      ? {}
      : {
          ...silencedHeaders(endpoint, env),
          authorization: credentials === null ? `Bearer ${key}` : `Basic ${basic(credentials)}`,
        },
  }
}

/** Servers of one's own may route by conversation; a provider's own URL is not told. */
function sessionHeader({ own, key }: Endpoint, session: string): Record<string, string> {
  return own || key !== null ? {} : { 'X-Session-ID': session }
}

export function openAiClient(
  endpoint: Endpoint,
  apiKey: string,
  env: Readonly<Record<string, string | undefined>>,
): OpenAiClient {
  const sdk = lazily(async () => {
    const { OpenAI } = await import('openai')
    const nothing = { adminAPIKey: null, organization: null, project: null, webhookSecret: null }
    return new OpenAI({ ...common(endpoint, apiKey, env), ...(endpoint.own ? {} : nothing), apiKey, baseURL: endpoint.baseUrl })
  })
  return {
    chat: async (body, session, signal) =>
      (await sdk()).chat.completions.create(body as never, { signal, headers: sessionHeader(endpoint, session) }),
    responses: async (body, session, signal) =>
      (await sdk()).responses.create(body as never, { signal, headers: sessionHeader(endpoint, session) }),
  }
}

export function anthropicClient(
  endpoint: Endpoint,
  apiKey: string,
  env: Readonly<Record<string, string | undefined>>,
): AnthropicClient {
  const sdk = lazily(async () => {
    const { Anthropic } = await import('@anthropic-ai/sdk')
    // The SDK adds /v1 itself.
    const baseURL = endpoint.baseUrl.replace(/\/v1$/, '')
    return new Anthropic({ ...common(endpoint, apiKey, env), apiKey, webhookKey: null, openTelemetry: false, baseURL })
  })
  return {
    // `messages.create` prints a line to the console for every call of an older model; this sends the same.
    messages: async (body, session, signal) =>
      (await sdk()).post('/v1/messages', { body, signal, headers: sessionHeader(endpoint, session) }),
    streamed: async (body, session, signal) =>
      (await sdk()).messages.stream(body as never, { signal, headers: sessionHeader(endpoint, session) }).finalMessage(),
  }
}

function lazily<T>(make: () => Promise<T>): () => Promise<T> {
  let made: Promise<T> | undefined
  return () => {
    made ??= make()
    return made
  }
}
