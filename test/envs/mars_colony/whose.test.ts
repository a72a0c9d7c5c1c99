/** Whose a number is: what a metric says of a colonist, counted again off the events that name it. */
import { expect, test } from 'vitest'
import { randomLegal } from '../../../bots/any/random_legal.ts'
import { marsColony } from '../../../envs/mars_colony/index.ts'
import type { MarsTypes } from '../../../envs/mars_colony/observe.ts'
import { COLONIST_IDS, type MarsEvent } from '../../../envs/mars_colony/state.ts'
import { type AnyTypes, type Decision, Episode, type EpisodeLog, type SeatContext, type Turn } from '../../../index.ts'

/** Three players who do whatever is allowed, and one of them now and then what is not, among residents of every type. */
function played(): EpisodeLog<MarsTypes> {
  const players = COLONIST_IDS.slice(0, 3)
  const seats = Object.fromEntries(players.map(agent => [agent, 'random']))
  const game = new Episode(marsColony, { max_steps: 40 }, 4, { seats })
  const policy = randomLegal({ env: marsColony, config: game.config } as unknown as SeatContext<AnyTypes>)
  while (!game.over) {
    const decisions: Record<string, Decision> = {}
    for (const agent of game.actors()) decisions[agent] = policy.act(game.turn(agent) as Turn<AnyTypes>) as Decision
    if (game.t % 5 === 0) decisions[players[0]!] = { calls: [{ tool: 'nonsense', args: {} }] }
    game.step(decisions)
  }
  return game.log
}

const log = played()
const events = log.steps.flatMap(step => step.events)
const number = <Type extends MarsEvent['type']>(
  type: Type,
  holds: (event: Extract<MarsEvent, { type: Type }>) => boolean,
): number => events.filter(event => event.type === type && holds(event as Extract<MarsEvent, { type: Type }>)).length
const share = (part: number, whole: number): number | null => (whole === 0 ? null : part / whole)

/** By metric: what it is of this colonist. */
const OF: Readonly<Record<string, (me: string) => number | null>> = {
  talks: me => number('talked', ({ from }) => from === me),
  pledges_kept: me => number('pledge_settled', ({ from, outcome }) => from === me && outcome === 'kept'),
  pledges_broken: me => number('pledge_settled', ({ from, outcome }) => from === me && outcome === 'broken'),
  pledges_declined: me => number('pledge_declined', ({ from }) => from === me),
  tips: me => number('replied', ({ to }) => to === me),
  tips_true: me =>
    share(
      number('replied', ({ to, truth }) => to === me && truth),
      number('replied', ({ to }) => to === me),
    ),
  asks_accepted: me =>
    share(
      number('ask_answered', ({ from, accepted }) => from === me && accepted),
      number('ask_answered', ({ from }) => from === me),
    ),
  refusals: me => log.steps.flatMap(({ refused }) => refused).filter(({ agent }) => agent === me).length,
}

test.each(Object.entries(OF))('%s', (metric, of) => {
  const values = COLONIST_IDS.map(of)
  expect(COLONIST_IDS.map(agent => marsColony.metrics.of(log, agent)[metric])).toEqual(values)
})

test('every other metric but credits is of the colony, the same for all', () => {
  const all = COLONIST_IDS.map(agent => marsColony.metrics.of(log, agent))
  for (const metric in all[0]) {
    const different = new Set(all.map(metrics => metrics[metric])).size
    const isOwn = metric in OF || metric === 'credits'
    expect([metric, different > 1]).toEqual([metric, isOwn])
  }
})
