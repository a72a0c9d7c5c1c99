/** Every economy by one thread, by four workers, and in sixteen shards that are made one: the same tables, the same files but for times. */
import { spawn } from 'node:child_process'
import { mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { economies } from '../../index.ts'
import { readMetadata, readResults, readSteps, readTraces } from '../../rollouts/store.ts'

const PROGRAM = join(import.meta.dirname, '..', '..', 'dist', 'bin', 'agoragym.js')
const SHARDS = 16

let cwd: string
beforeAll(() => {
  cwd = mkdtempSync(join(tmpdir(), 'agoragym-parts-'))
})
afterAll(() => rmSync(cwd, { recursive: true, force: true }))

/** Runs a command line to its end, and gives what it printed. */
async function agoragym(line: string): Promise<string> {
  const child = spawn(process.execPath, [PROGRAM, ...line.split(' ')], { cwd })
  let [out, err] = ['', '']
  child.stdout.on('data', data => (out += data))
  child.stderr.on('data', data => (err += data))
  const code = await new Promise(resolve => child.on('close', resolve))
  expect([line, code, code === 0 ? '' : err]).toEqual([line, 0, ''])
  return out
}

/** Fields that the clock has a part in. */
const TIMES = new Set(['time', 'timing', 'started', 'updated', 'start', 'end', 'duration'])
const told = (value: unknown): string => JSON.stringify(value, (name, inner) => (TIMES.has(name) ? 0 : inner))

/** All that the runs in a folder say but for times, in the order in which it stands there. */
const held = (folder: string) =>
  readdirSync(join(cwd, folder))
    .sort()
    .map(name => {
      const run = join(cwd, folder, name)
      return {
        name,
        metadata: told(readMetadata(run)),
        results: [...readResults(run)].map(told),
        traces: [...readTraces(run)].map(told),
        steps: [...readSteps(run)].map(row => JSON.stringify(row)),
      }
    })

test.each(economies.list().map(({ env }) => env.id))('%s', async id => {
  const play = `rollouts ${id} --player random,bot:honest --seeds 12 --group-size 2`
  await agoragym(`${play} --out ${id}/plain`)
  await agoragym(`${play} --out ${id}/threads --workers 4`)
  for (let i = 1; i <= SHARDS; i += 4)
    await Promise.all(
      [0, 1, 2, 3].map(j => agoragym(`${play} --out ${id}/parts --shard ${i + j}/${SHARDS} --workers ${1 + (j % 2)}`)),
    )
  await agoragym(`merge ${id}/whole ${id}/parts`)
  const plain = held(`${id}/plain`)
  expect(plain.map(({ steps }) => steps.length)).toEqual([24, 24])
  expect(held(`${id}/threads`)).toEqual(plain)
  expect(held(`${id}/whole`)).toEqual(plain)
  const table = await agoragym(`compare ${id}/plain --all`)
  for (const folder of ['threads', 'whole', 'parts']) expect(await agoragym(`compare ${id}/${folder} --all`)).toBe(table)
  await agoragym(`replay ${id}/whole`)
})
