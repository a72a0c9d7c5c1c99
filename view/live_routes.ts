/** The page of a living game and what it asks for, mounted by the local web app. Knows HTTP and files; knows no economy. */
import { existsSync, readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { type Context, Hono } from 'hono'
import { streamSSE } from 'hono/streaming'
import { z } from 'zod'
import { UserError } from '../envs/core/errors.ts'
import { explain } from '../envs/core/tool.ts'
import { escaped, styleSheet } from '../evals/report/assets.ts'
import { drawPicture } from './draw.ts'
import { type Live, type LiveEvent, SPEEDS } from './live.ts'
import { pictureWords } from './words.ts'

const PAGE = join(import.meta.dirname, 'live_page')
const SCRIPTS = ['live.js', 'stage.js', 'land.js', 'solid.js'] as const

const TYPES = { js: 'text/javascript; charset=utf-8', css: 'text/css; charset=utf-8' } as const

const actions = z.discriminatedUnion('do', [
  z.strictObject({ do: z.literal('play') }),
  z.strictObject({ do: z.literal('pause') }),
  z.strictObject({ do: z.literal('step') }),
  z.strictObject({ do: z.literal('speed'), speed: z.number() }),
  z.strictObject({ do: z.literal('restart'), seed: z.number().optional() }),
])

/** Milliseconds after which a page is told that the connection is there. */
const ALIVE = 15_000

/** The routes of a living game, as they are below `/live`. */
export function liveRoutes(live: Live, title: string): Hono {
  const app = new Hono()
  const three = threeFiles()
  app.get('/', c => c.html(page(title, three !== undefined)))
  app.get('/live.css', c => file(c, 'css', styleSheet(readFileSync(join(PAGE, 'live.css'), 'utf8'))))
  for (const name of SCRIPTS) app.get(`/${name}`, c => file(c, 'js', readFileSync(join(PAGE, name), 'utf8')))
  for (const [name, text] of Object.entries(three ?? {})) app.get(`/three/${name}`, c => file(c, 'js', text()))
  app.get('/state', c => c.json({ state: live.state, step: live.step, lines: live.lines }))
  app.get('/events', c => events(c, live))
  app.get('/log', c => {
    const { env, seed } = live.state
    c.header('Content-Disposition', `attachment; filename="${env}--seed${seed}.jsonl"`)
    return c.body(`${JSON.stringify(live.log)}\n`, 200, { 'Content-Type': 'application/jsonl; charset=utf-8' })
  })
  app.get('/picture.svg', c => {
    const theme = c.req.query('theme') === 'dark' ? 'dark' : 'light'
    const width = Number(c.req.query('width') ?? 960)
    const svg = drawPicture(live.picture(), { theme, width: Number.isFinite(width) ? Math.min(1600, Math.max(320, width)) : 960 })
    return c.body(svg, 200, { 'Content-Type': 'image/svg+xml' })
  })
  app.get('/picture.txt', c => c.text(pictureWords(live.picture())))
  app.post('/do', async c => {
    // What is of another origin cannot send this type without being asked first, and is then refused.
    if (!/^application\/json\b/.test(c.req.header('content-type') ?? '')) return c.text('expected application/json', 415)
    const asked = actions.safeParse(await c.req.json().catch(() => undefined))
    if (!asked.success) return c.text(`expected what to do: ${explain(asked.error)}`, 400)
    try {
      const { data } = asked
      live.do(data.do === 'restart' ? { do: 'restart', ...(data.seed !== undefined && { seed: data.seed }) } : data)
    } catch (error) {
      if (!(error instanceof UserError)) throw error
      return c.text(error.message, 400)
    }
    return c.json(live.state)
  })
  return app
}

function file(c: Context, type: keyof typeof TYPES, text: string): Response {
  return c.body(text, 200, { 'Content-Type': TYPES[type] })
}

function page(title: string, solid: boolean): string {
  return readFileSync(join(PAGE, 'live.html'), 'utf8')
    .replaceAll('{{title}}', () => escaped(title))
    .replace('{{speeds}}', () =>
      SPEEDS.map(speed => `<option value="${speed}"${speed === 1 ? ' selected' : ''}>${speed}×</option>`).join(''),
    )
    .replace('<html ', `<html data-solid="${solid}" `)
}

/**
 * The library of the third dimension where it is installed: its modules, those that name it by its package's name changed to its file, as
 * pages have no packages.
 */
function threeFiles(): Readonly<Record<string, () => string>> | undefined {
  let root: string
  try {
    root = dirname(dirname(createRequire(import.meta.url).resolve('three')))
  } catch {
    return undefined
  }
  const read = (...path: string[]) => {
    const at = join(root, ...path)
    return () => readFileSync(at, 'utf8').replace(/(from\s+)'three'/g, "$1'./three.module.js'")
  }
  const files = {
    'three.module.js': ['build', 'three.module.js'],
    'three.core.js': ['build', 'three.core.js'],
    'OrbitControls.js': ['examples', 'jsm', 'controls', 'OrbitControls.js'],
  }
  if (!Object.values(files).every(path => existsSync(join(root, ...path)))) return undefined
  return Object.fromEntries(Object.entries(files).map(([name, path]) => [name, read(...path)]))
}

/** Everything that happens, as it does. */
function events(c: Context, live: Live): Response {
  return streamSSE(c, async stream => {
    const waiting: LiveEvent[] = []
    let wake = (): void => {}
    const leave = live.look(event => {
      waiting.push(event)
      wake()
    })
    stream.onAbort(() => {
      leave()
      wake()
    })
    await stream.writeSSE({ event: 'hello', data: JSON.stringify({ state: live.state, step: live.step, lines: live.lines }) })
    while (!stream.aborted) {
      const next = waiting.shift()
      if (next !== undefined) await stream.writeSSE({ event: next.event, data: JSON.stringify(next.data) })
      else {
        const isAlive = await new Promise<boolean>(resolve => {
          const timer = setTimeout(() => resolve(false), ALIVE)
          wake = () => {
            clearTimeout(timer)
            resolve(true)
          }
          if (waiting.length > 0) wake()
        })
        if (!isAlive) await stream.writeSSE({ event: 'alive', data: '' })
      }
    }
    leave()
  })
}
