/** `tournament`: every two players share a table, in both orders, and are ranked by who earned more. */
import { resolve } from 'node:path'
import { type AnyEnvironment, defaultPlayed } from '../envs/core/environment.ts'
import { nearest, UserError } from '../envs/core/errors.ts'
import type { AgentId } from '../envs/core/tool.ts'
import { Games } from '../evals/games.ts'
import { strengths } from '../evals/stats.ts'
import type { Seated } from '../rollouts/lineup.ts'
import type { Player } from '../rollouts/player.ts'
import { playersFor } from '../rollouts/players/index.ts'
import type { RunResult } from '../rollouts/run.ts'
import { readRollouts } from '../rollouts/scores.ts'
import type { Args, Command } from './command.ts'
import { PLAY_OPTIONS } from './eval.ts'
import { evaluate } from './evaluate.ts'
import { CACHE_OPTION, readModels } from './models.ts'
import { readExamples, readSetting } from './setup.ts'
import { block, columns, number, shownPath } from './text.ts'

/** Of the options of an evaluation, those that do not say who sits where. */
const { seat: _seat, opponents: _opponents, 'dry-run': _dryRun, ...SHARED_OPTIONS } = PLAY_OPTIONS

export const tournament: Command = {
  name: 'tournament',
  positionals: { ENV: 'id of an economy; `agoragym envs` lists them' },
  describe: 'A round-robin: every two players share the seats of an economy, once in each order.',
  options: {
    players: { type: 'string', describe: 'two or more players, separated by commas' },
    among: { type: 'string', describe: "seats that they share, separated by commas (all but the residents')" },
    repeats: { type: 'string', describe: 'rollouts of each seed or scenario and line-up (1)' },
    ...SHARED_OPTIONS,
    ...CACHE_OPTION,
    out: { type: 'string', describe: "folder for the runs' folders (./runs/tournament)" },
  },
  examples: [
    [
      'agoragym tournament ENV --players openai:gpt-5-mini,anthropic:claude-haiku-4-5,bot:honest --seeds 10',
      'three players, six line-ups, ten seeds each',
    ],
  ],
  async run(args, io) {
    const setting = readSetting(args)
    const concurrency = args.integer('concurrency', 32, 1)
    const models = readModels(args, io, concurrency)
    const players = readPlayers(args, playersFor({ economy: setting.economy, models }))
    const among = args.text('among')?.split(',')
    const examples = readExamples(args, setting, io.cwd)
    const repeats = args.integer('repeats', 1, 1)
    const out = resolve(io.cwd, args.text('out') ?? 'runs/tournament')
    const pairs = players.flatMap((first, i) =>
      players.slice(i + 1).flatMap(second => [[first, second] as const, [second, first] as const]),
    )
    const { runs, code } = await evaluate(
      pairs.map(pair => ({
        ...setting,
        seat: (config: object) => shared(setting.env, config, pair, among),
        examples,
        repeats,
      })),
      {
        out,
        concurrency,
        resume: args.flag('resume'),
        retryErrors: args.flag('retry-errors'),
        models,
      },
      args,
      io,
    )
    const standings = rank(players, runs)
    if (args.flag('json')) io.out(`${JSON.stringify({ standings, runs: runs.map(({ folder }) => folder) }, null, 2)}\n`)
    else io.out(`${standingsText(standings, io.columns())}\nFiles: ${shownPath(out, io.cwd)}\n`)
    return code
  },
}

function readPlayers(args: Args, player: (text: string) => Player): Player[] {
  const texts = (args.text('players') ?? '')
    .split(',')
    .map(text => text.trim())
    .filter(Boolean)
  const players = [...new Set(texts.map(player))]
  if (players.length < 2) throw new UserError('--players: expected two or more different players, separated by commas.')
  return players
}

/** The two players in turn along the seats they share; whoever is named first has the first. */
function shared(
  env: AnyEnvironment,
  config: object,
  pair: readonly [Player, Player],
  among: readonly AgentId[] | undefined,
): Seated {
  const all = env.seats(config)
  const ids = all.map(({ agent }) => agent)
  const seats = among ?? defaultPlayed(all)
  const unknown = seats.find(seat => !ids.includes(seat))
  if (unknown !== undefined)
    throw new UserError(
      `--among: no seat '${unknown.slice(0, 64)}' in ${env.id}. Seats: ${ids.slice(0, 12).join(', ')}.${nearest(unknown, ids)}`,
    )
  if (new Set(seats).size < 2)
    throw new UserError(
      `${env.id} has one seat for players; name two or more with --among, residents' too: ${ids.slice(0, 12).join(', ')}.`,
    )
  const lineup = Object.fromEntries(ids.filter(id => seats.includes(id)).map((id, i) => [id, pair[i % 2]!]))
  return { lineup, evaluated: Object.keys(lineup) }
}

interface Standing {
  readonly player: string
  /** Rollouts that were scored, and what became of them: more earned on average over one's seats wins. */
  readonly games: number
  readonly wins: number
  readonly ties: number
  /** Mean reward of its seats. */
  readonly reward: number | null
  /** Bradley–Terry, natural logarithm, mean 0 within a group; players of different groups cannot be compared. */
  readonly strength: number | null
  readonly low: number | null
  readonly high: number | null
  readonly group: number
}

function rank(players: readonly Player[], runs: readonly RunResult[]): Standing[] {
  const numbers = new Map(players.map(({ name }, i) => [name, i]))
  const games = new Games()
  const sums = players.map(() => ({ games: 0, wins: 0, ties: 0, reward: 0 }))
  for (const { folder } of runs) {
    for (const rows of readRollouts(folder)) {
      const earned = new Map<number, number[]>()
      for (const { reward, info } of rows) {
        const number = numbers.get(info.player)!
        earned.set(number, [...(earned.get(number) ?? []), reward])
      }
      const [[a, ofA], [b, ofB]] = [...earned] as [[number, number[]], [number, number[]]]
      const [meanA, meanB] = [mean(ofA), mean(ofB)]
      games.play(rows[0]!.example_id, a, b, meanA, meanB)
      for (const [i, own, other] of [
        [a, meanA, meanB],
        [b, meanB, meanA],
      ] as const) {
        const sum = sums[i]!
        sum.games++
        sum.reward += own
        if (own > other) sum.wins++
        if (own === other) sum.ties++
      }
    }
  }
  const estimates = strengths(games.points(), players.length)
  return players
    .map(({ name }, i): Standing => {
      const { games: played, wins, ties, reward } = sums[i]!
      const { strength, low, high, group } = estimates[i]!
      return {
        player: name,
        games: played,
        wins,
        ties,
        reward: played === 0 ? null : reward / played,
        strength,
        low,
        high,
        group,
      }
    })
    .sort((a, b) => share(b) - share(a))
}

/** The share of its games that a player won, ties as halves. */
function share({ games, wins, ties }: Standing): number {
  return games === 0 ? 0 : (wins + ties / 2) / games
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length
}

function standingsText(standings: readonly Standing[], width: number): string {
  const figure = (value: number | null): string => (value === null ? '–' : number(value))
  const rows = standings.map(({ games, wins, ties, reward, strength, low, high, player }) => [
    String(games),
    String(wins),
    String(ties),
    figure(reward),
    strength === null ? '–' : `${figure(strength)}${low === null ? '' : ` [${figure(low)}, ${figure(high)}]`}`,
    player,
  ])
  const notes = [
    'Whose seats earned more on average wins the rollout. Strength: Bradley–Terry (log scale, mean 0) with its 95 % bootstrap interval over seeds or scenarios.',
    ...(new Set(standings.map(({ group }) => group)).size > 1
      ? ['Players without a common scale (somebody won or lost every game) stand in groups, without a strength between them.']
      : []),
  ]
  return `${columns([['games', 'won', 'tied', 'reward', 'strength', 'player'], ...rows], width)}\n\n${notes.map(note => block(note, width)).join('\n')}\n`
}
