/**
 * The official SDKs as the adapters use them: made at the first call, because importing them costs more than most commands
 * take; retries off, because there is one retry layer; everything they would read from the environment handed in or off. Only
 * their sending is used: what they make of answers takes well-formed ones for granted.
 */
import type { Post } from './dialect.ts'
import { basic, type Endpoint, silencedHeaders } from './endpoint.ts'
import { LONGEST } from './retry.ts'
import { proxiesOf, sending } from './transport.ts'

export interface OpenAiClient {
  readonly chat: Post
  readonly responses: Post
}

export interface AnthropicClient {
  readonly messages: Post
}

/** What both SDKs are told alike. */
function common(endpoint: Endpoint, key: string, env: Readonly<Record<string, string | undefined>>) {
  const { own, credentials } = endpoint
  return {
    fetch: sending(proxiesOf(env)),
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
  const to =
    (path: string): Post =>
    async (body, session, signal) =>
      (await sdk()).post(path, { body, signal, headers: sessionHeader(endpoint, session) })
  return { chat: to('/chat/completions'), responses: to('/responses') }
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
    messages: async (body, session, signal) =>
      (await sdk()).post('/v1/messages', { body, signal, headers: sessionHeader(endpoint, session) }),
  }
}

function lazily<T>(make: () => Promise<T>): () => Promise<T> {
  let made: Promise<T> | undefined
  return () => {
    made ??= make()
    return made
  }
}
