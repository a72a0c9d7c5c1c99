/** Checks of an economy's encoding at one step: features, slots, and that nobody is known by name. */
import type { Encoding } from '../encoding.ts'
import type { EnvTypes } from '../environment.ts'
import type { Episode } from '../episode.ts'
import { clone, deepFreeze, short } from '../plain.ts'
import { type Fail, guard } from './checks.ts'

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

export function checkFeatures(
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

export function checkSlots(
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
