/**
 * Open Reward Standard (packages `ors-sdk` 0.1 and `openreward` 0.1.167), and OpenEnv's task API, which is its first half: tasks by
 * split and number, sessions over HTTP, tool calls one by one whose results are streamed as server-sent events. Knows ORS's words.
 */
import { randomUUID } from 'node:crypto'
import type { Context } from 'hono'
import { z } from 'zod'
import { TableError } from '../envs/core/table.ts'
import { after } from './after.ts'
import { ServeError } from './errors.ts'
import { gameSchema } from './game.ts'
import type { Host } from './host.ts'
import { bodyOf, type Port, route } from './routes.ts'
import { type SeatPlay, type Told, toolsOf, withoutNulls } from './seat.ts'
import type { Session } from './sessions.ts'
import { MOST_LISTED, numTasks, SPLITS, seedOf } from './tasks.ts'

/** One task: a game of one seed. */
const taskSchema = gameSchema.omit({ live: true }).extend({
  id: z.string().max(200).optional(),
  seed: z.int().min(0),
  seat: z.string().max(64).optional(),
})
type Task = z.infer<typeof taskSchema>

const splitSchema = z.strictObject({ split: z.string() })
const createSchema = z.strictObject({
  env_name: z.string().nullish(),
  task_spec: taskSchema.nullish(),
  split: z.string().nullish(),
  index: z.int().nullish(),
  toolset_name: z.string().nullish(),
  secrets: z.record(z.string(), z.unknown()).nullish(),
})
const callSchema = z.strictObject({ name: z.string(), input: z.record(z.string(), z.unknown()), task_id: z.string().nullish() })

/** Characters of one event's data. */
const CHUNK = 4096
/** Milliseconds between two signs of life while a call is being played. */
const KEEP_ALIVE_MS = 10_000
const EVENTS = { 'Content-Type': 'text/event-stream', 'Cache-Control': 'no-cache', 'X-Accel-Buffering': 'no' }

/** A game that is held for a client between its requests. */
interface Held {
  readonly session: Session
  /** Makes the game, once it is known which: clients that name a task by number say only with their next request of which economy. */
  readonly begin: (env: string) => Begun | Promise<Begun>
  begun?: Begun | Promise<Begun>
  /** The last call, whose result a client that lost its connection asks for again. */
  last?: { readonly id: string; readonly result: string | Promise<string> }
}

interface Begun {
  readonly play: SeatPlay
  readonly first: Told
}

function task(env: string, split: string, index: number): Task {
  const seed = seedOf(split, index)
  return { id: `${env}/${split}/${index}`, env, seed }
}

/** Tasks [start, stop) of a split as Python slices a list, a thousand at most. */
function range(env: string, split: string, start: number | null | undefined, stop: number | null | undefined): Task[] {
  const size = numTasks(split)
  const place = (at: number): number => Math.min(size, Math.max(0, at < 0 ? size + at : at))
  const [from, to] = [place(start ?? 0), place(stop ?? size)]
  if (to - from > MOST_LISTED)
    throw new ServeError(
      'bad_request',
      `The ${split} split has ${size} tasks and at most ${MOST_LISTED} are listed at once: use num_tasks and task, or a shorter range.`,
    )
  return Array.from({ length: Math.max(0, to - from) }, (_, i) => task(env, split, from + i))
}

function begin(host: Host, { seed, seat, id: _, ...request }: Task): Begun | Promise<Begun> {
  const play = host.seat('ors', { ...request, ...(seat !== undefined && { live: [seat] }) })
  return after(play.reset(seed), first => ({ play, first }))
}

const text = (text: string): object => ({ type: 'text', text, detail: null })

const toolList = (play: Parameters<typeof toolsOf>[0]): object => ({
  tools: toolsOf(play, 'calls').map(({ name, description, parameters }) => ({ name, description, input_schema: parameters })),
})

/** What a call is answered with. */
function output({ play }: Begun, told: Told): object {
  const { view, results, moved } = told
  const said = results.map(result => result.text)
  const over = view.stop === null ? [] : [`The game is over (${view.stop}).`]
  return {
    ok: true,
    output: {
      // What came of the calls, what the seat sees now, and that it was its last.
      blocks: [said.join('\n'), told.text, ...over].filter(part => part !== '').map(text),
      metadata: {
        t: view.t,
        ok: results.every(({ ok }) => ok),
        terminated: view.terminated,
        truncated: view.truncated,
        ...play.final,
      },
      reward: moved ? told.reward : null,
      finished: view.stop !== null,
    },
  }
}

/** The result of a call as JSON: an error where the game is over or given up. */
function answered(begun: Begun, name: string, input: object): string | Promise<string> {
  const { play } = begun
  const tool = toolsOf(play.game, 'calls').find(tool => tool.name === name)
  const failed = (error: unknown): string => {
    if (!(error instanceof TableError)) throw error
    const reason = error.code === 'episode_over' ? { reason: 'episode_finished' } : {}
    return JSON.stringify({ ok: false, error: error.message, ...reason })
  }
  try {
    const told = play.call({ tool: name, args: withoutNulls(tool, input) })
    if (told instanceof Promise) return told.then(told => JSON.stringify(output(begun, told))).catch(failed)
    return JSON.stringify(output(begun, told))
  } catch (error) {
    return failed(error)
  }
}

const event = (name: string, data: string): string => `event: ${name}\ndata: ${data}\n\n`

/** A space as JSON writes it without one. */
const escaped = (space: string): string => `\\u${space.charCodeAt(0).toString(16).padStart(4, '0')}`

/** A result as events. Clients drop spaces at the beginning of a chunk, so none begins with one; and none ends in half a character. */
function events(json: string): string {
  let written = ''
  let rest = json
  while (rest.length > CHUNK) {
    const end = /[\udc00-\udfff]/.test(rest.charAt(CHUNK)) ? CHUNK - 1 : CHUNK
    written += event('chunk', rest.slice(0, end))
    rest = rest.slice(end).replace(/^\s/, escaped)
  }
  return written + event('end', rest)
}

function stream(c: Context, host: Host, id: string, result: string | Promise<string>): Response {
  const head = event('task_id', id)
  if (typeof result === 'string') return c.body(head + events(result), 200, EVENTS)
  const bytes = new TextEncoder()
  let timer: NodeJS.Timeout | undefined
  const body = new ReadableStream<Uint8Array>({
    start(controller) {
      const send = (written: string): void => controller.enqueue(bytes.encode(written))
      send(head)
      timer = setInterval(() => send(': playing\n\n'), KEEP_ALIVE_MS)
      result
        .then(events, (error: unknown) => {
          host.onBug(error)
          return event('error', 'The server failed at this call; its log says how.')
        })
        .then(written => {
          clearInterval(timer)
          send(written)
          controller.close()
        })
        // The client has gone; what came of its call is kept for it.
        .catch(() => {})
    },
    cancel: () => clearInterval(timer),
  })
  return c.body(body, 200, EVENTS)
}

export function ors(port: Port): void {
  const { app, host } = port
  const { sessions } = host
  const held = new Map<string, Held>()
  const idOf = (c: Context): string => {
    const id = c.req.header('x-session-id')?.trim()
    if (id === undefined || id === '' || id.length > 128)
      throw new ServeError('bad_request', 'X-Session-ID header is required: the id of the session, at most 128 characters.')
    return id
  }
  const heldOf = (c: Context): Held => {
    const found = held.get(idOf(c))
    if (found === undefined)
      throw new ServeError('unknown_session', 'Active environment not found: none was created, or it has ended.')
    found.session.touch()
    return found
  }
  const begunOf = (c: Context, env: string): Begun | Promise<Begun> => {
    const found = heldOf(c)
    found.begun ??= found.begin(env)
    return found.begun
  }
  const end = (c: Context): Response => {
    const id = idOf(c)
    held.get(id)?.session.end()
    return c.json({ sid: id })
  }

  app.get('/list_environments', c => c.json(host.economies.ids()))
  route(port, 'GET', '/tools', (c, env) => c.json(toolList(host.game('ors', { env }))))
  route(port, 'GET', '/splits', c => c.json(SPLITS.map(name => ({ name, type: name }))))
  route(port, 'POST', '/tasks', async (c, env) => {
    const { split } = await bodyOf(c, splitSchema)
    return c.json({ tasks: range(env, split, 0, undefined), env_name: env })
  })
  route(port, 'POST', '/num_tasks', async c => c.json({ num_tasks: numTasks((await bodyOf(c, splitSchema)).split) }))
  route(port, 'POST', '/task', async (c, env) => {
    const { split, index } = await bodyOf(c, splitSchema.extend({ index: z.int() }))
    return c.json({ task: task(env, split, index), env_name: env })
  })
  route(port, 'POST', '/task_range', async (c, env) => {
    const { split, start, stop } = await bodyOf(c, splitSchema.extend({ start: z.int().nullish(), stop: z.int().nullish() }))
    return c.json({ tasks: range(env, split, start, stop), env_name: env })
  })

  // An id costs nothing; room is taken by the game.
  app.post('/create_session', c => c.body(event('task_id', randomUUID()) + event('end', ''), 200, EVENTS))
  app.post('/create', async c => {
    const id = idOf(c)
    const { env_name, task_spec, split, index, toolset_name } = await bodyOf(c, createSchema)
    if (held.has(id)) throw new ServeError('bad_request', 'Session already exists.')
    if (toolset_name != null) throw new ServeError('bad_request', `No toolset '${toolset_name.slice(0, 64)}'; there is none.`)
    const hasIndex = split != null && index != null
    if ((task_spec != null) === hasIndex)
      throw new ServeError('bad_request', 'Expected either task_spec, or split and index, and not both.')
    // A wrong split or index is told now, whatever the economy.
    if (hasIndex) seedOf(split, index)
    const env = env_name?.toLowerCase() ?? task_spec?.env
    if (env !== undefined) host.envOf(env)
    if (env !== undefined && task_spec?.env !== undefined && task_spec.env !== env)
      throw new ServeError('bad_request', `The task is one of ${task_spec.env}, and env_name says ${env}.`)
    const session = sessions.open(
      'ors',
      () => {
        const { begun } = found
        held.delete(id)
        if (begun !== undefined)
          void Promise.resolve(begun).then(
            ({ play }) => play.close(),
            () => {},
          )
      },
      id,
    )
    const found: Held = {
      session,
      begin: named => begin(host, hasIndex ? task(named, split, index) : { ...task_spec!, env: named }),
    }
    held.set(id, found)
    try {
      if (env !== undefined) {
        found.begun = session.run(() => found.begin(env)) as Begun | Promise<Begun>
        await found.begun
      }
    } catch (error) {
      session.end()
      throw error
    }
    return c.json({ sid: id })
  })
  app.post('/ping', c => {
    heldOf(c)
    return c.json({ status: 'ok' })
  })
  app.post('/delete', end)
  app.post('/delete_session', end)

  route(port, 'GET', '/task_tools', async (c, env) => c.json(toolList((await begunOf(c, env)).play.game)))
  route(port, 'GET', '/prompt', async (c, env) => {
    const { first } = await begunOf(c, env)
    return c.json([text(first.messages.map(({ content }) => content).join('\n\n'))])
  })
  route(port, 'GET', '/messages', async (c, env) => {
    const { first } = await begunOf(c, env)
    return c.json(first.messages.map(({ role, content }) => ({ role, blocks: [text(content)], detail: null })))
  })
  route(port, 'POST', '/call', async (c, env) => {
    const { name, input, task_id } = await bodyOf(c, callSchema)
    const found = heldOf(c)
    if (task_id != null) {
      if (found.last?.id !== task_id) return c.body(event('error', 'unknown task_id'), 200, EVENTS)
      return stream(c, host, task_id, found.last.result)
    }
    const begun = await begunOf(c, env)
    const result = found.session.run(() => answered(begun, name, input))
    const id = randomUUID().replaceAll('-', '')
    found.last = { id, result }
    return stream(c, host, id, result)
  })
}
