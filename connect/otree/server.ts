/**
 * An oTree server as a run of sessions sees it: finds or makes sessions, seats participants, fetches what it has written down. Knows
 * oTree's ways in; what goes on inside is `link.ts`'s.
 */
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { AnyTypes } from '../../envs/core/environment.ts'
import { UserError } from '../../envs/core/errors.ts'
import { digest } from '../../envs/core/plain.ts'
import type { PlayerTools } from '../../envs/core/tool.ts'
import { makeFolder } from '../../rollouts/disk.ts'
import type { Adapter, Link, SeatRequest, SeatResult, Wire } from '../adapter.ts'
import type { KnownSession } from '../evidence.ts'
import type { Hosted, Server } from '../run.ts'
import { type PageObservation, pagesWithBots } from './env.ts'
import { Browser, ServerError, unreachable } from './http.ts'
import { ParticipantLink } from './link.ts'
import { waitSocketIn } from './page.ts'
import { Rest, type SessionFacts } from './rest.ts'
import type { Schemas } from './schema.ts'
import { toolsOf } from './tools.ts'

/** How the session that is joined is found. */
export type Way =
  /** The code of a session, which needs the REST interface, or that of its session-wide link. */
  | { readonly kind: 'session'; readonly code: string }
  /** A room: a seat's name is its participant label. */
  | { readonly kind: 'room'; readonly name: string }
  /** New sessions of a configuration. */
  | {
      readonly kind: 'create'
      readonly config: string
      readonly participants: number
      readonly fields: Readonly<Record<string, unknown>>
    }

export interface OTreeOptions {
  /** Scheme, host and port. */
  readonly origin: string
  readonly way: Way
  /** The key of the REST interface, where we have one. */
  readonly restKey?: string
  readonly schemas: Schemas
  readonly repairs: number
  readonly actEveryS: number
  readonly disclose?: string
}

/** Where seats are taken: a session whose participants the REST interface tells, a session-wide link, a room. */
interface Place {
  readonly kind: 'session' | 'join' | 'room'
  readonly code: string
}

/** A seat's number, as `--seat` names it. */
const NUMBER = /^[1-9]\d*$/

export async function otreeServer(options: OTreeOptions, signal: AbortSignal): Promise<Server> {
  const { origin, way, restKey } = options
  const rest = restKey === undefined ? undefined : new Rest(origin, restKey)
  const version = await rest?.get('otree_version', signal)
  const needed = (): Rest => {
    if (rest === undefined)
      throw new UserError('oTree’s REST interface asks for a key: put the server’s OTREE_REST_KEY into the environment.')
    return rest
  }
  if (way.kind === 'create') await checkConfig(needed(), way, signal)
  const economy = pagesWithBots()
  const host = async (place: Place): Promise<Hosted> => {
    const facts = place.kind === 'session' ? await rest?.session(place.code, signal) : undefined
    return {
      id: place.kind === 'session' ? place.code : `${place.kind}_${digest(place.code).slice(0, 8)}`,
      adapter: new OTreeAdapter(options, place, rest, facts),
      resume: place,
      ...(facts !== undefined && { seats: facts.participants.map(({ id_in_session }) => String(id_in_session)) }),
      ...(rest !== undefined && {
        finish: (folder: string, _result: unknown, signal: AbortSignal) => fetchExports(rest, place, folder, signal),
      }),
    }
  }
  const create = async (config: string, participants: number, more: object): Promise<Hosted> => {
    const body = { session_config_name: config, num_participants: participants, ...more }
    const { code } = (await needed().post('sessions', body, signal)) as { readonly code: string }
    return host({ kind: 'session', code })
  }
  const begin = async (): Promise<Hosted> => {
    if (way.kind === 'create') return create(way.config, way.participants, { modified_session_config_fields: way.fields })
    if (way.kind === 'room') return host({ kind: 'room', code: way.name })
    // Without the REST interface nothing but a session-wide link leads anywhere; with it, the code may still be one.
    return host({ kind: (await rest?.knows(way.code, signal)) === true ? 'session' : 'join', code: way.code })
  }
  return {
    protocol: 'otree',
    address: origin,
    economy,
    facts: {
      ...(version !== undefined && { otree: version }),
      // The code of a session-wide link lets anybody in.
      treatment: way.kind === 'session' ? { kind: way.kind } : way,
    },
    ...(restKey !== undefined && { secrets: { [restKey]: '(REST key)' } }),
    begin,
    again: (known: KnownSession) => host(known.resume as Place),
    trial: async () => {
      if (rest === undefined) return 'a trial session is made over the REST interface, which needs the server’s OTREE_REST_KEY'
      if (way.kind === 'create')
        return create(way.config, way.participants, { is_demo: true, modified_session_config_fields: way.fields })
      if (way.kind === 'room') return 'what a room plays is not known before one joins; name a configuration with --create'
      if (!(await rest.knows(way.code, signal)))
        return 'a session-wide link does not tell what is played; name the session’s code'
      const { config_name, num_participants } = await rest.session(way.code, signal)
      return create(config_name, num_participants, { is_demo: true })
    },
  }
}

async function checkConfig(rest: Rest, { config, fields }: Way & { kind: 'create' }, signal: AbortSignal): Promise<void> {
  const configs = (await rest.get('session_configs', signal)) as readonly Record<string, unknown>[]
  const found = configs.find(({ name }) => name === config)
  if (found === undefined)
    throw new UserError(`No session config '${config}' at this server. Configs: ${configs.map(({ name }) => name).join(', ')}.`)
  const unknown = Object.keys(fields).find(name => !Object.hasOwn(found, name))
  if (unknown !== undefined)
    throw new UserError(`--set: config ${config} has no field ${unknown}. Fields: ${Object.keys(found).join(', ')}.`)
}

class OTreeAdapter implements Adapter {
  readonly id = 'otree'
  readonly #options: OTreeOptions
  readonly #place: Place
  readonly #rest: Rest | undefined
  #facts: SessionFacts | undefined
  readonly #env = pagesWithBots().env
  /** The codes of our participants, by what `--seat` calls them. */
  readonly #taken = new Map<string, string>()

  constructor(options: OTreeOptions, place: Place, rest: Rest | undefined, facts: SessionFacts | undefined) {
    this.#options = options
    this.#place = place
    this.#rest = rest
    this.#facts = facts
  }

  tools(observation: object): PlayerTools<AnyTypes> {
    return toolsOf(observation as PageObservation)
  }

  async open({ seat, resume }: SeatRequest, wire: Wire, signal: AbortSignal): Promise<Link> {
    const { origin, schemas, repairs, actEveryS, disclose } = this.#options
    const browser = new Browser(origin, wire)
    const code = resumed(resume) ?? (await this.#codeOf(seat, browser, wire, signal))
    wire.secret(code, `(seat ${seat})`)
    for (const [other, theirs] of this.#taken)
      if (theirs === code) throw new UserError(`Seats ${other} and ${seat} are one participant's; name one of them.`)
    this.#taken.set(seat, code)
    if (this.#place.kind === 'room') this.#facts ??= await this.#rest?.ofRoom(this.#place.code, signal)
    const participant = this.#facts?.participants.find(each => each.code === code)
    if (this.#facts !== undefined && participant === undefined)
      throw new UserError(`Seat ${seat}: the server took us for a participant of another session than ${this.#facts.code}.`)
    if (
      participant !== undefined &&
      this.#place.kind === 'session' &&
      NUMBER.test(seat) &&
      participant.id_in_session !== Number(seat)
    )
      throw new UserError(`Seat ${seat}: the server took us for participant ${participant.id_in_session}.`)
    const number = participant?.id_in_session
    return new ParticipantLink({
      browser,
      env: this.#env,
      config: { repairs },
      seat: { agent: number === undefined ? `participant_${seat}` : `participant_${number}`, role: 'participant' },
      identity: number === undefined ? `participant ${seat}` : `participant ${number} of session ${this.#facts?.code}`,
      code,
      schemas,
      actEveryS,
      ...(disclose !== undefined && { disclose }),
    })
  }

  async settle(signal: AbortSignal): Promise<Readonly<Record<string, Pick<SeatResult, 'reward' | 'metrics'>>>> {
    if (this.#facts === undefined || this.#rest === undefined) return {}
    const { participants } = await this.#rest.session(this.#facts.code, signal)
    return Object.fromEntries(
      [...this.#taken].flatMap(([seat, code]) => {
        const own = participants.find(each => each.code === code)
        if (own === undefined) return []
        const { payoff_in_real_world_currency } = own
        return [[seat, { reward: payoff_in_real_world_currency, metrics: { payoff_in_real_world_currency } }]]
      }),
    )
  }

  /** The code of the participant that the seat's name means. */
  async #codeOf(seat: string, browser: Browser, wire: Wire, signal: AbortSignal): Promise<string> {
    const { disclose } = this.#options
    const place = this.#place
    if (place.kind === 'session' && this.#facts !== undefined) {
      const found = this.#facts.participants.find(
        ({ id_in_session, code, label }) => String(id_in_session) === seat || code === seat || label === seat,
      )
      if (found === undefined)
        throw new UserError(`No seat ${seat} in session ${place.code}. Seats: 1 to ${this.#facts.participants.length}.`)
      if (disclose !== undefined && !found.label)
        await browser.request(
          'GET',
          `/InitializeParticipant/${found.code}?participant_label=${encodeURIComponent(disclose.slice(0, 100))}`,
          signal,
        )
      return found.code
    }
    const path =
      place.kind === 'room'
        ? `/room/${encodeURIComponent(place.code)}?welcome_page_ok=1&participant_label=${encodeURIComponent(seat)}`
        : `/join/${encodeURIComponent(place.code)}`
    const code = await this.#join(path, browser, signal)
    wire.secret(code, `(seat ${seat})`)
    return code
  }

  /** Follows a link that gives a free place; where a room has no session yet, waits for one. */
  async #join(path: string, browser: Browser, signal: AbortSignal): Promise<string> {
    for (;;) {
      let answer: Awaited<ReturnType<Browser['request']>>
      try {
        answer = await browser.request('GET', path, signal)
      } catch (error) {
        signal.throwIfAborted()
        throw unreachable(this.#options.origin, error)
      }
      const [, code] = /^\/InitializeParticipant\/([^/?]+)/.exec(answer.location ?? '') ?? []
      if (code !== undefined) return code
      if (answer.status >= 400)
        throw new UserError(`${path.split('?', 1)[0]}: ${answer.status} ${answer.body.replace(/<[^>]*>/g, '').slice(0, 300)}`)
      const socket = waitSocketIn(answer.body)
      if (socket === null) throw new ServerError(answer.status, `${path.split('?', 1)[0]} leads to no participant`)
      await new Promise<void>((resolve, reject) => {
        const waiting = browser.socket(socket, { onMessage: () => done() })
        const done = (): void => {
          signal.removeEventListener('abort', stop)
          waiting.close()
          resolve()
        }
        const stop = (): void => {
          waiting.close()
          reject(signal.reason)
        }
        signal.addEventListener('abort', stop, { once: true })
      })
    }
  }
}

function resumed(resume: unknown): string | undefined {
  const code = (resume as { code?: unknown } | undefined)?.code
  return typeof code === 'string' ? code : undefined
}

/** Puts oTree's own tables of a session into the folder. */
async function fetchExports(rest: Rest, place: Place, folder: string, signal: AbortSignal): Promise<string[]> {
  const facts =
    place.kind === 'session'
      ? await rest.session(place.code, signal)
      : place.kind === 'room'
        ? await rest.ofRoom(place.code, signal)
        : undefined
  if (facts === undefined) return []
  const { code, config } = facts
  const into = join(folder, 'otree', code)
  makeFolder(into)
  const of = encodeURIComponent(code)
  const files: [string, string][] = [
    ['all_apps_wide.csv', `export_wide?session_code=${of}`],
    ...config.app_sequence.map((app): [string, string] => [
      `${app}.csv`,
      `export_app?app=${encodeURIComponent(app)}&session_code=${of}`,
    ]),
    ['chat.csv', `export_chat?session_code=${of}`],
  ]
  for (const [name, path] of files) writeFileSync(join(into, name), await rest.text('GET', path, undefined, signal))
  return [`oTree's tables of session ${code}: ${files.map(([name]) => name).join(', ')}`]
}
