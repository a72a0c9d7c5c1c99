/** The image, as far as it can be tried without a daemon: its files agree with each other, and what it runs runs. */
import { execFile } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { expect, test } from 'vitest'
import { run } from '../../cli.ts'
import { capture } from '../commands/console.ts'
import { scratch } from '../rollouts/table.ts'

const ROOT = join(import.meta.dirname, '..', '..')
const read = (file: string): string => readFileSync(join(ROOT, file), 'utf8')

/** The instructions in order. */
const instructions = read('Dockerfile')
  .split('\n')
  .filter(line => line !== '' && !line.startsWith('#'))
  .map(line => {
    const [, name, rest] = /^([A-Z]+) (.+)$/.exec(line) ?? []
    if (name === undefined || rest === undefined) throw new Error(`Dockerfile: no instruction: ${line}`)
    return [name, rest] as const
  })
const all = (name: string): string[] => instructions.flatMap(([known, rest]) => (known === name ? [rest] : []))
const words = (rest: string): string[] => JSON.parse(rest.slice(rest.indexOf('['))) as string[]

test('the Dockerfile builds what package.json can build, on a Node that it supports, and runs as nobody special', () => {
  const { scripts, engines, bin } = JSON.parse(read('package.json'))
  for (const [name] of instructions)
    expect(['FROM', 'WORKDIR', 'COPY', 'RUN', 'USER', 'ENV', 'EXPOSE', 'HEALTHCHECK', 'CMD']).toContain(name)
  for (const image of all('FROM'))
    expect(Number(/^node:(\d+)-slim/.exec(image)![1])).toBeGreaterThan(Number.parseInt(engines.node.slice(2), 10))
  for (const [, script] of all('RUN')
    .join('\n')
    .matchAll(/npm run (\S+)/g))
    expect(scripts).toHaveProperty(script!)
  expect(all('USER')).toEqual(['node'])
  expect(bin).toHaveProperty(words(all('CMD')[0]!)[0]!)
  // What npm ci and the build read is not ignored.
  const ignored = read('.dockerignore').trim().split('\n')
  for (const needed of ['package.json', 'package-lock.json', 'scripts', 'tsconfig.build.json', 'templates', 'serve']) {
    expect(existsSync(join(ROOT, needed)), needed).toBe(true)
    expect(ignored).not.toContain(needed)
  }
})

test('one port in every file, and the token of the composition is wanted', () => {
  const port = words(all('CMD')[0]!).at(-1)
  expect(all('EXPOSE')).toEqual([port])
  const compose = read('compose.yaml')
  expect(compose).toContain(`- "${port}:${port}"`)
  expect(compose).toMatch(/AGORAGYM_TOKEN: \$\{AGORAGYM_TOKEN:\?/)
  expect(all('HEALTHCHECK')[0]).toContain(`http://127.0.0.1:${port}/health`)
})

test('what the image runs serves, what looks after it finds it healthy, and it ends when it is told to', async () => {
  const [program, ...line] = words(all('CMD')[0]!)
  expect(program).toBe('agoragym')
  const stop = new AbortController()
  const { io, written } = capture({ cwd: scratch(), signal: stop.signal, env: { AGORAGYM_TOKEN: 'long-enough' } })
  const ended = run([...line.slice(0, -1), '0'], io)
  while (written().out === '') await Promise.race([ended, new Promise(resolve => setTimeout(resolve, 5))])
  const port = /:(\d+);/.exec(written().out)![1]!
  const [node, flag, script] = words(all('HEALTHCHECK')[0]!)
  expect(node).toBe('node')
  const look = () => promisify(execFile)(process.execPath, [flag!, script!.replace(line.at(-1)!, port)])
  await look()
  stop.abort()
  expect(await ended).toBe(0)
  await expect(look()).rejects.toMatchObject({ code: 1 })
})

test('without a token the image does not serve', async () => {
  const [, ...line] = words(all('CMD')[0]!)
  const { io, written } = capture({ cwd: scratch() })
  expect(await run(line, io)).toBe(2)
  expect(written().err).toContain('AGORAGYM_TOKEN')
})
