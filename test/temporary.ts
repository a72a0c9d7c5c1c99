/** One folder for all that tests and what they run leave for a while; it is removed with the last of them, whatever forgot to. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { basename, join } from 'node:path'

const NAME = 'agoragym-tests-'

/** Called once for each project of the configuration: the first makes the folder. */
export default function setup(): undefined | (() => void) {
  if (basename(tmpdir()).startsWith(NAME)) return undefined
  const { TMPDIR: before } = process.env
  const folder = mkdtempSync(join(tmpdir(), NAME))
  process.env.TMPDIR = folder
  return () => {
    if (before === undefined) delete process.env.TMPDIR
    else process.env.TMPDIR = before
    rmSync(folder, { recursive: true, force: true, maxRetries: 5 })
  }
}
