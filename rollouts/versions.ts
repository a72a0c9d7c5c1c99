/** The version of this package; which build played a run, and whether this one can play its logs again. Knows what a run says of itself. */
import { createRequire } from 'node:module'
import type { AnyEnvironment } from '../envs/core/environment.ts'
import type { Lookup } from '../envs/core/registry.ts'

/** What the metadata of a run say of it. */
interface Build {
  readonly env_id: string
  readonly version_info: { readonly env_version: number }
}

/** The package and version that played it; before 0.2 the package was called econgym. */
export function playedBy({ version_info }: Build): { readonly name: 'agoragym' | 'econgym'; readonly version: string } {
  const { agoragym_version, econgym_version } = version_info as { agoragym_version?: string; econgym_version?: string }
  return econgym_version === undefined
    ? { name: 'agoragym', version: agoragym_version ?? 'unknown' }
    : { name: 'econgym', version: econgym_version }
}

/** Why this build cannot play the run's logs again, with the one that can; undefined where it can, or lacks the economy. */
export function otherBuild(metadata: Build, environments: Pick<Lookup<AnyEnvironment>, 'has' | 'get'>): string | undefined {
  const { env_id, version_info } = metadata
  const { name, version } = playedBy(metadata)
  if (name === 'econgym') return `it was played by econgym ${version}, which alone can play it again`
  if (!environments.has(env_id)) return undefined
  const ours = environments.get(env_id).version
  if (ours === version_info.env_version) return undefined
  return `it was played in version ${version_info.env_version} of ${env_id} and this is version ${ours}; agoragym ${version} can play it again`
}

/** The version of this package. */
export function packageVersion(): string {
  return (createRequire(import.meta.url)('agoragym/package.json') as { version: string }).version
}
