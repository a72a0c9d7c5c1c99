/**
 * How the adapters send. At a provider's own URL with its SDK: made at the first call, because importing it costs more than most commands
 * take; retries off, because there is one retry layer. Only its sending is used: what it makes of answers takes well-formed ones for
 * granted. At any other URL without one.
 */
import { packageVersion } from '../versions.ts'
import { basic } from './credentials.ts'
import type { Post } from './dialect.ts'
import type { Endpoint } from './endpoint.ts'
import { proxiesOf } from './proxies.ts'
import { LONGEST } from './retry.ts'
import { sending } from './transport.ts'

export interface OpenAiClient {
  readonly chat: Post
  readonly responses: Post
}

export interface AnthropicClient {
  readonly messages: Post
}

type Env = Readonly<Record<string, string | undefined>>

/** What posts to a path below the endpoint's URL. */
type Posts = (path: string) => Post

/** What both SDKs are told alike. */
function common(env: Env) {
  return {
    fetch: sending(proxiesOf(env)),
    maxRetries: 0,
    // None: attempts are boxed in time by the retry layer, from the first byte to the last.
    timeout: LONGEST,
    logLevel: 'off' as const,
  }
}

/** OpenAI's SDK at its own URL, with what it reads there of the environment: the organisation, the project, further headers. */
export function openAiSdk(endpoint: Endpoint, apiKey: string, env: Env): Posts {
  const sdk = lazily(async () => {
    const { OpenAI } = await import('openai')
    return new OpenAI({ ...common(env), apiKey, baseURL: endpoint.baseUrl })
  })
  return path => async (body, _session, signal) => (await sdk()).post(path, { body, signal })
}

/** Anthropic's at its own. */
function anthropicSdk(endpoint: Endpoint, apiKey: string, env: Env): Posts {
  const sdk = lazily(async () => {
    const { Anthropic } = await import('@anthropic-ai/sdk')
    // The SDK adds /v1 itself.
    const baseURL = endpoint.baseUrl.replace(/\/v1$/, '')
    return new Anthropic({ ...common(env), apiKey, webhookKey: null, openTelemetry: false, baseURL })
  })
  return path => async (body, _session, signal) => (await sdk()).post(`/v1${path}`, { body, signal })
}

/**
 * The same request without an SDK, for servers that are not the provider's own: what an SDK adds there is nothing but its processor time,
 * and nothing that the environment says of the provider is told to them. A server of one's own may route by conversation.
 */
export function plain(endpoint: Endpoint, key: string, env: Env): Posts {
  const fetch = sending(proxiesOf(env))
  const { baseUrl, credentials, protocol } = endpoint
  const root = protocol === 'anthropic' ? `${baseUrl.replace(/\/v1$/, '')}/v1` : baseUrl
  const headers = {
    'content-type': 'application/json',
    accept: 'application/json',
    'user-agent': `agoragym/${packageVersion()}`,
    ...(protocol === 'anthropic' && { 'anthropic-version': '2023-06-01', 'x-api-key': key }),
    authorization: credentials === null ? `Bearer ${key}` : `Basic ${basic(credentials)}`,
  }
  return path => async (body, session, signal) => {
    const answer = await fetch(`${root}${path}`, {
      method: 'POST',
      headers: endpoint.key === null ? { ...headers, 'x-session-id': session } : headers,
      body: JSON.stringify(body),
      signal,
    })
    const media = answer.headers.get('content-type')?.split(';')[0]?.trim() ?? ''
    return media.includes('application/json') || media.endsWith('+json') ? answer.json() : answer.text()
  }
}

export function openAiClient(endpoint: Endpoint, key: string, env: Env): OpenAiClient {
  const to = (endpoint.own ? openAiSdk : plain)(endpoint, key, env)
  return { chat: to('/chat/completions'), responses: to('/responses') }
}

export function anthropicClient(endpoint: Endpoint, key: string, env: Env): AnthropicClient {
  return { messages: (endpoint.own ? anthropicSdk : plain)(endpoint, key, env)('/messages') }
}

function lazily<T>(make: () => Promise<T>): () => Promise<T> {
  let made: Promise<T> | undefined
  return () => {
    made ??= make()
    return made
  }
}
