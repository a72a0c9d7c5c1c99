/**
 * Which model at which URL a player string names, and which key goes there. Knows what a base URL looks like; sends nothing.
 */
import { nearest, UserError } from '../../envs/core/errors.ts'
import { RunError } from '../errors.ts'
import { basic, credentialsOf } from './credentials.ts'
import { type Protocol, providerNamed, providers } from './providers.ts'
import { redactUrl, type Secrets, withoutCredentials } from './redact.ts'

/** Where each SDK is at home: its own server, which gets what the SDK reads from the environment. */
const HOMES: Readonly<Record<Protocol, string>> = { openai: 'api.openai.com', anthropic: 'api.anthropic.com' }

/** Whether a base URL is the server that an SDK is made for. */
export function isHome(baseUrl: string): boolean {
  return Object.values(HOMES).includes(new URL(baseUrl).host)
}

export interface Endpoint {
  /** The word that begins the player string. */
  readonly provider: string
  readonly protocol: Protocol
  readonly model: string
  /** Without credentials. */
  readonly baseUrl: string
  /** Whether it is the server that the protocol's SDK is made for, whose dialect differs from the others'. */
  readonly own: boolean
  /** The variable with the key of this URL, where the table of providers names one. */
  readonly key: string | null
  /** The player string, credentials redacted. */
  readonly name: string
  /** `user:password` of the URL; a secret. */
  readonly credentials: string | null
}

/** Reads `PROVIDER:MODEL` or `PROVIDER:MODEL@http://host:port/v1`: the model is the text up to the last `@http`. */
export function parseEndpoint(player: string): Endpoint {
  const colon = player.indexOf(':')
  const provider = colon === -1 ? player : player.slice(0, colon)
  const facts = providerNamed(provider)
  if (facts === undefined) {
    const known = Object.keys(providers())
    throw new UserError(
      `A model player is PROVIDER:MODEL. Providers: ${known.join(', ')}; got '${withoutCredentials(player).slice(0, 64)}'.${nearest(provider, known)}`,
    )
  }
  const { protocol } = facts
  const rest = player.slice(colon + 1)
  const at = Math.max(rest.lastIndexOf('@http://'), rest.lastIndexOf('@https://'))
  checkWritten(rest, at, provider)
  const model = at === -1 ? rest : rest.slice(0, at)
  if (model === '' || colon === -1)
    throw new UserError(`Player '${provider}:' names no model; write ${provider}:MODEL or ${provider}:MODEL@http://host:port/v1.`)
  if (/^\s|\s$/.test(model))
    throw new UserError(`Player '${provider}:${model}' has a space at an end of its model; write ${provider}:${model.trim()}.`)
  const common = { provider, protocol, model }
  if (at === -1) {
    const { url, key } = facts
    const own = new URL(url).host === HOMES[protocol]
    return { ...common, baseUrl: url.replace(/\/+$/, ''), own, key, name: `${provider}:${model}`, credentials: null }
  }
  const url = parseUrl(rest.slice(at + 1), `${provider}:${model}`)
  const credentials = credentialsOf(url)
  const shown = redactUrl(url)
  url.username = ''
  url.password = ''
  return {
    ...common,
    baseUrl: redactUrl(url),
    own: url.host === HOMES[protocol],
    key: url.host === new URL(facts.url).host ? facts.key : null,
    name: `${provider}:${model}@${shown}`,
    credentials,
  }
}

/** What stands after an @ and is a host, though no scheme says so: `localhost:8801`, `10.0.0.1`, `host.example/v1`. */
const HOST = /^(?:[\w.-]+:\d+|localhost|\d+(?:\.\d+){3}|\[[\da-f:]+\](?::\d+)?|(?:[\w-]+\.)+[\w-]+(?=\/))(?:\/\S*)?$/i

/** Refuses what was meant for a URL and is none: nothing is sent to a provider in the place of a server of one's own. */
function checkWritten(rest: string, at: number, provider: string): void {
  const last = rest.lastIndexOf('@')
  // Credentials hold an @ of their own.
  const from = at === -1 ? rest.search(/@[a-z][a-z0-9+.-]*:\/+/i) : at
  const begin = from === -1 ? last : from
  if (begin === -1) return
  const [model, url] = [rest.slice(0, begin), rest.slice(begin + 1)]
  const wrong = (what: string, right: string): UserError =>
    new UserError(
      `Player '${provider}:${withoutCredentials(`${model}@${url}`).slice(0, 200)}': ${what}; write ${provider}:${model}@${withoutCredentials(right)}.`,
    )
  if (at === -1) {
    const [, scheme = '', slashes = '', host = ''] = /^([a-z][a-z0-9+.-]*):(\/*)(.*)$/is.exec(url) ?? []
    if (/^https?$/i.test(scheme))
      throw wrong(
        scheme === scheme.toLowerCase() ? `${scheme}: is followed by two slashes` : `${scheme} is written in lower case`,
        `${scheme.toLowerCase()}://${host}`,
      )
    if (slashes.length > 1) throw wrong(`a URL begins with http:// or https://, not ${scheme}://`, `http://${host}`)
    if (HOST.test(url)) throw wrong('a URL begins with http:// or https://', `http://${url}${url.includes('/') ? '' : '/v1'}`)
    return
  }
  const pasted = /\/+(?:chat\/completions|completions|responses|messages|embeddings|models|api\/(?:chat|generate))\/*$/i.exec(url)
  if (pasted !== null)
    throw wrong(
      `a base URL ends before ${pasted[0].replace(/\/+$/, '')}, which is added by itself`,
      url.slice(0, pasted.index) || url,
    )
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
 * named for it. Where a variable was named for the very host, it goes before the table's. A missing key is a RunError.
 */
export function keyFor(endpoint: Endpoint, { env, variables }: KeySource, secrets: Secrets): string {
  if (endpoint.credentials !== null) {
    secrets.add(endpoint.credentials)
    secrets.add(endpoint.credentials.slice(endpoint.credentials.indexOf(':') + 1))
    secrets.add(basic(endpoint.credentials))
  }
  const named = variableFor(new URL(endpoint.baseUrl).host, variables)
  const variable = named.own ?? endpoint.key ?? named.any
  if (variable === undefined) return NO_KEY
  const key = env[variable]
  if (key === undefined || key === '') {
    const why = endpoint.own ? ' (a server of your own needs none: write MODEL@http://host:port/v1)' : ''
    throw new RunError(`${endpoint.name} needs a key: set ${variable} in the environment${why}.`)
  }
  secrets.add(key)
  return key
}

/** The variable that was named for this host, and the one that was named for any. */
function variableFor(host: string, variables: readonly string[]): { readonly own?: string; readonly any?: string } {
  const pairs = variables.map(text => text.split('=') as [string, string?])
  const own = pairs.find(([name, variable]) => variable !== undefined && name === host)?.[1]
  const any = pairs.find(([, variable]) => variable === undefined)?.[0]
  return { ...(own !== undefined && { own }), ...(any !== undefined && { any }) }
}
