/** What `connect otree` adds to `connect`. */
import { resolve } from 'node:path'
import { readSchemas } from '../connect/otree/schema.ts'
import { otreeServer, type Way } from '../connect/otree/server.ts'
import { UserError } from '../envs/core/errors.ts'
import { type Args, integer } from './command.ts'
import type { ConnectProtocol } from './connect_protocol.ts'
import { readSet } from './setup.ts'

/** The variable with the key of oTree's REST interface, as oTree itself calls it. */
const KEY = 'OTREE_REST_KEY'

const WAYS = ['session', 'room', 'create'] as const

export const otree: ConnectProtocol = {
  describe: 'participants of an oTree server',
  options: {
    session: {
      type: 'string',
      describe: `code of a session (needs ${KEY} in the environment), or the code at the end of its session-wide link`,
    },
    room: { type: 'string', describe: "name of a room; seats are then called by their participants' labels" },
    create: { type: 'string', describe: `make sessions of this session config over the REST interface (needs ${KEY})` },
    participants: { type: 'string', describe: 'with --create: participants of a session (as many as seats are named)' },
    set: { type: 'list', describe: 'with --create: field=value of the session config; may be given several times' },
    schema: { type: 'list', describe: 'JSON file on an app’s live pages and script-filled fields; may be given several times' },
    repairs: { type: 'string', describe: 'how often a refused answer is given back within a turn (2)' },
    'act-every': {
      type: 'string',
      describe: 'seconds after which a live or chat page is shown again though nothing happened on it (15)',
    },
  },
  examples: [],
  async server(url, args, io) {
    const way = readWay(url, args)
    const restKey = io.env[KEY]
    const disclose = args.text('disclose')
    return otreeServer(
      {
        origin: url.origin,
        way,
        schemas: Object.assign({}, ...args.list('schema').map(path => readSchemas(resolve(io.cwd, path)))),
        repairs: args.integer('repairs', 2, 0),
        actEveryS: args.integer('act-every', 15, 1),
        ...(restKey !== undefined && restKey !== '' && { restKey }),
        ...(disclose !== undefined && { disclose }),
      },
      io.signal,
    )
  },
  name(url, args) {
    const way = readWay(url, args)
    const what = way.kind === 'create' ? way.config : way.kind === 'room' ? way.name : way.code
    return `connect-otree-${what.replace(/[^\w.-]/g, '_').slice(0, 64)}`
  },
}

/** How the session is found: by an option, or by a link in place of the server's address. */
function readWay(url: URL, args: Args): Way {
  const given = WAYS.filter(name => args.text(name) !== undefined)
  const [, kind, code] = /^\/(join|room)\/([^/]+)\/?$/.exec(url.pathname) ?? []
  if (given.length + (kind === undefined ? 0 : 1) !== 1)
    throw new UserError(
      `Say which session is meant, once: --session CODE, --room NAME, --create CONFIG, or its session-wide link as the URL${given.length > 0 ? `; got ${given.map(name => `--${name}`).join(', ')}${kind === undefined ? '' : ' and a link'}` : ''}.`,
    )
  const idle = ['participants', 'set', 'repeats'].find(name => args.list(name).length > 0)
  if (given[0] !== 'create' && idle !== undefined) throw new UserError(`--${idle} is of sessions that are made: --create CONFIG.`)
  if (kind !== undefined) return kind === 'room' ? { kind, name: code! } : { kind: 'session', code: code! }
  const text = args.text(given[0]!)!
  if (given[0] === 'session') return { kind: 'session', code: text }
  if (given[0] === 'room') return { kind: 'room', name: text }
  const participants = args.text('participants')
  return {
    kind: 'create',
    config: text,
    participants: participants === undefined ? args.list('seat').length : integer(participants, '--participants', 1),
    fields: readSet(args),
  }
}
