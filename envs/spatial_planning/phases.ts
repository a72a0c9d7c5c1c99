/** The order of play: which phase follows which, whose turn it is, and when a round is over. Knows no tool and no formula. */
import { stream } from '../core/random.ts'
import type { SpatialConfig } from './config.ts'
import { ROLES, type Role, rosterOf, type Treatment } from './roster.ts'
import { isCarried, newPlay, type Phase, type SpatialState } from './state.ts'
import { stimulusOf } from './stimuli.ts'

export interface PhaseRule {
  readonly phase: Exclude<Phase, 'over'>
  /** The laboratory's number of the phase; its others (waiting, showing, pausing) want no decision. */
  readonly number: number
  readonly roles: readonly Role[]
  /** `sealed`: all its actors decide at once. `turns`: one after another, in an order drawn anew for every sweep. */
  readonly play: 'sealed' | 'turns'
}

const LAND = ['owner', 'developer'] as const

const MARKET_PHASES: readonly PhaseRule[] = [
  // Ours: the laboratory has no appraisals.
  { phase: 'appraisal', number: 1, roles: ['speculator'], play: 'sealed' },
  { phase: 'declaration', number: 2, roles: LAND, play: 'sealed' },
  { phase: 'speculation', number: 3, roles: ['speculator'], play: 'sealed' },
  { phase: 'market', number: 6, roles: ROLES, play: 'turns' },
  { phase: 'final_declaration', number: 7, roles: LAND, play: 'sealed' },
  { phase: 'final_speculation', number: 8, roles: ['speculator'], play: 'sealed' },
]

/** The phases of a round that want decisions, in order. */
const PHASES: Readonly<Record<Treatment, readonly PhaseRule[]>> = {
  harberger: MARKET_PHASES,
  futarchy: MARKET_PHASES,
  voting: [
    { phase: 'deliberation', number: 2, roles: LAND, play: 'turns' },
    { phase: 'request', number: 3, roles: ['owner'], play: 'sealed' },
    { phase: 'offer', number: 4, roles: ['developer'], play: 'sealed' },
    { phase: 'reply', number: 5, roles: LAND, play: 'turns' },
    { phase: 'vote', number: 6, roles: ['owner'], play: 'sealed' },
    // Ours: in the laboratory an offer is paid.
    { phase: 'payment', number: 7, roles: ['developer'], play: 'sealed' },
  ],
}

/** Sweeps of the phases of turns. */
const SWEEPS: { readonly [P in Phase]?: (config: SpatialConfig) => number } = {
  market: ({ ticks }) => ticks,
  deliberation: ({ chat_before }) => chat_before,
  reply: ({ chat_after }) => chat_after,
}

/** How many sweeps over its players a phase of turns has; a sealed phase has one. */
export function sweepsOf(config: SpatialConfig, phase: Phase): number {
  return SWEEPS[phase]?.(config) ?? 1
}

/** Whether an option brings a phase; the others are always there. */
const BROUGHT: { readonly [P in Phase]?: (config: SpatialConfig) => boolean } = {
  appraisal: ({ appraisals }) => appraisals !== undefined,
  payment: ({ pledges }) => pledges !== undefined,
}

/** The phases of a treatment with those that options bring, also where nobody gets a turn in one. */
export function phasesOf(config: SpatialConfig): PhaseRule[] {
  return PHASES[config.treatment].filter(({ phase }) => BROUGHT[phase]?.(config) ?? true)
}

/** The phases that are played: one without a sweep is left out. */
export function playedPhases(config: SpatialConfig): PhaseRule[] {
  return phasesOf(config).filter(({ phase }) => sweepsOf(config, phase) > 0)
}

/** The rule of the phase that is on; undefined once the session is over. */
export function phaseRule({ config, phase }: Pick<SpatialState, 'config' | 'phase'>): PhaseRule | undefined {
  return PHASES[config.treatment].find(rule => rule.phase === phase)
}

/** The state before the first decision. */
export function reset(config: SpatialConfig, seed: number): SpatialState {
  const state: SpatialState = {
    config,
    seed,
    round: config.practice ? 0 : 1,
    phase: 'over',
    sweep: 0,
    queue: [],
    turn: 0,
    stimulus: { values: [], signals: [] },
    play: newPlay(config),
    history: [],
  }
  openRound(state)
  return state
}

/** Deals the stimuli of `state.round`, wipes the board and begins the first phase. */
export function openRound(state: SpatialState): void {
  state.stimulus = stimulusOf(state.config, state.seed, state.round)
  state.play = newPlay(state.config)
  begin(state, playedPhases(state.config)[0]!)
}

/** Nobody acts any more. */
export function endSession(state: SpatialState): void {
  state.phase = 'over'
  state.queue = []
}

/** Goes to the last turn of the phase, as if all others had been passed: for play that does not follow seeded turns. */
export function toLastTurn(state: SpatialState): void {
  state.sweep = sweepsOf(state.config, state.phase)
  state.turn = state.queue.length - 1
}

/** Whether no decision of this round has been taken yet. */
export function isOpening(state: SpatialState): boolean {
  return playedPhases(state.config)[0]!.phase === state.phase && state.sweep === 1 && state.turn === 0
}

function begin(state: SpatialState, rule: PhaseRule): void {
  state.phase = rule.phase
  state.sweep = 1
  state.turn = 0
  state.queue = queueOf(state, rule)
}

/** The players of a sweep by index: in seat order where they decide at once, else in an order of this round, phase and sweep. */
function queueOf({ config, seed, round, sweep }: SpatialState, rule: PhaseRule): readonly number[] {
  const { roles } = rosterOf(config)
  const players = [...roles.keys()].filter(player => rule.roles.includes(roles[player]!))
  return rule.play === 'sealed' ? players : stream(seed, rule.phase, round, sweep).shuffle(players)
}

/** Who decides in the next step, by index, in seat order. */
export function acting(state: SpatialState): readonly number[] {
  const rule = phaseRule(state)
  if (rule === undefined) return []
  return rule.play === 'sealed' ? state.queue : [state.queue[state.turn]!]
}

/**
 * Goes on after a step: to the next player, the next sweep or the next phase. `phase`: a phase has just ended, and the state
 * already stands in the next one; `round`: the round has, and the state is left as it is.
 */
export function advance(state: SpatialState): 'turn' | 'phase' | 'round' {
  const rule = phaseRule(state)!
  if (rule.play === 'turns') {
    state.turn++
    if (state.turn < state.queue.length) return 'turn'
    if (state.sweep < sweepsOf(state.config, rule.phase)) {
      state.sweep++
      state.turn = 0
      state.queue = queueOf(state, rule)
      return 'turn'
    }
  }
  const phases = playedPhases(state.config)
  const next = phases[phases.findIndex(({ phase }) => phase === rule.phase) + 1]
  // Nothing is to be paid for a project that was not carried.
  if (next === undefined || (next.phase === 'payment' && !isCarried(state))) return 'round'
  begin(state, next)
  return 'phase'
}
