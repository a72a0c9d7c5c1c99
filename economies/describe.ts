/** An economy as data: rules, seats, tools, configuration, bots and metrics, as it declares them. Knows no economy and no layout. */
import { configFields, resolveConfig } from '../envs/core/config.ts'
import { type AnyEnvironment, learnerOf } from '../envs/core/environment.ts'
import { toolSchema } from '../envs/core/tool.ts'
import { botName } from '../rollouts/players/bot.ts'
import type { Economy } from './economy.ts'

/** What an economy says of itself in a configuration: plain JSON, tools as JSON Schema. The first preset is the default. */
export function describeEconomy(
  { env, bots, opponents, players }: Economy,
  {
    preset = Object.keys(env.presets)[0]!,
    set = {},
  }: { readonly preset?: string; readonly set?: Readonly<Record<string, unknown>> } = {},
) {
  const config = resolveConfig(env, preset, set)
  const seats = env.seats(config)
  const learner = learnerOf(seats)
  const { maxCalls, repairs, onSilence } = env.turn(config, learner)
  return {
    id: env.id,
    version: env.version,
    summary: env.summary,
    preset,
    config,
    rules: env.rules(config, learner),
    seats,
    // JSON has no infinity: no limit is null.
    turn: { maxCalls: Number.isFinite(maxCalls) ? maxCalls : null, repairs, onSilence },
    tools: Object.entries(env.tools(config)).map(([name, tool]) => ({ kind: tool.kind, ...toolSchema(name, tool) })),
    fields: configFields(env).map(({ name, description, default: value, schema }) => ({
      name,
      description,
      default: value,
      schema,
    })),
    presets: env.presets,
    bots: Object.fromEntries(Object.entries(bots).map(([bot, { description }]) => [botName(bot), description])),
    opponents,
    players,
    metrics: env.metrics.docs,
    encoding: encodingOf(env, config),
    scenarios: env.scenarios !== undefined,
  }
}

/** The features and slots of a configuration; null where the economy does not encode itself. */
function encodingOf(env: AnyEnvironment, config: object) {
  const encoding = env.encode?.(config)
  return encoding === undefined ? null : { features: encoding.features, slots: encoding.slots }
}
