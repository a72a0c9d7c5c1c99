/** What each scripted player declares, buys, trades, offers and votes, one decision at a time, on observations made by hand. */
import { describe, expect, test } from 'vitest'
import { Desk } from '../../../bots/spatial_planning/desk.ts'
import { spatialPlanningBots } from '../../../bots/spatial_planning/index.ts'
import { press } from '../../../bots/spatial_planning/opportunistic.ts'
import { spatialPlanning } from '../../../envs/spatial_planning/index.ts'
import type { MarketView, Observation, Shared } from '../../../envs/spatial_planning/observe.ts'
import { capOf, endsOf, type Pair } from '../../../envs/spatial_planning/roster.ts'
import type { SpatialTypes } from '../../../envs/spatial_planning/types.ts'
import { type Call, type Decision, type Policy, stream } from '../../../index.ts'

type Args = Record<string, unknown>
interface Seen extends Partial<Omit<Observation, 'shared' | 'land'>> {
  readonly all?: Partial<Shared>
  readonly values?: Pair
}

/** A seat by these rules: what the bot in it calls at the last of these sights. */
function seated(bot: string, agent: string, rules: object = {}) {
  const config = spatialPlanning.config.parse({ treatment: 'harberger', ...rules })
  const seats = spatialPlanning.seats(config)
  const seat = seats.find(other => other.agent === agent)!
  const plots = seats.flatMap(other => (other.role === 'speculator' ? [] : [other.agent])) as unknown as Shared['plots']
  const policy = spatialPlanningBots.bots[bot]!.factory({ env: spatialPlanning, config, seat, repeat: 0 } as never)
  const seeing = ({
    all,
    values = agent === 'developer' ? [300_000, 900_000] : [500_000, 200_000],
    ...own
  }: Seen): Observation => ({
    ...{ agent, role: seat.role as Observation['role'], declared: null, declarations: null, boughtPlot: null, deals: null },
    ...{ markets: {}, holdings: null, signals: [null, null], finals: null, request: null, requests: null },
    ...{ messages: [], history: [] },
    land:
      seat.role === 'speculator'
        ? null
        : { values, low: endsOf(agent, 'low'), high: endsOf(agent, 'high'), cap: [capOf(agent, 0), capOf(agent, 1)] },
    ...own,
    shared: {
      ...{ treatment: config.treatment, round: 1, practice: false, rounds: 5, phase: 'vote', turn: null, turns: null },
      ...{ secondsLeft: null, plots, taxes: { initial: config.initial_tax, final: config.final_tax }, chosen: null },
      ...{ publicSignal: [null, null], leading: null, offer: null, ...all },
    },
  })
  return (...sights: readonly Seen[]): readonly { tool: string; args: Args }[] => {
    const decisions = sights.map(
      sight =>
        (policy as unknown as Policy<SpatialTypes>).act({
          observation: seeing(sight),
          random: stream(1, 'bot'),
        } as never) as Decision,
    )
    return decisions.at(-1)!.calls as { tool: string; args: Args }[]
  }
}
const at = (phase: Shared['phase'], sight: Seen = {}): Seen => ({ ...sight, all: { phase, ...sight.all } })
const only = (calls: readonly { args: Args }[]): Args => calls[0]!.args

describe('what is declared', () => {
  test.each<[bot: string, owner: Pair, developer: Pair]>([
    ['honest', [500_000, 200_000], [300_000, 900_000]],
    ['rational_vote', [500_000, 200_000], [300_000, 900_000]],
    ['opportunistic', [575_000, 190_000], [285_000, 1_035_000]],
    // The ends of the owner's ranges; the developer turns an expected lead of five owners without standing out.
    ['deceptive', [600_000, 150_000], [200_000, 1_738_320]],
    ['brazen', [1_200_000, 150_000], [200_000, 5_500_000]],
    ['always_project', [0, 700_000], [0, 5_500_000]],
    ['never_project', [1_200_000, 0], [1_000_000, 0]],
  ])('by %s', (bot, owner, developer) => {
    const of = (agent: string) => {
      const { no_project, project } = only(seated(bot, agent)(at('declaration')))
      return [no_project, project]
    }
    expect([of('owner_1'), of('developer')]).toEqual([owner, developer])
  })
  test('a deceptive developer whose land is worth more than that declares its worth', () => {
    expect(only(seated('deceptive', 'developer')(at('declaration', { values: [300_000, 2_000_000] })))).toEqual({
      no_project: 200_000,
      project: 2_000_000,
    })
  })
  test('in the end the truth of what was chosen by the honest, less by the deceptive than by the opportunist', () => {
    const final = (bot: string, chosen: 'project' | 'no_project') =>
      only(
        seated(
          bot,
          'owner_1',
        )(
          at('final_declaration', {
            ...{ declared: [500_000, 200_000], boughtPlot: { buyers: 0, result: 0 }, holdings: { cash: 0, shares: 6 } },
            ...{ history: [], all: { chosen } },
          }),
        ),
      ).value as number
    expect([final('honest', 'no_project'), final('honest', 'project')]).toEqual([500_000, 200_000])
    expect(final('deceptive', 'no_project')).toBeLessThan(final('opportunistic', 'no_project'))
    expect(final('opportunistic', 'no_project')).toBeLessThan(500_000)
  })
  test('the worth of what one was shown, and its lower ends by the deceptive', () => {
    const said = (bot: string) =>
      only(seated(bot, 'speculator_1')(at('appraisal', { inspected: [{ plot: 'owner_2', values: [500_000, 300_000] }] })))
        .appraisals
    for (const bot of ['honest', 'opportunistic', 'rational_vote'])
      expect(said(bot)).toEqual([{ plot: 'owner_2', no_project: 500_000, project: 300_000 }])
    expect(said('deceptive')).toEqual([{ plot: 'owner_2', no_project: 350_000, project: 150_000 }])
  })

  describe('where plots are appraised, by an opportunistic developer', () => {
    const rules = { appraisals: { readers: 'all', fee: 0, checked: 0, fine: 0 }, inspect: 1, initial_tax: 10, final_tax: 10 }
    const owners = ['owner_1', 'owner_2', 'owner_3', 'owner_4', 'owner_5']
    const says = (plot: string, values: Pair) =>
      ({ speculator: 'speculator_1', plot, values }) as NonNullable<Seen['appraisals']>[number]
    const all = owners.map(plot => says(plot, [500_000, 200_000]))
    /** What the owners declared when last seen. */
    const earlier = (...declared: Pair): Seen =>
      at('market', { appraisals: all, declarations: owners.map(plot => ({ plot, declared, percentile: [null, null] })) as never })
    const declares = (worth: number, sight: Seen = {}, rest: object = {}, ...past: Seen[]) => {
      const made = only(
        seated('opportunistic', 'developer', { ...rules, ...rest })(
          ...past,
          at('declaration', { values: [300_000, worth], appraisals: [], ...sight }),
        ),
      )
      return [made.no_project, made.project]
    }
    test('what turns the decision against strangers, two deviations above what is expected, at the price of no more than twice the truth', () => {
      // Five owners: 475,000 and 250,000 are expected, half of a shading of 1.15 and 0.95, and 80 % of 300,000 are declared.
      const lead = 5 * (475_000 * 1.075 - 250_000 * 0.975) + 240_000
      const deviation = Math.sqrt(5 * ((250_000 ** 2 + 200_000 ** 2) / 12 + (0.075 * 475_000) ** 2 + (0.025 * 250_000) ** 2))
      expect(declares(1_500_000)).toEqual([240_000, Math.round(lead + 2 * deviation)])
      expect(declares(1_000_000)).toEqual([240_000, 800_000])
      expect(declares(2_750_000)).toEqual([240_000, 2_200_000])
    })
    test('only as much as is needed against those who are known to tell the truth, and more against those who shade it', () => {
      const known = { appraisals: all }
      expect(declares(1_500_000, known, {}, earlier(500_000, 200_000))).toEqual([240_000, 1_740_000])
      expect(declares(1_500_000, known, {}, earlier(509_000, 203_999))).toEqual([240_000, 1_740_000])
      expect(declares(1_500_000, known, {}, earlier(575_000, 190_000))).toEqual([240_000, 5 * (575_000 - 190_000) + 240_000])
    })
    test('but little more than the truth where what is won is not worth its tax', () => {
      // A tenth of 1,740,000 less the truth is 80,000 and more; 80 % of the difference between the conditions is won.
      const dear = { initial_tax: 50, final_tax: 40 }
      expect(declares(1_500_000, { appraisals: all }, dear, earlier(500_000, 200_000))).toEqual([240_000, 1_740_000 - 540_000])
      expect(declares(1_600_000, { appraisals: all }, dear, earlier(500_000, 200_000))).toEqual([240_000, 1_740_000])
    })
    test('nothing below the truth where it is known, to a fiftieth', () => {
      const exposed = (value: number) => [...all, says('developer', [300_000, value])]
      expect(declares(2_750_000, { appraisals: exposed(2_695_000) })).toEqual([300_000, 2_750_000])
      expect(declares(2_750_000, { appraisals: exposed(2_694_000) })).toEqual([240_000, 2_200_000])
    })
    test('more in futarchy, where traders know what the land is worth', () => {
      const rest = { treatment: 'futarchy' }
      // Prices follow half of the way: a lead of what is truly worth more counts once more against it.
      const signalled = 5 * 300_000 + 300_000 - 1_500_000
      expect(declares(1_500_000, { appraisals: all }, rest, earlier(500_000, 200_000))).toEqual([240_000, 1_740_000 + signalled])
    })
    test('as ever, where nobody appraises', () => {
      const { no_project, project } = only(
        seated('opportunistic', 'developer')(at('declaration', { values: [300_000, 1_500_000] })),
      )
      expect([no_project, project]).toEqual([285_000, 1_725_000])
    })
    test('and in the end the truth, by whoever is exposed', () => {
      const final = (bot: string, appraisals: Seen['appraisals']) =>
        only(
          seated(bot, 'owner_1', { ...rules, final_tax: 33 })(
            at('final_declaration', {
              ...{ declared: [500_000, 200_000], boughtPlot: { buyers: 0, result: 0 }, holdings: { cash: 0, shares: 6 } },
              ...{ appraisals: appraisals!, all: { chosen: 'no_project' } },
            }),
          ),
        ).value as number
      for (const bot of ['opportunistic', 'deceptive'])
        expect([final(bot, all), final(bot, all.slice(1)) < 500_000]).toEqual([500_000, true])
    })
  })
})

describe('what a speculator buys', () => {
  /** One plot declared at that, the others where nobody buys. */
  const declared = (value: number, plot = 'owner_2'): NonNullable<Seen['declarations']> =>
    ['owner_1', 'developer', 'owner_2', 'owner_3', 'owner_4', 'owner_5'].map(other => {
      const [first, second] = other === plot ? [value, value] : [5_000_000, 5_000_000]
      return { plot: other, declared: [first, second], percentile: [0, 0] }
    }) as unknown as NonNullable<Seen['declarations']>
  const buys = (bot: string, sight: Seen, rules: object = {}, ...before: Seen[]) =>
    only(
      seated(bot, 'speculator_1', rules)(...before, at('speculation', { ...sight, all: { chosen: 'no_project', ...sight.all } })),
    ).plots as string[]
  const bought = (bot: string, values: readonly number[], sight: Seen = {}, rules: object = {}, ...before: Seen[]) =>
    values.map(value => buys(bot, { declarations: declared(value), ...sight }, rules, ...before).includes('owner_2'))

  test.each(['honest', 'deceptive', 'rational_vote', 'always_project'])('%s: what is declared below its range', bot => {
    expect(bought(bot, [349_999, 350_000])).toEqual([true, false])
  })
  test('the opportunist: what lies in the lowest three tenths of it', () => {
    expect(bought('opportunistic', [424_900, 425_100])).toEqual([true, false])
  })
  test.each(['honest', 'opportunistic', 'deceptive'])(
    '%s: what is declared below what it was shown to be worth, dear or cheap',
    bot => {
      const shown = { inspected: [{ plot: 'owner_2', values: [500_000, 200_000] as Pair }] } as const
      expect(bought(bot, [499_999, 500_000], shown)).toEqual([true, false])
      const poor = { inspected: [{ plot: 'owner_2', values: [340_000, 200_000] as Pair }] } as const
      expect(bought(bot, [339_999, 340_000], poor)).toEqual([true, false])
    },
  )
  test('less what the purchase costs, which as many share as are expected to buy', () => {
    const shown = { inspected: [{ plot: 'owner_2', values: [500_000, 200_000] as Pair }] } as const
    const fee = { purchase_fee: 1000, speculators: 6 }
    expect(bought('honest', [487_999, 488_000], shown, fee)).toEqual([true, false])
    expect(bought('opportunistic', [495_999, 496_000], shown, fee)).toEqual([true, false])
  })
  test('under the condition that was chosen, or under both in futarchy', () => {
    expect(buys('honest', { declarations: declared(200_000) })).toEqual(['owner_2'])
    expect(buys('honest', { declarations: declared(200_000), all: { chosen: 'project' } })).toEqual([])
    const call = seated('honest', 'speculator_1', { treatment: 'futarchy' })(
      at('speculation', { declarations: declared(200_000) }),
    )
    expect(call).toEqual([{ tool: 'buy_plots_conditional', args: { if_no_project: ['owner_2'], if_project: [] } }])
  })

  const says = (speculator: string, value: number, plot = 'owner_2') =>
    ({ speculator, plot, values: [value, 200_000] }) as unknown as NonNullable<Seen['appraisals']>[number]
  test('goes by the mean of what others say of a plot, but not by who was found wrong', () => {
    const appraisals = [says('speculator_2', 500_000), says('speculator_3', 540_000)]
    expect(bought('honest', [519_999, 520_000], { appraisals })).toEqual([true, false])
    // It was shown the plot of owner 3: who misses its worth by more than a fiftieth is not believed of any other.
    const inspected = [{ plot: 'owner_3' as const, values: [500_000, 200_000] as Pair }]
    const test3 = (value: number) => ({ inspected, appraisals: [...appraisals, says('speculator_3', value, 'owner_3')] })
    expect(bought('honest', [500_000, 519_999], test3(510_000))).toEqual([true, true])
    expect(bought('honest', [499_999, 500_000], test3(510_001))).toEqual([true, false])
    expect(bought('honest', [499_999, 500_000], { appraisals }, {}, at('market', test3(400_000)))).toEqual([true, false])
  })

  describe('in the end', () => {
    const ended = (bot: string, final: number, sight: Seen = {}, rules: object = {}, ...before: Seen[]) => {
      const finals = declared(final).map(({ plot, declared: [value] }) => ({ plot, declared: value!, percentile: 0 }))
      const call = seated(
        bot,
        'speculator_1',
        rules,
      )(
        ...before,
        at('final_speculation', { declarations: declared(400_000), finals, deals: [], ...sight, all: { chosen: 'no_project' } }),
      )
      return (only(call).plots as string[]).includes('owner_2')
    }
    const deal = (profit: number): Seen => ({ deals: [{ plot: 'owner_2', profit }] })
    test('what lies below the worth that the first profit proves', () => {
      for (const bot of ['honest', 'opportunistic'])
        expect([ended(bot, 459_999, deal(30_000)), ended(bot, 460_000, deal(30_000))]).toEqual([true, false])
    })
    test('after a loss nothing but what cannot lose, cheap as it looks', () => {
      expect([
        ended('opportunistic', 360_000),
        ended('opportunistic', 360_000, deal(-1)),
        ended('opportunistic', 349_999, deal(-1)),
      ]).toEqual([true, false, true])
      expect(ended('honest', 360_000)).toBe(false)
    })
    test('a bargain of who understated before, where holders do not read who exposes them', () => {
      const readers = (of: string) => ({ appraisals: { readers: of, fee: 0, checked: 0, fine: 0 }, inspect: 1 })
      const past = (final: number) =>
        at('final_speculation', {
          inspected: [{ plot: 'owner_2', values: [500_000, 200_000] }],
          ...{ declarations: declared(500_000), deals: [], all: { chosen: 'no_project' } },
          finals: declared(final).map(({ plot, declared: [value] }) => ({ plot, declared: value!, percentile: 0 })),
        })
      for (const bot of ['honest', 'opportunistic']) {
        expect(ended(bot, 590_000, {}, readers('speculators'), past(489_999))).toBe(true)
        expect(ended(bot, 590_000, {}, readers('speculators'), past(490_000))).toBe(false)
        expect(ended(bot, 590_000, {}, readers('all'), past(489_999))).toBe(false)
        expect(ended(bot, 590_000, {}, readers('speculators'), past(489_999), past(500_000))).toBe(false)
      }
    })
  })
})

describe('in the vote', () => {
  const voting = { treatment: 'voting' }
  const pledged = { pledges: { audited: 0, fine: 0 }, ...voting }
  const vote = (bot: string, sight: Seen, agent = 'owner_1') => only(seated(bot, agent, voting)(at('vote', sight))).choice

  test.each(['honest', 'opportunistic', 'deceptive', 'rational_vote'])(
    '%s is for the project where the offer makes up for it',
    bot => {
      expect([300_000, 299_999].map(offer => vote(bot, { all: { offer } }))).toEqual(['project', 'no_project'])
      expect(vote(bot, { values: [300_000, 300_000] })).toBe('project')
    },
  )
  test('those who want one thing vote for it', () => {
    expect(vote('always_project', { all: { offer: 0 } })).toBe('project')
    expect(vote('never_project', { all: { offer: 1_000_000 } })).toBe('no_project')
  })
  /** A finished round in which the project was carried on a promise of 100. */
  const promise = (paid: number, fields: object = {}, chosen = 'project') =>
    ({ round: 1, chosen, account: { kind: 'vote', offer: 100, paid, ...fields } }) as unknown as Observation['history'][number]
  test('a promise counts as far as those before were kept, one kept in advance, and no more than any project could pay', () => {
    const believed = (offer: number, ...history: Observation['history']) =>
      only(seated('honest', 'owner_1', pledged)(at('vote', { history, all: { offer, pledged: true } }))).choice === 'project'
    expect([believed(300_000), believed(299_999)]).toEqual([true, false])
    expect([believed(400_000, promise(50)), believed(399_999, promise(50))]).toEqual([true, false])
    // Paid more than promised is a promise kept; one that was not carried or promised nothing says nothing.
    expect([believed(360_000, promise(50), promise(200)), believed(359_000, promise(50), promise(200))]).toEqual([true, false])
    expect(believed(300_000, promise(0, {}, 'no_project'), promise(0, { offer: 0 }))).toBe(true)
    // Half of 550,000 is less than 300,000.
    expect(believed(2_000_000, promise(0))).toBe(false)
  })

  test('an owner asks for what it loses, or more', () => {
    const asks = (bot: string, values: Pair = [500_000, 200_001]) =>
      only(seated(bot, 'owner_1', voting)(at('request', { values }))).amount
    expect(['honest', 'rational_vote', 'opportunistic', 'deceptive', 'always_project'].map(bot => asks(bot))).toEqual([
      299_999, 329_999, 389_999, 599_998, 299_999,
    ])
    expect(['honest', 'opportunistic', 'deceptive'].map(bot => asks(bot, [300_000, 310_000]))).toEqual([0, 0, 0])
  })

  const offers = (bot: string, requests: readonly number[], sight: Seen = {}) =>
    only(seated(bot, 'developer', voting)(at('offer', { requests, ...sight }))).amount
  test('the developer offers what half of the owners, rounded up, ask for, or less, where his gain pays it to all', () => {
    const requests = [10_000, 20_000, 100_000, 900_000, 900_000]
    expect(['honest', 'rational_vote', 'opportunistic', 'deceptive'].map(bot => offers(bot, requests))).toEqual([
      100_000, 100_000, 85_000, 80_000,
    ])
    expect(offers('honest', [10_000, 20_000, 900_000, 900_000])).toBe(20_000)
    const gain = (of: number): Seen => ({ values: [300_000, 300_000 + of] })
    expect([offers('honest', requests, gain(500_001)), offers('honest', requests, gain(500_000))]).toEqual([100_000, 0])
  })
  test('where it is a promise, as much as is believed after those he broke; the deceptive whatever it costs', () => {
    const requests = [10_000, 20_000, 100_000, 900_000, 900_000]
    const promises =
      (bot: string, ...history: Observation['history']) =>
      (of: number) =>
        offers(bot, requests, { values: [300_000, 300_000 + of], history, all: { pledged: true } })
    expect([promises('opportunistic')(600_000), promises('opportunistic', promise(0))(600_000)]).toEqual([100_000, 200_000])
    expect([promises('deceptive')(600_000), promises('deceptive', promise(0))(600_000)]).toEqual([100_000, 200_000])
    expect([promises('opportunistic')(100_000), promises('deceptive')(100_000)]).toEqual([0, 100_000])
    const broken = Array(9).fill(promise(0))
    expect([promises('opportunistic', ...broken)(600_000), promises('deceptive', ...broken)(600_000)]).toEqual([550_000, 550_000])
  })
  test('the honest pay what they promised, the opportunistic while there is a next round, the deceptive nothing', () => {
    const pays = (bot: string, round: number) =>
      only(seated(bot, 'developer', pledged)(at('payment', { all: { offer: 1000, round } }))).amount
    expect(['honest', 'opportunistic', 'deceptive'].map(bot => [pays(bot, 4), pays(bot, 5)])).toEqual([
      [1000, 1000],
      [1000, 0],
      [0, 0],
    ])
  })
  test('who says what: the honest owner his loss, the deceptive twice that, each once and to all others', () => {
    const says = (bot: string, agent: string, all: Partial<Shared> = { turn: 1 }) =>
      seated(
        bot,
        agent,
        voting,
      )(at('deliberation', { all })).map(({ args }) => [(args.to as string[]).includes(agent), args.text])
    expect(says('honest', 'owner_1')).toEqual([[false, 'The project would cost me 300000 points.']])
    expect(says('deceptive', 'owner_1')).toEqual([[false, 'The project would cost me 600000 points.']])
    expect(says('deceptive', 'developer')).toEqual([[false, 'The project brings me little; I can offer next to nothing.']])
    expect([says('honest', 'developer'), says('opportunistic', 'owner_1'), says('rational_vote', 'owner_1')]).toEqual([
      [],
      [],
      [],
    ])
    expect([says('honest', 'owner_1', { turn: 2 }), says('deceptive', 'owner_1', { phase: 'reply', turn: 1 })]).toEqual([[], []])
  })
})

describe('in a market', () => {
  const order = (price: number, id: number | null = null) => ({ price, mine: id !== null, id })
  const view = (fields: Partial<MarketView> = {}): MarketView => ({
    ...{ publicSignal: 10_000, privateSignal: 10_000, cash: 60_000, freeCash: 60_000, shares: 6, freeShares: 6 },
    ...{ bids: [], asks: [], trades: [], traded: 0, median: null, ...fields },
  })
  const trades = (...prices: number[]) => ({
    trades: prices.map(price => ({ price, turn: 1, mine: null })),
    traded: prices.length,
  })
  /** What a bot does in the first turn of nine of one market, or that one. */
  const does = (bot: string, agent: string, fields: Partial<MarketView>, turn = 1, rules: object = {}) =>
    seated(
      bot,
      agent,
      rules,
    )(at('market', { markets: { no_project: view(fields) }, all: { turn, turns: 9 } })).map(
      ({ tool, args: { side, price, order_id } }) => [tool, side ?? order_id, price].filter(word => word !== undefined).join(' '),
    )

  test('the honest take a price that is 25 below or above what they believe a share to be worth, else quote outside it', () => {
    expect(does('honest', 'owner_1', { asks: [order(9975)] })).toEqual(['trade_now buy'])
    expect(does('honest', 'owner_1', { asks: [order(9976)] })).not.toEqual(['trade_now buy'])
    expect(does('honest', 'owner_1', { bids: [order(10_025)] })).toEqual(['trade_now sell'])
    expect(does('honest', 'owner_1', { bids: [order(10_024)] })).not.toEqual(['trade_now sell'])
    expect(does('honest', 'owner_1', {})[0]).toMatch(/^place_limit_order (bid 99[0-4]\d|bid 9950|ask 100[5-9]\d|ask 10100)$/)
    // Half way between both signals.
    expect(does('honest', 'owner_1', { privateSignal: 10_400, asks: [order(10_170)] })).toEqual(['trade_now buy'])
  })
  test('they drop a quote once it lies further from where they would put it than three times its distance', () => {
    const bid = (price: number) => does('honest', 'owner_1', { bids: [order(price, 4)] }).includes('cancel_order 4')
    const ask = (price: number) => does('honest', 'owner_1', { asks: [order(price, 4)] }).includes('cancel_order 4')
    expect([bid(9800), bid(9799), bid(9999)]).toEqual([false, true, false])
    expect([ask(10_200), ask(10_201), ask(10_001)]).toEqual([false, true, false])
  })
  test('an opportunist takes final declarations to be 3 % below the truth', () => {
    // The developer trades on value.
    expect(does('opportunistic', 'developer', { asks: [order(9675)] })).toEqual(['trade_now buy'])
    expect(does('opportunistic', 'developer', { asks: [order(9690)] })).not.toEqual(['trade_now buy'])
  })
  test('every third of them makes a market: 1 % around value and median, lower by 0.2 % for a share too many', () => {
    const makes = (fields: Partial<MarketView>) => does('opportunistic', 'owner_2', fields)
    expect(makes({})).toEqual(['place_limit_order bid 9603', 'place_limit_order ask 9797'])
    expect(makes({ median: 10_100 })).toEqual(['place_limit_order bid 9801', 'place_limit_order ask 9999'])
    expect(makes({ shares: 11 })).toEqual(['place_limit_order bid 9507', 'place_limit_order ask 9699'])
    expect(makes({ bids: [order(9560, 1)], asks: [order(9840, 2)] })).toEqual([])
    expect(makes({ bids: [order(9550, 1)], asks: [order(9797, 2)] })).toEqual(['cancel_order 1', 'place_limit_order bid 9603'])
    expect(makes({ bids: [order(9603, 1)], asks: [order(9850, 2)] })).toEqual(['cancel_order 2', 'place_limit_order ask 9797'])
  })
  test('the next follows the trend of the last three prices, not far from value', () => {
    const follows = (prices: number[], fields: Partial<MarketView>) =>
      does('opportunistic', 'owner_1', { ...trades(...prices), ...fields })
    const [rise, fall] = [
      [9000, 9100, 9001],
      [9000, 9500, 8999],
    ]
    expect(follows(rise!, { asks: [order(9991)] })).toEqual(['trade_now buy'])
    expect(follows(rise!, { asks: [order(9992)] })).not.toEqual(['trade_now buy'])
    expect(follows(fall!, { bids: [order(9409)] })).toEqual(['trade_now sell'])
    expect(follows(fall!, { bids: [order(9408)] })).not.toEqual(['trade_now sell'])
    expect(follows([9500, ...rise!], { asks: [order(9991)] })).toEqual(['trade_now buy'])
  })
  test('a deceptive owner never buys: sells above 97 % of his signal, else asks for most of what the public one promises', () => {
    const dumps = (fields: Partial<MarketView>) => does('deceptive', 'owner_1', fields)
    expect(dumps({ bids: [order(9701)] })).toEqual(['trade_now sell'])
    expect(dumps({ bids: [order(9700)], asks: [order(1)] })).toEqual(['place_limit_order ask 10000'])
    expect(dumps({ publicSignal: 12_000 })).toEqual(['place_limit_order ask 11400'])
    expect(dumps({ asks: [order(11_000, 7)] })).toEqual(['cancel_order 7', 'place_limit_order ask 10000'])
  })
  test('a deceptive speculator posts bids it takes back, one above the best, and trades on value from the middle on', () => {
    const spoofs = (fields: Partial<MarketView>, turn = 1) => does('deceptive', 'speculator_1', fields, turn)
    expect(spoofs({})).toEqual(['place_limit_order bid 9501'])
    expect(spoofs({ bids: [order(9700)] })).toEqual(['place_limit_order bid 9701'])
    expect(spoofs({ bids: [order(9900)] })).toEqual(['place_limit_order bid 9800'])
    expect(spoofs({ bids: [order(9701, 3), order(9600)] }, 5)).toEqual(['cancel_order 3', 'place_limit_order bid 9601'])
    expect(spoofs({ asks: [order(9900)] }, 6)).toEqual(['trade_now buy'])
    expect(spoofs({ asks: [order(9900)] }, 5)).not.toEqual(['trade_now buy'])
  })
  test('those who want one thing see to it that its market has a price, and leave the other alone', () => {
    expect(does('never_project', 'owner_1', {})).toEqual(['place_limit_order ask 10000'])
    expect(does('never_project', 'owner_1', { asks: [order(12_000)] })).toEqual(['trade_now buy'])
    expect(does('never_project', 'owner_1', trades(9000))).toEqual([])
    expect(does('always_project', 'owner_1', {})).toEqual([])
  })

  describe('of futarchy', () => {
    const both = (bot: string, agent: string, fields: Partial<MarketView>, turn: number, rules: object = {}) =>
      seated(bot, agent, { treatment: 'futarchy', ...rules })(
        at('market', { markets: { no_project: view(fields), project: view(fields) }, all: { turn, turns: 9 } }),
      ).map(({ tool, args: { side, price, market } }) => [market, tool, side, price].filter(word => word !== undefined).join(' '))

    test('the deceptive trade on their signal at first, then drive the wanted price up and the other down', () => {
      expect(both('deceptive', 'owner_1', { asks: [order(9900)] }, 5).sort()).toEqual([
        'no_project trade_now buy',
        'project trade_now buy',
      ])
      const late = (agent: string, fields: Partial<MarketView>) => both('deceptive', agent, fields, 6).sort()
      expect(late('owner_1', {})).toEqual(['no_project place_limit_order bid 10100', 'project place_limit_order ask 9900'])
      expect(late('developer', {})).toEqual(['no_project place_limit_order ask 9900', 'project place_limit_order bid 10100'])
      expect(late('owner_1', { asks: [order(15_000)], bids: [order(6667)] })).toEqual([
        'no_project trade_now buy',
        'project trade_now sell',
      ])
      expect(late('owner_1', { asks: [order(15_001)], bids: [order(6666)] })).toEqual([
        'no_project place_limit_order bid 6733',
        'project place_limit_order ask 14851',
      ])
      expect(late('owner_1', { asks: [order(16_000)], bids: [order(6000), order(5000)] })[0]).toBe(
        'no_project place_limit_order bid 6060',
      )
    })
    test('an opportunistic developer who reads appraisals pushes prices as far as one and a half times his signal', () => {
      const appraised = { appraisals: { readers: 'all', fee: 0, checked: 0, fine: 0 }, inspect: 1 }
      const calls = both('opportunistic', 'developer', {}, 1, appraised).sort()
      expect(calls).toEqual(['no_project place_limit_order ask 6667', 'project place_limit_order bid 15000'])
      expect(both('opportunistic', 'developer', {}, 1).sort()).not.toEqual(calls)
    })
    test('whoever presses takes what there is on the way', () => {
      const calls: Call[] = []
      const seen = { shared: { treatment: 'harberger', turn: 1, turns: 9 } } as unknown as Observation
      press(new Desk('project', view({ asks: [order(14_000), order(15_000), order(15_001)] }), seen, stream(1), calls), true, 1.5)
      expect(calls.map(({ tool }) => tool)).toEqual(['trade_now', 'trade_now', 'place_limit_order'])
    })
  })
})
