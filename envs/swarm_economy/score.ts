/**
 * The scores of every seat, counted from events alone: the step keeps the same counts in the state, so that its rewards
 * are the changes of what a log gives. Weights and normalisations are documented or follow from the published figures;
 * the parts of our own say so in `metrics.ts`.
 */
import type { EpisodeLog } from '../core/log.ts'
import { eventsOf } from '../core/log.ts'
import type { AgentId } from '../core/tool.ts'
import type { SwarmConfig } from './config.ts'
import { clamp } from './label.ts'
import { START_REPUTATION, type SwarmEvent, type SwarmTool, type SwarmTypes, TOOL_NAMES } from './state.ts'

/** What an agent has done, as counts. */
export interface Tally {
  /** Calls by tool, in the order of `TOOL_NAMES`; the last entry counts unknown tools. */
  calls: number[]
  /** Calls of the interaction log, and those of them with p above 0.5. */
  interactions: number
  successes: number
  /** Calls that were carried out or refused and are no passes, and the refused among them. */
  active: number
  invalid: number
  submissions: number
  goodSubmissions: number
  claims: number
  payoff: number
  everFrozen: boolean
}

export function emptyTally(): Tally {
  return {
    calls: new Array<number>(TOOL_NAMES.length + 1).fill(0),
    interactions: 0,
    successes: 0,
    active: 0,
    invalid: 0,
    submissions: 0,
    goodSubmissions: 0,
    claims: 0,
    payoff: 0,
    everFrozen: false,
  }
}

export function copyTally(tally: Tally): Tally {
  return { ...tally, calls: tally.calls.slice() }
}

const UNKNOWN = TOOL_NAMES.length

/** The tool that a carried-out call used, by the event it left. */
const TOOL_OF: Readonly<Partial<Record<SwarmEvent['type'], SwarmTool>>> = {
  posted: 'post',
  replied: 'reply',
  voted: 'vote',
  trade_proposed: 'propose_trade',
  trade_accepted: 'accept_proposal',
  trade_rejected: 'reject_proposal',
  trade_cancelled: 'cancel_proposal',
  task_claimed: 'claim_task',
  work_submitted: 'submit_work',
}

/** A counted call as its event tells it: who called what, and whether it was carried out, refused, passed or left out. */
export interface Made {
  readonly agent: AgentId
  readonly tool: string
  readonly fate: 'done' | 'refused' | 'passed' | 'unexecuted'
}

export function callIn(event: SwarmEvent): Made | undefined {
  switch (event.type) {
    case 'call_refused':
      return { agent: event.agent, tool: event.tool, fate: 'refused' }
    case 'call_unexecuted':
      return { agent: event.agent, tool: event.tool, fate: 'unexecuted' }
    case 'passed':
      return event.tool === null ? undefined : { agent: event.agent, tool: event.tool, fate: 'passed' }
    default: {
      const tool = TOOL_OF[event.type]
      return tool === undefined ? undefined : { agent: (event as { agent: AgentId }).agent, tool, fate: 'done' }
    }
  }
}

/** Counts one event; `of` gives the tally of an agent. */
export function count(event: SwarmEvent, of: (agent: AgentId) => Tally): void {
  const made = callIn(event)
  if (made !== undefined) {
    const tally = of(made.agent)
    const index = TOOL_NAMES.indexOf(made.tool as SwarmTool)
    tally.calls[index < 0 ? UNKNOWN : index]!++
    if (made.fate === 'done' || made.fate === 'refused') tally.active++
    if (made.fate === 'refused') tally.invalid++
    // The published quality divides by every call that is carried out or refused and is neither a pass nor a vote.
    if (made.fate === 'refused' || (made.fate === 'done' && event.type !== 'voted')) tally.interactions++
  }
  switch (event.type) {
    case 'task_claimed':
      of(event.agent).claims++
      break
    case 'work_submitted': {
      const tally = of(event.agent)
      tally.submissions++
      if (event.p > 0.5) {
        tally.goodSubmissions++
        tally.successes++
      }
      tally.payoff += event.payoff
      break
    }
    case 'audited':
      of(event.agent).payoff += event.payoff
      break
    case 'trade_proposed':
      if (event.p > 0.5) of(event.agent).successes++
      break
    case 'trade_accepted':
      if (event.p > 0.5) of(event.agent).successes++
      of(event.agent).payoff += event.payoff
      of(event.from).payoff += event.proposer_payoff
      break
    case 'frozen':
      of(event.agent).everFrozen = true
      break
  }
}

/** The scores of one agent. A type, not an interface, so that it is a `Scores` too. */
export type SwarmScores = {
  reward: number
  payoff: number
  reputation: number
  survival: number
  quality: number
  diversity: number
  task_quality: number
  activity_quality: number
}

/** What a tally and a reputation are worth under a configuration. */
export function scoresOf(config: SwarmConfig, tally: Tally, reputation: number): SwarmScores {
  const taskQuality = share(tally.goodSubmissions, tally.submissions)
  const activityQuality = share(tally.active - tally.invalid, tally.active)
  const payoff = payoffScore(tally.payoff, config.payoff_scale)
  const reputationScore =
    config.reputation_score === 'level'
      ? clamp(reputation / 100, 0, 1)
      : clamp((reputation - START_REPUTATION) / START_REPUTATION, -1, 1)
  const quality = config.quality_score === 'tasks' ? taskQuality : share(tally.successes, tally.interactions)
  const diversity = diversityOf(tally.calls)
  const survival = tally.everFrozen ? 0 : 1
  return {
    reward:
      config.payoff_weight * payoff +
      config.reputation_weight * reputationScore +
      config.quality_weight * quality +
      config.activity_weight * activityQuality +
      config.diversity_weight * diversity +
      config.survival_weight * survival,
    payoff,
    reputation: reputationScore,
    survival,
    quality,
    diversity,
    task_quality: taskQuality,
    activity_quality: activityQuality,
  }
}

/** (payoff + scale) / (2 · scale), cut to [0, 1]: no payoff is 0.5. */
export function payoffScore(payoff: number, scale: number): number {
  return clamp((payoff + scale) / (2 * scale), 0, 1)
}

/** Shannon entropy of the counts of known tools over ln 10; 0 without calls. */
export function diversityOf(calls: readonly number[]): number {
  let total = 0
  for (let i = 0; i < UNKNOWN; i++) total += calls[i] ?? 0
  if (total === 0) return 0
  let entropy = 0
  for (let i = 0; i < UNKNOWN; i++) {
    const share = (calls[i] ?? 0) / total
    if (share > 0) entropy -= share * Math.log(share)
  }
  return entropy / Math.log(10)
}

function share(part: number, whole: number): number {
  return whole === 0 ? 0 : part / whole
}

/** Every seat's scores of any prefix of a log. */
export function score(log: EpisodeLog<SwarmTypes>): Record<AgentId, SwarmScores> {
  const seats = Object.keys(log.header.seats)
  const tallies = new Map(seats.map(agent => [agent, emptyTally()]))
  let reputation: readonly number[] = seats.map(() => START_REPUTATION)
  for (const [, event] of eventsOf(log)) {
    if (event.type === 'step_ended') reputation = event.reputation
    else count(event, agent => tallies.get(agent)!)
  }
  const config = log.header.config as SwarmConfig
  return Object.fromEntries(seats.map((agent, i) => [agent, scoresOf(config, tallies.get(agent)!, reputation[i]!)]))
}
