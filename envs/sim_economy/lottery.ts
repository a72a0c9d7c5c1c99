/** The block of a turn: whether there is one, and who wins it. */
import { resume } from '../core/random.ts'
import type { ToolName } from '../core/tool.ts'
import { ratesOf } from './config.ts'
import { earn, mint } from './ledger.ts'
import { type Block, type Event, now, roster, type State } from './state.ts'

/**
 * Draws the winner among the miners by full weight: base, stake and matured burn. There is a block where there is a miner
 * and the miners' base weights together reach the threshold; the winner gets the reward, minted, and the turn's
 * transaction fees (`tips`), which are destroyed where there is no block.
 */
export function drawBlock(
  draft: State,
  did: readonly (ToolName | null)[],
  tips: number,
  emit: (event: Event) => void,
): Block | null {
  const { mineWeight, stakeWeight, blockThreshold } = ratesOf(draft.config)
  let miners = 0
  let sum = 0
  let last = -1
  for (let row = 0; row < did.length; row++) {
    if (did[row] !== 'mine') continue
    miners++
    last = row
    sum += mineWeight + stakeWeight * draft.staked[row]! + draft.burnWeight[row]!
  }
  if (miners === 0 || miners * mineWeight < blockThreshold) return null
  const lottery = resume(draft.lotteryWords)
  const ticket = lottery.float()
  draft.lotteryWords = lottery.words()
  let winner = last
  // Where nobody has any weight every miner has the same chance.
  let left = ticket * (sum > 0 ? sum : miners)
  for (let row = 0; row < last; row++) {
    if (did[row] !== 'mine') continue
    left -= sum > 0 ? mineWeight + stakeWeight * draft.staked[row]! + draft.burnWeight[row]! : 1
    if (left < 0) {
      winner = row
      break
    }
  }
  const reward = mint(draft, winner, draft.config.block_reward, emit)
  earn(draft, winner, tips, emit)
  const block: Block = {
    turn: now(draft),
    winner: roster(did.length)[winner]!,
    validator_type: largestPart(mineWeight, stakeWeight * draft.staked[winner]!, draft.burnWeight[winner]!),
    reward,
    tips,
  }
  emit({ type: 'block_produced', block })
  return block
}

/** On equal parts the first of mine, stake, burn. */
function largestPart(mine: number, stake: number, burn: number): Block['validator_type'] {
  if (mine >= stake && mine >= burn) return 'mine'
  return stake >= burn ? 'stake' : 'burn'
}
