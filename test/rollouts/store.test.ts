/** The files of a run: what stands in them, and that no kill leaves them wrong. */
import {
  appendFileSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import fc from 'fast-check'
import { describe, expect, onTestFinished, test } from 'vitest'
import { type AnyPolicyFactory, type AnyTypes, replay, type Turn, UserError } from '../../index.ts'
import { type Elsewhere, runBatch } from '../../rollouts/batch.ts'
import { COMPRESSIONS } from '../../rollouts/blocks.ts'
import { replaceFile } from '../../rollouts/disk.ts'
import { RunError, RunStopped } from '../../rollouts/errors.ts'
import { failedLines, rolloutLines } from '../../rollouts/lines.ts'
import { type CallRow, type Player, ProviderError } from '../../rollouts/player.ts'
import { type Rollout, type RolloutSpec, rolloutKey } from '../../rollouts/rollout.ts'
import { runRollout } from '../../rollouts/run_rollout.ts'
import { readRollouts } from '../../rollouts/scores.ts'
import {
  countFinished,
  findRuns,
  openRollout,
  RunReader,
  RunStore,
  readCallFigures,
  readCalls,
  readErrors,
  readFigures,
  readLines,
  readResults,
  readRolloutFigures,
  readSteps,
  readTraces,
} from '../../rollouts/store.ts'
import { logFiles, verifyLogs } from '../../rollouts/verify.ts'
import { later, passive, random, scratch, shortConfig, toy, toySpec } from './table.ts'

/** Plays the specs into a folder. */
async function play(folder: string, specs: readonly RolloutSpec[], options: { resume?: boolean; retryErrors?: boolean } = {}) {
  const store = new RunStore(folder, options)
  try {
    return await runBatch(
      specs.map(spec => ({ spec, store })),
      { concurrency: 3, ...options },
    )
  } finally {
    store.close()
  }
}

/** What the files of a run hold, sorted, without what the clock says; and that nothing in them is torn, double or made up. */
function content(folder: string): Record<string, string[]> {
  const timeless = (key: string, value: unknown): unknown => (['timing', 'start_time', 'total'].includes(key) ? undefined : value)
  const texts = (rows: Iterable<object>): string[] => [...rows].map(row => JSON.stringify(row, timeless)).sort()
  expect(verifyLogs(logFiles(folder), ENVS)).toMatchObject({ findings: [], torn: [] })
  return {
    results: texts(readResults(folder)),
    figures: texts(readRolloutFigures(folder)).map(text => JSON.parse(text).key),
    traces: texts(readTraces(folder)),
    steps: texts(readSteps(folder)),
    calls: texts(readCalls(folder)),
    errors: texts(readErrors(folder)),
  }
}

/** Writes the files of a run anew. */
function restore(folder: string, files: Readonly<Record<string, Buffer>>): void {
  rmSync(folder, { recursive: true, force: true })
  mkdirSync(folder)
  for (const [file, bytes] of Object.entries(files)) writeFileSync(join(folder, file), bytes)
}

const ENVS = { has: () => true, get: () => toy, ids: () => [toy.id] } as never

const seeds = (count: number): number[] => Array.from({ length: count }, (_, seed) => seed)

test('what a disk refused is not done, and is filed when it is delivered again', async () => {
  const folder = join(scratch(), 'run')
  const rollout = await runRollout(toySpec(), { transcripts: true })
  if (!rollout.ok) throw rollout.error
  const lines = rolloutLines(rollout, [])
  const store = new RunStore(folder)
  const inTheWay = join(folder, 'rollouts.jsonl')
  mkdirSync(inTheWay)
  expect(() => store.file(lines)).toThrow(RunError)
  expect([store.done(lines.key), store.finished]).toEqual([false, 0])
  rmSync(inTheWay, { recursive: true })
  expect(store.file(lines)).toBe(true)
  store.close()
  expect(countFinished(folder)).toBe(1)
  const again = new RunStore(folder, { resume: true })
  expect(again.done(lines.key)).toBe(true)
  again.close()
})

test('a failure that is delivered twice is listed once, and a later attempt by itself', async () => {
  const folder = join(scratch(), 'run')
  const silent = later({
    onAsk: () => {
      throw new ProviderError('no answer', { code: 'server_error', status: 500, attempts: 3 })
    },
  })
  const failed = await runRollout(toySpec({}, silent))
  if (failed.ok) throw new Error('expected a failure')
  const first = failedLines(failed, [])
  const second = { ...first, error: { ...first.error, start_time: first.error.start_time + 1 } }
  const store = new RunStore(folder)
  expect([first, first, second, second].map(lines => store.file(lines))).toEqual([true, false, true, false])
  expect(store.failures(first.key)).toBe(2)
  store.close()
  expect([...readErrors(folder)].map(({ attempt }) => attempt)).toEqual([1, 2])
  const again = new RunStore(folder, { resume: true })
  expect([again.failures(first.key), again.failures('another')]).toEqual([2, 0])
  // What is finished has failed no more, and nothing of it is filed after that.
  const played = await runRollout(toySpec(), { transcripts: true })
  if (!played.ok) throw played.error
  const finished = { ...rolloutLines(played, []), key: first.key }
  expect([again.file(finished), again.failures(first.key)]).toEqual([true, 0])
  const third = { ...first, error: { ...first.error, start_time: first.error.start_time + 2 } }
  expect([again.file(third), again.failures(first.key)]).toEqual([false, 0])
  again.close()
})

test('a rollout that was written before the disk refused the rest of its batch is found again', async () => {
  const folder = join(scratch(), 'run')
  const [first, second] = await Promise.all(
    [1, 2].map(async seed => {
      const rollout = await runRollout(toySpec({ seed }), { transcripts: true })
      if (!rollout.ok) throw rollout.error
      return rolloutLines(rollout, [])
    }),
  )
  const store = new RunStore(folder)
  const inTheWay = join(folder, 'figures.jsonl')
  mkdirSync(inTheWay)
  expect(() => store.file(first!)).toThrow(RunError)
  rmSync(inTheWay, { recursive: true })
  expect(store.file(second!)).toBe(true)
  store.order()
  store.close()
  const again = new RunStore(folder, { resume: true })
  expect([again.done(first!.key), again.done(second!.key), again.finished]).toEqual([true, true, 2])
  again.close()
  expect(countFinished(folder)).toBe(2)
})

describe('the rows of a finished rollout', () => {
  const spec = toySpec({ seed: 3, repeat: 1 }, later(), random)

  test('results.jsonl has a row for the evaluated seat, in the field names of Verifiers', async () => {
    const folder = join(scratch(), 'run')
    await play(folder, [spec])
    const rows = [...readResults(folder)]
    expect(rows).toHaveLength(1)
    const [row] = rows
    expect(row).toMatchObject({
      key: rolloutKey(spec),
      example_id: 3,
      error: null,
      is_completed: true,
      is_truncated: false,
      stop_condition: 'horizon',
      earned: row!.metrics.earned,
      num_turns: 8,
      info: { seat: 'trader_0', role: 'trader', player: 'openai:later', seed: 3, repeat: 1, cost: 4, transcript: 'model' },
      token_usage: { input_tokens: 108, output_tokens: 16, final_input_tokens: 17, final_output_tokens: 2 },
    })
    expect(row!.reward).toBeCloseTo(row!.metrics.earned! / 100)
    expect(Object.values(row!.info.calls).reduce((sum, n) => sum + n)).toBe(8)
    expect(row!.prompt).toEqual([{ role: 'user', content: expect.stringContaining('You have 5 units') }])
    expect(row!.completion[0]).toEqual({
      role: 'assistant',
      content: 'I have 5.',
      tool_calls: [JSON.stringify({ id: 'c0', name: 'sell', arguments: '{"quantity":5}' })],
    })
    const [figures] = readFigures(folder)
    expect({ ...row, prompt: undefined, completion: undefined, tool_defs: undefined }).toEqual({ ...figures, prompt: undefined })
  })

  test('traces.jsonl has an episode with a trace a seat, token ids where the server gave them', async () => {
    const folder = join(scratch(), 'run')
    await play(folder, [spec])
    const [episode] = readTraces(folder)
    expect(episode).toMatchObject({
      id: rolloutKey(spec),
      env: { id: 'toy_market' },
      ok: true,
      run: { type: 'eval', name: 'run' },
    })
    expect(episode!.traces.map(({ agent }) => [agent.name, agent.trainable, agent.config.player])).toEqual([
      ['trader_0', true, 'openai:later'],
      ['trader_1', false, 'random'],
    ])
    const [own, other] = episode!.traces
    expect(own!.nodes.slice(0, 4)).toMatchObject([
      { token_ids: [0, 1], mask: [0, 0], sampled: false },
      { parent: 0, token_ids: [2], mask: [1], sampled: true },
      { parent: 1, token_ids: [3, 4], mask: [0, 0], sampled: false },
      { parent: 2, token_ids: [5], mask: [1], sampled: true },
    ])
    expect(own!.calls[1]).toMatchObject({
      node: 3,
      model: 'later',
      usage: { prompt_tokens: 7, cached_input_tokens: 4, cost: 0.5 },
    })
    expect(own!.rewards.reward).toEqual({ score: [...readResults(folder)][0]!.reward, weight: 1 })
    expect(other!.nodes).toEqual([])
    expect(other!.metrics).toMatchObject({ num_turns: 8 })
  })

  test('steps.jsonl has the log, which replays; calls.jsonl every answered call, the reply last', async () => {
    const folder = join(scratch(), 'run')
    await play(folder, [spec])
    const [{ key, ...log }] = [...readSteps(folder)] as [ReturnType<typeof readSteps> extends Generator<infer R> ? R : never]
    expect(key).toBe(rolloutKey(spec))
    expect(JSON.parse(JSON.stringify(replay(toy, log)))).toEqual(log)
    const calls = [...readCalls(folder)]
    expect(calls.map(({ agent, call }) => [agent, call])).toEqual(seeds(8).map(call => ['trader_0', call]))
    expect([...readCallFigures(folder)]).toEqual(calls.map(({ reply: _, ...row }) => row))
  })

  test('a scripted seat is given the messages that a model in it would have had', async () => {
    const folder = join(scratch(), 'run')
    await play(folder, [toySpec({ config: shortConfig })])
    const [row] = readResults(folder)
    expect(row!.info.transcript).toBe('scripted')
    expect(row!.token_usage).toBeUndefined()
    expect(row!.prompt.map(({ role }) => role)).toEqual(['system', 'user'])
    expect(row!.completion.map(({ role }) => role)).toEqual(
      seeds(3).flatMap(turn => (turn === 0 ? ['assistant', 'tool'] : ['user', 'assistant', 'tool'])),
    )
    expect(row!.tool_defs.map(({ name }) => name)).toEqual(['sell', 'wait', 'value'])
  })

  test('every evaluated seat has a row, and a player’s counters are metrics', async () => {
    const folder = join(scratch(), 'run')
    const counting = later({ counters: { malformed_arguments: 2 } })
    await play(folder, [toySpec({ evaluated: ['trader_0', 'trader_1'] }, counting, random)])
    const rows = [...readResults(folder)]
    expect(rows.map(({ info }) => info.seat)).toEqual(['trader_0', 'trader_1'])
    expect(rows.map(({ metrics }) => metrics.model_malformed_arguments)).toEqual([2, undefined])
    expect(rows[0]!.metrics).not.toHaveProperty('malformed_arguments')
  })
})

describe('a folder', () => {
  test('that holds something is opened to go on with it only', async () => {
    const folder = join(scratch(), 'run')
    await play(folder, [toySpec()])
    expect(() => new RunStore(folder)).toThrow(UserError)
    expect(() => new RunStore(folder)).toThrow(/exists already: add --resume/)
    const again = await play(folder, [toySpec(), toySpec({ seed: 9 })], { resume: true })
    expect(again).toMatchObject({ finished: 1, left: 0 })
    expect([...readFigures(folder)]).toHaveLength(2)
  })

  test('that cannot be written is a line that says what to do', () => {
    const file = join(scratch(), 'file')
    writeFileSync(file, '')
    expect(() => new RunStore(join(file, 'run'))).toThrow(RunError)
    expect(() => new RunStore(join(file, 'run'))).toThrow(/a part of the path is a file; choose another folder with --out/)
  })

  test('a job that occurs twice is played once', async () => {
    const folder = join(scratch(), 'run')
    expect(await play(folder, [toySpec(), toySpec()])).toMatchObject({ finished: 1 })
  })

  test('runs are found in a folder and in the folders below it', async () => {
    const base = scratch()
    for (const run of ['b/run', 'a']) {
      mkdirSync(join(base, run), { recursive: true })
      writeFileSync(join(base, run, 'metadata.json'), '{}')
    }
    expect(findRuns(base)).toEqual([join(base, 'a'), join(base, 'b', 'run')])
    expect(findRuns(join(base, 'a'))).toEqual([join(base, 'a')])
  })
})

describe.each(COMPRESSIONS)('after a kill (%s)', compress => {
  const evaluated = ['trader_0', 'trader_1']
  const specs = seeds(4).map(seed => toySpec({ seed, config: shortConfig, evaluated }, random, random))
  const suffix = { none: '', gzip: '.gz', brotli: '.br' }[compress]
  const data = `rollouts.jsonl${suffix}`

  async function uninterrupted() {
    const folder = join(scratch(), 'run')
    const store = new RunStore(folder, { compress })
    for (const [i, spec] of specs.entries()) {
      store.file(rolloutLines(runRollout(spec, { transcripts: true }) as Rollout))
      // The last two are one batch.
      if (i < 2) store.flush()
    }
    store.order()
    store.close()
    const files = Object.fromEntries(readdirSync(folder).map(file => [file, readFileSync(join(folder, file))] as const))
    return { folder, files, expected: content(folder) }
  }

  test('wherever rollouts.jsonl was cut off in its last batch, with or without a checkpoint, the rest is played again', async () => {
    const { folder, files, expected } = await uninterrupted()
    const bytes = files[data]!
    const first = new RunReader(folder)
    const last = Math.max(...[...first.placed()].map(({ place }) => place[0]))
    // Of the last batch nothing, or with plain lines its first rollout, is whole: that is told around both ends and at bytes between, and played from some.
    const told = compress === 'none' ? [2, 3] : [2]
    for (let at = last; at < bytes.length; at += at < last + 32 || at > bytes.length - 32 ? 1 : 17) {
      truncateSync(join(folder, data), at)
      expect(told, `cut at ${at}`).toContain(countFinished(folder))
      writeFileSync(join(folder, data), bytes)
    }
    if (compress !== 'none') {
      // A block that is whole and says something else than was written is none: a bit of its data, or of its check, is another.
      for (let at = last + 40; at < bytes.length - 5; at += 61) {
        writeFileSync(join(folder, data), bytes.with(at, bytes[at]! ^ 1))
        expect(countFinished(folder)).toBe(2)
      }
    }
    for (const at of [last, last + 1, last + 20, Math.floor((last + bytes.length) / 2), bytes.length - 1]) {
      for (const checkpoint of [true, false]) {
        restore(folder, files)
        truncateSync(join(folder, data), at)
        if (!checkpoint) rmSync(join(folder, 'checkpoint.json'))
        await play(folder, specs, { resume: true })
        expect(content(folder), `cut at ${at}`).toEqual(expected)
      }
    }
  })

  test('wherever one of the files beside it was cut off or is gone, it is made anew', async () => {
    const { folder, files, expected } = await uninterrupted()
    for (const [file, bytes] of Object.entries(files)) {
      if (file === data) continue
      for (const at of [-1, 0, Math.floor(bytes.length / 2), bytes.length - 1]) {
        restore(folder, files)
        if (at < 0) rmSync(join(folder, file))
        else truncateSync(join(folder, file), Math.min(at, bytes.length))
        await play(folder, specs, { resume: true })
        expect(content(folder), `${file} cut at ${at}`).toEqual(expected)
      }
    }
  })

  test('also where all files were cut off anywhere, or hold garbage at the end', async () => {
    const { folder, files, expected } = await uninterrupted()
    const share = fc.oneof(fc.constant(1), fc.double({ min: 0, max: 1, noNaN: true }))
    const count = Object.keys(files).length
    await fc.assert(
      fc.asyncProperty(
        fc.array(share, { minLength: count, maxLength: count }),
        fc.constantFrom('', '\0\0\0\0', '{"key":"x"'),
        async (shares, tail) => {
          restore(folder, files)
          for (const [i, [file, bytes]] of Object.entries(files).entries()) {
            truncateSync(join(folder, file), Math.floor(bytes.length * shares[i]!))
            appendFileSync(join(folder, file), tail)
          }
          await play(folder, specs, { resume: true })
          expect(content(folder)).toEqual(expected)
        },
      ),
      { numRuns: 12, seed: 1 },
    )
  })

  test('a kill while the files are being repaired leaves a temporary file, which is gone after resuming', async () => {
    const { folder, files, expected } = await uninterrupted()
    truncateSync(join(folder, data), 10)
    writeFileSync(join(folder, 'figures.jsonl.tmp'), 'half a line')
    await play(folder, specs, { resume: true })
    expect(content(folder)).toEqual(expected)
    expect(readdirSync(folder).filter(file => file.endsWith('.tmp'))).toEqual([])
    expect(Object.keys(files)).toContain(data)
  })

  test('figures of another state of the run are not believed: what was added, put in order, or replaced is read where it lies', async () => {
    const { folder, files, expected } = await uninterrupted()
    const more = toySpec({ seed: 7, config: shortConfig, evaluated }, random, random)
    await play(folder, [...specs, more], { resume: true })
    const whole = content(folder)
    // The checkpoint of before: it vouches for four, the fifth is read from rollouts.jsonl.
    writeFileSync(join(folder, 'checkpoint.json'), files['checkpoint.json']!)
    expect(content(folder)).toEqual(whole)
    // Figures and a checkpoint of five rollouts beside four.
    writeFileSync(join(folder, data), files[data]!)
    await play(folder, specs, { resume: true })
    expect(content(folder)).toEqual(expected)
    // As long as they were, and other ones.
    const name = `figures.jsonl${suffix}`
    writeFileSync(join(folder, name), Buffer.alloc(files[name]!.length, 'x'))
    expect(content(folder)).toEqual(expected)
  })
})

test('a line that stands twice counts once, and is named by replay', async () => {
  const folder = join(scratch(), 'run')
  await play(folder, [toySpec(), toySpec({ seed: 9 })])
  const path = join(folder, 'rollouts.jsonl')
  const [line] = readFileSync(path, 'utf8').split('\n')
  appendFileSync(path, `${line}\n`)
  expect([...readFigures(folder)]).toHaveLength(2)
  expect([...readSteps(folder)]).toHaveLength(2)
  expect(verifyLogs(logFiles(folder), ENVS).findings).toMatchObject([{ line: 3, difference: 'a second time the same rollout' }])
  expect(await play(folder, [toySpec(), toySpec({ seed: 9 })], { resume: true })).toMatchObject({ finished: 0 })
  rmSync(join(folder, 'checkpoint.json'))
  expect([...readFigures(folder)]).toHaveLength(2)
})

test('line ends of Windows change nothing, and rollouts in two files are refused in one line', async () => {
  const folder = join(scratch(), 'run')
  await play(folder, [toySpec(), toySpec({ seed: 9 })])
  const before = content(folder)
  for (const file of ['rollouts.jsonl', 'shared.jsonl', 'figures.jsonl'])
    writeFileSync(join(folder, file), readFileSync(join(folder, file), 'utf8').replaceAll('\n', '\r\n'))
  expect(content(folder)).toEqual(before)
  expect(await play(folder, [toySpec(), toySpec({ seed: 9 })], { resume: true })).toMatchObject({ finished: 0 })
  expect(content(folder)).toEqual(before)
  writeFileSync(join(folder, 'rollouts.jsonl.gz'), '')
  for (const opened of [
    () => new RunReader(folder),
    () => new RunStore(folder, { resume: true }),
    () => readFigures(folder).next(),
  ])
    expect(opened).toThrow(/has rollouts\.jsonl and rollouts\.jsonl\.gz, .* move the other one away/)
})

test('a whole line that is no rollout stops a resume before anything is dropped', async () => {
  const folder = join(scratch(), 'run')
  await play(folder, [toySpec()])
  appendFileSync(join(folder, 'rollouts.jsonl'), '{"rollout":1}\n')
  const before = readFileSync(join(folder, 'rollouts.jsonl'))
  expect(() => new RunStore(folder, { resume: true })).toThrow(/is no rollout\. Put back what it was, or remove it\./)
  expect(readFileSync(join(folder, 'rollouts.jsonl'))).toEqual(before)
})

test('what was played elsewhere is filed once, however often it comes, and copied without being understood', async () => {
  const [here, there] = ['here', 'there'].map(name => join(scratch(), name)) as [string, string]
  const store = new RunStore(here, { compress: 'brotli' })
  const posted = seeds(3).map(seed =>
    structuredClone(rolloutLines(runRollout(toySpec({ seed }), { transcripts: true }) as Rollout)),
  )
  expect([...posted, ...posted].map(lines => store.file(lines))).toEqual([true, true, true, false, false, false])
  store.close()
  const copy = new RunStore(there)
  for (const lines of readLines(here)) copy.file(lines)
  copy.close()
  const renamed = ([...rows]: Iterable<object>): unknown => JSON.parse(JSON.stringify(rows).replaceAll('"there"', '"here"'))
  expect([...readResults(there)]).toEqual([...readResults(here)])
  expect(renamed(readTraces(there))).toEqual([...readTraces(here)])
  const key = posted[1]!.key
  expect(openRollout(there, key)!.log()).toEqual([...readSteps(here)][1])
  expect(openRollout(there, `${key}0`)).toBeUndefined()
})

test('a file that could not be written anew stays the old one, and nothing lies beside it', () => {
  const path = join(scratch(), 'file')
  writeFileSync(path, 'old')
  const work = (write: (bytes: Buffer) => void): void => {
    write(Buffer.from('half'))
    throw new RunError('full')
  }
  expect(() => replaceFile(path, work)).toThrow('full')
  expect(readFileSync(path, 'utf8')).toBe('old')
  expect(existsSync(`${path}.tmp`)).toBe(false)
})

test.skipIf(!existsSync('/dev/full'))(
  'a full disk stops the batch with what to do, and loses nothing that was finished',
  async () => {
    const folder = join(scratch(), 'run')
    const specs = seeds(6).map(seed => toySpec({ seed }))
    await play(folder, specs.slice(0, 2))
    const before = readFileSync(join(folder, 'rollouts.jsonl'))
    const store = new RunStore(folder, { resume: true })
    rmSync(join(folder, 'rollouts.jsonl'))
    symlinkSync('/dev/full', join(folder, 'rollouts.jsonl'))
    const jobs = specs.map(spec => ({ spec, store }))
    const result = await runBatch(jobs, { concurrency: 2 })
    store.close()
    expect(result).toMatchObject({ finished: 0, failed: 0, left: 4 })
    expect(result.stopped).toEqual([
      `Cannot use ${join(folder, 'rollouts.jsonl')}: the disk is full; free some space, then run the same command with --resume.`,
    ])
    rmSync(join(folder, 'rollouts.jsonl'))
    writeFileSync(join(folder, 'rollouts.jsonl'), before)
    expect(await play(folder, specs, { resume: true })).toMatchObject({ finished: 4, stopped: [] })
  },
)

describe('a run of players that are paid by the call', () => {
  const CALLS = 4 * 2 * 3
  const specsOf = (player = later()) => seeds(4).map(seed => toySpec({ seed, config: shortConfig }, player, player))

  async function uninterrupted() {
    const folder = join(scratch(), 'run')
    await play(folder, specsOf())
    return content(folder)
  }

  test.each([1, 7, 11, 20])('interrupted after %i calls, pays for no recorded call again', async after => {
    const folder = join(scratch(), 'run')
    let refused = 0
    const first = later({
      onAsk: asked => {
        if (asked < after) return
        refused++
        throw new RunStopped('the ceiling of 1 USD is reached; raise it and go on with --resume')
      },
    })
    const stopped = await play(folder, specsOf(first))
    // Two seats of each of three rollouts in flight, and no rollout after them.
    expect(refused).toBeLessThanOrEqual(6)
    expect(stopped.stopped).toEqual([expect.stringContaining('ceiling')])
    expect(stopped.left).toBeGreaterThan(0)
    const recorded = [...readCalls(folder)].length
    const second = later()
    expect(await play(folder, specsOf(second), { resume: true })).toMatchObject({ left: 0, stopped: [] })
    expect(recorded + second.asked).toBe(CALLS)
    expect(content(folder)).toEqual(await uninterrupted())
  })

  test('the log of a running episode can be read, and is gone once it is finished', async () => {
    const folder = join(scratch(), 'run')
    const seen: string[][] = []
    const player = later({
      onAsk: (_asked, { t }) => {
        if (t === 2)
          seen.push(
            readFileSync(join(folder, 'partial', `${rolloutKey(spec)}.jsonl`), 'utf8')
              .trim()
              .split('\n'),
          )
      },
    })
    const spec = toySpec({}, player)
    await play(folder, [spec])
    const lines = seen[0]!.map(line => JSON.parse(line))
    expect(lines[0]).toMatchObject({ key: rolloutKey(spec), header: { env: 'toy_market' } })
    // Steps are written together, a second after the last.
    expect(lines.slice(1).map(({ t }) => t)).toEqual([0])
    expect(readdirSync(join(folder, 'partial'))).toEqual([])
  })

  test('a provider’s failure is filed and not scored; it is played again on request, from where it failed', async () => {
    const folder = join(scratch(), 'run')
    const outage = later({
      onAsk: asked => {
        if (asked === 4) throw new ProviderError('rate limited', { code: 'rate_limited', status: 429, attempts: 6 })
      },
    })
    expect(await play(folder, [toySpec({}, outage)])).toMatchObject({ finished: 0, failed: 1, left: 0, stopped: [] })
    expect([...readResults(folder)]).toEqual([])
    expect([...readErrors(folder)]).toMatchObject([
      {
        key: rolloutKey(toySpec({}, outage)),
        attempt: 1,
        agent: 'trader_0',
        t: 4,
        code: 'rate_limited',
        status: 429,
        attempts: 6,
      },
    ])
    const waiting = later()
    expect(await play(folder, [toySpec({}, waiting)], { resume: true })).toMatchObject({ finished: 0, failed: 0, left: 0 })
    expect(waiting.asked).toBe(0)
    expect(await play(folder, [toySpec({}, waiting)], { resume: true, retryErrors: true })).toMatchObject({ finished: 1 })
    expect(waiting.asked).toBe(4)
    expect([...readErrors(folder)]).toHaveLength(1)
  })

  test('a player that can never answer stops its own run and no other; its rollouts are left, not failed', async () => {
    const base = scratch()
    const [keyless, sound] = ['keyless', 'sound'].map(name => new RunStore(join(base, name)))
    let refused = 0
    const player = later({
      onAsk: () => {
        refused++
        throw new ProviderError('no key: set OPENAI_API_KEY', { code: 'auth', status: 401, attempts: 1, fatal: true })
      },
    })
    const jobs = seeds(10).flatMap(seed => [
      { spec: toySpec({ seed }, player), store: keyless! },
      { spec: toySpec({ seed }, passive), store: sound! },
    ])
    const result = await runBatch(jobs, { concurrency: 2 })
    expect(result).toEqual({ finished: 10, failed: 0, left: 10, stopped: ['no key: set OPENAI_API_KEY'] })
    expect(refused).toBeLessThanOrEqual(2)
    expect(existsSync(join(base, 'keyless', 'errors.jsonl'))).toBe(false)
  })
})

test('calls.jsonl holds the calls of rollouts that are not finished, and those only', async () => {
  const folder = join(scratch(), 'run')
  const player = later({
    onAsk: asked => {
      if (asked === 12) throw new RunStopped('the ceiling of 1 USD is reached; raise it and go on with --resume')
    },
  })
  const specs = seeds(2).map(seed => toySpec({ seed }, player))
  const store = new RunStore(folder)
  await runBatch(
    specs.map(spec => ({ spec, store })),
    { concurrency: 1 },
  )
  store.close()
  const journal = readFileSync(join(folder, 'calls.jsonl'), 'utf8')
    .trim()
    .split('\n')
    .map(line => JSON.parse(line))
  expect(new Set(journal.map(({ key }) => key))).toEqual(new Set([rolloutKey(specs[1]!)]))
  expect([...readCalls(folder)]).toHaveLength(12)
  await play(
    folder,
    specs.map(spec => ({ ...spec, lineup: { ...spec.lineup, trader_0: later() } })),
    { resume: true },
  )
  expect(existsSync(join(folder, 'calls.jsonl'))).toBe(false)
  expect([...readCalls(folder)]).toHaveLength(16)
})

test('a bug in a player stops the batch, keeps what is finished and names the rollout', async () => {
  const folder = join(scratch(), 'run')
  let asked = 0
  const broken = later({
    onAsk: () => {
      if (++asked === 10) throw new TypeError('oops')
    },
  })
  await expect(
    play(
      folder,
      seeds(6).map(seed => toySpec({ seed }, broken)),
    ),
  ).rejects.toThrow(/^rollout toy_market\S+: oops$/)
  // Of the three that were played at once, one broke; no other was begun.
  expect([...readFigures(folder)]).toHaveLength(2)
})

test('what is in flight is given up where a disk refuses: nothing of it could be kept', async () => {
  const store = new RunStore(join(scratch(), 'run'))
  const factory: AnyPolicyFactory = Object.assign((): never => expect.unreachable(), {
    episode: (seed: number) => () => ({
      act: ({ signal }: Turn<AnyTypes>) =>
        new Promise<never>((_, reject) => {
          if (seed === 0) reject(new RunError('The disk is full.'))
          signal!.addEventListener('abort', () => reject(signal!.reason))
        }),
    }),
  })
  const player: Player = { name: 'writer', kind: 'bot', details: {}, policies: () => factory }
  const jobs = [1, 0].map(seed => ({ spec: toySpec({ seed }, player), store }))
  expect(await runBatch(jobs, { concurrency: 2 })).toEqual({ finished: 0, failed: 0, left: 2, stopped: ['The disk is full.'] })
  store.close()
})

test('answers of a rollout that came to nothing elsewhere are kept for the next attempt', async () => {
  const store = new RunStore(join(scratch(), 'run'))
  const spec = toySpec({}, later())
  const calls: CallRow[] = []
  await runRollout(spec, { record: row => calls.push(row) })
  const elsewhere: Elsewhere = {
    takes: () => true,
    async play(jobs, tell) {
      const { value } = jobs.next()
      tell(value, { kind: 'fatal', message: 'No credit.', calls })
    },
  }
  expect(await runBatch([{ spec, store }], { concurrency: 1, elsewhere })).toMatchObject({ left: 1, stopped: ['No credit.'] })
  expect(store.recorded(rolloutKey(spec))).toEqual(calls)
  store.close()
})

test('a run lists its rollouts by example and repeat as numbers, in whatever order they ended', async () => {
  const folder = join(scratch(), 'run')
  const store = new RunStore(folder)
  const asked = [2, 11].flatMap(seed => Array.from({ length: 11 }, (_, repeat) => ({ seed, repeat })))
  for (const of of asked.toReversed())
    store.file(rolloutLines((await runRollout(toySpec({ ...of, config: shortConfig }))) as Rollout, []))
  store.order()
  store.close()
  expect([...readFigures(folder)].map(({ info: { seed, repeat } }) => ({ seed, repeat }))).toEqual(asked)
})

test('a hundred rollouts at once leave no warning of leaking listeners', async () => {
  const warned: Error[] = []
  const note = (warning: Error): void => void warned.push(warning)
  process.on('warning', note)
  onTestFinished(() => void process.off('warning', note))
  const store = new RunStore(join(scratch(), 'run'))
  const player = later({ onAsk: (_asked, { signal }) => signal!.addEventListener('abort', () => {}) })
  const jobs = seeds(100).map(seed => ({ spec: toySpec({ seed }, player, player), store }))
  expect(await runBatch(jobs, { concurrency: 100 })).toMatchObject({ finished: 100 })
  expect(warned).toEqual([])
})

test('an interrupted batch finishes what is in flight and starts nothing more', async () => {
  const folder = join(scratch(), 'run')
  const store = new RunStore(folder)
  const abort = new AbortController()
  const player = later({ onAsk: asked => asked === 9 && abort.abort() })
  const jobs = seeds(10).map(seed => ({ spec: toySpec({ seed }, player), store }))
  const result = await runBatch(jobs, { concurrency: 2, signal: abort.signal })
  store.close()
  expect(result.finished + result.left).toBe(10)
  expect(result.finished).toBeGreaterThanOrEqual(2)
  expect(result.finished).toBeLessThanOrEqual(4)
  expect([...readSteps(folder)]).toHaveLength(result.finished)
})

test.each([
  [['trader_0'], [['trader_0'], ['trader_0'], ['trader_0']]],
  [
    ['trader_0', 'trader_1'],
    [
      ['trader_0', 'trader_1'],
      ['trader_0', 'trader_1'],
      ['trader_0', 'trader_1'],
    ],
  ],
])('the rows of a rollout with %j evaluated are read together, and no others with them', async (evaluated, seats) => {
  const folder = join(scratch(), 'run')
  await play(
    folder,
    [1, 2, 3].map(seed => toySpec({ seed, config: shortConfig, evaluated })),
  )
  const rollouts = [...readRollouts(folder)]
  expect(rollouts.map(rows => rows.map(({ info }) => info.seat))).toEqual(seats)
  expect(rollouts.map(rows => new Set(rows.map(({ key }) => key)).size)).toEqual([1, 1, 1])
  expect(rollouts.flat()).toEqual([...readFigures(folder)])
})
