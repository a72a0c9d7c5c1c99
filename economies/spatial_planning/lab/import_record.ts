/**
 * Reads a record of the laboratory's server, so that sessions of people are measured and tabulated as ours are. The messages go
 * through the rules of this economy, with the server's where the two differ (`overdraws`); what the server says came of them is
 * compared with that by `differences.ts`. Real values come from the laboratory's file, so the record must name its session.
 */
import { z } from 'zod'
import { parseConfig } from '../../../envs/core/config.ts'
import type { AnyEnvironment } from '../../../envs/core/environment.ts'
import { UserError } from '../../../envs/core/errors.ts'
import { short } from '../../../envs/core/plain.ts'
import { type Call, check, type ToolSet } from '../../../envs/core/tool.ts'
import type { SpatialConfig } from '../../../envs/spatial_planning/config.ts'
import { spatialPlanning } from '../../../envs/spatial_planning/index.ts'
import { phaseRule, reset, toLastTurn } from '../../../envs/spatial_planning/phases.ts'
import {
  CONDITIONS,
  type Cond,
  type Payment,
  RANGES,
  type Role,
  type Roster,
  TREATMENTS,
} from '../../../envs/spatial_planning/roster.ts'
import { newSession, read, type Session } from '../../../envs/spatial_planning/session.ts'
import { landOf, type SpatialEvent, type SpatialState } from '../../../envs/spatial_planning/state.ts'
import { announce, conclude } from '../../../envs/spatial_planning/step.ts'
import { labStimulus } from '../../../envs/spatial_planning/stimuli.ts'
import { tools } from '../../../envs/spatial_planning/tools.ts'
import type { SpatialTypes } from '../../../envs/spatial_planning/types.ts'
import { lastPhase } from './game_data.ts'
import { LAB_CONDITIONS, participantsOf, rewardIn } from './participants.ts'
import type { LogItem } from './record.ts'

const recordSchema = z.object({
  parameters: z.array(z.object({ key: z.string(), value: z.coerce.string() })),
  log: z.array(
    z.object({
      content: z.record(z.string(), z.unknown()),
      number: z.number().optional(),
      phase: z.number(),
      round: z.number(),
      type: z.enum(['message', 'phase-timeout']),
    }),
  ),
  'server-log': z
    .array(
      z.object({
        sent: z.object({ type: z.string(), data: z.unknown() }),
        meta: z.object({ round: z.number(), recipient: z.union([z.number(), z.literal('all')]).optional() }),
      }),
    )
    .default([]),
})
type Read = z.infer<typeof recordSchema>
/** One message of the server. */
export type Told = Read['server-log'][number]

/** The session of a record, of its rounds that were played to their end. A UserError where it cannot be read. */
export function sessionOfRecord(document: unknown): Session {
  return readRecord(document).session
}

/**
 * The session of a record, with what the server told. `watch` sees the state as every phase begins and after every order that the
 * rules took; it is changed in place afterwards.
 */
export function readRecord(
  document: unknown,
  watch: (state: SpatialState) => void = () => {},
): { readonly session: Session; readonly told: readonly Told[] } {
  const parsed = recordSchema.safeParse(document)
  if (!parsed.success) {
    const { path, message } = parsed.error.issues[0]!
    throw new UserError(
      `No record of the laboratory's server: expected {parameters, log, "server-log"}; ${path.map(String).join('.') || 'it'}: ${message}.`,
    )
  }
  const record = parsed.data
  const parameters = new Parameters(record.parameters)
  const config = configOf(parameters)
  if (config.session === 0)
    throw new UserError("The record names no session of the laboratory's stimuli, so its real values are unknown.")
  const session = newSession(config, paymentOf(parameters), parameters.number('show_up_fee'))
  const state = reset(config, 0)
  while (state.phase !== 'over' && isComplete(record, session, state.round)) playRound(record, session, state, watch)
  const paid = parameters.optional('simulation_reward_round')
  const round = session.rounds.find(played => played.round === paid)
  if (paid !== undefined && round?.payoffs != null) {
    const participants = participantsOf(session)
    session.paid = {
      round: paid,
      euros: round.payoffs.map((payoff, player) => rewardIn(session, payoff, participants[player]!.payment)),
    }
  }
  session.tokens = tokensOf(session, record['server-log'])
  return { session, told: record['server-log'] }
}

/** The payment tokens that the server told; ours where it told none. */
function tokensOf(session: Session, told: readonly Told[]): readonly string[] {
  return participantsOf(session).map(({ number, token }) => {
    const reward = told.find(({ sent }) => sent.type === 'reward' && objectOf(sent.data).number === number)
    const letters = objectOf(reward?.sent.data).paymentToken
    return typeof letters === 'string' ? letters : token
  })
}

/** The parameters of a game as the server's table has them. */
export class Parameters {
  readonly #values: ReadonlyMap<string, string>
  constructor(list: Read['parameters']) {
    this.#values = new Map(list.map(({ key, value }) => [key, value]))
  }

  text(key: string): string {
    const value = this.#values.get(key)
    if (value === undefined) throw new UserError(`The record has no parameter '${key}'.`)
    return value
  }

  optional(key: string): number | undefined {
    return this.#values.has(key) ? this.number(key) : undefined
  }

  number(key: string): number {
    const value = Number(this.text(key))
    if (!Number.isFinite(value)) throw new UserError(`The record's parameter '${key}' is no number: ${short(this.text(key))}.`)
    return value
  }
}

/**
 * The configuration that a game of the laboratory is played under; its session is 0 where the game has stimuli of its own. One turn
 * stands for a whole market. A UserError where it is none of this economy's.
 */
export function configOf(parameters: Parameters, ticks = 1): SpatialConfig {
  const treatment = TREATMENTS.find(known => known === parameters.text('game_type'))
  if (treatment === undefined)
    throw new UserError(
      `Games of type '${parameters.text('game_type').slice(0, 64)}' are not read; expected ${TREATMENTS.join(', ')}.`,
    )
  for (const role of ['owner', 'developer'] as const) {
    for (const { id, parameter } of LAB_CONDITIONS) {
      for (const end of ['low', 'high'] as const) {
        const key = `${role}_${parameter}_${end}`
        const expected = RANGES[role][id][end]
        if (parameters.number(key) !== expected)
          throw new UserError(`The record is of another design: ${key} is ${parameters.number(key)}, expected ${expected}.`)
      }
    }
  }
  const session = parameters.number('session_number')
  const perRole = (of: string) =>
    Object.fromEntries(['owner', 'developer', 'speculator'].map(role => [role, parameters.number(`${role}_${of}`)]))
  return parseConfig(spatialPlanning as unknown as AnyEnvironment, {
    treatment,
    session,
    rounds: parameters.number('round_count'),
    practice: parameters.text('practice_round') === 'true',
    owners: parameters.number('owners_count'),
    ...(treatment !== 'voting' && { speculators: parameters.number('speculators_count') }),
    ticks,
    initial_tax: parameters.number('tax_rate_initial'),
    final_tax: parameters.number('tax_rate_final'),
    cash: perRole('balance'),
    shares: perRole('shares'),
  }) as SpatialConfig
}

function paymentOf(parameters: Parameters): Record<Role, Payment> {
  const of = (role: Role): Payment => ({
    basePoints: parameters.number(`${role}s_base_points`),
    pointsPerEuro: parameters.number(`${role}s_reward_scale_factor`),
  })
  return { owner: of('owner'), developer: of('developer'), speculator: of('speculator') }
}

/** Whether the results of the round were shown: a game may have been broken off. */
function isComplete({ log }: Read, session: Session, round: number): boolean {
  return log.some(item => item.round === round && item.phase === lastPhase(session) && item.type === 'phase-timeout')
}

function playRound(record: Read, session: Session, state: SpatialState, watch: (state: SpatialState) => void): void {
  const { round, config } = state
  state.stimulus = { ...state.stimulus, ...stimulusOf(session, config, round) }
  const emit = (event: SpatialEvent): void => {
    // Which round is paid says the record.
    if (event.type !== 'session_paid') read(session, event)
  }
  announce(state, emit)
  while (state.phase !== 'over' && state.round === round) {
    const { number, play } = phaseRule(state)!
    const sent = record.log.filter(item => item.round === round && item.phase === number && item.type === 'message')
    const done = new Set<number>()
    watch(state)
    if (state.phase === 'market') for (const book of landOf(state).books) if (book !== null) book.overdraws = true
    for (const item of sent) {
      const player = item.number === undefined ? -1 : item.number - 1
      // A second submission to a sealed phase is ignored, as the server does.
      if (player < 0 || (play === 'sealed' && done.has(player))) continue
      if (!act(record, session, state, player, item.content, emit)) continue
      done.add(player)
      if (state.phase === 'market') watch(state)
    }
    toLastTurn(state)
    conclude(state, emit)
  }
}

function stimulusOf({ roster }: Session, { session, treatment }: SpatialConfig, round: number) {
  const { values, signals } = labStimulus(roster, session, round)
  return { values, signals: treatment === 'voting' ? [] : signals }
}

/** Carries out a message; false where it is none of this economy's or is refused. */
function act(
  record: Read,
  { roster, conduct }: Session,
  state: SpatialState,
  player: number,
  content: LogItem['content'],
  emit: (event: SpatialEvent) => void,
): boolean {
  const agent = roster.agents[player]
  if (agent === undefined)
    throw new UserError(`The record has a message of player ${player + 1}; there are ${roster.agents.length}.`)
  const call = MESSAGES[String(content.type)]?.(content, { state, record, roster })
  if (call === undefined) return false
  const declared: ToolSet<SpatialTypes> = tools(state.config)
  const mine = phaseRule(state)!.roles.includes(roster.roles[player]!) ? [call.tool] : []
  const checked = check(declared, mine, state, agent, call)
  conduct[player]![checked.ok ? 'accepted' : 'refused']++
  if (!checked.ok) return false
  const tool = declared[call.tool]!
  if (tool.kind === 'act') tool.apply(state, agent, checked.action.args, emit)
  return true
}

interface Circumstances {
  readonly state: SpatialState
  readonly record: Read
  readonly roster: Roster
}

/** The call that each message stands for. What is malformed stays so, and the gate refuses it. */
const MESSAGES: Readonly<Record<string, (content: LogItem['content'], at: Circumstances) => Call | undefined>> = {
  declare({ declaration }, { state }) {
    const [no_project, project] = listOf(declaration)
    return state.phase === 'declaration'
      ? { tool: 'declare', args: { no_project, project } }
      : { tool: 'declare_final', args: { value: listOf(declaration)[landOf(state).chosen!] } }
  },
  'done-speculating'({ snipe }, { state, roster }) {
    const [noProject, project] = [0, 1].map(condition => plotsOf(listOf(snipe)[condition], roster))
    return landOf(state).chosen === null
      ? { tool: 'buy_plots_conditional', args: { if_no_project: noProject, if_project: project } }
      : { tool: 'buy_plots', args: { plots: landOf(state).chosen === 0 ? noProject : project } }
  },
  'post-order'({ order }, { state }) {
    const { price, type, condition, now } = objectOf(order)
    if (!opened(state, condition)) return undefined
    return now === true
      ? { tool: 'trade_now', args: { side: type === 'bid' ? 'buy' : 'sell', ...marketOf(state, condition) } }
      : { tool: 'place_limit_order', args: { side: type, price: Number(price), ...marketOf(state, condition) } }
  },
  'cancel-order'({ order }, { state, record }) {
    const { id, condition } = objectOf(order)
    if (!opened(state, condition)) return undefined
    const first = firstOrder(record, state.round, condition)
    return { tool: 'cancel_order', args: { order_id: Number(id) - first + 1, ...marketOf(state, condition) } }
  },
  'chat-with-players': ({ to, text }, { roster }) => ({ tool: 'send_message', args: { to: plotsOf(to, roster), text } }),
  'compensation-request': ({ compensationRequests }) => ({
    tool: 'request_compensation',
    args: { amount: listOf(compensationRequests)[1] },
  }),
  'compensation-offer': ({ compensationOffers }) => ({
    tool: 'offer_compensation',
    args: { amount: listOf(compensationOffers)[1] },
  }),
  'compensation-decision': ({ compensationDecisions }) => ({
    tool: 'vote',
    args: { choice: CONDITIONS[listOf(compensationDecisions)[0] as Cond] ?? 'abstain' },
  }),
}

const listOf = (value: unknown): readonly unknown[] => (Array.isArray(value) ? value : [])
export const objectOf = (value: unknown): Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null ? { ...value } : {}
const plotsOf = (numbers: unknown, { plots }: Roster): unknown[] =>
  listOf(numbers).map(number => plots[Number(number) - 1] ?? number)

/** Whether orders are taken in that condition's market; the server refuses others. */
const opened = (state: SpatialState, condition: unknown): boolean =>
  state.phase === 'market' && (condition === 0 || condition === 1) && landOf(state).books[condition] !== null

const marketOf = ({ config }: SpatialState, condition: unknown) =>
  config.treatment === 'futarchy' ? { market: CONDITIONS[condition as Cond] } : {}

/** The number of a book's first order: 1 in some versions of the server, 2 in others. */
function firstOrder(record: Read, round: number, condition: unknown): number {
  const ids = record['server-log'].flatMap(({ sent, meta }) => {
    const { order } = objectOf(sent.data)
    const { id, condition: where } = objectOf(order)
    return sent.type === 'add-order' && meta.round === round && where === condition ? [Number(id)] : []
  })
  return ids.length === 0 ? 1 : Math.min(...ids)
}
