/** A module as users write one, for threads to load: the toy market with bots, some of which misbehave in threads only. */
import { isMainThread } from 'node:worker_threads'
import { call, defineEconomy, type PolicyFactory } from '../../index.ts'
import { type ToyTypes, toyMarket } from '../toy_market/index.ts'

type Factory = PolicyFactory<ToyTypes>

const seller: Factory = () => ({
  act: ({ observation: { grain } }) => (grain > 0 ? call('sell', { quantity: 1 }) : call('wait')),
})

let begun = 0

/** Ends its thread in its second game there. */
const deadly: Factory = context => {
  if (!isMainThread && ++begun === 2) process.exit(3)
  return seller(context)
}

/** Throws in its second game in a thread. */
const broken: Factory = context => {
  if (!isMainThread && ++begun === 2) throw new Error('out of grain')
  return seller(context)
}

/** Says whether it is played in a thread: a call that is refused there. */
const telltale: Factory = () => ({ act: () => call(isMainThread ? 'wait' : 'nowhere') })

export default {
  economies: [
    defineEconomy({
      env: { ...toyMarket, id: 'toy_threads' },
      bots: Object.fromEntries(
        Object.entries({ seller, deadly, broken, telltale }).map(([name, factory]) => [name, { description: name, factory }]),
      ),
      players: ['bot:seller'],
    }),
  ],
}
