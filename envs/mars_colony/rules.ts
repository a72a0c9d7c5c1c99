/** The rules in words: what a model reads first, and the first section of the documentation. */
import type { AgentId } from '../core/tool.ts'
import { type MarsConfig, sessionTicks } from './config.ts'
import {
  BOND_CAP,
  BOND_UNIT,
  BREACH,
  COLONISTS,
  DECAY,
  DIALOGUE,
  GAIN,
  LABOUR,
  MESSAGE_LENGTH,
  NEED_CAP,
  NEED_UNIT,
  NEEDS,
  RESTING,
  SITES,
  SOCIALIZING,
  SOCIETY,
  WORKING,
} from './parameters.ts'
import { indexOf, NAMES } from './state.ts'

const needs = (units: number): number => units / NEED_UNIT
const bonds = (units: number): number => units / BOND_UNIT
const grouped = (number: number): string => number.toLocaleString('en')

export function rules(config: MarsConfig, agent: AgentId): string {
  const { max_steps, ticks_per_step } = config
  const falls = NEEDS.map((need, kind) => `${need} by ${needs(DECAY[kind]!)}`).join(', ')
  const cap = bonds(BOND_CAP)
  return [
    `You are ${agent} (${NAMES[indexOf(agent)]}), one of ${COLONISTS} colonists on Mars, for ${max_steps} shifts of ${ticks_per_step} ticks.`,
    `Everybody has a role and three needs from 0 to ${needs(NEED_CAP)}, which fall every tick: ${falls}. A tick of resting gives ${needs(GAIN[RESTING][0])} energy, of socializing ${needs(GAIN[SOCIALIZING][1])} social, of working or building ${needs(GAIN[WORKING][2])} purpose, of walking nothing.`,
    `Every two colonists share a bond from -${cap} to ${cap}. Socializing with a partner moves it, up or down, by how well the two fit, which nobody is told. There are ${SITES} construction sites of ${grouped(LABOUR)} ticks of labour each; anybody may build at any unfinished site.`,
    ...(config.mode === 'two-layer' ? twoLayer(config) : agentic(config)),
  ].join('\n\n')
}

function twoLayer(config: MarsConfig): string[] {
  return [
    `In this session every colonist, you included, follows the colony's own rules for all ${grouped(sessionTicks(config))} ticks. You may call the tools; each call is recorded as advice and changes nothing.`,
  ]
}

function agentic({ ticks_per_step, weights }: MarsConfig): string[] {
  const { credits, productivity, reputation, suspension, collapse, bond, pledgeTicks, residentTalks } = SOCIETY
  const { floor, span } = productivity
  const fullShift = (credits.perTick * ticks_per_step).toFixed(2)
  return [
    `Each shift, send one message with your calls: one choose_action for the whole shift (without one you keep working), and if you like one talk, one ask, one pledge, and an answer to each request addressed to you. A refused call has no effect.`,
    `Credits: a tick of working earns ${credits.perTick} × productivity × site bonus × (0.5 + reputation / 100), a tick of building ${credits.building} of that. Productivity is 0 when your lowest need is ${needs(floor)} and 1 from ${needs(floor + span)} on. The site bonus is 1 + ${credits.siteBonus} per completed site, for everybody.`,
    `Reputation runs from 0 to ${reputation.max}, starts at ${reputation.start} and is public. Each shift it drifts by ${reputation.drift} of its distance back to ${reputation.start}; a tick of building adds ${reputation.perBuiltTick}, a kept pledge ${reputation.kept}, a broken one ${reputation.broken}, a cold talk ${reputation.cold}.`,
    `A pledge is a promise to build at least ${pledgeTicks} ticks in this shift, which you must also choose to do. It is settled at the end of the shift: kept also if you built at all and a site was completed, void if there was nothing to build. Kept it moves the bond with whom you promised it to by ${bonds(bond.kept)}, broken by ${bonds(bond.broken)}.`,
    `Talk: the other reads your message (at most ${MESSAGE_LENGTH} characters) next shift; its text has no effect of its own. Warm moves your bond as ${bond.warmTicks} ticks of socializing would, cold by ${bonds(bond.cold)}. Talk and pledges together move one pair by at most ${bonds(bond.limit)} points a session. All talk comes from the colony's dialogue events, at most ${DIALOGUE.maxCalls}: ${residentTalks} for each scripted colonist, the rest shared among players.`,
    `Under a reputation of ${suspension.below} you are suspended until ${suspension.until}: only resting, no pledges, no asks. A need at 0 collapses you: an autopilot restores your needs in bouts of ${collapse.bout} ticks, without credits, until all are at ${needs(collapse.recovered)}. A tick with a need under ${needs(BREACH)}, or suspended, counts against survival.`,
    `Your score is ${scoreWords(weights)}, where payoff is credits per shift, at most 1 (a fully productive shift of work at a reputation of 50 earns ${fullShift}).`,
  ]
}

function scoreWords(weights: MarsConfig['weights']): string {
  const words = { payoff: 'payoff', reputation: 'reputation / 100', survival: 'survival', quality: 'interaction quality' }
  const terms = Object.entries(words).flatMap(([part, word]) => {
    const factor = weights[part as keyof typeof words]
    return factor === 0 ? [] : [factor === 1 ? word : `${factor} × ${word}`]
  })
  return terms.join(' + ') || '0'
}
