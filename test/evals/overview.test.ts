/** What a comparison comes to and how it reads: the best, by how much, whether it is settled, what went wrong; every figure is the comparison’s own. */
import { describe, expect, test } from 'vitest'
import { comparisonText } from '../../evals/comparison_text.ts'
import { type Figure, type TableId, tableFacts, tableNote } from '../../evals/figures.ts'
import { overviewOf } from '../../evals/overview.ts'
import { block, columns, definitions, figureTable, number, plural, shownPath, wrap } from '../../evals/text.ts'
import { compare, dabbler, failing, playToy, seller, sleeper, withFolder } from './toy_runs.ts'

const seeds = [0, 1, 2, 3, 4, 5, 6, 7]

describe('the overview of a comparison', () => {
  test('names the best, and says its difference from the baseline where the baseline is another', () =>
    withFolder(async out => {
      const comparison = compare(await playToy([dabbler, seller, sleeper], { out, seeds }))
      const { rows, verdicts } = overviewOf(comparison)
      const best = comparison.figures
        .filter(({ table, item }) => table === 'scores' && item === 'reward')
        .reduce((high, figure) => (figure.value! > high.value! ? figure : high))
      const [verdict] = verdicts
      expect(verdict).toMatchObject({ best: { player: best.player, reward: best }, scenarios: [8, 8] })
      expect(best.player).not.toBe('dabbler')
      expect(verdict!.by?.difference?.player).toBe(`${best.player} − dabbler`)
      expect(rows.filter(row => row.is_baseline).map(({ player }) => player)).toEqual(['dabbler'])
      // Chosen and not computed: each is one of the comparison's.
      const chosen = [...rows.flatMap(({ reward, difference }) => [reward, difference]), ...verdicts.flatMap(({ why }) => why)]
      for (const figure of chosen) if (figure !== null) expect(comparison.figures).toContain(figure)
    }))

  test('says the runner-up’s difference where the baseline is best', () =>
    withFolder(async out => {
      const comparison = compare(await playToy([seller, dabbler, sleeper], { out, seeds }))
      const [verdict] = overviewOf(comparison).verdicts
      expect(verdict).toMatchObject({ best: { player: 'seller', is_baseline: true } })
      expect(verdict!.by!.difference!.value).toBeLessThan(0)
      expect(verdict!.by!.reward.value).toBeGreaterThan(
        Math.min(...overviewOf(comparison).rows.map(({ reward }) => reward.value!)),
      )
    }))

  test('has nobody to compare one player with, and says what a mean lacks', () =>
    withFolder(async out => {
      const { verdicts, lacking } = overviewOf(compare(await playToy([failing('shaky', [1])], { out, seeds })))
      expect(verdicts[0]).toMatchObject({ best: { player: 'shaky', settled: null }, by: null, why: [] })
      expect(lacking).toEqual([{ setting: 'toy_market default', player: 'shaky', what: 'failed', rollouts: 1 }])
    }))

  test('settles by the corrected p of the asked correction, parts of the score before metrics', () => {
    const figure = (more: Partial<Figure>): Figure =>
      ({
        table: 'differences',
        setting: 's',
        player: 'b − a',
        item: 'reward',
        unit: 'number',
        value: 1,
        n: 9,
        p: 0.01,
        p_adjusted: 0.06,
        q: 0.04,
        ...more,
      }) as Figure
    const figures = [
      figure({ table: 'scores', player: 'a', value: 1 }),
      figure({ table: 'scores', player: 'b', value: 2 }),
      figure({ table: 'scores', player: 'b', item: 'payoff' }),
      figure({}),
      figure({ item: 'zeal', p: 0.001 }),
      figure({ item: 'payoff', p: 0.02 }),
      figure({ item: 'doubtful', q: 0.2 }),
      figure({ player: 'c − a', item: 'elsewhere' }),
    ]
    const comparison = { runs: [], settings: ['s'], sweeps: [], figures, notes: [] }
    expect(overviewOf(comparison).verdicts[0]!.by).toMatchObject({ settled: false })
    const [verdict] = overviewOf(comparison, 'bh').verdicts
    expect(verdict!.by).toMatchObject({ player: 'b', settled: true })
    expect(verdict!.why.map(({ item }) => item)).toEqual(['payoff', 'zeal'])
  })

  test('names five reasons at most, the surest first, over as many scenarios as its players have', () => {
    const base = { setting: 's', unit: 'number', n: 9, value: 1 } as const
    const count = (player: string, item: string, value: number) => ({ ...base, table: 'rollouts', player, item, value }) as Figure
    const reward = (player: string, value: number | null) =>
      ({ ...base, table: 'scores', player, item: 'reward', value }) as Figure
    const difference = (item: string, p: number) =>
      ({ ...base, table: 'differences', player: 'b − a', item, p, p_adjusted: p, q: p }) as Figure
    const usd = (player: string, value: number | null) => ({ ...base, table: 'spending', player, item: 'USD', value }) as Figure
    const figures = [
      ...[reward('a', 1), reward('b', 2), reward('c', null)],
      ...['reward', 'u', 'v', 'w', 'x', 'y', 'z'].map((item, i) => difference(item, 0.04 - i / 200)),
      ...[count('a', 'scenarios', 7), count('b', 'scenarios', 9), count('a', 'scored', 7)],
      ...[count('a', 'failed', 1), count('a', 'missing', 0), count('b', 'missing', 2), count('b', 'truncated', 3)],
      ...[usd('a', null), usd('b', 0.5), { ...usd('b', 3), item: 'model calls' }],
    ]
    const { rows, verdicts, lacking, cost } = overviewOf({ runs: [], settings: ['s', 'empty'], sweeps: [], figures, notes: [] })
    expect(verdicts).toHaveLength(1)
    const [verdict] = verdicts
    expect(verdict).toMatchObject({ scenarios: [7, 9], best: { player: 'b' }, next: { player: 'a' }, by: { player: 'b' } })
    expect(verdict!.why.map(({ item }) => item)).toEqual(['z', 'y', 'x', 'w', 'v'])
    expect(rows.map(({ player, is_baseline, settled }) => [player, is_baseline, settled])).toEqual([
      ['a', true, null],
      ['b', false, true],
      ['c', false, null],
    ])
    expect(lacking.map(({ player, what, rollouts }) => [player, what, rollouts])).toEqual([
      ['a', 'failed', 1],
      ['b', 'missing', 2],
      ['b', 'cut short', 3],
    ])
    expect(cost).toEqual([usd('b', 0.5)])
  })
})

describe('a figure as people read it', () => {
  const cell = (more: Partial<Figure>, correction?: 'bh'): string => {
    const figure = {
      table: 'scores',
      setting: 's',
      player: 'p',
      item: 'it',
      unit: 'number',
      n: 9,
      value: 1.25,
      ...more,
    } as Figure
    const text = comparisonText(
      { runs: [], settings: ['s'], sweeps: [], figures: [figure], notes: [] },
      120,
      undefined,
      correction,
    )
    return text
      .split('\n')
      .find(line => line.startsWith('it '))!
      .replace(/^it +/, '')
  }
  test.each<[Partial<Figure>, string]>([
    [{}, '1.250'],
    [{ value: null }, '–'],
    [{ unit: 'count', value: 12 }, '12'],
    [{ unit: 'share', value: 0.125 }, '12.5 %'],
    [{ sd: 0.5 }, '1.250 ± 0.500'],
    [{ sd: null }, '1.250'],
    [{ low: 1, high: 2, method: 't' }, '1.250 [1.000, 2.000]'],
    [{ low: 1, high: 2, method: 'bootstrap' }, '1.250 [1.000, 2.000]*'],
    [{ low: null, high: 2, method: 't' }, '1.250'],
    [{ low: 1, high: null, method: 't' }, '1.250'],
    [{ unit: 'share', value: 0.5, low: 0.25, high: 0.75 }, '50.0 % [25.0 %, 75.0 %]'],
    [{ share: 0.5 }, '1.250 (50.0 %)'],
    [{ p: 0.01, p_adjusted: 0.02, q: 0.03 }, '1.250 p 0.020'],
    [{ p: 0.01, p_adjusted: 0.00099, q: 0.03 }, '1.250 p <0.001'],
    [{ p: 0.01, p_adjusted: 0.001, q: 0.03 }, '1.250 p 0.001'],
    [{ p: 0.01, p_adjusted: null, q: 0.03 }, '1.250'],
  ])('%j is %s', (figure, text) => expect(cell(figure)).toBe(text))

  test('stands in the tables that were asked for, under what is said of them, and not where only files have it', () => {
    const figures = (['scores', 'stops', 'sweep_metrics', 'turns', 'calls'] as const).map(
      table => ({ table, setting: 's', player: 'p', item: `in ${table}`, unit: 'number', n: 9, value: 1 }) as Figure,
    )
    const text = (tables?: readonly TableId[]): string =>
      comparisonText({ runs: [], settings: ['s'], sweeps: [], figures, notes: [] }, 200, tables)
    const shown = (tables?: readonly TableId[]) => [...text(tables).matchAll(/^in (\w+)/gm)].map(([, table]) => table!)
    const forPeople = figures.map(({ table }) => table).filter(table => !tableFacts[table].files)
    expect(shown().sort()).toEqual([...forPeople].sort())
    expect(forPeople.length).toBeLessThan(figures.length)
    expect(shown(['stops'])).toEqual(['stops'])
    expect(text(['scores'])).toContain(`\n(${tableNote('scores', 'holm')})`)
  })

  test('has the q of the other correction where that was asked for', () => {
    expect(cell({ p: 0.01, p_adjusted: 0.02, q: 0.03 }, 'bh')).toBe('1.250 q 0.030')
  })
})

describe('plain text', () => {
  test.each([
    [0, '0.000'],
    [-9.9996, '-10.000'],
    [10, '10.00'],
    [99.5, '99.50'],
    [100, '100.0'],
    [999.94, '999.9'],
    [1000, '1000'],
    [-123456, '-123456'],
    [1e9, '1.000e+9'],
    [Number.NaN, 'NaN'],
    [Number.POSITIVE_INFINITY, 'Infinity'],
  ])('%d is shown as %s', (value, shown) => expect(number(value)).toBe(shown))

  test('counts one thing and several', () => {
    expect([0, 1, 2].map(count => plural(count, 'row'))).toEqual(['0 rows', '1 row', '2 rows'])
  })

  test('is broken between words, within one that no line holds, and goes on under its indent', () => {
    expect(wrap('one two three four', 9)).toEqual(['one two', 'three', 'four'])
    expect(wrap('  one two three', 9, 1)).toEqual(['  one two', '   three'])
    expect(wrap('fits here\n\n  and this  ', 12)).toEqual(['fits here', '', '  and this'])
    expect(wrap('abcdefghijklmnopqrstuvwxyz', 10)).toEqual(['abcdefghij', 'klmnopqrst', 'uvwxyz'])
    expect(wrap('ab abcdefghijklmnopqrst', 12)).toEqual(['ab abcdefghi', 'jklmnopqrst'])
    expect(wrap('a word', 1)).toEqual(['a word'])
    expect(block('one two three', 9, 2)).toBe('  one two\n  three')
  })

  test('has terms beside their meanings where there is room, and above them where not', () => {
    const entries = [
      ['-a', 'first of all the options that there are'],
      ['--long', 'x'],
    ] as const
    expect(definitions(entries, 42)).toBe('  -a      first of all the options that\n          there are\n  --long  x')
    expect(definitions(entries, 30)).toBe('  -a\n      first of all the options\n      that there are\n  --long\n      x')
  })

  test('has rows in columns, the last one wrapped, or a cell a line where it has no room', () => {
    const rows = [
      ['a', 'bb', 'one two three four five six seven eight'],
      ['ccc', 'd', 'x'],
    ]
    expect(columns(rows, 36)).toBe('a    bb  one two three four five six\n         seven eight\nccc  d   x')
    expect(columns(rows, 30)).toBe('a\n  bb\n  one two three four five six\n  seven eight\nccc\n  d\n  x')
    expect(columns([], 30)).toBe('')
  })

  test('has figures in columns, which go on below where they do not fit', () => {
    const rows = [{ label: 'head' }, { label: 'row', cells: ['1', '22'] }, { label: 'other', cells: ['3'] }]
    expect(figureTable(['a', 'b'], rows, 40)).toBe('       a  b\nhead\nrow    1  22\nother  3')
    expect(figureTable(['a', 'b'], rows, 10)).toBe('       a\nhead\nrow    1\nother  3\n\n       b\nhead\nrow    22\nother')
    // A long head is broken where its treatment begins.
    expect(figureTable(['openai:model[temperature=1,history=last:2]'], [{ label: 'r', cells: ['1'] }], 60)).toBe(
      '   openai:model\n   [temperature=1,\n   history=last:2]\nr  1',
    )
  })

  test('has a path as whoever is there would write it', () => {
    expect([shownPath('/a/b/c', '/a/b'), shownPath('/a/b', '/a/b'), shownPath('/a/x', '/a/b')]).toEqual(['c', '.', '/a/x'])
  })
})
