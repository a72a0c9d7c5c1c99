/**
 * Scenarios: what a configuration leaves open is drawn here, in one fixed order, for a row of the data set or for a single
 * game. Difficulty ranges, extreme kinds and the draw order are reconstructed; row counts, the seed 42 and the shares of
 * phase shifts and extremes are documented ("Qwen3-30B trains in the SWARM Economy" and its companion notes).
 */
import type { Scenario as Row } from '../core/environment.ts'
import { type Random, stream } from '../core/random.ts'
import { type Scenario, type SwarmConfig, written } from './config.ts'
import { DIFFICULTIES, type Difficulty, EXTREMES, type Extreme, type Figures, SHIFTS, type Shift } from './options.ts'
import type { Profile } from './profiles.ts'

type Range = readonly [low: number, high: number]

/** What a difficulty is drawn from. */
type Levers = Readonly<Record<Difficulty, { mixes: readonly string[]; tax_rate: Range; audit_risk: Range; decay: Range }>>

const PUBLISHED: Levers = {
  easy: { mixes: ['3/0/0', '2/1/0', '3/1/0'], tax_rate: [0.02, 0.04], audit_risk: [0.05, 0.1], decay: [0.985, 1] },
  medium: { mixes: ['2/1/0', '1/1/1', '1/2/0'], tax_rate: [0.03, 0.06], audit_risk: [0.08, 0.15], decay: [0.975, 0.995] },
  hard: { mixes: ['1/1/2', '0/2/2', '1/2/1'], tax_rate: [0.05, 0.08], audit_risk: [0.12, 0.2], decay: [0.97, 0.985] },
}

/** In our own presets every difficulty has honest and deceptive residents; which are how many is what differs. */
const STANDARD: Levers = {
  easy: { mixes: ['2/1/1', '2/0/2', '2/0/2'], tax_rate: [0.02, 0.03], audit_risk: [0.25, 0.35], decay: [0.988, 0.995] },
  medium: { mixes: ['2/0/2', '1/1/2', '2/1/1'], tax_rate: [0.03, 0.05], audit_risk: [0.25, 0.4], decay: [0.98, 0.99] },
  hard: { mixes: ['1/0/3', '0/1/3', '0/2/2'], tax_rate: [0.05, 0.07], audit_risk: [0.3, 0.45], decay: [0.975, 0.985] },
}

/** How many tasks appear in an epoch, how long they are, and how large their numbers. */
interface Work {
  readonly tasks_low: number
  readonly tasks_high: number
  readonly level_low: number
  readonly level_high: number
  readonly figures: Figures
}
const WORK: Readonly<Record<Difficulty, Work>> = {
  easy: { tasks_low: 5, tasks_high: 5, level_low: 1, level_high: 2, figures: 'small' },
  medium: { tasks_low: 4, tasks_high: 5, level_low: 1, level_high: 3, figures: 'large' },
  hard: { tasks_low: 4, tasks_high: 4, level_low: 2, level_high: 3, figures: 'large' },
}
/** Where the difficulties are the published ones. */
const PUBLISHED_WORK: Work = { tasks_low: 2, tasks_high: 3, level_low: 1, level_high: 3, figures: 'large' }

function leversOf({ difficulty_ranges }: SwarmConfig): Levers {
  return difficulty_ranges === 'standard' ? STANDARD : PUBLISHED
}

/** What a configuration with tasks of our own leaves open of them; nothing where all is as published. */
function workOf(config: SwarmConfig, difficulty: Difficulty): Partial<Work> {
  if (config.work_rule !== 'problems' && config.difficulty_ranges !== 'standard') return {}
  const usual = config.difficulty_ranges === 'standard' ? WORK[difficulty] : PUBLISHED_WORK
  return Object.fromEntries(Object.entries(usual).map(([name, value]) => [name, config[name as keyof Work] ?? value]))
}

const FREEZE_BELOW: Range = [5, 20]
const RESOURCES: Range = [50, 150]
const BOUNTY_MULTIPLIER: Range = [0.5, 2]

const EXTREME_SHARE = 0.05
const SHIFT_SHARE = 0.1

/** What an extreme scenario sets. `sparse` also has one task an epoch (`tasks.ts`). */
const EXTREME_LEVERS: Readonly<Record<Extreme, Partial<Scenario>>> = {
  none: {},
  all_deceptive: { mix: '0/0/4' },
  all_honest: { mix: '4/0/0' },
  single_type: { mix: '0/4/0' },
  high_stakes: { bounty_multiplier: 2, audit_risk: 0.3, freeze_below: 20 },
  sparse: { resources: 50 },
}

/** Rows of the published data sets, and of ours. */
const ROWS: Readonly<Record<Profile, number>> = {
  standard: 500,
  'v0.1': 200,
  'v0.1-fixed': 200,
  'v0.2': 500,
  'v0.2.3': 500,
  short: 500,
}
const DATA_SET_SEED = 42

/** Bots of a mix. */
function size(mix: string): number {
  return mix.split('/').reduce((sum, count) => sum + Number(count), 0)
}

/** The mix that a configuration fixes, if it does. */
function fixedMix({ mix, extreme }: SwarmConfig): string | undefined {
  return mix ?? (extreme === null ? undefined : EXTREME_LEVERS[extreme].mix)
}

/**
 * How many bots sit in a game of this configuration. Where the mix is open, the number is that of the difficulty's first
 * mix (`mixed`: of the easiest), because seats cannot depend on the seed.
 */
export function botCount(config: SwarmConfig): number {
  return size(fixedMix(config) ?? leversOf(config)[config.difficulty === 'mixed' ? 'easy' : config.difficulty].mixes[0]!)
}

/**
 * The scenario of a single game: what is open is drawn from its seed. An open mix is one of the difficulty's that fills the
 * seats, or one of any difficulty where none does (`mixed` that drew hard).
 */
export function scenarioOf(config: SwarmConfig, seed: number): Scenario {
  const seats = botCount(config)
  const every = DIFFICULTIES.flatMap(difficulty => leversOf(config)[difficulty].mixes)
  return draw({ ...config, extreme: config.extreme ?? 'none' }, stream(seed, 'scenario'), mixes => {
    const filling = [mixes, every].map(some => some.filter(mix => size(mix) === seats)).find(some => some.length > 0)
    // Nothing fills them where the configuration has a mix of its own.
    return filling ?? mixes
  })
}

/** The data set's rows: the same row has the same seed, mix and levers in every profile that leaves them open. */
export function scenarioRows(config: SwarmConfig, count: number = ROWS[config.profile]): readonly Row[] {
  return Array.from({ length: count }, (_, i) => {
    const random = stream(DATA_SET_SEED, 'scenarios', i)
    const scenario = draw(config, random, mixes => mixes)
    return {
      id: `${config.profile}-${config.difficulty}-${String(i).padStart(3, '0')}`,
      config: written(scenario),
      seed: random.int(0, 2 ** 31 - 1),
    }
  })
}

/** Everything is drawn whether it is open or not, so that fixing one lever moves no other. */
function draw(config: SwarmConfig, random: Random, among: (mixes: readonly string[]) => readonly string[]): Scenario {
  const difficulty = config.difficulty === 'mixed' ? random.pick(DIFFICULTIES) : config.difficulty
  const levers = leversOf(config)[difficulty]
  const drawnExtreme = sometimes<Extreme>(random, EXTREME_SHARE, EXTREMES)
  const extreme = config.extreme ?? drawnExtreme
  const drawn = {
    mix: random.pick(among(levers.mixes)),
    tax_rate: within(random, levers.tax_rate, 3),
    audit_risk: within(random, levers.audit_risk, 3),
    resources: within(random, RESOURCES, 1),
    freeze_below: within(random, FREEZE_BELOW, 1),
    decay: within(random, levers.decay, 3),
    bounty_multiplier: within(random, BOUNTY_MULTIPLIER, 2),
    phase_shift: sometimes<Shift>(random, SHIFT_SHARE, SHIFTS),
    ...EXTREME_LEVERS[extreme],
  }
  return {
    ...config,
    ...workOf(config, difficulty),
    difficulty,
    extreme,
    mix: config.mix ?? drawn.mix,
    tax_rate: config.tax_rate ?? drawn.tax_rate,
    audit_risk: config.audit_risk ?? drawn.audit_risk,
    resources: config.resources ?? drawn.resources,
    freeze_below: config.freeze_below ?? drawn.freeze_below,
    decay: config.decay ?? drawn.decay,
    bounty_multiplier: config.bounty_multiplier ?? drawn.bounty_multiplier,
    phase_shift: config.phase_shift ?? drawn.phase_shift,
  }
}

/** One of the kinds after the first (which is `none`) with probability `share`, else the first. Always two draws. */
function sometimes<T>(random: Random, share: number, kinds: readonly T[]): T {
  const happens = random.chance(share)
  const kind = random.pick(kinds.slice(1))
  return happens ? kind : kinds[0]!
}

/** Uniform in the range, rounded so that what an agent reads is what counts. */
function within(random: Random, [low, high]: Range, digits: number): number {
  return Number(random.uniform(low, high).toFixed(digits))
}
