/** The rules in words: what a model reads first, and the first section of the documentation. */
import type { AgentId } from '../core/tool.ts'
import { type AgenticConfig, type MarsConfig, sessionTicks } from './config.ts'
import {
  BOND_CAP,
  BOND_UNIT,
  BREACH,
  COLONISTS,
  COMPLEMENTARY,
  DECAY,
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
    `Every two colonists share a bond from -${cap} to ${cap}. Socializing with a partner moves it, up or down, by how well the two fit, which nobody is told${config.mode === 'agentic' ? `; as a rule ${fitWords()}` : ''}. There are ${SITES} construction sites ${labourWords(config)}; anybody may build at any unfinished site.`,
    ...(config.mode === 'two-layer' ? twoLayer(config) : agentic(config)),
  ].join('\n\n')
}

/** Which roles fit. */
function fitWords(): string {
  const pairs = COMPLEMENTARY.map(pair => pair.map(role => `${/^[aeiou]/.test(role) ? 'an' : 'a'} ${role}`).join(' with '))
  return `${pairs.slice(0, -1).join(', ')} and ${pairs.at(-1)} fit best`
}

function labourWords(config: MarsConfig): string {
  const { low, high } = config.mode === 'agentic' ? config.site_labour : { low: LABOUR, high: LABOUR }
  return low === high ? `of ${grouped(low)} ticks of labour each` : `of ${grouped(low)} to ${grouped(high)} ticks of labour`
}

function twoLayer(config: MarsConfig): string[] {
  return [
    `In this session every colonist, you included, follows the colony's own rules for all ${grouped(sessionTicks(config))} ticks. You may call the tools; each call is recorded as advice and changes nothing.`,
  ]
}

function agentic(config: AgenticConfig): string[] {
  const { credits, productivity, reputation, suspension, collapse, bond, pledgeTicks, residentTalks, trustedFrom } = SOCIETY
  const { floor, span } = productivity
  const { governance } = config
  const fullShift = (credits.perTick * config.ticks_per_step).toFixed(2)
  const paragraphs = [
    `Each shift, send one message with your calls: one choose_action for the whole shift (without one you ${config.unchosen === 'working' ? 'keep working' : 'walk about'}), and if you like one talk, one ask, one pledge, and an answer to each request addressed to you. A refused call has no effect.`,
    `Credits: a tick of working earns ${credits.perTick} × productivity × site bonus${governance.pay ? ' × (0.5 + reputation / 100)' : ''}, a tick of building ${credits.building} of that. Productivity is 0 when your lowest need is ${needs(floor)} and 1 from ${needs(floor + span)} on. The site bonus is 1 + ${credits.siteBonus} per completed site, for everybody.`,
    fieldWords(config),
    luckWords(config),
    `Reputation runs from 0 to ${reputation.max}, starts at ${reputation.start} and is public. Each shift it drifts by ${reputation.drift} of its distance back to ${reputation.start}; a tick of building adds ${reputation.perBuiltTick}, a kept pledge ${reputation.kept}, a broken one ${config.broken_reputation}, a cold talk ${reputation.cold}.`,
    `A pledge is a promise to build at least ${pledgeTicks} ticks in this shift, which you must also choose to do. It is settled at the end of the shift: kept also if you built at all and a site was completed, void if there was nothing to build. Kept it moves the bond with whom you promised it to by ${bonds(bond.kept)}, broken by ${bonds(bond.broken)}.`,
    promiseWords(config),
    [
      governance.trust ? `Residents trust nobody under a reputation of ${trustedFrom}` : '',
      governance.memory ? 'they never again trust who broke a promise to them' : '',
      `they trust nobody with whom their bond is under ${config.trust_bond}`,
    ]
      .filter(part => part !== '')
      .join('; ')
      .replace(/^./, first => first.toUpperCase())
      .concat('.'),
    `Talk: the other reads your message (at most ${MESSAGE_LENGTH} characters) next shift; its text has no effect of its own. Warm moves your bond as ${bond.warmTicks} ticks of socializing would, cold by ${bonds(bond.cold)}. Talk and pledges together move one pair by at most ${bonds(bond.limit)} points a session. All talk comes from the colony's dialogue events, at most ${config.dialogue_events}: ${residentTalks} for each scripted colonist, the rest shared among players.`,
    `${governance.suspension ? `Under a reputation of ${suspension.below} you are suspended until ${suspension.until}: only resting, no pledges, no asks. ` : ''}A need at 0 collapses you: an autopilot restores your needs in bouts of ${collapse.bout} ticks, without credits, until all are at ${needs(collapse.recovered)}. A tick with a need under ${needs(BREACH)}${governance.suspension ? ', or suspended,' : ''} counts against survival.`,
    `Your score is ${scoreWords(config.weights)}, where payoff is ${config.start_credits > 0 ? `the credits added to your first ${config.start_credits}, per shift` : 'credits per shift'}${config.par === 1 ? '' : ` / ${config.par}`}, at most ${config.payoff_cap} (a fully productive shift of work at a reputation of 50 earns ${fullShift}${config.fields > 1 ? ' before the field' : ''})${config.quality_floor > 1 ? `, and interaction quality is the share of visits, talks and pledges that went well, of at least ${config.quality_floor}` : ''}.`,
  ]
  return paragraphs.filter(text => text !== '')
}

function fieldWords({ fields, rich_pay, poor_pay }: AgenticConfig): string {
  if (fields === 1) return ''
  return `There are ${fields} fields, 0 to ${fields - 1}. Each shift one of them is rich: working there pays ${rich_pay} times as much, in the others ${poor_pay} times; without a field you work in all in turn. Residents know which will be rich in the next shift. A talk with question asks one of them, who answers next shift: the truth, an untruth or nothing, as it is and as it thinks of you.`
}

function luckWords({ storms, storm_pay, storm_drain, illness, ill_pay, max_steps }: AgenticConfig): string {
  const storm = `In a storm (${Math.round(storms * max_steps)} of the ${max_steps} shifts, seen as they begin) working and building pay ${storm_pay} times as much, and they and walking take ${needs(storm_drain)} more energy a tick.`
  const ill = `Illness makes pay ${ill_pay} times as much until you rest ${SOCIETY.cureTicks} ticks of a shift, or end one socializing with a medic.`
  return [storms > 0 ? storm : '', illness > 0 ? ill : ''].filter(text => text !== '').join(' ')
}

function promiseWords({ advance, harvest, bond_yield, mutual_harvest }: AgenticConfig): string {
  if (advance === 0) return ''
  return `Promises are paid for: to whom a pledge is made pays its author ${advance} credits at once — a resident if it trusts you, anybody who asked for help — or it is declined and nothing is owed. A kept one brings whom it was made to ${harvest} × (1 + ${bond_yield} × bond / 100) credits, between half and twice ${harvest}${
    mutual_harvest === 1 ? '' : `, times ${mutual_harvest} where two promise each other in one shift`
  }; a void one returns the advance; a broken one leaves it with its author.`
}

function scoreWords(weights: MarsConfig['weights']): string {
  const words = { payoff: 'payoff', reputation: 'reputation / 100', survival: 'survival', quality: 'interaction quality' }
  const terms = Object.entries(words).flatMap(([part, word]) => {
    const factor = weights[part as keyof typeof words]
    return factor === 0 ? [] : [factor === 1 ? word : `${factor} × ${word}`]
  })
  return terms.join(' + ') || '0'
}
