// What a module adds to agoragym: here an economy of one's own with a bot, and a metric. A program registers it, and every
// command takes it with --import.
import { call, defineEconomy, type Plugin, type PolicyFactory } from 'agoragym'
import { type ToyTypes, toyMarket } from './toy_market.ts'

const seller: PolicyFactory<ToyTypes> = () => ({
  act: ({ observation }) => (observation.grain > 0 ? call('sell', { quantity: observation.grain }) : call('wait')),
})

export default {
  economies: [defineEconomy({ env: toyMarket, bots: { seller: { description: 'Sells all it has.', factory: seller } } })],
  metrics: {
    patience: {
      description: 'how often the seat waits',
      formula: 'calls of wait / all calls',
      range: '[0, 1]',
      source: 'mine',
      of: ({ result: { info, metrics } }) => (metrics.num_calls ? (info.calls.wait ?? 0) / metrics.num_calls : null),
    },
  },
} satisfies Plugin
