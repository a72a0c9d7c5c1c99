/**
 * `mars-colony`: the published tables of the colony's rule substrate beside ours. Ten sessions are printed as they are; what
 * is judged are a hundred others and the ten groups of ten among them, since a mean of ten sessions moves by up to half a
 * published standard deviation from group to group.
 */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { Episode } from '../../envs/core/episode.ts'
import { UserError } from '../../envs/core/errors.ts'
import { mean, sd } from '../../envs/core/sums.ts'
import { sessionTicks } from '../../envs/mars_colony/config.ts'
import { marsColony } from '../../envs/mars_colony/index.ts'
import { runSession, trajectoryHash, trajectoryOf } from '../../envs/mars_colony/session.ts'
import { COLONIST_IDS } from '../../envs/mars_colony/state.ts'
import { row, type Study, type StudyContext, type StudyResult, type StudyRow } from '../../evals/study.ts'
import { makeFolder, replaceFile } from '../../rollouts/disk.ts'
import { readPrices, shippedPrices } from '../../rollouts/models/index.ts'
import { type Dialogue, type DialogueLine, type Grant, grantsOf, renderDialogue } from './dialogue.ts'
import { type SourceOf, sourceOf } from './speaker.ts'

interface Figure {
  readonly group: string
  readonly metric: string
  readonly figure: string
  readonly mean: number
  readonly sd?: number
  readonly digits: number
  /** Must hold in every single session. */
  readonly exact?: boolean
  /** How far a mean may be off, where no standard deviation is published. */
  readonly within?: number
}
interface Published {
  readonly title: string
  readonly source: string
  readonly n: number
  readonly ticks: number
  readonly figures: readonly Figure[]
  readonly dialogue: { readonly callsPerSession: number; readonly microUsdPerCall: number; readonly ceilingMicroUsd: number }
}

const published = JSON.parse(readFileSync(new URL('./study.json', import.meta.url), 'utf8')) as Published

/** Seeds printed as they are, and the first of those that are judged. */
const SHOWN = Array.from({ length: published.n }, (_, seed) => seed)
const FIRST_JUDGED = 2000
const GROUP = 10

/** Published standard deviations that a mean may be off: of a hundred sessions or more, and of fewer. */
const MANY = 100
const GRAND_SDS = 0.5
const GROUP_SDS = 1.5

interface Session {
  readonly seed: number
  readonly metrics: Readonly<Record<string, number | null>>
  readonly trajectory: string
  /** Whether the fast path came to the same trajectory. */
  readonly proven: boolean
  readonly grants: readonly Grant[]
}

/** Plays a session through the contract, and once more on the fast path. No player acts in it, so that it is no rollout of an experiment. */
function play(seed: number): Session {
  const episode = new Episode(marsColony, marsColony.presets['two-layer'], seed)
  while (!episode.over) episode.step({})
  const { log, config } = episode
  const trajectory = trajectoryHash(trajectoryOf(log))
  const { initial_needs } = config
  const fast = trajectoryHash(runSession({ ticks: sessionTicks(config), initial_needs }, seed))
  return {
    seed,
    metrics: marsColony.metrics.of(log, COLONIST_IDS[0]!),
    trajectory,
    proven: fast === trajectory,
    grants: grantsOf(log),
  }
}

function valuesOf(sessions: readonly Session[], { metric }: Figure): number[] {
  return sessions.map(({ metrics }) => metrics[metric]!)
}

/** How far off a mean of so many sessions may be. Unique workers, published without a spread, are judged over many alone. */
function tolerance({ metric, exact, within, sd }: Figure, sessions: number): { readonly tolerance?: number } {
  if (exact === true) return { tolerance: 0 }
  if (sd !== undefined) return { tolerance: sd * (sessions < MANY ? GROUP_SDS : GRAND_SDS) }
  return metric === 'unique_workers' && sessions < MANY ? {} : { tolerance: within! }
}

function compare(group: string, figure: Figure, ours: number, n: number, rest: Partial<StudyRow>): StudyRow {
  const { mean: theirs, sd, digits } = figure
  const spread = sd === undefined ? {} : { publishedSd: sd }
  return row({
    group,
    figure: figure.figure,
    kind: 'published',
    published: theirs,
    ...spread,
    publishedN: published.n,
    ours,
    n,
    digits,
    ...rest,
  })
}

/** Mean ± sd of the sessions, judged or as they are. */
function table(group: string, sessions: readonly Session[], judged: boolean): StudyRow[] {
  return published.figures.map(figure => {
    const values = valuesOf(sessions, figure)
    return compare(group, figure, mean(values), sessions.length, {
      oursSd: sd(values),
      ...(judged ? tolerance(figure, sessions.length) : {}),
    })
  })
}

/** Of each figure the group whose mean is furthest off. */
function furthest(sessions: readonly Session[]): StudyRow[] {
  return published.figures.map(figure => {
    const values = valuesOf(sessions, figure)
    const means = Array.from({ length: values.length / GROUP }, (_, g) => mean(values.slice(g * GROUP, (g + 1) * GROUP)))
    const worst = means.reduce((a, b) => (Math.abs(b - figure.mean) > Math.abs(a - figure.mean) ? b : a))
    return compare(`furthest of ${means.length} groups of ${GROUP}`, figure, worst, GROUP, tolerance(figure, GROUP))
  })
}

/** The published envelope is an upper bound, whatever is said. */
function envelope(sessions: readonly Session[]): StudyRow[] {
  const { callsPerSession, microUsdPerCall, ceilingMicroUsd } = published.dialogue
  const most = (metric: string): number => Math.max(...sessions.map(({ metrics }) => metrics[metric]!))
  const [calls, spent] = [most('dialogue_events'), most('dialogue_micro_usd')]
  const bound = (figure: string, limit: number, ours: number): StudyRow =>
    row({
      group: 'cost envelope (upper bounds)',
      figure,
      kind: 'published',
      published: limit,
      ours,
      n: sessions.length,
      most: limit,
      digits: 0,
    })
  return [
    bound('dialogue events of a session, most', callsPerSession, calls),
    bound('micro-dollars of an event', microUsdPerCall, spent / calls),
    bound('micro-dollars of a session, most', ceilingMicroUsd, spent),
  ]
}

/** Who speaks the granted events; undefined where nobody shall. */
function asked({ options, env = {}, signal }: StudyContext): SourceOf | undefined {
  const name = options.dialogue as string | undefined
  if (name === undefined) return undefined
  const file = options.prices as string | undefined
  const prices = () => ({ ...shippedPrices(), ...(file !== undefined && readPrices(file)) })
  return sourceOf(name, { env, prices, stop: signal })
}

async function run(context: StudyContext): Promise<StudyResult> {
  const { options, out, signal, progress } = context
  const speaks = asked(context)
  const count = Number(options.sessions)
  if (!Number.isSafeInteger(count) || count < GROUP || count % GROUP !== 0)
    throw new UserError(`--sessions: expected a multiple of ${GROUP}, got ${options.sessions}`)
  const total = SHOWN.length + count
  const sessions: Session[] = []
  for (let k = 0; k < total; k++) {
    signal.throwIfAborted()
    sessions.push(play(k < SHOWN.length ? k : FIRST_JUDGED + k - SHOWN.length))
    progress(k + 1, total)
  }
  const shown = sessions.slice(0, SHOWN.length)
  const judged = sessions.slice(SHOWN.length)
  const rows = [
    ...table(`seeds 0 to ${SHOWN.length - 1}, as they are`, shown, false),
    ...table(`mean of ${count} sessions, seeds ${FIRST_JUDGED} to ${FIRST_JUDGED + count - 1}`, judged, true),
    ...furthest(judged),
    ...envelope(sessions),
  ]
  const problems = sessions.flatMap(({ seed, metrics, proven }) => [
    ...(proven ? [] : [`Seed ${seed}: the fast path gave another trajectory than the contract.`]),
    ...published.figures.flatMap(({ exact, metric, figure, mean: theirs }) =>
      exact === true && metrics[metric] !== theirs ? [`Seed ${seed}: ${figure} is ${metrics[metric]}.`] : [],
    ),
  ])
  const spoken = speaks && (await Promise.all(shown.map(({ seed, grants }) => renderDialogue(grants, speaks(seed), { signal }))))
  if (out !== undefined) {
    const text = `${JSON.stringify(fileOf(rows, sessions, spoken), null, 2)}\n`
    makeFolder(out)
    replaceFile(join(out, 'mars_colony.json'), write => write(Buffer.from(text)))
  }
  return { rows, notes: [...problems, ...notes(spoken, options.dialogue as string)], ok: problems.length === 0 }
}

/** What is written: the rows, every session, and what was said in those that were shown. */
function fileOf(rows: readonly StudyRow[], sessions: readonly Session[], spoken: readonly Dialogue[] | undefined) {
  return {
    study: 'mars-colony',
    title: published.title,
    source: published.source,
    env: marsColony.id,
    version: marsColony.version,
    rows,
    sessions: sessions.map(({ seed, metrics, trajectory }, k) => ({
      seed,
      trajectory,
      ...Object.fromEntries(published.figures.map(({ metric }) => [metric, metrics[metric]])),
      dialogue_events: metrics.dialogue_events,
      dialogue_micro_usd: metrics.dialogue_micro_usd,
      ...(spoken?.[k] === undefined ? {} : { dialogue: spoken[k].lines }),
    })),
  }
}

function notes(spoken: readonly Dialogue[] | undefined, speaker: string): string[] {
  const lines: readonly DialogueLine[] | undefined = spoken?.flatMap(({ lines }) => lines)
  const said = lines?.filter(({ status }) => status === 'spoken').length
  const dearest = Math.max(0, ...(spoken ?? []).map(({ ledger }) => ledger.spent_micro_usd))
  return [
    'Documented: colonists, ticks, sites, need decay, the pivot and the bond thresholds, the dialogue limits. Everything else was reconstructed from these same tables, some of it with the first ten seeds in view; the README of the economy lists it.',
    `The published means are of 10 sessions with seeds and a generator that are not known, so no session can be compared with one of theirs. Allowed: ${GRAND_SDS} published standard deviations for a mean of ${MANY} sessions or more and ${GROUP_SDS} for fewer, such as each group of ten; one percentage point for shares; sites and stable needs exactly, in every session.`,
    'Every session was played through the contract, step by step, and again on the fast path; the two trajectories are compared by digest.',
    ...(said === undefined
      ? []
      : [
          `${speaker} spoke ${said} of ${lines!.length} granted events of the sessions shown, after they were played; the dearest session was charged ${dearest} micro-dollars of ${published.dialogue.ceilingMicroUsd}.`,
        ]),
  ]
}

export const marsColonyStudy: Study = {
  id: 'mars-colony',
  title: published.title,
  source: published.source,
  options: {
    sessions: { type: 'number', default: 100, description: 'sessions to judge, a multiple of ten' },
    dialogue: {
      type: 'string',
      description:
        'who speaks the granted dialogue events of the first ten sessions: template, or a model such as openai:MODEL; with --out the lines are written',
    },
    prices: { type: 'string', description: 'price file for that model, read before the shipped one' },
  },
  run,
}
