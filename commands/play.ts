/** `play`: one episode, turn by turn. */
import { resolve } from 'node:path'
import { picturerOf } from '../economies/economy.ts'
import { Following, type Picturer } from '../economies/picture.ts'
import { economies } from '../economies/registry.ts'
import type { AnyTypes } from '../envs/core/environment.ts'
import { UserError } from '../envs/core/errors.ts'
import type { EpisodeLog } from '../envs/core/log.ts'
import { oneLine } from '../envs/core/text.ts'
import type { Experiment } from '../evals/experiment.ts'
import { planExperiment, rolloutsOf } from '../evals/run_experiment.ts'
import { stepText } from '../evals/step_text.ts'
import type { People } from '../rollouts/player.ts'
import { type Lineup, type RolloutSpec, rolloutKey } from '../rollouts/rollout.ts'
import { runRollout } from '../rollouts/run_rollout.ts'
import { openRollout } from '../rollouts/store.ts'
import { NARROWEST, pictureText } from '../view/terminal.ts'
import type { Args, Command } from './command.ts'
import { DIALOGUE_OPTION, keepSpoken, readSpeaker } from './dialogue.ts'
import { COMPRESS_OPTION, evaluate } from './evaluate.ts'
import type { Io } from './io.ts'
import { LIMIT_OPTIONS, MODEL_OPTIONS, readModels } from './models.ts'
import { openPerson } from './person.ts'
import { CONFIG_OPTIONS, checkOnePlayer, onSeed, PLAYER_OPTION, readExperiment, SEAT_OPTIONS, SEED_OPTION } from './setup.ts'
import { block, figureTable, number, plural, shownPath } from './text.ts'

/** A game that was played, and the folder it was saved in. */
interface Played {
  readonly log: EpisodeLog<AnyTypes>
  readonly run?: string
}

/** Hears of the game after each of its steps, as far as it has come. */
type Watching = (log: EpisodeLog<AnyTypes>) => void

export const play: Command = {
  options: {
    ...PLAYER_OPTION,
    ...SEAT_OPTIONS,
    ...SEED_OPTION,
    ...CONFIG_OPTIONS,
    picture: { type: 'boolean', describe: 'also draw the game after every step; not where a person plays, who must not see it' },
    out: { type: 'string', describe: "save the game as a run of one rollout in this folder for runs' folders (not saved)" },
    ...COMPRESS_OPTION,
    resume: {
      type: 'boolean',
      describe:
        'with --out: tell a game that was saved, or begin one anew that was left; what models answered is not asked again',
    },
    ...MODEL_OPTIONS,
    ...LIMIT_OPTIONS,
    ...DIALOGUE_OPTION,
  },
  examples: [
    ['agoragym play ENV --seat agent_0=human', 'play yourself; tools are a menu'],
    ['agoragym play ENV --player human --out runs/me', 'play yourself, and keep the game beside those of bots and models'],
    ['agoragym play ENV --picture', 'watch a bot, with a picture of every step'],
    ['agoragym play ENV --seed 7 --json', 'the log as one line of JSON, which `agoragym replay` accepts'],
  ],
  async run(args, io) {
    const out = args.text('out')
    if (out === undefined && args.flag('resume')) throw new UserError('--resume goes on with a saved game; say where with --out.')
    const models = readModels(args, io, 64)
    const speaker = await readSpeaker(args, io, args.text('ENV')!)
    const { people, close } = openPerson(args, io, { saved: out !== undefined })
    try {
      const { asked, spec } = oneGame(args, io, people, models)
      const { env, lineup } = spec
      const watching = await watch(args, io, spec)
      const played =
        out === undefined
          ? await unsaved(spec, watching, io, () => models.prepare())
          : await saved(asked, { spec, out: resolve(io.cwd, out), watching, people, models }, args, io)
      if (played === undefined) return 1
      const { log, run } = played
      const key = rolloutKey(spec)
      const spoken = await speaker?.speak(log, io.signal)
      if (run !== undefined && spoken !== undefined) keepSpoken(run, key, spoken)
      if (args.flag('json')) {
        io.out(`${JSON.stringify({ key, ...log })}\n`)
        for (const line of spoken?.lines ?? []) io.err(`${JSON.stringify(line)}\n`)
        return 0
      }
      watching(log)
      for (const line of spoken?.told ?? []) io.out(`${block(oneLine(line), io.columns(), 0, 2)}\n`)
      if (spoken !== undefined) io.out(`${block(`${spoken.summary}.`, io.columns())}\n`)
      io.out(`${block(`The game is over after ${plural(log.steps.length, 'step')}: ${log.stop}.`, io.columns())}\n\n`)
      io.out(`${scoreTable(env.score(log), lineup, io.columns())}\n`)
      if (run !== undefined) io.out(`${shownPath(run, io.cwd)}\n`)
      return 0
    } catch (error) {
      if (!io.signal.aborted) throw error
      io.err('Stopped.\n')
      return 1
    } finally {
      close()
    }
  },
}

/** The one game that is asked for, as an experiment too: what an evaluation of that player and seed would play. */
function oneGame(args: Args, io: Io, people: People, models: ReturnType<typeof readModels>) {
  checkOnePlayer(args)
  const seed = args.integer('seed', 0, 0)
  const given = readExperiment(args, { repeats: 1 })
  const planned = (experiment: Experiment) => planExperiment(experiment, { economies, folder: io.cwd, people, models })
  const all = onSeed(given, seed)
  // Where nobody is named the economy's own players all are: the first of them plays.
  const asked =
    planned(all)[0]!.plans.length === 1
      ? all
      : onSeed(given, seed, { players: economies.get(args.text('ENV')!).players.slice(0, 1) })
  const [spec] = rolloutsOf(planned(asked))
  return { asked, spec: spec! }
}

/** Shows the steps of a game as they come; nothing where a document is printed, or a person plays: others' decisions are not for it. */
async function watch(args: Args, io: Io, { env, lineup }: RolloutSpec): Promise<Watching> {
  const person = Object.entries(lineup).find(([, { kind }]) => kind === 'human')
  if (args.flag('picture') && person !== undefined)
    throw new UserError(
      `--picture: a picture shows what seats hide from each other, and a person plays ${person[0]}; save the game with --out and look at it afterwards with agoragym view or render.`,
    )
  if (args.flag('picture') && args.flag('json')) throw new UserError('--picture and --json exclude each other.')
  if (args.flag('json') || person !== undefined) return () => {}
  const picturer = args.flag('picture') ? await picturerOf(economies.get(env.id)) : undefined
  let shown = 0
  let following: Following | undefined
  return log => {
    if (picturer !== undefined && following === undefined) {
      following = new Following(env, log)
      draw(io, picturer, following)
    }
    for (const record of log.steps.slice(shown)) {
      io.out(`${stepText(record, io.columns())}\n`)
      shown++
      if (picturer !== undefined && following!.next() !== undefined) draw(io, picturer, following!)
    }
  }
}

function draw(io: Io, picturer: Picturer, { moment }: Following): void {
  io.out(`\n${pictureText(picturer(moment), Math.max(NARROWEST, io.columns()))}\n\n`)
}

/** Plays a game for its own sake; undefined where it failed, which was told. */
async function unsaved(spec: RolloutSpec, watching: Watching, io: Io, prepare: () => void): Promise<Played | undefined> {
  prepare()
  const result = await runRollout(spec, { signal: io.signal, onStep: watching })
  if (result.ok) return { log: result.log }
  io.err(`${result.agent} failed in step ${result.t} (${result.error.code}): ${oneLine(result.error.message)}\n`)
  return undefined
}

interface Saving {
  readonly spec: RolloutSpec
  readonly out: string
  readonly watching: Watching
  readonly people: People
  readonly models: ReturnType<typeof readModels>
}

/** Plays a game as a run of one rollout, or takes it from the run where it is; undefined where it was left or failed, which was told. */
async function saved(
  asked: Experiment,
  { spec, out, watching, people, models }: Saving,
  args: Args,
  io: Io,
): Promise<Played | undefined> {
  const { runs } = await evaluate(
    asked,
    {
      out,
      people,
      models,
      concurrency: 1,
      resume: args.flag('resume'),
      // There is one game: who goes on with it wants it played.
      retryErrors: args.flag('resume'),
      drawn: false,
      onStep: (_spec, log) => watching(log),
    },
    args,
    io,
  )
  const [run] = runs
  const found = run && openRollout(run.folder, rolloutKey(spec))
  if (found === undefined) return undefined
  const { header, steps, stop } = found.log()
  return { log: { header, steps, stop }, run: run!.folder }
}

function scoreTable(
  scores: Readonly<Record<string, Readonly<Record<string, number | null>>>>,
  lineup: Lineup,
  width: number,
): string {
  const seats = Object.keys(scores)
  const parts = [...new Set(seats.flatMap(seat => Object.keys(scores[seat]!)))]
  return figureTable(
    seats,
    [
      { label: 'player', cells: seats.map(seat => lineup[seat]?.name ?? 'resident') },
      ...parts.map(part => ({ label: part, cells: seats.map(seat => figure(scores[seat]![part])) })),
    ],
    width,
  )
}

function figure(value: number | null | undefined): string {
  return value === null || value === undefined ? '–' : number(value)
}
