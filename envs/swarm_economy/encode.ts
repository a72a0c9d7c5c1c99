/**
 * Observations and actions as numbers, for learners without language. Counterparts are ranked by reputation, open tasks by
 * bounty for a step of work. Reads observations alone; what an answer is worth it computes from the pages that are seen.
 */
import { defineEncoding, type Encoding, ranks } from '../core/encoding.ts'
import { horizon, type SwarmConfig, terms } from './config.ts'
import { otherFeatures, ownFeatures, taskFeatures } from './encode_features.ts'
import { answerSlots, claimSlot, FEED_SLOTS, loanSlots, PROBLEM_SLOTS, TEXT_SLOTS, tradeSlots } from './encode_slots.ts'
import { OTHERS, TASKS, type View, view } from './encode_view.ts'
import { botCount } from './scenarios.ts'
import type { SwarmTypes } from './state.ts'

const encodings = new Map<string, Encoding<SwarmTypes>>()
const known = new WeakMap<SwarmConfig, Encoding<SwarmTypes>>()

/** The encoding of a configuration: what it depends on is few. */
export function encode(config: SwarmConfig): Encoding<SwarmTypes> {
  let found = known.get(config)
  if (found === undefined) {
    const { cancel_tool, work_rule, trade_rule, loan_limit } = config
    const key = `${botCount(config)} ${cancel_tool} ${work_rule} ${trade_rule} ${loan_limit} ${horizon(config)}`
    found = encodings.get(key) ?? build(config)
    encodings.set(key, found)
    known.set(config, found)
  }
  return found
}

function build(config: SwarmConfig): Encoding<SwarmTypes> {
  const others = ranks(Math.min(OTHERS, botCount(config)))
  const problems = config.work_rule === 'problems'
  const loans = config.trade_rule === 'loans'
  return defineEncoding<SwarmTypes, View>({
    view,
    pass: 'pass_turn',
    features: [
      ...ownFeatures(problems, loans),
      ...ranks(TASKS).flatMap(rank => taskFeatures(rank, problems)),
      ...others.flatMap(rank => otherFeatures(rank, loans)),
    ],
    slots: [
      ...ranks(TASKS).map(claimSlot),
      ...(problems ? PROBLEM_SLOTS : TEXT_SLOTS),
      ...FEED_SLOTS,
      ...others.flatMap(rank => (loans ? loanSlots(rank, terms(config).loan_limit) : tradeSlots(rank))),
      ...others.flatMap(rank => answerSlots(rank, loans, config.cancel_tool)),
    ],
  })
}
