/** Personas by name and by file. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { parsePersonas, readPersona, shippedPersonas } from '../../../rollouts/models/personas.ts'

test('the shipped personas can be read, differ, and speak to the player', () => {
  const personas = shippedPersonas().map(readPersona)
  expect(personas.map(({ name }) => name)).toEqual(['cautious', 'cooperative', 'exploiter', 'naive', 'vengeful'])
  expect(new Set(personas.map(({ digest }) => digest)).size).toBe(personas.length)
  for (const { text } of personas) expect(text).toMatch(/\b[Yy]ou\b/)
})

test('a seat may have a persona of its own', () => {
  const { all, seats } = parsePersonas(['naive', 'agent_2=exploiter'])
  expect([all?.name, seats.agent_2?.name]).toEqual(['naive', 'exploiter'])
})

test('an unknown name is told the nearest, a missing file its path', () => {
  expect(() => parsePersonas(['exploter'])).toThrow("No persona 'exploter'. Personas: cautious,")
  expect(() => parsePersonas(['exploter'])).toThrow("Did you mean 'exploiter'?")
  expect(() => parsePersonas(['./no/such.md'])).toThrow('Persona ./no/such.md: ENOENT')
})

test('a file is named by its own name and which text it held, and must hold one', () => {
  const folder = mkdtempSync(join(tmpdir(), 'agoragym-'))
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }))
  const written = (name: string, text: string) => {
    const path = join(folder, name)
    writeFileSync(path, text)
    return path
  }
  const mine = readPersona(written('mine.md', '\n Be odd.\n\n'))
  expect(mine.text).toBe('Be odd.')
  expect(mine.name).toBe(`mine.md#${mine.digest.slice(0, 8)}`)
  expect(mine.digest).toMatch(/^[0-9a-f]{64}$/)
  expect(readPersona(written('other.md', 'Be even.')).digest).not.toBe(mine.digest)
  expect(readPersona(written(`${'x'.repeat(40)}.md`, 'Be odd.')).name).toBe(`${'x'.repeat(24)}#${mine.digest.slice(0, 8)}`)
  expect(() => readPersona(written('empty.md', ' \n'))).toThrow(/Persona .*empty\.md: the file is empty\./)
  expect(() => readPersona(written('long.md', 'x'.repeat(2 ** 20 + 1)))).toThrow(/Persona .*long\.md: /)
  // Whatever has a dot or a slash is a path, whatever is a word is none.
  expect(() => readPersona('naive.md')).toThrow('Persona naive.md: ENOENT')
  expect(() => readPersona('no-such_one')).toThrow("No persona 'no-such_one'")
  const { all, seats } = parsePersonas([`a_1=${join(folder, 'mine.md')}`, 'naive', `${join(folder, 'other.md')}`])
  expect([all!.text, Object.keys(seats), seats.a_1!.text]).toEqual(['Be even.', ['a_1'], 'Be odd.'])
  expect(parsePersonas([])).toStrictEqual({ seats: {} })
})
