/**
 * A game of the economy's own engine, played through links as if it were at a server: what a dry run shows and measures. Nobody joins
 * anything. Knows no protocol.
 */
import type { RemoteTwin } from '../../economies/remote.ts'
import type { AnyEnvironment, CallResult, Decision, Seat } from '../../envs/core/environment.ts'
import { Episode } from '../../envs/core/episode.ts'
import type { AgentId, Call } from '../../envs/core/tool.ts'
import type { Adapter, Ask, Link, LinkEvent, SeatRequest } from '../adapter.ts'

/** The adapter of one game; its seats are all those of the configuration, by their numbers from 1. */
export class TrialAdapter implements Adapter {
  readonly id = 'trial'
  readonly twin: RemoteTwin
  readonly config: object
  readonly seats: readonly string[]
  readonly #episode: Episode
  readonly #links = new Map<AgentId, TrialLink>()
  readonly #decisions: Record<AgentId, Decision> = {}

  constructor(twin: RemoteTwin, env: AnyEnvironment, config: object) {
    this.twin = twin
    this.config = config
    this.#episode = new Episode(env, config, 0)
    this.seats = env.seats(config).map((_, i) => String(i + 1))
  }

  async open({ seat }: SeatRequest): Promise<Link> {
    const agent = this.twin.agent(this.config, Number(seat))
    const own = this.twin.env.seats(this.config).find(other => other.agent === agent)!
    const link = new TrialLink(this, own, `player ${seat}`)
    this.#links.set(agent, link)
    if (this.#links.size === this.seats.length) this.#ask()
    return link
  }

  /** Asks whoever is to decide, or tells all that it is over. */
  #ask(): void {
    const episode = this.#episode
    if (episode.over) for (const link of this.#links.values()) link.over(episode.log.stop ?? 'over')
    for (const agent of episode.actors()) {
      const turn = episode.turn(agent)
      this.#links.get(agent)!.ask({
        id: `${episode.t}`,
        t: episode.t,
        observation: turn.observation,
        offered: turn.offered,
        check: turn.check,
        deadline: null,
        repeatable: true,
        fallback: '',
      })
    }
  }

  decided(agent: AgentId, calls: readonly Call[]): void {
    this.#decisions[agent] = { calls }
    if (!this.#episode.actors().every(actor => this.#decisions[actor] !== undefined)) return
    this.#episode.step({ ...this.#decisions })
    for (const actor of Object.keys(this.#decisions)) delete this.#decisions[actor]
    this.#ask()
  }
}

class TrialLink implements Link {
  readonly env: Link['env']
  readonly config: object
  readonly seat: Seat
  readonly identity: string
  readonly resume = null
  readonly #game: TrialAdapter
  readonly #told: LinkEvent[] = []
  #calls: Call[] = []
  #wake: () => void = () => {}

  constructor(game: TrialAdapter, seat: Seat, identity: string) {
    this.#game = game
    this.env = game.twin.env
    this.config = game.config
    this.seat = seat
    this.identity = identity
  }

  ask(ask: Ask): void {
    this.#say({ kind: 'due', ask })
  }

  over(stop: string): void {
    this.#say({ kind: 'over', result: { reward: null, stop, metrics: {}, info: {} } })
  }

  #say(event: LinkEvent): void {
    this.#told.push(event)
    this.#wake()
  }

  async *events(signal: AbortSignal): AsyncGenerator<LinkEvent> {
    signal.addEventListener('abort', () => this.#wake(), { once: true })
    while (!signal.aborted) {
      while (this.#told.length > 0) yield this.#told.shift()!
      await new Promise<void>(resolve => {
        this.#wake = resolve
        if (this.#told.length > 0 || signal.aborted) resolve()
      })
    }
  }

  async send(_ask: Ask, call: Call): Promise<CallResult> {
    this.#calls.push(call)
    return { ok: true, text: '' }
  }

  async reconcile(): Promise<'taken'> {
    return 'taken'
  }

  /** A turn is decided once nothing more comes of it. */
  ended(): void {
    const calls = this.#calls
    this.#calls = []
    this.#game.decided(this.seat.agent, calls)
  }

  close(): void {
    this.#wake()
  }
}
