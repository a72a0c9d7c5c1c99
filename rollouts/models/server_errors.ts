/**
 * What servers say of an error, in whatever shape they say it: their words and names for it, a status, how long to wait, what is left. Reads
 * bodies and headers; judges nothing (`failure.ts`).
 */
import { shorten } from '../../envs/core/text.ts'
import { isSaid, list, object, parsed, string } from './json.ts'

/** What an error in a stream or in a 200 says instead of a status, in the words of all dialects. */
const BY_WORD: Readonly<Record<string, number>> = {
  overloaded_error: 529,
  overloaded: 529,
  unavailable: 503,
  rate_limit_error: 429,
  rate_limit_exceeded: 429,
  rate_limit_reached: 429,
  resource_exhausted: 429,
  insufficient_quota: 429,
  authentication_error: 401,
  invalid_api_key: 401,
  permission_error: 403,
  permission_denied: 403,
  billing_error: 402,
  not_found_error: 404,
  model_not_found: 404,
  invalid_request_error: 400,
  invalid_argument: 400,
  invalid_prompt: 400,
  context_length_exceeded: 400,
  content_filter: 400,
  tool_use_failed: 400,
  bad_request: 400,
  badrequesterror: 400,
  request_too_large: 413,
  timeout_error: 408,
}

/** A status for an error that came without one: its own number, or what its words stand for; 500 for neither. */
export function statusOf(error: unknown): number {
  const at = object(error)
  for (const value of [at.code, at.status, at.status_code, at.http_status]) {
    const n = typeof value === 'string' && /^\d{3}$/.test(value) ? Number(value) : value
    if (typeof n === 'number' && n >= 400 && n <= 599) return n
  }
  for (const word of codesOf(error)) {
    const status = BY_WORD[word.toLowerCase()]
    if (status !== undefined) return status
  }
  return 500
}

/** Characters that are read of an error's words and of a page that it is: searched for many things, and never shown as long. */
const MOST_WORDS = 20_000
const MOST_PAGE = 10_000

/** The fields that servers put their words into, most telling first. */
const WORDS = ['message', 'msg', 'detail', 'error', 'error_message', 'error_description', 'title', 'reason'] as const
const CODES = ['code', 'type', '__type', 'status', 'error_code'] as const

/**
 * What a server said of an error: `{"error": {"message"}}`, `{"error": "…"}`, `{"message"}`, `{"detail"}` as a text or as a
 * list of `{loc, msg}`, a list with one of these, text, or a page of HTML. Empty where it said nothing.
 */
export function said(body: unknown, depth = 0): string {
  if (depth > 6) return ''
  if (typeof body === 'string') {
    const json = /^\s*[[{]/.test(body) ? parsed(body) : undefined
    if (typeof json === 'object' && json !== null) return said(json, depth + 1) || body
    return /^\s*</.test(body) ? pageTitle(body.slice(0, MOST_PAGE)) : body.replace(/\s+/g, ' ').trim().slice(0, MOST_WORDS)
  }
  if (Array.isArray(body))
    return body
      .slice(0, 5)
      .map(item => said(item, depth + 1))
      .filter(Boolean)
      .join('; ')
  const at = object(body)
  for (const field of WORDS) {
    const words = isSaid(at[field]) ? said(at[field], depth + 1) : ''
    if (words === '') continue
    const place = Array.isArray(at.loc) ? `${at.loc.filter(isPlace).join('.')}: ` : ''
    const code = typeof at.code === 'string' && at.code !== '' && !words.includes(at.code) ? at.code : undefined
    const raw = string(object(at.metadata).raw)
    const upstream = raw === '' || words.includes(raw) ? '' : ` · ${said(raw, depth + 1)}`
    return `${place}${words}${upstream}${code === undefined || depth > 1 ? '' : ` · ${code}`}`
  }
  return ''
}

const isPlace = (part: unknown): boolean => typeof part === 'string' || typeof part === 'number'

function pageTitle(html: string): string {
  const text =
    /<title[^>]*>([^<]*)/i.exec(html)?.[1] ?? html.replace(/<(style|script)[\s\S]*?<\/\1>/gi, ' ').replace(/<[^>]*>/g, ' ')
  return `a web page: ${text.trim()}`
}

/** The names that a server gives an error, wherever it puts them. */
export function codesOf(body: unknown): string[] {
  const json = typeof body === 'string' ? parsed(body) : body
  const at = object(Array.isArray(json) ? json[0] : json)
  const inner = object(at.error)
  return [at, inner, object(inner.metadata)]
    .flatMap(level => CODES.map(field => string(level[field])))
    .filter(word => word !== '')
}

/** Words that a line cannot hold are made one line. */
export function oneLine(text: string, most = 300): string {
  // Read no further than could be shown: a body may be megabytes of nothing.
  return shorten(
    text
      .slice(0, 20 * most)
      .replace(/\s+/g, ' ')
      .trim(),
    most,
  )
}

/** Milliseconds from `retry-after-ms`, or from `retry-after` as seconds or as a date; null where there is none. */
export function retryAfter(headers: unknown, now: number): number | null {
  const get = (name: string): string | null => (headers instanceof Headers ? headers.get(name) : null)
  const ms = Number.parseFloat(get('retry-after-ms') ?? '')
  if (ms >= 0) return ms
  const text = get('retry-after')
  if (text === null || text.trim() === '') return null
  const seconds = Number(text)
  if (!Number.isNaN(seconds)) return seconds >= 0 ? seconds * 1000 : 0
  const wanted = duration(text)
  if (wanted !== null) return wanted
  // The server's own clock, where it tells it: ours may be wrong.
  const sent = Date.parse(get('date') ?? '')
  const wait = Date.parse(text) - (Number.isNaN(sent) ? now : sent)
  return Number.isNaN(wait) ? null : Math.max(0, wait)
}

/** Milliseconds that a body asks to wait: `retryDelay`, `retry_after`, "retry in 34.07s", "try again in 1m30s"; null for none. */
export function retryAfterIn(body: unknown): number | null {
  const json = typeof body === 'string' ? parsed(body) : body
  const at = object(Array.isArray(json) ? json[0] : json)
  const error = isSaid(at.error) ? object(at.error) : at
  const delay = list(error.details).map(({ retryDelay }) => duration(string(retryDelay)))
  const found = delay.find(ms => ms !== null)
  if (found !== undefined) return found
  for (const seconds of [at.retry_after, error.retry_after, object(error.metadata).retry_after_seconds])
    if (typeof seconds === 'number' && seconds >= 0) return seconds * 1000
  const words =
    /(?:retry|try again)(?: after| in) ((?:[\d.]+ ?(?:ms|milliseconds?|s|seconds?|m|minutes?|h|hours?)(?![a-z]) ?)+)/i.exec(
      said(body),
    )?.[1]
  return words === undefined ? null : duration(words)
}

const UNITS: Readonly<Record<string, number>> = { ms: 1, mi: 60_000, m: 60_000, s: 1000, h: 3_600_000 }

/** `34s`, `1m30.5s`, `200ms`, `5 seconds` in milliseconds; null where it is none of these. */
function duration(text: string): number | null {
  if (!/^\s*(?:[\d.]+\s*(?:ms|milliseconds?|s|sec|seconds?|m|min|minutes?|h|hours?)(?![a-z])\s*)+$/i.test(text)) return null
  let sum = 0
  for (const [, n, unit] of text.toLowerCase().matchAll(/([\d.]+)\s*([a-z]+)/g))
    sum += Number(n) * (unit!.startsWith('milli') ? 1 : (UNITS[unit!.slice(0, 2)] ?? UNITS[unit![0]!] ?? 0))
  return Number.isFinite(sum) ? sum : null
}

/** Whether the rate headers say that nothing is left (true) or that something is (false); undefined where there are none. */
export function isExhausted(headers: Headers): boolean | undefined {
  let left: boolean | undefined
  for (const [name, value] of headers) {
    if (!/ratelimit/i.test(name) || !/remaining/i.test(name)) continue
    const n = Number(value)
    if (value.trim() === '' || Number.isNaN(n)) continue
    if (n <= 0) return true
    left = false
  }
  return left
}
