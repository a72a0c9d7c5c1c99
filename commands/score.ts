/** `score`: metrics and judges of one's own, added to finished runs without playing them again. */
import { resolve } from 'node:path'
import { judges, metrics } from '../economies/plugin.ts'
import { environments } from '../economies/registry.ts'
import { UserError } from '../envs/core/errors.ts'
import { readRubric } from '../evals/score/judge.ts'
import {
  type AddedScore,
  chosenScores,
  estimateJudges,
  type JudgeEstimate,
  type ScoreOptions,
  scoreRuns,
} from '../evals/score/score.ts'
import type { Progress } from '../rollouts/progress.ts'
import type { Args, Command, OptionSpecs } from './command.ts'
import { runFolders } from './compare.ts'
import type { ExitCode, Io } from './io.ts'
import { CACHE_OPTION, LIMIT_OPTIONS, MODEL_OPTIONS, readModels } from './models.ts'
import { progressOf } from './telling.ts'
import { block, columns, number, plural, shownPath } from './text.ts'

/** A judge has no seat: what is said of play is no option of it. */
const { history: _history, 'no-tool-call': _silence, persona: _persona, ...ASKING } = MODEL_OPTIONS
const { 'timeout-episode': _timeout, ...LIMITS } = LIMIT_OPTIONS

const OPTIONS: OptionSpecs = {
  metric: { type: 'list', describe: 'name of one metric or judge; may be given several times (all that were imported)' },
  rubric: { type: 'list', describe: 'file of a rubric, which makes a judge; may be given several times' },
  judge: { type: 'string', describe: "player string of the model that judges (a judge's own)" },
  'dry-run': { type: 'boolean', describe: 'count what the judges would be asked, and its cost; nothing is called or written' },
  concurrency: { type: 'string', alias: 'c', describe: 'judgements at once (32)' },
  ...ASKING,
  ...LIMITS,
  ...CACHE_OPTION,
}

export const score: Command = {
  options: OPTIONS,
  examples: [
    ['agoragym score runs --import ./mine.js', 'every metric and judge that the module brings, on every run in ./runs'],
    [
      'agoragym score runs --rubric fairness.md --judge openai:gpt-4.1-mini --dry-run',
      'what a model would be asked that judges by a rubric; without --dry-run it is asked',
    ],
  ],
  async run(args, io): Promise<ExitCode> {
    const runs = runFolders(args, io)
    const options: ScoreOptions = { runs, environments, ...readScores(args, io) }
    if (args.flag('dry-run')) {
      const estimates = estimateJudges(options)
      const shown = estimates.map(estimate => ({ ...estimate, folder: shownPath(estimate.folder, io.cwd) }))
      io.out(args.flag('json') ? `${JSON.stringify({ estimates }, null, 2)}\n` : estimateText(shown, io.columns()))
      return 0
    }
    let progress: Progress | undefined
    const { models } = options
    const { scores, stopped, failed } = await scoreRuns({
      ...options,
      onStart: total => {
        const bar = progressOf(io, { total, unit: 'seats', ...(models !== undefined && { status: () => models.status() }) })
        progress = bar
        return done => bar.set(done)
      },
    }).finally(() => progress?.end())
    for (const reason of stopped) io.err(`${reason}\n`)
    for (const [reason, count] of counted(failed)) io.err(`${plural(count, 'judgement')} failed: ${reason}\n`)
    const left = scores.reduce((sum, { unanswered = 0 }) => sum + unanswered, 0)
    if (left > 0 || stopped.length > 0) io.err('Go on with the same command: what was answered is not asked again.\n')
    if (args.flag('json')) io.out(`${JSON.stringify({ scores }, null, 2)}\n`)
    else io.out(scoresText(scores, io))
    return left > 0 || stopped.length > 0 ? 1 : 0
  },
}

function readScores(args: Args, io: Io): Pick<ScoreOptions, 'metrics' | 'judges' | 'judgePlayer' | 'models' | 'concurrency'> {
  const rubrics = args.list('rubric').map(path => readRubric(resolve(io.cwd, path)))
  const twice = rubrics.find(({ name }, i) => judges.has(name) || rubrics.findIndex(other => other.name === name) < i)
  if (twice !== undefined) throw new UserError(`--rubric: there are two judges called ${twice.name}; rename one of them.`)
  const named = <T>(from: { ids(): string[]; get(id: string): T }): Record<string, T> =>
    Object.fromEntries(from.ids().map(id => [id, from.get(id)]))
  const all = { ...named(judges), ...Object.fromEntries(rubrics.map(({ name, judge }) => [name, judge])) }
  const chosen = chosenScores(args.list('metric'), named(metrics), all)
  const judgePlayer = args.text('judge')
  const concurrency = args.integer('concurrency', 32, 1)
  const judging = Object.keys(chosen.judges).length > 0
  if (judgePlayer !== undefined && !judging)
    throw new UserError('--judge names a model, and nothing here is judged; give a rubric with --rubric.')
  return {
    ...chosen,
    concurrency,
    ...(judging && { models: readModels(args, io, concurrency) }),
    ...(judgePlayer !== undefined && { judgePlayer }),
  }
}

/** Equal lines once, with how often. */
function counted(lines: readonly string[]): Map<string, number> {
  const counts = new Map<string, number>()
  for (const line of lines) counts.set(line, (counts.get(line) ?? 0) + 1)
  return counts
}

function scoresText(scores: readonly AddedScore[], io: Io): string {
  const rows = scores.map(({ name, folder, scored, mean, undefined: none, malformed = 0, unanswered = 0, calls, kept, cost }) => [
    name,
    mean === null ? '–' : number(mean),
    [
      `${scored} scored`,
      ...(none > 0 ? [`${none} undefined`] : []),
      ...(malformed > 0 ? [`${malformed} with an answer that could not be read`] : []),
      ...(unanswered > 0 ? [`${unanswered} unanswered`] : []),
    ].join(', '),
    calls === undefined
      ? ''
      : `${plural(calls, 'call')}${kept! > 0 ? ` (${kept} kept)` : ''}${cost ? `, ${cost.toFixed(4)} USD` : ''}`,
    shownPath(folder, io.cwd),
  ])
  return `${columns([['score', 'mean', 'seats', 'asked', 'run'], ...rows], io.columns())}\n`
}

function estimateText(estimates: readonly JudgeEstimate[], width: number): string {
  if (estimates.length === 0) return `${block('Nothing here is judged by a model: nothing would be called.', width)}\n`
  const rows = estimates.map(({ name, folder, player, kept, calls, prompt_tokens, completion_tokens, cost }) => [
    name,
    `${plural(calls, 'call')}${kept > 0 ? ` (${kept} kept)` : ''}`,
    `${number(prompt_tokens)} + ${number(completion_tokens)} tokens`,
    cost === null ? 'price unknown' : `up to ${cost.toFixed(2)} USD`,
    player,
    folder,
  ])
  const note =
    'Tokens are a quarter of the characters; the length of an answer is assumed (a model that reasons uses more). The cost reads nothing from a cache.'
  return `${columns([['score', 'calls', 'tokens', 'cost', 'model', 'run'], ...rows], width)}\n\n${block(note, width)}\n`
}
