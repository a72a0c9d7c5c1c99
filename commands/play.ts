/** `play`: one episode, turn by turn. */
import { economies } from '../economies/registry.ts'
import type { AnyTypes } from '../envs/core/environment.ts'
import type { LogRecord } from '../envs/core/log.ts'
import { oneLine } from '../envs/core/text.ts'
import { planExperiment } from '../evals/run_experiment.ts'
import { stepText } from '../evals/step_text.ts'
import { lineupOf } from '../rollouts/lineup.ts'
import { atTerminal } from '../rollouts/players/human.ts'
import { openTerminal } from '../rollouts/players/terminal.ts'
import { type Lineup, runRollout } from '../rollouts/rollout.ts'
import type { Command } from './command.ts'
import { DIALOGUE_OPTION, readSpeaker } from './dialogue.ts'
import { LIMIT_OPTIONS, MODEL_OPTIONS, readModels } from './models.ts'
import { CONFIG_OPTIONS, readExperiment, SEAT_OPTIONS } from './setup.ts'
import { block, figureTable, number, plural } from './text.ts'

export const play: Command = {
  options: {
    player: { type: 'string', describe: "who takes the evaluated seat (the economy's first scripted player)" },
    ...SEAT_OPTIONS,
    seed: { type: 'string', describe: 'the world (0)' },
    ...CONFIG_OPTIONS,
    ...MODEL_OPTIONS,
    ...LIMIT_OPTIONS,
    ...DIALOGUE_OPTION,
  },
  examples: [
    ['agoragym play ENV --seat agent_0=human', 'play yourself; tools are a menu'],
    ['agoragym play ENV --seed 7 --json', 'the log as one line of JSON, which `agoragym replay` accepts'],
  ],
  async run(args, io) {
    const models = readModels(args, io, 64)
    const speaker = await readSpeaker(args, io, args.text('ENV')!)
    const { terminal, close } = openTerminal({
      input: () => io.stdin,
      write: io.out,
      wrap: (text, hang) => block(text, io.columns(), 0, hang),
      echoes: io.isTTY.in,
      signal: io.signal,
    })
    try {
      const [planned] = planExperiment(readExperiment(args, { repeats: 1 }), {
        economies,
        folder: io.cwd,
        people: atTerminal(terminal),
        models,
      })
      const { env, config, seat } = planned!.plans[0]!
      models.prepare()
      const seed = args.integer('seed', 0, 0)
      const seated = seat(config)
      const { evaluated } = seated
      const lineup = lineupOf(seated, seed)
      // Who plays must not be shown what the others decided.
      const quiet = args.flag('json') || hasHuman(lineup)
      let shown = 0
      const show = (record: LogRecord<AnyTypes>): void => {
        if (!quiet && record.t === shown) io.out(`${stepText(record, io.columns())}\n`)
        shown = record.t + 1
      }
      const result = await runRollout(
        { env, config, seed, repeat: 0, lineup, evaluated, example: seed },
        { signal: io.signal, onStep: (_log, record) => show(record) },
      )
      if (!result.ok) {
        io.err(`${result.agent} failed in step ${result.t} (${result.error.code}): ${oneLine(result.error.message)}\n`)
        return 1
      }
      const { key, log, scores } = result
      const spoken = await speaker?.speak(log, io.signal)
      if (args.flag('json')) {
        io.out(`${JSON.stringify({ key, ...log })}\n`)
        for (const line of spoken?.lines ?? []) io.err(`${JSON.stringify(line)}\n`)
        return 0
      }
      for (const record of log.steps.slice(shown)) show(record)
      for (const line of spoken?.told ?? []) io.out(`${block(oneLine(line), io.columns(), 0, 2)}\n`)
      if (spoken !== undefined) io.out(`${block(`${spoken.summary}.`, io.columns())}\n`)
      io.out(`${block(`The game is over after ${plural(log.steps.length, 'step')}: ${log.stop}.`, io.columns())}\n\n`)
      io.out(`${scoreTable(scores, lineup, io.columns())}\n`)
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

function hasHuman(lineup: Lineup): boolean {
  return Object.values(lineup).some(({ kind }) => kind === 'human')
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
