/**
 * The same game on every supported version of Node, to the last bit: whole games of every preset with their scores and metrics, and
 * the committed playthroughs. The versions come as npm packages that hold the program alone.
 */
import { execFileSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'

/** The oldest that is supported, the oldest that runs TypeScript as it is, and the line after it. */
const VERSIONS = ['20.19.0', '22.18.0', '24.21.0'] as const
const ROOT = join(import.meta.dirname, '..', '..')

let folder: string
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'agoragym-node-'))
})
afterAll(() => rmSync(folder, { recursive: true, force: true }), 120_000)

/** Installs a version and gives the path of its program. */
function nodeOf(version: string): string {
  const name = `node-${process.platform}-${process.arch}`
  const prefix = join(folder, version)
  const flags = ['--no-save', '--no-audit', '--no-fund', '--ignore-scripts', '--prefix', prefix]
  execFileSync('npm', ['install', ...flags, `${name}@${version}`], { stdio: 'pipe' })
  const node = join(prefix, 'node_modules', name, 'bin', 'node')
  expect(execFileSync(node, ['--version'], { encoding: 'utf8' }).trim()).toBe(`v${version}`)
  return node
}

test('plays every preset alike on Node 20, 22 and 24, and as the committed playthroughs say', () => {
  const played = VERSIONS.map(version => {
    const node = nodeOf(version)
    const games = JSON.parse(execFileSync(node, [join(ROOT, 'test', 'full_size', 'digests.mjs')], { encoding: 'utf8' }))
    // Fails where a playthrough differs.
    execFileSync(node, [join(ROOT, 'node_modules', 'vitest', 'vitest.mjs'), 'run', 'test/golden.test.ts'], {
      cwd: ROOT,
      stdio: 'pipe',
    })
    return games as Record<string, string>
  })
  expect(Object.keys(played[0]!).length).toBeGreaterThan(20)
  for (const games of played.slice(1)) expect(games).toEqual(played[0])
})
