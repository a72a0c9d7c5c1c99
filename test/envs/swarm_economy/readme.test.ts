/** The README's table of profiles is the profiles. */
import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { PROFILE_NAMES, PROFILES } from '../../../envs/swarm_economy/config.ts'

test('the table of profiles says what the code does', () => {
  const text = readFileSync(new URL('../../../envs/swarm_economy/README.md', import.meta.url), 'utf8')
  const [, written] = /<!-- profiles -->\n([\s\S]*?)\n<!-- \/profiles -->/.exec(text)!
  const value = (of: unknown): string => (of === null ? 'drawn' : String(of))
  const row = (cells: readonly string[]): string => `| ${cells.join(' | ')} |`
  const options = Object.keys(PROFILES['v0.1']) as (keyof (typeof PROFILES)['v0.1'])[]
  expect(written!.split('\n')).toEqual([
    row(['option', ...PROFILE_NAMES.map(name => `\`${name}\``)]),
    `|${'---|'.repeat(PROFILE_NAMES.length + 1)}`,
    ...options.map(option => row([`\`${option}\``, ...PROFILE_NAMES.map(name => value(PROFILES[name][option]))])),
  ])
})
