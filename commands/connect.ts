/** `connect`: takes seats at somebody's server. What a protocol adds is in its own file beside this one. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { readTurns, type TurnRow } from '../connect/evidence.ts'
import { serverUrl } from '../connect/remote.ts'
import { connectedRun, type Hosted, type Server } from '../connect/run.ts'
import type { SeatOutcome } from '../connect/seat_play.ts'
import type { SessionEvent } from '../connect/session.ts'
import { importPlugins } from '../economies/imports.ts'
import { nearest, UserError } from '../envs/core/errors.ts'
import { printable } from '../envs/core/text.ts'
import { toolSchema, typeName } from '../envs/core/tool.ts'
import type { PlayerEstimate } from '../rollouts/estimate.ts'
import { costRange, type Models } from '../rollouts/models/index.ts'
import type { Player } from '../rollouts/player.ts'
import { playersFor } from '../rollouts/players/index.ts'
import { type Args, amount, type Command, type OptionSpecs } from './command.ts'
import type { ConnectProtocol } from './connect_protocol.ts'
import { estimateText } from './estimate.ts'
import type { ExitCode, Io } from './io.ts'
import { LIMIT_OPTIONS, MODEL_OPTIONS, readModels } from './models.ts'
import { openPerson } from './person.ts'
import { readSeats } from './setup.ts'
import { block, columns, number, plural, shownPath } from './text.ts'

/** The protocols, loaded when one is typed. */
const PROTOCOLS: Readonly<Record<string, () => Promise<ConnectProtocol>>> = {
  otree: async () => (await import('./connect_otree.ts')).otree,
  ibex: async () => (await import('./connect_ibex.ts')).ibex,
}

const CONNECT_OPTIONS: OptionSpecs = {
  seat: {
    type: 'list',
    describe: 'seat=player, such as 1=bot:passive, 2=openai:MODEL@URL or 3=human; once for every seat to be taken',
  },
  repeats: { type: 'string', describe: 'sessions, where the server makes them for us (1)' },
  concurrency: { type: 'string', alias: 'c', describe: 'sessions at once (1)' },
  out: { type: 'string', describe: "folder of the run (runs/connect-… by the session's name)" },
  resume: { type: 'boolean', describe: 'take the same seats again that the run in the folder had, and go on' },
  'dry-run': { type: 'boolean', describe: 'show what the first pages become and what a session would cost; nobody joins' },
  remote: { type: 'boolean', describe: 'the server is not on this machine: people may take part (docs/connect.md)' },
  disclose: {
    type: 'string',
    describe: 'text that tells the others what plays here: first in every chat, and where the server has a label',
  },
  pace: {
    type: 'string',
    describe: 'seconds from the asking to the sending of every decision at least, so that seats are comparable (0)',
  },
  margin: { type: 'string', describe: 'seconds kept free before a deadline, besides the latency that the seat has shown (2)' },
  seed: { type: 'string', describe: 'draws of players that draw (0)' },
  ...MODEL_OPTIONS,
  ...LIMIT_OPTIONS,
}

/** The protocol that was typed first; undefined where none was. */
async function protocolOf(words: readonly string[]): Promise<ConnectProtocol | undefined> {
  const name = words.find(word => !word.startsWith('-'))
  if (name === undefined || !Object.hasOwn(PROTOCOLS, name)) return undefined
  return PROTOCOLS[name]!()
}

export const connect: Command = {
  positionals: { PROTOCOL: Object.keys(PROTOCOLS).join(' or '), URL: 'address of the server, such as http://127.0.0.1:8000' },
  options: async words => ({ ...(await protocolOf(words))?.options, ...CONNECT_OPTIONS }),
  examples: [
    [
      'agoragym connect otree http://127.0.0.1:8000 --create dilemma --participants 2 --seat 1=bot:passive --seat 2=random --dry-run',
      'what the first pages become, before anybody joins; agoragym connect otree --help lists what oTree adds',
    ],
    [
      'agoragym connect ibex http://127.0.0.1:8080 --game 14 --seat 7=openai:MODEL --seat 8=bot:honest',
      "two speculators at the laboratory's server; agoragym connect ibex --help lists what it adds",
    ],
  ],
  async run(args, io): Promise<ExitCode> {
    const name = args.text('PROTOCOL')!
    const protocol = await protocolOf([name])
    if (protocol === undefined)
      throw new UserError(
        `No protocol '${name.slice(0, 64)}'. Protocols: ${Object.keys(PROTOCOLS).join(', ')}.${nearest(name, Object.keys(PROTOCOLS))}`,
      )
    await importPlugins(args.list('import'), io.cwd)
    const url = serverUrl(args.text('URL')!, args.flag('remote'))
    const named = readSeats(args, '1=human')
    if (named.length === 0) throw new UserError('--seat: name at least one seat to be taken, such as --seat 1=bot:passive.')
    const models = readModels(args, io, 64)
    const server = await protocol.server(url, args, io)
    const { people, close } = openPerson(args, io, { saved: false })
    try {
      const playerOf = playersFor({ economy: server.economy, models, people })
      const seats = Object.fromEntries(named.map(([seat, player]) => [seat, playerOf(player)]))
      if (args.flag('dry-run')) return await dryRun(server, seats, models, args, io)
      models.prepare()
      return await play(server, seats, resolve(io.cwd, args.text('out') ?? join('runs', protocol.name(url, args))), args, io)
    } finally {
      close()
    }
  },
}

async function play(
  server: Server,
  seats: Readonly<Record<string, Player>>,
  folder: string,
  args: Args,
  io: Io,
): Promise<ExitCode> {
  const repeats = args.integer('repeats', 1, 1)
  const disclose = args.text('disclose')
  const run = await connectedRun({
    server,
    seats,
    folder,
    repeats,
    concurrency: args.integer('concurrency', 1, 1),
    resume: args.flag('resume'),
    seed: args.integer('seed', 0, 0),
    paceMs: 1000 * amount(args.text('pace') ?? '0', '--pace'),
    marginMs: 1000 * amount(args.text('margin') ?? '2', '--margin'),
    facts: { ...(disclose !== undefined && { disclose }) },
    signal: io.signal,
    onEvent: (session, event) => io.err(line(repeats > 1 ? `${session} ` : '', event)),
  })
  const outcomes = run.sessions.flatMap(({ id, outcomes }) => outcomes.map(outcome => ({ session: id, ...outcome })))
  if (args.flag('json')) io.out(`${JSON.stringify({ folder, left: run.left, outcomes, report: run.report }, null, 2)}\n`)
  else {
    if (outcomes.length > 0) io.out(`${columns(outcomes.map(outcomeCells), io.columns())}\n`)
    for (const told of run.report) io.out(`${block(told, io.columns())}\n`)
    io.out(`${shownPath(folder, io.cwd)}\n`)
  }
  for (const why of run.stopped) io.err(`${why}\n`)
  if (run.left === 0) return 0
  io.err(`${plural(run.left, 'session')} not over. The same command with --resume takes the same seats and goes on.\n`)
  return 1
}

function outcomeCells({ session, seat, player, result, error }: SeatOutcome & { readonly session: string }): string[] {
  const came = result === undefined ? `left: ${error!.code}` : result.reward === null ? 'over' : number(result.reward)
  return [session, `seat ${seat}`, player, came]
}

/** What of an event a person at a terminal wants to read; empty for nothing. */
function line(where: string, event: SessionEvent): string {
  const seat = `${where}seat ${event.seat}: `
  switch (event.kind) {
    case 'seated':
      return `${seat}${event.player} is ${event.identity}\n`
    case 'told':
      return ''
    case 'lost':
      return `${seat}${event.text}\n`
    case 'decided': {
      const { disposition, ask, text } = event.row
      return disposition === 'sent' ? '' : `${seat}${disposition} at ${ask}${text === '' ? '' : `: ${text}`}\n`
    }
    case 'over': {
      const { error } = event.outcome
      return error === undefined ? '' : `${seat}left (${error.code}): ${error.message}\n`
    }
  }
}

/**
 * Plays a session that is nobody's: seats of models at random, measured, and bots as themselves. Shows what each seat's first page
 * became, and what the models would be asked in all sessions.
 */
async function dryRun(
  server: Server,
  seats: Readonly<Record<string, Player>>,
  models: Models,
  args: Args,
  io: Io,
): Promise<ExitCode> {
  const hosted = (await server.trial?.(io.signal)) ?? `${server.protocol} has no trial sessions`
  if (typeof hosted === 'string') {
    io.err(`${block(`Nothing was joined, so there is nothing to show or to measure: ${hosted}.`, io.columns())}\n`)
    return 1
  }
  const playerOf = playersFor({ economy: server.economy })
  const measured = Object.fromEntries(
    (hosted.seats ?? Object.keys(seats)).map(seat => {
      const player = seats[seat]
      return [seat, player === undefined ? playerOf('random') : player.kind === 'bot' ? player : models.measuring(player)]
    }),
  )
  const unknown = Object.keys(seats).find(seat => measured[seat] === undefined)
  if (unknown !== undefined)
    throw new UserError(
      `No seat ${unknown} in such a session. Seats: ${Object.keys(measured).join(', ')}.${nearest(unknown, Object.keys(measured))}`,
    )
  const folder = mkdtempSync(join(tmpdir(), 'agoragym-connect-'))
  try {
    await connectedRun({
      server: { ...server, begin: async () => hosted },
      seats: measured,
      folder,
      repeats: 1,
      concurrency: 1,
      resume: false,
      seed: args.integer('seed', 0, 0),
      signal: io.signal,
    })
    const first = new Map<string, TurnRow>()
    for (const row of readTurns(folder)) if (!first.has(row.agent)) first.set(row.agent, row)
    const estimates = estimatesOf(models, args.integer('repeats', 1, 1))
    if (args.flag('json')) {
      const pages = [...first.values()].map(({ agent, ask, observation, offered }) => ({
        agent,
        ask,
        text: server.economy.env.render(observation),
        tools: toolsShown(hosted, server, observation).filter(({ name }) => offered.includes(name)),
      }))
      io.out(`${JSON.stringify({ trial_session: hosted.id, pages, estimates }, null, 2)}\n`)
      return 0
    }
    io.out(
      `${block(`A trial session (${hosted.id}) was made and played at random; the session that you named was not joined.`, io.columns())}\n\n`,
    )
    for (const { agent, ask, observation } of first.values()) {
      io.out(`${agent}, ${ask}\n\n${printable(server.economy.env.render(observation))}\n\n`)
      for (const { name, description, parameters } of toolsShown(hosted, server, observation)) {
        const { properties = {}, required = [] } = parameters as {
          properties?: Record<string, Record<string, unknown>>
          required?: readonly string[]
        }
        const args = Object.entries(properties).map(
          ([field, schema]) =>
            `    ${field}${required.includes(field) ? '' : '?'}: ${typeName(schema)}, ${String(schema.description ?? '')}\n`,
        )
        io.out(`  ${name}: ${description}\n${args.join('')}\n`)
      }
    }
    io.out(estimateText(estimates, io.columns()))
    return 0
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

function toolsShown(hosted: Hosted, server: Server, observation: object) {
  const tools = hosted.adapter.tools?.(observation) ?? server.economy.env.tools({})
  return Object.entries(tools).map(([name, tool]) => toolSchema(name, tool))
}

/** What the models would be asked in so many sessions. */
function estimatesOf(models: Models, sessions: number): PlayerEstimate[] {
  return [...models.measured].map(([player, { calls, prompt, repeated, completion, price }]) => ({
    player,
    rollouts: sessions,
    calls: calls * sessions,
    prompt_tokens: prompt * sessions,
    repeated_tokens: repeated * sessions,
    completion_tokens: completion * sessions,
    cost:
      price === null
        ? null
        : costRange(
            {
              calls: calls * sessions,
              prompt: prompt * sessions,
              repeated: repeated * sessions,
              completion: completion * sessions,
            },
            price,
          ),
  }))
}
