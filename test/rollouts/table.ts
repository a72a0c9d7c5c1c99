/** Small real worlds for the runner's tests: toy-market specs, and a player that answers later, like a model does. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { onTestFinished } from 'vitest'
import type { AnyTypes } from '../../index.ts'
import { anyBots, digest, parseConfig, type Turn } from '../../index.ts'
import type { TranscriptMessage } from '../../rollouts/messages.ts'
import type { CallRow, Player, Reply, TranscribedPolicy } from '../../rollouts/player.ts'
import { botPlayer } from '../../rollouts/players/bot.ts'
import type { Lineup, RolloutSpec } from '../../rollouts/rollout.ts'
import { toyMarket } from '../toy_market/index.ts'

export const toy = toyMarket as unknown as RolloutSpec['env']
const economy = { env: toy, bots: anyBots }
export const random = botPlayer('random_legal', economy)
export const passive = botPlayer('passive', economy)
export const toyConfig = parseConfig(toy, {})
export const shortConfig = parseConfig(toy, { horizon: 3 })

/** Two traders: the evaluated one and its opponent. */
export function toySpec(fields: Partial<RolloutSpec> = {}, learner: Player = random, opponent: Player = passive): RolloutSpec {
  const lineup: Lineup = { trader_0: learner, trader_1: opponent }
  const seed = fields.seed ?? 5
  return { env: toy, config: toyConfig, seed, repeat: 0, lineup, evaluated: ['trader_0'], example: seed, ...fields }
}

/** A folder that is gone after the test. */
export function scratch(): string {
  const folder = mkdtempSync(join(tmpdir(), 'agoragym-'))
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }))
  return folder
}

export interface LaterOptions {
  readonly name?: string
  /** Called before each answer that was not recorded, with how many came before; may throw. */
  readonly onAsk?: (asked: number, turn: Turn<AnyTypes>) => void
  /** What the policy counted of its own affairs. */
  readonly counters?: Readonly<Record<string, number>>
  /** Waited for before each answer that was not recorded. */
  readonly delay?: () => Promise<void>
}

/** A player that sells what it has, asynchronously; it records its calls, replays recorded ones and keeps its transcript. */
export function later({
  name = 'openai:later',
  onAsk,
  counters,
  delay = async () => {},
}: LaterOptions = {}): Player & { asked: number } {
  const player = {
    name,
    kind: 'model' as const,
    details: { model: 'later' },
    asked: 0,
    policies: (context: Parameters<Player['policies']>[0]) => () => {
      const messages: TranscriptMessage[] = []
      let calls = 0
      const policy: TranscribedPolicy = {
        async act(turn) {
          const call = calls++
          const { grain } = turn.observation as { grain: number }
          const prompt = toyMarket.render(turn.observation as never)
          const request = digest([call, prompt])
          const found = context.recorded.find(row => row.agent === turn.agent && row.call === call && row.request === request)
          let reply = found?.reply
          if (reply === undefined) {
            onAsk?.(player.asked, turn)
            player.asked++
            await delay()
            turn.signal?.throwIfAborted()
            reply = answer(call, grain)
            context.record(callRow(context.key, turn, call, request, reply, name))
          }
          messages.push(
            { message: { role: 'user', content: prompt }, t: turn.t, sampled: false },
            {
              message: { role: 'assistant', content: reply.content, tool_calls: reply.tool_calls },
              t: turn.t,
              sampled: true,
              call,
              prompt_token_ids: reply.prompt_token_ids!,
              token_ids: reply.token_ids!,
            },
          )
          return { calls: reply.tool_calls.map(made => ({ tool: made.name, args: JSON.parse(made.arguments) })) }
        },
        transcript: () => ({ source: 'model', tools: [], messages }),
        ...(counters !== undefined && { counters: () => counters }),
      }
      return policy
    },
  }
  return player
}

/** Tokens as a server counts them: each prompt is what was said before and two tokens more, each answer one. */
function answer(call: number, grain: number): Reply {
  return {
    content: `I have ${grain}.`,
    tool_calls: [
      { id: `c${call}`, name: grain > 0 ? 'sell' : 'wait', arguments: JSON.stringify(grain > 0 ? { quantity: grain } : {}) },
    ],
    finish_reason: 'tool_calls',
    prompt_token_ids: Array.from({ length: 3 * call + 2 }, (_, i) => i),
    token_ids: [3 * call + 2],
  }
}

function callRow(key: string, turn: Turn<AnyTypes>, call: number, request: string, reply: Reply, player: string): CallRow {
  return {
    key,
    agent: turn.agent,
    t: turn.t,
    call,
    player,
    model: 'later',
    request,
    prompt_tokens: 10 + call,
    completion_tokens: 2,
    usage: { input_uncached: 6 + call, input_cached_read: 4, input_cache_write: 0, output: 2, output_reasoning: null },
    latency_ms: 1,
    retries: 0,
    cost: 0.5,
    reply,
  }
}
