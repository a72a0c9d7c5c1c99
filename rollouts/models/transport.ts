/**
 * A `fetch` over node:http, for the SDKs and without one. It costs half the CPU time of the built-in one, keeps connections open between calls,
 * and does not give up after five minutes, which a large model on a small machine needs. An answer arrives whole or not at all,
 * within a limit; whatever is no 2xx is thrown with its body, because the SDKs lose the bodies they do not expect. Follows no
 * redirect, which would carry the key along. Knows nothing of models, and of proxies only which to go through.
 */
import type http from 'node:http'
import { brotliDecompressSync, gunzipSync, inflateSync } from 'node:zlib'
import { parsedOrText, wellFormedJson } from './json.ts'
import { askForPages, NoTunnel, type Proxies, route } from './proxies.ts'

/** The longest answer that is read, in bytes: 64 MiB, far beyond what a model says, far below what ends a process. */
export const MAX_ANSWER_BYTES = 64 * 2 ** 20

/** Characters that are read of an answer that is no 2xx: enough for any words about it. */
const MAX_ERROR_LENGTH = 2 ** 18

/** A server's answer that is none: any status but 2xx, or a 2xx whose body says that it failed. */
export class HttpError extends Error {
  // The SDKs look for words like "timed out" in what is thrown, and replace it: the server's own words are kept apart.
  override readonly name: string = 'HttpError'
  readonly status: number
  readonly headers: Headers
  /** The body as it came: text, or what its JSON says. */
  readonly body: unknown
  constructor(status: number, headers: Headers, body: unknown) {
    super(`HTTP ${status}`)
    this.status = status
    this.headers = headers
    this.body = body
  }
}

/** No whole answer came: what the system, the proxy or the limit said lies in `reason`. */
export class NoAnswer extends Error {
  override readonly name: string = 'NoAnswer'
  readonly reason: Error & { readonly code?: string }
  constructor(reason: Error) {
    super('no answer')
    this.reason = reason
  }
}

/** More came than is read. */
export class AnswerTooLong extends Error {
  override readonly name = 'AnswerTooLong'
}

/** A `fetch` that asks through these proxies. */
export function sending(proxies: Proxies) {
  return (url: string | URL | Request, init?: RequestInit): Promise<Response> => send(url, init, proxies)
}

/**
 * Sends one request with a text body; resolves once the whole answer is there. Rejects with an `HttpError` for every status
 * but 2xx, with a `NoAnswer` where the connection failed or the answer is too long.
 */
export function send(
  url: string | URL | Request,
  { method = 'GET', headers, body, signal }: RequestInit = {},
  proxies?: Proxies,
): Promise<Response> {
  const target = new URL(url instanceof Request ? url.url : url)
  const payload = typeof body === 'string' ? Buffer.from(wellFormedJson(body)) : undefined
  const fields = Object.fromEntries(headers instanceof Headers ? headers : new Headers(headers))
  if (payload !== undefined) fields['content-length'] = String(payload.length)
  const proxy = proxies?.of(target)
  return new Promise((resolve, reject) => {
    const attempt = (): void => {
      const [client, connection] = route(target, proxy)
      const request = client.request({ ...connection, method, headers: { ...connection.headers, ...fields } })
      const abort = (): void => void request.destroy(signal!.reason)
      const end = (settle: () => void): void => {
        signal?.removeEventListener('abort', abort)
        settle()
      }
      const fail = (error: Error): void => end(() => reject(signal?.aborted ? signal.reason : new NoAnswer(error)))
      request.on('response', response => {
        receive(response).then(
          bytes =>
            end(() => {
              try {
                resolve(answer(response, bytes))
              } catch (error) {
                reject(error instanceof HttpError ? error : new NoAnswer(error as Error))
              }
            }),
          error => {
            request.destroy()
            fail(error)
          },
        )
      })
      request.once('error', (error: NodeJS.ErrnoException) => {
        // A kept connection that the server was just closing: nothing was sent yet.
        if (request.reusedSocket && error.code === 'ECONNRESET' && !signal?.aborted) end(attempt)
        else if (error instanceof NoTunnel && target.protocol === 'http:' && !signal?.aborted) {
          askForPages(proxy!)
          end(attempt)
        } else fail(error)
      })
      if (signal?.aborted) {
        abort()
        return
      }
      signal?.addEventListener('abort', abort, { once: true })
      request.end(payload)
    }
    attempt()
  })
}

/** The ends of an event stream that the three protocols know: some servers leave the connection open after them. */
const LAST_EVENT = /(?:^|\n)data: ?(?:\[DONE\]|\{"type": ?"(?:message_stop|response\.(?:completed|incomplete|failed))".*\})\s*$/

/** The whole body. */
function receive(response: http.IncomingMessage): Promise<Buffer> {
  const isStream = response.headers['content-type']?.includes('event-stream') === true
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = []
    let size = 0
    response.on('data', (chunk: Buffer) => {
      size += chunk.length
      if (size > MAX_ANSWER_BYTES) {
        reject(new AnswerTooLong(`the answer is longer than ${MAX_ANSWER_BYTES / 2 ** 20} MiB`))
        return
      }
      chunks.push(chunk)
      if (isStream && chunk.at(-1) === 10 && LAST_EVENT.test(tail(chunks))) {
        resolve(Buffer.concat(chunks))
        response.destroy()
      }
    })
    response.once('end', () => resolve(Buffer.concat(chunks)))
    response.once('error', reject)
    response.once('close', () => reject(Object.assign(new Error('aborted'), { code: 'ECONNRESET' })))
  })
}

function tail(chunks: readonly Buffer[]): string {
  const last = chunks.at(-1)!
  return (last.length < 64 && chunks.length > 1 ? Buffer.concat(chunks.slice(-2)) : last).toString('latin1')
}

/** Drops a byte order mark, as a response of the built-in fetch does. */
const decoder = new TextDecoder()

/** The response, whose body has arrived: read without a stream, which costs more than the parsing. */
function answer(response: http.IncomingMessage, bytes: Buffer): Response {
  const status = response.statusCode ?? 0
  const headers = headersOf(response)
  const body = decoder.decode(unpacked(bytes, headers.get('content-encoding')))
  // Of what is no JSON, whoever reads the answer says what it is instead.
  const json = async (): Promise<unknown> => parsedOrText(body)
  if (status >= 200 && status < 300 && status !== 204) {
    // The length is that of the packed body, and zero would keep an SDK from reading at all.
    headers.delete('content-length')
    return Object.assign(new Response(null, { status: 200, headers }), { text: async () => body, json })
  }
  throw new HttpError(status, headers, body.slice(0, MAX_ERROR_LENGTH))
}

function unpacked(bytes: Buffer, encoding: string | null): Buffer {
  const limit = { maxOutputLength: MAX_ANSWER_BYTES }
  switch (encoding?.toLowerCase()) {
    case 'gzip':
      return gunzipSync(bytes, limit)
    case 'deflate':
      return inflateSync(bytes, limit)
    case 'br':
      return brotliDecompressSync(bytes, limit)
    default:
      return bytes
  }
}

function headersOf({ headers }: http.IncomingMessage): Headers {
  const copy = new Headers()
  for (const [name, value] of Object.entries(headers)) {
    if (value === undefined) continue
    try {
      copy.set(name, Array.isArray(value) ? value.join(', ') : value)
    } catch {
      // What no header may hold tells nothing.
    }
  }
  return copy
}
