/**
 * The same tools in the short words of our own presets, whose rules have the figures. Who is busy with contracts has no breath to
 * speak: most of them take no speech.
 */
import { z } from 'zod'
import { MAX_TOKENS } from './config.ts'
import { agentId, amount, text, tools } from './tools.ts'

export const marketTools: typeof tools = {
  mine: { ...tools.mine, description: 'Enters this turn’s lottery, as silence does.', args: spoken({}) },
  job: { ...tools.job, description: 'Works for this turn’s wage.', args: spoken({}) },
  stake: { ...tools.stake, description: 'Stakes tokens: lottery weight.', args: unspoken({ amount: amount('tokens') }) },
  unstake: {
    ...tools.unstake,
    description: 'Takes staked tokens back; they return after the delay.',
    args: unspoken({ amount: amount('tokens') }),
  },
  burn: {
    ...tools.burn,
    description: 'Destroys tokens: lottery weight that comes later and decays.',
    args: unspoken({ amount: amount('tokens') }),
  },
  study: { ...tools.study, description: 'Pays for a permanent cut of your costs.', args: unspoken({}) },
  transfer: {
    ...tools.transfer,
    description: 'Gives tokens away.',
    args: unspoken({
      to: agentId('agent that gets them'),
      amount: amount('tokens'),
      fee: z.int().min(0).max(MAX_TOKENS).describe('more, for this turn’s block winner'),
    }),
  },
  bid_core: {
    ...tools.bid_core,
    description: 'Sealed bid for a core, turn 1 only.',
    args: unspoken({ core_id: agentId('such as core_0'), amount: amount('paid if you win') }),
  },
  propose_contract: {
    ...tools.propose_contract,
    description: 'Offers payment for a text; locks payment and deposit.',
    args: spoken({
      counterparty: agentId('agent that delivers'),
      arbitrator: agentId('agent that judges'),
      payment: amount('tokens on settlement'),
      deposit: z.int().min(0).max(MAX_TOKENS).describe('tokens of each party'),
      deliverable: text('the text, word for word'),
      due_turns: z.int().min(1).max(50).describe('from acceptance to delivery'),
    }),
  },
  accept_contract: {
    ...tools.accept_contract,
    description: 'Accepts an offer to you; locks your deposit.',
    args: unspoken({ contract_id: agentId('its id') }),
  },
  deliver_contract: {
    ...tools.deliver_contract,
    description: 'Delivers what you accepted, or something else.',
    args: unspoken({ contract_id: agentId('its id'), content: text('the text') }),
  },
  attest_contract: {
    ...tools.attest_contract,
    description: 'Rules as arbitrator on a delivery.',
    args: unspoken({ contract_id: agentId('its id'), fulfilled: z.boolean().describe('your ruling') }),
  },
  cancel_contract: {
    ...tools.cancel_contract,
    description: 'Takes back your offer before it is accepted.',
    args: unspoken({ contract_id: agentId('its id') }),
  },
}

/** Arguments of a tool with, and without, words to everybody. */
function spoken<Shape extends z.ZodRawShape>(shape: Shape) {
  return z.strictObject({ ...shape, speech: z.string().max(280).optional().describe('heard by all next turn') })
}
function unspoken<Shape extends z.ZodRawShape>(shape: Shape) {
  return z.strictObject(shape)
}
