/** Who won a tournament, from rows that can be counted by hand. */
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { standingsOf } from '../../evals/standings.ts'
import { scratch } from '../rollouts/table.ts'

/** A run of these rollouts, each the rewards by player of its evaluated seats. */
function folderOf(rollouts: readonly Readonly<Record<string, readonly number[]>>[]): string {
  const folder = join(scratch(), 'run')
  mkdirSync(folder)
  const rows = rollouts.flatMap((players, seed) =>
    Object.entries(players).flatMap(([player, rewards]) =>
      rewards.map((reward, i) => ({
        key: `toy-s${seed}-0-r0`,
        example_id: seed,
        reward,
        stop_condition: 'terminated',
        is_truncated: false,
        metrics: {},
        info: {
          player,
          seat: `${player}_${i}`,
          evaluated: ['any'],
          seed,
          repeat: 0,
          steps: 1,
          scores: {},
          calls: {},
          refused: {},
          silent: 0,
        },
        timing: {},
      })),
    ),
  )
  writeFileSync(join(folder, 'results.jsonl'), rows.map(row => `${JSON.stringify(row)}\n`).join(''))
  return folder
}

test('a tie is half a win: who wins two games of three stands before who ties all, and these before who wins one', () => {
  const folder = folderOf([
    { winner: [2], loser: [1] },
    { winner: [2], loser: [1] },
    { winner: [1], loser: [2] },
    ...[1, 2, 3].map(reward => ({ even: [reward], level: [reward] })),
  ])
  const standings = standingsOf(['loser', 'even', 'level', 'winner'], [folder])
  expect(standings.map(({ player, games, wins, ties }) => [player, games, wins, ties])).toEqual([
    ['winner', 3, 2, 0],
    ['even', 3, 0, 3],
    ['level', 3, 0, 3],
    ['loser', 3, 1, 0],
  ])
})

test('a player with several seats counts once a rollout, by their mean, however many they are', () => {
  const standings = standingsOf(
    ['many', 'one'],
    [folderOf([{ many: [3, 0, 0], one: [2] }]), folderOf([{ one: [0], many: [1, 1] }])],
  )
  expect(standings.map(({ player, games, wins, reward }) => [player, games, wins, reward])).toEqual([
    ['many', 2, 1, 1],
    ['one', 2, 1, 1],
  ])
})
