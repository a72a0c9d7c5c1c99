/**
 * What makes a set of habits a player of any role, and the judgements that several bots share. Everything is read off
 * observations: a bot knows what a participant knows.
 */
import type { PolicyFactory, SeatContext, Turn } from '../../envs/core/policy.ts'
import type { Call } from '../../envs/core/tool.ts'
import type { SpatialConfig } from '../../envs/spatial_planning/config.ts'
import type { Observation } from '../../envs/spatial_planning/observe.ts'
import { CONDITIONS, type Cond, indexOf, type Pair, type Plot, rangeOf } from '../../envs/spatial_planning/roster.ts'
import type { Choice } from '../../envs/spatial_planning/state.ts'
import type { SpatialTypes } from '../../envs/spatial_planning/types.ts'
import { Desk } from './desk.ts'
import { expectedOf, type Trust } from './trust.ts'

export type Stage = 'initial' | 'final'
export type Context = SeatContext<SpatialTypes>

/** A character: what it declares, buys, trades, says and votes. Made once per seat and episode, so it may remember. */
export interface Habits {
  /** What it publishes of the plots it was shown. */
  appraise(seen: Observation): readonly Appraisal[]
  /** Sees every observation first, to remember what it shows. */
  notice?(seen: Observation): void
  declare(seen: Observation): Pair
  declareFinal(seen: Observation): number
  /** The plots it buys under a condition, of the initial or the final declarations. */
  select(seen: Observation, condition: Cond, stage: Stage): readonly Plot[]
  /** One turn at one book. In futarchy the turn's actions are shared by two desks, the first of them drawn. */
  trade(desk: Desk): void
  /** What it tells all the others; undefined to say nothing. */
  message(seen: Observation): string | undefined
  request(seen: Observation): number
  offer(seen: Observation): number
  vote(seen: Observation): Choice
  /** What it pays each owner for a project that was carried on its promise. */
  pay(seen: Observation): number
}

/** What is said of a plot. */
export interface Appraisal {
  readonly plot: Plot
  readonly values: Pair
}

/** A player that acts on its habits in every phase, whatever its role. */
export function character(make: (context: Context) => Habits): PolicyFactory<SpatialTypes> {
  return context => {
    const habits = make(context)
    return {
      act(turn) {
        habits.notice?.(turn.observation)
        return { calls: ACTS[turn.observation.shared.phase](habits, turn) }
      },
    }
  }
}

const ACTS: Readonly<Record<Observation['shared']['phase'], (habits: Habits, turn: Turn<SpatialTypes>) => Call[]>> = {
  appraisal: (habits, { observation }) => [
    {
      tool: 'publish_appraisals',
      args: {
        appraisals: habits.appraise(observation).map(({ plot, values }) => ({ plot, no_project: values[0], project: values[1] })),
      },
    },
  ],
  declaration(habits, { observation }) {
    const [no_project, project] = habits.declare(observation)
    return [{ tool: 'declare', args: { no_project, project } }]
  },
  speculation(habits, { observation }) {
    const { treatment, chosen } = observation.shared
    if (treatment === 'futarchy') {
      const [if_no_project, if_project] = [habits.select(observation, 0, 'initial'), habits.select(observation, 1, 'initial')]
      return [{ tool: 'buy_plots_conditional', args: { if_no_project, if_project } }]
    }
    return [{ tool: 'buy_plots', args: { plots: habits.select(observation, indexOf(chosen!), 'initial') } }]
  },
  market(habits, { observation, random }) {
    const calls: Call[] = []
    const desks = CONDITIONS.flatMap(condition => {
      const view = observation.markets[condition]
      return view === undefined ? [] : [new Desk(condition, view, observation, random, calls)]
    })
    for (const desk of desks.length > 1 ? random.shuffle(desks) : desks) habits.trade(desk)
    return calls
  },
  final_declaration: (habits, { observation }) => [{ tool: 'declare_final', args: { value: habits.declareFinal(observation) } }],
  final_speculation: (habits, { observation }) => [
    { tool: 'buy_plots', args: { plots: habits.select(observation, indexOf(observation.shared.chosen!), 'final') } },
  ],
  deliberation: speak,
  reply: speak,
  request: (habits, { observation }) => [{ tool: 'request_compensation', args: { amount: habits.request(observation) } }],
  offer: (habits, { observation }) => [{ tool: 'offer_compensation', args: { amount: habits.offer(observation) } }],
  vote: (habits, { observation }) => [{ tool: 'vote', args: { choice: habits.vote(observation) } }],
  payment: (habits, { observation }) => [{ tool: 'pay_compensation', args: { amount: habits.pay(observation) } }],
  over: () => [],
}

function speak(habits: Habits, { observation }: Turn<SpatialTypes>): Call[] {
  const text = habits.message(observation)
  const to = observation.shared.plots.filter(plot => plot !== observation.agent)
  return text === undefined ? [] : [{ tool: 'send_message', args: { to, text } }]
}

/** Says it once, in the first conversation of the round. */
export function once({ shared }: Observation, text: string): string | undefined {
  return shared.phase === 'deliberation' && shared.turn === 1 ? text : undefined
}

/** The condition a land holder gains from: owners lose by the project. */
export function preferred(role: string): Cond {
  return role === 'developer' ? 1 : 0
}

/** What a plot is declared at. */
export function declaredAt(seen: Observation, plot: Plot, condition: Cond, stage: Stage): number {
  return stage === 'final'
    ? seen.finals!.find(view => view.plot === plot)!.declared
    : seen.declarations!.find(view => view.plot === plot)!.declared[condition]!
}

/** What one's own first purchase of a plot brought; undefined where it was not bought or is not settled. */
export function firstDeal(seen: Observation, plot: Plot): number | undefined {
  return seen.deals?.find(deal => deal.plot === plot)?.profit
}

/** The real value of a plot where one was shown it. */
function shownValue({ inspected = [] }: Observation, plot: Plot, condition: Cond): number | undefined {
  return inspected.find(view => view.plot === plot)?.values[condition]
}

/**
 * Whether buying cannot lose: the plot is shown to be worth more, or declared below the lower end of its range, or finally below what the own profit of the
 * first purchase proves it to be worth (the sole buyer's share is the smallest that such a profit can be).
 */
export function isSureGain(
  seen: Observation,
  plot: Plot,
  condition: Cond,
  stage: Stage,
  { believed = shownValue(seen, plot, condition), cost = 0 }: Judgement = {},
): boolean {
  const declared = declaredAt(seen, plot, condition, stage) + cost
  if (believed !== undefined) return declared < believed
  if (declared < rangeOf(plot, condition).low) return true
  const earned = stage === 'final' ? (firstDeal(seen, plot) ?? 0) : 0
  return earned > 0 && declared < declaredAt(seen, plot, condition, 'initial') + 2 * earned
}

/** What a buyer goes by: the value he believes in, and by how much the declaration must lie below it to pay for the purchase. Points. */
export interface Judgement {
  readonly believed?: number | undefined
  readonly cost?: number
}

/** The plots that cannot be bought at a loss, as far as those are to be believed who appraised them, and bargains. */
export function sureGains(seen: Observation, condition: Cond, stage: Stage, trust: Trust, config: SpatialConfig): Plot[] {
  const cost = purchaseCost(config, config.speculators)
  return seen.shared.plots.filter(plot => {
    const believed = trust.believed(seen, plot, condition)
    return (
      isSureGain(seen, plot, condition, stage, { believed, cost }) ||
      (believed === undefined && stage === 'final' && isBargain(plot, trust, config))
    )
  })
}

/** Whether nobody says what a plot is worth, and its holder is one who understates: where he does not read who exposes him, he does so again. */
export function isBargain(plot: Plot, trust: Trust, config: SpatialConfig): boolean {
  return config.appraisals?.readers === 'speculators' && trust.understates(plot)
}

/** How far below its value a plot must be declared for its purchase to pay where so many buy. Points. */
export function purchaseCost({ purchase_fee = 0 }: SpatialConfig, buyers: number): number {
  return 2 * buyers * purchase_fee
}

/** What the project costs an owner, at least 0. */
export function lossOf({ land }: Observation): number {
  return Math.max(0, land!.values[0] - land!.values[1])
}

/** What the project brings the developer. */
function gainOf({ land }: Observation): number {
  return land!.values[1] - land!.values[0]
}

/**
 * The cheapest offer that carries the vote if every owner accepts what he asked for: the request of the last owner needed, where
 * paying it to all leaves something of the gain; else 0. A tie carries, so half of the owners, rounded up, are needed.
 */
export function carryingOffer(seen: Observation): number {
  const needed = neededOffer(seen)
  return gainOf(seen) > seen.requests!.length * needed ? needed : 0
}

/** The least offer that half of the owners, rounded up, asked for. */
export function neededOffer({ requests }: Observation): number {
  return requests![Math.ceil(requests!.length / 2) - 1]!
}

/** For the project where its value and what is to be expected of the offer make up for what is lost. */
export function rationalVote(seen: Observation): Choice {
  const { land, shared } = seen
  return land!.values[1] + expectedOf(seen, shared.offer ?? 0) >= land!.values[0] ? 'project' : 'no_project'
}
