import { appendFileSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { gunzipSync } from 'node:zlib'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { AnyEnvironment } from '../../envs/core/environment.ts'
import { Episode } from '../../envs/core/episode.ts'
import { overviewOf } from '../../evals/overview.ts'
import { reportRows, SeriesSum, transcriptOf } from '../../evals/report/gather.ts'
import { writeReport } from '../../evals/report/report.ts'
import { environments } from '../../index.ts'
import { compare, dabbler, failing, playToy, scripted, seller, sleeper, withFolder } from '../evals/toy_runs.ts'
import { toyMarket } from '../toy_market/index.ts'
import { type Browser, findBrowser, type Page, type PageOptions, reusingPages } from './browser.ts'
import { rowsIn } from './rows.ts'

/** The data of that name in a report's file. */
function dataOf(html: string, name: string): unknown {
  const packed = new RegExp(`id="data-${name}">([^<]*)<`).exec(html)![1]!
  return JSON.parse(gunzipSync(Buffer.from(packed, 'base64')).toString())
}

describe('what a report holds', () => {
  test('a row a rollout; what failed stands with its reason, unless a retry made up for it', () =>
    withFolder(async out => {
      const folders = await playToy([seller, failing('shaky', [1])], { out, seeds: [0, 1, 2] })
      const rows = [...reportRows(compare(folders))]
      expect(rows.map(({ player, example, outcome }) => `${player} ${example} ${outcome}`)).toEqual([
        'seller 0 ok',
        'seller 1 ok',
        'seller 2 ok',
        'shaky 0 ok',
        'shaky 2 ok',
        'shaky 1 server_error',
      ])
      expect(rows[5]).toMatchObject({ error: 'no answer', attempts: 1, seed: 1 })
      expect(rows[5]!.reward).toBeUndefined()
      expect(rows[0]).toMatchObject({ turns: 8, refused: 0, seat: 'trader_0', setting: 'toy_market default' })
      // The first rollout had failed before it was played.
      const { key, example: example_id, seed, repeat, seat: agent } = rows[0]!
      const failure = {
        key,
        attempt: 1,
        example_id,
        seed,
        repeat,
        agent,
        player: 'seller',
        code: 'server_error',
        message: 'no answer',
      }
      appendFileSync(join(folders[0]!, 'errors.jsonl'), `${JSON.stringify({ ...failure, start_time: 0, total: 1 })}\n`)
      expect([...reportRows(compare(folders))]).toEqual(rows)
    }))

  test('a transcript is that of the seat it is asked for', () => {
    const env = toyMarket as unknown as AnyEnvironment
    const { log } = new Episode(env, { horizon: 2 }, 1)
    const traces = ['trader_0', 'trader_1'].map(name => ({
      agent: { name },
      nodes: [{ message: { role: 'user', content: `To ${name}.` }, sampled: false }],
    }))
    const of = (seat: string) =>
      transcriptOf({ traces } as never, { key: 'k', ...log }, env, seat)?.messages.map(({ text }) => text)
    expect(['trader_0', 'trader_1', 'trader_2'].map(of)).toEqual([['To trader_0.'], ['To trader_1.'], undefined])
  })

  test('lines over time are means over rollouts of what the economy says of its agents, and of the reward', () => {
    const env = toyMarket as unknown as AnyEnvironment
    const sum = new SeriesSum()
    for (const quantity of [1, 3]) {
      const episode = new Episode(env, { horizon: 2 }, 1, { seats: { trader_0: 'bot:a', trader_1: 'bot:b' } })
      episode.step({ trader_0: { calls: [{ tool: 'sell', args: { quantity } }] } })
      episode.step({})
      sum.add(env, episode.log, 'trader_0', 'setting', 'a')
    }
    expect(sum.lines()).toEqual([
      {
        setting: 'setting',
        player: 'a',
        quantity: 'reward',
        who: 'itself',
        t: [1, 2],
        mean: [0.2, 0.2],
        sd: [0.141421, 0.141421],
      },
      { setting: 'setting', player: 'a', quantity: 'cash', who: 'itself', t: [1, 2], mean: [20, 20], sd: [14.1421, 14.1421] },
      { setting: 'setting', player: 'a', quantity: 'cash', who: 'bot:b', t: [1, 2], mean: [0, 0], sd: [0, 0] },
    ])
  })

  test('the file names nothing outside itself, and holds transcripts up to the number asked for, of every player', () =>
    withFolder(async out => {
      const folders = await playToy([seller, sleeper], { out, seeds: [0, 1, 2, 3], repeats: 2 })
      const path = join(out, 'report.html')
      const facts = writeReport(compare(folders), path, { environments, transcripts: 5, title: 'Grain & "rain" <b>' })
      const html = readFileSync(path, 'utf8')
      expect(facts).toEqual({ rows: 16, transcripts: 5, bytes: Buffer.byteLength(html) })
      expect(html).toContain('<title>Grain &#38; &#34;rain&#34; &#60;b&#62;</title>')
      expect(html.match(/<(?:script|img|link|iframe)[^>]*\b(?:src|href)="(?!data:)/g)).toBeNull()
      const index = dataOf(html, 'index') as [key: string, seat: string, chunk: number, place: number][]
      expect(index).toHaveLength(5)
      const rows = rowsIn(dataOf(html, 'rows'))
      const players = new Set(index.map(([key]) => rows.find(row => row.key === key)!.player))
      expect(players).toEqual(new Set(['seller', 'sleeper']))
      const chunk = dataOf(html, 'chunk-0') as { messages: { role: string; text: string }[] }[]
      expect(chunk[0]!.messages[0]).toMatchObject({ role: 'system', text: expect.stringContaining('You trade grain') })
    }))
})

const browser = findBrowser()
const missing = 'missing' in browser ? browser.missing : undefined

describe.skipIf(missing !== undefined)(`in a browser${missing === undefined ? '' : `: skipped, ${missing}`}`, () => {
  /** A name and words that would break a page that does not escape them. */
  const hostile = scripted('<img src=x onerror=alert(1)>|"', () => ({
    act: () => ({ calls: [{ tool: '</script><script>alert(1)</script>', args: { text: '<b>bold</b>' } }] }),
  }))
  const folder = mkdtempSync(join(tmpdir(), 'agoragym-'))
  const report = join(folder, 'report.html')
  let chromium: Browser
  let runs: string[]
  const troubles: string[] = []

  beforeAll(async () => {
    const seeds = Array.from({ length: 250 }, (_, seed) => seed)
    runs = await playToy([seller, dabbler, sleeper, failing('shaky', [3])], { out: folder, seeds })
    runs.push(...(await playToy([hostile], { out: folder, seeds: [0, 1], set: { horizon: 2 } })))
    writeReport(compare(runs), report, { environments })
    chromium = reusingPages(await (browser as { launch: () => Promise<Browser> }).launch())
  }, 60_000)
  afterAll(async () => {
    await chromium?.close()
    rmSync(folder, { recursive: true, force: true })
  })

  async function open(options: PageOptions = {}): Promise<Page> {
    const page = await chromium.newPage({ viewport: { width: 1200, height: 900 }, ...options })
    troubles.length = 0
    page.on('console', message => troubles.push(`${message.type()}: ${message.text()}`))
    page.on('pageerror', error => troubles.push(error.message))
    page.on('request', request => {
      if (!/^(?:file|data|blob):/.test(request.url())) troubles.push(`asked for ${request.url()}`)
    })
    await page.goto(pathToFileURL(report).href)
    await page.waitForFunction('document.documentElement.dataset.ready')
    return page
  }
  const lines = (page: Page): Promise<string[][]> =>
    page.evaluate(`[...document.querySelectorAll('.grid .line')]
      .sort((a, b) => a.dataset.at - b.dataset.at)
      .map(line => [...line.children].map(cell => cell.textContent))`)
  const unpacked = (page: Page) => page.waitForFunction(`document.querySelector('#transcript-body .message')`)

  test('1,000 rollouts open without an error, a warning or a request, and only the rows in view are there', async () => {
    const page = await open()
    expect(await page.textContent('#count')).toBe('1000 of 1002 rollouts')
    expect(await page.evaluate(`document.querySelectorAll('.grid .line').length`)).toBeLessThan(60)
    for (const figure of ['spread', 'scatter', 'lines', 'heat', 'walks'])
      expect(await page.isVisible(`#${figure} svg`), figure).toBe(true)
    expect(troubles).toEqual([])
    await page.close()
  })

  test('the first screen is the answer: who earns most, by how much, settled or not, with the figures of the comparison', async () => {
    const page = await open()
    const { rows, verdicts } = overviewOf(compare(runs))
    const verdict = verdicts.find(({ by }) => by !== null)!
    const told = await page.textContent('#answer .answers')
    expect(told).toContain(`${verdict.best.player} earns most: ${verdict.best.reward.value!.toFixed(3)}`)
    expect(told).toContain(verdict.by!.settled ? 'settled' : 'not settled')
    const shown = await page.evaluate<string[]>(`[...document.querySelectorAll('#answer tbody tr')].map(row => row.textContent)`)
    expect(shown).toHaveLength(rows.length)
    for (const [i, { player, reward }] of rows.entries()) {
      expect(shown[i]).toContain(player)
      expect(shown[i]).toContain(reward.value!.toFixed(3))
    }
    expect(await page.textContent('#answer .lacking')).toContain('shaky in toy_market default: 1 rollout failed')
    expect(await page.isVisible('#answer figure svg')).toBe(true)
    // Bookkeeping is behind a fold.
    expect(await page.isVisible('#played table')).toBe(false)
    expect(troubles).toEqual([])
    await page.close()
  })

  test('a player that is unchecked leaves tables, charts and list; a failed rollout is found by its outcome', async () => {
    const page = await open()
    await page.click('#players input[value="seller"]')
    expect(await page.textContent('#count')).toBe('750 of 1002 rollouts')
    expect((await lines(page)).some(([player]) => player === 'seller')).toBe(false)
    expect(await page.textContent('#scores')).not.toContain('seller')
    await page.selectOption('#outcome', 'server_error')
    expect(await page.textContent('#count')).toBe('1 of 1002 rollouts')
    expect((await lines(page))[0]!.slice(0, 5)).toEqual(['shaky', '3', '0', 'trader_0', 'server_error'])
    await page.click('.grid .line')
    await page.waitForFunction(`document.querySelector('#transcript-body .bad')`)
    expect(await page.textContent('#transcript-body .bad')).toBe('no answer')
    expect(troubles).toEqual([])
    await page.close()
  })

  test('a column head sorts, the second time the other way', async () => {
    const page = await open()
    const rewards = async () => (await lines(page)).map(cells => Number(cells[5]))
    const head = '.head [role=columnheader]:nth-child(6) button'
    await page.click(head)
    const down = await rewards()
    expect(down).toEqual([...down].sort((a, b) => b - a))
    expect(await page.evaluate(`document.querySelector('[aria-sort=descending]').textContent`)).toContain('Reward')
    await page.click(head)
    const up = await rewards()
    expect(up).toEqual([...up].sort((a, b) => a - b))
    expect(down[0]).toBeGreaterThan(up[0]!)
    await page.close()
  })

  test('a click opens the transcript with what was told and said; the next one is a click further', async () => {
    const page = await open()
    await page.fill('#search', '42')
    expect(await page.textContent('#count')).toBe('4 of 1002 rollouts')
    await page.click('.grid .line')
    await unpacked(page)
    expect(await page.textContent('#transcript-title')).toBe('dabbler, seed 42, repeat 0, seat trader_0')
    expect(await page.textContent('#transcript-body')).toContain('You trade grain for 8 turns.')
    expect(await page.textContent('.message.assistant .call')).toBe('sell {"quantity":99}')
    expect(await page.isVisible('#transcript-body figure svg')).toBe(true)
    await page.click('#after')
    await page.waitForFunction(`document.querySelector('#transcript-title').textContent.startsWith('seller')`)
    await page.click('#close')
    expect(await page.isVisible('#transcript')).toBe(false)
    expect(troubles).toEqual([])
    await page.close()
  })

  test('everything is reached by keyboard alone', async () => {
    const page = await open()
    const focused = () => page.evaluate<string>(`document.activeElement.className || document.activeElement.id`)
    await page.keyboard.press('Tab')
    expect(await focused()).toBe('skip')
    await page.keyboard.press('Enter')
    expect(await focused()).toBe('rollouts')
    for (let i = 0; i < 20 && (await focused()) !== 'grid'; i++) await page.keyboard.press('Tab')
    expect(await focused()).toBe('grid')
    await page.keyboard.press('End')
    expect((await lines(page)).at(-1)![0]).toBe('sleeper')
    await page.keyboard.press('ArrowUp')
    await page.keyboard.press('Enter')
    await unpacked(page)
    expect(await page.textContent('#transcript-title')).toContain('sleeper, seed 248')
    await page.keyboard.press('ArrowLeft')
    await page.waitForFunction(`document.querySelector('#transcript-title').textContent.includes('seed 247')`)
    await page.keyboard.press('Escape')
    expect(await page.isVisible('#transcript')).toBe(false)
    expect(await focused()).toBe('grid')
    await page.close()
  })

  test('names and words that are markup are shown as they are', async () => {
    const page = await open()
    await page.selectOption('#setting', 'toy_market default, horizon=2')
    expect(await page.textContent('#players')).toContain('<img src=x onerror=alert(1)>|"')
    await page.click('.grid .line')
    await unpacked(page)
    expect(await page.textContent('.message.assistant .call')).toBe('</script><script>alert(1)</script> {"text":"<b>bold</b>"}')
    expect(troubles).toEqual([])
    await page.close()
  })

  test('a telephone shows it without scrolling sideways', async () => {
    const page = await open({ viewport: { width: 360, height: 740 } })
    expect(await page.evaluate(`document.documentElement.scrollWidth`)).toBe(360)
    expect(
      await page.evaluate(`document.querySelector('.grid .lines').scrollWidth <= document.querySelector('.grid').clientWidth`),
    ).toBe(true)
    await page.click('.grid .line')
    await unpacked(page)
    expect(await page.evaluate(`document.querySelector('#transcript-body').scrollWidth <= 360`)).toBe(true)
    expect(troubles).toEqual([])
    await page.close()
  })

  test('it is dark where the system is, and the other way by a button', async () => {
    const page = await open({ colorScheme: 'dark' })
    const brightness = () =>
      page.evaluate<number>(
        `getComputedStyle(document.body).backgroundColor.match(/\\d+/g).slice(0, 3).reduce((sum, c) => sum + Number(c), 0)`,
      )
    expect(await brightness()).toBeLessThan(200)
    await page.click('#theme')
    expect(await brightness()).toBeGreaterThan(600)
    expect(troubles).toEqual([])
    await page.close()
  })
})
