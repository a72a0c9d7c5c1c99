/** Which tools a configuration has, which of them can be called now, and what is said of one that cannot. */
import type { Refusal, ToolName } from '../core/tool.ts'
import { type Config, marketOf } from './config.ts'
import { auctionOpen } from './cores.ts'
import { marketTools } from './market_tools.ts'
import type { State } from './state.ts'
import { refusal, tools } from './tools.ts'

/** One of two sets, each always the same object. */
export function toolsOf(config: Config): typeof tools {
  return marketOf(config).published ? tools : marketTools
}

const ALL: readonly ToolName[] = Object.freeze(Object.keys(tools))
const WITHOUT_BIDS: readonly ToolName[] = Object.freeze(ALL.filter(name => name !== 'bid_core'))

/** Every tool at any time, but for bids, which only turn 1 of an auctioned economy takes. */
export function offered(state: State): readonly ToolName[] {
  return auctionOpen(state) ? ALL : WITHOUT_BIDS
}

export function withheld(state: State, tool: ToolName): Refusal {
  const when = state.config.core_auction ? 'on turn 1 only' : 'not in this economy'
  return refusal('wrong_phase', `${tool}: cores are sold ${when}. You may call: ${offered(state).join(', ')}.`)
}
