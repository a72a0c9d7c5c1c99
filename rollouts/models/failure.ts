/**
 * What a failed call was: one class per way of failing, whether trying again can help, and when. Reads the errors of both
 * SDKs by their fields, so that neither is imported. Knows no clock but the one it is handed.
 */
import { MalformedReply } from './model.ts'

export interface Failure {
  /** See `ProviderError.code`. */
  readonly code: string
  readonly status: number | null
  /** What the server or the SDK said, in one line. */
  readonly message: string
  readonly retry: boolean
  /** How long the server asks to be left alone, in milliseconds. */
  readonly retryAfterMs: number | null
  /** Whether the provider may have billed the call all the same. */
  readonly billed: boolean
}

interface SdkError {
  readonly status?: unknown
  readonly headers?: unknown
  readonly error?: unknown
  readonly code?: unknown
  readonly message?: unknown
  readonly cause?: unknown
}

/** Codes of the operating system that say nobody is there, or that this machine cannot get there. */
const NOBODY_THERE = new Set(['ECONNREFUSED', 'ENOTFOUND', 'EAI_AGAIN', 'EHOSTUNREACH', 'ENETUNREACH', 'EADDRNOTAVAIL'])

/** Classes by HTTP status; a status that is not listed is a `bad_request` below 500 and a `server_error` from there. */
const BY_STATUS: Readonly<Record<number, string>> = {
  401: 'auth',
  402: 'quota',
  403: 'auth',
  404: 'not_found',
  408: 'timeout',
  409: 'server_error',
  429: 'rate_limited',
  529: 'rate_limited',
}
/** What a stream that broke off after its 200 says instead of a status. */
const BY_TYPE: Readonly<Record<string, number>> = { overloaded_error: 529, rate_limit_error: 429, api_error: 500 }
const RETRIED = new Set(['rate_limited', 'server_error', 'timeout', 'connection', 'malformed_reply'])

/** `timedOut`: our own time box ended the attempt. `now` is the time in milliseconds, for dates in Retry-After. */
export function classify(error: unknown, timedOut: boolean, now: number): Failure {
  const { status = streamStatus(error), headers, cause } = (typeof error === 'object' && error !== null ? error : {}) as SdkError
  if (timedOut) return failure('timeout', null, 'no answer in time', { billed: true })
  if (typeof status === 'number') {
    const message = serverMessage(error as SdkError)
    return failure(codeOf(status, message), status, message, { retryAfterMs: retryAfter(headers, now) })
  }
  if (error instanceof MalformedReply || error instanceof SyntaxError)
    return failure('malformed_reply', null, `no answer in the protocol (${oneLine(error.message)})`, { billed: true })
  const root = rootCause(cause ?? error)
  if (typeof root.code === 'string')
    return failure('connection', null, `${root.code}: ${oneLine(String(root.message ?? ''))}`, {
      billed: !NOBODY_THERE.has(root.code),
    })
  // What remains is a bug of ours or of an SDK: it must not look like an outage.
  throw error
}

/** Whether the connection failed because nobody listens there. */
export function nobodyThere({ code, message }: Failure): boolean {
  return code === 'connection' && NOBODY_THERE.has(message.slice(0, message.indexOf(':')))
}

function failure(code: string, status: number | null, message: string, rest: Partial<Failure>): Failure {
  return { code, status, message, retry: RETRIED.has(code), retryAfterMs: null, billed: false, ...rest }
}

function codeOf(status: number, message: string): string {
  if (status < 500 && /insufficient_quota|exceeded your current quota|credit balance/i.test(message)) return 'quota'
  if (status < 500 && /context.{0,10}length|prompt is too long|context window|exceed_context_size|maximum context/i.test(message))
    return 'context_length'
  return BY_STATUS[status] ?? (status >= 500 ? 'server_error' : 'bad_request')
}

function streamStatus(error: unknown): number | undefined {
  return BY_TYPE[String((error as { error?: { error?: { type?: unknown } } } | null)?.error?.error?.type)]
}

/** What a server wrote about an error, wherever its dialect puts it. */
function serverMessage({ error, message }: SdkError): string {
  const body = (typeof error === 'object' && error !== null ? error : {}) as Record<string, unknown>
  const inner = (typeof body.error === 'object' && body.error !== null ? body.error : body) as Record<string, unknown>
  const said = [inner.message, inner.code].filter(text => typeof text === 'string' && text !== '')
  return oneLine(said.length > 0 ? said.join(' · ') : String(message ?? ''))
}

function rootCause(error: unknown): { readonly code?: unknown; readonly message?: unknown } {
  let at = error as { cause?: unknown; code?: unknown; errors?: unknown[] }
  // Node tries every address of a name and collects what went wrong.
  while (at?.code === undefined && (at?.cause !== undefined || at?.errors?.[0] !== undefined))
    at = (at.cause ?? at.errors![0]) as typeof at
  return at ?? {}
}

function oneLine(text: string): string {
  const line = text.replace(/\s+/g, ' ').trim()
  return line.length <= 300 ? line : `${line.slice(0, 299)}…`
}

/** Milliseconds from `retry-after-ms`, or from `retry-after` as seconds or as a date; null where there is none. */
export function retryAfter(headers: unknown, now: number): number | null {
  const get = (name: string): string | null => (headers instanceof Headers ? headers.get(name) : null)
  const ms = Number.parseFloat(get('retry-after-ms') ?? '')
  if (ms >= 0) return ms
  const text = get('retry-after')
  if (text === null) return null
  const seconds = Number(text)
  const wait = Number.isNaN(seconds) ? Date.parse(text) - now : seconds * 1000
  return Number.isNaN(wait) ? null : Math.max(0, wait)
}
