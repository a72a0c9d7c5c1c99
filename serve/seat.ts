/**
 * The one live seat of a game, spoken for by a client: in messages, as a model of an evaluation speaks and is told, word for word; or
 * call by call, where a protocol carries nothing else. Knows talks, turns and tables; knows no protocol.
 */
import type { CallResult } from '../envs/core/environment.ts'
import { type Table, TableError, type TableView } from '../envs/core/table.ts'
import { type AgentId, type Call, type ToolSchema, toolSchema } from '../envs/core/tool.ts'
import { Dialogue, toCall } from '../rollouts/dialogue.ts'
import type { Message, ToolCall } from '../rollouts/messages.ts'
import { type SeatMessage, Talk, type TalkView } from '../rollouts/talk.ts'
import { TurnBuffer } from '../rollouts/turn_buffer.ts'
import { after } from './after.ts'
import { ServeError } from './errors.ts'
import type { Game } from './game.ts'

/** What came of a reset, a message or a call. */
export interface Told {
  /** What the seat is told, in order: what came of its calls, then what it sees at its next turn. After a reset: the rules, and that. */
  readonly messages: readonly Message[]
  /** What it sees, or is asked to do again; empty where nothing is to be said but the results. */
  readonly text: string
  /** What came of each call that was made, in their order; call by call, those of the turn that ended. */
  readonly results: readonly CallResult[]
  /** What the seat was paid. Where its turn goes on: nothing, or the total so far where totals are paid. */
  readonly reward: number
  /** Whether the seat's turn ended, and so the world moved. */
  readonly moved: boolean
  /** How the game stands. */
  readonly view: TableView
}

/** How a game ended. */
export interface Final {
  readonly stop: string
  readonly scores: Readonly<Record<string, number | null>>
  readonly metrics: Readonly<Record<string, number | null>>
}

/** What is counted of games: begun, turns of the learner ended, played to the end, scores beyond the bounds of a scale. */
export type GameEvent = 'resets' | 'steps' | 'episodes' | 'clipped'

/** How a game is played that has been begun. */
type Way =
  | { readonly by: 'messages'; readonly talk: Talk }
  | { readonly by: 'calls'; readonly buffer: TurnBuffer; readonly dialogue: Dialogue }

export class SeatPlay {
  readonly game: Game
  readonly agent: AgentId
  readonly #count: (what: GameEvent, count: number) => void
  readonly #kinds: Readonly<Record<string, { readonly kind: 'act' | 'ask' }>>
  #table: Table | undefined
  #way: Way | undefined
  /** Whether nothing has been said or called yet: the first decides the way. */
  #fresh = true
  #final: Final | undefined
  #calls = 0
  /** What was paid last. */
  #total = 0

  /** A ServeError where the game has not exactly one live seat. */
  constructor(game: Game, count: (what: GameEvent, count: number) => void = () => {}) {
    const [agent, ...others] = game.live
    if (agent === undefined || others.length > 0)
      throw new ServeError(
        'unknown_seat',
        `This protocol speaks for one seat, got ${game.live.join(', ')}; several are spoken for at /agora.`,
      )
    this.game = game
    this.agent = agent
    this.#count = count
    this.#kinds = game.economy.env.tools(game.config)
  }

  /** Starts a game; its first messages are the rules and what the seat sees. */
  reset(seed?: number): Told | Promise<Told> {
    const table = this.game.table(seed)
    const talk = new Talk(table)
    this.#count('resets', 1)
    this.#table = table
    this.#way = { by: 'messages', talk }
    this.#fresh = true
    this.#final = undefined
    this.#calls = this.#total = 0
    return after(talk.reset(this.game.seed), view => this.#told(view, []))
  }

  /** One message of the seat: answered within its turn, or its decision; then the game is played on to its next turn. */
  say(message: SeatMessage): Told | Promise<Told> {
    const { talk } = this.#by('messages')
    const { table, agent } = this
    const calls = message.tool_calls ?? []
    const offered = table.offered(agent)
    const isQuestion = ({ name }: ToolCall): boolean => offered.includes(name) && this.#kinds[name]?.kind === 'ask'
    const answered = calls.map(call => isQuestion(call) && table.check(agent, toCall(call)).ok)
    return after(talk.say({ [agent]: message }), told => {
      const answers = new Map(
        (told.told[agent] ?? []).flatMap(each => (each.role === 'tool' ? [[each.tool_call_id, each.content] as const] : [])),
      )
      if (told.view !== null) this.#count('steps', 1)
      const moves = told.view === null ? [] : calls.filter(call => !isQuestion(call))
      const carried = table.results(agent)
      const results = calls.map(
        (call, i): CallResult => carried[moves.indexOf(call)] ?? { ok: answered[i]!, text: answers.get(call.id) ?? '' },
      )
      return this.#told(told, results)
    })
  }

  /**
   * One call of a tool. A question and a call that is refused are answered at once; moves are collected until the turn is full or
   * ended, then the game is played on to the seat's next turn.
   */
  call(call: Call): Told | Promise<Told> {
    const { buffer, dialogue } = this.#by('calls')
    const { table, agent } = this
    const { ok, text, decision } = buffer.call(call, each => table.check(agent, each))
    if (decision === undefined) return { messages: [], text: '', results: [{ ok, text }], ...this.#paid(null), view: table.view }
    return after(table.step({ [agent]: decision }), view => {
      this.#count('steps', 1)
      const results = table.results(agent)
      if (view.stop !== null) return this.#ended(view, [], results)
      const messages = dialogue.open(table.turn(agent))
      return { messages, text: messages.at(-1)!.content, results, ...this.#paid(view), view }
    })
  }

  /** A call as a message holds it, with an id of its own. */
  toolCall(name: string, args: unknown): ToolCall {
    return { id: `call_${this.#calls++}`, name, arguments: typeof args === 'string' ? args : JSON.stringify(args ?? {}) }
  }

  get table(): Table {
    if (this.#table === undefined) throw new TableError('not_reset', 'There is no game yet; reset first.')
    return this.#table
  }

  /** How the game ended; undefined while it goes on. */
  get final(): Final | undefined {
    return this.#final
  }

  /** Gives the game up. */
  close(): void {
    this.game.close()
    this.#table = undefined
    this.#way = undefined
  }

  #by<By extends Way['by']>(by: By): Way & { readonly by: By } {
    const { stop } = this.table.view
    if (stop !== null) throw new TableError('episode_over', `The episode is over (${stop}); reset.`)
    if (this.#fresh && by === 'calls') this.#way = this.#callByCall()
    this.#fresh = false
    if (this.#way!.by !== by)
      throw new ServeError('bad_request', `This game is played by ${this.#way!.by}; reset before it is played by ${by}.`)
    return this.#way as Way & { readonly by: By }
  }

  #callByCall(): Way {
    const { env } = this.game.economy
    const { config, seats } = this.table
    const seat = seats.find(({ agent }) => agent === this.agent)!
    return {
      by: 'calls',
      buffer: new TurnBuffer(env.turn(config, this.agent)),
      dialogue: new Dialogue({ env, config, seat, repeat: 0 }),
    }
  }

  #told({ told, view }: TalkView, results: readonly CallResult[]): Told {
    const messages = told[this.agent] ?? []
    if (view !== null && view.stop !== null) return this.#ended(view, messages, results)
    const last = messages.at(-1)
    const text = last?.role === 'user' ? last.content : ''
    return { messages, text, results, ...this.#paid(view), view: view ?? this.table.view }
  }

  #ended(view: TableView, messages: readonly Message[], results: readonly CallResult[]): Told {
    const { table, agent } = this
    this.#final = {
      stop: view.stop!,
      scores: view.scores![agent]!,
      metrics: this.game.economy.env.metrics.of(table.log, agent),
    }
    this.#count('episodes', 1)
    this.#count('clipped', table.clipped)
    // The log is most of a game's memory, and nobody will ask for it.
    table.forget()
    return { messages, text: '', results, ...this.#paid(view), view }
  }

  #paid(view: TableView | null): Pick<Told, 'reward' | 'moved'> {
    if (view !== null) this.#total = view.rewards[this.agent]!
    return { reward: view === null && this.game.form !== 'total' ? 0 : this.#total, moved: view !== null }
  }
}

/** The tools of a game as a protocol offers them: call by call, with the one that ends a turn of several calls. */
export function toolsOf(game: Game, by: Way['by']): readonly ToolSchema[] {
  const { env } = game.economy
  const tools = Object.entries(env.tools(game.config)).map(([name, tool]) => toolSchema(name, tool))
  const { endTool } = new TurnBuffer(env.turn(game.config, game.live[0]!))
  // An economy may have a tool of that name itself, which ends the turn as well.
  return by === 'calls' && endTool !== undefined && !tools.some(({ name }) => name === endTool.name) ? [...tools, endTool] : tools
}

/**
 * Arguments without the nulls that clients send for what was left out: those of optional parameters that take no null. Whatever else
 * is wrong with them is the gate's to tell.
 */
export function withoutNulls(tool: ToolSchema | undefined, args: unknown): unknown {
  if (tool === undefined || typeof args !== 'object' || args === null || Array.isArray(args)) return args
  const { properties = {}, required = [] } = tool.parameters as {
    properties?: Readonly<Record<string, Readonly<Record<string, unknown>>>>
    required?: readonly string[]
  }
  const isLeftOut = ([name, value]: [string, unknown]): boolean =>
    value === null && Object.hasOwn(properties, name) && !required.includes(name) && !takesNull(properties[name]!)
  return Object.fromEntries(Object.entries(args).filter(each => !isLeftOut(each)))
}

function takesNull({ type, anyOf, enum: values }: Readonly<Record<string, unknown>>): boolean {
  if (type === 'null' || (Array.isArray(type) && type.includes('null'))) return true
  if (Array.isArray(values) && values.includes(null)) return true
  return Array.isArray(anyOf) && anyOf.some(takesNull)
}
