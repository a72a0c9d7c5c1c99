/**
 * Keeps secrets out of whatever is written: the keys and URL credentials of a run are collected here, and every text that
 * came from a server or an SDK passes through before it is cut, shown or stored.
 */
import { mapped } from './json.ts'

const MARK = '***'
/** Shorter secrets are not searched for in text: replacing `pw` everywhere would garble innocent words. */
const SHORTEST = 6

/** Names that are fields of somebody's protocol: a secret that is spelled like one is no reason to rename it. */
const FIELD = /^[a-z][a-z_]*$/i

export class Secrets {
  /** Longest first, so that none leaves the rest of another. */
  #known: readonly string[] = []

  /** Knows a secret from now on, in every spelling in which it may come back. */
  add(secret: string): void {
    if (secret.length < SHORTEST) return
    const all = new Set([...this.#known, ...spellings(secret).filter(spelling => spelling.length >= SHORTEST)])
    this.#known = [...all].sort((a, b) => b.length - a.length)
  }

  /** The text without any known secret. */
  text(text: string): string {
    let clean = text
    for (const secret of this.#known) if (clean.includes(secret)) clean = clean.replaceAll(secret, MARK)
    return clean
  }

  /** Plain data in which no text holds a known secret; the same object where none does. Names of fields stay. */
  data<T>(value: T): T {
    if (this.#known.length === 0) return value
    const name = (field: string): string => (FIELD.test(field) ? field : this.text(field))
    return mapped(value, text => this.text(text), name) as T
  }
}

/** A secret as it is, as JSON, a URL and HTML write it, and in base 64. */
function spellings(secret: string): string[] {
  const percent = percentEncoded(secret)
  const url = new URL('http://host')
  url.password = secret
  return [
    secret,
    url.password,
    JSON.stringify(secret).slice(1, -1),
    percent,
    percent.replace(/%[0-9A-F]{2}/g, code => code.toLowerCase()),
    percent.replaceAll('%20', '+'),
    safely(() => encodeURI(secret)),
    secret.replace(/[&<>"']/g, character => HTML[character]!),
    Buffer.from(secret).toString('base64'),
    Buffer.from(secret).toString('base64url'),
  ]
}

const HTML: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;', "'": '&#39;' }

function percentEncoded(secret: string): string {
  return safely(() => encodeURIComponent(secret)).replace(
    /[!'()*]/g,
    character => `%${character.charCodeAt(0).toString(16).toUpperCase()}`,
  )
}

/** Half a surrogate pair has no percent-encoding; then there is nothing to look for. */
function safely(encode: () => string): string {
  try {
    return encode()
  } catch {
    return ''
  }
}

/** A URL as it may be shown: no credentials, no query, no trailing slash. */
export function redactUrl(url: URL): string {
  const credentials = url.username !== '' || url.password !== '' ? `${MARK}@` : ''
  return `${url.protocol}//${credentials}${url.host}${url.pathname.replace(/\/+$/, '')}`
}

/** A text without the credentials of any URL in it. */
export function withoutCredentials(text: string): string {
  return text.replace(/((?:https?|rediss?):\/*)[^/\s]*@/gi, `$1${MARK}@`)
}
