/** The options of model players, read the same way by every command that seats players. */
import { resolve } from 'node:path'
import { UserError } from '../envs/core/errors.ts'
import {
  isHome,
  Models,
  type ModelsOptions,
  type NoToolCall,
  type Prices,
  parseForms,
  parseHistory,
  parsePersonas,
  readPrices,
  type Sampling,
  shippedPrices,
} from '../rollouts/models/index.ts'
import { promptTokens } from '../rollouts/models/usage.ts'
import type { RunResult } from '../rollouts/run.ts'
import type { Args, OptionSpecs } from './command.ts'
import type { Io } from './io.ts'

/** How models are asked whose player strings do not say otherwise. */
export const MODEL_OPTIONS: OptionSpecs = {
  temperature: { type: 'string', describe: "sampling temperature (the provider's default)" },
  'top-p': { type: 'string', describe: "nucleus sampling (the provider's default)" },
  'sampling-seed': { type: 'string', describe: 'seed of the sampling, the same in every call (none)' },
  'max-completion-tokens': { type: 'string', describe: 'tokens of one answer at most, reasoning included' },
  'reasoning-effort': { type: 'string', describe: "in the provider's own words: low, medium, high …" },
  'extra-body': { type: 'string', describe: 'JSON object of further request fields, sent as they are' },
  api: { type: 'string', describe: "OpenAI's protocol: chat or responses (responses at OpenAI's own URL, chat elsewhere)" },
  adapt: { type: 'list', describe: 'a second form of requests from the beginning, such as max_completion_tokens or streaming' },
  history: { type: 'string', describe: 'what a model is shown again: full, last:N turns, or none (full)' },
  'no-tool-call': { type: 'string', describe: "a message without a tool call is: pass, nudge or stop (the economy's way)" },
  persona: { type: 'list', describe: 'name or file of added instructions, for all models, or seat=persona for one' },
  'api-key-var': { type: 'list', describe: 'environment variable with the key for other URLs, or host=VARIABLE' },
}

/** How much a run may take, and how long it tries. */
export const LIMIT_OPTIONS: OptionSpecs = {
  'max-cost': { type: 'string', describe: 'stop before the calls of this command cost more, in USD' },
  'max-tokens': { type: 'string', describe: 'stop before the calls of this command use more tokens' },
  'max-rpm': { type: 'string', describe: 'requests a minute to each endpoint at most, retries included (no limit)' },
  prices: { type: 'string', describe: 'price file, read before the shipped one' },
  'timeout-call': { type: 'string', describe: 'seconds of one attempt at a call (300)' },
  'timeout-episode': { type: 'string', describe: 'seconds that the calls of one seat may take in one episode (no limit)' },
  'max-retries': { type: 'string', describe: 'further attempts at a failing call (8)' },
}

/** For evaluations only: rollouts that are trained on must not repeat answers. */
export const CACHE_OPTION: OptionSpecs = {
  cache: { type: 'string', describe: 'folder of answers to use again (none)' },
}

/** The models of a command: who is asked how, within which limits. `folder` is where treatments look for files. */
export function readModels(args: Args, io: Io, concurrency: number, folder: string = io.cwd): Models {
  return new Models(readModelsOptions(args, io, concurrency, folder))
}

/** The same as plain options, for programs that ask elsewhere. */
export function readModelsOptions(args: Args, io: Io, concurrency: number, folder: string = io.cwd): ModelsOptions {
  const text = (name: string) => args.text(name)
  const timeoutCall = args.positive('timeout-call')
  const timeoutEpisode = args.positive('timeout-episode')
  const maxCost = args.positive('max-cost')
  const maxTokens = args.text('max-tokens') === undefined ? undefined : args.integer('max-tokens', 0, 1)
  const maxRpm = args.text('max-rpm') === undefined ? undefined : args.integer('max-rpm', 0, 1)
  const cache = text('cache')
  return {
    env: io.env,
    keyVariables: args.list('api-key-var'),
    concurrency,
    stop: io.signal,
    sampling: readSampling(args),
    cwd: folder,
    extraBody: readExtraBody(text('extra-body')),
    ...(text('api') !== undefined && { api: args.choice('api', ['chat', 'responses'] as const)! }),
    adaptations: parseForms(args.list('adapt')),
    history: parseHistory(text('history') ?? 'full'),
    noToolCall: args.choice<NoToolCall>('no-tool-call', ['pass', 'nudge', 'stop']) ?? 'economy',
    personas: parsePersonas(args.list('persona').map(given => personaPath(given, io.cwd))),
    prices: pricesOf(args, io),
    ...(cache !== undefined && { cache: resolve(io.cwd, cache) }),
    ...(maxCost !== undefined && { maxCost }),
    ...(maxTokens !== undefined && { maxTokens }),
    ...(maxRpm !== undefined && { maxRpm }),
    ...(timeoutEpisode !== undefined && { timeoutEpisodeMs: timeoutEpisode * 1000 }),
    retry: {
      ...(timeoutCall !== undefined && { timeoutMs: timeoutCall * 1000 }),
      ...(text('max-retries') !== undefined && { maxRetries: args.integer('max-retries', 0, 0) }),
    },
  }
}

/** The shipped prices under those of `--prices`, read when they are asked for. */
export function pricesOf(args: Args, { cwd }: Io): () => Prices {
  const file = args.text('prices')
  return () => ({ ...shippedPrices(), ...(file !== undefined && readPrices(resolve(cwd, file))) })
}

function readSampling(args: Args): Sampling {
  const temperature = args.number('temperature')
  const topP = args.number('top-p')
  const effort = args.text('reasoning-effort')
  return {
    ...(temperature !== undefined && { temperature }),
    ...(topP !== undefined && { top_p: topP }),
    ...(args.text('sampling-seed') !== undefined && { seed: args.integer('sampling-seed', 0, Number.MIN_SAFE_INTEGER) }),
    ...(args.text('max-completion-tokens') !== undefined && { max_tokens: args.integer('max-completion-tokens', 0, 1) }),
    ...(effort !== undefined && { reasoning_effort: effort }),
  }
}

function readExtraBody(text: string | undefined): Readonly<Record<string, unknown>> {
  if (text === undefined) return {}
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch (error) {
    throw new UserError(`--extra-body: expected a JSON object: ${(error as Error).message}.`)
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    throw new UserError(`--extra-body: expected a JSON object, got ${text.slice(0, 64)}.`)
  return value as Record<string, unknown>
}

/** A file is looked for where the command was typed; the part before an equals sign names a seat. */
function personaPath(given: string, cwd: string): string {
  const [, seat = '', persona = ''] = /^(\w+=)?(.*)$/s.exec(given)!
  return /[./\\]/.test(persona) ? `${seat}${resolve(cwd, persona)}` : given
}

/** Prompts shorter than this are not cached by the providers. */
const CACHEABLE = 1024

/** What to say of a run whose repeated prompts were all paid for again, though the provider has a cache; none for nothing. */
export function cacheNote({ metadata, summary }: RunResult): string[] {
  const { player, base_url, player_details } = metadata
  const { usage, traffic } = summary
  if (usage === null || traffic === null || base_url === null || !isHome(base_url) || player_details.history !== 'full') return []
  const prompt = promptTokens(usage)
  if (prompt < 2 * CACHEABLE * traffic.calls || usage.input_cached_read > prompt / 100) return []
  return [
    `${player}: hardly any prompt token was read from the provider's cache, which forgets after some minutes; lower -c, so that the turns of an episode follow each other.`,
  ]
}
