/** `view --live`: a game that is played while it is looked at. Knows the options; who plays, and how it is shown, is elsewhere. */
import { picturerOf } from '../economies/economy.ts'
import { economies } from '../economies/registry.ts'
import { UserError } from '../envs/core/errors.ts'
import { planExperiment, rolloutsOf } from '../evals/run_experiment.ts'
import { Live } from '../view/live.ts'
import type { Args, OptionSpecs } from './command.ts'
import { DIALOGUE_OPTION, readSpeaker } from './dialogue.ts'
import type { Io } from './io.ts'
import { LIMIT_OPTIONS, MODEL_OPTIONS, readModels } from './models.ts'
import { CONFIG_OPTIONS, checkOnePlayer, onSeed, PLAYER_OPTION, readExperiment, SEAT_OPTIONS, SEED_OPTION } from './setup.ts'
import { bugsTo } from './telling.ts'

/** What a living game can be told. */
export const LIVE_OPTIONS: OptionSpecs = {
  live: { type: 'string', describe: 'id of an economy: play a game of it that lives in the browser, instead of showing runs' },
  player: { ...PLAYER_OPTION.player!, describe: `of --live: ${PLAYER_OPTION.player!.describe}` },
  seed: { ...SEED_OPTION.seed!, describe: `of --live: ${SEED_OPTION.seed!.describe}` },
  ...SEAT_OPTIONS,
  ...CONFIG_OPTIONS,
  ...MODEL_OPTIONS,
  ...LIMIT_OPTIONS,
  dialogue: {
    ...DIALOGUE_OPTION.dialogue!,
    describe: 'of --live: who speaks the talk that the game grants: template, a model under the ceiling, or none (template)',
  },
}

/** The game that is asked for; undefined where runs are to be shown. A UserError where options of one are given to the other. */
export async function readLive(given: Args, io: Io): Promise<Live | undefined> {
  const id = given.text('live')
  if (id === undefined) {
    const named = Object.keys(LIVE_OPTIONS).find(name => given.list(name).length > 0)
    if (named !== undefined) throw new UserError(`--${named} is of a living game; name its economy with --live.`)
    return undefined
  }
  const economy = economies.get(id)
  const scenery = await economy.scenery?.()
  const preset = given.text('preset') ?? scenery?.preset
  const args = given.with({ ENV: id, ...(preset !== undefined && { preset }) })
  checkOnePlayer(args)
  const models = readModels(args, io, 64)
  const asked = readExperiment(args, { repeats: 1 })
  const specOf = (seed: number) => {
    // Where nobody is named the economy's own players all are: the first of them plays.
    const [spec] = rolloutsOf(planExperiment(onSeed(asked, seed), { economies, folder: io.cwd, models }))
    return spec!
  }
  const spoken = given.text('dialogue') ?? (economy.dialogue === undefined ? 'none' : 'template')
  const speaker = spoken === 'none' ? undefined : await readSpeaker(args.with({ dialogue: spoken }), io, id)
  const seed = args.integer('seed', 0, 0)
  // Whatever is wrong with the players is told here and not in a browser.
  specOf(seed)
  models.prepare()
  return new Live({
    specOf,
    seed,
    picturer: await picturerOf(economy),
    onBug: bugsTo(io),
    ...(scenery !== undefined && { scenery }),
    ...(speaker !== undefined && { speaker }),
  })
}
