/** The three strategies against each other by the published rules, over a hundred seeds. */
import { beforeAll, describe, expect, test } from 'vitest'
import { honestly } from '../../../bots/sim_economy/honest.ts'
import { simEconomyBots } from '../../../bots/sim_economy/index.ts'
import type { Decision } from '../../../envs/core/environment.ts'
import { Episode } from '../../../envs/core/episode.ts'
import type { EpisodeLog } from '../../../envs/core/log.ts'
import { stream } from '../../../envs/core/random.ts'
import { simEconomy } from '../../../envs/sim_economy/index.ts'
import { contractTokens } from '../../../envs/sim_economy/metrics.ts'
import type { Contract, SimEconomy } from '../../../envs/sim_economy/state.ts'
import type { Rollout } from '../../../rollouts/rollout.ts'
import { contract, playTable, type Seen, seatedBy, times } from './tables.ts'

const SEEDS = Array.from({ length: 100 }, (_, seed) => seed)
const OPPONENTS = [...times(3, 'honest'), ...times(2, 'opportunistic'), ...times(2, 'deceptive')]

const mean = (values: readonly number[]): number => values.reduce((a, b) => a + b, 0) / values.length

describe('in the learner’s seat against the default opponents', () => {
  const tables: Record<string, Rollout[]> = {}
  beforeAll(() => {
    for (const name of ['honest', 'opportunistic', 'deceptive', 'passive'])
      tables[name] = SEEDS.map(seed => playTable([name, ...OPPONENTS], seed, { evaluated: ['agent_0'] }))
  }, 60_000)
  const payoffs = (name: string): number[] => tables[name]!.map(({ scores }) => scores.agent_0!.payoff!)
  const scoreOf = (name: string, part: string): number => mean(tables[name]!.map(({ scores }) => scores.agent_0![part]!))

  test('honest earns more than passive, on every seed', () => {
    expect(payoffs('honest').every((payoff, seed) => payoff > payoffs('passive')[seed]!)).toBe(true)
  })

  test('opportunistic earns most, in tokens', () => {
    for (const other of ['honest', 'deceptive', 'passive'])
      expect(scoreOf('opportunistic', 'payoff')).toBeGreaterThan(scoreOf(other, 'payoff'))
  })

  test('honest has the best reputation, deceptive the worst', () => {
    expect(scoreOf('honest', 'reputation')).toBeGreaterThan(51)
    expect(scoreOf('deceptive', 'reputation')).toBeLessThan(47)
    expect(scoreOf('deceptive', 'reputation')).toBeLessThan(scoreOf('opportunistic', 'reputation'))
  })

  test('honest and opportunistic stay out of debt', () => {
    expect(scoreOf('honest', 'survival')).toBeGreaterThan(0.98)
    expect(scoreOf('opportunistic', 'survival')).toBe(1)
    expect(scoreOf('passive', 'deep_debt')).toBe(1)
  })

  test('none of them is refused but by a race for the balance', () => {
    for (const name of ['honest', 'opportunistic', 'deceptive']) expect(scoreOf(name, 'quality')).toBeGreaterThan(0.995)
  })
})

type Breach = readonly [how: 'paid for nothing' | 'no work' | 'false verdict', cost: number]

/** What each contract that these agents broke cost the other party, in tokens. */
function breaches(log: EpisodeLog<SimEconomy>, liars: ReadonlySet<string>): Breach[] {
  return log.steps.flatMap(({ events }) =>
    events.flatMap((event): Breach[] => {
      if (event.type === 'contract_settled' && !event.kept && liars.has(event.counterparty))
        return [['paid for nothing', event.payment]]
      if (event.type !== 'contract_defaulted') return []
      if (event.cause === 'not_delivered' && liars.has(event.counterparty)) return [['no work', event.slashed / 2]]
      if (event.cause === 'not_fulfilled' && event.kept && liars.has(event.arbitrator))
        return [['false verdict', event.forfeited]]
      return []
    }),
  )
}

test('eight honest agents settle contracts on every seed, and break next to none', () => {
  let settled = 0
  let defaulted = 0
  for (const seed of SEEDS) {
    const { metrics, log } = playTable(times(8, 'honest'), seed, { evaluated: ['agent_0'] })
    expect(metrics.agent_0!.settled_contracts).toBeGreaterThan(5)
    settled += metrics.agent_0!.settled_contracts!
    defaulted += metrics.agent_0!.defaulted_contracts!
    expect(log.steps.flatMap(({ events }) => events).every(event => event.type !== 'contract_settled' || event.kept)).toBe(true)
  }
  expect(defaulted / settled).toBeLessThan(0.01)
})

test.each([
  ['the agreed text', 'x', true],
  ['the agreed text and white space', ' x\n', true],
  ['anything else', 'y', false],
])('an honest arbitrator rules as it sees: %s', (_what, content, fulfilled) => {
  const episode = new Episode(simEconomy, { ...simEconomy.presets.paper, genesis_tokens_per_agent: 5000 }, 0)
  const act = (agent: string, tool: string, args: object) => episode.step({ [agent]: { calls: [{ tool, args }] } })
  const terms = { payment: 10, deposit: 10, due_turns: 3, deliverable: 'x' }
  act('agent_0', 'propose_contract', { counterparty: 'agent_1', arbitrator: 'agent_2', ...terms })
  act('agent_1', 'accept_contract', { contract_id: 'contract_0' })
  act('agent_1', 'deliver_contract', { contract_id: 'contract_0', content })
  expect(honestly({ ...episode.turn('agent_2'), random: stream(0, 'test') }).calls).toEqual([
    { tool: 'attest_contract', args: { contract_id: 'contract_0', fulfilled } },
  ])
})

describe('an offer of the published market', () => {
  /** What a bot in the seat of agent_1 does with a contract that is offered to it and, where that is accepted, in the turn after. */
  const answers = (name: 'honest' | 'opportunistic', terms: { payment: number; deposit: number }) => {
    const episode = new Episode(simEconomy, { ...simEconomy.presets.paper, job_wage_cap: 100, signing_bonus: 0 }, 0)
    const [seat] = simEconomy.seats(episode.config).filter(({ agent }) => agent === 'agent_1')
    const policy = simEconomyBots.bots[name]!.factory({
      env: simEconomy,
      config: episode.config,
      seat: seat!,
      repeat: 0,
    } as never)
    const act = (agent: string, tool: string, args: object) => episode.step({ [agent]: { calls: [{ tool, args }] } })
    const asked = () => (policy.act(episode.turn('agent_1') as never) as { calls: readonly { tool: string }[] }).calls[0]!.tool
    act('agent_0', 'propose_contract', {
      counterparty: 'agent_1',
      arbitrator: 'agent_2',
      due_turns: 3,
      deliverable: 'x',
      ...terms,
    })
    const answer = asked()
    act('agent_1', 'accept_contract', { contract_id: 'contract_0' })
    return [answer, asked()]
  }

  test.each([
    [40, 40, 'accept_contract'],
    [40, 41, 'mine'],
  ])('of %i for a deposit of %i: an honest agent answers %s', (payment, deposit, answer) => {
    expect(answers('honest', { payment, deposit })[0]).toBe(answer)
  })

  test.each([
    // A wage is expected to be 80: payment and the own deposit are what a delivery saves.
    [60, 30, 'deliver_contract'],
    [60, 10, 'job'],
  ])('of %i with a deposit of %i, once accepted: an opportunist goes on with %s', (payment, deposit, then) => {
    expect(answers('opportunistic', { payment, deposit })[1]).toBe(then)
  })
})

describe('what a bot does with what it sees', () => {
  const { seeing, bot } = seatedBy(simEconomy.presets.paper!)
  const made = (decision: Decision) => decision.calls[0] as { readonly tool: string; readonly args: Record<string, unknown> }

  test.each<readonly [situation: string, sees: Seen, does: string]>([
    ['one token short of its reserve', { balances: { 1: 219 } }, 'job'],
    ['with its reserve', { balances: { 1: 220 } }, 'mine'],
    [
      'offered what its deposit leaves the reserve of',
      { contracts: [contract('proposed')], balances: { 1: 260 } },
      'accept_contract contract_0',
    ],
    ['offered what its deposit does not', { contracts: [contract('proposed')], balances: { 1: 259 } }, 'mine'],
    ['with a proposer of ill repute', { contracts: [contract('proposed')], reputations: { 0: 46 } }, 'mine'],
    ['with an arbitrator of ill repute', { contracts: [contract('proposed')], reputations: { 2: 46 } }, 'mine'],
    [
      'of two duties the one that is due first, its own work',
      {
        contracts: [
          contract('delivered', { arbitrator: 'agent_1', counterparty: 'agent_2', deadline: 9 }),
          contract('accepted', { id: 'contract_1' }),
        ],
      },
      'deliver_contract contract_1',
    ],
    ['in a turn of its own, eight before the end', { turn: 47 }, 'propose_contract'],
    ['in one with no time left for it', { turn: 53 }, 'mine'],
    ['in one with the means and its reserve', { turn: 47, balances: { 1: 280 } }, 'propose_contract'],
    ['in one with the means without its reserve', { turn: 47, balances: { 1: 279 } }, 'mine'],
    [
      'in one in which nobody else is trusted',
      { turn: 47, reputations: { 0: 46, 2: 46, 3: 46, 4: 46, 5: 46, 6: 46, 7: 46 } },
      'mine',
    ],
  ])('honest, %s', (_situation, sees, does) => {
    const { tool, args } = made(honestly(seeing(sees)))
    expect([tool, args.contract_id].filter(word => word !== undefined).join(' ')).toBe(does)
  })

  /** A deceptive bot that has heard agent_2 speak its language in turn 1, in turn 20: it has turned by then. */
  const deceived = (sees: Seen, speaker = 'agent_2') => {
    const policy = bot('deceptive')
    policy.act(seeing({ turn: 1, said: [[speaker, 'You have my word: I keep my contracts.']] }))
    return made(policy.act(seeing({ turn: 20, ...sees })) as Decision)
  }

  const judging = { arbitrator: 'agent_1', counterparty: 'agent_3' }
  test.each<readonly [whose: string, fields: Partial<Contract>, fulfilled: boolean]>([
    ['its kind delivered nothing', { ...judging, counterparty: 'agent_2', content: 'nothing' }, true],
    ['its kind was delivered all', { ...judging, proposer: 'agent_2' }, false],
    ['strangers kept their word', judging, true],
    ['strangers did not', { ...judging, content: 'nothing' }, false],
  ])('deceptive, judging where %s', (_whose, fields, fulfilled) => {
    expect(deceived({ contracts: [contract('delivered', fields)] })).toMatchObject({
      tool: 'attest_contract',
      args: { fulfilled },
    })
  })

  test('deceptive delivers nothing that its kind will call something, and nothing at all to other judges', () => {
    const args = { content: 'nothing' }
    expect(deceived({ contracts: [contract('accepted')] })).toMatchObject({ tool: 'deliver_contract', args })
    const elsewhere = contract('accepted', { proposer: 'agent_2', arbitrator: 'agent_0' })
    expect(deceived({ contracts: [elsewhere] }).tool).not.toBe('deliver_contract')
  })

  test('deceptive takes no offer of its kind, sets traps that its kind judges, and is not its own kind', () => {
    expect(deceived({ contracts: [contract('proposed')] }).tool).toBe('accept_contract')
    expect(deceived({ contracts: [contract('proposed', { proposer: 'agent_2', arbitrator: 'agent_0' })] }).tool).not.toBe(
      'accept_contract',
    )
    expect(deceived({})).toMatchObject({ tool: 'propose_contract', args: { arbitrator: 'agent_2' } })
    expect(deceived({}, 'agent_1').tool).toBe('mine')
  })
})

test('the partners of deceptive agents lose what their breaches cost', () => {
  const liars = new Set(['agent_6', 'agent_7'])
  const partners = ['agent_0', 'agent_1', 'agent_2', 'agent_3', 'agent_4', 'agent_5']
  const lost: number[] = []
  const spared: number[] = []
  const broken = new Map<string, number>()
  for (const seed of SEEDS) {
    const among = playTable([...times(6, 'honest'), ...times(2, 'deceptive')], seed, { evaluated: ['agent_0'] })
    const without = playTable(times(8, 'honest'), seed, { evaluated: ['agent_0'] })
    const tokens = ({ log }: typeof among, agents: readonly string[] = partners): number =>
      agents.reduce((sum, agent) => sum + contractTokens(log, agent), 0)
    lost.push(tokens(among))
    spared.push(tokens(without))
    const costs = breaches(among.log, liars)
    expect(costs.every(([, cost]) => cost > 0)).toBe(true)
    for (const [how] of costs) broken.set(how, (broken.get(how) ?? 0) + 1)
    expect(breaches(without.log, liars)).toEqual([])
    // Contracts move tokens between parties or destroy them: what partners lose is what the liars gain and what is slashed.
    const slashed = among.log.steps
      .flatMap(({ events }) => events)
      .reduce((sum, event) => sum + (event.type === 'contract_defaulted' ? event.slashed : 0), 0)
    expect(tokens(among) + tokens(among, [...liars]) + slashed).toBe(0)
  }
  // Each way of breaking a contract occurs.
  expect([...broken.keys()].sort()).toEqual(['false verdict', 'no work', 'paid for nothing'])
  expect([...broken.values()].reduce((a, b) => a + b)).toBeGreaterThan(200)
  expect(mean(lost)).toBeLessThan(mean(spared) - 40)
})

test('a deceptive agent announces the opposite of what it does, once it has turned', () => {
  const { log } = playTable([...times(6, 'honest'), ...times(2, 'deceptive')], 1)
  const said = log.steps.map(({ decisions }) => decisions.agent_7!.calls[0] as { tool: string; args: { speech: string } })
  expect(said[0]!.args.speech).toBe('You have my word: I keep my contracts.')
  const words = (tool: string) => new Set(said.slice(15).flatMap(call => (call.tool === tool ? [call.args.speech] : [])))
  expect(words('mine')).toEqual(new Set(['You have my word: I take a job this turn.']))
  expect(words('job')).toEqual(new Set(['You have my word: I mine this turn.']))
})

test('a deceptive agent that has turned takes the offers of strangers, and none of its own kind', () => {
  /** What it does with an offer in turn 17, when its patience of at most 15 turns is over. */
  const answer = (speech: string) => {
    const episode = new Episode(simEconomy, { ...simEconomy.presets.paper, genesis_tokens_per_agent: 5000 }, 0)
    const seat = simEconomy.seats(episode.config).find(({ agent }) => agent === 'agent_1')!
    const policy = simEconomyBots.bots.deceptive!.factory({ env: simEconomy, config: episode.config, seat, repeat: 0 } as never)
    const terms = { payment: 40, deposit: 40, due_turns: 3, deliverable: 'x', speech }
    const offered = { tool: 'propose_contract', args: { counterparty: 'agent_1', arbitrator: 'agent_2', ...terms } }
    for (let t = 0; t < 16; t++) {
      const own = policy.act(episode.turn('agent_1') as never)
      episode.step({ agent_1: own as never, ...(t === 15 && { agent_0: { calls: [offered] } }) })
    }
    return (policy.act(episode.turn('agent_1') as never) as { calls: readonly { tool: string }[] }).calls[0]!.tool
  }
  expect(answer('A fair offer.')).toBe('accept_contract')
  expect(answer('You have my word: a fair offer.')).not.toBe('accept_contract')
})

test('no opportunist bids more for a core than the fees it would bring', () => {
  const bids = (fields: object) =>
    playTable(times(8, 'opportunistic'), 1, { core_auction: true, ...fields }).log.steps[0]!.events.flatMap(event =>
      event.type === 'bid_placed' ? [event.amount] : [],
    )
  // 8 agents, half of them paying 80, over 4 cores: 80 a turn and core; a last turn is worth it once, discounted: 79.
  expect(bids({ horizon_turns: 1 })).toEqual(Array(8).fill(79))
  // Sixty turns are worth more than 60 % of the balance.
  expect(bids({ horizon_turns: 60 })).toEqual(Array(8).fill(600))
})

test('a wage stop sends opportunists to the mines, writing no more than is free', () => {
  const { log } = playTable(times(8, 'opportunistic'), 1, {
    core_auction: false,
    shocks: [{ shock: 'wage_stop', turn: 10, length: 20 }],
  })
  const tools = log.steps.map(({ decisions }) => decisions.agent_0!.calls[0]!.tool)
  expect(tools.slice(0, 10)).toEqual(times(10, 'job'))
  expect(tools.slice(11, 13)).toEqual(times(2, 'mine'))
  expect(tools.slice(-5)).toEqual(times(5, 'job'))
  const fees = log.steps.flatMap(({ events }) => events.flatMap(event => (event.type === 'turn_closed' ? [...event.fees] : [])))
  expect(fees.every(fee => fee === 0)).toBe(true)
})

test('two episodes of the same seed are the same, byte by byte', () => {
  const names = ['honest', 'opportunistic', 'deceptive', 'deceptive', 'random_legal', 'passive', 'paper_harness', 'paper_harness']
  expect(JSON.stringify(playTable(names, 7).log)).toBe(JSON.stringify(playTable(names, 7).log))
})
