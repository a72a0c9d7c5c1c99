// Fills the generated sections of the documentation from the code: `npm run docs`. With --check it changes nothing and
// exits 1 where a section is stale. A section stands between <!-- generated:NAME --> and <!-- /generated:NAME -->.
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { auditMarkdown, parsMarkdown } from '../dist/commands/audit_text.js'
import { readResults } from '../dist/evals/audit/files.js'
import { configFields, economies, encodingDocs, toolDocs, typeName } from '../dist/index.js'
import { FORMS } from '../dist/rollouts/models/forms.js'
import { WIRE_ERRORS } from '../dist/serve/wire_errors.js'
import { QUIRKS } from '../dist/testing.js'
import { pictureOf } from './pictures.mjs'

const check = process.argv.includes('--check')
let stale = 0
let sections = 0

const cell = text => String(text).replaceAll('|', '\\|').replaceAll('\n', ' ')
const table = (head, rows) =>
  [`| ${head.join(' | ')} |`, `|${head.map(() => '---').join('|')}|`, ...rows.map(row => `| ${row.join(' | ')} |`)].join('\n')
const code = value => `\`${JSON.stringify(value)}\``

/** The generated sections of one economy's README. */
const economySections = ({ env, bots, pars = {} }) => {
  const config = env.config.parse(Object.values(env.presets)[0])
  return {
    tools: () => toolDocs(env.tools(config)),
    config: () =>
      table(
        ['field', 'type', 'default', 'meaning'],
        configFields(env).map(({ name, schema, description, default: value }) => [
          `\`${name}\``,
          typeName(schema),
          value === undefined ? '–' : cell(code(value)),
          cell(description),
        ]),
      ),
    presets: () =>
      table(
        ['preset', 'differs from the defaults in'],
        Object.entries(env.presets).map(([name, fields]) => [
          `\`${name}\``,
          Object.keys(fields).length === 0
            ? 'nothing'
            : cell(
                Object.entries(fields)
                  .map(([field, value]) => `${field} ${JSON.stringify(value)}`)
                  .join(', '),
              ),
        ]),
      ),
    encoding: () => encodings(env),
    audit: () =>
      [
        ...(Object.keys(pars).length > 0 ? [parsMarkdown(pars)] : []),
        auditMarkdown(Object.keys(env.presets).flatMap(preset => readResults(`economies/${env.id}/audit`, preset) ?? [])),
      ].join('\n\n'),
    alternatives: () =>
      table(
        ['rule', 'nearest alternative', 'told apart by', 'for example', 'else held by'],
        JSON.parse(readFileSync(`economies/${env.id}/alternatives.json`, 'utf8')).map(
          ({ rule, alternative, verdict, example, held }) =>
            [rule, alternative, verdict, example ?? '–', held === undefined ? '–' : `\`${held}\``].map(cell),
        ),
      ),
    metrics: () =>
      table(
        ['metric', 'meaning', 'formula', 'range', 'source'],
        Object.entries(env.metrics.docs).map(([name, doc]) => [
          `\`${name}\``,
          cell(doc.description),
          cell(doc.formula),
          cell(doc.range),
          cell(doc.source),
        ]),
      ),
    bots: () =>
      table(
        ['bot', 'what it does'],
        Object.entries(bots).map(([name, bot]) => [`\`bot:${name}\``, cell(bot.description)]),
      ),
  }
}

/** The features and slots of every encoding that a preset has, once each. */
function encodings(env) {
  if (env.encode === undefined) return 'None: this economy does not write itself as numbers.'
  const kinds = new Map()
  for (const [preset, fields] of Object.entries(env.presets)) {
    const encoding = env.encode(env.config.parse(fields))
    const key = JSON.stringify([encoding.features, encoding.slots])
    const kind = kinds.get(key) ?? { encoding, presets: [] }
    kind.presets.push(`\`${preset}\``)
    kinds.set(key, kind)
  }
  return [...kinds.values()]
    .map(
      ({ encoding, presets }) =>
        `${presets.join(', ')}: ${encoding.features.length} features, ${encoding.slots.length} ${encoding.slots.length === 1 ? 'slot' : 'slots'}.\n\n${encodingDocs(encoding)}`,
    )
    .join('\n\n')
}

const overview = {
  environments: () =>
    table(
      ['environment', 'what it is', 'seats', 'presets', 'default opponents'],
      economies.list().map(({ env, opponents: usual }) => {
        const config = env.config.parse(Object.values(env.presets)[0])
        const seats = env.seats(config)
        const residents = seats.filter(seat => seat.resident).length
        const opponents = Object.entries(usual).map(([bot, count]) => `${count} ${bot}`)
        return [
          `[\`${env.id}\`](envs/${env.id}/README.md)`,
          cell(env.summary),
          `${seats.length}${residents > 0 ? ` (${residents} residents)` : ''}`,
          Object.keys(env.presets)
            .map(name => `\`${name}\``)
            .join(' '),
          opponents.join(', ') || '–',
        ]
      }),
    ),
}

/** What is known of servers: the quirks of the fake provider, by server, and the second forms of requests. */
const servers = {
  servers: () =>
    table(
      ['server', 'what was met', 'what happens', 'quirk', 'reports'],
      Object.entries(QUIRKS)
        .sort(([, a], [, b]) => a.server.localeCompare(b.server, 'en'))
        .map(([name, { server, met, answer, play, reports }]) => [
          cell(server),
          cell(met),
          cell(play ? `play: ${answer}` : answer),
          `\`${name}\``,
          cell(reports.join(', ') || '–'),
        ]),
    ),
  adaptations: () =>
    table(
      ['adaptation', 'what is sent'],
      Object.entries(FORMS).map(([name, means]) => [`\`${name}\``, cell(means)]),
    ),
}

const wire = {
  wire_errors: () =>
    table(
      ['code', 'what it means'],
      Object.entries(WIRE_ERRORS).map(([name, means]) => [`\`${name}\``, cell(means)]),
    ),
}

function fill(path, makers) {
  if (!existsSync(path)) {
    console.error(`${path} is missing: every economy has one (agoragym new economy writes it)`)
    process.exit(1)
  }
  const before = readFileSync(path, 'utf8')
  const after = before.replace(/<!-- generated:(\S+) -->[\s\S]*?<!-- \/generated:\1 -->/g, (_whole, name) => {
    const make = makers[name]
    if (make === undefined)
      throw new Error(`${path}: no generator for the section '${name}'; there are ${Object.keys(makers).join(', ')}`)
    sections++
    return `<!-- generated:${name} -->\n${make()}\n<!-- /generated:${name} -->`
  })
  settle(path, before, after)
}

/** Writes what is generated, or says with --check that it is not what would be written. */
function settle(path, before, after) {
  if (before === after) return
  stale++
  if (check) console.error(`${path}: what is generated is stale; run \`npm run docs\``)
  else writeFileSync(path, after)
}

for (const economy of economies.list()) {
  const { id } = economy.env
  fill(`envs/${id}/README.md`, economySections(economy))
  const drawing = `docs/pictures/${id}.svg`
  sections++
  settle(drawing, existsSync(drawing) ? readFileSync(drawing, 'utf8') : '', await pictureOf(economy))
}
fill('README.md', overview)
fill('docs/providers.md', servers)
fill('docs/wire.md', wire)
console.log(`${sections} generated sections, ${stale} ${check ? 'stale' : 'rewritten'}`)
process.exitCode = check && stale > 0 ? 1 : 0
