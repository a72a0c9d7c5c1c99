/** A person at a page, scripted: a client of a seat's WebSocket that does what it is told, comes and goes. */
import { WebSocket } from 'ws'
import type { Answer, MonitorMessage, MonitorView, SeatMessage, SeatView } from '../../host/messages.ts'
import type { Call } from '../../index.ts'

/** What a person does in a turn; undefined where they do not answer at all. */
export type Choose = (view: SeatView) => readonly Call[] | undefined

type WithoutId<M> = M extends unknown ? Omit<M, 'id'> : never

/** The page at a link: sends messages, remembers the newest view. */
export class Page<View extends { readonly type: string }, Message extends { readonly id: number }> {
  readonly link: string
  /** Every text that the server sent, to all sockets of this page. */
  readonly heard: string[] = []
  /** The newest view; undefined before the first. */
  view: View | undefined
  #socket: WebSocket | undefined
  #id = 0
  readonly #answers = new Map<number, (answer: Answer) => void>()
  readonly #waiting = new Set<() => void>()

  constructor(link: string) {
    this.link = link
  }

  /** Opens the page, and has its first view. */
  async come(headers: Readonly<Record<string, string>> = {}): Promise<this> {
    const socket = new WebSocket(`${this.link.replace(/^http/, 'ws')}/socket`, { headers })
    this.#socket = socket
    const seen = this.heard.length
    socket.on('message', data => this.#hear(data.toString()))
    await new Promise<void>((resolve, reject) => {
      socket.once('open', resolve)
      socket.once('error', reject)
    })
    while (this.heard.length === seen) await this.#next()
    return this
  }

  /** Closes the page; the view that it had stays. */
  async leave(): Promise<void> {
    const socket = this.#socket
    if (socket === undefined || socket.readyState === socket.CLOSED) return
    await new Promise<void>(resolve => {
      socket.once('close', () => resolve())
      socket.close()
    })
  }

  /** How the server closed the page. */
  closed(): Promise<number> {
    return new Promise(resolve => this.#socket!.once('close', resolve))
  }

  /** Sends a message, and gives the answer. */
  ask(message: WithoutId<Message>): Promise<Answer> {
    const id = ++this.#id
    const answered = new Promise<Answer>(resolve => this.#answers.set(id, resolve))
    this.say(JSON.stringify({ ...message, id }))
    return answered
  }

  /** Sends a text as it is. */
  say(text: string): void {
    this.#socket!.send(text)
  }

  /** The first view from now on, the newest included, of which something is true. */
  async until(isTrue: (view: View) => boolean): Promise<View> {
    while (this.view === undefined || !isTrue(this.view)) await this.#next()
    return this.view
  }

  #next(): Promise<void> {
    return new Promise(resolve => this.#waiting.add(resolve))
  }

  #hear(text: string): void {
    this.heard.push(text)
    const message = JSON.parse(text) as View | Answer
    if (message.type === 'answer') {
      const { id } = message as Answer
      if (id !== null) this.#answers.get(id)?.(message as Answer)
    } else this.view = message as View
    const waiting = [...this.#waiting]
    this.#waiting.clear()
    for (const tell of waiting) tell()
  }
}

export class MonitorPage extends Page<MonitorView, MonitorMessage> {}

/** A person with a way to play. */
export class Person extends Page<SeatView, SeatMessage> {
  readonly #choose: Choose

  /** By default the first proposal that there is, and silence where there is none. */
  constructor(link: string, choose: Choose = firstProposal) {
    super(link)
    this.#choose = choose
  }

  /**
   * Agrees, plays and answers the questions until nothing more is to come or `until` is true; `fields` is filled in wherever something is
   * asked. Comes back for every `leaves`th turn, having left before.
   */
  async play({
    fields = {},
    leaves = Number.POSITIVE_INFINITY,
    until = () => false,
  }: {
    readonly fields?: Readonly<Record<string, unknown>>
    readonly leaves?: number
    readonly until?: (view: SeatView) => boolean
  } = {}): Promise<SeatView> {
    let done = -1
    let left = -1
    for (;;) {
      const view = await this.until(
        ({ stage, turn }) =>
          ['consent', 'questions', 'over', 'replaced', 'left', 'failed'].includes(stage) ||
          (stage === 'playing' && turn!.turn > done) ||
          until(this.view!),
      )
      if (until(view)) return view
      if (view.stage === 'consent' || view.stage === 'questions') {
        const asked = (view.stage === 'consent' ? view.consent!.fields : view.questions!).map(({ name }) => name)
        const filled = Object.fromEntries(Object.entries(fields).filter(([name]) => asked.includes(name)))
        const { ok, texts } = await this.ask({ type: view.stage, fields: filled })
        if (!ok) throw new Error(`${view.stage}: ${texts.join('; ')}`)
        await this.until(({ stage }) => stage !== view.stage)
      } else if (view.stage === 'playing') {
        const { turn } = view.turn!
        if (turn > 0 && turn % leaves === 0 && turn > left) {
          left = turn
          await this.leave()
          await this.come()
          continue
        }
        done = turn
        const calls = this.#choose(view)
        if (calls !== undefined) await this.ask({ type: 'decide', turn, calls, anyway: true })
      } else return view
    }
  }
}

export function firstProposal({ turn }: SeatView): readonly Call[] {
  const tool = turn!.tools.find(({ is_ask, proposals }) => !is_ask && proposals.length > 0)
  return tool === undefined ? [] : [{ tool: tool.name, args: tool.proposals[0]!.args }]
}
