/** The page over a server: its figures are those of `compare`, it follows a run that is being played, every view has an address, and nothing that a transcript says runs. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { runsIn } from '../../evals/compare.ts'
import { overviewOf } from '../../evals/overview.ts'
import { economies, environments } from '../../index.ts'
import { randomCalls, startFakeProvider } from '../../rollouts/models/fake/index.ts'
import { Models } from '../../rollouts/models/index.ts'
import { type RunningView, startView } from '../../view/server.ts'
import { Watched } from '../../view/watched.ts'
import { agoragym } from '../commands/console.ts'
import { compare, playToy, scripted, seller, sleeper } from '../evals/toy_runs.ts'
import { seriousFaults } from '../report/axe.ts'
import { type Browser, findBrowser, type Page, type PageOptions, reusingPages } from '../report/browser.ts'
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
    // In the order in which they were asked for, as the command line finds them.
    const comparison = compare(runsIn(folder))
    const plain = (value: unknown) => JSON.parse(JSON.stringify(value))
    expect(await asked('data/figures')).toEqual(plain(comparison.figures))
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
    chromium = reusingPages(await (browser as { launch: () => Promise<Browser> }).launch())
  }, 60_000)
  afterAll(() => chromium?.close())

  const troubles: string[] = []
  let pages = 0
  const open = async (hash = '', options: PageOptions = {}): Promise<Page> => {
    const page = await chromium.newPage({ viewport: { width: 1200, height: 900 }, ...options })
    page.on('console', message => troubles.push(`${message.type()}: ${message.text()}`))
    page.on('pageerror', error => troubles.push(error.message))
    page.on('request', request => {
      if (!request.url().startsWith(running.url)) troubles.push(`asked for ${request.url()}`)
    })
    // An address that differs in its hash alone would be no new page.
    await page.goto(`${running.url}/?${pages++}${hash}`)
    await page.waitForSelector('html[data-ready]')
    return page
  }
  const addressOf = async (page: Page) => await page.evaluate<string>('location.hash')

  test('rows appear as a run is played, a rollout opens beside its picture, its address opens the same, and nothing is wrong', async () => {
    const page = await open()
    expect(await page.textContent('#count')).toBe('9 of 9 rollouts')
    expect(await page.textContent('#answer .answers')).toContain('seller earns most')
    // A model that calls tools at random, played while the page is open.
    const provider = await startFakeProvider({ script: randomCalls })
    const newcomer = new Models().player(`openai:newcomer@${provider.url}`)
    await playToy([newcomer], { out: folder, seeds: [0, 1, 2] }).finally(() => provider.close())
    await expect.poll(() => page.textContent('#count'), { timeout: 30_000 }).toBe('12 of 12 rollouts')
    expect(await page.textContent('#answer .answers')).toContain('newcomer')
    const plain = (value: unknown) => JSON.parse(JSON.stringify(value))
    const { figures } = compare(runsIn(folder))
    expect(await asked('data/figures')).toEqual(plain(figures))
    const { value } = figures.find(
      ({ table, item, player }) => table === 'scores' && item === 'reward' && player.includes('newcomer'),
    )!
    expect(await page.textContent('#answer .answers')).toContain(value!.toFixed(3).replace('-', '−'))

    await page.click('.grid .line')
    await page.waitForSelector('.scene img')
    await page.focus('.scene input')
    for (let i = 0; i < 3; i++) await page.keyboard.press('ArrowLeft')
    const label = await page.textContent('.scene output')
    expect(label).toMatch(/^after step \d+ of 8$/)
    const again = await open(await addressOf(page))
    await again.waitForSelector('.scene output')
    expect(await again.textContent('.scene output')).toBe(label)
    expect(await again.textContent('#transcript-title')).toBe(await page.textContent('#transcript-title'))
    expect(troubles).toEqual([])
    await page.close()
    await again.close()
  }, 120_000)

  test('every kind of address opens the view that has it', async () => {
    const rows = rowsIn(await asked('data/rows'))
    const of = (name: string) => rows.find(({ player, example }) => player === name && example === 1)!
    const [one, other] = [of('seller'), of('sleeper')]
    await ask('notes', {
      method: 'POST',
      headers: { origin: running.url, 'content-type': 'application/json' },
      body: JSON.stringify({ run: one.run, key: one.key, tag: 'sells', set: true }),
    })
    const opened = { rollout: String(one.key), seat: String(one.seat) }
    /** What is chosen, and what the page says then. */
    const views: [fields: Record<string, string>, says: string, told: string | RegExp][] = [
      ...['players', 'time', 'behaviour', 'cost', 'rollouts'].map((view): [Record<string, string>, string, string] => [
        { view },
        `document.querySelector('#views [aria-current]').dataset.view + ' ' + document.activeElement.dataset.view`,
        `${view} ${view}`,
      ]),
      [{ without: 'seller' }, `document.querySelector('#count').textContent`, '9 of 12 rollouts'],
      [{ metric: 'turns' }, `document.querySelector('#metric').value`, 'turns'],
      [{ shape: 'histogram' }, `document.querySelector('#spread figcaption').textContent`, /fall into each interval/],
      [{ quantity: 'cash' }, `document.querySelector('#lines figcaption').textContent`, /^cash after each step/],
      [{ search: '2' }, `document.querySelector('#count').textContent`, '4 of 12 rollouts'],
      [{ sort: '-Reward' }, `document.querySelector('[aria-sort=descending]').textContent`, 'Reward ▾'],
      [
        { words: 'onerror' },
        `document.querySelector('#searched').dataset.ms && document.querySelector('#count').textContent`,
        '3 of 12 rollouts',
      ],
      [{ tag: 'tag: sells' }, `document.querySelector('#count').textContent`, '1 of 12 rollouts'],
      [opened, `document.querySelector('#transcript-title').textContent`, 'seller, seed 1, repeat 0, seat trader_0'],
      [
        { ...opened, step: '3' },
        `document.querySelector('.scene output').textContent + document.querySelector('.now h3').textContent`,
        'after step 3 of 8Step 3',
      ],
      [
        { ...opened, as: 'trader_1' },
        `document.querySelector('#transcript-title').textContent`,
        'seller, seed 1, repeat 0, seat trader_1',
      ],
      [
        { ...opened, as: '*' },
        `[...document.querySelectorAll('.turn[data-step="0"] h4')].map(each => each.textContent)[0]`,
        /^trader_0, told/,
      ],
      [
        { ...opened, beside: String(other.key), other: String(other.seat), step: '2' },
        `document.querySelectorAll('.pair .picture').length + document.querySelector('.sticky output').textContent`,
        '2after step 2 of 8',
      ],
    ]
    const page = await open()
    for (const [fields, says, told] of views) {
      const asHash = `#${new URLSearchParams(fields)}`
      // From one view to the next, of which nothing may be left.
      await page.evaluate(`location.hash = ${JSON.stringify(asHash)}`)
      const shown = expect.poll(() => page.evaluate(`(() => { try { return ${says} } catch { return '' } })()`), {
        timeout: 10_000,
      })
      if (typeof told === 'string') await shown.toBe(told)
      else await shown.toMatch(told)
      // The address stays what it was, so that it can be handed on.
      const kept = async () => {
        const address = new URLSearchParams((await addressOf(page)).slice(1))
        return Object.fromEntries(Object.keys(fields).map(name => [name, address.get(name)]))
      }
      await expect.poll(kept).toEqual(fields)
    }
    await page.close()
    // And on a page that is opened with it.
    for (const [fields, says, told] of [views[1]!, views.at(-1)!]) {
      const fresh = await open(`#${new URLSearchParams(fields)}`)
      await expect.poll(() => fresh.evaluate(`(() => { try { return ${says} } catch { return '' } })()`)).toBe(told)
      await fresh.close()
    }
    expect(troubles).toEqual([])
  }, 120_000)

  test('two rollouts stand side by side from where they part, chosen by player and moved together', async () => {
    const page = await open('#search=1')
    await page.click('.grid .line')
    await page.waitForSelector('.scene img')
    const others = await page.evaluate<string[]>(`[...document.querySelectorAll('#beside option')].map(each => each.textContent)`)
    expect(others.slice(1).map(text => text.split(',')[0])).toEqual(['openai:newcomer', 'seller', 'sleeper'])
    await page.evaluate(
      `(() => { const select = document.querySelector('#beside'); select.selectedIndex = 2; select.dispatchEvent(new Event('change')) })()`,
    )
    await page.waitForSelector('.pair .picture')
    expect(await page.textContent('.parting')).toContain('They part in step 1')
    expect(await page.textContent('.sticky output')).toBe('after step 1 of 8')
    await page.focus('.sticky input')
    for (let i = 0; i < 3; i++) await page.keyboard.press('ArrowRight')
    const pictures = await page.evaluate<string[]>(
      `[...document.querySelectorAll('.pair .picture')].map(each => new URL(each.src).searchParams.get('step'))`,
    )
    expect(pictures).toEqual(['4', '4'])
    expect(troubles).toEqual([])
    await page.close()
  }, 60_000)

  test('a note is written by keyboard, and another page that is open shows it', async () => {
    const rows = rowsIn(await asked('data/rows'))
    const { key, seat } = rows.find(({ player }) => player === 'sleeper')!
    const hash = `#${new URLSearchParams({ rollout: String(key), seat: String(seat) })}`
    const [page, other] = [await open(hash), await open('#tag=anything')]
    await page.waitForSelector('.noted summary')
    await page.focus('.noted summary')
    await page.keyboard.press('Enter')
    await page.keyboard.press('Tab')
    await page.keyboard.type('idle')
    await page.keyboard.press('Tab')
    await page.keyboard.type('does <b>nothing</b>')
    for (let i = 0; i < 2; i++) await page.keyboard.press('Tab')
    await page.keyboard.press('Enter')
    await expect.poll(() => page.textContent('.noted')).toContain('does <b>nothing</b>')
    expect(await page.textContent('.noted .tags')).toContain('idle')
    const options = () => other.evaluate<string>(`document.querySelector('#tag').textContent`)
    await expect.poll(options, { timeout: 10_000 }).toContain('tag: idle')
    expect(troubles).toEqual([])
    await page.close()
    await other.close()
  }, 60_000)

  test.each(['light', 'dark'] as const)(
    'axe finds no serious fault in any part of the page, %s',
    async colorScheme => {
      const page = await open('', { colorScheme })
      // Nothing but colours tells the two apart.
      const rules = colorScheme === 'dark' ? ['color-contrast'] : undefined
      for (const summary of ['#played', '#tables-players details', '#tables-behaviour details', '.answers details'])
        await page.evaluate(`(() => { const fold = document.querySelector('${summary}'); if (fold) fold.open = true })()`)
      expect(await seriousFaults(page, 'html', rules)).toEqual([])
      await page.click('.grid .line')
      await page.waitForSelector('.scene img')
      await page.click('.noted summary')
      expect(await seriousFaults(page, '#transcript', rules)).toEqual([])
      await page.evaluate(
        `(() => { const select = document.querySelector('#beside'); select.selectedIndex = 1; select.dispatchEvent(new Event('change')) })()`,
      )
      await page.waitForSelector('.pair .picture')
      expect(await seriousFaults(page, '#transcript', rules)).toEqual([])
      expect(troubles).toEqual([])
      await page.close()
    },
    60_000,
  )
})
