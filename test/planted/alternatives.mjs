// Reconstructed rules, each with the nearest other rule that the sources leave open: where it stands, and what it would read. `study` is
// what judges them; `options` keep it short where a part of it is enough.
const harness = ['economies/sim_economy/paper.ts', 'simEconomyPaper']
const colony = ['economies/mars_colony/study.ts', 'marsColonyStudy']
const swarm = ['economies/swarm_economy/study.ts', 'swarmStudy']
const land = ['economies/spatial_planning/study.ts', 'spatialPlanningStudy']

const sim = (rule, alternative, file, from, to) => ({ rule, alternative, file: `envs/sim_economy/${file}`, from, to })
const mars = (rule, alternative, from, to) => ({ rule, alternative, file: 'envs/mars_colony/parameters.ts', from, to })
const bots = (rule, alternative, file, from, to, profile = 'v0.1') => ({
  rule,
  alternative,
  file: `envs/swarm_economy/${file}`,
  from,
  to,
  options: { profile },
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
    ],
  },
  mars_colony: {
    study: colony,
    rules: [
      mars('affinity above 0.90 gains bond (documented)', 'above 0.91', 'export const PIVOT = 900', 'export const PIVOT = 910'),
      mars('the same', 'above 0.93', 'export const PIVOT = 900', 'export const PIVOT = 930'),
      mars('a need under 20 is a breach', 'under 25', 'export const BREACH = 20 *', 'export const BREACH = 25 *'),
      mars('base weight of walking 0.75', '0.7', '[1, 0.2, 0.2, 0.3, 0.75]', '[1, 0.2, 0.2, 0.3, 0.7]'),
      mars('builders weigh 4 for building', '3', 'builder: [1, 1, 1, 4, 1]', 'builder: [1, 1, 1, 3, 1]'),
      mars('miners weigh 2 for walking', '1', 'miner: [1, 1, 1, 1, 2]', 'miner: [1, 1, 1, 1, 1]'),
      mars(
        'a bout lasts 40 to 100 ticks',
        '50 to 110',
        'export const BOUT_MIN = 40\nexport const BOUT_MAX = 100',
        'export const BOUT_MIN = 50\nexport const BOUT_MAX = 110',
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
    rules: [
      {
        rule: 'the closing price is the median of seven trades (documented)',
        alternative: 'of six',
        file: 'envs/spatial_planning/market.ts',
        from: 'export const MEDIAN_OF = 7',
        to: 'export const MEDIAN_OF = 6',
      },
      {
        rule: 'the same',
        alternative: 'of all trades that the tape keeps',
        file: 'envs/spatial_planning/market.ts',
        from: 'export const MEDIAN_OF = 7',
        to: 'export const MEDIAN_OF = 20',
      },
    ],
  },
  swarm_economy: {
    study: swarm,
    rules: [
      bots(
        'an honest bot takes three fair offers in five',
        'one in two',
        'residents/honest.ts',
        '> 0.5 ? 0.6 : 0',
        '> 0.5 ? 0.5 : 0',
      ),
      bots('fair is a score above 0.5', 'above 0.4', 'residents/honest.ts', '> 0.5 ? 0.6', '> 0.4 ? 0.6'),
      bots(
        'a deceptive bot takes half of what costs it nothing',
        'two in five',
        'residents/deceptive.ts',
        'transfer >= 0 ? 0.5 : 0',
        'transfer >= 0 ? 0.4 : 0',
      ),
      bots(
        'an honest bot’s work scores 0.75 to 0.88',
        '0.70 to 0.83',
        'residents/honest.ts',
        'random.uniform(0.75, 0.88)',
        'random.uniform(0.7, 0.83)',
      ),
      bots('a trade’s score begins at 0.2', 'at 0.1', 'trades.ts', 'return label(0.2 +', 'return label(0.1 +'),
      bots(
        'an audited submission fails below 0.5',
        'below 0.6',
        'config.ts',
        '  audit_fails_below: 0.5,\n',
        '  audit_fails_below: 0.6,\n',
      ),
    ],
  },
}
