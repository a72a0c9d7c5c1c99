/** What the provider's own log says of a run: which answers it was asked for, and how often. Knows nothing of our counters. */
import type { FakeRequest } from '../../rollouts/models/fake/request.ts'

export interface Judged {
  /** Different questions: a conversation and its turn. */
  readonly questions: number
  /** Requests beyond the first of each. */
  readonly repeated: number
  /** Questions that were asked again after the next one of their conversation: their answer had been kept by then. */
  readonly paidTwice: readonly string[]
}

export function judge(requests: readonly FakeRequest[]): Judged {
  const furthest = new Map<string, number>()
  const asked = new Map<string, number>()
  const paidTwice: string[] = []
  for (const { session, turn } of requests) {
    const question = `${session} ${turn}`
    if (turn < (furthest.get(session) ?? 0)) paidTwice.push(question)
    furthest.set(session, Math.max(turn, furthest.get(session) ?? 0))
    asked.set(question, (asked.get(question) ?? 0) + 1)
  }
  return { questions: asked.size, repeated: requests.length - asked.size, paidTwice }
}

/** The most requests that came within any span of so many milliseconds. */
export function most(times: readonly number[], span: number): number {
  const sorted = times.toSorted((a, b) => a - b)
  let from = 0
  let found = 0
  for (const [to, time] of sorted.entries()) {
    while (time - sorted[from]! >= span) from++
    found = Math.max(found, to - from + 1)
  }
  return found
}
