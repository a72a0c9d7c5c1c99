/** Checks of what an economy computes from a log: scores, metrics and facts. */
import type { AnyEnvironment, EnvTypes } from '../environment.ts'
import type { EpisodeLog } from '../log.ts'
import { short } from '../plain.ts'
import { isWithin, rangeOf } from '../range.ts'
import { weightedSum } from '../sums.ts'
import { type Fail, guard } from './checks.ts'

export function checkScores(
  env: AnyEnvironment,
  log: EpisodeLog<EnvTypes>,
  fail: Fail,
): Record<string, { readonly reward: number }> {
  const where = (text: string) => `seed ${log.header.seed}, ${log.steps.length} steps: ${text}`
  const scores = guard('scores', where, fail, () => env.score(log)) ?? {}
  const config = log.header.config as object
  const documented = Object.keys(env.metrics.docs).sort().join()
  const checkRange = (check: 'scores' | 'metrics', name: string, value: unknown): void => {
    if (typeof value !== 'number' || isWithin(value, rangeOf(env, name, config))) return
    fail(check, where(`${name} is ${value}, outside of what the economy says of it`))
  }
  const weights = env.facts?.weights?.(config)
  for (const { agent } of env.seats(config)) {
    for (const part of ['reward', 'payoff', 'reputation', 'survival', 'quality']) {
      const value: unknown = scores[agent]?.[part]
      const absent = value === null && part !== 'reward'
      if (!absent && !Number.isFinite(value)) fail('scores', where(`${agent}.${part} is ${value}`))
    }
    for (const [part, value] of Object.entries(scores[agent] ?? {})) checkRange('scores', part, value)
    const reward = scores[agent]?.reward
    const added = weights && weightedSum(weights, (scores[agent] ?? {}) as Record<string, number | null>)
    if (added !== undefined && !(Math.abs(added - reward!) <= 1e-9))
      fail('scores', where(`${agent}.reward is ${reward}, its parts by their weights come to ${added}`))
    const metrics = guard('metrics', where, fail, () => env.metrics.of(log, agent))
    if (metrics === undefined) continue
    if (Object.keys(metrics).sort().join() !== documented)
      fail('metrics', where(`documented ${documented}; given ${Object.keys(metrics).sort().join()}`))
    for (const [name, value] of Object.entries(metrics))
      if (value !== null && !Number.isFinite(value)) fail('metrics', where(`${name} is ${value}`))
      else checkRange('metrics', name, value)
  }
  guard('facts', where, fail, () => checkFacts(env, log, where, fail))
  return scores
}

function checkFacts(env: AnyEnvironment, log: EpisodeLog<EnvTypes>, where: (text: string) => string, fail: Fail): void {
  const seats = new Set(env.seats(log.header.config).map(seat => seat.agent))
  const { kinds, dealings, standings } = env.facts ?? {}
  const quantities = Object.entries(standings?.(log) ?? {})
  const named = [
    ...Object.keys(kinds?.(log) ?? {}),
    ...(dealings?.(log) ?? []).flatMap(({ from, to }) => [from, to]),
    ...quantities.flatMap(([, byAgent]) => Object.keys(byAgent)),
  ]
  for (const agent of named) if (!seats.has(agent)) fail('facts', where(`they name ${short(agent)}, which is no seat`))
  for (const [quantity, byAgent] of quantities) {
    for (const [agent, values] of Object.entries(byAgent))
      if (values.length !== log.steps.length || !values.every(Number.isFinite))
        fail('facts', where(`${quantity} of ${agent} is ${short(values)}`))
  }
}
