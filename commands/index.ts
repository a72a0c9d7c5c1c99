/** The commands, in the order that help lists them. */
import { bench } from './bench.ts'
import type { Command } from './command.ts'
import { compare } from './compare.ts'
import { describe } from './describe.ts'
import { envs } from './envs.ts'
import { evalCommand } from './eval.ts'
import { play } from './play.ts'
import { replay } from './replay.ts'
import { replicate } from './replicate.ts'
import { runs } from './runs.ts'
import { start } from './start.ts'
import { tournament } from './tournament.ts'

export const commands: readonly Command[] = [
  start,
  envs,
  describe,
  play,
  evalCommand,
  tournament,
  runs,
  compare,
  replay,
  replicate,
  bench,
]
