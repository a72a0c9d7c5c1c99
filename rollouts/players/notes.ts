/** What has to be said of a run's people beside its figures. Reads metadata; knows no command. */
import type { Metadata } from '../metadata.ts'

/** Lines of one sentence; none where there is nothing to say. */
export function peopleNotes({ player, avg_metrics }: Pick<Metadata, 'player' | 'avg_metrics'>): string[] {
  const of = (counter: string): number => avg_metrics[`human_${counter}`] ?? 0
  const [bot, all] = [of('bot_turns'), of('bot_turns') + of('turns') + of('timeouts')]
  if (bot === 0) return []
  return [
    `${player}: bots played ${(100 * (bot / all)).toFixed(1)} % of the turns, for people who were missing or had left (human_bot_turns and human_bot_from in the rows say where).`,
  ]
}
