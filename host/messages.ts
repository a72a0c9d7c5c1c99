/**
 * What the page of a seat, the page of the experimenter and the server of hosted games tell each other, as JSON over one WebSocket
 * a page. The server tells the whole view at every change, so that a page that comes back needs nothing but its link. Knows the
 * messages; knows no economy, no HTML and no socket.
 *
 * Addresses: `/seat/TOKEN` and `/monitor/TOKEN` are the pages (both `page/index.html`), `/seat/TOKEN/socket` and
 * `/monitor/TOKEN/socket` their WebSockets, `/NAME` a file of `page/` (`/page.js`, `/page.css`, `/texts.json`).
 */
import type { AgentId, Call, ToolName, ToolSchema } from '../envs/core/tool.ts'

/** A field of the consent form or of the questionnaire: what the experimenter asks, and nothing else is kept of a person. */
export interface AskedField {
  /** snake_case; the name of a column. */
  readonly name: string
  readonly label: string
  /** `text` and `choice` give a text, `number` a number, `checkbox` a boolean (a required one must be ticked). */
  readonly type: 'text' | 'number' | 'choice' | 'checkbox'
  /** Of a `choice`. */
  readonly choices?: readonly string[]
  readonly required: boolean
}

/** A tool as a form: the JSON schema of its arguments, and values worth proposing. */
export interface FormTool {
  readonly name: ToolName
  readonly description: string
  readonly parameters: ToolSchema['parameters']
  /** Answered at once by `check`, and no decision. */
  readonly is_ask: boolean
  /** Whole argument objects that the economy accepts now, at most 20, each with a line of text. */
  readonly proposals: readonly { readonly text: string; readonly args: unknown }[]
}

/** The turn that a seat may play now. */
export interface SeatTurn {
  /** Counts the seat's turns from 0; a decision names the one it is for, so that none is taken twice or too late. */
  readonly turn: number
  /** Steps of the game so far. */
  readonly t: number
  /** The observation in the economy's words: plain text. */
  readonly text: string
  /** Those that may be called now. */
  readonly tools: readonly FormTool[]
  /** Calls of one decision at most; null without a limit. */
  readonly max_calls: number | null
  /** Milliseconds left when this was sent, which stand still while the game is paused; null without a limit. */
  readonly left_ms: number | null
  /** What happens then, and to a decision without a call. `stop`: the seat plays no more. */
  readonly on_silence: 'pass' | 'stop'
}

/**
 * `consent` → `waiting` (room, until all are there) → `playing` ⇄ `others` (not this seat's turn) → `questions` → `over`; besides
 * `paused`, `replaced` (a bot plays on for the person) and `left` (the person stopped). `failed`: the game could not be played on.
 */
export type SeatStage =
  | 'consent'
  | 'waiting'
  | 'playing'
  | 'others'
  | 'paused'
  | 'questions'
  | 'over'
  | 'replaced'
  | 'left'
  | 'failed'

/** A line for the person. `code` says which notice of the server's it is, for pages in another language; null for the economy's words. */
export interface Told {
  readonly ok: boolean
  readonly code: 'timeout' | null
  readonly text: string
}

export interface SeatView {
  readonly type: 'view'
  readonly stage: SeatStage
  readonly title: string
  readonly seat: AgentId
  /** Consent text of the experimenter (plain paragraphs) and what is asked with it; null where none is, or it was given. */
  readonly consent: { readonly text: string; readonly fields: readonly AskedField[] } | null
  /** People who are there and have agreed, and how many the game needs; null once it has begun. */
  readonly room: { readonly here: number; readonly needed: number } | null
  readonly rules: string
  readonly turn: SeatTurn | null
  /** What came of the last decision, call by call, and notices such as a turn that time took. */
  readonly told: readonly Told[]
  /** What this seat sent so far, its own alone: each decision's calls in words, and what came of them. */
  readonly history: readonly {
    readonly turn: number
    readonly t: number
    readonly sent: readonly string[]
    readonly results: readonly string[]
  }[]
  /** Of the stage `questions`. */
  readonly questions: readonly AskedField[] | null
  /** Once the seat's play is over, and what was to be answered is. */
  readonly result: {
    readonly scores: Readonly<Record<string, number | null>>
    /** Money in words, such as `EUR 12.40`; null where none is paid. */
    readonly payoff: string | null
    readonly payment_code: string | null
    readonly finish_url: string | null
  } | null
}

/** What a seat's page sends. `id` comes back in the answer. */
export type SeatMessage =
  | { readonly type: 'consent'; readonly id: number; readonly fields: Readonly<Record<string, unknown>> }
  /** What the economy would say of the calls now; `ask` tools are answered. */
  | { readonly type: 'check'; readonly id: number; readonly turn: number; readonly calls: readonly Call[] }
  /**
   * No calls: silence. Where a call would be refused now nothing is played and the answer says so; with `anyway` it is played all
   * the same, as a call may become right by the one before it.
   */
  | {
      readonly type: 'decide'
      readonly id: number
      readonly turn: number
      readonly calls: readonly Call[]
      readonly anyway?: boolean
    }
  | { readonly type: 'questions'; readonly id: number; readonly fields: Readonly<Record<string, unknown>> }
  /** Stops playing: a bot plays on. With `erase`, what was asked of the person and typed by hand is deleted from the run too. */
  | { readonly type: 'stop'; readonly id: number; readonly erase: boolean }

/** Why a message was not taken, to count and to translate. */
export type AnswerCode =
  | 'bad_message'
  | 'bad_fields'
  | 'refused'
  | 'late'
  | 'not_your_turn'
  | 'paused'
  | 'too_fast'
  | 'not_now'
  | 'unknown'

/** What comes back: `ok: false` says per call (check, decide) or in one line what is wrong; nothing was then played. */
export interface Answer {
  readonly type: 'answer'
  /** Of the message; null where it had none that could be read. */
  readonly id: number | null
  readonly ok: boolean
  /** Absent where `ok`. */
  readonly code?: AnswerCode
  readonly texts: readonly string[]
}

export interface MonitorSeat {
  readonly agent: AgentId
  /** The player string of who plays now. */
  readonly player: string
  readonly is_human: boolean
  /** The seat's link, for the experimenter to hand out; null where no person was seated. */
  readonly link: string | null
  /** `bot`: no person was seated. */
  readonly stage: SeatStage | 'bot'
  /** Whether a page of the seat is open. */
  readonly connected: boolean
  /** Milliseconds since the last page was closed, or since the start where none ever was open; null while one is. */
  readonly absent_ms: number | null
  /** Turns the person decided, turns that time took, and turns a bot played for the person. */
  readonly human_turns: number
  readonly timeouts: number
  readonly bot_turns: number
  /** Milliseconds since the person's turn began; null where it is not theirs. */
  readonly waiting_ms: number | null
  /** Milliseconds that the turn has left; null without a limit, or where it is not theirs. */
  readonly left_ms: number | null
  readonly payment_code: string | null
}

export interface MonitorGame {
  readonly game: number
  /** The rollout's key. */
  readonly key: string
  readonly seed: number
  readonly stage: 'waiting' | 'playing' | 'paused' | 'over' | 'failed'
  /** Steps so far. */
  readonly t: number
  /** Why it is over, in the economy's word. */
  readonly stop: string | null
  readonly seats: readonly MonitorSeat[]
}

/** The experimenter's page: who is where. Sees seats, stages and times; nothing that people typed. */
export interface MonitorView {
  readonly type: 'monitor'
  readonly title: string
  /** The folder of the runs. */
  readonly out: string | null
  /** Player strings that may take a person's seat, the usual one first. */
  readonly bots: readonly string[]
  readonly games: readonly MonitorGame[]
}

export type MonitorMessage =
  | { readonly type: 'pause' | 'go_on'; readonly id: number; readonly game: number }
  /** A bot takes a person's seat, for good. */
  | { readonly type: 'replace'; readonly id: number; readonly game: number; readonly agent: AgentId; readonly player: string }
  /** Begins a game though people are missing; bots take their seats. */
  | { readonly type: 'start'; readonly id: number; readonly game: number }
  /** Ends a game early: what was played is scored. */
  | { readonly type: 'end'; readonly id: number; readonly game: number }
