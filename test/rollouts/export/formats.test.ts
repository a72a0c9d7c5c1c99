/** What stands in the rows of each format, on runs whose rewards are known. */
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { parquetReadObjects } from 'hyparquet'
import { beforeAll, describe, expect, test } from 'vitest'
import { type AnyEnvironment, call, PASS, Registry } from '../../../index.ts'
import { EpisodeStopped } from '../../../rollouts/errors.ts'
import { estimatorNamed } from '../../../rollouts/export/advantage.ts'
import { formats } from '../../../rollouts/export/formats.ts'
import { parting } from '../../../rollouts/export/preference.ts'
import { parseSplits } from '../../../rollouts/export/split.ts'
import { tokenSequences } from '../../../rollouts/export/tokens.ts'
import { episodeRow } from '../../../rollouts/export/traces.ts'
import type { Message } from '../../../rollouts/messages.ts'
import type { FakeRequest } from '../../../rollouts/models/fake/index.ts'
import type { CallRow } from '../../../rollouts/player.ts'
import { readCalls } from '../../../rollouts/store.ts'
import {
  type AnyRow,
  bot,
  endowed,
  idler,
  lopsided,
  play,
  playModel,
  playTurns,
  rowsOf,
  STRANGE,
  sharedFolder,
  sleeper,
  toExport,
} from './toy_runs.ts'

/** Folders that the tests of this file read and do not change. */
const folder = sharedFolder()
let runs: string
/** One seed, four repeats: trader_0 sells 0, 1, 2 and 3 units at 10, so its rewards are 0, 0.1, 0.2 and 0.3. */
let group: string
/** One seed, two repeats of a model that answers with all sorts of characters and, at the end, with broken JSON. */
let model: string
let made = 0

beforeAll(async () => {
  runs = folder()
  group = await play(runs, { seeds: [0] })
  model = await playModel(runs, { seeds: [0], repeats: 2, extraBody: { return_token_ids: true, logprobs: true } })
})

/** A run of the market in which each trader is told its name, both evaluated. */
let twoSeats: Promise<string> | undefined
const both = (): Promise<string> => {
  twoSeats ??= playTurns(folder(), { player: lopsided, seeds: [0], repeats: 2, horizon: 4, seats: ['trader_0', 'trader_1'] })
  return twoSeats
}

/** The rows of one file of an export. */
async function exported(run: string | readonly string[], format: string, file: string, more = {}): Promise<AnyRow[]> {
  const out = join(runs, `out-${made++}`)
  await toExport([run].flat(), format, out, more)
  return rowsOf(out, file)
}

describe('verifiers', () => {
  test('a row has the fields of a saved evaluation, every metric also at the top', async () => {
    const rows = await exported(group, 'verifiers', 'results.jsonl')
    expect(rows.map(({ reward }) => reward)).toEqual([0, 0.1, 0.2, 0.3])
    const { metrics, ...row } = rows[2]
    const fields = ['prompt', 'completion', 'example_id', 'error', 'timing', 'is_completed', 'is_truncated', 'stop_condition']
    expect(Object.keys(row)).toEqual(expect.arrayContaining([...fields, 'info', 'token_usage', 'tool_defs']))
    expect(metrics.earned).toBe(20)
    for (const [name, value] of Object.entries(metrics)) expect(row[name]).toBe(value)
    expect(row.error).toBeNull()
    expect(row.info).toMatchObject({ seat: 'trader_0', source: 'scripted', repeat: 2, group_size: 4, advantage_formula: 'grpo' })
  })

  test('each tool call of a message is a JSON string of id, name and arguments', async () => {
    const [row] = await exported(model, 'verifiers', 'results.jsonl')
    const said = row.completion[0]
    expect(said.content).toBe(STRANGE)
    expect(said.tool_calls).toHaveLength(1)
    const call = JSON.parse(said.tool_calls[0])
    expect(call.name).toBe('sell')
    expect(JSON.parse(call.arguments)).toEqual({ quantity: expect.any(Number) })
    expect(row.completion[1]).toMatchObject({ role: 'tool', tool_call_id: call.id })
  })

  test('metadata.json says what the rows come to', async () => {
    const out = join(runs, 'metadata')
    await toExport([group], 'verifiers', out)
    const metadata = JSON.parse(readFileSync(join(out, 'metadata.json'), 'utf8'))
    expect(metadata).toMatchObject({ env_id: 'toy_market', num_examples: 1, rollouts_per_example: 4, avg_error: 0 })
    expect(metadata.avg_reward).toBeCloseTo(0.15, 12)
    expect(metadata.avg_metrics.earned).toBe(15)
    // No reward reaches 0.5.
    expect(metadata.pass_at_k).toEqual({ 1: 0, 2: 0, 3: 0, 4: 0 })
  })

  test('passes are counted by the threshold of the run, seed by seed, and a metric is averaged where it is defined', async () => {
    const run = await play(folder(), { env: endowed, seeds: [0, 1], repeats: 3 })
    const told = join(run, 'metadata.json')
    writeFileSync(told, JSON.stringify({ ...JSON.parse(readFileSync(told, 'utf8')), pass_threshold: 0.4 }))
    const out = join(runs, 'two-seeds')
    await toExport([run], 'verifiers', out)
    const metadata = JSON.parse(readFileSync(join(out, 'metadata.json'), 'utf8'))
    expect(metadata).toMatchObject({ num_examples: 2, rollouts_per_example: 3, avg_metrics: { earned: 15 } })
    // Of 0.25, 0.35 and 0.45 one passes.
    expect(metadata.pass_at_k[1]).toBeCloseTo(1 / 3, 9)
    expect(metadata.pass_all_k[2]).toBe(0)
  })

  test('metadata.json adds up what the answers of the rows used, and has nothing where nobody was asked', async () => {
    const [of_model, of_bot] = [join(runs, 'usage-model'), join(runs, 'usage-bot')]
    await toExport([model], 'verifiers', of_model)
    await toExport([group], 'verifiers', of_bot)
    const usage = (out: string) => JSON.parse(readFileSync(join(out, 'metadata.json'), 'utf8')).usage
    const total = (name: string): number =>
      rowsOf(of_model, 'results.jsonl').reduce((sum, { token_usage }) => sum + token_usage[name], 0)
    expect(usage(of_model)).toEqual({ input_tokens: total('input_tokens'), output_tokens: total('output_tokens') })
    expect(total('output_tokens')).toBeGreaterThan(0)
    expect(usage(of_bot)).toBeNull()
  })

  test('several runs have a folder each', async () => {
    const out = join(runs, 'several')
    const card = await toExport([group, model], 'verifiers', out)
    const folders = card.runs.map(({ name }) => name)
    expect(card.files.map(({ path }) => path)).toEqual([
      ...folders.map(name => `${name}/results.jsonl`),
      ...folders.map(name => `${name}/metadata.json`),
    ])
    expect(rowsOf(out, folders[0]!, 'results.jsonl')).toHaveLength(4)
    expect(rowsOf(out, folders[1]!, 'results.jsonl')).toHaveLength(2)
  })
})

describe('traces', () => {
  test('an episode has a trace a seat, with the advantage of the evaluated one', async () => {
    const rows = await exported(group, 'traces', 'traces.jsonl')
    expect(rows).toHaveLength(4)
    const [learner, other] = rows[3].traces
    expect(learner.agent).toMatchObject({ name: 'trader_0', trainable: true })
    expect(other.agent).toMatchObject({ name: 'trader_1', trainable: false })
    expect(learner.rewards).toEqual({ reward: { score: 0.3, weight: 1 } })
    // (0.3 - 0.15) ÷ (0.1290994 + 0.0001), the deviation of 0, 0.1, 0.2, 0.3.
    expect(learner.info.advantage).toBeCloseTo(1.160996, 6)
    expect(learner.info).toMatchObject({ source: 'scripted', player: 'bot:seller', advantage_formula: 'grpo' })
    expect(other.info.advantage).toBeUndefined()
    expect(rows.every(({ group }) => group.id === rows[0].group.id)).toBe(true)
  })

  test('a model’s calls are linked to the messages they answered with', async () => {
    const [{ traces }] = await exported(model, 'traces', 'traces.jsonl')
    const { nodes, calls, agent } = traces[0]
    expect(agent.config).toEqual({ model: 'm', sampling: { temperature: 0.7 } })
    expect(calls.length).toBeGreaterThan(2)
    for (const call of calls) {
      expect(nodes[call.node]).toMatchObject({ sampled: true, message: { role: 'assistant' } })
      expect(call.time.end).toBeGreaterThanOrEqual(call.time.start)
    }
  })
})

test('a trace as the record has it: a provider’s state is a list, a call begins at 0, a refusal is a stop', () => {
  const message = (state?: unknown) => ({
    role: 'assistant',
    content: 'x',
    ...(state !== undefined && { provider_state: state }),
  })
  const node = (state?: unknown) => ({ message: message(state), sampled: true })
  const call = (finish_reason: string) => ({ node: 0, time: 2.5, finish_reason })
  const trace = {
    agent: { name: 'a', trainable: true, config: { player: 'p' } },
    nodes: [node(), node({ id: 1 }), node([{ id: 2 }])],
    calls: [call('refusal'), call('length')],
    info: { role: 'trader' },
  }
  const [told] = episodeRow({ traces: [trace] } as never, () => ({ advantage: 3 }) as never).traces as AnyRow[]
  expect(told.nodes.map((each: AnyRow) => each.message.provider_state)).toEqual([undefined, [{ id: 1 }], [{ id: 2 }]])
  expect(told.calls).toEqual([
    { node: 0, finish_reason: 'stop', time: { start: 0, end: 2.5 } },
    { node: 0, finish_reason: 'length', time: { start: 0, end: 2.5 } },
  ])
  expect(told.agent).toEqual({ name: 'a', trainable: true, config: {} })
  expect(told.info).toEqual({ player: 'p', role: 'trader', advantage: 3 })
})

describe('what a player never said', () => {
  test('is a row of no format that trains on words, and is counted', async () => {
    const mute = bot('bot:mute', () => ({
      act() {
        throw new EpisodeStopped('player_quit')
      },
    }))
    const silent = await play(folder(), { player: mute, seeds: [0], repeats: 2 })
    for (const [id, count] of [
      ['sft-trl', 2],
      ['sft-openai', 2],
      ['kto', 2],
      ['prompts', 2],
    ] as const) {
      const card = await toExport([silent], id, join(runs, `silent-${id}`), { includeTruncated: true })
      expect([id, card.counts.rows, card.left_out]).toMatchObject([id, 0, { silent: { count } }])
    }
  })
})

describe('sft', () => {
  test('TRL has arguments as objects and results by the tool’s name', async () => {
    const [row] = await exported(model, 'sft-trl', 'sft.trl.jsonl')
    const [, , answer, result] = row.messages
    expect(answer).toMatchObject({ role: 'assistant', content: STRANGE, reasoning_content: 'It is dear now.' })
    expect(answer.tool_calls).toEqual([
      { type: 'function', function: { name: 'sell', arguments: { quantity: expect.any(Number) } } },
    ])
    expect(result).toEqual({ role: 'tool', name: 'sell', content: expect.stringMatching(/^Sold/) })
    expect(row.tools.map((tool: AnyRow) => [tool.type, tool.function.name])).toEqual([
      ['function', 'sell'],
      ['function', 'wait'],
      ['function', 'value'],
    ])
  })

  test('arguments that are no JSON object stay the text that was written, and are counted', async () => {
    const [row] = await exported(model, 'sft-trl', 'sft.trl.jsonl')
    const last = row.messages.at(-1)
    expect(last.tool_calls[0].function.arguments).toBe('{"quantity": 1')
    expect(row.info.malformed_calls).toBe(2)
    // How much of the game a model was shown again is known of models alone.
    expect(row.info.history).toEqual(expect.any(String))
    const [scripted] = await exported(group, 'sft-trl', 'sft.trl.jsonl')
    expect([scripted.info.history, scripted.info.malformed_calls]).toEqual([null, 0])
  })

  test('OpenAI’s rows have three fields, arguments as text, and every result names a call before it', async () => {
    const rows = await exported(model, 'sft-openai', 'sft.openai.jsonl')
    for (const row of rows) {
      expect(Object.keys(row)).toEqual(['messages', 'tools', 'parallel_tool_calls'])
      expect(row.parallel_tool_calls).toBe(true)
      const open = new Set<string>()
      let results = 0
      for (const message of row.messages) {
        for (const call of message.tool_calls ?? []) {
          expect(typeof call.function.arguments).toBe('string')
          open.add(call.id)
        }
        if (message.role !== 'tool') continue
        results++
        expect(open.delete(message.tool_call_id)).toBe(true)
      }
      expect(results).toBeGreaterThan(2)
      expect(row.messages.at(-1).role).toBe('assistant')
    }
  })

  test('what has no place in OpenAI’s rows stands line by line in a file of its own', async () => {
    const out = join(runs, 'beside')
    await toExport([group], 'sft-openai', out)
    const rows = rowsOf(out, 'sft.openai.jsonl')
    const infos = rowsOf(out, 'sft.openai.info.jsonl')
    expect(infos.map(({ info }) => info.reward)).toEqual([0, 0.1, 0.2, 0.3])
    expect(infos).toHaveLength(rows.length)
    expect(infos[0].info).toMatchObject({ source: 'scripted', is_truncated: false, env: 'toy_market', seed: 0 })
  })

  test('a scripted player’s messages are those of a model in its seat, marked as scripted', async () => {
    const [, row] = await exported(group, 'sft-trl', 'sft.trl.jsonl')
    expect(row.info.source).toBe('scripted')
    expect(row.messages.slice(0, 4)).toEqual([
      { role: 'system', content: expect.stringContaining('You trade grain for 3 turns.') },
      { role: 'user', content: 'Turn 0. The price is 10. You have 5 units of grain.' },
      {
        role: 'assistant',
        content: '',
        tool_calls: [{ type: 'function', function: { name: 'sell', arguments: { quantity: 1 } } }],
      },
      { role: 'tool', name: 'sell', content: 'Sold 1 for 10.' },
    ])
  })
})

describe('preference', () => {
  test('the best is paired with the worst and so on, and what they share is the prompt', async () => {
    const rows = await exported(group, 'preference', 'preference.trl.jsonl')
    expect(rows.map(({ info }) => [info.chosen.reward, info.rejected.reward])).toEqual([
      [0.3, 0],
      [0.2, 0.1],
    ])
    for (const { prompt, chosen, rejected } of rows) {
      expect(prompt.map(({ role }: AnyRow) => role)).toEqual(['system', 'user'])
      expect(chosen[0].role).toBe('assistant')
      expect(chosen[0]).not.toEqual(rejected[0])
    }
  })

  test('a pair is cut short, and its answers are calls in parallel, where either’s are', async () => {
    const both = { calls: [call('sell', { quantity: 1 }), call('wait')].flatMap(({ calls }) => calls) }
    const hasty = bot('bot:hasty', ({ repeat }) => ({
      act({ t }) {
        if (t === 0) return repeat === 0 ? both : call('sell', { quantity: 3 })
        if (repeat === 0) throw new EpisodeStopped('player_quit')
        return PASS
      },
    }))
    const run = await play(folder(), { player: hasty, seeds: [0], repeats: 2 })
    const [{ input }] = await exported(run, 'preference', 'preference.openai.jsonl', { includeTruncated: true })
    expect(input.parallel_tool_calls).toBe(true)
    const [{ info, rejected }] = await exported(run, 'preference', 'preference.trl.jsonl', { includeTruncated: true })
    // What it was told before it left teaches nothing.
    expect(rejected.map(({ role }: AnyRow) => role)).toEqual(['assistant'])
    expect([info.is_truncated, info.chosen.is_truncated, info.rejected.is_truncated]).toEqual([true, false, true])
  })

  test('the prompt ends with what the players were told, not amid their answer', () => {
    const told = { message: { role: 'user', content: 'Go on.' }, sampled: false } as const
    const said = (content: string) => ({ message: { role: 'assistant', content }, sampled: true }) as const
    expect(parting([told, said('So'), said('a')], [told, said('So'), said('b')])).toBe(1)
    expect(parting([told, said('So'), told, said('a')], [told, said('So'), told, said('b')])).toBe(3)
  })

  test('pairs whose rewards differ by less than the margin are left out and counted', async () => {
    const out = join(runs, 'margin')
    const card = await toExport([group], 'preference', out, { margin: 0.25 })
    expect(rowsOf(out, 'preference.trl.jsonl')).toHaveLength(1)
    expect(card.left_out.small_margin?.count).toBe(2)
  })

  test('rollouts of two players are rivals where the opponents are the same', async () => {
    const waits = await play(runs, { player: idler, seeds: [0], repeats: 1 })
    const out = join(runs, 'rivals')
    await toExport([group, waits], 'preference', out)
    // Of 0.3, 0.2, 0.1 and twice 0, one of them the idler's, the middle one stays without a partner.
    const pairs = rowsOf(out, 'preference.trl.jsonl').map(({ info }) => info)
    expect(pairs.map(({ chosen, rejected }) => [chosen.reward, rejected.reward])).toEqual([
      [0.3, 0],
      [0.2, 0],
    ])
    expect(pairs.map(({ rejected }) => rejected.player).sort()).toEqual(['bot:idler', 'bot:seller'])
  })

  test('rollouts of one player against two opponents are no rivals, and each says whom it met', async () => {
    const met = await Promise.all(
      [idler, sleeper].map(async others => play(folder(), { player: lopsided, others, seeds: [0], repeats: 2 })),
    )
    const pairs = await exported(met, 'preference', 'preference.trl.jsonl')
    expect(pairs.map(({ info: { chosen, rejected } }) => [chosen.reward, rejected.reward, chosen.run === rejected.run])).toEqual([
      [0.1, 0, true],
      [0.1, 0, true],
    ])
    const prompts = await exported(met, 'prompts', 'prompts.jsonl')
    expect(prompts.map(({ opponents }) => opponents.trader_1).sort()).toEqual(['bot:idler', 'bot:sleeper'])
  })

  test('rollouts against other opponents or from another seat are no rivals', async () => {
    const other = await play(folder(), { player: idler, seeds: [0], repeats: 1, seats: ['trader_1'] })
    const out = join(runs, 'strangers')
    const card = await toExport([group, other], 'preference', out)
    expect(card.files[0]?.rows).toBe(2)
    expect(card.left_out.unpaired?.count).toBe(1)
  })

  test('a pair says by how much the one was better', async () => {
    const [first] = await exported(group, 'preference', 'preference.trl.jsonl')
    expect(first.info).toMatchObject({ margin: 0.3, is_truncated: false })
  })

  const said = (sampled: boolean, content: string) => ({
    sampled,
    message: { role: sampled ? 'assistant' : 'user', content } as Message,
  })
  test.each<[what: string, a: string, b: string, start: number | undefined]>([
    // Small letters are told, capitals are the player's.
    ['the first answers differ', 'aAbB', 'aXbB', 1],
    ['the second differ', 'aAbB', 'aAbX', 3],
    ['what is told after the first differs', 'aAbB', 'aAxB', 1],
    ['what is told before the first differs', 'aA', 'bA', undefined],
    ['they never part', 'aAbB', 'aAbB', 3],
    ['one goes on where the other ends', 'aA', 'aAbB', 1],
    ['the last of several answers in a row differs', 'aABC', 'aABX', 1],
    ['nothing was told before the first answer', 'AbB', 'XbB', undefined],
    ['one answers where the other is told', 'aAbB', 'aAbc', 1],
  ])('two part where %s', (_what, a, b, start) => {
    const all = (text: string) => [...text].map(letter => said(letter === letter.toUpperCase(), letter))
    expect(parting(all(a), all(b))).toBe(start)
    expect(parting(all(b), all(a))).toBe(start)
  })

  test('OpenAI’s outputs are the answers where the two part, without words of the user', async () => {
    const [row] = await exported(group, 'preference', 'preference.openai.jsonl')
    expect(Object.keys(row)).toEqual(['input', 'preferred_output', 'non_preferred_output'])
    expect(Object.keys(row.input)).toEqual(['messages', 'tools', 'parallel_tool_calls'])
    expect(row.preferred_output).toEqual([
      {
        role: 'assistant',
        content: '',
        tool_calls: [{ id: 'call_0_0', type: 'function', function: { name: 'sell', arguments: '{"quantity":3}' } }],
      },
    ])
    expect(row.non_preferred_output[0].tool_calls[0].function.name).toBe('wait')
    expect(row.input.messages.map(({ role }: AnyRow) => role)).toEqual(['system', 'user'])
    expect(row.input.parallel_tool_calls).toBe(false)
  })

  test('pairs whose answers are alike up to the next words of the user have no row in OpenAI’s dialect', async () => {
    const late = bot('bot:late', ({ repeat }) => ({
      act: ({ t }) => (t === 1 && repeat > 0 ? call('sell', { quantity: 3 }) : call('wait')),
    }))
    const later = await play(folder(), { player: late, seeds: [0], repeats: 2 })
    const out = join(runs, 'late')
    const card = await toExport([later], 'preference', out)
    expect(card.left_out).toMatchObject({})
    expect(rowsOf(out, 'preference.openai.jsonl')).toHaveLength(1)
    // Both wait at the first turn, which is part of the prompt.
    expect(rowsOf(out, 'preference.openai.jsonl')[0].input.messages.map(({ role }: AnyRow) => role)).toEqual([
      'system',
      'user',
      'assistant',
      'tool',
      'user',
    ])
  })
})

test('where two seats are evaluated, a seat is compared with its own repeats alone', async () => {
  const both = await play(folder(), { player: lopsided, seeds: [0], repeats: 3, seats: ['trader_0', 'trader_1'] })
  const rows = await exported(both, 'verifiers', 'results.jsonl', { estimator: estimatorNamed('dr-grpo') })
  const told = rows.map(({ info, reward }) => [
    info.seat,
    info.repeat,
    reward,
    Number(info.advantage.toFixed(9)) + 0,
    info.group_size,
  ])
  expect(told.sort()).toEqual([
    ['trader_0', 0, 0, -0.1, 3],
    ['trader_0', 1, 0.1, 0, 3],
    ['trader_0', 2, 0.2, 0.1, 3],
    ['trader_1', 0, 0.1, -0.1, 3],
    ['trader_1', 1, 0.2, 0, 3],
    ['trader_1', 2, 0.3, 0.1, 3],
  ])
  expect(new Set(rows.map(({ info }) => info.group_id)).size).toBe(2)
})

test('kto labels a completion by its reward', async () => {
  const rows = await exported(group, 'kto', 'kto.jsonl', { threshold: 0.2 })
  expect(rows.map(({ label }) => label)).toEqual([false, false, true, true])
  expect(rows[0].prompt.map(({ role }: AnyRow) => role)).toEqual(['system', 'user'])
  expect(rows[0].completion[0].role).toBe('assistant')
})

test('prompts has a row a seed and seat, with what it takes to play that game', async () => {
  const several = await play(folder(), { seeds: [3, 5], seats: ['trader_0', 'trader_1'] })
  const out = join(runs, 'prompts')
  const card = await toExport([several], 'prompts', out)
  // A game of two seats that was cut short is one.
  expect(card.counts).toMatchObject({ rollouts: 8, seat_rollouts: 16, truncated: 4 })
  const rows = rowsOf(out, 'prompts.jsonl')
  expect(rows.map(({ seed, seat }) => [seed, seat])).toEqual([
    [3, 'trader_0'],
    [3, 'trader_1'],
    [5, 'trader_0'],
    [5, 'trader_1'],
  ])
  expect(rows[0]).toMatchObject({
    env: 'toy_market',
    version: 1,
    config: { traders: 2, horizon: 3 },
    opponents: { trader_1: 'bot:seller' },
  })
  expect(rows[0].prompt.at(-1).role).toBe('user')
})

test.each([
  ['prompts', 'prompts.jsonl', 'seat'],
  ['verifiers', 'results.jsonl', 'info.seat'],
  ['sft-trl', 'sft.trl.jsonl', 'info.seat'],
  ['kto', 'kto.jsonl', 'info.seat'],
])('where two seats are evaluated, %s begins each row with what that seat was told', async (format, file, field) => {
  const rows = await exported(await both(), format, file)
  const told = rows.map(row => (row.prompt ?? row.messages)[0].content)
  expect(told).toEqual(rows.map(row => `You are ${field.split('.').reduce((at, name) => at[name], row)}.`))
  expect(new Set(told).size).toBe(2)
})

describe('tokens', () => {
  const call = (number: number, prompt?: number[], ids?: number[], logprobs?: number[]): CallRow =>
    ({ call: number, model: 'm', reply: { prompt_token_ids: prompt, token_ids: ids, logprobs } }) as unknown as CallRow

  test('calls whose prompts go on from what was said are one sequence, what was told masked', () => {
    expect(tokenSequences([call(0, [1, 2], [3], [-0.5]), call(1, [1, 2, 3, 4, 5], [6, 7], [-1, -2])])).toEqual([
      {
        model: 'm',
        prompt_ids: [1, 2],
        completion_ids: [3, 4, 5, 6, 7],
        completion_mask: [1, 0, 0, 1, 1],
        logprobs: [-0.5, 0, 0, -1, -2],
      },
    ])
  })

  test('a prompt that was cut or written otherwise begins a new sequence', () => {
    const sequences = tokenSequences([call(0, [1, 2], [3]), call(1, [1, 9, 3, 4], [5]), call(2, [1, 9], [5])])
    expect(sequences.map(({ prompt_ids, completion_ids }) => [prompt_ids, completion_ids])).toEqual([
      [[1, 2], [3]],
      [[1, 9, 3, 4], [5]],
      [[1, 9], [5]],
    ])
    expect(sequences.every(({ logprobs }) => logprobs === null)).toBe(true)
  })

  test('what another model said begins a new sequence, though it goes on from what was said', () => {
    const sequences = tokenSequences([call(0, [1], [2]), { ...call(1, [1, 2, 3], [4]), model: 'n' }])
    expect(sequences.map(({ model: said, completion_ids }) => [said, completion_ids])).toEqual([
      ['m', [2]],
      ['n', [4]],
    ])
  })

  test('a call without ids is in no sequence and nothing is joined across it', () => {
    expect(tokenSequences([call(0, [1], [2]), call(1), call(2, [1, 2, 3], [4])])).toHaveLength(2)
    expect(tokenSequences([call(0), call(1, undefined, [4])])).toEqual([])
  })

  test('of a call that was made again the last counts', () => {
    expect(tokenSequences([call(0, [1], [2]), call(0, [1], [7])]).map(({ completion_ids }) => completion_ids)).toEqual([[7]])
  })

  test('the ids that a server returned are exported with the advantage of the rollout', async () => {
    const rows = await exported(model, 'tokens', 'tokens.jsonl')
    const [row] = rows
    // The fake provider numbers an answer's tokens by its characters.
    expect(row.completion_ids).toEqual([...STRANGE].map(character => character.codePointAt(0)))
    expect(row).toMatchObject({ agent: 'trader_0', env: 'toy_market', model: 'm', temperature: 0.7, prompt_ids: [1, 2, 3] })
    expect(row.logprobs).toHaveLength(row.completion_ids.length)
    expect(row.advantage).toBe(row.info.advantage)
    expect(row.rollout_id).toBe(row.info.episode_id)
  })

  test('of two models at one table each seat’s row holds its own ids alone', async () => {
    const names = new Map<string, string>()
    const script = ({ session }: FakeRequest) => {
      if (!names.has(session)) names.set(session, `I am number ${names.size}.`)
      return { content: names.get(session)!, calls: [{ name: 'wait', arguments: {} }] }
    }
    const extraBody = { return_token_ids: true }
    const both = await playModel(folder(), { seeds: [0], repeats: 1, seats: ['trader_0', 'trader_1'], extraBody, script })
    const said = (rows: AnyRow[], agent: string) =>
      rows.flatMap(row =>
        row.agent === agent
          ? [String.fromCodePoint(...row.completion_ids.filter((_: number, i: number) => row.completion_mask[i] === 1))]
          : [],
      )
    const rows = await exported(both, 'tokens', 'tokens.jsonl')
    const calls = [...readCalls(both)]
    for (const agent of ['trader_0', 'trader_1'])
      expect(said(rows, agent)).toEqual(calls.flatMap(call => (call.agent === agent ? [call.reply.content] : [])))
    expect(new Set(said(rows, 'trader_0'))).not.toEqual(new Set(said(rows, 'trader_1')))
  })

  test('a scripted player has none, and the card says why', async () => {
    const card = await toExport([group], 'tokens', join(runs, 'none'))
    expect(card.files[0]).toMatchObject({ rows: 0, bytes: 0, empty: expect.stringContaining('no token ids') })
    expect(card.left_out.no_token_ids?.count).toBe(4)
  })
})

describe('steps', () => {
  test('rewards sum to the rollout’s, the mask is of the moves, and the last row ends the game', async () => {
    const rows = await exported(group, 'steps', 'steps.jsonl')
    const episodes = [0, 3, 6, 9].map(start => rows.slice(start, start + 3))
    expect(episodes.map(steps => steps.reduce((sum, { reward }) => sum + reward, 0))).toEqual([0, 0.1, 0.2, 0.3])
    for (const steps of episodes) {
      expect(new Set(steps.map(({ episode_id }) => episode_id)).size).toBe(1)
      expect(steps.map(({ t }) => t)).toEqual([0, 1, 2])
      expect(steps.map(({ terminated }) => terminated)).toEqual([false, false, true])
      expect(steps.every(({ truncated }) => !truncated)).toBe(true)
    }
    // `value` is a question and no move.
    expect(rows[0]).toMatchObject({ tools: ['sell', 'wait'], action_mask: [1, 1], source: 'scripted' })
    expect(JSON.parse(rows[0].observation)).toEqual({
      shared: { t: 0, price: 10, cash: [0, 0] },
      agent: 'trader_0',
      grain: 5,
    })
    expect(JSON.parse(rows[3].calls)).toEqual([{ tool: 'sell', args: { quantity: 1 } }])
  })

  test('what a seat earns while others move stands in a row of that step, at the decision before none of it', async () => {
    const late = await playTurns(folder(), { player: sleeper, seeds: [0], repeats: 1, horizon: 4 })
    const rows = await exported(late, 'steps', 'steps.jsonl')
    // It decides in steps 0 and 2, and is paid for the first of them in step 1.
    expect(rows.map(({ t, reward, calls }) => [t, reward, calls === null])).toEqual([
      [0, 0, false],
      [1, 0.5, true],
      [2, 0, false],
      [3, 0.5, true],
    ])
  })
})

test('every format says of its columns what type a table gives them', async () => {
  const types = ['string', 'int64', 'float64', 'bool', 'json', 'list<string>', 'list<int64>', 'list<float64>', 'list<json>']
  for (const { id } of formats) {
    const { files } = await toExport([model], id, join(runs, `columns-${id}`))
    expect([id, files.length]).not.toEqual([id, 0])
    for (const { columns = {} } of files) for (const type of Object.values(columns)) expect(types).toContain(type)
  }
})

/** Whether a value may stand in a column of that type; what a row does not give is null. */
function fits(value: unknown, type: string): boolean {
  const inner = /^list<(.+)>$/.exec(type)?.[1]
  if (inner !== undefined) return value === null || (Array.isArray(value) && value.every(item => fits(item, inner)))
  if (value === null || type === 'json') return true
  if (type === 'int64') return Number.isSafeInteger(value)
  return typeof value === ({ string: 'string', float64: 'number', bool: 'boolean' } as Record<string, string>)[type]
}

test.each(formats.map(({ id }) => id))(
  '%s: every row has the columns that are told of its file and no other, of their types',
  async id => {
    for (const run of [group, model]) {
      const out = join(runs, `rows-${id}-${run === group}`)
      const { files } = await toExport([run], id, out)
      for (const { path, columns, rows } of files) {
        if (columns === undefined || !path.endsWith('.jsonl')) continue
        const found = rowsOf(out, path)
        expect(found).toHaveLength(rows!)
        for (const row of found) {
          expect(Object.keys(row).sort()).toEqual(Object.keys(columns).sort())
          for (const [name, type] of Object.entries(columns))
            expect([name, type, fits(row[name], type)]).toEqual([name, type, true])
        }
      }
    }
  },
)

test('a dataset card names each table with its splits, files and columns', async () => {
  const out = join(runs, 'card')
  await toExport([group], 'sft-openai', out, { splits: parseSplits('train=0.5,test=0.5') })
  const [, header, text] = readFileSync(join(out, 'README.md'), 'utf8').split('---\n')
  expect(header!.trimEnd().split('\n')).toEqual([
    'configs:',
    '- config_name: sft-openai',
    '  default: true',
    '  data_files:',
    '  - split: train',
    '    path:',
    '    - "train/sft.openai.jsonl"',
    '  - split: test',
    '    path:',
    '    - "test/sft.openai.jsonl"',
    '- config_name: sft-openai-info',
    '  data_files:',
    '  - split: train',
    '    path:',
    '    - "train/sft.openai.info.jsonl"',
    '  - split: test',
    '    path:',
    '    - "test/sft.openai.info.jsonl"',
    'dataset_info:',
    '- config_name: sft-openai',
    '  features:',
    '  - name: "messages"',
    '    list: json',
    '  - name: "tools"',
    '    list: json',
    '  - name: "parallel_tool_calls"',
    '    dtype: bool',
    '- config_name: sft-openai-info',
    '  features:',
    '  - name: "info"',
    '    dtype: json',
  ])
  expect(text).toMatch(/^# toy\\?_market \(sft-openai\)\n/)
  expect(text).toContain('Rollouts of bot:seller')
  expect(text).toMatch(/\| `train\/sft\.openai\.jsonl` \| \d+ \| \d+ \|/)
  // A file that is no table has no number of rows.
  await toExport([group], 'verifiers', join(runs, 'card-2'))
  const card = readFileSync(join(runs, 'card-2', 'README.md'), 'utf8')
  expect(card).toMatch(/\| `metadata\.json` \| – \| \d+ \|/)
  expect(card).not.toContain('config_name: metadata')
})

test('a card says what of the user’s numbers counted, and which models played', async () => {
  const filters = async (format: string, run = group) =>
    (await toExport([run], format, join(runs, `filters-${format}-${made++}`))).filters
  expect(await filters('kto')).toEqual({ include_truncated: false, include_failed: false, threshold: 0.5 })
  expect(await filters('preference')).toEqual({ include_truncated: false, include_failed: false, margin: 0.1 })
  expect(await filters('sft-trl')).toEqual({ include_truncated: false, include_failed: false })
  const { models, players, envs } = await toExport([group, model], 'sft-trl', join(runs, 'both'))
  expect([models, envs]).toEqual([['m'], [{ id: 'toy_market', version: 1 }]])
  expect(players).toEqual(['bot:seller', expect.stringMatching(/^openai:m@/)])
  expect((await toExport([group], 'traces', join(runs, 'unpaid'))).reward).toBeUndefined()
})

test('whoever waits is told how many rollouts there are, and after each task how many are done', async () => {
  const several = await play(folder(), { seeds: [0, 1], repeats: 2 })
  const told: number[] = []
  const onStart = (all: number) => {
    told.push(all)
    return (done: number) => told.push(done)
  }
  await toExport([several], 'kto', join(runs, 'told'), { onStart })
  expect(told).toEqual([4, 2, 4])
})

test('parquet has, in whatever row group, what was written', async () => {
  const out = join(runs, 'table-rows')
  await toExport([group, model], 'parquet', out)
  const bytes = readFileSync(join(out, 'rollouts.parquet'))
  const file = bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.byteLength) as ArrayBuffer
  const found = await parquetReadObjects({ file })
  const rows = await exported([group, model], 'verifiers', 'results.jsonl').catch(() => [])
  expect(rows).toEqual([])
  const all = [...(await exported(group, 'verifiers', 'results.jsonl')), ...(await exported(model, 'verifiers', 'results.jsonl'))]
  const byKey = (a: AnyRow, b: AnyRow): number =>
    a.episode_id < b.episode_id ? -1 : a.episode_id > b.episode_id ? 1 : a.run < b.run ? -1 : 1
  const told = all.map(({ info, metrics, ...row }) => ({ ...metrics, ...info, ...row })).sort(byKey)
  expect(found).toHaveLength(told.length)
  for (const [i, row] of [...found].sort(byKey).entries()) {
    const { reward, is_completed, seed, earned, prompt, player, error, input_tokens, episode_id } = told[i]
    expect(row).toMatchObject({ reward, is_completed, seed: BigInt(seed), earned, player, error, episode_id })
    expect(JSON.parse(row.prompt)).toEqual(prompt)
    expect(row.input_tokens).toBe(told[i].token_usage === null ? null : BigInt(told[i].token_usage.input_tokens))
    expect(input_tokens).toBeUndefined()
  }
})

test('parquet is a whole file with a column a figure', async () => {
  const out = join(runs, 'table')
  const card = await toExport([group], 'parquet', out)
  const bytes = readFileSync(join(out, 'rollouts.parquet'))
  expect([bytes.toString('latin1', 0, 4), bytes.toString('latin1', bytes.length - 4)]).toEqual(['PAR1', 'PAR1'])
  expect(card.files[0]).toMatchObject({
    rows: 4,
    columns: { reward: 'float64', earned: 'float64', prompt: 'json', seed: 'int64' },
  })
})

describe('rewards on another scale', () => {
  /** What rewards mean in the first seat in the runs of this file: bots get 0 to 0.2, honest play 0.1. */
  const pars = async (least = { mean: 0, sd: 0 }, most = { mean: 0.2, sd: 0 }) => {
    const [{ info }] = await exported(group, 'verifiers', 'results.jsonl')
    const { version, config_digest, seat } = info
    const bots = { least, most }
    const par = { version, config_digest, seat, seeds: 1, honest_bot: 'most', honest: 0.1, pass_threshold: 0, bots }
    return () => ({ default: par })
  }
  const rewards = (rows: AnyRow[]): number[] => rows.map(({ reward }) => Math.round(reward * 1e9) / 1e9)

  test('are mapped and clipped, or what is above honest play, in rows, labels and averages alike', async () => {
    const unit = { reward: { unit: true }, pars: await pars() }
    const relative = { reward: { relative: true }, pars: await pars() }
    expect(rewards(await exported(group, 'verifiers', 'results.jsonl', unit))).toEqual([0, 0.5, 1, 1])
    expect(rewards(await exported(group, 'verifiers', 'results.jsonl', relative))).toEqual([-0.1, 0, 0.1, 0.2])
    expect((await exported(group, 'kto', 'kto.jsonl', { ...unit, threshold: 0.5 })).map(({ label }) => label)).toEqual([
      false,
      true,
      true,
      true,
    ])
    const out = join(runs, 'unit')
    const card = await toExport([group], 'verifiers', out, unit)
    expect(card.reward).toEqual({ scale: 'unit', relative: null, clipped: 1 })
    const metadata = JSON.parse(readFileSync(join(out, 'metadata.json'), 'utf8'))
    expect(metadata.avg_reward).toBeCloseTo(0.625, 9)
    const rows = await exported(group, 'kto', 'kto.jsonl', { ...unit, estimator: estimatorNamed('dr-grpo') })
    expect(rows.map(({ info }) => info.advantage)).toEqual([-0.625, -0.125, 0.375, 0.375])
    // Three of four pass.
    expect(metadata.pass_at_k).toEqual({ 1: 0.75, 2: 1, 3: 1, 4: 1 })
    expect(metadata.pass_all_k).toEqual({ 1: 0.75, 2: 0.5, 3: 0.25, 4: 0 })
  })

  test('lie between the bots’ means less and plus three standard deviations; all that lie beyond are counted', async () => {
    const out = join(runs, 'bounds')
    const between = await pars({ mean: 0.03, sd: 0.01 }, { mean: 0.12, sd: 0.01 })
    const card = await toExport([group], 'kto', out, { reward: { unit: true }, pars: between })
    expect(rowsOf(out, 'kto.jsonl').map(({ info }) => Math.round(info.reward * 1e9) / 1e9)).toEqual([0, 0.666666667, 1, 1])
    expect(card.reward).toMatchObject({ clipped: 2 })
  })

  test('are those of the seat: another one has no part in what was derived', async () => {
    const both = await play(folder(), { player: lopsided, seeds: [0], repeats: 1, seats: ['trader_0', 'trader_1'] })
    const card = await toExport([both], 'kto', join(runs, 'seats'), { reward: { unit: true }, pars: await pars() })
    expect([card.counts.rows, card.left_out.no_par?.count]).toEqual([1, 1])
  })

  test('stand in the rows of tokens too', async () => {
    const rows = await exported(model, 'tokens', 'tokens.jsonl', { reward: { relative: true }, pars: await pars() })
    const plain = await exported(model, 'tokens', 'tokens.jsonl')
    expect(rewards(rows)).toEqual(rewards(plain).map(reward => Math.round((reward - 0.1) * 1e9) / 1e9))
  })

  test('begin, as scores, with what a seat has before its first step', async () => {
    const run = await play(folder(), { env: endowed, seeds: [0], repeats: 2 })
    const environments = new Registry<AnyEnvironment>('environment')
    environments.add(endowed.id, endowed)
    const steps = await exported(run, 'steps', 'steps.jsonl', { reward: { form: 'score' }, environments })
    expect(rewards(steps)).toEqual([0.25, 0, 0, 0.35, 0, 0])
  })

  test('of steps add up to the score or end at it, scaled as well', async () => {
    const told = async (reward: object) =>
      (await toExport([group], 'steps', join(runs, `told-${made++}`), { reward, pars: await pars() })).reward
    expect(await told({})).toEqual({ scale: null, relative: null })
    expect(await told({ form: 'total' })).toEqual({ form: 'total', scale: null, relative: null })
    expect(await told({ relative: true })).toEqual({ scale: null, relative: 'par' })
    const plays = async (reward: object) => {
      const rows = await exported(group, 'steps', 'steps.jsonl', { reward, pars: await pars() })
      return [0, 1, 2, 3].map(i => rewards(rows.slice(3 * i, 3 * i + 3)))
    }
    const sums = (episodes: number[][]) => episodes.map(steps => Math.round(steps.reduce((sum, x) => sum + x, 0) * 1e9) / 1e9)
    expect(sums(await plays({ form: 'score' }))).toEqual([0, 0.1, 0.2, 0.3])
    expect((await plays({ form: 'total' }))[3]).toEqual([0.3, 0.3, 0.3])
    expect(sums(await plays({ form: 'score', unit: true }))).toEqual([0, 0.5, 1, 1])
    expect(sums(await plays({ relative: true }))).toEqual([-0.1, 0, 0.1, 0.2])
  })

  test('are left out and counted where nobody derived what they mean, and refused where there are none', async () => {
    const card = await toExport([group], 'verifiers', join(runs, 'no-par'), { reward: { unit: true } })
    expect(card.left_out.no_par).toMatchObject({ count: 4 })
    // What was derived for another version, configuration or seat means nothing here.
    const par = (await pars())().default
    for (const other of [{ version: 99 }, { config_digest: 'x' }, { seat: 'trader_1' }]) {
      const elsewhere = { reward: { unit: true }, pars: () => ({ default: { ...par, ...other } }) }
      const { left_out } = await toExport([group], 'verifiers', join(runs, `no-par-${made++}`), elsewhere)
      expect(left_out.no_par).toMatchObject({ count: 4 })
    }
    await expect(toExport([group], 'traces', join(runs, 'x'), { reward: { unit: true } })).rejects.toThrow(
      'traces writes no rewards',
    )
    await expect(toExport([group], 'kto', join(runs, 'x'), { reward: { form: 'total' } })).rejects.toThrow(
      'no rewards of single steps',
    )
    await expect(toExport([group], 'steps', join(runs, 'x'), { reward: { form: 'delta', relative: true } })).rejects.toThrow(
      'a change is the same either way',
    )
  })
})
