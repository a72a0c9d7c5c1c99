/**
 * Looks for policies that do better than anybody meant: blind lists by evolution, parametrised families by the cross-entropy
 * method. Deterministic for a seed and a budget; plays on search seeds alone. Knows no economy.
 */
import { digest } from '../../envs/core/plain.ts'
import { type Random, stream } from '../../envs/core/random.ts'
import { mean } from '../../envs/core/sums.ts'
import type { AgentId } from '../../envs/core/tool.ts'
import { Arena, configs, type Job, othersOf, type Runner, runJob } from './arena.ts'
import { DEFAULT_SETTING, type Found, type FoundFile } from './found.ts'
import { playGame } from './game.ts'
import { PAIR, pairSeats } from './measure.ts'
import { blindList, familiesOf, policyOf } from './policies.ts'
import { constants, harvest } from './pool.ts'
import { range, SEARCH_SEED, screened } from './race.ts'
import { sampleOf } from './sample.ts'
import { settingsOf, UNGOVERNED } from './settings.ts'
import { type AuditSetting, type PolicyDesc, type Subject, specOf } from './spec.ts'

/** Games that finalists are chosen by, on seeds that the search did not see. */
const FINAL = { seeds: 40, finalists: 6 }
/** Turns of a blind list at most; a longer game begins it again. */
const LONGEST_LIST = 60
const EVOLUTION = { population: 24, parents: 8, seeds: 4 } as const
/** Rubinstein & Kroese 2004, The Cross-Entropy Method, §5: diagonal Gaussians, fitted to the elite. */
const CEM = { population: 40, elite: 8, seeds: 6, spread: 0.3, least: 0.03 } as const
/** Games that show what a policy does. */
const SHOWN = 8

export interface SearchOptions {
  /** Games of each search. */
  readonly budget: number
  readonly seed: number
  readonly run?: Runner
  /** What is searched now, and how many games were played. */
  readonly progress?: (what: string, games: number) => void
}

/** Everything worth searching in one preset. */
export async function search(subject: Subject, preset: string, options: SearchOptions): Promise<FoundFile> {
  const seeker = new Seeker(subject, preset, options)
  const spec = specOf(subject, preset)
  const families = Object.entries(familiesOf(subject, preset)).filter(([name]) => name !== 'chooser')
  const own = families.flatMap(([name, { paired }]) => (paired === true ? [] : [name]))
  const found: Found[] = [await seeker.blind()]
  for (const [name, setting] of settingsOf(subject, preset)) {
    // A line-up without fields or opponents of its own is the preset itself.
    if (
      name !== DEFAULT_SETTING.name &&
      Object.keys(setting.fields).length === 0 &&
      setting.opponents === undefined &&
      setting.drawn === undefined
    )
      continue
    const generic = own.length === 0 || name === DEFAULT_SETTING.name || name === UNGOVERNED ? ['chooser'] : []
    for (const family of [...generic, ...own]) found.push(await seeker.family(family, setting))
  }
  for (const blindfold of Object.keys(spec.blindfolds ?? {}))
    for (const family of own.length === 0 ? ['chooser'] : own) found.push(await seeker.family(family, DEFAULT_SETTING, blindfold))
  if (pairSeats(subject, preset) !== undefined)
    for (const family of families.length === 0 ? ['chooser'] : families.map(([name]) => name))
      found.push(await seeker.pair(family))
  return {
    env: subject.env.id,
    version: subject.env.version,
    preset,
    config_digest: digest(seeker.config(DEFAULT_SETTING)),
    search: { seed: options.seed, budget: options.budget, games: seeker.games },
    found,
  }
}

/** Rates policies, many at a time. */
type Rate = (policies: readonly PolicyDesc[], seeds: readonly number[]) => Promise<readonly number[]>

class Seeker {
  readonly #subject: Subject
  readonly #preset: string
  readonly #options: SearchOptions
  readonly #run: Runner
  readonly #seat: AgentId
  games = 0

  constructor(subject: Subject, preset: string, options: SearchOptions) {
    this.#subject = subject
    this.#preset = preset
    this.#options = options
    this.#run = options.run ?? (async jobs => jobs.map(job => runJob(subject, job)))
    this.#seat = new Arena(subject, preset).seat
  }

  config(setting: AuditSetting): object {
    return configs(this.#subject, this.#preset, setting)
  }

  /** The best list of messages that evolution finds, said with closed eyes. */
  async blind(): Promise<Found> {
    const subject = this.#subject
    const preset = this.#preset
    const pool = harvest(subject, preset, DEFAULT_SETTING, this.#seat, range(SEARCH_SEED, 3))
    const arena = new Arena(subject, preset, this.#run)
    const best = await screened(arena, DEFAULT_SETTING, constants(subject, preset, DEFAULT_SETTING, pool), 8)
    this.games += arena.games
    const copies = Object.values(pool.copies)
    const length = Math.min(LONGEST_LIST, Math.max(1, ...copies.map(copy => copy.length)))
    const messages = [...pool.messages, ...copies.flat()]
    const index = new Map(messages.map((message, i) => [JSON.stringify(message), i]))
    const at = (message: unknown): number => index.get(JSON.stringify(message))!
    const starts = [
      ...copies.map(copy => range(0, length).map(t => at(copy[t % copy.length]))),
      ...best.flatMap(({ policy }) => (policy.kind === 'list' ? [range(0, length).map(() => at(policy.messages[0]))] : [])),
    ]
    // What is said early is drawn from everything, what is said for long from what does well for long.
    const favourites = [...new Set(starts.flat())]
    const random = this.#random('blind')
    const desc = (genes: readonly number[]): PolicyDesc => blindList(genes.map(gene => messages[gene]!))
    const rate = this.#rate('blind lists', DEFAULT_SETTING, policy => [[this.#seat, policy]])
    const { population, parents, seeds } = EVOLUTION
    const draw = (): number => (random.chance(0.5) ? random.pick(favourites) : random.int(0, messages.length - 1))
    const evolved = await this.#generations(population * seeds, async generation => {
      const seen = range(SEARCH_SEED + 1000 + generation * seeds, seeds)
      const elders = this.#elders<number[]>()
      const people =
        generation === 0
          ? [
              ...starts,
              ...range(0, Math.max(0, population - starts.length)).map(() =>
                crossed(random.pick(starts), random.pick(starts), random),
              ),
            ]
          : [
              ...elders,
              ...range(0, population - elders.length).map(() =>
                mutated(crossed(random.pick(elders), random.pick(elders), random), draw, random),
              ),
            ]
      const rated = await rate(people.map(desc), seen)
      return { people, rated, keep: parents }
    })
    return this.#best('blind list', 'blind', DEFAULT_SETTING, evolved.map(desc), rate)
  }

  /** The best member of a family in a setting, perhaps with a blindfold on. */
  async family(family: string, setting: AuditSetting, blindfold?: string): Promise<Found> {
    const where = blindfold === undefined ? setting.name : `without ${blindfold}`
    const name =
      where === DEFAULT_SETTING.name
        ? family
        : `${family} ${where.startsWith('without') || where.startsWith('against') ? where : `for ${where}`}`
    const dressed = (policy: PolicyDesc): PolicyDesc =>
      blindfold === undefined ? policy : { kind: 'altered', by: blindfold, base: policy }
    const rate = this.#rate(name, setting, policy => [[this.#seat, dressed(policy)]])
    const people = await this.#crossEntropy(family, name, rate)
    return {
      ...(await this.#best(name, 'family', setting, people, rate, dressed)),
      ...(blindfold !== undefined && { blindfold }),
    }
  }

  /** The best member of a family in both seats of a pair. */
  async pair(family: string): Promise<Found> {
    const seats = pairSeats(this.#subject, this.#preset)!
    const name = `${family} as a pair`
    const rate = this.#rate(name, DEFAULT_SETTING, policy => seats.map(seat => [seat, policy] as const))
    const people = await this.#crossEntropy(family, name, rate)
    return { ...(await this.#best(name, 'family', DEFAULT_SETTING, people, rate)), setting: PAIR }
  }

  async #crossEntropy(family: string, name: string, rate: Rate): Promise<PolicyDesc[]> {
    const { parameters, start } = familiesOf(this.#subject, this.#preset)[family]!
    const random = this.#random(name)
    const { population, elite, seeds, spread, least } = CEM
    let middle = [...(start ?? parameters.map(() => 0.5))]
    let widths = parameters.map((): number => spread)
    const desc = (x: readonly number[]): PolicyDesc => ({ kind: 'family', family, parameters: x })
    const found = await this.#generations<number[]>(population * seeds, async generation => {
      const seen = range(SEARCH_SEED + 1000 + generation * seeds, seeds)
      if (generation > 0) {
        const chosen = this.#elders<number[]>()
        middle = middle.map((_, i) => mean(chosen.map(x => x[i]!)))
        widths = widths.map((width, i) =>
          Math.max(least, 0.1 * width + 0.9 * Math.sqrt(mean(chosen.map(x => (x[i]! - middle[i]!) ** 2)))),
        )
      }
      const people = [
        middle.map(rounded),
        ...range(1, population - 1).map(() =>
          middle.map((at, i) => rounded(Math.min(1, Math.max(0, at + widths[i]! * normal(random))))),
        ),
      ]
      return { people, rated: await rate(people.map(desc), seen), keep: elite }
    })
    return [...found, middle.map(rounded)].map(desc)
  }

  #last: unknown[] = []
  /** The best of the generation before. */
  #elders<Genes>(): Genes[] {
    return this.#last as Genes[]
  }

  /** Plays generations until the budget is spent; the best of the last ones, best first. */
  async #generations<Genes>(
    games: number,
    play: (generation: number) => Promise<{ people: readonly Genes[]; rated: readonly number[]; keep: number }>,
  ): Promise<Genes[]> {
    const rounds = Math.max(1, Math.floor(this.#options.budget / games))
    const finalists: Genes[] = []
    for (let generation = 0; generation < rounds; generation++) {
      const { people, rated, keep } = await play(generation)
      const order = [...people.keys()].sort((a, b) => rated[b]! - rated[a]!)
      this.#last = order.slice(0, keep).map(i => people[i]!)
      if (generation >= rounds - 3) finalists.push(...(this.#last.slice(0, 2) as Genes[]))
    }
    return finalists.slice(-FINAL.finalists)
  }

  #rate(what: string, setting: AuditSetting, seats: (policy: PolicyDesc) => Job['seats']): Rate {
    return async (policies, seeds) => {
      const jobs = policies.map((policy): Job => ({ preset: this.#preset, setting, seats: seats(policy), seeds }))
      const results = await this.#run(jobs)
      this.games += policies.length * seeds.length
      this.#options.progress?.(what, this.games)
      return results.map(result => mean(sampleOf(result).rewards))
    }
  }

  /** The best of the finalists on seeds of their own, as it is written down. */
  async #best(
    name: string,
    role: Found['role'],
    setting: AuditSetting,
    finalists: readonly PolicyDesc[],
    rate: Rate,
    dressed = (plain: PolicyDesc): PolicyDesc => plain,
  ): Promise<Found> {
    const rated = await rate(finalists, range(SEARCH_SEED + 500_000, FINAL.seeds))
    const at = rated.reduce((best, value, i) => (value > rated[best]! ? i : best), 0)
    const policy = finalists[at]!
    return {
      name,
      setting: setting.name,
      role,
      does: this.#doings(setting, dressed(policy)),
      reward: Number(rated[at]!.toFixed(4)),
      games: FINAL.seeds,
      policy,
    }
  }

  /** Calls a game, most frequent first. */
  #doings(setting: AuditSetting, policy: PolicyDesc): string {
    const subject = this.#subject
    const config = this.config(setting)
    const factory = policyOf(subject, this.#preset, policy)
    const counts = new Map<string, number>()
    for (const seed of range(SEARCH_SEED, SHOWN))
      playGame({
        env: subject.env,
        config,
        seed,
        repeat: 0,
        evaluated: { [this.#seat]: factory },
        ...othersOf(subject, this.#preset, setting),
        onDecision: (_turn, { calls }) => {
          for (const { tool } of calls) counts.set(tool, (counts.get(tool) ?? 0) + 1 / SHOWN)
        },
      })
    const most = [...counts].sort(([, a], [, b]) => b - a).slice(0, 5)
    return most.map(([tool, times]) => `${tool} ${times.toFixed(1)}`).join(', ') || 'nothing'
  }

  #random(what: string): Random {
    return stream(this.#options.seed, 'audit', this.#subject.env.id, this.#preset, what)
  }
}

/** Both ends of a cut. */
function crossed(a: readonly number[], b: readonly number[], random: Random): number[] {
  const cut = random.int(0, a.length)
  return [...a.slice(0, cut), ...b.slice(cut)]
}

/** A list with one to three turns, or a stretch of turns, said otherwise. */
function mutated(genes: readonly number[], draw: () => number, random: Random): number[] {
  const changed = [...genes]
  for (let i = random.int(1, 3); i > 0; i--) {
    const from = random.int(0, genes.length - 1)
    const message = draw()
    const until = random.chance(0.5) ? from : Math.min(genes.length - 1, from + random.int(1, Math.max(1, genes.length >> 1)))
    for (let t = from; t <= until; t++) changed[t] = message
  }
  return changed
}

/** Box & Muller 1958. */
function normal(random: Random): number {
  return Math.sqrt(-2 * Math.log(1 - random.float())) * Math.cos(2 * Math.PI * random.float())
}

/** Parameters are written down in a file that people read. */
const rounded = (x: number): number => Number(x.toFixed(4))
