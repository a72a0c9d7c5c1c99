/**
 * Decisions step by step, for learners that are no language models: what the seat saw as data, which tools it was offered
 * as a mask, what it did, the step's reward and whether the game went on. Made by playing the logs again.
 *
 * A seat has a row for every step in which it acted, got a reward other than 0, or which was the last; so the rewards of
 * its rows sum to the change of its score, or to what else was chosen (`pay.ts`).
 */
import type { Decisions } from '../../envs/core/environment.ts'
import { Episode } from '../../envs/core/episode.ts'
import { RunError } from '../errors.ts'
import type { StepsRow } from '../rows.ts'
import type { Row } from './columns.ts'
import { type ExportFacts, type Format, playWriter } from './format.ts'
import type { SeatPlay } from './play.ts'
import type { StoredRollout } from './reader.ts'

const FILE = 'steps.jsonl'

export const steps: Format = {
  id: 'steps',
  describe: 'observations, action masks, calls and step rewards, for learners that are no language models',
  reads: ['steps'],
  pays: 'step',
  files: () => [
    {
      path: FILE,
      columns: {
        episode_id: 'string',
        group_id: 'string',
        env: 'string',
        seed: 'int64',
        agent: 'string',
        t: 'int64',
        observation: 'string',
        tools: 'list<string>',
        action_mask: 'list<int64>',
        calls: 'string',
        reward: 'float64',
        terminated: 'bool',
        truncated: 'bool',
        advantage: 'float64',
        player: 'string',
        source: 'string',
        is_truncated: 'bool',
      },
    },
  ],
  open: facts =>
    playWriter((play, sink) => {
      const log = play.rollout.log()
      if (log === undefined) return sink.leaveOut('unfinished')
      const { env, version } = log.header
      if (!facts.environments.has(env) || facts.environments.get(env).version !== version) return sink.leaveOut('other_build')
      for (const row of stepRows(play, log, facts)) sink.row(FILE, row)
    }),
}

function* stepRows(play: SeatPlay, { header, steps: records }: StepsRow, facts: ExportFacts): Generator<Row> {
  const { agent, advantage, group, rollout, figures } = play
  const env = facts.environments.get(header.env)
  const episode = new Episode(env, header.config, header.seed, { repeat: header.repeat, seats: header.seats })
  const moves = Object.entries(env.tools(episode.config)).flatMap(([name, { kind }]) => (kind === 'act' ? [name] : []))
  const initial = (): number => env.score({ header, steps: [], stop: null })[agent]!.reward
  // A play that cannot be paid has no rows at all.
  const purse = facts.pay.purse(figures.info, initial)!
  for (const { t, decisions, rewards, done } of records) {
    const decision = decisions[agent]
    const earned = rewards[agent] ?? 0
    const last = t === records.length - 1
    purse.earn(earned)
    if (decision !== undefined || earned !== 0 || last) {
      const offered = decision === undefined ? [] : episode.offered(agent)
      yield {
        episode_id: rollout.key,
        group_id: group.id,
        env: header.env,
        seed: header.seed,
        agent,
        t,
        observation: decision === undefined ? null : JSON.stringify(episode.observe(agent)),
        tools: moves,
        action_mask: moves.map(name => (offered.includes(name) ? 1 : 0)),
        calls: decision === undefined ? null : JSON.stringify(decision.calls),
        reward: purse.pay(last ? figures.reward : undefined),
        terminated: done === 'terminated',
        // A game that was stopped from outside ends without a word of its own.
        truncated: last && done !== 'terminated',
        advantage,
        player: figures.info.player,
        source: figures.info.transcript,
        is_truncated: figures.is_truncated,
      }
    }
    if (!last) playOn(episode, decisions, rollout)
  }
}

function playOn(episode: Episode, decisions: Decisions, { key, run }: StoredRollout): void {
  try {
    episode.step(decisions)
  } catch (error) {
    throw new RunError(`${run.path('steps')}: ${key} cannot be played again: ${(error as Error).message}.`)
  }
}
