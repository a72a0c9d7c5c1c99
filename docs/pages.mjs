// Copies into the site what lies elsewhere in the repository: the README of each economy. Links to pages of the site are kept,
// links to files of the repository become their names, since a site has no sources.
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join, relative, resolve } from 'node:path'

const here = import.meta.dirname
const root = resolve(here, '..')
const out = join(here, 'economies')
rmSync(out, { recursive: true, force: true })
mkdirSync(out)

/** What a link of the page at `from` becomes on the page at `to`. */
function link(whole, text, target, from, to) {
  if (/^(?:[a-z]+:|#)/.test(target)) return whole
  const [path, hash = ''] = target.split('#')
  const file = resolve(dirname(from), path)
  const economy = /^envs\/([^/]+)\/README\.md$/.exec(relative(root, file))?.[1]
  const page =
    economy === undefined ? (file.startsWith(`${here}/`) && file.endsWith('.md') ? file : undefined) : join(out, `${economy}.md`)
  return page === undefined ? text : `[${text}](${relative(dirname(to), page)}${hash && `#${hash}`})`
}

for (const economy of readdirSync(join(root, 'envs'))) {
  const from = join(root, 'envs', economy, 'README.md')
  if (!existsSync(from)) continue
  const to = join(out, `${economy}.md`)
  const page = readFileSync(from, 'utf8').replace(/\[([^\]]+)\]\(([^)\s]+)\)/g, (whole, text, target) =>
    link(whole, text, target, from, to),
  )
  writeFileSync(to, page)
}
