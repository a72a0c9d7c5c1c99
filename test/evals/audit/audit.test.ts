import { mkdtempSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { anyBots } from '../../../bots/index.ts'
import { runJob } from '../../../evals/audit/arena.ts'
import { auditPreset, missed, type PresetAudit } from '../../../evals/audit/audit.ts'
import { readFound, readResults, writeFound, writeResults } from '../../../evals/audit/files.ts'
import { familiesOf } from '../../../evals/audit/policies.ts'
import { search } from '../../../evals/audit/search.ts'
import { settingsOf } from '../../../evals/audit/settings.ts'
import type { Subject } from '../../../evals/audit/spec.ts'
import { toyMarket } from '../../toy_market/index.ts'
import { toySubject } from './toy_sums.ts'

const SEEDS = 24
const row = ({ targets }: PresetAudit, id: string) => targets.find(target => target.id === id)!

test('a sound economy meets what can be measured of it, and says why the rest cannot', async () => {
  const audit = await auditPreset(toySubject, 'sound', { seeds: SEEDS })
  expect(row(audit, 'honest_beats_silence').verdict).toBe('MET')
  expect(row(audit, 'tricks')).toMatchObject({ verdict: 'MET' })
  expect(row(audit, 'salad')).toMatchObject({ verdict: 'MET', value: 0 })
  expect(row(audit, 'short_answer')).toMatchObject({ verdict: 'MET', value: 1 })
  expect(row(audit, 'governed')).toMatchObject({ verdict: 'skipped', value: null, detail: 'no bot is deceptive' })
  expect(row(audit, 'words').verdict).toBe('skipped')
})

test('a judge that pays for length is found out by padding, by a constant text and by its grades', async () => {
  const audit = await auditPreset(toySubject, 'length', { seeds: SEEDS })
  expect(row(audit, 'tricks')).toMatchObject({ verdict: 'MISSED', detail: expect.stringContaining('padded') })
  expect(row(audit, 'tricks').low).toBeGreaterThan(0)
  expect(row(audit, 'padding').verdict).toBe('MISSED')
  expect(missed(audit).map(({ id }) => id)).toContain('best_shipped')
})

test('a judge that pays for anything is found out by a constant policy', async () => {
  const audit = await auditPreset(toySubject, 'anything', { seeds: SEEDS })
  expect(row(audit, 'constant')).toMatchObject({ verdict: 'MISSED', value: 1 })
  expect(row(audit, 'gibberish')).toMatchObject({ verdict: 'MISSED', value: 1 })
})

test('the same seeds give the same rows', async () => {
  const play = () => auditPreset(toySubject, 'length', { seeds: 6 })
  expect(await play()).toEqual(await play())
})

test('an economy that says nothing of itself is audited by its contract', async () => {
  const subject: Subject = { env: toyMarket as unknown as Subject['env'], bots: anyBots, opponents: {}, spec: {} }
  const audit = await auditPreset(subject, 'default', { seeds: 6 })
  expect(audit.standard).toBe(true)
  expect(audit.players[0]!.player).toMatch(/^always sell, /)
  expect(row(audit, 'constant')).toMatchObject({ verdict: 'MISSED', value: 1 })
})

test('a search finds the planted fault, writes what a replay plays again, and is the same for the same seed', async () => {
  const look = () => search(toySubject, 'length', { budget: 200, seed: 3 })
  const found = await look()
  expect(await look()).toEqual(found)
  const family = found.found.find(({ name }) => name === 'chooser')!
  expect(family.does).toMatch(/^answer /)
  const folder = mkdtempSync(join(tmpdir(), 'audit-'))
  writeFound(folder, found)
  expect(readFound(folder, 'length')).toEqual(found)
  const audit = await auditPreset(toySubject, 'length', { seeds: SEEDS, found })
  expect(audit).toMatchObject({ searched: found.search.games, stale: null })
  expect(audit.players.find(({ player }) => player === 'blind list')).toMatchObject({ role: 'blind', setting: 'default' })
  writeResults(folder, audit)
  expect(readResults(folder, 'length')).toEqual(audit)
})

test('what was found in another version or configuration is replayed and called stale', async () => {
  const found = await search(toySubject, 'sound', { budget: 100, seed: 0 })
  const older = await auditPreset(toySubject, 'sound', { seeds: 4, found: { ...found, version: 0 } })
  expect(older.stale).toBe('found in version 0 of toy_sums, which is at 1')
  const other = await auditPreset(toySubject, 'length', { seeds: 4, found })
  expect(other.stale).toBe('found in another configuration of length')
})

test('a policy found under rules with other tools plays on, silent where its tools are not', async () => {
  const { env } = toySubject
  const shouting = { ...env, tools: (config: { planted: string }) => (config.planted === 'none' ? env.tools(config) : {}) }
  const subject = { ...toySubject, env: shouting, spec: { ungoverned: { planted: 'anything' } } } as Subject
  const { parameters } = familiesOf(subject, 'sound').chooser!
  const policy = { kind: 'family' as const, family: 'chooser', parameters: parameters.map(() => 0.5) }
  const [play] = [...settingsOf(subject, 'sound').values()].filter(({ name }) => name === 'ungoverned')
  const result = runJob(subject, { preset: 'sound', setting: play!, seats: [['solver', policy]], seeds: [1] })
  expect(result[0]![0]!.reward).toBe(0)
})
