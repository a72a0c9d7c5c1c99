/** `host`: games that people play in their browsers, beside models, bots and trained policies. The games are ordinary rollouts. */
import { resolve } from 'node:path'
import type { Economy } from '../economies/economy.ts'
import { economies } from '../economies/registry.ts'
import { learnerOf, type Seat } from '../envs/core/environment.ts'
import { Episode } from '../envs/core/episode.ts'
import { nearest, UserError } from '../envs/core/errors.ts'
import { csvCell, printable } from '../envs/core/text.ts'
import type { Experiment } from '../evals/experiment.ts'
import { type ExperimentEvent, planExperiment, rolloutsOf } from '../evals/run_experiment.ts'
import { evaluationFacts, runsText } from '../evals/run_table.ts'
import { parseAsked } from '../host/asked.ts'
import { writePrivate } from '../host/files.ts'
import { HostedGames, type HostOptions } from '../host/games.ts'
import { readTexts } from '../host/page/texts.ts'
import type { PaymentRule } from '../host/payment.ts'
import { type HostServerOptions, startHost } from '../host/server.ts'
import { botName } from '../rollouts/players/bot.ts'
import { playersFor } from '../rollouts/players/index.ts'
import { readText } from '../rollouts/text_file.ts'
import { type Args, amount, type Command, integer } from './command.ts'
import { COMPRESS_OPTION, evaluate, outOptions, RETRY_OPTION } from './evaluate.ts'
import { type ExitCode, type Io, stopped } from './io.ts'
import { LIMIT_OPTIONS, MODEL_OPTIONS, readModels } from './models.ts'
import { PEOPLE_OPTIONS, readAmount, readHuman } from './people.ts'
import { CONFIG_OPTIONS, readExperiment, readSetting, SEAT_OPTIONS, SEED_OPTION } from './setup.ts'
import { bugsTo, LOG_OPTION } from './telling.ts'
import { block, columns, shownPath } from './text.ts'

/** Milliseconds without an open page after which a server whose games are over ends. */
const LINGER_MS = 10_000

export const host: Command = {
  options: {
    ...SEAT_OPTIONS,
    ...PEOPLE_OPTIONS,
    games: { type: 'string', describe: 'games of each world, all at once: groups of people that meet the same (1)' },
    ...SEED_OPTION,
    seeds: { type: 'string', describe: 'several worlds: N for 0…N-1, or A:B without B' },
    ...CONFIG_OPTIONS,
    'absent-seconds': { type: 'string', describe: 'seconds without an open page after which a bot plays on, 0 for never (0)' },
    bot: {
      type: 'string',
      describe: "who plays on for people who are missing or have left (the economy's first scripted player)",
    },
    consent: { type: 'string', describe: 'text file that people agree to before they play' },
    'consent-fields': { type: 'string', describe: 'JSON file of what they are asked with it: [{"name", "label", "type", …}]' },
    questions: { type: 'string', describe: 'JSON file of what they are asked when the game is over' },
    rate: { ...PEOPLE_OPTIONS.rate!, describe: `${PEOPLE_OPTIONS.rate!.describe}; PART=X for another part of the score` },
    'payment-codes': { type: 'boolean', describe: 'show everybody a code in the end, also where nobody is paid' },
    'finish-url': { type: 'string', describe: 'where people go in the end; {code}, {seat} and {game} are filled in' },
    title: { type: 'string', describe: 'what pages are headed (agoragym)' },
    texts: { type: 'string', describe: 'JSON file of the sentences of the pages in another language' },
    links: { type: 'string', describe: 'CSV file to write the links to: game, seat, link' },
    host: { type: 'string', describe: 'what to listen on (127.0.0.1: browsers of this machine)' },
    port: { type: 'string', describe: 'port, 0 for any free one (8080)' },
    'public-url': {
      type: 'string',
      describe: 'what people open, such as https://lab.example.org; needed where --host lets others in',
    },
    insecure: { type: 'boolean', describe: 'let people of other machines come over http://' },
    ...outOptions(),
    ...COMPRESS_OPTION,
    resume: { type: 'boolean', describe: 'go on with games that were begun: the same links, the same decisions so far' },
    ...RETRY_OPTION,
    ...MODEL_OPTIONS,
    ...LIMIT_OPTIONS,
    ...LOG_OPTION,
  },
  examples: [
    ['agoragym host ENV', 'one person in the evaluated seat, the usual opponents in the others'],
    ['agoragym host ENV --human 3 --games 4 --turn-seconds 90 --absent-seconds 300', 'four groups of three people'],
    [
      'agoragym host ENV --seat agent_0=human --seat agent_1=openai:MODEL --consent consent.txt --fee 5 --rate 2',
      'people and a model',
    ],
    [
      'agoragym host ENV --human 2 --host 0.0.0.0 --public-url https://lab.example.org',
      'people of other machines, by way of a proxy that ends TLS',
    ],
  ],
  async run(args, io): Promise<ExitCode> {
    const { economy, config } = readSetting(args)
    const games = new HostedGames(readRules(args, io, economy, config))
    const { people } = games
    const models = readModels(args, io, 64)
    const asked = readGames(args, economy, config)
    const out = resolve(io.cwd, args.text('out') ?? 'runs')
    const specs = [...rolloutsOf(planExperiment(asked, { economies, folder: io.cwd, people, models }))]
    const server = await startHost(readServer(args, io, games, out))
    const stop = (): void => games.stop()
    io.signal.addEventListener('abort', stop)
    const onEvent = (event: ExperimentEvent): void => {
      if (event.type === 'cell_start') {
        games.open(event.folders[0]!, specs)
        if (io.signal.aborted) stop()
        tellLinks(games, server.url, args, io)
      } else games.event(event)
    }
    try {
      const evaluation = await evaluate(
        asked,
        {
          out,
          folder: io.cwd,
          concurrency: specs.length,
          models,
          people,
          here: false,
          resume: args.flag('resume'),
          retryErrors: args.flag('retry-errors'),
          onEvent,
        },
        args,
        io,
      )
      const { runs, left, code } = evaluation
      if (args.flag('json')) io.out(`${JSON.stringify({ runs: evaluationFacts(runs) })}\n`)
      else {
        io.out(runsText(runs, io.columns()))
        for (const { folder } of runs) io.out(`${shownPath(folder, io.cwd)}\n`)
      }
      if (left === 0) await lastPages(games, io)
      return code
    } finally {
      io.signal.removeEventListener('abort', stop)
      await server.close()
      games.close()
    }
  },
}

/** Serves on until everybody has seen the end of it. */
async function lastPages(games: HostedGames, io: Io): Promise<void> {
  if (io.signal.aborted) return
  const { unfinished } = games
  const why = unfinished === 0 ? '' : `${unfinished} people have still to answer; `
  io.err(`The games are over; ${why}the pages are served until all are closed, or Ctrl-C.\n`)
  await Promise.race([games.settled(LINGER_MS), stopped(io.signal)])
}

function tellLinks(games: HostedGames, url: string, args: Args, io: Io): void {
  const links = games.links.map(({ game, seat, path }) => ({ game, seat, link: `${url}${path}` }))
  const monitor = `${url}${games.monitorPath}`
  const file = args.text('links')
  if (file !== undefined) {
    const rows = [['game', 'seat', 'link'], ...links.map(({ game, seat, link }) => [game, seat, link])]
    writePrivate(resolve(io.cwd, file), rows.map(row => `${row.map(csvCell).join(',')}\n`).join(''))
  }
  if (args.flag('json')) io.out(`${JSON.stringify({ url, monitor, links })}\n`)
  else {
    io.out(
      `${columns(
        links.map(({ game, seat, link }) => [`game ${game}`, seat, link]),
        io.columns(),
      )}\n`,
    )
    io.out(`monitor: ${monitor}\n`)
    io.out(
      `${block('Give everybody their own link: who has it has the seat. Ctrl-C stops; --resume goes on with the same links.', io.columns())}\n`,
    )
  }
}

/** Who plays what: the experiment that the games are. */
function readGames(args: Args, economy: Economy, config: object): Experiment {
  const { env } = economy
  const seats = env.seats(config)
  const named = args.list('seat')
  const people = humanSeats(readHuman(args), seats).map(agent => `${agent}=human`)
  const isHuman = (text: string): boolean => text.endsWith('=human')
  const learner = learnerOf(seats)
  if (![...named, ...people].some(isHuman)) {
    if (named.some(text => text.startsWith(`${learner}=`)))
      throw new UserError(`Nobody is a person: give a seat with --seat ID=human or --human. Seats: ${idsOf(seats)}.`)
    people.push(`${learner}=human`)
  }
  const [seed, seeds] = [args.text('seed'), args.text('seeds')]
  if (seed !== undefined && seeds !== undefined) throw new UserError('--seed and --seeds exclude each other; give one of them.')
  const world = seed === undefined ? 0 : integer(seed, '--seed', 0)
  // The evaluated seat alone is the usual line-up, to which what rewards mean was derived.
  const usual = named.length === 0 && people.length === 1 && people[0] === `${learner}=human`
  const who = usual ? { players: 'human' } : { seat: [...named, ...people] }
  return readExperiment(args.with({ seeds: seeds ?? `${world}:${world + 1}`, ...who }), {
    repeats: args.integer('games', 1, 1),
    ...(!usual && { table: true }),
  })
}

function idsOf(seats: readonly Seat[]): string {
  return seats.map(({ agent }) => agent).join(', ')
}

/** The seats of people: those that are named, or so many. */
function humanSeats(given: readonly string[] | number, seats: readonly Seat[]): readonly string[] {
  if (typeof given !== 'number') {
    const ids = seats.map(({ agent }) => agent)
    const unknown = given.find(agent => !ids.includes(agent))
    if (unknown !== undefined)
      throw new UserError(`--human: no seat '${unknown.slice(0, 64)}'. Seats: ${idsOf(seats)}.${nearest(unknown, ids)}`)
    return [...new Set(given)]
  }
  if (given < 1 || given > seats.length)
    throw new UserError(`--human: expected 1 to ${seats.length}, or seats (${idsOf(seats)}); got ${given}.`)
  const rank = ({ learner = false, resident = false }: Seat): number => (learner ? 0 : resident ? 2 : 1)
  return seats
    .toSorted((a, b) => rank(a) - rank(b))
    .slice(0, given)
    .map(({ agent }) => agent)
}

function readRules(args: Args, io: Io, economy: Economy, config: object): HostOptions {
  const consent = textOption(args, io, 'consent')
  const [consentFields, questions] = ['consent-fields', 'questions'].map(name => {
    const text = textOption(args, io, name)
    return text === undefined ? undefined : parseAsked(text, args.text(name)!)
  })
  if (consentFields !== undefined && consent === undefined)
    throw new UserError('--consent-fields: what people are asked with the consent needs --consent FILE.')
  const payment = readPayment(args, economy, config)
  const finishUrl = args.text('finish-url') ?? null
  if (finishUrl !== null && !/^https?:\/\//.test(finishUrl))
    throw new UserError(`--finish-url: expected an address with http:// or https://, got '${finishUrl.slice(0, 200)}'.`)
  const bots = readBots(args, economy)
  return {
    title: printable(args.text('title') ?? 'agoragym'),
    consent: consent === undefined ? null : { text: consent, fields: consentFields ?? [] },
    questions: questions ?? null,
    turnMs: readSeconds(args, 'turn-seconds'),
    absentMs: readSeconds(args, 'absent-seconds'),
    bots,
    botOf: playersFor({ economy }),
    payment,
    codes: payment !== null || args.flag('payment-codes') || finishUrl?.includes('{code}') === true,
    finishUrl,
  }
}

/** The bots of the economy, whoever plays on where nobody says otherwise first. */
function readBots(args: Args, economy: Economy): readonly string[] {
  const all = Object.keys(economy.bots).map(botName)
  const first = args.text('bot') ?? economy.players.find(name => all.includes(name)) ?? all[0]!
  if (!all.includes(first))
    throw new UserError(`--bot: no '${first.slice(0, 64)}'. Bots: ${all.join(', ')}.${nearest(first, all)}`)
  return [first, ...all.filter(name => name !== first)]
}

function readPayment(args: Args, economy: Economy, config: object): PaymentRule | null {
  const [rate, currency = 'EUR'] = ['rate', 'currency'].map(name => args.text(name))
  const fee = readAmount(args, 'fee')
  if (!/^[A-Z]{3}$/.test(currency))
    throw new UserError(`--currency: expected three capital letters such as EUR, got '${currency.slice(0, 64)}'.`)
  if (rate === undefined && fee === undefined) return null
  const [, part = 'reward', points = '0'] = /^(?:([a-z][a-z0-9_]*)=)?(.+)$/.exec(rate ?? '0') ?? []
  const { env } = economy
  const scores = env.score(new Episode(env, config, 0).log)
  const parts = Object.keys(Object.values(scores)[0] ?? {})
  if (!parts.includes(part))
    throw new UserError(`--rate: no part '${part}' of the score. Parts: ${parts.join(', ')}.${nearest(part, parts)}`)
  return { rate: amount(points, '--rate'), part, fee: fee ?? 0, currency }
}

/** Milliseconds; null for no limit. */
function readSeconds(args: Args, name: string): number | null {
  const seconds = readAmount(args, name) ?? 0
  return seconds === 0 ? null : 1000 * seconds
}

function textOption(args: Args, io: Io, name: string): string | undefined {
  const file = args.text(name)
  return file === undefined ? undefined : readText(resolve(io.cwd, file), why => `--${name}: cannot read ${file}: ${why}.`)
}

function readServer(args: Args, io: Io, games: HostedGames, out: string): HostServerOptions {
  const [address, publicUrl, texts] = ['host', 'public-url', 'texts'].map(name => args.text(name))
  return {
    games,
    out,
    port: integer(args.text('port') ?? '8080', '--port', 0),
    insecure: args.flag('insecure'),
    onBug: bugsTo(io, args.text('log-format')),
    ...(address !== undefined && { host: address }),
    ...(publicUrl !== undefined && { publicUrl }),
    ...(texts !== undefined && { texts: readTexts(resolve(io.cwd, texts)) }),
  }
}
