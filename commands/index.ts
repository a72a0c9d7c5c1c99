/** The commands, in the order that help lists them. */
import { audit } from './audit.ts'
import { bench } from './bench.ts'
import type { Command } from './command.ts'
import { compare } from './compare.ts'
import { describe } from './describe.ts'
import { envs } from './envs.ts'
import { evalCommand } from './eval.ts'
import { exportCommand } from './export.ts'
import { labExport } from './lab_export.ts'
import { newCommand } from './new.ts'
import { play } from './play.ts'
import { replay } from './replay.ts'
import { replicate } from './replicate.ts'
import { report } from './report.ts'
import { rollouts } from './rollouts.ts'
import { runs } from './runs.ts'
import { scenarios } from './scenarios.ts'
import { score } from './score.ts'
import { serve } from './serve.ts'
import { start } from './start.ts'
import { tournament } from './tournament.ts'

export const commands: readonly Command[] = [
  start,
  envs,
  describe,
  scenarios,
  play,
  evalCommand,
  tournament,
  rollouts,
  runs,
  score,
  compare,
  report,
  exportCommand,
  labExport,
  replay,
  replicate,
  serve,
  audit,
  bench,
  newCommand,
]
