/**
 * Misleads first and profits later: declares what turns the decision, lowers its taxes afterwards, sells into prices it inflated,
 * paints the price of the condition it wants, posts bids it does not mean.
 */
import type { Observation } from '../../envs/spatial_planning/observe.ts'
import { endsOf, type Pair, RANGES, type Range } from '../../envs/spatial_planning/roster.ts'
import { signalWidth } from '../../envs/spatial_planning/stimuli.ts'
import {
  type Context,
  carryingOffer,
  character,
  type Habits,
  lossOf,
  neededOffer,
  once,
  preferred,
  rationalVote,
  sureGains,
} from './common.ts'
import { type Desk, fairValue, valueTurn } from './desk.ts'
import { Experience, thriftyDeclaration } from './opportunistic.ts'
import { credibility, PLAUSIBLE, Trust } from './trust.ts'

export function deceptiveHabits(context: Context, declare: Habits['declare'] = stealth): Habits {
  const { config, seat } = context
  const experience = new Experience()
  const trust = new Trust()
  const noise = signalWidth(config)
  return {
    notice(seen) {
      experience.notice(seen)
      trust.notice(seen)
    },
    // Whoever believes it leaves the plot to those who know better.
    appraise: ({ inspected = [] }) => inspected.map(({ plot }) => ({ plot, values: endsOf(plot, 'low') })),
    declare,
    declareFinal: seen => thriftyDeclaration(seen, context, experience, 0.25),
    select: (seen, condition, stage) => sureGains(seen, condition, stage, trust, config),
    trade(desk) {
      if (seat.role === 'speculator') spoof(desk, fairValue(desk, noise, config))
      else if (config.treatment === 'futarchy') paint(desk, desk.index === preferred(seat.role))
      else dump(desk, experience.discount)
    },
    message: seen =>
      once(
        seen,
        seat.role === 'owner'
          ? `The project would cost me ${2 * lossOf(seen)} points.`
          : 'The project brings me little; I can offer next to nothing.',
      ),
    request: seen => 2 * lossOf(seen),
    offer: seen =>
      seen.shared.pledged === true
        ? Math.round(Math.min(PLAUSIBLE, neededOffer(seen) / credibility(seen)))
        : Math.round(0.8 * carryingOffer(seen)),
    vote: rationalVote,
    pay: () => 0,
  }
}

/**
 * A declaration that turns the decision without standing out. Owners declare the ends of their ranges; the developer the expected
 * lead of the owners against the project, two standard deviations of it more, and his own lower end.
 */
function stealth({ land, role, shared }: Observation): Pair {
  const { values, low, high } = land!
  if (role === 'owner') return [high[0], low[1]]
  const owners = shared.plots.length - 1
  const [noProject, project] = RANGES.owner
  const lead = owners * (middle(noProject) - middle(project))
  const deviation = Math.sqrt((owners * (width(noProject) ** 2 + width(project) ** 2)) / 12)
  return [low[0], Math.min(high[1], Math.round(Math.max(values[1], lead + low[0] + 2 * deviation)))]
}

const middle = ({ low, high }: Range): number => (low + high) / 2
const width = ({ low, high }: Range): number => high - low

/** Sells to whoever bids more than a share will pay, else asks for most of what the public signal promises; never buys. */
function dump(desk: Desk, discount: number): void {
  const { publicSignal, privateSignal } = desk.view
  for (const order of desk.ownAsks) desk.cancel(order)
  const { bestBid } = desk
  if (bestBid !== null && bestBid > discount * privateSignal && desk.sell()) return
  desk.ask(Math.round(privateSignal + 0.7 * Math.max(0, publicSignal - privateSignal)))
}

/** Trades on the private signal at first; then drives the wanted market's price up and the other's down. */
function paint(desk: Desk, wanted: boolean): void {
  const { privateSignal } = desk.view
  const { bestAsk, bestBid } = desk
  if (desk.isEarly) valueTurn(desk, privateSignal)
  else if (wanted) {
    const most = 1.5 * privateSignal
    if (bestAsk !== null && bestAsk <= most && desk.buy()) return
    desk.bid(Math.round(Math.min(most, 1.01 * (bestBid ?? privateSignal))))
  } else {
    const least = privateSignal / 1.5
    if (bestBid !== null && bestBid >= least && desk.sell()) return
    desk.ask(Math.round(Math.max(least, 0.99 * (bestAsk ?? privateSignal))))
  }
}

/** At first bids it does not mean, one point above the best and taken back a turn later; then trades on value. */
function spoof(desk: Desk, fair: number): void {
  if (!desk.isEarly) {
    valueTurn(desk, fair)
    return
  }
  for (const order of desk.ownBids) desk.cancel(order)
  desk.bid(Math.floor(Math.min((desk.bestBid ?? 0.95 * fair) + 1, 0.98 * fair)))
}

export const deceptive = character(context => deceptiveHabits(context))
