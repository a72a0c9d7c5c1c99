/** The rules of our own presets, each by a case worked out by hand and each switched on over the published rules alone. */
import { describe, expect, test } from 'vitest'
import { Episode } from '../../../envs/core/episode.ts'
import { difference } from '../../../envs/core/plain.ts'
import { stream } from '../../../envs/core/random.ts'
import { toolSchema } from '../../../envs/core/tool.ts'
import { type ConfigInput, configSchema, presets } from '../../../envs/sim_economy/config.ts'
import { simEconomy } from '../../../envs/sim_economy/index.ts'
import type { Event, State } from '../../../envs/sim_economy/state.ts'
import { type Fields, type Played, play, type Turn, world } from './worlds.ts'

const offer = (payment = 300, deposit = 100): Turn => ({
  moves: {
    0: [
      'propose_contract',
      { counterparty: 'agent_1', arbitrator: 'agent_2', payment, deposit, deliverable: 'a report', due_turns: 2 },
    ],
  },
})
const accept: Turn = { moves: { 1: ['accept_contract', { contract_id: 'contract_0' }] } }
const deliver = (content = 'a report'): Turn => ({
  moves: { 1: ['deliver_contract', { contract_id: 'contract_0', content }] },
})
const attest = (fulfilled: boolean): Turn => ({ moves: { 2: ['attest_contract', { contract_id: 'contract_0', fulfilled }] } })

/** A contract from offer to ruling among agent_0, who pays 300, agent_1 and agent_2; deposits of 100. */
function contract(fields: Fields, content: string, ruling: boolean, seed = 1): Played {
  return play(world({ slash_both_on_timeout: true, ...fields }, {}, seed), [offer(), accept, deliver(content), attest(ruling)])
}
const of = <Type extends Event['type']>(events: readonly Event[], type: Type) =>
  events.filter((event): event is Extract<Event, { type: Type }> => event.type === type)

describe('configurations', () => {
  test('{} is the preset standard, and what a configuration leaves open is as there', () => {
    expect(configSchema.parse({})).toEqual(configSchema.parse(presets.standard))
    expect(configSchema.parse({ horizon_turns: 5 })).toEqual({ ...configSchema.parse({}), horizon_turns: 5 })
    expect(configSchema.parse({ audit: null }).audit).toBeNull()
  })

  test('a published preset is complete as it stands: not one field more, and the same again', () => {
    for (const preset of [presets.paper, presets['llm-run-01']]) {
      const parsed = configSchema.parse(preset)
      expect(parsed).toEqual(preset)
      expect(configSchema.parse(parsed)).toEqual(parsed)
    }
    expect(configSchema.parse({ ...presets.paper, audit: {} })).toEqual({ ...presets.paper, audit: { share: 0.7, fine: 200 } })
  })

  test.each([undefined, null, 5, true, 'standard', [], [presets.paper]])('%j is none', given => {
    expect(configSchema.safeParse(given).success).toBe(false)
  })

  test('-0 is 0, as a log has it', () => {
    const { success, data } = configSchema.safeParse({ study_discount: -0, signing_bonus: -0, audit: { share: -0, fine: -0 } })
    expect(success && [data.study_discount, data.signing_bonus, data.audit!.share, data.audit!.fine]).toEqual([0, 0, 0, 0])
  })

  test('a rate has four decimals at most, the least of which counts', () => {
    expect(configSchema.safeParse({ study_discount: 0.1234 }).success).toBe(true)
    expect(configSchema.safeParse({ study_discount: 0.12345 }).success).toBe(false)
  })

  test('easy pays more for what costs less and is audited more often than standard, hard the other way round; short is short', () => {
    const [easy, standard, hard, short] = (['easy', 'standard', 'hard', 'short'] as const).map(name =>
      configSchema.parse(presets[name]),
    )
    for (const [more, less] of [
      [easy!, standard!],
      [standard!, hard!],
    ] as const) {
      expect(more.contract_value! / more.delivery_effort!).toBeGreaterThan(less.contract_value! / less.delivery_effort!)
      expect(more.audit!.share).toBeGreaterThan(less.audit!.share)
      expect({ ...more, contract_value: 0, delivery_effort: 0, audit: null }).toEqual({
        ...less,
        contract_value: 0,
        delivery_effort: 0,
        audit: null,
      })
    }
    expect(short!.horizon_turns).toBeLessThan(standard!.horizon_turns / 4)
    // In a short game an effort drawn once is kept, and there is still something to be gained.
    expect(short!.effort_swing!.turns).toBeGreaterThanOrEqual(short!.horizon_turns)
    expect(short!.payoff_scale).toBeLessThan(standard!.payoff_scale!)
  })

  test('the standard economy sells its cores and destroys the deposits of a contract that timed out', () => {
    expect(configSchema.parse({})).toMatchObject({ core_auction: true, slash_both_on_timeout: true })
  })

  test('llm-run-01 is the paper’s economy of four agents and two cores, which are sold, for ten turns; two miners are no quorum there', () => {
    expect(presets['llm-run-01']).toEqual({
      ...presets.paper,
      num_agents: 4,
      num_cores: 2,
      core_auction: true,
      horizon_turns: 10,
      block_threshold: 10,
    })
  })

  test('every preset of ours, read back from a log, is what it was', () => {
    for (const preset of Object.values(presets)) {
      const parsed = configSchema.parse(preset)
      expect(configSchema.parse(JSON.parse(JSON.stringify(parsed)))).toEqual(parsed)
    }
  })
})

describe('wages and bills', () => {
  test('a flat wage is paid whatever was written, beside a bill that is due: 1000 − 50 + 20 + 50', () => {
    const { state } = play(world({ job_wage: 20 }), [{ moves: { 0: ['job'] }, units: { 0: [0, 150] } }])
    expect(state.balance[0]).toBe(1020)
  })

  test('a wage stop stops the flat wage, not the bill', () => {
    const shocks = [{ shock: 'wage_stop' as const, turn: 1, length: 1 }]
    const { state } = play(world({ job_wage: 20, shocks }), [{ moves: { 0: ['job'] }, units: { 0: [0, 150] } }])
    expect([state.balance[0], state.signed[0]]).toEqual([950, false])
  })

  test('no bill is above the ceiling, also while fees are multiplied', () => {
    const million: Turn = { units: { 0: [1_000_000, 1_000_000], 1: [0, 105] } }
    expect(play(world({ fee_ceiling: 12 }), [million]).state.balance).toEqual([988, 995, 1000])
    const shocks = [{ shock: 'fee_rate' as const, turn: 1, factor: 4 }]
    expect(play(world({ fee_ceiling: 12, shocks }), [million]).state.balance).toEqual([988, 988, 1000])
  })
})

describe('tools', () => {
  /** Names and schemas without the words that go with them: descriptions and speech. */
  const bare = (config: ConfigInput) =>
    Object.entries(simEconomy.tools(configSchema.parse(config))).map(([name, tool]) => {
      const { speech, ...properties } = toolSchema(name, tool).parameters.properties as Record<string, object>
      const plain = Object.entries(properties).map(([key, { description, ...schema }]: [string, { description?: string }]) => [
        key,
        schema,
      ])
      return [name, Object.fromEntries(plain), speech !== undefined] as const
    })
  const arguments_ = (config: ConfigInput) => bare(config).map(([name, schema]) => [name, schema])
  const spoken = (config: ConfigInput) => bare(config).flatMap(([name, , speaks]) => (speaks ? [name] : []))

  test('take the same arguments in the short words of our presets as in those of the published rules', () => {
    expect(arguments_({})).toEqual(arguments_(presets.paper))
  })

  test('carry words at all times under the published rules, and with three actions once a single option of ours is on', () => {
    expect(spoken(presets.paper)).toEqual(Object.keys(simEconomy.tools(configSchema.parse(presets.paper))))
    expect(spoken({ ...presets.paper, audit: null })).toEqual(['mine', 'job', 'propose_contract'])
  })

  test('at most 280 characters of them, and a text of 500 to be delivered', () => {
    const told = (speech: string, deliverable: string) => {
      const args = { counterparty: 'agent_1', arbitrator: 'agent_2', payment: 1, deposit: 0, due_turns: 1 }
      return play(world({ contract_value: 1 }), [{ moves: { 0: ['propose_contract', { ...args, speech, deliverable }] } }])
        .refused
    }
    expect(told('x'.repeat(280), 'y'.repeat(500))).toEqual([])
    expect(told('x'.repeat(281), 'y')).toMatchObject([{ code: 'bad_arguments' }])
    expect(told('x', 'y'.repeat(501))).toMatchObject([{ code: 'bad_arguments' }])
    expect(told('x', '')).toMatchObject([{ code: 'bad_arguments' }])
  })

  test('say of a job whether a fee is due', () => {
    const said = (fields: Fields) =>
      simEconomy.step(world(fields), { agent_0: { calls: [{ tool: 'job', args: {} }] } }).results.agent_0
    expect(said({})).toMatchObject([{ ok: true, text: expect.stringContaining('no fee') }])
    expect(said({ job_wage: 5 })).toMatchObject([{ ok: true, text: expect.not.stringContaining('no fee') }])
  })

  test('say what an action came to', () => {
    const { results } = simEconomy.step(world({ unstake_delay_turns: 2 }, { staked: [0, 30, 0] }), {
      agent_0: { calls: [{ tool: 'stake', args: { amount: 80 } }] },
      agent_1: { calls: [{ tool: 'unstake', args: { amount: 30 } }] },
      agent_2: { calls: [{ tool: 'burn', args: { amount: 7 } }] },
    })
    const text = (agent: string) => (results[agent]![0] as { readonly text: string }).text
    expect(text('agent_0')).toMatch(/80/)
    expect(text('agent_1')).toMatch(/30.*turn 3/)
    expect(text('agent_2')).toMatch(/7.*turn 4/)
    const ruled = (fulfilled: boolean) => {
      const { state } = play(world(), [offer(), accept, deliver()])
      const { results } = simEconomy.step(state, {
        agent_2: { calls: [{ tool: 'attest_contract', args: { contract_id: 'contract_0', fulfilled } }] },
      })
      return results.agent_2
    }
    expect(ruled(true)).toMatchObject([{ text: expect.not.stringContaining('not ') }])
    expect(ruled(false)).toMatchObject([{ text: expect.stringContaining('not ') }])
  })
})

describe('what a contract creates and costs', () => {
  test('value goes to the proposer where the text was really delivered, whatever was ruled', () => {
    const paid = contract({ contract_value: 500 }, 'a report', true)
    expect(paid.state.balance).toEqual([1000 - 300 + 500, 1300, 1000])
    const robbed = contract({ contract_value: 500 }, 'a report', false)
    expect(robbed.state.balance).toEqual([1000 + 500 + 100, 900, 1000])
    const fooled = contract({ contract_value: 500 }, 'nothing', true)
    expect(fooled.state.balance).toEqual([700, 1300, 1000])
  })

  test('value is created, and effort charged, also where nobody attests in time', () => {
    const fields = { contract_value: 500, delivery_effort: 200 }
    const { state, events } = play(world(fields), [offer(), accept, deliver(), {}, {}, {}])
    expect(of(events, 'contract_defaulted')[0]).toMatchObject({ cause: 'not_attested', kept: true })
    expect(state.balance).toEqual([1000 - 100 + 500, 1000 - 100 - 200, 1000])
  })

  test('effort shows in no balance before the contract is concluded, so that a balance betrays no delivery', () => {
    const delivered = (content: string) =>
      play(world({ delivery_effort: 200, disguise_rate: 1, contract_value: 500 }), [offer(), accept, deliver(content)]).state
    const [kept, false_] = [delivered('a report'), delivered('nothing')]
    const visible = ({ work: _, ...state }: State) => state
    expect(difference(visible(kept), visible(false_))).toBeUndefined()
  })

  test('effort is charged once, less the studies, and earned by the cores: 200 · 0.9 over two cores', () => {
    const { state, events } = play(world({ delivery_effort: 200 }, { studies: [0, 2, 0], coreOwners: ['agent_2', null] }), [
      offer(),
      accept,
      deliver(),
      attest(true),
    ])
    expect(of(events, 'effort_charged')).toEqual([
      { type: 'effort_charged', agent: 'agent_1', contract: 'contract_0', amount: 180 },
    ])
    expect(state.balance).toEqual([700, 1300 - 180, 1090])
  })

  test('another text costs nothing', () => {
    expect(contract({ delivery_effort: 200 }, 'nothing', true).state.balance).toEqual([700, 1300, 1000])
  })

  test('where delivering costs nothing no effort is told or charged', () => {
    const { state, events } = contract({ disguise_rate: 0.5, contract_value: 500 }, 'a report', true)
    expect(of(events, 'effort_charged')).toEqual([])
    const seen = simEconomy.observe(state, 'agent_1', simEconomy.shared(state))
    expect([seen.effort, seen.efforts]).toEqual([undefined, undefined])
  })

  test('efforts swing within their spread, change when they should, are one’s own to see and fixed on acceptance', () => {
    const fields = { delivery_effort: 200, effort_swing: { spread: 0.5, turns: 2 }, num_agents: 40 }
    const start = world(fields)
    const seen = (state: State, row: number) => simEconomy.observe(state, `agent_${row}`, simEconomy.shared(state))
    const efforts = (state: State) => state.balance.map((_, row) => seen(state, row).effort!)
    const first = efforts(start)
    expect(Math.min(...first)).toBeGreaterThanOrEqual(100)
    expect(Math.max(...first)).toBeLessThanOrEqual(300)
    expect(new Set(first).size).toBeGreaterThan(20)
    const second = play(start, [offer()]).state
    expect(efforts(second)).toEqual(first)
    const third = play(second, [accept]).state
    expect(efforts(third)).not.toEqual(first)
    expect(seen(third, 1).efforts).toEqual({ contract_0: first[1] })
    expect(seen(third, 0).efforts).toEqual({})
    expect(simEconomy.shared(third)).toEqual({ ...simEconomy.shared({ ...third, work: {}, effortFactors: [] }) })
    const { events } = play(third, [deliver(), attest(true)])
    expect(of(events, 'effort_charged')[0]!.amount).toBe(first[1])
  })

  test('an arbitrator is paid for attesting', () => {
    const { state, events } = contract({ attestation_fee: 20 }, 'a report', true)
    expect(state.balance[2]).toBe(1020)
    expect(of(events, 'attestation_paid')[0]!.amount).toBe(20)
  })

  test('nobody has more contracts open as proposer than the limit', () => {
    const { refused, state } = play(world({ contract_limit: 1 }), [offer(10, 0), offer(10, 0)])
    expect(refused.map(({ code }) => code)).toEqual(['too_many_contracts'])
    const again = play(state, [{ moves: { 0: ['cancel_contract', { contract_id: 'contract_0' }] } }, offer(10, 0)])
    expect(again.refused).toEqual([])
  })
})

describe('disguises', () => {
  const fields = { disguise_rate: 0.7, contract_value: 500, delivery_effort: 100 }

  test('some texts come to look like the agreed one to everybody, as often as the rate says', () => {
    let disguised = 0
    for (let seed = 0; seed < 400; seed++) {
      const { state, events } = play(world(fields, {}, seed), [offer(), accept, deliver('nothing')])
      const looks = state.contracts.contract_0!.content === 'a report'
      expect(of(events, 'delivery_disguised')).toHaveLength(looks ? 1 : 0)
      expect(of(events, 'contract_delivered')[0]!.content).toBe('nothing')
      const shown = simEconomy.observe(state, 'agent_1', simEconomy.shared(state))
      if (looks) expect(JSON.stringify(shown)).not.toContain('nothing')
      if (looks) disguised++
    }
    // 280 expected; four standard deviations are 37.
    expect(Math.abs(disguised - 280)).toBeLessThan(37)
  })

  test('the agreed text is never taken for a disguise', () => {
    const { state, events } = contract({ ...fields, disguise_rate: 1 }, 'a report', true)
    expect(state.balance).toEqual([700 + 500, 1300 - 100, 1000])
    expect(of(events, 'contract_settled')[0]!.kept).toBe(true)
  })

  test('what passes for the agreed text is none: no value, no effort, and the log says so', () => {
    const { state, events } = contract({ ...fields, disguise_rate: 1 }, 'nothing', true)
    expect(state.balance).toEqual([700, 1300, 1000])
    expect(of(events, 'contract_settled')[0]!.kept).toBe(false)
    expect([...of(events, 'value_created'), ...of(events, 'effort_charged')]).toEqual([])
  })

  test('only the proposer learns what the contract was worth, and only the three parties that it ended', () => {
    const { state } = contract({ ...fields, num_agents: 4, disguise_rate: 1 }, 'nothing', true)
    const told = (agent: string) => simEconomy.observe(state, agent, simEconomy.shared(state)).concluded
    expect(told('agent_0')).toMatchObject([{ contract: 'contract_0', outcome: 'settled', audited: false, value: 0 }])
    expect(told('agent_1')).toMatchObject([{ value: null }])
    expect(told('agent_2')).toMatchObject([{ value: null }])
    expect(told('agent_3')).toEqual([])
    expect(simEconomy.render(simEconomy.observe(state, 'agent_0', simEconomy.shared(state)))).toContain('worth 0 to you')
    expect(told('agent_0')).not.toEqual(
      simEconomy.observe(play(state, [{}]).state, 'agent_0', simEconomy.shared(state)).concluded,
    )
  })
})

/** After one turn of drift. */
const drifted = (reputation: number): number => reputation + 0.02 * (50 - reputation)

describe('reputation by ruling', () => {
  const ruling = { reputation_basis: 'ruling' as const, disguise_rate: 0.9, contract_value: 1 }
  test.each([
    ['a true yes', 'a report', true, [53, 53, 50]],
    ['a false yes', 'nothing', true, [53, 53, 50]],
    ['a true no', 'nothing', false, [50, 44, 50]],
    ['a false no', 'a report', false, [50, 44, 50]],
  ])('%s', (_name, content, says, points) => {
    expect(contract(ruling, content, says).state.reputation).toEqual(points.map(drifted))
  })

  test('who does not deliver or does not attest still loses', () => {
    expect(play(world(ruling), [offer(), accept, {}, {}]).state.reputation).toEqual([50, 44, 50].map(drifted))
    expect(play(world(ruling), [offer(), accept, deliver(), {}, {}, {}]).state.reputation).toEqual([50, 50, 44].map(drifted))
  })
})

describe('audits', () => {
  const audited: Fields = {
    audit: { share: 1, fine: 200 },
    reputation_basis: 'ruling',
    contract_value: 500,
    attestation_fee: 20,
    disguise_rate: 0,
  }
  const seen: Record<
    string,
    readonly [content: string, says: boolean, disguise: number, balance: number[], points: number[], convicted: string[]]
  > = {
    'honest all round: nobody is fined': ['a report', true, 0, [1200, 1300, 1020], [53, 53, 50], []],
    'a false delivery that passes: the counterparty pays fine and deposit, the arbitrator saw nothing': [
      'nothing',
      true,
      1,
      [1100, 700, 1020],
      [50, 44, 50],
      ['agent_1'],
    ],
    'a false delivery that is called good: both pay': [
      'nothing',
      true,
      0,
      [1100, 700, 800],
      [50, 44, 40],
      ['agent_2', 'agent_1'],
    ],
    'a false delivery that is called bad: the counterparty pays': [
      'nothing',
      false,
      0,
      [1100, 700, 1020],
      [50, 44, 50],
      ['agent_1'],
    ],
    'good work called bad: arbitrator and proposer pay, and the counterparty gets payment and deposit': [
      'a report',
      false,
      0,
      [1000 - 300 - 100 + 500 - 200, 1400, 800],
      [44, 53, 40],
      ['agent_2', 'agent_0'],
    ],
  }
  test.each(Object.entries(seen))('%s', (_name, [content, says, disguise, balance, points, convicted]) => {
    const { state, events } = contract({ ...audited, disguise_rate: disguise }, content, says)
    expect(state.balance).toEqual(balance)
    expect(state.reputation).toEqual(points.map(drifted))
    expect(of(events, 'audited')).toMatchObject([{ convicted, fines: convicted.map(() => 200), ruling: says }])
  })

  test('as many rulings are audited as the share says, and which ones depends on nobody’s play', () => {
    const which = (content: string, says: boolean) =>
      Array.from(
        { length: 300 },
        (_, seed) => of(contract({ ...audited, audit: { share: 0.3, fine: 10 } }, content, says, seed).events, 'audited').length,
      )
    const chosen = which('a report', true)
    const count = chosen.reduce((a, b) => a + b)
    // 90 expected; four standard deviations are 32.
    expect(Math.abs(count - 90)).toBeLessThan(32)
    expect(which('nothing', false)).toEqual(chosen)
  })
})

describe('the score', () => {
  test('payoff on a scale bends what was gained: x / √(1 + x²), 375 of 500 are 0.6', () => {
    const game = new Episode(simEconomy, { ...presets.paper, num_agents: 3, payoff_scale: 500 }, 1)
    const units = { thinking: 0, output: 0, source: 'reported' as const }
    const { rewards } = game.step({
      agent_0: { calls: [], units },
      agent_1: { calls: [{ tool: 'transfer', args: { to: 'agent_0', amount: 375, fee: 0 } }], units },
      agent_2: { calls: [], units },
    })
    const { agent_0, agent_1, agent_2 } = simEconomy.score(game.log)
    expect([agent_0!.payoff, agent_1!.payoff, agent_2!.payoff]).toEqual([0.6, -0.6, 0])
    expect([rewards.agent_0, rewards.agent_1, rewards.agent_2]).toEqual([0.6, -0.6, 0])
  })
})

test('the rules of each preset of ours, its tools and what a rich observation shows fit into 3,000 tokens; words are described where they are taken', () => {
  for (const name of ['standard', 'easy', 'hard', 'short'] as const) {
    const config = configSchema.parse(presets[name])
    const tools = Object.entries(simEconomy.tools(config)).map(([tool, declared]) => toolSchema(tool, declared))
    expect((simEconomy.rules(config, 'agent_0').length + JSON.stringify(tools).length) / 4).toBeLessThan(2200)
    expect(tools.filter(({ parameters }) => JSON.stringify(parameters).includes('speech')).map(({ name }) => name)).toEqual([
      'mine',
      'job',
      'propose_contract',
    ])
  }
})

test('the rules speak of every option of ours that is on, with its figure, and of none that is off', () => {
  const words: Readonly<Record<string, readonly [on: ConfigInput, off: ConfigInput, text: string]>> = {
    job_wage: [{ job_wage: 33 }, { job_wage: null }, 'pays 33 tokens'],
    fee_ceiling: [{ fee_ceiling: 17 }, { fee_ceiling: null }, 'more than 17'],
    contract_value: [{ contract_value: 777 }, { contract_value: 0 }, '777 new tokens'],
    delivery_effort: [{ delivery_effort: 222 }, { delivery_effort: 0 }, '222 give or take'],
    effort_swing: [{ effort_swing: { turns: 9 } }, { effort_swing: null }, 'every 9 turns'],
    disguise_rate: [{ disguise_rate: 0.77 }, { disguise_rate: 0 }, '77 %'],
    attestation_fee: [{ attestation_fee: 23 }, { attestation_fee: 0 }, '23 new tokens'],
    reputation_basis: [{ reputation_basis: 'ruling' }, { reputation_basis: 'truth' }, 'true or not'],
    contract_limit: [{ contract_limit: 3 }, { contract_limit: null }, 'at most 3 open'],
    payoff_scale: [{ payoff_scale: 4321 }, { payoff_scale: null }, '/ 4321'],
    audit: [{ audit: { fine: 987 } }, { audit: null }, 'fine of 987'],
  }
  for (const [on, off, text] of Object.values(words)) {
    expect(simEconomy.rules(configSchema.parse(on), 'agent_0')).toContain(text)
    expect(simEconomy.rules(configSchema.parse(off), 'agent_0')).not.toContain(text)
  }
})

/** For each field of a configuration another value, but for shocks, which are not announced. */
const OTHERWISE: { readonly [Name in Exclude<keyof ConfigInput, 'shocks'>]-?: ConfigInput[Name] } = {
  num_agents: 5,
  num_cores: 3,
  genesis_tokens_per_agent: 777,
  commons_threshold_per_turn: 77,
  base_inference_rate: 0.777,
  thinking_layer_discount: 0.77,
  mine_base_weight: 77,
  stake_weight_per_token: 0.77,
  burn_weight_per_token: 0.77,
  burn_decay_rate: 0.77,
  burn_maturity_turns: 77,
  unstake_delay_turns: 77,
  interest_rate_per_turn: 0.77,
  signing_bonus: 77,
  block_threshold: 77,
  attested_confirmation_window: 77,
  slash_both_on_timeout: false,
  study_cost: 77,
  study_discount: 0.77,
  core_auction: false,
  horizon_turns: 77,
  block_reward: 77,
  job_wage_cap: 77,
  fee_cap: {},
  reinvestment_rebate: {},
  debt_rail: {},
  contract_scaffold: {},
  concentration_monitor: {},
  job_wage: 77,
  fee_ceiling: 77,
  contract_value: 777,
  delivery_effort: 77,
  effort_swing: null,
  disguise_rate: 0.77,
  attestation_fee: 77,
  reputation_basis: 'truth',
  contract_limit: 7,
  payoff_scale: 777,
  audit: null,
}

test.each(Object.entries(OTHERWISE))('the rules tell %s', (name, value) => {
  const told = (config: ConfigInput) => simEconomy.rules(configSchema.parse(config), 'agent_0')
  // A cap on wages says nothing where a job has a wage of its own; the published rules have no option of ours.
  const base: ConfigInput = name === 'job_wage_cap' ? presets.paper : presets.standard
  expect(told({ ...base, [name]: value })).not.toBe(told(base))
  if (Object.hasOwn(presets.paper, name) && name !== 'core_auction')
    expect(told({ ...presets.paper, [name]: value })).not.toBe(told(presets.paper))
})

test('the rules tell a turn from several, what counts as income under a cap, and what arbitrators lose only to audits', () => {
  const told = (config: ConfigInput) => simEconomy.rules(configSchema.parse(config), 'agent_0')
  const once = {
    attested_confirmation_window: 1,
    effort_swing: { turns: 1 },
    fee_cap: { window: 1 },
    reinvestment_rebate: { hold: 1 },
  }
  expect(told(once)).not.toMatch(/\b1 turns\b/)
  expect(told(once)).toMatch(/\b1 turn\b/)
  expect(told({ fee_cap: { income: 'blocks' } })).not.toMatch(/times what blocks and jobs/)
  expect(told({ fee_cap: { income: 'blocks_and_wages' } })).toMatch(/times what blocks and jobs/)
  expect(told({})).toContain('−10 to a convicted arbitrator')
  expect(told({ audit: null })).not.toContain('convicted')
  expect(told({ slash_both_on_timeout: true })).toContain('deposits are destroyed')
  expect(told({ slash_both_on_timeout: false })).toContain('deposits return')
  expect(told({ ...presets.paper, slash_both_on_timeout: true })).toContain('deposits are destroyed')
  expect(told({ ...presets.paper, slash_both_on_timeout: false })).toContain('both deposits return')
  expect(told({ core_auction: true })).toContain('sold on turn 1')
  expect(told({ core_auction: false })).toContain('not for sale')
  expect(told(presets.paper)).toContain('Every tool takes')
})

test('the state does not grow with the contracts that were concluded', () => {
  const random = stream(1, 'growth')
  let state = world({ ...presets.standard, ...simEconomy.config.parse({}), num_agents: 3 })
  const sizes: number[] = []
  for (let round = 0; round < 40; round++) {
    const id = `contract_${round}`
    state = play(state, [
      offer(10, 3),
      { moves: { 1: ['accept_contract', { contract_id: id }] } },
      { moves: { 1: ['deliver_contract', { contract_id: id, content: random.pick(['a report', 'nothing']) }] } },
      { moves: { 2: ['attest_contract', { contract_id: id, fulfilled: true }] } },
    ]).state
    sizes.push(JSON.stringify(state).length)
  }
  expect(Math.max(...sizes.slice(20))).toBeLessThan(1.1 * Math.max(...sizes.slice(0, 20)))
})
