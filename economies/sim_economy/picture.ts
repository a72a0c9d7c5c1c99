/** What there is to see of a turn: the accounts, the contracts as a network, the cores, what was said and done. Knows state and events. */
import type { Event, SimEconomy, State } from '../../envs/sim_economy/state.ts'
import { coreName, roster } from '../../envs/sim_economy/state.ts'
import { figure, spread } from '../figures.ts'
import type { Bars, Cells, Lines, Moment, Network, Picture, Told, Tone } from '../picture.ts'
import { feedOf, playerOf } from '../picture.ts'

export function picture(moment: Moment<SimEconomy>): Picture {
  const { config, state } = moment
  return {
    title: `sim_economy: turn ${state.turn} of ${config.horizon_turns}`,
    panels: [accounts(moment), contracts(moment), course(moment), cores(state), feedOf('Last turn', moment.events, TOLD)],
  }
}

function accounts({ log, state }: Moment<SimEconomy>): Bars {
  return {
    kind: 'bars',
    title: 'Accounts',
    note: 'tokens; reputation from 0 to 100',
    parts: [
      { name: 'balance', tone: 'accent' },
      { name: 'staked', tone: 'good' },
      { name: 'on the way back', tone: 'plain' },
      { name: 'in contracts', tone: 'quiet' },
      { name: 'frozen debt', tone: 'bad' },
    ],
    rows: roster(state.balance.length).map((agent, row) => ({
      label: agent,
      values: [state.balance[row]!, state.staked[row]!, state.unstaking[row]!, state.escrow[row]!, -state.frozen[row]!],
      text: `${figure(state.balance[row]!)} · reputation ${figure(state.reputation[row]!, 1)} · ${playerOf(log, agent)}`,
    })),
  }
}

const STAGES: Readonly<Record<State['contracts'][string]['status'], Tone>> = {
  proposed: 'quiet',
  accepted: 'accent',
  delivered: 'plain',
}

function contracts({ state, events }: Moment<SimEconomy>): Network {
  const open = Object.values(state.contracts)
  // Contracts of one pair at one stage are one link.
  const stages = new Map<string, { proposer: string; counterparty: string; status: keyof typeof STAGES; payments: number[] }>()
  for (const { proposer, counterparty, status, payment } of open) {
    const key = `${proposer} ${counterparty} ${status}`
    const known = stages.get(key)
    if (known === undefined) stages.set(key, { proposer, counterparty, status, payments: [payment] })
    else known.payments.push(payment)
  }
  const ended = events.flatMap(event => (event.type === 'contract_settled' || event.type === 'contract_defaulted' ? [event] : []))
  const weight = spread(open.map(({ payment }) => payment))
  const size = spread(state.balance)
  return {
    kind: 'network',
    title: 'Contracts',
    note: 'from the proposer, who pays, to the counterparty, who delivers; dashed until accepted; green settled, red defaulted last turn',
    nodes: roster(state.balance.length).map((agent, row) => ({
      id: agent,
      label: agent,
      text: '',
      size: size(state.balance[row]!),
      tone: state.balance[row]! < 0 ? 'bad' : 'plain',
    })),
    links: [
      ...[...stages.values()].map(({ proposer, counterparty, status, payments }) => ({
        from: proposer,
        to: counterparty,
        weight: weight(Math.max(...payments)),
        tone: STAGES[status],
        label: `${payments.map(payment => figure(payment)).join(', ')} ${status}`,
        dashed: status === 'proposed',
      })),
      ...ended.map(({ type, proposer, counterparty }) => ({
        from: proposer,
        to: counterparty,
        weight: 0.5,
        tone: type === 'contract_settled' ? ('good' as const) : ('bad' as const),
        label: type === 'contract_settled' ? 'settled' : 'defaulted',
      })),
    ],
  }
}

function course({ log, t, config }: Moment<SimEconomy>): Lines {
  const agents = roster(config.num_agents)
  const points = agents.map((): (readonly [number, number])[] => [[0, config.genesis_tokens_per_agent]])
  for (const { events } of log.steps.slice(0, t))
    for (const event of events)
      if (event.type === 'turn_closed')
        for (const [row, balance] of event.balance.entries()) points[row]!.push([event.turn, balance])
  return { kind: 'lines', title: 'Balances', x: 'turn', series: agents.map((name, row) => ({ name, points: points[row]! })) }
}

function cores({ coreOwners, block, last }: State): Cells {
  const fees = last?.fees.reduce((sum, fee) => sum + fee, 0) ?? 0
  return {
    kind: 'cells',
    title: 'Cores and the block',
    cells: [
      ...coreOwners.map((owner, core) => ({
        title: coreName(core),
        lines: [owner ?? 'unsold'],
        tone: owner === null ? ('quiet' as const) : ('accent' as const),
      })),
      block === null
        ? { title: 'block', lines: ['none last turn', `fees ${figure(fees)}`], tone: 'quiet' as const }
        : {
            title: `block by ${block.validator_type}`,
            lines: [block.winner, `${figure(block.reward)} minted, fees ${figure(fees)}`],
            tone: 'good' as const,
          },
    ],
  }
}

/** What an event says, by type; what is not here stands in another panel. */
const TOLD: Told<Event> = {
  spoke: ({ agent, text }) => [agent, `“${text}”`, 'plain'],
  transferred: ({ agent, to, amount, fee }) => [agent, `sent ${figure(amount)} to ${to}, fee ${figure(fee)}`, 'accent'],
  staked: ({ agent, amount }) => [agent, `staked ${figure(amount)}`, 'plain'],
  burned: ({ agent, amount }) => [agent, `burned ${figure(amount)}`, 'plain'],
  studied: ({ agent, cost }) => [agent, `studied for ${figure(cost)}`, 'plain'],
  core_sold: ({ core, agent, price }) => [agent, `bought ${coreName(core)} for ${figure(price)}`, 'accent'],
  contract_proposed: ({ contract, proposer, counterparty, payment }) => [
    proposer,
    `proposed ${contract} to ${counterparty}: ${figure(payment)}`,
    'quiet',
  ],
  contract_accepted: ({ contract, counterparty }) => [counterparty, `accepted ${contract}`, 'accent'],
  contract_delivered: ({ contract, counterparty, content }) => [counterparty, `delivered ${contract}: “${content}”`, 'accent'],
  contract_attested: ({ contract, arbitrator, fulfilled, truthful }) => [
    arbitrator,
    `attested ${contract} ${fulfilled ? 'fulfilled' : 'not fulfilled'}${truthful ? '' : ', which is false'}`,
    truthful ? 'plain' : 'bad',
  ],
  contract_settled: ({ contract, proposer, payment, kept }) => [
    proposer,
    `paid ${figure(payment)} for ${contract}${kept ? '' : ', though it was not kept'}`,
    kept ? 'good' : 'bad',
  ],
  contract_defaulted: ({ contract, counterparty, cause }) => [
    counterparty,
    `${contract} defaulted: ${cause.replaceAll('_', ' ')}`,
    'bad',
  ],
  audited: ({ contract, convicted }) => [
    'audit',
    convicted.length === 0 ? `${contract}: nobody at fault` : `${contract}: ${convicted.join(', ')} convicted`,
    convicted.length === 0 ? 'good' : 'bad',
  ],
  shock_struck: event => ['shock', event.shock.replaceAll('_', ' '), 'bad'],
  fees_capped: ({ excess }) => ['fee cap', `${figure(excess)} not charged`, 'good'],
  concentration_flagged: ({ gini, agents }) => ['monitor', `Gini ${figure(gini)}: ${agents.join(', ')}`, 'bad'],
}
