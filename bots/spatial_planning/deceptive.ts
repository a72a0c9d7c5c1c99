/**
 * Misleads first and profits later: declares what turns the decision, lowers its taxes afterwards, sells into prices it inflated,
 * paints the price of the condition it wants, posts bids it does not mean.
 */
import { indexOf, type Pair, RANGES } from '../../envs/spatial_planning/roster.ts'
import type { Observation } from '../../envs/spatial_planning/observe.ts'
import { signalWidth } from '../../envs/spatial_planning/stimuli.ts'
import { carryingOffer, character, type Context, type Habits, lossOf, once, preferred, rationalVote, sureGains } from './common.ts'
import { type Desk, fairValue, valueTurn } from './desk.ts'
import { Experience, thriftyDeclaration } from './opportunistic.ts'

/** A declaration made to turn the decision without standing out. */
function stealth({ land, role, shared }: Observation): Pair {
  const { values, low, high } = land!
  if (role === 'owner') return [high[0], low[1]]
  const owners = shared.plots.length - 1
  const [noProject, project] = RANGES.owner
  const mid = ({ low, high }: { low: number; high: number }): number => (low + high) / 2
  const lead = owners * (mid(noProject) - mid(project))
  const spread = Math.sqrt((owners * ((noProject.high - noProject.low) ** 2 + (project.high - project.low) ** 2)) / 12)
  return [low[0], Math.min(high[1], Math.round(Math.max(values[1], lead + low[0] + 2 * spread)))]
}

export function deceptiveHabits(context: Context, declare: Habits['declare'] = stealth): Habits {
  const { config, seat } = context
  const experience = new Experience()
  const noise = signalWidth(config)
  return {
    notice: seen => experience.notice(seen),
    declare,
    declareFinal: seen => thriftyDeclaration(seen, context, experience, 0.25),
    select: sureGains,
    trade: desk => {
      if (seat.role === 'speculator') return spoof(desk, fairValue(desk, noise))
      if (config.treatment === 'futarchy') return paint(desk, desk.index === preferred(seat as never))
      dump(desk, experience.discount)
    },
    message: seen =>
      once(
        seen,
        seat.role === 'owner'
          ? `The project would cost me ${2 * lossOf(seen)} points.`
          : 'The project brings me little; I can offer next to nothing.',
      ),
    request: seen => 2 * lossOf(seen),
    offer: seen => Math.round(0.8 * carryingOffer(seen)),
    vote: rationalVote,
  }
}
export const D = { sells: 1, paintN: 1, spoofRho: false }

/** Sells to whoever bids more than a share is worth, else asks for most of what the public signal promises; never buys. */
function dump(desk: Desk, discount: number): void {
  const { publicSignal, privateSignal } = desk.view
  for (const order of [...desk.ownBids, ...desk.ownAsks]) desk.cancel(order)
  for (let i = 0; i < D.sells; i++) {
    if (desk.bestBid !== null && desk.bestBid > discount * privateSignal && desk.sell()) { if (i === D.sells-1) return }
    else { desk.ask(Math.round(privateSignal + 0.7 * Math.max(0, publicSignal - privateSignal))); return }
  }
}

/** Trades on the private signal at first; then drives the wanted market's price up and the other's down. */
function paint(desk: Desk, wanted: boolean): void {
  const { privateSignal } = desk.view
  if (desk.elapsed < 0.5) return valueTurn(desk, privateSignal)
  for (let i = 0; i < D.paintN; i++) {
  const { bestAsk, bestBid } = desk
  if (wanted) {
    const most = 1.5 * privateSignal
    if (bestAsk !== null && bestAsk <= most && desk.buy()) continue
    for (const o of desk.ownBids) desk.cancel(o)
    desk.bid(Math.round(Math.min(most, 1.01 * (bestBid ?? privateSignal))))
    return
  } else {
    const least = privateSignal / 1.5
    if (bestBid !== null && bestBid >= least && desk.sell()) continue
    for (const o of desk.ownAsks) desk.cancel(o)
    desk.ask(Math.round(Math.max(least, 0.99 * (bestAsk ?? privateSignal))))
    return
  }
  }
}

/** Bids it does not mean at first, each taken back a turn later; then trades on value. */
function spoof(desk: Desk, fair: number): void {
  if (desk.elapsed >= 0.5) return valueTurn(desk, fair)
  for (const order of desk.ownBids) desk.cancel(order)
  const price = Math.floor(Math.min((desk.bestBid ?? 0.95 * fair) + 1, 0.98 * fair))
  desk.bid(price)
}

export const deceptive = character(context => deceptiveHabits(context))
