/** One turn, in the order of its parts; each part is a file of its own. */

import type { CallResult, Decisions, Step, Units } from '../core/environment.ts'
import { carryOut, namedTool, Outcome, tooManyCalls } from '../core/outcome.ts'
import { deepFreeze } from '../core/plain.ts'
import { sum } from '../core/sums.ts'
import { type AgentId, admit, allow, type Checked, type ToolName, type ToolSet } from '../core/tool.ts'
import { bill } from './billing.ts'
import { marketOf } from './config.ts'
import { timeOut } from './contracts.ts'
import { payDividends, sellCores } from './cores.ts'
import { chargeDebt } from './debt.ts'
import { countTips, feedFund, rebateFees, watchConcentration } from './governance.ts'
import { drawBlock } from './lottery.ts'
import { offered, toolsOf, withheld } from './offered.ts'
import { drift } from './reputation.ts'
import { rewardsOf } from './score.ts'
import { strike } from './shocks.ts'
import { ageBurns, returnStakes } from './staking.ts'
import { draftOf, type Event, effortFactors, now, roster, type SimEconomy, type State } from './state.ts'
import { MINED, PAID, WORKED } from './tools.ts'

export function step(state: State, decisions: Decisions): Step<SimEconomy> {
  const agents = roster(state.balance.length)
  const draft = draftOf(state)
  const outcome = new Outcome<SimEconomy>()
  const { emit, events } = outcome
  const turn = now(state)
  strike(draft, emit)

  const tools: ToolSet<SimEconomy> = toolsOf(state.config)
  const flat = marketOf(state.config).wage !== null
  const legal = offered(state)
  const refusalOf = (tool: ToolName) => withheld(state, tool)
  const judged = (agent: AgentId, checked: Checked): boolean =>
    carryOut(outcome, tools, draft, agent, allow(tools, legal, draft, agent, checked))
  const asked: (Checked | undefined)[] = []
  const units: (Units | undefined)[] = []
  /** What each agent does this turn; null once it is refused. */
  const did: (ToolName | null)[] = []
  /** Rows of the agents that made more than one call. */
  const wordy: number[] = []
  for (let row = 0; row < agents.length; row++) {
    const decision = decisions[agents[row]!]
    units.push(decision?.units)
    if (decision === undefined || decision.calls.length === 0) {
      asked.push(undefined)
      did.push('mine')
      continue
    }
    if (decision.calls.length > 1) wordy.push(row)
    const checked = admit(tools, legal, decision.calls[0], refusalOf)
    asked.push(checked)
    // A study is judged by the balance before the bill, and cheapens that bill already.
    const stands = checked.ok && (checked.action.tool !== 'study' || judged(agents[row]!, checked))
    did.push(stands ? checked.action.tool : null)
  }

  const bills = bill(draft, units, did, emit)

  for (let row = 0; row < agents.length; row++) {
    const checked = asked[row]
    if (checked === undefined) continue
    const agent = agents[row]!
    if (!checked.ok) {
      outcome.refuse(agent, checked.tool, checked.refusal)
      continue
    }
    const { tool, args } = checked.action
    if (tool === 'mine') outcome.results[agent] = TOLD.mine
    else if (tool === 'job') outcome.results[agent] = flat ? TOLD.paid : TOLD.job
    else if (tool !== 'study' && !judged(agent, checked)) did[row] = null
    if (did[row] !== null) hear(outcome, draft, agent, args)
  }
  for (const row of wordy) {
    const agent = agents[row]!
    // What came of the first call may be the list that all who did the same share.
    outcome.results[agent] = [...outcome.results[agent]!]
    for (const call of decisions[agent]!.calls.slice(1)) outcome.refuse(agent, namedTool(call), tooManyCalls(1))
  }
  sellCores(draft, events, emit)

  // What delivering cost is inference like any other: the cores earn it.
  const fees = sum(bills.fees) + effortsOf(events)
  const returned = rebateFees(draft, bills.fees, events, emit)
  payDividends(draft, fees - returned - feedFund(draft, fees - returned, emit), emit)

  ageBurns(draft)
  const tips = tipsOf(events)
  countTips(draft, tips)
  draft.block = drawBlock(draft, did, tips, emit)

  returnStakes(draft, emit)
  timeOut(draft, emit)
  const interest = chargeDebt(draft, did, emit)

  drift(draft)
  watchConcentration(draft, emit)
  draft.last = bills
  draft.did = did
  draft.turn = turn
  if (draft.effortFactors !== undefined)
    draft.effortFactors = effortFactors(state.config, state.seed, now(draft)) ?? draft.effortFactors
  emit({
    type: 'turn_closed',
    turn,
    thinking: bills.thinking,
    output: bills.output,
    fees: bills.fees,
    wages: bills.wages,
    interest,
    balance: draft.balance,
    staked: draft.staked,
    unstaking: draft.unstaking,
    escrow: draft.escrow,
    frozen: draft.frozen,
    reputation: draft.reputation,
  })
  return {
    state: draft,
    rewards: rewardsOf(state, draft),
    events,
    results: outcome.results,
    refused: outcome.refused,
    done: turn >= state.config.horizon_turns ? 'truncated' : false,
  }
}

const told = (text: string): CallResult[] => deepFreeze([{ ok: true, text }])

/** What comes of the actions that are nothing but their bill: the same for everybody, made once. */
const TOLD = { mine: told(MINED), job: told(WORKED), paid: told(PAID) }

/** The speech of an action that was carried out: everybody hears it next turn. */
function hear(outcome: Outcome<SimEconomy>, draft: State, agent: AgentId, args: unknown): void {
  const { speech } = args as { readonly speech?: string }
  if (!speech) return
  draft.speeches.push({ agent, text: speech })
  outcome.emit({ type: 'spoke', agent, text: speech })
}

/** What was charged for deliveries. */
function effortsOf(events: readonly Event[]): number {
  let efforts = 0
  for (const event of events) if (event.type === 'effort_charged') efforts += event.amount
  return efforts
}

/** The transaction fees of a turn. */
function tipsOf(events: readonly Event[]): number {
  let tips = 0
  for (const event of events) if (event.type === 'transferred') tips += event.fee
  return tips
}
