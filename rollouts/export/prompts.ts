/**
 * Prompts for online learning: what a seat is told before its first answer, once for each different one, with what it
 * takes to play that very game. How a rollout ended is of no account here.
 */
import { digest } from '../../envs/core/plain.ts'
import { functionTools, trlMessage } from './dialects.ts'
import type { Format } from './format.ts'
import { openingOf } from './play.ts'

const FILE = 'prompts.jsonl'

export const prompts: Format = {
  id: 'prompts',
  describe: 'opening messages with economy, seed, seat and configuration, for online RL',
  pays: 'none',
  anyEnd: true,
  files: () => [
    {
      path: FILE,
      columns: {
        prompt: 'list<json>',
        tools: 'list<json>',
        env: 'string',
        version: 'int64',
        seed: 'int64',
        seat: 'string',
        config: 'json',
        config_digest: 'string',
        opponents: 'json',
        example_id: 'int64',
        scenario: 'string',
      },
    },
  ],
  open: () => ({
    task({ all }, sink) {
      const seen = new Set<string>()
      for (const play of all) {
        const { messages, opponents, figures, trace } = play
        const start = openingOf(messages)
        if (start === undefined) {
          sink.leaveOut('silent')
          continue
        }
        const prompt = messages.slice(0, start).map(({ message }) => trlMessage(message))
        const { env, version, seed, seat, config_digest, scenario } = figures.info
        const once = digest([prompt, seat, opponents])
        if (seen.has(once)) continue
        seen.add(once)
        sink.row(FILE, {
          prompt,
          tools: functionTools(trace.tools),
          env,
          version,
          seed,
          seat,
          config: trace.task.data.config,
          config_digest,
          opponents,
          example_id: figures.example_id,
          scenario,
        })
      }
    },
  }),
}
