/**
 * A table whose live seats are spoken for in messages: what a bridge needs that talks as trainers do. A seat is told exactly what a
 * model would be told that the package asks itself. Knows no protocol and no economy.
 */
import type { Decision, Units } from '../envs/core/environment.ts'
import { type Table, TableError, type TableView } from '../envs/core/table.ts'
import type { AgentId } from '../envs/core/tool.ts'
import { Dialogue, PLAIN_STYLE, type PlayStyle } from './dialogue.ts'
import type { Message, ToolCall, Transcript } from './messages.ts'
import { NO_USAGE, soundUsage } from './models/usage.ts'
import { withIds } from './models/wire.ts'
import type { Reply, Usage } from './player.ts'

/** A message of a seat, as a trainer's model wrote it. */
export interface SeatMessage {
  readonly content?: string | null
  readonly reasoning_content?: string | null
  /** Calls without an id, or with one that the message has twice, are given `call_0`, `call_1` … */
  readonly tool_calls?: readonly ToolCall[] | null
  /** By default `tool_calls` where there are some, else `stop`. */
  readonly finish_reason?: Reply['finish_reason'] | null
  /** Tokens of this message, for economies that bill thinking; estimated from its texts where they are absent. */
  readonly units?: Units | null
}

export interface TalkView {
  /** By seat, what follows in its conversation, to be put behind its own last message. After a reset the conversation begins with it. */
  readonly told: Readonly<Record<AgentId, readonly Message[]>>
  /** The seats whose next message is wanted, in seat order. */
  readonly waiting: readonly AgentId[]
  /** How the game stands where the world has moved; null while other seats' messages, or another of this seat's, are wanted first. */
  readonly view: TableView | null
}

export class Talk {
  readonly table: Table
  readonly #style: (agent: AgentId) => PlayStyle
  #dialogues = new Map<AgentId, Dialogue>()
  #decisions: Record<AgentId, Decision> = {}
  #waiting: readonly AgentId[] = []

  /** `style` is how each seat is spoken to: in full and as its economy says, by default. */
  constructor(table: Table, style: (agent: AgentId) => PlayStyle = () => PLAIN_STYLE) {
    this.table = table
    this.#style = style
  }

  /** Starts a game. Answers with a promise where another player does. */
  reset(seed?: number, repeat?: number): TalkView | Promise<TalkView> {
    const { table } = this
    const view = table.reset(seed, repeat)
    return view instanceof Promise ? view.then(view => this.#begin(view)) : this.#begin(view)
  }

  #begin(view: TableView): TalkView {
    const { env, config, seats, live } = this.table
    this.#dialogues = new Map(
      live.map(agent => {
        const seat = seats.find(seat => seat.agent === agent)!
        return [agent, new Dialogue({ env, config, seat, repeat: 0 }, this.#style(agent))]
      }),
    )
    const told = Object.fromEntries(live.map(agent => [agent, [this.#dialogues.get(agent)!.system]]))
    return this.#open(view, told)
  }

  /**
   * Hears one message of each of some waiting seats. The world moves with the last decision that it waits for. Throws a TableError
   * where a seat is not waited for.
   */
  say(messages: Readonly<Record<AgentId, SeatMessage>>): TalkView | Promise<TalkView> {
    const { stop } = this.table.view
    if (stop !== null) throw new TableError('episode_over', `The episode is over (${stop}); call reset.`)
    const stranger = Object.keys(messages).find(agent => !this.#waiting.includes(agent))
    if (stranger !== undefined)
      throw new TableError(
        'not_your_turn',
        `No message of '${stranger.slice(0, 64)}' is wanted now; waiting for: ${this.#waiting.join(', ')}.`,
      )
    const told: Record<AgentId, readonly Message[]> = {}
    for (const [agent, message] of Object.entries(messages)) {
      const reply = replyOf(message)
      const dialogue = this.#dialogues.get(agent)!
      const heard = dialogue.hear(reply, usageOf(message, reply))
      told[agent] = heard.told
      if (heard.decision === undefined) continue
      this.#decisions[agent] = heard.decision
      if (dialogue.stopped) this.table.retire(agent)
    }
    this.#waiting = this.#waiting.filter(agent => this.#decisions[agent] === undefined)
    if (this.#waiting.length > 0) return { told, waiting: this.#waiting, view: null }
    const decisions = this.#decisions
    this.#decisions = {}
    const view = this.table.step(decisions)
    return view instanceof Promise ? view.then(view => this.#open(view, told)) : this.#open(view, told)
  }

  /** The seats whose next message is wanted. */
  get waiting(): readonly AgentId[] {
    return this.#waiting
  }

  /** Everything that a live seat was told and said, as the files of a run hold it. */
  transcript(agent: AgentId): Transcript {
    return this.#of(agent).transcript()
  }

  /** What happened in a live seat's dialogue, counted as for a model player. */
  counters(agent: AgentId): Readonly<Record<string, number>> {
    return this.#of(agent).counters
  }

  /** The dialogue of a live seat: its tools, its turn rule, its messages so far. */
  #of(agent: AgentId): Dialogue {
    const dialogue = this.#dialogues.get(agent)
    if (dialogue === undefined) throw new TableError('not_reset', `'${agent.slice(0, 64)}' has no dialogue; call reset.`)
    return dialogue
  }

  /** Tells the seats that act what they see, and at the end all of them what came of their last calls. */
  #open(view: TableView, before: Readonly<Record<AgentId, readonly Message[]>>): TalkView {
    const { table } = this
    this.#waiting = view.acting
    const told: Record<AgentId, readonly Message[]> = { ...before }
    const over = view.stop !== null
    for (const agent of over ? table.live : view.acting) {
      const dialogue = this.#dialogues.get(agent)!
      const now = over ? dialogue.close(table.results(agent)) : dialogue.open(table.turn(agent))
      if (now.length > 0) told[agent] = [...(told[agent] ?? []), ...now]
    }
    return { told, waiting: this.#waiting, view }
  }
}

function replyOf({ content, reasoning_content, tool_calls, finish_reason }: SeatMessage): Reply {
  const calls = withIds((tool_calls ?? []).map(({ id, name, arguments: written }) => ({ id, name, arguments: written })))
  return {
    content: content ?? '',
    ...(typeof reasoning_content === 'string' && { reasoning_content }),
    tool_calls: calls,
    finish_reason: finish_reason ?? (calls.length > 0 ? 'tool_calls' : 'stop'),
  }
}

function usageOf({ units }: SeatMessage, reply: Reply): Usage {
  if (units === undefined || units === null) return soundUsage({ inputHoldsCache: false }, { prompt: () => 0, reply })
  const { thinking, output, source } = units
  const usage = { ...NO_USAGE, output: thinking + output, output_reasoning: thinking }
  return source === 'estimated' ? { ...usage, repaired: true } : usage
}
