/**
 * What tokens cost: the shipped price file, and a user's own before it. A price that is not in either is not known, and
 * nobody guesses one.
 */
import { z } from 'zod'
import { UserError } from '../../envs/core/errors.ts'
import { explain } from '../../envs/core/tool.ts'
import type { Usage } from '../player.ts'
import { parseJson, readText } from '../text_file.ts'
import type { Endpoint } from './endpoint.ts'

const priceSchema = z.strictObject({
  input: z.number().nonnegative(),
  /** As `input` where it is absent, like `cache_write`. */
  cached_read: z.number().nonnegative().optional(),
  cache_write: z.number().nonnegative().optional(),
  output: z.number().nonnegative(),
})
/** USD per million tokens. */
export type Price = z.infer<typeof priceSchema>

/** Prices by player string (`openai:gpt-4.1-mini`, `openai:m@http://host/v1`) or, for any URL, by model id. */
export type Prices = Readonly<Record<string, Price>>

const fileSchema = z.object({ models: z.record(z.string(), priceSchema) })

/** Reads a price file: `{"models": {"openai:MODEL": {"input": …, "output": …}}}`. A UserError says what is wrong with it. */
export function readPrices(path: string | URL): Prices {
  const tell = (why: string): string => `Price file ${path}: ${why}.`
  const parsed = fileSchema.safeParse(parseJson(readText(path, tell), tell))
  if (!parsed.success) throw new UserError(`Price file ${path}: ${explain(parsed.error)}`)
  return parsed.data.models
}

export function shippedPrices(): Prices {
  return readPrices(new URL('./prices.json', import.meta.url))
}

/** A dated snapshot costs what its model does. */
const DATE = /-(\d{4}-\d{2}-\d{2}|\d{8})$/

/** The price at an endpoint; null where none is known. */
export function priceOf(endpoint: Endpoint, prices: Prices): Price | null {
  const names = [endpoint.name, endpoint.name.replace(DATE, ''), endpoint.model]
  for (const name of names) if (Object.hasOwn(prices, name)) return prices[name]!
  return null
}

/** What a call cost, in USD; null where no price is known. */
export function costOf(usage: Usage, price: Price | null): number | null {
  if (price === null) return null
  const { input, cached_read = input, cache_write = input, output } = price
  return (
    (usage.input_uncached * input +
      usage.input_cached_read * cached_read +
      usage.input_cache_write * cache_write +
      usage.output * output) /
    1e6
  )
}

/** The most that so many tokens can cost, in USD: the prompt at its dearest. */
export function worstCost(promptTokens: number, outputTokens: number, { input, cache_write = input, output }: Price): number {
  return (promptTokens * Math.max(input, cache_write) + outputTokens * output) / 1e6
}
