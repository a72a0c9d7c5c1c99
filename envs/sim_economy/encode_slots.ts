/** What a learner without language can do: each slot with the call that it stands for, and when it may be taken. */
import { type SlotRule, slot } from '../core/encoding.ts'
import { type Config, type Market, marketOf, type Template } from './config.ts'
import { effortOf, type Other, type Slots, type View } from './encode_view.ts'
import { type Contract, coreName } from './state.ts'

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

export const offered = ({ own }: View): Readonly<Contract> | undefined => own.find(({ status }) => status === 'proposed')
export const named = (contract: Readonly<Contract> | undefined): object | undefined => contract && { contract_id: contract.id }

/** Mines or works, and names a price for which it delivers: its effort and a share of what a contract creates beyond the average one. */
export function spokenSlots(market: Market): Slots {
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

export const STAKING_SLOTS: Slots = [
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

export function bidSlots(rank: number): Slots {
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

export function giftSlot(rank: number): SlotRule<View> {
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

export function proposeSlots(rank: number, config: Config): Slots {
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

export function acceptSlot(rank: number): SlotRule<View> {
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

export function deliverSlots(rank: number): Slots {
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

export function ruleSlots(rank: number): Slots {
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
