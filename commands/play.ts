/** `play`: one episode, turn by turn. */
import { createInterface } from 'node:readline'
import { economies } from '../economies/registry.ts'
import type { AnyTypes } from '../envs/core/environment.ts'
import type { LogRecord } from '../envs/core/log.ts'
import { short } from '../envs/core/plain.ts'
import { oneLine } from '../envs/core/text.ts'
import { planExperiment } from '../evals/run_experiment.ts'
import { lineupOf } from '../rollouts/lineup.ts'
import { callText, type Terminal } from '../rollouts/players/human.ts'
import { type Lineup, runRollout } from '../rollouts/rollout.ts'
import type { Command } from './command.ts'
import type { Io } from './io.ts'
import { LIMIT_OPTIONS, MODEL_OPTIONS, readModels } from './models.ts'
import { CONFIG_OPTIONS, readExperiment, SEAT_OPTIONS } from './setup.ts'
import { block, figureTable, number, plural } from './text.ts'

export const play: Command = {
  name: 'play',
  positionals: { ENV: 'id of an economy; `agoragym envs` lists them' },
  describe: 'Watch one episode turn by turn, or play in it.',
  options: {
    player: { type: 'string', describe: "who takes the evaluated seat (the economy's first scripted player)" },
    ...SEAT_OPTIONS,
    seed: { type: 'string', describe: 'the world (0)' },
    ...CONFIG_OPTIONS,
    ...MODEL_OPTIONS,
    ...LIMIT_OPTIONS,
  },
  examples: [
    ['agoragym play ENV --seat agent_0=human', 'play yourself; tools are a menu'],
    ['agoragym play ENV --seed 7 --json', 'the log as one line of JSON, which `agoragym replay` accepts'],
  ],
  async run(args, io) {
    const models = readModels(args, io, 64)
    const { terminal, close } = openTerminal(io)
    try {
      const [planned] = planExperiment(readExperiment(args, { repeats: 1 }), { economies, folder: io.cwd, terminal, models })
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
      if (args.flag('json')) {
        io.out(`${JSON.stringify({ key, ...log })}\n`)
        return 0
      }
      for (const record of log.steps.slice(shown)) show(record)
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

/** Characters of a call that are shown: a long text is seen to be one. */
const SAID = 400

/** One step: who said what, what they were told, what happened. */
function stepText({ t, decisions, results, events, rewards }: LogRecord<AnyTypes>, width: number): string {
  const lines = [`step ${t}`]
  for (const [agent, { calls }] of Object.entries(decisions)) {
    if (calls.length === 0) lines.push(block(`${agent}: says nothing`, width, 2))
    for (const [i, call] of calls.entries()) {
      const said = callText(call)
      lines.push(block(`${agent}: ${said.length <= SAID ? said : `${said.slice(0, SAID)}…`}`, width, 2, 2))
      const told = results[agent]?.[i]
      if (told !== undefined) lines.push(block(told.text, width, 6))
    }
  }
  for (const { type, ...facts } of events as (Record<string, unknown> & { type: string })[])
    lines.push(
      block(
        `* ${type}${Object.entries(facts)
          .map(([name, value]) => ` ${name}=${short(value, 60)}`)
          .join('')}`,
        width,
        2,
        4,
      ),
    )
  const earned = Object.entries(rewards).filter(([, reward]) => reward !== 0)
  if (earned.length > 0)
    lines.push(
      block(
        `rewards: ${earned.map(([agent, reward]) => `${agent} ${reward > 0 ? '+' : ''}${number(reward)}`).join(', ')}`,
        width,
        2,
      ),
    )
  return lines.join('\n')
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

/** A terminal over the command's streams; standard input is opened at the first question. */
function openTerminal(io: Io): { readonly terminal: Terminal; readonly close: () => void } {
  let next: (() => Promise<string | undefined>) | undefined
  let close = (): void => {}
  return {
    terminal: {
      show: (text, hang) => io.out(`${block(text, io.columns(), 0, hang)}\n`),
      async ask(prompt) {
        if (next === undefined) ({ next, close } = readLines(io))
        io.out(prompt)
        const line = await next()
        // A terminal has shown what was typed, line end included; nothing else has.
        if (line === undefined || !io.isTTY.in) io.out(`${line ?? ''}\n`)
        return line
      },
    },
    close: () => close(),
  }
}

/** The lines of standard input, one at a time; undefined at its end and once the command is interrupted. */
function readLines(io: Io): { next: () => Promise<string | undefined>; close: () => void } {
  const reader = createInterface({ input: io.stdin, terminal: false })
  const ready: string[] = []
  let waiting: ((line: string | undefined) => void) | undefined
  let ended = false
  const give = (line: string | undefined): void => {
    const taker = waiting
    waiting = undefined
    if (taker !== undefined) taker(line)
    else if (line !== undefined) ready.push(line)
  }
  const end = (): void => {
    ended = true
    give(undefined)
  }
  reader.on('line', give)
  reader.on('close', end)
  io.signal.addEventListener('abort', end)
  return {
    next: () => (ready.length > 0 || ended ? Promise.resolve(ready.shift()) : new Promise(resolve => (waiting = resolve))),
    close() {
      io.signal.removeEventListener('abort', end)
      reader.close()
    },
  }
}
