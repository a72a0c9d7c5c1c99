/** `otree-app`: writes an economy as an oTree project whose games `agoragym serve` plays. */
import { readFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { UserError } from '../envs/core/errors.ts'
import { type OtreeAppOptions, otreeApp, writeOtreeApp } from '../serve/otree_app/project.ts'
import type { Args, Command } from './command.ts'
import type { ExitCode, Io } from './io.ts'
import { readModels } from './models.ts'
import { PEOPLE_OPTIONS, readAmount, readHuman } from './people.ts'
import { CONFIG_OPTIONS, readSet, SEAT_OPTIONS } from './setup.ts'
import { shownPath } from './text.ts'

export const otreeAppCommand: Command = {
  options: {
    ...CONFIG_OPTIONS,
    config: { type: 'string', describe: 'JSON file of fields of the configuration; --set comes after it' },
    opponents: SEAT_OPTIONS.opponents!,
    ...PEOPLE_OPTIONS,
    rounds: { type: 'string', describe: 'decisions that the app has room for, and one to close (what silent games need)' },
    out: { type: 'string', describe: 'folder of the project, which must not be there (otree_ENV)' },
  },
  examples: [
    ['agoragym otree-app ENV --out lab --fee 5 --rate 2', 'a project for one person a group; lab/README.md says how to start it'],
    ['agoragym otree-app ENV --human 3 --turn-seconds 60 --out lab', 'three people a group, a minute a turn'],
  ],
  async run(args, io): Promise<ExitCode> {
    const options = readOptions(args, io)
    const folder = resolve(io.cwd, args.text('out') ?? `otree_${options.env}`)
    const app = await otreeApp(options)
    writeOtreeApp(app, folder)
    const { seats, rounds, honest } = app
    if (args.flag('json')) {
      io.out(
        `${JSON.stringify({ folder, app: app.app, files: Object.keys(app.files), seats, rounds, ...(honest !== undefined && { honest }) }, null, 2)}\n`,
      )
      return 0
    }
    const shown = shownPath(folder, io.cwd)
    io.out(
      `${Object.keys(app.files)
        .map(path => `${join(shown, path)}\n`)
        .join('')}\n`,
    )
    io.out(`People sit in ${seats.join(', ')}; ${rounds - 1} decisions a game at most.\n`)
    if ((options.rate ?? 0) === 0) io.out('Nobody is paid for the score yet: set payoff_rate in settings.py, or give --rate.\n')
    if (honest !== undefined) io.out(`Honest play scores ${honest.toFixed(3)} here on average.\n`)
    io.out(`\nNext:\n  npx agoragym serve\n  cd ${shown}\n  pip install -r requirements.txt\n  otree devserver 8001\n`)
    return 0
  },
}

function readOptions(args: Args, io: Io): OtreeAppOptions {
  const [preset, opponents, currency, file] = ['preset', 'opponents', 'currency', 'config'].map(name => args.text(name))
  const config = { ...(file !== undefined && readConfig(resolve(io.cwd, file), file)), ...readSet(args) }
  const human = readHuman(args)
  const [turnSeconds, rate, fee] = ['turn-seconds', 'rate', 'fee'].map(name => readAmount(args, name))
  return {
    env: args.text('ENV')!,
    // Models are seated to see that they fit; none is asked anything here.
    models: readModels(args, io, 1),
    ...(preset !== undefined && { preset }),
    ...(Object.keys(config).length > 0 && { config }),
    ...((typeof human === 'number' || human.length > 0) && { human }),
    ...(opponents !== undefined && { opponents }),
    ...(turnSeconds !== undefined && { turnSeconds }),
    ...(rate !== undefined && { rate }),
    ...(fee !== undefined && { fee }),
    ...(currency !== undefined && { currency }),
    ...(args.text('rounds') !== undefined && { rounds: args.integer('rounds', 0, 2) }),
  }
}

function readConfig(path: string, given: string): object {
  let value: unknown
  try {
    value = JSON.parse(readFileSync(path, 'utf8'))
  } catch (error) {
    throw new UserError(`--config: ${given}: ${(error as Error).message}.`)
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    throw new UserError(`--config: ${given}: expected a JSON object of configuration fields.`)
  return value
}
