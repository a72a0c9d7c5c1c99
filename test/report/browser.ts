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
