/**
 * What a failed call was: one class per way of failing, whether trying again can help, and when. Reads what servers say in
 * whatever shape they say it; what the SDKs make of it is not looked at. Knows no clock but the one it is handed.
 */
import { shorten } from '../../envs/core/text.ts'
import { isSaid, list, object, parsed, string } from './json.ts'
import { MalformedReply } from './model.ts'
import { AnswerTooLong, HttpError, NoAnswer } from './transport.ts'

export interface Failure {
  /** See `ProviderError.code`. */
  readonly code: string
  readonly status: number | null
  /** What the server or the system said, whole: whoever shows it takes the secrets out, then shortens it. */
  readonly message: string
  readonly retry: boolean
  /** How long the server asks to be left alone, in milliseconds. */
  readonly retryAfterMs: number | null
  /** Whether the provider may have billed the call all the same. */
  readonly billed: boolean
  /** Whether the server says that nothing is left of what may be asked now (true) or that something is (false). */
  readonly exhausted?: boolean
}

/** Codes of certificates that nobody here vouches for. */
const CERTIFICATES = [
  'DEPTH_ZERO_SELF_SIGNED_CERT',
  'SELF_SIGNED_CERT_IN_CHAIN',
  'UNABLE_TO_VERIFY_LEAF_SIGNATURE',
  'UNABLE_TO_GET_ISSUER_CERT_LOCALLY',
  'UNABLE_TO_GET_ISSUER_CERT',
  'CERT_HAS_EXPIRED',
  'ERR_TLS_CERT_ALTNAME_INVALID',
]
/** Codes that say nobody is there, or that this machine cannot get there. */
const NOBODY_THERE = new Set([
  'ECONNREFUSED',
  'ENOTFOUND',
  'EAI_AGAIN',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'EADDRNOTAVAIL',
  'ENOTUNNEL',
  ...CERTIFICATES,
])

/** Classes by HTTP status, where the server's words say nothing else; what is not listed is a `server_error` from 500. */
const BY_STATUS: Readonly<Record<number, string>> = {
  401: 'auth',
  402: 'quota',
  403: 'auth',
  404: 'not_found',
  407: 'auth',
  408: 'timeout',
  409: 'server_error',
  413: 'context_length',
  425: 'server_error',
  429: 'rate_limited',
  499: 'server_error',
  529: 'rate_limited',
}

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

/** Classes by what the server says, first match first; `statuses` are those it may be said with. */
const BY_WORDS: readonly { readonly code: string; readonly words: RegExp; readonly statuses?: (status: number) => boolean }[] = [
  {
    code: 'context_length',
    words:
      /context.{0,12}(length|window|size|limit)(?![a-z])|maximum context|max(imum)? (prompt|model|input) (length|len)\b|(prompt|input|conversation|messages?|request) (is |are |was )?too (long|large)|exceed_context_size|input token count.{0,40}exceeds|too many (input )?tokens(?!.{0,30}(wait|minute|second))|`?inputs`? (tokens|must have less)|range of input length|exceeded model token limit|reduce (the )?(length|size) of (the |your )?(messages|prompt|input)|prompt exceeds max|exceeds? the (maximum|available) (number of )?(tokens|context|length)|longer than the maximum|tokens.{0,30}too large for model/i,
    statuses: status => status !== 401 && status !== 403,
  },
  {
    code: 'rate_limited',
    words:
      /rate.?limit|too many (requests|concurrent)|throttl|(tokens|requests)[ _-]?per[ _-]?(minute|second|day|hour)|\b[tr]p[md]\b|slow down|overloaded|resource (has been )?exhausted/i,
    statuses: status => status !== 401 && status !== 404,
  },
  {
    code: 'quota',
    words:
      /insufficient.{0,3}(quota|balance|credit|fund)|exceeded (your|the) (current|monthly|daily).{0,24}(quota|credit|limit)|credit balance|billing.{0,12}(limit|not active|inactive)|out of credits|not enough credits|requires more credits|quota (has been )?(exceeded|exhausted)|exceeded_current_quota|arrears?|arrearage|payment required/i,
    statuses: status => status < 500,
  },
  {
    code: 'auth',
    words:
      /(api|access|secret).?key.{0,24}(invalid|not valid|incorrect|missing|expired|not found|required)|(invalid|incorrect|missing|wrong|no).{0,12}(api|access|auth).{0,12}(key|token|credentials)|unauthori[sz]ed|authentication/i,
    statuses: status => status >= 400 && status < 500 && status !== 429,
  },
  {
    code: 'not_found',
    words:
      /model.{0,80}(not found|does ?n[o']t exist|not exist|unknown|not available|not supported by)|(no such|unknown|invalid) model|model_not_found|not a valid model/i,
    statuses: status => status >= 400 && status < 500,
  },
]

const RETRIED = new Set(['rate_limited', 'server_error', 'timeout', 'connection', 'malformed_reply'])

/** `timedOut`: our own time box ended the attempt. `now` is the time in milliseconds, for dates in Retry-After. */
export function classify(error: unknown, timedOut: boolean, now: number): Failure {
  if (timedOut) return failure('timeout', null, 'no answer in time', { billed: true })
  const root = rootOf(error)
  if (root instanceof HttpError) return ofAnswer(root, now)
  if (root instanceof MalformedReply || root instanceof SyntaxError)
    return failure('malformed_reply', null, `no answer in the protocol (${root.message})`, { billed: true })
  if (root instanceof AnswerTooLong) return failure('malformed_reply', null, root.message, { billed: true })
  // A model of one's own may throw what an SDK does.
  const { status, headers, error: body, code, message } = object(root)
  if (typeof status === 'number')
    return ofAnswer(
      new HttpError(status, headers instanceof Headers ? headers : new Headers(), isSaid(body) ? body : message),
      now,
    )
  if (typeof code === 'string' || error instanceof NoAnswer || (error as Error)?.cause instanceof NoAnswer)
    return failure('connection', null, typeof code === 'string' ? `${code}: ${message ?? ''}` : String(message), {
      billed: typeof code === 'string' && !NOBODY_THERE.has(code),
    })
  // What remains is a bug of ours or of an SDK: it must not look like an outage.
  throw error
}

function ofAnswer({ status, headers, body }: HttpError, now: number): Failure {
  const message = said(body) || `HTTP ${status}`
  if (status >= 300 && status < 400) {
    const to = withoutQuery(headers.get('location') ?? '')
    return failure('redirect', status, `it redirects to ${to || 'another place'}, which a key is not taken to`, {})
  }
  const asked = retryAfter(headers, now) ?? retryAfterIn(body)
  const exhausted = isExhausted(headers)
  const code = codeOf(status, `${message} ${codesOf(body).join(' ')}`, asked)
  return failure(code, status, message, { retryAfterMs: asked, ...(exhausted !== undefined && { exhausted }) })
}

/** The error of a call wherever an SDK has put it. */
export function rootOf(error: unknown): unknown {
  let at = error
  for (let depth = 0; depth < 8 && typeof at === 'object' && at !== null; depth++) {
    if (at instanceof HttpError || at instanceof MalformedReply) return at
    const { reason, cause, errors, code } = at as { reason?: unknown; cause?: unknown; errors?: unknown[]; code?: unknown }
    // Node tries every address of a name and collects what went wrong.
    const inner = at instanceof NoAnswer ? reason : (cause ?? (code === undefined ? errors?.[0] : undefined))
    if (inner === undefined) return at
    at = inner
  }
  return at
}

/** Whether the connection failed because nobody here vouches for the server's certificate. */
export function isUntrusted({ code, message }: Pick<Failure, 'code' | 'message'>): boolean {
  return code === 'connection' && CERTIFICATES.includes(message.slice(0, message.indexOf(':')))
}

/** Whether the connection failed because nobody listens there. */
export function nobodyThere({ code, message }: Failure): boolean {
  return code === 'connection' && NOBODY_THERE.has(message.slice(0, message.indexOf(':')))
}

function failure(code: string, status: number | null, message: string, rest: Partial<Failure>): Failure {
  return { code, status, message, retry: RETRIED.has(code), retryAfterMs: null, billed: false, ...rest }
}

function codeOf(status: number, words: string, retryAfterMs: number | null): string {
  const found = BY_WORDS.find(rule => rule.words.test(words) && rule.statuses?.(status) !== false)?.code
  // Who says when to come back means a limit of the minute, whatever it is called.
  if (found === 'quota' && status === 429 && retryAfterMs !== null) return 'rate_limited'
  if (
    found === 'rate_limited' &&
    status === 429 &&
    retryAfterMs === null &&
    /insufficient.{0,3}quota|credit balance/i.test(words)
  )
    return 'quota'
  return found ?? BY_STATUS[status] ?? (status >= 400 && status < 500 ? 'bad_request' : 'server_error')
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

function withoutQuery(location: string): string {
  return location.replace(/^([a-z]+:\/\/)[^/@]*@/i, '$1').replace(/[?#].*$/s, '')
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
function retryAfterIn(body: unknown): number | null {
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
function isExhausted(headers: Headers): boolean | undefined {
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
