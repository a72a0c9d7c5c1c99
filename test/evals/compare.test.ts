import { appendFileSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, onTestFinished, test } from 'vitest'
import { Episode } from '../../envs/core/episode.ts'
import { call } from '../../envs/core/policy.ts'
import { overviewMarkdown, overviewText } from '../../evals/comparison_text.ts'
import { csv, type Figure, type TableId } from '../../evals/figures.ts'
import { parsePublication } from '../../evals/published.ts'
import { markdown, sheet } from '../../evals/sheet.ts'
import { benjaminiHochberg, holm } from '../../evals/stats.ts'
import { environments } from '../../index.ts'
import { findRuns, readFigures, readMetadata } from '../../rollouts/store.ts'
import { agoragym } from '../commands/console.ts'
import { type ToyTypes, toyMarket } from '../toy_market/index.ts'
import { compare, dabbler, failing, playPair, playToy, scripted, seller, sleeper, withFolder } from './toy_runs.ts'

/** The figures of a table by item and player. */
function table(figures: readonly Figure[], id: TableId): Record<string, Record<string, Figure>> {
  const found: Record<string, Record<string, Figure>> = {}
  for (const figure of figures.filter(each => each.table === id)) {
    found[figure.item] ??= {}
    found[figure.item]![figure.player] = figure
  }
  return found
}

/** Rewards of a player that sells everything as it comes, from the rules of the toy market alone. */
function sold(seed: number): number {
  const episode = new Episode(toyMarket, {}, seed)
  let cash = 0
  while (!episode.over) {
    const { grain, shared } = episode.observe('trader_0')
    if (grain > 0) cash += grain * shared.price
    episode.step({ trader_0: { calls: grain > 0 ? [{ tool: 'sell', args: { quantity: grain } }] : [] } })
  }
  return cash / 100
}

test('scores, differences, calls, refusals, stops and turns are those of the rollouts', () =>
  withFolder(async out => {
    const folders = await playToy([sleeper, seller, dabbler], { out, seeds: [0, 1, 2, 3], repeats: 2 })
    const { figures, settings, notes } = compare(folders)
    expect(settings).toEqual(['toy_market default'])
    expect(notes).toEqual([])

    const rewards = [0, 1, 2, 3].map(sold)
    const mean = rewards.reduce((sum, reward) => sum + reward, 0) / 4
    const scores = table(figures, 'scores')
    expect(scores.reward!.seller).toMatchObject({ n: 8, value: expect.closeTo(mean, 10) })
    expect(scores.reward!.sleeper).toMatchObject({ value: 0, sd: 0, low: 0, high: 0 })
    // Parts that the economy has nothing of are no rows.
    expect(Object.keys(scores)).toEqual(['reward', 'payoff'])

    const differences = table(figures, 'differences')
    const difference = differences.reward!['seller − sleeper']!
    expect(difference.value).toBeCloseTo(mean, 10)
    expect(difference.n).toBe(4)
    expect(difference.p).toBeLessThan(0.05)
    expect(differences.reward!['dabbler − sleeper']).toBeDefined()

    expect(table(figures, 'rollouts')).toMatchObject({
      scored: { seller: { value: 8 } },
      truncated: { seller: { value: 0 } },
      failed: { seller: { value: 0 } },
      missing: { seller: { value: 0 } },
      scenarios: { seller: { value: 4 } },
    })
    const calls = table(figures, 'calls')
    expect(calls['(silence)']!.sleeper).toMatchObject({ value: 8 })
    expect(calls.sell!.sleeper).toMatchObject({ value: 0, n: 8 })
    expect(calls.sell!.dabbler).toMatchObject({ value: 5 })
    expect(calls.wait!.dabbler).toMatchObject({ value: 3 })
    expect(table(figures, 'refusals').no_grain).toMatchObject({ dabbler: { value: 1 }, sleeper: { value: 0 } })
    expect(table(figures, 'stops').horizon!.seller).toMatchObject({ value: 1 })
    expect(table(figures, 'turns')['8']!.seller).toMatchObject({ value: 1, n: 8 })
    expect(table(figures, 'first_use').wait!.dabbler).toMatchObject({ value: 3, share: 1 })
    expect(table(figures, 'sequences')['sell → wait']!.dabbler).toMatchObject({ value: 3 / 5 })
    expect(table(figures, 'metrics').earned!.seller!.value).toBeCloseTo(100 * mean, 8)
  }))

/** Sells all it has every third turn. */
const sometimes = scripted('sometimes', () => ({
  act: ({ observation, t }) => {
    const { grain } = observation as ToyTypes['Observation']
    return t % 3 === 2 && grain > 0 ? call('sell', { quantity: grain }) : call('wait')
  },
}))

test('p-values are told raw, raised over the players of a row, and raised over the whole table', () =>
  withFolder(async out => {
    const [baseline, ...others] = await playToy([sleeper, seller, sometimes], { out, seeds: [0, 1, 2, 3] })
    const differences = (folders: readonly string[]) =>
      compare(folders).figures.filter(figure => figure.table === 'differences' && figure.item === 'reward')
    const alone = others.flatMap(other => differences([baseline!, other]).map(({ p }) => p!))
    const together = differences([baseline!, ...others])
    expect(together.map(({ p }) => p)).toEqual(alone)
    expect(together.map(({ p_adjusted }) => p_adjusted)).toEqual(holm(alone))
    expect(holm(alone)).not.toEqual(alone)
    expect(new Set(together.map(({ family }) => family))).toEqual(
      new Set(['reward in toy_market default: players against sleeper']),
    )
    const all = compare([baseline!, ...others]).figures.filter(({ table: id }) => id === 'differences')
    expect(all.length).toBeGreaterThan(together.length)
    expect(all.map(({ q }) => q)).toEqual(benjaminiHochberg(all.map(({ p }) => p!)))
  }))

test('settings are corrected as well: each player in all settings against the first is a family', () =>
  withFolder(async out => {
    const seeds = [0, 1, 2, 3]
    const folders: string[] = []
    for (const set of [{}, { horizon: 4 }, { horizon: 6 }])
      folders.push(...(await playToy([seller, sometimes], { out, seeds, set })))
    const found = compare(folders).figures.filter(({ table: id }) => id === 'settings')
    const of = (player: string) => found.filter(figure => figure.player === player)
    for (const player of ['seller', 'sometimes']) {
      expect(of(player)).toHaveLength(2)
      expect(of(player).map(({ p_adjusted }) => p_adjusted)).toEqual(holm(of(player).map(({ p }) => p!)))
      expect(of(player)[0]!.family).toBe(`reward of ${player}: settings against toy_market default`)
    }
    expect(found.map(({ q }) => q)).toEqual(benjaminiHochberg(found.map(({ p }) => p!)))
  }))

describe('intervals know what values there can be', () => {
  /** The toy market with other facts and documents for a test. */
  async function figuresWith(
    change: { ranges?: Record<string, string>; docs?: Record<string, string>; weights?: Record<string, number> },
    out: string,
    played: Partial<Parameters<typeof playToy>[1]> = {},
  ) {
    const env = environments.get('toy_market') as unknown as {
      facts?: object
      metrics: { docs: Record<string, { range: string }> }
    }
    const { facts, metrics } = env
    env.facts = { ...facts, ranges: () => change.ranges ?? {}, weights: () => change.weights }
    const docs = Object.fromEntries(
      Object.entries(metrics.docs).map(([name, doc]) => [name, { ...doc, range: change.docs?.[name] ?? doc.range }]),
    )
    env.metrics = { ...metrics, docs }
    onTestFinished(() => {
      env.facts = facts!
      env.metrics = metrics
    })
    return compare(await playToy([sleeper, seller], { out, seeds: [0, 1, 2, 3], ...played })).figures
  }

  test('a part of the score that all rollouts have in full is not certain', () =>
    withFolder(async out => {
      const payoff = table(await figuresWith({ ranges: { payoff: '[0, 10]' } }, out), 'scores').payoff!
      expect(payoff.sleeper).toMatchObject({
        value: 0,
        low: 0,
        high: expect.closeTo(10 * (1 - 0.025 ** (1 / 4)), 12),
        method: 'beta',
      })
      // What is said of nobody stays as it was.
      expect(table(await figuresWith({}, join(out, 'plain')), 'scores').payoff!.sleeper).toMatchObject({ low: 0, high: 0 })
    }))

  test('a reward that adds up parts lies between what they can add up to, and so does its difference', () =>
    withFolder(async out => {
      const figures = await figuresWith({ ranges: { payoff: '[0, 10]' }, weights: { payoff: 1, luck: 0 } }, out, {
        seeds: [0, 1],
      })
      const { reward } = table(figures, 'scores')
      expect(reward!.sleeper).toMatchObject({ low: 0, high: expect.closeTo(10 * (1 - 0.025 ** (1 / 2)), 12), method: 'beta' })
      expect(reward!.seller!.high).toBeLessThanOrEqual(10)
      const [difference] = figures.filter(({ table: id, item }) => id === 'differences' && item === 'reward')
      expect(difference).toMatchObject({ method: 'beta' })
      expect(difference!.low).toBeGreaterThanOrEqual(-10)
      expect(difference!.high).toBeLessThanOrEqual(10)
      // A part without bounds leaves the sum without.
      const open = await figuresWith({ weights: { payoff: 1 } }, join(out, 'open'), { seeds: [0, 1] })
      expect(table(open, 'scores').reward!.seller).toMatchObject({ method: 't' })
    }))

  test('what a configuration says is not believed of rows that set fields of their own, nor of another build’s', () =>
    withFolder(async out => {
      const change = { ranges: { payoff: '[0, 10]' }, weights: { payoff: 1 } }
      await figuresWith(change, out)
      const reward = (of: object) => {
        for (const folder of findRuns(out))
          writeFileSync(join(folder, 'metadata.json'), JSON.stringify({ ...readMetadata(folder), ...of }))
        return table(compare(findRuns(out)).figures, 'scores').reward!.seller!.method
      }
      expect(reward({})).toBe('beta')
      expect(reward({ examples: 'scenario-file rows.jsonl and others, 4 scenarios' })).not.toBe('beta')
      expect(reward({ examples: 'seeds 0:4', version_info: { agoragym_version: '0.0.1', env_version: 99 } })).not.toBe('beta')
    }))

  test('a range that values lie outside of is not believed', () =>
    withFolder(async out => {
      const { payoff } = table(await figuresWith({ ranges: { payoff: '[0, 0.01]' } }, out), 'scores')
      expect(payoff!.seller!.value).toBeGreaterThan(0.01)
      expect(payoff!.seller!.method).not.toBe('beta')
    }))

  test('the documented range of a metric holds its mean and its differences', () =>
    withFolder(async out => {
      const figures = await figuresWith({ docs: { earned: '≥ 0' } }, out)
      for (const figure of figures.filter(({ table: id, item }) => id === 'metrics' && item === 'earned'))
        expect(figure.low).toBeGreaterThanOrEqual(0)
    }))
})

test('pass@k speaks of the scenarios that have k repeats, says of how many, and is not there where none has', () =>
  withFolder(async out => {
    const folders = [
      ...(await playToy([seller], { out, seeds: [0], repeats: 3 })),
      ...(await playToy([seller], { out: join(out, 'more'), seeds: [1, 2, 3] })),
    ]
    const passes = table(compare(folders, { threshold: 0 }).figures, 'passes')
    const shares = Object.entries(passes).map(([item, { seller: figure }]) => [item.split(' ')[0], figure!.n, figure!.share])
    expect(shares).toEqual([
      ['pass@1', 4, undefined],
      ['pass@2', 1, 0.25],
      ['pass@3', 1, 0.25],
      ['pass^2', 1, 0.25],
      ['pass^3', 1, 0.25],
    ])
  }))

describe('the first table', () => {
  test('has a row a setting and player: reward, difference from the baseline, whether it is settled, in 80 characters', () =>
    withFolder(async out => {
      const seeds = [0, 1, 2, 3]
      const long = scripted(`openai:${'m'.repeat(40)}`, seller.policies(undefined as never))
      const folders = [
        ...(await playToy([sleeper, seller, dabbler, long], { out, seeds })),
        ...(await playToy([sleeper, dabbler], { out: join(out, 'short'), seeds, set: { horizon: 4 } })),
      ]
      const lines = overviewText(compare(folders)).split('\n')
      expect(lines.every(line => line.length <= 80)).toBe(true)
      expect(lines[0]!.trim().split(/ {2,}/)).toEqual(['reward', 'against the baseline', 'settled, p'])
      expect(lines.filter(line => line.startsWith('toy_market'))).toEqual([
        'toy_market default, 4 scenarios',
        'toy_market default, horizon=4, 4 scenarios',
      ])
      const row = (start: string) => lines[lines.findIndex(line => line.trim().startsWith(start))]!.trim().split(/ {2,}/)
      expect(row('sleeper')).toEqual(['sleeper', '0.000 [0.000, 0.000]', '(baseline)'])
      expect(row('seller')[3]).toMatch(/^yes, 0\.0\d\d$/)
      // A name without room beside its figures has a line of its own.
      expect(lines.some(line => line.trim() === long.name)).toBe(true)
      expect(overviewText(compare(folders), 80, 'bh')).toContain('settled, q')
      expect(overviewMarkdown(compare(folders)).split('\n')[0]).toBe('| |player|reward|against the baseline|settled, p|')
    }))

  test('what failed or is missing is said under it, and players beyond a screen are behind --all', () =>
    withFolder(async out => {
      const names = Array.from({ length: 21 }, (_, i) => scripted(`p${i}`, sleeper.policies(undefined as never)))
      const [shaky] = await playToy([failing('shaky', [1])], { out, seeds: [0, 1] })
      const one = await playToy(names, { out, seeds: [0] })
      const other = await playToy(names.slice(0, 9), { out: join(out, 'short'), seeds: [0], set: { horizon: 4 } })
      for (const [folders, height] of [
        [[shaky!, ...one], 23],
        [[shaky!, ...one, ...other], 23],
        [[shaky!, ...one, ...other], 60],
      ] as const) {
        const lines = overviewText(compare(folders), 80, 'holm', height).trimEnd().split('\n')
        const shown = lines.filter(line => /^ {2}(p\d+|shaky) /.test(line)).length
        // As many players as the screen has room for, the others counted, and of no setting none.
        expect(lines).toContain('shaky in toy_market default: 1 rollout failed.')
        expect(lines.includes(`${folders.length - shown} more players: --all.`)).toBe(height === 23)
        expect(height === 23 ? lines.length : shown).toBe(height === 23 ? 23 : folders.length)
        expect(lines.filter(line => line.startsWith('toy_market default, horizon=4'))).toHaveLength(folders.length > 22 ? 1 : 0)
      }
      expect((await agoragym('compare .', { cwd: out })).out).toContain('more players: --all')
      const table = async (more: string) => (await agoragym(`compare . --all${more}`, { cwd: out })).out
      const whole = await table('')
      expect(whole).not.toContain('more players')
      // The reward that passes is the asked one; without logs there is nothing of what they say.
      expect([whole, await table(' --threshold 99')].map(text => text.includes('reward ≥ 99'))).toEqual([false, true])
      expect((await table(' --no-logs')).length).toBeLessThan(whole.length)
    }))
})

test('repeats of a scenario count as one: eight equal repeats of two seeds have the interval of two values', () =>
  withFolder(async out => {
    const [folder] = await playToy([seller], { out, seeds: [5, 9], repeats: 8 })
    const reward = table(compare([folder!]).figures, 'scores').reward!.seller!
    expect(reward.n).toBe(16)
    const [a, b] = [sold(5), sold(9)]
    // Two values: sd/√2 times the t quantile of one degree of freedom.
    const half = (12.706204736174694 * Math.abs(a - b)) / 2
    expect(reward.high! - reward.value!).toBeCloseTo(half, 8)
  }))

test('the threshold decides what passes, and k goes up to the repeats', () =>
  withFolder(async out => {
    const folders = await playToy([seller], { out, seeds: [0, 1, 2, 3], repeats: 3 })
    const rewards = [0, 1, 2, 3].map(sold).sort((a, b) => a - b)
    const passes = table(compare(folders, { threshold: rewards[1]! }).figures, 'passes')
    const rows = Object.entries(passes).map(([item, { seller: figure }]) => [item.split(' ')[0], figure!.value])
    expect(rows).toEqual(['pass@1', 'pass@2', 'pass@3', 'pass^2', 'pass^3'].map(item => [item, 0.75]))
    expect(table(compare(folders, { threshold: 1000 }).figures, 'passes')[`pass@1 (reward ≥ 1000)`]!.seller).toMatchObject({
      value: 0,
      low: 0,
      high: expect.closeTo(1 - 0.025 ** (1 / 4), 12),
    })
  }))

describe('wins', () => {
  test('players that played apart meet on the scenarios that they share', () =>
    withFolder(async out => {
      const folders = await playToy([sleeper, seller], { out, seeds: [0, 1, 2] })
      const { figures } = compare(folders)
      const wins = table(figures, 'wins')
      expect(wins['points a shared scenario']).toMatchObject({ seller: { value: 1, n: 3 }, sleeper: { value: 0 } })
      expect(wins.strength!.seller!.value).toBeNull()
      expect(wins.group!.seller!.value).not.toBe(wins.group!.sleeper!.value)
    }))

  test('players of one rollout meet in it, over any number of runs', () =>
    withFolder(async out => {
      const folders = [
        await playPair([seller, sleeper], join(out, 'first'), [0, 1]),
        await playPair([dabbler, seller], join(out, 'second'), [0, 1, 2]),
      ]
      const { figures } = compare(folders)
      const wins = table(figures, 'wins')['points a shared rollout']!
      expect(Object.fromEntries(Object.entries(wins).map(([player, { value, n }]) => [player, [value, n]]))).toEqual({
        seller: [1, 5],
        sleeper: [0, 2],
        dabbler: [0, 3],
      })
      expect(table(figures, 'rollouts').scored!.seller!.value).toBe(5)
      // Each seed is one of its own.
      expect(wins.seller!.low).toBeGreaterThan(0)
    }))

  test('a player of two seats does not meet itself', () =>
    withFolder(async out => {
      const { figures } = compare([await playPair([seller, seller, sleeper], out, [0, 1])])
      const wins = table(figures, 'wins')['points a shared rollout']!
      expect(Object.entries(wins).map(([player, { value, n }]) => [player, value, n])).toEqual([
        ['seller', 1, 4],
        ['sleeper', 0, 4],
      ])
    }))
})

describe('what is compared with what', () => {
  test('another configuration or other opponents are another setting; rewards are paired across settings', () =>
    withFolder(async out => {
      const folders = [
        ...(await playToy([seller], { out })),
        ...(await playToy([seller], { out, set: { horizon: 4 } })),
        ...(await playToy([seller], { out: join(out, 'beside'), opponent: seller })),
      ]
      const { figures, settings } = compare(folders)
      expect(settings).toEqual([
        'toy_market default against 1 sleeper',
        'toy_market default, horizon=4',
        'toy_market default against 1 seller',
      ])
      const across = table(figures, 'settings')
      expect(across['toy_market default, horizon=4']!.seller!.value).toBeLessThan(0)
      expect(across['toy_market default against 1 seller']!.seller).toMatchObject({ value: 0, n: 3, p: 1 })
      expect(figures.filter(({ table: id }) => id === 'differences')).toEqual([])
    }))

  test('one player made of other things is another player; a run that was copied counts once, and that is said', () =>
    withFolder(async out => {
      const warm = scripted('seller', seller.policies(undefined as never), { temperature: 1 })
      const folders = [
        ...(await playToy([seller], { out: join(out, 'a') })),
        ...(await playToy([warm], { out: join(out, 'b') })),
        ...(await playToy([seller], { out: join(out, 'c') })),
        // Of one more seed, which counts.
        ...(await playToy([seller], { out: join(out, 'd'), seeds: [2, 3] })),
      ]
      // The first and its copy lack a rollout, the same one.
      for (const folder of [folders[0]!, folders[2]!]) {
        const path = join(folder, 'metadata.json')
        writeFileSync(path, JSON.stringify({ ...JSON.parse(readFileSync(path, 'utf8')), planned: 4 }))
      }
      const { figures, notes, runs } = compare(folders)
      const { scored, missing } = table(figures, 'rollouts') as {
        scored: Record<string, Figure>
        missing: Record<string, Figure>
      }
      expect(missing.seller!.value).toBe(1)
      expect(Object.entries(scored).map(([player, { value }]) => [player, value])).toEqual([
        ['seller', 4],
        ['seller [b]', 3],
      ])
      expect(notes).toEqual([
        `seller: 3 rollouts of ${folders[2]} stand in ${folders[0]} too and are counted once.`,
        `seller: 1 rollout of ${folders[3]} stand in ${folders[0]} too and are counted once.`,
      ])
      expect(runs.map(({ repeated = [] }) => repeated.length)).toEqual([0, 0, 3, 1])
      expect(table(figures, 'calls').sell!.seller!.n).toBe(4)
    }))

  test('rollouts of another player that were copied into a run are left out, and that is said', () =>
    withFolder(async out => {
      const [folder] = await playToy([seller], { out: join(out, 'a') })
      const [other] = await playToy([sleeper], { out: join(out, 'b') })
      for (const file of ['rollouts.jsonl', 'shared.jsonl']) appendFileSync(join(folder!, file), readFileSync(join(other!, file)))
      const { figures, notes } = compare([folder!])
      expect(table(figures, 'rollouts').scored!.seller!.value).toBe(3)
      expect(notes).toEqual([`${folder}: 3 rows are of players that do not play in that run, and left out.`])
    }))

  test('two samples of one player stand apart, and that is said', () =>
    withFolder(async out => {
      const moody = (sells: boolean) => scripted('moody', (sells ? seller : sleeper).policies(undefined as never))
      const folders = [
        ...(await playToy([moody(true)], { out: join(out, 'a') })),
        ...(await playToy([moody(false)], { out: join(out, 'b') })),
        // With one more seed, which is the second sample's.
        ...(await playToy([moody(false)], { out: join(out, 'c'), seeds: [0, 1, 2, 3] })),
      ]
      const { figures, notes } = compare(folders)
      const scored = table(figures, 'rollouts').scored!
      expect(Object.entries(scored).map(([player, { value }]) => [player, value])).toEqual([
        ['moody', 3],
        ['moody [b]', 4],
      ])
      expect(notes[0]).toBe(`moody in ${folders[1]} was played again and came out otherwise: it stands apart.`)
      expect(notes[1]).toContain(`3 rollouts of ${folders[2]}`)
      // Also where they earn the same in as many calls.
      const idle = (tool: 'wait' | 'value') => scripted('idle', () => ({ act: () => call(tool) }))
      const alike = [
        ...(await playToy([idle('wait')], { out: join(out, 'd') })),
        ...(await playToy([idle('value')], { out: join(out, 'e') })),
      ]
      expect(compare(alike).notes[0]).toBe(`idle in ${alike[1]} was played again and came out otherwise: it stands apart.`)
    }))

  test('players are called by their short names, by more where two would be the same, and by what somebody says', () =>
    withFolder(async out => {
      const at = (name: string) => scripted(name, seller.policies(undefined as never))
      const names = [
        'openai:m@http://a:1/v1',
        'openai:m@http://b:1/v1',
        'openai:m@http://b:1/v1[temperature=1]',
        'openai:n@http://b:1/v1',
      ]
      const folders = await playToy(names.map(at), { out })
      const heads = (options: object) => Object.keys(table(compare(folders, options).figures, 'rollouts').scored!)
      expect(heads({})).toEqual(['openai:m@a:1', 'openai:m@b:1', 'openai:m[temperature=1]', 'openai:n'])
      expect(heads({ labels: { 'openai:n': 'small', [names[0]!]: 'first' } })).toEqual([
        'first',
        'openai:m',
        'openai:m[temperature=1]',
        'small',
      ])
      expect(() => heads({ labels: { 'openai:x': 'small' } })).toThrow(
        `--label: no player 'openai:x' in these runs. Players: ${names.join(', ')}.`,
      )
    }))

  test('the baseline is named, and one that nobody is is refused with the names', () =>
    withFolder(async out => {
      const folders = await playToy([sleeper, seller], { out })
      const { figures } = compare(folders, { baseline: 'seller' })
      expect(Object.keys(table(figures, 'differences').reward!)).toEqual(['sleeper − seller'])
      expect(() => compare(folders, { baseline: 'selle' })).toThrow(
        "--baseline: no player 'selle' in these runs. Players: sleeper, seller. Did you mean 'seller'?",
      )
    }))
})

test('what a provider failed at is counted apart and never scored; what a retry made up for is forgotten', () =>
  withFolder(async out => {
    const [folder] = await playToy([failing('shaky', [1, 2])], { out, seeds: [0, 1, 2, 3] })
    const before = table(compare([folder!]).figures, 'rollouts')
    expect(before).toMatchObject({
      scored: { shaky: { value: 2 } },
      failed: { shaky: { value: 2 } },
      missing: { shaky: { value: 0 } },
    })
    // A failure of a rollout that has been scored since.
    const { key } = readFigures(folder!).next().value!
    const errors = join(folder!, 'errors.jsonl')
    const [failure] = readFileSync(errors, 'utf8').split('\n') as [string]
    appendFileSync(errors, `${JSON.stringify({ ...JSON.parse(failure), key })}\n`)
    const { figures, notes } = compare([folder!])
    expect([table(figures, 'rollouts').failed!.shaky!.value, notes]).toEqual([2, []])
  }))

test('without logs there are no tables of order, and nothing else changes', () =>
  withFolder(async out => {
    const folders = await playToy([sleeper, seller], { out })
    const ordered: TableId[] = ['first_use', 'sequences', 'dealings', 'treatment', 'partners', 'texts']
    const all = compare(folders).figures.filter(({ table: id }) => !ordered.includes(id))
    expect(compare(folders, { logs: false }).figures).toEqual(all)
  }))

test('a folder that is no run is refused', () =>
  withFolder(async out => {
    expect(() => compare([out])).toThrow('is no run: it has no metadata.json')
  }))

test('published runs stand in the setting of their configuration, as further players', () =>
  withFolder(async out => {
    const folders = await playToy([seller], { out })
    const published = parsePublication(
      JSON.stringify({
        source: 'A paper',
        runs: [
          {
            player: 'GPT-0',
            env: 'toy_market',
            preset: 'default',
            n: 80,
            scores: { reward: { mean: 0.5, sd: 0.1 } },
            calls: { sell: { mean: 3 } },
            stops: { horizon: 0.9 },
          },
          { player: 'GPT-0', env: 'toy_market', preset: 'crowded', n: 5 },
        ],
      }),
      'paper.json',
    )
    const { figures, settings, notes } = compare(folders, { published })
    expect(settings).toEqual(['toy_market default'])
    expect(notes).toEqual(['Published figures: A paper.', 'Published runs of other configurations than these, not shown: 1.'])
    expect(table(figures, 'scores').reward).toMatchObject({
      seller: { n: 3 },
      'GPT-0 (published)': { value: 0.5, sd: 0.1, n: 80 },
    })
    expect(table(figures, 'calls').sell!['GPT-0 (published)']).toMatchObject({ value: 3, n: 80 })
    expect(table(figures, 'stops').horizon!['GPT-0 (published)']).toMatchObject({ unit: 'share', value: 0.9 })
  }))

test('a file of published runs is read strictly', () => {
  for (const [file, message] of [
    ['{', 'paper.json is not JSON'],
    [{ source: 'x', runs: [] }, 'paper.json: runs: '],
    [
      { source: 'x', runs: [{ player: 'a', env: 'toy_market', preset: 'default', n: 1, scores: { reward: 0.5 } }] },
      'runs.0.scores.reward',
    ],
    [{ source: 'x', runs: [{ player: 'a', env: 'toy_market', preset: 'default', n: 1, score: {} }] }, 'Unrecognized key'],
  ] as const)
    expect(() => parsePublication(typeof file === 'string' ? file : JSON.stringify(file), 'paper.json')).toThrow(message)
})

describe('layouts', () => {
  const figures: Figure[] = [
    { table: 'scores', setting: 's', player: 'a|b', item: 'reward', unit: 'number', n: 3, value: 1 },
    { table: 'scores', setting: 's', player: 'item', item: 'reward', unit: 'number', n: 3, value: 2 },
    { table: 'scores', setting: 's', player: 'item', item: 'pay,off', unit: 'number', n: 3, value: null },
  ]
  const value = (figure: Figure): string => String(figure.value)

  test('a sheet has a column a player and a row an item, in the order they came, empty where there is nothing', () => {
    expect(sheet(figures, value)).toEqual({
      heads: ['a|b', 'item'],
      rows: [
        { label: 'reward', cells: ['1', '2'] },
        { label: 'pay,off', cells: ['', 'null'] },
      ],
      more: 0,
    })
    expect(sheet(figures, value, 1)).toMatchObject({ rows: [{ label: 'reward' }], more: 1 })
  })

  test('Markdown escapes what would break its columns', () => {
    expect(markdown(sheet(figures, value))).toBe('| |a\\|b|item|\n|:-|:-|:-|\n|reward|1|2|\n|pay,off||null|\n')
  })

  test('CSV has a line a figure and quotes what it must', () => {
    expect(csv(figures).trim().split('\n')).toEqual([
      'table,setting,player,item,unit,n,value,sd,low,high,method,p,p_adjusted,q,family,share',
      'scores,s,a|b,reward,number,3,1,,,,,,,,,',
      'scores,s,item,reward,number,3,2,,,,,,,,,',
      'scores,s,item,"pay,off",number,3,,,,,,,,,,',
    ])
  })
})
