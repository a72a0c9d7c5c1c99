/**
 * What a failed call was: one class per way of failing, whether trying again can help, and when. Goes by what servers say; what the SDKs
 * make of it is not looked at. Knows no clock but the one it is handed.
 */
import { isSaid, object } from './json.ts'
import { MalformedReply } from './model.ts'
import { codesOf, isExhausted, retryAfter, retryAfterIn, said } from './server_errors.ts'
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

/** Classes by what the server says, first match first; `statuses` are those it may be said with. */
const BY_WORDS: readonly { readonly code: string; readonly words: RegExp; readonly statuses?: (status: number) => boolean }[] = [
  {
    code: 'context_length',
    words:
      /context.{0,12}(length|window|size|limit)(?![a-z])|maximum context|max(imum)? (prompt|model|input) (length|len)\b|(prompt|input|conversation|messages?|request) (is |are |was )?too (long|large)|exceed_context_size|input token count.{0,40}exceeds|too many (input )?tokens(?!.{0,30}(wait|minute|second))|inputs`? (tokens|must have less)|range of input length|exceeded model token limit|reduce (the )?(length|size) of (the |your )?(messages|prompt|input)|prompt exceeds max|exceeds? the (maximum|available) (number of )?(tokens|context|length)|longer than the maximum|tokens.{0,30}too large for model/i,
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
      /insufficient.{0,3}(quota|balance|credit|fund)|exceeded (your|the) (current|monthly|daily).{0,24}(quota|credit|limit)|credit balance|billing.{0,12}(limit|not active|inactive)|out of credits|not enough credits|requires more credits|quota (has been )?(exceeded|exhausted)|exceeded_current_quota|arrear|payment required/i,
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
function rootOf(error: unknown): unknown {
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

function withoutQuery(location: string): string {
  return location.replace(/^([a-z]+:\/\/)[^/@]*@/i, '$1').replace(/[?#].*/s, '')
}
