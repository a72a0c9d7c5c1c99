/** What makes a run the one it is, and whether two are one: what a folder that is gone on with, and parts that are joined, must share. */
import { UserError } from '../envs/core/errors.ts'
import { difference, digest } from '../envs/core/plain.ts'
import type { Metadata } from './metadata.ts'

/** The fields that do: a folder's name has their digest. */
const IDENTITY = [
  'env_id',
  'version_info.env_version',
  'config',
  'lineup',
  'opponents_shuffled',
  'evaluated',
  'player_details',
] as const

function identity(of: Metadata): Readonly<Record<string, unknown>> {
  const facts = IDENTITY.map(path => [
    path,
    path.split('.').reduce<unknown>((at, key) => (at as Record<string, unknown>)?.[key], of),
  ])
  // A trip through JSON: what is compared is what a file holds.
  return JSON.parse(JSON.stringify(Object.fromEntries(facts))) as Record<string, unknown>
}

/** SHA-256 of what makes a run the one it is, in hex. */
export function runDigest(of: Metadata): string {
  return digest(identity(of))
}

/** What differs between two runs, as `field: this instead of that`; undefined where they are parts of one. */
export function differenceOf(one: Metadata, other: Metadata): string | undefined {
  const facts = (of: Metadata) => ({
    ...identity(of),
    agoragym_version: of.version_info.agoragym_version ?? null,
    prompt_digest: of.prompt_digest,
  })
  return difference(facts(one), facts(other))
}

/** Throws a UserError where the run in that folder is another than the one that is asked for. */
export function checkSameRun(folder: string, before: Metadata, now: Metadata): void {
  const found = difference(identity(before), identity(now))
  if (found !== undefined) throw new UserError(`${folder} holds another run (${found}); choose another folder with --out.`)
}
