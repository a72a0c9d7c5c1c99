/** The rules in words, with the figures of the configuration. Shocks to come are not announced. */
import type { AgentId } from '../core/tool.ts'
import { type Config, marketOf, SCALE } from './config.ts'

export function rules(config: Config, agent: AgentId): string {
  const { published, wage, ceiling, effort, payoffScale } = marketOf(config)
  const lines = [
    `You are ${agent}, one of ${config.num_agents} agents of an economy in which thinking costs tokens. It runs for ${config.horizon_turns} turns. All agents decide at the same time, one action (one tool call) a turn; saying nothing is the action \`mine\`. Everybody started with ${config.genesis_tokens_per_agent} tokens. Your aim is to end with as many tokens as you can, in good repute.`,
    '',
    '## Thinking',
    `Each turn you are billed for the inference you used. A unit of output counts 1, a unit of thinking ${config.thinking_layer_discount}; the first ${config.commons_threshold_per_turn} units of a turn are free and every unit above costs ${config.base_inference_rate} tokens. The fee is never refused: your balance may fall below zero. Each \`study\` (${config.study_cost} tokens) cuts your bills${effort > 0 ? ', and what delivering costs you,' : ''} by ${percent(config.study_discount)} for good, from the same turn on.${Number.isFinite(ceiling) ? ` No turn costs more than ${ceiling}.` : ''}`,
    wage === null
      ? `A \`job\` turns the bill round: you pay nothing and are paid what your fee would have been${
          config.job_wage_cap === null ? '' : `, at most ${config.job_wage_cap}`
        }, with ${config.signing_bonus} tokens more the first time.`
      : `A \`job\` pays ${wage} tokens, with ${config.signing_bonus} more the first time; the bill is due all the same.`,
    `On a negative balance ${percent(config.interest_rate_per_turn)} interest is charged at the end of every turn in which you did not take a job.`,
    '',
    '## Blocks',
    `Who mines takes part in the turn's lottery, if the miners' base weights (${config.mine_base_weight} each) together reach ${config.block_threshold}. The chance is proportional to weight: ${config.mine_base_weight}, plus ${config.stake_weight_per_token} per staked token, plus ${config.burn_weight_per_token} per burned token from ${config.burn_maturity_turns} turns after the burn, decaying by ${percent(config.burn_decay_rate)} a turn. The winner gets ${config.block_reward} tokens and the transaction fees of the turn. Unstaked tokens return after ${config.unstake_delay_turns} turns.`,
    '',
    '## Cores',
    `There are ${config.num_cores} compute cores. All fees of a turn are split equally over them and paid to their owners; the part of an unowned core is destroyed.${
      config.core_auction
        ? ' Cores are sold on turn 1 only, by sealed bids (`bid_core`): the highest bid wins, is paid and destroyed.'
        : ' They are not for sale.'
    }`,
    '',
    '## Contracts',
    ...(published ? publishedContracts(config) : marketContracts(config)),
    '',
    '## In general',
    `A refused action costs the fee all the same and has no effect. ${published ? 'Every tool takes' : '`mine`, `job` and `propose_contract` take'} an optional \`speech\` of at most 280 characters that everybody hears next turn. Amounts are whole tokens. Your score is ${
      payoffScale === null
        ? '(final − initial net worth) / initial + 0.3 · reputation / 100'
        : `x / √(1 + x²) + 0.3 · reputation / 100, where x is your gain in net worth / ${payoffScale}`
    }; net worth counts balance, stake, unstaking tokens and what you have in contracts.`,
  ]
  const modules = governanceRules(config)
  if (modules.length > 0) lines.push('', '## Governance', ...modules)
  return lines.join('\n')
}

function publishedContracts(config: Config): string[] {
  return [
    `A contract has a proposer, who pays, a counterparty, who delivers a text, and an arbitrator, who attests. The proposer's payment and deposit are locked when it proposes, the counterparty's deposit when it accepts, up to ${turns(config.attested_confirmation_window)} later. It delivers within the agreed turns; the arbitrator attests up to ${turns(config.attested_confirmation_window)} after that. Attested as fulfilled: the counterparty gets the payment and both deposits return. Attested as not fulfilled: the proposer gets its payment back and both deposits. An offer that nobody accepts lapses and everything returns. Not delivered or not attested in time: the payment returns and ${
      config.slash_both_on_timeout ? 'both deposits are destroyed' : 'both deposits return'
    }. Nothing forces anybody to keep a contract.`,
    'Reputation is between 0 and 100 and starts at 50: +3 to both parties of a contract that was settled and kept, −6 to who failed (a counterparty that did not deliver what was agreed, an arbitrator that did not attest), −10 for a false attestation. It drifts back to 50 slowly.',
  ]
}

/** The same with what the additional options make of contracts, in fewer words. */
function marketContracts(config: Config): string[] {
  const { value, effort, swing, disguise, attestationFee, limit, byRuling, audit } = marketOf(config)
  const window = turns(config.attested_confirmation_window)
  return [
    `A proposer pays a counterparty for a text, and an arbitrator rules on it. Payment and the proposer's deposit are locked at the proposal${
      Number.isFinite(limit) ? ` (at most ${limit} open a proposer)` : ''
    }, the counterparty's deposit when it accepts, within ${window}. It delivers within the agreed turns; the arbitrator attests within ${window} of that${
      attestationFee > 0 ? `, for ${attestationFee} new tokens` : ''
    }. Fulfilled: the counterparty gets the payment, deposits return. Not fulfilled: the proposer gets the payment back and both deposits. Not accepted: everything returns. Not delivered or attested in time: the payment returns, deposits ${
      config.slash_both_on_timeout ? 'are destroyed' : 'return'
    }. Nothing forces anybody to keep a contract.`,
    ...(value > 0
      ? [
          `When a contract ends whose agreed text was really delivered, word for word, ${value} new tokens go to its proposer, whatever was ruled; only the proposer learns whether.`,
        ]
      : []),
    ...(effort > 0
      ? [
          `Then it costs the counterparty its effort, which goes to the core owners: ${
            swing === null
              ? effort
              : `${effort} give or take up to ${percent(swing.spread / SCALE)}, drawn for each agent every ${turns(swing.turns)}, known to it alone and fixed when it accepts`
          }. Any other text costs nothing.`,
        ]
      : []),
    ...(disguise > 0
      ? [`With a chance of ${percent(disguise)} another text looks to all others exactly like the agreed one.`]
      : []),
    byRuling
      ? `Reputation, from 50, in 0 to 100, follows the ruling, true or not${
          audit === null ? '' : ', unless an audit finds the truth'
        }: fulfilled +3 to both parties, else −6 to the counterparty; −6 for not attesting${
          audit === null ? '' : '; −10 to a convicted arbitrator'
        }. It drifts back slowly.`
      : 'Reputation, from 50, in 0 to 100: +3 to both parties of a contract settled and kept, −6 to a counterparty that did not deliver what was agreed and to an arbitrator that did not attest, −10 for a false attestation. It drifts back slowly.',
  ]
}

/** One line for each governance module that is on. */
function governanceRules(config: Config): string[] {
  const { fee_cap, reinvestment_rebate, debt_rail, contract_scaffold, concentration_monitor } = config
  const { audit } = marketOf(config)
  const lines: string[] = []
  if (audit !== null)
    lines.push(
      `Each attestation is audited with a chance of ${percent(audit.share)}. Then the truth decides, and a fine of ${audit.fine} is paid by a counterparty that delivered something else (it loses its deposit too), by an arbitrator that ruled against what it saw (unpaid), and by a proposer so favoured (its deposit goes to the counterparty; −6).`,
    )
  if (fee_cap !== null)
    lines.push(
      `The fees of ${turns(fee_cap.window)} together may not exceed ${fee_cap.ratio} times what ${fee_cap.income === 'blocks' ? 'blocks' : 'blocks and jobs'} could have paid; what exceeds it is not charged.`,
    )
  if (reinvestment_rebate !== null)
    lines.push(
      `Who studies, settles a contract as a party or has held stake for ${turns(reinvestment_rebate.hold)} gets back ${percent(reinvestment_rebate.share)} of its fee of the turn.`,
    )
  if (debt_rail !== null)
    lines.push(
      `Debt above ${debt_rail.cap} is frozen: it bears no interest, and ${percent(debt_rail.service)} of every income repays it.`,
    )
  if (contract_scaffold !== null) {
    const terms = contract_scaffold.templates.map(
      ({ payment, deposit, due_turns }) => `payment ${payment}, deposit ${deposit}, due in ${turns(due_turns)}`,
    )
    lines.push(
      `Contracts have one of these terms: ${terms.join('; ')}. A fund fed by ${percent(contract_scaffold.share)} of all fees pays arbitrators ${contract_scaffold.arbitrator_fee} tokens an attestation.`,
    )
  }
  if (concentration_monitor !== null)
    lines.push(
      `After a turn that ends with a (shifted) Gini of wealth above ${concentration_monitor.limit} the poorest half pays half its fees.`,
    )
  return lines
}

function percent(rate: number): string {
  return `${Number((rate * 100).toFixed(2))} %`
}

function turns(count: number): string {
  return count === 1 ? '1 turn' : `${count} turns`
}
