/**
 * A resources server of NeMo Gym in its Gymnasium form (`/nemo/{env}/reset`, `/step`, `/close`), as its `gymnasium_agent` drives one:
 * a step is one model response, sessions are cookies. By the published sources of NVIDIA-NeMo/Gym (its package needs Python 3.13). Knows
 * NeMo Gym's words and those of OpenAI's Responses that it uses.
 */
import type { Context } from 'hono'
import { deleteCookie, getCookie, setCookie } from 'hono/cookie'
import { z } from 'zod'
import { addTo } from '../envs/core/grouped.ts'
import { mean, sd } from '../envs/core/sums.ts'
import type { ToolCall } from '../rollouts/messages.ts'
import { list, object, string, text } from '../rollouts/models/json.ts'
import type { SeatMessage } from '../rollouts/talk.ts'
import { ServeError } from './errors.ts'
import { gameSchema } from './game.ts'
import { bodyOf, type Port } from './routes.ts'
import { type SeatPlay, type Told, toolsOf } from './seat.ts'
import type { Session } from './sessions.ts'
import { drawSeed } from './tasks.ts'

const COOKIE = 'agoragym_session'

/** A row of a data set: which game, beside what the agent adds to it. */
const resetSchema = z.looseObject({
  responses_create_params: z.record(z.string(), z.unknown()),
  ...gameSchema.omit({ env: true, live: true }).shape,
  seed: z.int().min(0).nullish(),
  seat: z.string().max(64).nullish(),
})
const stepSchema = z.looseObject({ response: z.record(z.string(), z.unknown()) })
const aggregateSchema = z.looseObject({ verify_responses: z.array(z.record(z.string(), z.unknown())).max(1_000_000) })

/** A response as a message of the seat: its function calls in order, its words, what it counted. */
function message(response: Readonly<Record<string, unknown>>): SeatMessage {
  const items = list(response.output)
  const calls = items.flatMap((item): ToolCall[] =>
    item.type === 'function_call'
      ? [{ id: string(item.call_id), name: string(item.name), arguments: string(item.arguments) }]
      : [],
  )
  const words = items.filter(({ type }) => type === 'message').map(({ content }) => text(content))
  const thought = items.filter(({ type }) => type === 'reasoning').map(({ summary, content }) => text(content ?? summary))
  const { output_tokens, output_tokens_details } = object(response.usage)
  const thinking = object(output_tokens_details).reasoning_tokens
  const isCounted = [output_tokens, thinking].every(count => Number.isSafeInteger(count) && (count as number) >= 0)
  const isCut = object(response.incomplete_details).reason === 'max_output_tokens'
  return {
    content: words.join(''),
    ...(thought.length > 0 && { reasoning_content: thought.join('\n') }),
    tool_calls: calls,
    ...(isCut && calls.length === 0 && { finish_reason: 'length' as const }),
    ...(isCounted && {
      units: {
        thinking: thinking as number,
        output: Math.max(0, (output_tokens as number) - (thinking as number)),
        source: 'reported' as const,
      },
    }),
  }
}

/** What follows in the conversation: results of the calls by their ids, then what the seat sees. */
function step(play: SeatPlay, { messages, text: observation, reward, view }: Told): object {
  const tool_outputs = messages.flatMap(each =>
    each.role === 'tool' ? [{ call_id: each.tool_call_id, output: each.content }] : [],
  )
  return {
    observation: observation === '' ? null : observation,
    reward,
    terminated: view.terminated,
    truncated: view.truncated,
    info: { t: view.t, tool_outputs, ...play.final },
  }
}

/** Mean, least, greatest and standard deviation of rewards, in the names of NeMo Gym's reward profiles. */
function profile(rewards: readonly number[]): Record<string, number> {
  return {
    'mean/reward': mean(rewards),
    'min/reward': Math.min(...rewards),
    'max/reward': Math.max(...rewards),
    'std/reward': sd(rewards),
  }
}

export function nemo({ app, host }: Port): void {
  const held = new Map<string, { readonly session: Session; readonly play: SeatPlay }>()
  const heldOf = (c: Context) => {
    const found = held.get(getCookie(c, COOKIE) ?? '')
    if (found === undefined)
      throw new ServeError(
        'unknown_session',
        `No session: the cookie ${COOKIE} of a reset is expected; the episode may have ended.`,
      )
    return found
  }
  app.post('/nemo/:env/reset', async c => {
    const env = host.envOf(c.req.param('env'))
    const { seed, seat, preset, config, opponents } = await bodyOf(c, resetSchema)
    // The same rollout begins again.
    held.get(getCookie(c, COOKIE) ?? '')?.session.end()
    const play = host.seat('nemo', {
      env,
      ...(preset !== undefined && { preset }),
      ...(config !== undefined && { config }),
      ...(opponents !== undefined && { opponents }),
      ...(seat != null && { live: [seat] }),
    })
    const session = host.sessions.open('nemo', () => {
      held.delete(session.id)
      play.close()
    })
    held.set(session.id, { session, play })
    try {
      const { messages, text: observation } = await session.run(() => play.reset(seed ?? drawSeed()))
      setCookie(c, COOKIE, session.id, { httpOnly: true, path: '/nemo', sameSite: 'Strict' })
      return c.json({
        observation,
        info: {
          supports_explicit_close: true,
          seed: play.game.seed,
          system: messages[0]!.content,
          tools: toolsOf(play.game, 'messages').map(({ name, description, parameters }) => ({
            type: 'function',
            name,
            description,
            parameters,
            strict: false,
          })),
        },
      })
    } catch (error) {
      session.end()
      throw error
    }
  })
  app.post('/nemo/:env/step', async c => {
    host.envOf(c.req.param('env'))
    const { response } = await bodyOf(c, stepSchema)
    const { session, play } = heldOf(c)
    const told = await session.run(() => play.say(message(response)))
    const answer = c.json(step(play, told))
    if (told.view.stop !== null) session.end()
    return answer
  })
  app.post('/nemo/:env/close', c => {
    host.envOf(c.req.param('env'))
    held.get(getCookie(c, COOKIE) ?? '')?.session.end()
    deleteCookie(c, COOKIE, { path: '/nemo' })
    return c.json({})
  })
  app.post('/nemo/:env/aggregate_metrics', async c => {
    host.envOf(c.req.param('env'))
    const { verify_responses } = await bodyOf(c, aggregateSchema)
    const byTask = new Map<unknown, number[]>()
    for (const { _ng_task_index: index, reward } of verify_responses) if (typeof reward === 'number') addTo(byTask, index, reward)
    const all = [...byTask.values()].flat()
    const agent_metrics = all.length === 0 ? {} : profile(all)
    return c.json({
      group_level_metrics: [...byTask].map(([index, rewards]) => ({ _ng_task_index: index, ...profile(rewards) })),
      agent_metrics,
      key_metrics: all.length === 0 ? {} : { 'mean/reward': agent_metrics['mean/reward'] },
    })
  })
}
