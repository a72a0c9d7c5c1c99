/**
 * The scores of every seat, counted from events alone: the step keeps the same counts in the state, so that its rewards
 * are the changes of what a log gives. Weights and normalisations are documented or follow from the published figures;
 * the parts of our own say so in `metrics.ts`.
 */
import type { EpisodeLog } from '../core/log.ts'
import { eventsOf } from '../core/log.ts'
import { weightedSum } from '../core/sums.ts'
import type { AgentId } from '../core/tool.ts'
import type { SwarmConfig } from './config.ts'
import { clamp } from './label.ts'
import {
  OWN_TOOL_NAMES,
  type OwnTool,
  START_REPUTATION,
  type SwarmEvent,
  type SwarmTool,
  type SwarmTypes,
  type Tally,
  TOOL_NAMES,
} from './state.ts'

const ALL_TOOLS = [...TOOL_NAMES, ...OWN_TOOL_NAMES]

/** The tools whose calls are counted one by one: the published ten, and two more where a rule of our own adds one. */
function countedTools({ work_rule, trade_rule }: Pick<SwarmConfig, 'work_rule' | 'trade_rule'>): readonly string[] {
  return work_rule === 'problems' || trade_rule === 'loans' ? ALL_TOOLS : TOOL_NAMES
}

export function emptyTally(config: Pick<SwarmConfig, 'work_rule' | 'trade_rule'>): Tally {
  return {
    calls: new Array<number>(countedTools(config).length + 1).fill(0),
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

/** The tool that a carried-out call used, by the event it left. */
const TOOL_OF: Readonly<Partial<Record<SwarmEvent['type'], SwarmTool | OwnTool>>> = {
  worked_on: 'work_on',
  loan_repaid: 'repay',
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
    const index = ALL_TOOLS.indexOf(made.tool as SwarmTool)
    const unknown = tally.calls.length - 1
    tally.calls[index < 0 ? unknown : Math.min(index, unknown)]!++
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
    case 'loan_repaid':
      of(event.agent).payoff -= event.paid
      of(event.to).payoff += event.paid
      break
    case 'loan_collected':
      of(event.agent).payoff -= event.paid + event.fine
      of(event.to).payoff += event.returned
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

/** What each part of a score counts in the reward. */
export function weightsOf(config: SwarmConfig) {
  return {
    payoff: config.payoff_weight,
    reputation: config.reputation_weight,
    quality: config.quality_weight,
    activity_quality: config.activity_weight,
    diversity: config.diversity_weight,
    survival: config.survival_weight,
  } satisfies Partial<Record<keyof SwarmScores, number>>
}

/** What a tally and a reputation, which began at `start`, are worth under a configuration. */
export function scoresOf(config: SwarmConfig, tally: Tally, reputation: number, start: number = START_REPUTATION): SwarmScores {
  const taskQuality = share(tally.goodSubmissions, tally.submissions)
  const activityQuality = share(tally.active - tally.invalid, tally.active)
  const payoff =
    config.payoff_score === 'tanh'
      ? Math.tanh(tally.payoff / config.payoff_scale)
      : payoffScore(tally.payoff, config.payoff_scale)
  const reputationScore =
    config.reputation_score === 'level' ? clamp(reputation / 100, 0, 1) : clamp((reputation - start) / START_REPUTATION, -1, 1)
  const quality = config.quality_score === 'tasks' ? taskQuality : share(tally.successes, tally.interactions)
  const parts = {
    payoff,
    reputation: reputationScore,
    survival: tally.everFrozen ? 0 : 1,
    quality,
    diversity: diversityOf(tally.calls, tally.calls.length - 1),
    task_quality: taskQuality,
    activity_quality: activityQuality,
  }
  return { reward: weightedSum(weightsOf(config), parts), ...parts }
}

/** (payoff + scale) / (2 · scale), cut to [0, 1]: no payoff is 0.5. */
export function payoffScore(payoff: number, scale: number): number {
  return clamp((payoff + scale) / (2 * scale), 0, 1)
}

/** Shannon entropy of the counts of the first `known` tools over ln `known`; 0 without calls. */
export function diversityOf(calls: readonly number[], known: number = TOOL_NAMES.length): number {
  let total = 0
  for (let i = 0; i < known; i++) total += calls[i] ?? 0
  if (total === 0) return 0
  let entropy = 0
  for (let i = 0; i < known; i++) {
    const share = (calls[i] ?? 0) / total
    if (share > 0) entropy -= share * Math.log(share)
  }
  return entropy / Math.log(known)
}

function share(part: number, whole: number): number {
  return whole === 0 ? 0 : part / whole
}

/** The reputations a game starts with, in the order of seats. */
export function startsOf({ agents }: Extract<SwarmEvent, { type: 'opened' }>): number[] {
  return agents.map(({ reputation }) => reputation ?? START_REPUTATION)
}

/** Every seat's scores of any prefix of a log. */
export function score(log: EpisodeLog<SwarmTypes>): Record<AgentId, SwarmScores> {
  const seats = Object.keys(log.header.seats)
  const config = log.header.config as SwarmConfig
  const tallies = new Map(seats.map(agent => [agent, emptyTally(config)]))
  let starts: readonly number[] = seats.map(() => START_REPUTATION)
  let reputation = starts
  for (const [, event] of eventsOf(log)) {
    if (event.type === 'step_ended') reputation = event.reputation
    else if (event.type === 'opened') reputation = starts = startsOf(event)
    else count(event, agent => tallies.get(agent)!)
  }
  return Object.fromEntries(seats.map((agent, i) => [agent, scoresOf(config, tallies.get(agent)!, reputation[i]!, starts[i])]))
}
