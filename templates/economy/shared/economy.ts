/**
 * The rules of my_economy: agents fish one pond, which grows by a tenth of what is left in it. A game of two tools to begin
 * with; `npm test` says what does not hold while you change it.
 */
import { type AgentId, type Environment, type EpisodeLog, Outcome, perform, stream, toolsFor, tooManyCalls, z } from 'agoragym'

/** One object per concept: what can be set, what the world is, what an agent sees, what happens. All of it is plain JSON. */
export interface MyEconomyConfig {
  fishers: number
  turns: number
}
interface State {
  config: MyEconomyConfig
  seed: number
  turn: number
  pond: number
  caught: number[]
}
interface Shared {
  turn: number
  pond: number
}
interface Observation {
  shared: Shared
  agent: AgentId
  caught: number
}
type Event = { type: 'fished'; agent: AgentId; quantity: number } | { type: 'grew'; quantity: number }
export interface MyEconomyTypes {
  Config: MyEconomyConfig
  State: State
  Observation: Observation
  Shared: Shared
  Event: Event
}

/** The schema's defaults are the first preset. */
const config = z.strictObject({
  fishers: z.int().min(1).max(64).default(4).describe('how many agents fish'),
  turns: z.int().min(1).max(1000).default(20).describe('turns of an episode'),
})

const idsOf = ({ fishers }: MyEconomyConfig): AgentId[] => Array.from({ length: fishers }, (_, i) => `fisher_${i}`)
const rowOf = (agent: AgentId): number => Number(agent.slice('fisher_'.length))

/** Declared once: schemas for models, validation, refusals, the menu of a person and the docs come from this. */
const { act } = toolsFor<MyEconomyTypes>()
const tools = {
  fish: act({
    description: 'Takes fish out of the pond.',
    args: z.strictObject({ quantity: z.int().min(1).max(10).describe('fish to take') }),
    candidates: ({ shared }) => [1, 3, 10].filter(quantity => quantity <= shared.pond).map(quantity => ({ quantity })),
    refuse(state, _agent, { quantity }) {
      if (quantity <= state.pond) return undefined
      return { code: 'pond_empty', message: `fish: the pond holds ${state.pond} fish, ${quantity} are too many` }
    },
    apply(draft, agent, { quantity }, emit) {
      draft.pond -= quantity
      draft.caught[rowOf(agent)]! += quantity
      emit({ type: 'fished', agent, quantity })
      return `You took ${quantity} fish.`
    },
  }),
  rest: act({ description: 'Leaves the pond alone.', args: z.strictObject({}), apply: () => 'You rest.' }),
}
const OFFERED = Object.keys(tools)
const MAX_CALLS = 1

export const myEconomy: Environment<MyEconomyTypes> = {
  id: 'my_economy',
  summary: 'Agents fish one pond, which grows by a tenth of what is left in it.',
  version: 1,
  config,
  presets: { standard: {}, crowded: { fishers: 12 } },
  seats: given => idsOf(given).map((agent, i) => ({ agent, role: 'fisher', learner: i === 0 })),
  tools: () => tools,
  offered: () => OFFERED,
  turn: () => ({ maxCalls: MAX_CALLS, repairs: 0, onSilence: 'pass' }),
  rules: ({ fishers, turns }) =>
    `${fishers} agents fish one pond for ${turns} turns. After each turn the pond grows by about a tenth of what is left in it, to 100 at most. Your score is what you took.`,
  reset: (given, seed) => ({ config: given, seed, turn: 0, pond: 60, caught: idsOf(given).map(() => 0) }),
  actors: state => idsOf(state.config),
  shared: ({ turn, pond }) => ({ turn, pond }),
  observe: (state, agent, shared) => ({ shared, agent, caught: state.caught[rowOf(agent)]! }),
  render: ({ shared, caught }) => `Turn ${shared.turn}. The pond holds ${shared.pond} fish. You have taken ${caught}.`,
  step(state, decisions) {
    // Copied once; from here on the copy may be changed like any object.
    const draft: State = { ...state, caught: [...state.caught] }
    const outcome = new Outcome<MyEconomyTypes>()
    for (const [agent, { calls }] of Object.entries(decisions)) {
      for (const [i, call] of calls.entries()) {
        if (i < MAX_CALLS) perform(outcome, tools, OFFERED, draft, agent, call)
        else outcome.refuse(agent, call?.tool ?? '', tooManyCalls(MAX_CALLS))
      }
    }
    // Chance comes from named streams of the seed alone: the same seed is the same world.
    const luck = stream(state.seed, 'growth', state.turn).int(8, 12)
    const quantity = Math.min(100 - draft.pond, Math.floor((draft.pond * luck) / 100))
    draft.pond += quantity
    draft.turn++
    outcome.emit({ type: 'grew', quantity })
    const rewards = Object.fromEntries(idsOf(state.config).map((agent, i) => [agent, draft.caught[i]! - state.caught[i]!]))
    const { events, results, refused } = outcome
    // `truncated` is the planned end; the log calls it `horizon`.
    return { state: draft, rewards, events, results, refused, done: draft.turn >= state.config.turns && 'truncated' }
  },
  score(log) {
    // Parts of which the economy has no such thing are null.
    const parts = { reputation: null, survival: null, quality: null }
    return Object.fromEntries(
      idsOf(log.header.config as MyEconomyConfig).map(agent => {
        const caught = caughtBy(log, agent)
        return [agent, { reward: caught, payoff: caught, ...parts }]
      }),
    )
  },
  metrics: {
    docs: {
      caught: { description: 'fish that the seat took', formula: 'Σ quantity', range: '≥ 0 fish', source: 'my_economy' },
      caught_by_all: { description: 'fish that all seats took', formula: 'Σ quantity', range: '≥ 0 fish', source: 'my_economy' },
    },
    of: (log, agent) => ({
      caught: caughtBy(log, agent),
      caught_by_all: Object.keys(log.header.seats).reduce((sum, seat) => sum + caughtBy(log, seat), 0),
    }),
  },
  invariants: {
    pond: (_before, { pond }) => (pond >= 0 && pond <= 100 ? undefined : `the pond holds ${pond} fish`),
  },
}

function caughtBy(log: EpisodeLog<MyEconomyTypes>, agent: AgentId): number {
  let caught = 0
  for (const { events } of log.steps)
    for (const event of events) if (event.type === 'fished' && event.agent === agent) caught += event.quantity
  return caught
}
