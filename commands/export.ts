/** `export`: turns runs into files that trainers read. */
import { resolve } from 'node:path'
import { economies, environments } from '../economies/registry.ts'
import { UserError } from '../envs/core/errors.ts'
import { REWARD_FORMS } from '../envs/core/reward.ts'
import { oneLine } from '../envs/core/text.ts'
import { estimatorNamed, estimators } from '../rollouts/export/advantage.ts'
import type { DataCard } from '../rollouts/export/datacard.ts'
import { exportRuns, MARGIN } from '../rollouts/export/export.ts'
import { formatNamed, formats } from '../rollouts/export/formats.ts'
import { parseSplits } from '../rollouts/export/split.ts'
import { PASS_THRESHOLD } from '../rollouts/pass_rates.ts'
import type { Progress } from '../rollouts/progress.ts'
import type { Args, Command, OptionSpecs } from './command.ts'
import { runFolders } from './compare.ts'
import type { ExitCode } from './io.ts'
import { progressOf } from './telling.ts'
import { block, columns, plural, shownPath } from './text.ts'

/** Shared with the command that plays groups. */
export const ADVANTAGE_OPTION: OptionSpecs = {
  advantage: { type: 'string', describe: `group-relative advantage: ${Object.keys(estimators).join(' or ')} (grpo)` },
}

export const exportCommand: Command = {
  options: {
    format: { type: 'string', describe: formats.map(({ id }) => id).join(', ') },
    out: { type: 'string', describe: 'folder to write; one that holds anything but an earlier export is refused' },
    split: { type: 'string', describe: 'parts by seed, such as train=0.9,test=0.1: a folder each' },
    'include-truncated': { type: 'boolean', describe: 'also rollouts that were cut short, flagged is_truncated' },
    'include-failed': { type: 'boolean', describe: 'also rollouts that a provider failed (traces, verifiers, parquet)' },
    ...ADVANTAGE_OPTION,
    reward: {
      type: 'string',
      describe: 'steps: delta, score (the first adds the score at reset) or total (the score so far) (delta)',
    },
    'reward-scale': {
      type: 'string',
      describe: "unit: scores mapped to 0…1 by the bounds of the preset's par, and clipped (not scaled)",
    },
    'reward-relative': { type: 'string', describe: 'par: less what honest play gets in the preset on average (not)' },
    threshold: { type: 'string', describe: `kto: the reward from which a rollout is good (${PASS_THRESHOLD})` },
    margin: { type: 'string', describe: `preference: least difference of the rewards of a pair (${MARGIN})` },
  },
  examples: [
    ...formats.map(({ id, describe }) => [`agoragym export --format ${id} --out data/${id}`, describe] as const),
    [
      'agoragym export runs/train --format sft-trl --out data --split train=0.9,test=0.1 --include-truncated',
      'two folders by seed, of the runs in one folder, with what was cut short',
    ],
  ],
  async run(args, io): Promise<ExitCode> {
    const format = formatNamed(required(args, 'format', formats.map(({ id }) => id).join(', ')))
    const out = resolve(io.cwd, required(args, 'out', 'a folder to write'))
    const split = args.text('split')
    for (const option of ['threshold', 'margin'] as const) {
      if (args.text(option) !== undefined && format.uses !== option)
        throw new UserError(
          `--${option} says nothing to ${format.id}; it is for ${formats.find(({ uses }) => uses === option)!.id}.`,
        )
    }
    const form = args.choice('reward', REWARD_FORMS)
    const reward = {
      ...(form !== undefined && { form }),
      unit: args.choice('reward-scale', ['unit'] as const) !== undefined,
      relative: args.choice('reward-relative', ['par'] as const) !== undefined,
    }
    const runs = runFolders(args, io)
    let progress: Progress | undefined
    const card = await exportRuns({
      runs,
      format,
      out,
      ...(split !== undefined && { splits: parseSplits(split) }),
      includeTruncated: args.flag('include-truncated'),
      includeFailed: args.flag('include-failed'),
      estimator: estimatorNamed(args.text('advantage')),
      reward,
      pars: env => (economies.has(env) ? economies.get(env).pars : undefined),
      threshold: args.number('threshold') ?? PASS_THRESHOLD,
      margin: args.positive('margin') ?? MARGIN,
      environments,
      signal: io.signal,
      onStart: total => {
        const bar = progressOf(io, { total })
        progress = bar
        return done => bar.set(done)
      },
    }).finally(() => progress?.end())
    for (const note of card.unread) io.err(`${oneLine(note)}\n`)
    if (args.flag('json')) io.out(`${JSON.stringify({ out, ...card }, null, 2)}\n`)
    else io.out(`${told(card, shownPath(out, io.cwd), io.columns())}\n`)
    const none = withoutRows(card)
    if (none !== undefined) io.err(`${none}\n`)
    return none === undefined ? 0 : 1
  },
}

/** What is told of an export without a row: why there is none, and with which option there would be. */
function withoutRows({ files, left_out }: DataCard): string | undefined {
  const tables = files.flatMap(({ rows }) => rows ?? [])
  if (tables.length === 0 || tables.some(rows => rows > 0)) return undefined
  const why = Object.values(left_out).map(({ count, why: reason }) => `${count} ${reason}`)
  return `No row was written: ${why.join('; ') || files.flatMap(({ empty }) => empty ?? [])[0]}.`
}

function required(args: Args, name: string, expected: string): string {
  const text = args.text(name)
  if (text === undefined) throw new UserError(`--${name} is missing; expected ${expected}.`)
  return text
}

/** What a person is told of an export. */
function told(card: DataCard, out: string, width: number): string {
  const { counts, left_out, files } = card
  const tables = files.filter(({ rows }) => rows !== undefined)
  const rows = tables.map(({ path, rows: count, bytes }) => [`${out}/${path}`, plural(count!, 'row'), size(bytes)])
  const empty = tables.flatMap(({ path, empty: why }) => (why === undefined ? [] : [`${path} is empty: ${why}.`]))
  const omitted = Object.values(left_out).map(({ count, why }) => `${count} left out: ${why}.`)
  return [
    columns(rows, width),
    '',
    ...[`${plural(counts.rollouts, 'rollout')}, ${plural(counts.seat_rollouts, 'evaluated seat')}.`, ...empty, ...omitted].map(
      line => block(line, width),
    ),
    `${out}/datacard.json`,
  ].join('\n')
}

function size(bytes: number): string {
  return bytes < 1e6 ? `${(bytes / 1e3).toFixed(1)} kB` : `${(bytes / 1e6).toFixed(1)} MB`
}
