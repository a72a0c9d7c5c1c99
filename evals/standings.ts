/**
 * Who is how strong: players that shared rollouts, ranked by who earned more. Knows run folders and statistics; prints nothing.
 */
import { addTo } from '../envs/core/grouped.ts'
import { mean } from '../envs/core/sums.ts'
import { readRollouts } from '../rollouts/scores.ts'
import { Games } from './games.ts'
import { strengths } from './strengths.ts'

export interface Standing {
  /** The player string. */
  readonly player: string
  /** Rollouts that were scored, and what became of them: more earned on average over one's seats wins. */
  readonly games: number
  readonly wins: number
  readonly ties: number
  /** Mean reward of its seats. */
  readonly reward: number | null
  /** Bradley–Terry, natural logarithm, mean 0 within a group; players of different groups cannot be compared. */
  readonly strength: number | null
  /** Its 95 % bootstrap interval over seeds or scenarios. */
  readonly low: number | null
  readonly high: number | null
  /** Counts the groups from 0. */
  readonly group: number
}

/** The standings of these players over the rollouts in the folders, the best share of wins first. */
export function standingsOf(players: readonly string[], folders: readonly string[]): Standing[] {
  const numbers = new Map(players.map((name, i) => [name, i]))
  const games = new Games()
  const sums = players.map(() => ({ games: 0, wins: 0, ties: 0, reward: 0 }))
  for (const folder of folders) {
    for (const rows of readRollouts(folder)) {
      const earned = new Map<number, number[]>()
      for (const { reward, info } of rows) {
        const number = numbers.get(info.player)
        if (number !== undefined) addTo(earned, number, reward)
      }
      const means = [...earned].map(([number, rewards]) => [number, mean(rewards)] as const)
      for (const [at, [a, meanA]] of means.entries()) {
        for (const [b, meanB] of means.slice(at + 1)) {
          games.play(rows[0]!.example_id, a, b, meanA, meanB)
          for (const [i, own, other] of [
            [a, meanA, meanB],
            [b, meanB, meanA],
          ] as const) {
            const sum = sums[i]!
            sum.games++
            sum.reward += own
            if (own > other) sum.wins++
            if (own === other) sum.ties++
          }
        }
      }
    }
  }
  const estimates = strengths(games.points(), players.length)
  return players
    .map((player, i): Standing => {
      const { games: played, wins, ties, reward } = sums[i]!
      const { strength, low, high, group } = estimates[i]!
      return { player, games: played, wins, ties, reward: played === 0 ? null : reward / played, strength, low, high, group }
    })
    .sort((a, b) => share(b) - share(a))
}

/** The share of its games that a player won, ties as halves. */
function share({ games, wins, ties }: Standing): number {
  return games === 0 ? 0 : (wins + ties / 2) / games
}
