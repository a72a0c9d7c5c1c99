// Prints a digest of a whole game of every preset, random legal players, seed 1; run by each version of Node in turn.
// node test/full_size/digests.mjs, after npm run build

import { randomLegal } from '../../dist/bots/any/random_legal.js'
import { digest, Episode, environments } from '../../dist/index.js'

const games = {}
for (const env of environments.list()) {
  for (const preset of Object.keys(env.presets)) {
    const episode = new Episode(env, env.presets[preset], 1)
    const { config } = episode
    const policies = new Map(env.seats(config).map(seat => [seat.agent, randomLegal({ env, config, seat, repeat: 0 })]))
    while (!episode.over)
      episode.step(Object.fromEntries(episode.actors().map(agent => [agent, policies.get(agent).act(episode.turn(agent))])))
    const scores = env.score(episode.log)
    const metrics = Object.keys(scores).map(agent => env.metrics.of(episode.log, agent))
    games[`${env.id} ${preset}`] = digest([episode.log, scores, metrics])
  }
}
console.log(JSON.stringify(games))
