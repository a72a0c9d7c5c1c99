/**
 * `spatial-planning`: a regression, not a replication. No human results of this experiment are published; what stands beside ours
 * are a prototype's figures for the same scripted players on the laboratory's own stimuli, and what follows from the stimuli by
 * arithmetic.
 */
import { readFileSync } from 'node:fs'
import { playSession } from '../../bots/spatial_planning/play.ts'
import { UserError } from '../../envs/core/errors.ts'
import { mean } from '../../envs/core/sums.ts'
import { metricOf } from '../../envs/spatial_planning/metrics.ts'
import type { Role, Treatment } from '../../envs/spatial_planning/roster.ts'
import { type Finished, finishedRounds, type Session, sessionOf } from '../../envs/spatial_planning/session.ts'
import { row, type Study, type StudyRow } from '../../evals/study.ts'

type FigureName = keyof typeof FIGURES
type Figures = Readonly<Partial<Record<FigureName, number>>>

interface Published {
  readonly title: string
  readonly source: string
  readonly sessions: number
  readonly rounds: number
  readonly seeds: number
  readonly prototype: readonly {
    readonly owners: string
    readonly developer: string
    readonly speculators?: string
    readonly treatment: Treatment
    readonly figures: Figures
  }[]
  readonly arithmetic: readonly { readonly bot: string; readonly treatment: Treatment; readonly figures: Figures }[]
}

/** A bot's name by role; no speculators where there is a vote. */
type Lineup = Readonly<Partial<Record<Role, string>>>

/** All paid rounds of one line-up, of every laboratory session and seed. */
interface Played {
  readonly session: Session
  readonly rounds: readonly Finished[]
  readonly seeds: number
}

interface FigureRule {
  readonly words: string
  readonly digits: number
  /** How far ours may be off the prototype's. */
  readonly tolerance: (published: number) => number
  of(played: Played): number
}

const tenth = (published: number): number => 0.1 * Math.abs(published)
const count = (metric: string) => (played: Played) => (pooled(played, metric) * played.rounds.length) / played.seeds

/** The figures of the table, and how ours are made of what was played. */
const FIGURES = {
  efficiency: { words: 'efficiency', digits: 4, tolerance: () => 0.01, of: played => pooled(played, 'efficiency') },
  correct: { words: 'correct decisions, of 55', digits: 1, tolerance: () => 3, of: count('correct_decisions') },
  project: { words: 'project chosen, of 55', digits: 1, tolerance: () => 3, of: count('project_rate') },
  initialRatio: {
    words: 'initial declarations / value',
    digits: 2,
    tolerance: tenth,
    of: played => perRound(played, 'initial_ratio'),
  },
  finalRatio: { words: 'final declarations / value', digits: 2, tolerance: tenth, of: played => perRound(played, 'final_ratio') },
  trades: { words: 'trades per round', digits: 1, tolerance: tenth, of: played => perRound(played, 'trades') },
  rd: { words: 'mispricing RD to the dividend', digits: 2, tolerance: () => 0.05, of: played => perRound(played, 'rd_dividend') },
  developer: { words: 'payoff of the developer, thousands', digits: 0, tolerance: tenth, of: payoffOf('developer') },
  owner: { words: 'payoff of an owner, thousands', digits: 0, tolerance: tenth, of: payoffOf('owner') },
  speculator: { words: 'payoff of a speculator, thousands', digits: 0, tolerance: tenth, of: payoffOf('speculator') },
} as const satisfies Record<string, FigureRule>

/** Arithmetic on the stimuli is exact: half of the last digit it is given with. */
const EXACT: Readonly<Partial<Record<FigureName, number>>> = { efficiency: 0.00005, correct: 0, project: 0 }

/** Counts are means over seeds; a metric of the world is the same whoever's seat is asked. */
const ANYBODY = 0

/** The metric over all rounds at once. */
function pooled({ session, rounds }: Played, metric: string): number {
  return metricOf(metric, session, rounds, ANYBODY)!
}

/** The mean of the metric of each round. */
function perRound({ session, rounds }: Played, metric: string): number {
  const values = rounds.map(round => metricOf(metric, session, [round], ANYBODY)).filter(value => value !== null)
  return mean(values)
}

function payoffOf(role: Role) {
  return ({ session, rounds }: Played): number => {
    const payoffs = rounds.flatMap(round => round.payoffs.filter((_, player) => session.roster.roles[player] === role))
    return mean(payoffs) / 1000
  }
}

const published = JSON.parse(readFileSync(new URL('./study.json', import.meta.url), 'utf8')) as Published

/** Every laboratory session with every seed: a practice round to learn from, then the paid ones. */
function play(lineup: Lineup, treatment: Treatment, seeds: number): Played {
  const sessions: Session[] = []
  for (let number = 1; number <= published.sessions; number++) {
    for (let seed = 0; seed < seeds; seed++) {
      const config = { treatment, session: number, rounds: published.rounds, practice: true }
      sessions.push(sessionOf(playSession(config, seed, ({ role }) => lineup[role as Role]!).log))
    }
  }
  return { session: sessions[0]!, rounds: sessions.flatMap(finishedRounds), seeds }
}

/** One line-up of the table under one treatment. */
export interface Group {
  readonly name: string
  readonly lineup: Lineup
  readonly treatment: Treatment
  readonly figures: Figures
  /** Follows from the stimuli, whatever the seed. */
  readonly exact: boolean
}

export const groups: readonly Group[] = [
  ...published.prototype.map(({ owners, developer, speculators, treatment, figures }) => ({
    name: `${treatment}: ${owners} owners, ${developer} developer${speculators === undefined ? '' : `, ${speculators} speculators`}`,
    lineup: { owner: owners, developer, ...(speculators !== undefined && { speculator: speculators }) },
    treatment,
    figures,
    exact: false,
  })),
  ...published.arithmetic.map(({ bot, treatment, figures }) => ({
    name: `${treatment}: ${bot} in every seat (arithmetic on the stimuli)`,
    lineup: { owner: bot, developer: bot, speculator: bot },
    treatment,
    figures,
    exact: true,
  })),
]

/** Plays a line-up with seeds 0 and on, and sets its figures beside the table's. */
export function judge({ name, lineup, treatment, figures, exact }: Group, seeds: number): StudyRow[] {
  const played = play(lineup, treatment, seeds)
  return (Object.keys(figures) as FigureName[]).map(figure => {
    const { words, digits, tolerance, of }: FigureRule = FIGURES[figure]
    const theirs = figures[figure]!
    return row({
      group: name,
      figure: words,
      kind: 'prototype',
      published: theirs,
      ours: of(played),
      n: played.rounds.length,
      tolerance: exact ? EXACT[figure]! : tolerance(theirs),
      digits,
    })
  })
}

export const spatialPlanningStudy: Study = {
  id: 'spatial-planning',
  title: published.title,
  source: published.source,
  options: { seeds: { type: 'number', description: 'seeds of every laboratory session', default: published.seeds } },
  async run({ options, signal, progress }) {
    const seeds = Number(options.seeds)
    if (!Number.isSafeInteger(seeds) || seeds < 1)
      throw new UserError(`--seeds: expected an integer from 1, got ${options.seeds}.`)
    const rows: StudyRow[] = []
    for (const [done, group] of groups.entries()) {
      signal.throwIfAborted()
      rows.push(...judge(group, seeds))
      progress(done + 1, groups.length)
      // Lets a Ctrl-C in between line-ups.
      await new Promise(resolve => setImmediate(resolve))
    }
    const few =
      seeds < published.seeds
        ? [
            `Played with fewer seeds than the prototype’s ${published.seeds}, for which the tolerances are: some figures fall outside by luck alone.`,
          ]
        : []
    return { rows, notes: [...few, ...NOTES], ok: true }
  },
}

const NOTES: readonly string[] = [
  "This is a regression against a prototype of the same rules and the same scripted players, on the laboratory's stimuli. It says that this economy plays as the prototype did; it says nothing about people: no results of human sessions of this experiment are published.",
  'Documented (the laboratory’s public server, parameters and instructions): rules, endowments, ranges, taxes, tie rules, stimuli. Ours: the turns that stand for 270 seconds of trading, and the scripted players.',
  'Efficiency and counts are taken over all paid rounds at once, counts per seed; ratios, trades and RD are means of the figures of each round; payoffs are means over rounds and players of a role. Every session begins with a practice round, from which the players learn and which does not count.',
  'One of our own differences: in futarchy a turn has three actions for both markets together, so players that quote in both trade a little less there than in the prototype.',
]
