/** How a game begins: the draws of its scenario, the cast, and what its past left each resident. */
import { stream } from '../core/random.ts'
import type { AgentId } from '../core/tool.ts'
import type { SwarmConfig } from './config.ts'
import { openingLevers } from './governance.ts'
import { botCount, scenarioOf } from './scenarios.ts'
import { emptyTally } from './score.ts'
import { type Agent, BOT_TYPES, type BotType, LEARNER, START_REPUTATION, type State, seatIds } from './state.ts'
import { spawn } from './tasks.ts'

const TRUST = { fixed: 5, low: 3, high: 8 }

/**
 * Where residents have a past, what it left them: a reputation, and debts of which each was broken with a probability. Both
 * tell something of a resident's kind, and neither all.
 */
const PAST: Readonly<
  Record<
    BotType,
    { readonly reputation: readonly [number, number]; readonly debts: readonly [number, number]; readonly broken: number }
  >
> = {
  honest: { reputation: [50, 68], debts: [2, 6], broken: 0.04 },
  opportunistic: { reputation: [44, 62], debts: [2, 6], broken: 0.3 },
  deceptive: { reputation: [34, 56], debts: [1, 5], broken: 0.5 },
}

function pastOf(type: BotType, seed: number, id: AgentId): Required<Pick<Agent, 'start' | 'past'>> {
  const random = stream(seed, 'past', id)
  const { reputation, debts, broken } = PAST[type]
  const start = Number(random.uniform(...reputation).toFixed(1))
  const outcomes = Array.from({ length: random.int(...debts) }, () => random.chance(broken))
  const lost = outcomes.filter(outcome => outcome).length
  return { start, past: { repaid: outcomes.length - lost, broken: lost } }
}

/** The state before the first message. Bot types are shuffled over the ids, so that an id reveals none. */
export function reset(config: SwarmConfig, seed: number, played: readonly AgentId[] = [LEARNER]): State {
  const scenario = scenarioOf(config, seed)
  const counts = scenario.mix.split('/').map(Number)
  const types = stream(seed, 'cast').shuffle(
    BOT_TYPES.flatMap((type, i) => Array.from({ length: counts[i]! }, (): BotType => type)),
  )
  const agents = seatIds(botCount(config)).map((id, i): Agent => {
    const resident = i > 0 && !played.includes(id)
    const past = resident && scenario.start_past === 'drawn' ? pastOf(types[i - 1]!, seed, id) : undefined
    return {
      ...past,
      id,
      type: resident ? types[i - 1]! : 'player',
      reputation: past?.start ?? START_REPUTATION,
      resources: scenario.resources,
      task: null,
      frozenFor: null,
      social: 0,
      left: i === 0 && !played.includes(id),
      interactions: 0,
      trust: scenario.trust_phase === 'fixed' ? TRUST.fixed : stream(seed, 'trust', id).int(TRUST.low, TRUST.high),
      luck: stream(seed, 'bot', id).words(),
      works: [],
      dealings: {},
      outcome: '',
      tally: emptyTally(scenario),
    }
  })
  const state: State = {
    config: scenario,
    seed,
    step: 0,
    turns: 0,
    levers: openingLevers(scenario),
    agents,
    tasks: [],
    posts: [],
    proposals: [],
    pending: [],
    order: stream(seed, 'order').words(),
    recent: [],
    ...(scenario.trade_rule === 'loans' && { loans: [] }),
  }
  spawn(state)
  return state
}
