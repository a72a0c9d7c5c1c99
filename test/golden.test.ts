/**
 * Golden playthroughs: one short game of every preset in words a person can read in a diff. A change here means that the
 * same configuration, seed and decisions now give another game: bump the economy's `version` and note it, or find the bug.
 * `npm run golden` rewrites them.
 */
import { existsSync, readdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, inject, test } from 'vitest'
import { randomLegal } from '../bots/any/random_legal.ts'
import { type AnyEnvironment, type Decision, digest, Episode, environments } from '../index.ts'

const GOLDEN = join(import.meta.dirname, 'golden')
const STEPS = 6
const EVENTS = 8
const LENGTH = 300
const fileOf = (env: AnyEnvironment, preset: string): string => `${env.id}.v${env.version}.${preset}.txt`

describe.each(environments.list().map(env => [env.id, env] as const))('%s', (_id, env) => {
  test.each(Object.keys(env.presets))('plays %s as it did', async preset => {
    await expect(playthrough(env, preset)).toMatchFileSnapshot(join(GOLDEN, fileOf(env, preset)))
  })
})

test('there is a playthrough of every preset, and none of an economy, version or preset that is gone', () => {
  const expected = environments.list().flatMap(env => Object.keys(env.presets).map(preset => fileOf(env, preset)))
  const found = existsSync(GOLDEN) ? readdirSync(GOLDEN).sort() : []
  // New ones are written when all is over; old ones go at once.
  if (inject('updating')) for (const file of found) if (!expected.includes(file)) rmSync(join(GOLDEN, file))
  if (!inject('updating')) expect(found).toEqual(expected.sort())
})

/**
 * The first steps of a game of random legal players, seed 1: what the first actor reads at the start and at the end, who did
 * what, and what followed. A digest stands for what is cut.
 */
function playthrough(env: AnyEnvironment, preset: string): string {
  const episode = new Episode(env, env.presets[preset], 1)
  const seats = env.seats(episode.config)
  const policies = new Map(seats.map(seat => [seat.agent, randomLegal({ env, config: episode.config, seat, repeat: 0 })]))
  const lines = [
    `${env.id} version ${env.version}, preset ${preset}, seed 1, random legal players`,
    `config ${JSON.stringify(episode.config)}`,
  ]
  const read = (): void => {
    const reader = episode.actors()[0] ?? seats[0]!.agent
    lines.push(`--- ${reader} reads`, env.render(episode.observe(reader)))
  }
  read()
  while (!episode.over && episode.t < STEPS) {
    const decisions: Record<string, Decision> = {}
    const actors = episode.actors()
    lines.push('', `=== step ${episode.t}: ${actors.join(', ') || 'no player'}`)
    for (const agent of actors) decisions[agent] = policies.get(agent)!.act(episode.turn(agent)) as Decision
    const record = episode.step(decisions)
    for (const agent of actors) {
      lines.push(`--- ${agent} ${cut(record.decisions[agent]!.calls)}`)
      for (const { ok, text } of record.results[agent] ?? []) lines.push(`    ${ok ? 'ok' : 'no'} ${text.split('\n')[0]}`)
    }
    for (const event of record.events.slice(0, EVENTS)) lines.push(`    * ${cut(event)}`)
    if (record.events.length > EVENTS) lines.push(`    * … and ${record.events.length - EVENTS} more events`)
    const over = record.done === false ? '' : `, ${record.done} (${episode.log.stop})`
    lines.push(`    rewards ${cut(record.rewards)}${over}`)
    lines.push(`    digest of the record and the state ${digest([record, episode.state]).slice(0, 16)}`)
  }
  lines.push('')
  read()
  return `${lines.join('\n')}\n`
}

function cut(value: unknown): string {
  const text = JSON.stringify(value)
  return text.length <= LENGTH ? text : `${text.slice(0, LENGTH)}…`
}
