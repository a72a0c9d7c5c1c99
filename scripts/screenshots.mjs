// Pictures of every page at three widths, light and dark, into docs/screens/, each after its part's own runs:
// node scripts/screenshots.mjs [PART[/SCREEN]…] after a build (`npm run screens` builds first). Needs playwright-core and a Chromium on
// the PATH. A part is a module of scripts/screens/: its `start(folder)` gives {screens: [{name, url, act(page)?, full?, quality?}], stop()};
// `act` brings a page that has been opened into the state that is pictured. Fonts differ between machines, so nothing compares pictures.
import { accessSync, constants, mkdirSync, mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { basename, delimiter, join } from 'node:path'

const WIDTHS = { 1440: 900, 1024: 768, 390: 844 }
const THEMES = ['light', 'dark']
const OUT = 'docs/screens'
/** Of WebP: what is written on the pages stays sharp. */
const QUALITY = 62

const isProgram = path => {
  try {
    accessSync(path, constants.X_OK)
    return true
  } catch {
    return false
  }
}
const executablePath = process.env.PATH.split(delimiter)
  .flatMap(folder => ['chromium', 'chromium-browser', 'google-chrome', 'google-chrome-stable'].map(name => join(folder, name)))
  .find(isProgram)
if (executablePath === undefined) throw new Error('no Chromium on the PATH (Debian: apt-get install chromium)')

const { chromium } = createRequire(import.meta.url)('playwright-core')
const asked = process.argv.slice(2).map(text => text.split('/'))
const parts = readdirSync(new URL('screens', import.meta.url))
  .filter(name => name.endsWith('.mjs'))
  .map(name => basename(name, '.mjs'))
  .filter(part => asked.length === 0 || asked.some(([own]) => own === part))
mkdirSync(OUT, { recursive: true })
// Three dimensions are drawn without a card.
const args = ['--no-sandbox', '--use-gl=angle', '--use-angle=swiftshader', '--enable-unsafe-swiftshader']
const browser = await chromium.launch({ executablePath, args })
try {
  for (const part of parts) {
    const { start } = await import(`./screens/${part}.mjs`)
    const folder = mkdtempSync(join(tmpdir(), 'agoragym-screens-'))
    const { screens, stop } = await start(folder)
    const wanted = screens.filter(
      ({ name }) => asked.length === 0 || asked.some(([own, screen = name]) => own === part && screen === name),
    )
    try {
      for (const screen of wanted)
        for (const [width, height] of Object.entries(WIDTHS))
          for (const theme of THEMES) await picture(part, screen, Number(width), height, theme)
    } finally {
      await stop()
      rmSync(folder, { recursive: true, force: true })
    }
    const files = readdirSync(OUT).filter(name => name.startsWith(`${part}_`))
    const bytes = files.reduce((sum, name) => sum + statSync(join(OUT, name)).size, 0)
    console.log(`${part}: ${wanted.length} screens, ${files.length} pictures, ${(bytes / 1e6).toFixed(2)} MB`)
  }
} finally {
  await browser.close()
}
writeFileSync('docs/screens.md', pageOf(readdirSync(OUT)))

/** The page that shows every picture there is: each screen as it is on a wide light page, with the others as links. */
function pageOf(files) {
  const screens = new Map()
  for (const file of files.toSorted()) {
    const [, screen] = /^(.+)_\d+_(?:light|dark)\.webp$/.exec(file) ?? []
    if (screen !== undefined) screens.set(screen, [...(screens.get(screen) ?? []), file])
  }
  const lines = [
    '# Pictures of every page',
    '',
    'Made by `npm run screens` (Chromium on the PATH and playwright-core), at 1440, 1024 and 390 pixels, light and dark: the pages of',
    '[`agoragym view`](view.md) (`view_…`, `live_…`) and of [`agoragym host`](host.md) (`host_…`). Fonts differ between machines, so nothing compares them. Shown are the wide light ones;',
    'the repository has the others beside them in `docs/screens/`.',
  ]
  for (const [screen, own] of screens) {
    // The package has the wide light ones, the repository all.
    const wide = own.find(file => file.endsWith('_1440_light.webp'))
    if (wide === undefined) continue
    const title = screen.replaceAll('_', ' ')
    lines.push('', `## ${title}`, '', `![${title}](screens/${wide})`)
  }
  return `${lines.join('\n')}\n`
}

async function picture(part, { name, url, act, full = false, quality = QUALITY }, width, height, theme) {
  const context = await browser.newContext({ viewport: { width, height }, colorScheme: theme, reducedMotion: 'reduce' })
  const page = await context.newPage()
  const faults = []
  page.on('pageerror', error => faults.push(error.message))
  page.on('console', message => message.type() === 'error' && faults.push(message.text()))
  await page.goto(url)
  await act?.(page)
  await page.evaluate(() => document.fonts.ready)
  await page.waitForTimeout(150)
  // Chromium writes WebP, which playwright does not ask it for.
  const session = await context.newCDPSession(page)
  const { data } = await session.send('Page.captureScreenshot', { format: 'webp', quality, captureBeyondViewport: full })
  writeFileSync(join(OUT, `${part}_${name}_${width}_${theme}.webp`), Buffer.from(data, 'base64'))
  await context.close()
  for (const fault of faults) console.error(`${part}/${name} at ${width}, ${theme}: ${fault}`)
}
