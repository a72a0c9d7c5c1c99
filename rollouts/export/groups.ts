/**
 * groups.jsonl of a run: the rollouts of each seed side by side, a row a seat, with their rewards and group-relative
 * advantages. Made from the run's other files when it ends, and made anew when more has been played.
 */
import { mkdtempSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { groupBy } from '../../envs/core/grouped.ts'
import type { AgentId } from '../../envs/core/tool.ts'
import { refused, replaceFile } from '../disk.ts'
import { FILES } from '../store.ts'
import type { Estimator } from './advantage.ts'
import { Pay } from './pay.ts'
import { Plays, type SeatPlay } from './play.ts'
import { RunFiles } from './reader.ts'
import { RolloutIndex } from './rollout_index.ts'

/** A row of groups.jsonl: the finished rollouts of one seed, configuration, line-up and seat. */
export interface GroupRow {
  readonly group_id: string
  readonly env: string
  readonly version: number
  readonly config_digest: string
  readonly seed: number
  readonly seat: AgentId
  readonly player: string
  readonly size: number
  readonly mean: number
  /** With n - 1; 0 for a group of one. */
  readonly sd: number
  readonly advantage: { readonly id: string; readonly formula: string }
  readonly rollouts: readonly {
    readonly key: string
    readonly repeat: number
    readonly reward: number
    readonly advantage: number
    readonly is_truncated: boolean
  }[]
}

/** What the groups of a run come to. */
export interface GroupsSummary {
  readonly path: string
  readonly groups: number
  /** Rollouts that each is to have: what was asked for, or the more that an earlier command asked for. */
  readonly size: number
  /** Groups that have fewer: some failed or have not been played. */
  readonly small: number
  /** Groups of equal rewards: no policy gradient comes of them. */
  readonly even: number
  /** The mean over the groups of the standard deviation within them; null where there is no group. */
  readonly sd: number | null
}

/** Writes groups.jsonl of the run in `folder`, whose groups are to have `size` rollouts. */
export function writeGroups(folder: string, size: number, estimator: Estimator): GroupsSummary {
  const path = join(folder, FILES.groups)
  const scratch = scratchIn(folder)
  const index = new RolloutIndex(RunFiles.of([folder]), scratch)
  const plays = new Plays(estimator, new Pay())
  let groups = 0
  let small = 0
  let even = 0
  let sd = 0
  try {
    for (const _ of index.scan());
    replaceFile(path, write => {
      for (const task of index.tasks()) {
        // Plays of one group share its facts.
        for (const group of groupBy(plays.of(task).plays, ({ group }) => group).values()) {
          const row = groupRow(group, estimator)
          groups++
          sd += row.sd
          if (row.size < size) small++
          if (row.sd === 0) even++
          write(Buffer.from(`${JSON.stringify(row)}\n`))
        }
      }
    })
  } finally {
    index.close()
    rmSync(scratch, { recursive: true, force: true })
  }
  return { path, groups, size, small, even, sd: groups === 0 ? null : sd / groups }
}

function scratchIn(folder: string): string {
  try {
    return mkdtempSync(join(folder, '.groups-'))
  } catch (error) {
    throw refused(folder, error)
  }
}

function groupRow(plays: readonly SeatPlay[], { id, formula }: Estimator): GroupRow {
  const [{ group, figures }] = plays as readonly [SeatPlay]
  const { env, version, config_digest, seed, seat, player } = figures.info
  return {
    group_id: group.id,
    env,
    version,
    config_digest,
    seed,
    seat,
    player,
    size: group.size,
    mean: group.mean,
    sd: group.sd,
    advantage: { id, formula },
    rollouts: plays.map(play => ({
      key: play.rollout.key,
      repeat: play.figures.info.repeat,
      reward: play.figures.reward,
      advantage: play.advantage,
      is_truncated: play.figures.is_truncated,
    })),
  }
}
