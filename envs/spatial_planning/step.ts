/**
 * One step: everybody's decision in a sealed phase, one player's turn in a market or conversation. Runs the calls, puts the
 * laboratory's default where somebody was silent, and carries out what the end of a phase brings.
 */
import type { Decisions, Step } from '../core/environment.ts'
import { namedTool, Outcome, perform, tooManyCalls } from '../core/outcome.ts'
import type { AgentId, Call } from '../core/tool.ts'
import { close, median7 } from './market.ts'
import { offered, withheld } from './offered.ts'
import { acting, advance, endSession, isOpening, openRound } from './phases.ts'
import { CONDITIONS, type Cond, endsOf, type Pair, rangeOf, rosterOf } from './roster.ts'
import { byAgent, deal, type Emit, pay, settleRound } from './round_accounts.ts'
import { rewardOf } from './score.ts'
import { decideByMedian, decideBySum, publicSignal } from './settlement.ts'
import { copyPlay, endowedBook, landOf, type Selection, type SpatialState, voteOf } from './state.ts'
import { total } from './stimuli.ts'
import { tools } from './tools.ts'
import type { SpatialTypes } from './types.ts'

/** Calls of one message that are carried out: three in a market, one where a single decision is wanted. */
export const MARKET_CALLS = 3
const OTHER_CALLS = 1

export function step(state: SpatialState, decisions: Decisions): Step<SpatialTypes> {
  const draft: SpatialState = { ...state, play: copyPlay(state.play) }
  const outcome = new Outcome<SpatialTypes>()
  if (isOpening(draft)) announce(draft, outcome.emit)
  const { agents } = rosterOf(draft.config)
  for (const player of acting(draft)) play(draft, agents[player]!, decisions[agents[player]!]?.calls ?? [], outcome)
  const payoffs = conclude(draft, outcome.emit)

  const rewards: Record<AgentId, number> = {}
  for (const [player, agent] of agents.entries())
    rewards[agent] = payoffs === undefined ? 0 : rewardOf(draft.config, player, payoffs[player]!)
  const { events, results, refused } = outcome
  return { state: draft, rewards, events, results, refused, done: draft.phase === 'over' ? 'terminated' : false }
}

/**
 * What follows once the decisions of a step are on the draft: defaults for silence, the move to the next turn, phase or round, and
 * all that comes with it. The payoffs of a paid round that ended, in points; undefined where none did.
 */
export function conclude(draft: SpatialState, emit: Emit): readonly number[] | undefined {
  const { config, phase, round } = draft
  DECIDED[phase]?.(draft, acting(draft), emit)
  const moved = advance(draft)
  if (moved !== 'turn') ENDED[phase]?.(draft, emit)
  if (moved !== 'round') return undefined
  const payoffs = settleRound(draft, emit)
  if (round === config.rounds) {
    pay(draft, emit)
    endSession(draft)
  } else {
    draft.round++
    openRound(draft)
  }
  return round > 0 ? payoffs : undefined
}

function play(draft: SpatialState, agent: AgentId, calls: readonly Call[], outcome: Outcome<SpatialTypes>): void {
  const declared = tools(draft.config)
  const may = offered(draft, agent)
  const limit = draft.phase === 'market' ? MARKET_CALLS : OTHER_CALLS
  let ended = false
  for (const [i, call] of calls.entries()) {
    const name = namedTool(call)
    if (i >= limit) outcome.refuse(agent, name, tooManyCalls(limit))
    else if (ended) outcome.refuse(agent, name, { code: 'turn_ended', message: 'You ended your turn before this call.' })
    else if (perform(outcome, declared, may, draft, agent, call, tool => withheld(draft, agent, tool)))
      ended = name === 'end_turn'
  }
}

/** The first event of a round: what nature deals, which observations show in parts. */
export function announce({ config, round, stimulus }: SpatialState, emit: Emit): void {
  const { agents, plots } = rosterOf(config)
  emit({
    type: 'round_began',
    round,
    practice: round === 0,
    values: byAgent(plots, plot => stimulus.values[plot]!),
    signals: stimulus.signals.length === 0 ? {} : byAgent(agents, player => stimulus.signals[player]!),
  })
}

/** What is done with the decisions of a step before the game moves on: silence becomes the laboratory's default, all is told. */
const DECIDED: { readonly [P in SpatialState['phase']]?: (draft: SpatialState, players: readonly number[], emit: Emit) => void } =
  {
    appraisal(draft, players, emit) {
      const appraisals = landOf(draft).appraisals!
      const { agents, plots } = rosterOf(draft.config)
      for (const player of players) {
        appraisals[player] ??= { value: [], declared: false }
        const { value, declared } = appraisals[player]!
        const told = value.map(({ plot, values }) => ({ plot: plots[plot]!, no_project: values[0], project: values[1] }))
        emit({ type: 'appraised', agent: agents[player]!, appraisals: told, declared })
      }
    },
    declaration(draft, players, emit) {
      const play = landOf(draft)
      const { plots } = rosterOf(draft.config)
      for (const plot of players) {
        play.initial[plot] ??= { value: endsOf(plots[plot]!, 'low'), declared: false }
        const { value, declared } = play.initial[plot]!
        emit({ type: 'declared', agent: plots[plot]!, no_project: value[0], project: value[1], declared })
      }
    },
    speculation: (draft, players, emit) => selected(draft, landOf(draft).selected, 'initial', players, emit),
    final_declaration(draft, players, emit) {
      const play = landOf(draft)
      const { plots } = rosterOf(draft.config)
      for (const plot of players) {
        play.final[plot] ??= { value: rangeOf(plots[plot]!, play.chosen!).low, declared: false }
        emit({ type: 'declared_final', agent: plots[plot]!, ...play.final[plot]! })
      }
    },
    final_speculation: (draft, players, emit) => selected(draft, landOf(draft).finalSelected, 'final', players, emit),
    request(draft, players, emit) {
      const play = voteOf(draft)
      for (const owner of players) {
        play.requests[owner] ??= { value: 0, declared: false }
        const { value: amount, declared } = play.requests[owner]!
        emit({ type: 'compensation_requested', agent: rosterOf(draft.config).plots[owner]!, amount, declared })
      }
    },
    offer(draft, players, emit) {
      const play = voteOf(draft)
      play.offer ??= { value: 0, declared: false }
      const { value: amount, declared } = play.offer
      emit({ type: 'compensation_offered', agent: rosterOf(draft.config).plots[players[0]!]!, amount, declared })
    },
    vote(draft, players, emit) {
      const play = voteOf(draft)
      for (const owner of players) {
        play.votes[owner] ??= { value: 'abstain', declared: false }
        const { value: choice, declared } = play.votes[owner]!
        emit({ type: 'voted', agent: rosterOf(draft.config).plots[owner]!, choice, declared })
      }
    },
    payment(draft, players, emit) {
      const play = voteOf(draft)
      play.payment ??= { value: play.offer!.value, declared: false }
      const { value: amount, declared } = play.payment
      emit({ type: 'compensation_paid', agent: rosterOf(draft.config).plots[players[0]!]!, amount, declared })
    },
  }

function selected(
  draft: SpatialState,
  selections: (Selection | null)[],
  stage: 'initial' | 'final',
  players: readonly number[],
  emit: Emit,
): void {
  const { agents } = rosterOf(draft.config)
  for (const player of players) {
    selections[player] ??= { plots: [[], []], declared: false }
    const { plots, declared } = selections[player]!
    const [noProject, project] = plots.map(chosen => chosen.map(plot => agents[plot]!)) as [AgentId[], AgentId[]]
    emit({ type: 'plots_selected', stage, agent: agents[player]!, no_project: noProject, project, declared })
  }
}

/** What the end of a phase brings; the state already stands in the next one. */
const ENDED: { readonly [P in SpatialState['phase']]?: (draft: SpatialState, emit: Emit) => void } = {
  declaration(draft, emit) {
    if (draft.config.treatment !== 'harberger') return
    const initial = landOf(draft).initial.map(made => made!.value)
    const sums: Pair = [total(initial, 0), total(initial, 1)]
    choose(draft, decideBySum(sums, draft.config.tie), sums, emit)
  },
  speculation(draft, emit) {
    const play = landOf(draft)
    if (play.chosen !== null) settleInitial(draft, emit)
    for (const condition of play.chosen === null ? ([0, 1] as const) : [play.chosen]) {
      play.books[condition] = endowedBook(draft.config)
      const signal = publicSignal(
        play.initial.map(made => made!.value[condition]),
        draft.config.final_tax,
      )
      emit({ type: 'market_opened', condition: CONDITIONS[condition], public_signal: signal })
    }
  },
  market(draft, emit) {
    const play = landOf(draft)
    const { agents } = rosterOf(draft.config)
    for (const [condition, book] of play.books.entries()) {
      if (book === null) continue
      close(book)
      emit({
        type: 'market_closed',
        condition: CONDITIONS[condition as Cond],
        median: median7(book),
        cash: byAgent(agents, player => book.cash[player]!),
        shares: byAgent(agents, player => book.shares[player]!),
      })
    }
    if (play.chosen !== null) return
    const medians = play.books.map(book => median7(book!)) as [number | null, number | null]
    choose(draft, decideByMedian(medians, draft.config.tie), medians, emit)
    settleInitial(draft, emit)
  },
}

function choose(
  draft: SpatialState,
  condition: Cond,
  [noProject, project]: readonly [number | null, number | null],
  emit: Emit,
): void {
  landOf(draft).chosen = condition
  emit({ type: 'condition_chosen', condition: CONDITIONS[condition], no_project: noProject, project })
}

function settleInitial(draft: SpatialState, emit: Emit): void {
  const play = landOf(draft)
  const declarations = play.initial.map(made => made!.value[play.chosen!])
  play.deals = deal(draft, 'initial', declarations, play.selected, emit)
}
