/** Runs in the format that they had before it had a version: what stands in their files can be edited as text. */
import { cpSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { writeOlder } from '../../bench/older_files.ts'

/** Writes the files of a run as they were, in its own folder; gives the folder. */
export function asOlder(run: string): string {
  const apart = mkdtempSync(join(tmpdir(), 'agoragym-older-'))
  writeOlder(run, apart)
  for (const name of ['rollouts.jsonl', 'figures.jsonl', 'shared.jsonl', 'checkpoint.json', 'calls.jsonl'])
    rmSync(join(run, name), { force: true })
  cpSync(apart, run, { recursive: true })
  rmSync(apart, { recursive: true })
  return run
}
