/** Runs in the format that they had before it had a version: what stands in their files can be edited as text. */
import { readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { readCalls, readResults, readSteps, readTraces } from '../../rollouts/store.ts'

const lines = (rows: Iterable<object>): string => [...rows].map(row => `${JSON.stringify(row)}\n`).join('')

/** Writes the files of a run as they were, in its own folder; gives the folder. */
export function asOlder(run: string): string {
  const files = {
    'results.jsonl': lines(readResults(run)),
    'traces.jsonl': lines(readTraces(run)),
    'steps.jsonl': lines(readSteps(run)),
    'calls.jsonl': lines(readCalls(run)),
  }
  for (const name of ['rollouts.jsonl', 'figures.jsonl', 'shared.jsonl', 'checkpoint.json', 'calls.jsonl'])
    rmSync(join(run, name), { force: true })
  for (const [name, text] of Object.entries(files)) if (text !== '') writeFileSync(join(run, name), text)
  const path = join(run, 'metadata.json')
  const { format: _, ...metadata } = JSON.parse(readFileSync(path, 'utf8'))
  writeFileSync(path, `${JSON.stringify(metadata, null, 2)}\n`)
  return run
}
