/** `tournament`: every two players share a table, in both orders, and are ranked by who earned more. */
import { resolve } from 'node:path'
import { UserError } from '../envs/core/errors.ts'
import { type Standing, standingsOf } from '../evals/standings.ts'
import { columnNames, type Named } from '../rollouts/labels.ts'
import type { RunResult } from '../rollouts/run.ts'
import type { Command } from './command.ts'
import { PLAY_OPTIONS } from './eval.ts'
import { evaluate, outFolder, outOptions } from './evaluate.ts'
import { CACHE_OPTION, readModels } from './models.ts'
import { openPerson } from './person.ts'
import { labelled, readExperiment, readPlayers } from './setup.ts'
import { PROGRESS_HELP } from './telling.ts'
import { block, columns, number, shownPath } from './text.ts'

/** Of the options of an evaluation, those that do not say who sits where. */
const { seat: _seat, opponents: _opponents, 'dry-run': _dryRun, baseline: _baseline, ...SHARED_OPTIONS } = PLAY_OPTIONS

/** Where its runs lie. */
const USUAL = 'runs/tournament'

export const tournament: Command = {
  options: {
    players: { type: 'string', describe: 'two or more players, separated by commas' },
    among: { type: 'string', describe: "seats that they share, separated by commas (all but the residents')" },
    repeats: { type: 'string', describe: 'rollouts of each seed or scenario and line-up (1)' },
    ...SHARED_OPTIONS,
    ...CACHE_OPTION,
    ...outOptions(USUAL),
  },
  examples: [
    [
      'agoragym tournament ENV --players openai:gpt-5-mini,anthropic:claude-haiku-4-5,bot:honest --seeds 10',
      'three players, six line-ups, ten seeds each',
    ],
  ],
  help: PROGRESS_HELP,
  async run(args, io) {
    const players = labelled(
      args,
      readPlayers(args)?.filter(text => text !== ''),
    )
    if (players === undefined || players.length < 2)
      throw new UserError('--players: expected two or more different players, separated by commas.')
    const among = args.text('among')?.split(',')
    const asked = readExperiment(args, {
      repeats: args.integer('repeats', 1, 1),
      tournament: { players: [...players], pairs: true, ...(among !== undefined && { seats: among }) },
    })
    const concurrency = args.integer('concurrency', 32, 1)
    const out = resolve(io.cwd, args.text('out') ?? USUAL)
    const { people, close } = openPerson(args, io, { saved: true })
    const { cells, runs, code } = await evaluate(
      asked,
      {
        out,
        folder: io.cwd,
        concurrency,
        resume: args.flag('resume'),
        retryErrors: args.flag('retry-errors'),
        models: readModels(args, io, concurrency),
        people,
      },
      args,
      io,
    ).finally(close)
    const played = namedPlayers(runs)
    const names = columnNames(played)
    const called = (name: string): string => names[played.findIndex(player => player.name === name)]!
    const tables = cells.map(cell => ({
      setting: cell.cell.label,
      standings: standingsOf(
        played.map(({ name }) => name),
        cell.runs.map(({ folder }) => folder),
      ),
    }))
    if (args.flag('json')) {
      const standings = tables[0]?.standings ?? []
      const sweep = tables.length > 1 && { cells: tables }
      io.out(`${JSON.stringify({ standings, ...sweep, runs: runs.map(({ folder }) => folder) }, null, 2)}\n`)
    } else {
      for (const { setting, standings } of tables) {
        if (tables.length > 1) io.out(`${block(setting, io.columns())}\n`)
        io.out(`${standingsText(standings, called, io.columns())}\n`)
      }
      io.out(`Files: ${shownPath(outFolder(args, io, USUAL), io.cwd)}\n`)
    }
    return code
  },
}

/** The evaluated players of all runs, each once, with their labels. */
function namedPlayers(runs: readonly RunResult[]): Named[] {
  const found = new Map<string, Named>()
  for (const { metadata } of [...runs].sort((a, b) => a.metadata.experiment!.order - b.metadata.experiment!.order)) {
    for (const agent of metadata.evaluated) {
      const name = metadata.lineup[agent]!
      const label = metadata.player_labels?.[name]
      found.set(name, { name, ...(label !== undefined && { label }) })
    }
  }
  return [...found.values()]
}

function standingsText(standings: readonly Standing[], called: (player: string) => string, width: number): string {
  const figure = (value: number | null): string => (value === null ? '–' : number(value))
  const rows = standings.map(({ games, wins, ties, reward, strength, low, high, player }) => [
    String(games),
    String(wins),
    String(ties),
    figure(reward),
    strength === null ? '–' : `${figure(strength)}${low === null ? '' : ` [${figure(low)}, ${figure(high)}]`}`,
    called(player),
  ])
  const notes = [
    'Whose seats earned more on average wins the rollout. Strength: Bradley–Terry (log scale, mean 0) with its 95 % bootstrap interval over seeds or scenarios.',
    ...(new Set(standings.map(({ group }) => group)).size > 1
      ? ['Players without a common scale (somebody won or lost every game) stand in groups, without a strength between them.']
      : []),
  ]
  return `${columns([['games', 'won', 'tied', 'reward', 'strength', 'player'], ...rows], width)}\n\n${notes.map(note => block(note, width)).join('\n')}\n`
}
