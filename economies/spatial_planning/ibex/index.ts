/** spatial_planning at the server of the laboratory it comes from: its own tools, bots and prompts in a seat of a real session. */
import type { Playable } from '../../../envs/core/environment.ts'
import { UserError } from '../../../envs/core/errors.ts'
import { spatialPlanning } from '../../../envs/spatial_planning/index.ts'
import { MARKET_SECONDS, rosterOf } from '../../../envs/spatial_planning/roster.ts'
import type { SpatialTypes } from '../../../envs/spatial_planning/types.ts'
import type { RemoteTwin, RemoteView } from '../../remote.ts'
import { parameterList, recordOfData } from '../lab/data_record.ts'
import { configOf, Parameters } from '../lab/import_record.ts'
import { lab } from '../lab/index.ts'
import { RULESETS } from '../lab/participants.ts'
import { SeatView } from './view.ts'

/** Turns of a market where only changes are one: as many as the laboratory's market has quarters of a minute. */
const LAB_TURNS = 18
/** As many as a configuration can have. */
const MOST_TURNS = 60

const AT_SERVER = `## At this server
The others act whenever they like, not in turns: what you see of a market is as it was when you were asked, and it may move before your order arrives. An order is checked against the book as it then is, and is not sent where it no longer fits. The server takes whole points only.`

/** The economy as players need it, with what is different here said in its rules. */
const env: Playable<SpatialTypes> = {
  ...spatialPlanning,
  rules: (config, agent) => `${spatialPlanning.rules(config, agent)}\n\n${AT_SERVER}`,
}

export const ibex: RemoteTwin<SpatialTypes> = {
  env,
  rulesets: Object.values(RULESETS),
  talks: ruleset => ruleset.toLowerCase() === 'voting',
  config(parameters, view) {
    const known = new Parameters(parameterList(parameters))
    const seconds = known.optional('timer_phase_6') || MARKET_SECONDS
    // Which of the laboratory's stimuli are played no participant knows.
    return { ...configOf(known, turnsIn(seconds, view)), session: 0 }
  },
  agent(config, number) {
    const { agents } = rosterOf(config)
    const agent = agents[number - 1]
    if (agent === undefined)
      throw new UserError(`The game has no seat ${number}. Seats: ${agents.map((name, i) => `${i + 1} (${name})`).join(', ')}.`)
    return agent
  },
  seat: (config, agent, view) => new SeatView(config, agent, view),
  compare: (document, id) => lab.reads!.read(recordOfData(document), id),
}

function turnsIn(seconds: number, { actEveryMs }: RemoteView): number {
  if (actEveryMs === null || actEveryMs === 0) return LAB_TURNS
  return Math.min(MOST_TURNS, Math.max(1, Math.ceil((seconds * 1000) / actEveryMs)))
}
