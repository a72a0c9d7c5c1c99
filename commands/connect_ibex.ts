/** What `connect ibex` adds to `connect`. */
import { resolve } from 'node:path'
import { CODECS, type CodecName } from '../connect/ibex/codec.ts'
import { type Creation, ibexServer } from '../connect/ibex/index.ts'
import { serverUrl } from '../connect/remote.ts'
import { economies } from '../economies/registry.ts'
import { UserError } from '../envs/core/errors.ts'
import { parseJson, readText } from '../rollouts/text_file.ts'
import { type Args, integer } from './command.ts'
import type { ConnectProtocol } from './connect_protocol.ts'
import type { Io } from './io.ts'

/** The variables with the login that makes games. */
const LOGIN = ['IBEX_USERNAME', 'IBEX_PASSWORD'] as const

export const ibex: ConnectProtocol = {
  describe: "players of a game at the server of the IBEX laboratory; seats are called by the players' numbers, from 1",
  options: {
    game: { type: 'string', describe: 'number of a game that was started' },
    create: {
      type: 'string',
      describe: `make games with the parameters of this JSON file, in the server's own form (needs ${LOGIN.join(' and ')} in the environment)`,
    },
    socket: { type: 'string', describe: "address of the server's WebSocket (/wss of its own address)" },
    'act-every': {
      type: 'string',
      describe: 'seconds between the turns of a seat in a market or a conversation, or `change` for a turn at every change (15)',
    },
    identities: {
      type: 'string',
      describe:
        "what is shown of others in a market: screen, as on the laboratory's screens, or wire, as the server sends it (screen)",
    },
    codec: {
      type: 'string',
      describe: "how messages are written: flat, the public server's, or suite, econagents 0.8.1's envelope (flat)",
    },
  },
  examples: [],
  async server(url, args, io) {
    const socket = args.text('socket')
    // It is asked about as the server is: a socket on another machine is another machine.
    if (socket !== undefined) serverUrl(socket.replace(/^ws/, 'http'), args.flag('remote'))
    const disclose = args.text('disclose')
    return ibexServer(
      {
        url: url.href.replace(/\/+$/, ''),
        ...(socket !== undefined && { socketUrl: socket }),
        game: readGame(args, io),
        codec: args.choice('codec', Object.keys(CODECS) as CodecName[]) ?? 'flat',
        view: { identities: args.choice('identities', ['screen', 'wire'] as const) ?? 'screen', actEveryMs: readActEvery(args) },
        economies,
        ...(disclose !== undefined && { disclose }),
      },
      io.signal,
    )
  },
  name: (_url, args) => `connect-ibex-${args.text('game')?.replace(/\D/g, '_') ?? 'made'}`,
}

function readGame(args: Args, io: Io): number | Creation {
  const [game, file] = [args.text('game'), args.text('create')]
  if ((game === undefined) === (file === undefined))
    throw new UserError('Say which game is meant, once: --game NUMBER of one that was started, or --create FILE to make one.')
  if (game !== undefined) {
    if (args.integer('repeats', 1, 1) > 1) throw new UserError('--repeats is of games that are made: --create FILE.')
    return integer(game, '--game', 0)
  }
  const [username, password] = LOGIN.map(name => io.env[name])
  if (!username || !password) throw new UserError(`--create needs a login: ${LOGIN.join(' and ')} in the environment.`)
  const parameters = parseJson(
    readText(resolve(io.cwd, file!), why => `--create: cannot read ${file}: ${why}.`),
    why => `--create: ${file} is no JSON: ${why}`,
  )
  if (typeof (parameters as { game_type?: unknown } | null)?.game_type !== 'string')
    throw new UserError(`--create: ${file} names no game_type; expected the server's parameters of a game.`)
  return { username, password, parameters: parameters as Creation['parameters'] }
}

/** Milliseconds between two turns; null where changes are followed. */
function readActEvery(args: Args): number | null {
  const text = args.text('act-every') ?? '15'
  if (text === 'change') return null
  const seconds = Number(text.replace(/s$/, ''))
  if (!(seconds > 0))
    throw new UserError(`--act-every: expected seconds above 0, such as 15, or change; got '${text.slice(0, 64)}'.`)
  return seconds * 1000
}
