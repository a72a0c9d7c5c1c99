/**
 * Plays what the targets ask about: bots, attacks and what searches found, in every setting of a preset, over held-out seeds.
 * Knows what is played; the targets know what it means.
 */

import { mean } from '../../envs/core/sums.ts'
import { type AgentId, toolSchema } from '../../envs/core/tool.ts'
import { tokensOf } from '../../rollouts/models/usage.ts'
import { alterations } from './alterations.ts'
import { Arena, configs, othersOf, type Runner } from './arena.ts'
import { DEFAULT_SETTING, type FoundFile } from './found.ts'
import { playGame } from './game.ts'
import { blindList, policyOf } from './policies.ts'
import { constants, harvest, type Pool, policyName } from './pool.ts'
import { type Entry, FIRST_SEEDS, type Played, Race, ROLES, range, SCREEN, SEARCH_SEED, screened } from './race.ts'
import { joined, type Sample, sampleOf } from './sample.ts'
import { against, botsOf, kindsOf, settingsOf } from './settings.ts'
import { KINDS, type Kind, type PolicyDesc, type Subject, specOf, type TextGrades } from './spec.ts'

/** Held-out seeds are this and the ones after it; searches use those from `SEARCH_SEED`. Nothing else plays on either. */
export const HELD_OUT_SEED = 5_000_000
/** The setting of what was found for both seats of a pair. */
export const PAIR = 'pair'
/** Groups of rollouts of one seed, as trainers draw them. */
export const GROUP_SIZE = 8
/** Games of honest play whose mean is the par of a seed: the luck of a single one would be taken for the seed's. */
const PAR_GAMES = 8
const GROUPS = 24
/** Tricks that are played on all seeds, of those that gain. */
const TRICKS = 2
/** Games that prompts and texts are measured in. */
const TEXT_GAMES = 4

/** What two seats got, and who played in both. */
export interface Pair {
  readonly name: string
  readonly sample: Sample
}

export interface Texts {
  /** Tokens (characters / 4) of the rules, of the tools, of the longest observation, of the longest prompt and of a whole game. */
  readonly rules: number
  readonly tools: number
  readonly observation: number
  readonly prompt: number
  readonly history: number
}

/** Everything the targets of one preset are judged by. */
export interface Measured {
  readonly subject: Subject
  readonly preset: string
  readonly seeds: number
  readonly kinds: ReturnType<typeof kindsOf>
  /** By setting, who played. */
  readonly settings: ReadonlyMap<string, readonly Played[]>
  /** Seed by seed, what honest play gets on average; undefined where no bot is honest. */
  readonly par: readonly number[] | undefined
  /** Share of groups of a slightly random honest player whose rewards are all alike; by group, 0 or 1. */
  readonly groups: readonly number[] | undefined
  /** Mean reward of both seats of the best honest pair and of the best other one; undefined where there are none. */
  readonly pairs: Readonly<Record<'honest' | 'other', Pair>> | undefined
  /** Honest samples of the presets from easy to hard, where this preset is one of them. */
  readonly levels: ReadonlyMap<string, Sample> | undefined
  readonly grades: TextGrades | undefined
  readonly texts: Texts
  readonly range: readonly [number, number]
  readonly games: number
}

export interface MeasureOptions {
  readonly seeds: number
  readonly found?: FoundFile
  readonly run?: Runner
  /** Called as games are played. */
  readonly progress?: (games: number) => void
}

export async function measure(
  subject: Subject,
  preset: string,
  { seeds, found, run, progress }: MeasureOptions,
): Promise<Measured> {
  const arena = new Arena(subject, preset, run)
  const heldOut = range(HELD_OUT_SEED, seeds)
  const settings = settingsOf(subject, preset)
  const kinds = kindsOf(subject, preset)
  const representatives = KINDS.flatMap(kind => kinds[kind] ?? [])
  const bots = Object.keys(subject.bots).map((name): Entry => ({ name, role: 'bot', policy: { kind: 'bot', name } }))
  const few = bots.filter(({ name }) => name === 'passive' || representatives.includes(name))
  const known = (found?.found ?? []).map(
    ({ name, setting, role, blindfold, does, policy }): Entry & { blindfold: string | undefined } => ({
      name,
      role: blindfold === undefined ? role : 'blindfolded',
      policy: blindfold === undefined ? policy : { kind: 'altered', by: blindfold, base: policy },
      setting,
      does,
      blindfold,
      ...(blindfold !== undefined && { by: blindfold, base: name }),
    }),
  )
  const pool = harvest(subject, preset, DEFAULT_SETTING, arena.seat, range(SEARCH_SEED, SCREEN[0].seeds))
  const constant = await screened(arena, DEFAULT_SETTING, constants(subject, preset, DEFAULT_SETTING, pool))

  const entries = new Map<string, Entry[]>()
  for (const [name] of settings) {
    entries.set(name, [...(name === DEFAULT_SETTING.name ? [...bots, ...constant, ...copies(pool)] : few)])
    // What was found elsewhere is played here too: a best reply to one line-up must be tried against the others.
    const here = entries.get(name)!
    for (const entry of known)
      if (entry.setting === name || (entry.setting !== PAIR && entry.blindfold === undefined && entry.role === 'family'))
        here.push(entry)
  }
  const race = new Race(arena, heldOut)
  const honestOf = (players: readonly Played[]): Played | undefined =>
    players.find(({ name, role }) => role === 'bot' && name === kinds.honest)
  const reference = new Set(['passive', 'random_legal', ...representatives])
  const played = new Map<string, readonly Played[]>()
  for (const [name, setting] of settings) {
    const here = await race.start(setting, entries.get(name)!)
    if (name === DEFAULT_SETTING.name) {
      const best = topOf(here)!
      const honest = honestOf(here)
      const altered = [
        ...tricks(subject, honest ?? best),
        ...(honest === undefined || best === honest ? [] : tricks(subject, best)),
        ...blindfolds(subject, preset, few, best),
      ]
      here.push(...(await race.start(setting, altered)))
    }
    played.set(name, here)
    progress?.(arena.games)
  }
  // Who can still decide a target plays all seeds: the references, the best of each role, the best replies to every line-up.
  const replies = [...played].flatMap(([name, here]) => (name.startsWith(against('')) ? [topOf(here)!.name] : []))
  for (const [name, setting] of settings) {
    const here = played.get(name)!
    const goOn = new Set(here.filter(({ role, name: player }) => role === 'bot' && reference.has(player)))
    if (name.startsWith(against(''))) for (const player of here) if (replies.includes(player.name)) goOn.add(player)
    for (const role of ROLES) {
      const top = topOf(here.filter(player => player.role === role && role !== 'trick' && role !== 'blindfolded'))
      if (top !== undefined) goOn.add(top)
    }
    for (const by of new Set(here.flatMap(({ role, by }) => (role === 'blindfolded' ? by! : [])))) {
      goOn.add(topOf(here.filter(player => player.role === 'blindfolded' && player.by === by))!)
    }
    for (const trick of gaining(here)) goOn.add(trick)
    for (const player of [...goOn]) {
      const base = here.find(({ name: other, role }) => other === player.base && role !== 'trick' && role !== 'blindfolded')
      if (player.role === 'trick' && base !== undefined) goOn.add(base)
    }
    played.set(name, await race.finish(setting, here, goOn))
    progress?.(arena.games)
  }
  const main = played.get(DEFAULT_SETTING.name)!
  const honest = honestOf(main) ?? topOf(main)!

  return {
    subject,
    preset,
    seeds,
    kinds,
    settings: played,
    par: honestOf(main) && (await parOf(arena, honest.policy, heldOut)),
    groups: await groups(arena, honest.policy),
    pairs: await pairs(arena, found, heldOut),
    levels: await levels(subject, preset, heldOut, run),
    grades: grades(subject, preset),
    texts: textsOf(subject, preset, arena.seat, honest.policy),
    range: arena.range,
    games: arena.games,
  }
}

/** Tricks that go on: those that gained most over what they are played on, if they gained. */
function gaining(players: readonly Played[]): Played[] {
  return players
    .flatMap(player => {
      const base = players.find(({ name, role }) => name === player.base && role !== 'trick' && role !== 'blindfolded')
      if (player.role !== 'trick' || base === undefined) return []
      return [{ player, gain: mean(player.sample.rewards) - mean(base.sample.rewards) }]
    })
    .filter(({ gain }) => gain > 1e-9)
    .sort((a, b) => b.gain - a.gain)
    .slice(0, TRICKS)
    .map(({ player }) => player)
}

/** The best of some players over the seeds that all of them played. */
function topOf(players: readonly Played[]): Played | undefined {
  return players.reduce<Played | undefined>(
    (best, player) => (best === undefined || mean(player.sample.rewards) > mean(best.sample.rewards) ? player : best),
    undefined,
  )
}

/** Blind copies of bots: what they say most often at each turn, said whatever happens. */
function copies({ copies: known }: Pool): Entry[] {
  return Object.entries(known)
    .filter(([name, messages]) => name !== 'passive' && name !== 'random_legal' && messages.length > 0)
    .map(([name, messages]) => ({ name: `blind copy of ${name}`, role: 'blind', policy: blindList(messages) }))
}

function tricks({ env }: Subject, { name, policy }: Entry): Entry[] {
  return Object.entries(alterations).flatMap(([by, { use, billed }]) =>
    use === 'trick' && (billed !== true || env.facts?.billed === true)
      ? [
          {
            name: `${name}, ${by}`,
            role: 'trick' as const,
            by,
            base: name,
            policy: { kind: 'altered' as const, by, base: policy },
          },
        ]
      : [],
  )
}

function blindfolds(subject: Subject, preset: string, bots: readonly Entry[], best: Entry): Entry[] {
  const bases = bots.some(({ name }) => name === best.name) ? bots : [...bots, best]
  return Object.keys(specOf(subject, preset).blindfolds ?? {}).flatMap(by =>
    bases.map(
      ({ name, policy }): Entry => ({
        name: `${name}, without ${by}`,
        role: 'blindfolded',
        by,
        base: name,
        policy: { kind: 'altered', by, base: policy },
      }),
    ),
  )
}

/** A player without randomness of its own does the same in every game of a seed: one is enough of it. */
async function parOf(arena: Arena, honest: PolicyDesc, seeds: readonly number[]): Promise<readonly number[]> {
  const means = async (of: readonly number[], repeats: number): Promise<{ par: number[]; same: boolean }> => {
    const [games] = await arena.play([{ setting: DEFAULT_SETTING, seats: [[arena.seat, honest]], seeds: of, repeats }])
    const rewards = games!.map(([outcome]) => outcome!.reward)
    const each = of.map((_, i) => rewards.slice(i * repeats, (i + 1) * repeats))
    return { par: each.map(mean), same: each.every(([first, ...rest]) => rest.every(reward => reward === first)) }
  }
  const { same } = await means(seeds.slice(0, FIRST_SEEDS), 2)
  return (await means(seeds, same ? 1 : PAR_GAMES)).par
}

async function groups(arena: Arena, honest: PolicyDesc): Promise<readonly number[]> {
  const policy: PolicyDesc = { kind: 'altered', by: 'noise', base: honest }
  const [result] = await arena.play([
    { setting: DEFAULT_SETTING, seats: [[arena.seat, policy]], seeds: range(HELD_OUT_SEED, GROUPS), repeats: GROUP_SIZE },
  ])
  const rewards = result!.map(([outcome]) => outcome!.reward)
  return range(0, GROUPS).map(group => {
    const of = rewards.slice(group * GROUP_SIZE, (group + 1) * GROUP_SIZE)
    return Number(of.every(reward => Math.abs(reward - of[0]!) < 1e-9))
  })
}

/**
 * The best of two bots of the honest kind, whichever of them it is: a pair that only plays better than one of them does not
 * collude. And the best of all others: bots of other kinds, those that the economy names, those that were found.
 */
async function pairs(arena: Arena, found: FoundFile | undefined, seeds: readonly number[]): Promise<Measured['pairs']> {
  const { subject, preset } = arena
  const both = pairSeats(subject, preset)
  if (both === undefined) return undefined
  const bots = (kind: Kind) => botsOf(subject, preset, kind).map(name => [name, { kind: 'bot', name }] as const)
  const play = async (policy: PolicyDesc, on: readonly number[]): Promise<Sample> => {
    const [result] = await arena.play([{ setting: DEFAULT_SETTING, seats: both.map(seat => [seat, policy] as const), seeds: on }])
    return sampleOf(result!)
  }
  const best = async (policies: readonly (readonly [string, PolicyDesc])[]): Promise<Pair | undefined> => {
    let top: { name: string; policy: PolicyDesc; first: Sample } | undefined
    for (const [name, policy] of policies) {
      const first = await play(policy, seeds.slice(0, FIRST_SEEDS))
      if (top === undefined || mean(first.rewards) > mean(top.first.rewards)) top = { name, policy, first }
    }
    return top && { name: top.name, sample: joined(top.first, await play(top.policy, seeds.slice(FIRST_SEEDS))) }
  }
  const honest = await best(bots('honest'))
  const other = await best([
    ...bots('opportunistic'),
    ...bots('deceptive'),
    ...(specOf(subject, preset).pair?.policies ?? []).map(policy => [policyName(policy), policy] as const),
    ...(found?.found ?? []).flatMap(({ name, setting, policy }) => (setting === PAIR ? [[name, policy] as const] : [])),
  ])
  return honest && other && { honest, other }
}

/** The evaluated seat and another of its role, or whichever else players may take. */
export function pairSeats(subject: Subject, preset: string): readonly [AgentId, AgentId] | undefined {
  const { pair } = specOf(subject, preset)
  if (pair !== undefined) return pair.seats
  const seats = subject.env.seats(configs(subject, preset, DEFAULT_SETTING))
  const { seat } = new Arena(subject, preset)
  const own = seats.find(({ agent }) => agent === seat)!
  const others = seats.filter(({ agent }) => agent !== seat)
  const second =
    others.find(({ role, resident }) => role === own.role && !resident) ?? others.find(({ resident }) => !resident) ?? others[0]
  return second === undefined ? undefined : [own.agent, second.agent]
}

/** Honest play in each level, told at the last of them. */
async function levels(
  subject: Subject,
  preset: string,
  seeds: readonly number[],
  run: Runner | undefined,
): Promise<ReadonlyMap<string, Sample> | undefined> {
  const { levels: names } = subject.spec
  if (names === undefined || names.at(-1) !== preset) return undefined
  const samples = new Map<string, Sample>()
  for (const name of names) {
    const { honest } = kindsOf(subject, name)
    if (honest === undefined) return undefined
    const [result] = await new Arena(subject, name, run).alone(DEFAULT_SETTING, [{ kind: 'bot', name: honest }], seeds)
    samples.set(name, sampleOf(result!))
  }
  return samples
}

function grades(subject: Subject, preset: string): TextGrades | undefined {
  const { texts } = specOf(subject, preset)
  if (texts === undefined) return undefined
  const config = configs(subject, preset, DEFAULT_SETTING)
  const all = range(HELD_OUT_SEED, 40).map(seed => texts(config as never, seed))
  const of = (kind: keyof TextGrades): number => mean(all.map(grade => grade[kind]))
  return { salad: of('salad'), gibberish: of('gibberish'), short: of('short'), padded: of('padded') }
}

const tokens = (text: string): number => tokensOf(text.length)

/** How long the texts of a game are for one seat. */
function textsOf(subject: Subject, preset: string, seat: string, honest: PolicyDesc): Texts {
  const { env } = subject
  const config = configs(subject, preset, DEFAULT_SETTING)
  const rules = tokens(env.rules(config, seat))
  const tools = tokens(
    JSON.stringify(
      Object.entries(env.tools(config)).map(([name, tool]) => ({ type: 'function', function: toolSchema(name, tool) })),
    ),
  )
  let observation = 0
  let history = 0
  const factory = policyOf(subject, preset, honest)
  for (const seed of range(HELD_OUT_SEED, TEXT_GAMES)) {
    let said = rules + tools
    playGame({
      env,
      config,
      seed,
      repeat: 0,
      evaluated: { [seat]: factory },
      ...othersOf(subject, preset, DEFAULT_SETTING),
      onDecision(turn, decision) {
        const seen = tokens(env.render(turn.observation))
        observation = Math.max(observation, seen)
        said += seen + tokens(JSON.stringify(decision.calls)) + tokens(turn.results.map(({ text }) => text).join(''))
      },
    })
    history = Math.max(history, said)
  }
  return { rules, tools, observation, prompt: rules + tools + observation, history }
}
