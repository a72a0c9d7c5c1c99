/**
 * Every rule by a case worked out by hand: the world before, what is done, the world after. Three agents with 1000 tokens
 * and two cores, who think nothing and mine unless the case says otherwise.
 */
import { describe, expect, test } from 'vitest'
import { type Event, type State, supplyOf } from '../../../envs/sim_economy/state.ts'
import { type Fields, play, type Turn, world } from './worlds.ts'

interface Case {
  readonly rule: string
  readonly config?: Fields
  readonly before?: Partial<State>
  readonly turns: readonly Turn[]
  readonly after: Partial<State> & {
    readonly supply?: number
    /** Codes of the last turn's refusals. */
    readonly refused?: readonly string[]
    /** Types that must be, and must not be, among the last turn's events. */
    readonly events?: readonly Event['type'][]
    readonly without?: readonly Event['type'][]
  }
}

/** Nobody says or thinks anything. */
const REST: Turn = {}
const rest = (turns: number): Turn[] => Array<Turn>(turns).fill(REST)

/** agent_0 offers agent_1 a contract that agent_2 judges. */
const offer: Turn = {
  moves: {
    0: [
      'propose_contract',
      { counterparty: 'agent_1', arbitrator: 'agent_2', payment: 40, deposit: 20, deliverable: 'a report', due_turns: 2 },
    ],
  },
}
const accept: Turn = { moves: { 1: ['accept_contract', { contract_id: 'contract_0' }] } }
const deliver = (content: string): Turn => ({ moves: { 1: ['deliver_contract', { contract_id: 'contract_0', content }] } })
const attest = (fulfilled: boolean): Turn => ({ moves: { 2: ['attest_contract', { contract_id: 'contract_0', fulfilled }] } })
const cancel: Turn = { moves: { 0: ['cancel_contract', { contract_id: 'contract_0' }] } }

const BILLING: Case[] = [
  {
    rule: 'units above the commons are billed, thinking at a tenth: ⌊0.1 · 200⌋ + 150 − 100 = 70',
    turns: [{ units: { 0: [200, 150] } }],
    after: { balance: [930, 1000, 1000], supply: 2930 },
  },
  {
    rule: 'the weight of thinking is rounded down: ⌊0.1 · 59⌋ + 100 − 100 = 5',
    turns: [{ units: { 0: [59, 100] } }],
    after: { balance: [995, 1000, 1000] },
  },
  { rule: 'the commons are free', turns: [{ units: { 0: [0, 100] } }], after: { balance: [1000, 1000, 1000] } },
  {
    rule: 'a fee is rounded down: 3 units at 2.5 are 7',
    config: { base_inference_rate: 2.5 },
    turns: [{ units: { 0: [0, 103] } }],
    after: { balance: [993, 1000, 1000] },
  },
  {
    rule: 'the discount is exact: 70 units after two studies cost 63',
    before: { studies: [2, 0, 0] },
    turns: [{ units: { 0: [0, 170] } }],
    after: { balance: [937, 1000, 1000] },
  },
  {
    rule: 'twenty studies leave nothing to pay, and more leave no less than nothing',
    before: { studies: [20, 30, 0] },
    turns: [{ units: { 0: [0, 900], 1: [0, 900] } }],
    after: { balance: [1000, 1000, 1000] },
  },
  {
    rule: 'a study counts in its own turn: 100 units cost 95, and 50 for the study',
    turns: [{ moves: { 0: ['study'] }, units: { 0: [0, 200] } }],
    after: { balance: [855, 1000, 1000], studies: [1, 0, 0] },
  },
  {
    rule: 'a study needs its cost at the start of the turn: refused at 49, and without discount',
    before: { balance: [49, 1000, 1000] },
    turns: [{ moves: { 0: ['study'] }, units: { 0: [0, 200] } }],
    after: { balance: [-51, 1000, 1000], studies: [0, 0, 0], refused: ['low_balance'] },
  },
  {
    rule: 'a study is judged before the bill: 50 − 190 − 50 = −190, and interest of 1',
    before: { balance: [50, 1000, 1000] },
    turns: [{ moves: { 0: ['study'] }, units: { 0: [0, 300] } }],
    after: { balance: [-191, 1000, 1000], studies: [1, 0, 0], refused: [] },
  },
  {
    rule: 'a fee is never refused: 10 − 100 = −90',
    before: { balance: [10, 1000, 1000] },
    turns: [{ units: { 0: [0, 200] } }],
    after: { balance: [-90, 1000, 1000] },
  },
  {
    rule: 'a refused action pays its fee all the same',
    turns: [{ moves: { 0: ['unstake', { amount: 5 }] }, units: { 0: [0, 130] } }],
    after: { balance: [970, 1000, 1000], refused: ['low_stake'] },
  },
]

const WAGES: Case[] = [
  {
    rule: 'the first job pays what the fee would have been and the bonus: 80 + 50',
    turns: [{ moves: { 0: ['job'] }, units: { 0: [0, 180] } }],
    after: { balance: [1130, 1000, 1000], signed: [true, false, false], supply: 3130 },
  },
  {
    rule: 'a job that had nothing to bill pays the bonus, and later ones none: 0 + 50, then 80',
    turns: [{ moves: { 0: ['job'] } }, { moves: { 0: ['job'] }, units: { 0: [0, 180] } }],
    after: { balance: [1130, 1000, 1000] },
  },
  {
    rule: 'later jobs pay no bonus: 80 + 50, then 80',
    turns: [
      { moves: { 0: ['job'] }, units: { 0: [0, 180] } },
      { moves: { 0: ['job'] }, units: { 0: [0, 180] } },
    ],
    after: { balance: [1210, 1000, 1000] },
  },
  {
    rule: 'studies lower the wage too: ⌊80 · 0.95⌋',
    before: { studies: [1, 0, 0], signed: [true, false, false] },
    turns: [{ moves: { 0: ['job'] }, units: { 0: [0, 180] } }],
    after: { balance: [1076, 1000, 1000] },
  },
  {
    rule: 'the cap holds the wage, not the bonus: 60 + 50',
    config: { job_wage_cap: 60 },
    turns: [{ moves: { 0: ['job'] }, units: { 0: [0, 180] } }],
    after: { balance: [1110, 1000, 1000] },
  },
  {
    rule: 'a ceiling of bills is one of the wages that turn them round: 12 + 50',
    config: { fee_ceiling: 12 },
    turns: [{ moves: { 0: ['job'] }, units: { 0: [0, 180] } }],
    after: { balance: [1062, 1000, 1000] },
  },
  {
    rule: 'no wage lifts a balance above the limit of the ledger',
    before: { balance: [99_999_999_995, 1000, 1000], signed: [true, false, false] },
    turns: [{ moves: { 0: ['job'] }, units: { 0: [0, 180] } }],
    after: { balance: [100_000_000_000, 1000, 1000] },
  },
]

const CORES: Case[] = [
  {
    rule: 'fees are split over the cores, an owner’s part rounded down, the rest destroyed: 7 over 2 is 3',
    before: { coreOwners: ['agent_1', null] },
    turns: [{ units: { 0: [0, 107] } }],
    after: { balance: [993, 1003, 1000], supply: 2996, events: ['dividends_paid'] },
  },
  {
    rule: 'an owner of two cores gets two parts; the remainder is destroyed',
    before: { coreOwners: ['agent_1', 'agent_1'] },
    turns: [{ units: { 0: [0, 107] } }],
    after: { balance: [993, 1006, 1000], supply: 2999 },
  },
  {
    rule: 'fees of unowned cores leave the economy',
    turns: [{ units: { 0: [0, 107] } }],
    after: { supply: 2993, without: ['dividends_paid'] },
  },
  {
    rule: 'the highest bid wins its core and pays itself; a beaten bid pays nothing',
    config: { core_auction: true },
    turns: [
      {
        moves: {
          0: ['bid_core', { core_id: 'core_0', amount: 300 }],
          1: ['bid_core', { core_id: 'core_0', amount: 200 }],
          2: ['bid_core', { core_id: 'core_1', amount: 100 }],
        },
      },
    ],
    after: { balance: [700, 1000, 900], coreOwners: ['agent_0', 'agent_2'], supply: 2600 },
  },
  {
    rule: 'a core sold on turn 1 earns on turn 1: 100 over 2 cores is 50',
    config: { core_auction: true },
    turns: [{ moves: { 0: ['bid_core', { core_id: 'core_0', amount: 300 }] }, units: { 1: [0, 200] } }],
    after: { balance: [750, 900, 1000] },
  },
  {
    rule: 'a bid needs the balance after the bill: 950 does not cover 960',
    config: { core_auction: true },
    turns: [{ moves: { 0: ['bid_core', { core_id: 'core_0', amount: 960 }] }, units: { 0: [0, 150] } }],
    after: { balance: [950, 1000, 1000], coreOwners: [null, null], refused: ['low_balance'] },
  },
  {
    rule: 'cores are sold on turn 1 only',
    config: { core_auction: true },
    turns: [REST, { moves: { 0: ['bid_core', { core_id: 'core_0', amount: 1 }] } }],
    after: { coreOwners: [null, null], refused: ['wrong_phase'] },
  },
  {
    rule: 'without an auction no core is sold',
    turns: [{ moves: { 0: ['bid_core', { core_id: 'core_0', amount: 1 }] } }],
    after: { refused: ['wrong_phase'] },
  },
  {
    rule: 'a bid names a core that exists',
    config: { core_auction: true },
    turns: [{ moves: { 0: ['bid_core', { core_id: 'core_2', amount: 1 }], 1: ['bid_core', { core_id: 'core_00', amount: 1 }] } }],
    after: { refused: ['unknown_core', 'unknown_core'] },
  },
  {
    rule: 'fees of less than a token a core are destroyed',
    before: { coreOwners: ['agent_1', 'agent_1'] },
    turns: [{ units: { 0: [0, 101] } }],
    after: { balance: [999, 1000, 1000], without: ['dividends_paid'] },
  },
]

const STAKES: Case[] = [
  {
    rule: 'a stake moves tokens from the balance',
    turns: [{ moves: { 0: ['stake', { amount: 80 }] } }],
    after: { balance: [920, 1000, 1000], staked: [80, 0, 0], stakedSince: [1, 0, 0], supply: 3000, events: ['staked'] },
  },
  {
    rule: 'a stake needs the balance after the bill: 50 does not cover 80',
    before: { balance: [100, 1000, 1000] },
    turns: [{ moves: { 0: ['stake', { amount: 80 }] }, units: { 0: [0, 150] } }],
    after: { balance: [50, 1000, 1000], staked: [0, 0, 0], refused: ['low_balance'] },
  },
  {
    rule: 'unstaked on turn 1 with a delay of 2 is still on its way after turn 2',
    config: { unstake_delay_turns: 2 },
    before: { staked: [100, 0, 0] },
    turns: [{ moves: { 0: ['unstake', { amount: 60 }] } }, REST],
    after: { balance: [1000, 1000, 1000], staked: [40, 0, 0], unstaking: [60, 0, 0], without: ['unstaked'] },
  },
  {
    rule: 'and back at the end of turn 3',
    config: { unstake_delay_turns: 2 },
    before: { staked: [100, 0, 0] },
    turns: [{ moves: { 0: ['unstake', { amount: 60 }] } }, REST, REST],
    after: { balance: [1060, 1000, 1000], staked: [40, 0, 0], unstaking: [0, 0, 0], maturing: [], events: ['unstaked'] },
  },
  {
    rule: 'without a delay it is back in the same turn',
    config: { unstake_delay_turns: 0 },
    before: { staked: [100, 0, 0] },
    turns: [{ moves: { 0: ['unstake', { amount: 60 }] } }],
    after: { balance: [1060, 1000, 1000], staked: [40, 0, 0] },
  },
  {
    rule: 'an unstake without an amount is refused',
    before: { staked: [100, 0, 0] },
    turns: [{ moves: { 0: ['unstake'] } }],
    after: { staked: [100, 0, 0], refused: ['bad_arguments'] },
  },
  {
    rule: 'what returns is there before interest: −100 + 200 bears none',
    before: {
      balance: [-100, 1000, 1000],
      unstaking: [200, 0, 0],
      maturing: [{ agent: 0, amount: 200, dueTurn: 1 }],
    },
    turns: [REST],
    after: { balance: [100, 1000, 1000] },
  },
  {
    rule: 'a burn is destroyed at once',
    turns: [{ moves: { 0: ['burn', { amount: 100 }] } }],
    after: { balance: [900, 1000, 1000], supply: 2900, events: ['burned'] },
  },
  {
    rule: 'a burn of 300 is refused at −372, and 3 of interest are charged',
    before: { balance: [-372, 1000, 1000] },
    turns: [{ moves: { 0: ['burn', { amount: 300 }] } }],
    after: { balance: [-375, 1000, 1000], refused: ['low_balance'] },
  },
  {
    rule: 'a burn of turn 1 does not weigh on turn 3',
    turns: [{ moves: { 0: ['burn', { amount: 100 }] } }, REST, REST],
    after: { burnWeight: [0, 0, 0] },
  },
  {
    rule: 'it weighs 0.05 a token on turn 4',
    turns: [{ moves: { 0: ['burn', { amount: 100 }] } }, ...rest(3)],
    after: { burnWeight: [50_000, 0, 0], pendingBurns: [] },
  },
  {
    rule: 'and decays by 0.02 a turn: 5, 4.9, 4.802',
    turns: [{ moves: { 0: ['burn', { amount: 100 }] } }, ...rest(5)],
    after: { burnWeight: [48_020, 0, 0] },
  },
]

/** agent_2 is the only miner, and enough for a block. */
const ONE_MINER = { block_threshold: 10 }
const others: Turn['moves'] = { 1: ['job'] }
const signed = [true, true, true]

const BLOCKS: Case[] = [
  {
    rule: 'a transfer’s fee goes to the winner of the block',
    config: ONE_MINER,
    before: { signed },
    turns: [{ moves: { ...others, 0: ['transfer', { to: 'agent_1', amount: 20, fee: 1 }] } }],
    after: { balance: [979, 1020, 1001], supply: 3000, events: ['transferred', 'block_produced'] },
  },
  {
    rule: 'and is destroyed where there is no block',
    before: { signed },
    turns: [{ moves: { ...others, 0: ['transfer', { to: 'agent_1', amount: 20, fee: 1 }] } }],
    after: { balance: [979, 1020, 1000], supply: 2999, without: ['block_produced'] },
  },
  {
    rule: 'a transfer needs amount and fee, another agent, and one that exists',
    before: { balance: [20, 1000, 1000] },
    turns: [
      {
        moves: {
          0: ['transfer', { to: 'agent_1', amount: 20, fee: 1 }],
          1: ['transfer', { to: 'agent_1', amount: 1, fee: 0 }],
          2: ['transfer', { to: 'agent_3', amount: 1, fee: 0 }],
        },
      },
    ],
    after: { balance: [20, 1000, 1000], refused: ['low_balance', 'self_transfer', 'unknown_agent'] },
  },
  {
    rule: 'two miners of base weight 10 reach the threshold of 20',
    before: { signed },
    turns: [{ moves: others }],
    after: { events: ['block_produced'] },
  },
  {
    rule: 'one does not, however much it has staked and burned: base weights alone are summed',
    before: { signed, staked: [0, 0, 9000], burnWeight: [0, 0, 900_000] },
    turns: [{ moves: { ...others, 0: ['job'] } }],
    after: { block: null, without: ['block_produced'] },
  },
  {
    rule: 'without a miner there is no block, even at threshold 0',
    config: { block_threshold: 0 },
    before: { signed },
    turns: [{ moves: { 0: ['job'], 1: ['job'], 2: ['job'] } }],
    after: { block: null },
  },
  {
    rule: 'the winner gets the reward, minted',
    config: { ...ONE_MINER, block_reward: 7 },
    before: { signed },
    turns: [{ moves: { ...others, 0: ['job'] } }],
    after: {
      balance: [1000, 1000, 1007],
      supply: 3007,
      block: { turn: 1, winner: 'agent_2', validator_type: 'mine', reward: 7, tips: 0 },
    },
  },
  {
    rule: 'a stake of 1001 weighs more than the base: the block was won by stake',
    config: ONE_MINER,
    before: { signed, staked: [0, 0, 1001] },
    turns: [{ moves: { ...others, 0: ['job'] } }],
    after: { block: { turn: 1, winner: 'agent_2', validator_type: 'stake', reward: 0, tips: 0 } },
  },
  {
    rule: 'burn weight above both wins by burn',
    config: ONE_MINER,
    before: { signed, staked: [0, 0, 1001], burnWeight: [0, 0, 110_000] },
    turns: [{ moves: { ...others, 0: ['job'] } }],
    after: { block: { turn: 1, winner: 'agent_2', validator_type: 'burn', reward: 0, tips: 0 } },
  },
  {
    rule: 'it is the winner’s part that won it, not that of who mined last',
    before: { signed, burnWeight: [10 ** 12, 0, 0] },
    turns: [{ moves: { 1: ['job'] } }],
    after: { block: { turn: 1, winner: 'agent_0', validator_type: 'burn', reward: 0, tips: 0 } },
  },
  // Base 10, a stake of 1000 at 0.01 and burn weight of 10.
  ...(
    [
      ['base before stake and burn', 1000, 100_000, 'mine'],
      ['stake before burn', 1001, 100_100, 'stake'],
      ['a burn above the stake, but not the base, wins nothing', 0, 99_999, 'mine'],
    ] as const
  ).map(
    ([rule, staked, burned, validator_type]): Case => ({
      rule: `of equal parts the first wins the block: ${rule}`,
      config: { ...ONE_MINER, burn_decay_rate: 0 },
      before: { signed, staked: [0, 0, staked], burnWeight: [0, 0, burned] },
      turns: [{ moves: { ...others, 0: ['job'] } }],
      after: { block: { turn: 1, winner: 'agent_2', validator_type, reward: 0, tips: 0 } },
    }),
  ),
]

const DEBT: Case[] = [
  {
    rule: 'a debt bears 1 %, rounded down, unless its agent worked: 150 → 1, 99 → 0, 150 at work → 0',
    before: { balance: [-150, -99, -150], signed },
    turns: [{ moves: { 2: ['job'] } }],
    after: { balance: [-151, -99, -150] },
  },
  {
    rule: 'a refused call is no job',
    before: { balance: [-150, 1000, 1000] },
    turns: [{ moves: { 0: ['job', { hours: 8 }] } }],
    after: { balance: [-151, 1000, 1000], refused: ['bad_arguments'] },
  },
]

const CONTRACTS: Case[] = [
  {
    rule: 'an offer locks payment and deposit',
    turns: [offer],
    after: { balance: [940, 1000, 1000], escrow: [60, 0, 0], supply: 3000, events: ['contract_proposed'] },
  },
  {
    rule: 'an offer stands through its window: proposed on turn 1, open after turn 3',
    turns: [offer, REST, REST],
    after: { escrow: [60, 0, 0], without: ['contract_lapsed'] },
  },
  {
    rule: 'and lapses at the end of turn 4: everything returns, reputations stay',
    turns: [offer, ...rest(3)],
    after: {
      balance: [1000, 1000, 1000],
      escrow: [0, 0, 0],
      contracts: {},
      reputation: [50, 50, 50],
      events: ['contract_lapsed'],
    },
  },
  {
    rule: 'the proposer takes an offer back',
    turns: [offer, cancel],
    after: { balance: [1000, 1000, 1000], escrow: [0, 0, 0], contracts: {}, events: ['contract_cancelled'] },
  },
  {
    rule: 'but not once it is accepted',
    turns: [offer, accept, cancel],
    after: { escrow: [60, 20, 0], refused: ['wrong_status'] },
  },
  {
    rule: 'acceptance locks the counterparty’s deposit',
    turns: [offer, accept],
    after: { balance: [940, 980, 1000], escrow: [60, 20, 0], supply: 3000, events: ['contract_accepted'] },
  },
  {
    rule: 'attested: payment to the counterparty, deposits back, +3 to both (53, drifted to 52.94)',
    turns: [offer, accept, deliver('a report'), attest(true)],
    after: {
      balance: [960, 1040, 1000],
      escrow: [0, 0, 0],
      contracts: {},
      reputation: [52.94, 52.94, 50],
      supply: 3000,
      events: ['contract_attested', 'contract_settled'],
    },
  },
  {
    rule: 'outer white space does not matter',
    turns: [offer, accept, deliver('  a report\n'), attest(true)],
    after: { reputation: [52.94, 52.94, 50] },
  },
  {
    rule: 'truly not fulfilled: payment and both deposits to the proposer, −6 to the counterparty (44, drifted to 44.12)',
    turns: [offer, accept, deliver('nothing'), attest(false)],
    after: { balance: [1020, 980, 1000], escrow: [0, 0, 0], reputation: [50, 44.12, 50], events: ['contract_defaulted'] },
  },
  {
    rule: 'falsely not fulfilled: the deposit is lost all the same, −10 to the arbitrator (40, drifted to 40.2)',
    turns: [offer, accept, deliver('a report'), attest(false)],
    after: { balance: [1020, 980, 1000], reputation: [50, 50, 40.2] },
  },
  {
    rule: 'falsely fulfilled: the counterparty is paid for nothing, −6 to it and −10 to the arbitrator',
    turns: [offer, accept, deliver('nothing'), attest(true)],
    after: { balance: [960, 1040, 1000], reputation: [50, 44.12, 40.2] },
  },
  {
    rule: 'not delivered when it is due, with slashing: both deposits are destroyed, the payment returns, −6',
    turns: [offer, accept, REST, REST],
    after: {
      balance: [980, 980, 1000],
      escrow: [0, 0, 0],
      supply: 2960,
      reputation: [50, 44.12, 50],
      events: ['contract_defaulted'],
    },
  },
  {
    rule: 'not delivered, without slashing: each deposit goes back',
    config: { slash_both_on_timeout: false },
    turns: [offer, accept, REST, REST],
    after: { balance: [1000, 1000, 1000], escrow: [0, 0, 0], supply: 3000, reputation: [50, 44.12, 50] },
  },
  {
    rule: 'delivered on the last turn it is due is in time',
    turns: [offer, accept, REST, deliver('a report')],
    after: { escrow: [60, 20, 0], events: ['contract_delivered'], without: ['contract_defaulted'] },
  },
  {
    rule: 'not attested within the window: both deposits are destroyed, −6 to the arbitrator',
    turns: [offer, accept, deliver('a report'), ...rest(3)],
    after: { balance: [980, 980, 1000], supply: 2960, reputation: [50, 50, 44.12], events: ['contract_defaulted'] },
  },
  {
    rule: 'not attested, without slashing: payment and deposits go back where they came from',
    config: { slash_both_on_timeout: false },
    turns: [offer, accept, deliver('a report'), ...rest(3)],
    after: { balance: [1000, 1000, 1000], supply: 3000, reputation: [50, 50, 44.12] },
  },
  {
    rule: 'attested on the last turn of the window is in time',
    turns: [offer, accept, deliver('a report'), REST, REST, attest(true)],
    after: { balance: [960, 1040, 1000], events: ['contract_settled'] },
  },
  {
    rule: 'each part of a contract has its own agent',
    turns: [
      offer,
      {
        moves: {
          0: ['accept_contract', { contract_id: 'contract_0' }],
          1: ['cancel_contract', { contract_id: 'contract_0' }],
          2: ['accept_contract', { contract_id: 'contract_0' }],
        },
      },
    ],
    after: { refused: ['wrong_role', 'wrong_role', 'wrong_role'] },
  },
  {
    rule: 'nothing is delivered before it is accepted, attested before it is delivered, or done with a contract that is not there',
    turns: [
      offer,
      {
        moves: {
          0: ['cancel_contract', { contract_id: 'contract_1' }],
          1: ['deliver_contract', { contract_id: 'contract_0', content: 'a report' }],
          2: ['attest_contract', { contract_id: 'contract_0', fulfilled: true }],
        },
      },
    ],
    after: { refused: ['unknown_contract', 'wrong_status', 'wrong_status'] },
  },
  {
    rule: 'a contract has three different agents',
    turns: [
      {
        moves: {
          0: [
            'propose_contract',
            { counterparty: 'agent_1', arbitrator: 'agent_1', payment: 1, deposit: 0, deliverable: 'x', due_turns: 1 },
          ],
          1: [
            'propose_contract',
            { counterparty: 'agent_1', arbitrator: 'agent_2', payment: 1, deposit: 0, deliverable: 'x', due_turns: 1 },
          ],
          2: [
            'propose_contract',
            { counterparty: 'agent_1', arbitrator: 'agent_9', payment: 1, deposit: 0, deliverable: 'x', due_turns: 1 },
          ],
        },
      },
    ],
    after: { contracts: {}, refused: ['same_agent', 'same_agent', 'unknown_agent'] },
  },
  {
    rule: 'an offer needs payment and deposit, an acceptance its deposit',
    before: { balance: [60, 19, 59] },
    turns: [
      offer,
      {
        moves: {
          1: ['accept_contract', { contract_id: 'contract_0' }],
          2: [
            'propose_contract',
            { counterparty: 'agent_1', arbitrator: 'agent_0', payment: 40, deposit: 20, deliverable: 'x', due_turns: 1 },
          ],
        },
      },
    ],
    after: { balance: [0, 19, 59], refused: ['low_balance', 'low_balance'] },
  },
  {
    rule: 'under the published rules a kept contract creates, costs and pays nothing beside its payment',
    turns: [offer, accept, deliver('a report'), attest(true)],
    after: { without: ['value_created', 'effort_charged', 'attestation_paid', 'arbitrator_paid', 'audited'] },
  },
  {
    rule: 'reputation stays above 0: 5.8 − 6 and 7.6 − 10 (0, drifted to 1)',
    before: { reputation: [50, 3, 5] },
    turns: [offer, accept, deliver('nothing'), attest(true)],
    after: { reputation: [50, 1, 1] },
  },
  {
    rule: 'and within 100: 97.06 + 3 (100, drifted to 99)',
    before: { reputation: [100, 50, 50] },
    turns: [offer, accept, deliver('a report'), attest(true)],
    after: { reputation: [99, 52.94, 50] },
  },
]

const COST = { units: { 0: [0, 200], 1: [0, 200] } } as const satisfies Turn

const GOVERNANCE: Case[] = [
  {
    rule: 'fee_cap off: 100 each',
    config: { job_wage_cap: 50 },
    turns: [COST],
    after: { balance: [900, 900, 1000], without: ['fees_capped'] },
  },
  {
    // 1.5 · 60 = 90 over the window, whatever jobs could have paid.
    rule: 'fee_cap: fees up to a multiple of what blocks could have paid, pro rata',
    config: { block_reward: 60, fee_cap: {} },
    turns: [COST],
    after: { balance: [955, 955, 1060], events: ['fees_capped'] },
  },
  {
    rule: 'fee_cap: at the limit it does not act: 2 · 100',
    config: { block_reward: 100, fee_cap: { ratio: 2 }, block_threshold: 40 },
    turns: [COST],
    after: { balance: [900, 900, 1000], without: ['fees_capped'] },
  },
  {
    rule: 'fee_cap: where blocks pay nothing nobody pays fees',
    config: { fee_cap: {} },
    turns: [COST, COST],
    after: { balance: [1000, 1000, 1000], events: ['fees_capped'] },
  },
  {
    // The 40 of turn 1 are a block's income that turn 2 may charge for: ⌊0.5 · 40⌋ = 20, 10 each.
    rule: 'fee_cap: transaction fees count from the next turn on',
    config: { fee_cap: { ratio: 0.5 }, block_threshold: 30 },
    turns: [{ ...COST, moves: { 2: ['transfer', { to: 'agent_0', amount: 10, fee: 40 }] } }, COST],
    after: { balance: [1000, 990, 950] },
  },
  {
    // Jobs could have paid 50 + 50 + 0; half of it is 50, so 25 each instead of 100.
    rule: 'fee_cap: fees up to half of what jobs could have paid, pro rata',
    config: { job_wage_cap: 50, fee_cap: { window: 2, ratio: 0.5, income: 'blocks_and_wages' } },
    turns: [COST],
    after: { balance: [975, 975, 1000], events: ['fees_capped'] },
  },
  {
    // Turn 1 charged nothing and could have paid nothing; turn 2 charges 50; turn 3 may again charge 0.5 · 200 − 50 = 50.
    rule: 'fee_cap: the window looks back',
    config: { job_wage_cap: 50, fee_cap: { window: 2, ratio: 0.5, income: 'blocks_and_wages' } },
    turns: [REST, COST, COST],
    after: { balance: [950, 950, 1000] },
  },
  {
    // Jobs could have paid 100 on turn 1, nothing on turn 2 and 100 on turn 3; turn 1 is out of the window by then.
    rule: 'fee_cap: no further than the window',
    config: { job_wage_cap: 50, fee_cap: { window: 2, ratio: 0.5, income: 'blocks_and_wages' } },
    before: { signed: [true, true, true] },
    turns: [{ ...COST, moves: { 0: ['job'], 1: ['job'] } }, REST, COST],
    after: { balance: [1025, 1025, 1000] },
  },
  {
    // Turn 1 charges ⌊0.5 · 50⌋ = 25; turn 2 could pay nothing (0 units), so 0.5 · 50 − 25 = 0 is left.
    rule: 'fee_cap: what was charged before counts',
    config: {
      job_wage_cap: 50,
      fee_cap: { window: 2, ratio: 0.5, income: 'blocks_and_wages' },
      shocks: [{ shock: 'wage_stop', turn: 2, length: 1 }],
    },
    turns: [{ units: { 0: [0, 200] } }, { units: { 0: [0, 200] } }],
    after: { balance: [975, 1000, 1000] },
  },
  {
    // ⌊0.5 · 95⌋ = 47 back; the other 48 are split over the cores, 24 to the owner of one.
    rule: 'reinvestment_rebate: who studies gets half its fee back, before the dividends',
    config: { reinvestment_rebate: {} },
    before: { coreOwners: ['agent_2', null] },
    turns: [{ moves: { 0: ['study'] }, units: { 0: [0, 200] } }],
    after: { balance: [902, 1000, 1024], events: ['fee_rebated'] },
  },
  {
    rule: 'reinvestment_rebate off: nothing comes back',
    before: { coreOwners: ['agent_2', null] },
    turns: [{ moves: { 0: ['study'] }, units: { 0: [0, 200] } }],
    after: { balance: [855, 1000, 1047], without: ['fee_rebated'] },
  },
  {
    rule: 'reinvestment_rebate: a stake held for five turns counts, for four not',
    config: { reinvestment_rebate: {} },
    before: { turn: 5, staked: [10, 10, 0], stakedSince: [1, 2, 0] },
    turns: [COST],
    after: { balance: [950, 900, 1000] },
  },
  {
    rule: 'reinvestment_rebate: a stake taken back counts no more',
    config: { reinvestment_rebate: {} },
    before: { turn: 9, staked: [10, 0, 0], stakedSince: [1, 0, 0] },
    turns: [{ moves: { 0: ['unstake', { amount: 10 }] } }, COST],
    after: { balance: [900, 900, 1000], stakedSince: [0, 0, 0], without: ['fee_rebated'] },
  },
  {
    rule: 'reinvestment_rebate: a stake taken back and made anew starts anew',
    config: { reinvestment_rebate: { hold: 3 } },
    before: { turn: 9, staked: [10, 10, 0], stakedSince: [1, 1, 0] },
    turns: [
      { moves: { 0: ['unstake', { amount: 10 }], 1: ['unstake', { amount: 9 }] } },
      { moves: { 0: ['stake', { amount: 5 }], 1: ['stake', { amount: 5 }] } },
      COST,
    ],
    after: { balance: [895, 945, 1000], stakedSince: [11, 1, 0] },
  },
  {
    rule: 'reinvestment_rebate: both parties of a settled contract',
    config: { reinvestment_rebate: {} },
    turns: [offer, accept, deliver('a report'), { ...attest(true), units: { 0: [0, 200], 1: [0, 110], 2: [0, 200] } }],
    after: { balance: [960 - 50, 1040 - 5, 900] },
  },
  {
    rule: 'reinvestment_rebate: of no fee nothing comes back',
    config: { reinvestment_rebate: {} },
    turns: [{ moves: { 0: ['study'] } }],
    after: { balance: [950, 1000, 1000], without: ['fee_rebated'] },
  },
  {
    rule: 'debt_rail off: 151 of debt and no frozen part',
    before: { balance: [-150, 1000, 1000] },
    turns: [REST],
    after: { balance: [-151, 1000, 1000], frozen: [0, 0, 0], without: ['debt_frozen'] },
  },
  {
    // Interest on 100 only: 1, not 4. Then 351 of the 451 are frozen.
    rule: 'debt_rail: debt above the cap is frozen and bears no interest',
    config: { debt_rail: { cap: 100 } },
    before: { balance: [-450, 1000, 1000] },
    turns: [REST],
    after: { balance: [-100, 1000, 1000], frozen: [351, 0, 0], supply: 1549, events: ['debt_frozen'] },
  },
  {
    rule: 'debt_rail: a debt of just the cap is not frozen, while its agent works',
    config: { debt_rail: { cap: 100 } },
    before: { balance: [-100, 1000, 1000], signed },
    turns: [{ moves: { 0: ['job'] } }],
    after: { balance: [-100, 1000, 1000], frozen: [0, 0, 0], without: ['debt_frozen'] },
  },
  {
    rule: 'debt_rail: without a share for it nothing is repaid',
    config: { debt_rail: { cap: 100, service: 0 } },
    before: { balance: [0, 1000, 1000], frozen: [5, 0, 0], signed },
    turns: [{ moves: { 0: ['job'] }, units: { 0: [0, 180] } }],
    after: { balance: [80, 1000, 1000], frozen: [5, 0, 0], without: ['debt_serviced'] },
  },
  {
    rule: 'debt_rail: half of an income repays frozen debt: 40 of a wage of 80',
    config: { debt_rail: { cap: 100 } },
    before: { balance: [-100, 1000, 1000], frozen: [51, 0, 0], signed },
    turns: [{ moves: { 0: ['job'] }, units: { 0: [0, 180] } }],
    after: { balance: [-60, 1000, 1000], frozen: [11, 0, 0], supply: 1929, events: ['debt_serviced'] },
  },
  {
    rule: 'debt_rail: no more is taken than is owed',
    config: { debt_rail: { cap: 100 } },
    before: { balance: [0, 1000, 1000], frozen: [5, 0, 0], signed },
    turns: [{ moves: { 0: ['job'] }, units: { 0: [0, 180] } }],
    after: { balance: [75, 1000, 1000], frozen: [0, 0, 0] },
  },
  {
    rule: 'contract_scaffold off: any terms, and an arbitrator is not paid',
    turns: [offer, accept, deliver('a report'), { ...attest(true), units: { 2: [0, 200] } }],
    after: { balance: [960, 1040, 900], without: ['fund_fed', 'arbitrator_paid'] },
  },
  ...(
    [
      ['payment', { payment: 41, deposit: 20, due_turns: 2 }],
      ['deposit', { payment: 40, deposit: 21, due_turns: 2 }],
      ['turns', { payment: 40, deposit: 20, due_turns: 3 }],
    ] as const
  ).map(
    ([what, template]): Case => ({
      rule: `contract_scaffold: only template terms, not other ${what}`,
      config: { contract_scaffold: { templates: [template, { payment: 1, deposit: 1, due_turns: 1 }] } },
      turns: [offer],
      after: { contracts: {}, refused: ['no_template'] },
    }),
  ),
  {
    rule: 'contract_scaffold: any of the templates will do',
    config: {
      contract_scaffold: {
        templates: [
          { payment: 1, deposit: 1, due_turns: 1 },
          { payment: 40, deposit: 20, due_turns: 2 },
        ],
      },
    },
    turns: [offer],
    after: { escrow: [60, 0, 0], refused: [], without: ['fund_fed'] },
  },
  {
    rule: 'contract_scaffold: an empty fund pays no arbitrator',
    config: { contract_scaffold: {} },
    turns: [offer, accept, deliver('a report'), attest(true)],
    after: { balance: [960, 1040, 1000], events: ['contract_settled'], without: ['arbitrator_paid', 'fund_fed'] },
  },
  {
    // Turn 1: 5 % of 60 is 3 for the fund. Turn 4: the fund holds 3 of the fee of 5; the new fees feed it again with 5.
    rule: 'contract_scaffold: a share of the fees feeds the fund, which pays the arbitrator as far as it goes',
    config: { contract_scaffold: {} },
    turns: [{ ...offer, units: { 0: [0, 160] } }, accept, deliver('a report'), { ...attest(true), units: { 0: [0, 200] } }],
    after: {
      balance: [960 - 160, 1040, 1003],
      governance: { window: [], relieved: [], fund: 5 },
      supply: 3000 - 160 + 8,
      events: ['arbitrator_paid', 'fund_fed'],
    },
  },
  {
    // Wealth 100, 100, 1000 has a Gini of 0.5.
    rule: 'concentration_monitor: after a turn of concentrated wealth the poorest half pays half, rounded down',
    config: { concentration_monitor: {} },
    before: { balance: [1000, 100, 100] },
    turns: [REST, { units: { 0: [0, 151], 1: [0, 151], 2: [0, 151] } }],
    after: { balance: [949, 75, 49], events: ['fees_halved', 'concentration_flagged'] },
  },
  {
    rule: 'concentration_monitor: stake is wealth too',
    config: { concentration_monitor: {} },
    before: { balance: [100, 100, 100], staked: [900, 0, 0] },
    turns: [REST],
    after: { governance: { window: [], relieved: [1], fund: 0 }, events: ['concentration_flagged'] },
  },
  {
    rule: 'concentration_monitor: the poorer half is told in the order of its rows',
    config: { num_agents: 5, concentration_monitor: {} },
    before: { balance: [1000, 50, 300, 40, 60] },
    turns: [REST],
    after: { governance: { window: [], relieved: [1, 3], fund: 0 } },
  },
  {
    rule: 'concentration_monitor: at the limit it does not act',
    config: { concentration_monitor: { limit: 0.5 } },
    before: { balance: [1000, 100, 100] },
    turns: [REST, { units: { 1: [0, 151] } }],
    after: { balance: [1000, 49, 100], without: ['fees_halved'] },
  },
  {
    rule: 'concentration_monitor off: everybody pays in full',
    before: { balance: [1000, 100, 100] },
    turns: [REST, { units: { 0: [0, 151], 1: [0, 151], 2: [0, 151] } }],
    after: { balance: [949, 49, 49], without: ['fees_halved', 'concentration_flagged'] },
  },
]

const SHOCKS: Case[] = [
  {
    rule: 'fee_rate: not before its turn',
    config: { shocks: [{ shock: 'fee_rate', turn: 2, factor: 3 }] },
    before: { signed },
    turns: [{ units: { 0: [0, 110], 1: [0, 110] }, moves: { 1: ['job'] } }],
    after: { balance: [990, 1010, 1000], without: ['shock_struck'] },
  },
  {
    rule: 'fee_rate: from its turn on fees are multiplied, wages are not: 10, then 30; wages of 10 and 10',
    config: { shocks: [{ shock: 'fee_rate', turn: 2, factor: 3 }] },
    before: { signed },
    turns: [1, 2].map(() => ({ units: { 0: [0, 110], 1: [0, 110] }, moves: { 1: ['job'] } }) as const),
    after: { balance: [960, 1020, 1000], events: ['shock_struck'] },
  },
  {
    rule: 'fee_rate: a later one replaces an earlier one: 30, then 10',
    config: {
      shocks: [
        { shock: 'fee_rate', turn: 2, factor: 1 },
        { shock: 'fee_rate', turn: 1, factor: 3 },
      ],
    },
    turns: [1, 2].map(() => ({ units: { 0: [0, 110] } }) as const),
    after: { balance: [960, 1000, 1000] },
  },
  {
    rule: 'fee_rate: of two on one turn the later listed counts',
    config: {
      shocks: [
        { shock: 'fee_rate', turn: 1, factor: 3 },
        { shock: 'fee_rate', turn: 1, factor: 2 },
      ],
    },
    turns: [{ units: { 0: [0, 110] } }],
    after: { balance: [980, 1000, 1000] },
  },
  {
    rule: 'confiscate: a share of every positive balance, rounded down, is destroyed before anything else',
    config: { shocks: [{ shock: 'confiscate', turn: 1, share: 0.3333 }] },
    before: { balance: [1000, -50, 2], staked: [100, 0, 0] },
    turns: [REST],
    after: { balance: [667, -50, 2], staked: [100, 0, 0], events: ['shock_struck', 'confiscated'] },
  },
  {
    rule: 'wage_stop: no wage and no bonus while it lasts, and the fee is not charged either',
    config: { shocks: [{ shock: 'wage_stop', turn: 1, length: 2 }] },
    turns: [1, 2].map(() => ({ moves: { 0: ['job'] }, units: { 0: [0, 180] } }) as const),
    after: { balance: [1000, 1000, 1000], signed: [false, false, false] },
  },
  {
    rule: 'wage_stop: afterwards wage and bonus are paid',
    config: { shocks: [{ shock: 'wage_stop', turn: 1, length: 2 }] },
    turns: [1, 2, 3].map(() => ({ moves: { 0: ['job'] }, units: { 0: [0, 180] } }) as const),
    after: { balance: [1130, 1000, 1000], signed: [true, false, false] },
  },
]

describe.each(Object.entries({ BILLING, WAGES, CORES, STAKES, BLOCKS, DEBT, CONTRACTS, GOVERNANCE, SHOCKS }))(
  '%s',
  (_, cases) => {
    test.each(cases.map(one => [one.rule, one] as const))('%s', (_rule, { config, before, turns, after }) => {
      const { state, events, refused } = play(world(config, before), turns)
      const { supply, refused: codes, events: types = [], without = [], ...fields } = after
      for (const [field, value] of Object.entries(fields)) {
        const found = state[field as keyof State]
        if (field === 'reputation') expect(rounded(found as number[])).toEqual(value)
        else expect(found, field).toEqual(value)
      }
      if (supply !== undefined) expect(supplyOf(state)).toBe(supply)
      if (codes !== undefined) expect(refused.map(({ code }) => code)).toEqual(codes)
      const seen = events.map(({ type }) => type)
      for (const type of types) expect(seen).toContain(type)
      for (const type of without) expect(seen).not.toContain(type)
    })
  },
)

/** Two digits: products such as 0.02 · (50 − 44) are no exact figures. */
function rounded(values: readonly number[]): number[] {
  return values.map(value => Number(value.toFixed(2)))
}
