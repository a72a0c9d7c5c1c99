// agoragym: one seat of an economy, stepped like any environment; the others are played by bots.
import { call, economies, replay, solo } from 'agoragym'

const { env, bots } = economies.get('sim_economy')
const seats = env.seats(env.config.parse({}))
const opponents = Object.fromEntries(seats.slice(1).map(({ agent }) => [agent, bots.honest!.factory]))

const game = solo(env, { seat: 'agent_0', opponents })
await game.reset(7)
let total = 0
for (;;) {
  const { reward, terminated, truncated } = await game.step(call('mine'))
  total += reward
  if (terminated || truncated) break
}
console.log(`mining alone earns ${total.toFixed(3)} beside ${seats.length - 1} honest agents`)
// Everything that happened can be played again from the log.
console.log(`replayed: ${replay(env, game.log).steps.length} steps`)
