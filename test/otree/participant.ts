/** A participant of an oTree session as a program of a few lines is one: plain HTTP, no script, no socket. */

/** A page that a participant is on. */
export interface Page {
  /** The class of the page, such as `Turn`; `end` behind the last. */
  readonly name: string
  readonly url: string
  readonly html: string
}

export class Participant {
  readonly #base: string
  readonly code: string
  page: Page = { name: '', url: '', html: '' }
  /** Every page that was seen. */
  readonly seen: string[] = []

  constructor(base: string, code: string) {
    this.#base = base
    this.code = code
  }

  open(): Promise<Page> {
    return this.#go(`${this.#base}/InitializeParticipant/${this.code}`)
  }

  /** The page once more, as a browser's reload. */
  look(): Promise<Page> {
    return this.#go(this.page.url)
  }

  send(fields: Readonly<Record<string, string>> = {}): Promise<Page> {
    return this.#go(this.page.url, {
      method: 'POST',
      headers: { 'content-type': 'application/x-www-form-urlencoded' },
      body: new URLSearchParams(fields).toString(),
    })
  }

  /** The values of the radio buttons of a name, in order. */
  options(name: string): string[] {
    return [...this.page.html.matchAll(new RegExp(`<input[^>]*type="radio"[^>]*name="${name}"[^>]*value="([^"]*)"`, 'g'))].map(
      ([, value]) => value!,
    )
  }

  /** What a field holds as it is shown. */
  value(name: string): string | undefined {
    const [area] = [...this.page.html.matchAll(new RegExp(`<textarea[^>]*name="${name}"[^>]*>\\s*([^<]*)</textarea>`, 'g'))]
    if (area !== undefined) return area[1]
    const [input] = this.page.html.match(new RegExp(`<input[^>]*name="${name}"[^>]*>`)) ?? []
    return input === undefined ? undefined : (/value="([^"]*)"/.exec(input)?.[1] ?? '')
  }

  /** What is said to be wrong, or answered, on the page. */
  get told(): string {
    const found = [
      ...this.page.html.matchAll(/<div class="[^"]*(?:otree-form-errors|form-control-errors)[^"]*">([\s\S]*?)<\/div>/g),
    ]
    return found.map(([, html]) => textOf(html!)).join('\n')
  }

  get text(): string {
    return textOf(this.page.html)
  }

  async #go(url: string, init: RequestInit = {}): Promise<Page> {
    const response = await fetch(url, init)
    const html = await response.text()
    if (!response.ok) throw new Error(`${response.status} at ${response.url}: ${textOf(html).slice(0, 2000)}`)
    this.seen.push(html)
    const name = /\/p\/[^/]+\/[^/]+\/([^/]+)\//.exec(response.url)?.[1] ?? 'end'
    this.page = { name, url: response.url, html }
    return this.page
  }
}

function textOf(html: string): string {
  return html
    .replace(/<(script|style)[\s\S]*?<\/\1>/g, ' ')
    .replace(/<[^>]+>/g, ' ')
    .replace(/&lt;/g, '<')
    .replace(/&gt;/g, '>')
    .replace(/&#39;|&#x27;/g, "'")
    .replace(/&#34;|&quot;/g, '"')
    .replace(/&amp;/g, '&')
    .replace(/\s+/g, ' ')
    .trim()
}
