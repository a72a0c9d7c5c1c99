/**
 * Finds the program `otree`: what the environment variable OTREE names, or the one on the path; else an environment of Python is made
 * in node_modules/ with what requirements.txt pins.
 */
import { execFileSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { OTREE } from './servers.ts'

export default function setup(): void {
  process.env.OTREE = OTREE ?? made()
}

function made(): string {
  const venv = resolve('node_modules', '.otree')
  const otree = join(venv, 'bin', 'otree')
  if (!existsSync(otree)) {
    execFileSync('python3', ['-m', 'venv', venv], { stdio: 'inherit' })
    const pip = ['-m', 'pip', 'install', '-q', '--disable-pip-version-check', '-r', join(import.meta.dirname, 'requirements.txt')]
    execFileSync(join(venv, 'bin', 'python'), pip, { stdio: 'inherit' })
  }
  return otree
}
