/**
 * How a model plays: a dialogue whose messages a model writes. Records what it was asked and what it answered, and plays recorded
 * answers again. Knows no provider and no economy.
 */
import type { AnyTypes, Decision } from '../../envs/core/environment.ts'
import { PASS, type SeatContext, type Turn } from '../../envs/core/policy.ts'
import { Dialogue, type PlayStyle } from '../dialogue.ts'
import type { Message } from '../messages.ts'
import type { CallRow, RetryRow, TranscribedPolicy } from '../player.ts'
import { type Answered, type Ask, callRow } from './caller.ts'
import { requestDigest } from './conversation.ts'
import { outOfTime } from './give_up.ts'
import { promptTokens, recordedUsage } from './usage.ts'

/** Where a policy leaves evidence, and whom it asks. */
export interface Seating {
  readonly key: string
  readonly player: string
  readonly style: PlayStyle
  /** Whatever of the settings changes what a request says, for its digest. */
  readonly settings: object
  /** The rollout's own signal, which its turns bring unless one may be given up alone. */
  readonly signal: AbortSignal
  /** See `Ask`. */
  readonly abandon: AbortSignal
  readonly stop: AbortSignal
  /** Model time of the seat's episode, in milliseconds; Infinity for no limit. */
  readonly timeoutMs: number
  /** What an interrupted run of this rollout recorded for this seat, by call. */
  readonly recorded: ReadonlyMap<number, CallRow>
  readonly record: (row: CallRow) => unknown
  readonly retried?: (row: RetryRow) => void
  readonly ask: (ask: Ask) => Promise<Answered>
}

export function modelPolicy(context: SeatContext<AnyTypes>, seating: Seating): TranscribedPolicy {
  const { style, retried } = seating
  const { seat } = context
  const dialogue = new Dialogue(context, style)
  const session = requestDigest([], [], { key: seating.key, agent: seat.agent }).slice(0, 32)
  let replaying = true
  let workedMs = 0
  /** What the last prompt was found to be, and how many messages it had: from there the worst case of the next is counted. */
  let measured = { tokens: 0, messages: 0 }

  /** One message of the model, recorded. */
  async function answer(turn: Turn<AnyTypes>): Promise<CallRow> {
    const messages = dialogue.messages()
    const request = requestDigest(messages, dialogue.tools, seating.settings)
    const call = dialogue.counters.calls
    const row = replayed(call, request) ?? (await asked(messages, request, call, turn))
    measured = { tokens: promptTokens(row.usage), messages: messages.length }
    return row
  }

  /** That signal, or where this turn may be given up alone, either. */
  function within(signal: AbortSignal, turn: AbortSignal | undefined): AbortSignal {
    return turn === undefined || turn === seating.signal ? signal : AbortSignal.any([signal, turn])
  }

  /** The recorded answer to this very request; from the first that does not fit on, everything is asked anew. */
  function replayed(call: number, request: string): CallRow | undefined {
    const row = replaying ? seating.recorded.get(call) : undefined
    if (row?.request !== request) replaying = false
    // Another version may have recorded counts that cannot be.
    return replaying && row !== undefined ? { ...row, usage: recordedUsage(row.usage, row.reply) } : undefined
  }

  async function asked(
    messages: readonly Message[],
    request: string,
    call: number,
    { t, signal }: Turn<AnyTypes>,
  ): Promise<CallRow> {
    const { tools } = dialogue
    const leftMs = seating.timeoutMs - workedMs
    if (leftMs <= 0) throw outOfTime(seating.player, seating.timeoutMs)
    const answered = await seating.ask({
      messages,
      tools,
      parallel: dialogue.parallel,
      session,
      abandon: within(seating.abandon, signal),
      stop: within(seating.stop, signal),
      rollout: seating.key,
      cacheName: `${seating.key}|${seat.agent}|${call}|${request}`,
      worstPrompt: () => {
        const bytes = sizeOf(messages) + sizeOf(tools)
        if (style.history !== 'full' || measured.tokens === 0) return bytes
        return Math.min(bytes, measured.tokens + sizeOf(messages.slice(measured.messages)))
      },
      leftMs,
      ...(retried !== undefined && {
        retried: attempt => retried({ key: seating.key, agent: seat.agent, player: seating.player, ...attempt }),
      }),
    })
    workedMs += answered.workedMs
    const row = callRow({ key: seating.key, agent: seat.agent, t, call, player: seating.player, request }, answered)
    // What it says stands where a restart finds it before anything follows from it.
    await seating.record(row)
    return row
  }

  return {
    async act(turn): Promise<Decision> {
      if (dialogue.stopped) return PASS
      dialogue.open(turn)
      for (;;) {
        const { reply, usage } = await answer(turn)
        const { decision } = dialogue.hear(reply, usage)
        if (decision !== undefined) return decision
      }
    },
    transcript: () => dialogue.transcript(),
    counters: () => dialogue.counters,
  }
}

const sizes = new WeakMap<object, number>()

/** Bytes of messages or tools as JSON: no tokeniser makes more tokens of a text than it has bytes. */
function sizeOf(items: readonly object[]): number {
  let sum = 0
  for (const item of items) {
    let known = sizes.get(item)
    if (known === undefined) {
      known = Buffer.byteLength(JSON.stringify(item))
      sizes.set(item, known)
    }
    sum += known
  }
  return sum
}
