/**
 * Who speaks the dialogue events of two-layer sessions: template lines, or a model that is asked once for each event under the
 * session's ceiling. Knows how a model's price becomes the tokens that a call may have; the charging is `dialogue.ts`'s.
 */
import { UserError } from '../../envs/core/errors.ts'
import type { EpisodeLog } from '../../envs/core/log.ts'
import type { MarsConfig } from '../../envs/mars_colony/config.ts'
import type { MarsTypes } from '../../envs/mars_colony/observe.ts'
import { DIALOGUE } from '../../envs/mars_colony/parameters.ts'
import { Models, type Price } from '../../rollouts/models/index.ts'
import type { Dialogue, LineSource, SpeakerOptions } from '../dialogue.ts'
import {
  type CompletionLimits,
  completionSource,
  type DialogueSource,
  grantsOf,
  renderDialogue,
  Talk,
  templateSource,
} from './dialogue.ts'

/** Lines of at most 280 characters are short; fewer tokens than `LEAST_OUTPUT` are no sentence, a smaller prompt no question. */
const MOST_OUTPUT = 64
const LEAST_OUTPUT = 16
const MOST_PROMPT = 1000
const LEAST_PROMPT = 250

/** What the lines of one session are asked of, by the session's seed. */
export type SourceOf = (seed: number) => DialogueSource

/** The source that a name stands for, or that is given. */
export function sourceOf(who: string | LineSource, { stop, ...options }: SpeakerOptions = {}): SourceOf {
  if (typeof who === 'function') return () => who as unknown as DialogueSource
  if (who === 'template') return templateSource
  const name = who
  // One attempt a line: a second one would be paid for and is not charged.
  const models = new Models({ ...options, ...(stop !== undefined && { stop }), retry: { maxRetries: 0 } })
  const limits = limitsAt(models.asker(name).price, name)
  const model = models.asker({ player: name, max_tokens: limits.maxOutputTokens })
  const source = completionSource(
    async prompt => (await model.ask([{ role: 'user', content: prompt }], { key: 'dialogue', agent: 'speaker' })).reply,
    limits,
  )
  return () => source
}

/** The most tokens that a call may have at a price, so that it cannot cost more than it is charged. */
export function limitsAt(price: Price | null, name: string): CompletionLimits {
  if (price === null)
    throw new UserError(
      `${name}: its price is not known, and a line may cost ${DIALOGUE.callMicroUsd} micro-dollars at most; give --prices FILE (0 for a server of your own).`,
    )
  // Whichever of the three prices of a prompt is dearest: nobody knows before what the provider's cache does.
  const inputPrice = Math.max(price.input, price.cached_read ?? 0, price.cache_write ?? 0)
  const { output: outputPrice } = price
  const room = DIALOGUE.callMicroUsd
  const maxOutputTokens = Math.min(MOST_OUTPUT, Math.floor((room - inputPrice * LEAST_PROMPT) / outputPrice))
  if (!(maxOutputTokens >= LEAST_OUTPUT))
    throw new UserError(
      `${name}: ${LEAST_PROMPT} prompt and ${LEAST_OUTPUT} output tokens cost more than the ${room} micro-dollars that a line is charged (${inputPrice} and ${outputPrice} USD a million); take a cheaper model.`,
    )
  const maxPromptTokens = Math.min(MOST_PROMPT, Math.floor((room - outputPrice * maxOutputTokens) / inputPrice))
  return { inputPrice, outputPrice, maxPromptTokens, maxOutputTokens }
}

export const dialogue: Dialogue<MarsTypes> = {
  speaker(who, options) {
    const source = sourceOf(who, options)
    const name = typeof who === 'string' ? who : 'a source of its own'
    return {
      async speak(log: EpisodeLog<MarsTypes>, signal) {
        const { lines, ledger } = await renderDialogue(grantsOf(log), source(log.header.seed), { signal })
        const spoken = lines.filter(({ status }) => status === 'spoken').length
        return {
          lines,
          told: lines.map(({ tick, speaker, listener, text }) => `tick ${tick}: ${speaker} to ${listener}: ${text}`),
          summary: `${spoken} of ${lines.length} granted events spoken by ${name}; ${ledger.spent_micro_usd} micro-dollars charged, at most ${ledger.ceilingMicroUsd}`,
        }
      },
      follow({ config, seed }, signal) {
        const { ticks_per_step: ticks } = config as MarsConfig
        const talk = new Talk(source(seed), { signal })
        return ({ t, events }) =>
          talk.say(events.filter(event => event.type === 'dialogue_granted')).map(async saying => {
            const { tick, speaker, listener, text } = await saying
            return { at: (tick - t * ticks) / ticks, from: speaker, to: listener, text }
          })
      },
    }
  },
}
