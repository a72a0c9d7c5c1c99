/** `describe`: an economy's rules, tools, configuration, bots and metrics, as it declares them. */
import { describeEconomy } from '../economies/describe.ts'
import { configFields } from '../envs/core/config.ts'
import { families } from '../envs/core/encoding.ts'
import { learnerOf } from '../envs/core/environment.ts'
import { UserError } from '../envs/core/errors.ts'
import { short } from '../envs/core/plain.ts'
import { toolSchema, typeName } from '../envs/core/tool.ts'
import { botName } from '../rollouts/players/bot.ts'
import type { Command } from './command.ts'
import { CONFIG_OPTIONS, readSetting, type Setting } from './setup.ts'
import { block, definitions } from './text.ts'

export const describe: Command = {
  options: {
    ...CONFIG_OPTIONS,
    encoding: { type: 'boolean', describe: 'only how observations and actions are written as numbers: features and slots' },
  },
  examples: [
    ['agoragym describe ENV', 'what a player is told, and what can be set'],
    ['agoragym describe ENV --encoding', 'what a learner without language sees and can do'],
    ['agoragym describe ENV --json', 'tools as JSON Schema'],
  ],
  run(args, io) {
    const setting = readSetting(args)
    const json = args.flag('json')
    const facts = args.flag('encoding') ? encodingIn(setting) : json ? describeEconomy(setting.economy, setting) : undefined
    if (json) io.out(`${JSON.stringify(facts, null, 2)}\n`)
    else io.out(args.flag('encoding') ? encodingText(setting, io.columns()) : text(setting, io.columns()))
    return 0
  },
}

function text({ economy, env, preset, config }: Setting, width: number): string {
  const seats = env.seats(config)
  const resolved = config as Readonly<Record<string, unknown>>
  const roles = new Map<string, string[]>()
  for (const { agent, role, learner, resident } of seats) {
    const kind = `${role}${resident ? ' (resident)' : ''}${learner ? ' (evaluated by default)' : ''}`
    roles.set(kind, [...(roles.get(kind) ?? []), agent])
  }
  const sections: [title: string, body: string][] = [
    [`Rules, as ${learnerOf(seats)} is told them`, block(env.rules(config, learnerOf(seats)), width, 2)],
    [
      'Seats',
      definitions(
        [...roles].map(([role, agents]) => [role, listed(agents)] as const),
        width,
      ),
    ],
    [
      'Tools',
      Object.entries(env.tools(config))
        .map(([name, tool]) => {
          const { description, parameters } = toolSchema(name, tool)
          const properties = (parameters.properties ?? {}) as Record<string, Record<string, unknown>>
          const required = (parameters.required ?? []) as readonly string[]
          const fields = Object.entries(properties).map(
            ([field, schema]) =>
              [
                `${field}${required.includes(field) ? '' : '?'}`,
                `${plainType(schema)}: ${String(schema.description ?? '')}`,
              ] as const,
          )
          const head = definitions([[`${name}${tool.kind === 'ask' ? ' (ask)' : ''}`, description]], width)
          return fields.length === 0 ? head : `${head}\n${definitions(fields, width, 6)}`
        })
        .join('\n'),
    ],
    [
      `Configuration (preset ${preset}; --set field=value)`,
      definitions(
        configFields(env).map(
          ({ name, schema, description }) =>
            [name, `${short(resolved[name], 60)}  ${description} (${plainType(schema)})`] as const,
        ),
        width,
      ),
    ],
    [
      'Presets (--preset NAME)',
      definitions(
        Object.entries(env.presets).map(([name, fields]) => [name, short(fields, 400)] as const),
        width,
      ),
    ],
    [
      'Players',
      definitions(
        Object.entries(economy.bots).map(([bot, { description }]) => [botName(bot), description] as const),
        width,
      ),
    ],
    [
      'Metrics',
      definitions(
        Object.entries(env.metrics.docs).map(
          ([name, doc]) => [name, `${doc.description}: ${doc.formula}; ${doc.range} (${doc.source})`] as const,
        ),
        width,
      ),
    ],
  ]
  const head = block(`${env.id}, version ${env.version}. ${env.summary}`, width)
  return `${[head, ...sections.map(([title, body]) => `${block(title, width)}\n${body}`)].join('\n\n')}\n`
}

function encodingIn(setting: Setting) {
  const { id, encoding } = describeEconomy(setting.economy, setting)
  if (encoding === null) throw new UserError(`${id} does not write itself as numbers: it has no \`encode\`.`)
  return encoding
}

function encodingText(setting: Setting, width: number): string {
  const { features, slots } = encodingIn(setting)
  const ranges = families(features).map(({ name, low, high, meaning }) => [name, `${meaning} (${low} … ${high})`] as const)
  const moves = families(slots).map(
    ({ name, tools, meaning }) => [name, `${meaning} (${tools.join(', ') || 'no call'})`] as const,
  )
  const { env, preset } = setting
  return `${[
    `${block(`${env.id}, preset ${preset}: ${features.length} features`, width)}\n${definitions(ranges, width)}`,
    `${block(`${slots.length} slots`, width)}\n${definitions(moves, width)}`,
  ].join('\n\n')}\n`
}

/** Without the escapes that a Markdown table needs. */
function plainType(schema: Record<string, unknown>): string {
  return typeName(schema).replaceAll('\\|', '|')
}

function listed(agents: readonly string[]): string {
  return agents.length <= 8 ? agents.join(', ') : `${agents[0]} … ${agents.at(-1)} (${agents.length})`
}
