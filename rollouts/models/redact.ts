/**
 * Keeps secrets out of whatever is written: the keys and URL credentials of a run are collected here, and every text that
 * came from a server or an SDK passes through before it is shown or stored.
 */

const MARK = '***'
/** Shorter secrets are not searched for in text: replacing `pw` everywhere would garble innocent words. */
const SHORTEST = 6

export class Secrets {
  readonly #known = new Set<string>()

  add(secret: string): void {
    if (secret.length < SHORTEST) return
    this.#known.add(secret)
    // As JSON writes it, where that differs.
    this.#known.add(JSON.stringify(secret).slice(1, -1))
  }

  /** The text without any known secret. */
  text(text: string): string {
    let clean = text
    for (const secret of this.#known) if (clean.includes(secret)) clean = clean.replaceAll(secret, MARK)
    return clean
  }

  /** Plain data without any known secret; the same object where it holds none. */
  data<T>(value: T): T {
    if (this.#known.size === 0) return value
    const json = JSON.stringify(value)
    const clean = this.text(json)
    return clean === json ? value : (JSON.parse(clean) as T)
  }
}

/** A URL as it may be shown: no credentials, no query, no trailing slash. */
export function redactUrl(url: URL): string {
  const credentials = url.username !== '' || url.password !== '' ? `${MARK}@` : ''
  return `${url.protocol}//${credentials}${url.host}${url.pathname.replace(/\/+$/, '')}`
}

/** A text without the credentials of any URL in it. */
export function withoutCredentials(text: string): string {
  return text.replace(/(https?:\/*)[^/@\s]+@/gi, `$1${MARK}@`)
}
