/**
 * One person's seat in one game: the policy that waits for what its pages send, and what they are shown. Writes every decision
 * down before it is used, lets a bot play on. Knows no socket and no other seat.
 */
import type { AnyTypes, Decision, Playable, Scores, Seat } from '../envs/core/environment.ts'
import type { EpisodeLog } from '../envs/core/log.ts'
import { digest } from '../envs/core/plain.ts'
import type { Policy, SeatContext, Turn } from '../envs/core/policy.ts'
import type { AgentId, Call, Checked, PlayerTools } from '../envs/core/tool.ts'
import { RunError } from '../rollouts/errors.ts'
import type { Clock } from '../rollouts/models/retry.ts'
import type { Player, RolloutContext } from '../rollouts/player.ts'
import { callText } from '../rollouts/players/human.ts'
import { readFilled } from './asked.ts'
import type { DecisionRow, HostedFiles, PersonRow, SeatLink, SittingRow } from './files.ts'
import { formsOf } from './forms.ts'
import type {
  Answer,
  AnswerCode,
  AskedField,
  MonitorGame,
  MonitorSeat,
  SeatMessage,
  SeatStage,
  SeatView,
  Told,
} from './messages.ts'
import { finishUrl, moneyText, type PaymentRule, paymentOf } from './payment.ts'
import { Pending } from './pending.ts'

/** What holds for all seats of all games of a server. */
export interface HostRules {
  /** What pages are headed. */
  readonly title: string
  /** What people agree to before they play; nobody is asked where it is null. */
  readonly consent: { readonly text: string; readonly fields: readonly AskedField[] } | null
  /** What they are asked when the game is over. */
  readonly questions: readonly AskedField[] | null
  /** Milliseconds of a turn. */
  readonly turnMs: number | null
  /** Milliseconds without a page after which a bot plays on. */
  readonly absentMs: number | null
  /** The bots that may play on, by player string; the first does where nobody says which. */
  readonly bots: readonly string[]
  readonly botOf: (name: string) => Player
  readonly payment: PaymentRule | null
  /** Whether people are given payment codes. */
  readonly codes: boolean
  /** Where people go in the end: a template with `{code}`, `{seat}` and `{game}`. */
  readonly finishUrl: string | null
  readonly clock: Clock
}

/** What a seat knows of its game. */
export interface Table {
  readonly number: number
  readonly key: string
  readonly stage: MonitorGame['stage']
  /** People who are there and have agreed, and how many there are to be. */
  readonly room: { readonly here: number; readonly needed: number }
  /** Of every evaluated seat, once the game is over. */
  readonly scores: Readonly<Record<AgentId, Scores>> | undefined
  /** Resolves as soon as the game is not paused; rejects where it was ended. */
  going(): Promise<void>
  /** The step that is being played. */
  at(t: number): void
  /** Something changed that others are shown. */
  changed(): void
  /** Files or an economy failed: nothing can go on. */
  fail(error: unknown): void
}

/** What pages are told of a turn that time took. */
const TIME_WAS_UP: Told = { ok: false, code: 'timeout', text: 'Your time was up, so nothing of yours was played in that turn.' }

export class HostedSeat {
  readonly agent: AgentId
  readonly link: SeatLink
  readonly #rules: HostRules
  readonly #table: Table
  readonly #files: HostedFiles
  readonly #env: Playable<AnyTypes>
  readonly #config: object
  readonly #tools: PlayerTools<AnyTypes>
  /** What earlier processes have of this seat's turns. */
  readonly #earlier: ReadonlyMap<number, DecisionRow>
  readonly #pages = new Set<() => void>()
  readonly #counts = { turns: 0, timeouts: 0, bot_turns: 0 }
  #history: { turn: number; t: number; sent: readonly string[]; results: readonly string[] }[] = []
  #told: readonly Told[] = []
  #turns = 0
  #pending: Pending | undefined
  #last: Pick<DecisionRow, 'player' | 'disposition'> | undefined
  #agreed: boolean
  #answered: boolean
  #left = false
  #erased = false
  #bot: string | undefined
  #botFrom: number | undefined
  #botPolicy: Policy<AnyTypes> | undefined
  #context: { readonly rollout: RolloutContext; readonly seat: SeatContext<AnyTypes>; readonly seed: number } | undefined
  #absentSince: number
  #stopAbsence: () => void = () => {}

  constructor(
    at: {
      readonly rules: HostRules
      readonly table: Table
      readonly files: HostedFiles
      readonly env: Playable<AnyTypes>
      readonly config: object
      readonly seat: Seat
    },
    earlier: {
      readonly sittings: readonly SittingRow[]
      readonly decisions: readonly DecisionRow[]
      readonly people: readonly PersonRow[]
    },
  ) {
    const { rules, table, files, env, config, seat } = at
    this.agent = seat.agent
    this.link = files.link({ key: table.key, agent: seat.agent })
    this.#rules = rules
    this.#table = table
    this.#files = files
    this.#env = env
    this.#config = config
    this.#tools = env.tools(config)
    this.#earlier = new Map(earlier.decisions.map(row => [row.turn, row]))
    this.#agreed = rules.consent === null
    this.#answered = earlier.people.some(({ asked }) => asked === 'questions')
    for (const { event, player, turn } of earlier.sittings) {
      if (event === 'agreed') this.#agreed = true
      else if (event === 'left') this.#left = true
      else if (event === 'erased') this.#erased = true
      else if (event === 'replaced') {
        this.#bot = player
        this.#botFrom = turn
      }
    }
    this.#absentSince = rules.clock.now()
  }

  /** Takes up what earlier processes know, of a game that is not played again: its log says what came of every decision. */
  recall({ steps }: EpisodeLog<AnyTypes>): void {
    for (const row of this.#earlier.values()) {
      this.#note(row)
      const entry = this.#history.at(-1)
      if (entry?.turn === row.turn) entry.results = (steps[row.t]?.results[this.agent] ?? []).map(({ text }) => text)
    }
  }

  get stage(): SeatStage {
    if (this.#left) return 'left'
    if (this.#bot !== undefined) return 'replaced'
    const { stage } = this.#table
    if (stage === 'failed') return 'failed'
    if (stage === 'over') return this.#rules.questions === null || this.#answered ? 'over' : 'questions'
    if (!this.#agreed) return 'consent'
    if (stage !== 'playing') return stage
    return this.#pending === undefined ? 'others' : 'playing'
  }

  /** Whether a page is open. */
  get connected(): boolean {
    return this.#pages.size > 0
  }

  /** Whether the person is there and has agreed. */
  get here(): boolean {
    return this.#agreed && this.connected && !this.#left
  }

  /** Whether nothing more is to come from the person. */
  get finished(): boolean {
    return ['over', 'replaced', 'left', 'failed'].includes(this.stage)
  }

  get counters(): Readonly<Record<string, number>> {
    return { ...this.#counts, ...(this.#counts.bot_turns > 0 && { bot_from: this.#botFrom! }) }
  }

  /** A page was opened; `show` is called at every change. What it returns is to be called when the page is closed. */
  attach(show: () => void): () => void {
    this.#pages.add(show)
    this.watchAbsence()
    this.#table.changed()
    return () => {
      if (!this.#pages.delete(show)) return
      if (this.#pages.size === 0) this.#absentSince = this.#rules.clock.now()
      this.watchAbsence()
      this.#table.changed()
    }
  }

  /** Shows its pages what is new. */
  show(): void {
    for (const page of this.#pages) page()
  }

  /** Counts the time of absence anew, where it counts. */
  watchAbsence(): void {
    this.#stopAbsence()
    this.#stopAbsence = () => {}
    const { absentMs, bots } = this.#rules
    if (absentMs === null || this.connected || this.#bot !== undefined || this.#table.stage !== 'playing') return
    this.#stopAbsence = this.#after(absentMs, () => this.replace(bots[0]!))
  }

  #after(ms: number, work: () => void): () => void {
    return this.#rules.clock.after(ms, () => {
      try {
        work()
      } catch (error) {
        this.#table.fail(error)
      }
    })
  }

  // What the game asks.

  /** The policy of this seat in its rollout. */
  policy(rollout: RolloutContext, seat: SeatContext<AnyTypes>, seed: number): Policy<AnyTypes> & { counters(): object } {
    this.#context = { rollout, seat, seed }
    this.#botPolicy = undefined
    this.#turns = 0
    this.#history = []
    this.#told = []
    Object.assign(this.#counts, { turns: 0, timeouts: 0, bot_turns: 0 })
    return { act: turn => this.#act(turn), counters: () => this.counters }
  }

  async #act(turn: Turn<AnyTypes>): Promise<Decision> {
    const number = this.#turns++
    this.#table.at(turn.t)
    this.#hear(turn)
    const row = this.#earlier.get(number)
    if (row !== undefined) return this.#again(row, turn)
    await this.#table.going()
    turn.signal?.throwIfAborted()
    return this.#bot === undefined ? this.#ask(turn, number) : this.#byBot(this.#bot, turn, number, this.#rules.clock.now())
  }

  /** What came of the last decision. */
  #hear({ results }: Turn<AnyTypes>): void {
    const last = this.#last
    if (last === undefined || last.player !== 'human') {
      this.#told = []
      return
    }
    const entry = this.#history.at(-1)
    if (entry !== undefined && last.disposition !== 'timeout') entry.results = results.map(({ text }) => text)
    const heard = results.map(({ ok, text }): Told => ({ ok, code: null, text }))
    this.#told = last.disposition === 'timeout' ? [TIME_WAS_UP, ...heard] : heard
  }

  /** A turn that was decided before the server was started again. */
  async #again(row: DecisionRow, turn: Turn<AnyTypes>): Promise<Decision> {
    if (row.observation !== digest(turn.observation))
      throw new RunError(
        `${this.#files.path('decisions')}: turn ${row.turn} of ${row.agent} was decided on something else than is seen now, so ${row.key} cannot be gone on with; host it with the version and the options it was begun with.`,
      )
    // A bot remembers what it saw.
    if (row.player !== 'human') await this.#botOf(row.player).act(turn)
    this.#note(row)
    return { calls: row.calls, ...(row.units !== undefined && { units: row.units }) }
  }

  #ask(turn: Turn<AnyTypes>, number: number): Promise<Decision> {
    const { clock, turnMs } = this.#rules
    const pending = new Pending({
      turn,
      number,
      turnMs,
      now: () => clock.now(),
      after: (ms, work) => this.#after(ms, work),
      timeUp: () => this.#timeUp(pending),
      onClose: () => {
        this.#pending = undefined
      },
    })
    this.#pending = pending
    if (this.#table.stage !== 'paused') pending.goOn()
    this.#table.changed()
    return pending.decision
  }

  /** Time stands still. */
  pause(): void {
    this.#pending?.pause()
  }

  goOn(): void {
    this.#pending?.goOn()
  }

  /** The seat is silent; where silence is the end of its play it passes instead. */
  #timeUp(pending: Pending): void {
    if (this.#pending !== pending) return
    const { onSilence, passTool } = this.#env.turn(this.#config, this.agent)
    const pass: Call | undefined = onSilence === 'stop' && passTool !== undefined ? { tool: passTool, args: {} } : undefined
    this.#take(pending, pass !== undefined && pending.turn.check(pass).ok ? [pass] : [], 'timeout')
  }

  /** Takes a decision of the person, or of time for them: it is written down before anything comes of it. */
  #take(pending: Pending, calls: readonly Call[], disposition: DecisionRow['disposition']): void {
    const { turn, number, askedAt } = pending
    this.#write({ player: 'human', turn: number, calls, disposition, askedAt }, turn)
    pending.settle({ calls })
    this.#table.changed()
  }

  #write(
    { askedAt, ...of }: Pick<DecisionRow, 'player' | 'turn' | 'calls' | 'units' | 'disposition'> & { readonly askedAt: number },
    { t, observation }: Turn<AnyTypes>,
  ): void {
    const now = Math.round(this.#rules.clock.now())
    const row: DecisionRow = {
      key: this.#table.key,
      agent: this.agent,
      t,
      observation: digest(observation),
      ...of,
      asked_at: this.#erased ? null : Math.round(askedAt),
      answered_at: this.#erased ? null : now,
    }
    this.#files.decision(row)
    this.#note(row)
  }

  #note(row: DecisionRow): void {
    this.#last = row
    const { turn, t, calls, player, disposition } = row
    if (player !== 'human') this.#counts.bot_turns++
    else if (disposition === 'timeout') this.#counts.timeouts++
    else {
      this.#counts.turns++
      if (!this.#erased) this.#history.push({ turn, t, sent: calls.map(callText), results: [] })
    }
  }

  async #byBot(name: string, turn: Turn<AnyTypes>, number: number, askedAt: number): Promise<Decision> {
    const decision = await this.#botOf(name).act(turn)
    const disposition = decision.calls.length === 0 ? 'silent' : 'sent'
    this.#write({ player: name, turn: number, ...decision, disposition, askedAt }, turn)
    return decision
  }

  /** The bot that plays on, seated when it is first asked. */
  #botOf(name: string): Policy<AnyTypes> {
    if (this.#botPolicy === undefined) {
      const { rollout, seat, seed } = this.#context!
      const factory = this.#rules.botOf(name).policies(rollout)
      const make = factory.episode?.(seed, [this.agent]) ?? factory
      this.#botPolicy = make(seat)
    }
    return this.#botPolicy
  }

  /** A bot plays on, for good. False where one does already, or the game is over. */
  replace(name: string): boolean {
    if (this.#bot !== undefined || this.#table.stage === 'over' || this.#table.stage === 'failed') return false
    const pending = this.#pending
    const turn = pending?.number ?? this.#turns
    this.#bot = name
    this.#botFrom = turn
    this.#sit({ event: 'replaced', player: name, turn })
    this.watchAbsence()
    // A turn that waits while the game is paused is played when it goes on.
    if (pending !== undefined)
      pending.settle(this.#table.going().then(() => this.#byBot(name, pending.turn, pending.number, pending.askedAt)))
    this.#table.changed()
    return true
  }

  /** Gives up the turn that waits. */
  fail(error: unknown): void {
    this.#pending?.fail(error)
  }

  #sit(of: Pick<SittingRow, 'event' | 'player' | 'turn'>): void {
    this.#files.sitting({ key: this.#table.key, agent: this.agent, ...of, at: Math.round(this.#rules.clock.now()) })
  }

  // What its pages say.

  receive(message: SeatMessage): Answer {
    try {
      return this.#answer(message)
    } catch (error) {
      this.#table.fail(error)
      return no(message.id, 'unknown', 'The server failed; it has to be started again.')
    }
  }

  #answer(message: SeatMessage): Answer {
    switch (message.type) {
      case 'consent':
        return this.#consent(message)
      case 'check':
      case 'decide':
        return this.#decide(message)
      case 'questions':
        return this.#questions(message)
      case 'stop':
        return this.#stop(message)
    }
  }

  #consent({ id, fields }: Extract<SeatMessage, { type: 'consent' }>): Answer {
    if (this.stage !== 'consent') return no(id, 'not_now', 'There is nothing to agree to now.')
    const filled = readFilled(this.#rules.consent!.fields, fields)
    if ('wrong' in filled) return no(id, 'bad_fields', ...filled.wrong)
    this.#keep('consent', filled.values)
    this.#agreed = true
    this.#sit({ event: 'agreed' })
    this.#table.changed()
    return yes(id)
  }

  #questions({ id, fields }: Extract<SeatMessage, { type: 'questions' }>): Answer {
    if (this.stage !== 'questions') return no(id, 'not_now', 'There is nothing to answer now.')
    const filled = readFilled(this.#rules.questions!, fields)
    if ('wrong' in filled) return no(id, 'bad_fields', ...filled.wrong)
    this.#keep('questions', filled.values)
    this.#answered = true
    this.#table.changed()
    return yes(id)
  }

  #keep(asked: PersonRow['asked'], fields: PersonRow['fields']): void {
    this.#files.person({ key: this.#table.key, agent: this.agent, asked, fields, at: Math.round(this.#rules.clock.now()) })
  }

  #decide(message: Extract<SeatMessage, { type: 'check' | 'decide' }>): Answer {
    const { id, calls } = message
    const pending = this.#pending
    if (pending?.leftMs === 0) this.#timeUp(pending)
    if (this.#pending === undefined || message.turn !== this.#pending.number) {
      if (message.turn < this.#turns) return no(id, 'late', 'That turn is over: it was decided, or time was up.')
      return no(id, 'not_your_turn', 'It is not your turn.')
    }
    if (message.type === 'decide' && this.#table.stage === 'paused') return no(id, 'paused', 'The game is paused.')
    const { turn } = this.#pending
    const { maxCalls } = this.#env.turn(this.#config, this.agent)
    if (calls.length > maxCalls) return no(id, 'refused', `At most ${maxCalls} at once; these are ${calls.length}.`)
    const checks = calls.map(call => turn.check(call))
    if (message.type === 'check') {
      const texts = checks.map(checked => (checked.ok ? (checked.answer ?? '') : checked.refusal.message))
      return checks.every(({ ok }) => ok) ? yes(id, ...texts) : no(id, 'refused', ...texts)
    }
    const texts = checks.map(refusal)
    if (texts.some(text => text !== '') && message.anyway !== true) return no(id, 'refused', ...texts)
    this.#take(this.#pending, calls, calls.length === 0 ? 'silent' : 'sent')
    return yes(id)
  }

  #stop({ id, erase }: Extract<SeatMessage, { type: 'stop' }>): Answer {
    const { stage } = this.#table
    const isOver = stage === 'over' || stage === 'failed'
    if (!this.#left) {
      this.#left = true
      this.#sit({ event: 'left' })
    }
    if (erase && !this.#erased) {
      this.#erased = true
      this.#sit({ event: 'erased' })
    }
    if (erase) this.#erase(isOver)
    if (!isOver) this.replace(this.#rules.bots[0]!)
    this.#table.changed()
    return yes(id)
  }

  #erase(isOver: boolean): void {
    this.#history = []
    this.#told = []
    this.#files.erase({ key: this.#table.key, agent: this.agent }, isOver)
  }

  /** The game is over: what it no longer needs of an erased person goes too. */
  over(): void {
    this.#stopAbsence()
    this.#told = []
    if (this.#erased) this.#erase(true)
  }

  // What is shown.

  view(): SeatView {
    const { title, consent, questions } = this.#rules
    const { stage } = this
    const isWaiting = this.#table.stage === 'waiting'
    return {
      type: 'view',
      stage,
      title,
      seat: this.agent,
      consent: stage === 'consent' ? consent : null,
      room: stage === 'waiting' && isWaiting ? this.#table.room : null,
      rules: stage === 'consent' ? '' : this.#env.rules(this.#config, this.agent),
      turn: stage === 'playing' || stage === 'paused' ? this.#turnView() : null,
      told: this.#told,
      history: this.#history,
      questions: stage === 'questions' ? questions : null,
      result: this.finished && stage !== 'failed' ? this.#result() : null,
    }
  }

  #turnView(): SeatView['turn'] {
    const pending = this.#pending
    if (pending === undefined) return null
    const { turn, number, leftMs } = pending
    pending.forms ??= formsOf(turn.tools ?? this.#tools, turn)
    const { maxCalls, onSilence } = this.#env.turn(this.#config, this.agent)
    return {
      turn: number,
      t: turn.t,
      text: this.#env.render(turn.observation),
      tools: pending.forms,
      max_calls: Number.isFinite(maxCalls) ? maxCalls : null,
      left_ms: leftMs === null ? null : Math.ceil(leftMs),
      on_silence: onSilence,
    }
  }

  /** What is paid, in the currency; null where nobody is paid. */
  get payment(): number | null {
    const { payment } = this.#rules
    return payment && paymentOf(payment, this.stage === 'over' || this.stage === 'questions' ? this.#scores : undefined)
  }

  get #scores(): Scores | undefined {
    return this.#table.scores?.[this.agent]
  }

  #result(): SeatView['result'] {
    const { payment, codes, finishUrl: template } = this.#rules
    const code = this.link.payment_code
    const amount = this.payment
    return {
      scores: (this.stage === 'over' && this.#scores) || {},
      payoff: payment === null || amount === null ? null : moneyText(payment, amount),
      payment_code: codes ? code : null,
      finish_url: template && finishUrl(template, { code, seat: this.agent, game: this.#table.number }),
    }
  }

  monitor(): MonitorSeat {
    const pending = this.#pending
    const { clock, codes } = this.#rules
    const now = clock.now()
    const leftMs = pending?.leftMs ?? null
    return {
      agent: this.agent,
      player: this.#bot ?? 'human',
      is_human: true,
      link: `/seat/${this.link.token}`,
      stage: this.stage,
      connected: this.connected,
      absent_ms: this.connected ? null : Math.round(now - this.#absentSince),
      human_turns: this.#counts.turns,
      timeouts: this.#counts.timeouts,
      bot_turns: this.#counts.bot_turns,
      waiting_ms: pending === undefined ? null : Math.round(now - pending.askedAt),
      left_ms: leftMs === null ? null : Math.ceil(leftMs),
      payment_code: codes ? this.link.payment_code : null,
    }
  }
}

/** Why a call is no move now; empty where it is one. */
function refusal(checked: Checked): string {
  if (!checked.ok) return checked.refusal.message
  return checked.answer === undefined ? '' : `${checked.action.tool} is answered at once; it is no decision.`
}

const yes = (id: number, ...texts: readonly string[]): Answer => ({ type: 'answer', id, ok: true, texts })

const no = (id: number, code: AnswerCode, ...texts: readonly string[]): Answer => ({ type: 'answer', id, ok: false, code, texts })
