/**
 * What a turn of thinking costs, and what a job pays. The rules are those of the published runs; the drawn units are
 * Uniform{50…350} thinking and Uniform{40…280} output, as published.
 */
import type { Units } from '../core/environment.ts'
import { resume } from '../core/random.ts'
import type { ToolName } from '../core/tool.ts'
import { MAX_UNITS, marketOf, ratesOf, SCALE } from './config.ts'
import { capFees, halveFees } from './governance.ts'
import { charge, mint } from './ledger.ts'
import { feeFactor, jobsPay } from './shocks.ts'
import { type Bills, type Event, now, type State } from './state.ts'

const DRAWN = { thinking: { min: 50, values: 301 }, output: { min: 40, values: 241 } } as const
const DRAWN_PAIRS = DRAWN.thinking.values * DRAWN.output.values

/** Rates multiplied: inference rate × what studies leave of it. */
const RATE_SCALE = SCALE * SCALE

/**
 * Charges every agent's fee and pays every job's wage: its bill turned round or, where the configuration has one, a flat
 * wage beside the bill. `units` are what each agent reported, undefined where it reported
 * none; `did` says who works. More units than `MAX_UNITS` of a kind are billed as that many.
 */
export function bill(
  draft: State,
  units: readonly (Units | undefined)[],
  did: readonly (ToolName | null)[],
  emit: (event: Event) => void,
): Bills {
  const { config, studies } = draft
  const rates = ratesOf(config)
  const turn = now(draft)
  const factor = feeFactor(config, turn)
  const pays = jobsPay(config, turn)
  const cap = config.job_wage_cap ?? Number.POSITIVE_INFINITY
  const { wage: flat, ceiling } = marketOf(config)
  // One draw for every agent, whether it is needed or not: what one agent reports moves nobody else's numbers.
  const draws = resume(draft.unitWords)
  const thinking: number[] = []
  const output: number[] = []
  const fees: number[] = []
  const wages: number[] = []
  let possible = 0
  for (let row = 0; row < did.length; row++) {
    const pair = Math.floor(draws.float() * DRAWN_PAIRS)
    const used = units[row] ?? {
      output: DRAWN.output.min + (pair % DRAWN.output.values),
      thinking: DRAWN.thinking.min + Math.floor(pair / DRAWN.output.values),
    }
    const thought = Math.min(used.thinking, MAX_UNITS)
    const written = Math.min(used.output, MAX_UNITS)
    thinking.push(thought)
    output.push(written)
    const over = Math.floor((thought * rates.thinking) / SCALE) + written - config.commons_threshold_per_turn
    const kept = Math.max(0, SCALE - rates.study * studies[row]!)
    const cost = Math.min(ceiling, times(over, rates.inference * kept))
    const wage = pays ? (flat ?? Math.min(cost, cap)) : 0
    possible += wage
    const works = did[row] === 'job'
    const fee = factor === SCALE ? cost : Math.min(ceiling, times(over, Math.floor((rates.inference * factor) / SCALE) * kept))
    // A job turns the bill round, unless it has a wage of its own.
    fees.push(works && flat === null ? 0 : fee)
    wages.push(works ? wage : 0)
  }
  draft.unitWords = draws.words()

  halveFees(draft, fees, emit)
  capFees(draft, fees, possible, emit)
  for (let row = 0; row < did.length; row++) {
    if (fees[row] !== 0) fees[row] = charge(draft, row, fees[row]!)
    if (did[row] === 'job' && pays) {
      const bonus = draft.signed[row] ? 0 : config.signing_bonus
      draft.signed[row] = true
      wages[row] = mint(draft, row, wages[row]! + bonus, emit)
    }
  }
  return { thinking, output, fees, wages }
}

/** ⌊units · rate⌋ for a rate over `RATE_SCALE`, without leaving the exact integers; 0 where there are no units. */
function times(units: number, rate: number): number {
  if (units <= 0) return 0
  const rest = rate % RATE_SCALE
  const whole = units * ((rate - rest) / RATE_SCALE)
  return rest === 0 ? whole : whole + Math.floor((units * rest) / RATE_SCALE)
}
