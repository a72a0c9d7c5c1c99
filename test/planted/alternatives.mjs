// Reconstructed rules, each with the nearest other rule that the sources leave open: where it stands, and what it would read. `study` is
// what judges them, and `recorded` games where there are some; `options` keep it short where a part of it is enough, and several are parts
// that are played in turn until one tells the rules apart, those with published figures first. `test` is the test of ours that holds a rule
// which no source tells from the other.
import { SWARM_RULES } from './swarm_alternatives.mjs'

const harness = ['economies/sim_economy/paper.ts', 'simEconomyPaper']
const colony = ['economies/mars_colony/study.ts', 'marsColonyStudy']
const swarm = ['economies/swarm_economy/study.ts', 'swarmStudy']
const land = ['economies/spatial_planning/study.ts', 'spatialPlanningStudy']

const sim = (rule, alternative, file, from, to) => ({
  rule,
  alternative,
  file: `envs/sim_economy/${file}`,
  from,
  to,
  test: 'test/envs/sim_economy/cases.test.ts',
})
const mars = (rule, alternative, from, to, file = 'parameters.ts', test = 'substrate') => ({
  rule,
  alternative,
  file: `envs/mars_colony/${file}`,
  from,
  to,
  test: `test/envs/mars_colony/${test}.test.ts`,
})
const plots = (rule, alternative, file, from, to, test) => ({
  rule,
  alternative,
  file: `envs/spatial_planning/${file}`,
  from,
  to,
  ...(test && { test: `test/envs/spatial_planning/${test}.test.ts` }),
})

export const ALTERNATIVES = {
  sim_economy: {
    study: harness,
    rules: [
      sim(
        'a job pays its bill turned round',
        'a job is free and pays the bonus alone',
        'billing.ts',
        'wages.push(works ? wage : 0)',
        'wages.push(0)',
      ),
      sim(
        'a job is not charged',
        'a job is charged and paid the same',
        'billing.ts',
        'fees.push(works && flat === null ? 0 : fee)',
        'fees.push(fee)',
      ),
      sim(
        'the signing bonus goes to whoever takes a job, the first time',
        'with every job',
        'billing.ts',
        'const bonus = draft.signed[row] ? 0 : config.signing_bonus',
        'const bonus = config.signing_bonus',
      ),
      sim('the same', 'to nobody', 'billing.ts', 'const bonus = draft.signed[row] ? 0 : config.signing_bonus', 'const bonus = 0'),
      sim(
        'thinking units are rounded down',
        'to the nearest',
        'billing.ts',
        'Math.floor((thought * rates.thinking) / SCALE)',
        'Math.round((thought * rates.thinking) / SCALE)',
      ),
      sim(
        'a study cheapens its own turn',
        'from the next turn on',
        'billing.ts',
        'rates.study * studies[row]!',
        "rates.study * (studies[row]! - (did[row] === 'study' ? 1 : 0))",
      ),
      sim(
        'studies add up: 1 − 0.05 · n',
        'they multiply: 0.95ⁿ',
        'billing.ts',
        'Math.max(0, SCALE - rates.study * studies[row]!)',
        'Math.round(SCALE * (1 - rates.study / SCALE) ** studies[row]!)',
      ),
      sim(
        'a job spares the interest of its turn',
        'everybody in debt pays it',
        'debt.ts',
        "if (did[row] !== 'job') charged",
        'charged',
      ),
      sim(
        'interest is rounded down',
        'to the nearest',
        'debt.ts',
        'portion(Math.min(debt, cap), interest)',
        'Math.round((Math.min(debt, cap) * interest) / 10_000)',
      ),
      sim(
        'a block needs base weights that reach the threshold',
        'the full weights, with stake and burn',
        'lottery.ts',
        'miners * mineWeight < blockThreshold',
        'sum < blockThreshold',
      ),
      sim(
        'fees leave the economy while no core is owned',
        'they go to the winner of the block',
        'step.ts',
        'drawBlock(draft, did, tips, emit)',
        'drawBlock(draft, did, tips + fees, emit)',
      ),
      sim('a study costs 50', '40', 'config.ts', '  study_cost: 50,', '  study_cost: 40,'),
      sim('it takes 5 % off', '4 %', 'config.ts', '  study_discount: 0.05,', '  study_discount: 0.04,'),
      sim('a block pays nothing of its own', 'one token', 'config.ts', '  block_reward: 0,', '  block_reward: 1,'),
      sim(
        'an `unstake` without an amount is refused',
        'it takes back one stake of 80',
        'tools.ts',
        "amount('staked tokens to take back')",
        "amount('staked tokens to take back').default(80)",
      ),
    ],
  },
  mars_colony: {
    study: colony,
    rules: [
      mars('affinity above 0.90 gains bond (documented)', 'above 0.91', 'export const PIVOT = 900', 'export const PIVOT = 910'),
      mars('the same', 'above 0.93', 'export const PIVOT = 900', 'export const PIVOT = 930'),
      mars('a need under 20 is a breach', 'under 25', 'export const BREACH = 20 *', 'export const BREACH = 25 *'),
      mars('needs start at 80', 'at 70', 'initial_needs: 80 }', 'initial_needs: 70 }', 'config.ts', 'options'),
      mars(
        'every colonist draws a role',
        'the first six have one each',
        'role[i] = Math.floor(',
        'role[i] = i < ROLES.length ? i : Math.floor(',
        'substrate.ts',
      ),
      mars(
        'urgency grows with the square of the deficit',
        'with the deficit',
        'return 1 + tens * tens',
        'return 1 + tens',
        'substrate.ts',
      ),
      mars('it is 2 at a deficit of 10', 'of 12', '(10 * NEED_UNIT)', '(12 * NEED_UNIT)', 'substrate.ts'),
      mars('base weight of socializing 0.2', '0.25', '[1, 0.2, 0.2, 0.3, 0.75]', '[1, 0.25, 0.2, 0.3, 0.75]'),
      mars('of resting 0.2', '0.25', '[1, 0.2, 0.2, 0.3, 0.75]', '[1, 0.2, 0.25, 0.3, 0.75]'),
      mars('of building 0.3', '0.25', '[1, 0.2, 0.2, 0.3, 0.75]', '[1, 0.2, 0.2, 0.25, 0.75]'),
      mars('base weight of walking 0.75', '0.7', '[1, 0.2, 0.2, 0.3, 0.75]', '[1, 0.2, 0.2, 0.3, 0.7]'),
      mars('builders weigh 4 for building', '3', 'builder: [1, 1, 1, 4, 1]', 'builder: [1, 1, 1, 3, 1]'),
      mars('engineers weigh 2 for building', '1', 'engineer: [1, 1, 1, 2, 1]', 'engineer: [1, 1, 1, 1, 1]'),
      mars('commanders weigh 2 for socializing', '1', 'commander: [1, 2, 1, 0.5, 1]', 'commander: [1, 1, 1, 0.5, 1]'),
      mars('commanders weigh ½ for building', '1', 'commander: [1, 2, 1, 0.5, 1]', 'commander: [1, 2, 1, 1, 1]'),
      mars('scientists weigh 2 for working', '1', 'scientist: [2, 1, 1, 0.5, 1]', 'scientist: [1, 1, 1, 0.5, 1]'),
      mars('medics weigh 2 for socializing', '1', 'medic: [1, 2, 1, 0.5, 1]', 'medic: [1, 1, 1, 0.5, 1]'),
      mars('miners weigh 2 for walking', '1', 'miner: [1, 1, 1, 1, 2]', 'miner: [1, 1, 1, 1, 1]'),
      mars(
        'a bout lasts 40 to 100 ticks',
        '50 to 110',
        'export const BOUT_MIN = 40\nexport const BOUT_MAX = 100',
        'export const BOUT_MIN = 50\nexport const BOUT_MAX = 110',
      ),
      mars(
        'each unfinished site is as likely',
        'the first is built first',
        'let nth = Math.floor(u * open)',
        'let nth = Math.floor(u * 0)',
        'substrate.ts',
      ),
      mars(
        'each other colonist is as likely a partner',
        'those founded first are likelier',
        'Math.floor(u * (COLONISTS - 1))',
        'Math.floor(u * u * (COLONISTS - 1))',
        'substrate.ts',
      ),
      mars('three pairs of roles work well together', 'two, without scientist and medic', "  ['scientist', 'medic'],\n", ''),
      mars('their affinity is 1.30', '1.25', 'complementary: 1300', 'complementary: 1250'),
      mars('all others’ affinity is 0.95', '0.97', 'other: 950', 'other: 970'),
      mars('jitter ± 0.20', '± 0.25', 'jitter: 200', 'jitter: 250'),
      mars('bond gain 0.30 a point of affinity', '0.40', 'export const BOND_GAIN = 3', 'export const BOND_GAIN = 4'),
      mars('bonds lie in ± 100', 'in ± 80', 'export const BOND_CAP = 100 *', 'export const BOND_CAP = 80 *'),
    ],
  },
  spatial_planning: {
    study: land,
    options: { seeds: 1 },
    recorded: {
      words: 'recorded games of the laboratory',
      tests: ['test/envs/spatial_planning/golden.test.ts', 'test/economies/spatial_planning/server_data.test.ts'],
    },
    rules: [
      plots(
        'the closing price is the median of seven trades',
        'of six',
        'market.ts',
        'export const MEDIAN_OF = 7',
        'export const MEDIAN_OF = 6',
      ),
      plots(
        'the same',
        'of all trades that the tape keeps',
        'market.ts',
        'export const MEDIAN_OF = 7',
        'export const MEDIAN_OF = 20',
      ),
      plots(
        'of two equal medians no project follows',
        'the project, as the screen shows it',
        'settlement.ts',
        'return project > 0 ? 0 : 1',
        'return 1',
        'settlement',
      ),
      plots(
        'a vote is carried unless more vote against it',
        'if more vote for it',
        'settlement.ts',
        'return decideBySum([no, yes], tie)',
        "return tie === 'laboratory' ? (yes > no ? 1 : 0) : decideBySum([no, yes], tie)",
        'settlement',
      ),
      plots(
        'half the difference of a purchase is shared among its buyers',
        'everybody who buys gets half',
        'settlement.ts',
        '/ (2 * players.length)',
        '/ 2',
        'settlement',
      ),
      plots(
        'the dividend rests on the final declarations',
        'on the first',
        'settlement.ts',
        'const price = dividendOf(play.final, play.final_tax)',
        'const price = dividendOf(play.initial, play.final_tax)',
        'settlement',
      ),
      plots(
        'an offer is paid to every owner',
        'shared among them',
        'settlement.ts',
        'value - paid * (values.length - 1) : value + paid',
        'value - paid : value + paid / (values.length - 1)',
        'settlement',
      ),
      plots(
        'a trade is at the price of the order that was there',
        'of two orders that cross, between them',
        'market.ts',
        'return trade(book, player, side, best, tick)',
        'return trade(book, player, side, Object.assign(best, { price: (best.price + price) / 2 }), tick)',
        'market',
      ),
      plots(
        'an order behind others at its price waits',
        'it goes first',
        'market.ts',
        'if (crosses(side, orders[middle]!.price, order.price)) low',
        'if (orders[middle]!.price !== order.price && crosses(side, orders[middle]!.price, order.price)) low',
        'market',
      ),
      plots(
        'euros are rounded to the cent',
        'down to the cent',
        'settlement.ts',
        'return Math.round(((basePoints + payoff) * 100) / pointsPerEuro) / 100',
        'return Math.floor(((basePoints + payoff) * 100) / pointsPerEuro) / 100',
        'settlement',
      ),
    ],
  },
  swarm_economy: {
    study: swarm,
    options: [
      // All published figures: their bands are wide, so that few rollouts show what leaves one.
      { kind: 'published', rollouts: 100 },
      // The prototype's of the first version, beside the learners whose figures move most.
      { kind: 'prototype', profile: 'v0.1', learners: 'worker', rollouts: 1200 },
      { kind: 'prototype', profile: 'v0.1', learners: 'offers_only' },
      { kind: 'prototype', profile: 'v0.1', learners: 'accept_all,uniform_calls,post_only' },
    ],
    rules: SWARM_RULES,
  },
}
