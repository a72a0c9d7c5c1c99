/** Pictures: what they show is what the state and the log say, in every economy and preset; what is drawn is inert and can be read. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, test } from 'vitest'
import { randomLegal } from '../../bots/any/random_legal.ts'
import { picturerOf } from '../../economies/economy.ts'
import { figure } from '../../economies/figures.ts'
import { type Moment, momentAt, moments, type Panel, type Picture } from '../../economies/picture.ts'
import { economies } from '../../economies/registry.ts'
import { standingsPicture } from '../../economies/standings_picture.ts'
import { BOND_EDGES, BOND_UNIT } from '../../envs/mars_colony/parameters.ts'
import type { MarsState } from '../../envs/mars_colony/state.ts'
import type { State as SimState } from '../../envs/sim_economy/state.ts'
import type { SpatialState } from '../../envs/spatial_planning/state.ts'
import type { State as SwarmState } from '../../envs/swarm_economy/state.ts'
import { type AnyEnvironment, type AnyTypes, type Decision, Episode, type EpisodeLog, UserError } from '../../index.ts'
import { stackedSpans } from '../../view/bars.ts'
import { drawPicture } from '../../view/draw.ts'
import { pngOf } from '../../view/png.ts'
import { NARROWEST, pictureText } from '../../view/terminal.ts'
import { THEMES } from '../../view/themes.ts'
import { pictureWords } from '../../view/words.ts'
import { agoragym } from '../commands/console.ts'
import { toyMarket } from '../toy_market/index.ts'

const STEPS = 6
const folder = mkdtempSync(join(tmpdir(), 'agoragym-pictures-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

/** A few steps of random legal play, as a file gives them back. */
function played(env: AnyEnvironment, config: object, seed = 1, steps = STEPS): EpisodeLog<AnyTypes> {
  const episode = new Episode(env, config, seed)
  const policies = new Map(
    env.seats(episode.config).map(seat => [seat.agent, randomLegal({ env, config: episode.config, seat, repeat: 0 })]),
  )
  while (!episode.over && episode.t < steps)
    episode.step(
      Object.fromEntries(episode.actors().map(agent => [agent, policies.get(agent)!.act(episode.turn(agent)) as Decision])),
    )
  return JSON.parse(JSON.stringify(episode.log))
}

const cases = economies.list().flatMap(({ env }) => Object.keys(env.presets).map(preset => [env.id, preset] as const))
const panelOf = <K extends Panel['kind']>({ panels }: Picture, kind: K, title: string | RegExp) => {
  const found = panels.find(
    panel => panel.kind === kind && (typeof title === 'string' ? panel.title === title : title.test(panel.title)),
  )
  expect(found, `${kind} '${title}'`).toBeDefined()
  return found as Extract<Panel, { kind: K }>
}

describe.each(cases)('%s %s', (id, preset) => {
  const economy = economies.get(id)
  const log = played(economy.env, economy.env.presets[preset]!)

  test('a picture at step t looks at the first t steps alone, and changes nothing', async () => {
    const pictureOf = await picturerOf(economy)
    for (const moment of moments(economy.env, log)) {
      const before = JSON.stringify(moment.state)
      const cut = { ...log, steps: log.steps.slice(0, moment.t), stop: null }
      expect(pictureOf({ ...moment, log: cut })).toEqual(pictureOf(moment))
      expect(JSON.stringify(moment.state)).toBe(before)
    }
  })

  test('it is drawn at every width, and says in words who sits there', async () => {
    const picture = (await picturerOf(economy))(momentAt(economy.env, log, -1))
    for (const width of [320, 960]) expect(drawPicture(picture, { width })).toMatch(/^<svg [^>]*role="img"/)
    expect(drawPicture(picture)).not.toMatch(/NaN|undefined|Infinity/)
    const words = pictureWords(picture)
    for (const width of [NARROWEST, 60, 120]) {
      const text = pictureText(picture, width)
      expect(text).not.toMatch(/NaN|undefined|Infinity/)
      expect(Math.max(...text.split('\n').map(line => line.length))).toBeLessThanOrEqual(width)
      expect(pictureText(picture, width)).toBe(text)
    }
    for (const { agent } of economy.env.seats(log.header.config as object).slice(0, 2))
      expect(words).toMatch(id === 'mars_colony' ? /Amara/ : agent)
  })
})

/** A moment late in a game of usual play, and its picture. */
async function late<S>(id: string, preset: string, holds: (state: S) => boolean): Promise<{ picture: Picture; state: S }> {
  const economy = economies.get(id)
  for (let seed = 0; seed < 20; seed++) {
    const log = played(economy.env, economy.env.presets[preset]!, seed, 40)
    for (const moment of moments(economy.env, log) as Generator<Moment>)
      if (holds(moment.state as S))
        return { picture: (await picturerOf(economy))(moment), state: structuredClone(moment.state) as S }
  }
  throw new Error(`no game of ${id} ${preset} came to such a state`)
}

test('sim_economy: bars are the accounts, links the open contracts', async () => {
  const { picture, state } = await late<SimState>('sim_economy', 'standard', ({ contracts }) => Object.keys(contracts).length > 1)
  const { rows } = panelOf(picture, 'bars', 'Accounts')
  expect(rows.map(({ values }) => values[0])).toEqual(state.balance)
  expect(rows.map(({ values }) => values[3])).toEqual(state.escrow)
  const { links } = panelOf(picture, 'network', 'Contracts')
  const shown = links.flatMap(({ from, to, label }) => {
    const [, payments, status] = /^(.*) (proposed|accepted|delivered)$/.exec(label!) ?? []
    return payments === undefined ? [] : payments.split(', ').map(payment => `${from} ${to} ${payment} ${status}`)
  })
  const open = Object.values(state.contracts).map(
    ({ proposer, counterparty, payment, status }) => `${proposer} ${counterparty} ${figure(payment)} ${status}`,
  )
  expect(shown.sort()).toEqual(open.sort())
})

test('swarm_economy: bars are the reputations, dashed links the offers', async () => {
  const { picture, state } = await late<SwarmState>('swarm_economy', 'standard', ({ pending }) => pending.length > 0)
  expect(panelOf(picture, 'bars', 'Reputation').rows.map(({ values }) => values[0])).toEqual(
    state.agents.map(({ reputation }) => reputation),
  )
  const offers = panelOf(picture, 'network', 'Who trades with whom').links.filter(({ dashed }) => dashed)
  expect(offers.map(({ from, to }) => `${from} ${to}`)).toEqual(
    state.pending.map(number => `${state.proposals[number - 1]!.from} ${state.proposals[number - 1]!.to}`),
  )
})

test('spatial_planning: cells are the plots with their worth, bars the resting orders', async () => {
  const { picture, state } = await late<SpatialState>(
    'spatial_planning',
    'futarchy_train',
    ({ play }) => play.kind === 'land' && play.books.some(book => (book?.bids.length ?? 0) > 0 && book!.asks.length > 0),
  )
  const { cells } = panelOf(picture, 'cells', 'The land')
  expect(cells.map(({ lines }) => lines[0])).toEqual(
    state.stimulus.values.map(([without, built]) => `worth ${figure(without)} / ${figure(built)}`),
  )
  const { play } = state
  if (play.kind !== 'land') throw new Error('unreachable')
  for (const [cond, name] of ['without the project', 'with the project'].entries()) {
    const book = play.books[cond]!
    const prices = panelOf(picture, 'bars', `Shares ${name}`).rows.map(({ values }) => Math.max(...values))
    expect(prices).toEqual([...book.asks.map(({ price }) => price).reverse(), ...book.bids.map(({ price }) => price)])
  }
})

test('mars_colony: everybody is at one place, sites are as far as they are, bonds are those of the published least', async () => {
  const { picture, state } = await late<MarsState>('mars_colony', 'two-layer', ({ colony }) =>
    colony.bond.some(bond => Math.abs(bond) >= BOND_EDGES.working),
  )
  const { people, places } = panelOf(picture, 'ground', 'The colony')
  expect(people.map(({ id }) => id)).toEqual(
    economies
      .get('mars_colony')
      .env.seats(state.config)
      .map(({ agent }) => agent),
  )
  const builders = state.colony.act.map((act, i) => (act === 3 ? `site ${state.colony.target[i]}` : undefined))
  for (const [i, site] of builders.entries()) if (site !== undefined) expect(people[i]!.at).toBe(site)
  expect(places.filter(({ done }) => done === 1)).toHaveLength(state.colony.done_at.filter(tick => tick >= 0).length)
  expect(panelOf(picture, 'network', 'Bonds').links.map(({ label }) => label)).toEqual(
    state.colony.bond.filter(bond => Math.abs(bond) >= BOND_EDGES.working).map(bond => figure(bond / BOND_UNIT, 0)),
  )
})

test('an economy without a picture shows rewards so far and dealings', () => {
  const env = toyMarket as unknown as AnyEnvironment
  const log = played(env, {})
  const picture = standingsPicture(env)(momentAt(env, log, 3))
  const scores = env.score({ ...log, steps: log.steps.slice(0, 3), stop: null })
  expect(panelOf(picture, 'bars', 'Rewards so far').rows.map(({ values }) => values[0])).toEqual(
    Object.values(scores).map(({ reward }) => reward),
  )
  expect(drawPicture(picture)).toContain('Rewards so far')
})

test('what others wrote is shown and never obeyed', async () => {
  const hostile = '</text></svg><script>alert(1)</script>&"\u001b[2J\u202e'
  const picture: Picture = {
    title: hostile,
    panels: [
      { kind: 'feed', title: hostile, note: hostile, items: [{ who: hostile, text: hostile, tone: 'plain' }] },
      {
        kind: 'bars',
        title: hostile,
        parts: [{ name: hostile, tone: 'good' }],
        rows: [{ label: hostile, values: [1], text: hostile }],
      },
      { kind: 'cells', title: hostile, cells: [{ title: hostile, lines: [hostile], tone: 'bad' }] },
      { kind: 'network', title: hostile, nodes: [{ id: 'a', label: hostile, text: hostile, size: 1, tone: 'quiet' }], links: [] },
      { kind: 'lines', title: hostile, x: hostile, series: [{ name: hostile, points: [[0, 0]] }] },
      {
        kind: 'ground',
        title: hostile,
        places: [{ id: 'p', label: hostile, text: hostile, x: 0, y: 0, tone: 'plain' }],
        people: [{ id: 'a', label: hostile, at: 'p', tone: 'plain', says: hostile }],
      },
    ],
  }
  for (const text of [drawPicture(picture), pictureWords(picture), pictureText(picture)])
    expect(text.includes('\u001b') || text.includes('\u202e')).toBe(false)
  const svg = drawPicture(picture)
  expect(svg).not.toContain('<script')
  expect(svg.indexOf('</svg>')).toBe(svg.length - '</svg>\n'.length)
  // A strict reader of XML takes it, and what it makes of it is the same every time.
  expect(Buffer.from(await pngOf(svg, 1)).equals(Buffer.from(await pngOf(svg, 1)))).toBe(true)
})

test('in a terminal bars are as long as their values, sparks as high, and what is red has a mark in words', () => {
  const picture: Picture = {
    title: 'T',
    panels: [
      {
        kind: 'bars',
        title: 'B',
        parts: [
          { name: 'a', tone: 'good' },
          { name: 'b', tone: 'plain' },
        ],
        rows: [[-5], [0], [5], [10], [10, -5]].map(values => ({ label: `row ${values.join()}`, values, text: `is ${values}` })),
        marks: [{ at: 10, name: 'most' }],
      },
      {
        kind: 'lines',
        title: 'L',
        x: 'day',
        from: 0,
        to: 7,
        series: [{ name: 's', points: [0, 1, 2, 3, 4, 5, 6, 7].map(y => [y, y]) }],
      },
      { kind: 'cells', title: 'C', cells: [{ title: 'x', lines: [], tone: 'bad' }] },
    ],
  }
  const text = pictureText(picture, 60)
  const bar = (label: string) => text.split('\n').find(line => line.includes(`${label} `))!
  const length = (label: string) => bar(label).split('█').length - 1
  expect(length('row 10')).toBe(2 * length('row 5'))
  expect(length('row -5')).toBe(length('row 5'))
  expect(bar('row -5').lastIndexOf('█')).toBeLessThan(bar('row 5').indexOf('█'))
  expect(length('row 0')).toBe(0)
  expect(bar('row 10,-5').lastIndexOf('▓')).toBeLessThan(bar('row 10,-5').indexOf('█'))
  expect(text).toContain('▁▂▃▄▅▆▇█ 7')
  expect(text).toContain('(!) x')
  expect(text).toContain('marks what is red')
})

test('a link to nobody is a mistake of the economy, told by name', () => {
  const picture: Picture = {
    title: '',
    panels: [{ kind: 'network', title: '', nodes: [], links: [] }],
  }
  expect(drawPicture(picture)).toContain('nothing yet')
  const node = { id: 'a', label: 'a', text: '', size: 0, tone: 'plain' } as const
  const wrong: Picture = {
    title: '',
    panels: [{ kind: 'network', title: '', nodes: [node], links: [{ from: 'a', to: 'z', weight: 1, tone: 'plain' }] }],
  }
  expect(() => drawPicture(wrong)).toThrow("a link to 'z', which is no node; nodes: a")
})

test.each(Object.entries(THEMES))('every ink of the %s theme can be read, every mark be seen', (_theme, colours) => {
  const { panel, ink, faint, ground, series, over, ...tones } = colours
  for (const text of [ink, faint])
    for (const behind of [panel, ground]) expect(contrast(text, behind)).toBeGreaterThanOrEqual(4.5)
  const { plain, accent, good, bad, quiet } = tones
  for (const mark of [plain, accent, good, bad, quiet, ...series]) expect(contrast(mark, panel)).toBeGreaterThanOrEqual(3)
  for (const filled of [plain, accent, bad]) expect(contrast(over, filled)).toBeGreaterThanOrEqual(4.5)
})

/** Contrast of two colours (WCAG 2.2, "contrast ratio" and "relative luminance"). */
function contrast(a: string, b: string): number {
  const luminance = (colour: string): number => {
    const [red, green, blue] = [1, 3, 5].map(at => {
      const share = Number.parseInt(colour.slice(at, at + 2), 16) / 255
      return share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4
    }) as [number, number, number]
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue
  }
  const [light, dark] = [luminance(a), luminance(b)].sort((x, y) => y - x) as [number, number]
  return (light + 0.05) / (dark + 0.05)
}

describe('moments', () => {
  const { env } = economies.get('swarm_economy')
  const log = played(env, env.presets.short!)

  test('count from the beginning, and from the end', () => {
    expect(momentAt(env, log, 0).events).toEqual([])
    expect(momentAt(env, log, -1).t).toBe(log.steps.length)
    expect(momentAt(env, log, 2).events).toEqual(log.steps[1]!.events)
    expect(() => momentAt(env, log, 1000)).toThrow(UserError)
    expect(() => momentAt(env, log, 0.5)).toThrow('expected a whole number')
  })

  test('of another economy or version are refused', () => {
    expect(() => momentAt(economies.get('sim_economy').env, log, 0)).toThrow(
      'expected a log of sim_economy, got one of swarm_economy',
    )
    expect(() => momentAt(env, { ...log, header: { ...log.header, version: 0 } }, 0)).toThrow('of version 0 of swarm_economy')
  })
})

describe('render', () => {
  const { env } = economies.get('swarm_economy')
  const logs = [3, 4].map(seed => ({ key: `swarm_economy-s${seed}-0a1b-r0`, ...played(env, env.presets.short!, seed) }))
  writeFileSync(join(folder, 'games.jsonl'), logs.map(log => `${JSON.stringify(log)}\n`).join(''))

  test('draws the game of a seed at a step', async () => {
    const told = await agoragym('render games.jsonl --seed 4 --step 5', { cwd: folder })
    expect(told.code).toBe(0)
    const svg = readFileSync(join(folder, 'swarm_economy--seed4--step5.svg'), 'utf8')
    expect(svg).toBe(drawPicture((await picturerOf(economies.get('swarm_economy')))(momentAt(env, logs[1]!, 5))))
    const again = await agoragym('render games.jsonl --seed 4 --step 5', { cwd: folder })
    expect(again).toMatchObject({ code: 2, err: expect.stringContaining('exists already') })
  })

  test('makes a PNG where the name asks for one', async () => {
    expect((await agoragym('render games.jsonl --out end.png', { cwd: folder })).code).toBe(0)
    expect(readFileSync(join(folder, 'end.png')).subarray(1, 4).toString()).toBe('PNG')
  })

  test.each([
    ['render nowhere', 'No file or folder nowhere'],
    ['render .', 'holds no finished game'],
    ['render games.jsonl --seed 9', 'None of the 2 games in games.jsonl has seed 9'],
    ['render games.jsonl --step 99', 'expected a whole number from'],
    ['render games.jsonl --step x', '--step: expected an integer'],
    ['render games.jsonl --out a.gif', '.svg or .png'],
    ['render games.jsonl --theme pink', '--theme: expected light, dark'],
    ['render games.jsonl --width 5', '--width: expected an integer from 320'],
  ])('%j is one line and exit code 2', async (line, why) => {
    const { code, err } = await agoragym(line, { cwd: folder })
    expect(code).toBe(2)
    expect(err).toContain(why)
    expect(err.trimEnd()).not.toContain('\n')
  })
})

test('parts of a bar are stacked away from zero, each sign by itself', () => {
  expect(stackedSpans([3, -2, 4, 0, -1])).toEqual([
    [0, 3],
    [-2, 0],
    [3, 7],
    [7, 7],
    [-3, -2],
  ])
})

test('in words a link says whether it goes both ways, and a line where it ends', () => {
  const node = (id: string) => ({ id, label: id.toUpperCase(), text: '' })
  const words = pictureWords({
    title: 'Trade',
    panels: [
      {
        kind: 'network',
        title: 'Links',
        nodes: [node('a'), node('b')],
        links: [
          { from: 'a', to: 'b', label: 'lends' },
          { from: 'b', to: 'a', mutual: true },
        ],
      },
      {
        kind: 'lines',
        title: 'Prices',
        x: 'step',
        series: [
          {
            name: 'grain',
            points: [
              [0, 10],
              [4, 7],
            ],
          },
        ],
      },
    ],
  } as never)
  expect(words.split('\n')).toEqual(expect.arrayContaining(['  A to B: lends', '  B and A', '  grain: 7 at step 4']))
})
