/** `--dialogue`: words for the talk that episodes granted, found after they were played. */
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import type { Speaker, Spoken } from '../economies/dialogue.ts'
import { economies } from '../economies/registry.ts'
import { finishedRollouts } from '../economies/run_export.ts'
import { UserError } from '../envs/core/errors.ts'
import { writeFiles } from '../rollouts/disk.ts'
import type { Args, OptionSpecs } from './command.ts'
import type { Io } from './io.ts'
import { pricesOf } from './models.ts'
import { block } from './text.ts'

export const DIALOGUE_OPTION: OptionSpecs = {
  dialogue: {
    type: 'string',
    describe: 'who speaks the talk that episodes granted, once they are over: template, or a model under the ceiling (nobody)',
  },
}

/** Who speaks in an economy; undefined where nobody shall. A UserError where the economy grants no talk. */
export async function readSpeaker(args: Args, io: Io, id: string): Promise<Speaker | undefined> {
  const name = args.text('dialogue')
  if (name === undefined) return undefined
  const { dialogue } = economies.get(id)
  if (dialogue === undefined) {
    const having = economies.list().flatMap(({ env, dialogue }) => (dialogue === undefined ? [] : [env.id]))
    throw new UserError(`--dialogue: only ${having.join(', ') || 'no economy'} grants talk that is spoken afterwards, not ${id}.`)
  }
  return (await dialogue()).speaker(name, {
    env: io.env,
    keyVariables: args.list('api-key-var'),
    prices: pricesOf(args, io),
    stop: io.signal,
  })
}

/** Speaks for every finished rollout of a run, into dialogue/KEY.jsonl of its folder; what was spoken before stays. */
export async function speakRun(run: string, speaker: Speaker, io: Io): Promise<void> {
  const folder = join(run, 'dialogue')
  for (const { key, log } of finishedRollouts(run)) {
    if (existsSync(join(folder, `${key}.jsonl`))) continue
    io.signal.throwIfAborted()
    const spoken = await speaker.speak(log, io.signal)
    keepSpoken(run, key, spoken)
    io.err(`${block(`${key}: ${spoken.summary}`, io.columns())}\n`)
  }
}

/** Writes what was spoken in a rollout into its run's folder. */
export function keepSpoken(run: string, key: string, { lines }: Spoken): void {
  writeFiles(join(run, 'dialogue'), { [`${key}.jsonl`]: lines.map(line => `${JSON.stringify(line)}\n`).join('') })
}
