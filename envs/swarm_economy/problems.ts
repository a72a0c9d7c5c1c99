/**
 * Work that can be checked: a task is a problem of tables and questions whose answers are computed. Pages and questions come
 * from a stream named by the task, so that nothing of them lies in the state. Knows no agent and no rule of pay. Ours.
 */
import { deepFreeze } from '../core/plain.ts'
import { type Random, stream } from '../core/random.ts'
import type { Figures } from './options.ts'

const FAMILIES = ['ledger', 'survey', 'prices', 'claims', 'funding'] as const
export type Family = (typeof FAMILIES)[number]

/** A table of one row a name, in an order of its own. */
export interface Page {
  readonly title: string
  /** Of the names and of the two numbers. */
  readonly columns: readonly [string, string, string]
  readonly rows: readonly (readonly [name: string, a: number, b: number])[]
}

/**
 * `total` asks for a measure summed over pages, `best` for who has the greatest sum, `order` for the order of four of them,
 * `forecast` for the next page's measure, `fund` for the best choice within a budget.
 */
export type QuestionKind = 'total' | 'best' | 'order' | 'forecast' | 'fund'

export interface Question {
  readonly kind: QuestionKind
  /** It asks about pages 1 to this. */
  readonly pages: number
  /** The names it asks about. */
  readonly about: readonly string[]
  /** What a choice may cost; 0 where nothing is chosen. */
  readonly budget: number
  readonly text: string
}

export interface Problem {
  readonly family: Family
  readonly title: string
  readonly pages: readonly Page[]
  /** As many as pages. */
  readonly questions: readonly Question[]
}

const NAMES = 'Adra Boro Cleo Dara Edor Fina Gero Hela Ivor Juna Kato Lumi Miro Nela Osso Pila'.split(' ')
/** Characters of an answer that are read. */
const READ = 200
/** How many are asked to be put in order. */
const ORDERED = 4

type Range = readonly [low: number, high: number]

interface Kind {
  readonly title: string
  readonly page: string
  readonly columns: Page['columns']
  /** What is asked about: in words, and as a function of the two numbers. */
  readonly measure: string
  readonly of: (a: number, b: number) => number
  readonly ranges: Readonly<Record<Figures, readonly [a: Range, b: Range]>>
}

const KINDS: Readonly<Record<Family, Kind>> = {
  ledger: {
    title: 'Balance the ledger',
    page: 'Day',
    columns: ['account', 'in', 'out'],
    measure: 'in − out',
    of: (a, b) => a - b,
    ranges: { small: [[10, 20], [1, 9]], large: [[10, 99], [10, 99]] }, // biome-ignore format: a table
  },
  survey: {
    title: 'Count the survey',
    page: 'District',
    columns: ['option', 'for', 'against'],
    measure: 'for − against',
    of: (a, b) => a - b,
    ranges: { small: [[10, 20], [1, 9]], large: [[20, 199], [20, 199]] }, // biome-ignore format: a table
  },
  prices: {
    title: 'Price the basket',
    page: 'Week',
    columns: ['good', 'price', 'quantity'],
    measure: 'price × quantity',
    of: (a, b) => a * b,
    ranges: { small: [[2, 9], [2, 5]], large: [[2, 19], [2, 12]] }, // biome-ignore format: a table
  },
  claims: {
    title: 'Verify completion claims',
    page: 'Batch',
    columns: ['worker', 'claimed', 'delivered'],
    measure: 'claimed − delivered',
    of: (a, b) => a - b,
    ranges: { small: [[10, 20], [1, 9]], large: [[20, 60], [5, 60]] }, // biome-ignore format: a table
  },
  funding: {
    title: 'Allocate the budget',
    page: 'Stage',
    columns: ['project', 'cost', 'value'],
    measure: 'value − cost',
    of: (a, b) => b - a,
    ranges: { small: [[1, 9], [10, 20]], large: [[5, 30], [10, 60]] }, // biome-ignore format: a table
  },
}

/** The problems made last: what they are follows from the key alone. */
const made = new Map<string, Problem>()
const KEPT = 4000

/** The problem of a task: level L in 1…3 gives L + 1 pages and as many questions. */
export function problemOf(seed: number, task: number, level: number, figures: Figures): Problem {
  const key = `${seed} ${task} ${level} ${figures}`
  let problem = made.get(key)
  if (problem === undefined) {
    if (made.size >= KEPT) made.clear()
    // Observations hold parts of it: frozen, so that nobody writes on what is kept.
    problem = deepFreeze(generate(stream(seed, 'problem', task), level, figures))
    made.set(key, problem)
  }
  return problem
}

function generate(random: Random, level: number, figures: Figures): Problem {
  const family = random.pick(FAMILIES)
  const { title, page, columns, ranges } = KINDS[family]
  const [a, b] = ranges[figures]
  const count = level + 1
  const names = random.shuffle(NAMES).slice(0, figures === 'small' || level === 1 ? 5 : 6)
  const pages = Array.from(
    { length: count },
    (_, i): Page => ({
      title: `${page} ${i + 1}`,
      columns,
      rows: random.shuffle(names).map(name => [name, random.int(...a), random.int(...b)] as const),
    }),
  )
  const kinds: QuestionKind[] = random.shuffle<QuestionKind>(['total', 'best', 'order']).slice(0, count)
  if (kinds.length < count) kinds.push('forecast')
  if (family === 'funding') kinds[count - 1] = 'fund'
  return { family, title, pages, questions: kinds.map((kind, i) => question(random, family, kind, names, pages, i + 1)) }
}

function question(
  random: Random,
  family: Family,
  kind: QuestionKind,
  names: readonly string[],
  pages: readonly Page[],
  upTo: number,
): Question {
  const { page, measure, columns } = KINDS[family]
  const span = upTo === 1 ? `${page} 1` : `${page}s 1 to ${upTo}`
  const about = {
    total: () => [random.pick(names)],
    forecast: () => [random.pick(names)],
    best: () => names,
    order: () => random.shuffle(names).slice(0, ORDERED),
    fund: () => names,
  }[kind]()
  const costs = [...sums(pages, upTo, cost => cost).values()].reduce((sum, cost) => sum + cost, 0)
  const budget = kind === 'fund' ? Math.round(costs / 2) : 0
  const text = {
    total: `${measure} of ${about[0]}, summed over ${span} (number)`,
    best: `${columns[0]} with the greatest sum of ${measure} over ${span} (name)`,
    order: `${about.join(', ')} from greatest to least sum of ${measure} over ${span} (names in order)`,
    forecast: `${measure} of ${about[0]} on ${page} ${upTo + 1} if its mean change since ${page} 1 goes on (number, one decimal)`,
    fund: `projects with the greatest summed value over ${span} whose costs there sum to at most ${budget} (names)`,
  }[kind]
  return { kind, pages: upTo, about, budget, text }
}

/** By name, a measure summed over pages 1 to `upTo`. */
function sums(pages: readonly Page[], upTo: number, of: Kind['of']): Map<string, number> {
  const total = new Map<string, number>()
  for (const { rows } of pages.slice(0, upTo)) for (const [name, a, b] of rows) total.set(name, (total.get(name) ?? 0) + of(a, b))
  return total
}

function over(names: readonly string[], by: ReadonlyMap<string, number>): number {
  return names.reduce((sum, name) => sum + by.get(name)!, 0)
}

/** Of all choices of names that the budget allows, one of the greatest value. */
function bestChoice(
  { about, budget }: Question,
  cost: ReadonlyMap<string, number>,
  value: ReadonlyMap<string, number>,
): string[] {
  let best: string[] = []
  for (let mask = 1; mask < 1 << about.length; mask++) {
    const names = about.filter((_, i) => (mask & (1 << i)) !== 0)
    if (over(names, cost) <= budget && over(names, value) > over(best, value)) best = names
  }
  return best
}

/** The last page's measure, and once more the mean change since the first. */
function forecast(family: Family, pages: readonly Page[], { about, pages: upTo }: Question): number {
  const series = pages.slice(0, upTo).map(({ rows }) => {
    const [, a, b] = rows.find(([name]) => name === about[0])!
    return KINDS[family].of(a, b)
  })
  const last = series.at(-1)!
  return last + (last - series[0]!) / (series.length - 1)
}

/** The right answer as a short text, from the pages that are seen; undefined where they do not suffice. */
export function solve(family: Family, asked: Question, pages: readonly Page[]): string | undefined {
  const { kind, about, pages: upTo } = asked
  if (pages.length < upTo) return undefined
  const total = sums(pages, upTo, KINDS[family].of)
  switch (kind) {
    case 'total':
      return String(total.get(about[0]!)!)
    case 'forecast':
      return forecast(family, pages, asked).toFixed(1)
    case 'best':
      return [...total].reduce((best, entry) => (entry[1] > best[1] ? entry : best))[0]
    case 'order':
      return [...about].sort((one, other) => total.get(other)! - total.get(one)!).join(', ')
    case 'fund':
      return bestChoice(
        asked,
        sums(pages, upTo, cost => cost),
        sums(pages, upTo, (_cost, value) => value),
      ).join(', ')
  }
}

/** How right an answer is: 1, a half where it is nearly right, or 0. Words that are no names neither help nor harm. */
export function grade({ family, pages }: Problem, asked: Question, given: string): number {
  const { kind, about, budget, pages: upTo } = asked
  const answer = given.slice(0, READ)
  const total = sums(pages, upTo, KINDS[family].of)
  if (kind === 'total' || kind === 'forecast') {
    const truth = kind === 'total' ? total.get(about[0]!)! : forecast(family, pages, asked)
    return gradeNumber(answer, truth)
  }
  const names = namesIn(answer, [...total.keys()])
  if (names === undefined || names.length === 0) return 0
  switch (kind) {
    case 'best':
      return names.length === 1 && total.get(names[0]!)! === Math.max(...total.values()) ? 1 : 0
    case 'order': {
      if (names.length !== about.length || !about.every(name => names.includes(name))) return 0
      const pairs = names.flatMap((one, i) => names.slice(i + 1).map(other => [one, other] as const))
      const inversions = pairs.filter(([one, other]) => total.get(one)! < total.get(other)!).length
      return inversions === 0 ? 1 : inversions === 1 ? 0.5 : 0
    }
    case 'fund': {
      const cost = sums(pages, upTo, of => of)
      const value = sums(pages, upTo, (_cost, of) => of)
      if (over(names, cost) > budget) return 0
      const reached = over(names, value) / over(bestChoice(asked, cost, value), value)
      return reached === 1 ? 1 : reached >= 0.95 ? 0.5 : 0
    }
  }
}

/** Exactly one number: 1 within max(0.06, 0.5 %) of the truth, a half within 5 %. */
function gradeNumber(answer: string, truth: number): number {
  const numbers = answer.replace(/[−–]/g, '-').match(/-?\d[\d,]*(?:\.\d+)?/g) ?? []
  if (numbers.length !== 1) return 0
  const off = Math.abs(Number(numbers[0].replaceAll(',', '')) - truth)
  return off <= Math.max(0.06, 0.005 * Math.abs(truth)) ? 1 : off <= 0.05 * Math.abs(truth) ? 0.5 : 0
}

/** The known names that a text holds, in order; undefined where one stands twice. */
function namesIn(answer: string, known: readonly string[]): string[] | undefined {
  const words = answer.toLowerCase().match(/[a-z]+/g) ?? []
  const names = words.flatMap(word => known.find(name => name.toLowerCase() === word) ?? [])
  return new Set(names).size === names.length ? names : undefined
}

/** How many questions are answered rightly, halves included. */
export function rightOf(problem: Problem, answers: readonly string[]): number {
  return problem.questions.reduce((sum, asked, i) => sum + grade(problem, asked, answers[i] ?? ''), 0)
}
