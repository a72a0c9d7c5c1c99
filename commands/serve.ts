/** `serve`: games over HTTP and WebSocket for trainers. */
import { REWARD_FORMS } from '../envs/core/reward.ts'
import { type ServeOptions, startServer } from '../serve/server.ts'
import { type Args, type Command, integer } from './command.ts'
import type { ExitCode, Io } from './io.ts'
import { LIMIT_OPTIONS, MODEL_OPTIONS, readModels } from './models.ts'
import { CONFIG_OPTIONS, readSet } from './setup.ts'

export const serve: Command = {
  name: 'serve',
  positionals: {},
  describe: 'Serve games to trainers over HTTP and WebSocket: OpenEnv, ORS, NeMo Gym and the own wire on one port.',
  options: {
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
    'max-sessions': { type: 'string', describe: 'sessions at once (1024)' },
    'idle-timeout': { type: 'string', describe: 'seconds without a word after which a session is ended (900)' },
    ...MODEL_OPTIONS,
    ...LIMIT_OPTIONS,
  },
  examples: [
    ['agoragym serve --env ENV', 'http://127.0.0.1:8000 is an OpenEnv environment and an ORS server'],
    ['AGORAGYM_TOKEN=… agoragym serve --host 0.0.0.0', 'all economies for other machines that know the token'],
  ],
  async run(args, io): Promise<ExitCode> {
    const server = await startServer(readOptions(args, io))
    const { url, port } = server
    if (args.flag('json')) io.out(`${JSON.stringify({ url, port })}\n`)
    else io.out(`agoragym serves at ${url}; Ctrl-C stops it.\n`)
    await new Promise<void>(stop => {
      if (io.signal.aborted) stop()
      else io.signal.addEventListener('abort', () => stop(), { once: true })
    })
    await server.close()
    return 0
  },
}

function readOptions(args: Args, io: Io): ServeOptions {
  const [host, env, preset, opponents] = ['host', 'env', 'preset', 'opponents'].map(name => args.text(name))
  const reward = args.choice('reward', REWARD_FORMS)
  const rewardScale = args.choice('reward-scale', ['unit'] as const)
  const rewardRelative = args.choice('reward-relative', ['par', 'game'] as const)
  const token = args.text('token') ?? io.env.AGORAGYM_TOKEN
  const set = readSet(args)
  const game = {
    ...(preset !== undefined && { preset }),
    ...(Object.keys(set).length > 0 && { config: set }),
    ...(opponents !== undefined && { opponents }),
  }
  const players = args.list('allow-player')
  const models = readModels(args, io, 64)
  return {
    port: integer(args.text('port') ?? '8000', '--port', 0),
    insecure: args.flag('insecure'),
    maxSessions: args.integer('max-sessions', 1024, 1),
    idleTimeout: args.integer('idle-timeout', 900, 1),
    players,
    models,
    onBug: error => io.err(`${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`),
    ...(host !== undefined && { host }),
    ...(env !== undefined && { env }),
    ...(Object.keys(game).length > 0 && { game }),
    ...(token !== undefined && token !== '' && { token }),
    ...(reward !== undefined && { reward }),
    ...(rewardScale !== undefined && { rewardScale }),
    ...(rewardRelative !== undefined && { rewardRelative }),
  }
}
