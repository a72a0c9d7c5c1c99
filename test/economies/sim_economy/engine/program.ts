/** The program `sim-engine` as its users run it: compiled, in a process of its own, told by its environment. */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync, symlinkSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'

/** A fresh build in a folder of its own, so that nothing stale is tested. */
export function buildProgram(): { path: string; remove(): void } {
  const folder = mkdtempSync(join(tmpdir(), 'sim-engine-build-'))
  const tsc = join('node_modules', 'typescript', 'bin', 'tsc')
  const built = spawnSync(process.execPath, [tsc, '-p', 'tsconfig.build.json', '--outDir', folder, '--declaration', 'false'])
  if (built.status !== 0) throw new Error(String(built.stdout))
  symlinkSync(resolve('node_modules'), join(folder, 'node_modules'))
  // The nearest package.json says that the files are modules.
  symlinkSync(resolve('package.json'), join(folder, 'package.json'))
  return { path: join(folder, 'bin', 'sim-engine.js'), remove: () => rmSync(folder, { recursive: true }) }
}

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
