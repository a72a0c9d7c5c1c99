/** `agoragym host` as it is typed: who sits where, what is read from files, and what is wrong in one line. */
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout } from 'node:timers/promises'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { run } from '../../cli.ts'
import { parseAsked, readFilled } from '../../host/asked.ts'
import { readMetadata } from '../../rollouts/store.ts'
import { agoragym, capture } from '../commands/console.ts'
import { Person } from './person.ts'

let cwd = ''
beforeAll(() => {
  cwd = mkdtempSync(join(tmpdir(), 'agoragym-host-command-'))
  writeFileSync(join(cwd, 'consent.txt'), 'You may stop at any time.\n')
  writeFileSync(join(cwd, 'fields.json'), '[{"name":"age","label":"Age","type":"number","required":true}]')
  // One of before, which others may read.
  writeFileSync(join(cwd, 'links.csv'), 'old', { mode: 0o644 })
  writeFileSync(join(cwd, 'wrong.json'), '[{"name":"age","label":"Age","type":"choice"}]')
})
afterAll(() => rmSync(cwd, { recursive: true, force: true }))

/** Begins a session in this process; gives its links, and what ends it. */
async function session(line: string) {
  const given = new AbortController()
  const { io, written } = capture({ cwd, signal: given.signal })
  const ended = run(`host ${line} --port 0 --json`.split(' '), io)
  void ended.catch(() => {})
  while (!written().out.includes('\n')) await Promise.race([setTimeout(5), ended])
  const { links, monitor } = JSON.parse(written().out.split('\n')[0]!) as {
    readonly links: readonly { readonly game: number; readonly seat: string; readonly link: string }[]
    readonly monitor: string
  }
  return {
    links,
    monitor,
    written,
    ended,
    async end() {
      given.abort()
      return ended
    },
  }
}

test('without more one person sits in the evaluated seat; what is asked comes from files, and a code ends it', async () => {
  const { links, written, ended, end } = await session(
    'sim_economy --preset short --consent consent.txt --consent-fields fields.json --rate payoff=0.5 --fee 3 --links links.csv --bot bot:passive',
  )
  expect(links.map(({ game, seat }) => [game, seat])).toEqual([[0, 'agent_0']])
  expect(readFileSync(join(cwd, 'links.csv'), 'utf8')).toBe(`game,seat,link\n0,agent_0,${links[0]!.link}\n`)
  if (process.platform !== 'win32') expect(statSync(join(cwd, 'links.csv')).mode & 0o777).toBe(0o600)
  const person = await new Person(links[0]!.link).come()
  expect(person.view!.consent).toEqual({
    text: 'You may stop at any time.\n',
    fields: [{ name: 'age', label: 'Age', type: 'number', required: true }],
  })
  const { result } = await person.play({ fields: { age: 20 } })
  expect(result!.payoff).toBe(`EUR ${(3 + Math.max(0, 0.5 * result!.scores.payoff!)).toFixed(2)}`)
  // The pages are served until they are closed.
  while (!written().err.includes('The games are over')) await setTimeout(5)
  expect((await fetch(links[0]!.link)).status).toBe(200)
  expect(await end()).toBe(0)
  const [folder] = readdirSync(join(cwd, 'runs'))
  expect(readMetadata(join(cwd, 'runs', folder!))).toMatchObject({
    player: 'human',
    player_details: { seated: 'page', replaced_by: 'bot:passive', turn_seconds: null },
    evaluated: ['agent_0'],
    complete: true,
    par: expect.anything(),
  })
  await ended
})

test('several worlds and groups, the evaluated seat first: a link each', async () => {
  const { links, end } = await session('spatial_planning --preset harberger_quick --human 2 --seeds 2 --games 3 --out many')
  expect(links.map(({ game, seat }) => `${game} ${seat}`)).toEqual(
    [0, 1, 2, 3, 4, 5].flatMap(game => [`${game} owner_1`, `${game} developer`]),
  )
  expect(new Set(links.map(({ link }) => link)).size).toBe(12)
  expect(await end()).toBe(1)
})

test.each([
  ['sim_economy --seat agent_0=bot:honest', 'Nobody is a person'],
  ['sim_economy --human 99', '--human: expected 1 to 8'],
  ['sim_economy --human agent_9', "--human: no seat 'agent_9'"],
  ['sim_economy --seat agent_1=human --human agent_1', 'agent_1 is given twice'],
  ['sim_economy --seed 1 --seeds 2', '--seed and --seeds exclude each other'],
  ['sim_economy --bot bot:honset', "Did you mean 'bot:honest'?"],
  ['sim_economy --turn-seconds soon', '--turn-seconds: expected a number from 0'],
  ['sim_economy --rate pay=1', "--rate: no part 'pay' of the score"],
  ['sim_economy --fee 3 --currency euro', '--currency: expected three capital letters'],
  ['sim_economy --consent nowhere.txt', '--consent: cannot read nowhere.txt'],
  ['sim_economy --consent-fields fields.json', 'needs --consent FILE'],
  ['sim_economy --questions wrong.json', 'wrong.json: 0: expected choices with the type choice'],
  ['sim_economy --finish-url javascript:alert(1)', '--finish-url: expected an address'],
  ['sim_economy --host 0.0.0.0', 'lets other machines in'],
  ['sim_economy --port 99999', '--port: expected an integer from 0 to 65535'],
])('%s is told what is wrong', async (line, why) => {
  const { code, err } = await agoragym(`host ${line}`, { cwd, columns: 400 })
  expect([code, err]).toEqual([2, expect.stringContaining(why)])
})

test('a port that is taken is told before anything is begun', async () => {
  const other = createServer().listen(0, '127.0.0.1')
  await new Promise(resolve => other.once('listening', resolve))
  const { port } = other.address() as AddressInfo
  const { code, err } = await agoragym(`host sim_economy --out taken --port ${port}`, { cwd })
  expect([code, err]).toEqual([2, expect.stringContaining(`Port ${port} of 127.0.0.1 cannot be had`)])
  expect(readdirSync(cwd)).not.toContain('taken')
  other.close()
})

test('what is filled in is kept where it fits what is asked', () => {
  const asked = parseAsked(
    '[{"name":"a","label":"A","type":"text","required":true},{"name":"b","label":"B","type":"choice","choices":["x","y"]},{"name":"c","label":"C","type":"checkbox","required":true},{"name":"d","label":"D","type":"number"}]',
    'asked.json',
  )
  expect(readFilled(asked, { a: 'é', b: 'x', c: true, d: 0 })).toEqual({ values: { a: 'é', b: 'x', c: true, d: 0 } })
  expect(readFilled(asked, { a: 'é', b: '', c: true })).toEqual({ values: { a: 'é', c: true } })
  expect(readFilled(asked, { b: 'z', c: false, d: '1' })).toEqual({
    wrong: ['A: is needed.', 'B: expected one of x, y.', 'C: is needed.', 'D: expected a number.'],
  })
  expect(readFilled(asked, { a: 'x'.repeat(4001), c: true, __proto__: 1 })).toEqual({
    wrong: ['A: expected at most 4000 characters.'],
  })
})
