/**
 * Files that others have touched or made: read where they are JSON, told of in one line where they are not, never obeyed by a
 * terminal. Run in process on the toy economy.
 */
import {
  appendFileSync,
  cpSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { asOlder } from '../rollouts/older.ts'
import '../evals/toy_runs.ts'
import { scratch } from '../rollouts/table.ts'
import { agoragym } from './console.ts'

const EVAL = 'eval toy_market --players random --opponents random:1 --seeds 4 --set horizon=3'
const FILES = ['results.jsonl', 'traces.jsonl', 'steps.jsonl']

/** A folder with one run of four rollouts, in the files that can be edited as text unless `older` is false; gives its commands and the run's folder. */
async function played(older = true) {
  const cwd = scratch()
  expect((await agoragym(EVAL, { cwd })).code).toBe(0)
  const [name] = readdirSync(join(cwd, 'runs'))
  const run = join(cwd, 'runs', name!)
  if (older) asOlder(run)
  const lines = (file: string): string[] => readFileSync(join(run, file), 'utf8').trimEnd().split('\n')
  return {
    cwd,
    run,
    at: (line: string) => agoragym(line, { cwd, columns: 1000 }),
    edit: (file: string, change: (lines: string[]) => string) => writeFileSync(join(run, file), change(lines(file))),
  }
}

const sorted = (value: unknown): unknown =>
  Array.isArray(value)
    ? value.map(sorted)
    : typeof value === 'object' && value !== null
      ? Object.fromEntries(
          Object.entries(value)
            .sort(([a], [b]) => (a < b ? -1 : 1))
            .map(([key, inner]) => [key, sorted(inner)]),
        )
      : value
const spaced = (line: string): string => JSON.stringify(JSON.parse(line), null, 1).replaceAll('\n', ' ')

describe('a run whose lines are', () => {
  test.each<[string, (lines: string[]) => string]>([
    ['ended by CR LF', lines => lines.map(line => `${line}\r\n`).join('')],
    ['preceded by a byte order mark', lines => `\ufeff${lines.join('\n')}\n`],
    ['spaced', lines => lines.map(line => ` ${spaced(line)} \n`).join('')],
    ['ordered by their keys', lines => lines.map(line => `${JSON.stringify(sorted(JSON.parse(line)))}\n`).join('')],
    [
      'all of that, and the last not ended',
      lines => `\ufeff${lines.map(line => spaced(JSON.stringify(sorted(JSON.parse(line))))).join('\r\n')}`,
    ],
    ['apart from each other', lines => lines.map(line => `${line}\n\n  \n`).join('')],
  ])('%s is compared, exported and replayed, and not gone on with', async (_how, change) => {
    const { at, edit } = await played()
    const before = JSON.parse((await at('compare --json')).out)
    for (const file of FILES) edit(file, change)
    edit('metadata.json', lines => `\ufeff${lines.join('\r\n')}`)
    expect(JSON.parse((await at('compare --json')).out)).toEqual(before)
    expect(await at('replay runs')).toMatchObject({ code: 0, out: '4 episodes, 12 steps: all equal to their replay\n' })
    for (const format of ['verifiers', 'sft-trl', 'steps']) {
      const { code, out } = await at(`export --format ${format} --out ${format} --include-truncated --json`)
      expect({ code, rows: JSON.parse(out).counts.rollouts, unread: JSON.parse(out).unread }).toEqual({
        code: 0,
        rows: 4,
        unread: [],
      })
    }
    const again = await at(`${EVAL.replace('--seeds 4', '--seeds 5')} --resume --json`)
    expect(again).toMatchObject({ code: 2, out: '' })
    expect(again.err).toMatch(/was written in an older format, .* not gone on with; choose another folder with --out\.\n$/)
  })
})

describe('a whole line that is not understood', () => {
  test.each<[string, string, RegExp]>([
    ['rollouts.jsonl', 'garbage', /rollouts\.jsonl: line 2 is no rollout/],
    ['rollouts.jsonl', 'null', /rollouts\.jsonl: line 2 is no rollout/],
    ['rollouts.jsonl', '{"key":"x","reward":1}', /rollouts\.jsonl: line 2 is no rollout/],
    ['rollouts.jsonl', `{"key":${'['.repeat(20_000)}${']'.repeat(20_000)}}`, /rollouts\.jsonl: line 2 is no rollout/],
    ['errors.jsonl', '{}', /errors\.jsonl: line 1 is no row/],
    ['calls.jsonl', '[]', /calls\.jsonl: line 1 is no row/],
  ])('of %s (%.20s) stops a resume, which leaves every file as it was', async (file, line, message) => {
    const { at, edit, run } = await played(false)
    if (existsSync(join(run, file))) edit(file, lines => `${lines[0]}\n${line}\n${lines.slice(1).join('\n')}\n`)
    else writeFileSync(join(run, file), `${line}\n`)
    const before = readdirSync(run).map(name => readFileSync(join(run, name), 'utf8'))
    const { code, out, err } = await at(`${EVAL} --resume`)
    expect({ code, out }).toEqual({ code: 1, out: '' })
    expect(err).toMatch(message)
    expect(err.split('\n')).toHaveLength(2)
    expect(readdirSync(run).map(name => readFileSync(join(run, name), 'utf8'))).toEqual(before)
  })

  test('is told of by whoever reads, and the rest is shown', async () => {
    const { at, edit } = await played()
    edit('results.jsonl', ([first, ...rest]) => `${first}\nnot json\n{}\n${rest.join('\n')}\n`)
    const compared = await at('compare')
    expect(compared.code).toBe(0)
    expect(compared.out).toMatch(/results\.jsonl: 2 lines could not be read \(first: line 2 is not JSON/)
    expect((await at('compare --format markdown')).out).toContain('2 lines could not be read')
    expect((await at('report')).code).toBe(0)
    const exported = await at('export --format verifiers --out x --include-truncated')
    expect(exported.code).toBe(0)
    expect(exported.err).toContain('/results.jsonl: 2 lines could not be read')
    expect((await at('replay runs')).out).toContain('2 not equal to their replay')
  })

  test('where there is no other ends a reader with 1 and one line', async () => {
    const { at, edit } = await played()
    edit('results.jsonl', lines => lines.map(line => `${line.slice(0, -9)}\n`).join(''))
    for (const command of ['compare', 'compare --json', 'report', 'export --format verifiers --out x']) {
      const { code, out, err } = await at(command)
      expect({ code, out }, command).toEqual({ code: 1, out: '' })
      expect(err.trimEnd().split('\n').at(-1)).toMatch(
        /^No rollout could be read.*results\.jsonl: 4 lines could not be read \(first: line 1 is not JSON/,
      )
    }
    expect(existsSync(join((await played()).cwd, 'report.html'))).toBe(false)
  })
})

describe('a metadata.json', () => {
  test.each([
    ['{}', /is not understood: env_id/],
    ['', /is not understood: Unexpected end/],
    ['[1]', /is not understood: /],
    ['{"env_id": 5}', /is not understood: env_id/],
    [`{"config":${'{"a":'.repeat(20_000)}1${'}'.repeat(20_000)}}`, /is not understood: it nests deeper than 500 levels/],
    ['\xff\xfe{', /is not understood: it is no text in UTF-8/],
  ])('that is %.20j refuses a resume and every reader, in one line', async (text, message) => {
    const { at, run } = await played()
    writeFileSync(join(run, 'metadata.json'), Buffer.from(text, 'latin1'))
    for (const command of [`${EVAL} --resume`, 'compare', 'report', 'export --format verifiers --out x', 'replay runs', 'runs']) {
      const { code, err } = await at(command)
      expect(code, command).not.toBe(0)
      expect(err, command).toMatch(message)
      expect(err.trimEnd().split('\n'), command).toHaveLength(1)
    }
  })

  test('that is gone refuses a resume where there are rows', async () => {
    const { at, run } = await played()
    renameSync(join(run, 'metadata.json'), join(run, 'elsewhere.json'))
    const { code, err } = await at(`${EVAL} --resume`)
    expect(code).toBe(2)
    expect(err).toMatch(/^\S+ holds \w+\.jsonl and no metadata\.json that says what it is of; [^\n]*\n$/)
  })
})

describe('a file that is named', () => {
  const ROW = '{"seed": 1}'
  test.each<[string, string | Buffer, string]>([
    ['scenarios', '5', 'row 0: expected {"config"'],
    ['scenarios', 'null', 'row 0: expected {"config"'],
    ['scenarios', '[]', 'holds no row'],
    ['scenarios', '', 'holds no row'],
    ['scenarios', `{"scenarios": [${ROW}]}`, "the list in its field 'scenarios' is to be the file itself"],
    ['scenarios', '[{"seeed": 1}]', 'seeed'],
    ['scenarios', `[${ROW}, ${ROW}]`, 'row 1: the scenario of row 0 once more (seed 1, the same configuration)'],
    ['scenarios', '[{"config": {"horizn": 3}}]', 'horizn'],
    ['scenarios', '[{"config": []}]', 'row 0: expected'],
    ['scenarios', '[1', 'neither a JSON list nor JSON Lines'],
    ['scenarios', '['.repeat(20_000), 'nests deeper than 500 levels'],
    ['scenarios', `{"config": {"horizon": ${'['.repeat(20_000)}${']'.repeat(20_000)}}}`, 'nests deeper than 500 levels'],
    ['scenarios', Buffer.from([0xff, 0xfe, 0x5b, 0]), 'no text in UTF-8'],
    ['suite', '5', 'expected object'],
    ['suite', 'null', 'expected object'],
    ['suite', '{"entries": []}', 'name'],
    ['suite', '{"name": "a", "entries": [{"env": "toy_market", "seed": 1}]}', 'seed'],
    ['suite', '['.repeat(20_000), 'nests deeper than 500 levels'],
    [
      'suite',
      JSON.stringify({
        name: 'a',
        entries: [
          { env: 'toy_market', tournament: { players: seeds(11).map(i => `openai:m${i}`), seats: seeds(8).map(i => `s${i}`) } },
        ],
      }),
      '11 players on 8 seats are 6652800 tables, each a run of its own; at most 2000 are made',
    ],
    ['published', '{"source": "x", "runs": 5}', 'runs'],
    ['published', '5', 'expected object'],
  ])('as %s and holds %.30s is one line', async (kind, content, message) => {
    const cwd = scratch()
    writeFileSync(join(cwd, 'file.json'), content)
    const { code, out, err } = await agoragym(command(kind, 'file.json'), { cwd })
    expect({ code, out }).toEqual({ code: 2, out: '' })
    expect(err).toContain(message)
    expect(err.split('\n')).toHaveLength(2)
  })

  test.each(['scenarios', 'suite', 'persona', 'prices', 'published', 'rubric', 'runs', 'report', 'replay'])(
    'as %s and is a folder, or is not there, is one line',
    async kind => {
      const cwd = scratch()
      mkdirSync(join(cwd, 'file.json'))
      for (const path of ['file.json', './nowhere.json']) {
        const { code, err } = await agoragym(command(kind, path), { cwd })
        if (kind === 'runs' && path === 'file.json') continue
        expect(code, err).not.toBe(0)
        expect(err.trimEnd().split('\n'), err).toHaveLength(1)
        expect(err).not.toContain('    at ')
      }
    },
  )

  test.skipIf(!existsSync('/dev/zero')).each(['persona', 'suite', 'prices', 'published'])(
    'as %s and has no end is one line',
    async kind => {
      const { code, err } = await agoragym(command(kind, '/dev/zero'), { cwd: scratch() })
      expect(code).toBe(2)
      expect(err).toMatch(/larger than \d+ MiB[^\n]*\n$/)
    },
  )

  test('begins with a byte order mark, and is read', async () => {
    const cwd = scratch()
    writeFileSync(join(cwd, 'rows.jsonl'), `\ufeff${ROW}\r\n{"seed": 2}\r\n`)
    const { code } = await agoragym('eval toy_market --players random --scenario-file rows.jsonl --set horizon=2', { cwd })
    expect(code).toBe(0)
    writeFileSync(
      join(cwd, 'suite.json'),
      `\ufeff{"name": "a", "entries": [{"env": "toy_market", "seeds": "1", "set": {"horizon": 2}, "players": ["random"]}]}`,
    )
    expect((await agoragym('eval --suite suite.json', { cwd })).code).toBe(0)
  })

  function seeds(count: number): number[] {
    return Array.from({ length: count }, (_, i) => i)
  }

  function command(kind: string, path: string): string {
    return {
      scenarios: `eval toy_market --players random --scenario-file ${path}`,
      suite: `eval --suite ${path}`,
      persona: `eval toy_market --players openai:m@http://127.0.0.1:9/v1 --seeds 1 --persona ${path}`,
      prices: `eval toy_market --players openai:m@http://127.0.0.1:9/v1 --seeds 1 --prices ${path}`,
      published: `compare ${join(import.meta.dirname, '..', 'fixtures', 'runs_0.1')} --published ${path}`,
      rubric: `score ${path} --judge openai:m@http://127.0.0.1:9/v1 --rubric ${path}`,
      runs: `runs ${path}`,
      report: `report ${path}`,
      replay: `replay ${path}`,
    }[kind]!
  }
})

describe('what is written', () => {
  test('a report replaces a report, and nothing else', async () => {
    const { at, cwd } = await played()
    const path = join(cwd, 'notes.html')
    writeFileSync(path, '<!doctype html><p>mine')
    const refused = await at('report --html notes.html')
    expect(refused).toMatchObject({ code: 2, out: '' })
    expect(refused.err).toMatch(/notes\.html is there and is not a report of ours; choose another name, or move it away\.\n$/)
    expect(readFileSync(path, 'utf8')).toBe('<!doctype html><p>mine')
    for (const _twice of [1, 2]) expect((await at('report --html new/report.html')).code).toBe(0)
    expect(readdirSync(join(cwd, 'new'))).toEqual(['report.html'])
    expect((await at('report --html runs')).err).toMatch(/runs is there and is no file/)
  })

  test('where a link stands, the link is replaced and what it leads to is not', async () => {
    const { at, cwd } = await played()
    expect((await at('report --html old.html')).code).toBe(0)
    const before = readFileSync(join(cwd, 'old.html'), 'utf8')
    symlinkSync(join(cwd, 'old.html'), join(cwd, 'link.html'))
    expect((await at('report --html link.html --title other')).code).toBe(0)
    expect(readFileSync(join(cwd, 'old.html'), 'utf8')).toBe(before)
    expect(readFileSync(join(cwd, 'link.html'), 'utf8')).toContain('<title>other</title>')
  })
})

describe('nothing of a foreign folder is obeyed by a terminal:', () => {
  const HOSTILE = 'x\u001b[2J\u009b1A\u001b]0;t\u0007\u202e\u200b\u{e0041}\rall is well\nrollouts 9'
  const HIDDEN = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}]/u
  /** Every text of a row but those that say what it is of. */
  const poisoned = (value: unknown, field = ''): unknown => {
    if (typeof value === 'string')
      return ['env_id', 'key', 'id', 'seat', 'role', 'env', 'type'].includes(field) ? value : `${value}${HOSTILE}`
    if (Array.isArray(value)) return field === 'evaluated' ? value : value.map(inner => poisoned(inner))
    if (typeof value !== 'object' || value === null || field === 'config') return value
    return Object.fromEntries(
      Object.entries(value).map(([name, inner]) =>
        ['metrics', 'calls', 'refused', 'avg_metrics'].includes(field)
          ? [`${name}${HOSTILE}`, inner]
          : [name, poisoned(inner, name)],
      ),
    )
  }

  test('players, presets, metrics, tools, reasons, messages and names of files are shown', async () => {
    const { cwd, run, edit } = await played()
    for (const file of [...FILES.slice(0, 1), 'metadata.json'])
      edit(file, lines => {
        const rows = file === 'metadata.json' ? [lines.join('\n')] : lines
        return rows.map(row => `${JSON.stringify(poisoned(JSON.parse(row)))}\n`).join('')
      })
    appendFileSync(join(run, 'results.jsonl'), `${HOSTILE.replaceAll('\n', ' ')}\n`)
    const hostile = join(cwd, 'runs', `run${HOSTILE.replaceAll('/', '')}`)
    cpSync(run, hostile, { recursive: true })
    for (const command of [
      'runs',
      'runs --json',
      'compare',
      'compare --format markdown',
      'compare --format csv',
      'compare --json',
      'report',
      'replay runs',
      'export --format verifiers --out x --include-truncated',
      `eval ${HOSTILE.replaceAll(' ', '_')}`,
      `runs ${HOSTILE.replaceAll(' ', '_')}`,
      `--${HOSTILE.replaceAll(' ', '_')}`,
    ]) {
      const { out, err } = await agoragym(command, { cwd, columns: 10_000 })
      for (const text of [out, err]) {
        expect(text.replace(/[\n\t]/g, ''), command).not.toMatch(HIDDEN)
        // A cell of CSV keeps its line ends, between quotation marks.
        if (!command.includes('csv')) expect(text, command).not.toMatch(/^(?:rollouts 9|all is well)/m)
      }
      expect(out + err, command).toMatch(/\\u001b\[2J|\d/)
    }
  })
})
