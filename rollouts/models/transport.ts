/**
 * A `fetch` for the SDKs over node:http. It costs half the CPU time of the built-in one, keeps connections open between calls,
 * and does not give up after five minutes, which a large model on a small machine needs. Knows nothing of models.
 */
import http from 'node:http'
import https from 'node:https'
import { Readable } from 'node:stream'

const OPTIONS: http.AgentOptions = { keepAlive: true, maxFreeSockets: 4096, scheduling: 'lifo' }
const agents = { 'http:': new http.Agent(OPTIONS), 'https:': new https.Agent(OPTIONS) }

/** Sends one request with a text body; resolves once the whole answer is there, or at the headers of an event stream. */
export function send(
  url: string | URL | Request,
  { method = 'GET', headers, body, signal }: RequestInit = {},
): Promise<Response> {
  const target = new URL(url instanceof Request ? url.url : url)
  const payload = typeof body === 'string' ? Buffer.from(body) : undefined
  const fields = Object.fromEntries(headers instanceof Headers ? headers : new Headers(headers))
  if (payload !== undefined) fields['content-length'] = String(payload.length)
  return new Promise((resolve, reject) => {
    const client = target.protocol === 'https:' ? https : http
    const attempt = (): void => {
      const request = client.request(target, { method, headers: fields, agent: agents[target.protocol as 'http:'] })
      const abort = (): void => void request.destroy(signal!.reason)
      const done = (): void => signal?.removeEventListener('abort', abort)
      request.on('response', response => {
        const init = { status: response.statusCode ?? 500, headers: headersOf(response) }
        if (response.headers['content-type']?.startsWith('text/event-stream')) {
          response.once('close', done)
          resolve(new Response(Readable.toWeb(response) as globalThis.ReadableStream, init))
          return
        }
        const chunks: Buffer[] = []
        response.on('data', (chunk: Buffer) => chunks.push(chunk))
        response.once('end', () => {
          done()
          resolve(whole(Buffer.concat(chunks), init))
        })
        response.once('error', reject)
      })
      request.once('error', (error: NodeJS.ErrnoException) => {
        done()
        // A kept connection that the server was just closing: nothing was sent yet.
        if (request.reusedSocket && error.code === 'ECONNRESET' && !signal?.aborted) attempt()
        else reject(error)
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

/** Drops a byte order mark, as a response of the built-in fetch does. */
const decoder = new TextDecoder()

/** A response whose body has arrived: read without a stream, which costs more than the parsing. */
function whole(bytes: Buffer, init: ResponseInit): Response {
  const text = async (): Promise<string> => decoder.decode(bytes)
  return Object.assign(new Response(null, init), { text, json: async () => JSON.parse(await text()) as unknown })
}

function headersOf({ headers }: http.IncomingMessage): Headers {
  const copy = new Headers()
  for (const [name, value] of Object.entries(headers)) {
    if (value !== undefined) copy.set(name, Array.isArray(value) ? value.join(', ') : value)
  }
  return copy
}
