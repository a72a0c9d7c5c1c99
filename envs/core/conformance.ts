/**
 * What every economy must satisfy, as plain functions that throw: no test runner is imported, so that outside authors can
 * run it anywhere. It plays the economy with legal, illegal and silent decisions and asserts the contract at every step.
 * Tested itself by planted bugs (`test/envs/core/conformance.test.ts`).
 */
import { CHECKS, type CheckName, type Fail, guard, TELLTALE } from './conformance/checks.ts'
import { checkConfig, checkDeclarations } from './conformance/declarations.ts'
import { checkFeatures, checkSlots } from './conformance/encoding.ts'
import { checkScores } from './conformance/log.ts'
import {
  type AnyEnvironment,
  type Decision,
  type Decisions,
  defaultPlayed,
  type Environment,
  type EnvTypes,
} from './environment.ts'
import { Episode } from './episode.ts'
import type { EpisodeLog } from './log.ts'
import { clone, deepFreeze, difference, short } from './plain.ts'
import { type Random, stream } from './random.ts'
import { verify } from './replay.ts'
import { candidates, moves } from './tool.ts'

export type { CheckName } from './conformance/checks.ts'

export interface ConformanceOptions {
  /** Configurations to play, as a user would write them; every preset by default. */
  readonly configs?: readonly unknown[]
  /** Seeds to play; 0 and 1 by default. The telltale seed is always played as well. */
  readonly seeds?: readonly number[]
  /** Steps an episode is given before it is stopped; 60 by default. */
  readonly maxSteps?: number
  /** Checks that do not hold for this economy, each with the reason. */
  readonly exempt?: Readonly<Partial<Record<CheckName, string>>>
}

export interface ConformanceReport {
  readonly passed: readonly CheckName[]
  readonly exempt: Readonly<Partial<Record<CheckName, string>>>
  /** Steps played. */
  readonly steps: number
}

/** Every failed check with what was found first. */
export class ConformanceError extends Error {
  override readonly name = 'ConformanceError'
  readonly failures: readonly { readonly check: CheckName; readonly found: string }[]
  constructor(env: string, failures: readonly { readonly check: CheckName; readonly found: string }[]) {
    super(
      `${env} does not conform:\n${failures.map(({ check, found }) => `  ${check}: ${found}\n    expected: ${CHECKS[check]}`).join('\n')}`,
    )
    this.failures = failures
  }
}

const NONSENSE: readonly unknown[] = [
  null,
  0,
  'mine',
  [],
  {},
  { tool: 7 },
  { tool: 'toString', args: {} },
  { tool: '__proto__', args: {} },
  { tool: 'constructor' },
  { tool: 'no_such_tool', args: {} },
  { tool: 'x'.repeat(10_000), args: {} },
]

const NONSENSE_TEXTS: ReadonlySet<string> = new Set(NONSENSE.map(call => JSON.stringify(call)))

const NONSENSE_ARGS: readonly unknown[] = [
  null,
  'text',
  [],
  { unheard_of: 1 },
  JSON.parse('{"__proto__": {"admin": true}}'),
  { amount: Number.NaN },
  { amount: 1e308, to: 'agent_0' },
  { amount: -1, content: 'x'.repeat(10_000) },
]

/** Runs every check; throws a ConformanceError that lists all that failed. */
export function conformance<T extends EnvTypes>(
  environment: Environment<T>,
  options: ConformanceOptions = {},
): ConformanceReport {
  const env = environment as unknown as AnyEnvironment
  const { exempt = {}, seeds = [0, 1], maxSteps = 60 } = options
  const failures = new Map<CheckName, string>()
  const fail = (check: CheckName, found: string): void => {
    if (!failures.has(check)) failures.set(check, found)
  }
  let steps = 0

  checkConfig(env, fail)
  for (const config of options.configs ?? Object.values(env.presets)) {
    checkDeclarations(env, config, fail)
    for (const seed of [...seeds, TELLTALE]) {
      try {
        const episode = playChecked(env, config, seed, maxSteps, fail)
        const { log } = episode
        steps += log.steps.length
        const again = playPlain(env, config, seed, log)
        const found = difference(end(episode), end(again.alone))
        if (found !== undefined) fail('deterministic', `seed ${seed}: ${found}`)
        const beside = difference(end(episode), end(again.beside))
        if (found === undefined && beside !== undefined) fail('isolated', `seed ${seed}: ${beside}`)
        const read = JSON.parse(JSON.stringify(log)) as EpisodeLog<EnvTypes>
        const divergence = verify(env, read)
        if (divergence !== undefined) fail('replayable', `seed ${seed}, step ${divergence.t}: ${divergence.difference}`)
      } catch (error) {
        fail('refuses', `seed ${seed}: threw ${(error as Error).stack?.split('\n').slice(0, 3).join(' ') ?? error}`)
      }
    }
    const worlds = [0, 1, 2, 3].map(seed => silentWorld(env, config, seed))
    if (new Set(worlds).size === 1)
      fail('seeded', 'seeds 0 to 3 gave the same events and observations to agents that say nothing')
  }

  const found = [...failures].filter(([check]) => exempt[check] === undefined)
  if (found.length > 0)
    throw new ConformanceError(
      env.id,
      found.map(([check, text]) => ({ check, found: text })),
    )
  return {
    passed: (Object.keys(CHECKS) as CheckName[]).filter(
      check => !failures.has(check) && exempt[check] === undefined && (env.encode !== undefined || !check.startsWith('encoded_')),
    ),
    exempt,
    steps,
  }
}

/** Legal, illegal and silent decisions, from a stream of the conformance suite's own. */
function decide(env: AnyEnvironment, episode: Episode, agent: string, random: Random, fail: Fail): Decision {
  const tools = env.tools(episode.config)
  const offered = episode.offered(agent)
  for (const name of offered)
    if (!Object.hasOwn(tools, name)) fail('actors', `offers ${short(name)} to ${agent}, which is no tool`)
  if (random.chance(0.06)) return { calls: [] }
  // Every kind of nonsense has its turn, whatever the draws.
  if (episode.t % 6 === 1) return { calls: [0, 1, 2].map(i => NONSENSE[(episode.t + i) % NONSENSE.length]) as Decision['calls'] }
  const calls = Array.from({ length: random.chance(0.2) ? random.int(2, 5) : 1 }, (_, i) => {
    const names = random.chance(0.1) ? Object.keys(tools) : moves(tools, offered)
    if (names.length === 0 || random.chance(0.08)) return random.pick(NONSENSE)
    const name = random.pick(names)
    if (random.chance(0.1)) return { tool: name, args: random.pick(NONSENSE_ARGS) }
    const possible = offered.includes(name) ? candidates(tools[name]!, episode.observe(agent)) : []
    if (possible.length === 0) return { tool: name, args: {} }
    const proposed = { tool: name, args: random.pick(possible) }
    const checked = episode.check(agent, clone(proposed))
    if (i === 0 && !checked.ok) fail('candidates', `${agent}: ${short(proposed, 200)} is refused: ${checked.refusal.message}`)
    return proposed
  })
  return { calls: calls as Decision['calls'] }
}

function playChecked(env: AnyEnvironment, config: unknown, seed: number, maxSteps: number, fail: Fail): Episode {
  const episode = new Episode(env, config, seed)
  const seats = env.seats(episode.config)
  const played = defaultPlayed(seats)
  const start = env.score(episode.log)
  const earned: Record<string, number> = {}
  const random = stream(seed, 'conformance')
  const where = (text: string) => `seed ${seed}, step ${episode.t}: ${text}`

  checkScores(env, episode.log, fail)
  while (!episode.over && episode.t < maxSteps) {
    const state = episode.state
    const unplain = notPlain(state)
    if (unplain !== undefined) fail('plain_state', where(unplain))
    deepFreeze(state)

    const actors = episode.actors()
    if (actors.length === 0 && played.length > 0) fail('actors', where('nobody may act and the game is not done'))
    if (actors.join() !== played.filter(agent => actors.includes(agent)).join())
      fail('actors', where(`${actors.join(', ')} are not played seats in seat order`))
    const before = JSON.stringify(state)
    for (const { agent } of seats) checkView(env, episode, before, agent, seed, where, fail)
    if (env.encode !== undefined) {
      const encoding = env.encode(episode.config)
      // Every slot of one actor, and another pair of names, at each step: in turn everybody's.
      const actor = actors[episode.t % actors.length]
      if (actor !== undefined) guard('encoded_slots', where, fail, () => checkSlots(encoding, episode, actor, where, fail))
      for (const { agent } of seats)
        guard('encoded_features', where, fail, () => checkFeatures(encoding, episode, agent, where, fail))
    }
    const decisions: Record<string, Decision> = {}
    for (const agent of actors) decisions[agent] = decide(env, episode, agent, random, fail)
    deepFreeze(decisions)
    const record = guard('pure', where, fail, () => episode.step(decisions as Decisions))
    if (record === undefined) break
    if (JSON.stringify(state) !== before) fail('pure', where('step changed its argument'))
    if (JSON.stringify(record).includes(String(TELLTALE)) && seed === TELLTALE)
      fail('secret_seed', where('the seed is in an event or a result'))

    for (const agent of actors) checkResults(agent, record.decisions[agent]!, record.results[agent] ?? [], where, fail)
    const notOk = Object.values(record.results).reduce((sum, list) => sum + list.filter(result => !result.ok).length, 0)
    if (notOk !== record.refused.length)
      fail('results', where(`${notOk} results are not ok, ${record.refused.length} calls are refused`))
    for (const { code, message } of record.refused)
      if (!/^[a-z][a-z0-9_]*$/.test(code) || !message) fail('refuses', where(`refusal ${short({ code, message })}`))
    for (const { agent } of seats) {
      const reward = record.rewards[agent]
      if (typeof reward !== 'number' || !Number.isFinite(reward)) fail('rewards', where(`${agent} has reward ${reward}`))
      earned[agent] = (earned[agent] ?? 0) + (reward ?? 0)
    }
    if (Object.keys(record.rewards).length !== seats.length)
      fail('rewards', where(`rewards of ${Object.keys(record.rewards).length} of ${seats.length} seats`))
    for (const [name, invariant] of Object.entries(env.invariants ?? {})) {
      const broken = invariant(state, episode.state, record.events)
      if (broken !== undefined) fail('invariants', where(`${name}: ${broken}`))
    }
    if (episode.over || episode.t === 1 || episode.t % 7 === 0) {
      const scores = checkScores(env, episode.log, fail)
      for (const { agent } of seats) {
        const expected = (scores[agent]?.reward ?? Number.NaN) - (start[agent]?.reward ?? Number.NaN)
        if (!(Math.abs(expected - earned[agent]!) <= 1e-9 * Math.max(1, Math.abs(expected)))) {
          fail('rewards', where(`${agent}: step rewards add up to ${earned[agent]}, the score changed by ${expected}`))
        }
      }
    }
  }
  if (!episode.over) episode.stop('conformance')
  return episode
}

/** What an episode has come to: its log and its last state. */
function end({ log, state }: Episode): object {
  return { log, state }
}

function checkView(
  env: AnyEnvironment,
  episode: Episode,
  /** The state as it is written. */
  before: string,
  agent: string,
  seed: number,
  where: (text: string) => string,
  fail: Fail,
): void {
  const shared = guard('pure', where, fail, () => episode.shared())
  const observation = guard('pure', where, fail, () => episode.observe(agent))
  if (observation === undefined) return
  if (typeof shared === 'object' && shared !== null && !Object.values(observation).includes(shared))
    fail('shared', where(`the observation of ${agent} does not hold it`))
  const text = guard('text', where, fail, () => env.render(observation))
  if (text !== undefined && (typeof text !== 'string' || text.trim() === '')) fail('text', where(`render gave ${short(text)}`))
  if (seed === TELLTALE && `${JSON.stringify(observation)}${text}`.includes(String(TELLTALE)))
    fail('secret_seed', where(`${agent} can read the seed`))
  // An unfrozen copy: what is aliased can then be written on.
  const state = clone(episode.state)
  const again = JSON.stringify(env.observe(state, agent, shared))
  if (again !== JSON.stringify(observation)) fail('deterministic', where(`two observations of ${agent} differ`))
  const own = env.observe(state, agent, shared)
  scribble(own)
  if (JSON.stringify(state) !== before) fail('unaliased', where(`writing on the observation of ${agent} changed the state`))
}

function scribble(value: unknown): void {
  if (typeof value !== 'object' || value === null || Object.isFrozen(value)) return
  for (const inner of Object.values(value)) scribble(inner)
  if (Array.isArray(value)) value.push('scribble')
  else (value as Record<string, unknown>).scribble = 'scribble'
}

function checkResults(
  agent: string,
  decision: Decision,
  results: readonly unknown[],
  where: (text: string) => string,
  fail: Fail,
): void {
  if (results.length !== decision.calls.length)
    fail('results', where(`${agent} made ${decision.calls.length} calls and was told ${results.length} results`))
  for (const result of results as { ok?: unknown; text?: unknown }[]) {
    if (typeof result.ok !== 'boolean' || typeof result.text !== 'string')
      fail('results', where(`${agent} was told ${short(result)}`))
  }
  for (const [i, call] of decision.calls.entries()) {
    if (NONSENSE_TEXTS.has(JSON.stringify(call)) && (results[i] as { ok?: boolean } | undefined)?.ok === true)
      fail('refuses', where(`accepted ${short(call)}`))
  }
}

/** What happens and what is seen in ten steps in which nobody says a word. */
function silentWorld(env: AnyEnvironment, config: unknown, seed: number): string {
  const episode = new Episode(env, config, seed)
  const seen: unknown[] = []
  while (!episode.over && episode.t < 10) {
    for (const agent of episode.actors()) seen.push(episode.observe(agent))
    seen.push(episode.step({}).events)
  }
  return JSON.stringify(seen)
}

/** Plays a log's decisions twice more: alone, and in turns with another episode of another seed. */
function playPlain(
  env: AnyEnvironment,
  config: unknown,
  seed: number,
  log: EpisodeLog<EnvTypes>,
): { alone: Episode; beside: Episode } {
  const alone = new Episode(env, config, seed)
  for (const { decisions } of log.steps) alone.step(decisions)
  const beside = new Episode(env, config, seed)
  const other = new Episode(env, config, seed + 1)
  for (const { decisions } of log.steps) {
    if (!other.over) other.step({})
    beside.step(decisions)
  }
  if (log.stop !== null) {
    alone.stop(log.stop)
    beside.stop(log.stop)
  }
  return { alone, beside }
}

/** Where something is not JSON: what JSON drops, changes or cannot hold. */
function notPlain(value: unknown, path = 'state'): string | undefined {
  switch (typeof value) {
    case 'string':
    case 'boolean':
      return undefined
    case 'number':
      return Number.isFinite(value) ? undefined : `${path} is ${value}`
    case 'object':
      break
    default:
      return `${path} is ${typeof value}`
  }
  if (value === null) return undefined
  const prototype = Object.getPrototypeOf(value)
  if (!Array.isArray(value) && prototype !== Object.prototype && prototype !== null)
    return `${path} is a ${prototype.constructor?.name ?? 'class instance'}`
  for (const [key, inner] of Object.entries(value)) {
    const found = notPlain(inner, `${path}.${key}`)
    if (found !== undefined) return found
  }
  return undefined
}
