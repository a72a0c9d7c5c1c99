/** One request and its answer: limits, proxies, redirects, connections that break. */
import http from 'node:http'
import net, { type AddressInfo } from 'node:net'
import { brotliCompressSync, deflateSync, gzipSync } from 'node:zlib'
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

  /** What comes of a request to a server that answers like this. */
  const asked = async (answer: http.RequestListener, init: RequestInit = post, path = '/') => {
    const port = await listen(http.createServer(answer))
    return send(`http://127.0.0.1:${port}${path}`, init).then(
      async response => ({ response, text: await response.text(), json: await response.json() }),
      (error: Error) => ({ error }),
    )
  }

  test.each([
    ['gzip', gzipSync],
    ['GZip', gzipSync],
    ['deflate', deflateSync],
    ['br', brotliCompressSync],
    ['identity', Buffer.from],
  ] as const)('that is packed by %s is unpacked, whoever asked for it', async (encoding, pack) => {
    const packed = pack('{"b":2}')
    const got = await asked((_request, response) => {
      response.writeHead(200, {
        'content-type': 'application/json',
        'content-encoding': encoding,
        'content-length': packed.length,
      })
      response.end(packed)
    })
    expect(got).toMatchObject({ text: '{"b":2}', json: { b: 2 } })
    expect('response' in got && got.response.headers.get('content-length')).toBeNull()
  })

  test('that cannot be unpacked is none', async () => {
    for (const encoding of ['gzip', 'deflate', 'br']) {
      const got = await asked((_request, response) => response.writeHead(200, { 'content-encoding': encoding }).end('{"b":2}'))
      expect('error' in got && classify(got.error, false, 0)).toMatchObject({ code: 'connection', retry: true })
    }
  })

  test.each([
    [200, true],
    [201, true],
    [299, true],
    [204, false],
    [300, false],
    [404, false],
  ])('of status %d is one: %s', async (status, is) => {
    const got = await asked((_request, response) =>
      response.writeHead(status, { 'set-cookie': ['a', 'b'], 'x-more': '7' }).end(status === 204 ? '' : 'why'),
    )
    if ('error' in got) {
      const { status: told, body, headers } = got.error as HttpError
      expect([told, body, headers.get('x-more')]).toEqual([status, status === 204 ? '' : 'why', '7'])
    } else
      expect([got.response.status, got.text, got.json, got.response.headers.get('set-cookie')]).toEqual([
        200,
        'why',
        'why',
        'a, b',
      ])
    expect('response' in got).toBe(is)
  })

  test('that fails at length is cut, and a byte order mark is no part of one', async () => {
    const long = await asked((_request, response) => response.writeHead(400).end('x'.repeat(300_000)))
    expect('error' in long && ((long.error as HttpError).body as string).length).toBe(2 ** 18)
    expect(await asked((_request, response) => response.end('\ufeff{"b":2}'))).toMatchObject({ text: '{"b":2}' })
  })

  test('as a stream that is left open after its end is whole, however that is said and in whatever pieces', async () => {
    const ends = [
      'data: [DONE]\n\n',
      'data:[DONE]\n',
      'data: {"type": "message_stop"}\n\n',
      'event: x\ndata: {"type":"response.completed","response":{}}\r\n\r\n',
      'data: {"type":"response.incomplete","response":{"a":{}}}\n\n',
      'data: {"type":"response.failed"}\n\n',
    ]
    for (const end of ends)
      for (const cut of [0, 3, end.length - 2]) {
        const got = await asked((_request, response) => {
          response.writeHead(200, { 'content-type': 'text/event-stream; charset=utf-8' })
          response.write(`data: {"a":1}\n\n${end.slice(0, cut)}`)
          setImmediate(() => response.write(end.slice(cut)))
        })
        expect('text' in got && got.text.trimEnd()).toBe(`data: {"a":1}\n\n${end}`.trimEnd())
      }
  })

  test('that goes on after what looks like its end goes on', async () => {
    const pieces = [
      'data: "data: [DONE]"\n',
      'data: {"type":"message_start","b":"message_stop"}\n\n',
      'x data: [DONE]\n',
      'data: [DONE] x\n',
      'data: 1\n\n',
    ]
    const write = async (response: http.ServerResponse): Promise<void> => {
      for (const piece of pieces) {
        response.write(piece)
        await new Promise(resolve => setTimeout(resolve, 2))
      }
      response.end()
    }
    const stream = await asked(
      (_request, response) => void write(response.writeHead(200, { 'content-type': 'text/event-stream' })),
    )
    expect(stream).toMatchObject({ text: pieces.join('') })
    // What is no stream has no such end.
    pieces.unshift('data: [DONE]\n')
    const plain = await asked((_request, response) => void write(response.writeHead(200, { 'content-type': 'text/plain' })))
    expect(plain).toMatchObject({ text: pieces.join('') })
  })

  test('is to what was asked: a method, a path with its query, headers, and whole characters', async () => {
    const came: unknown[] = []
    const listener: http.RequestListener = (request, response) => {
      let body = ''
      request.on('data', chunk => (body += chunk))
      request.on('end', () => {
        came.push([request.method, request.url, body, request.headers['content-length'], request.headers.authorization])
        response.end('{}')
      })
    }
    await asked(listener, { ...post, body: '{"a":"\u00e9\\ud83d"}' }, '/v1?a=b')
    await asked(listener, {})
    await asked(listener, { method: 'PUT', headers: new Headers({ authorization: 'x' }), body: '' })
    expect(came).toEqual([
      ['POST', '/v1?a=b', '{"a":"\u00e9\\ufffd"}', '16', 'Bearer sk-secret-1'],
      ['GET', '/', '', undefined, undefined],
      ['PUT', '/', '', '0', 'x'],
    ])
    const port = await listen(http.createServer(listener))
    await send(new Request(`http://127.0.0.1:${port}/r`))
    await send(new URL(`http://127.0.0.1:${port}/u`))
    expect(came.slice(3).map(each => (each as string[])[1])).toEqual(['/r', '/u'])
  })

  test('is not waited for once that was given up, before or after it was asked for', async () => {
    let came = 0
    const port = await listen(http.createServer(() => void came++))
    const url = `http://127.0.0.1:${port}/`
    await expect(send(url, { ...post, signal: AbortSignal.abort(new Error('early')) })).rejects.toThrow('early')
    expect(came).toBe(0)
    const late = new AbortController()
    const pending = send(url, { ...post, signal: late.signal })
    pending.catch(() => {})
    while (came === 0) await new Promise(setImmediate)
    late.abort(new Error('late'))
    await expect(pending).rejects.toThrow('late')
  })

  test('is asked for again where a kept connection was just being closed', async () => {
    let came = 0
    const server = http.createServer((request, response) => {
      came++
      // The second request meets a connection that ends before it is answered.
      if (came === 2) request.socket.destroy()
      else request.resume().on('end', () => response.end('{}'))
    })
    const port = await listen(server)
    const url = `http://127.0.0.1:${port}/`
    await send(url, post)
    await new Promise(setImmediate)
    expect(await (await send(url, post)).text()).toBe('{}')
    expect(came).toBe(3)
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
    expect(classify(error, false, 0)).toMatchObject({
      code: 'connection',
      retry: true,
      billed: true,
      message: 'ECONNRESET: aborted',
    })
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
    ['http://[::1]:8000/v1', { HTTP_PROXY: 'http://p:1', NO_PROXY: '::1' }, undefined],
    ['http://[::1]:8000/v1', { HTTP_PROXY: 'http://p:1', NO_PROXY: '[::1]:8000' }, undefined],
    ['http://[::1]:8000/v1', { HTTP_PROXY: 'http://p:1', NO_PROXY: '[::1]:80, ::2' }, 'http://p:1/'],
    ['http://[fe80::a]/v1', { HTTP_PROXY: 'http://p:1', NO_PROXY: 'FE80::A' }, undefined],
    ['http://127.0.0.1/v1', {}, undefined],
    ['http://api.example/v1', { HTTP_PROXY: '', ALL_PROXY: 'p:1' }, 'http://p:1/'],
    ['http://api.example/v1', { HTTP_PROXY: 'https://p:1', ALL_PROXY: 'http://q:1' }, 'https://p:1/'],
    ['http://api.example/v1', { http_proxy: '', HTTP_PROXY: 'p:1' }, 'http://p:1/'],
    ['ftp://api.example/v1', { ALL_PROXY: 'http://p:1' }, undefined],
    ['http://api.example/v1', { HTTP_PROXY: 'http://p:1', NO_PROXY: '*.example' }, undefined],
    ['http://api.example/v1', { HTTP_PROXY: 'http://p:1', NO_PROXY: ' , API.example,' }, undefined],
    ['http://api.example/v1', { HTTP_PROXY: 'http://p:1', no_proxy: 'b.example c.example' }, 'http://p:1/'],
    ['http://api.example/v1', { HTTP_PROXY: 'http://p:1', NO_PROXY: 'pi.example' }, 'http://p:1/'],
    ['http://api.example/v1', { HTTP_PROXY: 'http://p:1', NO_PROXY: 'api.example:80' }, undefined],
    ['http://api.example/v1', { HTTP_PROXY: 'http://p:1', NO_PROXY: 'api.example:443' }, 'http://p:1/'],
    ['https://api.example/v1', { HTTPS_PROXY: 'http://p:1', NO_PROXY: 'api.example:443' }, undefined],
    ['https://api.example/v1', { HTTPS_PROXY: 'http://p:1', NO_PROXY: 'api.example:80' }, 'http://p:1/'],
    ['http://api.example/v1', { HTTP_PROXY: 'http://p:1', NO_PROXY: '*:80' }, undefined],
  ])('%s with %j', (url, env, expected) => {
    expect(proxiesOf(env as Record<string, string>).of(new URL(url))?.href).toBe(expected)
  })

  test('has a password that nobody may be shown, and is refused where it is no URL', () => {
    const passwords = (env: Record<string, string>) => proxiesOf(env).passwords
    expect(passwords({ HTTP_PROXY: 'http://joe:p%40w@p:1', HTTPS_PROXY: 'q:1' })).toEqual(['joe:p@w', 'p@w'])
    expect(passwords({ ALL_PROXY: 'http://:pw@p:1' })).toEqual([':pw', 'pw', ':pw', 'pw'])
    expect(passwords({ HTTP_PROXY: 'http://joe@p:1' })).toEqual([])
    expect(passwords({})).toEqual([])
    expect(() => proxiesOf({ HTTP_PROXY: 'http://' }).of(new URL('http://a'))).toThrow('expected http://host:port')
  })

  test('is told its credentials where it fetches pages, and asked so from then on', async () => {
    const { asked, port } = await proxy({ tunnels: false })
    const to = await target()
    const ask = sending(proxiesOf({ http_proxy: `http://joe@127.0.0.1:${port}` }))
    for (const path of ['/a', '/b?c=d'])
      expect(await (await ask(`http://127.0.0.1:${to}${path}`, post)).json()).toEqual({ url: path, key: 'Bearer sk-secret-1' })
    const credentials = `Basic ${Buffer.from('joe:').toString('base64')}`
    expect(asked).toEqual(['/a', '/b?c=d'].map(path => `POST http://127.0.0.1:${to}${path} ${credentials}`))
  })

  test('that is not there is nobody', async () => {
    const { port } = await proxy()
    const [server] = open.splice(-1)
    await new Promise(resolve => server!.close(resolve))
    const ask = sending(proxiesOf({ http_proxy: `127.0.0.1:${port}` }))
    const error = await ask('http://api.example/v1', post).catch((caught: unknown) => caught)
    expect(classify(error, false, 0)).toMatchObject({ code: 'connection', message: expect.stringMatching(/^ECONNREFUSED/) })
  })

  test('that refuses a tunnel with a status of its own is told with it', async () => {
    const server = http.createServer()
    server.on('connect', (_request, socket: net.Socket) => socket.end('HTTP/1.1 407 Who are you\r\n\r\n'))
    const ask = sending(proxiesOf({ HTTPS_PROXY: `http://127.0.0.1:${await listen(server)}` }))
    const error = await ask('https://api.example/v1', post).catch((caught: unknown) => caught)
    expect(classify(error, false, 0).message).toMatch(/^ENOTUNNEL: .*opens no tunnel to api\.example:443: 407 Who are you$/)
  })
})
