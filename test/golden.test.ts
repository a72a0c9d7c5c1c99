/**
 * Golden playthroughs: one short game of every preset in words a person can read in a diff. A change here means that the
 * same configuration, seed and decisions now give another game: bump the economy's `version` and note it, or find the bug.
 * `npm run golden` rewrites them.
 */
import { existsSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { randomLegal } from '../bots/any/random_legal.ts'
import { type AnyEnvironment, type Decision, Episode, environments } from '../index.ts'

const GOLDEN = join(import.meta.dirname, 'golden')
const STEPS = 8
const fileOf = (env: AnyEnvironment, preset: string): string => `${env.id}.v${env.version}.${preset}.txt`

describe.each(environments.list().map(env => [env.id, env] as const))('%s', (_id, env) => {
  test.each(Object.keys(env.presets))('plays %s as it did', async preset => {
    await expect(playthrough(env, preset)).toMatchFileSnapshot(join(GOLDEN, fileOf(env, preset)))
  })
})

test('no playthrough is left of an economy, version or preset that is gone', () => {
  const expected = environments.list().flatMap(env => Object.keys(env.presets).map(preset => fileOf(env, preset)))
  expect(existsSync(GOLDEN) ? readdirSync(GOLDEN).sort() : []).toEqual(expected.sort())
})

/** The first steps of a game of random legal players, seed 1: what the first actor read, who did what, what followed. */
function playthrough(env: AnyEnvironment, preset: string): string {
  const episode = new Episode(env, env.presets[preset], 1)
  const seats = env.seats(episode.config)
  const policies = new Map(seats.map(seat => [seat.agent, randomLegal({ env, config: episode.config, seat, repeat: 0 })]))
  const lines = [
    `${env.id} version ${env.version}, preset ${preset}, seed 1, random legal players`,
    `config ${JSON.stringify(episode.config)}`,
  ]
  while (!episode.over && episode.t < STEPS) {
    const decisions: Record<string, Decision> = {}
    const actors = episode.actors()
    lines.push('', `=== step ${episode.t}: ${actors.join(', ') || 'no player'}`)
    const reader = actors[0] ?? seats[0]!.agent
    lines.push(`--- ${reader} reads`, env.render(episode.observe(reader)))
    for (const agent of actors) decisions[agent] = policies.get(agent)!.act(episode.turn(agent)) as Decision
    const record = episode.step(decisions)
    for (const agent of actors) {
      lines.push(`--- ${agent} ${JSON.stringify(record.decisions[agent]!.calls)}`)
      for (const { ok, text } of record.results[agent] ?? []) lines.push(`    ${ok ? 'ok' : 'no'} ${text.split('\n')[0]}`)
    }
    for (const event of record.events.slice(0, 30)) lines.push(`    * ${JSON.stringify(event)}`)
    if (record.events.length > 30) lines.push(`    * … and ${record.events.length - 30} more events`)
    lines.push(
      `    rewards ${JSON.stringify(record.rewards)}${record.done === false ? '' : `, ${record.done} (${episode.log.stop})`}`,
    )
  }
  return `${lines.join('\n')}\n`
}
