// What the 95 % intervals of means and of paired differences cover, by simulation on values of known mean: `npm run coverage` writes
// docs/coverage.md. Clusters share a draw where a world says so; half of the worlds were not looked at when the intervals were chosen.
import { writeFileSync } from 'node:fs'
import { stream } from '../dist/envs/core/random.js'
import { clusteredMean, pairedDifference } from '../dist/evals/stats.js'

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

const cut = (value, low, high) => Math.min(high, Math.max(low, value))
function poisson(mean) {
  let [count, chanceOf, upTo] = [0, Math.exp(-mean), Math.exp(-mean)]
  for (const drawn = random.float(); drawn > upTo; upTo += chanceOf) chanceOf *= mean / ++count
  return count
}
/** Two players in one scenario: what they score, between what bounds, and by how much the first is better on average. */
const pair = (name, difference, draw, [low, high] = [0, 1], ends = false) => ({
  name,
  difference,
  draw,
  range: { low, high, ...(ends && { ends }) },
})
/** Both need luck, which is that of the scenario in a share of the scenarios. */
const wins = (p, q, shared) =>
  pair(
    `0/1, ${p} and ${q} on average, one luck in ${100 * shared} % of scenarios`,
    p - q,
    () => {
      const luck = random.float()
      return [p, q].map(needed => (chance(shared) ? Number(luck < needed) : chance(needed)))
    },
    [0, 1],
    true,
  )

const PAIRS_CHOSEN_ON = [
  wins(0.5, 0.3, 0.5),
  wins(0.95, 0.9, 0.8),
  wins(1, 0.95, 0),
  wins(0.99, 0.97, 1),
  pair('uniform, and 0.05 more, noise ± 0.05', 0.05, () => {
    const luck = 0.1 + 0.8 * random.float()
    return [luck + 0.1 * random.float(), luck - 0.05 + 0.1 * random.float()]
  }),
  pair('Beta(8, 1) and Beta(8, 2)', 8 / 9 - 0.8, () => [beta(8, 1), beta(8, 2)]),
  pair('Beta(200, 60), both', 0, () => [beta(200, 60), beta(200, 60)]),
  pair('1, or uniform one time in five, both', 0, () => [1, 2].map(() => (chance(0.8) ? 1 : random.float()))),
  pair(
    'alike, but one time in ten 0.3 to 0.7 less',
    -0.05,
    () => {
      const luck = 1 + random.float()
      return [chance(0.1) ? luck - 0.3 - 0.4 * random.float() : luck, luck]
    },
    [0, 2],
  ),
  pair('Poisson(0.06) and Poisson(0.04), of 200', 0.02, () => [poisson(0.06), poisson(0.04)], [0, 200]),
  pair('Poisson(1) and Poisson(0.5), of 200', 0.5, () => [poisson(1), poisson(0.5)], [0, 200]),
  pair('40 or 41 + Poisson(2), of 75', 1, () => [41 + poisson(2), 40 + poisson(2)], [0, 75]),
  pair('log-normal, cut at 100, both', 0, () => [1, 2].map(() => Math.min(100, Math.exp(normal()))), [0, 100]),
]
const PAIRS_SEEN_AFTER = [
  wins(0.8, 0.6, 1),
  wins(0.98, 0.9, 0.3),
  pair('Beta(0.3, 3), both, one luck', 0, () => {
    const luck = beta(0.3, 3)
    return [1, 2].map(() => cut(luck + 0.02 * normal(), 0, 1))
  }),
  pair('Beta(1, 0.1) and Beta(1, 0.2)', 1 / 1.1 - 1 / 1.2, () => [beta(1, 0.1), beta(1, 0.2)]),
  pair('0, ½ or 1, and one step less in a third of them', null, () => {
    const mine = chance(0.7) ? 1 : chance(0.5) / 2
    return [mine, chance(1 / 3) ? Math.max(0, mine - 0.5) : mine]
  }),
  pair(
    'Poisson(3) and Poisson(2), of 45, one luck',
    null,
    () => {
      const luck = 0.5 + random.float()
      return [Math.min(45, poisson(3 * luck)), Math.min(45, poisson(2 * luck))]
    },
    [0, 45],
  ),
  pair(
    'exponential of mean 2 and 1, cut at 20',
    2 * (1 - Math.exp(-10)) - (1 - Math.exp(-20)),
    () => [2, 1].map(mean => Math.min(20, -mean * Math.log(1 - random.float()))),
    [0, 20],
  ),
]

const METHODS = {
  t: { method: 't' },
  bootstrap: { method: 'bootstrap' },
  ours: {},
}

/** Coverage and mean width, by method, of intervals over many sets of clusters; `draw` gives the interval of a set by a method. */
function measure(truth, draw) {
  const found = Object.fromEntries(Object.keys(METHODS).map(name => [name, { covered: 0, width: 0 }]))
  for (let set = 0; set < SETS; set++) {
    const interval = draw()
    for (const [name, method] of Object.entries(METHODS)) {
      const { low, high } = interval(name === 'ours', { ...method, seed: set })
      const sum = found[name]
      // A rounding error is not a miss.
      sum.covered += Number(low <= truth + 1e-9 && truth <= high + 1e-9)
      sum.width += high - low
    }
  }
  return found
}

/** A mean over clusters of so many rollouts. */
function measureMean(world, clusters, repeats) {
  const range = { low: 0, high: 1, ...(world.ends && { ends: true }) }
  return measure(world.mean, () => {
    const sums = []
    for (let g = 0; g < clusters; g++) {
      const drawn = world.cluster()
      let sum = 0
      for (let i = 0; i < repeats; i++) sum += world.value(drawn)
      sums.push(sum)
    }
    const data = { sums, counts: sums.map(() => repeats) }
    return (bounded, options) => clusteredMean(data, { ...options, ...(bounded && { range }) })
  })
}

/** A difference over so many scenarios that both played once. */
function measurePair({ difference, draw, range }, clusters) {
  return measure(difference, () => {
    const [ours, theirs] = [[], []]
    for (let g = 0; g < clusters; g++) {
      const [mine, yours] = draw()
      ours.push(mine)
      theirs.push(yours)
    }
    const [a, b] = [ours, theirs].map(sums => ({ sums, counts: sums.map(() => 1) }))
    return (bounded, options) => pairedDifference(a, b, { ...options, ...(bounded && { range }) })
  })
}

/** A mean that no formula gives. */
function average(draw) {
  let sum = 0
  for (let i = 0; i < 1_000_000; i++) sum += draw()
  return sum / 1_000_000
}

const percent = count => `${((100 * count) / SETS).toFixed(1)}`
/** Rows of a table and the least that each method covers in it. */
function table(lines) {
  const lowest = Object.fromEntries(Object.keys(METHODS).map(name => [name, SETS]))
  const rows = lines.map(({ cells, found }) => {
    for (const [name, { covered }] of Object.entries(found)) lowest[name] = Math.min(lowest[name], covered)
    return `| ${[...cells, ...Object.values(found).map(({ covered, width }) => `${percent(covered)} (${(width / SETS).toFixed(3)})`)].join(' | ')} |`
  })
  return {
    rows: rows.join('\n'),
    lowest: `t ${percent(lowest.t)} %, bootstrap ${percent(lowest.bootstrap)} %, agoragym ${percent(lowest.ours)} %`,
  }
}
const both = (chosenOn, seenAfter) => [
  ...chosenOn.map(world => [world.name, world]),
  ...seenAfter.map(world => [`${world.name} †`, world]),
]

const means = table(
  both(CHOSEN_ON, SEEN_AFTER).flatMap(([name, world]) => {
    world.mean ??= average(() => world.value(world.cluster()))
    return SIZES.flatMap(clusters =>
      REPEATS.map(repeats => ({ cells: [name, clusters, repeats], found: measureMean(world, clusters, repeats) })),
    )
  }),
)
const pairs = table(
  both(PAIRS_CHOSEN_ON, PAIRS_SEEN_AFTER).flatMap(([name, world]) => {
    world.difference ??= average(() => world.draw().reduce((mine, yours) => mine - yours))
    return SIZES.map(clusters => ({ cells: [name, clusters], found: measurePair(world, clusters) }))
  }),
)

const text = `# What the intervals cover

Written by \`npm run coverage\`: ${SETS} sets of simulated rollouts a line, of known mean; how often, in per cent, the 95 % interval
holds it, and in brackets how wide it is on average. _t_ and _bootstrap_ are Student's and the bootstrap-t interval, which know no
bounds; _agoragym_ is what tables show where both bounds of a metric are known. Worlds with † were not looked at when that was chosen.

## Means

Metrics between 0 and 1. Lowest of all: ${means.lowest}.

| values | scenarios | repeats | t | bootstrap | agoragym |
|---|---|---|---|---|---|
${means.rows}

## Differences of two players over the same scenarios

Lowest of all: ${pairs.lowest}.

| values of both | scenarios | t | bootstrap | agoragym |
|---|---|---|---|---|
${pairs.rows}
`
writeFileSync('docs/coverage.md', text)
console.log(text)
