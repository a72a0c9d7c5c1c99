/**
 * What can be done to any policy without knowing its economy: words padded or made gibberish, calls repeated, thinking
 * swollen, turns slept through, a game left early, moves at random. Each says whether it takes the meaning away or only the form.
 */
import { randomLegal } from '../../bots/any/random_legal.ts'
import type { AnyEnvironment, AnyTypes, Decision } from '../../envs/core/environment.ts'
import { type AnyPolicyFactory, PASS, type Policy, type SeatContext, type Turn } from '../../envs/core/policy.ts'
import type { Random } from '../../envs/core/random.ts'
import type { Call } from '../../envs/core/tool.ts'
import { wrapped } from './wrap.ts'

export interface Alteration {
  readonly description: string
  /**
   * `trick`: what nobody should be paid for, so the altered policy must not beat the plain one. `noise`: a slightly worse
   * player, for groups of rollouts.
   */
  readonly use: 'trick' | 'noise'
  /** Whether it changes what is billed alone, so that it says nothing where messages cost nothing. */
  readonly billed?: true
  readonly alter: (base: AnyPolicyFactory) => AnyPolicyFactory
}

/** Tokens of a careful message and of a swollen one. */
const UNITS = { terse: 1, padded: 335, long: 600 }
const PADDING = ' '.repeat(120) + '. '.repeat(60)
/** No language has these words. */
const GIBBERISH = ['zaqo', 'vixu', 'wubre', 'plonth', 'krezy', 'ombal', 'dwisp', 'ghurn', 'telvo', 'yacki']

const decide = (policy: Policy<AnyTypes>, turn: Turn<AnyTypes>): Decision => policy.act(turn) as Decision
const units = (output: number, thinking = 0) => ({ thinking, output, source: 'reported' as const })

export const alterations: Readonly<Record<string, Alteration>> = {
  padded: {
    description: 'pads every text with spaces and full stops',
    use: 'trick',
    alter: texts(text => text + PADDING),
  },
  gibberish: {
    description: 'says gibberish wherever the rules take it',
    use: 'trick',
    alter: texts((_text, random) => Array.from({ length: 12 }, () => random.pick(GIBBERISH)).join(' ')),
  },
  long_gibberish: {
    description: 'says a page of gibberish wherever the rules take it',
    use: 'trick',
    alter: texts((_text, random) => Array.from({ length: 150 }, (_, i) => `${random.pick(GIBBERISH)}${i}`).join(' ')),
  },
  salad: {
    description: 'says the words it reads, in no order, wherever the rules take it',
    use: 'trick',
    alter: texts((_text, random, read) => {
      const words = [...new Set(read().match(/\p{L}{3,}/gu) ?? [])]
      return random
        .shuffle([...words, ...GIBBERISH])
        .slice(0, 150)
        .join(' ')
    }),
  },
  repeated: {
    description: 'repeats every message as often as one turn allows',
    use: 'trick',
    alter: base =>
      wrapped(base, (policy, { env, config, seat }) => {
        const most = Math.min(16, env.turn(config, seat.agent).maxCalls)
        return {
          act(turn) {
            const decision = decide(policy, turn)
            const { calls } = decision
            return calls.length === 0 || calls.length >= most
              ? decision
              : { ...decision, calls: Array.from({ length: most }, (_, i) => calls[i % calls.length]!) }
          },
        }
      }),
  },
  terse_units: billed('bills one token a message', UNITS.terse),
  padded_units: billed(`bills ${UNITS.padded} tokens of padding a message`, UNITS.padded),
  long_units: billed(`bills ${UNITS.long} tokens a message`, UNITS.long),
  long_thought: billed('bills 5,000 tokens of thought a message', UNITS.terse, 5000),
  early_end: {
    description: 'plays the first half and is silent after it',
    use: 'trick',
    alter: base =>
      wrapped(base, (policy, context) => {
        const half = horizonOf(context) / 2
        return { act: turn => (turn.t < half ? decide(policy, turn) : PASS) }
      }),
  },
  every_other_turn: {
    description: 'sleeps through every other turn',
    use: 'trick',
    alter: base => wrapped(base, policy => ({ act: turn => (turn.t % 2 === 0 ? decide(policy, turn) : PASS) })),
  },
  noise: {
    description: 'makes every twentieth move at random',
    use: 'noise',
    alter: base =>
      wrapped(base, (policy, context) => {
        const random = randomLegal(context)
        return {
          act(turn) {
            // The plain policy moves too, so that what it remembers is of the whole game.
            const decision = decide(policy, turn)
            return turn.random.chance(0.05) ? random.act(turn) : decision
          },
        }
      }),
  },
}

function billed(description: string, output: number, thinking = 0): Alteration {
  return {
    description,
    use: 'trick',
    billed: true,
    alter: base => wrapped(base, policy => ({ act: turn => ({ ...decide(policy, turn), units: units(output, thinking) }) })),
  }
}

/** Steps of a game of silence: how long a game lasts as far as anybody can tell without playing it. */
function horizonOf({ env, config }: SeatContext<AnyTypes>): number {
  let known = horizons.get(config)
  if (known === undefined) {
    // An audit plays in this process: the economy of its seats is the whole one, engine included.
    const engine = env as AnyEnvironment
    let state = engine.reset(config, 0)
    for (known = 1; known < 10_000; known++) {
      const { state: next, done } = engine.step(state, {})
      if (done !== false) break
      state = next
    }
    horizons.set(config, known)
  }
  return known
}
const horizons = new WeakMap<object, number>()

/** Rewrites the texts of every call, one text at a time, where the economy still takes the call. */
function texts(rewrite: Rewrite): (base: AnyPolicyFactory) => AnyPolicyFactory {
  return base =>
    wrapped(base, (policy, { env }) => ({
      act(turn) {
        const decision = decide(policy, turn)
        const read = (): string => env.render(turn.observation)
        return { ...decision, calls: decision.calls.map(call => rewritten(call, turn, text => rewrite(text, turn.random, read))) }
      },
    }))
}

/** A text instead of another; `read` gives what the player reads this turn. */
type Rewrite = (text: string, random: Random, read: () => string) => string

function rewritten(call: Call, turn: Turn<AnyTypes>, rewrite: (text: string) => string): Call {
  let kept = call
  for (const path of stringsIn(call.args)) {
    const text = rewrite(at(kept.args, path))
    for (const given of [text, text.slice(0, 200), text.slice(0, 60)]) {
      const args = replaced(kept.args, path, given)
      if (!turn.check({ tool: call.tool, args }).ok) continue
      kept = { tool: call.tool, args }
      break
    }
  }
  return kept
}

type Path = readonly (string | number)[]

function stringsIn(value: unknown, path: Path = []): Path[] {
  if (typeof value === 'string') return [path]
  if (typeof value !== 'object' || value === null) return []
  return Object.entries(value).flatMap(([key, inner]) => stringsIn(inner, [...path, Array.isArray(value) ? Number(key) : key]))
}

function at(value: unknown, path: Path): string {
  return path.reduce<unknown>((inner, key) => (inner as Record<string | number, unknown>)[key], value) as string
}

function replaced(value: unknown, [key, ...rest]: Path, text: string): unknown {
  if (key === undefined) return text
  const inner = replaced((value as Record<string | number, unknown>)[key], rest, text)
  if (Array.isArray(value)) return value.map((item, i) => (i === key ? inner : item))
  return { ...(value as object), [key]: inner }
}
