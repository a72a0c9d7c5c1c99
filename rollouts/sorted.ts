/**
 * Sorting more lines than memory should hold: sorted in pieces that lie in files, then merged. Knows no rows.
 */
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { refused } from './disk.ts'
import { lines } from './jsonl.ts'

/** Lines held at most; a few MB of the short ones that an index has. */
const HELD = 25_000

/** A whole number ≥ 0 that sorts as text; up to 36¹¹ (10¹⁷). */
export const sortable = (value: number): string => value.toString(36).padStart(11, '0')

export class SortedLines {
  readonly #folder: string
  readonly #most: number
  readonly #pieces: string[] = []
  #held: string[] = []

  /** `folder` exists, is this object's own, and is removed by whoever made it. */
  constructor(folder: string, most = HELD) {
    this.#folder = folder
    this.#most = most
  }

  /** Adds a line, given without a line end. */
  add(line: string): void {
    this.#held.push(line)
    if (this.#held.length === this.#most) this.#spill()
  }

  /** All lines in the order of their code units. Nothing can be added any more. */
  *inOrder(): Generator<string> {
    const sources = [this.#held.sort().values(), ...this.#pieces.map(texts)]
    const heads = sources.flatMap(source => {
      const { value, done } = source.next()
      return done ? [] : [{ line: value, source }]
    })
    // The piece that gave the last line often gives the next, too; there are few pieces, so the least is looked for.
    while (heads.length > 0) {
      let least = 0
      for (let i = 1; i < heads.length; i++) if (heads[i]!.line < heads[least]!.line) least = i
      const head = heads[least]!
      yield head.line
      const { value, done } = head.source.next()
      if (done) heads.splice(least, 1)
      else head.line = value
    }
  }

  #spill(): void {
    const path = join(this.#folder, `sorted-${this.#pieces.length}`)
    try {
      writeFileSync(path, `${this.#held.sort().join('\n')}\n`)
    } catch (error) {
      throw refused(path, error)
    }
    this.#pieces.push(path)
    this.#held = []
  }
}

function* texts(path: string): Generator<string, undefined> {
  for (const { bytes } of lines(path)) yield bytes.toString()
}
