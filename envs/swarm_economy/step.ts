/**
 * The order of events: a message's calls one after another, each a full step of the world in which the players act, then
 * all residents at once, then governance, then the clock. That order is documented, and so is the turn limit that is
 * tested before a message's calls run; how several players share a step is ours.
 */
import type { CallResult, Decisions, Done, Step } from '../core/environment.ts'
import { Outcome } from '../core/outcome.ts'
import { type AgentId, type Call, check } from '../core/tool.ts'
import { horizon } from './config.ts'
import { signed } from './format.ts'
import { audit, breakCircuit, decay, shiftPhase, tax } from './governance.ts'
import { auditDebts } from './loans.ts'
import { news } from './news.ts'
import { offered, toolsOf, withheld } from './offered.ts'
import { moveResidents } from './residents/index.ts'
import { copyTally, count, scoresOf } from './score.ts'
import {
  type Agent,
  agentOf,
  type Emit,
  RECENT,
  RECENT_WITH_LOANS,
  type State,
  type SwarmEvent,
  type SwarmTypes,
  type Task,
} from './state.ts'
import { described, lapseClaims, type Submitted, spawn } from './tasks.ts'
import { expireProposals } from './trades.ts'

export function actors({ agents }: State): AgentId[] {
  return agents.flatMap(({ id, type, left }) => (type === 'player' && !left ? [id] : []))
}

export function step(state: State, decisions: Decisions): Step<SwarmTypes> {
  const draft: State = {
    ...state,
    agents: state.agents.map(agent => ({ ...agent, tally: copyTally(agent.tally) })),
    tasks: state.tasks.slice(),
    posts: state.posts.slice(),
    proposals: state.proposals.slice(),
    ...(state.loans !== undefined && { loans: state.loans.slice() }),
  }
  const outcome = new Outcome<SwarmTypes>()
  const play = new Play(draft, outcome)
  if (draft.turns === 0) play.open()
  draft.turns++

  const { config } = draft
  const queues = actors(state).map(id => ({ agent: agentOf(draft, id), calls: decisions[id]?.calls ?? [] }))
  const limited = draft.turns >= config.max_turns
  if (limited && !config.execute_final_turn) {
    for (const { agent, calls } of queues) for (const call of calls) play.leaveOut(agent, call, LIMIT)
  } else {
    if (config.text_only_turn === 'stop') for (const { agent, calls } of queues) agent.left = calls.length === 0
    const staying = queues.filter(({ agent }) => !agent.left)
    // A message without a call is one automatic pass; a world without players goes on by itself.
    const rounds = staying.length > 0 || queues.length === 0 ? Math.max(1, ...staying.map(({ calls }) => calls.length)) : 0
    for (let round = 0; round < rounds; round++) {
      if (draft.step < horizon(config)) play.worldStep(staying, round)
      else for (const { agent, calls } of staying) if (round < calls.length) play.leaveOut(agent, calls[round]!, OVER)
    }
  }

  const rewards = Object.fromEntries(
    draft.agents.map((agent, i) => {
      const before = state.agents[i]!
      const earned = scoresOf(config, agent.tally, agent.reputation, agent.start).reward
      return [agent.id, earned - scoresOf(config, before.tally, before.reputation, agent.start).reward]
    }),
  )
  const { events, results, refused } = outcome
  return { state: draft, rewards, events, results, refused, ...ending(draft, queues.length > 0) }
}

function ending(draft: State, withPlayers: boolean): { done: Done; stop?: string } {
  if (draft.step >= horizon(draft.config)) return { done: 'terminated', stop: 'simulation_complete' }
  if (draft.turns >= draft.config.max_turns) return { done: 'truncated', stop: 'max_turns_reached' }
  if (withPlayers && actors(draft).length === 0) return { done: 'terminated', stop: 'no_tools_called' }
  return { done: false }
}

const LIMIT = { code: 'turn_limit', message: 'the turn limit was reached; this call counts and was not carried out' }
const OVER = { code: 'over', message: 'the simulation has ended; no further actions' }
const SILENT = 'no tool was called; this turn was passed automatically'

/** A player and the calls of its message. */
interface Queue {
  readonly agent: Agent
  readonly calls: readonly Call[]
}

/** One message's play on a draft. */
class Play {
  readonly #draft: State
  readonly #outcome: Outcome<SwarmTypes>
  #submitted: Submitted[] = []
  constructor(draft: State, outcome: Outcome<SwarmTypes>) {
    this.#draft = draft
    this.#outcome = outcome
  }

  readonly #emit: Emit = (event: SwarmEvent): void => {
    const draft = this.#draft
    this.#outcome.emit(event)
    count(event, id => agentOf(draft, id).tally)
    if (event.type === 'work_submitted') this.#submitted.push(event)
    if (draft.config.observation_detail === 'full') {
      const line = news(event)
      if (line !== undefined)
        draft.recent = [...draft.recent, line].slice(draft.loans === undefined ? -RECENT : -RECENT_WITH_LOANS)
    }
  }

  /** Says what the game starts with: the log then holds all that its metrics need. */
  open(): void {
    const { config, agents, tasks } = this.#draft
    const { resources, freeze_below, tax_rate, audit_risk, decay: rate, bounty_multiplier } = config
    this.#emit({
      type: 'opened',
      agents: agents.map(({ id, type, start, past }) => ({
        agent: id,
        type,
        ...(start !== undefined && { reputation: start }),
        ...(past !== undefined && { past }),
      })),
      resources,
      freeze_below,
      tax_rate,
      audit_risk,
      decay: rate,
      bounty_multiplier,
    })
    this.#emit({ type: 'epoch_started', epoch: 1, shift: 'none', tasks: posted(this.#draft, tasks) })
  }

  /** A call that counts and comes too late. */
  leaveOut(agent: Agent, call: unknown, refusal: typeof LIMIT): void {
    const tool = toolNamed(call)
    this.#emit({ type: 'call_unexecuted', agent: agent.id, tool })
    this.#outcome.refused.push({ agent: agent.id, tool, ...refusal })
    agent.outcome = errorLine(refusal.message)
    this.#outcome.tell(agent.id, { ok: false, text: agent.outcome })
  }

  /** One step of the world: the players' calls of this round in seat order, the residents, governance, the clock. */
  worldStep(queues: readonly Queue[], round: number): void {
    const draft = this.#draft
    const emit = this.#emit
    this.#submitted = []
    const before = this.#outcome.events.length
    const told = queues.map(({ agent, calls }) => {
      if (round < calls.length) return this.#act(agent, calls[round])
      emit({ type: 'passed', agent: agent.id, reason: calls.length === 0 ? 'automatic' : 'waiting', tool: null })
      if (calls.length === 0) agent.outcome = SILENT
      return undefined
    })
    const idle = new Set(draft.agents.filter(agent => agent.left))
    for (const event of this.#outcome.events.slice(before))
      if (event.type === 'passed' || (event.type === 'call_refused' && draft.config.refused_is_idle === true))
        idle.add(agentOf(draft, event.agent))

    moveResidents(draft, emit)

    const audits = new Map<AgentId, string>()
    audit(draft, this.#submitted, event => {
      emit(event)
      if (event.type === 'audited') audits.set(event.agent, auditWords(event))
    })
    auditDebts(draft, emit)
    for (const [i, result] of told.entries()) {
      const { agent } = queues[i]!
      if (result === undefined) continue
      const text = `${result.text}${audits.get(agent.id) ?? ''}`
      agent.outcome = text
      this.#outcome.tell(agent.id, { ok: result.ok, text })
    }
    const taxes = tax(draft)
    const decays = decay(draft, idle)
    breakCircuit(draft, emit)

    draft.step++
    emit({
      type: 'step_ended',
      step: draft.step,
      tax: taxes,
      decay: decays,
      reputation: draft.agents.map(agent => agent.reputation),
      resources: draft.agents.map(agent => agent.resources),
    })
    expireProposals(draft, emit)
    lapseClaims(draft, emit)
    const { steps_per_epoch } = draft.config
    if (draft.step % steps_per_epoch === 0 && draft.step < horizon(draft.config)) {
      const shift = shiftPhase(draft)
      if (draft.config.post_decay === true) for (const agent of draft.agents) agent.posted = 0
      emit({ type: 'epoch_started', epoch: draft.step / steps_per_epoch + 1, shift, tasks: posted(draft, spawn(draft)) })
    }
  }

  /** One call of a player, judged at the gate. A frozen player's call becomes a pass, any other refused call stands as made. */
  #act(agent: Agent, call: unknown): CallResult {
    const draft = this.#draft
    const { tools } = toolsOf(draft.config)
    const checked = check(tools, offered(draft, agent.id), draft, agent.id, call, () => withheld(draft, agent.id))
    if (checked.ok) {
      const tool = tools[checked.action.tool]!
      return { ok: true, text: tool.kind === 'act' ? tool.apply(draft, agent.id, checked.action.args, this.#emit) : '' }
    }
    const { tool, refusal } = checked
    this.#emit(
      agent.frozenFor === null
        ? { type: 'call_refused', agent: agent.id, tool, code: refusal.code }
        : { type: 'passed', agent: agent.id, reason: 'frozen', tool },
    )
    this.#outcome.refused.push({ agent: agent.id, tool, ...refusal })
    return { ok: false, text: errorLine(refusal.message) }
  }
}

function errorLine(message: string): string {
  return `Error: ${message}`
}

function auditWords({ passed, reputation, payoff }: Extract<SwarmEvent, { type: 'audited' }>): string {
  return ` | audit ${passed ? 'passed' : 'failed'}, reputation ${signed(reputation)}${passed ? '' : `, payoff ${signed(payoff)}`}`
}

function posted(state: State, tasks: readonly Task[]): Extract<SwarmEvent, { type: 'epoch_started' }>['tasks'] {
  return tasks.map(task => {
    const { title, difficulty } = described(state, task)
    return { task: task.id, title, difficulty, bounty: task.bounty, ...(task.level !== undefined && { level: task.level }) }
  })
}

function toolNamed(call: unknown): string {
  const tool = typeof call === 'object' && call !== null ? (call as Call).tool : undefined
  return typeof tool === 'string' ? tool.slice(0, 64) : ''
}
