/**
 * A toy economy of two tools, the example of the README's recipe and the small real world of the core's tests: traders
 * sell grain to a well for a price that falls as it is sold, or wait for rain to grow more.
 */
import {
  type AgentId,
  defineEncoding,
  type Environment,
  type EpisodeLog,
  feature,
  Outcome,
  perform,
  slot,
  stream,
  toolsFor,
  tooManyCalls,
  z,
} from '../../index.ts'

export interface ToyConfig {
  traders: number
  horizon: number
}
interface ToyState {
  config: ToyConfig
  seed: number
  t: number
  cash: number[]
  grain: number[]
}
interface ToyShared {
  t: number
  price: number
  cash: readonly number[]
}
interface ToyObservation {
  shared: ToyShared
  agent: AgentId
  grain: number
}
type ToyEvent = { type: 'sold'; agent: AgentId; quantity: number; price: number } | { type: 'rained'; grain: number[] }
export interface ToyTypes {
  Config: ToyConfig
  State: ToyState
  Observation: ToyObservation
  Shared: ToyShared
  Event: ToyEvent
}

const { act, ask } = toolsFor<ToyTypes>()
const indexOf = (agent: AgentId): number => Number(agent.slice('trader_'.length))
const price = (state: ToyState): number => Math.max(1, 10 - state.t)

const sellArgs = z.strictObject({ quantity: z.int().min(1).max(100).describe('units of grain to sell') })
export const toyTools = {
  sell: act({
    description: 'Sells grain at the price of this turn.',
    args: sellArgs,
    candidates: ({ grain }) => (grain > 0 ? [{ quantity: 1 }, { quantity: grain }] : []),
    refuse(state, agent, { quantity }) {
      const have = state.grain[indexOf(agent)]!
      return quantity > have
        ? { code: 'no_grain', message: `sell: you have ${have} units of grain, ${quantity} are too many` }
        : undefined
    },
    apply(draft, agent, { quantity }, emit) {
      const at = price(draft)
      draft.grain[indexOf(agent)]! -= quantity
      draft.cash[indexOf(agent)]! += quantity * at
      emit({ type: 'sold', agent, quantity, price: at })
      return `Sold ${quantity} for ${quantity * at}.`
    },
  }),
  wait: act({ description: 'Waits for rain.', args: z.strictObject({}), apply: () => 'You wait.' }),
  value: ask({
    description: 'What a quantity of grain is worth now.',
    args: sellArgs,
    answer: ({ shared }, { quantity }) => String(quantity * shared.price),
  }),
}

const config = z.strictObject({
  traders: z.int().min(1).max(64).default(2).describe('how many traders'),
  horizon: z.int().min(1).max(1000).default(8).describe('turns of an episode'),
})
const ids = ({ traders }: ToyConfig): AgentId[] => Array.from({ length: traders }, (_, i) => `trader_${i}`)
const OFFERED = Object.keys(toyTools)

/** Sells a share of the grain, at least one unit. */
const sellSlot = (name: string, share: number) =>
  slot<ToyObservation>(
    name,
    'sell',
    `sells ${share} of the grain`,
    ({ grain }) => grain > 0,
    ({ grain }) => ({ quantity: Math.max(1, Math.floor(share * grain)) }),
  )

const encoding = defineEncoding<ToyTypes, ToyObservation>({
  view: observation => observation,
  pass: 'wait',
  features: [
    feature('grain', [0, 30], 'units of grain it has', ({ grain }) => grain),
    feature('price', [1, 10], 'price of a unit', ({ shared }) => shared.price),
  ],
  slots: [sellSlot('sell_half', 0.5), sellSlot('sell_all', 1)],
})

/** What this economy has no such thing of. */
const ABSENT = { reputation: null, survival: null, quality: null }

export const toyMarket: Environment<ToyTypes> = {
  id: 'toy_market',
  summary: 'Traders sell grain at a falling price.',
  version: 1,
  config,
  presets: { default: {}, crowded: { traders: 5 } },
  seats: c => ids(c).map((agent, i) => ({ agent, role: 'trader', learner: i === 0 })),
  tools: () => toyTools,
  offered: () => OFFERED,
  turn: () => ({ maxCalls: 2, repairs: 1, onSilence: 'pass' }),
  rules: ({ horizon }) =>
    `You trade grain for ${horizon} turns. The price falls by one a turn; rain brings up to three units to everybody.`,
  reset: (c, seed) => ({ config: c, seed, t: 0, cash: ids(c).map(() => 0), grain: ids(c).map(() => 5) }),
  actors: state => ids(state.config),
  shared: state => ({ t: state.t, price: price(state), cash: [...state.cash] }),
  observe: (state, agent, shared) => ({ shared, agent, grain: state.grain[indexOf(agent)]! }),
  render: ({ shared, grain }) => `Turn ${shared.t}. The price is ${shared.price}. You have ${grain} units of grain.`,
  encode: () => encoding,
  step(state, decisions) {
    const draft: ToyState = { ...state, cash: [...state.cash], grain: [...state.grain] }
    const outcome = new Outcome<ToyTypes>()
    for (const [agent, { calls }] of Object.entries(decisions)) {
      for (const [i, call] of calls.entries()) {
        if (i >= 2) {
          outcome.refuse(agent, call?.tool ?? '', tooManyCalls(2))
          continue
        }
        perform(outcome, toyTools, OFFERED, draft, agent, call)
      }
    }
    const rain = stream(state.seed, 'rain', state.t)
    const grain = draft.grain.map(() => rain.int(0, 3))
    for (const [i, quantity] of grain.entries()) draft.grain[i]! += quantity
    outcome.emit({ type: 'rained', grain })
    draft.t++
    const { events, results, refused } = outcome
    const rewards = Object.fromEntries(ids(state.config).map((agent, i) => [agent, (draft.cash[i]! - state.cash[i]!) / 100]))
    return { state: draft, rewards, events, results, refused, done: draft.t >= state.config.horizon ? 'truncated' : false }
  },
  score(log) {
    return Object.fromEntries(
      ids(log.header.config as ToyConfig).map(agent => [
        agent,
        { reward: earned(log, agent) / 100, payoff: earned(log, agent) / 100, ...ABSENT },
      ]),
    )
  },
  metrics: {
    docs: { earned: { description: 'cash from sales', formula: 'Σ quantity · price', range: '≥ 0', source: 'agoragym' } },
    of: (log, agent) => ({ earned: earned(log, agent) }),
  },
  facts: {
    standings: log => ({ cash: Object.fromEntries(Object.keys(log.header.seats).map(agent => [agent, earnings(log, agent)])) }),
  },
  invariants: {
    grain: (_before, after) =>
      after.grain.every(quantity => quantity >= 0) ? undefined : `negative grain: ${after.grain.join(', ')}`,
  },
}

function earned(log: EpisodeLog<ToyTypes>, agent: AgentId): number {
  return earnings(log, agent).at(-1) ?? 0
}

/** Cash after each step. */
function earnings(log: EpisodeLog<ToyTypes>, agent: AgentId): number[] {
  let cash = 0
  return log.steps.map(({ events }) => {
    for (const event of events) if (event.type === 'sold' && event.agent === agent) cash += event.quantity * event.price
    return cash
  })
}
