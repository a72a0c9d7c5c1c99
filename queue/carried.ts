/**
 * The files that an experiment names, taken along to other machines: read where the experiment was asked for, written where it is played. What
 * would put a password into Redis is refused. Knows experiments; knows no Redis.
 */
import { mkdirSync, writeFileSync } from 'node:fs'
import { basename, join, resolve } from 'node:path'
import { UserError } from '../envs/core/errors.ts'
import { digest } from '../envs/core/plain.ts'
import { cellsOf, type Experiment } from '../evals/experiment.ts'
import { type PlayerChoice, readPlayer, splitPlayers } from '../rollouts/models/index.ts'
import { withoutCredentials } from '../rollouts/models/redact.ts'
import { readText } from '../rollouts/text_file.ts'

/** The experiment with its files carried along: each is renamed to where a worker will find it. */
export function carriedExperiment(asked: Experiment, folder: string, cwd: string, files: Record<string, string>): Experiment {
  const carry = (path: string, from: string): string => {
    const text = readText(resolve(from, path), why => `${path}: ${why}.`)
    const name = `${digest(text).slice(0, 8)}/${basename(path)}`
    files[name] = text
    return name
  }
  const player = <T extends PlayerChoice | object>(choice: T): T => {
    const text = typeof choice === 'string' ? choice : (choice as { player: string }).player
    if (withoutCredentials(text) !== text)
      throw new UserError(
        `Player '${withoutCredentials(text).slice(0, 200)}': a URL with credentials would lie in Redis; name the variable that holds the key with --api-key-var.`,
      )
    const spec = choice as { persona?: unknown }
    if (typeof choice !== 'string' && Array.isArray(spec.persona))
      return { ...(choice as object), persona: spec.persona.map(each => (isPath(each) ? `./${carry(each, cwd)}` : each)) } as T
    const { persona } = typeof choice === 'string' ? readPlayer(choice).treatment : spec
    if (!isPath(persona)) return choice
    const { player: bare, label, treatment } = readPlayer(choice as PlayerChoice)
    return {
      player: bare,
      ...(label !== undefined && { label }),
      ...treatment,
      persona: `./${carry(persona, cwd)}`,
    } as unknown as T
  }
  const seats = (named: Readonly<Record<string, PlayerChoice>>): Record<string, PlayerChoice> =>
    Object.fromEntries(Object.entries(named).map(([agent, choice]) => [agent, player(choice)]))
  const carried = {
    ...asked,
    ...(asked.players !== undefined && { players: asked.players.map(player) }),
    entries: asked.entries.map(entry => ({
      ...entry,
      ...(entry.scenario_file !== undefined && { scenario_file: carry(entry.scenario_file, folder) }),
      ...(entry.players !== undefined && { players: entry.players.map(player) }),
      ...(entry.seats !== undefined && { seats: seats(entry.seats) }),
      ...(entry.lineups !== undefined && {
        lineups: entry.lineups.map(each => ({ ...each, ...(each.seats !== undefined && { seats: seats(each.seats) }) })),
      }),
      ...(entry.tournament !== undefined && {
        tournament: { ...entry.tournament, players: entry.tournament.players.map(player) },
      }),
    })),
  } as Experiment
  for (const { seats: taken } of cellsOf(carried))
    if (taken.kind === 'turns')
      for (const share of splitPlayers(taken.opponents ?? ''))
        if (withoutCredentials(share) !== share)
          throw new UserError('--opponents: a URL with credentials would lie in Redis; use --api-key-var.')
  return carried
}

const isPath = (persona: unknown): persona is string => typeof persona === 'string' && /[./\\]/.test(persona)

/** Writes the files of a run below a folder. A UserError where one is called as `carry` calls none. */
export function writeCarried(files: Readonly<Record<string, string>>, folder: string): void {
  for (const [name, text] of Object.entries(files)) {
    // Names are made by `carry`: whoever writes to Redis must not reach outside the folder.
    if (!/^[0-9a-f]{8}\/[^/\\]+$/.test(name))
      throw new UserError(`A run names a file '${name.slice(0, 64)}', which is no name of one.`)
    mkdirSync(join(folder, name.slice(0, 8)), { recursive: true })
    writeFileSync(join(folder, name), text)
  }
}
