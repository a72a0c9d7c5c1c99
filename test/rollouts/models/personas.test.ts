/** Personas by name and by file. */
import { expect, test } from 'vitest'
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
