/**
 * What a run would take, before anything is paid for: the seat plays random legal calls, and the conversation a model would
 * have had is measured. Knows no economy; asks nobody.
 */
import { randomLegal } from '../../bots/any/random_legal.ts'
import type { AnyTypes } from '../../envs/core/environment.ts'
import type { Policy, SeatContext } from '../../envs/core/policy.ts'
import { toolSchema } from '../../envs/core/tool.ts'
import { Conversation, type History } from './conversation.ts'
import { type Price, worstCost } from './prices.ts'
import { tokensOf } from './usage.ts'

/** Completion tokens of a call that nobody has made; a model that reasons uses more. */
export const ASSUMED_COMPLETION = 300

/** What the calls of some rollouts come to, in calls and tokens. */
export interface Measured {
  calls: number
  prompt: number
  /** The part of `prompt` that the call before it has already sent. */
  repeated: number
  completion: number
}

/** Plays a seat at random and measures what a model in it would be told and say. */
export function measuringPolicy(
  context: SeatContext<AnyTypes>,
  { history, persona, completion }: { readonly history: History; readonly persona: string; readonly completion: number },
  into: Measured,
): Policy<AnyTypes> {
  const { env, config, seat } = context
  const bot = randomLegal(context)
  const usual = env.tools(config)
  const rules = env.rules(config, seat.agent)
  const conversation = new Conversation(persona === '' ? rules : `${rules}\n\n${persona}`, history)
  let before = 0
  return {
    async act(turn) {
      const decision = await bot.act(turn)
      conversation.open({
        role: 'user',
        content: `${turn.results.map(({ text }) => text).join('\n')}${env.render(turn.observation)}`,
      })
      const tools = Object.entries(turn.tools ?? usual).map(([name, tool]) => toolSchema(name, tool))
      const prompt = tokensOf(JSON.stringify(tools).length + JSON.stringify(conversation.messages()).length)
      into.calls++
      into.prompt += prompt
      into.completion += completion
      if (history === 'full') into.repeated += before
      before = prompt
      // What a model says stands in its history, at the length that is assumed.
      conversation.append({ role: 'assistant', content: 'x'.repeat(4 * completion) })
      return decision
    },
  }
}

/** What so much costs, in USD, with every repeated token read from a cache and with none. */
export function costRange({ prompt, repeated, completion }: Measured, price: Price): readonly [least: number, most: number] {
  const { input, cached_read = input, cache_write = input, output } = price
  const least = ((prompt - repeated) * cache_write + repeated * cached_read + completion * output) / 1e6
  return [least, worstCost(prompt, completion, price)]
}
