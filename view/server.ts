/**
 * The local web app over runs: the report's page, with a server that has the data. On loopback alone. Knows HTTP; what is shown
 * is read elsewhere (`watched.ts`) and drawn by the page.
 */
import type { Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { createAdaptorServer } from '@hono/node-server'
import { type Context, Hono, type MiddlewareHandler } from 'hono'
import { bodyLimit } from 'hono/body-limit'
import { secureHeaders } from 'hono/secure-headers'
import { stream, streamSSE } from 'hono/streaming'
import { UserError } from '../envs/core/errors.ts'
import { asset, escaped, libraries, SCRIPTS, styleSheet } from '../evals/report/assets.ts'
import { RunError } from '../rollouts/errors.ts'
import { isLoopback } from '../rollouts/loopback.ts'
import { drawPicture } from './draw.ts'
import type { Live } from './live.ts'
import { liveRoutes } from './live_routes.ts'
import type { Watched } from './watched.ts'
import { pictureWords } from './words.ts'

export interface ViewOptions {
  readonly watched: Watched
  /** A game that is played while it is looked at, below /live/. */
  readonly live?: Live
  /** 0 for any free port, the default. */
  readonly port?: number
  readonly title?: string
  /** Hears of a bug behind a request; the page is told its message alone. */
  readonly onBug?: (error: unknown) => void
}

/** A page that is served. */
export interface RunningView {
  /** Such as `http://127.0.0.1:4173`. */
  readonly url: string
  close(): Promise<void>
}

/** Milliseconds between two looks at the folders. */
const LOOK_MS = 1000
/** Bytes that are written at once, at most. */
const MOST_WRITTEN = 1 << 16
/** A page is told of changes at most once in so many times as long as it takes to read them. */
const REST = 5

/** Nothing but its own: what a transcript says is shown and cannot run. Plot writes styles into its drawings. */
const POLICY = {
  defaultSrc: ["'none'"],
  scriptSrc: ["'self'"],
  styleSrc: ["'self'", "'unsafe-inline'"],
  imgSrc: ["'self'", 'data:'],
  connectSrc: ["'self'"],
  baseUri: ["'none'"],
  formAction: ["'none'"],
  frameAncestors: ["'none'"],
}

/** Serves the page on 127.0.0.1. A UserError where the port cannot be had. */
export async function startView({ watched, live, port = 0, title = 'agoragym view', onBug }: ViewOptions): Promise<RunningView> {
  const ending = new AbortController()
  const server = createAdaptorServer({
    fetch: appOf({ watched, title, ending: ending.signal, live, onBug }).fetch,
    hostname: '127.0.0.1',
    // The program that shows its runs keeps its own Request and Response.
    overrideGlobalObjects: false,
  }) as Server
  await new Promise<void>((resolve, reject) => {
    server.once('error', ({ message }) =>
      reject(new UserError(`Port ${port} cannot be had: ${message}. Choose another with --port, or 0 for any.`)),
    )
    server.listen(port, '127.0.0.1', resolve)
  })
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  return {
    url,
    async close() {
      ending.abort()
      server.closeAllConnections()
      await new Promise(resolve => server.close(resolve))
    },
  }
}

interface App {
  readonly watched: Watched
  readonly title: string
  /** Aborted when the server ends. */
  readonly ending: AbortSignal
  readonly live: Live | undefined
  readonly onBug: ViewOptions['onBug']
}

function appOf({ watched, title, ending, live, onBug }: App): Hono {
  const app = new Hono()
  app.use(secureHeaders({ contentSecurityPolicy: POLICY, referrerPolicy: 'no-referrer' }))
  // A page of another origin, or a name that leads here, reaches a loopback server too.
  app.use(async (c, next) => {
    const host = c.req.header('host') ?? ''
    if (!isLoopback(host)) return c.text(`Host: expected 127.0.0.1 or localhost, got ${host.slice(0, 80)}`, 403)
    c.header('Cache-Control', 'no-store')
    await next()
  })
  app.onError((error, c) => {
    const isTold = error instanceof UserError || error instanceof RunError
    if (!isTold) onBug?.(error)
    const status = isTold ? (c.req.method === 'POST' ? 400 : 404) : 500
    return c.text(isTold ? error.message : `The server failed: ${error.message}`, status)
  })
  if (live !== undefined) app.get('/live', c => c.redirect('/live/')).route('/live/', liveRoutes(live, title))
  app.get('/changes', c => changes(c, watched, ending))
  app.get('/', c => {
    // Whoever opens the page sees what there is; who has it open is told of changes.
    watched.refresh()
    return c.html(page(title))
  })
  app.get('/page.css', c => c.body(styleSheet(), 200, { 'Content-Type': 'text/css; charset=utf-8' }))
  for (const name of SCRIPTS) app.get(`/${name}`, c => script(c, asset(name)))
  for (const { name, text } of libraries()) app.get(`/${name}`, c => script(c, text))
  app.get('/data/facts', c => c.json(watched.snapshot().facts))
  app.get('/data/overview', c => c.json(watched.snapshot().overview))
  app.get('/data/figures', c => c.json(watched.snapshot().figures))
  app.get('/data/rows', c => c.json(watched.snapshot().columns.packed()))
  app.get('/data/series', c => c.json(watched.snapshot().series))
  // Which transcripts there are: all of them, so none is listed.
  app.get('/data/index', c => c.json([]))
  app.get('/data/metric', c => c.json(watched.metric(asked(c, 'name'))))
  app.get('/transcript', c => {
    const story = watched.story(number(c, 'run'), asked(c, 'key'), asked(c, 'seat'))
    return story === undefined ? c.text('no such rollout or seat', 404) : c.json(story)
  })
  app.get('/parting', c => {
    const parting = watched.parting([number(c, 'run'), asked(c, 'key')], [number(c, 'run2'), asked(c, 'key2')])
    return parting === undefined ? c.text('no such rollout', 404) : c.json(parting)
  })
  app.get('/search', c => search(c, watched))
  app.get('/data/notes', c => c.json(watched.notes()))
  const tooLong = (c: Context): Response => c.text(`expected ${MOST_WRITTEN} bytes at most`, 413)
  app.post('/notes', ownPage, bodyLimit({ maxSize: MOST_WRITTEN, onError: tooLong }), async c => {
    const { run, ...act } = await bodyOf(c)
    const row = Number.isInteger(run) ? watched.addNote(run as number, act) : undefined
    return row === undefined ? c.text('no such rollout', 404) : c.json(row)
  })
  app.get('/picture.svg', async c => {
    const picture = await watched.picture(number(c, 'run'), asked(c, 'key'), number(c, 'step'))
    if (picture === undefined) return c.text('no such rollout', 404)
    const svg = drawPicture(picture, { theme: c.req.query('theme') === 'dark' ? 'dark' : 'light', width: 720 })
    return c.body(svg, 200, { 'Content-Type': 'image/svg+xml' })
  })
  app.get('/picture.txt', async c => {
    const picture = await watched.picture(number(c, 'run'), asked(c, 'key'), number(c, 'step'))
    return picture === undefined ? c.text('no such rollout', 404) : c.text(pictureWords(picture))
  })
  return app
}

/** Lets nobody write but the page that this server sent: a form or a script of another origin can send no JSON, and tells where it is from. */
const ownPage: MiddlewareHandler = async (c, next) => {
  const [own, origin] = [`http://${c.req.header('host')}`, c.req.header('origin')]
  if (origin !== own) return c.text(`Origin: expected ${own}, got ${(origin ?? 'none').slice(0, 80)}`, 403)
  const type = c.req.header('content-type') ?? 'none'
  if (!/^application\/json(?:;|$)/i.test(type))
    return c.text(`Content-Type: expected application/json, got ${type.slice(0, 80)}`, 415)
  await next()
}

async function bodyOf(c: Context): Promise<Record<string, unknown>> {
  const body: unknown = await c.req.json().catch(() => undefined)
  if (typeof body === 'object' && body !== null && !Array.isArray(body)) return body as Record<string, unknown>
  throw new UserError('expected a JSON object')
}

/** What a search finds, a line of JSON each time, as long as the page waits for it. */
function search(c: Context, watched: Watched): Response {
  const { words, setting, snapshot } = c.req.query()
  // The places of rows are those of the rows that the page has.
  if (snapshot !== String(watched.snapshot().number)) return c.text('the runs have changed', 409)
  c.header('Content-Type', 'application/jsonl')
  return stream(c, async out => {
    for await (const found of watched.search(words ?? '', setting)) {
      if (out.aborted) return
      await out.writeln(JSON.stringify(found))
    }
  })
}

function page(title: string): string {
  const [head, foot] = asset('page.html').split('<!-- content -->') as [string, string]
  const scripts = libraries().map(({ name }) => `<script src="${name}"></script>\n`)
  return (
    head
      .replaceAll('{{title}}', () => escaped(title))
      .replace('<html ', '<html data-source="server" ')
      .replace('<!-- styles -->', '<link rel="stylesheet" href="page.css">') +
    `${scripts.join('')}<script type="module" src="page.js"></script>${foot}`
  )
}

function script(c: Context, text: string): Response {
  return c.body(text, 200, { 'Content-Type': 'text/javascript; charset=utf-8' })
}

/** Tells the page that runs have grown, as they do. */
function changes(c: Context, watched: Watched, ending: AbortSignal): Response {
  return streamSSE(c, async stream => {
    let rest = LOOK_MS
    let notes = watched.notesStamp()
    await stream.writeSSE({ event: 'hello', data: '' })
    while (!stream.aborted && !ending.aborted) {
      await stream.sleep(rest)
      rest = LOOK_MS
      const said = watched.notesStamp()
      if (said !== notes) await stream.writeSSE({ event: 'notes', data: '' })
      notes = said
      const start = performance.now()
      try {
        if (!watched.refresh()) continue
      } catch (error) {
        // The runs are gone, or half of one is there: the next look sees what there is then.
        if (error instanceof UserError || error instanceof RunError) continue
        throw error
      }
      rest = Math.max(LOOK_MS, REST * (performance.now() - start))
      await stream.writeSSE({ event: 'change', data: '' })
    }
  })
}

/** A field of the query. A UserError where it is not there. */
function asked(c: Context, name: string): string {
  const value = c.req.query(name)
  if (value === undefined || value === '') throw new UserError(`expected ${name}= in the address`)
  return value
}

function number(c: Context, name: string): number {
  const text = asked(c, name)
  if (!/^-?\d{1,9}$/.test(text)) throw new UserError(`${name}: expected a whole number, got ${text.slice(0, 40)}`)
  return Number(text)
}
