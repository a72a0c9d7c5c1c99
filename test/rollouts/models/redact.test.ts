/** Secrets are found in every spelling, before anything is cut, and nothing else is touched. */
import { afterEach, describe, expect, test } from 'vitest'
import { type FakeProvider, startFakeProvider } from '../../../rollouts/models/fake/index.ts'
import { Models } from '../../../rollouts/models/index.ts'
import { redactUrl, Secrets, withoutCredentials } from '../../../rollouts/models/redact.ts'
import { check, playAt } from './servers.ts'

let provider: FakeProvider | undefined
afterEach(() => provider?.close())

const KEY = 'sk-plan+ted/0123&"4567'
const env = { MY_KEY: KEY }
const options = { env, keyVariables: ['MY_KEY'] }

describe('a secret', () => {
  test.each([
    ['as it is', KEY],
    ['as JSON writes it', JSON.stringify(KEY).slice(1, -1)],
    ['percent-encoded', encodeURIComponent(KEY)],
    ['percent-encoded in small letters', encodeURIComponent(KEY).replace(/%../g, code => code.toLowerCase())],
    ['in base 64', Buffer.from(KEY).toString('base64')],
    ['as HTML writes it', KEY.replace('&', '&amp;').replace('"', '&quot;')],
  ])('is found %s', (_name, spelling) => {
    const secrets = new Secrets()
    secrets.add(KEY)
    expect(secrets.text(`before ${spelling} after`)).toBe('before *** after')
  })

  test.each<[string, string, string]>([
    ['as a form writes it', 'a key of mine', encodeURIComponent('a key of mine').replaceAll('%20', '+')],
    ['as a URL writes a password', 'it|mine too', Object.assign(new URL('http://host'), { password: 'it|mine too' }).password],
    ['percent-encoded to the last', "key!'()*key", 'key%21%27%28%29%2Akey'],
    ['as a URL without its marks', 'key/with?marks é', encodeURI('key/with?marks é')],
    ['in base 64 for URLs', 'key???>>>key', Buffer.from('key???>>>key').toString('base64url')],
    ['as HTML writes quotes', `<key's "own">`, '&lt;key&#39;s &quot;own&quot;&gt;'],
    ['as it is, though nothing can encode it', 'half-\ud83d-pair', 'half-\ud83d-pair'],
  ])('%s is found', (_how, secret, spelling) => {
    const secrets = new Secrets()
    secrets.add(secret)
    expect(secrets.text(`<<${spelling}>>`)).toBe('<<***>>')
  })

  test('of less than six characters is searched for nowhere, and knowing none leaves all as it is', () => {
    const none = new Secrets()
    none.add('12345')
    const data = { a: ['12345', 1] }
    expect([none.text('12345'), none.data(data)]).toEqual(['12345', data])
    expect(none.data(data)).toBe(data)
    none.add('123456')
    expect([none.text('x 123456 123456'), none.data({ a: '123456' })]).toEqual(['x *** ***', { a: '***' }])
    // Names that could be fields stay, others do not.
    for (const name of ['secret', 'Secret_Key']) none.add(name)
    expect(none.data({ secret: 1, Secret_Key: 2, secret1: 3, _secret: 4, 'a secret': 5 })).toEqual({
      secret: 1,
      Secret_Key: 2,
      '***1': 3,
      '_***': 4,
      'a ***': 5,
    })
  })

  test('that is spelled like a field renames none, and garbles no JSON', () => {
    const secrets = new Secrets()
    secrets.add('content')
    secrets.add('tool_calls')
    const data = { content: 'the content', tool_calls: [{ name: 'content' }], other: 7 }
    expect(secrets.data(data)).toEqual({ content: 'the ***', tool_calls: [{ name: '***' }], other: 7 })
  })

  test('is found in names that are no fields', () => {
    const secrets = new Secrets()
    secrets.add(KEY)
    expect(secrets.data({ [`k ${KEY}`]: 1 })).toEqual({ 'k ***': 1 })
    const plain = { a: ['b'] }
    expect(secrets.data(plain)).toBe(plain)
  })

  test('leaves no rest of another that it is the beginning of', () => {
    const secrets = new Secrets()
    secrets.add('secret-1')
    secrets.add('secret-123456')
    expect(secrets.text('secret-123456')).toBe('***')
  })
})

test('is in no file, wherever an answer holds it: its model, its own fields, its reason to stop', async () => {
  const answer = {
    id: KEY,
    model: `m-${KEY}`,
    choices: [{ finish_reason: KEY, message: { role: 'assistant', content: KEY, extra: { [KEY]: [KEY] } } }],
  }
  const { files } = await playAt({ options, server: () => ({ body: answer }) })
  expect(files).toContain('m-***')
  expect(files).not.toContain(KEY)
  expect(files).not.toContain(JSON.stringify(KEY).slice(1, -1))
})

test('is taken out before a message is cut: half of one would not be found', async () => {
  for (let at = 270; at < 310; at++) {
    const { errors, stopped, files } = await playAt({
      options,
      server: (_usual, before) => (before === 1 ? { status: 400, body: { message: `${'x'.repeat(at)}${KEY}` } } : undefined),
    })
    expect([...errors.map(({ message }) => message), ...stopped].join()).not.toContain(KEY.slice(0, 4))
    expect(files).not.toContain(KEY.slice(0, 4))
    at += 4
  }
})

test('in a reply that was told as an error is taken out as well', () =>
  check({
    name: '',
    options,
    server: (_usual, before) =>
      before === 0 ? { status: 403, body: { error: { message: `flagged by moderation, ${KEY}` } } } : undefined,
    reply: { told_as_error: '403 flagged by moderation, ***' },
  }))

test.each([
  ['http://joe:pa@ss@host/v1', 'http://***@host/v1'],
  ['openai:m@https://joe:pw@host', 'openai:m@https://***@host'],
  ['http://host/v1', 'http://host/v1'],
  ['HTTP:joe:pw@host', 'HTTP:***@host'],
  ['redis://joe:pw@host:1/0', 'redis://***@host:1/0'],
  ['rediss://:pw@host', 'rediss://***@host'],
  ['http://a:b@c and https://d:e@f', 'http://***@c and https://***@f'],
  ['http://host/a@b', 'http://host/a@b'],
  ['http://host and joe@host', 'http://host and joe@host'],
  ['ftp://joe:pw@host', 'ftp://joe:pw@host'],
])('%s is shown as %s', (text, shown) => {
  expect(withoutCredentials(text)).toBe(shown)
})

test.each([
  ['http://joe:pw@Host:80/v1//?a=b#c', 'http://***@host/v1'],
  ['https://joe@host:8/', 'https://***@host:8'],
  ['https://:pw@host', 'https://***@host'],
  ['https://host/a/b', 'https://host/a/b'],
])('of %s no more than %s is shown', (url, shown) => {
  expect(redactUrl(new URL(url))).toBe(shown)
})

test('a password that is no percent-encoding is taken as it is', async () => {
  provider = await startFakeProvider({ script: () => ({}) })
  const player = new Models().player(`openai:m@${provider.url.replace('http://', 'http://joe:50%off%zz@')}`)
  expect(player.name).toContain('***@127.0.0.1')
})
