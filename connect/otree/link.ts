/**
 * One participant of an oTree session: goes from page to page, tells what is due, sends answers, keeps time limits and sockets. Knows
 * oTree's ways; knows no player.
 */
import { setTimeout as after } from 'node:timers/promises'
import type { AnyTypes, CallResult, Playable, Seat } from '../../envs/core/environment.ts'
import { UserError } from '../../envs/core/errors.ts'
import { quote } from '../../envs/core/text.ts'
import { admit, type Call, type Checked } from '../../envs/core/tool.ts'
import { sleep, systemClock } from '../../rollouts/models/retry.ts'
import type { Ask, Link, LinkEvent } from '../adapter.ts'
import type { PageConfig, PageObservation } from './env.ts'
import { type Browser, reasonOf, ServerError, type Socket } from './http.ts'
import { type Chat, type Page, parsePage } from './page.ts'
import { messageOf, type PageSchema, type Schemas, shownMessage } from './schema.ts'
import { CHAT, formBody, LIVE_SEND, SUBMIT, toolsOf } from './tools.ts'

export interface LinkOptions {
  readonly browser: Browser
  readonly env: Playable<AnyTypes>
  readonly config: PageConfig
  readonly seat: Seat
  readonly identity: string
  /** The participant's code: who has it has the seat. */
  readonly code: string
  readonly schemas: Schemas
  /** Seconds after which a page that goes on by itself (live, chat) is shown again though nothing happened on it. */
  readonly actEveryS: number
  /** Written once into every chat. */
  readonly disclose?: string
}

/** A page that one is on. */
interface Visited {
  readonly page: Page
  /** Its path, with the participant's code in it. */
  readonly path: string
  /** `app/Page`, and which page of the session it is. */
  readonly name: string
  readonly index: number
  readonly schema: PageSchema | undefined
  /** When it runs out, in milliseconds since 1970. */
  readonly deadline: number | null
}

/** What happens while one is on a page. */
type News =
  | { readonly kind: 'ended' | 'advanced' | 'deadline' | 'changed' | 'tick' | 'rested' | 'stop' }
  | { readonly kind: 'lost'; readonly text: string }

/** Milliseconds that a message of a live page waits for its socket. */
const SOCKET_WAIT = 5000
/** Milliseconds from one ask about a page that goes on to the next at least: its server answers what one does, and that is news. */
const GAP = 1000
/** Milliseconds between two attempts to tell the server that the time is up, which it may see a little later. */
const LATE_AGAIN = 500
/** Milliseconds after which a page that groups by arrival is asked for again: at least, and up to so many more. */
const ARRIVAL = { least: 10_000, more: 60_000 }

export class ParticipantLink implements Link {
  readonly env: Playable<AnyTypes>
  readonly config: PageConfig
  readonly seat: Seat
  readonly identity: string
  readonly #options: LinkOptions
  readonly #news: News[] = []
  #wake: (() => void) | undefined
  #sockets: Socket[] = []
  #on: Visited | undefined
  /** Where the server sent us when it took the page. */
  #next: string | undefined
  #live: Socket | undefined
  #chats = new Map<string, Socket>()
  #heard: string[] = []
  #chat: string[] = []
  #notices: string[] = []
  #disclosed = new Set<string>()
  #timedOut: Promise<void> | undefined
  /** Whether an answer is on its way: the page's own socket may say that one is beyond it before the answer to that does. */
  #sending = false
  /** Aborted when the link is closed. */
  readonly #ending = new AbortController()

  constructor(options: LinkOptions) {
    this.#options = options
    this.env = options.env
    this.config = options.config
    this.seat = options.seat
    this.identity = options.identity
  }

  get resume(): unknown {
    return { code: this.#options.code }
  }

  async *events(signal: AbortSignal): AsyncGenerator<LinkEvent> {
    const stop = (): void => this.#tell({ kind: 'stop' })
    signal.addEventListener('abort', stop)
    try {
      let path = this.#start
      for (;;) {
        signal.throwIfAborted()
        const on = await this.#visit(path, signal)
        if (on.page.kind === 'over') break
        if (on.page.kind === 'other')
          throw new UserError(`${on.name}: the server shows no page of oTree's there: ${on.page.text.slice(0, 200)}`)
        if (on.page.refusal !== undefined)
          throw new UserError(
            `${on.name} cannot be answered without a browser: ${on.page.refusal}. Describe it in a schema file (--schema), or use a browser.`,
          )
        const { kind, refresh, fields } = on.page
        if (kind === 'wait') yield* this.#wait(on, signal)
        else if (refresh !== null && fields.length === 0) await sleep(systemClock, 1000 * refresh, signal)
        else yield* this.#stay(on, signal)
        path = this.#next ?? this.#start
        this.#next = undefined
      }
      yield {
        kind: 'over',
        result: { reward: null, stop: 'finished', metrics: {}, info: { identity: this.identity } },
      }
    } finally {
      signal.removeEventListener('abort', stop)
      this.#leave()
    }
  }

  async send(ask: Ask, { tool, args }: Call, signal: AbortSignal): Promise<CallResult | 'unknown'> {
    const on = this.#on
    const given = args as Record<string, unknown>
    if (on === undefined || !ask.id.startsWith(idOf(on))) return { ok: false, text: 'That page is gone.' }
    if (tool === SUBMIT) return this.#submit(on, formBody(on.page.fields, given))
    const isChat = tool === CHAT
    const channel = String(given.channel ?? on.page.chats[0]?.channel)
    const socket = isChat ? this.#chats.get(channel) : this.#live
    const chat = on.page.chats.find(each => each.channel === channel)
    const message = isChat
      ? { body: given.text, nickname_signed: chat?.nickname_signed }
      : tool === LIVE_SEND
        ? given.message
        : messageOf(on.schema!.send![tool]!, given)
    if (socket === undefined || !(await socket.ready(SOCKET_WAIT, signal)) || !socket.send(message))
      return { ok: false, text: 'The connection of the page is down; nothing was sent.' }
    return { ok: true, text: 'Sent.' }
  }

  async reconcile(ask: Ask): Promise<'taken' | 'open' | 'closed'> {
    const on = this.#on
    if (on === undefined || !ask.id.startsWith(idOf(on))) return 'closed'
    const { path } = await this.#options.browser.visit(on.path, AbortSignal.timeout(SOCKET_WAIT * 6))
    // oTree takes the first answer to a page; a second one leads to where one is.
    if (path === on.path) return 'open'
    this.#next = path
    return 'taken'
  }

  async lapse(ask: Ask): Promise<void> {
    const on = this.#on
    if (on !== undefined && ask.id.startsWith(idOf(on))) await this.#timeOut(on)
  }

  ended(): void {
    this.#tell({ kind: 'ended' })
  }

  close(): void {
    this.#ending.abort()
    this.#leave()
  }

  get #start(): string {
    return `/InitializeParticipant/${this.#options.code}`
  }

  async #visit(path: string, signal: AbortSignal): Promise<Visited> {
    const { browser, schemas } = this.#options
    this.#leave()
    const got = await browser.visit(path, signal, why => this.#tell({ kind: 'lost', text: why }))
    const [, app, pageName, index] = /^\/p\/[^/]+\/([^/]+)\/([^/]+)\/(\d+)/.exec(got.path) ?? []
    const name = app === undefined ? got.path.split('/')[1]! : `${app}/${pageName}`
    const schema = schemas[name]
    const page = parsePage(got.body, got.path, schema?.fields)
    const on = {
      page,
      path: got.path,
      name,
      index: Number(index ?? 0),
      schema,
      deadline: page.timeout === null ? null : got.at + 1000 * page.timeout,
    }
    this.#on = on
    this.#heard = []
    this.#chat = []
    this.#timedOut = undefined
    this.#news.length = 0
    return on
  }

  /** Waits until the server says that the others are there. */
  async *#wait(on: Visited, signal: AbortSignal): AsyncGenerator<LinkEvent> {
    const { browser } = this.#options
    const { wait_socket: path, by_arrival } = on.page
    if (path === null) throw new UserError(`${on.name}: a wait page without a socket; oTree 6 is expected.`)
    yield { kind: 'told', text: `waits at ${on.name}: ${on.page.text}` }
    this.#sockets.push(
      browser.socket(path, {
        onMessage: message => {
          const { error } = message as { error?: unknown }
          this.#tell(error === undefined ? { kind: 'advanced' } : { kind: 'lost', text: String(error) })
        },
        onLost: text => this.#tell({ kind: 'lost', text }),
      }),
    )
    const again = by_arrival ? this.#later(ARRIVAL.least + Math.random() * ARRIVAL.more, { kind: 'advanced' }) : undefined
    try {
      for (;;) {
        const news = await this.#hear(signal)
        if (news.kind === 'lost') yield { kind: 'lost', text: news.text }
        if (news.kind === 'advanced') return
      }
    } finally {
      again?.()
    }
  }

  /** Stays on a page until the server has taken it, or moved on. */
  async *#stay(on: Visited, signal: AbortSignal): AsyncGenerator<LinkEvent> {
    const { page, deadline } = on
    this.#listen(on)
    const cancel = deadline === null ? undefined : this.#later(deadline - Date.now(), { kind: 'deadline' })
    const goesOn = page.live_socket !== null || page.chats.length > 0
    const canAct = page.submits || goesOn
    let open: Ask | undefined
    let due = canAct
    let tick: (() => void) | undefined
    let pause: (() => void) | undefined
    let isNews = false
    let asks = 0
    let isBeyond = false
    try {
      if (!canAct) yield { kind: 'told', text: `reads ${on.name} until its time is up` }
      for (;;) {
        if (due && open === undefined) {
          due = false
          tick?.()
          pause?.()
          if (goesOn) pause = this.#later(GAP, { kind: 'rested' })
          open = this.#ask(on, goesOn ? asks++ : undefined)
          yield { kind: 'due', ask: open }
        }
        const news = await this.#hear(signal)
        switch (news.kind) {
          case 'lost':
            yield { kind: 'lost', text: news.text }
            break
          case 'ended':
            open = undefined
            if (isBeyond) this.#next ??= this.#start
            if (this.#next !== undefined) return
            if (this.#timedOut !== undefined) {
              await this.#timedOut
              return
            }
            if (goesOn) tick = this.#later(1000 * this.#options.actEveryS, { kind: 'tick' })
            else if (deadline === null) throw new ServerError(0, `${on.name}: nothing was taken, and it has no time limit`)
            break
          case 'changed':
            if (pause !== undefined) isNews = true
            else due = true
            break
          case 'tick':
            due = true
            break
          case 'rested':
            pause = undefined
            due ||= isNews
            isNews = false
            break
          case 'deadline': {
            if (open !== undefined) yield { kind: 'closed', id: open.id, why: 'timeout', text: FALLBACK }
            await this.#timeOut(on)
            if (open === undefined) return
            break
          }
          case 'advanced': {
            if (this.#sending) {
              isBeyond = true
              break
            }
            // A script of the page would load it anew; whatever is being thought is about a page that is gone.
            this.#next ??= this.#start
            this.#notices.push(`The page “${page.title}” was ended by the experiment before you answered it.`)
            if (open === undefined) return
            yield { kind: 'closed', id: open.id, why: 'superseded', text: 'The experiment moved on.' }
            break
          }
        }
      }
    } finally {
      cancel?.()
      tick?.()
      pause?.()
    }
  }

  #ask(on: Visited, count: number | undefined): Ask {
    const { page, name, index, schema, deadline } = on
    const live = page.live_socket === null ? null : (schema?.send ?? 'generic')
    const left = deadline === null ? null : Math.max(0, Math.ceil((deadline - Date.now()) / 1000 - 0.05))
    const { code } = this.#options
    const observation: PageObservation = {
      page: name,
      index,
      title: page.title,
      text: page.text.replaceAll(code, '…'),
      fields: page.fields,
      submits: page.submits,
      live,
      chats: page.chats.map(({ channel }) => channel),
      chat: [...this.#chat],
      heard: [...this.#heard],
      notices: [...this.#notices, ...page.errors],
      time_left_s: left,
    }
    this.#notices = []
    const tools = toolsOf(observation)
    const offered = Object.keys(tools)
    const check = (call: unknown): Checked => admit(tools, offered, call)
    return {
      id: count === undefined ? idOf(on) : `${idOf(on)}:${count}`,
      t: index - 1,
      observation,
      offered,
      check,
      recheck: call =>
        this.#on === on && this.#next === undefined
          ? check(call)
          : { ok: false, tool: '', refusal: { code: 'page_gone', message: 'The page is gone.' } },
      deadline,
      repeatable: count !== undefined,
      fallback: FALLBACK,
    }
  }

  /** Sends the form. Once it is on its way nothing calls it back: it is its answer that says what came of it. */
  async #submit(on: Visited, body: URLSearchParams): Promise<CallResult | 'unknown'> {
    this.#sending = true
    for (const [name, value] of Object.entries(on.page.fixed)) body.append(name, value)
    let answer: Awaited<ReturnType<Browser['request']>>
    try {
      answer = await this.#options.browser.request('POST', on.path, this.#ending.signal, body)
    } catch (error) {
      if (error instanceof ServerError) throw error
      this.#tell({ kind: 'lost', text: reasonOf(error) })
      return 'unknown'
    } finally {
      this.#sending = false
    }
    if (answer.location !== null) {
      this.#next = answer.location
      return { ok: true, text: 'The page was taken.' }
    }
    if (answer.status >= 400) return { ok: false, text: `The server failed (${answer.status}) and did not take the page.` }
    const { errors } = parsePage(answer.body, on.path, on.schema?.fields)
    return { ok: false, text: `The page was not taken. ${errors.join(' ')}`.trim() }
  }

  /** Says that the time is up, as the page's script would; the server uses its defaults. Once a page. */
  #timeOut(on: Visited): Promise<void> {
    this.#timedOut ??= this.#sendTimeout(on)
    return this.#timedOut
  }

  async #sendTimeout(on: Visited): Promise<void> {
    const { browser } = this.#options
    const wait = (on.deadline ?? 0) - Date.now()
    if (wait > 0) await after(wait)
    if (this.#next !== undefined) return
    this.#notices.push(`The time for the page “${on.page.title}” was up before you sent it; the experiment used its defaults.`)
    const body = formBody(on.page.fields, {})
    body.append('timeout_happened', '1')
    for (let tries = 0; tries < 6 && !this.#ending.signal.aborted; tries++) {
      const answer = await browser.request('POST', on.path, AbortSignal.timeout(SOCKET_WAIT * 2), body).catch(() => undefined)
      if (answer?.location !== undefined && answer.location !== null) {
        this.#next = answer.location
        return
      }
      await after(LATE_AGAIN)
    }
    // The server's own worker ends the page some seconds after its time.
    this.#next = this.#start
  }

  /** Opens the sockets that a page's scripts would. */
  #listen(on: Visited): void {
    const { browser, disclose } = this.#options
    const { live_socket, advance_socket, chats } = on.page
    const onLost = (text: string): void => this.#tell({ kind: 'lost', text })
    if (advance_socket !== null)
      this.#sockets.push(
        browser.socket(advance_socket, {
          onMessage: message => {
            if ((message as { auto_advanced?: unknown }).auto_advanced === true) this.#tell({ kind: 'advanced' })
          },
          onLost,
        }),
      )
    if (live_socket !== null) {
      this.#live = browser.socket(live_socket, { onMessage: message => this.#hearLive(on, message), onLost })
      this.#sockets.push(this.#live)
    }
    for (const chat of chats) {
      const socket = browser.socket(chat.socket, {
        // The server tells everything from the beginning whenever one comes.
        onOpen: () => {
          this.#chat = this.#chat.filter(line => !line.startsWith(chatMark(chat, chats)))
        },
        onMessage: messages => this.#hearChat(chat, chats, messages),
        onLost,
      })
      this.#chats.set(chat.channel, socket)
      this.#sockets.push(socket)
      if (disclose !== undefined && !this.#disclosed.has(chat.channel)) {
        this.#disclosed.add(chat.channel)
        void socket
          .ready(SOCKET_WAIT, AbortSignal.timeout(2 * SOCKET_WAIT))
          .then(() => socket.send({ body: disclose, nickname_signed: chat.nickname_signed }))
          .catch(() => {})
      }
    }
  }

  #hearLive(on: Visited, message: unknown): void {
    const { otree_success, live_method_payload } = message as { otree_success?: boolean; live_method_payload?: unknown }
    if (otree_success === false) this.#heard.push('The server failed on a message of this page.')
    else {
      const { text, submits } = shownMessage(on.schema, live_method_payload)
      if (text !== undefined) this.#heard.push(text)
      if (submits) {
        void this.#submit(on, formBody(on.page.fields, {})).then(() => this.#tell({ kind: 'advanced' }))
        return
      }
      if (text === undefined) return
    }
    this.#tell({ kind: 'changed' })
  }

  #hearChat(chat: Chat, chats: readonly Chat[], messages: unknown): void {
    if (!Array.isArray(messages)) return
    let isNews = false
    for (const { nickname, body, participant_id } of messages as Record<string, unknown>[]) {
      const isOwn = participant_id === chat.participant
      this.#chat.push(`${chatMark(chat, chats)}${isOwn ? 'You' : String(nickname)}: ${quote(String(body))}`)
      isNews ||= !isOwn
    }
    if (isNews) this.#tell({ kind: 'changed' })
  }

  /** Closes the page's sockets, without waiting for the server to have heard of it. */
  #leave(): void {
    const sockets = this.#sockets
    this.#sockets = []
    this.#live = undefined
    this.#chats.clear()
    for (const socket of sockets) socket.close()
  }

  #tell(news: News): void {
    this.#news.push(news)
    this.#wake?.()
  }

  async #hear(signal: AbortSignal): Promise<News> {
    for (;;) {
      signal.throwIfAborted()
      const news = this.#news.shift()
      if (news !== undefined && news.kind !== 'stop') return news
      if (news === undefined)
        await new Promise<void>(resolve => {
          this.#wake = resolve
        })
    }
  }

  /** Tells something after a while; gives what calls that off. */
  #later(ms: number, news: News): () => void {
    const timer = setTimeout(() => this.#tell(news), Math.max(0, ms))
    return () => clearTimeout(timer)
  }
}

const FALLBACK = 'The time is up: the experiment uses its defaults.'

/** `app/Page/index`: an ask's id, or how the ids of a page's asks begin. */
function idOf({ name, index }: Visited): string {
  return `${name}/${index}`
}

/** What stands before a line of a chat, where there are several. */
function chatMark({ channel }: Chat, chats: readonly Chat[]): string {
  return chats.length > 1 ? `[${channel}] ` : ''
}
