/**
 * A seat's play as messages: those that were kept, or what a model in the seat would have been told, with the steps that they
 * begin.
 */
import type { AgentId } from '../envs/core/tool.ts'
import { type ReportMessage, reportMessage } from '../evals/report/gather.ts'
import type { Message, TranscriptMessage } from '../rollouts/messages.ts'

/** A message with the step that it belongs to, from 0, where it begins a turn; and of several seats whose it is. */
export type StoryMessage = ReportMessage & { readonly step?: number; readonly seat?: AgentId }

/** A rollout of a seat as the page shows it. */
export interface SeatStory {
  /** Everybody at the table. */
  readonly seats: readonly AgentId[]
  /** What the seat was told and said, or what all seats were, step by step. */
  readonly messages: readonly StoryMessage[]
  readonly standings: Readonly<Record<string, Readonly<Record<AgentId, readonly number[]>>>>
  readonly stride: number
  /** How many steps there are; absent where this build cannot play the log again. */
  readonly steps?: number
  readonly metrics: Readonly<Record<string, number>>
}

/** A seat's messages with the steps they begin: those that were kept, or else what a model in the seat would have been told. */
export function placed(nodes: readonly Message[], told: readonly TranscriptMessage[]): StoryMessage[] {
  if (nodes.length === 0)
    return told.map(({ message, t }) => ({ ...reportMessage(message), ...(message.role === 'user' && { step: t }) }))
  // A turn begins where the seat is shown what it saw then.
  const seen = told.flatMap(({ message, t }) => (message.role === 'user' ? [{ text: message.content, t }] : []))
  let next = 0
  return nodes.map(message => {
    const turn = seen[next]
    if (message.role !== 'user' || turn === undefined || !message.content.includes(turn.text)) return reportMessage(message)
    next++
    return { ...reportMessage(message), step: turn.t }
  })
}

/** The messages of several seats, step by step, and in a step seat by seat. */
export function together(seats: readonly AgentId[], messages: readonly (readonly StoryMessage[])[]): StoryMessage[] {
  const placed = messages.flatMap((own, i) => {
    let t = -1
    return own.map(message => {
      t = message.step ?? t
      return { t, message: { ...message, seat: seats[i]! } }
    })
  })
  return placed.sort((a, b) => a.t - b.t).map(({ message }) => message)
}
