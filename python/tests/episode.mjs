// A game as Node's own Episode plays it, to compare with: node episode.mjs '{"economy", "preset", "seed"}' prints JSON.
// Every seat that is no resident's chooses, at its nth turn, the (7n + 3)th of its legal slots, counted round.
import { defaultPlayed, Episode, economies, resolveConfig } from '../../dist/index.js'

const { economy, preset, seed } = JSON.parse(process.argv[2])
const { env } = economies.get(economy)
const config = resolveConfig(env, preset ?? Object.keys(env.presets)[0], {})
const live = defaultPlayed(env.seats(config))
const encoding = env.encode(config)
const episode = new Episode(env, config, seed, { seats: Object.fromEntries(live.map(agent => [agent, 'live'])) })
const rewardOf = scores => Object.fromEntries(live.map(agent => [agent, scores[agent].reward]))
const initial = rewardOf(env.score(episode.log))

const turns = Object.fromEntries(live.map(agent => [agent, 0]))
const views = []
while (!episode.over) {
  const view = { t: episode.t, turns: {}, rewards: Object.fromEntries(live.map(agent => [agent, 0])), results: {} }
  const decisions = {}
  for (const agent of episode.actors()) {
    const observation = episode.observe(agent)
    const features = new Float32Array(encoding.features.length)
    const mask = new Uint8Array(encoding.slots.length)
    encoding.observe(observation, features)
    encoding.mask(observation, episode.offered(agent), mask)
    const legal = [...mask.keys()].filter(slot => mask[slot] === 1)
    const slot = legal[(7 * turns[agent]++ + 3) % legal.length]
    decisions[agent] = encoding.decode(observation, slot)
    const { calls } = decisions[agent]
    view.turns[agent] = { text: env.render(observation), features: [...features], mask: [...mask], slot, calls }
  }
  // On to the next turn of anybody.
  let step = decisions
  do {
    const { rewards } = episode.step(step)
    for (const agent of live) view.rewards[agent] += rewards[agent] ?? 0
    step = {}
  } while (!episode.over && episode.actors().length === 0)
  for (const agent of Object.keys(decisions)) view.results[agent] = episode.results(agent)
  views.push(view)
}
const { log } = episode
const end = Object.fromEntries(live.map(agent => [agent, env.render(episode.observe(agent))]))
process.stdout.write(JSON.stringify({ live, initial, views, end, scores: env.score(log), stop: log.stop, done: episode.done }))
