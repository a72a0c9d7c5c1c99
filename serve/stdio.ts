/** The wire over a pair of pipes: a line a request, a line an answer and the buffers it lists. Knows no operation. */
import type { Readable, Writable } from 'node:stream'
import type { Host } from './host.ts'
import { Connection, type Frame } from './wire.ts'

export interface StdioOptions {
  readonly input: Readable
  readonly output: Writable
  /** Told what was a bug of ours. */
  readonly fault?: (error: unknown) => void
  /** Bytes of one request at most; 16 MiB by default. */
  readonly maxRequest?: number
  /** Ends the service, as the end of the input does. */
  readonly signal?: AbortSignal
}

/**
 * Serves one client until its end of the pipes is gone or the signal says so. Nothing is thrown where nobody reads: whoever started this
 * process has died, and it ends quietly.
 */
export function serveStdio(host: Host, { input, output, fault, maxRequest = 16 << 20, signal }: StdioOptions): Promise<void> {
  const connection = new Connection(host, fault)
  return new Promise<void>(resolve => {
    let parts: Buffer[] = []
    let length = 0
    let ended = false
    let full = false
    const end = (): void => {
      if (ended) return
      ended = true
      input.off('data', take)
      input.pause()
      signal?.removeEventListener('abort', end)
      connection.closed()
      resolve()
    }
    const send = (frames: readonly Frame[]): void => {
      if (ended) return
      let room = true
      for (const frame of frames) room = output.write(typeof frame === 'string' ? `${frame}\n` : frame)
      if (room || full) return
      // What is asked meanwhile waits in the pipe, not in our memory.
      full = true
      input.pause()
      output.once('drain', () => {
        full = false
        if (!ended) input.resume()
      })
    }
    const line = (bytes: Buffer): void => {
      const text = bytes.toString('utf8').trim()
      if (text === '') return
      const frames = connection.receive(text)
      if (frames instanceof Promise) void frames.then(send)
      else send(frames)
    }
    const take = (chunk: Buffer): void => {
      let from = 0
      for (let at = chunk.indexOf(10); at !== -1 && !ended; at = chunk.indexOf(10, from)) {
        const rest = chunk.subarray(from, at)
        from = at + 1
        length += rest.length
        if (length > maxRequest) send(connection.tooLarge(maxRequest))
        else line(parts.length === 0 ? rest : Buffer.concat([...parts, rest]))
        parts = []
        length = 0
      }
      const rest = chunk.subarray(from)
      length += rest.length
      // Of a request that is too large nothing is kept but its length.
      if (length <= maxRequest) parts.push(rest)
      else parts = []
    }
    output.on('error', end)
    input.on('error', end)
    input.on('end', end)
    input.on('close', end)
    input.on('data', take)
    if (signal?.aborted) end()
    signal?.addEventListener('abort', end, { once: true })
  })
}
