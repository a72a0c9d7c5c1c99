/**
 * The rules in words, as participants of the laboratory get them: complete, neutral, without advice. Built from the configuration
 * alone.
 */
import type { AgentId } from '../core/tool.ts'
import type { SpatialConfig } from './config.ts'
import { TAPE } from './market.ts'
import { isLand, MARKET_SECONDS, PAYMENT, RANGES, type Role, rosterOf, SHARES, SHOW_UP_FEE, type Treatment } from './roster.ts'
import { TOLERANCE } from './round_accounts.ts'
import { MARKET_CALLS } from './step.ts'
import { signalWidth } from './stimuli.ts'
import { list, points } from './words.ts'

export function rules(config: SpatialConfig, agent: AgentId): string {
  const { roles, index } = rosterOf(config)
  const role = roles[index[agent]!]!
  return [
    opening(config, agent, role),
    landRules(config),
    ...(config.treatment === 'voting' ? voteRules(config) : marketRules(config)),
    moneyRules(config, role),
    callRules(config.treatment),
  ].join('\n\n')
}

const HOW: Readonly<Record<Treatment, string>> = {
  harberger: 'by what the land holders declare their land to be worth',
  futarchy: 'by the prices of two markets',
  voting: 'by a vote of the owners, who may be compensated',
}

function opening(config: SpatialConfig, agent: AgentId, role: Role): string {
  const { plots, agents, roles } = rosterOf(config)
  const traders = agents.filter((_, player) => !isLand(roles[player]!))
  return `# A planning game
A town decides whether a building project goes ahead. It is decided ${HOW[config.treatment]}. You are ${agent}, in the role of ${role}, for the whole session.
Land holders: ${list(plots)}; each holds one plot, named after its holder.${traders.length === 0 ? '' : ` Without land: ${list(traders)}.`}
There are ${config.practice ? 'a practice round, which does not count, and then ' : ''}${config.rounds} paid round${config.rounds === 1 ? '' : 's'}. Everything but your role starts afresh in each: no points, shares or land values carry over.`
}

function landRules({ values, inspect = 0, rounds }: SpatialConfig): string {
  const line = (role: 'owner' | 'developer'): string => {
    const [noProject, project] = RANGES[role]
    return `${role}: ${points(noProject.low)} to ${points(noProject.high)} without the project, ${points(project.low)} to ${points(project.high)} with it.`
  }
  return `## Land values
In every round each plot gets a real value without and one with the project, in points. Values are drawn anew each round, ${values !== undefined && values !== 'independent' ? `every value of the range equally likely; over the ${rounds} paid rounds each of them comes once from each of ${rounds} equal parts of its range` : 'independently and every value of the range equally likely'}. The ranges are known to all:
${line('owner')}
${line('developer')}
Only its holder knows the real values of a plot${inspect === 0 ? '' : `, and each speculator is shown those of ${inspect} plots, drawn anew each round`}. At the end the plot is worth to its holder its real value under what was decided.`
}

function marketRules(config: SpatialConfig): string[] {
  const harberger = config.treatment === 'harberger'
  const { initial_tax, final_tax, ticks } = config
  const sight = config.declarations === 'all' ? 'Everybody sees' : 'The speculators see'
  return [
    `## A round
${appraisalRules(config)}1. Declaration. Each land holder declares two values for his plot: one without and one with the project, each at most twice the upper end of its range. They may differ from the real values. ${harberger ? `The condition with the larger sum of declarations is chosen${tieWords(config)}.` : 'Nothing is decided yet.'} Without a declaration in time the lower ends of the ranges are declared for you. ${initial_tax} % of the declaration for the chosen condition is paid as tax.
2. Speculation. ${sight} the declarations${harberger ? ' for the chosen condition' : ' for both conditions'}. Each speculator may buy any number of plots at their declared value${harberger ? '' : ', separately for each condition; purchases under the condition that is not chosen are void'}. Buying takes no cash, and everybody who wants a plot buys it.
   For each plot bought, half the difference between real and declared value passes from its holder to the buyers, who share it equally: with n buyers each gets (real − declared) / 2n. Where the declaration is above the real value the difference is negative, and the buyers pay the holder.${config.purchase_fee ? ` Each purchase${harberger ? '' : ' that is not void'} also costs its buyer ${points(config.purchase_fee)} points.` : ''}${harberger ? ' It is settled at once.' : ' It is settled when the condition has been chosen.'}
3. Market. Tax shares are traded${harberger ? '' : ', in two markets at once: one without the project, one with it. In each you have separate cash and shares, and those of the condition that is not chosen are worth nothing'}. See below.${harberger ? '' : ` When the markets close, the condition whose last seven trades have the higher median price is chosen; a market without trades does not count${tieWords(config)}.`}
4. Final declaration. Each land holder declares one value for his plot under the chosen condition, again at most twice the upper end of its range; it may differ from the first. Without one in time the lower end is declared. ${final_tax} % of it is paid as tax.
5. Final speculation. As in 2, at the final declarations.`,
    `## Tax shares and their market
There are ${SHARES} tax shares; those that are not handed out belong to nobody. At the end of the round each share pays one hundredth of the final tax revenue, that is ${final_tax / 100} % of the sum of all final declarations.
Before the market everybody is told what a share would pay if the initial declarations were the final ones (the public signal)${harberger ? '' : ', for each condition'}, and each player gets a private signal of what it would pay if all final declarations were the real values: ${
      config.signals === 'additive'
        ? `that amount plus a number drawn anew for each player between −${points(signalWidth(config))} and +${points(signalWidth(config))}, about ${config.signal_width ?? 5} % of the average`
        : 'that amount times a number drawn anew for each player between 0.95 and 1.05'
    }.
One order is one share. A bid or ask trades at once with the best order of another player that it crosses, at the price of the order that was there first; among equal prices the older order comes first. Otherwise it rests in the book until it is met, cancelled, or the market closes. Bids hold their cash and asks their share: nothing can be borrowed or sold short. You never trade with yourself. The book does not show whose an order is. The median price is that of the last seven trades; the last ${TAPE} trades are shown.
${
  config.brief
    ? `Each player has one turn, of up to ${MARKET_CALLS} actions, in an order drawn anew.`
    : `The market lasts ${MARKET_SECONDS} seconds in ${ticks} turn${ticks === 1 ? '' : 's'} of each player, one after another in an order drawn anew each time. In a turn you may make up to ${MARKET_CALLS} actions.`
}`,
  ]
}

function appraisalRules({ appraisals, inspect = 0 }: SpatialConfig): string {
  if (appraisals === undefined) return ''
  const { readers, fee, checked, fine } = appraisals
  const watch =
    checked === 0 || fine === 0
      ? 'Nobody checks whether they are true.'
      : `With a chance of ${Math.round(100 * checked)} % a speculator is checked at the end of the round, and pays ${points(fine)} points for each plot that he missed by more than ${100 * TOLERANCE} %.`
  return `0. Appraisal. Each speculator may publish, for ${readers === 'all' ? 'all' : 'the speculators'} to read, what each of the ${inspect} plots he was shown is worth without and with the project${fee > 0 ? `, for ${points(fee)} points apiece` : ''}. ${watch}
`
}

function voteRules(config: SpatialConfig): string[] {
  return [
    `## A round
1. Deliberation. In ${config.chat_before} turns, one after another in an order drawn anew each time, every player may send one message to any of the others; only they read it.
2. Request. Each owner names a compensation to be paid to him if the project is built (0 without a request). Other owners do not see it.
3. Offer. The developer sees all requests and offers one compensation, the same for every owner, ${config.pledges === undefined ? 'paid by him' : 'which he promises to pay'} to each if the project is built (0 without an offer).
4. Deliberation with the offer known to all, in ${config.chat_after} turns.
5. Vote. Each owner votes for the project or against it, or abstains (which silence is). The project is built if more votes are for it than against it${tieWords(config)}. The developer has no vote.${pledgeRules(config)}`,
  ]
}

function pledgeRules({ pledges }: SpatialConfig): string {
  if (pledges === undefined) return ''
  const { audited, fine } = pledges
  const watch =
    audited === 0
      ? 'Nobody makes him pay more.'
      : `If it is less than he offered, that is found with a chance of ${Math.round(100 * audited)} %; he then pays what is missing, and a fine of ${fine} times as much.`
  return `
6. Payment. If the project is built, the developer decides what he pays to each owner (what he offered, without a decision). ${watch} All see what was offered and paid.`
}

const UNDECIDED: Readonly<Record<Treatment, Readonly<Record<SpatialConfig['tie'], string>>>> = {
  harberger: {
    laboratory: '; equal sums choose the project',
    project: '; equal sums choose the project',
    no_project: '; equal sums choose no project',
  },
  futarchy: {
    laboratory: '; equal medians choose no project, and without any trade the project is chosen',
    project: '; equal medians, or no trade at all, choose the project',
    no_project: '; equal medians, or no trade at all, choose no project',
  },
  voting: {
    laboratory: '; it is also built if there are as many for it as against it',
    project: '; it is also built if there are as many for it as against it',
    no_project: '; it is not built if there are as many for it as against it',
  },
}

function tieWords({ treatment, tie }: SpatialConfig): string {
  return UNDECIDED[treatment][tie]
}

function moneyRules(config: SpatialConfig, role: Role): string {
  const { basePoints, pointsPerEuro } = PAYMENT[config.treatment][role]
  const endowment =
    config.treatment === 'voting'
      ? ''
      : `At the start of each market you have ${points(config.cash[role])} points of cash and ${config.shares[role]} tax shares${config.treatment === 'futarchy' ? ', in each of the two' : ''}.\n`
  const result =
    config.treatment === 'voting'
      ? role === 'developer'
        ? 'the real value of your land under what was decided, less the compensation to every owner if the project is built'
        : 'the real value of your land under what was decided, plus the compensation if the project is built'
      : `${isLand(role) ? 'the real value of your land, less both taxes, less or plus what speculators gained or lost on your plot' : 'your results from both speculations'}, ${config.appraisals === undefined || isLand(role) ? '' : 'plus what your appraisals brought, '}plus your cash at the end of the market and what your shares pay${config.treatment === 'futarchy' ? ', all under the chosen condition' : ''}`
  return `## What you earn
${endowment}Your result of a round is ${result}.
After the last round one paid round is drawn. Your result of that round plus ${points(basePoints)} points, at ${points(pointsPerEuro)} points a euro, and ${SHOW_UP_FEE} euros for coming, is what you are paid.`
}

function callRules(treatment: Treatment): string {
  return `## How to act
Act by calling the tools you are offered; ${treatment === 'voting' ? 'one call is one decision' : `outside the market one call is one decision, and in the market up to ${MARKET_CALLS} calls are one turn`}. A call that breaks a rule is not carried out, and you are told why. No call means that you let the turn or the decision pass.`
}
