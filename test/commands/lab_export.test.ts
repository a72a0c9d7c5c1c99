/** `agoragym lab-export`: from runs and records to files, and what it says of wrong paths. */
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { playSession } from '../../bots/spatial_planning/play.ts'
import { recordOf } from '../../economies/spatial_planning/lab/record.ts'
import { sessionOf } from '../../envs/spatial_planning/session.ts'
import { agoragym } from './console.ts'

let cwd = ''
beforeAll(async () => {
  cwd = mkdtempSync(join(tmpdir(), 'lab-'))
  const fast = '--set ticks=1 --set rounds=1'
  const played = await agoragym(`eval spatial_planning --players bot:honest,bot:deceptive --seeds 1 ${fast}`, { cwd })
  expect(played).toMatchObject({ code: 0 })
  await agoragym('eval sim_economy --players bot:honest --seeds 1 --set horizon_turns=3 --out other', { cwd })
})
afterAll(() => rmSync(cwd, { recursive: true, force: true }))

describe('runs', () => {
  test('every session of the runs is written, each under its own name', async () => {
    const { code, out } = await agoragym('lab-export --out lab', { cwd })
    expect([code, out]).toEqual([0, '2 sessions, 18 files in lab\n'])
    const files = readdirSync(join(cwd, 'lab'))
    expect(files).toHaveLength(18)
    expect(files.filter(name => name.endsWith('.analysis.csv'))).toHaveLength(2)
    const agents = files.filter(name => name.endsWith('.agents.csv')).map(name => readFileSync(join(cwd, 'lab', name), 'utf8'))
    expect(agents.map(text => /Developer,developer,(bot:\w+)/.exec(text)?.[1]).sort()).toEqual(['bot:deceptive', 'bot:honest'])
  })
  test('one document for machines', async () => {
    const { out } = await agoragym('lab-export runs --out lab --json', { cwd })
    expect(JSON.parse(out).sessions).toHaveLength(2)
  })
  test('runs of other economies have no such sessions', async () => {
    expect(await agoragym('lab-export other --out lab', { cwd })).toMatchObject({
      code: 2,
      err: expect.stringContaining('No session of spatial_planning in other'),
    })
  })
})

describe('records of the laboratory', () => {
  test('are tabulated and measured under the name of their file', async () => {
    const { log } = playSession({ treatment: 'voting', session: 5, rounds: 1 }, 0, () => 'honest')
    writeFileSync(join(cwd, '14.log.json'), JSON.stringify(recordOf(sessionOf(log))))
    expect(await agoragym('lab-export 14.log.json --out people', { cwd })).toMatchObject({
      code: 0,
      out: '1 session, 6 files in people\n',
    })
    expect(readdirSync(join(cwd, 'people')).sort()).toEqual(
      ['analysis.csv', 'data.json', 'game-chat.round-1.csv', 'log.json', 'measures.csv', 'seats.csv'].map(name => `14.${name}`),
    )
    expect(readFileSync(join(cwd, 'people', '14.analysis.csv'), 'utf8')).toContain('\n14,5,1,1,Owner 1,3,Voting,')
  })
  test('that say otherwise than the rules are told line by line and not written, unless --lenient', async () => {
    const fixture = fileURLToPath(new URL('../fixtures/ibex/hp.log.json', import.meta.url))
    expect(await agoragym(`lab-export ${fixture} --out agreeing`, { cwd })).toMatchObject({ code: 0, err: '' })
    const record = JSON.parse(readFileSync(fixture, 'utf8'))
    for (const { sent } of record['server-log']) if (sent.type === 'reward' && sent.data.number === 7) sent.data.reward = 29.71
    writeFileSync(join(cwd, 'other.log.json'), JSON.stringify(record))
    const refused = await agoragym('lab-export other.log.json --out strict', { cwd })
    expect(refused.code).toBe(1)
    expect(refused.err.split('\n').slice(0, 2)).toEqual([
      'other: payment of Speculator 1, reward: 29.71 in the record, 29.68 by the rules',
      'other: not written, since the record says otherwise than the rules in 1 place; --lenient writes what the rules make of it.',
    ])
    expect(existsSync(join(cwd, 'strict'))).toBe(false)
    const lenient = await agoragym('lab-export other.log.json --out lenient --lenient', { cwd })
    expect([lenient.code, lenient.err]).toEqual([0, `${refused.err.split('\n')[0]}\n`])
    expect(readFileSync(join(cwd, 'lenient', 'other.data.json'), 'utf8')).toContain('"reward":29.68')
  })
  test('what is none is told in one line', async () => {
    writeFileSync(join(cwd, 'broken.json'), '{')
    expect(await agoragym('lab-export broken.json --out x', { cwd })).toMatchObject({
      code: 2,
      err: expect.stringContaining('broken.json is no JSON'),
    })
    writeFileSync(join(cwd, 'empty.json'), '{}')
    expect(await agoragym('lab-export empty.json --out x', { cwd })).toMatchObject({
      code: 2,
      err: expect.stringContaining('No record of the laboratory'),
    })
  })
})

test.each([
  ['lab-export runs', '--out is missing'],
  ['lab-export nowhere --out x', 'No file or folder nowhere'],
])('%s: one line, exit code 2', async (line, expected) => {
  expect(await agoragym(line, { cwd })).toMatchObject({ code: 2, err: expect.stringContaining(expected) })
})

test('a place that cannot be written is told in one line, exit code 1', async () => {
  writeFileSync(join(cwd, 'file'), '')
  const { code, err } = await agoragym('lab-export runs --out file/lab', { cwd })
  expect(code).toBe(1)
  expect(err.trim().split('\n')).toHaveLength(1)
})
