// What the 95 % intervals of means cover, by simulation on values of known mean: `npm run coverage` writes docs/coverage.md.
// Clusters share a draw where a world says so; half of the worlds were not looked at when the intervals were chosen.
import { writeFileSync } from 'node:fs'
import { stream } from '../dist/envs/core/random.js'
import { clusteredMean } from '../dist/evals/stats.js'

const SETS = Number(process.argv[2] ?? 1000)
const SIZES = [5, 10, 20, 40]
const REPEATS = [1, 4]

const random = stream(1, 'coverage')
const normal = () => Math.sqrt(-2 * Math.log(1 - random.float())) * Math.cos(2 * Math.PI * random.float())
/** Marsaglia and Tsang's method. */
function gamma(shape) {
  if (shape < 1) return gamma(shape + 1) * (1 - random.float()) ** (1 / shape)
  const d = shape - 1 / 3
  for (;;) {
    const z = normal()
    const v = (1 + z / Math.sqrt(9 * d)) ** 3
    if (v > 0 && Math.log(1 - random.float()) < z * z * 0.5 + d * (1 - v + Math.log(v))) return d * v
  }
}
function beta(a, b) {
  const x = gamma(a)
  return x / (x + gamma(b))
}
const chance = p => Number(random.float() < p)

/** The mean, what a cluster draws, what a rollout of it then scores; `ends` where that is 0 or 1. */
const shares = (p, between) => ({
  name: `0/1, ${p} on average${between === 0 ? '' : between === 1 ? ', all of a scenario alike' : `, correlation ${between} in a scenario`}`,
  mean: p,
  ends: true,
  cluster: () => (between === 0 ? p : between === 1 ? chance(p) : beta(p * (1 / between - 1), (1 - p) * (1 / between - 1))),
  value: q => (between === 1 ? q : chance(q)),
})
const plain = (name, mean, value) => ({ name, mean, cluster: () => 0, value })
const clustered = (name, mean, cluster, value) => ({ name, mean, cluster, value })

const CHOSEN_ON = [
  shares(0.5, 0),
  shares(0.8, 0.3),
  shares(0.9, 0),
  shares(0.95, 0.3),
  shares(0.95, 1),
  plain('Beta(8, 1)', 8 / 9, () => beta(8, 1)),
  plain('Beta(1, 0.1)', 1 / 1.1, () => beta(1, 0.1)),
  plain('1, or uniform one time in five', 0.9, () => (chance(0.8) ? 1 : random.float())),
  plain('0, or uniform one time in ten', 0.05, () => (chance(0.9) ? 0 : random.float())),
  plain('uniform', 0.5, () => random.float()),
]
const SEEN_AFTER = [
  shares(0.9, 0.1),
  shares(0.7, 1),
  plain('Beta(0.2, 0.2)', 0.5, () => beta(0.2, 0.2)),
  plain('Beta(0.3, 3)', 0.3 / 3.3, () => beta(0.3, 3)),
  plain('0, ½ or 1 (1 : 1 : 8)', 0.85, () => (chance(0.8) ? 1 : chance(0.5) / 2)),
  clustered(
    'scenarios Beta(5, 0.5), noise ± 0.1 cut to [0, 1]',
    null,
    () => beta(5, 0.5),
    q => Math.min(1, Math.max(0, q + 0.2 * random.float() - 0.1)),
  ),
  clustered(
    'scenarios easy (0.97) or hard (0.4) 9 : 1, Beta of 20',
    0.913,
    () => (chance(0.9) ? 0.97 : 0.4),
    q => beta(20 * q, 20 * (1 - q)),
  ),
  plain('Beta(200, 60)', 200 / 260, () => beta(200, 60)),
]

const METHODS = {
  t: { method: 't' },
  bootstrap: { method: 'bootstrap' },
  ours: {},
}

/** Coverage and mean width, by method, over many sets of clusters. */
function measure(world, clusters, repeats) {
  const truth = world.mean ?? average(world)
  const found = Object.fromEntries(Object.keys(METHODS).map(name => [name, { covered: 0, width: 0 }]))
  const range = { low: 0, high: 1, ...(world.ends && { ends: true }) }
  for (let set = 0; set < SETS; set++) {
    const sums = []
    for (let g = 0; g < clusters; g++) {
      const drawn = world.cluster()
      let sum = 0
      for (let i = 0; i < repeats; i++) sum += world.value(drawn)
      sums.push(sum)
    }
    const data = { sums, counts: sums.map(() => repeats) }
    for (const [name, method] of Object.entries(METHODS)) {
      const { low, high } = clusteredMean(data, { ...method, seed: set, ...(name === 'ours' && { range }) })
      const sum = found[name]
      // A rounding error is not a miss.
      sum.covered += Number(low <= truth + 1e-9 && truth <= high + 1e-9)
      sum.width += high - low
    }
  }
  return found
}

/** The mean of a world that no formula gives. */
function average({ cluster, value }) {
  let sum = 0
  for (let i = 0; i < 1_000_000; i++) sum += value(cluster())
  return sum / 1_000_000
}

const percent = count => `${((100 * count) / SETS).toFixed(1)}`
const rows = []
const lowest = {}
for (const [when, worlds] of [
  ['', CHOSEN_ON],
  [' †', SEEN_AFTER],
]) {
  for (const world of worlds) {
    if (world.mean === null) world.mean = average(world)
    for (const clusters of SIZES) {
      for (const repeats of REPEATS) {
        const found = measure(world, clusters, repeats)
        const cells = Object.values(found).map(({ covered, width }) => `${percent(covered)} (${(width / SETS).toFixed(3)})`)
        rows.push(`| ${[`${world.name}${when}`, clusters, repeats, ...cells].join(' | ')} |`)
        for (const [name, { covered }] of Object.entries(found)) lowest[name] = Math.min(lowest[name] ?? SETS, covered)
      }
    }
  }
}

const text = `# What the intervals cover

Written by \`npm run coverage\`: ${SETS} sets of simulated rollouts a line, of known mean; how often, in per cent, the 95 % interval
holds it, and in brackets how wide it is on average. _t_ and _bootstrap_ are Student's and the bootstrap-t interval, which know no
bounds; _agoragym_ is what tables show where a metric lies in [0, 1]. Worlds with † were not looked at when that was chosen.
Lowest of all: t ${percent(lowest.t)} %, bootstrap ${percent(lowest.bootstrap)} %, agoragym ${percent(lowest.ours)} %.

| values | scenarios | repeats | t | bootstrap | agoragym |
|---|---|---|---|---|---|
${rows.join('\n')}
`
writeFileSync('docs/coverage.md', text)
console.log(text)
