/**
 * Which model at which URL a player string names, and which key goes there. Knows the two protocols' names and own URLs;
 * sends nothing.
 */
import { UserError } from '../../envs/core/errors.ts'
import { RunError } from '../errors.ts'
import { redactUrl, type Secrets } from './redact.ts'

export type Provider = 'openai' | 'anthropic'

/** The providers' own URLs, and the environment variable whose key goes there and nowhere else. */
const PROVIDERS: Readonly<Record<Provider, { readonly url: string; readonly key: string }>> = {
  openai: { url: 'https://api.openai.com/v1', key: 'OPENAI_API_KEY' },
  anthropic: { url: 'https://api.anthropic.com', key: 'ANTHROPIC_API_KEY' },
}

export interface Endpoint {
  readonly provider: Provider
  readonly model: string
  /** Without credentials. */
  readonly baseUrl: string
  /** Whether it is the provider's own URL. */
  readonly own: boolean
  /** The player string, credentials redacted. */
  readonly name: string
  /** `user:password` of the URL; a secret. */
  readonly credentials: string | null
}

/** Reads `openai:MODEL`, `openai:MODEL@http://host:port/v1` or `anthropic:…`: the model is the text up to the last `@http`. */
export function parseEndpoint(player: string): Endpoint {
  const colon = player.indexOf(':')
  const provider = player.slice(0, colon) as Provider
  if (!Object.hasOwn(PROVIDERS, provider))
    throw new UserError(
      `A model player begins with ${Object.keys(PROVIDERS)
        .map(known => `'${known}:'`)
        .join(' or ')}.`,
    )
  const rest = player.slice(colon + 1)
  const at = Math.max(rest.lastIndexOf('@http://'), rest.lastIndexOf('@https://'))
  const model = at === -1 ? rest : rest.slice(0, at)
  if (model === '')
    throw new UserError(`Player '${provider}:' names no model; write ${provider}:MODEL or ${provider}:MODEL@http://host:port/v1.`)
  if (at === -1) {
    const { url } = PROVIDERS[provider]
    return { provider, model, baseUrl: url, own: true, name: `${provider}:${model}`, credentials: null }
  }
  const url = parseUrl(rest.slice(at + 1), `${provider}:${model}`)
  const credentials = url.username === '' && url.password === '' ? null : `${decoded(url.username)}:${decoded(url.password)}`
  const shown = redactUrl(url)
  url.username = ''
  url.password = ''
  const baseUrl = redactUrl(url)
  const own = url.host === new URL(PROVIDERS[provider].url).host
  return { provider, model, baseUrl, own, name: `${provider}:${model}@${shown}`, credentials }
}

/** What a part of a URL stands for; itself where it was not percent-encoded. */
function decoded(part: string): string {
  try {
    return decodeURIComponent(part)
  } catch {
    return part
  }
}

function parseUrl(text: string, player: string): URL {
  let url: URL
  try {
    url = new URL(text)
  } catch {
    throw new UserError(`Player '${player}@…': what follows the @ is no URL; write http://host:port/v1.`)
  }
  if (url.search !== '' || url.hash !== '')
    throw new UserError(`Player '${player}@${redactUrl(url)}': a base URL has no query; pass further fields with --extra-body.`)
  return url
}

/** Where keys come from: the environment, and which of its variables belongs to which host besides the providers' own. */
export interface KeySource {
  readonly env: Readonly<Record<string, string | undefined>>
  /** `VARIABLE` for every other URL, or `host=VARIABLE` for one. */
  readonly variables: readonly string[]
}

/** What servers without accounts are sent: the SDKs insist on a key. */
const NO_KEY = 'none'

/**
 * The key for an endpoint. A provider's key goes to its own URL only; any other URL gets a key only from a variable that was
 * named for it. A missing key is a RunError.
 */
export function keyFor(endpoint: Endpoint, { env, variables }: KeySource, secrets: Secrets): string {
  if (endpoint.credentials !== null) {
    secrets.add(endpoint.credentials)
    secrets.add(endpoint.credentials.slice(endpoint.credentials.indexOf(':') + 1))
    secrets.add(basic(endpoint.credentials))
  }
  const variable = endpoint.own ? PROVIDERS[endpoint.provider].key : variableFor(new URL(endpoint.baseUrl).host, variables)
  if (variable === undefined) return NO_KEY
  const key = env[variable]
  if (key === undefined || key === '') {
    const why = endpoint.own ? ' (a server of your own needs none: write MODEL@http://host:port/v1)' : ''
    throw new RunError(`${endpoint.name} needs a key: set ${variable} in the environment${why}.`)
  }
  secrets.add(key)
  return key
}

function variableFor(host: string, variables: readonly string[]): string | undefined {
  const pairs = variables.map(text => text.split('=') as [string, string?])
  return (
    pairs.find(([name, variable]) => variable !== undefined && name === host)?.[1] ?? pairs.find(([, v]) => v === undefined)?.[0]
  )
}

/** A URL's credentials as an Authorization header writes them. */
export function basic(credentials: string): string {
  return Buffer.from(credentials).toString('base64')
}

/** Headers that an SDK would add from the environment by itself, as nulls that switch them off: they may hold credentials. */
export function silencedHeaders(endpoint: Endpoint, env: KeySource['env']): Record<string, null> {
  const lines = env[`${endpoint.provider.toUpperCase()}_CUSTOM_HEADERS`]?.split('\n') ?? []
  return Object.fromEntries(
    lines.filter(line => line.includes(':')).map(line => [line.slice(0, line.indexOf(':')).trim().toLowerCase(), null]),
  )
}
