/**
 * How fast the colony's substrate runs: the readable listing, the fast path and the contract, over the same sessions in one
 * run, and the whole published experiment in one number.
 */
import { Episode } from '../../envs/core/episode.ts'
import { stream } from '../../envs/core/random.ts'
import { sessionTicks } from '../../envs/mars_colony/config.ts'
import { marsColony } from '../../envs/mars_colony/index.ts'
import { runColony, runSession } from '../../envs/mars_colony/session.ts'
import { type Bench, type BenchRow, seconds } from '../bench.ts'
import { Listing } from './listing.ts'

const SESSIONS = 10
const EPISODES = 40
const config = marsColony.config.parse(marsColony.presets['two-layer'])
const ticks = sessionTicks(config)
const { initial_needs } = config

/** Median seconds of playing every seed once; the first calls warm the code up. */
function timed(count: number, play: (seed: number) => void): number {
  const all = (): void => {
    for (let seed = 0; seed < count; seed++) play(seed)
  }
  all()
  all()
  return seconds(all, 9)
}

function run(): readonly BenchRow[] {
  const listing = timed(SESSIONS, seed => {
    const colony = new Listing((...names) => stream(seed, ...names), initial_needs)
    while (colony.tick < ticks) colony.step()
  })
  const fast = timed(SESSIONS, seed => runColony({ ticks, initial_needs }, seed))
  const decisions = timed(SESSIONS, seed => runSession({ ticks, initial_needs }, seed))
  const contract = timed(SESSIONS, seed => {
    const episode = new Episode(marsColony, marsColony.presets['two-layer'], seed)
    while (!episode.over) episode.step({})
  })
  const agentic = timed(EPISODES, seed => {
    const episode = new Episode(marsColony, {}, seed)
    while (!episode.over) episode.step({})
  })
  const agenticConfig = marsColony.config.parse({})
  const rate = (what: string, time: number): BenchRow => ({
    what,
    value: (SESSIONS * ticks) / time,
    unit: 'ticks/s',
    ratio: listing / time,
    of: LISTING,
  })
  return [
    { what: LISTING, value: (SESSIONS * ticks) / listing, unit: 'ticks/s' },
    rate('contract path, two-layer, with log', contract),
    rate('fast path with every decision', decisions),
    rate('fast path', fast),
    {
      what: `published experiment, ${SESSIONS} × ${ticks.toLocaleString('en')} ticks, fast path`,
      value: fast * 1000,
      unit: 'ms',
    },
    { what: 'the same through the contract', value: contract * 1000, unit: 'ms' },
    { what: 'agentic mode, nine residents', value: (EPISODES * sessionTicks(agenticConfig)) / agentic, unit: 'ticks/s' },
    { what: `one agentic episode of ${agenticConfig.max_steps} shifts`, value: (agentic / EPISODES) * 1000, unit: 'ms' },
  ]
}

const LISTING = 'readable listing'

export const marsColonyBench: Bench = { id: 'mars_colony', title: 'ten colonists, sessions of 10,000 ticks', run }
