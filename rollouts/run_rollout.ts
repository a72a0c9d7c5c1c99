/**
 * Plays one episode: seats its players, asks all actors of a step at once, steps, scores. Knows no file and no provider.
 *
 * Bots answer at once and cost no promise; the loop turns asynchronous at the first policy that answers with one.
 */
import { setMaxListeners } from 'node:events'
import { ask, SeatFailure, seatPolicies, seatsByPlayer, settle } from '../envs/core/ask.ts'
import type { AnyTypes, Decision } from '../envs/core/environment.ts'
import { Episode } from '../envs/core/episode.ts'
import type { EpisodeLog, LogRecord } from '../envs/core/log.ts'
import type { Policy } from '../envs/core/policy.ts'
import { sum } from '../envs/core/sums.ts'
import type { AgentId } from '../envs/core/tool.ts'
import { EpisodeStopped, RunStopped } from './errors.ts'
import type { Transcript } from './messages.ts'
import { type CallRow, ProviderError, type RetryRow, type TranscribedPolicy } from './player.ts'
import {
  type CallFigures,
  type FailedRollout,
  lineupNames,
  type Rollout,
  type RolloutSpec,
  rolloutKey,
  type Span,
  sourceOf,
} from './rollout.ts'
import { transcriptOf } from './transcript.ts'

/** Where the evidence of a rollout goes and comes from. Everything is optional: an episode can be played for its own sake. */
export interface RolloutOptions {
  /** Aborts the policies' turns; the rollout is then rejected with the signal's reason. */
  readonly signal?: AbortSignal
  /** What an interrupted run of this rollout left in calls.jsonl. */
  readonly recorded?: readonly CallRow[]
  /** Keeps an answered call; the rollout goes on once what it gives has resolved. */
  readonly record?: (row: CallRow) => unknown
  /** Hears of every failed attempt at a model call. */
  readonly retried?: (row: RetryRow) => void
  /** Whether evaluated seats whose policies keep no transcript get one as they play; it costs the rendering of each turn. */
  readonly transcripts?: boolean
  /** Called when players are waited for (true), and when they have answered: in between nothing of the economy runs. */
  readonly onWait?: (waiting: boolean) => void
  /** Called after every step of an episode in which somebody had to be waited for, beginning with those already played. */
  readonly onStep?: (log: EpisodeLog<AnyTypes>, record: LogRecord<AnyTypes>) => void
  /** Paces the game: each step, of which `t` were played before it, begins once what this gives has resolved. It changes nothing else. */
  readonly pace?: (t: number) => Promise<void>
}

/** Seconds since the epoch, monotonic within a process. */
const now = (): number => (performance.timeOrigin + performance.now()) / 1000
const span = (start: number, end: number): Span => ({ start, end, duration: end - start })

/**
 * Plays one episode. Answers at once where every policy does, with a promise otherwise. A `ProviderError` of a player is a
 * result; whatever else a policy or the economy throws is a bug and is thrown on.
 */
export function runRollout(
  spec: RolloutSpec,
  options: RolloutOptions = {},
): Rollout | FailedRollout | Promise<Rollout | FailedRollout> {
  const game = new SeatedEpisode(spec, options)
  let waiting: Promise<void> | undefined
  try {
    waiting = game.play()
  } catch (error) {
    return game.end(error)
  }
  return waiting === undefined
    ? game.end()
    : waiting.then(
        () => game.end(),
        error => game.end(error),
      )
}

interface SeatedPolicy {
  readonly policy: Policy<AnyTypes> & Partial<TranscribedPolicy>
  readonly repeat: number
  /** What the seat saw as text, turn by turn, where its transcript is written down for it. */
  readonly seen?: string[]
}

/** Decisions of a step that are there, and those that are waited for. */
interface Asked {
  readonly decisions: Record<AgentId, Decision>
  readonly waits: readonly Promise<void>[] | undefined
}

/** An episode with its players seated. */
class SeatedEpisode {
  readonly #spec: RolloutSpec
  readonly #options: RolloutOptions
  readonly #key: string
  readonly #episode: Episode<AnyTypes>
  readonly #policies = new Map<AgentId, SeatedPolicy>()
  readonly #calls = new Map<string, CallFigures>()
  readonly #given = new AbortController()
  readonly #giveUp = (): void => this.#given.abort(this.#options.signal?.reason)
  readonly #start = now()
  readonly #arriving: readonly Promise<void>[]
  #ready: number
  readonly #waits: Span[] = []
  #told = 0

  constructor(spec: RolloutSpec, options: RolloutOptions) {
    const { env, lineup, evaluated, seed } = spec
    this.#spec = spec
    this.#options = options
    this.#key = rolloutKey(spec)
    // Every call of every seat may listen to it.
    setMaxListeners(0, this.#given.signal)
    if (options.signal?.aborted) this.#giveUp()
    options.signal?.addEventListener('abort', this.#giveUp)
    this.#episode = new Episode(env, spec.config, seed, { repeat: spec.repeat, seats: lineupNames(lineup) })

    const recorded = options.recorded ?? []
    for (const row of recorded) this.#note(row)
    const context = {
      key: this.#key,
      signal: this.#given.signal,
      recorded,
      record: (row: CallRow) => {
        this.#note(row)
        return options.record?.(row)
      },
      ...(options.retried !== undefined && { retried: options.retried }),
    }
    const game = {
      env,
      config: this.#episode.config,
      seats: env.seats(this.#episode.config),
      seed,
      // The others play alike in every repeat, so that repeats measure the evaluated player alone.
      repeatOf: (agent: AgentId) => (evaluated.includes(agent) ? spec.repeat : 0),
    }
    for (const [player, agents] of seatsByPlayer(lineup)) {
      for (const [agent, made] of seatPolicies(player.policies(context), agents, game)) {
        const policy: SeatedPolicy['policy'] = made
        const written = options.transcripts === true && policy.transcript === undefined && evaluated.includes(agent)
        this.#policies.set(agent, { policy, repeat: game.repeatOf(agent), ...(written && { seen: [] }) })
      }
    }
    this.#arriving = [...seatsByPlayer(lineup).keys()].flatMap(player => player.arrive?.(context) ?? [])
    this.#ready = now()
  }

  /** Plays to the end, or up to what must be waited for, an answer or somebody to arrive; the promise then plays on. */
  play(): Promise<void> | undefined {
    if (this.#arriving.length === 0) return this.#play()
    return Promise.all(this.#arriving).then(() => {
      this.#ready = now()
      return this.#play()
    })
  }

  #play(): Promise<void> | undefined {
    const episode = this.#episode
    if (this.#options.pace !== undefined) return this.#playOn()
    while (!episode.over) {
      const decisions: Record<AgentId, Decision> = {}
      const waits = this.#ask(decisions)
      if (waits !== undefined) return this.#playOn({ decisions, waits })
      episode.step(decisions)
    }
    return undefined
  }

  /** Plays to the end; who was asked already is waited for first. */
  async #playOn(asked?: Asked): Promise<void> {
    const episode = this.#episode
    for (let next = asked; !episode.over; next = undefined) {
      next ??= await this.#next()
      if (next.waits !== undefined) await this.#settle(next.waits)
      this.#given.signal.throwIfAborted()
      episode.step(next.decisions)
      this.#tell()
    }
  }

  /** Asks all actors of the next step when it may begin. */
  async #next(): Promise<Asked> {
    await this.#options.pace?.(this.#episode.t)
    this.#given.signal.throwIfAborted()
    const decisions: Record<AgentId, Decision> = {}
    return { decisions, waits: this.#ask(decisions) }
  }

  /** Asks all actors at once; answers that are there go into `decisions`, the others will. */
  #ask(decisions: Record<AgentId, Decision>): Promise<void>[] | undefined {
    const episode = this.#episode
    const act = (agent: AgentId): Decision | Promise<Decision> => {
      const { policy, repeat, seen } = this.#policies.get(agent)!
      const turn = episode.turn(agent, this.#given.signal, repeat)
      seen?.push(episode.env.render(turn.observation))
      return policy.act(turn)
    }
    const actors = episode.actors()
    const empty = actors.find(agent => !this.#policies.has(agent))
    if (empty !== undefined) throw new Error(`rollout: nobody plays seat ${empty} of ${episode.env.id}; name a player for it`)
    return ask(actors, act, decisions)
  }

  /**
   * Waits for all; at the first failure the other seats are told to give up, and nothing is left running. Where the run is
   * stopped rather than failing, what they have asked for is waited for and kept.
   */
  async #settle(waits: readonly Promise<void>[]): Promise<void> {
    const start = now()
    this.#options.onWait?.(true)
    try {
      await settle(waits, failure => {
        if (!(failure instanceof SeatFailure && failure.cause instanceof RunStopped)) this.#given.abort(failure)
      })
    } finally {
      this.#waits.push(span(start, now()))
      this.#options.onWait?.(false)
    }
  }

  #tell(): void {
    const { onStep } = this.#options
    if (onStep === undefined) return
    const { log } = this.#episode
    while (this.#told < log.steps.length) onStep(log, log.steps[this.#told++]!)
  }

  #note({ reply, ...row }: CallRow): void {
    this.#calls.set(`${row.agent} ${row.call}`, { ...row, finish_reason: reply.finish_reason })
  }

  /** The result; `failure` is what play threw. */
  end(failure?: unknown): Rollout | FailedRollout {
    const { signal } = this.#options
    signal?.removeEventListener('abort', this.#giveUp)
    const cause = failure instanceof SeatFailure ? failure.cause : failure
    if (signal?.aborted) throw signal.reason
    const played = now()
    if (failure instanceof SeatFailure && cause instanceof ProviderError) {
      return {
        ok: false,
        key: this.#key,
        spec: this.#spec,
        agent: failure.agent,
        t: this.#episode.t,
        error: cause,
        timing: { start_time: this.#start, total: played - this.#start },
      }
    }
    if (cause instanceof EpisodeStopped) this.#episode.stop(cause.reason)
    else if (cause !== undefined) throw cause
    return this.#scored(played)
  }

  #scored(played: number): Rollout {
    const { env, evaluated, lineup } = this.#spec
    const { log, done } = this.#episode
    const scores = env.score(log)
    const metrics = Object.fromEntries(evaluated.map(agent => [agent, env.metrics.of(log, agent)]))
    const transcripts: Record<AgentId, Transcript> = {}
    const counters: Record<AgentId, Readonly<Record<string, number>>> = {}
    for (const [agent, { policy, seen }] of this.#policies) {
      if (policy.transcript !== undefined) transcripts[agent] = policy.transcript()
      else if (seen !== undefined) transcripts[agent] = transcriptOf(env, log, agent, seen, sourceOf(lineup[agent]!))
      if (policy.counters !== undefined) counters[agent] = policy.counters()
    }
    const end = now()
    const waited = sum(this.#waits.map(({ duration }) => duration))
    const generation = span(this.#ready, played)
    const stepping = generation.duration - waited
    const total = end - this.#start
    return {
      ok: true,
      key: this.#key,
      spec: this.#spec,
      log,
      truncated: done === false,
      scores,
      metrics,
      transcripts,
      counters,
      calls: [...this.#calls.values()],
      timing: {
        start_time: this.#start,
        setup: span(this.#start, this.#ready),
        generation,
        scoring: span(played, end),
        model: { spans: this.#waits, duration: waited },
        env: { spans: [], duration: stepping },
        total,
        overhead: total - waited - stepping,
      },
    }
  }
}
