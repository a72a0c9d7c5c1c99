/** The files of the page, as a report embeds them and a server sends them. Knows their names; knows nothing of what they show. */
import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'

/** The page's scripts in the order of their imports: joined, they are one module. */
export const SCRIPTS = [
  'format.js',
  'terms.js',
  'data.js',
  'charts.js',
  'tables.js',
  'overview.js',
  'grid.js',
  'notes.js',
  'transcript.js',
  'beside.js',
  'page.js',
] as const

/** A file of the page. */
export function asset(name: (typeof SCRIPTS)[number] | 'page.html' | 'page.css' | 'base.css'): string {
  return readFileSync(join(import.meta.dirname, name), 'utf8')
}

/** The whole style sheet of a page of ours: what all of them have, then what is its own; by default that of reports. */
export function styleSheet(own = asset('page.css')): string {
  return asset('base.css') + own
}

/** Observable Plot and what it stands on, in the order they are loaded, minified by their authors. */
export function libraries(): readonly { readonly name: string; readonly text: string }[] {
  const require = createRequire(import.meta.url)
  return [
    { name: 'd3.js', path: join(dirname(require.resolve('d3')), 'd3.min.js') },
    { name: 'plot.js', path: join(dirname(require.resolve('@observablehq/plot')), '..', 'dist', 'plot.umd.min.js') },
  ].map(({ name, path }) => ({ name, text: readFileSync(path, 'utf8') }))
}

/** Text as it may stand in HTML, in an attribute too. */
export function escaped(text: string): string {
  return text.replace(/[&<>"]/g, character => `&#${character.charCodeAt(0)};`)
}
