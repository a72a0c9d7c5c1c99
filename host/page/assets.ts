/**
 * The pages of hosted games as files: what a server sends so that a seat's page and the experimenter's page run in a browser. Knows
 * names, types and the policy they live under; knows no socket, no game and no word that is shown (`texts.ts`).
 */
import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { escaped, styleSheet } from '../../evals/report/assets.ts'
import type { Texts } from './texts.ts'

/** The modules, as they lie beside this file. */
const OWN = ['connection.js', 'fields.js', 'forms.js', 'layout.js', 'monitor.js', 'seat.js', 'tools.js', 'ui.js'] as const

const SCRIPT = 'text/javascript; charset=utf-8'

/** The libraries of the pages: each one file without imports, as their authors built them. */
const LIBRARIES = { 'preact.js': 'preact', 'htm.js': 'htm' } as const

export interface PageFile {
  /** Its media type. */
  readonly type: string
  readonly text: string
}

/** Every file of the pages by name; a server gives each at `/NAME`. The pages' own addresses are relative, so that a proxy may put all of it under a path. */
export function pageFiles(): ReadonlyMap<string, PageFile> {
  const require = createRequire(import.meta.url)
  const library = (name: string): string => {
    const file = name === 'preact' ? require.resolve(name) : join(dirname(require.resolve(name)), 'htm.mjs')
    // A map of the source is not served.
    return readFileSync(file, 'utf8').replace(/\n\/\/# sourceMappingURL=.*\s*$/, '\n')
  }
  const own = (name: string): string => readFileSync(join(import.meta.dirname, name), 'utf8')
  return new Map([
    ['page.css', { type: 'text/css; charset=utf-8', text: styleSheet(own('page.css')) }],
    ...OWN.map(name => [name, { type: SCRIPT, text: own(name) }] as const),
    ...Object.entries(LIBRARIES).map(([name, from]) => [name, { type: SCRIPT, text: library(from) }] as const),
  ])
}

/**
 * The document of a page, for an address with two parts, such as `/seat/TOKEN`: everything else in it comes over the socket at
 * `TOKEN/socket`.
 */
export function pageHtml(kind: 'seat' | 'monitor', { title, texts }: { readonly title: string; readonly texts: Texts }): string {
  return `<!doctype html>
<html lang="${escaped(texts.lang)}" dir="${escaped(texts.dir)}">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta name="robots" content="noindex, nofollow">
<title>${escaped(title)}</title>
<link rel="icon" href="data:,">
<link rel="stylesheet" href="../page.css">
<script type="module" src="../${kind}.js"></script>
</head>
<body>
<div id="page"></div>
<div id="said" class="unseen" role="status" aria-live="polite"></div>
<noscript><p>${escaped(String(texts.sentences['page.no_script']))}</p></noscript>
</body>
</html>
`
}

/** The policy of both pages: they load their own files and nothing else, and nothing that is typed or told can run. */
export const PAGE_POLICY = {
  defaultSrc: ["'none'"],
  scriptSrc: ["'self'"],
  styleSrc: ["'self'"],
  imgSrc: ["'self'", 'data:'],
  connectSrc: ["'self'"],
  baseUri: ["'none'"],
  formAction: ["'none'"],
  frameAncestors: ["'none'"],
}
