/**
 * A log of this economy in terms that all economies share: types of residents, asks and pledges, credits and reputation. Of the agentic
 * mode; a two-layer session has no types, no dealings and nobody's credits.
 */
import type { Dealing, Facts } from '../core/environment.ts'
import { eventsOf, RESIDENT } from '../core/log.ts'
import type { MarsConfig } from './config.ts'
import type { MarsTypes } from './observe.ts'
import { COLONIST_IDS, type MarsEvent, residentTypes, type Standing } from './state.ts'

/** What an event says of an offer between two colonists, if anything. */
function dealing(event: MarsEvent): Omit<Dealing, 't'> | undefined {
  switch (event.type) {
    case 'asked':
      return { kind: 'ask', from: event.from, to: event.to, outcome: 'offered' }
    case 'ask_answered':
      return { kind: 'ask', from: event.from, to: event.to, outcome: event.accepted ? 'accepted' : 'declined' }
    case 'pledged':
      return { kind: 'pledge', from: event.from, to: event.to, outcome: 'offered' }
    case 'pledge_declined':
      return { kind: 'pledge', from: event.from, to: event.to, outcome: 'declined' }
    case 'pledge_settled':
      return { kind: 'pledge', from: event.from, to: event.to, outcome: event.outcome }
    default:
      return undefined
  }
}

export const facts: Facts<MarsTypes> = {
  ranges: config => ({
    payoff: config?.mode === 'agentic' ? `[−1, ${config.payoff_cap}]` : '≥ −1',
    reputation: '[0, 1]',
    social_quality: '[0, 1]',
    pledge_quality: '[0, 1]',
  }),
  weights: config => (config.mode === 'agentic' ? config.weights : undefined),
  kinds({ header }) {
    const config = header.config as MarsConfig
    if (config.mode === 'two-layer') return {}
    const types = residentTypes(config, header.seed)
    return Object.fromEntries(COLONIST_IDS.flatMap((id, i) => (header.seats[id] === RESIDENT ? [[id, types[i]!]] : [])))
  },
  dealings: log =>
    [...eventsOf(log)].flatMap(([t, event]) => {
      const found = dealing(event)
      return found === undefined ? [] : [{ t, ...found }]
    }),
  standings(log) {
    if ((log.header.config as MarsConfig).mode === 'two-layer') return {}
    const series = (pick: (standing: Standing) => number) =>
      Object.fromEntries(
        COLONIST_IDS.map((id, i) => [
          id,
          log.steps.map(({ events }) => pick((events.at(-1) as Extract<MarsEvent, { type: 'shift_ended' }>).standings[i]!)),
        ]),
      )
    return { credits: series(({ credits }) => credits), reputation: series(({ reputation }) => reputation) }
  },
}
