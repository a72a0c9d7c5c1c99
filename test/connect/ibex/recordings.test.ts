/**
 * The fake server speaks as the real one was recorded: every kind of frame that it sends has the fields and types of a recorded one.
 * Frames of `IBEX-TUDelft/IBEX-game_server` at 92735655.
 */
import { readFileSync } from 'node:fs'
import { gunzipSync } from 'node:zlib'
import { expect, test } from 'vitest'
import { bot, everybody, play, server } from './play.ts'

type Frame = { readonly type: string; readonly eventType?: string; readonly data?: unknown; readonly message?: unknown }

const recorded = (game: string): Frame[] =>
  JSON.parse(
    gunzipSync(readFileSync(new URL(`../../fixtures/ibex/live-${game}.frames.json.gz`, import.meta.url))).toString(),
  ).map(([, , frame]: [number, number, Frame]) => frame)

const kind = ({ type, eventType }: Frame): string => eventType ?? type

/** Whether a value has the fields and types of one that was recorded; of a list every member is as one of the recorded list's. */
function isLike(ours: unknown, recorded: unknown): boolean {
  if (Array.isArray(ours) && Array.isArray(recorded)) return ours.every(inner => recorded.some(other => isLike(inner, other)))
  if (ours === null || recorded === null || typeof ours !== 'object' || typeof recorded !== 'object')
    return ours === null || recorded === null ? ours === recorded : typeof ours === typeof recorded
  const keys = Object.keys(ours).sort()
  return (
    keys.join() === Object.keys(recorded).sort().join() && keys.every(key => isLike(ours[key as never], recorded[key as never]))
  )
}

test.each([
  ['h', 'harberger', 12],
  ['f', 'futarchy', 12],
  ['v', 'voting', 6],
] as const)('its frames of a whole game are shaped as those of live-%s', async (game, treatment, count) => {
  const { fake, url } = await server({ game: { treatment, session: 4, rounds: 1 }, bellMs: 80, bellAfter: 40 })
  await play({ url, seats: everybody(count, seat => bot(seat === 1 ? 'honest' : 'opportunistic')) })
  const known = new Map<string, Frame[]>()
  for (const frame of recorded(game)) known.set(kind(frame), [...(known.get(kind(frame)) ?? []), frame])
  const told = fake.frames.map(({ frame }) => frame as Frame)
  // Scripts that know the book were never refused an order.
  const strange = told.filter(
    frame => kind(frame) !== 'order-refused' && !known.get(kind(frame))?.some(other => isLike(frame, other)),
  )
  expect(strange).toEqual([])
  // What it leaves out says its first comment.
  const left = ['profit', 'tax-income', 'total-profit']
  const kinds = new Set(told.map(kind))
  expect([...known.keys()].filter(type => !kinds.has(type) && !left.includes(type))).toEqual([])
})
