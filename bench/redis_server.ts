/** A Redis of one's own on loopback, at a port that the system gives: for benchmarks and tests. Knows nothing of queues. */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Redis } from 'ioredis'

export interface OwnRedis {
  readonly url: string
  readonly client: Redis
  /** Ends it and starts it again at the same place, with what it kept; `away` milliseconds lie between. */
  restart(signal?: NodeJS.Signals, away?: number): Promise<void>
  /** Commands that it has carried out, this question included. */
  commands(): Promise<number>
  stop(): Promise<void>
}

/** Whether there is one to start. */
export function hasRedis(): boolean {
  return spawnSync('redis-server', ['--version']).status === 0
}

function freePort(): Promise<number> {
  return new Promise(resolve => {
    const server = createServer().listen(0, '127.0.0.1', () => {
      const { port } = server.address() as { port: number }
      server.close(() => resolve(port))
    })
  })
}

export async function startRedis({ password }: { readonly password?: string } = {}): Promise<OwnRedis> {
  const { Redis } = await import('ioredis')
  const folder = mkdtempSync(join(tmpdir(), 'agoragym-redis-'))
  const port = await freePort()
  const words = ['--port', String(port), '--bind', '127.0.0.1', '--dir', folder, '--appendonly', 'yes', '--save', '']
  if (password !== undefined) words.push('--requirepass', password)
  const start = (): ChildProcess => spawn('redis-server', words, { stdio: 'ignore' })
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
