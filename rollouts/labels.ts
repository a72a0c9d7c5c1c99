/**
 * What tables call players: the label somebody gave, or the name without its URL, and more only where two would be the same.
 * Knows how names are written; knows no table.
 */
import type { Metadata } from './metadata.ts'

export interface Named {
  /** The player string with its treatment; several players are joined by ` + `. */
  readonly name: string
  readonly label?: string
}

/** `@http://joe@host:1/v1` in a name: the URL, and its host. */
const URL_PART = /@https?:\/\/(?:[^\s/[\]@]*@)?(\[[^\]]*\](?::\d+)?|[^\s/[\]]*)[^\s[\]]*/g

/** The name without URLs: `openai:m[temperature=1]`. */
export function shortName(name: string): string {
  return name.replace(URL_PART, '')
}

/** Ways to tell a player, each longer than the one before. */
const FORMS: readonly ((player: Named, i: number) => string)[] = [
  ({ name, label }) => label ?? shortName(name),
  ({ name, label }) => (label === undefined ? name.replace(URL_PART, '@$1') : `${label} (${shortName(name)})`),
  ({ name, label }) => (label === undefined ? name : `${label} (${name})`),
  ({ name, label }, i) => `${label === undefined ? name : `${label} (${name})`} #${i + 1}`,
]

/** What tables call these different players, in their order; no two alike. */
export function columnNames(players: readonly Named[]): string[] {
  const names = players.map(() => '')
  for (const form of FORMS) {
    const alike = names.map(name => names.filter(other => other === name).length > 1 || name === '')
    for (const [i, player] of players.entries()) if (alike[i]) names[i] = form(player, i)
  }
  return names
}

/** The evaluated players of a run as one. */
export function evaluatedOf({ player, player_labels: labels = {}, lineup, evaluated }: Metadata): Named {
  const names = [...new Set(evaluated.map(agent => lineup[agent]!))]
  if (!names.some(name => Object.hasOwn(labels, name))) return { name: player }
  return { name: player, label: names.map(name => labels[name] ?? shortName(name)).join(' + ') }
}
