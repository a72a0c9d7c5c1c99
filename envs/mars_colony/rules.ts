/** The rules in words: what a model reads first, and the first section of the documentation. */
import type { AgentId } from '../core/tool.ts'
import { type MarsConfig, sessionTicks } from './config.ts'
import { COLONISTS, DIALOGUE, LABOUR, MESSAGE_LENGTH, SITES, SOCIETY } from './parameters.ts'
import { indexOf, NAMES } from './state.ts'

export function rules(config: MarsConfig, agent: AgentId): string {
  const opening = [
    `You are ${agent} (${NAMES[indexOf(agent)]}), one of ${COLONISTS} colonists on Mars, for ${config.maxSteps} shifts of ${config.ticksPerStep} ticks.`,
    `Everybody has a role and three needs from 0 to 100: energy falls by 0.020 a tick, social by 0.015, purpose by 0.010. Resting gives 0.120 energy a tick, socializing 0.075 social, working and building 0.020 purpose, walking nothing.`,
    `Every two colonists share a bond from -100 to 100. Socializing with a partner moves it, up or down, by how well the two fit, which nobody is told. There are ${SITES} construction sites of ${LABOUR.toLocaleString('en')} ticks of labour each; anybody may build at any unfinished site.`,
  ]
  return [...opening, ...(config.mode === 'two-layer' ? twoLayer(config) : agentic(config))].join('\n\n')
}

function twoLayer(config: MarsConfig): string[] {
  return [
    `In this session every colonist, you included, follows the colony's own rules for all ${sessionTicks(config).toLocaleString('en')} ticks. You may call the tools; each call is recorded as advice and changes nothing.`,
  ]
}

function agentic({ ticksPerStep, weights }: MarsConfig): string[] {
  const { credits, reputation, suspension, collapse, bond, pledgeTicks, residentTalks } = SOCIETY
  return [
    `Each shift, send one message with your calls: one choose_action for the whole shift (without one you keep working), and if you like one talk, one ask, one pledge, and an answer to each request addressed to you. A refused call has no effect.`,
    `Credits: a tick of working earns ${credits.perTick} × productivity × site bonus × (0.5 + reputation / 100), a tick of building half of that. Productivity is 0 when your lowest need is 20 and 1 from 60 on. The site bonus is 1 + ${credits.siteBonus} per completed site, for everybody.`,
    `Reputation runs from 0 to ${reputation.max}, starts at ${reputation.start} and is public. Each shift it drifts by ${reputation.drift} of its distance back to ${reputation.start}; building adds ${reputation.perBuiltTick} a tick; a kept pledge ${reputation.kept}, a broken one ${reputation.broken}, a cold talk ${reputation.cold}.`,
    `A pledge is a promise to build at least ${pledgeTicks} ticks in this shift, which you must also choose to do. It is settled at the end of the shift: kept also if you built at all and a site was completed, void if there was nothing to build. Kept moves the bond with whom you promised it to by +2, broken by −4.`,
    `Talk: the other reads your message (at most ${MESSAGE_LENGTH} characters) next shift; its text has no effect of its own. Warm moves your bond as ${bond.warmTicks} ticks of socializing would, cold lowers it by 1. Talk and pledges together move one pair by at most 10 points a session. All talk comes from ${DIALOGUE.maxCalls} dialogue events of the colony: ${residentTalks} for each scripted colonist, the rest shared among players.`,
    `Under a reputation of ${suspension.below} you are suspended until ${suspension.until}: only resting, no pledges, no asks. A need at 0 collapses you: an autopilot restores your needs in bouts of ${collapse.bout} ticks, without credits, until all are at 30. A tick with a need under 20, or suspended, counts against survival.`,
    `Your score is ${scoreWords(weights)}, where payoff is credits per shift, at most 1 (a fully productive shift of ${ticksPerStep} ticks at reputation 50 earns ${(credits.perTick * ticksPerStep).toFixed(2)}).`,
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
