/**
 * Observations and actions as numbers, for learners without language. Other agents are ranked by reputation, offers by
 * payment, contracts by deadline. Reads observations alone. Of what others say it reads the first number, as a price; what it says
 * itself is a price.
 */
import { defineEncoding, type Encoding, ranks, slot } from '../core/encoding.ts'
import { type Config, marketOf } from './config.ts'
import { deliveryFeatures, offerFeatures, otherFeatures, ownFeatures, rulingFeatures } from './encode_features.ts'
import {
  acceptSlot,
  bidSlots,
  deliverSlots,
  giftSlot,
  named,
  offered,
  proposeSlots,
  ruleSlots,
  STAKING_SLOTS,
  spokenSlots,
} from './encode_slots.ts'
import { CORES, DUTIES, OFFERS, OTHERS, type View, view } from './encode_view.ts'
import type { SimEconomy } from './state.ts'

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
