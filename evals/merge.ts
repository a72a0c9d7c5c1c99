/**
 * Makes one run of the parts that it was played in: the shards of a cluster, or runs of the same thing with different examples. What
 * a part brings is copied as it lies there; what is added up is added up anew. Knows run folders; plays nothing.
 */
import { existsSync, realpathSync } from 'node:fs'
import { join } from 'node:path'
import { UserError } from '../envs/core/errors.ts'
import { groupBy } from '../envs/core/grouped.ts'
import { digest } from '../envs/core/plain.ts'
import type { Compression } from '../rollouts/blocks.ts'
import { estimatorNamed } from '../rollouts/export/advantage.ts'
import { type GroupRow, writeGroups } from '../rollouts/export/groups.ts'
import { differenceOf } from '../rollouts/identity.ts'
import { objectIn, rows } from '../rollouts/jsonl.ts'
import { FolderLock } from '../rollouts/lock.ts'
import { type Metadata, mergedMetadata } from '../rollouts/metadata.ts'
import { mergeNotes } from '../rollouts/notes.ts'
import { outcomeOf } from '../rollouts/rows.ts'
import { runFolder } from '../rollouts/run.ts'
import {
  FILES,
  LOCK,
  RunStore,
  readErrors,
  readFailedLines,
  readFigures,
  readKeys,
  readLines,
  readMetadata,
  readUnfiledReplies,
  type StoreOptions,
} from '../rollouts/store.ts'
import { summarize } from '../rollouts/summary.ts'
import { seedsName } from './examples.ts'
import { absentShards } from './shards.ts'

export interface MergeOptions {
  /** Whether the parts must all be of one run; false by default, when each run is made of those that are parts of it. */
  readonly single?: boolean
  /** Whether runs that are there already are gone on with; false by default, when one that is there is a UserError. */
  readonly resume?: boolean
  /** How the rollouts of new folders are kept, however the parts keep theirs; 'none' by default. */
  readonly compress?: Compression
}

/** A run that was made of parts. */
export interface MergedRun {
  readonly folder: string
  readonly parts: readonly string[]
  readonly metadata: Metadata
  /** Of a divided run: the parts that are not there, and those that have rollouts left, from 1. */
  readonly absent: readonly number[]
  readonly unfinished: readonly number[]
  /** Rollouts that two parts have, alike but for times: kept once. */
  readonly double: number
  /** Those that came out otherwise in a later part: the first is kept. */
  readonly differing: readonly { readonly key: string; readonly kept: string; readonly other: string }[]
  /** Parts whose scores and judgements were left behind: `agoragym score` adds them anew. */
  readonly scored: readonly string[]
}

interface Part {
  readonly folder: string
  readonly metadata: Metadata
}

/**
 * Makes of these run folders one run each of what belongs together, in `out`. A UserError where one is no run, is named twice, or is
 * another run than the others (`single`); a RunError where one is being played.
 */
export function mergeRuns(
  out: string,
  folders: readonly string[],
  { single = false, resume = false, compress = 'none' }: MergeOptions = {},
): MergedRun[] {
  const places = folders.map(folder => {
    if (existsSync(folder)) return realpathSync(folder)
    throw new UserError(`No folder ${folder}: expected a run, as \`agoragym eval --shard\` writes them.`)
  })
  const twice = folders.find((_, i) => places.indexOf(places[i]!) < i)
  if (twice !== undefined) throw new UserError(`${twice} is named twice; name each part once.`)
  const runs = new Map<string, Part[]>()
  for (const folder of folders) {
    const metadata = readMetadata(folder)
    if (metadata === undefined) throw new UserError(`${folder} is no run: it has no metadata.json.`)
    const place = placeIn(out, metadata)
    const id = single ? '' : place
    const parts = runs.get(id)
    if (parts === undefined) runs.set(id, [{ folder, metadata }])
    else {
      const [first] = parts as [Part]
      const found = differenceOf(first.metadata, metadata)
      if (found !== undefined)
        throw new UserError(`${folder} is another run than ${first.folder} (${found}); only parts of one run are made one.`)
      parts.push({ folder, metadata })
    }
  }
  const made = [...runs.values()].map(parts => ({ folder: placeIn(out, parts[0]!.metadata), parts }))
  for (const { folder } of made) {
    if (!existsSync(folder)) continue
    const within = places.indexOf(realpathSync(folder))
    if (within >= 0)
      throw new UserError(`${folders[within]} is a part, and where the run would be made; choose another folder than ${out}.`)
    if (!resume)
      throw new UserError(`${folder} exists already: add --resume to merge into it, or choose another folder than ${out}.`)
  }
  return made.map(({ folder, parts }) => merge(folder, parts, { resume, compress }))
}

/** Where a run of an experiment lies in its folder. */
export function placeIn(out: string, metadata: Metadata): string {
  const { name = null, cell = '' } = metadata.experiment ?? {}
  return join(out, ...(name === null ? [] : [name, cell]), runFolder(metadata))
}

const PLAYED = 'wait until it ends, or stop it, then merge'

function merge(folder: string, parts: readonly Part[], options: StoreOptions): MergedRun {
  const locks: FolderLock[] = []
  let store: RunStore | undefined
  try {
    for (const part of parts)
      locks.push(new FolderLock(join(part.folder, LOCK), { held: `${part.folder} is being played`, advice: PLAYED, once: true }))
    const before = options.resume ? readMetadata(folder) : undefined
    checkDivisions(before === undefined ? parts : [{ folder, metadata: before }, ...parts])
    store = new RunStore(folder, options)
    // What is there already is one more part, and the first.
    return fill(store, before === undefined ? parts : [{ folder, metadata: before }, ...parts], parts)
  } finally {
    store?.close()
    for (const lock of locks) lock.release()
  }
}

/** Copies into the store what it does not have. */
function fill(store: RunStore, sources: readonly Part[], parts: readonly Part[]): MergedRun {
  const { folder } = store
  const [{ metadata: first }] = sources as readonly [Part]
  const { owners, ...doubles } = ownersOf(sources)
  const examples = new Set<number>()
  const repeats = Math.max(...sources.map(({ metadata }) => metadata.rollouts_per_example))
  // The folder says what it is before anything lies in it, so that a merge that was killed can be gone on with.
  const facts = { examples: first.examples, exampleCount: 0, repeats }
  const times = {
    seconds: parts.reduce((sum, { metadata }) => sum + ((metadata.time as number | undefined) ?? 0), 0),
    started: sources.map(({ metadata }) => metadata.started).sort()[0]!,
  }
  const now = (): string => new Date().toISOString()
  store.writeMetadata(mergedMetadata(first, facts, { summary: undefined, planned: 0, ...times, updated: now() }))
  for (const part of parts) {
    for (const lines of readLines(part.folder, key => owners.get(key) === part)) store.file(lines)
    const failed = new Set<string>()
    for (const lines of readFailedLines(part.folder)) {
      failed.add(lines.key)
      if (!owners.has(lines.key)) store.file(lines)
    }
    // Answers of rollouts that an interruption left: the next command replays them.
    for (const row of readUnfiledReplies(part.folder)) if (!owners.has(row.key) && !failed.has(row.key)) store.record(row)
  }
  store.order()
  for (const { example } of store.held()) examples.add(example)
  for (const { example_id } of readErrors(folder)) examples.add(example_id)
  const whole = wholeOf(
    sources,
    [...examples].sort((a, b) => a - b),
  )
  const summary = summarize(folder, first.pass_threshold)
  const metadata = mergedMetadata(
    first,
    { ...whole, repeats },
    { summary, planned: Math.max(whole.exampleCount * repeats, store.finished), ...times, updated: now() },
  )
  store.writeMetadata(metadata)
  const estimator = parts.map(groupedBy).find(id => id !== undefined)
  if (estimator !== undefined) writeGroups(folder, repeats, estimatorNamed(estimator))
  mergeNotes(
    folder,
    parts.map(part => part.folder),
  )
  return {
    folder,
    parts: parts.map(part => part.folder),
    metadata,
    ...(sources === parts && !metadata.complete ? shardsOf(parts) : { absent: [], unfinished: [] }),
    ...doubles,
    scored: parts.flatMap(part => (existsSync(join(part.folder, FILES.scoreFacts)) ? [part.folder] : [])),
  }
}

/** Which source each finished rollout is taken from: the first that has it. */
function ownersOf(sources: readonly Part[]) {
  const owners = new Map<string, Part>()
  const again = new Map<string, Set<Part>>()
  for (const part of sources) {
    for (const key of readKeys(part.folder)) {
      const owner = owners.get(key)
      if (owner === undefined) owners.set(key, part)
      else if (owner !== part) again.set(key, (again.get(key) ?? new Set()).add(part))
    }
  }
  const contents = again.size === 0 ? undefined : contentsOf(sources, again)
  const differing = [...again].flatMap(([key, others]) => {
    const owner = owners.get(key)!
    const content = contents!.get(owner)!.get(key)
    return [...others].flatMap(other =>
      contents!.get(other)!.get(key) === content ? [] : [{ key, kept: owner.folder, other: other.folder }],
    )
  })
  return { owners, differing, double: again.size - new Set(differing.map(({ key }) => key)).size }
}

/** What each source says of these rollouts, times apart, as digests. */
function contentsOf(sources: readonly Part[], keys: ReadonlyMap<string, unknown>): Map<Part, Map<string, string>> {
  return new Map(
    sources.map(part => {
      const contents = new Map<string, string>()
      for (const row of readFigures(part.folder))
        if (keys.has(row.key)) contents.set(row.key, digest([contents.get(row.key) ?? '', outcomeOf(row)]))
      return [part, contents]
    }),
  )
}

/** What the whole run's examples are: those that its parts say they were divided from, or all that were found. */
function wholeOf(
  sources: readonly Part[],
  found: readonly number[],
): { readonly examples: string; readonly exampleCount: number } {
  const wholes = sources.map(({ metadata: { shard, examples, num_examples } }) => ({
    examples: shard?.examples ?? examples,
    exampleCount: shard?.num_examples ?? num_examples,
  }))
  const [first] = wholes as [(typeof wholes)[number]]
  if (wholes.every(({ examples }) => examples === first.examples)) return first
  const seeds = wholes.every(({ examples }) => examples.startsWith('seeds '))
  return { examples: seeds ? seedsName(found) : `${found.length} examples`, exampleCount: found.length }
}

/** Throws a UserError where a part was divided from other examples than another, and the rest of them is not there. */
function checkDivisions(sources: readonly Part[]): void {
  const wholes = groupBy(sources, ({ metadata: { shard, examples } }) => shard?.examples ?? examples)
  if (wholes.size < 2) return
  for (const [examples, parts] of wholes) {
    const absent = absentShards(parts.flatMap(({ metadata: { shard } }) => shard ?? []))
    if (absent.length === 0) continue
    const [{ folder, metadata }] = parts as [Part]
    const other = sources.find(part => !parts.includes(part))!
    const [others] = [...wholes.keys()].filter(name => name !== examples)
    throw new UserError(
      `${folder} is part ${metadata.shard!.index} of ${metadata.shard!.of} of ${examples}, and ${other.folder} belongs to ${others}; expected parts of the same examples, or all parts of each (missing here: ${absent.join(', ')}).`,
    )
  }
}

/** Of a divided run, which parts are not there and which are not complete; parts that no example falls to are not missed. */
function shardsOf(parts: readonly Part[]): Pick<MergedRun, 'absent' | 'unfinished'> {
  const shards = parts.flatMap(({ metadata: { shard, complete } }) => (shard === undefined ? [] : [{ ...shard, complete }]))
  return {
    absent: absentShards(shards),
    unfinished: shards.flatMap(({ index, complete }) => (complete ? [] : [index])).sort((a, b) => a - b),
  }
}

/** The name of the estimator of a part's groups; undefined where it has none. */
function groupedBy({ folder }: Part): string | undefined {
  for (const row of rows(join(folder, FILES.groups), line => objectIn<GroupRow>(line))) return row.advantage.id
  return undefined
}
