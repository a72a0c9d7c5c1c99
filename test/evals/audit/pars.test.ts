import { expect, test } from 'vitest'
import { resolveConfig } from '../../../envs/core/config.ts'
import { auditPreset, differences } from '../../../evals/audit/audit.ts'
import { derivePar } from '../../../evals/audit/pars.ts'
import { parOf } from '../../../rollouts/par.ts'
import { botPlayer } from '../../../rollouts/players/bot.ts'
import { playRuns } from '../../../rollouts/run.ts'
import { scratch } from '../../rollouts/table.ts'
import { toySubject } from './toy_sums.ts'

test('a par is what honest play gets, and one passes from a deviation below it, but never nearer to silence', async () => {
  const par = (await derivePar(toySubject, 'sound', { seeds: 60 }))!
  const { honest, passive, random_legal: random } = par.bots
  expect(par).toMatchObject({ seat: 'solver', seeds: 60, honest: honest!.mean })
  expect(passive).toEqual({ mean: 0, sd: 0 })
  expect(honest!.mean).toBeGreaterThan(random!.mean)
  expect(par.pass_threshold).toBeCloseTo(Math.max(honest!.mean / 2, honest!.mean - honest!.sd), 3)
})

test('a run is told its par: the threshold its passes are counted by, and the scale of its rewards', async () => {
  const par = (await derivePar(toySubject, 'sound', { seeds: 20 }))!
  const { env } = toySubject
  const player = botPlayer('honest', toySubject)
  const plan = (preset: string) => {
    const config = resolveConfig(env, preset)
    const rows = [1, 2, 3, 4].map(seed => ({ index: seed, config, seed }))
    const seated = { lineup: { solver: player }, evaluated: ['solver'] }
    return { env, preset, set: {}, config, par, seat: () => seated, examples: { name: 'seeds', rows }, repeats: 2 }
  }
  const { runs } = await playRuns([plan('sound'), plan('length')], { out: scratch(), concurrency: 1 })
  const [own, other] = runs.map(({ metadata }) => metadata)
  expect(own).toMatchObject({ pass_threshold: par.pass_threshold, par: { honest: par.honest, seeds: 20, seat: 'solver' } })
  expect(other).toMatchObject({ pass_threshold: 0.5 })
  expect(other).not.toHaveProperty('par')
  expect(parOf(par, env, resolveConfig(env, 'sound'), ['solver'])).toBe(par)
  expect(parOf(par, { ...env, version: 2 }, resolveConfig(env, 'sound'), ['solver'])).toBeUndefined()
  expect(parOf(par, env, resolveConfig(env, 'sound'), ['solver', 'another'])).toBeUndefined()
  // Of another seat it says nothing.
  expect(parOf(par, env, resolveConfig(env, 'sound'), ['another'])).toBeUndefined()
})

test('a check plays the first seeds again and names what earns something else', async () => {
  const written = await auditPreset(toySubject, 'sound', { seeds: 40 })
  const now = await auditPreset(toySubject, 'sound', { seeds: 24 })
  expect(differences(written, now)).toEqual([])
  const [first, ...rest] = written.players
  const moved = { ...written, players: [{ ...first!, first: first!.first + 0.001 }, ...rest] }
  expect(differences(moved, now)).toEqual([expect.stringContaining(`default: ${first!.player} (${first!.role}) earned`)])
  expect(differences({ ...written, version: 0 }, now)).toEqual(['version 0 was audited, this is version 1'])
})
