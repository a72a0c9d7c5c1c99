/**
 * The evidence that llm-run-01 names for its calls, taken from our files of such a run with the same commands: the endpoint
 * counted in run.log, the lines of llm_calls.jsonl that name a model, and the actions counted over action_trace.jsonl.
 */
import { execFileSync, spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { CallSummary } from '../../../economies/run_export.ts'
import { artifactsOf } from '../../../economies/sim_economy/artifacts.ts'
import { resolveConfig } from '../../../envs/core/config.ts'
import type { AnyEnvironment, Decision } from '../../../envs/core/environment.ts'
import { Episode } from '../../../envs/core/episode.ts'
import { simEconomy } from '../../../envs/sim_economy/index.ts'

const folder = mkdtempSync(join(tmpdir(), 'llm-run-'))
afterAll(() => rmSync(folder, { recursive: true }))

const AGENTS = ['agent_0', 'agent_1', 'agent_2', 'agent_3']
const units = { output: 200, thinking: 0, source: 'reported' } as const

/** Turn 1 is the auction, turn 2 is all jobs; then everybody mines but agent_3, who sends a nonsense transfer. */
function move(t: number, agent: string): Decision {
  const [tool, args] =
    t === 0
      ? ['bid_core', { core_id: 'core_0', amount: 250 }]
      : t === 1
        ? ['job', {}]
        : agent === 'agent_3'
          ? ['transfer', { action: 'mine', to: 'api.example.org' }]
          : ['mine', {}]
  return { calls: [{ tool: tool as string, args }], units }
}

beforeAll(() => {
  const config = resolveConfig(simEconomy as unknown as AnyEnvironment, 'llm-run-01')
  const episode = new Episode(simEconomy, config, 0, {
    seats: Object.fromEntries(AGENTS.map(agent => [agent, 'anthropic:claude-haiku-4-5'])),
  })
  const calls: CallSummary[] = []
  while (!episode.over) {
    const t = episode.log.steps.length
    for (const agent of AGENTS)
      calls.push({
        key: 'k',
        agent,
        t,
        call: t,
        player: 'anthropic:claude-haiku-4-5[instructions=#f80a6bc3,history=none]',
        model: 'claude-haiku-4-5',
        request: '',
        prompt_tokens: 423,
        completion_tokens: 203,
        usage: { input_uncached: 423, input_cached_read: 0, input_cache_write: 0, output: 203, output_reasoning: null },
        latency_ms: 1,
        retries: 0,
        cost: 0,
        preview: 'a "model" of\nspeech',
      })
    episode.step(Object.fromEntries(AGENTS.map(agent => [agent, move(t, agent)])))
  }
  for (const [name, text] of Object.entries(artifactsOf(episode.log, calls))) writeFileSync(join(folder, name), text)
})

const shell = (command: string): string => execFileSync('sh', ['-c', command], { cwd: folder, encoding: 'utf8' }).trim()

test('grep -c "api.anthropic.com" run.log counts the calls: ten turns of four agents, the auction included', () => {
  expect(shell('grep -c "api.anthropic.com" run.log')).toBe('40')
})

test('grep \'"model"\' llm_calls.jsonl gives a line a call', () => {
  const found = shell(`grep '"model"' llm_calls.jsonl`).split('\n')
  expect(found).toHaveLength(40)
  expect(new Set(found.map(line => JSON.parse(line).model))).toEqual(new Set(['claude-haiku-4-5']))
})

const python = spawnSync('python3', ['-c', '']).status === 0
test.skipIf(!python)('a counter over action_trace.jsonl gives the actions, whatever a model wrote into its arguments', () => {
  const script = `import json; from collections import Counter; print(json.dumps(Counter(json.loads(line)["action"]["action"] for line in open("action_trace.jsonl"))))`
  expect(JSON.parse(shell(`python3 -c '${script}'`))).toEqual({ bid_core: 4, job: 4, mine: 24, transfer: 8 })
})

test('8 of 9 possible blocks: turn 1 sells the cores, turn 2 is all jobs', () => {
  expect(shell(`grep -c "event block_produced" run.log`)).toBe('8')
})
