/**
 * Observations and actions as numbers, for learners without language. Other agents are ranked by reputation, offers by
 * payment, contracts by deadline. Reads observations alone. Of what others say it reads the first number, as a price; what it says
 * itself is a price.
 */
import {
  defineEncoding,
  type Encoding,
  type FeatureRule,
  feature,
  flag,
  ranked,
  ranks,
  type SlotRule,
  slot,
} from '../core/encoding.ts'
import type { AgentId } from '../core/tool.ts'
import { type Config, type Market, marketOf, type Template } from './config.ts'
import { looksKept } from './contracts.ts'
import { waiting } from './observe.ts'
import { type Contract, coreName, type Observation, type Shared, type SimEconomy } from './state.ts'

/** How many are told apart: other agents, offers to it, contracts it has to deliver on or to judge, cores. */
const OTHERS = 6
const OFFERS = 3
const DUTIES = 2
const CORES = 4
/** Shares of the own balance that are staked, burned and bid. */
const STAKES = { tenth: 0.1, third: 1 / 3 } as const
const BURNED = 0.1
const BIDS = { tenth: 0.1, third: 1 / 3 } as const
const GIFT = 50
/** Shares of what a contract creates beyond the average effort: asked for aloud, and offered to who delivers. */
const SHARES = { low: 0.2, fair: 0.45, high: 0.7 } as const
/** What is offered where contracts create nothing. */
const PLAIN = { low: 20, fair: 40, high: 80 } as const
const DUE_TURNS = 3
/** Tokens count in these. */
const THOUSAND = 1000

interface Other {
  readonly agent: AgentId
  readonly row: number
}

interface View {
  readonly observation: Observation
  readonly balance: number
  readonly others: readonly Other[]
  readonly standing: Standing
  readonly offers: readonly Readonly<Contract>[]
  readonly deliveries: readonly Readonly<Contract>[]
  readonly rulings: readonly Readonly<Contract>[]
  readonly own: readonly Readonly<Contract>[]
}

/** What follows from what everybody sees: computed once for all of them, who may be many. */
interface Standing {
  /** The best reputed, by one more than are told apart: whoever looks is left out. */
  readonly best: readonly Other[]
  readonly rows: ReadonlyMap<AgentId, number>
  /** The first number that each said last turn. */
  readonly said: ReadonlyMap<AgentId, number>
  /** How many cores each owns. */
  readonly cores: ReadonlyMap<AgentId, number>
  /** Share of agents that mined last turn. */
  readonly miners: number
}
const standings = new WeakMap<Shared, Standing>()

function standingOf(shared: Shared): Standing {
  let found = standings.get(shared)
  if (found === undefined) {
    const { agents, reputations, speeches, coreOwners, did } = shared
    const everybody = agents.map((agent, row) => ({ agent, row }))
    const best = ranked(everybody, ({ row }) => reputations[row]!).slice(0, OTHERS + 1)
    const said = new Map<AgentId, number>()
    for (const { agent, text } of speeches) {
      const number = /\d{1,9}/.exec(text)?.[0]
      if (number !== undefined) said.set(agent, Number(number))
    }
    const cores = new Map<AgentId, number>()
    for (const owner of coreOwners) if (owner !== null) cores.set(owner, (cores.get(owner) ?? 0) + 1)
    const rows = new Map(agents.map((agent, row) => [agent, row]))
    const miners = did.filter(tool => tool === 'mine').length / agents.length
    found = { best, rows, said, cores, miners }
    standings.set(shared, found)
  }
  return found
}

function view(observation: Observation): View {
  const { shared, index, contracts } = observation
  const standing = standingOf(shared)
  const idle = contracts.length === 0
  const soonest = (list: Readonly<Contract>[]) => ranked(list, ({ deadline }) => -deadline)
  return {
    observation,
    balance: shared.balances[index]!,
    standing,
    others: standing.best.filter(({ row }) => row !== index).slice(0, OTHERS),
    offers: idle ? [] : ranked(waiting(observation, 'counterparty', 'proposed'), ({ payment }) => payment),
    deliveries: idle ? [] : soonest(waiting(observation, 'counterparty', 'accepted')),
    rulings: idle ? [] : soonest(waiting(observation, 'arbitrator', 'delivered')),
    own: contracts.map(id => shared.openContracts[id]!).filter(({ proposer }) => proposer === observation.agent),
  }
}

const encodings = new WeakMap<Config, Encoding<SimEconomy>>()

/** The encoding of a configuration. */
export function encode(config: Config): Encoding<SimEconomy> {
  let found = encodings.get(config)
  if (found === undefined) {
    found = build(config)
    encodings.set(config, found)
  }
  return found
}

function build(config: Config): Encoding<SimEconomy> {
  const market = marketOf(config)
  const others = ranks(Math.min(OTHERS, config.num_agents - 1))
  const cores = config.core_auction ? ranks(Math.min(CORES, config.num_cores)) : []
  return defineEncoding<SimEconomy, View>({
    view,
    passMeaning: 'says nothing, which is to mine',
    features: [
      ...ownFeatures(market),
      ...others.flatMap(otherFeatures),
      ...ranks(OFFERS).flatMap(offerFeatures),
      ...ranks(DUTIES).flatMap(deliveryFeatures),
      ...ranks(DUTIES).flatMap(rulingFeatures),
    ],
    slots: [
      slot('job', 'job', 'takes a job'),
      ...(market.value > 0 ? spokenSlots(market) : []),
      slot('study', 'study', 'studies', ({ observation, balance }) => balance >= observation.shared.studyCost),
      ...STAKING_SLOTS,
      ...cores.flatMap(bidSlots),
      ...others.slice(0, 3).map(giftSlot),
      ...others.flatMap(rank => proposeSlots(rank, config)),
      ...ranks(OFFERS).map(acceptSlot),
      ...ranks(DUTIES).flatMap(deliverSlots),
      ...ranks(DUTIES).flatMap(ruleSlots),
      slot(
        'cancel_offer',
        'cancel_contract',
        'takes back the first of its offers that nobody has accepted',
        v => offered(v) !== undefined,
        v => named(offered(v)),
      ),
    ],
  })
}

type Features = readonly FeatureRule<View>[]
type Slots = readonly SlotRule<View>[]

const offered = ({ own }: View): Readonly<Contract> | undefined => own.find(({ status }) => status === 'proposed')
const named = (contract: Readonly<Contract> | undefined): object | undefined => contract && { contract_id: contract.id }

/** The effort that delivering costs it, or anybody on average where it is told none. */
const effortOf = ({ observation }: View, { effort }: Pick<Market, 'effort'>): number => observation.effort ?? effort

function ownFeatures(market: Market): Features {
  const { value } = market
  return [
    feature(
      'turns_left',
      [0, 1],
      'share of the episode that is left',
      ({ observation: { shared } }) => 1 - (shared.turn - 1) / shared.horizon,
    ),
    feature('balance', [-10, 20], 'own balance / 1000', ({ balance }) => balance / THOUSAND),
    feature('staked', [0, 10], 'own stake / 1000', ({ observation: { shared, index } }) => shared.staked[index]! / THOUSAND),
    feature(
      'unstaking',
      [0, 10],
      'tokens that return from a stake / 1000',
      ({ observation }) => observation.unstaking / THOUSAND,
    ),
    feature('escrow', [0, 10], 'own tokens in contracts / 1000', ({ observation }) => observation.escrow / THOUSAND),
    feature(
      'reputation',
      [0, 1],
      'own reputation / 100',
      ({ observation: { shared, index } }) => shared.reputations[index]! / 100,
    ),
    feature('studies', [0, 2], 'studies / 10', ({ observation }) => observation.studies / 10),
    flag('signed', '1 once the signing bonus was paid', ({ observation }) => observation.signed),
    feature('fee', [0, 1], 'own fee of the last turn / 100', ({ observation }) => observation.billed.fee / 100),
    feature('wage', [0, 1], 'own wage of the last turn / 100', ({ observation }) => observation.billed.wage / 100),
    feature('miners', [0, 1], 'share of agents that mined last turn', ({ standing }) => standing.miners),
    flag('won_block', '1 where it won the last block', ({ observation: { shared, agent } }) => shared.block?.winner === agent),
    feature(
      'cores',
      [0, 1],
      'share of all cores that it owns',
      ({ standing, observation: { shared, agent } }) => (standing.cores.get(agent) ?? 0) / shared.coreOwners.length,
    ),
    flag('auction', '1 while cores can be bid for', ({ observation }) => observation.shared.auction),
    feature('open_offers', [0, 1], 'own open contracts as proposer, of 4', ({ own }) => own.length / 4),
    ...(value > 0
      ? [
          feature<View>(
            'effort',
            [0, 2],
            'what delivering costs it on what it accepts now, in shares of what a kept contract creates',
            v => effortOf(v, market) / value,
          ),
          feature<View>(
            'served',
            [-1, 1],
            'own contracts of the last turn that were really delivered, less those that were not, of 2',
            ({ observation: { concluded = [], agent } }) =>
              concluded.reduce((sum, { proposer, value: worth }) => sum + (proposer !== agent ? 0 : worth === 0 ? -0.5 : 0.5), 0),
          ),
          feature<View>(
            'paid',
            [-1, 1],
            'contracts it had to deliver on that were settled last turn, less those in default, of 2',
            ({ observation: { concluded = [], agent } }) =>
              concluded.reduce(
                (sum, { counterparty, outcome }) => sum + (counterparty !== agent ? 0 : outcome === 'settled' ? 0.5 : -0.5),
                0,
              ),
          ),
        ]
      : []),
  ]
}

function otherFeatures(rank: number): Features {
  const name = `other_${rank}`
  const of =
    (value: (other: Other, view: View) => number): ((view: View) => number) =>
    v => {
      const other = v.others[rank - 1]
      return other === undefined ? 0 : value(other, v)
    }
  return [
    feature(
      `${name}_reputation`,
      [0, 1],
      `reputation / 100 of the other agent of rank ${rank}`,
      of(({ row }, { observation: { shared } }) => shared.reputations[row]! / 100),
    ),
    feature(
      `${name}_balance`,
      [-10, 20],
      'its balance / 1000',
      of(({ row }, { observation: { shared } }) => shared.balances[row]! / THOUSAND),
    ),
    feature(
      `${name}_contracts`,
      [0, 1],
      'open contracts that it has a part in, of 10',
      of(({ agent }, { observation: { shared } }) => (shared.contractsOf[agent]?.length ?? 0) / 10),
    ),
    feature(
      `${name}_said`,
      [0, 2],
      'the first number that it said last turn / 1000; 0 for none',
      of(({ agent }, { standing: { said } }) => (said.get(agent) ?? 0) / THOUSAND),
    ),
    feature(
      `${name}_worked`,
      [0, 1],
      '1 where it took a job last turn',
      of(({ row }, { observation: { shared } }) => Number(shared.did[row] === 'job')),
    ),
    feature(
      `${name}_with_you`,
      [0, 1],
      'open contracts that it has a part in and you too, of 4',
      of(
        ({ agent }, { observation: { contracts, shared } }) =>
          contracts.filter(id => {
            const { proposer, counterparty, arbitrator } = shared.openContracts[id]!
            return agent === proposer || agent === counterparty || agent === arbitrator
          }).length / 4,
      ),
    ),
  ]
}

function reputationOf(agent: AgentId, { observation: { shared }, standing: { rows } }: View): number {
  return shared.reputations[rows.get(agent)!]! / 100
}

function offerFeatures(rank: number): Features {
  const of =
    (value: (offer: Readonly<Contract>, view: View) => number): ((view: View) => number) =>
    v => {
      const offer = v.offers[rank - 1]
      return offer === undefined ? 0 : value(offer, v)
    }
  const name = `offer_${rank}`
  return [
    feature(
      `${name}_payment`,
      [0, 5],
      `payment / 1000 of the offer of rank ${rank} to you; all 0 where there is none`,
      of(({ payment }) => payment / THOUSAND),
    ),
    feature(
      `${name}_deposit`,
      [0, 5],
      'its deposit / 1000',
      of(({ deposit }) => deposit / THOUSAND),
    ),
    feature(
      `${name}_proposer`,
      [0, 1],
      'reputation / 100 of who proposes',
      of(({ proposer }, v) => reputationOf(proposer, v)),
    ),
    feature(
      `${name}_arbitrator`,
      [0, 1],
      'reputation / 100 of who would judge',
      of(({ arbitrator }, v) => reputationOf(arbitrator, v)),
    ),
  ]
}

function deliveryFeatures(rank: number): Features {
  const of =
    (value: (contract: Readonly<Contract>, view: View) => number): ((view: View) => number) =>
    v => {
      const contract = v.deliveries[rank - 1]
      return contract === undefined ? 0 : value(contract, v)
    }
  const name = `delivery_${rank}`
  return [
    feature(
      `${name}_payment`,
      [0, 5],
      `payment / 1000 of the accepted contract of rank ${rank} on which you deliver; all 0 where there is none`,
      of(({ payment }) => payment / THOUSAND),
    ),
    feature(
      `${name}_effort`,
      [0, 5],
      'what really delivering costs / 1000',
      of(({ id }, { observation }) => (observation.efforts?.[id] ?? 0) / THOUSAND),
    ),
    feature(
      `${name}_turns`,
      [0, 5],
      'turns until it is due',
      of(({ deadline }, { observation: { shared } }) => deadline - shared.turn),
    ),
    feature(
      `${name}_arbitrator`,
      [0, 1],
      'reputation / 100 of who judges',
      of(({ arbitrator }, v) => reputationOf(arbitrator, v)),
    ),
  ]
}

function rulingFeatures(rank: number): Features {
  const name = `ruling_${rank}`
  const at = ({ rulings }: View): Readonly<Contract> | undefined => rulings[rank - 1]
  return [
    flag(
      `${name}_waits`,
      `1 where a delivery waits for your ruling, the one of rank ${rank} by its deadline`,
      v => at(v) !== undefined,
    ),
    flag(`${name}_looks_kept`, '1 where it looks like the agreed text', v => {
      const contract = at(v)
      return contract !== undefined && looksKept(contract)
    }),
    feature(`${name}_proposer`, [0, 1], 'reputation / 100 of who proposed', v => {
      const contract = at(v)
      return contract === undefined ? 0 : reputationOf(contract.proposer, v)
    }),
    feature(`${name}_counterparty`, [0, 1], 'reputation / 100 of who delivered', v => {
      const contract = at(v)
      return contract === undefined ? 0 : reputationOf(contract.counterparty, v)
    }),
  ]
}

/** Mines or works, and names a price for which it delivers: its effort and a share of what a contract creates beyond the average one. */
function spokenSlots(market: Market): Slots {
  return ['mine', 'job'].flatMap(tool =>
    Object.entries(SHARES).map(([name, part]) =>
      slot<View>(
        `${tool}_asking_${name}`,
        tool,
        `${tool === 'job' ? 'works' : 'mines'} and asks aloud for its effort and ${part} of the surplus`,
        undefined,
        v => ({
          speech: `I deliver for ${Math.ceil(effortOf(v, market) + part * Math.max(0, market.value - market.effort))}.`,
        }),
      ),
    ),
  )
}

/** A share of an amount, where that is a token at least. */
function amountSlot(name: string, tool: string, meaning: string, of: (view: View) => number): SlotRule<View> {
  return slot(
    name,
    tool,
    meaning,
    v => of(v) >= 1,
    v => (of(v) >= 1 ? { amount: of(v) } : undefined),
  )
}

const shareOf =
  (part: number) =>
  ({ balance }: View): number =>
    Math.floor(part * balance)

const STAKING_SLOTS: Slots = [
  ...Object.entries(STAKES).map(([name, part]) =>
    amountSlot(`stake_${name}`, 'stake', `stakes a ${name} of its balance`, shareOf(part)),
  ),
  amountSlot(
    'unstake_all',
    'unstake',
    'takes its whole stake back',
    ({ observation: { shared, index } }) => shared.staked[index]!,
  ),
  amountSlot('burn_tenth', 'burn', 'burns a tenth of its balance', shareOf(BURNED)),
]

function bidSlots(rank: number): Slots {
  return Object.entries(BIDS).map(([name, part]) =>
    slot<View>(
      `bid_${name}_core_${rank}`,
      'bid_core',
      `bids a ${name} of its balance for ${coreName(rank - 1)}`,
      v => shareOf(part)(v) >= 1,
      v => (shareOf(part)(v) >= 1 ? { core_id: coreName(rank - 1), amount: shareOf(part)(v) } : undefined),
    ),
  )
}

function giftSlot(rank: number): SlotRule<View> {
  return slot(
    `give_other_${rank}`,
    'transfer',
    `gives other ${rank} ${GIFT} tokens`,
    ({ balance, others }) => others[rank - 1] !== undefined && balance >= GIFT,
    ({ others }) => {
      const other = others[rank - 1]
      return other && { to: other.agent, amount: GIFT, fee: 0 }
    },
  )
}

type Size = keyof typeof SHARES
const SIZES = Object.keys(SHARES) as Size[]

/** What an offer of that size says; where terms are fixed the first of them stand for the sizes. */
function termsOf(size: Size, config: Config): Template {
  const { value, effort } = marketOf(config)
  const templates = config.contract_scaffold?.templates
  if (templates !== undefined) return templates[Math.min(SIZES.indexOf(size), templates.length - 1)]!
  const payment = value > 0 ? Math.max(1, Math.ceil(effort + SHARES[size] * Math.max(0, value - effort))) : PLAIN[size]
  return { payment, deposit: Math.floor(payment / 3), due_turns: DUE_TURNS }
}

/** Who judges: of the others but the counterparty, the one of best reputation, or the one of least among those told apart. */
const JUDGES = {
  well: (others: readonly Other[]) => others[0],
  ill: (others: readonly Other[]) => others.at(-1),
} as const

function proposeSlots(rank: number, config: Config): Slots {
  const { limit } = marketOf(config)
  return SIZES.flatMap(size => {
    const terms = termsOf(size, config)
    const locked = terms.payment + terms.deposit
    return Object.entries(JUDGES).map(([reputed, pick]) =>
      slot<View>(
        `propose_${size}_other_${rank}_judged_${reputed}`,
        'propose_contract',
        `offers other ${rank} a ${size} payment, judged by the ${reputed === 'well' ? 'best' : 'least'} reputed of the others told apart`,
        ({ balance, others, own }) => balance >= locked && own.length < limit && others.length > 1,
        ({ observation: { shared }, others }) => {
          const other = others[rank - 1]
          const arbitrator = pick(others.filter(each => each !== other))
          if (other === undefined || arbitrator === undefined) return undefined
          return {
            counterparty: other.agent,
            arbitrator: arbitrator.agent,
            deliverable: `report of turn ${shared.turn}`,
            ...terms,
          }
        },
      ),
    )
  })
}

function acceptSlot(rank: number): SlotRule<View> {
  return slot(
    `accept_offer_${rank}`,
    'accept_contract',
    `accepts the offer of rank ${rank}`,
    ({ offers, balance }) => {
      const offer = offers[rank - 1]
      return offer !== undefined && balance >= offer.deposit
    },
    ({ offers }) => named(offers[rank - 1]),
  )
}

/** What is handed in instead of what was agreed. */
const NOTHING = 'nothing'

function deliverSlots(rank: number): Slots {
  const at = ({ deliveries }: View): Readonly<Contract> | undefined => deliveries[rank - 1]
  const with_ = (content: (contract: Readonly<Contract>) => string) => (v: View) => {
    const contract = at(v)
    return contract && { contract_id: contract.id, content: content(contract) }
  }
  const due = (v: View): boolean => at(v) !== undefined
  return [
    slot(
      `deliver_${rank}`,
      'deliver_contract',
      `delivers what was agreed on delivery ${rank}`,
      due,
      with_(({ deliverable }) => deliverable),
    ),
    slot(
      `deliver_${rank}_nothing`,
      'deliver_contract',
      `delivers another text instead`,
      due,
      with_(() => NOTHING),
    ),
  ]
}

function ruleSlots(rank: number): Slots {
  const at = ({ rulings }: View): Readonly<Contract> | undefined => rulings[rank - 1]
  return [true, false].map(fulfilled =>
    slot<View>(
      `rule_${rank}_${fulfilled ? 'fulfilled' : 'unfulfilled'}`,
      'attest_contract',
      `rules that delivery ${rank} of those to judge was ${fulfilled ? '' : 'not '}fulfilled`,
      v => at(v) !== undefined,
      v => {
        const contract = at(v)
        return contract && { contract_id: contract.id, fulfilled }
      },
    ),
  )
}
