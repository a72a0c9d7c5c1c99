/** The program `sim-engine` as its users run it: compiled, in a process of its own, told by its environment. */
import { type ChildProcess, spawn } from 'node:child_process'

export interface Running {
  readonly process: ChildProcess
  /** The first line it prints; rejected with what it says where it ends instead. */
  readonly ready: Promise<string>
  /** Its exit code, or the signal that ended it, with what it wrote to standard error. */
  readonly ended: Promise<{ code: number | null; signal: string | null; err: string }>
}

export function startProgram(path: string, env: Readonly<Record<string, string>>): Running {
  const child = spawn(process.execPath, [path], { env: { PATH: process.env.PATH, ...env } })
  let err = ''
  child.stderr.on('data', chunk => {
    err += String(chunk)
  })
  const ended: Running['ended'] = new Promise(resolve => {
    child.on('close', (code, signal) => resolve({ code, signal, err }))
  })
  const ready = new Promise<string>((resolve, reject) => {
    child.stdout.once('data', chunk => resolve(String(chunk).trim()))
    ended.then(({ err }) => reject(new Error(err)))
  })
  ready.catch(() => {})
  return { process: child, ready, ended }
}
