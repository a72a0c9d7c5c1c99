/** One request and its answer: limits, proxies, redirects, connections that break. */
import http from 'node:http'
import net, { type AddressInfo } from 'node:net'
import { gzipSync } from 'node:zlib'
import { afterEach, describe, expect, test } from 'vitest'
import { classify } from '../../../rollouts/models/failure.ts'
import { proxiesOf } from '../../../rollouts/models/proxies.ts'
import { HttpError, MAX_ANSWER_BYTES, send, sending } from '../../../rollouts/models/transport.ts'

const open: http.Server[] = []
const sockets: net.Socket[] = []
afterEach(async () => {
  // Those of a tunnel are not the server's own any more.
  for (const socket of sockets.splice(0)) socket.destroy()
  for (const server of open.splice(0)) {
    await new Promise(resolve => server.close(resolve))
  }
})

async function listen(server: http.Server): Promise<number> {
  open.push(server)
  server.on('connection', socket => sockets.push(socket))
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  return (server.address() as AddressInfo).port
}

const post = { method: 'POST', body: '{"a":1}', headers: { authorization: 'Bearer sk-secret-1' } }

describe('an answer', () => {
  test('without end is cut at the limit, and is a failure like any other', async () => {
    const chunk = Buffer.alloc(2 ** 20, 32)
    let sent = 0
    const port = await listen(
      http.createServer((_request, response) => {
        const more = (): void => {
          while (!response.destroyed && response.write(chunk)) sent++
          sent++
        }
        response.on('drain', more)
        more()
      }),
    )
    const error = await send(`http://127.0.0.1:${port}/`, post).catch((caught: unknown) => caught)
    expect(classify(error, false, 0)).toMatchObject({
      code: 'malformed_reply',
      retry: true,
      message: expect.stringContaining('64 MiB'),
    })
    expect(sent).toBeLessThan((2 * MAX_ANSWER_BYTES) / chunk.length)
  })

  test('that is packed is unpacked, whoever asked for it', async () => {
    const port = await listen(
      http.createServer((_request, response) => {
        response.writeHead(200, { 'content-type': 'application/json', 'content-encoding': 'gzip' })
        response.end(gzipSync('{"b":2}'))
      }),
    )
    expect(await (await send(`http://127.0.0.1:${port}/`, post)).json()).toEqual({ b: 2 })
  })

  test('as a stream that is left open after its end is whole', async () => {
    const port = await listen(
      http.createServer((_request, response) => {
        response.writeHead(200, { 'content-type': 'text/event-stream' })
        response.write('data: {"a":1}\n\n')
        response.write('data: [DONE]\n\n')
      }),
    )
    expect(await (await send(`http://127.0.0.1:${port}/`, post)).text()).toBe('data: {"a":1}\n\ndata: [DONE]\n\n')
  })

  test.each(['redirect', 'server_error', 'bad_request'])('with a status that says %s is thrown with its body', async code => {
    const status = { redirect: 308, server_error: 600, bad_request: 418 }[code]!
    const port = await listen(
      http.createServer((_request, response) =>
        response.writeHead(status, { location: 'https://joe:pw@else.where/v1?key=7' }).end('{"detail":"why"}'),
      ),
    )
    const error = (await send(`http://127.0.0.1:${port}/`, post).catch((caught: unknown) => caught)) as HttpError
    expect(error).toBeInstanceOf(HttpError)
    const failure = classify(error, false, 0)
    expect(failure.code).toBe(code)
    expect(failure.message).toBe(
      code === 'redirect' ? 'it redirects to https://else.where/v1, which a key is not taken to' : 'why',
    )
  })

  test('that breaks off is a connection that failed, also where the system calls it a time-out', async () => {
    const port = await listen(
      http.createServer((request, response) =>
        response.writeHead(200, { 'content-length': 99 }).end('{"a', () => request.socket.destroy()),
      ),
    )
    const error = await send(`http://127.0.0.1:${port}/`, post).catch((caught: unknown) => caught)
    expect(classify(error, false, 0)).toMatchObject({ code: 'connection', retry: true, billed: true })
    const timedOut = Object.assign(new Error('connect ETIMEDOUT'), { code: 'ETIMEDOUT' })
    expect(classify(new Error('x', { cause: timedOut }), false, 0)).toMatchObject({
      code: 'connection',
      message: 'ETIMEDOUT: connect ETIMEDOUT',
    })
  })
})

describe('a proxy', () => {
  /** A proxy that tunnels, fetches, or does neither, and what it was asked for. */
  async function proxy({ tunnels = true, fetches = true } = {}) {
    const asked: string[] = []
    const server = http.createServer((request, response) => {
      asked.push(`${request.method} ${request.url} ${request.headers['proxy-authorization'] ?? ''}`.trim())
      if (!fetches) {
        response.writeHead(501).end()
        return
      }
      const onward = http.request(request.url!, { method: request.method!, headers: request.headers }, answer => {
        response.writeHead(answer.statusCode!, answer.headers)
        answer.pipe(response)
      })
      request.pipe(onward)
    })
    if (tunnels)
      server.on('connect', (request, socket: net.Socket) => {
        asked.push(`CONNECT ${request.url} ${request.headers['proxy-authorization'] ?? ''}`.trim())
        const [host, port] = request.url!.split(':')
        const onward = net.connect(Number(port), host, () => {
          socket.write('HTTP/1.1 200 OK\r\n\r\n')
          onward.pipe(socket).pipe(onward)
        })
        onward.on('error', () => socket.destroy())
        socket.on('error', () => onward.destroy())
      })
    return { asked, port: await listen(server) }
  }
  const target = () =>
    listen(
      http.createServer((request, response) => {
        response
          .writeHead(200, { 'content-type': 'application/json' })
          .end(JSON.stringify({ url: request.url, key: request.headers.authorization }))
      }),
    )

  test('of the environment is asked for a tunnel, with its own credentials', async () => {
    const { asked, port } = await proxy()
    const to = await target()
    const ask = sending(proxiesOf({ HTTP_PROXY: `http://joe:pw@127.0.0.1:${port}` }))
    expect(await (await ask(`http://127.0.0.1:${to}/v1`, post)).json()).toEqual({ url: '/v1', key: 'Bearer sk-secret-1' })
    expect(asked).toEqual([`CONNECT 127.0.0.1:${to} Basic ${Buffer.from('joe:pw').toString('base64')}`])
  })

  test('that does not tunnel fetches the page itself', async () => {
    const { asked, port } = await proxy({ tunnels: false })
    const to = await target()
    const ask = sending(proxiesOf({ http_proxy: `127.0.0.1:${port}` }))
    expect(await (await ask(`http://127.0.0.1:${to}/v1`, post)).json()).toMatchObject({ url: '/v1' })
    expect(asked).toEqual([`POST http://127.0.0.1:${to}/v1`])
  })

  test('that does neither is told', async () => {
    const { port } = await proxy({ tunnels: false, fetches: false })
    const ask = sending(proxiesOf({ HTTPS_PROXY: `http://127.0.0.1:${port}` }))
    const error = await ask('https://api.example:444/v1', post).catch((caught: unknown) => caught)
    expect(classify(error, false, 0)).toMatchObject({
      code: 'connection',
      message: expect.stringMatching(/the proxy 127\.0\.0\.1:\d+ opens no tunnel to api\.example:444/),
    })
  })

  test.each([
    ['http://api.example/v1', { HTTP_PROXY: 'http://p:1' }, 'http://p:1/'],
    ['https://api.example/v1', { HTTP_PROXY: 'http://p:1' }, undefined],
    ['https://api.example/v1', { ALL_PROXY: 'http://p:1' }, 'http://p:1/'],
    ['https://api.example/v1', { https_proxy: 'http://low:1', HTTPS_PROXY: 'http://up:1' }, 'http://low:1/'],
    ['https://api.example/v1', { HTTPS_PROXY: 'http://p:1', NO_PROXY: 'example' }, undefined],
    ['https://api.example/v1', { HTTPS_PROXY: 'http://p:1', NO_PROXY: '.example, other' }, undefined],
    ['https://api.example/v1', { HTTPS_PROXY: 'http://p:1', NO_PROXY: 'ple' }, 'http://p:1/'],
    ['https://api.example/v1', { HTTPS_PROXY: 'http://p:1', NO_PROXY: 'api.example:8443' }, 'http://p:1/'],
    ['https://api.example:8443/v1', { HTTPS_PROXY: 'http://p:1', NO_PROXY: 'api.example:8443' }, undefined],
    ['http://localhost:8000/v1', { HTTP_PROXY: 'http://p:1', NO_PROXY: '*' }, undefined],
    ['http://[::1]:8000/v1', { HTTP_PROXY: 'http://p:1', NO_PROXY: '[::1]' }, undefined],
    ['http://127.0.0.1/v1', {}, undefined],
  ])('%s with %j', (url, env, expected) => {
    expect(proxiesOf(env as Record<string, string>).of(new URL(url))?.href).toBe(expected)
  })
})
