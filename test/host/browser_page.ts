/** A page of the browser as the tests of hosted games use it: what the other tests use, and the keyboard, the clock and the window besides. */
import type { Browser, Page } from '../report/browser.ts'

export interface HostPage extends Page {
  readonly keyboard: { press(key: string): Promise<void>; type(text: string): Promise<void> }
  dblclick(selector: string): Promise<void>
  check(selector: string): Promise<void>
  reload(): Promise<unknown>
  url(): string
  inputValue(selector: string): Promise<string>
  isChecked(selector: string): Promise<boolean>
}

/** A page that notes what goes wrong in it: what the console says, what is thrown, and what is asked of other servers. */
export async function openPage(
  browser: Browser,
  troubles: string[],
  options: {
    readonly viewport?: { readonly width: number; readonly height: number }
    readonly colorScheme?: 'light' | 'dark'
  } = {},
): Promise<HostPage> {
  const page = (await browser.newPage({ viewport: { width: 1200, height: 900 }, ...options })) as HostPage
  let home: string | undefined
  page.on('console', message => {
    // A browser says so of every socket that it cannot open; the page shows it and tries again.
    if (!/WebSocket connection to|ERR_CONNECTION_REFUSED/.test(message.text()))
      troubles.push(`${message.type()}: ${message.text()}`)
  })
  page.on('pageerror', error => troubles.push(error.message))
  page.on('request', request => {
    const { origin } = new URL(request.url())
    home ??= origin
    if (origin !== home && origin !== 'null') troubles.push(`asked for ${request.url()}`)
  })
  return page
}

/** What has the focus: its words, or its label. */
export const focused = (page: Page): Promise<string> =>
  page.evaluate<string>(`(() => {
    const at = document.activeElement
    return at.getAttribute('aria-label') || at.labels?.[0]?.textContent.trim() || at.textContent.trim().replace(/\\s+/g, ' ').slice(0, 80)
  })()`)
