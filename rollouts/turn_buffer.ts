/**
 * The calls of one turn, for protocols that carry tool calls one by one: collects what would have stood in one message until the
 * world is to step. Knows the turn rule of a seat; knows no protocol and no economy.
 */
import type { Decision, TurnRule } from '../envs/core/environment.ts'
import { refusalText } from '../envs/core/outcome.ts'
import type { Call, Checked, ToolSchema } from '../envs/core/tool.ts'

/** The tool by which a seat of several calls a turn ends it early, where a protocol has no other way to say so. */
export const END_TURN: ToolSchema = {
  name: 'end_turn',
  description: 'Ends your turn: the calls you have made are carried out, and the others move.',
  parameters: { type: 'object', properties: {}, additionalProperties: false },
}

/** What a call is answered with at once. */
export interface Buffered {
  /** False where the call was refused and may be mended. */
  readonly ok: boolean
  /** The answer to a question, why the call was refused, that it waits; empty where the world decides what came of it. */
  readonly text: string
  /** The decision that the world is to step with; absent where the turn goes on. */
  readonly decision?: Decision
}

export class TurnBuffer {
  /** Calls that make up a turn. Where a message may hold any number, each is a turn of its own: there calls consume steps. */
  readonly size: number
  readonly #rule: TurnRule
  #queued: Call[] = []
  #repairs: number

  constructor(rule: TurnRule) {
    this.#rule = rule
    this.size = Number.isFinite(rule.maxCalls) ? rule.maxCalls : 1
    this.#repairs = rule.repairs
  }

  /** The further tool that the protocol must offer; undefined where every move ends the turn. */
  get endTool(): ToolSchema | undefined {
    return this.size > 1 ? END_TURN : undefined
  }

  /**
   * Takes one call; `check` is the seat's turn's. A question is answered. A refused call is given back as often as a message of a
   * model would be, then it counts. What is accepted waits until the turn is full or ended.
   */
  call(call: Call, check: (call: unknown) => Checked): Buffered {
    if (this.size > 1 && call?.tool === END_TURN.name) return { ok: true, text: '', decision: this.end() }
    const checked = check(call)
    if (checked.ok && checked.answer !== undefined) return { ok: true, text: checked.answer }
    if (!checked.ok && this.#repairs > 0) {
      this.#repairs--
      return { ok: false, text: refusalText(checked.refusal) }
    }
    const passes = checked.ok && call.tool === this.#rule.passTool
    if (!passes || this.#queued.length === 0) this.#queued.push(call)
    if (passes || this.#queued.length >= this.size) return { ok: checked.ok, text: '', decision: this.end() }
    const text = `Noted (${this.#queued.length} of ${this.size} calls of this turn); it is carried out when the turn ends.`
    return checked.ok ? { ok: true, text } : { ok: false, text: refusalText(checked.refusal) }
  }

  /** Ends the turn: what was collected is the decision, nothing is silence. The next turn begins. */
  end(): Decision {
    const calls = this.#queued
    this.#queued = []
    this.#repairs = this.#rule.repairs
    return { calls }
  }
}
