/** The two pages in a real browser, on stages that a small server shows them: what they send, keep, show and never run. */
import { join } from 'node:path'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { candidates } from '../../envs/core/tool.ts'
import * as assets from '../../host/page/assets.ts'
import { readTexts } from '../../host/page/texts.ts'
import * as from from '../../index.ts'
import { seriousFaults } from '../report/axe.ts'
import { type Browser, findBrowser } from '../report/browser.ts'
import { focused, type HostPage, openPage } from './browser_page.ts'

// biome-ignore lint/suspicious/noExplicitAny: views and messages are plain data here.
type Any = any
const load = (file: string): Promise<Any> => import(join(import.meta.dirname, file))
const { stagesOf, EVERY_VALUE, HOSTILE } = await load('stages.mjs')
const { serveStages } = await load('stage_server.mjs')

const browser = findBrowser()
const missing = 'missing' in browser ? browser.missing : undefined

describe.skipIf(missing !== undefined)(`in a browser${missing === undefined ? '' : `: skipped, ${missing}`}`, () => {
  const stages = stagesOf({ ...from, candidates })
  const texts = readTexts()
  const troubles: string[] = []
  let chromium: Browser
  let server: Any
  let page: HostPage
  let place = ''
  let places = 0
  beforeAll(async () => {
    server = await serveStages({ ...assets, readTexts }, texts)
    chromium = await (browser as { launch: () => Promise<Browser> }).launch()
    page = await openPage(chromium, troubles)
  }, 60_000)
  beforeEach(() => {
    place = `place${places++}`
  })
  afterAll(async () => {
    await chromium?.close()
    await server?.close()
  })

  /** Opens the page of a new place on a view. */
  const open = async (view: Any) => {
    await page.goto(server.show(place, view))
    // The heading of a view, not of a page that is still waiting for one.
    await page.waitForSelector('.names h1')
  }
  const show = (view: Any) => server.show(place, view)
  const sent = (type = 'decide'): Any[] => server.received(place).filter((message: Any) => message.type === type)
  const text = (selector: string) => page.textContent(selector)
  const turn = (view: Any, change: object) => ({ ...view, turn: { ...view.turn, ...change } })
  const next = (view: Any) => turn(view, { turn: view.turn.turn + 1 })
  const openTool = (name: string) =>
    page.evaluate(
      `document.getElementById('tool-${name}')?.open ?? [...document.querySelectorAll('details.tool summary .name')].find(each => each.textContent === ${JSON.stringify(name)}).click()`,
    )
  const main = '.tool .actions .main'

  test('a proposal fills the form of every kind of field, and what is sent is what it said', async () => {
    await open(stages.every_kind)
    await page.click('.chip')
    await page.click(main)
    await expect.poll(sent).toHaveLength(1)
    expect(sent()[0]).toMatchObject({ turn: stages.every_kind.turn.turn, calls: [{ tool: 'every_kind', args: EVERY_VALUE }] })
  })

  test('what is wrong is said at its field before anything is sent, and the first gets the focus', async () => {
    await open(stages.declare)
    await page.fill('#tool-declare-no_project', '5,500,001')
    await page.fill('#tool-declare-project', '1.5')
    await page.click(main)
    expect(await text('#tool-declare-no_project-problem')).toBe('Too big: at most 5,500,000.')
    expect(await text('#tool-declare-project-problem')).toBe('Please write a whole number.')
    expect(await focused(page)).toBe('No project')
    expect(sent()).toEqual([])
    await page.fill('#tool-declare-no_project', '536,000')
    await page.fill('#tool-declare-project', '319000')
    await page.click(main)
    await expect.poll(sent).toHaveLength(1)
    expect(sent()[0].calls).toEqual([{ tool: 'declare', args: { no_project: 536_000, project: 319_000 } }])
  })

  test('what the server refuses is said at the field that it names, or at the form, and what was typed stays', async () => {
    await open(stages.declare)
    server.answer(place, () => ({ ok: false, code: 'refused', texts: ['declare: project: Too big: expected at most 700000'] }))
    await page.fill('#tool-declare-no_project', '1')
    await page.fill('#tool-declare-project', '800000')
    await page.click(main)
    await expect.poll(() => page.isVisible('#tool-declare-project-problem')).toBe(true)
    expect(await page.inputValue('#tool-declare-project')).toBe('800000')
    expect(await focused(page)).toBe('Project')
    server.answer(place, () => ({ ok: false, code: 'refused', texts: ['Refused (too_late): It is over.'] }))
    await page.click(main)
    await expect.poll(() => text('#tool-declare-refused')).toBe('Refused (too_late): It is over.')
    server.answer(place, () => ({ ok: false, code: 'late', texts: ['late'] }))
    await page.click(main)
    await expect.poll(() => text('.decision > .problem')).toBe('This came too late: the turn is over.')
  })

  test('a decision is sent once, however often its button is pressed', async () => {
    await open(stages.every_kind)
    await page.click('.chip')
    await page.dblclick(main)
    await page.evaluate(`document.querySelector('${main}')?.click()`)
    await expect.poll(() => page.isVisible('#now-title')).toBe(true)
    // The server tells the same turn again, before it goes on.
    show(stages.every_kind)
    expect(await page.isVisible('#now-title')).toBe(true)
    expect(sent()).toHaveLength(1)
    show(next(stages.every_kind))
    await expect.poll(() => page.isVisible(main)).toBe(true)
    expect(await page.inputValue('#tool-every_kind-amount')).toBe('')
  })

  test('several calls are collected, ordered, removed and sent in their order', async () => {
    await open(stages.market)
    await openTool('Place limit order')
    for (const price of ['9,500', '9,600', '9,700']) {
      await page.check('#tool-place_limit_order-side-o0')
      await page.fill('#tool-place_limit_order-price', price)
      await page.click('.tool .actions .small')
      await expect.poll(() => page.inputValue('#tool-place_limit_order-price')).toBe('')
    }
    expect(sent('check')).toHaveLength(3)
    await page.click('#call-2 button')
    await expect.poll(() => text('#call-1 .what')).toBe('Place limit order: side bid; price 9,700')
    expect(await focused(page)).toContain('9,700')
    await page.click('#call-0 button:last-child')
    await page.click('.calls .main')
    await expect.poll(sent).toHaveLength(1)
    expect(sent()[0].calls.map(({ args }: Any) => args.price)).toEqual([9700, 9600])
  })

  test('a call that another one makes right can be sent all the same', async () => {
    await open(stages.every_kind)
    await page.click('.chip')
    await page.click('.tool .actions .small')
    await expect.poll(() => page.isVisible('#call-0')).toBe(true)
    server.answer(place, ({ anyway }: Any) =>
      anyway ? { ok: true, texts: [] } : { ok: false, code: 'refused', texts: ['', 'Refused (no_cash): none left.'] },
    )
    await page.click('.chip')
    await page.click(main)
    await expect.poll(() => text('#tool-every_kind-refused')).toContain('none left')
    await page.click('.anyway button')
    await expect.poll(() => page.isVisible('#now-title')).toBe(true)
    expect(sent().map(({ calls, anyway }) => [calls.length, anyway])).toEqual([
      [2, undefined],
      [2, true],
    ])
  })

  test('to do nothing is a decision of its own; a question is answered and is none', async () => {
    await open(stages.declare)
    server.answer(place, ({ type }: Any) => ({ ok: true, texts: type === 'check' ? ['It costs 5,360 points.'] : [] }))
    await openTool('Calculate')
    await page.check('#tool-calculate-kind-o0')
    await page.fill('#tool-calculate-amount', '536000')
    await page.click('details[open] .actions button')
    await expect.poll(() => text('.answer')).toContain('It costs 5,360 points.')
    expect(sent('check')[0].calls).toEqual([{ tool: 'calculate', args: { kind: 'tax', amount: 536_000 } }])
    expect(sent()).toEqual([])
    await openTool('Do nothing this turn')
    await page.click(main)
    await expect.poll(sent).toHaveLength(1)
    expect(sent()[0].calls).toEqual([])
  })

  test('a lost connection keeps what was filled in, and comes back by itself', async () => {
    await open(stages.declare)
    await page.fill('#tool-declare-no_project', '536000')
    server.drop(place, 1012, true)
    await expect.poll(() => text('.link')).toContain('connection is lost')
    expect(await page.evaluate(`document.querySelector('${main}').getAttribute('aria-disabled')`)).toBe('true')
    await page.fill('#tool-declare-project', '319000')
    server.open(place)
    await expect.poll(() => page.isVisible('.link'), { timeout: 10_000 }).toBe(false)
    expect(await page.inputValue('#tool-declare-no_project')).toBe('536000')
    // Lost between the decision and its answer: it can be sent again, and the server takes a turn once.
    server.answer(place, () => void server.drop(place))
    await page.click(main)
    await expect.poll(sent).toHaveLength(1)
    server.answer(place, () => ({ ok: true, texts: [] }))
    await expect.poll(() => page.isVisible('.link'), { timeout: 10_000 }).toBe(false)
    await page.click(main)
    await expect.poll(sent).toHaveLength(2)
    expect(sent()[1]).toMatchObject({ turn: sent()[0].turn, calls: sent()[0].calls })
  })

  test('loading the page again keeps the forms of the turn, and the next turn begins with empty ones', async () => {
    await open(stages.market)
    await openTool('Trade now')
    await page.check('#tool-trade_now-side-o1')
    await page.click('.tool .actions .small')
    await expect.poll(() => page.isVisible('#call-0')).toBe(true)
    await page.fill('#tool-trade_now-limit', '9000')
    await page.reload()
    await page.waitForSelector('#call-0')
    expect(await page.inputValue('#tool-trade_now-limit')).toBe('9000')
    show(next(stages.market))
    await expect.poll(() => page.isVisible('#call-0')).toBe(false)
    expect(await page.evaluate('document.querySelectorAll("details.tool[open]").length')).toBe(0)
  })

  test('links that lead nowhere, and a seat that is open elsewhere, are told and not tried again', async () => {
    await open(stages.waiting)
    server.drop(place, 4409)
    await expect.poll(() => text('.link')).toContain('another window')
    await page.click('.link button')
    await expect.poll(() => page.isVisible('.link')).toBe(false)
    server.drop(place, 4404)
    await expect.poll(() => text('h1')).toBe('This link leads nowhere')
  })

  test('the focus goes on with the game, and stays where somebody reads', async () => {
    await open(stages.declare)
    await page.focus(main)
    show({ ...stages.others, seat: 'owner_1' })
    await expect.poll(() => focused(page)).toBe('The others are deciding')
    await page.focus('#rules summary')
    show(next(stages.declare))
    await expect.poll(() => text('#said')).toContain('It is your turn: decision 2. Time left: 3:00.')
    expect(await focused(page)).toBe('Rules')
    await page.keyboard.press('Home')
    await page.evaluate('document.activeElement.blur(), document.querySelector(".skip").focus()')
    await page.keyboard.press('Enter')
    await page.keyboard.press('Tab')
    expect(await focused(page)).toContain('Declare')
  })

  test('the time left is told at a few marks, and not with every second', async () => {
    await open(turn(stages.declare, { left_ms: 10_400 }))
    await expect.poll(() => text('#said')).toBe('It is your turn: decision 1. Time left: 0:11.')
    await expect.poll(() => text('#said'), { timeout: 10_000 }).toMatch(/^Time left: 0:(10|0\d)\.$/)
    const said = await text('#said')
    await expect.poll(() => text('.timer strong'), { timeout: 10_000 }).toMatch(/0:0\d/)
    expect(await text('#said')).toBe(said)
  })

  test('in another language nothing English is left but the economy’s own words', async () => {
    const marked = (sentence: Any): Any =>
      typeof sentence === 'string'
        ? `§${sentence}`
        : Object.fromEntries(Object.entries(sentence).map(([form, each]) => [form, marked(each)]))
    const sentences = Object.fromEntries(Object.entries(texts.sentences).map(([key, sentence]) => [key, marked(sentence)]))
    const german = await serveStages({ ...assets, readTexts }, { ...texts, lang: 'de', sentences })
    const page = await openPage(chromium, troubles)
    try {
      await page.goto(german.show('market', stages.market))
      await page.waitForSelector('#decision')
      await page.click('.tool summary')
      const unmarked = await page.evaluate<string[]>(
        `[...document.querySelectorAll('h2, button:not(.chip), nav a, .stage, .top .seat')].map(each => each.textContent.trim()).filter(each => !each.includes('§'))`,
      )
      expect(unmarked).toEqual([])
      expect(await page.textContent('.chip')).toContain('9.')
      expect(await page.evaluate('document.documentElement.lang')).toBe('de')
    } finally {
      await page.close()
      await german.close()
    }
  })

  test('to stop is asked twice, by Escape taken back, and may delete what was given', async () => {
    await open(stages.market)
    await page.click('.foot button')
    expect(await focused(page)).toBe('Go on playing')
    await page.keyboard.press('Escape')
    expect(await page.isVisible('dialog')).toBe(false)
    expect(await focused(page)).toBe('Stop taking part')
    await page.click('.foot button')
    await page.click('dialog button.bad >> nth=1')
    await expect.poll(() => sent('stop')).toMatchObject([{ erase: true }])
    show(stages.over)
    await page.click('.foot button')
    await page.click('dialog button.bad')
    await expect.poll(() => sent('stop')).toHaveLength(2)
  })

  test('consent and questions take what is asked, and nothing goes on without', async () => {
    await open(stages.consent)
    await page.click('.main')
    expect(await page.evaluate('[...document.querySelectorAll(".problem")].map(each => each.textContent)')).toEqual([
      'Please fill this in.',
      'Please choose.',
    ])
    await page.fill('#consent-age', '23')
    await page.check('#consent-field_of_study-o1')
    await page.check('#consent-is_adult')
    await page.click('.main')
    await expect.poll(() => sent('consent')).toMatchObject([{ fields: { age: 23, field_of_study: 'Law', is_adult: true } }])
    show(stages.questions)
    await page.fill('#questions-strategy', 'By heart.')
    await page.check('#questions-trust-o4')
    await page.click('.main')
    await expect.poll(() => sent('questions')).toMatchObject([{ fields: { strategy: 'By heart.', trust: 'Fully' } }])
    show(stages.over)
    await expect.poll(() => text('.code-text')).toBe('K7PQ-2MXR-9DWA')
    expect(await text('.payoff')).toBe('EUR 12.40')
  })

  test('what somebody writes to break the page is shown and runs nothing', async () => {
    await open(stages.hostile)
    expect(await text('h1')).toBe(HOSTILE)
    expect(await text('.laid h3')).toBe(HOSTILE)
    expect(await text('.told li')).toContain(HOSTILE)
    expect(await text('.chip')).toContain(HOSTILE)
    show({ ...stages.over, result: { ...stages.over.result, finish_url: 'javascript:window.broken=1' } })
    await page.waitForSelector('#over-title')
    expect(
      await page.evaluate(
        '[window.broken ?? null, document.images.length, document.querySelectorAll("main script, a.button").length]',
      ),
    ).toEqual([null, 0, 0])
  })

  test('the monitor sends what its buttons say, and asks before what cannot be taken back', async () => {
    await open(stages.monitor_playing)
    const press = (label: string) => page.click(`[aria-label="${label}"]`)
    await press('Pause game 1')
    await expect.poll(() => sent('pause')).toMatchObject([{ game: 1 }])
    await press('Go on with game 4')
    await expect.poll(() => sent('go_on')).toMatchObject([{ game: 4 }])
    await press('Replace owner_2 in game 1 by a bot')
    await page.selectOption('#bot', 'bot:greedy')
    expect(sent('replace')).toEqual([])
    await page.click('dialog .bad')
    await expect.poll(() => sent('replace')).toMatchObject([{ game: 1, agent: 'owner_2', player: 'bot:greedy' }])
    await press('Copy the link of owner_2 in game 1')
    await expect.poll(() => text('[aria-label="Copy the link of owner_2 in game 1"]')).toBe('Copied')
    await press('Start game 2 without the missing')
    await page.click('dialog .bad')
    await expect.poll(() => sent('start')).toMatchObject([{ game: 2 }])
    await press('End game 1')
    await page.keyboard.press('Escape')
    expect(sent('end')).toEqual([])
    expect(await text('.figures')).toContain('11 of 22')
  })

  test('axe finds no serious fault, and no stage is wider than a phone', async () => {
    const faults: string[] = []
    // Every stage of both pages, light and dark, is in the full-size tests.
    await open(stages.every_kind)
    faults.push(...(await seriousFaults(page)))
    await page.setViewportSize({ width: 390, height: 844 })
    for (const [name, view] of Object.entries<Any>(stages)) {
      place = `phone_${view.type}`
      const url = show(view)
      if (page.url() !== url || view.type === 'monitor') await page.goto(url)
      await page.waitForSelector(view.type === 'monitor' ? '.game' : `.top .stage.${view.stage}`)
      if (await page.evaluate('document.documentElement.scrollWidth > 390')) faults.push(`${name} is wider than a phone`)
    }
    expect(faults).toEqual([])
  })

  test('nothing was said to the console, and nothing asked of another server', () => {
    expect(troubles).toEqual([])
  })
})
