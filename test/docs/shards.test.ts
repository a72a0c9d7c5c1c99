/** The templates for clusters, as far as they can be checked without one: they parse, and their command lines play their part. */
import { execFileSync } from 'node:child_process'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { agoragym } from '../commands/console.ts'
import { scratch } from '../rollouts/table.ts'

const PAGE = readFileSync(join(import.meta.dirname, '..', '..', 'docs', 'shards.md'), 'utf8')

/** The first block of that language. */
function block(language: string): string {
  const found = new RegExp(`^\`\`\`${language}\\b.*\\n([\\s\\S]*?)^\`\`\`$`, 'm').exec(PAGE)?.[1]
  if (found === undefined) throw new Error(`docs/shards.md has no block of ${language}`)
  return found
}

/** The part that a template's words play, of a smaller experiment. */
async function played(words: readonly string[], env: Readonly<Record<string, string>>): Promise<string[]> {
  const cwd = scratch()
  const line = words
    .join(' ')
    .replace(/--seeds[= ]\d+/, '--seeds 2 --set horizon_turns=2')
    .replace(/--out[= ]\S+/, '--out runs')
    .replace(/--workers[= ]\S+/, '--workers 1')
  expect((await agoragym(line, { cwd, env })).code).toBe(0)
  return readdirSync(join(cwd, 'runs'))
}

test('the SLURM script is a shell script, and its command plays the part that the array names', async () => {
  const script = block('bash')
  execFileSync('bash', ['-n'], { input: script })
  const [, command] = /^node_modules\/\.bin\/agoragym ((?:.*\\\n)*.*) &$/m.exec(script) ?? []
  const words = command!.replaceAll('\\\n', ' ').split(/\s+/)
  expect(await played(words, { SLURM_ARRAY_TASK_ID: '3' })).toEqual(['shard-03-of-16'])
})

test('the Kubernetes job names as many completions as parts, and its command plays the part that its index names', async () => {
  const job = block('yaml')
  const [, list] = /^ +command:\n((?: +- .*\n)+)/m.exec(job) ?? []
  const [program, ...words] = list!
    .trim()
    .split('\n')
    .map(line => line.trim().slice(2))
  expect([program, /completions: (\d+)/.exec(job)![1]]).toEqual(['agoragym', '16'])
  expect(await played(words, { JOB_COMPLETION_INDEX: '0' })).toEqual(['shard-01-of-16'])
})
