/**
 * A folder of answers, for evaluations that are run again: one file an answer. The key holds the rollout's own key, and with it
 * the repeat, so that repeats never share an answer. Training rollouts do without. Knows no provider.
 */
import { randomBytes } from 'node:crypto'
import { mkdir, readFile, rename, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import type { ModelAnswer } from './model.ts'

export class ResponseCache {
  readonly #folder: string

  constructor(folder: string) {
    this.#folder = folder
  }

  /** The answer kept under this key (64 hex digits); undefined where there is none that can be read. */
  async get(key: string): Promise<ModelAnswer | undefined> {
    try {
      return JSON.parse(await readFile(this.#path(key), 'utf8')) as ModelAnswer
    } catch {
      return undefined
    }
  }

  async put(key: string, answer: ModelAnswer): Promise<void> {
    const path = this.#path(key)
    await mkdir(dirname(path), { recursive: true })
    // Renamed into place, so that a reader never meets half a file.
    const half = `${path}.${randomBytes(6).toString('hex')}`
    await writeFile(half, JSON.stringify(answer))
    await rename(half, path)
  }

  #path(key: string): string {
    return join(this.#folder, key.slice(0, 2), `${key}.json`)
  }
}
