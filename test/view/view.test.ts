/** The page over a server: its figures are those of `compare`, it follows a run that is being played, every view has an address, and nothing that a transcript says runs. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { overviewOf } from '../../evals/overview.ts'
import { economies, environments } from '../../index.ts'
import { findRuns } from '../../rollouts/store.ts'
import { type RunningView, startView } from '../../view/server.ts'
import { Watched } from '../../view/watched.ts'
import { agoragym } from '../commands/console.ts'
import { compare, playToy, scripted, seller, sleeper } from '../evals/toy_runs.ts'
import { type Browser, findBrowser } from '../report/browser.ts'
import { rowsIn } from '../report/rows.ts'

const folder = mkdtempSync(join(tmpdir(), 'agoragym-view-'))
const HOSTILE = '<img src=x onerror=alert(1)></script><script>alert(1)</script>'
const hostile = scripted(HOSTILE, () => ({ act: () => ({ calls: [{ tool: HOSTILE, args: { text: HOSTILE } }] }) }))
const globals = [Request, Response]
let running: RunningView

beforeAll(async () => {
  await playToy([seller, sleeper, hostile], { out: folder, seeds: [0, 1, 2] })
  running = await startView({ watched: new Watched([folder], { economies, environments }) })
}, 60_000)
afterAll(async () => {
  await running?.close()
  rmSync(folder, { recursive: true, force: true })
})

const ask = (path: string, init: RequestInit = {}) => fetch(`${running.url}/${path}`, init)
// biome-ignore lint/suspicious/noExplicitAny: answers are read as a page reads them.
const asked = async (path: string): Promise<any> => (await ask(path)).json()

describe('what the server tells', () => {
  test('figures and overview are those of the comparison', async () => {
    // In the order of their names, as the command line finds them.
    const comparison = compare(findRuns(folder))
    const plain = (value: unknown) => JSON.parse(JSON.stringify(value))
    const byText = (figures: unknown[]) => figures.map(figure => JSON.stringify(figure)).sort()
    expect(byText(await asked('data/figures'))).toEqual(byText(plain(comparison.figures)))
    const { verdicts } = overviewOf(comparison)
    expect((await asked('data/overview')).verdicts[0].best.reward).toEqual(plain(verdicts[0]!.best.reward))
  })

  test('a metric of every row, in the order of the rows', async () => {
    const rows = rowsIn(await asked('data/rows'))
    expect(rows).toHaveLength(9)
    expect(Object.keys(rows[0]!).some(name => name.startsWith('metrics.'))).toBe(false)
    expect(new Set(rows.map(({ key }) => key)).size).toBe(9)
    const turns = await asked('data/metric?name=num_turns')
    expect(turns).toEqual(rows.map(row => row.turns))
  })

  test('every seat of a rollout, with the step that each turn begins, and its picture', async () => {
    const { run, key: plain } = rowsIn(await asked('data/rows')).find(({ player }) => player === 'seller')!
    const key = encodeURIComponent(plain!)
    for (const seat of ['trader_0', 'trader_1']) {
      const { seats, messages, steps } = await asked(`transcript?run=${run}&key=${key}&seat=${seat}`)
      expect(seats).toEqual(['trader_0', 'trader_1'])
      const begun = messages.flatMap((message: { step?: number }) => message.step ?? [])
      expect(begun).toEqual(Array.from({ length: steps }, (_, step) => step))
    }
    const svg = await ask(`picture.svg?run=${run}&key=${key}&step=2`)
    expect(svg.headers.get('content-type')).toBe('image/svg+xml')
    expect(await svg.text()).toContain('toy_market: step 2')
    expect(await (await ask(`picture.txt?run=${run}&key=${key}&step=-1`)).text()).toContain('Rewards so far')
  })

  test('all seats at once, step by step, each message with whose it is', async () => {
    const { run, key } = rowsIn(await asked('data/rows')).find(({ player }) => player === 'seller')!
    const { seats, messages } = await asked(`transcript?run=${run}&key=${encodeURIComponent(key!)}&seat=*`)
    const begun = (messages as { step?: number; seat: string }[]).filter(({ step }) => step !== undefined)
    expect(begun.map(({ step, seat }) => `${step} ${seat}`)).toEqual(
      Array.from({ length: begun.length / 2 }, (_, step) => (seats as string[]).map(seat => `${step} ${seat}`)).flat(),
    )
    expect(new Set(messages.map(({ seat }: { seat: string }) => seat))).toEqual(new Set(seats))
  })

  test('the steps in which two rollouts of a scenario part', async () => {
    const rows = rowsIn(await asked('data/rows')).filter(({ example }) => example === 1)
    const ids = (...players: string[]) =>
      players
        .map((name, i) => {
          const { run, key } = rows.find(({ player }) => player === name)!
          return `run${i === 0 ? '' : 2}=${run}&key${i === 0 ? '' : 2}=${encodeURIComponent(key!)}`
        })
        .join('&')
    // One sells from the first step on, the other never does.
    expect(await asked(`parting?${ids('seller', 'sleeper')}`)).toEqual({ steps: [8, 8], differing: [0, 1, 2, 3, 4, 5, 6, 7] })
    expect(await asked(`parting?${ids('seller', 'seller')}`)).toEqual({ steps: [8, 8], differing: [] })
    expect((await ask(`parting?${ids('seller')}&run2=0&key2=nobody`)).status).toBe(404)
  })

  test('the rollouts whose transcripts have all the words that are looked for, wherever in a text, and no others', async () => {
    const { snapshot } = await asked('data/facts')
    const rows = rowsIn(await asked('data/rows'))
    const find = async (words: string) => {
      const text = await (await ask(`search?${new URLSearchParams({ words, snapshot })}`)).text()
      const lines = text
        .trim()
        .split('\n')
        .map(line => JSON.parse(line))
      return lines.flatMap(({ rows: at }) => at.map((place: number) => rows[place]!.player)).sort()
    }
    const each = (...players: string[]) => players.flatMap(player => [player, player, player]).sort()
    // What a seat did, what all were told in the rules they share, what one of them wrote.
    expect(await find('sell quantity')).toEqual(each('seller'))
    expect(await find('GRAIN "for 8 turns"')).toEqual(each('seller', 'sleeper', HOSTILE))
    expect(await find('onerror alert')).toEqual(each(HOSTILE))
    // A word begins where it is looked for, and names of metrics and players are no transcript.
    expect(await find('ell')).toEqual([])
    expect(await find('num_turns')).toEqual([])
    expect(await find('sleeper')).toEqual([])
    expect(await find('"quantity onerror"')).toEqual([])
    expect(await find('quantity onerror')).toEqual([])
    expect((await ask('search?words=sell&snapshot=0')).status).toBe(409)
  })

  test('what people say of a rollout is kept beside its run, shown, and written by no page of another origin', async () => {
    const { snapshot } = await asked('data/facts')
    const { run, key } = rowsIn(await asked('data/rows'))[0]!
    const write = (act: object, headers: Record<string, string> = {}) =>
      ask('notes', {
        method: 'POST',
        headers: { origin: running.url, 'content-type': 'application/json', ...headers },
        body: JSON.stringify({ run, key, ...act }),
      })
    // Two at once.
    const written = await Promise.all([write({ by: 'Ann', text: 'odd <b>' }), write({ by: 'Ben', tag: 'look again', set: true })])
    expect(written.map(({ status }) => status)).toEqual([200, 200])
    const [said] = await asked('data/notes')
    expect(said).toMatchObject({ run, key, tags: ['look again'], notes: [{ by: 'Ann', text: 'odd <b>' }] })
    expect((await write({ text: 'x' }, { origin: 'http://evil.example' })).status).toBe(403)
    expect((await write({ text: 'x' }, { origin: 'null' })).status).toBe(403)
    expect((await write({ text: 'x' }, { 'content-type': 'text/plain' })).status).toBe(415)
    expect((await ask('notes', { method: 'POST', headers: { 'content-type': 'application/json' }, body: '{}' })).status).toBe(403)
    expect((await write({ key: 'nobody', text: 'x' })).status).toBe(404)
    expect((await write({ tag: '', set: true })).status).toBe(400)
    expect((await write({ text: 'x'.repeat(70_000) })).status).toBe(413)
    const [still] = await asked('data/notes')
    expect(still).toEqual(said)
    // Nothing is compared again for a note.
    expect((await asked('data/facts')).snapshot).toBe(snapshot)
  })

  test.each([
    ['transcript?run=0&key=nobody&seat=trader_0', 404],
    ['transcript?run=99&key=a&seat=b', 404],
    ['picture.svg?run=0', 404],
    ['picture.svg?run=x&key=a&step=1', 404],
    ['../package.json', 404],
  ])('%s is answered %i', async (path, status) => {
    expect((await ask(path)).status).toBe(status)
  })

  test('only to who calls it by a name of this machine, and lets nothing run that is not its own', async () => {
    const { headers } = await ask('')
    const policy = headers.get('content-security-policy')!
    expect(policy).toContain("default-src 'none'")
    expect(policy).toContain("script-src 'self'")
    expect(policy).not.toMatch(/script-src[^;]*unsafe/)
    expect(headers.get('x-content-type-options')).toBe('nosniff')
    const { request } = await import('node:http')
    const status = await new Promise(resolve =>
      request(`${running.url}/data/facts`, { headers: { host: 'evil.example' } }, response => resolve(response.statusCode)).end(),
    )
    expect(status).toBe(403)
  })
})

test('the program around the server keeps its own Request and Response', () => {
  for (const [i, own] of [Request, Response].entries()) expect(own).toBe(globals[i])
})

test('the command says what is wrong with the runs before anything listens', async () => {
  expect(await agoragym('view nowhere', { cwd: folder })).toMatchObject({ code: 2, err: expect.stringContaining('No run in') })
  expect(await agoragym('view . --port x', { cwd: folder })).toMatchObject({ code: 2 })
})

test('the command serves until it is interrupted', async () => {
  const stop = new AbortController()
  const ended = agoragym('view . --json', { cwd: folder, signal: stop.signal })
  setTimeout(() => stop.abort(), 0)
  const { code, out } = await ended
  expect(code).toBe(0)
  expect(JSON.parse(out).url).toMatch(/^http:\/\/127\.0\.0\.1:\d+$/)
})

const browser = findBrowser()
const missing = 'missing' in browser ? browser.missing : undefined

describe.skipIf(missing !== undefined)(`in a browser${missing === undefined ? '' : `: skipped, ${missing}`}`, () => {
  let chromium: Browser
  beforeAll(async () => {
    chromium = await (browser as { launch: () => Promise<Browser> }).launch()
  }, 60_000)
  afterAll(() => chromium?.close())

  test('rows appear as a run is played, a rollout opens beside its picture, its address opens the same, and nothing is wrong', async () => {
    const troubles: string[] = []
    const open = async (url: string) => {
      const page = await chromium.newPage({ viewport: { width: 1200, height: 900 } })
      page.on('console', message => troubles.push(`${message.type()}: ${message.text()}`))
      page.on('pageerror', error => troubles.push(error.message))
      page.on('request', request => {
        if (!request.url().startsWith(running.url)) troubles.push(`asked for ${request.url()}`)
      })
      await page.goto(url)
      await page.waitForSelector('html[data-ready]')
      return page
    }
    const page = await open(running.url)
    expect(await page.textContent('#count')).toBe('9 of 9 rollouts')
    expect(await page.textContent('#answer .verdicts')).toContain('seller earns most')
    await playToy([scripted('newcomer', () => ({ act: () => ({ calls: [] }) }))], { out: folder, seeds: [0, 1, 2] })
    await expect.poll(() => page.textContent('#count'), { timeout: 30_000 }).toBe('12 of 12 rollouts')
    expect(await page.textContent('#answer .answers')).toContain('newcomer')

    await page.click('.grid .line')
    await page.waitForSelector('.scene img')
    await page.focus('.scene input')
    for (let i = 0; i < 3; i++) await page.keyboard.press('ArrowLeft')
    const label = await page.textContent('.scene output')
    expect(label).toMatch(/^after step \d+ of 8$/)
    const again = await open(await page.evaluate<string>('location.href'))
    await again.waitForSelector('.scene output')
    expect(await again.textContent('.scene output')).toBe(label)
    expect(await again.textContent('#transcript-title')).toBe(await page.textContent('#transcript-title'))
    expect(troubles).toEqual([])
    await page.close()
    await again.close()
  }, 120_000)
})
