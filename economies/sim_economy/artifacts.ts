/**
 * The four files that an LLM-driven run of sim_economy was published with, made from the files of a run: run.log,
 * action_trace.jsonl, llm_calls.jsonl, metrics.json. What they hold is documented in the README of llm-run-01; the field names
 * are ours where that text names none. `run.log` names the endpoint of every call, so that `grep -c` of its host counts them.
 * Knows that one economy's events.
 */
import type { EpisodeLog } from '../../envs/core/log.ts'
import type { SimEconomy, TurnClosed } from '../../envs/sim_economy/state.ts'
import { parseEndpoint, untreated } from '../../rollouts/models/index.ts'
import type { CallSummary, RunExport } from '../run_export.ts'

type Log = EpisodeLog<SimEconomy>

/** The files by name, as text. */
export type Artifacts = Readonly<Record<'run.log' | 'action_trace.jsonl' | 'llm_calls.jsonl' | 'metrics.json', string>>

export const artifacts: RunExport<SimEconomy> = { files: ({ log, calls }) => artifactsOf(log, calls) }

/** The four files of one episode; `calls` in the order they were made. */
export function artifactsOf(log: Log, calls: readonly CallSummary[]): Artifacts {
  const closed = log.steps.map(({ events }) => events.find((event): event is TurnClosed => event.type === 'turn_closed')!)
  const agents = Object.keys(log.header.seats)
  const byTurn: CallSummary[][] = log.steps.map(() => [])
  for (const call of calls) byTurn[call.t]?.push(call)
  const callsAt = (t: number, agent?: string): readonly CallSummary[] =>
    byTurn[t]!.filter(call => agent === undefined || call.agent === agent)
  const sum = (of: readonly CallSummary[], tokens: 'prompt_tokens' | 'completion_tokens'): number =>
    of.reduce((total, call) => total + call[tokens], 0)

  const runLog: string[] = []
  const trace: object[] = []
  const turns: object[] = []
  for (const [t, { decisions, results, events }] of log.steps.entries()) {
    const { turn, balance, fees, wages } = closed[t]!
    for (const { agent, player, model, prompt_tokens, completion_tokens, latency_ms, preview } of callsAt(t))
      runLog.push(
        `turn ${turn} model ${agent} ${model} at ${parseEndpoint(untreated(player)).baseUrl}: ${prompt_tokens} + ${completion_tokens} tokens, ${latency_ms} ms: ${oneLine(preview)}`,
      )
    for (const [agent, { calls: moves }] of Object.entries(decisions)) {
      const [move] = moves
      const own = callsAt(t, agent)
      trace.push({
        turn,
        agent_id: agent,
        // Silence mines: that is what the economy makes of it.
        action:
          move === undefined ? { action: 'mine' } : Object.assign({ action: '' }, argumentsOf(move.args), { action: move.tool }),
        balance: balance[agents.indexOf(agent)],
        prompt_tokens: sum(own, 'prompt_tokens'),
        completion_tokens: sum(own, 'completion_tokens'),
        model: own.at(-1)?.model ?? log.header.seats[agent],
      })
      for (const [i, { text }] of (results[agent] ?? []).entries())
        runLog.push(`turn ${turn} action ${agent} ${JSON.stringify(moves[i])}: ${oneLine(text)}`)
    }
    for (const { type, ...facts } of events) runLog.push(`turn ${turn} event ${type} ${JSON.stringify(facts)}`)
    const block = events.find(event => event.type === 'block_produced')
    const total = (values: readonly number[]): number => values.reduce((a, b) => a + b, 0)
    turns.push({
      turn,
      fees: total(fees),
      wages: total(wages),
      block_winner: block === undefined ? null : block.block.winner,
      balances: balance,
      llm_calls: callsAt(t).length,
      prompt_tokens: sum(callsAt(t), 'prompt_tokens'),
      completion_tokens: sum(callsAt(t), 'completion_tokens'),
    })
  }
  const last = closed.at(-1)
  return {
    'run.log': lines(runLog),
    'action_trace.jsonl': lines(trace.map(row => JSON.stringify(row))),
    'llm_calls.jsonl': lines(
      calls.map(({ t, agent, model, prompt_tokens, completion_tokens, latency_ms, preview }) =>
        JSON.stringify({
          turn: closed[t]?.turn ?? t + 1,
          agent_id: agent,
          model,
          prompt_tokens,
          completion_tokens,
          latency_ms,
          raw_output_preview: preview,
        }),
      ),
    ),
    'metrics.json': `${JSON.stringify(
      {
        config: log.header.config,
        turns,
        final_wealth: agents.map((agent_id, i) => ({
          agent_id,
          wealth:
            last === undefined
              ? null
              : last.balance[i]! + last.staked[i]! + last.unstaking[i]! + last.escrow[i]! - last.frozen[i]!,
        })),
        totals: {
          llm_calls: calls.length,
          prompt_tokens: sum(calls, 'prompt_tokens'),
          completion_tokens: sum(calls, 'completion_tokens'),
          fees: closed.reduce((all, { fees }) => all + fees.reduce((a, b) => a + b, 0), 0),
          blocks: log.steps.filter(({ events }) => events.some(({ type }) => type === 'block_produced')).length,
        },
      },
      null,
      2,
    )}\n`,
  }
}

/** What a model sent need not be an object. */
function argumentsOf(args: unknown): object {
  return typeof args === 'object' && args !== null && !Array.isArray(args) ? args : { arguments: args }
}

function oneLine(text: string): string {
  return text.replace(/\s+/g, ' ')
}

function lines(texts: readonly string[]): string {
  return texts.map(text => `${text}\n`).join('')
}
