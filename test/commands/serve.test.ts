/** `agoragym serve`: what it says, how it ends, and what it refuses before it listens. */
import { describe, expect, test } from 'vitest'
import { run } from '../../cli.ts'
import { scratch } from '../rollouts/table.ts'
import { agoragym, capture } from './console.ts'

/** A server that runs until it is told to stop. */
async function served(line: string, env: Readonly<Record<string, string>> = {}) {
  const stop = new AbortController()
  const { io, written } = capture({ cwd: scratch(), signal: stop.signal, env })
  const ended = run(line.split(' '), io)
  while (written().out === '') await Promise.race([ended, new Promise(resolve => setTimeout(resolve, 5))])
  const end = (): Promise<number> => {
    stop.abort()
    return ended
  }
  return { said: written().out, end }
}

describe('serve', () => {
  test('says where it listens in one line, serves, and ends when it is told to', async () => {
    const { said, end } = await served('serve --port 0 --env swarm_economy --preset short')
    const [, url] = /^agoragym serves at (http:\/\/127\.0\.0\.1:\d+); Ctrl-C stops it\.\n$/.exec(said)!
    const { observation } = (await (await fetch(`${url}/reset`, { method: 'POST', body: '{"seed": 1}' })).json()) as {
      observation: { text: string }
    }
    expect(observation.text).toContain('Step 1 of 12')
    expect(await end()).toBe(0)
    await expect(fetch(`${url}/health`)).rejects.toThrow()
  })

  test('takes its token from the environment, and says its port to programs', async () => {
    const { said, end } = await served('serve --port 0 --json', { AGORAGYM_TOKEN: 'long-enough' })
    const { url, port } = JSON.parse(said) as { url: string; port: number }
    expect(url).toBe(`http://127.0.0.1:${port}`)
    expect((await fetch(`${url}/list_environments`)).status).toBe(401)
    const headers = { authorization: 'Bearer long-enough' }
    expect(await (await fetch(`${url}/list_environments`, { headers })).json()).toContain('swarm_economy')
    expect(await end()).toBe(0)
  })

  test.each([
    ['--host 0.0.0.0', 'give a token'],
    ['--port 70000', '--port'],
    ['--env nowhere', "No environment 'nowhere'"],
    ['--preset short', '--env'],
    ['--env swarm_economy --preset nowhere', "No preset 'nowhere'"],
    ['--env swarm_economy --opponents nobody:4', 'nobody'],
    ['--reward sum', '--reward: expected delta, score, total'],
    ['--reward delta --reward-relative game', 'relative'],
    ['--max-sessions 0', '--max-sessions'],
    ['--token short', '8 or more'],
    ['--stdio --port 8000', '--port is of a server that listens'],
  ])('refuses %s in one line', async (options, told) => {
    const { code, out, err } = await agoragym(`serve ${options}`, { cwd: scratch() })
    expect({ code, out }).toEqual({ code: 2, out: '' })
    expect(err).toContain(told)
    expect(err.trim().split('\n')).toHaveLength(1)
  })
})
