/** Scores of every seat, from the last step of a log alone. Ours; in two-layer mode nobody's play is scored. */
import type { Scores } from '../core/environment.ts'
import type { EpisodeLog } from '../core/log.ts'
import { ratio, weightedSum } from '../core/sums.ts'
import { type AgenticConfig, type MarsConfig, sessionTicks } from './config.ts'
import type { MarsTypes } from './observe.ts'
import { SOCIETY } from './parameters.ts'
import { COLONIST_IDS, type MarsEvent, type Standing } from './state.ts'

type ShiftEnded = Extract<MarsEvent, { type: 'shift_ended' }>

/** Where a log left the colony; undefined for one without steps. */
export function lastShift(log: EpisodeLog<MarsTypes>): ShiftEnded | undefined {
  return log.steps.at(-1)?.events.at(-1) as ShiftEnded | undefined
}

const START: Standing = {
  credits: 0,
  reputation: SOCIETY.reputation.start,
  bad_ticks: 0,
  talks: 0,
  good_talks: 0,
  visits: 0,
  good_visits: 0,
  kept: 0,
  broken: 0,
}

/** Lengths are the whole session's, so that a prefix of a log scores what was earned so far. */
export function scoreOf(config: AgenticConfig, standing: Standing): Scores {
  const { weights, max_steps, start_credits, par, payoff_cap, quality_floor } = config
  const { credits, bad_ticks, talks, good_talks, visits, good_visits, kept, broken } = standing
  const payoff = Math.max(-1, Math.min(payoff_cap, (credits - start_credits) / max_steps / par))
  const reputation = standing.reputation / SOCIETY.reputation.max
  const survival = 1 - bad_ticks / sessionTicks(config)
  const quality = (good_visits + good_talks + kept) / Math.max(quality_floor, visits + talks + kept + broken)
  const parts = { payoff, reputation, survival, quality }
  return {
    reward: weightedSum(weights, parts),
    ...parts,
    social_quality: ratio(good_visits + good_talks, visits + talks),
    pledge_quality: ratio(kept, kept + broken),
  }
}

/** What stands where the substrate plays for everybody. */
const UNSCORED = { reward: 0, payoff: null, reputation: null, quality: null, social_quality: null, pledge_quality: null }

export function score(log: EpisodeLog<MarsTypes>): Record<string, Scores> {
  const config = log.header.config as MarsConfig
  const last = lastShift(log)
  return Object.fromEntries(
    COLONIST_IDS.map((agent, i) => [
      agent,
      config.mode === 'two-layer'
        ? { ...UNSCORED, survival: 1 - (last?.colony.breach_ticks ?? 0) / sessionTicks(config) }
        : scoreOf(config, last?.standings[i] ?? { ...START, credits: config.start_credits }),
    ]),
  )
}
