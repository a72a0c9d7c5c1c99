/**
 * One seat's play of one episode, as every export sees it: its figures, its place in its group, its messages on demand.
 * Knows rollouts; knows no export format.
 */
import { groupBy } from '../../envs/core/grouped.ts'
import type { AgentId } from '../../envs/core/tool.ts'
import type { Message, Transcript } from '../messages.ts'
import type { ResultFigures, Trace, TracedEpisode } from '../rows.ts'
import { type Estimator, groupMoments } from './advantage.ts'
import type { Pay } from './pay.ts'
import type { StoredRollout } from './reader.ts'
import type { TaskRollouts } from './rollout_index.ts'

/** A message, and whether the player wrote it. */
export interface Said {
  readonly message: Message
  readonly sampled: boolean
}

/** The plays of one seat over the repeats of a seed and line-up. */
export interface Group {
  readonly id: string
  readonly size: number
  readonly mean: number
  readonly sd: number
}

/** A seat of a rollout: the number of its row among the rollout's results, and what stands there. */
interface SeatRow {
  readonly rollout: StoredRollout
  readonly row: number
  readonly figures: ResultFigures
  /** What the export writes as its reward: the score, unless another scale was chosen. */
  readonly reward: number
}

export class SeatPlay implements SeatRow {
  readonly rollout: StoredRollout
  readonly row: number
  readonly figures: ResultFigures
  readonly reward: number
  readonly group: Group
  readonly advantage: number
  readonly #episodes: Episodes

  constructor({ rollout, row, figures, reward }: SeatRow, group: Group, advantage: number, episodes: Episodes) {
    this.rollout = rollout
    this.row = row
    this.figures = figures
    this.reward = reward
    this.group = group
    this.advantage = advantage
    this.#episodes = episodes
  }

  get agent(): AgentId {
    return this.figures.info.seat
  }

  get trace(): Trace {
    return this.#episodes.of(this.rollout).traces.find(({ agent }) => agent.name === this.agent)!
  }

  get messages(): Said[] {
    return this.trace.nodes.map(({ message, sampled }) => ({ message, sampled }))
  }

  /** Who sits in the other seats. */
  get opponents(): Readonly<Record<AgentId, string>> {
    const { [this.agent]: _, ...others } = this.#episodes.lineup(this.rollout, this.figures)
    return others
  }
}

/** Episodes as they are read; the last one is kept, as its seats are asked for one after the other. */
class Episodes {
  readonly #lineups = new Map<string, Readonly<Record<AgentId, string>>>()
  #rollout: StoredRollout | undefined
  #episode: TracedEpisode | undefined

  of(rollout: StoredRollout): TracedEpisode {
    if (this.#rollout !== rollout) {
      this.#episode = rollout.episode()
      this.#rollout = rollout
    }
    return this.#episode!
  }

  /** The player of every seat that one takes. The last part of a group's id stands for it, so it is read once. */
  lineup(rollout: StoredRollout, { info }: ResultFigures): Readonly<Record<AgentId, string>> {
    const id = info.group_id.slice(info.group_id.lastIndexOf('-'))
    let lineup = this.#lineups.get(id)
    if (lineup === undefined) {
      lineup = Object.fromEntries(this.of(rollout).traces.map(({ agent }) => [agent.name, String(agent.config.player)]))
      this.#lineups.set(id, lineup)
    }
    return lineup
  }
}

/** Makes the plays of one task after the other. */
export class Plays {
  readonly #estimator: Estimator
  readonly #pay: Pay
  readonly #episodes = new Episodes()

  constructor(estimator: Estimator, pay: Pay) {
    this.#estimator = estimator
    this.#pay = pay
  }

  /**
   * Every evaluated seat of every finished rollout, in the order of the rollouts' keys and the seats; and how many there are whose
   * rewards nobody can scale.
   */
  of({ finished }: TaskRollouts): { readonly plays: SeatPlay[]; readonly unscaled: number } {
    const found = finished.flatMap(rollout =>
      rollout.figures().map((figures, row) => ({ rollout, row, figures, reward: this.#pay.of(figures.info, figures.reward) })),
    )
    const seats = found.filter((seat): seat is typeof seat & SeatRow => seat.reward !== undefined)
    const groups = groupBy(seats, ({ rollout, figures }) => `${rollout.run.folder} ${figures.info.group_id} ${figures.info.seat}`)
    const plays = new Map<SeatRow, SeatPlay>()
    for (const group of groups.values()) {
      const rewards = group.map(({ reward }) => reward)
      const { group_id, seat } = group[0]!.figures.info
      const facts: Group = { id: `${group_id}/${seat}`, size: group.length, ...groupMoments(rewards) }
      const advantages = this.#estimator.of(rewards)
      for (const [i, member] of group.entries()) plays.set(member, new SeatPlay(member, facts, advantages[i]!, this.#episodes))
    }
    return { plays: seats.map(seat => plays.get(seat)!), unscaled: found.length - seats.length }
  }
}

/** How many of the messages a player was told before it first said something; undefined where it said nothing. */
export function openingOf(messages: readonly Said[]): number | undefined {
  const start = messages.findIndex(({ sampled }) => sampled)
  return start < 0 ? undefined : start
}

/** The messages up to the player's last: what it was told after that teaches nothing. */
export function upToLastWord(messages: readonly Said[]): readonly Said[] {
  return messages.slice(0, messages.findLastIndex(({ sampled }) => sampled) + 1)
}

/** What stands beside a row's own fields: where it comes from and how it went. Always the same fields. */
export interface PlayInfo {
  readonly run: string
  readonly episode_id: string
  /** What the repeats of this seat's play share. */
  readonly group_id: string
  readonly env: string
  readonly version: number
  readonly config_digest: string
  readonly seed: number
  readonly repeat: number
  readonly seat: AgentId
  readonly player: string
  readonly source: Transcript['source']
  /** How much of the game a model was shown again; null for a player that is no model. */
  readonly history: string | null
  readonly reward: number
  readonly advantage: number
  readonly advantage_formula: string
  readonly group_size: number
  readonly is_truncated: boolean
  readonly stop_condition: string
}

/** The same for every format; `estimator` is the one that gave the play's advantage. */
export function playInfo(play: SeatPlay, estimator: Estimator): PlayInfo {
  const { figures, group, rollout, advantage, trace } = play
  const { info } = figures
  return {
    run: rollout.run.name,
    episode_id: info.episode_id,
    group_id: group.id,
    env: info.env,
    version: info.version,
    config_digest: info.config_digest,
    seed: info.seed,
    repeat: info.repeat,
    seat: info.seat,
    player: info.player,
    source: info.transcript,
    history: typeof trace.agent.config.history === 'string' ? trace.agent.config.history : null,
    reward: play.reward,
    advantage,
    advantage_formula: estimator.id,
    group_size: group.size,
    is_truncated: figures.is_truncated,
    stop_condition: figures.stop_condition,
  }
}
