/** A program run as a process of its own: what it says and how it ends. */
import { type SpawnOptions, spawn } from 'node:child_process'

/** How a process ended. */
export interface Ended {
  readonly code: number | null
  readonly signal: string | null
  readonly out: string
  readonly err: string
}

/** Starts Node with these words. */
export function startNode(words: readonly string[], options: SpawnOptions) {
  const child = spawn(process.execPath, words, options)
  let out = ''
  let err = ''
  child.stdout?.on('data', data => (out += data))
  child.stderr?.on('data', data => (err += data))
  const ended = new Promise<Ended>(resolve => child.on('close', (code, signal) => resolve({ code, signal, out, err })))
  return { child, ended, told: () => out + err }
}
