/** People at pages of the browser: they read what is shown, and click, type or press keys; nothing is told them otherwise. */
import type { Browser } from '../report/browser.ts'
import { type HostPage, openPage } from './browser_page.ts'

/** What a page shows of its seat: the stage, or `sent` where a decision was taken and the game has not gone on. */
export const stageOf = (page: HostPage): Promise<string> =>
  page.evaluate<string>(`(() => {
    if (document.querySelector('.link')) return 'lost'
    const stage = document.querySelector('.top .stage')?.classList[1] ?? 'lost'
    return stage === 'others' && document.getElementById('decision') === null && document.querySelector('nav') ? 'sent' : stage
  })()`)

/** Waits until an expression is true in the page; its policy lets no text be run as a script, as playwright's own would be. */
export async function until(page: HostPage, expression: string): Promise<void> {
  for (let i = 0; i < 1000; i++) {
    if (await page.evaluate<boolean>(expression)) return
    await new Promise(resolve => setTimeout(resolve, 10))
  }
  throw new Error(`never came true: ${expression}`)
}

/** Someone at a seat's page, who can leave and come back. */
export class PagePerson {
  readonly link: string
  readonly troubles: string[]
  readonly #browser: Browser
  readonly #decide: (page: HostPage) => Promise<void>
  page!: HostPage
  decisions = 0

  constructor(browser: Browser, link: string, troubles: string[], decide: (page: HostPage) => Promise<void> = takeProposal) {
    this.#browser = browser
    this.link = link
    this.troubles = troubles
    this.#decide = decide
  }

  async come(): Promise<this> {
    this.page = await openPage(this.#browser, this.troubles)
    await this.page.goto(this.link)
    await this.page.waitForSelector('.top .stage')
    return this
  }

  leave(): Promise<void> {
    return this.page.close()
  }

  /** Does what the page asks for now; false where there is nothing to do. */
  async step(): Promise<boolean> {
    const stage = await stageOf(this.page)
    const before = await this.page.evaluate<string>(NOW)
    if (stage === 'consent' || stage === 'questions') {
      await fillAsked(this.page)
      await this.page.click('.actions .main')
    } else if (stage === 'playing') {
      await this.#decide(this.page)
      this.decisions++
    } else return false
    for (let i = 0; ; i++) {
      if ((await this.page.evaluate<string>(NOW)) !== before) return true
      const problem = i > 300 ? await this.page.evaluate<string>('document.querySelector("main").innerText') : undefined
      if (problem !== undefined) throw new Error(`nothing came of what was sent: ${problem}`)
      await new Promise(resolve => setTimeout(resolve, 10))
    }
  }
}

/** What is to be done now, as far as a page says it. */
const NOW = `(document.querySelector('.top .stage')?.textContent ?? '') + (document.querySelector('[data-landing]')?.textContent ?? '')`

/** Fills in whatever the experimenter asks. */
async function fillAsked(page: HostPage): Promise<void> {
  const fields = await page.evaluate<string[]>(
    `[...document.querySelectorAll('.asked input, .asked textarea')].filter(each => each.type !== 'radio' || each.id.endsWith('o0')).map(each => each.id + ' ' + each.type + ' ' + (each.inputMode || ''))`,
  )
  for (const field of fields) {
    const [id, type, mode] = field.split(' ') as [string, string, string]
    if (type === 'checkbox' || type === 'radio') await page.check(`#${id}`)
    else await page.fill(`#${id}`, mode === '' ? 'As I thought best.' : '25')
  }
}

/** Opens the form of a tool; undefined where it is not offered. */
export async function openTool(page: HostPage, name: string): Promise<boolean> {
  const at = await page.evaluate<number>(
    `[...document.querySelectorAll('#decision > .tools:not(.apart ~ .tools) > details .name')].findIndex(each => each.textContent === ${JSON.stringify(name)})`,
  )
  if (at < 0) return false
  const tool = `#decision > .tools >> nth=0 >> details >> nth=${at}`
  if (!(await page.isVisible(`${tool} >> .body`))) await page.click(`${tool} >> summary`)
  await page.waitForSelector(`${tool} >> .body`)
  return true
}

/** Takes the first proposal of the first tool that has one; does nothing where none has. */
export async function takeProposal(page: HostPage): Promise<void> {
  const names = await page.evaluate<string[]>(
    `[...document.querySelectorAll('#decision > .tools')][0] ? [...[...document.querySelectorAll('#decision > .tools')][0].querySelectorAll('.name')].map(each => each.textContent) : []`,
  )
  for (const name of names) {
    await openTool(page, name)
    const has = await page.evaluate<string>(
      `document.querySelector('details[open] .chip') ? 'proposal' : document.querySelector('details[open] .field') ? 'fields' : 'none'`,
    )
    if (has === 'fields') continue
    if (has === 'proposal') await page.click('details[open] .chip')
    await page.click('details[open] .actions .main')
    return
  }
}

/** Presses Tab until what has the focus fits; throws where it never does. */
export async function tabTo(page: HostPage, what: string, key = 'Tab'): Promise<void> {
  for (let i = 0; i < 200; i++) {
    await page.keyboard.press(key)
    if (await page.evaluate<boolean>(`document.activeElement.matches(${JSON.stringify(what)})`)) return
  }
  throw new Error(`Tab never came to ${what}`)
}

/** A turn with the keyboard alone: to the decision by the skip link, to the first tool that can be used as it is, to its button. */
export async function takeProposalByKeys(page: HostPage): Promise<void> {
  const count = await page.evaluate<number>(
    `document.querySelectorAll('#decision > .tools')[0].querySelectorAll('summary').length`,
  )
  await tabTo(page, '#decision summary')
  for (let i = 0; i < count; i++) {
    if (!(await page.evaluate<boolean>('document.activeElement.parentElement.open'))) await page.keyboard.press('Enter')
    await until(page, 'document.activeElement.parentElement.querySelector(".body") !== null')
    const has = await page.evaluate<string>(
      `(body => body.querySelector('.chip') ? 'proposal' : body.querySelector('.field') ? 'fields' : 'none')(document.activeElement.parentElement)`,
    )
    if (has !== 'fields') {
      if (has === 'proposal') {
        await tabTo(page, '.chip')
        await page.keyboard.press('Enter')
      }
      await tabTo(page, 'details[open] .actions .main')
      await page.keyboard.press('Enter')
      return
    }
    await page.keyboard.press('Enter')
    await tabTo(page, '#decision summary')
  }
}
