/** `render`: a picture of a game after so many steps, as SVG, PNG or words. */
import { resolve } from 'node:path'
import { picturerOf } from '../economies/economy.ts'
import { momentAt } from '../economies/picture.ts'
import { economies } from '../economies/registry.ts'
import { writePicture } from '../view/file.ts'
import { findLog } from '../view/logs.ts'
import type { Theme } from '../view/themes.ts'
import { pictureWords } from '../view/words.ts'
import { type Args, type Command, integer } from './command.ts'
import type { ExitCode } from './io.ts'
import { shownPath } from './text.ts'

const THEMES = ['light', 'dark'] as const satisfies readonly Theme[]

export const render: Command = {
  options: {
    step: { type: 'string', describe: 'steps played when the picture is taken; 0 the beginning, -1 the end (-1)' },
    seed: { type: 'string', describe: 'the game of that seed (the first there is)' },
    repeat: { type: 'string', describe: 'which repeat of it' },
    key: { type: 'string', describe: 'the game of that key, as the files of a run name it' },
    out: { type: 'string', describe: 'file to write, .svg or .png (./ENV--seedS--stepN.svg)' },
    theme: { type: 'string', describe: `${THEMES.join(' or ')} (light)` },
    width: { type: 'string', describe: 'pixels, from 320; two columns from 720 on (960)' },
    words: { type: 'boolean', describe: 'say what is in the picture, and write none' },
  },
  examples: [
    ['agoragym render runs --seed 3 --step 12', 'draws the twelfth step of the game of seed 3'],
    ['agoragym render runs --step 0 --words', 'says how a game begins'],
  ],
  async run(args, io): Promise<ExitCode> {
    const named = args.text('LOG')!
    const log = findLog(resolve(io.cwd, named), wanted(args), named)
    const economy = economies.get(log.header.env)
    const moment = momentAt(economy.env, log, stepOf(args.text('step') ?? '-1'))
    const picture = (await picturerOf(economy))(moment)
    if (args.flag('words')) {
      io.out(args.flag('json') ? `${JSON.stringify(picture, null, 2)}\n` : `${pictureWords(picture)}\n`)
      return 0
    }
    const out = args.text('out') ?? `${log.header.env}--seed${log.header.seed}--step${moment.t}.svg`
    const path = resolve(io.cwd, out)
    const options = { theme: args.choice('theme', THEMES) ?? 'light', width: args.integer('width', 960, 320) }
    const bytes = await writePicture(picture, path, options, `--out ${out}`)
    const shown = shownPath(path, io.cwd)
    if (args.flag('json'))
      io.out(`${JSON.stringify({ path: shown, env: log.header.env, key: log.key, step: moment.t, bytes }, null, 2)}\n`)
    else io.out(`${shown}: ${picture.title}\n`)
    return 0
  },
}

function wanted(args: Args) {
  const [key, seed, repeat] = [args.text('key'), args.text('seed'), args.text('repeat')]
  return {
    ...(key !== undefined && { key }),
    ...(seed !== undefined && { seed: integer(seed, '--seed', 0) }),
    ...(repeat !== undefined && { repeat: integer(repeat, '--repeat', 0) }),
  }
}

function stepOf(text: string): number {
  return integer(text, '--step', Number.MIN_SAFE_INTEGER)
}
