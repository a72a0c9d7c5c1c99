/**
 * What an export says about itself: datacard.json for people and checks, README.md so that Hugging Face's `load_dataset`
 * finds the files, their splits and the types of their columns. Knows shapes; reads and writes nothing.
 */
import { groupBy } from '../../envs/core/grouped.ts'
import { markdownText } from '../../envs/core/text.ts'
import { type Columns, cardFeatures } from './columns.ts'
import type { Reason } from './format.ts'

export interface CardFile {
  /** Below the export's folder, with forward slashes. */
  readonly path: string
  readonly split: string | null
  readonly bytes: number
  readonly sha256: string
  /** Absent where the file is no file of rows. */
  readonly rows?: number
  readonly columns?: Columns
  /** Why there is no row. */
  readonly empty?: string
}

export interface CardRun {
  readonly name: string
  readonly env: string
  readonly env_version: number
  readonly player: string
  readonly model: string
  readonly lineup: Readonly<Record<string, string>>
  readonly evaluated: readonly string[]
  readonly config_digest: string
  readonly prompt_digest: string
  readonly examples: string
  readonly complete: boolean
  readonly agoragym_version: string
}

export interface DataCard {
  readonly format: string
  /** The version that wrote the export; each run says which one played it. */
  readonly agoragym_version: string
  readonly envs: readonly { readonly id: string; readonly version: number }[]
  /** Least and greatest seed that was read; null where nothing was. */
  readonly seeds: { readonly least: number; readonly greatest: number } | null
  readonly players: readonly string[]
  /** Models of the players that are models. */
  readonly models: readonly string[]
  readonly runs: readonly CardRun[]
  readonly filters: {
    readonly include_truncated: boolean
    readonly include_failed: boolean
    /** Only where the format asks for it. */
    readonly threshold?: number
    readonly margin?: number
  }
  /** What is written as rewards, where the format has any: their form, scale, and what they are relative to. */
  readonly reward?: object
  readonly advantage: { readonly id: string; readonly formula: string; readonly group: string }
  readonly split: { readonly rule: string; readonly shares: Readonly<Record<string, number>> } | null
  readonly counts: {
    /** Finished rollouts that were read. */
    readonly rollouts: number
    /** Evaluated seats of them: what a row of most formats is. */
    readonly seat_rollouts: number
    readonly truncated: number
    readonly failed: number
    readonly rows: number
  }
  /** What has no row and why, in seat rollouts (failed and half-written ones in rollouts). */
  readonly left_out: Readonly<Partial<Record<Reason, { readonly count: number; readonly why: string }>>>
  /** Lines of the runs' files that could not be read, a sentence a file. */
  readonly unread: readonly string[]
  readonly files: readonly CardFile[]
}

/** What an advantage is computed over, for the card. */
export const GROUP_RULE =
  'all finished rollouts of one run, seed, configuration, line-up and seat, truncated ones included whether or not they are exported'

/** Hugging Face's dataset card: a configuration for each set of columns, the splits as folders. */
export function readme(card: DataCard): string {
  const tables = groupBy(
    card.files.filter(({ columns }) => columns !== undefined),
    tableName,
  )
  const configs = [...tables].flatMap(([name, files], i) => [
    `- config_name: ${name}`,
    ...(i === 0 ? ['  default: true'] : []),
    '  data_files:',
    ...[...new Set(files.map(({ split }) => split))].flatMap(split => [
      `  - split: ${split ?? 'train'}`,
      '    path:',
      ...files.filter(file => file.split === split).map(({ path }) => `    - ${JSON.stringify(path)}`),
    ]),
  ])
  const features = [...tables].flatMap(([name, files]) => [
    `- config_name: ${name}`,
    '  features:',
    ...cardFeatures(files[0]!.columns!).map(line => `  ${line}`),
  ])
  const rows = card.files.map(({ path, rows: count, bytes }) => `| \`${path}\` | ${count ?? '–'} | ${bytes} |`)
  return [
    '---',
    'configs:',
    ...configs,
    'dataset_info:',
    ...features,
    '---',
    `# ${markdownText(card.envs.map(({ id }) => id).join(', ')) || 'No rollouts'} (${card.format})`,
    '',
    `Rollouts of ${markdownText(card.players.join(', ')) || 'nobody'}, exported by agoragym ${card.agoragym_version}. \`datacard.json\` says what was left out and why,`,
    'how seeds were split, how advantages were computed, and the SHA-256 of each file.',
    '',
    '| file | rows | bytes |',
    '|---|---|---|',
    ...rows,
    '',
  ].join('\n')
}

/** A file's name without folder and ending, as a configuration's name. */
function tableName({ path }: CardFile): string {
  return path
    .slice(path.lastIndexOf('/') + 1)
    .replace(/\.(jsonl|parquet)$/, '')
    .replaceAll('.', '-')
}
