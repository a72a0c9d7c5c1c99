/** Player strings of models, their keys, and what of them may be shown. */
import { describe, expect, test } from 'vitest'
import { keyFor, parseEndpoint, silencedHeaders } from '../../../rollouts/models/endpoint.ts'
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
    ['mistral:m', "begins with 'openai:' or 'anthropic:'"],
  ])('%s is told what is wrong with it', (text, message) => {
    expect(() => parseEndpoint(text)).toThrow(message)
    expect(() => parseEndpoint(text)).not.toThrow('sk-secret')
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

describe('keys', () => {
  const env = { OPENAI_API_KEY: 'sk-openai', ANTHROPIC_API_KEY: 'sk-anthropic', OTHER_KEY: 'sk-other', ONE_KEY: 'sk-one' }
  const key = (player: string, variables: string[] = [], given: Record<string, string> = env) =>
    keyFor(parseEndpoint(player), { env: given, variables }, new Secrets())

  test('a provider’s key goes to its own URL and nowhere else', () => {
    expect(key('openai:m')).toBe('sk-openai')
    expect(key('anthropic:m')).toBe('sk-anthropic')
    expect(key('openai:m@https://api.openai.com.evil.example/v1')).toBe('none')
    expect(key('openai:m@http://localhost:8000/v1')).toBe('none')
  })

  test('another URL gets a key from the variable that was named for it', () => {
    const variables = ['OTHER_KEY', 'openrouter.ai=ONE_KEY']
    expect(key('openai:m@https://openrouter.ai/api/v1', variables)).toBe('sk-one')
    expect(key('openai:m@http://localhost:8000/v1', variables)).toBe('sk-other')
    expect(key('openai:m', variables)).toBe('sk-openai')
  })

  test('a missing key is said in one line, with what to do', () => {
    expect(() => key('openai:gpt-5', [], {})).toThrow(/^openai:gpt-5 needs a key: set OPENAI_API_KEY in the environment.*\.$/)
    expect(() => key('openai:m@http://h/v1', ['h=NO_SUCH'])).toThrow('set NO_SUCH in the environment')
  })

  test('headers that the environment adds to an SDK are switched off elsewhere than at home', () => {
    const custom = { OPENAI_CUSTOM_HEADERS: 'X-Org: a:b\nAuthorization: Bearer x' }
    expect(silencedHeaders(parseEndpoint('openai:m@http://h/v1'), custom)).toEqual({ 'x-org': null, authorization: null })
    expect(silencedHeaders(parseEndpoint('anthropic:m@http://h/v1'), custom)).toEqual({})
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
