/** A real Redis for tests: on loopback, at a port that the system gives, in a folder of its own. */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Redis } from 'ioredis'

/** Whether there is one to start. */
export const HAS_REDIS = spawnSync('redis-server', ['--version']).status === 0
if (!HAS_REDIS)
  console.warn('skipped: no redis-server in the PATH, so nothing of the queue is tried (Debian: apt-get install redis-server)')

export interface TestRedis {
  readonly url: string
  readonly client: Redis
  /** Ends it and starts it again at the same place, with what it kept; `away` milliseconds lie between. */
  restart(signal?: NodeJS.Signals, away?: number): Promise<void>
  /** Commands that it has carried out. */
  commands(): Promise<number>
  stop(): Promise<void>
}

function freePort(): Promise<number> {
  return new Promise(resolve => {
    const server = createServer().listen(0, '127.0.0.1', () => {
      const { port } = server.address() as { port: number }
      server.close(() => resolve(port))
    })
  })
}

export async function startRedis({ password }: { readonly password?: string } = {}): Promise<TestRedis> {
  const folder = mkdtempSync(join(tmpdir(), 'agoragym-redis-'))
  const port = await freePort()
  const words = [
    '--port',
    port,
    '--bind',
    '127.0.0.1',
    '--dir',
    folder,
    '--appendonly',
    'yes',
    '--save',
    '',
    '--enable-debug-command',
    'local',
  ]
  if (password !== undefined) words.push('--requirepass', password)
  const start = (): ChildProcess => spawn('redis-server', words.map(String), { stdio: 'ignore' })
  let child = start()
  const client = new Redis(port, '127.0.0.1', {
    maxRetriesPerRequest: null,
    retryStrategy: () => 20,
    ...(password !== undefined && { password }),
  })
  client.on('error', () => {})
  await client.ping()
  const end = (signal: NodeJS.Signals): Promise<void> =>
    new Promise(resolve => {
      child.once('exit', () => resolve())
      child.kill(signal)
    })
  return {
    url: `redis://${password === undefined ? '' : `:${password}@`}127.0.0.1:${port}`,
    client,
    restart: async (signal = 'SIGTERM', away = 0) => {
      await end(signal)
      await new Promise(resolve => setTimeout(resolve, away))
      child = start()
      await client.ping()
    },
    commands: async () => Number(/total_commands_processed:(\d+)/.exec(await client.info('stats'))![1]),
    stop: async () => {
      client.disconnect()
      await end('SIGKILL')
      rmSync(folder, { recursive: true, force: true })
    },
  }
}
