/** The scripted players of my_economy. A bot sees observations only, like any player. */
import type { BotSet } from 'agoragym'
import { call, type PolicyFactory } from 'agoragym'
import type { MyEconomyTypes } from './economy.ts'

/** Takes so many fish while the pond holds more than `keep`. */
const takes =
  (quantity: number, keep: number): PolicyFactory<MyEconomyTypes> =>
  () => ({
    act: ({ observation: { shared } }) => (shared.pond - quantity >= keep ? call('fish', { quantity }) : call('rest')),
  })

export const myEconomyBots: BotSet = {
  bots: {
    careful: { description: 'Takes two fish while the pond is at least half full.', factory: takes(2, 50) },
    greedy: { description: 'Takes ten fish while there are any.', factory: takes(10, 0) },
  },
  // Who sits beside the evaluated seat, and who is evaluated, when nobody says otherwise.
  opponents: { careful: 3 },
  players: ['bot:careful', 'bot:greedy', 'random'],
}
