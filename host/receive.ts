/** What pages send, read: a message of the contract, or what is wrong with it. Knows shapes; plays nothing. */
import { z } from 'zod'
import { explain } from '../envs/core/tool.ts'
import { parseMessage } from '../serve/guard.ts'
import type { Answer, MonitorMessage, SeatMessage } from './messages.ts'

const id = z.int()
const turn = z.int().min(0)
const fields = z.record(z.string().max(64), z.unknown())
/** Its arguments are the economy's to judge. */
const call = z.strictObject({ tool: z.string().max(128), args: z.unknown() })
const calls = z.array(call).max(256)
const name = z.string().max(256)

const seatMessage = z.discriminatedUnion('type', [
  z.strictObject({ type: z.literal('consent'), id, fields }),
  z.strictObject({ type: z.literal('check'), id, turn, calls }),
  z.strictObject({ type: z.literal('decide'), id, turn, calls, anyway: z.boolean().optional() }),
  z.strictObject({ type: z.literal('questions'), id, fields }),
  z.strictObject({ type: z.literal('stop'), id, erase: z.boolean() }),
]) as z.ZodType<SeatMessage>

const game = z.int().min(0)
const monitorMessage = z.discriminatedUnion('type', [
  z.strictObject({ type: z.literal('start'), id, game }),
  z.strictObject({ type: z.literal('pause'), id, game }),
  z.strictObject({ type: z.literal('go_on'), id, game }),
  z.strictObject({ type: z.literal('end'), id, game }),
  z.strictObject({ type: z.literal('replace'), id, game, agent: name, player: name }),
]) as z.ZodType<MonitorMessage>

/** A message of a seat's page, answered by `take`. */
export function answerSeat(text: string, take: (message: SeatMessage) => Answer): Answer {
  return answer(seatMessage, text, take)
}

/** A message of the experimenter's page. */
export function answerMonitor(text: string, take: (message: MonitorMessage) => Answer): Answer {
  return answer(monitorMessage, text, take)
}

function answer<Message>(schema: z.ZodType<Message>, text: string, take: (message: Message) => Answer): Answer {
  let value: unknown
  try {
    value = parseMessage(text)
  } catch (error) {
    return wrong(undefined, (error as Error).message)
  }
  const parsed = schema.safeParse(value)
  return parsed.success ? take(parsed.data) : wrong(value, explain(parsed.error))
}

function wrong(value: unknown, why: string): Answer {
  const given = (value as { readonly id?: unknown } | null | undefined)?.id
  return {
    type: 'answer',
    id: Number.isSafeInteger(given) ? (given as number) : null,
    ok: false,
    code: 'bad_message',
    texts: [why],
  }
}
