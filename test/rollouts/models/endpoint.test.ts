/** Player strings of models, their keys, and what of them may be shown. */
import { describe, expect, test } from 'vitest'
import { isHome, keyFor, parseEndpoint } from '../../../rollouts/models/endpoint.ts'
import { providers, registerProvider } from '../../../rollouts/models/providers.ts'
import { Secrets } from '../../../rollouts/models/redact.ts'

describe('a player string', () => {
  test.each([
    ['openai:gpt-4.1-mini', 'gpt-4.1-mini', 'https://api.openai.com/v1', true],
    ['anthropic:claude-opus-5', 'claude-opus-5', 'https://api.anthropic.com', true],
    ['openai:m@http://localhost:8000/v1', 'm', 'http://localhost:8000/v1', false],
    ['openai:meta/llama-3:8b@https://openrouter.ai/api/v1/', 'meta/llama-3:8b', 'https://openrouter.ai/api/v1', false],
    // What looks like a URL inside the model's name belongs to the name: the last one counts.
    ['openai:a@http://b@http://c/v1', 'a@http://b', 'http://c/v1', false],
    ['openai:gpt-5@https://api.openai.com/v1', 'gpt-5', 'https://api.openai.com/v1', true],
  ])('%s', (text, model, baseUrl, own) => {
    expect(parseEndpoint(text)).toMatchObject({ model, baseUrl, own })
  })

  test.each([
    ['openai:', "Player 'openai:' names no model"],
    ['openai:@http://localhost/v1', "Player 'openai:' names no model"],
    ['openai:m@http://', 'what follows the @ is no URL'],
    ['openai:m@http://host/v1?key=sk-secret', 'a base URL has no query'],
    ['mistrall:m', "Did you mean 'mistral'?"],
    ['openai: m', 'has a space at an end of its model; write openai:m.'],
    // A forgotten scheme.
    ['openai:x@localhost:8801', 'a URL begins with http:// or https://; write openai:x@http://localhost:8801/v1.'],
    ['openai:x@localhost/v1', 'write openai:x@http://localhost/v1.'],
    ['openai:x@10.0.0.7:8000/v1', 'write openai:x@http://10.0.0.7:8000/v1.'],
    ['openai:x@[::1]:8000', 'write openai:x@http://[::1]:8000/v1.'],
    ['groq:x@api.example.com/v1', 'write groq:x@http://api.example.com/v1.'],
    // Another one, or one that is spelt otherwise.
    ['openai:x@HTTP://host:1/v1', 'HTTP is written in lower case; write openai:x@http://host:1/v1.'],
    ['openai:x@Https://joe:sk-secret@host/v1', 'Https is written in lower case; write openai:x@https://***@host/v1.'],
    ['openai:x@http:/host/v1', 'http: is followed by two slashes; write openai:x@http://host/v1.'],
    ['openai:x@http:localhost:8000/v1', 'http: is followed by two slashes; write openai:x@http://localhost:8000/v1.'],
    ['openai:x@ws://host/v1', 'a URL begins with http:// or https://, not ws://; write openai:x@http://host/v1.'],
    // The whole address of a request.
    [
      'openai:x@http://host/v1/chat/completions',
      'ends before /chat/completions, which is added by itself; write openai:x@http://host/v1.',
    ],
    ['openai:x@http://host/v1/responses/', 'write openai:x@http://host/v1.'],
    ['anthropic:x@http://host/v1/messages', 'write anthropic:x@http://host/v1.'],
    ['ollama:x@http://host:11434/api/chat', 'write ollama:x@http://host:11434.'],
    ['ollama:x@http://host:11434/api/generate//', 'write ollama:x@http://host:11434.'],
    ['openai:x@http://host/v1/completions', 'ends before /completions'],
    ['openai:x@http://host/v1/embeddings', 'ends before /embeddings'],
    ['openai:x@http://host/v1/Models', 'ends before /Models'],
    ['openai:x@http://joe:sk-secret@host/v1/models', 'write openai:x@http://***@host/v1.'],
    ['openai:x@ftp:///host', 'not ftp://; write openai:x@http://host.'],
    ['openai:x@http://host/v1#part', "Player 'openai:x@http://host/v1': a base URL has no query"],
    ['openai:x@http://joe:sk-secret@host/v1?a', "Player 'openai:x@http://***@host/v1': a base URL has no query"],
    ['openai:m ', 'has a space at an end'],
    ['openai', "Player 'openai:' names no model"],
    ['nobody:x@http://joe:sk-secret@host', "got 'nobody:x@http://***@host'"],
    ['nobody', 'Providers: openai, anthropic, google'],
  ])('%s is told what is wrong with it', (text, message) => {
    expect(() => parseEndpoint(text)).toThrow(message)
    // What was written is shown, but for credentials.
    if (text.includes('@') && !text.includes('sk-secret') && message.includes('write '))
      expect(() => parseEndpoint(text)).toThrow(text)
    expect(() => parseEndpoint(text)).not.toThrow('sk-secret')
  })

  test.each([
    'ollama:qwen3:8b',
    'openai:@cf/meta/llama-3.1-8b',
    'google:claude-sonnet-4@20250514',
    'openai:a@b',
    'groq:a/b.c@v1.2',
    'openai:a@host.name',
    'openai:a@1.2.3',
    'openai:a@localhosts',
    'openai:a@b:c',
    'openai:http://x/chat/completions',
  ])('%s names a model, whatever is in its name', text => {
    const { provider, model, name } = parseEndpoint(text)
    expect(`${provider}:${model}`).toBe(text)
    expect(name).toBe(text)
  })

  test('that names no provider is told shortened, however long it is', () => {
    for (const text of ['x'.repeat(5000), `nobody:${'x'.repeat(5000)}`]) {
      expect(() => parseEndpoint(text)).toThrow(/^.{50,400}$/)
      expect(() => parseEndpoint(text)).toThrow('A model player is PROVIDER:MODEL.')
    }
  })

  test.each([
    ['openai:m@http://host/v1//', 'http://host/v1', null],
    ['openai:m@http://joe@host/v1', 'http://host/v1', 'joe:'],
    ['openai:m@http://:pw@host', 'http://host', ':pw'],
    ['openai:m@http://joe:50%25@host', 'http://host', 'joe:50%'],
    ['openai:m@https://HOST:443/V1', 'https://host/V1', null],
  ])('%s is asked at %s', (text, baseUrl, credentials) => {
    expect(parseEndpoint(text)).toMatchObject({ baseUrl, credentials, own: false, key: null })
  })

  test('at a provider’s own host has its key, and whatever else is spoken at home', () => {
    expect(parseEndpoint('groq:m@https://api.groq.com/other')).toMatchObject({ key: 'GROQ_API_KEY', own: false })
    expect(parseEndpoint('anthropic:m@https://api.anthropic.com/v1')).toMatchObject({ key: 'ANTHROPIC_API_KEY', own: true })
    expect(parseEndpoint('openai:m@https://api.anthropic.com/v1')).toMatchObject({ key: null, own: false })
    expect([isHome('https://api.openai.com/v1'), isHome('https://api.anthropic.com'), isHome('https://api.groq.com')]).toEqual([
      true,
      true,
      false,
    ])
  })

  test('shows no credentials and still has them', () => {
    const endpoint = parseEndpoint('openai:m@http://joe:pass%40word@host:1/v1')
    expect(endpoint).toMatchObject({
      name: 'openai:m@http://***@host:1/v1',
      baseUrl: 'http://host:1/v1',
      credentials: 'joe:pass@word',
    })
  })
})

describe('the table of providers', () => {
  test('every provider has a URL, a protocol and its key, which goes there and nowhere else', () => {
    expect(Object.keys(providers())).toEqual(
      'openai anthropic google openrouter groq together deepseek mistral xai fireworks ollama vllm lmstudio prime'.split(' '),
    )
    for (const [name, { url, protocol, key }] of Object.entries(providers())) {
      expect(parseEndpoint(`${name}:m`)).toMatchObject({ model: 'm', baseUrl: url, protocol, key, name: `${name}:m` })
      expect(parseEndpoint(`${name}:m@http://elsewhere:1/v1`).key).toBeNull()
      expect(protocol).toBe(name === 'anthropic' ? 'anthropic' : 'openai')
      // What only the SDKs' own servers understand is sent to no other.
      expect(parseEndpoint(`${name}:m`).own).toBe(name === 'openai' || name === 'anthropic')
    }
  })

  test('a program adds to it, or puts another in the place of one; what cannot be one is refused', () => {
    // Put back: other files read the table.
    const { prime } = providers()
    try {
      for (const url of ['https://acme.example/v1/', 'http://acme.example'])
        for (const key of ['ACME_KEY', '_k9', null]) {
          registerProvider('prime', { url, protocol: 'anthropic', key })
          expect(parseEndpoint('prime:big@model')).toMatchObject({
            model: 'big@model',
            protocol: 'anthropic',
            baseUrl: url.replace(/\/$/, ''),
            own: false,
            key,
          })
        }
    } finally {
      registerProvider('prime', prime!)
    }
    const facts = { url: 'https://acme.example', protocol: 'openai', key: null } as const
    const refused = (name: string, more: object = {}) => {
      try {
        registerProvider(name, { ...facts, ...more })
      } catch (error) {
        return (error as Error).message
      }
      return 'taken'
    }
    for (const name of ['bot', 'random', 'human', 'policy', 'Acme', 'acMe', '9acme', 'acme!', '', 'ac me'])
      expect(refused(name)).toMatch(/expected a name of lower-case letters, .* none of bot, random, human, policy\.$/)
    for (const url of [
      'acme.example',
      'ftp://acme',
      'https://',
      'https://acme/?a',
      'https://acme/#a',
      'https://ac me',
      ' https://acme',
      'https://:x',
    ])
      expect(refused('acme', { url })).toContain(`expected a url such as https://host/v1, got '${url}'`)
    expect(refused('acme', { protocol: 'grpc' })).toContain('expected the protocol openai or anthropic')
    for (const key of ['sk-123', 'MY KEY', '1KEY', 'KEY!', '-KEY', ''])
      expect(refused('acme', { key })).toContain(`name an environment variable, or null, got '${key}'`)
    const long = 'x-'.repeat(50)
    expect(refused(`${long}!`)).toMatch(/^Provider '[x-]{64}': /)
    expect(refused('acme', { url: long })).toMatch(/got '[x-]{64}'\.$/)
    expect(refused('acme', { key: long })).toMatch(/got '[x-]{64}'\.$/)
  })
})

describe('keys', () => {
  const env = { OPENAI_API_KEY: 'sk-openai', ANTHROPIC_API_KEY: 'sk-anthropic', OTHER_KEY: 'sk-other', ONE_KEY: 'sk-one' }
  const key = (player: string, variables: string[] = [], given: Record<string, string> = env) =>
    keyFor(parseEndpoint(player), { env: given, variables }, new Secrets())

  test('a provider’s key goes to its own URL and nowhere else', () => {
    expect(key('openai:m')).toBe('sk-openai')
    expect(key('anthropic:m')).toBe('sk-anthropic')
    expect(key('openai:m@https://api.openai.com.evil.example/v1')).toBe('none')
    expect(key('openai:m@http://localhost:8000/v1')).toBe('none')
    expect(key('groq:m', [], { ...env, GROQ_API_KEY: 'sk-groq' })).toBe('sk-groq')
    expect(key('groq:m@http://localhost:8000/v1', [], { ...env, GROQ_API_KEY: 'sk-groq' })).toBe('none')
    expect(key('ollama:m')).toBe('none')
  })

  test('another URL gets a key from the variable that was named for it', () => {
    const variables = ['OTHER_KEY', 'openrouter.ai=ONE_KEY']
    expect(key('openai:m@https://openrouter.ai/api/v1', variables)).toBe('sk-one')
    expect(key('openai:m@http://localhost:8000/v1', variables)).toBe('sk-other')
    expect(key('openai:m', variables)).toBe('sk-openai')
    expect(key('openai:m', ['api.openai.com=ONE_KEY'])).toBe('sk-one')
  })

  test('what is a key or a password is a secret from then on', () => {
    const secrets = new Secrets()
    const env = { OTHER_KEY: 'sk-other-1' }
    expect(keyFor(parseEndpoint('openai:m@http://joe:pass%40word@h/v1'), { env, variables: ['OTHER_KEY'] }, secrets)).toBe(
      'sk-other-1',
    )
    const basic = Buffer.from('joe:pass@word').toString('base64')
    expect(secrets.text(`sk-other-1, joe:pass@word, pass@word, ${basic}, joe`)).toBe('***, ***, ***, ***, joe')
  })

  test('a variable that is empty or named twice', () => {
    expect(() => key('openai:m', [], { OPENAI_API_KEY: '' })).toThrow(
      'set OPENAI_API_KEY in the environment (a server of your own',
    )
    expect(() => key('groq:m', [], {})).toThrow(/environment\.$/)
    expect(key('openai:m@http://h/v1', ['h=ONE_KEY', 'h=OTHER_KEY', 'OTHER_KEY'])).toBe('sk-one')
    expect(key('openai:m@http://h:1/v1', ['h=ONE_KEY'])).toBe('none')
    expect(key('openai:m@http://h:1/v1', ['h:1=ONE_KEY'])).toBe('sk-one')
  })

  test('a missing key is said in one line, with what to do', () => {
    expect(() => key('openai:gpt-5', [], {})).toThrow(/^openai:gpt-5 needs a key: set OPENAI_API_KEY in the environment.*\.$/)
    expect(() => key('groq:m', [], {})).toThrow('groq:m needs a key: set GROQ_API_KEY in the environment.')
    expect(() => key('openai:m@http://h/v1', ['h=NO_SUCH'])).toThrow('set NO_SUCH in the environment')
  })
})

test('known secrets are taken out of texts and data, also where JSON writes them otherwise', () => {
  const secrets = new Secrets()
  secrets.add('sk-"quoted"')
  secrets.add('pw')
  expect(secrets.text('401: wrong key sk-"quoted" pw')).toBe('401: wrong key *** pw')
  const clean = { content: 'no secret' }
  expect(secrets.data(clean)).toBe(clean)
  expect(secrets.data({ content: 'you sent sk-"quoted"', n: 1 })).toEqual({ content: 'you sent ***', n: 1 })
})
