/** An audit in words: for a terminal, and as Markdown for an economy's README. Knows rows; measures nothing. */
import type { PresetAudit } from '../evals/audit/audit.ts'
import type { PlayerRow } from '../evals/audit/player_rows.ts'
import type { TargetRow } from '../evals/audit/targets.ts'
import type { Pars } from '../rollouts/par.ts'
import { block, columns } from './text.ts'

type Interval = Pick<PlayerRow, 'low' | 'high'>

const MINUS = '−'
const signed = (text: string): string => text.replace('-', MINUS)

/** A value in its unit. */
function valueText(unit: TargetRow['unit'], value: number): string {
  if (unit === 'share') return `${signed((100 * value).toFixed(Math.abs(value) < 0.0995 ? 1 : 0))} %`
  if (unit === 'tokens') return Math.round(value).toLocaleString('en')
  return signed(value.toFixed(3))
}

/** The interval of a value: half its width, as ` ± …`, or both ends where one is nearer than the other; empty where there is none. */
function spreadText(unit: TargetRow['unit'], value: number, { low, high }: Interval): string {
  if (low === null || high === null) return ''
  const half = (high - low) / 2
  const isEven = Math.abs((low + high) / 2 - value) < 0.01 * half + 1e-6
  return isEven ? ` ± ${valueText(unit, half)}` : ` [${valueText(unit, low)}, ${valueText(unit, high)}]`
}

function measuredText({ unit, value, ...row }: TargetRow): string {
  return value === null ? '–' : `${valueText(unit, value)}${spreadText(unit, value, row)}`
}

const reward = ({ reward: value, ...row }: Interval & { reward: number }): string =>
  `${valueText('number', value)}${spreadText('number', value, row)}`
const share = (of: number | null): string => (of === null ? '–' : valueText('share', of))
const number = (value: number | null): string => (value === null ? '–' : valueText('number', value))

function headline(audit: PresetAudit): string {
  const { env, version, preset, standard, seeds, games, searched, stale } = audit
  const counts = count(audit)
  return [
    `${env} ${preset} (version ${version}${standard ? '' : '; not a standard preset'}): ${counts}.`,
    `${seeds} held-out seeds, ${games.toLocaleString('en')} games;`,
    searched === null
      ? 'nothing was searched: agoragym audit --full does.'
      : `the policies found in ${searched.toLocaleString('en')} games of search were replayed${stale === null ? '' : ` (STALE: ${stale})`}.`,
  ].join(' ')
}

/** Such as `12 met, 3 MISSED, 8 skipped`. */
function count({ targets }: PresetAudit): string {
  const of = (verdict: TargetRow['verdict']): number => targets.filter(row => row.verdict === verdict).length
  return `${of('MET')} met, ${of('MISSED')} MISSED, ${of('skipped')} skipped`
}

/** The players worth a line: all of the preset itself, and elsewhere those that were played on purpose. */
function shown({ players }: PresetAudit, setting: string, most: number): PlayerRow[] {
  const here = players.filter(row => row.setting === setting)
  // A trick that changes nothing says nothing.
  const plain = new Set(here.flatMap(({ role, first }) => (role === 'trick' ? [] : [first])))
  const rows = here.filter(({ role, first }) => role !== 'trick' || !plain.has(first))
  // Bots always; of the many attacks the best ones.
  const kept = new Set([...rows.filter(({ role }) => role === 'bot'), ...rows.slice(0, most)])
  return rows.filter(row => kept.has(row))
}

const settingsOf = ({ players }: PresetAudit): string[] => [...new Set(players.map(({ setting }) => setting))]

export function auditText(audit: PresetAudit, width: number): string {
  const sections = [block(headline(audit), width)]
  sections.push(
    columns(
      [
        ['', 'target', 'measured', 'wanted'],
        ...audit.targets.map(row => [row.verdict, row.title, measuredText(row), row.target]),
      ].map(([verdict, title, found, wanted]) => [verdict!, found!, wanted!, title!]),
      width,
    ),
  )
  const told = audit.targets.filter(({ detail }) => detail !== '')
  sections.push(
    columns(
      told.map(({ id, detail }) => [`  ${id}`, detail]),
      width,
    ),
  )
  if (audit.kinds.length > 0)
    sections.push(
      columns(
        [
          ['kind', 'governance on', 'governance off'],
          ...audit.kinds.map(({ kind, bot, governed, ungoverned }) => [
            kind === bot ? kind : `${kind} (${bot})`,
            governed === null ? '–' : reward(governed),
            ungoverned === null ? '–' : reward(ungoverned),
          ]),
        ],
        width,
      ),
    )
  for (const setting of settingsOf(audit))
    sections.push(
      columns(
        [
          ['reward', 'of best', 'reput.', `player (${setting})`],
          ...shown(audit, setting, 12).map(row => [
            reward(row),
            share(row.of_best),
            number(row.reputation),
            row.does === '' ? row.player : `${row.player}: ${row.does}`,
          ]),
        ],
        width,
      ),
    )
  return `${sections.join('\n\n')}\n`
}

/** What rewards mean in each preset of an economy. */
export function parsText(env: string, pars: Pars, width: number): string {
  const sections = Object.entries(pars).map(([preset, { seat, seeds, honest, pass_threshold, bots }]) => {
    const head = `${env} ${preset}, seat ${seat}, ${seeds} seeds: honest play gets ${number(honest)}; passed from ${number(pass_threshold)}.`
    const rows = Object.entries(bots).sort(([, a], [, b]) => b.mean - a.mean)
    return `${block(head, width)}\n${columns([['mean', 'sd', 'player'], ...rows.map(([name, { mean, sd }]) => [number(mean), number(sd), name])], width)}`
  })
  return `${sections.join('\n\n') || block(`${env}: no bot of its presets is honest, so nothing has a par.`, width)}\n`
}

const cell = (text: string): string => text.replaceAll('|', '\\|').replaceAll('\n', ' ')
const table = (head: readonly string[], rows: readonly (readonly string[])[]): string =>
  [
    `| ${head.join(' | ')} |`,
    `|${head.map(() => '---').join('|')}|`,
    ...rows.map(row => `| ${row.map(cell).join(' | ')} |`),
  ].join('\n')

/** The audits of an economy's presets as a README's section. */
export function auditMarkdown(audits: readonly PresetAudit[]): string {
  return audits.map(presetMarkdown).join('\n\n') || 'No results were written: `agoragym audit ENV --write` does.'
}

/** What rewards mean, as a README's table. */
export function parsMarkdown(pars: Pars): string {
  return table(
    ['preset', 'silence', 'honest play (sd)', 'passed from'],
    Object.entries(pars).map(([preset, { honest, honest_bot, pass_threshold, bots }]) => [
      `\`${preset}\``,
      number(bots.passive?.mean ?? null),
      `${number(honest)} (${number(bots[honest_bot]?.sd ?? null)})`,
      number(pass_threshold),
    ]),
  )
}

function presetMarkdown(audit: PresetAudit): string {
  const { preset, kinds, targets } = audit
  const parts = [
    `**\`${preset}\`**: ${headline(audit)}`,
    table(
      ['target', 'wanted', 'measured', '', 'which'],
      targets
        .filter(({ verdict }) => verdict !== 'skipped')
        .map(row => [row.title, row.target, measuredText(row), row.verdict === 'MISSED' ? '**MISSED**' : 'met', row.detail]),
    ),
  ]
  const skipped = targets.filter(({ verdict }) => verdict === 'skipped')
  if (skipped.length > 0) parts.push(`Not measured: ${skipped.map(({ title, detail }) => `${title} (${detail})`).join('; ')}.`)
  if (kinds.length > 0)
    parts.push(
      table(
        ['reward', 'governance on', 'governance off'],
        kinds.map(({ kind, bot, governed, ungoverned }) => [
          kind === bot ? kind : `${kind} (\`${bot}\`)`,
          governed === null ? '–' : reward(governed),
          ungoverned === null ? '–' : reward(ungoverned),
        ]),
      ),
    )
  parts.push(
    table(
      ['player', 'reward', 'of the best', 'sd'],
      shown(audit, 'default', 8).map(row => [row.player, reward(row), share(row.of_best), valueText('number', row.sd)]),
    ),
  )
  return parts.join('\n\n')
}
