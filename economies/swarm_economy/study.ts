/**
 * The SWARM Economy, published and ours. Its source is not public, so the economy was rebuilt from what was written about
 * it, and models cannot be asked here: what stands beside a published figure is a scripted learner that calls tools about
 * as often as the model did. Figures of an earlier prototype of the same rules are regression bands for the economy itself.
 */
import { UserError } from '../../envs/core/errors.ts'
import { incoherence } from '../../envs/swarm_economy/incoherence.ts'
import { PROFILE_NAMES } from '../../envs/swarm_economy/profiles.ts'
import { BOT_TYPES, LEARNER } from '../../envs/swarm_economy/state.ts'
import { type FigureKind, row, type Study, type StudyRow } from '../../evals/study.ts'
import { type Data, data, type Figure, PARTS, type Part, type PublishedRow, publishedRuns } from './published.ts'
import { type Cell, FIRST_BY_TYPE, gather, rollout, Sample, scenarios } from './sample.ts'

/** How far a published figure may be from that of a learner that only calls tools as often: a standard deviation and less. */
const PUBLISHED_BAND: Readonly<Partial<Record<string, number>>> = { payoff: 0.1, reputation: 0.04, quality: 0.06, survival: 0 }
/**
 * Where a standard deviation was published the band is two standard errors if that is less. Each scenario was played four times, and
 * repeats of one are alike: as many draws are counted as there were scenarios.
 */
const ERRORS = 2

function publishedBand(figure: string, { sd }: Figure, n: number): number | undefined {
  // No learner sends two calls in a message, as one model in four did.
  if (figure === 'turns') return undefined
  const usual = PUBLISHED_BAND[figure]
  if (sd === undefined) return usual
  return Math.min(usual ?? Number.POSITIVE_INFINITY, (ERRORS * sd) / Math.sqrt(n / PUBLISHED_ROLLOUTS.repeats))
}

const early = (profile: string): boolean => profile === 'v0.1' || profile === 'v0.1-fixed'

/** Regression bands of the reference policies. */
function referenceBand(profile: string, bot: string, part: Part): number {
  if (part === 'reputation' && early(profile)) return 0.005
  return part === 'quality' && bot === 'uniform_calls' ? 0.02 : 0.01
}

/** Regression bands of the learners that are like models. */
function calibratedBand(profile: string, part: string): number | undefined {
  return { payoff: 0.01, reputation: early(profile) ? 0.01 : 0.015, quality: 0.015 }[part]
}

const RESIDENTS_BAND = { reputation: 0.3, submissions: 0.1 }

/**
 * Rollouts of a reference policy, of a learner that is like a model, and of the one beside which the bots are judged (a
 * deceptive one sits in a third of its scenarios): enough to tell a changed rule from luck.
 */
const ROLLOUTS = { reference: 600, calibrated: 2000, residents: 4000 }
/** Scenarios and repeats of the published evaluations, for what compares repeats. */
const PUBLISHED_ROLLOUTS = { scenarios: 20, repeats: 4 }

/** Kinds of figures that judge, in the order in which they are asked. */
const KINDS: readonly string[] = ['published', 'prototype'] satisfies FigureKind[]

const named = ({ bot, profile, difficulty }: Cell): string =>
  `${bot}, ${profile}${difficulty === 'medium' ? '' : `, ${difficulty}`}`

function usualRollouts({ bot, profile }: Cell): number {
  const { residents, reference } = data
  if (bot === residents.bot && profile === residents.profile) return ROLLOUTS.residents
  return bot in reference.policies ? ROLLOUTS.reference : ROLLOUTS.calibrated
}

/** Plays a cell and adds up its figures. */
async function play(cell: Cell, count: number, signal: AbortSignal): Promise<Sample> {
  const sample = new Sample()
  for (const [i, scenario] of scenarios(cell, count).entries()) {
    // Lets an interrupt through.
    if (i % 100 === 0) await new Promise(resolve => setImmediate(resolve))
    signal.throwIfAborted()
    gather(sample, rollout(cell.bot, scenario))
  }
  return sample
}

/** A row of ours beside a figure. */
function beside(
  sample: Sample,
  name: string,
  fields: Pick<StudyRow, 'group' | 'kind' | 'published'> &
    Partial<Pick<StudyRow, 'figure' | 'publishedSd' | 'publishedN' | 'digits'>>,
  tolerance?: number,
): StudyRow {
  return row({
    figure: name,
    ours: sample.mean(name),
    oursSd: sample.sd(name),
    n: sample.n,
    ...fields,
    ...(tolerance !== undefined && { tolerance }),
  })
}

function publishedRows(
  { model, profile, difficulty, n, source, scores, calls = {}, stops = {}, like }: Omit<PublishedRow, 'difficulty'> & Cell,
  sample: Sample,
): StudyRow[] {
  const group = `${model}, ${profile}, ${difficulty} [${source.join(', ')}], beside bot:${like}`
  const figure = (name: string, known: Figure): StudyRow =>
    beside(
      sample,
      name,
      {
        group,
        kind: 'published',
        published: known.mean,
        publishedN: n,
        ...(known.sd !== undefined && { publishedSd: known.sd }),
      },
      publishedBand(name, known, n),
    )
  return [
    ...Object.entries(scores).map(([part, known]) => figure(part, known)),
    ...Object.entries(stops).map(([stop, mean]) => figure(stop, { mean })),
    ...Object.entries(calls)
      .filter(([tool]) => tool !== 'total')
      .map(([tool, known]) => ({ ...figure(tool, known), digits: 2 })),
  ]
}

function referenceRows(bot: string, profile: string, sample: Sample): StudyRow[] {
  const known = data.reference.policies[bot]![profile]!
  const group = `Reference policy bot:${bot}, ${profile}, medium`
  const fields = { group, kind: 'prototype', publishedN: data.reference.n } as const
  return [
    ...PARTS.map(part => beside(sample, part, { ...fields, published: known[part] }, referenceBand(profile, bot, part))),
    ...(known.survival === undefined ? [] : [beside(sample, 'survival', { ...fields, published: known.survival })]),
  ]
}

function calibratedRows(
  { bot, profile, difficulty, n, scores, calls = {}, turns }: Data['calibrated'][number],
  sample: Sample,
): StudyRow[] {
  const fields = { group: `Calibrated learner bot:${bot}, ${profile}, ${difficulty}`, kind: 'prototype', publishedN: n } as const
  return [
    ...Object.entries(scores).map(([part, [mean]]) =>
      beside(sample, part, { ...fields, published: mean }, calibratedBand(profile, part)),
    ),
    ...Object.entries(calls).map(([tool, mean]) => beside(sample, tool, { ...fields, published: mean, digits: 2 })),
    ...(turns === undefined ? [] : [beside(sample, 'turns', { ...fields, published: turns, digits: 1 })]),
  ]
}

/** How the bots of a profile stand at the end beside a worker, and how often they accept, reject and exploit. */
function residentRows(profile: string, sample: Sample): StudyRow[] {
  const { residents } = data
  return BOT_TYPES.flatMap(type => {
    const group = `Bots beside bot:${residents.bot}, ${profile}, medium: counts a bot and rollout`
    const known = profile === residents.profile ? residents[type] : undefined
    const judged = (part: 'reputation' | 'submissions'): StudyRow =>
      beside(
        sample,
        `${type} ${part}`,
        { group, kind: 'prototype', published: known?.[part] ?? null, ...(known && { publishedN: residents.n }), digits: 2 },
        known && RESIDENTS_BAND[part],
      )
    const told = ['accepts', 'rejects', ...(type === 'deceptive' ? ['extractions', 'poor work'] : [])].map(what =>
      beside(sample, `${type} ${what}`, { group, kind: 'prototype', published: null, digits: 2 }),
    )
    return [judged('reputation'), judged('submissions'), ...told]
  })
}

function differenceRows(hard: Sample, medium: Sample): StudyRow[] {
  const { bot, prototype, published } = data.hard_less_medium
  return (['payoff', 'reputation'] as const).flatMap(part => {
    const ours = hard.mean(part) - medium.mean(part)
    const common = { figure: part, ours, n: hard.n, group: `Hard less medium, v0.2, bot:${bot}` }
    return [
      row({ ...common, kind: 'prototype', published: prototype[part]! }),
      row({ ...common, kind: 'published', published: published[part], figure: `${part}, ${published.model}` }),
    ]
  })
}

/** How far repeats of a scenario disagree: published evaluations play each four times and do not tell. */
function incoherenceRows(cell: Cell): StudyRow[] {
  const sample = new Sample()
  for (const scenario of scenarios(cell, PUBLISHED_ROLLOUTS.scenarios)) {
    const logs = Array.from({ length: PUBLISHED_ROLLOUTS.repeats }, (_, repeat) => rollout(cell.bot, scenario, repeat))
    const { disagreement, illusion } = incoherence(logs, LEARNER)
    sample.n++
    sample.add('disagreement', disagreement)
    sample.add('illusion', illusion)
  }
  const group = `Repeats of ${named(cell)}: ${PUBLISHED_ROLLOUTS.scenarios} scenarios, ${PUBLISHED_ROLLOUTS.repeats} each`
  return ['disagreement', 'illusion'].map(name => beside(sample, name, { group, kind: 'prototype', published: null }))
}

export const swarmStudy: Study = {
  id: 'swarm-economy',
  title: 'The SWARM Economy: published evaluations, scripted learners, and how the bots behave',
  source: Object.entries(data.sources)
    .map(([key, source]) => `[${key}] ${source}`)
    .join('; '),
  published: publishedRuns(),
  options: {
    profile: { description: `only this profile: ${PROFILE_NAMES.join(', ')}`, type: 'string' },
    rollouts: {
      description: `rollouts of each learner, instead of ${ROLLOUTS.reference} of a reference policy and ${ROLLOUTS.calibrated} of a calibrated learner`,
      type: 'number',
    },
    kind: { description: `only rows that are judged by figures of this kind: ${KINDS.join(', ')}`, type: 'string' },
    learners: { description: 'only these scripted learners, by name, with commas between', type: 'string' },
  },
  async run({ options, signal, progress }) {
    const only = options.profile as string | undefined
    const kind = options.kind as string | undefined
    const learners = (options.learners as string | undefined)?.split(',')
    const rollouts = options.rollouts as number | undefined
    const profiles = [...new Set([...data.published, ...data.calibrated].map(({ profile }) => profile))]
    if (only !== undefined && !profiles.includes(only))
      throw new UserError(`--profile: no figures of '${only.slice(0, 64)}'. Profiles with figures: ${profiles.join(', ')}.`)
    if (rollouts !== undefined && !(Number.isSafeInteger(rollouts) && rollouts > 0))
      throw new UserError(`--rollouts: expected an integer from 1, got ${rollouts}.`)
    if (kind !== undefined && !KINDS.includes(kind))
      throw new UserError(`--kind: no figures of the kind '${kind.slice(0, 64)}'. Kinds: ${KINDS.join(', ')}.`)
    const known = [...Object.keys(data.reference.policies), ...new Set(data.calibrated.map(({ bot }) => bot))]
    const unknown = learners?.find(bot => !known.includes(bot))
    if (unknown !== undefined)
      throw new UserError(`--learners: no figures of '${unknown.slice(0, 64)}'. Learners with figures: ${known.join(', ')}.`)
    const wanted = <T extends { readonly profile: string; readonly bot?: string | undefined }>(list: readonly T[]): T[] =>
      list.filter(
        ({ profile, bot }) =>
          (only === undefined || profile === only) && (learners === undefined || bot === undefined || learners.includes(bot)),
      )
    const published = wanted(
      data.published.flatMap(row =>
        row.like === undefined ? [] : [{ ...row, bot: row.like, difficulty: row.difficulty ?? 'medium' }],
      ),
    )

    const references = wanted(
      Object.entries(data.reference.policies).flatMap(([bot, byProfile]) =>
        Object.keys(byProfile).map(profile => ({ bot, profile, difficulty: 'medium' })),
      ),
    )
    const calibrated = wanted(data.calibrated)
    const { hard_less_medium } = data
    // Nothing is judged by a difference of difficulties, nor by how far repeats disagree.
    const hard = kind === undefined ? wanted([{ ...hard_less_medium, difficulty: 'hard' }]) : []
    const repeated = kind === undefined ? calibrated.filter(({ difficulty }) => difficulty === 'medium') : []
    const [besidePublished, besidePrototype] = KINDS.map(one => kind === undefined || kind === one)
    const cells = new Map<string, Cell>(
      [...(besidePublished ? published : []), ...(besidePrototype ? [...references, ...calibrated] : []), ...hard].map(cell => [
        named(cell),
        cell,
      ]),
    )
    const samples = new Map<string, Sample>()
    for (const [name, cell] of cells) {
      progress(samples.size, cells.size)
      samples.set(name, await play(cell, rollouts ?? usualRollouts(cell), signal))
    }
    progress(cells.size, cells.size)
    const sampleOf = (cell: Cell): Sample => samples.get(named(cell))!

    const rows = [
      ...(besidePublished ? published.flatMap(row => publishedRows(row, sampleOf(row))) : []),
      ...(besidePrototype ? calibrated.flatMap(known => calibratedRows(known, sampleOf(known))) : []),
      ...hard.flatMap(cell => differenceRows(sampleOf(cell), sampleOf({ ...cell, difficulty: 'medium' }))),
      ...(besidePrototype ? references.flatMap(cell => referenceRows(cell.bot, cell.profile, sampleOf(cell))) : []),
      ...(besidePrototype
        ? references.filter(({ bot }) => bot === data.residents.bot).flatMap(cell => residentRows(cell.profile, sampleOf(cell)))
        : []),
      ...repeated.flatMap(incoherenceRows),
    ]
    return { rows, notes: NOTES, ok: true }
  },
}

const NOTES = [
  'Published: figures of models that are not asked here. What stands beside them is a scripted learner whose calls were matched to the published counts; agreement says that the economy pays the same behaviour alike, not that a model was run again. Bands: payoff ± 0.1, reputation ± 0.04, quality ± 0.06, survival exactly, and where a standard deviation was published two standard errors, with as many draws as there were scenarios, if that is less; other published figures are printed for comparison.',
  'Prototype: figures of an earlier implementation of the same reconstructed rules. They are regression bands, narrow enough that a changed rule (no audits, no tax, worse bots, a last turn that is executed) falls outside one.',
  `bot:${FIRST_BY_TYPE} is played in scenarios whose first bot is of the mix's first type, as in the prototype, whose ids told the types; in all scenarios its payoff is about 0.015 lower.`,
  'Documented: clock, tools, scores of submissions, taxes, decay, breaker, the bots in words, weights of the reward. Deduced from published figures: bounties, payoff scale, weights of the early scores, what counts as a success, the unexecuted last turn. Reconstructed: trade scores, audit outcomes, probabilities of the bots, difficulty ranges. envs/swarm_economy/README.md tells which is which.',
  'Published rows without a scripted learner (GPT-5-nano in v0.1, the RL runs step by step, single rollouts) are in economies/swarm_economy/study.json with their sources, to stand beside any model.',
]
