/**
 * The setting of llm-run-01 with any player in all four seats: what its calls and its economy came to, beside the published
 * run, and the four files such a run is published with. Other players give other figures, so only the setting is judged.
 */

import { readFileSync } from 'node:fs'
import { anyBots } from '../../bots/index.ts'
import { simEconomyBots } from '../../bots/sim_economy/index.ts'
import { resolveConfig } from '../../envs/core/config.ts'
import type { AnyEnvironment } from '../../envs/core/environment.ts'
import { UserError } from '../../envs/core/errors.ts'
import type { EpisodeLog } from '../../envs/core/log.ts'
import { simEconomy } from '../../envs/sim_economy/index.ts'
import type { SimEconomy } from '../../envs/sim_economy/state.ts'
import { row, type Study } from '../../evals/study.ts'
import { writeFiles } from '../../rollouts/disk.ts'
import { Models, shippedPrices } from '../../rollouts/models/index.ts'
import type { CallRow } from '../../rollouts/player.ts'
import { playersFor } from '../../rollouts/players/index.ts'
import { runRollout } from '../../rollouts/run_rollout.ts'
import { callSummary } from '../run_export.ts'
import { artifactsOf } from './artifacts.ts'

interface Published {
  readonly figures: readonly { readonly group: string; readonly figure: string; readonly value: number; readonly exact?: true }[]
}

const PRESET = 'llm-run-01'

export const llmRun01: Study = {
  id: 'llm-run-01',
  title: 'llm-run-01: four language models in the compute-metered economy',
  source:
    'README of llm-run-01, an LLM-driven run published with Sim-Economy Under Compute Pricing Pressure: 4 agents, 2 cores, ten turns of which the first is the core auction (its heading says eleven; its 40 calls, its 8 of 9 possible blocks and its last turn say ten). One run; its seed is not published, and its list of block winners is one short of its block count.',
  options: {
    player: { description: 'who takes all four seats, such as openai:MODEL@URL', type: 'string', default: 'random' },
    seed: { description: 'the world', type: 'number', default: 0 },
  },
  async run({ options, out, env = {}, signal, progress }) {
    const seed = options.seed as number
    if (!Number.isSafeInteger(seed) || seed < 0) throw new UserError(`--seed: expected an integer from 0, got ${seed}.`)
    // The published 423 prompt tokens a call leave no room for a history.
    const models = new Models({ env, stop: signal, prices: shippedPrices, history: 0 })
    const player = playersFor({ economy: { env: simEconomy, bots: { ...anyBots, ...simEconomyBots.bots } }, models })(
      String(options.player),
    )
    models.prepare()
    const economy = simEconomy as unknown as AnyEnvironment
    const config = resolveConfig(economy, PRESET) as SimEconomy['Config']
    const agents = economy.seats(config).map(({ agent }) => agent)
    const lineup = Object.fromEntries(agents.map(agent => [agent, player]))
    const calls: CallRow[] = []
    const played = await runRollout(
      { env: economy, config, seed, repeat: 0, lineup, evaluated: agents, example: seed },
      {
        record: call => void calls.push(call),
        onStep: (_log, { t }) => progress(t + 1, config.horizon_turns),
      },
    )
    if (!played.ok) return { rows: [], notes: [`${played.agent}, turn ${played.t + 1}: ${played.error.message}`], ok: false }
    const log = played.log as EpisodeLog<SimEconomy>
    if (out !== undefined) {
      const inOrder = [...calls].sort((a, b) => a.t - b.t || (a.agent < b.agent ? -1 : 1) || a.call - b.call)
      writeFiles(out, artifactsOf(log, inOrder.map(callSummary)))
    }
    const ours = figures(log, calls)
    const published = JSON.parse(readFileSync(new URL('./llm_run_01.json', import.meta.url), 'utf8')) as Published
    const cost = calls.some(({ cost }) => cost === null) ? null : calls.reduce((sum, { cost }) => sum + cost!, 0)
    return {
      rows: published.figures.map(({ group, figure, value, exact }) =>
        row({
          group,
          figure,
          kind: 'published',
          published: value,
          publishedN: 1,
          ours: ours[figure]!,
          n: 1,
          digits: 0,
          ...(exact && { tolerance: 0 }),
        }),
      ),
      notes: [
        `${player.name} in all seats, seed ${seed}. Four agents and ten turns, the auction included, are 40 calls; the setting alone is judged, since other players earn other figures. A model is shown each turn without the ones before: 423 prompt tokens a call leave no room for them.`,
        `Burns, refusals and winners turn by turn: ${out === undefined ? 'give --out DIR for the four files of such a run.' : out}`,
        ...(calls.length > 0 ? [cost === null ? 'Price of the calls unknown.' : `The calls cost ${cost.toFixed(4)} USD.`] : []),
      ],
      ok: true,
    }
  },
}

/** Our figures by the published names. */
function figures(log: EpisodeLog<SimEconomy>, calls: readonly CallRow[]): Record<string, number> {
  const events = log.steps.flatMap(step => step.events)
  const winners = new Map<string, number>()
  for (const event of events)
    if (event.type === 'block_produced') winners.set(event.block.winner, (winners.get(event.block.winner) ?? 0) + 1)
  const blocks = [...winners.values()]
  const turns = log.steps.length
  return {
    'agents × turns, the auction included': Object.keys(log.header.seats).length * turns,
    'turns after the auction, each a possible block': turns - Number((log.header.config as SimEconomy['Config']).core_auction),
    'model calls': calls.length,
    'prompt tokens': calls.reduce((sum, call) => sum + call.prompt_tokens, 0),
    'completion tokens': calls.reduce((sum, call) => sum + call.completion_tokens, 0),
    blocks: blocks.reduce((sum, won) => sum + won, 0),
    'fees in tokens': events.reduce(
      (sum, event) => (event.type === 'turn_closed' ? sum + event.fees.reduce((a, b) => a + b, 0) : sum),
      0,
    ),
    'highest core price': Math.max(0, ...events.map(event => (event.type === 'core_sold' ? event.price : 0))),
    'most blocks of one agent': Math.max(0, ...blocks),
  }
}
