/**
 * `agoragym view` over many rollouts in a real browser: how long its first screen takes, a filter, a search, one rollout, and what the
 * page and the server hold. Needs playwright-core and a Chromium on the PATH, and says so where they are not there. The rollouts are
 * really played ones of a short game, repeated in the files under other seeds, as playing all of them takes minutes: told beside. The
 * server runs in a process of its own.
 */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { createRequire } from 'node:module'
import { availableParallelism, loadavg, tmpdir } from 'node:os'
import { extname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { type Bench, type BenchRow, clocked } from '../economies/bench.ts'
import { median } from '../envs/core/sums.ts'
import { FILES, RunReader } from '../rollouts/store.ts'
import { textsOf } from '../view/search.ts'
import { residentMb } from './measured.ts'
import { megabytes, playShort, REPEATS, repeated, SEEDS } from './short_runs.ts'

const ROLLOUTS = 100_000
/** What is asked of the page: seconds, and MB. */
const TARGET = { first: 2, filter: 0.3, rollout: 0.5, page: 300, making: 60, disk: 2000 } as const
/** Of the times that are taken several times, the median. */
const TIMES = 5

/** What is used of playwright-core; declared here so that the package does not need it. */
interface Page {
  goto(url: string, options: { waitUntil: 'commit' }): Promise<unknown>
  waitForSelector(selector: string, options?: object): Promise<unknown>
  evaluate<T>(expression: string): Promise<T>
  on(event: 'pageerror', listener: (error: Error) => void): void
  close(): Promise<void>
}
interface Chromium {
  newPage(options: object): Promise<Page>
  newBrowserCDPSession(): Promise<{
    send(method: 'SystemInfo.getProcessInfo'): Promise<{ processInfo: readonly { readonly type: string; readonly id: number }[] }>
  }>
  close(): Promise<void>
}

export const viewing: Bench = {
  id: 'view',
  title: `agoragym view over ${ROLLOUTS} rollouts in Chromium`,
  async run() {
    const launch = browser()
    if (typeof launch === 'string') return [{ what: `skipped: ${launch}`, value: 0, unit: 's' }]
    const out = mkdtempSync(join(tmpdir(), 'agoragym-bench-'))
    const stop: (() => unknown)[] = [() => rmSync(out, { recursive: true, force: true })]
    try {
      const rows: BenchRow[] = [
        { what: 'cores', value: availableParallelism(), unit: '' },
        { what: 'load before', value: loadavg()[0]!, unit: 'processes (1 min)' },
      ]
      const start = performance.now()
      const played = await playShort(join(out, 'played'))
      const perSecond = (SEEDS * REPEATS * 1000) / (performance.now() - start)
      const runs = join(out, 'runs')
      const making = clocked(() => repeated(played, join(runs, 'many'), ROLLOUTS))
      const disk = megabytes(join(runs, 'many'), readdirSync(join(runs, 'many')))
      rows.push(
        { what: 'rollouts really played', value: perSecond, unit: 'rollouts/s' },
        { what: 'repeated in the files', ...against(making, 's', TARGET.making) },
        { what: '  on disk', ...against(disk, 'MB', TARGET.disk) },
        { what: `  of them ${FILES.rollouts}`, value: megabytes(join(runs, 'many'), [FILES.rollouts]), unit: 'MB' },
      )
      const begun = performance.now()
      const { url, server } = await serve(runs)
      stop.push(() => server.kill('SIGINT'))
      rows.push({ what: 'the server reads them, once', value: (performance.now() - begun) / 1000, unit: 's' })
      const chromium = await launch()
      stop.push(() => chromium.close())
      rows.push(...(await watched(chromium, url, rareWord(played))))
      rows.push({ what: 'server', value: residentMb(server.pid!), unit: 'MB' })
      return rows
    } finally {
      for (const end of stop.reverse()) await end()
    }
  },
}

const against = (value: number, unit: string, target: number) => ({
  value,
  unit,
  ratio: value / target,
  of: `the ${target} ${unit} asked for`,
})

/** How to start the browser, or why there is none. */
function browser(): (() => Promise<Chromium>) | string {
  const { stdout } = spawnSync('sh', ['-c', 'command -v chromium || command -v chromium-browser || command -v google-chrome'], {
    encoding: 'utf8',
  })
  const executablePath = stdout?.trim() ?? ''
  if (executablePath === '') return 'no Chromium on the PATH (Debian: apt-get install chromium)'
  try {
    const { chromium } = createRequire(import.meta.url)('playwright-core') as {
      chromium: { launch(options: object): Promise<Chromium> }
    }
    return () => chromium.launch({ executablePath, args: ['--no-sandbox'] })
  } catch {
    return 'playwright-core is not installed (npm install playwright-core)'
  }
}

async function serve(runs: string): Promise<{ readonly url: string; readonly server: ChildProcess }> {
  const program = fileURLToPath(new URL(`../bin/agoragym${extname(fileURLToPath(import.meta.url))}`, import.meta.url))
  const server = spawn(process.execPath, [program, 'view', runs, '--json'], { stdio: ['ignore', 'pipe', 'inherit'] })
  const text = await new Promise<string>((resolve, reject) => {
    server.stdout.once('data', bytes => resolve(String(bytes)))
    server.once('exit', code => reject(new Error(`bench: agoragym view ended with ${code}`)))
  })
  return { url: (JSON.parse(text) as { url: string }).url, server }
}

/** A word in the transcripts of few of the rollouts that were played. */
function rareWord(run: string): string {
  const counts = new Map<string, number>()
  const reader = new RunReader(run)
  for (const rows of reader.rollouts())
    for (const word of new Set([...textsOf(rows)].flatMap(text => text.match(/\b[a-z]\w{3,}\b|\b\d{2,}\b/g) ?? [])))
      counts.set(word, (counts.get(word) ?? 0) + 1)
  reader.close()
  return [...counts].sort(([, a], [, b]) => Math.abs(a - 3) - Math.abs(b - 3))[0]![0]
}

async function watched(chromium: Chromium, url: string, rare: string): Promise<BenchRow[]> {
  const rows: BenchRow[] = []
  const firsts: number[] = []
  const wholes: number[] = []
  let page!: Page
  for (let time = 0; time < 3; time++) {
    if (time > 0) await page.close()
    page = await chromium.newPage({ viewport: { width: 1440, height: 900 } })
    page.on('pageerror', error => {
      throw error
    })
    const start = performance.now()
    await page.goto(url, { waitUntil: 'commit' })
    await page.waitForSelector('html[data-answered] #answer figure svg')
    firsts.push((performance.now() - start) / 1000)
    await page.waitForSelector('html[data-ready]')
    wholes.push((performance.now() - start) / 1000)
  }
  rows.push(
    { what: 'first screen', ...against(median(firsts)!, 's', TARGET.first) },
    { what: '  with all charts and the list', value: median(wholes)!, unit: 's' },
  )
  const timed = async (work: string): Promise<number> => {
    const times: number[] = []
    for (let i = 0; i < TIMES; i++) times.push(await page.evaluate<number>(`(${TIMED})(i => { ${work} }, ${i})`))
    return median(times)!
  }
  const typed = (id: string, value: string, event = 'input'): string =>
    `const field = document.getElementById('${id}'); field.value = ${value}; field.dispatchEvent(new Event('${event}'))`
  rows.push(
    { what: 'filter by seed', ...against(await timed(typed('search', 'String(42 + i)')), 's', TARGET.filter) },
    { what: 'filter by a part of the key', ...against(await timed(typed('search', "'-s' + (7 + i)")), 's', TARGET.filter) },
    { what: 'no filter', ...against(await timed(typed('search', "''")), 's', TARGET.filter) },
    {
      what: 'sort by reward',
      ...against(await timed("document.querySelectorAll('.grid .head button')[5].click()"), 's', TARGET.filter),
    },
  )
  for (const [what, words] of [
    ['a word that few have', rare],
    ['a word that nobody has', 'unobtainium'],
    ['a word that all have', 'balance'],
  ] as const) {
    const { first, whole, found } = await page.evaluate<{ first: number; whole: number; found: string }>(
      `(${SEARCHED})('${words}')`,
    )
    if (found !== '0') rows.push({ what: `search for ${what}, first found`, ...against(first, 's', TARGET.filter) })
    rows.push({ what: found === '0' ? `search for ${what}` : `  all ${found}`, value: whole, unit: 's' })
  }
  await page.evaluate(typed('words', "''"))
  const opened: number[] = []
  for (let i = 0; i < TIMES; i++) opened.push(await page.evaluate<number>(`(${OPENED})(${i})`))
  rows.push({ what: 'one rollout, with its picture', ...against(Math.max(...opened), 's', TARGET.rollout) })
  const session = await chromium.newBrowserCDPSession()
  const { processInfo } = await session.send('SystemInfo.getProcessInfo')
  const held = Math.max(...processInfo.filter(({ type }) => type === 'renderer').map(({ id }) => residentMb(id)))
  rows.push(
    { what: 'page, its process', ...against(held, 'MB', TARGET.page) },
    { what: '  objects of the page', value: await page.evaluate<number>('performance.memory.usedJSHeapSize / 1e6'), unit: 'MB' },
  )
  return rows
}

/** In the page: seconds until what was done is drawn. */
const TIMED = `async (work, i) => {
  const start = performance.now()
  work(i)
  await new Promise(done => requestAnimationFrame(() => setTimeout(done)))
  return (performance.now() - start) / 1000
}`

/** In the page: seconds until the first rollout with these words is listed, and until all are. */
const SEARCHED = `async words => {
  const field = document.getElementById('words')
  const told = document.getElementById('searched')
  delete told.dataset.ms
  told.textContent = ''
  field.value = words
  const start = performance.now()
  field.dispatchEvent(new Event('input'))
  let first
  await new Promise(done => {
    const look = () => {
      const searched = told.textContent !== '' && field.value === words
      const [found] = document.getElementById('count').textContent.split(' ')
      if (first === undefined && searched && (found !== '0' || told.dataset.ms !== undefined)) first = performance.now()
      if (told.dataset.ms === undefined) setTimeout(look, 5)
      else done()
    }
    setTimeout(look, 5)
  })
  const [count] = document.getElementById('count').textContent.split(' ')
  return { first: (first - start) / 1000, whole: (performance.now() - start) / 1000, found: count }
}`

/** In the page: seconds from a click on a row to its messages and its picture. */
const OPENED = `async i => {
  document.getElementById('close').click()
  const start = performance.now()
  document.querySelectorAll('.grid .line')[i].click()
  await new Promise(done => {
    const look = () => {
      const picture = document.querySelector('#transcript-body .picture')
      if (document.querySelector('#transcript-body .message') !== null && picture !== null && picture.complete && picture.naturalWidth > 0) done()
      else requestAnimationFrame(look)
    }
    look()
  })
  return (performance.now() - start) / 1000
}`
