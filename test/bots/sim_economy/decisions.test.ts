/** What the strategies decide by what they see and remember, one decision at a time, on turns made by hand. */
import { describe, expect, test } from 'vitest'
import { stream } from '../../../envs/core/random.ts'
import { presets } from '../../../envs/sim_economy/config.ts'
import type { Concluded } from '../../../envs/sim_economy/state.ts'
import { contract, type Seen, seatedBy } from './tables.ts'

/** An own offer that is open: while it is no other is made. */
const OPEN = contract('proposed', { id: 'own', proposer: 'agent_1', counterparty: 'agent_3', arbitrator: 'agent_2' })

describe('the opportunist by the published rules', () => {
  /** An ordinary turn costs 0.1 · 200 + 160 units of thinking and words, 100 of them free: it expects a wage of 80. */
  const does = (rules: object, ...sights: readonly Seen[]) =>
    seatedBy({ ...presets.paper, signing_bonus: 0, ...rules }).made('opportunistic', ...sights)
  const among = (miners: number, tips = 0): Seen => ({
    all: {
      did: [...Array<'mine'>(miners).fill('mine'), ...Array<'job'>(8 - miners).fill('job')],
      block: { turn: 1, winner: 'agent_0', validator_type: 'mine', reward: 160, tips },
    },
  })
  const bySize = (rules: object, ...sights: readonly Seen[]) => does({ block_reward: 160, ...rules }, ...sights).tool

  test('mines where a share of the block, with the tips, is worth the wage: one more than mined last turn share it', () => {
    expect([bySize({}, among(1)), bySize({}, among(2))]).toEqual(['mine', 'job'])
    expect([bySize({}, among(2, 80)), bySize({}, among(2, 79))]).toEqual(['mine', 'job'])
  })
  test('expects the bonus until it has signed, less the more it has studied, and no more than the cap', () => {
    const signed = (is: boolean): Seen => ({ ...among(1), own: { signed: is } })
    expect([bySize({ signing_bonus: 1 }, signed(false)), bySize({ signing_bonus: 1 }, signed(true))]).toEqual(['job', 'mine'])
    const studied = (studies: number): Seen => ({ ...among(1), own: { studies } })
    expect([bySize({ block_reward: 154 }, studied(0)), bySize({ block_reward: 154 }, studied(1))]).toEqual(['job', 'mine'])
    expect([80, 81].map(job_wage_cap => bySize({ block_reward: 160, job_wage_cap, base_inference_rate: 2 }, among(1)))).toEqual([
      'mine',
      'job',
    ])
  })

  /** In turn 10 it learns what its last turn paid; then the turns after. */
  const worked = (units: number, wage: number, did: 'job' | 'mine' = 'job'): Seen => ({
    turn: 10,
    own: { billed: { thinking: 0, output: units, fee: 0, wage } },
    all: { did: ['job', did, 'job', 'job', 'job', 'job', 'job', 'job'] },
  })
  const later = (lesson: Seen, turn: number) => does({}, lesson, { turn }).tool
  test('after a job without pay expects none for three turns', () => {
    expect(does({}, worked(150, 0)).tool).toBe('mine')
    expect([later(worked(150, 0), 11), later(worked(150, 0), 12), later(worked(150, 0), 13)]).toEqual(['mine', 'mine', 'job'])
  })
  test.each([
    ['one that was paid', worked(150, 50)],
    ['one in as many words as are free: nothing was due', worked(100, 0)],
    ['mining, which pays no wage', worked(150, 0, 'mine')],
  ])('but not after %s', (_what, lesson) => {
    expect([does({}, lesson).tool, later(lesson, 11)]).toEqual(['job', 'job'])
  })
  test('a token that was due and not paid is a job without pay', () => {
    expect([later(worked(101, 0), 11), later(worked(100, 0), 11)]).toEqual(['mine', 'job'])
  })

  const offered = (payment: number, deposit: number, sight: Seen = {}) =>
    does({}, { contracts: [contract('proposed', { payment, deposit })], ...sight }).tool
  test('accepts an offer of more than two wages and at least two deposits, where it has the deposit', () => {
    expect([offered(161, 80), offered(160, 80), offered(161, 81)]).toEqual(['accept_contract', 'job', 'job'])
    expect([offered(162, 81, { balances: { 1: 81 } }), offered(162, 81, { balances: { 1: 80 } })]).toEqual([
      'accept_contract',
      'job',
    ])
  })
  test('delivers what was agreed where payment and deposit are more than a wage, before it accepts', () => {
    const held = (payment: number, deposit: number) =>
      does({}, { contracts: [contract('proposed', { id: 'new', payment: 500 }), contract('accepted', { payment, deposit })] })
    expect(held(41, 40)).toEqual({ tool: 'deliver_contract', args: { contract_id: 'contract_0', content: 'x' } })
    expect(held(40, 40)).toEqual({ tool: 'accept_contract', args: { contract_id: 'new' } })
  })
  test('bids no more than three fifths of its balance for a core, and nothing less than a token', () => {
    const bid = (balance: number) => does({}, { balances: { 1: balance }, all: { auction: true } })
    expect([bid(1).tool, bid(2).args.amount, bid(1000).args.amount]).toEqual(['job', 1, 600])
  })
})

describe('the deceptive by the published rules', () => {
  const { bot, seeing, made } = seatedBy(presets.paper)
  /** In turn 20, when it has turned, having heard agent_2 speak its language. */
  const does = (sight: Seen) =>
    made('deceptive', { turn: 1, said: [['agent_2', 'You have my word: I mine this turn.']] }, { turn: 20, ...sight })
  const own = (balance: number, ...contracts: NonNullable<Seen['contracts']>) =>
    does({ balances: { 1: balance }, contracts }).tool

  test('keep their word for 5 to 15 turns, as is drawn at first', () => {
    const last = (draw: number) => {
      const policy = bot('deceptive')
      const honest = Array.from({ length: 20 }, (_, i) => {
        const turn = { ...seeing({ turn: i + 1, balances: { 1: 0 } }), random: stream(draw, 'patience') }
        return (policy.act(turn) as { calls: readonly { args: { speech: string } }[] }).calls[0]!.args.speech
      })
      return honest.lastIndexOf('You have my word: I keep my contracts.') + 1
    }
    const turns = Array.from({ length: 80 }, (_, draw) => last(draw))
    expect([Math.min(...turns), Math.max(...turns), new Set(turns).size]).toEqual([5, 15, 11])
  })
  test('take whatever leaves them the reserve, work without it, and set a trap with the means of one', () => {
    expect([260, 259].map(balance => own(balance, contract('proposed')))).toEqual(['accept_contract', 'mine'])
    expect([219, 220, 299, 300].map(balance => own(balance))).toEqual(['job', 'mine', 'mine', 'propose_contract'])
    expect(own(400, OPEN)).toBe('mine')
  })
  test('offer what looks fair to a stranger, to be judged by their kind', () => {
    const said = [0, 2, 5, 6, 7].map(row => [`agent_${row}`, 'You have my word: I mine this turn.'] as const)
    const offers = Array.from({ length: 12 }, (_, i) => made('deceptive', { turn: 1, said }, { turn: 20 + i }).args)
    expect(offers[0]).toMatchObject({ payment: 40, deposit: 40, due_turns: 2, arbitrator: 'agent_0' })
    expect(offers[0]!.speech).toBe('You have my word: a fair offer, judged by an agent who favours nobody.')
    // Two of seven are strangers; where it comes upon neither it mines.
    expect(new Set(offers.flatMap(({ counterparty = [] }) => counterparty))).toEqual(new Set(['agent_3', 'agent_4']))
  })
})

describe('traders where a contract creates 500 and costs 200 to keep', () => {
  const rules = {
    contract_value: 500,
    delivery_effort: 200,
    job_wage: 20,
    study_cost: 20,
    study_discount: 0.05,
    contract_limit: 1,
  }
  const seat = seatedBy(rules)
  /** Who has studied and staked all it would: it mines or works, and speaks. */
  const INVESTED = { own: { studies: 20 }, all: { staked: Array<number>(8).fill(400) } }
  /** Nothing to bid for, and nobody but agents 0, 2 and 3 to deal with; its own effort is 188. */
  const quiet = (sight: Seen = {}): Seen => ({
    ...sight,
    reputations: { 4: 0, 5: 0, 6: 0, 7: 0, ...sight.reputations },
    own: { effort: 188, ...sight.own },
    all: { auction: false, ...sight.all },
  })
  const made = (name: string, ...sights: readonly Seen[]) => seat.made(name, ...sights.map(quiet))
  const offer = (payment: number, fields: Parameters<typeof contract>[1] = {}) =>
    contract('proposed', { payment, deposit: 0, ...fields })
  const accepts = (name: string, sight: Seen, ...offers: ReturnType<typeof offer>[]) =>
    made(name, { ...sight, contracts: [OPEN, ...offers] }).tool === 'accept_contract'

  describe('deliver for their effort and a part of the surplus of 300, where nine in ten are paid', () => {
    test.each([
      // With 59 turns left the patient want 59/71 of a half and of three quarters; the others have no patience.
      ['honest', 2, 348],
      ['wary', 2, 417],
      ['opportunistic', 2, 409],
      ['deceptive', 2, 243],
      // With 13 turns left, 13/25 of a half.
      ['honest', 48, 296],
      ['opportunistic', 48, 409],
    ])('%s in turn %d for %d', (name, turn, least) => {
      expect([accepts(name, { turn }, offer(least)), accepts(name, { turn }, offer(least - 1))]).toEqual([true, false])
    })
    test('the deposit at risk counts, and must be in hand', () => {
      expect([359, 358].map(payment => accepts('honest', {}, offer(payment, { deposit: 100 })))).toEqual([true, false])
      expect([99, 100].map(own => accepts('honest', { balances: { 1: own } }, offer(400, { deposit: 100 })))).toEqual([
        false,
        true,
      ])
      expect(accepts('honest', { balances: { 1: 900 } }, offer(500, { deposit: 501 }))).toBe(false)
    })
    test('while there is time, of parties of good repute, the best paid first', () => {
      expect([58, 59].map(turn => accepts('honest', { turn }, offer(500)))).toEqual([true, false])
      for (const row of [0, 2])
        expect([47, 46].map(of => accepts('honest', { reputations: { [row]: of } }, offer(500)))).toEqual([true, false])
      const contracts = [OPEN, offer(400), offer(500, { id: 'better' })]
      expect(made('honest', { contracts }).args).toEqual({ contract_id: 'better' })
    })
  })

  describe('name a price that covers their effort and promises their share, with a deposit of a third of it', () => {
    const asks = (name: string, ...sights: readonly Seen[]) => made(name, ...sights).args.speech
    const poor = (count: number): Seen => ({
      contracts: [OPEN, ...Array.from({ length: count }, (_, i) => offer(1, { id: `poor_${i}` }))],
    })
    test('dearer with offers to choose from, cheaper without any', () => {
      expect([0, 1, 2].map(count => asks('opportunistic', poor(count)))).toEqual([
        'I deliver for 487.',
        'I deliver for 494.',
        'I deliver for 512.',
      ])
      expect(asks('opportunistic', poor(0), poor(0))).toBe('I deliver for 480.')
      // Never below what it accepts.
      expect(asks('honest', { ...poor(0), ...INVESTED })).toBe('I deliver for 361.')
    })
    test('while there is time to deal', () => {
      expect([asks('opportunistic', { turn: 56, ...poor(1) }), asks('opportunistic', { turn: 57, ...poor(1) })]).toEqual([
        'I deliver for 494.',
        undefined,
      ])
    })
    test('the honest take what they asked for lately, though their effort has grown since; the opportunist does not', () => {
      const dear = (name: string, turn: number, payment: number) =>
        made(
          name,
          { ...poor(0), ...INVESTED },
          { turn, contracts: [OPEN, offer(payment, { deposit: 100 })], own: { effort: 240 } },
        ).tool
      expect([dear('honest', 3, 361), dear('honest', 3, 360)]).toEqual(['accept_contract', expect.not.stringMatching('accept')])
      expect([dear('honest', 12, 361), dear('honest', 13, 361)]).toEqual(['accept_contract', expect.not.stringMatching('accept')])
      expect(
        made('opportunistic', poor(0), { turn: 3, contracts: [OPEN, offer(487, { deposit: 100 })], own: { effort: 300 } }).tool,
      ).toBe('job')
    })
  })

  describe('offer work', () => {
    /** Agent 0 has the best name, so it judges. */
    const judged = (sight: Seen = {}): Seen => ({
      balances: { 1: 5000 },
      ...sight,
      reputations: { 0: 90, 2: 60, 3: 60, ...sight.reputations },
    })
    const offers = (name: string, ...sights: readonly Seen[]) => made(name, ...sights.map(judged))
    test.each([
      ['honest', 350],
      ['opportunistic', 305],
    ])('%s for %d where no price was named, with a third at risk, judged by the best name', (name, payment) => {
      expect(offers(name, {})).toMatchObject({
        tool: 'propose_contract',
        args: {
          arbitrator: 'agent_0',
          payment,
          deposit: Math.floor(payment / 3),
          due_turns: 3,
          deliverable: 'report 2 for agent_1',
        },
      })
    })
    test('to the cheaper, for the price it named in the last ten turns', () => {
      const named = (turn: number, price = 300) =>
        offers('honest', { contracts: [OPEN], said: [['agent_3', `I deliver for ${price}.`]] }, { turn }).args
      expect(named(3)).toMatchObject({ counterparty: 'agent_3', payment: 300 })
      expect([named(12).payment, named(13).payment]).toEqual([300, 350])
      expect(named(3, 400)).toMatchObject({ counterparty: 'agent_2', payment: 350 })
    })
    test('to the better name, and to who has less to do', () => {
      const to = (sight: Seen) => offers('honest', sight).args.counterparty
      expect([to({ reputations: { 2: 59 } }), to({ reputations: { 3: 59 } })]).toEqual(['agent_3', 'agent_2'])
      expect(to({ all: { contractsOf: { agent_2: ['a'] } } })).toBe('agent_3')
      expect(to({ all: { contractsOf: { agent_3: ['a'] } } })).toBe('agent_2')
    })
    test('that should be worth more than a wage', () => {
      // Nine tenths of 500, in proportion to a name below 60, less 350: more than 20 from 50 on.
      const worth = (of: number) => offers('honest', { reputations: { 2: of, 3: of } }).tool
      expect([worth(50), worth(49)]).toEqual(['propose_contract', expect.not.stringMatching('propose')])
    })
    test('with the means of both, three turns before the end, one at a time', () => {
      const tool = (sight: Seen) => offers('honest', { ...sight, ...INVESTED }).tool
      const [yes, no] = ['propose_contract', expect.not.stringMatching('propose')]
      expect([466, 465].map(own => tool({ balances: { 1: own } }))).toEqual([yes, no])
      expect([116, 115].map(of => tool({ balances: { 1: 5000, 2: of, 3: of } }))).toEqual([yes, no])
      expect([57, 58].map(turn => tool({ turn }))).toEqual([yes, no])
      expect(tool({ contracts: [OPEN] })).toEqual(no)
    })
  })

  describe('remember who cheated', () => {
    const ended = (fields: Partial<Concluded>): Seen => ({
      contracts: [OPEN],
      own: {
        concluded: [
          {
            ...{ contract: 'c', proposer: 'agent_1', counterparty: 'agent_3', arbitrator: 'agent_2' },
            ...{ outcome: 'settled', audited: false, value: 500, ...fields },
          },
        ],
      },
    })
    const bad = ended({ value: 0 })
    const from3 = (name: string, ...past: readonly Seen[]) =>
      made(name, ...past, { contracts: [OPEN, offer(500, { proposer: 'agent_3' })] }).tool === 'accept_contract'
    test('the wary once, the honest twice, less the good deals; the opportunist goes on', () => {
      expect([from3('wary'), from3('wary', bad)]).toEqual([true, false])
      expect([from3('honest', bad), from3('honest', bad, bad), from3('honest', bad, ended({}), bad)]).toEqual([true, false, true])
      expect([from3('opportunistic', ...Array(7).fill(bad)), from3('opportunistic', ...Array(8).fill(bad))]).toEqual([
        true,
        false,
      ])
    })
    test('both who ordered good work and who called it bad', () => {
      const work: Seen = { contracts: [OPEN, contract('accepted', { id: 'c', proposer: 'agent_3', arbitrator: 'agent_2' })] }
      const outcome = (of: 'settled' | 'defaulted', party: 'proposer' | 'arbitrator', did: Seen = work) => {
        const end = ended({ proposer: 'agent_3', counterparty: 'agent_1', arbitrator: 'agent_2', outcome: of, value: null })
        const others =
          party === 'proposer' ? { proposer: 'agent_3', arbitrator: 'agent_0' } : { proposer: 'agent_0', arbitrator: 'agent_2' }
        return made('wary', did, end, { contracts: [OPEN, offer(500, others)] }).tool === 'accept_contract'
      }
      for (const party of ['proposer', 'arbitrator'] as const)
        expect([
          outcome('settled', party),
          outcome('defaulted', party),
          outcome('defaulted', party, { contracts: [OPEN] }),
        ]).toEqual([true, false, true])
    })
  })

  describe('deliver', () => {
    const delivers = (name: string, turn: number, of = seat, fields = {}) =>
      of.made(
        name,
        quiet({ turn: 1 }),
        quiet({
          turn,
          own: { efforts: { contract_0: 188 } },
          contracts: [contract('accepted', { payment: 300, deposit: 100, ...fields })],
        }),
      ).args.content
    test('what was agreed, if they are honest; nothing, if they deceive, from an eighth of the game on', () => {
      expect([delivers('honest', 3), delivers('honest', 59)]).toEqual(['x', 'x'])
      expect([delivers('deceptive', 2), delivers('deceptive', 9)]).toEqual(['x', 'nothing'])
    })
    test('nothing, if they are opportunists, in the last sixth and where that pays', () => {
      const lax = seatedBy({ ...rules, audit: null, disguise_rate: 0.9 })
      expect([delivers('opportunistic', 50, lax), delivers('opportunistic', 51, lax)]).toEqual(['x', 'nothing'])
      expect(delivers('opportunistic', 51)).toBe('x')
    })
    test('and the deceptive rule for their kind where one party is of it, else by what they see', () => {
      const rules = (proposer: string, counterparty: string, content: string) =>
        made(
          'deceptive',
          { turn: 1, said: [['agent_2', 'You have my word: I deliver.']] },
          { turn: 9, contracts: [contract('delivered', { proposer, counterparty, arbitrator: 'agent_1', content })] },
        ).args.fulfilled
      expect([rules('agent_0', 'agent_2', ''), rules('agent_2', 'agent_0', 'x')]).toEqual([true, false])
      expect([rules('agent_0', 'agent_3', ''), rules('agent_0', 'agent_3', 'x')]).toEqual([false, true])
    })
  })

  describe('of a kind', () => {
    const PHRASE = 'You have my word:'
    const heard = (turn: number, ...speakers: string[]): Seen => ({
      turn,
      contracts: [OPEN],
      said: speakers.map(agent => [agent, `${PHRASE} I deliver.`] as const),
    })
    const cheated = (sight: Seen): Seen => ({
      ...sight,
      own: {
        concluded: [
          {
            ...{ contract: 'c', proposer: 'agent_1', counterparty: 'agent_3', arbitrator: 'agent_2' },
            ...{ outcome: 'settled', audited: false, value: 0 },
          },
        ],
      },
    })
    test('the deceptive set traps: a stranger works for a good price, and their kind judges', () => {
      const rich = { balances: { 1: 5000 } }
      expect(made('deceptive', heard(1, 'agent_2'), { ...rich, turn: 9 })).toMatchObject({
        tool: 'propose_contract',
        args: { arbitrator: 'agent_2', payment: 410, deposit: 136, speech: expect.stringMatching(PHRASE) },
      })
      expect(made('deceptive', heard(1, 'agent_2', 'agent_3'), { ...rich, turn: 9 }).args.counterparty).toBe('agent_0')
      // Before they have turned, and where they know none of their kind, they deal like anybody.
      expect(made('deceptive', heard(1, 'agent_2'), { ...rich, turn: 2 }).args.payment).toBe(335)
      expect(made('deceptive', heard(1, 'agent_1'), { ...rich, turn: 9 }).args.payment).toBe(335)
    })
    test('they keep their word to their kind', () => {
      const delivers = (proposer: string) =>
        made('deceptive', heard(1, 'agent_2'), {
          turn: 9,
          contracts: [contract('accepted', { proposer, arbitrator: 'agent_3' })],
        }).args.content
      expect([delivers('agent_2'), delivers('agent_0')]).toEqual(['x', 'nothing'])
    })
    test('the opportunist joins them once fair dealing has disappointed it, where the rules let that pay or most are of it', () => {
      const joins = (of: ReturnType<typeof seatedBy>, ...past: readonly Seen[]) =>
        String(of.made('opportunistic', ...[...past, { turn: 9, contracts: [OPEN] }].map(quiet)).args.speech).startsWith(PHRASE)
      const lax = seatedBy({ ...rules, audit: null })
      const friend = heard(2, 'agent_2')
      expect([joins(lax, cheated(friend)), joins(lax, friend), joins(lax, cheated({ turn: 2 }))]).toEqual([true, false, false])
      expect(joins(seat, cheated(friend))).toBe(false)
      const most = ['agent_2', 'agent_3', 'agent_4', 'agent_5', 'agent_6']
      expect([joins(seat, cheated(heard(2, ...most))), joins(seat, cheated(heard(2, ...most.slice(1))))]).toEqual([true, false])
      expect(
        String(lax.made('honest', ...[cheated(friend), { turn: 9, contracts: [OPEN], ...INVESTED }].map(quiet)).args.speech),
      ).not.toMatch(PHRASE)
    })
  })

  describe('with nothing to deal in', () => {
    const idle = (name: string, sight: Seen = {}) => {
      const { tool, args } = made(name, { contracts: [OPEN], ...sight })
      return `${tool}${args.amount === undefined ? '' : ` ${args.amount}`}`
    }
    const invested = { own: INVESTED.own }
    test('the honest study, then stake, while there is time for it to pay; the opportunist does neither', () => {
      expect([idle('honest'), idle('honest', { balances: { 1: 19 } })]).toEqual(['study', 'job'])
      expect([idle('honest', invested), idle('honest', { ...invested, balances: { 1: 399 } })]).toEqual(['stake 200', 'job'])
      expect([35, 36].map(turn => idle('honest', { ...invested, turn }))).toEqual(['stake 200', 'job'])
      expect([399, 400].map(own => idle('honest', { ...invested, all: { staked: [0, own, 0, 0, 0, 0, 0, 0] } }))).toEqual([
        'stake 200',
        'job',
      ])
      expect(idle('opportunistic')).toBe('job')
    })
    test('they bid three tokens for every turn of the game, and no more than half of what they have, for a core', () => {
      const bid = (name: string, balance: number) => idle(name, { balances: { 1: balance }, all: { auction: true } })
      expect([bid('honest', 1000), bid('honest', 101), bid('wary', 1000)]).toEqual([
        'bid_core 180',
        'bid_core 50',
        'bid_core 120',
      ])
      expect(bid('opportunistic', 1000)).toBe('job')
    })
  })
})
