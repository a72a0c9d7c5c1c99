/**
 * Starts oTree with the project of the tests, on a free port of this machine. The Python that has it is named in
 * AGORAGYM_OTREE_PYTHON; else an environment is made in node_modules/ with what requirements.txt pins.
 */
import { execFileSync, spawn } from 'node:child_process'
import { cpSync, existsSync, mkdirSync, mkdtempSync, openSync, readFileSync, rmSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import type { TestProject } from 'vitest/node'

const KEY = 'key-of-the-tests'

export default async function setup({ provide }: TestProject): Promise<() => Promise<void>> {
  const folder = mkdtempSync(join(tmpdir(), 'agoragym-otree-'))
  cpSync(join(import.meta.dirname, 'project'), folder, { recursive: true })
  for (const name of ['_static', '_templates']) mkdirSync(join(folder, name), { recursive: true })
  const program = join(dirname(python()), 'otree')
  const env = {
    ...process.env,
    PATH: `${dirname(program)}:${process.env.PATH}`,
    OTREE_REST_KEY: KEY,
    OTREE_ADMIN_PASSWORD: 'on loopback',
    OTREE_AUTH_LEVEL: 'STUDY',
    OTREE_PRODUCTION: '1',
  }
  execFileSync(program, ['resetdb', '--noinput'], { cwd: folder, env, stdio: 'ignore' })
  const port = await freePort()
  const log = openSync(join(folder, 'server.log'), 'a')
  // A group of its own: oTree starts a worker beside itself.
  const server = spawn(program, ['prodserver', `127.0.0.1:${port}`], {
    cwd: folder,
    env,
    stdio: ['ignore', log, log],
    detached: true,
  })
  const url = `http://127.0.0.1:${port}`
  for (let tries = 0; ; tries++) {
    const answer = await fetch(`${url}/api/otree_version`, { headers: { 'otree-rest-key': KEY } }).catch(() => undefined)
    if (answer?.ok) break
    if (tries === 150) throw new Error(`oTree did not start:\n${readFileSync(join(folder, 'server.log'), 'utf8')}`)
    await new Promise(resolve => setTimeout(resolve, 200))
  }
  provide('otree', { url, key: KEY })
  return async () => {
    const ended = new Promise(resolve => server.once('exit', resolve))
    process.kill(-server.pid!, 'SIGTERM')
    await ended
    rmSync(folder, { recursive: true, force: true })
  }
}

function python(): string {
  const given = process.env.AGORAGYM_OTREE_PYTHON
  if (given !== undefined && given !== '') return given
  const venv = join('node_modules', '.otree')
  const own = join(process.cwd(), venv, 'bin', 'python')
  if (!existsSync(join(dirname(own), 'otree'))) {
    execFileSync('python3', ['-m', 'venv', venv], { stdio: 'inherit' })
    const wanted = join(import.meta.dirname, 'requirements.txt')
    execFileSync(own, ['-m', 'pip', 'install', '-q', '--disable-pip-version-check', '-r', wanted], { stdio: 'inherit' })
  }
  return own
}

function freePort(): Promise<number> {
  return new Promise(resolve => {
    const probe = createServer()
    probe.listen(0, '127.0.0.1', () => {
      const { port } = probe.address() as { port: number }
      probe.close(() => resolve(port))
    })
  })
}
