/** What is sent to whom: paths and headers at a server of one's own and at the SDKs' own, and how answers of each media type come back. */
import http from 'node:http'
import type { AddressInfo } from 'node:net'
import { describe, expect, onTestFinished, test } from 'vitest'
import { anthropicClient, openAiClient } from '../../../rollouts/models/clients.ts'
import { type Endpoint, parseEndpoint } from '../../../rollouts/models/endpoint.ts'
import { HttpError } from '../../../rollouts/models/transport.ts'
import { packageVersion } from '../../../rollouts/versions.ts'

interface Came {
  readonly method: string | undefined
  readonly url: string | undefined
  readonly headers: http.IncomingHttpHeaders
  readonly body: string
}

/** A server that answers like this, and what came to it. */
async function serving(type: string | null = 'application/json', body = '{"a":1}', status = 200) {
  const came: Came[] = []
  const server = http.createServer((request, response) => {
    let text = ''
    request.on('data', chunk => (text += chunk))
    request.on('end', () => {
      came.push({ method: request.method, url: request.url, headers: request.headers, body: text })
      response.writeHead(status, type === null ? {} : { 'content-type': type }).end(body)
    })
  })
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  onTestFinished(() => void server.close().closeAllConnections())
  return { came, at: `127.0.0.1:${(server.address() as AddressInfo).port}` }
}

const { signal } = new AbortController()
const ask = (endpoint: Endpoint, key = 'k-1') =>
  (endpoint.protocol === 'anthropic' ? anthropicClient(endpoint, key, {}).messages : openAiClient(endpoint, key, {}).chat)(
    { x: 1 },
    'game-7',
    signal,
  )

describe('at a server of one’s own', () => {
  test('OpenAI’s protocols go below the URL, with the key, the conversation and who asks', async () => {
    const { came, at } = await serving()
    const endpoint = parseEndpoint(`openai:m@http://${at}/v1`)
    expect(await ask(endpoint)).toEqual({ a: 1 })
    await openAiClient(endpoint, 'k-1', {}).responses({ x: 1 }, 'game-7', signal)
    expect(came.map(({ method, url, body }) => [method, url, body])).toEqual([
      ['POST', '/v1/chat/completions', '{"x":1}'],
      ['POST', '/v1/responses', '{"x":1}'],
    ])
    expect(came[0]!.headers).toEqual({
      host: at,
      connection: 'keep-alive',
      'content-type': 'application/json',
      'content-length': '7',
      accept: 'application/json',
      'user-agent': `agoragym/${packageVersion()}`,
      authorization: 'Bearer k-1',
      'x-session-id': 'game-7',
    })
  })

  test('Anthropic’s goes to /v1 wherever that stands, with its version and the key as it is called there', async () => {
    const { came, at } = await serving()
    for (const path of ['', '/v1', '/a/v1', '/v1/a']) await ask(parseEndpoint(`anthropic:m@http://${at}${path}`))
    expect(came.map(({ url }) => url)).toEqual(['/v1/messages', '/v1/messages', '/a/v1/messages', '/v1/a/v1/messages'])
    expect(came[0]!.headers).toMatchObject({
      'anthropic-version': '2023-06-01',
      'x-api-key': 'k-1',
      authorization: 'Bearer k-1',
      'x-session-id': 'game-7',
    })
  })

  test('credentials of the URL go before the key; the conversation is named to no provider of the table', async () => {
    const { came, at } = await serving()
    await ask(parseEndpoint(`openai:m@http://joe:p%40w@${at}/v1`))
    await ask({ ...parseEndpoint(`openai:m@http://${at}/v1`), key: 'GROQ_API_KEY' })
    expect(came[0]!.headers.authorization).toBe(`Basic ${Buffer.from('joe:p@w').toString('base64')}`)
    expect(came[1]!.headers).not.toHaveProperty('x-session-id')
  })

  test.each<[type: string | null, body: string, answer: unknown]>([
    ['application/json; charset=utf-8', '{"a":1}', { a: 1 }],
    ['application/problem+json', '{"a":1}', { a: 1 }],
    [' application/json ;x', '{"a":1}', { a: 1 }],
    ['application/json', '{"a":', '{"a":'],
    ['text/plain', '{"a":1}', '{"a":1}'],
    ['text/event-stream', 'data: 1\n\n', 'data: 1\n\n'],
    [null, '{"a":1}', '{"a":1}'],
  ])('an answer that is %s is read so', async (type, body, answer) => {
    const { at } = await serving(type, body)
    expect(await ask(parseEndpoint(`openai:m@http://${at}/v1`))).toEqual(answer)
  })
})

// Two SDKs have to be read for this.
describe('at the server that an SDK is made for', () => {
  test.each(['openai', 'anthropic'] as const)('%s’s own asks once, and what it is told is left as it was', async protocol => {
    const { came, at } = await serving()
    const own = (to: string) => ({ ...parseEndpoint(`${protocol}:m@http://${to}/v1`), own: true })
    expect(await ask(own(at))).toMatchObject({ a: 1 })
    const [{ method, url, headers, body }] = came as [Came]
    expect([method, url, body]).toEqual(['POST', protocol === 'openai' ? '/v1/chat/completions' : '/v1/messages', '{"x":1}'])
    expect(headers.authorization).toBe('Bearer k-1')
    expect('anthropic-version' in headers).toBe(protocol === 'anthropic')
    expect(headers).not.toHaveProperty('x-session-id')

    const failing = await serving('application/json', '{"detail":"why"}', 500)
    const error = await ask(own(failing.at)).catch((thrown: Error) => thrown)
    expect(failing.came).toHaveLength(1)
    const root = error instanceof HttpError ? error : (error as Error).cause
    expect(root).toMatchObject({ name: 'HttpError', status: 500, body: '{"detail":"why"}' })
  })
})
