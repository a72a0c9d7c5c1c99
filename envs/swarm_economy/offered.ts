/** Which tools a configuration has, which of them an agent can call now, and what is said of one that it cannot. */
import type { Refusal, ToolSet } from '../core/tool.ts'
import type { SwarmConfig } from './config.ts'
import { agentOf, type State, type SwarmTypes } from './state.ts'
import { frozenWords, refusal } from './tool_args.ts'
import { build } from './tools.ts'

interface Offered {
  readonly tools: ToolSet<SwarmTypes>
  readonly names: readonly string[]
}

/** The tools of every wording asked for so far: the same object for the same configuration. */
const built = new Map<string, Offered>()

/** Those of the configurations that are in use: a game asks several times a step. */
const known = new WeakMap<SwarmConfig, Offered>()

/** The tools of a configuration and their names. */
export function toolsOf(config: SwarmConfig): Offered {
  let found = known.get(config)
  if (found === undefined) {
    found = builtFor(config)
    known.set(config, found)
  }
  return found
}

function builtFor(config: SwarmConfig): Offered {
  const { popular_bonus, explain_trades, submission_score, cancel_tool, work_rule, trade_rule } = config
  const key = `${popular_bonus} ${explain_trades} ${submission_score} ${cancel_tool} ${work_rule} ${trade_rule}`
  let offered = built.get(key)
  if (offered === undefined) {
    const tools = build(config)
    offered = { tools, names: Object.keys(tools) }
    built.set(key, offered)
  }
  return offered
}

const PASS_ONLY: readonly string[] = ['pass_turn']

/** A frozen agent can only pass. */
export function offered(state: State, agent: string): readonly string[] {
  return agentOf(state, agent).frozenFor === null ? toolsOf(state.config).names : PASS_ONLY
}

/** Why a tool is not offered: there is one reason. */
export function withheld(state: State, agent: string): Refusal {
  return refusal('frozen', frozenWords(state, agent))
}
