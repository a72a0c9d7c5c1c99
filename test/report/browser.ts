/** A real browser for the report's test: Chromium of the system, driven by playwright-core, where both are there. */
import { accessSync, constants } from 'node:fs'
import { createRequire } from 'node:module'
import { delimiter, join } from 'node:path'

/** What the test uses of playwright-core; declared here so that the rest of the tests do not need it. */
export interface Page {
  on(event: 'console', listener: (message: { type(): string; text(): string }) => void): void
  on(event: 'pageerror', listener: (error: Error) => void): void
  on(event: 'request', listener: (request: { url(): string }) => void): void
  goto(url: string): Promise<unknown>
  waitForFunction(expression: string): Promise<unknown>
  waitForSelector(selector: string): Promise<unknown>
  focus(selector: string): Promise<void>
  evaluate<T>(expression: string): Promise<T>
  click(selector: string): Promise<void>
  fill(selector: string, value: string): Promise<void>
  selectOption(selector: string, value: string): Promise<unknown>
  textContent(selector: string): Promise<string | null>
  isVisible(selector: string): Promise<boolean>
  emulateMedia(media: { colorScheme?: 'light' | 'dark'; reducedMotion?: 'reduce' }): Promise<void>
  setViewportSize(size: { width: number; height: number }): Promise<void>
  removeAllListeners(event: string): unknown
  screenshot(options: { path: string; fullPage?: boolean }): Promise<unknown>
  close(): Promise<void>
  readonly keyboard: { press(key: string): Promise<void>; type(text: string): Promise<void> }
}

export interface PageOptions {
  readonly viewport?: { readonly width: number; readonly height: number }
  readonly colorScheme?: 'light' | 'dark'
}

export interface Browser {
  newPage(options?: PageOptions): Promise<Page>
  close(): Promise<void>
}

/**
 * The same browser, but a page that was closed is the next one: what it kept and was set to is gone, what it shows stays until then.
 * To begin one, and to leave what it shows for an empty page, costs several times what loading a page costs.
 */
export function reusingPages(browser: Browser): Browser {
  const free: Page[] = []
  const newPage = async ({ viewport = { width: 1280, height: 720 }, colorScheme = 'light' }: PageOptions = {}): Promise<Page> => {
    const page = free.pop()
    if (page !== undefined) {
      await page.setViewportSize(viewport)
      await page.emulateMedia({ colorScheme })
      return page
    }
    const fresh = await browser.newPage({ viewport, colorScheme })
    fresh.close = async () => {
      for (const event of ['console', 'pageerror', 'request']) fresh.removeAllListeners(event)
      await fresh.evaluate('localStorage.clear(), sessionStorage.clear()')
      free.push(fresh)
    }
    return fresh
  }
  return { newPage, close: () => browser.close() }
}

const NAMES = ['chromium', 'chromium-browser', 'google-chrome', 'google-chrome-stable']

/** How to start the browser, or why there is none. */
export function findBrowser():
  | { readonly launch: (flags?: readonly string[]) => Promise<Browser> }
  | { readonly missing: string } {
  const program = (process.env.PATH ?? '')
    .split(delimiter)
    .flatMap(folder => NAMES.map(name => join(folder, name)))
    .find(isProgram)
  if (program === undefined) return { missing: 'no Chromium on the PATH (Debian: apt-get install chromium)' }
  try {
    const { chromium } = createRequire(import.meta.url)('playwright-core') as {
      chromium: { launch(options: object): Promise<Browser> }
    }
    return { launch: (flags = []) => chromium.launch({ executablePath: program, args: ['--no-sandbox', ...flags] }) }
  } catch {
    return { missing: 'playwright-core is not installed' }
  }
}

function isProgram(path: string): boolean {
  try {
    accessSync(path, constants.X_OK)
    return true
  } catch {
    return false
  }
}
