/** The charts, drawn by Observable Plot. Knows what each shows; knows nothing of filters. */
import { number, valueText } from './format.js'

/** Okabe & Ito's colours for all kinds of colour vision, dark and light enough for both themes; yellow and black are left out. */
const COLOURS = ['#0082c8', '#d55e00', '#009e73', '#cc79a7', '#e69f00', '#56b4e9']
/** Beside the colour, so that colour is never all there is. */
const SYMBOLS = ['circle', 'triangle', 'square', 'diamond2', 'star', 'plus', 'times']

export function colourOf(place) {
  return COLOURS[place % COLOURS.length]
}
export function symbolOf(place) {
  return SYMBOLS[place % SYMBOLS.length]
}

/** A player's mark, for labels. */
export function chip(place) {
  const svg = document.createElementNS('http://www.w3.org/2000/svg', 'svg')
  svg.setAttribute('class', 'chip')
  svg.setAttribute('width', '14')
  svg.setAttribute('height', '14')
  svg.setAttribute('viewBox', '-7 -7 14 14')
  svg.setAttribute('aria-hidden', 'true')
  const path = document.createElementNS('http://www.w3.org/2000/svg', 'path')
  path.setAttribute('d', d3.symbol(SYMBOL_TYPES[symbolOf(place)], 60)())
  path.setAttribute('fill', colourOf(place))
  path.setAttribute('stroke', colourOf(place))
  svg.append(path)
  return svg
}
const SYMBOL_TYPES = {
  circle: d3.symbolCircle,
  triangle: d3.symbolTriangle,
  square: d3.symbolSquare,
  diamond2: d3.symbolDiamond2,
  star: d3.symbolStar,
  plus: d3.symbolPlus,
  times: d3.symbolTimes,
}

/** Draws a chart into a figure; `summary` says in words what it shows. */
function draw(figure, summary, marks, options) {
  if (marks.length === 0) {
    figure.replaceChildren(caption('Nothing to show for this choice.'))
    return undefined
  }
  const plot = Plot.plot({
    width: Math.max(280, figure.clientWidth),
    ariaLabel: summary,
    style: { background: 'transparent', overflow: 'visible' },
    ...options,
    marks,
  })
  // One picture for whoever hears it: what its groups are called says nothing.
  const svg = plot.tagName === 'svg' ? plot : plot.querySelector(':scope > svg')
  svg.setAttribute('role', 'img')
  for (const group of plot.querySelectorAll('g[aria-label]')) group.removeAttribute('aria-label')
  figure.replaceChildren(plot, caption(summary))
  return plot
}

function caption(text) {
  const element = document.createElement('figcaption')
  element.textContent = text
  return element
}

/** Scales that give each player the same colour and symbol everywhere. */
function playerScales(players) {
  const domain = players.map(({ label }) => label)
  return {
    color: { domain, range: players.map(({ place }) => colourOf(place)) },
    symbol: { domain, range: players.map(({ place }) => symbolOf(place)) },
  }
}

/** Room for the players' names at the left, a fifth of the chart at most. */
function nameMargin(figure, names) {
  const longest = Math.max(0, ...names.map(name => name.length))
  return Math.min(longest * 6.6 + 16, Math.max(90, figure.clientWidth * 0.36))
}

function shortened(figure, names) {
  const room = Math.floor((nameMargin(figure, names) - 16) / 6.6)
  return name => (name.length <= room ? name : `${name.slice(0, room - 1)}…`)
}

/** Points of a chart at most; of more every n-th is drawn. */
const POINTS = 2000
export const thin = rows => rows.filter((_, i) => i % Math.ceil(rows.length / POINTS) === 0)

/**
 * One number of every rollout, by player: box, points, and the mean with its interval. `values` and `labels` are of the rollouts that
 * have the number.
 */
export function drawSpread(figure, { values, labels, players, name, means }) {
  if (players.length === 0) return draw(figure, '', [], {})
  const names = players.map(({ label }) => label)
  const places = [...values.keys()]
  const ticks = players.flatMap(({ label, place }) =>
    thin(places.filter(at => labels[at] === label)).map(at => ({ value: values[at], player: label, place })),
  )
  return draw(
    figure,
    `${name} by player: each tick a rollout${ticks.length < values.length ? ` (${ticks.length} of ${values.length} drawn)` : ''}, the box their middle half, the diamond the mean with its 95 % interval.`,
    [
      Plot.tickX(ticks, {
        x: 'value',
        y: 'player',
        stroke: ({ place }) => colourOf(place),
        strokeOpacity: 0.6,
        insetTop: 4,
        insetBottom: 48,
      }),
      ...boxes(values, labels),
      Plot.ruleY(
        means.filter(({ low }) => typeof low === 'number'),
        { y: 'player', x1: 'low', x2: 'high', stroke: ({ player }) => colourIn(players, player), strokeWidth: 3, dy: 24 },
      ),
      Plot.dot(means, {
        y: 'player',
        x: 'value',
        symbol: 'diamond',
        r: 6,
        fill: ({ player }) => colourIn(players, player),
        dy: 24,
      }),
      Plot.tip(means, Plot.pointerY({ y: 'player', x: 'value', title: meanTitle })),
    ],
    {
      height: 60 + 72 * players.length,
      marginLeft: nameMargin(figure, names),
      color: { type: 'identity' },
      x: { label: name, grid: true, nice: true, labelOffset: 36 },
      marginBottom: 44,
      y: { label: null, domain: names, tickFormat: shortened(figure, names), tickSize: 0 },
    },
  )
}

/** The middle half with the median, and how far the others reach that lie within one and a half times its length; no others. */
function boxes(values, labels) {
  const middle = { insetTop: 25, insetBottom: 25 }
  const within = (own, pick) => {
    const [low, high] = [d3.quantile(own, 0.25), d3.quantile(own, 0.75)]
    const reach = 1.5 * (high - low)
    return pick(own, value => (value >= low - reach && value <= high + reach ? value : Number.NaN))
  }
  const data = { length: values.length }
  const grouped = (outputs, options) => Plot.groupY(outputs, { x: values, y: labels, ...options })
  const reduced = pick => ({
    reduceIndex: (index, of) =>
      within(
        Float64Array.from(index, at => of[at]),
        pick,
      ),
  })
  return [
    Plot.ruleY(data, grouped({ x1: reduced(d3.min), x2: reduced(d3.max) }, { stroke: 'currentColor', strokeOpacity: 0.6 })),
    Plot.barX(data, grouped({ x1: 'p25', x2: 'p75' }, { fill: 'currentColor', fillOpacity: 0.15, ...middle })),
    Plot.tickX(data, grouped({ x: 'p50' }, { stroke: 'currentColor', strokeOpacity: 0.6, strokeWidth: 2, ...middle })),
  ]
}

const colourIn = (players, label) => colourOf(players.find(player => player.label === label)?.place ?? 0)

function meanTitle({ player, value, low, high, n }) {
  return `${player}\nmean ${number(value)}${typeof low === 'number' ? ` [${number(low)}, ${number(high)}]` : ''}\n${n} rollouts`
}

/** Mean reward of every player of every setting, with its interval. */
export function drawRewards(figure, { rows, placeOf }) {
  const points = rows
    .filter(({ reward }) => typeof reward.value === 'number')
    .map(({ setting, player, reward: { value, low, high, n } }) => ({
      setting,
      player,
      value,
      low,
      high,
      n,
      place: placeOf(setting, player),
    }))
  const settings = [...new Set(points.map(({ setting }) => setting))]
  const names = [...new Set(points.map(({ player }) => player))]
  const own = options => ({ fy: 'setting', y: 'player', ...options })
  return draw(
    figure,
    'Mean reward of each player with its 95 % interval.',
    points.length === 0
      ? []
      : [
          Plot.ruleY(
            points.filter(({ low }) => typeof low === 'number'),
            own({ x1: 'low', x2: 'high', stroke: point => colourOf(point.place), strokeWidth: 3 }),
          ),
          Plot.dot(
            points,
            own({ x: 'value', symbol: point => symbolOf(point.place), r: 5, fill: point => colourOf(point.place) }),
          ),
          Plot.tip(points, Plot.pointerY(own({ x: 'value', title: meanTitle }))),
          Plot.text(settings, { fy: d => d, text: d => d, frameAnchor: 'top-left', dy: -16, fontWeight: 600 }),
        ],
    {
      height: 50 + settings.length * (30 + 26 * names.length),
      marginLeft: nameMargin(figure, names),
      marginBottom: 40,
      marginTop: 24,
      color: { type: 'identity' },
      symbol: { type: 'identity' },
      fy: { domain: settings, axis: null, padding: 0.25 },
      x: { label: 'reward', grid: true, nice: true, labelOffset: 34 },
      y: { label: null, domain: names, tickFormat: shortened(figure, names), tickSize: 0 },
    },
  )
}

/** The same as bars, a row a player. */
export function drawHistogram(figure, { values, labels, players, name }) {
  if (values.length === 0) return draw(figure, '', [], {})
  const names = players.map(({ label }) => label)
  return draw(
    figure,
    `${name} by player: how many of ${values.length} rollouts fall into each interval.`,
    [
      Plot.frame({ strokeOpacity: 0.2 }),
      Plot.rectY({ length: values.length }, Plot.binX({ y: 'count' }, { x: values, fy: labels, fill: labels, tip: true })),
      Plot.ruleY([0]),
    ],
    {
      height: 60 + 90 * players.length,
      marginRight: nameMargin(figure, names),
      marginLeft: 40,
      color: playerScales(players).color,
      x: { label: name, nice: true, labelOffset: 36 },
      marginBottom: 44,
      y: { label: 'rollouts', ticks: 3 },
      fy: { label: null, domain: names, tickFormat: shortened(figure, names), axis: 'right' },
    },
  )
}

/** A dot a rollout. Clicking the one that is pointed at opens it. `rows` are those that have both numbers, `of` how many there are. */
export function drawScatter(figure, { rows, of, players }, open) {
  if (rows.length === 0) return draw(figure, '', [], {})
  const plot = draw(
    figure,
    `Reward against turns: each mark a rollout${rows.length < of ? ` (${rows.length} of ${of} drawn)` : ''}; a click opens the transcript, the list below does so by keyboard.`,
    [
      Plot.dot(rows, {
        x: 'turns',
        y: 'reward',
        stroke: 'player',
        symbol: 'player',
        strokeOpacity: 0.75,
        r: 4,
        tip: true,
        title: row =>
          `${row.player}\nseed ${row.seed}, repeat ${row.repeat}\nreward ${number(row.reward)}, ${row.turns} turns\n${row.stop}`,
      }),
    ],
    {
      height: 340,
      ...playerScales(players),
      symbol: { ...playerScales(players).symbol, legend: true },
      x: { label: 'turns', nice: true, labelOffset: 36, ...around(rows.map(({ turns }) => turns)) },
      marginBottom: 44,
      y: { label: 'reward', grid: true, nice: true },
    },
  )
  const chart = plot.querySelector('svg:last-of-type') ?? plot
  plot.style.cursor = 'pointer'
  chart.addEventListener('click', () => {
    if (plot.value) open(plot.value.at)
  })
}

/** Integers only, and room beside a value that all share. */
function around(values) {
  const [low, high] = [Math.min(...values), Math.max(...values)]
  return { tickFormat: 'd', ...(low === high && { domain: [low - 1, high + 1], ticks: 2 }) }
}

/** Means over time with a band of one standard deviation. */
export function drawLines(figure, { lines, players, quantity }) {
  const points = lines.flatMap(({ player, t, mean, sd }) =>
    t.map((at, i) => ({ player, t: at, mean: mean[i], low: mean[i] - sd[i], high: mean[i] + sd[i] })),
  )
  if (points.length === 0) return draw(figure, '', [], {})
  const ends = lines.map(({ player, t, mean }) => ({ player, t: t.at(-1), mean: mean.at(-1) }))
  return draw(
    figure,
    `${quantity} after each step: mean over the rollouts that still run, the band one standard deviation to both sides.`,
    [
      Plot.areaY(points, { x: 't', y1: 'low', y2: 'high', fill: 'player', fillOpacity: 0.13 }),
      Plot.lineY(points, { x: 't', y: 'mean', stroke: 'player', strokeWidth: 2 }),
      Plot.dot(ends, { x: 't', y: 'mean', stroke: 'player', symbol: 'player', fill: 'player', r: 5 }),
      Plot.tip(
        points,
        Plot.pointer({ x: 't', y: 'mean', title: ({ player, t, mean }) => `${player}\nstep ${t}: ${number(mean)}` }),
      ),
    ],
    {
      height: 340,
      marginLeft: 56,
      ...playerScales(players),
      symbol: { ...playerScales(players).symbol, legend: true },
      x: { label: 'step', labelOffset: 36 },
      marginBottom: 44,
      y: { label: quantity, grid: true, nice: true },
    },
  )
}

/** Whether values lie so far apart that only their ratios can be drawn. */
const spansDecade = values => Math.min(...values) > 0 && Math.max(...values) / Math.min(...values) >= 10

/** A measure along a field of the configuration: means with their intervals, a line a player. `all` are drawn to one scale. */
export function drawSweep(figure, { points, players, sweep, measure, all }) {
  if (points.length === 0) return draw(figure, '', [], {})
  const extent = d3.extent(all.flatMap(({ value, low, high }) => [value, low ?? value, high ?? value]))
  const numeric = sweep.values.every(value => typeof value === 'number')
  const placed = points.map(point => ({ ...point, x: numeric ? point.at : valueText(point.at) }))
  return draw(
    figure,
    `${measure} along ${sweep.factor}: the mean at each value, with its 95 % interval.`,
    [
      Plot.ruleX(
        placed.filter(({ low }) => typeof low === 'number'),
        { x: 'x', y1: 'low', y2: 'high', stroke: 'player', strokeWidth: 1.5, strokeOpacity: 0.7 },
      ),
      Plot.lineY(placed, { x: 'x', y: 'value', stroke: 'player', strokeWidth: 2 }),
      Plot.dot(placed, { x: 'x', y: 'value', stroke: 'player', symbol: 'player', fill: 'player', r: 5 }),
      Plot.tip(
        placed,
        Plot.pointer({
          x: 'x',
          y: 'value',
          title: ({ player, at, value, low, high, n }) =>
            `${player}\n${sweep.factor} ${valueText(at)}\n${number(value)}${typeof low === 'number' ? ` [${number(low)}, ${number(high)}]` : ''}\n${n} rollouts`,
        }),
      ),
    ],
    {
      height: 260,
      marginLeft: 64,
      ...playerScales(players),
      symbol: { ...playerScales(players).symbol, legend: players.length > 1 },
      x: {
        label: sweep.factor,
        labelOffset: 36,
        ...(numeric
          ? { type: spansDecade(sweep.values) ? 'log' : 'linear', ticks: sweep.values, tickFormat: valueText }
          : { type: 'point', domain: sweep.values.map(valueText) }),
      },
      marginBottom: 44,
      y: { label: measure, grid: true, nice: true, domain: extent },
    },
  )
}

/** Quantities of all agents over one rollout. */
export function drawStandings(figure, { byAgent, quantity, stride, seat }) {
  const agents = Object.keys(byAgent)
  const points = agents.flatMap(agent => byAgent[agent].map((value, i) => ({ agent, t: i * stride + 1, value })))
  return draw(
    figure,
    `${quantity} in this rollout; the thick line is ${seat}.`,
    [
      Plot.lineY(
        points.filter(({ agent }) => agent !== seat),
        { x: 't', y: 'value', z: 'agent', stroke: 'currentColor', strokeOpacity: 0.45 },
      ),
      Plot.lineY(
        points.filter(({ agent }) => agent === seat),
        { x: 't', y: 'value', stroke: colourOf(0), strokeWidth: 3 },
      ),
      Plot.tip(
        points,
        Plot.pointer({ x: 't', y: 'value', title: ({ agent, t, value }) => `${agent}\nstep ${t}: ${number(value)}` }),
      ),
    ],
    {
      height: 230,
      marginLeft: 56,
      marginBottom: 44,
      x: { label: 'step', labelOffset: 36 },
      y: { label: quantity, grid: true, nice: true },
    },
  )
}

/** Numbers as colours and words: `cells` of {x, y, value, text}. */
export function drawHeat(figure, { cells, xs, ys, summary, xLabel, yLabel }) {
  if (cells.length === 0) return draw(figure, '', [], {})
  const most = Math.max(...cells.map(({ value }) => value))
  const style = getComputedStyle(document.documentElement)
  const probe = document.createElement('i')
  document.body.append(probe)
  const resolved = name => {
    probe.style.color = `var(${name})`
    return getComputedStyle(probe).color
  }
  const [cold, hot, text, page] = ['--cold', '--hot', '--text', '--page'].map(resolved)
  probe.remove()
  const left = nameMargin(figure, ys)
  const width = Math.max(figure.clientWidth, left + 70 + xs.length * 56)
  const narrow = (width - left) / xs.length < 110
  return draw(
    figure,
    summary,
    [
      Plot.cell(cells, { x: 'x', y: 'y', fill: 'value', inset: 1, rx: 3 }),
      Plot.text(cells, { x: 'x', y: 'y', text: 'text', fill: ({ value }) => (value > 0.55 * most ? page : text) }),
      Plot.tip(cells, Plot.pointer({ x: 'x', y: 'y', title: ({ x, y, text: shown }) => `${y}, ${x}\n${shown}` })),
    ],
    {
      width,
      height: 30 + 26 * ys.length + (narrow ? 90 : 30),
      marginLeft: left,
      marginRight: narrow ? 70 : 20,
      marginTop: narrow ? 100 : 30,
      padding: 0,
      color: { type: 'linear', domain: [0, most || 1], range: [cold, hot], interpolate: 'rgb' },
      style: { background: 'transparent', overflow: 'visible', fontFamily: style.fontFamily },
      x: {
        label: xLabel,
        axis: 'top',
        domain: xs,
        tickSize: 0,
        tickRotate: narrow ? -40 : 0,
        tickFormat: shortened({ clientWidth: 400 }, xs),
      },
      y: { label: yLabel, domain: ys, tickSize: 0, tickFormat: shortened(figure, ys) },
    },
  )
}
