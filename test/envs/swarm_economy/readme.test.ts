/** The README's table of profiles is the profiles. */
import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { PROFILE_NAMES, PROFILES } from '../../../envs/swarm_economy/profiles.ts'

test('the table of profiles says what the code does', () => {
  const text = readFileSync(new URL('../../../envs/swarm_economy/README.md', import.meta.url), 'utf8')
  const [, written] = /<!-- profiles -->\n([\s\S]*?)\n<!-- \/profiles -->/.exec(text)!
  const value = (of: unknown): string => (of === undefined ? '–' : of === null ? 'drawn' : String(of))
  const profiles: Readonly<Record<string, Readonly<Record<string, unknown>>>> = PROFILES
  const options = [...new Set([...Object.keys(PROFILES['v0.1']), ...Object.keys(PROFILES.standard)])]
  const [head, rule, ...rows] = written!.split('\n').map(line =>
    line
      .split('|')
      .slice(1, -1)
      .map(cell => cell.trim()),
  )
  expect(rule!.every(cell => /^-+$/.test(cell))).toBe(true)
  expect([head, ...rows]).toEqual([
    ['option', ...PROFILE_NAMES.map(name => `\`${name}\``)],
    ...options.map(option => [`\`${option}\``, ...PROFILE_NAMES.map(name => value(profiles[name]![option]))]),
  ])
})
