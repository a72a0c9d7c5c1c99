/**
 * What a colonist's player may call. A message may hold one call of each kind, and an answer to each request; what passes
 * here becomes the plan of the shift, which `shift.ts` carries out in its own order. In two-layer mode every well-formed call
 * is recorded as advice and has no effect.
 */
import { z } from 'zod'
import { type ActTool, type AgentId, type Refusal, type ToolName, toolsFor } from '../core/tool.ts'
import type { AgenticConfig, MarsConfig } from './config.ts'
import type { MarsObservation, MarsTypes } from './observe.ts'
import { ACTIONS, type Action, BOND_UNIT, COLONISTS, MESSAGE_LENGTH, SITES, SOCIETY } from './parameters.ts'
import { COLONIST_IDS, indexOf, type MarsState, type Member, type Plan, TONES, type Tone } from './state.ts'
import { openSites } from './substrate.ts'

/** Calls of one message that can be carried out: one of each other kind, and an answer to each of the others. */
export const MAX_CALLS = 4 + (COLONISTS - 1)

const ASK_IDS = 1_000_000_000
const { act } = toolsFor<MarsTypes>()

/** What a call is judged by in agentic mode. */
interface Judged {
  readonly state: MarsState
  readonly self: AgentId
  readonly member: Member
  /** What passed of the same message. */
  readonly plan: Plan
}

const NO_PLAN: Plan = Object.freeze({ action: null, talk: null, ask: null, pledge: null, answers: [] })

/** A tool whose accepted call becomes part of the shift's plan, or advice. */
function planned<Args>(
  name: ToolName,
  tool: {
    readonly description: string
    readonly args: z.ZodType<Args>
    candidates(observation: MarsObservation): readonly NoInfer<Args>[]
    refuse(judged: Judged, args: Args): Refusal | undefined
    /** Writes the call down; the text is what the agent is told. */
    note(plan: Plan, args: Args): string
  },
): ActTool<MarsTypes, Args> {
  return act<Args>({
    description: tool.description,
    args: tool.args,
    candidates: tool.candidates,
    refuse(state, self, args) {
      if (state.config.mode === 'two-layer') return undefined
      const member = state.members[indexOf(self)]!
      return tool.refuse({ state, self, member, plan: member.plan ?? NO_PLAN }, args)
    },
    apply(draft, self, args, emit) {
      if (draft.config.mode === 'two-layer') {
        emit({ type: 'advised', colonist: self, tool: name })
        return 'Recorded as advice; effect: none.'
      }
      const member = draft.members[indexOf(self)]!
      member.plan ??= { ...NO_PLAN, answers: [] }
      return tool.note(member.plan, args)
    },
  })
}

export const refusal = (code: string, message: string): Refusal => ({ code, message })

function oncePerShift(tool: ToolName): Refusal {
  return refusal('once_per_shift', `${tool} can be called once a shift; this is the second call of this message.`)
}

const SELF = refusal('self', `Name another colonist, one of ${COLONIST_IDS.join(', ')}, not yourself.`)
const SUSPENDED = refusal(
  'suspended',
  `You are suspended: you can only rest, neither pledge nor ask, until your reputation is ${SOCIETY.suspension.until}.`,
)
const PLEDGED = refusal('already_pledged', 'One pledge a shift: you made one already in this message.')

/** Of bond. */
const points = (units: number): number => units / BOND_UNIT
const colonist = (what: string) => z.enum(COLONIST_IDS as [AgentId, ...AgentId[]]).describe(what)
const othersOf = ({ agent }: MarsObservation): readonly AgentId[] => COLONIST_IDS.filter(id => id !== agent)

/** What the tools' words and schemas depend on. */
interface Terms {
  /** 1 where there are none to choose from, and nothing to ask about. */
  readonly fields: number
  readonly unchosen: string
  readonly broken: number
  /** What promises cost, in words; empty where they cost nothing. */
  readonly paid: string
}

/** Those of the two-layer mode, where every call is advice. */
const TWO_LAYER: Terms = { fields: 1, unchosen: 'you keep working', broken: -6, paid: '' }

function termsOf({ fields, unchosen, broken_reputation, advance }: AgenticConfig): Terms {
  return {
    fields,
    unchosen: unchosen === 'working' ? 'you keep working' : 'you walk about',
    broken: broken_reputation,
    paid:
      advance === 0
        ? ''
        : ` Who is promised it pays you ${advance} credits at once, if it trusts you, or the pledge is declined.`,
  }
}

interface ChosenAction {
  readonly action: Action
  readonly partner?: AgentId | undefined
  readonly site?: number | undefined
  readonly field?: number | undefined
}
interface Talk {
  readonly to: AgentId
  readonly message: string
  readonly tone: Tone
  readonly question?: boolean | undefined
}

function toolsFrom({ fields, unchosen, broken, paid }: Terms) {
  const places = fields > 1
  const field = z
    .int()
    .min(0)
    .max(fields - 1)
    .describe('which field you work in; all of them in turn, for their mean, if absent')
    .optional()
  const question = z.boolean().describe('true: also asks which field will be rich next shift').optional()
  const chosenAction = {
    action: z.enum(ACTIONS).describe('what you do'),
    partner: colonist('whom you socialize with; drawn at random if absent').optional(),
    site: z
      .int()
      .min(0)
      .max(SITES - 1)
      .describe('where you build; drawn among the unfinished sites if absent')
      .optional(),
  }
  const said = {
    to: colonist('whom you talk to'),
    message: z.string().max(MESSAGE_LENGTH).describe('your words'),
    tone: z.enum(TONES).describe('how you say it'),
  }
  return {
    choose_action: planned<ChosenAction>('choose_action', {
      description:
        `What you do for the whole coming shift; without it ${unchosen}. Working and building earn credits and purpose, ` +
        'resting gives energy, socializing gives social need to you and moves the bond with one partner.',
      args: places ? z.strictObject({ ...chosenAction, field }) : z.strictObject(chosenAction),
      candidates: ({ suspended, shared }) =>
        (suspended ? (['resting'] as const) : ACTIONS)
          .filter(action => action !== 'building' || shared.sites.some(site => !site.completed))
          .flatMap((action): ChosenAction[] =>
            action === 'working' && places
              ? [{ action }, ...fieldsOf(fields).map(each => ({ action, field: each }))]
              : [{ action }],
          ),
      refuse({ state, self, member, plan }, { action, partner, site, field: worked }) {
        if (plan.action !== null) return oncePerShift('choose_action')
        if (member.suspended && action !== 'resting') return SUSPENDED
        if (partner !== undefined && action !== 'socializing')
          return refusal('misplaced_target', `partner goes with socializing, not with ${action}.`)
        if (site !== undefined && action !== 'building')
          return refusal('misplaced_target', `site goes with building, not with ${action}.`)
        if (worked !== undefined && action !== 'working')
          return refusal('misplaced_target', `field goes with working, not with ${action}.`)
        if (partner === self) return SELF
        if (action === 'building' && openSites(state.colony) === 0)
          return refusal('no_open_site', 'All sites are completed; there is nothing to build.')
        if (site !== undefined && state.colony.done_at[site]! >= 0)
          return refusal('site_completed', `Site ${site} is completed. Unfinished: ${unfinished(state).join(', ')}.`)
        return undefined
      },
      note(plan, { action, partner, site, field: worked }) {
        plan.action = { action, partner: partner === undefined ? -1 : indexOf(partner), site: site ?? -1, field: worked ?? -1 }
        return `You will be ${action} this shift${where(action, partner, site, worked)}.`
      },
    }),
    talk: planned<Talk>('talk', {
      description:
        `Says something to one colonist, who reads it in the next shift. Uses one dialogue event of your quota. Only the tone has an effect: ` +
        `warm moves your bond as ${SOCIETY.bond.warmTicks} ticks of socializing would, cold moves it by ${points(SOCIETY.bond.cold)} and your reputation by ${SOCIETY.reputation.cold}.` +
        (places ? ' With question, a resident may tell you next shift which field is rich in it, truly or not.' : ''),
      args: places ? z.strictObject({ ...said, question }) : z.strictObject(said),
      candidates: observation =>
        othersOf(observation).flatMap(to => [
          ...TONES.map(tone => ({ to, message: `A ${tone} word from ${observation.name}.`, tone })),
          ...(places ? [{ to, message: 'Which field will be rich?', tone: 'neutral' as const, question: true }] : []),
        ]),
      refuse: ({ self, plan }, { to }) => (plan.talk !== null ? oncePerShift('talk') : to === self ? SELF : undefined),
      note(plan, { to, message, tone, question: asks = false }) {
        plan.talk = { to: indexOf(to), tone, text: message, question: asks }
        return `You talk to ${to}, ${tone}${asks ? ', and ask about the next field' : ''}.`
      },
    }),
    ask: planned('ask', {
      description: `Asks one colonist to help with construction; who accepts in the next shift pledges to you to build in it.${paid === '' ? '' : ' You pay its advance.'}`,
      args: z.strictObject({ to: colonist('whom you ask') }),
      candidates: observation => othersOf(observation).map(to => ({ to })),
      refuse: ({ self, plan }, { to }) => (plan.ask !== null ? oncePerShift('ask') : to === self ? SELF : undefined),
      note(plan, { to }) {
        plan.ask = indexOf(to)
        return `You ask ${to} for help; the answer comes in the next shift.`
      },
    }),
    answer: planned('answer', {
      description: `Answers a request for help. Accepting it is a pledge to build at least ${SOCIETY.pledgeTicks} ticks in this shift, which you must also choose; no answer declines it.`,
      args: z.strictObject({
        ask_id: z.int().min(0).max(ASK_IDS).describe('the number of the request, as you read it'),
        accept: z.boolean().describe('true to accept, false to decline'),
      }),
      candidates: ({ asks }) => asks.flatMap(({ ask_id }) => [true, false].map(accept => ({ ask_id, accept }))),
      refuse({ state, self, member, plan }, { ask_id, accept }) {
        const mine = state.asks.filter(({ to }) => COLONIST_IDS[to] === self).map(request => request.ask_id)
        if (!mine.includes(ask_id))
          return refusal('no_such_ask', `No request ${ask_id} is addressed to you. Yours: ${mine.join(', ') || 'none'}.`)
        if (plan.answers.some(answer => answer.ask_id === ask_id))
          return refusal('already_answered', `You answered request ${ask_id} in this message.`)
        if (!accept) return undefined
        return hasPledged(plan) ? PLEDGED : member.suspended ? SUSPENDED : undefined
      },
      note(plan, { ask_id, accept }) {
        plan.answers.push({ ask_id, accept })
        return accept
          ? `You accept request ${ask_id}: you pledge to build at least ${SOCIETY.pledgeTicks} ticks this shift.`
          : `You decline request ${ask_id}.`
      },
    }),
    pledge: planned('pledge', {
      description:
        `Promises one colonist in public to build at least ${SOCIETY.pledgeTicks} ticks in this shift. Kept: reputation +${SOCIETY.reputation.kept}, bond +${points(SOCIETY.bond.kept)}; ` +
        `broken: reputation ${broken}, bond ${points(SOCIETY.bond.broken)}. You must also choose building for it.${paid}`,
      args: z.strictObject({ to: colonist('whom you promise it to') }),
      candidates: observation => othersOf(observation).map(to => ({ to })),
      refuse: ({ self, plan }, { to }) => (hasPledged(plan) ? PLEDGED : to === self ? SELF : undefined),
      note(plan, { to }) {
        plan.pledge = indexOf(to)
        return `You pledge to ${to} to build at least ${SOCIETY.pledgeTicks} ticks this shift.`
      },
    }),
  }
}

export type MarsTools = ReturnType<typeof toolsFrom>

const fieldsOf = (count: number): number[] => Array.from({ length: count }, (_, field) => field)

const known = new Map<string, MarsTools>()

/** The tools of a configuration, made once. */
export function tools(config: MarsConfig): MarsTools {
  const terms = config.mode === 'agentic' ? termsOf(config) : TWO_LAYER
  const id = JSON.stringify(terms)
  const made = known.get(id) ?? toolsFrom(terms)
  known.set(id, made)
  return made
}

function hasPledged({ pledge, answers }: Plan): boolean {
  return pledge !== null || answers.some(({ accept }) => accept)
}

function unfinished({ colony }: MarsState): number[] {
  return colony.done_at.flatMap((done, site) => (done < 0 ? [site] : []))
}

function where(action: Action, partner: AgentId | undefined, site: number | undefined, field: number | undefined): string {
  if (action === 'working') return field === undefined ? '' : ` in field ${field}`
  if (action === 'socializing') return partner === undefined ? ' with somebody' : ` with ${partner}`
  if (action === 'building') return site === undefined ? ' at an unfinished site' : ` at site ${site}`
  return ''
}

/** Why a colonist may make no pledge, nor ask for one, now. */
export function withheldPledge({ colony }: MarsState, { suspended }: Member): Refusal | undefined {
  if (suspended) return SUSPENDED
  if (openSites(colony) === 0) return refusal('no_open_site', 'All sites are completed; there is nothing to build.')
  return undefined
}

/** The same in every configuration. */
export const TOOL_NAMES: readonly ToolName[] = Object.keys(toolsFrom(TWO_LAYER))
