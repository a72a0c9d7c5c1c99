/**
 * What every economy must satisfy, as plain functions that throw: no test runner is imported, so that outside authors can
 * run it anywhere. It plays the economy with legal, illegal and silent decisions and asserts the contract at every step.
 * Tested itself by planted bugs (`test/envs/core/conformance.test.ts`).
 */
import { z } from 'zod'
import type { Encoding } from './encoding.ts'
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
import { isWithin, rangeOf } from './range.ts'
import { verify } from './replay.ts'
import { checkSchema } from './schema.ts'
import { candidates, moves } from './tool.ts'

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

/** What is checked, and what is expected. */
const CHECKS = {
  config: 'every preset parses, an unknown field is refused, every field has a description',
  default_preset: 'the fields’ own defaults are the first preset: {} parses to the same',
  seats: 'ids such as agent_0, each once, at most one learner, the same list every time',
  tools: 'snake_case names, descriptions, strict objects with every argument described and every number and string bounded',
  deterministic: 'the same seed and decisions give the same log and the same last state; draw from stream(seed, …) only',
  isolated: 'an episode gives the same log and the same last state beside another one; keep no module state',
  seeded: 'another seed gives another log',
  replayable: 'a log replays equal after a trip through JSON',
  pure: 'step, observe, shared, offered, actors and score leave frozen arguments as they are; copy the state once at the head of step',
  plain_state: 'the state is JSON: no Map, Set, Date, class, function, undefined, NaN',
  unaliased: 'writing on an observation changes no state; observations are copies, or hold the frozen `shared`',
  shared: 'each observation holds `shared` by reference',
  secret_seed: 'the seed is in no observation, no text and no result',
  actors: 'actors are played seats in seat order, offered tools exist, a running game with played seats has an actor',
  results: 'one result per call in order, one refused entry per refused call',
  refuses: 'nonsense is refused with a code and a message, never thrown',
  candidates: 'what `candidates` proposes is accepted by `check`',
  rewards: 'finite, one per seat, their sum over steps is score(log).reward minus its value at reset, on every prefix',
  scores:
    'a finite reward of every seat, and payoff, reputation, survival, quality each finite or null, all within what the economy says of them, also on a log without steps',
  metrics: 'exactly the documented metrics, each null or a finite number within its range, also on a log without steps',
  facts: 'kinds and dealings name seats, standings hold one finite number a step, also on a log without steps',
  invariants: 'every invariant the economy states holds across every step',
  text: 'rules and render give non-empty text',
  encoded_features: 'described features, each written as a finite number in its bounds, the same every time, nothing beside them',
  encoded_slots:
    'the first is legal for every actor; each calls the tools it lists; the mask is 1 exactly where `check` accepts all its calls',
  encoded_names:
    'seats of one role are told apart by rank: exchanging the names of two others changes no feature and no mask, and the names in calls alone',
} as const
export type CheckName = keyof typeof CHECKS

/** Unlikely to occur by chance in anything an agent reads. */
const TELLTALE = 987654321

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

type Fail = (check: CheckName, found: string) => void

function checkConfig(env: AnyEnvironment, fail: Fail): void {
  checkSchema(env.config, `${env.id}.config`)
  if (Object.keys(env.presets).length === 0) fail('config', 'no preset')
  for (const [name, preset] of Object.entries(env.presets)) {
    const parsed = env.config.safeParse(preset)
    if (!parsed.success) fail('config', `preset ${name}: ${z.prettifyError(parsed.error)}`)
    if (env.config.safeParse({ ...preset, unheard_of: 1 }).success)
      fail('config', `preset ${name}: accepts the unknown field unheard_of; use z.strictObject`)
  }
  const parsed = (input: unknown): unknown => env.config.safeParse(input).data ?? null
  const [name] = Object.keys(env.presets)
  const found = name === undefined ? undefined : difference(parsed(env.presets[name]), parsed({}))
  if (found !== undefined) fail('default_preset', `{} is not ${name}: ${found}`)
  const schema = z.toJSONSchema(env.config, { io: 'input' }) as { properties?: Record<string, { description?: string }> }
  for (const [field, { description }] of Object.entries(schema.properties ?? {}))
    if (!description) fail('config', `field ${field} has no description`)
}

function checkDeclarations(env: AnyEnvironment, input: unknown, fail: Fail): void {
  const config = deepFreeze(env.config.parse(input))
  const seats = env.seats(config)
  if (difference(seats, env.seats(config)) !== undefined) fail('seats', 'two calls gave two lists')
  if (seats.length === 0) fail('seats', 'no seat')
  if (new Set(seats.map(seat => seat.agent)).size !== seats.length) fail('seats', 'an id occurs twice')
  if (seats.filter(seat => seat.learner).length > 1) fail('seats', 'more than one learner')
  for (const { agent, role } of seats) {
    if (!/^[a-z][a-z_]*(_\d+)?$/.test(agent)) fail('seats', `id ${short(agent)}`)
    if (!role) fail('seats', `${agent} has no role`)
    if (env.rules(config, agent).trim() === '') fail('text', `no rules for ${agent}`)
    if (env.rules(config, agent).includes(String(TELLTALE))) fail('secret_seed', 'rules name the seed')
  }
  const tools = env.tools(config)
  if (tools !== env.tools(config)) fail('tools', 'built anew at every call')
  for (const [name, tool] of Object.entries(tools)) {
    if (!/^[a-z][a-z0-9_]{0,63}$/.test(name)) fail('tools', `name ${short(name)}`)
    if (!tool.description) fail('tools', `${name} has no description`)
    checkSchema(tool.args, `${name}.args`)
    // As it is declared: models are told of some bounds in words.
    const { properties = {}, additionalProperties } = z.toJSONSchema(tool.args, { io: 'input' }) as {
      properties?: Record<string, object>
      additionalProperties?: unknown
    }
    if (additionalProperties !== false) fail('tools', `${name} accepts unknown arguments; use z.strictObject`)
    for (const [field, schema] of Object.entries(properties))
      checkArgument(`${name}.${field}`, schema as Record<string, unknown>, fail)
  }
}

function checkArgument(at: string, schema: Record<string, unknown>, fail: Fail): void {
  if (!schema.description) fail('tools', `argument ${at} is not described`)
  const limit = Number.MAX_SAFE_INTEGER
  for (const part of (schema.anyOf as Record<string, unknown>[] | undefined) ?? [schema]) {
    if (part.type === 'integer' || part.type === 'number') {
      const low = part.minimum ?? part.exclusiveMinimum
      const high = part.maximum ?? part.exclusiveMaximum
      if (low === undefined || high === undefined || low === -limit || high === limit)
        fail('tools', `argument ${at} is a number without real bounds`)
    }
    if (part.type === 'string' && part.maxLength === undefined && part.enum === undefined && part.const === undefined)
      fail('tools', `argument ${at} is a string without a maximal length`)
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
  const state = thaw(episode.state)
  const again = JSON.stringify(env.observe(state, agent, shared))
  if (again !== JSON.stringify(observation)) fail('deterministic', where(`two observations of ${agent} differ`))
  const own = env.observe(state, agent, shared)
  scribble(own)
  if (JSON.stringify(state) !== before) fail('unaliased', where(`writing on the observation of ${agent} changed the state`))
}

/** Slots that are tried at a step, the next ones at the next: encodings have many. */
const TRIED = 24
function triedAt(t: number, slots: number): number[] {
  return Array.from({ length: Math.min(TRIED, slots) }, (_, i) => (t * TRIED + i) % slots)
}

/** Room on both sides of what an encoding writes, so that it is seen to write nothing else. */
const MARGIN = 2
const UNWRITTEN = 123

/** The features of an observation as they are written into an array. */
function featuresOf(encoding: Encoding<EnvTypes>, observation: object): Float32Array {
  const into = new Float32Array(encoding.features.length + 2 * MARGIN).fill(UNWRITTEN)
  encoding.observe(observation, into, MARGIN)
  return into
}

function maskOf(encoding: Encoding<EnvTypes>, observation: object, offered: readonly string[]): Uint8Array {
  const into = new Uint8Array(encoding.slots.length + 2 * MARGIN).fill(UNWRITTEN)
  encoding.mask(observation, offered, into, MARGIN)
  return into
}

const marginsKept = (written: Float32Array | Uint8Array): boolean =>
  [...written.subarray(0, MARGIN), ...written.subarray(-MARGIN)].every(value => value === UNWRITTEN)

function checkFeatures(
  encoding: Encoding<EnvTypes>,
  episode: Episode,
  agent: string,
  where: (text: string) => string,
  fail: Fail,
): void {
  const { env, config } = episode
  const bad = (found: string) => fail('encoded_features', where(`${agent}: ${found}`))
  if (env.encode!(config) !== encoding) bad('encode gave another object for the same configuration')
  const observation = deepFreeze(episode.observe(agent))
  const written = featuresOf(encoding, observation)
  if (!marginsKept(written)) bad(`wrote beside the ${encoding.features.length} numbers`)
  for (const [i, { name, low, high, meaning }] of encoding.features.entries()) {
    const value = written[MARGIN + i]!
    if (!/^[a-z][a-z0-9_]*$/.test(name) || !meaning) bad(`feature ${short(name)} has no snake_case name or no meaning`)
    if (!(value >= Math.fround(low) && value <= Math.fround(high))) bad(`${name} is ${value}, outside [${low}, ${high}]`)
  }
  const again = featuresOf(encoding, clone(observation))
  const differing = encoding.features.find((_, i) => written[MARGIN + i] !== again[MARGIN + i])
  if (differing !== undefined) bad(`${differing.name} differs when the same observation is encoded again`)
}

function checkSlots(
  encoding: Encoding<EnvTypes>,
  episode: Episode,
  agent: string,
  where: (text: string) => string,
  fail: Fail,
): void {
  const bad = (found: string) => fail('encoded_slots', where(`${agent}: ${found}`))
  const observation = deepFreeze(episode.observe(agent))
  const offered = episode.offered(agent)
  const mask = maskOf(encoding, observation, offered)
  if (!marginsKept(mask)) bad(`wrote beside the ${encoding.slots.length} slots`)
  if (mask[MARGIN] !== 1) bad(`the first slot is not legal`)
  for (const i of triedAt(episode.t, encoding.slots.length)) {
    const { name, tools, meaning } = encoding.slots[i]!
    if (!/^[a-z][a-z0-9_]*$/.test(name) || !meaning) bad(`slot ${short(name)} has no snake_case name or no meaning`)
    const { calls } = encoding.decode(observation, i)
    const legal = mask[MARGIN + i] === 1
    const called = calls.map(({ tool }) => tool)
    if (called.join() !== tools.join() && (legal || called.length > 0))
      bad(`${name} lists ${tools.join(', ') || 'silence'} and calls ${called.join(', ') || 'nothing'}`)
    if (!legal && called.length === 0) continue
    const refused = calls.map(call => episode.check(agent, call)).find(checked => !checked.ok)
    if (legal && refused !== undefined && !refused.ok)
      bad(`${name} is legal and ${short(calls, 200)} is refused: ${refused.refusal.message}`)
    if (!legal && refused === undefined) bad(`${name} is not legal and ${short(calls, 200)} is accepted`)
  }
  guard('encoded_names', where, fail, () => checkNames(encoding, episode, agent, where, fail))
}

/** Exchanges the names of two others of one role, in texts as well; another pair at every step. */
function checkNames(
  encoding: Encoding<EnvTypes>,
  episode: Episode,
  agent: string,
  where: (text: string) => string,
  fail: Fail,
): void {
  const seats = episode.env.seats(episode.config)
  const others = seats.filter(seat => seat.agent !== agent)
  const one = others[episode.t % Math.max(1, others.length)]
  const other = others.find(seat => seat !== one && seat.role === one?.role)
  if (one === undefined || other === undefined) return
  const exchange = (value: unknown): string =>
    JSON.stringify(value).replace(new RegExp(`\\b(?:${one.agent}|${other.agent})\\b`, 'g'), name =>
      name === one.agent ? other.agent : one.agent,
    )
  const observation = episode.observe(agent)
  const exchanged = JSON.parse(exchange(observation)) as object
  const offered = episode.offered(agent)
  const bad = (found: string) =>
    fail('encoded_names', where(`${agent}, with ${one.agent} and ${other.agent} exchanged: ${found}`))
  const [written, mask] = [featuresOf(encoding, observation), maskOf(encoding, observation, offered)]
  const [written2, mask2] = [featuresOf(encoding, exchanged), maskOf(encoding, exchanged, offered)]
  for (const [i, { name }] of encoding.features.entries())
    if (written[MARGIN + i] !== written2[MARGIN + i]) bad(`${name} was ${written[MARGIN + i]} and is ${written2[MARGIN + i]}`)
  for (const i of triedAt(episode.t, encoding.slots.length)) {
    const { name } = encoding.slots[i]!
    if (mask[MARGIN + i] !== mask2[MARGIN + i]) bad(`${name} was ${mask[MARGIN + i]} and is ${mask2[MARGIN + i]} in the mask`)
    const expected = exchange(encoding.decode(observation, i))
    const got = JSON.stringify(encoding.decode(exchanged, i))
    if (expected !== got) bad(`${name} calls ${short(got, 200)}, expected ${short(expected, 200)}`)
  }
}

/** An unfrozen copy: what is aliased can then be written on. */
function thaw<T>(state: T): T {
  return clone(state)
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

function checkScores(env: AnyEnvironment, log: EpisodeLog<EnvTypes>, fail: Fail): Record<string, { readonly reward: number }> {
  const where = (text: string) => `seed ${log.header.seed}, ${log.steps.length} steps: ${text}`
  const scores = guard('scores', where, fail, () => env.score(log)) ?? {}
  const documented = Object.keys(env.metrics.docs).sort().join()
  const checkRange = (check: 'scores' | 'metrics', name: string, value: unknown): void => {
    if (typeof value !== 'number' || isWithin(value, rangeOf(env, name))) return
    fail(check, where(`${name} is ${value}, outside of what the economy says of it`))
  }
  for (const { agent } of env.seats(log.header.config)) {
    for (const part of ['reward', 'payoff', 'reputation', 'survival', 'quality']) {
      const value: unknown = scores[agent]?.[part]
      const absent = value === null && part !== 'reward'
      if (!absent && !Number.isFinite(value)) fail('scores', where(`${agent}.${part} is ${value}`))
    }
    for (const [part, value] of Object.entries(scores[agent] ?? {})) checkRange('scores', part, value)
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
  const stranger = named.find(agent => !seats.has(agent))
  if (stranger !== undefined) fail('facts', where(`they name ${short(stranger)}, which is no seat`))
  for (const [quantity, byAgent] of quantities) {
    for (const [agent, values] of Object.entries(byAgent))
      if (values.length !== log.steps.length || !values.every(Number.isFinite))
        fail('facts', where(`${quantity} of ${agent} is ${short(values)}`))
  }
}

function guard<R>(check: CheckName, where: (text: string) => string, fail: Fail, action: () => R): R | undefined {
  try {
    return action()
  } catch (error) {
    fail(check, where(`threw ${(error as Error).message}`))
    return undefined
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
