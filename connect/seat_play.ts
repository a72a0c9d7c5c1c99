/**
 * One seat of a connected session, played: puts what is due to its player, checks what it decides against the newest state, sends it
 * at most once, keeps the deadlines and writes everything down. Knows no protocol, no economy and nothing of the other seats.
 */
import { setMaxListeners } from 'node:events'
import type { AnyTypes, CallResult, Decision } from '../envs/core/environment.ts'
import { refusalText } from '../envs/core/outcome.ts'
import { digest, plain } from '../envs/core/plain.ts'
import type { Policy, Turn } from '../envs/core/policy.ts'
import { stream } from '../envs/core/random.ts'
import { type Call, type Checked, type PlayerTools, toolSchema } from '../envs/core/tool.ts'
import { EpisodeStopped, RunStopped } from '../rollouts/errors.ts'
import type { Transcript, TranscriptMessage } from '../rollouts/messages.ts'
import { type Clock, sleep } from '../rollouts/models/retry.ts'
import { type Player, ProviderError, type TranscribedPolicy } from '../rollouts/player.ts'
import { sourceOf } from '../rollouts/rollout.ts'
import type { Adapter, Ask, Link, SeatResult } from './adapter.ts'
import type { DecisionRow, Disposition, Evidence, TurnRow } from './evidence.ts'

/** What all seats of a session have in common. */
export interface SessionTerms {
  /** The server's name of the session; no secret. */
  readonly id: string
  readonly adapter: Adapter
  readonly evidence: Evidence
  /** Draws of players that draw. */
  readonly seed?: number
  /** Counts the sessions of one treatment, from 0. */
  readonly repeat?: number
  /** Milliseconds from the asking to the sending of every decision, at least; players that think faster wait. */
  readonly paceMs?: number
  /** Milliseconds before a deadline at which thinking ends, besides the seat's own latency. */
  readonly marginMs?: number
}

export type SeatEvent =
  | { readonly kind: 'told' | 'lost'; readonly seat: string; readonly text: string }
  | { readonly kind: 'decided'; readonly seat: string; readonly row: DecisionRow }
  | { readonly kind: 'over'; readonly seat: string; readonly outcome: SeatOutcome }

/** How a seat ended. Without `result` it was left before its end, and `error` says why. */
export interface SeatOutcome {
  readonly seat: string
  readonly agent: string
  readonly player: string
  readonly result?: SeatResult
  readonly error?: { readonly code: string; readonly message: string }
}

/** Milliseconds that are kept free before a deadline, the seat's latency apart. */
export const MARGIN = 2000

/** How often one and the same call is sent where the server vouches that nothing has arrived. */
const SENDINGS = 3

/**
 * Turns, with all their repairs, that a decision gets which no clock ever makes for the player: others wait for it, and a seat that is
 * left holds them up for good.
 */
const TURNS = 3

type TurnSeen = Pick<TurnRow, 'observation' | 'offered' | 'results' | 't' | 'ask' | 'attempt'>

interface SeatOptions extends SessionTerms {
  /** What `--seat` calls it. */
  readonly name: string
  readonly link: Link
  readonly player: Player
  readonly policy: Policy<AnyTypes> & Partial<TranscribedPolicy>
  /** What an earlier process left of this session. */
  readonly earlier: ReturnType<Evidence['earlier']>
  /** The session's, in every file. */
  readonly key: string
  readonly clock: Clock
  readonly onEvent: (event: SeatEvent) => void
  /** Ends the whole session: aborted by whoever gives it up, this seat among them. */
  readonly given: AbortController
}

/** Why an ask ended before its decision. */
class AskClosed extends Error {
  readonly why: 'timeout' | 'superseded'
  constructor(why: 'timeout' | 'superseded', text: string) {
    super(text)
    this.why = why
  }
}

/** The seat is left: its player failed, quit, or cannot get past an ask. */
class SeatLeft extends Error {
  readonly code: string
  constructor(code: string, message: string) {
    super(message)
    this.code = code
  }
}

export class SeatPlay {
  readonly #options: SeatOptions
  readonly #seed: number
  readonly #repeat: number
  readonly #tools: PlayerTools<AnyTypes>
  /** Ends this seat alone. */
  readonly #leave = new AbortController()
  readonly #latencies: number[] = []
  readonly #dispositions: Partial<Record<Disposition, number>> = {}
  /** What a model in the seat would have been told and sent, for players that keep no transcript. */
  readonly #told: TranscriptMessage[] = []
  #results: readonly CallResult[] = []
  #open: { readonly ask: Ask; readonly abort: AbortController } | undefined
  #left: unknown

  constructor(options: SeatOptions) {
    this.#options = options
    const { seed = 0, repeat = 0, link } = options
    this.#seed = seed
    this.#repeat = repeat
    const { env, config, seat } = link
    this.#tools = env.tools(config)
    this.#told.push({ message: { role: 'system', content: env.rules(config, seat.agent) }, t: 0, sampled: false })
  }

  async run(): Promise<SeatOutcome> {
    const { link, name, player, given, onEvent } = this.#options
    const signal = AbortSignal.any([given.signal, this.#leave.signal])
    setMaxListeners(0, signal)
    let deciding: Promise<void> = Promise.resolve()
    let result: SeatResult | undefined
    try {
      await this.#remember(signal)
      for await (const event of link.events(signal)) {
        if (event.kind === 'due') {
          if (this.#open !== undefined)
            throw new Error(`${link.env.id}: ask ${event.ask.id} came while ${this.#open.ask.id} was open`)
          const abort = new AbortController()
          this.#open = { ask: event.ask, abort }
          deciding = this.#decide(event.ask, abort, signal).catch(error => {
            this.#left ??= error
            this.#leave.abort(error)
          })
        } else if (event.kind === 'closed') {
          if (this.#open?.ask.id === event.id) this.#open.abort.abort(new AskClosed(event.why, event.text))
        } else if (event.kind === 'over') {
          result = event.result
          break
        } else onEvent({ kind: event.kind, seat: name, text: event.text })
      }
    } catch (error) {
      this.#left ??= error
    }
    if (result !== undefined) this.#open?.abort.abort(new AskClosed('superseded', 'The session is over.'))
    await deciding
    if (result === undefined && given.signal.aborted) throw given.signal.reason
    const left = result === undefined ? (this.#left ?? new SeatLeft('closed', 'The server said no more.')) : undefined
    if (left !== undefined && !isSeatsOwn(left)) {
      // The whole session is given up: its other seats must not wait for this one.
      given.abort(left)
      throw left
    }
    const outcome: SeatOutcome = {
      seat: name,
      agent: link.seat.agent,
      player: player.name,
      ...(result !== undefined && { result }),
      ...(left !== undefined && { error: errorOf(left) }),
    }
    if (left !== undefined) this.#fail(left)
    onEvent({ kind: 'over', seat: name, outcome })
    return outcome
  }

  /**
   * Puts to the player again what an earlier process put to it: a model's recorded answers are heard, nothing is asked or sent. A
   * person remembers by himself, a served policy by its server.
   */
  async #remember(signal: AbortSignal): Promise<void> {
    const { earlier, policy, player, link } = this.#options
    const agent = link.seat.agent
    const decided = earlier.decisions.filter(row => row.agent === agent)
    for (const row of earlier.turns.filter(row => row.agent === agent)) {
      const said = row.checks[Symbol.iterator]()
      const check = (): Checked => {
        const next = said.next()
        if (next.done === true) throw new Error(`${row.key}: ${row.agent} checks more calls than were recorded for ${row.ask}`)
        return next.value
      }
      // A turn that nobody waited for is given up at once; what was answered of it is recorded.
      const over = row.calls === null ? AbortSignal.abort(new AskClosed('timeout', '')) : signal
      if (player.kind !== 'human' && player.kind !== 'policy') {
        try {
          await policy.act(this.#turn(row, check, over))
        } catch (error) {
          if (!(error instanceof AskClosed)) throw error
        }
      }
      this.#note(row)
      const calls = row.calls ?? []
      const results: CallResult[] = []
      while (decided[0]?.ask === row.ask && decided[0].attempt === row.attempt) {
        const { call, disposition, text } = decided.shift()!
        if (call !== null) results.push({ ok: disposition === 'sent', text })
      }
      while (results.length < calls.length) results.push({ ok: false, text: LOST })
      this.#results = results
      if (calls.length > 0) this.#tell(row.t, calls, results)
    }
  }

  #turn(
    { observation, offered, results, t, ask, attempt }: TurnSeen,
    check: (call: unknown) => Checked,
    signal: AbortSignal,
  ): Turn<AnyTypes> {
    const { link, adapter } = this.#options
    const { agent } = link.seat
    const seed = this.#seed
    const repeat = this.#repeat
    const tools = adapter.tools?.(observation)
    return {
      agent,
      t,
      observation,
      offered,
      results,
      repeat,
      check,
      signal,
      ...(tools !== undefined && { tools }),
      get random() {
        return stream(seed, 'policy', repeat, agent, ask, attempt)
      },
    }
  }

  /** Asks the player until something was taken, the ask is over, or nothing more can come of it. */
  async #decide(ask: Ask, abort: AbortController, signal: AbortSignal): Promise<void> {
    const { link, clock } = this.#options
    const within = AbortSignal.any([signal, abort.signal])
    const { repairs } = link.env.turn(link.config, link.seat.agent)
    const most = ask.deadline === null ? TURNS * (repairs + 1) - 1 : repairs
    try {
      for (let attempt = 0; ; attempt++) {
        const end = await this.#attempt(ask, attempt, within)
        if (end === 'done' || ask.repeatable) break
        // Where a clock decides, silence is an answer.
        if (attempt < most && !(end === 'silent' && ask.deadline !== null)) continue
        if (ask.deadline === null)
          throw new SeatLeft(
            'stuck',
            `Nothing that was sent for ${ask.id} was taken, and it has no time limit: ${this.#results[0]?.text ?? 'nothing was sent'}`,
          )
        await sleep(clock, Math.max(0, ask.deadline - clock.now()), within)
        throw new AskClosed('timeout', ask.fallback)
      }
    } catch (error) {
      // Whatever aborts `within` says why: the ask is over, the seat is left, or the run is stopped.
      if (!(error instanceof AskClosed)) throw error
      if (signal.aborted) throw signal.reason
      if (error.why === 'timeout' && !abort.signal.aborted) await link.lapse?.(ask)
      this.#results = []
    } finally {
      this.#open = undefined
      link.ended?.(ask)
    }
  }

  /** One turn of the player. `done`: something was taken, or the world takes care of the rest. */
  async #attempt(ask: Ask, attempt: number, within: AbortSignal): Promise<'done' | 'again' | 'silent'> {
    const { link, clock, policy } = this.#options
    const asked_at = clock.now()
    const checks: Checked[] = []
    const check = (call: unknown): Checked => {
      const checked = ask.check(plain(call))
      checks.push(checked)
      return checked
    }
    const turnRow = {
      key: this.#options.key,
      session: this.#options.id,
      agent: link.seat.agent,
      ask: ask.id,
      t: ask.t,
      attempt,
      observation: ask.observation,
      offered: ask.offered,
      results: this.#results,
      checks,
    }
    const times = { asked_at, answered_at: null, sent_at: null, acknowledged_at: null }
    const late = new AbortController()
    const cancel = this.#lateness(ask, late)
    let decision: Decision
    try {
      const signal = AbortSignal.any([within, late.signal])
      const turn = this.#turn(turnRow, check, signal)
      decision = await heard(Promise.resolve(policy.act(turn)), signal)
    } catch (error) {
      if (within.aborted && !(within.reason instanceof AskClosed)) throw within.reason
      const isLate = error instanceof AskClosed
      // A provider that fails for good costs this decision where the clock decides it, and the seat where nothing does.
      if (!isLate && !(error instanceof ProviderError && ask.deadline !== null && !error.fatal)) throw error
      if (!isLate) this.#fail(error)
      this.#write({ ...turnRow, calls: null })
      const closed = isLate ? error : new AskClosed('timeout', ask.fallback)
      this.#decided(ask, attempt, { call: null, disposition: closed.why, text: closed.message, ...times })
      if (!within.aborted) await this.#untilDeadline(ask, within)
      throw closed
    } finally {
      cancel()
    }
    const answered_at = clock.now()
    this.#latencies.push(answered_at - asked_at)
    const calls = plain(decision.calls) as unknown as Call[]
    this.#write({ ...turnRow, calls })
    if (calls.length === 0) {
      this.#results = []
      this.#decided(ask, attempt, { call: null, disposition: 'silent', text: '', ...times, answered_at })
      return 'silent'
    }
    return this.#send(ask, attempt, calls, { ...times, answered_at }, within)
  }

  /** Sends a decision's calls in order; ends at the first that is not taken. */
  async #send(
    ask: Ask,
    attempt: number,
    calls: readonly Call[],
    times: Pick<DecisionRow, 'asked_at' | 'answered_at' | 'sent_at' | 'acknowledged_at'>,
    within: AbortSignal,
  ): Promise<'done' | 'again'> {
    const { link, clock, paceMs = 0 } = this.#options
    const { maxCalls } = link.env.turn(link.config, link.seat.agent)
    const results: CallResult[] = []
    const told = (call: Call, disposition: Disposition, text: string, more: Partial<DecisionRow> = {}): void => {
      results.push({ ok: disposition === 'sent', text })
      this.#decided(ask, attempt, { call, disposition, text, ...times, ...more })
    }
    let taken = false
    try {
      for (const call of calls.slice(0, maxCalls)) {
        const checked = ask.check(call)
        if (!checked.ok) {
          told(call, 'refused', refusalText(checked.refusal))
          break
        }
        if (checked.answer !== undefined) {
          results.push({ ok: true, text: checked.answer })
          continue
        }
        // What the gate made of the arguments is sent, not what was written.
        const action = checked.action
        await this.#untilPaced(times.asked_at + paceMs, ask, within)
        if (within.aborted) {
          const { why, message } = closedBy(within)
          told(call, why, message)
          throw within.reason
        }
        const now = ask.recheck?.(call)
        if (now?.ok === false) {
          told(call, 'superseded', refusalText(now.refusal))
          break
        }
        const sent = await this.#sendOnce(ask, action, within)
        const { disposition, text, ...more } = sent
        told(call, disposition, text, { ...more, acknowledged_at: disposition === 'unknown' ? null : clock.now() })
        taken ||= disposition === 'sent' || sent.reconciled === 'taken' || sent.reconciled === 'closed'
        if (disposition !== 'sent') break
      }
    } finally {
      while (results.length < calls.length)
        results.push({ ok: false, text: 'Not carried out: an earlier call of the message was not.' })
      this.#results = results
      this.#tell(ask.t, calls, results)
    }
    return taken ? 'done' : 'again'
  }

  /** Sends one call. Without an answer the server is asked what it has; only on its word that it has nothing is it sent again. */
  async #sendOnce(
    ask: Ask,
    call: Call,
    within: AbortSignal,
  ): Promise<{ disposition: Disposition; text: string } & Partial<DecisionRow>> {
    const { link, clock } = this.#options
    for (let sending = 1; ; sending++) {
      const sent_at = clock.now()
      const answer = await link.send(ask, call, within)
      if (answer !== 'unknown') return { disposition: answer.ok ? 'sent' : 'refused', text: answer.text, sent_at }
      const reconciled = await link.reconcile(ask)
      if (reconciled === 'open' && sending < SENDINGS && !within.aborted) continue
      return { disposition: 'unknown', text: UNKNOWN[reconciled], sent_at, reconciled }
    }
  }

  /** Ends a turn's thinking so long before the deadline that an answer still gets there; what it returns calls that off. */
  #lateness(ask: Ask, late: AbortController): () => void {
    const { clock, marginMs = MARGIN } = this.#options
    if (ask.deadline === null) return () => {}
    const left = ask.deadline - clock.now()
    // However slow the player, half of the time is its own.
    const margin = Math.min(marginMs + percentile95(this.#latencies), left / 2)
    return clock.after(Math.max(0, left - margin), () => late.abort(new AskClosed('timeout', ask.fallback)))
  }

  async #untilDeadline(ask: Ask, within: AbortSignal): Promise<void> {
    const { clock } = this.#options
    if (ask.deadline === null) return
    await sleep(clock, Math.max(0, ask.deadline - clock.now()), within)
  }

  /** Waits for the pace, at most until so much before the deadline that sending is still possible. */
  async #untilPaced(due: number, ask: Ask, within: AbortSignal): Promise<void> {
    const { clock, marginMs = MARGIN } = this.#options
    const latest = ask.deadline === null ? due : Math.min(due, ask.deadline - marginMs)
    // A timer may fire a little before its time; the clock decides.
    for (let wait = latest - clock.now(); wait > 0 && !within.aborted; wait = latest - clock.now())
      await sleep(clock, wait, within).catch(() => {})
  }

  #decided(
    ask: Ask,
    attempt: number,
    what: Pick<DecisionRow, 'call' | 'disposition' | 'text' | 'asked_at' | 'answered_at' | 'sent_at' | 'acknowledged_at'> &
      Partial<DecisionRow>,
  ): void {
    const { name, key, id, player, link, evidence, onEvent } = this.#options
    const rounded = (at: number | null): number | null => (at === null ? null : Math.round(at))
    const row: DecisionRow = {
      key,
      session: id,
      seat: name,
      agent: link.seat.agent,
      player: player.name,
      ask: ask.id,
      t: ask.t,
      attempt,
      observation: digest(ask.observation),
      deadline: rounded(ask.deadline),
      ...what,
      asked_at: Math.round(what.asked_at),
      answered_at: rounded(what.answered_at),
      sent_at: rounded(what.sent_at),
      acknowledged_at: rounded(what.acknowledged_at),
    }
    this.#dispositions[row.disposition] = (this.#dispositions[row.disposition] ?? 0) + 1
    evidence.decision(row)
    onEvent({ kind: 'decided', seat: name, row })
  }

  #write(row: TurnRow): void {
    // What a policy holds on to must not change what is written, and the other way round.
    this.#options.evidence.turn(row)
    this.#note(row)
  }

  #note({ observation, t, calls }: TurnRow): void {
    const { link } = this.#options
    this.#told.push({ message: { role: 'user', content: link.env.render(observation) }, t, sampled: false })
    if (calls !== null && calls.length === 0) this.#told.push({ message: { role: 'assistant', content: '' }, t, sampled: true })
  }

  #tell(t: number, calls: readonly Call[], results: readonly CallResult[]): void {
    const tool_calls = calls.map(({ tool, args }, i) => ({
      id: `call_${t}_${i}`,
      name: String(tool),
      arguments: JSON.stringify(args ?? {}),
    }))
    this.#told.push({ message: { role: 'assistant', content: '', tool_calls }, t, sampled: true })
    for (const [i, { id, name }] of tool_calls.entries())
      this.#told.push({
        message: { role: 'tool', tool_call_id: id, name, content: results[i]?.text ?? '' },
        t,
        sampled: false,
      })
  }

  #fail(error: unknown): void {
    const { key, id, name, player, evidence, clock } = this.#options
    const { code, message } = errorOf(error)
    evidence.error({
      key,
      session: id,
      seat: name,
      player: player.name,
      t: this.#open?.ask.t ?? 0,
      code,
      message,
      at: Math.round(clock.now()),
    })
  }

  /** Writes the seat's line of results.jsonl, once, with what the server said of it at the end; gives the outcome as it then is. */
  file(outcome: SeatOutcome, settled: Readonly<Record<string, Pick<SeatResult, 'reward' | 'metrics'>>>): SeatOutcome {
    const { key, id, name, link, player, policy, evidence, earlier } = this.#options
    if (outcome.result === undefined) return outcome
    const result: SeatResult = { ...outcome.result, ...settled[name] }
    const transcript: Transcript = policy.transcript?.() ?? {
      source: sourceOf(player),
      tools: Object.entries(this.#tools).map(([tool, made]) => toolSchema(tool, made)),
      messages: this.#told,
    }
    if (!earlier.results.some(({ seat }) => seat === name))
      evidence.result({
        key,
        session: id,
        repeat: this.#repeat,
        seat: name,
        agent: link.seat.agent,
        role: link.seat.role,
        player: player.name,
        reward: result.reward,
        stop_condition: result.stop,
        metrics: result.metrics,
        info: result.info,
        dispositions: this.#dispositions,
        latency_ms: { median: Math.round(percentile(this.#latencies, 0.5)), p95: Math.round(percentile95(this.#latencies)) },
        ...(policy.counters !== undefined && { counters: policy.counters() }),
        transcript,
      })
    return { ...outcome, result }
  }
}

/** What is told of a decision whose process ended before it was heard what came of it. */
const LOST = 'The connection was lost before it was heard what came of it.'

const UNKNOWN = {
  taken: 'It was sent and taken; the answer was lost.',
  open: 'It was sent several times, and nothing arrived.',
  closed: 'It was sent, and it is not known whether it was taken: the world has moved on.',
} as const

/** A decision, or the reason of the signal as soon as that is aborted: a policy that does not listen is not waited for. */
function heard(decision: Promise<Decision>, signal: AbortSignal): Promise<Decision> {
  return new Promise((resolve, reject) => {
    const onAbort = (): void => reject(signal.reason)
    if (signal.aborted) onAbort()
    signal.addEventListener('abort', onAbort, { once: true })
    decision.then(resolve, reject).finally(() => signal.removeEventListener('abort', onAbort))
  })
}

function closedBy({ reason }: AbortSignal): { readonly why: 'timeout' | 'superseded'; readonly message: string } {
  return reason instanceof AskClosed ? reason : { why: 'superseded', message: 'The session was given up.' }
}

/** Whether a failure ends one seat; anything else ends the session. */
function isSeatsOwn(error: unknown): boolean {
  return error instanceof SeatLeft || error instanceof EpisodeStopped || error instanceof ProviderError
}

function errorOf(error: unknown): { readonly code: string; readonly message: string } {
  if (error instanceof SeatLeft || error instanceof ProviderError) return { code: error.code, message: error.message }
  if (error instanceof EpisodeStopped) return { code: error.reason, message: error.message }
  if (error instanceof RunStopped) return { code: 'stopped', message: error.message }
  return { code: 'error', message: error instanceof Error ? error.message : String(error) }
}

/** The smallest value that so large a part of them does not exceed; 0 of none. */
function percentile(values: readonly number[], part: number): number {
  const sorted = values.toSorted((a, b) => a - b)
  return sorted[Math.max(0, Math.ceil(part * sorted.length) - 1)] ?? 0
}

function percentile95(values: readonly number[]): number {
  return percentile(values, 0.95)
}
