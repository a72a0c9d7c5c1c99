/** `serve`: games over HTTP and WebSocket for trainers. */
import type { Readable } from 'node:stream'
import { UserError } from '../envs/core/errors.ts'
import { REWARD_FORMS } from '../envs/core/reward.ts'
import { Host, type HostOptions } from '../serve/host.ts'
import type { ServeOptions } from '../serve/server.ts'
import { type Args, type Command, integer } from './command.ts'
import { type ExitCode, type Io, stopped } from './io.ts'
import { CACHE_OPTION, LIMIT_OPTIONS, MODEL_OPTIONS, readModels } from './models.ts'
import { CONFIG_OPTIONS, readSet } from './setup.ts'
import { bugsTo } from './telling.ts'

export const serve: Command = {
  options: {
    stdio: { type: 'boolean', describe: 'speak the own wire over standard input and output, and listen nowhere' },
    host: { type: 'string', describe: 'what to listen on (127.0.0.1: programs of this machine)' },
    port: { type: 'string', describe: 'port, 0 for any free one (8000)' },
    env: { type: 'string', describe: 'economy that is served at the root too, beside /ENV of all of them' },
    ...CONFIG_OPTIONS,
    opponents: { type: 'string', describe: 'who the others are in games of --env, such as honest:3,deceptive:2' },
    'allow-player': {
      type: 'list',
      describe: 'model that clients may seat as an opponent, such as openai:MODEL@URL; bots always may',
    },
    reward: { type: 'string', describe: 'delta, score or total (score where clients add up, total where they take the last)' },
    'reward-scale': { type: 'string', describe: 'unit: rewards mapped to 0…1 by the bounds of the preset (not scaled)' },
    'reward-relative': {
      type: 'string',
      describe: 'par or game: less what honest play gets on average, or on the same seed (not)',
    },
    token: { type: 'string', describe: 'what clients must present; better in the environment variable AGORAGYM_TOKEN' },
    insecure: { type: 'boolean', describe: 'serve other machines without a token' },
    'max-sessions': { type: 'string', describe: 'sessions at once (1024; 65536 with --stdio)' },
    'idle-timeout': {
      type: 'string',
      describe: 'seconds without a word after which a session is ended (900; a week with --stdio)',
    },
    ...MODEL_OPTIONS,
    ...LIMIT_OPTIONS,
    ...CACHE_OPTION,
  },
  examples: [
    ['agoragym serve --env ENV', 'http://127.0.0.1:8000 is an OpenEnv environment and an ORS server'],
    ['agoragym serve --stdio', 'for a program that starts it: docs/wire.md is what they say'],
    ['AGORAGYM_TOKEN=… agoragym serve --host 0.0.0.0', 'all economies for other machines that know the token'],
  ],
  async run(args, io): Promise<ExitCode> {
    if (args.flag('stdio')) return overPipes(args, io)
    const { startServer } = await import('../serve/server.ts')
    const server = await startServer(readOptions(args, io))
    const { url, port } = server
    if (args.flag('json')) io.out(`${JSON.stringify({ url, port })}\n`)
    else io.out(`agoragym serves at ${url}; Ctrl-C stops it.\n`)
    await stopped(io.signal)
    await server.close()
    return 0
  },
}

/** Options of a server that listens: where there is none, they are refused and not forgotten. */
const LISTENING = ['host', 'port', 'token', 'insecure', 'allow-player'] as const

/** A server for many, and a process that its one client started for itself and pays for: sessions, seconds without a word, players. */
const SHARED = { sessions: 1024, idle: 900 }
const OWN = { sessions: 65_536, idle: 7 * 86_400, players: 'any' } as const

async function overPipes(args: Args, io: Io): Promise<ExitCode> {
  const given = LISTENING.find(name => args.list(name).length > 0)
  if (given !== undefined) throw new UserError(`--${given} is of a server that listens; --stdio listens nowhere.`)
  const { serveStdio } = await import('../serve/stdio.ts')
  const host = new Host(readHost(args, io, OWN))
  await serveStdio(host, { input: io.stdin as Readable, output: io.stdout, fault: error => host.onBug(error), signal: io.signal })
  host.close()
  return 0
}

function readOptions(args: Args, io: Io): ServeOptions {
  const host = args.text('host')
  const token = args.text('token') ?? io.env.AGORAGYM_TOKEN
  return {
    ...readHost(args, io, SHARED),
    port: integer(args.text('port') ?? '8000', '--port', 0),
    insecure: args.flag('insecure'),
    ...(host !== undefined && { host }),
    ...(token !== undefined && token !== '' && { token }),
  }
}

function readHost(
  args: Args,
  io: Io,
  usual: { readonly sessions: number; readonly idle: number; readonly players?: 'any' },
): HostOptions {
  const [env, preset, opponents] = ['env', 'preset', 'opponents'].map(name => args.text(name))
  const reward = args.choice('reward', REWARD_FORMS)
  const rewardScale = args.choice('reward-scale', ['unit'] as const)
  const rewardRelative = args.choice('reward-relative', ['par', 'game'] as const)
  const set = readSet(args)
  const game = {
    ...(preset !== undefined && { preset }),
    ...(Object.keys(set).length > 0 && { config: set }),
    ...(opponents !== undefined && { opponents }),
  }
  const players = usual.players ?? args.list('allow-player')
  const models = readModels(args, io, 64)
  return {
    maxSessions: args.integer('max-sessions', usual.sessions, 1),
    idleTimeout: args.integer('idle-timeout', usual.idle, 1),
    players,
    models,
    onBug: bugsTo(io),
    ...(env !== undefined && { env }),
    ...(Object.keys(game).length > 0 && { game }),
    ...(reward !== undefined && { reward }),
    ...(rewardScale !== undefined && { rewardScale }),
    ...(rewardRelative !== undefined && { rewardRelative }),
  }
}
