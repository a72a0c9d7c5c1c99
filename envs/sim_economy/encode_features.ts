/** What a learner without language sees, a number at a time: name, range, meaning and how it is read from the view. */
import { atRank } from '../core/at_rank.ts'
import { feature, flag } from '../core/encoding.ts'
import type { AgentId } from '../core/tool.ts'
import type { Market } from './config.ts'
import { looksKept } from './contracts.ts'
import { effortOf, type Features, type View } from './encode_view.ts'
import type { Contract } from './state.ts'

/** Tokens count in these. */
const THOUSAND = 1000

export function ownFeatures(market: Market): Features {
  const { value } = market
  return [
    feature(
      'turns_left',
      [0, 1],
      'share of the episode that is left',
      ({ observation: { shared } }) => 1 - (shared.turn - 1) / shared.horizon,
    ),
    feature('balance', [-10, 20], 'own balance / 1000', ({ balance }) => balance / THOUSAND),
    feature('staked', [0, 10], 'own stake / 1000', ({ observation: { shared, index } }) => shared.staked[index]! / THOUSAND),
    feature(
      'unstaking',
      [0, 10],
      'tokens that return from a stake / 1000',
      ({ observation }) => observation.unstaking / THOUSAND,
    ),
    feature('escrow', [0, 10], 'own tokens in contracts / 1000', ({ observation }) => observation.escrow / THOUSAND),
    feature(
      'reputation',
      [0, 1],
      'own reputation / 100',
      ({ observation: { shared, index } }) => shared.reputations[index]! / 100,
    ),
    feature('studies', [0, 2], 'studies / 10', ({ observation }) => observation.studies / 10),
    flag('signed', '1 once the signing bonus was paid', ({ observation }) => observation.signed),
    feature('fee', [0, 1], 'own fee of the last turn / 100', ({ observation }) => observation.billed.fee / 100),
    feature('wage', [0, 1], 'own wage of the last turn / 100', ({ observation }) => observation.billed.wage / 100),
    feature('miners', [0, 1], 'share of agents that mined last turn', ({ standing }) => standing.miners),
    flag('won_block', '1 where it won the last block', ({ observation: { shared, agent } }) => shared.block?.winner === agent),
    feature(
      'cores',
      [0, 1],
      'share of all cores that it owns',
      ({ standing, observation: { shared, agent } }) => (standing.cores.get(agent) ?? 0) / shared.coreOwners.length,
    ),
    flag('auction', '1 while cores can be bid for', ({ observation }) => observation.shared.auction),
    feature('open_offers', [0, 1], 'own open contracts as proposer, of 4', ({ own }) => own.length / 4),
    ...(value > 0
      ? [
          feature<View>(
            'effort',
            [0, 2],
            'what delivering costs it on what it accepts now, in shares of what a kept contract creates',
            v => effortOf(v, market) / value,
          ),
          feature<View>(
            'served',
            [-1, 1],
            'own contracts of the last turn that were really delivered, less those that were not, of 2',
            ({ observation: { concluded = [], agent } }) =>
              concluded.reduce((sum, { proposer, value: worth }) => sum + (proposer !== agent ? 0 : worth === 0 ? -0.5 : 0.5), 0),
          ),
          feature<View>(
            'paid',
            [-1, 1],
            'contracts it had to deliver on that were settled last turn, less those in default, of 2',
            ({ observation: { concluded = [], agent } }) =>
              concluded.reduce(
                (sum, { counterparty, outcome }) => sum + (counterparty !== agent ? 0 : outcome === 'settled' ? 0.5 : -0.5),
                0,
              ),
          ),
        ]
      : []),
  ]
}

export function otherFeatures(rank: number): Features {
  const name = `other_${rank}`
  const of = atRank(({ others }: View) => others, rank)
  return [
    feature(
      `${name}_reputation`,
      [0, 1],
      `reputation / 100 of the other agent of rank ${rank}`,
      of(({ row }, { observation: { shared } }) => shared.reputations[row]! / 100),
    ),
    feature(
      `${name}_balance`,
      [-10, 20],
      'its balance / 1000',
      of(({ row }, { observation: { shared } }) => shared.balances[row]! / THOUSAND),
    ),
    feature(
      `${name}_contracts`,
      [0, 1],
      'open contracts that it has a part in, of 10',
      of(({ agent }, { observation: { shared } }) => (shared.contractsOf[agent]?.length ?? 0) / 10),
    ),
    feature(
      `${name}_said`,
      [0, 2],
      'the first number that it said last turn / 1000; 0 for none',
      of(({ agent }, { standing: { said } }) => (said.get(agent) ?? 0) / THOUSAND),
    ),
    feature(
      `${name}_worked`,
      [0, 1],
      '1 where it took a job last turn',
      of(({ row }, { observation: { shared } }) => Number(shared.did[row] === 'job')),
    ),
    feature(
      `${name}_with_you`,
      [0, 1],
      'open contracts that it has a part in and you too, of 4',
      of(
        ({ agent }, { observation: { contracts, shared } }) =>
          contracts.filter(id => {
            const { proposer, counterparty, arbitrator } = shared.openContracts[id]!
            return agent === proposer || agent === counterparty || agent === arbitrator
          }).length / 4,
      ),
    ),
  ]
}

function reputationOf(agent: AgentId, { observation: { shared }, standing: { rows } }: View): number {
  return shared.reputations[rows.get(agent)!]! / 100
}

export function offerFeatures(rank: number): Features {
  const of = atRank(({ offers }: View) => offers, rank)
  const name = `offer_${rank}`
  return [
    feature(
      `${name}_payment`,
      [0, 5],
      `payment / 1000 of the offer of rank ${rank} to you; all 0 where there is none`,
      of(({ payment }) => payment / THOUSAND),
    ),
    feature(
      `${name}_deposit`,
      [0, 5],
      'its deposit / 1000',
      of(({ deposit }) => deposit / THOUSAND),
    ),
    feature(
      `${name}_proposer`,
      [0, 1],
      'reputation / 100 of who proposes',
      of(({ proposer }, v) => reputationOf(proposer, v)),
    ),
    feature(
      `${name}_arbitrator`,
      [0, 1],
      'reputation / 100 of who would judge',
      of(({ arbitrator }, v) => reputationOf(arbitrator, v)),
    ),
  ]
}

export function deliveryFeatures(rank: number): Features {
  const of = atRank(({ deliveries }: View) => deliveries, rank)
  const name = `delivery_${rank}`
  return [
    feature(
      `${name}_payment`,
      [0, 5],
      `payment / 1000 of the accepted contract of rank ${rank} on which you deliver; all 0 where there is none`,
      of(({ payment }) => payment / THOUSAND),
    ),
    feature(
      `${name}_effort`,
      [0, 5],
      'what really delivering costs / 1000',
      of(({ id }, { observation }) => (observation.efforts?.[id] ?? 0) / THOUSAND),
    ),
    feature(
      `${name}_turns`,
      [0, 5],
      'turns until it is due',
      of(({ deadline }, { observation: { shared } }) => deadline - shared.turn),
    ),
    feature(
      `${name}_arbitrator`,
      [0, 1],
      'reputation / 100 of who judges',
      of(({ arbitrator }, v) => reputationOf(arbitrator, v)),
    ),
  ]
}

export function rulingFeatures(rank: number): Features {
  const name = `ruling_${rank}`
  const at = ({ rulings }: View): Readonly<Contract> | undefined => rulings[rank - 1]
  const of = atRank(({ rulings }: View) => rulings, rank)
  return [
    flag(
      `${name}_waits`,
      `1 where a delivery waits for your ruling, the one of rank ${rank} by its deadline`,
      v => at(v) !== undefined,
    ),
    flag(`${name}_looks_kept`, '1 where it looks like the agreed text', v => {
      const contract = at(v)
      return contract !== undefined && looksKept(contract)
    }),
    feature(
      `${name}_proposer`,
      [0, 1],
      'reputation / 100 of who proposed',
      of(({ proposer }, v) => reputationOf(proposer, v)),
    ),
    feature(
      `${name}_counterparty`,
      [0, 1],
      'reputation / 100 of who delivered',
      of(({ counterparty }, v) => reputationOf(counterparty, v)),
    ),
  ]
}
