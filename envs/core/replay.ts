/** Playing a log again. Equal logs prove that the economy is what its version says it is. */
import type { AnyEnvironment, Environment, EnvTypes } from './environment.ts'
import { Episode } from './episode.ts'
import type { EpisodeLog } from './log.ts'
import { difference } from './plain.ts'

/** The first place where a log is not what its own decisions give. `t` is null for the header and the footer. */
export interface Divergence {
  readonly t: number | null
  readonly difference: string
}

/** Plays the decisions of a log from its header and gives the log that follows. */
export function replay<T extends EnvTypes>(env: Environment<T>, log: EpisodeLog<T>): EpisodeLog<T> {
  const episode = restart(env, log)
  for (const { decisions } of log.steps) {
    if (episode.over) break
    episode.step(decisions)
  }
  if (!episode.over && log.stop !== null) episode.stop(log.stop)
  return episode.log
}

/** Where a log first differs from its replay; undefined where they are equal. A decision that cannot be played is a difference. */
export function verify(env: AnyEnvironment, log: EpisodeLog<EnvTypes>): Divergence | undefined {
  if (log.header.env !== env.id) return { t: null, difference: `header.env: expected ${env.id}, got ${log.header.env}` }
  if (log.header.version !== env.version) {
    return {
      t: null,
      difference: `header.version: this build plays ${env.id} version ${env.version}, the log is of version ${log.header.version}`,
    }
  }
  let episode: Episode
  try {
    episode = restart(env, log)
  } catch (error) {
    return { t: null, difference: `header: ${(error as Error).message}` }
  }
  const header = difference(episode.header, log.header, 'header')
  if (header !== undefined) return { t: null, difference: header }
  for (const [t, record] of log.steps.entries()) {
    if (episode.over) return { t, difference: `the game ended before this step (${episode.log.stop})` }
    let played: unknown
    try {
      // A trip through JSON: what is compared is what a file holds.
      played = JSON.parse(JSON.stringify(episode.step(record.decisions)))
    } catch (error) {
      return { t, difference: (error as Error).message }
    }
    const found = difference(played, record)
    if (found !== undefined) return { t, difference: found }
  }
  if (episode.over && episode.log.stop !== log.stop)
    return { t: null, difference: `stop: expected ${episode.log.stop}, got ${log.stop}` }
  return undefined
}

function restart<T extends EnvTypes>(env: Environment<T>, { header }: EpisodeLog<T>): Episode<T> {
  return new Episode(env, header.config, header.seed, { repeat: header.repeat, seats: header.seats })
}
