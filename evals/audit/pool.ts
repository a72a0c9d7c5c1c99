/**
 * Messages to try whatever an economy is about: what its bots say, what its tools propose, and both taken to the ends of
 * what the schemas allow. Read off games and schemas; knows no economy.
 */
import type { Decision } from '../../envs/core/environment.ts'
import { canonical } from '../../envs/core/plain.ts'
import { type Call, toolSchema } from '../../envs/core/tool.ts'
import { configs, othersOf } from './arena.ts'
import { playGame } from './game.ts'
import type { AuditSetting, PolicyDesc, Subject } from './spec.ts'

/** Different calls of one tool that are kept, most frequent first. */
const CALLS_A_TOOL = 6
/** Messages of several calls that are kept. */
const WHOLE_MESSAGES = 12
const HARVEST_GAMES = 2
/** Tokens of a message that thinks and talks without end. */
const ENDLESS = 1_000_000

/** The messages of games that bots and random legal play were harvested from, and what can be made of them. */
export interface Pool {
  /** Everything worth repeating: harvested, absurd, and dear where messages cost. */
  readonly messages: readonly Decision[]
  /** By bot: the message it sent most often at each turn. A blind copy of it. */
  readonly copies: Readonly<Record<string, readonly Decision[]>>
}

/** Gathers the messages of a setting from games of every bot in the evaluated seat. */
export function harvest(subject: Subject, preset: string, setting: AuditSetting, seat: string, seeds: readonly number[]): Pool {
  const { env, bots } = subject
  const config = configs(subject, preset, setting)
  const tools = env.tools(config)
  const others = othersOf(subject, preset, setting)
  const messages = new Count<Decision>()
  const calls = new Count<Call>()
  const copies: Record<string, Decision[]> = {}
  for (const [name, { factory }] of Object.entries(bots)) {
    const turns: Count<Decision>[] = []
    for (const seed of seeds.slice(0, HARVEST_GAMES)) {
      const log = playGame({
        env,
        config,
        seed,
        repeat: 0,
        evaluated: { [seat]: factory },
        ...others,
      })
      for (const { t, decisions } of log.steps) {
        const decision = decisions[seat]
        if (decision === undefined) continue
        const message: Decision = { calls: decision.calls }
        turns[t] ??= new Count()
        turns[t].add(message)
        if (message.calls.length > 1) messages.add(message)
        for (const call of message.calls) calls.add(call)
      }
    }
    copies[name] = Array.from(turns, turn => turn?.most(1)[0] ?? { calls: [] })
  }
  const kept = Object.keys(tools).flatMap(tool => calls.most(CALLS_A_TOOL, call => call.tool === tool))
  const extreme = Object.entries(tools).flatMap(([name, tool]) => {
    if (tool.kind !== 'act') return []
    const { parameters } = toolSchema(name, tool)
    const base = kept.find(call => call.tool === name)?.args ?? {}
    return extremes(parameters, base as Record<string, unknown>).flatMap(args =>
      tool.args.safeParse(args).success ? [{ tool: name, args }] : [],
    )
  })
  const single = [...kept, ...extreme].map((call): Decision => ({ calls: [call] }))
  const dear =
    env.facts?.billed === true
      ? Object.keys(tools).flatMap(tool =>
          kept
            .filter(call => call.tool === tool)
            .slice(0, 1)
            .flatMap(call =>
              [
                { thinking: 0, output: 1 },
                { thinking: 0, output: 335 },
                { thinking: 5000, output: 60 },
                { thinking: ENDLESS, output: ENDLESS },
              ].map((units): Decision => ({ calls: [call], units: { ...units, source: 'reported' } })),
            ),
        )
      : []
  const all = new Map(
    [...single, ...messages.most(WHOLE_MESSAGES), ...dear].map(message => [canonical(message), message] as const),
  )
  return { messages: [...all.values()], copies }
}

/** Every policy that does one thing for ever: each tool with its first, middle and last candidate, and each message of the pool. */
export function constants(subject: Subject, preset: string, setting: AuditSetting, pool: Pool): PolicyDesc[] {
  const tools = subject.env.tools(configs(subject, preset, setting))
  return [
    ...Object.entries(tools).flatMap(([tool, { kind }]) =>
      kind === 'act' ? [0, 0.5, 1].map((rank): PolicyDesc => ({ kind: 'tool', tool, rank })) : [],
    ),
    ...pool.messages.map((message): PolicyDesc => ({ kind: 'list', messages: [message] })),
  ]
}

/** A policy's name in tables, short enough for one line. */
export function policyName(desc: PolicyDesc): string {
  switch (desc.kind) {
    case 'bot':
      return desc.name
    case 'tool':
      return `always ${desc.tool}, ${desc.rank === 0 ? 'first' : desc.rank === 1 ? 'last' : 'middle'} candidate`
    case 'list':
      return desc.turns === undefined ? `always ${messageName(desc.messages[0]!)}` : `list of ${desc.turns.length} messages`
    case 'family':
      return `${desc.family}(${desc.parameters.map(value => value.toFixed(2)).join(' ')})`
    case 'altered':
      return `${policyName(desc.base)}, ${desc.by}`
  }
}

function messageName({ calls, units }: Decision): string {
  const words = calls.map(({ tool, args }) => {
    const values = Object.values((args ?? {}) as object).map(value =>
      clipped(typeof value === 'string' ? value : JSON.stringify(value)),
    )
    return values.length === 0 ? tool : `${tool} ${values.join(' ')}`
  })
  return `${words.join(' + ') || 'silence'}${units === undefined ? '' : ` at ${units.thinking}+${units.output} tokens`}`
}

const clipped = (text: string): string => (text.length <= 16 ? text || "''" : `${text.slice(0, 13)}… (${text.length})`)

/** Counts equal things; the most frequent first, ties in the order they came. */
class Count<Item> {
  readonly #items = new Map<string, { item: Item; count: number }>()

  add(item: Item): void {
    const id = canonical(item)
    const known = this.#items.get(id)
    if (known === undefined) this.#items.set(id, { item, count: 1 })
    else known.count++
  }

  most(limit: number, where: (item: Item) => boolean = () => true): Item[] {
    return [...this.#items.values()]
      .filter(({ item }) => where(item))
      .sort((a, b) => b.count - a.count)
      .slice(0, limit)
      .map(({ item }) => item)
  }
}

type Schema = Readonly<Record<string, unknown>>

/** The arguments with one field at a time, and then all fields, at the least and at the most that the schema allows. */
function extremes(schema: Schema, base: Record<string, unknown>): Record<string, unknown>[] {
  const properties = Object.entries((schema.properties ?? {}) as Record<string, Schema>)
  const required = (schema.required ?? []) as readonly string[]
  const single = properties.flatMap(([field, inner]) => [
    ...ends(inner).map(value => ({ ...base, [field]: value })),
    ...(required.includes(field) || base[field] === undefined
      ? []
      : [Object.fromEntries(Object.entries(base).filter(([name]) => name !== field))]),
  ])
  const whole = [0, -1].map(at => Object.fromEntries(properties.map(([field, inner]) => [field, ends(inner).at(at)])))
  return [...single, ...whole]
}

/** Values at the ends of a schema, the least first. */
function ends(schema: Schema): unknown[] {
  if (Array.isArray(schema.enum)) return schema.enum
  if (schema.const !== undefined) return [schema.const]
  if (Array.isArray(schema.anyOf)) return schema.anyOf.flatMap(inner => ends(inner as Schema))
  const { minimum, exclusiveMinimum, maximum, exclusiveMaximum } = schema as Record<string, number | undefined>
  switch (schema.type) {
    case 'integer':
    case 'number': {
      const step = schema.type === 'integer' ? 1 : 0.001
      const least = minimum ?? (exclusiveMinimum === undefined ? -1_000_000 : exclusiveMinimum + step)
      const most = maximum ?? (exclusiveMaximum === undefined ? 1_000_000 : exclusiveMaximum - step)
      return [least, most]
    }
    case 'boolean':
      return [false, true]
    case 'string': {
      const longest = Math.min(2000, (schema.maxLength as number | undefined) ?? 2000)
      return ['', 'x', 'a'.repeat(longest)]
    }
    case 'array': {
      const inner = ends((schema.items ?? {}) as Schema)
      const most = Math.min(8, (schema.maxItems as number | undefined) ?? 8)
      return [[], Array.from({ length: most }, () => inner.at(-1))]
    }
    case 'object':
      return [{}]
    default:
      return [null]
  }
}
