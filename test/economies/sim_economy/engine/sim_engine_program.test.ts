/** `sim-engine` as a program: what it takes from its environment, what it prints, and how it goes. */
import { mkdtempSync, rmSync } from 'node:fs'
import { createConnection, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, test } from 'vitest'
import { playRun, runRow } from '../../../../economies/sim_economy/paper_runs.ts'
import { build } from '../../../built.ts'
import { driveRun, ledgerRows, request } from './paper_client.ts'
import { startProgram } from './program.ts'

const folder = mkdtempSync(join(tmpdir(), 'sim-engine-program-'))
const built = await build()
const program = join(built.folder, 'bin', 'sim-engine.js')
afterAll(() => {
  built.remove()
  rmSync(folder, { recursive: true })
})

const urlOf = (line: string): string => /^sim-engine listening on (http:\S+)$/.exec(line)![1]!

test('a run of the study through a process of its own; SIGTERM ends it at once and leaves a whole file', async () => {
  const dbPath = join(folder, 'run.sqlite')
  const running = startProgram(program, { PORT: '0', DB_PATH: dbPath })
  const url = urlOf(await running.ready)
  expect(new URL(url).hostname).toBe('127.0.0.1')
  const driven = await driveRun(url, dbPath, 2, 20)
  // Connections that are idle, and one in the middle of a request, do not hold it.
  const { hostname, port } = new URL(url)
  const halfway = await new Promise<Socket>(resolve => {
    const socket = createConnection({ host: hostname, port: Number(port) }, () => resolve(socket))
  })
  halfway.on('error', () => {})
  halfway.write('POST /turn HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\n{"inputs"')
  running.process.kill('SIGTERM')
  expect(await running.ended).toEqual({ code: 0, signal: null, err: '' })
  halfway.destroy()
  expect(ledgerRows(dbPath, 'blocks')).toHaveLength(driven.block_count_db!)
  await expect(request(url, '/config')).rejects.toThrow()
})

test('SEED chooses the world’s chance: no figure of the study depends on it', async () => {
  const dbPath = join(folder, 'seeded.sqlite')
  const running = startProgram(program, { PORT: '0', DB_PATH: dbPath, SEED: '12345', HOST: 'localhost' })
  const driven = await driveRun(urlOf(await running.ready), dbPath, 3)
  const ours: Record<string, number> = runRow(3, playRun(3))
  expect(driven).toEqual(Object.fromEntries(Object.keys(driven).map(column => [column, ours[column]])))
  running.process.kill('SIGINT')
  expect((await running.ended).code).toBe(0)
})

test.each([
  [{}, 2, 'PORT: expected an integer from 0 to 65535, got nothing'],
  [{ PORT: 'http' }, 2, "PORT: expected an integer from 0 to 65535, got 'http'"],
  [{ PORT: '70000' }, 2, 'PORT: expected'],
  [{ PORT: '0' }, 2, 'DB_PATH: expected the path of a SQLite file'],
  [{ PORT: '0', DB_PATH: 'x', SEED: '-1' }, 2, 'SEED: expected an integer'],
  [{ PORT: '0', DB_PATH: '/nowhere/at/all.sqlite' }, 1, 'sim-engine cannot start'],
])('%j ends with code %d and one line that says why', async (env, code, words) => {
  const ended = await startProgram(program, env as Record<string, string>).ended
  expect([ended.code, ended.err.split('\n').length <= 3]).toEqual([code, true])
  expect(ended.err).toContain(words)
})
