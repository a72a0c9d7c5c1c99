/** A run in the files that it had before the format had a version: every row as it is, which is what the present ones are measured by. */
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { makeFolder } from '../rollouts/disk.ts'
import { callLine } from '../rollouts/lines.ts'
import { readCalls, readMetadata, readResults, readSteps, readTraces } from '../rollouts/store.ts'

const text = (lines: Iterable<string>): string => [...lines].map(line => `${line}\n`).join('')
const rows = (found: Iterable<object>): string => text([...found].map(row => JSON.stringify(row)))

/** Writes the rollouts of a run as they were, with its metadata, into another folder; gives the files' bytes in all. */
export function writeOlder(run: string, folder: string): number {
  const files = {
    'results.jsonl': rows(readResults(run)),
    'traces.jsonl': rows(readTraces(run)),
    'steps.jsonl': rows(readSteps(run)),
    'calls.jsonl': text([...readCalls(run)].map(callLine)),
  }
  makeFolder(folder)
  let bytes = 0
  for (const [name, lines] of Object.entries(files)) {
    if (lines === '') continue
    writeFileSync(join(folder, name), lines)
    bytes += Buffer.byteLength(lines)
  }
  const { format: _, ...metadata } = readMetadata(run)!
  writeFileSync(join(folder, 'metadata.json'), `${JSON.stringify(metadata, null, 2)}\n`)
  return bytes
}
